/* SPDX-License-Identifier: GPL-2.0-only */
#include "timed.h"
#include "util.h"

#include <xen/memory.h>

static uint64_t begin, cycles[TIMED_KINDS];
static unsigned int calls[TIMED_KINDS];

void timed_note(enum timed kind, uint64_t since)
{
    calls[kind]++;
    cycles[kind] += timed_now() - since;
}

void timed_hypercall(unsigned int cmd, uint64_t since)
{
    switch ( cmd )
    {
    case XENMEM_decrease_reservation:
        timed_note(TIMED_DECREASE, since);
        break;
    case XENMEM_populate_physmap:
        timed_note(TIMED_POPULATE, since);
        break;
    case XENMEM_add_to_physmap:
        timed_note(TIMED_PHYSMAP, since);
        break;
    default:
        timed_note(TIMED_OTHER, since);
        break;
    }
}

void timed_begin(void)
{
    begin = timed_now();
}

/* 2^10 cycles: printf() knows no 64-bit numbers. */
static unsigned int kilo(uint64_t n)
{
    return n >> 10;
}

void timed_end(void)
{
    static const char *const name[] = {
        [TIMED_DECREASE] = "decrease_reservation",
        [TIMED_POPULATE] = "populate_physmap",
        [TIMED_PHYSMAP] = "add_to_physmap",
        [TIMED_OTHER] = "other",
        [TIMED_PORT_ACCESS] = "ports",
    };
    uint64_t all = timed_now() - begin;
    unsigned int i;

    for ( i = 0; i < TIMED_KINDS; i++ )
        printf("timed: %s %u %u\n", name[i], calls[i], kilo(cycles[i]));
    printf("timed: all 1 %u\n", kilo(all));
}
