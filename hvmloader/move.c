/* SPDX-License-Identifier: GPL-2.0-only */
#include "move.h"

/* xen_add_to_physmap.size has 16 bits. */
#define CHUNK 65535u

/*
 * Move one chunk.  Xen does not say how far it came when it fails, so on an
 * error every page is sent back by itself: a page that never left makes that
 * fail too, and is where it was either way.
 */
static int chunk(const struct memmap_p2m_ops *ops, void *opaque,
                 uint64_t from, uint64_t to, unsigned int pages)
{
    int rc = ops->add_to_physmap(opaque, from, to, pages);

    if ( rc )
        while ( pages-- )
            ops->add_to_physmap(opaque, to + pages, from + pages, 1);

    return rc;
}

/* Move a run of pages and tell @now of each chunk that went. */
static int run(const struct memmap_p2m_ops *ops, void *opaque,
               uint64_t from, uint64_t to, uint64_t pages,
               struct memmap_layout *now)
{
    while ( pages )
    {
        unsigned int n = pages < CHUNK ? pages : CHUNK;
        int rc = chunk(ops, opaque, from, to, n);

        if ( rc )
            return rc;
        memmap_layout_move(now, from, to, n);
        from += n;
        to += n;
        pages -= n;
    }

    return 0;
}

/* Undo the first @nr moves, the last of them first; see what is still there. */
static int back(const struct memmap_p2m_ops *ops, void *opaque,
                const struct memmap_plan *plan, unsigned int nr,
                struct memmap_layout *now)
{
    int rc = 0;

    while ( nr-- )
    {
        const struct memmap_move *m = &plan->move[nr];
        uint64_t done = 0;

        while ( done < m->pages &&
                memmap_layout_covers(now, MEMMAP_TYPE_RAM, m->to + done, 1) )
        {
            uint64_t n = m->pages - done;
            unsigned int i = memmap_layout_seek(now, m->to + done);
            int err;

            if ( memmap_range_end(&now->range[i]) - (m->to + done) < n )
                n = memmap_range_end(&now->range[i]) - (m->to + done);
            err = run(ops, opaque, m->to + done, m->from + done, n, now);
            if ( err && !rc )
                rc = err;
            done += n;
        }
    }

    return rc;
}

int memmap_move(const struct memmap_p2m_ops *ops, void *opaque,
                const struct memmap_plan *plan, struct memmap_layout *now)
{
    unsigned int i;
    int rc;

    for ( i = 0; i < plan->nr_moves; i++ )
    {
        const struct memmap_move *m = &plan->move[i];

        rc = run(ops, opaque, m->from, m->to, m->pages, now);
        if ( rc )
        {
            back(ops, opaque, plan, i + 1, now);
            return rc;
        }
    }

    return 0;
}

int memmap_move_back(const struct memmap_p2m_ops *ops, void *opaque,
                     const struct memmap_plan *plan, struct memmap_layout *now)
{
    return back(ops, opaque, plan, plan->nr_moves, now);
}
