/* SPDX-License-Identifier: MIT */
/*
 * The firmware's end (fw.h), alone and against the device model's.
 *
 * Firmware promises to behave as if the protocol did not exist when there is no
 * device, and to stop asking one that falls silent: a guest must boot with an
 * old device model, and with one that broke half way.  It must never take a
 * nonsense answer for a yes, because it moves RAM after a yes.
 *
 * Each register access leaves the guest and wakes the device model, so a boot
 * has a budget of them.
 */
#include "suites.h"

#include <string.h>

#include "rig.h"

static struct rig rig;
static struct memmap_range storage[MEMMAP_MAX_ENTRIES + 1];
static struct memmap_range answer[MEMMAP_MAX_ENTRIES];

#define BUDGET 12

static void setup(void)
{
    rig_init(&rig);
}

static unsigned int query(struct memmap_record *r)
{
    memset(r, 0, sizeof(*r));
    memmap_layout_init(&r->layout, answer, NELEM(answer));
    return memmap_fw_query(&rig.fw, r);
}

static void relocated(struct memmap_record *r)
{
    rig_record(&rig, r, storage);
    ck_assert(memmap_layout_move(&r->layout, RIG_LOW_END - 0x8000, 0x100000,
                                 0x8000));
}

/* What a boot says, in order; errors of the five calls into @err. */
static void conversation(unsigned int err[5])
{
    struct memmap_record r;

    err[0] = memmap_fw_probe(&rig.fw);
    err[1] = query(&r);
    relocated(&r);
    err[2] = memmap_fw_prepare(&rig.fw, &r);
    err[3] = memmap_fw_commit(&rig.fw, &r);
    err[4] = memmap_fw_seal(&rig.fw);
}

START_TEST(whole_conversation)
{
    struct memmap_record want;
    unsigned int err[5];

    conversation(err);
    for ( unsigned int i = 0; i < NELEM(err); i++ )
        ck_assert_msg(!err[i], "call %u: \"%s\"", i, memmap_strerror(err[i]));

    relocated(&want);
    ck_assert(memmap_layout_equal(&rig.applied, &want.layout));
    ck_assert_uint_eq(rig.dm.state, MEMMAP_ST_SEALED);
    ck_assert_uint_eq(rig.fw.generation, 1);
    ck_assert_uint_eq(rig.dm.generation, 1);
    ck_assert_uint_eq(rig.fw.agreed, MEMMAP_FEAT_PUBLISH | MEMMAP_FEAT_RDM);
    ck_assert_uint_eq(rig.fw.index, MEMMAP_NO_INDEX);
    ck_assert_uint_eq(rig.fw.accesses, rig.wire);
    ck_assert_uint_le(rig.wire, BUDGET);
}
END_TEST

/* QUERY tells what the device model owns, and which layout is in force. */
START_TEST(query_is_understood)
{
    struct memmap_record r;

    rig.dm.generation = 7;
    ck_assert_uint_eq(memmap_fw_probe(&rig.fw), MEMMAP_OK);
    ck_assert_uint_eq(rig.fw.generation, 0);
    ck_assert_uint_eq(query(&r), MEMMAP_OK);
    ck_assert_uint_eq(rig.fw.generation, 7);
    ck_assert_uint_eq(r.gfn_limit, RIG_GFN_LIMIT);
    ck_assert_uint_eq(r.layout.nr, 1);
    ck_assert(memmap_layout_covers(&r.layout, MEMMAP_TYPE_OWNED, RIG_OWNED_GFN,
                                   RIG_OWNED_NR));
    /* Asked twice into the same storage, it is the same answer. */
    ck_assert_uint_eq(memmap_fw_query(&rig.fw, &r), MEMMAP_OK);
    ck_assert_uint_eq(r.layout.nr, 1);
}
END_TEST

static bool as_many_as_can_be(void *opaque, struct memmap_layout *l)
{
    (void)opaque;
    for ( unsigned int i = 0; i < MEMMAP_MAX_ENTRIES; i++ )
    {
        const struct memmap_range r = {
            .gfn = RIG_OWNED_GFN + 2 * i, .pages = 1,
            .source = MEMMAP_NO_SOURCE, .type = MEMMAP_TYPE_OWNED,
        };

        if ( !memmap_layout_append(l, &r) )
            return false;
    }
    return true;
}

/* An answer as long as there can be one. */
START_TEST(largest_answer)
{
    struct memmap_dm_ops ops = *rig.dm.ops;
    struct memmap_record r;

    rig.dm.ops = &ops;
    ops.constraints = as_many_as_can_be;
    ck_assert_uint_eq(memmap_fw_probe(&rig.fw), MEMMAP_OK);
    ck_assert_uint_eq(query(&r), MEMMAP_OK);
    ck_assert_uint_eq(r.layout.nr, MEMMAP_MAX_ENTRIES);
}
END_TEST

/* QUERY may be asked in any state but the first and the last. */
START_TEST(query_in_every_state)
{
    struct memmap_record r;

    ck_assert_uint_eq(memmap_fw_probe(&rig.fw), MEMMAP_OK);
    ck_assert_uint_eq(query(&r), MEMMAP_OK);
    rig_record(&rig, &r, storage);
    ck_assert_uint_eq(memmap_fw_prepare(&rig.fw, &r), MEMMAP_OK);
    ck_assert_uint_eq(query(&r), MEMMAP_OK);
    ck_assert(rig.fw.present);
    rig_record(&rig, &r, storage);
    ck_assert_uint_eq(memmap_fw_commit(&rig.fw, &r), MEMMAP_OK);
    ck_assert_uint_eq(query(&r), MEMMAP_OK);
    ck_assert_uint_eq(rig.fw.generation, 1);
    ck_assert_uint_eq(memmap_fw_seal(&rig.fw), MEMMAP_OK);
    ck_assert_uint_eq(query(&r), MEMMAP_E_STATE);
    ck_assert(rig.fw.present);
}
END_TEST

/* A second boot of the same domain: the device was reset, RAM is where it was. */
START_TEST(second_boot)
{
    unsigned int err[5];

    conversation(err);
    memmap_dm_reset(&rig.dm);
    conversation(err);
    for ( unsigned int i = 0; i < NELEM(err); i++ )
        ck_assert_uint_eq(err[i], MEMMAP_OK);
    ck_assert_uint_eq(rig.dm.generation, 2);
    ck_assert_uint_eq(rig.fw.generation, 2);
}
END_TEST

/* The final layout, when it differs from the first one committed. */
START_TEST(second_commit)
{
    struct memmap_record r;

    memmap_fw_probe(&rig.fw);
    query(&r);
    relocated(&r);
    ck_assert_uint_eq(memmap_fw_commit(&rig.fw, &r), MEMMAP_OK);
    ck_assert(memmap_layout_clear(&r.layout, RIG_LOW_END - 0x8001, 1));
    r.flags = MEMMAP_RF_RAM_SHRUNK;
    ck_assert_uint_eq(memmap_fw_commit(&rig.fw, &r), MEMMAP_OK);
    ck_assert_uint_eq(rig.fw.generation, 2);
    ck_assert(memmap_layout_equal(&rig.applied, &r.layout));
}
END_TEST

/* Refusals: the index arrives, the conversation goes on, nothing was counted. */
static const struct {
    uint64_t to, pages;
    unsigned int err;
    uint16_t index;
} refusals[] = {
    { RIG_OWNED_GFN, 0x10, MEMMAP_E_OWNED, 2 },
    { RIG_GFN_LIMIT, 0x10, MEMMAP_E_RANGE, 2 },
    { 0xa0, 0x10, MEMMAP_E_FIXED, MEMMAP_NO_INDEX },
};

START_TEST(refused_then_fallback)
{
    struct memmap_record r;

    memmap_fw_probe(&rig.fw);
    query(&r);
    rig_record(&rig, &r, storage);
    r.gfn_limit *= 2;
    ck_assert(memmap_layout_move(&r.layout, RIG_LOW_END - refusals[_i].pages,
                                 refusals[_i].to, refusals[_i].pages));
    ck_assert_uint_eq(memmap_fw_prepare(&rig.fw, &r), refusals[_i].err);
    ck_assert_uint_eq(rig.fw.index, refusals[_i].index);
    ck_assert_uint_eq(memmap_fw_commit(&rig.fw, &r), refusals[_i].err);
    ck_assert_uint_eq(rig.fw.generation, 0);
    ck_assert(rig.fw.present);

    rig_layout(&r.layout, storage);
    ck_assert_uint_eq(memmap_fw_commit(&rig.fw, &r), MEMMAP_OK);
    ck_assert_uint_eq(rig.fw.index, MEMMAP_NO_INDEX);
    ck_assert_uint_eq(rig.fw.generation, 1);
    ck_assert_uint_eq(rig.applies, 1);
}
END_TEST

/* What the caller left in kind and generation is not what is sent. */
START_TEST(send_sets_kind_and_generation)
{
    struct memmap_record r;

    memmap_fw_probe(&rig.fw);
    rig_record(&rig, &r, storage);
    r.kind = MEMMAP_KIND_CONSTRAINTS;
    r.generation = 99;
    ck_assert_uint_eq(memmap_fw_prepare(&rig.fw, &r), MEMMAP_OK);
    ck_assert_uint_eq(r.kind, MEMMAP_KIND_LAYOUT);
    ck_assert_uint_eq(r.generation, 1);
    ck_assert_uint_eq(rig.checked.generation, 1);
    ck_assert_uint_eq(rig.checked.kind, MEMMAP_KIND_LAYOUT);
}
END_TEST

START_TEST(too_many_entries)
{
    struct memmap_record r;
    unsigned int wire;

    memmap_fw_probe(&rig.fw);
    rig_record(&rig, &r, storage);
    for ( unsigned int i = 0; i < NELEM(storage); i++ )
        storage[i] = (struct memmap_range){ 2 * i, 1, 2 * i, MEMMAP_TYPE_RAM,
                                            0, 0 };
    r.layout.nr = r.layout.max = NELEM(storage);
    wire = rig.wire;
    rig.fw.index = 2;           /* what an earlier refusal blamed */
    ck_assert_uint_eq(memmap_fw_prepare(&rig.fw, &r), MEMMAP_E_COUNT);
    ck_assert_uint_eq(rig.fw.index, MEMMAP_NO_INDEX);
    ck_assert_uint_eq(memmap_fw_commit(&rig.fw, &r), MEMMAP_E_COUNT);
    ck_assert_uint_eq(rig.fw.generation, 0);
    /* It never left the firmware. */
    ck_assert_uint_eq(rig.wire, wire);
    ck_assert(rig.fw.present);
}
END_TEST

/* What the other side offers, and what becomes of it. */
static const struct {
    const char *name;
    uint32_t signature, offer;
    uint16_t features, agreed;
    bool present;
} offers[] = {
    { "ours", MEMMAP_SIGNATURE, MEMMAP_OFFER(1, 0, 3), 3, 3, true },
    { "no features", MEMMAP_SIGNATURE, MEMMAP_OFFER(1, 0, 0), 3, 0, true },
    { "one we cannot use", MEMMAP_SIGNATURE, MEMMAP_OFFER(1, 0, 3), 1, 1,
      true },
    { "features nobody knows yet", MEMMAP_SIGNATURE,
      MEMMAP_OFFER(1, 0, 0xffff), 3, 3, true },
    { "firmware without features", MEMMAP_SIGNATURE, MEMMAP_OFFER(1, 0, 3), 0,
      0, true },
    { "newer major", MEMMAP_SIGNATURE, MEMMAP_OFFER(2, 0, 3), 3, 0, false },
    { "older major", MEMMAP_SIGNATURE, MEMMAP_OFFER(0, 9, 3), 3, 0, false },
    { "nobody", MEMMAP_REG_ABSENT, MEMMAP_REG_ABSENT, 3, 0, false },
    { "something else", 0, MEMMAP_OFFER(1, 0, 3), 3, 0, false },
    { "signature in the other order", 0x584d6170, MEMMAP_OFFER(1, 0, 3), 3, 0,
      false },
    { "gone after the signature", MEMMAP_SIGNATURE, MEMMAP_REG_ABSENT, 3, 0,
      false },
};

static struct {
    uint32_t signature, offer, chosen;
    unsigned int in, out;
} peer;

static uint32_t peer_in(void *opaque, unsigned int reg)
{
    (void)opaque;
    peer.in++;
    return reg == MEMMAP_REG_SIGNATURE ? peer.signature : peer.offer;
}

static void peer_out(void *opaque, unsigned int reg, uint32_t val)
{
    (void)opaque;
    ck_assert_uint_eq(reg, MEMMAP_REG_OFFER);
    peer.out++;
    peer.chosen = val;
}

START_TEST(probe_offers)
{
    static const struct memmap_fw_io io = { .in = peer_in, .out = peer_out };

    memset(&peer, 0, sizeof(peer));
    peer.signature = offers[_i].signature;
    peer.offer = offers[_i].offer;
    rig.fw.io = &io;
    rig.fw.features = offers[_i].features;
    rig.fw.present = !offers[_i].present;   /* what an earlier probe left */
    rig.fw.agreed = 0xffff;
    rig.fw.generation = 5;
    rig.fw.index = 2;
    rig.fw.accesses = 1000;

    ck_assert_msg(memmap_fw_probe(&rig.fw) ==
                  (offers[_i].present ? MEMMAP_OK : MEMMAP_E_ABSENT), "%s",
                  offers[_i].name);
    ck_assert_int_eq(rig.fw.present, offers[_i].present);
    ck_assert_uint_eq(rig.fw.agreed, offers[_i].agreed);
    ck_assert_uint_eq(rig.fw.generation, 0);
    ck_assert_uint_eq(rig.fw.index, MEMMAP_NO_INDEX);
    ck_assert_uint_eq(rig.fw.accesses, peer.in + peer.out);
    ck_assert_uint_eq(peer.out, offers[_i].present);
    if ( offers[_i].present )
        ck_assert_uint_eq(peer.chosen, MEMMAP_OFFER(1, 0, offers[_i].agreed));
    else
        ck_assert_uint_le(peer.in, 2);
}
END_TEST

/* A device of any newer minor: firmware chooses the one it knows. */
START_TEST(newer_minor_on_offer)
{
    static const struct memmap_fw_io io = { .in = peer_in, .out = peer_out };

    rig.fw.io = &io;
    peer.signature = MEMMAP_SIGNATURE;
    for ( unsigned int minor = 0; minor < 256; minor++ )
    {
        peer.offer = MEMMAP_OFFER(1, minor, 0);
        ck_assert_uint_eq(memmap_fw_probe(&rig.fw), MEMMAP_OK);
        ck_assert_uint_eq(peer.chosen, MEMMAP_OFFER(1, 0, 0));
    }
}
END_TEST

/* No device: every call says so, and none but the probe touches a port. */
START_TEST(absent_device)
{
    unsigned int err[5];

    rig.vanish_after = 0;
    conversation(err);
    for ( unsigned int i = 0; i < NELEM(err); i++ )
        ck_assert_uint_eq(err[i], MEMMAP_E_ABSENT);
    ck_assert(!rig.fw.present);
    ck_assert_uint_eq(rig.wire, 1);
}
END_TEST

/* A device that goes away after each number of accesses. */
START_TEST(device_vanishes)
{
    unsigned int err[5], wire;
    bool silent = false;

    rig.vanish_after = _i;
    conversation(err);
    for ( unsigned int i = 0; i < NELEM(err); i++ )
    {
        /* Once it is noticed it stays noticed. */
        ck_assert_msg(!silent || err[i] == MEMMAP_E_ABSENT, "call %u", i);
        silent |= err[i] == MEMMAP_E_ABSENT;
        ck_assert_msg(silent || !err[i], "call %u: \"%s\"", i,
                      memmap_strerror(err[i]));
    }
    ck_assert(silent);
    ck_assert(!rig.fw.present);
    /* At most two writes, the choice and the next doorbell, and the read that told. */
    ck_assert_uint_le(rig.wire, _i + 3u);
    /* Firmware never counts a commit of which it did not hear. */
    ck_assert_uint_eq(rig.fw.generation, err[3] ? 0 : 1);
    ck_assert_uint_le(rig.fw.generation, rig.dm.generation);

    wire = rig.wire;
    ck_assert_uint_eq(memmap_fw_seal(&rig.fw), MEMMAP_E_ABSENT);
    ck_assert_uint_eq(rig.wire, wire);
}
END_TEST

/* Answers to a doorbell that are no answer; in the place of each in turn. */
static const uint32_t nonsense[] = {
    0, 0xffffffff, 0x00000001, 0xdeadbeef, 0x80000000, 0x0000ff00, 0xffff0000,
    MEMMAP_STATUS(MEMMAP_ST_OFFERED, MEMMAP_OK, MEMMAP_NO_INDEX),
    MEMMAP_STATUS(MEMMAP_ST_NEGOTIATED, MEMMAP_OK, MEMMAP_NO_INDEX),
    MEMMAP_STATUS(MEMMAP_ST_PREPARED, MEMMAP_OK, MEMMAP_NO_INDEX),
    MEMMAP_STATUS(MEMMAP_ST_COMMITTED, MEMMAP_OK, MEMMAP_NO_INDEX),
    MEMMAP_STATUS(MEMMAP_ST_SEALED, MEMMAP_OK, MEMMAP_NO_INDEX),
    MEMMAP_STATUS(MEMMAP_ST_ABSENT, MEMMAP_OK, MEMMAP_NO_INDEX),
    MEMMAP_STATUS(MEMMAP_ST_COMMITTED, MEMMAP_E_RDM + 1, 3),
    /* "No device" is no device model's answer. */
    MEMMAP_STATUS(MEMMAP_ST_COMMITTED, MEMMAP_E_ABSENT, 3),
};

START_TEST(nonsense_is_no_yes)
{
    /* Access and call: sig, offer, accept | query 3-4 | prepare 5-6 | ... */
    static const struct { int at; unsigned int call, state; } reads[] = {
        { 4, 1, MEMMAP_ST_NEGOTIATED },
        { 6, 2, MEMMAP_ST_PREPARED },
        { 8, 3, MEMMAP_ST_COMMITTED },
        { 10, 4, MEMMAP_ST_SEALED },
    };

    for ( unsigned int i = 0; i < NELEM(reads); i++ )
    {
        const uint32_t val = nonsense[_i];
        unsigned int err[5];
        bool yes = !MEMMAP_STATUS_ERROR(val) &&
                   MEMMAP_STATUS_STATE(val) == reads[i].state;

        rig_init(&rig);
        rig.lie_at = reads[i].at;
        rig.lie = val;
        conversation(err);
        ck_assert_msg(!err[reads[i].call] == yes,
                      "%#x taken for \"%s\" by call %u", val,
                      memmap_strerror(err[reads[i].call]), reads[i].call);
        if ( yes )
            continue;
        /* An error is passed on; success that leads elsewhere is no device. */
        ck_assert_uint_eq(err[reads[i].call],
                          val == MEMMAP_REG_ABSENT ||
                          !MEMMAP_STATUS_ERROR(val)
                          ? MEMMAP_E_ABSENT : MEMMAP_STATUS_ERROR(val));
        ck_assert_uint_eq(rig.fw.generation, !err[3]);
        if ( err[reads[i].call] == MEMMAP_E_ABSENT )
            ck_assert(!rig.fw.present);
    }
}
END_TEST

START_TEST(query_refused_or_silent)
{
    struct memmap_record r;

    memmap_fw_probe(&rig.fw);
    rig.fail_constraints = true;
    rig.fw.index = 2;           /* what an earlier refusal blamed */
    ck_assert_uint_eq(query(&r), MEMMAP_E_APPLY);
    ck_assert_uint_eq(rig.fw.index, MEMMAP_NO_INDEX);
    ck_assert(rig.fw.present);
    ck_assert_uint_eq(r.layout.max, NELEM(answer));
    rig.fail_constraints = false;
    ck_assert_uint_eq(query(&r), MEMMAP_OK);
    rig.lie_at = rig.wire + 1;
    rig.lie = MEMMAP_STATUS(MEMMAP_ST_NEGOTIATED, MEMMAP_E_ABSENT, 0);
    ck_assert_uint_eq(query(&r), MEMMAP_E_ABSENT);
    ck_assert(!rig.fw.present);
    rig_init(&rig);
    memmap_fw_probe(&rig.fw);
    rig.vanish_after = rig.wire + 1;
    ck_assert_uint_eq(query(&r), MEMMAP_E_ABSENT);
    ck_assert(!rig.fw.present);
}
END_TEST

/* The device says yes to QUERY, but what lies in the buffer is no answer. */
static void leave_as_is(struct memmap_record *r)
{
    (void)r;
}

static void as_layout(struct memmap_record *r)
{
    r->kind = MEMMAP_KIND_LAYOUT;
}

static void unsorted(struct memmap_record *r)
{
    r->layout.range[1].gfn = 0;
}

static void three_ranges(struct memmap_record *r)
{
    r->layout.range[2] = r->layout.range[1];
    r->layout.range[2].gfn += 0x10000;
    r->layout.nr = 3;
}

static const struct {
    void (*edit)(struct memmap_record *r);
    struct { unsigned int off, width; uint64_t val; } poke;
    unsigned int err;
    uint16_t index;
} answers[] = {
    { leave_as_is, { 0, 0, 0 }, MEMMAP_OK, MEMMAP_NO_INDEX },
    { as_layout, { 0, 0, 0 }, MEMMAP_E_KIND, MEMMAP_NO_INDEX },
    { unsorted, { 0, 0, 0 }, MEMMAP_E_ORDER, 1 },
    { three_ranges, { 0, 0, 0 }, MEMMAP_E_COUNT, 2 },
    { leave_as_is, { MEMMAP_HDR_MAGIC, 4, 0 }, MEMMAP_E_MAGIC,
      MEMMAP_NO_INDEX },
    { leave_as_is, { MEMMAP_HDR_CHECKSUM, 4, 0 }, MEMMAP_E_CHECKSUM,
      MEMMAP_NO_INDEX },
    { leave_as_is, { MEMMAP_HDR_TOTAL_LEN, 4, 0xffffffff }, MEMMAP_E_LENGTH,
      MEMMAP_NO_INDEX },
};

static uint32_t mute_in(void *opaque, unsigned int reg)
{
    (void)opaque;
    (void)reg;
    return MEMMAP_STATUS(MEMMAP_ST_NEGOTIATED, MEMMAP_OK, MEMMAP_NO_INDEX);
}

static void mute_out(void *opaque, unsigned int reg, uint32_t val)
{
    (void)opaque;
    (void)reg;
    (void)val;
}

START_TEST(query_answer_is_checked)
{
    static const struct memmap_fw_io mute = { .in = mute_in, .out = mute_out };
    struct memmap_range two[2], sent[3] = {
        { 0x100000, 0x1000, MEMMAP_NO_SOURCE, MEMMAP_TYPE_OWNED, 0, 0 },
        { 0x200000, 0x1000, MEMMAP_NO_SOURCE, MEMMAP_TYPE_OWNED, 0, 0 },
    };
    struct memmap_record r = {
        .kind = MEMMAP_KIND_CONSTRAINTS, .generation = 3,
        .gfn_limit = RIG_GFN_LIMIT, .layout = { sent, 2, 3 },
    };
    unsigned int err;

    memmap_fw_probe(&rig.fw);
    rig.fw.io = &mute;
    answers[_i].edit(&r);
    rig_put(&rig, &r);
    if ( answers[_i].poke.width )
        rig_poke(rig_buf(&rig) + answers[_i].poke.off, answers[_i].poke.width,
                 answers[_i].poke.val);

    memmap_layout_init(&r.layout, two, NELEM(two));
    err = memmap_fw_query(&rig.fw, &r);
    ck_assert_msg(err == answers[_i].err && rig.fw.index == answers[_i].index,
                  "case %i: \"%s\" at %#x", _i, memmap_strerror(err),
                  rig.fw.index);
    ck_assert_uint_eq(rig.fw.generation, err ? 0 : 3);
}
END_TEST

/* Generation 2^32 - 1 is the last: firmware hears a no, and says it. */
START_TEST(generations_end)
{
    struct memmap_record r;

    rig.dm.generation = ~0u - 1;
    memmap_fw_probe(&rig.fw);
    query(&r);
    relocated(&r);
    ck_assert_uint_eq(memmap_fw_commit(&rig.fw, &r), MEMMAP_OK);
    ck_assert_uint_eq(rig.fw.generation, ~0u);
    ck_assert_uint_eq(memmap_fw_commit(&rig.fw, &r), MEMMAP_E_GENERATION);
    ck_assert_uint_eq(rig.fw.generation, ~0u);
    ck_assert_uint_eq(rig.applies, 1);
}
END_TEST

Suite *fw_suite(void)
{
    const struct {
        const char *name;
        const TTest *test;
        unsigned int loops;
    } tests[] = {
        { "conversation", whole_conversation, 1 },
        { "conversation", query_is_understood, 1 },
        { "conversation", query_in_every_state, 1 },
        { "conversation", largest_answer, 1 },
        { "conversation", second_boot, 1 },
        { "conversation", second_commit, 1 },
        { "conversation", refused_then_fallback, NELEM(refusals) },
        { "conversation", send_sets_kind_and_generation, 1 },
        { "conversation", too_many_entries, 1 },
        { "conversation", generations_end, 1 },
        { "probe", probe_offers, NELEM(offers) },
        { "probe", newer_minor_on_offer, 1 },
        { "broken device", absent_device, 1 },
        /* sig, offer, accept, then two each for four commands */
        { "broken device", device_vanishes, 11 },
        { "broken device", nonsense_is_no_yes, NELEM(nonsense) },
        { "broken device", query_refused_or_silent, 1 },
        { "broken device", query_answer_is_checked, NELEM(answers) },
    };
    Suite *s = suite_create("fw");
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
