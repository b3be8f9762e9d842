/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Asking Xen what a guest has at a gfn.
 *
 * XEN_DOMCTL_getpageframeinfo3 takes 1024 gfns at a time and maps nothing.  For an
 * HVM guest Xen looks each up with P2M_ALLOC (xen/arch/x86/domctl.c), which
 * populates on demand: a guest with such entries left must not be asked.  It
 * answers
 *  - XTAB: no page of RAM.  That is a gfn without an entry, one left to the device
 *    model, one that is mapped to the host's MMIO or reserved memory, and a page
 *    of Xen's own heap (the shared info page), which, alone of these, can be
 *    mapped;
 *  - BROKEN: a page taken out of service;
 *  - anything else: populated.
 */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>           /* PROT_READ */

#define __XEN_TOOLS__ 1
#include <xen/xen.h>
#include <xen/domctl.h>         /* XEN_DOMCTL_PFINFO_XTAB */
#include <xenctrl.h>
#include <xenforeignmemory.h>

/* libxenctrl exports this, but declares it in its own sources only. */
int xc_get_pfn_type_batch(xc_interface *xch, uint32_t dom, unsigned int num,
                          xen_pfn_t *arr);

struct memmap_xen {
    xc_interface *xch;
    xenforeignmemory_handle *fmem;
};

static void real_close(struct memmap_xen *x)
{
    if (x->fmem)
        xenforeignmemory_close(x->fmem);
    if (x->xch)
        xc_interface_close(x->xch);
    free(x);
}

static struct memmap_xen *real_open(xentoollog_logger *logger)
{
    struct memmap_xen *x = calloc(1, sizeof(*x));
    int err;

    if (!x)
        return NULL;
    x->xch = xc_interface_open(logger, logger, 0);
    if (x->xch)
        x->fmem = xenforeignmemory_open(logger, 0);
    if (!x->xch || !x->fmem) {
        err = errno;
        real_close(x);
        errno = err;
        return NULL;
    }
    return x;
}

static int real_domain(struct memmap_xen *x, uint32_t domid,
                       struct memmap_xen_domain *d)
{
    uint64_t pages, cache;
    xc_domaininfo_t info;
    xen_pfn_t last;
    int nr = xc_domain_getinfolist(x->xch, domid, 1, &info);

    if (nr < 0)
        return -1;
    /* It lists the first domain from @domid on. */
    if (nr != 1 || info.domain != domid) {
        errno = ESRCH;
        return -1;
    }
    d->pages = info.tot_pages;
    if (xc_domain_maximum_gpfn(x->xch, domid, &last) < 0)
        return -1;
    d->last_gfn = last;
    return xc_domain_get_pod_target(x->xch, domid, &pages, &cache,
                                    &d->pod_entries);
}

static enum xen_memmap_page page_of(xen_pfn_t answer)
{
    switch (answer & XEN_DOMCTL_PFINFO_LTAB_MASK) {
    case XEN_DOMCTL_PFINFO_XTAB:   return XEN_MEMMAP_PAGE_NONE;
    case XEN_DOMCTL_PFINFO_BROKEN: return XEN_MEMMAP_PAGE_BROKEN;
    }
    return XEN_MEMMAP_PAGE_POPULATED;
}

static int real_pages(struct memmap_xen *x, uint32_t domid, unsigned int nr,
                      const uint64_t *gfn, enum xen_memmap_page *page)
{
    xen_pfn_t pfn[MEMMAP_XEN_BATCH];
    unsigned int i;

    for (i = 0; i < nr; i++)
        pfn[i] = gfn[i];
    if (xc_get_pfn_type_batch(x->xch, domid, nr, pfn))
        return -1;
    for (i = 0; i < nr; i++)
        page[i] = page_of((uint32_t)pfn[i]);
    return 0;
}

static bool real_mappable(struct memmap_xen *x, uint32_t domid, uint64_t gfn)
{
    xen_pfn_t pfn = gfn;
    int err = 0;
    void *p = xenforeignmemory_map(x->fmem, domid, PROT_READ, 1, &pfn, &err);

    if (p)
        xenforeignmemory_unmap(x->fmem, p, 1);
    return p && !err;
}

static int ask_reserved(struct memmap_xen *x, uint32_t sbdf,
                        struct xen_reserved_device_memory *r, uint32_t *nr)
{
    const uint32_t flags = sbdf == XEN_MEMMAP_ALL_DEVICES ? XENMEM_RDM_ALL : 0;

    return xc_reserved_device_memory_map(x->xch, flags, sbdf >> 16, sbdf >> 8 & 0xff,
                                         sbdf & 0xff, r, nr);
}

static int real_reserved(struct memmap_xen *x, uint32_t sbdf,
                         struct memmap_range **r, unsigned int *nr)
{
    struct xen_reserved_device_memory *found;
    uint32_t entries = 0, i;

    *r = NULL;
    *nr = 0;
    /* Asked with no room Xen says how much it takes, and ENOBUFS. */
    if (!ask_reserved(x, sbdf, NULL, &entries) || !entries)
        return 0;
    if (errno != ENOBUFS)
        return errno == ENOSYS || errno == EOPNOTSUPP ? 0 : -1;

    found = calloc(entries, sizeof(*found));
    *r = calloc(entries, sizeof(**r));
    if (!found || !*r || ask_reserved(x, sbdf, found, &entries)) {
        free(found);
        free(*r);
        *r = NULL;
        return -1;
    }
    for (i = 0; i < entries; i++)
        (*r)[i] = (struct memmap_range){
            .gfn = found[i].start_pfn, .pages = found[i].nr_pages,
            .source = MEMMAP_NO_SOURCE, .type = MEMMAP_TYPE_RDM, .aux = sbdf,
        };
    free(found);
    *nr = entries;
    return 0;
}

PUBLIC const struct memmap_xen_ops memmap_xen_real = {
    .open = real_open,
    .close = real_close,
    .domain = real_domain,
    .pages = real_pages,
    .mappable = real_mappable,
    .reserved = real_reserved,
};
