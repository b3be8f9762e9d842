/* SPDX-License-Identifier: MIT */
/*
 * dm_rdm.h - reserved device memory at the device model's end: what to ask the
 * firmware for, and what to map of what it has made room for.
 *
 * Only ranges that the host reports are ever asked for or mapped, and as a
 * whole or not at all; a layout decides no more than whether there is room.
 * PROTOCOL.md, sections 2 and 4.
 */
#ifndef XEN_MEMMAP_DM_RDM_H
#define XEN_MEMMAP_DM_RDM_H

#include "layout.h"

/*
 * Add the reserved memory [gfn, gfn + pages) of device @aux to @l, the
 * constraints.  Pages that are another device's already become those of several
 * (aux 0); an @aux of 0 claims only pages that are nobody's.  False: there is
 * no room, or the range is empty or wraps; @l may have some of it then.
 */
bool memmap_dm_rdm_want(struct memmap_layout *l, uint64_t gfn, uint64_t pages,
                        uint32_t aux);

/*
 * What stands against mapping [gfn, gfn + pages) one to one in @l, for people;
 * NULL if it is all RDM that is to be mapped.
 */
const char *memmap_dm_rdm_obstacle(const struct memmap_layout *l, uint64_t gfn,
                                   uint64_t pages);

/*
 * The first run of pages at or after *@gfn of which @a says something and @b
 * nothing: its start in *@gfn, its length in *@pages.  A run ends where a range
 * of either layout does.  False: there is none.
 */
bool memmap_dm_rdm_missing(const struct memmap_layout *a,
                           const struct memmap_layout *b, uint64_t *gfn,
                           uint64_t *pages);

#endif /* XEN_MEMMAP_DM_RDM_H */
