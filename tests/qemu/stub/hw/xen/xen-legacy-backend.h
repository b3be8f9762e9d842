/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STUB_XEN_LEGACY_BACKEND_H
#define STUB_XEN_LEGACY_BACKEND_H

#include "qemu/osdep.h"

typedef uint32_t xs_transaction_t;
#define XBT_NULL 0

struct qemu_xs_handle;
extern struct qemu_xs_handle *xenstore;

void *qemu_xen_xs_read(struct qemu_xs_handle *h, xs_transaction_t t,
                       const char *path, unsigned int *len);
bool qemu_xen_xs_write(struct qemu_xs_handle *h, xs_transaction_t t,
                       const char *path, const void *data, unsigned int len);
bool qemu_xen_xs_destroy(struct qemu_xs_handle *h, xs_transaction_t t,
                         const char *path);
xs_transaction_t qemu_xen_xs_transaction_start(struct qemu_xs_handle *h);
bool qemu_xen_xs_transaction_end(struct qemu_xs_handle *h, xs_transaction_t t,
                                 bool abort);

#endif /* STUB_XEN_LEGACY_BACKEND_H */
