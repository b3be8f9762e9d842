/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STUB_VMSTATE_H
#define STUB_VMSTATE_H

#include "qemu/osdep.h"

#define MIG_PRI_IOMMU 1         /* anything but 0, which is last */

typedef struct VMStateField {
    const char *name;           /* NULL ends the list */
    size_t offset;
    size_t bytes;               /* of a number, in memory and on the wire */
    size_t len_offset;          /* of a buffer: where its length is; else 0 */
    bool (*valid)(void *opaque, int version_id);
} VMStateField;

typedef struct VMStateDescription {
    const char *name;
    int version_id, minimum_version_id;
    int priority;
    bool (*needed)(void *opaque);
    int (*pre_save)(void *opaque);
    int (*post_load)(void *opaque, int version_id);
    const VMStateField *fields;
} VMStateDescription;

#define STUB_VMSTATE_NUMBER(f, state, type) \
    { .name = #f, .offset = offsetof(state, f), \
      .bytes = sizeof(*(0 ? &((state *)0)->f : (type *)0)) }
#define VMSTATE_UINT8(f, state)     STUB_VMSTATE_NUMBER(f, state, uint8_t)
#define VMSTATE_UINT16(f, state)    STUB_VMSTATE_NUMBER(f, state, uint16_t)
#define VMSTATE_UINT32(f, state)    STUB_VMSTATE_NUMBER(f, state, uint32_t)
#define VMSTATE_UINT64(f, state)    STUB_VMSTATE_NUMBER(f, state, uint64_t)
#define VMSTATE_VALIDATE(text, test) { .name = (text), .valid = (test) }
/* A pointer to bytes; @len is an uint32_t. */
#define VMSTATE_VBUFFER_UINT32(f, state, version, test, len) \
    { .name = #f, \
      .offset = offsetof(state, f) + 0 * sizeof(((state *)0)->f[0]), \
      .len_offset = offsetof(state, len) }
#define VMSTATE_END_OF_LIST() { .name = NULL }

#endif /* STUB_VMSTATE_H */
