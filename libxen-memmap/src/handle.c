/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "internal.h"

#include <errno.h>
#include <stdio.h>      /* vsnprintf() */
#include <stdlib.h>     /* calloc() */

#define CONTEXT "xen-memmap"

PUBLIC xen_memmap_handle *xen_memmap_open(struct xentoollog_logger *logger,
                                          unsigned int flags)
{
    xen_memmap_handle *h;

    if (flags) {
        errno = EINVAL;
        return NULL;
    }
    h = calloc(1, sizeof(*h));
    if (!h)
        return NULL;

    h->logger = logger;
    h->sysfs = "/sys";
    h->grace_ms = 5000;
    h->slice_ms = 1000;
    if (!h->logger) {
        h->logger = h->owned_logger = (xentoollog_logger *)
            xtl_createlogger_stdiostream(stderr, XTL_WARN,
                                         XTL_STDIOSTREAM_HIDE_PROGRESS);
        if (!h->logger) {
            free(h);
            errno = ENOMEM;
            return NULL;
        }
    }

    return h;
}

PUBLIC int xen_memmap_close(xen_memmap_handle *h)
{
    int err = errno;

    if (!h)
        return 0;

    memmap_watches_free(h->watches);
    if (h->xen)
        h->xen_ops->close(h->xen);
    xs_close(h->xs);
    xtl_logger_destroy(h->owned_logger);
    free(h);
    errno = err;
    return 0;
}

PUBLIC const char *xen_memmap_message(const xen_memmap_handle *h)
{
    return h->message;
}

int memmap_fail(xen_memmap_handle *h, int err, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(h->message, sizeof(h->message), fmt, ap);
    va_end(ap);
    memmap_text_clean(h->message);
    xtl_log(h->logger, XTL_DEBUG, err, CONTEXT, "%s", h->message);

    errno = err;
    return -1;
}

struct memmap_xen *memmap_xen(xen_memmap_handle *h)
{
    if (!h->xen_ops && memmap_xen_find(h))
        return NULL;
    if (!h->xen)
        h->xen = h->xen_ops->open(h->logger);
    if (!h->xen) {
        int err = errno;

        memmap_fail(h, err, err == EACCES || err == EPERM
                    ? "Xen may only be asked by root of a control domain"
                    : "Xen cannot be asked; this is for root of dom0, under Xen");
    }
    return h->xen;
}

int memmap_no_answer(xen_memmap_handle *h, uint32_t domid)
{
    const int err = errno;

    return memmap_fail(h, err, err == ESRCH ? "domain %u ended meanwhile" :
                       "domain %u: Xen does not answer", domid);
}

int memmap_ask_domain(xen_memmap_handle *h, uint32_t domid,
                      struct memmap_xen_domain *d)
{
    if (h->xen_ops->domain(h->xen, domid, d))
        return memmap_fail(h, errno, errno == ESRCH ?
                           "there is no domain %u, or no longer" :
                           "domain %u: Xen does not answer", domid);
    if (d->pod_entries)
        return memmap_fail(h, EBUSY, "domain %u has %llu pages yet to be "
                           "populated on demand, and asking would populate them",
                           domid, (unsigned long long)d->pod_entries);
    return 0;
}
