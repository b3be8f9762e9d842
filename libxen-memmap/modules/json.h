/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * json-c for the command: a module, which is loaded for --json.  Each library costs every
 * command its time at the start.
 */
#ifndef JSON_H
#define JSON_H

#include <stdint.h>

struct json_object;

/* json-c's functions, as it declares them. */
struct json_module {
    struct json_object *(*new_object)(void);
    struct json_object *(*new_array)(void);
    struct json_object *(*new_string)(const char *text);
    struct json_object *(*new_int64)(int64_t number);
    struct json_object *(*new_boolean)(int value);
    int (*object_add)(struct json_object *o, const char *name,
                      struct json_object *member);
    int (*array_add)(struct json_object *array, struct json_object *member);
    const char *(*text)(struct json_object *o, int flags);
    int (*put)(struct json_object *o);
    int pretty, plain;                  /* flags */
};

/* What the module has: a struct json_module. */
#define JSON_MODULE "json_module"

#endif
