/* SPDX-License-Identifier: GPL-2.0-only */
#include "hvm.h"
#include "hvm-e820.h"
#include "hvm-guest.h"
#include "hvm-talk.h"
#include "hvm-xenstore.h"

#include "../config.h"
#include "../util.h"

#include <xen/hvm/e820.h>
#include <xen/hvm/hvm_info_table.h>
#include <xen/hvm/hvm_xs_strings.h>

struct memmap_guest memmap_guest;

/* Keep the two numbers that the rest of hvmloader goes by in step. */
static void sync_hvm_info(void)
{
    const struct memmap_layout *now = &memmap_guest.now;
    uint32_t low = 0, high = 0;
    unsigned int i;

    for ( i = 0; i < now->nr; i++ )
    {
        const struct memmap_range *r = &now->range[i];

        if ( r->type != MEMMAP_TYPE_RAM || (r->flags & MEMMAP_EF_FIRMWARE) )
            continue;
        if ( r->gfn < (GB(4) >> PAGE_SHIFT) )
            low = memmap_range_end(r);
        else
            high = memmap_range_end(r);
    }

    hvm_info->low_mem_pgend = low;
    hvm_info->high_mem_pgend = high;
}

bool memmap_sync_e820(void)
{
    if ( memmap_guest.known )
        memmap_e820_write(&memmap_guest.now);

    return memmap_guest.known;
}

void memmap_sync(void)
{
    sync_hvm_info();
    memmap_sync_e820();
}

uint32_t memmap_low_ram_end(void)
{
    if ( memmap_guest.known )
        return memmap_e820_low_end(&memmap_guest.now);

    return hvm_info->low_mem_pgend << PAGE_SHIFT;
}

uint64_t memmap_ram_size(void)
{
    uint64_t high = hvm_info->high_mem_pgend;

    if ( memmap_guest.known )
        return memmap_layout_pages(&memmap_guest.now, MEMMAP_TYPE_RAM)
               << PAGE_SHIFT;
    if ( high )
        high -= GB(4) >> PAGE_SHIFT;

    return (hvm_info->low_mem_pgend + high) << PAGE_SHIFT;
}

struct memmap_record memmap_record_of(const struct memmap_layout *l)
{
    return (struct memmap_record){
        .flags = memmap_guest.lost_pages ? MEMMAP_RF_RAM_SHRUNK : 0,
        .gfn_limit = 1ull << (cpu_phys_addr() - PAGE_SHIFT),
        .layout = *l,
    };
}

bool memmap_begin(void)
{
    static struct memmap_range now_range[2 * MEMMAP_MAX_ENTRIES];
    static struct memmap_range query_range[MEMMAP_MAX_ENTRIES];
    struct memmap_guest *g = &memmap_guest;
    unsigned int rc;

    if ( memmap_is_off(HVM_XS_MEMORY_MAP_ENABLED) )
    {
        printf("memmap: switched off in xenstore\n");
        return false;
    }

    if ( memmap_talk_open(&g->fw) )
    {
        printf("memmap: device model makes no offer, RAM stays unless allowed\n");
        return false;
    }

    memmap_layout_init(&g->now, now_range, MEMMAP_ARRAY_SIZE(now_range));
    memmap_layout_init(&g->query.layout, query_range, MEMMAP_MAX_ENTRIES);
    rc = memmap_fw_query(&g->fw, &g->query);
    g->no_query = rc;
    if ( rc )
    {
        memmap_talk_complain(&g->fw, "to say what it needs", rc,
                             "RAM stays where it is");
        g->query.layout.nr = 0;
    }
    memmap_e820_read(&g->now);
    g->known = true;

    return true;
}

void memmap_tell(void)
{
    struct memmap_record r = memmap_record_of(&memmap_guest.now);
    unsigned int rc = memmap_talk_commit(&memmap_guest.fw, &r);

    if ( rc )
        memmap_talk_complain(&memmap_guest.fw, "the final layout", rc,
                             "devices may not see all RAM");
}

bool memmap_is_ram(uint64_t addr, uint64_t size)
{
    return !memmap_guest.known ||
           memmap_layout_covers(&memmap_guest.now, MEMMAP_TYPE_RAM,
                                addr >> PAGE_SHIFT, size >> PAGE_SHIFT);
}

void memmap_page_taken(uint64_t from, uint64_t to)
{
    struct memmap_range r = {
        .gfn = to,
        .pages = 1,
        .source = MEMMAP_NO_SOURCE,
        .type = MEMMAP_TYPE_RAM,
        .flags = MEMMAP_EF_FIRMWARE,
    };
    struct memmap_range left = {
        .gfn = from,
        .pages = 1,
        .source = MEMMAP_NO_SOURCE,
        .type = MEMMAP_TYPE_RDM,
        .flags = MEMMAP_EF_UNMAPPED,
    };
    struct memmap_layout *now = &memmap_guest.now;
    const struct memmap_range *old;
    unsigned int i = memmap_layout_seek(now, from);
    bool unfreed;

    if ( !memmap_guest.known )
        return;

    old = i < now->nr && now->range[i].gfn <= from ? &now->range[i] : NULL;
    left.aux = old ? old->aux : 0;
    unfreed = old && (old->flags & MEMMAP_EF_UNFREED);
    /* The last page of a range: for that there is always room. */
    memmap_layout_clear(now, from, 1);
    if ( unfreed && !memmap_layout_set(now, &left) )
        printf("memmap: no room in the layout for reserved memory at gfn %x\n",
               (uint32_t)from);
    if ( !memmap_layout_set(now, &r) )
    {
        memmap_guest.lost_pages++;
        printf("memmap: no room in the layout for RAM at gfn %x\n",
               (uint32_t)to);
    }
    /* The next page comes from below this one, which may be across a gap. */
    sync_hvm_info();
    memmap_guest.dirty = true;
}

void memmap_finish(void)
{
    struct memmap_fw *fw = &memmap_guest.fw;
    unsigned int rc;

    if ( !fw->present )
        return;

    if ( memmap_guest.dirty )
        memmap_tell();
    rc = memmap_fw_seal(fw);
    if ( rc )
        memmap_talk_complain(fw, "to be sealed", rc,
                             "the guest can talk to it");
    else
        printf("memmap: sealed at generation %u after %u port accesses\n",
               fw->generation, fw->accesses);
}
