/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STUB_XEN_MAPCACHE_H
#define STUB_XEN_MAPCACHE_H

#include "exec/hwaddr.h"

void xen_invalidate_map_cache(void);
bool xen_map_cache_is_locked(hwaddr addr, hwaddr size);

#endif /* STUB_XEN_MAPCACHE_H */
