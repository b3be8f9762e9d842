/* SPDX-License-Identifier: MIT */
/*
 * What is promised: the E820 the firmware hands over describes all of the guest's memory, once.
 *
 *  - Its entries are sorted, and no two overlap.
 *  - No RAM lies under a BAR. A BAR under RAM is a device that can never be reached, or RAM
 *    that turns into a device as soon as decoding is switched on.
 *  - What was configured is all there. For an HVM guest of Xen 4.20 the account is, in bytes:
 *
 *        memory - videoram                       libxl: mem_size, RAM below 4 GiB + above
 *      = sum of the RAM entries
 *      + 0xa0000-0x100000 (384 KiB)              never E820 RAM on a PC: VGA window (not even
 *                                                populated, libxl's vga_hole_size), option ROMs
 *                                                and the BIOS image
 *      + what the firmware keeps for itself:     SeaBIOS: 1 KiB or more of EBDA below 0xa0000,
 *                                                and the pages it did not give back of 16 MiB
 *                                                at the end of the highest low RAM range (disk
 *                                                drivers' queues among them).
 *                                                OVMF: a dozen pieces amid low RAM, for its
 *                                                runtime services and ACPI's tables
 *
 *    The third line is found, not assumed, and only where a firmware keeps something: SeaBIOS below
 *    0xa0000 directly, and in one piece of 512 KiB at most right behind RAM, where low RAM or one of
 *    its ranges before a hole ends. With firmware=, which bounds the sum, it may be amid low RAM
 *    (OVMF). All else from 1 MiB to the end of low RAM and from 4 GiB to the end of high RAM is RAM,
 *    or named by holes= or gaps=: RAM that was lost and is called reserved, or that nobody mentions,
 *    is a failure, with or without total=. With it, RAM above 4 GiB may have gaps up to an aligned
 *    2 MiB, where whole extents went that had moved: what is missing is missed in the sum. So the sum is exact, with total=<memory> and
 *    less=<videoram>; relocation moves RAM and must not change the sum.
 *    Not in the account, because they are outside what libxl calls memory: the special pages
 *    below 0xff000000, hvmloader's ACPI pages from 0xfc000000 on, and the device model's own
 *    RAM blocks. If those exceed libxl's margin (LIBXL_MAXMEM_CONSTANT, 1 MiB beyond memory)
 *    hvmloader takes pages from the top of RAM instead (mem_hole_populate_ram): slack= is for
 *    that case only, and lets the sum be smaller, never larger. OVMF's image of 2 MiB is such a
 *    case; low-end= is then exact all the same.
 *
 * What could go wrong: pages lost while being moved (sum too small), a range reported twice
 * after the move (overlap, or a sum too large), the entry above 4 GiB missing or stale, a
 * reserved region (RMRR) left inside RAM, a BAR placed over relocated RAM.
 *
 * low-end= and high-end= are the layout's own figures, hvmloader's low_mem_pgend and
 * high_mem_pgend in bytes, for scenarios that know them. holes= are ranges that must be
 * reserved although they lie amid RAM; libxl and the planner have already moved that RAM
 * elsewhere, so they are not in the account. gaps= are ranges that must not be RAM, but need not
 * be mentioned at all. lost= is how much RAM may have been lost, nobody knows where: what is amid
 * RAM and mentioned by nobody, added up; it is in the account, which stays exact.
 */
#include "guest.h"

#include <string.h>

#define LEGACY_START 0xa0000ull
#define LEGACY_END   0x100000ull
#define MAX_HOLES    64
#define SEABIOS_MOST (512ull << 10)     /* seen: 70 KiB with two NVMe controllers */
#define EBDA_MOST    (64ull << 10)

/* What holes= and gaps= name, and what the firmware is found to keep. */
struct account {
    struct range hole[2 * MAX_HOLES];
    unsigned int nr_holes;      /* of both kinds; those of holes= come first */
    bool anywhere;              /* firmware=: what it keeps may be amid RAM */
    bool exact;                 /* total=: RAM that is missing is missed in the sum */
    uint64_t low_end;           /* where low RAM ends, if the scenario knows */
    uint64_t kept;              /* bytes */
    unsigned int pieces;        /* of it, from 1 MiB on */
    uint64_t lost, may_lose;    /* bytes that nobody mentions, and the most of them */
};

static bool overlap(const struct range *a, const struct range *b)
{
    return a->start < b->end && b->start < a->end;
}

static unsigned long long ull(uint64_t v)
{
    return v;
}

/* Empty text: the map is well formed. */
static void check_form(const struct e820 *m, char *bad, size_t size)
{
    for (unsigned int i = 0; i < m->nr && !bad[0]; i++) {
        const struct range *r = &m->e[i].r;

        if (r->end <= r->start) {
            append(bad, size, "entry 0x%llx-0x%llx is empty or wraps", ull(r->start),
                   ull(r->end));
        } else if (i && m->e[i - 1].r.end > r->start) {
            append(bad, size, "%s 0x%llx-0x%llx overlaps %s 0x%llx-0x%llx",
                   m->e[i - 1].type, ull(m->e[i - 1].r.start), ull(m->e[i - 1].r.end),
                   m->e[i].type, ull(r->start), ull(r->end));
        } else if (m->e[i].ram && r->start < LEGACY_END && r->end > LEGACY_START) {
            append(bad, size, "RAM 0x%llx-0x%llx reaches into 0xa0000-0x100000", ull(r->start),
                   ull(r->end));
        }
    }
}

static void check_bars(const struct e820 *m, const struct pci *pci, unsigned int *nr_bars,
                       char *bad, size_t size)
{
    *nr_bars = 0;
    for (unsigned int i = 0; i < pci->nr; i++) {
        for (unsigned int n = 0; n < PCI_BARS; n++) {
            const struct pci_bar *b = &pci->d[i].bar[n];

            if (!b->r.end || b->unset) {
                continue;
            }
            ++*nr_bars;
            for (unsigned int k = 0; k < m->nr && !bad[0]; k++) {
                if (m->e[k].ram && overlap(&m->e[k].r, &b->r)) {
                    append(bad, size, "BAR %u of %s 0x%llx-0x%llx lies over RAM 0x%llx-0x%llx",
                           n, pci->d[i].bdf, ull(b->r.start), ull(b->r.end),
                           ull(m->e[k].r.start), ull(m->e[k].r.end));
                }
            }
        }
    }
}

/* The first piece of R that is in none of the holes; empty: there is none. */
static struct range outside_holes(struct range r, const struct account *a)
{
    bool again = true;

    while (again && r.start < r.end) {
        again = false;
        for (unsigned int k = 0; k < a->nr_holes; k++) {
            if (a->hole[k].start <= r.start && r.start < a->hole[k].end) {
                r.start = a->hole[k].end;
                again = true;
            }
        }
    }
    for (unsigned int k = 0; k < a->nr_holes; k++) {
        if (a->hole[k].start > r.start && a->hole[k].start < r.end) {
            r.end = a->hole[k].start;
        }
    }
    return r.start < r.end ? r : (struct range){ 0, 0 };
}

/*
 * R begins where RAM ends, is reserved, and is followed by RAM if BEFORE_RAM: what of it the
 * firmware keeps. BAD says that this is no place for it.
 */
static void add_reserved(struct account *a, struct range r, bool before_ram, char *bad, size_t size)
{
    struct range piece, rest = r;

    while (piece = outside_holes(rest, a), piece.end && !bad[0]) {
        uint64_t bytes = piece.end - piece.start;
        bool first = piece.start == r.start, last = piece.end == r.end;

        a->kept += bytes;
        a->pieces++;
        if (!a->anywhere && (!first || (last && before_ram) || bytes > SEABIOS_MOST ||
                             a->pieces > 1)) {
            append(bad, size, "0x%llx-0x%llx, %s RAM, is reserved, for no reason known",
                   ull(piece.start), ull(piece.end), last && before_ram ? "amid" : "beside");
        }
        rest.start = piece.end;
    }
}

static const struct e820_entry *entry_from(const struct e820 *m, uint64_t at)
{
    for (unsigned int i = 0; i < m->nr; i++) {
        if (m->e[i].r.end > at) {
            return &m->e[i];
        }
    }
    return NULL;
}

/* From AT on, which is no RAM: reserved up to where? */
static uint64_t reserved_until(const struct e820 *m, uint64_t at, uint64_t end)
{
    const struct e820_entry *e;

    while (at < end && (e = entry_from(m, at)) && e->r.start <= at && !e->ram) {
        at = e->r.end;
    }
    return at < end ? at : end;
}

/* Nobody mentions GAP; is that RAM which the scenario says may be lost? */
static bool may_be_lost(struct account *a, struct range gap)
{
    uint64_t bytes = gap.end - gap.start;

    if (bytes > a->may_lose - a->lost) {
        return false;
    }
    a->lost += bytes;
    return true;
}

/* All of R, which ends with RAM, is RAM, a hole, or the firmware's. */
static void add_range(struct account *a, const struct e820 *m, struct range r, char *bad,
                      size_t size)
{
    for (uint64_t at = r.start; at < r.end && !bad[0]; ) {
        const struct e820_entry *e = entry_from(m, at);
        struct range gap = { at, r.end };

        if (e && e->r.start <= at && e->ram) {
            at = e->r.end;
            continue;
        }
        gap.end = e && e->r.start > at ? e->r.start : reserved_until(m, at, r.end);
        if (e && e->r.start > at) {
            bool aligned = r.start >= FOUR_GIB && gap.end % CHUNK_SIZE == 0;

            gap = outside_holes(gap, a);
            if (gap.end && !(a->exact && aligned) && !may_be_lost(a, gap)) {
                append(bad, size, "0x%llx-0x%llx, amid RAM, is mentioned by nobody",
                       ull(gap.start), ull(gap.end));
            }
            at = e->r.start;
            continue;
        }
        e = entry_from(m, gap.end);
        if (r.start >= FOUR_GIB) {
            /* No firmware keeps anything there. */
            struct range piece = outside_holes(gap, a);

            if (piece.end) {
                append(bad, size, "0x%llx-0x%llx, amid RAM, is reserved, for no reason known",
                       ull(piece.start), ull(piece.end));
            }
        } else {
            add_reserved(a, gap, e && e->r.start == gap.end && e->ram, bad, size);
        }
        at = gap.end;
    }
}

/* Below 640 KiB, RAM and then what the firmware keeps, whose end is that of both. */
static void add_legacy(struct account *a, const struct e820 *m, char *bad, size_t size)
{
    uint64_t ram = 0, end;

    for (unsigned int i = 0; i < m->nr && m->e[i].ram && m->e[i].r.start == ram; i++) {
        ram = m->e[i].r.end;
    }
    end = reserved_until(m, ram, LEGACY_START);
    if (end != LEGACY_START || end - ram > EBDA_MOST) {
        append(bad, size, "of the first 640 KiB 0x%llx are RAM, and reserved is what is below 0x%llx",
               ull(ram), ull(end));
    }
    a->kept += end - ram;
}

static void add_all(struct account *a, const struct e820 *m, uint64_t low, uint64_t high, char *bad,
                    size_t size)
{
    uint64_t end;

    add_legacy(a, m, bad, size);
    add_range(a, m, (struct range){ LEGACY_END, low }, bad, size);
    add_range(a, m, (struct range){ FOUR_GIB, high }, bad, size);
    if (!low || bad[0]) {
        return;
    }
    /* Behind the last low RAM: entries of one type are merged, so cut off what is something else. */
    end = reserved_until(m, low, FOUR_GIB);
    if (a->low_end && end > a->low_end) {
        end = a->low_end > low ? a->low_end : low;
    }
    if (end - low > E820_FIRMWARE_MAX) {
        return;                 /* that is not a firmware's: the sum tells if it was RAM */
    }
    add_reserved(a, (struct range){ low, end }, false, bad, size);
}

static bool begins_hole(const struct account *a, uint64_t at)
{
    for (unsigned int k = 0; k < a->nr_holes; k++) {
        if (a->hole[k].start == at) {
            return true;
        }
    }
    return false;
}

/* No RAM in the holes; the first RESERVED of them must be reserved throughout. */
static void check_holes(const struct e820 *m, const struct range *hole, unsigned int nr_holes,
                        unsigned int reserved, char *bad, size_t size)
{
    for (unsigned int k = 0; k < nr_holes && !bad[0]; k++) {
        uint64_t covered = 0;

        for (unsigned int i = 0; i < m->nr; i++) {
            const struct range *r = &m->e[i].r;

            if (!overlap(r, &hole[k])) {
                continue;
            }
            if (m->e[i].ram) {
                append(bad, size, "RAM 0x%llx-0x%llx in the hole 0x%llx-0x%llx", ull(r->start),
                       ull(r->end), ull(hole[k].start), ull(hole[k].end));
                return;
            }
            covered += (r->end < hole[k].end ? r->end : hole[k].end) -
                       (r->start > hole[k].start ? r->start : hole[k].start);
        }
        if (k < reserved && covered != hole[k].end - hole[k].start) {
            append(bad, size, "hole 0x%llx-0x%llx is not reserved throughout",
                   ull(hole[k].start), ull(hole[k].end));
        }
    }
}

static void run(struct params *p, struct outcome *o)
{
    static struct e820 map;
    static struct pci pci;
    static struct account a;
    char bad[300] = "";
    uint64_t total = param_size(p, "total", 0), less = param_size(p, "less", 0);
    uint64_t slack = param_size(p, "slack", 0), most = param_size(p, "firmware", 0);
    uint64_t want_low = param_size(p, "low-end", 0), want_high = param_size(p, "high-end", 0);
    unsigned int reserved = param_ranges(p, "holes", a.hole, MAX_HOLES), nr_bars;
    uint64_t ram = 0, low = 0, high = 0, have, want;

    a.nr_holes = reserved + param_ranges(p, "gaps", a.hole + reserved, MAX_HOLES);
    a.anywhere = param_given(p, "firmware");
    a.exact = total != 0;
    a.low_end = want_low;
    a.kept = a.pieces = a.lost = 0;
    a.may_lose = param_size(p, "lost", 0);

    if (!params_ok(p, o)) {
        return;
    }
    if (!e820_read(&map)) {
        outcome(o, ERROR, "/sys/firmware/memmap cannot be read");
        return;
    }
    if (!pci_read(&pci)) {
        outcome(o, ERROR, "no PCI device in sysfs");
        return;
    }

    check_form(&map, bad, sizeof(bad));
    check_holes(&map, a.hole, a.nr_holes, reserved, bad, sizeof(bad));
    check_bars(&map, &pci, &nr_bars, bad, sizeof(bad));
    if (bad[0]) {
        outcome(o, FAILURE, "%s", bad);
        return;
    }

    for (unsigned int i = 0; i < map.nr; i++) {
        const struct range *r = &map.e[i].r;

        if (!map.e[i].ram) {
            continue;
        }
        ram += r->end - r->start;
        if (r->start < FOUR_GIB) {
            low = r->end;
        } else {
            high = r->end;
        }
    }
    add_all(&a, &map, low, high, bad, sizeof(bad));
    if (bad[0]) {
        outcome(o, FAILURE, "%s", bad);
        return;
    }
    if (a.anywhere && a.kept > most) {
        outcome(o, FAILURE, "the firmware kept %llu bytes, more than the %llu it may", ull(a.kept),
                ull(most));
        return;
    }

    if (want_low) {
        /* The firmware's share may sit between the last RAM and the end of low memory. */
        uint64_t end = low;

        for (unsigned int i = 0; i < map.nr; i++) {
            const struct range *r = &map.e[i].r;

            if (!map.e[i].ram && r->start == low && low < want_low && r->end >= want_low &&
                want_low - low <= E820_FIRMWARE_MAX &&
                (r->end == want_low || begins_hole(&a, want_low))) {
                end = want_low;
            }
        }
        if (end != want_low) {
            outcome(o, FAILURE, "low RAM ends at 0x%llx, expected 0x%llx", ull(end),
                    ull(want_low));
            return;
        }
    }
    if (param_given(p, "high-end") && high != want_high) {
        outcome(o, FAILURE, "high RAM ends at 0x%llx, expected 0x%llx", ull(high),
                ull(want_high));
        return;
    }
    if (total) {
        have = ram + a.kept + a.lost + (LEGACY_END - LEGACY_START);
        want = total - less;
        if (have > want || have + slack < want) {
            outcome(o, FAILURE, "RAM is %llu bytes, the firmware kept %llu, with 384 KiB legacy "
                    "%llu: %llu %s than the %llu configured", ull(ram), ull(a.kept), ull(have),
                    ull(have > want ? have - want : want - have),
                    have > want ? "more" : "less", ull(want));
            return;
        }
    }
    outcome(o, SUCCESS, "RAM %llu bytes, kept by the firmware %llu, low end 0x%llx, high end "
            "0x%llx, %u entries and %u BARs without overlap%s", ull(ram), ull(a.kept), ull(low),
            ull(high), map.nr, nr_bars, total ? "" : " (no total= to compare with)");
}

const struct check check_e820 = {
    .name = "e820",
    .summary = "RAM adds up to what was configured; nothing overlaps a BAR or a hole",
    .params = "total=BYTES less=BYTES slack=BYTES firmware=BYTES low-end=ADDR high-end=ADDR "
              "holes=S-E+S-E... gaps=S-E+S-E... lost=BYTES",
    .run = run,
};
