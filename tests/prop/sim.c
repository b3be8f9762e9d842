/* SPDX-License-Identifier: MIT */
/*
 * hvmloader/hvm*.c are included, not linked: hvmloader runs once and starts with
 * zeroed memory, this runs it a hundred thousand times.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "hvm.c"
#include "hvm-e820.c"
#include "hvm-p2m.c"
#include "hvm-print.c"
#include "hvm-rdm.c"
#include "hvm-settle.c"
#include "hvm-talk.c"
#include "hvm-xenstore.c"

#include "sim.h"

struct sim sim;
uint32_t pci_mem_start;
const uint32_t pci_mem_end = 0xfc000000;
uint64_t pci_hi_mem_start, pci_hi_mem_end;
struct e820map memory_map;
static struct hvm_info_table info;
struct hvm_info_table *hvm_info = &info;
static jmp_buf dead;
uintptr_t sim_image_end = SIM_IMAGE_END << PAGE_SHIFT;
static struct hvm_modlist_entry module = {
    .paddr = SIM_MODULE_GFN << PAGE_SHIFT, .size = SIM_MODULE_NR << PAGE_SHIFT,
};
static struct hvm_start_info start_info = { .nr_modules = 1 };
const struct hvm_start_info *hvm_start_info = &start_info;

int sim_printf(const char *fmt, ...)
{
    const size_t used = strlen(sim.said);
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(sim.said + used, sizeof(sim.said) - used, fmt, ap);
    va_end(ap);
    return 0;
}

bool sim_heard(const char *text)
{
    return strstr(sim.said, text);
}

void sim_tell(const char *path, const char *fmt, ...)
{
    va_list ap;

    if ( sim.nr_keys == SIM_KEYS )
        abort();
    snprintf(sim.key[sim.nr_keys].path, sizeof(sim.key[0].path), "%s", path);
    va_start(ap, fmt);
    vsnprintf(sim.key[sim.nr_keys].value, sizeof(sim.key[0].value), fmt, ap);
    va_end(ap);
    sim.nr_keys++;
}

unsigned int cpu_phys_addr(void)
{
    return sim.phys_bits;
}

unsigned int cpu_var_mtrrs(void)
{
    return sim.var_mtrrs;
}

void cpuid(uint32_t idx, uint32_t *eax, uint32_t *ebx, uint32_t *ecx,
           uint32_t *edx)
{
    if ( idx )
        abort();
    *eax = 0;
    memcpy(ebx, sim.vendor, 4);
    memcpy(edx, sim.vendor + 4, 4);
    memcpy(ecx, sim.vendor + 8, 4);
}

/* As hvmloader's: the answer lasts until the next question. */
const char *xenstore_read(const char *path, const char *default_resp)
{
    static char answer[sizeof(sim.key[0].value)];

    memset(answer, '?', sizeof(answer) - 1);
    for ( unsigned int i = 0; i < sim.nr_keys; i++ )
        if ( !strcmp(path, sim.key[i].path) )
            return strcpy(answer, sim.key[i].value);
    return default_resp;
}

int xenstore_write(const char *path, const char *value)
{
    unsigned int i;

    if ( sim.fault.xenstore )
        return -1;
    /* No more than the ring takes: who waits for room waits for ever. */
    if ( 16 + strlen(path) + 1 + strlen(value) > 1023 )
        abort();
    if ( strlen(value) >= SIM_VALUE )
        abort();
    if ( !strcmp(path, "data/memory-map/generation") )
        snprintf(sim.shown_generation, sizeof(sim.shown_generation), "%.10s",
                 value);
    else if ( sscanf(path, "data/memory-map/layout/%u", &i) == 1 &&
              i < SIM_SHOWN )
        strcpy(sim.shown[i], value);
    else
        abort();
    return 0;
}

/* No hypercall returns to a domain that has ended. */
static int returns(int rc)
{
    if ( sim.host.crashed )
        longjmp(dead, 1);
    return rc;
}

int hypercall_memory_op(unsigned int cmd, void *arg)
{
    const struct xen_add_to_physmap *xatp = arg;
    const struct xen_memory_reservation *xmr = arg;
    struct xen_vnuma_topology_info *vnuma = arg;

    switch ( cmd )
    {
    case XENMEM_add_to_physmap:
        if ( xatp->domid != DOMID_SELF ||
             xatp->space != XENMAPSPACE_gmfn_range )
            break;
        return returns(host_add_to_physmap(&sim.host, xatp->idx, xatp->gpfn,
                                           xatp->size));

    case XENMEM_decrease_reservation:
    case XENMEM_populate_physmap:
        if ( xmr->domid != DOMID_SELF || xmr->mem_flags )
            break;
        return returns((cmd == XENMEM_populate_physmap ? host_populate
                                                       : host_decrease)
                       (&sim.host, xmr->extent_start, xmr->nr_extents,
                        xmr->extent_order));

    case XENMEM_current_reservation:
        return host_pages(&sim.host) + sim.populated;

    case XENMEM_get_vnumainfo:
        if ( !sim.vnodes )
            return -EOPNOTSUPP;
        if ( vnuma->nr_vnodes )
            break;
        vnuma->nr_vnodes = sim.vnodes;
        return -ENOBUFS;
    }
    abort();
}

int hypercall_hvm_op(int cmd, void *arg)
{
    struct xen_hvm_get_mem_type *there = arg;

    if ( cmd != HVMOP_get_mem_type || there->domid != DOMID_SELF )
        abort();
    if ( sim.fault.no_look )
        return HOST_ESRCH;
    there->mem_type = host_is_empty(&sim.host, there->pfn) ? HVMMEM_mmio_dm
                                                           : HVMMEM_ram_rw;
    return 0;
}

static bool gone(void)
{
    return sim.fault.vanish_after >= 0 &&
           sim.wire > (unsigned int)sim.fault.vanish_after;
}

uint32_t inl(uint16_t port)
{
    sim.wire++;
    return gone() ? MEMMAP_REG_ABSENT
                  : memmap_dm_read(&sim.dm, port - MEMMAP_PORT_BASE);
}

void outl(uint16_t port, uint32_t val)
{
    sim.wire++;
    if ( !gone() )
        memmap_dm_write(&sim.dm, port - MEMMAP_PORT_BASE, val);
}

void sim_init(void)
{
    void *at = (void *)(uintptr_t)MEMMAP_BUFFER_PHYSICAL_ADDRESS;
    static bool done;

    if ( done )
        return;
    done = true;
    if ( mmap(at, MEMMAP_BUFFER_BYTES, PROT_READ | PROT_WRITE,
              MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != at )
    {
        perror("cannot map the buffer at guest address 0x90000 (is "
               "vm.mmap_min_addr above it?)");
        exit(2);
    }
    start_info.modlist_paddr = (uintptr_t)&module;
}

void sim_new(void)
{
    memset(&memmap_guest, 0, sizeof(memmap_guest));
    extents = 0;
    plan.nr_moves = 0;
    plan.hole_start = 0;

    host_init(&sim.host);
    sim_dm_new();
    memset(&sim.dm, 0, offsetof(struct memmap_dm, range));
    sim.dm.ops = &sim_dm_ops;
    memmap_dm_reset(&sim.dm);
    memset(&sim.fault, 0, sizeof(sim.fault));
    sim.fault.vanish_after = -1;
    memmap_layout_init(&sim.owned, sim.owned_range, MEMMAP_ARRAY_SIZE(sim.owned_range));
    memmap_layout_init(&sim.view, sim.view_range, MEMMAP_MAX_ENTRIES);
    sim.nr_rdm = sim.nr_keys = 0;
    sim.committed = sim.ever = sim.refused_moved = false;
    sim.applies = sim.wire = 0;
    sim.prepares_refused = sim.commits_refused = 0;
    for ( unsigned int i = 0; i < SIM_SHOWN; i++ )
        sim.shown[i][0] = 0;
    sim.shown_generation[0] = sim.said[0] = 0;
    sim.phys_bits = 40;
    sim.var_mtrrs = 8;
    sim.vendor = "GenuineIntel";
    sim.bug = 0;
    sim.populate = true;
    sim.vnodes = 0;
    sim.populated = 0;
    sim_tell(HVM_XS_ACPI_PT_ADDRESS, "%#x", SIM_ACPI_GFN << PAGE_SHIFT | 0x800);
    sim_tell(HVM_XS_ACPI_PT_LENGTH, "%u", PAGE_SIZE);
    memset(&memory_map, 0, sizeof(memory_map));
    memset(&info, 0, sizeof(info));
    pci_hi_mem_start = pci_hi_mem_end = 0;
}

/* hvmloader's mem_hole_populate_ram() for one page. */
static void take_page(uint64_t mfn)
{
    uint64_t idx;

    if ( sim.populate )
    {
        host_set(&sim.host, mfn, 1, 2ull << 40, HOST_RAM);
        return;
    }
    if ( hvm_info->high_mem_pgend )
    {
        idx = --hvm_info->high_mem_pgend;
        if ( idx == 1u << (32 - PAGE_SHIFT) )
            hvm_info->high_mem_pgend = 0;
    }
    else
        idx = --hvm_info->low_mem_pgend;

    if ( !memmap_layout_covers(&memmap_guest.now, MEMMAP_TYPE_RAM, idx, 1) ||
         host_add_to_physmap(&sim.host, idx, mfn, 1) )
        sim.bug = idx;
    else
        memmap_page_taken(idx, mfn);
}

bool sim_boot(struct memmap_bar *bar, unsigned int nr, uint64_t hole_size,
              unsigned int pages_taken)
{
    bool settled;

    if ( setjmp(dead) )
        return false;
    settled = memmap_settle(bar, nr, hole_size);

    /* Where the next calls fail hvmloader ends in BUG(): no guest, no promise. */
    sim.host.fail_after = -1;
    sim.host.fail_again = 0;
    sim.host.pool = 1u << 30;
    memset(sim.host.fault, 0, sizeof(sim.host.fault));
    for ( unsigned int i = 0; i < pages_taken && memmap_guest.known && !sim.bug;
          i++ )
        take_page((pci_mem_end >> PAGE_SHIFT) + i);
    memmap_sync_e820();
    memmap_finish();
    return settled;
}

const struct memmap_layout *sim_now(void)
{
    return &memmap_guest.now;
}

const struct memmap_plan *sim_plan(void)
{
    return &plan;
}

bool sim_rdm_agreed(void)
{
    return memmap_guest.fw.agreed & MEMMAP_FEAT_RDM;
}

bool sim_present(void)
{
    return memmap_guest.fw.present;
}

const struct memmap_moved *sim_moved(void)
{
    static struct memmap_moved moved;

    moved.lost_pages = memmap_guest.lost_pages;
    moved.extents = extents;
    return &moved;
}

uint32_t sim_generation(void)
{
    return memmap_guest.fw.generation;
}
