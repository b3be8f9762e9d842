/*
 * Xen guest memory map device: reserved memory, and whom to ask for it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "hw/xen/xen_native.h"
#include "qemu/error-report.h"
#include "hw/xen/xen-legacy-backend.h"
#include "hw/xen/xen_pt.h"
#include "xen-memmap-rdm-xen.h"
#include "trace.h"

bool xen_rdm_map_run(uint64_t gfn, uint64_t pages)
{
    int rc = xc_domain_iomem_permission(xen_xc, xen_domid, gfn, pages, 1);

    if (!rc) {
        rc = xc_domain_memory_mapping(xen_xc, xen_domid, gfn, gfn, pages,
                                      DPCI_ADD_MAPPING);
        if (rc) {
            int err = errno;

            xc_domain_iomem_permission(xen_xc, xen_domid, gfn, pages, 0);
            errno = err;
        }
    }
    trace_xen_memmap_rdm_map(gfn, pages, rc ? errno : 0);
    return !rc;
}

int xen_rdm_unmap_run(uint64_t gfn, uint64_t pages)
{
    int err = 0;

    if (xc_domain_memory_mapping(xen_xc, xen_domid, gfn, gfn, pages,
                                 DPCI_REMOVE_MAPPING)) {
        err = errno;
    }
    trace_xen_memmap_rdm_unmap(gfn, pages, err);
    return err;
}

int xen_rdm_forbid_run(uint64_t gfn, uint64_t pages)
{
    int err = 0;

    if (xc_domain_iomem_permission(xen_xc, xen_domid, gfn, pages, 0)) {
        err = errno;
    }
    trace_xen_memmap_rdm_forbid(gfn, pages, err);
    return err;
}

char *xen_rdm_name(uint32_t sbdf)
{
    return g_strdup_printf("%04x:%02x:%02x.%x", sbdf >> 16, (sbdf >> 8) & 0xff,
                           PCI_SLOT(sbdf), PCI_FUNC(sbdf));
}

/*
 * The toolstack notes a device here once Xen has assigned it to this guest,
 * until Xen has taken it back, and the guest cannot write there.  One after the
 * other.
 */
static bool xen_rdm_is_noted(uint32_t sbdf)
{
    g_autofree char *name = xen_rdm_name(sbdf);
    bool found = false;
    unsigned int i;

    for (i = 0; xenstore && !found; i++) {
        g_autofree char *path = g_strdup_printf("backend/pci/%u/0/dev-%u",
                                                xen_domid, i);
        unsigned int len;
        char *value = qemu_xen_xs_read(xenstore, XBT_NULL, path, &len);

        if (!value) {
            break;
        }
        found = !strcmp(value, name);
        free(value);
    }
    return found;
}

/*
 * QEMU gets a device before Xen assigns it, and loses it before Xen takes it
 * back.  At the time of a COMMIT the first means that the assignment will find
 * the room, and must find it empty.
 *
 * No call of Xen's says whose a device is: this one fails in the same way for
 * one that is another guest's, hidden, or not there, and each time Xen logs it.
 * So the toolstack is asked first, and Xen whether that can be so.
 */
bool xen_rdm_is_assigned(uint32_t sbdf)
{
    return xen_rdm_is_noted(sbdf) &&
           xc_test_assign_device(xen_xc, xen_domid, sbdf) && errno == EINVAL;
}

/*
 * Not in a stub domain, nor wherever else Xen reserves that for the domain that
 * built the guest.  What is asked for must be in order, as Xen since 4.20.4
 * looks at that first, and must change nothing: page 1 is no device's, so the
 * guest has no right to it that it could lose.
 */
bool xen_rdm_may_permit(void)
{
    if (xc_domain_iomem_permission(xen_xc, xen_domid, 1, 1, 0) &&
        errno == EPERM) {
        info_report("xen-memmap: Xen does not let this QEMU give its guest "
                    "memory of the host: reserved memory of devices is left to "
                    "Xen");
        return false;
    }
    return true;
}
