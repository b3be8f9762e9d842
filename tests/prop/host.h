/* SPDX-License-Identifier: MIT */
/*
 * host.h - a guest's p2m, and the host's memory behind it, by Xen's rules.
 *
 * Read in xen/arch/x86/hvm/hvm.c (hvmop_get_mem_type), xen/common/memory.c
 * (xenmem_add_to_physmap, decrease_reservation, guest_remove_page,
 * populate_physmap), xen/arch/x86/mm/p2m.c (xenmem_add_to_physmap_one,
 * p2m_add_page) and xen/drivers/passthrough/iommu.c, Xen 4.20.4, and 4.17.7
 * where the two differ (host.old).
 *
 * XENMEM_add_to_physmap:
 *  - a range goes page by page, upwards, or downwards if it overlaps itself and
 *    the destination is above (4.17: upwards always); an error leaves what was done
 *    before it done;
 *  - the call is left and entered again, with an IOMMU after every 16 pages;
 *  - the source must be plain RAM, else -EACCES (4.17: -EINVAL, and read-only RAM
 *    will do); and at home where it says, else -EXDEV; a shared page is unshared
 *    first, which takes a page of memory;
 *  - a destination that is direct MMIO gives -EPERM, one that is RAM is freed, one
 *    that is Xen's own page loses it, a grant's or a foreign one is not to be had;
 *  - what arrives is plain RAM, by an entry of 4 KiB, also where it came from itself:
 *    that splits what the page was in;
 *  - a page can be taken from its source and then not be added: it stays the
 *    domain's and is nowhere.  Page tables come from a pool that may be empty.
 * XENMEM_decrease_reservation, XENMEM_populate_physmap:
 *  - what is returned is the number of extents done, never an error; 0 says that
 *    the caller may not, that the order is too large, or that the first failed;
 *  - an extent is given back page by page, upwards, so one that is not counted
 *    may be gone in part; 2 MiB that were one entry are 512 after the first;
 *  - an extent is populated as a whole, if the guest's quota and the host have
 *    it; one that cannot be mapped then stays the domain's and is nowhere, or is
 *    there in part where the p2m has no 2 MiB entries;
 *  - 2 MiB are there to be had only if the host has them in one piece;
 *  - what is given back while the device model maps it stays the guest's;
 *  - RAM at the destination is replaced, not freed; direct MMIO, a grant or a
 *    foreign page there ends the domain.
 * HVMOP_get_mem_type changes nothing, and calls direct MMIO, a foreign page and one
 * that is paged out what it calls nothing at all.
 * All of them: if the IOMMU will not follow, that ends the domain.
 * Every page of RAM carries a name, the gfn it was built at, so that it can be
 * said where it went.
 */
#ifndef TESTS_HOST_H
#define TESTS_HOST_H

#include <stdbool.h>
#include <stdint.h>

#define HOST_EPERM    (-1)
#define HOST_ESRCH    (-3)
#define HOST_ENXIO    (-6)
#define HOST_ENOMEM   (-12)
#define HOST_EACCES   (-13)
#define HOST_EBUSY    (-16)
#define HOST_EXDEV    (-18)
#define HOST_EINVAL   (-22)
#define HOST_EOVERFLOW (-75)

enum host_type {
    HOST_NONE,          /* p2m_mmio_dm: nothing populated */
    HOST_RAM,
    HOST_RAM_AWAY,      /* RAM whose m2p entry names another gfn */
    HOST_DIRECT,        /* p2m_mmio_direct */
    HOST_LOGDIRTY,      /* RAM; writes to it are noted, for a migration */
    HOST_SHARED,        /* RAM that is another domain's too */
    HOST_READONLY,      /* p2m_ram_ro, p2m_ioreq_server: there, not plain */
    HOST_PAGED,         /* RAM that is out on a disk */
    HOST_GRANT,         /* another domain's page, mapped by a grant */
    HOST_FOREIGN,       /* the same without */
    HOST_SPECIAL,       /* Xen's own page: shared info, grant table */
};

/* [gfn, gfn + pages) is of one type; RAM is called name, name + 1... */
struct host_run {
    uint64_t gfn, pages, name;
    enum host_type type;
};

#define HOST_RUNS 4096

#define HOST_EXTENT_ORDER 9
#define HOST_EXTENT       (1u << HOST_EXTENT_ORDER)
/* 2 MiB entries are kept track of below this, 64 GiB. */
#define HOST_SLOTS        32768u
#define HOST_HUGE_ORDER   18
#define HOST_HUGE         (1u << HOST_HUGE_ORDER)

/* What populate makes is called this and its gfn. */
#define HOST_FRESH        ((uint64_t)1 << 48)

/* What happens to one hypercall. */
enum host_fault_kind {
    HOST_FAULT_NONE,
    /* It stops after @done pages (of an extent too), with @err if it has one. */
    HOST_FAULT_STOP,
    /* As above; the page or extent that failed is the domain's and nowhere. */
    HOST_FAULT_ASTRAY,
    /* Of the extent that is astray the first half is mapped. */
    HOST_FAULT_HALF,
    /* Another domain has just taken all of the host's memory but @done pages. */
    HOST_FAULT_THEFT,
    /* The host has nothing of 2 MiB in one piece any more. */
    HOST_FAULT_FRAGMENT,
    /* The pool for page tables has @done pages from now on, for good. */
    HOST_FAULT_POOL,
    /* After @done pages the IOMMU does not follow; nothing without one. */
    HOST_FAULT_IOMMU,
};

struct host_fault {
    enum host_fault_kind kind;
    unsigned int call;          /* of all calls, from 0 */
    uint64_t done;
    int err;
};

#define HOST_FAULTS 4

struct host {
    struct host_run run[HOST_RUNS];     /* sorted, disjoint, no HOST_NONE */
    unsigned int nr;
    bool iommu;
    bool old;                   /* Xen 4.17, not 4.20 */
    bool small;                 /* the guest's memory is 4 KiB here, 4 KiB there */
    /*
     * Pages that still succeed before one fails with fail_err; -1: no limit.
     * Then fail_again more fail: whoever failed for want of memory does not get
     * some the next moment.
     */
    long fail_after;
    int fail_err;
    unsigned int fail_again;
    struct host_fault fault[HOST_FAULTS];
    uint64_t max_pages;                 /* the guest's quota */
    uint64_t free;                      /* pages that the host still has */
    uint64_t whole;                     /* 2 MiB of these, in one piece each */
#define HOST_PLENTY (~0ull)             /* all that is free, always */
    uint64_t pool;                      /* pages for the p2m's tables */
    uint64_t held_gfn, held_pages;      /* what the device model maps for good */
    unsigned int max_order;             /* extents the guest may handle */
    uint8_t large[HOST_SLOTS / 8];      /* slots mapped by one entry, or... */
    bool huge[HOST_SLOTS / 512];        /* ...by one of 1 GiB with others */
    uint8_t table[HOST_SLOTS / 8];      /* slots with a table of 4 KiB entries */
    /* Counts. */
    uint64_t moved, freed, given, populated, replaced, astray;
    uint64_t unhooked;          /* pages of Xen's that are nowhere any more */
    uint64_t held;              /* given back, and still the guest's */
    uint64_t starved;           /* times that there was no page for a table */
    bool crashed;               /* the domain is no more; ask nothing further */
    bool iommu_failed;          /* for that reason */
    unsigned int calls, entries, failures, looks;
};

void host_init(struct host *h);
/* Populate or map; overwrites. */
void host_set(struct host *h, uint64_t gfn, uint64_t pages, uint64_t name,
              enum host_type type);
/* The run from @gfn on: what it is, what it is called, how far it goes. */
struct host_run host_get(const struct host *h, uint64_t gfn);
/* All pages of the guest's own in the p2m. */
uint64_t host_pages(const struct host *h);
/* Whether HVMOP_get_mem_type calls @gfn what it calls an empty one. */
bool host_is_empty(struct host *h, uint64_t gfn);
/* What a source that is not plain RAM gives. */
int host_no_ram(const struct host *h);
/* Map by entries of 1 GiB and 2 MiB what can be, as the domain builder does. */
void host_enlarge(struct host *h);
/* Pages of [gfn, gfn + pages) in entries of 2 MiB or more, counted by 2 MiB. */
uint64_t host_large_in(const struct host *h, uint64_t gfn, uint64_t pages);
/* The same of 1 GiB. */
uint64_t host_huge_in(const struct host *h, uint64_t gfn, uint64_t pages);
/* The hypercalls, entered again until they are done. */
int host_add_to_physmap(struct host *h, uint64_t idx, uint64_t gpfn,
                        uint32_t size);
int host_decrease(struct host *h, const uint64_t *gfn, unsigned int nr,
                  unsigned int order);
int host_populate(struct host *h, const uint64_t *gfn, unsigned int nr,
                  unsigned int order);

#endif /* TESTS_HOST_H */
