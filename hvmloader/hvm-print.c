/* SPDX-License-Identifier: GPL-2.0-only */
#include "hvm-print.h"

#include "../config.h"
#include "../util.h"

const char *memmap_hex(uint64_t v, struct memmap_hex *h)
{
    if ( v >> 32 )
        snprintf(h->text, sizeof(h->text), PRIllx, PRIllx_arg(v));
    else
        snprintf(h->text, sizeof(h->text), "%x", (uint32_t)v);

    return h->text;
}

void memmap_print_rdm(const struct memmap_range *r)
{
    struct memmap_hex h[2];

    printf("reserved memory %s-%s", memmap_hex(r->gfn, &h[0]),
           memmap_hex(memmap_range_end(r) - 1, &h[1]));
    if ( r->aux )
        printf(" of %04x:%02x:%02x.%x", r->aux >> 16, (r->aux >> 8) & 0xff,
               (r->aux >> 3) & 0x1f, r->aux & 7);
}
