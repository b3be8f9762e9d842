/* SPDX-License-Identifier: MIT */
/* The NVMe disk as Linux' own driver shows it. */
#include "guest.h"

#include <dirent.h>     /* opendir */
#include <stdio.h>
#include <stdlib.h>     /* strtoull */
#include <string.h>
#include <time.h>       /* nanosleep */

/* The namespace of controller CTRL: the folder nvmeXn1 inside it. */
static bool find_namespace(const char *ctrl, struct nvmedev *d)
{
    char path[120], text[40];
    struct dirent *de;
    bool found = false;
    DIR *dir;

    snprintf(path, sizeof(path), "/sys/class/nvme/%s", ctrl);
    dir = opendir(path);
    while (dir && !found && (de = readdir(dir))) {
        size_t len = strlen(ctrl);

        if (strncmp(de->d_name, ctrl, len) || de->d_name[len] != 'n') {
            continue;
        }
        snprintf(path, sizeof(path), "/sys/class/nvme/%s/%.30s/size", ctrl, de->d_name);
        if (file_read(path, text, sizeof(text))) {
            snprintf(d->ctrl, sizeof(d->ctrl), "%s", ctrl);
            snprintf(d->block, sizeof(d->block), "/dev/%.30s", de->d_name);
            d->bytes = strtoull(text, NULL, 0) * 512;   /* sysfs counts in 512 always */
            snprintf(path, sizeof(path), "/sys/class/nvme/%s/%.30s/queue/logical_block_size",
                     ctrl, de->d_name);
            d->block_bytes = file_read(path, text, sizeof(text))
                             ? (unsigned int)strtoul(text, NULL, 0) : 0;
            snprintf(path, sizeof(path), "/sys/class/nvme/%s/address", ctrl);
            found = d->bytes != 0 && file_read(path, d->bdf, sizeof(d->bdf));
        }
    }
    if (dir) {
        closedir(dir);
    }
    return found;
}

/* One look. NR_CTRL: how many controllers the driver has at all. */
static bool look(const char *serial, struct nvmedev *d, unsigned int *nr_ctrl)
{
    char path[120], text[64], ctrl[24];
    struct dirent *de;
    bool found = false;
    DIR *dir = opendir("/sys/class/nvme");

    *nr_ctrl = 0;
    while (dir && !found && (de = readdir(dir))) {
        if (de->d_name[0] == '.') {
            continue;
        }
        ++*nr_ctrl;
        snprintf(ctrl, sizeof(ctrl), "%.20s", de->d_name);
        snprintf(path, sizeof(path), "/sys/class/nvme/%s/serial", ctrl);
        found = file_read(path, text, sizeof(text)) && !strcmp(text, serial) &&
                find_namespace(ctrl, d);
    }
    if (dir) {
        closedir(dir);
    }
    return found;
}

bool nvmedev_find(const char *serial, unsigned int timeout, struct nvmedev *d,
                  char *why, size_t size)
{
    static const char *const gave_up[] = {
        "failed", "Removing after probe failure", "not ready", "remove", NULL
    };
    /* Who waited in vain once does not wait again: one check after the other would. */
    static char missing[64];
    struct timespec half = { .tv_nsec = 500000000 };
    unsigned int nr_ctrl;
    char line[200];

    if (!strcmp(missing, serial)) {
        timeout = 0;
    }
    snprintf(missing, sizeof(missing), "%s", serial);

    for (unsigned int i = 0; ; i++) {
        if (look(serial, d, &nr_ctrl)) {
            missing[0] = 0;
            return true;
        }
        if (kmsg_find("nvme", gave_up, line, sizeof(line)) && !nr_ctrl) {
            snprintf(why, size, "kernel: %s", line);
            return false;
        }
        if (i >= timeout * 2) {
            break;
        }
        nanosleep(&half, NULL);
    }
    if (kmsg_find("nvme", NULL, line, sizeof(line))) {
        snprintf(why, size, "no namespace with serial %s after %u s; kernel: %s", serial,
                 timeout, line);
    } else {
        snprintf(why, size, "no controller with serial %s after %u s, and not a word about nvme "
                 "from the kernel", serial, timeout);
    }
    return false;
}

bool nvmedev_bind(const struct nvmedev *d, bool bind)
{
    return file_write(bind ? "/sys/bus/pci/drivers/nvme/bind" : "/sys/bus/pci/drivers/nvme/unbind",
                      d->bdf);
}
