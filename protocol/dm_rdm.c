/* SPDX-License-Identifier: MIT */
#include "dm_rdm.h"

bool memmap_dm_rdm_want(struct memmap_layout *l, uint64_t gfn, uint64_t pages,
                        uint32_t aux)
{
    uint64_t end = gfn + pages;

    if ( end <= gfn )
        return false;

    while ( gfn < end )
    {
        unsigned int i = memmap_layout_seek(l, gfn);
        const struct memmap_range *o = i < l->nr ? &l->range[i] : NULL;
        struct memmap_range r = {
            .gfn = gfn,
            .pages = end - gfn,
            .source = MEMMAP_NO_SOURCE,
            .type = MEMMAP_TYPE_RDM,
            .aux = aux,
        };

        if ( o && o->gfn > gfn )
        {
            if ( o->gfn < end )
                r.pages = o->gfn - gfn;
        }
        else if ( o )
        {
            if ( memmap_range_end(o) < end )
                r.pages = memmap_range_end(o) - gfn;
            if ( !aux )
                r.aux = o->aux;
            else if ( o->aux != aux )
                r.aux = 0;
        }
        if ( !memmap_layout_set(l, &r) )
            return false;
        gfn = memmap_range_end(&r);
    }

    return true;
}

const char *memmap_dm_rdm_obstacle(const struct memmap_layout *l, uint64_t gfn,
                                   uint64_t pages)
{
    uint64_t end = gfn + pages;
    unsigned int i;

    for ( i = memmap_layout_seek(l, gfn); i < l->nr && gfn < end; i++ )
    {
        const struct memmap_range *r = &l->range[i];

        if ( r->gfn > gfn )
            break;
        if ( r->type == MEMMAP_TYPE_RAM )
            return r->flags & MEMMAP_EF_UNFREED
                   ? "RAM that cannot be moved is there" : "RAM is there";
        if ( r->type == MEMMAP_TYPE_MMIO )
            return "it is set aside for BARs";
        if ( r->type != MEMMAP_TYPE_RDM )
            break;
        if ( r->flags & MEMMAP_EF_UNMAPPED )
            return "firmware gave it up";
        gfn = memmap_range_end(r);
    }

    return gfn < end ? "the layout does not reserve it" : NULL;
}

bool memmap_dm_rdm_missing(const struct memmap_layout *a,
                           const struct memmap_layout *b, uint64_t *gfn,
                           uint64_t *pages)
{
    uint64_t at = *gfn;
    unsigned int i;

    for ( i = memmap_layout_seek(a, at); i < a->nr; i++ )
    {
        uint64_t end = memmap_range_end(&a->range[i]);

        if ( at < a->range[i].gfn )
            at = a->range[i].gfn;
        while ( at < end )
        {
            unsigned int j = memmap_layout_seek(b, at);

            if ( j < b->nr && b->range[j].gfn <= at )
            {
                at = memmap_range_end(&b->range[j]);
                continue;
            }
            if ( j < b->nr && b->range[j].gfn < end )
                end = b->range[j].gfn;
            *gfn = at;
            *pages = end - at;
            return true;
        }
    }

    return false;
}
