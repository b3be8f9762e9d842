/* SPDX-License-Identifier: MIT */
/*
 * exhaust.h - every execution of run(): for what has too many steps for one formula.
 *
 * pick() takes the next decision of a run.  Each run takes those of the run before, less
 * the last that has another choice, until none has.
 */
#ifndef MEMMAP_EXHAUST_H
#define MEMMAP_EXHAUST_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* One execution; and what it was about, for people. */
void run(void);
void describe(void);

static struct { unsigned char now, of; } decision[1000];
static unsigned int depth, known;

static void prove(bool holds, const char *what)
{
    if ( holds )
        return;
    printf("%s: FAILURE\n", what);
    describe();
    exit(10);
}

/* Less than @of, which is 1 to 255. */
static unsigned int pick(unsigned int of)
{
    if ( depth == known )
    {
        if ( known == sizeof(decision) / sizeof(decision[0]) || !of || of > 255 )
            abort();
        decision[known].now = 0;
        decision[known++].of = of;
    }
    return decision[depth++].now;
}

int main(void)
{
    uint64_t runs = 0;

    for ( ; ; )
    {
        depth = 0;
        run();
        runs++;
        while ( known && decision[known - 1].now + 1 == decision[known - 1].of )
            known--;
        if ( !known )
            break;
        decision[known - 1].now++;
    }
    printf("%" PRIu64 " executions\n", runs);
    return 0;
}

#endif /* MEMMAP_EXHAUST_H */
