/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What QEMU does, with the fixes applied, where it sees RAM and Xen has no page.
 *
 * A guest can give a page back and tell a device to use it.  Whoever reads or writes
 * there gets a pointer that is NULL: it must be an error for the device, as where
 * there is nothing at all, and not QEMU's end.  Where there is a page nothing changes.
 *
 * The functions are QEMU's own: the Makefile cuts them out of its source.
 */
#include <check.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* As much of QEMU as they use. */

typedef uint64_t hwaddr;
typedef uint32_t MemTxResult;
typedef struct { unsigned int memory:1, debug:1; } MemTxAttrs;
typedef struct RAMBlock RAMBlock;
typedef struct { bool direct; RAMBlock *ram_block; } MemoryRegion;
typedef MemoryRegion AddressSpace;
typedef AddressSpace FlatView;

enum { MEMTX_OK = 0, MEMTX_DECODE_ERROR = 2, MEMTX_ACCESS_ERROR = 4 };
enum { MO_8, MO_16, MO_32, MO_64 };
enum device_endian {
    DEVICE_NATIVE_ENDIAN, DEVICE_BIG_ENDIAN, DEVICE_LITTLE_ENDIAN
};

#define MEMTXATTRS_UNSPECIFIED ((MemTxAttrs) { 0 })
#define DIRTY_MEMORY_CODE 1
#define likely(x) (x)
#define glue_(a, b) a ## b
#define glue(a, b) glue_(a, b)
#define RCU_READ_LOCK_GUARD() ((void)0)

/* The page, and what was made dirty of it; NULL: there is none. */
static uint8_t memory[64];
static uint8_t *there;
static unsigned int dirty, dispatched;

static void *qemu_ram_ptr_length(RAMBlock *block, hwaddr addr, hwaddr *size,
                                 bool lock, bool is_write)
{
    return there ? there + addr : NULL;
}

static void *qemu_map_ram_ptr(RAMBlock *block, hwaddr addr)
{
    return qemu_ram_ptr_length(block, addr, NULL, false, true);
}

static void invalidate_and_set_dirty(MemoryRegion *mr, hwaddr addr, hwaddr len)
{
    dirty += len;
}

/* A region of RAM accepts no access that is not direct. */
static MemTxResult memory_region_dispatch_read(MemoryRegion *mr, hwaddr addr,
                                               uint64_t *val, int op,
                                               MemTxAttrs attrs)
{
    dispatched++;
    *val = 0;
    return MEMTX_DECODE_ERROR;
}

static MemTxResult memory_region_dispatch_write(MemoryRegion *mr, hwaddr addr,
                                                uint64_t val, int op,
                                                MemTxAttrs attrs)
{
    dispatched++;
    return MEMTX_DECODE_ERROR;
}

static MemoryRegion *flatview_translate(FlatView *fv, hwaddr addr, hwaddr *xlat,
                                        hwaddr *len, bool is_write,
                                        MemTxAttrs attrs)
{
    *xlat = addr;
    return fv;
}

#define address_space_translate flatview_translate
#define address_space_to_flatview(as) (as)
#define memory_region_supports_direct_access(mr) ((mr)->direct)
#define flatview_access_allowed(mr, attrs, addr, len) true
#define prepare_mmio_access(mr) false
#define bql_unlock() ((void)0)
#define size_memop(size) (size)
#define devend_memop(endian) 0
#define fuzz_dma_read_cb(addr, len, mr) ((void)0)
#define memory_region_get_dirty_log_mask(mr) 0
#define memory_region_get_ram_addr(mr) 0
#define cpu_physical_memory_set_dirty_range(addr, len, mask) (dirty += (len))

#define LOAD(name, type) \
    static type name(const void *p) \
    { \
        type v; \
        memcpy(&v, p, sizeof(v)); \
        return v; \
    }
#define STORE(name, type) \
    static void name(void *p, type v) \
    { \
        memcpy(p, &v, sizeof(v)); \
    }
/* Which end comes first is not what this is about. */
LOAD(ldub_p, uint8_t) LOAD(lduw_p, uint16_t)
LOAD(ldl_p, uint32_t) LOAD(ldq_p, uint64_t)
STORE(stb_p, uint8_t) STORE(stw_p, uint16_t)
STORE(stl_p, uint32_t) STORE(stq_p, uint64_t)
#define lduw_le_p lduw_p
#define lduw_be_p lduw_p
#define ldl_le_p ldl_p
#define ldl_be_p ldl_p
#define ldq_le_p ldq_p
#define ldq_be_p ldq_p
#define stw_le_p stw_p
#define stw_be_p stw_p
#define stl_le_p stl_p
#define stl_be_p stl_p
#define stq_le_p stq_p
#define stq_be_p stq_p
#define ldn_he_p(p, n) 0
#define stn_he_p(p, n, v) ((void)0)
#define memory_access_size(mr, l, addr) (l)

static bool memory_access_is_direct(MemoryRegion *mr, bool is_write,
                                    MemTxAttrs attrs)
{
    return mr->direct;
}

static MemTxResult flatview_read_continue(FlatView *fv, hwaddr addr,
                                          MemTxAttrs attrs, void *ptr,
                                          hwaddr len, hwaddr mr_addr, hwaddr l,
                                          MemoryRegion *mr);
static MemTxResult address_space_read_full(AddressSpace *as, hwaddr addr,
                                           MemTxAttrs attrs, void *buf,
                                           hwaddr len)
{
    return flatview_read_continue(as, addr, attrs, buf, len, addr, len, as);
}

/* Theirs. */
#include "functions.inc"

static MemTxResult flatview_read_continue(FlatView *fv, hwaddr addr,
                                          MemTxAttrs attrs, void *ptr,
                                          hwaddr len, hwaddr mr_addr, hwaddr l,
                                          MemoryRegion *mr)
{
    return flatview_read_continue_step(attrs, ptr, len, mr_addr, &l, mr);
}

#define ARG1_DECL               AddressSpace *as
#define ARG1                    as
#define SUFFIX
#define TRANSLATE(...)          address_space_translate(as, __VA_ARGS__)
#define RCU_READ_LOCK(...)      ((void)0)
#define RCU_READ_UNLOCK(...)    ((void)0)
#include "system/memory_ldst.c.inc"

static MemoryRegion ram = { .direct = true };

static void fresh(bool page)
{
    memset(memory, 0xa5, sizeof(memory));
    there = page ? memory : NULL;
    dirty = dispatched = 0;
}

static MemTxResult copy_in(hwaddr addr)
{
    uint8_t buf[16] = { 1, 2, 3 };
    hwaddr l = sizeof(buf);

    return flatview_write_continue_step(MEMTXATTRS_UNSPECIFIED, buf, l, addr,
                                        &l, &ram);
}

static MemTxResult copy_out(hwaddr addr, uint8_t *buf)
{
    hwaddr l = 16;

    return flatview_read_continue_step(MEMTXATTRS_UNSPECIFIED, buf, l, addr,
                                       &l, &ram);
}

START_TEST(copies)
{
    uint8_t buf[16] = { 0 };

    fresh(true);
    ck_assert_uint_eq(copy_in(0), MEMTX_OK);
    ck_assert_uint_eq(memory[2], 3);
    ck_assert_uint_eq(dirty, 16);
    ck_assert_uint_eq(copy_out(8, buf), MEMTX_OK);
    ck_assert_uint_eq(buf[8], 0xa5);
    ck_assert_uint_eq(address_space_read(&ram, 0, MEMTXATTRS_UNSPECIFIED, buf,
                                         4), MEMTX_OK);
    ck_assert_uint_eq(buf[2], 3);

    fresh(false);
    ck_assert_uint_eq(copy_in(0), MEMTX_DECODE_ERROR);
    ck_assert_uint_eq(copy_out(0, buf), MEMTX_DECODE_ERROR);
    ck_assert_uint_eq(dirty, 0);
    ck_assert_uint_eq(address_space_read(&ram, 0, MEMTXATTRS_UNSPECIFIED, buf,
                                         4), MEMTX_DECODE_ERROR);
}
END_TEST

START_TEST(loads)
{
    for (int page = 1; page >= 0; page--) {
        MemTxResult want = page ? MEMTX_OK : MEMTX_DECODE_ERROR, r;
        uint64_t all = page ? 0xa5a5a5a5a5a5a5a5 : 0;
        MemTxAttrs a = MEMTXATTRS_UNSPECIFIED;

        fresh(page);
        ck_assert_uint_eq(address_space_ldub(&ram, 0, a, &r), (uint8_t)all);
        ck_assert_uint_eq(r, want);
        ck_assert_uint_eq(address_space_lduw_le(&ram, 0, a, &r), (uint16_t)all);
        ck_assert_uint_eq(r, want);
        ck_assert_uint_eq(address_space_ldl_le(&ram, 0, a, &r), (uint32_t)all);
        ck_assert_uint_eq(r, want);
        ck_assert_uint_eq(address_space_ldq_le(&ram, 0, a, &r), all);
        ck_assert_uint_eq(r, want);
        ck_assert_uint_eq(dispatched, page ? 0 : 4);
    }
}
END_TEST

START_TEST(stores)
{
    for (int page = 1; page >= 0; page--) {
        MemTxResult want = page ? MEMTX_OK : MEMTX_DECODE_ERROR, r;
        MemTxAttrs a = MEMTXATTRS_UNSPECIFIED;

        fresh(page);
        address_space_stb(&ram, 0, 1, a, &r);
        ck_assert_uint_eq(r, want);
        address_space_stw_le(&ram, 2, 2, a, &r);
        ck_assert_uint_eq(r, want);
        address_space_stl_le(&ram, 4, 3, a, &r);
        ck_assert_uint_eq(r, want);
        address_space_stl_notdirty(&ram, 8, 4, a, &r);
        ck_assert_uint_eq(r, want);
        address_space_stq_le(&ram, 16, 5, a, &r);
        ck_assert_uint_eq(r, want);
        ck_assert_uint_eq(dispatched, page ? 0 : 5);
        ck_assert_uint_eq(dirty, page ? 1 + 2 + 4 + 4 + 8 : 0);
        ck_assert_uint_eq(memory[16], page ? 5 : 0xa5);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("physmem");
    TCase *t = tcase_create("physmem");
    SRunner *runner = srunner_create(s);
    int failed;

    tcase_add_test(t, copies);
    tcase_add_test(t, loads);
    tcase_add_test(t, stores);
    suite_add_tcase(s, t);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
