/* SPDX-License-Identifier: MIT */
/*
 * The vectors: what each record is, and what becomes of it.  After those that are
 * firmware's daily bread comes at least one for each row of section 5's table, one
 * for each end of its ranges, and some with flaws of two rows, that the first counts.
 */
#include "vectors.h"

#include <stdlib.h>
#include <string.h>

static void set(struct memmap_record *r, uint64_t gfn, uint64_t pages,
                uint64_t source, unsigned int type, unsigned int flags,
                uint32_t aux)
{
    const struct memmap_range e = { gfn, pages, source, type, flags, aux };

    if ( !memmap_layout_set(&r->layout, &e) )
        abort();
}

static void move(struct memmap_record *r, uint64_t from, uint64_t to,
                 uint64_t pages)
{
    if ( !memmap_layout_move(&r->layout, from, to, pages) )
        abort();
}

static void built(struct memmap_record *r)
{
    (void)r;
}

/* 128 MiB make room for BARs; the hole is named. */
static void relocated(struct memmap_record *r)
{
    move(r, RIG_LOW_END - 0x8000, 0x100000, 0x8000);
    set(r, RIG_LOW_END - 0x8000, 0x8000, MEMMAP_NO_SOURCE, MEMMAP_TYPE_MMIO, 0,
        0);
}

/* Four pages of reserved device memory of 0000:00:04.0 in what was RAM. */
static void rdm(struct memmap_record *r)
{
    move(r, 0x1fff0, 0x100000, 4);
    set(r, 0x1fff0, 4, MEMMAP_NO_SOURCE, MEMMAP_TYPE_RDM, 0, 0x20);
}

static void rdm_unfreed(struct memmap_record *r)
{
    set(r, 0x1fff0, 4, 0x1fff0, MEMMAP_TYPE_RAM, MEMMAP_EF_UNFREED, 0x20);
}

/* One more, where hvmloader keeps its own tables: nobody can map it. */
static void rdm_unmapped(struct memmap_record *r)
{
    rdm(r);
    set(r, 0xfc100, 1, MEMMAP_NO_SOURCE, MEMMAP_TYPE_RDM, MEMMAP_EF_UNMAPPED,
        0x28);
}

/* It could not be mapped by the device model. */
static void rdm_given_up(struct memmap_record *r)
{
    rdm(r);
    set(r, 0x1fff0, 4, MEMMAP_NO_SOURCE, MEMMAP_TYPE_RDM, MEMMAP_EF_UNMAPPED, 0x20);
}

/* A move failed half way, and this page cannot go back. */
static void astray(struct memmap_record *r)
{
    move(r, RIG_LOW_END - 0x8000, 0x100000, 1);
}

/* Or is gone. */
static void gone(struct memmap_record *r)
{
    if ( !memmap_layout_clear(&r->layout, RIG_LOW_END - 0x8000, 1) )
        abort();
    r->flags = MEMMAP_RF_RAM_SHRUNK;
}

/* Firmware took the topmost page, and nothing else moved. */
static void taken(struct memmap_record *r)
{
    if ( !memmap_layout_clear(&r->layout, RIG_LOW_END - 1, 1) )
        abort();
    set(r, 0xfc000, 1, RIG_LOW_END - 1, MEMMAP_TYPE_RAM, MEMMAP_EF_FIRMWARE, 0);
}

static void unmapped_ram(struct memmap_record *r)
{
    r->layout.range[1].flags = MEMMAP_EF_UNMAPPED;
}

/* Firmware took the topmost page for its own tables. */
static void second(struct memmap_record *r)
{
    relocated(r);
    if ( !memmap_layout_clear(&r->layout, 0x107fff, 1) )
        abort();
    set(r, 0xfc000, 1, MEMMAP_NO_SOURCE, MEMMAP_TYPE_RAM, MEMMAP_EF_FIRMWARE,
        0);
}

static void shrunk(struct memmap_record *r)
{
    if ( !memmap_layout_clear(&r->layout, RIG_LOW_END - 16, 16) )
        abort();
    r->flags = MEMMAP_RF_RAM_SHRUNK;
}

static void optional(struct memmap_record *r)
{
    set(r, 0x200000, 1, 0x1234, 99, MEMMAP_EF_OPTIONAL, 0x5678);
}

static void mandatory(struct memmap_record *r)
{
    set(r, 0x200000, 1, 0x1234, 99, 0, 0);
}

static void empty(struct memmap_record *r)
{
    r->layout.range[1].pages = 0;
}

static void wraps(struct memmap_record *r)
{
    r->layout.range[1].pages = ~0ull;
}

static void beyond(struct memmap_record *r)
{
    r->gfn_limit = 2 * RIG_GFN_LIMIT;
    move(r, RIG_LOW_END - 0x8000, RIG_GFN_LIMIT - 0x7fff, 0x8000);
}

static void overlap(struct memmap_record *r)
{
    r->layout.range[1].gfn = 0x9f;
    r->layout.range[1].pages++;
}

static void invented(struct memmap_record *r)
{
    set(r, 0x100000, 1, 0x100000, MEMMAP_TYPE_RAM, 0, 0);
}

static void replay(struct memmap_record *r)
{
    r->generation--;
}

static void owned(struct memmap_record *r)
{
    move(r, RIG_LOW_END - 0x8000, RIG_OWNED_GFN - 0x7fff, 0x8000);
}

static void low_hole(struct memmap_record *r)
{
    move(r, 0x9f, 0x100000, 1);
}

static void reserved(struct memmap_record *r)
{
    r->layout.range[1].aux = 1;
}

static void constraints(struct memmap_record *r)
{
    r->kind = MEMMAP_KIND_CONSTRAINTS;
}

/* Of the layout in force, and nothing in it yet. */
static void answer(struct memmap_record *r)
{
    r->kind = MEMMAP_KIND_CONSTRAINTS;
    r->generation--;
    r->layout.nr = 0;
}

/* With the memory that two devices want; QEMU's own mostly is above its limit. */
static void constraints_rdm(struct memmap_record *r)
{
    answer(r);
    r->gfn_limit = 0x100000;
    set(r, 0x18000, 4, MEMMAP_NO_SOURCE, MEMMAP_TYPE_RDM, 0, 0x20);
    set(r, 0x18010, 1, MEMMAP_NO_SOURCE, MEMMAP_TYPE_RDM, 0, 0);
    set(r, RIG_OWNED_GFN, RIG_OWNED_NR, MEMMAP_NO_SOURCE, MEMMAP_TYPE_OWNED, 0, 0);
}

static void constraints_ram(struct memmap_record *r)
{
    answer(r);
    set(r, 0, 0xa0, 0, MEMMAP_TYPE_RAM, MEMMAP_EF_UNFREED, 0x20);
    r->gfn_limit = 1;
}

/* Whatever a device needs, what is owned is owned. */
static void constraints_over(struct memmap_record *r)
{
    answer(r);
    set(r, 0x13fff0, 0x2000, MEMMAP_NO_SOURCE, MEMMAP_TYPE_RDM, 0, 0x20);
    set(r, RIG_OWNED_GFN, RIG_OWNED_NR, MEMMAP_NO_SOURCE, MEMMAP_TYPE_OWNED, 0, 0);
}

static void nothing(struct memmap_record *r)
{
    r->layout.nr = 0;
}

static void b_magic(uint8_t *buf, uint32_t *len)
{
    (void)len;
    rig_poke(buf + MEMMAP_HDR_MAGIC, 4, 0x58474d4c);
}

static void b_major(uint8_t *buf, uint32_t *len)
{
    (void)len;
    rig_poke(buf + MEMMAP_HDR_MAJOR, 2, 2);
}

static void b_length(uint8_t *buf, uint32_t *len)
{
    rig_poke(buf + MEMMAP_HDR_TOTAL_LEN, 4, *len - 1);
}

static void b_checksum(uint8_t *buf, uint32_t *len)
{
    (void)len;
    buf[MEMMAP_HDR_CHECKSUM] ^= 1;
}

static void b_count(uint8_t *buf, uint32_t *len)
{
    (void)len;
    rig_poke(buf + MEMMAP_HDR_COUNT, 4, MEMMAP_MAX_ENTRIES + 1);
}

/* As a later minor version might: 8 bytes more in the header and each entry. */
static void b_longer(uint8_t *buf, uint32_t *len)
{
    static uint8_t old[MEMMAP_BUFFER_BYTES];
    const uint32_t count = rig_peek(buf + MEMMAP_HDR_COUNT, 4);

    memcpy(old, buf, *len);
    *len = MEMMAP_HDR_BYTES + 8 + count * (MEMMAP_ENT_BYTES + 8);
    memset(buf + MEMMAP_HDR_BYTES, 0xa5, *len - MEMMAP_HDR_BYTES);
    for ( uint32_t i = 0; i < count; i++ )
        memcpy(buf + MEMMAP_HDR_BYTES + 8 + i * (MEMMAP_ENT_BYTES + 8),
               old + MEMMAP_HDR_BYTES + i * MEMMAP_ENT_BYTES,
               MEMMAP_ENT_BYTES);
    rig_poke(buf + MEMMAP_HDR_MINOR, 2, 1);
    rig_poke(buf + MEMMAP_HDR_HEADER_LEN, 2, MEMMAP_HDR_BYTES + 8);
    rig_poke(buf + MEMMAP_HDR_ENTRY_LEN, 2, MEMMAP_ENT_BYTES + 8);
    rig_poke(buf + MEMMAP_HDR_TOTAL_LEN, 4, *len);
}

/* One of each type that firmware sends, for pokes. */
static void rich(struct memmap_record *r)
{
    move(r, 0x18000, 0x100000, 0x8000);
    set(r, 0x18000, 4, MEMMAP_NO_SOURCE, MEMMAP_TYPE_RDM, 0, 0x20);
    set(r, 0x18004, 0x7ffc, MEMMAP_NO_SOURCE, MEMMAP_TYPE_MMIO, 0, 0);
}
#define RDM_ENTRY   2
#define MMIO_ENTRY  3
#define HIGH_ENTRY  4       /* RAM */

/* As many entries as there may be. */
static void most(struct memmap_record *r)
{
    for ( unsigned int i = 0; r->layout.nr < MEMMAP_MAX_ENTRIES; i++ )
        set(r, 0x200000 + 2 * i, 1, MEMMAP_NO_SOURCE, MEMMAP_TYPE_MMIO, 0, 0);
}

static void first_page_gone(struct memmap_record *r)
{
    move(r, 0, 0x100000, 1);
}

static void rom_page_gone(struct memmap_record *r)
{
    move(r, 0xc0, 0x100000, 1);
}

static void bios_page_gone(struct memmap_record *r)
{
    move(r, 0xff, 0x100000, 1);
}

static void above_fixed(struct memmap_record *r)
{
    move(r, 0x100, 0x100000, 1);
}

static void first_swapped(struct memmap_record *r)
{
    set(r, 0x100, 1, 0x101, MEMMAP_TYPE_RAM, 0, 0);
    set(r, 0x101, 1, 0x100, MEMMAP_TYPE_RAM, 0, 0);
}

/* RAM is taken from the top and put @to. */
static void top_page(struct memmap_record *r, uint64_t to, uint64_t source)
{
    if ( !memmap_layout_clear(&r->layout, RIG_LOW_END - 1, 1) )
        abort();
    set(r, to, 1, source, MEMMAP_TYPE_RAM, 0, 0);
}

static void vga_first(struct memmap_record *r)
{
    top_page(r, 0xa0, RIG_LOW_END - 1);
}

static void vga_last(struct memmap_record *r)
{
    top_page(r, 0xbf, 0xbf);
}

static void low_swapped(struct memmap_record *r)
{
    set(r, 0x10, 1, 0x11, MEMMAP_TYPE_RAM, 0, 0);
    set(r, 0x11, 1, 0x10, MEMMAP_TYPE_RAM, 0, 0);
}

/* An entry that begins below 1 MiB never moved, as a whole. */
static void bios_swapped(struct memmap_record *r)
{
    set(r, 0xff, 1, 0x100, MEMMAP_TYPE_RAM, 0, 0);
    set(r, 0x100, 1, 0xff, MEMMAP_TYPE_RAM, 0, 0);
}

static void low_marked(struct memmap_record *r)
{
    set(r, 0x40, 1, 0x40, MEMMAP_TYPE_RAM, MEMMAP_EF_FIRMWARE, 0);
    set(r, 0x50, 1, 0x50, MEMMAP_TYPE_RAM, MEMMAP_EF_UNFREED, 0x20);
}

static void page_lost(struct memmap_record *r)
{
    if ( !memmap_layout_clear(&r->layout, RIG_LOW_END - 1, 1) )
        abort();
}

static void to_limit(struct memmap_record *r)
{
    r->gfn_limit = RIG_GFN_LIMIT;
    move(r, RIG_LOW_END - 0x8000, RIG_GFN_LIMIT - 0x8000, 0x8000);
}

static void mmio_beyond(struct memmap_record *r)
{
    r->gfn_limit = 2 * RIG_GFN_LIMIT;
    set(r, RIG_GFN_LIMIT, 1, MEMMAP_NO_SOURCE, MEMMAP_TYPE_MMIO, 0, 0);
}

/* MMIO, as entry 2, up to the last gfn that any address leads to. */
static void highest(struct memmap_record *r)
{
    set(r, MEMMAP_GFN_END - 1, 1, MEMMAP_NO_SOURCE, MEMMAP_TYPE_MMIO, 0, 0);
}
#define HIGHEST_ENTRY 2

static void up_to_owned(struct memmap_record *r)
{
    move(r, RIG_LOW_END - 0x8000, RIG_OWNED_GFN - 0x8000, 0x8000);
}

static void end_of_owned(struct memmap_record *r)
{
    move(r, RIG_LOW_END - 0x8000, RIG_OWNED_GFN + RIG_OWNED_NR - 1, 0x8000);
}

static void after_owned(struct memmap_record *r)
{
    move(r, RIG_LOW_END - 0x8000, RIG_OWNED_GFN + RIG_OWNED_NR, 0x8000);
}

/* As large as what is owned and more. */
static void around_owned(struct memmap_record *r)
{
    move(r, RIG_LOW_END - 0x8000, RIG_OWNED_GFN - 0x4000, 0x8000);
}

static void owned_by(struct memmap_record *r, unsigned int type,
                     unsigned int flags)
{
    set(r, RIG_OWNED_GFN + RIG_OWNED_NR - 1, 1, MEMMAP_NO_SOURCE, type, flags, 0);
}

static void mmio_owned(struct memmap_record *r)
{
    owned_by(r, MEMMAP_TYPE_MMIO, 0);
}

static void rdm_owned(struct memmap_record *r)
{
    owned_by(r, MEMMAP_TYPE_RDM, MEMMAP_EF_UNMAPPED);
}

static void optional_owned(struct memmap_record *r)
{
    owned_by(r, 5, MEMMAP_EF_OPTIONAL);
}

static void skip(struct memmap_record *r)
{
    r->generation++;
}

/* A header that fills the buffer, or more; the file has what matters. */
static void stretch(uint8_t *buf, uint32_t *len, uint32_t total)
{
    static uint8_t old[MEMMAP_BUFFER_BYTES];
    const uint32_t entries = *len - MEMMAP_HDR_BYTES;

    memcpy(old, buf, *len);
    memset(buf + MEMMAP_HDR_BYTES, 0, MEMMAP_BUFFER_BYTES - MEMMAP_HDR_BYTES);
    if ( total <= MEMMAP_BUFFER_BYTES )
        memcpy(buf + total - entries, old + MEMMAP_HDR_BYTES, entries);
    rig_poke(buf + HDR(HEADER_LEN), 2, total - entries);
    rig_poke(buf + HDR(TOTAL_LEN), 4, total);
    *len = total;
}

static void b_longest(uint8_t *buf, uint32_t *len)
{
    stretch(buf, len, MEMMAP_BUFFER_BYTES);
}

static void b_last_byte(uint8_t *buf, uint32_t *len)
{
    b_longest(buf, len);
    rig_seal_crc(buf, *len);
    buf[*len - 1] ^= 1;
}

static void b_too_long(uint8_t *buf, uint32_t *len)
{
    stretch(buf, len, MEMMAP_BUFFER_BYTES + 1);
    *len = MEMMAP_HDR_BYTES;
}

#define YES(st)      MEMMAP_STATUS(st, MEMMAP_OK, MEMMAP_NO_INDEX)
#define NO(err)      MEMMAP_STATUS(MEMMAP_ST_NEGOTIATED, err, MEMMAP_NO_INDEX)
#define NO_AT(err,i) MEMMAP_STATUS(MEMMAP_ST_NEGOTIATED, err, i)
#define UNDERSTOOD   .answer = true, .cmd = MEMMAP_CMD_QUERY, \
                    .status = YES(MEMMAP_ST_NEGOTIATED)
#define FOUND(e)     .answer = true, .cmd = MEMMAP_CMD_QUERY, .status = NO(MEMMAP_E_##e)
#define FOUND_AT(e, i) .answer = true, .cmd = MEMMAP_CMD_QUERY, \
                    .status = NO_AT(MEMMAP_E_##e, i)
#define COMMITTED    YES(MEMMAP_ST_COMMITTED)

#define U64_MAX     0xffffffffffffffffull
#define TAKEN       .cmd = MEMMAP_CMD_COMMIT, .status = COMMITTED
#define REFUSED(e)  .cmd = MEMMAP_CMD_PREPARE, .status = NO(MEMMAP_E_##e)
#define REFUSED_AT(e, i) .cmd = MEMMAP_CMD_PREPARE, \
                    .status = NO_AT(MEMMAP_E_##e, i)

const struct vector vectors[] = {
    { .name = "constraints", .cmd = MEMMAP_CMD_QUERY, .generation = 0,
      .status = YES(MEMMAP_ST_NEGOTIATED), .record = NULL,
      .meaning = "the device model's answer: it owns 16 MiB from gfn 0x140000" },
    { .name = "constraints-rdm", .generation = 3, UNDERSTOOD,
      .record = constraints_rdm,
      .meaning = "reserved memory of two devices, and a gfn limit below what is owned" },
    { .name = "constraints-over", UNDERSTOOD, .record = constraints_over,
      .meaning = "what is owned, in the middle of what is wanted" },
    { .name = "constraints-odd", UNDERSTOOD, .record = constraints_rdm,
      .poke = { { ENT(0, FLAGS), 2, MEMMAP_EF_UNMAPPED },
                { ENT(1, TYPE), 2, 5 },
                { ENT(1, FLAGS), 2, 0xffff },
                { ENT(2, FLAGS), 2, MEMMAP_EF_OPTIONAL },
                { ENT(2, GFN), 8, MEMMAP_GFN_END - RIG_OWNED_NR } },
      .meaning = "a flag and a type that mean nothing there; owned up to the last gfn" },
    { .name = "constraints-ram", UNDERSTOOD, .record = constraints_ram,
      .meaning = "RAM, which means nothing there, beyond the gfn limit" },
    { .name = "answer-layout", FOUND(KIND), .record = built,
      .meaning = "a LAYOUT where the answer belongs" },
    { .name = "answer-header-flag", FOUND(KIND), .record = constraints_rdm,
      .poke = { { HDR(FLAGS), 2, 2 } },
      .meaning = "header flag 1" },
    { .name = "answer-empty", FOUND_AT(EMPTY, 1), .record = constraints_rdm,
      .poke = { { ENT(1, PAGES), 8, 0 } },
      .meaning = "an entry of no pages" },
    { .name = "answer-highest", FOUND_AT(RANGE, 2), .record = constraints_rdm,
      .poke = { { ENT(2, GFN), 8, MEMMAP_GFN_END - RIG_OWNED_NR + 1 } },
      .meaning = "owned up to gfn 2^52" },
    { .name = "answer-type", FOUND_AT(TYPE, 1), .record = constraints_rdm,
      .poke = { { ENT(1, TYPE), 2, 5 } },
      .meaning = "an unknown type without OPTIONAL" },
    { .name = "answer-flag", FOUND_AT(TYPE, 2), .record = constraints_rdm,
      .poke = { { ENT(2, FLAGS), 2, MEMMAP_EF_UNMAPPED } },
      .meaning = "UNMAPPED at OWNED" },
    { .name = "answer-aux", FOUND_AT(RESERVED, 2), .record = constraints_rdm,
      .poke = { { ENT(2, AUX), 4, 1 } },
      .meaning = "aux of OWNED is not zero" },
    { .name = "answer-order", FOUND_AT(ORDER, 1), .record = constraints_rdm,
      .poke = { { ENT(1, GFN), 8, 0x18003 } },
      .meaning = "entries that overlap by a page" },
    { .name = "answer-sum", FOUND(RAM_SUM), .record = constraints_rdm,
      .poke = { { HDR(RAM_PAGES), 8, 1 } },
      .meaning = "a page of RAM, and no entry of it" },
    { .name = "layout-minimal", .cmd = MEMMAP_CMD_COMMIT, .status = COMMITTED,
      .record = built, .meaning = "512 MiB as built, nothing moved" },
    { .name = "layout-relocated", .cmd = MEMMAP_CMD_COMMIT,
      .status = COMMITTED, .record = relocated,
      .meaning = "128 MiB moved to 4 GiB, their place set aside for BARs" },
    { .name = "layout-rdm", .cmd = MEMMAP_CMD_COMMIT, .status = COMMITTED,
      .record = rdm, .meaning = "four pages of RAM gave way to reserved memory"
                                " of device 0000:00:04.0" },
    { .name = "layout-rdm-unfreed", .cmd = MEMMAP_CMD_COMMIT,
      .status = COMMITTED, .record = rdm_unfreed,
      .meaning = "the same memory, but RAM could not be moved out of its way" },
    { .name = "layout-rdm-unmapped", .cmd = MEMMAP_CMD_COMMIT,
      .status = COMMITTED, .record = rdm_unmapped,
      .meaning = "and a page of device 0000:00:05.0 under firmware's own"
                 " memory, which cannot be mapped" },
    { .name = "layout-second", .cmd = MEMMAP_CMD_COMMIT, .generation = 1,
      .status = COMMITTED, .record = second,
      .meaning = "generation 2: firmware took a page for itself, its source"
                 " forgotten" },
    { .name = "layout-shrunk", .cmd = MEMMAP_CMD_COMMIT, .status = COMMITTED,
      .record = shrunk, .meaning = "16 pages were lost, and it says so" },
    { .name = "layout-rdm-given-up", TAKEN, .record = rdm_given_up,
      .meaning = "as layout-rdm, after the device model could not map it" },
    { .name = "layout-astray", TAKEN, .record = astray,
      .meaning = "a page that moved, and could not go back" },
    { .name = "layout-gone", TAKEN, .record = gone,
      .meaning = "a page that was lost on its way" },
    { .name = "layout-taken", TAKEN, .record = taken,
      .meaning = "firmware took a page for itself, and knows where it was" },
    { .name = "layout-newer-minor", .cmd = MEMMAP_CMD_COMMIT,
      .status = COMMITTED, .record = optional, .bytes = b_longer,
      .meaning = "minor version 1: longer header and entries, an unknown type"
                 " that is OPTIONAL" },
    { .name = "refused-magic", .cmd = MEMMAP_CMD_PREPARE,
      .status = NO(MEMMAP_E_MAGIC), .record = built, .bytes = b_magic,
      .meaning = "magic in the other byte order" },
    { .name = "refused-version", .cmd = MEMMAP_CMD_PREPARE,
      .status = NO(MEMMAP_E_VERSION), .record = built, .bytes = b_major,
      .meaning = "major version 2" },
    { .name = "refused-length", .cmd = MEMMAP_CMD_PREPARE,
      .status = NO(MEMMAP_E_LENGTH), .record = built, .bytes = b_length,
      .meaning = "total length one byte short of header and entries" },
    { .name = "refused-checksum", .cmd = MEMMAP_CMD_PREPARE,
      .status = NO(MEMMAP_E_CHECKSUM), .record = built, .bytes = b_checksum,
      .keep_crc = true, .meaning = "one bit of the checksum" },
    { .name = "refused-count", .cmd = MEMMAP_CMD_PREPARE,
      .status = NO(MEMMAP_E_COUNT), .record = built, .bytes = b_count,
      .meaning = "257 entries" },
    { .name = "refused-kind", .cmd = MEMMAP_CMD_PREPARE,
      .status = NO(MEMMAP_E_KIND), .record = constraints,
      .meaning = "a CONSTRAINTS record where a LAYOUT belongs" },
    { .name = "refused-type", .cmd = MEMMAP_CMD_PREPARE,
      .status = NO_AT(MEMMAP_E_TYPE, 2), .record = mandatory,
      .meaning = "an unknown type without OPTIONAL" },
    { .name = "refused-unmapped-ram", .cmd = MEMMAP_CMD_PREPARE,
      .status = NO_AT(MEMMAP_E_TYPE, 1), .record = unmapped_ram,
      .meaning = "RAM that is said to be reserved memory not mapped" },
    { .name = "refused-empty", .cmd = MEMMAP_CMD_PREPARE,
      .status = NO_AT(MEMMAP_E_EMPTY, 1), .record = empty,
      .meaning = "an entry of no pages" },
    { .name = "refused-wraps", .cmd = MEMMAP_CMD_PREPARE,
      .status = NO_AT(MEMMAP_E_RANGE, 1), .record = wraps,
      .meaning = "an entry whose end wraps" },
    { .name = "refused-range", .cmd = MEMMAP_CMD_PREPARE,
      .status = NO_AT(MEMMAP_E_RANGE, 2), .record = beyond,
      .meaning = "RAM one page beyond what the device model can map" },
    { .name = "refused-order", .cmd = MEMMAP_CMD_PREPARE,
      .status = NO_AT(MEMMAP_E_ORDER, 1), .record = overlap,
      .meaning = "entries that overlap by a page" },
    { .name = "refused-ram-sum", .cmd = MEMMAP_CMD_PREPARE,
      .status = NO(MEMMAP_E_RAM_SUM), .record = invented,
      .meaning = "a page of RAM too many" },
    { .name = "refused-generation", .cmd = MEMMAP_CMD_PREPARE,
      .generation = 1, .status = NO(MEMMAP_E_GENERATION), .record = replay,
      .meaning = "generation 1 when 1 is in force" },
    { .name = "refused-owned", .cmd = MEMMAP_CMD_PREPARE,
      .status = NO_AT(MEMMAP_E_OWNED, 2), .record = owned,
      .meaning = "RAM over one page of the device model's own" },
    { .name = "refused-fixed", .cmd = MEMMAP_CMD_PREPARE,
      .status = NO(MEMMAP_E_FIXED), .record = low_hole,
      .meaning = "the last page below 640 KiB moved away" },
    { .name = "refused-reserved", .cmd = MEMMAP_CMD_PREPARE,
      .status = NO_AT(MEMMAP_E_RESERVED, 1), .record = reserved,
      .meaning = "aux of a RAM entry is not zero" },
    /* Row 8 to 11: framing. */
    { .name = "refused-version-0", REFUSED(VERSION), .record = built,
      .poke = { { HDR(MAJOR), 2, 0 } },
      .meaning = "major version 0" },
    { .name = "refused-header-47", REFUSED(LENGTH), .record = built,
      .poke = { { HDR(HEADER_LEN), 2, 47 },
                { HDR(TOTAL_LEN), 4, 111 } },
      .meaning = "a header of 47 bytes, and a total that fits" },
    { .name = "refused-entry-31", REFUSED(LENGTH), .record = built,
      .poke = { { HDR(ENTRY_LEN), 2, 31 },
                { HDR(TOTAL_LEN), 4, 110 } },
      .meaning = "entries of 31 bytes, and a total that fits" },
    { .name = "refused-length-long", REFUSED(LENGTH), .record = built,
      .poke = { { HDR(TOTAL_LEN), 4, 113 } },
      .meaning = "total length one byte more than header and entries" },
    { .name = "refused-length-12289", REFUSED(LENGTH), .record = built, .bytes = b_too_long,
      .keep_crc = true,
      .meaning = "a header so long that the record has a byte more than the buffer" },
    { .name = "refused-header-before-count", REFUSED(LENGTH), .record = built,
      .poke = { { HDR(HEADER_LEN), 2, 47 },
                { HDR(COUNT), 4, 257 } },
      .meaning = "rows 9 and 10: a short header, and 257 entries" },
    { .name = "refused-version-before-header", REFUSED(VERSION), .record = built,
      .poke = { { HDR(MAJOR), 2, 2 },
                { HDR(HEADER_LEN), 2, 47 } },
      .meaning = "rows 8 and 9: major version 2, and a short header" },
    { .name = "refused-magic-before-version", REFUSED(MAGIC), .record = built,
      .poke = { { HDR(MAGIC), 4, 0 },
                { HDR(MAJOR), 2, 2 } },
      .meaning = "rows 7 and 8: no magic, and major version 2" },
    { .name = "refused-checksum-before-kind", REFUSED(CHECKSUM), .record = built, .keep_crc = true,
      .poke = { { HDR(KIND), 2, 9 } },
      .meaning = "rows 12 and 13: checksum, and kind" },
    { .name = "layout-256", TAKEN, .record = most,
      .meaning = "256 entries" },
    { .name = "layout-longest", TAKEN, .record = built, .bytes = b_longest,
      .meaning = "a header that leaves no byte of the buffer over" },
    { .name = "refused-checksum-longest", REFUSED(CHECKSUM), .record = built,
      .bytes = b_last_byte, .keep_crc = true,
      .meaning = "the same, and a bit of its last byte is another one" },
    /* Rows 13 and 14: kind. */
    { .name = "refused-kind-0", REFUSED(KIND), .record = built,
      .poke = { { HDR(KIND), 2, 0 } },
      .meaning = "kind 0" },
    { .name = "refused-kind-3", REFUSED(KIND), .record = built,
      .poke = { { HDR(KIND), 2, 3 } },
      .meaning = "kind 3" },
    { .name = "refused-kind-before-entries", REFUSED(KIND), .record = built,
      .poke = { { HDR(KIND), 2, 2 },
                { ENT(0, PAGES), 8, 0 } },
      .meaning = "rows 13 and 15: CONSTRAINTS, with an entry of no pages" },
    { .name = "refused-kind-before-sum", REFUSED(KIND), .record = nothing,
      .poke = { { HDR(KIND), 2, 2 },
                { HDR(RAM_PAGES), 8, 1 } },
      .meaning = "rows 13 and 27: CONSTRAINTS of no entries, but a page of RAM" },
    { .name = "refused-header-flag", REFUSED(KIND), .record = built,
      .poke = { { HDR(FLAGS), 2, 2 } },
      .meaning = "header flag 1" },
    { .name = "refused-header-flag-15", REFUSED(KIND), .record = shrunk,
      .poke = { { HDR(FLAGS), 2, 32769 } },
      .meaning = "header flag 15, beside one that is known" },
    /* Rows 15 to 24: an entry by itself. */
    { .name = "refused-empty-optional", REFUSED_AT(EMPTY, RDM_ENTRY), .record = rich,
      .poke = { { ENT(RDM_ENTRY, TYPE), 2, 5 },
                { ENT(RDM_ENTRY, FLAGS), 2, MEMMAP_EF_OPTIONAL },
                { ENT(RDM_ENTRY, PAGES), 8, 0 } },
      .meaning = "an unknown type that is OPTIONAL, of no pages" },
    { .name = "refused-empty-before-type", REFUSED_AT(EMPTY, RDM_ENTRY), .record = rich,
      .poke = { { ENT(RDM_ENTRY, TYPE), 2, 0 },
                { ENT(RDM_ENTRY, PAGES), 8, 0 } },
      .meaning = "rows 15 and 17: no pages, and type 0" },
    { .name = "refused-ends-at-2-64", REFUSED_AT(RANGE, HIGH_ENTRY), .record = rich,
      .poke = { { ENT(HIGH_ENTRY, GFN), 8, U64_MAX - 0x7fff } },
      .meaning = "gfn + pages is exactly 2^64" },
    { .name = "layout-highest", TAKEN, .record = highest,
      .poke = { { HDR(GFN_LIMIT), 8, MEMMAP_GFN_END } },
      .meaning = "an entry up to gfn 2^52 - 1, the last that there is" },
    { .name = "refused-highest", REFUSED_AT(RANGE, HIGHEST_ENTRY), .record = highest,
      .poke = { { ENT(HIGHEST_ENTRY, PAGES), 8, 2 },
                { HDR(GFN_LIMIT), 8, U64_MAX } },
      .meaning = "an entry up to gfn 2^52, though the record's gfn limit is higher" },
    { .name = "refused-above-highest", REFUSED_AT(RANGE, HIGHEST_ENTRY), .record = highest,
      .poke = { { ENT(HIGHEST_ENTRY, GFN), 8, 1ull << 60 },
                { HDR(GFN_LIMIT), 8, U64_MAX } },
      .meaning = "MMIO where no address leads" },
    { .name = "refused-wraps-optional", REFUSED_AT(RANGE, HIGH_ENTRY), .record = rich,
      .poke = { { ENT(HIGH_ENTRY, TYPE), 2, 5 },
                { ENT(HIGH_ENTRY, FLAGS), 2, MEMMAP_EF_OPTIONAL },
                { ENT(HIGH_ENTRY, PAGES), 8, U64_MAX } },
      .meaning = "an unknown type that is OPTIONAL, and wraps" },
    { .name = "refused-wraps-before-type", REFUSED_AT(RANGE, HIGH_ENTRY), .record = rich,
      .poke = { { ENT(HIGH_ENTRY, TYPE), 2, 0 },
                { ENT(HIGH_ENTRY, PAGES), 8, U64_MAX } },
      .meaning = "rows 16 and 17: wraps, and type 0" },
    { .name = "refused-type-0", REFUSED_AT(TYPE, RDM_ENTRY), .record = rich,
      .poke = { { ENT(RDM_ENTRY, TYPE), 2, 0 } },
      .meaning = "type 0" },
    { .name = "refused-type-0-optional", REFUSED_AT(TYPE, RDM_ENTRY), .record = rich,
      .poke = { { ENT(RDM_ENTRY, TYPE), 2, 0 },
                { ENT(RDM_ENTRY, FLAGS), 2, MEMMAP_EF_OPTIONAL } },
      .meaning = "type 0 is not valid with OPTIONAL either" },
    { .name = "refused-type-5", REFUSED_AT(TYPE, RDM_ENTRY), .record = rich,
      .poke = { { ENT(RDM_ENTRY, TYPE), 2, 5 },
                { ENT(RDM_ENTRY, FLAGS), 2, 32768 } },
      .meaning = "type 5, with a flag that is not OPTIONAL" },
    { .name = "layout-optional", TAKEN, .record = rich,
      .poke = { { ENT(RDM_ENTRY, TYPE), 2, 65535 },
                { ENT(RDM_ENTRY, FLAGS), 2, 65535 },
                { ENT(RDM_ENTRY, SOURCE), 8, U64_MAX - 1 },
                { ENT(RDM_ENTRY, AUX), 4, 0xffffffff } },
      .meaning = "an unknown type that is OPTIONAL, with flags, source and aux that mean nothing" },
    { .name = "layout-optional-known", TAKEN, .record = rich,
      .poke = { { ENT(HIGH_ENTRY, FLAGS), 2, MEMMAP_EF_OPTIONAL } },
      .meaning = "OPTIONAL at a type that is known" },
    { .name = "refused-optional-ram", REFUSED_AT(TYPE, HIGH_ENTRY), .record = rich,
      .poke = { { ENT(HIGH_ENTRY, FLAGS), 2, MEMMAP_EF_OPTIONAL | MEMMAP_EF_UNMAPPED } },
      .meaning = "OPTIONAL does not excuse a flag at a type that is known" },
    { .name = "refused-type-owned", REFUSED_AT(TYPE, RDM_ENTRY), .record = rich,
      .poke = { { ENT(RDM_ENTRY, TYPE), 2, 4 },
                { ENT(RDM_ENTRY, AUX), 4, 0 } },
      .meaning = "OWNED in a LAYOUT" },
    { .name = "refused-type-owned-first", REFUSED_AT(TYPE, RDM_ENTRY), .record = rich,
      .poke = { { ENT(RDM_ENTRY, TYPE), 2, 4 },
                { ENT(RDM_ENTRY, AUX), 4, 0 },
                { ENT(MMIO_ENTRY, PAGES), 8, 0 } },
      .meaning = "rows 18 and 15: OWNED, and no pages at a later entry" },
    { .name = "refused-type-before-reserved", REFUSED_AT(TYPE, RDM_ENTRY), .record = rich,
      .poke = { { ENT(RDM_ENTRY, TYPE), 2, 4 } },
      .meaning = "rows 18 and 23: OWNED, and its aux" },
    { .name = "refused-flag-4", REFUSED_AT(TYPE, HIGH_ENTRY), .record = rich,
      .poke = { { ENT(HIGH_ENTRY, FLAGS), 2, 16 } },
      .meaning = "entry flag 4" },
    { .name = "refused-flag-15", REFUSED_AT(TYPE, RDM_ENTRY), .record = rich,
      .poke = { { ENT(RDM_ENTRY, FLAGS), 2, 32768 } },
      .meaning = "entry flag 15" },
    { .name = "refused-firmware-rdm", REFUSED_AT(TYPE, RDM_ENTRY), .record = rich,
      .poke = { { ENT(RDM_ENTRY, FLAGS), 2, MEMMAP_EF_FIRMWARE } },
      .meaning = "FIRMWARE at RDM" },
    { .name = "refused-firmware-mmio", REFUSED_AT(TYPE, MMIO_ENTRY), .record = rich,
      .poke = { { ENT(MMIO_ENTRY, FLAGS), 2, MEMMAP_EF_FIRMWARE } },
      .meaning = "FIRMWARE at MMIO" },
    { .name = "refused-unfreed-rdm", REFUSED_AT(TYPE, RDM_ENTRY), .record = rich,
      .poke = { { ENT(RDM_ENTRY, FLAGS), 2, MEMMAP_EF_UNFREED } },
      .meaning = "UNFREED at RDM" },
    { .name = "refused-unfreed-mmio", REFUSED_AT(TYPE, MMIO_ENTRY), .record = rich,
      .poke = { { ENT(MMIO_ENTRY, FLAGS), 2, MEMMAP_EF_UNFREED } },
      .meaning = "UNFREED at MMIO" },
    { .name = "refused-unmapped-mmio", REFUSED_AT(TYPE, MMIO_ENTRY), .record = rich,
      .poke = { { ENT(MMIO_ENTRY, FLAGS), 2, MEMMAP_EF_UNMAPPED } },
      .meaning = "UNMAPPED at MMIO" },
    { .name = "refused-flag-before-reserved", REFUSED_AT(TYPE, MMIO_ENTRY), .record = rich,
      .poke = { { ENT(MMIO_ENTRY, FLAGS), 2, MEMMAP_EF_FIRMWARE },
                { ENT(MMIO_ENTRY, AUX), 4, 1 } },
      .meaning = "rows 20 and 23: FIRMWARE at MMIO, and its aux" },
    { .name = "refused-aux-mmio", REFUSED_AT(RESERVED, MMIO_ENTRY), .record = rich,
      .poke = { { ENT(MMIO_ENTRY, AUX), 4, 0x80000000 } },
      .meaning = "aux of MMIO is not zero" },
    { .name = "refused-aux-firmware", REFUSED_AT(RESERVED, HIGH_ENTRY), .record = rich,
      .poke = { { ENT(HIGH_ENTRY, FLAGS), 2, MEMMAP_EF_FIRMWARE },
                { ENT(HIGH_ENTRY, AUX), 4, 1 } },
      .meaning = "aux of RAM that firmware keeps" },
    { .name = "refused-reserved-before-source", REFUSED_AT(RESERVED, HIGH_ENTRY), .record = rich,
      .poke = { { ENT(HIGH_ENTRY, AUX), 4, 1 },
                { ENT(HIGH_ENTRY, SOURCE), 8, U64_MAX - 1 } },
      .meaning = "rows 23 and 24: aux, and a source that wraps" },
    { .name = "layout-aux-rdm", TAKEN, .record = rich,
      .poke = { { ENT(RDM_ENTRY, AUX), 4, 0xffffffff } },
      .meaning = "every bit of an RDM entry's aux" },
    { .name = "refused-source", REFUSED_AT(RANGE, HIGH_ENTRY), .record = rich,
      .poke = { { ENT(HIGH_ENTRY, SOURCE), 8, MEMMAP_GFN_END - 0x7fff } },
      .meaning = "a run of sources up to gfn 2^52" },
    { .name = "refused-source-wraps", REFUSED_AT(RANGE, HIGH_ENTRY), .record = rich,
      .poke = { { ENT(HIGH_ENTRY, SOURCE), 8, U64_MAX - 1 } },
      .meaning = "the run of sources wraps" },
    { .name = "layout-source-end", TAKEN, .record = rich,
      .poke = { { ENT(HIGH_ENTRY, SOURCE), 8, MEMMAP_GFN_END - 0x8000 } },
      .meaning = "a run of sources up to gfn 2^52 - 1" },
    { .name = "layout-source-none", TAKEN, .record = rich,
      .poke = { { ENT(HIGH_ENTRY, SOURCE), 8, U64_MAX } },
      .meaning = "RAM that did not come as a run" },
    { .name = "layout-source-mmio", TAKEN, .record = rich,
      .poke = { { ENT(MMIO_ENTRY, SOURCE), 8, U64_MAX - 1 },
                { ENT(RDM_ENTRY, SOURCE), 8, 0 } },
      .meaning = "the source of MMIO and RDM is not looked at" },
    { .name = "refused-source-before-order", REFUSED_AT(RANGE, HIGH_ENTRY), .record = rich,
      .poke = { { ENT(HIGH_ENTRY, SOURCE), 8, U64_MAX - 1 },
                { ENT(HIGH_ENTRY, GFN), 8, 98308 } },
      .meaning = "rows 24 and 25: a source that wraps, and an overlap" },
    /* Rows 25 to 27: an entry and the record. */
    { .name = "refused-order-swapped", REFUSED_AT(ORDER, HIGH_ENTRY), .record = rich,
      .poke = { { ENT(HIGH_ENTRY, GFN), 8, 160 } },
      .meaning = "an entry below those before it" },
    { .name = "refused-order-twice", REFUSED_AT(ORDER, MMIO_ENTRY), .record = rich,
      .poke = { { ENT(MMIO_ENTRY, GFN), 8, 98304 },
                { ENT(MMIO_ENTRY, PAGES), 8, 4 } },
      .meaning = "an entry that is said twice" },
    { .name = "refused-order-optional", REFUSED_AT(ORDER, MMIO_ENTRY), .record = rich,
      .poke = { { ENT(RDM_ENTRY, TYPE), 2, 5 },
                { ENT(RDM_ENTRY, FLAGS), 2, MEMMAP_EF_OPTIONAL },
                { ENT(RDM_ENTRY, PAGES), 8, 5 } },
      .meaning = "an unknown type that is OPTIONAL, over the next entry" },
    { .name = "refused-order-before-limit", REFUSED_AT(ORDER, MMIO_ENTRY), .record = rich,
      .poke = { { ENT(MMIO_ENTRY, GFN), 8, 98307 },
                { HDR(GFN_LIMIT), 8, 98308 } },
      .meaning = "rows 25 and 26: an overlap, and beyond the record's limit" },
    { .name = "refused-limit", REFUSED_AT(RANGE, HIGH_ENTRY), .record = rich,
      .poke = { { HDR(GFN_LIMIT), 8, 1081343 } },
      .meaning = "RAM one page beyond the record's gfn limit" },
    { .name = "refused-limit-optional", REFUSED_AT(RANGE, RDM_ENTRY), .record = rich,
      .poke = { { ENT(RDM_ENTRY, TYPE), 2, 5 },
                { ENT(RDM_ENTRY, FLAGS), 2, MEMMAP_EF_OPTIONAL },
                { HDR(GFN_LIMIT), 8, 98307 } },
      .meaning = "an unknown type that is OPTIONAL, one page beyond the record's gfn limit" },
    { .name = "layout-limit", TAKEN, .record = rich,
      .poke = { { HDR(GFN_LIMIT), 8, 1081344 } },
      .meaning = "all up to the record's gfn limit" },
    { .name = "refused-limit-before-empty", REFUSED_AT(RANGE, RDM_ENTRY), .record = rich,
      .poke = { { HDR(GFN_LIMIT), 8, 98307 },
                { ENT(MMIO_ENTRY, PAGES), 8, 0 } },
      .meaning = "rows 26 and 15: beyond the limit, and no pages at a later entry" },
    { .name = "refused-sum-less", REFUSED(RAM_SUM), .record = built,
      .poke = { { HDR(RAM_PAGES), 8, RIG_RAM_PAGES - 1 } },
      .meaning = "RAM pages of the header is one less than the entries have" },
    { .name = "refused-sum-more", REFUSED(RAM_SUM), .record = built,
      .poke = { { HDR(RAM_PAGES), 8, RIG_RAM_PAGES + 1 } },
      .meaning = "RAM pages of the header is one more than the entries have" },
    { .name = "refused-sum-shrunk", REFUSED(RAM_SUM), .record = built,
      .poke = { { HDR(RAM_PAGES), 8, RIG_RAM_PAGES - 1 },
                { HDR(FLAGS), 2, 1 } },
      .meaning = "RAM_SHRUNK does not excuse a sum that is none" },
    { .name = "refused-sum-shrunk-more", REFUSED(RAM_SUM), .record = shrunk,
      .poke = { { HDR(RAM_PAGES), 8, RIG_RAM_PAGES - 8 } },
      .meaning = "RAM_SHRUNK, and a sum between the entries' and the built pages" },
    { .name = "refused-sum-before-guest", REFUSED(RAM_SUM), .record = owned,
      .poke = { { HDR(RAM_PAGES), 8, 0 } },
      .meaning = "rows 27 and 29: the sum, and RAM over what is owned" },
    /* Rows 28 to 33: against the guest. */
    { .name = "layout-up-to-limit", TAKEN, .record = to_limit,
      .meaning = "RAM up to the last gfn that the device model can map" },
    { .name = "layout-mmio-beyond", TAKEN, .record = mmio_beyond,
      .meaning = "MMIO where the device model cannot map RAM" },
    { .name = "layout-up-to-owned", TAKEN, .record = up_to_owned,
      .meaning = "RAM right below the device model's own" },
    { .name = "layout-after-owned", TAKEN, .record = after_owned,
      .meaning = "RAM right above the device model's own" },
    { .name = "refused-owned-end", REFUSED_AT(OWNED, 2), .record = end_of_owned,
      .meaning = "RAM from the last page of the device model's own" },
    { .name = "refused-owned-around", REFUSED_AT(OWNED, 2), .record = around_owned,
      .meaning = "RAM around all that the device model owns" },
    { .name = "refused-owned-mmio", REFUSED_AT(OWNED, 2), .record = mmio_owned,
      .meaning = "MMIO over the last page of the device model's own" },
    { .name = "layout-rdm-owned", TAKEN, .record = rdm_owned,
      .meaning = "RDM may lie over what the device model owns" },
    { .name = "layout-optional-owned", TAKEN, .record = optional_owned,
      .meaning = "so may an unknown type that is OPTIONAL" },
    { .name = "refused-owned-before-fixed", REFUSED_AT(OWNED, 2), .record = owned,
      .poke = { { ENT(0, SOURCE), 8, 1 } },
      .meaning = "rows 29 and 30: RAM over what is owned, and page 0 is not its own" },
    { .name = "refused-fixed-first", REFUSED(FIXED), .record = first_page_gone,
      .meaning = "page 0 moved away" },
    { .name = "refused-fixed-rom", REFUSED(FIXED), .record = rom_page_gone,
      .meaning = "the first page under the option ROMs moved away" },
    { .name = "refused-fixed-bios", REFUSED(FIXED), .record = bios_page_gone,
      .meaning = "the last page below 1 MiB moved away" },
    { .name = "layout-above-fixed", TAKEN, .record = above_fixed,
      .meaning = "the first page that may move" },
    { .name = "layout-first-moved", TAKEN, .record = first_swapped,
      .meaning = "the first two pages that may move, swapped" },
    { .name = "refused-fixed-vga", REFUSED(FIXED), .record = vga_first,
      .meaning = "RAM at gfn 0xa0" },
    { .name = "refused-fixed-vga-end", REFUSED(FIXED), .record = vga_last,
      .meaning = "RAM at gfn 0xbf that says it always was there" },
    { .name = "refused-fixed-swapped", REFUSED(FIXED), .record = low_swapped,
      .meaning = "two pages below 640 KiB swapped" },
    { .name = "refused-fixed-swapped-end", REFUSED(FIXED), .record = bios_swapped,
      .meaning = "the pages at either side of 1 MiB swapped" },
    { .name = "refused-fixed-source", REFUSED(FIXED), .record = built,
      .poke = { { ENT(0, SOURCE), 8, U64_MAX } },
      .meaning = "the source of RAM below 640 KiB forgotten" },
    { .name = "layout-low-marked", TAKEN, .record = low_marked,
      .meaning = "FIRMWARE and UNFREED below 1 MiB" },
    { .name = "refused-fixed-before-sum", REFUSED(FIXED), .record = page_lost,
      .poke = { { ENT(0, SOURCE), 8, 1 } },
      .meaning = "rows 30 and 31: page 0 is not its own, and a page is lost" },
    { .name = "refused-lost", REFUSED(RAM_SUM), .record = page_lost,
      .meaning = "a page of RAM lost, and nobody says so" },
    { .name = "refused-shrunk-equal", REFUSED(RAM_SUM), .record = built,
      .poke = { { HDR(FLAGS), 2, 1 } },
      .meaning = "RAM_SHRUNK, and nothing lost" },
    { .name = "refused-shrunk-more", REFUSED(RAM_SUM), .record = invented,
      .poke = { { HDR(FLAGS), 2, 1 } },
      .meaning = "RAM_SHRUNK, and a page too many" },
    { .name = "refused-sum-before-generation", REFUSED(RAM_SUM), .record = page_lost,
      .poke = { { HDR(GENERATION), 4, 7 } },
      .meaning = "rows 31 and 33: a page lost, and generation 7" },
    { .name = "refused-generation-skips", REFUSED(GENERATION), .record = skip,
      .meaning = "generation 2 when 0 is in force" },
    { .name = "refused-generation-0", REFUSED(GENERATION), .record = built,
      .poke = { { HDR(GENERATION), 4, 0 } },
      .meaning = "generation 0" },
    { .name = "layout-last-generation", TAKEN, .record = built, .generation = ~0u - 1,
      .meaning = "generation 2^32 - 1" },
    { .name = "refused-generation-end", REFUSED(GENERATION), .record = built, .generation = ~0u,
      .meaning = "nothing follows generation 2^32 - 1" },
};
const unsigned int nr_vectors = sizeof(vectors) / sizeof(vectors[0]);
