/* SPDX-License-Identifier: GPL-2.0-only */
#include "hvm-p2m.h"
#include "hvm-xenstore.h"

#include "../config.h"
#include "../util.h"
#include "../hypercall.h"

#include <xen/memory.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/hvm_xs_strings.h>

/*
 * Not in a multicall of calls of 16 pages, after which Xen returns if there is
 * an IOMMU.  That is four times as fast then, but slower than extents, and
 * half as fast without an IOMMU, of which a guest does not know; and Xen makes
 * all of its calls, whatever becomes of one, so each that finds no memory for
 * a page table loses a page.
 */
static int add_to_physmap(void *opaque, uint64_t from, uint64_t to,
                          unsigned int pages)
{
    struct xen_add_to_physmap xatp = {
        .domid = DOMID_SELF,
        .space = XENMAPSPACE_gmfn_range,
        .idx = from,
        .gpfn = to,
        .size = pages,
    };

    return hypercall_memory_op(XENMEM_add_to_physmap, &xatp);
}

static bool is_empty(void *opaque, uint64_t gfn)
{
    struct xen_hvm_get_mem_type there = { .domid = DOMID_SELF, .pfn = gfn };

    return !hypercall_hvm_op(HVMOP_get_mem_type, &there) &&
           there.mem_type == HVMMEM_mmio_dm;
}

static int reserve(unsigned int op, uint64_t gfn, unsigned int nr,
                   unsigned int order)
{
    xen_pfn_t extent[MEMMAP_EXTENT_BATCH];
    struct xen_memory_reservation xmr = {
        .nr_extents = nr,
        .extent_order = order,
        .domid = DOMID_SELF,
    };
    unsigned int i;

    for ( i = 0; i < nr; i++ )
        extent[i] = gfn + ((uint64_t)i << order);
    set_xen_guest_handle(xmr.extent_start, extent);

    return hypercall_memory_op(op, &xmr);
}

static int decrease(void *opaque, uint64_t gfn, unsigned int nr,
                    unsigned int order)
{
    return reserve(XENMEM_decrease_reservation, gfn, nr, order);
}

static int populate(void *opaque, uint64_t gfn, unsigned int nr,
                    unsigned int order)
{
    return reserve(XENMEM_populate_physmap, gfn, nr, order);
}

const struct memmap_p2m_ops memmap_p2m_ops = {
    .add_to_physmap = add_to_physmap,
    .is_empty = is_empty,
    .decrease = decrease,
    .populate = populate,
};

const char *memmap_why_stay(const struct memmap_layout *now)
{
    struct xen_memory_domain self = { .domid = DOMID_SELF };
    struct xen_vnuma_topology_info vnuma = { .domid = DOMID_SELF };
    struct memmap_memory m = {
        .told = memmap_is_off(HVM_XS_MEMORY_MAP_RELOCATE),
        .ram_pages = memmap_layout_pages(now, MEMMAP_TYPE_RAM),
        .target = memmap_kib("memory/target"),
        .videoram = memmap_kib("memory/videoram"),
        .static_max = memmap_kib("memory/static-max"),
    };
    int rc = hypercall_memory_op(XENMEM_current_reservation, &self);

    if ( rc > 0 )
        m.populated = rc;
    /* Asked with no room for the answer, Xen says how much it would take. */
    if ( hypercall_memory_op(XENMEM_get_vnumainfo, &vnuma) == -ENOBUFS )
        m.vnodes = vnuma.nr_vnodes;

    return memmap_move_refusal(&m);
}
