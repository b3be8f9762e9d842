/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The module that reads an xl.cfg, see xlcfg.h. */
#include "command.h"

#include <dlfcn.h>
#include <string.h>

#define MODULE "xlcfg.so"

/*
 * It is where the library has its own module: in a folder beside the library, wherever
 * that is.  It stays loaded.
 */
static void *load(void)
{
    g_autofree char *folder = NULL, *path = NULL;
    void *module;
    Dl_info library;

    if (!dladdr((void *)xen_memmap_open, &library)) {
        complain("where libxen-memmap is cannot be found out");
        return NULL;
    }
    folder = g_path_get_dirname(library.dli_fname);
    path = g_build_filename(folder, MODULE_DIR, MODULE, NULL);
    module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!module)
        complain("an xl.cfg cannot be read: %s", dlerror());
    return module;
}

gboolean xlcfg_read_any(struct xlcfg *x, const char *path)
{
    static xlcfg_module_read_func *module_read;
    void *module;

    if (!module_read && (module = load())) {
        module_read = (xlcfg_module_read_func *)dlsym(module, XLCFG_MODULE_READ);
        if (!module_read)
            complain("%s: %s", MODULE, dlerror());
    }
    return module_read && module_read(x, path, complain);
}

gboolean xlcfg_read(struct xlcfg *x, const char *path)
{
    if (!xlcfg_read_any(x, path))
        return FALSE;
    if (!x->hvm)
        complain("%s: no HVM guest (type = \"hvm\"); others have no device model "
                 "that must be told", path);
    return x->hvm;
}

void xlcfg_clear(struct xlcfg *x)
{
    if (x->devices)
        g_array_unref(x->devices);
    if (x->emulated)
        g_ptr_array_unref(x->emulated);
    g_strfreev(x->qemu);
    g_free(x->firmware);
    g_free(x->firmware_override);
    g_free(x->device_model);
    memset(x, 0, sizeof(*x));
}
