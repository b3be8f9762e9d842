/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A picture of a layout, before and after, and beside it what Xen has.  Address 0 is at the bottom; heights are
 * compressed so that small ranges show, and large gaps are cut out.
 */
#include "command.h"

#include <math.h>
#include <string.h>

#define MIB (1ull << 20)

#define AXIS    128     /* room for the addresses */
#define COLUMN  200
#define GAP     46      /* between the columns */
#define MARGIN  28
#define TOP     116
#define HEIGHT  600
#define BOTTOM  136     /* room for the legend */
#define LEAST   19      /* height of a segment: one line of text */
#define BREAK   34      /* height of a gap that is cut out */
#define GAP_FROM (64 * MIB)

#define INK   "#1f2a36"
#define PALE  "#8793a0"
#define SANS  "Inter, 'DejaVu Sans', Arial, sans-serif"
#define MONO  "'DejaVu Sans Mono', monospace"

enum kind { NOTHING, RAM, MOVED, MMIO, RDM, UNUSABLE, MEMORY, WRONG, KINDS };
enum { BEFORE, AFTER, XEN, COLUMNS };

static const struct { const char *fill, *ink, *text, *legend; } kinds[KINDS] = {
    [NOTHING] = { "#f3f5f7", PALE, "", "nothing" },
    [RAM] = { "#5b8fc7", "#ffffff", "RAM", "RAM" },
    [MOVED] = { "#f2a33a", "#3d2600", "moved RAM", "RAM that firmware moved" },
    [MMIO] = { "#8d6bbf", "#ffffff", "for BARs", "set aside for BARs" },
    [RDM] = { "#3fa796", "#ffffff", "reserved", "reserved device memory" },
    [UNUSABLE] = { "#d3222a", "#ffffff", "not usable",
                   "reserved memory that its device cannot use" },
    [MEMORY] = { "#7d8fa3", "#ffffff", "memory", "memory, as Xen has it" },
    [WRONG] = { "#d3222a", "#ffffff", "disagrees", "Xen disagrees" },
};

struct segment {
    uint64_t start, end;        /* bytes */
    enum kind kind[COLUMNS];
    gboolean is_gap;
    double top, height;
};

struct drawing {
    const struct subject *s;
    GArray *segments;           /* of struct segment, ascending */
    GString *out;
};

/* ---- what is where ---- */

static gboolean has_moved(const struct xen_memmap_range *r)
{
    return r->source != r->gfn && !(r->flags & XEN_MEMMAP_FIRMWARE);
}

static enum kind kind_of(const struct xen_memmap_range *r)
{
    switch (r->type) {
    case XEN_MEMMAP_RAM:
        return r->flags & XEN_MEMMAP_UNFREED ? UNUSABLE :
               has_moved(r) ? MOVED : RAM;
    case XEN_MEMMAP_RDM:
        return r->flags & XEN_MEMMAP_UNMAPPED ? UNUSABLE : RDM;
    case XEN_MEMMAP_MMIO:
        return MMIO;
    }
    return NOTHING;
}

static gboolean has(uint64_t gfn, uint64_t pages, uint64_t at)
{
    return gfn <= at && at - gfn < pages;
}

static enum kind kind_after(const struct subject *s, uint64_t gfn)
{
    const struct xen_memmap_range *r;
    unsigned int i;

    for (i = 0; (r = xen_memmap_layout_range(s->layout, i)); i++)
        if (has(r->gfn, r->pages, gfn))
            return kind_of(r);
    return NOTHING;
}

/* As built: of a plan that is known, else it is where RAM says it came from. */
static enum kind kind_before(const struct subject *s, uint64_t gfn)
{
    const xen_memmap_layout *l = s->built ? s->built : s->layout;
    const struct xen_memmap_range *r;
    unsigned int i;

    for (i = 0; (r = xen_memmap_layout_range(l, i)); i++)
        if (r->type == XEN_MEMMAP_RAM && r->source != XEN_MEMMAP_NO_SOURCE &&
            has(r->source, r->pages, gfn))
            return RAM;
    return NOTHING;
}

/* Agreed until a mismatch says otherwise. */
static enum kind kind_of_xen(const struct subject *s, uint64_t gfn)
{
    const struct xen_memmap_mismatch *m;
    unsigned int i;

    for (i = 0; s->report && (m = xen_memmap_report_mismatch(s->report, i)); i++)
        if (has(m->gfn, m->pages, gfn))
            return WRONG;
    switch (kind_after(s, gfn)) {
    case RAM:
    case MOVED:
    case UNUSABLE:
        return MEMORY;
    default:
        return NOTHING;
    }
}

static int by_number(gconstpointer a, gconstpointer b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static void add_edges(GArray *edges, uint64_t gfn, uint64_t pages)
{
    uint64_t start = gfn << 12, end = (gfn + pages) << 12;

    g_array_append_val(edges, start);
    g_array_append_val(edges, end);
}

/* Small ranges are left out, unless they are what it is all about. */
static gboolean is_shown(const struct xen_memmap_range *r)
{
    return r->pages << 12 >= MIB || r->type == XEN_MEMMAP_RDM ||
           (r->type == XEN_MEMMAP_RAM &&
            (has_moved(r) || (r->flags & XEN_MEMMAP_UNFREED)));
}

/* Every border once, ascending. */
static GArray *find_edges(const struct subject *s)
{
    GArray *edges = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    const struct xen_memmap_mismatch *m;
    const struct xen_memmap_range *r;
    unsigned int i, nr = 0;

    add_edges(edges, 0, 0);
    for (i = 0; (r = xen_memmap_layout_range(s->layout, i)); i++) {
        if (!is_shown(r))
            continue;
        add_edges(edges, r->gfn, r->pages);
        if (r->type == XEN_MEMMAP_RAM && r->source != XEN_MEMMAP_NO_SOURCE)
            add_edges(edges, r->source, r->pages);
    }
    for (i = 0; s->report && (m = xen_memmap_report_mismatch(s->report, i)); i++)
        add_edges(edges, m->gfn, m->pages);
    g_array_sort(edges, by_number);
    for (i = 0; i < edges->len; i++) {
        const uint64_t edge = g_array_index(edges, uint64_t, i);

        if (!nr || edge != g_array_index(edges, uint64_t, nr - 1))
            g_array_index(edges, uint64_t, nr++) = edge;
    }
    g_array_set_size(edges, nr);
    return edges;
}

static void find_segments(struct drawing *d)
{
    g_autoptr(GArray) edges = find_edges(d->s);
    unsigned int i;

    for (i = 1; i < edges->len; i++) {
        struct segment g = {
            .start = g_array_index(edges, uint64_t, i - 1),
            .end = g_array_index(edges, uint64_t, i),
        };
        const uint64_t middle = (g.start + (g.end - g.start) / 2) >> 12;

        g.kind[BEFORE] = kind_before(d->s, middle);
        g.kind[AFTER] = kind_after(d->s, middle);
        g.kind[XEN] = d->s->report ? kind_of_xen(d->s, middle) : NOTHING;
        g.is_gap = !g.kind[BEFORE] && !g.kind[AFTER] && !g.kind[XEN] && g.end - g.start >= GAP_FROM;
        g_array_append_val(d->segments, g);
    }
}

/* ---- heights ---- */

static void place_segments(struct drawing *d)
{
    double sum = 0, room = HEIGHT, y = TOP + HEIGHT, unit;
    unsigned int i;

    for (i = 0; i < d->segments->len; i++) {
        const struct segment *g = &g_array_index(d->segments, struct segment, i);

        room -= g->is_gap ? BREAK : LEAST;
        if (!g->is_gap)
            sum += sqrt(g->end - g->start);
    }
    unit = room > 0 && sum > 0 ? room / sum : 0;
    for (i = 0; i < d->segments->len; i++) {
        struct segment *g = &g_array_index(d->segments, struct segment, i);

        g->height = g->is_gap ? BREAK : LEAST + unit * sqrt(g->end - g->start);
        y -= g->height;
        g->top = y;
    }
    /* Too many ranges for the page: it grows upwards, so move it down. */
    for (i = 0; y < TOP && i < d->segments->len; i++)
        g_array_index(d->segments, struct segment, i).top += TOP - y;
}

/* ---- SVG ---- */

/* Numbers in SVG have a point, whatever the locale. */
static const char *number(double value, char buf[G_ASCII_DTOSTR_BUF_SIZE])
{
    return g_ascii_formatd(buf, G_ASCII_DTOSTR_BUF_SIZE, "%.1f", value);
}

static void rect(struct drawing *d, double x, double y, double w, double h,
                 const char *fill)
{
    char n[4][G_ASCII_DTOSTR_BUF_SIZE];

    g_string_append_printf(d->out, "<rect x=\"%s\" y=\"%s\" width=\"%s\" "
                           "height=\"%s\" fill=\"%s\" rx=\"3\"/>\n",
                           number(x, n[0]), number(y, n[1]), number(w, n[2]),
                           number(h, n[3]), fill);
}

static void text(struct drawing *d, double x, double y, const char *words,
                 int pixels, const char *fill, const char *anchor,
                 const char *family)
{
    g_autofree char *valid = g_utf8_make_valid(words, -1);
    g_autofree char *escaped = g_markup_escape_text(valid, -1);
    char n[2][G_ASCII_DTOSTR_BUF_SIZE];

    g_string_append_printf(d->out, "<text x=\"%s\" y=\"%s\" font-size=\"%d\" "
                           "fill=\"%s\" text-anchor=\"%s\" font-family=\"%s\">%s"
                           "</text>\n", number(x, n[0]), number(y, n[1]), pixels,
                           fill, anchor, family, escaped);
}

static void draw_edge(struct drawing *d, uint64_t address, double y, double right)
{
    g_autofree char *words = g_strdup_printf("0x%" G_GINT64_MODIFIER "x", address);
    char n[4][G_ASCII_DTOSTR_BUF_SIZE];

    g_string_append_printf(d->out, "<line x1=\"%s\" y1=\"%s\" x2=\"%s\" y2=\"%s\" "
                           "stroke=\"#dfe4e9\"/>\n", number(AXIS - 8, n[0]),
                           number(y, n[1]), number(right, n[2]), number(y, n[3]));
    text(d, AXIS - 12, y + 4, words, 12, "#55616e", "end", MONO);
}

/* One cell of the column whose left side is @x. */
static void draw_cell(struct drawing *d, double x, double top, double height,
                      enum kind kind, uint64_t bytes)
{
    g_autofree char *size = text_of(append_size, bytes);
    g_autofree char *words = g_strdup_printf("%s, %s", kinds[kind].text, size);

    rect(d, x, top + 1, COLUMN, height - 2, kinds[kind].fill);
    if (kind != NOTHING)
        text(d, x + COLUMN / 2, top + height / 2 + 4.5, words, 12,
             kinds[kind].ink, "middle", SANS);
}

/* Neighbours that say the same are one cell. */
static void draw_column(struct drawing *d, int i, double x, const char *name)
{
    const GArray *all = d->segments;
    unsigned int k, from = 0;

    text(d, x + COLUMN / 2, TOP - 14, name, 14, INK, "middle", SANS);
    for (k = 0; k < all->len; k++) {
        const struct segment *a = &g_array_index(all, struct segment, from);
        const struct segment *b = &g_array_index(all, struct segment, k);
        const struct segment *next = k + 1 < all->len ?
            &g_array_index(all, struct segment, k + 1) : NULL;

        if (next && next->kind[i] == b->kind[i] && !next->is_gap && !b->is_gap)
            continue;
        from = k + 1;
        if (!b->is_gap)
            draw_cell(d, x, b->top, a->top + a->height - b->top, b->kind[i],
                      b->end - a->start);
    }
}

static void draw_axis(struct drawing *d, double right)
{
    unsigned int i;

    for (i = 0; i < d->segments->len; i++) {
        const struct segment *g = &g_array_index(d->segments, struct segment, i);

        if (!i)
            draw_edge(d, g->start, g->top + g->height, right);
        draw_edge(d, g->end, g->top, right);
        if (g->is_gap) {
            g_autofree char *size = text_of(append_size, g->end - g->start);
            g_autofree char *words = g_strdup_printf("\u2248 %s", size);

            text(d, AXIS - 12, g->top + g->height / 2 + 4, words, 11, PALE, "end",
                 SANS);
        }
    }
}

/* In two columns. */
static void draw_legend(struct drawing *d, double y)
{
    const int last = d->s->report ? KINDS : MEMORY;
    int i;

    for (i = 0; i < last; i++) {
        const double x = i % 2 ? AXIS + COLUMN + GAP - MARGIN : MARGIN;

        rect(d, x, y - 12, 16, 16, kinds[i].fill);
        text(d, x + 23, y + 1, kinds[i].legend, 13, INK, "start", SANS);
        y += i % 2 ? 24 : 0;
    }
}

static double page_bottom(const struct drawing *d)
{
    const struct segment *first;

    if (!d->segments->len)
        return TOP;
    first = &g_array_index(d->segments, struct segment, 0);
    return first->top + first->height;
}

char *svg_draw(const struct subject *s)
{
    struct drawing d = {
        .s = s, .out = g_string_new(NULL),
        .segments = g_array_new(FALSE, FALSE, sizeof(struct segment)),
    };
    const int columns = s->report ? COLUMNS : XEN;
    const double right = AXIS + columns * (COLUMN + GAP) - GAP;
    const double width = right + 4 * MARGIN;
    double bottom;

    find_segments(&d);
    place_segments(&d);
    bottom = page_bottom(&d);
    g_string_append_printf(d.out, "<svg xmlns=\"http://www.w3.org/2000/svg\" "
                           "width=\"%d\" height=\"%d\">\n", (int)width,
                           (int)bottom + BOTTOM);
    rect(&d, 0, 0, width, bottom + BOTTOM, "#ffffff");
    text(&d, MARGIN, 42, "Where the guest's memory is", 25, INK, "start", SANS);
    text(&d, MARGIN, 67, s->title, 15, "#55616e", "start", SANS);
    draw_axis(&d, right);
    draw_column(&d, BEFORE, AXIS, "as built");
    draw_column(&d, AFTER, AXIS + COLUMN + GAP, s->plan ? "as it will be" : "now");
    if (s->report)
        draw_column(&d, XEN, AXIS + 2 * (COLUMN + GAP), "what Xen has");
    draw_legend(&d, bottom + 34);
    g_string_append(d.out, "</svg>\n");
    g_array_unref(d.segments);
    return g_string_free(d.out, FALSE);
}
