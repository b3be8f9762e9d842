/* SPDX-License-Identifier: MIT */
/*
 * Unit tests of the attack, on the device model's end of the protocol as it ships (protocol/dm.c)
 * behind pretended ports and 640 KiB of pretended memory.
 *
 * Two things are shown: that a correct device withstands it in every state, with as many threads
 * as may be, and that each way in which a device could give in is found.
 */
#include "hostile.h"

#include "dm.h"             /* protocol/: the device model's end */

#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS 4
#define GFN     0x30u
#define LOW     0xbf000000ull
#define HIGH    0x140000000ull
#define LIMIT   (HIGH >> PAGE_SHIFT)

/* What the device does wrong; 0: nothing. */
enum fault {
    NONE, UNSEALS, OBEYS, SAYS_OK, FORGETS_STATE, BUMPS_GENERATION, QUERY_WRITES, NARROW_READ,
    NARROW_WRITE, UNALIGNED_WRITE, OFFER_CHANGES, STRING_WRITE, BELIEVES,
    DIES, NO_INDEX, APPEARS, WORD_SEALS, WORD_QUERIES, MERGES, OFFER_NARROW, WIDE_BEFORE,
};

static struct sim {
    struct ports ports;
    struct memmap_dm dm;
    pthread_mutex_t lock;
    enum fault fault;
    bool absent;
    unsigned int writes;
    unsigned int applied;
    uint32_t offer_xor;
    uint8_t memory[0xa0 * PAGE_SIZE];
} sim;

static struct attack a;
static struct truth truth;

static bool dm_read(void *opaque, uint64_t addr, void *dst, uint32_t bytes)
{
    (void)opaque;
    if (addr + bytes > sizeof(sim.memory)) {
        return false;
    }
    memcpy(dst, sim.memory + addr, bytes);
    return true;
}

static bool dm_write(void *opaque, uint64_t addr, const void *src, uint32_t bytes)
{
    (void)opaque;
    if (addr + bytes > sizeof(sim.memory)) {
        return false;
    }
    memcpy(sim.memory + addr, src, bytes);
    return true;
}

static unsigned int dm_check(void *opaque, unsigned int cmd, const struct memmap_record *r,
                             uint16_t *index)
{
    (void)opaque, (void)cmd, (void)r, (void)index;
    return MEMMAP_OK;
}

static unsigned int dm_apply(void *opaque, const struct memmap_record *r, uint16_t *index)
{
    (void)opaque, (void)r, (void)index;
    sim.applied++;
    return MEMMAP_OK;
}

static bool dm_constraints(void *opaque, struct memmap_layout *l)
{
    struct memmap_range vram = { LIMIT + 0x1000, 0x1000, MEMMAP_NO_SOURCE, MEMMAP_TYPE_OWNED, 0, 0 };
    struct memmap_range rom = { 0xfd000, 0x10, MEMMAP_NO_SOURCE, MEMMAP_TYPE_OWNED, 0, 0 };

    (void)opaque;
    return memmap_layout_set(l, &vram) && memmap_layout_set(l, &rom);
}

static const struct memmap_dm_ops dm_ops = {
    dm_read, dm_write, dm_check, dm_apply, dm_constraints, NULL,
};

static uint32_t one_in(uint16_t port, unsigned int width)
{
    uint32_t v = MEMMAP_REG_ABSENT;

    if (width == 4 || sim.fault == NARROW_READ) {
        v = sim.absent ? MEMMAP_REG_ABSENT : memmap_dm_read(&sim.dm, port - MEMMAP_PORT_BASE);
        if (port == MEMMAP_PORT_BASE + MEMMAP_REG_OFFER) {
            v ^= sim.offer_xor;
        }
    }
    if (sim.fault == APPEARS && sim.writes > 1000) {
        v = 0;
    }
    return width == 4 ? v : v & ((1u << 8 * width) - 1);
}

static void one_out(uint16_t port, unsigned int width, uint32_t v)
{
    unsigned int reg = port - MEMMAP_PORT_BASE, cmd = MEMMAP_DOORBELL_CMD(v);
    bool bell = reg == MEMMAP_REG_DOORBELL;

    sim.writes++;
    if (sim.absent) {
        return;
    }
    if (width != 4) {
        if ((sim.fault == NARROW_WRITE && bell && width == 2) ||
            /* Only what the state allows shows. */
            (sim.fault == WORD_SEALS && bell && cmd == MEMMAP_CMD_SEAL) ||
            (sim.fault == WORD_QUERIES && bell && cmd == MEMMAP_CMD_QUERY && width == 2) ||
            (sim.fault == OFFER_NARROW && reg == MEMMAP_REG_OFFER + 3 && v == 1)) {
            memmap_dm_write(&sim.dm, reg & ~3u, sim.fault == OFFER_NARROW ? v << 24 : v);
        }
        if (sim.fault == MERGES && reg == MEMMAP_REG_DOORBELL + 1 && width == 2 && v == GFN) {
            memmap_dm_write(&sim.dm, MEMMAP_REG_DOORBELL, v << 8 | MEMMAP_CMD_COMMIT);
        }
        return;
    }
    if (sim.fault == WIDE_BEFORE && reg == MEMMAP_REG_DOORBELL - 1) {
        reg = MEMMAP_REG_DOORBELL;
        v >>= 8;
    }
    if (sim.fault == UNALIGNED_WRITE && reg == MEMMAP_REG_DOORBELL + 2) {
        reg = MEMMAP_REG_DOORBELL;
    }
    /* Late, so that it is not the first phase that finds all of them. */
    if (sim.fault == UNSEALS && sim.writes > 6000) {
        sim.dm.state = MEMMAP_ST_COMMITTED;
    }
    if (sim.fault == OBEYS && bell && cmd == MEMMAP_CMD_COMMIT && sim.writes > 6000) {
        sim.dm.state = MEMMAP_ST_NEGOTIATED;
        memmap_dm_write(&sim.dm, reg, v);
        sim.dm.state = MEMMAP_ST_SEALED;
        return;
    }
    if (sim.fault == QUERY_WRITES && bell && cmd == MEMMAP_CMD_QUERY &&
        MEMMAP_DOORBELL_GFN(v) < MEMMAP_VGA_GFN) {
        sim.memory[MEMMAP_DOORBELL_GFN(v) << PAGE_SHIFT] ^= 1;
    }
    memmap_dm_write(&sim.dm, reg, v);
    if (sim.fault == SAYS_OK && bell && cmd == 0x99) {
        sim.dm.error = MEMMAP_OK;
    }
    if (sim.fault == FORGETS_STATE && cmd == 0x42) {
        sim.dm.state = MEMMAP_ST_OFFERED;
    }
    if (sim.fault == BUMPS_GENERATION && reg == MEMMAP_REG_GENERATION) {
        sim.dm.generation++;
    }
    if (sim.fault == OFFER_CHANGES && reg == MEMMAP_REG_SIGNATURE) {
        sim.offer_xor = 1;
    }
    if (sim.fault == NO_INDEX) {
        sim.dm.index = MEMMAP_NO_INDEX;
    }
    if (sim.fault == BELIEVES && sim.dm.error == MEMMAP_E_RAM_SUM) {
        sim.dm.error = MEMMAP_OK;
    }
    if (sim.fault == DIES && sim.writes > 6000) {
        sim.absent = true;
    }
}

static uint32_t sim_in(struct ports *p, uint16_t port, unsigned int width)
{
    uint32_t v;

    (void)p;
    pthread_mutex_lock(&sim.lock);
    v = one_in(port, width);
    pthread_mutex_unlock(&sim.lock);
    return v;
}

static void sim_out(struct ports *p, uint16_t port, unsigned int width, uint32_t v)
{
    (void)p;
    pthread_mutex_lock(&sim.lock);
    one_out(port, width, v);
    pthread_mutex_unlock(&sim.lock);
}

static void sim_ins(struct ports *p, uint16_t port, unsigned int width, void *to, unsigned int n)
{
    for (unsigned int i = 0; i < n; i++) {
        uint32_t v = sim_in(p, port, width);

        memcpy((char *)to + i * width, &v, width);
    }
}

static void sim_outs(struct ports *p, uint16_t port, unsigned int width, const void *from,
                     unsigned int n)
{
    if (sim.fault == STRING_WRITE && port == MEMMAP_PORT_BASE + MEMMAP_REG_DOORBELL) {
        sim.dm.generation++;
    }
    for (unsigned int i = 0; i < n; i++) {
        uint32_t v = 0;

        memcpy(&v, (const char *)from + i * width, width);
        sim_out(p, port, width, v);
    }
}

/* Bring the device into STATE as a firmware would, and the attacker before it. */
static void begin(unsigned int state, enum fault fault)
{
    memset(&sim, 0, sizeof(sim));
    memset(&a, 0, sizeof(a));
    pthread_mutex_init(&sim.lock, NULL);
    sim.ports = (struct ports){ sim_in, sim_out, sim_ins, sim_outs };
    sim.dm.ops = &dm_ops;
    sim.dm.ram_pages = (LOW >> PAGE_SHIFT) - 32 + ((HIGH - FOUR_GIB) >> PAGE_SHIFT);
    sim.dm.gfn_limit = LIMIT + 0x1000;
    sim.dm.features = MEMMAP_FEAT_PUBLISH;
    memmap_dm_reset(&sim.dm);
    truth_init(&truth, LOW, HIGH, 0);
    a.ports = &sim.ports;
    a.truth = &truth;
    a.gfn = GFN;
    a.nr = THREADS;
    a.seed = 1;
    a.buffer = sim.memory + GFN * PAGE_SIZE;
    if (state != MEMMAP_ST_OFFERED) {
        const uint16_t bell = MEMMAP_PORT_BASE + MEMMAP_REG_DOORBELL;

        sim_out(&sim.ports, MEMMAP_PORT_BASE + MEMMAP_REG_OFFER, 4, MEMMAP_OFFER(1, 0, 0));
        sim_out(&sim.ports, bell, 4, MEMMAP_DOORBELL(MEMMAP_CMD_QUERY, GFN));
        ck_assert_uint_eq(truth_constraints(&truth, a.buffer), MEMMAP_OK);
        if (state == MEMMAP_ST_SEALED) {
            truth_tell(&truth, a.buffer);
            sim_out(&sim.ports, bell, 4, MEMMAP_DOORBELL(MEMMAP_CMD_COMMIT, GFN));
            ck_assert_uint_eq(sim.dm.error, MEMMAP_OK);
            sim_out(&sim.ports, bell, 4, MEMMAP_DOORBELL(MEMMAP_CMD_SEAL, 0));
            truth.record.generation++;
        }
    }
    a.negotiated = state == MEMMAP_ST_NEGOTIATED;
    memmapdev_read(&sim.ports, &a.first);
    sim.fault = fault;
    sim.applied = 0;
    sim.writes = 0;
}

static _Atomic bool stop;

static void *attacker(void *arg)
{
    unsigned int n = (unsigned int)(uintptr_t)arg;

    if (n == THREADS) {
        attack_buffers(&a, &stop, NULL);
    } else {
        attack_at_random(&a, n, 40000);
    }
    return NULL;
}

static void all_at_once(void)
{
    pthread_t t[THREADS + 1];

    stop = false;
    for (uintptr_t i = 0; i <= THREADS; i++) {
        ck_assert_int_eq(pthread_create(&t[i], NULL, attacker, (void *)i), 0);
    }
    for (unsigned int i = 0; i <= THREADS; i++) {
        stop = i == THREADS;
        pthread_join(t[i], NULL);
    }
}

static void everything(void)
{
    if (a.negotiated) {
        attack_with_lies(&a);
        if (!a.wrong) {
            attack_narrow(&a);
        }
    } else {
        attack_in_order(&a);
    }
    if (!a.wrong) {
        all_at_once();
    }
    attack_compare(&a, "everything");
}

START_TEST(test_every_lie)
{
    static uint8_t buf[MEMMAP_BUFFER_BYTES];
    unsigned int owned = 0;

    /* The truth is believed, so it is the lie that each of them is refused for. */
    begin(MEMMAP_ST_NEGOTIATED, NONE);
    truth_tell(&truth, a.buffer);
    sim_out(&sim.ports, MEMMAP_PORT_BASE + MEMMAP_REG_DOORBELL, 4,
            MEMMAP_DOORBELL(MEMMAP_CMD_PREPARE, GFN));
    ck_assert_uint_eq(sim.dm.error, MEMMAP_OK);

    begin(MEMMAP_ST_NEGOTIATED, NONE);
    attack_with_lies(&a);
    ck_assert_msg(!a.wrong, "%s", a.text);
    ck_assert_uint_eq(a.records, 2 * nr_lies);
    ck_assert_uint_eq(sim.applied, 0);

    /* What cannot be told without QUERY is told of nobody. */
    truth_init(&truth, LOW, HIGH, 0);
    for (unsigned int n = 0; n < nr_lies; n++) {
        owned += !lie_tell(n, &truth, buf);
    }
    ck_assert_uint_eq(owned, 2);

    /* A guest without RAM above 4 GiB. */
    begin(MEMMAP_ST_NEGOTIATED, NONE);
    truth_init(&truth, LOW, 0, 0);
    sim.dm.ram_pages = (LOW >> PAGE_SHIFT) - 32;
    attack_with_lies(&a);
    ck_assert_msg(!a.wrong, "%s", a.text);
}
END_TEST

static void *meddler(void *arg)
{
    volatile uint8_t *entry = (uint8_t *)arg + MEMMAP_HDR_BYTES + MEMMAP_ENT_PAGES;

    while (!stop) {
        *entry ^= 1;
    }
    return NULL;
}

/* Whatever others write there meanwhile: a checksum of that would make it a record. */
START_TEST(test_a_checksum_is_of_the_lie)
{
    static uint8_t alone[MEMMAP_BUFFER_BYTES], shared[MEMMAP_BUFFER_BYTES];
    pthread_t t;
    unsigned int wrong = 0;

    begin(MEMMAP_ST_NEGOTIATED, NONE);
    stop = false;
    ck_assert_int_eq(pthread_create(&t, NULL, meddler, shared), 0);
    for (unsigned int i = 0; i < 500; i++) {
        for (unsigned int n = 0; n < nr_lies; n++) {
            if (lie_tell(n, &truth, alone)) {
                lie_tell(n, &truth, shared);
                wrong += memcmp(alone + MEMMAP_HDR_CHECKSUM, shared + MEMMAP_HDR_CHECKSUM, 4) != 0;
            }
        }
    }
    stop = true;
    pthread_join(t, NULL);
    ck_assert_uint_eq(wrong, 0);
}
END_TEST

START_TEST(test_owned_below_limit)
{
    /* With VRAM where RAM could be, OWNED is the answer and not RANGE. */
    begin(MEMMAP_ST_NEGOTIATED, NONE);
    sim.dm.gfn_limit = truth.device_limit = LIMIT + 0x2000;
    attack_with_lies(&a);
    ck_assert_msg(!a.wrong, "%s", a.text);
}
END_TEST

/*
 * Not NEGOTIATED: of two processors that write to one buffer, one may happen to undo the other's
 * lie, and the truth is rightly accepted. One at a time it is test_every_lie.
 */
static const unsigned int states[] = { MEMMAP_ST_OFFERED, MEMMAP_ST_SEALED };

START_TEST(test_withstood)
{
    begin(states[_i], NONE);
    everything();
    ck_assert_msg(!a.wrong, "%s", a.text);
    ck_assert_uint_eq(sim.applied, 0);
    ck_assert_uint_ge(a.accesses, 40000);
    ck_assert_uint_gt(a.commands, 5000);
    ck_assert_uint_gt(a.records, 5000);
}
END_TEST

/* All of it must have run, or it proves nothing. */
START_TEST(test_ran)
{
    struct attack whole;
    char why[300];

    begin(MEMMAP_ST_OFFERED, NONE);
    a.nr = 1;
    ck_assert(!attack_ran(&a, false, why, sizeof(why)));
    attack_in_order(&a);
    ck_assert(!attack_ran(&a, false, why, sizeof(why)));
    attack_at_random(&a, 0, 2000);
    ck_assert_msg(attack_ran(&a, false, why, sizeof(why)), "%s", why);
    ck_assert(!attack_ran(&a, true, why, sizeof(why)));

    attack_in_order(&a);
    attack_narrow(&a);
    a.lies = 2 * nr_lies;
    ck_assert_msg(attack_ran(&a, true, why, sizeof(why)), "%s", why);
    ck_assert(!attack_ran(&a, false, why, sizeof(why)));
    whole = a;
    whole.in_order--;
    ck_assert(!attack_ran(&whole, true, why, sizeof(why)));
    whole = a;
    whole.narrow--;
    ck_assert(!attack_ran(&whole, true, why, sizeof(why)));
    whole = a;
    whole.lies = 2 * nr_lies - 13;
    ck_assert(!attack_ran(&whole, true, why, sizeof(why)));
    whole = a;
    whole.random = 15;
    ck_assert(!attack_ran(&whole, true, why, sizeof(why)));
}
END_TEST

/* The device that is spoken to has refused every narrow write, and nothing came of any. */
START_TEST(test_narrow)
{
    begin(MEMMAP_ST_NEGOTIATED, NONE);
    attack_with_lies(&a);
    ck_assert_uint_eq(a.lies, 2 * nr_lies);
    attack_narrow(&a);
    ck_assert_msg(!a.wrong, "%s", a.text);
    ck_assert_uint_eq(a.narrow, NARROW_WRITES);
    ck_assert_uint_eq(sim.applied, 0);
    /* At random as well, as long as nobody writes to the buffers. */
    a.negotiated = true;
    attack_at_random(&a, 0, 20000);
    ck_assert_msg(!a.wrong, "%s", a.text);
    ck_assert_uint_eq(sim.applied, 0);

    /* One that answers as the last command did: there is another before it. */
    begin(MEMMAP_ST_NEGOTIATED, WORD_QUERIES);
    attack_narrow(&a);
    ck_assert(a.wrong);

    begin(MEMMAP_ST_NEGOTIATED, WORD_SEALS);
    attack_at_random(&a, 0, 20000);
    ck_assert(a.wrong);
}
END_TEST

START_TEST(test_no_buffer)
{
    begin(MEMMAP_ST_SEALED, NONE);
    a.buffer = NULL;
    attack_in_order(&a);
    attack_at_random(&a, 0, 20000);
    ck_assert_msg(!a.wrong, "%s", a.text);
    ck_assert_uint_eq(a.records, 0);
}
END_TEST

START_TEST(test_absent)
{
    begin(MEMMAP_ST_OFFERED, NONE);
    a.absent = sim.absent = true;
    memmapdev_read(&sim.ports, &a.first);
    everything();
    ck_assert_msg(!a.wrong, "%s", a.text);

    begin(MEMMAP_ST_OFFERED, APPEARS);
    a.absent = sim.absent = true;
    memmapdev_read(&sim.ports, &a.first);
    everything();
    ck_assert(a.wrong);
}
END_TEST

static const struct { enum fault fault; unsigned int state; const char *said; } faults[] = {
    { UNSEALS, MEMMAP_ST_SEALED, "the status reads" },
    { OBEYS, MEMMAP_ST_SEALED, "" },
    { SAYS_OK, MEMMAP_ST_SEALED, "command 153" },
    { SAYS_OK, MEMMAP_ST_OFFERED, "command 153" },
    { FORGETS_STATE, MEMMAP_ST_SEALED, "OFFERED" },
    { BUMPS_GENERATION, MEMMAP_ST_SEALED, "the other registers" },
    { QUERY_WRITES, MEMMAP_ST_SEALED, "the buffer was written" },
    { QUERY_WRITES, MEMMAP_ST_OFFERED, "the buffer was written" },
    { NARROW_READ, MEMMAP_ST_SEALED, "1 bytes at port" },
    { NARROW_WRITE, MEMMAP_ST_SEALED, "a write of 2 bytes" },
    { UNALIGNED_WRITE, MEMMAP_ST_SEALED, "a write of 4 bytes to port 0xaca" },
    { OFFER_CHANGES, MEMMAP_ST_SEALED, "the other registers" },
    { STRING_WRITE, MEMMAP_ST_SEALED, "" },
    { DIES, MEMMAP_ST_SEALED, "0xffffffff" },
    { NARROW_WRITE, MEMMAP_ST_NEGOTIATED, "a write of 2 bytes" },
    { UNALIGNED_WRITE, MEMMAP_ST_NEGOTIATED, "a write of 4 bytes to port 0xaca" },
    { WORD_SEALS, MEMMAP_ST_NEGOTIATED, "a write of 1 bytes to port 0xac8" },
    { MERGES, MEMMAP_ST_NEGOTIATED, "a write of 2 bytes to port 0xac9" },
    { WIDE_BEFORE, MEMMAP_ST_NEGOTIATED, "a write of 4 bytes to port 0xac7" },
    { OFFER_NARROW, MEMMAP_ST_OFFERED, "a write of 1 bytes to port 0xac7" },
    { BELIEVES, MEMMAP_ST_NEGOTIATED, "sum in the header" },
    { NO_INDEX, MEMMAP_ST_NEGOTIATED, "an empty entry" },
};

START_TEST(test_found)
{
    begin(faults[_i].state, faults[_i].fault);
    everything();
    ck_assert_msg(a.wrong, "fault %d was not found", faults[_i].fault);
    ck_assert_msg(strstr(a.text, faults[_i].said), "fault %d: %s", faults[_i].fault, a.text);
}
END_TEST

START_TEST(test_expectations)
{
    struct memmapdev d;
    char why[200];

    begin(MEMMAP_ST_SEALED, NONE);
    ck_assert(memmapdev_is(&a.first, EXPECT_SEALED, why, sizeof(why)));
    ck_assert(!memmapdev_is(&a.first, EXPECT_OFFERED, why, sizeof(why)));
    ck_assert(!memmapdev_is(&a.first, EXPECT_ABSENT, why, sizeof(why)));
    d = a.first;
    d.generation = 0;
    ck_assert(!memmapdev_is(&d, EXPECT_SEALED, why, sizeof(why)));
    d = a.first;
    d.signature ^= 1;
    ck_assert(!memmapdev_is(&d, EXPECT_SEALED, why, sizeof(why)));
    /* Its state counts, whatever its generation. */
    d = a.first;
    d.generation = 0;
    ck_assert(!memmapdev_is(&d, EXPECT_OFFERED, why, sizeof(why)));
    d = a.first;
    d.status = MEMMAP_STATUS(MEMMAP_ST_COMMITTED, MEMMAP_OK, MEMMAP_NO_INDEX);
    ck_assert(!memmapdev_is(&d, EXPECT_SEALED, why, sizeof(why)));
    d = a.first;
    d.offer = MEMMAP_OFFER(2, 0, 0);
    ck_assert(!memmapdev_is(&d, EXPECT_SEALED, why, sizeof(why)));

    begin(MEMMAP_ST_OFFERED, NONE);
    ck_assert(memmapdev_is(&a.first, EXPECT_OFFERED, why, sizeof(why)));
    ck_assert(!memmapdev_is(&a.first, EXPECT_SEALED, why, sizeof(why)));

    sim.absent = true;
    memmapdev_read(&sim.ports, &d);
    ck_assert(memmapdev_is(&d, EXPECT_ABSENT, why, sizeof(why)));
    ck_assert(!memmapdev_is(&d, EXPECT_SEALED, why, sizeof(why)));
    ck_assert_int_eq(memmapdev_word("sealed"), EXPECT_SEALED);
    ck_assert_int_eq(memmapdev_word("seal"), EXPECT_BAD);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("hostile");
    TCase *t = tcase_create("all");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_set_timeout(t, 60);
    tcase_add_test(t, test_every_lie);
    tcase_add_test(t, test_a_checksum_is_of_the_lie);
    tcase_add_test(t, test_owned_below_limit);
    tcase_add_loop_test(t, test_withstood, 0, sizeof(states) / sizeof(states[0]));
    tcase_add_test(t, test_ran);
    tcase_add_test(t, test_narrow);
    tcase_add_test(t, test_no_buffer);
    tcase_add_test(t, test_absent);
    tcase_add_loop_test(t, test_found, 0, sizeof(faults) / sizeof(faults[0]));
    tcase_add_test(t, test_expectations);
    suite_add_tcase(s, t);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
