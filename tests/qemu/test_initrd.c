/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The initrd of a kernel that is booted directly (xen-initrd.c).
 *
 * It goes where it always went if there is RAM, all the way; and if there is not,
 * to the highest place that has room, which both of those who look for it are told.
 */
#include <string.h>

#include "qemu/osdep.h"
#include "hw/xen/xen-initrd.h"

#include "guest.h"

#define INITRD_MAX     0x7fffffffu     /* what kernels have */
#define HOLE    0x1fff0ull      /* 64 KiB below the end of RAM */

static struct layout l;
static uint8_t setup[1024];

static uint32_t field(unsigned int at)
{
    uint32_t val;

    memcpy(&val, setup + at, sizeof(val));
    return val;
}

/* A kernel of 2013 or later; the initrd is @bytes long. */
static void kernel(uint64_t bytes)
{
    static const uint16_t version = 0x20f, xloadflags = 2;
    static const uint32_t max = INITRD_MAX;

    harness_reset();
    memset(setup, 0, sizeof(setup));
    memcpy(setup + 0x206, &version, 2);
    memcpy(setup + 0x236, &xloadflags, 2);
    memcpy(setup + 0x22c, &max, 4);
    harness_boot(setup, bytes);
    guest_build();
    guest_negotiate(0);
    layout_built(&l, 512 * MIB);
}

static void commit(void)
{
    ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), COMMITTED, OK, NOBODY);
}

/* As stock has it: nobody has been told anything. */
static void untouched(void)
{
    ck_assert_uint_eq(field(0x22c), INITRD_MAX);
    ck_assert_uint_eq(harness_initrd(), 0);
    ck_assert_str_eq(harness_said(), "");
}

START_TEST(no_hole)
{
    kernel(100 * MIB);
    commit();
    untouched();
    /* A hole that is as far from the end as it must be. */
    kernel(100 * MIB);
    layout_move(&l, LOW_END - (101 << 8) - 1, FOUR_GIB, 1);
    commit();
    untouched();
    /* RAM above, and firmware's own, are not the end. */
    kernel(100 * MIB);
    layout_move(&l, 0x1000, 0xfc000, 1);
    l.record.layout.range[l.record.layout.nr - 1].flags = MEMMAP_EF_FIRMWARE;
    layout_move(&l, 0x1001, FOUR_GIB, 1);
    commit();
    untouched();
}
END_TEST

START_TEST(hole)
{
    kernel(100 * MIB + 5);
    layout_move(&l, HOLE, FOUR_GIB, 4);
    commit();
    ck_assert_uint_eq(harness_initrd(), (HOLE << 12) - MIB - 100 * MIB - 0x1000);
    ck_assert_uint_eq(field(0x218), harness_initrd());
    ck_assert_uint_eq(field(0x22c), (HOLE << 12) - MIB - 0x1000);

    /* The hole is gone, and all is as it was. */
    layout_built(&l, 512 * MIB);
    commit();
    ck_assert_uint_eq(field(0x22c), INITRD_MAX);
}
END_TEST

/* Two holes, and no room between; RAM that is in one piece though it says two. */
START_TEST(holes)
{
    kernel(100 * MIB);
    layout_move(&l, HOLE, FOUR_GIB, 4);
    layout_move(&l, HOLE - (50 << 8), FOUR_GIB + 4, 1);
    layout_move(&l, HOLE - (100 << 8), FOUR_GIB + 5, 1);
    layout_ram(&l, HOLE - (100 << 8), 1, FOUR_GIB - 1);
    layout_set(&l, FOUR_GIB + 5, 1, MEMMAP_TYPE_MMIO, 0, 0);
    commit();
    ck_assert_uint_eq(harness_initrd(),
                      ((HOLE - (50 << 8)) << 12) - MIB - 100 * MIB);
}
END_TEST

/* Nor where the kernel unpacks itself to, at 64 MiB and 300 MiB long. */
START_TEST(kernel_itself)
{
    static const uint64_t pref = 64 * MIB;
    static const uint32_t init = 300 * MIB;

    kernel(100 * MIB);
    memcpy(setup + 0x258, &pref, 8);
    memcpy(setup + 0x260, &init, 4);
    layout_move(&l, 465 << 8, FOUR_GIB, 1);
    commit();
    ck_assert_uint_eq(harness_initrd(), 364 * MIB);
    kernel(100 * MIB);
    memcpy(setup + 0x258, &pref, 8);
    memcpy(setup + 0x260, &init, 4);
    layout_move(&l, (465 << 8) - 1, FOUR_GIB, 1);
    commit();
    ck_assert_uint_eq(harness_initrd(), 0);
    ck_contains(harness_said(), "nowhere in one piece");
}
END_TEST

/* An old kernel, that says how high it can have it. */
START_TEST(limit)
{
    static const uint16_t version = 0x20b;
    static const uint32_t max = 0xfffffff;

    kernel(100 * MIB);
    memcpy(setup + 0x206, &version, 2);
    memcpy(setup + 0x22c, &max, 4);
    harness_boot(setup, 100 * MIB);
    layout_move(&l, HOLE, FOUR_GIB, 4);
    commit();
    ck_assert_uint_eq(harness_initrd(), 0x10000000 - 100 * MIB);
}
END_TEST

/* No place at all is said; what has no such field is left alone. */
START_TEST(nowhere)
{
    static const uint16_t version = 0x202;

    kernel(510 * MIB);
    layout_move(&l, 0x10000, FOUR_GIB, 1);
    commit();
    ck_contains(harness_said(), "error: RAM below 4 GiB is nowhere in one piece "
                "long enough for the initrd of 534773760 bytes\n");
    ck_assert_uint_eq(field(0x22c), INITRD_MAX);

    kernel(100 * MIB);
    memcpy(setup + 0x206, &version, 2);
    layout_move(&l, HOLE, FOUR_GIB, 4);
    commit();
    untouched();
}
END_TEST

Suite *initrd_suite(void)
{
    Suite *s = suite_create("initrd");
    TCase *t = tcase_create("initrd");

    tcase_add_test(t, no_hole);
    tcase_add_test(t, hole);
    tcase_add_test(t, holes);
    tcase_add_test(t, kernel_itself);
    tcase_add_test(t, limit);
    tcase_add_test(t, nowhere);
    suite_add_tcase(s, t);
    return s;
}
