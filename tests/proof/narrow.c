/* SPDX-License-Identifier: MIT */
/*
 * set() and clear() with all that is beneath them, as they ship and in one formula.
 *
 * What makes that small enough is the bound: the gfns that a table speaks of are SPACE
 * neighbours, and so are sources.  The algebra only compares gfns and adds to them, so what
 * matters is how few ranges lie to each other, and SPACE has room for every way RANGES
 * ranges and what is done to them can.  BASE is where the space lies.  The table ends where
 * its memory ends.
 */
#include "proof.h"

#ifndef RANGES
#define RANGES 2
#endif
#ifndef SPACE
#define SPACE 16
#endif
#ifndef BASE
#define BASE 0
#endif
/* set() may add two ranges; and some to spare. */
#define ROOM (2 * RANGES + 2)

static uint64_t any_gfn(void)
{
    return (uint64_t)BASE + (nondet_u8() & (SPACE - 1));
}

/* Wherever a range may reach. */
static uint64_t any_gfn_asked(void)
{
    return (uint64_t)BASE + (nondet_u8() & (4 * SPACE - 1));
}

/* Any number of pages that does not lead beyond the space by much. */
static uint64_t any_pages(void)
{
    return nondet_u8() & (2 * SPACE - 1);
}

static struct memmap_range any_range(void)
{
    struct memmap_range r = {
        .gfn = any_gfn(), .pages = any_pages(),
        .source = nondet_bool() ? MEMMAP_NO_SOURCE : any_gfn(),
        .type = nondet_u8() & 3, .flags = nondet_bool(), .aux = nondet_bool(),
    };

    assume(sourced(&r));
    return r;
}

/* A sound table of up to RANGES ranges, with room for up to ROOM, and a copy. */
#define TABLE(l) \
    struct memmap_range l##_storage[ROOM], was_storage[RANGES]; \
    struct memmap_layout l, was; \
    any_table(&l, l##_storage, &was, was_storage)

static void any_table(struct memmap_layout *l, struct memmap_range *storage,
                      struct memmap_layout *was, struct memmap_range *copy)
{
    unsigned int i;

    l->nr = nondet_u8() % (RANGES + 1);
    l->max = nondet_u8() % (ROOM + 1);
    assume(l->nr <= l->max);
    l->range = storage + ROOM - l->max;
    for ( i = 0; i < RANGES && i < l->nr; i++ )
        l->range[i] = copy[i] = any_range();
    assume(sorted(l) && joined(l));
    *was = *l;
    was->range = copy;
}

static struct said of(const struct memmap_range *r, uint64_t gfn)
{
    struct memmap_layout one = { (struct memmap_range *)r, 1, 1 };

    return ask(&one, gfn);
}

void prove_set_whole(void)
{
    TABLE(l);
    struct memmap_range r = any_range();
    uint64_t gfn = any_gfn_asked();

    if ( !memmap_layout_set(&l, &r) )
    {
        prove(unchanged(&l, &was), "false leaves the table as it was");
        prove(!r.type || !ends(r.gfn, r.pages) || was.max - was.nr < 2,
              "two more have always room");
        return;
    }
    prove(r.type && ends(r.gfn, r.pages), "what is no range is refused");
    prove(sorted(&l), "sorted, disjoint, not empty, below max");
    prove(joined(&l), "neighbours that say the same are one");
    prove(same(ask(&l, gfn), within(gfn, r.gfn, r.pages) ? of(&r, gfn) : ask(&was, gfn)),
          "its gfns are said to be what was set, others what they were");
}

void prove_clear_whole(void)
{
    TABLE(l);
    uint64_t first = any_gfn(), pages = any_pages(), gfn = any_gfn_asked();

    if ( !memmap_layout_clear(&l, first, pages) )
    {
        prove(unchanged(&l, &was), "false leaves the table as it was");
        prove(!ends(first, pages) || was.max == was.nr, "one more has always room");
        return;
    }
    prove(ends(first, pages), "what is no range is refused");
    prove(sorted(&l), "sorted, disjoint, not empty, below max");
    prove(joined(&l), "neighbours that say the same are one");
    prove(within(gfn, first, pages) ? !ask(&l, gfn).type
                                    : same(ask(&l, gfn), ask(&was, gfn)),
          "nothing is said of what was cleared, of others what was");
}
