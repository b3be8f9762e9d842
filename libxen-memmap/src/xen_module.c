/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xen.c as a module of libxen-memmap.so, loaded when Xen is asked: most callers only
 * read xenstore, and libxenctrl brings six libraries.
 */
#include "internal.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MODULE "xen.so"

/* The folder of modules is beside the library, wherever that is. */
static int module_path(char *path, size_t room)
{
    const char *slash;
    Dl_info self;

    if (!dladdr((void *)module_path, &self) || !(slash = strrchr(self.dli_fname, '/')))
        return -1;
    return snprintf(path, room, "%.*s/" MODULE_DIR "/" MODULE,
                    (int)(slash - self.dli_fname), self.dli_fname) < (int)room ? 0 : -1;
}

/* Each handle opens it, and none closes it: the loader counts. */
int memmap_xen_find(xen_memmap_handle *h)
{
    char path[4096];
    void *module = NULL;

    if (!module_path(path, sizeof(path)))
        module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (module)
        h->xen_ops = dlsym(module, "memmap_xen_real");
    return h->xen_ops ? 0 : memmap_fail(h, ENOENT, "Xen cannot be asked: %s is not as "
                                        "it was installed: %s", MODULE, dlerror());
}
