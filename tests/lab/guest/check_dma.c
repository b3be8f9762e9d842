/* SPDX-License-Identifier: MIT */
/*
 * What is promised: a passed-through device reaches its reserved memory (RMRR) at the address the
 * host's firmware gave it, one to one; it reaches all of the guest's RAM, wherever that was moved;
 * and each time the CPU sees the same memory there.
 *
 * What could go wrong:
 *  - the reserved range was not mapped because RAM was in its place: the device then reads and
 *    writes that RAM (of whoever got it), while its own memory on the host stays as it was;
 *  - RAM was taken away, but nothing was mapped instead: the device's accesses fault;
 *  - RAM that moved is at its new address for the CPU but not in the IOMMU's tables, or there it is
 *    at the old one;
 *  - a range that the guest only claims was mapped.
 *
 * The device is QEMU's `edu`, which copies pages to and from a buffer of its own on command. For
 * each page of the ranges rdm=, and for the lowest and the highest page held in each range of RAM and
 * some between (each takes half a second of the device's; the disk asks for every 2 MiB): the CPU writes, the device reads; the device writes, the CPU reads. The reserved pages are mapped
 * from /dev/mem, which Linux permits where the E820 says reserved; if not, only the device is
 * asked. Everything else that is held must be as it was at the end: nothing went astray.
 * With need= RAM of which no page is held is an error; else the text says how much.
 *
 * All this would also be so if gfn and mfn differed, and only the host can tell. What was left in
 * reserved memory is said in a line, so that the lab can look there:
 *
 *     memmap-guest: dma rdm ADDRESS BYTES SEED        must be in the host's memory, there
 *     memmap-guest: dma foreign ADDRESS BYTES SEED    must not be
 *
 * (dma_word() in dma.h says what is in each word.) foreign= are ranges that this guest has been
 * denied: written to in the same way, they must not hold it, and the IOMMU reports a fault for each
 * transfer.
 *
 * With wait= a device that is not there is asked for, and with again= it is sent away first:
 *
 *     memmap-guest: detach INDEX
 *     memmap-guest: attach INDEX
 *
 * Where the E820 has RAM in place of a reserved range the check fails, but not before it has let
 * the device write to the pages held, of which nobody is harmed: that the host's memory does not
 * change shows where it went.
 */
#include "dma.h"

#include <errno.h>
#include <fcntl.h>          /* open */
#include <stdio.h>
#include <stdlib.h>         /* qsort */
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>     /* getrandom */
#include <time.h>           /* nanosleep */
#include <unistd.h>

/* QEMU, docs/specs/edu.rst. */
#define EDU_VENDOR  0x1234u
#define EDU_DEVICE  0x11e8u
#define EDU_ID      0x00
#define EDU_LIVE    0x04        /* reads the inverse of what was written */
#define EDU_FROM    0x80        /* from here on 64 bits wide */
#define EDU_TO      0x88
#define EDU_COUNT   0x90
#define EDU_COMMAND 0x98
#define EDU_RUN     1u
#define EDU_STORE   2u          /* device to memory */
#define EDU_BUFFER  0x40000

#define MAX_RANGES  64
#define MAX_OWN     4096
#define PER_RANGE   6           /* pages asked for in each range of RAM; the device takes its time */

static uint64_t own[MAX_OWN];   /* pages that were written to */
static size_t nr_own;

static unsigned long long ull(uint64_t v)
{
    return v;
}

static void put64(const struct dma *d, unsigned int reg, uint64_t v)
{
    *(volatile uint64_t *)((volatile char *)d->regs + reg) = v;
}

/* The device takes 100 ms for each, of its host's time. */
static bool copy(struct dma *d, uint64_t from, uint64_t to, uint64_t direction)
{
    struct timespec tick = { .tv_nsec = 10000000 };

    __sync_synchronize();
    put64(d, EDU_FROM, from);
    put64(d, EDU_TO, to);
    put64(d, EDU_COUNT, PAGE_SIZE);
    put64(d, EDU_COMMAND, EDU_RUN | direction);
    for (unsigned int i = 0; i < 2000; i++) {
        uint64_t command = *(volatile uint64_t *)((volatile char *)d->regs + EDU_COMMAND);

        if (!(command & EDU_RUN)) {
            __sync_synchronize();
            return true;
        }
        nanosleep(&tick, NULL);
    }
    return false;
}

static bool edu_load(struct dma *d, uint64_t address)
{
    return copy(d, address, EDU_BUFFER, 0);
}

static bool edu_store(struct dma *d, uint64_t address)
{
    return copy(d, EDU_BUFFER, address, EDU_STORE);
}

static const struct pci_dev *find_edu(struct pci *pci, uint64_t index)
{
    pci_read(pci);
    for (unsigned int i = 0; i < pci->nr; i++) {
        if (pci->d[i].vendor == EDU_VENDOR && pci->d[i].device == EDU_DEVICE && !index--) {
            return &pci->d[i];
        }
    }
    return NULL;
}

static unsigned int count_edus(struct pci *pci)
{
    unsigned int nr = 0;

    while (find_edu(pci, nr)) {
        nr++;
    }
    return nr;
}

/* Have dom0 plug the device in or out, until there are NR; false if not after SECONDS. */
static bool plug(struct pci *pci, uint64_t index, bool in, unsigned int nr, uint64_t seconds)
{
    if (count_edus(pci) != nr) {
        say("%s %llu", in ? "attach" : "detach", ull(index));
    }
    while (count_edus(pci) != nr) {
        if (!seconds--) {
            return false;
        }
        sleep(1);
    }
    return true;
}

static bool start(struct dma *d, const struct pci_dev *dev, struct outcome *o)
{
    volatile uint32_t *regs;
    char path[120];
    int err;

    snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/enable", dev->bdf);
    if (!file_write(path, "1") ||
        !pci_set_command(dev, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_INTX_OFF)) {
        outcome(o, ERROR, "cannot enable %s: %s", dev->bdf, strerror(errno));
        return false;
    }
    regs = pci_map_bar(dev, 0, &err);
    if (!regs) {
        outcome(o, ERROR, "cannot map BAR 0 of %s: %s", dev->bdf, strerror(err));
        return false;
    }
    regs[EDU_LIVE / 4] = 0x12345678;
    if ((regs[EDU_ID / 4] & 0xffff) != 0xed || regs[EDU_LIVE / 4] != ~0x12345678u) {
        outcome(o, FAILURE, "BAR 0 of %s at 0x%llx is not the device: it reads 0x%x 0x%x",
                dev->bdf, ull(dev->bar[0].r.start), regs[EDU_ID / 4], regs[EDU_LIVE / 4]);
        return false;
    }
    *d = (struct dma){ .load = edu_load, .store = edu_store, .regs = regs };
    d->give = physmem_page(&d->give_at);
    d->take = physmem_page(&d->take_at);
    if (!d->give || !d->take) {
        outcome(o, ERROR, "no locked pages for the device");
        return false;
    }
    if (getrandom(&d->seed, sizeof(d->seed), GRND_INSECURE) != sizeof(d->seed)) {
        outcome(o, ERROR, "getrandom: %s", strerror(errno));
        return false;
    }
    return true;
}

/* The page of ours at ADDRESS; NULL: we hold none there. */
static volatile uint64_t *held(const struct physmem *m, uint64_t address)
{
    for (size_t i = 0; i < m->nr; i++) {
        if (m->pfn[i] == address / PAGE_SIZE) {
            return (uint64_t *)(m->base + i * PAGE_SIZE);
        }
    }
    return NULL;
}

static bool is_ram(const struct e820 *map, uint64_t address)
{
    for (unsigned int i = 0; i < map->nr; i++) {
        if (map->e[i].ram && address + PAGE_SIZE > map->e[i].r.start &&
            address < map->e[i].r.end) {
            return true;
        }
    }
    return false;
}

/* What is no RAM, through /dev/mem; NULL: the kernel does not let us. */
static volatile uint64_t *map_reserved(const struct range *r)
{
    int fd = open("/dev/mem", O_RDWR | O_CLOEXEC);
    void *p;

    if (fd < 0) {
        return NULL;
    }
    p = mmap(NULL, r->end - r->start, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)r->start);
    close(fd);
    return p == MAP_FAILED ? NULL : p;
}

struct account {
    size_t reserved, ram_in_place, unseen, ram, ranges;
    uint64_t highest;
    char bad[400];
};

static void complain(struct account *a, const char *what, uint64_t address, const char *bad)
{
    if (!a->bad[0]) {
        append(a->bad, sizeof(a->bad), "%s 0x%llx: %s", what, ull(address), bad);
    }
}

static void one_page(struct dma *d, uint64_t address, volatile uint64_t *cpu, const char *what,
                     struct account *a)
{
    char bad[200];

    dma_both_ways(d, address, cpu, bad, sizeof(bad));
    if (bad[0]) {
        complain(a, what, address, bad);
    }
}

static void reserved(struct dma *d, const struct range *r, const struct e820 *map,
                     const struct physmem *m, struct account *a)
{
    volatile uint64_t *cpu = NULL;
    bool asked = false;

    for (uint64_t at = r->start; at < r->end; at += PAGE_SIZE) {
        if (is_ram(map, at)) {
            volatile uint64_t *page = held(m, at);

            a->ram_in_place++;
            if (page && nr_own < MAX_OWN) {
                own[nr_own++] = at;
                one_page(d, at, page, "RAM in place of reserved memory", a);
            }
            continue;
        }
        if (!asked) {
            cpu = map_reserved(r);
            asked = true;
        }
        one_page(d, at, cpu ? cpu + (at - r->start) / sizeof(*cpu) : NULL, "reserved memory", a);
        a->reserved++;
        a->unseen += !cpu;
    }
    say("dma rdm 0x%llx 0x%llx 0x%llx", ull(r->start), ull(r->end - r->start), ull(d->seed));
}

static void foreign(struct dma *d, const struct range *r, struct account *a)
{
    volatile uint64_t *cpu = map_reserved(r);
    char bad[200];

    for (uint64_t at = r->start; at < r->end; at += PAGE_SIZE) {
        dma_nowhere(d, at, cpu ? cpu + (at - r->start) / sizeof(*cpu) : NULL, bad, sizeof(bad));
        if (bad[0]) {
            complain(a, "not this guest's", at, bad);
        }
    }
    say("dma foreign 0x%llx 0x%llx 0x%llx", ull(r->start), ull(r->end - r->start),
        ull(d->seed));
}

static void ram_page(struct dma *d, const struct physmem *m, size_t i, struct account *a)
{
    uint64_t at = m->pfn[i] * PAGE_SIZE;

    if (nr_own == MAX_OWN || (nr_own && own[nr_own - 1] == at)) {
        return;
    }
    own[nr_own++] = at;
    one_page(d, at, (uint64_t *)(m->base + i * PAGE_SIZE), "RAM", a);
    a->ram++;
    a->highest = at > a->highest ? at : a->highest;
}

/* The outermost pages held in ENTRY of the map, and some between. */
static void ram(struct dma *d, const struct pieces *p, unsigned int entry, const struct physmem *m,
                struct account *a)
{
    const struct piece *lowest, *highest, *q;
    unsigned int nr = pieces_entry(p, entry, &lowest, &highest), steps = PER_RANGE - 2, seen = 0;

    if (!nr) {
        return;
    }
    ram_page(d, m, lowest->lowest, a);
    for (q = lowest; q <= highest; q++) {
        if (!q->held) {
            continue;
        }
        if (seen * steps / nr != (seen + 1) * steps / nr) {
            ram_page(d, m, seen & 1 ? q->highest : q->lowest, a);
        }
        seen++;
    }
    ram_page(d, m, highest->highest, a);
    a->ranges++;
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static void run(struct params *p, struct outcome *o)
{
    static struct range rdm[MAX_RANGES], no[MAX_RANGES], need[MAX_RANGES];
    static struct e820 map;
    static struct pieces pieces;
    static struct pci pci;
    const struct pci_dev *dev;
    struct account a = { 0 };
    struct physmem m;
    struct dma d;
    size_t looked;
    char bad[200];
    uint64_t index = param_size(p, "index", 0), wait = param_size(p, "wait", 0);
    uint64_t again = param_size(p, "again", 0);
    unsigned int there;
    unsigned int nr_rdm = param_ranges(p, "rdm", rdm, MAX_RANGES);
    unsigned int nr_no = param_ranges(p, "foreign", no, MAX_RANGES);
    unsigned int nr_need = param_ranges(p, "need", need, MAX_RANGES);
    uint64_t *was, unreached;
    char text[200] = "";

    if (!params_ok(p, o)) {
        return;
    }
    if (!e820_read(&map) || !pieces_cut(&pieces, &map)) {
        outcome(o, ERROR, "/sys/firmware/memmap cannot be read");
        return;
    }
    for (unsigned int i = 0; i < nr_no; i++) {
        if (is_ram(&map, no[i].start)) {
            outcome(o, FAILURE, "foreign=: 0x%llx is RAM here", ull(no[i].start));
            return;
        }
    }
    there = count_edus(&pci);
    if (again && (!there || !plug(&pci, index, false, there - 1, again))) {
        outcome(o, ERROR, there ? "nobody took the device away for %llu s" : "there is no device "
                "to be taken away for %llu s", ull(again));
        return;
    }
    if (wait && there <= index) {
        there = (unsigned int)index + 1;
    }
    if ((wait || again) && !plug(&pci, index, true, there, wait + again)) {
        outcome(o, FAILURE, "no device was plugged in for %llu s", ull(wait + again));
        return;
    }
    dev = find_edu(&pci, index);
    if (!dev || !dev->bar[0].r.end || dev->bar[0].unset) {
        outcome(o, FAILURE, "%s %x:%x number %llu among the PCI devices",
                dev ? "no address in BAR 0 of" : "no", EDU_VENDOR, EDU_DEVICE, ull(index));
        return;
    }
    if (!start(&d, dev, o)) {
        return;
    }
    if (!physmem_acquire(&m, &map, p->attempt)) {
        outcome(o, ERROR, "%s", m.trouble);
        return;
    }

    pieces_fill(&pieces, &m);
    for (unsigned int i = 0; i < nr_need; i++) {
        if (pieces_unreached(&pieces, &need[i], text, sizeof(text))) {
            outcome(o, ERROR, "need=: no page to be had in %s", text);
            return;
        }
    }
    was = dma_snapshot(&m);
    if (!was) {
        outcome(o, ERROR, "no memory to note what was there");
        return;
    }

    for (unsigned int i = 0; i < nr_rdm; i++) {
        reserved(&d, &rdm[i], &map, &m, &a);
    }
    for (unsigned int i = 0; i < map.nr; i++) {
        if (map.e[i].ram && map.e[i].r.end > 1 << 20) {
            ram(&d, &pieces, i, &m, &a);
        }
    }
    for (unsigned int i = 0; i < nr_no; i++) {
        foreign(&d, &no[i], &a);
    }
    pci_set_command(dev, PCI_COMMAND_MEMORY);

    qsort(own, nr_own, sizeof(own[0]), by_value);
    looked = dma_stray(&m, was, d.seed, own, nr_own, bad, sizeof(bad));
    if (bad[0] && !a.bad[0]) {
        append(a.bad, sizeof(a.bad), "%s", bad);
    }
    if (a.ram_in_place) {
        outcome(o, FAILURE, "%s: in place of reserved memory the guest has %zu pages of RAM%s%s",
                dev->bdf, a.ram_in_place, a.bad[0] ? "; " : "", a.bad);
        return;
    }
    if (a.bad[0]) {
        outcome(o, FAILURE, "%s: %s", dev->bdf, a.bad);
        return;
    }
    unreached = pieces_unreached(&pieces, NULL, text, sizeof(text));
    outcome(o, SUCCESS, "%s: %zu pages of reserved memory (%zu of them not shown to the CPU) and "
            "%zu pages in %zu ranges of RAM, up to 0x%llx, in both directions; %zu other pages "
            "untouched; %llu bytes of RAM are not reached: %s", dev->bdf, a.reserved, a.unseen,
            a.ram, a.ranges, ull(a.highest), looked, ull(unreached), text);
}

const struct check check_dma = {
    .name = "dma",
    .summary = "a passed-through edu reaches its reserved memory and all RAM, as the CPU sees it",
    .params = "rdm=S-E+S-E... foreign=S-E+S-E... index=N (which edu, default 0) "
              "wait=SECONDS (have it plugged in) again=SECONDS (out, then in again) need=S-E+S-E...",
    .run = run,
    .needs_modules = true,
};
