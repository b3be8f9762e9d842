/* SPDX-License-Identifier: MIT */
/*
 * layout.h - the layout algebra: a sorted, disjoint table of gfn ranges.
 *
 * The protocol's own files are the language that both ends speak: the wire
 * codec, the layout algebra, and the state machine of either end.  They are
 * compiled into hvmloader (32-bit, freestanding), QEMU, a toolstack's library
 * and tests; a tree may have a style and a port.h of its own.
 *
 * They must never touch a port, a hypercall, xenstore, a clock or an
 * allocator: all of that is handed to them as callbacks and caller-owned
 * storage.  They must never cast a struct onto wire bytes, and never divide
 * 64-bit numbers (hvmloader has no helper for that).
 *
 * Storage belongs to the caller and never grows.  Neighbours that say the same
 * are one range: equal type, flags and aux, and sources that continue.
 */
#ifndef XEN_MEMMAP_LAYOUT_H
#define XEN_MEMMAP_LAYOUT_H

#include "memmap.h"
#include "port.h"

struct memmap_range {
    uint64_t gfn;       /* first gfn */
    uint64_t pages;     /* never 0 inside a layout; gfn + pages never wraps */
    uint64_t source;    /* gfn the pages had at domain build, or NO_SOURCE */
    uint16_t type;      /* MEMMAP_TYPE_* */
    uint16_t flags;     /* MEMMAP_EF_* */
    uint32_t aux;
};

struct memmap_layout {
    struct memmap_range *range; /* caller's array of max elements */
    unsigned int nr, max;
};

/* The first gfn after @r. */
static inline uint64_t memmap_range_end(const struct memmap_range *r)
{
    return r->gfn + r->pages;
}

/*
 * Elements of array @a; which header has ARRAY_SIZE() depends on Xen's
 * version.
 */
#define MEMMAP_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Start with no ranges.  @storage must outlive @l. */
void memmap_layout_init(struct memmap_layout *l, struct memmap_range *storage,
                        unsigned int max);

/*
 * Make @r the only thing said of its gfns: what it overlaps is cut or split,
 * equal neighbours are joined.  False, with @l as it was, if @r is empty or
 * wraps, or if the result would have more than max ranges.
 */
bool memmap_layout_set(struct memmap_layout *l, const struct memmap_range *r);

/*
 * As set, where nothing was said of @r's gfns or of any above: in constant
 * time, for who builds a layout from the bottom up.  False also if that is not
 * so.
 */
bool memmap_layout_append(struct memmap_layout *l,
                          const struct memmap_range *r);

/* Say nothing any more of [gfn, gfn + pages).  False as for set. */
bool memmap_layout_clear(struct memmap_layout *l, uint64_t gfn,
                         uint64_t pages);

/*
 * Move @pages RAM pages from @from to @to: their source goes with them, and
 * what was said of the destination is overwritten.  False, with @l as it was,
 * if [from, from + pages) is not all RAM, if the two overlap, or if there is
 * no room.
 */
bool memmap_layout_move(struct memmap_layout *l, uint64_t from, uint64_t to,
                        uint64_t pages);

/* Index of the first range that ends after @gfn; nr if there is none. */
unsigned int memmap_layout_seek(const struct memmap_layout *l, uint64_t gfn);

/* Whether any range of @type has a gfn in [gfn, gfn + pages). */
bool memmap_layout_overlaps(const struct memmap_layout *l, unsigned int type,
                            uint64_t gfn, uint64_t pages);

/* Whether all of [gfn, gfn + pages) is of @type. */
bool memmap_layout_covers(const struct memmap_layout *l, unsigned int type,
                          uint64_t gfn, uint64_t pages);

/* Pages in all ranges of @type. */
uint64_t memmap_layout_pages(const struct memmap_layout *l, unsigned int type);

/* Same ranges with the same meaning. */
bool memmap_layout_equal(const struct memmap_layout *a,
                         const struct memmap_layout *b);

/* Copy @src into @dst's storage.  False if it does not fit. */
bool memmap_layout_copy(struct memmap_layout *dst,
                        const struct memmap_layout *src);

#endif /* XEN_MEMMAP_LAYOUT_H */
