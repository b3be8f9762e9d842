/*
 * Xen guest memory map device: "info xen-memmap"
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "monitor/hmp.h"
#include "monitor/monitor.h"
#include "qapi/error.h"
#include "qapi/qapi-commands-xen-memmap.h"

static void xen_memmap_print_range(Monitor *mon, const XenMemmapRange *r)
{
    XenMemmapRangeFlagList *flag;

    monitor_printf(mon, "0x%016" PRIx64 "-0x%016" PRIx64 "  %s",
                   r->start, r->start + (r->size - 1),
                   XenMemmapRangeType_str(r->type));
    if (r->has_source && r->source != r->start) {
        monitor_printf(mon, " from 0x%" PRIx64, r->source);
    }
    for (flag = r->flags; flag; flag = flag->next) {
        monitor_printf(mon, " %s", XenMemmapRangeFlag_str(flag->value));
    }
    monitor_printf(mon, "\n");
}

void hmp_info_xen_memmap(Monitor *mon, const QDict *qdict)
{
    Error *err = NULL;
    g_autoptr(XenMemmapInfo) info = qmp_query_xen_memmap(&err);
    XenMemmapReservedList *reserved;
    XenMemmapRangeList *range;

    if (hmp_handle_error(mon, err)) {
        return;
    }
    monitor_printf(mon, "%s, generation %u, last command: %s\n",
                   XenMemmapStage_str(info->stage), info->generation,
                   info->reason);
    for (range = info->ranges; range; range = range->next) {
        xen_memmap_print_range(mon, range->value);
    }
    for (reserved = info->reserved; reserved; reserved = reserved->next) {
        const XenMemmapReserved *r = reserved->value;

        monitor_printf(mon, "reserved for %s: 0x%" PRIx64 "-0x%" PRIx64
                       " %s%s%s\n", r->device, r->start,
                       r->start + (r->size - 1),
                       XenMemmapReservedState_str(r->state),
                       r->reason ? ": " : "", r->reason ?: "");
    }
    if (info->parked) {
        monitor_printf(mon, "VRAM and ROMs that no BAR shows are parked 0x%"
                       PRIx64 " further up\n", info->parked);
    }
}
