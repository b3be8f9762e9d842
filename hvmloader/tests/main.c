/* SPDX-License-Identifier: MIT */
/* Runs the tests of hvmloader's files that are pure functions. */
#include "harness.h"

unsigned int tests_passed;

int main(void)
{
    plan_suite();
    printf("%u passed, 0 failed\n", tests_passed);

    return 0;
}
