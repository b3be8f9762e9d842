/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The protocol of docs/specs/xen-memmap.rst without a guest: what a record is
 * on the wire, the algebra of layouts, and a conversation in which one side is
 * hostile.
 *
 * What could go wrong: a byte at another place than the firmware's, a record
 * that is taken for more than it is, RAM that is lost or there twice when
 * ranges are cut and joined, a command that is obeyed out of turn.
 */
#include "qemu/osdep.h"
#include "hw/i386/xen/memmap/codec.h"
//+ dm
#include "hw/i386/xen/memmap/dm.h"
#include "hw/i386/xen/memmap/dm_rdm.h"

#define GIB(n) ((uint64_t)(n) << 18)
#define BUFFER_GFN 0x90

/* A guest's memory below 640 KiB, and a device model. */
typedef struct Machine {
    struct memmap_dm dm;
    uint8_t ram[MEMMAP_BUFFER_GFN_END << 12];
    struct memmap_range in_force[MEMMAP_MAX_ENTRIES];
    struct memmap_layout layout;
    unsigned int refuse;        /* what check() says */
    bool changes;               /* the buffer, as soon as it was read */
} Machine;

static bool ram_read(void *opaque, uint64_t addr, void *dst, uint32_t bytes)
{
    Machine *m = opaque;

    memcpy(dst, m->ram + addr, bytes);
    if (m->changes) {
        memset(m->ram + addr, 0xff, bytes);
    }
    return true;
}

static bool ram_write(void *opaque, uint64_t addr, const void *src,
                      uint32_t bytes)
{
    Machine *m = opaque;

    memcpy(m->ram + addr, src, bytes);
    return true;
}

static unsigned int check(void *opaque, unsigned int cmd,
                          const struct memmap_record *r, uint16_t *index)
{
    Machine *m = opaque;

    *index = MEMMAP_NO_INDEX;
    return m->refuse;
}

static unsigned int apply(void *opaque, const struct memmap_record *r,
                          uint16_t *index)
{
    Machine *m = opaque;

    g_assert_true(memmap_layout_copy(&m->layout, &r->layout));
    return MEMMAP_OK;
}

/* Video memory of 16 MiB behind RAM. */
static bool constraints(void *opaque, struct memmap_layout *l)
{
    const struct memmap_range vram = {
        .gfn = GIB(5),
        .pages = 0x1000,
        .source = MEMMAP_NO_SOURCE,
        .type = MEMMAP_TYPE_OWNED,
    };

    return memmap_layout_set(l, &vram);
}

static const struct memmap_dm_ops ops = {
    .read = ram_read,
    .write = ram_write,
    .check = check,
    .apply = apply,
    .constraints = constraints,
};

/*
 * A guest of 3 GiB, all of it below 4 GiB, which has chosen what is on offer.
 */
static Machine *machine_new(void)
{
    Machine *m = g_new0(Machine, 1);

    m->dm.ops = &ops;
    m->dm.opaque = m;
    m->dm.ram_pages = GIB(3) - (MEMMAP_VGA_END - MEMMAP_VGA_GFN);
    m->dm.gfn_limit = 1ull << 36;
    memmap_layout_init(&m->layout, m->in_force, MEMMAP_MAX_ENTRIES);
    memmap_dm_reset(&m->dm);
    memmap_dm_write(&m->dm, MEMMAP_REG_OFFER,
                    memmap_dm_read(&m->dm, MEMMAP_REG_OFFER));
    return m;
}

//-
static void set(struct memmap_layout *l, unsigned int type, uint64_t gfn,
                uint64_t pages, uint64_t source)
{
    const struct memmap_range r = {
        .gfn = gfn,
        .pages = pages,
        .source = source,
        .type = type,
    };

    g_assert_true(memmap_layout_set(l, &r));
}

//+ dm
/* The layout as built, in storage of the caller. */
static void as_built(struct memmap_record *r, struct memmap_range *storage)
{
    memset(r, 0, sizeof(*r));
    r->kind = MEMMAP_KIND_LAYOUT;
    r->generation = 1;
    r->gfn_limit = 1ull << 40;
    memmap_layout_init(&r->layout, storage, MEMMAP_MAX_ENTRIES);
    set(&r->layout, MEMMAP_TYPE_RAM, 0, MEMMAP_VGA_GFN, 0);
    set(&r->layout, MEMMAP_TYPE_RAM, MEMMAP_VGA_END, GIB(3) - MEMMAP_VGA_END,
        MEMMAP_VGA_END);
}

/* Send @r as @cmd; the status that the device model has then. */
static uint32_t ring(Machine *m, unsigned int cmd,
                     const struct memmap_record *r)
{
    if (r) {
        g_assert_cmpuint(memmap_pack(r, m->ram + (BUFFER_GFN << 12),
                                     MEMMAP_BUFFER_BYTES), !=, 0);
    }
    memmap_dm_write(&m->dm, MEMMAP_REG_DOORBELL,
                    MEMMAP_DOORBELL(cmd, BUFFER_GFN));
    return memmap_dm_read(&m->dm, MEMMAP_REG_DOORBELL);
}

static void assert_status(uint32_t status, unsigned int state,
                          unsigned int err, unsigned int index)
{
    g_assert_cmphex(status, ==, MEMMAP_STATUS(state, err, index));
}

//-
static void test_wire(void)
{
    static const uint8_t header[] = {
        0x58, 0x47, 0x4d, 0x4c, 1, 0, 0, 0, 48, 0, 32, 0, 1, 0, 0, 0,
        80, 0, 0, 0,
    };
    struct memmap_range storage[1], back[1];
    struct memmap_record r = {
        .kind = MEMMAP_KIND_LAYOUT,
        .generation = 0x12345678,
        .gfn_limit = 1ull << 40,
    }, got = { 0 };
    uint8_t buf[80];
    uint16_t index;

    g_assert_cmphex(memmap_crc32c(0, (const uint8_t *)"123456789", 9), ==,
                    0xe3069283);
    memmap_layout_init(&r.layout, storage, 1);
    memmap_layout_init(&got.layout, back, 1);
    set(&r.layout, MEMMAP_TYPE_RAM, 0x123456789a, 0x10, 0x20);

    g_assert_cmpuint(memmap_pack(&r, buf, sizeof(buf) - 1), ==, 0);
    g_assert_cmpuint(memmap_pack(&r, buf, sizeof(buf)), ==, sizeof(buf));
    g_assert_cmpmem(buf, sizeof(header), header, sizeof(header));
    g_assert_cmphex(buf[24], ==, 0x78);
    g_assert_cmphex(buf[48], ==, 0x9a);
    g_assert_cmphex(buf[52], ==, 0x12);

    g_assert_cmpuint(memmap_unpack(&got, MEMMAP_KIND_LAYOUT, buf, sizeof(buf),
                                   &index), ==, MEMMAP_OK);
    g_assert_true(memmap_layout_equal(&got.layout, &r.layout));
    g_assert_cmphex(got.generation, ==, r.generation);

    /* Whatever byte is another than it was, somebody notices. */
    for (unsigned int i = 0; i < sizeof(buf); i++) {
        buf[i] ^= 0x40;
        g_assert_cmpuint(memmap_unpack(&got, MEMMAP_KIND_LAYOUT, buf,
                                       sizeof(buf), &index), !=, MEMMAP_OK);
        buf[i] ^= 0x40;
    }
}

static void test_layout(void)
{
    struct memmap_range storage[4];
    struct memmap_layout l;

    memmap_layout_init(&l, storage, ARRAY_SIZE(storage));
    set(&l, MEMMAP_TYPE_RAM, 0, 100, 0);

    /* What is in the middle leaves two pieces, whose sources go on. */
    set(&l, MEMMAP_TYPE_MMIO, 40, 20, MEMMAP_NO_SOURCE);
    g_assert_cmpuint(l.nr, ==, 3);
    g_assert_cmphex(l.range[2].source, ==, 60);
    g_assert_cmpuint(memmap_layout_pages(&l, MEMMAP_TYPE_RAM), ==, 80);
    g_assert_false(memmap_layout_covers(&l, MEMMAP_TYPE_RAM, 30, 20));
    g_assert_true(memmap_layout_overlaps(&l, MEMMAP_TYPE_MMIO, 59, 1));
    g_assert_false(memmap_layout_overlaps(&l, MEMMAP_TYPE_MMIO, 60, 1));

    /* There is no room for two more. */
    g_assert_false(memmap_layout_move(&l, 10, 1000, 10));
    g_assert_cmpuint(l.nr, ==, 3);

    /* As it was: one range. */
    set(&l, MEMMAP_TYPE_RAM, 40, 20, 40);
    g_assert_cmpuint(l.nr, ==, 1);

    /* Its source goes with what moves. */
    g_assert_true(memmap_layout_move(&l, 90, 1000, 10));
    g_assert_cmpuint(l.nr, ==, 2);
    g_assert_cmphex(l.range[1].gfn, ==, 1000);
    g_assert_cmphex(l.range[1].source, ==, 90);
    g_assert_cmpuint(memmap_layout_pages(&l, MEMMAP_TYPE_RAM), ==, 100);
}

//+ dm
static void test_conversation(void)
{
    g_autofree Machine *m = machine_new();
    struct memmap_range storage[MEMMAP_MAX_ENTRIES];
    struct memmap_record r;

    assert_status(ring(m, MEMMAP_CMD_QUERY, NULL), MEMMAP_ST_NEGOTIATED,
                  MEMMAP_OK, MEMMAP_NO_INDEX);
    g_assert_cmpmem(m->ram + (BUFFER_GFN << 12), 4, "XGML", 4);

    as_built(&r, storage);
    g_assert_true(memmap_layout_move(&r.layout, GIB(2), GIB(4), GIB(1)));
    assert_status(ring(m, MEMMAP_CMD_PREPARE, &r), MEMMAP_ST_PREPARED,
                  MEMMAP_OK, MEMMAP_NO_INDEX);
    g_assert_cmpuint(m->layout.nr, ==, 0);
    assert_status(ring(m, MEMMAP_CMD_COMMIT, &r), MEMMAP_ST_COMMITTED,
                  MEMMAP_OK, MEMMAP_NO_INDEX);
    g_assert_true(memmap_layout_equal(&m->layout, &r.layout));
    g_assert_cmpuint(memmap_dm_read(&m->dm, MEMMAP_REG_GENERATION), ==, 1);

    assert_status(ring(m, MEMMAP_CMD_SEAL, NULL), MEMMAP_ST_SEALED, MEMMAP_OK,
                  MEMMAP_NO_INDEX);
    r.generation = 2;
    assert_status(ring(m, MEMMAP_CMD_COMMIT, &r), MEMMAP_ST_SEALED,
                  MEMMAP_E_STATE, MEMMAP_NO_INDEX);
}

static void test_refused(void)
{
    g_autofree Machine *m = machine_new();
    struct memmap_range storage[MEMMAP_MAX_ENTRIES];
    struct memmap_record r;

    /* Out of turn, or what there is not. */
    memmap_dm_write(&m->dm, MEMMAP_REG_OFFER, MEMMAP_OFFER(1, 0, 0));
    assert_status(memmap_dm_read(&m->dm, MEMMAP_REG_DOORBELL),
                  MEMMAP_ST_NEGOTIATED, MEMMAP_E_STATE, MEMMAP_NO_INDEX);
    assert_status(ring(m, 5, NULL), MEMMAP_ST_NEGOTIATED, MEMMAP_E_COMMAND,
                  MEMMAP_NO_INDEX);
    memmap_dm_write(&m->dm, MEMMAP_REG_DOORBELL,
                    MEMMAP_DOORBELL(MEMMAP_CMD_COMMIT, 0x9e));
    assert_status(memmap_dm_read(&m->dm, MEMMAP_REG_DOORBELL),
                  MEMMAP_ST_NEGOTIATED, MEMMAP_E_BUFFER, MEMMAP_NO_INDEX);

    /* RAM over what the device model owns. */
    as_built(&r, storage);
    g_assert_true(memmap_layout_move(&r.layout, GIB(2), GIB(5) + 0xfff, 1));
    assert_status(ring(m, MEMMAP_CMD_PREPARE, &r), MEMMAP_ST_NEGOTIATED,
                  MEMMAP_E_OWNED, 3);

    /* A page too many, one too few, and the wrong generation. */
    as_built(&r, storage);
    set(&r.layout, MEMMAP_TYPE_RAM, GIB(4), 1, MEMMAP_NO_SOURCE);
    assert_status(ring(m, MEMMAP_CMD_COMMIT, &r), MEMMAP_ST_NEGOTIATED,
                  MEMMAP_E_RAM_SUM, MEMMAP_NO_INDEX);
    as_built(&r, storage);
    g_assert_true(memmap_layout_clear(&r.layout, GIB(3) - 1, 1));
    assert_status(ring(m, MEMMAP_CMD_COMMIT, &r), MEMMAP_ST_NEGOTIATED,
                  MEMMAP_E_RAM_SUM, MEMMAP_NO_INDEX);
    as_built(&r, storage);
    r.generation = 2;
    assert_status(ring(m, MEMMAP_CMD_COMMIT, &r), MEMMAP_ST_NEGOTIATED,
                  MEMMAP_E_GENERATION, MEMMAP_NO_INDEX);

    /* Page 0 elsewhere. */
    as_built(&r, storage);
    g_assert_true(memmap_layout_move(&r.layout, 0, GIB(4), 1));
    assert_status(ring(m, MEMMAP_CMD_COMMIT, &r), MEMMAP_ST_NEGOTIATED,
                  MEMMAP_E_FIXED, MEMMAP_NO_INDEX);

    /* Who holds a mapping says so. */
    as_built(&r, storage);
    m->refuse = MEMMAP_E_BUSY;
    assert_status(ring(m, MEMMAP_CMD_COMMIT, &r), MEMMAP_ST_NEGOTIATED,
                  MEMMAP_E_BUSY, MEMMAP_NO_INDEX);
    g_assert_cmpuint(m->layout.nr, ==, 0);
    g_assert_cmpuint(memmap_dm_read(&m->dm, MEMMAP_REG_GENERATION), ==, 0);
}

/* The buffer is looked at once. */
static void test_changes(void)
{
    g_autofree Machine *m = machine_new();
    struct memmap_range storage[MEMMAP_MAX_ENTRIES];
    struct memmap_record r;

    as_built(&r, storage);
    m->changes = true;
    assert_status(ring(m, MEMMAP_CMD_COMMIT, &r), MEMMAP_ST_COMMITTED,
                  MEMMAP_OK, MEMMAP_NO_INDEX);
    g_assert_true(memmap_layout_equal(&m->layout, &r.layout));
}

static void test_rdm(void)
{
    struct memmap_range storage[8], theirs[8];
    struct memmap_layout l, other;
    uint64_t gfn = 0, pages = 0;

    memmap_layout_init(&l, storage, ARRAY_SIZE(storage));
    memmap_layout_init(&other, theirs, ARRAY_SIZE(theirs));

    /* Pages that two devices need are those of several. */
    g_assert_true(memmap_dm_rdm_want(&l, 0x7fff0, 8, 0x20));
    g_assert_true(memmap_dm_rdm_want(&l, 0x7fff4, 8, 0x28));
    g_assert_cmpuint(l.nr, ==, 3);
    g_assert_cmphex(l.range[1].aux, ==, 0);
    g_assert_false(memmap_dm_rdm_want(&l, UINT64_MAX, 2, 0));

    /* There is room if all of it is RDM. */
    g_assert_null(memmap_dm_rdm_obstacle(&l, 0x7fff0, 12));
    g_assert_nonnull(memmap_dm_rdm_obstacle(&l, 0x7fff0, 13));
    set(&l, MEMMAP_TYPE_RAM, 0x7fff1, 1, 0x7fff1);
    g_assert_cmpstr(memmap_dm_rdm_obstacle(&l, 0x7fff0, 12), ==,
                    "RAM is there");

    g_assert_true(memmap_dm_rdm_missing(&l, &other, &gfn, &pages));
    g_assert_cmphex(gfn, ==, 0x7fff0);
    g_assert_cmphex(pages, ==, 1);
    gfn += pages;
    set(&other, MEMMAP_TYPE_RDM, 0x7fff1, 11, MEMMAP_NO_SOURCE);
    g_assert_false(memmap_dm_rdm_missing(&l, &other, &gfn, &pages));
}

//-
int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/xen-memmap/wire", test_wire);
    g_test_add_func("/xen-memmap/layout", test_layout);
    //+ dm
    g_test_add_func("/xen-memmap/conversation", test_conversation);
    g_test_add_func("/xen-memmap/refused", test_refused);
    g_test_add_func("/xen-memmap/changes", test_changes);
    g_test_add_func("/xen-memmap/rdm", test_rdm);
    //-
    return g_test_run();
}
