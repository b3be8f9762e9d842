/* SPDX-License-Identifier: MIT */
/*
 * What is promised: the video memory that the guest reaches through the VGA's BAR is the device
 * model's own, all of it, whatever became of the guest's RAM.
 *
 * What could go wrong: video memory is parked behind RAM in the guest's address space until the
 * firmware gives the BAR an address. Firmware that moves RAM to that very place frees it, and the
 * device model, which knows nothing of the move, goes on with pages that are gone: the BAR then
 * leads nowhere, or to RAM of the guest. A guest that reads back what it wrote knows that there is
 * memory, not whose.
 *
 * So the guest writes three words into each page (vgapattern.h), reads all of them back when all
 * are written (a page that is there twice would show the later one's), and says where and what:
 *
 *     memmap-guest: vga BDF BASE BYTES SEED
 *
 * and leaves the words where they are. dom0 then asks the device model for its own view of BYTES
 * from BASE on, and compares (views/README.md). Text mode's part of the memory is left out.
 *
 * The kernel's own drivers for framebuffers that a firmware left (simpledrm, efifb) are taken off
 * the BAR first. A device model that has lost the memory may die of the first access: let this be
 * the last check where that is to be expected.
 */
#include "guest.h"
#include "vgapattern.h"

#include <dirent.h>         /* opendir */
#include <errno.h>
#include <fcntl.h>          /* open */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define VGA_VENDOR 0x1234u
#define VGA_DEVICE 0x1111u

static unsigned long long ull(uint64_t v)
{
    return v;
}

/* Whatever the platform bus has bound to a framebuffer that the firmware set up. */
static void unbind_framebuffers(void)
{
    static const char *const drivers[] = {
        "simple-framebuffer", "efi-framebuffer", "vesa-framebuffer",
    };

    for (unsigned int i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
        char path[120];
        struct dirent *de;
        DIR *dir;

        snprintf(path, sizeof(path), "/sys/bus/platform/drivers/%s", drivers[i]);
        dir = opendir(path);
        while (dir && (de = readdir(dir))) {
            /* Devices are "driver.number" there, among files with plain names. */
            if (strchr(de->d_name, '.') && de->d_name[0] != '.') {
                snprintf(path, sizeof(path), "/sys/bus/platform/drivers/%s/unbind", drivers[i]);
                say("note vga: %s is taken off %.40s%s", drivers[i], de->d_name,
                    file_write(path, de->d_name) ? "" : ", in vain");
            }
        }
        if (dir) {
            closedir(dir);
        }
    }
}

static volatile uint64_t *map(const struct pci_dev *d)
{
    char path[120];
    void *p = MAP_FAILED;
    int fd;

    snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/enable", d->bdf);
    file_write(path, "1");
    snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource0", d->bdf);
    fd = open(path, O_RDWR | O_SYNC | O_CLOEXEC);
    if (fd >= 0) {
        p = mmap(NULL, d->bar[0].r.end - d->bar[0].r.start, PROT_READ | PROT_WRITE, MAP_SHARED,
                 fd, 0);
        close(fd);
    }
    return p == MAP_FAILED ? NULL : p;
}

static void run(struct params *p, struct outcome *o)
{
    uint64_t want = param_size(p, "size", 0), seed = param_size(p, "seed", 1), size, base;
    static struct pci pci;
    const struct pci_dev *d = NULL;
    volatile uint64_t *vram;
    uint64_t wrong = 0, first = 0, got = 0;

    if (!params_ok(p, o)) {
        return;
    }
    if (!pci_read(&pci)) {
        outcome(o, ERROR, "no PCI device in sysfs");
        return;
    }
    for (unsigned int i = 0; i < pci.nr && !d; i++) {
        if (pci.d[i].vendor == VGA_VENDOR && pci.d[i].device == VGA_DEVICE) {
            d = &pci.d[i];
        }
    }
    if (!d || !d->bar[0].r.end || d->bar[0].unset) {
        outcome(o, FAILURE, d ? "BAR 0 of the VGA has no address" :
                "no VGA %x:%x among the PCI devices", VGA_VENDOR, VGA_DEVICE);
        return;
    }
    base = d->bar[0].r.start;
    size = d->bar[0].r.end - base;
    if (want && size != want) {
        outcome(o, FAILURE, "BAR 0 of the VGA %s has %llu bytes, expected %llu", d->bdf, ull(size),
                ull(want));
        return;
    }
    unbind_framebuffers();
    vram = map(d);
    if (!vram) {
        outcome(o, ERROR, "BAR 0 of the VGA %s: %s", d->bdf, strerror(errno));
        return;
    }

    for (uint64_t page = VGA_SKIP / VGA_PAGE; page < size / VGA_PAGE; page++) {
        for (unsigned int k = 0; k < VGA_WORDS; k++) {
            uint64_t at = vga_place(page, k);

            vram[at / 8] = vga_word(at, seed);
        }
    }
    for (uint64_t page = VGA_SKIP / VGA_PAGE; page < size / VGA_PAGE; page++) {
        for (unsigned int k = 0; k < VGA_WORDS; k++) {
            uint64_t at = vga_place(page, k), v = vram[at / 8];

            if (v != vga_word(at, seed)) {
                if (!wrong++) {
                    first = at;
                    got = v;
                }
                break;
            }
        }
    }
    if (wrong) {
        outcome(o, FAILURE, "%llu of %llu pages of video memory do not hold what was written; the "
                "first at 0x%llx: wrote 0x%llx, read 0x%llx", ull(wrong),
                ull((size - VGA_SKIP) / VGA_PAGE), ull(base + first), ull(vga_word(first, seed)),
                ull(got));
        return;
    }
    say("vga %s 0x%llx 0x%llx 0x%llx", d->bdf, ull(base), ull(size), ull(seed));
    outcome(o, SUCCESS, "%llu pages of video memory at 0x%llx hold what was written",
            ull((size - VGA_SKIP) / VGA_PAGE), ull(base));
}

const struct check check_vga = {
    .name = "vga",
    .summary = "the VGA's BAR holds what is written; the words stay there for dom0 to compare",
    .params = "size=BYTES seed=N (default 1)",
    .run = run,
    .needs_modules = true,
};
