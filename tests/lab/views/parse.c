/* SPDX-License-Identifier: MIT */
/* Text of three origins into lists. Lines that are not ours are passed over. */
#include "views.h"

#include <inttypes.h>
#include <string.h>

#define LINE 1024
#define TAG  "memmap-guest: "

bool parse_serial(FILE *f, struct views *v, char *why, size_t size)
{
    bool started = false, complete = false;
    char line[LINE];

    while (fgets(line, sizeof(line), f)) {
        char *s = strstr(line, TAG);    /* the kernel may have left its own text before */
        uint64_t start, end;
        char type[40], bdf[20];
        unsigned int bar;
        struct piece *p;

        if (!s) {
            continue;
        }
        s += strlen(TAG);
        if (!strncmp(s, "start", 5)) {
            v->e820.nr = v->bars.nr = 0;
            started = true;
            complete = false;
        } else if (sscanf(s, "e820 %" SCNx64 " %" SCNx64 " %39[^\r\n]", &start, &end, type) == 3) {
            bool ram = !strcmp(type, "System RAM");

            if (end <= start) {
                snprintf(why, size, "serial log: E820 entry %.60s", s);
                return false;
            }
            /* A page is RAM only if all of it is. */
            if (ram) {
                start = (start + VIEWS_PAGE - 1) & ~(VIEWS_PAGE - 1);
                end &= ~(VIEWS_PAGE - 1);
            } else {
                start &= ~(VIEWS_PAGE - 1);
                end = (end + VIEWS_PAGE - 1) & ~(VIEWS_PAGE - 1);
            }
            if (end > start) {
                p = list_add(&v->e820, start, end);
                p->kind = ram ? E820_RAM : E820_OTHER;
                /* Only kinds matter here, so neighbours of one kind may become one. */
                p->offset = start;
            }
        } else if (sscanf(s, "bar %19s %u %" SCNx64 " %" SCNx64, bdf, &bar, &start, &end) == 4 ||
                   sscanf(s, "plugged %19s %u %" SCNx64 " %" SCNx64, bdf, &bar, &start,
                          &end) == 4) {
            p = list_add(&v->bars, start, end);
            snprintf(p->name, sizeof(p->name), "%s BAR %u", bdf, bar);
        } else if (!strncmp(s, "check ", 6) || !strncmp(s, "done", 4)) {
            complete = true;            /* the layout is printed before the first of these */
        }
    }
    if (!started || !complete || !v->e820.nr) {
        snprintf(why, size, "serial log: %s", !started ? "the guest's workload never started" :
                 !v->e820.nr ? "no E820 in it" : "it ends amid the guest's report");
        return false;
    }
    list_sort(&v->e820);
    list_merge(&v->e820);
    list_sort(&v->bars);
    return true;
}

/* "  START-END (prio N, TYPE): NAME[ @OFFSET]", END inclusive; true if it is such a line. */
static bool flat_range(const char *line, struct piece *p, char *type, size_t type_size)
{
    uint64_t start, end;
    const char *s, *at;
    size_t len;
    int n = 0;

    if (sscanf(line, " %" SCNx64 "-%" SCNx64 " (prio %*d, %n", &start, &end, &n) != 2 || !n) {
        return false;
    }
    s = line + n;
    len = strcspn(s, ")");
    if (strncmp(s + len, "): ", 3) || len >= type_size) {
        return false;
    }
    memcpy(type, s, len);
    type[len] = '\0';
    s += len + 3;

    memset(p, 0, sizeof(*p));
    p->r = (struct range){ start, end + 1 };
    len = strcspn(s, "\r\n");
    at = strstr(s, " @");
    if (at && sscanf(at, " @%" SCNx64, &p->offset) == 1) {
        len = (size_t)(at - s);
    }
    snprintf(p->name, sizeof(p->name), "%.*s", (int)len, s);
    return true;
}

bool parse_mtree(FILE *f, struct views *v, char *why, size_t size)
{
    bool wanted = false, found = false;
    char line[LINE], type[40];

    while (fgets(line, sizeof(line), f)) {
        struct piece p;

        if (!strncmp(line, "FlatView #", 10)) {
            wanted = false;
        } else if (!strncmp(line, " AS \"memory\",", 13)) {
            wanted = found = true;
        } else if (wanted && flat_range(line, &p, type, sizeof(type))) {
            const char *t = !strncmp(type, "nv-", 3) ? type + 3 : type;

            /* romd and i/o: accesses are calls into the device, no memory of the guest. */
            if (!strcmp(t, "ram") || !strcmp(t, "ramd") || !strcmp(t, "rom")) {
                *list_add(&v->qemu, p.r.start, p.r.end) = p;
            }
        }
    }
    if (!found || !v->qemu.nr) {
        snprintf(why, size, "mtree: %s (want the output of `info mtree -f`)",
                 found ? "the flat view of \"memory\" shows no RAM" :
                 "no flat view of address space \"memory\"");
        return false;
    }
    list_sort(&v->qemu);
    list_merge(&v->qemu);
    return true;
}

bool parse_ramblock(FILE *f, struct views *v, char *why, size_t size)
{
    char line[LINE], name[48];
    uint64_t offset, used;

    while (fgets(line, sizeof(line), f)) {
        /* Name, page size ("4 KiB"), offset, used length, ... */
        if (sscanf(line, " %47s %*u %*s 0x%" SCNx64 " 0x%" SCNx64, name, &offset, &used) == 3) {
            struct piece *p = list_add(&v->ramblocks, offset, offset + used);

            snprintf(p->name, sizeof(p->name), "%.47s", name);
        }
    }
    if (!v->ramblocks.nr) {
        snprintf(why, size, "ramblock: no block in it (want the output of `info ramblock`)");
        return false;
    }
    list_sort(&v->ramblocks);
    return true;
}
