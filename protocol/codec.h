/* SPDX-License-Identifier: MIT */
/*
 * codec.h - the record on the wire: section 4 of
 * PROTOCOL.md.
 *
 * Unpacking checks everything that can be judged from the bytes alone:
 * framing, checksum, kind, entry types, order.  What needs knowledge of the
 * guest (how much RAM it has, how wide its addresses are) is the device
 * model's part.
 */
#ifndef XEN_MEMMAP_CODEC_H
#define XEN_MEMMAP_CODEC_H

#include "layout.h"

struct memmap_record {
    uint16_t major, minor;
    uint16_t kind;              /* MEMMAP_KIND_* */
    uint16_t flags;             /* MEMMAP_RF_* */
    uint32_t generation;
    uint64_t ram_pages;         /* sum of all RAM entries */
    /* LAYOUT: first gfn the guest cannot address; else first without RAM. */
    uint64_t gfn_limit;
    struct memmap_layout layout;        /* storage belongs to the caller */
};

/* Bytes that a record of @entries entries takes. */
static inline uint32_t memmap_record_bytes(unsigned int entries)
{
    return MEMMAP_HDR_BYTES + entries * MEMMAP_ENT_BYTES;
}

/*
 * Write @r to @buf as this version's wire bytes.  The sum of RAM is computed,
 * not taken from @r.  Returns the bytes written, 0 if @len is too small or the
 * layout has more than MEMMAP_MAX_ENTRIES entries.
 */
uint32_t memmap_pack(const struct memmap_record *r, uint8_t *buf,
                     uint32_t len);

/*
 * Total length in bytes that the header at @buf claims, having looked at
 * MEMMAP_HDR_BYTES bytes only.  Returns an error; on MEMMAP_OK *@bytes is at
 * least MEMMAP_HDR_BYTES and at most MEMMAP_BUFFER_BYTES.
 */
unsigned int memmap_peek(const uint8_t *buf, uint32_t *bytes);

/* For memmap_unpack(): a record of whatever kind. */
#define MEMMAP_KIND_ANY 0u

/*
 * Read a record of @kind and @len bytes from @buf into @r, whose layout's
 * storage the caller has set up.  Returns an error; where one entry is to
 * blame *@index is its number on the wire, else MEMMAP_NO_INDEX.  The layout
 * has the entries as they came: neighbours that say the same are not joined,
 * and entries of an unknown type that may be ignored are there for the reader
 * to ignore.
 */
unsigned int memmap_unpack(struct memmap_record *r, unsigned int kind,
                           const uint8_t *buf, uint32_t len, uint16_t *index);

/* Text for people: "no such command" and so on; never NULL. */
const char *memmap_strerror(unsigned int err);
/* "OFFERED" and so on; never NULL. */
const char *memmap_strstate(unsigned int state);

#endif /* XEN_MEMMAP_CODEC_H */
