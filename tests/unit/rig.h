/* SPDX-License-Identifier: MIT */
/*
 * rig.h - both ends of the protocol in one process, joined by nothing but
 * register accesses and 640 KiB of "guest RAM".
 *
 * The machines are the ones that ship.  Everything around them can be told to
 * fail, to lie, or to vanish; and everything they do is counted, so that a test
 * can say not only what was answered but what was touched on the way.
 */
#ifndef TESTS_RIG_H
#define TESTS_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include "dm.h"
#include "fw.h"

#define RIG_RAM_BYTES (MEMMAP_BUFFER_GFN_END << 12)

/* The guest of most tests: 512 MiB, and what its device model keeps for itself. */
#define RIG_LOW_END    0x20000ull
#define RIG_RAM_PAGES  (RIG_LOW_END - (MEMMAP_VGA_END - MEMMAP_VGA_GFN))
#define RIG_OWNED_GFN  0x140000ull
#define RIG_OWNED_NR   0x1000ull
#define RIG_GFN_LIMIT  0x1000000ull
#define RIG_BUF_GFN    0x90u

struct rig {
    struct memmap_dm dm;
    struct memmap_fw fw;
    uint8_t ram[RIG_RAM_BYTES];

    /* What the device model is told to do instead of its duty. */
    int fail_read;              /* the n-th read() from now fails; 0: none */
    bool fail_write;
    bool fail_constraints;
    bool no_owned;
    unsigned int check_err, apply_err;
    unsigned int check_cmd;         /* check_err is for this one only; 0: all */
    uint16_t err_index;
    /* Called after each read(): a second vCPU that rewrites the buffer. */
    void (*after_read)(struct rig *rig);

    /* What it did. */
    unsigned int reads, writes, checks, applies, changes;
    unsigned int last_cmd;
    uint8_t touched[RIG_RAM_BYTES];     /* times each byte was read */
    struct memmap_range storage[MEMMAP_MAX_ENTRIES];
    struct memmap_layout applied;       /* what apply() took last */
    struct memmap_record checked;       /* header of what check() saw last */

    /* The wire. */
    int vanish_after;           /* accesses that still work; -1: all */
    int lie_at;                 /* this access (from 0) reads lie; -1: none */
    uint32_t lie;
    unsigned int wire;          /* accesses seen */
};

/* A device model after reset, and a firmware that has not probed yet. */
void rig_init(struct rig *rig);

/* The layout as built: RAM up to RIG_LOW_END, without the VGA hole. */
void rig_layout(struct memmap_layout *l, struct memmap_range *storage);

/* Pack @r into the buffer at gfn RIG_BUF_GFN; returns its bytes. */
uint32_t rig_put(struct rig *rig, const struct memmap_record *r);
uint8_t *rig_buf(struct rig *rig);

/* Recompute the checksum of the record of @len bytes at @buf. */
void rig_seal_crc(uint8_t *buf, uint32_t len);

/* Write a command to the doorbell, return the status read back. */
uint32_t rig_cmd(struct rig *rig, unsigned int cmd);
/* Take the offer as it is. */
void rig_negotiate(struct rig *rig);
/* Bring a rig after rig_init() into @state. */
void rig_reach(struct rig *rig, unsigned int state);

/* A good record for the device of @rig, as its next generation. */
void rig_record(struct rig *rig, struct memmap_record *r,
                struct memmap_range *storage);

/* Little-endian stores, so that a test needs no struct over bytes either. */
void rig_poke(uint8_t *p, unsigned int width, uint64_t val);
uint64_t rig_peek(const uint8_t *p, unsigned int width);

#endif /* TESTS_RIG_H */
