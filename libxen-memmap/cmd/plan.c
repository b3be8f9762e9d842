/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From an xl.cfg and options to what the library plans for. */
#include "command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MIB (1ull << 20)

char **plan_bars, **plan_rmrrs, **plan_regions;
int plan_width;
gboolean plan_no_host, plan_no_relocate, plan_prefer_high;

gboolean parse_bar(const char *text, uint64_t *bytes, gboolean *is_64bit)
{
    static const char units[] = "KMGT";
    char *end;
    const char *unit;

    *bytes = g_ascii_strtoull(text, &end, 0);
    if (end == text || text[0] == '-')
        return FALSE;
    if (*end && (unit = strchr(units, g_ascii_toupper(*end)))) {
        const int shift = 10 * (unit - units + 1);

        if (*bytes > G_MAXUINT64 >> shift)
            return FALSE;
        *bytes <<= shift;
        end += g_str_has_prefix(end + 1, "iB") ? 3 : 1;
    }
    *is_64bit = !strcmp(end, ",64");
    return !*end || *is_64bit;
}

static gboolean add_options(xen_memmap_config *c)
{
    gboolean is_64bit;
    uint64_t bytes;
    char **s;

    for (s = plan_bars; s && *s; s++) {
        g_autofree char *name = g_strdup_printf("--bar %s", *s);

        if (!parse_bar(*s, &bytes, &is_64bit)) {
            complain("--bar %s: a size is a number and K, M, G or T (of 1024), and ,64 "
                     "if the BAR has 64 bits", *s);
            return FALSE;
        }
        if (xen_memmap_config_bar(handle, c, name, bytes, is_64bit))
            goto fail;
    }
    for (s = plan_rmrrs; s && *s; s++)
        if (xen_memmap_config_reserve(handle, c, *s, 1))
            goto fail;
    for (s = plan_regions; s && *s; s++)
        if (xen_memmap_config_reserve(handle, c, *s, 0))
            goto fail;
    return TRUE;
 fail:
    complain("%s", xen_memmap_message(handle));
    return FALSE;
}

const char *plan_stays(const struct xlcfg *x)
{
    if (x->memory < x->maxmem)
        return "memory is less than maxmem, and moving pages would populate them";
    if (x->vnuma)
        return "the guest has virtual NUMA nodes, and moved pages could be on any";
    if (plan_no_relocate)
        return "the toolstack will say so";
    return NULL;
}

/* The value of xen-memmap's @property, of the last -global that has it; NULL: none. */
static const char *global(const struct xlcfg *x, const char *property)
{
    g_autofree char *prefix = g_strdup_printf("xen-memmap.%s=", property);
    const char *found = NULL;
    char **s;

    for (s = x->qemu; s && s[0]; s++)
        if (!strcmp(s[0], "-global") && s[1] && g_str_has_prefix(*++s, prefix))
            found = *s + strlen(prefix);
    return found;
}

/* What the device model is told about itself. */
static gboolean read_device_model(const struct xlcfg *x, enum xen_memmap_rdm *rdm)
{
    const char *enabled = global(x, "enabled"), *which = global(x, "rdm");

    *rdm = XEN_MEMMAP_RDM_DEVICES;
    if (enabled && !strcmp(enabled, "off")) {
        complain("xen-memmap.enabled=off: firmware will have nobody to tell, and do as "
                 "it always did, which is not foreseen here");
        return FALSE;
    }
    /* Xen does not let a stub domain map it, so nothing is asked for there. */
    if (x->stubdom || (which && !strcmp(which, "off")))
        *rdm = XEN_MEMMAP_RDM_OFF;
    else if (which && !strcmp(which, "host") && !plan_no_host && !plan_rmrrs)
        *rdm = XEN_MEMMAP_RDM_HOST;
    return TRUE;
}

xen_memmap_config *plan_config(const struct xlcfg *x)
{
    g_autoptr(xen_memmap_config) c = NULL;
    enum xen_memmap_rdm rdm;

    if (!read_device_model(x, &rdm))
        return NULL;
    c = xen_memmap_config_new(handle, x->maxmem > x->videoram ?
                              (x->maxmem - x->videoram) * MIB : 0);
    if (!c || xen_memmap_config_hole(handle, c, x->hole * MIB) ||
        (x->boundary &&
         xen_memmap_config_boundary(handle, c, x->boundary * MIB)) ||
        xen_memmap_config_width(handle, c, plan_width) || !devices_add(x, c) ||
        xen_memmap_config_rdm(handle, c, rdm)) {
        complain(errno == ENODEV ? "%s: where this is not the host, say --no-host, and "
                 "name the BARs of what is passed through by --bar" : "%s",
                 xen_memmap_message(handle));
        return NULL;
    }
    xen_memmap_config_may_move(c, !plan_stays(x));
    xen_memmap_config_prefer_high(c, plan_prefer_high);
    return add_options(c) ? g_steal_pointer(&c) : NULL;
}

xen_memmap_plan *plan_for(const char *path)
{
    g_auto(xlcfg) x = { 0 };
    g_autoptr(xen_memmap_config) c = NULL;
    xen_memmap_plan *p = NULL;

    if (!xlcfg_read(&x, path) || !(c = plan_config(&x)))
        return NULL;
    if (xen_memmap_explain(handle, c, &p))
        complain("%s", xen_memmap_message(handle));
    return p;
}
