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

    printf("seed %#" PRIx64 ": RAM left for reserved memory in %" PRIu64
           ", for BARs in %" PRIu64 ", for both in %" PRIu64
           "; reserved memory stayed in %" PRIu64 ", BARs were high in %" PRIu64
           ", without a place in %" PRIu64 ", nothing could move in %" PRIu64
           ", no room in %" PRIu64 "\n", seed, c.rdm, c.bars, c.both, c.kept,
           c.high, c.unplaced, c.stay, c.no_room);
    printf("%" PRIu64 " plans move no page more than brute force\n", c.cases);
    return 0;
}
