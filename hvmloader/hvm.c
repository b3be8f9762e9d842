/* SPDX-License-Identifier: GPL-2.0-only */
#include "hvm.h"
#include "fw.h"
#include "hvm-e820.h"
#include "hvm-rdm.h"
#include "move.h"

#include "../config.h"
#include "../util.h"
#include "../hypercall.h"

#include <xen/memory.h>
#include <xen/hvm/e820.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/hvm_info_table.h>

static struct memmap_fw fw;
/*
 * Where everything is now; every page moved is noted here at once, so there is
 * more room than a record has.
 */
static struct memmap_range now_range[2 * MEMMAP_MAX_ENTRIES];
static struct memmap_layout now;
static struct memmap_range after_range[MEMMAP_MAX_ENTRIES];
static struct memmap_move moves[2 * MEMMAP_MAX_ENTRIES];
static struct memmap_plan plan;
static struct memmap_moved moved;
/* Whether the layout differs from the one committed last. */
static bool dirty;

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

static const struct memmap_p2m_ops p2m_ops = {
    .add_to_physmap = add_to_physmap,
    .is_empty = is_empty,
    .decrease = decrease,
    .populate = populate,
};

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
    if ( fw.present )
        memmap_e820_write(&now);

    return fw.present;
}

uint32_t memmap_low_ram_end(void)
{
    return fw.present ? memmap_e820_low_end(&now)
                      : hvm_info->low_mem_pgend << PAGE_SHIFT;
}

uint64_t memmap_ram_size(void)
{
    uint64_t high = hvm_info->high_mem_pgend;

    if ( fw.present )
        return memmap_layout_pages(&now, MEMMAP_TYPE_RAM) << PAGE_SHIFT;
    if ( high )
        high -= GB(4) >> PAGE_SHIFT;

    return (hvm_info->low_mem_pgend + high) << PAGE_SHIFT;
}

/* One line: what the device model refused, why, and what becomes of it. */
static void complain(const char *what, unsigned int err, const char *so)
{
    printf("memmap: device model refused %s: %s", what, memmap_strerror(err));
    if ( fw.index != MEMMAP_NO_INDEX )
        printf(" (entry %u)", fw.index);
    printf("; %s\n", so);
}

static bool is_at(const char *key, const char *value)
{
    return !strncmp(xenstore_read(key, ""), value, strlen(value) + 1);
}

/* The toolstack's switches are on unless it says otherwise. */
static bool is_off(const char *key)
{
    return is_at(key, "0");
}

static bool prefers_high(void)
{
    static const char key[] = "hvmloader/memory-map/policy";
    const bool high = is_at(key, "high");

    if ( !high && !is_at(key, "low") && !is_at(key, "") )
        printf("memmap: %s = \"%s\" is neither low nor high, taken for low\n",
               key, xenstore_read(key, ""));

    return high;
}

static struct memmap_plan_in inputs(uint64_t mmio_hole_size)
{
    struct memmap_plan_in in = {
        .hole_start = pci_mem_start,
        .hole_min = MEMMAP_HOLE_MIN,
        .hole_end = pci_mem_end,
        .high_base = GB(4),
        .prefer_high = prefers_high(),
        .high_thresh = MEMMAP_HIGH_THRESH,
        .addr_limit = 1ull << cpu_phys_addr(),
        /* What the device model can map is for it to say, with an index. */
        .gfn_limit = 1ull << (cpu_phys_addr() - PAGE_SHIFT),
        .max_mtrrs = cpu_var_mtrrs(),
        .may_move = true,
    };
    struct memmap_hex h;

    if ( mmio_hole_size > GB(4) - MEMMAP_HOLE_LEAST ||
         (mmio_hole_size && GB(4) - mmio_hole_size > pci_mem_start) )
        printf("memmap: mmio_hole_size=0x%s cannot be had, ignored\n",
               memmap_hex(mmio_hole_size, &h));
    else if ( mmio_hole_size )
    {
        in.hole_start = GB(4) - mmio_hole_size;
        in.hole_fixed = true;
    }

    return in;
}

/* Plan, and if there is no room do with less; @in says with what. */
static void make_plan(struct memmap_plan_in *in, struct memmap_bar *bar,
                      unsigned int nr)
{
    static const char *const full[] = {
        [MEMMAP_FULL_ENTRIES] = "ranges in the layout",
        [MEMMAP_FULL_MOVES] = "moves",
        [MEMMAP_FULL_GFNS] = "addresses for RAM",
    };

    plan.move = moves;
    plan.max_moves = MEMMAP_ARRAY_SIZE(moves);
    memmap_layout_init(&plan.after, after_range, MEMMAP_MAX_ENTRIES);
    /* What an E820 has, and nothing else, there is room for. */
    while ( !memmap_plan(in, bar, nr, &plan) &&
            (in->may_move || in->rdm || !in->no_mmio) )
    {
        printf("memmap: not enough %s, %s\n", full[plan.full],
               in->may_move ? "RAM stays where it is" :
               in->rdm ? "reserved memory is left out"
                       : "what is for BARs is not told");
        if ( in->may_move )
            in->may_move = false;
        else if ( in->rdm )
            in->rdm = NULL;
        else
            in->no_mmio = true;
    }

    memmap_e820_fit(&plan.after);
}

/*
 * The device model's own ranges, added to a copy of the layout: what the
 * planner must keep out of.  @l has room for both, however they lie.
 */
static void add_constraints(struct memmap_layout *l,
                            const struct memmap_layout *owned)
{
    unsigned int i;

    memmap_layout_copy(l, &now);
    for ( i = 0; i < owned->nr; i++ )
        if ( owned->range[i].type == MEMMAP_TYPE_OWNED &&
             !memmap_layout_overlaps(l, MEMMAP_TYPE_RAM, owned->range[i].gfn,
                                     owned->range[i].pages) )
            memmap_layout_set(l, &owned->range[i]);
}

static struct memmap_record record(const struct memmap_layout *l)
{
    return (struct memmap_record){
        .flags = moved.lost_pages ? MEMMAP_RF_RAM_SHRUNK : 0,
        .gfn_limit = 1ull << (cpu_phys_addr() - PAGE_SHIFT),
        .layout = *l,
    };
}

/* Where a toolstack can read what was said.  Untrusted: the guest may write it. */
#define XS_DIR "data/memory-map/"
/*
 * Bytes of a value (PROTOCOL.md, section 8).  Of the 2048 that a guest has for a
 * node, by default, its permissions take some.
 */
#define XS_VALUE 1920

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

static int show_key(unsigned int n, const char *value)
{
    char path[48];

    snprintf(path, sizeof(path), XS_DIR "layout/%u", n);

    return xenstore_write(path, value);
}

/*
 * Leave the record for people, before the doorbell: if the device model dies of
 * it, this says of what.  A guest's quota may be used up, which stops nothing.
 */
static void show(const struct memmap_layout *l)
{
    static char text[XS_VALUE + 1];
    static unsigned int shown;      /* keys of the last layout */
    struct memmap_hex h[3];
    unsigned int i, n = 0, used = 0;
    int rc;

    snprintf(text, sizeof(text), "%u", fw.generation + 1);
    rc = xenstore_write(XS_DIR "generation", text);

    for ( i = 0; i < l->nr && !rc; i++ )
    {
        const struct memmap_range *r = &l->range[i];
        char line[80];
        unsigned int len = snprintf(line, sizeof(line), "%s %s %s %s %x %x\n",
                                    memmap_hex(r->gfn, &h[0]),
                                    memmap_hex(r->pages, &h[1]),
                                    r->source == MEMMAP_NO_SOURCE
                                    ? "-" : memmap_hex(r->source, &h[2]),
                                    type_name(r->type), r->flags, r->aux);

        if ( used + len > XS_VALUE )
        {
            rc = show_key(n++, text);
            used = 0;
        }
        memcpy(text + used, line, len + 1);
        used += len;
    }
    if ( !rc )
        rc = show_key(n++, text);
    /* hvmloader cannot remove a key: what is left of a longer one is empty. */
    for ( i = n; i < shown && !rc; i++ )
        rc = show_key(i, "");
    if ( n > shown )
        shown = n;

    if ( rc )
        printf("memmap: layout not shown in xenstore (error %d)\n", rc);
}

/*
 * Commit @r; what the device model cannot map of reserved memory is marked so,
 * and it is asked again.  Each round marks one entry, so there is an end.
 */
static unsigned int commit(struct memmap_record *r)
{
    unsigned int rc;

    for ( ; ; )
    {
        struct memmap_range *e;

        show(&r->layout);
        rc = memmap_fw_commit(&fw, r);
        if ( rc != MEMMAP_E_RDM || fw.index >= r->layout.nr )
            return rc;
        e = &r->layout.range[fw.index];
        if ( e->type != MEMMAP_TYPE_RDM || (e->flags & MEMMAP_EF_UNMAPPED) )
            return rc;
        e->flags |= MEMMAP_EF_UNMAPPED;
        printf("memmap: ");
        memmap_print_rdm(e);
        printf(" could not be mapped by the device model;"
               " the device cannot use it\n");
    }
}

static uint64_t kib(const char *key)
{
    return strtoll(xenstore_read(key, "0"), NULL, 10);
}

static const char *why_stay(void)
{
    struct xen_memory_domain self = { .domid = DOMID_SELF };
    struct xen_vnuma_topology_info vnuma = { .domid = DOMID_SELF };
    struct memmap_memory m = {
        .told = is_off("hvmloader/memory-map/relocate"),
        .ram_pages = memmap_layout_pages(&now, MEMMAP_TYPE_RAM),
        .target = kib("memory/target"),
        .videoram = kib("memory/videoram"),
        .static_max = kib("memory/static-max"),
    };
    int rc = hypercall_memory_op(XENMEM_current_reservation, &self);

    if ( rc > 0 )
        m.populated = rc;
    /* Asked with no room for the answer, Xen says how much it would take. */
    if ( hypercall_memory_op(XENMEM_get_vnumainfo, &vnuma) == -ENOBUFS )
        m.vnodes = vnuma.nr_vnodes;

    return memmap_move_refusal(&m);
}

/* Pages that are where the plan had them go. */
static uint64_t pages_away(void)
{
    uint64_t away = 0, gfn;
    unsigned int i, j;

    for ( i = 0; i < plan.nr_moves; i++ )
        for ( j = 0; j < now.nr; j++ )
        {
            const struct memmap_move *m = &plan.move[i];
            const struct memmap_range *r = &now.range[j];
            uint64_t end = m->to + m->pages;

            gfn = r->gfn > m->to ? r->gfn : m->to;
            if ( memmap_range_end(r) < end )
                end = memmap_range_end(r);
            if ( r->type == MEMMAP_TYPE_RAM && gfn < end )
                away += end - gfn;
        }

    return away;
}

/* RAM did not move, or has moved back; what of it is left is in the layout. */
static void stay(struct memmap_plan_in *in, struct memmap_layout *all,
                 const struct memmap_layout *owned)
{
    const uint64_t away = pages_away();
    struct memmap_hex h;

    if ( moved.lost_pages )
        printf("memmap: the host's memory or the guest's quota ran out while RAM"
               " moved: %u pages are lost, the guest goes on with the rest\n",
               (unsigned int)moved.lost_pages);
    if ( away )
        printf("memmap: %s pages could not be moved back,"
               " the rest is where it was\n",
               memmap_hex(away, &h));
    else
        printf("memmap: RAM stays where it is\n");
    add_constraints(all, owned);
    in->may_move = false;
}

bool memmap_settle(struct memmap_bar *bar, unsigned int nr,
                   uint64_t mmio_hole_size)
{
    static struct memmap_range query_range[MEMMAP_MAX_ENTRIES];
    static struct memmap_range all_range[4 * MEMMAP_MAX_ENTRIES];
    struct memmap_record query = {}, want;
    struct memmap_plan_in in = inputs(mmio_hole_size);
    struct memmap_layout all;
    struct memmap_hex h[3];
    const char *refusal;
    unsigned int i, rc;

    if ( is_off("hvmloader/memory-map/enabled") )
    {
        printf("memmap: switched off in xenstore\n");
        return false;
    }

    fw.io = &port_io;
    fw.buf = (uint8_t *)MEMMAP_BUFFER_PHYSICAL_ADDRESS;
    fw.buf_gfn = MEMMAP_BUFFER_PHYSICAL_ADDRESS >> PAGE_SHIFT;
    fw.features = MEMMAP_FEAT_PUBLISH | MEMMAP_FEAT_RDM;

    if ( memmap_fw_probe(&fw) )
    {
        printf("memmap: device model makes no offer, RAM stays unless allowed\n");
        return false;
    }

    memmap_layout_init(&now, now_range, MEMMAP_ARRAY_SIZE(now_range));
    memmap_layout_init(&query.layout, query_range, MEMMAP_MAX_ENTRIES);
    rc = memmap_fw_query(&fw, &query);
    memmap_layout_init(&all, all_range, MEMMAP_ARRAY_SIZE(all_range));
    if ( rc )
    {
        complain("to say what it needs", rc, "RAM stays where it is");
        query.layout.nr = 0;
        in.may_move = false;
        in.no_mmio = true;
    }
    memmap_e820_read(&now);
    add_constraints(&all, &query.layout);

    in.now = &all;
    in.rdm = memmap_gather_rdm(fw.agreed & MEMMAP_FEAT_RDM ? &query.layout
                                                           : NULL, &now);
    in.pinned = memmap_gather_pinned();

    refusal = why_stay();
    if ( refusal )
    {
        printf("memmap: RAM stays where it is: %s\n", refusal);
        in.may_move = false;
    }

 again:
    make_plan(&in, bar, nr);

    want = record(&plan.after);
    if ( plan.nr_moves )
    {
        rc = memmap_fw_prepare(&fw, &want);
        if ( rc )
        {
            complain("the layout with RAM moved", rc, "RAM stays where it is");
            in.may_move = false;
            goto again;
        }
        for ( i = 0; i < plan.nr_moves; i++ )
            printf("memmap: moving %s pages from gfn %s to %s\n",
                   memmap_hex(plan.move[i].pages, &h[0]),
                   memmap_hex(plan.move[i].from, &h[1]),
                   memmap_hex(plan.move[i].to, &h[2]));
        if ( memmap_move(&p2m_ops, NULL, &plan, &now, &moved) )
        {
            printf("memmap: Xen did not move the RAM\n");
            stay(&in, &all, &query.layout);
            goto again;
        }
        printf("memmap: moved %u whole extents of 2 MiB, the rest page by page\n",
               (unsigned int)moved.extents);
    }

    rc = commit(&want);
    if ( rc )
    {
        complain("to follow", rc, plan.nr_moves ? "RAM is moved back"
                                                : "devices may not see all RAM");
        if ( plan.nr_moves )
        {
            memmap_move_back(&p2m_ops, NULL, &plan, &now, &moved);
            stay(&in, &all, &query.layout);
            goto again;
        }
    }
    memmap_layout_copy(&now, &plan.after);

    pci_mem_start = plan.hole_start;
    pci_hi_mem_start = plan.high_start;
    pci_hi_mem_end = plan.window_end;
    sync_hvm_info();
    memmap_sync_e820();
    if ( in.rdm && in.rdm->nr )
    {
        memmap_print_kept(&in);
        printf("memmap: reserved memory: %u ranges, %u pages moved for them,"
               " minimum %u\n", in.rdm->nr, (uint32_t)plan.rdm_pages,
               (uint32_t)plan.rdm_minimum);
    }
    if ( in.hole_fixed && in.hole_start != plan.hole_start )
        printf("memmap: mmio_hole_size=0x%s cannot be had,"
               " RAM is there and stays\n",
               memmap_hex(mmio_hole_size, &h[0]));
    if ( in.max_mtrrs && plan.mtrrs > in.max_mtrrs )
        printf("memmap: BARs need %u variable MTRRs, there are %u\n", plan.mtrrs,
               in.max_mtrrs);
    printf("memmap: version %u, generation %u, hole at %08x, %s pages moved,"
           " %u BARs without a place\n", MEMMAP_VERSION_MAJOR, fw.generation,
           pci_mem_start, memmap_hex(plan.moved_pages, &h[0]), plan.unplaced);

    return true;
}

bool memmap_is_ram(uint64_t addr, uint64_t size)
{
    return !fw.present ||
           memmap_layout_covers(&now, MEMMAP_TYPE_RAM, addr >> PAGE_SHIFT,
                                size >> PAGE_SHIFT);
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
    struct memmap_range left = {
        .gfn = from,
        .pages = 1,
        .source = MEMMAP_NO_SOURCE,
        .type = MEMMAP_TYPE_RDM,
        .flags = MEMMAP_EF_UNMAPPED,
    };
    const struct memmap_range *old;
    unsigned int i = memmap_layout_seek(&now, from);
    bool unfreed;

    if ( !fw.present )
        return;

    old = i < now.nr && now.range[i].gfn <= from ? &now.range[i] : NULL;
    left.aux = old ? old->aux : 0;
    unfreed = old && (old->flags & MEMMAP_EF_UNFREED);
    /* The last page of a range: for that there is always room. */
    memmap_layout_clear(&now, from, 1);
    if ( unfreed && !memmap_layout_set(&now, &left) )
        printf("memmap: no room in the layout for reserved memory at gfn %x\n",
               (uint32_t)from);
    if ( !memmap_layout_set(&now, &r) )
    {
        moved.lost_pages++;
        printf("memmap: no room in the layout for RAM at gfn %x\n",
               (uint32_t)to);
    }
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
        rc = commit(&last);
        if ( rc )
            complain("the final layout", rc, "devices may not see all RAM");
    }
    rc = memmap_fw_seal(&fw);
    if ( rc )
        complain("to be sealed", rc, "the guest can talk to it");
    printf("memmap: sealed at generation %u after %u port accesses\n",
           fw.generation, fw.accesses);
}
