/* SPDX-License-Identifier: MIT */
/*
 * The device model's end: from any state it is in, one access of any guest's, and any
 * answer of what the device model does for it.  What holds of one access from any state
 * holds of every conversation.
 *
 * The codec is not here: memmap_unpack() may say anything that codec.c proves of it, and
 * the copy that it is given need not be that record's bytes.
 */
#include "dm.h"
#include "proof.h"

#ifndef OWNED
#define OWNED 1
#endif

static struct memmap_dm dm;
/* What was asked of the device model by one access, and what there was before it. */
static struct {
    unsigned int read, write, check, apply, unpack, constraints, changed;
    uint8_t state;
    uint32_t generation, cmd, gfn;
    uint32_t copied, length, packed;    /* bytes */
    bool checked, applied, unknown;     /* unknown: what it owns */
    /* The last refusal of those that are asked, and whom they blame; 0: none. */
    unsigned int refused;
    uint16_t blamed;
    struct memmap_layout owned;
    struct memmap_record record;
} saw;

static struct memmap_range any_owned[OWNED], entries[ENTRIES];

static unsigned int refuse(unsigned int rc, uint16_t index)
{
    if ( rc )
    {
        saw.refused = rc;
        saw.blamed = index;
    }
    return rc;
}

/* The codec's contracts. */

unsigned int memmap_peek(const uint8_t *buf, uint32_t *bytes)
{
    prove(buf == dm.buf && saw.read == 1, "section 2: only the copy is looked at");
    *bytes = saw.length = nondet_u32();
    assume(*bytes >= MEMMAP_HDR_BYTES && *bytes <= MEMMAP_BUFFER_BYTES);
    return refuse(nondet_bool() ? MEMMAP_OK : MEMMAP_E_LENGTH, MEMMAP_NO_INDEX);
}

static unsigned int unpack(struct memmap_record *r, const uint8_t *buf, uint32_t len,
                           uint16_t *index)
{
    struct memmap_layout l = r->layout;
    unsigned int i;

    prove(buf == dm.buf && saw.read == 1, "section 2: only the copy is looked at");
    prove(len == saw.length && len <= saw.copied, "DM-1: all of it is this copy");
    prove(!saw.unpack++, "section 2: and once");
    *r = saw.record;
    r->layout = l;
    r->layout.nr = saw.record.layout.nr;
    for ( i = 0; i < ENTRIES && i < r->layout.nr; i++ )
        r->layout.range[i] = entries[i];
    *index = nondet_u16();
    if ( nondet_bool() )
    {
        unsigned int rc = nondet_u32();

        assume((rc > MEMMAP_E_BUFFER && rc < MEMMAP_E_GENERATION) ||
               rc == MEMMAP_E_RESERVED);
        return refuse(rc, *index);
    }
    *index = MEMMAP_NO_INDEX;
    assume(well_formed(&saw.record));
    return MEMMAP_OK;
}

unsigned int memmap_unpack(struct memmap_record *r, unsigned int kind,
                           const uint8_t *buf, uint32_t len, uint16_t *index)
{
    assume(kind == MEMMAP_KIND_ANY || saw.record.kind == kind);
    return unpack(r, buf, len, index);
}

uint32_t memmap_pack(const struct memmap_record *r, uint8_t *buf, uint32_t len)
{
    uint32_t bytes = memmap_record_bytes(r->layout.nr);

    prove(buf == dm.buf && len <= sizeof(dm.buf), "the buffer is its own");
    prove(r->kind == MEMMAP_KIND_CONSTRAINTS && r->generation == saw.generation &&
          r->gfn_limit == dm.gfn_limit, "section 4: CONSTRAINTS");
    saw.packed = r->layout.nr <= MEMMAP_MAX_ENTRIES && bytes <= len ? bytes : 0;
    return saw.packed;
}

/* The clauses that need the guest, of the record that is to be applied. */

static bool low_ok(uint64_t gfn, struct said s)
{
    if ( gfn < 0xa0 || (gfn >= 0xc0 && gfn < 0x100) )
        return s.type == MEMMAP_TYPE_RAM && s.source == gfn;

    return gfn >= 0xc0 || s.type != MEMMAP_TYPE_RAM;
}

/* Row 30, of a record whose entries do not overlap: by counting, not by looking for gaps. */
static uint64_t pages_within(const struct memmap_range *r, uint64_t gfn, uint64_t end)
{
    uint64_t from = r->gfn > gfn ? r->gfn : gfn;
    uint64_t to = r->gfn + r->pages < end ? r->gfn + r->pages : end;

    return from < to ? to - from : 0;
}

static bool fixed(const struct memmap_layout *l)
{
    uint64_t low = 0, vga = 0, bios = 0;
    unsigned int i;

    for ( i = 0; i < l->nr; i++ )
    {
        const struct memmap_range *r = &l->range[i];

        if ( r->type != MEMMAP_TYPE_RAM )
            continue;
        if ( r->gfn < 0x100 && r->source != r->gfn )
            return false;
        low += pages_within(r, 0, 0xa0);
        vga += pages_within(r, 0xa0, 0xc0);
        bios += pages_within(r, 0xc0, 0x100);
    }
    return low == 0xa0 && !vga && bios == 0x40;
}

static void clauses(const struct memmap_record *r, bool command)
{
    uint64_t gfn = nondet_u64();
    struct said is = ask(&r->layout, gfn), owned = ask(&saw.owned, gfn);
    unsigned int i = nondet_u32();

    prove(r->kind == MEMMAP_KIND_LAYOUT, "section 5: KIND");
    prove(low_ok(gfn, is), "section 4: RAM below 1 MiB is where it always is");
    prove(is.type != MEMMAP_TYPE_RAM || gfn < dm.gfn_limit,
          "section 5: RAM is below the device model's gfn limit");
    prove(owned.type != MEMMAP_TYPE_OWNED || is.type != MEMMAP_TYPE_RAM,
          "section 5: no RAM over the device model's own memory");
    prove(!command || owned.type != MEMMAP_TYPE_OWNED || is.type != MEMMAP_TYPE_MMIO,
          "section 5: no BARs over the device model's own memory");
    prove(i >= r->layout.nr || r->layout.range[i].type != MEMMAP_TYPE_OWNED,
          "section 4: OWNED is in CONSTRAINTS only");
    prove(r->flags & MEMMAP_RF_RAM_SHRUNK ? ram(&r->layout) < dm.ram_pages
                                          : ram(&r->layout) == dm.ram_pages,
          "section 4: all RAM, or less with RAM_SHRUNK");
}

/* What the device model does for the machine: anything that it may. */

static bool inside(uint64_t addr, uint64_t bytes)
{
    return !(addr & 0xfff) && addr == (uint64_t)saw.gfn << 12 &&
           bytes <= 12288 && addr <= 0xa0000 - 12288;
}

static bool do_read(void *opaque, uint64_t addr, void *dst, uint32_t bytes)
{
    prove(inside(addr, bytes), "section 3: the buffer is RAM below 640 KiB");
    prove(dst == dm.buf && bytes <= sizeof(dm.buf), "the buffer is its own");
    prove(!saw.read++, "section 2: a record is copied once");
    saw.copied = bytes;
    return !refuse(nondet_bool() ? MEMMAP_OK : MEMMAP_E_BUFFER, MEMMAP_NO_INDEX);
}

static bool do_write(void *opaque, uint64_t addr, const void *src, uint32_t bytes)
{
    prove(inside(addr, bytes), "section 3: the buffer is RAM below 640 KiB");
    prove(src == dm.buf, "the buffer is its own");
    prove(saw.cmd == MEMMAP_CMD_QUERY && !saw.write++, "section 3: QUERY alone writes");
    prove(bytes && bytes == saw.packed, "DM-11: the answer, and no more");
    return !refuse(nondet_bool() ? MEMMAP_OK : MEMMAP_E_BUFFER, MEMMAP_NO_INDEX);
}

static unsigned int any_error(void)
{
    unsigned int rc = nondet_u32();

    assume(rc == MEMMAP_OK || rc == MEMMAP_E_BUSY || rc == MEMMAP_E_APPLY ||
           rc == MEMMAP_E_RDM);
    return rc;
}

static void asked(const struct memmap_record *r)
{
    prove(saw.state == MEMMAP_ST_NEGOTIATED || saw.state == MEMMAP_ST_PREPARED ||
          saw.state == MEMMAP_ST_COMMITTED, "section 6: states");
    prove(saw.generation != UINT32_MAX && r->generation == saw.generation + 1,
          "section 6: generations");
    clauses(r, true);
}

static unsigned int do_check(void *opaque, unsigned int cmd,
                             const struct memmap_record *r, uint16_t *index)
{
    unsigned int rc = any_error();

    prove(cmd == saw.cmd && (cmd == MEMMAP_CMD_PREPARE || cmd == MEMMAP_CMD_COMMIT),
          "section 3: commands");
    prove(!saw.check++, "asked once");
    asked(r);
    saw.checked = !rc;
    *index = nondet_u16();
    return refuse(rc, *index);
}

static unsigned int do_apply(void *opaque, const struct memmap_record *r,
                             uint16_t *index)
{
    unsigned int rc = any_error();

    prove(saw.cmd == MEMMAP_CMD_COMMIT, "section 3: only COMMIT makes a layout");
    prove(saw.checked && !saw.apply++, "section 2: after every check, once");
    asked(r);
    saw.applied = !rc;
    *index = nondet_u16();
    return refuse(rc, *index);
}

static bool do_constraints(void *opaque, struct memmap_layout *l)
{
    unsigned int i;

    prove(l->range == dm.owned && !l->nr && l->max == MEMMAP_MAX_ENTRIES,
          "the table is its own, all of it");
    saw.constraints++;
    for ( i = 0; i < OWNED && i < saw.owned.nr; i++ )
        l->range[i] = any_owned[i];
    l->nr = saw.owned.nr;
    saw.unknown = nondet_bool();
    return !saw.unknown;
}

static void do_changed(void *opaque, unsigned int cmd)
{
    prove(cmd == saw.cmd && !saw.changed++, "people are told, once");
}

/* A device model in any state, with any record on its way. */
static void any_dm(struct memmap_dm_ops *ops)
{
    ops->read = do_read;
    ops->write = do_write;
    ops->check = do_check;
    ops->apply = do_apply;
    ops->constraints = nondet_bool() ? do_constraints : NULL;
    ops->changed = nondet_bool() ? do_changed : NULL;
    dm.ops = ops;
    dm.ram_pages = nondet_u64();
    dm.gfn_limit = nondet_u64();
    dm.features = nondet_u16();
    dm.generation = nondet_u32();
    dm.accepted = nondet_u32();
    dm.state = nondet_u8();
    dm.error = nondet_u8();
    dm.index = nondet_u16();
    assume(dm.state <= MEMMAP_ST_SEALED);

    saw.state = dm.state;
    saw.generation = dm.generation;
    any_layout(&saw.owned, any_owned, OWNED, OWNED);
    assume(sorted(&saw.owned));
    if ( !ops->constraints )
        saw.owned.nr = 0;
    saw.record = nondet_record();
    any_layout(&saw.record.layout, entries, ENTRIES, ENTRIES);
#ifdef LOW
    /* Without these two, which leave nothing to choose but flags, none is accepted. */
    assume(saw.record.layout.nr >= 2);
    assume(entries[0].type == MEMMAP_TYPE_RAM && !entries[0].gfn &&
           entries[0].pages == 0xa0 && !entries[0].source);
    assume(entries[1].type == MEMMAP_TYPE_RAM && entries[1].gfn == 0xc0 &&
           entries[1].pages >= 0x40 && entries[1].source == 0xc0);
#endif
}

/* The row and the column of section 6's table; what no command leads to is 0xff. */
static uint8_t next(uint8_t state, bool offer, unsigned int cmd)
{
    if ( offer )
        return state == MEMMAP_ST_OFFERED ? MEMMAP_ST_NEGOTIATED : 0xff;
    if ( state == MEMMAP_ST_OFFERED || state == MEMMAP_ST_SEALED )
        return 0xff;
    switch ( cmd )
    {
    case 1: return state;
    case 2: return MEMMAP_ST_PREPARED;
    case 3: return MEMMAP_ST_COMMITTED;
    case 4: return MEMMAP_ST_SEALED;
    }
    return 0xff;
}

/* Rows 28 to 32. */
static bool of_validate(unsigned int err)
{
    return err == MEMMAP_E_RANGE || err == MEMMAP_E_OWNED || err == MEMMAP_E_FIXED ||
           err == MEMMAP_E_RAM_SUM || err == MEMMAP_E_APPLY;
}

/* Section 5: the errors that an entry can be to blame for. */
static bool can_blame(unsigned int err)
{
    return err == MEMMAP_E_TYPE || err == MEMMAP_E_EMPTY || err == MEMMAP_E_RANGE ||
           err == MEMMAP_E_ORDER || err == MEMMAP_E_OWNED || err == MEMMAP_E_BUSY ||
           err == MEMMAP_E_APPLY || err == MEMMAP_E_RESERVED || err == MEMMAP_E_RDM;
}

/* Of a command or choice that failed: rows 1 to 6, those who were asked, row 33; no other
 * reason but validate()'s, which prove_validate() has. */
static void why_refused(bool offer, uint32_t val, uint8_t led)
{
    unsigned int err = dm.error;
    bool chosen = val >> 24 == 1 && !(val >> 16 & 0xff) && !(val & 0xffff & ~dm.features);
    bool low = saw.gfn <= 0x9d;

    if ( !offer && (!saw.cmd || saw.cmd > 4) )
        prove(err == MEMMAP_E_COMMAND, "row 1");
    else if ( led == 0xff )
        prove(err == MEMMAP_E_STATE, "row 2, and a choice in another state");
    else if ( offer )
        prove(err == MEMMAP_E_NEGOTIATE && !chosen, "section 3: what was not offered");
    else
    {
        prove(saw.cmd != MEMMAP_CMD_SEAL, "row 3: SEAL does not fail");
        if ( !low )
            prove(err == MEMMAP_E_BUFFER && dm.index == MEMMAP_NO_INDEX, "row 4");
        else if ( saw.refused )
            prove(err == saw.refused && dm.index == saw.blamed,
                  "section 5: what was said, and of whom");
        else if ( saw.cmd == MEMMAP_CMD_QUERY )
            prove(err == MEMMAP_E_APPLY && (saw.unknown || !saw.packed), "row 5");
        else
        {
            prove(of_validate(err) || err == MEMMAP_E_GENERATION,
                  "section 5: rows 28 to 33");
            prove(err != MEMMAP_E_GENERATION || saw.generation == UINT32_MAX ||
                  saw.record.generation != saw.generation + 1, "row 33: if it is so");
            prove(err != MEMMAP_E_FIXED || !fixed(&saw.record.layout), "row 30: if it is so");
            prove(err != MEMMAP_E_APPLY || saw.unknown, "row 32: if it is so");
        }
    }
}

void prove_write(void)
{
    struct memmap_dm_ops ops;
    unsigned int reg = nondet_u32();
    uint32_t val = nondet_u32(), accepted, status;
    uint8_t led;
    bool offer = reg == 4, doorbell = reg == 8;

    any_dm(&ops);
    accepted = dm.accepted;
    status = memmap_dm_read(&dm, 8);
    saw.cmd = doorbell ? val & 0xff : 0;
    saw.gfn = val >> 8;

    memmap_dm_write(&dm, reg, val);

    if ( !offer && !doorbell )
    {
        prove(memmap_dm_read(&dm, 8) == status && !saw.changed && dm.state == saw.state &&
              dm.generation == saw.generation && dm.accepted == accepted,
              "section 3: other registers are not written to");
        return;
    }
    led = next(saw.state, offer, saw.cmd);
    prove(!ops.changed || saw.changed == 1, "people are told");
    prove(dm.error <= MEMMAP_E_RDM, "section 2: every refusal has a number of section 5");
    if ( dm.error )
    {
        prove(dm.state == saw.state && dm.generation == saw.generation &&
              dm.accepted == accepted && !saw.applied,
              "section 6: a command that fails changes its status only");
        why_refused(offer, val, led);
    }
    else
    {
        prove(!saw.refused, "who was asked said yes");
        prove(led != 0xff && dm.state == led, "section 6: states");
        prove(dm.generation == saw.generation + (doorbell && saw.cmd == 3),
              "section 6: the successor, by COMMIT alone");
        prove(saw.applied == (doorbell && saw.cmd == 3), "section 3: COMMIT is applied");
        prove(saw.checked == (doorbell && (saw.cmd == 2 || saw.cmd == 3)),
              "section 2: a yes has been asked for");
        prove(dm.accepted == (offer ? val : accepted), "what was chosen");
        prove(!offer || (val >> 24 == 1 && !(val >> 16 & 0xff) &&
                         !(val & 0xffff & ~dm.features)),
              "section 3: what was chosen is what was offered");
        prove(dm.index == MEMMAP_NO_INDEX, "nobody is to blame");
    }
    prove(led != 0xff || (!saw.read && !saw.write && !saw.check && !saw.constraints),
          "section 6: a command out of turn touches nothing");
    prove(dm.generation >= saw.generation, "generations never repeat");
    prove(saw.state != MEMMAP_ST_SEALED || dm.state == MEMMAP_ST_SEALED,
          "section 6: what is sealed stays sealed");
}

/* Registers: what is read, and that reading changes nothing. */
void prove_read(void)
{
    struct memmap_dm_ops ops;
    unsigned int reg = nondet_u32();
    uint8_t error, state;
    uint16_t index;
    uint32_t val;

    any_dm(&ops);
    error = dm.error;
    state = dm.state;
    index = dm.index;

    val = memmap_dm_read(&dm, reg);
    prove(val == (reg == 0 ? 0x70614d58 : reg == 4 ? 0x01000000 | dm.features :
                  reg == 8 ? (uint32_t)index << 16 | (uint32_t)state << 8 | error :
                  reg == 12 ? saw.generation : 0xffffffff), "section 3: registers");
    prove(dm.state == state && dm.error == error && dm.index == index &&
          dm.generation == saw.generation, "reading changes nothing");
}

/* Power on: nothing that the guest's p2m is in is forgotten. */
void prove_reset(void)
{
    struct memmap_dm_ops ops;

    any_dm(&ops);
    memmap_dm_reset(&dm);
    prove(dm.state == MEMMAP_ST_OFFERED && !dm.accepted && !dm.error &&
          dm.index == MEMMAP_NO_INDEX, "section 6: OFFERED");
    prove(dm.generation == saw.generation, "section 6: the layout stays");
}

/* What arrives in migration data: the clauses, all of them and no other. */
void prove_validate(void)
{
    struct memmap_dm_ops ops;
    uint16_t index = nondet_u16();
    unsigned int rc;

    any_dm(&ops);
    assume(well_formed(&saw.record));
    assume(saw.record.kind == MEMMAP_KIND_LAYOUT);
    rc = memmap_dm_validate(&dm, &saw.record, &index);
    if ( !rc )
        clauses(&saw.record, false);
    prove(!rc || of_validate(rc), "section 5: rows 28 to 32");
    prove((rc || fixed(&saw.record.layout)) &&
          (rc != MEMMAP_E_FIXED || !fixed(&saw.record.layout)), "row 30: if, and only if");
    prove((rc || !saw.unknown) && (rc != MEMMAP_E_APPLY || saw.unknown),
          "row 32: if, and only if");
    prove(index == MEMMAP_NO_INDEX || (can_blame(rc) && index < saw.record.layout.nr),
          "section 5: an entry is to blame where the table says so");
    if ( rc == MEMMAP_E_RANGE || rc == MEMMAP_E_OWNED )
    {
        const struct memmap_range *e = &saw.record.layout.range[index];
        const struct memmap_range *o = &any_owned[0];

        prove(e->type == MEMMAP_TYPE_RAM, "section 2, DM-21: only RAM, what is in force may");
        prove(rc == MEMMAP_E_OWNED
              ? saw.owned.nr && o->type == MEMMAP_TYPE_OWNED &&
                o->gfn < e->gfn + e->pages && e->gfn < o->gfn + o->pages
              : e->gfn + e->pages > dm.gfn_limit, "section 5: and only if it is so");
    }
    prove(rc != MEMMAP_E_RAM_SUM ||
          (saw.record.flags & MEMMAP_RF_RAM_SHRUNK ? ram(&saw.record.layout) >= dm.ram_pages
           : ram(&saw.record.layout) != dm.ram_pages), "section 5: so of the sum");
    prove(dm.state == saw.state && dm.generation == saw.generation, "it changes nothing");
}

/* Not proofs: each must have its counterexample, or the proofs above speak of nothing. */
void reach_applied(void)
{
    struct memmap_dm_ops ops;

    any_dm(&ops);
    saw.cmd = MEMMAP_CMD_COMMIT;
    memmap_dm_write(&dm, 8, MEMMAP_CMD_COMMIT);
    prove(!saw.applied, "no record is applied");
}

#if ENTRIES > 2
void reach_three(void)
{
    struct memmap_dm_ops ops;

    any_dm(&ops);
    saw.cmd = MEMMAP_CMD_COMMIT;
    memmap_dm_write(&dm, 8, MEMMAP_CMD_COMMIT);
    prove(!saw.applied || saw.record.layout.nr < 3 ||
          entries[2].type != MEMMAP_TYPE_MMIO || !saw.owned.nr, "none with BARs is applied");
}
#endif
