/*
 * Xen guest memory map device: reserved memory, and whom to ask for it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_I386_XEN_MEMMAP_RDM_XEN_H
#define HW_I386_XEN_MEMMAP_RDM_XEN_H

/* Whether Xen lets this QEMU give its guest memory of the host at all. */
bool xen_rdm_may_permit(void);

/* Whether the device @sbdf is assigned to this guest, for certain. */
bool xen_rdm_is_assigned(uint32_t sbdf);

/* Hexadecimal, as people write it, and libxl; the caller frees it. */
char *xen_rdm_name(uint32_t sbdf);

/*
 * Permit, and map one to one; on failure neither, and errno says why.  The
 * reverse is two calls, as either may be wanted alone: 0, or an errno.
 */
bool xen_rdm_map_run(uint64_t gfn, uint64_t pages);
int xen_rdm_unmap_run(uint64_t gfn, uint64_t pages);
int xen_rdm_forbid_run(uint64_t gfn, uint64_t pages);

#endif /* HW_I386_XEN_MEMMAP_RDM_XEN_H */
