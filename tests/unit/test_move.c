/* SPDX-License-Identifier: MIT */
/*
 * The mover (hvmloader/move.h), in a p2m that follows Xen's rules.
 *
 * XENMEM_add_to_physmap does many pages with one call, and when it fails it does
 * not say how many it did.  What the mover promises is not that RAM moves, but
 * that the layout it leaves behind is true: a page that is said to be where it is
 * not is lost to the guest and to every device.  So each test here ends by
 * looking up every page by the name it was built with.
 */
#include "suites.h"

#include <string.h>

#include "host.h"
#include "move.h"

static struct host host;
static struct memmap_range storage[MEMMAP_MAX_ENTRIES];
static struct memmap_layout now;
static struct memmap_move moves[64];
static struct memmap_plan plan = { .move = moves, .max_moves = 64 };
static struct memmap_moved moved;
static unsigned int largest, most;
static bool no_odd_pages;               /* populated one by one */
static bool two_of_four;                /* moved with others */

static int add_to_physmap(void *opaque, uint64_t from, uint64_t to,
                          unsigned int pages)
{
    REQUIRE(opaque == &host);
    REQUIRE(pages >= 1 && pages <= 65535);
    if ( pages > largest )
        largest = pages;
    if ( two_of_four && from != to )
    {
        for ( unsigned int i = 0; i < pages; i += 4 )
            REQUIRE(!host_add_to_physmap(&host, from + i, to + i, 2));
        return HOST_ENOMEM;
    }
    return host_add_to_physmap(&host, from, to, pages);
}

static bool is_empty(void *opaque, uint64_t gfn)
{
    REQUIRE(opaque == &host);
    return host_is_empty(&host, gfn);
}

static unsigned int extents(uint64_t *gfns, uint64_t gfn, unsigned int nr,
                            unsigned int order)
{
    REQUIRE(nr >= 1 && nr <= MEMMAP_EXTENT_BATCH);
    REQUIRE(order == 0 || order == MEMMAP_EXTENT_ORDER ||
            (order == MEMMAP_HUGE_ORDER && nr == 1));
    REQUIRE(!(gfn & ((1u << order) - 1)));
    for ( unsigned int i = 0; i < nr; i++ )
        gfns[i] = gfn + ((uint64_t)i << order);
    if ( order && nr > most )
        most = nr;
    return nr;
}

static int decrease(void *opaque, uint64_t gfn, unsigned int nr,
                    unsigned int order)
{
    uint64_t gfns[MEMMAP_EXTENT_BATCH];

    REQUIRE(opaque == &host);
    return host_decrease(&host, gfns, extents(gfns, gfn, nr, order), order);
}

static int populate(void *opaque, uint64_t gfn, unsigned int nr,
                    unsigned int order)
{
    uint64_t gfns[MEMMAP_EXTENT_BATCH];

    REQUIRE(opaque == &host);
    if ( no_odd_pages && !order && (gfn & 1) )
        return 0;
    return host_populate(&host, gfns, extents(gfns, gfn, nr, order), order);
}

static const struct memmap_p2m_ops ops = {
    .add_to_physmap = add_to_physmap,
    .is_empty = is_empty,
    .decrease = decrease,
    .populate = populate,
};

static void ram(uint64_t gfn, uint64_t pages)
{
    const struct memmap_range r = { .gfn = gfn, .pages = pages, .source = gfn,
                                    .type = MEMMAP_TYPE_RAM };

    host_set(&host, gfn, pages, gfn, HOST_RAM);
    REQUIRE(memmap_layout_set(&now, &r));
}

static void move(uint64_t from, uint64_t to, uint64_t pages)
{
    plan.move[plan.nr_moves++] = (struct memmap_move){ from, to, pages };
    plan.moved_pages += pages;
}

static void setup(void)
{
    host_init(&host);
    memmap_layout_init(&now, storage, MEMMAP_MAX_ENTRIES);
    plan.nr_moves = 0;
    plan.moved_pages = 0;
    memset(&moved, 0, sizeof(moved));
    largest = most = 0;
    no_odd_pages = two_of_four = false;
}

/* Two moves from one range, as around a block that the device model owns. */
static void two_moves(void)
{
    setup();
    ram(0, 100);
    move(80, 1000, 8);
    move(88, 2000, 12);
}

static void assert_true_layout(uint64_t pages)
{
    for ( unsigned int i = 0; i < now.nr; i++ )
    {
        const struct memmap_range *e = &now.range[i];

        for ( uint64_t off = 0; off < e->pages; )
        {
            struct host_run r = host_get(&host, e->gfn + off);

            if ( r.type == HOST_NONE ||
                 (r.name != e->source + off && r.name < HOST_FRESH) )
                ck_abort_msg("gfn %#llx is not what the layout says",
                             (unsigned long long)(e->gfn + off));
            off += r.pages;
        }
    }
    REQUIRE(memmap_layout_pages(&now, MEMMAP_TYPE_RAM) == pages);
    REQUIRE(host_pages(&host) == pages);
    REQUIRE(!host.freed);
    REQUIRE(!host.replaced);
    REQUIRE(!host.crashed);
}

/* Where the destination is empty an older Xen gives another error for it. */
START_TEST(older_xen)
{
    two_moves();
    host.old = true;
    ck_assert_int_eq(memmap_move(&ops, &host, &plan, &now, &moved), 0);
    assert_true_layout(100);
    ck_assert_uint_eq(host_get(&host, 1000).name, 80);

    two_moves();
    host.old = true;
    host.fail_after = 3;
    host.fail_err = HOST_ENOMEM;
    ck_assert_int_eq(memmap_move(&ops, &host, &plan, &now, &moved), HOST_ENOMEM);
    assert_true_layout(100);
    ck_assert(memmap_layout_covers(&now, MEMMAP_TYPE_RAM, 0, 100));
}
END_TEST

START_TEST(all_goes_well)
{
    two_moves();
    ck_assert_int_eq(memmap_move(&ops, &host, &plan, &now, &moved), 0);
    assert_true_layout(100);
    ck_assert_uint_eq(host.calls, 2);
    ck_assert_uint_eq(host_get(&host, 1000).name, 80);
    ck_assert_uint_eq(host_get(&host, 2011).name, 99);
    ck_assert(!memmap_layout_overlaps(&now, MEMMAP_TYPE_RAM, 80, 20));

    ck_assert_int_eq(memmap_move_back(&ops, &host, &plan, &now, &moved), 0);
    assert_true_layout(100);
    ck_assert_uint_eq(now.nr, 1);
    ck_assert_uint_eq(host.nr, 1);
}
END_TEST

START_TEST(nothing_to_do)
{
    setup();
    ram(0, 10);
    ck_assert_int_eq(memmap_move(&ops, &host, &plan, &now, &moved), 0);
    ck_assert_int_eq(memmap_move_back(&ops, &host, &plan, &now, &moved), 0);
    ck_assert_uint_eq(host.calls, 0);
    assert_true_layout(10);
}
END_TEST

/* The size of one hypercall has 16 bits; these are not aligned alike. */
START_TEST(large_moves)
{
    setup();
    ram(0, 400000);
    move(100000, 1000001, 200000);
    ck_assert_int_eq(memmap_move(&ops, &host, &plan, &now, &moved), 0);
    assert_true_layout(400000);
    ck_assert_uint_eq(host.calls, 4);
    ck_assert_uint_eq(largest, 65535);
    ck_assert_int_eq(memmap_move_back(&ops, &host, &plan, &now, &moved), 0);
    assert_true_layout(400000);
    ck_assert_uint_eq(now.nr, 1);
}
END_TEST

/* A failure after each page, that lasts for each number of tries. */
START_TEST(failure_anywhere)
{
    for ( int after = 0; after <= 20; after++ )
        for ( unsigned int again = 0; again < 24; again++ )
        {
            int rc;

            two_moves();
            host.iommu = again & 1;
            host.fail_after = after;
            host.fail_err = HOST_ENOMEM;
            host.fail_again = again;
            rc = memmap_move(&ops, &host, &plan, &now, &moved);
            REQUIRE(rc == (after < 20 ? HOST_ENOMEM : 0));
            assert_true_layout(100);
            /* What failed once and then worked leaves no trace. */
            if ( after < 20 && !again )
                REQUIRE(now.nr == 1);
        }
}
END_TEST

START_TEST(failure_on_the_way_back)
{
    for ( int after = 0; after <= 20; after++ )
        for ( unsigned int again = 0; again < 24; again++ )
        {
            int rc;

            two_moves();
            REQUIRE(!memmap_move(&ops, &host, &plan, &now, &moved));
            host.fail_after = after;
            host.fail_err = HOST_ENOMEM;
            host.fail_again = again;
            rc = memmap_move_back(&ops, &host, &plan, &now, &moved);
            REQUIRE(rc == (after < 20 ? HOST_ENOMEM : 0));
            assert_true_layout(100);
        }
}
END_TEST

/* Direct MMIO at the destination, at each page of it. */
START_TEST(destination_taken)
{
    for ( uint64_t page = 0; page < 12; page++ )
    {
        two_moves();
        host_set(&host, 2000 + page, 1, 0, HOST_DIRECT);
        REQUIRE(memmap_move(&ops, &host, &plan, &now, &moved) == HOST_EPERM);
        assert_true_layout(100);
        REQUIRE(now.nr == 1);
        REQUIRE(host_get(&host, 2000 + page).type == HOST_DIRECT);
    }
}
END_TEST

/* A source page that Xen will not move: not plain RAM, or not at home. */
START_TEST(source_will_not_move)
{
    for ( uint64_t page = 80; page < 100; page++ )
    {
        two_moves();
        host_set(&host, page, 1, page, HOST_RAM_AWAY);
        REQUIRE(memmap_move(&ops, &host, &plan, &now, &moved) == HOST_EXDEV);
        assert_true_layout(100);
        REQUIRE(now.nr == 1);
    }
}
END_TEST

/* In the middle of the second of four hypercalls, with the first one done. */
START_TEST(failure_in_a_large_move)
{
    setup();
    ram(0, 400000);
    move(100000, 1000001, 200000);
    host.fail_after = 65535 + 30000;
    host.fail_err = HOST_ENOMEM;
    host.fail_again = 3;
    ck_assert_int_eq(memmap_move(&ops, &host, &plan, &now, &moved), HOST_ENOMEM);
    assert_true_layout(400000);
}
END_TEST

/* A head of 100 pages, 40 extents, a tail of 7. */
#define HEAD   100u
#define WHOLE  40u
#define TAIL   7u
#define EXTENT ((uint64_t)MEMMAP_EXTENT_PAGES)
#define FROM   (4 * EXTENT - HEAD)
#define TO     (2048 * EXTENT - HEAD)
#define PAGES  (HEAD + WHOLE * EXTENT + TAIL)
#define ALL    (64 * EXTENT)
/* At the destination, before anything moves. */
#define LOOKS  (HEAD + WHOLE + TAIL)

static void aligned_alike(void)
{
    setup();
    ram(0, ALL);
    host_enlarge(&host);
    host.max_pages = ALL;
    host.free = 0;
    move(FROM, TO, PAGES);
}

/* What Xen tells of is seen before anything moves, and nothing has been touched. */
START_TEST(destination_is_looked_at)
{
    static const enum host_type there[] = { HOST_RAM, HOST_READONLY, HOST_LOGDIRTY,
                                            HOST_SHARED, HOST_GRANT, HOST_SPECIAL };

    for ( unsigned int i = 0; i < 12 * NELEM(there); i++ )
    {
        const uint64_t gfn = 2000 + i % 12;

        two_moves();
        host_set(&host, gfn, 1, 7777, there[i / 12]);
        REQUIRE(memmap_move(&ops, &host, &plan, &now, &moved) ==
                -MEMMAP_XEN_EEXIST);
        REQUIRE(host.calls == 0);
        REQUIRE(host_get(&host, gfn).type == there[i / 12]);
    }

    /* Of whole extents the first page; of what is left over each. */
    for ( uint64_t gfn = TO; gfn < TO + PAGES; gfn++ )
        if ( gfn <= TO + HEAD || gfn % EXTENT == 0 || gfn >= TO + PAGES - TAIL )
        {
            aligned_alike();
            host_set(&host, gfn, 1, 7777, HOST_RAM);
            REQUIRE(memmap_move(&ops, &host, &plan, &now, &moved) ==
                    -MEMMAP_XEN_EEXIST);
        }
}
END_TEST

START_TEST(extents_move_whole)
{
    aligned_alike();
    ck_assert_int_eq(memmap_move(&ops, &host, &plan, &now, &moved), 0);
    assert_true_layout(ALL);
    ck_assert(memmap_layout_covers(&now, MEMMAP_TYPE_RAM, TO, PAGES));
    ck_assert_uint_eq(moved.extents, WHOLE);
    ck_assert_uint_eq(moved.lost_pages, 0);
    ck_assert_uint_eq(host_large_in(&host, TO, PAGES), WHOLE * EXTENT);
    /* Three batches, twice each, and two page moves. */
    ck_assert_uint_eq(host.calls, 8);
    ck_assert_uint_eq(most, MEMMAP_EXTENT_BATCH);
    ck_assert_uint_eq(host.moved, HEAD + TAIL);
    ck_assert_uint_eq(host_get(&host, TO).name, FROM);
    ck_assert_uint_eq(host_get(&host, TO + PAGES - 1).name, FROM + PAGES - 1);
    /* What never was to move still holds what it held. */
    ck_assert_uint_eq(host_get(&host, 0).pages, FROM);

    ck_assert_int_eq(memmap_move_back(&ops, &host, &plan, &now, &moved), 0);
    assert_true_layout(ALL);
    ck_assert_uint_eq(now.nr, 1);
    ck_assert_uint_eq(moved.lost_pages, 0);
}
END_TEST

/* Neither a range short of an extent nor one without a whole one in it. */
START_TEST(too_short_for_extents)
{
    static const struct { uint64_t from, pages; } c[] = {
        { 512, 511 }, { 511, 512 }, { 1000, 535 }, { 513, 1022 },
    };

    for ( unsigned int i = 0; i < sizeof(c) / sizeof(c[0]); i++ )
    {
        setup();
        ram(0, 4096);
        move(c[i].from, c[i].from + 0x100000, c[i].pages);
        REQUIRE(!memmap_move(&ops, &host, &plan, &now, &moved));
        assert_true_layout(4096);
        REQUIRE(moved.extents == 0);
        REQUIRE(host.calls == 1);
    }
}
END_TEST

/* A whole one and nothing behind it, with a head and without. */
START_TEST(one_extent)
{
    for ( unsigned int head = 0; head <= 24; head += 24 )
    {
        setup();
        ram(0, 4096);
        move(1024 - head, 0x100000 - head, head + EXTENT);
        REQUIRE(!memmap_move(&ops, &host, &plan, &now, &moved));
        assert_true_layout(4096);
        REQUIRE(moved.extents == 1);
    }
}
END_TEST

/* A guest that may not: nothing is asked for a second time. */
START_TEST(no_extents_allowed)
{
    aligned_alike();
    host.max_order = 0;
    ck_assert_int_eq(memmap_move(&ops, &host, &plan, &now, &moved), 0);
    assert_true_layout(ALL);
    ck_assert(memmap_layout_covers(&now, MEMMAP_TYPE_RAM, TO, PAGES));
    ck_assert_uint_eq(moved.extents, 0);
    ck_assert_uint_eq(moved.lost_pages, 0);
    ck_assert_uint_eq(host.moved, PAGES);
    /* The head, one try, a look at each page of one extent, the rest. */
    ck_assert_uint_eq(host.calls, 1 + 1 + 1);
    ck_assert_uint_eq(host.looks, LOOKS + EXTENT);
}
END_TEST

/* The first extents only, then one of which some pages are gone. */
START_TEST(given_back_in_part)
{
    for ( unsigned int done = 0; done <= 16 * EXTENT; done += 171 )
    {
        aligned_alike();
        host.fault[0] = (struct host_fault){ .kind = HOST_FAULT_STOP,
                                             .call = 1, .done = done };
        REQUIRE(!memmap_move(&ops, &host, &plan, &now, &moved));
        assert_true_layout(ALL);
        REQUIRE(memmap_layout_covers(&now, MEMMAP_TYPE_RAM, TO, PAGES));
        REQUIRE(!moved.lost_pages);
        REQUIRE(moved.extents == (done < 16 * EXTENT ? done / EXTENT : WHOLE));
    }
}
END_TEST

/* Somebody takes what was given back, all but some pages. */
START_TEST(stolen_in_between)
{
    for ( unsigned int left = 0; left < 16 * EXTENT; left += 61 )
    {
        const unsigned int batch = MEMMAP_EXTENT_BATCH * EXTENT;
        int rc;

        aligned_alike();
        host.fault[0] = (struct host_fault){ .kind = HOST_FAULT_THEFT,
                                             .call = 4,
                                             .done = left };
        rc = memmap_move(&ops, &host, &plan, &now, &moved);
        REQUIRE(rc == -MEMMAP_XEN_ENOMEM);
        REQUIRE(moved.lost_pages == batch - left);
        assert_true_layout(ALL - moved.lost_pages);
        /* All that is left went home. */
        REQUIRE(!memmap_layout_overlaps(&now, MEMMAP_TYPE_RAM, TO, PAGES));
    }
}
END_TEST

/* Another's page lies where nobody looked: it is not taken for what is gone. */
START_TEST(stolen_beside_an_unseen_page)
{
    aligned_alike();
    host_set(&host, TO + HEAD + 20 * EXTENT + 5, 1, 0, HOST_GRANT);
    host.fault[0] = (struct host_fault){ .kind = HOST_FAULT_THEFT, .call = 4 };
    ck_assert_int_eq(memmap_move(&ops, &host, &plan, &now, &moved),
                     -MEMMAP_XEN_ENOMEM);
    ck_assert_uint_eq(moved.lost_pages, MEMMAP_EXTENT_BATCH * EXTENT);
    assert_true_layout(ALL - moved.lost_pages);
}
END_TEST

/* No room at the destination, room again where it was. */
START_TEST(populated_where_it_was)
{
    for ( unsigned int call = 2; call < 8; call += 2 )
    {
        aligned_alike();
        host.fault[0] = (struct host_fault){ .kind = HOST_FAULT_STOP,
                                             .call = call,
                                             .done = 1000,
                                             .err = HOST_ENOMEM };
        REQUIRE(!memmap_move(&ops, &host, &plan, &now, &moved));
        assert_true_layout(ALL);
        REQUIRE(memmap_layout_covers(&now, MEMMAP_TYPE_RAM, TO, PAGES));
        REQUIRE(!moved.lost_pages);
        /* As extents: a look at each page and one call, not a call a page. */
        REQUIRE(host.calls < 16 * (EXTENT + 2));
    }
}
END_TEST

/* Nor whole extents there: page by page. */
START_TEST(populated_page_by_page)
{
    aligned_alike();
    host.fault[0] = (struct host_fault){ .kind = HOST_FAULT_STOP,
                                         .call = 2 };
    host.fault[1] = (struct host_fault){ .kind = HOST_FAULT_STOP,
                                         .call = 3 };
    ck_assert_int_eq(memmap_move(&ops, &host, &plan, &now, &moved), 0);
    assert_true_layout(ALL);
    ck_assert_uint_eq(host.failures, 2);
    ck_assert(memmap_layout_covers(&now, MEMMAP_TYPE_RAM, TO, PAGES));
    ck_assert_uint_eq(moved.lost_pages, 0);
}
END_TEST

/* A p2m without 2 MiB entries: half of the extent is at the destination. */
START_TEST(half_of_an_extent)
{
    aligned_alike();
    host.max_pages += EXTENT;
    host.free = EXTENT;
    host.fault[0] = (struct host_fault){ .kind = HOST_FAULT_HALF,
                                         .call = 2, .done = EXTENT };
    ck_assert_int_eq(memmap_move(&ops, &host, &plan, &now, &moved), 0);
    assert_true_layout(ALL);
    ck_assert(memmap_layout_covers(&now, MEMMAP_TYPE_RAM, TO, PAGES));
    ck_assert_uint_eq(moved.extents, 1);
    ck_assert_uint_eq(moved.lost_pages, 0);
}
END_TEST

/* A head of 100 pages, 3 extents, 1 GiB, 2 extents, a tail of 7. */
#define HUGE   ((uint64_t)MEMMAP_HUGE_PAGES)
#define H_FROM (2 * HUGE - 3 * EXTENT - HEAD)
#define H_TO   (6 * HUGE - 3 * EXTENT - HEAD)
#define H_PAGES (HEAD + 5 * EXTENT + HUGE + TAIL)
#define H_ALL  (5 * HUGE)
/* After head and first batch: the 1 GiB is given back, then populated. */
#define H_CALL (1 + 2)

static void with_a_gigabyte(void)
{
    setup();
    ram(0, H_ALL);
    host_enlarge(&host);
    host.max_order = MEMMAP_HUGE_ORDER;
    host.max_pages = H_ALL;
    host.free = 0;
    move(H_FROM, H_TO, H_PAGES);
}

static void assert_moved(void)
{
    assert_true_layout(H_ALL);
    REQUIRE(memmap_layout_covers(&now, MEMMAP_TYPE_RAM, H_TO, H_PAGES));
    REQUIRE(!moved.lost_pages);
}

START_TEST(gigabytes_move_whole)
{
    with_a_gigabyte();
    ck_assert_uint_eq(host_huge_in(&host, 0, H_ALL), H_ALL);
    ck_assert_int_eq(memmap_move(&ops, &host, &plan, &now, &moved), 0);
    assert_moved();
    ck_assert_uint_eq(moved.extents, 512 + 5);
    ck_assert_uint_eq(host_huge_in(&host, H_TO, H_PAGES), HUGE);
    ck_assert_uint_eq(host_large_in(&host, H_TO, H_PAGES), HUGE + 5 * EXTENT);
    /* The head, three times two, the tail. */
    ck_assert_uint_eq(host.calls, 1 + 2 + 2 + 2 + 1);

    ck_assert_int_eq(memmap_move_back(&ops, &host, &plan, &now, &moved), 0);
    assert_true_layout(H_ALL);
    ck_assert_uint_eq(now.nr, 1);
}
END_TEST

/* Neither where there is none as a whole, nor where it would not lie as it did. */
START_TEST(no_gigabyte_to_move)
{
    static const struct { uint64_t from, to, pages; } c[] = {
        { HUGE, 8 * HUGE, HUGE - 1 },
        { HUGE + 1, 8 * HUGE + 1, HUGE },
        { HUGE + EXTENT, 8 * HUGE + EXTENT, 2 * HUGE - EXTENT - 1 },
        { HUGE, 8 * HUGE + EXTENT, 2 * HUGE },
    };

    for ( unsigned int i = 0; i < NELEM(c); i++ )
    {
        with_a_gigabyte();
        plan.move[0] = (struct memmap_move){ c[i].from, c[i].to, c[i].pages };
        REQUIRE(!memmap_move(&ops, &host, &plan, &now, &moved));
        assert_true_layout(H_ALL);
        REQUIRE(memmap_layout_covers(&now, MEMMAP_TYPE_RAM, c[i].to,
                                     c[i].pages));
        REQUIRE(most == MEMMAP_EXTENT_BATCH);
        REQUIRE(host_huge_in(&host, 0, 16 * HUGE) <= H_ALL - HUGE);
        REQUIRE(!host_huge_in(&host, c[i].to, c[i].pages));
    }
}
END_TEST

/* A guest that may not: 2 MiB then, and it is not asked for a second time. */
START_TEST(no_gigabyte_allowed)
{
    with_a_gigabyte();
    host.max_order = MEMMAP_EXTENT_ORDER;
    plan.move[0].pages += HUGE;
    ck_assert_int_eq(memmap_move(&ops, &host, &plan, &now, &moved), 0);
    assert_moved();
    ck_assert_uint_eq(moved.extents, 2 * 512 + 5);
    ck_assert_uint_eq(host_large_in(&host, H_TO, H_PAGES + HUGE),
                      2 * HUGE + 5 * EXTENT);
    /* The head, a batch, one try, 65 batches, the tail. */
    ck_assert_uint_eq(host.calls, 1 + 2 + 1 + 65 * 2 + 1);
}
END_TEST

/* The host has no 1 GiB in one piece, and 2 MiB for all, for some, for none. */
START_TEST(gigabyte_populated_in_extents)
{
    for ( unsigned int good = 0; good <= 512; good += good < 8 ? 1 : 63 )
    {
        with_a_gigabyte();
        plan.move[0].pages += HUGE;
        host.fault[0] = (struct host_fault){ .kind = HOST_FAULT_STOP,
                                             .call = H_CALL + 1, .done = 1000 };
        if ( good < 512 )
            host.fault[1] = (struct host_fault){
                .kind = HOST_FAULT_STOP, .call = H_CALL + 2 + good,
                .err = good & 1 ? HOST_ENOMEM : 0 };
        REQUIRE(!memmap_move(&ops, &host, &plan, &now, &moved));
        assert_moved();
        /* None is tried after one that failed; all are, after 1 GiB has. */
        REQUIRE(moved.extents == 3 + (good < 512 ? good : 2 * 512 + 2));
        REQUIRE(!host_huge_in(&host, H_TO, H_PAGES + HUGE));
        REQUIRE(now.nr == 3);
    }
}
END_TEST

START_TEST(gigabyte_given_back_in_part)
{
    static const unsigned int done[] = { 0, 1, 511, 512, 200000, HUGE - 1 };

    for ( unsigned int i = 0; i < NELEM(done); i++ )
    {
        with_a_gigabyte();
        host.fault[0] = (struct host_fault){ .kind = HOST_FAULT_STOP,
                                             .call = H_CALL,
                                             .done = done[i] };
        REQUIRE(!memmap_move(&ops, &host, &plan, &now, &moved));
        assert_moved();
        REQUIRE(moved.extents == 512 + 5);
        /* A look at each page if any is gone. */
        REQUIRE(done[i] ? host.looks > HUGE : host.looks < 1000);
    }
}
END_TEST

/* As above; and then the page of another's ends the domain. */
START_TEST(gigabyte_beside_an_unseen_page)
{
    const uint64_t gfn = H_TO + HEAD + 3 * EXTENT + 5;

    with_a_gigabyte();
    host_set(&host, gfn, 1, 0, HOST_GRANT);
    host.fault[0] = (struct host_fault){ .kind = HOST_FAULT_STOP,
                                         .call = H_CALL, .done = 511 };
    REQUIRE(memmap_move(&ops, &host, &plan, &now, &moved));
    REQUIRE(host.crashed);
    REQUIRE(!memmap_layout_overlaps(&now, MEMMAP_TYPE_RAM, gfn, 1));
}
END_TEST

/* What there is of it stays and is not written over. */
START_TEST(half_of_a_gigabyte)
{
    with_a_gigabyte();
    host.max_pages += HUGE / 2;
    host.free = HUGE / 2;
    host.fault[0] = (struct host_fault){ .kind = HOST_FAULT_HALF,
                                         .call = H_CALL + 1, .done = 5 };
    ck_assert_int_eq(memmap_move(&ops, &host, &plan, &now, &moved), 0);
    assert_moved();
    ck_assert_uint_eq(moved.extents, 3);
}
END_TEST

/* Somebody takes it, all but some pages: what is left went home, the rest is said. */
START_TEST(gigabyte_stolen_in_between)
{
    static const unsigned int left[] = { 0, 1, 511, 512, 100000, HUGE - 1 };

    for ( unsigned int i = 0; i < NELEM(left); i++ )
    {
        with_a_gigabyte();
        host.fault[0] = (struct host_fault){ .kind = HOST_FAULT_THEFT,
                                             .call = H_CALL + 1,
                                             .done = left[i] };
        REQUIRE(memmap_move(&ops, &host, &plan, &now, &moved) ==
                -MEMMAP_XEN_ENOMEM);
        REQUIRE(moved.lost_pages == HUGE - left[i]);
        assert_true_layout(H_ALL - moved.lost_pages);
        REQUIRE(!memmap_layout_overlaps(&now, MEMMAP_TYPE_RAM, H_TO, H_PAGES));
    }
}
END_TEST

/* Taken from its place and then nowhere: there is a new page, or it is said. */
START_TEST(page_gone_astray)
{
    for ( unsigned int done = 0; done < 20; done++ )
        for ( unsigned int quota = 100; quota <= 101; quota++ )
        {
            int rc;

            two_moves();
            host.max_pages = quota;
            host.fault[0] = (struct host_fault){
                .kind = HOST_FAULT_ASTRAY, .call = (done >= 8),
                .done = done < 8 ? done : done - 8, .err = HOST_ENOMEM };
            rc = memmap_move(&ops, &host, &plan, &now, &moved);
            REQUIRE(rc == HOST_ENOMEM);
            REQUIRE(moved.lost_pages == 101 - quota);
            assert_true_layout(quota - 1);
            REQUIRE(!memmap_layout_overlaps(&now, MEMMAP_TYPE_RAM, 1000, 1020));
        }
}
END_TEST

/* The same on the way back; what can goes home all the same. */
START_TEST(page_gone_astray_on_the_way_back)
{
    two_moves();
    host.max_pages = 100;
    REQUIRE(!memmap_move(&ops, &host, &plan, &now, &moved));
    host.fault[0] = (struct host_fault){ .kind = HOST_FAULT_ASTRAY,
                                         .call = 2, .done = 5,
                                         .err = HOST_ENOMEM };
    REQUIRE(memmap_move_back(&ops, &host, &plan, &now, &moved) == HOST_ENOMEM);
    REQUIRE(moved.lost_pages == 1);
    assert_true_layout(99);
    REQUIRE(!memmap_layout_overlaps(&now, MEMMAP_TYPE_RAM, 1000, 1020));
    REQUIRE(!memmap_layout_covers(&now, MEMMAP_TYPE_RAM, 93, 1));
}
END_TEST

/* Somebody parked RAM where RAM is to go: seen before a page is given back. */
START_TEST(destination_populated)
{
    for ( unsigned int i = 0; i <= WHOLE + 1; i++ )
    {
        uint64_t gfn = i <= WHOLE ? TO + i * EXTENT : TO + PAGES - 1;
        unsigned int before;

        aligned_alike();
        move(0x400, TO + PAGES, 1);
        host_set(&host, gfn, i <= WHOLE ? 200 : 1, 1ull << 40, HOST_RAM);
        before = host_pages(&host);
        REQUIRE(memmap_move(&ops, &host, &plan, &now, &moved) ==
                -MEMMAP_XEN_EEXIST);
        REQUIRE(now.nr == 1);
        REQUIRE(host_pages(&host) == before);
        REQUIRE(!host.given && !host.moved && !host.freed && !host.replaced);
    }
}
END_TEST

/* Only the last of several moves goes where something is. */
START_TEST(last_destination_populated)
{
    two_moves();
    host_set(&host, 2011, 1, 1ull << 40, HOST_RAM);
    ck_assert_int_eq(memmap_move(&ops, &host, &plan, &now, &moved),
                     -MEMMAP_XEN_EEXIST);
    ck_assert_uint_eq(host.moved, 0);
}
END_TEST

START_TEST(guests_whose_ram_stays)
{
    static const struct { struct memmap_memory m; bool stays; } c[] = {
        { { 0 }, false },
        { { .ram_pages = 100 }, false },
        { { .ram_pages = 100, .populated = 100 }, false },
        { { .ram_pages = 100, .populated = 99 }, true },
        { { .ram_pages = 100, .populated = 4200 }, false },
        { { .target = 1000, .static_max = 1000 }, false },
        { { .target = 999, .static_max = 1000 }, true },
        { { .target = 992, .videoram = 8, .static_max = 1000 }, false },
        { { .target = 991, .videoram = 8, .static_max = 1000 }, true },
        { { .target = 1000 }, false },
        { { .static_max = 1000 }, false },
        { { .vnodes = 1 }, true },
        { { .told = true, .ram_pages = 100, .populated = 4200 }, true },
    };

    for ( unsigned int i = 0; i < sizeof(c) / sizeof(c[0]); i++ )
        ck_assert_msg(!!memmap_move_refusal(&c[i].m) == c[i].stays, "case %u", i);
}
END_TEST

/* What moved of a call that failed goes home with one. */
START_TEST(home_in_runs)
{
    two_moves();
    host.fault[0] = (struct host_fault){ .kind = HOST_FAULT_STOP, .done = 5,
                                         .call = 0, .err = HOST_EBUSY };
    REQUIRE(memmap_move(&ops, &host, &plan, &now, &moved) == HOST_EBUSY);
    assert_true_layout(100);
    REQUIRE(now.nr == 1);
    /* It, two looks at each page that moved, one at the others, and back. */
    ck_assert_uint_eq(host.calls, 1 + 1);
    ck_assert_uint_eq(host.looks, 20 + 5 * 2 + 3);
}
END_TEST

/* One page cannot go home, ever; all others do. */
START_TEST(one_page_stays_away)
{
    for ( uint64_t page = 0; page < 20; page++ )
    {
        const uint64_t away = page < 8 ? 1000 + page : 2000 + page - 8;

        two_moves();
        REQUIRE(!memmap_move(&ops, &host, &plan, &now, &moved));
        host_set(&host, 80 + page, 1, 0, HOST_DIRECT);
        REQUIRE(memmap_move_back(&ops, &host, &plan, &now, &moved) ==
                HOST_EPERM);
        assert_true_layout(100);
        REQUIRE(memmap_layout_covers(&now, MEMMAP_TYPE_RAM, 0, 80 + page));
        REQUIRE(page == 19 || memmap_layout_covers(&now, MEMMAP_TYPE_RAM,
                                                   81 + page, 19 - page));
        REQUIRE(memmap_layout_covers(&now, MEMMAP_TYPE_RAM, away, 1));
    }
}
END_TEST

/* Xen says no to everything: whatever is asked, nothing moved. */
START_TEST(denied)
{
    aligned_alike();
    host.fail_after = 0;
    host.fail_err = HOST_EPERM;
    host.fail_again = 1u << 30;
    host.max_order = 0;
    host.max_pages = 0;
    ck_assert_int_eq(memmap_move(&ops, &host, &plan, &now, &moved), HOST_EPERM);
    assert_true_layout(ALL);
    ck_assert_uint_eq(now.nr, 1);
    ck_assert_uint_eq(moved.lost_pages, 0);
}
END_TEST

/* A layout that has no room for what may happen: nothing is begun. */
START_TEST(no_room_in_the_layout)
{
    for ( unsigned int max = 1; max < 12; max++ )
    {
        int rc;

        two_moves();
        now.max = max;
        rc = memmap_move(&ops, &host, &plan, &now, &moved);
        assert_true_layout(100);
        REQUIRE(rc == (max < 9 ? -MEMMAP_XEN_ENOMEM : 0));
        if ( rc )
            REQUIRE(now.nr == 1 && !moved.lost_pages);
    }

    /* Nor on the way back: it stays where it is, and that is said. */
    two_moves();
    REQUIRE(!memmap_move(&ops, &host, &plan, &now, &moved));
    now.max = now.nr + 2;
    REQUIRE(memmap_move_back(&ops, &host, &plan, &now, &moved) ==
            -MEMMAP_XEN_ENOMEM);
    assert_true_layout(100);
    REQUIRE(host_get(&host, 1000).name == 80);
}
END_TEST

/*
 * Every other page is lost, and the layout has no room for that many gaps: then
 * the rest of the range goes too.  It may say too little, never too much.
 */
START_TEST(lost_in_a_full_layout)
{
    aligned_alike();
    now.max = 20;
    no_odd_pages = true;
    host.fault[0] = (struct host_fault){ .kind = HOST_FAULT_STOP,
                                         .call = 1, .done = 100 };
    ck_assert_int_eq(memmap_move(&ops, &host, &plan, &now, &moved),
                     -MEMMAP_XEN_ENOMEM);
    ck_assert_uint_gt(moved.lost_pages, ALL - FROM - PAGES);
    ck_assert_uint_eq(memmap_layout_pages(&now, MEMMAP_TYPE_RAM),
                      ALL - moved.lost_pages);
    for ( unsigned int i = 0; i < now.nr; i++ )
    {
        struct host_run r = host_get(&host, now.range[i].gfn);

        REQUIRE(r.type == HOST_RAM && r.pages >= now.range[i].pages);
    }
}
END_TEST

/*
 * Of a call that fails pages may have moved here and there.  Without room to say
 * where they are they are lost as well.
 */
START_TEST(moved_here_and_there)
{
    for ( unsigned int room = 6; room < 12; room++ )
    {
        uint64_t said;

        setup();
        ram(0, 100);
        move(60, 1000, 40);
        now.max = now.nr + room;
        two_of_four = true;
        REQUIRE(memmap_move(&ops, &host, &plan, &now, &moved) ==
                -MEMMAP_XEN_ENOMEM);
        two_of_four = false;
        said = memmap_layout_pages(&now, MEMMAP_TYPE_RAM);
        REQUIRE(moved.lost_pages && said == 100 - moved.lost_pages);
        for ( unsigned int i = 0; i < now.nr; i++ )
            for ( unsigned int p = 0; p < now.range[i].pages; p++ )
                REQUIRE(host_get(&host, now.range[i].gfn + p).type ==
                        HOST_RAM);
    }
}
END_TEST

/*
 * A call fails on the way back, into a gap between other RAM, and the layout is
 * almost full: what has come home is found, or nothing was begun.
 */
START_TEST(little_room_on_the_way_back)
{
    for ( unsigned int room = 0; room < 12; room++ )
    {
        setup();
        ram(0, 10);
        ram(20, 100);
        move(20, 1000, 100);
        REQUIRE(!memmap_move(&ops, &host, &plan, &now, &moved));
        now.max = now.nr + room;
        host.fail_after = 50;
        host.fail_err = HOST_EBUSY;
        REQUIRE(memmap_move_back(&ops, &host, &plan, &now, &moved) ==
                (room < 3 ? -MEMMAP_XEN_ENOMEM : HOST_EBUSY));
        REQUIRE(!moved.lost_pages);
        assert_true_layout(110);
    }
}
END_TEST

Suite *move_suite(void)
{
    Suite *s = suite_create("move");
    TCase *tc = tcase_create("moves");

    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, all_goes_well);
    tcase_add_test(tc, older_xen);
    tcase_add_test(tc, nothing_to_do);
    tcase_add_test(tc, stolen_beside_an_unseen_page);
    tcase_add_test(tc, gigabyte_beside_an_unseen_page);
    tcase_add_test(tc, large_moves);
    tcase_add_test(tc, failure_anywhere);
    tcase_add_test(tc, failure_on_the_way_back);
    tcase_add_test(tc, destination_is_looked_at);
    tcase_add_test(tc, destination_taken);
    tcase_add_test(tc, source_will_not_move);
    tcase_add_test(tc, failure_in_a_large_move);
    tcase_add_test(tc, extents_move_whole);
    tcase_add_test(tc, too_short_for_extents);
    tcase_add_test(tc, one_extent);
    tcase_add_test(tc, no_extents_allowed);
    tcase_add_test(tc, given_back_in_part);
    tcase_add_test(tc, stolen_in_between);
    tcase_add_test(tc, populated_where_it_was);
    tcase_add_test(tc, populated_page_by_page);
    tcase_add_test(tc, half_of_an_extent);
    tcase_add_test(tc, gigabytes_move_whole);
    tcase_add_test(tc, no_gigabyte_to_move);
    tcase_add_test(tc, no_gigabyte_allowed);
    tcase_add_test(tc, gigabyte_populated_in_extents);
    tcase_add_test(tc, gigabyte_given_back_in_part);
    tcase_add_test(tc, half_of_a_gigabyte);
    tcase_add_test(tc, gigabyte_stolen_in_between);
    tcase_add_test(tc, page_gone_astray);
    tcase_add_test(tc, page_gone_astray_on_the_way_back);
    tcase_add_test(tc, home_in_runs);
    tcase_add_test(tc, one_page_stays_away);
    tcase_add_test(tc, denied);
    tcase_add_test(tc, destination_populated);
    tcase_add_test(tc, last_destination_populated);
    tcase_add_test(tc, guests_whose_ram_stays);
    tcase_add_test(tc, no_room_in_the_layout);
    tcase_add_test(tc, lost_in_a_full_layout);
    tcase_add_test(tc, moved_here_and_there);
    tcase_add_test(tc, little_room_on_the_way_back);
    suite_add_tcase(s, tc);
    return s;
}
