/* SPDX-License-Identifier: MIT */
/*
 * Everything a guest can do to sixteen ports, judged access by access: what a read must give is
 * known at any time, however many processors write meanwhile, because nothing that is written may
 * have an effect but on the error of the last command.
 */
#include "hostile.h"

#include <stdarg.h>
#include <stdio.h>          /* vsnprintf */
#include <string.h>

#define REGS_END (MEMMAP_PORT_BASE + MEMMAP_PORT_COUNT)

static void complain(struct attack *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void complain(struct attack *a, const char *fmt, ...)
{
    va_list ap;

    if (atomic_exchange(&a->claimed, true)) {
        return;                 /* what comes second may be a consequence */
    }
    va_start(ap, fmt);
    vsnprintf(a->text, sizeof(a->text), fmt, ap);
    va_end(ap);
    a->wrong = true;
}

static uint32_t all_ones(unsigned int width)
{
    return width == 4 ? 0xffffffffu : (1u << 8 * width) - 1;
}

/* Has STATUS an error that the last of our commands can have had? */
static bool refused(const struct attack *a, uint32_t status)
{
    unsigned int error = MEMMAP_STATUS_ERROR(status);

    if (MEMMAP_STATUS_STATE(status) != MEMMAP_STATUS_STATE(a->first.status) ||
        (status & 0xf000)) {
        return false;
    }
    if (a->negotiated) {
        return error != MEMMAP_OK && error <= MEMMAP_E_RDM;
    }
    return MEMMAP_STATUS_INDEX(status) == MEMMAP_NO_INDEX &&
           (error == MEMMAP_E_STATE || error == MEMMAP_E_COMMAND ||
            (error == MEMMAP_E_NEGOTIATE &&
             MEMMAP_STATUS_STATE(status) == MEMMAP_ST_OFFERED));
}

/* Judge VALUE, read with WIDTH at PORT. */
static void judge(struct attack *a, uint16_t port, unsigned int width, uint32_t value)
{
    uint32_t want;

    if (port < MEMMAP_PORT_BASE || port + width > REGS_END) {
        return;                 /* in part somebody else's */
    }
    if (a->absent && port & (width - 1)) {
        return;                 /* where no device is, QEMU has zeros for unaligned accesses */
    }
    want = all_ones(width);
    if (!a->absent && width == 4 && !(port & 3)) {
        switch (port - MEMMAP_PORT_BASE) {
        case MEMMAP_REG_SIGNATURE:
            want = a->first.signature;
            break;
        case MEMMAP_REG_OFFER:
            want = a->first.offer;
            break;
        case MEMMAP_REG_GENERATION:
            want = a->first.generation;
            break;
        case MEMMAP_REG_DOORBELL:
            if (!refused(a, value)) {
                complain(a, "the status reads 0x%x: %s, %s", value,
                         memmap_strstate(MEMMAP_STATUS_STATE(value)),
                         memmap_strerror(MEMMAP_STATUS_ERROR(value)));
            }
            return;
        }
    }
    if (value != want) {
        complain(a, "%u bytes at port 0x%x read 0x%x, expected 0x%x", width, port, value, want);
    }
}

static uint32_t in(struct attack *a, uint16_t port, unsigned int width)
{
    a->accesses++;
    return a->ports->in(a->ports, port, width);
}

static void out(struct attack *a, uint16_t port, unsigned int width, uint32_t value)
{
    a->accesses++;
    a->ports->out(a->ports, port, width, value);
}

/* What the device offered may not be chosen: the attack is on a device in the state it is in. */
static uint32_t unacceptable(const struct attack *a, uint32_t offer)
{
    return MEMMAP_STATUS_STATE(a->first.status) == MEMMAP_ST_OFFERED &&
           MEMMAP_OFFER_MAJOR(offer) == MEMMAP_VERSION_MAJOR ? offer | 0x80000000u : offer;
}

static uint32_t ring(struct attack *a, unsigned int cmd, uint32_t gfn)
{
    a->commands++;
    if (a->tick) {
        a->tick(a);
    }
    out(a, MEMMAP_PORT_BASE + MEMMAP_REG_DOORBELL, 4, MEMMAP_DOORBELL(cmd, gfn));
    return in(a, MEMMAP_PORT_BASE + MEMMAP_REG_DOORBELL, 4);
}

static bool known(unsigned int cmd)
{
    return cmd >= MEMMAP_CMD_QUERY && cmd <= MEMMAP_CMD_SEAL;
}

void attack_compare(struct attack *a, const char *after)
{
    struct memmapdev now;

    memmapdev_read(a->ports, &now);
    a->accesses += 4;
    if (now.signature != a->first.signature || now.offer != a->first.offer ||
        now.generation != a->first.generation ||
        (a->absent ? now.status != MEMMAP_REG_ABSENT
                   : MEMMAP_STATUS_STATE(now.status) != MEMMAP_STATUS_STATE(a->first.status))) {
        complain(a, "after %s the registers read 0x%x 0x%x 0x%x 0x%x, before 0x%x 0x%x 0x%x 0x%x",
                 after, now.signature, now.offer, now.status, now.generation, a->first.signature,
                 a->first.offer, a->first.status, a->first.generation);
    }
}

/* One command, with nobody else at the ports: the status is exactly known. */
static void one_command(struct attack *a, unsigned int cmd, uint32_t gfn)
{
    uint32_t status = ring(a, cmd, gfn);
    uint32_t state = MEMMAP_STATUS_STATE(a->first.status);

    a->in_order++;

    if (a->absent ? status == MEMMAP_REG_ABSENT
                  : status == MEMMAP_STATUS(state, MEMMAP_E_STATE, MEMMAP_NO_INDEX) ||
                    (!known(cmd) &&
                     status == MEMMAP_STATUS(state, MEMMAP_E_COMMAND, MEMMAP_NO_INDEX))) {
        return;
    }
    complain(a, "command %u with gfn 0x%x: status 0x%x (%s, %s)", cmd, gfn, status,
             memmap_strstate(MEMMAP_STATUS_STATE(status)),
             memmap_strerror(MEMMAP_STATUS_ERROR(status)));
}

/*
 * A write of WIDTH to PORT that is none to the register at REG: as VALUE is, and as the part of it
 * that falls on the register's bytes would be. Neither may have an effect.
 */
static void narrow_write(struct attack *a, uint16_t port, unsigned int width, uint16_t reg,
                         uint32_t value)
{
    int bytes = reg - port;
    uint32_t falls = bytes >= 0 ? value << 8 * bytes : value >> 8 * -bytes;
    uint32_t before = in(a, MEMMAP_PORT_BASE + MEMMAP_REG_DOORBELL, 4), after;

    for (unsigned int i = 0; i < 2 && !a->wrong; i++) {
        a->narrow++;
        out(a, port, width, (i ? falls : value) & all_ones(width));
        after = in(a, MEMMAP_PORT_BASE + MEMMAP_REG_DOORBELL, 4);
        if (after != before) {
            complain(a, "a write of %u bytes to port 0x%x changed the status from 0x%x to 0x%x",
                     width, port, before, after);
        }
    }
}

static bool touches(uint16_t port, unsigned int width, unsigned int reg)
{
    return port < MEMMAP_PORT_BASE + reg + 4 && port + width > MEMMAP_PORT_BASE + reg;
}

void attack_narrow(struct attack *a)
{
    static const unsigned int commands[] = {
        MEMMAP_CMD_QUERY, MEMMAP_CMD_PREPARE, MEMMAP_CMD_COMMIT, MEMMAP_CMD_SEAL, 0x77,
    };
    const uint16_t bell = MEMMAP_PORT_BASE + MEMMAP_REG_DOORBELL;

    /* A known error, so that a command that gets through shows; and it would be believed. */
    ring(a, a->negotiated ? 0x77 : MEMMAP_CMD_SEAL, 0);
    if (a->buffer) {
        truth_tell(a->truth, a->buffer);
    }
    for (unsigned int width = 1; width <= 4; width *= 2) {
        for (uint16_t port = MEMMAP_PORT_BASE - width + 1; port < REGS_END && !a->wrong; port++) {
            if (width == 4 && !(port & 3)) {
                continue;
            }
            judge(a, port, width, in(a, port, width));
            if (touches(port, width, MEMMAP_REG_OFFER)) {
                narrow_write(a, port, width, MEMMAP_PORT_BASE + MEMMAP_REG_OFFER, a->first.offer);
            }
            for (unsigned int i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
                if (touches(port, width, MEMMAP_REG_DOORBELL)) {
                    narrow_write(a, port, width, bell, MEMMAP_DOORBELL(commands[i], a->gfn));
                }
            }
            if (!touches(port, width, MEMMAP_REG_OFFER) &&
                !touches(port, width, MEMMAP_REG_DOORBELL)) {
                narrow_write(a, port, width, port, 0x77777777);
            }
        }
    }
    attack_compare(a, "narrow and unaligned accesses");
}

void attack_in_order(struct attack *a)
{
    /* Its own, the first page, the last one for a buffer, the next, one above, and the last. */
    const uint32_t gfns[] = {
        a->gfn, 0, MEMMAP_BUFFER_GFN_END - MEMMAP_BUFFER_PAGES,
        MEMMAP_BUFFER_GFN_END - MEMMAP_BUFFER_PAGES + 1, 0x100, 0xffffff,
    };
    static uint8_t copy[MEMMAP_BUFFER_BYTES];

    for (unsigned int cmd = 0; cmd < 256 && !a->wrong; cmd++) {
        if (a->buffer) {
            truth_tell(a->truth, a->buffer);
            memcpy(copy, a->buffer, sizeof(copy));
            a->records++;
        }
        for (unsigned int i = 0; i < sizeof(gfns) / sizeof(gfns[0]) && !a->wrong; i++) {
            if (i < 2 || known(cmd)) {
                one_command(a, cmd, gfns[i]);
            }
        }
        if (a->buffer && memcmp(copy, a->buffer, sizeof(copy))) {
            complain(a, "command %u was refused, but the buffer was written", cmd);
        }
    }
    attack_compare(a, "every command");
    if (!a->wrong) {
        attack_narrow(a);
    }
    out(a, MEMMAP_PORT_BASE + MEMMAP_REG_SIGNATURE, 4, 0);
    out(a, MEMMAP_PORT_BASE + MEMMAP_REG_GENERATION, 4, 0);
    out(a, MEMMAP_PORT_BASE + MEMMAP_REG_OFFER, 4, unacceptable(a, a->first.offer));
    attack_compare(a, "writes to the other registers");
}

void attack_with_lies(struct attack *a)
{
    for (unsigned int n = 0; n < nr_lies && !a->wrong; n++) {
        for (unsigned int cmd = MEMMAP_CMD_PREPARE; cmd <= MEMMAP_CMD_COMMIT; cmd++) {
            unsigned int want = lie_tell(n, a->truth, a->buffer);
            uint32_t status;

            if (!want) {
                continue;
            }
            a->records++;
            a->lies++;
            status = ring(a, cmd, a->gfn);
            if (MEMMAP_STATUS_ERROR(status) != want ||
                MEMMAP_STATUS_STATE(status) != MEMMAP_STATUS_STATE(a->first.status) ||
                (MEMMAP_STATUS_INDEX(status) != MEMMAP_NO_INDEX) != lies[n].blames) {
                complain(a, "%s with %s: status 0x%x (%s, entry %d), expected: %s%s",
                         cmd == MEMMAP_CMD_PREPARE ? "PREPARE" : "COMMIT", lies[n].what, status,
                         memmap_strerror(MEMMAP_STATUS_ERROR(status)),
                         (int16_t)MEMMAP_STATUS_INDEX(status), memmap_strerror(want),
                         lies[n].blames ? ", and which entry" : ", and no entry");
            }
        }
    }
    attack_compare(a, "all false records");
}

/* ---- at random ------------------------------------------------------------------------------ */

struct random {
    uint64_t x;
};

static uint32_t next(struct random *r)
{
    r->x ^= r->x << 13;
    r->x ^= r->x >> 7;
    r->x ^= r->x << 17;
    return (uint32_t)(r->x >> 32);
}

static uint32_t below(struct random *r, uint32_t n)
{
    return (uint32_t)((uint64_t)next(r) * n >> 32);
}

/* A port that an access of WIDTH makes touch the registers, if only by one byte. */
static uint16_t any_port(struct random *r, unsigned int width)
{
    return (uint16_t)(MEMMAP_PORT_BASE - width + 1 +
                      below(r, MEMMAP_PORT_COUNT + width - 1));
}

static uint32_t any_value(struct random *r, const struct attack *a)
{
    switch (below(r, 4)) {
    case 0:
        return MEMMAP_DOORBELL(below(r, 6), a->gfn);
    case 1:
        return a->first.offer;
    case 2:
        return below(r, 2) ? 0 : 0xffffffffu;
    default:
        return next(r);
    }
}

static void any_write(struct attack *a, struct random *r, uint16_t port, unsigned int width)
{
    uint32_t v = any_value(r, a);

    if (a->negotiated && width == 4 && !(port & 3)) {
        port++;                 /* what a register takes would be believed */
    }
    out(a, port, width, port == MEMMAP_PORT_BASE + MEMMAP_REG_OFFER ? unacceptable(a, v) : v);
}

static void any_string(struct attack *a, struct random *r, unsigned int width)
{
    uint32_t words[8];
    uint16_t port = any_port(r, width);

    a->accesses += 8;
    if (below(r, 2)) {
        memset(words, 0, sizeof(words));
        a->ports->ins(a->ports, port, width, words, 8);
        for (unsigned int i = 0; i < 8; i++) {
            uint32_t v = 0;

            memcpy(&v, (char *)words + i * width, width);
            judge(a, port, width, v);
        }
        return;
    }
    for (unsigned int i = 0; i < 8; i++) {
        words[i] = any_value(r, a);
    }
    if (width == 4 && port == MEMMAP_PORT_BASE + MEMMAP_REG_OFFER) {
        port += 4;
    }
    a->ports->outs(a->ports, port, width, words, 8);
}

/*
 * A lie for a buffer that other threads write to. Not one with the truth's own checksum for a
 * device that looks at it: half of that and half of another can be the truth.
 */
static unsigned int any_lie(const struct attack *a, struct random *r)
{
    unsigned int n;

    do {
        n = below(r, nr_lies);
    } while (a->negotiated && lies[n].error == MEMMAP_E_CHECKSUM);
    return n;
}

/* A record of our own or, while its owner writes it, of another thread's. */
static void any_record(struct attack *a, struct random *r, unsigned int own)
{
    unsigned int whose = below(r, 4) ? own : below(r, a->nr), n = any_lie(a, r);
    uint8_t *mine = a->buffer + own * MEMMAP_BUFFER_BYTES;
    uint32_t status;

    if (!a->negotiated && !below(r, 4)) {
        truth_tell(a->truth, mine);
    } else if (!lie_tell(n, a->truth, mine)) {
        return;
    }
    a->records++;
    status = ring(a, MEMMAP_CMD_PREPARE + below(r, 2), a->gfn + whose * MEMMAP_BUFFER_PAGES);
    judge(a, MEMMAP_PORT_BASE + MEMMAP_REG_DOORBELL, 4, status);
}

void attack_at_random(struct attack *a, unsigned int n, unsigned int count)
{
    struct random r = { (a->seed + n + 1) * 0x9e3779b97f4a7c15ull | 1 };
    unsigned int until = a->accesses + count;

    while (!a->wrong && !a->over && (int)(until - a->accesses) > 0) {
        a->random++;
        unsigned int width = 1u << below(&r, 3);
        uint16_t port = any_port(&r, width);

        switch (below(&r, a->negotiated ? 5 : 8)) {
        case 0: case 1: case 2:
            if (a->buffer) {
                any_record(a, &r, n);
                break;
            }
            /* fall through */
        case 3:
            judge(a, port, width, in(a, port, width));
            break;
        case 4: case 5:
            any_write(a, &r, port, width);
            break;
        case 6:
            ring(a, next(&r) & 0xff, next(&r) & 0xff);
            break;
        case 7:
            any_string(a, &r, width);
            break;
        }
    }
}

void attack_buffers(struct attack *a, _Atomic bool *stop, void (*idle)(void))
{
    struct random r = { a->seed * 0x9e3779b97f4a7c15ull | 1 };

    while (!*stop && !a->wrong) {
        uint8_t *b = a->buffer + below(&r, a->nr) * MEMMAP_BUFFER_BYTES;

        /* What the device reads first, what it reads last, and all of it at once. */
        switch (below(&r, 3)) {
        case 0:
            *(volatile uint32_t *)(b + MEMMAP_HDR_COUNT) = next(&r) & 0x1ff;
            *(volatile uint32_t *)(b + MEMMAP_HDR_TOTAL_LEN) = next(&r) & 0x3fff;
            break;
        case 1:
            *(volatile uint8_t *)(b + below(&r, 256)) ^= 1u << below(&r, 8);
            break;
        default:
            lie_tell(any_lie(a, &r), a->truth, b);
            break;
        }
        if (idle) {
            idle();
        }
    }
}

bool attack_ran(const struct attack *a, bool talked, char *why, size_t size)
{
    /* As often as attack_in_order() was called; then twice, once for each kind of device. */
    const unsigned int passes = talked ? 2 : 1;
    const unsigned int in_order = passes * (256 * 2 + 4 * 4);
    const unsigned int narrow = (passes + talked) * NARROW_WRITES;
    /* Some cannot be told of every guest. */
    const unsigned int least = talked ? 2 * (nr_lies - 6) : 0;

    if (a->in_order == in_order && a->narrow == narrow && a->lies >= least &&
        a->random >= a->nr * 16) {
        return true;
    }
    snprintf(why, size, "%u commands in order of %u, %u narrow writes of %u, %u lies of %u or more, "
             "%u accesses at random by %u processors", a->in_order, in_order, a->narrow, narrow,
             a->lies, least, a->random, a->nr);
    return false;
}
