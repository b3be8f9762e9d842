/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Events.  A domain has three watches with one token, its number: on what its
 * device model publishes, on its firmware's directory (which goes with the domain
 * and is there before the guest runs), and on the end of any domain.
 */
#include "watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATHS 3
#define TOKEN_MAX 12

struct watched {
    uint32_t domid;
    char path[PATHS][MEMMAP_PATH_MAX];  /* "": none */
    struct watched *next;
};

struct memmap_watches {
    struct xs_handle *xs;
    struct watched *first;
};

static void token_of(uint32_t domid, char token[TOKEN_MAX])
{
    snprintf(token, TOKEN_MAX, "%u", domid);
}

struct memmap_watches *memmap_watches_new(xen_memmap_handle *h)
{
    struct memmap_watches *w = calloc(1, sizeof(*w));

    if (!w) {
        memmap_fail(h, ENOMEM, "out of memory");
        return NULL;
    }
    w->xs = xs_open(0);
    if (!w->xs || xs_fileno(w->xs) < 0) {
        memmap_store_not_there(h);
        memmap_watches_free(w);
        return NULL;
    }
    return w;
}

void memmap_watches_free(struct memmap_watches *w)
{
    if (!w)
        return;
    while (w->first) {
        struct watched *d = w->first;

        w->first = d->next;
        free(d);
    }
    xs_close(w->xs);
    free(w);
}

static int fill_paths(xen_memmap_handle *h, struct watched *d)
{
    if (d->domid == XEN_MEMMAP_NO_DOMAIN) {
        strcpy(d->path[0], "@introduceDomain");
        strcpy(d->path[1], "@releaseDomain");
        return 0;
    }
    strcpy(d->path[0], "@releaseDomain");
    snprintf(d->path[1], MEMMAP_PATH_MAX, "/local/domain/%u/hvmloader",
             d->domid);
    return memmap_store_dm_path(h, XBT_NULL, d->domid, d->path[2], NULL) < 0 ? -1 : 0;
}

/* The first @nr of them; errno stays. */
static void unset_watches(struct memmap_watches *w, const struct watched *d,
                          unsigned int nr)
{
    char token[TOKEN_MAX];
    int err = errno;
    unsigned int i;

    token_of(d->domid, token);
    for (i = 0; i < nr && d->path[i][0]; i++)
        xs_unwatch(w->xs, d->path[i], token);
    errno = err;
}

static int set_watches(xen_memmap_handle *h, struct memmap_watches *w,
                       const struct watched *d)
{
    char token[TOKEN_MAX];
    unsigned int i;

    token_of(d->domid, token);
    for (i = 0; i < PATHS && d->path[i][0]; i++)
        if (!xs_watch(w->xs, d->path[i], token)) {
            memmap_store_refused(h, d->path[i], errno);
            unset_watches(w, d, i);
            return -1;
        }
    return 0;
}

static struct watched **find(struct memmap_watches *w, uint32_t domid)
{
    struct watched **d = &w->first;

    while (*d && (*d)->domid != domid)
        d = &(*d)->next;
    return d;
}

int memmap_watches_add(xen_memmap_handle *h, struct memmap_watches *w,
                       uint32_t domid)
{
    struct watched *d;

    if (*find(w, domid))
        return memmap_fail(h, EEXIST, "domain %u is watched already", domid);
    d = calloc(1, sizeof(*d));
    if (!d)
        return memmap_fail(h, ENOMEM, "out of memory");
    d->domid = domid;
    if (fill_paths(h, d) || set_watches(h, w, d)) {
        free(d);
        return -1;
    }
    d->next = w->first;
    w->first = d;
    return 0;
}

int memmap_watches_remove(xen_memmap_handle *h, struct memmap_watches *w,
                          uint32_t domid)
{
    struct watched **at = find(w, domid), *d = *at;

    if (!d)
        return memmap_fail(h, ENOENT, "domain %u is not watched", domid);
    unset_watches(w, d, PATHS);
    *at = d->next;
    free(d);
    return 0;
}

int memmap_watches_fd(const struct memmap_watches *w)
{
    return xs_fileno(w->xs);
}

int memmap_watches_event(xen_memmap_handle *h, struct memmap_watches *w,
                         uint32_t *domid)
{
    char **event = xs_check_watch(w->xs);

    if (!event) {
        if (errno == EAGAIN)
            return memmap_fail(h, EAGAIN, "nothing has changed");
        return memmap_fail(h, ECONNRESET, "the connection to xenstored was lost");
    }
    *domid = strtoul(event[XS_WATCH_TOKEN], NULL, 10);
    free(event);
    return 0;
}

static struct memmap_watches *watches(xen_memmap_handle *h)
{
    if (!h->watches)
        h->watches = memmap_watches_new(h);
    return h->watches;
}

PUBLIC int xen_memmap_watch(xen_memmap_handle *h, uint32_t domid)
{
    return watches(h) ? memmap_watches_add(h, h->watches, domid) : -1;
}

PUBLIC int xen_memmap_unwatch(xen_memmap_handle *h, uint32_t domid)
{
    return watches(h) ? memmap_watches_remove(h, h->watches, domid) : -1;
}

PUBLIC int xen_memmap_fd(xen_memmap_handle *h)
{
    return watches(h) ? memmap_watches_fd(h->watches) : -1;
}

PUBLIC int xen_memmap_event(xen_memmap_handle *h, uint32_t *domid)
{
    return watches(h) ? memmap_watches_event(h, h->watches, domid) : -1;
}
