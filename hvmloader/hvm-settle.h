/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hvm-settle.h - where BARs and RAM go, if the device model can be told.
 */
#ifndef XEN_MEMMAP_HVM_SETTLE_H
#define XEN_MEMMAP_HVM_SETTLE_H

#include "plan.h"

/*
 * Find the device model; if it speaks the protocol, plan for the @nr BARs in
 * @bar (see memmap_plan()), move RAM, and commit the layout.  To be called
 * before any BAR is written and before PCI decode is enabled.  @mmio_hole_size
 * (bytes) is the user's, or 0.  True if the BARs now have addresses; false if
 * everything is to be done as without the protocol.
 */
bool memmap_settle(struct memmap_bar *bar, unsigned int nr,
                   uint64_t mmio_hole_size);

#endif /* XEN_MEMMAP_HVM_SETTLE_H */
