/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "command.h"

#include <errno.h>

static gboolean parse_state(const char *name, enum xen_memmap_state *state)
{
    int i;

    for (i = XEN_MEMMAP_OFFERED; i <= XEN_MEMMAP_SEALED; i++)
        if (!g_ascii_strcasecmp(name, xen_memmap_state_name(i))) {
            *state = i;
            return TRUE;
        }
    complain("no state '%s'; there are offered, negotiated, prepared, committed, "
             "sealed", name);
    return FALSE;
}

int command_wait(int argc, char **argv)
{
    g_autofree char *name = NULL;
    double seconds = 60;
    const GOptionEntry entries[] = {
        { "state", 's', 0, G_OPTION_ARG_STRING, &name,
          "Wait for this state, or one beyond it (sealed)", "STATE" },
        { "timeout", 't', 0, G_OPTION_ARG_DOUBLE, &seconds,
          "Wait for so many seconds (60)", "SECONDS" },
        { 0 },
    };
    enum xen_memmap_state state = XEN_MEMMAP_SEALED;
    uint32_t domid;
    int err;

    if (!parse_options(&argc, &argv, entries, "DOMAIN",
                       "Wait until a guest's layout is settled: its firmware has "
                       "ended.", 1, 1) ||
        (name && !parse_state(name, &state)))
        return EXIT_ERROR;
    if (!(seconds >= 0 && seconds <= 86400)) {
        complain("the time is 0 to 86400 seconds");
        return EXIT_ERROR;
    }
    if (!find_domain(argv[1], &domid))
        return EXIT_ERROR;
    if (!xen_memmap_wait(handle, domid, state, seconds * 1000))
        return EXIT_YES;
    err = errno;
    complain("%s", xen_memmap_message(handle));
    switch (err) {
    case ESRCH:
    case ECANCELED:
    case ENODATA:
    case EPROTONOSUPPORT:
    case ETIMEDOUT:
        return EXIT_NO;
    }
    return EXIT_ERROR;
}
