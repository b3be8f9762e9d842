/* SPDX-License-Identifier: MIT */
/*
 * The record on the wire (PROTOCOL.md, section 4).
 *
 * A record is little-endian whatever the machine, says its own lengths, and is
 * guarded by CRC-32C.  A newer minor version may make the header and the entries
 * longer and add entry types; a reader of this version steps over what it does
 * not know, but only where the writer said that this is safe.
 *
 * What could go wrong: a flaw that is reported as another one (the firmware's
 * message to people is then wrong), a flaw that is not reported at all, an index
 * that blames the wrong entry, a length that makes the reader leave the buffer.
 * So every flaw below is the only one of its record, and the checksum is right
 * unless the checksum is the flaw.
 */
#include "suites.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rig.h"

#define HDR(f)    (MEMMAP_HDR_##f)
#define ENT(i, f) (MEMMAP_HDR_BYTES + (i) * MEMMAP_ENT_BYTES + MEMMAP_ENT_##f)

/* Ranges of each type that a LAYOUT may have. */
static const struct memmap_range sample[] = {
    { 0x0, 0xa0, 0x0, MEMMAP_TYPE_RAM, 0, 0 },
    { 0xc0, 0x7ff30, 0xc0, MEMMAP_TYPE_RAM, 0, 0 },
    { 0x7fff0, 0x4, MEMMAP_NO_SOURCE, MEMMAP_TYPE_RDM, 0, 0x20 },
    { 0x80000, 0x80000, MEMMAP_NO_SOURCE, MEMMAP_TYPE_MMIO, 0, 0 },
    { 0x100000, 0x10, 0x7fff4, MEMMAP_TYPE_RAM, MEMMAP_EF_FIRMWARE, 0 },
    { 0x200000, 0x1000, MEMMAP_NO_SOURCE, MEMMAP_TYPE_MMIO, 0, 0 },
};

#define SAMPLE_LIMIT 0x1000000ull
#define SAMPLE_RAM   (0xa0 + 0x7ff30 + 0x10)

static uint8_t buf[MEMMAP_BUFFER_BYTES];
static struct memmap_range storage[MEMMAP_MAX_ENTRIES];

static void sample_record(struct memmap_record *r)
{
    memset(r, 0, sizeof(*r));
    r->kind = MEMMAP_KIND_LAYOUT;
    r->flags = MEMMAP_RF_RAM_SHRUNK;
    r->generation = 0x01020304;
    r->gfn_limit = SAMPLE_LIMIT;
    r->layout.range = storage;
    r->layout.nr = NELEM(sample);
    r->layout.max = NELEM(storage);
    memcpy(storage, sample, sizeof(sample));
}

static uint32_t sample_bytes(void)
{
    struct memmap_record r;

    sample_record(&r);
    memset(buf, 0xee, sizeof(buf));
    return memmap_pack(&r, buf, sizeof(buf));
}

static unsigned int unpack(struct memmap_record *r, uint32_t len,
                           uint16_t *index)
{
    memset(r, 0, sizeof(*r));
    memmap_layout_init(&r->layout, storage, NELEM(storage));
    return memmap_unpack(r, MEMMAP_KIND_ANY, buf, len, index);
}

START_TEST(crc_known_vectors)
{
    static const struct {
        const char *text;
        uint32_t len, crc;
    } cases[] = {
        { "", 0, 0 },
        { "123456789", 9, 0xe3069283 },
        { "a", 1, 0xc1d04330 },
        /* RFC 3720 appendix B.4: 32 bytes of zeroes. */
        { "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 32,
          0x8a9136aa },
    };

    for ( unsigned int i = 0; i < NELEM(cases); i++ )
    {
        const uint8_t *p = (const uint8_t *)cases[i].text;

        ck_assert_uint_eq(memmap_crc32c(0, p, cases[i].len), cases[i].crc);
        /* In two parts, cut anywhere, it is the same. */
        for ( uint32_t cut = 0; cut <= cases[i].len; cut++ )
            ck_assert_uint_eq(memmap_crc32c(memmap_crc32c(0, p, cut), p + cut,
                                            cases[i].len - cut), cases[i].crc);
    }
}
END_TEST

/* The table lookup against the definition, bit by bit. */
START_TEST(crc_every_byte)
{
    for ( unsigned int b = 0; b < 256; b++ )
    {
        uint8_t byte = b;
        uint32_t crc = ~0u ^ b;

        for ( unsigned int bit = 0; bit < 8; bit++ )
            crc = crc & 1 ? (crc >> 1) ^ 0x82f63b78 : crc >> 1;
        ck_assert_uint_eq(memmap_crc32c(0, &byte, 1), ~crc);
    }
}
END_TEST

START_TEST(pack_bytes)
{
    static const struct {
        unsigned int off, width;
        uint64_t val;
    } cases[] = {
        { HDR(MAGIC), 4, 0x4c4d4758 },
        { HDR(MAJOR), 2, 1 }, { HDR(MINOR), 2, 0 },
        { HDR(HEADER_LEN), 2, 48 }, { HDR(ENTRY_LEN), 2, 32 },
        { HDR(COUNT), 4, 6 }, { HDR(TOTAL_LEN), 4, 48 + 6 * 32 },
        { HDR(GENERATION), 4, 0x01020304 },
        { HDR(KIND), 2, MEMMAP_KIND_LAYOUT },
        { HDR(FLAGS), 2, MEMMAP_RF_RAM_SHRUNK },
        { HDR(RAM_PAGES), 8, SAMPLE_RAM },
        { HDR(GFN_LIMIT), 8, SAMPLE_LIMIT },
        { ENT(0, GFN), 8, 0 }, { ENT(0, PAGES), 8, 0xa0 },
        { ENT(1, GFN), 8, 0xc0 }, { ENT(1, SOURCE), 8, 0xc0 },
        { ENT(2, TYPE), 2, MEMMAP_TYPE_RDM },
        { ENT(2, FLAGS), 2, 0 }, { ENT(2, AUX), 4, 0x20 },
        { ENT(2, SOURCE), 8, MEMMAP_NO_SOURCE },
        { ENT(4, PAGES), 8, 0x10 }, { ENT(4, SOURCE), 8, 0x7fff4 },
        { ENT(4, FLAGS), 2, MEMMAP_EF_FIRMWARE },
        { ENT(5, TYPE), 2, MEMMAP_TYPE_MMIO }, { ENT(5, AUX), 4, 0 },
    };
    uint32_t bytes = sample_bytes();

    ck_assert_uint_eq(bytes, 48 + 6 * 32);
    ck_assert_mem_eq(buf, "XGML", 4);
    for ( unsigned int i = 0; i < NELEM(cases); i++ )
        ck_assert_msg(rig_peek(buf + cases[i].off, cases[i].width) ==
                      cases[i].val, "case %u: offset %u is %#llx, not %#llx", i,
                      cases[i].off,
                      (unsigned long long)rig_peek(buf + cases[i].off,
                                                   cases[i].width),
                      (unsigned long long)cases[i].val);

    /* Bytes in memory order, and none written beyond the end. */
    ck_assert_mem_eq(buf + HDR(GENERATION), "\x04\x03\x02\x01", 4);
    for ( uint32_t i = bytes; i < sizeof(buf); i++ )
        ck_assert_uint_eq(buf[i], 0xee);
}
END_TEST

START_TEST(round_trip)
{
    struct memmap_record in, out;
    struct memmap_range kept[NELEM(sample)];
    uint32_t bytes = sample_bytes(), peeked;
    uint16_t index = 7;

    sample_record(&in);
    memcpy(kept, sample, sizeof(kept));
    in.layout.range = kept;

    ck_assert_uint_eq(memmap_peek(buf, &peeked), MEMMAP_OK);
    ck_assert_uint_eq(peeked, bytes);
    ck_assert_uint_eq(unpack(&out, bytes, &index), MEMMAP_OK);
    ck_assert_uint_eq(index, MEMMAP_NO_INDEX);
    ck_assert_uint_eq(out.major, MEMMAP_VERSION_MAJOR);
    ck_assert_uint_eq(out.minor, MEMMAP_VERSION_MINOR);
    ck_assert_uint_eq(out.kind, in.kind);
    ck_assert_uint_eq(out.flags, in.flags);
    ck_assert_uint_eq(out.generation, in.generation);
    ck_assert_uint_eq(out.ram_pages, SAMPLE_RAM);
    ck_assert_uint_eq(out.gfn_limit, in.gfn_limit);
    ck_assert(memmap_layout_equal(&in.layout, &out.layout));
}
END_TEST

/*
 * The sum on the wire is counted, and the version is this one, whatever the caller
 * had there: a record that was read from a newer writer, say.
 */
START_TEST(pack_counts_ram)
{
    struct memmap_record r;

    sample_record(&r);
    r.ram_pages = 1;
    r.major = r.minor = 9;
    ck_assert_uint_ne(memmap_pack(&r, buf, sizeof(buf)), 0);
    ck_assert_uint_eq(rig_peek(buf + HDR(RAM_PAGES), 8), SAMPLE_RAM);
    ck_assert_uint_eq(rig_peek(buf + HDR(MAJOR), 2), MEMMAP_VERSION_MAJOR);
    ck_assert_uint_eq(rig_peek(buf + HDR(MINOR), 2), MEMMAP_VERSION_MINOR);
}
END_TEST

START_TEST(pack_limits)
{
    static struct memmap_range many[MEMMAP_MAX_ENTRIES + 1];
    struct memmap_record r;
    uint32_t bytes = memmap_record_bytes(NELEM(sample));
    uint16_t index;

    sample_record(&r);
    memset(buf, 0xee, sizeof(buf));
    ck_assert_uint_eq(memmap_pack(&r, buf, bytes - 1), 0);
    ck_assert_uint_eq(memmap_pack(&r, buf, 0), 0);
    ck_assert_uint_eq(buf[0], 0xee);
    ck_assert_uint_eq(memmap_pack(&r, buf, bytes), bytes);

    for ( unsigned int i = 0; i < NELEM(many); i++ )
        many[i] = (struct memmap_range){ 2 * i, 1, 2 * i, MEMMAP_TYPE_RAM, 0,
                                         0 };
    r.layout = (struct memmap_layout){ many, NELEM(many), NELEM(many) };
    ck_assert_uint_eq(memmap_pack(&r, buf, sizeof(buf)), 0);

    /* The limit itself fits into every buffer, and comes back. */
    r.layout.nr = MEMMAP_MAX_ENTRIES;
    bytes = memmap_record_bytes(MEMMAP_MAX_ENTRIES);
    ck_assert_uint_le(bytes, MEMMAP_BUFFER_BYTES);
    ck_assert_uint_eq(memmap_pack(&r, buf, sizeof(buf)), bytes);
    ck_assert_uint_eq(unpack(&r, bytes, &index), MEMMAP_OK);
    ck_assert_uint_eq(r.layout.nr, MEMMAP_MAX_ENTRIES);
}
END_TEST

/* Nothing to say is a record too: a device model without constraints. */
START_TEST(empty_record)
{
    struct memmap_record r = { .kind = MEMMAP_KIND_CONSTRAINTS };
    uint16_t index;

    memset(buf, 0, sizeof(buf));
    ck_assert_uint_eq(memmap_pack(&r, buf, sizeof(buf)), MEMMAP_HDR_BYTES);
    ck_assert_uint_eq(unpack(&r, MEMMAP_HDR_BYTES, &index), MEMMAP_OK);
    ck_assert_uint_eq(r.layout.nr, 0);
    ck_assert_uint_eq(r.kind, MEMMAP_KIND_CONSTRAINTS);
}
END_TEST

#define NONE MEMMAP_NO_INDEX
#define U64_MAX (~0ull)

static const struct flaw {
    const char *name;
    struct { unsigned int off, width; uint64_t val; } poke[4];
    unsigned int err;
    uint16_t index;
    bool bad_crc;
} flaws[] = {
    { "none", { { 0 } }, MEMMAP_OK, NONE, false },

    { "magic", { { HDR(MAGIC), 4, 0x4c4d4759 } }, MEMMAP_E_MAGIC, NONE, false },
    { "magic in the other byte order", { { HDR(MAGIC), 4, 0x58474d4c } },
      MEMMAP_E_MAGIC, NONE, false },
    { "older major", { { HDR(MAJOR), 2, 0 } }, MEMMAP_E_VERSION, NONE, false },
    { "newer major", { { HDR(MAJOR), 2, 2 } }, MEMMAP_E_VERSION, NONE, false },
    { "newer minor is no flaw", { { HDR(MINOR), 2, 0xffff } }, MEMMAP_OK, NONE,
      false },

    { "header shorter than ours", { { HDR(HEADER_LEN), 2, 47 },
      { HDR(TOTAL_LEN), 4, 47 + 6 * 32 } }, MEMMAP_E_LENGTH, NONE, false },
    { "header of nothing", { { HDR(HEADER_LEN), 2, 0 },
      { HDR(TOTAL_LEN), 4, 6 * 32 } }, MEMMAP_E_LENGTH, NONE, false },
    { "entry shorter than ours", { { HDR(ENTRY_LEN), 2, 31 },
      { HDR(TOTAL_LEN), 4, 48 + 6 * 31 } }, MEMMAP_E_LENGTH, NONE, false },
    { "entry of nothing", { { HDR(ENTRY_LEN), 2, 0 },
      { HDR(TOTAL_LEN), 4, 48 } }, MEMMAP_E_LENGTH, NONE, false },
    { "total one too small", { { HDR(TOTAL_LEN), 4, 48 + 6 * 32 - 1 } },
      MEMMAP_E_LENGTH, NONE, false },
    { "total one too large", { { HDR(TOTAL_LEN), 4, 48 + 6 * 32 + 1 } },
      MEMMAP_E_LENGTH, NONE, false },
    { "total of nothing", { { HDR(TOTAL_LEN), 4, 0 } }, MEMMAP_E_LENGTH, NONE,
      false },
    { "one entry fewer than the total says", { { HDR(COUNT), 4, 5 } },
      MEMMAP_E_LENGTH, NONE, false },
    { "longer than the buffer", { { HDR(HEADER_LEN), 2, 0xffff },
      { HDR(TOTAL_LEN), 4, 0xffff + 6 * 32 } }, MEMMAP_E_LENGTH, NONE, false },
    { "count times length overflows 32 bits",
      { { HDR(COUNT), 4, 0x08000000 }, { HDR(TOTAL_LEN), 4, 48 } },
      MEMMAP_E_COUNT, NONE, false },
    { "one entry too many", { { HDR(COUNT), 4, 257 },
      { HDR(TOTAL_LEN), 4, 48 + 257 * 32 } }, MEMMAP_E_COUNT, NONE, false },
    { "all the entries there are", { { HDR(COUNT), 4, 0xffffffff } },
      MEMMAP_E_COUNT, NONE, false },

    { "a bit of the generation", { { HDR(GENERATION), 4, 0x01020305 } },
      MEMMAP_E_CHECKSUM, NONE, true },
    { "the checksum itself", { { HDR(CHECKSUM), 4, 0 } }, MEMMAP_E_CHECKSUM,
      NONE, true },
    { "the last byte", { { ENT(5, AUX) + 3, 1, 1 } }, MEMMAP_E_CHECKSUM, NONE,
      true },

    { "kind of nothing", { { HDR(KIND), 2, 0 } }, MEMMAP_E_KIND, NONE, false },
    { "unknown kind", { { HDR(KIND), 2, 3 } }, MEMMAP_E_KIND, NONE, false },
    { "other kind is no flaw here", { { HDR(KIND), 2, 2 } }, MEMMAP_OK, NONE,
      false },
    { "unknown record flag", { { HDR(FLAGS), 2, 2 } }, MEMMAP_E_KIND, NONE,
      false },
    { "unknown record flag beside a known one", { { HDR(FLAGS), 2, 0x8001 } },
      MEMMAP_E_KIND, NONE, false },

    { "first entry empty", { { ENT(0, PAGES), 8, 0 } }, MEMMAP_E_EMPTY, 0,
      false },
    { "last entry empty", { { ENT(5, PAGES), 8, 0 } }, MEMMAP_E_EMPTY, 5,
      false },

    { "entry wraps", { { ENT(5, PAGES), 8, U64_MAX } }, MEMMAP_E_RANGE, 5,
      false },
    { "entry ends at 2^64", { { ENT(5, GFN), 8, U64_MAX - 0xfff } },
      MEMMAP_E_RANGE, 5, false },
    { "entry ends beyond all addresses", { { ENT(5, GFN), 8, MEMMAP_GFN_END - 0xfff },
      { HDR(GFN_LIMIT), 8, U64_MAX } }, MEMMAP_E_RANGE, 5, false },
    { "entry up to the last gfn is no flaw", { { ENT(5, GFN), 8, MEMMAP_GFN_END - 0x1000 },
      { HDR(GFN_LIMIT), 8, MEMMAP_GFN_END } }, MEMMAP_OK, NONE, false },
    { "entry ends one beyond its limit", { { ENT(5, PAGES), 8,
      SAMPLE_LIMIT - 0x200000 + 1 } }, MEMMAP_E_RANGE, 5, false },
    { "entry that ends at the limit is no flaw", { { ENT(5, PAGES), 8,
      SAMPLE_LIMIT - 0x200000 } }, MEMMAP_OK, NONE, false },
    { "constraints may lie beyond it", { { HDR(KIND), 2, 2 },
      { HDR(GFN_LIMIT), 8, 0xa0 } }, MEMMAP_OK, NONE, false },
    { "limit below the RAM", { { HDR(GFN_LIMIT), 8, 0xa0 } }, MEMMAP_E_RANGE,
      1, false },
    { "source wraps", { { ENT(4, SOURCE), 8, U64_MAX - 0xf } },
      MEMMAP_E_RANGE, 4, false },
    { "source beyond all addresses", { { ENT(4, SOURCE), 8, MEMMAP_GFN_END - 0xf } },
      MEMMAP_E_RANGE, 4, false },
    { "source of what is no RAM is not looked at",
      { { ENT(3, SOURCE), 8, U64_MAX - 1 } }, MEMMAP_OK, NONE, false },
    { "RAM that came not as a run is no flaw",
      { { ENT(4, SOURCE), 8, U64_MAX } }, MEMMAP_OK, NONE, false },
    { "source up to the last gfn is no flaw",
      { { ENT(4, SOURCE), 8, MEMMAP_GFN_END - 0x10 } }, MEMMAP_OK, NONE, false },

    { "type of nothing", { { ENT(3, TYPE), 2, 0 } }, MEMMAP_E_TYPE, 3, false },
    { "type of nothing, optional", { { ENT(3, TYPE), 2, 0 },
      { ENT(3, FLAGS), 2, MEMMAP_EF_OPTIONAL } }, MEMMAP_E_TYPE, 3, false },
    { "unknown type", { { ENT(3, TYPE), 2, 5 } }, MEMMAP_E_TYPE, 3, false },
    { "unknown type, another flag", { { ENT(3, TYPE), 2, 5 },
      { ENT(3, FLAGS), 2, 0x8000 } }, MEMMAP_E_TYPE, 3, false },
    { "unknown type, optional, is no flaw", { { ENT(3, TYPE), 2, 5 },
      { ENT(3, FLAGS), 2, MEMMAP_EF_OPTIONAL } }, MEMMAP_OK, NONE, false },
    { "unknown type, optional, with flags and aux unknown, is no flaw",
      { { ENT(3, TYPE), 2, 0xffff }, { ENT(3, FLAGS), 2, 0xffff },
        { ENT(3, AUX), 4, 0xffffffff } }, MEMMAP_OK, NONE, false },
    { "unknown type, optional, but empty", { { ENT(3, TYPE), 2, 5 },
      { ENT(3, FLAGS), 2, MEMMAP_EF_OPTIONAL }, { ENT(3, PAGES), 8, 0 } },
      MEMMAP_E_EMPTY, 3, false },
    { "unknown type, optional, but it wraps", { { ENT(5, TYPE), 2, 5 },
      { ENT(5, FLAGS), 2, MEMMAP_EF_OPTIONAL }, { ENT(5, PAGES), 8, U64_MAX } },
      MEMMAP_E_RANGE, 5, false },
    { "unknown type, optional, but in the way", { { ENT(3, TYPE), 2, 5 },
      { ENT(3, FLAGS), 2, MEMMAP_EF_OPTIONAL },
      { ENT(3, PAGES), 8, 0x80001 } }, MEMMAP_E_ORDER, 4, false },
    { "unknown entry flag", { { ENT(1, FLAGS), 2, 16 } }, MEMMAP_E_TYPE, 1,
      false },
    { "optional may be said of any type", { { ENT(0, FLAGS), 2,
      MEMMAP_EF_OPTIONAL } }, MEMMAP_OK, NONE, false },
    { "firmware keeps MMIO", { { ENT(3, FLAGS), 2, MEMMAP_EF_FIRMWARE } },
      MEMMAP_E_TYPE, 3, false },
    { "firmware keeps RDM", { { ENT(2, FLAGS), 2, MEMMAP_EF_FIRMWARE } },
      MEMMAP_E_TYPE, 2, false },
    { "unfreed RAM", { { ENT(1, FLAGS), 2, MEMMAP_EF_UNFREED },
      { ENT(1, AUX), 4, 0x20 } }, MEMMAP_OK, NONE, false },
    { "unfreed RDM", { { ENT(2, FLAGS), 2, MEMMAP_EF_UNFREED } },
      MEMMAP_E_TYPE, 2, false },
    { "OWNED in constraints is no flaw", { { HDR(KIND), 2, 2 },
      { ENT(5, TYPE), 2, MEMMAP_TYPE_OWNED } }, MEMMAP_OK, NONE, false },
    { "OWNED in a layout", { { ENT(5, TYPE), 2, MEMMAP_TYPE_OWNED } },
      MEMMAP_E_TYPE, 5, false },
    { "OWNED in a layout before a later entry is looked at",
      { { ENT(3, TYPE), 2, MEMMAP_TYPE_OWNED }, { ENT(5, PAGES), 8, 0 } },
      MEMMAP_E_TYPE, 3, false },
    { "unfreed OWNED", { { HDR(KIND), 2, 2 },
      { ENT(5, TYPE), 2, MEMMAP_TYPE_OWNED },
      { ENT(5, FLAGS), 2, MEMMAP_EF_UNFREED } }, MEMMAP_E_TYPE, 5, false },
    { "unmapped RDM", { { ENT(2, FLAGS), 2, MEMMAP_EF_UNMAPPED } }, MEMMAP_OK,
      NONE, false },
    { "unmapped RAM", { { ENT(1, FLAGS), 2, MEMMAP_EF_UNMAPPED } },
      MEMMAP_E_TYPE, 1, false },
    { "unmapped MMIO", { { ENT(3, FLAGS), 2, MEMMAP_EF_UNMAPPED } },
      MEMMAP_E_TYPE, 3, false },
    { "unmapped OWNED", { { HDR(KIND), 2, 2 },
      { ENT(5, TYPE), 2, MEMMAP_TYPE_OWNED },
      { ENT(5, FLAGS), 2, MEMMAP_EF_UNMAPPED } }, MEMMAP_E_TYPE, 5, false },

    { "aux of RAM", { { ENT(1, AUX), 4, 1 } }, MEMMAP_E_RESERVED, 1, false },
    { "aux of RAM that firmware keeps", { { ENT(4, AUX), 4, 1 } },
      MEMMAP_E_RESERVED, 4, false },
    { "aux of MMIO", { { ENT(3, AUX), 4, 0x80000000 } }, MEMMAP_E_RESERVED, 3,
      false },
    { "aux of OWNED", { { HDR(KIND), 2, 2 },
      { ENT(5, TYPE), 2, MEMMAP_TYPE_OWNED }, { ENT(5, AUX), 4, 1 } },
      MEMMAP_E_RESERVED, 5, false },
    { "aux of RDM is no flaw", { { ENT(2, AUX), 4, 0xffffffff } }, MEMMAP_OK,
      NONE, false },

    { "entries overlap by a page", { { ENT(2, GFN), 8, 0x7ffef },
      { ENT(2, PAGES), 8, 5 } }, MEMMAP_E_ORDER, 2, false },
    { "entry said twice", { { ENT(2, GFN), 8, 0xc0 },
      { ENT(2, PAGES), 8, 0x7ff30 } }, MEMMAP_E_ORDER, 2, false },
    { "entries unsorted", { { ENT(4, GFN), 8, 0xa0 } }, MEMMAP_E_ORDER, 4,
      false },
    { "entry inside the one before", { { ENT(2, GFN), 8, 0x1000 } },
      MEMMAP_E_ORDER, 2, false },

    { "sum one too small", { { HDR(RAM_PAGES), 8, SAMPLE_RAM - 1 } },
      MEMMAP_E_RAM_SUM, NONE, false },
    { "sum one too large", { { HDR(RAM_PAGES), 8, SAMPLE_RAM + 1 } },
      MEMMAP_E_RAM_SUM, NONE, false },
    { "sum of constraints", { { HDR(KIND), 2, 2 },
      { HDR(RAM_PAGES), 8, SAMPLE_RAM + 1 } }, MEMMAP_E_RAM_SUM, NONE, false },
    { "page invented", { { ENT(4, PAGES), 8, 0x11 } }, MEMMAP_E_RAM_SUM, NONE,
      false },
    { "RAM called MMIO", { { ENT(1, TYPE), 2, MEMMAP_TYPE_MMIO } },
      MEMMAP_E_RAM_SUM, NONE, false },
};

START_TEST(unpack_flaw)
{
    const struct flaw *f = &flaws[_i];
    uint32_t bytes = sample_bytes();
    struct memmap_record r;
    uint16_t index = 0x1234;
    unsigned int err;

    for ( unsigned int i = 0; i < NELEM(f->poke) && f->poke[i].width; i++ )
        rig_poke(buf + f->poke[i].off, f->poke[i].width, f->poke[i].val);
    if ( !f->bad_crc )
        rig_seal_crc(buf, bytes);

    err = unpack(&r, bytes, &index);
    ck_assert_msg(err == f->err && index == f->index,
                  "\"%s\": \"%s\" (%u) at %#x instead of \"%s\" (%u) at %#x",
                  f->name, memmap_strerror(err), err, index,
                  memmap_strerror(f->err), f->err, f->index);
}
END_TEST

/* Every bit of a record is under the checksum, and so is its own field. */
START_TEST(any_flipped_bit_shows)
{
    uint32_t bytes = sample_bytes();
    struct memmap_record r;
    uint16_t index;

    for ( uint32_t bit = 0; bit < bytes * 8; bit++ )
    {
        buf[bit / 8] ^= 1u << (bit % 8);
        ck_assert_msg(unpack(&r, bytes, &index) != MEMMAP_OK,
                      "bit %u of byte %u", bit % 8, bit / 8);
        buf[bit / 8] ^= 1u << (bit % 8);
    }
    ck_assert_uint_eq(unpack(&r, bytes, &index), MEMMAP_OK);
}
END_TEST

/* A record that arrives short, as from a file or a truncated xenstore node. */
START_TEST(truncated)
{
    const uint32_t bytes = sample_bytes(), page = sysconf(_SC_PAGESIZE);
    struct memmap_record r;
    uint16_t index;
    uint8_t *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    /* The record's end is the end of what can be read at all. */
    ck_assert(map != MAP_FAILED && !mprotect(map + page, page, PROT_NONE));
    for ( uint32_t len = 0; len <= bytes; len++ )
    {
        memcpy(map + page - len, buf, len);
        memset(&r, 0, sizeof(r));
        memmap_layout_init(&r.layout, storage, NELEM(storage));
        ck_assert_uint_eq(memmap_unpack(&r, MEMMAP_KIND_ANY,
                                        map + page - len, len, &index),
                          len < bytes ? MEMMAP_E_LENGTH : MEMMAP_OK);
        ck_assert_uint_eq(index, MEMMAP_NO_INDEX);
    }
    munmap(map, 2 * page);
    /* What follows the record in its buffer is no part of it. */
    ck_assert_uint_eq(unpack(&r, bytes + 1, &index), MEMMAP_OK);
    ck_assert_uint_eq(unpack(&r, sizeof(buf), &index), MEMMAP_OK);
}
END_TEST

/*
 * What a newer minor version will send: a longer header, longer entries, both;
 * up to a record that fills the buffer to its last byte.
 */
static const struct {
    uint32_t header, entry;
    unsigned int err;
} longer[] = {
    { 48, 32, MEMMAP_OK },
    { 49, 32, MEMMAP_OK },
    { 64, 32, MEMMAP_OK },
    { 48, 33, MEMMAP_OK },
    { 48, 40, MEMMAP_OK },
    { 4096, 64, MEMMAP_OK },
    { MEMMAP_BUFFER_BYTES - 6 * 32, 32, MEMMAP_OK },
    { MEMMAP_BUFFER_BYTES - 6 * 32 + 1, 32, MEMMAP_E_LENGTH },
    { 48, (MEMMAP_BUFFER_BYTES - 48) / 6, MEMMAP_OK },
    { 48, (MEMMAP_BUFFER_BYTES - 48) / 6 + 1, MEMMAP_E_LENGTH },
};

START_TEST(longer_lengths)
{
    static uint8_t wide[2 * MEMMAP_BUFFER_BYTES];
    const uint32_t header = longer[_i].header, entry = longer[_i].entry;
    const uint32_t total = header + NELEM(sample) * entry;
    struct memmap_record r, plain;
    struct memmap_range kept[NELEM(sample)];
    uint16_t index;

    sample_bytes();
    memset(wide, 0xa5, sizeof(wide));
    memcpy(wide, buf, MEMMAP_HDR_BYTES);
    for ( unsigned int i = 0; i < NELEM(sample); i++ )
        memcpy(wide + header + i * entry, buf + ENT(i, GFN), MEMMAP_ENT_BYTES);
    rig_poke(wide + HDR(MINOR), 2, 9);
    rig_poke(wide + HDR(HEADER_LEN), 2, header);
    rig_poke(wide + HDR(ENTRY_LEN), 2, entry);
    rig_poke(wide + HDR(TOTAL_LEN), 4, total);
    rig_seal_crc(wide, total);

    memset(&r, 0, sizeof(r));
    memmap_layout_init(&r.layout, storage, NELEM(storage));
    ck_assert_uint_eq(memmap_unpack(&r, MEMMAP_KIND_LAYOUT, wide, total, &index),
                      longer[_i].err);
    if ( longer[_i].err )
        return;

    /* The checksum is of all of it, to the last byte that we do not know. */
    wide[total - 1] ^= 1;
    ck_assert_uint_eq(memmap_unpack(&r, MEMMAP_KIND_LAYOUT, wide, total, &index),
                      MEMMAP_E_CHECKSUM);
    wide[total - 1] ^= 1;
    ck_assert_uint_eq(memmap_unpack(&r, MEMMAP_KIND_LAYOUT, wide, total, &index),
                      MEMMAP_OK);

    ck_assert_uint_eq(r.minor, 9);
    memcpy(kept, sample, sizeof(kept));
    plain.layout = (struct memmap_layout){ kept, NELEM(kept), NELEM(kept) };
    ck_assert(memmap_layout_equal(&r.layout, &plain.layout));
}
END_TEST

/* An entry the reader does not know is there, as it came, for it to ignore. */
START_TEST(optional_entry_is_kept)
{
    uint32_t bytes = sample_bytes();
    struct memmap_record r;
    uint16_t index;

    rig_poke(buf + ENT(3, TYPE), 2, 77);
    rig_poke(buf + ENT(3, FLAGS), 2, 0x8000 | MEMMAP_EF_OPTIONAL);
    rig_poke(buf + ENT(3, AUX), 4, 0xdeadbeef);
    rig_seal_crc(buf, bytes);

    ck_assert_uint_eq(unpack(&r, bytes, &index), MEMMAP_OK);
    ck_assert_uint_eq(r.layout.nr, NELEM(sample));
    ck_assert_uint_eq(r.layout.range[3].type, 77);
    ck_assert_uint_eq(r.layout.range[3].flags, 0x8000 | MEMMAP_EF_OPTIONAL);
    ck_assert_uint_eq(r.layout.range[3].aux, 0xdeadbeef);
    ck_assert_uint_eq(memmap_layout_pages(&r.layout, MEMMAP_TYPE_RAM),
                      SAMPLE_RAM);
}
END_TEST

/* Neighbours that say the same stay apart: an index must mean the same here. */
START_TEST(neighbours_are_not_joined)
{
    struct memmap_record r;
    uint32_t bytes;
    uint16_t index;

    sample_record(&r);
    storage[0] = (struct memmap_range){ 0, 0x50, 0, MEMMAP_TYPE_RAM, 0, 0 };
    storage[1] = (struct memmap_range){ 0x50, 0x50, 0x50, MEMMAP_TYPE_RAM, 0,
                                        0 };
    r.layout.nr = 2;
    bytes = memmap_pack(&r, buf, sizeof(buf));
    ck_assert_uint_eq(unpack(&r, bytes, &index), MEMMAP_OK);
    ck_assert_uint_eq(r.layout.nr, 2);
}
END_TEST

/* A caller with less room than the record has entries. */
START_TEST(caller_has_too_little_room)
{
    uint32_t bytes = sample_bytes();
    struct memmap_range guard[NELEM(sample)];

    for ( unsigned int max = 0; max < NELEM(sample); max++ )
    {
        struct memmap_record r;
        uint16_t index;

        memset(guard, 0x5a, sizeof(guard));
        memmap_layout_init(&r.layout, guard, max);
        ck_assert_uint_eq(memmap_unpack(&r, MEMMAP_KIND_ANY, buf, bytes, &index),
                          MEMMAP_E_COUNT);
        ck_assert_uint_eq(index, max);
        ck_assert_uint_eq(guard[max].gfn, 0x5a5a5a5a5a5a5a5aull);
    }
}
END_TEST

Suite *codec_suite(void)
{
    Suite *s = suite_create("codec");
    TCase *tc = tcase_create("crc");

    tcase_add_test(tc, crc_known_vectors);
    tcase_add_test(tc, crc_every_byte);
    suite_add_tcase(s, tc);

    tc = tcase_create("pack");
    tcase_add_test(tc, pack_bytes);
    tcase_add_test(tc, round_trip);
    tcase_add_test(tc, pack_counts_ram);
    tcase_add_test(tc, pack_limits);
    tcase_add_test(tc, empty_record);
    suite_add_tcase(s, tc);

    tc = tcase_create("unpack");
    tcase_add_loop_test(tc, unpack_flaw, 0, NELEM(flaws));
    tcase_add_test(tc, any_flipped_bit_shows);
    tcase_add_test(tc, truncated);
    tcase_add_loop_test(tc, longer_lengths, 0, NELEM(longer));
    tcase_add_test(tc, optional_entry_is_kept);
    tcase_add_test(tc, neighbours_are_not_joined);
    tcase_add_test(tc, caller_has_too_little_room);
    suite_add_tcase(s, tc);
    return s;
}
