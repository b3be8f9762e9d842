/* SPDX-License-Identifier: MIT */
/*
 * Another domain that wants memory, as much as there is. It is never run: a PV domain without a
 * page table, because that one can be given memory without anything else being built.
 */
#include "meddle.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xenctrl.h>

#define EXTENT_ORDER 9
#define BATCH        64
/* For Xen itself, in pages. None of them are part of a free extent. */
#define LEAVE        512

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
    (void)number;
    stop = 1;
}

static uint64_t free_pages(xc_interface *xch)
{
    xc_physinfo_t info;

    return xc_physinfo(xch, &info) ? 0 : info.free_pages;
}

/* At most @nr extents; how many pages came of it. */
static uint64_t take(xc_interface *xch, uint32_t domid, unsigned int order, unsigned int nr,
                     uint64_t taken)
{
    xen_pfn_t frame[BATCH];
    int done;

    for (unsigned int i = 0; i < nr; i++) {
        frame[i] = taken + ((uint64_t)i << order);
    }
    done = xc_domain_populate_physmap(xch, domid, nr, order, 0, frame);
    return done > 0 ? (uint64_t)done << order : 0;
}

static uint64_t take_all(xc_interface *xch, uint32_t domid, uint64_t taken)
{
    uint64_t sum = 0, more, left;

    do {
        more = take(xch, domid, EXTENT_ORDER, BATCH, taken + sum);
        sum += more;
    } while (more && !stop);
    while (!stop && (left = free_pages(xch)) > LEAVE) {
        left -= LEAVE;
        more = take(xch, domid, 0, left < BATCH ? left : BATCH, taken + sum);
        if (!more) {
            break;
        }
        sum += more;
    }
    return sum;
}

static int create(xc_interface *xch, uint32_t *domid)
{
    struct xen_domctl_createdomain config = {
        .max_vcpus = 1,
        .max_evtchn_port = 127,
        .max_grant_frames = 4,
        .max_maptrack_frames = 1,
        .grant_opts = XEN_DOMCTL_GRANT_version(1),
    };

    *domid = 0;
    return xc_domain_create(xch, domid, &config) ||
           xc_domain_setmaxmem(xch, *domid, UINT64_C(1) << 32);
}

/* The child: tells @ready when everything is taken. */
static int go_on(int ready, const char *pids)
{
    xc_interface *xch = xc_interface_open(NULL, NULL, 0);
    uint32_t domid;
    uint64_t taken, more;
    FILE *f = fopen(pids, "a");

    signal(SIGTERM, on_signal);
    if (!xch || !f || create(xch, &domid)) {
        perror("meddle: hog");
        return 1;
    }
    fprintf(f, "%d\n", (int)getpid());
    fclose(f);
    taken = take_all(xch, domid, 0);
    printf("hog: domain %u has %llu pages, %llu are free\n", domid, (unsigned long long)taken,
           (unsigned long long)free_pages(xch));
    if (write(ready, "", 1) != 1) {
        stop = 1;
    }
    close(ready);
    while (!stop) {
        more = take_all(xch, domid, taken);
        taken += more;
        if (more) {
            printf("hog: %llu more\n", (unsigned long long)more);
        } else {
            usleep(1000);
        }
    }
    return xc_domain_destroy(xch, domid) ? 1 : 0;
}

int hog(const char *pids)
{
    int fd[2];
    char done;

    if (pipe(fd)) {
        perror("meddle: hog");
        return 1;
    }
    switch (fork()) {
    case -1:
        perror("meddle: hog");
        return 1;
    case 0:
        close(fd[0]);
        exit(go_on(fd[1], pids));
    }
    close(fd[1]);
    return read(fd[0], &done, 1) == 1 ? 0 : 1;
}
