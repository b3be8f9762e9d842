/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A layout against what Xen has.  Each range is gone through in pieces of a 2 MiB
 * extent; of a piece every page is asked for, or both ends and one between, and
 * all of them if one of these is wrong.
 */
#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define EXTENT 512u             /* pages */
/* So many pages amid RAM may be of Xen's heap; more are a hole. */
#define MAX_SPECIAL 64u
/*
 * A guest may call any number of pages a hole.  Of more than so many (64 GiB) only
 * samples are asked for, and never more than so many of those.
 */
#define MAX_FULL_HOLE (1u << 24)
#define MAX_SAMPLES (1u << 16)

struct xen_memmap_report {
    uint64_t asked, ram, owned;
    struct xen_memmap_mismatch *mismatch;
    unsigned int nr;
};

struct question {
    uint64_t gfn;
    unsigned int range;         /* of the layout */
    bool sample;                /* if it is wrong, ask for all around it */
};

struct verifying {
    xen_memmap_handle *h;
    struct memmap_xen *xen;
    uint32_t domid;
    const xen_memmap_layout *l;
    xen_memmap_progress *progress;
    void *opaque;
    uint64_t total;             /* pages to be asked for, without second looks */
    uint32_t dice;
    bool full;
    unsigned int special;
    unsigned int nr;
    struct question q[MEMMAP_XEN_BATCH];
    xen_memmap_report *report;
};

/* ---- judging ---- */

static bool is_wrong(struct verifying *v, const struct question *q,
                     enum xen_memmap_page *has)
{
    if (v->l->range[q->range].type == XEN_MEMMAP_RAM) {
        if (*has == XEN_MEMMAP_PAGE_NONE && v->special < MAX_SPECIAL) {
            v->special++;
            if (v->h->xen_ops->mappable(v->xen, v->domid, q->gfn))
                *has = XEN_MEMMAP_PAGE_POPULATED;
        }
        return *has == XEN_MEMMAP_PAGE_NONE;
    }
    return *has != XEN_MEMMAP_PAGE_NONE;
}

static int note(struct verifying *v, const struct question *q,
                enum xen_memmap_page has)
{
    xen_memmap_report *r = v->report;
    struct xen_memmap_mismatch *last = r->nr ? &r->mismatch[r->nr - 1] : NULL;

    if (last && last->gfn + last->pages == q->gfn && last->has == has &&
        last->says.gfn == v->l->range[q->range].gfn) {
        last->pages++;
        return 0;
    }
    /* Grown when the number is a power of two, to twice as much. */
    if (!(r->nr & (r->nr - 1))) {
        last = realloc(r->mismatch, (r->nr ? 2 * r->nr : 1) * sizeof(*last));
        if (!last)
            return memmap_fail(v->h, ENOMEM, "out of memory");
        r->mismatch = last;
    }
    r->mismatch[r->nr++] = (struct xen_memmap_mismatch){
        .gfn = q->gfn, .pages = 1, .says = v->l->range[q->range], .has = has,
    };
    return 0;
}

/* ---- asking ---- */

static int ask_pages(struct verifying *v, const struct question *q,
                     unsigned int nr, enum xen_memmap_page *page)
{
    uint64_t gfn[MEMMAP_XEN_BATCH];
    unsigned int i;

    for (i = 0; i < nr; i++)
        gfn[i] = q[i].gfn;
    if (v->h->xen_ops->pages(v->xen, v->domid, nr, gfn, page))
        return memmap_no_answer(v->h, v->domid);
    v->report->asked += nr;
    return 0;
}

/* The first and the last page of @gfn's extent that are in its range. */
static void piece_of(const struct xen_memmap_range *r, uint64_t gfn,
                     uint64_t *first, uint64_t *end)
{
    *first = gfn & ~(uint64_t)(EXTENT - 1);
    *end = *first + EXTENT;
    if (*first < r->gfn)
        *first = r->gfn;
    if (*end > r->gfn + r->pages)
        *end = r->gfn + r->pages;
}

/* Every page around a sample that is wrong. */
static int ask_around(struct verifying *v, const struct question *sample)
{
    enum xen_memmap_page page[EXTENT];
    struct question q[EXTENT];
    uint64_t first, end;
    unsigned int i, nr;

    piece_of(&v->l->range[sample->range], sample->gfn, &first, &end);
    nr = end - first;
    for (i = 0; i < nr; i++)
        q[i] = (struct question){ .gfn = first + i, .range = sample->range };
    if (ask_pages(v, q, nr, page))
        return -1;
    for (i = 0; i < nr; i++)
        if (is_wrong(v, &q[i], &page[i]) && note(v, &q[i], page[i]))
            return -1;
    return 0;
}

/* Whether the mismatches end above @gfn already: its piece was asked for. */
static bool is_noted(const struct verifying *v, const struct question *q)
{
    const xen_memmap_report *r = v->report;
    uint64_t first, end;

    if (!r->nr)
        return false;
    piece_of(&v->l->range[q->range], q->gfn, &first, &end);
    return r->mismatch[r->nr - 1].gfn + r->mismatch[r->nr - 1].pages > first;
}

static int flush(struct verifying *v)
{
    enum xen_memmap_page page[MEMMAP_XEN_BATCH];
    unsigned int i;

    if (!v->nr)
        return 0;
    if (ask_pages(v, v->q, v->nr, page))
        return -1;
    for (i = 0; i < v->nr; i++) {
        const struct question *q = &v->q[i];

        if (q->sample && is_noted(v, q))
            continue;
        if (is_wrong(v, q, &page[i]) &&
            (q->sample ? ask_around(v, q) : note(v, q, page[i])))
            return -1;
    }
    v->nr = 0;
    if (v->progress && v->progress(v->opaque, v->report->asked < v->total ?
                                   v->report->asked : v->total, v->total))
        return memmap_fail(v->h, ECANCELED, "stopped on request");
    return 0;
}

static int ask(struct verifying *v, uint64_t gfn, unsigned int range, bool sample)
{
    v->q[v->nr++] = (struct question){ gfn, range, sample };
    return v->nr == MEMMAP_XEN_BATCH ? flush(v) : 0;
}

/* Any number in [0, @below); good enough to hit other pages the next time. */
static uint32_t throw_dice(struct verifying *v, uint32_t below)
{
    v->dice = v->dice * 1664525u + 1013904223u;
    return (v->dice >> 8) % below;
}

/* Firmware's own area, gfns: Xen's pages for the guest are there, too. */
#define AREA     0xfc000u
#define AREA_END 0x100000u

/*
 * Of OWNED and of unknown types nothing is said, nor of reserved memory that could
 * not be freed in firmware's own area: there is what firmware or Xen put there.
 */
static bool is_asked(const struct xen_memmap_range *r)
{
    if ((r->flags & XEN_MEMMAP_UNMAPPED) && r->gfn >= AREA &&
        r->gfn + r->pages <= AREA_END)
        return false;
    return r->type == XEN_MEMMAP_RAM || r->type == XEN_MEMMAP_RDM ||
           r->type == XEN_MEMMAP_MMIO;
}

/* RAM is bounded by what the domain has; what else a guest may say is not. */
static bool is_full(const struct verifying *v, const struct xen_memmap_range *r)
{
    return v->full && (r->type == XEN_MEMMAP_RAM || r->pages <= MAX_FULL_HOLE);
}

/* Extents from one sample to the next. */
static uint64_t stride_of(const struct xen_memmap_range *r)
{
    return r->type == XEN_MEMMAP_RAM ? 1 : 1 + r->pages / EXTENT / MAX_SAMPLES;
}

static int ask_all(struct verifying *v, unsigned int range)
{
    const struct xen_memmap_range *r = &v->l->range[range];
    uint64_t gfn;

    for (gfn = r->gfn; gfn < r->gfn + r->pages; gfn++)
        if (ask(v, gfn, range, false))
            return -1;
    return 0;
}

static int ask_samples(struct verifying *v, unsigned int range)
{
    const struct xen_memmap_range *r = &v->l->range[range];
    const uint64_t step = stride_of(r) * EXTENT;
    uint64_t gfn, first, end;

    if (ask(v, r->gfn, range, true))
        return -1;
    for (gfn = r->gfn; gfn < r->gfn + r->pages; gfn = first + step) {
        piece_of(r, gfn, &first, &end);
        if (ask(v, first + throw_dice(v, end - first), range, true))
            return -1;
        first &= ~(uint64_t)(EXTENT - 1);
    }
    return ask(v, r->gfn + r->pages - 1, range, true);
}

static uint64_t pages_to_ask(const struct verifying *v)
{
    uint64_t pages = 0;
    unsigned int i;

    for (i = 0; i < v->l->nr; i++) {
        const struct xen_memmap_range *r = &v->l->range[i];

        if (is_asked(r))
            pages += is_full(v, r) ? r->pages :
                     3 + r->pages / EXTENT / stride_of(r);
    }
    return pages;
}

/* ---- what the device model keeps in the guest ---- */

/* Pages of video memory, as the toolstack says where the guest cannot; 0: none. */
static int read_video(struct verifying *v, uint64_t *pages)
{
    size_t len;
    char *text = memmap_store_get(v->h, XBT_NULL, &len,
                                  "/local/domain/%u/memory/videoram", v->domid);

    *pages = 0;
    if (!text)
        return errno == ENOENT ? 0 : -1;
    *pages = strtoull(text, NULL, 10) / 4;
    free(text);
    return 0;
}

static bool is_video(const struct xen_memmap_mismatch *m, uint64_t pages)
{
    return m->says.type == XEN_MEMMAP_MMIO && m->pages == pages &&
           m->has == XEN_MEMMAP_PAGE_POPULATED && !(m->gfn & (pages - 1));
}

/*
 * Video memory lies under its BAR, and no RAM of the guest is meant.  Nobody says
 * where; so one piece that looks like it, all of it and at its alignment, is taken
 * for it.
 */
static int forget_video(struct verifying *v)
{
    xen_memmap_report *r = v->report;
    uint64_t pages;
    unsigned int i;

    if (!r->nr)
        return 0;
    if (read_video(v, &pages))
        return -1;
    for (i = 0; pages && i < r->nr; i++)
        if (is_video(&r->mismatch[i], pages)) {
            memmove(&r->mismatch[i], &r->mismatch[i + 1],
                    (r->nr - i - 1) * sizeof(*r->mismatch));
            r->nr--;
            break;
        }
    return 0;
}

static int verify(struct verifying *v)
{
    struct memmap_xen_domain d;
    unsigned int i;

    if (memmap_ask_domain(v->h, v->domid, &d))
        return -1;
    v->report->owned = d.pages;
    v->report->ram = xen_memmap_layout_pages(v->l, XEN_MEMMAP_RAM);
    if (v->report->ram > v->report->owned)
        return 0;               /* no need to look for it */
    v->total = pages_to_ask(v);
    for (i = 0; i < v->l->nr; i++) {
        const struct xen_memmap_range *r = &v->l->range[i];

        if (is_asked(r) &&
            (is_full(v, r) ? ask_all(v, i) : ask_samples(v, i)))
            return -1;
    }
    return flush(v) ? -1 : forget_video(v);
}

PUBLIC int xen_memmap_verify(xen_memmap_handle *h, uint32_t domid,
                             const xen_memmap_layout *layout,
                             unsigned int flags, xen_memmap_progress *progress,
                             void *opaque, xen_memmap_report **report)
{
    struct verifying *v;
    int rc, err;

    if (flags & ~XEN_MEMMAP_FULL)
        return memmap_fail(h, EINVAL, "unknown flags");
    if (!memmap_xen(h))
        return -1;
    v = calloc(1, sizeof(*v));
    if (!v || !(v->report = calloc(1, sizeof(*v->report)))) {
        free(v);
        return memmap_fail(h, ENOMEM, "out of memory");
    }
    v->h = h;
    v->xen = h->xen;
    v->domid = domid;
    v->l = layout;
    v->full = flags & XEN_MEMMAP_FULL;
    v->progress = progress;
    v->opaque = opaque;
    if (getrandom(&v->dice, sizeof(v->dice), GRND_NONBLOCK) < 0)
        v->dice = 1;            /* any will do */

    rc = verify(v);
    err = errno;
    if (rc)
        xen_memmap_report_free(v->report);
    else
        *report = v->report;
    free(v);
    errno = err;
    return rc;
}

/* ---- the report ---- */

PUBLIC void xen_memmap_report_free(xen_memmap_report *r)
{
    int err = errno;

    if (!r)
        return;
    free(r->mismatch);
    free(r);
    errno = err;
}

PUBLIC int xen_memmap_report_agrees(const xen_memmap_report *r)
{
    return !r->nr && r->ram <= r->owned;
}

PUBLIC uint64_t xen_memmap_report_asked(const xen_memmap_report *r)
{
    return r->asked;
}

PUBLIC uint64_t xen_memmap_report_ram(const xen_memmap_report *r)
{
    return r->ram;
}

PUBLIC uint64_t xen_memmap_report_owned(const xen_memmap_report *r)
{
    return r->owned;
}

PUBLIC unsigned int xen_memmap_report_mismatches(const xen_memmap_report *r)
{
    return r->nr;
}

PUBLIC const struct xen_memmap_mismatch *
xen_memmap_report_mismatch(const xen_memmap_report *r, unsigned int i)
{
    return i < r->nr ? &r->mismatch[i] : NULL;
}
