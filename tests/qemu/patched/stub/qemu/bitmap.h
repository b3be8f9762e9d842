/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STUB_BITMAP_H
#define STUB_BITMAP_H

#include <sys/queue.h>

#include "qemu/osdep.h"

#define BITS_TO_LONGS(n) DIV_ROUND_UP(n, BITS_PER_LONG)

static inline bool stub_bit(const unsigned long *map, unsigned long i)
{
    return map[i / BITS_PER_LONG] >> i % BITS_PER_LONG & 1;
}

static inline unsigned long stub_find(const unsigned long *map,
                                      unsigned long size, unsigned long i,
                                      bool want)
{
    while (i < size && stub_bit(map, i) != want) {
        i++;
    }
    return MIN(i, size);
}

#define find_first_bit(map, size)           stub_find(map, size, 0, true)
#define find_next_bit(map, size, from)      stub_find(map, size, from, true)
#define find_next_zero_bit(map, size, from) stub_find(map, size, from, false)

static inline void clear_bit(unsigned long i, unsigned long *map)
{
    map[i / BITS_PER_LONG] &= ~(1ul << i % BITS_PER_LONG);
}

static inline void bitmap_zero(unsigned long *map, unsigned long bits)
{
    memset(map, 0, BITS_TO_LONGS(bits) * sizeof(long));
}

static inline void bitmap_set(unsigned long *map, unsigned long i, long nr)
{
    for (; nr > 0; nr--, i++) {
        set_bit(i, map);
    }
}

static inline unsigned long *bitmap_new(unsigned long bits)
{
    return g_new0(unsigned long, BITS_TO_LONGS(bits));
}

/* QEMU's lists are BSD's. */
#define QTAILQ_HEAD         TAILQ_HEAD
#define QTAILQ_ENTRY        TAILQ_ENTRY
#define QTAILQ_INIT         TAILQ_INIT
#define QTAILQ_FOREACH      TAILQ_FOREACH
#define QTAILQ_INSERT_HEAD  TAILQ_INSERT_HEAD
#define QTAILQ_REMOVE       TAILQ_REMOVE

#endif /* STUB_BITMAP_H */
