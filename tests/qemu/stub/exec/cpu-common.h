/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STUB_CPU_COMMON_H
#define STUB_CPU_COMMON_H

#include "qemu/osdep.h"

typedef uint64_t ram_addr_t;
typedef int RAMBlockIterFunc(RAMBlock *rb, void *opaque);

int qemu_ram_foreach_block(RAMBlockIterFunc *fn, void *opaque);
ram_addr_t qemu_ram_get_offset(RAMBlock *rb);
ram_addr_t qemu_ram_get_max_length(RAMBlock *rb);

#endif /* STUB_CPU_COMMON_H */
