/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xen-memmap-rdm.c by itself. */
#include "internal.h"
#include "xen-memmap-rdm.h"

static void nothing(void *opaque)
{
}

struct XenMemmapRDM *harness_rdm_new(const struct memmap_dm *dm,
                                     const struct memmap_layout *layout)
{
    return xen_memmap_rdm_new(dm, layout, XEN_MEMMAP_RDM_MODE_ASSIGNED, nothing,
                              NULL);
}

/* The answers of Xen that it keeps are freed by harness_reset(). */
void harness_rdm_free(struct XenMemmapRDM *rdm)
{
    qom_forget_listeners();
    g_free(rdm);
}
