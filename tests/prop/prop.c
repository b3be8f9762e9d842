/* SPDX-License-Identifier: MIT */
#include "prop.h"

#include <inttypes.h>

#include "guest.h"
#include "judge.h"

const struct prop_floor prop_floor[PROP_KINDS] = {
    [PROP_MOVED]           = { "RAM moved", 1320 },
    [PROP_EXTENTS]         = { "whole extents", 13 },
    [PROP_MOVED_IOMMU]     = { "with an IOMMU", 340 },
    [PROP_MOVED_OLD]       = { "on Xen 4.17", 400 },
    [PROP_MOVED_IN_PIECES] = { "in pieces", 820 },
    [PROP_XEN_FAILED]      = { "Xen failed", 620 },
    [PROP_MOVE_UNDONE]     = { "the move was undone", 380 },
    [PROP_LOST]            = { "pages were lost", 3 },
    [PROP_HELD]            = { "the device model held some", 2 },
    [PROP_BEYOND]          = { "RAM moved beyond the quota", 60 },
    [PROP_STAYS_UNTOUCHED] = { "RAM had to stay", 210 },
    [PROP_NUMA]            = { "for its nodes", 50 },
    [PROP_POD]             = { "for want of population", 100 },
    [PROP_TOLD_TO_STAY]    = { "by the toolstack", 50 },
    [PROP_PREPARE_REFUSED] = { "PREPARE was refused", 570 },
    [PROP_COMMIT_REFUSED]  = { "COMMIT was refused", 590 },
    [PROP_MOVED_BACK]      = { "with RAM moved", 180 },
    [PROP_UNHEARD]         = { "the last word was", 420 },
    [PROP_AGAIN]           = { "there was a second layout", 1550 },
    [PROP_NOT_TOLD]        = { "firmware did not hear what is needed", 350 },
    [PROP_DISABLED]        = { "it was switched off", 170 },
    [PROP_RDM_E820]        = { "reserved memory in the E820", 1300 },
    [PROP_RDM_QUERY]       = { "from the device model", 760 },
    [PROP_RDM_XENSTORE]    = { "from xenstore", 1250 },
    [PROP_RDM_FREED]       = { "freed", 830 },
    [PROP_RDM_KEPT]        = { "kept", 1440 },
    [PROP_RDM_MAPPED]      = { "ranges mapped", 960 },
    [PROP_RDM_UNMAPPED]    = { "ranges that could not be", 670 },
    [PROP_UNLISTED]        = { "unlisted", 6 },
    [PROP_OVMF]            = { "OVMF", 1740 },
    [PROP_HIGH]            = { "BARs above 4 GiB", 750 },
    [PROP_UNPLACED]        = { "without a place", 570 },
    [PROP_QUOTA]           = { "xenstore was full", 420 },
    [PROP_HIT_HIDDEN]      = { "what nobody knew of was hit", 1 },
    [PROP_IOMMU_FAILED]    = { "the IOMMU failed", 6 },
};

/* Of fewer guests a kind may be missing by chance. */
#define ENOUGH 10000

static const char *too_few(uint64_t seed, const struct prop_count *c)
{
    static char why[200];

    for ( unsigned int k = 0; k < PROP_KINDS && c->guests >= ENOUGH; k++ )
        if ( c->kind[k] * 10000 < c->guests * prop_floor[k].of_10000 )
        {
            snprintf(why, sizeof(why), "nothing is tested: \"%s\" %" PRIu64
                     " times in %" PRIu64 " guests of seed %#" PRIx64 ", less than"
                     " %u of 10000", prop_floor[k].name, c->kind[k], c->guests,
                     seed, prop_floor[k].of_10000);
            return why;
        }
    return NULL;
}

const char *prop(uint64_t seed, uint64_t first, uint64_t nr,
                 struct prop_count *count)
{
    static char why[400];

    memset(count, 0, sizeof(*count));
    sim_init();
    for ( uint64_t i = first; i < first + nr; i++ )
    {
        const char *flaw;

        guest_draw(seed ^ i * 0xd1342543de82ef95ull);
        guest.settled = sim_boot(guest.bar, guest.nr_bars, guest.hole_size,
                                 guest.taken);
        count->guests++;
        flaw = judge(count);
        if ( flaw )
        {
            snprintf(why, sizeof(why), "%s\nto repeat: prop --seed %#" PRIx64
                     " --only %" PRIu64, flaw, seed, i);
            return why;
        }
    }
    return too_few(seed, count);
}
