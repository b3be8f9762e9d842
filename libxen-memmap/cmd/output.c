/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How numbers are written. */
#include "command.h"

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

void append_number(GString *s, uint64_t number)
{
    char text[20], *const end = text + sizeof(text);
    const char *at = digits(end, number, 10, 1);

    g_string_append_len(s, at, end - at);
}

void append_hex(GString *s, uint64_t number, int least)
{
    char text[2 + 16], *const end = text + sizeof(text), *at;

    at = digits(end, number, 16, least);
    *--at = 'x';
    *--at = '0';
    g_string_append_len(s, at, end - at);
}

void append_size(GString *s, uint64_t bytes)
{
    static const struct { char unit[5]; int shift; } units[] = {
        { " TiB", 40 }, { " GiB", 30 }, { " MiB", 20 }, { " KiB", 10 },
    };
    unsigned int i, part;
    uint64_t all, rest;         /* in hundredths */

    for (i = 0; i < G_N_ELEMENTS(units); i++)
        if (bytes >= 1ull << units[i].shift)
            break;
    if (output_bytes || i == G_N_ELEMENTS(units)) {
        append_number(s, bytes);
        g_string_append(s, output_bytes ? "" : " B");
        return;
    }
    rest = bytes & ((1ull << units[i].shift) - 1);
    all = (bytes >> units[i].shift) * 100 +
          ((rest * 100 + (1ull << (units[i].shift - 1))) >> units[i].shift);
    part = all % 100;
    append_number(s, all / 100);
    if (part) {
        g_string_append_c(s, '.');
        g_string_append_c(s, '0' + part / 10);
    }
    if (part % 10)
        g_string_append_c(s, '0' + part % 10);
    g_string_append_len(s, units[i].unit, 4);
}

void append_address(GString *s, uint64_t gfn)
{
    append_hex(s, gfn << 12, 9);
}

void append_last(GString *s, uint64_t gfn, uint64_t pages)
{
    append_hex(s, ((gfn + pages) << 12) - 1, 9);
}

void append_device(GString *s, uint32_t sbdf)
{
    char text[] = "0000:00:00.0";

    digits(text + 4, sbdf >> 16, 16, 4);
    digits(text + 7, sbdf >> 8 & 0xff, 16, 2);
    digits(text + 10, sbdf >> 3 & 0x1f, 16, 2);
    digits(text + 12, sbdf & 7, 16, 1);
    g_string_append_len(s, text, sizeof(text) - 1);
}

void append_text(GString *s, const char *text)
{
    if (text)
        g_string_append(s, text);
}
