/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A guest that does not exist yet. */
#include "internal.h"
#include "plan.h"               /* hvmloader/ */
#include "rdm.h"                /* hvmloader/ */

#include <cpuid.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB (1ull << 20)
#define GIB (1ull << 30)
/* The largest address that a guest can have, bits; and what libxl needs. */
#define MAX_WIDTH 52u
#define MIN_WIDTH 36u

_Static_assert(MEMMAP_ARRAY_SIZE(((xen_memmap_config *)0)->bar) ==
               MEMMAP_MAX_BARS, "as many BARs as the planner takes");

/* A guest's addresses are as wide as its host's. */
static unsigned int host_width(void)
{
    unsigned int a, b, c, d;

    if (!__get_cpuid(0x80000008, &a, &b, &c, &d) || (a & 0xff) < MIN_WIDTH)
        return MIN_WIDTH;
    return (a & 0xff) > MAX_WIDTH ? MAX_WIDTH : a & 0xff;
}

/* AMD's and Hygon's, as guests see them too (hvmloader/hvm-rdm.c). */
static bool has_hypertransport(void)
{
    unsigned int a, name[3];

    return __get_cpuid(0, &a, &name[0], &name[2], &name[1]) &&
           (!memcmp(name, "AuthenticAMD", 12) || !memcmp(name, "HygonGenuine", 12));
}

PUBLIC xen_memmap_config *xen_memmap_config_new(xen_memmap_handle *h,
                                                uint64_t ram)
{
    xen_memmap_config *c;

    if (ram < 2 * MIB || ram > 1ull << (MAX_WIDTH - 1)) {
        memmap_fail(h, EINVAL, "no guest has %llu bytes of RAM",
                    (unsigned long long)ram);
        return NULL;
    }
    c = calloc(1, sizeof(*c));
    if (!c) {
        memmap_fail(h, ENOMEM, "out of memory");
        return NULL;
    }
    c->ram = ram;
    c->boundary = 2 * GIB;
    c->width = host_width();
    c->may_move = true;
    c->hypertransport = has_hypertransport();
    return c;
}

PUBLIC void xen_memmap_config_free(xen_memmap_config *c)
{
    int err = errno;

    free(c);
    errno = err;
}

PUBLIC int xen_memmap_config_hole(xen_memmap_handle *h, xen_memmap_config *c,
                                  uint64_t bytes)
{
    if (bytes && (bytes < 256 * MIB || bytes > 4 * GIB - 256 * MIB ||
                  bytes % MIB))
        return memmap_fail(h, EINVAL, "mmio_hole is 256 to 3840 MiB");
    c->hole = bytes;
    return 0;
}

PUBLIC int xen_memmap_config_width(xen_memmap_handle *h, xen_memmap_config *c,
                                   unsigned int bits)
{
    if (bits && (bits < MIN_WIDTH || bits > MAX_WIDTH))
        return memmap_fail(h, EINVAL, "addresses have %u to %u bits", MIN_WIDTH,
                           MAX_WIDTH);
    c->width = bits ? bits : host_width();
    return 0;
}

PUBLIC int xen_memmap_config_boundary(xen_memmap_handle *h,
                                      xen_memmap_config *c, uint64_t bytes)
{
    if (bytes > 4 * GIB)
        return memmap_fail(h, EINVAL, "rdm_mem_boundary lies below 4 GiB");
    c->boundary = bytes;
    return 0;
}

PUBLIC void xen_memmap_config_may_move(xen_memmap_config *c, int may_move)
{
    c->may_move = may_move;
}

PUBLIC void xen_memmap_config_prefer_high(xen_memmap_config *c, int prefer_high)
{
    c->prefer_high = prefer_high;
}

PUBLIC int xen_memmap_config_bar(xen_memmap_handle *h, xen_memmap_config *c,
                                 const char *name, uint64_t bytes, int is_64bit)
{
    struct memmap_config_bar *b = &c->bar[c->nr_bars];

    if (bytes < 16 || (bytes & (bytes - 1)) || bytes > 1ull << (MAX_WIDTH - 1) ||
        (!is_64bit && bytes > 2 * GIB))
        return memmap_fail(h, EINVAL, "%s: a BAR's size is a power of two, up to 2 "
                           "GiB if it has 32 bits", name);
    if (c->nr_bars == MEMMAP_MAX_BARS)
        return memmap_fail(h, ENOSPC, "firmware knows no more than %u BARs",
                           MEMMAP_MAX_BARS);
    snprintf(b->name, sizeof(b->name), "%s", name);
    memmap_text_clean(b->name);
    b->bytes = bytes;
    b->is_64bit = is_64bit;
    c->nr_bars++;
    return 0;
}

static int add_region(xen_memmap_handle *h, xen_memmap_config *c,
                      const struct memmap_range *r, bool is_host, bool is_told)
{
    if (c->nr_regions == MEMMAP_MAX_ENTRIES)
        return memmap_fail(h, ENOSPC, "firmware knows no more than %u regions",
                           MEMMAP_MAX_ENTRIES);
    c->region[c->nr_regions] = *r;
    c->is_host[c->nr_regions] = is_host;
    c->is_told[c->nr_regions++] = is_told;
    return 0;
}

PUBLIC int xen_memmap_config_reserve(xen_memmap_handle *h, xen_memmap_config *c,
                                     const char *region, int is_host)
{
    struct memmap_range r;
    const char *flaw = memmap_rdm_parse(region, &r);

    if (flaw)
        return memmap_fail(h, EINVAL, "'%s': %s", region, flaw);
    return add_region(h, c, &r, is_host, true);
}

/* What Xen reserves for @sbdf, or for any device. */
static int add_reserved(xen_memmap_handle *h, xen_memmap_config *c, uint32_t sbdf,
                        bool is_host, bool is_told)
{
    struct memmap_xen *xen = memmap_xen(h);
    struct memmap_range *r;
    unsigned int i, nr;
    int rc = 0;

    if (!xen)
        return -1;
    if (h->xen_ops->reserved(xen, sbdf, &r, &nr))
        return memmap_fail(h, errno, "Xen does not say what is reserved for the "
                           "device: %s", strerror(errno));
    for (i = 0; i < nr && !rc; i++)
        if (r[i].pages)
            rc = add_region(h, c, &r[i], is_host, is_told);
    free(r);
    return rc;
}

PUBLIC int xen_memmap_config_host_reserved(xen_memmap_handle *h,
                                           xen_memmap_config *c, uint32_t sbdf)
{
    return add_reserved(h, c, sbdf, true, sbdf != XEN_MEMMAP_ALL_DEVICES);
}

PUBLIC int xen_memmap_config_rdm(xen_memmap_handle *h, xen_memmap_config *c,
                                 enum xen_memmap_rdm rdm)
{
    if ((unsigned int)rdm > XEN_MEMMAP_RDM_OFF)
        return memmap_fail(h, EINVAL, "there is no such choice of reserved memory");
    c->rdm_off = rdm == XEN_MEMMAP_RDM_OFF;
    return rdm == XEN_MEMMAP_RDM_HOST ?
           add_reserved(h, c, XEN_MEMMAP_ALL_DEVICES, false, true) : 0;
}
