/* SPDX-License-Identifier: MIT */
/*
 * What is promised: the disk's interrupts arrive, each when its request completes.
 *
 * What could go wrong: an interrupt is a DMA write of its own (MSI-X) or a line that the
 * firmware routed; if the first goes astray or the second was routed wrongly, Linux' driver
 * still finds the completion when its time-out of 30 s ends, and says so in the log. Data would
 * be right and the disk a thousand times too slow: no other check would notice.
 *
 * So: reads one after the other, each of which must add one interrupt at least to those of the
 * controller's I/O queues, and no word about time-outs in the log since the kernel started.
 */
#include "guest.h"

#include <errno.h>
#include <fcntl.h>          /* open, O_DIRECT */
#include <stdio.h>
#include <stdlib.h>         /* strtoull */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static unsigned long long ull(uint64_t v)
{
    return v;
}

/* Sum of /proc/interrupts over the CPUs, for the queues of CTRL from 1 on ("nvme0q1", ...). */
static bool count(const char *ctrl, uint64_t *sum, unsigned int *queues)
{
    FILE *f = fopen("/proc/interrupts", "re");
    static char line[8192];
    char name[40];

    if (!f) {
        return false;
    }
    *sum = 0;
    *queues = 0;
    snprintf(name, sizeof(name), "%sq", ctrl);
    while (fgets(line, sizeof(line), f)) {
        char *q = strstr(line, name), *s = strchr(line, ':');

        if (!q || !s || q[strlen(name)] < '0' || q[strlen(name)] > '9') {
            continue;
        }
        /* With one vector for all (INTx, plain MSI) the only name there is ends in q0. */
        if (q[strlen(name)] == '0' && *queues) {
            continue;
        }
        ++*queues;
        for (s++; ; ) {
            char *end;
            uint64_t n = strtoull(s, &end, 10);

            if (end == s || (*end != ' ' && *end != '\t')) {
                break;
            }
            *sum += n;
            s = end;
        }
    }
    fclose(f);
    return *queues != 0;
}

static void run(struct params *p, struct outcome *o)
{
    static const char *const late[] = {
        "timeout", "timed out", "completion polled", "poll_cq", NULL
    };
    static const char *const lost[] = { "Disabling IRQ", "lost interrupt", "nobody cared", NULL };
    const char *serial = param_string(p, "serial", "disk0");
    unsigned int n = (unsigned int)param_size(p, "count", 32);
    unsigned int timeout = (unsigned int)param_size(p, "timeout", 90), queues;
    uint64_t before, after;
    struct nvmedev dev;
    char why[300];
    void *page;
    int fd;

    if (!params_ok(p, o)) {
        return;
    }
    if (kmsg_find("nvme", late, why, sizeof(why)) || kmsg_find("", lost, why, sizeof(why))) {
        outcome(o, FAILURE, "kernel: %s", why);
        return;
    }
    if (!nvmedev_find(serial, timeout, &dev, why, sizeof(why))) {
        /* The nvme check says what is wrong with the disk; here there is nothing to count. */
        outcome(o, SKIP, "no disk whose interrupts could be counted (%s)", why);
        return;
    }
    fd = open(dev.block, O_RDONLY | O_DIRECT | O_CLOEXEC);
    page = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (fd < 0 || page == MAP_FAILED) {
        outcome(o, ERROR, "%s: %s", dev.block, strerror(errno));
        return;
    }
    if (!count(dev.ctrl, &before, &queues)) {
        outcome(o, ERROR, "no line for %s in /proc/interrupts", dev.ctrl);
        return;
    }
    for (unsigned int i = 0; i < n; i++) {
        if (pread(fd, page, PAGE_SIZE, (off_t)(i * PAGE_SIZE)) != (ssize_t)PAGE_SIZE) {
            outcome(o, FAILURE, "read %u of %s: %s", i, dev.block, strerror(errno));
            return;
        }
    }
    count(dev.ctrl, &after, &queues);
    if (kmsg_find("nvme", late, why, sizeof(why)) || kmsg_find("", lost, why, sizeof(why))) {
        outcome(o, FAILURE, "kernel: %s", why);
        return;
    }
    if (after - before < n) {
        outcome(o, FAILURE, "%u reads of %s brought %llu interrupts", n, dev.block,
                ull(after - before));
        return;
    }
    outcome(o, SUCCESS, "%u reads of %s brought %llu interrupts on %u queues, no time-out in the "
            "log", n, dev.block, ull(after - before), queues);
}

const struct check check_irq = {
    .name = "irq",
    .summary = "the disk's interrupts arrive and nothing timed out",
    .params = "serial=TEXT (default disk0) count=N (default 32) timeout=SECONDS (default 90)",
    .run = run,
    .needs_modules = true,
};
