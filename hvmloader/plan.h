/* SPDX-License-Identifier: MIT */
/*
 * plan.h - where the MMIO hole, the BARs and guest RAM go.
 *
 * hvmloader is the speaker: it plans the guest's layout, moves RAM, and tells
 * the device model.  The planner is a pure function of its input: it must
 * never read a register, make a hypercall or keep anything between two calls.
 */
#ifndef XEN_MEMMAP_PLAN_H
#define XEN_MEMMAP_PLAN_H

#include "layout.h"

/*
 * What firmware plans with, and a toolstack that foresees its plan, in bytes:
 * the least 64-bit BAR that hvmloader always puts above 4 GiB, also without
 * this planner, is larger than the first; the hole grows down to the second at
 * most; the user can have no smaller one than the third, xl's own limit.
 */
#define MEMMAP_HIGH_THRESH  (1ull << 30)
#define MEMMAP_HOLE_MIN     (2ull << 30)
#define MEMMAP_HOLE_LEAST   (256ull << 20)
/*
 * The 12 GiB below 1 TiB, where AMD's processors reach HyperTransport, not
 * memory.
 */
#define MEMMAP_HT_START     0xfd00000000ull
#define MEMMAP_HT_END       0x10000000000ull

/*
 * Seven a function, its ROM included, of each function of each device of a
 * bus.
 */
#define MEMMAP_MAX_BARS     (256u * 7)

/*
 * Pages that Xen can map as one and that move as one: 2 MiB; and 1 GiB where
 * the host's memop-max-order lets a guest handle that, which is 9 otherwise,
 * or 12 for a guest with devices of the host.
 */
#define MEMMAP_EXTENT_ORDER 9u
#define MEMMAP_EXTENT_PAGES (1u << MEMMAP_EXTENT_ORDER)
#define MEMMAP_HUGE_ORDER   18u
#define MEMMAP_HUGE_PAGES   (1u << MEMMAP_HUGE_ORDER)

/*
 * One memory BAR.  Sizes and addresses in bytes; size is a power of two, or 0
 * for what is no memory BAR and only keeps its place in the caller's list.
 */
struct memmap_bar {
    uint64_t size;
    uint64_t addr;          /* out: where it goes, or MEMMAP_BAR_UNPLACED */
    bool is_64bit;
    bool high;              /* out: above high_base */
    /* The planner's own, while it runs. */
    bool out;               /* there is no place for it */
    uint16_t below;         /* the next BAR down from it */
};

#define MEMMAP_BAR_UNPLACED 0xffffffffffffffffull

struct memmap_plan_in {
    /* RAM, RDM and OWNED ranges as they are now. */
    const struct memmap_layout *now;
    /*
     * Reserved device memory that is to be free of RAM, wherever it lies.  May
     * say again what @now says.  NULL: none.
     */
    const struct memmap_layout *rdm;
    /* What cannot move or be used otherwise, of any type.  NULL: nothing. */
    const struct memmap_layout *pinned;
    /*
     * Where the low MMIO hole starts by default, how far down it may grow when
     * RAM is moved for it, and where it ends (bytes).  From there to
     * @high_base it is firmware's.
     */
    uint64_t hole_start, hole_min, hole_end;
    uint64_t high_base;     /* 4 GiB, a power of two: RAM goes on (bytes) */
    bool hole_fixed;        /* the user chose hole_start: it is what it is */
    bool prefer_high;       /* no RAM moves for a BAR that can be high */
    uint64_t high_thresh;   /* larger 64-bit BARs go high if they can, bytes */
    uint64_t addr_limit;    /* first address the CPU cannot form, bytes */
    uint64_t gfn_limit;     /* first gfn the device model cannot map as RAM */
    unsigned int max_mtrrs; /* variable MTRRs to cover both windows, 0: any */
    bool may_move;          /* RAM may be moved, for BARs and for @rdm */
    bool no_mmio;           /* the layout is not to say what is for BARs */
};

struct memmap_move {
    uint64_t from, to, pages;   /* gfns, 4 KiB pages */
};

/* What there was not enough of. */
enum memmap_full {
    MEMMAP_FULL_NOTHING,
    MEMMAP_FULL_ENTRIES,        /* ranges in the layout */
    MEMMAP_FULL_MOVES,
    MEMMAP_FULL_GFNS,           /* gfns that can be RAM */
};

struct memmap_plan {
    uint64_t hole_start;        /* of the low MMIO hole, bytes */
    uint64_t high_start, high_end; /* of BARs above high_base; equal: none */
    uint64_t window_end;        /* high_end, or more, so that few MTRRs do */
    unsigned int mtrrs;         /* for both windows */
    uint64_t moved_pages;       /* all of them */
    uint64_t rdm_pages;         /* of these, for the sake of reserved memory */
    uint64_t rdm_minimum;       /* RAM under what is freed, counted alone */
    unsigned int rdm_kept;      /* ranges of in->rdm that are not freed */
    unsigned int unplaced;      /* BARs without an address */
    enum memmap_full full;      /* why there is no plan */
    unsigned int nr_moves;
    /* Caller's storage. */
    unsigned int max_moves;
    struct memmap_move *move;
    struct memmap_layout after; /* OWNED left out, MMIO added */
};

/* Why a range of in->rdm is not freed of RAM. */
enum memmap_kept {
    MEMMAP_KEPT_NOT,            /* it is */
    MEMMAP_KEPT_PINNED,
    MEMMAP_KEPT_RESERVED,       /* firmware's area below high_base */
    MEMMAP_KEPT_OWNED,          /* the device model's own */
    MEMMAP_KEPT_RAM,            /* RAM there, and none may move */
};

/*
 * What the planner makes of @r, a range of in->rdm.  If it is kept for what is
 * pinned, *@pin is the first range of in->pinned to blame.  A range is freed
 * as a whole or not at all.
 */
enum memmap_kept memmap_plan_kept(const struct memmap_plan_in *in,
                                  const struct memmap_range *r,
                                  unsigned int *pin);

/*
 * The largest power of two that one variable MTRR can cover from @base on and
 * not beyond @end (bytes): what counts MTRRs and what sets them both go by it.
 */
uint64_t memmap_mtrr_size(uint64_t base, uint64_t end);

/*
 * Plan for the @nr BARs at @bar, sorted by size, largest first.  Those that
 * must be below 4 GiB come first, largest first; what does not fit goes
 * without.  Then, largest first and only as far as needed, what can be above
 * goes there.
 *
 * RAM leaves exactly what reserved memory is freed, and as few pages more as
 * the BARs below 4 GiB allow; if the hole that firmware has anyway is enough
 * for them, each of them lies where hvmloader always put it.  False if there
 * is no room for the layout, the moves or the RAM that would move, see
 * plan->full: the plan is then void, and planning without may_move is what is
 * left.  O(n log n) in ranges.
 */
bool memmap_plan(const struct memmap_plan_in *in, struct memmap_bar *bar,
                 unsigned int nr, struct memmap_plan *plan);

#endif /* XEN_MEMMAP_PLAN_H */
