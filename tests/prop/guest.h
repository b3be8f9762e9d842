/* SPDX-License-Identifier: MIT */
/* guest.h - a random guest, as libxl and a device model would have made it. */
#ifndef TESTS_GUEST_H
#define TESTS_GUEST_H

#include "sim.h"

#define FOUR_GIB_GFN ((uint64_t)0x100000)
/* Pages are called by the gfn they were built at; these by this and theirs. */
#define OWN_NAME     ((uint64_t)1 << 40)
/* Xen's special pages, 8 of them, in firmware's area. */
#define SPECIAL_GFN  (FOUR_GIB_GFN - 0x1008)
#define SPECIAL_NR   8u

#define MAX_BARS 8
#define MAX_TOLD 48

struct guest {
    struct memmap_layout built;         /* RAM and RDM, as the E820 says */
    struct memmap_range built_range[MEMMAP_MAX_ENTRIES];
    struct memmap_bar bar[MAX_BARS];
    unsigned int nr_bars, taken;
    uint64_t hole_size, hidden, large_pages;
    uint64_t beyond;                    /* pages that it has above its quota */
    bool large, away, shared, ovmf;
    bool faulty;                        /* not only Xen fails */
    bool disabled;
    const char *stays;                  /* why no RAM may move, in firmware's words */
    bool settled;                       /* out: what firmware's boot returned */
    /* Reserved memory that firmware was told of, by whomever. */
    struct memmap_range told[MAX_TOLD];
    unsigned int nr_told, told_e820, told_query, told_xenstore;
};

extern struct guest guest;

/* Forget the last guest and make the one that @dice says. */
void guest_draw(uint64_t dice);
/* In a few lines, for who looks into a failure. */
void guest_print(void);

#endif /* TESTS_GUEST_H */
