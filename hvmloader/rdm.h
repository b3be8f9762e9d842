/* SPDX-License-Identifier: MIT */
/*
 * rdm.h - reserved device memory (RDM, RMRR) that wants to be free of RAM.
 *
 * It is heard of from several sides, which know nothing of each other; here it
 * becomes one table.  Pure, as the planner is.
 */
#ifndef XEN_MEMMAP_RDM_H
#define XEN_MEMMAP_RDM_H

#include "layout.h"

/*
 * Make @nr ranges at @r, in any order, overlapping or not, a layout in the
 * same storage.  What overlaps becomes one range, its aux 0 if the parts
 * differ; what touches and has one aux becomes one.  Type is RDM for all.
 * Ranges that are empty or wrap are left out.  O(n log n), no recursion.
 */
void memmap_rdm_merge(struct memmap_layout *l, struct memmap_range *r,
                      unsigned int nr, unsigned int max);

/*
 * Read one region in the syntax of Xen's rmrr= option: START[-END][=DEVICES],
 * gfns in hexadecimal, END inclusive, DEVICES a list of [SEG:]BUS:DEV.FN.
 * Returns NULL, and @r complete, or what is wrong with @text, for people.
 */
const char *memmap_rdm_parse(const char *text, struct memmap_range *r);

#endif /* XEN_MEMMAP_RDM_H */
