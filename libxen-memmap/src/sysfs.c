/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * BARs of a device of the host: /sys/bus/pci/devices/ADDRESS/resource, a line for
 * each of six BARs and the ROM: start, end (inclusive) and flags.
 */
#include "internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Linux' IORESOURCE_MEM and IORESOURCE_MEM_64. */
#define IS_MEMORY 0x200u
#define IS_64BIT  0x100000u
#define BARS_AND_ROM 7u

static int add_line(xen_memmap_handle *h, xen_memmap_config *c,
                    const char *device, unsigned int nr, const char *line)
{
    uint64_t start, end, flags;
    char name[32];

    if (sscanf(line, "%" SCNx64 " %" SCNx64 " %" SCNx64, &start, &end,
               &flags) != 3)
        return memmap_fail(h, EBADMSG, "%s: what sysfs has as its resources makes "
                           "no sense", device);
    if (!(flags & IS_MEMORY) || end <= start)
        return 0;
    if (nr == BARS_AND_ROM - 1)
        snprintf(name, sizeof(name), "%s ROM", device);
    else
        snprintf(name, sizeof(name), "%s BAR %u", device, nr);
    return xen_memmap_config_bar(h, c, name, end - start + 1,
                                 !!(flags & IS_64BIT));
}

PUBLIC int xen_memmap_config_device(xen_memmap_handle *h, xen_memmap_config *c,
                                    uint32_t sbdf)
{
    char device[16], path[256], line[128];
    unsigned int nr;
    int rc = 0;
    FILE *f;

    snprintf(device, sizeof(device), "%04x:%02x:%02x.%x", sbdf >> 16,
             sbdf >> 8 & 0xff, sbdf >> 3 & 0x1f, sbdf & 7);
    snprintf(path, sizeof(path), "%s/bus/pci/devices/%s/resource", h->sysfs,
             device);
    f = fopen(path, "re");
    if (!f)
        return memmap_fail(h, errno == ENOENT ? ENODEV : errno, errno == ENOENT ?
                           "this host has no device %s" : "%s: not readable",
                           device);
    for (nr = 0; nr < BARS_AND_ROM && !rc && fgets(line, sizeof(line), f); nr++)
        rc = add_line(h, c, device, nr, line);
    fclose(f);
    return rc;
}
