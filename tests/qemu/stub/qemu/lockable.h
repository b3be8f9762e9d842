/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STUB_LOCKABLE_H
#define STUB_LOCKABLE_H

#include "qemu/thread.h"

static inline QemuMutex *stub_lock(QemuMutex *m)
{
    qemu_mutex_lock(m);
    return m;
}

static inline void stub_unlock(QemuMutex **m)
{
    if (*m) {
        qemu_mutex_unlock(*m);
        *m = NULL;
    }
}

#define QEMU_LOCK_GUARD(m) \
    __attribute__((cleanup(stub_unlock), unused)) QemuMutex *stub_guard = \
        stub_lock(m)
#define WITH_QEMU_LOCK_GUARD(m) \
    for (__attribute__((cleanup(stub_unlock))) QemuMutex *stub_g = \
             stub_lock(m); stub_g; stub_unlock(&stub_g))

#endif /* STUB_LOCKABLE_H */
