/*
 * Where guest RAM is, for HVM guests under Xen
 *
 * Xen owns the guest's memory; all that QEMU has is a RAMBlock without backing,
 * "xen.ram", and aliases that say which part of it the guest has where.  At
 * first ram_addr and guest physical address are the same number.  RAM that
 * moves takes the ram_addrs along that it leaves, so the block never grows.
 * This file owns the aliases, and the way back from a ram_addr, by which the
 * mapcache finds the page.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/lockable.h"
#include "qemu/thread.h"
#include "qemu/units.h"
#include "qapi/error.h"
#include "exec/address-spaces.h"
#include "exec/target_page.h"
#include "hw/xen/xen-ram.h"
#include "system/xen-mapcache.h"
#include "trace.h"

#define VGA_HOLE_START  0xa0000
#define VGA_HOLE_END    0xc0000

/* For what has no place in the block yet. */
#define NO_OFFSET       ((ram_addr_t)-1)

/* Guest RAM that is in one piece, for the guest and in the block. */
typedef struct XenRAMPiece {
    hwaddr addr;
    hwaddr size;
    ram_addr_t offset;
    MemoryRegion *alias;
} XenRAMPiece;

static struct {
    X86MachineState *x86ms;
    MemoryRegion *ram;
    /* What of the block is RAM. */
    XenRAMRange built[3];
    unsigned int nr_built;
    /*
     * Of XenRAMPiece, in order of addr.  Changed under the BQL and the lock, as
     * the mapcache asks from any thread.
     */
    GArray *piece;
    QemuMutex lock;
} layout;

static XenRAMPiece *xen_ram_piece(const GArray *piece, unsigned int i)
{
    return i < piece->len ? &g_array_index(piece, XenRAMPiece, i) : NULL;
}

static MemoryRegion *xen_ram_alias_new(const XenRAMPiece *p)
{
    MemoryRegion *mr = g_new0(MemoryRegion, 1);
    /*
     * A name of its own for each: given one that is taken, QOM counts up until
     * it finds one that is not, which for n ranges takes n^2 steps.
     */
    g_autofree char *name = g_strdup_printf("xen.ram.%" HWADDR_PRIx, p->addr);

    memory_region_init_alias(mr, NULL, name, layout.ram, p->offset, p->size);
    memory_region_add_subregion(get_system_memory(), p->addr, mr);
    trace_xen_ram_alias_add(p->addr, p->size, p->offset);
    return mr;
}

/*
 * An alias is never what an access goes to, only how the way there is found.
 * So unlike a region with contents it may be freed as soon as it is unlinked
 * (docs/devel/memory.rst, "Region lifecycle").
 */
static void xen_ram_alias_free(MemoryRegion *mr)
{
    trace_xen_ram_alias_del(mr->addr, memory_region_size(mr));
    memory_region_del_subregion(get_system_memory(), mr);
    object_unparent(OBJECT(mr));
    g_free(mr);
}

/* End of the RAM that goes on without a gap from @addr. */
static hwaddr xen_ram_run_end(const XenRAMRange *range, unsigned int nr,
                              hwaddr addr)
{
    unsigned int i;

    for (i = 0; i < nr; i++) {
        if (range[i].addr <= addr && addr < range[i].addr + range[i].size) {
            addr = range[i].addr + range[i].size;
        }
    }
    return addr;
}

/*
 * Both sizes promise RAM without a gap, from 0 and from 4 GiB, to whoever reads
 * them.  So an island of RAM above a reserved range does not count.
 */
static void xen_ram_update_sizes(const XenRAMRange *range, unsigned int nr)
{
    hwaddr low = xen_ram_run_end(range, nr, MiB);

    layout.x86ms->below_4g_mem_size = MIN(low, 4 * GiB);
    layout.x86ms->above_4g_mem_size =
        xen_ram_run_end(range, nr, 4 * GiB) - 4 * GiB;
}

static bool xen_ram_range_valid(const XenRAMRange *range, unsigned int nr,
                                Error **errp)
{
    uint64_t mask = qemu_target_page_size() - 1, room = 0;
    hwaddr end = 0;
    unsigned int i;

    for (i = 0; i < layout.nr_built; i++) {
        room += layout.built[i].size;
    }
    for (i = 0; i < nr; i++) {
        if (!range[i].size || ((range[i].addr | range[i].size) & mask) ||
            range[i].addr < end || range[i].size > room ||
            range[i].addr + range[i].size < range[i].addr) {
            error_setg(errp, "RAM cannot be at 0x%" HWADDR_PRIx
                       " size 0x%" HWADDR_PRIx, range[i].addr, range[i].size);
            return false;
        }
        end = range[i].addr + range[i].size;
        room -= range[i].size;
    }
    return true;
}

static void xen_ram_append(GArray *piece, hwaddr addr, hwaddr size,
                           ram_addr_t offset)
{
    XenRAMPiece p = { .addr = addr, .size = size, .offset = offset };
    XenRAMPiece *last = piece->len ? xen_ram_piece(piece, piece->len - 1) :
                                     NULL;

    if (last && last->addr + last->size == addr && offset != NO_OFFSET &&
        last->offset != NO_OFFSET && last->offset + last->size == offset) {
        last->size += size;
    } else {
        g_array_append_val(piece, p);
    }
}

/*
 * RAM that stays where it is keeps its place in the block: a device may hold on
 * to a mapping of it.  What is new has none yet.
 */
static GArray *xen_ram_keep(const XenRAMRange *range, unsigned int nr)
{
    GArray *now = g_array_new(false, false, sizeof(XenRAMPiece));
    unsigned int i, j = 0;

    for (i = 0; i < nr; i++) {
        hwaddr at = range[i].addr, end = at + range[i].size, next;

        for (; at < end; at = next) {
            const XenRAMPiece *p;

            while ((p = xen_ram_piece(layout.piece, j)) &&
                   p->addr + p->size <= at) {
                j++;
            }
            next = !p ? end : MIN(end, p->addr <= at ? p->addr + p->size :
                                                       p->addr);
            xen_ram_append(now, at, next - at, p && p->addr <= at ?
                           p->offset + (at - p->addr) : NO_OFFSET);
        }
    }
    return now;
}

static gint xen_ram_by_offset(gconstpointer a, gconstpointer b)
{
    const XenRAMPiece *x = a, *y = b;

    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/*
 * The first run at or after *@offset of what is RAM in the block and none of
 * @taken, which is in order of offset.
 */
static bool xen_ram_free_run(const GArray *taken, ram_addr_t *offset,
                             hwaddr *size)
{
    unsigned int i, j;

    for (i = 0; i < layout.nr_built; i++) {
        ram_addr_t at = MAX(*offset, layout.built[i].addr);
        ram_addr_t end = layout.built[i].addr + layout.built[i].size;
        const XenRAMPiece *p;

        for (j = 0; at < end && (p = xen_ram_piece(taken, j)); j++) {
            if (p->offset != NO_OFFSET && p->offset + p->size > at) {
                if (p->offset > at) {
                    end = MIN(end, p->offset);
                    break;
                }
                at = p->offset + p->size;
            }
        }
        if (at < end) {
            *offset = at;
            *size = end - at;
            return true;
        }
    }
    return false;
}

/* Give all in @kept a place in the block.  There is room: it was counted. */
static GArray *xen_ram_fill(const GArray *kept)
{
    g_autoptr(GArray) taken = g_array_new(false, false, sizeof(XenRAMPiece));
    GArray *now = g_array_sized_new(false, false, sizeof(XenRAMPiece),
                                    kept->len);
    ram_addr_t offset = 0;
    hwaddr room = 0;
    unsigned int i;

    g_array_append_vals(taken, kept->data, kept->len);
    g_array_sort(taken, xen_ram_by_offset);
    for (i = 0; i < kept->len; i++) {
        XenRAMPiece p = *xen_ram_piece(kept, i);

        if (p.offset != NO_OFFSET) {
            xen_ram_append(now, p.addr, p.size, p.offset);
            continue;
        }
        while (p.size && (room || xen_ram_free_run(taken, &offset, &room))) {
            hwaddr size = MIN(p.size, room);

            xen_ram_append(now, p.addr, size, offset);
            p.addr += size;
            p.size -= size;
            offset += size;
            room -= size;
        }
    }
    return now;
}

/* Make @now, which becomes ours, the aliases that there are. */
static void xen_ram_replace(GArray *now)
{
    GArray *old = layout.piece;
    XenRAMPiece *p, *o;
    unsigned int i, j = 0;

    memory_region_transaction_begin();
    /*
     * What goes must go first: subregions of one priority may not overlap.
     * Both lists are in order of address.
     */
    for (i = 0; (p = xen_ram_piece(now, i)); i++) {
        while ((o = xen_ram_piece(old, j)) && o->addr < p->addr) {
            xen_ram_alias_free(o->alias);
            j++;
        }
        if (o && o->addr == p->addr && o->size == p->size &&
            o->offset == p->offset) {
            p->alias = o->alias;
            j++;
        }
    }
    while ((o = xen_ram_piece(old, j++))) {
        xen_ram_alias_free(o->alias);
    }
    for (i = 0; (p = xen_ram_piece(now, i)); i++) {
        if (!p->alias) {
            p->alias = xen_ram_alias_new(p);
        }
    }
    WITH_QEMU_LOCK_GUARD(&layout.lock) {
        layout.piece = now;
    }
    memory_region_transaction_commit();
    g_array_unref(old);
}

bool xen_ram_layout_set(const XenRAMRange *range, unsigned int nr, Error **errp)
{
    g_autoptr(GArray) kept = NULL;

    if (!xen_ram_range_valid(range, nr, errp)) {
        return false;
    }

    kept = xen_ram_keep(range, nr);
    xen_ram_replace(xen_ram_fill(kept));
    xen_ram_update_sizes(range, nr);
    trace_xen_ram_layout(nr, layout.x86ms->below_4g_mem_size,
                         layout.x86ms->above_4g_mem_size);
    /* Not only if an alias changed: other pages may be behind the same gfns. */
    xen_invalidate_map_cache();
    return true;
}

hwaddr xen_ram_gaddr(ram_addr_t offset)
{
    const XenRAMPiece *p;
    unsigned int i;

    QEMU_LOCK_GUARD(&layout.lock);
    for (i = 0; (p = xen_ram_piece(layout.piece, i)); i++) {
        if (offset - p->offset < p->size) {
            return p->addr + (offset - p->offset);
        }
    }
    return XEN_RAM_NOWHERE;
}

//+ busy
bool xen_ram_is_locked(hwaddr addr, hwaddr size)
{
    const XenRAMPiece *p;
    unsigned int i;

    for (i = 0; (p = xen_ram_piece(layout.piece, i)); i++) {
        hwaddr start = MAX(addr, p->addr);
        hwaddr end = MIN(addr + size, p->addr + p->size);

        if (start < end &&
            xen_map_cache_is_locked(p->offset + (start - p->addr),
                                    end - start)) {
            return true;
        }
    }
    return false;
}

//-
void xen_ram_layout_init(X86MachineState *x86ms, MemoryRegion *ram)
{
    const XenRAMRange range[] = {
        { 0, VGA_HOLE_START },
        /*
         * The VGA emulation registers its memory between the two.  What follows
         * it, up to 1 MiB, is where firmware puts option ROMs, so it is RAM.
         */
        { VGA_HOLE_END, x86ms->below_4g_mem_size - VGA_HOLE_END },
        { 4 * GiB, x86ms->above_4g_mem_size },
    };
    GArray *piece = g_array_sized_new(false, false, sizeof(XenRAMPiece),
                                      ARRAY_SIZE(range));
    unsigned int i;

    qemu_mutex_init(&layout.lock);
    layout.x86ms = x86ms;
    layout.ram = ram;
    layout.piece = g_array_new(false, false, sizeof(XenRAMPiece));
    layout.nr_built = x86ms->above_4g_mem_size ? 3 : 2;
    for (i = 0; i < layout.nr_built; i++) {
        layout.built[i] = range[i];
        xen_ram_append(piece, range[i].addr, range[i].size, range[i].addr);
    }
    xen_ram_replace(piece);
}
