/* SPDX-License-Identifier: MIT */
#include "vectors.h"

#include <stdlib.h>
#include <string.h>

static struct rig rig;

/* RAM pages of the header made right. */
static void add_up(uint8_t *buf)
{
    const uint32_t count = rig_peek(buf + MEMMAP_HDR_COUNT, 4);
    uint64_t sum = 0;

    for ( uint32_t i = 0; i < count; i++ )
        if ( rig_peek(buf + ENT(i, TYPE), 2) == MEMMAP_TYPE_RAM )
            sum += rig_peek(buf + ENT(i, PAGES), 8);
    rig_poke(buf + MEMMAP_HDR_RAM_PAGES, 8, sum);
}

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
    for ( unsigned int i = 0; i < MAX_POKES && v->poke[i].width; i++ )
        rig_poke(buf + v->poke[i].off, v->poke[i].width, v->poke[i].val);
    if ( v->sum )
        add_up(buf);
    if ( v->bytes )
        v->bytes(buf, &len);
    if ( !v->keep_crc )
        rig_seal_crc(buf, len);
    return len;
}

/* What firmware makes of the answer at @buf. */
static uint32_t found(uint8_t *buf)
{
    struct memmap_range storage[MEMMAP_MAX_ENTRIES];
    struct memmap_record r;
    uint16_t index;
    unsigned int err;

    memmap_layout_init(&r.layout, storage, MEMMAP_MAX_ENTRIES);
    err = memmap_unpack(&r, MEMMAP_KIND_CONSTRAINTS, buf, MEMMAP_BUFFER_BYTES, &index);
    return MEMMAP_STATUS(MEMMAP_ST_NEGOTIATED, err, index);
}

uint32_t vector_try(const struct vector *v, uint8_t *buf, uint32_t len)
{
    uint32_t status;

    if ( v->answer )
        return found(buf);
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

    return v->answer ? "answer" : names[v->cmd];
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
