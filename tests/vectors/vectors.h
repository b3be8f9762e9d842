/* SPDX-License-Identifier: MIT */
/*
 * vectors.h - byte-exact records with their meaning, for who writes a second
 * implementation.  The guest they are about is rig.h's: 512 MiB, the device model
 * owns 16 MiB from gfn 0x140000 and can map RAM below gfn 0x1000000.  What they are is
 * in list.c, in the order of section 5's table.
 */
#ifndef TESTS_VECTORS_H
#define TESTS_VECTORS_H

#include <stdio.h>

#include "rig.h"

/* Where a field is in a record of this version. */
#define HDR(f)      MEMMAP_HDR_##f
#define ENT(i, f)   (MEMMAP_HDR_BYTES + (i) * MEMMAP_ENT_BYTES + MEMMAP_ENT_##f)

#define MAX_POKES   5

struct vector {
    const char *name;           /* of the file, without .hex */
    const char *meaning;
    unsigned int cmd;           /* MEMMAP_CMD_* that it is for */
    uint32_t generation;        /* in force before */
    uint32_t status;            /* DOORBELL read after the command; of an answer what a
                                   reader finds, in the same form */
    void (*record)(struct memmap_record *r);
    /* Done to the bytes; the checksum is made right again unless keep_crc. */
    struct { uint16_t off, width; uint64_t val; } poke[MAX_POKES];
    bool sum;                   /* RAM pages of the header are made right, too */
    void (*bytes)(uint8_t *buf, uint32_t *len);
    bool keep_crc;
    bool answer;                /* not for a device model: firmware reads it */
};

extern const struct vector vectors[];
extern const unsigned int nr_vectors;

/* Make the bytes of @v in @buf (MEMMAP_BUFFER_BYTES); returns how many. */
uint32_t vector_make(const struct vector *v, uint8_t *buf);

/* Put @v before its reader; returns the status.  QUERY: also fills @buf. */
uint32_t vector_try(const struct vector *v, uint8_t *buf, uint32_t len);

/* The file of @v, and the table of them all for PROTOCOL.md. */
void vector_print(FILE *f, const struct vector *v);
void vector_table(FILE *f);

#define VECTORS_BEGIN "<!-- vectors:begin -->\n"
#define VECTORS_END   "<!-- vectors:end -->"

#endif /* TESTS_VECTORS_H */
