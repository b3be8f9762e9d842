/* SPDX-License-Identifier: MIT */
/* What Xen has populated: libxen-memmap knows how to ask, and when not to. */
#include "views.h"

#include <errno.h>
#include <stdlib.h>
#include <xen-memmap.h>

/* Where the E820 says RAM a page of Xen's own counts as populated. */
static struct xen_memmap_span *expected_ram(const struct list *e820, unsigned int *nr)
{
    struct xen_memmap_span *ram = calloc(e820->nr + 1, sizeof(*ram));

    *nr = 0;
    for (size_t i = 0; ram && i < e820->nr; i++) {
        const struct piece *e = &e820->p[i];

        if (e->kind == E820_RAM) {
            ram[(*nr)++] = (struct xen_memmap_span){
                e->r.start / VIEWS_PAGE, (e->r.end - e->r.start) / VIEWS_PAGE };
        }
    }
    return ram;
}

bool p2m_read(uint32_t domid, struct views *v, bool *skip, char *why, size_t size)
{
    xen_memmap_handle *h = xen_memmap_open(NULL, 0);
    struct xen_memmap_span *span, *ram;
    unsigned int nr, nr_ram;
    bool ok;

    *skip = false;
    ram = expected_ram(&v->e820, &nr_ram);
    if (!h || !ram) {
        snprintf(why, size, "out of memory");
        return false;
    }
    ok = !xen_memmap_populated(h, domid, ram, nr_ram, NULL, NULL, &span, &nr);
    if (ok) {
        for (unsigned int i = 0; i < nr; i++) {
            const uint64_t start = span[i].gfn * VIEWS_PAGE;

            list_add(&v->p2m, start, start + span[i].pages * VIEWS_PAGE)->offset = start;
        }
        free(span);
    } else {
        *skip = errno == EBUSY;
        snprintf(why, size, "%s", xen_memmap_message(h));
    }
    free(ram);
    xen_memmap_close(h);
    return ok;
}
