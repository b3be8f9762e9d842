/*
 * Xen guest memory map device: show the accepted layout in xenstore
 *
 * Under device-model/DOMID/memory-map/ of the domain that runs QEMU, which the
 * guest cannot write, so that a toolstack may believe it:
 *
 *   state        name of the protocol's state
 *   version      that was chosen, empty before that
 *   features     that were chosen, in hexadecimal, empty before that
 *   error        number of the last command's error, 0 if it succeeded
 *   index        the entry that it blames, empty if it blames none
 *   reason       both for people
 *   generation   of the layout in force, 0 if it is the one the guest was
 *                built with
 *   layout/N     from 0 on, ranges, one on a line:
 *                gfn pages source type flags aux; numbers are in hexadecimal,
 *                type is ram, rdm, mmio or a number, source may be "-"
 *   rdm/N        the same way, what the host reserves for the devices that are
 *                assigned: gfn pages device, and whether it is mapped
 *
 * Lines are shared out among keys such that each key has as many as there is
 * room for in MAX_VALUE bytes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "hw/xen/xen.h"
#include "hw/xen/xen-legacy-backend.h"
#include "xen-memmap-publish.h"
#include "trace.h"

/*
 * In a stub domain QEMU has 2048 bytes for a node, by default, of which the
 * node's permissions take some.
 */
#define MAX_VALUE 1920
/* Somebody else wrote meanwhile: try again, but do not hang on it. */
#define MAX_TRIES 5

bool xen_memmap_can_publish(void)
{
    /* Once QEMU is restricted to the guest, xenstored does not listen. */
    return xenstore && !xen_domid_restrict;
}

static bool G_GNUC_PRINTF(3, 4)
xen_memmap_write_key(xs_transaction_t t, const char *key, const char *fmt, ...)
{
    g_autofree char *path = g_strdup_printf("device-model/%u/memory-map/%s",
                                            xen_domid, key);
    g_autofree char *value = NULL;
    va_list ap;

    va_start(ap, fmt);
    value = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    return qemu_xen_xs_write(xenstore, t, path, value, strlen(value));
}

static char *xen_memmap_format(const struct memmap_range *r)
{
    static const char *const types[] = {
        [MEMMAP_TYPE_RAM] = "ram",
        [MEMMAP_TYPE_RDM] = "rdm",
        [MEMMAP_TYPE_MMIO] = "mmio",
    };
    GString *s = g_string_new(NULL);

    g_string_append_printf(s, "%" PRIx64 " %" PRIx64 " ", r->gfn, r->pages);
    if (r->source == MEMMAP_NO_SOURCE) {
        g_string_append(s, "- ");
    } else {
        g_string_append_printf(s, "%" PRIx64 " ", r->source);
    }
    if (r->type < ARRAY_SIZE(types) && types[r->type]) {
        g_string_append(s, types[r->type]);
    } else {
        g_string_append_printf(s, "%x", r->type);
    }
    g_string_append_printf(s, " %x %x", r->flags, r->aux);
    return g_string_free(s, false);
}

/*
 * As many of @lines, from *@next on, as one value has room for; one at least.
 */
static char *xen_memmap_fill(const GPtrArray *lines, unsigned int *next)
{
    GString *s = g_string_new(NULL);
    const char *line;

    do {
        line = g_ptr_array_index(lines, (*next)++);
        g_string_append_printf(s, "%s\n", line);
        line = *next < lines->len ? g_ptr_array_index(lines, *next) : NULL;
    } while (line && s->len + strlen(line) + 1 <= MAX_VALUE);
    return g_string_free(s, false);
}

/* @name/0, @name/1, ... are @lines. */
static bool xen_memmap_write_lines(xs_transaction_t t, const char *name,
                                   const GPtrArray *lines)
{
    g_autofree char *dir = g_strdup_printf("device-model/%u/memory-map/%s",
                                           xen_domid, name);
    unsigned int n = 0, next = 0;

    /* The last time there may have been more. */
    qemu_xen_xs_destroy(xenstore, t, dir);

    while (next < lines->len) {
        g_autofree char *text = xen_memmap_fill(lines, &next);
        g_autofree char *key = g_strdup_printf("%s/%u", name, n++);

        if (!xen_memmap_write_key(t, key, "%s", text)) {
            return false;
        }
    }
    return true;
}

static bool xen_memmap_write_layout(xs_transaction_t t,
                                    const struct memmap_layout *layout)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    unsigned int i;

    for (i = 0; i < layout->nr; i++) {
        g_ptr_array_add(lines, xen_memmap_format(&layout->range[i]));
    }
    return xen_memmap_write_lines(t, "layout", lines);
}

static bool xen_memmap_write_all(xs_transaction_t t,
                                 const struct memmap_dm *dm,
                                 const struct memmap_layout *layout,
                                 const GPtrArray *rdm)
{
    const bool chosen = dm->accepted;
    g_autofree char *index = dm->index == MEMMAP_NO_INDEX ? g_strdup("") :
                             g_strdup_printf("%u", dm->index);
    g_autofree char *entry = *index ? g_strdup_printf(" (entry %s)", index) :
                             g_strdup("");
    g_autofree char *version = chosen ?
        g_strdup_printf("%u.%u", MEMMAP_OFFER_MAJOR(dm->accepted),
                        MEMMAP_OFFER_MINOR(dm->accepted)) : g_strdup("");
    g_autofree char *features = chosen ?
        g_strdup_printf("%x", MEMMAP_OFFER_FEATURES(dm->accepted)) :
        g_strdup("");

    return xen_memmap_write_key(t, "state", "%s", memmap_strstate(dm->state)) &&
           xen_memmap_write_key(t, "version", "%s", version) &&
           xen_memmap_write_key(t, "features", "%s", features) &&
           xen_memmap_write_key(t, "error", "%u", dm->error) &&
           xen_memmap_write_key(t, "index", "%s", index) &&
           xen_memmap_write_key(t, "reason", "%s%s",
                                memmap_strerror(dm->error), entry) &&
           xen_memmap_write_key(t, "generation", "%u", dm->generation) &&
           xen_memmap_write_layout(t, layout) &&
           (!rdm || xen_memmap_write_lines(t, "rdm", rdm));
}

/*
 * libxl makes our directory before it starts QEMU, and removes it before it
 * ends it: what is written after that nobody would ever remove.  Somebody else
 * who starts a QEMU may never make it.  False: xenstore does not say.
 */
static bool xen_memmap_find_dir(xs_transaction_t t, bool *gone)
{
    static bool seen;
    g_autofree char *path = g_strdup_printf("device-model/%u", xen_domid);
    unsigned int len;
    char *value = qemu_xen_xs_read(xenstore, t, path, &len);

    if (!value && errno != ENOENT) {
        return false;
    }
    seen |= value != NULL;
    *gone = seen && !value;
    free(value);
    return true;
}

bool xen_memmap_publish(const struct memmap_dm *dm,
                        const struct memmap_layout *layout,
                        const GPtrArray *rdm)
{
    unsigned int tries;
    bool ok = false, gone = false;

    /* In one transaction: no reader sees half of a layout. */
    for (tries = 0; tries < MAX_TRIES; tries++) {
        xs_transaction_t t = qemu_xen_xs_transaction_start(xenstore);

        if (t == XBT_NULL) {
            break;
        }
        ok = xen_memmap_find_dir(t, &gone) && !gone &&
             xen_memmap_write_all(t, dm, layout, rdm);
        if (qemu_xen_xs_transaction_end(xenstore, t, !ok)) {
            break;
        }
        ok = false;
        if (errno != EAGAIN) {
            break;
        }
    }
    trace_xen_memmap_publish(dm->generation, layout->nr, ok);
    return ok || gone;
}
