/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How numbers are written. */
#include "command.h"

#include <string.h>

gboolean output_bytes;

/*
 * @number, of @least digits at least, in front of @end; where it begins.  A table has two
 * thousand digits, and printf() takes a thousand instructions for a few.
 */
static inline char *digits(char *end, uint64_t number, unsigned int base, int least)
{
    for (; number || least > 0; number /= base, least--)
        *--end = "0123456789abcdef"[number % base];
    return end;
}

char *size_text(uint64_t bytes)
{
    static const struct { char unit[5]; int shift; } units[] = {
        { " TiB", 40 }, { " GiB", 30 }, { " MiB", 20 }, { " KiB", 10 },
    };
    char text[32], *at = text + sizeof(text) - sizeof(units[0].unit);
    unsigned int i, part;
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
    part = all % 100;
    memcpy(at, units[i].unit, sizeof(units[i].unit));
    if (part) {
        at = part % 10 ? digits(at, part, 10, 2) : digits(at, part / 10, 10, 1);
        *--at = '.';
    }
    return g_strdup(digits(at, all / 100, 10, 1));
}

/* 0x and nine digits, or more. */
static char *hex_text(uint64_t number)
{
    char text[2 + 16 + 1], *end = text + sizeof(text) - 1, *at;

    *end = '\0';
    at = digits(end, number, 16, 9);
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
    char text[] = "0000:00:00.0";

    digits(text + 4, sbdf >> 16, 16, 4);
    digits(text + 7, sbdf >> 8 & 0xff, 16, 2);
    digits(text + 10, sbdf >> 3 & 0x1f, 16, 2);
    digits(text + 12, sbdf & 7, 16, 1);
    return g_strdup(text);
}
