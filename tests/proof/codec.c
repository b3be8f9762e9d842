/* SPDX-License-Identifier: MIT */
/*
 * The record on the wire: whatever bytes arrive, nothing outside of them is looked at,
 * and what is accepted is what PROTOCOL.md's section 4 allows, all of it and no more.
 *
 * Buffers are of exactly the length that is passed on, so that CBMC's own checks see
 * the first byte beyond them.
 */
#include "proof.h"

#ifndef ENTRIES
#define ENTRIES 2
#endif
/* Bytes that a later minor version adds to the header, and to an entry. */
#ifndef LONGER
#define LONGER 1
#endif
#define BYTES (48 + LONGER + ENTRIES * (32 + LONGER))

/* A field as the tables of section 4 have it, little-endian. */
static uint64_t field(const uint8_t *p, unsigned int bytes)
{
    uint64_t v = 0;

    while ( bytes-- )
        v = v << 8 | p[bytes];
    return v;
}

static bool header_ok(const uint8_t *b)
{
    /* Only a count that is small enough is multiplied. */
    uint32_t count = field(b + 12, 4) & 0x1ff;

    return field(b, 4) == 0x4c4d4758 && field(b + 4, 2) == 1 &&
           field(b + 8, 2) >= 48 && field(b + 10, 2) >= 32 &&
           field(b + 12, 4) <= 256 &&
           field(b + 16, 4) == field(b + 8, 2) + count * field(b + 10, 2) &&
           field(b + 16, 4) <= 12288;
}

void prove_peek(void)
{
    uint8_t buf[MEMMAP_HDR_BYTES];
    uint32_t was = nondet_u32(), bytes = was;
    unsigned int rc = memmap_peek(buf, &bytes);

    prove((rc == MEMMAP_OK) == header_ok(buf), "section 4: the header's fields");
    prove(rc ? bytes == was : bytes == field(buf + 16, 4) && bytes >= 48,
          "the length is the record's");
}

/*
 * In memmap_crc32c()'s place, which crc.c proves: whoever asks must ask for the checksum
 * of @sum_of, piece by piece, its own field as zero; it is @sum then, whatever that is.
 */
static const uint8_t *sum_of;
static uint32_t sum, sum_at, sum_so_far;

uint32_t memmap_crc32c(uint32_t crc, const uint8_t *buf, uint32_t len)
{
    prove(crc == (sum_at ? sum_so_far : 0), "section 4: checksum, from the first byte on");
    if ( sum_at == 20 )
        prove(len == 4 && !buf[0] && !buf[1] && !buf[2] && !buf[3],
              "section 4: checksum, its own field as zero");
    else
        prove(buf == sum_of + sum_at && __CPROVER_r_ok(buf, len) &&
              (sum_at >= 24 || sum_at + len <= 20), "section 4: checksum, of each byte");
    sum_at += len;
    sum_so_far = nondet_u32();
    if ( sum_at >= 24 && sum_at == field(sum_of + 16, 4) )
    {
        sum_at = 0;
        return sum;
    }

    return sum_so_far;
}

static void sum_is(const uint8_t *buf)
{
    sum_of = buf;
    sum = nondet_u32();
    sum_at = 0;
}

/* What the bytes of a record say of its entry @i. */
static bool says(const uint8_t *b, unsigned int i, const struct memmap_range *e)
{
    const uint8_t *p = b + field(b + 8, 2) + i * field(b + 10, 2);

    return e->gfn == field(p, 8) && e->pages == field(p + 8, 8) &&
           e->source == field(p + 16, 8) && e->type == field(p + 24, 2) &&
           e->flags == field(p + 26, 2) && e->aux == field(p + 28, 4);
}

/*
 * Every buffer of up to BYTES bytes, right before the end of memory, and a table that
 * may have room for fewer ranges than the record has.
 */
void prove_unpack_bounds(void)
{
    uint8_t area[BYTES];
    uint32_t len = nondet_u32();
    unsigned int rc, max = nondet_u32();
    struct memmap_range storage[ENTRIES];
    struct memmap_record r;
    uint16_t index = nondet_u16();

    assume(len <= BYTES && max <= ENTRIES);
    memmap_layout_init(&r.layout, storage + ENTRIES - max, max);

    sum_is(area + BYTES - len);
    rc = memmap_unpack(&r, nondet_u16(), area + BYTES - len, len, &index);

    prove(r.layout.nr <= max && r.layout.range == storage + ENTRIES - max &&
          r.layout.max == max, "the table is the caller's");
    prove(rc || len >= 48, "section 4: header length");
    prove(!rc || (rc < MEMMAP_E_RDM && rc > MEMMAP_E_BUFFER), "section 5: a number of it");
    prove(rc != MEMMAP_OK || index == MEMMAP_NO_INDEX, "nobody is to blame");
    prove(index == MEMMAP_NO_INDEX || index == r.layout.nr,
          "section 5: the entry that is to blame is the first that is wrong");
    if ( rc == MEMMAP_E_COUNT )
        return;
    prove((index != MEMMAP_NO_INDEX) ==
          (rc == MEMMAP_E_TYPE || rc == MEMMAP_E_EMPTY || rc == MEMMAP_E_RANGE ||
           rc == MEMMAP_E_ORDER || rc == MEMMAP_E_RESERVED),
          "section 5: an entry is to blame where the table says so");
}

/* Every buffer of BYTES bytes: what is accepted is what section 4 allows. */
void prove_unpack(void)
{
    uint8_t buf[BYTES];
    unsigned int i, count, kind = nondet_u16();
    struct memmap_range storage[ENTRIES];
    struct memmap_record r;
    uint16_t index;

    memmap_layout_init(&r.layout, storage, ENTRIES);
    sum_is(buf);
    if ( memmap_unpack(&r, kind, buf, BYTES, &index) )
        return;
    prove(kind == MEMMAP_KIND_ANY || r.kind == kind, "row 13: the kind that was asked for");

    count = field(buf + 12, 4);
    prove(header_ok(buf) && field(buf + 16, 4) <= BYTES,
          "section 4: the header's fields");
    prove(field(buf + 20, 4) == sum && !sum_at, "section 4: checksum");
    prove(r.layout.nr == count, "section 4: count");
    i = nondet_u32();
    if ( i < count )
        prove(says(buf, i, &storage[i]), "section 4: the entries' fields");
    prove(r.major == field(buf + 4, 2) && r.minor == field(buf + 6, 2) &&
          r.generation == field(buf + 24, 4) && r.kind == field(buf + 28, 2) &&
          r.flags == field(buf + 30, 2) && r.ram_pages == field(buf + 32, 8) &&
          r.gfn_limit == field(buf + 40, 8), "section 4: the header's values");
    prove(well_formed(&r), "section 4: entries, sum and limit");
}

/* Rows 7 to 14 of section 5's table, for a reader of @bytes who asked for @kind. */
static unsigned int header_row(const uint8_t *b, uint32_t bytes, unsigned int kind)
{
    unsigned int is = field(b + 28, 2);

    if ( field(b, 4) != 0x4c4d4758 )
        return MEMMAP_E_MAGIC;
    if ( field(b + 4, 2) != 1 )
        return MEMMAP_E_VERSION;
    if ( field(b + 8, 2) < 48 || field(b + 10, 2) < 32 )
        return MEMMAP_E_LENGTH;
    if ( field(b + 12, 4) > 256 )
        return MEMMAP_E_COUNT;
    if ( !header_ok(b) || field(b + 16, 4) > bytes )
        return MEMMAP_E_LENGTH;
    if ( field(b + 20, 4) != sum )
        return MEMMAP_E_CHECKSUM;
    if ( !is || is > 2 || (kind != MEMMAP_KIND_ANY && is != kind) ||
         (field(b + 30, 2) & 0xfffe) )
        return MEMMAP_E_KIND;
    return MEMMAP_OK;
}

/* Rows 15 to 26 of @e, with @before in front of it, if there is one. */
static unsigned int entry_row(const struct memmap_range *e,
                              const struct memmap_range *before, bool layout,
                              uint64_t limit)
{
    if ( !e->pages )
        return MEMMAP_E_EMPTY;
    if ( !reachable(e->gfn, e->pages) )
        return MEMMAP_E_RANGE;
    if ( !type_ok(e) || (layout && e->type == MEMMAP_TYPE_OWNED) || !flags_ok(e) )
        return MEMMAP_E_TYPE;
    if ( !aux_ok(e) )
        return MEMMAP_E_RESERVED;
    if ( !source_ok(e) )
        return MEMMAP_E_RANGE;
    if ( before && e->gfn < before->gfn + before->pages )
        return MEMMAP_E_ORDER;
    if ( layout && e->gfn + e->pages > limit )
        return MEMMAP_E_RANGE;
    return MEMMAP_OK;
}

/*
 * Every buffer of BYTES bytes: of what is wrong with it the first row is said, and where
 * nothing is it is accepted.
 */
void prove_unpack_reason(void)
{
    uint8_t buf[BYTES];
    unsigned int i, kind = nondet_u16(), want, rc;
    struct memmap_range storage[ENTRIES], said[ENTRIES];
    struct memmap_record r;
    uint64_t pages = 0;
    uint16_t index;

    memmap_layout_init(&r.layout, storage, ENTRIES);
    sum_is(buf);
    want = header_row(buf, BYTES, kind);
    rc = memmap_unpack(&r, kind, buf, BYTES, &index);
    if ( want )
    {
        prove(rc == want && index == MEMMAP_NO_INDEX, "section 5: rows 7 to 14, in order");
        return;
    }

    for ( i = 0; i < ENTRIES && i < field(buf + 12, 4); i++ )
    {
        said[i] = nondet_range();
        assume(says(buf, i, &said[i]));
        want = entry_row(&said[i], i ? &said[i - 1] : NULL, field(buf + 28, 2) == 1,
                         field(buf + 40, 8));
        if ( want )
        {
            prove(rc == want && index == i, "section 5: rows 15 to 26, in order");
            return;
        }
        if ( said[i].type == MEMMAP_TYPE_RAM )
            pages += said[i].pages;
    }
    prove(rc == (pages == field(buf + 32, 8) ? MEMMAP_OK : MEMMAP_E_RAM_SUM) &&
          index == MEMMAP_NO_INDEX, "section 5: row 27, or none");
}

/*
 * A record that unpack accepts (see above) comes back from its bytes as it was.  So
 * pack(unpack(b)) says what b says, too.
 */
void prove_pack(void)
{
    uint32_t len = nondet_u32(), bytes;
    unsigned int nr, i;
    uint8_t area[BYTES], *buf;
    struct memmap_range storage[ENTRIES], back_storage[ENTRIES];
    struct memmap_record r = nondet_record(), back;
    uint16_t index;

    assume(len <= BYTES);
    buf = area + BYTES - len;
    any_layout(&r.layout, storage, ENTRIES, ENTRIES);
    nr = r.layout.nr;
    sum_is(buf);
    bytes = memmap_pack(&r, buf, len);

    prove(bytes == (len < 48 + nr * 32 ? 0 : 48 + nr * 32),
          "the bytes that it takes, or 0");
    prove(!bytes || (field(buf + 4, 2) == 1 && field(buf + 6, 2) == 0),
          "section 4: version");
    r.ram_pages = ram(&r.layout);
    if ( !bytes || !well_formed(&r) )
        return;

    memmap_layout_init(&back.layout, back_storage, ENTRIES);
    prove(!memmap_unpack(&back, r.kind, buf, bytes, &index), "it can be read");
    prove(back.generation == r.generation && back.kind == r.kind &&
          back.flags == r.flags && back.ram_pages == r.ram_pages &&
          back.gfn_limit == r.gfn_limit && back.layout.nr == nr, "the same header");
    i = nondet_u32();
    if ( i < nr )
        prove(storage[i].gfn == back_storage[i].gfn &&
              storage[i].pages == back_storage[i].pages &&
              storage[i].source == back_storage[i].source &&
              storage[i].type == back_storage[i].type &&
              storage[i].flags == back_storage[i].flags &&
              storage[i].aux == back_storage[i].aux, "the same entries");
}

/* Too many entries are no record; nothing is written, nothing looked at. */
void prove_pack_count(void)
{
    struct memmap_record r = nondet_record();

    r.layout.range = NULL;
    assume(r.layout.nr > MEMMAP_MAX_ENTRIES);
    prove(!memmap_pack(&r, NULL, nondet_u32()), "section 4: at most 256 entries");
}
