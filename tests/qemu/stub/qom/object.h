/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STUB_OBJECT_H
#define STUB_OBJECT_H

#include "qemu/osdep.h"

struct Object {
    const char *type;
    int refs;
};

struct ObjectClass {
    GPtrArray *enums;           /* properties, see qom.c */
};

#define OBJECT(p) ((Object *)(p))

#define OBJECT_DECLARE_SIMPLE_TYPE(T, NAME)     \
    typedef struct T T;                         \
    static inline T *NAME(const void *obj)      \
    {                                           \
        return (T *)obj;                        \
    }

typedef struct TypeInfo {
    const char *name;
    const char *parent;
    size_t instance_size;
    void (*class_init)(ObjectClass *klass, void *data);
} TypeInfo;

typedef struct QEnumLookup {
    const char *const *array;
    int size;
} QEnumLookup;

void type_register_static(const TypeInfo *info);
Object *object_dynamic_cast(Object *obj, const char *type);
void object_unref(Object *obj);
void object_unparent(Object *obj);
void object_property_add_child(Object *obj, const char *name, Object *child);
Object *object_get_root(void);
int object_child_foreach_recursive(Object *obj,
                                   int (*fn)(Object *child, void *opaque),
                                   void *opaque);
void object_class_property_add_enum(ObjectClass *klass, const char *name,
                                    const char *type, const QEnumLookup *lookup,
                                    int (*get)(Object *obj, Error **errp),
                                    void (*set)(Object *obj, int value,
                                                Error **errp));

/* For people only. */
static inline void
object_class_property_set_description(ObjectClass *klass, const char *name,
                                      const char *description)
{
}

#endif /* STUB_OBJECT_H */
