/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hvm-p2m.h - what hvmloader asks of Xen: changes of the guest's p2m, and
 * whether this guest is one whose RAM may move.
 */
#ifndef XEN_MEMMAP_HVM_P2M_H
#define XEN_MEMMAP_HVM_P2M_H

#include "move.h"

/* Hypercalls on the domain itself; they need no opaque. */
extern const struct memmap_p2m_ops memmap_p2m_ops;

/* Why no RAM of this guest, at @now, may move, for people; or NULL. */
const char *memmap_why_stay(const struct memmap_layout *now);

#endif /* XEN_MEMMAP_HVM_P2M_H */
