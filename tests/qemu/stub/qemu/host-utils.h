/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STUB_HOST_UTILS_H
#define STUB_HOST_UTILS_H

#include <stdint.h>

/* The power of two that is not less; 0 if 64 bits have none. */
static inline uint64_t pow2ceil(uint64_t value)
{
    uint64_t p = 1;

    while (p && p < value) {
        p <<= 1;
    }
    return p;
}

#endif /* STUB_HOST_UTILS_H */
