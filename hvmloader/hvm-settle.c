/* SPDX-License-Identifier: GPL-2.0-only */
#include "hvm-settle.h"
#include "hvm-e820.h"
#include "hvm-guest.h"
#include "hvm-p2m.h"
#include "hvm-print.h"
#include "hvm-rdm.h"
#include "hvm-talk.h"
#include "hvm-xenstore.h"

#include "../config.h"
#include "../util.h"

/* Of a record, but if that is too little for RAM by itself. */
static struct memmap_range after_range[2 * MEMMAP_MAX_ENTRIES];
static struct memmap_move moves[2 * MEMMAP_MAX_ENTRIES];
static struct memmap_plan plan;
static unsigned int extents;    /* of 2 MiB, moved whole */

/*
 * First gfn where no RAM can be: beyond the guest's addresses, or where the
 * 32 bits end that hypercalls and hvm_info have for a gfn here.
 */
static uint64_t ram_limit(void)
{
    const uint64_t limit = 1ull << (cpu_phys_addr() - PAGE_SHIFT);

    return limit >> 32 ? UINT32_MAX : limit;
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
        .gfn_limit = ram_limit(),
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

/*
 * Plan, and if there is no room do with less; @in says with what.  Where RAM
 * alone is too much for a record COMMIT will say so.
 */
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
    /* What an E820 has there is room for, not for all that a move leaves. */
    while ( !memmap_plan(in, bar, nr, &plan) &&
            plan.after.max == MEMMAP_MAX_ENTRIES )
    {
        printf("memmap: not enough %s, %s\n", full[plan.full],
               in->may_move ? "RAM stays where it is" :
               in->rdm ? "reserved memory is left out" :
               !in->no_mmio ? "what is for BARs is not told"
                            : "where RAM is cannot be told");
        if ( in->may_move )
            in->may_move = false;
        else if ( in->rdm )
            in->rdm = NULL;
        else if ( !in->no_mmio )
            in->no_mmio = true;
        else
            plan.after.max = MEMMAP_ARRAY_SIZE(after_range);
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

    memmap_layout_copy(l, &memmap_guest.now);
    for ( i = 0; i < owned->nr; i++ )
        if ( owned->range[i].type == MEMMAP_TYPE_OWNED &&
             !memmap_layout_overlaps(l, MEMMAP_TYPE_RAM, owned->range[i].gfn,
                                     owned->range[i].pages) )
            memmap_layout_set(l, &owned->range[i]);
}

/* Pages that are where the plan had them go. */
static uint64_t pages_away(void)
{
    const struct memmap_layout *now = &memmap_guest.now;
    uint64_t away = 0, gfn;
    unsigned int i, j;

    for ( i = 0; i < plan.nr_moves; i++ )
        for ( j = 0; j < now->nr; j++ )
        {
            const struct memmap_move *m = &plan.move[i];
            const struct memmap_range *r = &now->range[j];
            uint64_t end = m->to + m->pages;

            gfn = r->gfn > m->to ? r->gfn : m->to;
            if ( memmap_range_end(r) < end )
                end = memmap_range_end(r);
            if ( r->type == MEMMAP_TYPE_RAM && gfn < end )
                away += end - gfn;
        }

    return away;
}

/* Carry out the plan's moves, or move back: @how. */
static int move(int (*how)(const struct memmap_p2m_ops *ops, void *opaque,
                           const struct memmap_plan *plan,
                           struct memmap_layout *now,
                           struct memmap_moved *moved))
{
    struct memmap_moved moved = {};
    int rc = how(&memmap_p2m_ops, NULL, &plan, &memmap_guest.now, &moved);

    memmap_guest.lost_pages += moved.lost_pages;
    extents += moved.extents;

    return rc;
}

/* RAM did not move, or has moved back; what of it is left is in the layout. */
static void stay(struct memmap_plan_in *in, struct memmap_layout *all,
                 const struct memmap_layout *owned)
{
    const uint64_t away = pages_away();
    struct memmap_hex h;

    if ( memmap_guest.lost_pages )
        printf("memmap: the host's memory or the guest's quota ran out while RAM moved: %u pages are lost, the guest goes on with the rest\n",
               (unsigned int)memmap_guest.lost_pages);
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
           MEMMAP_VERSION_MAJOR, memmap_guest.fw.generation, pci_mem_start,
           memmap_hex(plan.moved_pages, &h), plan.unplaced);
}

bool memmap_settle(struct memmap_bar *bar, unsigned int nr,
                   uint64_t mmio_hole_size)
{
    static struct memmap_range all_range[4 * MEMMAP_MAX_ENTRIES];
    const struct memmap_layout *owned = &memmap_guest.query.layout;
    struct memmap_fw *fw = &memmap_guest.fw;
    struct memmap_record want;
    struct memmap_plan_in in = inputs(mmio_hole_size);
    struct memmap_layout all;
    struct memmap_hex h[3];
    const char *refusal;
    unsigned int i, rc;

    if ( !memmap_begin() )
        return false;

    if ( memmap_guest.no_query )
    {
        in.may_move = false;
        in.no_mmio = true;
    }
    memmap_layout_init(&all, all_range, MEMMAP_ARRAY_SIZE(all_range));
    add_constraints(&all, owned);

    in.now = &all;
    in.rdm = memmap_gather_rdm(fw->agreed & MEMMAP_FEAT_RDM ? owned : NULL,
                               &memmap_guest.now);
    in.pinned = memmap_gather_pinned();

    refusal = memmap_why_stay(&memmap_guest.now);
    if ( refusal )
    {
        printf("memmap: RAM stays where it is: %s\n", refusal);
        in.may_move = false;
    }

 again:
    make_plan(&in, bar, nr);

    want = memmap_record_of(&plan.after);
    if ( plan.nr_moves )
    {
        rc = memmap_fw_prepare(fw, &want);
        if ( rc )
        {
            memmap_talk_complain(fw, "the layout with RAM moved", rc,
                                 "RAM stays where it is");
            in.may_move = false;
            goto again;
        }
        for ( i = 0; i < plan.nr_moves; i++ )
            printf("memmap: moving %s pages from gfn %s to %s\n",
                   memmap_hex(plan.move[i].pages, &h[0]),
                   memmap_hex(plan.move[i].from, &h[1]),
                   memmap_hex(plan.move[i].to, &h[2]));
        if ( move(memmap_move) )
        {
            printf("memmap: Xen did not move the RAM\n");
            stay(&in, &all, owned);
            goto again;
        }
        printf("memmap: moved %u whole extents of 2 MiB, the rest page by page\n",
               extents);
    }

    rc = memmap_talk_commit(fw, &want);
    if ( rc )
    {
        memmap_talk_complain(fw, "to follow", rc,
                             plan.nr_moves ? "RAM is moved back"
                                           : "devices may not see all RAM");
        if ( plan.nr_moves )
        {
            move(memmap_move_back);
            stay(&in, &all, owned);
            goto again;
        }
    }
    memmap_layout_copy(&memmap_guest.now, &plan.after);

    pci_mem_start = plan.hole_start;
    pci_hi_mem_start = plan.high_start;
    pci_hi_mem_end = plan.window_end;
    memmap_sync();
    report(&in, mmio_hole_size);

    return true;
}
