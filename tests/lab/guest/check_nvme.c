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
 * into another. Both ends of each range are used, since an off-by-one lives there.
 *
 * Buffers are pages of our own whose frame numbers are known; there is no IOMMU in the guest, so
 * what the driver hands to the controller is frame number times 4096 (O_DIRECT: no copy).
 */
#include "guest.h"

#include <errno.h>
#include <fcntl.h>          /* open, O_DIRECT */
#include <stdlib.h>         /* qsort */
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>        /* preadv, pwritev */
#include <unistd.h>

#define PER_EDGE   4        /* pages next to each end of a range */
#define PER_MIDDLE 8        /* and spread between them */
#define PER_RANGE  (2 * PER_EDGE + PER_MIDDLE)
#define MAX_RANGES 32
#define MAX_PAGES  (MAX_RANGES * PER_RANGE)
#define BATCH      32       /* pages in one vectored request: enough for a PRP list */
#define FIRST_LBA  256      /* in pages: room for a partition table nobody wants to lose */
#define POISON     0xdd

struct buffer {
    size_t index;           /* in physmem */
    uint64_t pfn;
    unsigned int range;     /* of the E820, counted over RAM */
    char *p;
};

static struct buffer buf[MAX_PAGES];
static unsigned int nr_buf;

static unsigned long long ull(uint64_t v)
{
    return v;
}

static int by_pfn(const void *a, const void *b)
{
    const struct buffer *x = a, *y = b;

    return x->pfn < y->pfn ? -1 : x->pfn > y->pfn;
}

static int by_index(const void *a, const void *b)
{
    size_t x = *(const size_t *)a, y = *(const size_t *)b;

    return x < y ? -1 : x > y;
}

/*
 * Pick pages of R: the lowest, the highest, and some between. LOWEST and HIGHEST say what was
 * found, for the text. The number picked.
 */
static unsigned int pick(const struct physmem *m, const struct range *r, unsigned int range,
                         uint64_t *lowest, uint64_t *highest)
{
    static struct buffer all[1u << 16];
    unsigned int n = 0, first = nr_buf;
    size_t in_range = 0, every;

    for (size_t i = 0; i < m->nr; i++) {
        uint64_t a = m->pfn[i] * PAGE_SIZE;

        in_range += m->pfn[i] && a >= r->start && a + PAGE_SIZE <= r->end;
    }
    if (!in_range) {
        return 0;
    }

    /* Two passes instead of sorting a million pages: both edges in full, the rest thinned. */
    every = in_range / 4096 + 1;
    for (size_t i = 0, seen = 0; i < m->nr && n < 1u << 16; i++) {
        uint64_t a = m->pfn[i] * PAGE_SIZE;

        if (!m->pfn[i] || a < r->start || a + PAGE_SIZE > r->end) {
            continue;
        }
        if (a < r->start + 16 * CHUNK_SIZE || a + 16 * CHUNK_SIZE >= r->end ||
            seen++ % every == 0) {
            all[n++] = (struct buffer){ i, m->pfn[i], range, m->base + i * PAGE_SIZE };
        }
    }
    qsort(all, n, sizeof(all[0]), by_pfn);
    *lowest = all[0].pfn * PAGE_SIZE;
    *highest = all[n - 1].pfn * PAGE_SIZE;

    for (unsigned int k = 0; k < PER_RANGE && k < n; k++) {
        unsigned int at;

        if (n <= PER_RANGE || k < PER_EDGE) {
            at = k;
        } else if (k < 2 * PER_EDGE) {
            at = n - 1 - (k - PER_EDGE);
        } else {
            at = PER_EDGE + (unsigned int)((uint64_t)(n - 2 * PER_EDGE) * (k - 2 * PER_EDGE) /
                                           PER_MIDDLE);
        }
        buf[nr_buf++] = all[at];
    }
    return nr_buf - first;
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

static bool io(int fd, bool to_disk, const struct buffer *const *b, unsigned int n, uint64_t lba,
               struct outcome *o)
{
    struct iovec v[BATCH];
    ssize_t rc;

    for (unsigned int i = 0; i < n; i++) {
        v[i] = (struct iovec){ b[i]->p, PAGE_SIZE };
    }
    rc = to_disk ? pwritev(fd, v, (int)n, (off_t)((FIRST_LBA + lba) * PAGE_SIZE))
                 : preadv(fd, v, (int)n, (off_t)((FIRST_LBA + lba) * PAGE_SIZE));
    if (rc != (ssize_t)(n * PAGE_SIZE)) {
        outcome(o, FAILURE, "%s of %u pages at block %llu, first buffer at 0x%llx: %s",
                to_disk ? "write" : "read", n, ull(lba), ull(b[0]->pfn * PAGE_SIZE),
                rc < 0 ? strerror(errno) : "short");
        return false;
    }
    return true;
}

/*
 * Round 0: one request per page. Block i is written from buffer i and read into the buffer half
 * of all further on, which lies in another range whenever there are two.
 */
static bool single_pages(int fd, struct outcome *o)
{
    for (unsigned int i = 0; i < nr_buf; i++) {
        const struct buffer *b = &buf[i];

        fill(b, i, 0);
        if (!io(fd, true, &b, 1, i, o)) {
            return false;
        }
    }
    for (unsigned int i = 0; i < nr_buf; i++) {
        const struct buffer *b = &buf[(i + nr_buf / 2) % nr_buf];

        memset(b->p, POISON, PAGE_SIZE);
        if (!io(fd, false, &b, 1, i, o) || !verify(b, &buf[i], i, 0, o)) {
            return false;
        }
    }
    return true;
}

/* Round 1: many pages in one request, ranges mixed, so that the controller follows PRP lists. */
static bool vectors(int fd, struct outcome *o)
{
    unsigned int step = PER_RANGE + 1;      /* coprime enough: neighbours from other ranges */

    while (nr_buf % step == 0) {
        step++;
    }
    for (unsigned int at = 0; at < nr_buf; at += BATCH) {
        const struct buffer *from[BATCH], *into[BATCH];
        unsigned int n = nr_buf - at < BATCH ? nr_buf - at : BATCH;

        for (unsigned int k = 0; k < n; k++) {
            from[k] = &buf[(uint64_t)(at + k) * step % nr_buf];
            fill(from[k], at + k, 1);
        }
        if (!io(fd, true, from, n, at, o)) {
            return false;
        }
        for (unsigned int k = 0; k < n; k++) {
            into[k] = from[n - 1 - k];
            memset(into[k]->p, POISON, PAGE_SIZE);
        }
        if (!io(fd, false, into, n, at, o)) {
            return false;
        }
        for (unsigned int k = 0; k < n; k++) {
            if (!verify(into[k], from[k], at + k, 1, o)) {
                return false;
            }
        }
    }
    return true;
}

static void run(struct params *p, struct outcome *o)
{
    static struct e820 map;
    static size_t keep[MAX_PAGES];
    const char *serial = param_string(p, "serial", "disk0");
    unsigned int timeout = (unsigned int)param_size(p, "timeout", 90);
    unsigned int nr_ranges = 0, high = 0;
    bool ram_above = false;
    struct nvmedev dev;
    struct physmem m;
    char why[300], text[400] = "";
    int fd;

    if (!params_ok(p, o)) {
        return;
    }
    if (!e820_read(&map)) {
        outcome(o, ERROR, "/sys/firmware/memmap cannot be read");
        return;
    }
    if (!nvmedev_find(serial, timeout, &dev, why, sizeof(why))) {
        outcome(o, FAILURE, "no disk: %s", why);
        return;
    }
    fd = open(dev.block, O_RDWR | O_DIRECT | O_CLOEXEC);
    if (fd < 0) {
        outcome(o, ERROR, "%s: %s", dev.block, strerror(errno));
        return;
    }
    if (dev.bytes < (FIRST_LBA + MAX_PAGES) * PAGE_SIZE) {
        outcome(o, ERROR, "%s has %llu bytes, %llu are needed", dev.block, ull(dev.bytes),
                ull((FIRST_LBA + MAX_PAGES) * PAGE_SIZE));
        return;
    }
    if (!physmem_acquire(&m, &map, p->attempt)) {
        outcome(o, ERROR, "%s", m.trouble);
        return;
    }

    for (unsigned int i = 0; i < map.nr && nr_ranges < MAX_RANGES; i++) {
        const struct range *r = &map.e[i].r;
        uint64_t lowest = 0, highest = 0;
        unsigned int n;

        if (!map.e[i].ram) {
            continue;
        }
        n = pick(&m, r, i, &lowest, &highest);
        ram_above |= r->start >= FOUR_GIB && r->end - r->start >= CHUNK_SIZE;
        high += r->start >= FOUR_GIB ? n : 0;
        if (n) {
            nr_ranges++;
            append(text, sizeof(text), "; 0x%llx-0x%llx by %u pages in 0x%llx-0x%llx",
                   ull(r->start), ull(r->end), n, ull(lowest), ull(highest + PAGE_SIZE));
        } else if (r->end > 1 << 20 && r->end - r->start >= CHUNK_SIZE) {
            /* The first MiB is Linux' own, and so may be a sliver; a whole chunk is not. */
            outcome(o, ERROR, "no page to be had in 0x%llx-0x%llx", ull(r->start), ull(r->end));
            return;
        }
    }
    if (ram_above && !high) {
        outcome(o, ERROR, "there is RAM above 4 GiB, but no page of it to be had");
        return;
    }
    for (unsigned int i = 0; i < nr_buf; i++) {
        keep[i] = buf[i].index;
    }
    qsort(keep, nr_buf, sizeof(keep[0]), by_index);
    physmem_keep(&m, keep, nr_buf);     /* the block layer needs memory of its own */

    if (!single_pages(fd, o) || !vectors(fd, o)) {
        return;
    }
    for (unsigned int i = 0; i < nr_buf; i++) {
        if (physmem_pfn(buf[i].p) != buf[i].pfn) {
            outcome(o, ERROR, "the page at 0x%llx was moved by the kernel meanwhile",
                    ull(buf[i].pfn * PAGE_SIZE));
            return;
        }
    }
    outcome(o, SUCCESS, "%s: %u blocks of 4 KiB written and read back twice, %u buffers above "
            "4 GiB%s", dev.block, nr_buf, high, text);
}

const struct check check_nvme = {
    .name = "nvme",
    .summary = "the disk's DMA, verified, from and into pages of every range of RAM",
    .params = "serial=TEXT (default disk0) timeout=SECONDS (default 90)",
    .run = run,
    .needs_modules = true,
};
