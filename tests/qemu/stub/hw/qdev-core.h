/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STUB_QDEV_CORE_H
#define STUB_QDEV_CORE_H

#include "hw/resettable.h"
#include "qom/object.h"

typedef struct DeviceState {
    Object parent_obj;
    char *id;
    char *canonical_path;
    bool realized;
} DeviceState;

enum { DEVICE_CATEGORY_MISC, DEVICE_CATEGORY_MAX };

typedef struct Property {
    const char *name;
    size_t offset;
    size_t bytes;               /* of the field */
    uint64_t defval;
} Property;

typedef struct DeviceClass {
    ObjectClass parent_class;
    ResettableClass resettable;
    const char *desc;
    void (*realize)(DeviceState *dev, Error **errp);
    const struct VMStateDescription *vmsd;
    const Property *props;
    size_t nr_props;
    unsigned long categories[1];
} DeviceClass;

typedef struct DeviceListener DeviceListener;
struct DeviceListener {
    void (*realize)(DeviceListener *listener, DeviceState *dev);
    void (*unrealize)(DeviceListener *listener, DeviceState *dev);
};

#define DEVICE(obj)         ((DeviceState *)(obj))
#define DEVICE_CLASS(klass) ((DeviceClass *)(klass))

DeviceState *qdev_new(const char *type);
void device_listener_register(DeviceListener *listener);

#endif /* STUB_QDEV_CORE_H */
