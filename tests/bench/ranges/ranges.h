/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ranges.h - how long the device model takes for a COMMIT.
 */
#ifndef XEN_MEMMAP_RANGES_H
#define XEN_MEMMAP_RANGES_H

#include "fw.h"

/*
 * Commit layouts of 2 to MEMMAP_MAX_ENTRIES ranges of RAM, none of them true,
 * and print what each took.  @fw has queried; @now is where RAM is.  To be
 * called before the layout that is true is committed.
 */
void memmap_bench_ranges(struct memmap_fw *fw, const struct memmap_layout *now);

#endif /* XEN_MEMMAP_RANGES_H */
