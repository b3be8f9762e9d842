/* SPDX-License-Identifier: MIT */
/*
 * What Xen has populated.
 *
 * XEN_DOMCTL_getpageframeinfo3 takes 1024 gfns at a time and maps nothing. For an HVM guest it
 * looks each up in the p2m with P2M_ALLOC and answers (xen/arch/x86/domctl.c):
 *  - XTAB: no page. That is a gfn without an entry, one left to the device model, and one mapped
 *    to the host's MMIO or to an RMRR (p2m_mmio_direct), as get_page_from_gfn() hands out RAM
 *    only. None of these is memory of the guest. It is also the answer for a page of Xen's own
 *    heap (is_special_page(): the shared info page, which a guest may map over its RAM);
 *  - BROKEN: a page taken out of service;
 *  - anything else: populated.
 * So the few XTAB gfns amid the E820's RAM are asked for again by mapping them: a page of Xen's
 * heap that the guest owns can be mapped, a hole cannot.
 *
 * P2M_ALLOC populates on demand. A guest with populate-on-demand entries left (memory < maxmem)
 * must not be asked: the answer would always be yes, and could use up the guest's allowance.
 */
#include "views.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>           /* PROT_READ */

/* Frames are counted in Xen's own types; the tools' headers want to be told who includes them. */
#define __XEN_TOOLS__ 1
#include <xen/xen.h>
#include <xen/domctl.h>         /* XEN_DOMCTL_PFINFO_XTAB */
#include <xenctrl.h>
#include <xenforeignmemory.h>

/* libxenctrl exports this, but declares it in its own sources only (xc_private.h). */
int xc_get_pfn_type_batch(xc_interface *xch, uint32_t dom, unsigned int num, xen_pfn_t *arr);

#define BATCH    1024           /* the hypercall's own limit */
#define MAPPABLE 64             /* more XTAB pages than this amid RAM are a hole, no special ones */

/* Holes of the p2m inside the E820's RAM: are they pages of Xen's heap? */
static bool try_mapping(uint32_t domid, uint64_t gfn)
{
    xenforeignmemory_handle *fh = xenforeignmemory_open(NULL, 0);
    xen_pfn_t pfn = gfn;
    bool mapped;
    int err = 0;
    void *p;

    if (!fh) {
        return false;
    }
    p = xenforeignmemory_map(fh, domid, PROT_READ, 1, &pfn, &err);
    mapped = p && !err;
    if (p) {
        xenforeignmemory_unmap(fh, p, 1);
    }
    xenforeignmemory_close(fh);
    return mapped;
}

static void add_special(uint32_t domid, struct views *v)
{
    uint64_t special[MAPPABLE];
    size_t nr = 0;

    for (size_t i = 0; i < v->e820.nr; i++) {
        const struct piece *e = &v->e820.p[i];

        for (uint64_t at = e->r.start; e->kind == E820_RAM && at < e->r.end; ) {
            const struct piece *p = list_find(&v->p2m, at);

            if (p) {
                at = p->r.end;
                continue;
            }
            if (nr == MAPPABLE) {
                return;
            }
            special[nr++] = at;
            at += VIEWS_PAGE;
        }
    }
    for (size_t i = 0; i < nr; i++) {
        if (try_mapping(domid, special[i] / VIEWS_PAGE)) {
            list_add(&v->p2m, special[i], special[i] + VIEWS_PAGE)->offset = special[i];
        }
    }
    list_sort(&v->p2m);
    list_merge(&v->p2m);
}

bool p2m_read(uint32_t domid, struct views *v, bool *skip, char *why, size_t size)
{
    xc_interface *xch = xc_interface_open(NULL, NULL, 0);
    uint64_t pages, cache, entries = 0;
    static xen_pfn_t gfn[BATCH];
    xen_pfn_t max;
    bool ok = false;

    *skip = false;
    if (!xch) {
        snprintf(why, size, "xc_interface_open: %s (this runs in dom0, as root)",
                 strerror(errno));
        return false;
    }
    if (xc_domain_maximum_gpfn(xch, domid, &max)) {
        snprintf(why, size, "domain %u: %s", domid, strerror(errno));
        goto out;
    }
    if (!xc_domain_get_pod_target(xch, domid, &pages, &cache, &entries) && entries) {
        snprintf(why, size, "the guest has %llu pages still to be populated on demand",
                 (unsigned long long)entries);
        *skip = true;
        goto out;
    }

    for (xen_pfn_t at = 0; at <= max; at += BATCH) {
        unsigned int n = max - at + 1 < BATCH ? (unsigned int)(max - at + 1) : BATCH;

        for (unsigned int i = 0; i < n; i++) {
            gfn[i] = at + i;
        }
        if (xc_get_pfn_type_batch(xch, domid, n, gfn)) {
            snprintf(why, size, "getpageframeinfo3 at gfn 0x%lx: %s", (unsigned long)at,
                     strerror(errno));
            goto out;
        }
        for (unsigned int i = 0; i < n; i++) {
            uint32_t type = (uint32_t)gfn[i] & XEN_DOMCTL_PFINFO_LTAB_MASK;
            uint64_t address = (uint64_t)(at + i) * VIEWS_PAGE;
            struct piece *last = v->p2m.nr ? &v->p2m.p[v->p2m.nr - 1] : NULL;

            if (type == XEN_DOMCTL_PFINFO_XTAB || type == XEN_DOMCTL_PFINFO_BROKEN) {
                continue;
            }
            if (last && last->r.end == address) {
                last->r.end += VIEWS_PAGE;
            } else {
                list_add(&v->p2m, address, address + VIEWS_PAGE)->offset = address;
            }
        }
    }
    add_special(domid, v);
    ok = true;
 out:
    xc_interface_close(xch);
    return ok;
}
