/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STUB_QEMU_ATOMIC_H
#define STUB_QEMU_ATOMIC_H

#include <stdint.h>

typedef uint64_t aligned_uint64_t __attribute__((aligned(8)));

#define qatomic_read_u64(p)     __atomic_load_n(p, __ATOMIC_RELAXED)
#define qatomic_set_u64(p, v)   __atomic_store_n(p, v, __ATOMIC_RELAXED)

#endif /* STUB_QEMU_ATOMIC_H */
