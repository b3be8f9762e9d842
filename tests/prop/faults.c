/* SPDX-License-Identifier: MIT */
/*
 * The mover against a host that fails.
 *
 * A map is RAM in one or more pieces and moves from it.  It is first done where
 * nothing fails, which tells the hypercalls that it takes.  Then each of these
 * fails once, in each way that Xen has: an error before anything was done, an
 * error or a short count half way, a page or extent that is taken and then
 * cannot be mapped, and what changes at that moment and stays so: the host's memory
 * is taken or has no 2 MiB in one piece any more, the pool for page tables is empty.
 * An IOMMU that does not follow ends the domain.
 *
 * What must hold, whatever failed:
 *  - what the layout says is RAM is RAM in the p2m, and nothing else is;
 *  - what it does not say any more is counted as lost, and nothing is lost but
 *    for want of memory, and then no more than a batch, or 1 GiB if that is what
 *    Xen lets the guest handle;
 *  - RAM that was not to move still holds what it held;
 *  - nothing that is populated is written over;
 *  - the domain does not end, but for its IOMMU.
 */
#include "faults.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdbool.h>
#include <string.h>

#include "dice.h"
#include "host.h"
#include "move.h"

#define MAX_MOVES 4
#define BATCH     (MEMMAP_EXTENT_BATCH * MEMMAP_EXTENT_PAGES)
#define HUGE      MEMMAP_HUGE_PAGES
/* One map in so many has 1 GiB that moves; a look at each page of it takes time. */
#define HUGE_MAPS 25
/*
 * Of so many maps one has no large entries and one has pages that the device model
 * does not let go: chosen by number, for a hundred draws may well leave out what one
 * in ten has.
 */
#define RARE_MAPS 10
#define IS_SMALL  3
#define IS_HELD   8
/*
 * Hypercalls that a map may cost, so that one which moves page by page does not take
 * all the time: of many, each fails in some of the ways.
 */
#define MAP_CALLS 5000000
/* What libxl lets a guest have beyond its RAM: 1 MiB. */
#define SLACK     256u

static struct map {
    struct { uint64_t gfn, pages; } ram[MAX_MOVES];
    unsigned int nr_ram;
    struct memmap_move move[MAX_MOVES];
    unsigned int nr_moves;
    uint64_t ram_pages, moved_pages, extents;
    unsigned int order;         /* that Xen lets the guest handle */
    bool iommu, tight, old, small;
    uint64_t held_gfn, held_pages;      /* what the device model will not let go */
} map;

static struct host host;
static jmp_buf dead;
static struct memmap_range range[2 * MEMMAP_MAX_ENTRIES];
static struct memmap_layout now;
static struct memmap_plan plan = { .move = map.move };
static struct memmap_moved moved;

/* No hypercall returns to a domain that has ended. */
static int returns(int rc)
{
    if ( host.crashed )
        longjmp(dead, 1);
    return rc;
}

static int op_add_to_physmap(void *opaque, uint64_t from, uint64_t to,
                             unsigned int pages)
{
    return returns(host_add_to_physmap(opaque, from, to, pages));
}

static bool op_is_empty(void *opaque, uint64_t gfn)
{
    return host_is_empty(opaque, gfn);
}

static void list(uint64_t *gfns, uint64_t gfn, unsigned int nr,
                 unsigned int order)
{
    for ( unsigned int i = 0; i < nr; i++ )
        gfns[i] = gfn + ((uint64_t)i << order);
}

static int op_decrease(void *opaque, uint64_t gfn, unsigned int nr,
                       unsigned int order)
{
    uint64_t gfns[MEMMAP_EXTENT_BATCH];

    list(gfns, gfn, nr, order);
    return returns(host_decrease(opaque, gfns, nr, order));
}

static int op_populate(void *opaque, uint64_t gfn, unsigned int nr,
                       unsigned int order)
{
    uint64_t gfns[MEMMAP_EXTENT_BATCH];

    list(gfns, gfn, nr, order);
    return returns(host_populate(opaque, gfns, nr, order));
}

static const struct memmap_p2m_ops ops = {
    .add_to_physmap = op_add_to_physmap,
    .is_empty = op_is_empty,
    .decrease = op_decrease,
    .populate = op_populate,
};

/* Extents of @m that can go as a whole. */
static uint64_t extents_of(const struct memmap_move *m)
{
    uint64_t head = -m->from & (MEMMAP_EXTENT_PAGES - 1);

    if ( m->pages <= head || (m->to - m->from) & (MEMMAP_EXTENT_PAGES - 1) )
        return 0;
    return (m->pages - head) / MEMMAP_EXTENT_PAGES;
}

/* What is to be known of the last move. */
static void account(uint64_t ram_pages)
{
    const struct memmap_move *m = &map.move[map.nr_moves - 1];

    map.ram_pages += ram_pages;
    map.moved_pages += m->pages;
    map.extents += extents_of(m);
}

/* 1 GiB with something before and behind it; @whole: it can move as one. */
static void draw_huge(bool whole)
{
    const uint64_t align = whole || chance(60) ? HUGE : MEMMAP_EXTENT_PAGES;
    const uint64_t head = chance(30) ? 0 : rnd(3 * MEMMAP_EXTENT_PAGES);
    struct memmap_move *m = &map.move[0];

    map.nr_ram = map.nr_moves = 1;
    m->from = HUGE - head;
    m->pages = head + HUGE + (chance(30) ? 0 : rnd(3 * MEMMAP_EXTENT_PAGES));
    m->to = 0x100000 + rnd(4) * 256;
    m->to += (m->from - m->to) & (align - 1);
    map.ram[0].gfn = m->from - rnd(700);
    map.ram[0].pages = m->from - map.ram[0].gfn + m->pages + rnd(300);
    if ( whole || chance(50) )
        map.order = MEMMAP_HUGE_ORDER;
    account(map.ram[0].pages);
}

/* Pieces of RAM, and of each something that moves, most of it aligned alike. */
static void draw_pieces(void)
{
    uint64_t gfn = 1 + rnd(600), to = 0x100000 + rnd(4) * 256;
    unsigned int nr = 1 + rnd(MAX_MOVES), i;

    for ( i = 0; i < nr; i++ )
    {
        struct memmap_move *m = &map.move[i];

        m->pages = chance(70) ? 1 + rnd(5 * MEMMAP_EXTENT_PAGES)
                              : 1 + rnd(3 * BATCH / 2);
        map.ram[i].gfn = gfn;
        m->from = gfn + (chance(50) ? 0 : rnd(700));
        map.ram[i].pages = m->from - gfn + m->pages + rnd(300);
        gfn += map.ram[i].pages + 1 + rnd(300);

        if ( chance(70) )
            to += (m->from - to) & (MEMMAP_EXTENT_PAGES - 1);
        m->to = to;
        to += m->pages + rnd(3) * 100;

        map.nr_ram = map.nr_moves = i + 1;
        account(map.ram[i].pages);
    }
}

/* Somewhere in what goes as whole extents, for only that is given back. */
static void draw_held(void)
{
    const struct memmap_move *m = map.move;

    while ( !extents_of(m) )
        m++;
    map.held_gfn = m->from + (-m->from & (MEMMAP_EXTENT_PAGES - 1)) +
                   rnd(extents_of(m) * MEMMAP_EXTENT_PAGES);
    map.held_pages = 1 + rnd(SLACK);
}

static void draw_map(bool huge, bool whole, unsigned int rare)
{
    do
    {
        memset(&map, 0, sizeof(map));
        map.order = MEMMAP_EXTENT_ORDER;
        if ( huge )
            draw_huge(whole);
        else
            draw_pieces();
    } while ( rare == IS_HELD && !huge && !map.extents );
    map.iommu = chance(30);
    map.tight = chance(50);
    map.old = chance(30);
    map.small = !huge && rare == IS_SMALL;
    if ( !huge && rare == IS_HELD )
        draw_held();
}

static void build(void)
{
    host_init(&host);
    memmap_layout_init(&now, range, sizeof(range) / sizeof(range[0]));
    for ( unsigned int i = 0; i < map.nr_ram; i++ )
    {
        struct memmap_range r = {
            .gfn = map.ram[i].gfn, .pages = map.ram[i].pages,
            .source = map.ram[i].gfn, .type = MEMMAP_TYPE_RAM,
        };

        memmap_layout_set(&now, &r);
        host_set(&host, r.gfn, r.pages, r.gfn, HOST_RAM);
    }
    host.small = map.small;
    if ( map.small )
        host.whole = 0;
    host_enlarge(&host);
    host.iommu = map.iommu;
    host.old = map.old;
    host.held_gfn = map.held_gfn;
    host.held_pages = map.held_pages;
    host.max_order = map.order;
    host.max_pages = map.ram_pages + SLACK;
    host.free = map.tight ? rnd(2000) : 1u << 20;
    plan.nr_moves = map.nr_moves;
    memset(&moved, 0, sizeof(moved));
}

/* Whether [gfn, gfn + pages) is, or was, to move. */
static bool moves(uint64_t gfn, uint64_t pages)
{
    for ( unsigned int i = 0; i < map.nr_moves; i++ )
    {
        const struct memmap_move *m = &map.move[i];

        if ( (gfn < m->from + m->pages && m->from < gfn + pages) ||
             (gfn < m->to + m->pages && m->to < gfn + pages) )
            return true;
    }
    return false;
}

static bool check_truth(void)
{
    uint64_t pages = memmap_layout_pages(&now, MEMMAP_TYPE_RAM);

    for ( unsigned int i = 0; i < now.nr; i++ )
    {
        const struct memmap_range *e = &now.range[i];

        for ( uint64_t off = 0; off < e->pages; )
        {
            struct host_run r = host_get(&host, e->gfn + off);

            if ( r.pages > e->pages - off )
                r.pages = e->pages - off;
            if ( r.type != HOST_RAM )
                return wrong("gfn %#" PRIx64 " is said to be RAM, is not",
                             e->gfn + off);
            if ( r.name >= HOST_FRESH ? !moves(r.gfn, r.pages)
                                      : r.name != e->source + off )
                return wrong("gfn %#" PRIx64 " holds what was at %#" PRIx64
                             ", said is %#" PRIx64, r.gfn, r.name,
                             e->source + off);
            off += r.pages;
        }
    }
    if ( host_pages(&host) != pages )
        return wrong("%" PRIu64 " pages of RAM, said are %" PRIu64,
                     host_pages(&host), pages);
    if ( pages + moved.lost_pages != map.ram_pages )
        return wrong("%" PRIu64 " pages of %" PRIu64 " are left, %" PRIu64
                     " are said to be lost", pages, map.ram_pages,
                     moved.lost_pages);
    if ( host.replaced || host.freed || host.crashed )
        return wrong("%" PRIu64 " pages were replaced, %" PRIu64 " freed%s",
                     host.replaced, host.freed,
                     host.crashed ? ", the domain crashed" : "");
    return true;
}

static bool at_home(void)
{
    for ( unsigned int i = 0; i < map.nr_moves; i++ )
        if ( !memmap_layout_covers(&now, MEMMAP_TYPE_RAM, map.move[i].from,
                                   map.move[i].pages) )
            return false;
    return true;
}

static bool moved_all(void)
{
    for ( unsigned int i = 0; i < map.nr_moves; i++ )
        if ( !memmap_layout_covers(&now, MEMMAP_TYPE_RAM, map.move[i].to,
                                   map.move[i].pages) ||
             memmap_layout_overlaps(&now, MEMMAP_TYPE_RAM, map.move[i].from,
                                    map.move[i].pages) )
            return false;
    return true;
}

/* Whether a fault of @kind was to happen. */
static bool drawn(enum host_fault_kind kind)
{
    for ( unsigned int i = 0; i < HOST_FAULTS; i++ )
        if ( host.fault[i].kind == kind )
            return true;
    return false;
}

/* Once with the faults that host has; then, if it went well, back again. */
static bool run(struct faults_count *count, bool and_back)
{
    const uint64_t most = map.order == MEMMAP_HUGE_ORDER ? HUGE : BATCH;
    int rc;

    if ( setjmp(dead) )
    {
        count->ended++;
        return host.iommu_failed || wrong("the domain ended");
    }
    rc = memmap_move(&ops, &host, &plan, &now, &moved);
    count->hypercalls += host.calls;
    if ( !check_truth() )
        return false;
    if ( moved.lost_pages > (host.failures > 1 ? 2 : 1) * most )
        return wrong("%" PRIu64 " pages are lost", moved.lost_pages);
    if ( moved.lost_pages && host.failures == 1 && !map.small &&
         !host.held && !host.astray &&
         (host.fault[0].kind == HOST_FAULT_STOP ||
          host.fault[0].kind == HOST_FAULT_FRAGMENT ||
          host.fault[0].kind == HOST_FAULT_POOL) )
        return wrong("nothing was taken for good, and %" PRIu64
                     " pages are lost", moved.lost_pages);
    if ( moved.lost_pages )
    {
        count->lost++;
        count->lost_pages += moved.lost_pages;
        if ( !rc )
            return wrong("pages were lost without a word");
    }
    if ( rc ? moved_all() : !moved_all() )
        return wrong("%d is returned, and RAM did%s move", rc, rc ? "" : " not");
    if ( rc > 0 )
        return wrong("%d is returned", rc);
    /* Without page tables what went as a whole cannot come home in pages. */
    if ( rc && !moved.lost_pages && host.failures < 2 &&
         !drawn(HOST_FAULT_POOL) && !at_home() )
        return wrong("one thing failed, and not all RAM came home");
    count->stuck += rc && !at_home();
    count->held += host.held != 0;
    count->undone += rc != 0;
    count->healed += !rc && host.failures;
    if ( rc || !and_back )
        return true;

    rc = memmap_move_back(&ops, &host, &plan, &now, &moved);
    if ( !check_truth() )
        return false;
    if ( !rc && !at_home() )
        return wrong("RAM was to go home and did not");
    return true;
}

/* Pages of the extents that could move whole, where 2 MiB entries map them. */
static uint64_t large(bool moved)
{
    uint64_t pages = 0;

    for ( unsigned int i = 0; i < map.nr_moves; i++ )
    {
        const struct memmap_move *m = &map.move[i];

        if ( !((m->to - m->from) & (MEMMAP_EXTENT_PAGES - 1)) )
            pages += host_large_in(&host, moved ? m->to : m->from, m->pages);
    }
    return pages;
}

static bool run_clean(struct faults_count *count)
{
    uint64_t before;

    build();
    before = large(false);
    if ( !run(count, false) )
        return false;
    if ( map.small || map.held_pages )
        return true;
    if ( moved.extents != map.extents )
        return wrong("%" PRIu64 " extents moved whole, %" PRIu64 " could have",
                     moved.extents, map.extents);
    count->large_before += before;
    count->by_extents += moved.extents * MEMMAP_EXTENT_PAGES;
    count->by_pages += map.moved_pages - moved.extents * MEMMAP_EXTENT_PAGES;
    count->large_after += large(true);
    if ( map.order == MEMMAP_HUGE_ORDER &&
         !((map.move[0].to - map.move[0].from) & (HUGE - 1)) )
    {
        count->huge_before += HUGE;
        count->huge_after += host_huge_in(&host, map.move[0].to,
                                          map.move[0].pages);
    }

    /* The same by page moves, as a guest that may not balloon has it. */
    build();
    host.max_order = 0;
    if ( memmap_move(&ops, &host, &plan, &now, &moved) || !check_truth() ||
         !moved_all() )
        return *why ? false : wrong("RAM does not move page by page");
    count->large_by_pages += large(true);
    return true;
}

static struct host_fault draw_fault(unsigned int call, unsigned int way)
{
    static const struct host_fault ways[] = {
        { .kind = HOST_FAULT_STOP, .err = HOST_ENOMEM },
        { .kind = HOST_FAULT_STOP, .err = HOST_EPERM },
        { .kind = HOST_FAULT_STOP, .err = HOST_EBUSY },
        { .kind = HOST_FAULT_STOP, .err = HOST_EXDEV },
        { .kind = HOST_FAULT_STOP, .err = HOST_ESRCH },
        { .kind = HOST_FAULT_STOP, .err = HOST_ENOMEM, .done = 1 },
        { .kind = HOST_FAULT_STOP, .err = HOST_ENOMEM, .done = 511 },
        { .kind = HOST_FAULT_STOP, .err = HOST_ENOMEM, .done = 512 },
        { .kind = HOST_FAULT_STOP, .err = HOST_EBUSY, .done = 1800 },
        { .kind = HOST_FAULT_STOP, .err = HOST_ENOMEM, .done = 15 * 512 },
        { .kind = HOST_FAULT_ASTRAY, .err = HOST_ENOMEM },
        { .kind = HOST_FAULT_ASTRAY, .err = HOST_ENOMEM, .done = 1 },
        { .kind = HOST_FAULT_ASTRAY, .err = HOST_ENOMEM, .done = 700 },
        { .kind = HOST_FAULT_HALF, .err = HOST_ENOMEM },
        { .kind = HOST_FAULT_HALF, .err = HOST_ENOMEM, .done = 1024 },
        { .kind = HOST_FAULT_THEFT },
        { .kind = HOST_FAULT_THEFT, .done = 300 },
        { .kind = HOST_FAULT_THEFT, .done = 3 * 512 + 5 },
        /* "Not RAM": of the old Xen and of the new. */
        { .kind = HOST_FAULT_STOP, .err = HOST_EINVAL },
        { .kind = HOST_FAULT_STOP, .err = HOST_EACCES },
        { .kind = HOST_FAULT_STOP, .err = HOST_EINVAL, .done = 700 },
        { .kind = HOST_FAULT_STOP, .err = HOST_EACCES, .done = 700 },
        { .kind = HOST_FAULT_STOP, .err = HOST_ENXIO, .done = 3 },
        { .kind = HOST_FAULT_FRAGMENT },
        { .kind = HOST_FAULT_POOL },
        { .kind = HOST_FAULT_POOL, .done = 1 },
        { .kind = HOST_FAULT_POOL, .done = 5 },
        { .kind = HOST_FAULT_IOMMU },
        { .kind = HOST_FAULT_IOMMU, .done = 700 },
    };
    struct host_fault f = { .kind = HOST_FAULT_NONE };

    if ( way < sizeof(ways) / sizeof(ways[0]) )
    {
        f = ways[way];
        f.call = call;
    }
    return f;
}

static bool try_map(unsigned int pairs, struct faults_count *count)
{
    const bool huge = count->maps % HUGE_MAPS == HUGE_MAPS / 2;
    unsigned int ways = 0;
    uint64_t calls, share, draw, n;

    draw_map(huge, count->maps / HUGE_MAPS % 2 == 0,
             count->maps % RARE_MAPS);
    if ( !run_clean(count) )
        return false;
    build();
    memmap_move(&ops, &host, &plan, &now, &moved);
    calls = host.calls;

    while ( draw_fault(0, ways).kind )
        ways++;
    /* What fails in 1 GiB is looked for page by page. */
    share = 1 + (calls + (huge ? HUGE / 4 : 0)) * calls * ways /
                MAP_CALLS;
    for ( uint64_t c = 0; c < calls; c++ )
        for ( unsigned int w = 0; w < ways; w++ )
        {
            if ( (c + w) % share )
                continue;
            build();
            host.fault[0] = draw_fault(c, w);
            count->single++;
            if ( !run(count, false) )
                return false;
        }

    n = pairs * calls / share;
    for ( ; n; n-- )
    {
        draw = rnd(1000);
        build();
        host.fault[0] = draw_fault(rnd(calls), rnd(ways));
        host.fault[1] = draw_fault(host.fault[0].call + 1 +
                                   rnd(draw < 500 ? 4 : 1500), rnd(ways));
        count->pairs++;
        if ( !run(count, chance(30)) )
            return false;
    }
    return true;
}

/* Of so few maps anything, of so few what one map in ten has, may be missing. */
#define FEW_MAPS  40
#define SOME_MAPS 100

/* Of each thing that is to happen so much a map. */
static bool enough(const struct faults_count *c)
{
    const uint64_t some = c->maps < SOME_MAPS ? 0 : c->maps;
    const struct { const char *name; uint64_t nr, least; } floor[] = {
        { "with one failure", c->single, 50 * c->maps },
        { "RAM moved in spite of it", c->healed, 40 * c->maps },
        { "RAM came home", c->undone, 30 * c->maps },
        { "pages were lost", c->lost, 4 * c->maps },
        { "some stayed away", c->stuck, 4 * c->maps },
        { "the device model held pages", c->held, some },
        { "the IOMMU ended the domain", c->ended, some },
        { "pages in whole extents", c->by_extents, 400 * c->maps },
        { "pages one by one", c->by_pages, 400 * c->maps },
        { "pages in 1 GiB entries", c->huge_before, some / SOME_MAPS },
    };

    for ( unsigned int i = 0;
          c->maps >= FEW_MAPS && i < sizeof(floor) / sizeof(floor[0]); i++ )
        if ( floor[i].nr < floor[i].least )
            return wrong("nothing is tested: \"%s\" %" PRIu64 " times, less than %"
                         PRIu64, floor[i].name, floor[i].nr, floor[i].least);
    if ( c->large_after != c->large_before || c->huge_after != c->huge_before )
        return wrong("of %" PRIu64 " pages that large entries mapped %" PRIu64
                     " are so after", c->large_before + c->huge_before,
                     c->large_after + c->huge_after);
    return true;
}

const char *faults(uint64_t seed, uint64_t nr, unsigned int pairs,
                   struct faults_count *count)
{
    memset(count, 0, sizeof(*count));
    *why = 0;
    for ( ; count->maps < nr; count->maps++ )
    {
        state = seed ^ count->maps * 0xd1342543de82ef95ull;
        if ( !try_map(pairs, count) )
        {
            size_t used = strlen(why);

            snprintf(why + used, sizeof(why) - used, " (map %" PRIu64
                     " of seed %#" PRIx64 ", faults kind %u call %u, %u %u)",
                     count->maps, seed, host.fault[0].kind, host.fault[0].call,
                     host.fault[1].kind, host.fault[1].call);
            return why;
        }
    }
    if ( !enough(count) )
    {
        size_t used = strlen(why);

        snprintf(why + used, sizeof(why) - used, " (%" PRIu64 " maps of seed %#"
                 PRIx64 ")", count->maps, seed);
        return why;
    }
    return NULL;
}
