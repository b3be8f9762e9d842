/* SPDX-License-Identifier: MIT */
/*
 * The mover against a host that fails (tests/prop/faults.c): enough of it to see
 * a mistake; `make check-prop` has the hundreds of maps.
 */
#include "suites.h"

#include "../prop/faults.h"

START_TEST(whatever_fails_the_layout_is_true)
{
    struct faults_count count;
    const char *flaw = faults(0x66, 13, 20, &count);

    ck_assert_msg(!flaw, "%s", flaw);
    ck_assert_uint_gt(count.single, 500);
    ck_assert_uint_gt(count.healed, 300);
    ck_assert_uint_gt(count.undone, 300);
    ck_assert_uint_gt(count.lost, 50);
    ck_assert_uint_gt(count.by_extents, 5000);
    ck_assert_uint_gt(count.by_pages, 5000);
    ck_assert_uint_gt(count.large_before, 5000);
    ck_assert_uint_eq(count.large_after, count.large_before);
    ck_assert_uint_eq(count.large_by_pages, 0);
    ck_assert_uint_gt(count.huge_before, 0);
    ck_assert_uint_eq(count.huge_after, count.huge_before);
}
END_TEST

Suite *faults_suite(void)
{
    Suite *s = suite_create("faults");
    TCase *tc = tcase_create("small maps");

    tcase_set_tags(tc, "slow");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, whatever_fails_the_layout_is_true);
    suite_add_tcase(s, tc);
    return s;
}
