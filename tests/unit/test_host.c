/* SPDX-License-Identifier: MIT */
/*
 * The simulated host itself: a judge that gets Xen's rules wrong proves nothing.
 *
 * The rules are those of Xen 4.20 and 4.17, see host.h.
 */
#include "suites.h"

#include "host.h"

static struct host host;

static void setup(void)
{
    host_init(&host);
    host_set(&host, 0, 100, 0, HOST_RAM);
}

START_TEST(pages_keep_their_names)
{
    ck_assert_int_eq(host_add_to_physmap(&host, 10, 1000, 5), 0);
    ck_assert_uint_eq(host_pages(&host), 100);
    ck_assert_uint_eq(host_get(&host, 1003).name, 13);
    ck_assert_int_eq(host_get(&host, 12).type, HOST_NONE);
    ck_assert_uint_eq(host_get(&host, 15).name, 15);
    ck_assert_uint_eq(host.freed, 0);
}
END_TEST

START_TEST(populated_destination_is_freed)
{
    ck_assert_int_eq(host_add_to_physmap(&host, 10, 50, 5), 0);
    ck_assert_uint_eq(host.freed, 5);
    ck_assert_uint_eq(host_pages(&host), 95);
    ck_assert_uint_eq(host_get(&host, 52).name, 12);
}
END_TEST

/* Overlapping upwards goes backwards, so that no page treads on the next. */
START_TEST(overlap_upwards)
{
    for ( unsigned int iommu = 0; iommu < 2; iommu++ )
    {
        setup();
        host.iommu = iommu;
        ck_assert_int_eq(host_add_to_physmap(&host, 50, 60, 50), 0);
        ck_assert_uint_eq(host.freed, 0);
        ck_assert_uint_eq(host_pages(&host), 100);
        ck_assert_uint_eq(host_get(&host, 60).name, 50);
        ck_assert_uint_eq(host_get(&host, 109).name, 99);
        ck_assert_int_eq(host_get(&host, 59).type, HOST_NONE);
        ck_assert_uint_eq(host.entries, iommu ? 4 : 1);
    }
}
END_TEST

START_TEST(overlap_downwards)
{
    host_set(&host, 0, 10, 0, HOST_NONE);
    ck_assert_int_eq(host_add_to_physmap(&host, 10, 0, 90), 0);
    ck_assert_uint_eq(host.freed, 0);
    ck_assert_uint_eq(host_pages(&host), 90);
    ck_assert_uint_eq(host_get(&host, 0).name, 10);
    ck_assert_uint_eq(host_get(&host, 89).name, 99);
}
END_TEST

START_TEST(onto_itself)
{
    ck_assert_int_eq(host_add_to_physmap(&host, 10, 10, 5), 0);
    ck_assert_uint_eq(host_pages(&host), 100);
    ck_assert_uint_eq(host.freed, 0);
}
END_TEST

START_TEST(errors)
{
    host_set(&host, 1005, 1, 0, HOST_DIRECT);
    ck_assert_int_eq(host_add_to_physmap(&host, 10, 1000, 10), HOST_EPERM);
    /* What was done before the error stays done. */
    ck_assert_uint_eq(host_get(&host, 1004).name, 14);
    ck_assert_uint_eq(host_get(&host, 15).name, 15);
    ck_assert_int_eq(host_add_to_physmap(&host, 1005, 2000, 1), HOST_EACCES);
    ck_assert_int_eq(host_add_to_physmap(&host, 500, 2000, 1), HOST_EACCES);
    host_set(&host, 20, 1, 20, HOST_RAM_AWAY);
    ck_assert_int_eq(host_add_to_physmap(&host, 20, 2000, 1), HOST_EXDEV);
    ck_assert_int_eq(host_add_to_physmap(&host, ~0ull - 5, 2000, 10),
                     HOST_EOVERFLOW);
    ck_assert_uint_eq(host.freed, 0);
    ck_assert_uint_eq(host_pages(&host), 100);
}
END_TEST

/* With an IOMMU a call is entered again after every 16 pages. */
START_TEST(continuation)
{
    host.iommu = true;
    ck_assert_int_eq(host_add_to_physmap(&host, 0, 1000, 100), 0);
    ck_assert_uint_eq(host.calls, 1);
    ck_assert_uint_eq(host.entries, 7);
    ck_assert_uint_eq(host_get(&host, 1000).pages, 100);
}
END_TEST

START_TEST(failures_last_as_told)
{
    host.fail_after = 3;
    host.fail_err = HOST_ENOMEM;
    host.fail_again = 2;
    ck_assert_int_eq(host_add_to_physmap(&host, 0, 1000, 10), HOST_ENOMEM);
    ck_assert_uint_eq(host_get(&host, 1000).pages, 3);
    ck_assert_int_eq(host_add_to_physmap(&host, 3, 1003, 1), HOST_ENOMEM);
    /* The source is looked at first: that answer needs no memory. */
    ck_assert_int_eq(host_add_to_physmap(&host, 0, 1000, 1), HOST_EACCES);
    ck_assert_int_eq(host_add_to_physmap(&host, 3, 1003, 1), HOST_ENOMEM);
    ck_assert_int_eq(host_add_to_physmap(&host, 3, 1003, 1), 0);
    ck_assert_uint_eq(host.failures, 3);
}
END_TEST

/* RAM from 0, 8 entries of 2 MiB and a bit; room for one extent at a time. */
static void setup_large(void)
{
    host_init(&host);
    host_set(&host, 0, 8 * HOST_EXTENT + 100, 0, HOST_RAM);
    host_enlarge(&host);
    host.max_pages = 8 * HOST_EXTENT + 100;
    host.free = 0;
}

START_TEST(extents_go_and_come)
{
    const uint64_t gone[] = { 2 * HOST_EXTENT, 5 * HOST_EXTENT };
    const uint64_t to[] = { 100 * HOST_EXTENT, 101 * HOST_EXTENT };

    setup_large();
    ck_assert_uint_eq(host_large_in(&host, 0, 9 * HOST_EXTENT),
                      8 * HOST_EXTENT);
    ck_assert_int_eq(host_decrease(&host, gone, 2, 9), 2);
    ck_assert_uint_eq(host_pages(&host), 6 * HOST_EXTENT + 100);
    ck_assert_uint_eq(host.free, 2 * HOST_EXTENT);
    ck_assert_int_eq(host_get(&host, gone[1]).type, HOST_NONE);
    ck_assert_uint_eq(host_large_in(&host, 0, 9 * HOST_EXTENT),
                      6 * HOST_EXTENT);
    ck_assert_int_eq(host_populate(&host, to, 2, 9), 2);
    ck_assert_uint_eq(host_large_in(&host, to[0], 2 * HOST_EXTENT),
                      2 * HOST_EXTENT);
    ck_assert_uint_eq(host_get(&host, to[0] + 7).name, HOST_FRESH + to[0] + 7);
    ck_assert_uint_eq(host.free, 0);
    ck_assert_uint_eq(host_pages(&host), host.max_pages);
    ck_assert_uint_eq(host.replaced + host.freed + host.astray, 0);
}
END_TEST

START_TEST(entries_shatter)
{
    const uint64_t one = HOST_EXTENT + 5;

    setup_large();
    ck_assert_int_eq(host_decrease(&host, &one, 1, 0), 1);
    ck_assert_int_eq(host_populate(&host, &one, 1, 0), 1);
    ck_assert_int_eq(host_add_to_physmap(&host, 4 * HOST_EXTENT - 1, 1u << 20, 2),
                     0);
    ck_assert_int_eq(host_add_to_physmap(&host, 6 * HOST_EXTENT,
                                         6 * HOST_EXTENT, 1), 0);
    ck_assert_uint_eq(host_large_in(&host, 0, 9 * HOST_EXTENT),
                      4 * HOST_EXTENT);
}
END_TEST

/* One of 1 GiB becomes 512, and only what is touched of them becomes pages. */
START_TEST(entries_of_a_gigabyte)
{
    const uint64_t gfn = HOST_HUGE, to = 8 * HOST_HUGE, odd = to + 99;
    const uint64_t all = 4 * HOST_HUGE;

    host_init(&host);
    host_set(&host, 1, all - 2, 0, HOST_RAM);
    host_enlarge(&host);
    host.max_order = HOST_HUGE_ORDER;
    ck_assert_uint_eq(host_huge_in(&host, 0, all), 2 * HOST_HUGE);
    ck_assert_uint_eq(host_large_in(&host, 0, all), all - 2 * HOST_EXTENT);

    ck_assert_int_eq(host_decrease(&host, &gfn, 1, HOST_HUGE_ORDER), 1);
    ck_assert_int_eq(host_populate(&host, &to, 1, HOST_HUGE_ORDER), 1);
    ck_assert_uint_eq(host_huge_in(&host, 0, all), HOST_HUGE);
    ck_assert_uint_eq(host_huge_in(&host, to, HOST_HUGE), HOST_HUGE);
    ck_assert_uint_eq(host_large_in(&host, to, HOST_HUGE), HOST_HUGE);
    ck_assert_uint_eq(host_huge_in(&host, to + 1, HOST_HUGE), 0);

    ck_assert_int_eq(host_decrease(&host, &odd, 1, 0), 1);
    ck_assert_uint_eq(host_huge_in(&host, to, HOST_HUGE), 0);
    ck_assert_uint_eq(host_large_in(&host, to, HOST_HUGE),
                      HOST_HUGE - HOST_EXTENT);
}
END_TEST

/* Neither count is an error, and an extent can be gone in part. */
START_TEST(short_counts)
{
    const uint64_t all[] = { 0, HOST_EXTENT, 2 * HOST_EXTENT };
    const uint64_t to[] = { 100 * HOST_EXTENT, 101 * HOST_EXTENT };

    setup_large();
    ck_assert_int_eq(host_decrease(&host, all, 3, 10), 0);
    host_set(&host, HOST_EXTENT + 7, 1, 0, HOST_DIRECT);
    ck_assert_int_eq(host_decrease(&host, all, 3, 9), 1);
    ck_assert_uint_eq(host.given, HOST_EXTENT + 7);
    ck_assert_int_eq(host_get(&host, HOST_EXTENT + 6).type, HOST_NONE);
    ck_assert_int_eq(host_get(&host, HOST_EXTENT + 8).type, HOST_RAM);
    ck_assert_int_eq(host_decrease(&host, all, 1, 9), 0);

    /* The host has one extent and seven pages; then quota is what ends it. */
    ck_assert_int_eq(host_populate(&host, to, 2, 9), 1);
    ck_assert_uint_eq(host.free, 7);
    host.free = 1u << 20;
    ck_assert_int_eq(host_populate(&host, to + 1, 1, 9), 0);
    ck_assert_int_eq(host_populate(&host, to + 1, 1, 0), 1);
}
END_TEST

START_TEST(what_is_astray_counts)
{
    const uint64_t to[] = { 100 * HOST_EXTENT, 101 * HOST_EXTENT };
    const uint64_t gone[] = { 0, HOST_EXTENT };

    setup_large();
    ck_assert_int_eq(host_decrease(&host, gone, 2, 9), 2);
    host.fault[0] = (struct host_fault){ .kind = HOST_FAULT_HALF, .call = 1,
                                         .done = 3 };
    ck_assert_int_eq(host_populate(&host, to, 2, 9), 0);
    ck_assert_uint_eq(host.astray, HOST_EXTENT / 2);
    ck_assert_int_eq(host_get(&host, to[0] + HOST_EXTENT / 2 - 1).type,
                     HOST_RAM);
    ck_assert_int_eq(host_get(&host, to[0] + HOST_EXTENT / 2).type, HOST_NONE);
    ck_assert_uint_eq(host.free, HOST_EXTENT);

    host.fault[0] = (struct host_fault){ .kind = HOST_FAULT_ASTRAY, .call = 2,
                                         .err = HOST_ENOMEM, .done = 1 };
    ck_assert_int_eq(host_add_to_physmap(&host, 2 * HOST_EXTENT, to[1], 4),
                     HOST_ENOMEM);
    ck_assert_uint_eq(host_get(&host, to[1]).pages, 1);
    ck_assert_uint_eq(host_get(&host, 2 * HOST_EXTENT).pages, 2);
    ck_assert_int_eq(host_get(&host, 2 * HOST_EXTENT).type, HOST_NONE);
    ck_assert_uint_eq(host_pages(&host) + host.astray + HOST_EXTENT,
                      host.max_pages);

    host.fault[0] = (struct host_fault){ .kind = HOST_FAULT_THEFT, .call = 3,
                                         .done = 5 };
    ck_assert_int_eq(host_populate(&host, gone, 1, 0), 1);
    ck_assert_uint_eq(host.free, 4);
    ck_assert_int_eq(host_populate(&host, gone + 1, 1, 9), 0);
}
END_TEST

START_TEST(populate_looks_at_nothing)
{
    const uint64_t gfn = 3 * HOST_EXTENT;

    setup_large();
    host.free = host.max_pages = 1u << 20;
    ck_assert_int_eq(host_populate(&host, &gfn, 1, 9), 1);
    ck_assert_uint_eq(host.replaced, HOST_EXTENT);
    ck_assert_uint_eq(host.astray, HOST_EXTENT);
    host_set(&host, gfn + 20, 1, 0, HOST_DIRECT);
    ck_assert_int_eq(host_populate(&host, &gfn, 1, 9), 0);
    ck_assert(host.crashed);
}
END_TEST

/* 4.17 goes upwards always, and treads on its own feet. */
START_TEST(old_xen)
{
    host.old = true;
    ck_assert_int_eq(host_add_to_physmap(&host, 500, 2000, 1), HOST_EINVAL);
    ck_assert_int_eq(host_no_ram(&host), HOST_EINVAL);
    ck_assert_int_eq(host_add_to_physmap(&host, 50, 60, 50), 0);
    ck_assert_uint_eq(host.freed, 40);
    ck_assert_uint_eq(host_get(&host, 100).name, 50);
}
END_TEST

/* What a page can be moved from, by either Xen, and what it is then. */
START_TEST(sources)
{
    static const struct {
        enum host_type type;
        int rc[2];              /* 4.20, 4.17 */
    } source[] = {
        { HOST_NONE,     { HOST_EACCES, HOST_EINVAL } },
        { HOST_RAM,      { 0, 0 } },
        { HOST_RAM_AWAY, { HOST_EXDEV, HOST_EXDEV } },
        { HOST_DIRECT,   { HOST_EACCES, HOST_EINVAL } },
        { HOST_LOGDIRTY, { 0, 0 } },
        { HOST_SHARED,   { 0, 0 } },
        { HOST_READONLY, { HOST_EACCES, 0 } },
        { HOST_PAGED,    { HOST_EACCES, HOST_EINVAL } },
        { HOST_GRANT,    { HOST_EACCES, HOST_EINVAL } },
        { HOST_FOREIGN,  { HOST_EACCES, HOST_EINVAL } },
        { HOST_SPECIAL,  { 0, 0 } },
    };

    for ( unsigned int i = 0; i < NELEM(source); i++ )
        for ( unsigned int old = 0; old < 2; old++ )
            for ( unsigned int same = 0; same < 2; same++ )
            {
                const int rc = source[i].rc[old];
                const uint64_t to = same ? 50 : 1000;

                setup();
                host.old = old;
                host_set(&host, 50, 1, 50, source[i].type);
                ck_assert_int_eq(host_add_to_physmap(&host, 50, to, 1), rc);
                if ( rc )
                    ck_assert_int_eq(host_get(&host, 50).type, source[i].type);
                else
                    ck_assert_int_eq(host_get(&host, to).type,
                                     source[i].type == HOST_SPECIAL
                                     ? HOST_SPECIAL : HOST_RAM);
                ck_assert_uint_eq(host.freed, 0);
            }

    setup();
    host.free = 1;
    host_set(&host, 50, 2, 50, HOST_SHARED);
    ck_assert_int_eq(host_add_to_physmap(&host, 50, 1000, 2), HOST_ENOMEM);
    ck_assert_int_eq(host_get(&host, 1000).type, HOST_RAM);
    ck_assert_int_eq(host_get(&host, 51).type, HOST_SHARED);
}
END_TEST

/* What a page can be moved over, given back, or be populated over. */
START_TEST(destinations)
{
    static const struct {
        enum host_type type;
        int rc;
        unsigned int freed, unhooked, given;
        bool ends;
    } there[] = {
        { HOST_NONE,     0, 0, 0, 0, false },
        { HOST_RAM,      0, 1, 0, 1, false },
        { HOST_RAM_AWAY, 0, 1, 0, 1, false },
        { HOST_LOGDIRTY, 0, 1, 0, 1, false },
        { HOST_SHARED,   0, 1, 0, 1, false },
        { HOST_READONLY, 0, 1, 0, 1, false },
        { HOST_PAGED,    0, 1, 0, 1, false },
        { HOST_SPECIAL,  0, 0, 1, 1, false },
        { HOST_DIRECT,   HOST_EPERM, 0, 0, 0, true },
        { HOST_GRANT,    HOST_ENXIO, 0, 0, 0, true },
        { HOST_FOREIGN,  HOST_ENXIO, 0, 0, 0, true },
    };
    const uint64_t gfn = 1000;

    for ( unsigned int i = 0; i < NELEM(there); i++ )
    {
        setup();
        host_set(&host, gfn, 1, gfn, there[i].type);
        ck_assert_int_eq(host_add_to_physmap(&host, 50, gfn, 1), there[i].rc);
        ck_assert_uint_eq(host.freed, there[i].freed);
        ck_assert_uint_eq(host.unhooked, there[i].unhooked);
        ck_assert_int_eq(host_get(&host, 50).type,
                         there[i].rc ? HOST_RAM : HOST_NONE);

        setup();
        host_set(&host, gfn, 1, gfn, there[i].type);
        ck_assert_int_eq(host_decrease(&host, &gfn, 1, 0), there[i].given);
        ck_assert(!host.crashed);

        setup();
        host_set(&host, gfn, 1, gfn, there[i].type);
        ck_assert_int_eq(host_populate(&host, &gfn, 1, 0), !there[i].ends);
        ck_assert_int_eq(host.crashed, there[i].ends);
        ck_assert(!host.iommu_failed);
        ck_assert_int_eq(host.replaced,
                         there[i].type != HOST_NONE && !there[i].ends);
    }
}
END_TEST

/* Each 4 KiB entry needs a table, and a move onto itself makes one. */
START_TEST(tables_come_from_a_pool)
{
    const uint64_t gfn = 2 * HOST_EXTENT, far = 100 * HOST_EXTENT;

    setup_large();
    host.pool = 0;
    ck_assert_int_eq(host_add_to_physmap(&host, gfn, gfn, 1), HOST_ENOMEM);
    ck_assert_int_eq(host_decrease(&host, &gfn, 1, 9), 0);
    ck_assert_uint_eq(host_pages(&host), host.max_pages);
    ck_assert_uint_eq(host_large_in(&host, 0, 9 * HOST_EXTENT),
                      8 * HOST_EXTENT);
    ck_assert_uint_eq(host.starved, 2);
    host.pool = 1;
    ck_assert_int_eq(host_add_to_physmap(&host, gfn, gfn, 1), 0);
    ck_assert_uint_eq(host.pool, 0);
    /* There is one now. */
    ck_assert_int_eq(host_add_to_physmap(&host, gfn + 5, gfn + 5, 9), 0);

    /* None for where it goes: then the page is nowhere. */
    ck_assert_int_eq(host_add_to_physmap(&host, gfn, far, 2), HOST_ENOMEM);
    ck_assert_uint_eq(host.astray, 1);
    ck_assert_int_eq(host_get(&host, gfn).type, HOST_NONE);
    ck_assert_int_eq(host_get(&host, gfn + 1).type, HOST_RAM);
    host.free = 1;
    host.max_pages += 1;
    ck_assert_int_eq(host_populate(&host, &far, 1, 0), 0);
    ck_assert_uint_eq(host.astray, 2);

    /* 2 MiB need none, and one of 1 GiB that is split takes two. */
    host_init(&host);
    host_set(&host, 0, 2 * HOST_HUGE, 0, HOST_RAM);
    host_enlarge(&host);
    host.pool = 1;
    host.max_order = HOST_HUGE_ORDER;
    ck_assert_int_eq(host_populate(&host, &(uint64_t){ 3 * HOST_HUGE }, 1, 18), 1);
    ck_assert_int_eq(host_add_to_physmap(&host, 5, 5, 1), HOST_ENOMEM);
    host.pool = 2;
    ck_assert_int_eq(host_add_to_physmap(&host, 5, 5, 1), 0);
    ck_assert_uint_eq(host.pool, 0);

    setup_large();
    host.fault[0] = (struct host_fault){ .kind = HOST_FAULT_POOL, .done = 3 };
    ck_assert_int_eq(host_add_to_physmap(&host, gfn, gfn, 1), 0);
    ck_assert_uint_eq(host.pool, 2);
}
END_TEST

/* What the device model maps is given back, and is the guest's all the same. */
START_TEST(held_pages_count)
{
    const uint64_t gone[] = { 0, HOST_EXTENT };
    const uint64_t to[] = { 100 * HOST_EXTENT, 101 * HOST_EXTENT };

    setup_large();
    host.held_gfn = HOST_EXTENT - 1;
    host.held_pages = 3;
    ck_assert_int_eq(host_decrease(&host, gone, 2, 9), 2);
    ck_assert_uint_eq(host.held, 3);
    ck_assert_uint_eq(host.free, 2 * HOST_EXTENT - 3);
    host.free += 1000;
    ck_assert_int_eq(host_populate(&host, to, 2, 9), 1);
    host.max_pages += 3;
    ck_assert_int_eq(host_populate(&host, to + 1, 1, 9), 1);
}
END_TEST

/* 2 MiB are there only in one piece: of what was given back so. */
START_TEST(memory_in_pieces)
{
    const uint64_t gone[] = { 0, HOST_EXTENT };
    const uint64_t to[] = { 100 * HOST_EXTENT, 101 * HOST_EXTENT };

    setup_large();
    host.free = 10 * HOST_EXTENT;
    host.max_pages += HOST_EXTENT;
    host.fault[0] = (struct host_fault){ .kind = HOST_FAULT_FRAGMENT };
    ck_assert_int_eq(host_populate(&host, to, 1, 9), 0);
    ck_assert_int_eq(host_populate(&host, to, 1, 0), 1);
    ck_assert_int_eq(host_decrease(&host, gone, 1, 9), 1);
    ck_assert_int_eq(host_populate(&host, to + 1, 1, 9), 1);
    ck_assert_uint_eq(host.whole, 0);
    /* One page of it is from elsewhere now. */
    ck_assert_int_eq(host_decrease(&host, gone + 1, 1, 0), 1);
    ck_assert_int_eq(host_populate(&host, gone + 1, 1, 0), 1);
    ck_assert_int_eq(host_decrease(&host, gone + 1, 1, 9), 1);
    ck_assert_int_eq(host_populate(&host, gone + 1, 1, 9), 0);

    /* A guest that was built so has no entry of 2 MiB, and gives none back. */
    host_init(&host);
    host.small = true;
    host.whole = 0;
    host_set(&host, 0, 2 * HOST_EXTENT, 0, HOST_RAM);
    host_enlarge(&host);
    ck_assert_uint_eq(host_large_in(&host, 0, 2 * HOST_EXTENT), 0);
    ck_assert_int_eq(host_decrease(&host, gone, 1, 9), 1);
    ck_assert_int_eq(host_populate(&host, gone, 1, 9), 0);
}
END_TEST

/* An IOMMU that does not follow is the end of the domain. */
START_TEST(iommu_fails)
{
    const uint64_t gfn = HOST_EXTENT, to = 100 * HOST_EXTENT;

    for ( unsigned int iommu = 0; iommu < 2; iommu++ )
        for ( unsigned int call = 0; call < 3; call++ )
        {
            setup_large();
            host.free = HOST_EXTENT;
            host.max_pages += HOST_EXTENT;
            host.iommu = iommu;
            host.fault[0] = (struct host_fault){ .kind = HOST_FAULT_IOMMU,
                                                 .done = call == 2 ? 0 : 5 };
            if ( call == 0 )
                host_add_to_physmap(&host, gfn, to, 100);
            else if ( call == 1 )
                host_decrease(&host, &gfn, 1, 9);
            else
                host_populate(&host, &to, 1, 9);
            ck_assert_int_eq(host.crashed, iommu);
            ck_assert_int_eq(host.iommu_failed, iommu);
            if ( call < 2 )
                ck_assert_uint_eq(host_get(&host, gfn).type, HOST_NONE);
            if ( call == 0 )
                ck_assert_uint_eq(host_get(&host, to).pages, iommu ? 5 : 100);
        }
}
END_TEST

/* What Xen says of a gfn: a look changes nothing, and some things are not seen. */
START_TEST(looks)
{
    static const struct { enum host_type type; bool empty; } there[] = {
        { HOST_NONE, true }, { HOST_RAM, false }, { HOST_LOGDIRTY, false },
        { HOST_SHARED, false }, { HOST_READONLY, false }, { HOST_GRANT, false },
        { HOST_DIRECT, true }, { HOST_FOREIGN, true }, { HOST_PAGED, true },
        { HOST_SPECIAL, false },
    };

    for ( unsigned int i = 0; i < NELEM(there); i++ )
    {
        setup();
        host_set(&host, 5000, 1, 5000, there[i].type);
        ck_assert(host_is_empty(&host, 5000) == there[i].empty);
        ck_assert_int_eq(host_get(&host, 5000).type, there[i].type);
        ck_assert_uint_eq(host.looks, 1);
        ck_assert_uint_eq(host.calls, 0);
    }
}
END_TEST

Suite *host_suite(void)
{
    Suite *s = suite_create("simulated host");
    TCase *tc = tcase_create("rules");

    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, pages_keep_their_names);
    tcase_add_test(tc, populated_destination_is_freed);
    tcase_add_test(tc, overlap_upwards);
    tcase_add_test(tc, overlap_downwards);
    tcase_add_test(tc, onto_itself);
    tcase_add_test(tc, errors);
    tcase_add_test(tc, continuation);
    tcase_add_test(tc, failures_last_as_told);
    tcase_add_test(tc, extents_go_and_come);
    tcase_add_test(tc, entries_shatter);
    tcase_add_test(tc, entries_of_a_gigabyte);
    tcase_add_test(tc, short_counts);
    tcase_add_test(tc, what_is_astray_counts);
    tcase_add_test(tc, populate_looks_at_nothing);
    tcase_add_test(tc, old_xen);
    tcase_add_test(tc, sources);
    tcase_add_test(tc, destinations);
    tcase_add_test(tc, tables_come_from_a_pool);
    tcase_add_test(tc, held_pages_count);
    tcase_add_test(tc, memory_in_pieces);
    tcase_add_test(tc, iommu_fails);
    tcase_add_test(tc, looks);
    suite_add_tcase(s, tc);
    return s;
}
