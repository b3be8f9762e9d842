/* SPDX-License-Identifier: MIT */
/*
 * port.h - what the tree that this folder is compiled in may have of its own:
 * types, bytes of a buffer as little-endian numbers, and the checksum.
 *
 * This one is for trees that have none of it.  QEMU's has the same names.
 */
#ifndef XEN_MEMMAP_PORT_H
#define XEN_MEMMAP_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline uint16_t memmap_get16(const uint8_t *p)
{
    return p[0] | (uint16_t)(p[1] << 8);
}

static inline uint32_t memmap_get32(const uint8_t *p)
{
    return memmap_get16(p) | ((uint32_t)memmap_get16(p + 2) << 16);
}

static inline uint64_t memmap_get64(const uint8_t *p)
{
    return memmap_get32(p) | ((uint64_t)memmap_get32(p + 4) << 32);
}

static inline void memmap_put16(uint8_t *p, uint16_t v)
{
    p[0] = v;
    p[1] = v >> 8;
}

static inline void memmap_put32(uint8_t *p, uint32_t v)
{
    memmap_put16(p, v);
    memmap_put16(p + 2, v >> 16);
}

static inline void memmap_put64(uint8_t *p, uint64_t v)
{
    memmap_put32(p, v);
    memmap_put32(p + 4, v >> 32);
}

/*
 * CRC-32C of @len bytes; @crc is 0, or what an earlier part returned.  Four
 * bits a step: 64 bytes of table, which hvmloader can afford.
 */
static inline uint32_t memmap_crc32c(uint32_t crc, const uint8_t *buf,
                                     uint32_t len)
{
    static const uint32_t table[16] = {
        0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1,
        0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
        0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
        0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
    };

    crc = ~crc;
    while ( len-- )
    {
        crc ^= *buf++;
        crc = (crc >> 4) ^ table[crc & 15];
        crc = (crc >> 4) ^ table[crc & 15];
    }
    return ~crc;
}

#endif /* XEN_MEMMAP_PORT_H */
