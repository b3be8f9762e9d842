/* SPDX-License-Identifier: MIT */
/* The life check's verdict about what the disk wrote while dom0 was at it. */
#include "check_life.c"
#include "test.h"

#define PAGES 4

static struct life life;
static uint64_t frames[PAGES];
static uint16_t blocks[PAGES];

static uint64_t *page_at(unsigned int i)
{
    return (uint64_t *)(life.m.base + i * PAGE_SIZE);
}

/* Page 1 was read into, from block 7, page 3 from block 0; page 2 is not held. */
static void setup(void)
{
    memset(&life, 0, sizeof(life));
    life.m.nr = PAGES;
    life.m.held = PAGES - 1;
    life.m.pfn = frames;
    life.m.base = aligned_alloc(PAGE_SIZE, PAGES * PAGE_SIZE);
    life.block = blocks;
    for (unsigned int i = 0; i < PAGES; i++) {
        frames[i] = i == 2 ? 0 : 0x100000 + i;
        blocks[i] = i == 1 ? 8 : i == 3 ? 1 : 0;
        for (size_t k = 0; k < PAGE_WORDS; k++) {
            page_at(i)[k] = blocks[i] ? block_word(blocks[i] - 1u, k) : 0;
        }
    }
}

static void teardown(void)
{
    free(life.m.base);
}

START_TEST(test_blocks)
{
    ck_assert(verify_blocks(&life, &o));
    /* They hold no pattern of their frame any more. */
    ck_assert_uint_eq(frames[0], 0x100000);
    ck_assert_uint_eq(frames[1], 0);
    ck_assert_uint_eq(frames[3], 0);
}
END_TEST

/* Each word counts: a page that was sent before the disk wrote to it, say. */
START_TEST(test_lost)
{
    page_at(3)[511] = 0;
    ck_assert(!verify_blocks(&life, &o));
    ck_assert_int_eq(o.result, FAILURE);
    ck_assert_ptr_nonnull(strstr(o.text, "0x100003000"));
    ck_assert_ptr_nonnull(strstr(o.text, "word 511 is 0x0"));
}
END_TEST

/* Another block's content is no content. */
START_TEST(test_stale)
{
    blocks[1] = 9;
    ck_assert(!verify_blocks(&life, &o));
    ck_assert_ptr_nonnull(strstr(o.text, "0x100001000"));
}
END_TEST

/* Pages are taken from all that are held, and from those only. */
START_TEST(test_any_page)
{
    bool seen[PAGES] = { false };

    for (unsigned int i = 0; i < 1000; i++) {
        seen[any_page(&life)] = true;
    }
    ck_assert(seen[0] && seen[1] && !seen[2] && seen[3]);
}
END_TEST

START_TEST(test_verb)
{
    ck_assert_int_eq(run_check(&check_life, ""), ERROR);
    ck_assert_ptr_nonnull(strstr(o.text, "verb= is needed"));
}
END_TEST

TCase *life_tests(void)
{
    TCase *tc = tcase_create("life");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_blocks);
    tcase_add_test(tc, test_lost);
    tcase_add_test(tc, test_stale);
    tcase_add_test(tc, test_any_page);
    tcase_add_test(tc, test_verb);
    return tc;
}
