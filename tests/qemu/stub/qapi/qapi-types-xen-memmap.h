/* SPDX-License-Identifier: GPL-2.0-or-later */
/* As QEMU's generator makes it of qemu-patches/src/qapi/xen-memmap.json. */
#ifndef STUB_QAPI_TYPES_XEN_MEMMAP_H
#define STUB_QAPI_TYPES_XEN_MEMMAP_H

#include "qom/object.h"

#define QAPI_LIST_PREPEND(list, element) do {                           \
        typeof(list) new_ = g_malloc(sizeof(*(list)));                  \
        new_->value = (element);                                        \
        new_->next = (list);                                            \
        (list) = new_;                                                  \
    } while (0)

#define QAPI_LIST(T)                                                    \
    typedef struct T##List {                                            \
        struct T##List *next;                                           \
        T *value;                                                       \
    } T##List

typedef enum XenMemmapRdmMode {
    XEN_MEMMAP_RDM_MODE_ASSIGNED,
    XEN_MEMMAP_RDM_MODE_HOST,
    XEN_MEMMAP_RDM_MODE_OFF,
} XenMemmapRdmMode;
extern const QEnumLookup XenMemmapRdmMode_lookup;

typedef enum XenMemmapRdmFailure {
    XEN_MEMMAP_RDM_FAILURE_REPORT,
    XEN_MEMMAP_RDM_FAILURE_UNPLUG,
    XEN_MEMMAP_RDM_FAILURE_REFUSE,
} XenMemmapRdmFailure;
extern const QEnumLookup XenMemmapRdmFailure_lookup;

typedef enum XenMemmapStage {
    XEN_MEMMAP_STAGE_OFFERED,
    XEN_MEMMAP_STAGE_NEGOTIATED,
    XEN_MEMMAP_STAGE_PREPARED,
    XEN_MEMMAP_STAGE_COMMITTED,
    XEN_MEMMAP_STAGE_SEALED,
} XenMemmapStage;

typedef enum XenMemmapError {
    XEN_MEMMAP_ERROR_SUCCESS,
    XEN_MEMMAP_ERROR_COMMAND,
    XEN_MEMMAP_ERROR_STATE,
    XEN_MEMMAP_ERROR_NEGOTIATE,
    XEN_MEMMAP_ERROR_BUFFER,
    XEN_MEMMAP_ERROR_MAGIC,
    XEN_MEMMAP_ERROR_VERSION,
    XEN_MEMMAP_ERROR_LENGTH,
    XEN_MEMMAP_ERROR_CHECKSUM,
    XEN_MEMMAP_ERROR_COUNT,
    XEN_MEMMAP_ERROR_KIND,
    XEN_MEMMAP_ERROR_TYPE,
    XEN_MEMMAP_ERROR_EMPTY,
    XEN_MEMMAP_ERROR_RANGE,
    XEN_MEMMAP_ERROR_ORDER,
    XEN_MEMMAP_ERROR_RAM_SUM,
    XEN_MEMMAP_ERROR_GENERATION,
    XEN_MEMMAP_ERROR_OWNED,
    XEN_MEMMAP_ERROR_FIXED,
    XEN_MEMMAP_ERROR_BUSY,
    XEN_MEMMAP_ERROR_APPLY,
    XEN_MEMMAP_ERROR_RESERVED,
    XEN_MEMMAP_ERROR_RDM,
    XEN_MEMMAP_ERROR_OTHER,
} XenMemmapError;

typedef enum XenMemmapRangeType {
    XEN_MEMMAP_RANGE_TYPE_RAM,
    XEN_MEMMAP_RANGE_TYPE_RDM,
    XEN_MEMMAP_RANGE_TYPE_MMIO,
    XEN_MEMMAP_RANGE_TYPE_OTHER,
} XenMemmapRangeType;

typedef enum XenMemmapRangeFlag {
    XEN_MEMMAP_RANGE_FLAG_FIRMWARE,
    XEN_MEMMAP_RANGE_FLAG_UNFREED,
    XEN_MEMMAP_RANGE_FLAG_UNMAPPED,
} XenMemmapRangeFlag;

typedef struct XenMemmapRangeFlagList {
    struct XenMemmapRangeFlagList *next;
    XenMemmapRangeFlag value;
} XenMemmapRangeFlagList;

typedef struct XenMemmapRange {
    uint64_t start;
    uint64_t size;
    XenMemmapRangeType type;
    bool has_source;
    uint64_t source;
    XenMemmapRangeFlagList *flags;
} XenMemmapRange;
QAPI_LIST(XenMemmapRange);

typedef enum XenMemmapReservedState {
    XEN_MEMMAP_RESERVED_STATE_MAPPED,
    XEN_MEMMAP_RESERVED_STATE_LEFT_TO_XEN,
    XEN_MEMMAP_RESERVED_STATE_NOT_MAPPED,
} XenMemmapReservedState;

typedef struct XenMemmapReserved {
    char *device;
    uint64_t start;
    uint64_t size;
    XenMemmapReservedState state;
    char *reason;
} XenMemmapReserved;
QAPI_LIST(XenMemmapReserved);

typedef struct XenMemmapInfo {
    XenMemmapStage stage;
    uint32_t generation;
    XenMemmapError error;
    char *reason;
    uint64_t parked;
    XenMemmapRangeList *ranges;
    XenMemmapReservedList *reserved;
} XenMemmapInfo;

#endif /* STUB_QAPI_TYPES_XEN_MEMMAP_H */
