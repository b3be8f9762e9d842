/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STUB_SYSTEM_XEN_H
#define STUB_SYSTEM_XEN_H

#include "exec/cpu-common.h"

void xen_hvm_modified_memory(ram_addr_t start, ram_addr_t length);

#endif /* STUB_SYSTEM_XEN_H */
