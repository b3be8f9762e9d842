/* SPDX-License-Identifier: MIT */
/*
 * The codec on arbitrary bytes.
 *
 * memmap_unpack() promises never to read beyond the length it is given, never to
 * write beyond the caller's storage, to blame an entry that exists, and that
 * what it accepts is sorted, disjoint and adds up.  What it accepts, packed again,
 * is accepted again and says the same.
 *
 * The first byte says how much of the framing the harness makes right, so that
 * the fuzzer gets behind the checksum; the second how much room the caller has.
 */
#include "fuzz.h"

#include "codec.h"
#include "rig.h"

const char *fuzz_input = "input";

static void check_accepted(const struct memmap_record *r)
{
    uint64_t end = 0, ram = 0;

    PROMISE(r->major == MEMMAP_VERSION_MAJOR);
    PROMISE(r->kind == MEMMAP_KIND_LAYOUT ||
            r->kind == MEMMAP_KIND_CONSTRAINTS);
    PROMISE(!(r->flags & ~MEMMAP_RF_KNOWN));
    PROMISE(r->layout.nr <= r->layout.max);
    for ( unsigned int i = 0; i < r->layout.nr; i++ )
    {
        const struct memmap_range *e = &r->layout.range[i];

        PROMISE(e->pages && memmap_range_end(e) > e->gfn);
        PROMISE(e->gfn >= end);
        end = memmap_range_end(e);
        PROMISE(r->kind != MEMMAP_KIND_LAYOUT || end <= r->gfn_limit);
        PROMISE(e->type);
        PROMISE(e->type <= MEMMAP_TYPE_OWNED ||
                (e->flags & MEMMAP_EF_OPTIONAL));
        PROMISE(!e->aux || e->type == MEMMAP_TYPE_RDM ||
                (e->flags & MEMMAP_EF_UNFREED) ||
                e->type > MEMMAP_TYPE_OWNED);
        PROMISE(e->type != MEMMAP_TYPE_OWNED ||
                r->kind == MEMMAP_KIND_CONSTRAINTS);
        if ( e->type == MEMMAP_TYPE_RAM )
            ram += e->pages;
    }
    PROMISE(ram == r->ram_pages);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static uint8_t again[MEMMAP_BUFFER_BYTES];
    struct memmap_range *storage, second[MEMMAP_MAX_ENTRIES];
    struct memmap_record r = { 0 }, s = { 0 };
    struct feed in = { data, len };
    unsigned int help = eat(&in, 1), max = eat(&in, 1), rc, err;
    unsigned int kind = (help >> 5) % 3;    /* either, LAYOUT, CONSTRAINTS */
    uint32_t bytes = 0, packed;
    uint16_t index = 0x5555;
    uint8_t *buf;

    if ( in.len > MEMMAP_BUFFER_BYTES )
        in.len = MEMMAP_BUFFER_BYTES;
    /* Exact sizes, so that a byte too far is a finding. */
    buf = malloc(in.len ? in.len : 1);
    if ( max == 255 )
        max = MEMMAP_MAX_ENTRIES;
    storage = malloc((max ? max : 1) * sizeof(*storage));
    memcpy(buf, in.data, in.len);

    if ( in.len >= MEMMAP_HDR_BYTES )
    {
        if ( help & 1 )
        {
            rig_poke(buf + MEMMAP_HDR_MAGIC, 4, MEMMAP_MAGIC);
            rig_poke(buf + MEMMAP_HDR_MAJOR, 2, MEMMAP_VERSION_MAJOR);
        }
        if ( help & 2 )
        {
            rig_poke(buf + MEMMAP_HDR_HEADER_LEN, 2, MEMMAP_HDR_BYTES);
            rig_poke(buf + MEMMAP_HDR_ENTRY_LEN, 2, MEMMAP_ENT_BYTES);
            rig_poke(buf + MEMMAP_HDR_COUNT, 4,
                     (in.len - MEMMAP_HDR_BYTES) / MEMMAP_ENT_BYTES);
            rig_poke(buf + MEMMAP_HDR_TOTAL_LEN, 4, MEMMAP_HDR_BYTES +
                     (in.len - MEMMAP_HDR_BYTES) / MEMMAP_ENT_BYTES *
                     MEMMAP_ENT_BYTES);
        }
        if ( help & 4 )
            rig_poke(buf + MEMMAP_HDR_GFN_LIMIT, 8, ~0ull);
        rc = memmap_peek(buf, &bytes);
        PROMISE(rc || (bytes >= MEMMAP_HDR_BYTES &&
                       bytes <= MEMMAP_BUFFER_BYTES));
        if ( !rc && bytes <= in.len && (help & 8) )
        {
            if ( help & 16 )
            {
                uint64_t ram = 0;

                for ( uint32_t off = rig_peek(buf + MEMMAP_HDR_HEADER_LEN, 2);
                      off + MEMMAP_ENT_BYTES <= bytes;
                      off += rig_peek(buf + MEMMAP_HDR_ENTRY_LEN, 2) )
                    if ( rig_peek(buf + off + MEMMAP_ENT_TYPE, 2) ==
                         MEMMAP_TYPE_RAM )
                        ram += rig_peek(buf + off + MEMMAP_ENT_PAGES, 8);
                rig_poke(buf + MEMMAP_HDR_RAM_PAGES, 8, ram);
            }
            rig_seal_crc(buf, bytes);
        }
    }

    memmap_layout_init(&r.layout, storage, max);
    err = memmap_unpack(&r, kind, buf, in.len, &index);
    PROMISE(err <= MEMMAP_E_RESERVED);
    PROMISE(strcmp(memmap_strerror(err), "unknown error"));
    PROMISE(index == MEMMAP_NO_INDEX || (err && index <= r.layout.nr));
    PROMISE(r.layout.nr <= max);
    if ( !err )
    {
        PROMISE(kind == MEMMAP_KIND_ANY || r.kind == kind);
        check_accepted(&r);
        packed = memmap_pack(&r, again, sizeof(again));
        PROMISE(packed == memmap_record_bytes(r.layout.nr));
        memmap_layout_init(&s.layout, second, MEMMAP_MAX_ENTRIES);
        PROMISE(!memmap_unpack(&s, r.kind, again, packed, &index));
        PROMISE(memmap_layout_equal(&r.layout, &s.layout));
        PROMISE(r.generation == s.generation && r.kind == s.kind &&
                r.flags == s.flags && r.ram_pages == s.ram_pages &&
                r.gfn_limit == s.gfn_limit);
    }

    free(storage);
    free(buf);
    return 0;
}
