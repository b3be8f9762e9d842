/*
 * Xen guest memory map device: how two layouts differ, as far as it matters
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
//+ busy
#include "hw/xen/xen-ram.h"
//-
#include "xen-memmap-compare.h"

typedef bool XenMemmapMatters(const struct memmap_range *r, uint64_t gfn,
                              uint64_t pages);

//+ busy
static bool xen_memmap_is_locked(const struct memmap_range *r, uint64_t gfn,
                                 uint64_t pages)
{
    return xen_ram_is_locked(gfn << 12, pages << 12);
}

//-
//+ migrate
/* RAM that libxl built elsewhere than we thought has not moved. */
static bool xen_memmap_is_away(const struct memmap_range *r, uint64_t gfn,
                               uint64_t pages)
{
    return r->source != r->gfn;
}

//-
/*
 * Where @a has RAM and @b has none, or other RAM: does any of it matter?
 * *@index is the range of @a.
 */
static bool xen_memmap_differs(const struct memmap_layout *a,
                               const struct memmap_layout *b,
                               XenMemmapMatters *matters, uint16_t *index)
{
    unsigned int i;

    for (i = 0; i < a->nr; i++) {
        const struct memmap_range *r = &a->range[i];
        uint64_t gfn, next;

        if (r->type != MEMMAP_TYPE_RAM) {
            continue;
        }
        for (gfn = r->gfn; gfn < memmap_range_end(r); gfn = next) {
            unsigned int j = memmap_layout_seek(b, gfn);
            const struct memmap_range *o = j < b->nr ? &b->range[j] : NULL;
            bool same = false;

            next = memmap_range_end(r);
            if (o && o->gfn > gfn) {
                next = MIN(next, o->gfn);
            } else if (o) {
                next = MIN(next, memmap_range_end(o));
                same = o->type == MEMMAP_TYPE_RAM &&
                       o->source != MEMMAP_NO_SOURCE &&
                       o->source - o->gfn == r->source - r->gfn;
            }
            if (!same && matters(r, gfn, next - gfn)) {
                *index = i;
                return true;
            }
        }
    }
    return false;
}

//+ busy
bool xen_memmap_is_busy(const struct memmap_layout *now,
                        const struct memmap_layout *next)
{
    uint16_t index;

    /* What is not RAM yet nobody can have mapped as such. */
    return xen_memmap_differs(now, next, xen_memmap_is_locked, &index);
}

//-
static bool xen_memmap_always(const struct memmap_range *r, uint64_t gfn,
                              uint64_t pages)
{
    return true;
}

bool xen_memmap_moves(const struct memmap_layout *a,
                      const struct memmap_layout *b)
{
    uint16_t index;

    return xen_memmap_differs(a, b, xen_memmap_always, &index) ||
           xen_memmap_differs(b, a, xen_memmap_always, &index);
}
//+ migrate

bool xen_memmap_leaves(const struct memmap_layout *now,
                       const struct memmap_layout *next, bool first,
                       uint16_t *index)
{
    if (first) {
        return xen_memmap_differs(next, now, xen_memmap_is_away, index);
    }
    if (xen_memmap_differs(next, now, xen_memmap_always, index)) {
        return true;
    }
    if (xen_memmap_differs(now, next, xen_memmap_always, index)) {
        /* The range is one of @now. */
        *index = MEMMAP_NO_INDEX;
        return true;
    }
    return false;
}
//-
