/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* xen-memmap-glib.h - libxen-memmap's events in a GLib main loop. */
#ifndef XEN_MEMMAP_GLIB_H
#define XEN_MEMMAP_GLIB_H

#include <glib.h>
#include <xen-memmap.h>

G_BEGIN_DECLS

/*
 * Something may have changed for @domid, see xen_memmap_event().  @error is 0, or
 * errno: the connection is lost, this was the last call, and @domid is
 * XEN_MEMMAP_NO_DOMAIN.  That is noticed with the next event only, as
 * xen_memmap_event() says.  G_SOURCE_REMOVE: no more events.
 */
typedef gboolean (*XenMemmapSourceFunc)(xen_memmap_handle *h, uint32_t domid,
                                        int error, gpointer user_data);

/*
 * A source of the events of @h, which must outlive it; set the callback with
 * g_source_set_callback() and G_SOURCE_FUNC(), a XenMemmapSourceFunc.  What is
 * watched is said by xen_memmap_watch(), before or after.  Dispatched in the thread
 * that runs its context, which must be the one that uses @h.  One source a handle.
 * NULL and errno: no connection to xenstored.
 */
GSource *xen_memmap_source_new(xen_memmap_handle *h);

G_END_DECLS

#endif /* XEN_MEMMAP_GLIB_H */
