/* SPDX-License-Identifier: MIT */
/*
 * dice.h - what the tests that try random maps share: numbers from a seed, and the
 * one sentence that says what is wrong.  Static, so that each has its own.
 */
#ifndef TESTS_DICE_H
#define TESTS_DICE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

static uint64_t state;
static char why[256];

/* Less than @below; 0 if that is 0. */
static uint64_t rnd(uint64_t below)
{
    /* splitmix64 */
    uint64_t z = state += 0x9e3779b97f4a7c15ull;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return below ? (z ^ (z >> 31)) % below : 0;
}

static bool chance(unsigned int percent)
{
    return rnd(100) < percent;
}

/* Says why; returns false, for whoever finds it to pass on. */
static bool __attribute__((format(__printf__, 1, 2), unused))
wrong(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(why, sizeof(why), fmt, ap);
    va_end(ap);
    return false;
}

#endif /* TESTS_DICE_H */
