/* SPDX-License-Identifier: MIT */
/*
 * Reserved device memory at the device model's end (dm_rdm.h).
 *
 * What is mapped wrongly here is host memory in a guest, or RAM that a device
 * writes to without anybody knowing.  So a range counts as a whole or not at all,
 * nothing the layout says makes it longer, and the two differences of what is
 * mapped and what is to be mapped are exact: a page too few is a fault in the
 * IOMMU, a page too many is mapped over whatever the guest has there.
 *
 * The judge is again one array element for each page.
 */
#include "suites.h"

#include <string.h>

#include "dm_rdm.h"

#define PAGES 12
#define ROOM  32

static uint64_t seed;

static uint64_t rnd(uint64_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (seed >> 11) % below;
}

static void put(struct memmap_layout *l, uint64_t gfn, uint64_t pages,
                unsigned int type, unsigned int flags, uint32_t aux)
{
    const struct memmap_range r = { gfn, pages, MEMMAP_NO_SOURCE, type, flags,
                                    aux };

    REQUIRE(memmap_layout_set(l, &r));
}

/* Wants in any order, of three devices and of nobody. */
START_TEST(want)
{
    seed = 0x2545f4914f6cdd1dull;
    for ( unsigned int round = 0; round < 20000; round++ )
    {
        struct memmap_range storage[ROOM];
        struct memmap_layout l;
        uint32_t aux[PAGES];
        bool wanted[PAGES] = { false };

        memmap_layout_init(&l, storage, ROOM);
        for ( unsigned int i = 0; i < 5; i++ )
        {
            uint64_t gfn = rnd(PAGES), pages = 1 + rnd(PAGES - gfn);
            /* Nobody's come last, as the header has it. */
            uint32_t who = i < 4 ? 0x20 + 8 * rnd(3) : 0;

            REQUIRE(memmap_dm_rdm_want(&l, gfn, pages, who));
            for ( uint64_t p = gfn; p < gfn + pages; p++ )
            {
                if ( !wanted[p] )
                    aux[p] = who;
                else if ( who && aux[p] != who )
                    aux[p] = 0;
                wanted[p] = true;
            }
        }

        for ( uint64_t p = 0; p < PAGES; p++ )
        {
            unsigned int i = memmap_layout_seek(&l, p);
            bool is = i < l.nr && l.range[i].gfn <= p;

            REQUIRE(is == wanted[p]);
            REQUIRE(!is || l.range[i].aux == aux[p]);
            REQUIRE(!is || l.range[i].type == MEMMAP_TYPE_RDM);
            REQUIRE(!is || l.range[i].source == MEMMAP_NO_SOURCE);
            REQUIRE(!is || !l.range[i].flags);
        }
        for ( unsigned int i = 1; i < l.nr; i++ )
            REQUIRE(memmap_range_end(&l.range[i - 1]) < l.range[i].gfn ||
                    l.range[i - 1].aux != l.range[i].aux);
    }
}
END_TEST

START_TEST(want_what_cannot_be)
{
    struct memmap_range storage[2];
    struct memmap_layout l;

    memmap_layout_init(&l, storage, 2);
    ck_assert(!memmap_dm_rdm_want(&l, 5, 0, 0x20));
    ck_assert(!memmap_dm_rdm_want(&l, ~0ull, 2, 0x20));
    ck_assert_uint_eq(l.nr, 0);

    /* Up to the last gfn that a range can end at. */
    ck_assert(memmap_dm_rdm_want(&l, ~0ull - 1, 1, 0x20));
    ck_assert(memmap_dm_rdm_want(&l, 5, 1, 0x20));
    ck_assert(!memmap_dm_rdm_want(&l, 7, 1, 0x20));
    ck_assert(memmap_dm_rdm_want(&l, 6, 1, 0x20));
    ck_assert_uint_eq(l.nr, 2);
}
END_TEST

static const char unreserved[] = "the layout does not reserve it";
static const char pinned[] = "RAM that cannot be moved is there";
static const char ram[] = "RAM is there";
static const char bars[] = "it is set aside for BARs";
static const char given_up[] = "firmware gave it up";

static const struct {
    uint64_t gfn, pages;
    const char *why;
} obstacles[] = {
    { 10, 4, NULL },            /* all of an entry */
    { 11, 2, NULL },            /* within one */
    { 10, 6, NULL },            /* two that touch, of two devices */
    { 13, 2, NULL },
    { 9, 2, ram },              /* a page too low */
    { 9, 1, ram },
    { 15, 2, given_up },        /* and too high */
    { 16, 1, given_up },
    { 17, 2, unreserved },      /* a gap behind */
    { 18, 1, unreserved },
    { 18, 4, unreserved },      /* the first obstacle is what is told */
    { 20, 2, bars },
    { 22, 2, pinned },
    { 24, 1, unreserved },      /* an unknown type */
    { 30, 5, unreserved },      /* beyond all entries */
    { 8, 20, ram },
};

START_TEST(obstacle)
{
    struct memmap_range storage[ROOM];
    struct memmap_layout l;
    const char *why;

    memmap_layout_init(&l, storage, ROOM);
    put(&l, 0, 10, MEMMAP_TYPE_RAM, 0, 0);
    put(&l, 10, 4, MEMMAP_TYPE_RDM, 0, 0x20);
    put(&l, 14, 2, MEMMAP_TYPE_RDM, 0, 0x28);
    put(&l, 16, 1, MEMMAP_TYPE_RDM, MEMMAP_EF_UNMAPPED, 0x28);
    put(&l, 17, 1, MEMMAP_TYPE_RDM, 0, 0);
    put(&l, 20, 2, MEMMAP_TYPE_MMIO, 0, 0);
    put(&l, 22, 2, MEMMAP_TYPE_RAM, MEMMAP_EF_UNFREED, 0x20);
    put(&l, 24, 1, 77, MEMMAP_EF_OPTIONAL, 0);
    why = memmap_dm_rdm_obstacle(&l, obstacles[_i].gfn, obstacles[_i].pages);
    if ( obstacles[_i].why )
        ck_assert_str_eq(why, obstacles[_i].why);
    else
        ck_assert_ptr_null(why);
}
END_TEST

/* Every page of a that b lacks, once, in order, and no other page. */
START_TEST(missing)
{
    seed = 0x9e3779b97f4a7c15ull;
    for ( unsigned int round = 0; round < 20000; round++ )
    {
        struct memmap_range storage[2][ROOM];
        struct memmap_layout l[2];
        bool is[2][PAGES] = { { false } };
        uint64_t from = rnd(PAGES), gfn = from, pages, last = 0;
        unsigned int runs = 0;

        for ( unsigned int k = 0; k < 2; k++ )
        {
            memmap_layout_init(&l[k], storage[k], ROOM);
            for ( unsigned int i = rnd(4); i--; )
            {
                uint64_t at = rnd(PAGES), n = 1 + rnd(PAGES - at);

                if ( n > 4 )
                    n = 4;
                put(&l[k], at, n, MEMMAP_TYPE_RDM, 0, rnd(2));
                memset(&is[k][at], true, n);
            }
        }

        for ( ; memmap_dm_rdm_missing(&l[0], &l[1], &gfn, &pages);
              gfn += pages )
        {
            REQUIRE(pages && gfn >= from && gfn >= last);
            REQUIRE(gfn + pages <= PAGES && ++runs <= PAGES);
            last = gfn + pages;
            for ( uint64_t p = gfn; p < last; p++ )
            {
                REQUIRE(is[0][p] && !is[1][p]);
                is[0][p] = false;
            }
        }
        for ( uint64_t p = from; p < PAGES; p++ )
            REQUIRE(!is[0][p] || is[1][p]);
    }
}
END_TEST

Suite *dm_rdm_suite(void)
{
    Suite *suite = suite_create("reserved memory, device model");
    TCase *tc = tcase_create("all");

    tcase_add_test(tc, want);
    tcase_add_test(tc, want_what_cannot_be);
    tcase_add_loop_test(tc, obstacle, 0, NELEM(obstacles));
    tcase_add_test(tc, missing);
    suite_add_tcase(suite, tc);
    return suite;
}
