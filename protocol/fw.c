/* SPDX-License-Identifier: MIT */
#include "fw.h"

static uint32_t in(struct memmap_fw *fw, unsigned int reg)
{
    fw->accesses++;
    return fw->io->in(fw->opaque, reg);
}

static void out(struct memmap_fw *fw, unsigned int reg, uint32_t val)
{
    fw->accesses++;
    fw->io->out(fw->opaque, reg, val);
}

/* The answer to what was just written; @state is what success leads to. */
static unsigned int status(struct memmap_fw *fw, unsigned int state)
{
    uint32_t val = in(fw, MEMMAP_REG_DOORBELL);
    unsigned int err = MEMMAP_STATUS_ERROR(val);

    /*
     * All ones carry error 255, which no device may send either; and success
     * that leads elsewhere is not of this protocol.
     */
    if ( err == MEMMAP_E_ABSENT ||
         (!err && MEMMAP_STATUS_STATE(val) != state) )
    {
        fw->present = false;
        err = MEMMAP_E_ABSENT;
    }

    fw->index = err ? MEMMAP_STATUS_INDEX(val) : MEMMAP_NO_INDEX;
    if ( !err )
        fw->state = state;
    return err;
}

unsigned int memmap_fw_probe(struct memmap_fw *fw)
{
    uint32_t offer;
    unsigned int minor;

    fw->present = false;
    fw->agreed = 0;
    fw->generation = 0;
    fw->index = MEMMAP_NO_INDEX;
    fw->accesses = 0;

    if ( in(fw, MEMMAP_REG_SIGNATURE) != MEMMAP_SIGNATURE )
        return MEMMAP_E_ABSENT;
    offer = in(fw, MEMMAP_REG_OFFER);
    if ( MEMMAP_OFFER_MAJOR(offer) != MEMMAP_VERSION_MAJOR )
        return MEMMAP_E_ABSENT;

    minor = MEMMAP_OFFER_MINOR(offer);
    if ( minor > MEMMAP_VERSION_MINOR )
        minor = MEMMAP_VERSION_MINOR;
    fw->agreed = MEMMAP_OFFER_FEATURES(offer) & fw->features;
    fw->present = true;
    fw->state = MEMMAP_ST_NEGOTIATED;
    out(fw, MEMMAP_REG_OFFER,
        MEMMAP_OFFER(MEMMAP_VERSION_MAJOR, minor, fw->agreed));

    return MEMMAP_OK;
}

unsigned int memmap_fw_query(struct memmap_fw *fw, struct memmap_record *r)
{
    uint16_t index;
    unsigned int rc;

    if ( !fw->present )
        return MEMMAP_E_ABSENT;

    out(fw, MEMMAP_REG_DOORBELL,
        MEMMAP_DOORBELL(MEMMAP_CMD_QUERY, fw->buf_gfn));
    /* No record was sent, so no entry of one is to blame. */
    rc = status(fw, fw->state);
    fw->index = MEMMAP_NO_INDEX;
    if ( rc )
        return rc;

    rc = memmap_unpack(r, MEMMAP_KIND_CONSTRAINTS, fw->buf,
                       MEMMAP_BUFFER_BYTES, &index);
    if ( rc )
    {
        fw->index = index;
        return rc;
    }

    fw->generation = r->generation;
    return MEMMAP_OK;
}

static unsigned int submit(struct memmap_fw *fw, unsigned int cmd,
                           unsigned int state, struct memmap_record *r)
{
    if ( !fw->present )
        return MEMMAP_E_ABSENT;

    r->kind = MEMMAP_KIND_LAYOUT;
    r->generation = fw->generation + 1;
    fw->index = MEMMAP_NO_INDEX;
    if ( !memmap_pack(r, fw->buf, MEMMAP_BUFFER_BYTES) )
        return MEMMAP_E_COUNT;

    out(fw, MEMMAP_REG_DOORBELL, MEMMAP_DOORBELL(cmd, fw->buf_gfn));
    return status(fw, state);
}

unsigned int memmap_fw_prepare(struct memmap_fw *fw, struct memmap_record *r)
{
    return submit(fw, MEMMAP_CMD_PREPARE, MEMMAP_ST_PREPARED, r);
}

unsigned int memmap_fw_commit(struct memmap_fw *fw, struct memmap_record *r)
{
    unsigned int rc = submit(fw, MEMMAP_CMD_COMMIT, MEMMAP_ST_COMMITTED, r);

    if ( !rc )
        fw->generation = r->generation;
    return rc;
}

unsigned int memmap_fw_seal(struct memmap_fw *fw)
{
    if ( !fw->present )
        return MEMMAP_E_ABSENT;

    out(fw, MEMMAP_REG_DOORBELL, MEMMAP_DOORBELL(MEMMAP_CMD_SEAL, 0));
    return status(fw, MEMMAP_ST_SEALED);
}
