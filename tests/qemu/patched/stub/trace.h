/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STUB_TRACE_H
#define STUB_TRACE_H

#define STUB_TRACE(event) \
    static inline __attribute__((unused)) int trace_##event() { return 0; }

STUB_TRACE(xen_map_cache)
STUB_TRACE(xen_map_cache_init)
STUB_TRACE(xen_map_cache_return)
STUB_TRACE(xen_remap_bucket)
STUB_TRACE(xen_invalidate_map_cache)
STUB_TRACE(xen_invalidate_map_cache_entry_unlocked_found)
STUB_TRACE(xen_invalidate_map_cache_entry_unlocked_miss)
STUB_TRACE(xen_invalidate_map_cache_entry_unlocked_not_found)
STUB_TRACE(xen_ram_addr_from_mapcache_not_found)
STUB_TRACE(xen_ram_addr_from_mapcache_not_in_cache)
STUB_TRACE(xen_replace_cache_entry_dummy)
STUB_TRACE(xen_replace_cache_entry_unlocked)
STUB_TRACE(xen_replace_cache_entry_unlocked_could_not_update_entry)

#endif /* STUB_TRACE_H */
