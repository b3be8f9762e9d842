/* SPDX-License-Identifier: MIT */
/*
 * The kernel's log. /dev/kmsg gives one record per read: "prio,seq,time,flag;text\n" and
 * continuation lines. A reader that opens it sees all that the ring still holds.
 */
#include "guest.h"

#include <errno.h>
#include <fcntl.h>      /* open */
#include <stdio.h>      /* snprintf */
#include <string.h>
#include <unistd.h>     /* read */

static bool contains_any(const char *text, const char *const *any)
{
    if (!any) {
        return true;
    }
    for (; *any; any++) {
        if (strstr(text, *any)) {
            return true;
        }
    }
    return false;
}

struct reader {
    bool (*each)(void *arg, const char *line);
    void *arg;
    bool first, whole, over;
};

/* What one read gave; continuation lines begin with a blank. */
static void lines(struct reader *r, char *rec)
{
    char *save = NULL;

    for (char *l = strtok_r(rec, "\n", &save); l && !r->over; l = strtok_r(NULL, "\n", &save)) {
        char *seq = strchr(l, ','), *text = strchr(l, ';');

        if (*l == ' ' || !text || !seq) {
            continue;
        }
        r->whole |= r->first && !strncmp(seq, ",0,", 3);
        r->first = false;
        r->over = r->each(r->arg, text + 1);
    }
}

bool kmsg_each(bool (*each)(void *arg, const char *line), void *arg, bool *whole)
{
    struct reader r = { .each = each, .arg = arg, .first = true };
    char path[300], rec[8193];  /* the kernel refuses a buffer that is too small for a record */
    int fd;

    snprintf(path, sizeof(path), "%s/dev/kmsg", fs_root);
    fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    while (!r.over) {
        ssize_t n = read(fd, rec, sizeof(rec) - 1);

        if (n < 0 && errno == EPIPE) {
            continue;           /* overtaken by the ring: go on with what is left */
        }
        if (n <= 0) {
            break;
        }
        rec[n] = '\0';
        lines(&r, rec);
    }
    close(fd);
    *whole = r.whole;
    return true;
}

struct wanted {
    const char *word;
    const char *const *any;
    char *line;
    size_t size;
    bool found;
};

static bool match(void *arg, const char *text)
{
    struct wanted *w = arg;

    /* The kernel repeats its command line, and with it our own parameters. */
    if (strstr(text, w->word) && !strstr(text, "ommand line") && contains_any(text, w->any)) {
        snprintf(w->line, w->size, "%s", text);
        w->found = true;
    }
    return w->found;
}

bool kmsg_find(const char *word, const char *const *any, char *line, size_t size)
{
    struct wanted w = { word, any, line, size, false };
    bool whole;

    return kmsg_each(match, &w, &whole) && w.found;
}
