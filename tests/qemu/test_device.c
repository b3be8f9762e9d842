/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device as its guest sees it (xen-memmap.c): ports, the buffer, what QUERY
 * calls QEMU's own, reset, and what ends up in the log.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "guest.h"

static struct layout l;

static void fresh(void)
{
    harness_reset();
    guest_build();
    guest_negotiate(FEATURES);
    layout_built(&l, 512 * MIB);
}

/* QEMU has no xenstore, so what it has parked stays. */
static void restricted(void)
{
    harness_reset();
    harness_restrict();
    guest_build();
    guest_negotiate(0);
    layout_built(&l, 512 * MIB);
}

/* Everything that is no aligned access of 32 bits to a register. */
START_TEST(widths)
{
    harness_reset();
    guest_build();
    ck_assert_uint_eq(harness_in(MEMMAP_REG_SIGNATURE, 4), MEMMAP_SIGNATURE);
    ck_assert_uint_eq(harness_in(MEMMAP_REG_OFFER, 4),
                      MEMMAP_OFFER(1, 0, FEATURES));
    for (unsigned int at = 0; at < MEMMAP_PORT_COUNT; at++) {
        ck_assert_uint_eq(harness_in(at, 1), 0xff);
        if (at < MEMMAP_PORT_COUNT - 1) {
            ck_assert_uint_eq(harness_in(at, 2), 0xffff);
        }
        if (at % 4 && at < MEMMAP_PORT_COUNT - 3) {
            ck_assert_uint_eq(harness_in(at, 4), 0xffffffff);
        }
    }

    /* None of them negotiates. */
    for (unsigned int i = 0; i < 4; i++) {
        harness_out(MEMMAP_REG_OFFER + i, 1, 0);
        harness_out(MEMMAP_REG_OFFER + i, 2, 0x0100);
        if (i) {
            harness_out(MEMMAP_REG_OFFER + i, 4, MEMMAP_OFFER(1, 0, 0));
        }
    }
    ck_status(harness_in(MEMMAP_REG_DOORBELL, 4), OFFERED, OK, NOBODY);
    ck_assert_str_eq(harness_logged(), "");
    harness_out(MEMMAP_REG_OFFER, 4, MEMMAP_OFFER(1, 0, 0));
    ck_status(harness_in(MEMMAP_REG_DOORBELL, 4), NEGOTIATED, OK, NOBODY);
}
END_TEST

START_TEST(conversation)
{
    struct layout q;

    fresh();
    guest_query(&q);
    ck_assert_uint_eq(q.record.gfn_limit, GFN_LIMIT);
    ck_assert_uint_eq(q.record.generation, 0);
    layout_move(&l, 0x18000, FOUR_GIB, 0x8000);
    ck_status(guest_say(MEMMAP_CMD_PREPARE, &l), PREPARED, OK, NOBODY);
    ck_assert_str_eq(harness_view(), "0-a0000 c0000-20000000");
    ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), COMMITTED, OK, NOBODY);
    ck_assert_uint_eq(harness_in(MEMMAP_REG_GENERATION, 4), 1);
    ck_status(guest_cmd(MEMMAP_CMD_SEAL), SEALED, OK, NOBODY);
    ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), SEALED, E_STATE, NOBODY);
    ck_assert_uint_eq(harness_in(MEMMAP_REG_GENERATION, 4), 1);
    ck_assert_uint_eq(harness_open(), 0);
}
END_TEST

/* Only what QEMU writes is said to be dirty, and all of that. */
START_TEST(dirty)
{
    struct layout q;
    char want[64];

    fresh();
    guest_query(&q);
    sprintf(want, "modified 90000+%x\n",
            memmap_record_bytes(q.record.layout.nr));
    ck_assert_str_eq(harness_events(), want);
    guest_say(MEMMAP_CMD_PREPARE, &l);
    guest_say(MEMMAP_CMD_COMMIT, &l);
    ck_assert_str_eq(harness_events(), "");
}
END_TEST

/* Any of the buffer's three pages that the guest gave back. */
START_TEST(buffer_absent)
{
    for (unsigned int page = 0; page < MEMMAP_BUFFER_PAGES; page++) {
        fresh();
        harness_absent(BUF_GFN + page);
        ck_status(guest_cmd(MEMMAP_CMD_PREPARE), NEGOTIATED, E_BUFFER, NOBODY);
        ck_status(guest_cmd(MEMMAP_CMD_COMMIT), NEGOTIATED, E_BUFFER, NOBODY);
        ck_assert_uint_eq(harness_open(), 0);
        ck_assert_str_eq(harness_events(), "");
    }

    /* An answer of one page does not need the others. */
    fresh();
    harness_absent(BUF_GFN);
    ck_status(guest_cmd(MEMMAP_CMD_QUERY), NEGOTIATED, E_BUFFER, NOBODY);
    fresh();
    harness_absent(BUF_GFN + 1);
    ck_status(guest_cmd(MEMMAP_CMD_QUERY), NEGOTIATED, OK, NOBODY);
    ck_assert_uint_eq(harness_open(), 0);
}
END_TEST

START_TEST(buffer_unmappable)
{
    fresh();
    harness_fail("foreign", 0, ENOMEM);
    ck_status(guest_cmd(MEMMAP_CMD_QUERY), NEGOTIATED, E_BUFFER, NOBODY);
    ck_status(guest_cmd(MEMMAP_CMD_COMMIT), NEGOTIATED, E_BUFFER, NOBODY);
    ck_assert_uint_eq(harness_open(), 0);
    ck_assert_str_eq(harness_events(), "");
}
END_TEST

/* From the first to the last gfn that a buffer may have. */
START_TEST(buffer_anywhere)
{
    uint32_t gfn[] = { 0, 1, 0x9d };

    for (unsigned int i = 0; i < sizeof(gfn) / sizeof(gfn[0]); i++) {
        fresh();
        l.record.generation = 1;
        memmap_pack(&l.record, harness_ram(gfn[i] << 12), MEMMAP_BUFFER_BYTES);
        harness_out(MEMMAP_REG_DOORBELL, 4,
                    MEMMAP_DOORBELL(MEMMAP_CMD_COMMIT, gfn[i]));
        ck_status(harness_in(MEMMAP_REG_DOORBELL, 4), COMMITTED, OK, NOBODY);
    }
}
END_TEST

/* A record of 256 entries fills all of the three pages but a third of one. */
START_TEST(buffer_full)
{
    fresh();
    layout_empty(&l);
    layout_ram(&l, 0, 0xa0, 0);
    layout_ram(&l, 0xc0, 0x40, 0xc0);
    /* Every second page of what follows changes places with its neighbour. */
    for (unsigned int i = 0; i < 252; i++) {
        layout_ram(&l, 0x100 + i, 1, 0x100 + (i ^ 1));
    }
    layout_set(&l, 0x1fc, 1, MEMMAP_TYPE_RAM, 0, 0);
    layout_ram(&l, 0x1fd, LOW_END - 0x1fd, 0x1fd);
    ck_assert_uint_eq(l.record.layout.nr, 256);
    ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), COMMITTED, OK, NOBODY);
    ck_assert_str_eq(harness_view(), "0-a0000 c0000-20000000");
}
END_TEST

/* What is parked behind RAM and cannot move is QEMU's: VRAM, ROMs, and nothing else. */
START_TEST(owned)
{
    static const uint64_t want[][2] = {
        { PARKED, VRAM_PAGES + 0x10 },
        { PARKED + VRAM_PAGES + 0x40, 2 },
    };
    struct layout q;

    restricted();
    harness_block("rom", 0x10000);
    harness_block("odd", 0x1001);
    guest_query(&q);
    ck_assert_uint_eq(q.record.layout.nr, 2);
    for (unsigned int i = 0; i < 2; i++) {
        ck_assert_uint_eq(q.range[i].gfn, want[i][0]);
        ck_assert_uint_eq(q.range[i].pages, want[i][1]);
        ck_assert_uint_eq(q.range[i].type, MEMMAP_TYPE_OWNED);
    }

    layout_set(&l, PARKED + VRAM_PAGES, 1, MEMMAP_TYPE_MMIO, 0, 0);
    ck_status(guest_say(MEMMAP_CMD_PREPARE, &l), NEGOTIATED, E_OWNED, 2);
    layout_built(&l, 512 * MIB);
    layout_set(&l, PARKED + VRAM_PAGES + 0x10, 0x30, MEMMAP_TYPE_MMIO, 0, 0);
    ck_status(guest_say(MEMMAP_CMD_PREPARE, &l), PREPARED, OK, NOBODY);
    ck_lacks(harness_events(), "relocate");
}
END_TEST

/* RAM ends where there are no addresses, or where the administrator says. */
START_TEST(limit)
{
    static const struct {
        const char *property;
        uint64_t limit;
    } cases[] = {
        { NULL, GFN_LIMIT },
        { "0x110000", 0x110000 },
        { "0x900000", 0x900000 },
    };
    struct layout q;

    for (unsigned int i = 0; i < 3; i++) {
        harness_reset();
        if (cases[i].property) {
            harness_global("gfn-limit", cases[i].property);
        }
        guest_build();
        guest_negotiate(FEATURES);
        guest_query(&q);
        ck_assert_uint_eq(q.record.gfn_limit, cases[i].limit);
        layout_built(&l, 512 * MIB);
        l.record.gfn_limit = 1ull << 41;
        layout_move(&l, 0x1f000, cases[i].limit - 0x100, 0x100);
        ck_status(guest_say(MEMMAP_CMD_PREPARE, &l), PREPARED, OK, NOBODY);
        layout_built(&l, 512 * MIB);
        l.record.gfn_limit = 1ull << 41;
        layout_move(&l, 0x1f000, cases[i].limit - 0xff, 0x100);
        ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), PREPARED, E_RANGE, 3);
    }
}
END_TEST

/* The sum of RAM is that of the guest, whose RAM is in two parts. */
START_TEST(ram_sum)
{
    harness_reset();
    ck_assert(harness_machine(6 * GIB));
    guest_negotiate(0);
    layout_built(&l, 6 * GIB);
    ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), COMMITTED, OK, NOBODY);
    layout_set(&l, FOUR_GIB, 1, MEMMAP_TYPE_MMIO, 0, 0);
    ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), COMMITTED, E_RAM_SUM, NOBODY);
    l.record.flags = MEMMAP_RF_RAM_SHRUNK;
    ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), COMMITTED, OK, NOBODY);
    ck_assert_str_eq(harness_view(),
                     "0-a0000 c0000-f0000000 100001000-190000000");

    /* What was lost is there again. */
    layout_built(&l, 6 * GIB);
    l.record.flags = 0;
    ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), COMMITTED, OK, NOBODY);
    ck_assert_str_eq(harness_view(),
                     "0-a0000 c0000-f0000000 100000000-190000000");
}
END_TEST

/* More of QEMU's own than can be said: then nothing is, and not a part of it. */
START_TEST(owned_too_much)
{
    restricted();
    for (unsigned int i = 0; i <= MEMMAP_MAX_ENTRIES; i++) {
        char name[20];

        sprintf(name, "rom%u", i);
        harness_block(name, 0x1000);
    }
    ck_status(guest_cmd(MEMMAP_CMD_QUERY), NEGOTIATED, E_APPLY, NOBODY);
    ck_status(guest_say(MEMMAP_CMD_PREPARE, &l), NEGOTIATED, E_APPLY, NOBODY);
}
END_TEST

/* What QEMU itself refuses, because its own block has less RAM. */
START_TEST(cannot_apply)
{
    harness_reset();
    harness_miss_ram(0x1000);
    guest_build();
    guest_negotiate(FEATURES);
    layout_built(&l, 512 * MIB);
    layout_move(&l, 0x18000, FOUR_GIB, 0x8000);
    ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), NEGOTIATED, E_APPLY, NOBODY);
    ck_assert_str_eq(harness_view(), "0-a0000 c0000-1ffff000");
    ck_assert_uint_eq(harness_in(MEMMAP_REG_GENERATION, 4), 0);
    ck_contains(harness_said(),
                "warning: xen-memmap: RAM cannot be at 0x100000000 size 0x8000000\n");

    /* And the layout in force is the one as built: to say so changes nothing. */
    harness_events();
    layout_built(&l, 512 * MIB);
    ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), COMMITTED, OK, NOBODY);
    ck_assert_str_eq(harness_events(), "");
}
END_TEST

/*
 * What resets the devices of a guest (a resume, system_reset, a watchdog that
 * the guest itself fires) runs no firmware that would seal again.
 */
START_TEST(reset)
{
    static const unsigned int state[] = {
        MEMMAP_ST_NEGOTIATED, MEMMAP_ST_COMMITTED, MEMMAP_ST_SEALED,
    };

    for (unsigned int i = 0; i < 6; i++) {
        uint32_t status;

        fresh();
        layout_move(&l, 0x18000, FOUR_GIB, 0x8000);
        if (state[i / 2] >= MEMMAP_ST_COMMITTED) {
            guest_say(MEMMAP_CMD_COMMIT, &l);
        }
        if (state[i / 2] == MEMMAP_ST_SEALED) {
            guest_cmd(MEMMAP_CMD_SEAL);
        }
        harness_events();
        status = harness_in(MEMMAP_REG_DOORBELL, 4);
        ck_assert_uint_eq(MEMMAP_STATUS_STATE(status), state[i / 2]);

        harness_device_reset(i % 2);
        ck_assert_uint_eq(harness_in(MEMMAP_REG_DOORBELL, 4), status);
        ck_assert_str_eq(harness_events(), "");
    }

    /* The guest has no way back to an offer. */
    harness_out(MEMMAP_REG_OFFER, 4, MEMMAP_OFFER(1, 0, 0));
    ck_status(harness_in(MEMMAP_REG_DOORBELL, 4), SEALED, E_STATE, NOBODY);
    ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), SEALED, E_STATE, NOBODY);
    ck_assert_uint_eq(harness_in(MEMMAP_REG_GENERATION, 4), 1);
    ck_assert_str_eq(harness_view(),
                     "0-a0000 c0000-18000000 100000000-108000000@18000000");
}
END_TEST

/* Nothing is elsewhere than it ever was, without the device or with it. */
START_TEST(off)
{
    for (unsigned int on = 0; on < 2; on++) {
        harness_reset();
        harness_global("enabled", on ? "on" : "off");
        ck_assert_int_eq(harness_machine(6 * GIB), on);
        ck_assert_uint_eq(harness_in(MEMMAP_REG_SIGNATURE, 4),
                          on ? MEMMAP_SIGNATURE : 0xffffffff);
        ck_assert_str_eq(harness_view(),
                         "0-a0000 c0000-f0000000 100000000-190000000");
        ck_assert_uint_eq(harness_block("vga.vram", MIB), 0x190000000);
        ck_assert_uint_eq(harness_populated(0x190000, 256), 256);
        ck_assert_str_eq(harness_said(), "");
    }
}
END_TEST

/* The log */

static unsigned int lines(const char *text)
{
    unsigned int n = 0;

    for (; *text; text++) {
        n += *text == '\n';
    }
    return n;
}

/* What is refused is said aloud; what a guest tries after the seal is not. */
START_TEST(log_names)
{
    fresh();
    harness_out(MEMMAP_REG_OFFER, 4, MEMMAP_OFFER(1, 0, FEATURES));
    guest_cmd(0x77);
    guest_cmd(0);
    harness_absent(BUF_GFN);
    guest_cmd(MEMMAP_CMD_QUERY);
    guest_cmd(MEMMAP_CMD_PREPARE);
    guest_cmd(MEMMAP_CMD_COMMIT);
    ck_assert_str_eq(harness_logged(), "");
    guest_cmd(MEMMAP_CMD_SEAL);
    guest_cmd(MEMMAP_CMD_SEAL);
#define W "warning: xen-memmap: "
    ck_assert_str_eq(harness_said(),
        W "offer (0) refused: command not allowed in this state\n"
        W "command (119) refused: no such command\n"
        W "command (0) refused: no such command\n"
        W "query (1) refused: buffer is not in RAM below 640 KiB\n"
        W "prepare (2) refused: buffer is not in RAM below 640 KiB\n"
        W "commit (3) refused: buffer is not in RAM below 640 KiB\n");
    ck_assert_str_eq(harness_logged(),
        "xen-memmap: seal (4) refused: command not allowed in this state\n");
}
END_TEST

START_TEST(log_entry)
{
    restricted();
    layout_set(&l, PARKED, 1, MEMMAP_TYPE_MMIO, 0, 0);
    guest_say(MEMMAP_CMD_PREPARE, &l);
    ck_assert_str_eq(harness_said(),
        W "prepare (2) refused: RAM would overlap the device "
        "model's own memory, entry 2\n");
}
END_TEST

/*
 * Ten lines a second and one that says so, whatever the guest does; fifty of all
 * of them aloud, since a guest whose firmware never spoke can go on for ever.
 */
START_TEST(log_rate)
{
    fresh();
    for (unsigned int second = 0; second < 5; second++) {
        unsigned int before = 11 * second;

        for (unsigned int i = 0; i < 10; i++) {
            guest_cmd(0x77);
        }
        ck_assert_uint_eq(lines(harness_said()) + lines(harness_logged()),
                          before + 10);
        /* The last of these comes 999 ms after the first. */
        for (unsigned int i = 0; i < 999; i++) {
            guest_cmd(0x77);
            harness_pass(1);
        }
        guest_cmd(0x77);
        ck_assert_uint_eq(lines(harness_said()) + lines(harness_logged()),
                          before + 11);
        ck_contains(harness_said(), W "too many errors, more are not logged\n");
        harness_pass(1);
    }
    ck_assert_uint_eq(lines(harness_said()), 50);
    ck_contains(harness_logged(),
                "xen-memmap: too many errors, more are not logged\n");
    /* Nor does the seal make it any more. */
    guest_cmd(MEMMAP_CMD_SEAL);
    for (unsigned int i = 0; i < 1000; i++) {
        harness_out(MEMMAP_REG_OFFER, 4, i);
    }
    ck_assert_uint_eq(lines(harness_said()), 50);
    ck_assert_uint_eq(lines(harness_logged()), 16);
}
END_TEST

Suite *device_suite(void)
{
    Suite *s = suite_create("device");
    TCase *t = tcase_create("device");

    tcase_add_test(t, widths);
    tcase_add_test(t, conversation);
    tcase_add_test(t, dirty);
    tcase_add_test(t, buffer_absent);
    tcase_add_test(t, buffer_unmappable);
    tcase_add_test(t, buffer_anywhere);
    tcase_add_test(t, buffer_full);
    tcase_add_test(t, owned);
    tcase_add_test(t, limit);
    tcase_add_test(t, ram_sum);
    tcase_add_test(t, owned_too_much);
    tcase_add_test(t, cannot_apply);
    tcase_add_test(t, reset);
    tcase_add_test(t, off);
    tcase_add_test(t, log_names);
    tcase_add_test(t, log_entry);
    tcase_add_test(t, log_rate);
    suite_add_tcase(s, t);
    return s;
}
