/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Watches of xenstore on a connection of their own, for watch.c and wait.c. */
#ifndef XEN_MEMMAP_WATCH_H
#define XEN_MEMMAP_WATCH_H

#include "internal.h"

/* NULL, errno and message.  For memmap_watches_free(). */
struct memmap_watches *memmap_watches_new(xen_memmap_handle *h);

/* As xen_memmap_watch() and so on, which see. */
int memmap_watches_add(xen_memmap_handle *h, struct memmap_watches *w,
                       uint32_t domid);
int memmap_watches_remove(xen_memmap_handle *h, struct memmap_watches *w,
                          uint32_t domid);
int memmap_watches_fd(const struct memmap_watches *w);
int memmap_watches_event(xen_memmap_handle *h, struct memmap_watches *w,
                         uint32_t *domid);

#endif
