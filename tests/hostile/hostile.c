/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A firmware that means ill.  Before it behaves, it sends the device model
 * everything that PROTOCOL.md forbids, and expects for each the error that
 * section 5 names, at the entry to blame.  The device model must survive, must
 * not change the layout, and must still take the honest layout afterwards: the
 * same guest then boots and its disk works, which the lab checks as ever.
 *
 * Each state that a conversation goes through has its turn, because a check
 * that stands behind the one for the state proves nothing where all is refused
 * for the state.  The last line counts the cases of each, so that a turn that
 * never came is seen.
 *
 * With a key hvmloader/hostile in the guest's xenstore directory it does one
 * thing only.  "commit": the COMMIT that follows a move is one to be refused;
 * "prepared", "committed": it stops for ever, after RAM moved or before SEAL.
 *
 * Built into an hvmloader of its own, never into the series.
 */
#include "hostile.h"
#include "codec.h"

#include "../config.h"
#include "../util.h"

#define BUF     ((uint8_t *)MEMMAP_BUFFER_PHYSICAL_ADDRESS)
#define BUF_GFN (MEMMAP_BUFFER_PHYSICAL_ADDRESS >> PAGE_SHIFT)

/* What the device model must be in: MEMMAP_ST_*, and the layout's generation. */
static unsigned int state, generation;
static unsigned int cases[MEMMAP_ST_SEALED + 1], wrong;

static uint32_t reg(unsigned int r)
{
    return inl(MEMMAP_PORT_BASE + r);
}

static void expect(const char *what, unsigned int err, unsigned int index)
{
    uint32_t got = reg(MEMMAP_REG_DOORBELL);
    uint32_t want = MEMMAP_STATUS(state, err, index);

    cases[state]++;
    if ( got == want && reg(MEMMAP_REG_GENERATION) == generation )
        return;
    wrong++;
    printf("hostile: %s: expected status %08x generation %u, got %08x and %u\n",
           what, want, generation, got, reg(MEMMAP_REG_GENERATION));
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

/* The layout in force, as an honest firmware would send it once more. */
static void honest(const struct memmap_layout *now)
{
    struct memmap_record r = {
        .kind = MEMMAP_KIND_LAYOUT,
        .generation = generation + 1,
        .gfn_limit = 1ull << (cpu_phys_addr() - PAGE_SHIFT),
        .layout = *now,
    };

    memmap_pack(&r, BUF, MEMMAP_BUFFER_BYTES);
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
    { "shrunk without a loss", MEMMAP_HDR_FLAGS, 2, MEMMAP_RF_RAM_SHRUNK,
      MEMMAP_E_RAM_SUM },
    { "generation 0", MEMMAP_HDR_GENERATION, 4, 0, MEMMAP_E_GENERATION },
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

/* Neither command may take the record in the buffer. */
static void try_both(const char *what, unsigned int err, unsigned int index)
{
    ring(MEMMAP_CMD_PREPARE, BUF_GFN);
    expect(what, err, index);
    ring(MEMMAP_CMD_COMMIT, BUF_GFN);
    expect(what, err, index);
}

static void try_records(const struct memmap_layout *now)
{
    unsigned int i;

    for ( i = 0; i < sizeof(header) / sizeof(header[0]); i++ )
    {
        honest(now);
        put(header[i].off, header[i].val, header[i].bytes);
        sum();
        try_both(header[i].what, header[i].err, MEMMAP_NO_INDEX);
    }

    for ( i = 0; i < sizeof(entry) / sizeof(entry[0]); i++ )
    {
        honest(now);
        put(ent(1, entry[i].off), entry[i].val, entry[i].bytes);
        sum();
        try_both(entry[i].what, entry[i].err, 1);
    }

    for ( i = 0; i < 3; i += 2 )
    {
        honest(now);
        put(MEMMAP_HDR_GENERATION, generation + i, 4);
        sum();
        try_both(i ? "generation skipped" : "replay", MEMMAP_E_GENERATION,
                 MEMMAP_NO_INDEX);
    }

    honest(now);
    BUF[MEMMAP_HDR_BYTES] ^= 0x10;
    try_both("wrong checksum", MEMMAP_E_CHECKSUM, MEMMAP_NO_INDEX);
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
        try_both(what, err, index);                                     \
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

    /* To where no RAM of this guest is, and anybody's processor reaches. */
    memmap_layout_move(&l, 0x10, 0x200000, 1);
    TRY("low RAM moved away", MEMMAP_E_FIXED, MEMMAP_NO_INDEX);

    l.range[0].source = 0x5000;
    TRY("low RAM from elsewhere", MEMMAP_E_FIXED, MEMMAP_NO_INDEX);

    memmap_layout_move(&l, 0x10000, dm_limit, 1);
    TRY("RAM beyond the device model's limit", MEMMAP_E_RANGE, l.nr - 1);

    if ( owned_gfn && memmap_layout_move(&l, 0x10000, owned_gfn, 1) )
        TRY("RAM over the device model's own", MEMMAP_E_RANGE, l.nr - 1);
#undef TRY
}

static void port_write(unsigned int port, uint32_t val, unsigned int bytes)
{
    if ( bytes == 1 )
        outb(port, val);
    else if ( bytes == 2 )
        outw(port, val);
    else
        outl(port, val);
}

static uint32_t port_read(unsigned int port, unsigned int bytes)
{
    return bytes == 1 ? inb(port) | ~0xffu
                      : bytes == 2 ? inw(port) | ~0xffffu : inl(port);
}

/*
 * Accesses that are no register's, of values that would mean something if they
 * were taken for one: SEAL, COMMIT of an honest record, an offer.  They come
 * first in each state: the last command's error is none then, or another one
 * than theirs would be.
 */
static void try_accesses(const struct memmap_layout *now)
{
    static const uint32_t val[] = {
        MEMMAP_DOORBELL(MEMMAP_CMD_SEAL, BUF_GFN),
        MEMMAP_DOORBELL(MEMMAP_CMD_COMMIT, BUF_GFN),
        MEMMAP_OFFER(MEMMAP_VERSION_MAJOR, 0, 0),
    };
    uint32_t status = reg(MEMMAP_REG_DOORBELL);
    unsigned int bytes, off, i;

    honest(now);
    for ( bytes = 1; bytes <= 4; bytes *= 2 )
        for ( off = 0; off + bytes <= MEMMAP_PORT_COUNT; off++ )
        {
            unsigned int port = MEMMAP_PORT_BASE + off;

            if ( bytes == 4 && !(off & 3) )
                continue;
            cases[state]++;
            i = port_read(port, bytes) != MEMMAP_REG_ABSENT;
            if ( i )
                printf("hostile: %u bytes can be read at offset %u\n", bytes, off);
            wrong += i;

            /* Whichever is taken, it shows. */
            for ( i = 0; i < sizeof(val) / sizeof(val[0]); i++ )
                port_write(port, val[i], bytes);
            if ( reg(MEMMAP_REG_DOORBELL) == status &&
                 reg(MEMMAP_REG_GENERATION) == generation )
                continue;
            printf("hostile: %u bytes written at offset %u had an effect\n",
                   bytes, off);
            wrong++;
        }

    outl(MEMMAP_PORT_BASE + MEMMAP_REG_SIGNATURE, val[0]);
    outl(MEMMAP_PORT_BASE + MEMMAP_REG_GENERATION, 99);
    cases[state]++;
    if ( reg(MEMMAP_REG_DOORBELL) == status &&
         reg(MEMMAP_REG_GENERATION) == generation &&
         reg(MEMMAP_REG_SIGNATURE) == MEMMAP_SIGNATURE )
        return;
    wrong++;
    printf("hostile: what is read-only was written\n");
}

static void try_commands(void)
{
    static const uint32_t bad_gfn[] = { 0x9e, 0xa0, 0xfffff, 0xffffff };
    static const uint8_t bad_cmd[] = { 0, 5, 0x80, 0xff };
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
}

/* All commands, in a state in which there are none. */
static void try_out_of_turn(const struct memmap_layout *now)
{
    unsigned int cmd;

    honest(now);
    for ( cmd = MEMMAP_CMD_QUERY; cmd <= MEMMAP_CMD_SEAL; cmd++ )
    {
        ring(cmd, BUF_GFN);
        expect("command out of turn", MEMMAP_E_STATE, MEMMAP_NO_INDEX);
    }
}

/* As many bad commands as the buffer has words, quicker than one by one. */
static void flood(void)
{
    const uint8_t *from = BUF;
    uint32_t count = MEMMAP_BUFFER_BYTES / 4;

    memset(BUF, 0, MEMMAP_BUFFER_BYTES);
    asm volatile ( "rep outsl" : "+S" (from), "+c" (count)
                   : "d" (MEMMAP_PORT_BASE + MEMMAP_REG_DOORBELL) : "memory" );
    expect("flood", MEMMAP_E_COMMAND, MEMMAP_NO_INDEX);
}

/* Long enough for the last refusal to be published, and for somebody to read it. */
static void wait_seconds(void)
{
    unsigned int changes;

    for ( changes = 0; changes < 4; changes++ )
    {
        uint8_t second = cmos_inb(0);

        while ( cmos_inb(0) == second )
            ;
    }
}

/* What the guest's xenstore directory says; "": send everything that is forbidden. */
static bool told(const char *what)
{
    return !strcmp(xenstore_read("hvmloader/hostile", ""), what);
}

/* Whoever waits for this guest is to find it here. */
static void stop_if(const char *what)
{
    if ( !told(what) )
        return;
    printf("hostile: stops, %s\n", what);
    for ( ; ; )
        asm volatile ( "pause" );
}

void memmap_hostile_start(void)
{
    static const struct memmap_layout nothing;

    if ( !told("") )
        return;
    try_accesses(&nothing);
    try_out_of_turn(&nothing);
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
    uint64_t owned = query->layout.nr ? query->layout.range[0].gfn : 0;

    if ( !told("") )
        return;
    state = MEMMAP_ST_NEGOTIATED;
    try_accesses(now);
    try_commands();
    try_records(now);
    try_layouts(now, query->gfn_limit, owned);

    /* A yes to PREPARE is no commit, whatever becomes of the buffer. */
    state = MEMMAP_ST_PREPARED;
    honest(now);
    ring(MEMMAP_CMD_PREPARE, BUF_GFN);
    expect("honest PREPARE", MEMMAP_OK, MEMMAP_NO_INDEX);
    memset(BUF, 0xff, MEMMAP_BUFFER_BYTES);
    ring(MEMMAP_CMD_COMMIT, BUF_GFN);
    expect("COMMIT of what is not there any more", MEMMAP_E_MAGIC,
           MEMMAP_NO_INDEX);
    try_accesses(now);
    try_commands();
    try_records(now);
    flood();
    wait_seconds();
}

void memmap_hostile_spoil(struct memmap_record *r)
{
    stop_if("prepared");
    if ( told("commit") )
        r->flags |= MEMMAP_RF_RAM_SHRUNK;
}

void memmap_hostile_committed(const struct memmap_layout *now)
{
    stop_if("committed");
    if ( !told("") )
        return;
    state = MEMMAP_ST_COMMITTED;
    generation = reg(MEMMAP_REG_GENERATION);
    try_accesses(now);
    try_commands();
    try_records(now);
}

void memmap_hostile_end(const struct memmap_layout *now)
{
    if ( !told("") )
        return;
    state = MEMMAP_ST_SEALED;
    try_accesses(now);
    try_out_of_turn(now);
    outl(MEMMAP_PORT_BASE + MEMMAP_REG_OFFER, MEMMAP_OFFER(1, 0, 0));
    expect("negotiating after the seal", MEMMAP_E_STATE, MEMMAP_NO_INDEX);
    printf("hostile: cases: %u offered, %u negotiated, %u prepared, "
           "%u committed, %u sealed; %u wrong\n", cases[MEMMAP_ST_OFFERED],
           cases[MEMMAP_ST_NEGOTIATED], cases[MEMMAP_ST_PREPARED],
           cases[MEMMAP_ST_COMMITTED], cases[MEMMAP_ST_SEALED], wrong);
}
