/* SPDX-License-Identifier: MIT */
/* RAM in pieces, what of it is reached, what the kernel was told, memory types. */
#include "test.h"

static struct e820 map;
static struct pieces pieces;

static void add(uint64_t start, uint64_t end, bool ram)
{
    map.e[map.nr++] = (struct e820_entry){ .r = { start, end }, .ram = ram };
}

/* A page and a bit; 5 MiB from the middle of a piece on; above 4 GiB. */
static void setup(void)
{
    map.nr = 0;
    add(0x800, 0x2400, true);
    add(0x2400, 0x100000, false);
    add(0x300000, 0x800000, true);
    add(0x100000000, 0x100201000, true);
    ck_assert(pieces_cut(&pieces, &map));
}

static void is(unsigned int n, uint64_t start, uint64_t end, unsigned int entry)
{
    ck_assert_uint_eq(pieces.p[n].r.start, start);
    ck_assert_uint_eq(pieces.p[n].r.end, end);
    ck_assert_uint_eq(pieces.p[n].entry, entry);
}

START_TEST(test_cut)
{
    ck_assert_uint_eq(pieces.nr, 6);
    is(0, 0x1000, 0x2000, 0);
    is(1, 0x300000, 0x400000, 2);
    is(2, 0x400000, 0x600000, 2);
    is(3, 0x600000, 0x800000, 2);
    is(4, 0x100000000, 0x100200000, 3);
    is(5, 0x100200000, 0x100201000, 3);

    add(0x200000000, 0x200000000 + (uint64_t)PIECES_MAX * CHUNK_SIZE, true);
    ck_assert(!pieces_cut(&pieces, &map));
}
END_TEST

/* Pages held, in any order; 0: not held. */
static uint64_t fill(const uint64_t *pfn, size_t nr)
{
    struct physmem m = { .pfn = (uint64_t *)pfn, .nr = nr };

    return pieces_fill(&pieces, &m);
}

#define FILL(...) fill((const uint64_t[]){ __VA_ARGS__ }, \
                       sizeof((const uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t))

START_TEST(test_fill)
{
    const struct piece *lowest, *highest;

    ck_assert_uint_eq(FILL(0x7ff, 0x305, 0x300, 0, 0x30f, 0x100200, 0x302), 0);
    ck_assert_uint_eq(pieces.p[0].held, 0);
    ck_assert_uint_eq(pieces.p[1].held, 4);
    ck_assert_uint_eq(pieces.p[1].lowest, 2);
    ck_assert_uint_eq(pieces.p[1].highest, 4);
    ck_assert_uint_eq(pieces.p[2].held, 0);
    ck_assert_uint_eq(pieces.p[3].held, 1);
    ck_assert_uint_eq(pieces.p[5].held, 1);

    ck_assert_uint_eq(pieces_entry(&pieces, 2, &lowest, &highest), 2);
    ck_assert_ptr_eq(lowest, &pieces.p[1]);
    ck_assert_ptr_eq(highest, &pieces.p[3]);
    ck_assert_uint_eq(pieces_entry(&pieces, 3, &lowest, &highest), 1);
    ck_assert_ptr_eq(lowest, highest);
    ck_assert_uint_eq(pieces_entry(&pieces, 0, &lowest, &highest), 0);

    /* Once more is not twice as much. */
    FILL(0x300);
    ck_assert_uint_eq(pieces.p[1].held, 1);
    ck_assert_uint_eq(pieces.p[3].held, 0);

    /* Not RAM, by the firmware: below, between, above; and the first of several. */
    ck_assert_uint_eq(FILL(0x300, 0x800, 0x100), 0x800000);
    ck_assert_uint_eq(FILL(0x2ff), 0x2ff000);
    ck_assert_uint_eq(FILL(0x100201), 0x100201000);
    ck_assert_uint_eq(FILL(0x2), 0x2000);
}
END_TEST

START_TEST(test_unreached)
{
    const struct range high = { 0x100000000, 0x100400000 }, some = { 0x500000, 0x500001 };
    char text[200] = "";

    FILL(0x7ff, 0x100200);
    ck_assert_uint_eq(pieces_unreached(&pieces, NULL, text, sizeof(text)), 0x1000 + 0x300000 +
                      0x200000);
    ck_assert_str_eq(text, "0x1000-0x2000, 0x300000-0x600000, 0x100000000-0x100200000");
    text[0] = '\0';
    ck_assert_uint_eq(pieces_unreached(&pieces, &high, text, sizeof(text)), 0x200000);
    ck_assert_str_eq(text, "0x100000000-0x100200000");
    text[0] = '\0';
    ck_assert_uint_eq(pieces_unreached(&pieces, &some, text, sizeof(text)), 0x200000);
    ck_assert_str_eq(text, "0x400000-0x600000");
    /* What follows is not in it. */
    text[0] = '\0';
    FILL(0x100200);
    pieces_unreached(&pieces, &some, text, sizeof(text));
    ck_assert_str_eq(text, "0x400000-0x600000");
    text[0] = '\0';
    FILL(0x1, 0x400, 0x100000, 0x100200);
    ck_assert_uint_eq(pieces_unreached(&pieces, &high, text, sizeof(text)), 0);
    ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(test_whole)
{
    static uint64_t pfn[0x201];
    char text[200] = "";

    for (unsigned int i = 0; i < 0x201; i++) {
        pfn[i] = 0x100000 + i;
    }
    fill(pfn, 0x201);
    ck_assert(pieces_whole(&pieces, 0x100000000, text, sizeof(text)));
    ck_assert(pieces_whole(&pieces, 0x800000, text, sizeof(text)));
    ck_assert(!pieces_whole(&pieces, 0x600000, text, sizeof(text)));
    ck_assert_str_eq(text, "only 0 of 512 pages of RAM 0x600000-0x800000 are reached");
    text[0] = '\0';
    /* The last page; the first. */
    fill(pfn, 0x200);
    ck_assert(!pieces_whole(&pieces, 0x100000000, text, sizeof(text)));
    ck_assert_str_eq(text, "only 0 of 1 pages of RAM 0x100200000-0x100201000 are reached");
    fill(pfn + 1, 0x200);
    ck_assert(!pieces_whole(&pieces, 0x100000000, text, sizeof(text)));
}
END_TEST

START_TEST(test_left)
{
    ck_assert_uint_eq(physmem_left("console=ttyS0 memmap=0x3ff8000000%0x8000000-1+2 memtest=1 --"),
                      0x8000000);
    ck_assert_uint_eq(physmem_left("console=ttyS0 -- ram"), 0);
    ck_assert_uint_eq(physmem_left("memmap=64M$0x20000000"), 0);
    ck_assert_uint_eq(physmem_left("memmap=0x100000%0x8000000-1"), 0);
    ck_assert_uint_eq(physmem_left("memmap=0x100000%0x8000000-2+1"), 0);
    ck_assert_uint_eq(physmem_left("memmap=0x100000%0x8000000-1+3"), 0);
}
END_TEST

START_TEST(test_mtrr)
{
    struct range r;
    char bad[200] = "";

    ck_assert(mtrr_uncached("reg01: base=0x0c0000000 ( 3072MB), size= 1024MB, count=1: uncachable",
                            &r));
    ck_assert_uint_eq(r.start, 0xc0000000);
    ck_assert_uint_eq(r.end, 0x100000000);
    ck_assert(mtrr_uncached("reg02: base=0x000800000 (    8MB), size=  512KB, count=1: uncachable",
                            &r));
    ck_assert_uint_eq(r.end, 0x880000);
    ck_assert(!mtrr_uncached("reg00: base=0x000000000 (    0MB), size= 4096MB, count=1: write-back",
                             &r));

    root_setup();
    ck_assert(!mtrr_over_ram(&map, bad, sizeof(bad)));
    root_file("/proc/mtrr", "reg00: base=0x000000000 (    0MB), size= 4096MB, count=1: write-back\n"
              "reg01: base=0x000800000 (    8MB), size= 1024MB, count=1: uncachable\n"
              "reg02: base=0x0000a0000 (    0MB), size=  128KB, count=1: uncachable");
    ck_assert(mtrr_over_ram(&map, bad, sizeof(bad)));
    ck_assert_str_eq(bad, "");
    root_file("/proc/mtrr", "reg01: base=0x000700000 (    7MB), size= 1024KB, count=1: uncachable");
    ck_assert(mtrr_over_ram(&map, bad, sizeof(bad)));
    ck_assert_str_eq(bad, "RAM 0x300000-0x800000 is uncached from 0x700000 to 0x800000");
    root_teardown();
}
END_TEST

START_TEST(test_modules)
{
    static const char line[] = " console=ttyS0 nvme_core.admin_timeout=5 nvme.x=1 nvme-core.y=2 "
                               "a.nvme_core=3 -- nvme_core.io_timeout=9";
    char params[100];

    module_params(line, "nvme-core.ko.xz", params, sizeof(params));
    ck_assert_str_eq(params, "admin_timeout=5 y=2 ");
    module_params(line, "nvme_core.ko", params, sizeof(params));
    ck_assert_str_eq(params, "admin_timeout=5 y=2 ");
    module_params(line, "nvme.ko", params, sizeof(params));
    ck_assert_str_eq(params, "x=1 ");
    module_params(line, "nvme-auth.ko", params, sizeof(params));
    ck_assert_str_eq(params, "");
    module_params(line, "nvme-cor.ko", params, sizeof(params));
    ck_assert_str_eq(params, "");
}
END_TEST

TCase *memory_tests(void)
{
    TCase *t = tcase_create("memory");

    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t, test_cut);
    tcase_add_test(t, test_fill);
    tcase_add_test(t, test_unreached);
    tcase_add_test(t, test_whole);
    tcase_add_test(t, test_left);
    tcase_add_test(t, test_mtrr);
    tcase_add_test(t, test_modules);
    return t;
}
