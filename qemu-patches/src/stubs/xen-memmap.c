/*
 * Xen guest memory map device: what a monitor is told where there is none
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qapi/qapi-commands-xen-memmap.h"

XenMemmapInfo *qmp_query_xen_memmap(Error **errp)
{
    error_setg(errp, "this machine has no Xen guest memory map");
    return NULL;
}
