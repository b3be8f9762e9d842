/*
 * Xen guest memory map device: show the accepted layout in xenstore
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_I386_XEN_MEMMAP_PUBLISH_H
#define HW_I386_XEN_MEMMAP_PUBLISH_H

#include "memmap/dm.h"

/* Is there a xenstore that QEMU may write to, now and later? */
bool xen_memmap_can_publish(void);

/*
 * Write the state of @dm, @layout, which is in force, and @rdm, lines (char *)
 * on reserved memory or NULL, to the device model's directory.  False: it is
 * not there, and is worth another try.
 */
bool xen_memmap_publish(const struct memmap_dm *dm,
                        const struct memmap_layout *layout,
                        const GPtrArray *rdm);

#endif /* HW_I386_XEN_MEMMAP_PUBLISH_H */
