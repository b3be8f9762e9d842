/* SPDX-License-Identifier: MIT */
/*
 * move() of the layout algebra, by exhaustion, on 16 gfns at 0 and below 2^64: tables of
 * up to RANGES ranges of one to three pages, which touch or are a page apart, and moves of
 * up to five pages from and to anywhere.  One call of it is a set() and a clear() for each
 * range that it moves, and a formula of two of each has no end.
 */
#include <string.h>

#include "exhaust.h"
#include "said.h"

#ifndef RANGES
#define RANGES 3
#endif
#define SPACE 16u
#define ROOM  (2 * RANGES + 4)

static struct memmap_range storage[ROOM], copy[ROOM];
static struct memmap_layout l, was;
static uint64_t base, from, to, pages;

static void print(const char *name, const struct memmap_layout *t)
{
    unsigned int i;

    printf("%s, room %u:\n", name, t->max);
    for ( i = 0; i < t->nr; i++ )
        printf("  %#" PRIx64 ": %" PRIu64 " pages, type %u, flags %u, aux %" PRIu32
               ", source %#" PRIx64 "\n", t->range[i].gfn, t->range[i].pages,
               t->range[i].type, t->range[i].flags, t->range[i].aux, t->range[i].source);
}

void describe(void)
{
    printf("move %" PRIu64 " pages from %#" PRIx64 " to %#" PRIx64 "\n", pages, from, to);
    print("before", &was);
    print("after", &l);
}

/*
 * What may be said of @gfn: RAM whose sources are its gfns, or continue those of a range
 * before, or end where there is none; that says one thing more; and what is no RAM.
 */
static struct memmap_range range(uint64_t gfn)
{
    struct memmap_range r = { .gfn = gfn, .pages = 1 + pick(3), .source = gfn,
                              .type = MEMMAP_TYPE_RAM };

    switch ( pick(7) )
    {
    case 1:
        r.source = gfn - base + 3;
        break;
    case 2:
        r.source = MEMMAP_NO_SOURCE - 6 + (gfn - base);
        break;
    case 3:
        r.source = MEMMAP_NO_SOURCE;
        break;
    case 4:
        r.flags = 1;
        break;
    case 5:
        r.aux = 7;
        break;
    case 6:
        r.type = MEMMAP_TYPE_RDM;
        r.source = MEMMAP_NO_SOURCE;
        break;
    }
    return r;
}

static void build(void)
{
    unsigned int nr = pick(RANGES + 1), i;
    uint64_t gfn;

    base = pick(2) ? -(uint64_t)SPACE : 0;
    gfn = base;
    memmap_layout_init(&l, storage, ROOM);
    for ( i = 0; i < nr; i++ )
    {
        struct memmap_range r;

        gfn += pick(2);
        r = range(gfn);
        gfn += r.pages;
        if ( !sourced(&r) || !memmap_layout_append(&l, &r) )
            break;
    }
    l.max = pick(2) ? ROOM : l.nr + pick(RANGES + 2);
    memcpy(copy, storage, sizeof(copy));
    was = l;
    was.range = copy;
    from = base + pick(SPACE);
    to = base + pick(SPACE);
    pages = pick(6);
}

static bool all_ram(void)
{
    uint64_t i;

    for ( i = 0; i < pages; i++ )
        if ( ask(&was, from + i).type != MEMMAP_TYPE_RAM )
            return false;
    return true;
}

/* A piece for each range that it moves, and two cuts. */
static unsigned int need(void)
{
    unsigned int i, n = 2;

    for ( i = 0; i < was.nr; i++ )
        n += was.range[i].gfn < from + pages && from < memmap_range_end(&was.range[i]);
    return n;
}

void run(void)
{
    uint64_t ram = 0;
    unsigned int i;

    build();
    if ( !memmap_layout_move(&l, from, to, pages) )
    {
        prove(unchanged(&l, &was), "false leaves the table as it was");
        prove(!ends(from, pages) || !ends(to, pages) || within(from, to, pages) ||
              within(to, from, pages) || !all_ram() || was.max - was.nr < need(),
              "false only for a reason");
        return;
    }
    prove(ends(from, pages) && ends(to, pages), "what is no range is refused");
    prove(!within(from, to, pages) && !within(to, from, pages), "the two do not overlap");
    prove(all_ram(), "all of it was RAM");
    prove(sorted(&l), "sorted, disjoint, not empty, below max");
    prove(joined(&l), "neighbours that say the same are one");
    for ( i = 0; i < 2 * SPACE; i++ )
    {
        const uint64_t gfn = base + i;
        struct said now = ask(&l, gfn);

        ram += now.type == MEMMAP_TYPE_RAM;
        if ( within(gfn, from, pages) )
            prove(!now.type, "nothing is said of where it was");
        else
            prove(same(now, ask(&was, within(gfn, to, pages) ? gfn - to + from : gfn)),
                  "each page is said to be what it was where it was, others as before");
    }
    prove(ram == memmap_layout_pages(&l, MEMMAP_TYPE_RAM), "pages are those of the table");
}
