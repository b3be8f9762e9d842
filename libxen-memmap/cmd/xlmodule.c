/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The module that reads an xl.cfg, see xlcfg.h. */
#include "command.h"

#include <string.h>

gboolean xlcfg_read(struct xlcfg *x, const char *path)
{
    static xlcfg_module_read_func *module_read;

    if (!module_read)
        module_read = (xlcfg_module_read_func *)module_symbol(
            "xlcfg.so", XLCFG_MODULE_READ, "an xl.cfg cannot be read");
    return module_read && module_read(x, path, complain);
}

void xlcfg_clear(struct xlcfg *x)
{
    if (x->devices)
        g_array_unref(x->devices);
    if (x->emulated)
        g_ptr_array_unref(x->emulated);
    g_strfreev(x->qemu);
    memset(x, 0, sizeof(*x));
}
