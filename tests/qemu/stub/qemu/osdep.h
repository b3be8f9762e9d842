/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STUB_OSDEP_H
#define STUB_OSDEP_H

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <glib.h>

#define ARRAY_SIZE(a)       (sizeof(a) / sizeof((a)[0]))
#define DIV_ROUND_UP(n, d)  (((n) + (d) - 1) / (d))
#define ROUND_UP(n, d)      (((n) + (d) - 1) & -(0 ? (n) : (d)))
#define QEMU_IS_ALIGNED(n, m) ((n) % (m) == 0)
#define QEMU_ALIGN_UP(n, m) (((n) + (m) - 1) / (m) * (m))
#define BITS_PER_LONG       (8 * (int)sizeof(long))
#define container_of(p, type, member) \
    ((type *)((char *)(p) - offsetof(type, member)))

typedef struct Error Error;
typedef struct MemoryRegion MemoryRegion;
typedef struct Object Object;
typedef struct ObjectClass ObjectClass;
typedef struct RAMBlock RAMBlock;

/* At program start, as in QEMU. */
#define type_init(f) \
    static void __attribute__((constructor)) register_##f(void) { f(); }

static inline void set_bit(unsigned int nr, unsigned long *map)
{
    map[nr / BITS_PER_LONG] |= 1ul << nr % BITS_PER_LONG;
}

#define QEMU_BUILD_BUG_ON(cond) _Static_assert(!(cond), #cond)

/*
 * No QEMU takes a machine down, but harness_reset() does, and frees what the code
 * under test holds on to: a hash table, the last array of a given size.
 */
GHashTable *harness_hash(GHashTable *hash);
GArray *harness_array(GArray *array);
#define g_hash_table_new_full(...) \
    harness_hash((g_hash_table_new_full)(__VA_ARGS__))
#define g_array_sized_new(zero, clear, bytes, n) \
    harness_array((g_array_sized_new)(zero, clear, bytes, n))

#endif /* STUB_OSDEP_H */
