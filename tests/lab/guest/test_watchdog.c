/* SPDX-License-Identifier: MIT */
/* The watchdog check: a reset counts, and a watchdog that only stops does not. */
#include "test.h"

#include <fcntl.h>          /* open */
#include <sys/wait.h>
#include <time.h>           /* nanosleep */
#include <unistd.h>

#define BDF "0000:00:05.0"

static int config_fd;

static void setup(void)
{
    const uint16_t id[2] = { 0x8086, 0x25ab };
    const char zero[256] = "";
    char path[300];

    root_setup();
    root_device("0000:00:04.0", "0x00ff00", "0x0 0x0 0x0\n");
    root_file("/sys/bus/pci/devices/0000:00:04.0/config", "none");
    root_device(BDF, "0x088000", "0x0 0x0 0x0\n");
    root_file("/sys/bus/pci/devices/" BDF "/config", "");
    snprintf(path, sizeof(path), "%s/sys/bus/pci/devices/" BDF "/config", fs_root);
    config_fd = open(path, O_RDWR);
    ck_assert_int_ge(config_fd, 0);
    ck_assert_int_eq(pwrite(config_fd, zero, sizeof(zero), 0), sizeof(zero));
    ck_assert_int_eq(pwrite(config_fd, id, sizeof(id), 0), sizeof(id));
}

static void teardown(void)
{
    close(config_fd);
    root_teardown();
}

/* Beside the check: when the watchdog runs, clear these of its registers. */
static pid_t fire(bool command, bool lock)
{
    const struct timespec tick = { .tv_nsec = 10000000 };
    const uint8_t zero = 0;
    uint8_t is = 0;
    pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (pid) {
        return pid;
    }
    do {
        nanosleep(&tick, NULL);
    } while (pread(config_fd, &is, 1, 0x68) == 1 && !is);
    nanosleep(&tick, NULL);
    if (command) {
        (void)!pwrite(config_fd, &zero, 1, PCI_COMMAND);
    }
    if (lock) {
        (void)!pwrite(config_fd, &zero, 1, 0x68);
    }
    _exit(0);
}

static enum result run(const char *params, bool command, bool lock)
{
    pid_t pid = fire(command, lock);
    enum result r = run_check(&check_watchdog, params);

    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    return r;
}

START_TEST(test_fires)
{
    uint16_t config;

    ck_assert_msg(run("timeout=20", true, true) == SUCCESS, "%s", o.text);
    ck_assert_ptr_nonnull(strstr(o.text, BDF " has fired and been reset"));
    /* At 1 MHz, without an interrupt, and with a reset at its end. */
    ck_assert_int_eq(pread(config_fd, &config, 2, 0x60), 2);
    ck_assert_uint_eq(config, 7);
}
END_TEST

START_TEST(test_does_not)
{
    ck_assert_int_eq(run("timeout=1", false, true), FAILURE);
    ck_assert_ptr_nonnull(strstr(o.text, "has fired and reset nothing after 1 s"));
    ck_assert_int_eq(run("timeout=1", true, false), FAILURE);
    ck_assert_ptr_nonnull(strstr(o.text, "has not fired after 1 s: command 0x0, lock 0x2"));
}
END_TEST

START_TEST(test_none)
{
    const uint16_t other = 0x25ac;

    ck_assert_int_eq(run_check(&check_watchdog, "timeout=x"), ERROR);
    ck_assert_int_eq(pwrite(config_fd, &other, 2, 2), 2);
    ck_assert_int_eq(run_check(&check_watchdog, "timeout=1"), ERROR);
    ck_assert_ptr_nonnull(strstr(o.text, "no watchdog 8086:25ab"));
}
END_TEST

TCase *watchdog_tests(void)
{
    TCase *t = tcase_create("watchdog");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, test_fires);
    tcase_add_test(t, test_does_not);
    tcase_add_test(t, test_none);
    return t;
}
