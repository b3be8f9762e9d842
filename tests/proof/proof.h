/* SPDX-License-Identifier: MIT */
/*
 * proof.h - what the proofs have in common: arbitrary values, and PROTOCOL.md's
 * section 4 as predicates over a record, written from its text and not from the code.
 *
 * A proof is a function prove_*() that CBMC runs once for all values of everything
 * that is nondeterministic.  What it assumes and asserts of a record is the same
 * predicate, so that proofs compose: what memmap_unpack() is proven to accept is what
 * the device model's proofs take for granted.
 */
#ifndef MEMMAP_PROOF_H
#define MEMMAP_PROOF_H

#include "codec.h"
#include "said.h"

/* Before each check had one place, the kind was not memmap_unpack()'s. */
bool nondet_bool(void);
uint8_t nondet_u8(void);
uint16_t nondet_u16(void);
uint32_t nondet_u32(void);
uint64_t nondet_u64(void);
struct memmap_range nondet_range(void);
struct memmap_record nondet_record(void);

#define assume(c) __CPROVER_assume(c)
#define prove(c, clause) __CPROVER_assert(c, clause)

/* Up to @most arbitrary ranges in a table of any size up to @room. */
static void any_layout(struct memmap_layout *l, struct memmap_range *storage,
                       unsigned int most, unsigned int room)
{
    unsigned int nr = nondet_u32(), max = nondet_u32(), i;

    assume(nr <= most && nr <= max && max <= room);
    l->range = storage;
    l->nr = nr;
    l->max = max;
    for ( i = 0; i < most && i < nr; i++ )
        storage[i] = nondet_range();
}

/* Section 4, of one entry. */

/* No address leads beyond. */
static bool reachable(uint64_t gfn, uint64_t pages)
{
    return ends(gfn, pages) && gfn + pages <= 0x10000000000000;
}

static bool known(const struct memmap_range *e)
{
    return e->type >= MEMMAP_TYPE_RAM && e->type <= MEMMAP_TYPE_OWNED;
}

static bool type_ok(const struct memmap_range *e)
{
    return known(e) || (e->type && (e->flags & MEMMAP_EF_OPTIONAL));
}

static bool flags_ok(const struct memmap_range *e)
{
    bool ram = e->type == MEMMAP_TYPE_RAM, rdm = e->type == MEMMAP_TYPE_RDM;

    return !known(e) ||
           (!(e->flags & 0xfff0) && (ram || !(e->flags & 0x0002)) &&
            (ram || !(e->flags & 0x0004)) && (rdm || !(e->flags & 0x0008)));
}

static bool aux_ok(const struct memmap_range *e)
{
    return !known(e) || !e->aux || e->type == MEMMAP_TYPE_RDM ||
           (e->type == MEMMAP_TYPE_RAM && (e->flags & 0x0004));
}

static bool source_ok(const struct memmap_range *e)
{
    return e->type != MEMMAP_TYPE_RAM || e->source == MEMMAP_NO_SOURCE ||
           reachable(e->source, e->pages);
}

/* What can be said of a record without knowing the guest. */
static bool entry_ok(const struct memmap_record *r, unsigned int i)
{
    const struct memmap_range *e = &r->layout.range[i];
    bool layout = r->kind == MEMMAP_KIND_LAYOUT;

    return reachable(e->gfn, e->pages) && type_ok(e) && flags_ok(e) && aux_ok(e) &&
           source_ok(e) &&
           !(layout && e->type == MEMMAP_TYPE_OWNED) &&
           !(layout && e->gfn + e->pages > r->gfn_limit) &&
           (!i || (e[-1].gfn < e->gfn && e[-1].pages <= e->gfn - e[-1].gfn));
}

static uint64_t ram(const struct memmap_layout *l)
{
    uint64_t pages = 0;
    unsigned int i;

    for ( i = 0; i < l->nr; i++ )
        if ( l->range[i].type == MEMMAP_TYPE_RAM )
            pages += l->range[i].pages;

    return pages;
}

static bool well_formed(const struct memmap_record *r)
{
    unsigned int i;

    for ( i = 0; i < r->layout.nr; i++ )
        if ( !entry_ok(r, i) )
            return false;

    return (r->kind == MEMMAP_KIND_LAYOUT || r->kind == MEMMAP_KIND_CONSTRAINTS) &&
           !(r->flags & 0xfffe) && r->layout.nr <= MEMMAP_MAX_ENTRIES &&
           r->layout.nr <= r->layout.max && r->ram_pages == ram(&r->layout);
}

#endif /* MEMMAP_PROOF_H */
