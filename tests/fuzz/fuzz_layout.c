/* SPDX-License-Identifier: MIT */
/*
 * The layout algebra on an arbitrary sequence of calls.
 *
 * Half of the inputs walk in a world of few pages, where a model with one element
 * for each page knows the answer to everything.  The other half has gfns of all
 * 64 bits, where only soundness can be judged: sorted, disjoint, joined, no page
 * of RAM more or fewer after a move, nothing changed by a call that failed.
 */
#include "fuzz.h"

#include "model.h"

const char *fuzz_input = "input";

static void fine(const char *wrong)
{
    if ( !wrong )
        return;
    fprintf(stderr, "%s: %s\n", fuzz_input, wrong);
    abort();
}

static void eat_meaning(struct feed *in, struct memmap_range *r,
                        unsigned int bytes)
{
    unsigned int what = eat(in, 1);

    r->type = 1 + (what & 3);
    r->flags = (what >> 2) & 7;
    r->aux = what & 0x20 ? 1 : 0;
    r->source = what & 0x40 ? r->gfn : what & 0x80 ? MEMMAP_NO_SOURCE
                                                   : eat(in, bytes);
}

static void small(struct feed *in, struct memmap_layout *l)
{
    struct model m = { 0 };
    bool done;

    while ( in->len )
    {
        struct memmap_range r = { 0 };
        enum model_op op = eat(in, 1) % 3;
        uint64_t to = 0;

        r.gfn = eat(in, 1) % MODEL_PAGES;
        r.pages = eat(in, 1) % (MODEL_PAGES - r.gfn + 1);
        if ( op == MODEL_SET )
            eat_meaning(in, &r, 1);
        if ( op == MODEL_MOVE )
            to = eat(in, 1) % (MODEL_PAGES - r.pages + 1);
        fine(model_step(l, &m, op, &r, to, &done));
        fine(model_ask(l, &m, 1 + (r.gfn & 3), r.gfn, r.pages));
    }
}

static void large(struct feed *in, struct memmap_layout *l)
{
    struct memmap_range kept[MODEL_ROOM];
    struct memmap_layout before = { kept, 0, MODEL_ROOM };

    while ( in->len )
    {
        struct memmap_range r = { 0 };
        unsigned int op = eat(in, 1) % 3;
        uint64_t to, ram = memmap_layout_pages(l, MEMMAP_TYPE_RAM);
        bool done = false;

        r.gfn = eat(in, 8);
        r.pages = eat(in, 8);
        memmap_layout_copy(&before, l);
        switch ( op )
        {
        case MODEL_SET:
            eat_meaning(in, &r, 8);
            /* A source that wraps has no meaning: unpack() lets none in. */
            if ( r.source != MEMMAP_NO_SOURCE &&
                 r.source + r.pages < r.source )
                r.source = 0;
            done = memmap_layout_set(l, &r);
            PROMISE(!done || memmap_layout_covers(l, r.type, r.gfn, r.pages));
            break;
        case MODEL_CLEAR:
            done = memmap_layout_clear(l, r.gfn, r.pages);
            for ( unsigned int type = MEMMAP_TYPE_RAM;
                  done && type <= MEMMAP_TYPE_OWNED; type++ )
                PROMISE(!memmap_layout_overlaps(l, type, r.gfn, r.pages));
            break;
        case MODEL_MOVE:
            to = eat(in, 8);
            ram -= memmap_layout_covers(&before, MEMMAP_TYPE_RAM, to, r.pages)
                   ? r.pages : 0;
            done = memmap_layout_move(l, r.gfn, to, r.pages);
            if ( !done )
                break;
            PROMISE(memmap_layout_covers(l, MEMMAP_TYPE_RAM, to, r.pages));
            PROMISE(!memmap_layout_overlaps(l, MEMMAP_TYPE_RAM, r.gfn,
                                            r.pages));
            if ( !memmap_layout_overlaps(&before, MEMMAP_TYPE_RAM, to,
                                         r.pages) )
                PROMISE(memmap_layout_pages(l, MEMMAP_TYPE_RAM) == ram);
            break;
        }
        PROMISE(done || memmap_layout_equal(l, &before));
        PROMISE(!done || (r.pages && r.gfn + r.pages > r.gfn));
        fine(layout_flaw(l));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct feed in = { data, len };
    unsigned int max = eat(&in, 1);
    struct memmap_range *storage;
    struct memmap_layout l;

    if ( in.len > 4096 )
        in.len = 4096;
    storage = malloc(MODEL_ROOM * sizeof(*storage));
    memmap_layout_init(&l, storage, (max >> 1) % (MODEL_ROOM + 1));
    if ( max & 1 )
        large(&in, &l);
    else
        small(&in, &l);
    free(storage);
    return 0;
}
