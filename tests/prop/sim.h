/* SPDX-License-Identifier: MIT */
/*
 * sim.h - one boot of one guest: the firmware that ships, the device model's end
 * that ships, and between them a host that can fail at any point.
 *
 * sim.c has hvmloader's files and what they stand on, device.c the device model.
 */
#ifndef TESTS_SIM_H
#define TESTS_SIM_H

#include "config.h"
#include "dm.h"
#include "host.h"
#include "move.h"
#include "plan.h"

/* What can be wrong with the world; counts are "the first n times". */
struct sim_faults {
    unsigned int check, apply;      /* device model says BUSY, APPLY */
    bool migrating;                 /* every PREPARE is BUSY */
    uint64_t litter;                /* every other page from here is a grant, once APPLY failed */
    unsigned int read, write;       /* the buffer cannot be reached */
    unsigned int constraints;
    int vanish_after;               /* register accesses; -1: never */
    bool xenstore;                  /* the guest's quota is used up */
    bool no_look;                   /* Xen does not say what is at a gfn */
    unsigned int rdm;               /* bit i: sim.rdm[i] cannot be mapped */
};

#define SIM_RDM   8
/* Keys that firmware finds in xenstore, and those of a layout that it leaves there. */
#define SIM_KEYS  (MEMMAP_MAX_ENTRIES + 16)
#define SIM_SHOWN 20
/* The most that a value may have (PROTOCOL.md, section 8), and a NUL. */
#define SIM_VALUE (960 + 1)

struct sim {
    struct host host;
    struct memmap_dm dm;
    struct sim_faults fault;

    struct memmap_layout owned;     /* what the device model reports */
    struct memmap_range owned_range[64];

    /*
     * Reserved memory of the guest's devices, as the host knows it.  Xen has
     * assigned the device, or has not yet; the memory is mapped by the device model,
     * unless Xen did it all when it assigned the device, as no RAM was there.
     */
    struct sim_rdm {
        uint64_t gfn, pages;
        uint32_t sbdf;
        bool assigned, mapped, by_xen;
    } rdm[SIM_RDM];
    unsigned int nr_rdm;

    struct { char path[48], value[48]; } key[SIM_KEYS];
    unsigned int nr_keys;
    char shown[SIM_SHOWN][SIM_VALUE];   /* data/memory-map/layout/N */
    char shown_generation[16];

    /* The device model's view, as last applied. */
    struct memmap_layout view;
    struct memmap_range view_range[MEMMAP_MAX_ENTRIES];
    bool committed;                 /* the last COMMIT was accepted */
    bool ever;                      /* one was */
    unsigned int applies, wire;
    unsigned int prepares_refused, commits_refused;
    bool refused_moved;             /* a COMMIT, and RAM had moved for it */

    /* A gfn that hvmloader took for RAM's top and is not: it ends in BUG(). */
    uint64_t bug;

    unsigned int phys_bits, var_mtrrs;
    const char *vendor;             /* the processor's, 12 characters */
    bool populate;                  /* Xen still has pages for this guest */
    /* What makes RAM stay: see struct memmap_memory. */
    unsigned int vnodes;
    uint64_t populated;             /* beyond what is in the p2m, negative too */

    char said[16384];               /* all output, as much of it as fits */
};

extern struct sim sim;
extern const struct memmap_dm_ops sim_dm_ops;
void sim_dm_new(void);              /* a part of sim_new() */

/* What cannot move: hvmloader's image, a module, ACPI tables (gfns). */
#define SIM_IMAGE_END  0x140u
#define SIM_MODULE_GFN 0x160u
#define SIM_MODULE_NR  0x20u
#define SIM_ACPI_GFN   0x190u

void sim_init(void);                /* before anything else */
/* Forget everything of the last guest; host and device model are as new. */
void sim_new(void);
/* A key that the toolstack writes; firmware has to ask for it by this name. */
void __attribute__((format(__printf__, 2, 3)))
sim_tell(const char *path, const char *fmt, ...);
/* Whether firmware said @text; for who is to read it, so once is asked for. */
bool sim_heard(const char *text);

/*
 * Firmware's boot, as hvmloader's main() does it; true if settled.  A domain that
 * Xen ends on the way (host.crashed) does not come back from that hypercall.
 */
bool sim_boot(struct memmap_bar *bar, unsigned int nr, uint64_t hole_size,
              unsigned int pages_taken);

/* Where firmware believes everything is, and what it did. */
const struct memmap_layout *sim_now(void);
const struct memmap_plan *sim_plan(void);
bool sim_present(void);
bool sim_rdm_agreed(void);
uint32_t sim_generation(void);
const struct memmap_moved *sim_moved(void);

#endif /* TESTS_SIM_H */
