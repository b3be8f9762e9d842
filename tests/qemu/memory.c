/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory regions, RAM blocks, the mapcache. */
#include "internal.h"
#include "block/block-global-state.h"
#include "qapi/error.h"
#include "exec/address-spaces.h"
#include "exec/memory.h"
#include "hw/xen/xen-park.h"
#include "system/runstate.h"
#include "system/xen-mapcache.h"

#define TYPE_MEMORY_REGION "memory-region"
#define MAX_LOCKED 8

struct RAMBlock {
    char *name;
    ram_addr_t offset, bytes;
    MemoryRegion mr;            /* if the harness made it */
};

static MemoryRegion system_memory, system_io;
static GPtrArray *blocks;
static unsigned int depth;      /* of transactions */
static bool pending;
static unsigned int regions;
static GString *view;

unsigned int global_dirty_tracking;

static struct {
    hwaddr addr, size;
    bool block;
} locked[MAX_LOCKED];
static unsigned int nr_locked;

/* Regions */

static void region_init(MemoryRegion *mr, const char *name, uint64_t size)
{
    memset(mr, 0, sizeof(*mr));
    mr->parent_obj.type = TYPE_MEMORY_REGION;
    mr->name = g_strdup(name);
    mr->size = size;
    regions++;
}

void memory_region_gone(MemoryRegion *mr)
{
    g_assert(!strcmp(mr->parent_obj.type, TYPE_MEMORY_REGION));
    g_assert(!mr->container);
    g_free(mr->name);
    memset(mr, 0, sizeof(*mr));
    regions--;
}

unsigned int harness_regions(void)
{
    return regions;
}

MemoryRegion *get_system_memory(void)
{
    return &system_memory;
}

MemoryRegion *get_system_io(void)
{
    return &system_io;
}

void memory_region_init_alias(MemoryRegion *mr, Object *owner, const char *name,
                              MemoryRegion *orig, hwaddr offset, uint64_t size)
{
    g_assert(size && offset + size <= orig->size);
    region_init(mr, name, size);
    mr->alias = orig;
    mr->alias_offset = offset;
}

void memory_region_init_io(MemoryRegion *mr, Object *owner,
                           const MemoryRegionOps *ops, void *opaque,
                           const char *name, uint64_t size)
{
    region_init(mr, name, size);
    mr->ops = ops;
    mr->opaque = opaque;
}

uint64_t memory_region_size(MemoryRegion *mr)
{
    return mr->size;
}

static gint by_address(gconstpointer a, gconstpointer b)
{
    const MemoryRegion *x = *(MemoryRegion *const *)a;
    const MemoryRegion *y = *(MemoryRegion *const *)b;

    return x->addr < y->addr ? -1 : x->addr > y->addr;
}

const char *harness_view(void)
{
    unsigned int i;

    g_string_truncate(view, 0);
    g_ptr_array_sort(system_memory.sub, by_address);
    for (i = 0; i < system_memory.sub->len; i++) {
        MemoryRegion *mr = g_ptr_array_index(system_memory.sub, i);

        g_string_append_printf(view, "%s%" PRIx64 "-%" PRIx64, i ? " " : "",
                               mr->addr, mr->addr + mr->size);
        if (mr->alias_offset != mr->addr) {
            g_string_append_printf(view, "@%" PRIx64, mr->alias_offset);
        }
    }
    return view->str;
}

/* What QEMU would make new views of memory for. */
static void changed(void)
{
    if (depth) {
        pending = true;
        return;
    }
    pending = false;
    harness_event("view %s", harness_view());
}

void memory_region_transaction_begin(void)
{
    depth++;
}

void memory_region_transaction_commit(void)
{
    g_assert(depth);
    if (!--depth && pending) {
        changed();
    }
}

void memory_region_add_subregion(MemoryRegion *mr, hwaddr addr,
                                 MemoryRegion *sub)
{
    unsigned int i;

    g_assert(mr->sub && !sub->container);
    for (i = 0; i < mr->sub->len; i++) {
        MemoryRegion *o = g_ptr_array_index(mr->sub, i);

        /* QEMU shows whichever it likes. */
        g_assert(addr + sub->size <= o->addr || o->addr + o->size <= addr);
    }
    sub->container = mr;
    sub->addr = addr;
    g_ptr_array_add(mr->sub, sub);
    if (mr == &system_memory) {
        changed();
    }
}

void memory_region_del_subregion(MemoryRegion *mr, MemoryRegion *sub)
{
    g_assert(sub->container == mr && g_ptr_array_remove(mr->sub, sub));
    sub->container = NULL;
    if (mr == &system_memory) {
        changed();
    }
}

/* RAM */

static RAMBlock *block_new(const char *name, uint64_t bytes)
{
    RAMBlock *rb = g_new0(RAMBlock, 1);
    unsigned int i;

    /* Behind all others, at a multiple of 64 pages, as QEMU does it. */
    for (i = 0; i < blocks->len; i++) {
        RAMBlock *o = g_ptr_array_index(blocks, i);

        rb->offset = MAX(rb->offset, ROUND_UP(o->offset + o->bytes, 64 * 4096));
    }
    rb->name = g_strdup(name);
    rb->bytes = bytes;
    /* What is migrated is there already; of guest RAM libxc takes care. */
    if (blocks->len && !runstate_check(RUN_STATE_INMIGRATE)) {
        xen_populate(xen_park_place_block(rb->offset, bytes) >> 12,
                     DIV_ROUND_UP(bytes, 4096));
    }
    g_ptr_array_add(blocks, rb);
    return rb;
}

static void block_free(void *opaque)
{
    RAMBlock *rb = opaque;

    g_free(rb->mr.name);
    g_free(rb->name);
    g_free(rb);
}

MemoryRegion *memory_ram(uint64_t bytes)
{
    RAMBlock *rb = block_new("xen.ram", bytes);

    g_assert(!rb->offset);
    region_init(&rb->mr, "xen.ram", bytes);
    rb->mr.ram_block = rb;
    return &rb->mr;
}

uint64_t harness_block(const char *name, uint64_t bytes)
{
    return block_new(name, bytes)->offset;
}

int qemu_ram_foreach_block(RAMBlockIterFunc *fn, void *opaque)
{
    unsigned int i;
    int rc = 0;

    for (i = 0; !rc && i < blocks->len; i++) {
        rc = fn(g_ptr_array_index(blocks, i), opaque);
    }
    return rc;
}

ram_addr_t qemu_ram_get_offset(RAMBlock *rb)
{
    return rb->offset;
}

ram_addr_t qemu_ram_get_max_length(RAMBlock *rb)
{
    return rb->bytes;
}

/* The mapcache */

void harness_lock(uint64_t addr, uint64_t bytes, bool block)
{
    g_assert(nr_locked < MAX_LOCKED);
    locked[nr_locked].addr = addr;
    locked[nr_locked].size = bytes;
    locked[nr_locked++].block = block;
}

void bdrv_drain_all(void)
{
    unsigned int i, nr = 0;

    harness_event("drain");
    for (i = 0; i < nr_locked; i++) {
        if (!locked[i].block) {
            locked[nr++] = locked[i];
        }
    }
    nr_locked = nr;
}

bool xen_map_cache_is_locked(hwaddr addr, hwaddr size)
{
    unsigned int i;

    for (i = 0; i < nr_locked; i++) {
        if (locked[i].addr < addr + size &&
            addr < locked[i].addr + locked[i].size) {
            return true;
        }
    }
    return false;
}

void xen_invalidate_map_cache(void)
{
    g_assert(!depth);
    harness_event("invalidate");
}

AddressSpace address_space_memory;
static MemoryListener *listener;

void memory_listener_register(MemoryListener *l, AddressSpace *filter)
{
    g_assert(!listener && filter == &address_space_memory);
    listener = l;
}

const char *harness_dirty_log(unsigned int what)
{
    static char text[128];
    Error *err = NULL;

    /* Listeners are asked by the first who wants it, and told of no other. */
    if (!what || global_dirty_tracking || listener->log_global_start(listener, &err)) {
        global_dirty_tracking = what;
        return NULL;
    }
    g_strlcpy(text, error_get_pretty(err), sizeof(text));
    error_free(err);
    return text;
}

/* Ports */

static MemoryRegion *port_region(uint64_t port)
{
    unsigned int i;

    for (i = 0; i < system_io.sub->len; i++) {
        MemoryRegion *mr = g_ptr_array_index(system_io.sub, i);

        if (mr->addr <= port && port < mr->addr + mr->size) {
            return mr;
        }
    }
    return NULL;
}

static bool valid(const MemoryRegion *mr, hwaddr addr, unsigned int bytes)
{
    return bytes >= mr->ops->valid.min_access_size &&
           bytes <= mr->ops->valid.max_access_size &&
           (mr->ops->valid.unaligned || addr % bytes == 0);
}

/* Bytes of the accesses that QEMU makes of one of @bytes. */
static unsigned int step(const MemoryRegion *mr, unsigned int bytes)
{
    return MAX(MIN(bytes, mr->ops->impl.max_access_size),
               mr->ops->impl.min_access_size);
}

uint32_t harness_in(unsigned int addr, unsigned int bytes)
{
    MemoryRegion *mr = port_region(MEMMAP_PORT_BASE + addr);
    uint64_t val = 0;
    unsigned int i, by;

    if (!mr) {
        return UINT32_MAX >> (32 - 8 * bytes);
    }
    if (valid(mr, addr, bytes)) {
        by = step(mr, bytes);
        for (i = 0; i < bytes; i += by) {
            uint64_t part = mr->ops->read(mr->opaque, addr + i, by);

            val |= (part & (UINT64_MAX >> (64 - 8 * by))) << (8 * i);
        }
    }
    return val & (UINT32_MAX >> (32 - 8 * bytes));
}

void harness_out(unsigned int addr, unsigned int bytes, uint32_t val)
{
    MemoryRegion *mr = port_region(MEMMAP_PORT_BASE + addr);
    unsigned int i, by;

    if (mr && valid(mr, addr, bytes)) {
        by = step(mr, bytes);
        for (i = 0; i < bytes; i += by) {
            mr->ops->write(mr->opaque, addr + i, val >> (8 * i), by);
        }
    }
}

/* The aliases are the code's under test, which has no more use for them. */
static void aliases_free(void)
{
    unsigned int i;

    for (i = 0; system_memory.sub && i < system_memory.sub->len; i++) {
        MemoryRegion *mr = g_ptr_array_index(system_memory.sub, i);

        g_free(mr->name);
        g_free(mr);
    }
}

static void root_reset(MemoryRegion *mr)
{
    g_clear_pointer(&mr->sub, g_ptr_array_unref);
    memset(mr, 0, sizeof(*mr));
    mr->size = UINT64_MAX;
    mr->sub = g_ptr_array_new();
}

void memory_reset(void)
{
    aliases_free();
    root_reset(&system_memory);
    root_reset(&system_io);
    g_clear_pointer(&blocks, g_ptr_array_unref);
    blocks = g_ptr_array_new_with_free_func(block_free);
    if (!view) {
        view = g_string_new(NULL);
    }
    g_string_truncate(view, 0);
    depth = regions = nr_locked = 0;
    pending = false;
    global_dirty_tracking = 0;
    listener = NULL;
}
