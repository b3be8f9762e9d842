/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The layout that is handed out: filled once, then only read. */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>

_Static_assert(XEN_MEMMAP_RAM == MEMMAP_TYPE_RAM &&
               XEN_MEMMAP_RDM == MEMMAP_TYPE_RDM &&
               XEN_MEMMAP_MMIO == MEMMAP_TYPE_MMIO &&
               XEN_MEMMAP_OWNED == MEMMAP_TYPE_OWNED, "types are the protocol's");
_Static_assert(XEN_MEMMAP_OPTIONAL == MEMMAP_EF_OPTIONAL &&
               XEN_MEMMAP_FIRMWARE == MEMMAP_EF_FIRMWARE &&
               XEN_MEMMAP_UNFREED == MEMMAP_EF_UNFREED &&
               XEN_MEMMAP_UNMAPPED == MEMMAP_EF_UNMAPPED,
               "flags are the protocol's");
_Static_assert((int)XEN_MEMMAP_OFFERED == MEMMAP_ST_OFFERED &&
               (int)XEN_MEMMAP_SEALED == MEMMAP_ST_SEALED &&
               (int)XEN_MEMMAP_UNKNOWN == MEMMAP_ST_ABSENT,
               "states are the protocol's");
_Static_assert(XEN_MEMMAP_NO_SOURCE == MEMMAP_NO_SOURCE,
               "no source is the protocol's");

xen_memmap_layout *memmap_layout_new(xen_memmap_handle *h,
                                     enum xen_memmap_origin origin)
{
    xen_memmap_layout *l = calloc(1, sizeof(*l));

    if (!l) {
        memmap_fail(h, ENOMEM, "out of memory");
        return NULL;
    }
    l->origin = origin;
    l->publisher = XEN_MEMMAP_NO_DOMAIN;
    l->state = XEN_MEMMAP_UNKNOWN;
    return l;
}

PUBLIC void xen_memmap_layout_free(xen_memmap_layout *l)
{
    int err = errno;
    unsigned int i;

    if (!l)
        return;
    for (i = 0; i < l->nr_reserved; i++)
        free((char *)l->reserved[i].status);
    free(l->reserved);
    free(l->reason);
    free(l);
    errno = err;
}

void memmap_layout_take(xen_memmap_layout *to, const struct memmap_layout *from)
{
    unsigned int i;

    to->nr = from->nr < MEMMAP_MAX_ENTRIES ? from->nr : MEMMAP_MAX_ENTRIES;
    for (i = 0; i < to->nr; i++) {
        const struct memmap_range *r = &from->range[i];

        to->range[i] = (struct xen_memmap_range){
            .gfn = r->gfn, .pages = r->pages, .source = r->source,
            .type = r->type, .flags = r->flags, .aux = r->aux,
        };
    }
}

void memmap_layout_give(struct memmap_layout *to, const xen_memmap_layout *from)
{
    for (to->nr = 0; to->nr < from->nr && to->nr < to->max; to->nr++) {
        const struct xen_memmap_range *r = &from->range[to->nr];

        to->range[to->nr] = (struct memmap_range){
            .gfn = r->gfn, .pages = r->pages, .source = r->source,
            .type = r->type, .flags = r->flags, .aux = r->aux,
        };
    }
}

PUBLIC enum xen_memmap_origin
xen_memmap_layout_origin(const xen_memmap_layout *l)
{
    return l->origin;
}

PUBLIC uint32_t xen_memmap_layout_publisher(const xen_memmap_layout *l)
{
    return l->publisher;
}

PUBLIC enum xen_memmap_state xen_memmap_layout_state(const xen_memmap_layout *l)
{
    return l->state;
}

PUBLIC uint32_t xen_memmap_layout_generation(const xen_memmap_layout *l)
{
    return l->generation;
}

PUBLIC unsigned int xen_memmap_layout_error(const xen_memmap_layout *l)
{
    return l->error;
}

PUBLIC const char *xen_memmap_layout_reason(const xen_memmap_layout *l)
{
    return l->reason ? l->reason : memmap_strerror(l->error);
}

PUBLIC unsigned int xen_memmap_layout_ranges(const xen_memmap_layout *l)
{
    return l->nr;
}

PUBLIC const struct xen_memmap_range *
xen_memmap_layout_range(const xen_memmap_layout *l, unsigned int i)
{
    return i < l->nr ? &l->range[i] : NULL;
}

PUBLIC uint64_t xen_memmap_layout_pages(const xen_memmap_layout *l,
                                        unsigned int type)
{
    uint64_t pages = 0;
    unsigned int i;

    for (i = 0; i < l->nr; i++)
        if (l->range[i].type == type)
            pages += l->range[i].pages;
    return pages;
}

PUBLIC unsigned int xen_memmap_layout_reserveds(const xen_memmap_layout *l)
{
    return l->nr_reserved;
}

PUBLIC const struct xen_memmap_reserved *
xen_memmap_layout_reserved(const xen_memmap_layout *l, unsigned int i)
{
    return i < l->nr_reserved ? &l->reserved[i] : NULL;
}

PUBLIC const char *xen_memmap_state_name(enum xen_memmap_state state)
{
    return memmap_strstate(state);
}

PUBLIC const char *xen_memmap_type_name(unsigned int type)
{
    switch (type) {
    case XEN_MEMMAP_RAM:   return "ram";
    case XEN_MEMMAP_RDM:   return "rdm";
    case XEN_MEMMAP_MMIO:  return "mmio";
    case XEN_MEMMAP_OWNED: return "owned";
    }
    return "unknown";
}
