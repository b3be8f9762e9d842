/* SPDX-License-Identifier: MIT */
/*
 * bars.h - the planner's half that gives BARs their places; pure, too.
 *
 * BARs come largest first and their sizes are powers of two.  So any free
 * place is as good as another for those that follow: if one order of places
 * fits, all do, and who does not fit among those before it fits in no other
 * way either.
 */
#ifndef XEN_MEMMAP_BARS_H
#define XEN_MEMMAP_BARS_H

#include "plan.h"

#define MEMMAP_ANY_TYPE (~0u)

/*
 * The first range of @l of one of @types, bits 1 << MEMMAP_TYPE_*, in
 * [addr, addr + size) bytes.
 */
const struct memmap_range *memmap_first_in(const struct memmap_layout *l,
                                           unsigned int types, uint64_t addr,
                                           uint64_t size);

/*
 * Decide which BARs go below 4 GiB, which above, and which without, and place
 * the first.  RAM that stays ends at @ram_top below high_base; all of it,
 * before any moves, ends at @top (bytes).  Returns where the low hole starts.
 */
uint64_t memmap_bars_low(const struct memmap_plan_in *in,
                         struct memmap_bar *bar, unsigned int nr,
                         uint64_t ram_top, uint64_t top);

/*
 * Place those that go above 4 GiB above all RAM, which ends at @lo, and set
 * the window and the number of MTRRs in @plan, whose hole_start is known.
 */
void memmap_bars_high(const struct memmap_plan_in *in, struct memmap_bar *bar,
                      unsigned int nr, uint64_t lo, struct memmap_plan *plan);

/* How many of them have no place. */
unsigned int memmap_bars_unplaced(const struct memmap_bar *bar,
                                  unsigned int nr);

#endif /* XEN_MEMMAP_BARS_H */
