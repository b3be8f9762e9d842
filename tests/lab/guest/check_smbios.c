/* SPDX-License-Identifier: MIT */
/*
 * What is promised: SMBIOS says as much memory as the E820 does.
 *
 * What could go wrong: the firmware takes the end of RAM for its size. Where RAM moved to a
 * place above 4 GiB that alignment chose, the gap before it would be counted as memory that the
 * guest has.
 *
 * Memory devices (type 17), the ranges at which they are (type 19) and the array's largest
 * capacity (type 16) are three accounts of the same, in one table; each must be what the E820
 * has as RAM, and what is never E820 RAM on a PC or is kept by the firmware besides: slack=.
 */
#include "guest.h"

#include <stdio.h>
#include <string.h>

#define TABLES_MAX 0x10000
#define KIB        1024ull
#define MIB        (1024ull << 10)

/* Bytes, by each account. */
struct smbios {
    uint64_t devices, ranges, capacity;
};

static uint64_t number(const uint8_t *s, unsigned int at, unsigned int bytes)
{
    uint64_t v = 0;

    /* Structures grew with SMBIOS' versions: what lies behind the end is not said. */
    for (unsigned int i = bytes; i-- && at + bytes <= s[1]; ) {
        v = v << 8 | s[at + i];
    }
    return v;
}

static uint64_t device_size(const uint8_t *s)
{
    uint64_t size = number(s, 0x0c, 2);

    if (size == 0xffff) {
        return 0;                           /* unknown */
    }
    if (size == 0x7fff) {
        return number(s, 0x1c, 4) * MIB;
    }
    return size & 0x8000 ? (size & 0x7fff) * KIB : size * MIB;
}

static uint64_t range_size(const uint8_t *s)
{
    if (number(s, 4, 4) == 0xffffffff) {
        return number(s, 0x17, 8) + 1 - number(s, 0x0f, 8);
    }
    return (number(s, 8, 4) + 1 - number(s, 4, 4)) * KIB;
}

static uint64_t capacity(const uint8_t *s)
{
    uint64_t kib = number(s, 7, 4);

    return kib == 0x80000000 ? number(s, 0x0f, 8) : kib * KIB;
}

/* False: TABLE is not SMBIOS' structures one behind the other. */
static bool add_up(const uint8_t *table, size_t size, struct smbios *out)
{
    const uint8_t *s = table, *end = table + size;

    memset(out, 0, sizeof(*out));
    while (s < end) {
        const uint8_t *next;

        if (end - s < 4 || s[1] < 4 || end - s < s[1]) {
            return false;
        }
        out->devices += s[0] == 17 ? device_size(s) : 0;
        out->ranges += s[0] == 19 ? range_size(s) : 0;
        out->capacity += s[0] == 16 ? capacity(s) : 0;
        if (s[0] == 127) {
            return true;
        }
        /* Behind it its strings, and two zeros. */
        for (next = s + s[1]; end - next >= 2 && (next[0] || next[1]); next++) {
        }
        s = next + 2;
    }
    return false;
}

static void run(struct params *p, struct outcome *o)
{
    static uint8_t table[TABLES_MAX];
    static struct e820 map;
    uint64_t slack = param_size(p, "slack", 2 * MIB), ram = 0;
    struct smbios said;
    char path[300];
    size_t have;
    FILE *f;

    if (!params_ok(p, o)) {
        return;
    }
    snprintf(path, sizeof(path), "%s/sys/firmware/dmi/tables/DMI", fs_root);
    f = fopen(path, "re");
    if (!f) {
        outcome(o, ERROR, "%s cannot be read", path);
        return;
    }
    have = fread(table, 1, sizeof(table), f);
    fclose(f);
    if (!add_up(table, have, &said)) {
        outcome(o, ERROR, "SMBIOS' table, %zu bytes, is not understood", have);
        return;
    }
    if (!e820_read(&map)) {
        outcome(o, ERROR, "/sys/firmware/memmap cannot be read");
        return;
    }
    for (unsigned int i = 0; i < map.nr; i++) {
        ram += map.e[i].ram ? map.e[i].r.end - map.e[i].r.start : 0;
    }
    if (said.ranges != said.devices || said.capacity != said.devices) {
        outcome(o, FAILURE, "SMBIOS says %llu MiB of devices, %llu MiB at addresses, %llu MiB at most",
                (unsigned long long)(said.devices / MIB), (unsigned long long)(said.ranges / MIB),
                (unsigned long long)(said.capacity / MIB));
        return;
    }
    outcome(o, said.devices - ram <= slack ? SUCCESS : FAILURE,
            "SMBIOS says %llu MiB, the E820 %llu bytes of RAM",
            (unsigned long long)(said.devices / MIB), (unsigned long long)ram);
}

const struct check check_smbios = {
    .name = "smbios",
    .summary = "SMBIOS says as much memory as the E820",
    .params = "slack=BYTES (default 2M)",
    .run = run,
};
