/* SPDX-License-Identifier: MIT */
#include "codec.h"

static uint16_t get16(const uint8_t *p)
{
    return p[0] | (uint16_t)(p[1] << 8);
}

static uint32_t get32(const uint8_t *p)
{
    return get16(p) | ((uint32_t)get16(p + 2) << 16);
}

static uint64_t get64(const uint8_t *p)
{
    return get32(p) | ((uint64_t)get32(p + 4) << 32);
}

static void put16(uint8_t *p, uint16_t v)
{
    p[0] = v;
    p[1] = v >> 8;
}

static void put32(uint8_t *p, uint32_t v)
{
    put16(p, v);
    put16(p + 2, v >> 16);
}

static void put64(uint8_t *p, uint64_t v)
{
    put32(p, v);
    put32(p + 4, v >> 32);
}

/* Four bits a step: 64 bytes of table, which hvmloader can afford. */
uint32_t memmap_crc32c(uint32_t crc, const uint8_t *buf, uint32_t len)
{
    static const uint32_t table[16] = {
        0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1,
        0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
        0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
        0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
    };

    crc = ~crc;
    while ( len-- )
    {
        crc ^= *buf++;
        crc = (crc >> 4) ^ table[crc & 15];
        crc = (crc >> 4) ^ table[crc & 15];
    }
    return ~crc;
}

/* The checksum of a whole record, its own field taken as zero. */
static uint32_t record_crc(const uint8_t *buf, uint32_t len)
{
    static const uint8_t zero[4];
    uint32_t crc = memmap_crc32c(0, buf, MEMMAP_HDR_CHECKSUM);

    crc = memmap_crc32c(crc, zero, sizeof(zero));
    return memmap_crc32c(crc, buf + MEMMAP_HDR_CHECKSUM + sizeof(zero),
                         len - MEMMAP_HDR_CHECKSUM - sizeof(zero));
}

uint32_t memmap_pack(const struct memmap_record *r, uint8_t *buf, uint32_t len)
{
    const struct memmap_layout *l = &r->layout;
    uint32_t bytes = memmap_record_bytes(l->nr);
    unsigned int i;
    uint8_t *p;

    if ( l->nr > MEMMAP_MAX_ENTRIES || bytes > len )
        return 0;

    /* No pointer is made that is not into the buffer, or right behind it. */
    p = buf + MEMMAP_HDR_BYTES;
    put32(buf + MEMMAP_HDR_MAGIC, MEMMAP_MAGIC);
    put16(buf + MEMMAP_HDR_MAJOR, MEMMAP_VERSION_MAJOR);
    put16(buf + MEMMAP_HDR_MINOR, MEMMAP_VERSION_MINOR);
    put16(buf + MEMMAP_HDR_HEADER_LEN, MEMMAP_HDR_BYTES);
    put16(buf + MEMMAP_HDR_ENTRY_LEN, MEMMAP_ENT_BYTES);
    put32(buf + MEMMAP_HDR_COUNT, l->nr);
    put32(buf + MEMMAP_HDR_TOTAL_LEN, bytes);
    put32(buf + MEMMAP_HDR_GENERATION, r->generation);
    put16(buf + MEMMAP_HDR_KIND, r->kind);
    put16(buf + MEMMAP_HDR_FLAGS, r->flags);
    put64(buf + MEMMAP_HDR_RAM_PAGES, memmap_layout_pages(l, MEMMAP_TYPE_RAM));
    put64(buf + MEMMAP_HDR_GFN_LIMIT, r->gfn_limit);

    for ( i = 0; i < l->nr; i++, p += MEMMAP_ENT_BYTES )
    {
        put64(p + MEMMAP_ENT_GFN, l->range[i].gfn);
        put64(p + MEMMAP_ENT_PAGES, l->range[i].pages);
        put64(p + MEMMAP_ENT_SOURCE, l->range[i].source);
        put16(p + MEMMAP_ENT_TYPE, l->range[i].type);
        put16(p + MEMMAP_ENT_FLAGS, l->range[i].flags);
        put32(p + MEMMAP_ENT_AUX, l->range[i].aux);
    }

    put32(buf + MEMMAP_HDR_CHECKSUM, record_crc(buf, bytes));
    return bytes;
}

unsigned int memmap_peek(const uint8_t *buf, uint32_t *bytes)
{
    uint32_t header = get16(buf + MEMMAP_HDR_HEADER_LEN);
    uint32_t entry = get16(buf + MEMMAP_HDR_ENTRY_LEN);
    uint32_t count = get32(buf + MEMMAP_HDR_COUNT);
    uint32_t total = get32(buf + MEMMAP_HDR_TOTAL_LEN);

    if ( get32(buf + MEMMAP_HDR_MAGIC) != MEMMAP_MAGIC )
        return MEMMAP_E_MAGIC;
    if ( get16(buf + MEMMAP_HDR_MAJOR) != MEMMAP_VERSION_MAJOR )
        return MEMMAP_E_VERSION;
    if ( header < MEMMAP_HDR_BYTES || entry < MEMMAP_ENT_BYTES )
        return MEMMAP_E_LENGTH;
    if ( count > MEMMAP_MAX_ENTRIES )
        return MEMMAP_E_COUNT;
    /* At most 256 * 65535 + 65535: no overflow. */
    if ( total != header + count * entry || total > MEMMAP_BUFFER_BYTES )
        return MEMMAP_E_LENGTH;

    *bytes = total;
    return MEMMAP_OK;
}

static bool beyond(uint64_t gfn, uint64_t pages)
{
    return gfn > MEMMAP_GFN_END || pages > MEMMAP_GFN_END - gfn;
}

/* What may be said of an entry by itself. */
static unsigned int check_entry(const struct memmap_range *e,
                                unsigned int kind)
{
    bool known = e->type >= MEMMAP_TYPE_RAM && e->type <= MEMMAP_TYPE_OWNED;

    if ( !e->pages )
        return MEMMAP_E_EMPTY;
    if ( beyond(e->gfn, e->pages) )
        return MEMMAP_E_RANGE;
    if ( !known )
        return e->type && (e->flags & MEMMAP_EF_OPTIONAL) ? MEMMAP_OK
                                                          : MEMMAP_E_TYPE;
    if ( e->type == MEMMAP_TYPE_OWNED && kind == MEMMAP_KIND_LAYOUT )
        return MEMMAP_E_TYPE;
    if ( e->flags & ~MEMMAP_EF_KNOWN )
        return MEMMAP_E_TYPE;
    if ( (e->flags & MEMMAP_EF_FIRMWARE) && e->type != MEMMAP_TYPE_RAM )
        return MEMMAP_E_TYPE;
    if ( (e->flags & MEMMAP_EF_UNFREED) && e->type != MEMMAP_TYPE_RAM )
        return MEMMAP_E_TYPE;
    if ( (e->flags & MEMMAP_EF_UNMAPPED) && e->type != MEMMAP_TYPE_RDM )
        return MEMMAP_E_TYPE;
    if ( e->aux && e->type != MEMMAP_TYPE_RDM &&
         !(e->flags & MEMMAP_EF_UNFREED) )
        return MEMMAP_E_RESERVED;
    if ( e->type == MEMMAP_TYPE_RAM && e->source != MEMMAP_NO_SOURCE &&
         beyond(e->source, e->pages) )
        return MEMMAP_E_RANGE;

    return MEMMAP_OK;
}

unsigned int memmap_unpack(struct memmap_record *r, unsigned int kind,
                           const uint8_t *buf, uint32_t len, uint16_t *index)
{
    uint32_t total, header, entry, count, i;
    uint64_t end = 0;
    unsigned int rc;

    *index = MEMMAP_NO_INDEX;
    r->layout.nr = 0;

    if ( len < MEMMAP_HDR_BYTES )
        return MEMMAP_E_LENGTH;
    rc = memmap_peek(buf, &total);
    if ( rc )
        return rc;
    if ( total > len )
        return MEMMAP_E_LENGTH;
    if ( record_crc(buf, total) != get32(buf + MEMMAP_HDR_CHECKSUM) )
        return MEMMAP_E_CHECKSUM;

    header = get16(buf + MEMMAP_HDR_HEADER_LEN);
    entry = get16(buf + MEMMAP_HDR_ENTRY_LEN);
    count = get32(buf + MEMMAP_HDR_COUNT);

    r->major = get16(buf + MEMMAP_HDR_MAJOR);
    r->minor = get16(buf + MEMMAP_HDR_MINOR);
    r->generation = get32(buf + MEMMAP_HDR_GENERATION);
    r->kind = get16(buf + MEMMAP_HDR_KIND);
    r->flags = get16(buf + MEMMAP_HDR_FLAGS);
    r->ram_pages = get64(buf + MEMMAP_HDR_RAM_PAGES);
    r->gfn_limit = get64(buf + MEMMAP_HDR_GFN_LIMIT);

    if ( (r->kind != MEMMAP_KIND_LAYOUT &&
          r->kind != MEMMAP_KIND_CONSTRAINTS) ||
         (kind != MEMMAP_KIND_ANY && r->kind != kind) ||
         (r->flags & ~MEMMAP_RF_KNOWN) )
        return MEMMAP_E_KIND;

    for ( i = 0; i < count; i++ )
    {
        const uint8_t *p = buf + header + i * entry;
        struct memmap_range e = {
            .gfn = get64(p + MEMMAP_ENT_GFN),
            .pages = get64(p + MEMMAP_ENT_PAGES),
            .source = get64(p + MEMMAP_ENT_SOURCE),
            .type = get16(p + MEMMAP_ENT_TYPE),
            .flags = get16(p + MEMMAP_ENT_FLAGS),
            .aux = get32(p + MEMMAP_ENT_AUX),
        };

        *index = i;
        rc = check_entry(&e, r->kind);
        if ( rc )
            return rc;
        if ( e.gfn < end )
            return MEMMAP_E_ORDER;
        end = memmap_range_end(&e);
        if ( r->kind == MEMMAP_KIND_LAYOUT && end > r->gfn_limit )
            return MEMMAP_E_RANGE;
        if ( r->layout.nr == r->layout.max )
            return MEMMAP_E_COUNT;
        /* Appended as it is, so that an index here is an index on the wire. */
        r->layout.range[r->layout.nr++] = e;
    }

    *index = MEMMAP_NO_INDEX;
    if ( memmap_layout_pages(&r->layout, MEMMAP_TYPE_RAM) != r->ram_pages )
        return MEMMAP_E_RAM_SUM;

    return MEMMAP_OK;
}
