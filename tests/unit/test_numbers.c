/* SPDX-License-Identifier: MIT */
/*
 * The numbers of the protocol (PROTOCOL.md, sections 3 to 6).
 *
 * Both ends are built from memmap.h, so a number that is changed there changes at
 * both and every other test still passes; a device model that was built last year
 * then hears something else.  Here they stand once more, as the text has them.
 */
#include "suites.h"

#include "memmap.h"

#define N(name, number) { #name, MEMMAP_##name, number }

static const struct {
    const char *name;
    uint64_t is, number;
} numbers[] = {
    N(PORT_BASE, 0xac0), N(PORT_COUNT, 16), N(SIGNATURE, 0x70614d58),
    N(REG_ABSENT, 0xffffffff), N(REG_SIGNATURE, 0), N(REG_OFFER, 4),
    N(REG_DOORBELL, 8), N(REG_GENERATION, 12),
    N(VERSION_MAJOR, 1), N(VERSION_MINOR, 0),
    N(FEAT_PUBLISH, 1), N(FEAT_RDM, 2),
    N(CMD_QUERY, 1), N(CMD_PREPARE, 2), N(CMD_COMMIT, 3), N(CMD_SEAL, 4),
    N(NO_INDEX, 0xffff),

    N(MAGIC, 0x4c4d4758),
    N(HDR_MAGIC, 0), N(HDR_MAJOR, 4), N(HDR_MINOR, 6), N(HDR_HEADER_LEN, 8),
    N(HDR_ENTRY_LEN, 10), N(HDR_COUNT, 12), N(HDR_TOTAL_LEN, 16),
    N(HDR_CHECKSUM, 20), N(HDR_GENERATION, 24), N(HDR_KIND, 28),
    N(HDR_FLAGS, 30), N(HDR_RAM_PAGES, 32), N(HDR_GFN_LIMIT, 40),
    N(HDR_BYTES, 48),
    N(ENT_GFN, 0), N(ENT_PAGES, 8), N(ENT_SOURCE, 16), N(ENT_TYPE, 24),
    N(ENT_FLAGS, 26), N(ENT_AUX, 28), N(ENT_BYTES, 32),
    N(MAX_ENTRIES, 256), N(BUFFER_PAGES, 3), N(BUFFER_BYTES, 12288),
    N(BUFFER_GFN_END, 0xa0),
    N(KIND_LAYOUT, 1), N(KIND_CONSTRAINTS, 2), N(RF_RAM_SHRUNK, 1),
    N(RF_KNOWN, 1),
    N(TYPE_RAM, 1), N(TYPE_RDM, 2), N(TYPE_MMIO, 3), N(TYPE_OWNED, 4),
    N(EF_OPTIONAL, 1), N(EF_FIRMWARE, 2), N(EF_UNFREED, 4), N(EF_UNMAPPED, 8),
    N(EF_KNOWN, 15), N(NO_SOURCE, ~0ull),
    N(VGA_GFN, 0xa0), N(VGA_END, 0xc0), N(FIXED_END, 0x100),

    N(OK, 0), N(E_COMMAND, 1), N(E_STATE, 2), N(E_NEGOTIATE, 3),
    N(E_BUFFER, 4), N(E_MAGIC, 5), N(E_VERSION, 6), N(E_LENGTH, 7),
    N(E_CHECKSUM, 8), N(E_COUNT, 9), N(E_KIND, 10), N(E_TYPE, 11),
    N(E_EMPTY, 12), N(E_RANGE, 13), N(E_ORDER, 14), N(E_RAM_SUM, 15),
    N(E_GENERATION, 16), N(E_OWNED, 17), N(E_FIXED, 18), N(E_BUSY, 19),
    N(E_APPLY, 20), N(E_RESERVED, 21), N(E_RDM, 22), N(E_ABSENT, 255),

    N(ST_OFFERED, 0), N(ST_NEGOTIATED, 1), N(ST_PREPARED, 2),
    N(ST_COMMITTED, 3), N(ST_SEALED, 4), N(ST_ABSENT, 15),
};

START_TEST(as_in_the_text)
{
    for ( unsigned int i = 0; i < NELEM(numbers); i++ )
        ck_assert_msg(numbers[i].is == numbers[i].number,
                      "%s is %#llx, not %#llx", numbers[i].name,
                      (unsigned long long)numbers[i].is,
                      (unsigned long long)numbers[i].number);
}
END_TEST

/* Where the fields of OFFER and DOORBELL lie. */
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
    TCase *tc = tcase_create("of the text");

    tcase_add_test(tc, as_in_the_text);
    tcase_add_test(tc, fields_of_registers);
    suite_add_tcase(s, tc);
    return s;
}
