/* SPDX-License-Identifier: GPL-2.0-only */
#include "hvm-xenstore.h"
#include "hvm-print.h"

#include "../config.h"
#include "../util.h"

#include <xen/hvm/hvm_xs_strings.h>

static bool is_at(const char *key, const char *value)
{
    return !strncmp(xenstore_read(key, ""), value, strlen(value) + 1);
}

bool memmap_is_off(const char *key)
{
    return is_at(key, "0");
}

bool memmap_prefers_high(void)
{
    static const char key[] = HVM_XS_MEMORY_MAP_POLICY;
    const bool high = is_at(key, "high");

    if ( !high && !is_at(key, "low") && !is_at(key, "") )
        printf("memmap: %s = \"%s\" is neither low nor high, taken for low\n",
               key, xenstore_read(key, ""));

    return high;
}

uint64_t memmap_kib(const char *key)
{
    return strtoll(xenstore_read(key, "0"), NULL, 10);
}

/* Where a toolstack can read what was said.  The guest may write it. */
#define XS_DIR HVM_XS_MEMORY_MAP_SHOWN "/"
/*
 * Bytes of a value: section 8 of
 * PROTOCOL.md.
 * A request must have room in the ring, 1024 bytes less one: hvmloader tells
 * xenstored of it when it is there as a whole, and waits for room before.
 */
#define XS_VALUE 960

static const char *type_name(unsigned int type)
{
    switch ( type )
    {
    case MEMMAP_TYPE_RAM:  return "ram";
    case MEMMAP_TYPE_RDM:  return "rdm";
    case MEMMAP_TYPE_MMIO: return "mmio";
    }

    return "?";
}

static int show_key(unsigned int n, const char *value)
{
    char path[48];

    snprintf(path, sizeof(path), XS_DIR "layout/%u", n);

    return xenstore_write(path, value);
}

void memmap_show(const struct memmap_layout *l, uint32_t generation)
{
    static char text[XS_VALUE + 1];
    static unsigned int shown;      /* keys of the last layout */
    struct memmap_hex h[3];
    unsigned int i, n = 0, used = 0;
    int rc;

    snprintf(text, sizeof(text), "%u", generation);
    rc = xenstore_write(XS_DIR "generation", text);
    text[0] = '\0';

    for ( i = 0; i < l->nr && !rc; i++ )
    {
        const struct memmap_range *r = &l->range[i];
        char line[80];
        unsigned int len = snprintf(line, sizeof(line), "%s %s %s %s %x %x\n",
                                    memmap_hex(r->gfn, &h[0]),
                                    memmap_hex(r->pages, &h[1]),
                                    r->source == MEMMAP_NO_SOURCE
                                    ? "-" : memmap_hex(r->source, &h[2]),
                                    type_name(r->type), r->flags, r->aux);

        if ( used + len > XS_VALUE )
        {
            rc = show_key(n++, text);
            used = 0;
        }
        memcpy(text + used, line, len + 1);
        used += len;
    }
    if ( !rc )
        rc = show_key(n++, text);
    /* hvmloader cannot remove a key: what is left of a longer one is empty. */
    for ( i = n; i < shown && !rc; i++ )
        rc = show_key(i, "");
    if ( n > shown )
        shown = n;

    if ( rc )
        printf("memmap: layout not shown in xenstore (error %d)\n", rc);
}
