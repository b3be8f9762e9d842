/* SPDX-License-Identifier: MIT */
/*
 * dm.h - the device model's end: registers in, validated layouts out.
 *
 * Everything the guest writes is hostile.  A record is copied once and only the
 * copy is looked at; a command that fails changes nothing but the status.
 * PROTOCOL.md, sections 3, 5 and 6.
 */
#ifndef XEN_MEMMAP_DM_H
#define XEN_MEMMAP_DM_H

#include "codec.h"

struct memmap_dm;

/*
 * What the device model does for the machine.  @opaque is memmap_dm.opaque.
 * None of them may call back into the machine.
 */
struct memmap_dm_ops {
    /*
     * Copy @bytes of guest RAM at guest physical address @addr (bytes) to @dst,
     * or from @src.  The range lies below 640 KiB.  False: could not.
     */
    bool (*read)(void *opaque, uint64_t addr, void *dst, uint32_t bytes);
    bool (*write)(void *opaque, uint64_t addr, const void *src, uint32_t bytes);

    /*
     * Could @r be applied now?  Called for PREPARE and again before apply, as
     * @cmd says, with a record that passed every check of the machine.  A
     * PREPARE asks whether RAM may move, a COMMIT says that it has: there only
     * what cannot be followed is refused.  Returns an error, and in *@index the
     * range of @r->layout to blame or MEMMAP_NO_INDEX.  Must change nothing
     * but where memory of the device model's own is, which may have to go.
     */
    unsigned int (*check)(void *opaque, unsigned int cmd,
                          const struct memmap_record *r, uint16_t *index);

    /*
     * Make @r the layout: all of it, or nothing and an error.  @r is gone when
     * this returns.
     */
    unsigned int (*apply)(void *opaque, const struct memmap_record *r,
                          uint16_t *index);

    /*
     * Fill @l with the gfns the device model owns (MEMMAP_TYPE_OWNED) and the
     * reserved device memory it knows of (MEMMAP_TYPE_RDM).  Called for every
     * QUERY, PREPARE and COMMIT.  May be NULL: there are none.  False: @l has
     * not enough room, the command fails with MEMMAP_E_APPLY.
     */
    bool (*constraints)(void *opaque, struct memmap_layout *l);

    /* Tell people: state, error or generation changed.  May be NULL. */
    void (*changed)(void *opaque, unsigned int cmd);
};

struct memmap_dm {
    /* Set by the owner before memmap_dm_reset(), then left alone. */
    const struct memmap_dm_ops *ops;
    void *opaque;
    uint64_t ram_pages;     /* pages of RAM this guest was built with */
    uint64_t gfn_limit;     /* first gfn that cannot be mapped */
    uint16_t features;      /* MEMMAP_FEAT_* on offer */

    /* The state that migrates. */
    uint32_t generation;    /* of the layout in force, 0: as built */
    uint32_t accepted;      /* MEMMAP_OFFER() the firmware chose, 0: none */
    uint8_t state;          /* MEMMAP_ST_* */
    uint8_t error;          /* MEMMAP_E_* of the last command */
    uint16_t index;         /* entry to blame, or MEMMAP_NO_INDEX */

    /* Scratch. */
    struct memmap_range range[MEMMAP_MAX_ENTRIES];
    struct memmap_range owned[MEMMAP_MAX_ENTRIES];
    uint8_t buf[MEMMAP_BUFFER_BYTES];
};

/*
 * Back to OFFERED.  The generation stays, because the guest's p2m does: the
 * layout in force is a fact, not a state of the conversation.
 */
void memmap_dm_reset(struct memmap_dm *dm);

/*
 * A 32-bit access to register @reg (bytes from MEMMAP_PORT_BASE).  Reads of
 * what is no register give all ones, writes to it do nothing.
 */
uint32_t memmap_dm_read(struct memmap_dm *dm, unsigned int reg);
void memmap_dm_write(struct memmap_dm *dm, unsigned int reg, uint32_t val);

/*
 * The checks of PREPARE without a conversation: is @r, unpacked as a LAYOUT by
 * memmap_unpack(), a layout this guest can have?  For records that arrive in
 * migration data.  What @r sets aside for BARs is not held against what the
 * device model owns: that may be more by now than when it was sealed.
 */
unsigned int memmap_dm_validate(struct memmap_dm *dm,
                                const struct memmap_record *r, uint16_t *index);

#endif /* XEN_MEMMAP_DM_H */
