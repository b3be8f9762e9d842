/* SPDX-License-Identifier: MIT */
#include "plan.h"

#define PFN_UP(x)   (((x) + 0xfff) >> 12)
#define PFN_DOWN(x) ((x) >> 12)

#define TYPE(t)     (1u << MEMMAP_TYPE_##t)
#define ANY_TYPE    (~0u)

static uint64_t align_up(uint64_t addr, uint64_t size)
{
    return (addr + size - 1) & ~(size - 1);
}

/* The first range of @l with one of @types in [addr, addr + size) bytes. */
static const struct memmap_range *first(const struct memmap_layout *l,
                                        unsigned int types, uint64_t addr,
                                        uint64_t size)
{
    unsigned int i;

    if ( !l || !size )
        return NULL;
    for ( i = memmap_layout_seek(l, PFN_DOWN(addr));
          i < l->nr && (l->range[i].gfn << 12) < addr + size; i++ )
        if ( types == ANY_TYPE ||
             (l->range[i].type <= MEMMAP_TYPE_OWNED &&
              (types & (1u << l->range[i].type))) )
            return &l->range[i];

    return NULL;
}

/*
 * Something in the way of [addr, addr + size): a BAR placed already, or a range
 * that no BAR may cover.  Its extent is returned in bytes.
 */
static bool in_the_way(const struct memmap_plan_in *in,
                       const struct memmap_bar *bar, unsigned int nr,
                       uint64_t addr, uint64_t size,
                       uint64_t *start, uint64_t *end)
{
    const struct memmap_range *r;
    unsigned int i;

    for ( i = 0; i < nr; i++ )
        if ( bar[i].addr != MEMMAP_BAR_UNPLACED &&
             bar[i].addr < addr + size && addr < bar[i].addr + bar[i].size )
        {
            *start = bar[i].addr;
            *end = bar[i].addr + bar[i].size;
            return true;
        }

    r = first(in->now, TYPE(RDM) | TYPE(OWNED) | (in->may_move ? 0 : TYPE(RAM)),
              addr, size);
    if ( !r )
        r = first(in->rdm, ANY_TYPE, addr, size);
    if ( !r )
        r = first(in->pinned, ANY_TYPE, addr, size);
    if ( !r )
        return false;

    *start = r->gfn << 12;
    *end = memmap_range_end(r) << 12;
    return true;
}

/*
 * Give @b the lowest (or, from the top, the highest) naturally aligned place in
 * [lo, hi) that is free of the @nr BARs before it and of reserved ranges.
 */
static bool place(const struct memmap_plan_in *in, const struct memmap_bar *bar,
                  unsigned int nr, struct memmap_bar *b,
                  uint64_t lo, uint64_t hi, bool top)
{
    uint64_t addr, start, end;

    b->addr = MEMMAP_BAR_UNPLACED;
    if ( b->size > hi )
        return false;

    addr = top ? (hi - b->size) & ~(b->size - 1) : align_up(lo, b->size);
    /* From the top, one that wraps is too high. */
    while ( addr >= lo && addr <= hi - b->size )
    {
        if ( !in_the_way(in, bar, nr, addr, b->size, &start, &end) )
        {
            b->addr = addr;
            return true;
        }
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
static uint64_t place_low(const struct memmap_plan_in *in,
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
        if ( !place(in, bar, i, &bar[i], lo, hi, top) )
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

enum memmap_kept memmap_plan_kept(const struct memmap_plan_in *in,
                                  const struct memmap_range *r,
                                  unsigned int *pin)
{
    const struct memmap_range *p = first(in->pinned, ANY_TYPE, r->gfn << 12,
                                         r->pages << 12);

    if ( p )
    {
        *pin = p - in->pinned->range;
        return MEMMAP_KEPT_PINNED;
    }
    if ( r->gfn < PFN_DOWN(in->high_base) &&
         memmap_range_end(r) > PFN_DOWN(in->hole_end) )
        return MEMMAP_KEPT_RESERVED;
    if ( memmap_layout_overlaps(in->now, MEMMAP_TYPE_OWNED, r->gfn, r->pages) )
        return MEMMAP_KEPT_OWNED;
    if ( !in->may_move &&
         memmap_layout_overlaps(in->now, MEMMAP_TYPE_RAM, r->gfn, r->pages) )
        return MEMMAP_KEPT_RAM;

    return MEMMAP_KEPT_NOT;
}

/*
 * Every gfn once, in order: a piece is as long as nothing changes in what is
 * there, what is wanted there and what is pinned there.
 */
struct sweep {
    const struct memmap_plan_in *in;
    uint64_t hole;              /* gfn of the low MMIO hole */
    uint64_t gfn;               /* where the piece starts */
    uint64_t end;               /* and ends; ~0 if nothing follows */
    /* What lies in it, or NULL. */
    const struct memmap_range *now, *rdm, *pin;
    bool kept;                  /* rdm is not freed */
    /* Private: of each table the first range that ends after the piece. */
    unsigned int i_now, i_rdm, i_pin;
};

/* Bring *@i up to the piece; the range of @l that it lies in. */
static const struct memmap_range *look(struct sweep *s,
                                       const struct memmap_layout *l,
                                       unsigned int *i)
{
    const struct memmap_range *r;

    if ( !l )
        return NULL;
    while ( *i < l->nr && memmap_range_end(&l->range[*i]) <= s->gfn )
        ++*i;
    if ( *i == l->nr )
        return NULL;

    r = &l->range[*i];
    if ( r->gfn > s->gfn )
    {
        if ( r->gfn < s->end )
            s->end = r->gfn;
        return NULL;
    }
    if ( memmap_range_end(r) < s->end )
        s->end = memmap_range_end(r);
    return r;
}

/* End the piece at @gfn, if it goes on there. */
static void cut(struct sweep *s, uint64_t gfn)
{
    if ( gfn > s->gfn && gfn < s->end )
        s->end = gfn;
}

/* The piece that starts at s->gfn. */
static void piece(struct sweep *s)
{
    const struct memmap_range *rdm = s->rdm;
    unsigned int pin;

    s->end = ~0ull;
    s->now = look(s, s->in->now, &s->i_now);
    s->rdm = look(s, s->in->rdm, &s->i_rdm);
    s->pin = look(s, s->in->pinned, &s->i_pin);
    if ( s->rdm && s->rdm != rdm )
        s->kept = memmap_plan_kept(s->in, s->rdm, &pin) != MEMMAP_KEPT_NOT;
    cut(s, s->hole);
    cut(s, PFN_DOWN(s->in->high_base));
}

/* Whether RAM leaves the piece: for reserved memory, or for BARs. */
static bool leaves(const struct sweep *s)
{
    if ( !s->in->may_move || !s->now || s->now->type != MEMMAP_TYPE_RAM ||
         s->pin )
        return false;
    if ( s->rdm )
        return !s->kept;

    return s->gfn >= s->hole && s->gfn < PFN_DOWN(s->in->high_base);
}

/* The next piece that RAM leaves; false if there is none. */
static bool next_leaving(struct sweep *s)
{
    do {
        s->gfn = s->end;
        if ( s->gfn == ~0ull )
            return false;
        piece(s);
    } while ( !leaves(s) );

    return true;
}

/* Where RAM below @limit (gfn) ends that no reserved memory drives away. */
static uint64_t staying_end(const struct memmap_plan_in *in, uint64_t limit)
{
    struct sweep s = { .in = in, .hole = ~0ull };
    uint64_t end = 0;

    for ( ; s.gfn < limit; s.gfn = s.end )
    {
        piece(&s);
        if ( s.now && s.now->type == MEMMAP_TYPE_RAM && !leaves(&s) )
            end = s.end;
    }

    return end;
}

/*
 * The hole that hvmloader makes where it may not move RAM: doubled as long as
 * RAM is not in it, and stretched down to RAM if a reserved range is in it.
 */
static uint64_t stock_hole(const struct memmap_plan_in *in,
                           const struct memmap_bar *bar, unsigned int nr)
{
    uint64_t ram_top = staying_end(in, PFN_DOWN(in->high_base)) << 12;
    uint64_t start = in->hole_start, total = 0;
    unsigned int i;

    if ( in->hole_fixed )
        return start < ram_top && !in->may_move ? ram_top : start;

    for ( i = 0; i < nr; i++ )
        if ( !bar[i].high )
            total += bar[i].size;

    while ( total > in->hole_end - start )
    {
        uint64_t next = (start << 1) & (in->high_base - 1);

        if ( !next || next < ram_top )
            break;
        start = next;
    }

    if ( start > ram_top &&
         (first(in->now, TYPE(RDM), start, in->hole_end - start) ||
          first(in->rdm, ANY_TYPE, start, in->hole_end - start)) )
        start = ram_top;

    return start;
}

/* Choose the low hole and which BARs live in it. */
static uint64_t choose_hole(const struct memmap_plan_in *in,
                            struct memmap_bar *bar, unsigned int nr)
{
    uint64_t start = stock_hole(in, bar, nr), hole;
    uint64_t floor = in->may_move && in->hole_min < start ? in->hole_min
                                                          : start;
    unsigned int i;

    for ( ; ; )
    {
        /* Enough as it is: hvmloader's own places, from the bottom up. */
        if ( place_low(in, bar, nr, start, in->hole_end, false) )
            return start;

        hole = place_low(in, bar, nr, floor, in->hole_end, true);
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
                 place(in, bar, i, &bar[i], floor, in->hole_end, true) &&
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

/* BARs above high_base go above all RAM, which ends at @lo, lowest first. */
static void place_high(const struct memmap_plan_in *in, struct memmap_bar *bar,
                       unsigned int nr, uint64_t lo, struct memmap_plan *plan)
{
    unsigned int i;

    for ( i = 0; i < nr; i++ )
    {
        if ( !bar[i].high )
            continue;
        /* All placed BARs count, low ones are never in the way up here. */
        if ( !place(in, bar, i, &bar[i], lo, in->addr_limit, false) )
            continue;
        if ( plan->high_start == plan->high_end )
            plan->high_start = bar[i].addr;
        if ( bar[i].addr < plan->high_start )
            plan->high_start = bar[i].addr;
        if ( bar[i].addr + bar[i].size > plan->high_end )
            plan->high_end = bar[i].addr + bar[i].size;
    }
}

static bool high_placed(const struct memmap_bar *bar, unsigned int nr)
{
    unsigned int i;

    for ( i = 0; i < nr; i++ )
        if ( bar[i].high && bar[i].addr == MEMMAP_BAR_UNPLACED )
            return false;

    return true;
}

/* What is said of the piece in @s from now on; type 0 if nothing. */
static struct memmap_range verdict(const struct sweep *s,
                                   const struct memmap_plan_in *in,
                                   const struct memmap_plan *plan)
{
    struct memmap_range r = {
        .gfn = s->gfn, .pages = s->end - s->gfn, .source = MEMMAP_NO_SOURCE,
    };
    const bool stays = s->now && !leaves(s);

    if ( stays && s->now->type == MEMMAP_TYPE_OWNED )
        return r;   /* the device model's own affair, BARs go around it */

    if ( stays && (s->now->type == MEMMAP_TYPE_RAM || !s->rdm) )
    {
        r.type = s->now->type;
        r.flags = s->now->flags;
        r.aux = s->now->aux;
        if ( s->now->source != MEMMAP_NO_SOURCE )
            r.source = s->now->source + (s->gfn - s->now->gfn);
        if ( s->rdm )
        {
            r.flags |= MEMMAP_EF_UNFREED;
            r.aux = s->rdm->aux;
        }
    }
    else if ( s->rdm )
    {
        r.type = MEMMAP_TYPE_RDM;
        r.aux = s->rdm->aux;
        if ( s->kept )
            r.flags = MEMMAP_EF_UNMAPPED;
    }
    else if ( (s->gfn >= s->hole && s->gfn < PFN_UP(in->hole_end)) ||
              (s->gfn >= PFN_DOWN(plan->high_start) &&
               s->gfn < PFN_UP(plan->high_end)) )
        r.type = MEMMAP_TYPE_MMIO;

    return r;
}

/*
 * Bring the RAM at @from, as much of it as there is room for, to the piece at
 * @s, which becomes that long.
 */
static bool settle(const struct memmap_plan_in *in, struct sweep *from,
                   struct sweep *s, struct memmap_plan *plan)
{
    struct memmap_move *last = plan->move + plan->nr_moves - 1;
    struct memmap_range r = *from->now;
    uint64_t pages = from->end - from->gfn;

    if ( pages > s->end - s->gfn )
        pages = s->end - s->gfn;
    s->end = s->gfn + pages;
    if ( s->end > in->gfn_limit )
    {
        plan->full = MEMMAP_FULL_GFNS;
        return false;
    }

    if ( plan->nr_moves && last->from + last->pages == from->gfn &&
         last->to + last->pages == s->gfn )
        last->pages += pages;
    else if ( plan->nr_moves < plan->max_moves )
        plan->move[plan->nr_moves++] = (struct memmap_move){
            .from = from->gfn, .to = s->gfn, .pages = pages };
    else
    {
        plan->full = MEMMAP_FULL_MOVES;
        return false;
    }
    plan->moved_pages += pages;
    if ( from->rdm )
        plan->rdm_pages += pages;

    if ( r.source != MEMMAP_NO_SOURCE )
        r.source += from->gfn - r.gfn;
    r.gfn = s->gfn;
    r.pages = pages;
    plan->full = MEMMAP_FULL_ENTRIES;
    if ( !memmap_layout_append(&plan->after, &r) )
        return false;
    plan->full = MEMMAP_FULL_NOTHING;

    from->gfn += pages;
    return true;
}

/*
 * How far above @s the RAM at @from has to go for its whole extents, the largest
 * that it has of up to @order, to come to lie as they do, so that they can move,
 * and stay mapped, as such.
 */
static uint64_t misfit(const struct sweep *from, const struct sweep *s,
                       unsigned int order)
{
    for ( ; order; order -= MEMMAP_EXTENT_ORDER )
    {
        const uint64_t mask = (1u << order) - 1;

        if ( from->end - from->gfn > (-from->gfn & mask) + mask )
            return (from->gfn - s->gfn) & mask;
    }

    return 0;
}

/*
 * Write the layout from the bottom up: what stays and what takes its place,
 * then the RAM that left, with gaps for extents of up to @order, then BARs that
 * are high, around what is up there.
 */
static bool write_after(const struct memmap_plan_in *in, struct memmap_bar *bar,
                        unsigned int nr, struct memmap_plan *plan,
                        unsigned int order)
{
    const uint64_t hole = PFN_DOWN(plan->hole_start);
    struct sweep s = { .in = in, .hole = hole };
    struct sweep from = { .in = in, .hole = hole };
    uint64_t top = PFN_DOWN(in->high_base);
    bool pending, placed = false;
    unsigned int i;

    plan->moved_pages = plan->rdm_pages = 0;
    plan->nr_moves = 0;
    plan->high_start = plan->high_end = 0;
    plan->full = MEMMAP_FULL_NOTHING;
    plan->after.nr = 0;

    for ( i = in->now->nr; i-- > 0; )
        if ( in->now->range[i].type == MEMMAP_TYPE_RAM )
        {
            if ( memmap_range_end(&in->now->range[i]) > top )
                top = memmap_range_end(&in->now->range[i]);
            break;
        }

    pending = next_leaving(&from);
    for ( ; s.gfn != ~0ull; s.gfn = s.end )
    {
        struct memmap_range r;

        if ( s.gfn >= top && !pending && !placed )
        {
            place_high(in, bar, nr, s.gfn << 12, plan);
            placed = true;
        }

        piece(&s);
        cut(&s, PFN_UP(in->hole_end));
        cut(&s, top);
        cut(&s, PFN_DOWN(plan->high_start));
        cut(&s, PFN_UP(plan->high_end));

        if ( s.gfn >= top && pending && !s.now && !s.rdm && !s.pin )
        {
            uint64_t gap = misfit(&from, &s, order);

            if ( gap )
            {
                cut(&s, s.gfn + gap);
                continue;
            }
            if ( !settle(in, &from, &s, plan) )
                return false;
            if ( from.gfn == from.end )
                pending = next_leaving(&from);
            continue;
        }

        r = verdict(&s, in, plan);
        if ( r.type && !memmap_layout_append(&plan->after, &r) )
        {
            plan->full = MEMMAP_FULL_ENTRIES;
            return false;
        }
    }

    return true;
}

/* RAM under what is freed, from the tables as they came and nothing else. */
static void count_rdm(const struct memmap_plan_in *in, struct memmap_plan *plan)
{
    unsigned int i, j, pin;

    for ( i = 0; in->rdm && i < in->rdm->nr; i++ )
    {
        const struct memmap_range *r = &in->rdm->range[i];

        if ( memmap_plan_kept(in, r, &pin) )
        {
            plan->rdm_kept++;
            continue;
        }
        for ( j = memmap_layout_seek(in->now, r->gfn);
              j < in->now->nr &&
              in->now->range[j].gfn < memmap_range_end(r); j++ )
        {
            const struct memmap_range *n = &in->now->range[j];
            uint64_t from = n->gfn > r->gfn ? n->gfn : r->gfn;
            uint64_t end = memmap_range_end(n) < memmap_range_end(r)
                           ? memmap_range_end(n) : memmap_range_end(r);

            if ( n->type == MEMMAP_TYPE_RAM )
                plan->rdm_minimum += end - from;
        }
    }
}

bool memmap_plan(const struct memmap_plan_in *in, struct memmap_bar *bar,
                 unsigned int nr, struct memmap_plan *plan)
{
    unsigned int order = MEMMAP_HUGE_ORDER, i;

    plan->rdm_minimum = 0;
    plan->rdm_kept = 0;
    plan->unplaced = 0;

    for ( i = 0; i < nr; i++ )
        bar[i].high = bar[i].is_64bit && bar[i].size > in->high_thresh;

    plan->hole_start = choose_hole(in, bar, nr);
    /* Gaps for the sake of alignment must not be what there is no room for. */
    while ( !write_after(in, bar, nr, plan, order) ||
            (order && !high_placed(bar, nr)) )
    {
        if ( !order )
            return false;
        order -= MEMMAP_EXTENT_ORDER;
    }
    count_rdm(in, plan);
    for ( i = 0; i < nr; i++ )
        plan->unplaced += bar[i].size && bar[i].addr == MEMMAP_BAR_UNPLACED;

    return true;
}
