/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two layouts, piece by piece: the addresses are cut at every border of either, and
 * what is said of a piece is compared.
 */
#include "command.h"

#include <stdio.h>

enum { START, END, SIZE, FIRST, SECOND };

static const struct column columns[] = {
    [START] = { "START", "first address", TRUE, TRUE },
    [END] = { "END", "last address", TRUE, TRUE },
    [SIZE] = { "SIZE", "size", TRUE, TRUE },
    [FIRST] = { "FIRST", "what the first layout says", FALSE, TRUE },
    [SECOND] = { "SECOND", "what the second layout says", FALSE, TRUE },
    { 0 },
};

struct piece {
    uint64_t gfn, end;
    char *says[2];
};

/* The range of @l that has @gfn, or NULL; *@end is where that changes. */
static const struct xen_memmap_range *at(const xen_memmap_layout *l,
                                         uint64_t gfn, uint64_t *end)
{
    const struct xen_memmap_range *r;
    unsigned int i;

    for (i = 0; (r = xen_memmap_layout_range(l, i)); i++) {
        if (r->gfn > gfn) {
            *end = MIN(*end, r->gfn);
            return NULL;
        }
        if (gfn < r->gfn + r->pages) {
            *end = MIN(*end, r->gfn + r->pages);
            return r;
        }
    }
    return NULL;
}

/* Words for @r, the same for pieces that say the same. */
static char *says(const struct xen_memmap_range *r)
{
    g_autofree char *flags = r ? text_of(append_flags, r->flags) : NULL;
    g_autofree char *device = r && r->aux ? text_of(append_device, r->aux) : NULL;
    g_autoptr(GString) s = g_string_new(NULL);

    if (!r)
        return g_strdup("-");
    g_string_append(s, xen_memmap_type_name(r->type));
    if (r->type > XEN_MEMMAP_OWNED)
        g_string_append_printf(s, " 0x%x", r->type);
    if (r->type == XEN_MEMMAP_RAM && r->source == XEN_MEMMAP_NO_SOURCE)
        g_string_append(s, " from several");
    else if (r->type == XEN_MEMMAP_RAM && r->source > r->gfn)
        g_string_append_printf(s, " from +0x%" G_GINT64_MODIFIER "x pages",
                               r->source - r->gfn);
    else if (r->type == XEN_MEMMAP_RAM && r->source < r->gfn)
        g_string_append_printf(s, " from -0x%" G_GINT64_MODIFIER "x pages",
                               r->gfn - r->source);
    if (*flags)
        g_string_append_printf(s, " %s", flags);
    if (device)
        g_string_append_printf(s, " %s", device);
    return g_strdup(s->str);
}

static void clear_piece(gpointer data)
{
    struct piece *p = data;

    g_free(p->says[0]);
    g_free(p->says[1]);
}

static void add_piece(GArray *pieces, struct piece *p)
{
    struct piece *last = pieces->len ?
        &g_array_index(pieces, struct piece, pieces->len - 1) : NULL;

    if (last && last->end == p->gfn && !g_strcmp0(last->says[0], p->says[0]) &&
        !g_strcmp0(last->says[1], p->says[1])) {
        last->end = p->end;
        clear_piece(p);
    } else
        g_array_append_val(pieces, *p);
}

static GArray *compare(const xen_memmap_layout *a, const xen_memmap_layout *b)
{
    GArray *pieces = g_array_new(FALSE, FALSE, sizeof(struct piece));
    const uint64_t limit = 1ull << 52;
    struct piece p;
    uint64_t gfn;

    g_array_set_clear_func(pieces, clear_piece);
    for (gfn = 0; gfn < limit; gfn = p.end) {
        p = (struct piece){ .gfn = gfn, .end = limit };
        p.says[0] = says(at(a, gfn, &p.end));
        p.says[1] = says(at(b, gfn, &p.end));
        if (g_strcmp0(p.says[0], p.says[1]))
            add_piece(pieces, &p);
        else
            clear_piece(&p);
    }
    return pieces;
}

static gboolean print_table(GArray *pieces)
{
    struct table *t = table_new(columns, pieces->len);
    unsigned int i;

    if (!t)
        return FALSE;
    for (i = 0; i < pieces->len; i++) {
        const struct piece *p = &g_array_index(pieces, struct piece, i);

        table_line(t);
        table_add(t, START, append_address, p->gfn);
        table_add(t, END, append_last, p->gfn, p->end - p->gfn);
        table_add(t, SIZE, append_size, (p->end - p->gfn) << 12);
        table_add(t, FIRST, append_text, p->says[0]);
        table_add(t, SECOND, append_text, p->says[1]);
    }
    table_print(t);
    return TRUE;
}

static void print_json(GArray *pieces)
{
    g_autoptr(json_object) array = json_new_array();
    unsigned int i;

    for (i = 0; i < pieces->len; i++) {
        const struct piece *p = &g_array_index(pieces, struct piece, i);
        json_object *item = array_object(array);

        member_int(item, "gfn", p->gfn);
        member_int(item, "pages", p->end - p->gfn);
        member_text(item, "first", p->says[0]);
        member_text(item, "second", p->says[1]);
    }
    json_print(array, TRUE);
}

int command_diff(int argc, char **argv)
{
    const GOptionEntry entries[] = { OUTPUT_ENTRIES, PLAN_ENTRIES, { 0 } };
    g_auto(subject) a = { 0 }, b = { 0 };
    g_autoptr(GArray) pieces = NULL;

    if (!parse_table_options(&argc, &argv, entries, columns, "FIRST SECOND",
                       "Compare two layouts: of domains, of their firmware "
                       "(claimed:DOMAIN), of\nfiles with a record, or of an xl.cfg. "
                       "The exit status is 1 if they differ.", 2, 2))
        return EXIT_ERROR;
    if (!subject_find(&a, argv[1], TRUE) || !subject_find(&b, argv[2], TRUE))
        return EXIT_ERROR;
    pieces = compare(a.layout, b.layout);
    if (output_json)
        print_json(pieces);
    else if (!print_table(pieces))
        return EXIT_ERROR;
    return pieces->len ? EXIT_NO : EXIT_YES;
}
