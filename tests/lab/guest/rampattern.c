/* SPDX-License-Identifier: MIT */
/* What every page of RAM is filled with, and what it says when another is found there. */
#include "guest.h"

#include <string.h>

#define MAX_PFN (1ull << 25)    /* 128 GiB of guest-physical addresses */
#define MAGIC   0xb5ad4eceda1ce2a9ull

/*
 * Frame number and word number; invertible, so that a wrong value can be traced. The same words
 * are used in every page: of two gfns that are one page, the first shows the second's pattern.
 */
static uint64_t pattern(uint64_t pfn, size_t word)
{
    return (pfn << 12 | word) ^ MAGIC;
}

void ram_write(const struct physmem *m, size_t stride)
{
    for (size_t i = 0; i < m->nr; i++) {
        volatile uint64_t *w = (uint64_t *)(m->base + i * PAGE_SIZE);

        if (!m->pfn[i]) {
            continue;
        }
        for (size_t k = 0; k < PAGE_WORDS; k += stride) {
            w[k] = pattern(m->pfn[i], k);
        }
    }
}

void ram_verify(const struct physmem *m, size_t stride, struct ram_bad *bad)
{
    memset(bad, 0, sizeof(*bad));
    for (size_t i = 0; i < m->nr; i++) {
        const volatile uint64_t *w = (uint64_t *)(m->base + i * PAGE_SIZE);

        if (!m->pfn[i]) {
            continue;
        }
        for (size_t k = 0; k < PAGE_WORDS; k += stride) {
            uint64_t got = w[k], want = pattern(m->pfn[i], k);

            if (got != want) {
                uint64_t address = m->pfn[i] * PAGE_SIZE + k * sizeof(got);

                if (!bad->pages++ || address < bad->address) {
                    *bad = (struct ram_bad){ bad->pages, address, got, want };
                }
                break;
            }
        }
    }
}

/* A pattern of another page: the two gfns are one page, or the other's write went astray. */
void ram_explain(const struct ram_bad *bad, struct outcome *o)
{
    uint64_t id = bad->got ^ MAGIC;

    outcome(o, FAILURE, "%zu pages do not hold what was written; first at 0x%llx: read 0x%llx, "
            "wrote 0x%llx", bad->pages, (unsigned long long)(bad->address), (unsigned long long)(bad->got), (unsigned long long)(bad->want));
    if (bad->got == ~0ull) {
        append(o->text, sizeof(o->text), " (all ones: nothing is populated there)");
    } else if ((id >> 12) < MAX_PFN && (id & 4095) < PAGE_WORDS) {
        append(o->text, sizeof(o->text), " (that is what was written to 0x%llx)",
               (unsigned long long)((id >> 12) * PAGE_SIZE + (id & 4095) * sizeof(uint64_t)));
    }
}
