/* SPDX-License-Identifier: GPL-2.0-only */
/* hvm-print.h - for people: what hvmloader's printf() does not know. */
#ifndef XEN_MEMMAP_HVM_PRINT_H
#define XEN_MEMMAP_HVM_PRINT_H

#include "layout.h"

/* A 64-bit number, in hexadecimal; the text is in @h. */
struct memmap_hex {
    char text[17];
};

const char *memmap_hex(uint64_t v, struct memmap_hex *h);

/* "reserved memory 7fff0-7fff3 of 0000:00:04.0", without an end of line. */
void memmap_print_rdm(const struct memmap_range *r);

#endif /* XEN_MEMMAP_HVM_PRINT_H */
