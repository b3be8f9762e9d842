/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STUB_XEN_PT_H
#define STUB_XEN_PT_H

#include "hw/qdev-core.h"

#define PCI_DEVFN(slot, func)       ((((slot) & 0x1f) << 3) | ((func) & 7))
#define PCI_SLOT(devfn)             (((devfn) >> 3) & 0x1f)
#define PCI_FUNC(devfn)             ((devfn) & 7)
#define PCI_BUILD_BDF(bus, devfn)   (((bus) << 8) | (devfn))

#define TYPE_XEN_PT_DEVICE "xen-pci-passthrough"
OBJECT_DECLARE_SIMPLE_TYPE(XenPCIPassthroughState, XEN_PT_DEVICE)

struct XenPCIPassthroughState {
    DeviceState dev;
    struct {
        unsigned int domain, bus, slot, function;
    } hostaddr;
};

#endif /* STUB_XEN_PT_H */
