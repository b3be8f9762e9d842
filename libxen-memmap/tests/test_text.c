/* SPDX-License-Identifier: MIT */
/* What a value may look like, to the byte; a guest can have written it. */
#include "rig.h"

static xen_memmap_layout l;

static const char *ranges(const char *value)
{
    memset(&l, 0, sizeof(l));
    return memmap_text_ranges(value, strlen(value), &l);
}

START_TEST(test_six_fields)
{
    ck_assert_ptr_null(ranges("7fff0 4 - rdm 8 20\n100000 1A 7fff0 ram 2 0\n"));
    ck_assert_uint_eq(l.nr, 2);
    ck_assert_uint_eq(l.range[0].gfn, 0x7fff0);
    ck_assert_uint_eq(l.range[0].pages, 4);
    ck_assert(l.range[0].source == XEN_MEMMAP_NO_SOURCE);
    ck_assert_uint_eq(l.range[0].type, XEN_MEMMAP_RDM);
    ck_assert_uint_eq(l.range[0].flags, XEN_MEMMAP_UNMAPPED);
    ck_assert_uint_eq(l.range[0].aux, 0x20);
    ck_assert_uint_eq(l.range[1].source, 0x7fff0);
    ck_assert_uint_eq(l.range[1].pages, 26);
}
END_TEST

START_TEST(test_type_by_number)
{
    ck_assert_ptr_null(ranges("1 1 - 7f 1 0\n"));
    ck_assert_uint_eq(l.range[0].type, 0x7f);
    ck_assert_ptr_nonnull(ranges("1 1 - 10000 1 0\n"));
}
END_TEST

START_TEST(test_nul_is_no_end)
{
    ck_assert_ptr_nonnull(memmap_text_ranges("1 1 1 ram 0 0\n\0", 15, &l));
    ck_assert_ptr_nonnull(memmap_text_state("SEALED\0", 7, &l.state));
    ck_assert_ptr_nonnull(memmap_text_generation("1\0", 2, &l.generation));
}
END_TEST

START_TEST(test_most_ranges)
{
    char text[257 * 24] = "";
    unsigned int i;

    for (i = 0; i < 257; i++) {
        ck_assert_msg(i < 256 || !ranges(text), "256 are not taken");
        sprintf(text + strlen(text), "%x 1 - ram 0 0\n", 2 * i);
    }
    ck_assert_ptr_nonnull(strstr(ranges(text), "more ranges"));
    ck_assert_uint_eq(l.nr, 256);
}
END_TEST

START_TEST(test_numbers)
{
    uint32_t n = 7;

    ck_assert_ptr_null(memmap_text_generation("4294967295", 10, &n));
    ck_assert_uint_eq(n, UINT32_MAX);
    ck_assert_ptr_nonnull(memmap_text_generation("4294967296", 10, &n));
    ck_assert_ptr_nonnull(memmap_text_generation("", 0, &n));
    ck_assert_ptr_nonnull(memmap_text_generation("1a", 2, &n));
    ck_assert_ptr_nonnull(memmap_text_generation("1\n", 2, &n));
    ck_assert_uint_eq(n, UINT32_MAX);
}
END_TEST

START_TEST(test_states)
{
    enum xen_memmap_state s;

    ck_assert_ptr_null(memmap_text_state("OFFERED", 7, &s));
    ck_assert_int_eq(s, XEN_MEMMAP_OFFERED);
    ck_assert_ptr_null(memmap_text_state("SEALED", 6, &s));
    ck_assert_int_eq(s, XEN_MEMMAP_SEALED);
    ck_assert_ptr_nonnull(memmap_text_state("SEALE", 5, &s));
    ck_assert_ptr_nonnull(memmap_text_state("sealed", 6, &s));
    ck_assert_ptr_nonnull(memmap_text_state("ABSENT", 6, &s));
}
END_TEST

static xen_memmap_layout *reserved(const char *value, const char **flaw)
{
    xen_memmap_layout *r = calloc(1, sizeof(*r));

    *flaw = memmap_text_reserved(value, strlen(value), r);
    return r;
}

START_TEST(test_reserved)
{
    const char *flaw;
    xen_memmap_layout *r = reserved(
        "7fff0 4 0000:00:04.0 mapped\n"
        "7fff8 4 0001:02:1f.7 not mapped: RAM is\x1b[2J there\n", &flaw);

    ck_assert_ptr_null(flaw);
    ck_assert_uint_eq(r->nr_reserved, 2);
    ck_assert_uint_eq(r->reserved[0].sbdf, 0x20);
    ck_assert_int_eq(r->reserved[0].mapped, 1);
    ck_assert_uint_eq(r->reserved[1].sbdf, 0x102ff);
    ck_assert_int_eq(r->reserved[1].mapped, 0);
    ck_assert_str_eq(r->reserved[1].status, "not mapped: RAM is?[2J there");
    xen_memmap_layout_free(r);
}
END_TEST

static const char *flaw_of(const char *rule, const char *value, size_t len)
{
    const char *flaw;
    xen_memmap_layout *r;

    if (!strcmp(rule, "layout")) {
        memset(&l, 0, sizeof(l));
        return memmap_text_ranges(value, len, &l);
    }
    if (!strcmp(rule, "generation"))
        return memmap_text_generation(value, len, &l.generation);
    if (!strcmp(rule, "state"))
        return memmap_text_state(value, len, &l.state);
    r = calloc(1, sizeof(*r));
    flaw = memmap_text_reserved(value, len, r);
    xen_memmap_layout_free(r);
    return flaw;
}

/* What PROTOCOL.md has: a value is of its form, or is not. */
START_TEST(test_forms)
{
    char path[4096], line[512], rule[16], verdict[32];
    unsigned int seen = 0;
    int at;
    FILE *f;

    snprintf(path, sizeof(path), "%s/xenstore.txt", getenv("VECTORS"));
    f = fopen(path, "r");
    ck_assert_msg(f != NULL, "%s", path);
    while (fgets(line, sizeof(line), f)) {
        const char *flaw;
        char *value;
        size_t len;

        if (sscanf(line, "%15s %31[^ \n]%n", rule, verdict, &at) != 2 || *rule == '#' ||
            !strcmp(rule, "region") || !strcmp(rule, "shows") || !strcmp(rule, "keys"))
            continue;
        value = line + at + (line[at] == ' ');
        len = rig_unescape(value);
        flaw = flaw_of(rule, value, len);
        ck_assert_msg(!flaw == !strcmp(verdict, "yes"), "%s %s: %s", rule, value,
                      flaw ? flaw : "taken");
        seen++;
    }
    fclose(f);
    ck_assert_uint_gt(seen, 50);
}
END_TEST

Suite *text_suite(void)
{
    Suite *s = suite_create("text");
    TCase *t = tcase_create("text");

    tcase_add_test(t, test_six_fields);
    tcase_add_test(t, test_type_by_number);
    tcase_add_test(t, test_nul_is_no_end);
    tcase_add_test(t, test_most_ranges);
    tcase_add_test(t, test_numbers);
    tcase_add_test(t, test_states);
    tcase_add_test(t, test_reserved);
    tcase_add_test(t, test_forms);
    suite_add_tcase(s, t);
    return s;
}
