/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tables: columns of text, aligned, as libsmartcols prints them.  That library was used
 * at first; of `show` with 250 ranges, laying out its cells took two thirds of all
 * instructions, and none of its options spares them (README.md, "What it costs").
 */
#include "command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>

gboolean output_raw, output_noheadings;
char *output_columns;

struct cell {
    const char *text;       /* the table's; NULL: empty */
    size_t width;           /* columns of a terminal that it takes */
};

struct line {
    const char *colour;     /* NULL: none */
    struct cell cell[];     /* as many as the table shows columns */
};

struct table {
    const struct column *column;
    int *place;             /* of each column in a line; -1: not shown */
    unsigned int nr;        /* of those that are shown: */
    unsigned int *shown;    /* which columns these are, from left to right */
    size_t *width;
    GPtrArray *lines;
    GStringChunk *texts;    /* of all cells: many that live as long as the table */
};

/* ---- text that is fit to be printed ---- */

static gboolean is_plain(const char *s)
{
    for (; *s; s++)
        if (*s < ' ' || *s > '~' || *s == '\\' || (*s == ' ' && output_raw))
            return FALSE;
    return TRUE;
}

static void append_byte(GString *s, unsigned char byte)
{
    g_string_append_printf(s, "\\x%02x", byte);
}

/* The character at @at for people, or its first byte; how many bytes that were. */
static size_t append_character(GString *s, const char *at, size_t *width)
{
    mbstate_t state = { 0 };
    wchar_t c;
    size_t bytes = mbrtowc(&c, at, strlen(at), &state);

    if (bytes - 1 >= (size_t)-3 || !iswprint(c) || wcwidth(c) < 0 ||
        (at[0] == '\\' && at[1] == 'x')) {
        append_byte(s, *at);
        *width += 4;
        return 1;
    }
    g_string_append_len(s, at, bytes);
    *width += wcwidth(c);
    return bytes;
}

/*
 * @text, for g_free(), without what a terminal would not print as one character; raw,
 * without blanks as well, so that a program can split a line there.
 */
static char *make_fit(const char *text, size_t *width)
{
    GString *s = g_string_new(NULL);
    const char *at = text;

    *width = 0;
    while (*at)
        if (!output_raw)
            at += append_character(s, at, width);
        else if (*at > ' ' && *at <= '~' && *at != '\\')
            g_string_append_c(s, *at++);
        else
            append_byte(s, *at++);
    return g_string_free(s, FALSE);
}

/* ---- columns ---- */

static int index_of(const struct column *c, const char *name)
{
    int i;

    for (i = 0; c[i].name; i++)
        if (!g_ascii_strcasecmp(c[i].name, name))
            return i;
    return -1;
}

char *columns_text(const struct column *c)
{
    GString *all = g_string_new(NULL);

    for (; c->name; c++)
        g_string_append_printf(all, "\n  %-10s %s", c->name, c->help);
    return g_string_free(all, FALSE);
}

static void complain_columns(const struct column *c, const char *name)
{
    g_autofree char *all = columns_text(c);

    complain("no column '%s'; there are%s", name, all);
}

static void show_column(struct table *t, int i)
{
    if (t->place[i] >= 0)
        return;
    t->place[i] = t->nr;
    t->shown[t->nr] = i;
    t->width[t->nr++] = strlen(t->column[i].name);
}

static gboolean choose_columns(struct table *t)
{
    const struct column *c = t->column;
    g_auto(GStrv) names = NULL;
    unsigned int i;

    if (!output_columns) {
        for (i = 0; c[i].name; i++)
            if (c[i].shown)
                show_column(t, i);
        return TRUE;
    }
    names = g_strsplit(output_columns, ",", -1);
    for (i = 0; names[i]; i++) {
        int at = index_of(c, names[i]);

        if (at < 0) {
            complain_columns(c, names[i]);
            return FALSE;
        }
        show_column(t, at);
    }
    return TRUE;
}

/* ---- tables ---- */

static void table_free(struct table *t)
{
    g_string_chunk_free(t->texts);
    g_ptr_array_unref(t->lines);
    g_free(t->place);
    g_free(t->shown);
    g_free(t->width);
    g_free(t);
}

struct table *table_new(const struct column *c)
{
    struct table *t = g_new0(struct table, 1);
    unsigned int i, nr = 0;

    while (c[nr].name)
        nr++;
    t->column = c;
    t->place = g_new(int, nr);
    t->shown = g_new(unsigned int, nr);
    t->width = g_new(size_t, nr);
    t->lines = g_ptr_array_new_with_free_func(g_free);
    t->texts = g_string_chunk_new(4096);
    for (i = 0; i < nr; i++)
        t->place[i] = -1;
    if (!choose_columns(t)) {
        table_free(t);
        return NULL;
    }
    return t;
}

static struct line *last_line(const struct table *t)
{
    return g_ptr_array_index(t->lines, t->lines->len - 1);
}

void table_line(struct table *t)
{
    g_ptr_array_add(t->lines, g_malloc0(sizeof(struct line) +
                                        t->nr * sizeof(struct cell)));
}

gboolean table_has(const struct table *t, unsigned int i)
{
    return t->place[i] >= 0;
}

void table_put(struct table *t, unsigned int i, char *text)
{
    struct cell *cell = &last_line(t)->cell[t->place[i]];
    size_t *width = &t->width[t->place[i]];

    if (!text)
        return;
    cell->width = strlen(text);
    if (!is_plain(text)) {
        char *fit = make_fit(text, &cell->width);

        g_free(text);
        text = fit;
    }
    cell->text = g_string_chunk_insert(t->texts, text);
    g_free(text);
    if (cell->width > *width)
        *width = cell->width;
}

void table_colour(struct table *t, const char *colour)
{
    last_line(t)->colour = colour;
}

static void append_blanks(GString *out, size_t nr)
{
    const gsize at = out->len;

    g_string_set_size(out, at + nr);
    memset(out->str + at, ' ', nr);
}

/* Nothing follows the last text of a line, and nothing is in the place of none. */
static void append_cell(const struct table *t, GString *out, unsigned int i,
                        const char *text, size_t width)
{
    const size_t blanks = output_raw || width > t->width[i] ? 0 : t->width[i] - width;
    const gboolean right = t->column[t->shown[i]].right, last = i == t->nr - 1;

    if (right && !(last && !width))
        append_blanks(out, blanks);
    if (text)
        g_string_append(out, text);
    if (!right && !last)
        append_blanks(out, blanks);
    if (!last)
        g_string_append_c(out, ' ');
}

static void append_headings(const struct table *t, GString *out)
{
    unsigned int i;

    for (i = 0; i < t->nr; i++) {
        const char *name = t->column[t->shown[i]].name;

        append_cell(t, out, i, name, strlen(name));
    }
    g_string_append_c(out, '\n');
}

static void append_line(const struct table *t, GString *out, const struct line *l)
{
    unsigned int i;

    if (l->colour)
        g_string_append(out, l->colour);
    for (i = 0; i < t->nr; i++)
        append_cell(t, out, i, l->cell[i].text, l->cell[i].width);
    g_string_append(out, l->colour ? COLOUR_NONE "\n" : "\n");
}

void table_print(struct table *t)
{
    g_autoptr(GString) out = g_string_new(NULL);
    const gboolean colourful = is_colourful();
    unsigned int i;

    if (t->lines->len && !output_noheadings)
        append_headings(t, out);
    for (i = 0; i < t->lines->len; i++) {
        struct line *l = g_ptr_array_index(t->lines, i);

        if (!colourful)
            l->colour = NULL;
        append_line(t, out, l);
    }
    fputs(out->str, stdout);
    table_free(t);
}

gboolean is_colourful(void)
{
    const char *no = g_getenv("NO_COLOR");

    return isatty(STDOUT_FILENO) && !(no && *no) && !output_raw;
}
