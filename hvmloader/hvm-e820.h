/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hvm-e820.h - hvmloader's memory_map into a layout, and back.
 */
#ifndef XEN_MEMMAP_HVM_E820_H
#define XEN_MEMMAP_HVM_E820_H

#include "layout.h"

/*
 * What the toolstack built and described in the memory map: RAM, and RDM where
 * it is reserved.  @l has room for twice E820MAX, so for any map.
 */
void memmap_e820_read(struct memmap_layout *l);

/*
 * See to it that @l, when it is written, has no more entries than the firmware
 * that is started can take.  Says so if anything must give way.
 */
void memmap_e820_fit(struct memmap_layout *l);

/* Make @l the memory map. */
void memmap_e820_write(const struct memmap_layout *l);

/*
 * End (bytes) of the highest RAM below 4 GiB that is large in one piece, of
 * the largest if none is; 0 if there is none at all.
 */
uint32_t memmap_e820_low_end(const struct memmap_layout *l);

#endif /* XEN_MEMMAP_HVM_E820_H */
