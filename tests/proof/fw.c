/* SPDX-License-Identifier: MIT */
/*
 * Firmware's end, against a device that answers each read with anything: all ones, lies,
 * another state, a record of rubbish.  No call has a loop that an answer could prolong,
 * which is what the unwinding assertion says of a bound of 1.
 */
#include "fw.h"
#include "proof.h"

static struct memmap_fw fw;
static uint8_t buf[MEMMAP_BUFFER_BYTES];

static struct {
    unsigned int in, out, packed, unpacks;
    uint32_t reg, val;      /* of the last write */
    uint32_t first, answer; /* the last one */
    bool answered;          /* DOORBELL, after the last write */
} saw;

static struct memmap_range storage[1];
static bool unpacked;
static uint32_t constraints_generation;
static uint16_t unpacked_index;

/* Before the call. */
static struct memmap_fw was;

static uint32_t any_in(void *opaque, unsigned int reg)
{
    saw.answer = nondet_u32();
    if ( !saw.in++ )
        saw.first = saw.answer;
    saw.answered = reg == 8;
    return saw.answer;
}

static void any_out(void *opaque, unsigned int reg, uint32_t val)
{
    saw.out++;
    saw.reg = reg;
    saw.val = val;
    saw.answered = false;
}

uint32_t memmap_pack(const struct memmap_record *r, uint8_t *to, uint32_t len)
{
    prove(to == buf && len == sizeof(buf), "section 3: the buffer, all of it");
    prove(r->kind == MEMMAP_KIND_LAYOUT && r->generation == fw.generation + 1,
          "section 6: the successor");
    saw.packed++;
    return nondet_bool() ? MEMMAP_HDR_BYTES : 0;
}

static unsigned int unpack(struct memmap_record *r, const uint8_t *from, uint32_t len,
                           uint16_t *index)
{
    struct memmap_layout l = r->layout;

    prove(from == buf && len == sizeof(buf), "section 3: the buffer, all of it");
    saw.unpacks++;
    *r = nondet_record();
    r->layout = l;
    *index = unpacked_index = nondet_u16();
    constraints_generation = r->generation;
    unpacked = nondet_bool();
    return unpacked ? MEMMAP_OK : MEMMAP_E_CHECKSUM;
}

unsigned int memmap_unpack(struct memmap_record *r, unsigned int kind,
                           const uint8_t *from, uint32_t len, uint16_t *index)
{
    unsigned int rc = unpack(r, from, len, index);

    if ( !rc )
        assume(r->kind == kind);
    return rc;
}

static void any_fw(struct memmap_fw_io *io)
{
    io->in = any_in;
    io->out = any_out;
    fw.io = io;
    fw.buf = buf;
    fw.buf_gfn = nondet_u32();
    assume(fw.buf_gfn <= 0x9d);
    fw.features = nondet_u16();
    fw.present = nondet_bool();
    fw.agreed = nondet_u16();
    fw.generation = nondet_u32();
    fw.index = nondet_u16();
    fw.state = nondet_u8();
    fw.accesses = nondet_u32();
    was = fw;
}

/* Where a device was asked; who is to blame is what it said, or nobody. */
static void told(unsigned int rc, bool entry)
{
    prove(fw.accesses - was.accesses == saw.in + saw.out, "section 1: accesses are counted");
    prove(!was.present || fw.index == (rc && entry ? saw.answer >> 16 : 0xffff),
          "section 3: the entry to blame, beside an error only");
}

/* A device's success: no error, and the state that section 6 has for the command. */
static bool yes(unsigned int state)
{
    return saw.answered && !(saw.answer & 0xff) && (saw.answer >> 8 & 0xf) == state;
}

void prove_probe(void)
{
    struct memmap_fw_io io;
    unsigned int rc;

    any_fw(&io);
    rc = memmap_fw_probe(&fw);

    prove(rc == MEMMAP_OK || rc == MEMMAP_E_ABSENT, "a device, or none");
    prove(rc || saw.first == 0x70614d58, "section 3: SIGNATURE");
    prove(fw.present == !rc, "no device without a signature and a version it knows");
    prove(saw.in <= 2 && saw.out == !rc && fw.accesses == saw.in + saw.out,
          "section 1: accesses; nothing is written where no device is");
    prove(rc || (saw.reg == 4 && saw.val == (0x01000000 | fw.agreed) &&
                 !(fw.agreed & ~fw.features) && !(fw.agreed & ~saw.answer) &&
                 saw.answer >> 24 == 1),
          "section 3: what is chosen was offered, and is known");
    prove(!fw.generation && fw.index == MEMMAP_NO_INDEX, "as built");
    prove(!rc || !fw.agreed, "nothing is agreed with nobody");
    prove(rc || fw.state == 1, "section 6: NEGOTIATED");
}

void prove_query(void)
{
    struct memmap_fw_io io;
    struct memmap_record r;
    uint32_t generation;
    bool present;
    unsigned int rc;

    any_fw(&io);
    r.layout.range = storage;
    r.layout.nr = 0;
    r.layout.max = 1;
    generation = fw.generation;
    present = fw.present;
    rc = memmap_fw_query(&fw, &r);

    prove(present || (rc == MEMMAP_E_ABSENT && !saw.in && !saw.out), "nobody is asked twice");
    prove(saw.in <= 1 && saw.out <= 1, "section 1: accesses");
    prove(rc || (saw.reg == 8 && saw.val == (fw.buf_gfn << 8 | 1) && saw.answered &&
                 !(saw.answer & 0xff) && unpacked && r.kind == MEMMAP_KIND_CONSTRAINTS),
          "section 3: an answer is one, and CONSTRAINTS");
    prove(fw.generation == (rc ? generation : constraints_generation),
          "section 4: the generation in force, if it was told");
    prove(rc == MEMMAP_E_ABSENT ? !fw.present : fw.present == present,
          "silence ends the conversation");
    if ( unpacked || !saw.unpacks )
        told(rc, false);
    else
        prove(fw.index == unpacked_index, "section 5: the entry of the answer that is wrong");
    prove(fw.state == was.state, "section 6: QUERY leads to where it began");
    prove(rc || (saw.answer >> 8 & 0xf) == was.state, "section 2: and a yes says so");
}

static void submit(unsigned int cmd, unsigned int state)
{
    struct memmap_fw_io io;
    struct memmap_record r = nondet_record();
    uint32_t generation;
    bool present;
    unsigned int rc;

    any_fw(&io);
    generation = fw.generation;
    present = fw.present;
    rc = cmd == 2 ? memmap_fw_prepare(&fw, &r) : memmap_fw_commit(&fw, &r);

    prove(present || (rc == MEMMAP_E_ABSENT && !saw.in && !saw.out), "nobody is asked twice");
    prove(saw.in <= 1 && saw.out == saw.in, "section 1: accesses");
    prove(rc || (present && saw.packed == 1 && saw.reg == 8 &&
                 saw.val == (fw.buf_gfn << 8 | cmd) && yes(state)),
          "section 2: a yes is the device's own, to this command, in the state it leads to");
    prove(rc == MEMMAP_E_ABSENT ? !fw.present : fw.present == present,
          "silence, and what is not of the protocol, ends the conversation");
    prove(fw.generation == generation + (!rc && cmd == 3),
          "section 6: a COMMIT that was accepted is the next generation");
    prove(fw.state == (rc ? was.state : state), "section 6: states");
    told(rc, saw.in);
}

void prove_prepare(void)
{
    submit(2, 2);
}

void prove_commit(void)
{
    submit(3, 3);
}

void prove_seal(void)
{
    struct memmap_fw_io io;
    bool present;
    unsigned int rc;

    any_fw(&io);
    present = fw.present;
    rc = memmap_fw_seal(&fw);

    prove(present || (rc == MEMMAP_E_ABSENT && !saw.in && !saw.out), "nobody is asked twice");
    prove(saw.in <= 1 && saw.out == saw.in, "section 1: accesses");
    prove(rc || (saw.reg == 8 && (saw.val & 0xff) == 4 && yes(4)), "section 3: SEAL");
    prove(fw.state == (rc ? was.state : 4), "section 6: states");
    told(rc, saw.in);
}
