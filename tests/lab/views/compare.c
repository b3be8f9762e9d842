/* SPDX-License-Identifier: MIT */
/*
 * The rules of views.h. The address space is cut at every border that anyone knows of; inside
 * such a cell nothing changes, so each cell is judged once, at its first address.
 */
#include "views.h"

#include <stdlib.h>     /* qsort */
#include <string.h>

#define LEGACY_START 0xa0000ull
#define LEGACY_END   0x100000ull
#define FIRM_START   0xfc000000ull
#define FIRM_END     0x100000000ull
#define PARKED_MAX   (64ull << 20)

static bool is_xen_ram(const struct piece *q)
{
    /* The region itself in 10.0; its aliases carry suffixes in other print-outs. */
    return q && (!strcmp(q->name, "xen.ram") || !strncmp(q->name, "xen.ram.", 8));
}

static bool is_vram(const struct piece *q)
{
    size_t len = q ? strlen(q->name) : 0;

    return len >= 4 && !strcmp(q->name + len - 4, "vram");
}

/* Some of the cell's RAM is somewhere else as well: two addresses, one page. */
static bool twice(const struct views *v, const struct piece *q, uint64_t at, uint64_t len)
{
    const uint64_t offset = q->offset + (at - q->r.start);

    for (size_t i = 0; i < v->qemu.nr; i++) {
        const struct piece *o = &v->qemu.p[i];

        if (o != q && is_xen_ram(o) && o->offset < offset + len &&
            offset < o->offset + (o->r.end - o->r.start)) {
            return true;
        }
    }
    return false;
}

static bool legacy(uint64_t at)
{
    return at >= LEGACY_START && at < LEGACY_END;
}

/* RAM of the firmware's own: with UEFI the kernel hears of no more than there is to use. */
static bool firmwares(uint64_t at)
{
    return at >= FIRM_START && at < FIRM_END;
}

/* Populated, not RAM in the E820, not in QEMU's flat view: whose is it? */
static bool accounted(const struct views *v, uint64_t at, uint64_t *parked, uint64_t len)
{
    const struct piece *b;

    if (legacy(at) || firmwares(at)) {
        return true;
    }
    if (v->ramblocks.nr) {
        b = list_find(&v->ramblocks, at);
        return b && strcmp(b->name, "xen.ram");
    }
    if (list_find(&v->e820, at)) {
        return false;
    }
    *parked += len;
    return *parked <= PARKED_MAX;
}

/*
 * The rule that the cell at AT breaks, or NULL. Bytes that a rule spared so far are in *PARKED and
 * *GIVEN.
 */
static const char *judge(const struct views *v, uint64_t at, uint64_t len, uint64_t *parked,
                         uint64_t *given)
{
    const struct piece *e = list_find(&v->e820, at), *q = list_find(&v->qemu, at);
    bool populated = list_find(&v->p2m, at), ram = e && e->kind == E820_RAM;
    bool xen_ram = is_xen_ram(q) && !twice(v, q, at, len);

    if (ram && !populated) {
        return "unpopulated";
    }
    if (ram && !xen_ram) {
        return "dma-blind";
    }
    if (ram || legacy(at)) {
        return NULL;
    }
    if (xen_ram && !populated && e) {
        *given += len;
        return *given <= v->given_back ? NULL : "stale";
    }
    if (is_xen_ram(q)) {
        return !populated || !xen_ram ? "stale" : !e && !firmwares(at) ? "untold" : NULL;
    }
    if (is_vram(q) && !populated) {
        return "vram";
    }
    if (!populated || q) {
        return NULL;
    }
    if (list_find(&v->bars, at)) {
        return "under-bar";
    }
    return accounted(v, at, parked, len) ? NULL : "unaccounted";
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* Every border in the five lists and the fixed ones, sorted, each once; to be freed. */
static uint64_t *borders(const struct views *v, size_t *nr)
{
    const struct list *l[] = { &v->e820, &v->bars, &v->p2m, &v->qemu, &v->ramblocks };
    size_t n = 4, to = 0;
    uint64_t *b;

    for (size_t i = 0; i < sizeof(l) / sizeof(l[0]); i++) {
        n += 2 * l[i]->nr;
    }
    b = malloc(n * sizeof(*b));
    if (!b) {
        fprintf(stderr, "memmap-views: out of memory\n");
        exit(2);
    }
    n = 0;
    b[n++] = LEGACY_START;
    b[n++] = LEGACY_END;
    b[n++] = FIRM_START;
    b[n++] = FIRM_END;
    for (size_t i = 0; i < sizeof(l) / sizeof(l[0]); i++) {
        for (size_t k = 0; k < l[i]->nr; k++) {
            b[n++] = l[i]->p[k].r.start;
            b[n++] = l[i]->p[k].r.end;
        }
    }
    qsort(b, n, sizeof(*b), by_value);
    for (size_t i = 0; i < n; i++) {
        if (!i || b[i] != b[to - 1]) {
            b[to++] = b[i];
        }
    }
    *nr = to;
    return b;
}

static void describe(const struct views *v, struct difference *d, uint64_t at, uint64_t end,
                     const char *rule)
{
    const struct piece *e = list_find(&v->e820, at), *q = list_find(&v->qemu, at);

    memset(d, 0, sizeof(*d));
    d->r = (struct range){ at, end };
    d->rule = rule;
    snprintf(d->e820, sizeof(d->e820), "%s",
             !e ? "no" : e->kind == E820_RAM ? "yes" : "reserved");
    snprintf(d->p2m, sizeof(d->p2m), "%s", list_find(&v->p2m, at) ? "yes" : "no");
    if (!q) {
        snprintf(d->qemu, sizeof(d->qemu), "no");
    } else if (!is_xen_ram(q)) {
        snprintf(d->qemu, sizeof(d->qemu), "%s", q->name);
    } else if (twice(v, q, at, end - at)) {
        snprintf(d->qemu, sizeof(d->qemu), "yes,twice");
    } else {
        snprintf(d->qemu, sizeof(d->qemu), "yes");
    }
}

static bool continues(const struct difference *a, const struct difference *b)
{
    return a->r.end == b->r.start && !strcmp(a->rule, b->rule) && !strcmp(a->e820, b->e820) &&
           !strcmp(a->p2m, b->p2m) && !strcmp(a->qemu, b->qemu);
}

size_t views_compare(const struct views *v, struct difference *d, size_t max)
{
    struct difference last = { .rule = NULL }, now;
    uint64_t parked = 0, given = 0;
    size_t nr = 0, n;
    uint64_t *b = borders(v, &n);

    for (size_t i = 0; i + 1 < n; i++) {
        const char *rule = judge(v, b[i], b[i + 1] - b[i], &parked, &given);

        if (!rule) {
            continue;
        }
        describe(v, &now, b[i], b[i + 1], rule);
        if (last.rule && continues(&last, &now)) {
            last.r.end = now.r.end;
        } else {
            last = now;
            nr++;
        }
        if (nr <= max) {
            d[nr - 1] = last;
        }
    }
    free(b);
    return nr;
}

void views_park(struct views *v, uint64_t bytes)
{
    for (size_t i = 0; i < v->ramblocks.nr; i++) {
        struct piece *b = &v->ramblocks.p[i];

        if (strcmp(b->name, "xen.ram")) {
            b->r.start += bytes;
            b->r.end += bytes;
        }
    }
    list_sort(&v->ramblocks);
}
