/* SPDX-License-Identifier: MIT */
/* Reading what device model and firmware left, whatever state that is in. */
#include "rig.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static xen_memmap_layout *l;

#define read_published() xen_memmap_read(h, GUEST, XEN_MEMMAP_PUBLISHED, &l)
#define read_claimed() xen_memmap_read(h, GUEST, XEN_MEMMAP_CLAIMED, &l)

static void drop_layout(void)
{
    xen_memmap_layout_free(l);
    l = NULL;
}

static void stop(void)
{
    drop_layout();
    rig_stop();
}

START_TEST(test_published)
{
    guest_is_there();
    publish("SEALED", 1, MOVED);
    put(DM_DIR "/rdm/0", "7fff0 4 0000:00:04.0 mapped\n");
    ck_ok(read_published());
    ck_assert_int_eq(xen_memmap_layout_origin(l), XEN_MEMMAP_PUBLISHED);
    ck_assert_int_eq(xen_memmap_layout_state(l), XEN_MEMMAP_SEALED);
    ck_assert_uint_eq(xen_memmap_layout_generation(l), 1);
    ck_assert_uint_eq(xen_memmap_layout_error(l), 0);
    ck_assert_str_eq(xen_memmap_layout_reason(l), "success");
    ck_assert_uint_eq(xen_memmap_layout_ranges(l), 4);
    ck_assert_uint_eq(xen_memmap_layout_reserveds(l), 1);
    ck_assert_str_eq(xen_memmap_layout_reserved(l, 0)->status, "mapped");
}
END_TEST

START_TEST(test_several_keys)
{
    guest_is_there();
    publish("COMMITTED", 3, "0 a0 0 ram 0 0\n");
    put(DM_DIR "/layout/1", "c0 40 c0 ram 0 0\n");
    /* Behind a gap: of an earlier time. */
    put(DM_DIR "/layout/3", "f00 40 c0 ram 0 0\n");
    ck_ok(read_published());
    ck_assert_uint_eq(xen_memmap_layout_ranges(l), 2);
}
END_TEST

#define STUB_DIR "/local/domain/6/device-model/5/memory-map"

/* The guest's device model is in domain 6, and has said this much. */
static void stub_domain_is_there(void)
{
    guest_is_there();
    drop("/local/domain/0/device-model/5");
    put("/local/domain/5/image/device-model-domid", "6");
    put(STUB_DIR "/state", "NEGOTIATED");
    put(STUB_DIR "/error", "0");
    put(STUB_DIR "/generation", "0");
    put(STUB_DIR "/layout/0", BUILT);
}

START_TEST(test_stub_domain)
{
    stub_domain_is_there();
    ck_ok(read_published());
    ck_assert_int_eq(xen_memmap_layout_state(l), XEN_MEMMAP_NEGOTIATED);
}
END_TEST

/* Whose word it is a reader is told: of a stub domain's a guest may have a say. */
START_TEST(test_publisher)
{
    guest_is_there();
    ck_ok(read_published());
    ck_assert_uint_eq(xen_memmap_layout_publisher(l), 0);
    drop_layout();
    put(CLAIM_DIR "/generation", "1");
    put(CLAIM_DIR "/layout/0", MOVED);
    ck_ok(read_claimed());
    ck_assert_uint_eq(xen_memmap_layout_publisher(l), GUEST);
    drop_layout();
    rig_stop();
    rig_start();
    stub_domain_is_there();
    ck_ok(read_published());
    ck_assert_uint_eq(xen_memmap_layout_publisher(l), 6);
}
END_TEST

/* What a stub domain that its guest has taken over may write costs nothing but itself. */
START_TEST(test_stub_domain_lies)
{
    struct xs_permissions shared[] = { { 6, XS_PERM_NONE }, { GUEST, XS_PERM_WRITE } };
    char path[96], text[32];
    unsigned int i;

    stub_domain_is_there();
    /* More than any layout has, each well formed. */
    for (i = 1; i <= 256; i++) {
        snprintf(path, sizeof(path), STUB_DIR "/layout/%u", i);
        snprintf(text, sizeof(text), "%x 1 - mmio 0 0\n", 0x100000 + 2 * i);
        put(path, text);
    }
    ck_failed(read_published(), EBADMSG, "more ranges than the protocol allows");
    drop(STUB_DIR "/layout");

    put(STUB_DIR "/layout/0", "0 fffffffffffff 0 ram 0 0\nfffffffffffff 2 - mmio 0 0\n");
    ck_failed(read_published(), EBADMSG, "a range beyond all addresses");
    put(STUB_DIR "/layout/0", BUILT);

    /* To a terminal of either kind. */
    put(STUB_DIR "/error", "14");
    put(STUB_DIR "/reason", "\x1b[2Jall \x9b[31mis \xc2\x9bwell\x7f");
    ck_ok(read_published());
    ck_assert_str_eq(xen_memmap_layout_reason(l), "?[2Jall ?[31mis ??well?");
    drop_layout();

    /* Of its own it may let the guest write. */
    ck_assert(xs_set_permissions(xs, XBT_NULL, STUB_DIR, shared, 2));
    ck_failed(read_published(), EPERM, "not to be trusted");

    /* Another domain's it is not asked for. */
    put("/local/domain/6/image/device-model-domid", "0");
    drop("/local/domain/5/image");
    ck_failed(read_published(), ENODATA, "published nothing yet");
}
END_TEST

START_TEST(test_error_has_words)
{
    guest_is_there();
    put(DM_DIR "/error", "14");
    drop(DM_DIR "/reason");
    ck_ok(read_published());
    ck_assert_uint_eq(xen_memmap_layout_error(l), 14);
    ck_assert_str_eq(xen_memmap_layout_reason(l),
                     "entries are unsorted or overlap");
    drop_layout();
    put(DM_DIR "/reason", "RAM is\x1b[31m out\n");
    ck_ok(read_published());
    ck_assert_str_eq(xen_memmap_layout_reason(l), "RAM is?[31m out?");
}
END_TEST

START_TEST(test_absent)
{
    ck_failed(read_published(), ESRCH, "no domain 5");
    ck_failed(read_claimed(), ESRCH, "no domain 5");
    put("/local/domain/5/name", "pv");
    ck_failed(read_published(), ENODEV, "no HVM guest");
    ck_failed(read_claimed(), ENODEV, "no HVM guest");
    put("/local/domain/5/hvmloader/bios", "seabios");
    ck_failed(read_published(), ENODATA, "still starting");
    put("/local/domain/0/device-model/5/state", "running");
    ck_failed(read_published(), ENODATA, "old QEMU");
    ck_failed(read_claimed(), ENODATA, "old hvmloader");
    put("/local/domain/5/hvmloader/memory-map/enabled", "0");
    ck_failed(read_claimed(), ECANCELED, "switched off");
}
END_TEST

START_TEST(test_ended)
{
    guest_is_there();
    ck_ok(read_published());
    guest_ends();
    drop_layout();
    ck_failed(read_published(), ESRCH, "no domain 5");
    ck_assert_ptr_null(l);
}
END_TEST

/* Not every toolstack has image/ there; that it is there is enough to know. */
START_TEST(test_image)
{
    guest_is_there();
    drop("/local/domain/5/image");
    ck_ok(read_published());
    drop_layout();
    drop("/local/domain/5/hvmloader");
    ck_failed(read_published(), ENODEV, "no HVM guest");
    put("/local/domain/5/image/ostype", "hvm");
    ck_ok(read_published());
}
END_TEST

/* A directory that the toolstack forgot, of a domain of the past. */
START_TEST(test_ended_half)
{
    guest_is_there();
    drop("/local/domain/5");
    ck_failed(read_published(), ESRCH, "no domain 5");
}
END_TEST

static const struct { const char *key, *value, *words; } broken[] = {
    { "state", "Sealed", "/state: no state" },
    { "state", "", "/state: no state" },
    { "generation", "-1", "/generation: no decimal" },
    { "error", "none", "/error: no decimal" },
    { "layout/0", "", "/layout/0: no range" },
    { "layout/0", "0 a0 0 ram 0\n", "/layout/0: no flags" },
    { "layout/1", BUILT, "/layout/1: ranges are unsorted" },
    { "layout/1", "20000 0 - mmio 0 0\n", "/layout/1: a range of no pages" },
    { "rdm/0", "7fff0 4 here\n", "/rdm/0: no gfn" },
};

START_TEST(test_broken)
{
    char path[96];

    guest_is_there();
    snprintf(path, sizeof(path), "%s/%s", DM_DIR, broken[_i].key);
    put(path, broken[_i].value);
    ck_failed(read_published(), EBADMSG, broken[_i].words);
    ck_assert_ptr_null(l);
}
END_TEST

static const char *const needed[] = { "generation", "error", "layout/0" };

START_TEST(test_missing)
{
    char path[96];

    guest_is_there();
    snprintf(path, sizeof(path), "%s/%s", DM_DIR, needed[_i]);
    drop(path);
    ck_failed(read_published(), EBADMSG, "is missing");
}
END_TEST

START_TEST(test_huge_value)
{
    static char text[4000];

    guest_is_there();
    memset(text, '1', sizeof(text));
    put_bytes(DM_DIR "/layout/0", text, sizeof(text));
    ck_failed(read_published(), EBADMSG, "/layout/0");
    put_bytes(DM_DIR "/generation", text, sizeof(text));
    ck_failed(read_published(), EBADMSG, "/generation");
}
END_TEST

static void give_to_guest(struct xs_permissions *p, unsigned int nr)
{
    ck_assert(xs_set_permissions(xs, XBT_NULL, DM_DIR, p, nr));
}

START_TEST(test_guest_may_write)
{
    struct xs_permissions owner[] = { { GUEST, XS_PERM_NONE } };
    struct xs_permissions writer[] = { { 0, XS_PERM_NONE },
                                       { GUEST, XS_PERM_WRITE } };
    struct xs_permissions anybody[] = { { 0, XS_PERM_WRITE } };
    struct xs_permissions reader[] = { { 0, XS_PERM_NONE },
                                       { GUEST, XS_PERM_READ } };

    guest_is_there();
    give_to_guest(owner, 1);
    ck_failed(read_published(), EPERM, "not to be trusted");
    give_to_guest(writer, 2);
    ck_failed(read_published(), EPERM, "not to be trusted");
    give_to_guest(anybody, 1);
    ck_failed(read_published(), EPERM, "not to be trusted");
    give_to_guest(reader, 2);
    ck_ok(read_published());
}
END_TEST

START_TEST(test_claimed)
{
    guest_is_there();
    put(CLAIM_DIR "/generation", "2");
    ck_failed(read_claimed(), EBADMSG, "layout/0 is missing");
    put(CLAIM_DIR "/layout/0", MOVED);
    ck_ok(read_claimed());
    ck_assert_int_eq(xen_memmap_layout_origin(l), XEN_MEMMAP_CLAIMED);
    ck_assert_int_eq(xen_memmap_layout_state(l), XEN_MEMMAP_UNKNOWN);
    ck_assert_uint_eq(xen_memmap_layout_generation(l), 2);
    ck_assert_uint_eq(xen_memmap_layout_ranges(l), 4);
    drop_layout();
    /* Of a longer layout firmware emptied a key, and then could write no more. */
    put(CLAIM_DIR "/layout/1", "");
    put(CLAIM_DIR "/layout/2", "200000 1 - mmio 0 0\n");
    ck_ok(read_claimed());
    ck_assert_uint_eq(xen_memmap_layout_ranges(l), 4);
}
END_TEST

/* One child publishes two layouts in turn; each read has one of the two. */
START_TEST(test_writer_in_the_middle)
{
    unsigned int i, changes = 0, last = 0;
    pid_t writer;

    guest_is_there();
    writer = fork();
    if (!writer) {
        xs = xs_open(0);
        for (i = 1; ; i++) {
            publish("COMMITTED", i, i & 1 ? MOVED : BUILT);
            usleep(200);
        }
    }
    for (i = 0; i < 2000 && changes < 100; i++) {
        if (read_published()) {
            ck_assert_msg(errno == EAGAIN, "%s", xen_memmap_message(h));
            continue;
        }
        ck_assert_uint_eq(xen_memmap_layout_ranges(l),
                          xen_memmap_layout_generation(l) & 1 ? 4 : 2);
        changes += xen_memmap_layout_generation(l) != last;
        last = xen_memmap_layout_generation(l);
        drop_layout();
    }
    kill(writer, SIGKILL);
    waitpid(writer, NULL, 0);
    ck_assert_uint_ge(changes, 20);
}
END_TEST

START_TEST(test_connection_lost)
{
    guest_is_there();
    ck_ok(read_published());
    drop_layout();
    rig_kill();
    ck_failed(read_published(), ECONNRESET, "lost");
    /* And from then on there is none to connect to. */
    ck_failed(read_published(), ECONNREFUSED, "does xenstored run?");
}
END_TEST

START_TEST(test_no_xenstored)
{
    uint32_t domid, *domids;
    unsigned int nr;

    setenv("XENSTORED_PATH", "/nonexistent/socket", 1);
    ck_failed(read_published(), ECONNREFUSED, "does xenstored run?");
    ck_failed(xen_memmap_domains(h, &domids, &nr), ECONNREFUSED, "run?");
    ck_failed(xen_memmap_find(h, "guest", &domid), ECONNREFUSED, "run?");
    ck_failed(xen_memmap_find(h, "5", &domid), ECONNREFUSED, "run?");
    ck_failed(xen_memmap_wait(h, GUEST, XEN_MEMMAP_SEALED, 1), ECONNREFUSED,
              "run?");
    ck_failed(xen_memmap_watch(h, GUEST), ECONNREFUSED, "run?");
    ck_failed(xen_memmap_fd(h), ECONNREFUSED, "run?");
    ck_failed(xen_memmap_declare(h, GUEST, "1"), ECONNREFUSED, "run?");
}
END_TEST

START_TEST(test_callers_mistakes)
{
    ck_failed(xen_memmap_read(h, GUEST, XEN_MEMMAP_RECORD, &l), EINVAL, "");
    ck_assert_ptr_null(xen_memmap_open(NULL, 1));
    ck_assert_int_eq(errno, EINVAL);
    errno = 77;
    xen_memmap_close(NULL);
    xen_memmap_layout_free(NULL);
    xen_memmap_report_free(NULL);
    xen_memmap_config_free(NULL);
    xen_memmap_plan_free(NULL);
    ck_assert_int_eq(errno, 77);
}
END_TEST

Suite *read_suite(void)
{
    Suite *s = suite_create("read");
    TCase *t = tcase_create("read");

    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, rig_start, stop);
    tcase_add_test(t, test_published);
    tcase_add_test(t, test_several_keys);
    tcase_add_test(t, test_stub_domain);
    tcase_add_test(t, test_publisher);
    tcase_add_test(t, test_stub_domain_lies);
    tcase_add_test(t, test_error_has_words);
    tcase_add_test(t, test_absent);
    tcase_add_test(t, test_ended);
    tcase_add_test(t, test_image);
    tcase_add_test(t, test_ended_half);
    tcase_add_loop_test(t, test_broken, 0, MEMMAP_ARRAY_SIZE(broken));
    tcase_add_loop_test(t, test_missing, 0, MEMMAP_ARRAY_SIZE(needed));
    tcase_add_test(t, test_huge_value);
    tcase_add_test(t, test_guest_may_write);
    tcase_add_test(t, test_claimed);
    tcase_add_test(t, test_writer_in_the_middle);
    tcase_add_test(t, test_connection_lost);
    tcase_add_test(t, test_no_xenstored);
    tcase_add_test(t, test_callers_mistakes);
    suite_add_tcase(s, t);
    return s;
}
