/* SPDX-License-Identifier: MIT */
/* faults.h - every way in which moving RAM can fail, on random maps. */
#ifndef TESTS_FAULTS_H
#define TESTS_FAULTS_H

#include <stdint.h>

/* What was tried, and how often something happened that should have, too. */
struct faults_count {
    uint64_t maps, single, pairs, hypercalls;
    uint64_t by_extents, by_pages, undone, healed, lost, lost_pages;
    uint64_t stuck;     /* came home in part, for want of page tables */
    uint64_t held;      /* given back, and the device model did not let go */
    uint64_t ended;     /* domains, by their IOMMU */
    /* 2 MiB mappings of RAM that moved, where nothing failed: pages. */
    uint64_t large_before, large_after, large_by_pages;
    uint64_t huge_before, huge_after;   /* the same of 1 GiB */
};

/*
 * Try @nr random maps of @seed: each hypercall fails once in each way, then
 * @pairs times that number two do.  NULL, or what does not hold, for people;
 * static storage.  Forty or more maps of which too little is seen are wrong as well.
 */
const char *faults(uint64_t seed, uint64_t nr, unsigned int pairs,
                   struct faults_count *count);

#endif /* TESTS_FAULTS_H */
