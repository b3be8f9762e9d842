/* SPDX-License-Identifier: MIT */
/*
 * Who tells of reserved memory, and what RAM cannot make way (hvmloader/hvm-rdm.h).
 *
 * A range that is missing here is a device whose memory the guest overwrites; a page
 * that is not pinned here is hvmloader pulling away what it stands on.
 */
#include "suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hvm-e820.h"
#include "hvm-print.h"
#include "hvm-rdm.h"
#include "sim.h"

static struct memmap_range storage[2][MEMMAP_MAX_ENTRIES];
static struct memmap_layout query, now;

static void setup(void)
{
    sim_init();
    sim_new();
    memmap_layout_init(&query, storage[0], MEMMAP_MAX_ENTRIES);
    memmap_layout_init(&now, storage[1], MEMMAP_MAX_ENTRIES);
}

static void is(struct memmap_layout *l, uint64_t gfn, uint64_t pages,
               unsigned int type, unsigned int aux)
{
    struct memmap_range r = {
        .gfn = gfn, .pages = pages, .type = type, .aux = aux,
        .source = MEMMAP_NO_SOURCE,
    };

    REQUIRE(memmap_layout_set(l, &r));
}

static void key(unsigned int i, const char *value)
{
    char path[48];

    snprintf(path, sizeof(path), "hvmloader/memory-map/rdm/%u", i);
    sim_tell(path, "%s", value);
}

static void assert_range(const struct memmap_layout *l, unsigned int i,
                         uint64_t gfn, uint64_t pages, unsigned int aux)
{
    ck_assert_uint_lt(i, l->nr);
    ck_assert_uint_eq(l->range[i].gfn, gfn);
    ck_assert_uint_eq(l->range[i].pages, pages);
    ck_assert_uint_eq(l->range[i].type, MEMMAP_TYPE_RDM);
    ck_assert_uint_eq(l->range[i].aux, aux);
}

START_TEST(nobody_tells)
{
    is(&query, 0x1000, 1, MEMMAP_TYPE_OWNED, 0);
    is(&now, 0x100, 0x1000, MEMMAP_TYPE_RAM, 0);
    ck_assert_uint_eq(memmap_gather_rdm(&query, &now)->nr, 0);
    ck_assert_uint_eq(memmap_gather_rdm(NULL, &now)->nr, 0);
}
END_TEST

START_TEST(three_sides_tell)
{
    const struct memmap_layout *rdm;

    is(&query, 0x2000, 4, MEMMAP_TYPE_RDM, 0x18);
    key(0, "3000-3001=0:5.0");
    key(1, "0x4000");
    is(&now, 0x100, 0x1000, MEMMAP_TYPE_RAM, 0);
    is(&now, 0x5000, 2, MEMMAP_TYPE_RDM, 0);
    rdm = memmap_gather_rdm(&query, &now);
    ck_assert_uint_eq(rdm->nr, 4);
    assert_range(rdm, 0, 0x2000, 4, 0x18);
    assert_range(rdm, 1, 0x3000, 2, 0x28);
    assert_range(rdm, 2, 0x4000, 1, 0);
    assert_range(rdm, 3, 0x5000, 2, 0);
    /* Each call starts anew. */
    ck_assert_uint_eq(memmap_gather_rdm(NULL, &now)->nr, 3);
}
END_TEST

/* The E820 does not know whose it is, and must not make that unknown. */
START_TEST(told_twice)
{
    const struct memmap_layout *rdm;

    is(&query, 0x2000, 4, MEMMAP_TYPE_RDM, 0x18);
    is(&now, 0x2000, 4, MEMMAP_TYPE_RDM, 0);
    is(&now, 0x3000, 4, MEMMAP_TYPE_RDM, 0);
    rdm = memmap_gather_rdm(&query, &now);
    ck_assert_uint_eq(rdm->nr, 2);
    assert_range(rdm, 0, 0x2000, 4, 0x18);
    assert_range(rdm, 1, 0x3000, 4, 0);

    /* More than was told: the rest counts, and it is one range. */
    is(&now, 0x2000, 6, MEMMAP_TYPE_RDM, 0);
    rdm = memmap_gather_rdm(&query, &now);
    assert_range(rdm, 0, 0x2000, 6, 0);
}
END_TEST

/* One line of a case of wanted.txt; @want is what is expected. */
static void tell(const char *line, struct memmap_range *want, unsigned int *nr,
                 unsigned int *keys, bool *unchosen)
{
    unsigned long long a, b, c;
    char value[64];

    if ( sscanf(line, "width %u", &sim.phys_bits) == 1 )
        return;
    if ( sscanf(line, "key %63s", value) == 1 )
        key((*keys)++, value);
    else if ( sscanf(line, "query %llx %llx %llx", &a, &b, &c) == 3 )
        is(&query, a, b, MEMMAP_TYPE_RDM, c);
    else if ( sscanf(line, "map %llx %llx", &a, &b) == 2 )
        memory_map.map[memory_map.nr_map++] = (struct e820entry){
            .addr = a, .size = b, .type = E820_RESERVED };
    else if ( sscanf(line, "wanted %llx %llx %llx", &a, &b, &c) == 3 )
        want[(*nr)++] = (struct memmap_range){ .gfn = a, .pages = b, .aux = c };
    else if ( !strcmp(line, "unchosen\n") )
        *unchosen = true;
    else
        ck_abort_msg("wanted.txt: %s", line);
}

/* What PROTOCOL.md has: cases, and the ranges that come of them. */
START_TEST(wanted)
{
    const char *tests = getenv("TESTS_SRC");
    char path[4096], line[256] = "";
    struct memmap_range want[16];
    unsigned int cases = 0;
    FILE *f;

    snprintf(path, sizeof(path), "%s/vectors/wanted.txt", tests ? tests : "tests");
    f = fopen(path, "r");
    ck_assert_msg(f != NULL, "%s", path);
    while ( !feof(f) )
    {
        const struct memmap_layout *rdm;
        unsigned int nr = 0, keys = 0;
        bool unchosen = false;

        setup();
        sim.phys_bits = 39;
        while ( fgets(line, sizeof(line), f) && *line != '\n' )
            if ( *line != '#' )
                tell(line, want, &nr, &keys, &unchosen);
        memmap_e820_read(&now);
        rdm = memmap_gather_rdm(unchosen ? NULL : &query, &now);
        ck_assert_msg(rdm->nr == nr, "case %u: %u ranges", cases, rdm->nr);
        for ( unsigned int i = 0; i < nr; i++ )
            assert_range(rdm, i, want[i].gfn, want[i].pages, want[i].aux);
        cases++;
    }
    fclose(f);
    ck_assert_uint_gt(cases, 10);
}
END_TEST

/* A key that makes no sense says why, and the next one counts. */
START_TEST(bad_keys)
{
    const struct memmap_layout *rdm;

    key(0, "zebra");
    key(1, "3000-3001");
    key(3, "4000");                         /* 2 is missing: the list ends */
    rdm = memmap_gather_rdm(NULL, &now);
    ck_assert_uint_eq(rdm->nr, 1);
    assert_range(rdm, 0, 0x3000, 2, 0);
    ck_assert(sim_heard("hvmloader/memory-map/rdm/0 = \"zebra\": "));
    ck_assert(sim_heard(", ignored\n"));
}
END_TEST

START_TEST(beyond_what_the_guest_can_address)
{
    const struct memmap_layout *rdm;

    sim.phys_bits = 36;
    key(0, "fffff0-ffffff");
    key(1, "fffff0-1000000=0:3.0");
    rdm = memmap_gather_rdm(NULL, &now);
    ck_assert_uint_eq(rdm->nr, 1);
    assert_range(rdm, 0, 0xfffff0, 0x10, 0);
    ck_assert(sim_heard("reserved memory fffff0-1000000 of 0000:00:03.0 is"
                        " beyond what this guest can address, ignored"));
}
END_TEST

/* There are 256 at most, as in a record; from one more on a line says so. */
START_TEST(many_keys)
{
    for ( unsigned int over = 0; over < 2; over++ )
    {
        const struct memmap_layout *rdm;
        char text[16];

        setup();
        for ( unsigned int i = 0; i < MEMMAP_MAX_ENTRIES + over; i++ )
        {
            snprintf(text, sizeof(text), "%x", 0x1000 + 2 * i);
            key(i, text);
        }
        rdm = memmap_gather_rdm(NULL, &now);
        ck_assert_uint_eq(rdm->nr, MEMMAP_MAX_ENTRIES);
        assert_range(rdm, MEMMAP_MAX_ENTRIES - 1,
                     0x1000 + 2 * (MEMMAP_MAX_ENTRIES - 1), 1, 0);
        ck_assert_int_eq(sim_heard("more than 256 keys of reserved memory"),
                         over);
    }
}
END_TEST

/* All three sides at their most: what is gathered has room for it. */
START_TEST(most_of_all)
{
    char text[16];

    for ( unsigned int i = 0; i < MEMMAP_MAX_ENTRIES; i++ )
    {
        snprintf(text, sizeof(text), "%x", 0x10000 + 2 * i);
        key(i, text);
        is(&query, 0x20000 + 2 * i, 1, MEMMAP_TYPE_RDM, 0);
        is(&now, 0x30000 + 2 * i, 1, MEMMAP_TYPE_RDM, 0);
    }
    ck_assert_uint_eq(memmap_gather_rdm(&query, &now)->nr,
                      3 * MEMMAP_MAX_ENTRIES);
}
END_TEST

/* What hvmloader was started with, each thing in a page of its own. */
static struct {
    struct hvm_start_info info;
    char pad[4096 - sizeof(struct hvm_start_info)];
    struct hvm_modlist_entry mod[2];
    char pad2[2048];
} start __attribute__((aligned(4096)));
static char cmdline[3 * 4096] __attribute__((aligned(4096)));

static bool is_pinned(const struct memmap_layout *l, uint64_t gfn,
                      uint64_t pages)
{
    return memmap_layout_covers(l, MEMMAP_TYPE_RAM, gfn, pages) &&
           !memmap_layout_overlaps(l, MEMMAP_TYPE_RAM, gfn + pages, 1);
}

static uint64_t gfn_of(const void *p)
{
    return (uintptr_t)p >> PAGE_SHIFT;
}

START_TEST(what_is_pinned)
{
    const struct hvm_start_info *old = hvm_start_info;
    const struct memmap_layout *l;

    start.info = (struct hvm_start_info){
        .nr_modules = 2, .modlist_paddr = (uintptr_t)start.mod };
    start.mod[0] = (struct hvm_modlist_entry){ .paddr = 0x200000,
                                               .size = 0x1001 };
    /* It ends in the next page, by its zero alone. */
    memset(cmdline, 'x', 4096);
    cmdline[4096] = 0;
    start.mod[1] = (struct hvm_modlist_entry){
        .paddr = 0x300fff, .size = 1, .cmdline_paddr = (uintptr_t)cmdline };
    sim_tell(HVM_XS_SMBIOS_PT_ADDRESS, "0x400000");
    sim_tell(HVM_XS_SMBIOS_PT_LENGTH, "8192");
    hvm_start_info = &start.info;
    l = memmap_gather_pinned();
    hvm_start_info = old;

    /* The low MiB, and the image right above it. */
    ck_assert(memmap_layout_covers(l, MEMMAP_TYPE_RAM, 0, 0x100));
    ck_assert_uint_eq(l->range[0].pages, 0x100);
    ck_assert(is_pinned(l, 0x100, SIM_IMAGE_END - 0x100));
    ck_assert(is_pinned(l, SIM_ACPI_GFN, 2));
    ck_assert(is_pinned(l, 0x200, 2));
    ck_assert(is_pinned(l, 0x300, 1));
    ck_assert(is_pinned(l, 0x400, 2));
    ck_assert(memmap_layout_covers(l, MEMMAP_TYPE_RAM, gfn_of(&start.info), 1));
    ck_assert(memmap_layout_covers(l, MEMMAP_TYPE_RAM, gfn_of(&start.mod), 1));
    ck_assert(is_pinned(l, gfn_of(cmdline), 2));
    ck_assert_str_eq(sim.said, "");
}
END_TEST

/* A toolstack of long ago leaves no list, and a guest has no blobs. */
START_TEST(little_is_pinned)
{
    const struct hvm_start_info *old = hvm_start_info;
    const struct memmap_layout *l;

    start.info = (struct hvm_start_info){ .nr_modules = 2 };
    hvm_start_info = &start.info;
    sim.nr_keys = 0;
    l = memmap_gather_pinned();
    hvm_start_info = old;
    ck_assert_uint_eq(l->nr, 3);
    ck_assert_uint_eq(memmap_range_end(&l->range[1]), SIM_IMAGE_END);
}
END_TEST

START_TEST(too_much_to_pin)
{
    static struct hvm_modlist_entry mod[70];
    const struct hvm_start_info *old = hvm_start_info;

    start.info = (struct hvm_start_info){
        .nr_modules = 70, .modlist_paddr = (uintptr_t)mod };
    for ( unsigned int i = 0; i < 70; i++ )
        mod[i] = (struct hvm_modlist_entry){ .paddr = 0x200000 + i * 0x2000,
                                             .size = 1 };
    hvm_start_info = &start.info;
    ck_assert_uint_eq(memmap_gather_pinned()->nr, 64);
    hvm_start_info = old;
    ck_assert(sim_heard("memmap: too much that cannot move, gfn "));
}
END_TEST

START_TEST(numbers_for_people)
{
    struct memmap_hex h;
    struct memmap_range r = { .gfn = 0x123456789a, .pages = 0x10,
                              .aux = 0x0001abfd };

    ck_assert_str_eq(memmap_hex(0, &h), "0");
    ck_assert_str_eq(memmap_hex(0xffffffff, &h), "ffffffff");
    ck_assert_str_eq(memmap_hex(0x100000000, &h), "100000000");
    ck_assert_str_eq(memmap_hex(0x123456789a, &h), "123456789a");
    ck_assert_str_eq(memmap_hex(~0ull, &h), "ffffffffffffffff");
    memmap_print_rdm(&r);
    ck_assert_str_eq(sim.said, "reserved memory 123456789a-12345678a9 of"
                               " 0001:ab:1f.5");
    sim.said[0] = 0;
    r.aux = 0;
    memmap_print_rdm(&r);
    ck_assert_str_eq(sim.said, "reserved memory 123456789a-12345678a9");
}
END_TEST

/* Of each range that is not freed one line says why. */
START_TEST(why_it_is_kept)
{
    struct memmap_plan_in in = {
        .now = &now, .hole_end = RESERVED_MEMBASE, .high_base = GB(4),
    };

    is(&now, 0x200, 0x1000, MEMMAP_TYPE_RAM, 0);
    is(&now, 0x200000, 4, MEMMAP_TYPE_OWNED, 0);
    key(0, "50");
    key(1, "110-111");
    key(2, "161");
    key(3, "300");
    key(4, "fd000");
    key(5, "200001");
    key(6, "2000");
    in.rdm = memmap_gather_rdm(NULL, &now);
    in.pinned = memmap_gather_pinned();
    memmap_print_kept(&in);
    ck_assert_str_eq(sim.said,
        "memmap: reserved memory 50-50 cannot be freed: it lies below 1 MiB;"
        " the device cannot use it\n"
        "memmap: reserved memory 110-111 cannot be freed: it lies under"
        " hvmloader; the device cannot use it\n"
        "memmap: reserved memory 161-161 cannot be freed: it lies under what"
        " hvmloader was started with; the device cannot use it\n"
        "memmap: reserved memory 300-300 cannot be freed: RAM is there, and"
        " stays; the device cannot use it\n"
        "memmap: reserved memory fd000-fd000 cannot be freed: it lies in"
        " hvmloader's own area below 4 GiB; the device cannot use it\n"
        "memmap: reserved memory 200001-200001 cannot be freed: the device"
        " model has its own memory there; the device cannot use it\n");
}
END_TEST

Suite *hvm_rdm_suite(void)
{
    Suite *s = suite_create("hvmloader's reserved memory");
    TCase *tc = tcase_create("rdm");

    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, nobody_tells);
    tcase_add_test(tc, three_sides_tell);
    tcase_add_test(tc, told_twice);
    tcase_add_test(tc, wanted);
    tcase_add_test(tc, bad_keys);
    tcase_add_test(tc, beyond_what_the_guest_can_address);
    tcase_add_test(tc, many_keys);
    tcase_add_test(tc, most_of_all);
    tcase_add_test(tc, what_is_pinned);
    tcase_add_test(tc, little_is_pinned);
    tcase_add_test(tc, too_much_to_pin);
    tcase_add_test(tc, numbers_for_people);
    tcase_add_test(tc, why_it_is_kept);
    suite_add_tcase(s, tc);
    return s;
}
