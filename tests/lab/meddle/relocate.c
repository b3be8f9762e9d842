/* SPDX-License-Identifier: MIT */
/* What a device model asks Xen to do with many pages at a time, and whether it was done. */
#include "meddle.h"

#include <stdio.h>
#include <sys/mman.h>
#include <xenctrl.h>
#include <xendevicemodel.h>
#include <xenforeignmemory.h>

#define BATCH 256

/* How many of @pages are there, from @gfn on. */
static unsigned long there(xenforeignmemory_handle *fmem, uint32_t domid, unsigned long gfn,
                           unsigned long pages)
{
    unsigned long sum = 0;

    for (unsigned long i = 0; i < pages; i += BATCH) {
        size_t nr = pages - i < BATCH ? pages - i : BATCH;
        xen_pfn_t pfn[BATCH];
        int err[BATCH];
        void *map;

        for (size_t k = 0; k < nr; k++) {
            pfn[k] = gfn + i + k;
        }
        map = xenforeignmemory_map(fmem, domid, PROT_READ, nr, pfn, err);
        for (size_t k = 0; map && k < nr; k++) {
            sum += !err[k];
        }
        if (map) {
            xenforeignmemory_unmap(fmem, map, nr);
        }
    }
    return sum;
}

int relocate(uint32_t domid, unsigned long from, unsigned long to, unsigned long pages)
{
    xendevicemodel_handle *dmod = xendevicemodel_open(NULL, 0);
    xenforeignmemory_handle *fmem = xenforeignmemory_open(NULL, 0);

    if (!dmod || !fmem ||
        xendevicemodel_relocate_memory(dmod, domid, (uint32_t)pages, from, to)) {
        perror("meddle: relocate");
        return 1;
    }
    printf("of %lu pages %lu are there, and %lu still here\n", pages, there(fmem, domid, to, pages),
           there(fmem, domid, from, pages));
    return 0;
}
