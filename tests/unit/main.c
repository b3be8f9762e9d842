/* SPDX-License-Identifier: MIT */
/* Runs every suite; the last line is Check's own count. */
#include "suites.h"

#include <stdlib.h>

int main(void)
{
    static Suite *(*const suites[])(void) = {
        strings_suite, numbers_suite, codec_suite, layout_suite, dm_suite,
        dm_records_suite, order_suite, dm_rdm_suite, fw_suite, vectors_suite,
        host_suite, rdm_suite, plan_suite, move_suite, oracle_suite,
        faults_suite, hvm_suite, hvm_e820_suite, hvm_rdm_suite, prop_suite,
    };
    SRunner *runner = srunner_create(suites[0]());
    int failed;

    for ( unsigned int i = 1; i < sizeof(suites) / sizeof(suites[0]); i++ )
        srunner_add_suite(runner, suites[i]());

    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);

    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
