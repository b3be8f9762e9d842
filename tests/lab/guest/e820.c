/* SPDX-License-Identifier: MIT */
/* /sys/firmware/memmap: one folder per entry, files start, end (inclusive) and type. */
#include "guest.h"

#include <dirent.h>     /* opendir */
#include <stdio.h>      /* snprintf */
#include <stdlib.h>     /* qsort, strtoull */
#include <string.h>

const char *fs_root = "";

static int by_start(const void *a, const void *b)
{
    const struct e820_entry *x = a, *y = b;

    return x->r.start < y->r.start ? -1 : x->r.start > y->r.start;
}

static bool read_number(const char *entry, const char *file, uint64_t *out)
{
    char path[300], text[40], *end;

    snprintf(path, sizeof(path), "%s/sys/firmware/memmap/%s/%s", fs_root, entry, file);
    if (!file_read(path, text, sizeof(text))) {
        return false;
    }
    *out = strtoull(text, &end, 0);
    return end != text && !*end;
}

bool e820_read(struct e820 *m)
{
    char path[300];
    struct dirent *de;
    bool ok = true;
    DIR *d;

    m->nr = 0;
    snprintf(path, sizeof(path), "%s/sys/firmware/memmap", fs_root);
    d = opendir(path);
    if (!d) {
        return false;
    }
    while (ok && (de = readdir(d))) {
        struct e820_entry *e = &m->e[m->nr];

        if (de->d_name[0] == '.') {
            continue;
        }
        snprintf(path, sizeof(path), "%s/sys/firmware/memmap/%.20s/type", fs_root, de->d_name);
        ok = m->nr < E820_MAX &&
             read_number(de->d_name, "start", &e->r.start) &&
             read_number(de->d_name, "end", &e->r.end) &&
             file_read(path, e->type, sizeof(e->type));
        if (ok) {
            e->r.end++;
            e->ram = !strcmp(e->type, "System RAM");
            m->nr++;
        }
    }
    closedir(d);
    qsort(m->e, m->nr, sizeof(m->e[0]), by_start);
    return ok && m->nr;
}

void e820_ram_ends(const struct e820 *m, uint64_t *low, uint64_t *high)
{
    *low = *high = 0;
    for (unsigned int i = 0; i < m->nr; i++) {
        const struct range *r = &m->e[i].r;

        if (m->e[i].ram) {
            *(r->start < FOUR_GIB ? low : high) = r->end;
        } else if (*low && r->start == *low && r->end <= FOUR_GIB &&
                   r->end - r->start <= E820_FIRMWARE_MAX) {
            *low = r->end;
        }
    }
}
