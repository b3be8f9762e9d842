/* SPDX-License-Identifier: MIT */
/*
 * host.h - a guest's p2m that follows Xen's rules for XENMEM_add_to_physmap.
 *
 * Taken from xen/common/memory.c (xenmem_add_to_physmap) and
 * xen/arch/x86/mm/p2m.c (xenmem_add_to_physmap_one), Xen 4.20:
 *  - a range goes page by page, upwards, or downwards if it overlaps itself and
 *    the destination is above; an error leaves what was done before it done;
 *  - the call is left and entered again, with an IOMMU after every 16 pages;
 *  - the source must be plain RAM, else -EACCES; and at home where it says, else
 *    -EXDEV;
 *  - a destination that is direct MMIO gives -EPERM, one that is RAM is freed.
 * Every page of RAM carries a name, the gfn it was built at, so that it can be
 * said where it went.
 */
#ifndef TESTS_HOST_H
#define TESTS_HOST_H

#include <stdbool.h>
#include <stdint.h>

#define HOST_EPERM    (-1)
#define HOST_ENOMEM   (-12)
#define HOST_EACCES   (-13)
#define HOST_EXDEV    (-18)
#define HOST_EOVERFLOW (-75)

enum host_type {
    HOST_NONE,          /* p2m_mmio_dm: nothing populated */
    HOST_RAM,
    HOST_RAM_AWAY,      /* RAM whose m2p entry names another gfn */
    HOST_DIRECT,        /* p2m_mmio_direct */
};

/* [gfn, gfn + pages) is of one type; RAM is called name, name + 1... */
struct host_run {
    uint64_t gfn, pages, name;
    enum host_type type;
};

#define HOST_RUNS 1024

struct host {
    struct host_run run[HOST_RUNS];     /* sorted, disjoint, no HOST_NONE */
    unsigned int nr;
    bool iommu;
    /*
     * Pages that still succeed before one fails with fail_err; -1: no limit.
     * Then fail_again more fail: whoever failed for want of memory does not get
     * some the next moment.
     */
    long fail_after;
    int fail_err;
    unsigned int fail_again;
    /* Counts. */
    uint64_t moved, freed;
    unsigned int calls, entries, failures;
};

void host_init(struct host *h);
/* Populate or map; overwrites. */
void host_set(struct host *h, uint64_t gfn, uint64_t pages, uint64_t name,
              enum host_type type);
/* The run from @gfn on: what it is, what it is called, how far it goes. */
struct host_run host_get(const struct host *h, uint64_t gfn);
/* All pages of RAM in the p2m. */
uint64_t host_pages(const struct host *h);
/* The hypercall, entered again until it is done. */
int host_add_to_physmap(struct host *h, uint64_t idx, uint64_t gpfn,
                        uint32_t size);

#endif /* TESTS_HOST_H */
