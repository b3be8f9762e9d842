/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STUB_XENGNTTAB_H
#define STUB_XENGNTTAB_H

#include <stdint.h>

/* No region is one of grants here. */
typedef struct xengnttab_handle xengnttab_handle;
#define xengnttab_open(logger, flags) ((xengnttab_handle *)&xen_domid)
#define xengnttab_map_domain_grant_refs(gnt, nr, dom, refs, prot) NULL
#define xengnttab_unmap(gnt, addr, nr) (-1)

#endif /* STUB_XENGNTTAB_H */
