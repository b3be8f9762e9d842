/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STUB_CUTILS_H
#define STUB_CUTILS_H

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

/* Without @end all of @text must be the number. */
static inline int qemu_strtou64(const char *text, const char **end, int base,
                                uint64_t *result)
{
    char *last;

    errno = 0;
    *result = strtoull(text, &last, base);
    if (end) {
        *end = last;
    } else if (*last || last == text) {
        return -EINVAL;
    }
    return -errno;
}

#endif /* STUB_CUTILS_H */
