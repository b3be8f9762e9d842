/* SPDX-License-Identifier: MIT */
/*
 * fuzz.h - what the harnesses share: eating an input, and saying what broke.
 *
 * A harness is a promise, not only a search for crashes: each checks after every
 * step what the header it tests says, and ends the process when it is not so.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Set by replay.c: which file is being replayed. */
extern const char *fuzz_input;

#define PROMISE(cond) do {                                              \
    if ( !(cond) )                                                      \
    {                                                                   \
        fprintf(stderr, "%s: broken promise: %s (%s:%d)\n",             \
                fuzz_input, #cond, __FILE__, __LINE__);                 \
        abort();                                                        \
    }                                                                   \
} while ( 0 )

/* An input is eaten from the front; when it is used up the rest is zeroes. */
struct feed {
    const uint8_t *data;
    size_t len;
};

static inline uint64_t eat(struct feed *f, unsigned int bytes)
{
    uint64_t val = 0;

    for ( unsigned int i = 0; i < bytes && f->len; i++ )
    {
        val |= (uint64_t)*f->data++ << (8 * i);
        f->len--;
    }
    return val;
}

#endif /* TESTS_FUZZ_H */
