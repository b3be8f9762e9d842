/* SPDX-License-Identifier: MIT */
/* Records, by the protocol's own test vectors (PROTOCOL.md, section 12). */
#include "rig.h"
#include "codec.h"              /* protocol/ */

#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

static void open_handle(void)
{
    h = xen_memmap_open(NULL, 0);
}

static void close_handle(void)
{
    xen_memmap_close(h);
}

/* The bytes of tests/vectors/@name: hexadecimal, and lines of comment. */
static size_t vector(const char *name, uint8_t *buf, size_t max)
{
    char path[512];
    char line[512], *at;
    unsigned int byte;
    size_t n = 0;
    int used;
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s", getenv("VECTORS"), name);
    f = fopen(path, "r");
    ck_assert_msg(f != NULL, "%s", path);
    while (fgets(line, sizeof(line), f))
        for (at = line; *at != '#' && n < max &&
                        sscanf(at, "%2x%n", &byte, &used) == 1; at += used)
            buf[n++] = byte;
    fclose(f);
    return n;
}

START_TEST(test_relocated)
{
    uint8_t buf[12288];
    size_t len = vector("layout-relocated.hex", buf, sizeof(buf));
    xen_memmap_layout *l;

    ck_assert_uint_eq(len, 176);
    ck_ok(xen_memmap_decode(h, buf, len, &l));
    ck_assert_int_eq(xen_memmap_layout_origin(l), XEN_MEMMAP_RECORD);
    ck_assert_int_eq(xen_memmap_layout_state(l), XEN_MEMMAP_UNKNOWN);
    ck_assert_uint_eq(xen_memmap_layout_generation(l), 1);
    ck_assert_uint_eq(xen_memmap_layout_ranges(l), 4);
    ck_assert_uint_eq(xen_memmap_layout_pages(l, XEN_MEMMAP_RAM), 131040);
    ck_assert_uint_eq(xen_memmap_layout_range(l, 3)->gfn, 0x100000);
    ck_assert_uint_eq(xen_memmap_layout_range(l, 3)->source, 0x18000);
    ck_assert_ptr_null(xen_memmap_layout_range(l, 4));
    ck_assert_ptr_null(xen_memmap_layout_reserved(l, 0));
    xen_memmap_layout_free(l);
}
END_TEST

/* What the bytes alone show to be wrong; the guest's RAM is not known here. */
static const struct { const char *name, *words; } refused[] = {
    { "refused-magic.hex", "magic" }, { "refused-version.hex", "version" },
    { "refused-length.hex", "lengths" }, { "refused-checksum.hex", "checksum" },
    { "refused-count.hex", "too many" }, { "refused-type.hex", "(entry 2)" },
    { "refused-empty.hex", "(entry 1)" }, { "refused-wraps.hex", "(entry 1)" },
    { "refused-order.hex", "(entry 1)" }, { "refused-reserved.hex", "(entry 1)" },
};

START_TEST(test_refused)
{
    uint8_t buf[12288];
    size_t len = vector(refused[_i].name, buf, sizeof(buf));
    xen_memmap_layout *l = NULL;

    ck_failed(xen_memmap_decode(h, buf, len, &l), EBADMSG, refused[_i].words);
    ck_assert_ptr_null(l);
}
END_TEST

START_TEST(test_short_and_long)
{
    static uint8_t buf[12289];
    size_t len = vector("layout-minimal.hex", buf, sizeof(buf));
    xen_memmap_layout *l;
    size_t i;

    for (i = 0; i < len; i++)
        ck_failed(xen_memmap_decode(h, buf, i, &l), EBADMSG, "");
    ck_failed(xen_memmap_decode(h, buf, 12289, &l), EBADMSG, "at most");
}
END_TEST

/* Its addresses would have more than 64 bits. */
START_TEST(test_beyond_addresses)
{
    struct memmap_range range = {
        .gfn = 1ull << 52, .pages = 1, .source = MEMMAP_NO_SOURCE,
        .type = MEMMAP_TYPE_MMIO,
    };
    struct memmap_record record = {
        .major = 1, .kind = MEMMAP_KIND_LAYOUT, .generation = 1,
        .gfn_limit = UINT64_MAX,
        .layout = { .range = &range, .nr = 1, .max = 1 },
    };
    xen_memmap_layout *l;
    uint8_t buf[128];
    uint32_t len;

    len = memmap_pack(&record, buf, sizeof(buf));
    ck_failed(xen_memmap_decode(h, buf, len, &l), EBADMSG, "beyond the highest usable gfn (entry 0)");
    range.gfn--;
    len = memmap_pack(&record, buf, sizeof(buf));
    ck_ok(xen_memmap_decode(h, buf, len, &l));
    xen_memmap_layout_free(l);
}
END_TEST

/* A record, and what a device model shows of it in xenstore, are one layout. */
START_TEST(test_shown)
{
    static uint8_t buf[12288];
    char path[4096], line[1024], name[64];
    unsigned int seen = 0, i;
    int at;
    FILE *f;

    snprintf(path, sizeof(path), "%s/xenstore.txt", getenv("VECTORS"));
    f = fopen(path, "r");
    ck_assert_msg(f != NULL, "%s", path);
    while (fgets(line, sizeof(line), f)) {
        xen_memmap_layout shown = {}, *l;
        size_t len;

        if (sscanf(line, "shows %58s %n", name, &at) != 1)
            continue;
        len = rig_unescape(line + at);
        ck_assert_ptr_null(memmap_text_ranges(line + at, len, &shown));
        strcat(name, ".hex");
        ck_ok(xen_memmap_decode(h, buf, vector(name, buf, sizeof(buf)), &l));
        ck_assert_uint_eq(xen_memmap_layout_ranges(l), shown.nr);
        for (i = 0; i < shown.nr; i++)
            ck_assert_msg(!memcmp(xen_memmap_layout_range(l, i), &shown.range[i],
                                  sizeof(shown.range[i])), "%s: range %u", name, i);
        xen_memmap_layout_free(l);
        seen++;
    }
    fclose(f);
    ck_assert_uint_gt(seen, 5);
}
END_TEST

START_TEST(test_file)
{
    char path[] = "/tmp/xen-memmap-record-XXXXXX";
    uint8_t buf[12288];
    size_t len = vector("layout-rdm.hex", buf, sizeof(buf));
    int fd = mkstemp(path);
    xen_memmap_layout *l;

    ck_assert(fd >= 0);
    ck_assert_int_eq(write(fd, buf, len), (ssize_t)len);
    close(fd);
    ck_ok(xen_memmap_load(h, path, &l));
    ck_assert_uint_eq(xen_memmap_layout_pages(l, XEN_MEMMAP_RDM), 4);
    xen_memmap_layout_free(l);
    unlink(path);

    ck_failed(xen_memmap_load(h, path, &l), ENOENT, path);
    ck_failed(xen_memmap_load(h, "/", &l), EISDIR, "/");
    ck_failed(xen_memmap_load(h, "/dev/zero", &l), EBADMSG, "at most");
    ck_failed(xen_memmap_load(h, "/dev/null", &l), EBADMSG, "");
}
END_TEST

Suite *record_suite(void)
{
    Suite *s = suite_create("record");
    TCase *t = tcase_create("record");

    tcase_add_checked_fixture(t, open_handle, close_handle);
    tcase_add_test(t, test_relocated);
    tcase_add_loop_test(t, test_refused, 0, MEMMAP_ARRAY_SIZE(refused));
    tcase_add_test(t, test_short_and_long);
    tcase_add_test(t, test_beyond_addresses);
    tcase_add_test(t, test_shown);
    tcase_add_test(t, test_file);
    suite_add_tcase(s, t);
    return s;
}
