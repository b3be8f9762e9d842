/* SPDX-License-Identifier: GPL-2.0-only */
#include "hvm-talk.h"
#include "hvm-print.h"
#include "hvm-xenstore.h"

#include "../config.h"
#include "../util.h"

static uint32_t port_in(void *opaque, unsigned int reg)
{
    return inl(MEMMAP_PORT_BASE + reg);
}

static void port_out(void *opaque, unsigned int reg, uint32_t val)
{
    outl(MEMMAP_PORT_BASE + reg, val);
}

static const struct memmap_fw_io port_io = { .in = port_in, .out = port_out };

unsigned int memmap_talk_open(struct memmap_fw *fw)
{
    fw->io = &port_io;
    fw->buf = (uint8_t *)MEMMAP_BUFFER_PHYSICAL_ADDRESS;
    fw->buf_gfn = MEMMAP_BUFFER_PHYSICAL_ADDRESS >> PAGE_SHIFT;
    fw->features = MEMMAP_FEAT_PUBLISH | MEMMAP_FEAT_RDM;

    return memmap_fw_probe(fw);
}

void memmap_talk_complain(const struct memmap_fw *fw, const char *what,
                          unsigned int err, const char *so)
{
    printf("memmap: device model refused %s: %s", what, memmap_strerror(err));
    if ( fw->index != MEMMAP_NO_INDEX )
        printf(" (entry %u)", fw->index);
    printf("; %s\n", so);
}

unsigned int memmap_talk_commit(struct memmap_fw *fw, struct memmap_record *r)
{
    unsigned int rc;

    for ( ; ; )
    {
        struct memmap_range *e;

        memmap_show(&r->layout, fw->generation + 1);
        rc = memmap_fw_commit(fw, r);
        if ( rc != MEMMAP_E_RDM || fw->index >= r->layout.nr )
            return rc;
        e = &r->layout.range[fw->index];
        if ( e->type != MEMMAP_TYPE_RDM || (e->flags & MEMMAP_EF_UNMAPPED) )
            return rc;
        e->flags |= MEMMAP_EF_UNMAPPED;
        printf("memmap: ");
        memmap_print_rdm(e);
        printf(" could not be mapped by the device model; the device cannot use it\n");
    }
}
