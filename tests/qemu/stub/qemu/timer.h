/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STUB_TIMER_H
#define STUB_TIMER_H

#include <stdint.h>

typedef enum QEMUClockType { QEMU_CLOCK_REALTIME } QEMUClockType;
typedef struct QEMUTimer QEMUTimer;
typedef void QEMUTimerCB(void *opaque);

/* The clock stands still but for harness_pass(). */
int64_t qemu_clock_get_ms(QEMUClockType type);
QEMUTimer *timer_new_ms(QEMUClockType type, QEMUTimerCB *cb, void *opaque);
void timer_mod_anticipate(QEMUTimer *timer, int64_t at);

#endif /* STUB_TIMER_H */
