/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QEMU generates these from trace-events; each says its name and its numbers. */
#ifndef STUB_TRACE_H
#define STUB_TRACE_H

#include <inttypes.h>
#include <stdbool.h>

void harness_trace(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#define STUB_TRACE(event, args, ...) \
    static inline void trace_##event args \
    { \
        harness_trace(#event ": " __VA_ARGS__); \
    }

STUB_TRACE(xen_ram_alias_add,
           (uint64_t addr, uint64_t size, uint64_t offset),
           "%" PRIx64 " %" PRIx64 " %" PRIx64,
           addr, size, offset)
STUB_TRACE(xen_ram_alias_del,
           (uint64_t addr, uint64_t size),
           "%" PRIx64 " %" PRIx64,
           addr, size)
STUB_TRACE(xen_ram_layout,
           (unsigned int nr, uint64_t below_4g, uint64_t above_4g),
           "%u %" PRIx64 " %" PRIx64,
           nr, below_4g, above_4g)
STUB_TRACE(xen_ram_kernel,
           (uint64_t addr, uint64_t size, uint64_t unpacked,
            uint64_t unpacked_size),
           "%" PRIx64 " %" PRIx64 " %" PRIx64 " %" PRIx64,
           addr, size, unpacked, unpacked_size)
STUB_TRACE(xen_ram_initrd,
           (uint64_t addr, uint64_t size, bool last),
           "%" PRIx64 " %" PRIx64 " %d",
           addr, size, last)
STUB_TRACE(xen_ram_park_found,
           (uint64_t addr, uint64_t parked),
           "%" PRIx64 " %" PRIx64,
           addr, parked)
STUB_TRACE(xen_ram_park_move,
           (uint64_t from, uint64_t to, uint64_t size, int err),
           "%" PRIx64 " %" PRIx64 " %" PRIx64 " %d",
           from, to, size, err)
STUB_TRACE(xen_memmap_rdm_host,
           (const char *device, uint64_t gfn, uint64_t pages),
           "%s %" PRIx64 " %" PRIx64,
           device, gfn, pages)
STUB_TRACE(xen_memmap_rdm_map,
           (uint64_t gfn, uint64_t pages, int err),
           "%" PRIx64 " %" PRIx64 " %d",
           gfn, pages, err)
STUB_TRACE(xen_memmap_rdm_unmap,
           (uint64_t gfn, uint64_t pages, int err),
           "%" PRIx64 " %" PRIx64 " %d",
           gfn, pages, err)
STUB_TRACE(xen_memmap_rdm_forbid,
           (uint64_t gfn, uint64_t pages, int err),
           "%" PRIx64 " %" PRIx64 " %d",
           gfn, pages, err)
STUB_TRACE(xen_memmap_io_read,
           (uint64_t reg, unsigned int size, uint32_t val),
           "%" PRIx64 " %u %u",
           reg, size, val)
STUB_TRACE(xen_memmap_io_write,
           (uint64_t reg, unsigned int size, uint64_t val),
           "%" PRIx64 " %u %" PRIx64,
           reg, size, val)
STUB_TRACE(xen_memmap_changed,
           (unsigned int cmd, const char *state, uint32_t generation,
            const char *result, int entry),
           "%u %s %u %s %d",
           cmd, state, generation, result, entry)
STUB_TRACE(xen_memmap_offered,
           (uint16_t features, uint64_t gfn_limit),
           "%x %" PRIx64,
           features, gfn_limit)
STUB_TRACE(xen_memmap_loaded,
           (const char *state, uint32_t generation),
           "%s %u",
           state, generation)
STUB_TRACE(xen_memmap_publish,
           (uint32_t generation, unsigned int nr, bool ok),
           "%u %u %d",
           generation, nr, ok)

#endif /* STUB_TRACE_H */
