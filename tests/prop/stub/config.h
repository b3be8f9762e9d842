/* SPDX-License-Identifier: MIT */
/*
 * Stands in for hvmloader's config.h, util.h and hypercall.h, so that
 * hvmloader/hvm*.c, the files that ship, run in the simulated host: their ports are
 * the device model's end, its hypercalls are host.c's, its xenstore is sim.h's.
 */
#ifndef STUB_CONFIG_H
#define STUB_CONFIG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_SHIFT 12
#define PAGE_SIZE  (1u << PAGE_SHIFT)
#define GB(x)      ((uint64_t)(x) << 30)
#define MB(x)      ((uint64_t)(x) << 20)

#define PRIllx "%x%08x"
#define PRIllx_arg(ll) (uint32_t)((ll) >> 32), (uint32_t)(ll)

/* sim_init() maps memory there, so that firmware's address is one here too. */
#define MEMMAP_BUFFER_PHYSICAL_ADDRESS 0x00090000
#define HVMLOADER_PHYSICAL_ADDRESS     0x00100000
#define RESERVED_MEMBASE               0xfc000000

/* The end of hvmloader's image, a symbol of the linker there. */
extern uintptr_t sim_image_end;
#define _end sim_image_end

struct hvm_modlist_entry {
    uint64_t paddr, size, cmdline_paddr;
};
struct hvm_start_info {
    uint32_t nr_modules;
    uint64_t modlist_paddr;
};
extern const struct hvm_start_info *hvm_start_info;

#define HVM_XS_ACPI_PT_ADDRESS   "hvmloader/acpi/address"
#define HVM_XS_ACPI_PT_LENGTH    "hvmloader/acpi/length"
#define HVM_XS_SMBIOS_PT_ADDRESS "hvmloader/smbios/address"
#define HVM_XS_SMBIOS_PT_LENGTH  "hvmloader/smbios/length"
/* Ours: as the series puts them into Xen's header. */
#define HVM_XS_MEMORY_MAP_ENABLED  "hvmloader/memory-map/enabled"
#define HVM_XS_MEMORY_MAP_RELOCATE "hvmloader/memory-map/relocate"
#define HVM_XS_MEMORY_MAP_POLICY   "hvmloader/memory-map/policy"
#define HVM_XS_MEMORY_MAP_RDM      "hvmloader/memory-map/rdm"
#define HVM_XS_MEMORY_MAP_SHOWN    "data/memory-map"

extern uint32_t pci_mem_start;
extern const uint32_t pci_mem_end;
extern uint64_t pci_hi_mem_start, pci_hi_mem_end;

#define E820_RAM      1
#define E820_RESERVED 2
#define E820MAX       128

struct e820entry {
    uint64_t addr, size;
    uint32_t type;
};
struct e820map {
    unsigned int nr_map;
    /* Beyond E820MAX nobody may write, and a test looks. */
    struct e820entry map[E820MAX + 64];
};
extern struct e820map memory_map;

struct hvm_info_table {
    uint32_t low_mem_pgend, reserved_mem_pgstart, high_mem_pgend;
};
extern struct hvm_info_table *hvm_info;

struct xen_add_to_physmap {
    uint16_t domid, size;
    unsigned int space;
    uint64_t idx, gpfn;
};
#define DOMID_SELF               0x7ff0u
#define XENMAPSPACE_gmfn         2
#define XENMAPSPACE_gmfn_range   3
#define XENMEM_decrease_reservation 1
#define XENMEM_current_reservation  3
#define XENMEM_populate_physmap     6
#define XENMEM_add_to_physmap    7
#define XENMEM_get_vnumainfo     26

typedef uint64_t xen_pfn_t;
struct xen_memory_reservation {
    xen_pfn_t *extent_start;
    unsigned int nr_extents, extent_order, mem_flags;
    uint16_t domid;
};
#define set_xen_guest_handle(hnd, val) ((hnd) = (val))
struct xen_memory_domain {
    uint16_t domid;
};
struct xen_vnuma_topology_info {
    uint16_t domid;
    unsigned int nr_vnodes;
};
struct xen_hvm_get_mem_type {
    uint16_t domid, mem_type;
    uint64_t pfn;
};
#define HVMOP_get_mem_type 15
#define HVMMEM_ram_rw      0
#define HVMMEM_mmio_dm     2
#define ENOBUFS    105
#define EOPNOTSUPP 95

int hypercall_memory_op(unsigned int cmd, void *arg);
int hypercall_hvm_op(int cmd, void *arg);
uint32_t inl(uint16_t port);
void outl(uint16_t port, uint32_t val);
unsigned int cpu_phys_addr(void);
unsigned int cpu_var_mtrrs(void);
void cpuid(uint32_t idx, uint32_t *eax, uint32_t *ebx, uint32_t *ecx, uint32_t *edx);
const char *xenstore_read(const char *path, const char *default_resp);
int xenstore_write(const char *path, const char *value);

int sim_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
#define printf sim_printf

#endif /* STUB_CONFIG_H */
