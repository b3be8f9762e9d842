/*
 * Where the initrd of a kernel that is booted directly goes
 *
 * linuxboot_dma.bin asks the BIOS where RAM below 4 GiB ends and puts the
 * initrd right there, holes or not; unless the kernel wants it nowhere else
 * than where QEMU has said, by an initrd_addr_max that is its end.  So where
 * there is a hole, say so.  OVMF takes the data and allocates its memory by
 * itself.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qemu/error-report.h"
#include "qemu/units.h"
#include "hw/nvram/fw_cfg.h"
#include "hw/xen/xen-initrd.h"
#include "memmap/layout.h"
#include "trace.h"

/* Fields of the kernel's header (Documentation/arch/x86/boot.rst). */
#define SETUP_VERSION           0x206
#define SETUP_RAMDISK_IMAGE     0x218
#define SETUP_INITRD_ADDR_MAX   0x22c
#define SETUP_XLOADFLAGS        0x236
#define SETUP_PREF_ADDRESS      0x258
#define SETUP_INIT_SIZE         0x260

#define VERSION_INITRD_ADDR_MAX 0x203
#define VERSION_INIT_SIZE       0x20a
#define VERSION_XLOADFLAGS      0x20c
#define CAN_BE_LOADED_ABOVE_4G  2

/* What the BIOS keeps for itself at the end of RAM, and some more. */
#define BIOS_RAM    MiB

/*
 * The first address that is too high for an initrd, as x86_load_linux() has it.
 */
static uint64_t xen_initrd_limit(const X86MachineState *x86ms)
{
    const uint8_t *setup = x86ms->linux_setup;

    return lduw_le_p(setup + SETUP_VERSION) >= VERSION_XLOADFLAGS &&
           lduw_le_p(setup + SETUP_XLOADFLAGS) & CAN_BE_LOADED_ABOVE_4G ?
           4 * GiB : x86ms->linux_initrd_addr_max + 1ull;
}

/* Below this the kernel is, or unpacks itself to. */
static uint64_t xen_initrd_floor(const uint8_t *setup)
{
    uint64_t end = 16 * MiB;

    if (lduw_le_p(setup + SETUP_VERSION) >= VERSION_INIT_SIZE) {
        end = MAX(end, ldq_le_p(setup + SETUP_PREF_ADDRESS) +
                       (uint32_t)ldl_le_p(setup + SETUP_INIT_SIZE));
    }
    return end;
}

static bool xen_initrd_is_ram(const struct memmap_range *r)
{
    return r->type == MEMMAP_TYPE_RAM && !(r->flags & MEMMAP_EF_FIRMWARE);
}

/*
 * The highest place for @size bytes from @floor to @limit that is RAM, or 0.
 * *@last: it is in the RAM that goes on to the end of RAM below 4 GiB, where
 * the BIOS looks.
 */
static uint64_t xen_initrd_find(const struct memmap_layout *l, uint64_t size,
                                uint64_t floor, uint64_t limit, bool *last)
{
    unsigned int i = l->nr;

    *last = true;
    while (i--) {
        const struct memmap_range *r = &l->range[i];
        uint64_t start = r->gfn << 12, end = memmap_range_end(r) << 12;

        if (start >= 4 * GiB || !xen_initrd_is_ram(r)) {
            continue;
        }
        for (; i && xen_initrd_is_ram(r - 1) &&
               memmap_range_end(r - 1) == r->gfn; i--) {
            start = (--r)->gfn << 12;
        }
        start = MAX(start, floor);
        end = MIN(end - MIN(end, BIOS_RAM), limit);
        if (end > start && end - start >= size) {
            return end - size;
        }
        *last = false;
    }
    return 0;
}

void xen_initrd_place(X86MachineState *x86ms, const struct memmap_layout *l)
{
    uint8_t *setup = x86ms->linux_setup;
    uint64_t length, size, addr;
    bool last;

    if (!setup || !x86ms->initrd_mapped_file ||
        lduw_le_p(setup + SETUP_VERSION) < VERSION_INITRD_ADDR_MAX) {
        return;
    }
    length = g_mapped_file_get_length(x86ms->initrd_mapped_file);
    size = ROUND_UP(length, 4096);
    addr = xen_initrd_find(l, size, xen_initrd_floor(setup),
                           xen_initrd_limit(x86ms), &last);
    trace_xen_ram_initrd(addr, size, last);
    if (!addr) {
        error_report("RAM below 4 GiB is nowhere in one piece long enough for "
                     "the initrd of %" PRIu64 " bytes", length);
    }
    if (!addr || last) {
        /* Where it was always put it need not be told. */
        stl_le_p(setup + SETUP_INITRD_ADDR_MAX, x86ms->linux_initrd_addr_max);
        return;
    }
    fw_cfg_modify_i32(x86ms->fw_cfg, FW_CFG_INITRD_ADDR, addr);
    stl_le_p(setup + SETUP_RAMDISK_IMAGE, addr);
    /* It is compared with the page in which the initrd ends. */
    stl_le_p(setup + SETUP_INITRD_ADDR_MAX, (addr + length) & ~4095ull);
}
