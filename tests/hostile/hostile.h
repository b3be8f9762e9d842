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
/* After QUERY; @now is the true layout.  Ends with nothing changed. */
void memmap_hostile_run(const struct memmap_layout *now,
                        const struct memmap_record *query);
/* After SEAL. */
void memmap_hostile_end(void);

#endif
