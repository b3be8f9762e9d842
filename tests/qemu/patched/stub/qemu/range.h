/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STUB_RANGE_H
#define STUB_RANGE_H

#include <stdbool.h>
#include <stdint.h>

static inline bool ranges_overlap(uint64_t a, uint64_t a_len, uint64_t b,
                                  uint64_t b_len)
{
    return a_len && b_len && a < b + b_len && b < a + a_len;
}

#endif /* STUB_RANGE_H */
