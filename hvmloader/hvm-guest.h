/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hvm-guest.h - what hvmloader knows of the guest's memory, and has said
 * of it.  One guest has one conversation, so there is one of this.
 */
#ifndef XEN_MEMMAP_HVM_GUEST_H
#define XEN_MEMMAP_HVM_GUEST_H

#include "fw.h"

struct memmap_guest {
    struct memmap_fw fw;
    struct memmap_record query; /* what the device model needs */
    bool no_query;              /* it would not say */
    /*
     * Where everything is now; every page moved is noted here at once, so
     * there is more room than a record has.
     */
    struct memmap_layout now;
    bool known;                 /* now is so, whether or not anybody follows */
    uint64_t lost_pages;        /* of RAM, for good */
    bool dirty;                 /* now is not what was committed last */
};

extern struct memmap_guest memmap_guest;

/*
 * Find the device model, hear what it needs, and what the toolstack built.
 * False: it makes no offer, or is not to be spoken to.
 */
bool memmap_begin(void);

/* @l as a record, in the same storage. */
struct memmap_record memmap_record_of(const struct memmap_layout *l);

/* Commit where everything is now. */
void memmap_tell(void);

/* Keep what the rest of hvmloader goes by in step with where everything is. */
void memmap_sync(void);

#endif /* XEN_MEMMAP_HVM_GUEST_H */
