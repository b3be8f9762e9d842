/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All that the mapcache wants of QEMU beyond tests/qemu/stub. */
#ifndef STUB_XEN_HVM_COMMON_H
#define STUB_XEN_HVM_COMMON_H

#include <assert.h>
#include <unistd.h>

#include "block/block-global-state.h"
#include "exec/cpu-common.h"
#include "exec/hwaddr.h"
#include "hw/xen/xen_native.h"

#include "patched.h"

#define HOST_LONG_BITS      64
#define HWADDR_FMT_plx      "%" PRIx64
#define RAM_ADDR_INVALID    (~(ram_addr_t)0)
#define coroutine_mixed_fn

/* One thread, and no coroutines. */
typedef struct QemuMutex {
    bool locked;
} QemuMutex;

static inline void qemu_mutex_init(QemuMutex *m)
{
    m->locked = false;
}

static inline void qemu_mutex_lock(QemuMutex *m)
{
    assert(!m->locked);
    m->locked = true;
}

static inline void qemu_mutex_unlock(QemuMutex *m)
{
    assert(m->locked);
    m->locked = false;
}

typedef struct Coroutine Coroutine;
static inline bool qemu_in_coroutine(void)
{
    return false;
}
#define qemu_coroutine_self()                   NULL
#define qemu_coroutine_yield()                  abort()
#define qemu_get_current_aio_context()          NULL
#define aio_bh_schedule_oneshot(ctx, fn, arg)   ((fn)(arg))
#define aio_co_wake(co)                         abort()

void ram_block_notify_add(void *host, size_t size, size_t max_size);
void ram_block_notify_remove(void *host, size_t size, size_t max_size);

static inline bool xen_mr_is_grants(MemoryRegion *mr)
{
    return false;
}

#define munmap patched_munmap

void *xenforeignmemory_map2(xenforeignmemory_handle *fmem, uint32_t dom,
                            void *addr, int prot, int flags, size_t pages,
                            const xen_pfn_t pfn[], int err[]);

#endif /* STUB_XEN_HVM_COMMON_H */
