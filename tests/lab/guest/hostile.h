/* SPDX-License-Identifier: MIT */
/*
 * What a hostile guest does to the memory-map device: false records (lies.c) and the attack that
 * uses them (attack.c). Nothing in here knows a real port or a real page.
 */
#ifndef HOSTILE_H
#define HOSTILE_H

#include "codec.h"          /* protocol/: records */
#include "memmapdev.h"

#include <stdatomic.h>

/* ---- records that are false in one way each (lies.c) ------------------------------------- */

/* What a truthful firmware would say, and what the device says it cannot have. */
struct truth {
    struct memmap_range range[MEMMAP_MAX_ENTRIES], owned_range[MEMMAP_MAX_ENTRIES];
    struct memmap_record record;        /* its layout's storage is RANGE */
    struct memmap_layout owned;         /* empty: QUERY was not asked */
    uint64_t device_limit;              /* first gfn the device cannot map; 0: not asked */
};

/*
 * From the firmware's map, for a guest whose RAM nobody moved: LOW and HIGH are where RAM below
 * and above 4 GiB ends, in bytes (HIGH 0: there is none). The generation is the one after GEN.
 */
void truth_init(struct truth *t, uint64_t low, uint64_t high, uint32_t gen);

/* Take over the constraints in BUF, which a QUERY wrote. An error of PROTOCOL.md. */
unsigned int truth_constraints(struct truth *t, const uint8_t *buf);

struct lie {
    const char *what;
    unsigned int error;         /* the answer of a device that does look at it */
    bool blames;                /* one entry is to blame, so the index must be one */
};

extern const struct lie lies[];
extern const unsigned int nr_lies;

/*
 * Lie number N about T, as wire bytes in BUF of MEMMAP_BUFFER_BYTES. The error it must get from
 * this guest's device, or MEMMAP_OK if it cannot be told of this guest (nothing is owned, say).
 */
unsigned int lie_tell(unsigned int n, const struct truth *t, uint8_t *buf);

/* The truth itself: only to show that it would have been believed. */
void truth_tell(const struct truth *t, uint8_t *buf);

/* ---- the attack (attack.c) ---------------------------------------------------------------- */

#define ATTACK_THREADS 16

struct attack {
    struct ports *ports;
    const struct truth *truth;
    struct memmapdev first;     /* how the device was; only its status may change */
    bool absent;                /* no device: whatever is written, all reads are all ones */
    bool negotiated;            /* records are looked at: nothing but false ones is rung for */
    uint8_t *buffer;            /* ATTACK_THREADS buffers, one after the other; NULL: none */
    uint32_t gfn;               /* of the first */
    unsigned int nr;            /* threads */
    uint64_t seed;
    void (*tick)(struct attack *a);     /* NULL, or called by any thread every few accesses */

    /* Results: all there was, and what of it was of which kind. */
    _Atomic unsigned int accesses, commands, records;
    unsigned int in_order, narrow, lies;
    _Atomic unsigned int random;
    _Atomic bool over;          /* set by whoever has had enough: no more at random */
    _Atomic bool wrong;         /* the first complaint is in TEXT */
    _Atomic bool claimed;
    char text[400];
};

/* Every command number, with every kind of buffer, one at a time; and attack_narrow(). */
void attack_in_order(struct attack *a);

/*
 * Writes that are narrow, or unaligned, or reach over a register's end, of values that would have
 * an effect in the device's state if they were taken for one: its offer, each command with a
 * truthful record. In any state.
 */
void attack_narrow(struct attack *a);

/*
 * How many writes that is: two each of the offer and of five commands in 15 accesses that touch
 * the register, and of something in 22 that touch neither.
 */
#define NARROW_WRITES (2u * (15 + 5 * 15 + 22))

/* Complain if any register but the error of the last command is not as it was. */
void attack_compare(struct attack *a, const char *after);

/* Every lie that can be told, each with the error it must get. For a negotiated device. */
void attack_with_lies(struct attack *a);

/* What thread number N does until COUNT accesses are made, A->over, or somebody complained. */
void attack_at_random(struct attack *a, unsigned int n, unsigned int count);

/*
 * Did all run that was to? TALKED: with a device to which the attacker then spoke, so in order
 * before and after it. False: WHY has what there was of each.
 */
bool attack_ran(const struct attack *a, bool talked, char *why, size_t size);

/* Change all buffers as fast as can be until *STOP; IDLE is called between changes. */
void attack_buffers(struct attack *a, _Atomic bool *stop, void (*idle)(void));

#endif
