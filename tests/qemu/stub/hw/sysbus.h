/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STUB_SYSBUS_H
#define STUB_SYSBUS_H

#include "hw/qdev-core.h"

#define TYPE_SYS_BUS_DEVICE "sys-bus-device"
#define SYS_BUS_DEVICE(obj) ((SysBusDevice *)(obj))

typedef struct SysBusDevice {
    DeviceState parent_obj;
} SysBusDevice;

void sysbus_realize_and_unref(SysBusDevice *dev, Error **errp);

#endif /* STUB_SYSBUS_H */
