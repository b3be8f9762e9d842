/* SPDX-License-Identifier: MIT */
/*
 * Names of errors and states.
 *
 * A log line is often all that is left of a guest that did not boot.  So every
 * number of PROTOCOL.md section 5 has a text, no two of them share one (a reader
 * could not tell them apart), and a number from a newer version, or from a
 * broken device, gives a text too and never a null pointer.
 */
#include "suites.h"

#include <string.h>

#include "codec.h"

START_TEST(errors_have_distinct_names)
{
    for ( unsigned int a = 0; a <= MEMMAP_E_RDM; a++ )
    {
        ck_assert_ptr_nonnull(memmap_strerror(a));
        ck_assert_str_ne(memmap_strerror(a), "unknown error");
        for ( unsigned int b = 0; b < a; b++ )
            ck_assert_str_ne(memmap_strerror(a), memmap_strerror(b));
        ck_assert_str_ne(memmap_strerror(a), memmap_strerror(MEMMAP_E_ABSENT));
    }
}
END_TEST

START_TEST(unknown_errors_have_a_name)
{
    ck_assert_str_ne(memmap_strerror(MEMMAP_E_ABSENT), "unknown error");
    ck_assert_str_eq(memmap_strerror(MEMMAP_E_RDM + 1), "unknown error");
    ck_assert_str_eq(memmap_strerror(254), "unknown error");
    ck_assert_str_eq(memmap_strerror(256), "unknown error");
    ck_assert_str_eq(memmap_strerror(~0u), "unknown error");
}
END_TEST

START_TEST(states_have_names)
{
    static const char *const names[] = {
        "OFFERED", "NEGOTIATED", "PREPARED", "COMMITTED", "SEALED",
    };

    for ( unsigned int i = 0; i < NELEM(names); i++ )
        ck_assert_str_eq(memmap_strstate(i), names[i]);
    for ( unsigned int i = NELEM(names); i <= 16; i++ )
        ck_assert_str_eq(memmap_strstate(i), "ABSENT");
    ck_assert_str_eq(memmap_strstate(~0u), "ABSENT");
}
END_TEST

Suite *strings_suite(void)
{
    Suite *s = suite_create("strings");
    TCase *tc = tcase_create("names");

    tcase_add_test(tc, errors_have_distinct_names);
    tcase_add_test(tc, unknown_errors_have_a_name);
    tcase_add_test(tc, states_have_names);
    suite_add_tcase(s, tc);
    return s;
}
