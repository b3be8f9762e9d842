/* SPDX-License-Identifier: MIT */
/*
 * Pages with known physical addresses.
 *
 * A kernel that was told to leave RAM alone (memmap=, lablib/kernel.py) knows it as reserved, and
 * /dev/mem maps it: all of it from a certain address on, to the last page, and nobody else's.
 *
 * Of one that was not, as many pages as it will part with. Linux chooses which frame backs a page; all that a process can do is take them all and look
 * at what it got. The order in which that is done decides how much of RAM is reached:
 *
 *  1. superpages (transparent huge pages): most of RAM, one fault for 2 MiB. Under nested
 *     emulation a fault costs a hundred times what it does on hardware;
 *  2. single pages until the zones' watermarks are reached: the buddy allocator breaks its
 *     smallest blocks first, so this collects the fragments;
 *  3. single pages of a ramfs file, which the kernel counts as unmovable: those come out of
 *     blocks that it keeps apart from movable ones and would not give to 2;
 *  4. some of the pages from 2 go back (never a chunk's last one, never two neighbours), so that
 *     the kernel has room again; then the largest free blocks there are, in any size from
 *     2 MiB down to 16 KiB: what was given back cannot serve those, only blocks that were never
 *     broken up, in chunks of which we have no page yet. (Sizes below 2 MiB need Linux 6.8.)
 *
 * Pages are locked, compaction is told to leave locked pages alone and khugepaged is put to
 * sleep, so frame numbers stay what they were; physmem_moved() tells if one did not.
 */
#include "guest.h"

#include <errno.h>
#include <fcntl.h>          /* open */
#include <stdio.h>
#include <stdlib.h>         /* strtoull */
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>       /* mkdir */
#include <sys/sysinfo.h>    /* free memory without parsing /proc/meminfo each time */
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif
#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24
#endif

#define SINGLES   (64ul << 20)      /* left to step 2 */
#define RAMFS_MAX (32ul << 20)      /* most that step 3 takes */
#define ROOM      (16ul << 20)      /* given back in step 4 */
#define BATCH     16                /* pages between two looks at free memory */

static int pagemap = -1;

static uint64_t free_bytes(void)
{
    struct sysinfo si;

    return sysinfo(&si) ? 0 : (uint64_t)si.freeram * si.mem_unit;
}

/* Sum over the zones of the mark below which the kernel starts to reclaim. */
static uint64_t low_watermarks(void)
{
    FILE *f = fopen("/proc/zoneinfo", "re");
    unsigned long long pages, sum = 0;
    char line[160];

    while (f && fgets(line, sizeof(line), f)) {
        if (sscanf(line, " low %llu", &pages) == 1) {
            sum += pages;
        }
    }
    if (f) {
        fclose(f);
    }
    return sum * PAGE_SIZE;
}

void physmem_settle_kernel(void)
{
    static const struct { const char *path, *value; } settings[] = {
        /* No zone is kept back from those that could have been served elsewhere. */
        { "/proc/sys/vm/lowmem_reserve_ratio", "0 0 0 0 0" },
        { "/proc/sys/vm/overcommit_memory", "1" },
        /* Free pages are free, not on some CPU's list of those that may soon be wanted. */
        { "/proc/sys/vm/percpu_pagelist_high_fraction", "100000" },
        /* Nobody moves a page that we hold. */
        { "/proc/sys/vm/compact_unevictable_allowed", "0" },
        { "/proc/sys/vm/compaction_proactiveness", "0" },
        { "/sys/kernel/mm/transparent_hugepage/khugepaged/scan_sleep_millisecs", "86400000" },
        { "/sys/kernel/mm/transparent_hugepage/enabled", "always" },
        { "/sys/kernel/mm/transparent_hugepage/defrag", "never" },
        /* Last: switching on huge pages raises the watermarks to what those would like. */
        { "/proc/sys/vm/watermark_boost_factor", "0" },
        { "/proc/sys/vm/watermark_scale_factor", "1" },
        { "/proc/sys/vm/min_free_kbytes", "2048" },
    };
    char cmdline[4096];

    if (file_read("/proc/cmdline", cmdline, sizeof(cmdline)) && physmem_left(cmdline)) {
        return;
    }
    for (unsigned int kb = 16; kb <= 1024; kb *= 2) {
        char path[100];

        snprintf(path, sizeof(path), "/sys/kernel/mm/transparent_hugepage/hugepages-%ukB/enabled",
                 kb);
        file_write(path, "inherit");    /* older kernels know 2 MiB only */
    }
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        if (!file_write(settings[i].path, settings[i].value)) {
            say("note cannot set %s: %s", settings[i].path, strerror(errno));
        }
    }
}

static bool open_pagemap(void)
{
    if (pagemap < 0) {
        pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    }
    return pagemap >= 0;
}

/* Frame numbers of N pages at P; 0 where there is none. */
static bool read_pagemap(const void *p, uint64_t *pfn, size_t n)
{
    off_t at = (off_t)((uintptr_t)p / PAGE_SIZE * sizeof(uint64_t));
    ssize_t want = (ssize_t)(n * sizeof(uint64_t));

    if (!open_pagemap() || pread(pagemap, pfn, want, at) != want) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        /* Bit 63: present; bits 0 to 54: the frame number (Documentation/admin-guide/mm). */
        pfn[i] = pfn[i] >> 63 ? pfn[i] & ((1ull << 55) - 1) : 0;
    }
    return true;
}

uint64_t physmem_pfn(const void *p)
{
    uint64_t pfn;

    return read_pagemap(p, &pfn, 1) ? pfn : 0;
}

void *physmem_page(uint64_t *address)
{
    void *p = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE | MAP_LOCKED, -1, 0);

    if (p == MAP_FAILED) {
        return NULL;
    }
    memset(p, 0, PAGE_SIZE);
    *address = physmem_pfn(p) * PAGE_SIZE;
    return *address ? p : NULL;
}

bool kpageflags_read(uint64_t pfn, uint64_t *flags, size_t n)
{
    int fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
    ssize_t want = (ssize_t)(n * sizeof(*flags)), got;

    if (fd < 0) {
        return false;
    }
    got = pread(fd, flags, want, (off_t)(pfn * sizeof(*flags)));
    close(fd);
    if (got < 0) {
        return false;
    }
    /* The file ends with the last frame that the kernel has. */
    for (size_t i = (size_t)got / sizeof(*flags); i < n; i++) {
        flags[i] = KPF_NOPAGE;
    }
    return true;
}

static char *page_at(const struct physmem *m, size_t i)
{
    return m->base + i * PAGE_SIZE;
}

static bool learn(struct physmem *m, size_t first, size_t n)
{
    if (!read_pagemap(page_at(m, first), &m->pfn[first], n)) {
        snprintf(m->trouble, sizeof(m->trouble), "/proc/self/pagemap: %s", strerror(errno));
        return false;
    }
    for (size_t i = first; i < first + n; i++) {
        m->held += m->pfn[i] != 0;
    }
    return true;
}

/*
 * Touch pages from index m->nr on, STEP at a time, until free memory falls to FLOOR or LIMIT
 * pages were taken. False only if something unforeseen happened.
 */
static bool take(struct physmem *m, size_t step, uint64_t floor, size_t limit)
{
    size_t first = m->nr, n = 0;

    while (n < limit && free_bytes() > floor + step * PAGE_SIZE) {
        if (madvise(page_at(m, first + n), step * PAGE_SIZE, MADV_POPULATE_WRITE)) {
            if (errno == ENOMEM || errno == EFAULT || errno == EAGAIN) {
                break;
            }
            snprintf(m->trouble, sizeof(m->trouble), "MADV_POPULATE_WRITE: %s",
                     strerror(errno));
            return false;
        }
        n += step;
    }
    m->nr += n;
    return learn(m, first, n);
}

/* Step 3: the rest of the address space from m->nr on becomes a ramfs file. */
static bool map_ramfs(struct physmem *m, size_t bytes)
{
    int fd;

    mkdir("/ramfs", 0700);
    if (mount("ramfs", "/ramfs", "ramfs", 0, NULL) && errno != EBUSY) {
        return false;
    }
    fd = open("/ramfs/pages", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        return false;
    }
    unlink("/ramfs/pages");     /* goes when the process does */
    if (ftruncate(fd, (off_t)bytes) ||
        mmap(page_at(m, m->nr), bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) ==
            MAP_FAILED) {
        close(fd);
        return false;
    }
    close(fd);
    return true;
}

/* Step 4: give back BYTES out of the single pages [FIRST, END), no chunk's only one. */
static void give_back(struct physmem *m, size_t first, size_t end, uint64_t bytes)
{
    size_t left = bytes / PAGE_SIZE, n = 0;
    uint64_t last_chunk = ~0ull;

    /*
     * Every second one of a run inside a chunk: two that are neighbours would become a larger
     * block and be no different from what was never taken.
     */
    for (size_t i = first; i < end && left; i++) {
        uint64_t chunk = m->pfn[i] / CHUNK_PAGES;

        if (!m->pfn[i]) {
            continue;
        }
        if (chunk != last_chunk) {
            last_chunk = chunk;
            n = 0;
        }
        if (++n % 2 == 0 && !madvise(page_at(m, i), PAGE_SIZE, MADV_DONTNEED_LOCKED)) {
            m->pfn[i] = 0;
            m->held--;
            left--;
        }
    }
}

uint64_t physmem_left(const char *cmdline)
{
    unsigned long long size, from;
    const char *word = strstr(cmdline, "memmap=");
    int end = 0;

    if (!word || sscanf(word, "memmap=%llx%%%llx-1+2%n", &size, &from, &end) != 2 || !end) {
        return 0;
    }
    return from;
}

/* All RAM that the kernel left alone, through /dev/mem. */
static bool map_left(struct physmem *m, const struct e820 *map)
{
    int fd = open("/dev/mem", O_RDWR | O_CLOEXEC);
    size_t pages = 0;

    for (unsigned int i = 0; i < map->nr; i++) {
        pages += map->e[i].ram ? (map->e[i].r.end - map->e[i].r.start) / PAGE_SIZE : 0;
    }
    m->base = mmap(NULL, pages * PAGE_SIZE, PROT_NONE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    m->pfn = mmap(NULL, pages * sizeof(*m->pfn), PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (fd < 0 || m->base == MAP_FAILED || m->pfn == MAP_FAILED) {
        snprintf(m->trouble, sizeof(m->trouble), "/dev/mem: %s", strerror(errno));
        return false;
    }
    for (unsigned int i = 0; i < map->nr; i++) {
        uint64_t at = (map->e[i].r.start + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
        uint64_t end = map->e[i].r.end & ~(PAGE_SIZE - 1);

        at = at < m->left ? m->left : at;
        if (!map->e[i].ram || at >= end) {
            continue;
        }
        if (mmap(m->base + m->nr * PAGE_SIZE, end - at, PROT_READ | PROT_WRITE,
                 MAP_SHARED | MAP_FIXED, fd, (off_t)at) == MAP_FAILED) {
            snprintf(m->trouble, sizeof(m->trouble), "/dev/mem at 0x%llx: %s",
                     (unsigned long long)at, strerror(errno));
            return false;
        }
        for (; at < end; at += PAGE_SIZE) {
            m->pfn[m->nr++] = at / PAGE_SIZE;
        }
    }
    m->held = m->nr;
    close(fd);
    return true;
}

bool physmem_acquire(struct physmem *m, const struct e820 *map, unsigned int attempt)
{
    uint64_t ram = 0, floor, size;
    char cmdline[4096];

    memset(m, 0, sizeof(*m));
    if (file_read("/proc/cmdline", cmdline, sizeof(cmdline))) {
        m->left = physmem_left(cmdline);
    }
    if (m->left) {
        return map_left(m, map);
    }
    for (unsigned int i = 0; i < map->nr; i++) {
        ram += map->e[i].ram ? map->e[i].r.end - map->e[i].r.start : 0;
    }
    /* Address space is free: enough for all of RAM twice over, step 3, and step 4 repeated. */
    size = (2 * ram + RAMFS_MAX + 16 * ROOM + 4 * CHUNK_SIZE) & ~(CHUNK_SIZE - 1);
    m->base = mmap(NULL, size, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    m->pfn = mmap(NULL, size / PAGE_SIZE * sizeof(*m->pfn), PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (m->base == MAP_FAILED || m->pfn == MAP_FAILED) {
        snprintf(m->trouble, sizeof(m->trouble), "mmap of %llu bytes: %s",
                 (unsigned long long)size, strerror(errno));
        return false;
    }
    m->base = (char *)(((uintptr_t)m->base + CHUNK_SIZE - 1) & ~(CHUNK_SIZE - 1));
    size -= CHUNK_SIZE;
    madvise(m->pfn, size / PAGE_SIZE * sizeof(*m->pfn), MADV_NOHUGEPAGE);
    if (mlock2(m->base, size, MLOCK_ONFAULT)) {
        snprintf(m->trouble, sizeof(m->trouble), "mlock2: %s", strerror(errno));
        return false;
    }
    floor = low_watermarks() + (attempt ? 24ul << 20 : 1ul << 20);

    if (!take(m, CHUNK_PAGES, floor + SINGLES, ~0ul)) {
        return false;
    }

    m->singles = m->nr;
    madvise(page_at(m, m->nr), size - m->nr * PAGE_SIZE, MADV_NOHUGEPAGE);
    if (!take(m, BATCH, floor, ~0ul)) {
        return false;
    }
    m->singles_end = m->nr;

    if (map_ramfs(m, RAMFS_MAX)) {
        size_t end = m->nr + RAMFS_MAX / PAGE_SIZE;

        if (!take(m, BATCH, floor - (512ul << 10), RAMFS_MAX / PAGE_SIZE)) {
            return false;
        }
        m->nr = end;
    }

    m->nr = (m->nr + CHUNK_PAGES - 1) & ~(CHUNK_PAGES - 1);
    madvise(page_at(m, m->nr), size - m->nr * PAGE_SIZE, MADV_HUGEPAGE);
    m->floor = floor;
    return physmem_more(m);
}

bool physmem_more(struct physmem *m)
{
    uint64_t room = free_bytes();
    bool ok;

    if (m->left) {
        return true;            /* there is no more */
    }
    if (room < ROOM + m->floor) {
        give_back(m, m->singles, m->singles_end, ROOM + m->floor - room);
    }
    /*
     * A zone at its watermark serves no large request however much there is elsewhere, and what
     * was given back need not have come from it. There is room enough to do without, for once.
     */
    file_write("/proc/sys/vm/min_free_kbytes", "64");
    ok = take(m, CHUNK_PAGES, m->floor + ROOM / 4, ROOM / PAGE_SIZE);
    file_write("/proc/sys/vm/min_free_kbytes", "2048");
    return ok;
}

size_t physmem_moved(const struct physmem *m)
{
    uint64_t now[CHUNK_PAGES];
    size_t moved = 0;

    if (m->left) {
        return 0;
    }
    for (size_t i = 0; i < m->nr; i += CHUNK_PAGES) {
        size_t n = m->nr - i < CHUNK_PAGES ? m->nr - i : CHUNK_PAGES;

        if (!read_pagemap(page_at(m, i), now, n)) {
            return m->held;
        }
        for (size_t k = 0; k < n; k++) {
            moved += m->pfn[i + k] && m->pfn[i + k] != now[k];
        }
    }
    return moved;
}

void physmem_keep(struct physmem *m, const size_t *keep, size_t nr_keep)
{
    size_t from = 0;

    if (m->left) {
        return;                 /* nobody else could use it */
    }
    for (size_t k = 0; k <= nr_keep; k++) {
        size_t to = k < nr_keep ? keep[k] : m->nr;

        if (to > from) {
            madvise(page_at(m, from), (to - from) * PAGE_SIZE, MADV_DONTNEED_LOCKED);
            memset(&m->pfn[from], 0, (to - from) * sizeof(*m->pfn));
        }
        from = to + 1;
    }
    m->held = nr_keep;
}
