/* SPDX-License-Identifier: MIT */
/*
 * What is promised: whatever the toolstack does to a guest that runs (save and restore, migrate,
 * pause, change its target, replace its device model), the guest's memory and what its disk wrote
 * to it are there afterwards, and the guest goes on.
 *
 * What could go wrong: pages that Xen sends come to other addresses; pages that the device model
 * wrote while the guest was being sent are not sent again, because it marked another page dirty
 * than the one it wrote to (its own address of the page, not the guest's); the new device model
 * has another layout, and what it reads for the guest goes elsewhere, which checks that come after
 * this one show (disk-after).
 *
 * Fills RAM, prints "memmap-guest: dom0 VERB[:WORD] 0xADDRESS", and waits. dom0 does what VERB says, and
 * writes a word that is not 0 to ADDRESS when it has been done, to the domain that then is the
 * guest. With busy=1 blocks are read from the disk to all over RAM meanwhile, and RAM is written.
 */
#include "guest.h"

#include <errno.h>
#include <fcntl.h>          /* open, O_DIRECT */
#include <stdlib.h>         /* calloc */
#include <string.h>
#include <termios.h>        /* tcdrain */
#include <time.h>           /* nanosleep */
#include <unistd.h>

#define STRIDE    64            /* words: 8 in a page */
#define BLOCKS    512           /* of 4 KiB, on the disk */
#define FIRST     16384         /* which are these: behind what the check disk uses */
#define AHEAD     32            /* reads between two looks at the mailbox */

struct life {
    struct physmem m;
    uint16_t *block;            /* by index: 0, or one more than what was read there */
    int fd;
    uint64_t dice;
    size_t reads;
};

static uint64_t block_word(unsigned int block, size_t word)
{
    return ((uint64_t)(block + 1) << 32 | word) * 0x9e3779b97f4a7c15ull;
}

static off_t block_at(unsigned int block)
{
    return (off_t)(FIRST + block) * (off_t)PAGE_SIZE;
}

/* Known blocks on the disk, written from PAGE. */
static bool write_blocks(struct life *l, uint64_t *page)
{
    for (unsigned int block = 0; block < BLOCKS; block++) {
        for (size_t k = 0; k < PAGE_WORDS; k++) {
            page[k] = block_word(block, k);
        }
        if (pwrite(l->fd, page, PAGE_SIZE, block_at(block)) != (ssize_t)PAGE_SIZE) {
            return false;
        }
    }
    return true;
}

/* A page held, any. */
static size_t any_page(struct life *l)
{
    size_t i;

    do {
        l->dice = l->dice * 6364136223846793005ull + 1442695040888963407ull;
        i = (size_t)((l->dice >> 20) % l->m.nr);
    } while (!l->m.pfn[i]);
    return i;
}

/* The disk writes to some pages, and the CPU to one. */
static bool stir(struct life *l)
{
    volatile uint64_t *w;
    size_t i;

    for (unsigned int n = 0; n < AHEAD; n++) {
        unsigned int block = (unsigned int)(l->reads % BLOCKS);

        i = any_page(l);
        if (pread(l->fd, l->m.base + i * PAGE_SIZE, PAGE_SIZE, block_at(block)) !=
            (ssize_t)PAGE_SIZE) {
            return false;
        }
        l->block[i] = (uint16_t)(block + 1);
        l->reads++;
    }
    i = any_page(l);
    w = (uint64_t *)(l->m.base + i * PAGE_SIZE);
    w[1] = w[1] + 1;            /* no word that is verified of a page as it was filled */
    w[1] = w[1] - 1;
    return true;
}

/* What was read is where it was read to; those pages are let go. False: O says what is wrong. */
static bool verify_blocks(struct life *l, struct outcome *o)
{
    for (size_t i = 0; i < l->m.nr; i++) {
        const volatile uint64_t *w = (uint64_t *)(l->m.base + i * PAGE_SIZE);

        for (size_t k = 0; l->block[i] && k < PAGE_WORDS; k++) {
            uint64_t want = block_word(l->block[i] - 1u, k);

            if (w[k] != want) {
                outcome(o, FAILURE, "the page at 0x%llx, which the disk wrote to meanwhile: word "
                        "%zu is 0x%llx, not 0x%llx", (unsigned long long)l->m.pfn[i] * PAGE_SIZE,
                        k, (unsigned long long)w[k], (unsigned long long)want);
                return false;
            }
        }
        if (l->block[i]) {
            l->m.pfn[i] = 0;
        }
    }
    return true;
}

static bool wait_for(struct life *l, const volatile uint64_t *box, bool busy)
{
    struct timespec tick = { .tv_nsec = 50000000 };

    while (!*box) {
        if (!busy) {
            nanosleep(&tick, NULL);
        } else if (!stir(l)) {
            return false;
        }
    }
    return true;
}

static void run(struct params *p, struct outcome *o)
{
    static struct e820 map;
    static struct life l;
    const char *verb = param_string(p, "verb", "");
    const char *word = param_string(p, "word", NULL);
    const char *serial = param_string(p, "serial", "disk0");
    bool busy = param_size(p, "busy", 0);
    unsigned int times = (unsigned int)param_size(p, "times", 1);
    volatile uint64_t *box;
    uint64_t *page, address, at;
    size_t held, moved;
    struct nvmedev disk;
    struct ram_bad bad;
    struct timespec from, to;
    char why[300];

    if (!params_ok(p, o)) {
        return;
    }
    if (!verb[0]) {
        outcome(o, ERROR, "verb= is needed: what dom0 is to do");
        return;
    }
    box = physmem_page(&address);
    page = physmem_page(&at);
    if (!box || !page || !e820_read(&map)) {
        outcome(o, ERROR, "no page, or no memory map");
        return;
    }
    l.fd = -1;
    if (busy) {
        if (!atadev_find(serial, 60, &disk, why, sizeof(why))) {
            outcome(o, FAILURE, "no disk: %s", why);
            return;
        }
        l.fd = open(disk.block, O_RDWR | O_DIRECT | O_CLOEXEC);
        if (l.fd < 0 || !write_blocks(&l, page)) {
            outcome(o, FAILURE, "%s: %s", disk.block, strerror(errno));
            return;
        }
    }
    if (!physmem_acquire(&l.m, &map, p->attempt)) {
        outcome(o, ERROR, "%s", l.m.trouble);
        return;
    }
    l.block = calloc(l.m.nr, sizeof(*l.block));
    if (!l.block) {
        outcome(o, ERROR, "no memory for notes");
        return;
    }
    held = l.m.held;
    ram_write(&l.m, STRIDE);

    clock_gettime(CLOCK_MONOTONIC, &from);
    for (unsigned int i = 0; i < times; i++) {
        *box = 0;
        say("dom0 %s%s%s 0x%llx", verb, word ? ":" : "", word ? word : "",
            (unsigned long long)address);
        tcdrain(STDOUT_FILENO);
        if (!wait_for(&l, box, busy)) {
            outcome(o, FAILURE, "after %zu reads: %s", l.reads, strerror(errno));
            return;
        }
    }
    clock_gettime(CLOCK_MONOTONIC, &to);

    moved = physmem_moved(&l.m);
    if (moved) {
        outcome(o, ERROR, "%zu of %zu pages were moved by the kernel meanwhile", moved, held);
        return;
    }
    if (!verify_blocks(&l, o)) {
        return;
    }
    ram_verify(&l.m, STRIDE, &bad);
    if (bad.pages) {
        ram_explain(&bad, o);
        return;
    }
    outcome(o, SUCCESS, "%s, %u times: %zu pages hold what was written before, %zu reads of the "
            "disk meanwhile; %lld s of the guest's time", verb, times, held, l.reads, (long long)(to.tv_sec - from.tv_sec));
}

const struct check check_life = {
    .name = "life",
    .summary = "dom0 saves, migrates, pauses the guest: its memory is what it was",
    .params = "verb=save|migrate|no-save|refused-save|refused-migrate|pause|mem-set|soft-reset "
              "word=then|MIB times=N busy=1 (the disk, AHCI, writes meanwhile) serial=TEXT (default disk0)",
    .run = run,
    .needs_modules = true,
};
