/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A layout as a table and as JSON. */
#include "command.h"

#include <stdio.h>

enum { START, END, SIZE, PAGES, GFN, TYPE, FROM, FLAGS, DEVICE };

const struct column layout_columns[] = {
    [START] = { "START", "first address", TRUE, TRUE },
    [END] = { "END", "last address", TRUE, TRUE },
    [SIZE] = { "SIZE", "size", TRUE, TRUE },
    [PAGES] = { "PAGES", "pages of 4 KiB", TRUE, FALSE },
    [GFN] = { "GFN", "first guest frame number", TRUE, FALSE },
    [TYPE] = { "TYPE", "ram, rdm (reserved device memory), mmio (for BARs)",
               FALSE, TRUE },
    [FROM] = { "FROM", "where RAM that moved was when the guest was built", TRUE,
               TRUE },
    [FLAGS] = { "FLAGS", "firmware, unfreed, unmapped", FALSE, TRUE },
    [DEVICE] = { "DEVICE", "whose reserved memory it is", FALSE, TRUE },
    { 0 },
};

static const struct { unsigned int flag; const char *name; } flags[] = {
    { XEN_MEMMAP_OPTIONAL, "optional" }, { XEN_MEMMAP_FIRMWARE, "firmware" },
    { XEN_MEMMAP_UNFREED, "unfreed" }, { XEN_MEMMAP_UNMAPPED, "unmapped" },
};

void append_flags(GString *s, unsigned int value)
{
    const char *between = "";
    unsigned int i;

    for (i = 0; i < G_N_ELEMENTS(flags); i++)
        if (value & flags[i].flag) {
            g_string_append(s, between);
            g_string_append(s, flags[i].name);
            between = ",";
        }
}

const char *origin_text(enum xen_memmap_origin origin)
{
    switch (origin) {
    case XEN_MEMMAP_PUBLISHED: return "published";
    case XEN_MEMMAP_CLAIMED:   return "claimed";
    case XEN_MEMMAP_RECORD:    return "record";
    case XEN_MEMMAP_PLANNED:   return "planned";
    }
    return "unknown";
}

/* What firmware took for itself is no move. */
static gboolean has_moved(const struct xen_memmap_range *r)
{
    return r->type == XEN_MEMMAP_RAM && r->source != r->gfn &&
           !(r->flags & XEN_MEMMAP_FIRMWARE);
}

uint64_t layout_moved(const xen_memmap_layout *l)
{
    const struct xen_memmap_range *r;
    uint64_t pages = 0;
    unsigned int i;

    for (i = 0; (r = xen_memmap_layout_range(l, i)); i++)
        if (has_moved(r))
            pages += r->pages;
    return pages;
}

static void append_type(GString *s, const struct xen_memmap_range *r)
{
    if (r->type < XEN_MEMMAP_RAM || r->type > XEN_MEMMAP_OWNED)
        append_hex(s, r->type, 1);
    else
        g_string_append(s, xen_memmap_type_name(r->type));
}

static void append_source(GString *s, const struct xen_memmap_range *r)
{
    if (r->source == XEN_MEMMAP_NO_SOURCE)
        g_string_append(s, "several");
    else
        append_address(s, r->source);
}

struct table *layout_table(const xen_memmap_layout *l)
{
    struct table *t = table_new(layout_columns, xen_memmap_layout_ranges(l));
    const struct xen_memmap_range *r;
    unsigned int i;

    for (i = 0; t && (r = xen_memmap_layout_range(l, i)); i++) {
        table_line(t);
        table_add(t, START, append_address, r->gfn);
        table_add(t, END, append_last, r->gfn, r->pages);
        table_add(t, SIZE, append_size, r->pages << 12);
        table_add(t, PAGES, append_number, r->pages);
        table_add(t, GFN, append_hex, r->gfn, 1);
        table_add(t, TYPE, append_type, r);
        if (r->type == XEN_MEMMAP_RAM && r->source != r->gfn)
            table_add(t, FROM, append_source, r);
        table_add(t, FLAGS, append_flags, r->flags);
        if (r->aux)
            table_add(t, DEVICE, append_device, r->aux);
        if (has_moved(r))
            table_colour(t, COLOUR_YELLOW);
        else if (r->type != XEN_MEMMAP_RAM)
            table_colour(t, COLOUR_CYAN);
    }
    return t;
}

static void range_json(json_object *o, const struct xen_memmap_range *r)
{
    g_autofree char *device = r->aux ? text_of(append_device, r->aux) : NULL;
    g_autofree char *type = text_of(append_type, r);
    json_object *names;
    unsigned int i;

    member_int(o, "gfn", r->gfn);
    member_int(o, "pages", r->pages);
    member_text(o, "type", type);
    member_int(o, "source", r->type == XEN_MEMMAP_RAM ? r->source
                                                    : XEN_MEMMAP_NO_SOURCE);
    names = member_array(o, "flags");
    for (i = 0; i < G_N_ELEMENTS(flags); i++)
        if (r->flags & flags[i].flag)
            array_text(names, flags[i].name);
    member_text(o, "device", device);
}

static void reserved_json(json_object *o, const struct xen_memmap_reserved *r)
{
    g_autofree char *device = text_of(append_device, r->sbdf);

    member_int(o, "gfn", r->gfn);
    member_int(o, "pages", r->pages);
    member_text(o, "device", device);
    member_bool(o, "mapped", r->mapped);
    member_text(o, "status", r->status);
}

void layout_json(json_object *o, const xen_memmap_layout *l)
{
    const gboolean said = xen_memmap_layout_state(l) != XEN_MEMMAP_UNKNOWN;
    const struct xen_memmap_reserved *reserved;
    const struct xen_memmap_range *r;
    json_object *array;
    unsigned int i;

    member_text(o, "origin", origin_text(xen_memmap_layout_origin(l)));
    member_int(o, "publisher", xen_memmap_layout_publisher(l) ==
               XEN_MEMMAP_NO_DOMAIN ? G_MAXUINT64 : xen_memmap_layout_publisher(l));
    member_text(o, "state", said ?
              xen_memmap_state_name(xen_memmap_layout_state(l)) : NULL);
    member_int(o, "generation", xen_memmap_layout_generation(l));
    member_int(o, "error", xen_memmap_layout_error(l));
    member_text(o, "reason", said ? xen_memmap_layout_reason(l) : NULL);
    member_int(o, "ram_pages", xen_memmap_layout_pages(l, XEN_MEMMAP_RAM));
    member_int(o, "moved_pages", layout_moved(l));
    array = member_array(o, "ranges");
    for (i = 0; (r = xen_memmap_layout_range(l, i)); i++)
        range_json(array_object(array), r);
    array = member_array(o, "reserved");
    for (i = 0; (reserved = xen_memmap_layout_reserved(l, i)); i++)
        reserved_json(array_object(array), reserved);
}
