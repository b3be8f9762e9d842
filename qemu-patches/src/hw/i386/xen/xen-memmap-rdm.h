/*
 * Xen guest memory map device: reserved memory of assigned devices
 *
 * Some host devices need ranges of host memory (RMRR, here RDM) mapped one to
 * one in the guest they are assigned to.  Xen does that at assignment, if no
 * RAM is there.  Firmware makes room later, so somebody privileged has to map
 * later.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_I386_XEN_MEMMAP_RDM_H
#define HW_I386_XEN_MEMMAP_RDM_H

#include "memmap/dm.h"
#include "qapi/qapi-types-xen-memmap.h"

typedef struct XenMemmapRDM XenMemmapRDM;

/*
 * Begin to look after the guest whose conversation is @dm and whose layout in
 * force is @layout.  @changed is called with @opaque when a device came or
 * went.  NULL if there is nothing to do or it cannot be done: @mode is off,
 * QEMU is built without PCI passthrough for Xen, is restricted to what the
 * guest may do itself (-xen-domid-restrict), or may not give the guest memory
 * of the host (in a stub domain).
 *
 * All functions must be called with the BQL held.
 */
XenMemmapRDM *xen_memmap_rdm_new(const struct memmap_dm *dm,
                                 const struct memmap_layout *layout,
                                 XenMemmapRdmMode mode,
                                 void (*changed)(void *opaque), void *opaque);

/*
 * Add what firmware is asked for to @l, which has the device model's own
 * memory.  What has no room is left out, and the log says so.
 */
void xen_memmap_rdm_constraints(XenMemmapRDM *rdm, struct memmap_layout *l);

/*
 * @l is proposed, and may be the last to say where a page was as built: note
 * what it says of that.  Of a layout that is committed that is done anyway.
 */
void xen_memmap_rdm_note(XenMemmapRDM *rdm, const struct memmap_layout *l);

/*
 * Map what there is room for in @l, which is about to be the layout.  @owned is
 * the device model's own memory.  On failure nothing has changed, and *@index
 * is the range of @l to blame.  After success one of the two below must follow.
 */
unsigned int xen_memmap_rdm_map(XenMemmapRDM *rdm,
                                const struct memmap_layout *l,
                                const struct memmap_layout *owned,
                                uint16_t *index);

/* @l is the layout: unmap what was mapped before and has no room in it. */
void xen_memmap_rdm_keep(XenMemmapRDM *rdm);

/* It is not, so all is to be as before. */
void xen_memmap_rdm_undo(XenMemmapRDM *rdm);

/*
 * No COMMIT can come any more: say what is not mapped, and do what @failure
 * says.
 */
void xen_memmap_rdm_seal(XenMemmapRDM *rdm, XenMemmapRdmFailure failure);

/* A line (char *) for each range of each assigned device: section 8. */
GPtrArray *xen_memmap_rdm_report(XenMemmapRDM *rdm);

//+ monitor
/* The same for a monitor; the caller frees it. */
XenMemmapReservedList *xen_memmap_rdm_list(XenMemmapRDM *rdm);

//-
#endif /* HW_I386_XEN_MEMMAP_RDM_H */
