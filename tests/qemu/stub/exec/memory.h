/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STUB_MEMORY_H
#define STUB_MEMORY_H

#include "exec/cpu-common.h"
#include "exec/hwaddr.h"
#include "qom/object.h"

enum device_endian { DEVICE_LITTLE_ENDIAN = 1 };

typedef struct MemoryRegionOps {
    uint64_t (*read)(void *opaque, hwaddr addr, unsigned int size);
    void (*write)(void *opaque, hwaddr addr, uint64_t data, unsigned int size);
    enum device_endian endianness;
    struct {
        unsigned int min_access_size, max_access_size;
        bool unaligned;
    } valid, impl;
} MemoryRegionOps;

struct MemoryRegion {
    Object parent_obj;
    char *name;
    uint64_t size;
    MemoryRegion *container;
    hwaddr addr;                /* in the container */
    GPtrArray *sub;             /* subregions; of the two roots only */
    MemoryRegion *alias;
    hwaddr alias_offset;
    const MemoryRegionOps *ops;
    void *opaque;
    RAMBlock *ram_block;
};

#define GLOBAL_DIRTY_MIGRATION  (1u << 0)
#define GLOBAL_DIRTY_RATE       (1u << 1)
extern unsigned int global_dirty_tracking;

typedef struct AddressSpace {
    int unused;
} AddressSpace;

typedef struct MemoryListener MemoryListener;
struct MemoryListener {
    bool (*log_global_start)(MemoryListener *listener, Error **errp);
    const char *name;
};

void memory_listener_register(MemoryListener *listener, AddressSpace *filter);

void memory_region_init_alias(MemoryRegion *mr, Object *owner, const char *name,
                              MemoryRegion *orig, hwaddr offset, uint64_t size);
void memory_region_init_io(MemoryRegion *mr, Object *owner,
                           const MemoryRegionOps *ops, void *opaque,
                           const char *name, uint64_t size);
uint64_t memory_region_size(MemoryRegion *mr);
void memory_region_add_subregion(MemoryRegion *mr, hwaddr addr,
                                 MemoryRegion *sub);
void memory_region_del_subregion(MemoryRegion *mr, MemoryRegion *sub);
void memory_region_transaction_begin(void);
void memory_region_transaction_commit(void);

#endif /* STUB_MEMORY_H */
