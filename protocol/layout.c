/* SPDX-License-Identifier: MIT */
#include "layout.h"

static bool valid(uint64_t gfn, uint64_t pages)
{
    return pages && gfn + pages > gfn;
}

/* The source of the page @off pages into @r. */
static uint64_t source_at(const struct memmap_range *r, uint64_t off)
{
    return r->source == MEMMAP_NO_SOURCE ? r->source : r->source + off;
}

static bool joins(const struct memmap_range *a, const struct memmap_range *b)
{
    return memmap_range_end(a) == b->gfn && a->type == b->type &&
           a->flags == b->flags && a->aux == b->aux &&
           source_at(a, a->pages) == b->source &&
           /* A run may end right below what means that there is no source. */
           (a->source == MEMMAP_NO_SOURCE) == (b->source == MEMMAP_NO_SOURCE);
}

void memmap_layout_init(struct memmap_layout *l, struct memmap_range *storage,
                        unsigned int max)
{
    l->range = storage;
    l->nr = 0;
    l->max = max;
}

unsigned int memmap_layout_seek(const struct memmap_layout *l, uint64_t gfn)
{
    unsigned int lo = 0, hi = l->nr;

    while ( lo < hi )
    {
        unsigned int mid = lo + (hi - lo) / 2;

        if ( memmap_range_end(&l->range[mid]) > gfn )
            hi = mid;
        else
            lo = mid + 1;
    }

    return lo;
}

/* Replace @cut ranges at @at by the @nr in @with.  The caller checked room. */
static void exchange(struct memmap_layout *l, unsigned int at,
                     unsigned int cut, const struct memmap_range *with,
                     unsigned int nr)
{
    unsigned int i;

    if ( nr > cut )
        for ( i = l->nr; i-- > at + cut; )
            l->range[i + nr - cut] = l->range[i];
    else
        for ( i = at + cut; i < l->nr; i++ )
            l->range[i + nr - cut] = l->range[i];

    for ( i = 0; i < nr; i++ )
        l->range[at + i] = with[i];

    l->nr += nr - cut;
}

/* What set and clear share: @r with type 0 leaves a gap. */
static bool replace(struct memmap_layout *l, const struct memmap_range *r)
{
    struct memmap_range with[3];
    unsigned int first, last, nr = 0;
    uint64_t end;

    if ( !valid(r->gfn, r->pages) )
        return false;

    end = memmap_range_end(r);
    first = memmap_layout_seek(l, r->gfn);
    last = first;
    while ( last < l->nr && l->range[last].gfn < end )
        last++;

    /* What sticks out below and above stays, [first, last) goes. */
    if ( last > first && l->range[first].gfn < r->gfn )
    {
        with[nr] = l->range[first];
        with[nr].pages = r->gfn - with[nr].gfn;
        nr++;
    }

    if ( r->type )
        with[nr++] = *r;

    if ( last > first && memmap_range_end(&l->range[last - 1]) > end )
    {
        uint64_t off = end - l->range[last - 1].gfn;

        with[nr] = l->range[last - 1];
        with[nr].source = source_at(&with[nr], off);
        with[nr].gfn += off;
        with[nr].pages -= off;
        nr++;
    }

    /* Join what touches: inside, then with the neighbours. */
    for ( unsigned int i = 0; i + 1 < nr; )
    {
        if ( joins(&with[i], &with[i + 1]) )
        {
            with[i].pages += with[i + 1].pages;
            for ( unsigned int j = i + 1; j + 1 < nr; j++ )
                with[j] = with[j + 1];
            nr--;
        }
        else
            i++;
    }
    if ( nr && first && joins(&l->range[first - 1], &with[0]) )
    {
        first--;
        with[0].gfn = l->range[first].gfn;
        with[0].pages += l->range[first].pages;
        with[0].source = l->range[first].source;
    }
    if ( nr && last < l->nr && joins(&with[nr - 1], &l->range[last]) )
        with[nr - 1].pages += l->range[last++].pages;

    if ( l->nr - (last - first) + nr > l->max )
        return false;

    exchange(l, first, last - first, with, nr);
    return true;
}

bool memmap_layout_set(struct memmap_layout *l, const struct memmap_range *r)
{
    return r->type && replace(l, r);
}

bool memmap_layout_append(struct memmap_layout *l,
                          const struct memmap_range *r)
{
    struct memmap_range *last = l->nr ? &l->range[l->nr - 1] : NULL;

    if ( !r->type || !valid(r->gfn, r->pages) ||
         (last && r->gfn < memmap_range_end(last)) )
        return false;
    if ( last && joins(last, r) )
    {
        last->pages += r->pages;
        return true;
    }
    if ( l->nr == l->max )
        return false;

    l->range[l->nr++] = *r;
    return true;
}

bool memmap_layout_clear(struct memmap_layout *l, uint64_t gfn, uint64_t pages)
{
    struct memmap_range gap = { .gfn = gfn, .pages = pages };

    return replace(l, &gap);
}

bool memmap_layout_overlaps(const struct memmap_layout *l, unsigned int type,
                            uint64_t gfn, uint64_t pages)
{
    unsigned int i;

    if ( !pages )
        return false;

    /* Not by gfn + pages, which may wrap. */
    for ( i = memmap_layout_seek(l, gfn);
          i < l->nr && (l->range[i].gfn <= gfn ||
                        l->range[i].gfn - gfn < pages); i++ )
        if ( l->range[i].type == type )
            return true;

    return false;
}

bool memmap_layout_covers(const struct memmap_layout *l, unsigned int type,
                          uint64_t gfn, uint64_t pages)
{
    uint64_t end = gfn + pages;
    unsigned int i;

    if ( end < gfn )
        return false;

    for ( i = memmap_layout_seek(l, gfn); i < l->nr && gfn < end; i++ )
    {
        if ( l->range[i].gfn > gfn || l->range[i].type != type )
            return false;
        gfn = memmap_range_end(&l->range[i]);
    }

    return gfn >= end;
}

bool memmap_layout_move(struct memmap_layout *l, uint64_t from, uint64_t to,
                        uint64_t pages)
{
    unsigned int first, i, need = 0;
    uint64_t off;

    if ( !valid(from, pages) || !valid(to, pages) ||
         (from < to + pages && to < from + pages) ||
         !memmap_layout_covers(l, MEMMAP_TYPE_RAM, from, pages) )
        return false;

    /*
     * Be sure of room before anything changes: every source range may leave
     * one piece at the destination, and either end may split what it cuts.
     */
    first = memmap_layout_seek(l, from);
    for ( i = first; i < l->nr && l->range[i].gfn < from + pages; i++ )
        need++;
    if ( l->nr + need + 2 > l->max )
        return false;

    for ( off = 0; off < pages; )
    {
        struct memmap_range r = l->range[memmap_layout_seek(l, from + off)];
        uint64_t skip = from + off - r.gfn, n = r.pages - skip;

        if ( n > pages - off )
            n = pages - off;
        r.source = source_at(&r, skip);
        r.gfn = to + off;
        r.pages = n;
        memmap_layout_clear(l, from + off, n);
        memmap_layout_set(l, &r);
        off += n;
    }

    return true;
}

uint64_t memmap_layout_pages(const struct memmap_layout *l, unsigned int type)
{
    uint64_t pages = 0;
    unsigned int i;

    for ( i = 0; i < l->nr; i++ )
        if ( l->range[i].type == type )
            pages += l->range[i].pages;

    return pages;
}

bool memmap_layout_equal(const struct memmap_layout *a,
                         const struct memmap_layout *b)
{
    unsigned int i;

    if ( a->nr != b->nr )
        return false;

    for ( i = 0; i < a->nr; i++ )
    {
        const struct memmap_range *x = &a->range[i], *y = &b->range[i];

        if ( x->gfn != y->gfn || x->pages != y->pages ||
             x->source != y->source || x->type != y->type ||
             x->flags != y->flags || x->aux != y->aux )
            return false;
    }

    return true;
}

bool memmap_layout_copy(struct memmap_layout *dst,
                        const struct memmap_layout *src)
{
    unsigned int i;

    if ( src->nr > dst->max )
        return false;

    for ( i = 0; i < src->nr; i++ )
        dst->range[i] = src->range[i];
    dst->nr = src->nr;

    return true;
}
