/* SPDX-License-Identifier: MIT */
/*
 * memmap.h - the gpfn-layout protocol of firmware and device model:
 * its registers, its record, and their numbers.  Nothing else: this is an
 * interface, and includes nothing.
 *
 * Normative text, and whose sections "section N" below means:
 * PROTOCOL.md.
 * Units: a gfn is a guest frame number (4 KiB); "pages" count 4 KiB pages;
 * everything called _bytes, and every record length, is in bytes.
 */
#ifndef XEN_PUBLIC_HVM_GPFN_LAYOUT_H
#define XEN_PUBLIC_HVM_GPFN_LAYOUT_H

/* Section 3: registers.  I/O ports, 32-bit accesses only, little-endian. */

#define MEMMAP_PORT_BASE        0x0ac0u /* first of MEMMAP_PORT_COUNT ports */
#define MEMMAP_PORT_COUNT       16u

#define MEMMAP_REG_SIGNATURE    0x0u    /* R: MEMMAP_SIGNATURE */
#define MEMMAP_REG_OFFER        0x4u    /* R: offered; W: chosen */
#define MEMMAP_REG_DOORBELL     0x8u    /* R: status; W: command, gfn */
#define MEMMAP_REG_GENERATION   0xcu    /* R: in force, 0: as built */

#define MEMMAP_SIGNATURE        0x70614d58u /* "XMap" in memory order */
#define MEMMAP_REG_ABSENT       0xffffffffu /* what no device answers */

#define MEMMAP_VERSION_MAJOR    1u
#define MEMMAP_VERSION_MINOR    0u

/* OFFER: major in bits 31:24, minor in 23:16, features in 15:0. */
#define MEMMAP_OFFER(major, minor, features) \
    (((uint32_t)(major) << 24) | ((uint32_t)(minor) << 16) | (features))
#define MEMMAP_OFFER_MAJOR(v)    ((v) >> 24)
#define MEMMAP_OFFER_MINOR(v)    (((v) >> 16) & 0xffu)
#define MEMMAP_OFFER_FEATURES(v) (0xffffu & (v))

#define MEMMAP_FEAT_PUBLISH     0x0001u /* records appear in xenstore */
#define MEMMAP_FEAT_RDM         0x0002u /* reserved memory gets mapped */

/* DOORBELL write: command in bits 7:0, gfn of the buffer in 31:8. */
#define MEMMAP_DOORBELL(cmd, gfn) (((uint32_t)(gfn) << 8) | (cmd))
#define MEMMAP_DOORBELL_CMD(v)    (0xffu & (v))
#define MEMMAP_DOORBELL_GFN(v)    ((v) >> 8)

#define MEMMAP_CMD_QUERY        1u      /* device model fills the buffer */
#define MEMMAP_CMD_PREPARE      2u      /* would this layout be accepted? */
#define MEMMAP_CMD_COMMIT       3u      /* this is the layout now */
#define MEMMAP_CMD_SEAL         4u      /* no more commands, ever */

/* DOORBELL read: error in bits 7:0, state in 11:8, entry in 31:16. */
#define MEMMAP_STATUS(state, err, index) \
    (((uint32_t)(index) << 16) | ((uint32_t)(state) << 8) | (err))
#define MEMMAP_STATUS_ERROR(v)  (0xffu & (v))
#define MEMMAP_STATUS_STATE(v)  (((v) >> 8) & 0xfu)
#define MEMMAP_STATUS_INDEX(v)  ((v) >> 16)

#define MEMMAP_NO_INDEX         0xffffu

/* Section 6: states of the device model's end. */
#define MEMMAP_ST_OFFERED       0u
#define MEMMAP_ST_NEGOTIATED    1u
#define MEMMAP_ST_PREPARED      2u
#define MEMMAP_ST_COMMITTED     3u
#define MEMMAP_ST_SEALED        4u
#define MEMMAP_ST_ABSENT        0xfu    /* never on the wire but as all-ones */

/* Section 5: errors.  Numbers are never reused. */
#define MEMMAP_OK               0u
#define MEMMAP_E_COMMAND        1u      /* no such command */
#define MEMMAP_E_STATE          2u      /* not in this state */
#define MEMMAP_E_NEGOTIATE      3u      /* chose what was not offered */
#define MEMMAP_E_BUFFER         4u      /* buffer not in RAM below 640 KiB */
#define MEMMAP_E_MAGIC          5u
#define MEMMAP_E_VERSION        6u      /* record's major version unknown */
#define MEMMAP_E_LENGTH         7u      /* lengths contradict each other */
#define MEMMAP_E_CHECKSUM       8u
#define MEMMAP_E_COUNT          9u      /* more entries than the limit */
#define MEMMAP_E_KIND           10u     /* wrong kind, unknown flag */
#define MEMMAP_E_TYPE           11u     /* entry type or flag not allowed */
#define MEMMAP_E_EMPTY          12u     /* entry of no pages */
#define MEMMAP_E_RANGE          13u     /* it or its source beyond a limit */
#define MEMMAP_E_ORDER          14u     /* entries unsorted or overlapping */
#define MEMMAP_E_RAM_SUM        15u     /* RAM was lost or invented */
#define MEMMAP_E_GENERATION     16u     /* not the successor of the last one */
#define MEMMAP_E_OWNED          17u     /* RAM or MMIO over its own memory */
#define MEMMAP_E_FIXED          18u     /* RAM below 1 MiB not as it must be */
#define MEMMAP_E_BUSY           19u     /* memory that would move is in use */
#define MEMMAP_E_APPLY          20u     /* the device model could not do it */
#define MEMMAP_E_RESERVED       21u     /* a field that must be zero is not */
#define MEMMAP_E_RDM            22u     /* reserved memory was not mapped */
#define MEMMAP_E_ABSENT         255u    /* firmware side only: no device */

/* Section 4: the record.  Offsets in bytes, fields little-endian. */

#define MEMMAP_MAGIC            0x4c4d4758u /* "XGML" in memory order */

#define MEMMAP_HDR_MAGIC        0u      /* u32 */
#define MEMMAP_HDR_MAJOR        4u      /* u16 */
#define MEMMAP_HDR_MINOR        6u      /* u16 */
#define MEMMAP_HDR_HEADER_LEN   8u      /* u16, bytes */
#define MEMMAP_HDR_ENTRY_LEN    10u     /* u16, bytes */
#define MEMMAP_HDR_COUNT        12u     /* u32, entries */
#define MEMMAP_HDR_TOTAL_LEN    16u     /* u32, bytes */
#define MEMMAP_HDR_CHECKSUM     20u     /* u32, CRC-32C, itself taken as 0 */
#define MEMMAP_HDR_GENERATION   24u     /* u32 */
#define MEMMAP_HDR_KIND         28u     /* u16, MEMMAP_KIND_* */
#define MEMMAP_HDR_FLAGS        30u     /* u16, MEMMAP_RF_* */
#define MEMMAP_HDR_RAM_PAGES    32u     /* u64, sum of all RAM entries */
#define MEMMAP_HDR_GFN_LIMIT    40u     /* u64, section 4: depends on kind */
#define MEMMAP_HDR_BYTES        48u

#define MEMMAP_ENT_GFN          0u      /* u64 */
#define MEMMAP_ENT_PAGES        8u      /* u64 */
#define MEMMAP_ENT_SOURCE       16u     /* u64, gfn these pages had at start */
#define MEMMAP_ENT_TYPE         24u     /* u16, MEMMAP_TYPE_* */
#define MEMMAP_ENT_FLAGS        26u     /* u16, MEMMAP_EF_* */
#define MEMMAP_ENT_AUX          28u     /* u32, per type, else 0 */
#define MEMMAP_ENT_BYTES        32u

#define MEMMAP_MAX_ENTRIES      256u
/* Room that every buffer must have; leaves space for longer minor versions. */
#define MEMMAP_BUFFER_PAGES     3u
#define MEMMAP_BUFFER_BYTES     (MEMMAP_BUFFER_PAGES << 12)
/* The buffer lies below this gfn: RAM in everybody's view. */
#define MEMMAP_BUFFER_GFN_END   0xa0u

#define MEMMAP_KIND_LAYOUT      1u      /* where RAM is */
#define MEMMAP_KIND_CONSTRAINTS 2u      /* answer to QUERY */

#define MEMMAP_RF_RAM_SHRUNK    0x0001u /* pages were lost, the sum says so */
#define MEMMAP_RF_KNOWN         MEMMAP_RF_RAM_SHRUNK

#define MEMMAP_TYPE_RAM         1u      /* guest RAM */
#define MEMMAP_TYPE_RDM         2u      /* reserved device memory, no RAM */
#define MEMMAP_TYPE_MMIO        3u      /* set aside for BARs, no RAM */
#define MEMMAP_TYPE_OWNED       4u      /* the device model's own blocks */

#define MEMMAP_EF_OPTIONAL      0x0001u /* unknown type: skip it */
#define MEMMAP_EF_FIRMWARE      0x0002u /* RAM: kept by firmware */
#define MEMMAP_EF_UNFREED       0x0004u /* RAM: where RDM belongs */
#define MEMMAP_EF_UNMAPPED      0x0008u /* RDM: not mapped here */
#define MEMMAP_EF_KNOWN         (MEMMAP_EF_OPTIONAL | MEMMAP_EF_FIRMWARE | \
                                 MEMMAP_EF_UNFREED | MEMMAP_EF_UNMAPPED)

#define MEMMAP_NO_SOURCE        0xffffffffffffffffULL

/* Gfns have 52 bits: no address has more than 64. */
#define MEMMAP_GFN_END          0x10000000000000ULL

/* The hole that VGA memory leaves in RAM below 1 MiB, in gfns. */
#define MEMMAP_VGA_GFN          0xa0u
#define MEMMAP_VGA_END          0xc0u
/* RAM from here to the first megabyte's end never moves. */
#define MEMMAP_FIXED_END        0x100u

#endif /* XEN_PUBLIC_HVM_GPFN_LAYOUT_H */
