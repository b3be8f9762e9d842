/* SPDX-License-Identifier: MIT */
#include "host.h"

#include <stdlib.h>
#include <string.h>

void host_init(struct host *h)
{
    h->nr = 0;
    h->iommu = false;
    h->fail_after = -1;
    h->fail_err = 0;
    h->fail_again = 0;
    h->moved = h->freed = 0;
    h->calls = h->entries = h->failures = 0;
}

/* The first run that ends after @gfn. */
static unsigned int find(const struct host *h, uint64_t gfn)
{
    unsigned int lo = 0, hi = h->nr;

    while ( lo < hi )
    {
        unsigned int mid = (lo + hi) / 2;

        if ( h->run[mid].gfn + h->run[mid].pages > gfn )
            hi = mid;
        else
            lo = mid + 1;
    }
    return lo;
}

static void insert(struct host *h, unsigned int at, struct host_run r)
{
    if ( h->nr == HOST_RUNS )
        abort();
    memmove(&h->run[at + 1], &h->run[at], (h->nr - at) * sizeof(r));
    h->run[at] = r;
    h->nr++;
}

static void delete(struct host *h, unsigned int at)
{
    h->nr--;
    memmove(&h->run[at], &h->run[at + 1], (h->nr - at) * sizeof(h->run[0]));
}

/* Make @gfn the start of a run, if it is inside one. */
static void cut(struct host *h, uint64_t gfn)
{
    unsigned int i = find(h, gfn);
    struct host_run tail;
    uint64_t off;

    if ( i == h->nr || h->run[i].gfn >= gfn )
        return;
    off = gfn - h->run[i].gfn;
    tail = h->run[i];
    tail.gfn += off;
    tail.pages -= off;
    tail.name += off;
    h->run[i].pages = off;
    insert(h, i + 1, tail);
}

static void join(struct host *h, unsigned int i)
{
    if ( i + 1 < h->nr && h->run[i].type == h->run[i + 1].type &&
         h->run[i].gfn + h->run[i].pages == h->run[i + 1].gfn &&
         h->run[i].name + h->run[i].pages == h->run[i + 1].name )
    {
        h->run[i].pages += h->run[i + 1].pages;
        delete(h, i + 1);
    }
}

void host_set(struct host *h, uint64_t gfn, uint64_t pages, uint64_t name,
              enum host_type type)
{
    unsigned int i;

    if ( !pages )
        return;
    cut(h, gfn);
    cut(h, gfn + pages);
    i = find(h, gfn);
    while ( i < h->nr && h->run[i].gfn < gfn + pages )
        delete(h, i);
    if ( type == HOST_NONE )
        return;
    insert(h, i, (struct host_run){ gfn, pages, name, type });
    join(h, i);
    if ( i )
        join(h, i - 1);
}

struct host_run host_get(const struct host *h, uint64_t gfn)
{
    unsigned int i = find(h, gfn);
    struct host_run r = { .gfn = gfn, .type = HOST_NONE };

    if ( i == h->nr )
        r.pages = ~0ull - gfn;
    else if ( h->run[i].gfn > gfn )
        r.pages = h->run[i].gfn - gfn;
    else
    {
        uint64_t off = gfn - h->run[i].gfn;

        r = h->run[i];
        r.gfn += off;
        r.pages -= off;
        r.name += off;
    }
    return r;
}

uint64_t host_pages(const struct host *h)
{
    uint64_t pages = 0;

    for ( unsigned int i = 0; i < h->nr; i++ )
        if ( h->run[i].type == HOST_RAM || h->run[i].type == HOST_RAM_AWAY )
            pages += h->run[i].pages;
    return pages;
}

/* One page, or as many as all fare alike, upwards; returns how many or an error. */
static long stretch(struct host *h, uint64_t idx, uint64_t gpfn, uint64_t max)
{
    struct host_run from = host_get(h, idx), to = host_get(h, gpfn);
    uint64_t n = max;

    /* Xen looks at the source before it needs memory for anything. */
    if ( from.type != HOST_RAM && from.type != HOST_RAM_AWAY )
        return HOST_EACCES;
    if ( from.type == HOST_RAM_AWAY )
        return HOST_EXDEV;
    if ( to.type == HOST_DIRECT )
        return HOST_EPERM;
    if ( h->fail_after == 0 )
    {
        if ( h->failures++ >= h->fail_again )
            h->fail_after = -1;
        return h->fail_err;
    }

    if ( from.pages < n )
        n = from.pages;
    if ( to.pages < n )
        n = to.pages;
    if ( h->fail_after > 0 && (uint64_t)h->fail_after < n )
        n = h->fail_after;
    if ( idx != gpfn )
    {
        if ( to.type != HOST_NONE )
            h->freed += n;
        host_set(h, idx, n, 0, HOST_NONE);
        host_set(h, gpfn, n, from.name, HOST_RAM);
    }
    h->moved += n;
    if ( h->fail_after > 0 )
        h->fail_after -= n;
    return n;
}

/* xenmem_add_to_physmap(): returns > 0 where it wants to be entered again. */
static long enter(struct host *h, uint64_t idx, uint64_t gpfn, uint64_t size,
                  uint64_t start)
{
    const bool down = gpfn > idx && gpfn < idx + size;
    const bool overlap = gpfn < idx + size && idx < gpfn + size;
    uint64_t done = 0, left = size - start;

    h->entries++;
    if ( gpfn + size < gpfn || idx + size < idx )
        return HOST_EOVERFLOW;

    while ( done < left )
    {
        uint64_t max = overlap ? 1 : left - done;
        uint64_t off = down ? left - done - 1 : start + done;
        long n;

        if ( h->iommu && max > 16 - done % 16 )
            max = 16 - done % 16;
        n = stretch(h, idx + off, gpfn + off, max);
        if ( n < 0 )
            return n;
        done += n;
        if ( h->iommu && done >= 16 && done < left )
            return start + done;
    }
    return 0;
}

int host_add_to_physmap(struct host *h, uint64_t idx, uint64_t gpfn,
                        uint32_t size)
{
    long rc = 0;

    h->calls++;
    do
        rc = enter(h, idx, gpfn, size, rc);
    while ( rc > 0 );
    return rc;
}
