/*
 * Where the memory of QEMU's own that is in the guest is parked
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_XEN_XEN_PARK_H
#define HW_XEN_XEN_PARK_H

#include "exec/cpu-common.h"
#include "exec/hwaddr.h"

struct memmap_layout;

/*
 * VRAM, option ROMs, whatever QEMU has a RAM block for that is not guest RAM,
 * is memory of the guest, which Xen has at guest address = ram_addr until a BAR
 * shows it.  That is right behind RAM.  If firmware wants to have something
 * else there, it is taken away, all of it by the same distance.
 *
 * To be called when guest RAM has its block, of @ram_len bytes, before there is
 * any other.  A guest that arrives by migration has it where xenstore says.
 */
void xen_park_init(ram_addr_t ram_len);

/*
 * Where the byte at @addr, of any block but guest RAM's, is parked.  From any
 * thread; all else here wants the BQL.
 */
hwaddr xen_park_gaddr(ram_addr_t addr);

/*
 * Where a block is to be that is new and behind all others.  That is where any
 * QEMU has it, unless it would lie over firmware's pages below 4 GiB, so that
 * no firmware came far.
 */
hwaddr xen_park_place_block(ram_addr_t addr, ram_addr_t size);

/* The distance from where it was at first, in bytes. */
uint64_t xen_park_distance(void);

/*
 * Can it be taken away?  Not unless an incoming QEMU could be told, which is a
 * matter of xenstore.
 */
bool xen_park_can_move(void);

/* Add where it is to @l, as MEMMAP_TYPE_OWNED.  False: there is no room. */
bool xen_park_add_owned(struct memmap_layout *l);

/*
 * See that nothing is parked in any range of @l.  False, with @errp set and all
 * as it was, if it cannot be had.
 */
bool xen_park_make_room(const struct memmap_layout *l, Error **errp);

/* What xen-hvm.c does for it: move pages; is the block shown by a BAR now? */
int xen_relocate_memory(uint64_t nr_pages, uint64_t from, uint64_t to);
bool xen_is_shown(ram_addr_t addr);

#endif /* HW_XEN_XEN_PARK_H */
