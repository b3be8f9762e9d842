/* SPDX-License-Identifier: MIT */
/*
 * What is promised: a guest that suspends to RAM (S3) wakes up in the address space it went to
 * sleep in, with the memory-map device sealed as before.
 *
 * Resume runs SeaBIOS' resume vector, but not hvmloader: nobody is there to send a record or to
 * seal. The device model resets all of its devices meanwhile (RESET_TYPE_WAKEUP).
 *
 * What could go wrong: the reset puts the layout back to the one as built, and every DMA after it
 * goes astray, or it opens the device again for whoever comes first, which is the guest. The
 * first shows in checks that come after this one: give nvme and bar a second time, by another
 * name (nvme-awake). The second shows here.
 *
 * Prints "memmap-guest: s3" and goes to sleep. dom0 waits until the device model says that the
 * guest is suspended, and wakes it up: README.md has the lines. Without that the guest sleeps for
 * ever, and the lab's time-out tells.
 */
#include "memmapdev.h"

#include <errno.h>
#include <stdlib.h>         /* strtoul */
#include <string.h>
#include <termios.h>        /* tcdrain */
#include <time.h>           /* clock_gettime */
#include <unistd.h>

static unsigned long times_slept(void)
{
    char text[32];

    return file_read("/sys/power/suspend_stats/success", text, sizeof(text))
           ? strtoul(text, NULL, 10) : 0;
}

static void run(struct params *p, struct outcome *o)
{
    enum memmapdev_expect expect = memmapdev_word(param_string(p, "expect", "sealed"));
    struct memmapdev before, after;
    struct timespec from, to;
    char text[300] = "", why[300];
    unsigned long slept;
    struct ports ports;
    int err;

    if (!params_ok(p, o) || !memmapdev_open(&ports, expect, &before, o)) {
        return;
    }
    /* Suspend to idle, which Linux falls back to, leaves the device model alone. */
    if (!file_write("/sys/power/mem_sleep", "deep")) {
        file_read("/sys/power/mem_sleep", text, sizeof(text));
        outcome(o, SKIP, "the firmware offers no S3 (kernel: mem_sleep is '%s')", text);
        return;
    }

    slept = times_slept();
    clock_gettime(CLOCK_BOOTTIME, &from);
    say("s3");
    tcdrain(STDOUT_FILENO);
    err = file_write("/sys/power/state", "mem") ? 0 : errno;
    clock_gettime(CLOCK_BOOTTIME, &to);
    memmapdev_read(&ports, &after);

    if (err || times_slept() != slept + 1) {
        file_read("/sys/power/suspend_stats/last_failed_dev", text, sizeof(text));
        outcome(o, FAILURE, "did not sleep: %s%s%s", err ? strerror(err) : "no suspend counted",
                text[0] ? ", failed device " : "", text);
        return;
    }
    if (!memmapdev_is(&after, expect, why, sizeof(why))) {
        outcome(o, FAILURE, "after resume: %s", why);
        return;
    }
    if (memcmp(&before, &after, sizeof(before))) {
        outcome(o, FAILURE, "after resume the registers read 0x%x 0x%x 0x%x 0x%x, before sleep "
                "0x%x 0x%x 0x%x 0x%x", after.signature, after.offer, after.status,
                after.generation, before.signature, before.offer, before.status,
                before.generation);
        return;
    }
    outcome(o, SUCCESS, "slept and woke up within %lld s; registers 0x%x 0x%x 0x%x 0x%x as before",
            (long long)(to.tv_sec - from.tv_sec), after.signature, after.offer, after.status,
            after.generation);
}

const struct check check_s3 = {
    .name = "s3",
    .summary = "suspend to RAM and resume leave the memory-map device as it was",
    .params = "expect=sealed|offered|absent (default sealed)",
    .run = run,
    .needs_modules = true,
};
