/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xen-memmap, the command: what libxen-memmap knows of a guest, for people and scripts.
 * One file for each of its commands; this is what they share.
 */
#ifndef COMMAND_H
#define COMMAND_H

#include <glib.h>
#include <xen-memmap.h>

#include "json.h"
#include "xlcfg.h"

typedef struct json_object json_object;

void json_free(json_object *o);

/* Exit statuses; xen-memmap(1) has them. */
enum {
    EXIT_YES = 0,
    EXIT_NO = 1,        /* it is not so: verify, diff, explain, wait */
    EXIT_ERROR = 2,     /* it could not be found out; usage */
};

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xen_memmap_layout, xen_memmap_layout_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(xen_memmap_report, xen_memmap_report_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(xen_memmap_config, xen_memmap_config_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(xen_memmap_plan, xen_memmap_plan_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(json_object, json_free)

/* Opened by main(). */
extern xen_memmap_handle *handle;

/* A message for people on stderr, as printf(). */
void complain(const char *fmt, ...) G_GNUC_PRINTF(1, 2);

/* ---- commands: they get their own argv, and return the exit status ---- */

int command_list(int argc, char **argv);
int command_show(int argc, char **argv);
int command_decode(int argc, char **argv);
int command_verify(int argc, char **argv);
int command_watch(int argc, char **argv);
int command_wait(int argc, char **argv);
int command_explain(int argc, char **argv);
int command_enable(int argc, char **argv);
int command_declare(int argc, char **argv);
int command_diff(int argc, char **argv);
int command_draw(int argc, char **argv);

/*
 * Parse options: @entries are the command's own, @what is for --help.  False, having
 * complained: EXIT_ERROR.  @min and @max are for what is left of argv.
 */
gboolean parse_options(int *argc, char ***argv, const GOptionEntry *entries,
                       const char *arguments, const char *what, int min,
                       int max);

/* ---- tables (table.c) ---- */

struct column {
    const char *name;
    const char *help;
    gboolean right;         /* aligned; a number */
    gboolean shown;         /* by default */
};

/* As parse_options() for a command whose table has @columns: --help has them too. */
gboolean parse_table_options(int *argc, char ***argv, const GOptionEntry *entries,
                             const struct column *columns, const char *arguments,
                             const char *what, int min, int max);

/* A line each, behind a line feed, for g_free(). */
char *columns_text(const struct column *c);

struct table;

/* Options of all that print a table; put them into the command's entries. */
#define OUTPUT_ENTRIES \
    { "json", 'J', 0, G_OPTION_ARG_NONE, &output_json, "JSON", NULL }, \
    { "raw", 'r', 0, G_OPTION_ARG_NONE, &output_raw, \
      "One line each, no alignment", NULL }, \
    { "noheadings", 'n', 0, G_OPTION_ARG_NONE, &output_noheadings, \
      "No headings", NULL }, \
    { "bytes", 'b', 0, G_OPTION_ARG_NONE, &output_bytes, \
      "Sizes in bytes", NULL }, \
    { "output", 'o', 0, G_OPTION_ARG_STRING, &output_columns, \
      "Columns to print, with commas between; see below", "LIST" }

extern gboolean output_json, output_raw, output_noheadings, output_bytes;
extern char *output_columns;

/*
 * NULL, having complained: -o names what is no column of @c (name NULL: end).  About so
 * many @lines will follow.
 */
struct table *table_new(const struct column *c, unsigned int lines);
void table_line(struct table *t);
gboolean table_has(const struct table *t, unsigned int i);
/*
 * Where the text of a cell is appended.  What was since the last table_end() becomes
 * column @i of the last line, which is set once.
 */
GString *table_text(struct table *t);
void table_end(struct table *t, unsigned int i);
/*
 * Column @i of the last line is what @append, a function as append_size(), makes of the
 * arguments, which are not evaluated where the column is not shown; @t and @i are more
 * than once.
 */
#define table_add(t, i, append, ...) \
    do { \
        if (table_has(t, i)) { \
            append(table_text(t), __VA_ARGS__); \
            table_end(t, i); \
        } \
    } while (0)
/* What a terminal is told. */
#define COLOUR_RED    "\033[31m"
#define COLOUR_YELLOW "\033[1;33m"
#define COLOUR_CYAN   "\033[36m"
#define COLOUR_NONE   "\033[0m"

/* The last line in @colour, where colour is wanted. */
void table_colour(struct table *t, const char *colour);
/* Print it and forget it. */
void table_print(struct table *t);

/* Whether stdout is a terminal that wants colour. */
gboolean is_colourful(void);

/* ---- numbers (output.c) ---- */

void append_number(GString *s, uint64_t number);
/* "0x", and @least digits at least, of 16. */
void append_hex(GString *s, uint64_t number, int least);
/* "1.5 GiB", or bytes with -b. */
void append_size(GString *s, uint64_t bytes);
/* First and last address; nine digits, or more. */
void append_address(GString *s, uint64_t gfn);
void append_last(GString *s, uint64_t gfn, uint64_t pages);
/* "0000:00:04.0" */
void append_device(GString *s, uint32_t sbdf);
/* NULL: nothing. */
void append_text(GString *s, const char *text);

/* What @append, a function as these, makes of its arguments; for g_free(). */
#define text_of(append, ...) \
    ({ \
        GString *text_ = g_string_new(NULL); \
        append(text_, __VA_ARGS__); \
        g_string_free(text_, FALSE); \
    })

/* ---- JSON (json.c) ---- */

/* What it takes is there; parse_options() sees to it.  False, having complained. */
gboolean json_load(void);
/* For json_free(), as is all that is added to them. */
json_object *json_new_object(void);
json_object *json_new_array(void);
/* Members of the object @o.  A number of 64 bits, and NULL, mean that there is none. */
void member_int(json_object *o, const char *name, uint64_t value);
void member_text(json_object *o, const char *name, const char *value);
void member_bool(json_object *o, const char *name, gboolean value);
/* An empty array; @o's. */
json_object *member_array(json_object *o, const char *name);
/* An empty object at the end of @array; its. */
json_object *array_object(json_object *array);
void array_text(json_object *array, const char *value);
void json_print(json_object *o, gboolean pretty);

/* ---- layouts (layout.c) ---- */

/* The layout's members, into the object @o. */
void layout_json(json_object *o, const xen_memmap_layout *l);
extern const struct column layout_columns[];
/* All of it, for table_print(); NULL, having complained, as table_new(). */
struct table *layout_table(const xen_memmap_layout *l);
/* Pages of RAM that are not where they were built, but for what firmware took. */
uint64_t layout_moved(const xen_memmap_layout *l);
/* "firmware,unfreed"; nothing for none. */
void append_flags(GString *s, unsigned int flags);
const char *origin_text(enum xen_memmap_origin origin);

/* ---- what an argument names (subject.c) ---- */

struct subject {
    char *title;                    /* for people */
    gboolean is_domain;
    uint32_t domid;
    xen_memmap_layout *layout;      /* now */
    xen_memmap_layout *built;       /* before, of a plan; else NULL */
    xen_memmap_plan *plan;          /* of an xl.cfg; owns layout, built */
    xen_memmap_report *report;      /* of a domain, what Xen has; else NULL */
};

/*
 * A domain, "claimed:DOMAIN", a file with a record, "-" for one on stdin, or (if
 * @plans) an xl.cfg.  False, having complained.
 */
gboolean subject_find(struct subject *s, const char *arg, gboolean plans);
void subject_clear(struct subject *s);
typedef struct subject subject;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(subject, subject_clear)

/* Verify the layout of @s, all of it, with progress on a terminal: @s->report. */
gboolean subject_verify(struct subject *s, unsigned int flags);

/* The domain that @arg names; complains. */
gboolean find_domain(const char *arg, uint32_t *domid);

/* ---- modules (module.c) ---- */

/* @symbol of the module @name; NULL, having complained that @what. */
void *module_symbol(const char *name, const char *symbol, const char *what);

/* ---- xl.cfg (xlmodule.c) ---- */

/* Read by libxlutil, as xl does.  False, having complained; so of no HVM guest. */
gboolean xlcfg_read(struct xlcfg *x, const char *path);
/* The same, but of other guests too, of which nothing is known but that. */
gboolean xlcfg_read_any(struct xlcfg *x, const char *path);
void xlcfg_clear(struct xlcfg *x);
typedef struct xlcfg xlcfg;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(xlcfg, xlcfg_clear)

/* ---- devices (devices.c) ---- */

/* Their BARs, in their order.  False, with a message of the library's. */
gboolean devices_add(const struct xlcfg *x, xen_memmap_config *c);

/* ---- plans (plan.c) ---- */

/* Options of all that plan; put them into the command's entries. */
#define PLAN_ENTRIES \
    { "bar", 0, 0, G_OPTION_ARG_STRING_ARRAY, &plan_bars, \
      "A BAR that xl.cfg does not tell of; 32 bits, or 64", "SIZE[,64]" }, \
    { "rmrr", 0, 0, G_OPTION_ARG_STRING_ARRAY, &plan_rmrrs, \
      "Reserved memory of the host, for a device in xl.cfg", "REGION" }, \
    { "declare", 0, 0, G_OPTION_ARG_STRING_ARRAY, &plan_regions, \
      "Reserved memory that will be declared", "REGION" }, \
    { "no-relocate", 0, 0, G_OPTION_ARG_NONE, &plan_no_relocate, \
      "RAM will be told to stay where it is", NULL }, \
    { "prefer-high", 0, 0, G_OPTION_ARG_NONE, &plan_prefer_high, \
      "BARs will be told to go above 4 GiB where RAM would have to move", NULL }, \
    { "width", 0, 0, G_OPTION_ARG_INT, &plan_width, \
      "Width of the guest's addresses (this machine's)", "BITS" }, \
    { "no-host", 0, 0, G_OPTION_ARG_NONE, &plan_no_host, \
      "This is not the host: ask it for nothing, see --bar and --rmrr", NULL }

extern char **plan_bars, **plan_rmrrs, **plan_regions;
extern int plan_width;
extern gboolean plan_no_host, plan_no_relocate, plan_prefer_high;

/* SIZE[,64], SIZE with K or KiB and so on behind it; FALSE: it is none. */
gboolean parse_bar(const char *text, uint64_t *bytes, gboolean *is_64bit);

/* The guest in @x with these options; NULL, having complained. */
xen_memmap_config *plan_config(const struct xlcfg *x);
/* Whether the device model of @x is told to keep out of it. */
gboolean plan_is_off(const struct xlcfg *x);
/* Why RAM of the guest in @x will stay where it is, for people; NULL: it may move. */
const char *plan_stays(const struct xlcfg *x);
/* The plan for the xl.cfg @path with these options; NULL, having complained. */
xen_memmap_plan *plan_for(const char *path);

/* ---- pictures (svg.c) ---- */

/* The SVG text of @s: before, after, and what Xen has if there is a report. */
char *svg_draw(const struct subject *s);

#endif
