/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The aliases that say where RAM is (xen-ram.c).
 *
 * RAM that is seen twice or not at all for a moment is a DMA that goes nowhere,
 * so whatever a layout changes is one change of QEMU's view.  After it, and not
 * before, the mapcache forgets: what is mapped in between would be old.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qemu/osdep.h"
#include "hw/xen/xen-ram.h"
#include "qapi/error.h"

#include "guest.h"

static struct layout l;

static void commit(void)
{
    ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), COMMITTED, OK, NOBODY);
}

START_TEST(as_built)
{
    harness_reset();
    guest_build();
    ck_assert_str_eq(harness_view(), "0-a0000 c0000-20000000");
    ck_assert_uint_eq(harness_below_4g(), 512 * MIB);
    ck_assert_uint_eq(harness_above_4g(), 0);

    harness_reset();
    ck_assert(harness_machine(6 * GIB));
    ck_assert_str_eq(harness_view(),
                     "0-a0000 c0000-f0000000 100000000-190000000");
    ck_assert_uint_eq(harness_below_4g(), 0xf0000000);
    ck_assert_uint_eq(harness_above_4g(), 6 * GIB - 0xf0000000);
}
END_TEST

/* What firmware does for a large BAR, in one view, and then the mapcache. */
START_TEST(moved)
{
    harness_reset();
    guest_build();
    guest_negotiate(0);
    layout_built(&l, 512 * MIB);
    layout_move(&l, 0x18000, FOUR_GIB, 0x8000);
    commit();
    ck_assert_str_eq(harness_events(),
                     "view 0-a0000 c0000-18000000 100000000-108000000@18000000\n"
                     "invalidate\n");
    ck_assert_uint_eq(harness_below_4g(), 0x18000000);
    ck_assert_uint_eq(harness_above_4g(), 0x8000000);

    /* And back. */
    layout_built(&l, 512 * MIB);
    commit();
    ck_assert_str_eq(harness_events(),
                     "view 0-a0000 c0000-20000000\ninvalidate\n");
    ck_assert_uint_eq(harness_below_4g(), 512 * MIB);
    ck_assert_uint_eq(harness_above_4g(), 0);
}
END_TEST

/* Nothing moved, so nothing that is mapped is wrong. */
START_TEST(still)
{
    harness_reset();
    guest_build();
    guest_negotiate(0);
    layout_built(&l, 512 * MIB);
    layout_set(&l, 0x80000, 0x10000, MEMMAP_TYPE_MMIO, 0, 0);
    commit();
    commit();
    ck_assert_str_eq(harness_events(), "");
}
END_TEST

/* The same gfns with other pages behind them. */
START_TEST(swapped)
{
    harness_reset();
    guest_build();
    guest_negotiate(0);
    layout_built(&l, 512 * MIB);
    layout_ram(&l, 0x10000, 0x10, 0x10010);
    layout_ram(&l, 0x10010, 0x10, 0x10000);
    commit();
    ck_assert_str_eq(harness_events(), "invalidate\n");
    ck_assert_str_eq(harness_view(), "0-a0000 c0000-20000000");
}
END_TEST

/* An island above a gap is RAM, but not RAM without a gap. */
START_TEST(gaps)
{
    harness_reset();
    guest_build();
    guest_negotiate(0);
    layout_built(&l, 512 * MIB);
    layout_move(&l, 0x10000, FOUR_GIB + 0x10, 0x10);
    layout_move(&l, 0x10020, FOUR_GIB + 0x30, 0x10);
    commit();
    ck_assert_str_eq(harness_view(),
                     "0-a0000 c0000-10000000 10010000-10020000 "
                     "10030000-20000000 100010000-100020000@10000000 "
                     "100030000-100040000@10020000");
    ck_assert_uint_eq(harness_below_4g(), 0x10000000);
    ck_assert_uint_eq(harness_above_4g(), 0);
}
END_TEST

/* RAM that goes on across 4 GiB is low up to there. */
START_TEST(across)
{
    harness_reset();
    ck_assert(harness_machine(6 * GIB));
    guest_negotiate(0);
    layout_built(&l, 6 * GIB);
    layout_move(&l, FOUR_GIB + 0x80000, 0xf0000, 0x10000);
    commit();
    ck_assert_str_eq(harness_view(), "0-a0000 c0000-f0000000 "
                     "f0000000-100000000@180000000 100000000-180000000");
    ck_assert_uint_eq(harness_below_4g(), 4 * GIB);
    ck_assert_uint_eq(harness_above_4g(), 2 * GIB);
}
END_TEST

/* Aliases that stay are left alone; those that go do not stay behind in QOM. */
START_TEST(replaced)
{
    unsigned int regions;
    char *trace;

    harness_reset();
    guest_build();
    guest_negotiate(0);
    regions = harness_regions();
    layout_built(&l, 512 * MIB);
    layout_move(&l, 0x1fff0, FOUR_GIB, 0x10);
    commit();
    ck_assert_uint_eq(harness_regions(), regions + 1);
    trace = strstr(harness_traced(), "alias_del");
    ck_assert_ptr_nonnull(trace);
    ck_contains(trace, "alias_del: c0000 ");
    ck_contains(trace, "alias_add: c0000 1ff30000 c0000");
    ck_contains(trace, "alias_add: 100000000 10000 1fff0000");
    ck_lacks(trace, "alias_add: 0 ");
    ck_contains(trace, "xen_ram_layout: 3 1fff0000 10000");

    /* The ends of the list go as well as its middle. */
    layout_built(&l, 512 * MIB);
    commit();
    ck_assert_uint_eq(harness_regions(), regions);
}
END_TEST

/* One that is not the last of them changes, and what follows stays. */
START_TEST(replaced_amid)
{
    harness_reset();
    ck_assert(harness_machine(6 * GIB));
    guest_negotiate(0);
    layout_built(&l, 6 * GIB);
    layout_move(&l, 0xe0000, FOUR_GIB + 0xa0000, 0x10000);
    commit();
    ck_contains(strstr(harness_traced(), "alias_del: c0000 "),
                "alias_add: 1a0000000 10000000 e0000000");
    ck_lacks(strstr(harness_traced(), "alias_del: c0000 "),
             "alias_add: 100000000 ");
    ck_assert_str_eq(harness_view(), "0-a0000 c0000-e0000000 "
                     "100000000-190000000 1a0000000-1b0000000@e0000000");
}
END_TEST

/* harness_view() whatever is behind it in the block. */
static void places(char *to)
{
    const char *p = harness_view();
    uint64_t last = 0;

    *to = 0;
    while (*p) {
        uint64_t start = strtoull(p, (char **)&p, 16);
        uint64_t end = strtoull(p + 1, (char **)&p, 16);

        if (!start || start != last) {
            to += sprintf(to, "%s%llx", last ? " " : "",
                          (unsigned long long)start);
        } else {
            while (*--to != '-') {
            }
        }
        to += sprintf(to, "-%llx", (unsigned long long)end);
        last = end;
        p += strcspn(p, " ");
        p += *p == ' ';
    }
}

/* Many layouts after another, against an array with an element a chunk. */
START_TEST(many)
{
    enum { CHUNKS = 24, CHUNK = 0x100, BASE = 0x10000 };
    uint64_t seed = 0x9e3779b97f4a7c15ull;

    bool seen[2 * CHUNKS];
    static char view[2048];

    harness_reset();
    guest_build();
    guest_negotiate(0);
    for (unsigned int round = 0; round < 1000; round++) {
        char want[2048] = "0-a0000 c0000-10000000";
        uint64_t start = 0, end = 0x10000000;
        bool up[CHUNKS];

        layout_built(&l, 512 * MIB);
        for (unsigned int i = 0; i < CHUNKS; i++) {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            up[i] = seed >> 63;
            if (up[i]) {
                layout_move(&l, BASE + i * CHUNK, FOUR_GIB + i * CHUNK, CHUNK);
            }
        }
        /* Low chunks, then the rest of low RAM, then high chunks. */
        want[strlen("0-a0000 c0000")] = 0;
        start = 0xc0000;
        for (unsigned int i = 0; i <= 2 * CHUNKS; i++) {
            uint64_t at = i < CHUNKS ? (BASE + i * CHUNK) << 12 :
                          i == CHUNKS ? (BASE + CHUNKS * CHUNK) << 12 :
                          (FOUR_GIB + (i - CHUNKS - 1) * CHUNK) << 12;
            uint64_t size = i == CHUNKS ? 0x20000000 - at : CHUNK << 12;
            bool ram = i < CHUNKS ? !up[i] : i == CHUNKS || up[i - CHUNKS - 1];

            if (!ram) {
                continue;
            }
            if (at != end) {
                sprintf(want + strlen(want), "-%llx %llx",
                        (unsigned long long)end, (unsigned long long)at);
                start = at;
            }
            end = at + size;
        }
        sprintf(want + strlen(want), "-%llx", (unsigned long long)end);
        REQUIRE(start < end);
        REQUIRE(guest_say(MEMMAP_CMD_COMMIT, &l) ==
                STATUS(COMMITTED, OK, NOBODY));
        places(view);
        if (strcmp(view, want)) {
            ck_abort_msg("%s\nis not\n%s", view, want);
        }
        /* Each page of the block is some page of RAM, and no two are one. */
        memset(seen, 0, sizeof(seen));
        for (unsigned int i = 0; i < CHUNKS; i++) {
            uint64_t gfn = xen_ram_gaddr((BASE + i * CHUNK) << 12) >> 12;
            uint64_t at = (gfn & 0xffff) / CHUNK + (gfn >= FOUR_GIB ? CHUNKS : 0);

            REQUIRE(memmap_layout_covers(&l.record.layout, MEMMAP_TYPE_RAM, gfn,
                                         CHUNK));
            REQUIRE(at < 2 * CHUNKS && !seen[at]);
            seen[at] = true;
        }
    }
    harness_events();
}
END_TEST

/* What no record can say, because it is checked before. */
START_TEST(refused)
{
    static const struct {
        XenRAMRange range[2];
        const char *error;
    } bad[] = {
        { { { 0, 0xa0000 }, { 0x9f000, 0x1000 } },
          "RAM cannot be at 0x9f000 size 0x1000" },
        { { { 0, 0xa0000 }, { 0xc0000, 0 } },
          "RAM cannot be at 0xc0000 size 0x0" },
        { { { 0, 0xa0000 }, { 0xc0800, 0x1000 } },
          "RAM cannot be at 0xc0800 size 0x1000" },
        { { { 0, 0xa0000 }, { 0xc0000, 0x1800 } },
          "RAM cannot be at 0xc0000 size 0x1800" },
        { { { 0, 0xa0000 }, { 0xc0000, 0x20000000 - 0xc0000 + 0x1000 } },
          "RAM cannot be at 0xc0000 size 0x1ff41000" },
        { { { 0, 0xa0000 }, { -0x1000ull, 0x2000 } },
          "RAM cannot be at 0xfffffffffffff000 size 0x2000" },
        { { { 0, 0xa0000 }, { 0xc0000, -0x1000ull } },
          "RAM cannot be at 0xc0000 size 0xfffffffffffff000" },
    };

    harness_reset();
    guest_build();
    for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
        Error *err = NULL;

        ck_assert(!xen_ram_layout_set(bad[i].range, 2, &err));
        ck_assert_str_eq(error_get_pretty(err), bad[i].error);
        error_free(err);
    }
    ck_assert_str_eq(harness_events(), "");
    ck_assert_str_eq(harness_view(), "0-a0000 c0000-20000000");
    ck_assert_uint_eq(harness_below_4g(), 512 * MIB);
}
END_TEST

/* All RAM there is, as far up as there are addresses; and what is none of it. */
START_TEST(last)
{
    static const XenRAMRange range[] = {
        { 0, 0xa0000 }, { (1ull << 52) - 0x10000000, 0x10000000 },
    };

    harness_reset();
    guest_build();
    ck_assert(xen_ram_layout_set(range, 2, NULL));
    ck_assert_str_eq(harness_view(),
                     "0-a0000 ffffff0000000-10000000000000@c0000");
    ck_assert_uint_eq(xen_ram_gaddr(0x9ffff), 0x9ffff);
    ck_assert_uint_eq(xen_ram_gaddr(0xa0000), XEN_RAM_NOWHERE);
    ck_assert_uint_eq(xen_ram_gaddr(0xbffff), XEN_RAM_NOWHERE);
    ck_assert_uint_eq(xen_ram_gaddr(0xc0000), (1ull << 52) - 0x10000000);
    ck_assert_uint_eq(xen_ram_gaddr(0x100bffff), (1ull << 52) - 1);
    ck_assert_uint_eq(xen_ram_gaddr(0x100c0000), XEN_RAM_NOWHERE);
}
END_TEST

/*
 * What is new takes what is free, in pieces if it must, and never what is some
 * other RAM's.
 */
START_TEST(pieces)
{
    static const XenRAMRange first[] = {
        { 0, 0xa0000 }, { 0xc0000, 0x1000000 - 0xc0000 },
        { 0x2000000, 0x1000000 }, { 0x4000000, 0x1c000000 },
        { 1ull << 32, 0x2000000 },
    }, second[] = {
        { 0, 0xa0000 }, { 0xc0000, 0x1000000 - 0xc0000 },
        { 0x4000000, 0x1c000000 }, { 1ull << 32, 0x1000000 },
        { 2ull << 32, 0x2000000 },
    };

    harness_reset();
    guest_build();
    ck_assert(xen_ram_layout_set(first, 5, NULL));
    ck_assert_str_eq(harness_view(), "0-a0000 c0000-1000000 2000000-3000000 "
                     "4000000-20000000 100000000-101000000@1000000 "
                     "101000000-102000000@3000000");
    ck_assert(xen_ram_layout_set(second, 5, NULL));
    ck_assert_str_eq(harness_view(), "0-a0000 c0000-1000000 4000000-20000000 "
                     "100000000-101000000@1000000 200000000-202000000@2000000");
}
END_TEST

/* A mapping is of a place in the block, wherever that is for the guest. */
START_TEST(locked)
{
    static const XenRAMRange range[] = {
        { 0, 0xa0000 }, { 0xc0000, 0x1000000 - 0xc0000 },
        { 1ull << 32, 0x1000000 },
    };

    harness_reset();
    guest_build();
    ck_assert(xen_ram_layout_set(range, 3, NULL));
    harness_lock(0x1800000, 0x1000, false);
    ck_assert(xen_ram_is_locked(0x100800000, 0x1000));
    ck_assert(xen_ram_is_locked(0x100800fff, 1));
    ck_assert(xen_ram_is_locked(0, UINT64_MAX));
    ck_assert(!xen_ram_is_locked(0x100801000, 0x1000));
    ck_assert(!xen_ram_is_locked(0x1007ff000, 0x1000));
    ck_assert(!xen_ram_is_locked(0x1800000, 0x1000));
}
END_TEST

Suite *ram_suite(void)
{
    Suite *s = suite_create("ram");
    TCase *t = tcase_create("ram");

    tcase_set_timeout(t, 30);
    tcase_add_test(t, as_built);
    tcase_add_test(t, moved);
    tcase_add_test(t, still);
    tcase_add_test(t, swapped);
    tcase_add_test(t, gaps);
    tcase_add_test(t, across);
    tcase_add_test(t, replaced);
    tcase_add_test(t, replaced_amid);
    tcase_add_test(t, many);
    tcase_add_test(t, refused);
    tcase_add_test(t, last);
    tcase_add_test(t, pieces);
    tcase_add_test(t, locked);
    suite_add_tcase(s, t);
    return s;
}
