/* SPDX-License-Identifier: MIT */
/*
 * hvmloader's side of the conversation (hvmloader/hvm.h), in a simulated host.
 *
 * The file that ships runs; its ports are the device model's end of the protocol, its
 * hypercalls a p2m by Xen's rules.  Here are guests of which the right outcome can be
 * said in numbers; tests/prop has thousands of which only rules are known.
 */
#include "suites.h"

#include "codec.h"
#include "hvm.h"
#include "hvm-settle.h"
#include "sim.h"

#define GIB_GFN  ((uint64_t)0x40000)
#define FOUR_GIB (4 * GIB_GFN)
#define MIB_GFN  ((uint64_t)0x100)
/* Where the hole of a usual guest starts. */
#define HOLE     ((uint64_t)0xf0000)

static struct memmap_bar bar[64];
static unsigned int nr_bars, taken;
static uint64_t hole_size;

static void ram(uint64_t gfn, uint64_t end)
{
    host_set(&sim.host, gfn, end - gfn, gfn, HOST_RAM);
    if ( gfn < MEMMAP_FIXED_END )
        gfn = MEMMAP_FIXED_END;
    if ( end > gfn )
        memory_map.map[memory_map.nr_map++] = (struct e820entry){
            .addr = gfn << PAGE_SHIFT, .size = (end - gfn) << PAGE_SHIFT,
            .type = E820_RAM };
}

static void built(void)
{
    sim.dm.ram_pages = host_pages(&sim.host);
    sim.dm.features = MEMMAP_FEAT_PUBLISH | MEMMAP_FEAT_RDM;
    sim.dm.gfn_limit = 1u << 24;
    sim.host.max_pages = sim.dm.ram_pages + 256;
    host_enlarge(&sim.host);
    nr_bars = taken = hole_size = 0;
}

/* RAM up to @low below 4 GiB, and up to @high above, which may be 0 (gfns). */
static void guest(uint64_t low, uint64_t high)
{
    sim_init();
    sim_new();
    pci_mem_start = HOLE << PAGE_SHIFT;
    ram(0, MEMMAP_VGA_GFN);
    ram(MEMMAP_VGA_END, low);
    if ( high )
        ram(FOUR_GIB, high);
    built();
}

static void has_bar(uint64_t size, bool is_64bit)
{
    bar[nr_bars++] = (struct memmap_bar){ .size = size, .is_64bit = is_64bit };
}

/* Reserved memory of an assigned device: the device model tells of it and maps it. */
static void has_rdm(uint64_t gfn, uint64_t pages, uint32_t sbdf)
{
    sim.rdm[sim.nr_rdm++] = (struct sim_rdm){
        .gfn = gfn, .pages = pages, .sbdf = sbdf, .assigned = true };
}

static bool boot(void)
{
    return sim_boot(bar, nr_bars, hole_size, taken);
}

/* Whatever happened: what is said of RAM is true, and nobody can say more. */
static void assert_sound(void)
{
    const struct memmap_layout *now = sim_now();

    for ( unsigned int i = 0; i < now->nr; i++ )
    {
        const struct memmap_range *e = &now->range[i];

        for ( uint64_t off = 0; e->type == MEMMAP_TYPE_RAM && off < e->pages; )
        {
            struct host_run r = host_get(&sim.host, e->gfn + off);

            ck_assert_int_eq(r.type, HOST_RAM);
            if ( e->source != MEMMAP_NO_SOURCE && r.name < HOST_FRESH )
                ck_assert_uint_eq(r.name, e->source + off);
            off += r.pages;
        }
    }
    ck_assert_uint_eq(memmap_layout_pages(now, MEMMAP_TYPE_RAM) +
                      sim_moved()->lost_pages, sim.dm.ram_pages);
    ck_assert_uint_eq(sim.host.freed + sim.host.replaced, 0);
    ck_assert_uint_eq(sim.dm.state, MEMMAP_ST_SEALED);
}

static const struct memmap_range *said_of(uint64_t gfn)
{
    const struct memmap_layout *now = sim_now();
    unsigned int i = memmap_layout_seek(now, gfn);

    ck_assert_uint_lt(i, now->nr);
    ck_assert_uint_le(now->range[i].gfn, gfn);
    return &now->range[i];
}

/* The record in the buffer: what was sent last. */
static struct memmap_record sent(void)
{
    static struct memmap_range range[MEMMAP_MAX_ENTRIES];
    struct memmap_record r;
    uint16_t index;

    memmap_layout_init(&r.layout, range, MEMMAP_MAX_ENTRIES);
    ck_assert_uint_eq(memmap_unpack(&r, MEMMAP_KIND_LAYOUT,
                                    (void *)MEMMAP_BUFFER_PHYSICAL_ADDRESS,
                                    MEMMAP_BUFFER_BYTES, &index), MEMMAP_OK);
    return r;
}

/* A guest of 3840 MiB, and a device with a BAR of 1 GiB. */
static void gigabyte_bar(void)
{
    guest(HOLE, 0);
    has_bar(GB(1), true);
    has_bar(MB(16), false);
}

START_TEST(ram_makes_way)
{
    gigabyte_bar();
    ck_assert(boot());
    assert_sound();
    ck_assert(!bar[0].high);
    ck_assert_uint_eq(bar[0].addr, GB(2));
    ck_assert_uint_eq(pci_mem_start, GB(2));
    ck_assert_uint_eq(hvm_info->low_mem_pgend, 2 * GIB_GFN);
    ck_assert_uint_eq(hvm_info->high_mem_pgend, FOUR_GIB + HOLE - 2 * GIB_GFN);
    ck_assert_uint_eq(sim_moved()->extents,
                      (HOLE - 2 * GIB_GFN) / MEMMAP_EXTENT_PAGES);
    ck_assert_uint_eq(sim.host.moved, 0);
    ck_assert(sim.committed);
    ck_assert_uint_eq(sim_generation(), 1);
    ck_assert_uint_eq(MEMMAP_OFFER_FEATURES(sim.dm.accepted),
                      MEMMAP_FEAT_PUBLISH | MEMMAP_FEAT_RDM);
    /* Probe, QUERY, PREPARE, COMMIT, SEAL: as PROTOCOL.md says. */
    ck_assert_uint_eq(sim.wire, 11);
    ck_assert(memmap_layout_equal(&sim.view, sim_now()));
    ck_assert(sim_heard("memmap: moving 70000 pages from gfn 80000 to 100000\n"));
    ck_assert(sim_heard("memmap: moved 896 whole extents of 2 MiB, the rest page"
                        " by page\n"));
    ck_assert(sim_heard("memmap: version 1, generation 1, hole at 80000000,"
                        " 70000 pages moved, 0 BARs without a place\n"));
    ck_assert(sim_heard("memmap: sealed at generation 1 after 11 port accesses"));
    ck_assert_uint_eq(pci_hi_mem_start + pci_hi_mem_end, 0);
}
END_TEST

/* Nothing has to move: it is said all the same, as libxl may have cut RAM. */
START_TEST(nothing_moves)
{
    guest(HOLE, FOUR_GIB + GIB_GFN);
    has_bar(MB(16), false);
    ck_assert(boot());
    assert_sound();
    ck_assert_uint_eq(sim.host.calls, 0);
    ck_assert_uint_eq(sim.wire, 9);
    ck_assert(sim.committed);
    ck_assert_uint_eq(pci_mem_start, HOLE << PAGE_SHIFT);
    ck_assert_uint_eq(bar[0].addr, HOLE << PAGE_SHIFT);
}
END_TEST

/* The hole grows to half of what is below 4 GiB, not further. */
START_TEST(hole_ends_at_two_gigabytes)
{
    guest(HOLE, 0);
    has_bar(GB(1), true);
    has_bar(GB(1), true);
    ck_assert(boot());
    assert_sound();
    ck_assert_uint_eq(pci_mem_start, GB(2));
    ck_assert_uint_eq(bar[0].high + bar[1].high, 1);
}
END_TEST

/* What is larger than 1 GiB is not what the hole is doubled for. */
START_TEST(large_bars_are_high)
{
    guest(GIB_GFN, 0);
    has_bar(GB(2), true);
    has_bar(MB(16), true);
    ck_assert(boot());
    assert_sound();
    ck_assert(bar[0].high && !bar[1].high);
    ck_assert_uint_eq(pci_mem_start, HOLE << PAGE_SHIFT);
}
END_TEST

/* The window's end is aligned as its start is, so that few MTRRs describe it. */
START_TEST(high_window)
{
    guest(GIB_GFN, 0);
    has_bar(GB(4), true);
    has_bar(GB(2), true);
    ck_assert(boot());
    ck_assert_uint_eq(bar[0].addr, GB(4));
    ck_assert_uint_eq(bar[1].addr, GB(8));
    ck_assert_uint_eq(pci_hi_mem_start, GB(4));
    ck_assert_uint_eq(pci_hi_mem_end, GB(12));

    /* As it is if that is enough; RAM is in front of it. */
    guest(HOLE, FOUR_GIB + 4 * GIB_GFN);
    has_bar(GB(8), true);
    ck_assert(boot());
    ck_assert_uint_eq(bar[0].addr, GB(8));
    ck_assert_uint_eq(pci_hi_mem_start, GB(8));
    ck_assert_uint_eq(pci_hi_mem_end, GB(16));
}
END_TEST

static unsigned int mtrrs(uint64_t base, uint64_t end)
{
    unsigned int nr = 0;

    for ( ; base != end; nr++ )
    {
        uint64_t size = base & -base;

        while ( base + size > end )
            size >>= 1;
        base += size;
    }
    return nr;
}

/* The CPU says how many MTRRs there are; both windows are made for that. */
START_TEST(windows_of_few_mtrrs)
{
    for ( unsigned int has = 6; has <= 8; has++ )
    {
        unsigned int used = 0;

        for ( unsigned int last = 28; last > 20; last-- )
        {
            guest(HOLE, 0);
            sim.var_mtrrs = has;
            has_bar(GB(2), true);
            for ( unsigned int shift = 29; shift >= last; shift-- )
                has_bar(1u << shift, false);
            ck_assert(boot());
            assert_sound();
            ck_assert_uint_le(mtrrs(pci_mem_start, pci_mem_end) +
                              mtrrs(pci_hi_mem_start, pci_hi_mem_end), has);
            used |= 1u << (mtrrs(pci_mem_start, pci_mem_end) +
                           mtrrs(pci_hi_mem_start, pci_hi_mem_end));
            ck_assert(!sim_heard("variable MTRRs"));
        }
        ck_assert_uint_ne(used & (1u << has), 0);
    }

    /* None, or too few: that is said, and no more than that. */
    guest(HOLE, 0);
    sim.var_mtrrs = 1;
    ck_assert(boot());
    ck_assert(sim_heard("memmap: BARs need 2 variable MTRRs, there are 1\n"));
    guest(HOLE, 0);
    sim.var_mtrrs = 0;
    ck_assert(boot());
    ck_assert(!sim_heard("variable MTRRs"));
}
END_TEST

/* The toolstack says whether a BAR that could be above 4 GiB is worth a move. */
START_TEST(policy)
{
    static const struct { const char *says; bool high; } by[] = {
        { NULL, false }, { "low", false }, { "high", true }, { "higher", false },
        { "hig", false },
    };

    for ( unsigned int i = 0; i < NELEM(by); i++ )
    {
        gigabyte_bar();
        if ( by[i].says )
            sim_tell("hvmloader/memory-map/policy", "%s", by[i].says);
        ck_assert(boot());
        assert_sound();
        ck_assert(bar[0].high == by[i].high && !bar[1].high);
        ck_assert_uint_eq(sim_plan()->moved_pages, by[i].high ? 0 : 0x70000);
        ck_assert(sim_heard("is neither low nor high, taken for low\n") == (i > 2));
    }
}
END_TEST

/* AMD's processors reach no memory in the 12 GiB below 1 TiB. */
START_TEST(hypertransport)
{
    static const char *const vendor[] = { "GenuineIntel", "AuthenticAMD",
                                          "HygonGenuine" };
    const uint64_t start = 0xfd00000, end = 0x10000000;

    for ( unsigned int i = 0; i < NELEM(vendor); i++ )
    {
        /* RAM ends below it, with less room than what moves. */
        guest(HOLE, start - MIB_GFN);
        sim.vendor = vendor[i];
        sim.phys_bits = 48;
        sim.dm.gfn_limit = 1ull << 36;
        has_bar(GB(2), true);
        has_bar(GB(1), true);
        ck_assert(boot());
        assert_sound();
        ck_assert_int_eq(memmap_layout_overlaps(sim_now(), MEMMAP_TYPE_RAM, start,
                                                end - start), !i);
        ck_assert_int_eq(bar[0].addr >= end << PAGE_SHIFT, !!i);
    }
}
END_TEST

/* The user's hole counts if it can be one; it is what it is, not doubled. */
START_TEST(hole_by_hand)
{
    /* The BARs take 384 MiB, or the first of them alone 64. */
    static const struct {
        uint64_t size, start;
        bool both, refused;
    } hole[] = {
        { MB(256), 0xf0000000, false, false },
        { MB(256) + 0x1000, 0xeffff000, false, false },
        { GB(2), GB(2), false, false }, { MB(512), 0xe0000000, true, false },
        { MB(3840), MB(256), false, false },
        /* Not below what is RAM's, or more than there is: as if not said. */
        { MB(256) - 0x1000, 0xe0000000, true, true },
        { MB(3840) + 0x1000, 0xe0000000, true, true },
        { GB(4), 0xf0000000, false, true },
        { GB(4) + 0x1000, 0xe0000000, true, true },
        { GB(6), 0xe0000000, true, true },
        { 0, 0xe0000000, true, false }, { 0, 0xf0000000, false, false },
        { GB(6), 0xf0000000, false, true }, { 0x1000, 0xf0000000, false, true },
    };

    for ( unsigned int i = 0; i < NELEM(hole); i++ )
    {
        guest(GIB_GFN, 0);
        has_bar(hole[i].both ? MB(256) : MB(64), false);
        if ( hole[i].both )
            has_bar(MB(128), false);
        hole_size = hole[i].size;
        ck_assert(boot());
        assert_sound();
        ck_assert_uint_eq(pci_mem_start, hole[i].start);
        ck_assert_int_eq(sim_heard("cannot be had"), hole[i].refused);
    }
    ck_assert(sim_heard("memmap: mmio_hole_size=0x1000 cannot be had, ignored\n"));

    /* Firmware's area is in it: one of the two has no room, and goes without. */
    guest(GIB_GFN, 0);
    has_bar(MB(128), false);
    has_bar(MB(128), false);
    hole_size = MB(256);
    ck_assert(boot());
    assert_sound();
    ck_assert_uint_eq(pci_mem_start, 0xf0000000);
    ck_assert_uint_eq(sim_plan()->unplaced, 1);

    /* RAM that is in it and cannot leave: less of it. */
    guest(0xe8000, 0);
    sim_tell("hvmloader/memory-map/relocate", "0");
    hole_size = MB(512);
    ck_assert(boot());
    ck_assert_uint_eq(pci_mem_start, 0xe8000000);
    ck_assert(sim_heard("memmap: mmio_hole_size=0x20000000 cannot be had, RAM is"
                        " there and stays\n"));
    guest(0xe8000, 0);
    hole_size = MB(512);
    ck_assert(boot());
    assert_sound();
    ck_assert_uint_eq(pci_mem_start, 0xe0000000);
    ck_assert_uint_eq(sim_plan()->moved_pages, 0x8000);
    ck_assert(!sim_heard("cannot be had"));
}
END_TEST

/* The record says how far the guest can address, however little it uses. */
START_TEST(limit_of_the_record)
{
    for ( unsigned int bits = 36; bits <= 52; bits += 8 )
    {
        guest(HOLE, 0);
        sim.phys_bits = bits;
        ck_assert(boot());
        ck_assert_uint_eq(sent().gfn_limit, 1ull << (bits - PAGE_SHIFT));
    }
}
END_TEST

/* Nor is a BAR where the CPU cannot reach it. */
START_TEST(no_address_for_a_bar)
{
    for ( unsigned int bits = 33; bits <= 34; bits++ )
    {
        guest(GIB_GFN, 0);
        sim.phys_bits = bits;
        has_bar(GB(8), true);
        has_bar(MB(16), true);
        ck_assert(boot());
        assert_sound();
        ck_assert_uint_eq(bar[0].addr,
                          bits == 33 ? MEMMAP_BAR_UNPLACED : GB(8));
        ck_assert_uint_ne(bar[1].addr, MEMMAP_BAR_UNPLACED);
        ck_assert(sim_heard(bits == 33 ? ", 1 BARs without a place\n"
                                       : ", 0 BARs without a place\n"));
    }
}
END_TEST

/* RAM goes where it can be addressed, and no further. */
START_TEST(no_address_for_ram)
{
    guest(HOLE, 16 * GIB_GFN);
    sim.phys_bits = 34;
    has_bar(GB(1), true);
    has_rdm(0x80000, 4, 0x18);
    ck_assert(boot());
    assert_sound();
    ck_assert(sim_heard("memmap: not enough addresses for RAM, RAM stays where"
                        " it is\n"));
    ck_assert_uint_eq(sim.host.calls, 0);
    /* What is reserved is still said. */
    ck_assert_uint_eq(said_of(0x80000)->flags, MEMMAP_EF_UNFREED);
    ck_assert_uint_eq(said_of(0x80000)->aux, 0x18);
    ck_assert(sim_heard("80000-80003 of 0000:00:03.0 cannot be freed: RAM is"
                        " there, and stays"));
}
END_TEST

/* A hypercall of 32 bits, and hvm_info, say no gfn beyond: RAM would come to address 0. */
START_TEST(no_gfn_for_ram)
{
    const struct memmap_range r = {
        .gfn = FOUR_GIB, .pages = UINT32_MAX - FOUR_GIB,
        .type = MEMMAP_TYPE_OWNED, .source = MEMMAP_NO_SOURCE };

    guest(HOLE, 0);
    sim.phys_bits = 46;
    sim.dm.gfn_limit = 1ull << 34;
    REQUIRE(memmap_layout_set(&sim.owned, &r));
    has_bar(GB(1), false);
    ck_assert(boot());
    assert_sound();
    ck_assert(sim_heard("memmap: not enough addresses for RAM, RAM stays where"
                        " it is\n"));
    ck_assert_uint_eq(sim.host.calls, 0);
}
END_TEST

/* More reserved memory than a record has entries: first RAM stays, then it goes. */
START_TEST(no_room_for_reserved_memory)
{
    guest(HOLE, 0);
    sim_tell("hvmloader/bios", "ovmf");
    for ( unsigned int i = 0; i < MEMMAP_MAX_ENTRIES; i++ )
    {
        char path[48];

        snprintf(path, sizeof(path), "hvmloader/memory-map/rdm/%u", i);
        sim_tell(path, "%x", 0x1000 + 2 * i);
    }
    ck_assert(boot());
    assert_sound();
    ck_assert(sim_heard("memmap: not enough ranges in the layout, RAM stays where"
                        " it is\nmemmap: not enough ranges in the layout,"
                        " reserved memory is left out\n"));
    ck_assert_uint_eq(said_of(0x1000)->flags, 0);
    ck_assert_uint_eq(sim.host.calls, 0);
}
END_TEST

/* Too many ranges even so: what RAM there is is said in any case. */
START_TEST(no_room_at_all)
{
    static struct memmap_range many[200];

    guest(HOLE, 0);
    sim_tell("hvmloader/memory-map/relocate", "0");
    /* 31 owned pages in the hole; each has hole, an MMIO range, on either side. */
    for ( unsigned int i = 0; i < 31; i++ )
    {
        struct memmap_range r = {
            .gfn = HOLE + 2 * i + 1, .pages = 1, .type = MEMMAP_TYPE_OWNED,
            .source = MEMMAP_NO_SOURCE };

        REQUIRE(memmap_layout_set(&sim.owned, &r));
    }
    ck_assert(boot());
    assert_sound();

    /* A RAM range for each entry of a full E820, and a gap for each between. */
    sim_new();
    ram(0, MEMMAP_VGA_GFN);
    ram(MEMMAP_VGA_END, 0x800);
    for ( unsigned int i = 1; i < E820MAX; i++ )
        ram(0x1000 + 2 * i, 0x1001 + 2 * i);
    built();
    ck_assert(boot());
    assert_sound();
    ck_assert_uint_eq(sim_now()->nr, E820MAX + 1 + 1);

    /* And memory of the device model's in what is set aside for BARs. */
    sim_new();
    pci_mem_start = HOLE << PAGE_SHIFT;
    ram(0, MEMMAP_VGA_GFN);
    ram(MEMMAP_VGA_END, 0x800);
    for ( unsigned int i = 1; i < E820MAX; i++ )
        ram(0x1000 + 2 * i, 0x1001 + 2 * i);
    built();
    sim.owned.range = many;
    sim.owned.max = NELEM(many);
    sim.owned.nr = 0;
    for ( unsigned int i = 0; i < NELEM(many); i++ )
    {
        struct memmap_range r = {
            .gfn = HOLE + 2 * i + 1, .pages = 1, .type = MEMMAP_TYPE_OWNED,
            .source = MEMMAP_NO_SOURCE };

        REQUIRE(memmap_layout_set(&sim.owned, &r));
    }
    ck_assert(boot());
    assert_sound();
    ck_assert(sim.committed);
    ck_assert(sim_heard("memmap: not enough ranges in the layout, what is for BARs"
                        " is not told\n"));
    ck_assert_uint_eq(sim_now()->nr, E820MAX + 1);
}
END_TEST

/* RAM that goes back to every other page: more ranges than anybody can be told. */
START_TEST(moved_back_in_pieces)
{
    gigabyte_bar();
    sim.fault.apply = 1;
    sim.fault.litter = 0xc0000;
    ck_assert(boot());
    ck_assert_uint_gt(sim_now()->nr, MEMMAP_MAX_ENTRIES);
    assert_sound();
    ck_assert(!sim.committed);
    ck_assert(sim_heard("memmap: not enough ranges in the layout, where RAM is cannot be told\n"));
    ck_assert(sim_heard("memmap: device model refused to follow: record has too many entries;"
                        " devices may not see all RAM\n"));
}
END_TEST

/* Reserved memory that QUERY tells of is for who chose to hear of it. */
START_TEST(reserved_memory_is_agreed_on)
{
    guest(HOLE, 0);
    has_rdm(0x80000, 4, 0x18);
    ck_assert(boot());
    assert_sound();
    ck_assert_uint_eq(said_of(0x80000)->type, MEMMAP_TYPE_RDM);
    ck_assert_uint_eq(said_of(0x80000)->aux, 0x18);
    ck_assert(sim.rdm[0].mapped);
    ck_assert_uint_eq(sim_plan()->moved_pages, 4);
    ck_assert(sim_heard("memmap: reserved memory: 1 ranges, 4 pages moved for"
                        " them, minimum 4\n"));

    guest(HOLE, 0);
    sim.dm.features = MEMMAP_FEAT_PUBLISH;
    has_rdm(0x80000, 4, 0x18);
    ck_assert(boot());
    assert_sound();
    ck_assert(!sim_rdm_agreed());
    ck_assert_uint_eq(said_of(0x80000)->type, MEMMAP_TYPE_RAM);
    ck_assert_uint_eq(said_of(0x80000)->flags, 0);
    ck_assert_uint_eq(sim.host.calls, 0);
    ck_assert(!sim_heard("memmap: reserved memory"));

    /* Nor of a device model that tells of it all the same: no RAM, no BAR gives way. */
    guest(HOLE, 0);
    sim.dm.features = MEMMAP_FEAT_PUBLISH;
    for ( unsigned int i = 0; i < 2; i++ )
        REQUIRE(memmap_layout_set(&sim.owned, &(struct memmap_range){
            .gfn = i ? HOLE + 0x10 : 0x80000, .pages = 4, .aux = 0x18,
            .source = MEMMAP_NO_SOURCE, .type = MEMMAP_TYPE_RDM }));
    has_bar(MB(64), false);
    ck_assert(boot());
    assert_sound();
    ck_assert_uint_eq(said_of(0x80000)->type, MEMMAP_TYPE_RAM);
    ck_assert_uint_eq(bar[0].addr, HOLE << PAGE_SHIFT);
    ck_assert_uint_eq(sim.host.calls, 0);
}
END_TEST

/* UNMAPPED is said of what cannot be free, whatever features were chosen. */
START_TEST(unmapped_without_the_feature)
{
    for ( unsigned int agreed = 0; agreed < 2; agreed++ )
    {
        guest(HOLE, 0);
        sim.dm.features = agreed ? MEMMAP_FEAT_RDM : 0;
        sim_tell("hvmloader/memory-map/rdm/0", "fd000-fd001");
        ck_assert(boot());
        assert_sound();
        ck_assert(sim.committed);
        ck_assert_uint_eq(said_of(0xfd000)->type, MEMMAP_TYPE_RDM);
        ck_assert_uint_eq(said_of(0xfd000)->flags, MEMMAP_EF_UNMAPPED);
    }
}
END_TEST

/* Of two ranges one cannot be mapped: that device goes without, the guest boots. */
START_TEST(cannot_be_mapped)
{
    guest(HOLE, 0);
    has_rdm(0x80000, 4, 0x18);
    has_rdm(0x90000, 4, 0x20);
    sim.fault.rdm = 1;
    ck_assert(boot());
    assert_sound();
    ck_assert(sim.committed);
    ck_assert_uint_eq(sim.commits_refused, 1);
    ck_assert_uint_eq(said_of(0x80000)->flags, MEMMAP_EF_UNMAPPED);
    ck_assert_uint_eq(said_of(0x90000)->flags, 0);
    ck_assert(!sim.rdm[0].mapped && sim.rdm[1].mapped);
    ck_assert(sim_heard("memmap: reserved memory 80000-80003 of 0000:00:03.0"
                        " could not be mapped by the device model; the device"
                        " cannot use it\n"));
}
END_TEST

/* RAM keeps out of what the device model owns; an OWNED range over RAM is RAM. */
START_TEST(owned)
{
    struct memmap_range r = { .gfn = FOUR_GIB, .pages = 0x1000,
                              .type = MEMMAP_TYPE_OWNED,
                              .source = MEMMAP_NO_SOURCE };

    gigabyte_bar();
    REQUIRE(memmap_layout_set(&sim.owned, &r));
    host_set(&sim.host, r.gfn, r.pages, 1ull << 40, HOST_RAM);
    sim.host.max_pages += r.pages;
    ck_assert(boot());
    ck_assert_uint_eq(host_get(&sim.host, FOUR_GIB).name, 1ull << 40);
    ck_assert_uint_eq(host_get(&sim.host, FOUR_GIB).pages, 0x1000);
    assert_sound();
    ck_assert(!memmap_layout_overlaps(sim_now(), MEMMAP_TYPE_RAM, FOUR_GIB,
                                      0x1000));
    ck_assert(!bar[0].high);
}
END_TEST

/* Where it cannot be known whether anything is there, nothing goes. */
START_TEST(no_look_no_move)
{
    gigabyte_bar();
    sim.fault.no_look = true;
    ck_assert(boot());
    assert_sound();
    ck_assert_uint_eq(sim.host.calls, 0);
    ck_assert(bar[0].high);
}
END_TEST

/* Who claims what is RAM is told that it is RAM, and may refuse. */
START_TEST(owned_over_ram)
{
    struct memmap_range r = { .gfn = 0x80000, .pages = 16,
                              .type = MEMMAP_TYPE_OWNED,
                              .source = MEMMAP_NO_SOURCE };

    guest(HOLE, 0);
    REQUIRE(memmap_layout_set(&sim.owned, &r));
    ck_assert(boot());
    assert_sound();
    ck_assert(!sim.committed);
    ck_assert_uint_eq(said_of(0x80000)->type, MEMMAP_TYPE_RAM);
    ck_assert_uint_eq(sim.dm.error, MEMMAP_OK);     /* of the seal */
}
END_TEST

/* A device model that refuses each COMMIT alike. */
static struct {
    unsigned int error, asked;
    uint16_t index;
} refusal;

static unsigned int refuse(void *opaque, const struct memmap_record *r,
                           uint16_t *index)
{
    (void)opaque;
    (void)r;
    refusal.asked++;
    *index = refusal.index;
    return refusal.error;
}

/* COMMIT is repeated for RDM, of reserved memory that was to be mapped, only. */
START_TEST(what_is_asked_again)
{
    static const struct {
        unsigned int error;
        uint16_t index;
        unsigned int asked;
    } c[] = {
        { MEMMAP_E_RDM, 3, 2 }, { MEMMAP_E_RDM, 1, 1 },
        { MEMMAP_E_RDM, MEMMAP_NO_INDEX, 1 }, { MEMMAP_E_RDM, 5, 1 },
        { MEMMAP_E_BUSY, 3, 1 }, { MEMMAP_E_APPLY, MEMMAP_NO_INDEX, 1 },
    };
    struct memmap_dm_ops ops = sim_dm_ops;

    ops.apply = refuse;
    for ( unsigned int i = 0; i < NELEM(c); i++ )
    {
        /* What was said of an earlier layout's fifth entry must not count. */
        guest(HOLE, 0);
        sim_tell("hvmloader/memory-map/rdm/0", "f8000=0:3.0");
        sim_tell("hvmloader/memory-map/rdm/1", "f9000=0:3.0");
        ck_assert(boot());
        ck_assert_uint_eq(sim_now()->range[5].type, MEMMAP_TYPE_RDM);

        guest(HOLE, 0);
        sim_tell("hvmloader/memory-map/rdm/0", "f8000-f8003=0:3.0");
        sim.dm.ops = &ops;
        refusal.error = c[i].error;
        refusal.index = c[i].index;
        refusal.asked = 0;
        ck_assert(boot());
        ck_assert_uint_eq(refusal.asked, c[i].asked);
        ck_assert_uint_eq(sim_now()->range[3].type, MEMMAP_TYPE_RDM);
        ck_assert_uint_eq(sim_now()->range[3].flags,
                          c[i].asked == 2 ? MEMMAP_EF_UNMAPPED : 0);
        ck_assert_uint_eq(sim_now()->nr, 5);
        for ( unsigned int j = 0; j < 5; j++ )
            ck_assert(j == 3 || !sim_now()->range[j].flags);
        ck_assert_uint_eq(sim.dm.state, MEMMAP_ST_SEALED);
    }
}
END_TEST

/* The rest of hvmloader finds RAM where it is as soon as it is there. */
START_TEST(map_is_written_at_once)
{
    gigabyte_bar();
    ck_assert(memmap_settle(bar, nr_bars, 0));
    ck_assert_uint_eq(memory_map.nr_map, 2);
    ck_assert_uint_eq(memory_map.map[0].size, GB(2) - MB(1));
    ck_assert_uint_eq(memory_map.map[1].addr, GB(4));
}
END_TEST

/* PREPARE is refused: RAM stays, nothing was touched, and what is true is said. */
START_TEST(prepare_refused)
{
    gigabyte_bar();
    sim.fault.migrating = true;
    ck_assert(boot());
    assert_sound();
    ck_assert_uint_eq(sim.host.calls, 0);
    ck_assert_uint_eq(sim.prepares_refused, 1);
    ck_assert(sim.committed);
    ck_assert(bar[0].high);
    ck_assert(sim_heard("memmap: device model refused the layout with RAM moved: "));
    ck_assert(sim_heard("; RAM stays where it is\n"));
}
END_TEST

/* If one entry is to blame the line says which. */
START_TEST(which_entry)
{
    gigabyte_bar();
    sim.dm.gfn_limit = FOUR_GIB;
    ck_assert(boot());
    assert_sound();
    ck_assert_uint_eq(sim.host.calls, 0);
    ck_assert(sim_heard(" (entry 3); RAM stays where it is\n"));
}
END_TEST

/* COMMIT is refused after RAM moved: it goes home, and that is said. */
START_TEST(commit_refused)
{
    gigabyte_bar();
    sim.fault.apply = 1;
    ck_assert(boot());
    assert_sound();
    ck_assert_uint_eq(sim.commits_refused, 1);
    ck_assert(sim.committed);
    ck_assert(bar[0].high);
    ck_assert_uint_eq(said_of(0x100)->gfn, MEMMAP_VGA_END);
    ck_assert_uint_eq(memmap_range_end(said_of(0x100)), HOLE);
    ck_assert_uint_eq(host_get(&sim.host, HOLE - 1).type, HOST_RAM);
    ck_assert_uint_eq(host_get(&sim.host, FOUR_GIB).type, HOST_NONE);
    ck_assert(sim_heard("memmap: device model refused to follow: "));
    ck_assert(sim_heard("; RAM is moved back\n"));
    ck_assert(!sim_heard(" (entry "));
    ck_assert_uint_eq(hvm_info->low_mem_pgend, HOLE);
    ck_assert_uint_eq(hvm_info->high_mem_pgend, 0);
}
END_TEST

/* And again: then there is no more that can be done, and the guest boots. */
START_TEST(every_commit_refused)
{
    gigabyte_bar();
    sim.fault.apply = 5;
    taken = 0;
    ck_assert(boot());
    assert_sound();
    ck_assert(!sim.committed);
    ck_assert_uint_eq(sim.commits_refused, 2);
    ck_assert(sim_heard("; devices may not see all RAM\n"));
    ck_assert_uint_eq(memmap_range_end(said_of(0x100)), HOLE);
}
END_TEST

/* QUERY is refused: nothing is known, so nothing moves; what is there is said. */
START_TEST(query_refused)
{
    gigabyte_bar();
    sim.fault.constraints = 1;
    has_rdm(0xf8000, 4, 0x18);
    sim_tell("hvmloader/memory-map/rdm/0", "f9000=0:3.0");
    ck_assert(boot());
    assert_sound();
    ck_assert(sim.committed);
    ck_assert_uint_eq(sim.host.calls, 0);
    ck_assert(bar[0].high);
    ck_assert_uint_eq(said_of(0xf9000)->type, MEMMAP_TYPE_RDM);
    /* Where it has memory of its own is not known: nothing is called free. */
    ck_assert(!memmap_layout_overlaps(sim_now(), MEMMAP_TYPE_MMIO, 0, 1ull << 36));
    ck_assert(sim_heard("memmap: device model refused to say what it needs: "));
    ck_assert(sim_heard("; RAM stays where it is\n"));
}
END_TEST

START_TEST(no_device_model)
{
    unsigned int entries;

    gigabyte_bar();
    sim.fault.vanish_after = 0;
    entries = memory_map.nr_map;
    ck_assert(!boot());
    ck_assert_uint_eq(sim.wire, 1);
    ck_assert(!sim_present());
    ck_assert(sim_heard("memmap: device model makes no offer"));
    ck_assert(memmap_is_ram(0, GB(64)));

    /* hvmloader has it all as ever. */
    ck_assert(!memmap_sync_e820());
    ck_assert_uint_eq(memory_map.nr_map, entries);
    hvm_info->low_mem_pgend = HOLE;
    ck_assert_uint_eq(memmap_low_ram_end(), HOLE << PAGE_SHIFT);
    memmap_page_taken(0x1000, 0x2000);
    ck_assert_uint_eq(hvm_info->low_mem_pgend, HOLE);
}
END_TEST

START_TEST(switched_off)
{
    gigabyte_bar();
    sim_tell("hvmloader/memory-map/enabled", "0");
    ck_assert(!boot());
    ck_assert_uint_eq(sim.wire, 0);
    ck_assert(sim_heard("memmap: switched off in xenstore\n"));

    /* Only 0 is off. */
    gigabyte_bar();
    sim_tell("hvmloader/memory-map/enabled", "01");
    ck_assert(boot());
}
END_TEST

/* What keeps RAM where it is, and where each of it is read. */
START_TEST(ram_stays)
{
    const uint64_t kib = HOLE * 4;
    static const struct {
        const char *why;
        bool told;
        unsigned int vnodes;
        int populated;
        int target, videoram, static_max;   /* KiB, beyond the guest's RAM */
    } stay[] = {
        { "the toolstack says so", .told = true },
        { "virtual NUMA nodes", .vnodes = 1 },
        { "populated on demand", .populated = -1 },
        { "populated on demand", .target = -1 },
        { "populated on demand", .target = -9, .videoram = 8 },
        { "populated on demand", .static_max = 1 },
        /* These may move. */
        { NULL, },
        { NULL, .populated = 1 },
        { NULL, .target = -8, .videoram = 8 },
        { NULL, .target = 1 },
    };

    for ( unsigned int i = 0; i < NELEM(stay); i++ )
    {
        const char *why = stay[i].why;

        gigabyte_bar();
        sim_tell("memory/target", "%llu",
                 (unsigned long long)kib + stay[i].target);
        sim_tell("memory/static-max", "%llu",
                 (unsigned long long)kib + stay[i].static_max);
        if ( stay[i].videoram )
            sim_tell("memory/videoram", "%u", stay[i].videoram);
        if ( stay[i].told )
            sim_tell("hvmloader/memory-map/relocate", "0");
        sim.vnodes = stay[i].vnodes;
        sim.populated = sim.dm.ram_pages - host_pages(&sim.host) +
                        stay[i].populated;
        ck_assert(boot());
        assert_sound();
        ck_assert(sim.committed);
        ck_assert_int_eq(sim_heard("memmap: RAM stays where it is: "), !!why);
        ck_assert(!why || sim_heard(why));
        ck_assert_int_eq(sim.host.calls > 0, !why);
        ck_assert_int_eq(bar[0].high, !!why);
    }
}
END_TEST

/* Xen says no at once: as if RAM could not move. */
START_TEST(xen_refuses)
{
    gigabyte_bar();
    sim.host.fail_after = 0;
    sim.host.fail_err = HOST_EPERM;
    sim.host.fail_again = 1000000;
    sim.host.max_order = 0;
    ck_assert(boot());
    assert_sound();
    ck_assert(sim.committed);
    ck_assert(bar[0].high);
    ck_assert_uint_eq(memmap_range_end(said_of(0x100)), HOLE);
    ck_assert(sim_heard("memmap: Xen did not move the RAM\nmemmap: RAM stays where"
                        " it is\n"));
    ck_assert(!sim_heard("are lost"));

    /* Nor back what it had moved before: then it is not where it was. */
    gigabyte_bar();
    sim.host.fail_after = 100000;
    sim.host.fail_err = HOST_EPERM;
    sim.host.fail_again = 1000000;
    sim.host.max_order = 0;
    ck_assert(boot());
    assert_sound();
    ck_assert(sim.committed);
    ck_assert(sim_heard("memmap: Xen did not move the RAM\nmemmap: 186a0 pages could"
                        " not be moved back, the rest is where it was\n"));
    ck_assert(!sim_heard("RAM stays where it is"));
}
END_TEST

/* Somebody takes the memory in between: the record says that RAM shrank. */
START_TEST(pages_are_lost)
{
    gigabyte_bar();
    has_bar(MB(1), false);
    sim.host.free = 0;
    sim.host.max_pages -= 256 + 100;
    ck_assert(boot());
    assert_sound();
    ck_assert(sim.committed);
    ck_assert_uint_eq(sim_moved()->lost_pages, 100);
    ck_assert_uint_eq(sent().flags, MEMMAP_RF_RAM_SHRUNK);
    ck_assert(sim_heard("100 pages are lost, the guest goes on with the rest"));

    gigabyte_bar();
    ck_assert(boot());
    ck_assert_uint_eq(sent().flags, 0);
}
END_TEST

/* The memory tests keep off what is no RAM. */
START_TEST(what_is_ram)
{
    gigabyte_bar();
    has_rdm(0x40000, 4, 0);
    ck_assert(boot());
    ck_assert(memmap_is_ram(0, 0xa0000));
    ck_assert(!memmap_is_ram(0, 0xa1000));
    ck_assert(memmap_is_ram(MB(16), MB(16)));
    ck_assert(memmap_is_ram(GB(1) - MB(1), MB(1)));
    ck_assert(!memmap_is_ram(GB(1) - MB(1), MB(2)));
    ck_assert(!memmap_is_ram(GB(1), 0x4000));
    ck_assert(memmap_is_ram(GB(1) + 0x4000, GB(1) - 0x4000));
    ck_assert(!memmap_is_ram(GB(2) - 0x1000, 0x2000));
    ck_assert(!memmap_is_ram(GB(3), 0x1000));
    ck_assert(memmap_is_ram(GB(4), 0x4000));
    ck_assert(!memmap_is_ram(GB(4) - 0x1000, 0x2000));
    ck_assert(sim_heard("1 ranges, 4 pages moved for them, minimum 4\n"));
}
END_TEST

START_TEST(where_low_ram_ends)
{
    gigabyte_bar();
    ck_assert(boot());
    ck_assert_uint_eq(memmap_low_ram_end(), GB(2));

    /* 16 MiB above reserved memory are no place for OVMF. */
    gigabyte_bar();
    has_rdm(2 * GIB_GFN - 16 * MIB_GFN - 4, 4, 0);
    ck_assert(boot());
    ck_assert_uint_eq(memmap_low_ram_end(), GB(2) - MB(16) - 0x4000);
    ck_assert_uint_eq(hvm_info->low_mem_pgend, 2 * GIB_GFN);
}
END_TEST

/* Pages for firmware's tables come from the top of RAM, and are said once more. */
START_TEST(pages_taken)
{
    gigabyte_bar();
    sim.populate = false;
    taken = 3;
    ck_assert(boot());
    assert_sound();
    ck_assert_uint_eq(sim_generation(), 2);
    ck_assert(sim.committed);
    ck_assert_uint_eq(sim.wire, 13);
    ck_assert_uint_eq(said_of(0xfc001)->flags, MEMMAP_EF_FIRMWARE);
    ck_assert_uint_eq(said_of(0xfc001)->pages, 3);
    ck_assert_uint_eq(hvm_info->high_mem_pgend,
                      FOUR_GIB + HOLE - 2 * GIB_GFN - 3);
    ck_assert(memmap_layout_equal(&sim.view, sim_now()));
    ck_assert_uint_eq(memory_map.nr_map, 2);
    ck_assert_uint_eq(memory_map.map[1].size,
                      (HOLE - 2 * GIB_GFN - 3) << PAGE_SHIFT);

    /* Xen had pages of its own for that: nothing changed, nothing is said. */
    gigabyte_bar();
    taken = 3;
    ck_assert(boot());
    ck_assert_uint_eq(sim_generation(), 1);
}
END_TEST

/* A page over reserved memory that could not be freed leaves that behind. */
START_TEST(page_taken_over_reserved_memory)
{
    for ( unsigned int agreed = 0; agreed < 2; agreed++ )
    {
        guest(HOLE, 0);
        sim.dm.features = agreed ? MEMMAP_FEAT_RDM : 0;
        sim_tell("hvmloader/memory-map/relocate", "0");
        sim_tell("hvmloader/memory-map/rdm/0", "efffe-effff=0:3.0");
        sim.populate = false;
        taken = 3;
        ck_assert(boot());
        assert_sound();
        ck_assert(sim.committed);
        ck_assert_uint_eq(said_of(HOLE - 1)->type, MEMMAP_TYPE_RDM);
        ck_assert_uint_eq(said_of(HOLE - 1)->pages, 2);
        ck_assert_uint_eq(said_of(HOLE - 1)->aux, 0x18);
        ck_assert_uint_eq(said_of(HOLE - 1)->flags, MEMMAP_EF_UNMAPPED);
        ck_assert_uint_eq(memmap_range_end(said_of(0x100)), HOLE - 3);
        ck_assert_uint_eq(hvm_info->low_mem_pgend, HOLE - 3);
    }
}
END_TEST

/* The last word is refused: said, sealed, and the guest boots. */
START_TEST(last_word_refused)
{
    gigabyte_bar();
    sim.populate = false;
    sim_tell("hvmloader/memory-map/relocate", "0");
    taken = 1;
    sim.fault.apply = 2;
    ck_assert(boot());
    assert_sound();
    ck_assert(!sim.committed);
    ck_assert(sim_heard("memmap: device model refused the final layout: "));
}
END_TEST

/* A device model that is gone at the end was not sealed, and that is said. */
START_TEST(gone_at_the_seal)
{
    gigabyte_bar();
    sim.fault.vanish_after = 9;
    ck_assert(boot());
    ck_assert(sim_heard("memmap: device model refused to be sealed: "));
    ck_assert(sim_heard("; the guest can talk to it\n"));
    ck_assert(!sim_heard("memmap: sealed"));
}
END_TEST

/* The toolstack declares @nr pages, every other one from @gfn on. */
static void declares(unsigned int nr, unsigned int gfn)
{
    for ( unsigned int i = 0; i < nr; i++ )
    {
        char path[48];

        snprintf(path, sizeof(path), "hvmloader/memory-map/rdm/%u", i);
        sim_tell(path, "%x=0:3.0", gfn + 2 * i);
    }
}

/* What a toolstack reads is what was sent, all of it, each key as full as can be. */
static void assert_shown(void)
{
    unsigned int lines = 0;

    for ( unsigned int i = 0; i < SIM_SHOWN; i++ )
    {
        for ( const char *c = sim.shown[i]; *c; c++ )
            lines += *c == '\n';
        if ( i && sim.shown[i][0] )
            ck_assert_uint_gt(strlen(sim.shown[i - 1]) +
                              strcspn(sim.shown[i], "\n") + 1, SIM_VALUE - 1);
    }
    ck_assert_uint_eq(lines, sim_now()->nr);
    ck_assert(!sim_heard("not shown"));
}

START_TEST(shown_in_xenstore)
{
    /* How many pages from where on are declared, and the bytes of two keys then. */
    static const struct { unsigned int nr, gfn, bytes[2]; } cases[] = {
        { 5, 0x80000, { 381, 0 } }, { 20, 0x80000, { 950, 391 } },
        { 15, 0xffd0, { 960, 0 } }, { 16, 0xffd0, { 954, 66 } },
    };

    for ( unsigned int i = 0; i < MEMMAP_ARRAY_SIZE(cases); i++ )
    {
        guest(HOLE, 0);
        declares(cases[i].nr, cases[i].gfn);
        ck_assert(boot());
        assert_sound();
        ck_assert_str_eq(sim.shown_generation, "1");
        assert_shown();
        ck_assert_uint_eq(strlen(sim.shown[0]), cases[i].bytes[0]);
        ck_assert_uint_eq(strlen(sim.shown[1]), cases[i].bytes[1]);
        if ( cases[i].gfn == 0x80000 )
            ck_assert(!strncmp(sim.shown[0],
                               "0 a0 0 ram 0 0\nc0 7ff40 c0 ram 0 0\n"
                               "80000 1 - rdm 0 18\n80001 1 80001 ram 0 0\n", 68));
        ck_assert(strstr(sim.shown[0], " mmio 0 0\n") ||
                  strstr(sim.shown[1], " mmio 0 0\n"));
    }

    /* Of a longer layout that was refused nothing is left. */
    gigabyte_bar();
    declares(18, 0x60000);
    sim.fault.apply = 1;
    ck_assert(boot());
    assert_sound();
    ck_assert_uint_eq(sim.commits_refused, 1);
    ck_assert_str_eq(sim.shown[1], "");
    assert_shown();

    guest(HOLE, 0);
    sim.fault.xenstore = true;
    ck_assert(boot());
    ck_assert(sim.committed);
    ck_assert(sim_heard("memmap: layout not shown in xenstore (error -1)\n"));
}
END_TEST

Suite *hvm_suite(void)
{
    Suite *s = suite_create("hvmloader");
    TCase *plan = tcase_create("RAM and BARs");
    TCase *talk = tcase_create("conversation");
    TCase *rest = tcase_create("the rest of hvmloader");

    tcase_add_test(plan, ram_makes_way);
    tcase_add_test(plan, nothing_moves);
    tcase_add_test(plan, hole_ends_at_two_gigabytes);
    tcase_add_test(plan, large_bars_are_high);
    tcase_add_test(plan, high_window);
    tcase_add_test(plan, windows_of_few_mtrrs);
    tcase_add_test(plan, policy);
    tcase_add_test(plan, hypertransport);
    tcase_add_test(plan, hole_by_hand);
    tcase_add_test(plan, limit_of_the_record);
    tcase_add_test(plan, no_address_for_a_bar);
    tcase_add_test(plan, no_address_for_ram);
    tcase_add_test(plan, no_gfn_for_ram);
    tcase_add_test(plan, no_room_for_reserved_memory);
    tcase_add_test(plan, no_room_at_all);
    tcase_add_test(plan, moved_back_in_pieces);
    tcase_add_test(plan, owned);
    tcase_add_test(plan, owned_over_ram);
    tcase_add_test(plan, no_look_no_move);
    tcase_add_test(plan, ram_stays);
    suite_add_tcase(s, plan);

    tcase_add_test(talk, reserved_memory_is_agreed_on);
    tcase_add_test(talk, unmapped_without_the_feature);
    tcase_add_test(talk, cannot_be_mapped);
    tcase_add_test(talk, what_is_asked_again);
    tcase_add_test(talk, prepare_refused);
    tcase_add_test(talk, which_entry);
    tcase_add_test(talk, commit_refused);
    tcase_add_test(talk, every_commit_refused);
    tcase_add_test(talk, query_refused);
    tcase_add_test(talk, no_device_model);
    tcase_add_test(talk, switched_off);
    tcase_add_test(talk, xen_refuses);
    tcase_add_test(talk, pages_are_lost);
    tcase_add_test(talk, last_word_refused);
    tcase_add_test(talk, gone_at_the_seal);
    suite_add_tcase(s, talk);

    tcase_add_test(rest, map_is_written_at_once);
    tcase_add_test(rest, what_is_ram);
    tcase_add_test(rest, where_low_ram_ends);
    tcase_add_test(rest, pages_taken);
    tcase_add_test(rest, page_taken_over_reserved_memory);
    tcase_add_test(rest, shown_in_xenstore);
    suite_add_tcase(s, rest);
    return s;
}
