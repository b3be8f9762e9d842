/* SPDX-License-Identifier: MIT */
/*
 * What the vga check leaves in video memory, for the guest that writes it (guest/check_vga.c) and
 * for dom0 that looks for it (views/vram.c): three 64-bit words in each page, the first, the last
 * and one that is elsewhere in every page, each of which names its own place.
 */
#ifndef VGAPATTERN_H
#define VGAPATTERN_H

#include <stdint.h>

#define VGA_PAGE  4096u
#define VGA_WORDS 3u            /* in each page */

/*
 * Bytes at the start of video memory that are left alone: what the text console's window at
 * 0xa0000 shows, where the kernel may write at any time.
 */
#define VGA_SKIP  (256u << 10)

/* Byte offset, in video memory, of word K of PAGE. */
static inline uint64_t vga_place(uint64_t page, unsigned int k)
{
    const uint64_t at[VGA_WORDS] = { 0, 8 + page * 584 % (VGA_PAGE - 16) / 8 * 8, VGA_PAGE - 8 };

    return page * VGA_PAGE + at[k];
}

/* The word at byte OFFSET. Never 0 nor all ones, which is what lost memory reads. */
static inline uint64_t vga_word(uint64_t offset, uint64_t seed)
{
    uint64_t v = (offset + 8 + (seed << 40)) * 0x9e3779b97f4a7c15ull;

    return v + 1 > 1 ? v : 0x5555555555555555ull;
}

#endif
