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
 * Map @ram as @x86ms says: below_4g_mem_size bytes from 0 less the VGA hole,
 * above_4g_mem_size bytes from 4 GiB.  To be called once.
 */
void xen_ram_layout_init(X86MachineState *x86ms, MemoryRegion *ram);

/*
 * RAM is in @range now and nowhere else.  @range is sorted, disjoint and
 * page-aligned, and is no more RAM than there was at first.  All or nothing: on
 * failure @errp is set and everything is as it was.  Must be called with the
 * BQL held.
 */
bool xen_ram_layout_set(const XenRAMRange *range, unsigned int nr,
                        Error **errp);

/* An address that no guest has. */
#define XEN_RAM_NOWHERE ((1ull << 52) - 4096)

/*
 * Where the guest has the byte at @offset of the block now, or XEN_RAM_NOWHERE.
 * From any thread.
 */
hwaddr xen_ram_gaddr(ram_addr_t offset);

//+ busy
/*
 * Is any of the @size bytes of RAM at guest address @addr in a mapping that
 * outlives the invalidation of the mapcache?
 */
bool xen_ram_is_locked(hwaddr addr, hwaddr size);

//-
#endif /* HW_XEN_XEN_RAM_H */
