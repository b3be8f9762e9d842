/* SPDX-License-Identifier: MIT */
/*
 * The memory-map device as a guest sees it after boot: sixteen I/O ports (PROTOCOL.md, section 3).
 *
 * Ports are reached through a table of functions, so that what attacks the device in a guest
 * attacks protocol/dm.c in this folder's own tests.
 */
#ifndef MEMMAPDEV_H
#define MEMMAPDEV_H

#include "guest.h"
#include "codec.h"          /* protocol/: registers, commands, states, errors */

struct ports {
    /* WIDTH is 1, 2 or 4 bytes. A value narrower than 32 bits has zeros above it. */
    uint32_t (*in)(struct ports *p, uint16_t port, unsigned int width);
    void (*out)(struct ports *p, uint16_t port, unsigned int width, uint32_t value);
    /* The string instructions (rep ins, rep outs): N accesses in one instruction. */
    void (*ins)(struct ports *p, uint16_t port, unsigned int width, void *to, unsigned int n);
    void (*outs)(struct ports *p, uint16_t port, unsigned int width, const void *from,
                 unsigned int n);
};

/* How far around the registers accesses may reach: wide ones that begin before or end behind. */
#define PORTS_MARGIN 4

/* This machine's ports, for the calling process and the threads it makes afterwards. */
bool ports_open(struct ports *p, char *why, size_t size);

/* The four registers. */
struct memmapdev {
    uint32_t signature, offer, status, generation;
};

void memmapdev_read(struct ports *p, struct memmapdev *d);

/* What a scenario's expect= can ask for: whom the guest finds at the ports. */
enum memmapdev_expect {
    EXPECT_SEALED,              /* the whole conversation took place */
    EXPECT_OFFERED,             /* a device that nobody spoke to */
    EXPECT_ABSENT,              /* no device */
    EXPECT_BAD,                 /* no such word */
};

enum memmapdev_expect memmapdev_word(const char *word);

/*
 * Is D what was expected? If not, WHY says what is wrong. The error of the last command is not
 * judged. A sealed device must have a generation: firmware always commits.
 */
bool memmapdev_is(const struct memmapdev *d, enum memmapdev_expect e, char *why, size_t size);

/*
 * Open the ports and read the registers into D, which must be as expected. If not, O has the
 * outcome.
 */
bool memmapdev_open(struct ports *p, enum memmapdev_expect e, struct memmapdev *d,
                    struct outcome *o);

#endif
