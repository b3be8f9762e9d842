/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the harness know of each other. */
#ifndef TESTS_QEMU_INTERNAL_H
#define TESTS_QEMU_INTERNAL_H

#include "qemu/osdep.h"
#include "exec/memory.h"
#include "hw/qdev-core.h"

#include "harness.h"

#define HARNESS_DOMID 7

/* util.c */
void harness_event(const char *fmt, ...) G_GNUC_PRINTF(1, 2);
void harness_end(const char *fmt, ...) G_GNUC_PRINTF(1, 2);
/* 0, or the errno that the call is to fail with. */
int harness_fault(const char *name);

/* Each part's harness_reset(). */
void util_reset(void);
void xen_reset(void);
void qom_reset(void);
void memory_reset(void);
void store_reset(void);

/* xen.c: a page of the guest, to write to; NULL: it is not there. */
void *xen_page(uint64_t gfn);
/* A guest as libxc builds it; pages that QEMU adds. */
void xen_build(uint64_t below_4g, uint64_t above_4g);
void xen_populate(uint64_t gfn, uint64_t nr);
unsigned int xen_open_mappings(void);

/* memory.c */
void memory_region_gone(MemoryRegion *mr);
MemoryRegion *memory_ram(uint64_t bytes);
unsigned int store_open_transactions(void);
/* store.c: the devices that the toolstack has given to the guest. */
void store_note_devices(const uint32_t *sbdf, unsigned int nr);

/* qom.c: the only device of its type that lives; NULL: none. */
DeviceState *qom_device(const char *type);
DeviceClass *qom_class(const char *type);
void qom_forget_listeners(void);

#endif /* TESTS_QEMU_INTERNAL_H */
