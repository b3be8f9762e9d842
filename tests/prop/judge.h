/* SPDX-License-Identifier: MIT */
#ifndef TESTS_JUDGE_H
#define TESTS_JUDGE_H

#include "guest.h"
#include "prop.h"

/*
 * Look at everything after the boot of the guest that guest_draw() made.  NULL, or
 * what does not hold, for people; static storage.
 */
const char *judge(struct prop_count *count);

#endif /* TESTS_JUDGE_H */
