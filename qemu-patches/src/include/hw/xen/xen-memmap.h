/*
 * Xen guest memory map device: firmware tells where it put guest RAM
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_XEN_XEN_MEMMAP_H
#define HW_XEN_XEN_MEMMAP_H

#include "qom/object.h"

#define TYPE_XEN_MEMMAP "xen-memmap"
OBJECT_DECLARE_SIMPLE_TYPE(XenMemmapState, XEN_MEMMAP)

/*
 * Make the device, a child of @machine, if it is enabled; else return NULL.
 * Its existence decides how the RAM block is laid out, so this comes before
 * RAM is set up, and xen_memmap_realize() after.
 */
XenMemmapState *xen_memmap_new(Object *machine);

/* Guest RAM is @ram_size bytes now in a block of @block_len bytes. */
void xen_memmap_realize(XenMemmapState *s, uint64_t ram_size,
                        uint64_t block_len);

#endif /* HW_XEN_XEN_MEMMAP_H */
