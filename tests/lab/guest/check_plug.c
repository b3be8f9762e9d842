/* SPDX-License-Identifier: MIT */
/*
 * What is promised: what the firmware told the guest's kernel it may use for BARs (_CRS) is free, as
 * long as the guest lives: a device that is plugged in later gets a place for each of its BARs, and
 * nothing else is there, however often it comes and goes.
 *
 * What could go wrong: RAM, or memory of the device model's own that is parked in the guest, lies in
 * the window, and a BAR over it; the window is not long enough, so that the device never comes; what
 * a device had in the guest (its option ROM) stays when it goes, and the next one finds it there.
 *
 * dom0 plugs in, looks, and plugs out, as it is told by the lines
 *
 *     memmap-guest: dom0 plug ADDRESS
 *     memmap-guest: plugged BDF N START END          a BAR, where the kernel put it
 *     memmap-guest: dom0 plugged ADDRESS             what Xen and the device model have is compared
 *     memmap-guest: dom0 unplug ADDRESS
 *     memmap-guest: dom0 unplugged ADDRESS           and once more
 *
 * as in check_life.c. The guest sees that each BAR has an address, over no RAM and no other BAR.
 */
#include "guest.h"

#include <stdio.h>          /* snprintf */
#include <string.h>
#include <termios.h>        /* tcdrain */
#include <time.h>           /* nanosleep */
#include <unistd.h>

static unsigned long long ull(uint64_t v)
{
    return v;
}

static bool overlap(const struct range *a, const struct range *b)
{
    return a->start < b->end && b->start < a->end;
}

/* BAR N of device I of PCI has an address that is its own. False: O says what is there. */
static bool place_is_free(const struct pci *pci, unsigned int i, unsigned int n,
                          const struct e820 *map, struct outcome *o)
{
    const struct pci_bar *b = &pci->d[i].bar[n];

    if (b->unset) {
        outcome(o, FAILURE, "BAR %u of %s has no address", n, pci->d[i].bdf);
        return false;
    }
    for (unsigned int k = 0; k < map->nr; k++) {
        if (map->e[k].ram && overlap(&map->e[k].r, &b->r)) {
            outcome(o, FAILURE, "BAR %u of %s at 0x%llx is over RAM, 0x%llx-0x%llx", n,
                    pci->d[i].bdf, ull(b->r.start), ull(map->e[k].r.start),
                    ull(map->e[k].r.end));
            return false;
        }
    }
    for (unsigned int k = 0; k < pci->nr; k++) {
        for (unsigned int m = 0; m < PCI_BARS; m++) {
            const struct pci_bar *c = &pci->d[k].bar[m];

            if ((k != i || m != n) && c->r.end && !c->unset && overlap(&c->r, &b->r)) {
                outcome(o, FAILURE, "BAR %u of %s at 0x%llx is over BAR %u of %s", n,
                        pci->d[i].bdf, ull(b->r.start), m, pci->d[k].bdf);
                return false;
            }
        }
    }
    return true;
}

static bool was_there(const struct pci *before, const char *bdf)
{
    for (unsigned int i = 0; i < before->nr; i++) {
        if (!strcmp(before->d[i].bdf, bdf)) {
            return true;
        }
    }
    return false;
}

/* All devices of NOW that were not there BEFORE; *LARGEST: of their BARs, in bytes. */
static bool places_are_free(const struct pci *before, const struct pci *now,
                            const struct e820 *map, uint64_t *largest, struct outcome *o)
{
    for (unsigned int i = 0; i < now->nr; i++) {
        for (unsigned int n = 0; n < PCI_BARS && !was_there(before, now->d[i].bdf); n++) {
            const struct range *r = &now->d[i].bar[n].r;

            if (!r->end) {
                continue;
            }
            if (!place_is_free(now, i, n, map, o)) {
                return false;
            }
            *largest = r->end - r->start > *largest ? r->end - r->start : *largest;
            say("plugged %s %u 0x%llx 0x%llx", now->d[i].bdf, n, ull(r->start), ull(r->end));
        }
    }
    return true;
}

/* BARs of a device that no driver has enabled are shown to nobody. */
static void enable(const struct pci *before, const struct pci *now)
{
    char path[120];

    for (unsigned int i = 0; i < now->nr; i++) {
        if (!was_there(before, now->d[i].bdf)) {
            snprintf(path, sizeof(path), "%s/sys/bus/pci/devices/%s/enable", fs_root,
                     now->d[i].bdf);
            file_write(path, "1");
        }
    }
}

static void ask(const char *what, volatile uint64_t *box, uint64_t address)
{
    struct timespec tick = { .tv_nsec = 50000000 };

    *box = 0;
    say("dom0 %s 0x%llx", what, ull(address));
    tcdrain(STDOUT_FILENO);
    while (!*box) {
        nanosleep(&tick, NULL);
    }
}

/* Until there are NR devices, SECONDS at the most. */
static bool wait_for(struct pci *pci, uint64_t nr, uint64_t seconds)
{
    while (pci_read(pci) && pci->nr != nr && seconds--) {
        sleep(1);
    }
    return pci->nr == nr;
}

static void run(struct params *p, struct outcome *o)
{
    static struct pci before, now;
    static struct e820 map;
    uint64_t times = param_size(p, "times", 1), devices = param_size(p, "devices", 1);
    uint64_t large = param_size(p, "large", 0), seconds = param_size(p, "wait", 60);
    uint64_t address, largest = 0;
    volatile uint64_t *box;

    if (!params_ok(p, o)) {
        return;
    }
    box = physmem_page(&address);
    if (!box || !e820_read(&map) || !pci_read(&before)) {
        outcome(o, ERROR, "no page, no memory map, or no PCI device");
        return;
    }
    for (uint64_t i = 0; i < times; i++) {
        ask("plug", box, address);
        if (!wait_for(&now, before.nr + devices, seconds)) {
            outcome(o, FAILURE, "time %llu: %d of %llu devices came", ull(i + 1),
                    (int)now.nr - (int)before.nr, ull(devices));
            return;
        }
        if (!places_are_free(&before, &now, &map, &largest, o)) {
            return;
        }
        enable(&before, &now);
        ask("plugged", box, address);
        ask("unplug", box, address);
        if (!wait_for(&now, before.nr, seconds)) {
            outcome(o, FAILURE, "time %llu: %d devices stayed", ull(i + 1),
                    (int)now.nr - (int)before.nr);
            return;
        }
        ask("unplugged", box, address);
    }
    if (largest < large) {
        outcome(o, ERROR, "the largest BAR was of 0x%llx bytes only", ull(largest));
        return;
    }
    outcome(o, SUCCESS, "%llu devices came and went %llu times, with BARs of up to 0x%llx bytes, "
            "each at a place of its own", ull(devices), ull(times), ull(largest));
}

const struct check check_plug = {
    .name = "plug",
    .summary = "devices come and go: each BAR has a place of its own",
    .params = "times=N devices=N (that come at a time) large=BYTES (of one BAR at least) "
              "wait=SECONDS (default 60)",
    .run = run,
    .needs_modules = true,
};
