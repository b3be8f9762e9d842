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
 * Make the device, a child of @x86ms, unless it is off.  RAM is mapped as
 * @x86ms says by then.
 */
void xen_memmap_new(X86MachineState *x86ms);

#endif /* HW_XEN_XEN_MEMMAP_H */
