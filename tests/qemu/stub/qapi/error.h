/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STUB_ERROR_H
#define STUB_ERROR_H

#include "qemu/osdep.h"

/* Where this is given a failure ends QEMU: here it is in harness_said(). */
extern Error *error_fatal;

void error_setg(Error **errp, const char *fmt, ...) G_GNUC_PRINTF(2, 3);
void error_setg_errno(Error **errp, int err, const char *fmt, ...)
    G_GNUC_PRINTF(3, 4);
/* Say it, and free it. */
void error_report_err(Error *err);
const char *error_get_pretty(const Error *err);
void error_free(Error *err);

#endif /* STUB_ERROR_H */
