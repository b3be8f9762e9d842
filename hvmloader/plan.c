/* SPDX-License-Identifier: GPL-2.0-only */
#include "plan.h"

#define FOUR_GIB    0x100000000ull
#define PFN_UP(x)   (((x) + 0xfff) >> 12)
#define PFN_DOWN(x) ((x) >> 12)

static uint64_t align_up(uint64_t addr, uint64_t size)
{
    return (addr + size - 1) & ~(size - 1);
}

/*
 * Something in the way of [addr, addr + size): a BAR placed already, or a range
 * that no BAR may cover.  Its extent is returned in bytes.
 */
static bool in_the_way(const struct memmap_layout *now,
                       const struct memmap_bar *bar, unsigned int nr,
                       uint64_t addr, uint64_t size,
                       uint64_t *start, uint64_t *end)
{
    unsigned int i;

    for ( i = 0; i < nr; i++ )
        if ( bar[i].addr != MEMMAP_BAR_UNPLACED &&
             bar[i].addr < addr + size && addr < bar[i].addr + bar[i].size )
        {
            *start = bar[i].addr;
            *end = bar[i].addr + bar[i].size;
            return true;
        }

    for ( i = memmap_layout_seek(now, PFN_DOWN(addr));
          i < now->nr && (now->range[i].gfn << 12) < addr + size; i++ )
        if ( now->range[i].type == MEMMAP_TYPE_RDM ||
             now->range[i].type == MEMMAP_TYPE_OWNED )
        {
            *start = now->range[i].gfn << 12;
            *end = memmap_range_end(&now->range[i]) << 12;
            return true;
        }

    return false;
}

/*
 * Give @b the lowest (or, from the top, the highest) naturally aligned place in
 * [lo, hi) that is free of the @nr BARs before it and of reserved ranges.
 */
static bool place(const struct memmap_layout *now, const struct memmap_bar *bar,
                  unsigned int nr, struct memmap_bar *b,
                  uint64_t lo, uint64_t hi, bool top)
{
    uint64_t addr, start, end;

    b->addr = MEMMAP_BAR_UNPLACED;
    if ( b->size > hi )
        return false;

    addr = top ? (hi - b->size) & ~(b->size - 1) : align_up(lo, b->size);
    while ( addr >= lo && addr <= hi - b->size )
    {
        if ( !in_the_way(now, bar, nr, addr, b->size, &start, &end) )
        {
            b->addr = addr;
            return true;
        }
        if ( top && start < b->size )
            return false;
        addr = top ? (start - b->size) & ~(b->size - 1)
                   : align_up(end, b->size);
    }

    return false;
}

/*
 * Place all BARs that are not high in [lo, hi).  Sizes are powers of two and
 * come largest first, so any free place is as good as another for those that
 * follow: if one order of places fits, all do, and always taking the highest
 * yields the highest possible lowest address.  Returns that address, or 0.
 */
static uint64_t place_low(const struct memmap_layout *now,
                          struct memmap_bar *bar, unsigned int nr,
                          uint64_t lo, uint64_t hi, bool top)
{
    uint64_t lowest = hi;
    unsigned int i;

    for ( i = 0; i < nr; i++ )
        bar[i].addr = MEMMAP_BAR_UNPLACED;

    for ( i = 0; i < nr; i++ )
    {
        if ( bar[i].high || !bar[i].size )
            continue;
        if ( !place(now, bar, i, &bar[i], lo, hi, top) )
            return 0;
        if ( bar[i].addr < lowest )
            lowest = bar[i].addr;
    }

    return lowest & ~0xfffull;
}

/* Variable MTRRs that [base, end) takes, counted as cacheattr_init() does. */
static unsigned int mtrrs(uint64_t base, uint64_t end)
{
    unsigned int nr = 0;

    while ( base != end )
    {
        uint64_t size = base & -base;

        while ( base + size > end )
            size >>= 1;
        base += size;
        nr++;
    }

    return nr;
}

/* The end of RAM in [0, limit) gfns; 0 if there is none. */
static uint64_t ram_end(const struct memmap_layout *l, uint64_t limit)
{
    uint64_t end = 0;
    unsigned int i;

    for ( i = 0; i < l->nr && l->range[i].gfn < limit; i++ )
        if ( l->range[i].type == MEMMAP_TYPE_RAM )
            end = memmap_range_end(&l->range[i]);

    return end;
}

/*
 * The hole that hvmloader makes where it may not move RAM: doubled as long as
 * RAM is not in it, and stretched down to RAM if a reserved range is in it.
 */
static uint64_t stock_hole(const struct memmap_plan_in *in,
                           const struct memmap_bar *bar, unsigned int nr)
{
    uint64_t ram_top = ram_end(in->now, PFN_DOWN(FOUR_GIB)) << 12;
    uint64_t start = in->hole_start, total = 0;
    unsigned int i;

    if ( in->hole_fixed )
        return start < ram_top && !in->may_move ? ram_top : start;

    for ( i = 0; i < nr; i++ )
        if ( !bar[i].high )
            total += bar[i].size;

    while ( total > in->hole_end - start )
    {
        uint64_t next = (start << 1) & (FOUR_GIB - 1);

        if ( !next || next < ram_top )
            break;
        start = next;
    }

    if ( start > ram_top &&
         memmap_layout_overlaps(in->now, MEMMAP_TYPE_RDM, PFN_DOWN(start),
                                PFN_DOWN(in->hole_end - start)) )
        start = ram_top;

    return start;
}

/* Choose the low hole and which BARs live in it. */
static uint64_t choose_hole(const struct memmap_plan_in *in,
                            struct memmap_bar *bar, unsigned int nr)
{
    uint64_t start = stock_hole(in, bar, nr), hole;
    uint64_t floor = in->may_move && in->hole_min < start ? in->hole_min : start;
    unsigned int i;

    for ( ; ; )
    {
        /* Enough as it is: hvmloader's own places, from the bottom up. */
        if ( place_low(in->now, bar, nr, start, in->hole_end, false) )
            return start;

        hole = place_low(in->now, bar, nr, floor, in->hole_end, true);
        if ( hole )
            break;

        /* Too much: the largest that can go above 4 GiB does. */
        for ( i = 0; i < nr; i++ )
            if ( bar[i].is_64bit && !bar[i].high )
                break;
        if ( i < nr )
        {
            bar[i].high = true;
            continue;
        }

        /* What is left are 32-bit BARs; those that do not fit go without. */
        hole = in->hole_end;
        for ( i = 0; i < nr; i++ )
            if ( !bar[i].high && bar[i].size &&
                 place(in->now, bar, i, &bar[i], floor, in->hole_end, true) &&
                 bar[i].addr < hole )
                hole = bar[i].addr & ~0xfffull;
        break;
    }

    if ( hole > start )
        hole = start;
    while ( in->max_mtrrs && mtrrs(hole, in->hole_end) > in->max_mtrrs &&
            (hole & (hole - 1)) >= floor )
        hole &= hole - 1;

    return hole;
}

/* Move the RAM of [gfn, end) above all other RAM, around what is in the way. */
static bool move_up(const struct memmap_plan_in *in, struct memmap_plan *plan,
                    uint64_t gfn, uint64_t end)
{
    uint64_t to = ram_end(&plan->after, ~0ull);
    unsigned int i;

    if ( to < PFN_DOWN(FOUR_GIB) )
        to = PFN_DOWN(FOUR_GIB);

    while ( gfn < end )
    {
        const struct memmap_range *r;
        uint64_t pages;

        i = memmap_layout_seek(&plan->after, gfn);
        if ( i == plan->after.nr || plan->after.range[i].gfn >= end )
            return true;
        r = &plan->after.range[i];
        if ( r->gfn > gfn )
            gfn = r->gfn;
        pages = (memmap_range_end(r) < end ? memmap_range_end(r) : end) - gfn;
        if ( r->type != MEMMAP_TYPE_RAM )
        {
            gfn += pages;
            continue;
        }

        /* Room at the destination up to the next range of any kind. */
        for ( i = memmap_layout_seek(in->now, to);
              i < in->now->nr && in->now->range[i].gfn <= to;
              i = memmap_layout_seek(in->now, to) )
            to = memmap_range_end(&in->now->range[i]);
        if ( i < in->now->nr && in->now->range[i].gfn - to < pages )
            pages = in->now->range[i].gfn - to;

        if ( to + pages > in->gfn_limit || plan->nr_moves == MEMMAP_MAX_MOVES ||
             !memmap_layout_move(&plan->after, gfn, to, pages) )
            return false;
        plan->move[plan->nr_moves++] =
            (struct memmap_move){ .from = gfn, .to = to, .pages = pages };
        plan->moved_pages += pages;
        gfn += pages;
        to += pages;
    }

    return true;
}

/* BARs above 4 GiB go above all RAM, lowest place first. */
static void place_high(const struct memmap_plan_in *in, struct memmap_bar *bar,
                       unsigned int nr, struct memmap_plan *plan)
{
    uint64_t lo = ram_end(&plan->after, ~0ull) << 12;
    unsigned int i;

    if ( lo < FOUR_GIB )
        lo = FOUR_GIB;

    for ( i = 0; i < nr; i++ )
    {
        if ( !bar[i].high )
            continue;
        /* All placed BARs count, low ones are never in the way up here. */
        if ( !place(in->now, bar, i, &bar[i], lo, in->addr_limit, false) )
            continue;
        if ( plan->high_start == plan->high_end )
            plan->high_start = bar[i].addr;
        if ( bar[i].addr < plan->high_start )
            plan->high_start = bar[i].addr;
        if ( bar[i].addr + bar[i].size > plan->high_end )
            plan->high_end = bar[i].addr + bar[i].size;
    }
}

/* Say of the gaps in [start, end) bytes that they are for BARs. */
static bool note_mmio(struct memmap_layout *l, uint64_t start, uint64_t end)
{
    uint64_t gfn = PFN_DOWN(start), stop = PFN_UP(end);
    unsigned int i;

    while ( gfn < stop )
    {
        struct memmap_range r = {
            .gfn = gfn, .type = MEMMAP_TYPE_MMIO, .source = MEMMAP_NO_SOURCE,
        };
        uint64_t next = stop;

        i = memmap_layout_seek(l, gfn);
        if ( i < l->nr && l->range[i].gfn <= gfn )
        {
            gfn = memmap_range_end(&l->range[i]);
            continue;
        }
        if ( i < l->nr && l->range[i].gfn < stop )
            next = l->range[i].gfn;
        r.pages = next - gfn;
        if ( !memmap_layout_set(l, &r) )
            return false;
        gfn = next;
    }

    return true;
}

bool memmap_plan(const struct memmap_plan_in *in, struct memmap_bar *bar,
                 unsigned int nr, struct memmap_plan *plan)
{
    unsigned int i;

    plan->moved_pages = 0;
    plan->nr_moves = 0;
    plan->unplaced = 0;
    plan->high_start = plan->high_end = 0;

    for ( i = 0; i < nr; i++ )
        bar[i].high = bar[i].is_64bit && bar[i].size > in->high_thresh;

    plan->hole_start = choose_hole(in, bar, nr);

    /* The device model's blocks are its own affair: RAM and RDM only. */
    plan->after.nr = 0;
    for ( i = 0; i < in->now->nr; i++ )
        if ( in->now->range[i].type != MEMMAP_TYPE_OWNED &&
             !memmap_layout_set(&plan->after, &in->now->range[i]) )
            return false;

    if ( in->may_move &&
         !move_up(in, plan, PFN_DOWN(plan->hole_start), PFN_DOWN(FOUR_GIB)) )
        return false;

    place_high(in, bar, nr, plan);
    for ( i = 0; i < nr; i++ )
        plan->unplaced += bar[i].size && bar[i].addr == MEMMAP_BAR_UNPLACED;

    if ( !note_mmio(&plan->after, plan->hole_start, in->hole_end) ||
         !note_mmio(&plan->after, plan->high_start, plan->high_end) )
        return false;

    /* BARs went around them, so what lies between BARs must not name them. */
    for ( i = 0; i < in->now->nr; i++ )
        if ( in->now->range[i].type == MEMMAP_TYPE_OWNED &&
             !memmap_layout_clear(&plan->after, in->now->range[i].gfn,
                                  in->now->range[i].pages) )
            return false;

    return true;
}
