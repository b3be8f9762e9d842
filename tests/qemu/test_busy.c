/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that is in use while it would move (PROTOCOL.md, section 9).
 *
 * A mapping that is held over a change of layout leads to pages that belong to
 * somebody else by then.  So a change waits for block devices, and is refused if
 * anybody else holds on; but memory that stays is nobody's business, and who
 * holds nothing is not made to wait.  And RAM of a guest that is being migrated
 * must not begin to move.
 */
#include <string.h>

#include "guest.h"

#define FROM    0x18000ull
#define PAGES   0x8000ull

static struct layout l;

static void fresh(void)
{
    harness_reset();
    guest_build();
    guest_negotiate(0);
    layout_built(&l, 512 * MIB);
    layout_move(&l, FROM, FOUR_GIB, PAGES);
}

/* What is held where RAM was: no entry of the record is to blame. */
START_TEST(left)
{
    static const uint64_t held[] = { FROM, FROM + PAGES - 1, FROM + 0x123 };

    for (unsigned int i = 0; i < 3; i++) {
        fresh();
        harness_lock(held[i] << 12, 0x1000, false);
        ck_status(guest_say(MEMMAP_CMD_PREPARE, &l), NEGOTIATED, E_BUSY,
                  NOBODY);
        ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), NEGOTIATED, E_BUSY, NOBODY);
        ck_assert_str_eq(harness_events(), "drain\ndrain\n");
        ck_assert_str_eq(harness_view(), "0-a0000 c0000-20000000");
    }
}
END_TEST

/* The pages change, the place does not. */
START_TEST(swapped)
{
    fresh();
    layout_built(&l, 512 * MIB);
    layout_ram(&l, 0x10000, 0x10, 0x10010);
    layout_ram(&l, 0x10010, 0x10, 0x10000);
    harness_lock(0x10008000, 0x1000, false);
    ck_status(guest_say(MEMMAP_CMD_PREPARE, &l), NEGOTIATED, E_BUSY, NOBODY);
}
END_TEST

/* RAM whose source is forgotten may be any RAM. */
START_TEST(unknown)
{
    fresh();
    layout_built(&l, 512 * MIB);
    layout_set(&l, 0x10000, 1, MEMMAP_TYPE_RAM, 0, 0);
    ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), COMMITTED, OK, NOBODY);
    harness_lock(0x10000000, 0x1000, false);
    ck_status(guest_say(MEMMAP_CMD_PREPARE, &l), COMMITTED, E_BUSY, NOBODY);
}
END_TEST

/* Of what is none of the guest's RAM, somewhere between, nobody asks. */
START_TEST(beside)
{
    fresh();
    harness_lock(0xf0000000, 0x1000, false);
    ck_status(guest_say(MEMMAP_CMD_PREPARE, &l), PREPARED, OK, NOBODY);
    ck_lacks(harness_events(), "drain");
}
END_TEST

/* What takes the place of RAM is none, whatever it says of where it was. */
START_TEST(no_ram_any_more)
{
    fresh();
    layout_set(&l, FROM, PAGES, MEMMAP_TYPE_MMIO, 0, 0);
    l.record.layout.range[memmap_layout_seek(&l.record.layout, FROM)].source = FROM;
    harness_lock(FROM << 12, 0x1000, false);
    ck_status(guest_say(MEMMAP_CMD_PREPARE, &l), NEGOTIATED, E_BUSY, NOBODY);
}
END_TEST

START_TEST(drained)
{
    fresh();
    harness_lock(FROM << 12, 0x1000, true);
    ck_status(guest_say(MEMMAP_CMD_PREPARE, &l), PREPARED, OK, NOBODY);
    ck_assert_str_eq(harness_events(), "drain\n");
    harness_lock(FROM << 12, 0x1000, true);
    ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), COMMITTED, OK, NOBODY);
    ck_assert_str_eq(harness_events(),
                     "drain\n"
                     "view 0-a0000 c0000-18000000 100000000-108000000@18000000\n"
                     "invalidate\n");
}
END_TEST

/* One lets go, the other does not. */
START_TEST(drained_in_vain)
{
    fresh();
    harness_lock(FROM << 12, 0x1000, true);
    harness_lock((FROM + 1) << 12, 0x1000, false);
    ck_status(guest_say(MEMMAP_CMD_PREPARE, &l), NEGOTIATED, E_BUSY, NOBODY);
}
END_TEST

/* Held, but RAM before and after. */
START_TEST(stays)
{
    fresh();
    harness_lock((FROM << 12) - 0x1000, 0x1000, false);
    harness_lock(0x1000, 0x1000, false);
    harness_lock((FOUR_GIB + PAGES) << 12, 0x1000, false);
    ck_status(guest_say(MEMMAP_CMD_PREPARE, &l), PREPARED, OK, NOBODY);
    ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), COMMITTED, OK, NOBODY);
    ck_lacks(harness_events(), "drain");

    /* Moved once, it stays there too, by the place in the block that it has kept. */
    harness_lock((FROM + 1) << 12, 0x1000, false);
    ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), COMMITTED, OK, NOBODY);
    ck_lacks(harness_events(), "drain");
    /* But does not go back. */
    layout_built(&l, 512 * MIB);
    ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), COMMITTED, E_BUSY, NOBODY);
}
END_TEST

START_TEST(migrating)
{
    fresh();
    harness_dirty_log(1);
    ck_status(guest_say(MEMMAP_CMD_PREPARE, &l), NEGOTIATED, E_BUSY, 2);
    /* What has moved already has to be followed. */
    ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), COMMITTED, OK, NOBODY);
    ck_assert_str_eq(harness_view(),
                     "0-a0000 c0000-18000000 100000000-108000000@18000000");
    /* And what is where it was may be said again. */
    ck_status(guest_say(MEMMAP_CMD_PREPARE, &l), PREPARED, OK, NOBODY);
    /* But it must not move back, nor must any be dropped. */
    layout_built(&l, 512 * MIB);
    ck_status(guest_say(MEMMAP_CMD_PREPARE, &l), PREPARED, E_BUSY, 1);
    layout_move(&l, FROM, FOUR_GIB, PAGES);
    layout_set(&l, FROM - 1, 1, MEMMAP_TYPE_MMIO, 0, 0);
    l.record.flags = MEMMAP_RF_RAM_SHRUNK;
    ck_status(guest_say(MEMMAP_CMD_PREPARE, &l), PREPARED, E_BUSY, NOBODY);

    /* How libxl built it is no move, whatever we believed. */
    fresh();
    harness_dirty_log(1);
    layout_built(&l, 512 * MIB);
    layout_set(&l, FROM, PAGES, MEMMAP_TYPE_MMIO, 0, 0);
    layout_ram(&l, FOUR_GIB, PAGES, FOUR_GIB);
    ck_status(guest_say(MEMMAP_CMD_PREPARE, &l), PREPARED, OK, NOBODY);
}
END_TEST

/* RAM that goes back, or goes for good, takes pages out of the stream as well. */
START_TEST(migrating_back)
{
    struct layout back;

    fresh();
    ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), COMMITTED, OK, NOBODY);
    harness_dirty_log(1);
    layout_built(&back, 512 * MIB);
    ck_status(guest_say(MEMMAP_CMD_PREPARE, &back), COMMITTED, E_BUSY, 1);
    layout_set(&l, FOUR_GIB + PAGES - 1, 1, MEMMAP_TYPE_MMIO, 0, 0);
    l.record.flags = MEMMAP_RF_RAM_SHRUNK;
    ck_status(guest_say(MEMMAP_CMD_PREPARE, &l), COMMITTED, E_BUSY, NOBODY);
    ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), COMMITTED, OK, NOBODY);
}
END_TEST

START_TEST(migrating_loses)
{
    fresh();
    layout_built(&l, 512 * MIB);
    layout_set(&l, FROM + PAGES - 1, 1, MEMMAP_TYPE_MMIO, 0, 0);
    l.record.flags = MEMMAP_RF_RAM_SHRUNK;
    harness_dirty_log(1);
    ck_status(guest_say(MEMMAP_CMD_PREPARE, &l), NEGOTIATED, E_BUSY, NOBODY);
    /* What was lost before may be said again. */
    ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), COMMITTED, OK, NOBODY);
    ck_status(guest_say(MEMMAP_CMD_PREPARE, &l), PREPARED, OK, NOBODY);
}
END_TEST

/* Dirty pages are counted for other reasons as well. */
START_TEST(dirty_rate)
{
    fresh();
    harness_dirty_log(2);
    ck_status(guest_say(MEMMAP_CMD_PREPARE, &l), PREPARED, OK, NOBODY);
}
END_TEST

/* libxl cut RAM for reserved memory: QEMU was wrong, and nothing moves. */
START_TEST(cut_by_libxl)
{
    fresh();
    layout_built(&l, 512 * MIB);
    layout_set(&l, FROM, PAGES, MEMMAP_TYPE_MMIO, 0, 0);
    layout_ram(&l, FOUR_GIB, PAGES, FOUR_GIB);
    harness_dirty_log(1);
    ck_status(guest_say(MEMMAP_CMD_PREPARE, &l), PREPARED, OK, NOBODY);
    ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), COMMITTED, OK, NOBODY);
    ck_assert_str_eq(harness_view(),
                     "0-a0000 c0000-18000000 100000000-108000000@18000000");
}
END_TEST

Suite *busy_suite(void)
{
    Suite *s = suite_create("busy");
    TCase *t = tcase_create("busy");

    tcase_add_test(t, left);
    tcase_add_test(t, swapped);
    tcase_add_test(t, unknown);
    tcase_add_test(t, beside);
    tcase_add_test(t, no_ram_any_more);
    tcase_add_test(t, drained);
    tcase_add_test(t, drained_in_vain);
    tcase_add_test(t, stays);
    tcase_add_test(t, migrating);
    tcase_add_test(t, migrating_back);
    tcase_add_test(t, migrating_loses);
    tcase_add_test(t, dirty_rate);
    tcase_add_test(t, cut_by_libxl);
    suite_add_tcase(s, t);
    return s;
}
