/* SPDX-License-Identifier: MIT */
/* The nvme check's choice of pages, and its verdict, on a file in place of the disk. */
#include "check_nvme.c"
#include "test.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>

#define HELD 24

static struct e820 map;
static struct pieces cut;
static struct physmem mem;
static uint64_t pfns[HELD];
static struct disk disk;

/* RAM of 5 and of 3 MiB; three pages held of each piece, not in order. */
static void setup(void)
{
    static const uint64_t at[] = {
        0x100000, 0x1ff000, 0x180000, 0x200000, 0x300000, 0x3ff000, 0x5ff000, 0x400000, 0x500000,
        0x100001000, 0x100000000, 0x1001ff000, 0x100200000, 0x1002fe000, 0x1002ff000,
    };
    FILE *f = tmpfile();

    map.nr = 2;
    map.e[0] = (struct e820_entry){ .r = { 0x100000, 0x600000 }, .ram = true };
    map.e[1] = (struct e820_entry){ .r = { 0x100000000, 0x100300000 }, .ram = true };
    memset(&mem, 0, sizeof(mem));
    memset(pfns, 0, sizeof(pfns));
    for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
        pfns[i] = at[i] / PAGE_SIZE;
    }
    mem.pfn = pfns;
    mem.nr = HELD;
    mem.base = mmap(NULL, HELD * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                    -1, 0);
    ck_assert_ptr_ne(mem.base, MAP_FAILED);
    ck_assert(pieces_cut(&cut, &map));
    ck_assert_uint_eq(pieces_fill(&cut, &mem), 0);
    nr_buf = nr_single = 0;
    memset(&disk, 0, sizeof(disk));
    ck_assert_ptr_nonnull(f);
    disk.fd = fileno(f);
}

START_TEST(test_pick)
{
    static const uint64_t want[] = {
        0x100000, 0x1ff000, 0x200000, 0x3ff000, 0x400000, 0x5ff000, 0x100000000, 0x1001ff000,
        0x100200000, 0x1002ff000,
    };
    static const unsigned int ends[] = { 0, 5, 6, 9 };

    ck_assert(pick(&mem, &cut, 1));
    ck_assert_uint_eq(nr_buf, 10);
    for (unsigned int i = 0; i < nr_buf; i++) {
        ck_assert_uint_eq(buf[i].pfn * PAGE_SIZE, want[i]);
        ck_assert_ptr_eq(buf[i].p, mem.base + buf[i].index * PAGE_SIZE);
    }
    ck_assert_uint_eq(nr_single, 4);
    for (unsigned int i = 0; i < nr_single; i++) {
        ck_assert_uint_eq(single[i], ends[i]);
    }
}
END_TEST

/* 200 MiB from 1 GiB on and 100 from 4 GiB on, all of it held. */
START_TEST(test_pick_from_much)
{
    const uint64_t low = 0x40000000, high = 0x100000000, mib = 1 << 20;
    unsigned int in_low = 0, in_high = 0, firsts = 0;

    map.e[0].r = (struct range){ low, low + 200 * mib };
    map.e[1].r = (struct range){ high, high + 100 * mib };
    mem.nr = 300 * mib / PAGE_SIZE;
    mem.pfn = malloc(mem.nr * sizeof(*mem.pfn));
    for (size_t i = 0; i < mem.nr; i++) {
        mem.pfn[i] = (i < 200 * mib / PAGE_SIZE ? low + i * PAGE_SIZE
                      : high + i * PAGE_SIZE - 200 * mib) / PAGE_SIZE;
    }
    ck_assert(pieces_cut(&cut, &map));
    pieces_fill(&cut, &mem);
    ck_assert(pick(&mem, &cut, 1));
    for (unsigned int i = 0; i < nr_buf; i++) {
        uint64_t at = buf[i].pfn * PAGE_SIZE;

        ck_assert(!i || buf[i].pfn > buf[i - 1].pfn);
        /* First or last of its 2 MiB. */
        ck_assert(at % CHUNK_SIZE == 0 || at % CHUNK_SIZE == CHUNK_SIZE - PAGE_SIZE);
        firsts += at % CHUNK_SIZE == 0;
        in_low += at < high;
        in_high += at >= high;
    }
    /* 16 pieces of each at the ends, twice; the other 34 above 4 GiB; of 84 below one in 16. */
    ck_assert_uint_eq(in_high, 32 + 34);
    ck_assert_uint_ge(in_low, 32 + 5);
    ck_assert_uint_le(in_low, 32 + 6);
    ck_assert_uint_ge(firsts, 32 + 12);
    ck_assert_uint_le(firsts, nr_buf - 32 - 12);
    ck_assert_uint_eq(buf[0].pfn, mem.pfn[0]);
    ck_assert_uint_eq(buf[nr_buf - 1].pfn, mem.pfn[mem.nr - 1]);

    nr_buf = nr_single = in_high = firsts = 0;
    ck_assert(pick(&mem, &cut, 8));
    for (unsigned int i = 0; i < nr_buf; i++) {
        in_high += buf[i].pfn * PAGE_SIZE >= high;
        firsts += buf[i].pfn * PAGE_SIZE % CHUNK_SIZE == 0;
    }
    ck_assert_uint_ge(in_high, 32 + 4);
    ck_assert_uint_le(in_high, 32 + 5);
    ck_assert_uint_ge(firsts, 32 + 2);
    ck_assert_uint_le(firsts, nr_buf - 32 - 2);
    free(mem.pfn);
}
END_TEST

/* One page alone is the outermost twice, and is taken once. */
START_TEST(test_pick_one)
{
    memset(pfns, 0, sizeof(pfns));
    pfns[7] = 0x100;
    pieces_fill(&cut, &mem);
    ck_assert(pick(&mem, &cut, 1));
    ck_assert_uint_eq(nr_buf, 1);
    ck_assert_uint_eq(buf[0].index, 7);
    ck_assert_uint_eq(nr_single, 1);
    ck_assert_msg(single_pages(&disk, &o) && all_pages(&disk, &o), "%s", o.text);
}
END_TEST

/* Every page once, and neighbours are not neighbours. */
START_TEST(test_mixed)
{
    static bool seen[3000];

    nr_buf = (unsigned int)_i;
    for (unsigned int k = 0; k < nr_buf; k++) {
        unsigned int at = mixed(k);

        ck_assert_uint_lt(at, nr_buf);
        ck_assert(!seen[at]);
        seen[at] = true;
    }
    if (nr_buf > 2 * NVME_BATCH) {
        ck_assert_uint_gt(mixed(1) - mixed(0), 1);
    }
}
END_TEST

START_TEST(test_disk_works)
{
    ck_assert(pick(&mem, &cut, 1));
    ck_assert_msg(single_pages(&disk, &o), "%s", o.text);
    ck_assert_msg(all_pages(&disk, &o), "%s", o.text);
}
END_TEST

/* Number N's data goes to number N + 1 as well, as if two addresses were one page. */
START_TEST(test_one_page_twice)
{
    ck_assert(pick(&mem, &cut, 1));
    buf[_i + 1].p = buf[_i].p;
    ck_assert(!single_pages(&disk, &o) || !all_pages(&disk, &o));
    ck_assert_int_eq(o.result, FAILURE);
    ck_assert_ptr_nonnull(strstr(o.text, "read into 0x"));
}
END_TEST

/* A disk that takes what it is given and gives nothing back. */
START_TEST(test_nothing_comes_back)
{
    int fd = open("/dev/zero", O_RDWR | O_CLOEXEC);

    ck_assert_int_ge(fd, 0);
    disk.fd = fd;
    ck_assert(pick(&mem, &cut, 1));
    ck_assert(!all_pages(&disk, &o));
    ck_assert_int_eq(o.result, FAILURE);
    ck_assert_ptr_nonnull(strstr(o.text, "word 0 is 0x0"));
    disk.fd = open("/dev/full", O_RDWR | O_CLOEXEC);
    ck_assert(!single_pages(&disk, &o));
    ck_assert_ptr_nonnull(strstr(o.text, "write of 1 pages at block 0, first buffer at 0x100000: "
                                 "No space left"));
    close(disk.fd);
    close(fd);
}
END_TEST

/* Part of a request is not a request. */
START_TEST(test_short)
{
    const struct rlimit limit = { (FIRST_LBA + 2) * PAGE_SIZE, RLIM_INFINITY };

    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_assert(pick(&mem, &cut, 1));
    ck_assert(!all_pages(&disk, &o));
    ck_assert_ptr_nonnull(strstr(o.text, "write of 10 pages at block 0, first buffer at 0x100000: short"));
}
END_TEST

/* A controller that says it has done everything, and has done nothing. */
START_TEST(test_nothing_done)
{
    static struct { uint32_t dw0, reserved; uint16_t head, id, cid, status; } cq[256];
    static char sq[64 * 64];
    static uint32_t regs[0x1100 / 4];

    for (unsigned int i = 0; i < 16; i++) {
        cq[i].cid = (uint16_t)(i + 1);
        cq[i].status = 1;
    }
    disk.own = true;
    disk.dev.block_bytes = 512;
    disk.q.regs = regs;
    disk.q.io = (struct nvme_ring){ .id = 1, .phase = 1, .sq = (void *)sq, .cq = (void *)cq };
    memset(pfns, 0, sizeof(pfns));
    pfns[7] = 0x100;
    pieces_fill(&cut, &mem);
    ck_assert(pick(&mem, &cut, 1));
    ck_assert(!single_pages(&disk, &o));
    ck_assert_ptr_nonnull(strstr(o.text, "what was there before"));
    o.text[0] = '\0';
    ck_assert(!all_pages(&disk, &o));
    ck_assert_ptr_nonnull(strstr(o.text, "what was there before"));
}
END_TEST

START_TEST(test_need)
{
    const struct range need[] = { { 0x100000000, 0x100300000 }, { 0x100000, 0x600000 } };

    ck_assert(have_needed(&cut, need, 2, &o));
    memset(&pfns[12], 0, 3 * sizeof(pfns[0]));
    pieces_fill(&cut, &mem);
    ck_assert(!have_needed(&cut, need, 2, &o));
    ck_assert_int_eq(o.result, ERROR);
    ck_assert_str_eq(o.text, "need=: no page to be had in 0x100200000-0x100300000");
    ck_assert(have_needed(&cut, &need[1], 1, &o));
}
END_TEST

TCase *disk_tests(void)
{
    TCase *t = tcase_create("disk");

    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t, test_pick);
    tcase_add_test(t, test_pick_from_much);
    tcase_add_test(t, test_pick_one);
    tcase_add_loop_test(t, test_mixed, 1, 100);
    tcase_add_loop_test(t, test_mixed, 2990, 2999);
    tcase_add_test(t, test_disk_works);
    tcase_add_loop_test(t, test_one_page_twice, 0, 9);
    tcase_add_test(t, test_nothing_comes_back);
    tcase_add_test(t, test_short);
    tcase_add_test(t, test_nothing_done);
    tcase_add_test(t, test_need);
    return t;
}
