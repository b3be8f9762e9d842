/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STUB_RESETTABLE_H
#define STUB_RESETTABLE_H

#include "qom/object.h"

typedef enum ResetType {
    RESET_TYPE_COLD,
    RESET_TYPE_SNAPSHOT_LOAD,
    RESET_TYPE_WAKEUP,
} ResetType;

typedef struct ResettableClass {
    struct {
        void (*hold)(Object *obj, ResetType type);
    } phases;
} ResettableClass;

/* Every class is a device's. */
ResettableClass *resettable_class(ObjectClass *klass);
#define RESETTABLE_CLASS(klass) resettable_class(klass)

#endif /* STUB_RESETTABLE_H */
