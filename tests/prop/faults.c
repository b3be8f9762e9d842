/* SPDX-License-Identifier: MIT */
/*
 * The mover against a host that fails.
 *
 * A map is RAM in one or more pieces and moves from it.  It is first done where
 * nothing fails, which tells the hypercalls that it takes.  Then each of these
 * fails once, in each way that Xen has: an error before anything was done, an
 * error or a short count half way, a page or extent that is taken and then
 * cannot be mapped, and somebody who takes the host's memory at that moment.
 *
 * What must hold, whatever failed:
 *  - what the layout says is RAM is RAM in the p2m, and nothing else is;
 *  - what it does not say any more is counted as lost, and nothing is lost but
 *    for want of memory, and then no more than a batch, or 1 GiB if that is what
 *    Xen lets the guest handle;
 *  - RAM that was not to move still holds what it held;
 *  - nothing that is populated is written over.
 */
#include "faults.h"

#include <inttypes.h>
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
/* What libxl lets a guest have beyond its RAM: 1 MiB. */
#define SLACK     256u

static struct map {
    struct { uint64_t gfn, pages; } ram[MAX_MOVES];
    unsigned int nr_ram;
    struct memmap_move move[MAX_MOVES];
    unsigned int nr_moves;
    uint64_t ram_pages, moved_pages, extents;
    unsigned int looks;         /* hypercalls that find the destinations empty */
    unsigned int order;         /* that Xen lets the guest handle */
    bool iommu, tight, old;
} map;

static struct host host;
static struct memmap_range range[2 * MEMMAP_MAX_ENTRIES];
static struct memmap_layout now;
static struct memmap_plan plan = { .move = map.move };
static struct memmap_moved moved;

static int op_add_to_physmap(void *opaque, uint64_t from, uint64_t to,
                             unsigned int pages)
{
    return host_add_to_physmap(opaque, from, to, pages);
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
    return host_decrease(opaque, gfns, nr, order);
}

static int op_populate(void *opaque, uint64_t gfn, unsigned int nr,
                       unsigned int order)
{
    uint64_t gfns[MEMMAP_EXTENT_BATCH];

    list(gfns, gfn, nr, order);
    return host_populate(opaque, gfns, nr, order);
}

static const struct memmap_p2m_ops ops = {
    .add_to_physmap = op_add_to_physmap,
    .decrease = op_decrease,
    .populate = op_populate,
};

/* What is to be known of the last move. */
static void account(uint64_t ram_pages)
{
    const struct memmap_move *m = &map.move[map.nr_moves - 1];
    uint64_t head = -m->from & (MEMMAP_EXTENT_PAGES - 1);

    map.ram_pages += ram_pages;
    map.moved_pages += m->pages;
    map.looks += (m->pages + MEMMAP_EXTENT_PAGES - 1) / MEMMAP_EXTENT_PAGES + 1;
    if ( m->pages > head && !((m->to - m->from) & (MEMMAP_EXTENT_PAGES - 1)) )
        map.extents += (m->pages - head) / MEMMAP_EXTENT_PAGES;
}

/* 1 GiB with something before and behind it. */
static void draw_huge(void)
{
    const uint64_t align = chance(80) ? HUGE : MEMMAP_EXTENT_PAGES;
    const uint64_t head = chance(30) ? 0 : rnd(3 * MEMMAP_EXTENT_PAGES);
    struct memmap_move *m = &map.move[0];

    map.nr_ram = map.nr_moves = 1;
    m->from = HUGE - head;
    m->pages = head + HUGE + (chance(30) ? 0 : rnd(3 * MEMMAP_EXTENT_PAGES));
    m->to = 0x100000 + rnd(4) * 256;
    m->to += (m->from - m->to) & (align - 1);
    map.ram[0].gfn = m->from - rnd(700);
    map.ram[0].pages = m->from - map.ram[0].gfn + m->pages + rnd(300);
    if ( chance(70) )
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

static void draw_map(bool huge)
{
    memset(&map, 0, sizeof(map));
    map.order = MEMMAP_EXTENT_ORDER;
    if ( huge )
        draw_huge();
    else
        draw_pieces();
    map.iommu = chance(30);
    map.tight = chance(50);
    map.old = chance(30);
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
    host_enlarge(&host);
    host.iommu = map.iommu;
    host.no_ram = map.old ? HOST_EINVAL : HOST_EACCES;
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

/* Once with the faults that host has; then, if it went well, back again. */
static bool run(struct faults_count *count, bool and_back)
{
    int rc = memmap_move(&ops, &host, &plan, &now, &moved);
    uint64_t most = map.order == MEMMAP_HUGE_ORDER ? HUGE : BATCH;

    count->hypercalls += host.calls;
    if ( !check_truth() )
        return false;
    if ( moved.lost_pages > (host.failures > 1 ? 2 : 1) * most )
        return wrong("%" PRIu64 " pages are lost", moved.lost_pages);
    if ( moved.lost_pages && host.failures == 1 &&
         host.fault[0].kind == HOST_FAULT_STOP )
        return wrong("a call failed that took nothing, and %" PRIu64
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
    if ( rc && !moved.lost_pages && host.failures < 2 && !at_home() )
        return wrong("one thing failed, and not all RAM came home");
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
    build();
    count->large_before += large(false);
    if ( !run(count, false) )
        return false;
    if ( moved.extents != map.extents )
        return wrong("%" PRIu64 " extents moved whole, %" PRIu64 " could have",
                     moved.extents, map.extents);
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
    unsigned int calls, ways = 0, n;
    uint64_t draw;

    draw_map(count->maps % HUGE_MAPS == HUGE_MAPS / 2);
    if ( !run_clean(count) )
        return false;
    build();
    memmap_move(&ops, &host, &plan, &now, &moved);
    calls = host.calls;

    while ( draw_fault(0, ways).kind )
        ways++;
    /* Nothing can fail a look at a gfn where there is nothing. */
    for ( unsigned int c = map.looks; c < calls; c++ )
        for ( unsigned int w = 0; w < ways; w++ )
        {
            build();
            host.fault[0] = draw_fault(c, w);
            count->single++;
            if ( !run(count, false) )
                return false;
        }

    for ( n = pairs * (calls - map.looks); n; n-- )
    {
        draw = rnd(1000);
        build();
        host.fault[0] = draw_fault(map.looks + rnd(calls - map.looks),
                                   rnd(ways));
        host.fault[1] = draw_fault(host.fault[0].call + 1 +
                                   rnd(draw < 500 ? 4 : 1500), rnd(ways));
        count->pairs++;
        if ( !run(count, chance(30)) )
            return false;
    }
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
    return NULL;
}
