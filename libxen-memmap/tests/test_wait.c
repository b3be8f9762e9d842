/* SPDX-License-Identifier: MIT */
/* Waiting and watching: each way in which nothing will come has its error. */
#include "rig.h"

#include <poll.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uint64_t ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000ull + t.tv_nsec / 1000000;
}

/* Somebody else does @f in @after ms. */
static pid_t later(unsigned int after, void (*f)(void))
{
    pid_t child = fork();

    if (!child) {
        xs = xs_open(0);
        usleep(after * 1000);
        f();
        _exit(0);
    }
    return child;
}

static void seal(void)
{
    publish("SEALED", 1, MOVED);
}

START_TEST(test_there)
{
    uint64_t begin = ms();

    guest_is_there();
    ck_ok(xen_memmap_wait(h, GUEST, XEN_MEMMAP_OFFERED, 0));
    seal();
    ck_ok(xen_memmap_wait(h, GUEST, XEN_MEMMAP_COMMITTED, 0));
    ck_ok(xen_memmap_wait(h, GUEST, XEN_MEMMAP_SEALED, 60000));
    ck_assert_uint_lt(ms() - begin, 30000);
}
END_TEST

/* At once when it comes: by the event, not by looking again. */
START_TEST(test_comes)
{
    uint64_t begin;
    pid_t child;

    guest_is_there();
    ck_assert_uint_eq(h->slice_ms, 1000);
    h->slice_ms = 60000;
    begin = ms();
    child = later(200, seal);
    ck_ok(xen_memmap_wait(h, GUEST, XEN_MEMMAP_SEALED, 60000));
    ck_assert_uint_ge(ms() - begin, 200);
    ck_assert_uint_lt(ms() - begin, 30000);
    waitpid(child, NULL, 0);
}
END_TEST

START_TEST(test_goes)
{
    uint64_t begin = ms();
    pid_t child;

    guest_is_there();
    child = later(200, guest_ends);
    ck_failed(xen_memmap_wait(h, GUEST, XEN_MEMMAP_SEALED, 60000), ESRCH,
              "no domain 5");
    ck_assert_uint_lt(ms() - begin, 30000);
    waitpid(child, NULL, 0);
}
END_TEST

START_TEST(test_cannot_come)
{
    uint64_t begin = ms();

    ck_failed(xen_memmap_wait(h, GUEST, XEN_MEMMAP_SEALED, 60000), ESRCH,
              "no domain 5");
    put("/local/domain/5/name", "pv");
    ck_failed(xen_memmap_wait(h, GUEST, XEN_MEMMAP_SEALED, 60000), ENODEV, "HVM");
    guest_is_there();
    put("/local/domain/5/hvmloader/memory-map/enabled", "0");
    ck_failed(xen_memmap_wait(h, GUEST, XEN_MEMMAP_SEALED, 60000), ECANCELED,
              "switched off");
    ck_failed(xen_memmap_wait(h, GUEST, XEN_MEMMAP_UNKNOWN, 1), EINVAL, "state");
    ck_assert_uint_lt(ms() - begin, 30000);
}
END_TEST

/* Up and silent: a moment, of the minute that was given. */
START_TEST(test_no_publish)
{
    uint64_t begin = ms();

    ck_assert_uint_eq(h->grace_ms, 5000);
    h->grace_ms = 300;
    guest_is_there();
    drop(DM_DIR);
    ck_failed(xen_memmap_wait(h, GUEST, XEN_MEMMAP_SEALED, 60000), ENODATA,
              "old QEMU");
    ck_assert_uint_ge(ms() - begin, 300);
    ck_assert_uint_lt(ms() - begin, 30000);
}
END_TEST

START_TEST(test_time)
{
    guest_is_there();
    ck_failed(xen_memmap_wait(h, GUEST, XEN_MEMMAP_SEALED, 50), EPROTONOSUPPORT,
              "old hvmloader");
    publish("COMMITTED", 1, MOVED);
    ck_failed(xen_memmap_wait(h, GUEST, XEN_MEMMAP_SEALED, 50), ETIMEDOUT,
              "was COMMITTED and not yet SEALED");
    drop("/local/domain/0/device-model/5");
    ck_failed(xen_memmap_wait(h, GUEST, XEN_MEMMAP_SEALED, 50), ENODATA,
              "published nothing for 50 ms");
}
END_TEST

START_TEST(test_lost)
{
    pid_t child;

    guest_is_there();
    child = later(200, rig_kill);
    ck_assert_int_eq(xen_memmap_wait(h, GUEST, XEN_MEMMAP_SEALED, 60000), -1);
    ck_assert_msg(strstr(xen_memmap_message(h), "xenstored"), "%s",
                  xen_memmap_message(h));
    waitpid(child, NULL, 0);
}
END_TEST

/* Whichever request it is that xenstored does not answer any more. */
START_TEST(test_lost_before_a_watch)
{
    ck_assert_int_ge(xen_memmap_fd(h), 0);
    rig_kill();
    ck_failed(xen_memmap_watch(h, XEN_MEMMAP_NO_DOMAIN), ECONNRESET,
              "connection to xenstored was lost");
}
END_TEST

/* Wait for the descriptor, at most so long, and take all that there is. */
static unsigned int events(uint32_t domid, int wait_ms)
{
    struct pollfd p = { .fd = xen_memmap_fd(h), .events = POLLIN };
    unsigned int nr = 0;
    uint32_t got;

    poll(&p, 1, wait_ms);
    while (!xen_memmap_event(h, &got)) {
        ck_assert_uint_eq(got, domid);
        nr++;
    }
    ck_assert_int_eq(errno, EAGAIN);
    return nr;
}

static void settle(uint32_t domid)
{
    usleep(100000);
    events(domid, 0);
}

START_TEST(test_events)
{
    int fd;

    guest_is_there();
    ck_ok(xen_memmap_watch(h, GUEST));
    ck_failed(xen_memmap_watch(h, GUEST), EEXIST, "already");
    fd = xen_memmap_fd(h);
    ck_assert_uint_ge(events(GUEST, 30000), 1);
    settle(GUEST);
    seal();
    ck_assert_uint_ge(events(GUEST, 30000), 1);
    settle(GUEST);
    guest_ends();
    ck_assert_uint_ge(events(GUEST, 30000), 1);
    ck_assert_int_eq(xen_memmap_fd(h), fd);
    ck_ok(xen_memmap_unwatch(h, GUEST));
    ck_failed(xen_memmap_unwatch(h, GUEST), ENOENT, "not watched");
    settle(GUEST);
    guest_is_there();
    ck_assert_uint_eq(events(GUEST, 1000), 0);
}
END_TEST

START_TEST(test_events_of_domains)
{
    ck_ok(xen_memmap_watch(h, XEN_MEMMAP_NO_DOMAIN));
    ck_assert_uint_ge(events(XEN_MEMMAP_NO_DOMAIN, 30000), 1);
    settle(XEN_MEMMAP_NO_DOMAIN);
    guest_is_there();
    ck_assert_uint_ge(events(XEN_MEMMAP_NO_DOMAIN, 30000), 1);
    settle(XEN_MEMMAP_NO_DOMAIN);
    guest_ends();
    ck_assert_uint_ge(events(XEN_MEMMAP_NO_DOMAIN, 30000), 1);
}
END_TEST

START_TEST(test_events_lost)
{
    uint32_t domid;
    int tries = 0;

    guest_is_there();
    ck_ok(xen_memmap_watch(h, GUEST));
    settle(GUEST);
    rig_kill();
    while (xen_memmap_event(h, &domid) && errno == EAGAIN && tries++ < 3000)
        usleep(10000);
    ck_failed(xen_memmap_event(h, &domid), ECONNRESET, "lost");
}
END_TEST

Suite *wait_suite(void)
{
    Suite *s = suite_create("wait");
    TCase *t = tcase_create("wait");

    tcase_set_timeout(t, 30);
    tcase_add_checked_fixture(t, rig_start, rig_stop);
    tcase_add_test(t, test_there);
    tcase_add_test(t, test_comes);
    tcase_add_test(t, test_goes);
    tcase_add_test(t, test_cannot_come);
    tcase_add_test(t, test_no_publish);
    tcase_add_test(t, test_time);
    tcase_add_test(t, test_lost);
    tcase_add_test(t, test_lost_before_a_watch);
    tcase_add_test(t, test_events);
    tcase_add_test(t, test_events_of_domains);
    tcase_add_test(t, test_events_lost);
    suite_add_tcase(s, t);
    return s;
}
