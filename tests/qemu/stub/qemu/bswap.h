/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where this is compiled numbers are little-endian. */
#ifndef STUB_BSWAP_H
#define STUB_BSWAP_H

#include <stdint.h>
#include <string.h>

static inline int lduw_le_p(const void *p)
{
    uint16_t val;

    memcpy(&val, p, sizeof(val));
    return val;
}

static inline int ldl_le_p(const void *p)
{
    int32_t val;

    memcpy(&val, p, sizeof(val));
    return val;
}

static inline uint64_t ldq_le_p(const void *p)
{
    uint64_t val;

    memcpy(&val, p, sizeof(val));
    return val;
}

static inline void stw_le_p(void *p, uint16_t val)
{
    memcpy(p, &val, sizeof(val));
}

static inline void stl_le_p(void *p, uint32_t val)
{
    memcpy(p, &val, sizeof(val));
}

static inline void stq_le_p(void *p, uint64_t val)
{
    memcpy(p, &val, sizeof(val));
}

#endif /* STUB_BSWAP_H */
