/* SPDX-License-Identifier: MIT */
/*
 * Where the fields of OFFER and DOORBELL lie (PROTOCOL.md, section 3).
 *
 * Both ends are built from memmap.h, so what is changed there changes at both and every
 * other test still passes; a device model that was built last year then hears something
 * else.  The numbers themselves tests/scripts/test_protocol.py compares with the text.
 */
#include "suites.h"

#include "memmap.h"

START_TEST(fields_of_registers)
{
    ck_assert_uint_eq(MEMMAP_OFFER(0x12, 0x34, 0x5678), 0x12345678);
    ck_assert_uint_eq(MEMMAP_OFFER_MAJOR(0x12345678u), 0x12);
    ck_assert_uint_eq(MEMMAP_OFFER_MINOR(0x12345678u), 0x34);
    ck_assert_uint_eq(MEMMAP_OFFER_FEATURES(0x12345678u), 0x5678);
    ck_assert_uint_eq(MEMMAP_DOORBELL(0x12, 0x345678), 0x34567812);
    ck_assert_uint_eq(MEMMAP_DOORBELL_CMD(0x34567812u), 0x12);
    ck_assert_uint_eq(MEMMAP_DOORBELL_GFN(0x34567812u), 0x345678);
    ck_assert_uint_eq(MEMMAP_STATUS(0x4, 0x12, 0x5678), 0x56780412);
    ck_assert_uint_eq(MEMMAP_STATUS_ERROR(0x56780412u), 0x12);
    ck_assert_uint_eq(MEMMAP_STATUS_STATE(0x56783412u), 0x4);
    ck_assert_uint_eq(MEMMAP_STATUS_INDEX(0x56780412u), 0x5678);
}
END_TEST

Suite *numbers_suite(void)
{
    Suite *s = suite_create("numbers");
    TCase *tc = tcase_create("fields");

    tcase_add_test(tc, fields_of_registers);
    suite_add_tcase(s, tc);
    return s;
}
