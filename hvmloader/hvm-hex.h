/* SPDX-License-Identifier: GPL-2.0-only */
/* hvm-hex.h - 64-bit numbers for people: hvmloader's printf knows none. */
#ifndef XEN_MEMMAP_HVM_HEX_H
#define XEN_MEMMAP_HVM_HEX_H

#include <stdint.h>

#include "../util.h"

struct memmap_hex {
    char text[17];
};

static inline const char *memmap_hex(uint64_t v, struct memmap_hex *h)
{
    if ( v >> 32 )
        snprintf(h->text, sizeof(h->text), PRIllx, PRIllx_arg(v));
    else
        snprintf(h->text, sizeof(h->text), "%x", (uint32_t)v);

    return h->text;
}

#endif /* XEN_MEMMAP_HVM_HEX_H */
