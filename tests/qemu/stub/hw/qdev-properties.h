/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STUB_QDEV_PROPERTIES_H
#define STUB_QDEV_PROPERTIES_H

#include "hw/qdev-core.h"

#define STUB_PROP(n, state, field, type, value) \
    { .name = (n), .offset = offsetof(state, field), \
      .bytes = sizeof(*(0 ? &((state *)0)->field : (type *)0)), \
      .defval = (value) }
#define DEFINE_PROP_BOOL(n, state, field, value) \
    STUB_PROP(n, state, field, bool, value)
#define DEFINE_PROP_UINT64(n, state, field, value) \
    STUB_PROP(n, state, field, uint64_t, value)

#define device_class_set_props(dc, array) do { \
        (dc)->props = (array); \
        (dc)->nr_props = ARRAY_SIZE(array); \
    } while (0)

#endif /* STUB_QDEV_PROPERTIES_H */
