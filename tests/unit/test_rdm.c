/* SPDX-License-Identifier: MIT */
/*
 * Reserved device memory from several sides (hvmloader/rdm.h).
 *
 * However often and in whatever order ranges are told, the table is sorted and
 * disjoint, has exactly their pages, and names a device only where all who told
 * of a range agree.  One region is written as in Xen's rmrr= option, and what
 * is not written so is refused with a reason, never half read.
 */
#include "suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rdm.h"

#define SBDF(s, b, d, f) ((uint32_t)(s) << 16 | (b) << 8 | (d) << 3 | (f))

static const struct {
    const char *text, *flaw;
    uint64_t gfn, pages;
    uint32_t aux;
} values[] = {
    { "7fff0-7fff3=0:0:4.0", NULL, 0x7fff0, 4, SBDF(0, 0, 4, 0) },
    { "0x7fff0-0x7fff3=0:0:4.0", NULL, 0x7fff0, 4, SBDF(0, 0, 4, 0) },
    { "0X7FFF0-7ffF3", NULL, 0x7fff0, 4, 0 },
    { "d5d45=0:0:1d.0", NULL, 0xd5d45, 1, SBDF(0, 0, 0x1d, 0) },
    { "d5d45=0:1d.7", NULL, 0xd5d45, 1, SBDF(0, 0, 0x1d, 7) },
    { "0-0", NULL, 0, 1, 0 },
    { "0", NULL, 0, 1, 0 },
    { "100000-1fffff=ffff:ff:1f.7", NULL, 0x100000, 0x100000,
      SBDF(0xffff, 0xff, 0x1f, 7) },
    { "ffffffffff", NULL, 0xffffffffff, 1, 0 },
    { "1=0:4.0,0:5.0", NULL, 1, 1, 0 },
    { "1=0:4.0,0:5.0,0:5.0", NULL, 1, 1, 0 },
    { "1=0:4.0,0:4.0", NULL, 1, 1, SBDF(0, 0, 4, 0) },
    { "1=2:0:4.0,0:4.0", NULL, 1, 1, SBDF(2, 0, 4, 0) },
    { "1=2:0:4.0,2:0:4.0", NULL, 1, 1, SBDF(2, 0, 4, 0) },
    { "1=2:0:4.0,3:0:4.0", "segment", 0, 0, 0 },
    { "1=0:4.0,3:0:4.0", "segment", 0, 0, 0 },
    { "", "first gfn", 0, 0, 0 },
    { "0x", "first gfn", 0, 0, 0 },
    { "-1", "first gfn", 0, 0, 0 },
    { "=0:0:4.0", "first gfn", 0, 0, 0 },
    { "10000000000", "first gfn", 0, 0, 0 },
    { "ffffffffffffffffffff1", "first gfn", 0, 0, 0 },
    { "1-", "last gfn", 0, 0, 0 },
    { "1-=0:4.0", "last gfn", 0, 0, 0 },
    { "1-10000000000", "last gfn", 0, 0, 0 },
    { "2-1", "below the first", 0, 0, 0 },
    { "2-2", NULL, 2, 1, 0 },
    { "1 ", "something follows", 0, 0, 0 },
    { "1\n", "something follows", 0, 0, 0 },
    { "1=0:4.0\n", "something follows", 0, 0, 0 },
    { "1g", "something follows", 0, 0, 0 },
    { "1G", "something follows", 0, 0, 0 },
    { "1x5", "something follows", 0, 0, 0 },
    { "g", "first gfn", 0, 0, 0 },
    { "/", "first gfn", 0, 0, 0 },
    { ":", "first gfn", 0, 0, 0 },
    { "@", "first gfn", 0, 0, 0 },
    { "`", "first gfn", 0, 0, 0 },
    { "09afAF", NULL, 0x9afaf, 1, 0 },
    { "1;2", "something follows", 0, 0, 0 },
    { "1,2", "something follows", 0, 0, 0 },
    { "1-2-3", "something follows", 0, 0, 0 },
    { "1=", "no device", 0, 0, 0 },
    { "1=4.0", "no device", 0, 0, 0 },
    { "1=0:4", "no device", 0, 0, 0 },
    { "1=0:4/0", "no device", 0, 0, 0 },
    { "1=0:0:0:4.0", "no device", 0, 0, 0 },
    { "1=0:4.", "no device", 0, 0, 0 },
    { "1=0:4.8", "no device", 0, 0, 0 },
    { "1=0:20.0", "no device", 0, 0, 0 },
    { "1=100:0.0", "no device", 0, 0, 0 },
    { "1=0:100:0.0", "no device", 0, 0, 0 },
    { "1=10000:0:0.0", "no device", 0, 0, 0 },
    { "1=0:4.0,", "no device", 0, 0, 0 },
    { "1=0:4.0;0:5.0", "something follows", 0, 0, 0 },
    { "1=0:4.0=0:5.0", "something follows", 0, 0, 0 },
    { "1=0:4.0 ", "something follows", 0, 0, 0 },
};

START_TEST(value_of_a_key)
{
    struct memmap_range r = { .gfn = 0x5555 };
    const char *flaw = memmap_rdm_parse(values[_i].text, &r);

    if ( values[_i].flaw )
    {
        ck_assert_msg(flaw && strstr(flaw, values[_i].flaw), "\"%s\": %s",
                      values[_i].text, flaw);
        ck_assert_uint_eq(r.gfn, 0x5555);
        return;
    }
    ck_assert_msg(!flaw, "\"%s\": %s", values[_i].text, flaw);
    ck_assert_uint_eq(r.gfn, values[_i].gfn);
    ck_assert_uint_eq(r.pages, values[_i].pages);
    ck_assert_uint_eq(r.aux, values[_i].aux);
    ck_assert_uint_eq(r.type, MEMMAP_TYPE_RDM);
    ck_assert_uint_eq(r.flags, 0);
    ck_assert_uint_eq(r.source, MEMMAP_NO_SOURCE);
}
END_TEST

/* What PROTOCOL.md has: a value is of its form, or is not. */
START_TEST(forms)
{
    const char *tests = getenv("TESTS_SRC");
    char path[4096], line[256], verdict[8];
    unsigned int seen = 0;
    int at;
    FILE *f;

    snprintf(path, sizeof(path), "%s/vectors/xenstore.txt", tests ? tests : "tests");
    f = fopen(path, "r");
    ck_assert_msg(f != NULL, "%s", path);
    while ( fgets(line, sizeof(line), f) )
    {
        struct memmap_range r;
        char *lf;

        if ( sscanf(line, "region %7[^ \n]%n", verdict, &at) != 1 )
            continue;
        line[strcspn(line, "\n")] = '\0';
        while ( (lf = strstr(line, "\\n")) )
        {
            *lf = '\n';
            memmove(lf + 1, lf + 2, strlen(lf + 1));
        }
        ck_assert_msg(!memmap_rdm_parse(line + at + (line[at] == ' '), &r) ==
                      !strcmp(verdict, "yes"), "%s", line);
        seen++;
    }
    fclose(f);
    ck_assert_uint_gt(seen, 25);
}
END_TEST

static uint64_t seed = 0x9e3779b97f4a7c15ull;

static uint64_t rnd(uint64_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (seed >> 11) % below;
}

#define GFNS 96
#define MAX  24

/* What overlaps, also by way of others, is one: until nothing changes. */
static void model(const struct memmap_range *r, unsigned int nr,
                  struct memmap_layout *l)
{
    unsigned int group[MAX];
    bool again = true;

    for ( unsigned int i = 0; i < nr; i++ )
        group[i] = i;
    while ( again )
    {
        again = false;
        for ( unsigned int i = 0; i < nr; i++ )
            for ( unsigned int j = 0; j < nr; j++ )
                if ( r[i].gfn < memmap_range_end(&r[j]) &&
                     r[j].gfn < memmap_range_end(&r[i]) &&
                     group[i] > group[j] )
                {
                    group[i] = group[j];
                    again = true;
                }
    }
    for ( unsigned int g = 0; g < nr; g++ )
        for ( unsigned int i = 0; i < nr; i++ )
        {
            struct memmap_range e = r[i];

            if ( group[i] != g || !e.pages )
                continue;
            for ( unsigned int j = 0; j < nr; j++ )
                if ( group[j] == g && r[j].pages && r[j].aux != e.aux )
                    e.aux = 0;
            REQUIRE(memmap_layout_set(l, &e));
        }
}

START_TEST(merged_as_by_hand)
{
    unsigned int joined = 0, disagreed = 0;

    for ( unsigned int n = 0; n < 20000; n++ )
    {
        struct memmap_range raw[MAX], storage[4 * MAX];
        struct memmap_layout got, want;
        unsigned int nr = rnd(MAX + 1);

        for ( unsigned int i = 0; i < nr; i++ )
            raw[i] = (struct memmap_range){
                .gfn = rnd(GFNS), .pages = rnd(20) ? 1 + rnd(6) : 0,
                .aux = rnd(3), .type = MEMMAP_TYPE_RDM,
                .source = MEMMAP_NO_SOURCE,
            };
        memmap_layout_init(&want, storage, 4 * MAX);
        model(raw, nr, &want);
        memmap_rdm_merge(&got, raw, nr, MAX);
        ck_assert_uint_eq(got.max, MAX);
        REQUIRE(memmap_layout_equal(&got, &want));
        joined += got.nr < nr;
        for ( unsigned int i = 0; i < got.nr; i++ )
            disagreed += !got.range[i].aux;
    }
    ck_assert_uint_gt(joined, 1000);
    ck_assert_uint_gt(disagreed, 1000);
}
END_TEST

START_TEST(what_wraps_is_left_out)
{
    struct memmap_range raw[] = {
        { .gfn = ~0ull, .pages = 2 }, { .gfn = 5, .pages = ~0ull },
        { .gfn = 7, .pages = 1, .aux = 3, .type = MEMMAP_TYPE_RAM,
          .flags = MEMMAP_EF_UNFREED, .source = 7 },
    };
    struct memmap_layout l;

    memmap_rdm_merge(&l, raw, NELEM(raw), NELEM(raw));
    ck_assert_uint_eq(l.nr, 1);
    ck_assert_uint_eq(l.range[0].gfn, 7);
    ck_assert_uint_eq(l.range[0].type, MEMMAP_TYPE_RDM);
    ck_assert_uint_eq(l.range[0].flags, 0);
    ck_assert_uint_eq(l.range[0].source, MEMMAP_NO_SOURCE);
}
END_TEST

/* Many, from the top down: sorted, and in no time. */
START_TEST(many)
{
    static struct memmap_range raw[50000];
    struct memmap_layout l;

    for ( unsigned int i = 0; i < NELEM(raw); i++ )
        raw[i] = (struct memmap_range){
            .gfn = 3 * (NELEM(raw) - i), .pages = 2, .aux = 1 };
    memmap_rdm_merge(&l, raw, NELEM(raw), NELEM(raw));
    ck_assert_uint_eq(l.nr, NELEM(raw));
    for ( unsigned int i = 0; i < l.nr; i++ )
        REQUIRE(l.range[i].gfn == 3 * (i + 1) && l.range[i].pages == 2);
}
END_TEST

Suite *rdm_suite(void)
{
    Suite *s = suite_create("rdm");
    TCase *tc = tcase_create("from several sides");

    tcase_add_loop_test(tc, value_of_a_key, 0, NELEM(values));
    tcase_add_test(tc, forms);
    tcase_add_test(tc, merged_as_by_hand);
    tcase_add_test(tc, what_wraps_is_left_out);
    tcase_add_test(tc, many);
    suite_add_tcase(s, tc);
    return s;
}
