/* SPDX-License-Identifier: MIT */
/*
 * Boots of random guests (tests/prop/prop.h): enough of them to see a mistake;
 * `make check-prop` has fresh ones.
 */
#include "suites.h"

#include "../prop/prop.h"

START_TEST(random_guests)
{
    struct prop_count count;
    const char *flaw = prop(0x6d656d6d6170, 0, 10000, &count);

    ck_assert_msg(!flaw, "%s", flaw);
}
END_TEST

/* With nothing to count nothing is shown, and that is a failure. */
START_TEST(all_kinds_have_a_floor)
{
    for ( unsigned int k = 0; k < PROP_KINDS; k++ )
    {
        ck_assert_ptr_nonnull(prop_floor[k].name);
        ck_assert_uint_gt(prop_floor[k].of_10000, 0);
    }
}
END_TEST

Suite *prop_suite(void)
{
    Suite *s = suite_create("random guests");
    TCase *tc = tcase_create("ten thousand");

    tcase_set_tags(tc, "slow");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, random_guests);
    tcase_add_test(tc, all_kinds_have_a_floor);
    suite_add_tcase(s, tc);
    return s;
}
