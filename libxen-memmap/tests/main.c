/* SPDX-License-Identifier: MIT */
#include "rig.h"

int main(void)
{
    SRunner *r = srunner_create(text_suite());
    int failed;

    srunner_add_suite(r, record_suite());
    srunner_add_suite(r, read_suite());
    srunner_add_suite(r, domains_suite());
    srunner_add_suite(r, wait_suite());
    srunner_add_suite(r, verify_suite());
    srunner_add_suite(r, explain_suite());
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
