/* SPDX-License-Identifier: MIT */
/*
 * The planner (plan.h).
 *
 * It is a pure function and promises: every BAR that has an address has a
 * naturally aligned one, over no RAM, no other BAR and nothing reserved; RAM
 * that is in the way goes to free gfns above 4 GiB and none is lost; as few
 * pages move as the BARs allow, none if firmware's own hole will do; without
 * may_move none at all.
 *
 * What could go wrong: a hole one page too small (a BAR over RAM), or
 * needlessly large (a slow boot); a destination that is the device model's;
 * BARs placed elsewhere than hvmloader always put them although nothing forced
 * them to.
 */
#include "suites.h"

#include <string.h>

#include "plan.h"

#define MB(x) ((uint64_t)(x) << 20)
#define GB(x) ((uint64_t)(x) << 30)
#define GFN(addr) ((addr) >> 12)

#define HOLE_START 0xf0000000ull
#define HOLE_END   0xfc000000ull

static struct memmap_range now_range[MEMMAP_MAX_ENTRIES];
static struct memmap_range after_range[MEMMAP_MAX_ENTRIES];
static struct memmap_move moves[64];
static struct memmap_range rdm_range[MEMMAP_MAX_ENTRIES];
static struct memmap_range pin_range[MEMMAP_MAX_ENTRIES];
static struct memmap_layout now, rdm, pinned;
static struct memmap_plan plan;
static struct memmap_plan_in in;

static void say(uint64_t start, uint64_t end, unsigned int type)
{
    const struct memmap_range r = {
        .gfn = GFN(start), .pages = GFN(end) - GFN(start), .type = type,
        .source = type == MEMMAP_TYPE_RAM ? GFN(start) : MEMMAP_NO_SOURCE,
    };

    if ( end > start )
        REQUIRE(memmap_layout_set(&now, &r));
}

static void want(uint64_t start, uint64_t end, uint32_t aux)
{
    const struct memmap_range r = {
        .gfn = GFN(start), .pages = GFN(end) - GFN(start), .aux = aux,
        .type = MEMMAP_TYPE_RDM, .source = MEMMAP_NO_SOURCE,
    };

    REQUIRE(memmap_layout_set(&rdm, &r));
    in.rdm = &rdm;
}

static void pin(uint64_t start, uint64_t end, uint32_t aux)
{
    const struct memmap_range r = {
        .gfn = GFN(start), .pages = GFN(end) - GFN(start), .aux = aux,
        .type = MEMMAP_TYPE_RAM, .source = MEMMAP_NO_SOURCE,
    };

    REQUIRE(memmap_layout_set(&pinned, &r));
    in.pinned = &pinned;
}

/* A guest as libxl builds it: RAM up to @low, and from 4 GiB to @high. */
static void guest(uint64_t low, uint64_t high)
{
    memmap_layout_init(&now, now_range, MEMMAP_MAX_ENTRIES);
    memmap_layout_init(&rdm, rdm_range, MEMMAP_MAX_ENTRIES);
    memmap_layout_init(&pinned, pin_range, MEMMAP_MAX_ENTRIES);
    memmap_layout_init(&plan.after, after_range, MEMMAP_MAX_ENTRIES);
    plan.move = moves;
    plan.max_moves = NELEM(moves);
    say(0, 0xa0000, MEMMAP_TYPE_RAM);
    say(0xc0000, low, MEMMAP_TYPE_RAM);
    say(GB(4), high, MEMMAP_TYPE_RAM);
    in = (struct memmap_plan_in){
        .now = &now, .hole_start = HOLE_START, .hole_min = GB(2),
        .hole_end = HOLE_END, .high_base = GB(4), .high_thresh = GB(1),
        .addr_limit = 1ull << 40, .gfn_limit = 1ull << 28, .max_mtrrs = 6,
        .may_move = true,
    };
}

/* What must hold for any plan that memmap_plan() calls one. */
static void assert_sound(const struct memmap_bar *bar, unsigned int nr)
{
    struct memmap_range storage[MEMMAP_MAX_ENTRIES];
    struct memmap_layout l;
    uint64_t moved = 0;
    unsigned int unplaced = 0;

    memmap_layout_init(&l, storage, MEMMAP_MAX_ENTRIES);
    REQUIRE(memmap_layout_copy(&l, &now));
    for ( unsigned int i = 0; i < plan.nr_moves; i++ )
    {
        const struct memmap_move *m = &plan.move[i];

        REQUIRE(in.may_move);
        REQUIRE(m->from >= GFN(plan.hole_start));
        REQUIRE(m->from + m->pages <= GFN(GB(4)));
        REQUIRE(m->to >= GFN(GB(4)) && m->to + m->pages <= in.gfn_limit);
        for ( unsigned int t = MEMMAP_TYPE_RAM; t <= MEMMAP_TYPE_OWNED; t++ )
            REQUIRE(!memmap_layout_overlaps(&l, t, m->to, m->pages));
        REQUIRE(memmap_layout_move(&l, m->from, m->to, m->pages));
        moved += m->pages;
    }
    REQUIRE(moved == plan.moved_pages);
    for ( unsigned int i = 0; i < l.nr; i++ )
        if ( l.range[i].type == MEMMAP_TYPE_RAM ||
             l.range[i].type == MEMMAP_TYPE_RDM )
            REQUIRE(memmap_layout_covers(&plan.after, l.range[i].type,
                                         l.range[i].gfn, l.range[i].pages));
    REQUIRE(memmap_layout_pages(&plan.after, MEMMAP_TYPE_RAM) ==
            memmap_layout_pages(&now, MEMMAP_TYPE_RAM));
    REQUIRE(memmap_layout_pages(&plan.after, MEMMAP_TYPE_RDM) ==
            memmap_layout_pages(&now, MEMMAP_TYPE_RDM));

    for ( unsigned int i = 0; i < nr; i++ )
    {
        const struct memmap_bar *b = &bar[i];
        const uint64_t pages = GFN(b->addr + b->size - 1) - GFN(b->addr) + 1;

        if ( !b->size )
            continue;
        if ( b->addr == MEMMAP_BAR_UNPLACED )
        {
            unplaced++;
            continue;
        }
        REQUIRE(!(b->addr & (b->size - 1)));
        REQUIRE(!b->high || b->is_64bit);
        if ( b->high )
            REQUIRE(b->addr >= plan.high_start && b->addr >= GB(4) &&
                    b->addr + b->size <= plan.high_end);
        else
            REQUIRE(b->addr >= plan.hole_start &&
                    b->addr + b->size <= in.hole_end);
        REQUIRE(memmap_layout_covers(&plan.after, MEMMAP_TYPE_MMIO,
                                     GFN(b->addr), pages));
        REQUIRE(!memmap_layout_overlaps(&now, MEMMAP_TYPE_OWNED, GFN(b->addr),
                                        pages));
        for ( unsigned int j = 0; j < i; j++ )
            REQUIRE(!bar[j].size || bar[j].addr == MEMMAP_BAR_UNPLACED ||
                    b->addr >= bar[j].addr + bar[j].size ||
                    bar[j].addr >= b->addr + b->size);
    }
    REQUIRE(unplaced == plan.unplaced);
    REQUIRE(plan.high_end <= in.addr_limit);

    /* Nothing is said of what the device model owns, MMIO least of all. */
    for ( unsigned int i = 0; i < now.nr; i++ )
        if ( now.range[i].type == MEMMAP_TYPE_OWNED )
            for ( unsigned int t = MEMMAP_TYPE_RAM; t <= MEMMAP_TYPE_OWNED;
                  t++ )
                REQUIRE(!memmap_layout_overlaps(&plan.after, t,
                                                now.range[i].gfn,
                                                now.range[i].pages));
}

static const struct {
    const char *name;
    uint64_t low, high;
    struct { uint64_t size; bool is_64bit; } bar[4];
    bool stay;
    uint64_t hole, moved;
    unsigned int unplaced, nr_high;
} cases[] = {
    { "no BARs", GB(3), 0, { { 0 } }, false, HOLE_START, 0, 0, 0 },
    { "small BARs in the hole there is", HOLE_START, GB(5),
      { { MB(64), false }, { MB(16), false }, { 4096, false } }, false,
      HOLE_START, 0, 0, 0 },
    { "256 MiB, and the hole can grow over nothing", GB(3), 0,
      { { MB(256), false } }, false, 0xe0000000, 0, 0, 0 },
    { "1 GiB, 3 GiB of RAM below 4 GiB", 0xbf000000, 0,
      { { GB(1), true } }, false, 0x80000000, 0x3f000, 0, 0 },
    { "1 GiB joins RAM above 4 GiB", HOLE_START, GB(5) + MB(256),
      { { GB(1), true } }, false, 0x80000000, 0x70000, 0, 0 },
    { "512 MiB", HOLE_START, 0, { { MB(512), false } }, false, 0xc0000000,
      0x30000, 0, 0 },
    { "256 MiB and its small neighbours", HOLE_START, 0,
      { { MB(256), false }, { MB(16), false }, { 4096, false } }, false,
      0xe0000000, 0x10000, 0, 0 },
    { "no page more than needed", HOLE_START, 0,
      { { MB(128), false }, { MB(64), false }, { MB(16), false } }, false,
      0xef000000, 0x1000, 0, 0 },
    { "larger than the threshold goes high", HOLE_START, 0,
      { { GB(2), true }, { MB(16), false } }, false, HOLE_START, 0, 0, 1 },
    { "too much for below 4 GiB: the largest that can goes high", HOLE_START,
      0, { { GB(1), false }, { GB(1), true } }, false, 0x80000000,
      0x70000, 0, 1 },
    { "32-bit and too large: it goes without", HOLE_START, 0,
      { { GB(4), false }, { MB(16), false } }, false, HOLE_START, 0, 1, 0 },
    { "may not move: high if it can", HOLE_START, 0, { { GB(1), true } },
      true, HOLE_START, 0, 0, 1 },
    { "may not move: without if it cannot", HOLE_START, 0,
      { { GB(1), false }, { MB(16), false } }, true, HOLE_START, 0, 1, 0 },
    { "may not move, but there is room above RAM", 0x70000000, 0,
      { { GB(1), false } }, true, 0x80000000, 0, 0, 0 },
    { "what fits nowhere drives nobody away", HOLE_START, GB(8) + MB(256),
      { { GB(2), false }, { 0x4000, true } }, false, HOLE_START, 0, 1, 0 },
    { "nor where no RAM may move", HOLE_START, 0,
      { { MB(256), false }, { 0x10000, true }, { 0x4000, true } }, true,
      HOLE_START, 0, 1, 0 },
    { "nor the second of two that fit alone", HOLE_START, 0,
      { { GB(1), false }, { GB(1), false }, { 0x4000, true } }, false,
      0x80000000, 0x70000, 1, 0 },
    { "who must be low comes first, largest first", HOLE_START, 0,
      { { GB(1), false }, { MB(512), true }, { MB(512), true },
        { MB(256), false } }, false, 0x80000000, 0x70000, 0, 1 },
};

START_TEST(table_of_plans)
{
    struct memmap_bar bar[4] = { { 0 } };
    unsigned int nr_high = 0;

    guest(cases[_i].low, cases[_i].high);
    in.may_move = !cases[_i].stay;
    for ( unsigned int i = 0; i < NELEM(bar); i++ )
    {
        bar[i].size = cases[_i].bar[i].size;
        bar[i].is_64bit = cases[_i].bar[i].is_64bit;
    }
    ck_assert(memmap_plan(&in, bar, NELEM(bar), &plan));
    assert_sound(bar, NELEM(bar));
    for ( unsigned int i = 0; i < NELEM(bar); i++ )
        nr_high += bar[i].size && bar[i].high &&
                   bar[i].addr != MEMMAP_BAR_UNPLACED;
    ck_assert_msg(plan.hole_start == cases[_i].hole &&
                  plan.moved_pages == cases[_i].moved &&
                  plan.unplaced == cases[_i].unplaced &&
                  nr_high == cases[_i].nr_high,
                  "\"%s\": hole at %#llx, %#llx pages moved, %u unplaced, %u high",
                  cases[_i].name,
                  (unsigned long long)plan.hole_start,
                  (unsigned long long)plan.moved_pages, plan.unplaced,
                  nr_high);
}
END_TEST

/* hvmloader's own places, from the bottom up in the order of size. */
START_TEST(places_as_ever)
{
    struct memmap_bar bar[] = {
        { .size = MB(32) }, { .size = MB(16) }, { .size = 0 },
        { .size = 0x10000 }, { .size = 4096 }, { .size = 256 },
    };

    guest(GB(3), 0);
    ck_assert(memmap_plan(&in, bar, NELEM(bar), &plan));
    assert_sound(bar, NELEM(bar));
    ck_assert_uint_eq(bar[0].addr, HOLE_START);
    ck_assert_uint_eq(bar[1].addr, HOLE_START + MB(32));
    ck_assert_uint_eq(bar[2].addr, MEMMAP_BAR_UNPLACED);
    ck_assert_uint_eq(bar[3].addr, HOLE_START + MB(48));
    ck_assert_uint_eq(bar[4].addr, HOLE_START + MB(48) + 0x10000);
    ck_assert_uint_eq(bar[5].addr, HOLE_START + MB(48) + 0x11000);
    ck_assert_uint_eq(plan.unplaced, 0);
}
END_TEST

/* Reserved memory in the hole, and the device model's blocks above RAM. */
START_TEST(around_what_is_reserved)
{
    struct memmap_bar bar[] = { { .size = MB(512) }, { .size = GB(2),
                                                       .is_64bit = true } };

    guest(HOLE_START, GB(4) + MB(64));
    say(0xc8000000, 0xc8004000, MEMMAP_TYPE_RDM);
    say(GB(4) + MB(64), GB(4) + MB(80), MEMMAP_TYPE_OWNED);
    say(GB(4) + MB(96), GB(4) + MB(97), MEMMAP_TYPE_OWNED);
    say(GB(6) + MB(96), GB(6) + MB(97), MEMMAP_TYPE_OWNED);
    ck_assert(memmap_plan(&in, bar, NELEM(bar), &plan));
    assert_sound(bar, NELEM(bar));
    ck_assert_uint_eq(bar[0].addr, 0xa0000000);
    ck_assert_uint_eq(plan.hole_start, 0xa0000000);
    /* The first 16 MiB between the two blocks, the rest behind the second. */
    ck_assert_uint_eq(plan.nr_moves, 3);
    ck_assert_uint_eq(plan.move[0].to, GFN(GB(4) + MB(80)));
    ck_assert_uint_eq(plan.move[0].pages, GFN(MB(16)));
    ck_assert_uint_eq(plan.move[1].to, GFN(GB(4) + MB(98)));
    ck_assert_uint_eq(plan.moved_pages, GFN(HOLE_START - 0xa0000000) - 4);
    ck_assert_uint_eq(bar[1].addr, GB(8));
}
END_TEST

/* BARs on both sides of a block: what lies between them is not MMIO. */
START_TEST(owned_between_high_bars)
{
    struct memmap_bar bar[] = { { .size = GB(2), .is_64bit = true },
                                { .size = GB(2), .is_64bit = true } };

    guest(GB(1), 0);
    say(GB(6), GB(6) + MB(1), MEMMAP_TYPE_OWNED);
    ck_assert(memmap_plan(&in, bar, NELEM(bar), &plan));
    assert_sound(bar, NELEM(bar));
    ck_assert_uint_eq(bar[0].addr, GB(4));
    ck_assert_uint_eq(bar[1].addr, GB(8));
}
END_TEST

/*
 * RAM ends at an odd MiB: what moves lies as it did, and no page more moves.
 */
START_TEST(extents_stay_aligned)
{
    struct memmap_bar bar = { .size = GB(1) };

    guest(GB(3) - 4096, GB(5) + MB(1));
    ck_assert(memmap_plan(&in, &bar, 1, &plan));
    assert_sound(&bar, 1);
    ck_assert_uint_eq(plan.nr_moves, 1);
    ck_assert_uint_eq(plan.move[0].from, GFN(GB(2)));
    ck_assert_uint_eq(plan.move[0].to, GFN(GB(5) + MB(2)));
    ck_assert_uint_eq(plan.moved_pages, 0x3ffff);

    /* A head of nothing and of 1 MiB, before a tail and before none. */
    guest(HOLE_START, GB(5) + MB(1) / 2);
    want(MB(100), MB(105), 0);
    bar.size = 4096;
    ck_assert(memmap_plan(&in, &bar, 1, &plan));
    ck_assert_uint_eq(plan.move[0].to, GFN(GB(5) + MB(2)));
    guest(HOLE_START, GB(5) + MB(1) / 2);
    want(MB(101), MB(104), 0);
    ck_assert(memmap_plan(&in, &bar, 1, &plan));
    ck_assert_uint_eq(plan.move[0].to, GFN(GB(5) + MB(1)));

    /* Where there is no extent as a whole nothing is gained by a gap. */
    guest(HOLE_START, GB(5) + MB(1));
    want(MB(100) + 4096, MB(103), 0);
    want(MB(110), MB(112) - 4096, 0);
    ck_assert(memmap_plan(&in, &bar, 1, &plan));
    ck_assert_uint_eq(plan.nr_moves, 2);
    ck_assert_uint_eq(plan.move[0].to, GFN(GB(5) + MB(1)));
    ck_assert_uint_eq(plan.move[1].to, GFN(GB(5) + MB(4) - 4096));
}
END_TEST

/* So does a whole GiB, within 1 GiB; what is short of one within 2 MiB. */
START_TEST(gigabytes_stay_aligned)
{
    static const struct { uint64_t start, end, to; } c[] = {
        { MB(1023), MB(2049), GB(5) + MB(1023) },
        { MB(1023), GB(2), GB(5) + MB(1023) },
        { MB(1023), GB(2) - 4096, GB(5) + MB(1) },
        { GB(1), GB(2), GB(6) },
        { GB(1) + 4096, GB(2) + MB(1023), GB(5) + MB(2) + 4096 },
        { GB(1) + 4096, GB(3) + MB(1), GB(6) + 4096 },
    };
    struct memmap_bar bar = { .size = 4096 };

    for ( unsigned int i = 0; i < NELEM(c); i++ )
    {
        guest(HOLE_START, GB(5) + MB(1) / 2);
        want(c[i].start, c[i].end, 0);
        REQUIRE(memmap_plan(&in, &bar, 1, &plan));
        REQUIRE(plan.nr_moves == 1);
        REQUIRE(plan.move[0].to == GFN(c[i].to));
        REQUIRE(plan.moved_pages == GFN(c[i].end - c[i].start));
    }
}
END_TEST

/* A gap is never what there is no room for, and smaller where that will do. */
START_TEST(gaps_that_do_not_fit)
{
    struct memmap_bar bar[] = { { .size = GB(1) },
                                { .size = GB(2), .is_64bit = true } };

    guest(HOLE_START, GB(5) + MB(1));
    in.gfn_limit = GFN(GB(5) + MB(1)) + 0x70000;
    ck_assert(memmap_plan(&in, bar, 1, &plan));
    assert_sound(bar, 1);
    ck_assert_uint_eq(plan.move[0].to, GFN(GB(5) + MB(1)));
    ck_assert_uint_eq(plan.moved_pages, 0x70000);
    in.gfn_limit += GFN(MB(1));
    ck_assert(memmap_plan(&in, bar, 1, &plan));
    ck_assert_uint_eq(plan.move[0].to, GFN(GB(5) + MB(2)));
    in.gfn_limit = GFN(GB(6)) + 0x6ffff;
    ck_assert(memmap_plan(&in, bar, 1, &plan));
    ck_assert_uint_eq(plan.move[0].to, GFN(GB(5) + MB(2)));
    in.gfn_limit++;
    ck_assert(memmap_plan(&in, bar, 1, &plan));
    assert_sound(bar, 1);
    ck_assert_uint_eq(plan.move[0].to, GFN(GB(6)));
    ck_assert_uint_eq(plan.moved_pages, 0x70000);

    /* The 2 GiB BAR has a place at 6 GiB, or none. */
    guest(0xe0100000, GB(4) + MB(511));
    in.addr_limit = GB(8);
    ck_assert(memmap_plan(&in, bar, NELEM(bar), &plan));
    assert_sound(bar, NELEM(bar));
    ck_assert_uint_eq(bar[1].addr, GB(6));
    ck_assert_uint_eq(plan.move[0].to, GFN(GB(4) + MB(511)));
    in.addr_limit = GB(16);
    ck_assert(memmap_plan(&in, bar, NELEM(bar), &plan));
    ck_assert_uint_eq(bar[1].addr, GB(8));
    ck_assert_uint_eq(plan.move[0].to, GFN(GB(5)));

    guest(0xe0000000, GB(4) + MB(511));
    in.addr_limit = GB(8);
    ck_assert(memmap_plan(&in, bar, NELEM(bar), &plan));
    assert_sound(bar, NELEM(bar));
    ck_assert_uint_eq(bar[1].addr, GB(6));
    ck_assert_uint_eq(plan.move[0].to, GFN(GB(4) + MB(512)));
}
END_TEST

START_TEST(no_room_is_no_plan)
{
    struct memmap_bar bar = { .size = GB(1) };

    /* The device model cannot map what would move. */
    guest(HOLE_START, 0);
    in.gfn_limit = GFN(GB(4)) + 0x6ffff;
    ck_assert(!memmap_plan(&in, &bar, 1, &plan));
    in.gfn_limit++;
    ck_assert(memmap_plan(&in, &bar, 1, &plan));
    assert_sound(&bar, 1);

    /* Too few ranges in the caller's storage. */
    guest(HOLE_START, 0);
    plan.after.max = 3;
    ck_assert(!memmap_plan(&in, &bar, 1, &plan));

    /* More pieces than a plan has moves. */
    guest(GB(2) + MB(512), 0);
    for ( unsigned int i = 0; i <= NELEM(moves); i++ )
        say(GB(4) + MB(4 * i), GB(4) + MB(4 * i + 2), MEMMAP_TYPE_OWNED);
    ck_assert(!memmap_plan(&in, &bar, 1, &plan));
    ck_assert_int_eq(plan.full, MEMMAP_FULL_MOVES);
    /* Without moving there is always one. */
    in.may_move = false;
    memmap_layout_init(&plan.after, after_range, MEMMAP_MAX_ENTRIES);
    ck_assert(memmap_plan(&in, &bar, 1, &plan));
    assert_sound(&bar, 1);
    ck_assert_uint_eq(plan.unplaced, 1);
}
END_TEST

START_TEST(high_bar_beyond_the_cpu)
{
    struct memmap_bar bar[] = { { .size = GB(32), .is_64bit = true },
                                { .size = GB(2), .is_64bit = true } };

    guest(GB(3), 0);
    in.addr_limit = GB(64);
    ck_assert(memmap_plan(&in, bar, NELEM(bar), &plan));
    assert_sound(bar, NELEM(bar));
    ck_assert_uint_eq(bar[0].addr, GB(32));
    in.addr_limit = GB(32);
    guest(GB(3), 0);
    in.addr_limit = GB(32);
    ck_assert(memmap_plan(&in, bar, NELEM(bar), &plan));
    assert_sound(bar, NELEM(bar));
    ck_assert_uint_eq(bar[0].addr, MEMMAP_BAR_UNPLACED);
    ck_assert_uint_eq(bar[1].addr, GB(4));
}
END_TEST

/* As much as there is room for, in whatever order, when there is little. */
START_TEST(high_bars_fill_the_room)
{
    struct memmap_bar bar[] = { { .size = GB(32), .is_64bit = true },
                                { .size = GB(16), .is_64bit = true },
                                { .size = GB(8), .is_64bit = true },
                                { .size = GB(8), .is_64bit = true } };

    guest(GB(3), GB(6));
    in.addr_limit = GB(64);
    ck_assert(memmap_plan(&in, bar, NELEM(bar), &plan));
    assert_sound(bar, NELEM(bar));
    ck_assert_uint_eq(bar[0].addr, GB(32));
    ck_assert_uint_eq(bar[1].addr, GB(16));
    ck_assert_uint_eq(bar[2].addr, GB(8));
    ck_assert_uint_eq(bar[3].addr, MEMMAP_BAR_UNPLACED);
    ck_assert_uint_eq(plan.unplaced, 1);
}
END_TEST

/*
 * 36 bits: 64 GiB cannot be, and for that nobody pays: not the other, not RAM.
 */
START_TEST(hopeless_bar_costs_nothing)
{
    struct memmap_bar bar[] = { { .size = GB(64), .is_64bit = true },
                                { .size = GB(1), .is_64bit = true } };

    guest(HOLE_START, GB(5) + MB(1));
    in.addr_limit = GB(64);
    in.gfn_limit = GFN(GB(64));
    ck_assert(memmap_plan(&in, bar, NELEM(bar), &plan));
    assert_sound(bar, NELEM(bar));
    ck_assert_uint_eq(bar[0].addr, MEMMAP_BAR_UNPLACED);
    ck_assert(!bar[0].high);
    ck_assert_uint_eq(bar[1].addr, GB(2));
    ck_assert_uint_eq(plan.moved_pages, 0x70000);
    ck_assert_uint_eq(plan.move[0].to, GFN(GB(6)));

    /* So it is if two have a place each, and not both. */
    bar[0].size = bar[1].size = GB(32);
    guest(HOLE_START, GB(5) + MB(1));
    want(GB(1), GB(2), 0);
    in.addr_limit = GB(64);
    ck_assert(memmap_plan(&in, bar, NELEM(bar), &plan));
    ck_assert_uint_eq(plan.unplaced, 1);
    ck_assert_uint_eq(bar[0].addr, GB(32));
    ck_assert_uint_eq(plan.move[0].to, GFN(GB(6)));
}
END_TEST

/* Seven BARs on each of 256 functions: in time, and each has its place. */
START_TEST(as_many_as_a_bus_has)
{
    static struct memmap_bar bar[MEMMAP_MAX_BARS];

    for ( unsigned int round = 0; round < 3; round++ )
    {
        guest(HOLE_START, GB(5));
        for ( unsigned int i = 0; i < NELEM(bar); i++ )
            bar[i] = (struct memmap_bar){
                .size = round == 0 ? MB(1) : 1u << (31 - i / 64),
                .is_64bit = round != 2 || i % 2 };
        ck_assert(memmap_plan(&in, bar, NELEM(bar), &plan));
        for ( unsigned int i = 1; i < NELEM(bar); i++ )
            REQUIRE(bar[i].addr != bar[i - 1].addr);
        ck_assert(round == 2 || !plan.unplaced);
        ck_assert_uint_le(plan.mtrrs, 6);
    }
}
END_TEST

/*
 * 64-bit BARs may be high: then no RAM moves for them, and what has to be low
 * is.
 */
START_TEST(rather_high_than_move)
{
    struct memmap_bar bar[] = { { .size = GB(1), .is_64bit = true },
                                { .size = MB(128), .is_64bit = true },
                                { .size = MB(16) } };

    guest(HOLE_START, GB(8) + MB(256));
    in.prefer_high = true;
    ck_assert(memmap_plan(&in, bar, NELEM(bar), &plan));
    assert_sound(bar, NELEM(bar));
    ck_assert_uint_eq(plan.moved_pages, 0);
    ck_assert_uint_eq(bar[0].addr, GB(9));
    /* There is room for this one as it is. */
    ck_assert_uint_eq(bar[1].addr, HOLE_START);
    ck_assert_uint_eq(plan.unplaced, 0);

    /* A 32-bit BAR that must have it makes room, which others then use. */
    bar[2].size = MB(16);
    bar[1] = (struct memmap_bar){ .size = MB(128) };
    bar[0] = (struct memmap_bar){ .size = MB(256) };
    guest(HOLE_START, 0);
    in.prefer_high = true;
    ck_assert(memmap_plan(&in, bar, NELEM(bar), &plan));
    ck_assert_uint_eq(plan.moved_pages, GFN(HOLE_START - 0xe0000000));
    bar[1].is_64bit = true;
    ck_assert(memmap_plan(&in, bar, NELEM(bar), &plan));
    assert_sound(bar, NELEM(bar));
    ck_assert_uint_eq(plan.moved_pages, GFN(HOLE_START - 0xe0000000));
    ck_assert(!bar[1].high);

    /* Free addresses below the hole are nobody's RAM. */
    bar[0] = (struct memmap_bar){ .size = MB(512), .is_64bit = true };
    bar[1] = (struct memmap_bar){ .size = MB(256), .is_64bit = true };
    guest(GB(2) + MB(512), GB(5));
    in.hole_start = 0xe8000000;
    in.prefer_high = true;
    ck_assert(memmap_plan(&in, bar, NELEM(bar), &plan));
    ck_assert_uint_eq(plan.moved_pages, 0);
    ck_assert(!bar[0].high && !bar[1].high);

    /* Nowhere above: as if it had 32 bits. */
    guest(HOLE_START, GB(5));
    in.prefer_high = true;
    in.addr_limit = GB(5);
    ck_assert(memmap_plan(&in, bar, NELEM(bar), &plan));
    assert_sound(bar, NELEM(bar));
    ck_assert(!bar[0].high && !bar[1].high);
    ck_assert_uint_eq(plan.unplaced, 0);
}
END_TEST

/* A 16 MiB BAR behind reserved memory: hvmloader goes on behind, not back. */
START_TEST(places_as_ever_around_reserved_memory)
{
    struct memmap_bar bar[] = { { .size = MB(32) }, { .size = MB(16) } };

    guest(HOLE_START, 0);
    say(0xf1000000, 0xf1001000, MEMMAP_TYPE_RDM);
    ck_assert(memmap_plan(&in, bar, NELEM(bar), &plan));
    assert_sound(bar, NELEM(bar));
    ck_assert_uint_eq(bar[0].addr, 0xf2000000);
    ck_assert_uint_eq(bar[1].addr, 0xf4000000);

    /* If that is not enough, back into the gap rather than move RAM. */
    bar[0].size = MB(64);
    bar[1].size = MB(64);
    guest(HOLE_START, 0);
    say(0xf8000000, 0xf8001000, MEMMAP_TYPE_RDM);
    ck_assert(memmap_plan(&in, bar, NELEM(bar), &plan));
    ck_assert_uint_eq(plan.moved_pages, 0);
    ck_assert_uint_eq(plan.unplaced, 0);
}
END_TEST

/* A user's mmio_hole is not doubled. */
START_TEST(fixed_hole)
{
    struct memmap_bar bar = { .size = MB(256), .is_64bit = true };

    guest(GB(2), 0);
    in.hole_fixed = true;
    in.may_move = false;
    ck_assert(memmap_plan(&in, &bar, 1, &plan));
    ck_assert_uint_eq(plan.hole_start, HOLE_START);
    ck_assert(bar.high);
    in.hole_start = GB(3);
    memmap_layout_init(&plan.after, after_range, MEMMAP_MAX_ENTRIES);
    ck_assert(memmap_plan(&in, &bar, 1, &plan));
    ck_assert_uint_eq(plan.hole_start, GB(3));
    ck_assert_uint_eq(bar.addr, GB(3));
}
END_TEST

/* Nor is it grown: what does not fit beside it goes high, or without. */
START_TEST(fixed_hole_is_not_grown)
{
    struct memmap_bar bar[] = { { .size = MB(512), .is_64bit = true },
                                { .size = MB(256), .is_64bit = true },
                                { .size = MB(16) } };

    for ( unsigned int round = 0; round < 2; round++ )
    {
        guest(GB(3) + MB(512), GB(5));
        in.hole_fixed = true;
        in.hole_start = GB(3) + MB(512);
        bar[0].is_64bit = !round;
        ck_assert(memmap_plan(&in, bar, NELEM(bar), &plan));
        assert_sound(bar, NELEM(bar));
        ck_assert_uint_eq(plan.hole_start, GB(3) + MB(512));
        ck_assert_uint_eq(plan.moved_pages, 0);
        ck_assert_uint_eq(plan.unplaced, round);
        ck_assert(bar[0].high == !round && !bar[1].high && !bar[2].high);
    }
}
END_TEST

/* A layout that is odd already stays so, if nothing may move. */
START_TEST(ram_in_the_hole_stays)
{
    guest(GB(3), 0);
    in.hole_fixed = true;
    in.hole_start = GB(2);
    in.may_move = false;
    ck_assert(memmap_plan(&in, NULL, 0, &plan));
    ck_assert_uint_eq(plan.nr_moves, 0);
    assert_sound(NULL, 0);
    memmap_layout_init(&plan.after, after_range, MEMMAP_MAX_ENTRIES);
    in.may_move = true;
    ck_assert(memmap_plan(&in, NULL, 0, &plan));
    ck_assert_uint_eq(plan.moved_pages, GFN(GB(1)));
    assert_sound(NULL, 0);
}
END_TEST

/* Variable MTRRs for [base, end): the largest power of two first. */
static unsigned int mtrrs(uint64_t base, uint64_t end)
{
    unsigned int nr = 0;

    for ( uint64_t size; base < end; base += size, nr++ )
        for ( size = 1ull << 45; (base & (size - 1)) || base + size > end; )
            size >>= 1;
    return nr;
}

START_TEST(few_enough_mtrrs)
{
    struct memmap_bar bar[] = { { .size = MB(128) }, { .size = MB(64) },
                                { .size = MB(16) }, { .size = MB(4) },
                                { .size = MB(1) }, { .size = 0x10000 },
                                { .size = 4096 } };
    uint64_t least, want;

    guest(HOLE_START, 0);
    in.max_mtrrs = 0;
    ck_assert(memmap_plan(&in, bar, NELEM(bar), &plan));
    assert_sound(bar, NELEM(bar));
    least = plan.hole_start;
    ck_assert_uint_gt(mtrrs(least, HOLE_END), 6);
    /* Five is what a hole of 2 GiB takes up to its odd end. */
    for ( unsigned int max = 6; max >= 5; max-- )
    {
        in.max_mtrrs = max;
        memmap_layout_init(&plan.after, after_range, MEMMAP_MAX_ENTRIES);
        ck_assert(memmap_plan(&in, bar, NELEM(bar), &plan));
        assert_sound(bar, NELEM(bar));
        /* The highest start that will do. */
        for ( want = least; mtrrs(want, HOLE_END) > max; want -= 4096 )
            ;
        ck_assert_uint_eq(plan.hole_start, want);
    }
}
END_TEST

static uint64_t seed;

static uint64_t rnd(uint64_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (seed >> 11) % below;
}

/* Both windows share what the CPU has. */
START_TEST(mtrrs_of_both_windows)
{
    struct memmap_bar bar[] = { { .size = GB(32), .is_64bit = true },
                                { .size = GB(4), .is_64bit = true },
                                { .size = GB(1) } };

    guest(GB(2), 0);
    in.max_mtrrs = 8;
    ck_assert(memmap_plan(&in, bar, NELEM(bar), &plan));
    assert_sound(bar, NELEM(bar));
    ck_assert_uint_eq(plan.mtrrs, mtrrs(plan.hole_start, HOLE_END) +
                      mtrrs(plan.high_start, plan.window_end));
    ck_assert_uint_le(plan.mtrrs, 8);

    /* One for the upper window, wherever that is possible then. */
    guest(HOLE_START, GB(5) + MB(256));
    bar[0] = (struct memmap_bar){ .size = GB(2), .is_64bit = true };
    in.max_mtrrs = 3;
    in.hole_fixed = true;
    bar[1] = (struct memmap_bar){ .size = MB(512), .is_64bit = true };
    bar[2] = (struct memmap_bar){ .size = MB(128), .is_64bit = true };
    ck_assert(memmap_plan(&in, bar, NELEM(bar), &plan));
    assert_sound(bar, NELEM(bar));
    ck_assert_uint_eq(mtrrs(plan.hole_start, HOLE_END), 2);
    ck_assert_uint_eq(plan.mtrrs, 3);
    ck_assert_uint_eq(plan.high_start, GB(8));

    /* And the hole leaves one for it, at the price of some pages. */
    guest(HOLE_START, 0);
    bar[1] = (struct memmap_bar){ .size = MB(128) };
    bar[2] = (struct memmap_bar){ .size = MB(80) };
    bar[2].size = MB(64);
    in.max_mtrrs = 4;
    ck_assert(memmap_plan(&in, bar, NELEM(bar), &plan));
    assert_sound(bar, NELEM(bar));
    ck_assert_uint_le(plan.mtrrs, 4);
}
END_TEST

/* Largest first; how many too many MTRRs there are in one of a thousand. */
START_TEST(mtrrs_of_any_bars)
{
    unsigned int too_many = 0, high = 0;

    seed = 0x9e3779b97f4a7c15ull;
    for ( unsigned int n = 0; n < 20000; n++ )
    {
        struct memmap_bar bar[8] = { { 0 } };
        unsigned int nr = 1 + rnd(NELEM(bar)), order = 36;

        guest(rnd(2) ? HOLE_START : GB(2),
              rnd(2) ? 0 : GB(4) + MB(rnd(8192) & ~0xfull));
        in.max_mtrrs = 8;
        for ( unsigned int i = 0; i < nr; i++ )
        {
            order -= rnd(order > 22 ? 7 : order > 14 ? 3 : 1);
            bar[i].size = 1ull << order;
            bar[i].is_64bit = order > 28 || rnd(2);
        }
        REQUIRE(memmap_plan(&in, bar, nr, &plan));
        REQUIRE(!plan.unplaced);
        too_many += plan.mtrrs > 8;
        high += plan.high_end != 0;
    }
    ck_assert_uint_gt(high, 10000);
    ck_assert_uint_eq(too_many, 0);
}
END_TEST

/*
 * As few pages as the BARs allow: try every way to place them.  In units of
 * 4 MiB; BARs of 4 to 32 units, reserved ranges of one.
 */
#define UNIT     MB(4)
#define FLOOR    0xe0000000ull
#define MAX_BARS 4

static uint64_t best;

static void every_way(const struct memmap_bar *bar, unsigned int nr,
                      unsigned int i, uint64_t *addr, uint64_t lowest)
{
    if ( lowest <= best )
        return;
    if ( i == nr )
    {
        best = lowest;
        return;
    }
    for ( uint64_t a = FLOOR; a + bar[i].size <= HOLE_END; a += bar[i].size )
    {
        bool clash = memmap_layout_overlaps(&now, MEMMAP_TYPE_RDM, GFN(a),
                                            GFN(bar[i].size));

        for ( unsigned int j = 0; j < i; j++ )
            clash |= a < addr[j] + bar[j].size && addr[j] < a + bar[i].size;
        if ( clash )
            continue;
        addr[i] = a;
        every_way(bar, nr, i + 1, addr, a < lowest ? a : lowest);
    }
}

START_TEST(no_hole_could_be_smaller)
{
    unsigned int grown = 0, without = 0;

    seed = 0x2545f4914f6cdd1dull;
    for ( unsigned int n = 0; n < 400; n++ )
    {
        struct memmap_bar bar[MAX_BARS] = { { 0 } };
        uint64_t addr[MAX_BARS];
        unsigned int nr = 1 + rnd(MAX_BARS), order = 5, i;

        guest(HOLE_START, 0);
        in.max_mtrrs = 0;
        in.hole_min = FLOOR;
        for ( i = 0; i < nr; i++ )
        {
            order -= rnd(order > 3 ? 3 : order - 1);
            bar[i].size = UNIT << order;
        }
        for ( i = rnd(4); i; i-- )
        {
            uint64_t a = FLOOR + UNIT * rnd((HOLE_END - FLOOR) / UNIT);

            if ( a == HOLE_START - UNIT )   /* RAM is elsewhere: a hole */
                a -= UNIT;
            say(a, a + UNIT, MEMMAP_TYPE_RDM);
        }

        best = 0;
        every_way(bar, nr, 0, addr, HOLE_START);
        REQUIRE(memmap_plan(&in, bar, nr, &plan));
        assert_sound(bar, nr);
        REQUIRE(!plan.unplaced == !!best);
        if ( best && plan.hole_start != best )
            ck_abort_msg("round %u: hole at %#llx, %#llx would do", n,
                         (unsigned long long)plan.hole_start,
                         (unsigned long long)best);
        grown += best && best < HOLE_START;
        without += !best;
    }
    ck_assert_uint_gt(grown, 50);
    ck_assert_uint_gt(without, 5);
}
END_TEST

/* What the plan says of one gfn, in full. */
static void assert_range(uint64_t start, uint64_t end, unsigned int type,
                         unsigned int flags, uint32_t aux, uint64_t source)
{
    const unsigned int i = memmap_layout_seek(&plan.after, GFN(start));
    const struct memmap_range *r = &plan.after.range[i];

    ck_assert_uint_lt(i, plan.after.nr);
    ck_assert_uint_eq(r->gfn, GFN(start));
    ck_assert_uint_eq(memmap_range_end(r), GFN(end));
    ck_assert_uint_eq(r->type, type);
    ck_assert_uint_eq(r->flags, flags);
    ck_assert_uint_eq(r->aux, aux);
    ck_assert_uint_eq(r->source, source);
}

/* Four pages in the middle of low RAM, two in high RAM; nothing else moves. */
START_TEST(reserved_memory_in_ram)
{
    guest(GB(3), GB(5));
    want(0x7fff0000, 0x7fff4000, 0x20);
    want(0x7fff4000, 0x7fff5000, 0x28);
    want(GB(4) + MB(8), GB(4) + MB(8) + 0x2000, 0);
    want(GB(5) + 0x1000, GB(5) + 0x2000, 0x30);
    ck_assert(memmap_plan(&in, NULL, 0, &plan));
    ck_assert_uint_eq(plan.moved_pages, 7);
    ck_assert_uint_eq(plan.rdm_pages, 7);
    ck_assert_uint_eq(plan.rdm_minimum, 7);
    ck_assert_uint_eq(plan.rdm_kept, 0);
    /* Two of one device and the next one's go in one piece, to one page. */
    ck_assert_uint_eq(plan.nr_moves, 3);
    ck_assert_uint_eq(plan.move[0].from, 0x7fff0);
    ck_assert_uint_eq(plan.move[0].to, GFN(GB(5)));
    ck_assert_uint_eq(plan.move[0].pages, 1);
    ck_assert_uint_eq(plan.move[1].from, 0x7fff1);
    ck_assert_uint_eq(plan.move[1].to, GFN(GB(5)) + 2);
    ck_assert_uint_eq(plan.move[1].pages, 4);
    ck_assert_uint_eq(plan.move[2].to, GFN(GB(5)) + 6);
    assert_range(0xc0000, 0x7fff0000, MEMMAP_TYPE_RAM, 0, 0, 0xc0);
    assert_range(0x7fff0000, 0x7fff4000, MEMMAP_TYPE_RDM, 0, 0x20,
                 MEMMAP_NO_SOURCE);
    assert_range(0x7fff4000, 0x7fff5000, MEMMAP_TYPE_RDM, 0, 0x28,
                 MEMMAP_NO_SOURCE);
    assert_range(0x7fff5000, GB(3), MEMMAP_TYPE_RAM, 0, 0, 0x7fff5);
    assert_range(GB(5) + 0x2000, GB(5) + 0x6000, MEMMAP_TYPE_RAM, 0, 0,
                 0x7fff1);
}
END_TEST

/*
 * What firmware has made of RAM stays with it, moved or not, and in pieces
 * too.
 */
START_TEST(what_ram_is_said_to_be)
{
    struct memmap_range kept = {
        .gfn = GFN(GB(1)), .pages = GFN(MB(1)), .source = MEMMAP_NO_SOURCE,
        .type = MEMMAP_TYPE_RAM, .flags = MEMMAP_EF_FIRMWARE,
    };

    guest(GB(3), 0);
    REQUIRE(memmap_layout_set(&now, &kept));
    want(GB(1) + 0x4000, GB(1) + 0x6000, 0x20);
    ck_assert(memmap_plan(&in, NULL, 0, &plan));
    ck_assert_uint_eq(plan.moved_pages, 2);
    assert_range(GB(1), GB(1) + 0x4000, MEMMAP_TYPE_RAM, MEMMAP_EF_FIRMWARE, 0,
                 MEMMAP_NO_SOURCE);
    assert_range(GB(1) + 0x6000, GB(1) + MB(1), MEMMAP_TYPE_RAM,
                 MEMMAP_EF_FIRMWARE, 0, MEMMAP_NO_SOURCE);
    assert_range(GB(4), GB(4) + 0x2000, MEMMAP_TYPE_RAM, MEMMAP_EF_FIRMWARE, 0,
                 MEMMAP_NO_SOURCE);
}
END_TEST

static const struct {
    uint64_t start, end;
    bool stay;
    enum memmap_kept kept;
    unsigned int pin;
} keeps[] = {
    { 0x7fff0000, 0x7fff4000, false, MEMMAP_KEPT_NOT, 99 },
    { 0x7fff0000, 0x7fff4000, true, MEMMAP_KEPT_RAM, 99 },
    { 0xe0000000, 0xe0001000, true, MEMMAP_KEPT_NOT, 99 },
    { 0x001ff000, 0x00201000, false, MEMMAP_KEPT_PINNED, 1 },
    { 0x00400000, 0x00401000, false, MEMMAP_KEPT_NOT, 99 },
    { 0x003ff000, 0x00400000, false, MEMMAP_KEPT_PINNED, 1 },
    { 0x00000000, 0x00400000, false, MEMMAP_KEPT_PINNED, 0 },
    { 0xfbfff000, 0xfc000000, false, MEMMAP_KEPT_NOT, 99 },
    { 0xfbfff000, 0xfc001000, false, MEMMAP_KEPT_RESERVED, 99 },
    { 0xfffff000, GB(4), false, MEMMAP_KEPT_RESERVED, 99 },
    { GB(4), GB(4) + 0x1000, false, MEMMAP_KEPT_NOT, 99 },
    { GB(8) - 0x1000, GB(8) + 0x1000, false, MEMMAP_KEPT_OWNED, 99 },
};

START_TEST(what_is_kept_and_why)
{
    unsigned int pin_index = 99;

    guest(GB(3), 0);
    say(GB(8), GB(8) + 0x1000, MEMMAP_TYPE_OWNED);
    pin(0, 0x100000, 0);
    pin(0x200000, 0x400000, 1);
    in.may_move = !keeps[_i].stay;
    want(keeps[_i].start, keeps[_i].end, 0x20);
    ck_assert_int_eq(memmap_plan_kept(&in, &rdm.range[0], &pin_index),
                     keeps[_i].kept);
    ck_assert_uint_eq(pin_index, keeps[_i].pin);
    ck_assert(memmap_plan(&in, NULL, 0, &plan));
    ck_assert_uint_eq(plan.rdm_kept, keeps[_i].kept != MEMMAP_KEPT_NOT);
    if ( keeps[_i].kept != MEMMAP_KEPT_NOT )
        ck_assert_uint_eq(plan.moved_pages, 0);
}
END_TEST

/*
 * Half in RAM that is pinned, half beyond it: all of it is kept, and says so.
 */
START_TEST(kept_as_a_whole)
{
    guest(GB(3), 0);
    pin(GB(3) - 0x1000, GB(3), 0);
    want(GB(3) - 0x2000, GB(3) + 0x2000, 0x20);
    ck_assert(memmap_plan(&in, NULL, 0, &plan));
    ck_assert_uint_eq(plan.moved_pages, 0);
    assert_range(GB(3) - 0x2000, GB(3), MEMMAP_TYPE_RAM, MEMMAP_EF_UNFREED,
                 0x20, GFN(GB(3)) - 2);
    assert_range(GB(3), GB(3) + 0x2000, MEMMAP_TYPE_RDM, MEMMAP_EF_UNMAPPED,
                 0x20, MEMMAP_NO_SOURCE);
}
END_TEST

/* RAM that will leave anyway is not in the way of a larger hole. */
START_TEST(hole_over_what_leaves)
{
    struct memmap_bar bar[] = { { .size = MB(128) }, { .size = MB(64) },
                                { .size = MB(32) } };

    guest(0xe0000000, 0);
    say(0xefff0000, 0xefff4000, MEMMAP_TYPE_RAM);
    want(0xefff0000, 0xefff4000, 0x20);
    ck_assert(memmap_plan(&in, bar, NELEM(bar), &plan));
    ck_assert_uint_eq(plan.hole_start, 0xe0000000);
    ck_assert_uint_eq(bar[0].addr, 0xe0000000);
    ck_assert_uint_eq(plan.moved_pages, 4);
}
END_TEST

/*
 * As no toolstack builds them: RAM across 4 GiB, and RAM in the default hole.
 */
START_TEST(odd_ram)
{
    struct memmap_bar bar = { .size = MB(64) };

    guest(GB(5), 0);
    in.hole_start = GB(3);
    in.hole_fixed = true;
    ck_assert(memmap_plan(&in, NULL, 0, &plan));
    ck_assert_uint_eq(plan.moved_pages, GFN(GB(1)));
    ck_assert_uint_eq(plan.move[0].to, GFN(GB(5)));

    guest(0xf1000000, 0);
    in.may_move = false;
    ck_assert(memmap_plan(&in, &bar, 1, &plan));
    ck_assert_uint_eq(plan.moved_pages, 0);
    ck_assert_uint_eq(bar.addr, 0xf4000000);
    ck_assert(memmap_layout_covers(&plan.after, MEMMAP_TYPE_RAM,
                                   GFN(0xf0000000), GFN(MB(16))));
}
END_TEST

/* What is set aside for BARs need not be said; they have their places. */
START_TEST(no_word_of_mmio)
{
    struct memmap_bar bar[] = { { .size = GB(2), .is_64bit = true },
                                { .size = MB(16) } };

    guest(GB(3), 0);
    in.no_mmio = true;
    ck_assert(memmap_plan(&in, bar, NELEM(bar), &plan));
    ck_assert_uint_eq(plan.unplaced, 0);
    ck_assert_uint_eq(memmap_layout_pages(&plan.after, MEMMAP_TYPE_MMIO), 0);
    ck_assert_uint_eq(memmap_layout_pages(&plan.after, MEMMAP_TYPE_RAM),
                      memmap_layout_pages(&now, MEMMAP_TYPE_RAM));
}
END_TEST

/* What was no room for is said. */
START_TEST(full_of_what)
{
    guest(HOLE_START, 0);
    for ( unsigned int i = 0; i < 8; i++ )
        want(MB(16 + i), MB(16 + i) + 0x1000, 0);
    /*
     * Two below 1 MiB, nine of RAM, eight of reserved memory, hole, the moved.
     */
    plan.after.max = 2 + 8 + 8 + 1 + 8;
    ck_assert(memmap_plan(&in, NULL, 0, &plan));
    ck_assert_int_eq(plan.full, MEMMAP_FULL_NOTHING);
    ck_assert_uint_eq(plan.after.nr, plan.after.max);
    plan.after.max--;
    ck_assert(!memmap_plan(&in, NULL, 0, &plan));
    ck_assert_int_eq(plan.full, MEMMAP_FULL_ENTRIES);
    plan.after.max = 18;
    ck_assert(!memmap_plan(&in, NULL, 0, &plan));
    ck_assert_int_eq(plan.full, MEMMAP_FULL_ENTRIES);
    plan.after.max = MEMMAP_MAX_ENTRIES;
    plan.max_moves = 8;
    ck_assert(memmap_plan(&in, NULL, 0, &plan));
    plan.max_moves = 7;
    ck_assert(!memmap_plan(&in, NULL, 0, &plan));
    ck_assert_int_eq(plan.full, MEMMAP_FULL_MOVES);
    plan.max_moves = 8;
    in.gfn_limit = GFN(GB(4)) + 8;
    ck_assert(memmap_plan(&in, NULL, 0, &plan));
    in.gfn_limit--;
    ck_assert(!memmap_plan(&in, NULL, 0, &plan));
    ck_assert_int_eq(plan.full, MEMMAP_FULL_GFNS);
}
END_TEST

/* What ends where addresses do has nothing behind it, least of all 0. */
START_TEST(owned_to_the_end)
{
    for ( unsigned int less = 0; less <= 1; less++ )
    {
        const struct memmap_range owned = {
            .gfn = GFN(GB(5)), .pages = MEMMAP_GFN_END - less - GFN(GB(5)),
            .type = MEMMAP_TYPE_OWNED, .source = MEMMAP_NO_SOURCE };
        struct memmap_bar bar[] = { { .size = GB(2), .is_64bit = true } };

        guest(GB(3), 0);
        REQUIRE(memmap_layout_set(&now, &owned));
        in.may_move = true;
        REQUIRE(memmap_plan(&in, bar, NELEM(bar), &plan));
        ck_assert(bar[0].addr == MEMMAP_BAR_UNPLACED);
        ck_assert_uint_eq(plan.unplaced, 1);
    }
}
END_TEST

Suite *plan_suite(void)
{
    Suite *s = suite_create("plan");
    TCase *tc = tcase_create("by hand");

    tcase_add_loop_test(tc, table_of_plans, 0, NELEM(cases));
    tcase_add_test(tc, places_as_ever);
    tcase_add_test(tc, places_as_ever_around_reserved_memory);
    tcase_add_test(tc, around_what_is_reserved);
    tcase_add_test(tc, owned_between_high_bars);
    tcase_add_test(tc, extents_stay_aligned);
    tcase_add_test(tc, gigabytes_stay_aligned);
    tcase_add_test(tc, gaps_that_do_not_fit);
    tcase_add_test(tc, no_room_is_no_plan);
    tcase_add_test(tc, high_bar_beyond_the_cpu);
    tcase_add_test(tc, high_bars_fill_the_room);
    tcase_add_test(tc, hopeless_bar_costs_nothing);
    tcase_add_test(tc, as_many_as_a_bus_has);
    tcase_add_test(tc, rather_high_than_move);
    tcase_add_test(tc, fixed_hole);
    tcase_add_test(tc, fixed_hole_is_not_grown);
    tcase_add_test(tc, ram_in_the_hole_stays);
    tcase_add_test(tc, few_enough_mtrrs);
    tcase_add_test(tc, mtrrs_of_both_windows);
    tcase_add_test(tc, reserved_memory_in_ram);
    tcase_add_test(tc, what_ram_is_said_to_be);
    tcase_add_loop_test(tc, what_is_kept_and_why, 0, NELEM(keeps));
    tcase_add_test(tc, kept_as_a_whole);
    tcase_add_test(tc, hole_over_what_leaves);
    tcase_add_test(tc, odd_ram);
    tcase_add_test(tc, no_word_of_mmio);
    tcase_add_test(tc, full_of_what);
    suite_add_tcase(s, tc);

    tc = tcase_create("against every other way");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, no_hole_could_be_smaller);
    tcase_add_test(tc, mtrrs_of_any_bars);
    tcase_add_test(tc, owned_to_the_end);
    suite_add_tcase(s, tc);
    return s;
}
