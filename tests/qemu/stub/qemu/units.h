/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STUB_UNITS_H
#define STUB_UNITS_H

#define KiB ((int64_t)1 << 10)
#define MiB ((int64_t)1 << 20)
#define GiB ((int64_t)1 << 30)

#endif /* STUB_UNITS_H */
