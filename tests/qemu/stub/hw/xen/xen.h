/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STUB_XEN_H
#define STUB_XEN_H

#include <stdbool.h>
#include <stdint.h>

extern uint32_t xen_domid;
extern bool xen_domid_restrict;

#endif /* STUB_XEN_H */
