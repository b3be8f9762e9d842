/* SPDX-License-Identifier: MIT */
/*
 * bench_codec.c - what a record costs either end, beside a memcpy and the
 * protocol's checksum of the same bytes.
 *
 * usage: bench_codec [--json FILE]
 *
 * Ratios are what counts: all operations take turns in one run, and the best of
 * many batches is reported, when it has stopped getting better.  Nothing here
 * fails on time, but an allocation anywhere in what is measured does: malloc and
 * its relatives are this program's own, and count.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dm.h"

#define NELEM(a) (sizeof(a) / sizeof((a)[0]))

#define BATCH_NS    500000.0
/* A best that stood this many rounds to within 1 % is the best. */
#define STABLE      40
#define MAX_ROUNDS  2000
#define OWNED       8

static unsigned long allocations;

/* glibc's, under the names that it keeps for this purpose. */
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t nr, size_t bytes);
void *__libc_realloc(void *p, size_t bytes);
void __libc_free(void *p);

void *malloc(size_t bytes)
{
    allocations++;
    return __libc_malloc(bytes);
}

void *calloc(size_t nr, size_t bytes)
{
    allocations++;
    return __libc_calloc(nr, bytes);
}

void *realloc(void *p, size_t bytes)
{
    allocations++;
    return __libc_realloc(p, bytes);
}

void free(void *p)
{
    allocations++;
    __libc_free(p);
}

static struct memmap_range range[MEMMAP_MAX_ENTRIES];
static struct memmap_range got[MEMMAP_MAX_ENTRIES];
static struct memmap_record record, unpacked;
/* What the guest wrote, and where else it goes. */
static uint8_t guest[MEMMAP_BUFFER_BYTES], copy[MEMMAP_BUFFER_BYTES];
static uint32_t bytes;
static struct memmap_dm dm;
static volatile uint32_t sink;

static void fail(const char *what, unsigned int err)
{
    fprintf(stderr, "bench_codec: %s: %s\n", what, memmap_strerror(err));
    exit(1);
}

static bool dm_read(void *opaque, uint64_t addr, void *dst, uint32_t len)
{
    (void)opaque;
    memcpy(dst, guest + (addr & 0xfff), len);
    return true;
}

static unsigned int dm_check(void *opaque, unsigned int cmd,
                             const struct memmap_record *r, uint16_t *index)
{
    (void)opaque;
    (void)cmd;
    (void)r;
    (void)index;
    return MEMMAP_OK;
}

/* VRAM and ROMs behind all RAM, as a device model has. */
static bool dm_constraints(void *opaque, struct memmap_layout *l)
{
    (void)opaque;
    for ( unsigned int i = 0; i < OWNED; i++ )
    {
        const struct memmap_range r = {
            .gfn = dm.gfn_limit + i * 0x2000, .pages = 0x1000,
            .source = MEMMAP_NO_SOURCE, .type = MEMMAP_TYPE_OWNED,
        };

        if ( !memmap_layout_set(l, &r) )
            return false;
    }
    return true;
}

static const struct memmap_dm_ops dm_ops = {
    .read = dm_read, .check = dm_check, .constraints = dm_constraints,
};

/* @nr ranges of RAM with gaps between them; a guest has two at least. */
static void make_record(unsigned int nr)
{
    range[0] = (struct memmap_range){ 0, MEMMAP_VGA_GFN, 0, MEMMAP_TYPE_RAM,
                                      0, 0 };
    for ( unsigned int i = 1; i < nr; i++ )
    {
        const uint64_t gfn = i == 1 ? MEMMAP_VGA_END : 0x1000 * i;

        range[i] = (struct memmap_range){ gfn, 0x800, gfn, MEMMAP_TYPE_RAM,
                                          0, 0 };
    }
    record = (struct memmap_record){
        .kind = MEMMAP_KIND_LAYOUT, .generation = 1, .gfn_limit = 1 << 28,
        .layout = { range, nr, MEMMAP_MAX_ENTRIES },
    };
    memmap_layout_init(&unpacked.layout, got, MEMMAP_MAX_ENTRIES);
    bytes = memmap_pack(&record, guest, sizeof(guest));

    dm = (struct memmap_dm){
        .ops = &dm_ops, .gfn_limit = 0x1000000,
        .ram_pages = memmap_layout_pages(&record.layout, MEMMAP_TYPE_RAM),
    };
    memmap_dm_reset(&dm);
    memmap_dm_write(&dm, MEMMAP_REG_OFFER, MEMMAP_OFFER(1, 0, 0));
}

static unsigned int run_memcpy(void)
{
    memcpy(copy, guest, bytes);
    return MEMMAP_OK;
}

static unsigned int run_checksum(void)
{
    sink = memmap_crc32c(0, guest, bytes);
    return MEMMAP_OK;
}

static unsigned int run_pack(void)
{
    return memmap_pack(&record, copy, sizeof(copy)) == bytes ? MEMMAP_OK
                                                             : MEMMAP_E_LENGTH;
}

static unsigned int run_unpack(void)
{
    uint16_t index;

    return memmap_unpack(&unpacked, MEMMAP_KIND_LAYOUT, guest, bytes, &index);
}

static unsigned int run_validate(void)
{
    uint16_t index;

    return memmap_dm_validate(&dm, &unpacked, &index);
}

/* All of it, as at the doorbell: copy, unpack, validate. */
static unsigned int run_prepare(void)
{
    memmap_dm_write(&dm, MEMMAP_REG_DOORBELL,
                    MEMMAP_DOORBELL(MEMMAP_CMD_PREPARE, 0x90));
    return MEMMAP_STATUS_ERROR(memmap_dm_read(&dm, MEMMAP_REG_DOORBELL));
}

enum { MEMCPY, CHECKSUM };
static const struct {
    const char *name;
    unsigned int (*run)(void);
    unsigned int least;     /* entries that it takes to succeed */
} op[] = {
    [MEMCPY] = { "memcpy", run_memcpy, 0 },
    [CHECKSUM] = { "checksum", run_checksum, 0 },
    { "pack", run_pack, 0 },
    { "unpack", run_unpack, 0 },
    { "validate", run_validate, 2 },
    { "prepare", run_prepare, 2 },
};

static double now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
}

/* Nanoseconds of one call, from @reps of them. */
static double batch(unsigned int which, unsigned long reps)
{
    const double start = now_ns();
    unsigned int rc = MEMMAP_OK;

    for ( unsigned long i = 0; i < reps; i++ )
    {
        rc |= op[which].run();
        /* Results are used, and no call may be left out. */
        __asm__ volatile ( "" : : "r" (copy), "r" (got) : "memory" );
    }
    if ( rc )
        fail(op[which].name, rc);
    return (now_ns() - start) / reps;
}

/* How long each operation takes, at its best. */
static void measure(unsigned int nr, double *best)
{
    unsigned long reps[NELEM(op)];
    unsigned int quiet = 0;

    make_record(nr);
    for ( unsigned int i = 0; i < NELEM(op); i++ )
        if ( nr >= op[i].least )
        {
            for ( reps[i] = 1; ; reps[i] *= 2 )
            {
                best[i] = batch(i, reps[i]);
                if ( best[i] * reps[i] >= BATCH_NS )
                    break;
            }
        }

    for ( unsigned int round = 0; round < MAX_ROUNDS && quiet < STABLE;
          round++, quiet++ )
        for ( unsigned int i = 0; i < NELEM(op); i++ )
        {
            double took;

            if ( nr < op[i].least )
                continue;
            took = batch(i, reps[i]);
            if ( took < best[i] * 0.99 )
                quiet = 0;
            if ( took < best[i] )
                best[i] = took;
        }
}

static void report(unsigned int nr, const double *best, FILE *json)
{
    for ( unsigned int i = 0; i < NELEM(op); i++ )
    {
        if ( nr < op[i].least )
            continue;
        printf("%7u %7u  %-9s %9.1f %9.2f %9.0f %9.1f %10.2f\n", nr, bytes,
               op[i].name, best[i], best[i] / nr, bytes / best[i] * 1e3,
               best[i] / best[MEMCPY], best[i] / best[CHECKSUM]);
        if ( json )
            fprintf(json, "%s\n  {\"entries\": %u, \"bytes\": %u, "
                    "\"operation\": \"%s\", \"ns\": %.2f, "
                    "\"ns_per_entry\": %.3f, \"bytes_per_second\": %.0f, "
                    "\"per_memcpy\": %.3f, \"per_checksum\": %.3f}",
                    nr == 1 && !i ? "" : ",", nr, bytes, op[i].name, best[i],
                    best[i] / nr, bytes / best[i] * 1e9,
                    best[i] / best[MEMCPY], best[i] / best[CHECKSUM]);
    }
}

int main(int argc, char **argv)
{
    static const unsigned int sizes[] = { 1, 8, 64, MEMMAP_MAX_ENTRIES };
    static double best[NELEM(sizes)][NELEM(op)];
    /* Volatile, so that the compiler cannot leave the two calls out. */
    void *volatile p;
    unsigned long before;
    FILE *json = NULL;

    if ( argc == 3 && !strcmp(argv[1], "--json") )
    {
        json = fopen(argv[2], "w");
        if ( !json )
        {
            fprintf(stderr, "bench_codec: %s: %s\n", argv[2], strerror(errno));
            return 2;
        }
    }
    else if ( argc != 1 )
    {
        fprintf(stderr, "usage: bench_codec [--json FILE]\n");
        return 2;
    }

    /* Does anybody count? */
    before = allocations;
    p = malloc(1);
    free(p);
    if ( allocations != before + 2 )
    {
        fprintf(stderr, "bench_codec: allocations are not seen\n");
        return 1;
    }

    before = allocations;
    for ( unsigned int s = 0; s < NELEM(sizes); s++ )
        measure(sizes[s], best[s]);
    before = allocations - before;

    printf("%7s %7s  %-9s %9s %9s %9s %9s %10s\n", "entries", "bytes",
           "operation", "ns", "ns/entry", "MB/s", "/ memcpy", "/ checksum");
    if ( json )
        fprintf(json, "{\"benchmark\": \"codec\", \"allocations\": %lu, "
                "\"results\": [", before);
    for ( unsigned int s = 0; s < NELEM(sizes); s++ )
    {
        bytes = memmap_record_bytes(sizes[s]);
        report(sizes[s], best[s], json);
    }
    if ( json )
    {
        fprintf(json, "\n]}\n");
        if ( fclose(json) )
        {
            fprintf(stderr, "bench_codec: %s: %s\n", argv[2], strerror(errno));
            return 2;
        }
    }

    printf("%lu allocations\n", before);
    return before ? 1 : 0;
}
