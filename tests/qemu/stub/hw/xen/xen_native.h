/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QEMU's, and what it brings along of Xen's libraries. */
#ifndef STUB_XEN_NATIVE_H
#define STUB_XEN_NATIVE_H

#include "hw/xen/xen.h"
#include "qemu/osdep.h"

#define XC_PAGE_SHIFT   12
#define XC_PAGE_SIZE    (1ul << XC_PAGE_SHIFT)

typedef unsigned long xen_pfn_t;
typedef struct xc_interface xc_interface;
typedef struct xenforeignmemory_handle xenforeignmemory_handle;
extern xc_interface *xen_xc;
extern xenforeignmemory_handle *xen_fmem;

void *xenforeignmemory_map(xenforeignmemory_handle *fmem, uint32_t dom, int prot,
                           size_t pages, const xen_pfn_t pfn[], int err[]);
int xenforeignmemory_unmap(xenforeignmemory_handle *fmem, void *addr,
                           size_t pages);

struct xen_reserved_device_memory {
    xen_pfn_t start_pfn;
    unsigned long nr_pages;
};
#define XENMEM_RDM_ALL      1
#define DPCI_ADD_MAPPING    1
#define DPCI_REMOVE_MAPPING 0

int xc_reserved_device_memory_map(xc_interface *xch, uint32_t flags,
                                  uint16_t seg, uint8_t bus, uint8_t devfn,
                                  struct xen_reserved_device_memory entries[],
                                  uint32_t *max_entries);
int xc_domain_iomem_permission(xc_interface *xch, uint32_t domid,
                               unsigned long first_mfn, unsigned long nr_mfns,
                               uint8_t allow_access);
int xc_domain_memory_mapping(xc_interface *xch, uint32_t domid,
                             unsigned long first_gfn, unsigned long first_mfn,
                             unsigned long nr_mfns, uint32_t add_mapping);
int xc_test_assign_device(xc_interface *xch, uint32_t domid,
                          uint32_t machine_sbdf);

void xen_shutdown_fatal_error(const char *fmt, ...) G_GNUC_PRINTF(1, 2);

#endif /* STUB_XEN_NATIVE_H */
