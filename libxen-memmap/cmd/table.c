/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tables: columns of text, aligned, as libsmartcols prints them.  That library was used
 * at first; of `show` with 250 ranges, laying out its cells took two thirds of all
 * instructions, and none of its options spares them (README.md, "What it costs").
 */
#include "command.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>

gboolean output_raw, output_noheadings;
char *output_columns;

struct cell {
    guint at, bytes;        /* in the table's text; no bytes: empty */
    guint width;            /* columns of a terminal that it takes */
};

struct table {
    const struct column *column;
    int *place;             /* of each column in a line; -1: not shown */
    unsigned int nr;        /* of those that are shown: */
    unsigned int *shown;    /* which columns these are, from left to right */
    guint *width;
    GArray *colours;        /* of each line, the headings' first; NULL: none */
    GArray *cells;          /* of all lines, @nr each */
    GString *text;          /* of all cells */
    guint begun;            /* where that of the next begins */
};

/* ---- text that is fit to be printed ---- */

static gboolean is_plain(const char *s, const char *end)
{
    const unsigned char first = output_raw ? ' ' + 1 : ' ';

    for (; s < end; s++)
        if ((unsigned char)(*s - first) > '~' - first || *s == '\\')
            return FALSE;
    return TRUE;
}

static void append_byte(GString *s, unsigned char byte)
{
    g_string_append_printf(s, "\\x%02x", byte);
}

/* The character at @at for people, or its first byte; how many bytes that were. */
static size_t append_character(GString *s, const char *at, guint *width)
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
static char *make_fit(const char *text, guint *width)
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
    t->shown[t->nr++] = i;
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
    g_string_free(t->text, TRUE);
    g_array_unref(t->cells);
    g_array_unref(t->colours);
    g_free(t->place);
    g_free(t->shown);
    g_free(t->width);
    g_free(t);
}

struct table *table_new(const struct column *c, unsigned int lines)
{
    struct table *t = g_new0(struct table, 1);
    unsigned int i, nr = 0;

    while (c[nr].name)
        nr++;
    t->column = c;
    t->place = g_new(int, nr);
    t->shown = g_new(unsigned int, nr);
    t->width = g_new0(guint, nr);
    t->colours = g_array_sized_new(FALSE, TRUE, sizeof(char *), lines + 1);
    t->cells = g_array_sized_new(FALSE, TRUE, sizeof(struct cell), (lines + 1) * nr);
    t->text = g_string_sized_new((lines + 1) * nr * 8);
    for (i = 0; i < nr; i++)
        t->place[i] = -1;
    if (!choose_columns(t)) {
        table_free(t);
        return NULL;
    }
    table_line(t);
    for (i = 0; i < nr; i++)
        table_add(t, i, g_string_append, c[i].name);
    return t;
}

static struct cell *cells_of(const struct table *t, unsigned int line)
{
    return &g_array_index(t->cells, struct cell, line * t->nr);
}

void table_line(struct table *t)
{
    g_array_set_size(t->cells, t->cells->len + t->nr);
    g_array_set_size(t->colours, t->colours->len + 1);
}

gboolean table_has(const struct table *t, unsigned int i)
{
    return t->place[i] >= 0;
}

GString *table_text(struct table *t)
{
    return t->text;
}

void table_end(struct table *t, unsigned int i)
{
    struct cell *cell = &cells_of(t, t->colours->len - 1)[t->place[i]];
    guint *width = &t->width[t->place[i]];
    const char *text = t->text->str + t->begun;

    cell->width = t->text->len - t->begun;
    if (!is_plain(text, text + cell->width)) {
        g_autofree char *fit = make_fit(text, &cell->width);

        g_string_truncate(t->text, t->begun);
        g_string_append(t->text, fit);
    }
    cell->at = t->begun;
    cell->bytes = t->text->len - t->begun;
    t->begun = t->text->len;
    if (cell->width > *width)
        *width = cell->width;
}

void table_colour(struct table *t, const char *colour)
{
    g_array_index(t->colours, const char *, t->colours->len - 1) = colour;
}

static char *put_blanks(char *at, gsize nr)
{
    return (char *)memset(at, ' ', nr) + nr;
}

/*
 * @c as column @i of those that are shown, at @at; where it ends.  Nothing follows the
 * last text of a line, and nothing is in the place of none.  No cell is wider than its
 * column: table_end() has seen to it.
 */
static char *put_cell(const struct table *t, char *at, unsigned int i,
                      const struct cell *c)
{
    const gsize blanks = output_raw ? 0 : t->width[i] - c->width;
    const gboolean right = t->column[t->shown[i]].right, last = i == t->nr - 1;

    if (right && !(last && !c->width))
        at = put_blanks(at, blanks);
    at = (char *)memcpy(at, t->text->str + c->at, c->bytes) + c->bytes;
    return last ? at : put_blanks(at, (right ? 0 : blanks) + 1);
}

/* @colour may be NULL. */
static void append_line(const struct table *t, GString *out, unsigned int line,
                        const char *colour)
{
    const struct cell *c = cells_of(t, line);
    gsize room = 0;
    unsigned int i;
    char *at;

    if (colour)
        g_string_append(out, colour);
    for (i = 0; i < t->nr; i++)
        room += (gsize)t->width[i] + c[i].bytes + 1;
    g_string_set_size(out, out->len + room);
    at = out->str + out->len - room;
    for (i = 0; i < t->nr; i++)
        at = put_cell(t, at, i, &c[i]);
    g_string_truncate(out, at - out->str);
    g_string_append(out, colour ? COLOUR_NONE "\n" : "\n");
}

void table_print(struct table *t)
{
    const gboolean colourful = is_colourful();
    const unsigned int lines = t->colours->len;
    g_autoptr(GString) out = g_string_sized_new(t->text->len * 2);
    unsigned int i;

    /* Headings of nothing are not wanted either. */
    for (i = output_noheadings; lines > 1 && i < lines; i++)
        append_line(t, out, i, colourful ?
                    g_array_index(t->colours, const char *, i) : NULL);
    /* At once: a terminal takes a system call for each line that it is given. */
    fputs(out->str, stdout);
    table_free(t);
}

gboolean is_colourful(void)
{
    const char *no = g_getenv("NO_COLOR");

    return isatty(STDOUT_FILENO) && !(no && *no) && !output_raw;
}
