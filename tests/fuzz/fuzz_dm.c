/* SPDX-License-Identifier: MIT */
/*
 * The device model's end on an arbitrary sequence of register accesses.
 *
 * The input is a hostile guest: it writes any register, rewrites the buffer at any
 * time, also between two reads of one command, and knows how to make a checksum
 * right.  It is also an unlucky host, whose callbacks fail.  After each access:
 * the layout in force is one this guest can have, the generation went up by one
 * exactly when a layout was applied, a refusal changed nothing but the status,
 * and after SEAL nothing happens until reset.
 */
#include "fuzz.h"

#include "model.h"
#include "rig.h"

const char *fuzz_input = "input";

static struct rig rig;
static struct feed in;

/* A second vCPU: pokes the buffer between the reads of one command. */
static void second_vcpu(struct rig *r)
{
    unsigned int off = eat(&in, 2) % (MEMMAP_BUFFER_BYTES - 8);

    rig_poke(rig_buf(r) + off, 8, eat(&in, 8));
}

/* A record with the layout as built, and one edit of the input's choice. */
static void put_record(void)
{
    static struct memmap_range storage[MEMMAP_MAX_ENTRIES];
    struct memmap_record r;
    struct memmap_range e = { 0 };
    unsigned int edits = eat(&in, 1);

    rig_record(&rig, &r, storage);
    for ( unsigned int i = 0; i < (edits & 3u); i++ )
    {
        unsigned int what = eat(&in, 1);
        uint64_t to;

        e.gfn = eat(&in, 4);
        e.pages = eat(&in, 3);
        e.type = 1 + (what & 7);
        e.flags = (what >> 3) & 7;
        e.source = what & 0x40 ? e.gfn : MEMMAP_NO_SOURCE;
        to = eat(&in, 4);
        if ( what & 0x80 )
            memmap_layout_move(&r.layout, e.gfn, to, e.pages);
        else
            memmap_layout_set(&r.layout, &e);
    }
    if ( edits & 4 )
        r.flags = eat(&in, 1);
    if ( edits & 8 )
        r.generation += eat(&in, 1);
    if ( edits & 16 )
        r.gfn_limit = eat(&in, 8);
    if ( edits & 32 )
        r.kind = eat(&in, 1);
    rig_put(&rig, &r);
}

static void fix_buffer(void)
{
    uint8_t *buf = rig_buf(&rig);
    uint32_t bytes;

    rig_poke(buf + MEMMAP_HDR_MAGIC, 4, MEMMAP_MAGIC);
    rig_poke(buf + MEMMAP_HDR_MAJOR, 2, MEMMAP_VERSION_MAJOR);
    if ( !memmap_peek(buf, &bytes) )
        rig_seal_crc(buf, bytes);
}

static void check_applied(void)
{
    const struct memmap_layout *l = &rig.applied;
    uint64_t ram = memmap_layout_pages(l, MEMMAP_TYPE_RAM), end = 0;

    for ( unsigned int i = 0; i < l->nr; i++ )
    {
        const struct memmap_range *e = &l->range[i];

        PROMISE(e->pages && e->gfn >= end && memmap_range_end(e) > e->gfn);
        end = memmap_range_end(e);
        PROMISE(e->type != MEMMAP_TYPE_OWNED);
        if ( e->type != MEMMAP_TYPE_RAM )
            continue;
        PROMISE(end <= RIG_GFN_LIMIT);
        PROMISE(rig.no_owned || end <= RIG_OWNED_GFN ||
                e->gfn >= RIG_OWNED_GFN + RIG_OWNED_NR);
        PROMISE(end <= MEMMAP_VGA_GFN || e->gfn >= MEMMAP_VGA_END);
    }
    PROMISE(ram <= RIG_RAM_PAGES);
    PROMISE(ram == RIG_RAM_PAGES ||
            (rig.checked.flags & MEMMAP_RF_RAM_SHRUNK));
    PROMISE(memmap_layout_covers(l, MEMMAP_TYPE_RAM, 0, MEMMAP_VGA_GFN));
    PROMISE(memmap_layout_covers(l, MEMMAP_TYPE_RAM, MEMMAP_VGA_END,
                                 MEMMAP_FIXED_END - MEMMAP_VGA_END));
}

/* What may be different after one access. */
static void check_step(const struct memmap_dm *was, unsigned int applies,
                       unsigned int writes)
{
    const struct memmap_dm *now = &rig.dm;
    const bool applied = rig.applies != applies;

    PROMISE(now->state <= MEMMAP_ST_SEALED);
    PROMISE(now->error <= MEMMAP_E_RESERVED);
    PROMISE(now->error || now->index == MEMMAP_NO_INDEX);
    PROMISE(now->generation == was->generation + applied);
    PROMISE(!applied || (now->generation && now->state == MEMMAP_ST_COMMITTED));
    PROMISE(was->accepted == now->accepted ||
            (!was->accepted && was->state == MEMMAP_ST_OFFERED &&
             now->state == MEMMAP_ST_NEGOTIATED));
    PROMISE(now->state == MEMMAP_ST_OFFERED ||
            MEMMAP_OFFER_MAJOR(now->accepted) == MEMMAP_VERSION_MAJOR);
    PROMISE(!(MEMMAP_OFFER_FEATURES(now->accepted) & ~now->features));
    if ( now->error )
        PROMISE(now->state == was->state && !applied);
    if ( was->state == MEMMAP_ST_SEALED || was->state == MEMMAP_ST_OFFERED )
        PROMISE(!applied && rig.writes == writes);
    if ( was->state == MEMMAP_ST_SEALED )
        PROMISE(now->state == MEMMAP_ST_SEALED);
    if ( applied )
        check_applied();
    PROMISE(memmap_dm_read(&rig.dm, MEMMAP_REG_DOORBELL) ==
            MEMMAP_STATUS(now->state, now->error, now->index));
    PROMISE(memmap_dm_read(&rig.dm, MEMMAP_REG_GENERATION) == now->generation);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct memmap_dm was;
    unsigned int flags, steps = 0;

    in = (struct feed){ data, len };
    flags = eat(&in, 1);
    /* Not rig_init(): clearing 1.3 MB for each input would be most of the work. */
    static bool ready;
    if ( !ready )
    {
        rig_init(&rig);
        ready = true;
    }
    memset(rig_buf(&rig), 0, MEMMAP_BUFFER_BYTES);
    rig.dm.generation = flags & 1 ? ~0u - 2 : 0;
    rig.dm.features = flags >> 6;
    rig.no_owned = flags & 2;
    memmap_dm_reset(&rig.dm);

    while ( in.len && steps++ < 200 )
    {
        unsigned int applies = rig.applies, writes = rig.writes;
        unsigned int op = eat(&in, 1), reg;
        uint32_t val;

        rig.after_read = op & 0x80 ? second_vcpu : NULL;
        was = rig.dm;
        switch ( op & 0xf )
        {
        case 0:
            reg = eat(&in, 1);
            val = memmap_dm_read(&rig.dm, reg);
            PROMISE(reg < MEMMAP_PORT_COUNT || val == MEMMAP_REG_ABSENT);
            break;
        case 1:
            reg = eat(&in, 1);
            memmap_dm_write(&rig.dm, reg, eat(&in, 4));
            break;
        case 2:
            memmap_dm_write(&rig.dm, MEMMAP_REG_OFFER, eat(&in, 4));
            break;
        case 3:
            rig_negotiate(&rig);
            break;
        case 4: case 5: case 6: case 7:
            rig_cmd(&rig, 1 + (op & 3));
            break;
        case 8:
            memmap_dm_write(&rig.dm, MEMMAP_REG_DOORBELL,
                            MEMMAP_DOORBELL(eat(&in, 1), eat(&in, 3)));
            break;
        case 9:
            put_record();
            break;
        case 10:
            fix_buffer();
            break;
        case 11:
            reg = eat(&in, 2) % (MEMMAP_BUFFER_BYTES - 8);
            rig_poke(rig_buf(&rig) + reg, 1 + (op >> 4 & 7), eat(&in, 8));
            break;
        case 12:
            rig.fail_read = eat(&in, 1) & 3;
            rig.fail_write = op & 0x10;
            rig.fail_constraints = op & 0x20;
            break;
        case 13:
            rig.check_err = eat(&in, 1) % (MEMMAP_E_RESERVED + 1);
            rig.apply_err = eat(&in, 1) % (MEMMAP_E_RESERVED + 1);
            rig.err_index = eat(&in, 2);
            break;
        case 14:
            /* Nobody resets this often; once is enough to be found. */
            if ( op & 0x10 )
                memmap_dm_reset(&rig.dm);
            was = rig.dm;
            break;
        default:
            rig.check_err = rig.apply_err = 0;
            rig.fail_read = 0;
            rig.fail_write = rig.fail_constraints = false;
            break;
        }
        check_step(&was, applies, writes);
    }

    rig.check_err = rig.apply_err = 0;
    rig.fail_read = 0;
    rig.fail_write = rig.fail_constraints = false;
    return 0;
}
