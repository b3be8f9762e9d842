/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "command.h"

#include <stdio.h>

int command_draw(int argc, char **argv)
{
    g_autofree char *path = NULL;
    gboolean xen = FALSE;
    const GOptionEntry entries[] = {
        { "output", 'o', 0, G_OPTION_ARG_FILENAME, &path,
          "Write to a file, not to standard output", "FILE.svg" },
        { "xen", 'x', 0, G_OPTION_ARG_NONE, &xen,
          "A third column: what Xen has, as verify --full", NULL },
        PLAN_ENTRIES, { 0 },
    };
    g_autoptr(GError) error = NULL;
    g_autofree char *svg = NULL;
    g_auto(subject) s = { 0 };

    if (!parse_options(&argc, &argv, entries, "SUBJECT",
                       "Draw a layout, as built and as it is, as SVG: of a domain, "
                       "of its firmware\n(claimed:DOMAIN), of a file with a record, "
                       "or of an xl.cfg.", 1, 1) ||
        !subject_find(&s, argv[1], TRUE) ||
        (xen && !subject_verify(&s, XEN_MEMMAP_FULL)))
        return EXIT_ERROR;
    svg = svg_draw(&s);
    if (!path)
        fputs(svg, stdout);
    else if (!g_file_set_contents(path, svg, -1, &error)) {
        complain("%s", error->message);
        return EXIT_ERROR;
    }
    return EXIT_YES;
}
