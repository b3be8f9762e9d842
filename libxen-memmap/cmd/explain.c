/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "command.h"

#include <stdio.h>

enum { NAME, SIZE, BITS, ADDRESS };

static const struct column bar_columns[] = {
    [NAME] = { "BAR", "device and BAR", FALSE, TRUE },
    [SIZE] = { "SIZE", "size", TRUE, TRUE },
    [BITS] = { "BITS", "width of its address", TRUE, TRUE },
    [ADDRESS] = { "ADDRESS", "where it goes", TRUE, TRUE },
    { 0 },
};

enum { START, END, DEVICE, RESULT };

static const struct column region_columns[] = {
    [START] = { "START", "first address", TRUE, TRUE },
    [END] = { "END", "last address", TRUE, TRUE },
    [DEVICE] = { "DEVICE", "whose it is", FALSE, TRUE },
    [RESULT] = { "RESERVED MEMORY", "what becomes of it", FALSE, TRUE },
    { 0 },
};

struct explanation {
    struct xlcfg *x;
    xen_memmap_config *c;
    xen_memmap_plan *p;
    GPtrArray *problems;    /* sentences: what is wrong, and what helps */
};

/* ---- what is wrong, and what helps ---- */

static unsigned int nr_unplaced(const xen_memmap_plan *p, gboolean is_64bit)
{
    const struct xen_memmap_bar *b;
    unsigned int i, nr = 0;

    for (i = 0; (b = xen_memmap_plan_bar(p, i)); i++)
        nr += b->address == XEN_MEMMAP_NO_PLACE && !b->is_64bit == !is_64bit;
    return nr;
}

/* The least width with which all BARs of 64 bits have a place; 0: none. */
static unsigned int width_that_helps(struct explanation *e)
{
    unsigned int bits;

    for (bits = 37; bits <= 52; bits++) {
        g_autoptr(xen_memmap_plan) p = NULL;

        if (!xen_memmap_config_width(handle, e->c, bits) &&
            !xen_memmap_explain(handle, e->c, &p) && !nr_unplaced(p, TRUE))
            return bits;
    }
    return 0;
}

static void judge_bars(struct explanation *e)
{
    const unsigned int wide = nr_unplaced(e->p, TRUE);
    const unsigned int narrow = nr_unplaced(e->p, FALSE);
    const unsigned int bits = wide ? width_that_helps(e) : 0;

    if (wide && bits)
        g_ptr_array_add(e->problems, g_strdup_printf(
            "%u BARs of 64 bits get no place: the guest's addresses would need %u "
            "bits. A host with wider addresses has them; less memory, or fewer "
            "devices, may do.", wide, bits));
    else if (wide)
        g_ptr_array_add(e->problems, g_strdup_printf(
            "%u BARs of 64 bits get no place, at any width of addresses.", wide));
    if (narrow)
        g_ptr_array_add(e->problems, g_strdup_printf(
            "%u BARs of 32 bits get no place below 4 GiB: %s.", narrow,
            plan_stays(e->x) ? "RAM is in the way, and stays" : e->x->hole ?
            "leave mmio_hole out, and firmware takes what it needs" :
            "the guest needs fewer of them, or smaller ones"));
}

static gboolean is_ram(const xen_memmap_layout *l, uint64_t gfn, uint64_t pages)
{
    const struct xen_memmap_range *r;
    unsigned int i;

    for (i = 0; (r = xen_memmap_layout_range(l, i)); i++)
        if (r->type == XEN_MEMMAP_RAM && r->gfn < gfn + pages &&
            gfn < r->gfn + r->pages)
            return TRUE;
    return FALSE;
}

/* The device of pci= at @sbdf; NULL: there is none. */
static const struct xlcfg_device *device_of(const struct xlcfg *x, uint32_t sbdf)
{
    unsigned int i;

    for (i = 0; i < x->devices->len; i++) {
        const struct xlcfg_device *d =
            &g_array_index(x->devices, struct xlcfg_device, i);

        if (d->sbdf == sbdf)
            return d;
    }
    return NULL;
}

/* Nothing is lost by RAM where no device of the guest has its memory. */
static void judge_host_region(struct explanation *e, const struct xen_memmap_region *r)
{
    g_autofree char *start = text_of(append_address, r->gfn);

    if (r->kept && e->x->strict_rdm)
        g_ptr_array_add(e->problems, g_strdup_printf(
            "xl will not create this guest: RAM is where the host reserves memory (%s), "
            "and the policy of rdm=\"strategy=host\" is strict. Below it, "
            "rdm_mem_boundary makes xl keep RAM away.", start));
}

static void judge_region(struct explanation *e,
                         const struct xen_memmap_region *r)
{
    g_autofree char *start = text_of(append_address, r->gfn);
    g_autofree char *device = text_of(append_device, r->sbdf);
    const struct xlcfg_device *d = device_of(e->x, r->sbdf);
    const gboolean in_ram = d && is_ram(xen_memmap_plan_built(e->p), r->gfn, r->pages);

    if (in_ram && e->x->stubdom)
        g_ptr_array_add(e->problems, g_strdup_printf(
            "Reserved memory at %s will not be mapped for %s: RAM is there when the device "
            "is assigned%s, and a stub domain may not map it later. Make room before: plug "
            "the device into the guest when it runs, with its region declared, or let xl "
            "keep RAM away, by rdm_mem_boundary.", start, device,
            d->strict ? ", so that xl will not create this guest" : ""));
    else if (in_ram && d->strict)
        g_ptr_array_add(e->problems, g_strdup_printf(
            "xl will not create this guest: RAM is where the host reserves memory "
            "for %s (%s), and its policy is strict. With \"%s,rdm_policy=relaxed\" "
            "firmware makes room for it.", device, start, device));
    if (r->kept && !(in_ram && e->x->stubdom))
        g_ptr_array_add(e->problems, g_strdup_printf(
            "Reserved memory at %s cannot be used by its device: %s.", start,
            r->kept));
}

static void judge(struct explanation *e)
{
    const struct xen_memmap_region *r;
    unsigned int i;

    if (xen_memmap_plan_given_up(e->p))
        g_ptr_array_add(e->problems,
                        g_strdup_printf("%s.", xen_memmap_plan_given_up(e->p)));
    judge_bars(e);
    for (i = 0; (r = xen_memmap_plan_region(e->p, i)); i++)
        if (r->sbdf == XEN_MEMMAP_ALL_DEVICES)
            judge_host_region(e, r);
        else
            judge_region(e, r);
}

/* ---- printing ---- */

static void append_place(GString *s, uint64_t address)
{
    if (address == XEN_MEMMAP_NO_PLACE)
        g_string_append(s, "none");
    else
        append_hex(s, address, 9);
}

static void print_bars(const xen_memmap_plan *p)
{
    struct table *t = table_new(bar_columns, xen_memmap_plan_bars(p));
    const struct xen_memmap_bar *b;
    unsigned int i;

    for (i = 0; (b = xen_memmap_plan_bar(p, i)); i++) {
        table_line(t);
        table_add(t, NAME, append_text, b->name);
        table_add(t, SIZE, append_size, b->bytes);
        table_add(t, BITS, append_text, b->is_64bit ? "64" : "32");
        table_add(t, ADDRESS, append_place, b->address);
        if (b->address == XEN_MEMMAP_NO_PLACE)
            table_colour(t, COLOUR_RED);
    }
    table_print(t);
}

static gboolean is_of_device(const struct xen_memmap_region *r)
{
    return r->sbdf && r->sbdf != XEN_MEMMAP_ALL_DEVICES;
}

static void append_owner(GString *s, const struct xen_memmap_region *r)
{
    if (is_of_device(r))
        append_device(s, r->sbdf);
    else
        g_string_append_c(s, '-');
}

static void print_regions(const xen_memmap_plan *p)
{
    struct table *t = table_new(region_columns, xen_memmap_plan_regions(p));
    const struct xen_memmap_region *r;
    unsigned int i;

    for (i = 0; (r = xen_memmap_plan_region(p, i)); i++) {
        table_line(t);
        table_add(t, START, append_address, r->gfn);
        table_add(t, END, append_last, r->gfn, r->pages);
        table_add(t, DEVICE, append_owner, r);
        table_add(t, RESULT, append_text, r->kept ? r->kept : "free of RAM");
        if (r->kept)
            table_colour(t, COLOUR_RED);
    }
    table_print(t);
}

static void print_text(const struct explanation *e, gboolean layout)
{
    const xen_memmap_layout *after = xen_memmap_plan_layout(e->p);
    g_autofree char *ram =
        text_of(append_size, xen_memmap_layout_pages(after, XEN_MEMMAP_RAM) << 12);
    g_autofree char *moved = text_of(append_size, xen_memmap_plan_moved(e->p) << 12);
    unsigned int i;

    printf("RAM %s, of which firmware will move %s; the MMIO hole will start at "
           "0x%09" G_GINT64_MODIFIER "x; addresses take %u bits.\n", ram, moved,
           xen_memmap_plan_hole(e->p), xen_memmap_plan_width(e->p));
    if (plan_stays(e->x))
        printf("RAM stays where it is: %s.\n", plan_stays(e->x));
    printf("\n");
    print_bars(e->p);
    if (xen_memmap_plan_regions(e->p)) {
        printf("\n");
        print_regions(e->p);
    }
    if (layout) {
        printf("\n");
        table_print(layout_table(after));
    }
    printf("\n");
    for (i = 0; i < e->problems->len; i++)
        printf("%s\n", (char *)g_ptr_array_index(e->problems, i));
    if (!e->problems->len)
        printf("Everything has a place.\n");
}

static void bars_json(json_object *array, const xen_memmap_plan *p)
{
    const struct xen_memmap_bar *bar;
    unsigned int i;

    for (i = 0; (bar = xen_memmap_plan_bar(p, i)); i++) {
        json_object *o = array_object(array);

        member_text(o, "name", bar->name);
        member_int(o, "bytes", bar->bytes);
        member_int(o, "bits", bar->is_64bit ? 64 : 32);
        member_int(o, "address", bar->address);
    }
}

static void regions_json(json_object *array, const xen_memmap_plan *p)
{
    const struct xen_memmap_region *r;
    unsigned int i;

    for (i = 0; (r = xen_memmap_plan_region(p, i)); i++) {
        g_autofree char *device = is_of_device(r) ? text_of(append_device, r->sbdf) : NULL;
        json_object *o = array_object(array);

        member_int(o, "gfn", r->gfn);
        member_int(o, "pages", r->pages);
        member_text(o, "device", device);
        member_text(o, "kept", r->kept);
    }
}

static void print_json(const struct explanation *e)
{
    g_autoptr(json_object) o = json_new_object();
    json_object *array;
    unsigned int i;

    member_int(o, "hole", xen_memmap_plan_hole(e->p));
    member_int(o, "width", xen_memmap_plan_width(e->p));
    member_text(o, "stays", plan_stays(e->x));
    bars_json(member_array(o, "bars"), e->p);
    regions_json(member_array(o, "regions"), e->p);
    array = member_array(o, "problems");
    for (i = 0; i < e->problems->len; i++)
        array_text(array, g_ptr_array_index(e->problems, i));
    layout_json(o, xen_memmap_plan_layout(e->p));
    json_print(o, TRUE);
}

int command_explain(int argc, char **argv)
{
    gboolean layout = FALSE;
    const GOptionEntry entries[] = {
        { "json", 'J', 0, G_OPTION_ARG_NONE, &output_json, "JSON", NULL },
        { "bytes", 'b', 0, G_OPTION_ARG_NONE, &output_bytes, "Sizes in bytes",
          NULL },
        { "layout", 'l', 0, G_OPTION_ARG_NONE, &layout,
          "The layout, as show would have it", NULL },
        PLAN_ENTRIES, { 0 },
    };
    g_auto(xlcfg) x = { 0 };
    g_autoptr(xen_memmap_config) c = NULL;
    g_autoptr(xen_memmap_plan) p = NULL;
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    struct explanation e = { .x = &x, .problems = problems };

    if (!parse_options(&argc, &argv, entries, "XL.CFG",
                       "Say what firmware will do with a guest before it starts: "
                       "which RAM moves,\nwhere BARs go, what becomes of reserved "
                       "memory. The exit status is 1 if\nsomething gets no place.",
                       1, 1) ||
        !xlcfg_read(&x, argv[1]) || !(c = plan_config(&x)))
        return EXIT_ERROR;
    if (xen_memmap_explain(handle, c, &p)) {
        complain("%s", xen_memmap_message(handle));
        return EXIT_NO;
    }
    e.c = c;
    e.p = p;
    judge(&e);
    if (output_json)
        print_json(&e);
    else
        print_text(&e, layout);
    return problems->len ? EXIT_NO : EXIT_YES;
}
