/*
 * Where guest RAM is, for HVM guests under Xen
 *
 * Xen owns the guest's memory; all that QEMU has is a RAMBlock without backing,
 * "xen.ram", in which ram_addr and guest physical address are the same number,
 * and aliases that say which parts of it the guest has.  This file owns those
 * aliases, and replaces them when RAM moves.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/units.h"
#include "qapi/error.h"
#include "exec/address-spaces.h"
#include "exec/target_page.h"
#include "hw/xen/xen-ram.h"
#include "system/xen-mapcache.h"
#include "trace.h"

#define VGA_HOLE_START  0xa0000
#define VGA_HOLE_END    0xc0000

static struct {
    X86MachineState *x86ms;
    MemoryRegion *ram;
    GPtrArray *alias;           /* of MemoryRegion, in order of address */
} layout;

/* Blocks start at multiples of this; see find_ram_offset(). */
static ram_addr_t xen_ram_small_block(void)
{
    return (ram_addr_t)BITS_PER_LONG << qemu_target_page_bits();
}

ram_addr_t xen_ram_movable_len(ram_addr_t ram_size)
{
    /*
     * RAM that leaves the space below 4 GiB goes above it, so 4 GiB + ram_size
     * always suffice.  What comes after the block is parked in the guest's
     * physical address space as well: leave some room for 64-bit BARs that
     * firmware puts right after RAM.  Nothing is allocated for any of it.
     *
     * VRAM must be parked at a multiple of the mapcache's bucket size, or
     * xen_replace_cache_entry() does not find it again after migration.  So end
     * short of the round number, by as much as one small block takes.
     */
    return 4 * GiB + ROUND_UP(ram_size, GiB) + GiB - xen_ram_small_block();
}

static MemoryRegion *xen_ram_alias_new(const XenRAMRange *r)
{
    MemoryRegion *mr = g_new0(MemoryRegion, 1);
    /*
     * A name of its own for each: given one that is taken, QOM counts up until
     * it finds one that is not, which for n ranges takes n^2 steps.
     */
    g_autofree char *name = g_strdup_printf("xen.ram.%" HWADDR_PRIx, r->addr);

    memory_region_init_alias(mr, NULL, name, layout.ram, r->addr, r->size);
    memory_region_add_subregion(get_system_memory(), r->addr, mr);
    trace_xen_ram_alias_add(r->addr, r->size);
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
    uint64_t len = memory_region_size(layout.ram);
    uint64_t mask = qemu_target_page_size() - 1;
    hwaddr end = 0;
    unsigned int i;

    for (i = 0; i < nr; i++) {
        if (!range[i].size || ((range[i].addr | range[i].size) & mask) ||
            range[i].addr < end || range[i].addr > len ||
            range[i].size > len - range[i].addr) {
            error_setg(errp, "RAM cannot be at 0x%" HWADDR_PRIx
                       " size 0x%" HWADDR_PRIx, range[i].addr, range[i].size);
            return false;
        }
        end = range[i].addr + range[i].size;
    }
    return true;
}

static MemoryRegion *xen_ram_alias_at(GPtrArray *alias, unsigned int i)
{
    return i < alias->len ? g_ptr_array_index(alias, i) : NULL;
}

static void xen_ram_alias_replace(const XenRAMRange *range, unsigned int nr)
{
    g_autoptr(GPtrArray) old = layout.alias;
    unsigned int i, j = 0;

    layout.alias = g_ptr_array_sized_new(nr);

    memory_region_transaction_begin();
    /*
     * What goes must go first: subregions of one priority may not overlap.
     * Both lists are in order of address.
     */
    for (i = 0; i < nr; i++) {
        MemoryRegion *mr;

        while ((mr = xen_ram_alias_at(old, j)) && mr->addr < range[i].addr) {
            xen_ram_alias_free(mr);
            j++;
        }
        if (mr && mr->addr == range[i].addr &&
            memory_region_size(mr) == range[i].size) {
            j++;
        } else {
            mr = NULL;
        }
        g_ptr_array_add(layout.alias, mr);
    }
    while (j < old->len) {
        xen_ram_alias_free(g_ptr_array_index(old, j++));
    }
    for (i = 0; i < nr; i++) {
        if (!g_ptr_array_index(layout.alias, i)) {
            g_ptr_array_index(layout.alias, i) = xen_ram_alias_new(&range[i]);
        }
    }
    memory_region_transaction_commit();
}

bool xen_ram_layout_set(const XenRAMRange *range, unsigned int nr, Error **errp)
{
    if (!xen_ram_range_valid(range, nr, errp)) {
        return false;
    }

    xen_ram_alias_replace(range, nr);
    xen_ram_update_sizes(range, nr);
    trace_xen_ram_layout(nr, layout.x86ms->below_4g_mem_size,
                         layout.x86ms->above_4g_mem_size);
    /* Not only if an alias changed: other pages may be behind the same gfns. */
    xen_invalidate_map_cache();
    return true;
}

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

    layout.x86ms = x86ms;
    layout.ram = ram;
    layout.alias = g_ptr_array_new();
    xen_ram_alias_replace(range, x86ms->above_4g_mem_size ? 3 : 2);
}
