/*
 * Xen guest memory map device: query-xen-memmap and XEN_MEMMAP_CHANGED
 *
 * Who looks may have no xenstore to look into, and QEMU may be restricted such
 * that it publishes nothing.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "exec/target_page.h"
#include "hw/xen/xen-park.h"
#include "qapi/error.h"
#include "qapi/qapi-commands-xen-memmap.h"
#include "qapi/qapi-events-xen-memmap.h"
#include "xen-memmap-monitor.h"

/* They are the protocol's numbers. */
QEMU_BUILD_BUG_ON((int)XEN_MEMMAP_STAGE_OFFERED != MEMMAP_ST_OFFERED);
QEMU_BUILD_BUG_ON((int)XEN_MEMMAP_STAGE_NEGOTIATED != MEMMAP_ST_NEGOTIATED);
QEMU_BUILD_BUG_ON((int)XEN_MEMMAP_STAGE_PREPARED != MEMMAP_ST_PREPARED);
QEMU_BUILD_BUG_ON((int)XEN_MEMMAP_STAGE_COMMITTED != MEMMAP_ST_COMMITTED);
QEMU_BUILD_BUG_ON((int)XEN_MEMMAP_STAGE_SEALED != MEMMAP_ST_SEALED);

#define SAME_ERROR(name) \
    QEMU_BUILD_BUG_ON((int)XEN_MEMMAP_ERROR_##name != MEMMAP_E_##name)

QEMU_BUILD_BUG_ON((int)XEN_MEMMAP_ERROR_SUCCESS != MEMMAP_OK);
SAME_ERROR(COMMAND);
SAME_ERROR(STATE);
SAME_ERROR(NEGOTIATE);
SAME_ERROR(BUFFER);
SAME_ERROR(MAGIC);
SAME_ERROR(VERSION);
SAME_ERROR(LENGTH);
SAME_ERROR(CHECKSUM);
SAME_ERROR(COUNT);
SAME_ERROR(KIND);
SAME_ERROR(TYPE);
SAME_ERROR(EMPTY);
SAME_ERROR(RANGE);
SAME_ERROR(ORDER);
SAME_ERROR(RAM_SUM);
SAME_ERROR(GENERATION);
SAME_ERROR(OWNED);
SAME_ERROR(FIXED);
SAME_ERROR(BUSY);
SAME_ERROR(APPLY);
SAME_ERROR(RESERVED);
SAME_ERROR(RDM);

static struct {
    const struct memmap_dm *dm;
    const struct memmap_layout *layout;
    XenMemmapRDM *rdm;
    /* As they were last told. */
    unsigned int stage;
    uint32_t generation;
} shown;

void xen_memmap_monitor_show(const struct memmap_dm *dm,
                             const struct memmap_layout *layout,
                             XenMemmapRDM *rdm)
{
    shown.dm = dm;
    shown.layout = layout;
    shown.rdm = rdm;
    shown.stage = dm->state;
    shown.generation = dm->generation;
}

void xen_memmap_monitor_changed(void)
{
    if (shown.stage == shown.dm->state &&
        shown.generation == shown.dm->generation) {
        return;
    }
    shown.stage = shown.dm->state;
    shown.generation = shown.dm->generation;
    qapi_event_send_xen_memmap_changed(shown.stage, shown.generation);
}

static XenMemmapRangeType xen_memmap_range_type(unsigned int type)
{
    switch (type) {
    case MEMMAP_TYPE_RAM:
        return XEN_MEMMAP_RANGE_TYPE_RAM;
    case MEMMAP_TYPE_RDM:
        return XEN_MEMMAP_RANGE_TYPE_RDM;
    case MEMMAP_TYPE_MMIO:
        return XEN_MEMMAP_RANGE_TYPE_MMIO;
    default:
        return XEN_MEMMAP_RANGE_TYPE_OTHER;
    }
}

static XenMemmapRangeFlagList *xen_memmap_range_flags(unsigned int flags)
{
    XenMemmapRangeFlagList *list = NULL;

    if (flags & MEMMAP_EF_UNMAPPED) {
        QAPI_LIST_PREPEND(list, XEN_MEMMAP_RANGE_FLAG_UNMAPPED);
    }
    if (flags & MEMMAP_EF_UNFREED) {
        QAPI_LIST_PREPEND(list, XEN_MEMMAP_RANGE_FLAG_UNFREED);
    }
    if (flags & MEMMAP_EF_FIRMWARE) {
        QAPI_LIST_PREPEND(list, XEN_MEMMAP_RANGE_FLAG_FIRMWARE);
    }
    return list;
}

static XenMemmapRangeList *xen_memmap_ranges(const struct memmap_layout *l)
{
    unsigned int bits = qemu_target_page_bits(), i = l->nr;
    XenMemmapRangeList *list = NULL;

    while (i--) {
        const struct memmap_range *from = &l->range[i];
        XenMemmapRange *r = g_new0(XenMemmapRange, 1);

        r->start = from->gfn << bits;
        r->size = from->pages << bits;
        r->type = xen_memmap_range_type(from->type);
        r->has_source = from->type == MEMMAP_TYPE_RAM &&
                        from->source != MEMMAP_NO_SOURCE;
        r->source = r->has_source ? from->source << bits : 0;
        r->flags = xen_memmap_range_flags(from->flags);
        QAPI_LIST_PREPEND(list, r);
    }
    return list;
}

XenMemmapInfo *qmp_query_xen_memmap(Error **errp)
{
    const struct memmap_dm *dm = shown.dm;
    XenMemmapInfo *info;

    if (!dm) {
        error_setg(errp, "this machine has no Xen guest memory map: it is of a "
                   "type that has none, or xen-memmap.enabled is off");
        return NULL;
    }
    info = g_new0(XenMemmapInfo, 1);
    info->stage = dm->state;
    info->generation = dm->generation;
    info->error = MIN(dm->error, XEN_MEMMAP_ERROR_OTHER);
    info->reason = g_strdup(memmap_strerror(dm->error));
    info->parked = xen_park_distance();
    info->ranges = xen_memmap_ranges(shown.layout);
    info->reserved = shown.rdm ? xen_memmap_rdm_list(shown.rdm) : NULL;
    return info;
}
