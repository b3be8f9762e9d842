/*
 * Where guest RAM is, for HVM guests under Xen
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_XEN_XEN_RAM_H
#define HW_XEN_XEN_RAM_H

#include "exec/hwaddr.h"
#include "exec/memory.h"
#include "hw/i386/x86.h"

/* A range of guest physical addresses that is RAM; both in bytes. */
typedef struct XenRAMRange {
    hwaddr addr;
    hwaddr size;
} XenRAMRange;

/*
 * Length of a "xen.ram" block in which RAM may be moved: wherever firmware puts
 * the RAM of a guest of @ram_size bytes, its ram_addr is its guest address, and
 * the blocks that are allocated after it are out of the way.  The first of them
 * is to be the mark of xen-memmap, or another one of a few pages.
 */
ram_addr_t xen_ram_movable_len(ram_addr_t ram_size);

/*
 * Map @ram as @x86ms says: below_4g_mem_size bytes from 0 less the VGA hole,
 * above_4g_mem_size bytes from 4 GiB.  To be called once.
 */
void xen_ram_layout_init(X86MachineState *x86ms, MemoryRegion *ram);

/*
 * RAM is in @range now and nowhere else.  @range is sorted, disjoint and
 * page-aligned, and lies within the block.  All or nothing: on failure @errp is
 * set and everything is as it was.  Must be called with the BQL held.
 */
bool xen_ram_layout_set(const XenRAMRange *range, unsigned int nr,
                        Error **errp);

#endif /* HW_XEN_XEN_RAM_H */
