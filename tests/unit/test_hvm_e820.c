/* SPDX-License-Identifier: MIT */
/*
 * Between hvmloader's memory map and the layout (hvmloader/hvm-e820.h).
 *
 * What the map does not say the guest's kernel does not know, and what it says too
 * much the kernel uses: RAM that is none, or reserved memory of a device.  SeaBIOS
 * has room for 26 entries of ours and drops the rest without a word.
 */
#include "suites.h"

#include "hvm-e820.h"
#include "sim.h"

#define GIB_GFN    ((uint64_t)0x40000)
#define FOUR_GIB   (4 * GIB_GFN)
#define OURS       ((uint64_t)(RESERVED_MEMBASE >> PAGE_SHIFT))
#define SEABIOS    26u

static struct memmap_range range[MEMMAP_MAX_ENTRIES];
static struct memmap_layout l;

static void setup(void)
{
    sim_init();
    sim_new();
    memmap_layout_init(&l, range, MEMMAP_MAX_ENTRIES);
}

static void entry(uint64_t addr, uint64_t size, uint32_t type)
{
    memory_map.map[memory_map.nr_map++] = (struct e820entry){
        .addr = addr, .size = size, .type = type };
}

static void is(uint64_t gfn, uint64_t end, unsigned int type, unsigned int flags)
{
    struct memmap_range r = {
        .gfn = gfn, .pages = end - gfn, .type = type, .flags = flags,
        .source = type == MEMMAP_TYPE_RAM ? gfn : MEMMAP_NO_SOURCE,
    };

    REQUIRE(memmap_layout_set(&l, &r));
}

/* The only thing that is said of [gfn, end), whole. */
static const struct memmap_range *at(uint64_t gfn, uint64_t end)
{
    const struct memmap_range *r = &l.range[memmap_layout_seek(&l, gfn)];

    ck_assert_uint_lt(r - l.range, l.nr);
    ck_assert_uint_eq(r->gfn, gfn);
    ck_assert_uint_eq(memmap_range_end(r), end);
    return r;
}

static void assert_entry(unsigned int i, uint64_t gfn, uint64_t end,
                         uint32_t type)
{
    ck_assert_uint_lt(i, memory_map.nr_map);
    ck_assert_uint_eq(memory_map.map[i].addr, gfn << PAGE_SHIFT);
    ck_assert_uint_eq(memory_map.map[i].size, (end - gfn) << PAGE_SHIFT);
    ck_assert_uint_eq(memory_map.map[i].type, type);
}

/* RAM of a page, reserved memory of a page, and so on: @nr entries from @gfn on. */
static void alternate(uint64_t gfn, unsigned int nr)
{
    for ( unsigned int i = 0; i < nr; i++ )
        is(gfn + i, gfn + i + 1, i & 1 ? MEMMAP_TYPE_RDM : MEMMAP_TYPE_RAM, 0);
}

/* The first MiB is what every PC has, whatever the map says of it. */
START_TEST(reads_ram)
{
    entry(0, 0x200000, E820_RAM);
    entry(0x300000, 0x100000, 3);           /* ACPI tables: nobody's business */
    entry(GIB_GFN << PAGE_SHIFT, 0x5800, E820_RAM);
    memmap_e820_read(&l);
    ck_assert_uint_eq(l.nr, 3);
    ck_assert_uint_eq(at(0, 0xa0)->type, MEMMAP_TYPE_RAM);
    ck_assert_uint_eq(at(0xc0, 0x200)->source, 0xc0);
    /* Half a page of RAM is none, at either end. */
    ck_assert_uint_eq(at(GIB_GFN, GIB_GFN + 5)->source, GIB_GFN);
    entry((GIB_GFN << PAGE_SHIFT) + 0x8800, 0x2000, E820_RAM);
    memmap_e820_read(&l);
    ck_assert_uint_eq(at(GIB_GFN + 9, GIB_GFN + 10)->source, GIB_GFN + 9);
}
END_TEST

/* Half a page of reserved memory is one, at either end. */
START_TEST(reads_reserved_memory)
{
    entry(0x200000, 0x100000, E820_RAM);
    entry(0x2ff800, 0x1000, E820_RESERVED);
    entry(0x400000, 0x1001, E820_RESERVED);
    entry(0x500000, 0x1000, E820_RESERVED);
    memmap_e820_read(&l);
    ck_assert_uint_eq(at(0x200, 0x2ff)->type, MEMMAP_TYPE_RAM);
    ck_assert_uint_eq(at(0x2ff, 0x301)->type, MEMMAP_TYPE_RDM);
    ck_assert_uint_eq(at(0x2ff, 0x301)->source, MEMMAP_NO_SOURCE);
    ck_assert_uint_eq(at(0x400, 0x402)->type, MEMMAP_TYPE_RDM);
    ck_assert_uint_eq(at(0x500, 0x501)->type, MEMMAP_TYPE_RDM);
}
END_TEST

START_TEST(writes_what_is_said)
{
    is(0, 0xa0, MEMMAP_TYPE_RAM, 0);
    is(0xc0, 0x300, MEMMAP_TYPE_RAM, 0);
    is(0x300, 0x310, MEMMAP_TYPE_RDM, 0);
    is(0x310, 0x400, MEMMAP_TYPE_RAM, 0);
    is(0x400, 0x410, MEMMAP_TYPE_RAM, MEMMAP_EF_FIRMWARE);
    is(0x410, 0x420, MEMMAP_TYPE_RAM, MEMMAP_EF_UNFREED);
    is(0x500, 0x600, MEMMAP_TYPE_MMIO, 0);
    memmap_e820_fit(&l);
    memmap_e820_write(&l);
    ck_assert_uint_eq(memory_map.nr_map, 5);
    assert_entry(0, 0x100, 0x300, E820_RAM);
    assert_entry(1, 0x300, 0x310, E820_RESERVED);
    assert_entry(2, 0x310, 0x400, E820_RAM);
    assert_entry(3, 0x400, 0x410, E820_RESERVED);
    assert_entry(4, 0x410, 0x420, E820_RAM);
    ck_assert_str_eq(sim.said, "");
}
END_TEST

/* Ranges that differ in what the E820 does not say are one entry. */
START_TEST(writes_neighbours_as_one)
{
    is(0x100, 0x300, MEMMAP_TYPE_RAM, 0);
    is(0x300, 0x310, MEMMAP_TYPE_RAM, MEMMAP_EF_UNFREED);
    is(0x310, 0x320, MEMMAP_TYPE_RDM, 0);
    is(0x320, 0x330, MEMMAP_TYPE_RDM, MEMMAP_EF_UNMAPPED);
    is(0x340, 0x350, MEMMAP_TYPE_RAM, 0);
    memmap_e820_fit(&l);
    memmap_e820_write(&l);
    ck_assert_uint_eq(memory_map.nr_map, 3);
    assert_entry(0, 0x100, 0x310, E820_RAM);
    assert_entry(1, 0x310, 0x330, E820_RESERVED);
    assert_entry(2, 0x340, 0x350, E820_RAM);
}
END_TEST

/* build_e820_table() reserves all from 0xfc000000 to 4 GiB once more. */
START_TEST(leaves_out_what_hvmloader_reserves)
{
    is(OURS - 0x10, OURS + 0x10, MEMMAP_TYPE_RDM, 0);
    is(OURS + 0x20, OURS + 0x21, MEMMAP_TYPE_RDM, 0);
    is(OURS + 0x30, FOUR_GIB + 0x10, MEMMAP_TYPE_RDM, 0);
    is(FOUR_GIB + 0x10, FOUR_GIB + 0x100, MEMMAP_TYPE_RAM, 0);
    memmap_e820_fit(&l);
    memmap_e820_write(&l);
    ck_assert_uint_eq(memory_map.nr_map, 3);
    assert_entry(0, OURS - 0x10, OURS, E820_RESERVED);
    assert_entry(1, FOUR_GIB, FOUR_GIB + 0x10, E820_RESERVED);
    assert_entry(2, FOUR_GIB + 0x10, FOUR_GIB + 0x100, E820_RAM);

    setup();
    is(OURS - 0x10, FOUR_GIB, MEMMAP_TYPE_RDM, 0);
    is(FOUR_GIB, FOUR_GIB + 0x100, MEMMAP_TYPE_RAM, 0);
    memmap_e820_fit(&l);
    memmap_e820_write(&l);
    ck_assert_uint_eq(memory_map.nr_map, 2);
    assert_entry(0, OURS - 0x10, OURS, E820_RESERVED);

    /* One that goes on above keeps what is above. */
    setup();
    is(OURS - 0x10, FOUR_GIB + 0x10, MEMMAP_TYPE_RDM, 0);
    memmap_e820_fit(&l);
    memmap_e820_write(&l);
    ck_assert_uint_eq(memory_map.nr_map, 1);
    assert_entry(0, OURS - 0x10, FOUR_GIB + 0x10, E820_RESERVED);
}
END_TEST

/* The map has 128 entries, and nothing is written behind it. */
START_TEST(a_full_map)
{
    static const struct e820entry nothing;

    sim_tell("hvmloader/bios", "ovmf");
    for ( unsigned int over = 0; over < 3; over++ )
    {
        memmap_layout_init(&l, range, MEMMAP_MAX_ENTRIES);
        memset(&memory_map, 0, sizeof(memory_map));
        alternate(0x200, E820MAX + over);
        memmap_e820_fit(&l);
        memmap_e820_write(&l);
        ck_assert_uint_eq(memory_map.nr_map, E820MAX);
        for ( unsigned int i = 0; i < E820MAX; i++ )
            assert_entry(i, 0x200 + i, 0x201 + i,
                         i & 1 ? E820_RESERVED : E820_RAM);
        for ( unsigned int i = E820MAX; i < NELEM(memory_map.map); i++ )
            ck_assert_mem_eq(&memory_map.map[i], &nothing, sizeof(nothing));
        ck_assert_int_eq(sim_heard("memory map is full"), over > 0);
    }
    ck_assert(sim_heard("the last 2 ranges are left out"));
}
END_TEST

/* Beyond 26 entries reserved memory is a gap, for SeaBIOS; OVMF takes any number. */
START_TEST(reserved_memory_as_a_gap)
{
    for ( unsigned int ovmf = 0; ovmf < 2; ovmf++ )
        for ( unsigned int nr = SEABIOS; nr <= SEABIOS + 1; nr++ )
        {
            const bool gap = !ovmf && nr > SEABIOS;

            setup();
            if ( ovmf )
                sim_tell("hvmloader/bios", "ovmf");
            alternate(0x200, nr);
            memmap_e820_fit(&l);
            memmap_e820_write(&l);
            ck_assert_uint_eq(memory_map.nr_map, gap ? (nr + 1) / 2 : nr);
            for ( unsigned int i = 0; i < memory_map.nr_map; i++ )
                ck_assert_uint_eq(memory_map.map[i].type,
                                  !gap && (i & 1) ? E820_RESERVED : E820_RAM);
            ck_assert_int_eq(sim_heard("reserved memory is a gap"), gap);
            ck_assert_int_eq(sim_heard("kept from the guest"), false);
        }
}
END_TEST

/* And if that is not enough, the smallest pieces of RAM between go. */
START_TEST(the_least_ram_is_kept)
{
    uint64_t gfn = 0x1000, large = 0;
    unsigned int nr = SEABIOS + 2;

    /* Pieces of 5, 6, 7... pages, but for two of 2 and 3, and of 1 at either end. */
    for ( unsigned int i = 0; i < nr; i++ )
    {
        uint64_t pages = i == 0 || i == nr - 1 ? 1 : i == 9 ? 2 : i == 4 ? 3
                                                              : 5 + i;

        is(gfn, gfn + pages, MEMMAP_TYPE_RAM, 0);
        gfn += pages;
        if ( i < nr - 1 )
            is(gfn, gfn + 1, MEMMAP_TYPE_RDM, 0);
        gfn++;
        large += pages;
    }
    memmap_e820_fit(&l);
    memmap_e820_write(&l);
    ck_assert_uint_eq(memory_map.nr_map, SEABIOS);
    ck_assert(sim_heard("5 pages between reserved memory are kept"));
    for ( unsigned int i = 0; i < l.nr; i++ )
    {
        ck_assert_uint_eq(!!(l.range[i].flags & MEMMAP_EF_FIRMWARE),
                          l.range[i].pages == 2 || l.range[i].pages == 3);
        if ( !(l.range[i].flags & MEMMAP_EF_FIRMWARE) &&
             l.range[i].type == MEMMAP_TYPE_RAM )
            large -= l.range[i].pages;
    }
    ck_assert_uint_eq(large, 5);
}
END_TEST

/* The first piece and the last are pieces like others. */
START_TEST(the_least_is_anywhere)
{
    const unsigned int nr = SEABIOS + 2;

    for ( unsigned int i = 0; i < nr; i++ )
    {
        const uint64_t gfn = 0x1000 + 0x10 * i;
        const uint64_t ram = i == 0 || i == nr - 1 ? gfn + 8 : gfn + 2;

        is(gfn, ram, MEMMAP_TYPE_RDM, 0);
        is(ram, gfn + 0x10, MEMMAP_TYPE_RAM, 0);
    }
    is(0x1000 + 0x10 * nr, 0x1001 + 0x10 * nr, MEMMAP_TYPE_RDM, 0);
    memmap_e820_fit(&l);
    for ( unsigned int i = 0; i < l.nr; i++ )
        ck_assert_int_eq(l.range[i].flags == MEMMAP_EF_FIRMWARE,
                         i == 1 || i == l.nr - 2);
}
END_TEST

/* RAM that does not lie between reserved memory is nobody's to take. */
START_TEST(no_other_ram_is_kept)
{
    unsigned int kept = 0;

    /* Gaps, which are not reserved, before, behind or on both sides. */
    for ( unsigned int i = 0; i < 3 * SEABIOS; i++ )
    {
        const uint64_t gfn = 0x1000 + 0x10 * i;

        if ( i % 3 == 1 )
            is(gfn - 1, gfn, MEMMAP_TYPE_RDM, 0);
        is(gfn, gfn + 1, MEMMAP_TYPE_RAM, 0);
        if ( i % 3 == 2 )
            is(gfn + 1, gfn + 2, MEMMAP_TYPE_RDM, 0);
    }
    memmap_e820_fit(&l);
    for ( unsigned int i = 0; i < l.nr; i++ )
        kept += l.range[i].flags & MEMMAP_EF_FIRMWARE;
    ck_assert_uint_eq(kept, 0);
    memmap_e820_write(&l);
    ck_assert_uint_eq(memory_map.nr_map, 3 * SEABIOS);

    /* Next to BARs, or to a gap, on one side. */
    for ( unsigned int way = 0; way < 4; way++ )
    {
        setup();
        for ( unsigned int i = 0; i < SEABIOS + 4; i++ )
        {
            const uint64_t gfn = 0x1000 + 8 * i;
            const unsigned int before = way & 1 ? 2 : 0, behind = 2 - before;

            is(gfn, gfn + 2, MEMMAP_TYPE_RDM, 0);
            is(gfn + 2 + before, gfn + 8 - behind, MEMMAP_TYPE_RAM, 0);
            if ( way & 2 )
                is(way & 1 ? gfn + 2 : gfn + 6, way & 1 ? gfn + 4 : gfn + 8,
                   MEMMAP_TYPE_MMIO, 0);
        }
        is(0x1000 + 8 * (SEABIOS + 4), 0x1001 + 8 * (SEABIOS + 4),
           MEMMAP_TYPE_RDM, 0);
        memmap_e820_fit(&l);
        for ( unsigned int i = 0; i < l.nr; i++ )
            ck_assert_uint_eq(l.range[i].flags, 0);
    }
}
END_TEST

/* What firmware took already counts as reserved on either side. */
START_TEST(next_to_what_is_kept_already)
{
    uint64_t gfn = 0x1000;

    is(gfn, gfn + 8, MEMMAP_TYPE_RAM, 0);
    for ( unsigned int i = 0; i < SEABIOS; i++ )
    {
        gfn += 8;
        is(gfn, gfn + 1, MEMMAP_TYPE_RAM, MEMMAP_EF_FIRMWARE);
        is(gfn + 1, gfn + 8, MEMMAP_TYPE_RAM, 0);
    }
    memmap_e820_fit(&l);
    memmap_e820_write(&l);
    ck_assert_uint_eq(memory_map.nr_map, SEABIOS);
    ck_assert(sim_heard("7 pages between reserved memory are kept"));
}
END_TEST

/* CMOS says where low RAM ends, and OVMF lives right below that. */
START_TEST(where_low_ram_ends)
{
    const uint64_t large = MB(128) >> PAGE_SHIFT;

    ck_assert_uint_eq(memmap_e820_low_end(&l), 0);

    /* Large pieces: the highest, not the largest. */
    is(0x100, 0x40000, MEMMAP_TYPE_RAM, 0);
    ck_assert_uint_eq(memmap_e820_low_end(&l), 0x40000000);
    is(0x50000, 0x50000 + large, MEMMAP_TYPE_RAM, 0);
    ck_assert_uint_eq(memmap_e820_low_end(&l), (0x50000 + large) << PAGE_SHIFT);
    /* One that is small does not count, nor what is no RAM of the guest's. */
    is(0x60000, 0x60000 + large - 1, MEMMAP_TYPE_RAM, 0);
    is(0x70000, 0x70000 + large, MEMMAP_TYPE_RAM, MEMMAP_EF_FIRMWARE);
    is(0x80000, 0x80000 + large, MEMMAP_TYPE_RDM, 0);
    is(FOUR_GIB, FOUR_GIB + GIB_GFN, MEMMAP_TYPE_RAM, 0);
    ck_assert_uint_eq(memmap_e820_low_end(&l), (0x50000 + large) << PAGE_SHIFT);

    /* If all are small: the largest; of two alike the higher. */
    setup();
    is(0x1000, 0x1200, MEMMAP_TYPE_RAM, 0);
    is(0x2000, 0x2300, MEMMAP_TYPE_RAM, 0);
    is(0x3000, 0x3200, MEMMAP_TYPE_RAM, 0);
    ck_assert_uint_eq(memmap_e820_low_end(&l), 0x2300000);
    is(0x4000, 0x4300, MEMMAP_TYPE_RAM, 0);
    ck_assert_uint_eq(memmap_e820_low_end(&l), 0x4300000);
}
END_TEST

Suite *hvm_e820_suite(void)
{
    Suite *s = suite_create("hvmloader's memory map");
    TCase *tc = tcase_create("e820");

    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, reads_ram);
    tcase_add_test(tc, reads_reserved_memory);
    tcase_add_test(tc, writes_what_is_said);
    tcase_add_test(tc, writes_neighbours_as_one);
    tcase_add_test(tc, leaves_out_what_hvmloader_reserves);
    tcase_add_test(tc, a_full_map);
    tcase_add_test(tc, reserved_memory_as_a_gap);
    tcase_add_test(tc, the_least_ram_is_kept);
    tcase_add_test(tc, the_least_is_anywhere);
    tcase_add_test(tc, no_other_ram_is_kept);
    tcase_add_test(tc, next_to_what_is_kept_already);
    tcase_add_test(tc, where_low_ram_ends);
    suite_add_tcase(s, tc);
    return s;
}
