/* SPDX-License-Identifier: MIT */
/*
 * The mover as it ships, with extents of two pages and of four: what a proof's bound is.
 * To be included before anything else (-include).
 */
#include "plan.h"

#undef MEMMAP_EXTENT_ORDER
#define MEMMAP_EXTENT_ORDER 1u
#undef MEMMAP_HUGE_ORDER
#define MEMMAP_HUGE_ORDER 2u

#include "move.h"

#undef MEMMAP_EXTENT_BATCH
#define MEMMAP_EXTENT_BATCH 2u
