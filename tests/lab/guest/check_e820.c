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
 *    The third line is found, not assumed: a reserved entry inside the first 640 KiB, one that
 *    lies between RAM and RAM, both of which it touches, or one that begins where low RAM ends
 *    and is at most 16 MiB long; firmware= bounds the sum of them. So the sum is exact, with
 *    total=<memory> and less=<videoram>; relocation moves RAM and must not change the sum.
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
 * elsewhere, so they are not in the account.
 */
#include "guest.h"

#include <string.h>

#define LEGACY_START 0xa0000ull
#define LEGACY_END   0x100000ull
#define MAX_HOLES    64

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

/* Bytes of R that are in none of the holes. */
static uint64_t outside_holes(struct range r, const struct range *hole, unsigned int nr_holes)
{
    uint64_t bytes = r.end - r.start;

    for (unsigned int k = 0; k < nr_holes; k++) {
        if (overlap(&r, &hole[k])) {
            bytes -= (r.end < hole[k].end ? r.end : hole[k].end) -
                     (r.start > hole[k].start ? r.start : hole[k].start);
        }
    }
    return bytes;
}

/*
 * The part of the map that is memory the firmware kept: what is not RAM between RAM and RAM
 * without a gap (OVMF spreads over low memory), and what follows the last RAM directly, if it is
 * no more than a BIOS keeps there (LOW_END bounds it when the scenario knows where low RAM ends).
 * A hole (RMRR) is never part of it.
 */
static uint64_t firmware_share(const struct e820 *m, uint64_t low_end,
                               const struct range *hole, unsigned int nr_holes)
{
    uint64_t kept = 0, pending = 0, reached = 0;

    for (unsigned int i = 0; i < m->nr; i++) {
        struct range r = m->e[i].r;

        if (r.end <= LEGACY_START) {
            kept += m->e[i].ram ? 0 : r.end - r.start;
            continue;
        }
        if (r.start < LEGACY_END) {
            continue;
        }
        if (r.start != reached) {
            /* A gap: what came before it was behind the last RAM. */
            kept += pending <= E820_FIRMWARE_MAX ? pending : 0;
            pending = 0;
            reached = m->e[i].ram ? r.end : 0;
            continue;
        }
        reached = r.end;
        if (m->e[i].ram) {
            kept += pending;
            pending = 0;
            continue;
        }
        /* Entries of one type are merged: cut off what is known to be something else. */
        if (low_end && r.end > low_end && r.start < FOUR_GIB) {
            r.end = low_end > r.start ? low_end : r.start;
        }
        pending += outside_holes(r, hole, nr_holes);
    }
    return kept + (pending <= E820_FIRMWARE_MAX ? pending : 0);
}

static void check_holes(const struct e820 *m, const struct range *hole, unsigned int nr_holes,
                        char *bad, size_t size)
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
        if (covered != hole[k].end - hole[k].start) {
            append(bad, size, "hole 0x%llx-0x%llx is not reserved throughout",
                   ull(hole[k].start), ull(hole[k].end));
        }
    }
}

static void run(struct params *p, struct outcome *o)
{
    static struct e820 map;
    static struct pci pci;
    struct range hole[MAX_HOLES];
    char bad[300] = "";
    uint64_t total = param_size(p, "total", 0), less = param_size(p, "less", 0);
    uint64_t slack = param_size(p, "slack", 0), most = param_size(p, "firmware", 0);
    uint64_t want_low = param_size(p, "low-end", 0), want_high = param_size(p, "high-end", 0);
    unsigned int nr_holes = param_ranges(p, "holes", hole, MAX_HOLES), nr_bars;
    uint64_t ram = 0, low = 0, high = 0, kept, have, want;

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
    check_holes(&map, hole, nr_holes, bad, sizeof(bad));
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
    kept = firmware_share(&map, want_low, hole, nr_holes);
    if (param_given(p, "firmware") && kept > most) {
        outcome(o, FAILURE, "the firmware kept %llu bytes, more than the %llu it may", ull(kept),
                ull(most));
        return;
    }

    if (want_low) {
        /* The firmware's share may sit between the last RAM and the end of low memory. */
        uint64_t end = low;

        for (unsigned int i = 0; i < map.nr; i++) {
            const struct range *r = &map.e[i].r;

            if (!map.e[i].ram && r->start == low && low < want_low &&
                want_low - low <= E820_FIRMWARE_MAX && r->end >= want_low) {
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
        have = ram + kept + (LEGACY_END - LEGACY_START);
        want = total - less;
        if (have > want || have + slack < want) {
            outcome(o, FAILURE, "RAM is %llu bytes, the firmware kept %llu, with 384 KiB legacy "
                    "%llu: %llu %s than the %llu configured", ull(ram), ull(kept), ull(have),
                    ull(have > want ? have - want : want - have),
                    have > want ? "more" : "less", ull(want));
            return;
        }
    }
    outcome(o, SUCCESS, "RAM %llu bytes, kept by the firmware %llu, low end 0x%llx, high end "
            "0x%llx, %u entries and %u BARs without overlap%s", ull(ram), ull(kept), ull(low),
            ull(high), map.nr, nr_bars, total ? "" : " (no total= to compare with)");
}

const struct check check_e820 = {
    .name = "e820",
    .summary = "RAM adds up to what was configured; nothing overlaps a BAR or a hole",
    .params = "total=BYTES less=BYTES slack=BYTES firmware=BYTES low-end=ADDR high-end=ADDR "
              "holes=S-E+S-E...",
    .run = run,
};
