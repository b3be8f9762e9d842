/* SPDX-License-Identifier: MIT */
/*
 * set() and clear(): what they share, and what is beneath, each by itself.
 *
 * seek() is proven for tables of every length: by induction, with loops.toml's invariant,
 * so that nothing is unwound.  Of replace() it is looked at here what it asks exchange()
 * for, so that no proof has both of them, or seek(), to carry.
 *
 * Of indices that are nondeterministic: what holds of those holds of all.
 */
#include "proof.h"
#include "../../protocol/layout.c"

#ifndef RANGES
#define RANGES 2
#endif

/* A sound table of up to RANGES ranges, with room for any number. */
#define TABLE(l) \
    struct memmap_range l##_storage[RANGES]; \
    struct memmap_layout l = { l##_storage, nondet_u32(), nondet_u32() }; \
    any_ranges(&l)

static void any_ranges(struct memmap_layout *l)
{
    unsigned int i;

    assume(l->nr <= l->max && l->nr <= RANGES);
    for ( i = 0; i < RANGES; i++ )
        l->range[i] = nondet_range();
    assume(sorted(l) && joined(l));
}

static bool has(const struct memmap_range *r, uint64_t gfn)
{
    return within(gfn, r->gfn, r->pages);
}

/* seek(), of any table: it need not even be sorted. */

static bool sought(const struct memmap_layout *l, uint64_t gfn, unsigned int at)
{
    return at <= l->nr &&
           (at == l->nr || l->range[at].gfn + l->range[at].pages > gfn) &&
           (!at || l->range[at - 1].gfn + l->range[at - 1].pages <= gfn);
}

void prove_seek_any(void)
{
    unsigned int max = nondet_u32();
    uint64_t gfn = nondet_u64();

    /* Indices must not wrap; no table that ships has more than 1024 ranges. */
    assume(max && max <= 1u << 30);
    {
        struct memmap_range storage[max];
        struct memmap_layout l = { storage, nondet_u32(), max };
        unsigned int at;

        assume(l.nr <= max);
        at = memmap_layout_seek(&l, gfn);
        prove(at <= l.nr, "an index, or nr");
        prove(sought(&l, gfn, at), "the first range that ends after the gfn");
    }
}

unsigned int seek_stub(const struct memmap_layout *l, uint64_t gfn)
{
    unsigned int at = nondet_u32();

    assume(sought(l, gfn, at));
    return at;
}

/* What replace() asked exchange() for; the table itself stays as it was. */
static struct {
    unsigned int calls, at, cut, nr;
    struct memmap_range with[3];
} swap;

void exchange_stub(struct memmap_layout *l, unsigned int at, unsigned int cut,
                   const struct memmap_range *with, unsigned int nr)
{
    unsigned int i;

    prove(nr <= 3 && at <= l->nr && cut <= l->nr - at && l->nr - cut + nr <= l->max,
          "there is room, and what is cut is there");
    swap.calls++;
    swap.at = at;
    swap.cut = cut;
    swap.nr = nr;
    for ( i = 0; i < 3 && i < nr; i++ )
        swap.with[i] = with[i];
}

/* How many the table has after replace(). */
static unsigned int new_nr(const struct memmap_layout *l)
{
    return l->nr - swap.cut + swap.nr;
}

/* One call of set() or clear(), on any table; whether it was done. */
#define MAKE(l, r, clear) \
    TABLE(l); \
    struct memmap_range r = nondet_range(); \
    const bool clear = nondet_bool(); \
    bool done; \
    assume(sourced(&r)); \
    done = clear ? memmap_layout_clear(&l, r.gfn, r.pages) : memmap_layout_set(&l, &r); \
    if ( clear ) \
        r.type = 0

/* A range of the table before that has the pages to either side of @gfn. */
static bool straddled(const struct memmap_layout *l, uint64_t gfn)
{
    unsigned int end = swap.at + swap.cut;

    return (swap.at < l->nr && has(&l->range[swap.at], gfn) &&
            has(&l->range[swap.at], gfn - 1)) ||
           (swap.at + 1 < l->nr && has(&l->range[swap.at + 1], gfn) &&
            has(&l->range[swap.at + 1], gfn - 1)) ||
           (end && has(&l->range[end - 1], gfn) && has(&l->range[end - 1], gfn - 1)) ||
           (end > 1 && has(&l->range[end - 2], gfn) && has(&l->range[end - 2], gfn - 1));
}

/* What is said of the pages to either side of it is one range now. */
static bool straddles(uint64_t gfn)
{
    unsigned int k;

    for ( k = 0; k < swap.nr && k < 3; k++ )
        if ( has(&swap.with[k], gfn) && has(&swap.with[k], gfn - 1) )
            return true;
    return false;
}

/* Said again, in what is put in the place of what is cut. */
static bool again(uint64_t gfn)
{
    unsigned int k;

    for ( k = 0; k < swap.nr && k < 3; k++ )
        if ( has(&swap.with[k], gfn) )
            return true;
    return false;
}

/* How much room is taken, which is what move() relies on; and that who is not cut stays:
 * also if what is not set has any value, which no execution shows. */
void prove_replace_room(void)
{
    MAKE(l, r, clear);
    unsigned int i = nondet_u32();
    uint64_t end = r.gfn + r.pages;

    if ( !done )
    {
        prove(!swap.calls, "false leaves the table as it was");
        prove((clear ? false : !r.type) || !ends(r.gfn, r.pages) || l.max - l.nr < 2,
              "two more have always room");
        return;
    }
    prove(swap.calls == 1 && new_nr(&l) <= l.max, "below max");
    if ( i >= swap.at && i - swap.at < swap.cut && !has(&r, l.range[i].gfn) )
        prove(again(l.range[i].gfn), "what does not begin in it stays");
    if ( !clear )
        prove(new_nr(&l) + straddles(end) <= l.nr + straddled(&l, r.gfn) + 1,
              "one more, and one for a range that is cut where it begins");
    else
        prove(new_nr(&l) <= l.nr + 1, "clear adds one at most");
    if ( clear && i < l.nr && has(&l.range[i], r.gfn) && has(&l.range[i], end - 1) )
        prove(new_nr(&l) + 1 <= l.nr + (l.range[i].gfn < r.gfn) +
              (l.range[i].gfn + l.range[i].pages > end),
              "of a range that is cut, what sticks out is left");
}
