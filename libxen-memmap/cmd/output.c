/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tables by libsmartcols, JSON by json-c, and how numbers are written. */
#include "command.h"

#include <libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

gboolean output_json, output_raw, output_noheadings, output_bytes;
char *output_columns;

struct table {
    struct libscols_table *t;
    struct libscols_line *line;
    unsigned int nr;
    int *place;             /* of each column in the table; -1: not shown */
};

static int index_of(const struct column *c, const char *name)
{
    int i;

    for (i = 0; c[i].name; i++)
        if (!g_ascii_strcasecmp(c[i].name, name))
            return i;
    return -1;
}

static void complain_columns(const struct column *c, const char *name)
{
    g_autoptr(GString) all = g_string_new(NULL);

    for (; c->name; c++)
        g_string_append_printf(all, "\n  %-10s %s", c->name, c->help);
    if (!strcmp(name, "help"))
        complain("columns are%s", all->str);
    else
        complain("no column '%s'; there are%s", name, all->str);
}

static void show_column(struct table *t, const struct column *c, int i)
{
    if (t->place[i] >= 0)
        return;
    t->place[i] = scols_table_get_ncols(t->t);
    scols_table_new_column(t->t, c[i].name, 0,
                           c[i].right ? SCOLS_FL_RIGHT : 0);
}

static gboolean choose_columns(struct table *t, const struct column *c)
{
    g_auto(GStrv) names = NULL;
    unsigned int i;

    if (!output_columns) {
        for (i = 0; c[i].name; i++)
            if (c[i].shown)
                show_column(t, c, i);
        return TRUE;
    }
    names = g_strsplit(output_columns, ",", -1);
    for (i = 0; names[i]; i++) {
        int at = index_of(c, names[i]);

        if (at < 0) {
            complain_columns(c, names[i]);
            return FALSE;
        }
        show_column(t, c, at);
    }
    return TRUE;
}

static void table_free(struct table *t)
{
    scols_unref_table(t->t);
    g_free(t->place);
    g_free(t);
}

struct table *table_new(const struct column *c)
{
    struct table *t = g_new0(struct table, 1);
    unsigned int i;

    t->t = scols_new_table();
    while (c[t->nr].name)
        t->nr++;
    t->place = g_new(int, t->nr);
    for (i = 0; i < t->nr; i++)
        t->place[i] = -1;
    scols_table_enable_raw(t->t, output_raw);
    scols_table_enable_noheadings(t->t, output_noheadings);
    if (is_colourful())
        scols_table_enable_colors(t->t, 1);
    if (!choose_columns(t, c)) {
        table_free(t);
        return NULL;
    }
    return t;
}

void table_line(struct table *t)
{
    t->line = scols_table_new_line(t->t, NULL);
}

gboolean table_has(const struct table *t, unsigned int i)
{
    return t->place[i] >= 0;
}

void table_put(struct table *t, unsigned int i, char *text)
{
    scols_line_refer_data(t->line, t->place[i], text);
}

void table_colour(struct table *t, const char *colour)
{
    scols_line_set_color(t->line, colour);
}

void table_print(struct table *t)
{
    if (!scols_table_is_empty(t->t))
        scols_print_table(t->t);
    table_free(t);
}

gboolean is_colourful(void)
{
    const char *no = g_getenv("NO_COLOR");

    return isatty(STDOUT_FILENO) && !(no && *no) && !output_raw;
}

char *size_text(uint64_t bytes)
{
    static const struct { const char *unit; int shift; } units[] = {
        { "TiB", 40 }, { "GiB", 30 }, { "MiB", 20 }, { "KiB", 10 },
    };
    unsigned int i;
    uint64_t all, rest;         /* in hundredths */

    if (output_bytes)
        return g_strdup_printf("%" G_GUINT64_FORMAT, bytes);
    for (i = 0; i < G_N_ELEMENTS(units); i++)
        if (bytes >= 1ull << units[i].shift)
            break;
    if (i == G_N_ELEMENTS(units))
        return g_strdup_printf("%" G_GUINT64_FORMAT " B", bytes);
    rest = bytes & ((1ull << units[i].shift) - 1);
    all = (bytes >> units[i].shift) * 100 +
          ((rest * 100 + (1ull << (units[i].shift - 1))) >> units[i].shift);
    if (!(all % 100))
        return g_strdup_printf("%" G_GUINT64_FORMAT " %s", all / 100, units[i].unit);
    if (!(all % 10))
        return g_strdup_printf("%" G_GUINT64_FORMAT ".%" G_GUINT64_FORMAT " %s",
                               all / 100, all / 10 % 10, units[i].unit);
    return g_strdup_printf("%" G_GUINT64_FORMAT ".%02" G_GUINT64_FORMAT " %s",
                           all / 100, all % 100, units[i].unit);
}

char *address_text(uint64_t gfn)
{
    return g_strdup_printf("0x%09" G_GINT64_MODIFIER "x", gfn << 12);
}

char *last_text(uint64_t gfn, uint64_t pages)
{
    return g_strdup_printf("0x%09" G_GINT64_MODIFIER "x",
                           ((gfn + pages) << 12) - 1);
}

char *device_text(uint32_t sbdf)
{
    return g_strdup_printf("%04x:%02x:%02x.%x", sbdf >> 16, sbdf >> 8 & 0xff,
                           sbdf >> 3 & 0x1f, sbdf & 7);
}

void member_text(json_object *o, const char *name, const char *value)
{
    g_autofree char *valid = value ? g_utf8_make_valid(value, -1) : NULL;

    json_object_object_add(o, name, valid ? json_object_new_string(valid) : NULL);
}

void member_int(json_object *o, const char *name, uint64_t value)
{
    /* All that is printed has less than 63 bits, or means "none". */
    json_object_object_add(o, name, value >> 63 ? NULL
                                                : json_object_new_int64(value));
}

void member_bool(json_object *o, const char *name, gboolean value)
{
    json_object_object_add(o, name, json_object_new_boolean(value));
}

json_object *member_array(json_object *o, const char *name)
{
    json_object *array = json_object_new_array();

    json_object_object_add(o, name, array);
    return array;
}

json_object *array_object(json_object *array)
{
    json_object *o = json_object_new_object();

    json_object_array_add(array, o);
    return o;
}

void json_print(json_object *o, gboolean pretty)
{
    const int how = JSON_C_TO_STRING_NOSLASHESCAPE |
                    (pretty ? JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED
                            : JSON_C_TO_STRING_PLAIN);

    puts(json_object_to_json_string_ext(o, how));
}
