/* SPDX-License-Identifier: MIT */
/* What a device does to memory when told to, and what must be found there (dma.c). */
#ifndef DMA_H
#define DMA_H

#include "guest.h"

/*
 * A device that copies one page at a time, and two pages of ordinary RAM that take part. The
 * device is two functions, so that the verdicts can be tested without one.
 */
struct dma {
    bool (*load)(struct dma *d, uint64_t address);      /* memory to device; false: no answer */
    bool (*store)(struct dma *d, uint64_t address);     /* device to memory */
    volatile void *regs;
    uint64_t *give, *take;          /* what the device is given, what comes back from it */
    uint64_t give_at, take_at;      /* their addresses */
    uint64_t seed;                  /* of this run: what an earlier one left does not count */
};

/* The word at ADDRESS. tests/lab/lablib/hostmemory.py has the same. */
static inline uint64_t dma_word(uint64_t address, uint64_t seed)
{
    return address ^ seed;
}

/*
 * Have the device read the page at ADDRESS and write its pattern there, which stays. CPU is where
 * the CPU has the same page; NULL: it cannot be had, and only the device is asked. Empty BAD: both
 * found what the other had written.
 */
void dma_both_ways(struct dma *d, uint64_t address, volatile uint64_t *cpu, char *bad,
                   size_t size);

/* The page at ADDRESS is nobody's to this guest. Empty BAD: nothing that was written is there. */
void dma_nowhere(struct dma *d, uint64_t address, volatile uint64_t *cpu, char *bad, size_t size);

/* The first word of each page held, to be freed; NULL: no memory. */
uint64_t *dma_snapshot(const struct physmem *m);

/*
 * Pages held must be as they WAS, but for those at the addresses OWN (NR of them, sorted). Empty
 * BAD: they are. The number of pages that are.
 */
size_t dma_stray(const struct physmem *m, const uint64_t *was, uint64_t seed, const uint64_t *own,
                 size_t nr, char *bad, size_t size);

#endif
