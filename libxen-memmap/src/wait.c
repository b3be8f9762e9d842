/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waiting for a state, with an end in every case. */
#include "watch.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct waiting {
    xen_memmap_handle *h;
    uint32_t domid;
    enum xen_memmap_state state;    /* wanted */
    enum xen_memmap_state now;      /* last seen; UNKNOWN: none */
    uint64_t dm_since;              /* ms; since when it runs, 0: it does not */
};

static uint64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000ull + t.tv_nsec / 1000000;
}

/* Whether the device model says that it is up. */
static int look_at_dm(struct waiting *w)
{
    char path[MEMMAP_PATH_MAX], *state;
    size_t len;

    if (memmap_store_dm_path(w->h, XBT_NULL, w->domid, path, NULL) < 0)
        return -1;
    state = memmap_store_get(w->h, XBT_NULL, &len, "%s/state", path);
    if (!state && errno != ENOENT)
        return -1;
    if (!state || strcmp(state, "running"))
        w->dm_since = 0;
    else if (!w->dm_since)
        w->dm_since = now_ms();
    free(state);
    return 0;
}

/* 1: there; 0: it may come; -1: it cannot. */
static int look(struct waiting *w)
{
    xen_memmap_layout *l;
    int on;

    if (memmap_store_check_domain(w->h, XBT_NULL, w->domid))
        return -1;
    if (!xen_memmap_read(w->h, w->domid, XEN_MEMMAP_PUBLISHED, &l)) {
        w->now = l->state;
        xen_memmap_layout_free(l);
        if (w->now >= w->state)
            return 1;
    } else if (errno == ENODATA) {
        w->now = XEN_MEMMAP_UNKNOWN;
        if (look_at_dm(w))
            return -1;
        if (w->dm_since && now_ms() - w->dm_since >= w->h->grace_ms) {
            errno = ENODATA;
            return -1;
        }
    } else if (errno != EAGAIN)
        return -1;

    on = memmap_store_policy(w->h, XBT_NULL, w->domid, XEN_MEMMAP_ENABLED);
    if (on)
        return on < 0 ? -1 : 0;
    return memmap_fail(w->h, ECANCELED, "the protocol is switched off for domain "
                       "%u (hvmloader/memory-map/enabled is 0)", w->domid);
}

static int time_is_over(struct waiting *w, unsigned int ms)
{
    if (w->now == XEN_MEMMAP_UNKNOWN)
        return memmap_fail(w->h, ENODATA, "the device model of domain %u published "
                           "nothing for %u ms: it is still starting, or an old "
                           "QEMU", w->domid, ms);
    if (w->now == XEN_MEMMAP_OFFERED)
        return memmap_fail(w->h, EPROTONOSUPPORT, "firmware of domain %u did not "
                           "answer the device model for %u ms: it is an old "
                           "hvmloader, or the guest is paused", w->domid, ms);
    return memmap_fail(w->h, ETIMEDOUT, "domain %u was %s and not yet %s after %u "
                       "ms", w->domid, memmap_strstate(w->now),
                       memmap_strstate(w->state), ms);
}

static int until(struct waiting *w, struct memmap_watches *events,
                 unsigned int ms)
{
    const uint64_t end = now_ms() + ms;
    struct pollfd p = { .fd = memmap_watches_fd(events), .events = POLLIN };
    uint64_t now;
    uint32_t any;
    int rc;

    for (;;) {
        rc = look(w);
        if (rc)
            return rc < 0 ? -1 : 0;
        now = now_ms();
        if (now >= end)
            return time_is_over(w, ms);
        rc = poll(&p, 1, end - now < w->h->slice_ms ? (int)(end - now)
                                                    : (int)w->h->slice_ms);
        if (rc < 0 && errno != EINTR)
            return memmap_fail(w->h, errno, "poll: %s", strerror(errno));
        while (!memmap_watches_event(w->h, events, &any))
            ;
        if (errno != EAGAIN)
            return -1;
    }
}

PUBLIC int xen_memmap_wait(xen_memmap_handle *h, uint32_t domid,
                           enum xen_memmap_state state, unsigned int timeout_ms)
{
    struct waiting w = { .h = h, .domid = domid, .state = state,
                         .now = XEN_MEMMAP_UNKNOWN };
    struct memmap_watches *events;
    int rc, err;

    if ((unsigned int)state > XEN_MEMMAP_SEALED)
        return memmap_fail(h, EINVAL, "there is no such state to wait for");
    if (memmap_store_check_domain(h, XBT_NULL, domid))
        return -1;
    events = memmap_watches_new(h);
    if (!events)
        return -1;
    rc = memmap_watches_add(h, events, domid);
    if (!rc)
        rc = until(&w, events, timeout_ms);
    err = errno;
    memmap_watches_free(events);
    errno = err;
    return rc;
}
