/* SPDX-License-Identifier: MIT */
/*
 * The simulated device model: what stands behind the protocol's end in QEMU.  Reserved
 * memory is QEMU's own file, qemu-patches/src/hw/i386/xen/xen-memmap-rdm.c, in a QEMU
 * that is none (tests/qemu) and on the simulated Xen.
 */
#include <stdlib.h>

#include "../qemu/harness.h"
#include "sim.h"

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

static struct XenMemmapRDM *get_rdm(void);

static unsigned int op_check(void *opaque, unsigned int cmd,
                             const struct memmap_record *r, uint16_t *index)
{
    if ( cmd == MEMMAP_CMD_PREPARE )
        xen_memmap_rdm_note(get_rdm(), &r->layout);
    if ( sim.fault.migrating && cmd == MEMMAP_CMD_PREPARE )
        return MEMMAP_E_BUSY;
    return fails(&sim.fault.check) ? MEMMAP_E_BUSY : MEMMAP_OK;
}

static int reserved(void *opaque, bool all, uint32_t sbdf,
                    struct harness_region *r, unsigned int room)
{
    unsigned int nr = 0;

    for ( unsigned int i = 0; i < sim.nr_rdm; i++ )
        if ( all || sim.rdm[i].sbdf == sbdf )
        {
            if ( nr < room )
                r[nr] = (struct harness_region){ sim.rdm[i].sbdf,
                                                 sim.rdm[i].gfn,
                                                 sim.rdm[i].pages };
            nr++;
        }
    return nr;
}

static int permit(void *opaque, uint64_t mfn, uint64_t pages, bool allow)
{
    return 0;
}

/* Xen asks nobody whether RAM was there; another domain's page or its own stays. */
static int map(void *opaque, uint64_t gfn, uint64_t mfn, uint64_t pages, bool add)
{
    uint64_t over = 0;

    for ( unsigned int i = 0; add && i < sim.nr_rdm; i++ )
        if ( (sim.fault.rdm & (1u << i)) && sim.rdm[i].gfn < gfn + pages &&
             gfn < sim.rdm[i].gfn + sim.rdm[i].pages )
            return HOST_EBUSY;
    for ( uint64_t i = gfn; i < gfn + pages; i++ )
        switch ( host_get(&sim.host, i).type )
        {
        case HOST_GRANT:
        case HOST_FOREIGN:
        case HOST_SPECIAL:
            return HOST_EBUSY;
        case HOST_NONE:
        case HOST_DIRECT:
            break;
        default:
            over++;
        }
    sim.host.replaced += over;
    host_set(&sim.host, gfn, pages, 0, add ? HOST_DIRECT : HOST_NONE);
    for ( unsigned int i = 0; i < sim.nr_rdm; i++ )
        if ( sim.rdm[i].gfn < gfn + pages &&
             gfn < sim.rdm[i].gfn + sim.rdm[i].pages )
            sim.rdm[i].mapped = add;
    return 0;
}

static bool assigned(void *opaque, uint32_t sbdf)
{
    for ( unsigned int i = 0; i < sim.nr_rdm; i++ )
        if ( sim.rdm[i].sbdf == sbdf )
            return sim.rdm[i].assigned;
    return false;
}

/* Nothing but the same was there when the device was assigned, for another device. */
static bool is_free(const struct sim_rdm *m)
{
    for ( uint64_t gfn = m->gfn; gfn < m->gfn + m->pages; gfn++ )
        switch ( host_get(&sim.host, gfn).type )
        {
        case HOST_NONE:
        case HOST_DIRECT:
            break;
        default:
            return false;
        }
    return true;
}

static struct XenMemmapRDM *rdm;

/* QEMU's side of reserved memory, with the devices that this guest has. */
static struct XenMemmapRDM *get_rdm(void)
{
    if ( rdm )
        return rdm;
    harness_reset();
    harness_xen = (struct harness_xen){
        .reserved = reserved, .permit = permit, .map = map,
        .assigned = assigned,
    };
    rdm = harness_rdm_new(&sim.dm, &sim.view);
    for ( unsigned int i = 0; i < sim.nr_rdm; i++ )
    {
        if ( sim.rdm[i].assigned )
        {
            harness_assign(sim.rdm[i].sbdf, true);
            sim.rdm[i].by_xen = is_free(&sim.rdm[i]);
        }
        harness_plug(sim.rdm[i].sbdf);
    }
    return rdm;
}

void sim_dm_new(void)
{
    if ( rdm )
        harness_rdm_free(rdm);
    rdm = NULL;
}

static unsigned int op_apply(void *opaque, const struct memmap_record *r,
                             uint16_t *index)
{
    unsigned int rc;

    rc = xen_memmap_rdm_map(get_rdm(), &r->layout, &sim.owned, index);
    if ( rc )
        return rc;
    if ( fails(&sim.fault.apply) )
    {
        for ( uint64_t i = 0; sim.fault.litter && i < 2 * MEMMAP_MAX_ENTRIES; i++ )
            host_set(&sim.host, sim.fault.litter + 2 * i, 1, 0, HOST_GRANT);
        xen_memmap_rdm_undo(get_rdm());
        return MEMMAP_E_APPLY;
    }
    if ( !memmap_layout_copy(&sim.view, &r->layout) )
        abort();
    xen_memmap_rdm_keep(get_rdm());
    sim.applies++;
    return MEMMAP_OK;
}

static bool op_constraints(void *opaque, struct memmap_layout *l)
{
    if ( fails(&sim.fault.constraints) )
        return false;
    for ( unsigned int i = 0; i < sim.owned.nr; i++ )
        if ( !memmap_layout_set(l, &sim.owned.range[i]) )
            return false;
    xen_memmap_rdm_constraints(get_rdm(), l);
    return true;
}

static void op_changed(void *opaque, unsigned int cmd)
{
    const bool ok = sim.dm.error == MEMMAP_OK;

    if ( cmd == MEMMAP_CMD_PREPARE )
        sim.prepares_refused += !ok;
    if ( cmd != MEMMAP_CMD_COMMIT )
        return;
    sim.committed = ok;
    sim.commits_refused += !ok;
    /* RDM is asked again, with RAM where it is. */
    if ( !ok && !sim.ever && sim.dm.error != MEMMAP_E_RDM &&
         sim.host.moved + sim.host.populated )
        sim.refused_moved = true;
    sim.ever |= ok;
}

const struct memmap_dm_ops sim_dm_ops = {
    .read = op_read, .write = op_write, .check = op_check, .apply = op_apply,
    .constraints = op_constraints, .changed = op_changed,
};
