/* SPDX-License-Identifier: MIT */
/*
 * The planner against brute force (tests/prop/oracle.c): enough of it to see a
 * mistake; `make check-prop` has the hundred thousand.
 */
#include "suites.h"

#include "../prop/oracle.h"

START_TEST(no_plan_moves_too_much)
{
    struct oracle_count count;
    const char *flaw = oracle(0x7264, 20000, &count);

    ck_assert_msg(!flaw, "%s", flaw);
}
END_TEST

Suite *oracle_suite(void)
{
    Suite *s = suite_create("oracle");
    TCase *tc = tcase_create("small maps");

    tcase_set_tags(tc, "slow");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, no_plan_moves_too_much);
    suite_add_tcase(s, tc);
    return s;
}
