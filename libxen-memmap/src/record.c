/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A record of PROTOCOL.md, section 4, as bytes or as a file. */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>             /* read() */

PUBLIC int xen_memmap_decode(xen_memmap_handle *h, const void *record,
                             size_t bytes, xen_memmap_layout **layout)
{
    struct memmap_range storage[MEMMAP_MAX_ENTRIES];
    struct memmap_record r;
    xen_memmap_layout *l;
    unsigned int err;
    uint16_t index;

    if (bytes > MEMMAP_BUFFER_BYTES)
        return memmap_fail(h, EBADMSG, "a record has at most %u bytes",
                           MEMMAP_BUFFER_BYTES);
    memmap_layout_init(&r.layout, storage, MEMMAP_MAX_ENTRIES);
    err = memmap_unpack(&r, MEMMAP_KIND_ANY, record, bytes, &index);
    if (err && index != MEMMAP_NO_INDEX)
        return memmap_fail(h, EBADMSG, "%s (entry %u)", memmap_strerror(err),
                           index);
    if (err)
        return memmap_fail(h, EBADMSG, "%s", memmap_strerror(err));

    l = memmap_layout_new(h, XEN_MEMMAP_RECORD);
    if (!l)
        return -1;
    l->generation = r.generation;
    memmap_layout_take(l, &r.layout);
    *layout = l;
    return 0;
}

PUBLIC int xen_memmap_load(xen_memmap_handle *h, const char *path,
                           xen_memmap_layout **layout)
{
    uint8_t buf[MEMMAP_BUFFER_BYTES + 1];
    size_t bytes = 0;
    ssize_t got;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    if (fd < 0)
        return memmap_fail(h, errno, "%s: %s", path, strerror(errno));
    do {
        got = read(fd, buf + bytes, sizeof(buf) - bytes);
        if (got > 0)
            bytes += got;
    } while (got > 0 || (got < 0 && errno == EINTR));
    if (got < 0) {
        int err = errno;

        close(fd);
        return memmap_fail(h, err, "%s: %s", path, strerror(err));
    }
    close(fd);
    return xen_memmap_decode(h, buf, bytes, layout);
}
