/*
 * Xen guest memory map device: what a monitor may see of it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_I386_XEN_MEMMAP_MONITOR_H
#define HW_I386_XEN_MEMMAP_MONITOR_H

#include "memmap/dm.h"
#include "xen-memmap-rdm.h"

/*
 * The one device that there is shows itself from now on.  All must live as long
 * as QEMU; @rdm may be NULL.
 */
void xen_memmap_monitor_show(const struct memmap_dm *dm,
                             const struct memmap_layout *layout,
                             XenMemmapRDM *rdm);

/* Tell whoever listens of the state and the generation, if they are new. */
void xen_memmap_monitor_changed(void);

#endif /* HW_I386_XEN_MEMMAP_MONITOR_H */
