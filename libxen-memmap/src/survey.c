/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All that Xen has for a guest, whatever anybody says of it. */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* So many pages amid RAM may be of Xen's heap; more are a hole. */
#define MAX_SPECIAL 64u

struct survey {
    xen_memmap_handle *h;
    uint32_t domid;
    struct xen_memmap_span *span;
    unsigned int nr;
};

static int add(struct survey *s, uint64_t gfn)
{
    struct xen_memmap_span *last = s->nr ? &s->span[s->nr - 1] : NULL;

    if (last && last->gfn + last->pages == gfn) {
        last->pages++;
        return 0;
    }
    /* Grown when the number is a power of two, to twice as much. */
    if (!(s->nr & (s->nr - 1))) {
        last = realloc(s->span, (s->nr ? 2 * s->nr : 1) * sizeof(*last));
        if (!last)
            return memmap_fail(s->h, ENOMEM, "out of memory");
        s->span = last;
    }
    s->span[s->nr++] = (struct xen_memmap_span){ gfn, 1 };
    return 0;
}

static bool is_in(const struct xen_memmap_span *ram, unsigned int nr,
                  uint64_t gfn)
{
    unsigned int i;

    for (i = 0; i < nr; i++)
        if (gfn >= ram[i].gfn && gfn - ram[i].gfn < ram[i].pages)
            return true;
    return false;
}

/* Ask for @nr gfns from @first on. */
static int ask(struct survey *s, uint64_t first, unsigned int nr,
               const struct xen_memmap_span *ram, unsigned int nr_ram,
               unsigned int *special)
{
    enum xen_memmap_page page[MEMMAP_XEN_BATCH];
    uint64_t gfn[MEMMAP_XEN_BATCH];
    unsigned int i;

    for (i = 0; i < nr; i++)
        gfn[i] = first + i;
    if (s->h->xen_ops->pages(s->h->xen, s->domid, nr, gfn, page))
        return memmap_no_answer(s->h, s->domid);
    for (i = 0; i < nr; i++) {
        if (page[i] == XEN_MEMMAP_PAGE_NONE && *special < MAX_SPECIAL &&
            is_in(ram, nr_ram, gfn[i])) {
            ++*special;
            if (s->h->xen_ops->mappable(s->h->xen, s->domid, gfn[i]))
                page[i] = XEN_MEMMAP_PAGE_POPULATED;
        }
        if (page[i] == XEN_MEMMAP_PAGE_POPULATED && add(s, gfn[i]))
            return -1;
    }
    return 0;
}

static int survey(struct survey *s, const struct xen_memmap_span *ram,
                  unsigned int nr_ram, xen_memmap_progress *progress,
                  void *opaque)
{
    struct memmap_xen_domain d;
    unsigned int special = 0, n;
    uint64_t gfn, end;

    if (memmap_ask_domain(s->h, s->domid, &d))
        return -1;
    end = d.last_gfn + 1;
    for (gfn = 0; gfn < end; gfn += n) {
        n = end - gfn < MEMMAP_XEN_BATCH ? end - gfn : MEMMAP_XEN_BATCH;
        if (ask(s, gfn, n, ram, nr_ram, &special))
            return -1;
        if (progress && progress(opaque, gfn + n, end))
            return memmap_fail(s->h, ECANCELED, "stopped on request");
    }
    return 0;
}

PUBLIC int xen_memmap_populated(xen_memmap_handle *h, uint32_t domid,
                                const struct xen_memmap_span *ram,
                                unsigned int nr_ram,
                                xen_memmap_progress *progress, void *opaque,
                                struct xen_memmap_span **spans,
                                unsigned int *nr)
{
    struct survey s = { .h = h, .domid = domid };
    int err;

    if (!memmap_xen(h))
        return -1;
    if (survey(&s, ram, nr_ram, progress, opaque)) {
        err = errno;
        free(s.span);
        errno = err;
        return -1;
    }
    *spans = s.span;
    *nr = s.nr;
    return 0;
}
