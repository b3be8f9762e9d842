/* SPDX-License-Identifier: MIT */
/* What the dma check says of devices that reach the wrong memory. */
#include "dma.h"
#include "test.h"

/*
 * Memory of eight pages from 0x10000 on and a device that reaches them, or not: MODE is how it
 * is wrong. The last two pages are those that take part.
 */
#define FIRST 0x10000ull

static enum { RIGHT, SWAPPED, NO_STORE, NO_LOAD, KEEPS_OLD, LAST_WORD, STUCK } mode;
static uint64_t memory[8][PAGE_SIZE / 8], buffer[PAGE_SIZE / 8], hidden[PAGE_SIZE / 8];

static uint64_t *reached(uint64_t address)
{
    uint64_t page = (address - FIRST) / PAGE_SIZE;

    ck_assert_uint_lt(page, 8);
    /* Pages 0 and 1 are exchanged, in the IOMMU's tables only. */
    return memory[mode == SWAPPED && page < 2 ? page ^ 1 : page];
}

static bool fake_load(struct dma *d, uint64_t address)
{
    (void)d;
    if (mode == NO_LOAD && address < FIRST + 6 * PAGE_SIZE) {
        memset(buffer, 0, sizeof(buffer));
    } else if (mode != KEEPS_OLD || address >= FIRST + 6 * PAGE_SIZE) {
        memcpy(buffer, reached(address), PAGE_SIZE);
    }
    return mode != STUCK;
}

static bool fake_store(struct dma *d, uint64_t address)
{
    (void)d;
    if (mode == NO_STORE && address < FIRST + 6 * PAGE_SIZE) {
        memcpy(hidden, buffer, PAGE_SIZE);
    } else {
        memcpy(reached(address), buffer, PAGE_SIZE - (mode == LAST_WORD ? 8 : 0));
    }
    return mode != STUCK;
}

static struct dma fake = {
    .load = fake_load, .store = fake_store, .give = memory[6], .take = memory[7],
    .give_at = FIRST + 6 * PAGE_SIZE, .take_at = FIRST + 7 * PAGE_SIZE, .seed = 0x123456789abcdef1,
};

static const char *both_ways(int how, bool cpu)
{
    static char bad[200];

    mode = how;
    memset(memory, 0, sizeof(memory));
    dma_both_ways(&fake, FIRST, cpu ? memory[0] : NULL, bad, sizeof(bad));
    return bad;
}

START_TEST(test_dma)
{
    /* Python has the same: tests/lab/tests/test_hostmemory.py. */
    ck_assert_uint_eq(dma_word(0x7fff0008, 0x123456789abcdef1), 0x12345678e543def9);

    ck_assert_str_eq(both_ways(RIGHT, true), "");
    ck_assert_uint_eq(memory[0][511], dma_word(FIRST + 511 * 8, fake.seed));
    ck_assert_str_eq(both_ways(RIGHT, false), "");
    ck_assert_uint_eq(memory[0][511], dma_word(FIRST + 511 * 8, fake.seed));

    ck_assert_ptr_nonnull(strstr(both_ways(SWAPPED, true), "the device read 0x0 at 0x10000"));
    ck_assert_ptr_nonnull(strstr(both_ways(NO_LOAD, true), "the device read 0x0 at 0x10000"));
    ck_assert_ptr_nonnull(strstr(both_ways(NO_STORE, true), "the CPU read"));
    ck_assert_ptr_nonnull(strstr(both_ways(NO_STORE, false), "it read 0x0"));
    ck_assert_ptr_nonnull(strstr(both_ways(NO_LOAD, false), "it read 0x0"));
    /* A device that reads nothing must not pass for what it has still got. */
    ck_assert_ptr_nonnull(strstr(both_ways(KEEPS_OLD, true), "the device read"));
    ck_assert_ptr_nonnull(strstr(both_ways(KEEPS_OLD, false), "it read"));
    ck_assert_ptr_nonnull(strstr(both_ways(LAST_WORD, true), "at 0x10ff8"));
    ck_assert_ptr_nonnull(strstr(both_ways(LAST_WORD, false), "at 0x10ff8"));
    ck_assert_ptr_nonnull(strstr(both_ways(STUCK, true), "never ended"));
    ck_assert_ptr_nonnull(strstr(both_ways(STUCK, false), "never ended"));
    /* Without the CPU a device that reads and writes elsewhere is not found: the host's part. */
    ck_assert_str_eq(both_ways(SWAPPED, false), "");
}
END_TEST

START_TEST(test_dma_nowhere)
{
    char bad[200];

    mode = RIGHT;
    dma_nowhere(&fake, FIRST, NULL, bad, sizeof(bad));
    ck_assert_ptr_nonnull(strstr(bad, "0x10000 is there, for the device"));
    mode = NO_STORE;
    memset(memory, 0, sizeof(memory));
    dma_nowhere(&fake, FIRST, NULL, bad, sizeof(bad));
    ck_assert_str_eq(bad, "");
    mode = NO_LOAD;
    dma_nowhere(&fake, FIRST, memory[0], bad, sizeof(bad));
    ck_assert_ptr_nonnull(strstr(bad, "0x10000 is there, for the CPU"));
    mode = STUCK;
    dma_nowhere(&fake, FIRST, NULL, bad, sizeof(bad));
    ck_assert_ptr_nonnull(strstr(bad, "never ended"));
}
END_TEST

START_TEST(test_dma_stray)
{
    static char pages[4 * PAGE_SIZE] __attribute__((aligned(8)));
    uint64_t pfn[] = { 0x30, 0x20, 0, 0x40 }, own[] = { 0x20000, 0x40000 }, seed = 77, *was;
    struct physmem m = { .base = pages, .pfn = pfn, .nr = 4 };
    char bad[200];

    memset(pages, 3, PAGE_SIZE);
    was = dma_snapshot(&m);
    ck_assert_uint_eq(dma_stray(&m, was, seed, NULL, 0, bad, sizeof(bad)), 3);
    ck_assert_str_eq(bad, "");
    memset(pages + PAGE_SIZE, 1, 3 * PAGE_SIZE);
    ck_assert_uint_eq(dma_stray(&m, was, seed, own, 2, bad, sizeof(bad)), 1);
    ck_assert_str_eq(bad, "");
    dma_stray(&m, was, seed, own, 1, bad, sizeof(bad));
    ck_assert_ptr_nonnull(strstr(bad, "RAM at 0x40000 was left alone"));
    /* Either pattern shows where it should have been. */
    *(uint64_t *)pages = dma_word(0x7fff0000, seed);
    dma_stray(&m, was, seed, own, 2, bad, sizeof(bad));
    ck_assert_ptr_nonnull(strstr(bad, "(that was for 0x7fff0000)"));
    *(uint64_t *)pages = dma_word(0x7fff0000, ~seed);
    dma_stray(&m, was, seed, own, 2, bad, sizeof(bad));
    ck_assert_ptr_nonnull(strstr(bad, "(that was for 0x7fff0000)"));
    /* What was there and is not any more counts as well. */
    memset(pages, 0, PAGE_SIZE);
    dma_stray(&m, was, seed, own, 2, bad, sizeof(bad));
    ck_assert_ptr_nonnull(strstr(bad, "RAM at 0x30000 was left alone and holds 0x0"));
    free(was);
}
END_TEST

TCase *dma_tests(void)
{
    TCase *t = tcase_create("dma");

    tcase_add_test(t, test_dma);
    tcase_add_test(t, test_dma_nowhere);
    tcase_add_test(t, test_dma_stray);
    return t;
}
