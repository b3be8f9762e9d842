/*
 * Xen guest memory map device: firmware tells where it put guest RAM
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_XEN_XEN_MEMMAP_H
#define HW_XEN_XEN_MEMMAP_H

#include "hw/i386/x86.h"
#include "qom/object.h"

#define TYPE_XEN_MEMMAP "xen-memmap"
OBJECT_DECLARE_SIMPLE_TYPE(XenMemmapState, XEN_MEMMAP)

/*
 * Make the device, a child of @machine, and return it; or NULL if it is off,
 * or if an incoming guest does not know it.  With it the RAM block is
 * @block_len bytes long, so this comes before RAM is set up, and
 * xen_memmap_realize() right after, before any other RAM block.
 */
XenMemmapState *xen_memmap_new(Object *machine, uint64_t block_len);

/*
 * Bring the device to life, in a machine whose RAM is mapped as @x86ms says and
 * whose RAM block is @block_len bytes long.
 */
void xen_memmap_realize(XenMemmapState *s, X86MachineState *x86ms,
                        uint64_t block_len);

#endif /* HW_XEN_XEN_MEMMAP_H */
