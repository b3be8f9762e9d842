/* SPDX-License-Identifier: MIT */
/*
 * Unit tests of what the guest's workload can do without a guest: parameters, the E820 check on
 * made-up sysfs folders, whose figures are those of real guests under Xen, and what the dma check
 * says of devices that reach the wrong memory.
 */
#include "dma.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>       /* mkdir */

static char root[] = "/tmp/memmap-guest-XXXXXX";
static struct outcome o;

static void put(const char *path, const char *fmt, unsigned long long v, const char *text)
{
    char full[400];
    FILE *f;

    snprintf(full, sizeof(full), "%s%s", root, path);
    for (char *s = full + strlen(root) + 1; (s = strchr(s, '/')); s++) {
        *s = '\0';
        mkdir(full, 0755);
        *s = '/';
    }
    f = fopen(full, "w");
    ck_assert_ptr_nonnull(f);
    if (text) {
        fprintf(f, "%s\n", text);
    } else {
        fprintf(f, fmt, v);
    }
    fclose(f);
}

static unsigned int nr;

static void entry(uint64_t start, uint64_t end, const char *type)
{
    char path[100];

    snprintf(path, sizeof(path), "/sys/firmware/memmap/%u/start", nr);
    put(path, "0x%llx\n", start, NULL);
    snprintf(path, sizeof(path), "/sys/firmware/memmap/%u/end", nr);
    put(path, "0x%llx\n", end - 1, NULL);
    snprintf(path, sizeof(path), "/sys/firmware/memmap/%u/type", nr);
    put(path, NULL, 0, type);
    nr++;
}

static void device(const char *bdf, const char *class, const char *resource)
{
    char path[100];

    snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/class", bdf);
    put(path, NULL, 0, class);
    snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/vendor", bdf);
    put(path, NULL, 0, "0x1b36");
    snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource", bdf);
    put(path, NULL, 0, resource);
}

/* 3 GiB less 16 MiB of video memory; 1008 MiB of it moved to 4 GiB; a BAR in the hole. */
static void setup(void)
{
    strcpy(root, "/tmp/memmap-guest-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
    fs_root = root;
    nr = 0;
    device("0000:00:05.0", "0x010802",
           "0x00000000f1000000 0x00000000f1003fff 0x0000000000140204\n"
           "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
           "0x0000000080000000 0x00000000bfffffff 0x000000000014220c\n"
           "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
           "0x000000000000c000 0x000000000000c0ff 0x0000000000040101\n"
           "0x0000000000000000 0x0000000000000000 0x0000000000000000");
}

static void firmware(void)
{
    entry(0x100000000, 0x13f000000, "System RAM");
    entry(0, 0x9fc00, "System RAM");
    entry(0x9fc00, 0xa0000, "Reserved");
    entry(0xf0000, 0x100000, "Reserved");
    entry(0xfc000000, 0xfc009000, "ACPI Non-volatile Storage");
    entry(0xfc009000, 0x100000000, "Reserved");
}

static void teardown(void)
{
    char command[100];

    snprintf(command, sizeof(command), "rm -rf %s", root);
    ck_assert_int_eq(system(command), 0);
    fs_root = "";
}

static enum result run(const char *params)
{
    static struct params p;
    static char text[200];

    snprintf(text, sizeof(text), "%s", params);
    params_parse(&p, text);
    memset(&o, 0, sizeof(o));
    if (p.bad[0]) {
        outcome(&o, ERROR, "%s", p.bad);
    } else {
        check_e820.run(&p, &o);
    }
    return o.result;
}

START_TEST(test_account)
{
    firmware();
    entry(0x100000, 0x7fff8000, "System RAM");
    entry(0x7fff8000, 0x80000000, "Reserved");
    ck_assert_msg(run("total=3G,less=16M,low-end=0x80000000,high-end=0x13f000000") == SUCCESS,
                  "%s", o.text);
    /* One page more or less is not the same. */
    ck_assert_int_eq(run("total=3G,less=16380K"), FAILURE);
    ck_assert_int_eq(run("total=3G,less=16388K"), FAILURE);
    /* Slack allows for less RAM, never for more. */
    ck_assert_int_eq(run("total=3G,less=16380K,slack=4K"), SUCCESS);
    ck_assert_int_eq(run("total=3G,less=16388K,slack=4K"), FAILURE);
    ck_assert_int_eq(run("total=3G,less=16M,low-end=0x7ffff000"), FAILURE);
    ck_assert_int_eq(run("total=3G,less=16M,high-end=0x140000000"), FAILURE);
    ck_assert_int_eq(run("total=3G,less=16M,high-end=0"), FAILURE);
}
END_TEST

START_TEST(test_ram_under_bar)
{
    firmware();
    entry(0x100000, 0x80001000, "System RAM");
    ck_assert_int_eq(run(""), FAILURE);
    ck_assert_ptr_nonnull(strstr(o.text, "BAR 2 of 0000:00:05.0"));
}
END_TEST

START_TEST(test_overlap)
{
    firmware();
    entry(0x100000, 0x7fff8000, "System RAM");
    entry(0x7fff7000, 0x80000000, "Reserved");
    ck_assert_int_eq(run(""), FAILURE);
    ck_assert_ptr_nonnull(strstr(o.text, "overlaps"));
}
END_TEST

START_TEST(test_legacy)
{
    entry(0, 0xa1000, "System RAM");
    ck_assert_int_eq(run(""), FAILURE);
}
END_TEST

START_TEST(test_holes)
{
    /* An RMRR right behind what SeaBIOS kept: the kernel shows them as one entry. */
    firmware();
    entry(0x100000, 0x7ffe8000, "System RAM");
    entry(0x7ffe8000, 0x7fff4000, "Reserved");
    entry(0x7fff4000, 0x80000000, "System RAM");
    ck_assert_msg(run("total=3G,less=16400K,holes=0x7fff0000-0x7fff4000") == SUCCESS, "%s",
                  o.text);
    ck_assert_int_eq(run("total=3G,less=16400K"), FAILURE);
    ck_assert_int_eq(run("holes=0x7fff0000-0x7fff5000"), FAILURE);
    ck_assert_int_eq(run("holes=0x7fff0000-0x7fff4000+0xb0000000-0xb0001000"), FAILURE);
}
END_TEST

/* OVMF in a guest of 1 GiB: 2 MiB of firmware image, half of which came from the top of RAM. */
START_TEST(test_ovmf)
{
    static const struct { uint64_t start, end; const char *type; } map[] = {
        { 0x0, 0xa0000, "System RAM" }, { 0xa0000, 0x100000, "Reserved" },
        { 0x100000, 0x3cb1f000, "System RAM" }, { 0x3cb1f000, 0x3cb22000, "ACPI Tables" },
        { 0x3cb22000, 0x3cce1000, "System RAM" }, { 0x3cce1000, 0x3cce2000, "ACPI Tables" },
        { 0x3cce2000, 0x3cce3000, "Reserved" },
        { 0x3cce3000, 0x3ccf6000, "ACPI Non-volatile Storage" },
        { 0x3ccf6000, 0x3cd1f000, "Reserved" }, { 0x3cd1f000, 0x3eef4000, "System RAM" },
        { 0xfc00b000, 0xfee00000, "Reserved" }, { 0xfef00000, 0x100000000, "Reserved" },
    };

    for (unsigned int i = 0; i < sizeof(map) / sizeof(map[0]); i++) {
        entry(map[i].start, map[i].end, map[i].type);
    }
    ck_assert_msg(run("total=1G,less=16M,slack=1072K,low-end=0x3eef4000,high-end=0,"
                      "firmware=260K") == SUCCESS, "%s", o.text);
    ck_assert_int_eq(run("total=1G,less=16M,slack=1068K"), FAILURE);
    ck_assert_int_eq(run("total=1G,less=16M,slack=1072K,low-end=0x3eef5000"), FAILURE);
    ck_assert_int_eq(run("total=1G,less=16M,slack=1072K,firmware=256K"), FAILURE);
    ck_assert_ptr_nonnull(strstr(o.text, "266240 bytes"));
    /* A hole in one of the pieces is none of the firmware's. */
    ck_assert_int_eq(run("total=1G,less=16M,slack=1072K,holes=0x3cce2000-0x3cce3000"), FAILURE);
    ck_assert_int_eq(run("total=1G,less=16M,slack=1076K,holes=0x3cce2000-0x3cce3000"), SUCCESS);
}
END_TEST

START_TEST(test_lost_amid_ram)
{
    /* Nobody mentions one page: that is not the firmware's. */
    firmware();
    entry(0x100000, 0x40000000, "System RAM");
    entry(0x40001000, 0x7fff8000, "System RAM");
    entry(0x7fff8000, 0x80000000, "Reserved");
    ck_assert_int_eq(run("total=3G,less=16M"), FAILURE);
    ck_assert_int_eq(run("total=3G,less=16388K"), SUCCESS);
}
END_TEST

START_TEST(test_parameters)
{
    firmware();
    entry(0x100000, 0x80000000, "System RAM");
    ck_assert_int_eq(run("totl=3G"), ERROR);
    ck_assert_int_eq(run("total=3X"), ERROR);
    ck_assert_int_eq(run("total=-1"), ERROR);
    ck_assert_int_eq(run("total=99999999999G"), ERROR);
    ck_assert_int_eq(run("total"), ERROR);
    ck_assert_int_eq(run("total=1G,total=1G"), ERROR);
    ck_assert_int_eq(run("holes=0x2000-0x1000"), ERROR);
    ck_assert_int_eq(run("holes=0x2000"), ERROR);
    ck_assert_int_eq(run("less=0x10K"), SUCCESS);
}
END_TEST

START_TEST(test_nothing_to_read)
{
    ck_assert_int_eq(run("total=3G"), ERROR);
}
END_TEST

/*
 * Memory of eight pages from 0x10000 on and a device that reaches them, or not: MODE is how it
 * is wrong. The last two pages are those that take part.
 */
#define FIRST 0x10000ull

static enum { RIGHT, SWAPPED, NO_STORE, NO_LOAD, LAST_WORD, STUCK } mode;
static uint64_t memory[8][PAGE_SIZE / 8], buffer[PAGE_SIZE / 8], hidden[PAGE_SIZE / 8];

static uint64_t *reached(uint64_t address)
{
    uint64_t page = (address - FIRST) / PAGE_SIZE;

    ck_assert_uint_lt(page, 8);
    /* Pages 0 and 1 are exchanged, in the IOMMU's tables only. */
    return memory[mode == SWAPPED && page < 2 ? page ^ 1 : page];
}

static bool fake_load(struct dma *d, uint64_t address)
{
    (void)d;
    if (mode == NO_LOAD && address < FIRST + 6 * PAGE_SIZE) {
        memset(buffer, 0, sizeof(buffer));
    } else {
        memcpy(buffer, reached(address), PAGE_SIZE);
    }
    return mode != STUCK;
}

static bool fake_store(struct dma *d, uint64_t address)
{
    (void)d;
    if (mode == NO_STORE && address < FIRST + 6 * PAGE_SIZE) {
        memcpy(hidden, buffer, PAGE_SIZE);
    } else {
        memcpy(reached(address), buffer, PAGE_SIZE - (mode == LAST_WORD ? 8 : 0));
    }
    return mode != STUCK;
}

static struct dma fake = {
    .load = fake_load, .store = fake_store, .give = memory[6], .take = memory[7],
    .give_at = FIRST + 6 * PAGE_SIZE, .take_at = FIRST + 7 * PAGE_SIZE, .seed = 0x123456789abcdef1,
};

static const char *both_ways(int how, bool cpu)
{
    static char bad[200];

    mode = how;
    memset(memory, 0, sizeof(memory));
    dma_both_ways(&fake, FIRST, cpu ? memory[0] : NULL, bad, sizeof(bad));
    return bad;
}

START_TEST(test_dma)
{
    /* Python has the same: tests/lab/test_lablib.py. */
    ck_assert_uint_eq(dma_word(0x7fff0008, 0x123456789abcdef1), 0x12345678e543def9);

    ck_assert_str_eq(both_ways(RIGHT, true), "");
    ck_assert_uint_eq(memory[0][511], dma_word(FIRST + 511 * 8, fake.seed));
    ck_assert_str_eq(both_ways(RIGHT, false), "");
    ck_assert_uint_eq(memory[0][511], dma_word(FIRST + 511 * 8, fake.seed));

    ck_assert_ptr_nonnull(strstr(both_ways(SWAPPED, true), "the device read 0x0 at 0x10000"));
    ck_assert_ptr_nonnull(strstr(both_ways(NO_LOAD, true), "the device read 0x0 at 0x10000"));
    ck_assert_ptr_nonnull(strstr(both_ways(NO_STORE, true), "the CPU read"));
    ck_assert_ptr_nonnull(strstr(both_ways(NO_STORE, false), "it read 0x0"));
    ck_assert_ptr_nonnull(strstr(both_ways(NO_LOAD, false), "it read 0x0"));
    ck_assert_ptr_nonnull(strstr(both_ways(LAST_WORD, true), "at 0x10ff8"));
    ck_assert_ptr_nonnull(strstr(both_ways(LAST_WORD, false), "at 0x10ff8"));
    ck_assert_ptr_nonnull(strstr(both_ways(STUCK, true), "never ended"));
    ck_assert_ptr_nonnull(strstr(both_ways(STUCK, false), "never ended"));
    /* Without the CPU a device that reads and writes elsewhere is not found: the host's part. */
    ck_assert_str_eq(both_ways(SWAPPED, false), "");
}
END_TEST

START_TEST(test_dma_nowhere)
{
    char bad[200];

    mode = RIGHT;
    dma_nowhere(&fake, FIRST, NULL, bad, sizeof(bad));
    ck_assert_ptr_nonnull(strstr(bad, "0x10000 is there, for the device"));
    mode = NO_STORE;
    memset(memory, 0, sizeof(memory));
    dma_nowhere(&fake, FIRST, NULL, bad, sizeof(bad));
    ck_assert_str_eq(bad, "");
    mode = NO_LOAD;
    dma_nowhere(&fake, FIRST, memory[0], bad, sizeof(bad));
    ck_assert_ptr_nonnull(strstr(bad, "0x10000 is there, for the CPU"));
    mode = STUCK;
    dma_nowhere(&fake, FIRST, NULL, bad, sizeof(bad));
    ck_assert_ptr_nonnull(strstr(bad, "never ended"));
}
END_TEST

START_TEST(test_dma_stray)
{
    static char pages[4 * PAGE_SIZE] __attribute__((aligned(8)));
    uint64_t pfn[] = { 0x30, 0x20, 0, 0x40 }, own[] = { 0x20000, 0x40000 }, seed = 77;
    struct physmem m = { .base = pages, .pfn = pfn, .nr = 4 };
    char bad[200];

    memset(pages, 0, sizeof(pages));
    memset(pages + PAGE_SIZE, 1, 3 * PAGE_SIZE);
    ck_assert_uint_eq(dma_stray(&m, seed, own, 2, bad, sizeof(bad)), 1);
    ck_assert_str_eq(bad, "");
    ck_assert_uint_eq(dma_stray(&m, seed, own, 1, bad, sizeof(bad)), 2);
    ck_assert_ptr_nonnull(strstr(bad, "RAM at 0x40000 was left alone"));
    /* Either pattern shows where it should have been. */
    *(uint64_t *)pages = dma_word(0x7fff0000, seed);
    dma_stray(&m, seed, own, 2, bad, sizeof(bad));
    ck_assert_ptr_nonnull(strstr(bad, "(that was for 0x7fff0000)"));
    *(uint64_t *)pages = dma_word(0x7fff0000, ~seed);
    dma_stray(&m, seed, own, 2, bad, sizeof(bad));
    ck_assert_ptr_nonnull(strstr(bad, "(that was for 0x7fff0000)"));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("guest");
    TCase *t = tcase_create("all");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, test_account);
    tcase_add_test(t, test_ram_under_bar);
    tcase_add_test(t, test_overlap);
    tcase_add_test(t, test_legacy);
    tcase_add_test(t, test_holes);
    tcase_add_test(t, test_ovmf);
    tcase_add_test(t, test_lost_amid_ram);
    tcase_add_test(t, test_parameters);
    tcase_add_test(t, test_nothing_to_read);
    tcase_add_test(t, test_dma);
    tcase_add_test(t, test_dma_nowhere);
    tcase_add_test(t, test_dma_stray);
    suite_add_tcase(s, t);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
