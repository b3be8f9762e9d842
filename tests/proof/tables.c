/* SPDX-License-Identifier: MIT */
/*
 * The layout algebra by exhaustion, on 16 gfns at 0 and below 2^64: tables of up to RANGES
 * ranges of one to three pages, which touch or are a page apart, and each operation with up
 * to five pages from and to anywhere.  One call of move() is a set() and a clear() for each
 * range that it moves, and a formula of two of each has no end.
 *
 * The judge paints: an array has what is said of each gfn, and what an operation should
 * make of that is a loop over it.  With ASan, whoever leaves the table's max ranges is seen.
 */
#include <string.h>

#include <sanitizer/asan_interface.h>

#include "exhaust.h"
#include "said.h"

#ifndef RANGES
#define RANGES 3
#endif
#define SPACE  16u
#define PAGES  6u                  /* of an operation: fewer */
#define WINDOW (SPACE + PAGES)     /* nothing reaches beyond */
#define ROOM   (2 * RANGES + 4)

static struct memmap_range memory[1 + ROOM + 1], copy[ROOM];
static struct memmap_range *const storage = memory + 1;
static struct memmap_layout l, was;
static struct said before[WINDOW], wanted[WINDOW];

static const char *name;
static uint64_t base, from, to, pages;
static struct memmap_range r;

static void print_range(const struct memmap_range *e)
{
    printf("  %#" PRIx64 ": %" PRIu64 " pages, type %u, flags %u, aux %" PRIu32
           ", source %#" PRIx64 "\n", e->gfn, e->pages, e->type, e->flags, e->aux,
           e->source);
}

static void print(const char *when, const struct memmap_layout *t)
{
    unsigned int i;

    printf("%s, room %u:\n", when, t->max);
    for ( i = 0; i < t->nr && i < t->max; i++ )
        print_range(&t->range[i]);
}

void describe(void)
{
    printf("%s: %" PRIu64 " pages from %#" PRIx64 " to %#" PRIx64 ", or\n", name, pages,
           from, to);
    print_range(&r);
    print("before", &was);
    print("after", &l);
}

/*
 * What may be said of @gfn: RAM whose sources are its gfns, or continue those of a range
 * before, or end where there is none; that says one thing more; and what is no RAM.
 */
#define KINDS 7
static struct memmap_range range(uint64_t gfn, uint64_t n, unsigned int kind)
{
    struct memmap_range e = { .gfn = gfn, .pages = n, .source = gfn,
                              .type = MEMMAP_TYPE_RAM };

    switch ( kind )
    {
    case 1:
        e.source = gfn - base + 3;
        break;
    case 2:
        e.source = MEMMAP_NO_SOURCE - 6 + (gfn - base);
        break;
    case 3:
        e.source = MEMMAP_NO_SOURCE;
        break;
    case 4:
        e.flags = 1;
        break;
    case 5:
        e.aux = 7;
        break;
    case 6:
        e.type = MEMMAP_TYPE_RDM;
        e.source = MEMMAP_NO_SOURCE;
        break;
    case KINDS:
        e.type = 0;
        break;
    }
    return e;
}

/* What is said of each gfn, as ask() has it; false if something is said of others. */
static bool paint(struct said *said, const struct memmap_layout *t)
{
    unsigned int i;
    uint64_t n;

    memset(said, 0, WINDOW * sizeof(*said));
    for ( i = 0; i < t->nr; i++ )
    {
        const struct memmap_range *e = &t->range[i];

        if ( e->gfn - base > WINDOW || e->pages > WINDOW - (e->gfn - base) )
            return false;
        for ( n = 0; n < e->pages; n++ )
            said[e->gfn - base + n] = (struct said) {
                .type = e->type, .flags = e->flags, .aux = e->aux,
                .source = e->source == MEMMAP_NO_SOURCE ? e->source : e->source + n,
            };
    }
    return true;
}

/* How many ranges say @wanted, and no fewer can. */
static unsigned int ranges(void)
{
    unsigned int i, n = 0;

    for ( i = 0; i < WINDOW; i++ )
    {
        const struct said *s = &wanted[i], *p = s - 1;
        bool goes_on = i && p->type && p->type == s->type && p->flags == s->flags &&
                       p->aux == s->aux &&
                       (p->source == MEMMAP_NO_SOURCE ? s->source == MEMMAP_NO_SOURCE
                        : s->source == p->source + 1 && s->source != MEMMAP_NO_SOURCE);

        n += s->type && !goes_on;
    }
    return n;
}

/* Any sound table; with room for all, or for up to RANGES + 1 more. */
static void build(void)
{
    unsigned int nr = pick(RANGES + 1), i;
    uint64_t gfn;

    base = pick(2) ? -(uint64_t)SPACE : 0;
    gfn = base;
    memmap_layout_init(&l, storage, ROOM);
    for ( i = 0; i < nr; i++ )
    {
        struct memmap_range e;

        gfn += pick(2);
        e = range(gfn, 1 + pick(3), pick(KINDS));
        gfn += e.pages;
        if ( !ends(e.gfn, e.pages) || !sourced(&e) )
            break;
        storage[l.nr++] = e;
        if ( !joined(&l) )
        {
            l.nr--;
            break;
        }
    }
    memcpy(copy, storage, sizeof(copy));
    was = l;
    was.range = copy;
    paint(before, &was);
    memcpy(wanted, before, sizeof(wanted));
}

/* The room that it has, and nobody may look beyond. */
static void confine(void)
{
    l.max = was.max = pick(2) ? ROOM : l.nr + pick(RANGES + 2);
    ASAN_POISON_MEMORY_REGION(memory, sizeof(*memory));
    ASAN_POISON_MEMORY_REGION(storage + l.max, (ROOM + 1 - l.max) * sizeof(*storage));
}

/* The table says what is wanted, or, if that is not @possible, what it said. */
static void judge(bool done, bool possible)
{
    struct said now[WINDOW];
    unsigned int i;

    ASAN_UNPOISON_MEMORY_REGION(memory, sizeof(memory));
    prove(done == possible, "true for what has a meaning and room, and no other");
    if ( !done )
    {
        prove(unchanged(&l, &was), "false leaves the table as it was");
        return;
    }
    prove(sorted(&l), "sorted, disjoint, not empty, below max");
    prove(joined(&l), "neighbours that say the same are one");
    prove(paint(now, &l), "nothing is said of gfns far away");
    for ( i = 0; i < WINDOW; i++ )
        prove(same(now[i], wanted[i]),
              "of each gfn it is said what should be, of others what was");
}

/* [gfn, gfn + pages) is what @e says, or nothing. */
static void want(uint64_t gfn, const struct memmap_range *e)
{
    const struct memmap_layout one = { (struct memmap_range *)e, !!e, !!e };
    uint64_t i;

    for ( i = 0; i < pages; i++ )
        wanted[gfn - base + i] = ask(&one, gfn + i);
}

static void set(void)
{
    r = range(from, pages, pick(KINDS + 1));
    if ( !sourced(&r) )
        return;
    want(from, &r);
    confine();
    judge(memmap_layout_set(&l, &r), r.type && ends(from, pages) && ranges() <= l.max);
}

static void append(void)
{
    r = range(from, pages, pick(KINDS + 1));
    if ( !sourced(&r) )
        return;
    want(from, &r);
    confine();
    judge(memmap_layout_append(&l, &r),
          r.type && ends(from, pages) && ranges() <= l.max &&
          (!was.nr || memmap_range_end(&was.range[was.nr - 1]) <= from));
}

static void clear(void)
{
    want(from, NULL);
    confine();
    judge(memmap_layout_clear(&l, from, pages), ends(from, pages) && ranges() <= l.max);
}

/* A piece for each range that it moves, and two cuts. */
static unsigned int need(void)
{
    unsigned int i, n = 2;

    for ( i = 0; i < was.nr; i++ )
        n += was.range[i].gfn < from + pages && from < memmap_range_end(&was.range[i]);
    return n;
}

static bool all_ram(void)
{
    uint64_t i;

    for ( i = 0; i < pages; i++ )
        if ( before[from - base + i].type != MEMMAP_TYPE_RAM )
            return false;
    return true;
}

static void move(void)
{
    to = base + pick(SPACE);
    memset(&wanted[from - base], 0, pages * sizeof(*wanted));
    memcpy(&wanted[to - base], &before[from - base], pages * sizeof(*wanted));
    confine();
    judge(memmap_layout_move(&l, from, to, pages),
          ends(from, pages) && ends(to, pages) && !within(from, to, pages) &&
          !within(to, from, pages) && all_ram() && was.nr + need() <= was.max);
}

/* What is asked of a table, which ends where its ranges do. */
static void look(void)
{
    static const unsigned int types[] = { MEMMAP_TYPE_RAM, MEMMAP_TYPE_RDM };
    const unsigned int type = types[pick(2)];
    /* The second leads beyond 2^64 from wherever it begins. */
    const uint64_t asked = pick(2) ? -(uint64_t)1 : pages;
    const bool wraps = from + asked < from;
    bool all = true, some = false;
    uint64_t sum = 0;
    unsigned int i, at = 0;

    for ( i = 0; i < WINDOW; i++ )
    {
        sum += before[i].type == type;
        if ( within(base + i, from, asked) )
        {
            all = all && before[i].type == type;
            some = some || before[i].type == type;
        }
    }
    /* What is far away is nothing. */
    if ( asked > WINDOW )
        all = false;
    while ( at < was.nr && memmap_range_end(&was.range[at]) <= from )
        at++;
    pages = asked;
    l.max = was.max = l.nr;
    ASAN_POISON_MEMORY_REGION(memory, sizeof(*memory));
    ASAN_POISON_MEMORY_REGION(storage + l.nr, (ROOM + 1 - l.nr) * sizeof(*storage));
    prove(memmap_layout_seek(&l, from) == at, "the first range that ends after the gfn");
    prove(memmap_layout_covers(&l, type, from, pages) == (all && !wraps),
          "true if all of it is of the type");
    prove(memmap_layout_overlaps(&l, type, from, pages) == some,
          "true if some of it is of the type");
    prove(memmap_layout_pages(&l, type) == sum, "pages are those of the table");
    ASAN_UNPOISON_MEMORY_REGION(memory, sizeof(memory));
    prove(unchanged(&l, &was), "who asks changes nothing");
}

void run(void)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } operations[] = {
        { "set", set }, { "append", append }, { "clear", clear }, { "move", move },
        { "look", look },
    };
    unsigned int i;

    build();
    i = pick(sizeof(operations) / sizeof(operations[0]));
    name = operations[i].name;
    from = base + pick(SPACE);
    to = 0;
    pages = pick(PAGES);
    memset(&r, 0, sizeof(r));
    operations[i].run();
}
