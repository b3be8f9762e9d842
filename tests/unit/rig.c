/* SPDX-License-Identifier: MIT */
#include "rig.h"

#include <string.h>

void rig_poke(uint8_t *p, unsigned int width, uint64_t val)
{
    for ( unsigned int i = 0; i < width; i++ )
        p[i] = val >> (8 * i);
}

uint64_t rig_peek(const uint8_t *p, unsigned int width)
{
    uint64_t val = 0;

    for ( unsigned int i = 0; i < width; i++ )
        val |= (uint64_t)p[i] << (8 * i);
    return val;
}

/* The device model's callbacks. */

static bool in_ram(uint64_t addr, uint32_t bytes)
{
    return addr < RIG_RAM_BYTES && bytes <= RIG_RAM_BYTES - addr;
}

static bool dm_op_read(void *opaque, uint64_t addr, void *dst, uint32_t bytes)
{
    struct rig *rig = opaque;

    rig->reads++;
    if ( rig->fail_read && !--rig->fail_read )
        return false;
    if ( !in_ram(addr, bytes) )
        return false;
    memcpy(dst, rig->ram + addr, bytes);
    for ( uint32_t i = 0; i < bytes; i++ )
        if ( rig->touched[addr + i] != 255 )
            rig->touched[addr + i]++;
    if ( rig->after_read )
        rig->after_read(rig);
    return true;
}

static bool dm_op_write(void *opaque, uint64_t addr, const void *src,
                        uint32_t bytes)
{
    struct rig *rig = opaque;

    rig->writes++;
    if ( rig->fail_write || !in_ram(addr, bytes) )
        return false;
    memcpy(rig->ram + addr, src, bytes);
    return true;
}

static unsigned int dm_op_check(void *opaque, unsigned int cmd,
                                const struct memmap_record *r, uint16_t *index)
{
    struct rig *rig = opaque;

    rig->checks++;
    rig->checked = *r;
    /* Whatever it leaves here counts only with an error. */
    *index = rig->err_index;
    if ( rig->check_cmd && rig->check_cmd != cmd )
        return MEMMAP_OK;
    return rig->check_err;
}

static unsigned int dm_op_apply(void *opaque, const struct memmap_record *r,
                                uint16_t *index)
{
    struct rig *rig = opaque;

    if ( rig->apply_err )
    {
        *index = rig->err_index;
        return rig->apply_err;
    }
    rig->applies++;
    return memmap_layout_copy(&rig->applied, &r->layout) ? MEMMAP_OK
                                                         : MEMMAP_E_APPLY;
}

static bool dm_op_constraints(void *opaque, struct memmap_layout *l)
{
    struct rig *rig = opaque;
    const struct memmap_range owned = {
        .gfn = RIG_OWNED_GFN, .pages = RIG_OWNED_NR,
        .source = MEMMAP_NO_SOURCE, .type = MEMMAP_TYPE_OWNED,
    };

    if ( rig->fail_constraints )
        return false;
    return rig->no_owned || memmap_layout_set(l, &owned);
}

static void dm_op_changed(void *opaque, unsigned int cmd)
{
    struct rig *rig = opaque;

    rig->changes++;
    rig->last_cmd = cmd;
}

static const struct memmap_dm_ops dm_ops = {
    .read = dm_op_read,
    .write = dm_op_write,
    .check = dm_op_check,
    .apply = dm_op_apply,
    .constraints = dm_op_constraints,
    .changed = dm_op_changed,
};

/* The wire. */

static bool gone(struct rig *rig)
{
    return rig->vanish_after >= 0 &&
           rig->wire > (unsigned int)rig->vanish_after;
}

static uint32_t wire_in(void *opaque, unsigned int reg)
{
    struct rig *rig = opaque;
    unsigned int nr = rig->wire++;

    if ( gone(rig) )
        return MEMMAP_REG_ABSENT;
    if ( rig->lie_at >= 0 && nr == (unsigned int)rig->lie_at )
        return rig->lie;
    return memmap_dm_read(&rig->dm, reg);
}

static void wire_out(void *opaque, unsigned int reg, uint32_t val)
{
    struct rig *rig = opaque;

    rig->wire++;
    if ( !gone(rig) )
        memmap_dm_write(&rig->dm, reg, val);
}

static const struct memmap_fw_io fw_io = { .in = wire_in, .out = wire_out };

void rig_init(struct rig *rig)
{
    memset(rig, 0, sizeof(*rig));

    rig->vanish_after = rig->lie_at = -1;
    rig->err_index = MEMMAP_NO_INDEX;
    memmap_layout_init(&rig->applied, rig->storage, MEMMAP_MAX_ENTRIES);

    rig->dm.ops = &dm_ops;
    rig->dm.opaque = rig;
    rig->dm.ram_pages = RIG_RAM_PAGES;
    rig->dm.gfn_limit = RIG_GFN_LIMIT;
    rig->dm.features = MEMMAP_FEAT_PUBLISH | MEMMAP_FEAT_RDM;
    memmap_dm_reset(&rig->dm);

    rig->fw.io = &fw_io;
    rig->fw.opaque = rig;
    rig->fw.buf = rig_buf(rig);
    rig->fw.buf_gfn = RIG_BUF_GFN;
    rig->fw.features = MEMMAP_FEAT_PUBLISH | MEMMAP_FEAT_RDM;
}

void rig_layout(struct memmap_layout *l, struct memmap_range *storage)
{
    const struct memmap_range low = {
        .gfn = 0, .pages = MEMMAP_VGA_GFN, .source = 0,
        .type = MEMMAP_TYPE_RAM,
    }, high = {
        .gfn = MEMMAP_VGA_END, .pages = RIG_LOW_END - MEMMAP_VGA_END,
        .source = MEMMAP_VGA_END, .type = MEMMAP_TYPE_RAM,
    };

    memmap_layout_init(l, storage, MEMMAP_MAX_ENTRIES);
    memmap_layout_set(l, &low);
    memmap_layout_set(l, &high);
}

uint8_t *rig_buf(struct rig *rig)
{
    return rig->ram + (RIG_BUF_GFN << 12);
}

uint32_t rig_put(struct rig *rig, const struct memmap_record *r)
{
    return memmap_pack(r, rig_buf(rig), MEMMAP_BUFFER_BYTES);
}

void rig_seal_crc(uint8_t *buf, uint32_t len)
{
    rig_poke(buf + MEMMAP_HDR_CHECKSUM, 4, 0);
    rig_poke(buf + MEMMAP_HDR_CHECKSUM, 4, memmap_crc32c(0, buf, len));
}

uint32_t rig_cmd(struct rig *rig, unsigned int cmd)
{
    memmap_dm_write(&rig->dm, MEMMAP_REG_DOORBELL,
                    MEMMAP_DOORBELL(cmd, RIG_BUF_GFN));
    return memmap_dm_read(&rig->dm, MEMMAP_REG_DOORBELL);
}

void rig_negotiate(struct rig *rig)
{
    memmap_dm_write(&rig->dm, MEMMAP_REG_OFFER,
                    memmap_dm_read(&rig->dm, MEMMAP_REG_OFFER));
}

void rig_record(struct rig *rig, struct memmap_record *r,
                struct memmap_range *storage)
{
    memset(r, 0, sizeof(*r));
    r->kind = MEMMAP_KIND_LAYOUT;
    r->generation = rig->dm.generation + 1;
    r->gfn_limit = RIG_GFN_LIMIT;
    rig_layout(&r->layout, storage);
}

void rig_reach(struct rig *rig, unsigned int state)
{
    struct memmap_range storage[MEMMAP_MAX_ENTRIES];
    struct memmap_record r;

    if ( state == MEMMAP_ST_OFFERED )
        return;
    rig_negotiate(rig);
    rig_record(rig, &r, storage);
    rig_put(rig, &r);
    if ( state == MEMMAP_ST_PREPARED )
        rig_cmd(rig, MEMMAP_CMD_PREPARE);
    if ( state == MEMMAP_ST_COMMITTED )
        rig_cmd(rig, MEMMAP_CMD_COMMIT);
    if ( state == MEMMAP_ST_SEALED )
        rig_cmd(rig, MEMMAP_CMD_SEAL);
}
