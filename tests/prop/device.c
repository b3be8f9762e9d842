/* SPDX-License-Identifier: MIT */
/* The simulated device model: what stands behind the protocol's end in QEMU. */
#include <stdlib.h>

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
