/* SPDX-License-Identifier: MIT */
/*
 * Records at the device model's end (PROTOCOL.md, sections 4 and 5).
 *
 * Of a record that is well-formed on the wire the device model must still find
 * out whether this guest can have such a layout.  Firmware acts on the number it
 * gets back, and a person reads the index, so both must be right; and a refusal
 * must leave layout, state and generation as they were, from whatever state the
 * command came.  Each record below has exactly one flaw.
 */
#include "suites.h"

#include <string.h>

#include "rig.h"

static struct rig rig;
static struct memmap_range storage[MEMMAP_MAX_ENTRIES];

static void setup(void)
{
    rig_init(&rig);
}

#define OK_IN(state) MEMMAP_STATUS(state, MEMMAP_OK, MEMMAP_NO_INDEX)
#define ERR_IN(state, err) MEMMAP_STATUS(state, err, MEMMAP_NO_INDEX)

/*
 * Every error of section 5, each by a record, or a device model, with exactly
 * that flaw; for PREPARE and for COMMIT.
 */

static void layout_none(struct memmap_record *r)
{
    (void)r;
}

static void set(struct memmap_record *r, uint64_t gfn, uint64_t pages,
                uint64_t source, unsigned int type)
{
    const struct memmap_range e = { .gfn = gfn, .pages = pages,
                                    .source = source, .type = type };

    ck_assert(memmap_layout_set(&r->layout, &e));
}

/* Take the top @pages of low RAM away, for what follows to put elsewhere. */
static void cut(struct memmap_record *r, uint64_t pages)
{
    ck_assert(memmap_layout_clear(&r->layout, RIG_LOW_END - pages, pages));
}

static void move_top(struct memmap_record *r, uint64_t to, uint64_t pages)
{
    ck_assert(memmap_layout_move(&r->layout, RIG_LOW_END - pages, to, pages));
}

static void layout_relocated(struct memmap_record *r)
{
    move_top(r, 0x100000, 0x8000);
}

static void layout_up_to_owned(struct memmap_record *r)
{
    move_top(r, RIG_OWNED_GFN - 0x8000, 0x8000);
}

static void layout_into_owned(struct memmap_record *r)
{
    move_top(r, RIG_OWNED_GFN - 0x7fff, 0x8000);
}

static void layout_end_of_owned(struct memmap_record *r)
{
    move_top(r, RIG_OWNED_GFN + RIG_OWNED_NR - 1, 0x8000);
}

static void layout_after_owned(struct memmap_record *r)
{
    move_top(r, RIG_OWNED_GFN + RIG_OWNED_NR, 0x8000);
}

static void layout_mmio_in_owned(struct memmap_record *r)
{
    set(r, RIG_OWNED_GFN, 1, MEMMAP_NO_SOURCE, MEMMAP_TYPE_MMIO);
}

static void layout_rdm_in_owned(struct memmap_record *r)
{
    set(r, RIG_OWNED_GFN, 1, MEMMAP_NO_SOURCE, MEMMAP_TYPE_RDM);
}

static void layout_owned(struct memmap_record *r)
{
    set(r, 0x100000, 1, MEMMAP_NO_SOURCE, MEMMAP_TYPE_OWNED);
}

static void layout_at_limit(struct memmap_record *r)
{
    move_top(r, RIG_GFN_LIMIT - 0x8000, 0x8000);
}

/* The record's own limit may be wider than the device model's: it must not win. */
static void layout_over_limit(struct memmap_record *r)
{
    r->gfn_limit = 2 * RIG_GFN_LIMIT;
    move_top(r, RIG_GFN_LIMIT - 0x7fff, 0x8000);
}

static void layout_mmio_over_limit(struct memmap_record *r)
{
    r->gfn_limit = 2 * RIG_GFN_LIMIT;
    set(r, RIG_GFN_LIMIT, 1, MEMMAP_NO_SOURCE, MEMMAP_TYPE_MMIO);
}

static void layout_rdm_over_limit(struct memmap_record *r)
{
    r->gfn_limit = 2 * RIG_GFN_LIMIT;
    set(r, RIG_GFN_LIMIT, 1, MEMMAP_NO_SOURCE, MEMMAP_TYPE_RDM);
}

static void layout_lost(struct memmap_record *r)
{
    cut(r, 1);
}

static void layout_shrunk(struct memmap_record *r)
{
    cut(r, 1);
    r->flags |= MEMMAP_RF_RAM_SHRUNK;
}

static void layout_shrunk_by_nothing(struct memmap_record *r)
{
    r->flags |= MEMMAP_RF_RAM_SHRUNK;
}

static void layout_shrunk_to_more(struct memmap_record *r)
{
    r->flags |= MEMMAP_RF_RAM_SHRUNK;
    set(r, 0x100000, 1, 0x100000, MEMMAP_TYPE_RAM);
}

static void layout_invented(struct memmap_record *r)
{
    set(r, 0x100000, 1, 0x100000, MEMMAP_TYPE_RAM);
}

static void layout_low_hole(struct memmap_record *r)
{
    ck_assert(memmap_layout_move(&r->layout, 0x9f, 0x100000, 1));
}

static void layout_first_page_gone(struct memmap_record *r)
{
    ck_assert(memmap_layout_move(&r->layout, 0, 0x100000, 1));
}

static void layout_rom_hole(struct memmap_record *r)
{
    ck_assert(memmap_layout_move(&r->layout, 0xc0, 0x100000, 1));
}

static void layout_bios_hole(struct memmap_record *r)
{
    ck_assert(memmap_layout_move(&r->layout, 0xff, 0x100000, 1));
}

static void layout_vga_ram(struct memmap_record *r)
{
    cut(r, 1);
    set(r, 0xa0, 1, RIG_LOW_END - 1, MEMMAP_TYPE_RAM);
}

static void layout_vga_ram_end(struct memmap_record *r)
{
    cut(r, 1);
    set(r, 0xbf, 1, RIG_LOW_END - 1, MEMMAP_TYPE_RAM);
}

static void layout_vga_ram_built_there(struct memmap_record *r)
{
    cut(r, 1);
    set(r, 0xbf, 1, 0xbf, MEMMAP_TYPE_RAM);
}

/* RAM in its place, but not the RAM that was there. */
static void layout_low_swapped(struct memmap_record *r)
{
    set(r, 0x10, 1, 0x11, MEMMAP_TYPE_RAM);
    set(r, 0x11, 1, 0x10, MEMMAP_TYPE_RAM);
}

static void layout_bios_swapped(struct memmap_record *r)
{
    set(r, 0xff, 1, 0x100, MEMMAP_TYPE_RAM);
    set(r, 0x100, 1, 0xff, MEMMAP_TYPE_RAM);
}

/* The first page that may move. */
static void layout_above_fixed(struct memmap_record *r)
{
    ck_assert(memmap_layout_move(&r->layout, 0x100, 0x100000, 1));
}

/* Low RAM in pieces is low RAM. */
static void layout_low_pieces(struct memmap_record *r)
{
    struct memmap_range e = { .gfn = 0x40, .pages = 0x20, .source = 0x40,
                              .type = MEMMAP_TYPE_RAM,
                              .flags = MEMMAP_EF_FIRMWARE };

    ck_assert(memmap_layout_set(&r->layout, &e));
}

static void layout_unknown_optional(struct memmap_record *r)
{
    struct memmap_range e = { .gfn = 0x200000, .pages = 1, .type = 99,
                              .flags = MEMMAP_EF_OPTIONAL };

    ck_assert(memmap_layout_set(&r->layout, &e));
}

/* Nobody knows what it is, so nothing is in the way of it. */
static void layout_unknown_in_owned(struct memmap_record *r)
{
    struct memmap_range e = { .gfn = RIG_OWNED_GFN, .pages = 1, .type = 99,
                              .flags = MEMMAP_EF_OPTIONAL };

    ck_assert(memmap_layout_set(&r->layout, &e));
}

static void layout_unknown(struct memmap_record *r)
{
    set(r, 0x200000, 1, 0, 99);
}

static void layout_empty(struct memmap_record *r)
{
    r->layout.range[1].pages = 0;
}

static void layout_wraps(struct memmap_record *r)
{
    r->layout.range[1].pages = ~0ull;
}

static void layout_unsorted(struct memmap_record *r)
{
    struct memmap_range t = r->layout.range[0];

    r->layout.range[0] = r->layout.range[1];
    r->layout.range[1] = t;
}

static void layout_reserved(struct memmap_record *r)
{
    r->layout.range[1].aux = 1;
}

static void layout_constraints(struct memmap_record *r)
{
    r->kind = MEMMAP_KIND_CONSTRAINTS;
}

static void layout_same_generation(struct memmap_record *r)
{
    r->generation--;
}

static void layout_skipped_generation(struct memmap_record *r)
{
    r->generation++;
}

static const struct flaw {
    const char *name;
    void (*edit)(struct memmap_record *r);
    unsigned int err;
    uint16_t index;
    /* After packing: bytes at an offset of the buffer; crc made right again. */
    struct { unsigned int off, width; uint64_t val; } poke;
    bool bad_crc;
    /* What the device model does about it. */
    int fail_read;
    unsigned int check_err, apply_err;
    bool fail_constraints;
} flaws[] = {
    { .name = "as built", .edit = layout_none, .index = MEMMAP_NO_INDEX },
    { .name = "relocated", .edit = layout_relocated, .index = MEMMAP_NO_INDEX },
    { .name = "up to the owned range", .edit = layout_up_to_owned,
      .index = MEMMAP_NO_INDEX },
    { .name = "right after it", .edit = layout_after_owned,
      .index = MEMMAP_NO_INDEX },
    { .name = "RDM may lie there", .edit = layout_rdm_in_owned,
      .index = MEMMAP_NO_INDEX },
    { .name = "up to the limit", .edit = layout_at_limit,
      .index = MEMMAP_NO_INDEX },
    { .name = "BARs beyond the RAM limit", .edit = layout_mmio_over_limit,
      .index = MEMMAP_NO_INDEX },
    { .name = "RDM beyond the limit is nobody's", .edit = layout_rdm_over_limit,
      .index = MEMMAP_NO_INDEX },
    { .name = "shrunk", .edit = layout_shrunk, .index = MEMMAP_NO_INDEX },
    { .name = "the first page that may move", .edit = layout_above_fixed,
      .index = MEMMAP_NO_INDEX },
    { .name = "low RAM in pieces", .edit = layout_low_pieces,
      .index = MEMMAP_NO_INDEX },
    { .name = "unknown optional entry", .edit = layout_unknown_optional,
      .index = MEMMAP_NO_INDEX },
    { .name = "unknown optional entry in the owned range",
      .edit = layout_unknown_in_owned, .index = MEMMAP_NO_INDEX },

    { .name = "buffer cannot be read", .edit = layout_none,
      .err = MEMMAP_E_BUFFER, .index = MEMMAP_NO_INDEX, .fail_read = 1 },
    { .name = "magic", .edit = layout_none, .err = MEMMAP_E_MAGIC,
      .index = MEMMAP_NO_INDEX, .poke = { MEMMAP_HDR_MAGIC, 4, 0 } },
    { .name = "major", .edit = layout_none, .err = MEMMAP_E_VERSION,
      .index = MEMMAP_NO_INDEX, .poke = { MEMMAP_HDR_MAJOR, 2, 2 } },
    { .name = "length", .edit = layout_none, .err = MEMMAP_E_LENGTH,
      .index = MEMMAP_NO_INDEX, .poke = { MEMMAP_HDR_TOTAL_LEN, 4, 48 } },
    { .name = "checksum", .edit = layout_none, .err = MEMMAP_E_CHECKSUM,
      .index = MEMMAP_NO_INDEX, .poke = { MEMMAP_HDR_CHECKSUM, 4, 0 },
      .bad_crc = true },
    { .name = "count", .edit = layout_none, .err = MEMMAP_E_COUNT,
      .index = MEMMAP_NO_INDEX, .poke = { MEMMAP_HDR_COUNT, 4, 257 } },
    { .name = "kind", .edit = layout_constraints, .err = MEMMAP_E_KIND,
      .index = MEMMAP_NO_INDEX },
    { .name = "unknown kind", .edit = layout_none, .err = MEMMAP_E_KIND,
      .index = MEMMAP_NO_INDEX, .poke = { MEMMAP_HDR_KIND, 2, 9 } },
    { .name = "unknown mandatory entry", .edit = layout_unknown,
      .err = MEMMAP_E_TYPE, .index = 2 },
    { .name = "owned range in a layout", .edit = layout_owned,
      .err = MEMMAP_E_TYPE, .index = 2 },
    { .name = "empty entry", .edit = layout_empty, .err = MEMMAP_E_EMPTY,
      .index = 1 },
    { .name = "entry wraps", .edit = layout_wraps, .err = MEMMAP_E_RANGE,
      .index = 1 },
    { .name = "RAM beyond the limit", .edit = layout_over_limit,
      .err = MEMMAP_E_RANGE, .index = 2 },
    { .name = "unsorted", .edit = layout_unsorted, .err = MEMMAP_E_ORDER,
      .index = 1 },
    { .name = "page lost", .edit = layout_lost, .err = MEMMAP_E_RAM_SUM,
      .index = MEMMAP_NO_INDEX },
    { .name = "page invented", .edit = layout_invented,
      .err = MEMMAP_E_RAM_SUM, .index = MEMMAP_NO_INDEX },
    { .name = "shrunk by nothing", .edit = layout_shrunk_by_nothing,
      .err = MEMMAP_E_RAM_SUM, .index = MEMMAP_NO_INDEX },
    { .name = "shrunk to more", .edit = layout_shrunk_to_more,
      .err = MEMMAP_E_RAM_SUM, .index = MEMMAP_NO_INDEX },
    { .name = "sum that is not the sum", .edit = layout_none,
      .err = MEMMAP_E_RAM_SUM, .index = MEMMAP_NO_INDEX,
      .poke = { MEMMAP_HDR_RAM_PAGES, 8, 1 } },
    { .name = "generation said again", .edit = layout_same_generation,
      .err = MEMMAP_E_GENERATION, .index = MEMMAP_NO_INDEX },
    { .name = "generation left out", .edit = layout_skipped_generation,
      .err = MEMMAP_E_GENERATION, .index = MEMMAP_NO_INDEX },
    { .name = "into the owned range", .edit = layout_into_owned,
      .err = MEMMAP_E_OWNED, .index = 2 },
    { .name = "from its last page on", .edit = layout_end_of_owned,
      .err = MEMMAP_E_OWNED, .index = 2 },
    { .name = "BARs in the owned range", .edit = layout_mmio_in_owned,
      .err = MEMMAP_E_OWNED, .index = 2 },
    { .name = "hole below 640 KiB", .edit = layout_low_hole,
      .err = MEMMAP_E_FIXED, .index = MEMMAP_NO_INDEX },
    { .name = "first page gone", .edit = layout_first_page_gone,
      .err = MEMMAP_E_FIXED, .index = MEMMAP_NO_INDEX },
    { .name = "hole under the option ROMs", .edit = layout_rom_hole,
      .err = MEMMAP_E_FIXED, .index = MEMMAP_NO_INDEX },
    { .name = "hole under the BIOS", .edit = layout_bios_hole,
      .err = MEMMAP_E_FIXED, .index = MEMMAP_NO_INDEX },
    { .name = "RAM at the first page of VGA", .edit = layout_vga_ram,
      .err = MEMMAP_E_FIXED, .index = MEMMAP_NO_INDEX },
    { .name = "RAM at the last page of VGA", .edit = layout_vga_ram_end,
      .err = MEMMAP_E_FIXED, .index = MEMMAP_NO_INDEX },
    { .name = "RAM under VGA that says it always was there",
      .edit = layout_vga_ram_built_there, .err = MEMMAP_E_FIXED,
      .index = MEMMAP_NO_INDEX },
    { .name = "low pages swapped", .edit = layout_low_swapped,
      .err = MEMMAP_E_FIXED, .index = MEMMAP_NO_INDEX },
    { .name = "last fixed page swapped", .edit = layout_bios_swapped,
      .err = MEMMAP_E_FIXED, .index = MEMMAP_NO_INDEX },
    { .name = "memory in use", .edit = layout_relocated, .err = MEMMAP_E_BUSY,
      .index = 2, .check_err = MEMMAP_E_BUSY },
    { .name = "constraints do not fit", .edit = layout_none,
      .err = MEMMAP_E_APPLY, .index = MEMMAP_NO_INDEX,
      .fail_constraints = true },
    { .name = "entry's reserved field", .edit = layout_reserved,
      .err = MEMMAP_E_RESERVED, .index = 1 },
    /* Only COMMIT gets that far. */
    { .name = "apply fails", .edit = layout_relocated, .err = MEMMAP_E_APPLY,
      .index = 2, .apply_err = MEMMAP_E_APPLY },
};

static void put_flaw(const struct flaw *f)
{
    struct memmap_record r;
    uint32_t bytes;

    rig_record(&rig, &r, storage);
    f->edit(&r);
    bytes = rig_put(&rig, &r);
    ck_assert_uint_ne(bytes, 0);
    if ( f->poke.width )
        rig_poke(rig_buf(&rig) + f->poke.off, f->poke.width, f->poke.val);
    if ( !f->bad_crc )
        rig_seal_crc(rig_buf(&rig), bytes);

    rig.fail_read = f->fail_read;
    rig.check_err = f->check_err;
    rig.apply_err = f->apply_err;
    rig.err_index = f->index;
    rig.fail_constraints = f->fail_constraints;
}

static void one_flaw(const struct flaw *f, unsigned int cmd, unsigned int from)
{
    const unsigned int next = cmd == MEMMAP_CMD_PREPARE ? MEMMAP_ST_PREPARED
                                                        : MEMMAP_ST_COMMITTED;
    const bool ok = !f->err || (f->apply_err && cmd == MEMMAP_CMD_PREPARE);
    uint32_t generation, status;
    unsigned int applies;

    rig_init(&rig);
    rig_reach(&rig, from);
    generation = rig.dm.generation;
    applies = rig.applies;
    put_flaw(f);

    status = rig_cmd(&rig, cmd);
    ck_assert_msg(status == (ok ? OK_IN(next)
                                : MEMMAP_STATUS(from, f->err, f->index)),
                  "\"%s\" in %s: \"%s\", %s, index %#x", f->name,
                  memmap_strstate(from),
                  memmap_strerror(MEMMAP_STATUS_ERROR(status)),
                  memmap_strstate(MEMMAP_STATUS_STATE(status)),
                  MEMMAP_STATUS_INDEX(status));

    /* A refusal changed nothing, a PREPARE only the state. */
    ck_assert_uint_eq(rig.applies - applies,
                      ok && cmd == MEMMAP_CMD_COMMIT);
    ck_assert_uint_eq(memmap_dm_read(&rig.dm, MEMMAP_REG_GENERATION),
                      generation + (ok && cmd == MEMMAP_CMD_COMMIT));
    ck_assert_uint_eq(rig.writes, 0);
}

START_TEST(every_flaw)
{
    for ( unsigned int st = MEMMAP_ST_NEGOTIATED; st <= MEMMAP_ST_COMMITTED;
          st++ )
    {
        one_flaw(&flaws[_i], MEMMAP_CMD_PREPARE, st);
        one_flaw(&flaws[_i], MEMMAP_CMD_COMMIT, st);
    }
}
END_TEST

/* The table leaves no error number out. */
START_TEST(no_error_without_a_test)
{
    bool seen[MEMMAP_E_RESERVED + 1] = { false };

    /* No record can earn these: test_dm.c has them. */
    seen[MEMMAP_E_COMMAND] = seen[MEMMAP_E_STATE] = true;
    seen[MEMMAP_E_NEGOTIATE] = true;
    for ( unsigned int i = 0; i < NELEM(flaws); i++ )
        seen[flaws[i].err] = true;
    for ( unsigned int i = 0; i < NELEM(seen); i++ )
        ck_assert_msg(seen[i], "no case for \"%s\"", memmap_strerror(i));
}
END_TEST

/* What apply() and check() get is what was sent, and check() comes first. */
START_TEST(apply_gets_the_layout)
{
    struct memmap_record r;

    rig_negotiate(&rig);
    rig_record(&rig, &r, storage);
    layout_relocated(&r);
    rig_put(&rig, &r);
    ck_assert_uint_eq(rig_cmd(&rig, MEMMAP_CMD_PREPARE),
                      OK_IN(MEMMAP_ST_PREPARED));
    ck_assert_uint_eq(rig.checks, 1);
    ck_assert_uint_eq(rig.applies, 0);
    ck_assert_uint_eq(rig_cmd(&rig, MEMMAP_CMD_COMMIT),
                      OK_IN(MEMMAP_ST_COMMITTED));
    ck_assert_uint_eq(rig.checks, 2);
    ck_assert_uint_eq(rig.applies, 1);
    ck_assert(memmap_layout_equal(&rig.applied, &r.layout));
    ck_assert_uint_eq(rig.checked.generation, 1);
    ck_assert_uint_eq(rig.checked.ram_pages, RIG_RAM_PAGES);
}
END_TEST

/* A COMMIT does not trust an earlier yes: check() may have changed its mind. */
START_TEST(commit_checks_again)
{
    struct memmap_record r;

    rig_negotiate(&rig);
    rig_record(&rig, &r, storage);
    rig_put(&rig, &r);
    ck_assert_uint_eq(rig_cmd(&rig, MEMMAP_CMD_PREPARE),
                      OK_IN(MEMMAP_ST_PREPARED));
    rig.check_err = MEMMAP_E_BUSY;
    rig.err_index = 1;
    ck_assert_uint_eq(rig_cmd(&rig, MEMMAP_CMD_COMMIT),
                      MEMMAP_STATUS(MEMMAP_ST_PREPARED, MEMMAP_E_BUSY, 1));
    ck_assert_uint_eq(rig.applies, 0);
    /* The next good one still goes through. */
    rig.check_err = 0;
    ck_assert_uint_eq(rig_cmd(&rig, MEMMAP_CMD_COMMIT),
                      OK_IN(MEMMAP_ST_COMMITTED));
}
END_TEST

/* What must not move now may have moved: check() is told which is asked. */
START_TEST(check_knows_the_command)
{
    struct memmap_record r;

    rig_negotiate(&rig);
    rig_record(&rig, &r, storage);
    rig_put(&rig, &r);
    rig.check_err = MEMMAP_E_BUSY;
    rig.check_cmd = MEMMAP_CMD_COMMIT;
    ck_assert_uint_eq(rig_cmd(&rig, MEMMAP_CMD_PREPARE),
                      OK_IN(MEMMAP_ST_PREPARED));
    ck_assert_uint_eq(rig_cmd(&rig, MEMMAP_CMD_COMMIT),
                      ERR_IN(MEMMAP_ST_PREPARED, MEMMAP_E_BUSY));
    rig.check_cmd = MEMMAP_CMD_PREPARE;
    ck_assert_uint_eq(rig_cmd(&rig, MEMMAP_CMD_PREPARE),
                      ERR_IN(MEMMAP_ST_PREPARED, MEMMAP_E_BUSY));
    ck_assert_uint_eq(rig_cmd(&rig, MEMMAP_CMD_COMMIT),
                      OK_IN(MEMMAP_ST_COMMITTED));
}
END_TEST

/* An index belongs to its error: success after a refusal blames nobody. */
START_TEST(success_clears_the_index)
{
    rig_negotiate(&rig);
    put_flaw(&(const struct flaw){ .edit = layout_empty });
    ck_assert_uint_eq(MEMMAP_STATUS_INDEX(rig_cmd(&rig, MEMMAP_CMD_PREPARE)),
                      1);
    ck_assert_uint_eq(rig_cmd(&rig, MEMMAP_CMD_QUERY),
                      OK_IN(MEMMAP_ST_NEGOTIATED));
}
END_TEST

/* A record without entries needs no second read, and is no layout of a PC. */
START_TEST(record_without_entries)
{
    struct memmap_record r;

    rig_negotiate(&rig);
    rig_record(&rig, &r, storage);
    r.layout.nr = 0;
    rig_put(&rig, &r);
    ck_assert_uint_eq(rig_cmd(&rig, MEMMAP_CMD_COMMIT),
                      ERR_IN(MEMMAP_ST_NEGOTIATED, MEMMAP_E_FIXED));
    ck_assert_uint_eq(rig.reads, 1);
}
END_TEST

/* Records from migration data: the same checks, but no conversation. */
START_TEST(validate_alone)
{
    struct memmap_record r;
    uint16_t index = 0;

    rig_record(&rig, &r, storage);
    r.ram_pages = RIG_RAM_PAGES;
    ck_assert_uint_eq(memmap_dm_validate(&rig.dm, &r, &index), MEMMAP_OK);
    ck_assert_uint_eq(index, MEMMAP_NO_INDEX);
    layout_into_owned(&r);
    ck_assert_uint_eq(memmap_dm_validate(&rig.dm, &r, &index), MEMMAP_E_OWNED);
    ck_assert_uint_eq(index, 2);
    /* Who owns what now says nothing of BARs that had room then. */
    rig_record(&rig, &r, storage);
    r.ram_pages = RIG_RAM_PAGES;
    layout_mmio_in_owned(&r);
    ck_assert_uint_eq(memmap_dm_validate(&rig.dm, &r, &index), MEMMAP_OK);
    ck_assert_uint_eq(rig.dm.state, MEMMAP_ST_OFFERED);
    ck_assert_uint_eq(rig.checks + rig.applies + rig.changes, 0);
}
END_TEST

/* Layouts with as many ranges as a record can have, one by one in any order. */
START_TEST(largest_record)
{
    struct memmap_record r;

    rig_negotiate(&rig);
    rig_record(&rig, &r, storage);
    r.layout.max = MEMMAP_MAX_ENTRIES;
    for ( unsigned int i = 0; r.layout.nr < MEMMAP_MAX_ENTRIES; i++ )
        set(&r, 0x200000 + 2 * i, 1, MEMMAP_NO_SOURCE, MEMMAP_TYPE_MMIO);
    ck_assert_uint_eq(rig_put(&rig, &r),
                      memmap_record_bytes(MEMMAP_MAX_ENTRIES));
    ck_assert_uint_eq(rig_cmd(&rig, MEMMAP_CMD_COMMIT),
                      OK_IN(MEMMAP_ST_COMMITTED));
    ck_assert_uint_eq(rig.applied.nr, MEMMAP_MAX_ENTRIES);
}
END_TEST

Suite *dm_records_suite(void)
{
    Suite *s = suite_create("dm_records");
    TCase *tc = tcase_create("flaws");

    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_loop_test(tc, every_flaw, 0, NELEM(flaws));
    tcase_add_test(tc, no_error_without_a_test);
    suite_add_tcase(s, tc);

    tc = tcase_create("good records");
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, apply_gets_the_layout);
    tcase_add_test(tc, commit_checks_again);
    tcase_add_test(tc, check_knows_the_command);
    tcase_add_test(tc, success_clears_the_index);
    tcase_add_test(tc, record_without_entries);
    tcase_add_test(tc, largest_record);
    tcase_add_test(tc, validate_alone);
    suite_add_tcase(s, tc);
    return s;
}
