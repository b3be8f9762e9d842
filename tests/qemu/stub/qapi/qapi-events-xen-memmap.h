/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STUB_QAPI_EVENTS_XEN_MEMMAP_H
#define STUB_QAPI_EVENTS_XEN_MEMMAP_H

#include "qapi/qapi-types-xen-memmap.h"

void qapi_event_send_xen_memmap_changed(XenMemmapStage stage,
                                        uint32_t generation);

#endif /* STUB_QAPI_EVENTS_XEN_MEMMAP_H */
