/* SPDX-License-Identifier: GPL-2.0-only */
#include "hvm.h"
#include "fw.h"
#include "move.h"

#include "../config.h"
#include "../util.h"
#include "../hypercall.h"

#include <xen/memory.h>
#include <xen/hvm/e820.h>
#include <xen/hvm/hvm_info_table.h>

/* BARs above this never go into the low hole, as in pci.c. */
#define HIGH_THRESH     GB(1)
/* How far down the hole may grow: half of what is below 4 GiB. */
#define HOLE_MIN        GB(2)
/* Two of the eight variable MTRRs are left for BARs above 4 GiB. */
#define MAX_MTRRS       6

static struct memmap_fw fw;
/* Where everything is now; every page moved is noted here at once. */
static struct memmap_range now_range[MEMMAP_MAX_ENTRIES];
static struct memmap_layout now;
static struct memmap_range after_range[MEMMAP_MAX_ENTRIES];
static struct memmap_move moves[2 * MEMMAP_MAX_ENTRIES];
static struct memmap_plan plan;
/* Whether the layout differs from the one committed last. */
static bool dirty;

/* hvmloader's printf knows no 64-bit numbers. */
struct hex {
    char text[17];
};

static const char *hex(uint64_t v, struct hex *h)
{
    if ( v >> 32 )
        snprintf(h->text, sizeof(h->text), PRIllx, PRIllx_arg(v));
    else
        snprintf(h->text, sizeof(h->text), "%x", (uint32_t)v);

    return h->text;
}

static uint32_t port_in(void *opaque, unsigned int reg)
{
    return inl(MEMMAP_PORT_BASE + reg);
}

static void port_out(void *opaque, unsigned int reg, uint32_t val)
{
    outl(MEMMAP_PORT_BASE + reg, val);
}

static const struct memmap_fw_io port_io = { .in = port_in, .out = port_out };

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

static const struct memmap_p2m_ops p2m_ops = {
    .add_to_physmap = add_to_physmap,
};

static bool note(uint64_t gfn, uint64_t end, unsigned int type)
{
    struct memmap_range r = {
        .gfn = gfn,
        .pages = end - gfn,
        .source = type == MEMMAP_TYPE_RAM ? gfn : MEMMAP_NO_SOURCE,
        .type = type,
    };

    return end <= gfn || memmap_layout_set(&now, &r);
}

/* The layout that the toolstack built and described in the memory map. */
static bool layout_from_e820(void)
{
    unsigned int i;

    memmap_layout_init(&now, now_range, MEMMAP_MAX_ENTRIES);

    if ( !note(0, MEMMAP_VGA_GFN, MEMMAP_TYPE_RAM) ||
         !note(MEMMAP_VGA_END, MEMMAP_FIXED_END, MEMMAP_TYPE_RAM) )
        return false;

    for ( i = 0; i < memory_map.nr_map; i++ )
    {
        const struct e820entry *e = &memory_map.map[i];
        uint64_t gfn = e->addr >> PAGE_SHIFT;
        uint64_t end = (e->addr + e->size) >> PAGE_SHIFT;

        if ( e->type == E820_RAM )
        {
            if ( gfn < MEMMAP_FIXED_END )
                gfn = MEMMAP_FIXED_END;
            if ( !note(gfn, end, MEMMAP_TYPE_RAM) )
                return false;
        }
        else if ( e->type == E820_RESERVED )
        {
            end = (e->addr + e->size + PAGE_SIZE - 1) >> PAGE_SHIFT;
            if ( !note(gfn, end, MEMMAP_TYPE_RDM) )
                return false;
        }
    }

    return true;
}

/* Keep the two numbers that the rest of hvmloader goes by in step. */
static void sync_hvm_info(void)
{
    uint32_t low = 0, high = 0;
    unsigned int i;

    for ( i = 0; i < now.nr; i++ )
    {
        const struct memmap_range *r = &now.range[i];

        if ( r->type != MEMMAP_TYPE_RAM || (r->flags & MEMMAP_EF_FIRMWARE) )
            continue;
        if ( r->gfn < (GB(4) >> PAGE_SHIFT) )
            low = memmap_range_end(r);
        else
            high = memmap_range_end(r);
    }

    hvm_info->low_mem_pgend = low;
    hvm_info->high_mem_pgend = high;
}

bool memmap_sync_e820(void)
{
    unsigned int i, nr = 0;
    struct hex h;

    if ( !fw.present )
        return false;

    for ( i = 0; i < now.nr; i++ )
    {
        const struct memmap_range *r = &now.range[i];
        uint64_t gfn = r->gfn;

        if ( gfn < MEMMAP_FIXED_END )
            gfn = MEMMAP_FIXED_END;
        if ( memmap_range_end(r) <= gfn || (r->flags & MEMMAP_EF_FIRMWARE) ||
             (r->type != MEMMAP_TYPE_RAM && r->type != MEMMAP_TYPE_RDM) )
            continue;
        if ( nr == E820MAX )
        {
            printf("memmap: memory map is full, what follows gfn %s is left out\n",
                   hex(gfn, &h));
            break;
        }
        memory_map.map[nr].addr = gfn << PAGE_SHIFT;
        memory_map.map[nr].size = (memmap_range_end(r) - gfn) << PAGE_SHIFT;
        memory_map.map[nr].type =
            r->type == MEMMAP_TYPE_RAM ? E820_RAM : E820_RESERVED;
        nr++;
    }
    memory_map.nr_map = nr;

    return true;
}

/* One line: what the device model refused, why, and what becomes of it. */
static void complain(const char *what, unsigned int err, const char *so)
{
    printf("memmap: device model refused %s: %s", what, memmap_strerror(err));
    if ( fw.index != MEMMAP_NO_INDEX )
        printf(" (entry %u)", fw.index);
    printf("; %s\n", so);
}

static bool make_plan(const struct memmap_layout *l, struct memmap_bar *bar,
                      unsigned int nr, uint64_t mmio_hole_size,
                      bool may_move)
{
    struct memmap_plan_in in = {
        .now = l,
        .hole_start = pci_mem_start,
        .hole_min = HOLE_MIN,
        .hole_end = pci_mem_end,
        .high_base = GB(4),
        .high_thresh = HIGH_THRESH,
        .addr_limit = 1ull << cpu_phys_addr(),
        /* What the device model can map is for it to say, with an index. */
        .gfn_limit = 1ull << (cpu_phys_addr() - PAGE_SHIFT),
        .max_mtrrs = MAX_MTRRS,
        .may_move = may_move,
    };

    if ( mmio_hole_size && mmio_hole_size <= GB(4) &&
         GB(4) - mmio_hole_size <= pci_mem_start )
    {
        in.hole_start = GB(4) - mmio_hole_size;
        in.hole_fixed = true;
    }
    memmap_layout_init(&plan.after, after_range, MEMMAP_MAX_ENTRIES);
    plan.move = moves;
    plan.max_moves = ARRAY_SIZE(moves);
    return memmap_plan(&in, bar, nr, &plan);
}

/*
 * The device model's own ranges, added to a copy of the layout: what the
 * planner must keep out of.
 */
static bool add_constraints(struct memmap_layout *l,
                            const struct memmap_layout *owned)
{
    unsigned int i;

    if ( !memmap_layout_copy(l, &now) )
        return false;
    for ( i = 0; i < owned->nr; i++ )
        if ( (owned->range[i].type == MEMMAP_TYPE_OWNED ||
              owned->range[i].type == MEMMAP_TYPE_RDM) &&
             !memmap_layout_overlaps(l, MEMMAP_TYPE_RAM, owned->range[i].gfn,
                                     owned->range[i].pages) &&
             !memmap_layout_set(l, &owned->range[i]) )
            return false;

    return true;
}

static struct memmap_record record(const struct memmap_layout *l)
{
    return (struct memmap_record){
        .gfn_limit = 1ull << (cpu_phys_addr() - PAGE_SHIFT),
        .layout = *l,
    };
}

/* Where a toolstack can read what was said.  Untrusted: the guest may write it. */
#define XS_DIR "data/memory-map/"
/* Entries a key: short of both the payload limit and the guest's quota. */
#define XS_CHUNK 16

static const char *type_name(unsigned int type)
{
    switch ( type )
    {
    case MEMMAP_TYPE_RAM:  return "ram";
    case MEMMAP_TYPE_RDM:  return "rdm";
    case MEMMAP_TYPE_MMIO: return "mmio";
    }

    return "?";
}

/*
 * Leave the record for people, before the doorbell: if the device model dies of
 * it, this says of what.  A guest's quota may be used up, which stops nothing.
 */
static void show(const struct memmap_layout *l)
{
    static char text[XS_CHUNK * 72];
    struct hex h[3];
    char path[48];
    unsigned int i, n = 0, used = 0;
    int rc;

    snprintf(text, sizeof(text), "%u", fw.generation + 1);
    rc = xenstore_write(XS_DIR "generation", text);

    for ( i = 0; i < l->nr && !rc; i++ )
    {
        const struct memmap_range *r = &l->range[i];

        used += snprintf(text + used, sizeof(text) - used,
                         "%s %s %s %s %x %x\n", hex(r->gfn, &h[0]),
                         hex(r->pages, &h[1]),
                         r->source == MEMMAP_NO_SOURCE ? "-"
                                                       : hex(r->source, &h[2]),
                         type_name(r->type), r->flags, r->aux);
        if ( i % XS_CHUNK != XS_CHUNK - 1 && i != l->nr - 1 )
            continue;
        snprintf(path, sizeof(path), XS_DIR "layout/%u", n++);
        rc = xenstore_write(path, text);
        used = 0;
    }

    if ( rc )
        printf("memmap: layout not shown in xenstore (error %d)\n", rc);
}

/* Leave the conversation: nobody after us shall have a say either. */
static bool give_up(const char *why)
{
    printf("memmap: %s, going on without the protocol\n", why);
    memmap_fw_seal(&fw);
    fw.present = false;
    return false;
}

bool memmap_settle(struct memmap_bar *bar, unsigned int nr,
                   uint64_t mmio_hole_size)
{
    static struct memmap_range query_range[MEMMAP_MAX_ENTRIES];
    static struct memmap_range all_range[MEMMAP_MAX_ENTRIES];
    struct memmap_record query = {}, want;
    struct memmap_layout all;
    struct hex h[3];
    unsigned int i, rc;
    bool may_move = true;

    if ( !strncmp(xenstore_read("hvmloader/memory-map/enabled", "1"), "0", 2) )
    {
        printf("memmap: switched off in xenstore\n");
        return false;
    }

    fw.io = &port_io;
    fw.buf = (uint8_t *)MEMMAP_BUFFER_PHYSICAL_ADDRESS;
    fw.buf_gfn = MEMMAP_BUFFER_PHYSICAL_ADDRESS >> PAGE_SHIFT;
    fw.features = MEMMAP_FEAT_PUBLISH;

    if ( memmap_fw_probe(&fw) )
    {
        printf("memmap: device model makes no offer, RAM stays unless allowed\n");
        return false;
    }

    memmap_layout_init(&query.layout, query_range, MEMMAP_MAX_ENTRIES);
    rc = memmap_fw_query(&fw, &query);
    memmap_layout_init(&all, all_range, MEMMAP_MAX_ENTRIES);
    if ( rc )
    {
        complain("to say what it needs", rc, "going on without it");
        return give_up("constraints unknown");
    }
    if ( !layout_from_e820() || !add_constraints(&all, &query.layout) )
        return give_up("memory map has too many ranges");

 again:
    if ( !make_plan(&all, bar, nr, mmio_hole_size, may_move) )
    {
        if ( !may_move )
            return give_up("layout has too many ranges");
        printf("memmap: no room for the RAM that would move, it stays\n");
        may_move = false;
        goto again;
    }

    want = record(&plan.after);
    if ( plan.nr_moves )
    {
        rc = memmap_fw_prepare(&fw, &want);
        if ( rc )
        {
            complain("the layout with RAM moved", rc, "RAM stays where it is");
            may_move = false;
            goto again;
        }
        for ( i = 0; i < plan.nr_moves; i++ )
            printf("memmap: moving %s pages from gfn %s to %s\n",
                   hex(plan.move[i].pages, &h[0]), hex(plan.move[i].from, &h[1]),
                   hex(plan.move[i].to, &h[2]));
        if ( memmap_move(&p2m_ops, NULL, &plan, &now) )
        {
            printf("memmap: Xen did not move the RAM, it stays where it is\n");
            add_constraints(&all, &query.layout);
            may_move = false;
            goto again;
        }
    }

    show(&plan.after);
    rc = memmap_fw_commit(&fw, &want);
    if ( rc )
    {
        complain("to follow", rc, plan.nr_moves ? "RAM is moved back"
                                                : "devices may not see all RAM");
        if ( plan.nr_moves )
        {
            memmap_move_back(&p2m_ops, NULL, &plan, &now);
            add_constraints(&all, &query.layout);
            may_move = false;
            goto again;
        }
    }
    memmap_layout_copy(&now, &plan.after);

    pci_mem_start = plan.hole_start;
    pci_hi_mem_start = plan.high_start;
    pci_hi_mem_end = plan.high_end;
    if ( pci_hi_mem_end )   /* as pci.c does, for fewer MTRRs */
        pci_hi_mem_end = ((pci_hi_mem_end - 1) |
                          ((pci_hi_mem_start & -pci_hi_mem_start) - 1)) + 1;
    sync_hvm_info();
    memmap_sync_e820();
    printf("memmap: version %u, generation %u, hole at %08x, %s pages moved,"
           " %u BARs without a place\n", MEMMAP_VERSION_MAJOR, fw.generation,
           pci_mem_start, hex(plan.moved_pages, &h[0]), plan.unplaced);

    return true;
}

void memmap_page_taken(uint64_t from, uint64_t to)
{
    struct memmap_range r = {
        .gfn = to,
        .pages = 1,
        .source = MEMMAP_NO_SOURCE,
        .type = MEMMAP_TYPE_RAM,
        .flags = MEMMAP_EF_FIRMWARE,
    };

    if ( !fw.present )
        return;

    memmap_layout_clear(&now, from, 1);
    memmap_layout_set(&now, &r);
    /* The next page comes from below this one, which may be across a gap. */
    sync_hvm_info();
    dirty = true;
}

void memmap_finish(void)
{
    struct memmap_record last;
    unsigned int rc;

    if ( !fw.present )
        return;

    if ( dirty )
    {
        last = record(&now);
        show(&now);
        rc = memmap_fw_commit(&fw, &last);
        if ( rc )
            complain("the final layout", rc, "devices may not see all RAM");
    }
    rc = memmap_fw_seal(&fw);
    if ( rc )
        complain("to be sealed", rc, "the guest can talk to it");
    printf("memmap: sealed at generation %u after %u port accesses\n",
           fw.generation, fw.accesses);
}
