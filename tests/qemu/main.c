/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs every suite; the last line is Check's own count. */
#include <stdlib.h>

#include "guest.h"

int main(void)
{
    static Suite *(*const suites[])(void) = {
        device_suite, busy_suite, publish_suite, rdm_suite, rdm_whose_suite,
        rdm_policy_suite, migrate_suite, streams_suite, park_suite, linux_suite,
        monitor_suite,
    };
    SRunner *runner = srunner_create(ram_suite());
    unsigned int i;
    int failed;

    for (i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
        srunner_add_suite(runner, suites[i]());
    }
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);

    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
