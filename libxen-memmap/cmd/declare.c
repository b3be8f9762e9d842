/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "command.h"

int command_declare(int argc, char **argv)
{
    gboolean off = FALSE, stay = FALSE, high = FALSE;
    const GOptionEntry entries[] = {
        { "disable", 0, 0, G_OPTION_ARG_NONE, &off,
          "Firmware is not to use the protocol at all", NULL },
        { "no-relocate", 0, 0, G_OPTION_ARG_NONE, &stay,
          "Firmware is not to move RAM", NULL },
        { "prefer-high", 0, 0, G_OPTION_ARG_NONE, &high,
          "Nor for a BAR that can be above 4 GiB", NULL },
        { 0 },
    };
    uint32_t domid;
    int i, rc = 0;

    if (!parse_options(&argc, &argv, entries, "DOMAIN [REGION...]",
                       "Tell the firmware of a guest that was created paused (xl "
                       "create -p)\nto keep regions free of RAM: "
                       "FIRST[-LAST][=[SEGMENT:]BUS:DEVICE.FUNCTION], "
                       "page\nnumbers in hexadecimal, as Xen's option rmrr= has them.", 1,
                       G_MAXINT - 1))
        return EXIT_ERROR;
    if (argc == 2 && !off && !stay && !high) {
        complain("nothing to declare; see xen-memmap declare --help");
        return EXIT_ERROR;
    }
    if (!find_domain(argv[1], &domid))
        return EXIT_ERROR;
    if (off)
        rc = xen_memmap_set_policy(handle, domid, XEN_MEMMAP_ENABLED, 0);
    if (!rc && stay)
        rc = xen_memmap_set_policy(handle, domid, XEN_MEMMAP_RELOCATE, 0);
    if (!rc && high)
        rc = xen_memmap_set_policy(handle, domid, XEN_MEMMAP_PREFER_HIGH, 1);
    for (i = 2; i < argc && !rc; i++)
        rc = xen_memmap_declare(handle, domid, argv[i]);
    if (rc)
        complain("%s", xen_memmap_message(handle));
    return rc ? EXIT_ERROR : EXIT_YES;
}
