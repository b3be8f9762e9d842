/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Types, devices, and those who want to know of devices. */
#include "internal.h"
#include "hw/qdev-properties.h"
#include "hw/sysbus.h"
#include "hw/xen/xen_pt.h"
#include "qapi/error.h"

#define MAX_LISTENERS 4
#define MAX_GLOBALS   8

typedef struct EnumProperty {
    const char *name;
    const QEnumLookup *lookup;
    int (*get)(Object *obj, Error **errp);
    void (*set)(Object *obj, int value, Error **errp);
} EnumProperty;

typedef struct Type {
    const TypeInfo *info;
    DeviceClass class;
} Type;

static Type types[8];           /* filled before main() */
static unsigned int nr_types;
static GPtrArray *devices;      /* that are children of somebody */
static Object root;
static DeviceListener *listeners[MAX_LISTENERS];
static unsigned int nr_listeners;
static struct {
    char *name, *value;
} globals[MAX_GLOBALS];
static unsigned int nr_globals;

/* Types */

void type_register_static(const TypeInfo *info)
{
    g_assert(nr_types < ARRAY_SIZE(types));
    types[nr_types++].info = info;
}

ResettableClass *resettable_class(ObjectClass *klass)
{
    return &DEVICE_CLASS(klass)->resettable;
}

DeviceClass *qom_class(const char *name)
{
    unsigned int i;

    for (i = 0; i < nr_types; i++) {
        Type *t = &types[i];

        if (strcmp(t->info->name, name)) {
            continue;
        }
        if (!t->class.parent_class.enums) {
            t->class.parent_class.enums = g_ptr_array_new();
            t->info->class_init(&t->class.parent_class, NULL);
        }
        return &t->class;
    }
    abort();
}

static size_t instance_size(const char *name)
{
    unsigned int i;

    for (i = 0; i < nr_types; i++) {
        if (!strcmp(types[i].info->name, name)) {
            return types[i].info->instance_size;
        }
    }
    abort();
}

void object_class_property_add_enum(ObjectClass *klass, const char *name,
                                    const char *type, const QEnumLookup *lookup,
                                    int (*get)(Object *obj, Error **errp),
                                    void (*set)(Object *obj, int value,
                                                Error **errp))
{
    EnumProperty *p = g_new0(EnumProperty, 1);

    *p = (EnumProperty) { name, lookup, get, set };
    g_ptr_array_add(klass->enums, p);
}

/* Properties */

void harness_global(const char *name, const char *value)
{
    g_assert(nr_globals < MAX_GLOBALS);
    globals[nr_globals].name = g_strdup(name);
    globals[nr_globals++].value = g_strdup(value);
}

static void property_put(DeviceState *dev, const Property *p, uint64_t value)
{
    /* Little-endian hosts only, like the series. */
    memcpy((char *)dev + p->offset, &value, p->bytes);
}

static void property_set(DeviceState *dev, DeviceClass *dc, const char *name,
                         const char *value)
{
    GPtrArray *enums = dc->parent_class.enums;
    size_t i;
    int v;

    for (i = 0; i < dc->nr_props; i++) {
        if (!strcmp(dc->props[i].name, name)) {
            property_put(dev, &dc->props[i],
                         dc->props[i].bytes == sizeof(bool) ?
                         !strcmp(value, "on") : g_ascii_strtoull(value, NULL,
                                                                 0));
            return;
        }
    }
    for (i = 0; i < enums->len; i++) {
        const EnumProperty *p = g_ptr_array_index(enums, i);

        for (v = 0; !strcmp(p->name, name) && v < p->lookup->size; v++) {
            if (!strcmp(p->lookup->array[v], value)) {
                p->set(OBJECT(dev), v, NULL);
                g_assert(p->get(OBJECT(dev), NULL) == v);
                return;
            }
        }
    }
    harness_end("no property %s=%s", name, value);
}

/* Objects */

DeviceState *qdev_new(const char *type)
{
    DeviceClass *dc = qom_class(type);
    DeviceState *dev = g_malloc0(instance_size(type));
    size_t i;

    dev->parent_obj.type = type;
    dev->parent_obj.refs = 1;
    for (i = 0; i < dc->nr_props; i++) {
        property_put(dev, &dc->props[i], dc->props[i].defval);
    }
    for (i = 0; i < nr_globals; i++) {
        property_set(dev, dc, globals[i].name, globals[i].value);
    }
    return dev;
}

Object *object_dynamic_cast(Object *obj, const char *type)
{
    return strcmp(obj->type, type) ? NULL : obj;
}

void object_unref(Object *obj)
{
    g_assert(obj->refs);
    if (!--obj->refs) {
        DeviceState *dev = DEVICE(obj);

        g_free(dev->id);
        g_free(dev->canonical_path);
        g_free(dev);
    }
}

void object_property_add_child(Object *obj, const char *name, Object *child)
{
    child->refs++;
    g_ptr_array_add(devices, child);
}

Object *object_get_root(void)
{
    return &root;
}

int object_child_foreach_recursive(Object *obj,
                                   int (*fn)(Object *child, void *opaque),
                                   void *opaque)
{
    unsigned int i;
    int rc = 0;

    g_assert(obj == &root);
    for (i = 0; !rc && i < devices->len; i++) {
        rc = fn(g_ptr_array_index(devices, i), opaque);
    }
    return rc;
}

/* Of a device: QEMU tells of it before it is realized, and after it was. */
static void realize(DeviceState *dev)
{
    unsigned int i;

    for (i = 0; i < nr_listeners; i++) {
        listeners[i]->realize(listeners[i], dev);
    }
    dev->realized = true;
}

static void unrealize(DeviceState *dev)
{
    unsigned int i;

    dev->realized = false;
    for (i = nr_listeners; i-- > 0;) {
        listeners[i]->unrealize(listeners[i], dev);
    }
}

void object_unparent(Object *obj)
{
    if (!g_ptr_array_find(devices, obj, NULL)) {
        memory_region_gone((MemoryRegion *)obj);
        return;
    }
    harness_event("unplug %s", DEVICE(obj)->canonical_path);
    if (DEVICE(obj)->realized) {
        unrealize(DEVICE(obj));
    }
    g_ptr_array_remove(devices, obj);
}

void sysbus_realize_and_unref(SysBusDevice *sbd, Error **errp)
{
    DeviceState *dev = DEVICE(sbd);
    Error *err = NULL;

    qom_class(dev->parent_obj.type)->realize(dev, &err);
    if (err) {
        g_assert(errp == &error_fatal);
        harness_end("%s", error_get_pretty(err));
        error_free(err);
    } else {
        realize(dev);
    }
    object_unref(OBJECT(dev));
}

void device_listener_register(DeviceListener *listener)
{
    g_assert(nr_listeners < MAX_LISTENERS);
    listeners[nr_listeners++] = listener;
}

void qom_forget_listeners(void)
{
    nr_listeners = 0;
}

/* Devices that are passed through */

static struct harness_device *plug(uint32_t sbdf, const char *type)
{
    XenPCIPassthroughState *d = g_new0(XenPCIPassthroughState, 1);

    d->dev.parent_obj.type = type;
    d->dev.parent_obj.refs = 1;
    d->dev.id = g_strdup_printf("pt-%x", sbdf);
    d->dev.canonical_path = g_strdup_printf("/machine/%x", sbdf);
    d->hostaddr.domain = sbdf >> 16;
    d->hostaddr.bus = (sbdf >> 8) & 0xff;
    d->hostaddr.slot = (sbdf >> 3) & 0x1f;
    d->hostaddr.function = sbdf & 7;
    g_ptr_array_add(devices, d);
    realize(&d->dev);
    return (struct harness_device *)d;
}

struct harness_device *harness_plug(uint32_t sbdf)
{
    return plug(sbdf, TYPE_XEN_PT_DEVICE);
}

struct harness_device *harness_plug_emulated(uint32_t sbdf)
{
    return plug(sbdf, "e1000");
}

void harness_unplug(struct harness_device *dev)
{
    object_unparent(OBJECT(dev));
}

bool harness_plugged(const struct harness_device *dev)
{
    return g_ptr_array_find(devices, dev, NULL);
}

DeviceState *qom_device(const char *type)
{
    unsigned int i;

    for (i = 0; i < devices->len; i++) {
        if (!strcmp(((Object *)g_ptr_array_index(devices, i))->type, type)) {
            return g_ptr_array_index(devices, i);
        }
    }
    return NULL;
}

void qom_reset(void)
{
    g_clear_pointer(&devices, g_ptr_array_unref);
    devices = g_ptr_array_new_with_free_func((GDestroyNotify)object_unref);
    nr_listeners = 0;
    while (nr_globals) {
        nr_globals--;
        g_free(globals[nr_globals].name);
        g_free(globals[nr_globals].value);
    }
}
