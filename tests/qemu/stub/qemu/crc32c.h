/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STUB_CRC32C_H
#define STUB_CRC32C_H

#include <stdint.h>

/* @crc is what came before, inverted; what is returned is not. */
static inline uint32_t crc32c(uint32_t crc, const uint8_t *data,
                              unsigned int length)
{
    while (length--) {
        crc ^= *data++;
        for (int bit = 0; bit < 8; bit++) {
            crc = crc & 1 ? (crc >> 1) ^ 0x82f63b78 : crc >> 1;
        }
    }
    return ~crc;
}

#endif /* STUB_CRC32C_H */
