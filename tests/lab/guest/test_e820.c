/* SPDX-License-Identifier: MIT */
/* The E820 check and parameters, on made-up folders whose figures are those of real guests. */
#include "test.h"

/* 3 GiB less 16 MiB of video memory; 1008 MiB of it moved to 4 GiB; a BAR in the hole. */
static void setup(void)
{
    root_setup();
    root_device("0000:00:05.0", "0x010802",
           "0x00000000f1000000 0x00000000f1003fff 0x0000000000140204\n"
           "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
           "0x0000000080000000 0x00000000bfffffff 0x000000000014220c\n"
           "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
           "0x000000000000c000 0x000000000000c0ff 0x0000000000040101\n"
           "0x0000000000000000 0x0000000000000000 0x0000000000000000");
}

static void firmware(void)
{
    root_e820(0x100000000, 0x13f000000, "System RAM");
    root_e820(0, 0x9fc00, "System RAM");
    root_e820(0x9fc00, 0xa0000, "Reserved");
    root_e820(0xf0000, 0x100000, "Reserved");
    root_e820(0xfc000000, 0xfc009000, "ACPI Non-volatile Storage");
    root_e820(0xfc009000, 0x100000000, "Reserved");
}

static enum result run(const char *params)
{
    return run_check(&check_e820, params);
}

START_TEST(test_account)
{
    firmware();
    root_e820(0x100000, 0x7fff8000, "System RAM");
    root_e820(0x7fff8000, 0x80000000, "Reserved");
    ck_assert_msg(run("total=3G,less=16M,low-end=0x80000000,high-end=0x13f000000") == SUCCESS,
                  "%s", o.text);
    /* One page more or less is not the same. */
    ck_assert_int_eq(run("total=3G,less=16380K"), FAILURE);
    ck_assert_int_eq(run("total=3G,less=16388K"), FAILURE);
    /* Slack allows for less RAM, never for more. */
    ck_assert_int_eq(run("total=3G,less=16380K,slack=4K"), SUCCESS);
    ck_assert_int_eq(run("total=3G,less=16388K,slack=4K"), FAILURE);
    ck_assert_int_eq(run("low-end=0x7ffff000"), FAILURE);
    ck_assert_str_eq(o.text, "low RAM ends at 0x7fff8000, expected 0x7ffff000");
    ck_assert_int_eq(run("low-end=0x80001000"), FAILURE);
    ck_assert_int_eq(run("low-end=0x7fff7000"), FAILURE);
    ck_assert_int_eq(run("low-end=0x7fff8000"), SUCCESS);
    ck_assert_int_eq(run("total=3G,less=16M,high-end=0x140000000"), FAILURE);
    ck_assert_int_eq(run("total=3G,less=16M,high-end=0"), FAILURE);
}
END_TEST

START_TEST(test_ram_under_bar)
{
    firmware();
    root_e820(0x100000, 0x80001000, "System RAM");
    ck_assert_int_eq(run(""), FAILURE);
    ck_assert_ptr_nonnull(strstr(o.text, "BAR 2 of 0000:00:05.0"));
}
END_TEST

START_TEST(test_overlap)
{
    firmware();
    root_e820(0x100000, 0x7fff8000, "System RAM");
    root_e820(0x7fff7000, 0x80000000, "Reserved");
    ck_assert_int_eq(run(""), FAILURE);
    ck_assert_ptr_nonnull(strstr(o.text, "overlaps"));
}
END_TEST

START_TEST(test_legacy)
{
    root_e820(0, 0xa1000, "System RAM");
    ck_assert_int_eq(run(""), FAILURE);
    ck_assert_ptr_nonnull(strstr(o.text, "reaches into 0xa0000-0x100000"));
}
END_TEST

START_TEST(test_legacy_above)
{
    root_e820(0, 0xa0000, "System RAM");
    root_e820(0xc0000, 0xd0000, "System RAM");
    root_e820(0x100000, 0x80000000, "System RAM");
    ck_assert_int_eq(run(""), FAILURE);
    ck_assert_ptr_nonnull(strstr(o.text, "reaches into 0xa0000-0x100000"));
}
END_TEST

START_TEST(test_holes)
{
    /* An RMRR right behind what SeaBIOS kept: the kernel shows them as one entry. */
    firmware();
    root_e820(0x100000, 0x7ffe8000, "System RAM");
    root_e820(0x7ffe8000, 0x7fff4000, "Reserved");
    root_e820(0x7fff4000, 0x80000000, "System RAM");
    ck_assert_msg(run("total=3G,less=16400K,holes=0x7fff0000-0x7fff4000") == SUCCESS, "%s",
                  o.text);
    ck_assert_int_eq(run("total=3G,less=16400K"), FAILURE);
    ck_assert_int_eq(run("holes=0x7fff0000-0x7fff5000"), FAILURE);
    ck_assert_int_eq(run("holes=0x7fff0000-0x7fff4000+0xb0000000-0xb0001000"), FAILURE);
}
END_TEST

/* OVMF in a guest of 1 GiB: 2 MiB of firmware image, half of which came from the top of RAM. */
START_TEST(test_ovmf)
{
    static const struct { uint64_t start, end; const char *type; } map[] = {
        { 0x0, 0xa0000, "System RAM" }, { 0xa0000, 0x100000, "Reserved" },
        { 0x100000, 0x3cb1f000, "System RAM" }, { 0x3cb1f000, 0x3cb22000, "ACPI Tables" },
        { 0x3cb22000, 0x3cce1000, "System RAM" }, { 0x3cce1000, 0x3cce2000, "ACPI Tables" },
        { 0x3cce2000, 0x3cce3000, "Reserved" },
        { 0x3cce3000, 0x3ccf6000, "ACPI Non-volatile Storage" },
        { 0x3ccf6000, 0x3cd1f000, "Reserved" }, { 0x3cd1f000, 0x3eef4000, "System RAM" },
        { 0xfc00b000, 0xfee00000, "Reserved" }, { 0xfef00000, 0x100000000, "Reserved" },
    };

    for (unsigned int i = 0; i < sizeof(map) / sizeof(map[0]); i++) {
        root_e820(map[i].start, map[i].end, map[i].type);
    }
    ck_assert_msg(run("total=1G,less=16M,slack=1072K,low-end=0x3eef4000,high-end=0,"
                      "firmware=260K") == SUCCESS, "%s", o.text);
    ck_assert_int_eq(run("total=1G,less=16M,slack=1068K"), FAILURE);
    ck_assert_int_eq(run("total=1G,less=16M,slack=1072K,low-end=0x3eef5000"), FAILURE);
    ck_assert_int_eq(run("total=1G,less=16M,slack=1072K,firmware=256K"), FAILURE);
    ck_assert_ptr_nonnull(strstr(o.text, "266240 bytes"));
    /* A hole in one of the pieces is none of the firmware's. */
    ck_assert_int_eq(run("total=1G,less=16M,slack=1072K,firmware=260K,"
                         "holes=0x3cce2000-0x3cce3000"), FAILURE);
    ck_assert_int_eq(run("total=1G,less=16M,slack=1076K,firmware=260K,"
                         "holes=0x3cce2000-0x3cce3000"), SUCCESS);
    /* Only a scenario that has such a firmware may have so many pieces. */
    ck_assert_int_eq(run("total=1G,less=16M,slack=1072K"), FAILURE);
    ck_assert_ptr_nonnull(strstr(o.text, "0x3cb1f000-0x3cb22000, amid RAM"));
}
END_TEST

/* RAM with HOLE amid it, which TYPE says what it is; NULL: nobody. */
static void amid(uint64_t start, uint64_t end, const char *type)
{
    firmware();
    root_e820(0x100000, start, "System RAM");
    if (type) {
        root_e820(start, end, type);
    }
    root_e820(end, 0x7fff8000, "System RAM");
    root_e820(0x7fff8000, 0x80000000, "Reserved");
}

START_TEST(test_lost_amid_ram)
{
    /* Nobody mentions one page: that is not the firmware's. */
    amid(0x40000000, 0x40001000, NULL);
    ck_assert_int_eq(run("total=3G,less=16M"), FAILURE);
    ck_assert_ptr_nonnull(strstr(o.text, "0x40000000-0x40001000, amid RAM, is mentioned by nobody"));
    ck_assert_int_eq(run("total=3G,less=16388K"), FAILURE);
    ck_assert_int_eq(run(""), FAILURE);
    /* As a gap it may be, but then it is not in the account. */
    ck_assert_int_eq(run("total=3G,less=16388K,gaps=0x40000000-0x40001000"), SUCCESS);
    ck_assert_int_eq(run("total=3G,less=16M,gaps=0x40000000-0x40001000"), FAILURE);
    ck_assert_int_eq(run("gaps=0x40000000-0x40002000"), FAILURE);
    ck_assert_ptr_nonnull(strstr(o.text, "in the hole 0x40000000-0x40002000"));
    ck_assert_int_eq(run("holes=0x40000000-0x40001000"), FAILURE);
    /* As RAM that was lost it is, and no other page may be missing. */
    ck_assert_int_eq(run("total=3G,less=16M,lost=4K"), SUCCESS);
    ck_assert_int_eq(run("total=3G,less=16M,lost=4095"), FAILURE);
    ck_assert_ptr_nonnull(strstr(o.text, "0x40000000-0x40001000, amid RAM, is mentioned by nobody"));
    ck_assert_int_eq(run("total=3G,less=16388K,lost=4K"), FAILURE);
    ck_assert_int_eq(run("total=3G,less=16380K,lost=4K"), FAILURE);
    amid(0x40000000, 0x40001000, "Reserved");
    ck_assert_int_eq(run("total=3G,less=16M,lost=4K"), FAILURE);
}
END_TEST

/* 64 MiB that are lost and called reserved; what is as large and RDM's is another matter. */
START_TEST(test_reserved_amid_ram)
{
    amid(0x40000000, 0x44000000, "Reserved");
    ck_assert_int_eq(run("total=3G,less=16M"), FAILURE);
    ck_assert_ptr_nonnull(strstr(o.text, "0x40000000-0x44000000, amid RAM, is reserved"));
    ck_assert_int_eq(run("total=3G,less=80M,holes=0x40000000-0x44000000"), SUCCESS);
    ck_assert_int_eq(run("total=3G,less=80M,gaps=0x40000000-0x44000000"), SUCCESS);
    /* Part of it is not enough, whichever. */
    ck_assert_int_eq(run("total=3G,less=80M,holes=0x40001000-0x44000000"), FAILURE);
    ck_assert_int_eq(run("total=3G,less=80M,holes=0x40000000-0x43fff000"), FAILURE);
    ck_assert_ptr_nonnull(strstr(o.text, "0x43fff000-0x44000000, amid RAM"));
}
END_TEST

START_TEST(test_page_amid_ram)
{
    amid(0x40000000, 0x40001000, "Reserved");
    ck_assert_int_eq(run("total=3G,less=16M"), FAILURE);
    ck_assert_int_eq(run("total=3G,less=16388K,holes=0x40000000-0x40001000"), SUCCESS);
}
END_TEST

/* SeaBIOS keeps its share before a hole, not behind it, not twice, and not much. */
START_TEST(test_share)
{
    firmware();
    root_e820(0x100000, 0x40000000, "System RAM");
    root_e820(0x40000000, 0x40010000, "Reserved");
    root_e820(0x40010000, 0x80000000, "System RAM");
    ck_assert_msg(run("total=3G,less=16392K,holes=0x4000e000-0x40010000") == SUCCESS, "%s", o.text);
    ck_assert_int_eq(run("holes=0x40000000-0x4000e000"), FAILURE);
    ck_assert_ptr_nonnull(strstr(o.text, "0x4000e000-0x40010000, amid RAM"));
    ck_assert_int_eq(run("holes=0x40001000-0x4000e000"), FAILURE);
    ck_assert_int_eq(run("holes=0x40001000-0x40002000+0x4000e000-0x40010000"), FAILURE);
    ck_assert_ptr_nonnull(strstr(o.text, "0x40002000-0x4000e000, beside RAM"));
}
END_TEST

/* Behind a hole at the end of low RAM nothing is the firmware's. */
START_TEST(test_share_behind_hole)
{
    firmware();
    root_e820(0x100000, 0x7fff0000, "System RAM");
    root_e820(0x7fff0000, 0x80000000, "Reserved");
    ck_assert_int_eq(run("holes=0x7fff0000-0x7fff4000"), FAILURE);
    ck_assert_ptr_nonnull(strstr(o.text, "0x7fff4000-0x80000000, beside RAM"));
    ck_assert_int_eq(run("holes=0x7fff4000-0x80000000"), SUCCESS);
    /* Which may be in one entry with the firmware's. */
    ck_assert_int_eq(run("holes=0x7fff4000-0x80000000,low-end=0x7fff4000"), SUCCESS);
    ck_assert_int_eq(run("holes=0x7fff4000-0x80000000,low-end=0x7fff3000"), FAILURE);
}
END_TEST

START_TEST(test_two_shares)
{
    amid(0x40000000, 0x40010000, "Reserved");
    ck_assert_int_eq(run("holes=0x4000e000-0x40010000"), FAILURE);
    ck_assert_ptr_nonnull(strstr(o.text, "0x7fff8000-0x80000000, beside RAM"));
}
END_TEST

START_TEST(test_large_share)
{
    firmware();
    root_e820(0x100000, 0x7ff80000, "System RAM");
    root_e820(0x7ff80000, 0x80000000, "Reserved");
    ck_assert_msg(run("total=3G,less=16M") == SUCCESS, "%s", o.text);
    root_e820(0x80000000, 0x80001000, "ACPI Tables");
    ck_assert_int_eq(run("total=3G,less=16380K"), FAILURE);
    ck_assert_ptr_nonnull(strstr(o.text, "0x7ff80000-0x80001000, beside RAM"));
    /* What the scenario says is none of RAM's is not the firmware's either. */
    ck_assert_int_eq(run("total=3G,less=16M,low-end=0x80000000"), SUCCESS);
}
END_TEST

START_TEST(test_first_mib)
{
    root_e820(0, 0x8fc00, "System RAM");
    root_e820(0x8fc00, 0xa0000, "Reserved");
    root_e820(0x100000, 0x80000000, "System RAM");
    ck_assert_int_eq(run(""), FAILURE);
    ck_assert_ptr_nonnull(strstr(o.text, "0x8fc00 are RAM, and reserved is what is below 0xa0000"));
}
END_TEST

START_TEST(test_hole_in_first_mib)
{
    root_e820(0, 0x9f000, "System RAM");
    root_e820(0x9f000, 0x9fc00, "Reserved");
    root_e820(0x100000, 0x80000000, "System RAM");
    ck_assert_int_eq(run(""), FAILURE);
    ck_assert_ptr_nonnull(strstr(o.text, "0x9f000 are RAM, and reserved is what is below 0x9fc00"));
    root_e820(0x9fc00, 0xa0000, "Reserved");
    ck_assert_int_eq(run(""), SUCCESS);
}
END_TEST

START_TEST(test_late_ram)
{
    root_e820(0, 0xa0000, "System RAM");
    root_e820(0x101000, 0x80000000, "System RAM");
    ck_assert_int_eq(run(""), FAILURE);
    ck_assert_ptr_nonnull(strstr(o.text, "0x100000-0x101000, amid RAM, is mentioned by nobody"));
}
END_TEST

/* Above 4 GiB no firmware keeps anything, and RAM begins there. */
static void high(uint64_t start, uint64_t end, const char *type)
{
    root_e820(0, 0xa0000, "System RAM");
    root_e820(0x100000, 0x80000000, "System RAM");
    if (start > 0x100000000) {
        root_e820(0x100000000, start, "System RAM");
    }
    if (type) {
        root_e820(start, end, type);
    }
    root_e820(end, 0x13f000000, "System RAM");
}

START_TEST(test_late_high_ram)
{
    high(0x100000000, 0x100200000, NULL);
    ck_assert_int_eq(run(""), FAILURE);
    ck_assert_ptr_nonnull(strstr(o.text, "0x100000000-0x100200000, amid RAM, is mentioned by nobody"));
    ck_assert_int_eq(run("gaps=0x100000000-0x100200000"), SUCCESS);
}
END_TEST

/* Four pages moved, and then extents of 2 MiB, which go to where they are aligned. */
START_TEST(test_gap_before_extents)
{
    high(0x100004000, 0x100200000, NULL);
    ck_assert_msg(run("total=3055M,less=1008K") == SUCCESS, "%s", o.text);
    ck_assert_int_eq(run("total=3055M,less=1012K"), FAILURE);
    ck_assert_int_eq(run(""), FAILURE);
    ck_assert_ptr_nonnull(strstr(o.text, "0x100004000-0x100200000, amid RAM, is mentioned by nobody"));
}
END_TEST

/* Below 4 GiB nothing moves to. */
START_TEST(test_gap_in_low_ram)
{
    root_e820(0, 0xa0000, "System RAM");
    root_e820(0x100000, 0x40000000, "System RAM");
    root_e820(0x40200000, 0x80000000, "System RAM");
    ck_assert_int_eq(run("total=2046M"), FAILURE);
    ck_assert_ptr_nonnull(strstr(o.text, "0x40000000-0x40200000, amid RAM, is mentioned by nobody"));
}
END_TEST

START_TEST(test_gap_that_is_not_aligned)
{
    high(0x100004000, 0x100201000, NULL);
    ck_assert_int_eq(run("total=3055M,less=1012K"), FAILURE);
    ck_assert_ptr_nonnull(strstr(o.text, "0x100004000-0x100201000, amid RAM"));
}
END_TEST

START_TEST(test_reserved_high)
{
    high(0x110000000, 0x110001000, "Reserved");
    ck_assert_int_eq(run("firmware=1M"), FAILURE);
    ck_assert_ptr_nonnull(strstr(o.text, "0x110000000-0x110001000, amid RAM, is reserved"));
    ck_assert_int_eq(run("holes=0x110000000-0x110001000"), SUCCESS);
}
END_TEST

START_TEST(test_parameters)
{
    firmware();
    root_e820(0x100000, 0x80000000, "System RAM");
    ck_assert_int_eq(run("totl=3G"), ERROR);
    ck_assert_int_eq(run("total=3X"), ERROR);
    ck_assert_int_eq(run("total=-1"), ERROR);
    ck_assert_int_eq(run("total=99999999999G"), ERROR);
    ck_assert_int_eq(run("total"), ERROR);
    ck_assert_int_eq(run("total=1G,total=1G"), ERROR);
    ck_assert_ptr_nonnull(strstr(o.text, "given twice"));
    ck_assert_int_eq(run("holes=0x2000-0x1000"), ERROR);
    ck_assert_int_eq(run("holes=0x2000"), ERROR);
    ck_assert_int_eq(run("less=0x10K"), SUCCESS);
}
END_TEST

START_TEST(test_nothing_to_read)
{
    ck_assert_int_eq(run("total=3G"), ERROR);
}
END_TEST

TCase *e820_tests(void)
{
    TCase *t = tcase_create("e820");

    tcase_add_checked_fixture(t, setup, root_teardown);
    tcase_add_test(t, test_account);
    tcase_add_test(t, test_ram_under_bar);
    tcase_add_test(t, test_overlap);
    tcase_add_test(t, test_legacy);
    tcase_add_test(t, test_legacy_above);
    tcase_add_test(t, test_holes);
    tcase_add_test(t, test_ovmf);
    tcase_add_test(t, test_lost_amid_ram);
    tcase_add_test(t, test_reserved_amid_ram);
    tcase_add_test(t, test_page_amid_ram);
    tcase_add_test(t, test_share);
    tcase_add_test(t, test_share_behind_hole);
    tcase_add_test(t, test_two_shares);
    tcase_add_test(t, test_large_share);
    tcase_add_test(t, test_first_mib);
    tcase_add_test(t, test_hole_in_first_mib);
    tcase_add_test(t, test_late_ram);
    tcase_add_test(t, test_late_high_ram);
    tcase_add_test(t, test_gap_before_extents);
    tcase_add_test(t, test_gap_in_low_ram);
    tcase_add_test(t, test_gap_that_is_not_aligned);
    tcase_add_test(t, test_reserved_high);
    tcase_add_test(t, test_parameters);
    tcase_add_test(t, test_nothing_to_read);
    return t;
}
