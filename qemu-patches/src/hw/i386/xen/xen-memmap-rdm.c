/*
 * Xen guest memory map device: reserved memory of assigned devices
 *
 * The guest says where there is room, and is not believed in anything else:
 * what is mapped is what Xen reports for a device that is assigned to this
 * guest, as a whole or not at all, at the gfn that equals the mfn.
 *
 * Devices that are plugged after the firmware has sealed the conversation are
 * Xen's: the room is there, so their assignment maps what they need.  QEMU must
 * keep out of it, because Xen then takes a mapping that QEMU made, which has
 * other access rights than its own, for RAM in the way.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "hw/xen/xen_native.h"
#include "qemu/error-report.h"
#include "hw/qdev-core.h"
#include "hw/xen/xen_pt.h"
#include "memmap/dm_rdm.h"
#include "xen-memmap-rdm.h"
#include "xen-memmap-rdm-xen.h"
#include "trace.h"

/* A range that Xen reports for a device. */
typedef struct XenRDMRange {
    uint32_t sbdf;
    char *name;             /* sbdf for people */
    uint64_t gfn;
    uint64_t pages;
    char *failure;          /* why it could not be mapped, if that was tried */
    DeviceState *dev;       /* set by xen_rdm_collect(), good until it goes */
} XenRDMRange;

struct XenMemmapRDM {
    const struct memmap_dm *dm;
    const struct memmap_layout *layout;
    XenMemmapRdmMode mode;
    void (*changed)(void *opaque);
    void *opaque;

    DeviceListener listener;
    /*
     * By sbdf, arrays of XenRDMRange.  Asked for once, because the answer comes
     * from what Xen read when the host was started.
     */
    GHashTable *host;
    bool ask_failed;

    /*
     * Sets of gfns: what QEMU has mapped; what there is room for in the layout
     * that is being committed; and either, as far as it is mapped by then.
     */
    struct memmap_range mapped_range[MEMMAP_MAX_ENTRIES];
    struct memmap_range want_range[MEMMAP_MAX_ENTRIES];
    struct memmap_range both_range[2 * MEMMAP_MAX_ENTRIES];
    struct memmap_layout mapped;
    struct memmap_layout want;
    struct memmap_layout both;
    /*
     * Where RAM was as built: what is mapped there QEMU has added.  Elsewhere
     * nothing was in the way when Xen assigned the device.  A page that is lost
     * later, or that firmware takes for itself, is in no record any more, so
     * this keeps what records have said.
     */
    struct memmap_range was_range[MEMMAP_MAX_ENTRIES];
    struct memmap_layout was;
};

static struct memmap_range xen_rdm_range(uint64_t gfn, uint64_t pages)
{
    return (struct memmap_range) {
        .gfn = gfn,
        .pages = pages,
        .source = MEMMAP_NO_SOURCE,
        .type = MEMMAP_TYPE_RDM,
    };
}

static bool xen_rdm_is_mapped(const XenMemmapRDM *rdm, const XenRDMRange *r)
{
    return memmap_layout_covers(&rdm->mapped, MEMMAP_TYPE_RDM, r->gfn,
                                r->pages);
}

/* Xen */

static struct xen_reserved_device_memory *xen_rdm_ask(XenMemmapRDM *rdm,
                                                      uint32_t flags,
                                                      uint32_t sbdf,
                                                      uint32_t *nr)
{
    struct xen_reserved_device_memory *entries = NULL;
    uint32_t room;
    int rc;

    *nr = 16;
    do {
        room = *nr;
        entries = g_renew(struct xen_reserved_device_memory, entries, room);
        rc = xc_reserved_device_memory_map(xen_xc, flags, sbdf >> 16,
                                           (sbdf >> 8) & 0xff, sbdf & 0xff,
                                           entries, nr);
    } while (rc < 0 && errno == ENOBUFS && *nr > room);

    if (rc < 0) {
        if (!rdm->ask_failed) {
            warn_report("xen-memmap: Xen does not say what memory of the host "
                        "is reserved for devices: %s", strerror(errno));
            rdm->ask_failed = true;
        }
        g_free(entries);
        return NULL;
    }
    return entries;
}

/*
 * Unmap what QEMU has added of these pages.  That it mapped them shows nothing,
 * for an identical map succeeds.
 */
static void xen_rdm_unmap_added(const XenMemmapRDM *rdm, uint64_t gfn,
                                uint64_t pages)
{
    uint64_t end = gfn + pages, next;

    for (; gfn < end; gfn = next) {
        bool added = memmap_layout_overlaps(&rdm->was, MEMMAP_TYPE_RDM, gfn, 1);

        for (next = gfn + 1; next < end; next++) {
            if (memmap_layout_overlaps(&rdm->was, MEMMAP_TYPE_RDM, next, 1) !=
                added) {
                break;
            }
        }
        if (added) {
            xen_rdm_unmap_run(gfn, next - gfn);
        }
    }
}

/* Unmap what @a has and @b has not. */
static void xen_rdm_unmap_missing(const XenMemmapRDM *rdm,
                                  const struct memmap_layout *a,
                                  const struct memmap_layout *b)
{
    uint64_t gfn, pages;

    for (gfn = 0; memmap_dm_rdm_missing(a, b, &gfn, &pages); gfn += pages) {
        xen_rdm_unmap_added(rdm, gfn, pages);
        xen_rdm_forbid_run(gfn, pages);
    }
}

/* Devices */

static uint32_t xen_rdm_sbdf(const XenPCIPassthroughState *d)
{
    return (d->hostaddr.domain << 16) |
           PCI_BUILD_BDF(d->hostaddr.bus, PCI_DEVFN(d->hostaddr.slot,
                                                    d->hostaddr.function));
}

static void xen_rdm_range_clear(void *opaque)
{
    XenRDMRange *r = opaque;

    g_free(r->name);
    g_free(r->failure);
}

static void xen_rdm_ranges_free(void *ranges)
{
    g_array_unref(ranges);
}

/* The ranges of the device @sbdf; NULL if Xen does not say. */
static GArray *xen_rdm_of_device(XenMemmapRDM *rdm, uint32_t sbdf)
{
    g_autofree struct xen_reserved_device_memory *entries = NULL;
    GArray *ranges = g_hash_table_lookup(rdm->host, GUINT_TO_POINTER(sbdf));
    uint32_t i, nr;

    if (ranges) {
        return ranges;
    }
    entries = xen_rdm_ask(rdm, 0, sbdf, &nr);
    if (!entries) {
        return NULL;
    }

    ranges = g_array_new(false, false, sizeof(XenRDMRange));
    g_array_set_clear_func(ranges, xen_rdm_range_clear);
    for (i = 0; i < nr; i++) {
        XenRDMRange r = {
            .sbdf = sbdf,
            .name = xen_rdm_name(sbdf),
            .gfn = entries[i].start_pfn,
            .pages = entries[i].nr_pages,
        };

        trace_xen_memmap_rdm_host(r.name, r.gfn, r.pages);
        g_array_append_val(ranges, r);
    }
    g_hash_table_insert(rdm->host, GUINT_TO_POINTER(sbdf), ranges);
    return ranges;
}

struct collect {
    XenMemmapRDM *rdm;
    GPtrArray *ranges;
};

static int xen_rdm_collect_one(Object *obj, void *opaque)
{
    struct collect *c = opaque;
    DeviceState *dev;
    GArray *ranges;
    guint i;

    if (!object_dynamic_cast(obj, TYPE_XEN_PT_DEVICE)) {
        return 0;
    }
    dev = DEVICE(obj);
    ranges = dev->realized ?
             xen_rdm_of_device(c->rdm, xen_rdm_sbdf(XEN_PT_DEVICE(obj))) : NULL;
    for (i = 0; ranges && i < ranges->len; i++) {
        XenRDMRange *r = &g_array_index(ranges, XenRDMRange, i);

        r->dev = dev;
        g_ptr_array_add(c->ranges, r);
    }
    return 0;
}

/* The ranges of all devices that the guest has now, of type XenRDMRange. */
static GPtrArray *xen_rdm_collect(XenMemmapRDM *rdm)
{
    struct collect c = { .rdm = rdm, .ranges = g_ptr_array_new() };

    object_child_foreach_recursive(object_get_root(), xen_rdm_collect_one, &c);
    return c.ranges;
}

/* Conversation */

static bool xen_rdm_is_chosen(const XenMemmapRDM *rdm)
{
    return MEMMAP_OFFER_FEATURES(rdm->dm->accepted) & MEMMAP_FEAT_RDM;
}

/*
 * Add a range to @l, but not where @owned is, which is so whatever a device
 * needs.  False: there is no room, and @l is as it was.
 */
static bool xen_rdm_want(struct memmap_layout *l,
                         const struct memmap_layout *owned,
                         uint64_t gfn, uint64_t pages, uint32_t sbdf)
{
    g_autofree struct memmap_range *range = g_new(struct memmap_range, l->max);
    struct memmap_layout before;
    unsigned int i;
    bool ok;

    memmap_layout_init(&before, range, l->max);
    memmap_layout_copy(&before, l);
    ok = memmap_dm_rdm_want(l, gfn, pages, sbdf);
    for (i = 0; ok && i < owned->nr; i++) {
        ok = memmap_layout_set(l, &owned->range[i]);
    }
    if (!ok) {
        memmap_layout_copy(l, &before);
    }
    return ok;
}

void xen_memmap_rdm_constraints(XenMemmapRDM *rdm, struct memmap_layout *l)
{
    g_autofree struct xen_reserved_device_memory *entries = NULL;
    g_autofree struct memmap_range *range = g_new(struct memmap_range, l->max);
    g_autofree char *first = NULL;
    g_autoptr(GPtrArray) ranges = NULL;
    struct memmap_layout owned;
    unsigned int left_out = 0;
    uint32_t i, nr = 0;

    if (!xen_rdm_is_chosen(rdm)) {
        return;
    }

    memmap_layout_init(&owned, range, l->max);
    memmap_layout_copy(&owned, l);
    ranges = xen_rdm_collect(rdm);
    for (i = 0; i < ranges->len; i++) {
        const XenRDMRange *r = g_ptr_array_index(ranges, i);

        if (!xen_rdm_want(l, &owned, r->gfn, r->pages, r->sbdf) &&
            !left_out++) {
            first = g_strdup_printf("0x%" PRIx64 "-0x%" PRIx64 " of %s", r->gfn,
                                    r->gfn + r->pages - 1, r->name);
        }
    }
    if (rdm->mode == XEN_MEMMAP_RDM_MODE_HOST) {
        entries = xen_rdm_ask(rdm, XENMEM_RDM_ALL, 0, &nr);
    }
    /* Xen does not say whose these are. */
    for (i = 0; entries && i < nr; i++) {
        uint64_t gfn = entries[i].start_pfn, pages = entries[i].nr_pages;

        if (!xen_rdm_want(l, &owned, gfn, pages, 0) && !left_out++) {
            first = g_strdup_printf("0x%" PRIx64 "-0x%" PRIx64, gfn,
                                    gfn + pages - 1);
        }
    }
    if (left_out) {
        warn_report_once("xen-memmap: firmware cannot be told of all reserved "
                         "memory of the host: %u ranges have no room in a "
                         "record, the first of them %s", left_out, first);
    }
}

/* @text is why [gfn, gfn + pages) could not be mapped, for all it concerns. */
static void xen_rdm_failed(GPtrArray *ranges, uint64_t gfn, uint64_t pages,
                           const char *text)
{
    guint i;

    for (i = 0; i < ranges->len; i++) {
        XenRDMRange *r = g_ptr_array_index(ranges, i);

        if (r->gfn < gfn + pages && gfn < r->gfn + r->pages) {
            g_free(r->failure);
            r->failure = g_strdup(text);
        }
    }
}

static bool xen_rdm_map_range(XenMemmapRDM *rdm, GPtrArray *ranges,
                              const XenRDMRange *r,
                              const struct memmap_layout *owned)
{
    struct memmap_range storage = xen_rdm_range(r->gfn, r->pages);
    const struct memmap_layout one = { .range = &storage, .nr = 1, .max = 1 };
    uint64_t gfn = r->gfn, pages;

    /* That memory is in the guest at its own gfns, wherever it is mapped. */
    if (memmap_layout_overlaps(owned, MEMMAP_TYPE_OWNED, r->gfn, r->pages)) {
        xen_rdm_failed(ranges, r->gfn, r->pages,
                       "QEMU's own memory is there");
        return false;
    }
    if (!memmap_layout_set(&rdm->want, &storage)) {
        xen_rdm_failed(ranges, r->gfn, r->pages, "too many ranges");
        return false;
    }

    for (; memmap_dm_rdm_missing(&one, &rdm->both, &gfn, &pages);
         gfn += pages) {
        struct memmap_range run = xen_rdm_range(gfn, pages);

        if (!xen_rdm_map_run(gfn, pages)) {
            g_autofree char *text = g_strdup_printf("Xen does not map it: %s",
                                                    strerror(errno));

            xen_rdm_failed(ranges, r->gfn, r->pages, text);
            return false;
        }
        /* There is room for all of the two that it comes from. */
        memmap_layout_set(&rdm->both, &run);
    }
    return true;
}

/* RAM that has come from [gfn, end), or may have. */
static void xen_rdm_note_run(XenMemmapRDM *rdm, const struct memmap_range *ram,
                             uint64_t gfn, uint64_t end)
{
    struct memmap_range run;

    if (ram->source != MEMMAP_NO_SOURCE) {
        gfn = MAX(gfn, ram->source);
        end = MIN(end, ram->source + ram->pages);
    }
    if (gfn < end) {
        run = xen_rdm_range(gfn, end - gfn);
        /* With no room for it, it stays mapped. */
        memmap_layout_set(&rdm->was, &run);
    }
}

void xen_memmap_rdm_note(XenMemmapRDM *rdm, const struct memmap_layout *l)
{
    g_autoptr(GPtrArray) ranges = xen_rdm_collect(rdm);
    unsigned int i;
    guint j;

    for (i = 0; i < l->nr; i++) {
        const struct memmap_range *ram = &l->range[i];

        /* Where firmware has its pages from it does not say. */
        if (ram->type != MEMMAP_TYPE_RAM ||
            (ram->flags & MEMMAP_EF_FIRMWARE)) {
            continue;
        }
        for (j = 0; j < ranges->len; j++) {
            const XenRDMRange *r = g_ptr_array_index(ranges, j);

            xen_rdm_note_run(rdm, ram, r->gfn, r->gfn + r->pages);
        }
    }
}

unsigned int xen_memmap_rdm_map(XenMemmapRDM *rdm,
                                const struct memmap_layout *l,
                                const struct memmap_layout *owned,
                                uint16_t *index)
{
    g_autoptr(GPtrArray) ranges = NULL;
    guint i;

    xen_memmap_rdm_note(rdm, l);
    memmap_layout_copy(&rdm->both, &rdm->mapped);
    memmap_layout_init(&rdm->want, rdm->want_range, MEMMAP_MAX_ENTRIES);
    if (!xen_rdm_is_chosen(rdm)) {
        return MEMMAP_OK;
    }

    ranges = xen_rdm_collect(rdm);
    for (i = 0; i < ranges->len; i++) {
        XenRDMRange *r = g_ptr_array_index(ranges, i);

        if (memmap_dm_rdm_obstacle(l, r->gfn, r->pages) ||
            (!xen_rdm_is_mapped(rdm, r) && !xen_rdm_is_assigned(r->sbdf))) {
            continue;
        }
        if (!xen_rdm_map_range(rdm, ranges, r, owned)) {
            *index = memmap_layout_seek(l, r->gfn);
            xen_memmap_rdm_undo(rdm);
            return MEMMAP_E_RDM;
        }
        g_clear_pointer(&r->failure, g_free);
    }
    return MEMMAP_OK;
}

void xen_memmap_rdm_keep(XenMemmapRDM *rdm)
{
    xen_rdm_unmap_missing(rdm, &rdm->mapped, &rdm->want);
    memmap_layout_copy(&rdm->mapped, &rdm->want);
}

void xen_memmap_rdm_undo(XenMemmapRDM *rdm)
{
    xen_rdm_unmap_missing(rdm, &rdm->both, &rdm->mapped);
}

/* People */

/* NULL if it is mapped, or if that is for Xen to do. */
static const char *xen_rdm_why_not(const XenMemmapRDM *rdm,
                                   const XenRDMRange *r)
{
    const char *obstacle;

    if (xen_rdm_is_mapped(rdm, r)) {
        return NULL;
    }
    if (!rdm->dm->generation) {
        return "no layout was committed";
    }
    obstacle = memmap_dm_rdm_obstacle(rdm->layout, r->gfn, r->pages);
    return obstacle && r->failure ? r->failure : obstacle;
}

GPtrArray *xen_memmap_rdm_report(XenMemmapRDM *rdm)
{
    g_autoptr(GPtrArray) ranges = xen_rdm_collect(rdm);
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    guint i;

    for (i = 0; i < ranges->len; i++) {
        const XenRDMRange *r = g_ptr_array_index(ranges, i);
        const char *why = xen_rdm_why_not(rdm, r);

        g_ptr_array_add(lines,
            g_strdup_printf("%" PRIx64 " %" PRIx64 " %s %s%s",
                            r->gfn, r->pages, r->name,
                            why ? "not mapped: " :
                            xen_rdm_is_mapped(rdm, r) ? "mapped" :
                            "left to Xen", why ?: ""));
    }
    return lines;
}

//+ monitor
XenMemmapReservedList *xen_memmap_rdm_list(XenMemmapRDM *rdm)
{
    g_autoptr(GPtrArray) ranges = xen_rdm_collect(rdm);
    XenMemmapReservedList *list = NULL;
    guint i = ranges->len;

    while (i--) {
        const XenRDMRange *r = g_ptr_array_index(ranges, i);
        const char *why = xen_rdm_why_not(rdm, r);
        XenMemmapReserved *item = g_new0(XenMemmapReserved, 1);

        item->device = g_strdup(r->name);
        item->start = r->gfn << XC_PAGE_SHIFT;
        item->size = r->pages << XC_PAGE_SHIFT;
        item->state = why ? XEN_MEMMAP_RESERVED_STATE_NOT_MAPPED :
                      xen_rdm_is_mapped(rdm, r) ?
                      XEN_MEMMAP_RESERVED_STATE_MAPPED :
                      XEN_MEMMAP_RESERVED_STATE_LEFT_TO_XEN;
        item->reason = g_strdup(why);
        QAPI_LIST_PREPEND(list, item);
    }
    return list;
}

//-
void xen_memmap_rdm_seal(XenMemmapRDM *rdm, XenMemmapRdmFailure failure)
{
    g_autoptr(GPtrArray) ranges = xen_rdm_collect(rdm);
    g_autoptr(GPtrArray) devices = g_ptr_array_new();
    guint i;

    for (i = 0; i < ranges->len; i++) {
        const XenRDMRange *r = g_ptr_array_index(ranges, i);
        const char *why = xen_rdm_why_not(rdm, r);

        if (!why) {
            continue;
        }
        /* Then nobody tried, and only Xen knows what it mapped. */
        if (!xen_rdm_is_chosen(rdm) || !rdm->dm->generation) {
            info_report("xen-memmap: reserved memory 0x%" PRIx64 "-0x%" PRIx64
                        " of %s is left to Xen: firmware did not ask for it",
                        r->gfn, r->gfn + r->pages - 1, r->name);
            continue;
        }
        warn_report("xen-memmap: reserved memory 0x%" PRIx64 "-0x%" PRIx64
                    " of %s is not mapped: %s", r->gfn,
                    r->gfn + r->pages - 1, r->name, why);
        /* The ranges of a device come one after the other. */
        if (!devices->len ||
            g_ptr_array_index(devices, devices->len - 1) != r->dev) {
            g_ptr_array_add(devices, r->dev);
        }
    }

    if (devices->len && failure == XEN_MEMMAP_RDM_FAILURE_REFUSE) {
        xen_shutdown_fatal_error("xen-memmap: the guest is not started, as "
                                 "rdm-failure=refuse says");
    }
    for (i = 0; failure == XEN_MEMMAP_RDM_FAILURE_UNPLUG && i < devices->len;
         i++) {
        DeviceState *dev = g_ptr_array_index(devices, i);

        warn_report("xen-memmap: device %s is taken out of the guest, as "
                    "rdm-failure=unplug says", dev->id ?: dev->canonical_path);
        /* No operating system runs yet that could be asked to let go of it. */
        object_unparent(OBJECT(dev));
    }
}

/* Devices that come and go */

static void xen_rdm_device_realized(DeviceListener *listener, DeviceState *dev)
{
    XenMemmapRDM *rdm = container_of(listener, XenMemmapRDM, listener);
    GArray *ranges;
    guint i;

    if (!object_dynamic_cast(OBJECT(dev), TYPE_XEN_PT_DEVICE)) {
        return;
    }

    ranges = xen_rdm_of_device(rdm, xen_rdm_sbdf(XEN_PT_DEVICE(dev)));
    for (i = 0; ranges && i < ranges->len; i++) {
        XenRDMRange *r = &g_array_index(ranges, XenRDMRange, i);
        const char *why;

        g_clear_pointer(&r->failure, g_free);
        why = xen_rdm_why_not(rdm, r);
        if (why && rdm->dm->state == MEMMAP_ST_SEALED) {
            warn_report("xen-memmap: reserved memory 0x%" PRIx64 "-0x%" PRIx64
                        " of %s, which was plugged just now, is not mapped: "
                        "%s; to have room made for it, write \"0x%" PRIx64
                        "-0x%" PRIx64 "=%s\" to hvmloader/memory-map/rdm/0, "
                        "or the first number there that is free, in the "
                        "guest's xenstore directory before it is started",
                        r->gfn, r->gfn + r->pages - 1, r->name, why,
                        r->gfn, r->gfn + r->pages - 1, r->name);
        }
    }
    rdm->changed(rdm->opaque);
}

static void xen_rdm_device_unrealized(DeviceListener *listener,
                                      DeviceState *dev)
{
    XenMemmapRDM *rdm = container_of(listener, XenMemmapRDM, listener);
    g_autoptr(GPtrArray) ranges = NULL;
    uint64_t gfn, pages;
    bool assigned;
    guint i;

    if (!object_dynamic_cast(OBJECT(dev), TYPE_XEN_PT_DEVICE)) {
        return;
    }

    /* What of it all do the devices need that are left? */
    memmap_layout_init(&rdm->want, rdm->want_range, MEMMAP_MAX_ENTRIES);
    ranges = xen_rdm_collect(rdm);
    for (i = 0; i < ranges->len; i++) {
        const XenRDMRange *r = g_ptr_array_index(ranges, i);
        struct memmap_range e = xen_rdm_range(r->gfn, r->pages);

        if (xen_rdm_is_mapped(rdm, r)) {
            memmap_layout_set(&rdm->want, &e);
        }
    }

    /*
     * While Xen has the device assigned, it may still write there, so the
     * mapping has to stay.  Xen removes it with the assignment, as its own.
     */
    assigned = xen_rdm_is_assigned(xen_rdm_sbdf(XEN_PT_DEVICE(dev)));
    for (gfn = 0;
         memmap_dm_rdm_missing(&rdm->mapped, &rdm->want, &gfn, &pages);
         gfn += pages) {
        int err = assigned ? 0 : xen_rdm_unmap_run(gfn, pages);

        err = xen_rdm_forbid_run(gfn, pages) ?: err;
        if (err) {
            warn_report("xen-memmap: reserved memory 0x%" PRIx64 "-0x%" PRIx64
                        " could not be taken back: %s", gfn, gfn + pages - 1,
                        strerror(err));
        }
    }
    memmap_layout_copy(&rdm->mapped, &rdm->want);
    rdm->changed(rdm->opaque);
}

XenMemmapRDM *xen_memmap_rdm_new(const struct memmap_dm *dm,
                                 const struct memmap_layout *layout,
                                 XenMemmapRdmMode mode,
                                 void (*changed)(void *opaque), void *opaque)
{
    XenMemmapRDM *rdm;

    if (mode == XEN_MEMMAP_RDM_MODE_OFF || xen_domid_restrict ||
        !xen_rdm_may_permit()) {
        return NULL;
    }

    rdm = g_new0(XenMemmapRDM, 1);
    rdm->dm = dm;
    rdm->layout = layout;
    rdm->mode = mode;
    rdm->changed = changed;
    rdm->opaque = opaque;
    rdm->host = g_hash_table_new_full(NULL, NULL, NULL, xen_rdm_ranges_free);
    memmap_layout_init(&rdm->mapped, rdm->mapped_range, MEMMAP_MAX_ENTRIES);
    memmap_layout_init(&rdm->was, rdm->was_range, MEMMAP_MAX_ENTRIES);
    memmap_layout_init(&rdm->want, rdm->want_range, MEMMAP_MAX_ENTRIES);
    memmap_layout_init(&rdm->both, rdm->both_range, 2 * MEMMAP_MAX_ENTRIES);
    rdm->listener.realize = xen_rdm_device_realized;
    rdm->listener.unrealize = xen_rdm_device_unrealized;
    device_listener_register(&rdm->listener);
    return rdm;
}
