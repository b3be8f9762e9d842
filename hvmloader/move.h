/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * move.h - carry out a plan's moves in the guest's p2m.
 *
 * The layout that is passed in says where every page is, before, after and when
 * something failed half way: it is what gets committed, so it must be true.
 */
#ifndef XEN_MEMMAP_MOVE_H
#define XEN_MEMMAP_MOVE_H

#include "plan.h"

#define MEMMAP_XEN_EACCES 13

struct memmap_p2m_ops {
    /*
     * Move @pages (1 to 65535) RAM pages from gfn @from to gfn @to with one
     * hypercall.  0, or a negative error with an unknown number of pages moved;
     * -MEMMAP_XEN_EACCES says that the first that did not move is not RAM.
     */
    int (*add_to_physmap)(void *opaque, uint64_t from, uint64_t to,
                          unsigned int pages);
};

/*
 * Do the moves of @plan; @now follows every step and ends as where RAM is.
 * Returns 0, or what the hypercall that failed returned after everything that
 * could be moved back was.
 */
int memmap_move(const struct memmap_p2m_ops *ops, void *opaque,
                const struct memmap_plan *plan, struct memmap_layout *now);

/*
 * Move everything back that memmap_move() moved, when nobody wants the result.
 * @now ends as where RAM is.  Returns 0, or the first error.
 */
int memmap_move_back(const struct memmap_p2m_ops *ops, void *opaque,
                     const struct memmap_plan *plan, struct memmap_layout *now);

#endif /* XEN_MEMMAP_MOVE_H */
