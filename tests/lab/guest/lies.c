/* SPDX-License-Identifier: MIT */
/*
 * Layouts that would give a guest what is not its own, each one step away from the truth, so that
 * one rule of PROTOCOL.md, section 5, and that rule only, stands between the lie and the device
 * model's memory map. A record that is wrong in three ways would show that one of three checks is
 * made.
 */
#include "hostile.h"

#include <string.h>

static void put(uint8_t *p, unsigned int bytes, uint64_t v)
{
    while (bytes--) {
        *p++ = (uint8_t)v;
        v >>= 8;
    }
}

static uint64_t get(const uint8_t *p, unsigned int bytes)
{
    uint64_t v = 0;

    while (bytes--) {
        v = v << 8 | p[bytes];
    }
    return v;
}

/* Make the checksum true of what the header says is the record, as far as there is a buffer. */
static void seal(uint8_t *buf)
{
    uint64_t len = get(buf + MEMMAP_HDR_TOTAL_LEN, 4);

    put(buf + MEMMAP_HDR_CHECKSUM, 4, 0);
    put(buf + MEMMAP_HDR_CHECKSUM, 4,
        memmap_crc32c(0, buf, len > MEMMAP_BUFFER_BYTES ? MEMMAP_BUFFER_BYTES : (uint32_t)len));
}

static void add_ram(struct memmap_layout *l, uint64_t gfn, uint64_t end)
{
    struct memmap_range r = { gfn, end - gfn, gfn, MEMMAP_TYPE_RAM, 0, 0 };

    if (end > gfn) {
        memmap_layout_set(l, &r);
    }
}

void truth_init(struct truth *t, uint64_t low, uint64_t high, uint32_t gen)
{
    memset(t, 0, sizeof(*t));
    t->record.kind = MEMMAP_KIND_LAYOUT;
    t->record.generation = gen + 1;
    t->record.gfn_limit = 1ull << 36;
    memmap_layout_init(&t->record.layout, t->range, MEMMAP_MAX_ENTRIES);
    memmap_layout_init(&t->owned, t->owned_range, MEMMAP_MAX_ENTRIES);
    add_ram(&t->record.layout, 0, MEMMAP_VGA_GFN);
    add_ram(&t->record.layout, MEMMAP_VGA_END, low >> PAGE_SHIFT);
    add_ram(&t->record.layout, FOUR_GIB >> PAGE_SHIFT, high >> PAGE_SHIFT);
}

unsigned int truth_constraints(struct truth *t, const uint8_t *buf)
{
    struct memmap_record r = { .layout = t->owned };
    uint16_t index;
    unsigned int rc;

    rc = memmap_unpack(&r, MEMMAP_KIND_CONSTRAINTS, buf, MEMMAP_BUFFER_BYTES,
                       &index);
    if (!rc) {
        t->owned = r.layout;
        t->device_limit = r.gfn_limit;
    }
    return rc;
}

void truth_tell(const struct truth *t, uint8_t *buf)
{
    memmap_pack(&t->record, buf, MEMMAP_BUFFER_BYTES);
}

/* ---- false layouts: R is a copy of the truth, to be spoilt; false: cannot be had ----------- */

static struct memmap_range *last(struct memmap_record *r)
{
    return &r->layout.range[r->layout.nr - 1];
}

/* The highest page of RAM, which can be missed more easily than one of the first megabyte. */
static uint64_t top(struct memmap_record *r)
{
    return memmap_range_end(last(r)) - 1;
}

static bool empty(struct memmap_record *r, const struct truth *t)
{
    (void)t;
    r->layout.range[1].pages = 0;
    return true;
}

static bool wraps(struct memmap_record *r, const struct truth *t)
{
    (void)t;
    last(r)->pages = -last(r)->gfn;
    return true;
}

static bool no_type(struct memmap_record *r, const struct truth *t)
{
    (void)t;
    last(r)->type = 0;
    last(r)->flags = MEMMAP_EF_OPTIONAL;
    return true;
}

static bool unknown_type(struct memmap_record *r, const struct truth *t)
{
    (void)t;
    last(r)->type = 9;
    return true;
}

static bool unknown_flag(struct memmap_record *r, const struct truth *t)
{
    (void)t;
    last(r)->flags = 0x8000;
    return true;
}

static bool aux(struct memmap_record *r, const struct truth *t)
{
    (void)t;
    last(r)->aux = 1;
    return true;
}

static bool unsorted(struct memmap_record *r, const struct truth *t)
{
    struct memmap_range first = r->layout.range[0];

    (void)t;
    r->layout.range[0] = r->layout.range[1];
    r->layout.range[1] = first;
    return true;
}

static bool overlapping(struct memmap_record *r, const struct truth *t)
{
    (void)t;
    r->layout.range[1].gfn = r->layout.range[1].source = MEMMAP_VGA_GFN - 1;
    return true;
}

static bool twice(struct memmap_record *r, const struct truth *t)
{
    (void)t;
    r->layout.range[r->layout.nr++] = *last(r);
    return true;
}

static bool beyond_width(struct memmap_record *r, const struct truth *t)
{
    (void)t;
    r->gfn_limit = top(r);
    return true;
}

static bool beyond_device(struct memmap_record *r, const struct truth *t)
{
    uint64_t to = t->device_limit ? t->device_limit : 1ull << 36;

    r->gfn_limit = to + 1;
    return to > top(r) && memmap_layout_move(&r->layout, top(r), to, 1);
}

static bool owned_entry(struct memmap_record *r, const struct truth *t)
{
    struct memmap_range e = { top(r) + 16, 1, MEMMAP_NO_SOURCE, MEMMAP_TYPE_OWNED, 0, 0 };

    (void)t;
    return memmap_layout_set(&r->layout, &e);
}

/* A page of RAM where the device model keeps video memory: its pages would be the guest's. */
static bool ram_over_owned(struct memmap_record *r, const struct truth *t)
{
    uint64_t gfn = t->owned.nr ? t->owned.range[0].gfn : 0;

    return gfn && !memmap_layout_overlaps(&r->layout, MEMMAP_TYPE_RAM, gfn, 1) &&
           memmap_layout_move(&r->layout, top(r), gfn, 1);
}

static bool mmio_over_owned(struct memmap_record *r, const struct truth *t)
{
    struct memmap_range e = { 0, 1, MEMMAP_NO_SOURCE, MEMMAP_TYPE_MMIO, 0, 0 };

    e.gfn = t->owned.nr ? t->owned.range[0].gfn : 0;
    return e.gfn && !memmap_layout_overlaps(&r->layout, MEMMAP_TYPE_RAM, e.gfn, 1) &&
           memmap_layout_set(&r->layout, &e);
}

static bool low_page_moved(struct memmap_record *r, const struct truth *t)
{
    (void)t;
    return memmap_layout_move(&r->layout, 0x50, top(r) + 1, 1);
}

static bool first_megabyte_gone(struct memmap_record *r, const struct truth *t)
{
    (void)t;
    return memmap_layout_clear(&r->layout, 0, MEMMAP_VGA_GFN);
}

static bool ram_in_vga(struct memmap_record *r, const struct truth *t)
{
    (void)t;
    return memmap_layout_move(&r->layout, top(r), MEMMAP_VGA_GFN, 1);
}

static bool low_source(struct memmap_record *r, const struct truth *t)
{
    (void)t;
    r->layout.range[0].source = 0x100;
    return true;
}

static bool all_mmio(struct memmap_record *r, const struct truth *t)
{
    (void)t;
    for (unsigned int i = 0; i < r->layout.nr; i++) {
        r->layout.range[i].type = MEMMAP_TYPE_MMIO;
        r->layout.range[i].source = MEMMAP_NO_SOURCE;
    }
    return true;
}

static bool page_more(struct memmap_record *r, const struct truth *t)
{
    (void)t;
    add_ram(&r->layout, top(r) + 1, top(r) + 2);
    return true;
}

/* The hole below 4 GiB, where every BAR is: the disk's and the VGA's would be covered by RAM. */
static bool ram_in_hole(struct memmap_record *r, const struct truth *t)
{
    (void)t;
    if (memmap_layout_overlaps(&r->layout, MEMMAP_TYPE_RAM, 0xf0000, 0xc000)) {
        return false;
    }
    add_ram(&r->layout, 0xf0000, 0xfc000);
    return true;
}

static bool page_less(struct memmap_record *r, const struct truth *t)
{
    (void)t;
    return memmap_layout_clear(&r->layout, top(r), 1);
}

static bool shrunk_not(struct memmap_record *r, const struct truth *t)
{
    (void)t;
    r->flags = MEMMAP_RF_RAM_SHRUNK;
    return true;
}

static bool shrunk_more(struct memmap_record *r, const struct truth *t)
{
    r->flags = MEMMAP_RF_RAM_SHRUNK;
    return page_more(r, t);
}

/* As many entries as there may be, which is also as many bytes as the device must copy. */
static bool slivers(struct memmap_record *r, const struct truth *t)
{
    (void)t;
    r->layout.nr = 2;
    r->layout.range[1].pages = MEMMAP_FIXED_END - MEMMAP_VGA_END;
    while (r->layout.nr < MEMMAP_MAX_ENTRIES) {
        uint64_t gfn = MEMMAP_FIXED_END + 2ull * r->layout.nr;

        r->layout.range[r->layout.nr++] =
            (struct memmap_range){ gfn, 1, MEMMAP_NO_SOURCE, MEMMAP_TYPE_RAM, 0, 0 };
    }
    return true;
}

static bool replay(struct memmap_record *r, const struct truth *t)
{
    (void)t;
    r->generation--;
    return true;
}

static bool skipped(struct memmap_record *r, const struct truth *t)
{
    (void)t;
    r->generation++;
    return true;
}

static bool last_generation(struct memmap_record *r, const struct truth *t)
{
    (void)t;
    r->generation = 0xffffffff;
    return true;
}

/* ---- false framing: the truth's bytes, to be spoilt ---------------------------------------- */

static void magic(uint8_t *b)
{
    b[MEMMAP_HDR_MAGIC] ^= 1;
    seal(b);
}

static void major(uint8_t *b)
{
    put(b + MEMMAP_HDR_MAJOR, 2, MEMMAP_VERSION_MAJOR + 1);
    seal(b);
}

static void short_header(uint8_t *b)
{
    put(b + MEMMAP_HDR_HEADER_LEN, 2, MEMMAP_HDR_BYTES - 4);
    put(b + MEMMAP_HDR_TOTAL_LEN, 4, get(b + MEMMAP_HDR_TOTAL_LEN, 4) - 4);
    seal(b);
}

static void short_entry(uint8_t *b)
{
    uint64_t count = get(b + MEMMAP_HDR_COUNT, 4);

    put(b + MEMMAP_HDR_ENTRY_LEN, 2, 0);
    put(b + MEMMAP_HDR_TOTAL_LEN, 4, MEMMAP_HDR_BYTES);
    put(b + MEMMAP_HDR_COUNT, 4, count);
    seal(b);
}

static void long_entry(uint8_t *b)
{
    put(b + MEMMAP_HDR_ENTRY_LEN, 2, 0xffff);
    put(b + MEMMAP_HDR_COUNT, 4, MEMMAP_MAX_ENTRIES);
    put(b + MEMMAP_HDR_TOTAL_LEN, 4, MEMMAP_HDR_BYTES + MEMMAP_MAX_ENTRIES * 0xffffu);
    seal(b);
}

static void long_total(uint8_t *b)
{
    put(b + MEMMAP_HDR_TOTAL_LEN, 4, get(b + MEMMAP_HDR_TOTAL_LEN, 4) + MEMMAP_ENT_BYTES);
    seal(b);
}

static void one_too_many(uint8_t *b)
{
    put(b + MEMMAP_HDR_COUNT, 4, MEMMAP_MAX_ENTRIES + 1);
    put(b + MEMMAP_HDR_TOTAL_LEN, 4, memmap_record_bytes(MEMMAP_MAX_ENTRIES + 1));
    seal(b);
}

static void count_wraps(uint8_t *b)
{
    /* 0x08000000 entries of 32 bytes are 0 bytes in 32 bits. */
    put(b + MEMMAP_HDR_COUNT, 4, 0x08000000);
    put(b + MEMMAP_HDR_TOTAL_LEN, 4, MEMMAP_HDR_BYTES);
    seal(b);
}

static void checksum(uint8_t *b)
{
    b[MEMMAP_HDR_CHECKSUM] ^= 1;
}

static void changed_after(uint8_t *b)
{
    b[MEMMAP_HDR_BYTES + MEMMAP_ENT_PAGES] ^= 1;
}

static void constraints(uint8_t *b)
{
    put(b + MEMMAP_HDR_KIND, 2, MEMMAP_KIND_CONSTRAINTS);
    seal(b);
}

static void header_flag(uint8_t *b)
{
    put(b + MEMMAP_HDR_FLAGS, 2, 0x8000);
    seal(b);
}

static void header_sum(uint8_t *b)
{
    put(b + MEMMAP_HDR_RAM_PAGES, 8, get(b + MEMMAP_HDR_RAM_PAGES, 8) + 1);
    seal(b);
}

/* One list, so that a lie cannot be forgotten in one of two tables. */
#define LIES(L, B) \
    B(magic, "magic", MAGIC), \
    B(major, "major version", VERSION), \
    B(short_header, "header too short", LENGTH), \
    B(short_entry, "entries of no bytes", LENGTH), \
    B(long_entry, "16 MiB of entries", LENGTH), \
    B(long_total, "total length", LENGTH), \
    B(one_too_many, "257 entries", COUNT), \
    B(count_wraps, "a count that wraps", COUNT), \
    B(checksum, "checksum", CHECKSUM), \
    B(changed_after, "an entry changed after the checksum", CHECKSUM), \
    B(constraints, "kind", KIND), \
    B(header_flag, "flag in the header", KIND), \
    B(header_sum, "sum in the header", RAM_SUM), \
    L(empty, "an empty entry", EMPTY, true), \
    L(wraps, "an entry that wraps", RANGE, true), \
    L(no_type, "type 0, optional", TYPE, true), \
    L(unknown_type, "unknown type", TYPE, true), \
    L(unknown_flag, "unknown flag", TYPE, true), \
    L(aux, "aux of RAM", RESERVED, true), \
    L(unsorted, "unsorted", ORDER, true), \
    L(overlapping, "overlapping", ORDER, true), \
    L(twice, "an entry twice", ORDER, true), \
    L(beyond_width, "RAM beyond the guest's width", RANGE, true), \
    L(beyond_device, "RAM beyond the device's limit", RANGE, true), \
    L(owned_entry, "an entry OWNED", TYPE, true), \
    L(ram_over_owned, "RAM over the device's memory", OWNED, true), \
    L(mmio_over_owned, "MMIO over the device's memory", OWNED, true), \
    L(low_page_moved, "a page below 640 KiB moved", FIXED, false), \
    L(first_megabyte_gone, "no RAM below 640 KiB", FIXED, false), \
    L(ram_in_vga, "RAM in the VGA window", FIXED, false), \
    L(low_source, "low RAM from elsewhere", FIXED, false), \
    L(all_mmio, "no RAM at all", FIXED, false), \
    L(page_more, "a page of RAM more", RAM_SUM, false), \
    L(ram_in_hole, "RAM over all BARs", RAM_SUM, false), \
    L(page_less, "a page of RAM less", RAM_SUM, false), \
    L(shrunk_not, "shrunk, but the sum is not", RAM_SUM, false), \
    L(shrunk_more, "shrunk, but it is more", RAM_SUM, false), \
    L(slivers, "256 entries that do not add up", RAM_SUM, false), \
    L(replay, "a replay", GENERATION, false), \
    L(skipped, "a generation skipped", GENERATION, false), \
    L(last_generation, "the last generation", GENERATION, false)

#define L_LIE(fn, text, err, index) { text, MEMMAP_E_##err, index }
#define B_LIE(fn, text, err)        { text, MEMMAP_E_##err, false }
#define L_HOW(fn, text, err, index) { fn, NULL }
#define B_HOW(fn, text, err)        { NULL, fn }

const struct lie lies[] = { LIES(L_LIE, B_LIE) };
const unsigned int nr_lies = sizeof(lies) / sizeof(lies[0]);

static const struct {
    bool (*layout)(struct memmap_record *r, const struct truth *t);
    void (*bytes)(uint8_t *b);
} how[] = { LIES(L_HOW, B_HOW) };

unsigned int lie_tell(unsigned int n, const struct truth *t, uint8_t *buf)
{
    struct memmap_range range[MEMMAP_MAX_ENTRIES];
    struct memmap_record r = t->record;
    uint8_t bytes[MEMMAP_BUFFER_BYTES];

    /*
     * Not in BUF, which others write to meanwhile: the truth would be there, if only for an
     * instant, and a checksum would be of whatever is there, be it half of this lie and half of
     * another, which can be the truth.
     */
    if (how[n].bytes) {
        truth_tell(t, bytes);
        how[n].bytes(bytes);
        memcpy(buf, bytes, memmap_record_bytes(t->record.layout.nr));
        return lies[n].error;
    }
    memmap_layout_init(&r.layout, range, MEMMAP_MAX_ENTRIES);
    memmap_layout_copy(&r.layout, &t->record.layout);
    if (!how[n].layout(&r, t)) {
        return MEMMAP_OK;
    }
    memcpy(buf, bytes, memmap_pack(&r, bytes, sizeof(bytes)));
    /* What the device owns may lie where it cannot have RAM anyway, and that is asked first. */
    if (how[n].layout == ram_over_owned && t->owned.range[0].gfn >= t->device_limit) {
        return MEMMAP_E_RANGE;
    }
    return lies[n].error;
}
