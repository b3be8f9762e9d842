/* SPDX-License-Identifier: MIT */
/*
 * The simulated host itself: a judge that gets Xen's rules wrong proves nothing.
 *
 * The rules are those of xenmem_add_to_physmap() and xenmem_add_to_physmap_one()
 * in Xen 4.20, see host.h.
 */
#include "suites.h"

#include "host.h"

static struct host host;

static void setup(void)
{
    host_init(&host);
    host_set(&host, 0, 100, 0, HOST_RAM);
}

START_TEST(pages_keep_their_names)
{
    ck_assert_int_eq(host_add_to_physmap(&host, 10, 1000, 5), 0);
    ck_assert_uint_eq(host_pages(&host), 100);
    ck_assert_uint_eq(host_get(&host, 1003).name, 13);
    ck_assert_int_eq(host_get(&host, 12).type, HOST_NONE);
    ck_assert_uint_eq(host_get(&host, 15).name, 15);
    ck_assert_uint_eq(host.freed, 0);
}
END_TEST

START_TEST(populated_destination_is_freed)
{
    ck_assert_int_eq(host_add_to_physmap(&host, 10, 50, 5), 0);
    ck_assert_uint_eq(host.freed, 5);
    ck_assert_uint_eq(host_pages(&host), 95);
    ck_assert_uint_eq(host_get(&host, 52).name, 12);
}
END_TEST

/* Overlapping upwards goes backwards, so that no page treads on the next. */
START_TEST(overlap_upwards)
{
    for ( unsigned int iommu = 0; iommu < 2; iommu++ )
    {
        setup();
        host.iommu = iommu;
        ck_assert_int_eq(host_add_to_physmap(&host, 50, 60, 50), 0);
        ck_assert_uint_eq(host.freed, 0);
        ck_assert_uint_eq(host_pages(&host), 100);
        ck_assert_uint_eq(host_get(&host, 60).name, 50);
        ck_assert_uint_eq(host_get(&host, 109).name, 99);
        ck_assert_int_eq(host_get(&host, 59).type, HOST_NONE);
        ck_assert_uint_eq(host.entries, iommu ? 4 : 1);
    }
}
END_TEST

START_TEST(overlap_downwards)
{
    host_set(&host, 0, 10, 0, HOST_NONE);
    ck_assert_int_eq(host_add_to_physmap(&host, 10, 0, 90), 0);
    ck_assert_uint_eq(host.freed, 0);
    ck_assert_uint_eq(host_pages(&host), 90);
    ck_assert_uint_eq(host_get(&host, 0).name, 10);
    ck_assert_uint_eq(host_get(&host, 89).name, 99);
}
END_TEST

START_TEST(onto_itself)
{
    ck_assert_int_eq(host_add_to_physmap(&host, 10, 10, 5), 0);
    ck_assert_uint_eq(host_pages(&host), 100);
    ck_assert_uint_eq(host.freed, 0);
}
END_TEST

START_TEST(errors)
{
    host_set(&host, 1005, 1, 0, HOST_DIRECT);
    ck_assert_int_eq(host_add_to_physmap(&host, 10, 1000, 10), HOST_EPERM);
    /* What was done before the error stays done. */
    ck_assert_uint_eq(host_get(&host, 1004).name, 14);
    ck_assert_uint_eq(host_get(&host, 15).name, 15);
    ck_assert_int_eq(host_add_to_physmap(&host, 1005, 2000, 1), HOST_EACCES);
    ck_assert_int_eq(host_add_to_physmap(&host, 500, 2000, 1), HOST_EACCES);
    host_set(&host, 20, 1, 20, HOST_RAM_AWAY);
    ck_assert_int_eq(host_add_to_physmap(&host, 20, 2000, 1), HOST_EXDEV);
    ck_assert_int_eq(host_add_to_physmap(&host, ~0ull - 5, 2000, 10),
                     HOST_EOVERFLOW);
    ck_assert_uint_eq(host.freed, 0);
    ck_assert_uint_eq(host_pages(&host), 100);
}
END_TEST

/* With an IOMMU a call is entered again after every 16 pages. */
START_TEST(continuation)
{
    host.iommu = true;
    ck_assert_int_eq(host_add_to_physmap(&host, 0, 1000, 100), 0);
    ck_assert_uint_eq(host.calls, 1);
    ck_assert_uint_eq(host.entries, 7);
    ck_assert_uint_eq(host_get(&host, 1000).pages, 100);
}
END_TEST

START_TEST(failures_last_as_told)
{
    host.fail_after = 3;
    host.fail_err = HOST_ENOMEM;
    host.fail_again = 2;
    ck_assert_int_eq(host_add_to_physmap(&host, 0, 1000, 10), HOST_ENOMEM);
    ck_assert_uint_eq(host_get(&host, 1000).pages, 3);
    ck_assert_int_eq(host_add_to_physmap(&host, 3, 1003, 1), HOST_ENOMEM);
    /* The source is looked at first: that answer needs no memory. */
    ck_assert_int_eq(host_add_to_physmap(&host, 0, 1000, 1), HOST_EACCES);
    ck_assert_int_eq(host_add_to_physmap(&host, 3, 1003, 1), HOST_ENOMEM);
    ck_assert_int_eq(host_add_to_physmap(&host, 3, 1003, 1), 0);
    ck_assert_uint_eq(host.failures, 3);
}
END_TEST

Suite *host_suite(void)
{
    Suite *s = suite_create("simulated host");
    TCase *tc = tcase_create("rules");

    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, pages_keep_their_names);
    tcase_add_test(tc, populated_destination_is_freed);
    tcase_add_test(tc, overlap_upwards);
    tcase_add_test(tc, overlap_downwards);
    tcase_add_test(tc, onto_itself);
    tcase_add_test(tc, errors);
    tcase_add_test(tc, continuation);
    tcase_add_test(tc, failures_last_as_told);
    suite_add_tcase(s, tc);
    return s;
}
