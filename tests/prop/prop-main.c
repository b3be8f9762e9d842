/* SPDX-License-Identifier: MIT */
/* usage: prop [--seed SEED] [--only NUMBER] SEQUENCES */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest.h"
#include "prop.h"

#undef printf

static void report(uint64_t seed, const struct prop_count *c)
{
    printf("seed %#" PRIx64 ": ", seed);
    for ( unsigned int k = 0; k < PROP_KINDS; k++ )
        printf("%s%s %" PRIu64, k ? ", " : "", prop_floor[k].name, c->kind[k]);
    printf("\n  %" PRIu64 " pages moved one by one, %" PRIu64 " extents whole; of %"
           PRIu64 " pages that 2 MiB entries mapped %" PRIu64 " are so after\n",
           c->pages, c->extents, c->large_before, c->large_after);
}

int main(int argc, char *argv[])
{
    uint64_t seed = 0x6d656d6d6170, first = 0, nr = 0;
    struct prop_count count;
    const char *flaw;
    bool only = false;

    for ( int i = 1; i < argc; i++ )
        if ( !strcmp(argv[i], "--seed") && i + 1 < argc )
            seed = strtoull(argv[++i], NULL, 0);
        else if ( !strcmp(argv[i], "--only") && i + 1 < argc )
        {
            first = strtoull(argv[++i], NULL, 0);
            only = true;
            nr = 1;
        }
        else
            nr = strtoull(argv[i], NULL, 0);
    if ( !nr )
    {
        fprintf(stderr, "usage: prop [--seed SEED] [--only NUMBER] SEQUENCES\n");
        return 2;
    }

    flaw = prop(seed, first, nr, &count);
    if ( only )
        guest_print();
    else
        report(seed, &count);
    if ( flaw )
    {
        fprintf(stderr, "%s\n", flaw);
        return 1;
    }
    if ( !only )
        printf("%" PRIu64 " passed, 0 failed\n", count.guests);
    return 0;
}
