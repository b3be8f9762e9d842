/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STUB_PATCHED_H
#define STUB_PATCHED_H

#include <stddef.h>

/* Takes a mapping away, and notes that it has. */
int patched_munmap(void *addr, size_t bytes);

#endif /* STUB_PATCHED_H */
