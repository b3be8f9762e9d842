/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STUB_LOG_H
#define STUB_LOG_H

#include <glib.h>

#define LOG_GUEST_ERROR 1

/* What it says is in harness_logged(). */
void qemu_log_mask(int mask, const char *fmt, ...) G_GNUC_PRINTF(2, 3);

#endif /* STUB_LOG_H */
