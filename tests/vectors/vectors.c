/* SPDX-License-Identifier: MIT */
#include "vectors.h"

#include <stdlib.h>
#include <string.h>

static struct rig rig;

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

#define YES(st)      MEMMAP_STATUS(st, MEMMAP_OK, MEMMAP_NO_INDEX)
#define NO(err)      MEMMAP_STATUS(MEMMAP_ST_NEGOTIATED, err, MEMMAP_NO_INDEX)
#define NO_AT(err,i) MEMMAP_STATUS(MEMMAP_ST_NEGOTIATED, err, i)
#define COMMITTED    YES(MEMMAP_ST_COMMITTED)

const struct vector vectors[] = {
    { .name = "constraints", .cmd = MEMMAP_CMD_QUERY, .generation = 0,
      .status = YES(MEMMAP_ST_NEGOTIATED), .record = NULL,
      .meaning = "the device model's answer: it owns 16 MiB from gfn 0x140000" },
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
};
const unsigned int nr_vectors = sizeof(vectors) / sizeof(vectors[0]);

uint32_t vector_make(const struct vector *v, uint8_t *buf)
{
    struct memmap_range storage[MEMMAP_MAX_ENTRIES];
    struct memmap_record r;
    uint32_t len;

    memset(buf, 0, MEMMAP_BUFFER_BYTES);
    rig_init(&rig);
    rig.dm.generation = v->generation;
    if ( !v->record )
    {
        rig_negotiate(&rig);
        rig_cmd(&rig, v->cmd);
        if ( memmap_peek(rig_buf(&rig), &len) )
            abort();
        memcpy(buf, rig_buf(&rig), len);
        return len;
    }

    rig_record(&rig, &r, storage);
    v->record(&r);
    len = memmap_pack(&r, buf, MEMMAP_BUFFER_BYTES);
    if ( v->bytes )
    {
        v->bytes(buf, &len);
        if ( !v->keep_crc )
            rig_seal_crc(buf, len);
    }
    return len;
}

uint32_t vector_try(const struct vector *v, uint8_t *buf, uint32_t len)
{
    uint32_t status;

    rig_init(&rig);
    rig.dm.generation = v->generation;
    rig_negotiate(&rig);
    if ( v->cmd != MEMMAP_CMD_QUERY )
        memcpy(rig_buf(&rig), buf, len);
    status = rig_cmd(&rig, v->cmd);
    if ( v->cmd == MEMMAP_CMD_QUERY )
        memcpy(buf, rig_buf(&rig), MEMMAP_BUFFER_BYTES);
    return status;
}

static const char *command(const struct vector *v)
{
    static const char *const names[] = { "?", "QUERY", "PREPARE", "COMMIT" };

    return names[v->cmd];
}

void vector_print(FILE *f, const struct vector *v)
{
    static uint8_t buf[MEMMAP_BUFFER_BYTES];
    uint32_t len = vector_make(v, buf);

    fprintf(f, "# %s.\n# %s with generation %u in force; status %#010x.\n",
            v->meaning, command(v), v->generation, v->status);
    for ( uint32_t i = 0; i < len; i++ )
        fprintf(f, "%02x%c", buf[i], i % 16 == 15 || i == len - 1 ? '\n' : ' ');
}

void vector_table(FILE *f)
{
    static uint8_t buf[MEMMAP_BUFFER_BYTES];

    fprintf(f, "The guest was built with %u pages of RAM: gfns 0 to 0x9f and"
            " 0xc0 to %#x.\nIts device model owns gfns %#x to %#x, can map RAM"
            " below gfn %#x, and has just\nbeen negotiated with; status is what"
            " DOORBELL reads after the command.\n\n",
            (unsigned int)RIG_RAM_PAGES, (unsigned int)RIG_LOW_END - 1,
            (unsigned int)RIG_OWNED_GFN,
            (unsigned int)(RIG_OWNED_GFN + RIG_OWNED_NR - 1),
            (unsigned int)RIG_GFN_LIMIT);
    fprintf(f, "| file | bytes | checksum | generation in force | command |"
            " status | meaning |\n|---|---|---|---|---|---|---|\n");
    for ( unsigned int i = 0; i < nr_vectors; i++ )
    {
        uint32_t len = vector_make(&vectors[i], buf);

        fprintf(f, "| %s.hex | %u | 0x%08x | %u | %s | 0x%08x %s | %s |\n",
                vectors[i].name, len,
                (uint32_t)rig_peek(buf + MEMMAP_HDR_CHECKSUM, 4),
                vectors[i].generation, command(&vectors[i]),
                vectors[i].status,
                MEMMAP_STATUS_ERROR(vectors[i].status)
                ? memmap_strerror(MEMMAP_STATUS_ERROR(vectors[i].status))
                : memmap_strstate(MEMMAP_STATUS_STATE(vectors[i].status)),
                vectors[i].meaning);
    }
}
