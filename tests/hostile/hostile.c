/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A firmware that means ill.  Before it behaves, it sends the device model
 * everything that PROTOCOL.md forbids, and expects for each the error that
 * section 5 names, at the entry to blame.  The device model must survive, must
 * not change the layout, and must still take the honest layout afterwards: the
 * same guest then boots and its disk works, which the lab checks as ever.
 *
 * Built into an hvmloader of its own, never into the series.
 */
#include "hostile.h"
#include "codec.h"

#include "../config.h"
#include "../util.h"

#define BUF     ((uint8_t *)MEMMAP_BUFFER_PHYSICAL_ADDRESS)
#define BUF_GFN (MEMMAP_BUFFER_PHYSICAL_ADDRESS >> PAGE_SHIFT)

static unsigned int cases, wrong;
static uint64_t ram_pages;

static uint32_t reg(unsigned int r)
{
    return inl(MEMMAP_PORT_BASE + r);
}

static void expect(const char *what, unsigned int err, unsigned int index)
{
    uint32_t got = reg(MEMMAP_REG_DOORBELL);

    cases++;
    if ( MEMMAP_STATUS_ERROR(got) == err && MEMMAP_STATUS_INDEX(got) == index )
        return;
    wrong++;
    printf("hostile: %s: expected error %u entry %x, got %u entry %x\n", what,
           err, index, MEMMAP_STATUS_ERROR(got), MEMMAP_STATUS_INDEX(got));
}

static void ring(unsigned int cmd, unsigned int gfn)
{
    outl(MEMMAP_PORT_BASE + MEMMAP_REG_DOORBELL, MEMMAP_DOORBELL(cmd, gfn));
}

static void put(unsigned int off, uint64_t val, unsigned int bytes)
{
    while ( bytes-- )
    {
        BUF[off++] = val;
        val >>= 8;
    }
}

static uint32_t get32(unsigned int off)
{
    return BUF[off] | BUF[off + 1] << 8 | BUF[off + 2] << 16 |
           (uint32_t)BUF[off + 3] << 24;
}

static unsigned int ent(unsigned int i, unsigned int field)
{
    return MEMMAP_HDR_BYTES + i * MEMMAP_ENT_BYTES + field;
}

/* An honest checksum over dishonest bytes. */
static void sum(void)
{
    uint32_t total = get32(MEMMAP_HDR_TOTAL_LEN);

    if ( total > MEMMAP_BUFFER_BYTES )
        return;
    put(MEMMAP_HDR_CHECKSUM, 0, 4);
    put(MEMMAP_HDR_CHECKSUM, memmap_crc32c(0, BUF, total), 4);
}

/* The layout in force, as an honest firmware would send it: generation 1. */
static void honest(const struct memmap_layout *now)
{
    struct memmap_record r = {
        .kind = MEMMAP_KIND_LAYOUT,
        .generation = 1,
        .gfn_limit = 1ull << (cpu_phys_addr() - PAGE_SHIFT),
        .layout = *now,
    };

    memmap_pack(&r, BUF, MEMMAP_BUFFER_BYTES);
    ram_pages = memmap_layout_pages(now, MEMMAP_TYPE_RAM);
}

/* One field of the honest record changed. */
static const struct {
    const char *what;
    unsigned int off, bytes;
    uint64_t val;
    unsigned int err;
} header[] = {
    { "wrong magic", MEMMAP_HDR_MAGIC, 4, 0x12345678, MEMMAP_E_MAGIC },
    { "wrong version", MEMMAP_HDR_MAJOR, 2, 2, MEMMAP_E_VERSION },
    { "short header", MEMMAP_HDR_HEADER_LEN, 2, 47, MEMMAP_E_LENGTH },
    { "long header", MEMMAP_HDR_HEADER_LEN, 2, 0xffff, MEMMAP_E_LENGTH },
    { "short entry", MEMMAP_HDR_ENTRY_LEN, 2, 0, MEMMAP_E_LENGTH },
    { "long entry", MEMMAP_HDR_ENTRY_LEN, 2, 0xffff, MEMMAP_E_LENGTH },
    { "count beyond limit", MEMMAP_HDR_COUNT, 4, 257, MEMMAP_E_COUNT },
    { "huge count", MEMMAP_HDR_COUNT, 4, 0xffffffff, MEMMAP_E_COUNT },
    { "wrapping count", MEMMAP_HDR_COUNT, 4, 0x08000000, MEMMAP_E_COUNT },
    { "total too small", MEMMAP_HDR_TOTAL_LEN, 4, 48, MEMMAP_E_LENGTH },
    { "huge total", MEMMAP_HDR_TOTAL_LEN, 4, 0xffffffff, MEMMAP_E_LENGTH },
    { "constraints as layout", MEMMAP_HDR_KIND, 2, 2, MEMMAP_E_KIND },
    { "unknown kind", MEMMAP_HDR_KIND, 2, 77, MEMMAP_E_KIND },
    { "unknown flag", MEMMAP_HDR_FLAGS, 2, 0x8000, MEMMAP_E_KIND },
    { "sum in header", MEMMAP_HDR_RAM_PAGES, 8, 1, MEMMAP_E_RAM_SUM },
    { "generation 0", MEMMAP_HDR_GENERATION, 4, 0, MEMMAP_E_GENERATION },
    { "generation 2", MEMMAP_HDR_GENERATION, 4, 2, MEMMAP_E_GENERATION },
    { "last generation", MEMMAP_HDR_GENERATION, 4, ~0u, MEMMAP_E_GENERATION },
};

/* One field of the honest record's second entry changed. */
static const struct {
    const char *what;
    unsigned int off, bytes;
    uint64_t val;
    unsigned int err;
} entry[] = {
    { "no pages", MEMMAP_ENT_PAGES, 8, 0, MEMMAP_E_EMPTY },
    { "wraps", MEMMAP_ENT_GFN, 8, ~0ull, MEMMAP_E_RANGE },
    { "endless", MEMMAP_ENT_PAGES, 8, ~0ull, MEMMAP_E_RANGE },
    { "beyond the width", MEMMAP_ENT_PAGES, 8, 1ull << 50, MEMMAP_E_RANGE },
    { "overlaps", MEMMAP_ENT_GFN, 8, 0x9f, MEMMAP_E_ORDER },
    { "duplicate", MEMMAP_ENT_GFN, 8, 0, MEMMAP_E_ORDER },
    { "unknown type", MEMMAP_ENT_TYPE, 2, 99, MEMMAP_E_TYPE },
    { "type 0", MEMMAP_ENT_TYPE, 2, 0, MEMMAP_E_TYPE },
    { "unknown flag", MEMMAP_ENT_FLAGS, 2, 0x4000, MEMMAP_E_TYPE },
    { "reserved field", MEMMAP_ENT_AUX, 4, 1, MEMMAP_E_RESERVED },
};

static void try_records(const struct memmap_layout *now)
{
    unsigned int i;

    for ( i = 0; i < sizeof(header) / sizeof(header[0]); i++ )
    {
        honest(now);
        put(header[i].off, header[i].val, header[i].bytes);
        sum();
        ring(i & 1 ? MEMMAP_CMD_PREPARE : MEMMAP_CMD_COMMIT, BUF_GFN);
        expect(header[i].what, header[i].err, MEMMAP_NO_INDEX);
    }

    for ( i = 0; i < sizeof(entry) / sizeof(entry[0]); i++ )
    {
        honest(now);
        put(ent(1, entry[i].off), entry[i].val, entry[i].bytes);
        sum();
        ring(MEMMAP_CMD_COMMIT, BUF_GFN);
        expect(entry[i].what, entry[i].err, 1);
    }

    honest(now);
    BUF[MEMMAP_HDR_BYTES] ^= 0x10;
    ring(MEMMAP_CMD_COMMIT, BUF_GFN);
    expect("wrong checksum", MEMMAP_E_CHECKSUM, MEMMAP_NO_INDEX);
}

/* Layouts that are well made and not this guest's. */
static void try_layouts(const struct memmap_layout *now, uint64_t dm_limit,
                        uint64_t owned_gfn)
{
    static struct memmap_range storage[MEMMAP_MAX_ENTRIES];
    struct memmap_layout l;
    struct memmap_range r = { .type = MEMMAP_TYPE_RAM };

#define TRY(what, err, index) do {                                      \
        honest(&l);                                                     \
        ring(MEMMAP_CMD_COMMIT, BUF_GFN);                               \
        expect(what, err, index);                                       \
        memmap_layout_copy(&l, now);                                    \
    } while ( 0 )

    memmap_layout_init(&l, storage, MEMMAP_MAX_ENTRIES);
    memmap_layout_copy(&l, now);

    l.range[l.nr - 1].pages++;
    TRY("a page too many", MEMMAP_E_RAM_SUM, MEMMAP_NO_INDEX);

    l.range[l.nr - 1].pages--;
    TRY("a page too few", MEMMAP_E_RAM_SUM, MEMMAP_NO_INDEX);

    r.gfn = r.source = 0xa0;
    r.pages = 0x20;
    memmap_layout_set(&l, &r);
    TRY("RAM in the VGA hole", MEMMAP_E_FIXED, MEMMAP_NO_INDEX);

    memmap_layout_move(&l, 0x10, dm_limit - 1, 1);
    TRY("low RAM moved away", MEMMAP_E_FIXED, MEMMAP_NO_INDEX);

    l.range[0].source = 0x5000;
    TRY("low RAM from elsewhere", MEMMAP_E_FIXED, MEMMAP_NO_INDEX);

    memmap_layout_move(&l, 0x10000, dm_limit, 1);
    TRY("RAM beyond the device model's limit", MEMMAP_E_RANGE, l.nr - 1);

    if ( owned_gfn && memmap_layout_move(&l, 0x10000, owned_gfn, 1) )
        TRY("RAM over the device model's own", MEMMAP_E_RANGE, l.nr - 1);
#undef TRY
}

static void try_accesses(void)
{
    unsigned int i;

    for ( i = 0; i < MEMMAP_PORT_COUNT; i++ )
    {
        cases++;
        if ( inb(MEMMAP_PORT_BASE + i) != 0xff )
        {
            wrong++;
            printf("hostile: a byte can be read at port offset %u\n", i);
        }
        outb(MEMMAP_PORT_BASE + i, MEMMAP_CMD_SEAL);
        outw(MEMMAP_PORT_BASE + i, MEMMAP_CMD_SEAL);
    }
    outl(MEMMAP_PORT_BASE + MEMMAP_REG_SIGNATURE, MEMMAP_CMD_SEAL);
    outl(MEMMAP_PORT_BASE + MEMMAP_REG_GENERATION, 99);
    cases++;
    if ( MEMMAP_STATUS_STATE(reg(MEMMAP_REG_DOORBELL)) == MEMMAP_ST_SEALED ||
         reg(MEMMAP_REG_GENERATION) )
    {
        wrong++;
        printf("hostile: a wrong access had an effect\n");
    }
}

void memmap_hostile_start(void)
{
    unsigned int cmd;

    memset(BUF, 0xff, MEMMAP_BUFFER_BYTES);
    for ( cmd = MEMMAP_CMD_QUERY; cmd <= MEMMAP_CMD_SEAL; cmd++ )
    {
        ring(cmd, BUF_GFN);
        expect("command before negotiating", MEMMAP_E_STATE, MEMMAP_NO_INDEX);
    }
    try_accesses();
    outl(MEMMAP_PORT_BASE + MEMMAP_REG_OFFER, MEMMAP_OFFER(2, 0, 0));
    expect("major version 2", MEMMAP_E_NEGOTIATE, MEMMAP_NO_INDEX);
    outl(MEMMAP_PORT_BASE + MEMMAP_REG_OFFER, MEMMAP_OFFER(1, 200, 0));
    expect("minor version 200", MEMMAP_E_NEGOTIATE, MEMMAP_NO_INDEX);
    outl(MEMMAP_PORT_BASE + MEMMAP_REG_OFFER, MEMMAP_OFFER(1, 0, 0x8000));
    expect("feature not offered", MEMMAP_E_NEGOTIATE, MEMMAP_NO_INDEX);
}

void memmap_hostile_run(const struct memmap_layout *now,
                        const struct memmap_record *query)
{
    static const uint32_t bad_gfn[] = { 0x9e, 0xa0, 0xfffff, 0xffffff };
    static const uint8_t bad_cmd[] = { 0, 5, 0x80, 0xff };
    uint64_t owned = query->layout.nr ? query->layout.range[0].gfn : 0;
    unsigned int i;

    outl(MEMMAP_PORT_BASE + MEMMAP_REG_OFFER, MEMMAP_OFFER(1, 0, 0));
    expect("negotiating twice", MEMMAP_E_STATE, MEMMAP_NO_INDEX);
    for ( i = 0; i < sizeof(bad_cmd); i++ )
    {
        ring(bad_cmd[i], BUF_GFN);
        expect("no such command", MEMMAP_E_COMMAND, MEMMAP_NO_INDEX);
    }
    for ( i = 0; i < sizeof(bad_gfn) / sizeof(bad_gfn[0]); i++ )
    {
        ring(MEMMAP_CMD_QUERY, bad_gfn[i]);
        expect("QUERY to a bad buffer", MEMMAP_E_BUFFER, MEMMAP_NO_INDEX);
        ring(MEMMAP_CMD_COMMIT, bad_gfn[i]);
        expect("COMMIT of a bad buffer", MEMMAP_E_BUFFER, MEMMAP_NO_INDEX);
    }
    try_records(now);
    try_layouts(now, query->gfn_limit, owned);

    /* A yes to PREPARE is no commit, whatever becomes of the buffer. */
    honest(now);
    ring(MEMMAP_CMD_PREPARE, BUF_GFN);
    expect("honest PREPARE", MEMMAP_OK, MEMMAP_NO_INDEX);
    memset(BUF, 0xff, MEMMAP_BUFFER_BYTES);
    cases++;
    if ( reg(MEMMAP_REG_GENERATION) )
    {
        wrong++;
        printf("hostile: a refused layout is in force\n");
    }

    printf("hostile: %u cases, %u wrong\n", cases, wrong);
}

void memmap_hostile_end(void)
{
    cases = 0;
    honest(&(struct memmap_layout){ .nr = 0 });
    for ( unsigned int cmd = MEMMAP_CMD_QUERY; cmd <= MEMMAP_CMD_SEAL; cmd++ )
    {
        ring(cmd, BUF_GFN);
        expect("command after the seal", MEMMAP_E_STATE, MEMMAP_NO_INDEX);
    }
    printf("hostile: after the seal %u cases, %u wrong in all\n", cases, wrong);
}
