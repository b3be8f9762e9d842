/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the shared code in this folder takes from the tree that it is in: the
 * bytes of a buffer as little-endian numbers, and the checksum.
 */
#ifndef HW_I386_XEN_MEMMAP_PORT_H
#define HW_I386_XEN_MEMMAP_PORT_H

#include "qemu/bswap.h"
#include "qemu/crc32c.h"

static inline uint16_t memmap_get16(const uint8_t *p)
{
    return lduw_le_p(p);
}

static inline uint32_t memmap_get32(const uint8_t *p)
{
    return ldl_le_p(p);
}

static inline uint64_t memmap_get64(const uint8_t *p)
{
    return ldq_le_p(p);
}

static inline void memmap_put16(uint8_t *p, uint16_t v)
{
    stw_le_p(p, v);
}

static inline void memmap_put32(uint8_t *p, uint32_t v)
{
    stl_le_p(p, v);
}

static inline void memmap_put64(uint8_t *p, uint64_t v)
{
    stq_le_p(p, v);
}

/* crc32c() takes what came before inverted, and returns it as it is. */
static inline uint32_t memmap_crc32c(uint32_t crc, const uint8_t *buf,
                                     uint32_t len)
{
    return crc32c(~crc, buf, len);
}

#endif /* HW_I386_XEN_MEMMAP_PORT_H */
