/* SPDX-License-Identifier: MIT */
/* An ATA disk on AHCI as Linux' own driver shows it. */
#include "guest.h"

#include <dirent.h>     /* opendir */
#include <stdio.h>
#include <stdlib.h>     /* strtoull */
#include <string.h>
#include <time.h>       /* nanosleep */

/* One look at the SCSI disks, which libata's are; it is asked for its number by page 80h. */
static bool look(const char *serial, struct nvmedev *d)
{
    char path[120], text[64];
    struct dirent *de;
    bool found = false;
    DIR *dir = opendir("/sys/block");

    while (dir && !found && (de = readdir(dir))) {
        FILE *f;
        size_t n;

        if (strncmp(de->d_name, "sd", 2)) {
            continue;
        }
        snprintf(path, sizeof(path), "/sys/block/%.30s/device/vpd_pg80", de->d_name);
        f = fopen(path, "re");
        n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;
        if (f) {
            fclose(f);
        }
        text[n] = '\0';
        /* Four bytes of a header, then the number, filled up with blanks on either side. */
        if (n <= 4 || !strstr(text + 4, serial)) {
            continue;
        }
        snprintf(d->block, sizeof(d->block), "/dev/%.30s", de->d_name);
        snprintf(path, sizeof(path), "/sys/block/%.30s/size", de->d_name);
        d->bytes = file_read(path, text, sizeof(text)) ? strtoull(text, NULL, 0) * 512 : 0;
        snprintf(path, sizeof(path), "/sys/block/%.30s/queue/logical_block_size", de->d_name);
        d->block_bytes = file_read(path, text, sizeof(text))
                         ? (unsigned int)strtoul(text, NULL, 0) : 0;
        found = d->bytes != 0;
    }
    if (dir) {
        closedir(dir);
    }
    return found;
}

bool atadev_find(const char *serial, unsigned int timeout, struct nvmedev *d, char *why,
                 size_t size)
{
    struct timespec half = { .tv_nsec = 500000000 };
    char line[200];

    for (unsigned int i = 0; i <= timeout * 2; i++) {
        if (look(serial, d)) {
            return true;
        }
        nanosleep(&half, NULL);
    }
    if (kmsg_find("ata", NULL, line, sizeof(line))) {
        snprintf(why, size, "no ATA disk with serial %s after %u s; kernel: %s", serial, timeout,
                 line);
    } else {
        snprintf(why, size, "no ATA disk with serial %s after %u s, and not a word about ata from "
                 "the kernel", serial, timeout);
    }
    return false;
}
