/* SPDX-License-Identifier: MIT */
/*
 * PID 1 of the guest: brings up what the checks need, runs those its command line names, and
 * then waits to be looked at. Usage is in README.md; --list prints the table below.
 */
#include "guest.h"

#include <errno.h>
#include <signal.h>         /* kill */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>       /* mmap: where a child leaves its outcome */
#include <sys/mount.h>
#include <sys/stat.h>       /* mkdir */
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const struct check *const checks[] = {
    &check_e820, &check_ram, &check_nvme, &check_bar, &check_irq, &check_hostile,
    &check_vga, &check_dma, &check_s3, &check_reboot, &check_pci, &check_smbios,
    &check_disk, &check_life, &check_watchdog, &check_plug,
};
#define NR_CHECKS (sizeof(checks) / sizeof(checks[0]))

static void mount_one(const char *type, const char *where)
{
    mkdir(where, 0755);
    if (mount(type, where, type, 0, NULL) && errno != EBUSY) {
        say("note cannot mount %s: %s", where, strerror(errno));
    }
}

/* Print what the firmware and the kernel say about the guest's address space. */
static void report_layout(void)
{
    static struct e820 map;
    static struct pci pci;

    if (!e820_read(&map)) {
        say("note /sys/firmware/memmap cannot be read");
    }
    for (unsigned int i = 0; i < map.nr; i++) {
        say("e820 0x%llx 0x%llx %s", (unsigned long long)map.e[i].r.start,
            (unsigned long long)map.e[i].r.end, map.e[i].type);
    }
    if (!pci_read(&pci)) {
        say("note no PCI device in sysfs");
    }
    for (unsigned int i = 0; i < pci.nr; i++) {
        for (unsigned int n = 0; n < PCI_BARS; n++) {
            const struct pci_bar *b = &pci.d[i].bar[n];

            if (b->unset) {
                say("note BAR %u of %s has no address", n, pci.d[i].bdf);
            } else if (b->r.end) {
                say("bar %s %u 0x%llx 0x%llx", pci.d[i].bdf, n,
                    (unsigned long long)b->r.start, (unsigned long long)b->r.end);
            }
        }
    }

    /*
     * Linux would put queues of its own into the controller memory buffer that the bar check wants
     * for itself. As a module the driver is not there yet; built in, it has to let go.
     */
    const struct pci_dev *cmb = pci_find_cmb(&pci, 1 << 20);

    if (cmb && !pci_keep_off(cmb)) {
        say("note cannot keep the nvme driver off %s: %s", cmb->bdf, strerror(errno));
    }
}

/* One attempt in a child. True if the child came to an end of its own. */
static bool run_in_child(const struct check *c, struct params *p, struct outcome *shared)
{
    int status;
    pid_t pid;

    memset(shared, 0, sizeof(*shared));
    outcome(shared, ERROR, "the check ended without a result");
    pid = fork();
    if (pid < 0) {
        outcome(shared, ERROR, "fork: %s", strerror(errno));
        return true;
    }
    if (!pid) {
        file_write("/proc/self/oom_score_adj", "1000");
        c->run(p, shared);
        _exit(0);
    }
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            outcome(shared, ERROR, "waitpid: %s", strerror(errno));
            return true;
        }
    }
    if (WIFSIGNALED(status)) {
        outcome(shared, ERROR, "the check's process was ended by signal %d%s", WTERMSIG(status),
                WTERMSIG(status) == SIGKILL ? " (out of memory)" : "");
        return WTERMSIG(status) != SIGKILL;
    }
    return true;
}

static void run_check(char *arg, struct outcome *shared)
{
    static const char *const words[] = { "success", "skip", "error", "failure" };
    const struct check *c = NULL;
    struct timespec from, to;
    struct params p;
    char *colon = strchr(arg, ':');

    if (colon) {
        *colon = '\0';
    }
    /* "nvme-awake" is nvme once more, with a result of its own. */
    for (unsigned int i = 0; i < NR_CHECKS; i++) {
        size_t len = strlen(checks[i]->name);

        if (!strncmp(checks[i]->name, arg, len) && (!arg[len] || arg[len] == '-')) {
            c = checks[i];
        }
    }
    if (!c) {
        say("check %.40s error no such check (memmap-guest --list names them)", arg);
        return;
    }
    params_parse(&p, colon ? colon + 1 : NULL);
    if (p.bad[0]) {
        say("check %.40s error %s", arg, p.bad);
        return;
    }
    if (c->needs_modules) {
        modules_wait();
    }
    clock_gettime(CLOCK_MONOTONIC, &from);
    if (!run_in_child(c, &p, shared)) {
        /* Killed for lack of memory: once more, leaving the kernel a larger share. */
        say("note check %.40s: %s; trying again with less", arg, shared->text);
        for (unsigned int i = 0; i < p.nr; i++) {
            p.p[i].used = false;
        }
        p.attempt = 1;
        run_in_child(c, &p, shared);
    }
    clock_gettime(CLOCK_MONOTONIC, &to);
    say("check %.40s %s %s [%.1f s]", arg,
        shared->result <= FAILURE ? words[shared->result] : "error", shared->text,
        (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) * 1e-9);
}

static int list(void)
{
    printf("memmap-guest CHECK[-NAME][:key=value,key=value...]...   (as PID 1)\n"
           "memmap-guest --root DIR CHECK...   (as a process: sysfs is DIR/sys; no set-up)\n\n");
    for (unsigned int i = 0; i < NR_CHECKS; i++) {
        printf("  %-7s %s\n          parameters: %s\n", checks[i]->name, checks[i]->summary,
               checks[i]->params);
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct outcome *shared;
    int first = 1;
    bool init = getpid() == 1;

    if (!init) {
        if (argc < 2 || !strcmp(argv[1], "--list") || !strcmp(argv[1], "--help")) {
            return list();
        }
        if (!strcmp(argv[1], "--root") && argc > 3) {
            fs_root = argv[2];
            first = 3;
        } else {
            /* The checks fill memory and write to disks: never by accident on a real machine. */
            fprintf(stderr, "memmap-guest: runs as PID 1 of the lab's guest; see --list\n");
            return 2;
        }
    }

    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                  -1, 0);
    if (shared == MAP_FAILED) {
        say("note mmap: %s", strerror(errno));
        return 2;
    }

    if (init) {
        mount_one("proc", "/proc");
        mount_one("sysfs", "/sys");
        mount_one("devtmpfs", "/dev");
        say("start");
        report_layout();
        physmem_settle_kernel();
        modules_start();
    }

    for (int i = first; i < argc; i++) {
        /* OVMF appends this to the command line of a kernel that it was given directly. */
        if (strncmp(argv[i], "initrd=", 7)) {
            run_check(argv[i], shared);
        }
    }

    if (init) {
        say("done");
        for (;;) {
            pause();            /* the lab looks at the guest from outside, then ends it */
        }
    }
    return 0;
}
