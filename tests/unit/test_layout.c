/* SPDX-License-Identifier: MIT */
/*
 * The layout algebra (layout.h).
 *
 * A layout promises: sorted, disjoint, never an empty range, neighbours that say
 * the same are one range, and a call that returns false has changed nothing.
 * Split ranges keep the source of each page, or a page would be looked for where
 * it never was.
 *
 * The judge is a model with one array element for each page, too simple to be
 * wrong in the same way: first every short sequence of calls in a small world,
 * then long random ones in a larger world, with room that runs out on purpose.
 */
#include "suites.h"

#include <string.h>

#include "model.h"

static void assert_none(const char *wrong)
{
    if ( wrong )
        ck_abort_msg("%s", wrong);
}

/* Every sequence of three sets or clears in a world of five pages. */
START_TEST(every_short_sequence)
{
    struct memmap_range ops[64];
    unsigned int nr = 0;

    for ( uint64_t gfn = 0; gfn < 5; gfn++ )
        for ( uint64_t pages = 1; gfn + pages <= 5; pages++ )
        {
            ops[nr++] = (struct memmap_range){ gfn, pages, gfn,
                                               MEMMAP_TYPE_RAM, 0, 0 };
            ops[nr++] = (struct memmap_range){ gfn, pages, MEMMAP_NO_SOURCE,
                                               MEMMAP_TYPE_MMIO, 0, 0 };
            ops[nr++] = (struct memmap_range){ gfn, pages, 0, 0, 0, 0 };
        }

    for ( unsigned int a = 0; a < nr; a++ )
        for ( unsigned int b = 0; b < nr; b++ )
            for ( unsigned int c = 0; c < nr; c++ )
            {
                const unsigned int seq[] = { a, b, c };
                struct memmap_range storage[MODEL_ROOM];
                struct memmap_layout l;
                struct model m = { 0 };
                bool done;

                memmap_layout_init(&l, storage, MODEL_ROOM);
                for ( unsigned int i = 0; i < NELEM(seq); i++ )
                    assert_none(model_step(&l, &m, ops[seq[i]].type
                                           ? MODEL_SET : MODEL_CLEAR,
                                           &ops[seq[i]], 0, &done));
            }
}
END_TEST

static uint64_t seed;

static uint64_t rnd(uint64_t below)
{
    /* xorshift64: the same on every machine, so that a failure repeats. */
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (seed >> 11) % below;
}

/* Long random walks; the loop variable is the room there is. */
START_TEST(random_walk)
{
    unsigned int refused = 0, moved = 0;

    seed = 0x9e3779b97f4a7c15ull + _i;
    for ( unsigned int walk = 0; walk < 60; walk++ )
    {
        struct memmap_range storage[MODEL_ROOM];
        struct memmap_layout l;
        struct model m = { 0 };

        memset(storage, 0x5a, sizeof(storage));
        memmap_layout_init(&l, storage, _i);
        for ( unsigned int n = 0; n < 100; n++ )
        {
            uint64_t gfn = rnd(MODEL_PAGES), pages = rnd(MODEL_PAGES - gfn + 1);
            uint64_t to = rnd(MODEL_PAGES - pages + 1);
            unsigned int op = rnd(4);
            bool done;
            struct memmap_range r = { .gfn = gfn, .pages = pages };

            if ( op == 3 )      /* sets are what makes a table interesting */
                op = MODEL_SET;
            if ( rnd(2) && pages > 4 )
                r.pages = pages = rnd(4) + 1;
            if ( rnd(4) )
                r.type = MEMMAP_TYPE_RAM;
            else
                r.type = MEMMAP_TYPE_RDM + rnd(3);
            r.source = rnd(3) ? gfn : rnd(8) ? rnd(MODEL_PAGES) : MEMMAP_NO_SOURCE;
            if ( r.type == MEMMAP_TYPE_RAM && !rnd(6) )
                r.flags = MEMMAP_EF_FIRMWARE;
            if ( r.type == MEMMAP_TYPE_RDM )
                r.aux = rnd(2);

            assert_none(model_step(&l, &m, op, &r, to, &done));
            assert_none(model_ask(&l, &m, 1 + rnd(4), gfn, pages));
            refused += !done;
            moved += done && op == MODEL_MOVE;
        }
        /* Nothing beyond the room that was given. */
        for ( unsigned int i = _i; i < MODEL_ROOM; i++ )
            REQUIRE(storage[i].gfn == 0x5a5a5a5a5a5a5a5aull);
    }
    /* A walk that met no refusal, or no move, would have shown little. */
    ck_assert_uint_ne(refused, 0);
    ck_assert(_i < 6 || moved);
}
END_TEST

#define TOP (~0ull)

/* Calls that must be refused, on an empty table and on one with RAM at both ends. */
static const struct {
    const char *name;
    uint64_t gfn, pages;
    unsigned int type;
    bool ok;
} edges[] = {
    { "one page", 0, 1, MEMMAP_TYPE_RAM, true },
    { "no page", 5, 0, MEMMAP_TYPE_RAM, false },
    { "no type", 5, 1, 0, false },
    { "all but the last gfn", 0, TOP, MEMMAP_TYPE_RAM, true },
    { "ends at the last gfn", TOP - 3, 3, MEMMAP_TYPE_RAM, true },
    { "the last gfn itself wraps", TOP, 1, MEMMAP_TYPE_RAM, false },
    { "ends at 2^64", TOP - 3, 4, MEMMAP_TYPE_RAM, false },
    { "wraps", TOP - 3, 5, MEMMAP_TYPE_RAM, false },
    { "wraps far", TOP, TOP, MEMMAP_TYPE_RAM, false },
};

START_TEST(edges_of_set)
{
    struct memmap_range storage[4], kept[4];
    struct memmap_layout l, before = { kept, 0, NELEM(kept) };
    const struct memmap_range r = {
        .gfn = edges[_i].gfn, .pages = edges[_i].pages,
        .type = edges[_i].type, .source = MEMMAP_NO_SOURCE };

    memmap_layout_init(&l, storage, NELEM(storage));
    ck_assert_int_eq(memmap_layout_set(&l, &r), edges[_i].ok);
    ck_assert_uint_eq(l.nr, edges[_i].ok);
    if ( edges[_i].ok )
        ck_assert_uint_eq(memmap_layout_pages(&l, MEMMAP_TYPE_RAM), r.pages);

    memmap_layout_copy(&before, &l);
    if ( edges[_i].type )
    {
        ck_assert_int_eq(memmap_layout_clear(&l, r.gfn, r.pages),
                         edges[_i].ok);
        ck_assert_uint_eq(l.nr, 0);
    }
}
END_TEST

static const struct memmap_range two_halves[] = {
    { 0x10, 0x10, 0x10, MEMMAP_TYPE_RAM, 0, 0 },
    { 0x20, 0x10, 0x40, MEMMAP_TYPE_RAM, 0, 0 },
    { 0x40, 0x10, MEMMAP_NO_SOURCE, MEMMAP_TYPE_MMIO, 0, 0 },
};

static void halves(struct memmap_layout *l, struct memmap_range *storage,
                   unsigned int max)
{
    memmap_layout_init(l, storage, max);
    for ( unsigned int i = 0; i < NELEM(two_halves); i++ )
        ck_assert(memmap_layout_set(l, &two_halves[i]));
}

static const struct {
    const char *name;
    uint64_t from, to, pages;
    bool ok;
} moves[] = {
    { "into nowhere", 0x10, 0x100, 0x10, true },
    { "across two sources", 0x18, 0x100, 0x10, true },
    { "onto MMIO", 0x10, 0x40, 0x10, true },
    { "right beside itself", 0x10, 0x30, 0x20, true },
    { "down, right beside itself", 0x10, 0x00, 0x10, true },
    { "a page", 0x1f, 0x0, 1, true },
    { "nothing", 0x10, 0x100, 0, false },
    { "onto itself", 0x10, 0x10, 0x10, false },
    { "one page up", 0x10, 0x11, 0x10, false },
    { "one page down", 0x11, 0x10, 0x10, false },
    { "more than is RAM", 0x10, 0x100, 0x21, false },
    { "from a gap", 0x08, 0x100, 0x10, false },
    { "of MMIO", 0x40, 0x100, 0x10, false },
    { "of nothing there", 0x1000, 0x100, 1, false },
    { "source wraps", TOP - 1, 0x100, 4, false },
    { "destination wraps", 0x10, TOP - 3, 0x10, false },
};

START_TEST(table_of_moves)
{
    struct memmap_range storage[16], kept[16];
    struct memmap_layout l, before;

    halves(&l, storage, NELEM(storage));
    halves(&before, kept, NELEM(kept));
    ck_assert_int_eq(memmap_layout_move(&l, moves[_i].from, moves[_i].to,
                                        moves[_i].pages), moves[_i].ok);
    assert_none(layout_flaw(&l));
    ck_assert_int_eq(memmap_layout_equal(&l, &before), !moves[_i].ok);
    ck_assert_uint_eq(memmap_layout_pages(&l, MEMMAP_TYPE_RAM), 0x20);
    if ( moves[_i].ok )
    {
        ck_assert(memmap_layout_covers(&l, MEMMAP_TYPE_RAM, moves[_i].to,
                                       moves[_i].pages));
        ck_assert(!memmap_layout_overlaps(&l, MEMMAP_TYPE_RAM, moves[_i].from,
                                          moves[_i].pages));
    }
}
END_TEST

/* There and back: the table is what it was, joined again where it was split. */
START_TEST(move_back)
{
    struct memmap_range storage[16], kept[16];
    struct memmap_layout l, before;

    halves(&l, storage, NELEM(storage));
    halves(&before, kept, NELEM(kept));
    ck_assert(memmap_layout_move(&l, 0x1a, 0x100, 0xc));
    ck_assert_uint_eq(l.nr, 5);
    ck_assert_uint_eq(l.range[3].source, 0x1a);
    ck_assert_uint_eq(l.range[4].source, 0x40);
    ck_assert(memmap_layout_move(&l, 0x100, 0x1a, 0xc));
    ck_assert(memmap_layout_equal(&l, &before));
}
END_TEST

START_TEST(full_table_is_left_alone)
{
    struct memmap_range storage[NELEM(two_halves)], kept[NELEM(two_halves)];
    const struct memmap_range inside = { 0x12, 1, 0x12, MEMMAP_TYPE_RAM,
                                         MEMMAP_EF_FIRMWARE, 0 };
    const struct memmap_range whole = { 0x10, 0x10, 0x10, MEMMAP_TYPE_MMIO, 0,
                                        0 };
    struct memmap_layout l, before;

    halves(&l, storage, NELEM(storage));
    halves(&before, kept, NELEM(kept));
    ck_assert(!memmap_layout_set(&l, &inside));
    ck_assert(!memmap_layout_clear(&l, 0x12, 1));
    ck_assert(!memmap_layout_move(&l, 0x10, 0x100, 0x10));
    ck_assert(memmap_layout_equal(&l, &before));
    /* What needs no more room than there is still works. */
    ck_assert(memmap_layout_set(&l, &whole));
    ck_assert_uint_eq(l.nr, NELEM(two_halves));
}
END_TEST

/* Ranges are one only if all they say continues. */
START_TEST(joins_ask_for_everything)
{
    static const struct {
        struct memmap_range r;
        unsigned int nr;
    } cases[] = {
        { { 0x20, 4, 0x20, MEMMAP_TYPE_RAM, 0, 0 }, 1 },
        { { 0x0c, 4, 0x0c, MEMMAP_TYPE_RAM, 0, 0 }, 1 },
        { { 0x18, 4, 0x18, MEMMAP_TYPE_RAM, 0, 0 }, 1 },
        { { 0x21, 4, 0x21, MEMMAP_TYPE_RAM, 0, 0 }, 2 },
        { { 0x20, 4, 0x21, MEMMAP_TYPE_RAM, 0, 0 }, 2 },
        { { 0x20, 4, MEMMAP_NO_SOURCE, MEMMAP_TYPE_RAM, 0, 0 }, 2 },
        { { 0x20, 4, 0x20, MEMMAP_TYPE_RAM, MEMMAP_EF_FIRMWARE, 0 }, 2 },
        { { 0x20, 4, 0x20, MEMMAP_TYPE_RAM, 0, 1 }, 2 },
        { { 0x20, 4, 0x20, MEMMAP_TYPE_MMIO, 0, 0 }, 2 },
        { { 0x18, 4, 0x19, MEMMAP_TYPE_RAM, 0, 0 }, 3 },
    };

    for ( unsigned int i = 0; i < NELEM(cases); i++ )
    {
        struct memmap_range storage[8];
        struct memmap_layout l;

        memmap_layout_init(&l, storage, NELEM(storage));
        ck_assert(memmap_layout_set(&l, &two_halves[0]));
        ck_assert(memmap_layout_set(&l, &cases[i].r));
        ck_assert_msg(l.nr == cases[i].nr, "case %u: %u ranges", i, l.nr);
    }
}
END_TEST

/* A source that ends right below what means "none" is not continued by none. */
START_TEST(no_source_continues_nothing)
{
    static const struct memmap_range none =
        { 0x18, 4, MEMMAP_NO_SOURCE, MEMMAP_TYPE_RAM, 0, 0 };
    struct memmap_range last =
        { 0x10, 8, MEMMAP_NO_SOURCE - 8, MEMMAP_TYPE_RAM, 0, 0 };
    struct memmap_range storage[4];
    struct memmap_layout l;

    memmap_layout_init(&l, storage, NELEM(storage));
    ck_assert(memmap_layout_append(&l, &last));
    ck_assert(memmap_layout_append(&l, &none));
    ck_assert_uint_eq(l.nr, 2);
}
END_TEST

START_TEST(equal_sees_every_field)
{
    struct memmap_range x[2], y[2];
    struct memmap_layout a = { x, 2, 2 }, b = { y, 2, 2 };
    unsigned int field;

    for ( field = 0; field < 8; field++ )
    {
        memset(x, 0, sizeof(x));
        memset(y, 0, sizeof(y));
        b.nr = 2;
        ck_assert(memmap_layout_equal(&a, &b));
        switch ( field )
        {
        case 0: y[1].gfn = 1; break;
        case 1: y[1].pages = 1; break;
        case 2: y[1].source = 1; break;
        case 3: y[1].type = 1; break;
        case 4: y[1].flags = 1; break;
        case 5: y[1].aux = 1; break;
        case 6: y[0].gfn = 1; break;
        case 7: b.nr = 1; break;
        }
        ck_assert_msg(!memmap_layout_equal(&a, &b), "field %u", field);
        ck_assert_msg(!memmap_layout_equal(&b, &a), "field %u", field);
    }
}
END_TEST

START_TEST(copy_needs_room)
{
    struct memmap_range storage[8], small[2], same[3];
    struct memmap_layout l, to = { small, 1, NELEM(small) };

    memset(small, 0, sizeof(small));
    halves(&l, storage, NELEM(storage));
    ck_assert(!memmap_layout_copy(&to, &l));
    ck_assert_uint_eq(to.nr, 1);
    to = (struct memmap_layout){ same, 0, NELEM(same) };
    ck_assert(memmap_layout_copy(&to, &l));
    ck_assert(memmap_layout_equal(&to, &l));
}
END_TEST

/* Nothing is covered, or overlapped, by a question about nothing or beyond 2^64. */
START_TEST(questions_at_the_edges)
{
    struct memmap_range storage[8];
    struct memmap_layout l;

    halves(&l, storage, NELEM(storage));
    ck_assert(!memmap_layout_overlaps(&l, MEMMAP_TYPE_RAM, 0x10, 0));
    ck_assert(!memmap_layout_overlaps(&l, MEMMAP_TYPE_RAM, 0x30, TOP - 0x30));
    ck_assert(memmap_layout_overlaps(&l, MEMMAP_TYPE_MMIO, 0, TOP));
    ck_assert(!memmap_layout_covers(&l, MEMMAP_TYPE_RAM, 0x10, TOP - 0x10));
    ck_assert(!memmap_layout_covers(&l, MEMMAP_TYPE_RAM, 0x10, TOP));
    ck_assert(!memmap_layout_covers(&l, MEMMAP_TYPE_RAM, TOP - 1, 4));
    ck_assert(memmap_layout_overlaps(&l, MEMMAP_TYPE_RAM, 0x10, TOP));
    ck_assert(memmap_layout_overlaps(&l, MEMMAP_TYPE_MMIO, 0x30, TOP));
}
END_TEST

/* Appending is setting, where there is nothing above. */
START_TEST(appended_is_set)
{
    struct memmap_range a[8], b[8];
    struct memmap_layout x, y;
    unsigned int joined = 0, refused = 0;

    seed = 0x2545f4914f6cdd1dull;
    for ( unsigned int n = 0; n < 2000; n++ )
    {
        uint64_t end = 0;

        memmap_layout_init(&x, a, NELEM(a));
        memmap_layout_init(&y, b, NELEM(b));
        for ( unsigned int i = 0; i < 12; i++ )
        {
            const struct memmap_range r = {
                .gfn = end + rnd(2), .pages = rnd(3), .source = end,
                .type = rnd(3), .flags = rnd(2), .aux = rnd(2),
            };
            const unsigned int had = x.nr;
            const bool ok = memmap_layout_append(&x, &r);

            REQUIRE(ok == memmap_layout_set(&y, &r));
            REQUIRE(memmap_layout_equal(&x, &y));
            if ( ok )
                end = memmap_range_end(&r);
            joined += ok && x.nr == had;
            refused += !ok;
        }
        if ( end )
        {
            const struct memmap_range r = { end - 1, 1, 0, 1, 0, 0 };

            REQUIRE(!memmap_layout_append(&x, &r));
            REQUIRE(memmap_layout_equal(&x, &y));
        }
    }
    ck_assert_uint_gt(joined, 100);
    ck_assert_uint_gt(refused, 100);
}
END_TEST

Suite *layout_suite(void)
{
    Suite *s = suite_create("layout");
    TCase *tc = tcase_create("against a model");

    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, every_short_sequence);
    tcase_add_loop_test(tc, random_walk, 0, 24);
    suite_add_tcase(s, tc);

    tc = tcase_create("by hand");
    tcase_add_loop_test(tc, edges_of_set, 0, NELEM(edges));
    tcase_add_loop_test(tc, table_of_moves, 0, NELEM(moves));
    tcase_add_test(tc, move_back);
    tcase_add_test(tc, full_table_is_left_alone);
    tcase_add_test(tc, joins_ask_for_everything);
    tcase_add_test(tc, no_source_continues_nothing);
    tcase_add_test(tc, equal_sees_every_field);
    tcase_add_test(tc, copy_needs_room);
    tcase_add_test(tc, appended_is_set);
    tcase_add_test(tc, questions_at_the_edges);
    suite_add_tcase(s, tc);
    return s;
}
