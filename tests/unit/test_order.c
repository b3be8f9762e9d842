/* SPDX-License-Identifier: MIT */
/*
 * The order of checks (PROTOCOL.md, section 5).
 *
 * A record with two flaws is refused for the one that comes first in that order,
 * whoever wrote the reader: firmware acts on the number, and two device models
 * that differ in it are not the same protocol.  So one table below has the checks
 * in the order of the text, each with a way to fail it; every two of them are put
 * into one record, and the same is done with flaws of two entries.
 *
 * Where the text says "entry by entry", an earlier entry's flaw comes before any
 * flaw of a later one; between such a group and the next, the group decides.
 */
#include "suites.h"

#include "rig.h"

/* What can be wrong of a command, all at once. */
struct wrong {
    unsigned int cmd;
    uint32_t gfn;               /* of the buffer */
    unsigned int entry;         /* the one to spoil */
    bool bad_total, bad_crc, bad_sum;
};

static struct rig rig;
static struct wrong wrong;

/*
 * The record that is spoilt: low RAM, and two entries to blame, with gfns between
 * and behind them for whatever they are to clash with.
 */
#define ENTRIES     4
#define FIRST       2u                  /* RAM */
#define SECOND      3u                  /* MMIO */
#define DM_LIMIT    0x120000ull         /* RAM must end here */
#define FIRST_GFN   0x100000ull
#define SECOND_GFN  0x150000ull
#define PAGES       16u

static uint8_t *header(unsigned int off)
{
    return rig_buf(&rig) + off;
}

static uint8_t *entry(unsigned int i, unsigned int off)
{
    return header(MEMMAP_HDR_BYTES + i * MEMMAP_ENT_BYTES + off);
}

static void set_entry(unsigned int off, unsigned int width, uint64_t val)
{
    rig_poke(entry(wrong.entry, off), width, val);
}

static uint64_t get_entry(unsigned int i, unsigned int off, unsigned int width)
{
    return rig_peek(entry(i, off), width);
}

static void start(void)
{
    struct memmap_range range[ENTRIES] = {
        { 0, MEMMAP_VGA_GFN, 0, MEMMAP_TYPE_RAM, 0, 0 },
        { MEMMAP_VGA_END, RIG_LOW_END - MEMMAP_VGA_END - PAGES, MEMMAP_VGA_END,
          MEMMAP_TYPE_RAM, 0, 0 },
        { FIRST_GFN, PAGES, RIG_LOW_END - PAGES, MEMMAP_TYPE_RAM, 0, 0 },
        { SECOND_GFN, PAGES, MEMMAP_NO_SOURCE, MEMMAP_TYPE_MMIO, 0, 0 },
    };
    struct memmap_record r = {
        .kind = MEMMAP_KIND_LAYOUT, .generation = 1,
        .gfn_limit = RIG_GFN_LIMIT, .layout = { range, ENTRIES, ENTRIES },
    };

    rig_init(&rig);
    rig.dm.gfn_limit = DM_LIMIT;
    rig_negotiate(&rig);
    wrong = (struct wrong){ .cmd = MEMMAP_CMD_COMMIT, .gfn = RIG_BUF_GFN };
    ck_assert_uint_ne(rig_put(&rig, &r), 0);
}

/* What depends on the rest is made right, but for what is to be wrong. */
static void finish(void)
{
    const uint32_t total = memmap_record_bytes(ENTRIES);
    uint64_t sum = wrong.bad_sum;

    for ( unsigned int i = 0; i < ENTRIES; i++ )
        if ( get_entry(i, MEMMAP_ENT_TYPE, 2) == MEMMAP_TYPE_RAM )
            sum += get_entry(i, MEMMAP_ENT_PAGES, 8);
    rig_poke(header(MEMMAP_HDR_RAM_PAGES), 8, sum);
    rig_poke(header(MEMMAP_HDR_TOTAL_LEN), 4, total - wrong.bad_total);
    rig_seal_crc(rig_buf(&rig), total);
    *header(MEMMAP_HDR_CHECKSUM) ^= wrong.bad_crc;
}

static void command(void)
{
    wrong.cmd = 99;
}

static void state(void)
{
    rig.dm.state = MEMMAP_ST_SEALED;
}

static void buffer(void)
{
    wrong.gfn = MEMMAP_BUFFER_GFN_END - 1;
}

static void unreadable(void)
{
    rig.fail_read = 1;
}

static void magic(void)
{
    rig_poke(header(MEMMAP_HDR_MAGIC), 4, 0);
}

static void version(void)
{
    rig_poke(header(MEMMAP_HDR_MAJOR), 2, 2);
}

static void header_length(void)
{
    rig_poke(header(MEMMAP_HDR_HEADER_LEN), 2, MEMMAP_HDR_BYTES - 1);
}

static void entry_length(void)
{
    rig_poke(header(MEMMAP_HDR_ENTRY_LEN), 2, MEMMAP_ENT_BYTES - 1);
}

static void count(void)
{
    rig_poke(header(MEMMAP_HDR_COUNT), 4, MEMMAP_MAX_ENTRIES + 1);
}

static void total_length(void)
{
    wrong.bad_total = true;
}

static void checksum(void)
{
    wrong.bad_crc = true;
}

static void kind(void)
{
    rig_poke(header(MEMMAP_HDR_KIND), 2, 9);
}

static void other_kind(void)
{
    rig_poke(header(MEMMAP_HDR_KIND), 2, MEMMAP_KIND_CONSTRAINTS);
}

static void record_flag(void)
{
    rig_poke(header(MEMMAP_HDR_FLAGS), 2, 0x8000);
}

static void empty(void)
{
    set_entry(MEMMAP_ENT_PAGES, 8, 0);
}

static void wraps(void)
{
    set_entry(MEMMAP_ENT_PAGES, 8, ~0ull);
}

static void entry_flag(void)
{
    set_entry(MEMMAP_ENT_FLAGS, 2, 0x8000);
}

static void unknown_type(void)
{
    set_entry(MEMMAP_ENT_TYPE, 2, 99);
}

static void aux(void)
{
    set_entry(MEMMAP_ENT_AUX, 4, 1);
}

static void source(void)
{
    set_entry(MEMMAP_ENT_TYPE, 2, MEMMAP_TYPE_RAM);
    set_entry(MEMMAP_ENT_SOURCE, 8, ~0ull - 1);
}

/* Over the last page of low RAM, and so also across the limit of limit(). */
static void unsorted(void)
{
    set_entry(MEMMAP_ENT_GFN, 8, RIG_LOW_END - PAGES - 1);
}

/* The lowest limit that those before the entry keep. */
static void limit(void)
{
    const unsigned int last = wrong.entry - 1;

    rig_poke(header(MEMMAP_HDR_GFN_LIMIT), 8,
             get_entry(last, MEMMAP_ENT_GFN, 8) +
             get_entry(last, MEMMAP_ENT_PAGES, 8));
}

static void record_sum(void)
{
    wrong.bad_sum = true;
}

static void owned_type(void)
{
    set_entry(MEMMAP_ENT_TYPE, 2, MEMMAP_TYPE_OWNED);
}

/* Where owned() has put it, or at a place of its own, in order with the other. */
static void dm_limit(void)
{
    set_entry(MEMMAP_ENT_TYPE, 2, MEMMAP_TYPE_RAM);
    if ( get_entry(wrong.entry, MEMMAP_ENT_GFN, 8) < DM_LIMIT )
        set_entry(MEMMAP_ENT_GFN, 8, DM_LIMIT);
}

static void owned(void)
{
    set_entry(MEMMAP_ENT_TYPE, 2, MEMMAP_TYPE_MMIO);
    set_entry(MEMMAP_ENT_GFN, 8,
              RIG_OWNED_GFN + (wrong.entry == FIRST ? 0 : PAGES));
}

/* RAM in its place, but not the RAM that was there. */
static void fixed(void)
{
    rig_poke(entry(0, MEMMAP_ENT_SOURCE), 8, 1);
}

static void guest_sum(void)
{
    rig.dm.ram_pages++;
}

static void unknown_memory(void)
{
    rig.fail_constraints = true;
}

static void generation(void)
{
    rig_poke(header(MEMMAP_HDR_GENERATION), 4, 2);
}

static void busy(void)
{
    rig.check_err = MEMMAP_E_BUSY;
}

static void rdm(void)
{
    rig.apply_err = MEMMAP_E_RDM;
}

/* In groups: the entries of a group are looked at one by one. */
enum group { COMMAND, HEADER, ENTRY, SUM, GUEST_ENTRY, REST };

/* The order of section 5. */
static const struct check {
    const char *name;
    void (*spoil)(void);
    enum group group;
    unsigned int err;
} checks[] = {
    { "unknown command", command, COMMAND, MEMMAP_E_COMMAND },
    { "state", state, COMMAND, MEMMAP_E_STATE },
    { "buffer", buffer, COMMAND, MEMMAP_E_BUFFER },
    { "buffer cannot be read", unreadable, COMMAND, MEMMAP_E_BUFFER },
    { "magic", magic, HEADER, MEMMAP_E_MAGIC },
    { "version", version, HEADER, MEMMAP_E_VERSION },
    { "header length", header_length, HEADER, MEMMAP_E_LENGTH },
    { "entry length", entry_length, HEADER, MEMMAP_E_LENGTH },
    { "count", count, HEADER, MEMMAP_E_COUNT },
    { "total length", total_length, HEADER, MEMMAP_E_LENGTH },
    { "checksum", checksum, HEADER, MEMMAP_E_CHECKSUM },
    { "kind", kind, HEADER, MEMMAP_E_KIND },
    { "kind: CONSTRAINTS", other_kind, HEADER, MEMMAP_E_KIND },
    { "record flag", record_flag, HEADER, MEMMAP_E_KIND },
    { "EMPTY", empty, ENTRY, MEMMAP_E_EMPTY },
    { "RANGE by wrapping", wraps, ENTRY, MEMMAP_E_RANGE },
    { "TYPE: unknown", unknown_type, ENTRY, MEMMAP_E_TYPE },
    { "TYPE: OWNED in a LAYOUT", owned_type, ENTRY, MEMMAP_E_TYPE },
    { "TYPE: flag", entry_flag, ENTRY, MEMMAP_E_TYPE },
    { "RESERVED", aux, ENTRY, MEMMAP_E_RESERVED },
    { "RANGE: the source", source, ENTRY, MEMMAP_E_RANGE },
    { "ORDER", unsorted, ENTRY, MEMMAP_E_ORDER },
    { "RANGE by the record's limit", limit, ENTRY, MEMMAP_E_RANGE },
    { "the record's own sum", record_sum, SUM, MEMMAP_E_RAM_SUM },
    { "RANGE by the device model's limit", dm_limit, GUEST_ENTRY,
      MEMMAP_E_RANGE },
    { "OWNED", owned, GUEST_ENTRY, MEMMAP_E_OWNED },
    { "FIXED", fixed, REST, MEMMAP_E_FIXED },
    { "the guest's sum", guest_sum, REST, MEMMAP_E_RAM_SUM },
    { "the device model knows not what it owns", unknown_memory, REST,
      MEMMAP_E_APPLY },
    { "GENERATION", generation, REST, MEMMAP_E_GENERATION },
    { "what the device model finds", busy, REST, MEMMAP_E_BUSY },
    { "what COMMIT alone finds", rdm, REST, MEMMAP_E_RDM },
};

static bool of_entry(const struct check *c)
{
    return c->group == ENTRY || c->group == GUEST_ENTRY;
}

/* Whether @a, of entry @i, is found before @b, of entry @j. */
static bool before(const struct check *a, unsigned int i,
                   const struct check *b, unsigned int j)
{
    if ( a->group == b->group && of_entry(a) && i != j )
        return i < j;
    return a < b;
}

/* Who does not know its own memory cannot say what is over it. */
static bool hides(const struct check *a, const struct check *b)
{
    return a->spoil == unknown_memory && b->spoil == owned;
}

/* The one that must not be found is made first: the other may undo part of it. */
static void two_flaws(const struct check *found, unsigned int at,
                      const struct check *other, unsigned int other_at)
{
    unsigned int state;
    uint32_t status;

    start();
    wrong.entry = other_at;
    other->spoil();
    wrong.entry = at;
    found->spoil();
    finish();
    state = rig.dm.state;

    memmap_dm_write(&rig.dm, MEMMAP_REG_DOORBELL,
                    MEMMAP_DOORBELL(wrong.cmd, wrong.gfn));
    status = memmap_dm_read(&rig.dm, MEMMAP_REG_DOORBELL);
    ck_assert_msg(status == MEMMAP_STATUS(state, found->err, of_entry(found)
                                          ? at : MEMMAP_NO_INDEX),
                  "\"%s\" of entry %u and \"%s\" of entry %u: \"%s\", %s, "
                  "index %#x", found->name, at, other->name, other_at,
                  memmap_strerror(MEMMAP_STATUS_ERROR(status)),
                  memmap_strstate(MEMMAP_STATUS_STATE(status)),
                  MEMMAP_STATUS_INDEX(status));
    ck_assert_uint_eq(rig.applies, 0);
}

START_TEST(first_of_two_flaws)
{
    const struct check *a = &checks[_i];

    for ( const struct check *b = checks; b < checks + NELEM(checks); b++ )
        for ( unsigned int i = FIRST; i <= SECOND; i++ )
            for ( unsigned int j = FIRST; j <= SECOND; j++ )
                if ( before(a, i, b, j) && !hides(b, a) )
                    two_flaws(a, i, b, j);
}
END_TEST

/* Each alone is found too, or the pairs would prove nothing of the later one. */
START_TEST(one_flaw_alone)
{
    two_flaws(&checks[_i], FIRST, &checks[_i], FIRST);
    two_flaws(&checks[_i], SECOND, &checks[_i], SECOND);
}
END_TEST

/* Without any it is taken. */
START_TEST(none)
{
    start();
    finish();
    ck_assert_uint_eq(rig_cmd(&rig, MEMMAP_CMD_COMMIT),
                      MEMMAP_STATUS(MEMMAP_ST_COMMITTED, MEMMAP_OK,
                                    MEMMAP_NO_INDEX));
}
END_TEST

Suite *order_suite(void)
{
    Suite *s = suite_create("order");
    TCase *tc = tcase_create("two flaws");

    tcase_add_test(tc, none);
    tcase_add_loop_test(tc, one_flaw_alone, 0, NELEM(checks));
    tcase_add_loop_test(tc, first_of_two_flaws, 0, NELEM(checks));
    suite_add_tcase(s, tc);
    return s;
}
