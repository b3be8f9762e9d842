/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QEMU's own memory that is in the guest (xen-park.c).
 *
 * It stays where any QEMU has it until firmware wants something else there.  Then
 * all of it goes, before the first page of RAM comes, to where no firmware and no
 * operating system puts anything; and whoever takes the guest over knows where.
 */
#include <errno.h>
#include <string.h>

#include "guest.h"

#define ROM_PAGES   0x40ull
#define FAR         FOUR_GIB

static struct layout l;

/* A display's memory, and a ROM behind it. */
static void fresh(void)
{
    harness_reset();
    guest_build();
    harness_block("vga.rom", ROM_PAGES << 12);
    guest_negotiate(FEATURES);
    layout_built(&l, 512 * MIB);
}

static uint32_t prepare(void)
{
    return guest_say(MEMMAP_CMD_PREPARE, &l);
}

/* What is not in the way stays, and so does what is in nobody's. */
START_TEST(stays)
{
    struct layout q;

    fresh();
    guest_query(&q);
    ck_assert_uint_eq(q.record.layout.nr, 0);
    layout_move(&l, 0x1f000, FOUR_GIB, 0x1000);
    layout_set(&l, 0x80000, 0x7c000, MEMMAP_TYPE_MMIO, 0, 0);
    ck_status(prepare(), PREPARED, OK, NOBODY);
    ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), COMMITTED, OK, NOBODY);
    ck_lacks(harness_events(), "relocate");
    ck_assert_uint_eq(harness_populated(PARKED, VRAM_PAGES + ROM_PAGES),
                      VRAM_PAGES + ROM_PAGES);
    ck_assert_ptr_null(harness_physmap("20000000/start_addr"));
}
END_TEST

/* RAM, BARs, reserved memory: whatever it is, to the page, with some to spare. */
START_TEST(goes)
{
    static const struct {
        uint64_t gfn, pages;
        unsigned int type;
        bool goes;
    } cases[] = {
        { PARKED, 1, MEMMAP_TYPE_MMIO, true },
        { PARKED, 1, MEMMAP_TYPE_RDM, true },
        { PARKED, 1, MEMMAP_TYPE_RAM, true },
        { PARKED + VRAM_PAGES + ROM_PAGES, 1, MEMMAP_TYPE_MMIO, true },
        { PARKED + VRAM_PAGES + ROM_PAGES + 0xfff, 1, MEMMAP_TYPE_MMIO, true },
        { PARKED + VRAM_PAGES + ROM_PAGES + 0x1000, 1, MEMMAP_TYPE_MMIO, false },
    };

    for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fresh();
        if (cases[i].type == MEMMAP_TYPE_RAM) {
            layout_move(&l, 0x10000, cases[i].gfn, cases[i].pages);
        } else {
            layout_set(&l, cases[i].gfn, cases[i].pages, cases[i].type,
                       MEMMAP_TYPE_RDM == cases[i].type ? MEMMAP_EF_UNMAPPED : 0,
                       0);
        }
        ck_status(prepare(), PREPARED, OK, NOBODY);
        ck_assert_str_eq(harness_events(), cases[i].goes ?
                         "relocate 20000+1000 to 100000\n"
                         "relocate 21000+40 to 101000\n" : "");
        ck_assert_uint_eq(harness_populated(PARKED, VRAM_PAGES + ROM_PAGES),
                          cases[i].goes ? 0 : VRAM_PAGES + ROM_PAGES);
        /* Once is enough. */
        ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), COMMITTED, OK, NOBODY);
        ck_lacks(harness_events(), "relocate");
    }
}
END_TEST

/*
 * Where it goes: above everything, at the next power of two, as a window for BARs
 * may end there; and below 4 GiB is no place.
 */
START_TEST(where)
{
    static const struct {
        uint64_t gfn, pages;
        const char *events;
    } cases[] = {
        { 0xf0000, 1, "to 100000\n" },
        { 0x100000, 1, "to 200000\n" },
        { 0x100000, 0x100000, "to 200000\n" },
        { 0x100000, 0x100001, "to 400000\n" },
        { 0x800000, 0x280000, "to 1000000\n" },
    };

    for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fresh();
        layout_set(&l, PARKED, 1, MEMMAP_TYPE_MMIO, 0, 0);
        layout_set(&l, cases[i].gfn, cases[i].pages, MEMMAP_TYPE_MMIO, 0, 0);
        ck_status(prepare(), PREPARED, OK, NOBODY);
        ck_contains(harness_events(), cases[i].events);
    }
}
END_TEST

/*
 * 256 MiB of video memory behind 3.75 GiB of RAM would lie over the pages that
 * firmware and Xen share; 192 MiB do not.  Whoever takes the guest over is told.
 */
START_TEST(over_firmware)
{
    harness_reset();
    ck_assert(harness_machine(0xf0000000));
    harness_events();
    harness_block("vga.vram", 192 * MIB);
    ck_assert_uint_eq(harness_populated(0xf0000, 0xc000), 0xc000);
    ck_assert_str_eq(harness_events(), "");

    harness_reset();
    ck_assert(harness_machine(0xf0000000));
    harness_events();
    harness_block("first.rom", 64 * MIB);
    harness_block("vga.vram", 256 * MIB);
    harness_block("vga.rom", ROM_PAGES << 12);
    ck_assert_uint_eq(harness_populated(0xf0000, 0x10000), 0);
    ck_assert_str_eq(harness_events(), "relocate f0000+4000 to 200000\n");
    ck_assert_uint_eq(harness_populated(0x200000, 0x14000 + ROM_PAGES),
                      0x14000 + ROM_PAGES);
    ck_assert_str_eq(harness_physmap("f0000000/start_addr"), "200000000");
    ck_assert(harness_needed());

    /* Who cannot tell does as ever. */
    harness_reset();
    harness_restrict();
    ck_assert(harness_machine(0xf0000000));
    harness_block("vga.vram", 256 * MIB);
    ck_assert_uint_eq(harness_populated(0xf0000, 0x10000), 0x10000);
}
END_TEST

/* Firmware changes its mind: away from there, too, and never onto itself. */
START_TEST(again)
{
    fresh();
    layout_set(&l, PARKED, 1, MEMMAP_TYPE_MMIO, 0, 0);
    ck_status(prepare(), PREPARED, OK, NOBODY);
    harness_events();
    layout_move(&l, 0x10000, FAR, 1);
    ck_status(prepare(), PREPARED, OK, NOBODY);
    ck_assert_str_eq(harness_events(), "relocate 100000+1000 to 200000\n"
                                       "relocate 101000+40 to 201000\n");
    ck_assert_str_eq(harness_physmap("20000000/start_addr"), "200000000");

    /* What was in the way is not any more: it stays. */
    layout_built(&l, 512 * MIB);
    ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), COMMITTED, OK, NOBODY);
    ck_lacks(harness_events(), "relocate");
}
END_TEST

/* A block that a BAR shows is not there to be moved, but its place is another. */
START_TEST(shown)
{
    fresh();
    harness_show(PARKED << 12);
    layout_set(&l, PARKED, 1, MEMMAP_TYPE_MMIO, 0, 0);
    ck_status(prepare(), PREPARED, OK, NOBODY);
    ck_assert_str_eq(harness_events(), "relocate 21000+40 to 101000\n");
}
END_TEST

/* While the guest migrates nothing moves: the other end would have it twice. */
START_TEST(migrating)
{
    fresh();
    harness_dirty_log(1);
    layout_set(&l, PARKED, 1, MEMMAP_TYPE_MMIO, 0, 0);
    ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), COMMITTED, OK, NOBODY);
    ck_lacks(harness_events(), "relocate");
    harness_dirty_log(2);
    ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), COMMITTED, OK, NOBODY);
    ck_contains(harness_events(), "relocate");
}
END_TEST

/* What is plugged after that is parked with the rest. */
START_TEST(plugged)
{
    fresh();
    layout_set(&l, PARKED, 1, MEMMAP_TYPE_MMIO, 0, 0);
    ck_status(prepare(), PREPARED, OK, NOBODY);
    harness_block("e1000.rom", 0x40000);
    ck_assert_uint_eq(harness_populated(FAR + VRAM_PAGES + ROM_PAGES, 0x40),
                      0x40);
}
END_TEST

/* No place: it stays, and the layout is refused. */
static void refused(const char *said)
{
    ck_status(prepare(), NEGOTIATED, E_APPLY, NOBODY);
    ck_contains(harness_said(), said);
    ck_assert_uint_eq(harness_populated(PARKED, VRAM_PAGES + ROM_PAGES),
                      VRAM_PAGES + ROM_PAGES);
    ck_assert(!harness_physmap("20000000/start_addr") ||
              !strcmp(harness_physmap("20000000/start_addr"), "20000000"));

    /* The next one may be luckier. */
    harness_mend();
    layout_built(&l, 512 * MIB);
    layout_set(&l, PARKED, 1, MEMMAP_TYPE_MMIO, 0, 0);
    ck_status(prepare(), PREPARED, OK, NOBODY);
    ck_assert_uint_eq(harness_populated(FAR, VRAM_PAGES + ROM_PAGES),
                      VRAM_PAGES + ROM_PAGES);
}

START_TEST(no_address)
{
    fresh();
    layout_set(&l, PARKED, 1, MEMMAP_TYPE_MMIO, 0, 0);
    l.record.gfn_limit = 1ull << 51;
    layout_set(&l, (1ull << 39) + 1, 1, MEMMAP_TYPE_MMIO, 0, 0);
    refused("error: there is no address left for VRAM and ROMs\n");
}
END_TEST

START_TEST(no_move)
{
    for (unsigned int nth = 1; nth < 3; nth++) {
        fresh();
        layout_set(&l, PARKED, 1, MEMMAP_TYPE_MMIO, 0, 0);
        harness_fail("relocate", nth, ENOMEM);
        refused("error: Xen does not move VRAM and ROMs to 0x100000000: "
                "Cannot allocate memory\n");
    }
}
END_TEST

START_TEST(no_xenstore)
{
    for (unsigned int nth = 1; nth < 4; nth++) {
        fresh();
        layout_set(&l, PARKED, 1, MEMMAP_TYPE_MMIO, 0, 0);
        harness_fail("write", nth, ENOSPC);
        refused("error: xenstore does not take where VRAM and ROMs are: "
                "No space left on device\n");
    }
}
END_TEST

/* Up to the last gfn that there is; what lies where that leaves no place. */
START_TEST(huge)
{
    fresh();
    layout_set(&l, PARKED, 1, MEMMAP_TYPE_MMIO, 0, 0);
    l.record.gfn_limit = UINT64_MAX;
    layout_set(&l, MEMMAP_GFN_END - 1, 1, MEMMAP_TYPE_MMIO, 0, 0);
    ck_status(prepare(), NEGOTIATED, E_APPLY, NOBODY);
    ck_lacks(harness_events(), "relocate");

    /* Nor is it over what it is not. */
    layout_built(&l, 512 * MIB);
    l.record.gfn_limit = UINT64_MAX;
    layout_set(&l, (MEMMAP_GFN_END >> 1) + PARKED, 1, MEMMAP_TYPE_MMIO, 0, 0);
    ck_status(prepare(), PREPARED, OK, NOBODY);
    ck_lacks(harness_events(), "relocate");
}
END_TEST

/* The guest goes to another QEMU, which parks what it has where it is. */
static void moved(void)
{
    fresh();
    layout_set(&l, PARKED, 1, MEMMAP_TYPE_MMIO, 0, 0);
    ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), COMMITTED, OK, NOBODY);
    ck_assert_str_eq(harness_physmap("20000000/start_addr"), "100000000");
    ck_assert_str_eq(harness_physmap("20000000/size"), "1040000");
    ck_assert_str_eq(harness_physmap("20000000/name"), "xen-memmap.parked");
}

START_TEST(incoming)
{
    moved();
    harness_reset();
    harness_incoming();
    guest_build();
    ck_contains(harness_traced(), "xen_ram_park_found: 20000000 100000000\n");
    guest_cmd(MEMMAP_CMD_QUERY);
    ck_lacks(harness_events(), "relocate");

    /* Also if it can do nothing of the kind itself. */
    moved();
    harness_reset();
    harness_restrict();
    harness_incoming();
    guest_build();
    ck_contains(harness_traced(), "xen_ram_park_found: 20000000 100000000\n");
}
END_TEST

/* Keys of somebody else, of nobody, or of a guest that starts here. */
START_TEST(not_incoming)
{
    moved();
    harness_reset();
    harness_carry_keys();
    guest_build();
    ck_lacks(harness_traced(), "xen_ram_park_found");

    for (unsigned int nth = 1; nth < 3; nth++) {
        moved();
        harness_reset();
        harness_incoming();
        harness_fail("read", nth, ENOENT);
        guest_build();
        ck_lacks(harness_traced(), "xen_ram_park_found");
    }
    moved();
    harness_reset();
    harness_incoming();
    harness_no_xenstore();
    guest_build();
    ck_lacks(harness_traced(), "xen_ram_park_found");
}
END_TEST

/* It comes along with the guest, so it may be anything; the stream is refused then. */
START_TEST(incoming_nonsense)
{
    static const struct { const char *where; bool good; } keys[] = {
        { "ffffffffff000", true }, { "20000000", true },
        { "10000000000000", false }, { "1ffff000", false }, { "0", false },
        { "100000001", false }, { "fffffffffffff000", false },
    };

    for (unsigned int i = 0; i < G_N_ELEMENTS(keys); i++) {
        moved();
        harness_reset();
        harness_incoming();
        harness_note_physmap("20000000/start_addr", keys[i].where);
        guest_build();
        if (keys[i].good) {
            ck_contains(harness_traced(), "xen_ram_park_found");
            ck_assert_str_eq(harness_said(), "");
        } else {
            ck_lacks(harness_traced(), "xen_ram_park_found");
            ck_contains(harness_said(), "VRAM and ROMs cannot be parked at 0x");
        }
    }
}
END_TEST

Suite *park_suite(void)
{
    Suite *s = suite_create("park");
    TCase *t = tcase_create("park");

    tcase_set_timeout(t, 60);
    tcase_add_test(t, stays);
    tcase_add_test(t, goes);
    tcase_add_test(t, where);
    tcase_add_test(t, over_firmware);
    tcase_add_test(t, again);
    tcase_add_test(t, shown);
    tcase_add_test(t, migrating);
    tcase_add_test(t, plugged);
    tcase_add_test(t, no_address);
    tcase_add_test(t, no_move);
    tcase_add_test(t, no_xenstore);
    tcase_add_test(t, huge);
    tcase_add_test(t, incoming);
    tcase_add_test(t, not_incoming);
    tcase_add_test(t, incoming_nonsense);
    suite_add_tcase(s, t);
    return s;
}
