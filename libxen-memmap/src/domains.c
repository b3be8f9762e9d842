/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which guests there are, and what they are called. */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A domain's number, if that is what @text is. */
static bool parse_domid(const char *text, uint32_t *domid)
{
    char *end;
    unsigned long n;

    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    n = strtoul(text, &end, 10);
    if (*end || errno || n > 0x7fff)
        return false;
    *domid = n;
    return true;
}

static int by_number(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

PUBLIC int xen_memmap_domains(xen_memmap_handle *h, uint32_t **domids,
                              unsigned int *nr)
{
    unsigned int i, all, found = 0;
    char **names = memmap_store_list(h, XBT_NULL, "/local/domain", &all);
    uint32_t *list;
    int has = 0;

    if (!names && errno != ENOENT)
        return -1;
    list = calloc(all ? all : 1, sizeof(*list));
    if (!list) {
        free(names);
        return memmap_fail(h, ENOMEM, "out of memory");
    }
    for (i = 0; i < all && has >= 0; i++) {
        if (!parse_domid(names[i], &list[found]))
            continue;
        has = memmap_store_has(h, XBT_NULL, "/local/domain/%u/hvmloader",
                               list[found]);
        found += has > 0;
    }
    free(names);
    if (has < 0) {
        free(list);
        return -1;
    }
    qsort(list, found, sizeof(*list), by_number);
    if (!found) {
        free(list);
        list = NULL;
    }
    *domids = list;
    *nr = found;
    return 0;
}

PUBLIC char *xen_memmap_name(xen_memmap_handle *h, uint32_t domid)
{
    size_t len;
    char *name = memmap_store_get(h, XBT_NULL, &len, "/local/domain/%u/name",
                                  domid);

    if (name)
        memmap_text_clean(name);
    else if (errno == ENOENT)
        memmap_fail(h, ESRCH, "there is no domain %u, or no longer", domid);
    return name;
}

PUBLIC int xen_memmap_find(xen_memmap_handle *h, const char *name,
                           uint32_t *domid)
{
    unsigned int i, all;
    uint32_t id;
    char **names, *s;
    bool found = false;

    if (parse_domid(name, &id)) {
        s = xen_memmap_name(h, id);
        free(s);
        if (s)
            *domid = id;
        return s ? 0 : -1;
    }

    names = memmap_store_list(h, XBT_NULL, "/local/domain", &all);
    if (!names && errno != ENOENT)
        return -1;
    for (i = 0; i < all && !found; i++) {
        if (!parse_domid(names[i], &id))
            continue;
        s = xen_memmap_name(h, id);
        if (!s && errno != ESRCH) {
            free(names);
            return -1;
        }
        found = s && !strcmp(s, name);
        free(s);
    }
    free(names);
    if (!found)
        return memmap_fail(h, ESRCH, "there is no domain called '%s'", name);
    *domid = id;
    return 0;
}
