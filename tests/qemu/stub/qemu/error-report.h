/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STUB_ERROR_REPORT_H
#define STUB_ERROR_REPORT_H

#include <glib.h>

/* All of them add a line to harness_said(). */
void error_report(const char *fmt, ...) G_GNUC_PRINTF(1, 2);
void warn_report(const char *fmt, ...) G_GNUC_PRINTF(1, 2);
void info_report(const char *fmt, ...) G_GNUC_PRINTF(1, 2);
/* Once a machine, not once a process as in QEMU: tests share one. */
void error_report_once(const char *fmt, ...) G_GNUC_PRINTF(1, 2);
void warn_report_once(const char *fmt, ...) G_GNUC_PRINTF(1, 2);

#endif /* STUB_ERROR_REPORT_H */
