/* SPDX-License-Identifier: MIT */
/*
 * What is promised: a guest that reboots meets firmware and device model that speak to each other
 * all over again, and come to the same end.
 *
 * Under Xen a reboot is a new domain and, with on_reboot="restart", a new device model with the
 * old one's configuration and disks. What could go wrong: a record in xenstore or on a reused
 * object that is taken for the new guest's; a layout that depends on what the last one left.
 *
 * The first time the check notes what the device's registers hold in the disk's last 4 KiB block,
 * with the boot's own number (boot_id), prints "memmap-guest: reboot", and reboots. The second
 * time it finds the note, blanks it, and compares: the device must be in the same state, with the
 * same offer and generation. Checks before it on the command line run again, too, and are judged
 * by their last word.
 */
#include "memmapdev.h"

#include <errno.h>
#include <fcntl.h>          /* open, O_DIRECT */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <termios.h>        /* tcdrain */
#include <unistd.h>

#define MAGIC "memmap-guest: rebooting"

struct note {
    char magic[32];
    char boot_id[40];
    struct memmapdev dev;
};

/* Pages for O_DIRECT are pages. */
union block {
    struct note note;
    char bytes[4096];
};

static bool same(const struct memmapdev *a, const struct memmapdev *b)
{
    return a->signature == b->signature && a->offer == b->offer &&
           a->generation == b->generation &&
           MEMMAP_STATUS_STATE(a->status) == MEMMAP_STATUS_STATE(b->status);
}

static void run(struct params *p, struct outcome *o)
{
    enum memmapdev_expect expect = memmapdev_word(param_string(p, "expect", "sealed"));
    const char *serial = param_string(p, "serial", "disk0");
    unsigned int timeout = (unsigned int)param_size(p, "timeout", 90);
    char why[300], boot_id[40];
    struct memmapdev dev;
    struct nvmedev disk;
    struct ports ports;
    union block *block;
    struct note note;
    off_t at;
    int fd;

    if (!params_ok(p, o) || !memmapdev_open(&ports, expect, &dev, o)) {
        return;
    }
    if (!nvmedev_find(serial, timeout, &disk, why, sizeof(why))) {
        outcome(o, FAILURE, "no disk to leave a note on: %s", why);
        return;
    }
    if (!file_read("/proc/sys/kernel/random/boot_id", boot_id, sizeof(boot_id))) {
        outcome(o, ERROR, "this boot has no number: %s", strerror(errno));
        return;
    }
    fd = open(disk.block, O_RDWR | O_DIRECT | O_SYNC | O_CLOEXEC);
    block = mmap(NULL, sizeof(*block), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    at = (off_t)(disk.bytes / sizeof(*block) - 1) * (off_t)sizeof(*block);
    if (fd < 0 || block == MAP_FAILED ||
        pread(fd, block, sizeof(*block), at) != (ssize_t)sizeof(*block)) {
        outcome(o, ERROR, "%s: %s", disk.block, strerror(errno));
        return;
    }
    note = block->note;
    note.boot_id[sizeof(note.boot_id) - 1] = '\0';
    memset(block, 0, sizeof(*block));

    if (memcmp(note.magic, MAGIC, sizeof(MAGIC))) {
        memcpy(block->note.magic, MAGIC, sizeof(MAGIC));
        snprintf(block->note.boot_id, sizeof(block->note.boot_id), "%s", boot_id);
        block->note.dev = dev;
        if (pwrite(fd, block, sizeof(*block), at) != (ssize_t)sizeof(*block) || fsync(fd)) {
            outcome(o, ERROR, "%s: %s", disk.block, strerror(errno));
            return;
        }
        say("reboot");
        tcdrain(STDOUT_FILENO);
        reboot(RB_AUTOBOOT);
        outcome(o, ERROR, "reboot: %s", strerror(errno));
        return;
    }

    if (pwrite(fd, block, sizeof(*block), at) != (ssize_t)sizeof(*block)) {
        outcome(o, ERROR, "%s: %s", disk.block, strerror(errno));
        return;
    }
    if (!strcmp(note.boot_id, boot_id)) {
        outcome(o, ERROR, "the note on %s is of this very boot: nothing rebooted", disk.block);
        return;
    }
    if (!same(&note.dev, &dev)) {
        outcome(o, FAILURE, "registers 0x%x 0x%x 0x%x 0x%x, before the reboot 0x%x 0x%x 0x%x 0x%x",
                dev.signature, dev.offer, dev.status, dev.generation, note.dev.signature,
                note.dev.offer, note.dev.status, note.dev.generation);
        return;
    }
    outcome(o, SUCCESS, "boot %.8s after boot %.8s: registers 0x%x 0x%x 0x%x 0x%x again", boot_id,
            note.boot_id, dev.signature, dev.offer, dev.status, dev.generation);
}

const struct check check_reboot = {
    .name = "reboot",
    .summary = "reboots once; the second time firmware and device model have spoken again",
    .params = "expect=sealed|offered|absent (default sealed) serial=TEXT (default disk0) "
              "timeout=SECONDS (default 90)",
    .run = run,
    .needs_modules = true,
};
