/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guests that older versions saved are kept, and every later one loads them.
 *
 * streams/VERSION-NAME.hex is the device's section as a QEMU with that version of it wrote it, of
 * the guests below.  What is saved now must be those of the newest version, byte for byte: who
 * changes the section gives it a new version, keeps the old files, and makes the new ones by
 * `make streams`, which writes what is missing and nothing else.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest.h"

/* For so long one whose RAM moves cannot be saved, ms. */
#define MOVING  120000

static struct layout l;
static uint8_t section[HARNESS_SECTION_BYTES], file[HARNESS_SECTION_BYTES];

static void commit(void)
{
    ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), COMMITTED, OK, NOBODY);
}

static void seal(void)
{
    ck_status(guest_cmd(MEMMAP_CMD_SEAL), SEALED, OK, NOBODY);
}

static void begin(void)
{
    harness_reset();
    guest_build();
    guest_negotiate(FEATURES);
    layout_built(&l, 512 * MIB);
}

/* Firmware has chosen, and erred once. */
static void negotiated(void)
{
    begin();
    harness_out(MEMMAP_REG_OFFER, 4, 0);
}

/* RAM is being moved for the first time. */
static void prepared(void)
{
    begin();
    layout_move(&l, 0x18000, FOUR_GIB, 0x8000);
    ck_status(guest_say(MEMMAP_CMD_PREPARE, &l), PREPARED, OK, NOBODY);
}

/* And once more, after a record that was refused. */
static void prepared_again(void)
{
    prepared();
    commit();
    layout_move(&l, 0x17000, FOUR_GIB + 0x8000, 0x1000);
    ck_status(guest_say(MEMMAP_CMD_PREPARE, &l), PREPARED, OK, NOBODY);
    layout_set(&l, 0xc0, 1, MEMMAP_TYPE_MMIO, 0, 0);
    guest_say(MEMMAP_CMD_COMMIT, &l);
}

static void moved(void)
{
    prepared();
    commit();
    seal();
}

/* Every type and flag, and RAM that was lost. */
static void every_kind(void)
{
    begin();
    layout_move(&l, 0x18000, FOUR_GIB, 0x4000);
    layout_set(&l, 0x1c000, 0x10, MEMMAP_TYPE_RDM, MEMMAP_EF_UNMAPPED, 0x20);
    layout_set(&l, 0x1c100, 0x10, MEMMAP_TYPE_RAM, MEMMAP_EF_UNFREED, 0x28);
    layout_set(&l, 0x1c200, 1, MEMMAP_TYPE_RAM, MEMMAP_EF_FIRMWARE, 0);
    layout_set(&l, 0xf0000, 0xc000, MEMMAP_TYPE_MMIO, 0, 0);
    layout_set(&l, FOUR_GIB + 0x10000, 0x10000, 9, MEMMAP_EF_OPTIONAL, 0);
    l.record.flags = MEMMAP_RF_RAM_SHRUNK;
    commit();
    seal();
}

/* Nothing but QEMU's own memory is elsewhere. */
static void parked(void)
{
    begin();
    layout_set(&l, PARKED, 0x10000, MEMMAP_TYPE_MMIO, 0, 0);
    commit();
    seal();
}

static const struct {
    const char *name;
    void (*make)(void);
    uint32_t status, generation;
    const char *view;
} guests[] = {
    { "negotiated", negotiated, STATUS(NEGOTIATED, E_STATE, NOBODY), 0,
      "0-a0000 c0000-20000000" },
    { "prepared", prepared, STATUS(PREPARED, OK, NOBODY), 0,
      "0-a0000 c0000-20000000" },
    { "prepared-again", prepared_again, STATUS(PREPARED, E_FIXED, NOBODY), 1,
      "0-a0000 c0000-18000000 100000000-108000000@18000000" },
    { "moved", moved, STATUS(SEALED, OK, NOBODY), 1,
      "0-a0000 c0000-18000000 100000000-108000000@18000000" },
    { "every-kind", every_kind, STATUS(SEALED, OK, NOBODY), 1,
      "0-a0000 c0000-18000000 1c010000-20000000 100000000-104000000@18000000" },
    { "parked", parked, STATUS(SEALED, OK, NOBODY), 1,
      "0-a0000 c0000-20000000" },
};
#define NR_GUESTS (sizeof(guests) / sizeof(guests[0]))

static const char *path_of(int version, const char *name)
{
    static char path[4096];
    const char *tests = getenv("TESTS_SRC");

    snprintf(path, sizeof(path), "%s/qemu/streams/%d-%s.hex",
             tests ? tests : "tests", version, name);
    return path;
}

static uint32_t read_file(const char *path)
{
    FILE *f = fopen(path, "r");
    char line[200];
    uint32_t bytes = 0;

    ck_assert_msg(f != NULL, "%s is missing: make streams", path);
    while (fgets(line, sizeof(line), f)) {
        for (char *p = line, *end; *line != '#'; p = end) {
            unsigned long val = strtoul(p, &end, 16);

            if (end == p) {
                break;
            }
            REQUIRE(bytes < sizeof(file));
            file[bytes++] = val;
        }
    }
    fclose(f);
    return bytes;
}

/* If there is none of that name. */
static void write_file(const char *path, const char *name, uint32_t bytes)
{
    FILE *f = fopen(path, "wx");

    if (!f) {
        ck_assert_int_eq(errno, EEXIST);
        return;
    }
    fprintf(f, "# version %d of the section: %s\n", harness_version(), name);
    for (uint32_t i = 0; i < bytes; i++) {
        fprintf(f, "%02x%c", section[i],
                i % 32 == 31 || i == bytes - 1 ? '\n' : ' ');
    }
    ck_assert(!fclose(f));
}

/* Nobody has another section under the same number. */
START_TEST(fresh)
{
    const char *path = path_of(harness_version(), guests[_i].name);
    uint32_t bytes;

    guests[_i].make();
    harness_pass(MOVING);
    bytes = harness_save(section);
    if (getenv("MAKE_STREAMS")) {
        write_file(path, guests[_i].name, bytes);
    }
    ck_assert_msg(read_file(path) == bytes && !memcmp(file, section, bytes),
                  "%s is not what is saved now: does the section have a new "
                  "version?", path);
}
END_TEST

/* Each that there ever was. */
START_TEST(loads)
{
    ck_assert_int_eq(harness_oldest_version(), 1);
    for (int version = 1; version <= harness_version(); version++) {
        uint32_t bytes = read_file(path_of(version, guests[_i].name)), now;

        /* What libxl carries beside the stream is that guest's. */
        guests[_i].make();
        harness_pass(MOVING);
        now = harness_save(section);
        harness_reset();
        harness_incoming();
        guest_build();
        ck_assert_int_eq(harness_load_version(file, bytes, version), 0);
        ck_assert_str_eq(harness_said(), "");
        ck_assert_str_eq(harness_view(), guests[_i].view);
        ck_assert_uint_eq(harness_in(MEMMAP_REG_DOORBELL, 4),
                          guests[_i].status);
        ck_assert_uint_eq(harness_in(MEMMAP_REG_GENERATION, 4),
                          guests[_i].generation);
        harness_pass(MOVING);
        ck_assert_uint_eq(harness_save(file), now);
        ck_assert_mem_eq(file, section, now);
    }
}
END_TEST

Suite *streams_suite(void)
{
    Suite *s = suite_create("streams of old versions");
    TCase *t = tcase_create("streams");

    tcase_add_loop_test(t, fresh, 0, NR_GUESTS);
    tcase_add_loop_test(t, loads, 0, NR_GUESTS);
    suite_add_tcase(s, t);
    return s;
}
