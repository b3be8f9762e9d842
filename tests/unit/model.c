/* SPDX-License-Identifier: MIT */
#include "model.h"

#include <string.h>

const char *layout_flaw(const struct memmap_layout *l)
{
    const struct memmap_range *prev = NULL;

    if ( l->nr > l->max )
        return "more ranges than there is room for";
    for ( unsigned int i = 0; i < l->nr; prev = &l->range[i++] )
    {
        const struct memmap_range *r = &l->range[i];

        if ( !r->pages || !r->type )
            return "a range of nothing";
        if ( r->gfn + r->pages <= r->gfn )
            return "a range that wraps";
        if ( !prev )
            continue;
        if ( memmap_range_end(prev) > r->gfn )
            return "ranges that are unsorted or overlap";
        if ( memmap_range_end(prev) == r->gfn && prev->type == r->type &&
             prev->flags == r->flags && prev->aux == r->aux &&
             r->source == (prev->source == MEMMAP_NO_SOURCE
                           ? prev->source : prev->source + prev->pages) )
            return "two ranges that should be one";
    }
    return NULL;
}

/* What the algebra should hold: one range for each run that goes on alike. */
static void model_ranges(const struct model *m, struct memmap_layout *l)
{
    l->nr = 0;
    for ( unsigned int i = 0; i < MODEL_PAGES; i++ )
    {
        struct memmap_range *r = l->nr ? &l->range[l->nr - 1] : NULL;
        const uint64_t source = m->page[i].source;

        if ( !m->page[i].type )
            continue;
        if ( r && memmap_range_end(r) == i && r->type == m->page[i].type &&
             r->flags == m->page[i].flags && r->aux == m->page[i].aux &&
             (r->source == MEMMAP_NO_SOURCE ? source == MEMMAP_NO_SOURCE
                                            : source == r->source + r->pages) )
            r->pages++;
        else
            l->range[l->nr++] = (struct memmap_range){
                .gfn = i, .pages = 1, .source = source,
                .type = m->page[i].type, .flags = m->page[i].flags,
                .aux = m->page[i].aux };
    }
}

static bool model_set(struct model *m, const struct memmap_range *r)
{
    for ( uint64_t i = 0; i < r->pages; i++ )
    {
        m->page[r->gfn + i].source =
            r->source == MEMMAP_NO_SOURCE ? r->source : r->source + i;
        m->page[r->gfn + i].aux = r->aux;
        m->page[r->gfn + i].type = r->type;
        m->page[r->gfn + i].flags = r->flags;
    }
    return r->pages;
}

static bool model_move(struct model *m, uint64_t from, uint64_t to,
                       uint64_t pages)
{
    struct model kept = *m;

    if ( !pages || (from < to + pages && to < from + pages) )
        return false;
    for ( uint64_t i = 0; i < pages; i++ )
        if ( m->page[from + i].type != MEMMAP_TYPE_RAM )
            return false;

    memset(&m->page[from], 0, pages * sizeof(m->page[0]));
    memcpy(&m->page[to], &kept.page[from], pages * sizeof(m->page[0]));
    return true;
}

const char *model_step(struct memmap_layout *l, struct model *m,
                       enum model_op op, const struct memmap_range *r,
                       uint64_t to, bool *done)
{
    struct memmap_range before_storage[MODEL_ROOM], after_storage[MODEL_PAGES];
    struct memmap_layout before = { before_storage, 0, MODEL_ROOM };
    struct memmap_layout after = { after_storage, 0, MODEL_PAGES };
    struct memmap_range gap = { .gfn = r->gfn, .pages = r->pages };
    struct model next = *m;
    bool legal = false, fits;

    memmap_layout_copy(&before, l);
    switch ( op )
    {
    case MODEL_SET:
        legal = model_set(&next, r);
        *done = memmap_layout_set(l, r);
        break;
    case MODEL_CLEAR:
        legal = model_set(&next, &gap);
        *done = memmap_layout_clear(l, r->gfn, r->pages);
        break;
    case MODEL_MOVE:
        legal = model_move(&next, r->gfn, to, r->pages);
        *done = memmap_layout_move(l, r->gfn, to, r->pages);
        break;
    }

    model_ranges(&next, &after);
    fits = after.nr <= l->max;
    if ( op == MODEL_MOVE && legal )
    {
        /* move wants room for every piece and two cuts before it starts. */
        unsigned int pieces = memmap_layout_seek(&before, r->gfn + r->pages - 1)
                              - memmap_layout_seek(&before, r->gfn) + 1;
        bool room = before.nr + pieces + 2 <= l->max;

        if ( room && !fits )
            return "move's idea of enough room is too small";
        fits = room;
    }

    if ( *done && !legal )
        return "an illegal call succeeded";
    if ( *done && !fits )
        return "a call without room succeeded";
    if ( !*done && legal && fits )
        return "a legal call with room failed";
    if ( !*done )
        return memmap_layout_equal(l, &before) ? NULL
                                               : "a failed call left a change";

    *m = next;
    if ( !memmap_layout_equal(l, &after) )
        return "the layout is not what the model has";
    return layout_flaw(l);
}

const char *model_ask(const struct memmap_layout *l, const struct model *m,
                      unsigned int type, uint64_t gfn, uint64_t pages)
{
    bool any = false, all = true;
    uint64_t sum = 0;
    unsigned int seek;

    for ( uint64_t i = gfn; i < gfn + pages; i++ )
    {
        any |= m->page[i].type == type;
        all &= m->page[i].type == type;
    }
    for ( unsigned int i = 0; i < MODEL_PAGES; i++ )
        sum += m->page[i].type == type;

    if ( memmap_layout_overlaps(l, type, gfn, pages) != any )
        return "overlaps() is wrong";
    if ( memmap_layout_covers(l, type, gfn, pages) != all )
        return "covers() is wrong";
    if ( memmap_layout_pages(l, type) != sum )
        return "pages() is wrong";

    seek = memmap_layout_seek(l, gfn);
    if ( (seek < l->nr && memmap_range_end(&l->range[seek]) <= gfn) ||
         (seek && memmap_range_end(&l->range[seek - 1]) > gfn) )
        return "seek() is wrong";
    return NULL;
}
