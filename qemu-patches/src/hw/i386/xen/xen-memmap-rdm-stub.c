/*
 * Xen guest memory map device without PCI passthrough: no device, no memory
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "xen-memmap-rdm.h"

XenMemmapRDM *xen_memmap_rdm_new(const struct memmap_dm *dm,
                                 const struct memmap_layout *layout,
                                 XenMemmapRdmMode mode,
                                 void (*changed)(void *opaque), void *opaque)
{
    return NULL;
}

void xen_memmap_rdm_constraints(XenMemmapRDM *rdm, struct memmap_layout *l)
{
    g_assert_not_reached();
}

void xen_memmap_rdm_note(XenMemmapRDM *rdm, const struct memmap_layout *l)
{
    g_assert_not_reached();
}

unsigned int xen_memmap_rdm_map(XenMemmapRDM *rdm,
                                const struct memmap_layout *l,
                                const struct memmap_layout *owned,
                                uint16_t *index)
{
    g_assert_not_reached();
}

void xen_memmap_rdm_keep(XenMemmapRDM *rdm)
{
    g_assert_not_reached();
}

void xen_memmap_rdm_undo(XenMemmapRDM *rdm)
{
    g_assert_not_reached();
}

void xen_memmap_rdm_seal(XenMemmapRDM *rdm, XenMemmapRdmFailure failure)
{
    g_assert_not_reached();
}

GPtrArray *xen_memmap_rdm_report(XenMemmapRDM *rdm)
{
    g_assert_not_reached();
}
//+ monitor

XenMemmapReservedList *xen_memmap_rdm_list(XenMemmapRDM *rdm)
{
    g_assert_not_reached();
}
//-
