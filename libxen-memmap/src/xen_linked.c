/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* xen.c, where it is linked: in libxen-memmap.a. */
#include "internal.h"

int memmap_xen_find(xen_memmap_handle *h)
{
    h->xen_ops = &memmap_xen_real;
    return 0;
}
