/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * plan.h - where the MMIO hole, the BARs and guest RAM go.
 *
 * This folder is the speaker: it plans the guest's layout, moves RAM, and tells
 * the device model.  The planner is a pure function of its input: it must never
 * read a register, make a hypercall or keep anything between two calls.
 */
#ifndef XEN_MEMMAP_PLAN_H
#define XEN_MEMMAP_PLAN_H

#include "layout.h"

#define MEMMAP_MAX_BARS     256u
#define MEMMAP_MAX_MOVES    64u

/*
 * One memory BAR.  Sizes and addresses in bytes; size is a power of two, or 0
 * for what is no memory BAR and only keeps its place in the caller's list.
 */
struct memmap_bar {
    uint64_t size;
    uint64_t addr;          /* out: where it goes, MEMMAP_BAR_UNPLACED if nowhere */
    bool is_64bit;
    bool high;              /* out: above 4 GiB */
};

#define MEMMAP_BAR_UNPLACED 0xffffffffffffffffull

struct memmap_plan_in {
    /* RAM, RDM and OWNED ranges as they are now. */
    const struct memmap_layout *now;
    /*
     * Where the low MMIO hole starts by default, how far down it may grow when
     * RAM is moved for it, and where it ends (bytes).
     */
    uint64_t hole_start, hole_min, hole_end;
    bool hole_fixed;        /* the user chose hole_start: it is not doubled */
    uint64_t high_thresh;   /* larger 64-bit BARs always go above 4 GiB, bytes */
    uint64_t addr_limit;    /* first address the CPU cannot form, bytes */
    uint64_t gfn_limit;     /* first gfn the device model cannot map as RAM */
    unsigned int max_mtrrs; /* variable MTRRs to cover the low hole, 0: any */
    bool may_move;          /* RAM may be moved for the sake of BARs */
};

struct memmap_move {
    uint64_t from, to, pages;   /* gfns, 4 KiB pages */
};

struct memmap_plan {
    uint64_t hole_start;        /* of the low MMIO hole, bytes */
    uint64_t high_start, high_end; /* of BARs above 4 GiB, bytes; equal: none */
    uint64_t moved_pages;
    unsigned int unplaced;      /* BARs without an address */
    unsigned int nr_moves;
    struct memmap_move move[MEMMAP_MAX_MOVES];
    struct memmap_layout after; /* caller's storage; OWNED left out, MMIO added */
};

/*
 * Plan for the @nr BARs at @bar, sorted by size, largest first.  As few pages
 * move as the BARs allow; if the hole that firmware has anyway is enough,
 * nothing moves and every BAR lies where hvmloader always put it.  False if the
 * layout needs more ranges or moves than there is room for: the plan is then
 * void, and planning without may_move is what is left.
 */
bool memmap_plan(const struct memmap_plan_in *in, struct memmap_bar *bar,
                 unsigned int nr, struct memmap_plan *plan);

#endif /* XEN_MEMMAP_PLAN_H */
