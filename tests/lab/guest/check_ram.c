/* SPDX-License-Identifier: MIT */
/*
 * What is promised: every address that the E820 calls RAM is memory, and each is a memory of its
 * own: what is written there stays there until it is overwritten through the same address.
 *
 * What could go wrong, after somebody moved RAM about:
 *  - a gfn that the E820 calls RAM has no page behind it. Writes go to the device model, which
 *    drops them; reads give all ones;
 *  - two gfns share a page, or a page is shared with something else (a video RAM, a ROM, the
 *    record): what is written to one shows in the other, so each page is given a pattern that
 *    names its frame, and nothing is read before everything was written;
 *  - the map is right but the memory types are not: Linux cuts RAM off that no write-back MTRR
 *    covers. Then the firmware's map and the kernel's differ;
 *  - the mistake is one page at the edge of a range, so the text says how near each edge was
 *    reached.
 *
 * Where the kernel was told to leave RAM alone (physmem.c), every page of that RAM must be verified,
 * to both ends of each range of the firmware's map. What the kernel has, a few MiB, was tested by
 * itself at boot, before it used it (memtest=1); memory types are read from /proc/mtrr.
 *
 * Where it has all of RAM, covered is a piece (2 MiB, aligned, or what of it lies in the range) of
 * which at least one page was written and verified. One that the kernel keeps entirely for itself
 * (its image, struct pages, the first MiB) is counted apart; one that was not covered although it
 * still holds free pages is a failure. Linux before 6.8 cannot be asked for the last of them: there
 * it is an error. As a rule nearly every page is verified, but the ends of ranges are often the
 * kernel's own: the text says how near they were reached.
 */
#include "guest.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>     /* access */

#define ROUNDS         8                /* attempts at chunks that were left out */
#define MAY_MISS       500              /* one chunk in so many: the kernel takes and gives all the time */

static struct pieces pieces;

static unsigned long long ull(uint64_t v)
{
    return v;
}

/*
 * What the firmware calls RAM and the kernel does not; empty text: nothing above 1 MiB, nor below
 * LEFT if the kernel was told to leave alone what is there.
 */
static void compare_iomem(const struct e820 *map, uint64_t left, char *bad, size_t size)
{
    static struct range sys[E820_MAX];
    unsigned int nr = 0;
    char path[300], line[200];
    FILE *f;

    snprintf(path, sizeof(path), "%s/proc/iomem", fs_root);
    f = fopen(path, "re");
    while (f && nr < E820_MAX && fgets(line, sizeof(line), f)) {
        unsigned long long start, end;

        if (line[0] != ' ' && strstr(line, "System RAM") &&
            sscanf(line, "%llx-%llx", &start, &end) == 2) {
            sys[nr++] = (struct range){ start, end + 1 };
        }
    }
    if (f) {
        fclose(f);
    }
    for (unsigned int i = 0; i < map->nr && !bad[0]; i++) {
        /* Whole pages only, and not the first MiB, which Linux never uses as RAM. */
        uint64_t at = (map->e[i].r.start + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
        uint64_t end = map->e[i].r.end & ~(PAGE_SIZE - 1);

        end = left && end > left ? left : end;
        if (!map->e[i].ram || end <= 1 << 20) {
            continue;
        }
        for (unsigned int k = 0; k < nr; k++) {
            if (sys[k].start <= at && sys[k].end > at) {
                at = sys[k].end;
            }
        }
        if (at < end) {
            append(bad, size, "the kernel does not use 0x%llx-0x%llx, which the firmware calls "
                   "RAM (memory types? its command line?)", ull(at), ull(end));
        }
    }
}

struct coverage {
    unsigned int covered, kernel, missed;
    uint64_t first_missed;
    unsigned int missed_free;           /* free pages in the first missed piece */
};

/* Look at every piece of RAM. False: /proc/kpageflags cannot be read. */
static bool look_at_pieces(const struct physmem *m, struct coverage *c)
{
    static uint64_t flags[CHUNK_PAGES];

    memset(c, 0, sizeof(*c));
    pieces_fill(&pieces, m);
    for (unsigned int i = 0; i < pieces.nr; i++) {
        const struct range *r = &pieces.p[i].r;
        size_t n = (r->end - r->start) / PAGE_SIZE;
        unsigned int free = 0, none = 0;

        if (pieces.p[i].held) {
            c->covered++;
            continue;
        }
        if (m->left && r->start < m->left) {
            c->kernel++;
            continue;
        }
        if (!kpageflags_read(r->start / PAGE_SIZE, flags, n)) {
            return false;
        }
        for (size_t k = 0; k < n; k++) {
            free += !!(flags[k] & KPF_BUDDY);
            none += !!(flags[k] & KPF_NOPAGE);
        }
        if (!free && none != n) {
            c->kernel++;
        } else if (!c->missed++) {
            c->first_missed = r->start;
            c->missed_free = free;
        }
    }
    return true;
}

/* " 0x100000-0xc0000000 to within 0x1000 and 0x3000": the nearest page to each edge. */
static void describe_edges(const struct physmem *m, const struct e820 *map, char *text,
                           size_t size)
{
    for (unsigned int k = 0; k < map->nr; k++) {
        const struct range *r = &map->e[k].r;
        const struct piece *lowest, *highest;

        if (!map->e[k].ram) {
            continue;
        }
        append(text, size, "; 0x%llx-0x%llx ", ull(r->start), ull(r->end));
        if (pieces_entry(&pieces, k, &lowest, &highest)) {
            append(text, size, "to within 0x%llx and 0x%llx",
                   ull(m->pfn[lowest->lowest] * PAGE_SIZE - r->start),
                   ull(r->end - (m->pfn[highest->highest] + 1) * PAGE_SIZE));
        } else {
            append(text, size, "kept by the kernel");
        }
    }
}

/*
 * What a kernel that was told to leave RAM alone owes: all the rest of RAM, and to have tested its
 * own. False: O says what is wrong.
 */
static bool check_left(const struct physmem *m, const struct e820 *map, struct outcome *o)
{
    char text[300] = "", path[300], meminfo[4096];
    const char *tested;
    unsigned long bad;

    snprintf(path, sizeof(path), "%s/proc/meminfo", fs_root);

    if (!pieces_whole(&pieces, m->left, text, sizeof(text))) {
        outcome(o, FAILURE, "%s", text);
        return false;
    }
    if (!mtrr_over_ram(map, text, sizeof(text))) {
        outcome(o, ERROR, "/proc/mtrr cannot be read");
        return false;
    }
    if (text[0]) {
        outcome(o, FAILURE, "%s", text);
        return false;
    }
    tested = file_read(path, meminfo, sizeof(meminfo))
             ? strstr(meminfo, "EarlyMemtestBad:") : NULL;
    if (!tested || sscanf(tested, "EarlyMemtestBad: %lu", &bad) != 1) {
        outcome(o, ERROR, "the kernel did not test its own RAM: memtest=1 is for that");
        return false;
    }
    if (bad) {
        outcome(o, FAILURE, "the kernel found %lu KiB of its own RAM bad", bad);
        return false;
    }
    return true;
}

static void run(struct params *p, struct outcome *o)
{
    static struct e820 map;
    struct physmem m;
    struct coverage c;
    struct ram_bad bad;
    char text[300] = "";
    uint64_t words = param_size(p, "words", 8), min = param_size(p, "min", 0), stranger;
    size_t stride, moved;

    if (words < 1 || words > PAGE_WORDS) {
        outcome(o, ERROR, "parameter 'words': 1 to %zu", PAGE_WORDS);
        return;
    }
    if (!params_ok(p, o)) {
        return;
    }
    if (!e820_read(&map)) {
        outcome(o, ERROR, "/sys/firmware/memmap cannot be read");
        return;
    }
    if (!pieces_cut(&pieces, &map)) {
        outcome(o, ERROR, "more RAM than this check has room for");
        return;
    }
    if (!physmem_acquire(&m, &map, p->attempt)) {
        outcome(o, ERROR, "%s", m.trouble);
        return;
    }
    compare_iomem(&map, m.left, text, sizeof(text));
    if (text[0]) {
        outcome(o, FAILURE, "%s", text);
        return;
    }
    /* Which pieces are left out is known before anything is written: try again for those. */
    for (unsigned int i = 0; ; i++) {
        if (!look_at_pieces(&m, &c)) {
            outcome(o, ERROR, "/proc/kpageflags cannot be read");
            return;
        }
        if (!c.missed || i == ROUNDS || m.left) {
            break;
        }
        if (!physmem_more(&m)) {
            outcome(o, ERROR, "%s", m.trouble);
            return;
        }
    }
    stranger = pieces_fill(&pieces, &m);
    if (stranger) {
        outcome(o, FAILURE, "the kernel uses 0x%llx as RAM, which the firmware does not call so",
                ull(stranger));
        return;
    }
    say("note ram: %zu MiB taken, %u pieces left out", m.held >> (20 - PAGE_SHIFT), c.missed);

    stride = PAGE_WORDS / words;
    ram_write(&m, stride);
    ram_verify(&m, stride, &bad);
    moved = physmem_moved(&m);
    if (moved) {
        outcome(o, ERROR, "%zu of %zu pages were moved by the kernel meanwhile", moved, m.held);
        return;
    }
    if (bad.pages) {
        ram_explain(&bad, o);
        return;
    }
    if (m.left && !check_left(&m, &map, o)) {
        return;
    }

    describe_edges(&m, &map, text, sizeof(text));
    if (c.missed > pieces.nr / MAY_MISS) {
        /* An older kernel cannot be asked for blocks by size: then it proves nothing. */
        bool asked = !access("/sys/kernel/mm/transparent_hugepage/hugepages-64kB", F_OK);

        outcome(o, asked ? FAILURE : ERROR, "%u of %u pieces were not reached although the kernel does not use "
                "them; first 0x%llx (%u free pages)%s%s", c.missed, pieces.nr,
                ull(c.first_missed), c.missed_free,
                asked ? "" : "; run the guest with Linux 6.8 or newer, whose huge pages come in "
                "all sizes", text);
        return;
    }
    if (m.held * PAGE_SIZE < min) {
        outcome(o, ERROR, "only %zu pages could be had, fewer than min=%llu bytes", m.held,
                ull(min));
        return;
    }
    outcome(o, SUCCESS, "%zu pages (%llu bytes), %zu bytes in each verified%s; %u of %u pieces, "
            "%u kept by the kernel%s%s", m.held, ull(m.held * PAGE_SIZE),
            (PAGE_WORDS + stride - 1) / stride * sizeof(uint64_t), m.left ?
            ", every page but the kernel's own" : "", c.covered, pieces.nr, c.kernel, m.left ?
            " and tested by it at boot" : "", text);
}

const struct check check_ram = {
    .name = "ram",
    .summary = "all RAM the kernel gives is written, then verified, page by physical page",
    .params = "words=N (words verified in a page, default 8, 512: all) min=BYTES",
    .run = run,
    .needs_modules = true,      /* not while a driver is still being probed */
};
