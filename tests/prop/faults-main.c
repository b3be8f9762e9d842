/* SPDX-License-Identifier: MIT */
/* usage: faults SEED MAPS PAIRS */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "faults.h"

int main(int argc, char *argv[])
{
    struct faults_count c;
    const char *flaw;
    uint64_t seed;

    if ( argc != 4 )
    {
        fprintf(stderr, "usage: faults SEED MAPS PAIRS\n");
        return 2;
    }
    seed = strtoull(argv[1], NULL, 0);
    flaw = faults(seed, strtoull(argv[2], NULL, 0), strtoul(argv[3], NULL, 0),
                  &c);
    if ( flaw )
    {
        fprintf(stderr, "%s\n", flaw);
        return 1;
    }

    printf("seed %#" PRIx64 ": %" PRIu64 " maps, %" PRIu64 " with one failure, %"
           PRIu64 " with two, %" PRIu64 " hypercalls; RAM moved in spite of it"
           " in %" PRIu64 ", came home in %" PRIu64 ", pages were lost in %"
           PRIu64 " (%" PRIu64 " on average), some stayed away in %" PRIu64
           ", the IOMMU ended %" PRIu64 ", the device model held pages in %" PRIu64
           "\n", seed, c.maps, c.single,
           c.pairs, c.hypercalls, c.healed, c.undone, c.lost,
           c.lost ? c.lost_pages / c.lost : 0, c.stuck, c.ended,
           c.held);
    printf("pages that 2 MiB entries mapped: %" PRIu64 " before, %" PRIu64
           " after (%.2f %%), by page moves %" PRIu64 " (%.2f %%); 1 GiB"
           " entries: %" PRIu64 " before, %" PRIu64 " after\n",
           c.large_before, c.large_after,
           100.0 * c.large_after / c.large_before, c.large_by_pages,
           100.0 * c.large_by_pages / c.large_before, c.huge_before,
           c.huge_after);
    printf("%" PRIu64 " passed, 0 failed\n", c.single + c.pairs);
    return 0;
}
