/* SPDX-License-Identifier: MIT */
/*
 * said.h - what a table says of a gfn, and what makes a table sound: written from
 * layout.h's words, by looking at every range.  The judge of every proof about tables.
 */
#ifndef MEMMAP_SAID_H
#define MEMMAP_SAID_H

#include "layout.h"

/* The same three fields and sources that continue: what one gfn is said to be. */
struct said {
    uint16_t type, flags;
    uint32_t aux;
    uint64_t source;
};

static inline bool within(uint64_t gfn, uint64_t first, uint64_t pages)
{
    return gfn >= first && gfn - first < pages;
}

/* Of @gfn in @l, by looking at every range; type 0: nothing. */
static inline struct said ask(const struct memmap_layout *l, uint64_t gfn)
{
    struct said s = { 0, 0, 0, 0 };
    unsigned int i;

    for ( i = 0; i < l->nr; i++ )
    {
        const struct memmap_range *r = &l->range[i];

        if ( within(gfn, r->gfn, r->pages) )
        {
            s.type = r->type;
            s.flags = r->flags;
            s.aux = r->aux;
            s.source = r->source == MEMMAP_NO_SOURCE
                       ? r->source : r->source + (gfn - r->gfn);
        }
    }

    return s;
}

static inline bool same(struct said a, struct said b)
{
    return a.type == b.type &&
           (!a.type || (a.flags == b.flags && a.aux == b.aux &&
                        a.source == b.source));
}

/* [gfn, gfn + pages) has pages and an end that can be said. */
static inline bool ends(uint64_t gfn, uint64_t pages)
{
    return pages && pages <= UINT64_MAX - gfn;
}

/* Sources of a run are gfns: they do not reach what means that there is none. */
static inline bool sourced(const struct memmap_range *r)
{
    return r->source == MEMMAP_NO_SOURCE || ends(r->source, r->pages);
}

/* As a record's entries are, whatever their sources. */
static inline bool ordered(const struct memmap_layout *l)
{
    unsigned int i;

    if ( l->nr > l->max )
        return false;
    for ( i = 0; i < l->nr; i++ )
        if ( !l->range[i].type || !ends(l->range[i].gfn, l->range[i].pages) ||
             (i && l->range[i].gfn - l->range[i - 1].gfn < l->range[i - 1].pages) ||
             (i && l->range[i].gfn < l->range[i - 1].gfn) )
            return false;

    return true;
}

static inline bool sorted(const struct memmap_layout *l)
{
    unsigned int i;

    if ( !ordered(l) )
        return false;
    for ( i = 0; i < l->nr; i++ )
        if ( !sourced(&l->range[i]) )
            return false;

    return true;
}

/* No two neighbours say the same of the pages to either side of where they meet. */
static inline bool joined(const struct memmap_layout *l)
{
    unsigned int i;

    for ( i = 1; i < l->nr; i++ )
    {
        const struct memmap_range *a = &l->range[i - 1], *b = &l->range[i];
        uint64_t next = a->source == MEMMAP_NO_SOURCE ? a->source
                                                      : a->source + a->pages;

        if ( a->gfn + a->pages == b->gfn && a->type == b->type &&
             a->flags == b->flags && a->aux == b->aux && next == b->source &&
             (a->source == MEMMAP_NO_SOURCE) == (b->source == MEMMAP_NO_SOURCE) )
            return false;
    }

    return true;
}

static inline bool same_range(const struct memmap_range *a, const struct memmap_range *b)
{
    return a->gfn == b->gfn && a->pages == b->pages && a->source == b->source &&
           a->type == b->type && a->flags == b->flags && a->aux == b->aux;
}

/* Range for range. */
static inline bool unchanged(const struct memmap_layout *a, const struct memmap_layout *b)
{
    unsigned int i;

    if ( a->nr != b->nr )
        return false;
    for ( i = 0; i < a->nr; i++ )
        if ( !same_range(&a->range[i], &b->range[i]) )
            return false;

    return true;
}

#endif /* MEMMAP_SAID_H */
