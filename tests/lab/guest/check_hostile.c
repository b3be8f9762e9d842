/* SPDX-License-Identifier: MIT */
/*
 * What is promised: once the firmware has sealed the memory-map device, nothing that root in the
 * guest does to its ports or to its buffers moves a page. Every command is refused with STATE, the
 * device stays sealed, its generation is the firmware's, and the device model lives on.
 *
 * What could go wrong: a command number, a width, an offset or a string instruction that the
 * check for the state does not stand in front of; an access that is taken for another because it
 * reaches over a register's end; a refused QUERY that writes its answer all the same; a record
 * that is read twice, and changed in between by another processor; a state that two processors
 * see half changed.
 *
 * So, as root after boot: every command number with every kind of buffer, one after the other,
 * where each status is exactly known; then from all processors at once, accesses of all widths and
 * offsets with random values, string instructions, and records that are true but for one thing
 * (lies.c) or true altogether, in buffers below 640 KiB that other processors write to meanwhile.
 * With count= accesses at most, and for no longer than seconds=; each costs about 100 us in nested
 * emulation, but 20 ms where the machine has other things to do. Checks that come after this one on the command line (nvme, bar) show that the device model survived.
 *
 * The buffers: Linux keeps all RAM below 1 MiB to itself and uses next to none of it, and
 * /dev/mem can be mapped there whatever CONFIG_STRICT_DEVMEM says (only read() is made to return
 * zeros). It is the one place where this program writes to memory that it did not get from the
 * kernel; what was there is put back.
 *
 * expect=offered is for firmware that does not know the protocol: nobody negotiated, so all is
 * refused just the same. With negotiate=1 the guest then speaks for itself, as PROTOCOL.md,
 * section 9, expects of it: each false record must get its own error, alone first, then with all
 * processors at it; then the guest seals, and all of the above follows. It commits nothing.
 * expect=absent is for a device model without the device: all reads are all ones.
 */
#include "hostile.h"

#include <errno.h>
#include <fcntl.h>          /* open */
#include <pthread.h>
#include <sched.h>          /* CPU_SET, sched_getaffinity */
#include <stdio.h>
#include <stdlib.h>         /* malloc */
#include <string.h>
#include <sys/mman.h>
#include <time.h>           /* clock_gettime, nanosleep */
#include <unistd.h>

#define FIRST_GFN 0x30u     /* above what boot loaders and the processors' start-up code use */
#define LAST_GFN  0x90u
#define BUFFERS_PAGES(n) ((n) * MEMMAP_BUFFER_PAGES)

struct worker {
    pthread_t thread;
    struct attack *a;
    unsigned int n, cpu, count;
    _Atomic bool *stop;         /* set: it does nothing but change buffers */
    bool failed;                /* could not be put on its processor */
};

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double began, noted, until;      /* seconds; until 0: no end yet */

/* A word now and then, because the lab takes silence for the end; and an end. */
static void tick(struct attack *a)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    double t = now();

    if (until && t > until) {
        a->over = true;
    }
    if (!pthread_mutex_trylock(&lock)) {
        if (t > noted + 30) {
            noted = t;
            say("note hostile: %u accesses in %.0f s", a->accesses, t - began);
        }
        pthread_mutex_unlock(&lock);
    }
}

/* With one processor, who writes to buffers without a pause lets nobody else ring. */
static void rest(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = 200000 }, NULL);
}

static void *work(void *arg)
{
    struct worker *w = arg;
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(w->cpu, &set);
    w->failed = sched_setaffinity(0, sizeof(set), &set) != 0;
    if (w->stop) {
        attack_buffers(w->a, w->stop, w->a->nr > 1 ? NULL : rest);
    } else {
        attack_at_random(w->a, w->n, w->count);
    }
    return NULL;
}

/* All of CPUS at the ports, and one more thread at the buffers. False: O is an error. */
static bool all_at_once(struct attack *a, const unsigned int *cpus, unsigned int count,
                        struct outcome *o)
{
    struct worker w[ATTACK_THREADS + 1] = { 0 };
    _Atomic bool stop = false;
    unsigned int started = 0, nr = a->nr + (a->buffer ? 1 : 0);
    int rc = 0;

    for (unsigned int i = 0; i < nr && !rc; i++) {
        w[i] = (struct worker){ .a = a, .n = i, .cpu = cpus[i % a->nr], .count = count,
                                .stop = i < a->nr ? NULL : &stop };
        if (i == a->nr) {
            w[i].cpu = cpus[a->nr - 1];
        }
        rc = pthread_create(&w[i].thread, NULL, work, &w[i]);
        started += !rc;
    }
    for (unsigned int i = 0; i < started; i++) {
        if (i == a->nr || rc) {
            stop = true;
        }
        pthread_join(w[i].thread, NULL);
        if (w[i].failed && !rc) {
            rc = EINVAL;        /* sched_setaffinity: no such processor any more */
        }
    }
    if (rc) {
        outcome(o, ERROR, "a thread on each of %u processors: %s", a->nr, strerror(rc));
    }
    return !rc;
}

/* Which processors there are. */
static unsigned int processors(unsigned int *cpus)
{
    unsigned int nr = 0;
    cpu_set_t set;

    CPU_ZERO(&set);
    sched_getaffinity(0, sizeof(set), &set);
    for (unsigned int i = 0; i < CPU_SETSIZE && nr < ATTACK_THREADS; i++) {
        if (CPU_ISSET(i, &set)) {
            cpus[nr++] = i;
        }
    }
    return nr;
}

/*
 * BUFFERS buffers in RAM below 640 KiB, at *GFN. NULL: WHY says why not. SAVED is what to put
 * back.
 */
static uint8_t *map_buffers(const struct e820 *map, unsigned int buffers, uint32_t *gfn,
                            uint8_t **saved, char *why, size_t size)
{
    size_t bytes = BUFFERS_PAGES(buffers) * PAGE_SIZE;
    uint32_t at = FIRST_GFN;
    bool ram = false;
    void *p;
    int fd;

    for (; at + BUFFERS_PAGES(buffers) <= LAST_GFN && !ram; at++) {
        for (unsigned int i = 0; i < map->nr; i++) {
            ram |= map->e[i].ram && map->e[i].r.start <= at * PAGE_SIZE &&
                   map->e[i].r.end >= at * PAGE_SIZE + bytes;
        }
        if (ram) {
            break;
        }
    }
    if (!ram) {
        snprintf(why, size, "the firmware's map has no %zu bytes of RAM below 640 KiB", bytes);
        return NULL;
    }
    fd = open("/dev/mem", O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        snprintf(why, size, "/dev/mem: %s", strerror(errno));
        return NULL;
    }
    p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)(at * PAGE_SIZE));
    snprintf(why, size, "/dev/mem at 0x%lx: %s", at * PAGE_SIZE, strerror(errno));
    close(fd);
    *saved = p == MAP_FAILED ? NULL : malloc(bytes);
    if (!*saved) {
        return NULL;
    }
    memcpy(*saved, p, bytes);
    *gfn = at;
    return p;
}

/* Talk to a device that nobody talked to. False: O says what was wrong. */
static bool negotiate(struct attack *a, struct truth *t, struct outcome *o)
{
    const uint16_t doorbell = MEMMAP_PORT_BASE + MEMMAP_REG_DOORBELL;
    unsigned int error;
    uint32_t status;

    a->ports->out(a->ports, MEMMAP_PORT_BASE + MEMMAP_REG_OFFER, 4, a->first.offer);
    status = a->ports->in(a->ports, doorbell, 4);
    if (status != MEMMAP_STATUS(MEMMAP_ST_NEGOTIATED, MEMMAP_OK, MEMMAP_NO_INDEX)) {
        outcome(o, FAILURE, "its own offer 0x%x was refused: status 0x%x", a->first.offer, status);
        return false;
    }
    memset(a->buffer, 0, MEMMAP_BUFFER_BYTES);
    a->ports->out(a->ports, doorbell, 4, MEMMAP_DOORBELL(MEMMAP_CMD_QUERY, a->gfn));
    status = a->ports->in(a->ports, doorbell, 4);
    error = MEMMAP_STATUS_ERROR(status) ? MEMMAP_STATUS_ERROR(status)
                                        : truth_constraints(t, a->buffer);
    if (error) {
        outcome(o, FAILURE, "QUERY into gfn 0x%x: status 0x%x, %s", a->gfn, status,
                memmap_strerror(error));
        return false;
    }
    memmapdev_read(a->ports, &a->first);
    a->negotiated = true;
    return true;
}

static bool seal(struct attack *a, struct outcome *o)
{
    const uint16_t doorbell = MEMMAP_PORT_BASE + MEMMAP_REG_DOORBELL;
    uint32_t status;

    a->ports->out(a->ports, doorbell, 4, MEMMAP_DOORBELL(MEMMAP_CMD_SEAL, 0));
    status = a->ports->in(a->ports, doorbell, 4);
    if (status != MEMMAP_STATUS(MEMMAP_ST_SEALED, MEMMAP_OK, MEMMAP_NO_INDEX)) {
        outcome(o, FAILURE, "SEAL after refused records: status 0x%x", status);
        return false;
    }
    memmapdev_read(a->ports, &a->first);
    a->negotiated = false;
    return true;
}

/* False: O says why it came to an end of another kind than A has words for. */
static bool everything(struct attack *a, struct truth *t, const unsigned int *cpus,
                       unsigned int count, double seconds, bool talk, struct outcome *o)
{
    attack_in_order(a);
    if (talk && !a->wrong) {
        if (!negotiate(a, t, o)) {
            return false;
        }
        attack_with_lies(a);
        if (!a->wrong) {
            attack_narrow(a);
        }
        until = now() + seconds / 2;
        if (!a->wrong && !all_at_once(a, cpus, count / 2, o)) {
            return false;
        }
        attack_compare(a, "false records from everywhere");
        if (!a->wrong && !seal(a, o)) {
            return false;
        }
        if (!a->wrong) {
            attack_in_order(a);
        }
    }
    a->over = false;
    until = now() + seconds;
    if (!a->wrong && !all_at_once(a, cpus, count, o)) {
        return false;
    }
    attack_compare(a, "accesses from everywhere");
    return true;
}

static void run(struct params *p, struct outcome *o)
{
    static struct truth truth;
    static struct e820 map;
    static const char *const words[] = { "sealed", "untouched", "absent" };
    unsigned int count = (unsigned int)param_size(p, "count", 20000);
    unsigned int seconds = (unsigned int)param_size(p, "seconds", 60);
    bool talk = param_size(p, "negotiate", 0) != 0;
    enum memmapdev_expect expect = memmapdev_word(param_string(p, "expect", "sealed"));
    struct attack a = { .seed = param_size(p, "seed", 1), .tick = tick };
    unsigned int cpus[ATTACK_THREADS];
    uint8_t *saved = NULL;
    struct ports ports;
    uint64_t low, high;
    bool done;
    char why[300] = "";

    if (!params_ok(p, o)) {
        return;
    }
    if (expect == EXPECT_BAD || (talk && expect != EXPECT_OFFERED)) {
        outcome(o, ERROR, "expect= is sealed, offered or absent, and negotiate=1 is for offered");
        return;
    }
    if (!e820_read(&map)) {
        outcome(o, ERROR, "/sys/firmware/memmap cannot be read");
        return;
    }
    if (!ports_open(&ports, why, sizeof(why))) {
        outcome(o, ERROR, "%s", why);
        return;
    }
    a.ports = &ports;
    memmapdev_read(&ports, &a.first);
    if (!memmapdev_is(&a.first, expect, why, sizeof(why))) {
        outcome(o, FAILURE, "%s", why);
        return;
    }
    a.absent = expect == EXPECT_ABSENT;
    a.nr = processors(cpus);
    a.buffer = map_buffers(&map, a.nr, &a.gfn, &saved, why, sizeof(why));
    if (!a.buffer) {
        if (talk) {
            outcome(o, ERROR, "no buffer for a conversation: %s", why);
            return;
        }
        say("note hostile: no records, %s", why);
        a.gfn = FIRST_GFN;
    }
    e820_ram_ends(&map, &low, &high);
    truth_init(&truth, low, high, a.absent ? 0 : a.first.generation);
    a.truth = &truth;

    say("note hostile: %u processors, %s, buffers at gfn 0x%x", a.nr, words[expect], a.gfn);
    began = noted = now();
    until = 0;
    done = everything(&a, &truth, cpus, count, seconds, talk, o);
    if (a.buffer) {
        memcpy(a.buffer, saved, BUFFERS_PAGES(a.nr) * PAGE_SIZE);
    }
    if (!done) {
        return;
    }
    if (a.wrong) {
        outcome(o, FAILURE, "%s", a.text);
        return;
    }
    if (!attack_ran(&a, talk, why, sizeof(why))) {
        outcome(o, ERROR, "not all of the attack took place: %s", why);
        return;
    }
    outcome(o, SUCCESS, "%u accesses by %u processors in %.1f s, %u commands, %u records, %u narrow "
            "writes: %s, generation %u as before", a.accesses, a.nr, now() - began, a.commands,
            a.records, a.narrow,
            a.absent ? "nobody answered" : talk ? "each false one refused for what it was, all "
            "after SEAL refused" : expect == EXPECT_SEALED ? "all refused, still sealed" :
            "all refused, still on offer", a.absent ? 0 : a.first.generation);
}

const struct check check_hostile = {
    .name = "hostile",
    .summary = "root attacks the memory-map device from all processors; nothing may change",
    .params = "expect=sealed|offered|absent (default sealed) negotiate=0|1 count=N (default "
              "20000) seconds=N (default 60) seed=N",
    .run = run,
};
