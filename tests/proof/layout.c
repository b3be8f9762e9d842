/* SPDX-License-Identifier: MIT */
/*
 * The layout algebra.  A table says something of every gfn; so each operation is
 * described by what it makes of one, and that one is nondeterministic: what holds of it
 * holds of all 2^64.  ask() in proof.h, which looks at every range, is the judge.
 *
 * Before: a table of up to RANGES ranges in any sound state.  set(), clear() and move() are
 * in tables.c, with fewer gfns, and in replace.c.
 */
#include "proof.h"

#ifndef RANGES
#define RANGES 3
#endif

/* Any table of up to RANGES ranges, which fills its memory if it has as many; append() has
 * one to spare. */
static void any_table(struct memmap_layout *l, struct memmap_range *storage,
                      unsigned int room)
{
    any_layout(l, storage, RANGES, room);
    assume(ordered(l));
}

#define ROOMY_TABLE(l, room) \
    struct memmap_range l##_storage[room]; \
    struct memmap_layout l; \
    any_table(&l, l##_storage, room)

#define TABLE(l) ROOMY_TABLE(l, RANGES)

/* unchanged() of an index that is nondeterministic, which is a smaller formula. */
static bool unchanged_at(const struct memmap_layout *a, const struct memmap_layout *b)
{
    unsigned int i = nondet_u32();

    return a->nr == b->nr && (i >= a->nr || same_range(&a->range[i], &b->range[i]));
}

void prove_seek(void)
{
    TABLE(l);
    uint64_t gfn = nondet_u64();
    unsigned int at = memmap_layout_seek(&l, gfn), i = nondet_u32();

    prove(at <= l.nr, "an index, or nr");
    if ( i < l.nr )
        prove((l.range[i].gfn + l.range[i].pages > gfn) == (i >= at),
              "the first range that ends after the gfn");
}

void prove_append(void)
{
    ROOMY_TABLE(l, RANGES + 1);
    struct memmap_range was_storage[RANGES + 2], r = nondet_range();
    struct memmap_layout was = { was_storage, l.nr, l.max }, one = { &r, 1, 1 };
    uint64_t gfn = nondet_u64();
    unsigned int i;

    assume(sorted(&l) && joined(&l));
    for ( i = 0; i < RANGES && i < l.nr; i++ )
        was_storage[i] = l.range[i];
    assume(sourced(&r));

    if ( !memmap_layout_append(&l, &r) )
    {
        prove(unchanged_at(&l, &was), "false leaves the table as it was");
        prove(!r.type || !ends(r.gfn, r.pages) || was.nr == was.max ||
              (was.nr && r.gfn < was.range[was.nr - 1].gfn + was.range[was.nr - 1].pages),
              "false only for a reason");
        return;
    }
    prove(r.type && ends(r.gfn, r.pages), "what is no range is refused");
    prove(!was.nr || r.gfn >= was.range[was.nr - 1].gfn + was.range[was.nr - 1].pages,
          "nothing was said from there on");
    prove(sorted(&l) && joined(&l), "sound");
    prove(same(ask(&l, gfn), within(gfn, r.gfn, r.pages) ? ask(&one, gfn)
                                                         : ask(&was, gfn)),
          "as set");
}

/* Whether one of the gfns at which an answer can change is in the window, and is asked for. */
static bool witness(const struct memmap_layout *l, uint64_t gfn, uint64_t pages,
                    unsigned int type, bool is)
{
    unsigned int i;

    if ( pages && (ask(l, gfn).type == type) == is )
        return true;
    for ( i = 0; i < l->nr; i++ )
    {
        uint64_t at = is ? l->range[i].gfn : l->range[i].gfn + l->range[i].pages;

        if ( within(at, gfn, pages) && (ask(l, at).type == type) == is )
            return true;
    }

    return false;
}

void prove_covers(void)
{
    TABLE(l);
    uint64_t gfn = nondet_u64(), pages = nondet_u64(), at = nondet_u64();
    unsigned int type = nondet_u16();

    assume(type);
    if ( memmap_layout_covers(&l, type, gfn, pages) )
        prove(!within(at, gfn, pages) || ask(&l, at).type == type, "all of it is");
    else
        prove(gfn + pages < gfn || witness(&l, gfn, pages, type, false),
              "some of it is not");
}

void prove_overlaps(void)
{
    TABLE(l);
    uint64_t gfn = nondet_u64(), pages = nondet_u64(), at = nondet_u64();
    unsigned int type = nondet_u16();

    assume(type);
    if ( memmap_layout_overlaps(&l, type, gfn, pages) )
        prove(witness(&l, gfn, pages, type, true), "some of it is");
    else
        prove(!within(at, gfn, pages) || ask(&l, at).type != type, "none of it is");
}

void prove_equal_copy(void)
{
    TABLE(a);
    TABLE(b);
    uint64_t gfn = nondet_u64();

    if ( memmap_layout_equal(&a, &b) )
        prove(same(ask(&a, gfn), ask(&b, gfn)), "equal tables say the same");
    if ( nondet_bool() )
    {
        assume(unchanged(&a, &b));
        prove(memmap_layout_equal(&a, &b), "what is the same is equal");
    }
    else if ( memmap_layout_copy(&b, &a) )
    {
        prove(a.nr <= b.max, "false if it does not fit");
        prove(unchanged_at(&a, &b), "a copy says the same");
        prove(memmap_layout_equal(&a, &b), "what says the same is equal");
    }
    else
        prove(a.nr > b.max, "false only if it does not fit");
}
