/* SPDX-License-Identifier: GPL-2.0-or-later */
/* There is one thread; what is locked is unlocked. */
#ifndef STUB_THREAD_H
#define STUB_THREAD_H

#include "qemu/osdep.h"

typedef struct QemuMutex {
    bool made, held;
} QemuMutex;

static inline void qemu_mutex_init(QemuMutex *m)
{
    m->made = true;
}

static inline void qemu_mutex_lock(QemuMutex *m)
{
    g_assert(m->made && !m->held);
    m->held = true;
}

static inline void qemu_mutex_unlock(QemuMutex *m)
{
    g_assert(m->held);
    m->held = false;
}

#endif /* STUB_THREAD_H */
