/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QEMU's mapcache with the series applied.
 *
 * A mapping shows the page that was behind a gfn when it was made.  When RAM has
 * moved and the mapcache was invalidated, whoever looks up that gfn must see the
 * page of now: in the first entry of a bucket and in those behind it, however
 * often, and whatever is locked beside.  What is locked must not go away under
 * its owner, and can be asked about.
 */
#include "qemu/osdep.h"
#include "exec/hwaddr.h"
#include "hw/xen/xen_native.h"
#include "system/runstate.h"
#include "system/xen-mapcache.h"

#include <check.h>

#define REQUIRE(cond) do { if (!(cond)) ck_abort_msg("%s", #cond); } while (0)

#define BUCKET      (1ull << 20)
#define BUCKETS     (1ull << 15)    /* that the mapcache has */
#define GFNS        0x2000ull       /* that have pages of their own */

uint32_t xen_domid = 7;
xenforeignmemory_handle *xen_fmem;

/* The page behind each gfn; the pages that are mapped. */
static uint32_t page[GFNS];
static size_t mapped;
static unsigned int drains;

static void move(uint64_t gfn)
{
    page[gfn % GFNS] += 0x10000;
}

/* A copy is enough: nobody writes. */
void *xenforeignmemory_map2(xenforeignmemory_handle *fmem, uint32_t dom,
                            void *addr, int prot, int flags, size_t pages,
                            const xen_pfn_t pfn[], int err[])
{
    uint32_t *p = mmap(addr, pages * XC_PAGE_SIZE, prot,
                       MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
    size_t i;

    ck_assert_ptr_ne(p, MAP_FAILED);
    for (i = 0; i < pages; i++) {
        p[i * (XC_PAGE_SIZE / sizeof(*p))] = page[pfn[i] % GFNS];
    }
    /* One at a fixed address takes the place of another. */
    mapped += addr ? 0 : pages;
    return p;
}

int patched_munmap(void *addr, size_t bytes)
{
    mapped -= bytes / XC_PAGE_SIZE;
    return munmap(addr, bytes);
}

/* Pages that somebody who wants to know of mappings knows of. */
static size_t known;

void ram_block_notify_add(void *host, size_t size, size_t max_size)
{
    known += size / XC_PAGE_SIZE;
}

void ram_block_notify_remove(void *host, size_t size, size_t max_size)
{
    known -= size / XC_PAGE_SIZE;
}

void bdrv_drain_all(void)
{
    drains++;
}

bool runstate_check(RunState state)
{
    return false;
}

void error_report(const char *fmt, ...)
{
    ck_abort_msg("%s", fmt);
}

void warn_report(const char *fmt, ...)
{
}

GHashTable *harness_hash(GHashTable *hash)
{
    return hash;
}

static void fresh(void)
{
    for (uint32_t i = 0; i < GFNS; i++) {
        page[i] = i;
    }
    mapped = known = drains = 0;
    xen_map_cache_init(NULL, NULL);
}

/* What is at @addr by way of a lookup of @size bytes, 0 for what it likes. */
static uint32_t look(hwaddr addr, hwaddr size)
{
    uint8_t *p = xen_map_cache(NULL, addr, size, addr, 0, false, false);

    REQUIRE(p);
    return *(uint32_t *)p;
}

static uint8_t *hold(hwaddr addr, hwaddr size)
{
    uint8_t *p = xen_map_cache(NULL, addr, size, addr, 1, true, true);

    REQUIRE(p);
    return p;
}

static uint32_t now(hwaddr addr)
{
    return page[(addr >> 12) % GFNS];
}

/* Entries behind a first one that is locked. */
START_TEST(chained)
{
    uint8_t *held;

    fresh();
    held = hold(0x1000, 0x1000);
    ck_assert_uint_eq(look(0, 2 * BUCKET), now(0));
    ck_assert_uint_eq(mapped, 256 + 512);
    move(0);
    xen_invalidate_map_cache();
    ck_assert_uint_eq(mapped, 256);
    ck_assert_uint_eq(look(0, 2 * BUCKET), now(0));
    ck_assert_uint_eq(drains, 1);

    /* What is held is what it was. */
    ck_assert_uint_eq(*(uint32_t *)held, 1);
    xen_invalidate_map_cache_entry(held);
    xen_invalidate_map_cache();
    ck_assert_uint_eq(mapped, 0);
    ck_assert_uint_eq(known, 0);
}
END_TEST

/* One behind is locked, the first and the last of the chain are not. */
START_TEST(amid)
{
    uint8_t *first, *second, *third;

    fresh();
    first = hold(0, 0x1000);
    second = hold(0, BUCKET + 1);
    third = hold(0, 2 * BUCKET + 1);
    ck_assert_uint_eq(mapped, 256 * (1 + 2 + 3));
    xen_invalidate_map_cache();
    ck_assert_uint_eq(mapped, 256 * (1 + 2 + 3));
    xen_invalidate_map_cache_entry(first);
    xen_invalidate_map_cache_entry(third);
    ck_assert_uint_eq(look(0, 0x1000), now(0));
    move(0);
    xen_invalidate_map_cache();
    ck_assert_uint_eq(mapped, 256 * 2);
    ck_assert_uint_eq(look(0, 0x1000), now(0));
    ck_assert_uint_eq(*(uint32_t *)second, 0);
    xen_invalidate_map_cache_entry(second);
    xen_invalidate_map_cache();
    ck_assert_uint_eq(mapped, 0);
    ck_assert_uint_eq(known, 0);
}
END_TEST

/* A bucket that was emptied and filled again, the first and the last of all. */
START_TEST(again)
{
    static const hwaddr at[] = { 0, (BUCKETS - 1) * BUCKET, 63 * BUCKET,
                                 64 * BUCKET };

    fresh();
    for (unsigned int round = 0; round < 5; round++) {
        for (unsigned int i = 0; i < ARRAY_SIZE(at); i++) {
            ck_assert_uint_eq(look(at[i], 0), now(at[i]));
            move(at[i] >> 12);
        }
        xen_invalidate_map_cache();
        ck_assert_uint_eq(mapped, 0);
    ck_assert_uint_eq(known, 0);
    }
}
END_TEST

/* Whole entries, to the byte. */
START_TEST(locked)
{
    uint8_t *one, *two;

    fresh();
    ck_assert(!xen_map_cache_is_locked(0, ~0ull >> 1));
    look(5 * BUCKET, 0);
    ck_assert(!xen_map_cache_is_locked(0, ~0ull >> 1));

    one = hold(5 * BUCKET + 0x3000, 0x1000);
    two = hold(9 * BUCKET + 0x3000, BUCKET);
    ck_assert(xen_map_cache_is_locked(5 * BUCKET, 1));
    ck_assert(xen_map_cache_is_locked(5 * BUCKET + 0x3000, 0x1000));
    ck_assert(xen_map_cache_is_locked(6 * BUCKET - 1, 1));
    ck_assert(xen_map_cache_is_locked(0, 20 * BUCKET));
    ck_assert(!xen_map_cache_is_locked(0, 5 * BUCKET));
    ck_assert(!xen_map_cache_is_locked(6 * BUCKET, 3 * BUCKET));
    ck_assert(xen_map_cache_is_locked(10 * BUCKET, BUCKET));
    ck_assert(!xen_map_cache_is_locked(11 * BUCKET, BUCKET));

    xen_invalidate_map_cache();
    ck_assert(xen_map_cache_is_locked(5 * BUCKET, 1));
    xen_invalidate_map_cache_entry(one);
    ck_assert(!xen_map_cache_is_locked(0, 9 * BUCKET));
    ck_assert(xen_map_cache_is_locked(9 * BUCKET, 1));
    xen_invalidate_map_cache_entry(two);
    ck_assert(!xen_map_cache_is_locked(0, 20 * BUCKET));
}
END_TEST

/* Where the guest has a page is asked page by page, and each time it is mapped. */
static uint64_t shift_from, shift_by;

static hwaddr shifted(hwaddr addr, ram_addr_t size)
{
    return addr >= shift_from ? addr + shift_by : addr;
}

START_TEST(gaddr)
{
    uint8_t *held, *p;

    fresh();
    ck_assert_uint_eq(look(0x5000, 0), 0x5);
    xen_invalidate_map_cache();
    xen_map_cache_set_gaddr(shifted);
    shift_from = 0x5000;
    shift_by = 0x400000;
    /* In one bucket, and across two. */
    ck_assert_uint_eq(look(0x4000, 0), 0x4);
    ck_assert_uint_eq(look(0x5000, 0), 0x405);
    ck_assert_uint_eq(look(BUCKET, 2 * BUCKET), 0x500);

    /* It goes by its ram_addr, so the way back leads there. */
    held = hold(0x6000, 0x1000);
    ck_assert_uint_eq(*(uint32_t *)held, 0x406);
    ck_assert_uint_eq(xen_ram_addr_from_mapcache(held), 0x6000);
    ck_assert(xen_map_cache_is_locked(0x6000, 1));
    ck_assert(!xen_map_cache_is_locked(0x406000, 1));

    /* Somewhere else by now: what is held stays, what is not is forgotten. */
    shift_by = 0x800000;
    xen_invalidate_map_cache();
    ck_assert_uint_eq(*(uint32_t *)held, 0x406);
    ck_assert_uint_eq(look(BUCKET, 2 * BUCKET), 0x900);

    /* Or it is made anew, under its owner's hands, as on restore. */
    p = xen_replace_cache_entry(0x6000, 0x806000, 0x1000);
    ck_assert_ptr_eq(p, held);
    ck_assert_uint_eq(*(uint32_t *)held, 0x806);
    ck_assert_uint_eq(xen_ram_addr_from_mapcache(held), 0x6000);
    xen_invalidate_map_cache_entry(held);
    xen_invalidate_map_cache();
    ck_assert_uint_eq(mapped, 0);
    ck_assert_uint_eq(known, 0);
}
END_TEST

/* Anything, in any order, of a few buckets that share their chains. */
START_TEST(any)
{
    enum { HELD = 12 };
    struct {
        uint8_t *p;
        hwaddr addr;
        uint32_t was;
    } held[HELD] = { { 0 } };
    uint64_t seed = 0x6d6170636163ull;

    fresh();
    for (unsigned int round = 0; round < 1000; round++) {
        hwaddr addr, size;
        unsigned int i;

        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        /* Pages that nobody has looked at before, mostly in used buckets. */
        addr = ((seed >> 8) % 3 * BUCKETS + (seed >> 16) % 3) * BUCKET +
               ((seed >> 24) % 256 << 12);
        size = 1 + (seed >> 32) % 3 * BUCKET;
        i = (seed >> 40) % HELD;
        switch (seed % 4) {
        case 0:
            look(addr, size);
            break;
        case 1:
            if (!held[i].p) {
                held[i].p = hold(addr, size);
                held[i].addr = addr;
                held[i].was = *(uint32_t *)held[i].p;
            }
            break;
        case 2:
            if (held[i].p) {
                REQUIRE(*(uint32_t *)held[i].p == held[i].was);
                REQUIRE(xen_map_cache_is_locked(held[i].addr, 1));
                xen_invalidate_map_cache_entry(held[i].p);
                held[i].p = NULL;
            }
            break;
        case 3:
            for (i = 0; i < HELD; i++) {
                if (held[i].p && held[i].addr >> 20 == addr >> 20) {
                    break;
                }
            }
            /* RAM moves only if nobody holds it. */
            if (xen_map_cache_is_locked(addr, 1)) {
                break;
            }
            REQUIRE(i == HELD);
            move(addr >> 12);
            xen_invalidate_map_cache();
            REQUIRE(look(addr, size) == now(addr));
            REQUIRE(look(addr, 0) == now(addr));
            break;
        }
    }
    for (unsigned int i = 0; i < HELD; i++) {
        if (held[i].p) {
            xen_invalidate_map_cache_entry(held[i].p);
        }
    }
    xen_invalidate_map_cache();
    ck_assert_uint_eq(mapped, 0);
    ck_assert_uint_eq(known, 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("mapcache");
    TCase *t = tcase_create("mapcache");
    SRunner *runner = srunner_create(s);
    int failed;

    tcase_set_timeout(t, 60);
    tcase_add_test(t, chained);
    tcase_add_test(t, amid);
    tcase_add_test(t, again);
    tcase_add_test(t, locked);
    tcase_add_test(t, any);
    tcase_add_test(t, gaddr);
    suite_add_tcase(s, t);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
