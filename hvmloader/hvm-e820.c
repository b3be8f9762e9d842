/* SPDX-License-Identifier: GPL-2.0-only */
#include "hvm-e820.h"
#include "hvm-print.h"

#include "../config.h"
#include "../util.h"

#include <xen/hvm/e820.h>

#define FOUR_GIB_GFN    (GB(4) >> PAGE_SHIFT)
/* What the rest of hvmloader and SeaBIOS itself add, taken from its 32. */
#define SEABIOS_ENTRIES (32 - 6)
/* From here to 4 GiB it is hvmloader's. */
#define RESERVED_GFN    (RESERVED_MEMBASE >> PAGE_SHIFT)

/* Whether reserved memory is named, or is a gap. */
static bool list_reserved;

static void note(struct memmap_layout *l, uint64_t gfn, uint64_t end,
                 unsigned int type)
{
    struct memmap_range r = {
        .gfn = gfn,
        .pages = end - gfn,
        .source = type == MEMMAP_TYPE_RAM ? gfn : MEMMAP_NO_SOURCE,
        .type = type,
    };

    if ( end > gfn )
        memmap_layout_set(l, &r);
}

void memmap_e820_read(struct memmap_layout *l)
{
    unsigned int i;

    note(l, 0, MEMMAP_VGA_GFN, MEMMAP_TYPE_RAM);
    note(l, MEMMAP_VGA_END, MEMMAP_FIXED_END, MEMMAP_TYPE_RAM);

    for ( i = 0; i < memory_map.nr_map; i++ )
    {
        const struct e820entry *e = &memory_map.map[i];
        uint64_t gfn = e->addr >> PAGE_SHIFT;
        uint64_t end = (e->addr + e->size) >> PAGE_SHIFT;

        if ( e->type == E820_RAM )
        {
            gfn = (e->addr + PAGE_SIZE - 1) >> PAGE_SHIFT;
            if ( gfn < MEMMAP_FIXED_END )
                gfn = MEMMAP_FIXED_END;
            note(l, gfn, end, MEMMAP_TYPE_RAM);
        }
        else if ( e->type == E820_RESERVED )
        {
            end = (e->addr + e->size + PAGE_SIZE - 1) >> PAGE_SHIFT;
            note(l, gfn, end, MEMMAP_TYPE_RDM);
        }
    }
}

/* Whether the guest is to keep off @r for good, though it lies between RAM. */
static bool is_reserved(const struct memmap_range *r)
{
    return r->type == MEMMAP_TYPE_RDM ||
           (r->type == MEMMAP_TYPE_RAM && (r->flags & MEMMAP_EF_FIRMWARE));
}

/* How @r appears in the E820, if it does; *@gfn and *@end are what of it. */
static uint32_t e820_type(const struct memmap_range *r, uint64_t *gfn,
                          uint64_t *end)
{
    *gfn = r->gfn < MEMMAP_FIXED_END ? MEMMAP_FIXED_END : r->gfn;
    *end = memmap_range_end(r);
    /* build_e820_table() reserves all of this by itself. */
    if ( *gfn < FOUR_GIB_GFN && *end > RESERVED_GFN )
    {
        if ( *gfn >= RESERVED_GFN )
            *gfn = FOUR_GIB_GFN;
        else if ( *end <= FOUR_GIB_GFN )
            *end = RESERVED_GFN;
    }
    if ( *end <= *gfn )
        return 0;
    if ( is_reserved(r) )
        return list_reserved ? E820_RESERVED : 0;

    return r->type == MEMMAP_TYPE_RAM ? E820_RAM : 0;
}

/* Write @l to @map, which has room for @max; returns how many that takes. */
static unsigned int fill_e820(const struct memmap_layout *l,
                              struct e820entry *map, unsigned int max)
{
    uint64_t last_end = 0;
    uint32_t last_type = 0;
    unsigned int i, nr = 0;

    for ( i = 0; i < l->nr; i++ )
    {
        uint64_t gfn, end;
        uint32_t type = e820_type(&l->range[i], &gfn, &end);

        if ( !type )
            continue;
        if ( type != last_type || gfn != last_end )
        {
            if ( nr < max )
                map[nr] = (struct e820entry){ .addr = gfn << PAGE_SHIFT,
                                              .type = type };
            nr++;
        }
        if ( nr <= max )
            map[nr - 1].size += (end - gfn) << PAGE_SHIFT;
        last_type = type;
        last_end = end;
    }

    return nr;
}

/*
 * SeaBIOS drops what follows its last entry, high RAM first.  What is not RAM
 * may as well be a gap.  If that is not enough, firmware keeps the smallest
 * pieces of RAM between reserved memory to itself until the rest fits.
 */
void memmap_e820_fit(struct memmap_layout *l)
{
    uint64_t pages = 0;
    unsigned int i;
    struct memmap_hex h;

    list_reserved = true;
    if ( !strncmp(xenstore_read("hvmloader/bios", ""), "ovmf", 5) )
        return;

    if ( fill_e820(l, NULL, 0) > SEABIOS_ENTRIES )
    {
        list_reserved = false;
        printf("memmap: too many ranges for SeaBIOS: reserved memory is a gap in the memory map\n");
    }

    while ( fill_e820(l, NULL, 0) > SEABIOS_ENTRIES )
    {
        struct memmap_range *least = NULL;

        for ( i = 1; i + 1 < l->nr; i++ )
        {
            struct memmap_range *r = &l->range[i];
            uint64_t gfn, end;

            if ( e820_type(r, &gfn, &end) != E820_RAM ||
                 (least && r->pages >= least->pages) ||
                 memmap_range_end(&r[-1]) != r->gfn ||
                 memmap_range_end(r) != r[1].gfn ||
                 !is_reserved(&r[-1]) || !is_reserved(&r[1]) )
                continue;
            least = r;
        }
        if ( !least )
            break;
        least->flags |= MEMMAP_EF_FIRMWARE;
        pages += least->pages;
    }

    if ( pages )
        printf("memmap: still too many: %s pages between reserved memory are kept from the guest\n",
               memmap_hex(pages, &h));
}

void memmap_e820_write(const struct memmap_layout *l)
{
    unsigned int nr = fill_e820(l, memory_map.map, E820MAX);

    if ( nr > E820MAX )
    {
        printf("memmap: memory map is full, the last %u ranges are left out\n",
               nr - E820MAX);
        nr = E820MAX;
    }
    memory_map.nr_map = nr;
}

uint32_t memmap_e820_low_end(const struct memmap_layout *l)
{
    const struct memmap_range *best = NULL;
    unsigned int i;

    for ( i = 0; i < l->nr; i++ )
    {
        const struct memmap_range *r = &l->range[i];

        if ( r->type != MEMMAP_TYPE_RAM || (r->flags & MEMMAP_EF_FIRMWARE) ||
             r->gfn >= FOUR_GIB_GFN )
            continue;
        if ( !best || r->pages >= best->pages ||
             r->pages >= (MB(128) >> PAGE_SHIFT) )
            best = r;
    }

    return best ? memmap_range_end(best) << PAGE_SHIFT : 0;
}
