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
static unsigned int largest;

static int add_to_physmap(void *opaque, uint64_t from, uint64_t to,
                          unsigned int pages)
{
    ck_assert_ptr_eq(opaque, &host);
    REQUIRE(pages >= 1 && pages <= 65535);
    if ( pages > largest )
        largest = pages;
    return host_add_to_physmap(&host, from, to, pages);
}

static const struct memmap_p2m_ops ops = { .add_to_physmap = add_to_physmap };

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
    largest = 0;
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

            if ( r.type == HOST_NONE || r.name != e->source + off )
                ck_abort_msg("gfn %#llx is not what the layout says",
                             (unsigned long long)(e->gfn + off));
            off += r.pages;
        }
    }
    REQUIRE(memmap_layout_pages(&now, MEMMAP_TYPE_RAM) == pages);
    REQUIRE(host_pages(&host) == pages);
    REQUIRE(!host.freed);
}

START_TEST(all_goes_well)
{
    two_moves();
    ck_assert_int_eq(memmap_move(&ops, &host, &plan, &now), 0);
    assert_true_layout(100);
    ck_assert_uint_eq(host.calls, 2);
    ck_assert_uint_eq(host_get(&host, 1000).name, 80);
    ck_assert_uint_eq(host_get(&host, 2011).name, 99);
    ck_assert(!memmap_layout_overlaps(&now, MEMMAP_TYPE_RAM, 80, 20));

    ck_assert_int_eq(memmap_move_back(&ops, &host, &plan, &now), 0);
    assert_true_layout(100);
    ck_assert_uint_eq(now.nr, 1);
    ck_assert_uint_eq(host.nr, 1);
}
END_TEST

START_TEST(nothing_to_do)
{
    setup();
    ram(0, 10);
    ck_assert_int_eq(memmap_move(&ops, &host, &plan, &now), 0);
    ck_assert_int_eq(memmap_move_back(&ops, &host, &plan, &now), 0);
    ck_assert_uint_eq(host.calls, 0);
    assert_true_layout(10);
}
END_TEST

/* The size of one hypercall has 16 bits. */
START_TEST(large_moves)
{
    setup();
    ram(0, 400000);
    move(100000, 1000000, 200000);
    ck_assert_int_eq(memmap_move(&ops, &host, &plan, &now), 0);
    assert_true_layout(400000);
    ck_assert_uint_eq(host.calls, 4);
    ck_assert_uint_eq(largest, 65535);
    ck_assert_int_eq(memmap_move_back(&ops, &host, &plan, &now), 0);
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
            rc = memmap_move(&ops, &host, &plan, &now);
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
            REQUIRE(!memmap_move(&ops, &host, &plan, &now));
            host.fail_after = after;
            host.fail_err = HOST_ENOMEM;
            host.fail_again = again;
            rc = memmap_move_back(&ops, &host, &plan, &now);
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
        REQUIRE(memmap_move(&ops, &host, &plan, &now) == HOST_EPERM);
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
        REQUIRE(memmap_move(&ops, &host, &plan, &now) == HOST_EXDEV);
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
    move(100000, 1000000, 200000);
    host.fail_after = 65535 + 30000;
    host.fail_err = HOST_ENOMEM;
    host.fail_again = 3;
    ck_assert_int_eq(memmap_move(&ops, &host, &plan, &now), HOST_ENOMEM);
    assert_true_layout(400000);
}
END_TEST

Suite *move_suite(void)
{
    Suite *s = suite_create("move");
    TCase *tc = tcase_create("moves");

    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, all_goes_well);
    tcase_add_test(tc, nothing_to_do);
    tcase_add_test(tc, large_moves);
    tcase_add_test(tc, failure_anywhere);
    tcase_add_test(tc, failure_on_the_way_back);
    tcase_add_test(tc, destination_taken);
    tcase_add_test(tc, source_will_not_move);
    tcase_add_test(tc, failure_in_a_large_move);
    suite_add_tcase(s, tc);
    return s;
}
