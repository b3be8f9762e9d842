/* SPDX-License-Identifier: MIT */
/* Video memory: what the guest's vga check wrote against what the device model holds. */
#include "views.h"
#include "vgapattern.h"

#include <inttypes.h>
#include <string.h>

#define LINE 1024

bool vram_parse(FILE *serial, struct vram *v, char *why, size_t size)
{
    char line[LINE];
    bool found = false;

    while (fgets(line, sizeof(line), serial)) {
        const char *s = strstr(line, "memmap-guest: ");

        if (!s) {
            continue;
        }
        s += strlen("memmap-guest: ");
        if (!strncmp(s, "start", 5)) {
            found = false;      /* before a reboot */
        } else if (sscanf(s, "vga %*19s %" SCNx64 " %" SCNx64 " %" SCNx64, &v->base, &v->bytes,
                          &v->seed) == 3) {
            found = true;
        }
    }
    if (!found || v->bytes <= VGA_SKIP || v->bytes % VGA_PAGE) {
        snprintf(why, size, "serial log: %s", found ? "the line of the vga check makes no sense" :
                 "no line of the vga check (it failed, or was not asked for)");
        return false;
    }
    return true;
}

bool vram_compare(FILE *dump, const struct vram *v, struct vram_pages *p, char *why, size_t size)
{
    unsigned char page[VGA_PAGE];

    memset(p, 0, sizeof(*p));
    for (uint64_t i = 0; i < v->bytes / VGA_PAGE; i++) {
        bool differs = false;

        if (fread(page, sizeof(page), 1, dump) != 1) {
            snprintf(why, size, "the dump ends before page %" PRIu64 " of %" PRIu64, i,
                     (uint64_t)(v->bytes / VGA_PAGE));
            return false;
        }
        if (i < VGA_SKIP / VGA_PAGE) {
            continue;
        }
        for (unsigned int k = 0; k < VGA_WORDS && !differs; k++) {
            uint64_t at = vga_place(i, k), got;

            memcpy(&got, page + at % VGA_PAGE, sizeof(got));
            differs = got != vga_word(at, v->seed);
            if (differs && !p->differ) {
                p->first = v->base + at;
                p->want = vga_word(at, v->seed);
                p->got = got;
            }
        }
        p->differ += differs;
        p->compared++;
    }
    return true;
}
