/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * timed.h - an hvmloader that says where its time went; for `make bench` only.
 *
 * It looks at hypercalls and ports from the inside of hvmloader's own wrappers, so
 * the same patch measures any hvmloader, with the protocol and without, and
 * changes nothing of what is measured.
 */
#ifndef XEN_MEMMAP_TIMED_H
#define XEN_MEMMAP_TIMED_H

#include <stdbool.h>
#include <stdint.h>

/* The protocol's ports (PROTOCOL.md); nothing else has ever been there. */
#define TIMED_PORT  0x0ac0u
#define TIMED_PORTS 16u

enum timed {
    TIMED_DECREASE,
    TIMED_POPULATE,
    TIMED_PHYSMAP,          /* XENMEM_add_to_physmap */
    TIMED_OTHER,            /* memory hypercalls that move no RAM */
    TIMED_PORT_ACCESS,
    TIMED_KINDS
};

/* The time stamp counter, cycles. */
static inline uint64_t timed_now(void)
{
    uint64_t tsc;

    asm volatile ( "rdtsc" : "=A" (tsc) );

    return tsc;
}

/* One more of @kind, which has taken from @since to now. */
void timed_note(enum timed kind, uint64_t since);

/* A memory hypercall is done. */
void timed_hypercall(unsigned int cmd, uint64_t since);

static inline bool timed_is_ours(uint16_t port)
{
    return port >= TIMED_PORT && port < TIMED_PORT + TIMED_PORTS;
}

/* Around an access; nothing is done for other ports, so that it costs nothing. */
static inline uint64_t timed_port_begin(uint16_t port)
{
    return timed_is_ours(port) ? timed_now() : 0;
}

static inline void timed_port_end(uint16_t port, uint64_t since)
{
    if ( timed_is_ours(port) )
        timed_note(TIMED_PORT_ACCESS, since);
}

void timed_begin(void);
/* Print everything, a line a kind: `timed: NAME CALLS KILOCYCLES`. */
void timed_end(void);

#endif /* XEN_MEMMAP_TIMED_H */
