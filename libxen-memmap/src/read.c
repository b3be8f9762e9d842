/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A guest's layout as xenstore has it (PROTOCOL.md, section 8). */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct reading {
    uint32_t domid;
    enum xen_memmap_origin origin;
    xen_memmap_layout *layout;      /* the last try's */
    char dir[MEMMAP_PATH_MAX + 16]; /* where it is read */
};

typedef const char *parser(const char *value, size_t len,
                           xen_memmap_layout *layout);

static const char *parse_generation(const char *value, size_t len,
                                    xen_memmap_layout *l)
{
    return memmap_text_generation(value, len, &l->generation);
}

static const char *parse_state(const char *value, size_t len,
                               xen_memmap_layout *l)
{
    return memmap_text_state(value, len, &l->state);
}

static const char *parse_error(const char *value, size_t len,
                               xen_memmap_layout *l)
{
    return memmap_text_generation(value, len, &l->error);
}

static const char *parse_reason(const char *value, size_t len,
                                xen_memmap_layout *l)
{
    l->reason = strndup(value, len);
    if (!l->reason)
        return "out of memory";
    memmap_text_line(l->reason);
    return NULL;
}

/* What a parser says of a value that stands for none. */
static const char no_value[] = "there is no value";

/* Read @key and parse it: 1, or 0 if it is not there, or -1. */
static int parse_key(xen_memmap_handle *h, xs_transaction_t t,
                     struct reading *r, const char *key, parser *parse)
{
    size_t len;
    char *value = memmap_store_get(h, t, &len, "%s/%s", r->dir, key);
    const char *flaw;

    if (!value)
        return errno == ENOENT ? 0 : -1;
    flaw = parse(value, len, r->layout);
    free(value);
    if (flaw == no_value)
        return 0;
    if (flaw)
        return memmap_fail(h, EBADMSG, "%s/%s: %s", r->dir, key, flaw);
    return 1;
}

/* As parse_key() for a key that must be there. */
static int need_key(xen_memmap_handle *h, xs_transaction_t t,
                    struct reading *r, const char *key, parser *parse)
{
    int rc = parse_key(h, t, r, key, parse);

    if (!rc)
        return memmap_fail(h, EBADMSG, "%s/%s is missing", r->dir, key);
    return rc < 0 ? -1 : 0;
}

/* @name/0, @name/1, ... up to the first that is missing. */
static int parse_keys(xen_memmap_handle *h, xs_transaction_t t,
                      struct reading *r, const char *name, parser *parse)
{
    char key[32];
    unsigned int i;
    int rc;

    for (i = 0; ; i++) {
        snprintf(key, sizeof(key), "%s/%u", name, i);
        rc = parse_key(h, t, r, key, parse);
        if (rc <= 0)
            return rc;
    }
}

/*
 * May the guest write what it must not?  The owner of a node may, whatever the
 * rest says; who is not listed may what the owner's entry says.
 */
static int check_owner(xen_memmap_handle *h, xs_transaction_t t,
                       const struct reading *r)
{
    struct xs_permissions *p;
    unsigned int nr, i;
    bool writes;

    p = xs_get_permissions(memmap_store(h), t, r->dir, &nr);
    if (!p)
        return errno == ENOENT ? 0 : memmap_store_failed(h, r->dir, errno);
    writes = nr && (p[0].id == r->domid || (p[0].perms & XS_PERM_WRITE));
    for (i = 1; i < nr; i++)
        if (p[i].id == r->domid)
            writes |= !!(p[i].perms & XS_PERM_WRITE);
    free(p);

    if (writes)
        return memmap_fail(h, EPERM, "%s may be written by the guest: not to be "
                           "trusted", r->dir);
    return 0;
}

static int check_ranges(xen_memmap_handle *h, const struct reading *r)
{
    return r->layout->nr ? 0 : memmap_fail(h, EBADMSG, "%s/layout/0 is missing",
                                           r->dir);
}

static int nothing_published(xen_memmap_handle *h, xs_transaction_t t,
                             struct reading *r)
{
    size_t len;
    char *state;
    bool runs;

    if (memmap_store_check_domain(h, t, r->domid))
        return -1;
    *strrchr(r->dir, '/') = '\0';
    state = memmap_store_get(h, t, &len, "%s/state", r->dir);
    if (!state && errno != ENOENT)
        return -1;
    runs = state && !strcmp(state, "running");
    free(state);

    return memmap_fail(h, ENODATA, runs ?
                       "the device model of domain %u publishes no layout: it is "
                       "an old QEMU, or one that was started with "
                       "-xen-domid-restrict" :
                       "the device model of domain %u has published nothing yet: "
                       "it is still starting, or an old QEMU", r->domid);
}

static int read_published(xen_memmap_handle *h, xs_transaction_t t,
                          struct reading *r)
{
    int is_there = memmap_store_dm_path(h, t, r->domid, r->dir,
                                        &r->layout->publisher), rc;

    if (is_there < 0)
        return -1;
    strcat(r->dir, "/memory-map");

    rc = parse_key(h, t, r, "state", parse_state);
    if (rc < 0)
        return -1;
    if (!rc)
        return nothing_published(h, t, r);
    if ((!is_there && memmap_store_check_domain(h, t, r->domid)) ||
        check_owner(h, t, r) ||
        need_key(h, t, r, "generation", parse_generation) ||
        need_key(h, t, r, "error", parse_error) ||
        (r->layout->error && parse_key(h, t, r, "reason", parse_reason) < 0) ||
        parse_keys(h, t, r, "layout", memmap_text_ranges) ||
        parse_keys(h, t, r, "rdm", memmap_text_reserved))
        return -1;
    return check_ranges(h, r);
}

static int nothing_claimed(xen_memmap_handle *h, xs_transaction_t t,
                           struct reading *r)
{
    int on;

    if (memmap_store_check_domain(h, t, r->domid))
        return -1;
    on = memmap_store_policy(h, t, r->domid, XEN_MEMMAP_ENABLED);
    if (on < 0)
        return -1;
    if (!on)
        return memmap_fail(h, ECANCELED, "the protocol is switched off for domain "
                           "%u (hvmloader/memory-map/enabled is 0)", r->domid);
    return memmap_fail(h, ENODATA, "firmware of domain %u says nothing: it is an "
                       "old hvmloader, it found no device model that listens, or "
                       "it is still starting", r->domid);
}

/* Empty is what firmware leaves of a longer layout's keys: behind it may be more. */
static const char *claimed_ranges(const char *value, size_t len,
                                  xen_memmap_layout *l)
{
    return len ? memmap_text_ranges(value, len, l) : no_value;
}

static int read_claimed(xen_memmap_handle *h, xs_transaction_t t,
                        struct reading *r)
{
    int rc;

    snprintf(r->dir, sizeof(r->dir), "/local/domain/%u/data/memory-map",
             r->domid);
    r->layout->publisher = r->domid;
    rc = parse_key(h, t, r, "generation", parse_generation);
    if (rc < 0)
        return -1;
    if (!rc)
        return nothing_claimed(h, t, r);
    if (memmap_store_check_domain(h, t, r->domid) ||
        parse_keys(h, t, r, "layout", claimed_ranges))
        return -1;
    return check_ranges(h, r);
}

static int read_once(xen_memmap_handle *h, xs_transaction_t t, void *opaque)
{
    struct reading *r = opaque;

    xen_memmap_layout_free(r->layout);
    r->layout = memmap_layout_new(h, r->origin);
    if (!r->layout)
        return -1;
    return r->origin == XEN_MEMMAP_PUBLISHED ? read_published(h, t, r)
                                             : read_claimed(h, t, r);
}

PUBLIC int xen_memmap_read(xen_memmap_handle *h, uint32_t domid,
                           enum xen_memmap_origin origin,
                           xen_memmap_layout **layout)
{
    struct reading r = { .domid = domid, .origin = origin };
    int rc;

    if (origin != XEN_MEMMAP_PUBLISHED && origin != XEN_MEMMAP_CLAIMED)
        return memmap_fail(h, EINVAL, "a layout is published or claimed");

    rc = memmap_store_atomically(h, "layout", read_once, &r);
    if (rc)
        xen_memmap_layout_free(r.layout);
    else
        *layout = r.layout;
    return rc;
}
