/* SPDX-License-Identifier: MIT */
/*
 * Boots of random guests, a hundred thousand of them.
 *
 * Whatever RAM, reserved memory, BARs and device model a guest has, and wherever
 * Xen, the device model or the wire fails on the way:
 *
 *  - every page of RAM is where firmware says it is, under the name it was built
 *    with; none was freed, none is there twice, none is anywhere else;
 *  - if nothing fails, no more pages are lost than the guest had beyond its quota;
 *  - the device model's own pages and direct MMIO are untouched;
 *  - what the device model accepted last is true, unless it refused the last
 *    word; generations agree; nobody can talk to it any more;
 *  - no BAR lies over RAM, over another BAR or over what is reserved;
 *  - reserved memory, whoever told of it, is free of RAM or says that it is not;
 *    if nothing failed as much RAM left as lay there, and not a page more; and
 *    the device model mapped what it was asked to map of its devices', no less;
 *  - firmware's own image, its modules and tables stay where they are;
 *  - firmware's two numbers and its E820 say the same as the layout;
 *  - if nothing but Xen fails, the conversation ends well: the guest boots.
 *
 * usage: prop [--seed SEED] [--only NUMBER] SEQUENCES
 * A failure prints what repeats it.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "sim.h"

/* The firmware's printf is not ours. */
#undef printf

#define FOUR_GIB_GFN ((uint64_t)0x100000)
#define OWN_NAME     ((uint64_t)1 << 40)

static uint64_t state;

static uint64_t rnd64(void)
{
    /* splitmix64 */
    uint64_t z = state += 0x9e3779b97f4a7c15ull;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}

static uint64_t rnd(uint64_t below)
{
    return below ? rnd64() % below : 0;
}

static bool chance(unsigned int percent)
{
    return rnd(100) < percent;
}

#define ALL_SLOTS    ((uint64_t)HOST_SLOTS * HOST_EXTENT)

#define MAX_BARS 8
#define MAX_TOLD (2 * SIM_RDM + SIM_KEYS)

static struct guest {
    struct memmap_layout built;         /* RAM and RDM, as the E820 says */
    struct memmap_range built_range[MEMMAP_MAX_ENTRIES];
    struct memmap_bar bar[MAX_BARS];
    unsigned int nr_bars, taken;
    uint64_t hole_size, hidden, large_pages, beyond;
    bool large, faulty, settled, away, stays;
    /* Reserved memory that firmware was told of, by whomever. */
    struct memmap_range told[MAX_TOLD];
    unsigned int nr_told;
} guest;

static struct {
    uint64_t moved, pages, failed, refused, unheard, unsettled, again;
    uint64_t freed, kept, mapped, unmapped, squeezed;
    uint64_t stays, extents, lost, crashed, large_before, large_after;
} count;

static uint64_t sequence;
static uint64_t seed;

static void print_guest(void);

static void __attribute__((format(printf, 1, 2), noreturn))
wrong(const char *fmt, ...)
{
    va_list ap;

    if ( getenv("SIM_LOUD") )
        print_guest();
    fflush(stdout);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fprintf(stderr, "\nto repeat: SIM_LOUD=1 prop --seed %#" PRIx64
            " --only %" PRIu64 "\n", seed, sequence);
    exit(1);
}

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

    for ( unsigned int i = 0; i < guest.built.nr; i++ )
    {
        const struct memmap_range *r = &guest.built.range[i];
        uint64_t gfn = r->gfn < MEMMAP_FIXED_END ? MEMMAP_FIXED_END : r->gfn;

        if ( r->type == MEMMAP_TYPE_RAM )
            host_set(&sim.host, r->gfn, r->pages, r->gfn, HOST_RAM);
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
    sim.dm.gfn_limit = chance(80) ? gfn : top + rnd(16) * unit;

    guest.hidden = 0;
    if ( chance(5) )
    {
        guest.hidden = top + rnd(32) * unit;
        if ( host_get(&sim.host, guest.hidden).type == HOST_NONE )
            host_set(&sim.host, guest.hidden, 1, 0, HOST_DIRECT);
        else
            guest.hidden = 0;
    }
    guest.away = chance(5);
    if ( guest.away )
    {
        uint64_t low = (pci_mem_start >> PAGE_SHIFT) - 1 - rnd(16);
        struct host_run r = host_get(&sim.host, low);

        if ( r.type == HOST_RAM )
            host_set(&sim.host, low, 1, r.name, HOST_RAM_AWAY);
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
    guest.told[guest.nr_told++] = (struct memmap_range){
        .gfn = gfn, .pages = pages };
}

/* Reserved memory from QUERY and from xenstore; the E820's is in build_ram(). */
static void build_rdm(void)
{
    static const char *const bad[] = { "", "7fff0-", "zebra", "20-10",
                                       "7fff0=4", "fffffffff" };

    for ( unsigned int n = chance(40) ? rnd(SIM_RDM + 1) : 0; n; n-- )
    {
        struct sim_rdm m = { .gfn = somewhere(), .pages = 1 + rnd(6),
                             .assigned = chance(70) };
        struct memmap_range r = {
            .gfn = m.gfn, .pages = m.pages, .type = MEMMAP_TYPE_RDM,
            .source = MEMMAP_NO_SOURCE, .aux = rnd(3) << 3,
        };

        if ( memmap_layout_overlaps(&sim.owned, MEMMAP_TYPE_OWNED, m.gfn,
                                    m.pages) ||
             memmap_layout_overlaps(&sim.owned, MEMMAP_TYPE_RDM, m.gfn,
                                    m.pages) ||
             !memmap_layout_set(&sim.owned, &r) )
            continue;
        sim.rdm[sim.nr_rdm++] = m;
        if ( sim.dm.features & MEMMAP_FEAT_RDM )
            tell(m.gfn, m.pages);
    }
    if ( chance(30) )
        sim.fault.rdm = rnd(1u << SIM_RDM);

    for ( unsigned int n = chance(3) ? SIM_KEYS
                                     : chance(30) ? rnd(SIM_RDM + 1) : 0;
          n; n-- )
    {
        char *key = sim.key[sim.nr_keys++];
        uint64_t gfn = somewhere(), pages = 1 + rnd(6);

        if ( chance(10) )
        {
            snprintf(key, sizeof(sim.key[0]), "%s", bad[rnd(6)]);
            continue;
        }
        if ( pages == 1 )
            snprintf(key, sizeof(sim.key[0]), "%#" PRIx64 "=0:%x.0", gfn,
                     (unsigned int)rnd(3));
        else
            snprintf(key, sizeof(sim.key[0]), "%" PRIx64 "-%" PRIx64, gfn,
                     gfn + pages - 1);
        tell(gfn, pages);
    }

    for ( unsigned int i = 0; i < guest.built.nr; i++ )
        if ( guest.built.range[i].type == MEMMAP_TYPE_RDM &&
             guest.nr_told < MAX_TOLD )
            tell(guest.built.range[i].gfn, guest.built.range[i].pages);
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
    sim.ovmf = chance(40);
    /* hvmloader ends in BUG() if it cannot have a page for its own tables. */
    guest.taken = guest.away ? 0 : rnd(8);
}

/* The guest's memory, as the domain builder mapped it; and what makes it stay. */
static void build_refusal(void)
{
    const uint64_t pages = host_pages(&sim.host);

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

    guest.stays = false;
    sim.static_max = sim.target = sim.dm.ram_pages * 4;
    if ( chance(50) )
    {
        sim.videoram = 1 + rnd(16384);
        sim.target -= sim.videoram;
    }
    if ( chance(10) )
        sim.static_max = sim.target = 0;
    if ( chance(94) )
        return;

    guest.stays = true;
    switch ( rnd(5) )
    {
    case 0: sim.vnodes = 1 + rnd(4); break;
    case 1:
        sim.target += !sim.target;
        sim.static_max = sim.target + sim.videoram + 1 + rnd(4096);
        break;
    case 2: sim.populated = sim.dm.ram_pages - pages - 1 - rnd(100); break;
    case 3: sim.told = true; break;
    case 4: sim.fault.migrating = true; break;
    }
}

/* What can happen to a hypercall of the move: see enum host_fault_kind. */
static void build_host_faults(void)
{
    static const enum host_fault_kind kinds[] = {
        HOST_FAULT_STOP, HOST_FAULT_ASTRAY, HOST_FAULT_HALF, HOST_FAULT_THEFT };
    static const int errs[] = {
        HOST_ENOMEM, HOST_EPERM, HOST_EBUSY, HOST_EXDEV, HOST_ESRCH };

    for ( unsigned int i = rnd(HOST_FAULTS); i < HOST_FAULTS; i++ )
        sim.host.fault[i] = (struct host_fault){
            .kind = kinds[rnd(4)],
            .call = rnd(chance(50) ? 4 : guest.large ? 2000 : 40),
            .done = chance(50) ? 0 : rnd(guest.large ? 8192 : 24),
            .err = errs[rnd(5)],
        };
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
    if ( chance(30) )
    {
        sim.host.fail_after = rnd(guest.large ? 0x30000 : 48);
        sim.host.fail_err = HOST_ENOMEM;
        sim.host.fail_again = chance(50) ? 0 : rnd(12);
    }
    guest.faulty = false;
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
    case 6: sim.disabled = true; break;
    }
    guest.faulty = true;
}

static void build(void)
{
    sim_new();
    memmap_layout_init(&guest.built, guest.built_range, MEMMAP_MAX_ENTRIES);
    guest.large = !rnd(100);
    pci_mem_start = guest.large ? 0xf0000000
                                : pci_mem_end - ((4 + rnd(28)) << PAGE_SHIFT);
    build_ram();
    build_device_model();
    guest.nr_told = 0;
    build_rdm();
    build_bars();
    build_refusal();
    build_faults();
    sim.fault.xenstore = chance(10);
}

/* The guest in a few lines, for who repeats a failure with SIM_LOUD. */
static void print_layout(const char *name, const struct memmap_layout *l)
{
    static const char *const type[] = { "?", "RAM", "RDM", "MMIO", "OWNED" };

    for ( unsigned int i = 0; i < l->nr; i++ )
        printf("%-6s %-5s %9" PRIx64 " - %9" PRIx64 " from %" PRIx64 " flags %x\n",
               name, type[l->range[i].type < 5 ? l->range[i].type : 0],
               l->range[i].gfn, memmap_range_end(&l->range[i]),
               l->range[i].source, l->range[i].flags);
}

static void print_guest(void)
{
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

/* Every RAM page of @l is in the p2m under the name that @l gives it. */
static void check_truth(const struct memmap_layout *l, const char *whose)
{
    for ( unsigned int i = 0; i < l->nr; i++ )
    {
        const struct memmap_range *e = &l->range[i];
        uint64_t off = 0;

        if ( e->type != MEMMAP_TYPE_RAM )
            continue;
        while ( off < e->pages )
        {
            struct host_run r = host_get(&sim.host, e->gfn + off);

            if ( r.type != HOST_RAM && r.type != HOST_RAM_AWAY )
                wrong("%s: gfn %#" PRIx64 " is RAM, in the p2m it is not",
                      whose, e->gfn + off);
            if ( e->source != MEMMAP_NO_SOURCE && r.name != e->source + off &&
                 r.name < HOST_FRESH )
                wrong("%s: gfn %#" PRIx64 " holds what was built at %#" PRIx64
                      ", said is %#" PRIx64, whose, e->gfn + off, r.name,
                      e->source + off);
            off += r.pages;
        }
    }
    if ( memmap_layout_pages(l, MEMMAP_TYPE_RAM) + sim_moved()->lost_pages !=
         sim.dm.ram_pages )
        wrong("%s: %" PRIu64 " pages of RAM, built were %" PRIu64
              ", lost are %" PRIu64, whose,
              memmap_layout_pages(l, MEMMAP_TYPE_RAM), sim.dm.ram_pages,
              sim_moved()->lost_pages);
}

/* What is in the p2m is somebody's, and once. */
static void check_p2m(const struct memmap_layout *now)
{
    uint64_t mine = 0;

    for ( unsigned int i = 0; i < sim.host.nr; i++ )
    {
        const struct host_run *r = &sim.host.run[i];

        if ( r->type == HOST_DIRECT )
            continue;
        if ( r->name >= 2 * OWN_NAME && r->name < HOST_FRESH )
            continue;                       /* firmware's, brand new */
        if ( r->name >= OWN_NAME && r->name < HOST_FRESH )
        {
            if ( r->name != OWN_NAME + r->gfn )
                wrong("device model's page %#" PRIx64 " is now at %#" PRIx64,
                      r->name - OWN_NAME, r->gfn);
            continue;
        }
        if ( !memmap_layout_covers(now, MEMMAP_TYPE_RAM, r->gfn, r->pages) )
            wrong("%" PRIu64 " pages of RAM at %#" PRIx64
                  " that firmware does not know of", r->pages, r->gfn);
        mine += r->pages;
    }
    if ( sim.host.freed )
        wrong("%" PRIu64 " pages were freed", sim.host.freed);
    if ( sim.host.replaced )
        wrong("%" PRIu64 " pages were replaced", sim.host.replaced);
    if ( mine + sim_moved()->lost_pages != sim.dm.ram_pages )
        wrong("%" PRIu64 " pages in the p2m, built were %" PRIu64
              ", lost are %" PRIu64, mine, sim.dm.ram_pages,
              sim_moved()->lost_pages);
    for ( unsigned int i = 0; i < sim.owned.nr; i++ )
    {
        struct host_run r = host_get(&sim.host, sim.owned.range[i].gfn);

        if ( sim.owned.range[i].type == MEMMAP_TYPE_OWNED &&
             r.name != OWN_NAME + sim.owned.range[i].gfn )
            wrong("device model's page %#" PRIx64 " is gone",
                  sim.owned.range[i].gfn);
    }
}

static void check_bars(void)
{
    const struct memmap_layout *now = sim_now();

    for ( unsigned int i = 0; i < guest.nr_bars; i++ )
    {
        const struct memmap_bar *a = &guest.bar[i];
        uint64_t gfn, pages;

        if ( !a->size || a->addr == MEMMAP_BAR_UNPLACED )
            continue;
        gfn = a->addr >> PAGE_SHIFT;
        pages = ((a->addr + a->size - 1) >> PAGE_SHIFT) - gfn + 1;
        if ( a->addr & (a->size - 1) )
            wrong("BAR %u is not aligned: %#" PRIx64, i, a->addr);
        if ( a->addr + a->size > 1ull << sim.phys_bits )
            wrong("BAR %u is beyond what the CPU can address", i);
        if ( a->high ? !a->is_64bit || a->addr < FOUR_GIB_GFN << PAGE_SHIFT
                     : a->addr < pci_mem_start ||
                       a->addr + a->size > pci_mem_end )
            wrong("BAR %u is in the wrong half: %#" PRIx64, i, a->addr);
        if ( memmap_layout_overlaps(now, MEMMAP_TYPE_RAM, gfn, pages) ||
             memmap_layout_overlaps(now, MEMMAP_TYPE_RDM, gfn, pages) ||
             memmap_layout_overlaps(&sim.owned, MEMMAP_TYPE_OWNED, gfn, pages) )
            wrong("BAR %u at %#" PRIx64 " lies over something", i, a->addr);
        for ( unsigned int j = 0; j < i; j++ )
        {
            const struct memmap_bar *b = &guest.bar[j];

            if ( b->size && b->addr != MEMMAP_BAR_UNPLACED &&
                 a->addr < b->addr + b->size && b->addr < a->addr + a->size )
                wrong("BARs %u and %u overlap", j, i);
        }
    }
}

/* Reserved memory is free of RAM, or marked; and what can be mapped is. */
static void check_rdm(const struct memmap_layout *now)
{
    bool agreed = sim_rdm_agreed();

    for ( unsigned int i = 0; i < guest.nr_told; i++ )
    {
        const struct memmap_range *t = &guest.told[i];

        for ( uint64_t gfn = t->gfn; gfn < memmap_range_end(t); gfn++ )
        {
            const unsigned int at = memmap_layout_seek(now, gfn);
            const struct memmap_range *e = &now->range[at];

            if ( memmap_layout_overlaps(&sim.owned, MEMMAP_TYPE_OWNED, gfn, 1) )
                continue;
            if ( at == now->nr || e->gfn > gfn )
                wrong("nothing is said of reserved memory at %#" PRIx64, gfn);
            if ( e->type != MEMMAP_TYPE_RDM &&
                 !(e->type == MEMMAP_TYPE_RAM &&
                   (e->flags & (MEMMAP_EF_UNFREED | MEMMAP_EF_FIRMWARE))) )
                wrong("reserved memory at %#" PRIx64 " is of type %u, flags %x",
                      gfn, e->type, e->flags);
            if ( !agreed && (e->flags & MEMMAP_EF_UNMAPPED) )
                wrong("UNMAPPED was said to who does not know it");
        }
    }

    for ( unsigned int i = 0; i < sim.nr_rdm; i++ )
    {
        const struct sim_rdm *m = &sim.rdm[i];
        bool asked = agreed && m->assigned && sim.committed;

        if ( m->mapped && (!m->assigned || (sim.fault.rdm & (1u << i))) )
            wrong("reserved memory at %#" PRIx64 " was mapped", m->gfn);
        for ( uint64_t gfn = m->gfn; asked && gfn < m->gfn + m->pages; gfn++ )
        {
            const unsigned int at = memmap_layout_seek(&sim.view, gfn);

            asked = at < sim.view.nr && sim.view.range[at].gfn <= gfn &&
                    sim.view.range[at].type == MEMMAP_TYPE_RDM &&
                    !(sim.view.range[at].flags & MEMMAP_EF_UNMAPPED);
        }
        if ( asked && !m->mapped )
            wrong("reserved memory at %#" PRIx64 " was not mapped", m->gfn);
    }

    if ( sim_plan()->rdm_pages != sim_plan()->rdm_minimum )
        wrong("%" PRIu64 " pages left for reserved memory, %" PRIu64 " lay there",
              sim_plan()->rdm_pages, sim_plan()->rdm_minimum);
    if ( !memmap_layout_covers(now, MEMMAP_TYPE_RAM, MEMMAP_FIXED_END,
                               SIM_IMAGE_END - MEMMAP_FIXED_END) ||
         host_get(&sim.host, MEMMAP_FIXED_END).pages <
         SIM_IMAGE_END - MEMMAP_FIXED_END ||
         host_get(&sim.host, MEMMAP_FIXED_END).name != MEMMAP_FIXED_END ||
         host_get(&sim.host, SIM_MODULE_GFN).name != SIM_MODULE_GFN ||
         host_get(&sim.host, SIM_MODULE_GFN).pages < SIM_MODULE_NR ||
         host_get(&sim.host, SIM_ACPI_GFN).name != SIM_ACPI_GFN ||
         host_get(&sim.host, SIM_ACPI_GFN).pages < 2 )
        wrong("firmware pulled the rug from under itself");
}

/* Reserved memory, or what firmware keeps to itself. */
static bool reserved_in(const struct memmap_layout *l, uint64_t gfn,
                        uint64_t pages)
{
    for ( ; pages; gfn++, pages-- )
    {
        const unsigned int i = memmap_layout_seek(l, gfn);

        if ( i == l->nr || l->range[i].gfn > gfn ||
             (l->range[i].type != MEMMAP_TYPE_RDM &&
              !(l->range[i].flags & MEMMAP_EF_FIRMWARE)) )
            return false;
    }
    return true;
}

/* Entries of an E820 that names all of @l, above 1 MiB and outside hvmloader's area. */
static unsigned int entries_of(const struct memmap_layout *l)
{
    uint64_t end = 0;
    unsigned int nr = 0;
    bool was = false;

    for ( unsigned int i = 0; i < l->nr; i++ )
    {
        const struct memmap_range *r = &l->range[i];
        bool reserved = reserved_in(l, r->gfn, 1);
        bool there = reserved || r->type == MEMMAP_TYPE_RAM;

        if ( !there || memmap_range_end(r) <= MEMMAP_FIXED_END ||
             (r->gfn >= RESERVED_MEMBASE >> PAGE_SHIFT &&
              memmap_range_end(r) <= FOUR_GIB_GFN) )
            continue;
        nr += reserved != was || r->gfn != end || !end;
        was = reserved;
        end = memmap_range_end(r);
    }
    return nr;
}

/* The E820 and the two numbers that the rest of hvmloader goes by. */
static void check_firmware_tables(const struct memmap_layout *now)
{
    uint64_t ram = 0, low = 0, high = 0, reserved = 0, listed = 0, end = 0;
    uint32_t type = 0;

    for ( unsigned int i = 0; i < memory_map.nr_map; i++ )
    {
        const struct e820entry *e = &memory_map.map[i];
        uint64_t gfn = e->addr >> PAGE_SHIFT, pages = e->size >> PAGE_SHIFT;

        if ( e->addr < end )
            wrong("E820 is not sorted at %#" PRIx64, gfn);
        if ( e->addr == end && e->type == type )
            wrong("E820 has two entries for one range at %#" PRIx64, gfn);
        end = e->addr + e->size;
        type = e->type;
        if ( e->type != E820_RAM )
        {
            listed += pages;
            if ( !reserved_in(now, gfn, pages) )
                wrong("E820 has reserved what is not, at %#" PRIx64, gfn);
            continue;
        }
        ram += pages;
        if ( !memmap_layout_covers(now, MEMMAP_TYPE_RAM, gfn, pages) )
            wrong("E820 has RAM at %#" PRIx64 " that the layout has not", gfn);
    }
    for ( unsigned int i = 0; i < now->nr; i++ )
    {
        const struct memmap_range *e = &now->range[i];

        if ( reserved_in(now, e->gfn, 1) )
            for ( uint64_t gfn = e->gfn; gfn < memmap_range_end(e); gfn++ )
                reserved += gfn >= MEMMAP_FIXED_END &&
                            (gfn < RESERVED_MEMBASE >> PAGE_SHIFT ||
                             gfn >= FOUR_GIB_GFN);
        if ( e->type != MEMMAP_TYPE_RAM || (e->flags & MEMMAP_EF_FIRMWARE) )
            continue;
        if ( e->gfn < FOUR_GIB_GFN )
            low = memmap_range_end(e);
        else
            high = memmap_range_end(e);
        ram -= e->pages;
    }
    if ( ram != -(uint64_t)(MEMMAP_VGA_GFN + MEMMAP_FIXED_END -
                            MEMMAP_VGA_END) )
        wrong("E820 and layout differ by %" PRId64 " pages of RAM",
              (int64_t)ram + MEMMAP_VGA_GFN + MEMMAP_FIXED_END -
              MEMMAP_VGA_END);
    if ( !sim.ovmf && memory_map.nr_map > 26 )
        wrong("%u entries of the E820 are too many for SeaBIOS",
              memory_map.nr_map);
    count.squeezed += reserved && !listed;
    /*
     * All of it, or, if that was too much for SeaBIOS, gaps.  A page taken
     * since may have been a range, and its neighbours are one then.
     */
    if ( listed != reserved &&
         (listed || sim.ovmf || entries_of(now) + 2 * guest.taken <= 26) )
        wrong("E820 and layout differ by %" PRId64 " reserved pages",
              (int64_t)(listed - reserved));
    if ( hvm_info->low_mem_pgend != low )
        wrong("low_mem_pgend is %#x, RAM below 4 GiB ends at %#" PRIx64,
              hvm_info->low_mem_pgend, low);
    if ( hvm_info->high_mem_pgend != high )
        wrong("high_mem_pgend is %#x, RAM above 4 GiB ends at %#" PRIx64,
              hvm_info->high_mem_pgend, high);
}


static void check(void)
{
    const struct memmap_layout *now = guest.settled ? sim_now() : &guest.built;

    /* Nobody told of what is there, and populate asks nobody. */
    if ( sim.host.crashed && guest.hidden )
    {
        count.crashed++;
        return;
    }
    if ( sim.host.crashed )
        wrong("the domain crashed");

    if ( !guest.settled )
    {
        count.unsettled++;
        if ( !guest.faulty )
            wrong("nothing failed but Xen, and the guest did not settle");
        if ( sim.host.calls )
            wrong("RAM was moved without a word to the device model");
        check_p2m(now);
        if ( sim.applies && sim.committed )
            check_truth(&sim.view, "device model");
        return;
    }

    if ( sim.bug )
        wrong("firmware takes gfn %#" PRIx64 " from the top of RAM, where there"
              " is none: BUG()", sim.bug);
    check_truth(now, "firmware");
    check_p2m(now);
    check_bars();
    if ( sim_present() )
        check_firmware_tables(now);
    check_rdm(now);
    /* A device model that died believes what it likes. */
    if ( sim.fault.vanish_after < 0 )
    {
        if ( sim.committed )
            check_truth(&sim.view, "device model");
        if ( sim_generation() != sim.dm.generation )
            wrong("generation %u on one side, %u on the other",
                  sim_generation(), sim.dm.generation);
        if ( sim.dm.state != MEMMAP_ST_SEALED )
            wrong("left in %s", memmap_strstate(sim.dm.state));
    }
    if ( !guest.faulty && !sim.committed )
        wrong("nothing failed but Xen, and the last COMMIT was refused: %s",
              memmap_strerror(sim.dm.error));

    if ( guest.stays && sim_plan()->nr_moves )
        wrong("RAM moved that may not");
    if ( !sim.host.failures && sim_moved()->lost_pages > guest.beyond )
        wrong("%" PRIu64 " pages are lost, %" PRIu64 " are beyond the quota",
              sim_moved()->lost_pages, guest.beyond);

    count.stays += guest.stays;
    count.extents += sim_moved()->extents;
    count.lost += sim_moved()->lost_pages != 0;
    if ( sim_moved()->extents && !sim.host.failures )
    {
        count.large_before += guest.large_pages;
        count.large_after += host_large_in(&sim.host, 0, ALL_SLOTS);
    }
    count.moved += sim_plan()->nr_moves && sim.host.moved;
    count.pages += sim.host.moved;
    count.failed += sim.host.failures != 0;
    count.refused += sim.refused != 0;
    count.unheard += !sim.committed;
    count.again += sim.dm.generation > 1;
    count.freed += sim_plan()->rdm_pages && sim.host.moved;
    count.kept += sim_plan()->rdm_kept != 0;
    for ( unsigned int i = 0; i < sim.nr_rdm; i++ )
    {
        count.mapped += sim.rdm[i].mapped;
        count.unmapped += sim.rdm[i].assigned && (sim.fault.rdm & (1u << i));
    }
}

static void run(uint64_t nr)
{
    sequence = nr;
    state = seed ^ nr * 0xd1342543de82ef95ull;
    build();
    guest.settled = sim_boot(guest.bar, guest.nr_bars, guest.hole_size,
                             guest.taken);
    check();
}

int main(int argc, char *argv[])
{
    uint64_t only = ~0ull, nr = 0;
    time_t last = time(NULL);

    seed = 0x6d656d6d6170;
    for ( int i = 1; i < argc; i++ )
        if ( !strcmp(argv[i], "--seed") && i + 1 < argc )
            seed = strtoull(argv[++i], NULL, 0);
        else if ( !strcmp(argv[i], "--only") && i + 1 < argc )
            only = strtoull(argv[++i], NULL, 0);
        else
            nr = strtoull(argv[i], NULL, 0);
    if ( !nr && only == ~0ull )
    {
        fprintf(stderr, "usage: prop [--seed SEED] [--only NUMBER] SEQUENCES\n");
        return 2;
    }

    sim_init();
    if ( only != ~0ull )
    {
        run(only);
        printf("sequence %" PRIu64 " of seed %#" PRIx64 " holds\n", only, seed);
        return 0;
    }

    for ( uint64_t i = 0; i < nr; i++ )
    {
        run(i);
        if ( time(NULL) - last >= 10 )
        {
            last = time(NULL);
            printf("  %" PRIu64 " of %" PRIu64 "\n", i, nr);
            fflush(stdout);
        }
    }

    printf("seed %#" PRIx64 ": RAM moved in %" PRIu64 " (%" PRIu64
           " pages), Xen failed in %" PRIu64 ", something was refused in %"
           PRIu64 ", committed again in %" PRIu64 ", last word unheard in %"
           PRIu64 ", no conversation in %" PRIu64 "\n", seed, count.moved,
           count.pages, count.failed, count.refused, count.again,
           count.unheard, count.unsettled);
    printf("  RAM left reserved memory in %" PRIu64 ", stayed over some in %"
           PRIu64 "; %" PRIu64 " ranges mapped, %" PRIu64
           " could not be; reserved memory unlisted in %" PRIu64 "\n", count.freed, count.kept, count.mapped,
           count.unmapped, count.squeezed);
    printf("  %" PRIu64 " extents moved whole, of %" PRIu64 " pages that 2 MiB"
           " entries mapped %" PRIu64 " are so after; pages were lost in %"
           PRIu64 ", RAM had to stay in %" PRIu64 ", what nobody knew of was"
           " hit in %" PRIu64 "\n", count.extents, count.large_before,
           count.large_after, count.lost, count.stays, count.crashed);
    printf("%" PRIu64 " passed, 0 failed\n", nr);
    return 0;
}
