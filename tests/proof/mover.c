/* SPDX-License-Identifier: MIT */
/*
 * The mover, by exhaustion: every execution of it on the little guests of build(), for
 * every answer that Xen may give, up to FAULTS of them bad.  Not CBMC's work: each step of
 * the mover is a set(), a clear() and a search, and a formula of ten such steps has no end.
 *
 * A guest has 32 gfns, and a word says where pages are.  One of somebody else's may be
 * parked where RAM is to go, unsaid: the mover sees it where it looks, see move.h.
 */
#include "move.h"

#include <string.h>

#include "exhaust.h"

#ifndef FAULTS
#define FAULTS 1
#endif
#ifndef LENGTH
#define LENGTH 6            /* pages of a move, at most */
#endif
#define GFNS   32u
#define TO     16u          /* destinations begin here */
#define STEPS  400u         /* hypercalls after which it does not end */
#define ROOM   24u

static unsigned int faults, steps;
static uint64_t sick;               /* Xen never moves what is here; GFNS: all can move */

static uint32_t there;              /* a bit for each gfn that has a page */
static struct memmap_range storage[ROOM];
static struct memmap_layout now;
static struct memmap_move moves[2];
static struct memmap_plan plan = { .move = moves };
static struct memmap_moved moved;
static uint32_t built, parked;

/* What was seen of the hypercalls of a run, and of the call of the mover it is in. */
static struct {
    int error;                      /* the first that add_to_physmap() returned */
    /* Extents of that order, to be given back or populated. */
    bool kept[MEMMAP_HUGE_ORDER + 1], refused[MEMMAP_HUGE_ORDER + 1];
    unsigned int extents, huge;     /* that were populated at their destination */
} seen;

void describe(void)
{
    unsigned int i;

    printf("built %#" PRIx32 ", parked %#" PRIx32 ", room %u, now %#" PRIx32
            ", %" PRIu64 " lost\n", built, parked, now.max, there, moved.lost_pages);
    for ( i = 0; i < plan.nr_moves; i++ )
        printf("move %" PRIu64 " pages from %" PRIu64 " to %" PRIu64 "\n",
                moves[i].pages, moves[i].from, moves[i].to);
    for ( i = 0; i < now.nr; i++ )
        printf("said: %" PRIu64 " pages at %" PRIu64 " from %" PRIu64 "\n",
                now.range[i].pages, now.range[i].gfn, now.range[i].source);
}

/* One of the @of ways to fail, from 1 on; 0: it does not. */
static unsigned int fault(unsigned int of)
{
    unsigned int kind;

    prove(++steps < STEPS, "it ends");
    if ( faults == FAULTS )
        return 0;
    kind = pick(of + 1);
    faults += !!kind;
    return kind;
}

static uint32_t bits(uint64_t gfn, uint64_t pages)
{
    prove(gfn < GFNS && pages <= GFNS - gfn, "nothing is touched that is not the plan's");
    return (uint32_t)(((1ull << pages) - 1) << gfn);
}

static int failed(int error)
{
    if ( !seen.error )
        seen.error = error;
    return error;
}

/* A page of a move goes from @a to @b. */
static bool planned(uint64_t a, uint64_t b)
{
    unsigned int k;

    for ( k = 0; k < plan.nr_moves; k++ )
        if ( a - moves[k].from < moves[k].pages && b - moves[k].to == a - moves[k].from )
            return true;
    return false;
}

/* Xen goes by pages, the last of which may have gone from both places, or from one. */
static int add_to_physmap(void *opaque, uint64_t from, uint64_t to, unsigned int pages)
{
    const unsigned int kind = fault(3 * pages);
    unsigned int i;

    (void)opaque;
    prove(pages, "no hypercall is for nothing");
    prove(!(there & ~parked & bits(to, pages)), "no page is written over");
    for ( i = 0; i < pages; i++ )
    {
        const bool fails = kind && (kind - 1) / 3 == i;

        prove(planned(from + i, to + i) || planned(to + i, from + i),
              "a page goes where it is to go, or back");
        if ( !(there & bits(from + i, 1)) )
            return failed(-22);
        if ( from + i == sick )
            return failed(-16);
        if ( fails && (kind - 1) % 3 == 0 && pick(2) )
            sick = from + i;
        if ( !fails || (kind - 1) % 3 )
            there &= ~bits(to + i, 1);
        if ( !fails || (kind - 1) % 3 == 2 )
            there &= ~bits(from + i, 1);
        if ( fails )
            return failed(-20 - (int)faults);
        there |= bits(to + i, 1);
    }
    return 0;
}

static bool is_empty(void *opaque, uint64_t gfn)
{
    (void)opaque;
    return !(there & bits(gfn, 1));
}

/* How many pages of @nr extents are done, and what Xen says of them. */
static int part(uint64_t gfn, unsigned int nr, unsigned int order, bool *refused,
                unsigned int *pages)
{
    const unsigned int all = nr << order, kind = fault(all + 1);

    prove(nr && nr <= MEMMAP_EXTENT_BATCH, "no more than a batch at once");
    prove(!(gfn & ((1u << order) - 1)), "an extent is aligned");
    if ( kind )
        refused[order] = true;
    *pages = kind ? kind - 1 : all;
    if ( kind == all + 1 )
    {
        *pages = 0;
        return -1;
    }
    return *pages >> order;
}

static int decrease(void *opaque, uint64_t gfn, unsigned int nr, unsigned int order)
{
    unsigned int pages;
    int rc;

    (void)opaque;
    prove(!seen.kept[order] && !seen.refused[order],
          "what Xen refused is not asked for again");
    prove((there & bits(gfn, nr << order)) == bits(gfn, nr << order),
          "what is given back was there");
    rc = part(gfn, nr, order, seen.kept, &pages);
    there &= ~bits(gfn, pages);
    return rc;
}

static int populate(void *opaque, uint64_t gfn, unsigned int nr, unsigned int order)
{
    unsigned int pages;
    int rc;

    (void)opaque;
    prove(!(there & ~parked & bits(gfn, nr << order)), "no page is written over");
    if ( gfn >= TO )
        prove(!seen.refused[order], "what Xen refused is not asked for again");
    rc = part(gfn, nr, order, seen.refused, &pages);
    there |= bits(gfn, pages);
    if ( gfn >= TO && order && rc > 0 )
    {
        seen.extents += (unsigned int)rc << order >> MEMMAP_EXTENT_ORDER;
        seen.huge += order == MEMMAP_HUGE_ORDER;
    }
    return rc;
}

static const struct memmap_p2m_ops ops = {
    .add_to_physmap = add_to_physmap, .is_empty = is_empty,
    .decrease = decrease, .populate = populate,
};

static unsigned int count(uint32_t set)
{
    return __builtin_popcount(set);
}

/* Gfns that are said to be RAM, each by the source that it must have. */
static uint32_t said(void)
{
    uint32_t set = 0;
    unsigned int i, k;

    for ( i = 0; i < now.nr; i++ )
    {
        const struct memmap_range *r = &now.range[i];
        uint64_t gfn;

        set |= bits(r->gfn, r->pages);
        for ( gfn = r->gfn; gfn < memmap_range_end(r); gfn++ )
        {
            uint64_t from = gfn;

            for ( k = 0; k < plan.nr_moves; k++ )
                if ( gfn - moves[k].to < moves[k].pages )
                    from = gfn - moves[k].to + moves[k].from;
            prove(r->source + (gfn - r->gfn) == from, "a page is what it was");
        }
    }
    return set;
}

static uint32_t ends(bool to)
{
    uint32_t set = 0;
    unsigned int i;

    for ( i = 0; i < plan.nr_moves; i++ )
        set |= bits(to ? moves[i].to : moves[i].from, moves[i].pages);
    return set;
}

static void build(void)
{
    const unsigned int length = 1 + pick(LENGTH + 1);
    const bool huge = length > LENGTH;
    const unsigned int pages = huge ? 2 << MEMMAP_HUGE_ORDER : length;
    const unsigned int parks = huge ? 0 : pick(pages + 1);
    unsigned int gfn;

    moves[0] = (struct memmap_move){ 0 };
    moves[0].from = pick(4);
    moves[0].to = TO + (huge ? moves[0].from : pick(4));
    moves[0].pages = pages;
    built = 1u << 15;
    for ( gfn = 0; gfn < pages; gfn++ )
        built |= (uint32_t)(huge || !pick(2)) << (moves[0].from + gfn);
    /* What is beside it stays. */
    built |= (uint32_t)pick(2) << (moves[0].from + pages);
    plan.nr_moves = 1 + pick(2);
    if ( plan.nr_moves == 2 )
    {
        moves[1] = (struct memmap_move){ 0 };
        moves[1].from = 12;
        moves[1].to = 28 + pick(2);
        moves[1].pages = 2;
        built |= bits(12, 2);
    }
    parked = parks ? bits(moves[0].to + parks - 1, 1) : 0;
    there = built | parked;

    memmap_layout_init(&now, storage, ROOM);
    for ( gfn = 0; gfn < GFNS; gfn++ )
    {
        const struct memmap_range r = {
            .gfn = gfn, .pages = 1, .source = gfn, .type = MEMMAP_TYPE_RAM };

        if ( built & bits(gfn, 1) )
            memmap_layout_append(&now, &r);
    }
    now.max = pick(2) ? ROOM : now.nr + 3 + pick(5);
    memset(&moved, 0, sizeof(moved));
}

/* Whenever the mover has returned. */
static void check(void)
{
    const uint32_t ram = said();

    prove(!(ram & ~there), "what is said to be RAM is RAM");
    prove(count(ram) + moved.lost_pages == count(built), "each page is said or lost");
    prove(count(there) <= count(built | parked), "no page is populated beyond the quota");
    prove(!(built & ~ends(false) & ~ram), "what has not to move does not");
    prove(faults > 1 || !moved.lost_pages, "one failure loses no page");
}

/* Each page of a destination, or the first of a whole extent. */
static uint32_t looked_at(void)
{
    uint32_t set = ends(true);
    unsigned int i;
    uint64_t gfn;

    for ( i = 0; i < plan.nr_moves; i++ )
        for ( gfn = moves[i].to; gfn < moves[i].to + moves[i].pages; gfn++ )
        {
            uint64_t first = gfn & -(uint64_t)MEMMAP_EXTENT_PAGES;

            if ( gfn != first && first >= moves[i].to && first + MEMMAP_EXTENT_PAGES <=
                                                         moves[i].to + moves[i].pages )
                set &= ~bits(gfn, 1);
        }
    return set;
}

/* Whole extents of @order pages in what has to move, to where they can be whole. */
static unsigned int extents(unsigned int order)
{
    const unsigned int pages = 1u << order;
    unsigned int i, n = 0;
    uint64_t gfn;

    for ( i = 0; i < plan.nr_moves; i++ )
        for ( gfn = 0; gfn + pages <= TO; gfn += pages )
            n += !((moves[i].to - moves[i].from) & (pages - 1)) &&
                 gfn >= moves[i].from &&
                 gfn + pages <= moves[i].from + moves[i].pages &&
                 (built & bits(gfn, pages)) == bits(gfn, pages);
    return n;
}

static void check_move(int rc)
{
    const bool plenty = now.max == ROOM;

    prove(moved.extents == seen.extents, "extents that were moved whole are counted");
    if ( moved.lost_pages )
        prove(rc == -MEMMAP_XEN_ENOMEM, "what is lost is said");
    else
        prove(rc == seen.error || (!plenty && rc == -MEMMAP_XEN_ENOMEM),
              "it says what Xen said");
    if ( rc )
    {
        prove(!plenty || faults > count(said() & ends(true)),
              "what could be moved back was");
        return;
    }
    prove(!(said() & ends(false)) &&
          count(said() & ends(true)) == count(built & ends(false)), "all is moved");
    if ( !faults )
        prove(seen.extents == extents(MEMMAP_EXTENT_ORDER) &&
              seen.huge == extents(MEMMAP_HUGE_ORDER), "whole extents as far as they go");
}

void run(void)
{
    unsigned int was, before;
    int rc;

    faults = steps = 0;
    sick = GFNS;
    memset(&seen, 0, sizeof(seen));
    build();
    was = now.nr;
    rc = memmap_move(&ops, NULL, &plan, &now, &moved);
    check();
    if ( parked & looked_at() )
    {
        prove(rc == -MEMMAP_XEN_EEXIST, "who was parked there is seen");
        prove(said() == built && there == (built | parked) && now.nr == was,
              "nothing was touched");
        return;
    }
    check_move(rc);

    seen.error = 0;
    before = faults;
    rc = memmap_move_back(&ops, NULL, &plan, &now, &moved);
    check();
    if ( now.max == ROOM )
        prove(rc == seen.error &&
              count(said() & ends(true)) <= faults - before + (sick < GFNS),
              "each page goes home that can");
    else
        prove(rc == seen.error || (!seen.error && rc == -MEMMAP_XEN_ENOMEM),
              "it says what Xen said");
}
