/* SPDX-License-Identifier: MIT */
#include "bars.h"

#define NO_BAR 0xffffu
#define TYPE_BIT(t) (1u << MEMMAP_TYPE_##t)

static uint64_t align_up(uint64_t addr, uint64_t size)
{
    return (addr + size - 1) & ~(size - 1);
}

const struct memmap_range *memmap_first_in(const struct memmap_layout *l,
                                           unsigned int types, uint64_t addr,
                                           uint64_t size)
{
    unsigned int i;

    if ( !l || !size )
        return NULL;
    for ( i = memmap_layout_seek(l, addr >> 12);
          i < l->nr && (l->range[i].gfn << 12) < addr + size; i++ )
        if ( types == MEMMAP_ANY_TYPE ||
             (l->range[i].type <= MEMMAP_TYPE_OWNED &&
              (types & (1u << l->range[i].type))) )
            return &l->range[i];

    return NULL;
}

/* What no BAR at [addr, addr + size) may cover, if there is any. */
static const struct memmap_range *in_the_way(const struct memmap_plan_in *in,
                                             uint64_t addr, uint64_t size)
{
    const struct memmap_range *r;

    r = memmap_first_in(in->now, TYPE_BIT(RDM) | TYPE_BIT(OWNED) |
                        (in->may_move ? 0 : TYPE_BIT(RAM)), addr, size);
    if ( !r )
        r = memmap_first_in(in->rdm, MEMMAP_ANY_TYPE, addr, size);
    if ( !r )
        r = memmap_first_in(in->pinned, MEMMAP_ANY_TYPE, addr, size);

    return r;
}

/* The lowest place for @size bytes in [lo, hi), or MEMMAP_BAR_UNPLACED. */
static uint64_t lowest_place(const struct memmap_plan_in *in, uint64_t size,
                             uint64_t lo, uint64_t hi)
{
    const struct memmap_range *r;
    uint64_t addr;

    for ( addr = align_up(lo, size); size <= hi && addr <= hi - size;
          addr = align_up(memmap_range_end(r) << 12, size) )
    {
        r = in_the_way(in, addr, size);
        if ( !r )
            return addr;
        /* It may end where no address is any more. */
        if ( memmap_range_end(r) >= hi >> 12 )
            break;
    }

    return MEMMAP_BAR_UNPLACED;
}

/* Whether @b is to be placed now: with those that are @high, or are not. */
static bool is_due(const struct memmap_bar *b, bool high)
{
    return b->size && !b->out && b->high == high;
}

/*
 * Place BARs as hvmloader always did: from @lo upwards, each behind the one
 * before it, and no gap is gone back to.  False, and no matter where they are,
 * if that does not get all of them below @hi.
 */
static bool place_up(const struct memmap_plan_in *in, struct memmap_bar *bar,
                     unsigned int nr, bool high, uint64_t lo, uint64_t hi)
{
    unsigned int i;

    for ( i = 0; i < nr; i++ )
    {
        if ( !is_due(&bar[i], high) )
            continue;
        bar[i].addr = lowest_place(in, bar[i].size, lo, hi);
        if ( bar[i].addr == MEMMAP_BAR_UNPLACED )
            return false;
        lo = bar[i].addr + bar[i].size;
    }

    return true;
}

/* BARs that are placed, a list from the highest down. */
struct shelf {
    struct memmap_bar *bar;
    uint16_t first;             /* or NO_BAR */
    uint16_t *at;               /* what is before it lies above top */
    uint64_t size, top;         /* BARs of this size go below */
};

/* Give bar[i] the highest place in [lo, s->top) that is free. */
static bool place_one(const struct memmap_plan_in *in, struct shelf *s,
                      unsigned int i, uint64_t lo)
{
    struct memmap_bar *b = &s->bar[i];
    const struct memmap_range *r;

    while ( s->top >= lo && s->top - lo >= b->size )
    {
        const uint64_t addr = (s->top - b->size) & ~(b->size - 1);

        if ( addr < lo )
            break;
        while ( *s->at != NO_BAR && s->bar[*s->at].addr >= addr + b->size )
            s->at = &s->bar[*s->at].below;
        if ( *s->at != NO_BAR &&
             s->bar[*s->at].addr + s->bar[*s->at].size > addr )
        {
            s->top = s->bar[*s->at].addr;
            continue;
        }
        r = in_the_way(in, addr, b->size);
        if ( r )
        {
            s->top = r->gfn << 12;
            continue;
        }
        b->addr = s->top = addr;
        b->below = *s->at;
        *s->at = i;
        return true;
    }

    return false;
}

/*
 * Place BARs from @hi downwards, each in the highest place that is free, which
 * yields the highest possible lowest address.  Returns that address, or 0 if
 * one has no place, after which the others are tried all the same.
 */
static uint64_t place_down(const struct memmap_plan_in *in,
                           struct memmap_bar *bar, unsigned int nr, bool high,
                           uint64_t lo, uint64_t hi)
{
    struct shelf s = { .bar = bar, .first = NO_BAR };
    uint64_t lowest = hi;
    bool all = true;
    unsigned int i;

    for ( i = 0; i < nr; i++ )
    {
        if ( !is_due(&bar[i], high) )
            continue;
        if ( bar[i].size != s.size )
        {
            s.size = bar[i].size;
            s.top = hi;
            s.at = &s.first;
        }
        bar[i].addr = MEMMAP_BAR_UNPLACED;
        if ( !place_one(in, &s, i, lo) )
            all = false;
        else if ( bar[i].addr < lowest )
            lowest = bar[i].addr;
    }

    return all ? lowest : 0;
}

uint64_t memmap_mtrr_size(uint64_t base, uint64_t end)
{
    uint64_t size = base ? base & -base : 1ull << 63;

    while ( size > end - base )
        size >>= 1;

    return size;
}

static unsigned int mtrrs(uint64_t base, uint64_t end)
{
    unsigned int nr;

    for ( nr = 0; base < end; nr++ )
        base += memmap_mtrr_size(base, end);

    return nr;
}

/* MTRRs for the low hole; one is left for the other window if there is one. */
static unsigned int budget(const struct memmap_plan_in *in,
                           const struct memmap_bar *bar, unsigned int nr)
{
    unsigned int i;

    for ( i = 0; i < nr; i++ )
        if ( is_due(&bar[i], true) )
            return in->max_mtrrs - 1;

    return in->max_mtrrs;
}

/* The highest start of a hole, @hole or less, that MTRRs suffice for. */
static uint64_t cover(const struct memmap_plan_in *in,
                      const struct memmap_bar *bar, unsigned int nr,
                      uint64_t hole, uint64_t floor)
{
    if ( in->max_mtrrs )
        while ( mtrrs(hole, in->hole_end) > budget(in, bar, nr) &&
                (hole & (hole - 1)) >= floor )
            hole &= hole - 1;

    return hole;
}

/* The hole that hvmloader would grow for the BARs, were RAM elsewhere. */
static uint64_t grown(const struct memmap_plan_in *in, struct memmap_bar *bar,
                      unsigned int nr, uint64_t start, uint64_t floor)
{
    uint64_t hole = place_down(in, bar, nr, false, floor, in->hole_end) &
                    ~0xfffull;

    return cover(in, bar, nr, hole < start ? hole : start, floor);
}

/*
 * The hole that hvmloader makes where it may not move RAM: doubled as long as
 * RAM is not in it, and stretched down to RAM if a reserved range is in it.
 */
static uint64_t stock_hole(const struct memmap_plan_in *in,
                           const struct memmap_bar *bar, unsigned int nr,
                           uint64_t ram_top)
{
    uint64_t start = in->hole_start, total = 0;
    unsigned int i;

    if ( in->hole_fixed )
        return start < ram_top && !in->may_move ? ram_top : start;

    for ( i = 0; i < nr; i++ )
        if ( !bar[i].is_64bit || bar[i].size <= in->high_thresh )
            total += bar[i].size;

    while ( total > in->hole_end - start )
    {
        uint64_t next = (start << 1) & (in->high_base - 1);

        if ( !next || next < ram_top )
            break;
        start = next;
    }

    if ( start > ram_top &&
         (memmap_first_in(in->now, TYPE_BIT(RDM), start,
                          in->hole_end - start) ||
          memmap_first_in(in->rdm, MEMMAP_ANY_TYPE, start,
                          in->hole_end - start)) )
        start = ram_top;

    return start;
}

/* The size of the largest BAR that can be above @top, where RAM ends. */
static uint64_t largest_high(const struct memmap_plan_in *in,
                             const struct memmap_bar *bar, unsigned int nr,
                             uint64_t top)
{
    uint64_t tried = 0;
    unsigned int i;

    for ( i = 0; i < nr; i++ )
        if ( bar[i].is_64bit && bar[i].size && bar[i].size != tried )
        {
            tried = bar[i].size;
            if ( lowest_place(in, tried, top, in->addr_limit) !=
                 MEMMAP_BAR_UNPLACED )
                return tried;
        }

    return 0;
}

/* All that can be high are, but the smallest, behind the first @nr_high. */
static void rise(const struct memmap_plan_in *in, struct memmap_bar *bar,
                 unsigned int nr, uint64_t most, unsigned int nr_high)
{
    unsigned int i;

    for ( i = 0; i < nr; i++ )
        bar[i].high = bar[i].is_64bit && bar[i].size && bar[i].size <= most &&
                      (i < nr_high || bar[i].size > in->high_thresh);
}

/* What has to be low comes first; what has no place among its like is out. */
static void place_others(const struct memmap_plan_in *in,
                         struct memmap_bar *bar, unsigned int nr,
                         uint64_t most, uint64_t floor)
{
    unsigned int i;

    for ( i = 0; i < nr; i++ )
    {
        bar[i].addr = MEMMAP_BAR_UNPLACED;
        bar[i].out = false;
    }
    rise(in, bar, nr, most, nr);
    place_down(in, bar, nr, false, floor, in->hole_end);
    for ( i = 0; i < nr; i++ )
        bar[i].out = !bar[i].high && bar[i].addr == MEMMAP_BAR_UNPLACED;
}

/* The rest may stay low as far as there is room above @floor. */
static void bring_down(const struct memmap_plan_in *in, struct memmap_bar *bar,
                       unsigned int nr, uint64_t most, uint64_t floor)
{
    unsigned int few = 0, enough = nr;

    while ( few < enough )
    {
        const unsigned int mid = (few + enough) / 2;

        rise(in, bar, nr, most, mid);
        if ( place_down(in, bar, nr, false, floor, in->hole_end) )
            enough = mid;
        else
            few = mid + 1;
    }
    rise(in, bar, nr, most, enough);
}

uint64_t memmap_bars_low(const struct memmap_plan_in *in,
                         struct memmap_bar *bar, unsigned int nr,
                         uint64_t ram_top, uint64_t top)
{
    const uint64_t start = stock_hole(in, bar, nr, ram_top);
    const uint64_t most = largest_high(in, bar, nr, top);
    uint64_t floor = in->may_move && !in->hole_fixed && in->hole_min < start
                     ? in->hole_min : start;

    place_others(in, bar, nr, most, floor);
    if ( in->prefer_high )
    {
        /* As far down as it is for the others, or as there is no RAM. */
        const uint64_t free = ram_top > floor ? ram_top : floor;
        const uint64_t hole = grown(in, bar, nr, start, floor);

        floor = hole < free ? hole : free;
    }
    bring_down(in, bar, nr, most, floor);

    /* Enough as it is: hvmloader's own places. */
    if ( place_up(in, bar, nr, false, start, in->hole_end) )
        return start;

    return grown(in, bar, nr, start, floor);
}

/* The window that @bar's high ones lie in, and the MTRRs for both. */
static void frame(const struct memmap_plan_in *in,
                  const struct memmap_bar *bar, unsigned int nr,
                  struct memmap_plan *plan)
{
    uint64_t start = 0, end = 0;
    unsigned int i;

    for ( i = 0; i < nr; i++ )
    {
        if ( !is_due(&bar[i], true) || bar[i].addr == MEMMAP_BAR_UNPLACED )
            continue;
        if ( !end || bar[i].addr < start )
            start = bar[i].addr;
        if ( bar[i].addr + bar[i].size > end )
            end = bar[i].addr + bar[i].size;
    }

    start &= ~0xfffull;
    plan->high_start = start;
    plan->high_end = end;
    /* As pci.c does: an end that is aligned as the start is takes fewer. */
    plan->window_end = end ? align_up(end, start & -start) : 0;
    plan->mtrrs = mtrrs(plan->hole_start, in->hole_end) +
                  mtrrs(plan->high_start, plan->window_end);
}

static bool few_enough(const struct memmap_plan_in *in,
                       const struct memmap_plan *plan)
{
    return !in->max_mtrrs || plan->mtrrs <= in->max_mtrrs;
}

void memmap_bars_high(const struct memmap_plan_in *in, struct memmap_bar *bar,
                      unsigned int nr, uint64_t lo, struct memmap_plan *plan)
{
    uint64_t total = 0, block = 1;
    bool all;
    unsigned int i;

    for ( i = 0; i < nr; i++ )
        if ( is_due(&bar[i], true) )
            total += bar[i].size;
    while ( block < total )
        block <<= 1;

    /* From the lowest up; or in a block that a single MTRR will do for. */
    all = place_up(in, bar, nr, true, lo, in->addr_limit);
    frame(in, bar, nr, plan);
    for ( ; all && !few_enough(in, plan) && block < in->addr_limit;
          block <<= 1 )
        if ( place_up(in, bar, nr, true, align_up(lo, block), in->addr_limit) )
            frame(in, bar, nr, plan);
        else
            break;
    if ( all && few_enough(in, plan) )
        return;

    /* Or as there is room. */
    if ( !all || !place_up(in, bar, nr, true, lo, in->addr_limit) )
        place_down(in, bar, nr, true, lo, in->addr_limit);
    frame(in, bar, nr, plan);
}

unsigned int memmap_bars_unplaced(const struct memmap_bar *bar,
                                  unsigned int nr)
{
    unsigned int i, unplaced = 0;

    for ( i = 0; i < nr; i++ )
        unplaced += bar[i].size && bar[i].addr == MEMMAP_BAR_UNPLACED;

    return unplaced;
}
