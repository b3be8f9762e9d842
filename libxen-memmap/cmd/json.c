/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON, by the module of json.h. */
#include "command.h"

#include <stdio.h>

gboolean output_json;

static const struct json_module *json;

gboolean json_load(void)
{
    if (!json)
        json = module_symbol("json.so", JSON_MODULE, "there is no JSON");
    return json != NULL;
}

json_object *json_new_object(void)
{
    return json->new_object();
}

json_object *json_new_array(void)
{
    return json->new_array();
}

void json_free(json_object *o)
{
    json->put(o);
}

void member_text(json_object *o, const char *name, const char *value)
{
    g_autofree char *valid = value ? g_utf8_make_valid(value, -1) : NULL;

    json->object_add(o, name, valid ? json->new_string(valid) : NULL);
}

void member_int(json_object *o, const char *name, uint64_t value)
{
    /* All that is printed has less than 63 bits, or means "none". */
    json->object_add(o, name, value >> 63 ? NULL : json->new_int64(value));
}

void member_bool(json_object *o, const char *name, gboolean value)
{
    json->object_add(o, name, json->new_boolean(value));
}

json_object *member_array(json_object *o, const char *name)
{
    json_object *array = json->new_array();

    json->object_add(o, name, array);
    return array;
}

json_object *array_object(json_object *array)
{
    json_object *o = json->new_object();

    json->array_add(array, o);
    return o;
}

void array_text(json_object *array, const char *value)
{
    json->array_add(array, json->new_string(value));
}

void json_print(json_object *o, gboolean pretty)
{
    puts(json->text(o, pretty ? json->pretty : json->plain));
}
