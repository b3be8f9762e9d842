/* SPDX-License-Identifier: MIT */
/* What SMBIOS says of memory, against a memory map: made-up folders. */
#include "test.h"

#define GIB (1ull << 30)

static uint8_t table[1024];
static size_t used;

static void put(uint8_t *s, unsigned int at, unsigned int bytes, uint64_t v)
{
    for (unsigned int i = 0; i < bytes; i++, v >>= 8) {
        s[at + i] = (uint8_t)v;
    }
}

/* A structure of LENGTH bytes with two strings behind it. */
static uint8_t *structure(uint8_t type, uint8_t length)
{
    static const char strings[] = "DIMM 0\0Xen\0";
    uint8_t *s = table + used;

    memset(s, 0, length);
    s[0] = type;
    s[1] = length;
    memcpy(s + length, strings, sizeof(strings));
    used += length + sizeof(strings);
    return s;
}

static void write_table(void)
{
    char path[200];
    FILE *f;

    root_file("/sys/firmware/dmi/tables/DMI", "");
    snprintf(path, sizeof(path), "%s/sys/firmware/dmi/tables/DMI", fs_root);
    f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(table, 1, used, f), used);
    fclose(f);
}

/* As hvmloader: a device of 16 GiB at most, the rest in another. */
static void smbios(uint64_t devices, uint64_t ranges, uint64_t capacity)
{
    uint8_t *s;

    used = 0;
    structure(0, 24);
    s = structure(16, 23);
    put(s, 7, 4, capacity >> 10);
    s = structure(17, 40);
    put(s, 0x0c, 2, 512);
    s = structure(17, 40);
    put(s, 0x0c, 2, 0xffff);
    s = structure(17, 40);
    put(s, 0x0c, 2, 0x8000 | 1024);
    s = structure(17, 40);
    put(s, 0x0c, 2, 0x7fff);
    put(s, 0x1c, 4, (devices >> 20) - 513);
    s = structure(19, 31);
    put(s, 4, 4, 0);
    put(s, 8, 4, (1 * GIB >> 10) - 1);
    s = structure(19, 31);
    put(s, 4, 4, 0xffffffff);
    put(s, 0x0f, 8, GIB);
    put(s, 0x17, 8, ranges - 1);
    structure(127, 4);
    /* Nothing is read behind the end. */
    s = structure(17, 40);
    put(s, 0x0c, 2, 1024);
    write_table();
}

static void setup(void)
{
    root_setup();
    root_e820(0, 0x9fc00, "System RAM");
    root_e820(0x9fc00, 0xa0000, "Reserved");
    root_e820(0x100000, 3 * GIB - 0x11000, "System RAM");
    root_e820(3 * GIB - 0x11000, 3 * GIB, "Reserved");
    root_e820(5 * GIB, 6 * GIB, "System RAM");
}

static enum result run(const char *params)
{
    return run_check(&check_smbios, params);
}

START_TEST(test_agrees)
{
    smbios(4 * GIB, 4 * GIB, 4 * GIB);
    ck_assert_msg(run("") == SUCCESS, "%s", o.text);
    ck_assert_int_eq(run("slack=64K"), FAILURE);
}
END_TEST

/* The gap below 5 GiB is no memory. */
START_TEST(test_too_much)
{
    smbios(5 * GIB, 5 * GIB, 5 * GIB);
    ck_assert_int_eq(run(""), FAILURE);
    ck_assert_str_eq(o.text, "SMBIOS says 5120 MiB, the E820 4294503424 bytes of RAM");
}
END_TEST

START_TEST(test_too_little)
{
    smbios(4 * GIB - (1 << 20), 4 * GIB - (1 << 20), 4 * GIB - (1 << 20));
    ck_assert_int_eq(run(""), FAILURE);
}
END_TEST

START_TEST(test_accounts_differ)
{
    smbios(4 * GIB, 5 * GIB, 4 * GIB);
    ck_assert_int_eq(run(""), FAILURE);
    smbios(4 * GIB, 4 * GIB, 5 * GIB);
    ck_assert_int_eq(run(""), FAILURE);
    ck_assert_str_eq(o.text, "SMBIOS says 4096 MiB of devices, 4096 MiB at addresses, "
                     "5120 MiB at most");
}
END_TEST

/* More than 2 TiB is told elsewhere in the structure. */
START_TEST(test_large)
{
    uint8_t *s;

    smbios(4 * GIB, 4 * GIB, 4 * GIB);
    s = table + 24 + 12;
    ck_assert_uint_eq(s[0], 16);
    put(s, 7, 4, 0x80000000);
    put(s, 0x0f, 8, 4 * GIB);
    write_table();
    ck_assert_msg(run("") == SUCCESS, "%s", o.text);
}
END_TEST

START_TEST(test_garbage)
{
    ck_assert_int_eq(run(""), ERROR);           /* there is none */
    used = 0;
    structure(16, 23);
    write_table();
    ck_assert_int_eq(run(""), ERROR);           /* no end */
    memcpy(table, "\310\0\0\177\4\0\0\0", used = 9);
    write_table();
    ck_assert_int_eq(run(""), ERROR);           /* shorter than a header */
    table[1] = 250;
    used = 30;
    write_table();
    ck_assert_int_eq(run(""), ERROR);           /* longer than all of it */
}
END_TEST

/* An old table has no extended size: it is not read from behind the structure. */
START_TEST(test_short)
{
    uint8_t *s;

    used = 0;
    s = structure(17, 0x15);
    put(s, 0x0c, 2, 0x7fff);
    structure(127, 4);
    write_table();
    ck_assert_int_eq(run(""), FAILURE);
    ck_assert_ptr_nonnull(strstr(o.text, "SMBIOS says 0 MiB"));
}
END_TEST

TCase *smbios_tests(void)
{
    TCase *c = tcase_create("smbios");

    tcase_add_checked_fixture(c, setup, root_teardown);
    tcase_add_test(c, test_agrees);
    tcase_add_test(c, test_too_much);
    tcase_add_test(c, test_too_little);
    tcase_add_test(c, test_accounts_differ);
    tcase_add_test(c, test_large);
    tcase_add_test(c, test_garbage);
    tcase_add_test(c, test_short);
    return c;
}
