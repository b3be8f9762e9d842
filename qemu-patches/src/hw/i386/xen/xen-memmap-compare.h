/*
 * Xen guest memory map device: how two layouts differ, as far as it matters
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_I386_XEN_XEN_MEMMAP_COMPARE_H
#define HW_I386_XEN_XEN_MEMMAP_COMPARE_H

#include "memmap/layout.h"

/* Whether any RAM is elsewhere in @a than in @b, or is other RAM. */
bool xen_memmap_moves(const struct memmap_layout *a,
                      const struct memmap_layout *b);

//+ migrate
/*
 * Would RAM leave its place, or come back to it, with @next after @now?
 * *@index is the range of @next, or MEMMAP_NO_INDEX.  What firmware says @first
 * may be how libxl built the guest, which we need not know: there it is RAM
 * that by its own account was somewhere else.
 */
bool xen_memmap_leaves(const struct memmap_layout *now,
                       const struct memmap_layout *next, bool first,
                       uint16_t *index);

//-
//+ busy
/* Is any RAM that is other RAM, or none, in @next than in @now in use? */
bool xen_memmap_is_busy(const struct memmap_layout *now,
                        const struct memmap_layout *next);

//-
#endif /* HW_I386_XEN_XEN_MEMMAP_COMPARE_H */
