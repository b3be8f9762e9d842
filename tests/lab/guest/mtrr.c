/* SPDX-License-Identifier: MIT */
/* Memory types: a line of /proc/mtrr, "reg00: base=0x0c0000000 ( 3072MB), size= 1024MB, ..." */
#include "guest.h"

#include <stdio.h>
#include <string.h>

bool mtrr_uncached(const char *line, struct range *r)
{
    unsigned long long base, size;
    char unit;

    if (!strstr(line, ": uncachable") ||
        sscanf(line, "reg%*u: base=%llx (%*u%*cB), size=%llu%cB", &base, &size, &unit) != 3 ||
        (unit != 'M' && unit != 'K')) {
        return false;
    }
    *r = (struct range){ base, base + (size << (unit == 'M' ? 20 : 10)) };
    return true;
}

bool mtrr_over_ram(const struct e820 *map, char *bad, size_t size)
{
    char path[300], line[200];
    struct range r;
    FILE *f;

    snprintf(path, sizeof(path), "%s/proc/mtrr", fs_root);
    f = fopen(path, "re");

    if (!f) {
        return false;
    }
    while (fgets(line, sizeof(line), f)) {
        for (unsigned int i = 0; mtrr_uncached(line, &r) && i < map->nr && !bad[0]; i++) {
            const struct range *e = &map->e[i].r;

            if (map->e[i].ram && e->start < r.end && r.start < e->end) {
                append(bad, size, "RAM 0x%llx-0x%llx is uncached from 0x%llx to 0x%llx",
                       (unsigned long long)e->start, (unsigned long long)e->end,
                       (unsigned long long)r.start, (unsigned long long)r.end);
            }
        }
    }
    fclose(f);
    return true;
}
