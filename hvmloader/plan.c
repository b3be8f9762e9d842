/* SPDX-License-Identifier: MIT */
#include "bars.h"

#define PFN_UP(x)   (((x) + 0xfff) >> 12)
#define PFN_DOWN(x) ((x) >> 12)

enum memmap_kept memmap_plan_kept(const struct memmap_plan_in *in,
                                  const struct memmap_range *r,
                                  unsigned int *pin)
{
    const struct memmap_range *p = memmap_first_in(in->pinned, MEMMAP_ANY_TYPE,
                                                   r->gfn << 12,
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

/* Whether the piece is RAM that moves: for reserved memory, or for BARs. */
static bool moves_away(const struct sweep *s)
{
    if ( !s->in->may_move || !s->now || s->now->type != MEMMAP_TYPE_RAM ||
         s->pin )
        return false;
    if ( s->rdm )
        return !s->kept;

    return s->gfn >= s->hole && s->gfn < PFN_DOWN(s->in->high_base);
}

/* The next piece of RAM that moves; false if there is none. */
static bool next_to_move(struct sweep *s)
{
    do {
        s->gfn = s->end;
        if ( s->gfn == ~0ull )
            return false;
        piece(s);
    } while ( !moves_away(s) );

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
        if ( s.now && s.now->type == MEMMAP_TYPE_RAM && !moves_away(&s) )
            end = s.end;
    }

    return end;
}

/*
 * The layout's entry for the piece in @s from now on; type 0 if it has none.
 */
static struct memmap_range entry_after(const struct sweep *s,
                                       const struct memmap_plan_in *in,
                                       const struct memmap_plan *plan)
{
    struct memmap_range r = {
        .gfn = s->gfn, .pages = s->end - s->gfn, .source = MEMMAP_NO_SOURCE,
    };
    const bool stays = s->now && !moves_away(s);

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
static bool move_to(const struct memmap_plan_in *in, struct sweep *from,
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
 * How far above @s the RAM at @from has to go for its whole extents, the
 * largest that it has of up to @order, to come to lie as they do, so that they
 * can move, and stay mapped, as such.
 */
static uint64_t alignment_gap(const struct sweep *from, const struct sweep *s,
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

/* Where all RAM ends (gfn), high_base if none is above. */
static uint64_t ram_end(const struct memmap_plan_in *in)
{
    unsigned int i;

    for ( i = in->now->nr; i-- > 0; )
        if ( in->now->range[i].type == MEMMAP_TYPE_RAM )
            break;
    if ( i == ~0u ||
         memmap_range_end(&in->now->range[i]) < PFN_DOWN(in->high_base) )
        return PFN_DOWN(in->high_base);

    return memmap_range_end(&in->now->range[i]);
}

/*
 * Write the layout from the bottom up: what stays and what takes its place,
 * then the RAM that moves, with gaps for extents of up to @order, then BARs
 * that are high, around what is up there.
 */
static bool write_after(const struct memmap_plan_in *in,
                        struct memmap_bar *bar, unsigned int nr,
                        struct memmap_plan *plan, unsigned int order)
{
    const uint64_t hole = PFN_DOWN(plan->hole_start);
    struct sweep s = { .in = in, .hole = hole };
    struct sweep from = { .in = in, .hole = hole };
    const uint64_t top = ram_end(in);
    bool pending, placed = false;

    plan->moved_pages = plan->rdm_pages = 0;
    plan->nr_moves = 0;
    plan->high_start = plan->high_end = 0;
    plan->full = MEMMAP_FULL_NOTHING;
    plan->after.nr = 0;

    pending = next_to_move(&from);
    for ( ; s.gfn != ~0ull; s.gfn = s.end )
    {
        struct memmap_range r;

        if ( s.gfn >= top && !pending && !placed )
        {
            memmap_bars_high(in, bar, nr, s.gfn << 12, plan);
            placed = true;
        }

        piece(&s);
        cut(&s, PFN_UP(in->hole_end));
        cut(&s, top);
        cut(&s, PFN_DOWN(plan->high_start));
        cut(&s, PFN_UP(plan->high_end));

        if ( s.gfn >= top && pending && !s.now && !s.rdm && !s.pin )
        {
            uint64_t gap = alignment_gap(&from, &s, order);

            if ( gap )
            {
                cut(&s, s.gfn + gap);
                continue;
            }
            if ( !move_to(in, &from, &s, plan) )
                return false;
            if ( from.gfn == from.end )
                pending = next_to_move(&from);
            continue;
        }

        r = entry_after(&s, in, plan);
        if ( in->no_mmio && r.type == MEMMAP_TYPE_MMIO )
            r.type = 0;
        if ( r.type && !memmap_layout_append(&plan->after, &r) )
        {
            plan->full = MEMMAP_FULL_ENTRIES;
            return false;
        }
    }

    return true;
}

/* RAM under what is freed, from the tables as they came and nothing else. */
static void count_rdm(const struct memmap_plan_in *in,
                      struct memmap_plan *plan)
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
    unsigned int order = MEMMAP_HUGE_ORDER;

    plan->rdm_minimum = 0;
    plan->rdm_kept = 0;
    plan->hole_start = memmap_bars_low(in, bar, nr,
                                       staying_end(in, PFN_DOWN(in->high_base))
                                       << 12, ram_end(in) << 12);

    /* Gaps for the sake of alignment must not be what there is no room for. */
    if ( !write_after(in, bar, nr, plan, 0) )
        return false;
    plan->unplaced = memmap_bars_unplaced(bar, nr);
    while ( !write_after(in, bar, nr, plan, order) ||
            memmap_bars_unplaced(bar, nr) > plan->unplaced )
        order -= MEMMAP_EXTENT_ORDER;
    count_rdm(in, plan);

    return true;
}
