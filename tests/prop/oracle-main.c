/* SPDX-License-Identifier: MIT */
/* usage: oracle SEED NUMBER */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "oracle.h"

int main(int argc, char *argv[])
{
    struct oracle_count c;
    const char *flaw;
    uint64_t seed;

    if ( argc != 3 )
    {
        fprintf(stderr, "usage: oracle SEED NUMBER\n");
        return 2;
    }
    seed = strtoull(argv[1], NULL, 0);
    flaw = oracle(seed, strtoull(argv[2], NULL, 0), &c);
    if ( flaw )
    {
        fprintf(stderr, "%s\n", flaw);
        return 1;
    }

    printf("seed %#" PRIx64 ": ", seed);
    for ( unsigned int k = 0; k < ORACLE_KINDS; k++ )
        printf("%s%s in %" PRIu64, k ? ", " : "", oracle_floor[k].name,
               c.kind[k]);
    printf("\n%" PRIu64 " plans move no page more than brute force\n", c.cases);
    return 0;
}
