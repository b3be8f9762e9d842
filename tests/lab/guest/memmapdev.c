/* SPDX-License-Identifier: MIT */
/* I/O ports, and what the memory-map device's registers say of its state. */
#include "memmapdev.h"

#include <errno.h>
#include <stdio.h>          /* snprintf */
#include <string.h>
#include <sys/io.h>         /* ioperm, in*, out* */

static uint32_t port_in(struct ports *p, uint16_t port, unsigned int width)
{
    (void)p;
    return width == 1 ? inb(port) : width == 2 ? inw(port) : inl(port);
}

static void port_out(struct ports *p, uint16_t port, unsigned int width, uint32_t value)
{
    (void)p;
    if (width == 1) {
        outb((uint8_t)value, port);
    } else if (width == 2) {
        outw((uint16_t)value, port);
    } else {
        outl(value, port);
    }
}

static void port_ins(struct ports *p, uint16_t port, unsigned int width, void *to, unsigned int n)
{
    (void)p;
    if (width == 1) {
        insb(port, to, n);
    } else if (width == 2) {
        insw(port, to, n);
    } else {
        insl(port, to, n);
    }
}

static void port_outs(struct ports *p, uint16_t port, unsigned int width, const void *from,
                      unsigned int n)
{
    (void)p;
    if (width == 1) {
        outsb(port, from, n);
    } else if (width == 2) {
        outsw(port, from, n);
    } else {
        outsl(port, from, n);
    }
}

bool ports_open(struct ports *p, char *why, size_t size)
{
    *p = (struct ports){ port_in, port_out, port_ins, port_outs };
    if (ioperm(MEMMAP_PORT_BASE - PORTS_MARGIN, MEMMAP_PORT_COUNT + 2 * PORTS_MARGIN, 1)) {
        snprintf(why, size, "ioperm: %s (kernel without CONFIG_X86_IOPL_IOPERM, or locked down?)",
                 strerror(errno));
        return false;
    }
    return true;
}

void memmapdev_read(struct ports *p, struct memmapdev *d)
{
    d->signature = p->in(p, MEMMAP_PORT_BASE + MEMMAP_REG_SIGNATURE, 4);
    d->offer = p->in(p, MEMMAP_PORT_BASE + MEMMAP_REG_OFFER, 4);
    d->status = p->in(p, MEMMAP_PORT_BASE + MEMMAP_REG_DOORBELL, 4);
    d->generation = p->in(p, MEMMAP_PORT_BASE + MEMMAP_REG_GENERATION, 4);
}

enum memmapdev_expect memmapdev_word(const char *word)
{
    return !strcmp(word, "sealed") ? EXPECT_SEALED :
           !strcmp(word, "offered") ? EXPECT_OFFERED :
           !strcmp(word, "absent") ? EXPECT_ABSENT : EXPECT_BAD;
}

bool memmapdev_is(const struct memmapdev *d, enum memmapdev_expect e, char *why, size_t size)
{
    unsigned int state = MEMMAP_STATUS_STATE(d->status);
    unsigned int want = e == EXPECT_SEALED ? MEMMAP_ST_SEALED : MEMMAP_ST_OFFERED;

    if (e == EXPECT_ABSENT) {
        if ((d->signature & d->offer & d->status & d->generation) == MEMMAP_REG_ABSENT) {
            return true;
        }
        snprintf(why, size, "no device was expected, but the ports read 0x%x 0x%x 0x%x 0x%x",
                 d->signature, d->offer, d->status, d->generation);
        return false;
    }
    if (d->signature != MEMMAP_SIGNATURE) {
        snprintf(why, size, "no memory-map device: its signature reads 0x%x%s", d->signature,
                 d->signature == MEMMAP_REG_ABSENT ? " (nobody answers at its ports)" : "");
        return false;
    }
    if (MEMMAP_OFFER_MAJOR(d->offer) != MEMMAP_VERSION_MAJOR) {
        snprintf(why, size, "OFFER reads 0x%x: major version %u is not ours", d->offer,
                 MEMMAP_OFFER_MAJOR(d->offer));
        return false;
    }
    if (state != want) {
        snprintf(why, size, "the device is %s, expected %s (status 0x%x, generation %u)",
                 memmap_strstate(state), memmap_strstate(want), d->status, d->generation);
        return false;
    }
    if ((e == EXPECT_SEALED) != (d->generation != 0)) {
        snprintf(why, size, "the device is %s with generation %u", memmap_strstate(state),
                 d->generation);
        return false;
    }
    return true;
}

bool memmapdev_open(struct ports *p, enum memmapdev_expect e, struct memmapdev *d,
                    struct outcome *o)
{
    char why[300];

    if (e == EXPECT_BAD) {
        outcome(o, ERROR, "expect= is sealed, offered or absent");
        return false;
    }
    if (!ports_open(p, why, sizeof(why))) {
        outcome(o, ERROR, "%s", why);
        return false;
    }
    memmapdev_read(p, d);
    if (!memmapdev_is(d, e, why, sizeof(why))) {
        outcome(o, FAILURE, "%s", why);
        return false;
    }
    return true;
}
