/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hvm-xenstore.h - what the toolstack tells hvmloader in xenstore, and what it
 * can read there of the layout.  Reserved memory is in hvm-rdm.h.
 */
#ifndef XEN_MEMMAP_HVM_XENSTORE_H
#define XEN_MEMMAP_HVM_XENSTORE_H

#include "layout.h"

/* The toolstack's switches are on unless it says otherwise. */
bool memmap_is_off(const char *key);

/* Its policy: RAM is not to move for a BAR that can be high. */
bool memmap_prefers_high(void);

/* The toolstack's number at @key, which is in KiB; 0 if it says none. */
uint64_t memmap_kib(const char *key);

/*
 * Leave @l, which is to be the layout of @generation, for people, before the
 * doorbell: if the device model dies of it, this says of what.  A guest's
 * quota may be used up, which stops nothing.
 */
void memmap_show(const struct memmap_layout *l, uint32_t generation);

#endif /* XEN_MEMMAP_HVM_XENSTORE_H */
