/* SPDX-License-Identifier: MIT */
/* The plug check's verdict about BARs that were given a place while the guest ran. */
#include "check_plug.c"
#include "test.h"

#define KEPT "0x00000000f1000000 0x00000000f10fffff 0x0000000000040200\n"

static struct pci before, now;
static struct e820 map;
static uint64_t largest;

static void setup(void)
{
    root_setup();
    root_e820(0, 0x80000000, "System RAM");
    root_e820(0x80000000, 0x90000000, "Reserved");
    root_e820(0x100000000, 0x140000000, "System RAM");
    root_device("0000:00:04.0", "0x00ff00", KEPT);
    ck_assert(e820_read(&map) && pci_read(&before));
    largest = 0;
}

/* What a device with RESOURCE comes to. */
static bool came(const char *resource)
{
    root_device("0000:00:10.0", "0x00ff00", resource);
    ck_assert(pci_read(&now));
    return places_are_free(&before, &now, &map, &largest, &o);
}

START_TEST(test_free)
{
    ck_assert(came("0x00000000f1100000 0x00000000f1100fff 0x0000000000040200\n"
                   "0x000000000000c000 0x000000000000c0ff 0x0000000000040101\n"
                   "0x0000000140000000 0x000000017fffffff 0x000000000014220c\n"));
    ck_assert_uint_eq(largest, 0x40000000);
    /* Reserved is not RAM. */
    ck_assert(came("0x0000000080000000 0x00000000800fffff 0x0000000000040200\n"));
}
END_TEST

START_TEST(test_over_ram)
{
    ck_assert(!came("0x00000000f1100000 0x00000000f1100fff 0x0000000000040200\n"
                    "0x000000013ff00000 0x00000001400fffff 0x000000000014220c\n"));
    ck_assert_int_eq(o.result, FAILURE);
    ck_assert_str_eq(o.text, "BAR 1 of 0000:00:10.0 at 0x13ff00000 is over RAM, "
                     "0x100000000-0x140000000");
    ck_assert(!came("0x000000007ff00000 0x000000007fffffff 0x0000000000040200\n"));
}
END_TEST

START_TEST(test_over_another)
{
    ck_assert(!came("0x00000000f10ff000 0x00000000f1100fff 0x0000000000040200\n"));
    ck_assert_str_eq(o.text, "BAR 0 of 0000:00:10.0 at 0xf10ff000 is over BAR 0 of 0000:00:04.0");
    /* Its own are not one over the other either. */
    ck_assert(!came("0x00000000f2000000 0x00000000f2ffffff 0x0000000000040200\n"
                    "0x00000000f2800000 0x00000000f2ffffff 0x0000000000040200\n"));
    ck_assert_ptr_nonnull(strstr(o.text, "is over BAR 1 of 0000:00:10.0"));
}
END_TEST

/* One without an address is none that fits. */
START_TEST(test_unset)
{
    ck_assert(!came("0x0000000000000000 0x00000000000fffff 0x0000000020040200\n"));
    ck_assert_str_eq(o.text, "BAR 0 of 0000:00:10.0 has no address");
}
END_TEST

TCase *plug_tests(void)
{
    TCase *tc = tcase_create("plug");

    tcase_add_checked_fixture(tc, setup, root_teardown);
    tcase_add_test(tc, test_free);
    tcase_add_test(tc, test_over_ram);
    tcase_add_test(tc, test_over_another);
    tcase_add_test(tc, test_unset);
    return tc;
}
