/* SPDX-License-Identifier: MIT */
/* What hvmloader asks Xen to do with its own pages, a toolstack may ask for any guest. */
#include "meddle.h"

#include <stdio.h>
#include <xenctrl.h>

int move_page(uint32_t domid, unsigned long from, unsigned long to)
{
    xc_interface *xch = xc_interface_open(NULL, NULL, 0);

    if (!xch || xc_domain_add_to_physmap(xch, domid, XENMAPSPACE_gmfn, from, to)) {
        perror("meddle: move");
        return 1;
    }
    printf("what domain %u had at gfn %#lx is at %#lx\n", domid, from, to);
    xc_interface_close(xch);
    return 0;
}
