/* SPDX-License-Identifier: MIT */
/*
 * machine.h - a device model that does what lines of text say: the sequences of
 * PROTOCOL.md, section 12, and what compare.py sends.
 *
 * The machine inside is the one that ships.  Around it is as little as there can be:
 * guest memory below 640 KiB, what it owns and wants, and what is to fail.
 */
#ifndef TESTS_SECOND_MACHINE_H
#define TESTS_SECOND_MACHINE_H

#include <stdio.h>

#include "dm.h"

#define MACHINE_BUF_GFN     0x90u
#define MACHINE_RANGES      16u

struct machine {
    struct memmap_dm dm;
    const char *vectors;            /* folder of NAME.hex */
    FILE *out;                      /* where a read without a value is answered */
    uint32_t held;                  /* bytes of the last `holds` */
    const char *flaw;               /* what is wrong of the last step */
    char text[128];                 /* for that */

    struct memmap_range own[MACHINE_RANGES], want[MACHINE_RANGES];
    unsigned int nr_own, nr_want;

    unsigned int check_err, apply_err;
    uint16_t check_index, apply_index;
    bool fail_own, fail_read, fail_write;

    struct memmap_range range[MEMMAP_MAX_ENTRIES];
    struct memmap_record force;     /* in force, if the generation is not 0 */
    uint8_t ram[MEMMAP_BUFFER_GFN_END << 12];
};

void machine_init(struct machine *m, const char *vectors, FILE *out);

/*
 * Do the step of @line, which is changed.  NULL, or what is wrong: of the step, or of
 * what the machine did.
 */
const char *machine_step(struct machine *m, char *line);

#endif /* TESTS_SECOND_MACHINE_H */
