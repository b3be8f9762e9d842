/* SPDX-License-Identifier: MIT */
/*
 * As much of Check's interface as the tests here use, so that the same file is
 * a test where Check is to be had.  The first assertion that fails ends it.
 */
#ifndef TEST_HARNESS_H
#define TEST_HARNESS_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define NELEM(a) (sizeof(a) / sizeof((a)[0]))

#define FAIL(fmt, ...) do {                                             \
    fprintf(stderr, "%s:%d: " fmt "\n", __FILE__, __LINE__,             \
            ## __VA_ARGS__);                                            \
    exit(EXIT_FAILURE);                                                 \
} while ( 0 )
#define REQUIRE(cond) do {                                              \
    if ( !(cond) )                                                      \
        FAIL("%s", #cond);                                              \
} while ( 0 )

#define ck_abort_msg FAIL
#define ck_assert REQUIRE
#define ck_assert_msg(cond, fmt, ...) do {                              \
    if ( !(cond) )                                                      \
        FAIL(fmt, ## __VA_ARGS__);                                      \
} while ( 0 )

#define COMPARE(type, fmt, a, op, b) do {                               \
    const type a_ = (a), b_ = (b);                                      \
                                                                        \
    if ( !(a_ op b_) )                                                  \
        FAIL("%s " #op " %s: %" fmt ", %" fmt, #a, #b, a_, b_);         \
} while ( 0 )
#define ck_assert_int_eq(a, b)  COMPARE(intmax_t, PRIdMAX, a, ==, b)
#define ck_assert_uint_eq(a, b) COMPARE(uintmax_t, PRIuMAX, a, ==, b)
#define ck_assert_uint_lt(a, b) COMPARE(uintmax_t, PRIuMAX, a, <, b)
#define ck_assert_uint_le(a, b) COMPARE(uintmax_t, PRIuMAX, a, <=, b)
#define ck_assert_uint_gt(a, b) COMPARE(uintmax_t, PRIuMAX, a, >, b)

/* Suites and cases only have names; a test runs when it is added. */
typedef const char Suite, TCase;

extern unsigned int tests_passed;

#define START_TEST(name) static void name(int _i)
#define END_TEST

#define suite_create(name) (name)
#define tcase_create(name) (name)
#define tcase_set_timeout(tc, seconds) ((void)(tc))
#define suite_add_tcase(suite, tc) ((void)(tc))
#define tcase_add_loop_test(tc, test, from, to) do {                    \
    int i_;                                                             \
                                                                        \
    for ( i_ = (from); i_ < (int)(to); i_++, tests_passed++ )           \
        test(i_);                                                       \
} while ( 0 )
#define tcase_add_test(tc, test) tcase_add_loop_test(tc, test, 0, 1)

Suite *plan_suite(void);

#endif /* TEST_HARNESS_H */
