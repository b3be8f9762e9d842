/* SPDX-License-Identifier: MIT */
#include "dm.h"

void memmap_dm_reset(struct memmap_dm *dm)
{
    dm->state = MEMMAP_ST_OFFERED;
    dm->accepted = 0;
    dm->error = MEMMAP_OK;
    dm->index = MEMMAP_NO_INDEX;
}

uint32_t memmap_dm_read(struct memmap_dm *dm, unsigned int reg)
{
    switch ( reg )
    {
    case MEMMAP_REG_SIGNATURE:
        return MEMMAP_SIGNATURE;
    case MEMMAP_REG_OFFER:
        return MEMMAP_OFFER(MEMMAP_VERSION_MAJOR, MEMMAP_VERSION_MINOR,
                            dm->features);
    case MEMMAP_REG_DOORBELL:
        return MEMMAP_STATUS(dm->state, dm->error, dm->index);
    case MEMMAP_REG_GENERATION:
        return dm->generation;
    }

    return MEMMAP_REG_ABSENT;
}

static unsigned int choose(struct memmap_dm *dm, uint32_t val)
{
    if ( dm->state != MEMMAP_ST_OFFERED )
        return MEMMAP_E_STATE;
    if ( MEMMAP_OFFER_MAJOR(val) != MEMMAP_VERSION_MAJOR ||
         MEMMAP_OFFER_MINOR(val) > MEMMAP_VERSION_MINOR ||
         (MEMMAP_OFFER_FEATURES(val) & ~dm->features) )
        return MEMMAP_E_NEGOTIATE;

    dm->accepted = val;
    dm->state = MEMMAP_ST_NEGOTIATED;
    return MEMMAP_OK;
}

static bool constraints(struct memmap_dm *dm, struct memmap_layout *l)
{
    memmap_layout_init(l, dm->owned, MEMMAP_MAX_ENTRIES);
    return !dm->ops->constraints || dm->ops->constraints(dm->opaque, l);
}

/* Below 1 MiB the layout is what every PC has, and stays. */
static bool fixed_ok(const struct memmap_layout *l)
{
    unsigned int i;

    for ( i = 0; i < l->nr && l->range[i].gfn < MEMMAP_FIXED_END; i++ )
    {
        const struct memmap_range *r = &l->range[i];

        if ( r->type == MEMMAP_TYPE_RAM && r->source != r->gfn )
            return false;
    }

    return memmap_layout_covers(l, MEMMAP_TYPE_RAM, 0, MEMMAP_VGA_GFN) &&
           memmap_layout_covers(l, MEMMAP_TYPE_RAM, MEMMAP_VGA_END,
                                MEMMAP_FIXED_END - MEMMAP_VGA_END) &&
           !memmap_layout_overlaps(l, MEMMAP_TYPE_RAM, MEMMAP_VGA_GFN,
                                   MEMMAP_VGA_END - MEMMAP_VGA_GFN);
}

static unsigned int validate(struct memmap_dm *dm,
                             const struct memmap_record *r, bool in_force,
                             uint16_t *index)
{
    struct memmap_layout owned;
    bool known = constraints(dm, &owned);
    unsigned int i;

    for ( i = 0; i < r->layout.nr; i++ )
    {
        const struct memmap_range *e = &r->layout.range[i];

        *index = i;
        if ( e->type != MEMMAP_TYPE_RAM &&
             (e->type != MEMMAP_TYPE_MMIO || in_force) )
            continue;
        if ( e->type == MEMMAP_TYPE_RAM && memmap_range_end(e) > dm->gfn_limit )
            return MEMMAP_E_RANGE;
        if ( known && memmap_layout_overlaps(&owned, MEMMAP_TYPE_OWNED, e->gfn,
                                             e->pages) )
            return MEMMAP_E_OWNED;
    }

    *index = MEMMAP_NO_INDEX;
    if ( !fixed_ok(&r->layout) )
        return MEMMAP_E_FIXED;
    if ( r->flags & MEMMAP_RF_RAM_SHRUNK ? r->ram_pages >= dm->ram_pages
                                         : r->ram_pages != dm->ram_pages )
        return MEMMAP_E_RAM_SUM;

    /*
     * What is wrong with the record comes first: firmware can do better there.
     */
    return known ? MEMMAP_OK : MEMMAP_E_APPLY;
}

unsigned int memmap_dm_validate(struct memmap_dm *dm,
                                const struct memmap_record *r, uint16_t *index)
{
    return validate(dm, r, true, index);
}

/* Copy the buffer once; what is there after that is of no account. */
static unsigned int fetch(struct memmap_dm *dm, uint32_t gfn,
                          struct memmap_record *r, uint16_t *index)
{
    uint64_t addr = (uint64_t)gfn << 12;
    uint32_t bytes;
    unsigned int rc;

    /* All of it: guest memory takes longer to map than to copy. */
    if ( !dm->ops->read(dm->opaque, addr, dm->buf, MEMMAP_BUFFER_BYTES) )
        return MEMMAP_E_BUFFER;
    rc = memmap_peek(dm->buf, &bytes);
    if ( rc )
        return rc;

    memmap_layout_init(&r->layout, dm->range, MEMMAP_MAX_ENTRIES);
    return memmap_unpack(r, MEMMAP_KIND_LAYOUT, dm->buf, bytes, index);
}

static unsigned int query(struct memmap_dm *dm, uint32_t gfn)
{
    struct memmap_record r = {
        .kind = MEMMAP_KIND_CONSTRAINTS,
        .generation = dm->generation,
        .gfn_limit = dm->gfn_limit,
    };
    uint32_t bytes;

    if ( !constraints(dm, &r.layout) )
        return MEMMAP_E_APPLY;
    bytes = memmap_pack(&r, dm->buf, sizeof(dm->buf));
    if ( !bytes )
        return MEMMAP_E_APPLY;

    return dm->ops->write(dm->opaque, (uint64_t)gfn << 12, dm->buf, bytes)
           ? MEMMAP_OK : MEMMAP_E_BUFFER;
}

static unsigned int layout_cmd(struct memmap_dm *dm, unsigned int cmd,
                               uint32_t gfn, uint16_t *index)
{
    struct memmap_record r;
    unsigned int rc = fetch(dm, gfn, &r, index);

    if ( !rc )
        rc = validate(dm, &r, false, index);
    /* Generation 2^32 - 1 is the last one: 0 means "as built". */
    if ( !rc && (r.generation != dm->generation + 1 || !r.generation) )
        rc = MEMMAP_E_GENERATION;
    if ( !rc )
        rc = dm->ops->check(dm->opaque, cmd, &r, index);
    if ( rc || cmd == MEMMAP_CMD_PREPARE )
    {
        if ( !rc )
            dm->state = MEMMAP_ST_PREPARED;
        return rc;
    }

    rc = dm->ops->apply(dm->opaque, &r, index);
    if ( !rc )
    {
        dm->generation = r.generation;
        dm->state = MEMMAP_ST_COMMITTED;
    }
    return rc;
}

static unsigned int command(struct memmap_dm *dm, unsigned int cmd,
                            uint32_t gfn, uint16_t *index)
{
    if ( cmd < MEMMAP_CMD_QUERY || cmd > MEMMAP_CMD_SEAL )
        return MEMMAP_E_COMMAND;
    if ( dm->state == MEMMAP_ST_OFFERED || dm->state == MEMMAP_ST_SEALED )
        return MEMMAP_E_STATE;
    if ( cmd == MEMMAP_CMD_SEAL )
    {
        dm->state = MEMMAP_ST_SEALED;
        return MEMMAP_OK;
    }
    if ( gfn > MEMMAP_BUFFER_GFN_END - MEMMAP_BUFFER_PAGES )
        return MEMMAP_E_BUFFER;
    if ( cmd == MEMMAP_CMD_QUERY )
        return query(dm, gfn);

    return layout_cmd(dm, cmd, gfn, index);
}

void memmap_dm_write(struct memmap_dm *dm, unsigned int reg, uint32_t val)
{
    uint16_t index = MEMMAP_NO_INDEX;
    unsigned int cmd = 0, rc;

    switch ( reg )
    {
    case MEMMAP_REG_OFFER:
        rc = choose(dm, val);
        break;
    case MEMMAP_REG_DOORBELL:
        cmd = MEMMAP_DOORBELL_CMD(val);
        rc = command(dm, cmd, MEMMAP_DOORBELL_GFN(val), &index);
        break;
    default:
        return;
    }

    dm->error = rc;
    dm->index = rc ? index : MEMMAP_NO_INDEX;
    if ( dm->ops->changed )
        dm->ops->changed(dm->opaque, cmd);
}
