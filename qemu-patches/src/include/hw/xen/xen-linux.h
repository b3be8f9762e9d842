/*
 * Where a kernel that is booted directly, and its initrd, go
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_XEN_XEN_LINUX_H
#define HW_XEN_XEN_LINUX_H

#include "hw/i386/x86.h"

struct memmap_layout;

/*
 * If RAM is as @l says, there is a place for the kernel, or none is booted
 * directly.
 */
bool xen_linux_fits(const X86MachineState *x86ms,
                    const struct memmap_layout *l);

/*
 * RAM is as @l says: see that kernel and initrd go where it is.  To be called
 * before the guest's firmware loads them.
 */
void xen_linux_place(X86MachineState *x86ms, const struct memmap_layout *l);

#endif /* HW_XEN_XEN_LINUX_H */
