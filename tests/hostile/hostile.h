/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hostile.h - an hvmloader that tests the device model from inside a guest.
 *
 * This folder must never become part of a series: it is a patch on top of one,
 * for the lab's stack `hostile`.
 */
#ifndef XEN_MEMMAP_HOSTILE_H
#define XEN_MEMMAP_HOSTILE_H

#include "codec.h"

/* Before the offer is taken. */
void memmap_hostile_start(void);
/* After QUERY; @now is the true layout.  Ends PREPARED, with nothing moved. */
void memmap_hostile_run(const struct memmap_layout *now,
                        const struct memmap_record *query);
/* After RAM moved, before the COMMIT of @r. */
void memmap_hostile_spoil(struct memmap_record *r);
/* After the last COMMIT, before SEAL; @now is what was committed. */
void memmap_hostile_committed(const struct memmap_layout *now);
/* After SEAL. */
void memmap_hostile_end(const struct memmap_layout *now);

#endif
