/* SPDX-License-Identifier: MIT */
/* One page at a time: the device's view of it against the CPU's. */
#include "dma.h"

#include <stdlib.h>         /* bsearch */
#include <string.h>

#define WORDS (PAGE_SIZE / sizeof(uint64_t))

static unsigned long long ull(uint64_t v)
{
    return v;
}

static void fill(volatile uint64_t *page, uint64_t address, uint64_t seed)
{
    for (size_t k = 0; k < WORDS; k++) {
        page[k] = dma_word(address + k * sizeof(uint64_t), seed);
    }
}

static void compare(const volatile uint64_t *page, uint64_t address, uint64_t seed,
                    const char *what, char *bad, size_t size)
{
    for (size_t k = 0; k < WORDS && !bad[0]; k++) {
        uint64_t at = address + k * sizeof(uint64_t), got = page[k], want = dma_word(at, seed);

        if (got != want) {
            append(bad, size, "%s 0x%llx at 0x%llx, expected 0x%llx", what, ull(got), ull(at),
                   ull(want));
        }
    }
}

static bool transfer(struct dma *d, bool (*way)(struct dma *, uint64_t), uint64_t address,
                     char *bad, size_t size)
{
    if (!bad[0] && !way(d, address)) {
        append(bad, size, "a transfer %s 0x%llx never ended", way == d->load ? "from" : "to",
               ull(address));
    }
    return !bad[0];
}

/* What the device finds at ADDRESS, in d->take. */
static bool device_reads(struct dma *d, uint64_t address, char *bad, size_t size)
{
    memset(d->take, 0, PAGE_SIZE);
    return transfer(d, d->load, address, bad, size) &&
           transfer(d, d->store, d->take_at, bad, size);
}

static bool device_writes(struct dma *d, uint64_t address, uint64_t seed, char *bad, size_t size)
{
    fill(d->give, address, seed);
    return transfer(d, d->load, d->give_at, bad, size) &&
           transfer(d, d->store, address, bad, size);
}

void dma_both_ways(struct dma *d, uint64_t address, volatile uint64_t *cpu, char *bad,
                   size_t size)
{
    bad[0] = '\0';
    if (cpu) {
        fill(cpu, address, ~d->seed);
        if (device_reads(d, address, bad, size)) {
            compare(d->take, address, ~d->seed, "after the CPU had written, the device read",
                    bad, size);
        }
        if (device_writes(d, address, d->seed, bad, size)) {
            compare(cpu, address, d->seed, "after the device had written, the CPU read", bad,
                    size);
        }
        return;
    }

    /* The device still holds what it wrote; something else in between, or it reads that. */
    if (device_writes(d, address, d->seed, bad, size)) {
        fill(d->give, d->give_at, ~d->seed);
        if (transfer(d, d->load, d->give_at, bad, size) &&
            device_reads(d, address, bad, size)) {
            compare(d->take, address, d->seed, "after the device had written, it read", bad,
                    size);
        }
    }
}

void dma_nowhere(struct dma *d, uint64_t address, volatile uint64_t *cpu, char *bad, size_t size)
{
    bad[0] = '\0';
    if (cpu) {
        fill(cpu, address, d->seed);
    }
    if (!device_writes(d, address, d->seed, bad, size)) {
        return;
    }
    fill(d->give, d->give_at, ~d->seed);
    if (!transfer(d, d->load, d->give_at, bad, size) || !device_reads(d, address, bad, size)) {
        return;
    }
    for (size_t k = 0; k < WORDS && !bad[0]; k++) {
        uint64_t at = address + k * sizeof(uint64_t), want = dma_word(at, d->seed);

        if (d->take[k] == want || (cpu && cpu[k] == want)) {
            append(bad, size, "what was written to 0x%llx is there, for the %s", ull(at),
                   d->take[k] == want ? "device" : "CPU");
        }
    }
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

uint64_t *dma_snapshot(const struct physmem *m)
{
    uint64_t *was = malloc((m->nr + 1) * sizeof(*was));

    for (size_t i = 0; was && i < m->nr; i++) {
        if (m->pfn[i]) {
            was[i] = *(const volatile uint64_t *)(m->base + i * PAGE_SIZE);
        }
    }
    return was;
}

size_t dma_stray(const struct physmem *m, const uint64_t *was, uint64_t seed, const uint64_t *own,
                 size_t nr, char *bad, size_t size)
{
    size_t looked = 0;

    bad[0] = '\0';
    for (size_t i = 0; i < m->nr && !bad[0]; i++) {
        uint64_t at = m->pfn[i] * PAGE_SIZE, from, got;

        if (!at) {
            continue;
        }
        looked++;
        /* Pages go as a whole, so one word tells. */
        got = *(const volatile uint64_t *)(m->base + i * PAGE_SIZE);
        if (got == was[i] || bsearch(&at, own, nr, sizeof(*own), by_value)) {
            looked -= got != was[i];
            continue;
        }
        append(bad, size, "RAM at 0x%llx was left alone and holds 0x%llx", ull(at), ull(got));
        from = got ^ seed;
        from = from >> 52 ? ~from : from;
        if (!(from >> 52)) {
            append(bad, size, " (that was for 0x%llx)", ull(from));
        }
    }
    return looked;
}
