/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How numbers are written. */
#include "command.h"

gboolean output_bytes;

char *size_text(uint64_t bytes)
{
    static const struct { const char *unit; int shift; } units[] = {
        { "TiB", 40 }, { "GiB", 30 }, { "MiB", 20 }, { "KiB", 10 },
    };
    unsigned int i;
    uint64_t all, rest;         /* in hundredths */

    if (output_bytes)
        return g_strdup_printf("%" G_GUINT64_FORMAT, bytes);
    for (i = 0; i < G_N_ELEMENTS(units); i++)
        if (bytes >= 1ull << units[i].shift)
            break;
    if (i == G_N_ELEMENTS(units))
        return g_strdup_printf("%" G_GUINT64_FORMAT " B", bytes);
    rest = bytes & ((1ull << units[i].shift) - 1);
    all = (bytes >> units[i].shift) * 100 +
          ((rest * 100 + (1ull << (units[i].shift - 1))) >> units[i].shift);
    if (!(all % 100))
        return g_strdup_printf("%" G_GUINT64_FORMAT " %s", all / 100, units[i].unit);
    if (!(all % 10))
        return g_strdup_printf("%" G_GUINT64_FORMAT ".%" G_GUINT64_FORMAT " %s",
                               all / 100, all / 10 % 10, units[i].unit);
    return g_strdup_printf("%" G_GUINT64_FORMAT ".%02" G_GUINT64_FORMAT " %s",
                           all / 100, all % 100, units[i].unit);
}

/* 0x and nine digits, or more; a table has two of a line, and printf() takes a third of
 * all that `show` does for them. */
static char *hex_text(uint64_t number)
{
    char text[] = "0x0000000000000000", *at = text + sizeof(text) - 1;

    while (number || at > text + sizeof(text) - 1 - 9) {
        *--at = "0123456789abcdef"[number & 0xf];
        number >>= 4;
    }
    *--at = 'x';
    *--at = '0';
    return g_strdup(at);
}

char *address_text(uint64_t gfn)
{
    return hex_text(gfn << 12);
}

char *last_text(uint64_t gfn, uint64_t pages)
{
    return hex_text(((gfn + pages) << 12) - 1);
}

char *device_text(uint32_t sbdf)
{
    return g_strdup_printf("%04x:%02x:%02x.%x", sbdf >> 16, sbdf >> 8 & 0xff,
                           sbdf >> 3 & 0x1f, sbdf & 7);
}
