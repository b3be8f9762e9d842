/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "command.h"

#include <errno.h>
#include <stdlib.h>

enum { ID, NAME, STATE, GENERATION, RAM, MOVED, NOTE };

static const struct column columns[] = {
    [ID] = { "ID", "number of the domain", TRUE, TRUE },
    [NAME] = { "NAME", "its name", FALSE, TRUE },
    [STATE] = { "STATE", "of the conversation; SEALED: settled", FALSE, TRUE },
    [GENERATION] = { "GENERATION", "of the layout; 0: as built", TRUE, TRUE },
    [RAM] = { "RAM", "in the layout", TRUE, TRUE },
    [MOVED] = { "MOVED", "RAM that is elsewhere than it was built", TRUE, TRUE },
    [NOTE] = { "NOTE", "why there is nothing, or what was refused", FALSE, TRUE },
    { 0 },
};

struct guest {
    uint32_t domid;
    const char *name;
    const xen_memmap_layout *layout;    /* NULL: none */
    const char *note;
};

static void print_line(struct table *t, const struct guest *g)
{
    const xen_memmap_layout *l = g->layout;

    table_line(t);
    table_add(t, ID, append_number, g->domid);
    table_add(t, NAME, append_text, g->name);
    table_add(t, NOTE, append_text, g->note);
    if (!l)
        return;
    table_add(t, STATE, append_text, xen_memmap_state_name(xen_memmap_layout_state(l)));
    table_add(t, GENERATION, append_number, xen_memmap_layout_generation(l));
    table_add(t, RAM, append_size, xen_memmap_layout_pages(l, XEN_MEMMAP_RAM) << 12);
    table_add(t, MOVED, append_size, layout_moved(l) << 12);
}

static void print_json(json_object *o, const struct guest *g)
{
    member_int(o, "domid", g->domid);
    member_text(o, "name", g->name);
    member_text(o, "note", g->note);
    if (g->layout)
        layout_json(o, g->layout);
}

/* False: there is no asking any more. */
static gboolean print_guest(uint32_t domid, struct table *t, json_object *array)
{
    g_autofree char *name = xen_memmap_name(handle, domid);
    g_autoptr(xen_memmap_layout) l = NULL;
    struct guest g = { .domid = domid, .name = name };

    if (xen_memmap_read(handle, domid, XEN_MEMMAP_PUBLISHED, &l)) {
        if (errno == ESRCH)
            return TRUE;            /* it ended since the list was made */
        if (errno == ECONNRESET || errno == ECONNREFUSED || errno == EACCES)
            return FALSE;
        g.note = xen_memmap_message(handle);
    } else {
        g.layout = l;
        if (xen_memmap_layout_error(l))
            g.note = xen_memmap_layout_reason(l);
    }
    if (array)
        print_json(array_object(array), &g);
    else
        print_line(t, &g);
    return TRUE;
}

int command_list(int argc, char **argv)
{
    const GOptionEntry entries[] = { OUTPUT_ENTRIES, { 0 } };
    g_autoptr(json_object) array = NULL;
    g_autofree uint32_t *domids = NULL;
    struct table *t = NULL;
    unsigned int i, nr;
    gboolean ok = TRUE;

    if (!parse_table_options(&argc, &argv, entries, columns, "",
                       "List the HVM guests and their layouts.", 0, 0))
        return EXIT_ERROR;
    if (xen_memmap_domains(handle, &domids, &nr)) {
        complain("%s", xen_memmap_message(handle));
        return EXIT_ERROR;
    }
    if (output_json)
        array = json_new_array();
    else if (!(t = table_new(columns, 16)))
        return EXIT_ERROR;
    for (i = 0; i < nr && ok; i++)
        ok = print_guest(domids[i], t, array);
    if (array)
        json_print(array, TRUE);
    else
        table_print(t);
    if (!ok)
        complain("%s", xen_memmap_message(handle));
    return ok ? EXIT_YES : EXIT_ERROR;
}
