/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xen-memmap-glib.h"

#include <errno.h>
#include <gmodule.h>          /* G_MODULE_EXPORT */

typedef struct {
    GSource source;
    xen_memmap_handle *h;
} MemmapSource;

static gboolean call(MemmapSource *s, GSourceFunc callback, gpointer data,
                     uint32_t domid, int error)
{
    /* The type that it was cast from, see the header. */
    XenMemmapSourceFunc f = (XenMemmapSourceFunc)(gpointer)callback;

    return f ? f(s->h, domid, error, data) : G_SOURCE_CONTINUE;
}

static gboolean dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
    MemmapSource *s = (MemmapSource *)source;
    uint32_t domid;

    while (!xen_memmap_event(s->h, &domid))
        if (!call(s, callback, data, domid, 0))
            return G_SOURCE_REMOVE;
    if (errno == EAGAIN)
        return G_SOURCE_CONTINUE;
    call(s, callback, data, XEN_MEMMAP_NO_DOMAIN, errno);
    return G_SOURCE_REMOVE;
}

static GSourceFuncs funcs = { .dispatch = dispatch };

G_MODULE_EXPORT GSource *xen_memmap_source_new(xen_memmap_handle *h)
{
    int fd = xen_memmap_fd(h);
    GSource *source;

    if (fd < 0)
        return NULL;
    source = g_source_new(&funcs, sizeof(MemmapSource));
    ((MemmapSource *)source)->h = h;
    g_source_set_name(source, "xen-memmap");
    /* The source's own file descriptor: no GPollFD to keep. */
    g_source_add_unix_fd(source, fd, G_IO_IN | G_IO_HUP | G_IO_ERR);
    return source;
}
