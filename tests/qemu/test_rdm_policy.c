/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices that are plugged and unplugged around reserved memory, and what SEAL
 * does with one whose memory is not mapped (xen-memmap-rdm.c).
 *
 * As long as Xen has a device assigned it may write to its memory, so unmapping
 * that is Xen's; QEMU takes back the permission it gave.  The order is Xen's and
 * libxl's: QEMU has a device before it is assigned, and until it is not.
 */
#include <errno.h>
#include <string.h>

#include "guest.h"

#define NET     0x20u           /* 0000:00:04.0 */
#define DISK    0x28u           /* 0000:00:05.0 */

#define NET_GFN     0x1f000ull
#define DISK_GFN    0x1e000ull

static struct layout l;
static struct harness_device *net, *disk;

/* Two devices; of the first two regions, the second of them both devices'. */
static void host(void)
{
    harness_reset();
    harness_reserve(NET, NET_GFN, 4);
    harness_reserve(NET, NET_GFN + 0x10, 4);
    harness_reserve(DISK, NET_GFN + 0x12, 4);
    harness_reserve(DISK, DISK_GFN, 1);
}

static void devices(void)
{
    guest_build();
    net = guest_assign(NET);
    disk = guest_assign(DISK);
    guest_negotiate(FEATURES);
    layout_built(&l, 512 * MIB);
}

/* All is mapped, and sealed. */
static void mapped(void)
{
    host();
    devices();
    layout_make_room(&l, NET_GFN, 4, 0, 0);
    layout_make_room(&l, NET_GFN + 0x10, 6, 0, 0);
    layout_make_room(&l, DISK_GFN, 1, 0, 0);
    ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), COMMITTED, OK, NOBODY);
    ck_status(guest_cmd(MEMMAP_CMD_SEAL), SEALED, OK, NOBODY);
    ck_assert_uint_eq(harness_mapped(0, LOW_END), 11);
    harness_events();
}

static const char *published(void)
{
    harness_pass(2000);
    return harness_key("rdm/0");
}

/* Unplugging */

START_TEST(unplug_assigned)
{
    mapped();
    harness_unplug(net);
    ck_assert_str_eq(harness_events(), "unplug /machine/20\n"
                     "forbid 1f000+4\nforbid 1f010+2\n");
    ck_assert_uint_eq(harness_mapped(NET_GFN, 4), 4);
    ck_assert_uint_eq(harness_permitted(0, LOW_END), 5);
    ck_assert_str_eq(published(), "1f012 4 0000:00:05.0 mapped\n"
                                  "1e000 1 0000:00:05.0 mapped\n");
    ck_assert_str_eq(harness_said(), "");
}
END_TEST

/* Xen has taken it back before: nobody else unmaps what is left. */
START_TEST(unplug_deassigned)
{
    mapped();
    harness_assign(NET, false);
    harness_unplug(net);
    ck_assert_str_eq(harness_events(), "unplug /machine/20\n"
                     "unmap 1f000+4\nforbid 1f000+4\n"
                     "unmap 1f010+2\nforbid 1f010+2\n");
    ck_assert_uint_eq(harness_mapped(0, LOW_END), 5);
    ck_assert_uint_eq(harness_permitted(0, LOW_END), 5);
}
END_TEST

/* One after the other: nothing stays permitted, and nothing is done twice. */
START_TEST(unplug_both)
{
    mapped();
    harness_unplug(net);
    harness_unplug(disk);
    ck_assert_uint_eq(harness_permitted(0, LOW_END), 0);
    ck_assert_str_eq(harness_events(), "unplug /machine/20\n"
                     "forbid 1f000+4\nforbid 1f010+2\n"
                     "unplug /machine/28\n"
                     "forbid 1e000+1\nforbid 1f012+4\n");
    ck_assert_ptr_null(published());
}
END_TEST

/*
 * Out, and in again: the room is there, so its assignment maps what it needs,
 * and QEMU, sealed, has nothing to say about it.
 */
START_TEST(plug_again)
{
    mapped();
    harness_unplug(net);
    harness_assign(NET, false);
    harness_events();
    net = harness_plug(NET);
    harness_assign(NET, true);
    ck_assert_str_eq(harness_events(), "");
    ck_assert_str_eq(harness_said(), "");
    ck_contains(published(), "1f000 4 0000:00:04.0 left to Xen\n");
}
END_TEST

START_TEST(unplug_fails)
{
    mapped();
    harness_assign(NET, false);
    harness_fail("unmap", 1, EIO);
    harness_fail("forbid", 2, EPERM);
    harness_unplug(net);
    ck_assert_str_eq(harness_said(),
        "warning: xen-memmap: reserved memory 0x1f000-0x1f003 could not be "
        "taken back: Input/output error\n"
        "warning: xen-memmap: reserved memory 0x1f010-0x1f011 could not be "
        "taken back: Operation not permitted\n");
    ck_assert_uint_eq(harness_permitted(NET_GFN, 4), 0);
}
END_TEST

/* A device that is gone is not asked for any more. */
START_TEST(unplug_before_commit)
{
    struct layout q;

    host();
    devices();
    harness_unplug(net);
    guest_query(&q);
    ck_assert_uint_eq(q.range[0].gfn, DISK_GFN);
    ck_assert_uint_eq(q.range[1].gfn, NET_GFN + 0x12);
    ck_assert_uint_eq(q.range[1].pages, 4);
    ck_assert_uint_eq(q.range[1].aux, DISK);
    ck_assert_uint_eq(q.record.layout.nr, 2);
}
END_TEST

/* Plugging after the seal where nobody made room: what would have helped. */
START_TEST(plug_too_late)
{
    host();
    guest_build();
    guest_negotiate(FEATURES);
    layout_built(&l, 512 * MIB);
    guest_say(MEMMAP_CMD_COMMIT, &l);
    net = guest_assign(NET);
    ck_assert_str_eq(harness_said(), "");
    harness_unplug(net);
    guest_cmd(MEMMAP_CMD_SEAL);
    net = guest_assign(NET);
    ck_contains(harness_said(),
        "warning: xen-memmap: reserved memory 0x1f000-0x1f003 of 0000:00:04.0, "
        "which was plugged just now, is not mapped: RAM is there; to have room "
        "made for it, write \"0x1f000-0x1f003=0000:00:04.0\" to "
        "hvmloader/memory-map/rdm/0, or the first number there that is free, "
        "in the guest's xenstore directory before it is started\n");
    ck_contains(harness_said(), "0x1f010-0x1f013 of 0000:00:04.0");
}
END_TEST

/* A failure is one of the COMMIT, not of the device that is plugged later. */
START_TEST(plug_forgets)
{
    host();
    devices();
    layout_make_room(&l, NET_GFN, 4, 0, 0);
    harness_fail("map", 1, EBUSY);
    ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), NEGOTIATED, E_RDM, 2);
    harness_unplug(net);
    net = harness_plug(NET);
    layout_set(&l, NET_GFN, 4, MEMMAP_TYPE_RDM, MEMMAP_EF_UNMAPPED, 0);
    ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), COMMITTED, OK, NOBODY);
    ck_contains(published(),
                "1f000 4 0000:00:04.0 not mapped: firmware gave it up\n");
}
END_TEST

/* Sealing with a region of each device that has no room. */
static void sealed(const char *failure)
{
    host();
    if (failure) {
        harness_global("rdm-failure", failure);
    }
    devices();
    layout_make_room(&l, NET_GFN, 4, 0, 0);
    ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), COMMITTED, OK, NOBODY);
    harness_events();
    ck_status(guest_cmd(MEMMAP_CMD_SEAL), SEALED, OK, NOBODY);
}

#define NOT_MAPPED \
    "warning: xen-memmap: reserved memory 0x1f010-0x1f013 of 0000:00:04.0 " \
    "is not mapped: RAM is there\n" \
    "warning: xen-memmap: reserved memory 0x1f012-0x1f015 of 0000:00:05.0 " \
    "is not mapped: RAM is there\n" \
    "warning: xen-memmap: reserved memory 0x1e000-0x1e000 of 0000:00:05.0 " \
    "is not mapped: RAM is there\n"

START_TEST(seal_report)
{
    for (unsigned int i = 0; i < 2; i++) {
        sealed(i ? "report" : NULL);
        ck_assert_str_eq(harness_said(), NOT_MAPPED);
        ck_assert(harness_plugged(net) && harness_plugged(disk));
        ck_assert(!harness_ended());
        ck_assert_str_eq(harness_events(), "");
    }
}
END_TEST

/* Each of them goes, once, and what was mapped of it is not permitted. */
START_TEST(seal_unplug)
{
    sealed("unplug");
    ck_assert_str_eq(harness_said(), NOT_MAPPED
        "warning: xen-memmap: device pt-20 is taken out of the guest, as "
        "rdm-failure=unplug says\n"
        "warning: xen-memmap: device pt-28 is taken out of the guest, as "
        "rdm-failure=unplug says\n");
    ck_assert(!harness_plugged(net) && !harness_plugged(disk));
    ck_assert(!harness_ended());
    ck_assert_str_eq(harness_events(), "unplug /machine/20\nforbid 1f000+4\n"
                                       "unplug /machine/28\n");
    ck_assert_ptr_null(published());
}
END_TEST

/* Nobody but who has a reason to. */
START_TEST(seal_unplug_one)
{
    host();
    harness_global("rdm-failure", "unplug");
    devices();
    layout_make_room(&l, NET_GFN, 4, 0, 0);
    layout_make_room(&l, NET_GFN + 0x10, 6, 0, 0);
    guest_say(MEMMAP_CMD_COMMIT, &l);
    guest_cmd(MEMMAP_CMD_SEAL);
    ck_assert(harness_plugged(net) && !harness_plugged(disk));
    ck_assert_uint_eq(harness_mapped(NET_GFN, 4), 4);
    ck_assert_uint_eq(harness_permitted(NET_GFN, 0x20), 8);
}
END_TEST

START_TEST(seal_refuse)
{
    sealed("refuse");
    ck_assert(harness_ended());
    ck_assert_str_eq(harness_said(), NOT_MAPPED
        "shutdown: xen-memmap: the guest is not started, as "
        "rdm-failure=refuse says\n");
    ck_assert(harness_plugged(net) && harness_plugged(disk));
}
END_TEST

/* Nothing to be said or done where all is mapped, whatever the policy. */
START_TEST(seal_mapped)
{
    static const char *const failure[] = { "report", "unplug", "refuse" };

    for (unsigned int i = 0; i < 3; i++) {
        host();
        harness_global("rdm-failure", failure[i]);
        devices();
        layout_make_room(&l, NET_GFN, 4, 0, 0);
        layout_make_room(&l, NET_GFN + 0x10, 6, 0, 0);
        layout_make_room(&l, DISK_GFN, 1, 0, 0);
        guest_say(MEMMAP_CMD_COMMIT, &l);
        guest_cmd(MEMMAP_CMD_SEAL);
        ck_assert_str_eq(harness_said(), "");
        ck_assert(harness_plugged(net) && harness_plugged(disk));
        ck_assert(!harness_ended());
    }
}
END_TEST

/* A SEAL that is refused does nothing of it. */
START_TEST(seal_twice)
{
    sealed("report");
    ck_status(guest_cmd(MEMMAP_CMD_SEAL), SEALED, E_STATE, NOBODY);
    ck_assert_str_eq(harness_said(), NOT_MAPPED);
}
END_TEST

/*
 * A firmware that did not choose RDM, or committed nothing, was never asked to
 * make room.  What the toolstack has cut Xen has mapped, and no policy may hold
 * the rest against the guest.
 */
START_TEST(seal_unasked)
{
    static const char *const failure[] = { "report", "unplug", "refuse" };

    for (unsigned int i = 0; i < 6; i++) {
        host();
        harness_global("rdm-failure", failure[i / 2]);
        guest_build();
        harness_assign(NET, true);
        net = harness_plug(NET);
        guest_negotiate(i % 2 ? FEATURES : MEMMAP_FEAT_PUBLISH);
        if (i % 2 == 0) {
            layout_built(&l, 512 * MIB);
            guest_say(MEMMAP_CMD_COMMIT, &l);
        }
        ck_status(guest_cmd(MEMMAP_CMD_SEAL), SEALED, OK, NOBODY);
        ck_assert(!harness_ended());
        ck_assert(harness_plugged(net));
        ck_contains(harness_said(), "info: xen-memmap: reserved memory 0x1f000-"
                    "0x1f003 of 0000:00:04.0 is left to Xen: firmware did not "
                    "ask for it\n");
    }
}
END_TEST

Suite *rdm_policy_suite(void)
{
    Suite *s = suite_create("rdm_policy");
    TCase *t = tcase_create("plug");

    tcase_add_test(t, unplug_assigned);
    tcase_add_test(t, unplug_deassigned);
    tcase_add_test(t, unplug_both);
    tcase_add_test(t, plug_again);
    tcase_add_test(t, unplug_fails);
    tcase_add_test(t, unplug_before_commit);
    tcase_add_test(t, plug_too_late);
    tcase_add_test(t, plug_forgets);
    suite_add_tcase(s, t);

    t = tcase_create("seal");
    tcase_add_test(t, seal_report);
    tcase_add_test(t, seal_unplug);
    tcase_add_test(t, seal_unplug_one);
    tcase_add_test(t, seal_refuse);
    tcase_add_test(t, seal_mapped);
    tcase_add_test(t, seal_twice);
    tcase_add_test(t, seal_unasked);
    suite_add_tcase(s, t);
    return s;
}
