/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Modules: parts of the command whose libraries few of its commands need. */
#include "command.h"

#include <dlfcn.h>

/*
 * They are where the library has its own: in a folder beside it, wherever that is.  They
 * stay loaded.
 */
static void *load(const char *name)
{
    g_autofree char *folder = NULL, *path = NULL;
    Dl_info library;

    if (!dladdr((void *)xen_memmap_open, &library))
        return NULL;
    folder = g_path_get_dirname(library.dli_fname);
    path = g_build_filename(folder, MODULE_DIR, name, NULL);
    return dlopen(path, RTLD_NOW | RTLD_LOCAL);
}

void *module_symbol(const char *name, const char *symbol, const char *what)
{
    void *module = load(name), *found = module ? dlsym(module, symbol) : NULL;

    if (!found) {
        const char *why = dlerror();

        complain("%s: %s", what, why ? why : "libxen-memmap is nowhere");
    }
    return found;
}
