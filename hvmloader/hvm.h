/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hvm.h - what hvmloader's own files ask about the guest's memory, and say of
 * it, to the end of the conversation with the device model.  How it begins is
 * in hvm-settle.h.
 *
 * Every call is safe, and does nothing, when the device model offers nothing.
 */
#ifndef XEN_MEMMAP_HVM_H
#define XEN_MEMMAP_HVM_H

#include <stdbool.h>
#include <stdint.h>

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
