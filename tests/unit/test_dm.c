/* SPDX-License-Identifier: MIT */
/*
 * The device model's end (PROTOCOL.md, sections 3, 5 and 6).
 *
 * Whoever can write to the ports is hostile, or becomes so: the firmware's guest
 * runs on them until SEAL, and every vCPU can write to the buffer at any time.
 * The device model promises that a refused command changes nothing but the
 * status; that it looks at each byte of the buffer once; that a generation is
 * taken once; that after SEAL nothing is taken until reset.
 */
#include "suites.h"

#include <stdlib.h>
#include <string.h>

#include "rig.h"

static struct rig rig;
static struct memmap_range storage[MEMMAP_MAX_ENTRIES + 1];

static void setup(void)
{
    rig_init(&rig);
}

static uint32_t offer(void)
{
    return memmap_dm_read(&rig.dm, MEMMAP_REG_OFFER);
}

static uint32_t choose(uint32_t val)
{
    memmap_dm_write(&rig.dm, MEMMAP_REG_OFFER, val);
    return memmap_dm_read(&rig.dm, MEMMAP_REG_DOORBELL);
}

#define OK_IN(state) MEMMAP_STATUS(state, MEMMAP_OK, MEMMAP_NO_INDEX)
#define ERR_IN(state, err) MEMMAP_STATUS(state, err, MEMMAP_NO_INDEX)

START_TEST(registers_after_reset)
{
    ck_assert_uint_eq(memmap_dm_read(&rig.dm, MEMMAP_REG_SIGNATURE),
                      0x70614d58);
    ck_assert_uint_eq(offer(), 0x01000003);
    ck_assert_uint_eq(memmap_dm_read(&rig.dm, MEMMAP_REG_DOORBELL),
                      0xffff0000);
    ck_assert_uint_eq(memmap_dm_read(&rig.dm, MEMMAP_REG_GENERATION), 0);
}
END_TEST

/* What is no register reads as nothing and takes nothing; not even a report. */
START_TEST(not_a_register)
{
    static const unsigned int regs[] = {
        MEMMAP_REG_SIGNATURE, 1, 2, 3, 5, 6, 7, 9, 10, 11,
        MEMMAP_REG_GENERATION, 13, 14, 15, 16, 20, ~0u,
    };

    for ( unsigned int i = 0; i < NELEM(regs); i++ )
    {
        if ( regs[i] % 4 || regs[i] >= MEMMAP_PORT_COUNT )
            ck_assert_uint_eq(memmap_dm_read(&rig.dm, regs[i]),
                              MEMMAP_REG_ABSENT);
        memmap_dm_write(&rig.dm, regs[i], offer());
        ck_assert_uint_eq(rig.dm.state, MEMMAP_ST_OFFERED);
        ck_assert_uint_eq(rig.changes, 0);
    }
    ck_assert_uint_eq(memmap_dm_read(&rig.dm, MEMMAP_REG_GENERATION), 0);
}
END_TEST

static const struct {
    const char *name;
    uint16_t features;
    uint32_t val;
    bool ok;
} choices[] = {
    { "the offer itself", 3, MEMMAP_OFFER(1, 0, 3), true },
    { "fewer features", 3, MEMMAP_OFFER(1, 0, 1), true },
    { "no features", 3, MEMMAP_OFFER(1, 0, 0), true },
    { "no features on offer", 0, MEMMAP_OFFER(1, 0, 0), true },
    { "a feature not on offer", 1, MEMMAP_OFFER(1, 0, 2), false },
    { "a feature not on offer beside one that is", 1, MEMMAP_OFFER(1, 0, 3),
      false },
    { "a feature nobody knows", 3, MEMMAP_OFFER(1, 0, 0x8003), false },
    { "a newer minor", 3, MEMMAP_OFFER(1, 1, 3), false },
    { "the newest minor", 3, MEMMAP_OFFER(1, 255, 3), false },
    { "an older major", 3, MEMMAP_OFFER(0, 0, 3), false },
    { "a newer major", 3, MEMMAP_OFFER(2, 0, 3), false },
    { "all ones", 3, 0xffffffff, false },
    { "zero", 3, 0, false },
};

START_TEST(negotiation)
{
    uint32_t status;

    rig.dm.features = choices[_i].features;
    status = choose(choices[_i].val);
    ck_assert_msg(status == (choices[_i].ok
                             ? OK_IN(MEMMAP_ST_NEGOTIATED)
                             : ERR_IN(MEMMAP_ST_OFFERED, MEMMAP_E_NEGOTIATE)),
                  "\"%s\": %#x", choices[_i].name, status);
    ck_assert_uint_eq(rig.dm.accepted, choices[_i].ok ? choices[_i].val : 0);
    ck_assert_uint_eq(rig.changes, 1);
    ck_assert_uint_eq(rig.last_cmd, 0);
    /* A wrong choice may be followed by a right one. */
    if ( !choices[_i].ok )
        ck_assert_uint_eq(choose(MEMMAP_OFFER(1, 0, 0)),
                          OK_IN(MEMMAP_ST_NEGOTIATED));
}
END_TEST

/* One choice until reset: nobody adds a feature, or takes one away, later. */
START_TEST(second_choice)
{
    for ( unsigned int st = MEMMAP_ST_NEGOTIATED; st <= MEMMAP_ST_SEALED; st++ )
    {
        uint32_t accepted;

        rig_init(&rig);
        rig_reach(&rig, st);
        accepted = rig.dm.accepted;
        ck_assert_uint_eq(rig.dm.state, st);
        ck_assert_uint_eq(choose(MEMMAP_OFFER(1, 0, 1)),
                          ERR_IN(st, MEMMAP_E_STATE));
        ck_assert_uint_eq(rig.dm.accepted, accepted);
    }
}
END_TEST

/* Every command in every state, with a record that is good for it. */
static const struct {
    unsigned int cmd;
    /* Error and next state, from OFFERED to SEALED. */
    struct { unsigned int err, next; } in[5];
} matrix[] = {
#define SAME(e) { e, MEMMAP_ST_OFFERED }, { e, MEMMAP_ST_NEGOTIATED }, \
                { e, MEMMAP_ST_PREPARED }, { e, MEMMAP_ST_COMMITTED }, \
                { e, MEMMAP_ST_SEALED }
#define TO(st)  { MEMMAP_E_STATE, MEMMAP_ST_OFFERED }, { 0, st }, { 0, st }, \
                { 0, st }, { MEMMAP_E_STATE, MEMMAP_ST_SEALED }
    { 0, { SAME(MEMMAP_E_COMMAND) } },
    { MEMMAP_CMD_QUERY, { { MEMMAP_E_STATE, MEMMAP_ST_OFFERED },
                          { 0, MEMMAP_ST_NEGOTIATED },
                          { 0, MEMMAP_ST_PREPARED },
                          { 0, MEMMAP_ST_COMMITTED },
                          { MEMMAP_E_STATE, MEMMAP_ST_SEALED } } },
    { MEMMAP_CMD_PREPARE, { TO(MEMMAP_ST_PREPARED) } },
    { MEMMAP_CMD_COMMIT, { TO(MEMMAP_ST_COMMITTED) } },
    { MEMMAP_CMD_SEAL, { TO(MEMMAP_ST_SEALED) } },
    { 5, { SAME(MEMMAP_E_COMMAND) } },
    { 0x80, { SAME(MEMMAP_E_COMMAND) } },
    { 0xff, { SAME(MEMMAP_E_COMMAND) } },
};

START_TEST(every_command_in_every_state)
{
    for ( unsigned int st = 0; st < NELEM(matrix[0].in); st++ )
    {
        struct memmap_record r;
        uint32_t status;
        unsigned int applies, changes;

        rig_init(&rig);
        rig_reach(&rig, st);
        ck_assert_uint_eq(rig.dm.state, st);
        rig_record(&rig, &r, storage);
        rig_put(&rig, &r);
        applies = rig.applies;
        changes = rig.changes;
        status = rig_cmd(&rig, matrix[_i].cmd);
        ck_assert_msg(status == ERR_IN(matrix[_i].in[st].next,
                                       matrix[_i].in[st].err),
                      "command %u in %s: \"%s\", %s", matrix[_i].cmd,
                      memmap_strstate(st),
                      memmap_strerror(MEMMAP_STATUS_ERROR(status)),
                      memmap_strstate(MEMMAP_STATUS_STATE(status)));
        ck_assert_uint_eq(rig.applies - applies,
                          matrix[_i].cmd == MEMMAP_CMD_COMMIT &&
                          !matrix[_i].in[st].err);
        ck_assert_uint_eq(rig.changes - changes, 1);
        ck_assert_uint_eq(rig.last_cmd, matrix[_i].cmd);
        /* Reading the status does not change it. */
        ck_assert_uint_eq(memmap_dm_read(&rig.dm, MEMMAP_REG_DOORBELL),
                          status);
    }
}
END_TEST

/* Where the buffer may be: the whole of it in RAM that nobody argues about. */
static const struct {
    uint32_t gfn;
    bool ok;
} places[] = {
    { 0, true }, { 1, true }, { 0x90, true },
    { MEMMAP_BUFFER_GFN_END - MEMMAP_BUFFER_PAGES, true },
    { MEMMAP_BUFFER_GFN_END - MEMMAP_BUFFER_PAGES + 1, false },
    { MEMMAP_BUFFER_GFN_END - 1, false },
    { MEMMAP_BUFFER_GFN_END, false },
    { 0xc0, false }, { 0x100, false }, { 0x100000, false },
    { 0xffffff, false },
};

START_TEST(buffer_place)
{
    static const unsigned int cmds[] = {
        MEMMAP_CMD_QUERY, MEMMAP_CMD_PREPARE, MEMMAP_CMD_COMMIT,
        MEMMAP_CMD_SEAL,
    };

    for ( unsigned int c = 0; c < NELEM(cmds); c++ )
    {
        struct memmap_record r;
        bool ok = places[_i].ok || cmds[c] == MEMMAP_CMD_SEAL;
        uint32_t status;

        rig_init(&rig);
        rig_negotiate(&rig);
        rig_record(&rig, &r, storage);
        if ( places[_i].ok )
            memmap_pack(&r, rig.ram + (places[_i].gfn << 12),
                        MEMMAP_BUFFER_BYTES);
        memmap_dm_write(&rig.dm, MEMMAP_REG_DOORBELL,
                        MEMMAP_DOORBELL(cmds[c], places[_i].gfn));
        status = memmap_dm_read(&rig.dm, MEMMAP_REG_DOORBELL);
        ck_assert_msg(MEMMAP_STATUS_ERROR(status) ==
                      (ok ? MEMMAP_OK : MEMMAP_E_BUFFER),
                      "gfn %#x, command %u: \"%s\"", places[_i].gfn, cmds[c],
                      memmap_strerror(MEMMAP_STATUS_ERROR(status)));
        if ( !ok )
            ck_assert_uint_eq(rig.reads + rig.writes, 0);
    }
}
END_TEST

/* The answer to QUERY. */
START_TEST(query_answer)
{
    struct memmap_range got[8];
    struct memmap_record r;
    uint16_t index;

    rig.dm.generation = 41;
    rig_negotiate(&rig);
    ck_assert_uint_eq(rig_cmd(&rig, MEMMAP_CMD_QUERY),
                      OK_IN(MEMMAP_ST_NEGOTIATED));
    memmap_layout_init(&r.layout, got, NELEM(got));
    ck_assert_uint_eq(memmap_unpack(&r, MEMMAP_KIND_CONSTRAINTS, rig_buf(&rig),
                                    MEMMAP_BUFFER_BYTES, &index), MEMMAP_OK);
    ck_assert_uint_eq(r.flags, 0);
    ck_assert_uint_eq(r.generation, 41);
    ck_assert_uint_eq(r.gfn_limit, RIG_GFN_LIMIT);
    ck_assert_uint_eq(r.layout.nr, 1);
    ck_assert_uint_eq(got[0].type, MEMMAP_TYPE_OWNED);
    ck_assert_uint_eq(got[0].gfn, RIG_OWNED_GFN);
    ck_assert_uint_eq(got[0].pages, RIG_OWNED_NR);
    ck_assert_uint_eq(rig.reads, 0);
}
END_TEST

START_TEST(query_failures)
{
    rig_negotiate(&rig);
    rig.fail_write = true;
    ck_assert_uint_eq(rig_cmd(&rig, MEMMAP_CMD_QUERY),
                      ERR_IN(MEMMAP_ST_NEGOTIATED, MEMMAP_E_BUFFER));
    rig.fail_write = false;
    rig.fail_constraints = true;
    ck_assert_uint_eq(rig_cmd(&rig, MEMMAP_CMD_QUERY),
                      ERR_IN(MEMMAP_ST_NEGOTIATED, MEMMAP_E_APPLY));
    ck_assert_uint_eq(rig.writes, 1);
}
END_TEST

static bool too_many(void *opaque, struct memmap_layout *l)
{
    (void)opaque;
    /* As a callback would that has its own storage and does not count. */
    l->range = storage;
    l->nr = MEMMAP_MAX_ENTRIES + 1;
    return true;
}

/* Optional callbacks, and one that hands over more than a record can hold. */
START_TEST(optional_callbacks)
{
    struct memmap_dm_ops ops = *rig.dm.ops;
    struct memmap_range got[8];
    struct memmap_record r;
    uint16_t index;

    rig.dm.ops = &ops;
    ops.changed = NULL;
    ops.constraints = NULL;
    rig_negotiate(&rig);
    ck_assert_uint_eq(rig_cmd(&rig, MEMMAP_CMD_QUERY),
                      OK_IN(MEMMAP_ST_NEGOTIATED));
    ck_assert_uint_eq(rig.changes, 0);
    memmap_layout_init(&r.layout, got, NELEM(got));
    ck_assert_uint_eq(memmap_unpack(&r, MEMMAP_KIND_CONSTRAINTS, rig_buf(&rig),
                                    MEMMAP_BUFFER_BYTES, &index), MEMMAP_OK);
    ck_assert_uint_eq(r.layout.nr, 0);

    rig_record(&rig, &r, storage);
    ck_assert(memmap_layout_move(&r.layout, RIG_LOW_END - 1, RIG_OWNED_GFN,
                                 1));
    rig_put(&rig, &r);
    ck_assert_uint_eq(rig_cmd(&rig, MEMMAP_CMD_COMMIT),
                      OK_IN(MEMMAP_ST_COMMITTED));

    ops.constraints = too_many;
    ck_assert_uint_eq(rig_cmd(&rig, MEMMAP_CMD_QUERY),
                      ERR_IN(MEMMAP_ST_COMMITTED, MEMMAP_E_APPLY));
}
END_TEST

/* Generations: each once, in turn, and none after the last number. */
START_TEST(generations)
{
    struct memmap_record r;

    rig_negotiate(&rig);
    for ( uint32_t gen = 1; gen <= 5; gen++ )
    {
        rig_record(&rig, &r, storage);
        ck_assert_uint_eq(r.generation, gen);
        rig_put(&rig, &r);
        /* PREPARE takes no generation, however often. */
        rig_cmd(&rig, MEMMAP_CMD_PREPARE);
        rig_cmd(&rig, MEMMAP_CMD_PREPARE);
        ck_assert_uint_eq(rig.dm.generation, gen - 1);
        ck_assert_uint_eq(rig_cmd(&rig, MEMMAP_CMD_COMMIT),
                          OK_IN(MEMMAP_ST_COMMITTED));
        ck_assert_uint_eq(memmap_dm_read(&rig.dm, MEMMAP_REG_GENERATION), gen);
        /* The same bytes again are a replay. */
        ck_assert_uint_eq(rig_cmd(&rig, MEMMAP_CMD_COMMIT),
                          ERR_IN(MEMMAP_ST_COMMITTED, MEMMAP_E_GENERATION));
        ck_assert_uint_eq(rig.applies, gen);
    }
}
END_TEST

static const struct {
    uint32_t now, sent;
    bool ok;
} steps[] = {
    { 0, 1, true }, { 0, 0, false }, { 0, 2, false }, { 0, ~0u, false },
    { 1, 2, true }, { 1, 1, false }, { 1, 0, false }, { 1, 3, false },
    { 0x7fffffff, 0x80000000, true },
    { ~0u - 1, ~0u, true }, { ~0u - 1, 0, false },
    { ~0u, 0, false }, { ~0u, 1, false }, { ~0u, ~0u, false },
};

START_TEST(generation_steps)
{
    struct memmap_record r;

    rig_negotiate(&rig);
    rig.dm.generation = steps[_i].now;
    rig_record(&rig, &r, storage);
    r.generation = steps[_i].sent;
    rig_put(&rig, &r);
    ck_assert_uint_eq(rig_cmd(&rig, MEMMAP_CMD_COMMIT),
                      steps[_i].ok ? OK_IN(MEMMAP_ST_COMMITTED)
                                   : ERR_IN(MEMMAP_ST_NEGOTIATED,
                                            MEMMAP_E_GENERATION));
    ck_assert_uint_eq(rig.dm.generation,
                      steps[_i].ok ? steps[_i].sent : steps[_i].now);
}
END_TEST

START_TEST(sealed_until_reset)
{
    struct memmap_record r;

    rig_reach(&rig, MEMMAP_ST_COMMITTED);
    rig_cmd(&rig, MEMMAP_CMD_SEAL);
    ck_assert_uint_eq(rig.dm.generation, 1);
    for ( unsigned int cmd = MEMMAP_CMD_QUERY; cmd <= MEMMAP_CMD_SEAL; cmd++ )
    {
        rig_record(&rig, &r, storage);
        rig_put(&rig, &r);
        ck_assert_uint_eq(rig_cmd(&rig, cmd),
                          ERR_IN(MEMMAP_ST_SEALED, MEMMAP_E_STATE));
    }
    ck_assert_uint_eq(choose(offer()),
                      ERR_IN(MEMMAP_ST_SEALED, MEMMAP_E_STATE));
    ck_assert_uint_eq(rig.applies, 1);
    ck_assert_uint_eq(rig.writes, 0);

    /* Reset forgets the conversation, not the layout that is in force. */
    memmap_dm_reset(&rig.dm);
    ck_assert_uint_eq(memmap_dm_read(&rig.dm, MEMMAP_REG_DOORBELL),
                      OK_IN(MEMMAP_ST_OFFERED));
    ck_assert_uint_eq(memmap_dm_read(&rig.dm, MEMMAP_REG_GENERATION), 1);
    ck_assert_uint_eq(rig.dm.accepted, 0);
    ck_assert_uint_eq(rig_cmd(&rig, MEMMAP_CMD_COMMIT),
                      ERR_IN(MEMMAP_ST_OFFERED, MEMMAP_E_STATE));
    rig_negotiate(&rig);
    rig_record(&rig, &r, storage);
    ck_assert_uint_eq(r.generation, 2);
    rig_put(&rig, &r);
    ck_assert_uint_eq(rig_cmd(&rig, MEMMAP_CMD_COMMIT),
                      OK_IN(MEMMAP_ST_COMMITTED));
    ck_assert_uint_eq(rig.dm.generation, 2);
}
END_TEST

/*
 * A second vCPU writes to the buffer while the device model reads it.  After each
 * read the whole buffer becomes something else; the answer must be that for the
 * bytes that were read, and no byte may have been read twice.
 */
static void scribble(struct rig *r)
{
    memset(rig_buf(r), 0xff, MEMMAP_BUFFER_BYTES);
}

/* The header grows after it was read: what was copied counts. */
static void grow(struct rig *r)
{
    rig_poke(rig_buf(r) + MEMMAP_HDR_COUNT, 4, MEMMAP_MAX_ENTRIES);
    rig_poke(rig_buf(r) + MEMMAP_HDR_TOTAL_LEN, 4,
             memmap_record_bytes(MEMMAP_MAX_ENTRIES));
    rig_seal_crc(rig_buf(r), memmap_record_bytes(MEMMAP_MAX_ENTRIES));
}

static void assert_read_once(void)
{
    const uint32_t start = RIG_BUF_GFN << 12;

    ck_assert_uint_eq(rig.reads, 1);
    for ( uint32_t i = 0; i < RIG_RAM_BYTES; i++ )
        if ( rig.touched[i] != (i >= start && i < start + MEMMAP_BUFFER_BYTES) )
            ck_abort_msg("byte %u of the buffer read %u times", i - start,
                         rig.touched[i]);
}

START_TEST(each_byte_read_once)
{
    struct memmap_record r;

    rig_negotiate(&rig);
    rig_record(&rig, &r, storage);
    ck_assert(memmap_layout_move(&r.layout, RIG_LOW_END - 0x8000, 0x100000,
                                 0x8000));
    rig_put(&rig, &r);
    ck_assert_uint_eq(rig_cmd(&rig, MEMMAP_CMD_COMMIT),
                      OK_IN(MEMMAP_ST_COMMITTED));
    assert_read_once();
}
END_TEST

START_TEST(buffer_changes_after_the_copy)
{
    struct memmap_record r;

    rig_negotiate(&rig);
    rig_record(&rig, &r, storage);
    rig_put(&rig, &r);
    rig.after_read = scribble;
    ck_assert_uint_eq(rig_cmd(&rig, MEMMAP_CMD_COMMIT),
                      OK_IN(MEMMAP_ST_COMMITTED));
    assert_read_once();
    ck_assert_uint_eq(rig.applied.nr, 2);
}
END_TEST

START_TEST(record_grows_after_the_copy)
{
    struct memmap_record r;

    rig_negotiate(&rig);
    rig_record(&rig, &r, storage);
    rig_put(&rig, &r);
    rig.after_read = grow;
    ck_assert_uint_eq(rig_cmd(&rig, MEMMAP_CMD_COMMIT),
                      OK_IN(MEMMAP_ST_COMMITTED));
    assert_read_once();
    ck_assert_uint_eq(rig.applied.nr, 2);
}
END_TEST

Suite *dm_suite(void)
{
    const struct {
        const char *name;
        const TTest *test;
        unsigned int loops;
    } tests[] = {
        { "registers", registers_after_reset, 1 },
        { "registers", not_a_register, 1 },
        { "negotiation", negotiation, NELEM(choices) },
        { "negotiation", second_choice, 1 },
        { "commands", every_command_in_every_state, NELEM(matrix) },
        { "commands", buffer_place, NELEM(places) },
        { "commands", query_answer, 1 },
        { "commands", query_failures, 1 },
        { "commands", optional_callbacks, 1 },
        { "commands", sealed_until_reset, 1 },
        { "generations", generations, 1 },
        { "generations", generation_steps, NELEM(steps) },
        { "buffer", each_byte_read_once, 1 },
        { "buffer", buffer_changes_after_the_copy, 1 },
        { "buffer", record_grows_after_the_copy, 1 },
    };
    Suite *s = suite_create("dm");
    TCase *tc = NULL;
    const char *name = "";

    for ( unsigned int i = 0; i < NELEM(tests); i++ )
    {
        if ( strcmp(name, tests[i].name) )
        {
            name = tests[i].name;
            tc = tcase_create(name);
            tcase_add_checked_fixture(tc, setup, NULL);
            suite_add_tcase(s, tc);
        }
        tcase_add_loop_test(tc, tests[i].test, 0, tests[i].loops);
    }
    return s;
}
