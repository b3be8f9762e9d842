/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a monitor is told, as text. */
#include "internal.h"
#include "qapi/error.h"
#include "qapi/qapi-commands-xen-memmap.h"
#include "qapi/qapi-events-xen-memmap.h"

static const char *const stages[] = {
    "offered", "negotiated", "prepared", "committed", "sealed",
};
static const char *const types[] = { "ram", "rdm", "mmio", "other" };
static const char *const flags[] = { " firmware", " unfreed", " unmapped" };
static const char *const states[] = { "mapped", "left-to-xen", "not-mapped" };

static const char *const rdm_modes[] = { "assigned", "host", "off" };
static const char *const rdm_failures[] = { "report", "unplug", "refuse" };

const QEnumLookup XenMemmapRdmMode_lookup = {
    rdm_modes, ARRAY_SIZE(rdm_modes),
};
const QEnumLookup XenMemmapRdmFailure_lookup = {
    rdm_failures, ARRAY_SIZE(rdm_failures),
};

static GString *events;

void qapi_event_send_xen_memmap_changed(XenMemmapStage stage,
                                        uint32_t generation)
{
    if (!events) {
        events = g_string_new(NULL);
    }
    g_string_append_printf(events, "%s %u\n", stages[stage], generation);
}

const char *harness_monitor_events(void)
{
    static char *text;

    g_free(text);
    text = events ? g_string_free(events, false) : g_strdup("");
    events = NULL;
    return text;
}

static void print_range(GString *s, XenMemmapRange *r)
{
    g_string_append_printf(s, "%" PRIx64 "+%" PRIx64 " %s", r->start, r->size,
                           types[r->type]);
    if (r->has_source) {
        g_string_append_printf(s, " %" PRIx64, r->source);
    }
    while (r->flags) {
        XenMemmapRangeFlagList *flag = r->flags;

        g_string_append(s, flags[flag->value]);
        r->flags = flag->next;
        g_free(flag);
    }
    g_string_append_c(s, '\n');
    g_free(r);
}

const char *harness_monitor(void)
{
    static GString *s;
    Error *err = NULL;
    XenMemmapInfo *info = qmp_query_xen_memmap(&err);

    if (s) {
        g_string_free(s, true);
    }
    s = g_string_new(NULL);
    if (!info) {
        g_string_append(s, error_get_pretty(err));
        error_free(err);
        return s->str;
    }
    g_string_append_printf(s, "%s %u error %u (%s) parked %" PRIx64 "\n",
                           stages[info->stage], info->generation, info->error,
                           info->reason, info->parked);
    while (info->ranges) {
        XenMemmapRangeList *item = info->ranges;

        print_range(s, item->value);
        info->ranges = item->next;
        g_free(item);
    }
    while (info->reserved) {
        XenMemmapReservedList *item = info->reserved;
        XenMemmapReserved *r = item->value;

        g_string_append_printf(s, "%s %" PRIx64 "+%" PRIx64 " %s%s%s\n",
                               r->device, r->start, r->size, states[r->state],
                               r->reason ? ": " : "", r->reason ?: "");
        info->reserved = item->next;
        g_free(r->device);
        g_free(r->reason);
        g_free(r);
        g_free(item);
    }
    g_free(info->reason);
    g_free(info);
    return s->str;
}
