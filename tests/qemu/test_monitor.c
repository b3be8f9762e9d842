/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a monitor is told (xen-memmap-monitor.c): what is in force, with or without
 * a xenstore to publish it in, and of every change once.
 */
#include <string.h>

#include "guest.h"

#define NET     0x20u
#define NET_GFN 0x1f000ull

static struct layout l;

START_TEST(as_built)
{
    harness_reset();
    guest_build();
    harness_monitor_events();
    ck_assert_str_eq(harness_monitor(),
                     "offered 0 error 0 (success) parked 0\n"
                     "0+a0000 ram 0\n"
                     "c0000+1ff40000 ram c0000\n");
}
END_TEST

/* Every kind of range; where RAM came from, as far as that is known. */
START_TEST(content)
{
    harness_reset();
    guest_build();
    guest_negotiate(FEATURES);
    layout_built(&l, 512 * MIB);
    layout_move(&l, 0x18000, FOUR_GIB, 0x8000);
    layout_set(&l, 0x18000, 0x100, MEMMAP_TYPE_MMIO, 0, 0);
    layout_set(&l, 0x18100, 4, MEMMAP_TYPE_RDM, MEMMAP_EF_UNMAPPED, 0x10528);
    layout_set(&l, 0x18104, 1, 0xabc, MEMMAP_EF_OPTIONAL, 0);
    layout_set(&l, 0x17fff, 1, MEMMAP_TYPE_RAM,
               MEMMAP_EF_UNFREED | MEMMAP_EF_FIRMWARE, NET);
    ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), COMMITTED, OK, NOBODY);
    ck_assert_str_eq(harness_monitor(),
                     "committed 1 error 0 (success) parked 0\n"
                     "0+a0000 ram 0\n"
                     "c0000+17f3f000 ram c0000\n"
                     "17fff000+1000 ram firmware unfreed\n"
                     "18000000+100000 mmio\n"
                     "18100000+4000 rdm unmapped\n"
                     "18104000+1000 other\n"
                     "100000000+8000000 ram 18000000\n");
}
END_TEST

/* What is refused changes nothing but the error. */
START_TEST(refused)
{
    harness_reset();
    guest_build();
    guest_negotiate(FEATURES);
    layout_built(&l, 256 * MIB);
    guest_say(MEMMAP_CMD_COMMIT, &l);
    ck_assert_str_eq(harness_monitor(),
                     "negotiated 0 error 15 (RAM does not add up to what the "
                     "guest has) parked 0\n"
                     "0+a0000 ram 0\n"
                     "c0000+1ff40000 ram c0000\n");
}
END_TEST

/* A later QEMU may have had an error that this one has no name for. */
START_TEST(other_error)
{
    static uint8_t section[HARNESS_SECTION_BYTES];
    uint32_t bytes;

    harness_reset();
    guest_build();
    guest_negotiate(FEATURES);
    layout_built(&l, 512 * MIB);
    layout_move(&l, 0x18000, FOUR_GIB, 0x8000);
    ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), COMMITTED, OK, NOBODY);
    bytes = harness_save(section);
    section[1] = 200;

    harness_reset();
    harness_incoming();
    guest_build();
    ck_assert_int_eq(harness_load(section, bytes), 0);
    ck_contains(harness_monitor(), "committed 1 error 23 (unknown error) ");
}
END_TEST

/* Restricted to its guest, QEMU has no xenstore; the monitor is what is left. */
START_TEST(restricted)
{
    harness_reset();
    harness_restrict();
    guest_build();
    guest_negotiate(0);
    ck_assert_str_eq(harness_monitor(),
                     "negotiated 0 error 0 (success) parked 0\n"
                     "0+a0000 ram 0\n"
                     "c0000+1ff40000 ram c0000\n");
}
END_TEST

START_TEST(reserved)
{
    harness_reset();
    harness_reserve(NET, NET_GFN, 2);
    harness_assign(NET, true);
    guest_build();
    harness_plug(NET);
    guest_negotiate(FEATURES);
    ck_contains(harness_monitor(),
                "0000:00:04.0 1f000000+2000 not-mapped: no layout was "
                "committed\n");
    layout_built(&l, 512 * MIB);
    layout_move(&l, NET_GFN, FOUR_GIB, 2);
    layout_set(&l, NET_GFN, 2, MEMMAP_TYPE_RDM, 0, NET);
    ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), COMMITTED, OK, NOBODY);
    ck_contains(harness_monitor(), "1f000000+2000 rdm\n");
    ck_contains(harness_monitor(), "0000:00:04.0 1f000000+2000 mapped\n");
}
END_TEST

/* What lay in the way of RAM is parked elsewhere. */
START_TEST(parked)
{
    harness_reset();
    guest_build();
    guest_negotiate(FEATURES);
    layout_built(&l, 512 * MIB);
    layout_move(&l, LOW_END - 16, LOW_END, 16);
    ck_status(guest_say(MEMMAP_CMD_PREPARE, &l), PREPARED, OK, NOBODY);
    ck_contains(harness_monitor(), "prepared 0 error 0 (success) parked ");
    ck_lacks(harness_monitor(), "parked 0\n");
}
END_TEST

/* Once for each change, and never for what changes nothing. */
START_TEST(events)
{
    harness_reset();
    guest_build();
    harness_monitor_events();
    guest_negotiate(FEATURES);
    layout_built(&l, 512 * MIB);
    guest_say(MEMMAP_CMD_PREPARE, &l);
    ck_assert_str_eq(harness_monitor_events(), "negotiated 0\nprepared 0\n");
    guest_say(MEMMAP_CMD_PREPARE, &l);
    ck_assert_str_eq(harness_monitor_events(), "");
    guest_say(MEMMAP_CMD_COMMIT, &l);
    ck_assert_str_eq(harness_monitor_events(), "committed 1\n");
    layout_built(&l, 512 * MIB);
    guest_say(MEMMAP_CMD_COMMIT, &l);
    guest_cmd(MEMMAP_CMD_SEAL);
    guest_cmd(MEMMAP_CMD_SEAL);
    ck_assert_str_eq(harness_monitor_events(), "committed 2\nsealed 2\n");
}
END_TEST

Suite *monitor_suite(void)
{
    Suite *s = suite_create("QEMU's monitor");
    TCase *tc = tcase_create("monitor");

    tcase_add_test(tc, as_built);
    tcase_add_test(tc, content);
    tcase_add_test(tc, refused);
    tcase_add_test(tc, other_error);
    tcase_add_test(tc, restricted);
    tcase_add_test(tc, reserved);
    tcase_add_test(tc, parked);
    tcase_add_test(tc, events);
    suite_add_tcase(s, tc);
    return s;
}
