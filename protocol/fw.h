/* SPDX-License-Identifier: MIT */
/*
 * fw.h - the firmware's end: find the device model, ask, propose, commit,
 * seal.
 *
 * Each call is one exchange and returns an error, section 5 of
 * PROTOCOL.md.
 * After any error the conversation may go on, and the layout is what it was.
 * If the device model falls silent every call says MEMMAP_E_ABSENT from then
 * on.
 */
#ifndef XEN_MEMMAP_FW_H
#define XEN_MEMMAP_FW_H

#include "codec.h"

struct memmap_fw_io {
    /* A 32-bit access to register @reg (bytes from MEMMAP_PORT_BASE). */
    uint32_t (*in)(void *opaque, unsigned int reg);
    void (*out)(void *opaque, unsigned int reg, uint32_t val);
};

struct memmap_fw {
    /* Set by the owner before memmap_fw_probe(). */
    const struct memmap_fw_io *io;
    void *opaque;
    uint8_t *buf;           /* MEMMAP_BUFFER_BYTES of RAM, page-aligned */
    uint32_t buf_gfn;       /* where buf is; whole buffer below 640 KiB */
    uint16_t features;      /* MEMMAP_FEAT_* this firmware can use */

    /* Results. */
    bool present;           /* negotiated, and has not fallen silent */
    uint8_t state;          /* what the last success led to */
    uint16_t agreed;        /* MEMMAP_FEAT_* both sides have */
    uint32_t generation;    /* of the last layout committed */
    uint16_t index;         /* entry the last error blames, or NO_INDEX */
    uint32_t accesses;      /* register accesses so far */
};

/*
 * Is there an offer, and can we take it?  MEMMAP_E_ABSENT: no device, or one
 * that offers nothing we speak; firmware then behaves as if this did not
 * exist.
 */
unsigned int memmap_fw_probe(struct memmap_fw *fw);

/*
 * Ask for constraints.  @r's layout storage belongs to the caller.  Also takes
 * over the generation in force.
 */
unsigned int memmap_fw_query(struct memmap_fw *fw, struct memmap_record *r);

/*
 * Would @r be taken (prepare), and take it (commit).  @r->generation is set to
 * the successor of the last one, @r->kind to MEMMAP_KIND_LAYOUT.
 */
unsigned int memmap_fw_prepare(struct memmap_fw *fw, struct memmap_record *r);
unsigned int memmap_fw_commit(struct memmap_fw *fw, struct memmap_record *r);

/* End the conversation. */
unsigned int memmap_fw_seal(struct memmap_fw *fw);

#endif /* XEN_MEMMAP_FW_H */
