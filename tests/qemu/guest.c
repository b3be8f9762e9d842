/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "guest.h"

void guest_build(void)
{
    ck_assert(harness_machine(512 * MIB));
    harness_block("vga.vram", 16 * MIB);
    harness_events();
}

void guest_negotiate(unsigned int features)
{
    harness_out(MEMMAP_REG_OFFER, 4, MEMMAP_OFFER(1, 0, features));
    ck_status(harness_in(MEMMAP_REG_DOORBELL, 4), NEGOTIATED, OK, NOBODY);
}

void layout_empty(struct layout *l)
{
    memset(l, 0, sizeof(*l));
    l->record.kind = MEMMAP_KIND_LAYOUT;
    l->record.gfn_limit = 1ull << 36;
    memmap_layout_init(&l->record.layout, l->range, MEMMAP_MAX_ENTRIES);
}

void layout_ram(struct layout *l, uint64_t gfn, uint64_t pages, uint64_t source)
{
    const struct memmap_range r = {
        .gfn = gfn, .pages = pages, .source = source, .type = MEMMAP_TYPE_RAM,
    };

    REQUIRE(memmap_layout_set(&l->record.layout, &r));
}

void layout_built(struct layout *l, uint64_t ram_bytes)
{
    uint64_t low = ram_bytes < 0xf0000000 ? ram_bytes : 0xf0000000;

    layout_empty(l);
    layout_ram(l, 0, 0xa0, 0);
    layout_ram(l, 0xc0, (low >> 12) - 0xc0, 0xc0);
    if (ram_bytes > low) {
        layout_ram(l, FOUR_GIB, (ram_bytes - low) >> 12, FOUR_GIB);
    }
}

void layout_set(struct layout *l, uint64_t gfn, uint64_t pages,
                unsigned int type, unsigned int flags, uint32_t aux)
{
    const struct memmap_range r = {
        .gfn = gfn, .pages = pages, .source = MEMMAP_NO_SOURCE, .type = type,
        .flags = flags, .aux = aux,
    };

    REQUIRE(memmap_layout_set(&l->record.layout, &r));
}

void layout_move(struct layout *l, uint64_t from, uint64_t to, uint64_t pages)
{
    REQUIRE(memmap_layout_move(&l->record.layout, from, to, pages));
}

void layout_make_room(struct layout *l, uint64_t gfn, uint64_t pages,
                      unsigned int flags, uint32_t aux)
{
    layout_move(l, gfn, FOUR_GIB + gfn, pages);
    layout_set(l, gfn, pages, MEMMAP_TYPE_RDM, flags, aux);
}

struct harness_device *guest_assign(uint32_t sbdf)
{
    harness_assign(sbdf, true);
    return harness_plug(sbdf);
}

uint32_t guest_cmd(unsigned int cmd)
{
    harness_out(MEMMAP_REG_DOORBELL, 4, MEMMAP_DOORBELL(cmd, BUF_GFN));
    return harness_in(MEMMAP_REG_DOORBELL, 4);
}

uint32_t guest_say(unsigned int cmd, struct layout *l)
{
    l->record.generation = harness_in(MEMMAP_REG_GENERATION, 4) + 1;
    REQUIRE(memmap_pack(&l->record, harness_ram(BUF_GFN << 12),
                        MEMMAP_BUFFER_BYTES));
    return guest_cmd(cmd);
}

void guest_query(struct layout *l)
{
    uint16_t index;

    layout_empty(l);
    ck_assert_uint_eq(MEMMAP_STATUS_ERROR(guest_cmd(MEMMAP_CMD_QUERY)),
                      MEMMAP_OK);
    ck_assert_uint_eq(memmap_unpack(&l->record, MEMMAP_KIND_CONSTRAINTS,
                                    harness_ram(BUF_GFN << 12),
                                    MEMMAP_BUFFER_BYTES, &index), MEMMAP_OK);
}
