/* SPDX-License-Identifier: MIT */
/*
 * hvmloader/hvm.c is included, not linked: hvmloader runs once and starts with
 * zeroed memory, this runs it a hundred thousand times.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "../../hvmloader/hvm.c"
#include "../../hvmloader/hvm-e820.c"
#include "../../hvmloader/hvm-rdm.c"

#include "sim.h"

struct sim sim;
unsigned int sim_said;

uint32_t pci_mem_start;
const uint32_t pci_mem_end = 0xfc000000;
uint64_t pci_hi_mem_start, pci_hi_mem_end;
struct e820map memory_map;
static struct hvm_info_table info;
struct hvm_info_table *hvm_info = &info;
uintptr_t sim_image_end = SIM_IMAGE_END << PAGE_SHIFT;
static struct hvm_modlist_entry module = {
    .paddr = SIM_MODULE_GFN << PAGE_SHIFT, .size = SIM_MODULE_NR << PAGE_SHIFT,
};
static struct hvm_start_info start_info = { .nr_modules = 1 };
const struct hvm_start_info *hvm_start_info = &start_info;

int sim_printf(const char *fmt, ...)
{
    static int loud = -1;
    va_list ap;

    sim_said++;
    if ( loud < 0 )
        loud = getenv("SIM_LOUD") != NULL;
    if ( !loud )
        return 0;
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    return 0;
}

unsigned int cpu_phys_addr(void)
{
    return sim.phys_bits;
}

const char *xenstore_read(const char *path, const char *default_resp)
{
    unsigned int i;

    if ( sim.disabled && !strcmp(path, "hvmloader/memory-map/enabled") )
        return "0";
    if ( sim.told && !strcmp(path, "hvmloader/memory-map/relocate") )
        return "0";
    if ( sscanf(path, "hvmloader/memory-map/rdm/%u", &i) == 1 &&
         i < sim.nr_keys )
        return sim.key[i];
    if ( sim.ovmf && !strcmp(path, "hvmloader/bios") )
        return "ovmf";
    if ( !strcmp(path, HVM_XS_ACPI_PT_ADDRESS) )
        return "0x190800";
    if ( !strcmp(path, HVM_XS_ACPI_PT_LENGTH) )
        return "4096";
    if ( !strncmp(path, "memory/", 7) )
    {
        static char value[24];
        uint64_t kib = !strcmp(path, "memory/target") ? sim.target
                     : !strcmp(path, "memory/videoram") ? sim.videoram
                     : sim.static_max;

        snprintf(value, sizeof(value), "%llu", (unsigned long long)kib);
        return kib ? value : default_resp;
    }
    return default_resp;
}

int xenstore_write(const char *path, const char *value)
{
    return path && value && sim.fault.xenstore ? -1 : 0;
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
        return host_add_to_physmap(&sim.host, xatp->idx, xatp->gpfn,
                                   xatp->size);

    case XENMEM_decrease_reservation:
    case XENMEM_populate_physmap:
        if ( xmr->domid != DOMID_SELF || xmr->mem_flags )
            break;
        return (cmd == XENMEM_populate_physmap ? host_populate : host_decrease)
               (&sim.host, xmr->extent_start, xmr->nr_extents,
                xmr->extent_order);

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

/* The device model. */

static bool fails(unsigned int *count)
{
    if ( !*count )
        return false;
    --*count;
    return true;
}

static bool in_buffer(uint64_t addr, uint32_t bytes)
{
    return addr >= MEMMAP_BUFFER_PHYSICAL_ADDRESS &&
           addr + bytes <= MEMMAP_BUFFER_PHYSICAL_ADDRESS + MEMMAP_BUFFER_BYTES;
}

static bool op_read(void *opaque, uint64_t addr, void *dst, uint32_t bytes)
{
    if ( fails(&sim.fault.read) || !in_buffer(addr, bytes) )
        return false;
    memcpy(dst, (void *)(uintptr_t)addr, bytes);
    return true;
}

static bool op_write(void *opaque, uint64_t addr, const void *src,
                     uint32_t bytes)
{
    if ( fails(&sim.fault.write) || !in_buffer(addr, bytes) )
        return false;
    memcpy((void *)(uintptr_t)addr, src, bytes);
    return true;
}

static unsigned int op_check(void *opaque, unsigned int cmd,
                             const struct memmap_record *r, uint16_t *index)
{
    if ( sim.fault.migrating && cmd == MEMMAP_CMD_PREPARE )
        return MEMMAP_E_BUSY;
    return fails(&sim.fault.check) ? MEMMAP_E_BUSY : MEMMAP_OK;
}

/* Map what is assigned and called RDM, or say which entry stands in the way. */
static unsigned int map_rdm(const struct memmap_record *r, uint16_t *index)
{
    unsigned int i, e;

    for ( unsigned int go = 0; go < 2; go++ )
        for ( i = 0; i < sim.nr_rdm; i++ )
        {
            struct sim_rdm *m = &sim.rdm[i];
            bool all = m->assigned;

            for ( uint64_t gfn = m->gfn; all && gfn < m->gfn + m->pages; gfn++ )
            {
                e = memmap_layout_seek(&r->layout, gfn);
                all = e < r->layout.nr && r->layout.range[e].gfn <= gfn &&
                      r->layout.range[e].type == MEMMAP_TYPE_RDM &&
                      !(r->layout.range[e].flags & MEMMAP_EF_UNMAPPED);
            }
            if ( !all )
                continue;
            if ( !go && (sim.fault.rdm & (1u << i)) )
            {
                *index = memmap_layout_seek(&r->layout, m->gfn);
                return MEMMAP_E_RDM;
            }
            if ( !go )
                continue;
            host_set(&sim.host, m->gfn, m->pages, 0, HOST_DIRECT);
            m->mapped = true;
        }

    return MEMMAP_OK;
}

static unsigned int op_apply(void *opaque, const struct memmap_record *r,
                             uint16_t *index)
{
    if ( fails(&sim.fault.apply) )
        return MEMMAP_E_APPLY;
    if ( MEMMAP_OFFER_FEATURES(sim.dm.accepted) & MEMMAP_FEAT_RDM )
    {
        unsigned int rc = map_rdm(r, index);

        if ( rc )
            return rc;
    }
    if ( !memmap_layout_copy(&sim.view, &r->layout) )
        abort();
    sim.applies++;
    return MEMMAP_OK;
}

static bool op_constraints(void *opaque, struct memmap_layout *l)
{
    return !fails(&sim.fault.constraints) &&
           memmap_layout_copy(l, &sim.owned);
}

static void op_changed(void *opaque, unsigned int cmd)
{
    sim.refused += sim.dm.error != MEMMAP_OK;
    if ( cmd == MEMMAP_CMD_COMMIT )
        sim.committed = sim.dm.error == MEMMAP_OK;
}

static const struct memmap_dm_ops ops = {
    .read = op_read, .write = op_write, .check = op_check, .apply = op_apply,
    .constraints = op_constraints, .changed = op_changed,
};

void sim_init(void)
{
    void *at = (void *)(uintptr_t)MEMMAP_BUFFER_PHYSICAL_ADDRESS;

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
    memset(&fw, 0, sizeof(fw));
    memmap_layout_init(&now, now_range, MEMMAP_ARRAY_SIZE(now_range));
    dirty = false;
    memset(&moved, 0, sizeof(moved));
    plan.nr_moves = 0;
    plan.hole_start = 0;

    host_init(&sim.host);
    memset(&sim.dm, 0, offsetof(struct memmap_dm, range));
    sim.dm.ops = &ops;
    memmap_dm_reset(&sim.dm);
    memset(&sim.fault, 0, sizeof(sim.fault));
    sim.fault.vanish_after = -1;
    memmap_layout_init(&sim.owned, sim.owned_range, MEMMAP_ARRAY_SIZE(sim.owned_range));
    memmap_layout_init(&sim.view, sim.view_range, MEMMAP_MAX_ENTRIES);
    sim.nr_rdm = sim.nr_keys = 0;
    sim.committed = false;
    sim.applies = sim.refused = sim.wire = 0;
    sim.phys_bits = 40;
    sim.disabled = sim.told = false;
    sim.bug = 0;
    sim.populate = true;
    sim.vnodes = 0;
    sim.populated = sim.target = sim.videoram = sim.static_max = 0;
    memory_map.nr_map = 0;
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

    if ( !memmap_layout_covers(&now, MEMMAP_TYPE_RAM, idx, 1) ||
         host_add_to_physmap(&sim.host, idx, mfn, 1) )
        sim.bug = idx;
    else
        memmap_page_taken(idx, mfn);
}

bool sim_boot(struct memmap_bar *bar, unsigned int nr, uint64_t hole_size,
              unsigned int pages_taken)
{
    bool settled = memmap_settle(bar, nr, hole_size);

    /* Where the next calls fail hvmloader ends in BUG(): no guest, no promise. */
    sim.host.fail_after = -1;
    sim.host.fail_again = 0;
    memset(sim.host.fault, 0, sizeof(sim.host.fault));
    for ( unsigned int i = 0; i < pages_taken && fw.present && !sim.bug;
          i++ )
        take_page((pci_mem_end >> PAGE_SHIFT) + i);
    memmap_sync_e820();
    memmap_finish();
    return settled;
}

const struct memmap_layout *sim_now(void)
{
    return &now;
}

const struct memmap_plan *sim_plan(void)
{
    return &plan;
}

bool sim_rdm_agreed(void)
{
    return fw.agreed & MEMMAP_FEAT_RDM;
}

bool sim_present(void)
{
    return fw.present;
}

const struct memmap_moved *sim_moved(void)
{
    return &moved;
}

uint32_t sim_generation(void)
{
    return fw.generation;
}
