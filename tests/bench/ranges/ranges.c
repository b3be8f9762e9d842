/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A firmware that commits layouts of ever more ranges and takes the time, for
 * `make bench-qemu`.  It says that every other page at the end of low RAM is
 * above 4 GiB, which is a layout as valid as any, and is not true: nothing does
 * DMA yet, and the true layout follows.
 *
 * What is timed is the doorbell alone, which is synchronous: the exit, the
 * device model's copy of the record, its checks, the new view of RAM, and the
 * way back.  Each layout is committed in place of one that has no range in
 * common with it but the first 640 KiB, then once more as it is.
 *
 * Built into an hvmloader of its own, never into the series.
 */
#include "ranges.h"

#include "../config.h"
#include "../util.h"

#define ROUNDS      25
#define FOUR_GIB    0x100000u   /* in gfns */

static uint64_t took;

static uint32_t timed_in(void *opaque, unsigned int reg)
{
    return inl(MEMMAP_PORT_BASE + reg);
}

static void timed_out(void *opaque, unsigned int reg, uint32_t val)
{
    uint64_t start = rdtsc();

    outl(MEMMAP_PORT_BASE + reg, val);
    took = rdtsc() - start;
}

static const struct memmap_fw_io timed_io = {
    .in = timed_in,
    .out = timed_out,
};

/* @pages single pages of low RAM, every other one, lie above 4 GiB. */
static bool scatter(struct memmap_layout *l, const struct memmap_layout *now,
                    unsigned int pages, unsigned int shift)
{
    unsigned int i;
    uint64_t end;

    if ( !memmap_layout_copy(l, now) )
        return false;
    end = memmap_range_end(&l->range[memmap_layout_seek(l, MEMMAP_FIXED_END)]);
    for ( i = 0; i < pages; i++ )
        if ( !memmap_layout_move(l, end - 2 - 2 * i - shift,
                                 FOUR_GIB + 2 * i + shift, 1) )
            return false;

    return true;
}

static bool commit(struct memmap_fw *fw, const struct memmap_layout *l,
                   uint32_t *cost)
{
    struct memmap_record r = {
        .gfn_limit = 1ull << (cpu_phys_addr() - PAGE_SHIFT),
        .layout = *l,
    };
    unsigned int rc = memmap_fw_commit(fw, &r);

    *cost = took >> 32 ? ~0u : took;
    if ( rc )
        printf("bench: %u ranges refused: %s (entry %x)\n", l->nr,
               memmap_strerror(rc), fw->index);
    return !rc;
}

static void sort(uint32_t *val, unsigned int nr)
{
    unsigned int i, j;

    for ( i = 1; i < nr; i++ )
        for ( j = i; j && val[j - 1] > val[j]; j-- )
        {
            uint32_t tmp = val[j];

            val[j] = val[j - 1];
            val[j - 1] = tmp;
        }
}

static bool measure(struct memmap_fw *fw, const struct memmap_layout *now,
                    unsigned int nr)
{
    /* Moving a page asks for more room than it needs in the end. */
    static struct memmap_range range[2][MEMMAP_MAX_ENTRIES + 4];
    static uint32_t fresh[ROUNDS], same[ROUNDS];
    struct memmap_layout l, other;
    /* A page in the middle of RAM makes two ranges more. */
    unsigned int pages = (nr - now->nr) / 2, i;

    memmap_layout_init(&l, range[0], MEMMAP_ARRAY_SIZE(range[0]));
    memmap_layout_init(&other, range[1], MEMMAP_ARRAY_SIZE(range[1]));
    if ( !scatter(&l, now, pages, 0) || l.nr != nr ||
         !scatter(&other, now, pages ? pages : 1, 1) )
    {
        printf("bench: no layout of %u ranges\n", nr);
        return false;
    }

    for ( i = 0; i < ROUNDS; i++ )
        if ( !commit(fw, &other, &fresh[i]) || !commit(fw, &l, &fresh[i]) ||
             !commit(fw, &l, &same[i]) )
            return false;

    sort(fresh, ROUNDS);
    sort(same, ROUNDS);
    printf("bench: ranges %u cycles %u median %u again %u median %u\n", nr,
           fresh[0], fresh[ROUNDS / 2], same[0], same[ROUNDS / 2]);
    return true;
}

void memmap_bench_ranges(struct memmap_fw *fw, const struct memmap_layout *now)
{
    struct memmap_fw timed = *fw;
    unsigned int nr;

    timed.io = &timed_io;
    for ( nr = 2; nr <= MEMMAP_MAX_ENTRIES; nr *= 2 )
        if ( !measure(&timed, now, nr) )
            break;
    fw->generation = timed.generation;
    if ( nr > MEMMAP_MAX_ENTRIES )
        printf("bench: ranges done, generation %u\n", fw->generation);
}
