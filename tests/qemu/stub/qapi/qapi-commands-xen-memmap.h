/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STUB_QAPI_COMMANDS_XEN_MEMMAP_H
#define STUB_QAPI_COMMANDS_XEN_MEMMAP_H

#include "qapi/qapi-types-xen-memmap.h"

XenMemmapInfo *qmp_query_xen_memmap(Error **errp);

#endif /* STUB_QAPI_COMMANDS_XEN_MEMMAP_H */
