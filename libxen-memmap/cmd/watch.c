/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "command.h"
#include "xen-memmap-glib.h"

#include <errno.h>
#include <glib-unix.h>
#include <stdio.h>

struct watching {
    GMainLoop *loop;
    GHashTable *seen;       /* domid -> what was printed last */
    gboolean all;
    int left;               /* changes to print; negative: any number */
    int status;
};

static void print_change(uint32_t domid, const char *name,
                         const xen_memmap_layout *l, const char *note)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autofree char *time = g_date_time_format_iso8601(now);

    if (output_json) {
        g_autoptr(json_object) o = json_new_object();

        member_text(o, "time", time);
        member_int(o, "domid", domid);
        member_text(o, "name", name);
        member_text(o, "note", note);
        if (l)
            layout_json(o, l);
        json_print(o, FALSE);
    } else if (l) {
        g_autofree char *moved = text_of(append_size, layout_moved(l) << 12);

        printf("%.19s %s (%u): %s, generation %u, moved %s%s%s\n", time,
               name ? name : "?", domid,
               xen_memmap_state_name(xen_memmap_layout_state(l)),
               xen_memmap_layout_generation(l), moved,
               note ? "; refused: " : "", note ? note : "");
    } else
        printf("%.19s %s (%u): %s\n", time, name ? name : "?", domid, note);
    fflush(stdout);
}

/* All that a line shows, to see whether there is a new one. */
static char *digest(const xen_memmap_layout *l, const char *note)
{
    if (!l)
        return g_strdup(note);
    return g_strdup_printf("%d %u %u %s", xen_memmap_layout_state(l),
                           xen_memmap_layout_generation(l),
                           xen_memmap_layout_error(l), note ? note : "");
}

static void stop(struct watching *w, int status)
{
    w->status = status;
    g_main_loop_quit(w->loop);
}

static void forget(struct watching *w, uint32_t domid)
{
    g_hash_table_remove(w->seen, GUINT_TO_POINTER(domid));
    xen_memmap_unwatch(handle, domid);
    if (!w->all)
        stop(w, EXIT_YES);
}

static void changed(struct watching *w, uint32_t domid, const char *name,
                    const xen_memmap_layout *l, const char *note)
{
    const gpointer key = GUINT_TO_POINTER(domid);
    g_autofree char *now = digest(l, note);

    if (!g_strcmp0(g_hash_table_lookup(w->seen, key), now))
        return;
    print_change(domid, name, l, note);
    g_hash_table_insert(w->seen, key, g_steal_pointer(&now));
    if (w->left > 0 && !--w->left)
        stop(w, EXIT_YES);
}

/* One guest may have changed. */
static void look(struct watching *w, uint32_t domid)
{
    g_autofree char *name = xen_memmap_name(handle, domid);
    g_autoptr(xen_memmap_layout) l = NULL;
    int err;

    if (!xen_memmap_read(handle, domid, XEN_MEMMAP_PUBLISHED, &l)) {
        changed(w, domid, name, l, xen_memmap_layout_error(l) ?
                xen_memmap_layout_reason(l) : NULL);
        return;
    }
    err = errno;
    if (err == ECONNRESET || err == ECONNREFUSED) {
        complain("%s", xen_memmap_message(handle));
        stop(w, EXIT_ERROR);
    } else if (err == ESRCH) {
        changed(w, domid, name, NULL, "ended");
        forget(w, domid);
    } else if (err != EAGAIN)
        changed(w, domid, name, NULL, xen_memmap_message(handle));
}

/* Guests came or went. */
static void look_for_guests(struct watching *w)
{
    g_autofree uint32_t *domids = NULL;
    unsigned int i, nr;

    if (xen_memmap_domains(handle, &domids, &nr)) {
        complain("%s", xen_memmap_message(handle));
        stop(w, EXIT_ERROR);
        return;
    }
    for (i = 0; i < nr; i++)
        if (xen_memmap_watch(handle, domids[i]) && errno != EEXIST) {
            complain("%s", xen_memmap_message(handle));
            stop(w, EXIT_ERROR);
        }
}

static gboolean event(xen_memmap_handle *h, uint32_t domid, int error,
                      gpointer user_data)
{
    struct watching *w = user_data;

    if (error) {
        complain("%s", xen_memmap_message(h));
        stop(w, EXIT_ERROR);
    } else if (domid == XEN_MEMMAP_NO_DOMAIN)
        look_for_guests(w);
    else
        look(w, domid);
    return g_main_loop_is_running(w->loop);
}

static gboolean interrupted(gpointer user_data)
{
    stop(user_data, EXIT_YES);
    return G_SOURCE_CONTINUE;
}

static int watch(struct watching *w, uint32_t domid)
{
    g_autoptr(GSource) source = xen_memmap_source_new(handle);

    if (!source || xen_memmap_watch(handle, domid)) {
        complain("%s", xen_memmap_message(handle));
        return EXIT_ERROR;
    }
    g_source_set_callback(source, G_SOURCE_FUNC(event), w, NULL);
    g_source_attach(source, NULL);
    g_unix_signal_add(SIGINT, interrupted, w);
    g_unix_signal_add(SIGTERM, interrupted, w);
    g_main_loop_run(w->loop);
    return w->status;
}

int command_watch(int argc, char **argv)
{
    int changes = -1;
    const GOptionEntry entries[] = {
        { "json", 'J', 0, G_OPTION_ARG_NONE, &output_json,
          "JSON, an object a line", NULL },
        { "changes", 'c', 0, G_OPTION_ARG_INT, &changes,
          "End after so many lines", "NUMBER" },
        { 0 },
    };
    struct watching w = { .status = EXIT_YES };
    uint32_t domid = XEN_MEMMAP_NO_DOMAIN;
    int rc;

    if (!parse_options(&argc, &argv, entries, "[DOMAIN]",
                       "Print a line for each change of a guest's layout, of all "
                       "guests if none is\nnamed. Ends with the guest, or when it "
                       "is interrupted.", 0, 1))
        return EXIT_ERROR;
    if (argc > 1 && !find_domain(argv[1], &domid))
        return EXIT_ERROR;
    w.all = argc < 2;
    w.left = changes;
    w.loop = g_main_loop_new(NULL, FALSE);
    w.seen = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    rc = watch(&w, domid);
    g_hash_table_unref(w.seen);
    g_main_loop_unref(w.loop);
    return rc;
}
