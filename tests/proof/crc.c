/* SPDX-License-Identifier: MIT */
/*
 * The checksum: CRC-32C, as its polynomial says it bit by bit.  By induction over the
 * bytes: of none, and of one more.
 */
#include "proof.h"

/* The polynomial of CRC-32C (Castagnoli), lowest bit first. */
static uint32_t crc_of_byte(uint32_t crc, uint8_t byte)
{
    unsigned int bit;

    crc ^= byte;
    for ( bit = 0; bit < 8; bit++ )
        crc = (crc >> 1) ^ (crc & 1 ? 0x82f63b78 : 0);

    return crc;
}

/* Of a byte by the polynomial, of more as one byte after the other. */
void prove_crc32c(void)
{
    uint8_t buf[3];
    uint32_t crc = nondet_u32(), len = nondet_u32();

    assume(len <= sizeof(buf));
    prove(memmap_crc32c(crc, buf, 0) == crc, "section 4: CRC-32C of nothing");
    prove(memmap_crc32c(crc, buf, 1) == ~crc_of_byte(~crc, buf[0]),
          "section 4: CRC-32C of a byte");
    if ( len )
        prove(memmap_crc32c(crc, buf, len) ==
              memmap_crc32c(memmap_crc32c(crc, buf, len - 1), buf + len - 1, 1),
              "section 4: CRC-32C of more");
}
