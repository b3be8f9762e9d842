/* SPDX-License-Identifier: MIT */
#include "codec.h"

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
    memmap_put32(buf + MEMMAP_HDR_MAGIC, MEMMAP_MAGIC);
    memmap_put16(buf + MEMMAP_HDR_MAJOR, MEMMAP_VERSION_MAJOR);
    memmap_put16(buf + MEMMAP_HDR_MINOR, MEMMAP_VERSION_MINOR);
    memmap_put16(buf + MEMMAP_HDR_HEADER_LEN, MEMMAP_HDR_BYTES);
    memmap_put16(buf + MEMMAP_HDR_ENTRY_LEN, MEMMAP_ENT_BYTES);
    memmap_put32(buf + MEMMAP_HDR_COUNT, l->nr);
    memmap_put32(buf + MEMMAP_HDR_TOTAL_LEN, bytes);
    memmap_put32(buf + MEMMAP_HDR_GENERATION, r->generation);
    memmap_put16(buf + MEMMAP_HDR_KIND, r->kind);
    memmap_put16(buf + MEMMAP_HDR_FLAGS, r->flags);
    memmap_put64(buf + MEMMAP_HDR_RAM_PAGES,
                 memmap_layout_pages(l, MEMMAP_TYPE_RAM));
    memmap_put64(buf + MEMMAP_HDR_GFN_LIMIT, r->gfn_limit);

    for ( i = 0; i < l->nr; i++, p += MEMMAP_ENT_BYTES )
    {
        memmap_put64(p + MEMMAP_ENT_GFN, l->range[i].gfn);
        memmap_put64(p + MEMMAP_ENT_PAGES, l->range[i].pages);
        memmap_put64(p + MEMMAP_ENT_SOURCE, l->range[i].source);
        memmap_put16(p + MEMMAP_ENT_TYPE, l->range[i].type);
        memmap_put16(p + MEMMAP_ENT_FLAGS, l->range[i].flags);
        memmap_put32(p + MEMMAP_ENT_AUX, l->range[i].aux);
    }

    memmap_put32(buf + MEMMAP_HDR_CHECKSUM, record_crc(buf, bytes));
    return bytes;
}

unsigned int memmap_peek(const uint8_t *buf, uint32_t *bytes)
{
    uint32_t header = memmap_get16(buf + MEMMAP_HDR_HEADER_LEN);
    uint32_t entry = memmap_get16(buf + MEMMAP_HDR_ENTRY_LEN);
    uint32_t count = memmap_get32(buf + MEMMAP_HDR_COUNT);
    uint32_t total = memmap_get32(buf + MEMMAP_HDR_TOTAL_LEN);

    if ( memmap_get32(buf + MEMMAP_HDR_MAGIC) != MEMMAP_MAGIC )
        return MEMMAP_E_MAGIC;
    if ( memmap_get16(buf + MEMMAP_HDR_MAJOR) != MEMMAP_VERSION_MAJOR )
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
    if ( record_crc(buf, total) != memmap_get32(buf + MEMMAP_HDR_CHECKSUM) )
        return MEMMAP_E_CHECKSUM;

    header = memmap_get16(buf + MEMMAP_HDR_HEADER_LEN);
    entry = memmap_get16(buf + MEMMAP_HDR_ENTRY_LEN);
    count = memmap_get32(buf + MEMMAP_HDR_COUNT);

    r->major = memmap_get16(buf + MEMMAP_HDR_MAJOR);
    r->minor = memmap_get16(buf + MEMMAP_HDR_MINOR);
    r->generation = memmap_get32(buf + MEMMAP_HDR_GENERATION);
    r->kind = memmap_get16(buf + MEMMAP_HDR_KIND);
    r->flags = memmap_get16(buf + MEMMAP_HDR_FLAGS);
    r->ram_pages = memmap_get64(buf + MEMMAP_HDR_RAM_PAGES);
    r->gfn_limit = memmap_get64(buf + MEMMAP_HDR_GFN_LIMIT);

    if ( (r->kind != MEMMAP_KIND_LAYOUT &&
          r->kind != MEMMAP_KIND_CONSTRAINTS) ||
         (kind != MEMMAP_KIND_ANY && r->kind != kind) ||
         (r->flags & ~MEMMAP_RF_KNOWN) )
        return MEMMAP_E_KIND;

    for ( i = 0; i < count; i++ )
    {
        const uint8_t *p = buf + header + i * entry;
        struct memmap_range e = {
            .gfn = memmap_get64(p + MEMMAP_ENT_GFN),
            .pages = memmap_get64(p + MEMMAP_ENT_PAGES),
            .source = memmap_get64(p + MEMMAP_ENT_SOURCE),
            .type = memmap_get16(p + MEMMAP_ENT_TYPE),
            .flags = memmap_get16(p + MEMMAP_ENT_FLAGS),
            .aux = memmap_get32(p + MEMMAP_ENT_AUX),
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
