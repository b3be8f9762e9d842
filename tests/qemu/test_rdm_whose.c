/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose a device is, and who mapped its reserved memory (xen-memmap-rdm.c): the memory
 * of another guest's device must not be mapped here, and what Xen mapped is not QEMU's
 * to take away.
 */
#include <errno.h>

#include "guest.h"

#define NET     0x20u           /* 0000:00:04.0 */
#define DISK    0x10528u        /* 0001:05:05.0 */

#define NET_GFN     0x1f000ull
#define DISK_GFN    0x1e000ull
#define PAGES       4ull

static struct layout l;

static uint32_t commit(void)
{
    return guest_say(MEMMAP_CMD_COMMIT, &l);
}

/* Before a machine: Xen reports 4 pages for the device and 3 for another. */
static void host(void)
{
    harness_reset();
    harness_reserve(NET, NET_GFN, PAGES);
    harness_reserve(DISK, DISK_GFN, 3);
}

static void fresh(void)
{
    host();
    guest_build();
    guest_assign(NET);
    guest_negotiate(FEATURES);
    harness_events();
    layout_built(&l, 512 * MIB);
    layout_make_room(&l, NET_GFN, PAGES, 0, NET);
}

/* Once more what has been published. */
static const char *published(void)
{
    harness_pass(2000);
    return harness_key("rdm/0");
}

/* A device that Xen has not assigned: its assignment finds the room empty. */
START_TEST(not_assigned)
{
    fresh();
    harness_assign(NET, false);
    ck_status(commit(), COMMITTED, OK, NOBODY);
    ck_lacks(harness_events(), "map");
    ck_assert_str_eq(published(), "1f000 4 0000:00:04.0 left to Xen\n");
}
END_TEST

/*
 * Xen says the same of a device that is another guest's, or was this one's before
 * somebody took it back by himself: both must not be mapped here.
 */
START_TEST(not_ours)
{
    host();
    guest_build();
    harness_foreign(NET);
    harness_plug(NET);
    guest_assign(DISK);
    guest_negotiate(FEATURES);
    layout_built(&l, 512 * MIB);
    layout_make_room(&l, NET_GFN, PAGES, 0, NET);
    layout_make_room(&l, DISK_GFN, 3, 0, NET);
    ck_status(commit(), COMMITTED, OK, NOBODY);
    ck_assert_uint_eq(harness_mapped(0, LOW_END), 3);
    ck_assert_uint_eq(harness_permitted(0, LOW_END), 3);
    ck_assert_str_eq(published(), "1f000 4 0000:00:04.0 left to Xen\n"
                                  "1e000 3 0001:05:05.0 mapped\n");
    /* Each answer is a line in Xen's log: there is one for whom it was due. */
    ck_assert_uint_eq(harness_asked_whose(), 1);
}
END_TEST

START_TEST(forgotten)
{
    static const int err[] = { 0, EPERM };

    for (unsigned int i = 0; i < 2; i++) {
        fresh();
        if (err[i]) {
            harness_fail("assigned", 0, err[i]);
        } else {
            harness_forget(NET);
        }
        ck_status(commit(), COMMITTED, OK, NOBODY);
        ck_lacks(harness_events(), "map");
        ck_assert_uint_eq(harness_permitted(0, LOW_END), 0);
    }
}
END_TEST

/* What is mapped stays so, whatever Xen says of the device by now. */
START_TEST(no_more_assigned)
{
    fresh();
    commit();
    harness_events();
    harness_assign(NET, false);
    ck_status(commit(), COMMITTED, OK, NOBODY);
    ck_assert_str_eq(harness_events(), "");
    ck_assert_uint_eq(harness_mapped(NET_GFN, PAGES), PAGES);
}
END_TEST

/*
 * Where no RAM was Xen has mapped it when it assigned the device, and that stays: when
 * the other one's cannot be mapped, and when a later layout has no room for it.  One
 * range begins in front of RAM that gave way, so the rest of it is QEMU's.
 */
START_TEST(mapped_by_xen)
{
    harness_reset();
    harness_reserve(NET, LOW_END + 0x1100, PAGES);
    harness_reserve(NET, NET_GFN - 2, PAGES);
    harness_reserve(DISK, LOW_END + 0x1200, 1);
    harness_map(LOW_END + 0x1100, PAGES);
    harness_map(NET_GFN - 2, 2);
    guest_build();
    guest_assign(NET);
    guest_assign(DISK);
    guest_negotiate(FEATURES);
    layout_built(&l, 512 * MIB);
    /* Two pages less of RAM than QEMU believes: where they are nobody knows. */
    layout_set(&l, NET_GFN - 2, 2, MEMMAP_TYPE_RDM, 0, 0);
    layout_ram(&l, FOUR_GIB, 2, FOUR_GIB);
    layout_make_room(&l, NET_GFN, 2, 0, NET);
    layout_set(&l, LOW_END + 0x1100, PAGES, MEMMAP_TYPE_RDM, 0, 0);
    layout_set(&l, LOW_END + 0x1200, 1, MEMMAP_TYPE_RDM, 0, 0);
    harness_events();
    harness_fail("map", 3, ENOMEM);
    ck_status(commit(), NEGOTIATED, E_RDM, 6);
    ck_contains(harness_events(), "unmap 1f000+2\nforbid 1effe+4\n"
                                  "forbid 21100+4\n");
    ck_assert_uint_eq(harness_mapped(NET_GFN - 2, 0x3000), PAGES + 2);
    ck_assert_uint_eq(harness_permitted(NET_GFN - 2, 0x3000), 0);

    layout_set(&l, LOW_END + 0x1200, 1, MEMMAP_TYPE_RDM, MEMMAP_EF_UNMAPPED, 0);
    ck_status(commit(), COMMITTED, OK, NOBODY);
    ck_assert_uint_eq(harness_mapped(NET_GFN - 2, 0x3000), 2 * PAGES);
    harness_events();
    layout_set(&l, NET_GFN - 2, PAGES, MEMMAP_TYPE_RDM, MEMMAP_EF_UNMAPPED, 0);
    layout_set(&l, LOW_END + 0x1100, PAGES, MEMMAP_TYPE_RDM, MEMMAP_EF_UNMAPPED,
               0);
    ck_status(commit(), COMMITTED, OK, NOBODY);
    ck_assert_str_eq(harness_events(), "unmap 1f000+2\nforbid 1effe+4\n"
                                       "forbid 21100+4\n");
    ck_assert_uint_eq(harness_mapped(NET_GFN - 2, 0x3000), PAGES + 2);
}
END_TEST

/* Where RAM is of which nobody knows whence it came, it may have come from there. */
START_TEST(mapped_by_whom)
{
    for (unsigned int i = 0; i < 2; i++) {
        fresh();
        layout_ram(&l, FOUR_GIB + NET_GFN, PAGES, MEMMAP_NO_SOURCE);
        l.record.layout.range[l.record.layout.nr - 1].flags =
            i ? MEMMAP_EF_FIRMWARE : 0;
        commit();
        layout_set(&l, NET_GFN, PAGES, MEMMAP_TYPE_RDM, MEMMAP_EF_UNMAPPED, NET);
        ck_status(commit(), COMMITTED, OK, NOBODY);
        ck_contains(harness_events(), i ? "invalidate\nforbid 1f000+4\n" :
                    "invalidate\nunmap 1f000+4\nforbid 1f000+4\n");
    }
}
END_TEST

/*
 * What was said of RAM that is lost is the only word there is of where it was: a COMMIT
 * without it that fails leaves nothing mapped there, nor does one that gives it up.
 */
START_TEST(mapped_and_lost)
{
    host();
    guest_build();
    guest_assign(NET);
    guest_assign(DISK);
    guest_negotiate(FEATURES);
    layout_built(&l, 512 * MIB);
    layout_make_room(&l, NET_GFN, PAGES, 0, NET);
    layout_make_room(&l, DISK_GFN, 3, 0, NET);
    ck_status(guest_say(MEMMAP_CMD_PREPARE, &l), PREPARED, OK, NOBODY);
    layout_set(&l, FOUR_GIB + NET_GFN, PAGES, MEMMAP_TYPE_MMIO, 0, 0);
    l.record.flags = MEMMAP_RF_RAM_SHRUNK;
    harness_fail("map", 2, ENOMEM);
    ck_status(commit(), PREPARED, E_RDM, 2);
    ck_assert_uint_eq(harness_mapped(0, LOW_END), 0);

    layout_set(&l, DISK_GFN, 3, MEMMAP_TYPE_RDM, MEMMAP_EF_UNMAPPED, DISK);
    ck_status(commit(), COMMITTED, OK, NOBODY);
    ck_assert_uint_eq(harness_mapped(NET_GFN, PAGES), PAGES);
    layout_set(&l, NET_GFN, PAGES, MEMMAP_TYPE_RDM, MEMMAP_EF_UNMAPPED, NET);
    ck_status(commit(), COMMITTED, OK, NOBODY);
    ck_assert_uint_eq(harness_mapped(0, LOW_END), 0);
}
END_TEST

/* The first page behind RAM was none. */
START_TEST(mapped_behind_ram)
{
    harness_reset();
    harness_reserve(NET, LOW_END - 2, PAGES);
    guest_build();
    guest_assign(NET);
    guest_negotiate(FEATURES);
    layout_built(&l, 512 * MIB);
    layout_make_room(&l, LOW_END - 2, 2, 0, NET);
    layout_set(&l, LOW_END, 2, MEMMAP_TYPE_RDM, 0, NET);
    ck_status(commit(), COMMITTED, OK, NOBODY);
    harness_events();
    layout_set(&l, LOW_END - 2, PAGES, MEMMAP_TYPE_RDM, MEMMAP_EF_UNMAPPED, NET);
    ck_status(commit(), COMMITTED, OK, NOBODY);
    ck_assert_str_eq(harness_events(), "unmap 1fffe+2\nforbid 1fffe+4\n");
}
END_TEST

/* RAM that is back where it was built: what was mapped in its place QEMU had added. */
START_TEST(mapped_and_back)
{
    fresh();
    commit();
    harness_events();
    layout_built(&l, 512 * MIB);
    ck_status(commit(), COMMITTED, OK, NOBODY);
    ck_contains(harness_events(), "unmap 1f000+4\nforbid 1f000+4\n");
    ck_assert_uint_eq(harness_mapped(0, LOW_END), 0);
}
END_TEST

Suite *rdm_whose_suite(void)
{
    Suite *s = suite_create("rdm_whose");
    TCase *t = tcase_create("whose");

    tcase_add_test(t, not_assigned);
    tcase_add_test(t, not_ours);
    tcase_add_test(t, forgotten);
    tcase_add_test(t, no_more_assigned);
    suite_add_tcase(s, t);

    t = tcase_create("mapped");
    tcase_add_test(t, mapped_by_xen);
    tcase_add_test(t, mapped_by_whom);
    tcase_add_test(t, mapped_and_lost);
    tcase_add_test(t, mapped_behind_ram);
    tcase_add_test(t, mapped_and_back);
    suite_add_tcase(s, t);
    return s;
}
