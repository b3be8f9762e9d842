/* SPDX-License-Identifier: MIT */
/* oracle.h - the planner against brute force on maps of a few hundred pages. */
#ifndef TESTS_ORACLE_H
#define TESTS_ORACLE_H

#include <stdint.h>

/* How often something happened that a run without it would not have tried. */
struct oracle_count {
    uint64_t cases, rdm, bars, both, kept, high, unplaced, stay, no_room;
};

/*
 * Try @nr random maps of @seed.  NULL, or what is wrong with the first that does
 * not hold, for people; static storage.
 */
const char *oracle(uint64_t seed, uint64_t nr, struct oracle_count *count);

#endif /* TESTS_ORACLE_H */
