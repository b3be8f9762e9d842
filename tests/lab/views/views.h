/* SPDX-License-Identifier: MIT */
/*
 * memmap-views: do the guest, Xen and QEMU mean the same by "RAM"?
 *
 * Three parties hold a picture of a guest's address space, and nothing in Xen keeps them equal:
 *
 *  e820  what the guest was told: its firmware's E820, as the guest printed it on its serial
 *        console (tests/lab/guest);
 *  p2m   what Xen has populated: which gfns have a page behind them;
 *  qemu  what the device model would reach for DMA and for emulated accesses: the flat view of
 *        its address space "memory" (`info mtree -f`).
 *
 * Gfn by gfn, in maximal ranges, these rules must hold. Each has a name that a difference is
 * reported with:
 *
 *  unpopulated       what the E820 calls RAM is populated. Otherwise the CPU's accesses end in
 *                    the device model instead of in memory.
 *  dma-blind         what the E820 calls RAM is xen.ram in QEMU, and no part of the block is at two
 *                    addresses (where it is in the block is QEMU's own business). Otherwise DMA
 *                    there is lost or goes to another page.
 *  stale             what QEMU calls xen.ram is populated, and once. Otherwise QEMU
 *                    still believes in RAM that was moved away: its accesses fail, and a BAR
 *                    under it is never mapped. A guest may give pages back that it keeps reserved
 *                    (OVMF the one it had Xen's shared page mapped to): --given-back says how many.
 *  untold            what is populated and xen.ram in QEMU is mentioned in the E820: as RAM, or
 *                    as reserved, ACPI or NVS (memory that a firmware kept for itself). Otherwise
 *                    memory was lost on the way. UEFI firmware does not hand on what hvmloader has
 *                    from 0xfc000000 on.
 *  under-bar         nothing is populated under a BAR of the guest, unless QEMU shows RAM of its
 *                    own there (video memory). Otherwise the guest's accesses to its device go
 *                    to memory.
 *  vram              video memory that QEMU shows is populated where it shows it. Otherwise the
 *                    guest draws on something else.
 *  unaccounted       whatever else is populated belongs to a known class, below.
 *
 * Populated, not RAM in the E820, and rightly so:
 *  - 0xa0000-0x100000: option ROMs and the BIOS (0xc0000 on is ordinary RAM to libxl; QEMU
 *    covers parts of it with its own ROM regions, so rules on xen.ram leave it out);
 *  - 0xfc000000-0x100000000: hvmloader's ACPI tables and what it allocates beside them, Xen's
 *    special pages and ioreq pages below 0xff000000, a firmware image at its end (OVMF);
 *  - a RAM block of QEMU that its flat view shows (video memory in its BAR);
 *  - a RAM block of QEMU that is parked: QEMU populates every block at gfn = ram_addr, or further
 *    up (--parked) if firmware wanted that place, and moves
 *    only video memory from there to its BAR; ROM blocks stay. `info ramblock` names them; when
 *    it is not given, whatever lies beyond the E820 and beyond xen.ram as QEMU shows it, and
 *    under no BAR, is taken for parked, up to 64 MiB.
 *
 * dma-blind, stale and under-bar are what this project is about: hvmloader moves RAM, or libxl cuts
 * it for reserved memory, and QEMU is not told.
 */
#ifndef MEMMAP_VIEWS_H
#define MEMMAP_VIEWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define VIEWS_PAGE 4096ull

/* Bytes; END is the first address not in it. */
struct range {
    uint64_t start, end;
};

enum e820_kind { E820_NONE, E820_RAM, E820_OTHER };

/* One piece of one party's picture. What the other fields mean depends on the list it is in. */
struct piece {
    struct range r;
    enum e820_kind kind;        /* e820: RAM or mentioned otherwise */
    uint64_t offset;            /* qemu: of r.start inside the region */
    char name[48];              /* qemu: region; ramblock: block; bar: BDF and number */
};

struct list {
    struct piece *p;
    size_t nr, cap;
};

struct views {
    struct list e820;           /* page-granular: RAM shrunk, everything else grown */
    struct list bars;
    struct list p2m;            /* populated */
    struct list qemu;           /* regions of type ram, ramd or rom of the flat view */
    struct list ramblocks;      /* may be empty: not known */
    uint64_t given_back;        /* bytes of reserved ranges that need not be populated */
};

/* ---- lists (list.c) ------------------------------------------------------------------- */

/* The new piece, zeroed but for its range; ends the program (status 2) without memory. */
struct piece *list_add(struct list *l, uint64_t start, uint64_t end);
void list_sort(struct list *l);
/* Join neighbours that touch and are alike; the list must be sorted. */
void list_merge(struct list *l);
/* The piece that contains ADDRESS, or NULL. */
const struct piece *list_find(const struct list *l, uint64_t address);
void list_free(struct list *l);

/* ---- reading (parse.c) -------------------------------------------------------------------- */

/*
 * The guest's serial log: its last start counts, earlier ones are from before a reboot. False,
 * with a reason in WHY, if there is no complete E820 in it.
 */
bool parse_serial(FILE *f, struct views *v, char *why, size_t size);

/* `info mtree -f`: the flat view that address space "memory" uses. False as above. */
bool parse_mtree(FILE *f, struct views *v, char *why, size_t size);

/* `info ramblock`. False as above. */
bool parse_ramblock(FILE *f, struct views *v, char *why, size_t size);

/* All RAM blocks but the guest's are parked BYTES above their offset. */
void views_park(struct views *v, uint64_t bytes);

/* ---- comparing (compare.c) ------------------------------------------------------------------ */

/* One maximal range on which the same rule is broken in the same way. */
struct difference {
    struct range r;
    const char *rule;
    char e820[16], p2m[8], qemu[80];
};

/*
 * The differences, in ascending order: their number, and the first MAX of them in D. Lists must
 * be sorted and merged.
 */
size_t views_compare(const struct views *v, struct difference *d, size_t max);

/* ---- video memory (vram.c) -------------------------------------------------------------------- */

/* What the guest's vga check says it wrote (guest/vgapattern.h). */
struct vram {
    uint64_t base, bytes, seed;
};

struct vram_pages {
    uint64_t compared, differ;
    uint64_t first, want, got;  /* address and words of the first difference */
};

/* The serial log's last "vga" line of its last start. False, with a reason in WHY: there is none. */
bool vram_parse(FILE *serial, struct vram *v, char *why, size_t size);

/* DUMP: what the device model has at V->base. False, with a reason in WHY: it is too short. */
bool vram_compare(FILE *dump, const struct vram *v, struct vram_pages *p, char *why, size_t size);

/* ---- asking Xen (p2m.c) ---------------------------------------------------------------------- */

/*
 * Fill v->p2m for domain DOMID up to its highest gfn. v->e820 must be there already. False, with
 * a reason in WHY: it could not be asked. *SKIP: it must not be asked (see p2m.c).
 */
bool p2m_read(uint32_t domid, struct views *v, bool *skip, char *why, size_t size);

#endif
