/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an argument names: a domain, a record, or an xl.cfg. */
#include "command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAGIC "XGML"
#define MAX_RECORD 12288

gboolean find_domain(const char *arg, uint32_t *domid)
{
    if (!xen_memmap_find(handle, arg, domid))
        return TRUE;
    complain("%s", xen_memmap_message(handle));
    return FALSE;
}

/*
 * As find_domain(), and *@name, for g_free().  What was found by its name is called so;
 * and that a number has a name says that it is there.
 */
static gboolean name_domain(const char *arg, uint32_t *domid, char **name)
{
    guint64 number;

    if (!g_ascii_string_to_unsigned(arg, 10, 0, 0x7fff, &number, NULL)) {
        *name = g_strdup(arg);
        return find_domain(arg, domid);
    }
    *domid = number;
    *name = xen_memmap_name(handle, number);
    if (!*name)
        complain("%s", xen_memmap_message(handle));
    return *name != NULL;
}

static gboolean from_domain(struct subject *s, const char *arg,
                            enum xen_memmap_origin origin)
{
    g_autofree char *name = NULL;

    if (!name_domain(arg, &s->domid, &name))
        return FALSE;
    if (xen_memmap_read(handle, s->domid, origin, &s->layout)) {
        complain("%s", xen_memmap_message(handle));
        return FALSE;
    }
    s->is_domain = TRUE;
    s->title = g_strdup_printf("%s (domain %u)", name, s->domid);
    return TRUE;
}

static gboolean from_stdin(struct subject *s)
{
    char buf[MAX_RECORD + 1];
    gsize bytes = 0;
    gssize got;

    while (bytes < sizeof(buf) &&
           (got = read(STDIN_FILENO, buf + bytes, sizeof(buf) - bytes)) != 0) {
        if (got < 0 && errno != EINTR) {
            complain("standard input: %s", g_strerror(errno));
            return FALSE;
        }
        bytes += got > 0 ? got : 0;
    }
    s->title = g_strdup("standard input");
    if (!xen_memmap_decode(handle, buf, bytes, &s->layout))
        return TRUE;
    complain("standard input: %s", xen_memmap_message(handle));
    return FALSE;
}

static gboolean is_record(const char *path)
{
    g_autofree char *text = NULL;
    gsize len;

    return g_file_get_contents(path, &text, &len, NULL) && len >= 4 &&
           !memcmp(text, MAGIC, 4);
}

static gboolean from_file(struct subject *s, const char *path, gboolean plans)
{
    s->title = g_path_get_basename(path);
    if (!plans || is_record(path)) {
        if (!xen_memmap_load(handle, path, &s->layout))
            return TRUE;
        complain("%s: %s", path, xen_memmap_message(handle));
        return FALSE;
    }
    s->plan = plan_for(path);
    if (!s->plan)
        return FALSE;
    s->layout = (xen_memmap_layout *)xen_memmap_plan_layout(s->plan);
    s->built = (xen_memmap_layout *)xen_memmap_plan_built(s->plan);
    return TRUE;
}

gboolean subject_find(struct subject *s, const char *arg, gboolean plans)
{
    if (!strcmp(arg, "-"))
        return from_stdin(s);
    if (g_str_has_prefix(arg, "claimed:"))
        return from_domain(s, arg + strlen("claimed:"), XEN_MEMMAP_CLAIMED);
    if (strchr(arg, '/') || g_file_test(arg, G_FILE_TEST_IS_REGULAR))
        return from_file(s, arg, plans);
    return from_domain(s, arg, XEN_MEMMAP_PUBLISHED);
}

/* On the terminal only, in place. */
static int progress(void *opaque, uint64_t done, uint64_t total)
{
    const int percent = total ? 100 * done / total : 100;
    int *last = opaque;

    if (percent != *last)
        fprintf(stderr, "\r%3d %% of %" G_GUINT64_FORMAT " pages", percent, total);
    *last = percent;
    return 0;
}

gboolean subject_verify(struct subject *s, unsigned int flags)
{
    const gboolean shows = isatty(STDERR_FILENO) && flags;
    int rc, last = -1;

    if (!s->is_domain) {
        complain("%s is no domain", s->title);
        return FALSE;
    }
    rc = xen_memmap_verify(handle, s->domid, s->layout, flags,
                           shows ? progress : NULL, &last, &s->report);
    if (last >= 0)
        fprintf(stderr, "\r%40s\r", "");
    if (rc)
        complain("%s", xen_memmap_message(handle));
    return !rc;
}

void subject_clear(struct subject *s)
{
    xen_memmap_report_free(s->report);
    if (s->plan)
        xen_memmap_plan_free(s->plan);
    else
        xen_memmap_layout_free(s->layout);
    g_free(s->title);
    memset(s, 0, sizeof(*s));
}
