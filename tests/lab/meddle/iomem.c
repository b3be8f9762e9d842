/* SPDX-License-Identifier: MIT */
/*
 * What a domain may be given of the host's memory is what dom0 may have itself. Who has no
 * right to a page cannot give it to anybody, nor to himself again.
 */
#include "meddle.h"

#include <errno.h>
#include <stdio.h>
#include <xenctrl.h>

int no_iomem(unsigned long mfn, unsigned long pages)
{
    xc_interface *xch = xc_interface_open(NULL, NULL, 0);

    /* EPERM: an earlier guest of this boot was here. */
    if (!xch || (xc_domain_iomem_permission(xch, 0, mfn, pages, 0) && errno != EPERM)) {
        perror("meddle: no-iomem");
        return 1;
    }
    printf("dom0 may not have pages %#lx-%#lx of the host\n", mfn, mfn + pages - 1);
    xc_interface_close(xch);
    return 0;
}
