/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The values of xenstore's keys (PROTOCOL.md, section 8).  No I/O; a fuzzer feeds
 * each of them, because a guest can.
 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

/* What of a value is still to be read. */
struct text {
    const char *at, *end;
};

static int digit(char c, unsigned int base)
{
    int d = c >= '0' && c <= '9' ? c - '0' :
            c >= 'a' && c <= 'f' ? c - 'a' + 10 :
            c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;

    return d < (int)base ? d : -1;
}

/* A number of at most @max, and what follows it: @after. */
static bool number(struct text *t, unsigned int base, uint64_t max, char after,
                   uint64_t *value)
{
    const char *start = t->at;
    const uint64_t most = max / base;
    int d;

    for (*value = 0; t->at < t->end && (d = digit(*t->at, base)) >= 0; t->at++) {
        if ((uint64_t)d > max || *value > most || *value * base > max - d)
            return false;
        *value = *value * base + d;
    }
    if (t->at == start || t->at == t->end || *t->at != after)
        return false;
    t->at++;
    return true;
}

static bool word(struct text *t, const char *w)
{
    size_t len = strlen(w);

    if ((size_t)(t->end - t->at) < len || memcmp(t->at, w, len))
        return false;
    t->at += len;
    return true;
}

const char *memmap_text_generation(const char *value, size_t len,
                                   uint32_t *generation)
{
    /* The NUL behind the value is what follows the number. */
    struct text t = { value, value + len + 1 };
    uint64_t n;

    if (!number(&t, 10, UINT32_MAX, '\0', &n) || t.at != t.end)
        return "no decimal number of 32 bits";
    *generation = n;
    return NULL;
}

const char *memmap_text_state(const char *value, size_t len,
                              enum xen_memmap_state *state)
{
    unsigned int i;

    for (i = MEMMAP_ST_OFFERED; i <= MEMMAP_ST_SEALED; i++)
        if (strlen(memmap_strstate(i)) == len &&
            !memcmp(memmap_strstate(i), value, len)) {
            *state = i;
            return NULL;
        }
    return "no state of the protocol";
}

static bool type(struct text *t, uint16_t *value)
{
    static const struct { const char *name; uint16_t type; } names[] = {
        { "ram ", XEN_MEMMAP_RAM }, { "rdm ", XEN_MEMMAP_RDM },
        { "mmio ", XEN_MEMMAP_MMIO },
    };
    unsigned int i;
    uint64_t n;

    for (i = 0; i < MEMMAP_ARRAY_SIZE(names); i++)
        if (word(t, names[i].name)) {
            *value = names[i].type;
            return true;
        }
    if (!number(t, 16, UINT16_MAX, ' ', &n))
        return false;
    *value = n;
    return true;
}

/* gfn pages source type flags aux */
static const char *range(struct text *t, struct xen_memmap_range *r)
{
    uint64_t flags, aux;

    if (!number(t, 16, UINT64_MAX, ' ', &r->gfn) ||
        !number(t, 16, UINT64_MAX, ' ', &r->pages))
        return "no gfn or number of pages";
    if (word(t, "- "))
        r->source = XEN_MEMMAP_NO_SOURCE;
    else if (!number(t, 16, UINT64_MAX, ' ', &r->source))
        return "no source";
    if (!type(t, &r->type))
        return "no type";
    if (!number(t, 16, UINT16_MAX, ' ', &flags) ||
        !number(t, 16, UINT32_MAX, '\n', &aux))
        return "no flags and aux at the end of a line";
    r->flags = flags;
    r->aux = aux;
    return NULL;
}

/* Gfns that there can be. */
static const char *place(uint64_t gfn, uint64_t pages)
{
    if (!pages)
        return "a range of no pages";
    if (gfn >= MEMMAP_GFN_END || pages > MEMMAP_GFN_END - gfn)
        return "a range beyond all addresses";
    return NULL;
}

/* Whether @r can follow what @l has. */
static const char *follows(const xen_memmap_layout *l,
                           const struct xen_memmap_range *r)
{
    const struct xen_memmap_range *last = l->nr ? &l->range[l->nr - 1] : NULL;

    if (l->nr == MEMMAP_MAX_ENTRIES)
        return "more ranges than the protocol allows";
    if (place(r->gfn, r->pages))
        return place(r->gfn, r->pages);
    if (last && r->gfn < last->gfn + last->pages)
        return "ranges are unsorted or overlap";
    return NULL;
}

const char *memmap_text_ranges(const char *value, size_t len,
                               xen_memmap_layout *l)
{
    struct text t = { value, value + len };

    if (!len)
        return "no range";
    while (t.at < t.end) {
        struct xen_memmap_range r;
        const char *flaw = range(&t, &r);

        if (!flaw)
            flaw = follows(l, &r);
        if (flaw)
            return flaw;
        l->range[l->nr++] = r;
    }
    return NULL;
}

/* 0000:00:04.0 as the device model prints it, and a blank. */
static bool device(struct text *t, uint32_t *sbdf)
{
    uint64_t seg, bus, dev, fn;

    if (!number(t, 16, 0xffff, ':', &seg) || !number(t, 16, 0xff, ':', &bus) ||
        !number(t, 16, 0x1f, '.', &dev) || !number(t, 16, 7, ' ', &fn))
        return false;
    *sbdf = seg << 16 | bus << 8 | dev << 3 | fn;
    return true;
}

void memmap_text_clean(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = '?';
}

void memmap_text_line(char *text)
{
    for (; *text; text++)
        if (*text < ' ' || *text > '~')
            *text = '?';
}

/* gfn pages device status */
static const char *reserved(struct text *t, struct xen_memmap_reserved *r)
{
    const char *eol;
    char *status;

    if (!number(t, 16, UINT64_MAX, ' ', &r->gfn) ||
        !number(t, 16, UINT64_MAX, ' ', &r->pages) || !device(t, &r->sbdf))
        return "no gfn, number of pages and device";
    if (place(r->gfn, r->pages))
        return place(r->gfn, r->pages);
    eol = memchr(t->at, '\n', t->end - t->at);
    if (!eol || eol == t->at)
        return "no status at the end of a line";
    status = strndup(t->at, eol - t->at);
    if (!status)
        return "out of memory";
    t->at = eol + 1;
    memmap_text_line(status);
    r->mapped = !strcmp(status, "mapped");
    r->status = status;
    return NULL;
}

const char *memmap_text_reserved(const char *value, size_t len,
                                 xen_memmap_layout *l)
{
    struct text t = { value, value + len };

    if (!len)
        return "no range";
    while (t.at < t.end) {
        struct xen_memmap_reserved r, *more;
        const char *flaw;

        if (l->nr_reserved == MEMMAP_MAX_ENTRIES)
            return "more ranges than the protocol allows";
        more = realloc(l->reserved, (l->nr_reserved + 1) * sizeof(*more));
        if (!more)
            return "out of memory";
        l->reserved = more;
        flaw = reserved(&t, &r);
        if (flaw)
            return flaw;
        l->reserved[l->nr_reserved++] = r;
    }
    return NULL;
}
