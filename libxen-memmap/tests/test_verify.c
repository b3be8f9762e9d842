/* SPDX-License-Identifier: MIT */
/* Verification against a Xen that is a table: what it asks, and what it makes of it. */
#include "rig.h"

/* What this Xen has. */
static struct {
    struct memmap_xen_domain domain;
    int error;                      /* of every question, 0: none */
    struct { uint64_t gfn, pages; enum xen_memmap_page is; } at[16];
    unsigned int nr;
    uint64_t special;               /* gfn of a page of Xen's heap */
    unsigned int questions;
} fake;

static struct memmap_xen *fake_open(xentoollog_logger *logger)
{
    (void)logger;
    return (struct memmap_xen *)&fake;
}

static void fake_close(struct memmap_xen *x)
{
    (void)x;
}

static int fake_domain(struct memmap_xen *x, uint32_t domid,
                       struct memmap_xen_domain *d)
{
    (void)x;
    ck_assert_uint_eq(domid, GUEST);
    *d = fake.domain;
    return 0;
}

static enum xen_memmap_page is(uint64_t gfn)
{
    enum xen_memmap_page page = XEN_MEMMAP_PAGE_NONE;
    unsigned int i;

    for (i = 0; i < fake.nr; i++)
        if (gfn >= fake.at[i].gfn && gfn - fake.at[i].gfn < fake.at[i].pages)
            page = fake.at[i].is;
    return page;
}

static int fake_pages(struct memmap_xen *x, uint32_t domid, unsigned int nr,
                      const uint64_t *gfn, enum xen_memmap_page *page)
{
    unsigned int i;

    (void)x, (void)domid;
    ck_assert_uint_le(nr, MEMMAP_XEN_BATCH);
    ck_assert_uint_gt(nr, 0);
    fake.questions++;
    if (fake.error) {
        errno = fake.error;
        return -1;
    }
    for (i = 0; i < nr; i++)
        page[i] = is(gfn[i]);
    return 0;
}

static bool fake_mappable(struct memmap_xen *x, uint32_t domid, uint64_t gfn)
{
    (void)x, (void)domid;
    return gfn == fake.special;
}

static const struct memmap_xen_ops fake_ops = {
    .open = fake_open, .close = fake_close, .domain = fake_domain,
    .pages = fake_pages, .mappable = fake_mappable,
};

static xen_memmap_layout *l;
static xen_memmap_report *r;

static void has(uint64_t gfn, uint64_t pages, enum xen_memmap_page page)
{
    fake.at[fake.nr].gfn = gfn;
    fake.at[fake.nr].pages = pages;
    fake.at[fake.nr++].is = page;
}

static void start(void)
{
    rig_start();
    h->xen_ops = &fake_ops;
    guest_is_there();
    publish("SEALED", 1, MOVED);
    ck_ok(xen_memmap_read(h, GUEST, XEN_MEMMAP_PUBLISHED, &l));
    memset(&fake, 0, sizeof(fake));
    fake.domain.pages = 131040 + 4096 + 32;
    fake.domain.last_gfn = 0x107fff;
    fake.special = UINT64_MAX;
    has(0, 0xa0, XEN_MEMMAP_PAGE_POPULATED);
    has(0xc0, 0x17f40, XEN_MEMMAP_PAGE_POPULATED);
    has(0x100000, 0x8000, XEN_MEMMAP_PAGE_POPULATED);
}

static void stop(void)
{
    xen_memmap_report_free(r);
    xen_memmap_layout_free(l);
    r = NULL;
    rig_stop();
}

static int verify(unsigned int flags)
{
    xen_memmap_report_free(r);
    r = NULL;
    return xen_memmap_verify(h, GUEST, l, flags, NULL, NULL, &r);
}

#define ck_mismatch(i, first, count, what) do { \
    const struct xen_memmap_mismatch *m = xen_memmap_report_mismatch(r, i); \
    ck_assert_ptr_nonnull(m); \
    ck_assert_uint_eq(m->gfn, first); \
    ck_assert_uint_eq(m->pages, count); \
    ck_assert_int_eq(m->has, what); \
} while (0)

/* _i: sampled, full */
START_TEST(test_agrees)
{
    ck_ok(verify(_i));
    ck_assert(xen_memmap_report_agrees(r));
    ck_assert_uint_eq(xen_memmap_report_mismatches(r), 0);
    ck_assert_uint_eq(xen_memmap_report_ram(r), 131040);
    ck_assert_uint_eq(xen_memmap_report_owned(r), fake.domain.pages);
    if (_i)
        ck_assert_uint_eq(xen_memmap_report_asked(r), 131040 + 0x8000);
    else
        ck_assert_uint_lt(xen_memmap_report_asked(r), 400);
}
END_TEST

/* A whole extent is gone, or moved: any sample finds it, to the page. */
START_TEST(test_hole_in_ram)
{
    has(0x4000, 512, XEN_MEMMAP_PAGE_NONE);
    has(0x100200, 700, XEN_MEMMAP_PAGE_NONE);
    ck_ok(verify(_i));
    ck_assert(!xen_memmap_report_agrees(r));
    ck_mismatch(0, 0x4000, 512, XEN_MEMMAP_PAGE_NONE);
    ck_assert_int_eq(xen_memmap_report_mismatch(r, 0)->says.type,
                     XEN_MEMMAP_RAM);
    ck_assert_uint_eq(xen_memmap_report_mismatch(r, 0)->says.gfn, 0xc0);
    if (_i) {
        ck_assert_uint_eq(xen_memmap_report_mismatches(r), 2);
        ck_mismatch(1, 0x100200, 700, XEN_MEMMAP_PAGE_NONE);
    }
}
END_TEST

START_TEST(test_ram_in_hole)
{
    has(0x18000, 0x8000, XEN_MEMMAP_PAGE_POPULATED);
    ck_ok(verify(_i));
    ck_assert_uint_eq(xen_memmap_report_mismatches(r), 1);
    ck_mismatch(0, 0x18000, 0x8000, XEN_MEMMAP_PAGE_POPULATED);
}
END_TEST

/* Single pages: only a complete verification must find those in the middle. */
START_TEST(test_single_pages)
{
    has(0x5001, 1, XEN_MEMMAP_PAGE_NONE);
    has(0x5003, 1, XEN_MEMMAP_PAGE_NONE);
    has(0x5004, 1, XEN_MEMMAP_PAGE_NONE);
    has(0x19000, 1, XEN_MEMMAP_PAGE_BROKEN);
    ck_ok(verify(XEN_MEMMAP_FULL));
    ck_assert_uint_eq(xen_memmap_report_mismatches(r), 3);
    ck_mismatch(0, 0x5001, 1, XEN_MEMMAP_PAGE_NONE);
    ck_mismatch(1, 0x5003, 2, XEN_MEMMAP_PAGE_NONE);
    ck_mismatch(2, 0x19000, 1, XEN_MEMMAP_PAGE_BROKEN);
}
END_TEST

/* Of two ranges that touch, each has its own. */
START_TEST(test_neighbours)
{
    xen_memmap_layout_free(l);
    publish("SEALED", 1, "0 a0 0 ram 0 0\nc0 40 c0 ram 0 0\n100 40 900 ram 0 0\n");
    ck_ok(xen_memmap_read(h, GUEST, XEN_MEMMAP_PUBLISHED, &l));
    has(0xf0, 0x20, XEN_MEMMAP_PAGE_NONE);
    ck_ok(verify(_i));
    ck_assert_uint_eq(xen_memmap_report_mismatches(r), 2);
    ck_mismatch(0, 0xf0, 0x10, XEN_MEMMAP_PAGE_NONE);
    ck_mismatch(1, 0x100, 0x10, XEN_MEMMAP_PAGE_NONE);
}
END_TEST

/* Both ends of each range are always asked for. */
START_TEST(test_ends)
{
    has(0xc0, 1, XEN_MEMMAP_PAGE_NONE);
    has(0x17fff, 1, XEN_MEMMAP_PAGE_NONE);
    has(0x18000, 1, XEN_MEMMAP_PAGE_POPULATED);
    ck_ok(verify(0));
    ck_assert_uint_eq(xen_memmap_report_mismatches(r), 3);
    ck_mismatch(0, 0xc0, 1, XEN_MEMMAP_PAGE_NONE);
    ck_mismatch(1, 0x17fff, 1, XEN_MEMMAP_PAGE_NONE);
    ck_mismatch(2, 0x18000, 1, XEN_MEMMAP_PAGE_POPULATED);
}
END_TEST

START_TEST(test_xens_heap)
{
    has(0x5001, 2, XEN_MEMMAP_PAGE_NONE);
    fake.special = 0x5001;
    ck_ok(verify(XEN_MEMMAP_FULL));
    ck_assert_uint_eq(xen_memmap_report_mismatches(r), 1);
    ck_mismatch(0, 0x5002, 1, XEN_MEMMAP_PAGE_NONE);
}
END_TEST

/* Video memory lies under its BAR: one piece, complete, aligned; nothing else is it. */
START_TEST(test_video_memory)
{
    has(0x19000, 0x1000, XEN_MEMMAP_PAGE_POPULATED);
    ck_ok(verify(_i));
    ck_mismatch(0, 0x19000, 0x1000, XEN_MEMMAP_PAGE_POPULATED);
    put("/local/domain/5/memory/videoram", "16384");
    ck_ok(verify(_i));
    ck_assert(xen_memmap_report_agrees(r));
    has(0x4000, 512, XEN_MEMMAP_PAGE_NONE);
    has(0x1c000, 0x1000, XEN_MEMMAP_PAGE_POPULATED);
    ck_ok(verify(_i));
    ck_assert_uint_eq(xen_memmap_report_mismatches(r), 2);
    ck_mismatch(0, 0x4000, 512, XEN_MEMMAP_PAGE_NONE);
    ck_mismatch(1, 0x1c000, 0x1000, XEN_MEMMAP_PAGE_POPULATED);
}
END_TEST

/* _i: too much, too little, at a wrong place, not memory */
START_TEST(test_no_video_memory)
{
    static const struct { uint64_t gfn, pages; enum xen_memmap_page is; } like[] = {
        { 0x19000, 0x1001, XEN_MEMMAP_PAGE_POPULATED },
        { 0x19000, 0xfff, XEN_MEMMAP_PAGE_POPULATED },
        { 0x19001, 0x1000, XEN_MEMMAP_PAGE_POPULATED },
        { 0x19000, 0x1000, XEN_MEMMAP_PAGE_BROKEN },
    };

    put("/local/domain/5/memory/videoram", "16384");
    has(like[_i].gfn, like[_i].pages, like[_i].is);
    ck_ok(verify(XEN_MEMMAP_FULL));
    ck_assert_uint_eq(xen_memmap_report_mismatches(r), 1);
    ck_mismatch(0, like[_i].gfn, like[_i].pages, like[_i].is);
}
END_TEST

/* RAM and reserved memory of that size are neither. */
START_TEST(test_video_memory_elsewhere)
{
    xen_memmap_layout_free(l);
    publish("SEALED", 1, "0 a0 0 ram 0 0\nc0 ff40 c0 ram 0 0\n10000 1000 - rdm 0 0\n");
    put("/local/domain/5/memory/videoram", "16384");
    ck_ok(xen_memmap_read(h, GUEST, XEN_MEMMAP_PUBLISHED, &l));
    ck_ok(verify(_i));
    ck_assert_uint_eq(xen_memmap_report_mismatches(r), 1);
    ck_mismatch(0, 0x10000, 0x1000, XEN_MEMMAP_PAGE_POPULATED);
}
END_TEST

/* What could not be freed lies over Xen's own pages; elsewhere it is a hole. */
START_TEST(test_reserved_in_firmwares_area)
{
    xen_memmap_layout_free(l);
    publish("SEALED", 1, "0 a0 0 ram 0 0\nc0 ff40 c0 ram 0 0\nfefff 1 - rdm 8 1300\n"
                         "fffff 2 - rdm 8 1300\n");
    ck_ok(xen_memmap_read(h, GUEST, XEN_MEMMAP_PUBLISHED, &l));
    has(0xfefff, 1, XEN_MEMMAP_PAGE_POPULATED);
    ck_ok(verify(_i));
    ck_assert_uint_eq(xen_memmap_report_mismatches(r), 1);
    ck_mismatch(0, 0x100000, 1, XEN_MEMMAP_PAGE_POPULATED);
}
END_TEST

START_TEST(test_populate_on_demand)
{
    fake.domain.pod_entries = 1000;
    ck_failed(verify(_i), EBUSY, "1000 pages yet to be populated");
    ck_assert_uint_eq(fake.questions, 0);
}
END_TEST

START_TEST(test_more_than_it_has)
{
    fake.domain.pages = 131039;
    ck_ok(verify(_i));
    ck_assert(!xen_memmap_report_agrees(r));
    ck_assert_uint_eq(fake.questions, 0);
}
END_TEST

/* A guest may call all addresses a hole; the question must end all the same. */
START_TEST(test_boundless_hole)
{
    char text[400] = "";
    unsigned int i;

    for (i = 0; i < 3; i++)
        sprintf(text + strlen(text), "%llx %llx - mmio 0 0\n",
                (i + 1ull) << 49, 1ull << 49);
    xen_memmap_layout_free(l);
    put(CLAIM_DIR "/generation", "1");
    put(CLAIM_DIR "/layout/0", text);
    ck_ok(xen_memmap_read(h, GUEST, XEN_MEMMAP_CLAIMED, &l));
    ck_ok(verify(_i));
    ck_assert_uint_lt(xen_memmap_report_asked(r), 3 * 65600);
    ck_assert(xen_memmap_report_agrees(r));
}
END_TEST

static uint64_t last_done;

static int progress(void *opaque, uint64_t done, uint64_t total)
{
    ck_assert_uint_le(done, total);
    ck_assert_uint_ge(done, last_done);
    last_done = done;
    return opaque && done > *(uint64_t *)opaque;
}

START_TEST(test_progress)
{
    uint64_t enough = 50000;

    last_done = 0;
    ck_ok(xen_memmap_verify(h, GUEST, l, XEN_MEMMAP_FULL, progress, NULL, &r));
    ck_assert_uint_eq(last_done, 131040 + 0x8000);
    xen_memmap_report_free(r);
    r = NULL;
    last_done = 0;
    ck_failed(xen_memmap_verify(h, GUEST, l, XEN_MEMMAP_FULL, progress, &enough,
                                &r), ECANCELED, "stopped");
    ck_assert_uint_lt(last_done, 60000);
    ck_assert_ptr_null(r);
}
END_TEST

START_TEST(test_errors)
{
    fake.error = ESRCH;
    ck_failed(verify(0), ESRCH, "ended meanwhile");
    fake.error = EACCES;
    ck_failed(verify(0), EACCES, "Xen does not answer");
    ck_failed(verify(2), EINVAL, "flags");
}
END_TEST

/* ---- all that Xen has ---- */

static struct xen_memmap_span *spans;
static unsigned int nr_spans;

static int populated(const struct xen_memmap_span *ram, unsigned int nr)
{
    free(spans);
    spans = NULL;
    return xen_memmap_populated(h, GUEST, ram, nr, NULL, NULL, &spans, &nr_spans);
}

#define ck_span(i, first, count) do { \
    ck_assert_uint_eq(spans[i].gfn, first); \
    ck_assert_uint_eq(spans[i].pages, count); \
} while (0)

START_TEST(test_populated)
{
    ck_ok(populated(NULL, 0));
    ck_assert_uint_eq(nr_spans, 3);
    ck_span(0, 0, 0xa0);
    ck_span(1, 0xc0, 0x17f40);
    ck_span(2, 0x100000, 0x8000);
    ck_assert_uint_eq(fake.questions, 0x108000 / 1024);

    has(0x5001, 2, XEN_MEMMAP_PAGE_BROKEN);
    has(0x107fff, 1, XEN_MEMMAP_PAGE_NONE);
    has(0x20000, 1, XEN_MEMMAP_PAGE_POPULATED);
    ck_ok(populated(NULL, 0));
    ck_assert_uint_eq(nr_spans, 5);
    ck_span(1, 0xc0, 0x4f41);
    ck_span(2, 0x5003, 0x12ffd);
    ck_span(3, 0x20000, 1);
    ck_span(4, 0x100000, 0x7fff);
    free(spans);
    spans = NULL;
}
END_TEST

/* The last gfn need not end a question, and a domain may have nothing at all. */
START_TEST(test_populated_ends)
{
    fake.domain.last_gfn = 0x100000;
    ck_ok(populated(NULL, 0));
    ck_assert_uint_eq(nr_spans, 3);
    ck_span(2, 0x100000, 1);
    fake.nr = 0;
    ck_ok(populated(NULL, 0));
    ck_assert_uint_eq(nr_spans, 0);
    ck_assert_ptr_null(spans);
}
END_TEST

/* What can be mapped though it is called no page: only where RAM should be. */
START_TEST(test_populated_special)
{
    const struct xen_memmap_span ram[] = { { 0, 0xa0 }, { 0xc0, 0x17f40 } };

    has(0x5001, 2, XEN_MEMMAP_PAGE_NONE);
    fake.special = 0x5001;
    ck_ok(populated(NULL, 0));
    ck_span(2, 0x5003, 0x12ffd);
    ck_ok(populated(ram, 1));
    ck_span(2, 0x5003, 0x12ffd);
    ck_ok(populated(ram, 2));
    ck_span(1, 0xc0, 0x4f42);
    ck_span(2, 0x5003, 0x12ffd);
    free(spans);
    spans = NULL;
}
END_TEST

START_TEST(test_populated_refuses)
{
    uint64_t enough = 50000;

    fake.domain.pod_entries = 7;
    ck_failed(populated(NULL, 0), EBUSY, "7 pages yet to be populated");
    ck_assert_uint_eq(fake.questions, 0);
    fake.domain.pod_entries = 0;
    fake.error = ESRCH;
    ck_failed(populated(NULL, 0), ESRCH, "ended meanwhile");
    fake.error = 0;
    last_done = 0;
    ck_failed(xen_memmap_populated(h, GUEST, NULL, 0, progress, &enough, &spans,
                                   &nr_spans), ECANCELED, "stopped");
    ck_assert_ptr_null(spans);
    last_done = 0;
    ck_ok(xen_memmap_populated(h, GUEST, NULL, 0, progress, NULL, &spans,
                               &nr_spans));
    ck_assert_uint_eq(last_done, 0x108000);
    free(spans);
    spans = NULL;
}
END_TEST

Suite *verify_suite(void)
{
    Suite *s = suite_create("verify");
    TCase *t = tcase_create("verify");

    tcase_add_checked_fixture(t, start, stop);
    tcase_add_loop_test(t, test_agrees, 0, 2);
    tcase_add_loop_test(t, test_hole_in_ram, 0, 2);
    tcase_add_loop_test(t, test_ram_in_hole, 0, 2);
    tcase_add_test(t, test_single_pages);
    tcase_add_loop_test(t, test_neighbours, 0, 2);
    tcase_add_test(t, test_ends);
    tcase_add_test(t, test_xens_heap);
    tcase_add_loop_test(t, test_video_memory, 0, 2);
    tcase_add_loop_test(t, test_no_video_memory, 0, 4);
    tcase_add_loop_test(t, test_video_memory_elsewhere, 0, 2);
    tcase_add_loop_test(t, test_reserved_in_firmwares_area, 0, 2);
    tcase_add_loop_test(t, test_populate_on_demand, 0, 2);
    tcase_add_loop_test(t, test_more_than_it_has, 0, 2);
    tcase_add_loop_test(t, test_boundless_hole, 0, 2);
    tcase_add_test(t, test_progress);
    tcase_add_test(t, test_errors);
    tcase_add_test(t, test_populated);
    tcase_add_test(t, test_populated_ends);
    tcase_add_test(t, test_populated_special);
    tcase_add_test(t, test_populated_refuses);
    suite_add_tcase(s, t);
    return s;
}
