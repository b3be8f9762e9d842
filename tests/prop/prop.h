/* SPDX-License-Identifier: MIT */
/*
 * prop.h - boots of random guests, a hundred thousand of them.
 *
 * Whatever RAM, reserved memory, BARs and device model a guest has, and wherever
 * Xen, the device model or the wire fails on the way:
 *
 *  - every page of RAM is where firmware says it is, under the name it was built
 *    with; none was freed, none is there twice, none is anywhere else;
 *  - if nothing fails, no more pages are lost than the guest had beyond its quota;
 *  - the device model's own pages and direct MMIO are untouched;
 *  - what the device model accepted last is true, unless it refused the last
 *    word; generations agree; nobody can talk to it any more;
 *  - no BAR lies over RAM, over another BAR or over what is reserved;
 *  - reserved memory, whoever told of it, is free of RAM or says that it is not;
 *    if nothing failed as much RAM left as lay there, and not a page more; and
 *    the device model mapped what it was asked to map of its devices', no less;
 *  - firmware's own image, its modules and tables stay where they are;
 *  - firmware's two numbers and its E820 say the same as the layout;
 *  - where the device model never accepted a layout, RAM is where it was built;
 *  - a toolstack can read in xenstore what was said last;
 *  - if nothing but Xen fails, the conversation ends well: the guest boots.
 */
#ifndef TESTS_PROP_H
#define TESTS_PROP_H

#include <stdint.h>

/* What a guest may meet; one may be of several kinds. */
enum prop_kind {
    PROP_MOVED,                 /* RAM */
    PROP_EXTENTS,               /* whole ones */
    PROP_MOVED_IOMMU,           /* with an IOMMU */
    PROP_MOVED_OLD,             /* on Xen 4.17 */
    PROP_MOVED_IN_PIECES,       /* to or from more places than one */
    PROP_XEN_FAILED,
    PROP_MOVE_UNDONE,           /* so that RAM stayed or came home */
    PROP_LOST,                  /* pages, and said so */
    PROP_HELD,                  /* given back, the device model did not let go */
    PROP_BEYOND,                /* the guest has more than its quota, and moves */
    PROP_STAYS_UNTOUCHED,       /* RAM may not move */
    PROP_NUMA,
    PROP_POD,
    PROP_TOLD_TO_STAY,
    PROP_PREPARE_REFUSED,
    PROP_COMMIT_REFUSED,
    PROP_MOVED_BACK,            /* as COMMIT was refused */
    PROP_UNHEARD,               /* the last COMMIT was refused */
    PROP_AGAIN,                 /* there was a second layout */
    PROP_NOT_TOLD,              /* the device model does not say what it needs */
    PROP_DISABLED,
    PROP_RDM_E820,              /* who tells of reserved memory */
    PROP_RDM_QUERY,
    PROP_RDM_XENSTORE,
    PROP_RDM_FREED,
    PROP_RDM_KEPT,
    PROP_RDM_MAPPED,
    PROP_RDM_UNMAPPED,
    PROP_UNLISTED,              /* the E820 is too small to name it */
    PROP_OVMF,
    PROP_HIGH,                  /* BARs above 4 GiB */
    PROP_UNPLACED,
    PROP_QUOTA,                 /* nothing can be left in xenstore */
    PROP_HIT_HIDDEN,            /* what nobody knew of ends the domain */
    PROP_IOMMU_FAILED,          /* the same of the IOMMU */
    PROP_KINDS
};

struct prop_count {
    uint64_t guests, kind[PROP_KINDS];
    uint64_t pages, extents, large_before, large_after;
};

/* What a kind is called, and how many of 10000 guests must at least meet it. */
struct prop_floor {
    const char *name;
    unsigned int of_10000;
};
extern const struct prop_floor prop_floor[PROP_KINDS];

/*
 * Boot the @nr guests of @seed from number @first on.  NULL, or what is wrong with the
 * first where something does not hold, for people; static storage.  Ten thousand
 * or more in which a kind is rarer than its floor are wrong as well.
 */
const char *prop(uint64_t seed, uint64_t first, uint64_t nr,
                 struct prop_count *count);

#endif /* TESTS_PROP_H */
