/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The module that makes JSON, see json.h. */
#include "json.h"

#include <json-c/json.h>

extern const struct json_module json_module;

__attribute__((visibility("default"))) const struct json_module json_module = {
    .new_object = json_object_new_object,
    .new_array = json_object_new_array,
    .new_string = json_object_new_string,
    .new_int64 = json_object_new_int64,
    .new_boolean = json_object_new_boolean,
    .object_add = json_object_object_add,
    .array_add = json_object_array_add,
    .text = json_object_to_json_string_ext,
    .put = json_object_put,
    .pretty = JSON_C_TO_STRING_NOSLASHESCAPE | JSON_C_TO_STRING_PRETTY |
              JSON_C_TO_STRING_SPACED,
    .plain = JSON_C_TO_STRING_NOSLASHESCAPE | JSON_C_TO_STRING_PLAIN,
};
