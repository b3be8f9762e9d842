/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* xenstore: one connection, values, transactions, and what is known of domains. */
#include "internal.h"

#include <errno.h>
#include <stdio.h>      /* vsnprintf() */
#include <stdlib.h>     /* strtoul() */
#include <string.h>

/* Others write meanwhile: so often is it tried again. */
#define MAX_TRIES 50

void memmap_store_not_there(xen_memmap_handle *h)
{
    int err = errno;

    memmap_fail(h, err == EACCES || err == EPERM || err == ENOMEM ? err :
                ECONNREFUSED, "cannot connect to xenstored (%s): is this dom0, are "
                "you root, does xenstored run?", strerror(err));
}

struct xs_handle *memmap_store(xen_memmap_handle *h)
{
    if (!h->xs)
        h->xs = xs_open(0);
    if (!h->xs)
        memmap_store_not_there(h);
    return h->xs;
}

int memmap_store_refused(xen_memmap_handle *h, const char *path, int err)
{
    switch (err) {
    case EACCES:
        return memmap_fail(h, err, "%s: xenstored does not let us", path);
    case ENOENT:
    case EAGAIN:
    case EEXIST:
    case ENOMEM:
    case EINVAL:
    case E2BIG:
    case ENOSPC:
    case EROFS:
        return memmap_fail(h, err, "%s: %s", path, strerror(err));
    }
    return memmap_fail(h, ECONNRESET, "the connection to xenstored was lost (%s)",
                       strerror(err));
}

int memmap_store_failed(xen_memmap_handle *h, const char *path, int err)
{
    if (err == ENOENT || err == EAGAIN) {
        errno = err;
        return -1;
    }
    memmap_store_refused(h, path, err);
    if (errno == ECONNRESET) {
        xs_close(h->xs);
        h->xs = NULL;
        errno = ECONNRESET;
    }
    return -1;
}

char *memmap_store_get(xen_memmap_handle *h, xs_transaction_t t, size_t *len,
                       const char *fmt, ...)
{
    struct xs_handle *xs = memmap_store(h);
    char path[MEMMAP_PATH_MAX], *value;
    unsigned int bytes;
    va_list ap;

    if (!xs)
        return NULL;
    va_start(ap, fmt);
    vsnprintf(path, sizeof(path), fmt, ap);
    va_end(ap);

    value = xs_read(xs, t, path, &bytes);
    if (!value) {
        memmap_store_failed(h, path, errno);
        return NULL;
    }
    *len = bytes;
    return value;
}

int memmap_store_has(xen_memmap_handle *h, xs_transaction_t t,
                     const char *fmt, ...)
{
    char path[MEMMAP_PATH_MAX], *value;
    va_list ap;
    size_t len;

    va_start(ap, fmt);
    vsnprintf(path, sizeof(path), fmt, ap);
    va_end(ap);
    value = memmap_store_get(h, t, &len, "%s", path);
    if (!value)
        return errno == ENOENT ? 0 : -1;
    free(value);
    return 1;
}

char **memmap_store_list(xen_memmap_handle *h, xs_transaction_t t,
                         const char *path, unsigned int *nr)
{
    struct xs_handle *xs = memmap_store(h);
    char **names;

    *nr = 0;
    if (!xs)
        return NULL;
    names = xs_directory(xs, t, path, nr);
    if (!names) {
        *nr = 0;
        memmap_store_failed(h, path, errno);
    }
    return names;
}

int memmap_store_atomically(xen_memmap_handle *h, const char *what,
                            int (*f)(xen_memmap_handle *h, xs_transaction_t t,
                                     void *opaque),
                            void *opaque)
{
    unsigned int tries;

    for (tries = 0; tries < MAX_TRIES; tries++) {
        struct xs_handle *xs = memmap_store(h);
        xs_transaction_t t;
        int rc, err;

        if (!xs)
            return -1;
        t = xs_transaction_start(xs);
        if (t == XBT_NULL)
            return memmap_store_failed(h, what, errno);

        rc = f(h, t, opaque);
        err = errno;
        if (!h->xs) {           /* lost, and the transaction with it */
            errno = err;
            return rc;
        }
        /*
         * Also a failure counts only if nobody interfered: what looked wrong may
         * have been half of something.
         */
        if (xs_transaction_end(xs, t, rc && err == EAGAIN)) {
            if (!rc || err != EAGAIN) {
                errno = err;
                return rc;
            }
        } else if (errno != EAGAIN)
            return memmap_store_failed(h, what, errno);
    }
    return memmap_fail(h, EAGAIN, "%s: somebody writes all the time", what);
}

#define STUB_DOMAIN "device-model-domid"

static bool lists(char **names, unsigned int nr, const char *name)
{
    while (nr)
        if (!strcmp(names[--nr], name))
            return true;
    return false;
}

/* That there is no stub domain, and that the domain is there, are one request. */
int memmap_store_dm_path(xen_memmap_handle *h, xs_transaction_t t,
                         uint32_t domid, char path[MEMMAP_PATH_MAX], uint32_t *dm)
{
    uint32_t runs_in = 0;
    unsigned int nr;
    char **names, *stubdom = NULL;
    bool is_there, has_stubdom;
    size_t len;

    snprintf(path, MEMMAP_PATH_MAX, "/local/domain/%u/image", domid);
    names = memmap_store_list(h, t, path, &nr);
    if (!names && errno != ENOENT)
        return -1;
    is_there = names;
    has_stubdom = lists(names, nr, STUB_DOMAIN);
    free(names);

    if (has_stubdom) {
        stubdom = memmap_store_get(h, t, &len, "/local/domain/%u/image/"
                                   STUB_DOMAIN, domid);
        if (!stubdom && errno != ENOENT)
            return -1;
    }
    if (stubdom)
        runs_in = strtoul(stubdom, NULL, 10) & 0xffff;
    free(stubdom);
    snprintf(path, MEMMAP_PATH_MAX, "/local/domain/%u/device-model/%u", runs_in,
             domid);
    if (dm)
        *dm = runs_in;
    return is_there;
}

int memmap_store_check_domain(xen_memmap_handle *h, xs_transaction_t t,
                              uint32_t domid)
{
    int has = memmap_store_has(h, t, "/local/domain/%u/hvmloader", domid);

    if (has)
        return has < 0 ? -1 : 0;
    has = memmap_store_has(h, t, "/local/domain/%u", domid);
    if (has < 0)
        return -1;
    if (!has)
        return memmap_fail(h, ESRCH, "there is no domain %u, or no longer",
                           domid);
    return memmap_fail(h, ENODEV, "domain %u has no firmware: it is no HVM guest, or "
                       "not yet built", domid);
}

const char *memmap_policy_key(enum xen_memmap_policy policy)
{
    switch (policy) {
    case XEN_MEMMAP_ENABLED:  return "enabled";
    case XEN_MEMMAP_RELOCATE: return "relocate";
    case XEN_MEMMAP_PREFER_HIGH: return "policy";
    }
    return NULL;
}

int memmap_store_policy(xen_memmap_handle *h, xs_transaction_t t,
                        uint32_t domid, enum xen_memmap_policy policy)
{
    size_t len;
    char *value = memmap_store_get(h, t, &len,
                                   "/local/domain/%u/hvmloader/memory-map/%s",
                                   domid, memmap_policy_key(policy));
    int on;

    if (!value)
        return errno == ENOENT ? 1 : -1;
    on = strcmp(value, "0") != 0;
    free(value);
    return on;
}
