/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a toolstack reads in xenstore (xen-memmap-publish.c; PROTOCOL.md, section
 * 8): all of a layout or the one before, soon after it is in force, and never
 * anything for which firmware has to wait.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "guest.h"

#define NET     0x20u
#define NET_GFN 0x1f000ull

static struct layout l;

static void fresh(void)
{
    harness_reset();
    guest_build();
    harness_pass(5000);
    guest_negotiate(FEATURES);
    layout_built(&l, 512 * MIB);
}

START_TEST(as_built)
{
    harness_reset();
    guest_build();
    harness_pass(5000);
    ck_assert_str_eq(harness_key("state"), "OFFERED");
    ck_assert_str_eq(harness_key("error"), "0");
    ck_assert_str_eq(harness_key("reason"), "success");
    ck_assert_str_eq(harness_key("generation"), "0");
    ck_assert_str_eq(harness_key("layout/0"), "0 a0 0 ram 0 0\n"
                                              "c0 1ff40 c0 ram 0 0\n");
    ck_assert_str_eq(harness_key("version"), "");
    ck_assert_str_eq(harness_key("features"), "");
    ck_assert_str_eq(harness_key("index"), "");
    ck_assert_uint_eq(harness_keys(), 8);
    ck_assert_uint_eq(harness_commits(), 1);
}
END_TEST

/* Every kind of range, and each of its fields. */
START_TEST(content)
{
    fresh();
    layout_move(&l, 0x18000, FOUR_GIB, 0x8000);
    layout_set(&l, 0x18000, 0x100, MEMMAP_TYPE_MMIO, 0, 0);
    layout_set(&l, 0x18100, 4, MEMMAP_TYPE_RDM, MEMMAP_EF_UNMAPPED, 0x10528);
    layout_set(&l, 0x18104, 1, 0xabc, MEMMAP_EF_OPTIONAL, 0);
    layout_set(&l, 0x17fff, 1, MEMMAP_TYPE_RAM,
               MEMMAP_EF_UNFREED | MEMMAP_EF_FIRMWARE, NET);
    ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), COMMITTED, OK, NOBODY);
    ck_status(guest_cmd(MEMMAP_CMD_SEAL), SEALED, OK, NOBODY);
    harness_pass(200);
    ck_assert_str_eq(harness_key("state"), "SEALED");
    ck_assert_str_eq(harness_key("version"), "1.0");
    ck_assert_str_eq(harness_key("features"), "3");
    ck_assert_str_eq(harness_key("generation"), "1");
    ck_assert_str_eq(harness_key("layout/0"),
                     "0 a0 0 ram 0 0\n"
                     "c0 17f3f c0 ram 0 0\n"
                     "17fff 1 - ram 6 20\n"
                     "18000 100 - mmio 0 0\n"
                     "18100 4 - rdm 8 10528\n"
                     "18104 1 - abc 1 0\n"
                     "100000 8000 18000 ram 0 0\n");
    ck_assert_ptr_null(harness_key("layout/1"));
}
END_TEST

/* Bytes that a value may have (PROTOCOL.md, section 8). */
#define ROOM 1920u

static const char *layout_key(unsigned int i)
{
    char key[16];

    sprintf(key, "layout/%u", i);
    return harness_key(key);
}

/* All lines of layout/0, layout/1, ..., each key as full as can be; how many keys. */
static unsigned int joined(char *text)
{
    const char *value, *next;
    unsigned int i;

    *text = '\0';
    for (i = 0; (value = layout_key(i)); i++) {
        strcat(text, value);
        ck_assert_uint_le(strlen(value), ROOM);
        next = layout_key(i + 1);
        if (next) {
            ck_assert_uint_gt(strlen(value) + strcspn(next, "\n") + 1, ROOM);
        }
    }
    return i;
}

/* As many a key as there is room for; when there are fewer again, fewer keys. */
START_TEST(several_keys)
{
    static char text[65536], want[65536];
    unsigned int i;

    fresh();
    for (i = 0; i < 100; i++) {
        layout_move(&l, 0x10000 + 2 * i, FOUR_GIB + 2 * i, 1);
    }
    ck_assert_uint_eq(l.record.layout.nr, 202);
    *want = '\0';
    for (i = 0; i < l.record.layout.nr; i++) {
        sprintf(want + strlen(want), "%llx %llx %llx ram 0 0\n",
                (unsigned long long)l.range[i].gfn,
                (unsigned long long)l.range[i].pages,
                (unsigned long long)l.range[i].source);
    }
    guest_say(MEMMAP_CMD_COMMIT, &l);
    harness_pass(200);
    ck_assert_uint_eq(joined(text), 3);
    ck_assert_str_eq(text, want);

    layout_built(&l, 512 * MIB);
    guest_say(MEMMAP_CMD_COMMIT, &l);
    harness_pass(200);
    ck_assert_uint_eq(joined(text), 1);
    ck_assert_str_eq(text, "0 a0 0 ram 0 0\nc0 1ff40 c0 ram 0 0\n");
    ck_assert_ptr_null(harness_key("layout/2"));
}
END_TEST

/* Long lines, in as many ranges as there can be; 48 of them are all that fits. */
START_TEST(longest)
{
    static char text[65536];

    fresh();
    layout_empty(&l);
    l.record.gfn_limit = ~0ull;
    layout_ram(&l, 0, 0xa0, 0);
    layout_ram(&l, 0xc0, LOW_END - 0xc0, 0xc0);
    for (unsigned int i = 0; i < 254; i++) {
        layout_set(&l, 0xff00000000000ull + 0x10000000ull * i, 0xfffffff,
                   0xffff - i, MEMMAP_EF_OPTIONAL, 0xffffffff);
    }
    ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), COMMITTED, OK, NOBODY);
    harness_pass(200);
    ck_contains(harness_traced(), "xen_memmap_publish: 1 256 1\n");
    ck_assert_uint_eq(joined(text), 6);
    ck_assert_uint_eq(strlen(layout_key(1)), ROOM);
    ck_contains(layout_key(5), " - ff02 1 ffffffff\n");
}
END_TEST

/* What was refused, and why; the layout is the one in force. */
START_TEST(refused)
{
    fresh();
    guest_say(MEMMAP_CMD_COMMIT, &l);
    layout_set(&l, PARKED, 1, MEMMAP_TYPE_OWNED, 0, 0);
    guest_say(MEMMAP_CMD_PREPARE, &l);
    harness_pass(100);
    ck_assert_str_eq(harness_key("state"), "COMMITTED");
    ck_assert_str_eq(harness_key("error"), "11");
    ck_assert_str_eq(harness_key("index"), "2");
    ck_assert_str_eq(harness_key("reason"),
        "entry has an unknown type or flag (entry 2)");
    ck_assert_str_eq(harness_key("generation"), "1");
    ck_assert_str_eq(harness_key("layout/0"), "0 a0 0 ram 0 0\n"
                                              "c0 1ff40 c0 ram 0 0\n");
    guest_cmd(0x77);
    harness_pass(100);
    ck_assert_str_eq(harness_key("reason"), "no such command");
    ck_assert_str_eq(harness_key("index"), "");
}
END_TEST

/* When: layout, seal and refusals at once, the rest with what follows. */
START_TEST(soon)
{
    fresh();
    /* Negotiated: a second. */
    harness_pass(999);
    ck_assert_str_eq(harness_key("state"), "OFFERED");
    harness_pass(1);
    ck_assert_str_eq(harness_key("state"), "NEGOTIATED");
    guest_say(MEMMAP_CMD_PREPARE, &l);
    harness_pass(999);
    ck_assert_str_eq(harness_key("state"), "NEGOTIATED");
    harness_pass(1);
    ck_assert_str_eq(harness_key("state"), "PREPARED");
    ck_assert_uint_eq(harness_commits(), 3);

    guest_say(MEMMAP_CMD_COMMIT, &l);
    harness_pass(99);
    ck_assert_str_eq(harness_key("state"), "PREPARED");
    harness_pass(1);
    ck_assert_str_eq(harness_key("state"), "COMMITTED");
    guest_cmd(0x77);
    harness_pass(99);
    ck_assert_str_eq(harness_key("error"), "0");
    harness_pass(1);
    ck_assert_str_eq(harness_key("error"), "1");
    /* Whatever is refused, not only what may be the last that is said. */
    harness_out(MEMMAP_REG_OFFER, 4, MEMMAP_OFFER(1, 0, 0));
    harness_pass(100);
    ck_assert_str_eq(harness_key("error"), "2");
    guest_cmd(MEMMAP_CMD_SEAL);
    harness_pass(100);
    ck_assert_str_eq(harness_key("state"), "SEALED");
    ck_assert_uint_eq(harness_commits(), 7);
}
END_TEST

/* A whole conversation is written once; what follows the seal never is. */
START_TEST(together)
{
    struct layout q;

    fresh();
    guest_query(&q);
    harness_pass(50);
    guest_say(MEMMAP_CMD_PREPARE, &l);
    guest_say(MEMMAP_CMD_COMMIT, &l);
    harness_pass(50);
    guest_say(MEMMAP_CMD_COMMIT, &l);
    guest_cmd(MEMMAP_CMD_SEAL);
    harness_pass(50);
    ck_assert_uint_eq(harness_commits(), 2);
    ck_assert_str_eq(harness_key("generation"), "2");
    harness_pass(5000);
    ck_assert_uint_eq(harness_commits(), 2);

    for (unsigned int i = 0; i < 10; i++) {
        guest_cmd(i);
        harness_out(MEMMAP_REG_OFFER, 4, i);
        harness_pass(200);
    }
    ck_assert_uint_eq(harness_commits(), 2);
    ck_assert_str_eq(harness_key("error"), "0");
}
END_TEST

/* A device reset changes nothing, so there is nothing to be said of it. */
START_TEST(reset)
{
    fresh();
    guest_say(MEMMAP_CMD_COMMIT, &l);
    guest_cmd(MEMMAP_CMD_SEAL);
    harness_pass(200);
    harness_device_reset(false);
    harness_pass(5000);
    ck_assert_str_eq(harness_key("state"), "SEALED");
    ck_assert_uint_eq(harness_commits(), 2);
}
END_TEST

/* Somebody else writes meanwhile: four times are borne, five are not. */
START_TEST(conflicts)
{
    fresh();
    /* At once, and not when it is tried again. */
    harness_conflicts(4);
    guest_say(MEMMAP_CMD_COMMIT, &l);
    harness_pass(150);
    ck_assert_str_eq(harness_key("generation"), "1");
    ck_assert_uint_eq(harness_commits(), 2);
    ck_contains(harness_traced(), "xen_memmap_publish: 1 2 1\n");

    harness_conflicts(5);
    guest_say(MEMMAP_CMD_COMMIT, &l);
    harness_pass(150);
    ck_assert_str_eq(harness_key("generation"), "1");
    ck_contains(harness_traced(), "xen_memmap_publish: 2 2 0\n");
    ck_assert_uint_eq(harness_open(), 0);
    /* The next time it works, and that comes by itself. */
    harness_pass(100);
    ck_assert_str_eq(harness_key("generation"), "2");
    ck_assert_uint_eq(harness_commits(), 3);
}
END_TEST

/* The quota ends at any of the writes: nothing of it is to be seen. */
START_TEST(half)
{
    for (unsigned int nth = 1; nth <= 10; nth++) {
        harness_reset();
        harness_reserve(NET, NET_GFN, 4);
        guest_build();
        harness_assign(NET, true);
        harness_plug(NET);
        harness_pass(5000);
        ck_assert_uint_eq(harness_keys(), 9);
        ck_assert_uint_eq(harness_writes(), 9);
        guest_negotiate(FEATURES);
        layout_built(&l, 512 * MIB);
        layout_move(&l, 0x18000, FOUR_GIB, 0x8000);
        harness_fail("write", nth, ENOSPC);
        guest_say(MEMMAP_CMD_COMMIT, &l);
        harness_pass(150);
        ck_assert_uint_eq(harness_open(), 0);
        ck_assert_str_eq(harness_key("generation"), nth < 10 ? "0" : "1");
        ck_assert_str_eq(harness_key("state"),
                         nth < 10 ? "OFFERED" : "COMMITTED");
        ck_assert_uint_eq(harness_commits(), nth < 10 ? 1 : 2);
        ck_assert_uint_eq(harness_writes(), 9 + (nth < 10 ? nth - 1 : 9));
        ck_contains(harness_traced(), nth < 10 ? "xen_memmap_publish: 1 3 0\n" :
                    "xen_memmap_publish: 1 3 1\n");
    }
}
END_TEST

/*
 * Whatever fails, what was said last is written as soon as that works; tries come
 * less and less often, half a minute apart in the end, and one line says so.
 */
START_TEST(last_word)
{
    static const char *const calls[] = { "transaction", "read", "write", "commit" };
    static const int errors[] = { EBUSY, EIO, ENOSPC, EIO };
    unsigned int tries, before;
    const char *p;

    for (unsigned int i = 0; i < 4; i++) {
        fresh();
        harness_fail(calls[i], 0, errors[i]);
        guest_say(MEMMAP_CMD_COMMIT, &l);
        guest_cmd(MEMMAP_CMD_SEAL);
        harness_pass(150);
        ck_assert_str_eq(harness_key("state"), "OFFERED");
        ck_contains(harness_traced(), "xen_memmap_publish: 1 2 0\n");
        ck_assert_uint_eq(harness_open(), 0);
        for (before = 0; before < 600; before++) {
            harness_pass(1000);
        }
        ck_assert_str_eq(harness_key("state"), "OFFERED");
        tries = 0;
        for (p = harness_traced(); (p = strstr(p, "publish: 1 2 0")); p++) {
            tries++;
        }
        ck_assert_uint_ge(tries, 20);
        ck_assert_uint_le(tries, 35);
        ck_assert_str_eq(harness_said(), "warning: xen-memmap: xenstore does "
            "not take the layout; it is tried again until it does\n");

        harness_mend();
        harness_pass(30000);
        ck_assert_str_eq(harness_key("state"), "SEALED");
        ck_assert_str_eq(harness_key("generation"), "1");
        ck_assert_uint_eq(harness_commits(), 2);
        harness_pass(120000);
        ck_assert_uint_eq(harness_commits(), 2);
    }
}
END_TEST

/* libxl removes the directory before it ends QEMU: nothing is written any more. */
START_TEST(gone)
{
    fresh();
    guest_say(MEMMAP_CMD_COMMIT, &l);
    harness_no_directory();
    harness_pass(60000);
    ck_assert_uint_eq(harness_keys(), 0);
    ck_assert_uint_eq(harness_commits(), 1);
    ck_assert_str_eq(harness_said(), "");

    /* In the window as well: it is looked for in the transaction that writes. */
    fresh();
    harness_fail("write", 0, ENOSPC);
    guest_say(MEMMAP_CMD_COMMIT, &l);
    harness_pass(1000);
    harness_no_directory();
    harness_mend();
    harness_pass(60000);
    ck_assert_uint_eq(harness_keys(), 0);
    ck_assert_uint_eq(harness_open(), 0);
}
END_TEST

/* A toolstack that makes no directory is shown the layout all the same. */
START_TEST(no_directory)
{
    harness_reset();
    harness_no_directory();
    guest_build();
    harness_pass(5000);
    ck_assert_str_eq(harness_key("state"), "OFFERED");
}
END_TEST

/* Who cannot publish does not offer it, and works without. */
START_TEST(cannot)
{
    for (unsigned int i = 0; i < 2; i++) {
        harness_reset();
        i ? harness_no_xenstore() : harness_restrict();
        guest_build();
        ck_assert_uint_eq(harness_in(MEMMAP_REG_OFFER, 4),
                          MEMMAP_OFFER(1, 0, i ? MEMMAP_FEAT_RDM : 0));
        guest_negotiate(0);
        layout_built(&l, 512 * MIB);
        ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), COMMITTED, OK, NOBODY);
        harness_device_reset(false);
        harness_pass(5000);
        ck_assert_uint_eq(harness_keys(), 0);
    }
}
END_TEST

/* A device that comes or goes changes what is said of reserved memory. */
START_TEST(devices)
{
    struct harness_device *net;

    harness_reset();
    harness_reserve(NET, NET_GFN, 4);
    harness_reserve(NET, NET_GFN + 8, 1);
    guest_build();
    harness_pass(5000);
    ck_assert_ptr_null(harness_key("rdm/0"));
    net = harness_plug(NET);
    harness_pass(100);
    ck_assert_str_eq(harness_key("rdm/0"),
        "1f000 4 0000:00:04.0 not mapped: no layout was committed\n"
        "1f008 1 0000:00:04.0 not mapped: no layout was committed\n");
    harness_unplug(net);
    harness_pass(100);
    ck_assert_ptr_null(harness_key("rdm/0"));
}
END_TEST

Suite *publish_suite(void)
{
    Suite *s = suite_create("publish");
    TCase *t = tcase_create("publish");

    tcase_add_test(t, as_built);
    tcase_add_test(t, content);
    tcase_add_test(t, several_keys);
    tcase_add_test(t, longest);
    tcase_add_test(t, refused);
    tcase_add_test(t, soon);
    tcase_add_test(t, together);
    tcase_add_test(t, reset);
    tcase_add_test(t, conflicts);
    tcase_add_test(t, half);
    tcase_add_test(t, last_word);
    tcase_add_test(t, gone);
    tcase_add_test(t, no_directory);
    tcase_add_test(t, cannot);
    tcase_add_test(t, devices);
    suite_add_tcase(s, t);
    return s;
}
