/* SPDX-License-Identifier: MIT */
/* oracle.h - the planner against brute force on maps of a few hundred pages. */
#ifndef TESTS_ORACLE_H
#define TESTS_ORACLE_H

#include <stdint.h>

/* What a map may try; one may be of several kinds. */
enum oracle_kind {
    ORACLE_RDM,                 /* RAM leaves for reserved memory */
    ORACLE_BARS,                /* RAM leaves for BARs */
    ORACLE_BOTH,
    ORACLE_KEPT,                /* reserved memory is not freed */
    ORACLE_HIGH,                /* BARs above what 4 GiB is here */
    ORACLE_UNPLACED,            /* BARs without a place */
    ORACLE_STAY,                /* no RAM may move */
    ORACLE_NO_ROOM,             /* there is no plan */
    ORACLE_DEFAULT,             /* the hole starts where it does by default */
    ORACLE_DOUBLED,             /* that is lower than it was asked for */
    ORACLE_GROWN,               /* lower still, for BARs */
    ORACLE_RAM_IN_HOLE,         /* RAM where the hole was asked for */
    ORACLE_ODD,                 /* the lowest BAR is not at a page's start */
    ORACLE_MTRRS,               /* the hole is larger for the sake of MTRRs */
    ORACLE_TOO_FEW_MTRRS,       /* there are too few for any */
    ORACLE_NOWHERE,             /* a BAR has no place, whatever the others do */
    ORACLE_SENT_HIGH,           /* BARs that could be low go above for others */
    ORACLE_PREFER_HIGH,         /* some can, and RAM is to stay */
    ORACLE_KINDS
};

struct oracle_count {
    uint64_t cases, kind[ORACLE_KINDS];
};

/* What a kind is called, and how many of 1000 maps must at least be of it. */
struct oracle_floor {
    const char *name;
    unsigned int per_mille;
};
extern const struct oracle_floor oracle_floor[ORACLE_KINDS];

/*
 * Try @nr random maps of @seed.  NULL, or what is wrong with the first that does
 * not hold, for people; static storage.  Ten thousand or more that are too
 * much alike are wrong as well.
 */
const char *oracle(uint64_t seed, uint64_t nr, struct oracle_count *count);

#endif /* TESTS_ORACLE_H */
