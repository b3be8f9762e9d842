/* SPDX-License-Identifier: MIT */
/*
 * set() and clear(): what they share, and what is beneath, each by itself.
 *
 * seek() is proven for tables of every length: by induction, with loops.toml's invariant,
 * so that nothing is unwound.  What replace() asks exchange() for is looked at here, and
 * what exchange() makes of it there; so no proof has both of them, or seek(), to carry.
 *
 * Of a gfn and of indices that are nondeterministic: what holds of those holds of all.
 */
#include "proof.h"
#include "../../protocol/layout.c"

#ifndef RANGES
#define RANGES 2
#endif
/* exchange() does not look into ranges, so that more of them cost little. */
#define SHIFTED 8

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

static bool within(uint64_t gfn, uint64_t first, uint64_t pages)
{
    return gfn >= first && gfn - first < pages;
}

static bool has(const struct memmap_range *r, uint64_t gfn)
{
    return within(gfn, r->gfn, r->pages);
}

/* Both have @gfn, and say the same of it. */
static bool agree(const struct memmap_range *a, const struct memmap_range *b,
                  uint64_t gfn)
{
    return has(a, gfn) && has(b, gfn) && a->type == b->type && a->flags == b->flags &&
           a->aux == b->aux &&
           (a->source == MEMMAP_NO_SOURCE || b->source == MEMMAP_NO_SOURCE
            ? a->source == b->source
            : a->source + (gfn - a->gfn) == b->source + (gfn - b->gfn));
}

static bool same_range(const struct memmap_range *a, const struct memmap_range *b)
{
    return a->gfn == b->gfn && a->pages == b->pages && a->source == b->source &&
           a->type == b->type && a->flags == b->flags && a->aux == b->aux;
}

/* The soundness of a table, of one range and of a pair. */
static bool sound(const struct memmap_range *r)
{
    return r->type && ends(r->gfn, r->pages) && sourced(r);
}

static bool apart(const struct memmap_range *a, const struct memmap_range *b)
{
    return a->gfn < b->gfn && b->gfn - a->gfn >= a->pages;
}

/* Neighbours that say the same of the pages to either side of where they meet. */
static bool could_join(const struct memmap_range *a, const struct memmap_range *b)
{
    bool none = a->source == MEMMAP_NO_SOURCE;

    return a->gfn + a->pages == b->gfn && a->type == b->type && a->flags == b->flags &&
           a->aux == b->aux && none == (b->source == MEMMAP_NO_SOURCE) &&
           (none || a->source + a->pages == b->source);
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

void prove_exchange(void)
{
    struct memmap_range storage[SHIFTED], was[SHIFTED], with[3];
    struct memmap_layout l = { storage, nondet_u32(), SHIFTED };
    unsigned int at = nondet_u32(), cut = nondet_u32(), nr = nondet_u32(), i;
    unsigned int old = l.nr;

    assume(l.nr <= l.max && nr <= 3 && at <= l.nr && cut <= l.nr - at &&
           l.nr - cut + nr <= l.max);
    for ( i = 0; i < 3; i++ )
        with[i] = nondet_range();
    for ( i = 0; i < SHIFTED; i++ )
        was[i] = storage[i] = nondet_range();

    exchange(&l, at, cut, with, nr);

    prove(l.nr == old - cut + nr, "as many more, or less");
    i = nondet_u32();
    if ( i < at )
        prove(same_range(&storage[i], &was[i]), "what is below stays");
    if ( i >= at + cut && i < old )
        prove(same_range(&storage[i - cut + nr], &was[i]), "what is above is shifted");
    if ( i < nr )
        prove(same_range(&storage[at + i], &with[i]), "what is new is between them");
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

/* The table after replace(): prove_exchange() says so of each index. */

static unsigned int new_nr(const struct memmap_layout *l)
{
    return l->nr - swap.cut + swap.nr;
}

static struct memmap_range new_range(const struct memmap_layout *l, unsigned int i)
{
    if ( i < swap.at )
        return l->range[i];
    if ( i - swap.at < swap.nr )
        return swap.with[i - swap.at];
    return l->range[i - swap.nr + swap.cut];
}

/* Where the range that is at @i now was, if it was. */
static unsigned int old_index(unsigned int i)
{
    return i < swap.at ? i : i - swap.nr + swap.cut;
}

/* A range of the table before that has @gfn, and of it says what @r does. */
static bool was_said(const struct memmap_layout *l, unsigned int i,
                     const struct memmap_range *r, uint64_t gfn)
{
    unsigned int end = swap.at + swap.cut;

    return (i < l->nr && agree(&l->range[i], r, gfn)) ||
           (swap.at < l->nr && agree(&l->range[swap.at], r, gfn)) ||
           (swap.at + 1 < l->nr && agree(&l->range[swap.at + 1], r, gfn)) ||
           (end && agree(&l->range[end - 1], r, gfn)) ||
           (end > 1 && agree(&l->range[end - 2], r, gfn));
}

/* A range of the table now that has @gfn, and of it says what @r does. */
static bool is_said(const struct memmap_layout *l, unsigned int i,
                    const struct memmap_range *r, uint64_t gfn)
{
    struct memmap_range n;
    unsigned int k;

    for ( k = 0; k < swap.nr && k < 3; k++ )
        if ( agree(&swap.with[k], r, gfn) )
            return true;
    if ( i >= swap.at && i < swap.at + swap.cut )
        return false;
    n = l->range[i];
    return agree(&n, r, gfn);
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

void prove_replace_sound(void)
{
    MAKE(l, r, clear);
    unsigned int i = nondet_u32(), j = nondet_u32();
    struct memmap_range a, b;

    if ( !done )
        return;
    assume(i < new_nr(&l) && j < new_nr(&l));
    a = new_range(&l, i);
    b = new_range(&l, j);

    prove(sound(&a), "no range is empty, wraps or says nothing");
    if ( i < j )
        prove(apart(&a, &b), "sorted and disjoint");
    if ( i + 1 == j )
        prove(!could_join(&a, &b), "neighbours that say the same are one");
}

void prove_replace_says(void)
{
    MAKE(l, r, clear);
    uint64_t gfn = nondet_u64();
    unsigned int i = nondet_u32();

    if ( !done )
        return;
    prove(ends(r.gfn, r.pages) && (clear || r.type), "what is no range is refused");
    if ( within(gfn, r.gfn, r.pages) )
    {
        if ( clear )
        {
            struct memmap_range a;

            assume(i < new_nr(&l));
            a = new_range(&l, i);
            prove(!has(&a, gfn), "nothing is said of what was cleared");
        }
        else
        {
            prove((swap.nr > 0 && agree(&swap.with[0], &r, gfn)) ||
                  (swap.nr > 1 && agree(&swap.with[1], &r, gfn)) ||
                  (swap.nr > 2 && agree(&swap.with[2], &r, gfn)),
                  "its gfns are said to be what was set");
        }
        return;
    }
    if ( nondet_bool() )
    {
        assume(i < l.nr && has(&l.range[i], gfn));
        prove(is_said(&l, i, &l.range[i], gfn), "what was said of other gfns stays");
    }
    else
    {
        struct memmap_range a;

        assume(i < new_nr(&l));
        a = new_range(&l, i);
        assume(has(&a, gfn));
        prove(was_said(&l, old_index(i), &a, gfn), "nothing is said that was not");
    }
}

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

/* How much room is taken, which is what move() relies on. */
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
    if ( !clear )
        prove(new_nr(&l) + straddles(end) <= l.nr + straddled(&l, r.gfn) + 1,
              "one more, and one for a range that is cut where it begins");
    else if ( i < l.nr && has(&l.range[i], r.gfn) && has(&l.range[i], end - 1) )
        prove(new_nr(&l) + 1 <= l.nr + (l.range[i].gfn < r.gfn) +
              (l.range[i].gfn + l.range[i].pages > end),
              "of a range that is cut, what sticks out is left");
}

/* What has room is done, by set(): the same in a table that has more. */
void prove_replace_full(void)
{
    TABLE(l);
    struct memmap_layout more = l;
    struct memmap_range r = nondet_range();
    const bool clear = nondet_bool();
    bool done;

    more.max = l.nr + 2;
    assume(sourced(&r) && (clear || r.type) && ends(r.gfn, r.pages));
    if ( clear )
        prove(memmap_layout_clear(&more, r.gfn, r.pages), "two more have always room");
    else
        prove(memmap_layout_set(&more, &r), "two more have always room");
    done = new_nr(&l) <= l.max;
    prove(done == (clear ? memmap_layout_clear(&l, r.gfn, r.pages)
                         : memmap_layout_set(&l, &r)),
          "false if there is no room, only then");
}
