/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel that is booted directly, and its initrd (xen-linux.c).
 *
 * Each goes where it always went if there is RAM, all the way; and if there is not,
 * to another place that has room, which both of those who look for it are told.  A
 * kernel that cannot go elsewhere is in the way of RAM that is to move.
 */
#include <string.h>

#include "qemu/osdep.h"
#include "hw/xen/xen-linux.h"

#include "guest.h"

#define INITRD_MAX     0x7fffffffu     /* what kernels have */
#define HOLE    0x1fff0ull      /* 64 KiB below the end of RAM */

static struct layout l;
static uint8_t setup[1024];
/* How far behind the place where the kernel is loaded it is entered. */
static uint32_t entry;
/* Where the initrd goes if nobody says otherwise. */
static uint32_t stock;
/* The kernel's initrd_addr_max. */
static uint32_t max;

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
    static const uint32_t addr = MIB, magic = 0x53726448;

    harness_reset();
    memset(setup, 0, sizeof(setup));
    entry = 0;
    max = INITRD_MAX;
    memcpy(setup + 0x202, &magic, 4);
    memcpy(setup + 0x206, &version, 2);
    memcpy(setup + 0x236, &xloadflags, 2);
    memcpy(setup + 0x22c, &max, 4);
    memcpy(setup + 0x214, &addr, 4);
    setup[0x211] = 1;
    harness_boot(setup, bytes);
    guest_build();
    guest_negotiate(0);
    layout_built(&l, 512 * MIB);
    stock = field(0x218);
}

static void commit(void)
{
    ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), COMMITTED, OK, NOBODY);
}

static void initrd_is_back(void)
{
    ck_assert_uint_eq(field(0x22c), max);
    ck_assert_uint_eq(field(0x218), stock);
    ck_assert_uint_eq(harness_initrd(), stock);
}

/* As stock has it: nobody has been told anything. */
static void untouched(void)
{
    initrd_is_back();
    ck_assert_uint_eq(field(0x214), MIB);
    ck_assert_uint_eq(harness_kernel(), 0);
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
    ck_assert_uint_eq(stock, 512 * MIB - 0x29000 - 100 * MIB);
    layout_move(&l, HOLE, FOUR_GIB, 4);
    commit();
    ck_assert_uint_eq(harness_initrd(), (HOLE << 12) - MIB - 100 * MIB - 0x1000);
    ck_assert_uint_eq(field(0x218), harness_initrd());
    ck_assert_uint_eq(field(0x22c), (HOLE << 12) - MIB - 0x1000);

    /* The hole is gone, and all is as it was. */
    layout_built(&l, 512 * MIB);
    commit();
    untouched();

    /* So it is if there is no place any more. */
    layout_move(&l, HOLE, FOUR_GIB, 4);
    commit();
    ck_assert_uint_ne(harness_initrd(), stock);
    for (unsigned int i = 1; i < 6; i++) {
        layout_move(&l, i * 90 << 8, FOUR_GIB + 4 + i, 1);
    }
    commit();
    ck_contains(harness_said(), "nowhere in one piece");
    initrd_is_back();
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
    initrd_is_back();
    ck_contains(harness_said(), "nowhere in one piece");
}
END_TEST

/* One that does not say takes up to 16 MiB. */
START_TEST(kernel_untold)
{
    kernel(4 * MIB);
    layout_move(&l, 15 << 8, FOUR_GIB, 497 << 8);
    commit();
    ck_contains(harness_said(), "nowhere in one piece");
    kernel(4 * MIB);
    layout_move(&l, 21 << 8, FOUR_GIB, 491 << 8);
    commit();
    untouched();
}
END_TEST

/* An old kernel, that says how high it can have it. */
static void limited(uint32_t high, uint64_t bytes)
{
    static const uint16_t version = 0x20b;

    memcpy(setup + 0x206, &version, 2);
    max = high;
    memcpy(setup + 0x22c, &max, 4);
    harness_boot(setup, bytes);
    stock = field(0x218);
}

/*
 * The option ROM does not ask the BIOS then, so it depends on the very place that QEMU
 * has computed, which is a page lower if the length is in whole pages.
 */
START_TEST(limit)
{
    for (unsigned int odd = 0; odd < 2; odd++) {
        uint64_t bytes = 100 * MIB - odd, first, behind;

        kernel(bytes);
        limited(0xfffffff, bytes);
        ck_assert_uint_eq(stock, 0xffff000 + odd * 0x1000 - 100 * MIB);
        first = stock >> 12;
        behind = first + (100 << 8);
        layout_move(&l, first, FOUR_GIB, 1);
        commit();
        ck_assert_uint_eq(harness_initrd(), odd ? stock - 101 * MIB :
                                            0x10000000 - 100 * MIB);
        ck_assert_uint_eq(field(0x218), harness_initrd());
        ck_assert_uint_eq(field(0x22c),
                          (harness_initrd() + bytes) & ~4095ull);
        layout_built(&l, 512 * MIB);
        layout_move(&l, first - 1, FOUR_GIB, 1);
        layout_move(&l, behind, FOUR_GIB + 1, 1);
        layout_move(&l, HOLE, FOUR_GIB + 2, 4);
        commit();
        untouched();
        /* Though there were no other place. */
        layout_move(&l, 80 << 8, FOUR_GIB + 6, 1);
        commit();
        untouched();

        layout_built(&l, 512 * MIB);
        layout_move(&l, behind - 1, FOUR_GIB, 1);
        commit();
        ck_assert_uint_eq(harness_initrd(), stock - MIB - 0x1000);

        /* Nor is it to be where the BIOS keeps its data. */
        layout_built(&l, 512 * MIB);
        layout_move(&l, behind + 0x100, FOUR_GIB, LOW_END - behind - 0x100);
        commit();
        initrd_is_back();
        layout_move(&l, behind + 0xff, FOUR_GIB + LOW_END, 1);
        commit();
        ck_assert_uint_eq(harness_initrd(), stock - 0x1000);
    }
}
END_TEST

/* One that says so of the very place where QEMU has put it, at the end of RAM. */
START_TEST(limit_at_the_end)
{
    kernel(100 * MIB);
    max = stock + 100 * MIB + 0xfff;
    memcpy(setup + 0x22c, &max, 4);
    harness_boot(setup, 100 * MIB);
    layout_move(&l, 0x1ff00, FOUR_GIB, 0x100);
    commit();
    ck_assert_uint_eq(harness_initrd(), 0x1ff00000 - 101 * MIB);
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

/* One that can be anywhere, wants to be at 16 MiB, and takes 40 MiB there. */
static void relocatable(uint64_t initrd_bytes)
{
    static const uint64_t pref = 16 * MIB;
    static const uint32_t align = 2 * MIB, init = 40 * MIB;

    kernel(initrd_bytes);
    memcpy(setup + 0x258, &pref, 8);
    memcpy(setup + 0x260, &init, 4);
    memcpy(setup + 0x230, &align, 4);
    setup[0x234] = 1;
}

/* Where it is loaded, which it is told as well. */
static uint64_t loaded(void)
{
    ck_status(guest_say(MEMMAP_CMD_PREPARE, &l), PREPARED, OK, NOBODY);
    commit();
    ck_assert_str_eq(harness_said(), "");
    ck_assert_uint_eq(field(0x214), harness_kernel() + entry);
    return harness_kernel();
}

START_TEST(kernel_moves)
{
    relocatable(100 * MIB);
    /* It ends in the tenth MiB. */
    layout_move(&l, 9 << 8, FOUR_GIB, 1);
    ck_assert_uint_eq(loaded(), 16 * MIB);

    /* That has gone, and all is as it was. */
    layout_built(&l, 512 * MIB);
    ck_assert_uint_eq(loaded(), MIB);

    /* Loaded where it ever was it would unpack itself over a hole. */
    layout_move(&l, 16 << 8, FOUR_GIB, 1);
    ck_assert_uint_eq(loaded(), 18 * MIB);
    layout_built(&l, 512 * MIB);
    layout_move(&l, (56 << 8) - 1, FOUR_GIB, 1);
    ck_assert_uint_eq(loaded(), 56 * MIB);
    layout_built(&l, 512 * MIB);
    layout_move(&l, (18 << 8) - 1, FOUR_GIB, 1);
    layout_move(&l, (58 << 8) - 1, FOUR_GIB + 1, 1);
    ck_assert_uint_eq(loaded(), 58 * MIB);

    /* And there it has just as much room as it takes. */
    layout_move(&l, 98 << 8, FOUR_GIB + 2, 1);
    ck_assert_uint_eq(loaded(), 58 * MIB);
    layout_move(&l, (98 << 8) - 1, FOUR_GIB + 3, 1);
    ck_assert_uint_eq(loaded(), 100 * MIB);
}
END_TEST

/* It is entered where its header says, which need not be where it begins. */
START_TEST(kernel_entry)
{
    relocatable(100 * MIB);
    entry = 0x200;
    memcpy(setup + 0x214, &(uint32_t) { MIB + entry }, 4);
    harness_boot(setup, 100 * MIB);
    commit();
    ck_assert_uint_eq(field(0x214), MIB + entry);
    ck_assert_uint_eq(harness_kernel(), 0);

    layout_move(&l, 9 << 8, FOUR_GIB, 1);
    ck_assert_uint_eq(loaded(), 16 * MIB);
    layout_built(&l, 512 * MIB);
    ck_assert_uint_eq(loaded(), MIB);
}
END_TEST

/* Where there is nothing in the way nothing is done: 9 MiB, and 16 to 56. */
START_TEST(kernel_stays)
{
    relocatable(100 * MIB);
    layout_move(&l, (9 << 8) + 1, FOUR_GIB, 1);
    layout_move(&l, (16 << 8) - 1, FOUR_GIB + 1, 1);
    layout_move(&l, 56 << 8, FOUR_GIB + 2, 1);
    commit();
    untouched();

    /* Where a zImage is RAM stays, and so for what has no such header. */
    for (unsigned int i = 0; i < 2; i++) {
        relocatable(100 * MIB);
        setup[i ? 0x202 : 0x211] = 0;
        layout_move(&l, 5 << 8, FOUR_GIB, 1);
        commit();
        untouched();
    }
}
END_TEST

/* The initrd goes above it, wherever it is. */
START_TEST(kernel_and_initrd)
{
    relocatable(99 * MIB);
    layout_move(&l, 300 << 8, FOUR_GIB, 0x400);
    layout_move(&l, (56 << 8) - 1, FOUR_GIB + 0x400, 1);
    layout_move(&l, (197 << 8) - 1, FOUR_GIB + 0x401, 1);
    layout_move(&l, 400 << 8, FOUR_GIB + 0x402, 1);
    layout_move(&l, 500 << 8, FOUR_GIB + 0x403, 1);
    commit();
    ck_assert_uint_eq(harness_kernel(), 56 * MIB);
    ck_assert_uint_eq(harness_initrd(), 200 * MIB);
    layout_move(&l, 250 << 8, FOUR_GIB + 0x404, 1);
    commit();
    ck_assert_uint_eq(harness_initrd(), 97 * MIB - 0x1000);
    layout_move(&l, 100 << 8, FOUR_GIB + 0x405, 1);
    commit();
    ck_contains(harness_said(), "nowhere in one piece");
}
END_TEST

/* The kernel had to go where it is: there is no lower place above it. */
START_TEST(limit_and_kernel)
{
    relocatable(10 * MIB);
    limited(0x4ffffff, 10 * MIB);
    layout_move(&l, 31 << 8, FOUR_GIB, 1);
    commit();
    ck_assert_uint_eq(harness_kernel(), 32 * MIB);
    ck_contains(harness_said(), "nowhere in one piece");
    initrd_is_back();
}
END_TEST

/* What cannot go elsewhere, or does not say how much it takes there. */
static void fixed(unsigned int which)
{
    static const uint16_t version = 0x209;
    static const uint64_t data = 0x500000;

    relocatable(100 * MIB);
    switch (which) {
    case 0:
        setup[0x234] = 0;
        break;
    case 1:
        memset(setup + 0x230, 0, 4);
        break;
    case 2:
        memcpy(setup + 0x206, &version, 2);
        break;
    case 3:
        memcpy(setup + 0x250, &data, 8);
        break;
    case 4:
        /* There is no place long enough. */
        layout_move(&l, 50 << 8, FOUR_GIB + 0x10000, 1);
        memcpy(setup + 0x260, &(uint32_t) { 461 * MIB }, 4);
        break;
    }
}

/* So RAM must not move from where it goes: that is said once, and no more. */
START_TEST(kernel_in_the_way)
{
    for (unsigned int i = 0; i < 5; i++) {
        fixed(i);
        /* In the kernel, and where one unpacks itself that does not say where to. */
        layout_move(&l, i == 2 ? (16 << 8) - 1 : 9 << 8, FOUR_GIB, 1);
        ck_status(guest_say(MEMMAP_CMD_PREPARE, &l), NEGOTIATED, E_BUSY, NOBODY);
        ck_status(guest_say(MEMMAP_CMD_PREPARE, &l), NEGOTIATED, E_BUSY, NOBODY);
        ck_contains(harness_said(),
            "error: xen-memmap: RAM stays where it is: the kernel that is booted "
            "directly has to be loaded where firmware was to take some away\n");
        ck_assert_ptr_null(strstr(strstr(harness_said(), "loaded where") + 1,
                                  "loaded where"));

        /* As it is, or with RAM that moves from elsewhere. */
        if (i < 4) {
            layout_built(&l, 512 * MIB);
            layout_move(&l, HOLE, FOUR_GIB, 1);
            ck_status(guest_say(MEMMAP_CMD_PREPARE, &l), PREPARED, OK, NOBODY);
            commit();
            ck_assert_uint_eq(field(0x214), MIB);
            ck_assert_uint_eq(harness_kernel(), 0);
        }
    }
}
END_TEST

/* One that is fixed does not care how it would be aligned elsewhere: 1 to 41 MiB. */
START_TEST(kernel_fixed)
{
    static const uint64_t pref = MIB;

    fixed(0);
    memcpy(setup + 0x258, &pref, 8);
    layout_move(&l, 41 << 8, FOUR_GIB, 1);
    commit();
    untouched();
}
END_TEST

/* RAM that has gone already does not come back for a no; that is said once. */
START_TEST(kernel_over_a_hole)
{
    fixed(0);
    layout_move(&l, 9 << 8, FOUR_GIB, 1);
    commit();
    commit();
    ck_assert_str_eq(harness_said(), "error: the kernel that is booted directly is "
        "loaded at 0x100000 and unpacks itself at 0x1000000, and RAM is not all "
        "there\n");
    ck_assert_uint_eq(harness_kernel(), 0);
    /* Nor is what moves elsewhere held against it then. */
    layout_move(&l, HOLE, FOUR_GIB + 1, 1);
    ck_status(guest_say(MEMMAP_CMD_PREPARE, &l), PREPARED, OK, NOBODY);
}
END_TEST

/* Nor does it go where the BIOS keeps its data, right below the end of RAM. */
START_TEST(kernel_at_the_end)
{
    relocatable(MIB);
    memcpy(setup + 0x260, &(uint32_t) { 400 * MIB }, 4);
    layout_move(&l, (111 << 8) - 1, FOUR_GIB, 1);
    commit();
    ck_contains(harness_said(), "and RAM is not all there");

    relocatable(MIB);
    memcpy(setup + 0x260, &(uint32_t) { 398 * MIB }, 4);
    layout_move(&l, (111 << 8) - 1, FOUR_GIB, 1);
    layout_move(&l, 0x1000, 0xfc000, 1);
    l.record.layout.range[l.record.layout.nr - 2].flags = MEMMAP_EF_FIRMWARE;
    commit();
    ck_assert_uint_eq(harness_kernel(), 112 * MIB);
}
END_TEST

Suite *linux_suite(void)
{
    Suite *s = suite_create("linux");
    TCase *t = tcase_create("initrd");

    tcase_add_test(t, no_hole);
    tcase_add_test(t, hole);
    tcase_add_test(t, holes);
    tcase_add_test(t, kernel_itself);
    tcase_add_test(t, kernel_untold);
    tcase_add_test(t, limit);
    tcase_add_test(t, limit_at_the_end);
    tcase_add_test(t, nowhere);
    suite_add_tcase(s, t);

    t = tcase_create("kernel");
    tcase_add_test(t, kernel_moves);
    tcase_add_test(t, kernel_entry);
    tcase_add_test(t, kernel_stays);
    tcase_add_test(t, kernel_and_initrd);
    tcase_add_test(t, limit_and_kernel);
    tcase_add_test(t, kernel_in_the_way);
    tcase_add_test(t, kernel_fixed);
    tcase_add_test(t, kernel_over_a_hole);
    tcase_add_test(t, kernel_at_the_end);
    suite_add_tcase(s, t);
    return s;
}
