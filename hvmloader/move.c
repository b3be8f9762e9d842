/* SPDX-License-Identifier: GPL-2.0-only */
#include "move.h"

/* xen_add_to_physmap.size has 16 bits. */
#define CHUNK 65535u

#define EXTENT ((uint64_t)MEMMAP_EXTENT_PAGES)
#define HUGE   ((uint64_t)MEMMAP_HUGE_PAGES)

/*
 * Ranges that the layout must have room for before more is moved: one step
 * takes three, and a page found astray up to three again.
 */
#define ROOM 3u

struct mover {
    const struct memmap_p2m_ops *ops;
    void *opaque;
    struct memmap_layout *now;
    struct memmap_moved *moved;
    bool whole, huge;       /* extents are still worth trying, and of 1 GiB */
    bool lost;
};

/* Something is there, and before it was moved to only RAM can have come. */
static bool is_taken(const struct mover *m, uint64_t gfn)
{
    return !m->ops->is_empty(m->opaque, gfn);
}

static bool has_room(const struct mover *m, unsigned int ranges)
{
    return m->now->max - m->now->nr >= ranges;
}

static bool populated(const struct mover *m, uint64_t gfn, unsigned int order)
{
    return m->ops->populate(m->opaque, gfn, 1, order) == 1;
}

/*
 * Say no more that @pages at @gfn, of one range, are RAM.  A layout without
 * room for a gap in the middle loses what follows in the range as well: too
 * little is said, never too much.
 */
static void lose(struct mover *m, uint64_t gfn, uint64_t pages)
{
    const struct memmap_range *r =
        &m->now->range[memmap_layout_seek(m->now, gfn)];

    if ( !memmap_layout_clear(m->now, gfn, pages) )
    {
        pages = memmap_range_end(r) - gfn;
        memmap_layout_clear(m->now, gfn, pages);
    }
    m->moved->lost_pages += pages;
    m->lost = true;
}

/* They are at @to.  A layout that has no room to say so loses them. */
static void note(struct mover *m, uint64_t from, uint64_t to, uint64_t pages)
{
    if ( !memmap_layout_move(m->now, from, to, pages) )
        lose(m, from, pages);
}

/*
 * Something failed between @from, where the layout says the pages are, and
 * @to; @to is @from if nothing can have come there.  Look for each of them.
 * One that is at neither place is gone: Xen had taken it from the one and then
 * had no memory for the page tables of the other.  Its place is populated
 * anew, as nothing was in it.
 */
static void look_for(struct mover *m, uint64_t from, uint64_t to,
                     uint64_t pages)
{
    uint64_t run = 0;   /* pages up to here that moved: noted as one */

    for ( ; ; pages--, from++, to++ )
    {
        const bool left =
            pages && memmap_layout_covers(m->now, MEMMAP_TYPE_RAM, from, 1) &&
            !is_taken(m, from);

        if ( left && is_taken(m, to) )
        {
            run++;
            continue;
        }
        if ( run )
            note(m, from - run, to - run, run);
        run = 0;
        if ( !pages )
            return;
        if ( left && !populated(m, from, 0) )
            lose(m, from, 1);
    }
}

static int by_pages(struct mover *m, uint64_t from, uint64_t to,
                    uint64_t pages)
{
    int rc = m->ops->add_to_physmap(m->opaque, from, to, pages);

    if ( rc )
        look_for(m, from, to, pages);
    else
        note(m, from, to, pages);

    return rc;
}

/*
 * Populate @nr extents anew that were given back at @from: at @to, and what
 * cannot be there where it was: page moves, which need no memory, can still
 * take it from there.
 */
static void fill(struct mover *m, uint64_t from, uint64_t to, unsigned int nr)
{
    unsigned int done = 0;
    int rc = 0;

    if ( m->whole )
        rc = m->ops->populate(m->opaque, to, nr, MEMMAP_EXTENT_ORDER);
    if ( rc > 0 )
    {
        done = rc;
        note(m, from, to, done * EXTENT);
        m->moved->extents += done;
    }
    for ( ; done < nr; done++ )
    {
        uint64_t f = from + done * EXTENT, t = to + done * EXTENT;

        /*
         * If any page came to @t then the first.  The others may be taken by
         * what nobody looked for, see is_blocked().
         */
        const bool came = is_taken(m, t);

        m->whole = false;
        if ( came || !populated(m, f, MEMMAP_EXTENT_ORDER) )
            look_for(m, f, came ? t : f, EXTENT);
    }
}

/* Move @nr extents if that can be done. */
static void by_extents(struct mover *m, uint64_t from, uint64_t to,
                       unsigned int nr)
{
    int rc = m->ops->decrease(m->opaque, from, nr, MEMMAP_EXTENT_ORDER);
    unsigned int freed = rc < 0 ? 0 : rc;

    if ( freed )
        fill(m, from, to, freed);
    if ( freed < nr )
    {
        m->whole = false;
        from += freed * EXTENT;
        look_for(m, from, from, EXTENT);
    }
}

/*
 * Move 1 GiB as one if that can be done.  Most guests may not, and nothing has
 * happened then: the first page, which would be the first to go, is there.  If
 * it was given back and cannot be populated as one, it is in extents.
 */
static void by_huge(struct mover *m, uint64_t from, uint64_t to)
{
    uint64_t off;

    if ( m->ops->decrease(m->opaque, from, 1, MEMMAP_HUGE_ORDER) != 1 )
    {
        m->huge = false;
        if ( !is_taken(m, from) )
            look_for(m, from, from, HUGE);
        return;
    }
    if ( m->ops->populate(m->opaque, to, 1, MEMMAP_HUGE_ORDER) == 1 )
    {
        note(m, from, to, HUGE);
        m->moved->extents += HUGE / EXTENT;
        return;
    }

    m->huge = false;
    for ( off = 0; off < HUGE; off += EXTENT )
    {
        /* Part of the 1 GiB is there; that is not to be written over. */
        if ( is_taken(m, to + off) )
            m->whole = false;
        fill(m, from + off, to + off, 1);
    }
}

/*
 * Whether something is where @p goes; of whole extents a look each, see
 * move.h.
 */
static bool is_blocked(const struct mover *m, const struct memmap_move *p)
{
    const uint64_t end = p->to + p->pages;
    uint64_t gfn = p->to;

    while ( gfn < end )
    {
        if ( is_taken(m, gfn) )
            return true;
        gfn += !(gfn & (EXTENT - 1)) && end - gfn >= EXTENT ? EXTENT : 1;
    }

    return false;
}

/*
 * The first run in [gfn, gfn + *pages) of which something is said, which in a
 * move is that it is RAM: where, and how long, 0 if there is none.
 */
static uint64_t next_run(const struct memmap_layout *l, uint64_t gfn,
                         uint64_t *pages)
{
    const struct memmap_range *r = &l->range[memmap_layout_seek(l, gfn)];
    uint64_t end = gfn + *pages;

    *pages = 0;
    if ( r == &l->range[l->nr] || r->gfn >= end )
        return gfn;
    if ( r->gfn > gfn )
        gfn = r->gfn;
    *pages = (memmap_range_end(r) < end ? memmap_range_end(r) : end) - gfn;

    return gfn;
}

/* Undo the first @nr moves, the last of them first, where they were made. */
static int back(struct mover *m, const struct memmap_plan *plan,
                unsigned int nr)
{
    int first = 0;

    while ( nr-- )
    {
        const struct memmap_move *p = &plan->move[nr];
        uint64_t gfn = p->to, end = p->to + p->pages, single = 0, n;

        for ( ; ; )
        {
            int rc;

            n = end - gfn;
            gfn = next_run(m->now, gfn, &n);
            if ( !n )
                break;
            if ( n > CHUNK )
                n = CHUNK;
            if ( gfn < single )
                n = 1;
            if ( !has_room(m, ROOM) )
                return first ? first : -MEMMAP_XEN_ENOMEM;

            rc = by_pages(m, gfn, p->from + (gfn - p->to), n);
            if ( rc && !first )
                first = rc;
            /* What can go home does, whatever the others do. */
            if ( rc && n > 1 )
                single = gfn + n;
            else
                gfn += n;
        }
    }

    return first;
}

static int forth(struct mover *m, const struct memmap_move *p)
{
    const uint64_t shift = p->to - p->from;
    uint64_t gfn = p->from, end = p->from + p->pages, n;

    for ( ; ; )
    {
        unsigned int head;
        bool whole;
        int rc = 0;

        n = end - gfn;
        gfn = next_run(m->now, gfn, &n);
        if ( !n )
            return 0;
        if ( !has_room(m, 2 * ROOM) )
            return -MEMMAP_XEN_ENOMEM;

        head = -gfn & (EXTENT - 1);
        whole = m->whole && !(shift & (EXTENT - 1)) && n >= head + EXTENT;
        if ( whole && !head )
        {
            const uint64_t low = -gfn & (HUGE - 1);
            const bool huge = m->huge && !(shift & (HUGE - 1)) && n >= HUGE;

            if ( huge )
                n = low;
            n >>= MEMMAP_EXTENT_ORDER;
            if ( n > MEMMAP_EXTENT_BATCH )
                n = MEMMAP_EXTENT_BATCH;
            if ( n )
                by_extents(m, gfn, gfn + shift, n);
            else
                by_huge(m, gfn, gfn + shift);
        }
        else
        {
            if ( whole )
                n = head;
            else if ( n > CHUNK )
                n = CHUNK;
            rc = by_pages(m, gfn, gfn + shift, n);
        }
        if ( m->lost )
            rc = -MEMMAP_XEN_ENOMEM;
        if ( rc )
            return rc;
    }
}

int memmap_move(const struct memmap_p2m_ops *ops, void *opaque,
                const struct memmap_plan *plan, struct memmap_layout *now,
                struct memmap_moved *moved)
{
    struct mover m = {
        .ops = ops, .opaque = opaque, .now = now, .moved = moved,
        .whole = true, .huge = true,
    };
    unsigned int i;

    for ( i = 0; i < plan->nr_moves; i++ )
        if ( is_blocked(&m, &plan->move[i]) )
            return -MEMMAP_XEN_EEXIST;

    for ( i = 0; i < plan->nr_moves; i++ )
    {
        int rc = forth(&m, &plan->move[i]);

        if ( rc )
        {
            back(&m, plan, i + 1);
            return rc;
        }
    }

    return 0;
}

int memmap_move_back(const struct memmap_p2m_ops *ops, void *opaque,
                     const struct memmap_plan *plan, struct memmap_layout *now,
                     struct memmap_moved *moved)
{
    struct mover m = {
        .ops = ops, .opaque = opaque, .now = now, .moved = moved,
    };

    return back(&m, plan, plan->nr_moves);
}

const char *memmap_move_refusal(const struct memmap_memory *m)
{
    if ( m->told )
        return "the toolstack says so";
    if ( m->vnodes )
        return "the guest has virtual NUMA nodes";
    if ( (m->populated && m->populated < m->ram_pages) ||
         (m->target && m->target + m->videoram < m->static_max) )
        return "the guest is populated on demand (memory below maxmem)";

    return NULL;
}
