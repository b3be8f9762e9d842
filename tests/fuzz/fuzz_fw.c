/* SPDX-License-Identifier: MIT */
/*
 * The firmware's end against an arbitrary device.
 *
 * The input is the device: it answers each read of a register with anything, and
 * leaves anything in the buffer; or it is the real device model behind a wire that
 * lies now and then.  Firmware promises to end each call in a few accesses, to
 * stay away from a device it has called absent, to take no yes that is none, and
 * to count a generation only when it heard of it.
 */
#include "fuzz.h"

#include "rig.h"

const char *fuzz_input = "input";

static struct feed in;
static struct rig rig;
static unsigned int accesses, lies;
static bool real;
static uint32_t last_doorbell;

static uint32_t port_in(void *opaque, unsigned int reg)
{
    unsigned int how = eat(&in, 1);
    uint32_t val;

    (void)opaque;
    PROMISE(reg % 4 == 0 && reg < MEMMAP_PORT_COUNT);
    accesses++;
    val = memmap_dm_read(&rig.dm, reg);
    if ( real && how < 0xc0 )
        return reg == MEMMAP_REG_DOORBELL ? (last_doorbell = val) : val;
    lies++;
    /* Mostly what the real one would say, or the fuzzer never gets past it. */
    if ( reg != MEMMAP_REG_DOORBELL )
        return how & 1 ? val : eat(&in, 4);
    if ( how & 2 )
        val = MEMMAP_STATUS(how >> 2 & 0xf, MEMMAP_OK, MEMMAP_NO_INDEX);
    else
        val = eat(&in, 4);
    return last_doorbell = val;
}

static void port_out(void *opaque, unsigned int reg, uint32_t val)
{
    uint8_t *buf = rig_buf(&rig);
    uint32_t bytes;
    uint16_t index;

    (void)opaque;
    PROMISE(reg == MEMMAP_REG_OFFER || reg == MEMMAP_REG_DOORBELL);
    accesses++;

    /* What firmware sends is well-formed, whoever listens. */
    if ( reg == MEMMAP_REG_DOORBELL &&
         (MEMMAP_DOORBELL_CMD(val) == MEMMAP_CMD_PREPARE ||
          MEMMAP_DOORBELL_CMD(val) == MEMMAP_CMD_COMMIT) )
    {
        struct memmap_range got[MEMMAP_MAX_ENTRIES];
        struct memmap_record r;

        PROMISE(MEMMAP_DOORBELL_GFN(val) == RIG_BUF_GFN);
        memmap_layout_init(&r.layout, got, MEMMAP_MAX_ENTRIES);
        PROMISE(!memmap_unpack(&r, MEMMAP_KIND_LAYOUT, buf, MEMMAP_BUFFER_BYTES,
                               &index));
        PROMISE(r.generation == rig.fw.generation + 1);
    }
    memmap_dm_write(&rig.dm, reg, val);
    if ( real )
        return;

    /* A device that writes where it was told, but what it likes. */
    for ( unsigned int n = eat(&in, 1) & 7; n; n-- )
        rig_poke(buf + eat(&in, 2) % 256, 1 + (n & 7), eat(&in, 1 + (n & 7)));
    if ( !memmap_peek(buf, &bytes) && (eat(&in, 1) & 1) )
        rig_seal_crc(buf, bytes);
}

static const struct memmap_fw_io io = { .in = port_in, .out = port_out };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct memmap_range storage[MEMMAP_MAX_ENTRIES], answer[8];
    static bool ready;
    unsigned int flags, steps = 0;

    in = (struct feed){ data, len };
    flags = eat(&in, 1);
    if ( !ready )
    {
        rig_init(&rig);
        rig.fw.io = &io;
        ready = true;
    }
    memset(rig_buf(&rig), 0, MEMMAP_BUFFER_BYTES);
    memmap_dm_reset(&rig.dm);
    rig.dm.generation = flags & 2 ? ~0u - 1 : 0;
    rig.fw.features = flags >> 4;
    rig.fw.present = false;
    rig.fw.generation = 0;
    real = flags & 1;
    lies = 0;

    while ( in.len && steps++ < 100 )
    {
        const uint32_t generation = rig.fw.generation;
        const bool present = rig.fw.present;
        unsigned int op = eat(&in, 1) % 6, err, before;
        struct memmap_record r = { 0 };

        accesses = 0;
        before = rig.applies;
        switch ( op )
        {
        case 0:
            err = memmap_fw_probe(&rig.fw);
            PROMISE(err == MEMMAP_OK || err == MEMMAP_E_ABSENT);
            PROMISE(rig.fw.present == !err);
            PROMISE(!(rig.fw.agreed & ~rig.fw.features));
            PROMISE(rig.fw.generation == 0 && accesses <= 3);
            continue;
        case 1:
            memmap_layout_init(&r.layout, answer, sizeof(answer) /
                                                  sizeof(answer[0]));
            err = memmap_fw_query(&rig.fw, &r);
            PROMISE(r.layout.nr <= r.layout.max);
            PROMISE(err || (r.kind == MEMMAP_KIND_CONSTRAINTS &&
                            rig.fw.generation == r.generation));
            PROMISE(!err || rig.fw.generation == generation);
            break;
        case 2: case 3: case 4:
            rig_record(&rig, &r, storage);
            if ( op == 4 )
                memmap_layout_move(&r.layout, RIG_LOW_END - 0x100, eat(&in, 4),
                                   0x100);
            r.gfn_limit = ~0ull;
            err = op == 2 ? memmap_fw_prepare(&rig.fw, &r)
                          : memmap_fw_commit(&rig.fw, &r);
            PROMISE(rig.fw.generation == generation + (op != 2 && !err));
            if ( !err )
                PROMISE(MEMMAP_STATUS_STATE(last_doorbell) ==
                        (op == 2 ? MEMMAP_ST_PREPARED : MEMMAP_ST_COMMITTED) &&
                        !MEMMAP_STATUS_ERROR(last_doorbell));
            /* With an honest wire both sides know the same. */
            if ( real && !lies )
                PROMISE(rig.applies == before + (op != 2 && !err));
            break;
        default:
            err = memmap_fw_seal(&rig.fw);
            PROMISE(err || MEMMAP_STATUS_STATE(last_doorbell) ==
                           MEMMAP_ST_SEALED);
            PROMISE(rig.fw.generation == generation);
            break;
        }
        PROMISE(accesses <= 2);
        PROMISE(present || (err == MEMMAP_E_ABSENT && !accesses &&
                            !rig.fw.present));
        PROMISE(err != MEMMAP_E_ABSENT || !rig.fw.present);
        PROMISE(err || rig.fw.index == MEMMAP_NO_INDEX);
    }
    return 0;
}
