/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STUB_HWADDR_H
#define STUB_HWADDR_H

#include <inttypes.h>

typedef uint64_t hwaddr;
#define HWADDR_PRIx PRIx64

#endif /* STUB_HWADDR_H */
