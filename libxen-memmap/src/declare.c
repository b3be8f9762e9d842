/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a toolstack tells firmware before the guest starts (PROTOCOL.md, 8). */
#include "internal.h"
#include "rdm.h"                /* hvmloader/ */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct telling {
    uint32_t domid;
    const char *region;             /* or */
    enum xen_memmap_policy policy;
    int on;
};

/*
 * Firmware reads it once, before it says a word.  Before that a device model
 * publishes that it makes an OFFER, and the layout as built.
 */
static int check_not_started(xen_memmap_handle *h, xs_transaction_t t,
                             uint32_t domid)
{
    char path[MEMMAP_PATH_MAX], *state;
    bool answered;
    size_t len;
    int said;

    if (memmap_store_check_domain(h, t, domid) ||
        memmap_store_dm_path(h, t, domid, path, NULL) < 0)
        return -1;
    said = memmap_store_has(h, t, "/local/domain/%u/data/memory-map/generation",
                            domid);
    if (said < 0)
        return -1;
    state = memmap_store_get(h, t, &len, "%s/memory-map/state", path);
    if (!state && errno != ENOENT)
        return -1;
    answered = state && strcmp(state, memmap_strstate(MEMMAP_ST_OFFERED));
    free(state);
    if (said || answered)
        return memmap_fail(h, EBUSY, "firmware of domain %u has started: it must "
                           "be told before, while the guest is paused", domid);
    return 0;
}

static int write_key(xen_memmap_handle *h, xs_transaction_t t, uint32_t domid,
                     const char *key, const char *value)
{
    char path[MEMMAP_PATH_MAX];

    snprintf(path, sizeof(path), "/local/domain/%u/hvmloader/memory-map/%s",
             domid, key);
    if (xs_write(memmap_store(h), t, path, value, strlen(value)))
        return 0;
    return errno == ENOENT ? memmap_store_refused(h, path, errno)
                           : memmap_store_failed(h, path, errno);
}

static int declare(xen_memmap_handle *h, xs_transaction_t t, void *opaque)
{
    const struct telling *w = opaque;
    char key[16];
    unsigned int i;
    int has;

    if (check_not_started(h, t, w->domid))
        return -1;
    for (i = 0; i < MEMMAP_MAX_ENTRIES; i++) {
        snprintf(key, sizeof(key), "rdm/%u", i);
        has = memmap_store_has(h, t, "/local/domain/%u/hvmloader/memory-map/%s",
                               w->domid, key);
        if (has < 0)
            return -1;
        if (!has)
            return write_key(h, t, w->domid, key, w->region);
    }
    return memmap_fail(h, ENOSPC, "firmware reads no more than %u regions",
                       MEMMAP_MAX_ENTRIES);
}

PUBLIC int xen_memmap_declare(xen_memmap_handle *h, uint32_t domid,
                              const char *region)
{
    struct telling w = { .domid = domid, .region = region };
    struct memmap_range r;
    const char *flaw = memmap_rdm_parse(region, &r);

    if (flaw)
        return memmap_fail(h, EINVAL, "'%s': %s; a region is "
                           "FIRST[-LAST][=[SEGMENT:]BUS:DEVICE.FUNCTION], page "
                           "numbers in hexadecimal", region, flaw);
    return memmap_store_atomically(h, "region", declare, &w);
}

static int set_policy(xen_memmap_handle *h, xs_transaction_t t, void *opaque)
{
    const struct telling *w = opaque;

    if (check_not_started(h, t, w->domid))
        return -1;
    if (w->policy == XEN_MEMMAP_PREFER_HIGH)
        return write_key(h, t, w->domid, memmap_policy_key(w->policy),
                         w->on ? "high" : "low");
    return write_key(h, t, w->domid, memmap_policy_key(w->policy),
                     w->on ? "1" : "0");
}

PUBLIC int xen_memmap_set_policy(xen_memmap_handle *h, uint32_t domid,
                                 enum xen_memmap_policy policy, int on)
{
    struct telling w = { .domid = domid, .policy = policy, .on = on };

    if (!memmap_policy_key(policy))
        return memmap_fail(h, EINVAL, "no such policy");
    return memmap_store_atomically(h, "policy", set_policy, &w);
}
