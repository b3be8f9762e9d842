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

/* What section 4 allows is accepted. */
void prove_unpack_accepts(void)
{
    uint8_t buf[BYTES];
    struct memmap_range storage[ENTRIES], want_storage[ENTRIES];
    struct memmap_record r, want = nondet_record();
    uint32_t count = field(buf + 12, 4);
    unsigned int i;
    uint16_t index;

    assume(header_ok(buf) && count <= ENTRIES && field(buf + 16, 4) <= BYTES);
    sum_is(buf);
    assume(field(buf + 20, 4) == sum);
    any_layout(&want.layout, want_storage, ENTRIES, ENTRIES);
    assume(want.layout.nr == count);
    for ( i = 0; i < count; i++ )
        assume(says(buf, i, &want_storage[i]));
    assume(want.kind == field(buf + 28, 2) && want.flags == field(buf + 30, 2) &&
           want.ram_pages == field(buf + 32, 8) &&
           want.gfn_limit == field(buf + 40, 8));
    assume(well_formed(&want));

    memmap_layout_init(&r.layout, storage, ENTRIES);
    prove(memmap_unpack(&r, want.kind, buf, BYTES, &index) == MEMMAP_OK,
          "section 4: nothing else is asked");
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
