/* SPDX-License-Identifier: GPL-2.0-only */
#include "hvm.h"
#include "hvm-e820.h"
#include "hvm-hex.h"
#include "hvm-p2m.h"
#include "hvm-rdm.h"
#include "hvm-talk.h"
#include "hvm-xenstore.h"

#include "../config.h"
#include "../util.h"

#include <xen/hvm/e820.h>
#include <xen/hvm/hvm_info_table.h>
#include <xen/hvm/hvm_xs_strings.h>

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

static struct memmap_plan_in inputs(uint64_t mmio_hole_size)
{
    struct memmap_plan_in in = {
        .hole_start = pci_mem_start,
        .hole_min = MEMMAP_HOLE_MIN,
        .hole_end = pci_mem_end,
        .high_base = GB(4),
        .prefer_high = memmap_prefers_high(),
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
        printf("memmap: the host's memory or the guest's quota ran out while RAM moved: %u pages are lost, the guest goes on with the rest\n",
               (unsigned int)moved.lost_pages);
    if ( away )
        printf("memmap: %s pages could not be moved back, the rest is where it was\n",
               memmap_hex(away, &h));
    else
        printf("memmap: RAM stays where it is\n");
    add_constraints(all, owned);
    in->may_move = false;
}

/* What @in's plan came to, for people. */
static void report(const struct memmap_plan_in *in, uint64_t mmio_hole_size)
{
    struct memmap_hex h;

    if ( in->rdm && in->rdm->nr )
    {
        memmap_print_kept(in);
        printf("memmap: reserved memory: %u ranges, %u pages moved for them, minimum %u\n",
               in->rdm->nr, (uint32_t)plan.rdm_pages,
               (uint32_t)plan.rdm_minimum);
    }
    if ( in->hole_fixed && in->hole_start != plan.hole_start )
        printf("memmap: mmio_hole_size=0x%s cannot be had, RAM is there and stays\n",
               memmap_hex(mmio_hole_size, &h));
    if ( in->max_mtrrs && plan.mtrrs > in->max_mtrrs )
        printf("memmap: BARs need %u variable MTRRs, there are %u\n",
               plan.mtrrs, in->max_mtrrs);
    printf("memmap: version %u, generation %u, hole at %08x, %s pages moved, %u BARs without a place\n",
           MEMMAP_VERSION_MAJOR, fw.generation, pci_mem_start,
           memmap_hex(plan.moved_pages, &h), plan.unplaced);
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

    if ( memmap_is_off(HVM_XS_MEMORY_MAP_ENABLED) )
    {
        printf("memmap: switched off in xenstore\n");
        return false;
    }

    if ( memmap_talk_open(&fw) )
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
        memmap_talk_complain(&fw, "to say what it needs", rc,
                             "RAM stays where it is");
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

    refusal = memmap_why_stay(&now);
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
            memmap_talk_complain(&fw, "the layout with RAM moved", rc,
                                 "RAM stays where it is");
            in.may_move = false;
            goto again;
        }
        for ( i = 0; i < plan.nr_moves; i++ )
            printf("memmap: moving %s pages from gfn %s to %s\n",
                   memmap_hex(plan.move[i].pages, &h[0]),
                   memmap_hex(plan.move[i].from, &h[1]),
                   memmap_hex(plan.move[i].to, &h[2]));
        if ( memmap_move(&memmap_p2m_ops, NULL, &plan, &now, &moved) )
        {
            printf("memmap: Xen did not move the RAM\n");
            stay(&in, &all, &query.layout);
            goto again;
        }
        printf("memmap: moved %u whole extents of 2 MiB, the rest page by page\n",
               (unsigned int)moved.extents);
    }

    rc = memmap_talk_commit(&fw, &want);
    if ( rc )
    {
        memmap_talk_complain(&fw, "to follow", rc,
                             plan.nr_moves ? "RAM is moved back"
                                           : "devices may not see all RAM");
        if ( plan.nr_moves )
        {
            memmap_move_back(&memmap_p2m_ops, NULL, &plan, &now, &moved);
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
    report(&in, mmio_hole_size);

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
        rc = memmap_talk_commit(&fw, &last);
        if ( rc )
            memmap_talk_complain(&fw, "the final layout", rc,
                                 "devices may not see all RAM");
    }
    rc = memmap_fw_seal(&fw);
    if ( rc )
        memmap_talk_complain(&fw, "to be sealed", rc,
                             "the guest can talk to it");
    printf("memmap: sealed at generation %u after %u port accesses\n",
           fw.generation, fw.accesses);
}
