/* SPDX-License-Identifier: MIT */
/* One suite for each file of protocol/, and for what is generated from it. */
#ifndef TESTS_SUITES_H
#define TESTS_SUITES_H

#include <check.h>

/*
 * For loops of many thousand rounds: Check notes every assertion it passes, which
 * costs a system call each.
 */
#define REQUIRE(cond) do { if ( !(cond) ) ck_abort_msg("%s", #cond); } while ( 0 )

#define NELEM(a) (sizeof(a) / sizeof((a)[0]))

Suite *strings_suite(void);
Suite *numbers_suite(void);
Suite *codec_suite(void);
Suite *layout_suite(void);
Suite *dm_suite(void);
Suite *dm_records_suite(void);
Suite *order_suite(void);
Suite *dm_rdm_suite(void);
Suite *fw_suite(void);
Suite *rdm_suite(void);
Suite *plan_suite(void);
Suite *oracle_suite(void);
Suite *faults_suite(void);
Suite *move_suite(void);
Suite *host_suite(void);
Suite *vectors_suite(void);
Suite *hvm_suite(void);
Suite *hvm_e820_suite(void);
Suite *hvm_rdm_suite(void);
Suite *prop_suite(void);

#endif /* TESTS_SUITES_H */
