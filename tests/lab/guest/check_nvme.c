/* SPDX-License-Identifier: MIT */
/*
 * What is promised: the disk's DMA reaches every page of RAM, and that page only.
 *
 * The CPU reaches RAM through Xen's p2m; an emulated disk reaches it through the device model's
 * idea of where RAM is. The two are told apart by nothing but this: a buffer whose physical
 * address lies in RAM that was moved. If the device model was not told, its DMA to relocated RAM
 * is dropped (writes) or reads all ones, and the driver's queues, if they lie there, never work
 * at all: then the controller does not even come up (`Identify Controller failed`).
 *
 * What else could go wrong: the data lands in another page (an old mapping kept in the device
 * model's map cache, an alias shifted by a page), so each buffer's content names its frame and
 * its block, buffers are poisoned before a read, and a block written from one range is read back
 * into another. The outermost pages of each 2 MiB near the ends of a range are used, since an
 * off-by-one lives there; above 4 GiB of one in every= pieces, 1 for all.
 *
 * Buffers are pages of our own whose frame numbers are known; there is no IOMMU in the guest, so
 * what the controller is told is frame number times 4096. Where the kernel left RAM alone, it is
 * told so by ourselves, with its queues in the highest RAM there is (nvmeq.c), and Linux' driver
 * gives the disk away meanwhile. Else Linux' driver does it (O_DIRECT: no copy).
 *
 * RAM of which no page can be had is named in the text. With need= it must be among what was
 * tested.
 */
#include "guest.h"

#include <errno.h>
#include <fcntl.h>          /* open, O_DIRECT */
#include <stdlib.h>         /* qsort */
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>        /* preadv, pwritev */
#include <unistd.h>

#define MAX_PAGES  16384
#define MAX_SINGLE (2 * E820_MAX)
#define FIRST_LBA  256      /* in pages: room for a partition table nobody wants to lose */
#define POISON     0xdd
#define MAX_NEED   16
#define NEAR       8        /* pieces: 16 MiB */
#define ELSEWHERE  16       /* one piece in so many: 32 MiB */

struct buffer {
    size_t index;           /* in physmem */
    uint64_t pfn;
    char *p;
};

static struct buffer buf[MAX_PAGES];
static unsigned int nr_buf;

/* Those at the ends of a range of the firmware's map: numbers in BUF. */
static unsigned int single[MAX_SINGLE], nr_single;

/* The disk, through Linux' driver or through queues of our own. */
struct disk {
    struct nvmedev dev;
    int fd;
    bool own;
    struct nvmeq q;
    struct nvme_page list;
    uint64_t queues;        /* where they are */
};

static unsigned long long ull(uint64_t v)
{
    return v;
}

static int by_index(const void *a, const void *b)
{
    size_t x = *(const size_t *)a, y = *(const size_t *)b;

    return x < y ? -1 : x > y;
}

static bool add(const struct physmem *m, size_t index)
{
    if (nr_buf == MAX_PAGES) {
        return false;
    }
    buf[nr_buf++] = (struct buffer){ index, m->pfn[index], m->base + index * PAGE_SIZE };
    return true;
}

static void add_single(unsigned int number)
{
    if (nr_single < MAX_SINGLE && (!nr_single || single[nr_single - 1] != number)) {
        single[nr_single++] = number;
    }
}

/*
 * Pages of which pieces: the device model maps each megabyte anew under Xen, which takes 15 ms or
 * more, so not all of all. The lowest and the highest page of those near the ends of a range, one
 * or the other of one in EVERY above 4 GiB, where RAM is that moved, and of one in so many
 * elsewhere. False: too many.
 */
static bool pick(const struct physmem *m, const struct pieces *p, unsigned int every)
{
    const struct piece *lowest = NULL, *highest = NULL;
    unsigned int entry = ~0u;

    for (unsigned int i = 0; i < p->nr; i++) {
        const struct piece *q = &p->p[i];
        bool first, last;

        if (!q->held) {
            continue;
        }
        if (q->entry != entry) {
            entry = q->entry;
            pieces_entry(p, entry, &lowest, &highest);
        }
        if (q == lowest) {
            add_single(nr_buf);
        }
        first = last = q - lowest < NEAR || highest - q < NEAR;
        if (!first && i % (q->r.start >= FOUR_GIB ? every : ELSEWHERE) == 0) {
            first = (i / ELSEWHERE ^ i / every) & 1;
            last = !first;
        }
        if ((first && !add(m, q->lowest)) ||
            (last && (!first || q->highest != q->lowest) && !add(m, q->highest))) {
            return false;
        }
        if (q == highest) {
            add_single(nr_buf - 1);
        }
    }
    return true;
}

/* All numbers below NR_BUF, in an order in which neighbours are of different ranges. */
static unsigned int mixed(unsigned int k)
{
    static unsigned int step;

    if (!step) {
        unsigned int a = 0, b;

        for (step = nr_buf / NVME_BATCH + 1; a != 1; step += a != 1) {
            a = step;
            b = nr_buf;
            while (b) {
                unsigned int rest = a % b;

                a = b;
                b = rest;
            }
        }
    }
    return (unsigned int)((uint64_t)k * step % nr_buf);
}

static uint64_t word(uint64_t pfn, uint64_t lba, unsigned int k, uint64_t round)
{
    return (pfn << 28 | lba << 12 | k << 2 | round) * 0x9e3779b97f4a7c15ull;
}

static void fill(const struct buffer *b, uint64_t lba, uint64_t round)
{
    uint64_t *w = (uint64_t *)b->p;

    for (unsigned int k = 0; k < PAGE_SIZE / sizeof(*w); k++) {
        w[k] = word(b->pfn, lba, k, round);
    }
}

/* Does INTO hold what was written from FROM to LBA? Fills O if not. */
static bool verify(const struct buffer *into, const struct buffer *from, uint64_t lba,
                   uint64_t round, struct outcome *o)
{
    const uint64_t *w = (uint64_t *)into->p;

    for (unsigned int k = 0; k < PAGE_SIZE / sizeof(*w); k++) {
        if (w[k] != word(from->pfn, lba, k, round)) {
            outcome(o, FAILURE, "block %llu, written from 0x%llx, read into 0x%llx: word %u is "
                    "0x%llx, not 0x%llx%s", ull(lba), ull(from->pfn * PAGE_SIZE),
                    ull(into->pfn * PAGE_SIZE), k, ull(w[k]),
                    ull(word(from->pfn, lba, k, round)),
                    w[k] == 0x0101010101010101ull * POISON ?
                    " (what was there before: the controller's data went elsewhere)" :
                    w[k] == ~0ull ? " (all ones: the controller read from where no RAM is)" : "");
            return false;
        }
    }
    return true;
}

static bool io(struct disk *d, bool to_disk, const struct buffer *const *b, unsigned int n,
               uint64_t lba, struct outcome *o)
{
    const char *why = "short";

    if (d->own) {
        unsigned int lbas = PAGE_SIZE / d->dev.block_bytes;
        uint64_t at[NVME_BATCH];

        for (unsigned int i = 0; i < n; i++) {
            at[i] = b[i]->pfn * PAGE_SIZE;
        }
        if (nvmeq_blocks(&d->q, to_disk, at, n, (FIRST_LBA + lba) * lbas, lbas, &d->list)) {
            return true;
        }
        why = d->q.trouble;
    } else {
        off_t at = (off_t)((FIRST_LBA + lba) * PAGE_SIZE);
        struct iovec v[NVME_BATCH];
        ssize_t rc;

        for (unsigned int i = 0; i < n; i++) {
            v[i] = (struct iovec){ b[i]->p, PAGE_SIZE };
        }
        rc = to_disk ? pwritev(d->fd, v, (int)n, at) : preadv(d->fd, v, (int)n, at);
        if (rc == (ssize_t)(n * PAGE_SIZE)) {
            return true;
        }
        why = rc < 0 ? strerror(errno) : why;
    }
    outcome(o, FAILURE, "%s of %u pages at block %llu, first buffer at 0x%llx: %s",
            to_disk ? "write" : "read", n, ull(lba), ull(b[0]->pfn * PAGE_SIZE), why);
    return false;
}

/*
 * Round 0: one request per page, for the ends of each range. A block is written from one and read
 * into the one half of all further on, which lies in another range whenever there are two.
 */
static bool single_pages(struct disk *d, struct outcome *o)
{
    for (unsigned int i = 0; i < nr_single; i++) {
        const struct buffer *b = &buf[single[i]];

        fill(b, i, 0);
        if (!io(d, true, &b, 1, i, o)) {
            return false;
        }
    }
    for (unsigned int i = 0; i < nr_single; i++) {
        const struct buffer *b = &buf[single[(i + nr_single / 2) % nr_single]];

        memset(b->p, POISON, PAGE_SIZE);
        if (!io(d, false, &b, 1, i, o) || !verify(b, &buf[single[i]], i, 0, o)) {
            return false;
        }
    }
    return true;
}

/*
 * Round 1: all of them, many in one request, ranges mixed, so that the controller follows lists.
 * All is written, then all is read into other pages, and looked at only when all was read: what
 * went to a wrong page shows there.
 */
static bool all_pages(struct disk *d, struct outcome *o)
{
    const unsigned int shift = nr_buf / 2 + 1;

    for (unsigned int k = 0; k < nr_buf; k++) {
        fill(&buf[mixed(k)], k, 1);
    }
    for (int to_disk = 1; to_disk >= 0; to_disk--) {
        for (unsigned int at = 0; at < nr_buf; at += NVME_BATCH) {
            const struct buffer *b[NVME_BATCH];
            unsigned int n = nr_buf - at < NVME_BATCH ? nr_buf - at : NVME_BATCH;

            for (unsigned int k = 0; k < n; k++) {
                b[k] = &buf[mixed(at + k + (to_disk ? 0 : shift))];
            }
            if (!io(d, to_disk, b, n, at, o)) {
                return false;
            }
        }
        for (unsigned int k = 0; to_disk && k < nr_buf; k++) {
            memset(buf[k].p, POISON, PAGE_SIZE);
        }
    }
    for (unsigned int k = 0; k < nr_buf; k++) {
        if (!verify(&buf[mixed(k + shift)], &buf[mixed(k)], k, 1, o)) {
            return false;
        }
    }
    return true;
}

/* Queues of our own, in the highest RAM there is. False: O says why not. */
static bool take_over(struct disk *d, const struct physmem *m, const struct pieces *p,
                      volatile uint32_t **regs, struct outcome *o)
{
    struct nvme_page page[3];
    struct pci_dev dev = { 0 };
    const struct piece *q = NULL;
    char path[120], resource[2000];
    int err;

    for (unsigned int i = 0; i < p->nr; i++) {
        if (p->p[i].held >= 2 + sizeof(page) / sizeof(page[0])) {
            q = &p->p[i];
        }
    }
    if (!q || !d->dev.block_bytes || PAGE_SIZE % d->dev.block_bytes) {
        outcome(o, ERROR, "%s for queues of our own", q ? "no size of blocks" : "no pages");
        return false;
    }
    for (unsigned int i = 0; i < sizeof(page) / sizeof(page[0]); i++) {
        /* The first and the last one are for data. */
        size_t index = q->lowest + 1 + i;

        page[i] = (struct nvme_page){ m->base + index * PAGE_SIZE, m->pfn[index] * PAGE_SIZE };
    }
    snprintf(dev.bdf, sizeof(dev.bdf), "%s", d->dev.bdf);
    snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource", dev.bdf);
    if (!file_read(path, resource, sizeof(resource)) || !nvmedev_bind(&d->dev, false)) {
        outcome(o, ERROR, "cannot take Linux' driver off %s: %s", dev.bdf, strerror(errno));
        return false;
    }
    pci_read_bars(&dev, resource);
    snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/enable", dev.bdf);
    if (!file_write(path, "1") ||
        !pci_set_command(&dev, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_INTX_OFF) ||
        !(*regs = pci_map_bar(&dev, 0, &err))) {
        outcome(o, ERROR, "cannot enable %s: %s", dev.bdf, strerror(errno));
        return false;
    }
    d->own = true;
    d->list = page[2];
    d->queues = page[0].address;
    if (!nvmeq_start(&d->q, *regs) || !nvmeq_start_io(&d->q, &page[0], &page[1])) {
        outcome(o, FAILURE, "%s, queues in RAM at 0x%llx: %s", dev.bdf, ull(d->queues),
                d->q.trouble);
        return false;
    }
    return true;
}

/* The disk is Linux' again, whatever came of it. */
static void give_back(struct disk *d)
{
    char path[120];

    if (d->own) {
        nvmeq_stop(&d->q);
        snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/enable", d->dev.bdf);
        file_write(path, "0");
    }
    nvmedev_bind(&d->dev, true);
}

static bool move_data(struct disk *d, const struct physmem *m, const struct pieces *p,
                      struct outcome *o)
{
    volatile uint32_t *regs;
    bool ok;

    if (!m->left) {
        return single_pages(d, o) && all_pages(d, o);
    }
    close(d->fd);               /* nobody has it open any more */
    ok = take_over(d, m, p, &regs, o) && single_pages(d, o) && all_pages(d, o);
    give_back(d);
    return ok;
}

/* Ranges that the scenario wants to see tested, and that are not: O is an error. */
static bool have_needed(const struct pieces *p, const struct range *need, unsigned int nr,
                        struct outcome *o)
{
    for (unsigned int i = 0; i < nr; i++) {
        char text[200] = "";

        if (pieces_unreached(p, &need[i], text, sizeof(text))) {
            outcome(o, ERROR, "need=: no page to be had in %s", text);
            return false;
        }
    }
    return true;
}

typedef bool find_fn(const char *serial, unsigned int timeout, struct nvmedev *d, char *why,
                     size_t size);

static void run_on(find_fn *find, struct params *p, struct outcome *o)
{
    static struct e820 map;
    static struct pieces pieces;
    static size_t keep[MAX_PAGES];
    static struct disk d;
    struct range need[MAX_NEED];
    const char *serial = param_string(p, "serial", "disk0");
    unsigned int timeout = (unsigned int)param_size(p, "timeout", 90);
    unsigned int nr_need = param_ranges(p, "need", need, MAX_NEED), high = 0;
    unsigned int every = (unsigned int)param_size(p, "every", 8);
    char why[300], text[200] = "";
    struct physmem m;
    uint64_t unreached;

    if (!params_ok(p, o)) {
        return;
    }
    if (!every) {
        outcome(o, ERROR, "parameter 'every': 1 or more");
        return;
    }
    if (!e820_read(&map) || !pieces_cut(&pieces, &map)) {
        outcome(o, ERROR, "/sys/firmware/memmap cannot be read");
        return;
    }
    if (!find(serial, timeout, &d.dev, why, sizeof(why))) {
        outcome(o, FAILURE, "no disk: %s", why);
        return;
    }
    d.fd = open(d.dev.block, O_RDWR | O_DIRECT | O_CLOEXEC);
    if (d.fd < 0) {
        outcome(o, ERROR, "%s: %s", d.dev.block, strerror(errno));
        return;
    }
    if (!physmem_acquire(&m, &map, p->attempt)) {
        outcome(o, ERROR, "%s", m.trouble);
        return;
    }
    if (m.left && !d.dev.ctrl[0]) {
        outcome(o, ERROR, "%s has no queues of our own: kernel=\"debian\"", d.dev.block);
        return;
    }
    pieces_fill(&pieces, &m);
    if (!pick(&m, &pieces, every) || !nr_buf || d.dev.bytes < (FIRST_LBA + nr_buf) * PAGE_SIZE) {
        outcome(o, ERROR, "%u pages to be had, %s has %llu bytes", nr_buf, d.dev.block,
                ull(d.dev.bytes));
        return;
    }
    if (!have_needed(&pieces, need, nr_need, o)) {
        return;
    }
    for (unsigned int i = 0; i < nr_buf; i++) {
        keep[i] = buf[i].index;
        high += buf[i].pfn * PAGE_SIZE >= FOUR_GIB;
    }
    qsort(keep, nr_buf, sizeof(keep[0]), by_index);
    physmem_keep(&m, keep, nr_buf);     /* the block layer needs memory of its own */

    if (!move_data(&d, &m, &pieces, o)) {
        return;
    }
    for (unsigned int i = 0; !m.left && i < nr_buf; i++) {
        if (physmem_pfn(buf[i].p) != buf[i].pfn) {
            outcome(o, ERROR, "the page at 0x%llx was moved by the kernel meanwhile",
                    ull(buf[i].pfn * PAGE_SIZE));
            return;
        }
    }
    unreached = pieces_unreached(&pieces, NULL, text, sizeof(text));
    outcome(o, SUCCESS, "%s: %u blocks of 4 KiB written and read back, the outermost pages held "
            "of each 2 MiB near the ends of a range, one of each %u MiB above 4 GiB (%u) and of each "
            "32 MiB elsewhere, through %s%llx; %u at ends one by one; of %llu bytes of RAM no page "
            "was to be had: %s", d.dev.block, nr_buf, 2 * every, high,
            d.own ? "queues at 0x" : "Linux' driver, queues wherever it likes: 0x",
            ull(d.queues), nr_single, ull(unreached), text);
}

static void run(struct params *p, struct outcome *o)
{
    run_on(nvmedev_find, p, o);
}

static void run_ata(struct params *p, struct outcome *o)
{
    run_on(atadev_find, p, o);
}

const struct check check_nvme = {
    .name = "nvme",
    .summary = "the disk's DMA, verified, from and into pages of every range of RAM",
    .params = "serial=TEXT (default disk0) timeout=SECONDS (default 90) need=S-E+S-E... "
              "every=N (one in N pieces of 2 MiB above 4 GiB, default 8)",
    .run = run,
    .needs_modules = true,
};

/* The same of a disk on AHCI, which QEMU can migrate. */
const struct check check_disk = {
    .name = "disk",
    .summary = "what nvme does, for an ATA disk (AHCI)",
    .params = "as nvme",
    .run = run_ata,
    .needs_modules = true,
};
