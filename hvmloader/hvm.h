/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hvm.h - what hvmloader's own files call: the whole conversation with the
 * device model, from the BARs' sizes to the seal.
 *
 * Every call is safe, and does nothing, when the device model offers nothing.
 */
#ifndef XEN_MEMMAP_HVM_H
#define XEN_MEMMAP_HVM_H

#include "plan.h"

/*
 * Find the device model; if it speaks the protocol, plan for the @nr BARs in
 * @bar (see memmap_plan()), move RAM, and commit the layout.  To be called
 * before any BAR is written and before PCI decode is enabled.  @mmio_hole_size
 * (bytes) is the user's, or 0.  True if the BARs now have addresses; false if
 * everything is to be done as without the protocol.
 */
bool memmap_settle(struct memmap_bar *bar, unsigned int nr,
                   uint64_t mmio_hole_size);

/* Whether all of [addr, addr + size) bytes is RAM, as far as is known. */
bool memmap_is_ram(uint64_t addr, uint64_t size);

/*
 * The end (bytes) of the highest RAM below 4 GiB that is of some size in one
 * piece: what CMOS says, and OVMF puts its own memory right below it.
 */
uint32_t memmap_low_ram_end(void);

/* Bytes of RAM, wherever they are: what SMBIOS says. */
uint64_t memmap_ram_size(void);

/* Page @from of RAM now is at @to, for firmware's own use (gfns). */
void memmap_page_taken(uint64_t from, uint64_t to);

/* Write memory_map from the layout.  False: there is none, upstream's way. */
bool memmap_sync_e820(void);

/*
 * Commit once more if pages were taken since, then seal.  The last thing
 * before the firmware's E820 is built.
 */
void memmap_finish(void);

#endif /* XEN_MEMMAP_HVM_H */
