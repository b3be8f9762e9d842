/* SPDX-License-Identifier: MIT */
#include "guest.h"

#include <inttypes.h>
#include <stdlib.h>

#include "dice.h"

/* The firmware's printf is not ours. */
#undef printf

#define ALL_SLOTS    ((uint64_t)HOST_SLOTS * HOST_EXTENT)

#define MAX_KEYS     24

struct guest guest;

static void note_built(uint64_t gfn, uint64_t pages, unsigned int type)
{
    struct memmap_range r = {
        .gfn = gfn, .pages = pages, .type = type,
        .source = type == MEMMAP_TYPE_RAM ? gfn : MEMMAP_NO_SOURCE,
    };

    if ( pages && !memmap_layout_set(&guest.built, &r) )
        abort();
}

static void own(uint64_t gfn, uint64_t pages)
{
    struct memmap_range r = {
        .gfn = gfn, .pages = pages, .type = MEMMAP_TYPE_OWNED,
        .source = MEMMAP_NO_SOURCE,
    };

    if ( sim.owned.nr + 2 < sim.owned.max && memmap_layout_set(&sim.owned, &r) )
        host_set(&sim.host, gfn, pages, OWN_NAME + gfn, HOST_RAM);
}

/* libxl's part: RAM below and above 4 GiB, reserved memory, the E820. */
static void build_ram(void)
{
    const uint64_t unit = guest.large ? 0x8000 : 4;
    uint64_t hole = pci_mem_start >> PAGE_SHIFT, low, rdm;
    enum host_type type;

    /* libxl ends low RAM at the hole that the user asked for. */
    guest.hole_size = 0;
    if ( chance(10) )
    {
        hole -= rnd(16) * unit;
        guest.hole_size = (FOUR_GIB_GFN - hole) << PAGE_SHIFT;
    }
    low = hole;
    if ( chance(30) )
        low -= rnd(8) * unit;
    else if ( chance(10) )
        low = 0x8000 + rnd(0x40) * 0x100;

    note_built(0, MEMMAP_VGA_GFN, MEMMAP_TYPE_RAM);
    note_built(MEMMAP_VGA_END, low - MEMMAP_VGA_END, MEMMAP_TYPE_RAM);
    if ( chance(40) )
        note_built(FOUR_GIB_GFN, 1 + rnd(16) * unit, MEMMAP_TYPE_RAM);

    /* Reserved memory: in the hole, or cut out of RAM. */
    for ( unsigned int n = chance(30) ? 1 + rnd(3) : 0; n; n-- )
    {
        uint64_t pages = 1 + rnd(4);

        rdm = chance(60) ? hole + rnd((pci_mem_end >> PAGE_SHIFT) - hole - 4)
                         : low - 1 - rnd(40);
        note_built(rdm, pages, MEMMAP_TYPE_RDM);
    }

    type = chance(5) ? HOST_LOGDIRTY : HOST_RAM;
    for ( unsigned int i = 0; i < guest.built.nr; i++ )
    {
        const struct memmap_range *r = &guest.built.range[i];
        uint64_t gfn = r->gfn < MEMMAP_FIXED_END ? MEMMAP_FIXED_END : r->gfn;

        if ( r->type == MEMMAP_TYPE_RAM )
            host_set(&sim.host, r->gfn, r->pages, r->gfn, type);
        else if ( chance(70) )
            host_set(&sim.host, r->gfn, r->pages, 0, HOST_DIRECT);
        if ( memmap_range_end(r) <= gfn )
            continue;
        memory_map.map[memory_map.nr_map++] = (struct e820entry){
            .addr = gfn << PAGE_SHIFT,
            .size = (memmap_range_end(r) - gfn) << PAGE_SHIFT,
            .type = r->type == MEMMAP_TYPE_RAM ? E820_RAM : E820_RESERVED,
        };
        if ( r->type != MEMMAP_TYPE_RAM )
            continue;
        if ( r->gfn < FOUR_GIB_GFN )
            hvm_info->low_mem_pgend = memmap_range_end(r);
        else
            hvm_info->high_mem_pgend = memmap_range_end(r);
    }
}

/* Make RAM at @gfn, as far as it goes, RAM of another @type. */
static void mark(uint64_t gfn, uint64_t pages, enum host_type type)
{
    struct host_run r = host_get(&sim.host, gfn);

    if ( r.type != HOST_RAM )
        return;
    host_set(&sim.host, gfn, pages < r.pages ? pages : r.pages, r.name, type);
}

/* What the device model keeps above RAM, and what nobody told anybody. */
static void build_device_model(void)
{
    const struct memmap_layout *l = &guest.built;
    const uint64_t unit = guest.large ? 0x1000 : 1;
    uint64_t top = memmap_range_end(&l->range[l->nr - 1]), gfn;

    sim.dm.ram_pages = memmap_layout_pages(l, MEMMAP_TYPE_RAM);
    sim.dm.features = rnd(4);
    if ( top < FOUR_GIB_GFN )
        top = FOUR_GIB_GFN;

    /* Right after RAM as stock has it, or parked behind all RAM there can be. */
    gfn = top + (chance(50) ? 0 : rnd(20) * unit);
    if ( chance(30) )
        gfn = FOUR_GIB_GFN + sim.dm.ram_pages;
    for ( unsigned int n = rnd(4); n; n-- )
    {
        uint64_t pages = 1 + rnd(8) * unit;

        own(gfn, pages);
        gfn += pages + (chance(50) ? 0 : rnd(12) * unit);
    }
    if ( gfn < top + 4 * 0x40000 )
        gfn = top + 4 * 0x40000;

    sim.phys_bits = 36 + rnd(12);
    sim.var_mtrrs = rnd(9);
    if ( chance(50) )
        sim.vendor = "AuthenticAMD";
    if ( chance(40) )
        sim_tell("hvmloader/memory-map/policy", "%s", chance(50) ? "high" : "low");
    sim.dm.gfn_limit = chance(80) ? gfn : top + rnd(16) * unit;

    guest.hidden = 0;
    if ( chance(guest.large ? 30 : 5) )
    {
        static const enum host_type alien[] = {
            /* Of the first three Xen says what it says of nothing. */
            HOST_DIRECT, HOST_DIRECT, HOST_FOREIGN, HOST_GRANT, HOST_READONLY };
        const enum host_type type = alien[rnd(5)];

        guest.hidden = top + rnd(32) * unit;
        /* RAM is written over unseen but where a whole extent begins (move.h). */
        if ( type == HOST_READONLY )
            guest.hidden &= -(uint64_t)HOST_EXTENT;
        if ( host_get(&sim.host, guest.hidden).type == HOST_NONE )
            host_set(&sim.host, guest.hidden, 1, 0, type);
        else
            guest.hidden = 0;
    }
    host_set(&sim.host, SPECIAL_GFN, SPECIAL_NR, 0, HOST_SPECIAL);

    guest.away = chance(5);
    if ( guest.away )
        mark((pci_mem_start >> PAGE_SHIFT) - 1 - rnd(16), 1, HOST_RAM_AWAY);
    guest.shared = chance(3);
    if ( guest.shared )
        mark((pci_mem_start >> PAGE_SHIFT) - 8 - rnd(64), 1 + rnd(8),
             HOST_SHARED);
    if ( chance(guest.large ? 30 : 5) )
    {
        sim.host.held_gfn = (pci_mem_start >> PAGE_SHIFT) - 1 - rnd(16 * unit);
        sim.host.held_pages = 1 + rnd(256);
    }
}

/* Somewhere that matters: in low RAM, under firmware, in the hole, above. */
static uint64_t somewhere(void)
{
    const struct memmap_layout *l = &guest.built;
    const uint64_t top = memmap_range_end(&l->range[l->nr - 1]);

    switch ( rnd(8) )
    {
    case 0: return rnd(0x200);
    case 1: return (pci_mem_start >> PAGE_SHIFT) + rnd(32);
    case 2: return FOUR_GIB_GFN - 0x4008 + rnd(16);
    case 3: return FOUR_GIB_GFN + rnd(40);
    case 4: return top - rnd(8) + rnd(16);
    case 5: return (pci_mem_start >> PAGE_SHIFT) - rnd(64);
    }
    return 0x200 + rnd((pci_mem_start >> PAGE_SHIFT) - 0x200);
}

static void tell(uint64_t gfn, uint64_t pages)
{
    if ( guest.nr_told == MAX_TOLD )
        abort();
    guest.told[guest.nr_told++] = (struct memmap_range){
        .gfn = gfn, .pages = pages };
}

static bool overlaps_rdm(const struct sim_rdm *m)
{
    for ( unsigned int i = 0; i < sim.nr_rdm; i++ )
        if ( m->gfn < sim.rdm[i].gfn + sim.rdm[i].pages &&
             sim.rdm[i].gfn < m->gfn + m->pages )
            return true;
    return false;
}

/* Reserved memory from QUERY and from xenstore; the E820's is in build_ram(). */
static void build_rdm(void)
{
    static const char *const bad[] = { "", "7fff0-", "zebra", "20-10",
                                       "7fff0=4", "fffffffff" };
    unsigned int nr;

    for ( unsigned int n = chance(40) ? rnd(SIM_RDM + 1) : 0; n; n-- )
    {
        struct sim_rdm m = { .gfn = somewhere(), .pages = 1 + rnd(6),
                             .sbdf = (1 + sim.nr_rdm) << 3,
                             .assigned = chance(70) };

        if ( memmap_layout_overlaps(&sim.owned, MEMMAP_TYPE_OWNED, m.gfn,
                                    m.pages) || overlaps_rdm(&m) ||
             (guest.hidden && guest.hidden - m.gfn < m.pages) )
            continue;
        sim.rdm[sim.nr_rdm++] = m;
        if ( sim.dm.features & MEMMAP_FEAT_RDM )
        {
            tell(m.gfn, m.pages);
            guest.told_query++;
        }
    }
    if ( chance(30) )
        sim.fault.rdm = rnd(1u << SIM_RDM);

    nr = chance(3) ? MAX_KEYS : chance(30) ? rnd(SIM_RDM + 1) : 0;
    for ( unsigned int i = 0; i < nr; i++ )
    {
        uint64_t gfn = somewhere(), pages = 1 + rnd(6);
        char path[48];

        snprintf(path, sizeof(path), "hvmloader/memory-map/rdm/%u", i);
        if ( chance(10) )
        {
            sim_tell(path, "%s", bad[rnd(6)]);
            continue;
        }
        if ( pages == 1 )
            sim_tell(path, "%#" PRIx64 "=0:%x.0", gfn, (unsigned int)rnd(3));
        else
            sim_tell(path, "%" PRIx64 "-%" PRIx64, gfn, gfn + pages - 1);
        tell(gfn, pages);
        guest.told_xenstore++;
    }

    for ( unsigned int i = 0; i < guest.built.nr; i++ )
        if ( guest.built.range[i].type == MEMMAP_TYPE_RDM )
        {
            tell(guest.built.range[i].gfn, guest.built.range[i].pages);
            guest.told_e820++;
        }
}

static void build_bars(void)
{
    unsigned int order = guest.large ? 28 + rnd(3) : 13 + rnd(7);

    guest.nr_bars = rnd(MAX_BARS + 1);
    for ( unsigned int i = 0; i < guest.nr_bars; i++ )
    {
        struct memmap_bar *b = &guest.bar[i];

        order -= rnd(3);
        if ( order < 8 )
            order = 8;
        *b = (struct memmap_bar){
            .size = chance(10) ? 0 : 1ull << order,
            .addr = 0x5555, .is_64bit = chance(50), .high = chance(50),
        };
    }
    sim.populate = chance(50);
    guest.ovmf = chance(40);
    if ( guest.ovmf )
        sim_tell("hvmloader/bios", "ovmf");
    /* hvmloader ends in BUG() if it cannot have a page for its own tables. */
    guest.taken = guest.away || guest.shared ? 0 : rnd(8);
}

/* The guest's memory, as the domain builder mapped it; and what makes it stay. */
static void build_refusal(void)
{
    const uint64_t pages = host_pages(&sim.host);
    uint64_t target = sim.dm.ram_pages * 4, static_max = target, videoram = 0;

    sim.host.small = chance(5);
    if ( sim.host.small || chance(5) )
        sim.host.whole = 0;
    host_enlarge(&sim.host);
    guest.large_pages = host_large_in(&sim.host, 0, ALL_SLOTS);
    /* 1 MiB is what libxl adds; or somebody has set the quota since. */
    sim.host.max_pages = pages + 256;
    guest.beyond = 0;
    if ( chance(10) )
    {
        guest.beyond = chance(50) ? 0 : rnd(2048);
        sim.host.max_pages = pages - guest.beyond;
    }
    sim.host.free = chance(50) ? rnd(4096) : 1u << 24;

    guest.stays = NULL;
    if ( chance(50) )
    {
        videoram = 1 + rnd(16384);
        target -= videoram;
    }
    if ( chance(10) )
        target = static_max = 0;
    if ( chance(6) )
        switch ( rnd(5) )
        {
        case 0:
            sim.vnodes = 1 + rnd(4);
            guest.stays = "virtual NUMA";
            break;
        case 1:
            target += !target;
            static_max = target + videoram + 1 + rnd(4096);
            guest.stays = "on demand";
            break;
        case 2:
            sim.populated = sim.dm.ram_pages - pages - 1 - rnd(100);
            guest.stays = "on demand";
            break;
        case 3:
            sim_tell("hvmloader/memory-map/relocate", "0");
            guest.stays = "the toolstack says so";
            break;
        case 4:
            sim.fault.migrating = true;
            guest.stays = "";
            break;
        }
    if ( target )
    {
        sim_tell("memory/target", "%" PRIu64, target);
        sim_tell("memory/static-max", "%" PRIu64, static_max);
        if ( videoram )
            sim_tell("memory/videoram", "%" PRIu64, videoram);
    }
}

/* What can happen to a hypercall of the move: see enum host_fault_kind. */
static void build_host_faults(void)
{
    static const enum host_fault_kind kinds[] = {
        HOST_FAULT_STOP, HOST_FAULT_STOP, HOST_FAULT_ASTRAY, HOST_FAULT_HALF,
        HOST_FAULT_THEFT, HOST_FAULT_FRAGMENT, HOST_FAULT_POOL,
        HOST_FAULT_IOMMU };
    static const int errs[] = {
        HOST_ENOMEM, HOST_EPERM, HOST_EBUSY, HOST_EXDEV, HOST_ESRCH,
        HOST_EINVAL, HOST_EACCES, HOST_ENXIO };

    for ( unsigned int i = rnd(HOST_FAULTS); i < HOST_FAULTS; i++ )
    {
        struct host_fault *f = &sim.host.fault[i];

        *f = (struct host_fault){
            .kind = kinds[rnd(8)],
            .call = rnd(chance(50) ? 4 : guest.large ? 2000 : 40),
            .done = chance(50) ? 0 : rnd(guest.large ? 8192 : 24),
            .err = errs[rnd(8)],
        };
        if ( f->kind == HOST_FAULT_IOMMU )
        {
            f->err = 0;
            sim.host.iommu = true;
        }
    }
    if ( chance(30) )
        sim.host.max_order = 0;
}

static void build_faults(void)
{
    sim.host.iommu = chance(20);
    sim.host.old = chance(30);
    if ( guest.large && chance(50) )
        sim.host.max_order = MEMMAP_HUGE_ORDER;
    if ( chance(30) )
        build_host_faults();
    if ( chance(5) )
        sim.host.pool = rnd(32);
    if ( chance(30) )
    {
        sim.host.fail_after = rnd(guest.large ? 0x30000 : 48);
        sim.host.fail_err = HOST_ENOMEM;
        sim.host.fail_again = chance(50) ? 0 : rnd(12);
    }
    guest.faulty = guest.disabled = false;
    if ( !chance(25) )
        return;
    switch ( rnd(7) )
    {
    case 0: sim.fault.check = 1 + rnd(3); break;
    case 1: sim.fault.apply = 1 + rnd(3); break;
    case 2: sim.fault.read = 1 + rnd(4); break;
    case 3: sim.fault.write = 1; break;
    case 4: sim.fault.constraints = 1 + rnd(3); break;
    case 5: sim.fault.vanish_after = rnd(14); break;
    case 6:
        guest.disabled = true;
        sim_tell("hvmloader/memory-map/enabled", "0");
        break;
    }
    guest.faulty = true;
}

void guest_draw(uint64_t dice)
{
    state = dice;
    sim_new();
    memmap_layout_init(&guest.built, guest.built_range, MEMMAP_MAX_ENTRIES);
    guest.large = chance(3);
    pci_mem_start = guest.large ? 0xf0000000
                                : pci_mem_end - ((4 + rnd(28)) << PAGE_SHIFT);
    build_ram();
    build_device_model();
    guest.nr_told = guest.told_e820 = guest.told_query = 0;
    guest.told_xenstore = 0;
    build_rdm();
    build_bars();
    build_refusal();
    build_faults();
    sim.fault.xenstore = chance(10);
}

static void print_layout(const char *name, const struct memmap_layout *l)
{
    static const char *const type[] = { "?", "RAM", "RDM", "MMIO", "OWNED" };

    for ( unsigned int i = 0; i < l->nr; i++ )
        printf("%-6s %-5s %9" PRIx64 " - %9" PRIx64 " from %" PRIx64 " flags %x\n",
               name, type[l->range[i].type < 5 ? l->range[i].type : 0],
               l->range[i].gfn, memmap_range_end(&l->range[i]),
               l->range[i].source, l->range[i].flags);
}

void guest_print(void)
{
    fputs(sim.said, stdout);
    print_layout("built", &guest.built);
    print_layout("owned", &sim.owned);
    print_layout("now", sim_now());
    print_layout("view", &sim.view);
    for ( unsigned int i = 0; i < sim.host.nr; i++ )
        printf("p2m    type%u %9" PRIx64 " - %9" PRIx64 " name %" PRIx64 "\n",
               sim.host.run[i].type, sim.host.run[i].gfn,
               sim.host.run[i].gfn + sim.host.run[i].pages,
               sim.host.run[i].name);
    for ( unsigned int i = 0; i < guest.nr_bars; i++ )
        printf("BAR %u: %#" PRIx64 " bytes, %d bits, at %#" PRIx64 "\n", i,
               guest.bar[i].size, guest.bar[i].is_64bit ? 64 : 32,
               guest.bar[i].addr);
    printf("hole from %#x, %u pages taken, %u accesses, device model's limit %#"
           PRIx64 "\n", pci_mem_start, guest.taken, sim.wire,
           sim.dm.gfn_limit);
    for ( unsigned int i = 0; i < sim_plan()->nr_moves; i++ )
        printf("move %" PRIx64 " to %" PRIx64 ", %" PRIu64 " pages\n",
               sim_plan()->move[i].from, sim_plan()->move[i].to,
               sim_plan()->move[i].pages);
}
