/*
 * Xen guest memory map device: firmware tells where it put guest RAM
 *
 * hvmloader moves guest RAM to make room for BARs.  Xen knows, because it is
 * asked to; this device is how QEMU gets to know.  What is said and when is
 * memmap/, shared with hvmloader; here is what it takes to be a device:
 * ports, guest memory, reset, migration, and the RAM layout that follows.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/log.h"
#include "qapi/error.h"
#include "exec/address-spaces.h"
#include "exec/cpu-common.h"
#include "exec/target_page.h"
#include "hw/qdev-properties.h"
#include "hw/resettable.h"
#include "hw/sysbus.h"
#include "memmap/dm.h"
#include "hw/xen/xen-memmap.h"
#include "hw/xen/xen-ram.h"
#include "trace.h"

struct XenMemmapState {
    SysBusDevice parent_obj;

    /* Properties. */
    bool enabled;

    MemoryRegion io;
    uint64_t block_pages;       /* length of the RAM block */
    struct memmap_dm dm;
};

static bool xen_memmap_access(uint64_t addr, void *buf, uint32_t bytes,
                              bool is_write)
{
    hwaddr len = bytes;
    void *p = address_space_map(&address_space_memory, addr, &len, is_write,
                                MEMTXATTRS_UNSPECIFIED);
    bool ok = p && len == bytes;

    /*
     * Mapped rather than read: a page that the guest gave back to Xen is no
     * mapping then, where a read would follow a null pointer.
     */
    if (ok && is_write) {
        memcpy(p, buf, bytes);
    } else if (ok) {
        memcpy(buf, p, bytes);
    }
    if (p) {
        address_space_unmap(&address_space_memory, p, len, is_write,
                            ok ? bytes : 0);
    }
    return ok;
}

static bool xen_memmap_read(void *opaque, uint64_t addr, void *dst,
                            uint32_t bytes)
{
    return xen_memmap_access(addr, dst, bytes, false);
}

static bool xen_memmap_write(void *opaque, uint64_t addr, const void *src,
                             uint32_t bytes)
{
    return xen_memmap_access(addr, (void *)src, bytes, true);
}

static unsigned int xen_memmap_check(void *opaque,
                                     const struct memmap_record *r,
                                     uint16_t *index)
{
    return MEMMAP_OK;
}

static unsigned int xen_memmap_apply(void *opaque,
                                     const struct memmap_record *r,
                                     uint16_t *index)
{
    g_autofree XenRAMRange *range = g_new0(XenRAMRange, MEMMAP_MAX_ENTRIES);
    Error *err = NULL;
    unsigned int i, nr = 0;

    for (i = 0; i < r->layout.nr; i++) {
        const struct memmap_range *e = &r->layout.range[i];
        hwaddr addr = e->gfn << 12, size = e->pages << 12;

        if (e->type != MEMMAP_TYPE_RAM) {
            continue;
        }
        if (nr && range[nr - 1].addr + range[nr - 1].size == addr) {
            range[nr - 1].size += size;
        } else {
            range[nr++] = (XenRAMRange) { addr, size };
        }
    }

    if (!xen_ram_layout_set(range, nr, &err)) {
        qemu_log_mask(LOG_GUEST_ERROR, "xen-memmap: %s\n",
                      error_get_pretty(err));
        error_free(err);
        return MEMMAP_E_APPLY;
    }
    return MEMMAP_OK;
}

struct owned {
    XenMemmapState *s;
    struct memmap_layout *layout;
    bool ok;
};

static int xen_memmap_add_owned(RAMBlock *rb, void *opaque)
{
    struct owned *o = opaque;
    struct memmap_range r = {
        .gfn = qemu_ram_get_offset(rb) >> 12,
        .pages = DIV_ROUND_UP(qemu_ram_get_max_length(rb), 4096),
        .source = MEMMAP_NO_SOURCE,
        .type = MEMMAP_TYPE_OWNED,
    };

    /* All that comes after guest RAM is somebody else's. */
    if (r.gfn >= o->s->block_pages) {
        o->ok = o->ok && memmap_layout_set(o->layout, &r);
    }
    return 0;
}

/*
 * Every block that is not guest RAM was populated at gfn == ram_addr.  A block
 * that was mapped elsewhere since returns there when it is unmapped, so its
 * place stays taken.
 */
static bool xen_memmap_constraints(void *opaque, struct memmap_layout *l)
{
    struct owned o = { .s = opaque, .layout = l, .ok = true };

    qemu_ram_foreach_block(xen_memmap_add_owned, &o);
    return o.ok;
}

static void xen_memmap_changed(void *opaque, unsigned int cmd)
{
    XenMemmapState *s = opaque;

    trace_xen_memmap_changed(cmd, memmap_strstate(s->dm.state),
                             s->dm.generation, s->dm.error, s->dm.index);
    if (s->dm.error) {
        qemu_log_mask(LOG_GUEST_ERROR,
                      "xen-memmap: command %u refused: %s (entry %d)\n", cmd,
                      memmap_strerror(s->dm.error),
                      s->dm.index == MEMMAP_NO_INDEX ? -1 : s->dm.index);
    }
}

static const struct memmap_dm_ops xen_memmap_dm_ops = {
    .read = xen_memmap_read,
    .write = xen_memmap_write,
    .check = xen_memmap_check,
    .apply = xen_memmap_apply,
    .constraints = xen_memmap_constraints,
    .changed = xen_memmap_changed,
};

static uint64_t xen_memmap_io_read(void *opaque, hwaddr addr, unsigned int size)
{
    XenMemmapState *s = opaque;
    uint32_t val = MEMMAP_REG_ABSENT;

    if (size == 4) {
        val = memmap_dm_read(&s->dm, addr);
    }
    trace_xen_memmap_io_read(addr, size, val);
    return val;
}

static void xen_memmap_io_write(void *opaque, hwaddr addr, uint64_t val,
                                unsigned int size)
{
    XenMemmapState *s = opaque;

    trace_xen_memmap_io_write(addr, size, val);
    if (size == 4) {
        memmap_dm_write(&s->dm, addr, val);
    }
}

/* Any access gets here, so that one that is no 32-bit one reads all ones. */
static const MemoryRegionOps xen_memmap_io_ops = {
    .read = xen_memmap_io_read,
    .write = xen_memmap_io_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 4, .unaligned = true },
    .impl = { .min_access_size = 1, .max_access_size = 4, .unaligned = true },
};

static void xen_memmap_reset_hold(Object *obj, ResetType type)
{
    XenMemmapState *s = XEN_MEMMAP(obj);

    /* Resume from S3 does not run the firmware that would seal again. */
    if (type != RESET_TYPE_WAKEUP) {
        memmap_dm_reset(&s->dm);
    }
}

static void xen_memmap_realizefn(DeviceState *dev, Error **errp)
{
    XenMemmapState *s = XEN_MEMMAP(dev);

    s->dm.ops = &xen_memmap_dm_ops;
    s->dm.opaque = s;
    memory_region_init_io(&s->io, OBJECT(s), &xen_memmap_io_ops, s,
                          TYPE_XEN_MEMMAP, MEMMAP_PORT_COUNT);
    memory_region_add_subregion(get_system_io(), MEMMAP_PORT_BASE, &s->io);
}

static const Property xen_memmap_properties[] = {
    DEFINE_PROP_BOOL("enabled", XenMemmapState, enabled, true),
};

static void xen_memmap_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    ResettableClass *rc = RESETTABLE_CLASS(klass);

    dc->desc = "Xen guest memory map";
    dc->realize = xen_memmap_realizefn;
    rc->phases.hold = xen_memmap_reset_hold;
    device_class_set_props(dc, xen_memmap_properties);
    set_bit(DEVICE_CATEGORY_MISC, dc->categories);
}

static const TypeInfo xen_memmap_info = {
    .name = TYPE_XEN_MEMMAP,
    .parent = TYPE_SYS_BUS_DEVICE,
    .instance_size = sizeof(XenMemmapState),
    .class_init = xen_memmap_class_init,
};

static void xen_memmap_register_types(void)
{
    type_register_static(&xen_memmap_info);
}

type_init(xen_memmap_register_types)

XenMemmapState *xen_memmap_new(Object *machine)
{
    DeviceState *dev = qdev_new(TYPE_XEN_MEMMAP);
    XenMemmapState *s = XEN_MEMMAP(dev);

    if (!s->enabled) {
        object_unref(OBJECT(dev));
        return NULL;
    }
    object_property_add_child(machine, "xen-memmap", OBJECT(dev));
    return s;
}

void xen_memmap_realize(XenMemmapState *s, uint64_t ram_size,
                        uint64_t block_len)
{
    s->block_pages = block_len >> 12;
    s->dm.gfn_limit = s->block_pages;
    /* libxl passes the size with the VGA hole, where there is no RAM. */
    s->dm.ram_pages = (ram_size >> 12) - (MEMMAP_VGA_END - MEMMAP_VGA_GFN);
    sysbus_realize_and_unref(SYS_BUS_DEVICE(s), &error_fatal);
}
