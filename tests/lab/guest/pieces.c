/* SPDX-License-Identifier: MIT */
/* RAM in pieces of at most 2 MiB, and which pages of each are held. */
#include "guest.h"

#include <string.h>

static unsigned long long ull(uint64_t v)
{
    return v;
}

bool pieces_cut(struct pieces *p, const struct e820 *map)
{
    p->nr = 0;
    for (unsigned int i = 0; i < map->nr; i++) {
        uint64_t at = (map->e[i].r.start + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
        uint64_t end = map->e[i].r.end & ~(PAGE_SIZE - 1);

        while (map->e[i].ram && at < end) {
            uint64_t next = (at / CHUNK_SIZE + 1) * CHUNK_SIZE;

            if (p->nr == PIECES_MAX) {
                return false;
            }
            next = next < end ? next : end;
            p->p[p->nr++] = (struct piece){ .r = { at, next }, .entry = i };
            at = next;
        }
    }
    return true;
}

static struct piece *find(struct pieces *p, uint64_t address)
{
    unsigned int low = 0, high = p->nr;

    while (low < high) {
        unsigned int middle = (low + high) / 2;

        if (p->p[middle].r.end <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < p->nr && p->p[low].r.start <= address ? &p->p[low] : NULL;
}

uint64_t pieces_fill(struct pieces *p, const struct physmem *m)
{
    uint64_t stranger = 0;
    struct piece *q = NULL;

    for (unsigned int i = 0; i < p->nr; i++) {
        p->p[i].held = 0;
    }
    for (size_t i = 0; i < m->nr; i++) {
        uint64_t at = m->pfn[i] * PAGE_SIZE;

        if (!at) {
            continue;
        }
        /* As a rule the next page is the next. */
        if (!q || at < q->r.start || at >= q->r.end) {
            q = find(p, at);
        }
        if (!q) {
            stranger = stranger ? stranger : at;
            continue;
        }
        if (!q->held || m->pfn[i] < m->pfn[q->lowest]) {
            q->lowest = i;
        }
        if (!q->held || m->pfn[i] > m->pfn[q->highest]) {
            q->highest = i;
        }
        q->held++;
    }
    return stranger;
}

bool pieces_whole(const struct pieces *p, uint64_t from, char *bad, size_t size)
{
    for (unsigned int i = 0; i < p->nr; i++) {
        const struct piece *q = &p->p[i];
        size_t pages = (q->r.end - q->r.start) / PAGE_SIZE;

        if (q->r.start >= from && q->held != pages) {
            append(bad, size, "only %zu of %zu pages of RAM 0x%llx-0x%llx are reached", q->held,
                   pages, ull(q->r.start), ull(q->r.end));
            return false;
        }
    }
    return true;
}

uint64_t pieces_unreached(const struct pieces *p, const struct range *in, char *text, size_t size)
{
    uint64_t bytes = 0;

    for (unsigned int i = 0; i < p->nr; ) {
        struct range gap = p->p[i].r;
        bool missing = !p->p[i].held && (!in || (gap.start < in->end && in->start < gap.end));

        i++;
        if (!missing) {
            continue;
        }
        while (i < p->nr && !p->p[i].held && p->p[i].r.start == gap.end &&
               (!in || p->p[i].r.start < in->end)) {
            gap.end = p->p[i++].r.end;
        }
        append(text, size, "%s0x%llx-0x%llx", bytes ? ", " : "", ull(gap.start), ull(gap.end));
        bytes += gap.end - gap.start;
    }
    return bytes;
}

unsigned int pieces_entry(const struct pieces *p, unsigned int entry, const struct piece **lowest,
                          const struct piece **highest)
{
    unsigned int nr = 0;

    for (unsigned int i = 0; i < p->nr; i++) {
        if (p->p[i].entry == entry && p->p[i].held) {
            *lowest = nr++ ? *lowest : &p->p[i];
            *highest = &p->p[i];
        }
    }
    return nr;
}
