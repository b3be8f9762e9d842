/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * move.h - carry out a plan's moves in the guest's p2m.
 *
 * The layout that is passed in says where every page is, before, after and
 * when something failed half way: it is what gets committed, so it must be
 * true.
 *
 * What a page holds does not move with it: memory is given back at one gfn and
 * populated at another where that is possible.  So a page whose contents must
 * be kept must never be in a move; who plans says so in memmap_plan_in.pinned.
 */
#ifndef XEN_MEMMAP_MOVE_H
#define XEN_MEMMAP_MOVE_H

#include "plan.h"

#define MEMMAP_XEN_ENOMEM 12
#define MEMMAP_XEN_EEXIST 17

/*
 * Extents given back with one hypercall.  If somebody else takes all of the
 * host's memory before they are populated again, that many are lost: 32 MiB.
 * Where the host's administrator lets guests handle 1 GiB (MEMMAP_HUGE_ORDER)
 * it is that.  Xen then works on 1 GiB without a pause, too; it is no default.
 */
#define MEMMAP_EXTENT_BATCH 16u

struct memmap_p2m_ops {
    /*
     * Move @pages (1 to 65535) RAM pages from gfn @from to gfn @to with one
     * hypercall.  0, or a negative error with an unknown number of pages
     * moved; the page that failed may be at neither gfn any more.
     */
    int (*add_to_physmap)(void *opaque, uint64_t from, uint64_t to,
                          unsigned int pages);
    /*
     * Whether nothing is at @gfn, as far as Xen tells a guest.  What it does
     * not tell of is direct MMIO, another domain's page that is not a grant,
     * and RAM that is paged out.  Changes nothing; false if the question
     * fails.
     */
    bool (*is_empty)(void *opaque, uint64_t gfn);
    /*
     * Give back, or populate, @nr (1 to MEMMAP_EXTENT_BATCH) extents of
     * 2^@order pages from @gfn on, one behind the other.  Returns how many
     * from the first on were done; some pages of the next may be, too, if any
     * then its first.  Negative: none.
     */
    int (*decrease)(void *opaque, uint64_t gfn, unsigned int nr,
                    unsigned int order);
    int (*populate)(void *opaque, uint64_t gfn, unsigned int nr,
                    unsigned int order);
};

/* What came of it; counts are added to. */
struct memmap_moved {
    uint64_t lost_pages;    /* of RAM, no longer in the layout */
    uint64_t extents;       /* of 2 MiB, moved whole: superpages survive */
};

/*
 * Do the moves of @plan; @now follows every step and ends as where RAM is.
 * Whole extents are given back and populated anew as long as Xen does that,
 * all else moves page by page.  Returns 0, or a negative error after
 * everything that could be moved back was: what the hypercall that failed
 * returned, or -MEMMAP_XEN_ENOMEM if pages were lost.
 *
 * Xen writes over what is at a destination, and of direct MMIO there the
 * domain dies, so destinations must be known to be empty.  The first page of
 * each 2 MiB of them, and each page of what is less, is looked at all the
 * same, which shows what somebody parked there unsaid: -MEMMAP_XEN_EEXIST, and
 * nothing was touched.
 */
int memmap_move(const struct memmap_p2m_ops *ops, void *opaque,
                const struct memmap_plan *plan, struct memmap_layout *now,
                struct memmap_moved *moved);

/*
 * Move everything back that memmap_move() moved, when nobody wants the result;
 * page by page, which needs no memory for the guest.  @now ends as where RAM
 * is.  Returns 0, or the first error.
 */
int memmap_move_back(const struct memmap_p2m_ops *ops, void *opaque,
                     const struct memmap_plan *plan, struct memmap_layout *now,
                     struct memmap_moved *moved);

/* What is known of a guest's memory beside its layout; 0 where nobody says. */
struct memmap_memory {
    bool told;                      /* the toolstack says that it stays */
    uint64_t ram_pages;             /* in the layout */
    uint64_t populated;             /* pages that Xen says the guest has */
    /*
     * The toolstack's memory/ keys, KiB; the first does not have the second.
     */
    uint64_t target, videoram, static_max;
    unsigned int vnodes;
};

/*
 * Why no RAM of this guest may move, for people; NULL if it may.  Moving RAM
 * that is populated on demand would populate all of it, and there may be no
 * memory for that; what moved in a vNUMA guest would be on any node.
 */
const char *memmap_move_refusal(const struct memmap_memory *m);

#endif /* XEN_MEMMAP_MOVE_H */
