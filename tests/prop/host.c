/* SPDX-License-Identifier: MIT */
#include "host.h"

#include <stdlib.h>
#include <string.h>

void host_init(struct host *h)
{
    h->nr = 0;
    h->iommu = false;
    h->no_ram = HOST_EACCES;
    h->fail_after = -1;
    h->fail_err = 0;
    h->fail_again = 0;
    memset(h->fault, 0, sizeof(h->fault));
    h->max_pages = h->free = 1ull << 50;
    h->max_order = HOST_EXTENT_ORDER;
    memset(h->large, 0, sizeof(h->large));
    memset(h->huge, 0, sizeof(h->huge));
    h->moved = h->freed = h->given = h->populated = 0;
    h->replaced = h->astray = 0;
    h->crashed = false;
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

static bool is_large(const struct host *h, uint64_t slot)
{
    return slot < HOST_SLOTS && (h->large[slot / 8] & (1u << slot % 8));
}

static void set_large(struct host *h, uint64_t slot, bool large)
{
    if ( slot >= HOST_SLOTS )
        return;
    if ( large )
        h->large[slot / 8] |= 1u << slot % 8;
    else
        h->large[slot / 8] &= ~(1u << slot % 8);
}

/* A change of [gfn, gfn + pages) splits the entries that it lies in. */
static void shatter(struct host *h, uint64_t gfn, uint64_t pages)
{
    for ( uint64_t s = gfn / HOST_EXTENT;
          s < HOST_SLOTS && s <= (gfn + pages - 1) / HOST_EXTENT; s++ )
    {
        set_large(h, s, false);
        h->huge[s * HOST_EXTENT / HOST_HUGE] = false;
    }
}

/* [gfn, gfn + pages) is RAM: by the largest entries there are. */
static void enlarge(struct host *h, uint64_t gfn, uint64_t pages)
{
    uint64_t end = gfn + pages, s;

    for ( s = (gfn + HOST_EXTENT - 1) / HOST_EXTENT;
          (s + 1) * HOST_EXTENT <= end; s++ )
        set_large(h, s, true);
    for ( s = (gfn + HOST_HUGE - 1) / HOST_HUGE;
          s < HOST_SLOTS / 512 && (s + 1) * HOST_HUGE <= end; s++ )
        h->huge[s] = true;
}

void host_enlarge(struct host *h)
{
    for ( unsigned int i = 0; i < h->nr; i++ )
        if ( h->run[i].type == HOST_RAM )
            enlarge(h, h->run[i].gfn, h->run[i].pages);
}

uint64_t host_large_in(const struct host *h, uint64_t gfn, uint64_t pages)
{
    uint64_t found = 0;

    for ( uint64_t s = (gfn + HOST_EXTENT - 1) / HOST_EXTENT;
          s < HOST_SLOTS && (s + 1) * HOST_EXTENT <= gfn + pages; s++ )
        if ( is_large(h, s) )
            found += HOST_EXTENT;
    return found;
}

uint64_t host_huge_in(const struct host *h, uint64_t gfn, uint64_t pages)
{
    uint64_t found = 0;

    for ( uint64_t s = (gfn + HOST_HUGE - 1) / HOST_HUGE;
          s < HOST_SLOTS / 512 && (s + 1) * HOST_HUGE <= gfn + pages; s++ )
        if ( h->huge[s] )
            found += HOST_HUGE;
    return found;
}

void host_set(struct host *h, uint64_t gfn, uint64_t pages, uint64_t name,
              enum host_type type)
{
    unsigned int i;

    if ( !pages )
        return;
    shatter(h, gfn, pages);
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

/* What is to happen to this call; it is counted here. */
static struct host_fault fault(struct host *h)
{
    struct host_fault f = { .kind = HOST_FAULT_NONE };

    for ( unsigned int i = 0; i < HOST_FAULTS; i++ )
        if ( h->fault[i].kind && h->fault[i].call == h->calls )
        {
            f = h->fault[i];
            h->failures++;
        }
    h->calls++;
    if ( f.kind == HOST_FAULT_THEFT )
    {
        if ( f.done < h->free )
            h->free = f.done;
        f.kind = HOST_FAULT_NONE;
    }
    return f;
}

/* One page, or as many as all fare alike, upwards; returns how many or an error. */
static long stretch(struct host *h, uint64_t idx, uint64_t gpfn, uint64_t max,
                    struct host_fault *f)
{
    struct host_run from = host_get(h, idx), to = host_get(h, gpfn);
    uint64_t n = max;

    /* Xen looks at the source before it needs memory for anything. */
    if ( from.type != HOST_RAM && from.type != HOST_RAM_AWAY )
        return h->no_ram;
    if ( from.type == HOST_RAM_AWAY )
        return HOST_EXDEV;
    if ( to.type == HOST_DIRECT )
        return HOST_EPERM;
    if ( f->kind && !f->done )
    {
        if ( f->kind != HOST_FAULT_STOP && idx != gpfn )
        {
            host_set(h, idx, 1, 0, HOST_NONE);
            h->astray++;
        }
        return f->err;
    }
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
    if ( f->kind && f->done < n )
        n = f->done;
    f->done -= f->kind ? n : 0;
    if ( idx == gpfn )
    {
        shatter(h, gpfn, n);
        return n;
    }
    if ( to.type != HOST_NONE )
        h->freed += n;
    host_set(h, idx, n, 0, HOST_NONE);
    host_set(h, gpfn, n, from.name, HOST_RAM);
    h->moved += n;
    if ( h->fail_after > 0 )
        h->fail_after -= n;
    return n;
}

/* xenmem_add_to_physmap(): returns > 0 where it wants to be entered again. */
static long enter(struct host *h, uint64_t idx, uint64_t gpfn, uint64_t size,
                  uint64_t start, struct host_fault *f)
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
        n = stretch(h, idx + off, gpfn + off, max, f);
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
    struct host_fault f = fault(h);
    long rc = 0;

    do
        rc = enter(h, idx, gpfn, size, rc, &f);
    while ( rc > 0 );
    return rc;
}

/* guest_remove_page() of up to @max pages that fare alike; 0 if it fails. */
static uint64_t remove_pages(struct host *h, uint64_t gfn, uint64_t max,
                             struct host_fault *f)
{
    struct host_run r = host_get(h, gfn);
    uint64_t n = max < r.pages ? max : r.pages;

    if ( r.type != HOST_RAM && r.type != HOST_RAM_AWAY )
        return 0;
    if ( f->kind && f->done < n )
        n = f->done;
    if ( f->kind )
        f->done -= n;
    host_set(h, gfn, n, 0, HOST_NONE);
    h->given += n;
    h->free += n;
    return n;
}

int host_decrease(struct host *h, const uint64_t *gfn, unsigned int nr,
                  unsigned int order)
{
    struct host_fault f = fault(h);
    unsigned int i;

    if ( order > h->max_order )
        return 0;
    if ( f.kind && !f.done && f.err )
        return f.err;

    for ( i = 0; i < nr; i++ )
        for ( uint64_t off = 0; off < 1ull << order; )
        {
            uint64_t n = remove_pages(h, gfn[i] + off, (1ull << order) - off, &f);

            if ( !n )
                return i;
            off += n;
        }
    return i;
}

int host_populate(struct host *h, const uint64_t *gfn, unsigned int nr,
                  unsigned int order)
{
    struct host_fault f = fault(h);
    const uint64_t pages = 1ull << order;
    unsigned int i;

    if ( order > h->max_order )
        return 0;
    if ( f.kind && !f.done && f.err && f.kind == HOST_FAULT_STOP )
        return f.err;

    for ( i = 0; i < nr; i++ )
    {
        if ( h->free < pages ||
             host_pages(h) + h->astray + pages > h->max_pages ||
             (f.kind == HOST_FAULT_STOP && f.done < pages) )
            return i;
        for ( uint64_t off = 0; off < pages; )
        {
            struct host_run r = host_get(h, gfn[i] + off);

            if ( r.pages > pages - off )
                r.pages = pages - off;
            if ( r.type == HOST_DIRECT )
            {
                h->crashed = true;
                return i;
            }
            if ( r.type != HOST_NONE )
            {
                h->replaced += r.pages;
                h->astray += r.pages;
            }
            off += r.pages;
        }
        h->free -= pages;
        if ( f.kind && f.done < pages )
        {
            uint64_t half = f.kind == HOST_FAULT_HALF ? pages / 2 : 0;

            host_set(h, gfn[i], half, HOST_FRESH + gfn[i], HOST_RAM);
            h->astray += pages - half;
            return i;
        }
        if ( f.kind )
            f.done -= pages;
        host_set(h, gfn[i], pages, HOST_FRESH + gfn[i], HOST_RAM);
        h->populated += pages;
        if ( order )
            enlarge(h, gfn[i], pages);
    }
    return i;
}
