/* SPDX-License-Identifier: MIT */
/* Names, numbers, and what a toolstack tells firmware beforehand. */
#include "rig.h"

static char *get(const char *path)
{
    unsigned int len;

    return xs_read(xs, XBT_NULL, path, &len);
}

#define ck_value(path, value) do { \
    char *v = get(path); \
    ck_assert_msg(v && !strcmp(v, value), "%s is %s", path, v); \
    free(v); \
} while (0)

START_TEST(test_find)
{
    uint32_t domid = 99;

    guest_is_there();
    put("/local/domain/0/name", "Domain-0");
    ck_ok(xen_memmap_find(h, "guest", &domid));
    ck_assert_uint_eq(domid, GUEST);
    ck_ok(xen_memmap_find(h, "5", &domid));
    ck_assert_uint_eq(domid, GUEST);
    ck_failed(xen_memmap_find(h, "6", &domid), ESRCH, "no domain 6");
    ck_failed(xen_memmap_find(h, "gues", &domid), ESRCH, "'gues'");
    ck_failed(xen_memmap_find(h, "", &domid), ESRCH, "''");
    ck_failed(xen_memmap_find(h, "5x", &domid), ESRCH, "'5x'");
    ck_failed(xen_memmap_find(h, "99999999999999999999", &domid), ESRCH, "99");
    ck_assert_uint_eq(domid, GUEST);
}
END_TEST

START_TEST(test_list)
{
    uint32_t *domids;
    unsigned int nr;

    put("/local/domain/0/name", "Domain-0");
    ck_ok(xen_memmap_domains(h, &domids, &nr));
    ck_assert_uint_eq(nr, 0);
    ck_assert_ptr_null(domids);
    put("/local/domain/12/hvmloader/bios", "ovmf");
    guest_is_there();
    ck_ok(xen_memmap_domains(h, &domids, &nr));
    ck_assert_uint_eq(nr, 2);
    ck_assert_uint_eq(domids[0], 5);
    ck_assert_uint_eq(domids[1], 12);
    free(domids);
}
END_TEST

START_TEST(test_name_is_clean)
{
    char *name;

    guest_is_there();
    put("/local/domain/5/name", "a\x1b]0;b");
    name = xen_memmap_name(h, GUEST);
    ck_assert_str_eq(name, "a?]0;b");
    free(name);
    ck_assert_ptr_null(xen_memmap_name(h, 77));
    ck_assert_int_eq(errno, ESRCH);
}
END_TEST

START_TEST(test_declare)
{
    guest_is_there();
    ck_ok(xen_memmap_declare(h, GUEST, "7fff0-7fff3=0:0:4.0"));
    ck_ok(xen_memmap_declare(h, GUEST, "0x80000"));
    ck_value("/local/domain/5/hvmloader/memory-map/rdm/0", "7fff0-7fff3=0:0:4.0");
    ck_value("/local/domain/5/hvmloader/memory-map/rdm/1", "0x80000");
    ck_failed(xen_memmap_declare(h, GUEST, "7fff0-"), EINVAL, "no last gfn");
    ck_failed(xen_memmap_declare(h, 6, "7fff0"), ESRCH, "no domain 6");
}
END_TEST

START_TEST(test_policy)
{
    guest_is_there();
    ck_ok(xen_memmap_set_policy(h, GUEST, XEN_MEMMAP_ENABLED, 0));
    ck_ok(xen_memmap_set_policy(h, GUEST, XEN_MEMMAP_RELOCATE, 0));
    ck_value("/local/domain/5/hvmloader/memory-map/enabled", "0");
    ck_value("/local/domain/5/hvmloader/memory-map/relocate", "0");
    ck_ok(xen_memmap_set_policy(h, GUEST, XEN_MEMMAP_ENABLED, 1));
    ck_value("/local/domain/5/hvmloader/memory-map/enabled", "1");
    ck_ok(xen_memmap_set_policy(h, GUEST, XEN_MEMMAP_PREFER_HIGH, 1));
    ck_value("/local/domain/5/hvmloader/memory-map/policy", "high");
    ck_ok(xen_memmap_set_policy(h, GUEST, XEN_MEMMAP_PREFER_HIGH, 0));
    ck_value("/local/domain/5/hvmloader/memory-map/policy", "low");
    ck_failed(xen_memmap_set_policy(h, GUEST, 3, 1), EINVAL, "policy");
}
END_TEST

START_TEST(test_too_late)
{
    guest_is_there();
    if (_i)
        publish("NEGOTIATED", 0, BUILT);
    else
        put(CLAIM_DIR "/generation", "1");
    ck_failed(xen_memmap_declare(h, GUEST, "7fff0"), EBUSY, "has started");
    ck_failed(xen_memmap_set_policy(h, GUEST, XEN_MEMMAP_ENABLED, 0), EBUSY,
              "has started");
    ck_assert_ptr_null(get("/local/domain/5/hvmloader/memory-map/rdm/0"));
    ck_assert_ptr_null(get("/local/domain/5/hvmloader/memory-map/enabled"));
}
END_TEST

Suite *domains_suite(void)
{
    Suite *s = suite_create("domains");
    TCase *t = tcase_create("domains");

    tcase_add_checked_fixture(t, rig_start, rig_stop);
    tcase_add_test(t, test_find);
    tcase_add_test(t, test_list);
    tcase_add_test(t, test_name_is_clean);
    tcase_add_test(t, test_declare);
    tcase_add_test(t, test_policy);
    tcase_add_loop_test(t, test_too_late, 0, 2);
    suite_add_tcase(s, t);
    return s;
}
