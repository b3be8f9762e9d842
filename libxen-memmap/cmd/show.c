/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* show and decode: one layout. */
#include "command.h"

#include <stdio.h>

static void head(const struct subject *s)
{
    const xen_memmap_layout *l = s->layout;
    g_autofree char *ram =
        text_of(append_size, xen_memmap_layout_pages(l, XEN_MEMMAP_RAM) << 12);
    g_autofree char *moved = text_of(append_size, layout_moved(l) << 12);

    printf("%s: ", s->title);
    if (xen_memmap_layout_state(l) != XEN_MEMMAP_UNKNOWN)
        printf("%s, ", xen_memmap_state_name(xen_memmap_layout_state(l)));
    printf("generation %u; RAM %s, moved %s\n", xen_memmap_layout_generation(l),
           ram, moved);
    if (xen_memmap_layout_origin(l) == XEN_MEMMAP_CLAIMED)
        printf("This is the guest's own word, and not to be relied on.\n");
    else if (xen_memmap_layout_publisher(l) &&
             xen_memmap_layout_publisher(l) != XEN_MEMMAP_NO_DOMAIN)
        printf("This is the word of domain %u, its stub domain, and worth no more than "
               "the guest's own: xen-memmap verify asks Xen.\n",
               xen_memmap_layout_publisher(l));
    if (xen_memmap_layout_state(l) == XEN_MEMMAP_OFFERED)
        printf("Its firmware has not answered: it has not run yet, is told not to, or is "
               "an old\nhvmloader. This is where RAM was when the guest was built.\n");
    if (xen_memmap_layout_error(l))
        printf("The device model refused the last command: %s\n",
               xen_memmap_layout_reason(l));
}

static void tail(const xen_memmap_layout *l)
{
    const struct xen_memmap_reserved *r;
    unsigned int i;

    for (i = 0; (r = xen_memmap_layout_reserved(l, i)); i++) {
        g_autofree char *device = text_of(append_device, r->sbdf);
        g_autofree char *start = text_of(append_address, r->gfn);
        g_autofree char *last = text_of(append_last, r->gfn, r->pages);

        printf("Reserved for %s: %s-%s, %s\n", device, start, last, r->status);
    }
}

static int print_subject(const struct subject *s)
{
    struct table *t;

    if (output_json) {
        g_autoptr(json_object) o = json_new_object();

        member_text(o, "title", s->title);
        member_int(o, "domid", s->is_domain ? s->domid : G_MAXUINT64);
        layout_json(o, s->layout);
        json_print(o, TRUE);
        return EXIT_YES;
    }
    t = layout_table(s->layout);
    if (!t)
        return EXIT_ERROR;
    if (!output_raw && !output_noheadings)
        head(s);
    table_print(t);
    if (!output_raw && !output_noheadings)
        tail(s->layout);
    return EXIT_YES;
}

int command_show(int argc, char **argv)
{
    gboolean claimed = FALSE;
    const GOptionEntry entries[] = {
        { "claimed", 'c', 0, G_OPTION_ARG_NONE, &claimed,
          "What the guest's firmware says, which nobody has checked", NULL },
        OUTPUT_ENTRIES, { 0 },
    };
    g_auto(subject) s = { 0 };
    g_autofree char *arg = NULL;

    if (!parse_table_options(&argc, &argv, entries, layout_columns, "DOMAIN",
                       "Show the layout of a guest's memory.", 1, 1))
        return EXIT_ERROR;
    arg = g_strconcat(claimed ? "claimed:" : "", argv[1], NULL);
    return subject_find(&s, arg, FALSE) ? print_subject(&s) : EXIT_ERROR;
}

int command_decode(int argc, char **argv)
{
    const GOptionEntry entries[] = { OUTPUT_ENTRIES, { 0 } };
    g_auto(subject) s = { 0 };
    g_autofree char *path = NULL;

    if (!parse_table_options(&argc, &argv, entries, layout_columns, "[FILE]",
                       "Show a record of the protocol, from a file or standard "
                       "input.", 0, 1))
        return EXIT_ERROR;
    /* Never a domain, whatever it is called. */
    if (argc > 1 && g_strcmp0(argv[1], "-"))
        path = g_path_is_absolute(argv[1]) ? g_strdup(argv[1]) :
               g_build_filename(".", argv[1], NULL);
    return subject_find(&s, path ? path : "-", FALSE) ? print_subject(&s)
                                                      : EXIT_ERROR;
}
