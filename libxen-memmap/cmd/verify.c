/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "command.h"

#include <stdio.h>

enum { START, END, SIZE, LAYOUT, XEN };

static const struct column columns[] = {
    [START] = { "START", "first address", TRUE, TRUE },
    [END] = { "END", "last address", TRUE, TRUE },
    [SIZE] = { "SIZE", "size", TRUE, TRUE },
    [LAYOUT] = { "LAYOUT", "what the layout says", FALSE, TRUE },
    [XEN] = { "XEN", "what Xen has", FALSE, TRUE },
    { 0 },
};

static const char *page_text(enum xen_memmap_page page)
{
    switch (page) {
    case XEN_MEMMAP_PAGE_NONE:      return "nothing";
    case XEN_MEMMAP_PAGE_POPULATED: return "memory";
    case XEN_MEMMAP_PAGE_BROKEN:    return "broken";
    }
    return "unknown";
}

static gboolean print_table(const xen_memmap_report *r)
{
    const struct xen_memmap_mismatch *m;
    struct table *t = table_new(columns, xen_memmap_report_mismatches(r));
    unsigned int i;

    if (!t)
        return FALSE;
    for (i = 0; (m = xen_memmap_report_mismatch(r, i)); i++) {
        table_line(t);
        table_add(t, START, append_address, m->gfn);
        table_add(t, END, append_last, m->gfn, m->pages);
        table_add(t, SIZE, append_size, m->pages << 12);
        table_add(t, LAYOUT, append_text, xen_memmap_type_name(m->says.type));
        table_add(t, XEN, append_text, page_text(m->has));
        table_colour(t, COLOUR_RED);
    }
    table_print(t);
    return TRUE;
}

static void print_json(const struct subject *s, const xen_memmap_report *r)
{
    g_autoptr(json_object) o = json_new_object();
    const struct xen_memmap_mismatch *m;
    json_object *array;
    unsigned int i;

    member_int(o, "domid", s->domid);
    member_int(o, "generation", xen_memmap_layout_generation(s->layout));
    member_bool(o, "agrees", xen_memmap_report_agrees(r));
    member_int(o, "asked_pages", xen_memmap_report_asked(r));
    member_int(o, "ram_pages", xen_memmap_report_ram(r));
    member_int(o, "domain_pages", xen_memmap_report_owned(r));
    array = member_array(o, "mismatches");
    for (i = 0; (m = xen_memmap_report_mismatch(r, i)); i++) {
        json_object *item = array_object(array);

        member_int(item, "gfn", m->gfn);
        member_int(item, "pages", m->pages);
        member_text(item, "layout", xen_memmap_type_name(m->says.type));
        member_text(item, "xen", page_text(m->has));
    }
    json_print(o, TRUE);
}

static void print_summary(const struct subject *s, const xen_memmap_report *r)
{
    g_autofree char *ram = text_of(append_size, xen_memmap_report_ram(r) << 12);
    g_autofree char *owned = text_of(append_size, xen_memmap_report_owned(r) << 12);

    if (xen_memmap_report_ram(r) > xen_memmap_report_owned(r))
        printf("%s: the layout has %s of RAM, but all of the domain has %s\n",
               s->title, ram, owned);
    else
        printf("%s: generation %u %s what Xen has; %" G_GUINT64_FORMAT
               " pages asked for, RAM %s, all of the domain %s\n", s->title,
               xen_memmap_layout_generation(s->layout),
               xen_memmap_report_agrees(r) ? "agrees with" : "is not",
               xen_memmap_report_asked(r), ram, owned);
}

static int print(const struct subject *s)
{
    if (output_json)
        print_json(s, s->report);
    else {
        if (!print_table(s->report))
            return EXIT_ERROR;
        if (!output_raw && !output_noheadings)
            print_summary(s, s->report);
    }
    return xen_memmap_report_agrees(s->report) ? EXIT_YES : EXIT_NO;
}

int command_verify(int argc, char **argv)
{
    gboolean full = FALSE, claimed = FALSE;
    const GOptionEntry entries[] = {
        { "full", 'f', 0, G_OPTION_ARG_NONE, &full,
          "Ask for every page, not for one of each 2 MiB", NULL },
        { "claimed", 'c', 0, G_OPTION_ARG_NONE, &claimed,
          "Verify what the guest's firmware says", NULL },
        OUTPUT_ENTRIES, { 0 },
    };
    g_auto(subject) s = { 0 };
    g_autofree char *arg = NULL;

    if (!parse_table_options(&argc, &argv, entries, columns, "DOMAIN",
                       "Compare a guest's layout with what Xen has. Nothing is "
                       "printed for\nwhat agrees; the exit status is 1 if "
                       "something does not.", 1, 1))
        return EXIT_ERROR;
    arg = g_strconcat(claimed ? "claimed:" : "", argv[1], NULL);
    if (!subject_find(&s, arg, FALSE) ||
        !subject_verify(&s, full ? XEN_MEMMAP_FULL : 0))
        return EXIT_ERROR;
    return print(&s);
}
