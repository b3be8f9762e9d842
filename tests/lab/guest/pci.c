/* SPDX-License-Identifier: MIT */
/* PCI functions and their BARs, as the kernel's sysfs has them. */
#include "guest.h"

#include <dirent.h>     /* opendir */
#include <errno.h>
#include <fcntl.h>      /* open */
#include <stdio.h>      /* snprintf, sscanf */
#include <stdlib.h>     /* strtoul */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>     /* pwrite */

/* include/linux/ioport.h of the kernel: part of sysfs' ABI through the resource file. */
#define IORESOURCE_MEM   0x00000200ull
#define IORESOURCE_UNSET 0x20000000ull

static bool read_field(const char *bdf, const char *file, char *buf, size_t size)
{
    char path[300];

    snprintf(path, sizeof(path), "%s/sys/bus/pci/devices/%s/%s", fs_root, bdf, file);
    return file_read(path, buf, size);
}

void pci_read_bars(struct pci_dev *d, const char *resource)
{
    for (unsigned int i = 0; i < PCI_BARS && *resource; i++) {
        unsigned long long start, end, flags;

        if (sscanf(resource, "%llx %llx %llx", &start, &end, &flags) == 3 &&
            (flags & IORESOURCE_MEM)) {
            d->bar[i].r.start = start;
            d->bar[i].r.end = end + 1;
            d->bar[i].unset = (flags & IORESOURCE_UNSET) || !start;
        }
        resource = strchr(resource, '\n');
        if (!resource) {
            return;
        }
        resource++;
    }
}

static int by_bdf(const void *a, const void *b)
{
    return strcmp(((const struct pci_dev *)a)->bdf, ((const struct pci_dev *)b)->bdf);
}

bool pci_read(struct pci *p)
{
    char path[300], text[2048];
    struct dirent *de;
    DIR *dir;

    memset(p, 0, sizeof(*p));
    snprintf(path, sizeof(path), "%s/sys/bus/pci/devices", fs_root);
    dir = opendir(path);
    if (!dir) {
        return false;
    }
    while ((de = readdir(dir)) && p->nr < PCI_MAX) {
        struct pci_dev *d = &p->d[p->nr];

        if (de->d_name[0] == '.') {
            continue;
        }
        snprintf(d->bdf, sizeof(d->bdf), "%.15s", de->d_name);
        if (read_field(d->bdf, "class", text, sizeof(text))) {
            d->class = strtoul(text, NULL, 0);
        }
        if (read_field(d->bdf, "vendor", text, sizeof(text))) {
            d->vendor = strtoul(text, NULL, 0);
        }
        if (read_field(d->bdf, "device", text, sizeof(text))) {
            d->device = strtoul(text, NULL, 0);
        }
        if (read_field(d->bdf, "resource", text, sizeof(text))) {
            pci_read_bars(d, text);
        }
        p->nr++;
    }
    closedir(dir);
    qsort(p->d, p->nr, sizeof(p->d[0]), by_bdf);
    return p->nr > 0;
}

/*
 * "pci 0000:00:05.0: BAR 2 [mem 0x800000000-0x83fffffff 64bit pref]: assigned", "... BAR 2 [mem size
 * 0x40000000 64bit pref]: can't assign; no space", "...: failed to assign": as Linux says it since
 * 6.9. Before, it was "BAR 2: assigned [mem ...]" and so on.
 */
void pci_left_line(struct pci *p, const char *line)
{
    const char *bar = strstr(line, ": BAR ");
    unsigned int n;

    if (strncmp(line, "pci ", 4) || !bar || !strstr(bar, "[mem ") || !strstr(bar, "assign") ||
        sscanf(bar, ": BAR %u", &n) != 1 || n >= PCI_BARS) {
        return;
    }
    for (unsigned int i = 0; i < p->nr; i++) {
        size_t len = strlen(p->d[i].bdf);

        if (!strncmp(line + 4, p->d[i].bdf, len) && line + 4 + len == bar) {
            p->d[i].bar[n].left = true;
        }
    }
}

static bool left_line(void *arg, const char *line)
{
    pci_left_line(arg, line);
    return false;
}

bool pci_left(struct pci *p)
{
    bool whole;

    return kmsg_each(left_line, p, &whole) && whole;
}

const struct pci_dev *pci_find_cmb(const struct pci *p, uint64_t min)
{
    for (unsigned int i = 0; i < p->nr; i++) {
        const struct pci_bar *b = &p->d[i].bar[2];

        if (p->d[i].class == PCI_CLASS_NVME && b->r.end - b->r.start >= min) {
            return &p->d[i];
        }
    }
    return NULL;
}

bool pci_keep_off(const struct pci_dev *d)
{
    char path[300];

    snprintf(path, sizeof(path), "%s/sys/bus/pci/devices/%s/driver_override", fs_root, d->bdf);
    if (!file_write(path, "none")) {
        return false;
    }
    snprintf(path, sizeof(path), "%s/sys/bus/pci/devices/%s/driver/unbind", fs_root, d->bdf);
    return file_write(path, d->bdf) || errno == ENOENT;
}

void *pci_map_bar(const struct pci_dev *d, unsigned int n, int *err)
{
    uint64_t size = d->bar[n].r.end - d->bar[n].r.start;
    char path[300];
    void *p;
    int fd;

    snprintf(path, sizeof(path), "%s/sys/bus/pci/devices/%s/resource%u", fs_root, d->bdf, n);
    fd = open(path, O_RDWR | O_SYNC | O_CLOEXEC);
    if (fd < 0) {
        *err = errno;
        return NULL;
    }
    p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    *err = errno;
    close(fd);
    return p == MAP_FAILED ? NULL : p;
}

bool pci_config(const struct pci_dev *d, unsigned int at, void *to, size_t size)
{
    char path[300];
    bool ok;
    int fd;

    snprintf(path, sizeof(path), "%s/sys/bus/pci/devices/%s/config", fs_root, d->bdf);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    ok = pread(fd, to, size, at) == (ssize_t)size;
    close(fd);
    return ok;
}

bool pci_write(const struct pci_dev *d, unsigned int at, const void *from, size_t size)
{
    char path[300];
    bool ok;
    int fd;

    snprintf(path, sizeof(path), "%s/sys/bus/pci/devices/%s/config", fs_root, d->bdf);
    fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    ok = pwrite(fd, from, size, at) == (ssize_t)size;
    close(fd);
    return ok;
}

bool pci_set_command(const struct pci_dev *d, uint16_t bits)
{
    return pci_write(d, PCI_COMMAND, &bits, sizeof(bits));
}
