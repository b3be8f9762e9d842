/* SPDX-License-Identifier: MIT */
#include "host.h"

#include <stdlib.h>
#include <string.h>

void host_init(struct host *h)
{
    h->nr = 0;
    h->iommu = false;
    h->old = h->small = false;
    h->fail_after = -1;
    h->fail_err = 0;
    h->fail_again = 0;
    memset(h->fault, 0, sizeof(h->fault));
    h->max_pages = h->free = 1ull << 50;
    h->whole = HOST_PLENTY;
    h->pool = 1ull << 41;
    h->held_gfn = h->held_pages = 0;
    h->max_order = HOST_EXTENT_ORDER;
    memset(h->large, 0, sizeof(h->large));
    memset(h->huge, 0, sizeof(h->huge));
    memset(h->table, 0, sizeof(h->table));
    h->moved = h->freed = h->given = h->populated = 0;
    h->replaced = h->astray = 0;
    h->unhooked = h->held = h->starved = 0;
    h->crashed = h->iommu_failed = false;
    h->calls = h->entries = h->failures = h->looks = 0;
}

/* Whether a page of @type counts against the guest's quota. */
static bool is_own(enum host_type type)
{
    return type == HOST_RAM || type == HOST_RAM_AWAY ||
           type == HOST_LOGDIRTY || type == HOST_SHARED ||
           type == HOST_READONLY;
}

/* Another's page, or none: nothing that the guest may take away or cover. */
static bool is_alien(enum host_type type)
{
    return type == HOST_DIRECT || type == HOST_GRANT || type == HOST_FOREIGN;
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

static bool bit(const uint8_t *map, uint64_t slot)
{
    return slot < HOST_SLOTS && (map[slot / 8] & (1u << slot % 8));
}

static void set_bit(uint8_t *map, uint64_t slot, bool on)
{
    if ( slot >= HOST_SLOTS )
        return;
    if ( on )
        map[slot / 8] |= 1u << slot % 8;
    else
        map[slot / 8] &= ~(1u << slot % 8);
}

/* A change of [gfn, gfn + pages) splits the entries that it lies in. */
static void shatter(struct host *h, uint64_t gfn, uint64_t pages)
{
    for ( uint64_t s = gfn / HOST_EXTENT;
          s < HOST_SLOTS && s <= (gfn + pages - 1) / HOST_EXTENT; s++ )
    {
        set_bit(h->large, s, false);
        set_bit(h->table, s, true);
        h->huge[s * HOST_EXTENT / HOST_HUGE] = false;
    }
}

/* Have a table for the 4 KiB entry of @gfn, and for what must be split for it. */
static bool take_table(struct host *h, uint64_t gfn)
{
    const uint64_t slot = gfn / HOST_EXTENT;
    unsigned int need;

    if ( slot >= HOST_SLOTS || bit(h->table, slot) )
        return true;
    need = 1 + h->huge[gfn / HOST_HUGE];
    if ( h->pool < need )
    {
        h->starved++;
        return false;
    }
    h->pool -= need;
    shatter(h, gfn, 1);
    return true;
}

/* [gfn, gfn + pages) is RAM: by the largest entries there are. */
static void enlarge(struct host *h, uint64_t gfn, uint64_t pages)
{
    uint64_t end = gfn + pages, s;

    for ( s = (gfn + HOST_EXTENT - 1) / HOST_EXTENT;
          (s + 1) * HOST_EXTENT <= end; s++ )
    {
        set_bit(h->large, s, true);
        set_bit(h->table, s, false);
    }
    for ( s = (gfn + HOST_HUGE - 1) / HOST_HUGE;
          s < HOST_SLOTS / 512 && (s + 1) * HOST_HUGE <= end; s++ )
        h->huge[s] = true;
}

void host_enlarge(struct host *h)
{
    for ( unsigned int i = 0; i < h->nr && !h->small; i++ )
        if ( h->run[i].type == HOST_RAM )
            enlarge(h, h->run[i].gfn, h->run[i].pages);
}

uint64_t host_large_in(const struct host *h, uint64_t gfn, uint64_t pages)
{
    uint64_t found = 0;

    for ( uint64_t s = (gfn + HOST_EXTENT - 1) / HOST_EXTENT;
          s < HOST_SLOTS && (s + 1) * HOST_EXTENT <= gfn + pages; s++ )
        if ( bit(h->large, s) )
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
        if ( is_own(h->run[i].type) )
            pages += h->run[i].pages;
    return pages;
}

bool host_is_empty(struct host *h, uint64_t gfn)
{
    const enum host_type type = host_get(h, gfn).type;

    h->looks++;
    return type == HOST_NONE || type == HOST_DIRECT || type == HOST_FOREIGN ||
           type == HOST_PAGED;
}

int host_no_ram(const struct host *h)
{
    return h->old ? HOST_EINVAL : HOST_EACCES;
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
    switch ( f.kind )
    {
    case HOST_FAULT_THEFT:
        if ( f.done < h->free )
            h->free = f.done;
        break;
    case HOST_FAULT_FRAGMENT:
        h->whole = 0;
        break;
    case HOST_FAULT_POOL:
        if ( f.done < h->pool )
            h->pool = f.done;
        break;
    case HOST_FAULT_IOMMU:
        if ( h->iommu )
            return f;
        break;
    default:
        return f;
    }
    f.kind = HOST_FAULT_NONE;
    return f;
}

static int end_domain(struct host *h, bool iommu)
{
    h->crashed = true;
    h->iommu_failed = iommu;
    return HOST_EPERM;
}

/* Give each of @n shared pages at @gfn one of its own; how many got it. */
static uint64_t unshare(struct host *h, uint64_t gfn, uint64_t n)
{
    struct host_run r = host_get(h, gfn);

    if ( n > h->free )
        n = h->free;
    h->free -= n;
    host_set(h, gfn, n, r.name, HOST_RAM);
    return n;
}

/* What xenmem_add_to_physmap_one() says of a source; 0: it can be moved. */
static int source_error(struct host *h, uint64_t idx)
{
    switch ( host_get(h, idx).type )
    {
    case HOST_RAM:
    case HOST_LOGDIRTY:
    case HOST_SPECIAL:
        return 0;
    case HOST_RAM_AWAY:
        return HOST_EXDEV;
    case HOST_READONLY:
        return h->old ? 0 : HOST_EACCES;
    case HOST_SHARED:
        return unshare(h, idx, 1) ? 0 : HOST_ENOMEM;
    default:
        return host_no_ram(h);
    }
}

/* The same of a destination that is another gfn. */
static int destination_error(struct host *h, uint64_t gpfn)
{
    switch ( host_get(h, gpfn).type )
    {
    case HOST_DIRECT:
        return HOST_EPERM;
    case HOST_GRANT:
    case HOST_FOREIGN:
        return HOST_ENXIO;
    case HOST_SHARED:
        return unshare(h, gpfn, 1) ? 0 : HOST_ENOMEM;
    default:
        return 0;
    }
}

/* Whether @f is for this page, and what it does to it. */
static int fault_error(struct host *h, const struct host_fault *f, uint64_t idx,
                       uint64_t gpfn)
{
    if ( f->kind == HOST_FAULT_IOMMU )
        return end_domain(h, true);
    if ( f->kind != HOST_FAULT_STOP && idx != gpfn )
    {
        host_set(h, idx, 1, 0, HOST_NONE);
        h->astray++;
    }
    return f->err;
}

/* One page, or as many as all fare alike, upwards; returns how many or an error. */
static long stretch(struct host *h, uint64_t idx, uint64_t gpfn, uint64_t max,
                    struct host_fault *f)
{
    struct host_run from, to;
    uint64_t n = max;
    int rc;

    /* Xen looks at the source before it needs memory for anything. */
    rc = source_error(h, idx);
    if ( !rc && idx != gpfn )
        rc = destination_error(h, gpfn);
    if ( rc )
        return rc;
    if ( f->kind && !f->done )
        return fault_error(h, f, idx, gpfn);
    if ( h->fail_after == 0 )
    {
        if ( h->failures++ >= h->fail_again )
            h->fail_after = -1;
        return h->fail_err;
    }
    if ( !take_table(h, idx) )
        return HOST_ENOMEM;

    from = host_get(h, idx);
    to = host_get(h, gpfn);
    if ( from.pages < n )
        n = from.pages;
    if ( to.pages < n )
        n = to.pages;
    if ( h->fail_after > 0 && (uint64_t)h->fail_after < n )
        n = h->fail_after;
    if ( f->kind && f->done && f->done < n )
        n = f->done;
    /* A table is asked for at each border. */
    if ( HOST_EXTENT - idx % HOST_EXTENT < n )
        n = HOST_EXTENT - idx % HOST_EXTENT;
    if ( HOST_EXTENT - gpfn % HOST_EXTENT < n )
        n = HOST_EXTENT - gpfn % HOST_EXTENT;
    f->done -= f->kind && f->done ? n : 0;

    if ( from.type != HOST_SPECIAL )
        from.type = HOST_RAM;
    if ( idx == gpfn )
    {
        shatter(h, gpfn, n);
        if ( host_get(h, gpfn).type != from.type )
            host_set(h, gpfn, n, from.name, from.type);
        return n;
    }
    if ( to.type == HOST_SPECIAL )
        h->unhooked += n;
    else if ( to.type != HOST_NONE )
        h->freed += n;
    if ( !take_table(h, gpfn) )
    {
        host_set(h, idx, 1, 0, HOST_NONE);
        h->astray++;
        return HOST_ENOMEM;
    }
    host_set(h, idx, n, 0, HOST_NONE);
    host_set(h, gpfn, n, from.name, from.type);
    h->moved += n;
    if ( h->fail_after > 0 )
        h->fail_after -= n;
    return n;
}

/* xenmem_add_to_physmap(): returns > 0 where it wants to be entered again. */
static long enter(struct host *h, uint64_t idx, uint64_t gpfn, uint64_t size,
                  uint64_t start, struct host_fault *f)
{
    const bool down = gpfn > idx && gpfn < idx + size && !h->old;
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

/* Of [gfn, gfn + pages) what the device model has mapped and will not let go. */
static uint64_t held(const struct host *h, uint64_t gfn, uint64_t pages)
{
    uint64_t from = gfn > h->held_gfn ? gfn : h->held_gfn;
    uint64_t end = h->held_gfn + h->held_pages;

    if ( gfn + pages < end )
        end = gfn + pages;
    return end > from ? end - from : 0;
}

/* guest_remove_page() of up to @max pages that fare alike; 0 if it fails. */
static uint64_t remove_pages(struct host *h, uint64_t gfn, uint64_t max,
                             struct host_fault *f)
{
    struct host_run r = host_get(h, gfn);
    uint64_t n = max < r.pages ? max : r.pages, keep;

    if ( r.type == HOST_NONE || is_alien(r.type) )
        return 0;
    if ( HOST_EXTENT - gfn % HOST_EXTENT < n )
        n = HOST_EXTENT - gfn % HOST_EXTENT;
    if ( f->kind && f->done < n )
        n = f->done;
    if ( f->kind == HOST_FAULT_IOMMU && !n )
        end_domain(h, true);
    if ( !n || (r.type == HOST_SHARED && !(n = unshare(h, gfn, n))) ||
         !take_table(h, gfn) )
        return 0;
    if ( f->kind )
        f->done -= n;
    keep = is_own(r.type) ? held(h, gfn, n) : 0;
    host_set(h, gfn, n, 0, HOST_NONE);
    h->given += n;
    if ( r.type == HOST_SPECIAL )
        h->unhooked += n;
    else if ( r.type != HOST_PAGED )
        h->free += n - keep;
    h->held += keep;
    return n;
}

/* Which 2 MiB of an extent the host gets back in one piece. */
static void find_pieces(const struct host *h, uint64_t gfn, unsigned int order,
                        bool *piece)
{
    for ( uint64_t s = 0; s < (1ull << order) / HOST_EXTENT; s++ )
    {
        struct host_run r = host_get(h, gfn + s * HOST_EXTENT);

        piece[s] = !h->small && r.pages >= HOST_EXTENT &&
                   !((r.gfn - r.name) % HOST_EXTENT);
    }
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
    {
        bool piece[HOST_HUGE / HOST_EXTENT];

        find_pieces(h, gfn[i], order, piece);
        for ( uint64_t off = 0; off < 1ull << order; )
        {
            const uint64_t held = h->held;
            uint64_t n = remove_pages(h, gfn[i] + off, (1ull << order) - off, &f);

            if ( !n )
                return i;
            if ( h->held != held )
                piece[off / HOST_EXTENT] = false;
            off += n;
            if ( off % HOST_EXTENT == 0 && h->whole != HOST_PLENTY )
                h->whole += piece[off / HOST_EXTENT - 1];
        }
    }
    return i;
}

/* populate_physmap()'s page, or 2^order of them, from the host and the quota. */
static bool allocate(struct host *h, unsigned int order)
{
    const uint64_t pages = 1ull << order;

    if ( h->free < pages || h->whole < pages / HOST_EXTENT ||
         host_pages(h) + h->astray + h->held + pages > h->max_pages )
        return false;
    h->free -= pages;
    if ( h->whole == HOST_PLENTY )
        return true;
    h->whole -= pages / HOST_EXTENT;
    if ( h->whole > h->free / HOST_EXTENT )
        h->whole = h->free / HOST_EXTENT;
    return true;
}

/* p2m_add_page() looks at what it covers only to tell who ends the domain. */
static bool cover(struct host *h, uint64_t gfn, uint64_t pages)
{
    for ( uint64_t off = 0; off < pages; )
    {
        struct host_run r = host_get(h, gfn + off);

        if ( r.pages > pages - off )
            r.pages = pages - off;
        if ( is_alien(r.type) )
        {
            end_domain(h, false);
            return false;
        }
        if ( r.type != HOST_NONE )
            h->replaced += r.pages;
        if ( is_own(r.type) )
            h->astray += r.pages;
        off += r.pages;
    }
    return true;
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
        if ( (f.kind == HOST_FAULT_STOP && f.done < pages) ||
             !allocate(h, order) || !cover(h, gfn[i], pages) )
            return i;
        if ( f.kind == HOST_FAULT_IOMMU && f.done < pages )
        {
            end_domain(h, true);
            return i;
        }
        if ( order < HOST_EXTENT_ORDER && !take_table(h, gfn[i]) )
        {
            h->astray += pages;
            return i;
        }
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
