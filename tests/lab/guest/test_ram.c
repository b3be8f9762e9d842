/* SPDX-License-Identifier: MIT */
/* The ram check's verdict about pages, and what it says a kernel owes that left RAM alone. */
#include "check_ram.c"
#include "test.h"

#include <sys/mman.h>

#define PAGES 6

static struct e820 firmware;
static struct physmem mem;
static uint64_t pfns[PAGES];

/* 1 MiB to 1 MiB and 4 pages, and the page at 4 GiB; the kernel left all from 1 MiB on. */
static void setup(void)
{
    int fd = memfd_create("pages", 0);

    root_setup();
    firmware.nr = 3;
    firmware.e[0] = (struct e820_entry){ .r = { 0, 0x9f000 }, .ram = true };
    firmware.e[1] = (struct e820_entry){ .r = { 0x100000, 0x104000 }, .ram = true };
    firmware.e[2] = (struct e820_entry){ .r = { 0x100000000, 0x100001000 }, .ram = true };
    ck_assert(pieces_cut(&pieces, &firmware));
    for (unsigned int i = 0; i < 4; i++) {
        pfns[i] = 0x100 + i;
    }
    pfns[4] = 0;
    pfns[5] = 0x100000;
    memset(&mem, 0, sizeof(mem));
    mem.pfn = pfns;
    mem.nr = PAGES;
    mem.left = 0x100000;
    ck_assert_int_eq(ftruncate(fd, PAGES * PAGE_SIZE), 0);
    mem.base = mmap(NULL, PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    ck_assert_ptr_ne(mem.base, MAP_FAILED);
    /* The last page is page 4's as well: page 4 is not held, so that nobody minds. */
    ck_assert_ptr_ne(mmap(mem.base + 4 * PAGE_SIZE, PAGE_SIZE, PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_FIXED, fd, 5 * PAGE_SIZE), MAP_FAILED);
    root_file("/proc/mtrr", "reg00: base=0x0c0000000 ( 3072MB), size= 1024MB, count=1: uncachable");
    root_file("/proc/meminfo", "MemTotal: 1 kB\nEarlyMemtestBad:   0 kB");
}

START_TEST(test_pages)
{
    struct ram_bad bad;

    ram_write(&mem, 64);
    ram_verify(&mem, 64, &bad);
    ck_assert_uint_eq(bad.pages, 0);

    /* One word, of those that are looked at and not. */
    ((uint64_t *)mem.base)[2 * 512 + 1] = 0;
    ram_verify(&mem, 64, &bad);
    ck_assert_uint_eq(bad.pages, 0);
    ((uint64_t *)mem.base)[2 * 512 + 448] = ~0ull;
    ram_verify(&mem, 64, &bad);
    ck_assert_uint_eq(bad.pages, 1);
    ck_assert_uint_eq(bad.address, 0x102000 + 448 * 8);
    ram_explain(&bad, &o);
    ck_assert_int_eq(o.result, FAILURE);
    ck_assert_ptr_nonnull(strstr(o.text, "nothing is populated there"));
}
END_TEST

/* Pages 4 and 5 are one: the other's pattern shows. */
START_TEST(test_one_page_is_two)
{
    struct ram_bad bad;

    pfns[4] = 0x200000;
    ram_write(&mem, 64);
    ram_verify(&mem, 64, &bad);
    ck_assert_uint_eq(bad.pages, 1);
    ck_assert_uint_eq(bad.address, 0x200000000);
    ram_explain(&bad, &o);
    ck_assert_ptr_nonnull(strstr(o.text, "that is what was written to 0x100000000"));
}
END_TEST

START_TEST(test_owed)
{
    pieces_fill(&pieces, &mem);
    ck_assert_msg(check_left(&mem, &firmware, &o), "%s", o.text);

    /* The last page before the hole; the first above 4 GiB. */
    pfns[3] = 0;
    pieces_fill(&pieces, &mem);
    ck_assert(!check_left(&mem, &firmware, &o));
    ck_assert_int_eq(o.result, FAILURE);
    ck_assert_ptr_nonnull(strstr(o.text, "only 3 of 4 pages of RAM 0x100000-0x104000"));
    pfns[3] = 0x103;
    pfns[5] = 0;
    pieces_fill(&pieces, &mem);
    ck_assert(!check_left(&mem, &firmware, &o));
    ck_assert_ptr_nonnull(strstr(o.text, "0x100000000-0x100001000"));
    pfns[5] = 0x100000;
    pieces_fill(&pieces, &mem);

    root_file("/proc/mtrr", "reg00: base=0x000000000 (    0MB), size=    1MB, count=1: uncachable");
    ck_assert(!check_left(&mem, &firmware, &o));
    ck_assert_ptr_nonnull(strstr(o.text, "uncached"));
    root_file("/proc/mtrr", "");
    root_file("/proc/meminfo", "MemTotal: 1 kB\nEarlyMemtestBad:   4 kB");
    ck_assert(!check_left(&mem, &firmware, &o));
    ck_assert_int_eq(o.result, FAILURE);
    root_file("/proc/meminfo", "MemTotal: 1 kB");
    ck_assert(!check_left(&mem, &firmware, &o));
    ck_assert_int_eq(o.result, ERROR);
}
END_TEST

/* Of a kernel that has all of RAM, all that the firmware calls so; else what is below LEFT. */
START_TEST(test_iomem)
{
    char bad[200] = "";

    root_file("/proc/iomem", "00000000-0009efff : System RAM\n00100000-00102fff : System RAM\n"
              "  00100000-00101fff : Kernel code\n00103000-00103fff : Reserved\n"
              "  00103000-00103fff : System RAM");
    compare_iomem(&firmware, 0, bad, sizeof(bad));
    ck_assert_ptr_nonnull(strstr(bad, "the kernel does not use 0x103000-0x104000"));
    bad[0] = '\0';
    compare_iomem(&firmware, 0x103000, bad, sizeof(bad));
    ck_assert_str_eq(bad, "");
    compare_iomem(&firmware, 0x103001, bad, sizeof(bad));
    ck_assert_str_ne(bad, "");
}
END_TEST

TCase *ram_tests(void)
{
    TCase *t = tcase_create("ram");

    tcase_add_checked_fixture(t, setup, root_teardown);
    tcase_add_test(t, test_pages);
    tcase_add_test(t, test_one_page_is_two);
    tcase_add_test(t, test_owed);
    tcase_add_test(t, test_iomem);
    return t;
}
