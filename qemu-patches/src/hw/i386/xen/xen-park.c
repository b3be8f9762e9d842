/*
 * Where the memory of QEMU's own that is in the guest is parked
 *
 * An incoming QEMU must know before the stream is read: it makes the blocks
 * first, and fills ROMs from their files.  The guest must have no say in it.
 * So the distance is noted in xenstore, as one of QEMU's physmap/ keys: these
 * libxl saves and restores, by names that are not its business, before it
 * starts QEMU.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "hw/xen/xen_native.h"
#include "qemu/atomic.h"
#include "qemu/cutils.h"
#include "qemu/error-report.h"
#include "qemu/host-utils.h"
#include "qemu/units.h"
#include "qapi/error.h"
#include "exec/cpu-common.h"
#include "exec/memory.h"
#include "exec/target_page.h"
#include "hw/xen/xen-legacy-backend.h"
#include "hw/xen/xen-park.h"
#include "memmap/layout.h"
#include "system/runstate.h"
#include "trace.h"

/* For what is plugged later: its ROM is parked behind the others. */
#define SPARE           (16 * MiB)
/* Firmware's tables, Xen's pages and interrupt controllers, up to 4 GiB. */
#define FIRMWARE_START  0xfc000000
/* Above this is no memory, whatever the host. */
#define MAX_ADDRESS     (1ull << 52)

#define PARK_NAME       "xen-memmap.parked"

static struct {
    ram_addr_t start;       /* of the first block */
    /*
     * From a ram_addr to where it is parked.  Changed under the BQL, but the
     * mapcache asks from any thread: it must not see half of it.  Who asks
     * while blocks move may look for a page at its old place, and find none;
     * only firmware runs then, and it does not wait for such a device.
     */
    aligned_uint64_t distance;
} park;

static char *xen_park_path(const char *key)
{
    return g_strdup_printf("device-model/%u/physmap/%" PRIx64 "/%s", xen_domid,
                           (uint64_t)park.start, key);
}

static bool xen_park_write_key(const char *key, const char *value)
{
    g_autofree char *path = xen_park_path(key);

    return qemu_xen_xs_write(xenstore, XBT_NULL, path, value, strlen(value));
}

/* Each key makes sense without the others, and the address comes last. */
static bool xen_park_note(uint64_t distance, uint64_t size)
{
    g_autofree char *where = g_strdup_printf("%" PRIx64, park.start + distance);
    g_autofree char *bytes = g_strdup_printf("%" PRIx64, size);

    return xen_park_write_key("name", PARK_NAME) &&
           xen_park_write_key("size", bytes) &&
           xen_park_write_key("start_addr", where);
}

static char *xen_park_read_key(const char *key)
{
    g_autofree char *path = xen_park_path(key);
    unsigned int len;

    return qemu_xen_xs_read(xenstore, XBT_NULL, path, &len);
}

/* What a toolstack restores has come along with the guest. */
static bool xen_park_is_place(uint64_t start)
{
    return start >= park.start && start < MAX_ADDRESS &&
           QEMU_IS_ALIGNED(start, qemu_target_page_size());
}

void xen_park_init(ram_addr_t ram_len)
{
    char *name, *where;
    uint64_t start;

    /* As find_ram_offset() rounds it. */
    park.start = ROUND_UP(ram_len,
                          (ram_addr_t)BITS_PER_LONG << qemu_target_page_bits());
    qatomic_set_u64(&park.distance, 0);
    if (!xenstore || !runstate_check(RUN_STATE_INMIGRATE)) {
        return;
    }
    name = xen_park_read_key("name");
    where = xen_park_read_key("start_addr");
    if (name && where && !strcmp(name, PARK_NAME) &&
        !qemu_strtou64(where, NULL, 16, &start)) {
        if (xen_park_is_place(start)) {
            qatomic_set_u64(&park.distance, start - park.start);
            trace_xen_ram_park_found(park.start, start);
        } else {
            error_report("xen-memmap: VRAM and ROMs cannot be parked at 0x%"
                         PRIx64 ", as xenstore says", start);
        }
    }
    free(name);
    free(where);
}

hwaddr xen_park_gaddr(ram_addr_t addr)
{
    return addr + qatomic_read_u64(&park.distance);
}

uint64_t xen_park_distance(void)
{
    return qatomic_read_u64(&park.distance);
}

bool xen_park_can_move(void)
{
    return xenstore && !xen_domid_restrict;
}

static uint64_t xen_park_pages(RAMBlock *rb)
{
    return DIV_ROUND_UP(qemu_ram_get_max_length(rb), qemu_target_page_size());
}

struct owned {
    struct memmap_layout *layout;
    bool ok;
};

static int xen_park_add_block(RAMBlock *rb, void *opaque)
{
    struct owned *o = opaque;
    ram_addr_t start = qemu_ram_get_offset(rb);
    struct memmap_range r = {
        .gfn = xen_park_gaddr(start) >> qemu_target_page_bits(),
        .pages = xen_park_pages(rb),
        .source = MEMMAP_NO_SOURCE,
        .type = MEMMAP_TYPE_OWNED,
    };

    /*
     * A block that a BAR shows returns when it is unmapped: its place is taken.
     */
    if (start >= park.start) {
        o->ok = o->ok && memmap_layout_set(o->layout, &r);
    }
    return 0;
}

bool xen_park_add_owned(struct memmap_layout *l)
{
    struct owned o = { .layout = l, .ok = true };

    qemu_ram_foreach_block(xen_park_add_block, &o);
    return o.ok;
}

static int xen_park_grow_end(RAMBlock *rb, void *opaque)
{
    ram_addr_t *end = opaque;

    *end = MAX(*end, qemu_ram_get_offset(rb) + qemu_ram_get_max_length(rb));
    return 0;
}

static bool xen_park_overlaps(const struct memmap_layout *l, hwaddr start,
                              hwaddr end)
{
    unsigned int bits = qemu_target_page_bits(), i;

    /* In gfns, which are whatever the guest likes. */
    for (i = 0; i < l->nr; i++) {
        if (l->range[i].gfn < end >> bits &&
            start >> bits < memmap_range_end(&l->range[i])) {
            return true;
        }
    }
    return start < 4 * GiB && FIRMWARE_START < end;
}

/*
 * Above all that the layout knows of.  A window for BARs is announced to the
 * guest's operating system as a multiple of its own alignment, so it may be
 * longer than what firmware needs now, but never goes beyond the next power of
 * two.  0: there is no such place.
 */
static hwaddr xen_park_place(const struct memmap_layout *l, hwaddr end)
{
    unsigned int bits = qemu_target_page_bits(), i;
    uint64_t top = MAX(end, 4 * GiB) >> bits;

    for (i = 0; i < l->nr; i++) {
        top = MAX(top, memmap_range_end(&l->range[i]));
    }
    return pow2ceil(top) << bits;
}

struct move {
    uint64_t from;          /* the distances, in bytes */
    uint64_t to;
    int err;
};

static int xen_park_move_block(RAMBlock *rb, void *opaque)
{
    struct move *m = opaque;
    ram_addr_t start = qemu_ram_get_offset(rb);
    unsigned int bits = qemu_target_page_bits();

    if (start < park.start || xen_is_shown(start)) {
        return 0;
    }
    if (xen_relocate_memory(xen_park_pages(rb), (start + m->from) >> bits,
                            (start + m->to) >> bits)) {
        m->err = errno;
        return -1;
    }
    return 0;
}

/*
 * What could not be moved as a whole may have moved in part, and is moved back
 * as far as that goes: pages that are not there are an error and no harm.
 */
static int xen_park_move(uint64_t to)
{
    struct move m = { .from = park.distance, .to = to };
    struct move back = { .from = to, .to = park.distance };

    if (!qemu_ram_foreach_block(xen_park_move_block, &m)) {
        return 0;
    }
    qemu_ram_foreach_block(xen_park_move_block, &back);
    return m.err;
}

/* Take all up to @end away to where @l has nothing. */
static bool xen_park_go(const struct memmap_layout *l, ram_addr_t end,
                        Error **errp)
{
    hwaddr to = xen_park_place(l, xen_park_gaddr(end));
    uint64_t distance;
    int err;

    if (!to || to >= MAX_ADDRESS) {
        error_setg(errp, "there is no address left for VRAM and ROMs");
        return false;
    }
    distance = to - park.start;
    /* Said first, so that it cannot have moved and nobody know. */
    if (!xen_park_note(distance, end - park.start)) {
        error_setg_errno(errp, errno, "xenstore does not take where VRAM and "
                         "ROMs are");
        xen_park_note(park.distance, end - park.start);
        return false;
    }
    err = xen_park_move(distance);
    trace_xen_ram_park_move(xen_park_gaddr(park.start), to, end - park.start,
                            err);
    if (err) {
        error_setg_errno(errp, err, "Xen does not move VRAM and ROMs to 0x%"
                         HWADDR_PRIx, to);
        xen_park_note(park.distance, end - park.start);
        return false;
    }
    qatomic_set_u64(&park.distance, distance);
    return true;
}

bool xen_park_make_room(const struct memmap_layout *l, Error **errp)
{
    ram_addr_t end = park.start;

    qemu_ram_foreach_block(xen_park_grow_end, &end);
    return end == park.start ||
           !xen_park_overlaps(l, xen_park_gaddr(park.start),
                              xen_park_gaddr(end) + SPARE) ||
           xen_park_go(l, end, errp);
}

hwaddr xen_park_place_block(ram_addr_t addr, ram_addr_t size)
{
    const struct memmap_layout nothing = {};
    Error *err = NULL;

    if (addr >= park.start && xen_park_can_move() &&
        xen_park_overlaps(&nothing, xen_park_gaddr(addr),
                          xen_park_gaddr(addr + size)) &&
        !xen_park_go(&nothing, addr + size, &err)) {
        error_report_err(err);
    }
    return xen_park_gaddr(addr);
}
