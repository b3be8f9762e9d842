/* SPDX-License-Identifier: MIT */
/*
 * The layout algebra by exhaustion, on SPACE gfns: at 0, below 2^64, and below 2^64 with
 * 2^33 from one to the next.  Tables of up to RANGES ranges of one to three pages, which
 * touch or are three apart, and each operation with up to five pages from and to anywhere.
 * With RAGGED, neighbours may say the same, as in a record.  With LONG, one table of as many
 * ranges of a page each, and up to 16 pages.  One call of move() is a set() and a clear()
 * for each range that it moves, and a formula of two of each has no end.
 *
 * The judge paints: an array has what is said of each gfn, and what an operation should
 * make of that is a loop over it.  With ASan, whoever leaves the table's max ranges is seen.
 */
#include <string.h>

#include <sanitizer/asan_interface.h>

#include "exhaust.h"
#include "said.h"

#ifdef LONG
#define RANGES 3
#define MOST   LONG
#define TOP    (3u * LONG / 2 + 1) /* gfns, where there are no more */
#define SPACE  (TOP + 1)
#define PAGES  17u                 /* of an operation: fewer */
#else
#ifndef RANGES
#define RANGES 3
#endif
#define MOST   RANGES
#define TOP    (3u * RANGES)
#define SPACE  18u
#define PAGES  6u
#endif
#ifndef RAGGED
#define RAGGED 0
#endif
#ifndef BASES
#define BASES 3                    /* or the last, or the last two */
#endif
#define WINDOW (SPACE + PAGES)     /* nothing reaches beyond */
#define ROOM   (MOST + RANGES + 2)

static struct memmap_range memory[1 + ROOM + 1], copy[ROOM];
static struct memmap_range *const storage = memory + 1;
static struct memmap_layout l, was;

/* What is said of each of the gfns, which are @unit apart from @base on. */
static struct said before[WINDOW], wanted[WINDOW];
static uint64_t base, unit;

static const char *name;
static uint64_t from, to, pages;
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
 * What may be said of @gfn.  Sources are its gfns, or continue those of a range before, or
 * end where there is none; RAM or not, with a flag or not, with an aux or not; each with
 * each but where that were too many tables.  The bits that differ are the highest; of one
 * range each is looked at, and of many there are two types that are no RAM.
 */
#ifdef LONG
#define KINDS 48u
#elif RANGES == 1
#define KINDS 32u
#else
#define KINDS 7u
#endif
#define BITS (RANGES == 1 ? 32u : 1u)

static unsigned int kind(unsigned int i)
{
    static const unsigned char few[7] = { 0, 1, 2, 3, 4, 8, 16 };

    return KINDS == 7 ? few[i] : i;
}

static unsigned int bit;

static unsigned int other_type(void)
{
    const unsigned int type = MEMMAP_TYPE_RAM ^ 1u << bit % 16;

    return type ? type : MEMMAP_TYPE_RDM;
}

static struct memmap_range range(uint64_t gfn, uint64_t n, unsigned int i)
{
    const uint64_t sources[] = {
        gfn, gfn - base + 3 * unit, MEMMAP_NO_SOURCE - 6 * unit + (gfn - base),
        MEMMAP_NO_SOURCE,
    };
    struct memmap_range e = { .gfn = gfn, .pages = n };

    if ( i == KINDS )
        return e;
    e.source = sources[kind(i) & 3];
    e.flags = kind(i) & 4 ? 1u << bit % 16 : 0;
    e.aux = kind(i) & 8 ? 1u << bit : 0;
    e.type = kind(i) & 32 ? MEMMAP_TYPE_RDM
             : kind(i) & 16 ? other_type() : MEMMAP_TYPE_RAM;
    return e;
}

/* What is said of each gfn, as ask() has it; false if something is said of others. */
static bool paint(struct said *said, const struct memmap_layout *t)
{
    unsigned int i;

    memset(said, 0, WINDOW * sizeof(*said));
    for ( i = 0; i < t->nr; i++ )
    {
        const struct memmap_range *e = &t->range[i];
        const uint64_t first = (e->gfn - base) / unit, nr = e->pages / unit;
        uint64_t n;

        if ( e->gfn != base + first * unit || e->pages != nr * unit || first > WINDOW ||
             nr > WINDOW - first )
            return false;
        for ( n = 0; n < nr; n++ )
            said[first + n] = (struct said) {
                .type = e->type, .flags = e->flags, .aux = e->aux,
                .source = e->source == MEMMAP_NO_SOURCE ? e->source
                                                        : e->source + n * unit,
            };
    }
    return true;
}

/*
 * How many ranges say @wanted, and no fewer can.  Of what is RAGGED, who puts a range into
 * another and joins nothing needs two more; whether all that can be is joined is not asked.
 */
static unsigned int ranges(void)
{
    unsigned int i, n = 0;

    if ( RAGGED )
        return was.nr + 2;

    for ( i = 0; i < WINDOW; i++ )
    {
        const struct said *s = &wanted[i], *p = s - 1;
        bool goes_on = i && p->type && p->type == s->type && p->flags == s->flags &&
                       p->aux == s->aux &&
                       (p->source == MEMMAP_NO_SOURCE ? s->source == MEMMAP_NO_SOURCE
                        : s->source == p->source + unit && s->source != MEMMAP_NO_SOURCE);

        n += s->type && !goes_on;
    }
    return n;
}

/* Any sound table.  What lies behind its ranges says that all is RAM. */
static void build(void)
{
    static const struct memmap_range stale = {
        .pages = UINT64_MAX, .type = MEMMAP_TYPE_RAM,
    };
    unsigned int nr = MOST, i;
    uint64_t gfn;

#ifndef LONG
    nr = pick(MOST + 1);
#endif
    bit = BITS == 1 ? 31 : pick(BITS);
    i = 2 - pick(BASES);
    unit = i == 2 ? 1ULL << 33 : 1;
    /* A table may end where gfns do: what lies beyond is at 0, far below it. */
    base = i == 2 ? -(SPACE * unit) : i ? -(uint64_t)TOP : 0;
    gfn = base;
    memmap_layout_init(&l, storage, ROOM);
    prove(l.range == storage && !l.nr && l.max == ROOM, "as it was asked for");
    for ( i = 0; i < ROOM; i++ )
        storage[i] = stale;
    for ( i = 0; i < nr; i++ )
    {
        struct memmap_range e;

#ifdef LONG
        gfn += i % 2 * unit;
        e = range(gfn, unit, 5 * i % KINDS);
#else
        gfn += pick(2) * 3 * unit;
        e = range(gfn, (1 + pick(3)) * unit, pick(KINDS));
#endif
        gfn += e.pages;
        if ( e.gfn < base || !ends(e.gfn, e.pages) || !sourced(&e) )
            continue;
        storage[l.nr++] = e;
        if ( !RAGGED && !joined(&l) )
            storage[--l.nr] = stale;
    }
    memcpy(copy, storage, sizeof(copy));
    was = l;
    was.range = copy;
    paint(before, &was);
    memcpy(wanted, before, sizeof(wanted));
}

/* Nobody may look beyond @more than there are. */
static void confine(unsigned int more)
{
    l.max = was.max = l.nr + more;
    ASAN_POISON_MEMORY_REGION(memory, sizeof(*memory));
    ASAN_POISON_MEMORY_REGION(storage + l.max, (ROOM + 1 - l.max) * sizeof(*storage));
}

/*
 * The table says what is wanted, or what it said, if that has no @meaning or takes more
 * ranges than there is room for: @takes.
 */
static void judge(bool done, bool meaning, unsigned int takes)
{
    const bool possible = meaning && takes <= was.max;
    struct said now[WINDOW];
    unsigned int i;

    ASAN_UNPOISON_MEMORY_REGION(memory, sizeof(memory));
    prove(l.range == storage && l.max == was.max, "its memory stays what it is");
    prove(done ? meaning && (RAGGED || possible) : !possible,
          "true for what has a meaning and room, and no other");
    if ( !done )
    {
        prove(unchanged(&l, &was), "false leaves the table as it was");
        return;
    }
    prove(sorted(&l), "sorted, disjoint, not empty, below max");
    prove(RAGGED || joined(&l), "neighbours that say the same are one");
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

    for ( i = 0; i < pages / unit; i++ )
        wanted[(gfn - base) / unit + i] = ask(&one, gfn + i * unit);
}

/* What is to be said of [from, from + pages), in r; false if nobody would. */
static bool say(void)
{
    r = range(from, pages, pick(KINDS + 1));
    if ( !sourced(&r) )
        return false;
    want(from, &r);
    confine(pick(RANGES + 3));
    return true;
}

static void set(void)
{
    if ( say() )
        judge(memmap_layout_set(&l, &r),
              r.type && ends(from, pages), ranges());
}

static void append(void)
{
    if ( say() )
        judge(memmap_layout_append(&l, &r),
              r.type && ends(from, pages) &&
              (!was.nr || memmap_range_end(&was.range[was.nr - 1]) <= from), ranges());
}

static void clear(void)
{
    want(from, NULL);
    confine(pick(RANGES + 3));
    judge(memmap_layout_clear(&l, from, pages), ends(from, pages), ranges());
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

    for ( i = 0; i < pages / unit; i++ )
        if ( before[(from - base) / unit + i].type != MEMMAP_TYPE_RAM )
            return false;
    return true;
}

static void move(void)
{
    const unsigned int at = (from - base) / unit, there = pick(SPACE);

    to = base + there * unit;
    memset(&wanted[at], 0, pages / unit * sizeof(*wanted));
    memcpy(&wanted[there], &before[at], pages / unit * sizeof(*wanted));
    confine(pick(RANGES + 3));
    judge(memmap_layout_move(&l, from, to, pages),
          ends(from, pages) && ends(to, pages) && !within(from, to, pages) &&
          !within(to, from, pages) && all_ram(), was.nr + need());
}

/* What is asked of a table, which ends where its ranges do, or has one to spare. */
static void look(void)
{
    const unsigned int type = pick(2) ? other_type() : MEMMAP_TYPE_RAM;
    bool wraps, all = true, some = false;
    uint64_t sum = 0;
    unsigned int i, at = 0;

    /* This leads beyond 2^64 from wherever it begins, but for 0. */
    if ( pick(2) )
        pages = -(uint64_t)1;
    wraps = from + pages < from;
    for ( i = 0; i < WINDOW; i++ )
    {
        const uint64_t gfn = base + i * unit;
        const bool is = before[i].type == type;

        sum += is * unit;
        if ( within(gfn, from, pages) )
        {
            all = all && is;
            some = some || is;
        }
    }
    while ( at < was.nr && memmap_range_end(&was.range[at]) <= from )
        at++;
    confine(pick(2));
    prove(memmap_layout_seek(&l, from) == at, "the first range that ends after the gfn");
    prove(memmap_layout_covers(&l, type, from, pages) == (all && !wraps),
          "true if all of it is of the type");
    prove(memmap_layout_overlaps(&l, type, from, pages) == some,
          "true if some of it is of the type");
    prove(memmap_layout_pages(&l, type) == sum, "pages are those of the table");
    ASAN_UNPOISON_MEMORY_REGION(memory, sizeof(memory));
    prove(unchanged(&l, &was), "who asks changes nothing");
}

/* A table is equal to its copy, and to none that differs in anything. */
static void equal(void)
{
    static struct memmap_range other[ROOM + 1];
    struct memmap_layout o = { other, pick(RANGES + 1), l.nr + pick(2) };
    struct memmap_range *e = &other[l.nr ? pick(l.nr) : 0];
    struct memmap_layout o_was;
    bool done;

    if ( l.nr && pick(2) )
        o.max = l.nr - 1;
    confine(pick(2));
    o_was = o;
    ASAN_POISON_MEMORY_REGION(other + o.max, (ROOM + 1 - o.max) * sizeof(*other));
    done = memmap_layout_copy(&o, &l);
    ASAN_UNPOISON_MEMORY_REGION(other, sizeof(other));
    prove(o.range == other && o.max == o_was.max, "its memory stays what it is");
    if ( !done )
    {
        prove(o.nr == o_was.nr, "false leaves the table as it was");
        prove(l.nr > o.max, "false only if it does not fit");
        return;
    }
    prove(l.nr <= o.max, "false if it does not fit");
    prove(unchanged(&o, &was) && unchanged(&l, &was), "a copy says the same");
    prove(memmap_layout_equal(&o, &l), "what says the same is equal");
    switch ( l.nr ? pick(8) : 0 )
    {
    case 0:
        return;
    case 1:
        e->gfn ^= unit;
        break;
    case 2:
        e->pages ^= unit;
        break;
    case 3:
        e->source ^= unit;
        break;
    case 4:
        e->type ^= 1u << bit % 16;
        break;
    case 5:
        e->flags ^= 1u << bit % 16;
        break;
    case 6:
        e->aux ^= 1u << bit;
        break;
    case 7:
        o.nr--;
        break;
    }
    prove(!memmap_layout_equal(&o, &l) && !memmap_layout_equal(&l, &o),
          "what differs in anything is not equal");
}

void run(void)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } operations[] = {
        { "set", set }, { "append", append }, { "clear", clear }, { "move", move },
        { "look", look }, { "equal", equal },
    };
    unsigned int i;

    ASAN_UNPOISON_MEMORY_REGION(memory, sizeof(memory));
    build();
    i = pick(sizeof(operations) / sizeof(operations[0]));
    name = operations[i].name;
    from = base;
    to = pages = 0;
    memset(&r, 0, sizeof(r));
    if ( operations[i].run != equal )
    {
        from += pick(SPACE) * unit;
        pages = pick(PAGES) * unit;
    }
    operations[i].run();
}
