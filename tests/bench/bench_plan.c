/* SPDX-License-Identifier: MIT */
/*
 * bench_plan.c - how long the planner takes for many regions of reserved memory.
 *
 * Growth is what counts: the last column divides by n log2 n, beside the first row
 * of all, and must not grow, whatever the machine.  Nothing here fails on time.
 *
 * usage: bench_plan [--json FILE]
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plan.h"
#include "rdm.h"

#define MAX   100000u
#define GB(x) ((uint64_t)(x) << 30)
#define NELEM(a) (sizeof(a) / sizeof((a)[0]))

static struct memmap_range raw[MAX], wanted[MAX], after[5 * MAX];
static struct memmap_move moves[2 * MAX];
static uint64_t state = 0x62656e6368;

static uint64_t rnd(uint64_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (state >> 11) % below;
}

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

/* One plan for the @nr regions at @raw, in no order: sort, merge, plan. */
static void plan_once(unsigned int nr, struct memmap_plan *plan)
{
    struct memmap_range ram[] = {
        { 0, 0xa0, 0, MEMMAP_TYPE_RAM, 0, 0 },
        { 0xc0, 0xf0000 - 0xc0, 0xc0, MEMMAP_TYPE_RAM, 0, 0 },
        { 0x100000, 0x700000, 0x100000, MEMMAP_TYPE_RAM, 0, 0 },
    };
    struct memmap_layout now = { ram, NELEM(ram), NELEM(ram) }, rdm;
    const struct memmap_plan_in in = {
        .now = &now, .rdm = &rdm, .hole_start = 0xf0000000ull,
        .hole_min = GB(2), .hole_end = 0xfc000000ull, .high_base = GB(4),
        .high_thresh = GB(1), .addr_limit = 1ull << 46,
        .gfn_limit = 1ull << 34, .max_mtrrs = 6, .may_move = true,
    };
    struct memmap_bar bar[] = {
        { .size = GB(4), .is_64bit = true }, { .size = 1 << 28 },
        { .size = 1 << 24 }, { .size = 1 << 16 }, { .size = 1 << 12 },
    };

    for ( unsigned int i = 0; i < nr; i++ )
        wanted[i] = raw[i];
    memmap_rdm_merge(&rdm, wanted, nr, MAX);
    memmap_layout_init(&plan->after, after, NELEM(after));
    plan->move = moves;
    plan->max_moves = NELEM(moves);
    if ( !memmap_plan(&in, bar, NELEM(bar), plan) ||
         plan->rdm_pages != plan->rdm_minimum )
    {
        fprintf(stderr, "no plan for %u regions\n", nr);
        exit(1);
    }
}

int main(int argc, char **argv)
{
    static const unsigned int sizes[] = { 10, 100, 1000, 10000, 100000 };
    double first = 0;
    FILE *json = NULL;

    if ( argc == 3 && !strcmp(argv[1], "--json") )
    {
        json = fopen(argv[2], "w");
        if ( !json )
        {
            fprintf(stderr, "bench_plan: %s: %s\n", argv[2], strerror(errno));
            return 2;
        }
        fprintf(json, "{\"benchmark\": \"plan\", \"results\": [");
    }
    else if ( argc != 1 )
    {
        fprintf(stderr, "usage: bench_plan [--json FILE]\n");
        return 2;
    }

    printf("%8s %8s %9s %12s %16s\n", "regions", "ranges", "moves",
           "microseconds", "/ (n log2 n)");
    for ( unsigned int s = 0; s < NELEM(sizes); s++ )
    {
        const unsigned int nr = sizes[s];
        struct memmap_plan plan;
        double start, once, took = 1e9;

        for ( unsigned int i = 0; i < nr; i++ )
            raw[i] = (struct memmap_range){
                .gfn = 0x200 + rnd(0x7ffe00), .pages = 1 + rnd(4),
                .aux = rnd(65536) };
        plan_once(nr, &plan);
        /* The best of all there is time for: other work only ever adds. */
        start = seconds();
        do {
            once = seconds();
            plan_once(nr, &plan);
            once = seconds() - once;
            if ( once < took )
                took = once;
        } while ( seconds() - start < 0.2 );
        if ( !first )
            first = took / (nr * log2(nr));
        printf("%8u %8u %9u %12.1f %16.2f\n", nr, plan.after.nr, plan.nr_moves,
               took * 1e6, took / (nr * log2(nr)) / first);
        if ( json )
            fprintf(json, "%s\n  {\"regions\": %u, \"ranges\": %u, "
                    "\"moves\": %u, \"ns\": %.0f, \"per_n_log_n\": %.3f}",
                    s ? "," : "", nr, plan.after.nr, plan.nr_moves, took * 1e9,
                    took / (nr * log2(nr)) / first);
    }

    if ( json )
    {
        fprintf(json, "\n]}\n");
        if ( fclose(json) )
        {
            fprintf(stderr, "bench_plan: %s: %s\n", argv[2], strerror(errno));
            return 2;
        }
    }

    return 0;
}
