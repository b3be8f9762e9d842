/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What firmware will do, by firmware's own planner (hvmloader/plan.c).  What goes
 * into it is what hvmloader finds: the layout as libxl builds it, and hvmloader's
 * own bounds (hvmloader/hvm-settle.c, inputs()).
 */
#include "internal.h"
#include "plan.h"               /* hvmloader/ */
#include "rdm.h"                /* hvmloader/ */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB (1ull << 20)
#define GIB (1ull << 30)
#define HOLE_START 0xf0000000ull        /* hvmloader's PCI_MEM_START */
#define HOLE_END   0xfc000000ull        /* and PCI_MEM_END */
/* hvmloader and what it was started with lie from 1 MiB on, and end below this. */
#define FIRMWARE_END (2 * MIB)

struct xen_memmap_plan {
    xen_memmap_layout *built, *after;
    uint64_t hole, moved;
    unsigned int width;
    const char *given_up;
    char name[MEMMAP_MAX_BARS][MEMMAP_BAR_NAME];
    struct xen_memmap_bar bar[MEMMAP_MAX_BARS];
    unsigned int nr_bars;
    struct xen_memmap_region region[MEMMAP_MAX_ENTRIES];
    unsigned int nr_regions;
};

/* All that planning needs room for. */
struct work {
    const xen_memmap_config *c;
    struct memmap_range now_range[MEMMAP_MAX_ENTRIES],
                        rdm_range[MEMMAP_MAX_ENTRIES],
                        pin_range[2],
                        after_range[MEMMAP_MAX_ENTRIES];
    struct memmap_layout now, rdm, pinned;
    struct memmap_move move[2 * MEMMAP_MAX_ENTRIES];
    struct memmap_bar bar[MEMMAP_MAX_BARS];
    unsigned int order[MEMMAP_MAX_BARS];    /* of c->bar, largest first */
    struct memmap_plan_in in;
    struct memmap_plan plan;
};

static bool ram(struct memmap_layout *l, uint64_t start, uint64_t end)
{
    struct memmap_range r = {
        .gfn = start >> 12, .pages = (end - start) >> 12, .source = start >> 12,
        .type = MEMMAP_TYPE_RAM,
    };

    return !r.pages || memmap_layout_set(l, &r);
}

/*
 * Where libxl ends RAM below 4 GiB: at the hole, and below what the host reserves
 * for the guest's devices if that lies above rdm_mem_boundary
 * (libxl__domain_device_construct_rdm()).
 */
static uint64_t low_end(const xen_memmap_config *c)
{
    uint64_t end = 4 * GIB - (c->hole > 256 * MIB ? c->hole : 256 * MIB);
    unsigned int i;

    if (end > c->ram)
        end = c->ram;
    for (i = 0; i < c->nr_regions; i++) {
        const uint64_t start = c->region[i].gfn << 12;

        if (c->is_host[i] && start < end && start > c->boundary)
            end = start & ~(2 * MIB - 1);
    }
    return end;
}

static bool build_now(struct work *w)
{
    const uint64_t low = low_end(w->c);

    memmap_layout_init(&w->now, w->now_range, MEMMAP_MAX_ENTRIES);
    return ram(&w->now, 0, (uint64_t)MEMMAP_VGA_GFN << 12) &&
           ram(&w->now, (uint64_t)MEMMAP_VGA_END << 12, low) &&
           ram(&w->now, 4 * GIB, 4 * GIB + (w->c->ram - low));
}

static bool build_pinned(struct work *w)
{
    struct memmap_range r = {
        .pages = FIRMWARE_END >> 12, .source = MEMMAP_NO_SOURCE,
        .type = MEMMAP_TYPE_RAM,
    };

    memmap_layout_init(&w->pinned, w->pin_range, 2);
    if (!memmap_layout_set(&w->pinned, &r))
        return false;
    if (!w->c->hypertransport)
        return true;
    r.gfn = MEMMAP_HT_START >> 12;
    r.pages = (MEMMAP_HT_END - MEMMAP_HT_START) >> 12;
    return memmap_layout_set(&w->pinned, &r);
}

/* Whether firmware knows of a region: it was declared, or the device model asks for it. */
static bool is_told(const xen_memmap_config *c, unsigned int i)
{
    return c->is_told[i] && !(c->is_host[i] && c->rdm_off);
}

static void build_rdm(struct work *w)
{
    unsigned int i, nr = 0;

    for (i = 0; i < w->c->nr_regions; i++)
        if (is_told(w->c, i))
            w->rdm_range[nr++] = w->c->region[i];
    memmap_rdm_merge(&w->rdm, w->rdm_range, nr, MEMMAP_MAX_ENTRIES);
}

/* As hvmloader lists them: largest first, equal ones as they came. */
static void build_bars(struct work *w)
{
    unsigned int i, j;

    for (i = 0; i < w->c->nr_bars; i++) {
        for (j = i; j && w->c->bar[w->order[j - 1]].bytes < w->c->bar[i].bytes;
             j--)
            w->order[j] = w->order[j - 1];
        w->order[j] = i;
    }
    for (i = 0; i < w->c->nr_bars; i++)
        w->bar[i] = (struct memmap_bar){
            .size = w->c->bar[w->order[i]].bytes,
            .is_64bit = w->c->bar[w->order[i]].is_64bit,
        };
}

static void build_inputs(struct work *w)
{
    w->in = (struct memmap_plan_in){
        .now = &w->now, .rdm = &w->rdm, .pinned = &w->pinned,
        .hole_start = HOLE_START, .hole_min = MEMMAP_HOLE_MIN,
        .hole_end = HOLE_END,
        .high_base = 4 * GIB, .high_thresh = MEMMAP_HIGH_THRESH,
        .prefer_high = w->c->prefer_high,
        .addr_limit = 1ull << w->c->width,
        .gfn_limit = 1ull << (w->c->width - 12),
        .max_mtrrs = 8,
        .may_move = w->c->may_move,
    };
    if (w->c->hole) {
        w->in.hole_start = 4 * GIB - w->c->hole;
        w->in.hole_fixed = true;
    }
    w->plan.move = w->move;
    w->plan.max_moves = MEMMAP_ARRAY_SIZE(w->move);
    memmap_layout_init(&w->plan.after, w->after_range, MEMMAP_MAX_ENTRIES);
}

/* As firmware does, with less and less until there is a plan. */
static int make_plan(xen_memmap_handle *h, struct work *w,
                     const char **given_up)
{
    while (!memmap_plan(&w->in, w->bar, w->c->nr_bars, &w->plan)) {
        if (w->in.may_move) {
            w->in.may_move = false;
            *given_up = "RAM stays where it is: there are not enough addresses "
                        "or ranges to move it";
        } else if (w->in.rdm) {
            w->in.rdm = NULL;
            *given_up = "RAM stays where it is and reserved memory is left out: "
                        "there are not enough addresses or ranges";
        } else
            return memmap_fail(h, ENOSPC, "there is no layout for this guest: its "
                               "RAM does not fit into %u bits of address, or it "
                               "has too many ranges", w->c->width);
    }
    return 0;
}

static const char *why_kept(enum memmap_kept kept)
{
    switch (kept) {
    case MEMMAP_KEPT_NOT:
        return NULL;
    case MEMMAP_KEPT_PINNED:
        return "RAM is fixed below 2 MiB, where firmware itself is, and where "
               "AMD's processors have HyperTransport's addresses";
    case MEMMAP_KEPT_RESERVED:
        return "it lies in firmware's own area below 4 GiB";
    case MEMMAP_KEPT_OWNED:
        return "the device model has its own memory there";
    case MEMMAP_KEPT_RAM:
        return "RAM is there, and stays";
    }
    return "it cannot be freed";
}

static bool is_listed(const xen_memmap_plan *p, const struct memmap_range *r)
{
    unsigned int i;

    for (i = 0; i < p->nr_regions; i++)
        if (p->region[i].gfn < r->gfn + r->pages &&
            r->gfn < p->region[i].gfn + p->region[i].pages)
            return true;
    return false;
}

static bool has_ram(const xen_memmap_layout *l, const struct memmap_range *r)
{
    unsigned int i;

    for (i = 0; i < l->nr; i++)
        if (l->range[i].type == XEN_MEMMAP_RAM &&
            l->range[i].gfn < r->gfn + r->pages &&
            r->gfn < l->range[i].gfn + l->range[i].pages)
            return true;
    return false;
}

/* What only the toolstack knows of. */
static void take_untold(xen_memmap_plan *p, const xen_memmap_config *c)
{
    unsigned int i;

    for (i = 0; i < c->nr_regions; i++) {
        const struct memmap_range *r = &c->region[i];

        if (!is_told(c, i) && !is_listed(p, r))
            p->region[p->nr_regions++] = (struct xen_memmap_region){
                .gfn = r->gfn, .pages = r->pages,
                .sbdf = c->is_told[i] ? r->aux : XEN_MEMMAP_ALL_DEVICES,
                .kept = has_ram(p->after, r) ? "RAM is there, and firmware is not told"
                                             : NULL,
            };
    }
}

static void take_regions(xen_memmap_plan *p, const struct work *w)
{
    unsigned int i, pin;

    for (i = 0; i < w->rdm.nr; i++) {
        const struct memmap_range *r = &w->rdm.range[i];

        p->region[p->nr_regions++] = (struct xen_memmap_region){
            .gfn = r->gfn, .pages = r->pages, .sbdf = r->aux,
            .kept = w->in.rdm ? why_kept(memmap_plan_kept(&w->in, r, &pin))
                              : "there are too many ranges",
        };
    }
}

static void take_bars(xen_memmap_plan *p, const struct work *w)
{
    unsigned int i;

    for (i = 0; i < w->c->nr_bars; i++) {
        memcpy(p->name[i], w->c->bar[w->order[i]].name, MEMMAP_BAR_NAME);
        p->bar[i] = (struct xen_memmap_bar){
            .name = p->name[i], .bytes = w->bar[i].size,
            .address = w->bar[i].addr, .is_64bit = w->bar[i].is_64bit,
        };
    }
    p->nr_bars = w->c->nr_bars;
}

static unsigned int width_of(const xen_memmap_plan *p)
{
    uint64_t last = 4 * GIB - 1;
    unsigned int i, bits;

    for (i = 0; i < p->after->nr; i++) {
        const struct xen_memmap_range *r = &p->after->range[i];

        if (((r->gfn + r->pages) << 12) - 1 > last)
            last = ((r->gfn + r->pages) << 12) - 1;
    }
    for (bits = 32; last >> bits; bits++)
        ;
    return bits;
}

static int plan_into(xen_memmap_handle *h, struct work *w, xen_memmap_plan *p)
{
    p->built = memmap_layout_new(h, XEN_MEMMAP_PLANNED);
    p->after = memmap_layout_new(h, XEN_MEMMAP_PLANNED);
    if (!p->built || !p->after)
        return -1;
    /* There is room for all of it: at most four ranges and one. */
    if (!build_now(w))
        return memmap_fail(h, ENOSPC, "too many ranges");
    memmap_layout_take(p->built, &w->now);
    if (!build_pinned(w))
        return memmap_fail(h, ENOSPC, "too many ranges");
    build_rdm(w);
    build_bars(w);
    build_inputs(w);
    if (make_plan(h, w, &p->given_up))
        return -1;

    memmap_layout_take(p->after, &w->plan.after);
    p->after->generation = 1;
    p->hole = w->plan.hole_start;
    p->moved = w->plan.moved_pages;
    take_regions(p, w);
    take_untold(p, w->c);
    take_bars(p, w);
    p->width = width_of(p);
    return 0;
}

PUBLIC int xen_memmap_explain(xen_memmap_handle *h, const xen_memmap_config *c,
                              xen_memmap_plan **plan)
{
    struct work *w = calloc(1, sizeof(*w));
    xen_memmap_plan *p = calloc(1, sizeof(*p));
    int rc;

    if (!w || !p) {
        free(w);
        free(p);
        return memmap_fail(h, ENOMEM, "out of memory");
    }
    w->c = c;
    rc = plan_into(h, w, p);
    free(w);
    if (rc)
        xen_memmap_plan_free(p);
    else
        *plan = p;
    return rc;
}

PUBLIC void xen_memmap_plan_free(xen_memmap_plan *p)
{
    if (!p)
        return;
    xen_memmap_layout_free(p->built);
    xen_memmap_layout_free(p->after);
    free(p);
}

PUBLIC const xen_memmap_layout *xen_memmap_plan_layout(const xen_memmap_plan *p)
{
    return p->after;
}

PUBLIC const xen_memmap_layout *xen_memmap_plan_built(const xen_memmap_plan *p)
{
    return p->built;
}

PUBLIC uint64_t xen_memmap_plan_hole(const xen_memmap_plan *p)
{
    return p->hole;
}

PUBLIC uint64_t xen_memmap_plan_moved(const xen_memmap_plan *p)
{
    return p->moved;
}

PUBLIC const char *xen_memmap_plan_given_up(const xen_memmap_plan *p)
{
    return p->given_up;
}

PUBLIC unsigned int xen_memmap_plan_width(const xen_memmap_plan *p)
{
    return p->width;
}

PUBLIC unsigned int xen_memmap_plan_bars(const xen_memmap_plan *p)
{
    return p->nr_bars;
}

PUBLIC const struct xen_memmap_bar *xen_memmap_plan_bar(const xen_memmap_plan *p,
                                                        unsigned int i)
{
    return i < p->nr_bars ? &p->bar[i] : NULL;
}

PUBLIC unsigned int xen_memmap_plan_regions(const xen_memmap_plan *p)
{
    return p->nr_regions;
}

PUBLIC const struct xen_memmap_region *
xen_memmap_plan_region(const xen_memmap_plan *p, unsigned int i)
{
    return i < p->nr_regions ? &p->region[i] : NULL;
}
