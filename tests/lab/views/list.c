/* SPDX-License-Identifier: MIT */
/* Lists of address ranges. */
#include "views.h"

#include <stdlib.h>     /* qsort, realloc */
#include <string.h>

struct piece *list_add(struct list *l, uint64_t start, uint64_t end)
{
    if (l->nr == l->cap) {
        l->cap = l->cap ? 2 * l->cap : 64;
        l->p = realloc(l->p, l->cap * sizeof(*l->p));
        if (!l->p) {
            fprintf(stderr, "memmap-views: out of memory\n");
            exit(2);
        }
    }
    memset(&l->p[l->nr], 0, sizeof(l->p[0]));
    l->p[l->nr].r = (struct range){ start, end };
    return &l->p[l->nr++];
}

static int by_start(const void *a, const void *b)
{
    const struct piece *x = a, *y = b;

    return x->r.start < y->r.start ? -1 : x->r.start > y->r.start;
}

void list_sort(struct list *l)
{
    if (l->nr) {
        qsort(l->p, l->nr, sizeof(l->p[0]), by_start);
    }
}

static bool alike(const struct piece *a, const struct piece *b)
{
    return a->kind == b->kind && !strcmp(a->name, b->name) &&
           a->offset + (b->r.start - a->r.start) == b->offset;
}

void list_merge(struct list *l)
{
    size_t to = 0;

    for (size_t i = 1; i < l->nr; i++) {
        struct piece *last = &l->p[to];

        if (last->r.end == l->p[i].r.start && alike(last, &l->p[i])) {
            last->r.end = l->p[i].r.end;
        } else {
            l->p[++to] = l->p[i];
        }
    }
    if (l->nr) {
        l->nr = to + 1;
    }
}

const struct piece *list_find(const struct list *l, uint64_t address)
{
    for (size_t i = 0; i < l->nr; i++) {
        if (address >= l->p[i].r.start && address < l->p[i].r.end) {
            return &l->p[i];
        }
    }
    return NULL;
}

void list_free(struct list *l)
{
    free(l->p);
    memset(l, 0, sizeof(*l));
}
