/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hvm-rdm.h - hvmloader's side of reserved device memory: who tells of it,
 * what RAM cannot give way to it, and what people read about either.
 */
#ifndef XEN_MEMMAP_HVM_RDM_H
#define XEN_MEMMAP_HVM_RDM_H

#include "plan.h"

/*
 * Everything that is told of reserved memory, as one table: of @query (NULL if
 * the device model tells nothing), xenstore, and @now.  What this guest could
 * not have is reported and left out.  It stays what it is until the next call.
 */
const struct memmap_layout *
memmap_gather_rdm(const struct memmap_layout *query,
                  const struct memmap_layout *now);

/* What must stay where it is while hvmloader runs. */
const struct memmap_layout *memmap_gather_pinned(void);

/* One line for each range that @in's plan does not free. */
void memmap_print_kept(const struct memmap_plan_in *in);

#endif /* XEN_MEMMAP_HVM_RDM_H */
