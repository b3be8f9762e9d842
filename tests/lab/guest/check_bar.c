/* SPDX-License-Identifier: MIT */
/*
 * What is promised: the large BAR has its full size, lies where no RAM is, and an access anywhere
 * in it reaches the device.
 *
 * What could go wrong: the BAR was given an address that RAM still occupies, in Xen's p2m or in
 * the device model's view. The CPU's accesses then go to RAM, which holds what is written to it
 * as well as any device would. Reading back proves nothing; the device itself must be asked.
 *
 * So the BAR is the controller memory buffer (CMB) of an NVMe controller: memory that belongs to
 * the controller, that the CPU sees through BAR 2, and that the controller's commands can name
 * as the place of their data. After patterns were written and read back all over the BAR,
 *  - device to CPU: Identify Controller with its data pointer in the CMB. The controller puts
 *    its serial number into its own memory, no system memory being involved; the CPU must see it
 *    appear through the BAR, in place of the pattern;
 *  - CPU to device: a time written through the BAR; Set Features (Timestamp) with its data
 *    pointer there; Get Features into ordinary RAM must return that time.
 * Both at places spread over the BAR, its first and last page among them. Before the CMB is
 * enabled (CMBMSC.CRE) the controller must deny having one: that tells it from one whose BAR is
 * something else.
 *
 * The addresses given to the controller are those of the BAR itself, so the CMB overlaps
 * nothing else in the controller's eyes.
 */
#include "guest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define REG_CAP    0x00
#define REG_CMBLOC 0x38
#define REG_CMBSZ  0x3c
#define REG_CMBMSC 0x50
#define REG_CMBSTS 0x58

#define CAP_CMBS_HI  (1u << (57 - 32))
#define CMBMSC_CRE   1u
#define CMBMSC_CMSE  2u
#define CMBSTS_CBAI  1u

#define PLACES 16           /* where the device itself is asked */
#define SPREAD 256          /* where patterns are written, beside the first and last words */

static unsigned long long ull(uint64_t v)
{
    return v;
}

/* Byte offset of the k-th of SPREAD places: pages spread evenly, the word in it varied. */
static uint64_t spread(uint64_t size, unsigned int k)
{
    uint64_t page = size / PAGE_SIZE * k / SPREAD;

    return page * PAGE_SIZE + (k * 584 % PAGE_SIZE & ~7ull);
}

static uint64_t pattern(uint64_t offset)
{
    return (offset + 0x1001) * 0x9e3779b97f4a7c15ull;
}

/* Every 8-byte place that is written: the first and last page's edges, then the spread ones. */
static uint64_t place(uint64_t size, unsigned int k)
{
    const uint64_t edge[] = { 0, 8, PAGE_SIZE - 8, size - PAGE_SIZE, size - 16, size - 8 };
    const unsigned int nr = sizeof(edge) / sizeof(edge[0]);

    return k < nr ? edge[k] : k < nr + SPREAD ? spread(size, k - nr) : ~0ull;
}

static bool patterns(volatile uint64_t *bar, const struct range *r, unsigned int *nr,
                     struct outcome *o)
{
    uint64_t size = r->end - r->start, at;

    for (*nr = 0; (at = place(size, *nr)) != ~0ull; ++*nr) {
        bar[at / 8] = pattern(at);
    }
    for (unsigned int k = 0; k < *nr; k++) {
        at = place(size, k);
        if (bar[at / 8] != pattern(at)) {
            uint64_t got = bar[at / 8];

            outcome(o, FAILURE, "offset 0x%llx of the BAR (0x%llx): wrote 0x%llx, read 0x%llx%s",
                    ull(at), ull(r->start + at), ull(pattern(at)), ull(got), got == ~0ull ?
                    " (all ones: the device model has no device there)" : "");
            return false;
        }
    }
    return true;
}

static bool enable_cmb(volatile uint32_t *regs, const struct range *r, struct outcome *o)
{
    static const uint64_t unit[] = { 1ull << 12, 1ull << 16, 1ull << 20, 1ull << 24,
                                     1ull << 28, 1ull << 32, 1ull << 36 };
    uint64_t size = r->end - r->start, cmb = 0;
    uint32_t cmbsz, cmbloc;

    if (!(regs[REG_CAP / 4 + 1] & CAP_CMBS_HI)) {
        outcome(o, ERROR, "the controller has no controller memory buffer (start the device "
                "model with -device nvme,serial=bar0,cmb_size_mb=...)");
        return false;
    }
    regs[REG_CMBMSC / 4 + 1] = 0;
    regs[REG_CMBMSC / 4] = 0;
    if (regs[REG_CMBSZ / 4]) {
        outcome(o, FAILURE, "CMBSZ is 0x%x while the CMB is disabled", regs[REG_CMBSZ / 4]);
        return false;
    }
    /* The upper half first: the write of the lower half is what takes effect. */
    regs[REG_CMBMSC / 4 + 1] = (uint32_t)(r->start >> 32);
    regs[REG_CMBMSC / 4] = (uint32_t)r->start | CMBMSC_CRE | CMBMSC_CMSE;
    cmbsz = regs[REG_CMBSZ / 4];
    cmbloc = regs[REG_CMBLOC / 4];
    if ((cmbsz >> 8 & 15) < sizeof(unit) / sizeof(unit[0])) {
        cmb = unit[cmbsz >> 8 & 15] * (cmbsz >> 12);
    }
    if (cmb != size || (cmbloc & 7) != 2) {
        outcome(o, FAILURE, "the controller says %llu bytes of CMB in BAR %u, the BAR has %llu",
                ull(cmb), cmbloc & 7, ull(size));
        return false;
    }
    if (regs[REG_CMBSTS / 4] & CMBSTS_CBAI) {
        outcome(o, FAILURE, "the controller rejects 0x%llx as its CMB's address",
                ull(r->start));
        return false;
    }
    return true;
}

/* Both directions at one page of the BAR. */
static bool ask_device(struct nvmeq *q, volatile uint64_t *bar, const struct pci_dev *d,
                       const char *serial, uint64_t offset, struct outcome *o)
{
    uint64_t address = d->bar[2].r.start + offset, then, now, words[4];
    volatile uint64_t *page = bar + offset / 8;
    char got[24], want[24];

    /* Identify, bytes 0 to 3: vendors; 4 to 23: the serial number, padded with blanks. */
    if (!nvmeq_identify(q, address)) {
        outcome(o, FAILURE, "Identify into the BAR at 0x%llx: %s", ull(address), q->trouble);
        return false;
    }
    for (unsigned int k = 0; k < 3; k++) {
        words[k] = page[k];
    }
    snprintf(want, sizeof(want), "%-20s", serial);
    snprintf(got, sizeof(got), "%.20s", (const char *)words + 4);
    if ((uint16_t)words[0] != d->vendor || memcmp(got, want, 20)) {
        outcome(o, FAILURE, "the controller wrote its serial number '%s' into its memory at "
                "0x%llx, but the BAR shows 0x%llx 0x%llx 0x%llx: something else answers there",
                serial, ull(address), ull(words[0]), ull(words[1]), ull(words[2]));
        return false;
    }

    /* 48 bits of milliseconds; its upper bits clear. Different at each place. */
    then = 0x0123456789abull ^ offset;
    page[0] = then;
    memset(q->data, 0, 8);
    if (!nvmeq_set_timestamp(q, address) || !nvmeq_get_timestamp(q, q->data_phys)) {
        outcome(o, FAILURE, "Timestamp through the BAR at 0x%llx: %s", ull(address), q->trouble);
        return false;
    }
    memcpy(&now, q->data, sizeof(now));
    now &= (1ull << 48) - 1;
    if (now - then > 60000) {
        outcome(o, FAILURE, "0x%llx was written to the BAR at 0x%llx, but the controller found "
                "0x%llx in its memory", ull(then), ull(address), ull(now));
        return false;
    }
    return true;
}

static void run(struct params *p, struct outcome *o)
{
    static struct e820 map;
    static struct pci pci;
    uint64_t want = param_size(p, "size", 0), size;
    const char *bdf = param_string(p, "pci", NULL);
    const char *serial = param_string(p, "serial", "bar0");
    uint64_t above = param_size(p, "above", 0), below = param_size(p, "below", 0);
    const struct pci_dev *d = NULL;
    const struct range *r;
    volatile uint64_t *bar;
    volatile uint32_t *regs;
    struct nvmeq q;
    char path[120];
    unsigned int nr;
    int err;

    if (!params_ok(p, o)) {
        return;
    }
    if (!pci_read(&pci) || !e820_read(&map)) {
        outcome(o, ERROR, "sysfs: no PCI devices or no /sys/firmware/memmap");
        return;
    }
    for (unsigned int i = 0; bdf && i < pci.nr; i++) {
        /* With or without the domain. */
        if (!strcmp(pci.d[i].bdf, bdf) || !strcmp(pci.d[i].bdf + 5, bdf)) {
            d = &pci.d[i];
        }
    }
    if (!bdf) {
        d = pci_find_cmb(&pci, 1 << 20);
    }
    if (!d || d->class != PCI_CLASS_NVME || !d->bar[2].r.end) {
        outcome(o, want ? FAILURE : SKIP, "no NVMe controller with a memory BAR 2 %s%s",
                bdf ? "at " : "", bdf ? bdf : "among the PCI devices");
        return;
    }
    r = &d->bar[2].r;
    size = r->end - r->start;
    if (d->bar[2].unset || d->bar[0].unset) {
        outcome(o, FAILURE, "BAR %u of %s has no address", d->bar[2].unset ? 2 : 0, d->bdf);
        return;
    }
    if (want && size != want) {
        outcome(o, FAILURE, "BAR 2 of %s has %llu bytes, expected %llu", d->bdf, ull(size),
                ull(want));
        return;
    }
    for (unsigned int i = 0; i < map.nr; i++) {
        if (map.e[i].ram && map.e[i].r.start < r->end && r->start < map.e[i].r.end) {
            outcome(o, FAILURE, "BAR 2 of %s 0x%llx-0x%llx lies over RAM 0x%llx-0x%llx", d->bdf,
                    ull(r->start), ull(r->end), ull(map.e[i].r.start), ull(map.e[i].r.end));
            return;
        }
    }
    if (r->start < above || (below && r->end > below)) {
        outcome(o, FAILURE, "BAR 2 of %s is at 0x%llx-0x%llx, expected between 0x%llx and "
                "0x%llx", d->bdf, ull(r->start), ull(r->end), ull(above), ull(below));
        return;
    }

    snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/enable", d->bdf);
    if (!file_write(path, "1") ||
        !pci_set_command(d, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_INTX_OFF)) {
        outcome(o, ERROR, "cannot enable %s: %s", d->bdf, strerror(errno));
        return;
    }
    regs = pci_map_bar(d, 0, &err);
    bar = regs ? pci_map_bar(d, 2, &err) : NULL;
    if (!bar) {
        outcome(o, ERROR, "cannot map the BARs of %s: %s (is a driver bound?)", d->bdf,
                strerror(err));
        return;
    }

    if (!enable_cmb(regs, r, o) || !patterns(bar, r, &nr, o)) {
        return;
    }
    if (!nvmeq_start(&q, regs)) {
        outcome(o, FAILURE, "%s: %s", d->bdf, q.trouble);
        return;
    }
    for (unsigned int k = 0; k < PLACES; k++) {
        uint64_t pages = size / PAGE_SIZE;

        if (!ask_device(&q, bar, d, serial, pages * k / (PLACES - 1) * PAGE_SIZE -
                        (k == PLACES - 1 ? PAGE_SIZE : 0), o)) {
            nvmeq_stop(&q);
            return;
        }
    }
    nvmeq_stop(&q);
    regs[REG_CMBMSC / 4] = 0;
    pci_set_command(d, PCI_COMMAND_MEMORY);
    outcome(o, SUCCESS, "BAR 2 of %s, 0x%llx-0x%llx: %u words read back, the controller found "
            "its own data at %u places in both directions", d->bdf, ull(r->start), ull(r->end),
            nr, PLACES);
}

const struct check check_bar = {
    .name = "bar",
    .summary = "the large BAR (an NVMe controller memory buffer) answers, and it is the device",
    .params = "size=BYTES pci=BDF serial=TEXT (default bar0) above=ADDR below=ADDR",
    .run = run,
    .needs_modules = true,
};
