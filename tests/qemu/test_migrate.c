/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device's section in the migration stream (xen-memmap.c).
 *
 * The stream is no more to be trusted than the guest: whatever it says, QEMU
 * loads a layout that the guest can have, or says what is wrong and is as it was.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "guest.h"

/* The section's fields, big-endian; then the record. */
#define AT_STATE        0
#define AT_ERROR        1
#define AT_INDEX        2
#define AT_ACCEPTED     4
#define AT_GENERATION   8
#define AT_PARKED       12
#define AT_LEN          20
#define AT_RECORD       24

#define NOT_MOVED   "0-a0000 c0000-20000000"
#define MOVED       "0-a0000 c0000-18000000 100000000-108000000@18000000"

static struct layout l;
static uint8_t section[HARNESS_SECTION_BYTES], again[HARNESS_SECTION_BYTES];
static uint32_t bytes;

static void put32(unsigned int at, uint32_t val)
{
    section[at] = val >> 24;
    section[at + 1] = val >> 16;
    section[at + 2] = val >> 8;
    section[at + 3] = val;
}

static uint32_t get32(unsigned int at)
{
    return (uint32_t)section[at] << 24 | section[at + 1] << 16 |
           section[at + 2] << 8 | section[at + 3];
}

/* The record's checksum, so that what it protects is looked at. */
static void put_checksum(void)
{
    uint8_t *p = section + AT_RECORD + MEMMAP_HDR_CHECKSUM;
    uint32_t crc;

    memset(p, 0, 4);
    crc = memmap_crc32c(0, section + AT_RECORD, get32(AT_LEN));
    for (unsigned int i = 0; i < 4; i++) {
        p[i] = crc >> (8 * i);
    }
}

/* A sealed guest whose RAM has moved, saved. */
static void saved(void)
{
    harness_reset();
    guest_build();
    guest_negotiate(FEATURES);
    layout_built(&l, 512 * MIB);
    guest_say(MEMMAP_CMD_COMMIT, &l);
    layout_move(&l, 0x18000, FOUR_GIB, 0x8000);
    ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), COMMITTED, OK, NOBODY);
    ck_status(guest_cmd(MEMMAP_CMD_SEAL), SEALED, OK, NOBODY);
    bytes = harness_save(section);
}

/* QEMU at the other end. */
static void incoming(void)
{
    harness_reset();
    harness_incoming();
    guest_build();
    harness_pass(5000);
}

START_TEST(section_as_built)
{
    static const uint8_t want[] = {
        1, 2, 0xff, 0xff, 1, 0, 0, 3, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    };

    harness_reset();
    guest_build();
    guest_negotiate(FEATURES);
    harness_out(MEMMAP_REG_OFFER, 4, 0);
    bytes = harness_save(section);
    ck_assert_uint_eq(bytes, sizeof(want));
    ck_assert_mem_eq(section, want, sizeof(want));

    incoming();
    ck_assert_int_eq(harness_load(section, bytes), 0);
    ck_status(harness_in(MEMMAP_REG_DOORBELL, 4), NEGOTIATED, E_STATE, NOBODY);
    ck_assert_str_eq(harness_events(), "");
    ck_assert_uint_eq(harness_save(again), bytes);
    ck_assert_mem_eq(again, section, bytes);
}
END_TEST

START_TEST(section_moved)
{
    saved();
    ck_assert_uint_eq(bytes, AT_RECORD + memmap_record_bytes(3));
    ck_assert_uint_eq(section[AT_STATE], MEMMAP_ST_SEALED);
    ck_assert_uint_eq(get32(AT_GENERATION), 2);
    ck_assert_uint_eq(get32(AT_LEN), memmap_record_bytes(3));

    incoming();
    ck_assert_str_eq(harness_view(), NOT_MOVED);
    ck_assert_int_eq(harness_load(section, bytes), 0);
    ck_assert_str_eq(harness_events(), "view " MOVED "\ninvalidate\n");
    ck_assert_uint_eq(harness_below_4g(), 0x18000000);
    ck_status(harness_in(MEMMAP_REG_DOORBELL, 4), SEALED, OK, NOBODY);
    ck_assert_uint_eq(harness_in(MEMMAP_REG_GENERATION, 4), 2);
    ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), SEALED, E_STATE, NOBODY);
    /* What is published is true: not before the stream has been read. */
    harness_pass(1000);
    ck_assert_uint_eq(harness_commits(), 0);
    harness_arrived();
    harness_pass(100);
    ck_assert_str_eq(harness_key("generation"), "2");
    ck_assert_str_eq(harness_key("layout/0"), "0 a0 0 ram 0 0\n"
                                              "c0 17f40 c0 ram 0 0\n"
                                              "100000 8000 18000 ram 0 0\n");
    ck_contains(harness_traced(), "xen_memmap_loaded: SEALED 2\n");
}
END_TEST

/* Saved and loaded, and nothing was lost; also of a conversation half way. */
START_TEST(section_again)
{
    saved();
    section[AT_STATE] = MEMMAP_ST_PREPARED;
    section[AT_ERROR] = MEMMAP_E_OWNED;
    section[AT_INDEX + 1] = 2;
    section[AT_INDEX] = 0;
    section[AT_ACCEPTED + 3] = MEMMAP_FEAT_PUBLISH;
    incoming();
    ck_assert_int_eq(harness_load(section, bytes), 0);
    ck_status(harness_in(MEMMAP_REG_DOORBELL, 4), PREPARED, E_OWNED, 2);
    harness_pass(120000);
    ck_assert_uint_eq(harness_save(again), bytes);
    ck_assert_mem_eq(again, section, bytes);

    /* Firmware goes on: RAM is where it was said, and may move on. */
    harness_events();
    ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), COMMITTED, OK, NOBODY);
    ck_assert_str_eq(harness_events(), "");
    layout_built(&l, 512 * MIB);
    ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), COMMITTED, OK, NOBODY);
    ck_assert_str_eq(harness_view(), NOT_MOVED);
    ck_assert_uint_eq(harness_in(MEMMAP_REG_GENERATION, 4), 4);
}
END_TEST

/* Before PCI devices, whose BARs may lie where RAM is no more. */
START_TEST(section_first)
{
    harness_reset();
    guest_build();
    ck_assert_int_gt(harness_priority(), 0);
}
END_TEST

/* A record of as many entries as there can be arrives whole. */
START_TEST(section_longest)
{
    saved();
    incoming();
    layout_empty(&l);
    layout_ram(&l, 0, 0xa0, 0);
    layout_ram(&l, 0xc0, 0x40, 0xc0);
    for (unsigned int i = 0; i < 252; i++) {
        layout_ram(&l, 0x100 + i, 1, 0x100 + (i ^ 1));
    }
    layout_ram(&l, 0x1fd, LOW_END - 0x1fd, 0x1fd);
    layout_set(&l, 0x1fc, 1, MEMMAP_TYPE_RAM, 0, 0);
    l.record.generation = 2;
    put32(AT_LEN, memmap_pack(&l.record, section + AT_RECORD,
                              MEMMAP_BUFFER_BYTES));
    ck_assert_uint_eq(get32(AT_LEN), memmap_record_bytes(256));
    bytes = AT_RECORD + get32(AT_LEN);
    ck_assert_int_eq(harness_load(section, bytes), 0);
    ck_assert_uint_eq(harness_save(again), bytes);
    ck_assert_mem_eq(again, section, bytes);
}
END_TEST

/* Bad sections: each with what is said of it. */

static void bad_state(void)
{
    section[AT_STATE] = MEMMAP_ST_SEALED + 1;
}

static void bad_generation(void)
{
    put32(AT_GENERATION, 3);
}

static void bad_generation_0(void)
{
    put32(AT_GENERATION, 0);
    memset(section + AT_RECORD + MEMMAP_HDR_GENERATION, 0, 4);
    put_checksum();
}

static void bad_no_record(void)
{
    put32(AT_LEN, 0);
}

static void bad_too_long(void)
{
    put32(AT_LEN, MEMMAP_BUFFER_BYTES + 1);
    bytes = HARNESS_SECTION_BYTES;
}

static void bad_huge(void)
{
    put32(AT_LEN, 0xffffffff);
}

static void bad_longest(void)
{
    put32(AT_LEN, MEMMAP_BUFFER_BYTES);
    section[AT_RECORD] ^= 1;
    bytes = AT_RECORD + MEMMAP_BUFFER_BYTES;
}

static void bad_short(void)
{
    put32(AT_LEN, MEMMAP_HDR_BYTES - 1);
}

static void bad_truncated(void)
{
    bytes -= 1;
}

static void bad_fields(void)
{
    bytes = AT_LEN + 3;
}

static void bad_checksum(void)
{
    section[AT_RECORD + MEMMAP_HDR_CHECKSUM] ^= 1;
}

static void bad_kind(void)
{
    section[AT_RECORD + MEMMAP_HDR_KIND] = MEMMAP_KIND_CONSTRAINTS;
    put_checksum();
}

/* Where firmware may not put RAM a stream may not either. */
static void record(uint64_t gfn, uint64_t pages, unsigned int type)
{
    layout_built(&l, 512 * MIB);
    l.record.generation = 2;
    if (type == MEMMAP_TYPE_RAM) {
        layout_move(&l, 0x18000, gfn, pages);
    } else {
        layout_set(&l, gfn, pages, type, 0, 0);
    }
    put32(AT_LEN, memmap_pack(&l.record, section + AT_RECORD,
                              MEMMAP_BUFFER_BYTES));
    bytes = AT_RECORD + get32(AT_LEN);
}

static void bad_range(void)
{
    record(GFN_LIMIT - 1, 2, MEMMAP_TYPE_RAM);
}

static void bad_sum(void)
{
    record(0x18000, 1, MEMMAP_TYPE_MMIO);
}

static void bad_fixed(void)
{
    record(0xc0, 1, MEMMAP_TYPE_MMIO);
}

static const struct {
    void (*make)(void);
    int rc;
    const char *said;
} bad[] = {
    { bad_state, -EINVAL, "command not allowed in this state, entry -1" },
    { bad_generation, -EINVAL, "generation is not the next one, entry -1" },
    { bad_generation_0, -EINVAL, "generation is not the next one, entry -1" },
    { bad_no_record, -EINVAL, "generation is not the next one, entry -1" },
    { bad_too_long, -EINVAL, NULL },
    { bad_huge, -EINVAL, NULL },
    { bad_longest, -EINVAL, "record has the wrong magic, entry -1" },
    { bad_short, -EINVAL, "record's lengths contradict each other, entry -1" },
    { bad_truncated, -EIO, NULL },
    { bad_fields, -EIO, NULL },
    { bad_checksum, -EINVAL, "record's checksum does not match, entry -1" },
    { bad_kind, -EINVAL, "record is of the wrong kind, entry -1" },
    { bad_range, -EINVAL, "entry lies beyond the highest usable gfn, entry 3" },
    { bad_sum, -EINVAL,
      "RAM does not add up to what the guest has, entry -1" },
    { bad_fixed, -EINVAL, "RAM below 1 MiB is not as it must be, entry -1" },
};

START_TEST(section_bad)
{
    char want[256];

    saved();
    bad[_i].make();
    incoming();
    ck_assert_int_eq(harness_load(section, bytes), bad[_i].rc);
    if (bad[_i].said) {
        strcpy(want, "error: xen-memmap: layout in migration data is no good: ");
        strcat(strcat(want, bad[_i].said), "\n");
        ck_assert_str_eq(harness_said(), want);
    } else {
        /* That is for QEMU's own migration code to say. */
        ck_assert_str_eq(harness_said(), "");
    }
    ck_assert_str_eq(harness_events(), "");
    ck_assert_str_eq(harness_view(), NOT_MOVED);
    ck_status(harness_in(MEMMAP_REG_DOORBELL, 4), SEALED, OK, NOBODY);
    ck_assert_uint_eq(harness_in(MEMMAP_REG_GENERATION, 4), 0);
    harness_pass(1000);
    ck_assert_uint_eq(harness_commits(), 0);
}
END_TEST

/* Thousands of sections that are nearly good */

#define ROUNDS 20000

static uint64_t seed;

static uint64_t rnd(uint64_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (seed >> 11) % below;
}

/* One field of header or entry, or any byte, is another, or nearly the same. */
static void mutate(void)
{
    static const struct {
        unsigned int at, width;
    } head[] = {
        { AT_STATE, 1 }, { AT_ERROR, 1 }, { AT_INDEX, 2 }, { AT_ACCEPTED, 4 },
        { AT_GENERATION, 4 }, { AT_LEN, 4 },
    }, entry[] = {
        { MEMMAP_ENT_GFN, 8 }, { MEMMAP_ENT_PAGES, 8 }, { MEMMAP_ENT_SOURCE, 8 },
        { MEMMAP_ENT_TYPE, 2 }, { MEMMAP_ENT_FLAGS, 2 }, { MEMMAP_ENT_AUX, 4 },
    };
    unsigned int at, width, which = rnd(8);

    if (which < 2) {
        at = head[rnd(6)].at;
        width = 1;
    } else if (which < 3) {
        at = AT_RECORD + rnd(MEMMAP_HDR_BYTES);
        width = 1;
    } else if (which < 7) {
        unsigned int i = rnd(6);

        at = AT_RECORD + MEMMAP_HDR_BYTES + rnd(4) * MEMMAP_ENT_BYTES +
             entry[i].at;
        width = entry[i].width;
    } else {
        at = rnd(bytes);
        width = 1;
    }
    if (rnd(2)) {
        section[at] += rnd(5) - 2;
    } else {
        for (unsigned int i = 0; i < width; i++) {
            section[at + i] = rnd(3) ? 0 : rnd(256);
        }
    }
}

/* Pages of RAM that QEMU sees, each alias after the one before. */
static uint64_t seen(void)
{
    uint64_t pages = 0, last = 0;
    const char *p = harness_view();

    while (*p) {
        uint64_t start = strtoull(p, (char **)&p, 16);
        uint64_t end = strtoull(p + 1, (char **)&p, 16);

        REQUIRE(start >= last && end > start);
        REQUIRE(!(start & 0xfff) && !(end & 0xfff));
        if (*p == '@') {
            REQUIRE(strtoull(p + 1, (char **)&p, 16) + (end - start) <=
                    512 * MIB);
        }
        pages += (end - start) >> 12;
        last = end;
        p += *p == ' ';
    }
    return pages;
}

START_TEST(section_mutated)
{
    static uint8_t good[HARNESS_SECTION_BYTES];
    unsigned int loaded = 0, layouts = 0, refused = 0;
    uint32_t good_bytes, have = 0;
    char view[256];

    seed = 0x6d696772617465ull;
    saved();
    memcpy(good, section, sizeof(good));
    good_bytes = bytes;
    for (unsigned int round = 0; round < ROUNDS; round++) {
        uint32_t status, generation;
        bool moved;

        /* Into a QEMU that is new, or one that has loaded before. */
        if (round % 50 == 0) {
            incoming();
            have = 0;
        }
        memcpy(section, good, sizeof(section));
        bytes = good_bytes;
        for (unsigned int n = rnd(4); n; n--) {
            mutate();
        }
        if (rnd(8) == 0) {
            put32(AT_GENERATION, 0);
            put32(AT_LEN, 0);
        }
        if (rnd(8) == 0) {
            bytes = rnd(bytes + 64);
        }
        if (rnd(4) && get32(AT_LEN) <= MEMMAP_BUFFER_BYTES) {
            put_checksum();
        }

        REQUIRE(strlen(harness_view()) < sizeof(view));
        strcpy(view, harness_view());
        status = harness_in(MEMMAP_REG_DOORBELL, 4);
        generation = harness_in(MEMMAP_REG_GENERATION, 4);
        if (harness_load(section, bytes)) {
            /* All is as it was. */
            refused++;
            REQUIRE(!strcmp(view, harness_view()));
            REQUIRE(harness_in(MEMMAP_REG_DOORBELL, 4) == status);
            REQUIRE(harness_in(MEMMAP_REG_GENERATION, 4) == generation);
        } else {
            loaded++;
            status = harness_in(MEMMAP_REG_DOORBELL, 4);
            REQUIRE(MEMMAP_STATUS_STATE(status) <= MEMMAP_ST_SEALED);
            generation = harness_in(MEMMAP_REG_GENERATION, 4);
            REQUIRE(generation == get32(AT_GENERATION));
            moved = get32(AT_LEN) != 0;
            layouts += moved;
            have = moved;
            REQUIRE(generation || !moved);
            REQUIRE(moved || !strcmp(harness_view(), NOT_MOVED));
        }
        /* Of RAM there is never more than it was built with. */
        REQUIRE(seen() <= RAM_PAGES);
        REQUIRE(have || seen() == RAM_PAGES);
        /* What is published of it, and asked of it, ends well too. */
        if (round % 10 == 0) {
            harness_pass(200);
            guest_cmd(MEMMAP_CMD_QUERY);
            guest_cmd(MEMMAP_CMD_COMMIT);
        }
        harness_events();
        REQUIRE(!harness_open());
    }
    /* It is no test if nothing, or everything, was refused. */
    ck_assert_uint_gt(layouts, ROUNDS / 50);
    ck_assert_uint_gt(loaded, layouts);
    ck_assert_uint_gt(refused, ROUNDS / 4);
}
END_TEST

/*
 * What is plugged after the seal of a guest whose QEMU can park nothing elsewhere
 * has its ROM behind the others, in what the layout may have set aside for BARs.
 * That is no reason not to load it.
 */
START_TEST(section_plugged)
{
    harness_reset();
    harness_restrict();
    guest_build();
    guest_negotiate(0);
    layout_built(&l, 512 * MIB);
    layout_move(&l, 0x1f000, FOUR_GIB, 0x1000);
    layout_set(&l, PARKED + VRAM_PAGES, 0x80000, MEMMAP_TYPE_MMIO, 0, 0);
    ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), COMMITTED, OK, NOBODY);
    guest_cmd(MEMMAP_CMD_SEAL);
    harness_block("e1000.rom", 0x40000);
    bytes = harness_save(section);

    harness_reset();
    harness_restrict();
    harness_incoming();
    guest_build();
    harness_block("e1000.rom", 0x40000);
    ck_assert_int_eq(harness_load(section, bytes), 0);
    ck_assert_str_eq(harness_said(), "");
    ck_status(harness_in(MEMMAP_REG_DOORBELL, 4), SEALED, OK, NOBODY);
    ck_assert_uint_eq(harness_in(MEMMAP_REG_GENERATION, 4), 1);
}
END_TEST

/* Into a QEMU that has another layout (xen-load-devices-state). */
START_TEST(section_live)
{
    static uint8_t built[HARNESS_SECTION_BYTES];
    uint32_t len;

    harness_reset();
    guest_build();
    len = harness_save(built);
    saved();
    harness_events();
    ck_assert_int_eq(harness_load(built, len), 0);
    ck_assert_str_eq(harness_events(), "view " NOT_MOVED "\ninvalidate\n");
    ck_assert_uint_eq(harness_in(MEMMAP_REG_GENERATION, 4), 0);
    ck_assert_uint_eq(harness_save(again), len);
    harness_pass(200);
    ck_assert_str_eq(harness_key("layout/0"), "0 a0 0 ram 0 0\n"
                                              "c0 1ff40 c0 ram 0 0\n");
    /* And back. */
    ck_assert_int_eq(harness_load(section, bytes), 0);
    ck_assert_str_eq(harness_view(), MOVED);

    /* What cannot be loaded leaves what was, and that is what is saved next. */
    memcpy(built, section, bytes);
    put32(AT_GENERATION, 7);
    section[AT_RECORD + 60] ^= 1;
    ck_assert_int_eq(harness_load(section, bytes), -EINVAL);
    ck_assert_uint_eq(harness_save(again), bytes);
    ck_assert_mem_eq(again, built, bytes);
}
END_TEST

#define MOVING  "xen-memmap: the guest's firmware is moving RAM, " \
                "which keeps it here for 120 s at most"

/* libxl asks for the log first, or saves a guest that stands still at once. */
static void refused(void)
{
    const size_t before = strlen(harness_said());

    ck_assert_str_eq(harness_dirty_log(1), MOVING);
    ck_assert_uint_eq(harness_save(section), 0);
    ck_assert_str_eq(harness_said() + before, "error: " MOVING "\n");
}

static void taken(void)
{
    ck_assert_ptr_null(harness_dirty_log(1));
    ck_assert_uint_gt(harness_save(section), 0);
    harness_dirty_log(0);
    bytes = harness_save(section);
    ck_assert_uint_gt(bytes, 0);
}

static void prepare(void)
{
    layout_built(&l, 512 * MIB);
    ck_status(guest_say(MEMMAP_CMD_PREPARE, &l), PREPARED, OK, NOBODY);
}

/* While firmware moves RAM the guest cannot be saved; before and after it can. */
START_TEST(blocked)
{
    harness_reset();
    guest_build();
    guest_negotiate(FEATURES);
    taken();
    prepare();
    refused();
    prepare();
    refused();
    guest_say(MEMMAP_CMD_COMMIT, &l);
    taken();
    prepare();
    refused();
    guest_cmd(MEMMAP_CMD_SEAL);
    taken();
}
END_TEST

/* Not what has begun, in which nothing may move: it would be refused at its end. */
START_TEST(blocked_too_late)
{
    harness_reset();
    guest_build();
    guest_negotiate(FEATURES);
    ck_assert_ptr_null(harness_dirty_log(1));
    prepare();
    ck_assert_uint_gt(harness_save(section), 0);
    /* The next, if that one is given up. */
    harness_dirty_log(0);
    refused();
    /* Who only counts dirty pages sends nothing. */
    guest_say(MEMMAP_CMD_COMMIT, &l);
    ck_assert_ptr_null(harness_dirty_log(2));
    prepare();
    ck_assert_uint_eq(harness_save(section), 0);
}
END_TEST

/*
 * Whoever is always moving RAM, or says so, would keep its host from being evacuated:
 * it has two minutes from its first PREPARE on, however often it asks, and as much
 * where it arrives.
 */
START_TEST(blocked_no_longer)
{
    harness_reset();
    guest_build();
    guest_negotiate(FEATURES);
    prepare();
    harness_pass(60000);
    refused();
    guest_say(MEMMAP_CMD_COMMIT, &l);
    prepare();
    harness_pass(59999);
    prepare();
    refused();
    harness_pass(1);
    taken();
    prepare();
    taken();
    guest_say(MEMMAP_CMD_COMMIT, &l);
    prepare();
    taken();

    /* Who saved it there finds it there. */
    incoming();
    ck_assert_int_eq(harness_load(section, bytes), 0);
    harness_arrived();
    refused();
    harness_pass(119999);
    refused();
    harness_pass(1);
    taken();
    ck_status(harness_in(MEMMAP_REG_DOORBELL, 4), PREPARED, OK, NOBODY);
}
END_TEST

/* Without a section nobody is made an offer: the guest's firmware has run. */
START_TEST(section_none)
{
    saved();
    incoming();
    ck_status(harness_in(MEMMAP_REG_DOORBELL, 4), SEALED, OK, NOBODY);
    harness_out(MEMMAP_REG_OFFER, 4, MEMMAP_OFFER(1, 0, 0));
    ck_status(harness_in(MEMMAP_REG_DOORBELL, 4), SEALED, E_STATE, NOBODY);
    harness_arrived();
    harness_pass(100);
    ck_assert_str_eq(harness_key("state"), "SEALED");
}
END_TEST

/* A guest that any QEMU could have made has no section. */
START_TEST(section_needed)
{
    harness_reset();
    guest_build();
    ck_assert(!harness_needed());
    guest_negotiate(FEATURES);
    ck_assert(harness_needed());
    layout_built(&l, 512 * MIB);
    layout_set(&l, 0xf0000, 0x1000, MEMMAP_TYPE_MMIO, 0, 0);
    ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), COMMITTED, OK, NOBODY);
    ck_assert(harness_needed());
    guest_cmd(MEMMAP_CMD_SEAL);
    ck_assert(!harness_needed());

    /* RAM that moved, was lost, or is other RAM. */
    for (unsigned int i = 0; i < 3; i++) {
        harness_reset();
        guest_build();
        guest_negotiate(FEATURES);
        layout_built(&l, 512 * MIB);
        if (i == 0) {
            layout_move(&l, 0x1ffff, FOUR_GIB, 1);
        } else if (i == 1) {
            layout_set(&l, 0x1ffff, 1, MEMMAP_TYPE_MMIO, 0, 0);
            l.record.flags = MEMMAP_RF_RAM_SHRUNK;
        } else {
            layout_set(&l, 0x1ffff, 1, MEMMAP_TYPE_RAM, 0, 0);
        }
        ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), COMMITTED, OK, NOBODY);
        guest_cmd(MEMMAP_CMD_SEAL);
        ck_assert(harness_needed());
    }

    /* QEMU's own memory did. */
    harness_reset();
    guest_build();
    guest_negotiate(FEATURES);
    layout_built(&l, 512 * MIB);
    layout_set(&l, PARKED, 1, MEMMAP_TYPE_MMIO, 0, 0);
    ck_status(guest_say(MEMMAP_CMD_COMMIT, &l), COMMITTED, OK, NOBODY);
    guest_cmd(MEMMAP_CMD_SEAL);
    ck_assert(harness_needed());
}
END_TEST

/* What is parked is where it is: a stream that says otherwise is another guest's. */
START_TEST(section_parked)
{
    saved();
    section[AT_PARKED + 4] ^= 1;
    incoming();
    ck_assert_int_eq(harness_load(section, bytes), -EINVAL);
    ck_contains(harness_said(), "error: xen-memmap: VRAM and ROMs of this guest "
                "are parked 0x");
    ck_assert_str_eq(harness_view(), NOT_MOVED);
    ck_assert_uint_eq(harness_in(MEMMAP_REG_GENERATION, 4), 0);
}
END_TEST

Suite *migrate_suite(void)
{
    Suite *s = suite_create("migrate");
    TCase *t = tcase_create("section");

    tcase_set_timeout(t, 60);
    tcase_add_test(t, section_as_built);
    tcase_add_test(t, section_moved);
    tcase_add_test(t, section_again);
    tcase_add_test(t, section_first);
    tcase_add_test(t, section_longest);
    tcase_add_test(t, blocked);
    tcase_add_test(t, blocked_too_late);
    tcase_add_test(t, blocked_no_longer);
    tcase_add_test(t, section_none);
    tcase_add_test(t, section_plugged);
    tcase_add_test(t, section_live);
    tcase_add_test(t, section_needed);
    tcase_add_test(t, section_parked);
    tcase_add_loop_test(t, section_bad, 0, sizeof(bad) / sizeof(bad[0]));
    tcase_add_test(t, section_mutated);
    suite_add_tcase(s, t);

    return s;
}
