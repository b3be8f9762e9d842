/*
 * Where the initrd of a kernel that is booted directly goes
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_XEN_XEN_INITRD_H
#define HW_XEN_XEN_INITRD_H

#include "hw/i386/x86.h"

struct memmap_layout;

/*
 * RAM is as @l says: see that the initrd, if there is one, goes where it is.
 * To be called before the guest's firmware loads it.
 */
void xen_initrd_place(X86MachineState *x86ms, const struct memmap_layout *l);

#endif /* HW_XEN_XEN_INITRD_H */
