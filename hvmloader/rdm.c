/* SPDX-License-Identifier: MIT */
#include "rdm.h"

/* 52 bits of address are the most that a CPU has. */
#define MAX_GFN ((1ull << 40) - 1)

static void swap(struct memmap_range *a, struct memmap_range *b)
{
    struct memmap_range t = *a;

    *a = *b;
    *b = t;
}

/* Heapsort: let what is at @i sink below what starts higher. */
static void sink(struct memmap_range *r, unsigned int i, unsigned int nr)
{
    unsigned int child;

    for ( ; (child = 2 * i + 1) < nr; i = child )
    {
        if ( child + 1 < nr && r[child].gfn < r[child + 1].gfn )
            child++;
        if ( r[i].gfn >= r[child].gfn )
            return;
        swap(&r[i], &r[child]);
    }
}

static void sort(struct memmap_range *r, unsigned int nr)
{
    unsigned int i;

    for ( i = nr / 2; i-- > 0; )
        sink(r, i, nr);
    for ( i = nr; i-- > 1; )
    {
        swap(&r[0], &r[i]);
        sink(r, 0, i);
    }
}

void memmap_rdm_merge(struct memmap_layout *l, struct memmap_range *r,
                      unsigned int nr, unsigned int max)
{
    struct memmap_range *last = NULL;
    unsigned int i;

    memmap_layout_init(l, r, max);
    sort(r, nr);

    for ( i = 0; i < nr; i++ )
    {
        struct memmap_range e = {
            .gfn = r[i].gfn, .pages = r[i].pages, .aux = r[i].aux,
            .source = MEMMAP_NO_SOURCE, .type = MEMMAP_TYPE_RDM,
        };

        if ( memmap_range_end(&e) <= e.gfn )
            continue;
        if ( last && e.gfn < memmap_range_end(last) )
        {
            if ( memmap_range_end(&e) > memmap_range_end(last) )
                last->pages = memmap_range_end(&e) - last->gfn;
            if ( e.aux != last->aux )
                last->aux = 0;
        }
        else
        {
            last = &l->range[l->nr++];
            *last = e;
        }
    }

    /* Only now is it known whose each range is, and which neighbours join. */
    nr = l->nr;
    l->nr = 0;
    for ( i = 0; i < nr; i++ )
    {
        last = l->nr ? &r[l->nr - 1] : NULL;
        if ( last && memmap_range_end(last) == r[i].gfn &&
             last->aux == r[i].aux )
            last->pages += r[i].pages;
        else
            r[l->nr++] = r[i];
    }
}

static int digit(char c)
{
    if ( c >= '0' && c <= '9' )
        return c - '0';
    if ( c >= 'a' && c <= 'f' )
        return c - 'a' + 10;
    if ( c >= 'A' && c <= 'F' )
        return c - 'A' + 10;

    return -1;
}

/* A hexadecimal number of at most @max; *@text goes behind it. */
static bool number(const char **text, uint64_t max, uint64_t *val)
{
    const char *s = *text;

    if ( s[0] == '0' && (s[1] == 'x' || s[1] == 'X') )
        s += 2;
    if ( digit(*s) < 0 )
        return false;

    for ( *val = 0; digit(*s) >= 0; s++ )
    {
        *val = (*val << 4) + digit(*s);
        if ( *val > max )
            return false;
    }
    *text = s;
    return true;
}

/*
 * [SEG:]BUS:DEV.FN, all hexadecimal as Xen reads them; a segment that is left
 * out is @seg.
 */
static bool device(const char **text, uint64_t seg, uint32_t *sbdf)
{
    uint64_t n[3], fn;
    unsigned int nr = 0;

    for ( ; ; )
    {
        if ( !number(text, 0xffff, &n[nr++]) )
            return false;
        if ( **text != ':' || nr == 3 )
            break;
        ++*text;
    }
    if ( nr < 2 || **text != '.' )
        return false;
    ++*text;
    if ( !number(text, 7, &fn) || n[nr - 1] > 0x1f || n[nr - 2] > 0xff )
        return false;

    if ( nr == 3 )
        seg = n[0];
    *sbdf = seg << 16 | n[nr - 2] << 8 | n[nr - 1] << 3 | fn;
    return true;
}

const char *memmap_rdm_parse(const char *text, struct memmap_range *r)
{
    uint64_t start, end;
    uint32_t sbdf, aux = 0, seg = 0;
    unsigned int nr = 0;

    if ( !number(&text, MAX_GFN, &start) )
        return "no first gfn";
    end = start;
    if ( *text == '-' )
    {
        text++;
        if ( !number(&text, MAX_GFN, &end) )
            return "no last gfn after -";
        if ( end < start )
            return "last gfn is below the first";
    }

    if ( *text == '=' )
        do {
            text++;
            if ( !device(&text, seg, &sbdf) )
                return "no device [segment:]bus:device.function after = or ,";
            if ( nr && sbdf >> 16 != seg )
                return "devices of more than one segment";
            seg = sbdf >> 16;
            aux = nr++ && aux != sbdf ? 0 : sbdf;
        } while ( *text == ',' );

    if ( *text )
        return "something follows that does not belong";

    *r = (struct memmap_range){
        .gfn = start, .pages = end - start + 1, .source = MEMMAP_NO_SOURCE,
        .type = MEMMAP_TYPE_RDM, .aux = aux,
    };
    return NULL;
}
