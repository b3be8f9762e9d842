/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STUB_RUNSTATE_H
#define STUB_RUNSTATE_H

#include <stdbool.h>

typedef enum RunState { RUN_STATE_INMIGRATE, RUN_STATE_RUNNING } RunState;

bool runstate_check(RunState state);

#endif /* STUB_RUNSTATE_H */
