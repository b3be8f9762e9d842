/* SPDX-License-Identifier: GPL-2.0-only */
#include "move.h"

/* xen_add_to_physmap.size has 16 bits. */
#define CHUNK 65535u

/*
 * Bring pages home one by one after a hypercall for all of them failed.  Xen does
 * not say how far it came, and what failed then may fail again now; but it does
 * say with -EACCES that a page is not where it was to be fetched, hence at home.
 * So @now is true whatever happens.
 */
static void home(const struct memmap_p2m_ops *ops, void *opaque,
                 uint64_t away, uint64_t home, unsigned int pages,
                 struct memmap_layout *now)
{
    while ( pages-- )
    {
        uint64_t a = away + pages, h = home + pages;
        int rc = ops->add_to_physmap(opaque, a, h, 1);
        bool at_home = !rc || rc == -MEMMAP_XEN_EACCES;

        if ( at_home && memmap_layout_covers(now, MEMMAP_TYPE_RAM, a, 1) )
            memmap_layout_move(now, a, h, 1);
        if ( !at_home && memmap_layout_covers(now, MEMMAP_TYPE_RAM, h, 1) )
            memmap_layout_move(now, h, a, 1);
    }
}

/* Undo the first @nr moves, the last of them first, where they were made. */
static int back(const struct memmap_p2m_ops *ops, void *opaque,
                const struct memmap_plan *plan, unsigned int nr,
                struct memmap_layout *now)
{
    int rc = 0;

    while ( nr-- )
    {
        const struct memmap_move *m = &plan->move[nr];
        uint64_t off, n;

        for ( off = 0; off < m->pages; off += n )
        {
            unsigned int i = memmap_layout_seek(now, m->to + off);
            int err;

            /* Up to where the next page is that was moved, or was not. */
            n = m->pages - off;
            if ( i == now->nr || now->range[i].gfn >= m->to + m->pages )
                break;
            if ( now->range[i].gfn > m->to + off )
            {
                n = now->range[i].gfn - (m->to + off);
                continue;
            }
            if ( n > memmap_range_end(&now->range[i]) - (m->to + off) )
                n = memmap_range_end(&now->range[i]) - (m->to + off);
            if ( n > CHUNK )
                n = CHUNK;

            err = ops->add_to_physmap(opaque, m->to + off, m->from + off, n);
            if ( !err )
                memmap_layout_move(now, m->to + off, m->from + off, n);
            else
                home(ops, opaque, m->to + off, m->from + off, n, now);
            if ( err && !rc )
                rc = err;
        }
    }

    return rc;
}

int memmap_move(const struct memmap_p2m_ops *ops, void *opaque,
                const struct memmap_plan *plan, struct memmap_layout *now)
{
    unsigned int i;

    for ( i = 0; i < plan->nr_moves; i++ )
    {
        const struct memmap_move *m = &plan->move[i];
        uint64_t off, n;

        for ( off = 0; off < m->pages; off += n )
        {
            int rc;

            n = m->pages - off < CHUNK ? m->pages - off : CHUNK;
            rc = ops->add_to_physmap(opaque, m->from + off, m->to + off, n);
            if ( rc )
            {
                home(ops, opaque, m->to + off, m->from + off, n, now);
                back(ops, opaque, plan, i + 1, now);
                return rc;
            }
            memmap_layout_move(now, m->from + off, m->to + off, n);
        }
    }

    return 0;
}

int memmap_move_back(const struct memmap_p2m_ops *ops, void *opaque,
                     const struct memmap_plan *plan, struct memmap_layout *now)
{
    return back(ops, opaque, plan, plan->nr_moves, now);
}
