/*
 * Where a kernel that is booted directly, and its initrd, go
 *
 * linuxboot_dma.bin loads the kernel to 1 MiB, from where it unpacks itself to
 * an address of its own choice, and asks the BIOS where RAM below 4 GiB ends
 * and puts the initrd right there; holes or not.  The kernel it loads to
 * wherever fw_cfg has it, and the initrd as well if that ends in the page that
 * the kernel's header has in initrd_addr_max: below the end of RAM there may be
 * more than the kernel can have.  So where there is a hole, say so.  OVMF takes
 * the data and allocates its memory by itself.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qemu/error-report.h"
#include "qemu/units.h"
#include "hw/nvram/fw_cfg.h"
#include "hw/xen/xen-linux.h"
#include "memmap/layout.h"
#include "trace.h"

/* Fields of the kernel's header (Documentation/arch/x86/boot.rst). */
#define SETUP_MAGIC             0x202
#define SETUP_VERSION           0x206
#define SETUP_LOADFLAGS         0x211
#define SETUP_CODE32_START      0x214
#define SETUP_RAMDISK_IMAGE     0x218
#define SETUP_INITRD_ADDR_MAX   0x22c
#define SETUP_ALIGNMENT         0x230
#define SETUP_RELOCATABLE       0x234
#define SETUP_XLOADFLAGS        0x236
#define SETUP_SETUP_DATA        0x250
#define SETUP_PREF_ADDRESS      0x258
#define SETUP_INIT_SIZE         0x260

#define MAGIC                   0x53726448
#define VERSION_INITRD_ADDR_MAX 0x203
#define VERSION_INIT_SIZE       0x20a
#define VERSION_XLOADFLAGS      0x20c
#define LOADED_HIGH             1
#define CAN_BE_LOADED_ABOVE_4G  2

/*
 * Where it is loaded if nobody says otherwise, and up to where, if it does not
 * tell.
 */
#define KERNEL_ADDR (1 * MiB)
#define KERNEL_END  (16 * MiB)

/* What the BIOS keeps for itself at the end of RAM, and some more. */
#define BIOS_RAM    MiB

static unsigned int xen_linux_version(const X86MachineState *x86ms)
{
    return lduw_le_p(x86ms->linux_setup + SETUP_VERSION);
}

/*
 * What it takes at @addr, where it is loaded; and where it unpacks itself to
 * then.
 */
typedef struct XenLinuxPlace {
    uint64_t addr;
    uint64_t size;
    uint64_t unpacked;
    uint64_t unpacked_size;
} XenLinuxPlace;

static XenLinuxPlace xen_linux_at(const X86MachineState *x86ms, uint64_t addr)
{
    const uint8_t *setup = x86ms->linux_setup;
    XenLinuxPlace p = {
        .addr = addr,
        .size = x86ms->linux_kernel_size,
        .unpacked = addr,
        .unpacked_size = KERNEL_END - KERNEL_ADDR,
    };

    if (xen_linux_version(x86ms) >= VERSION_INIT_SIZE) {
        uint64_t pref = ldq_le_p(setup + SETUP_PREF_ADDRESS);
        uint32_t align = ldl_le_p(setup + SETUP_ALIGNMENT);

        p.unpacked = setup[SETUP_RELOCATABLE] && align ?
                     MAX(QEMU_ALIGN_UP(addr, align), pref) : pref;
        p.unpacked_size = (uint32_t)ldl_le_p(setup + SETUP_INIT_SIZE);
    }
    return p;
}

/* RAM that the guest can use. */
static bool xen_linux_ram_range(const struct memmap_range *r)
{
    return r->type == MEMMAP_TYPE_RAM && !(r->flags & MEMMAP_EF_FIRMWARE);
}

static bool xen_linux_is_ram(const struct memmap_layout *l, uint64_t addr,
                             uint64_t size)
{
    uint64_t gfn = addr >> 12;

    return memmap_layout_covers(l, MEMMAP_TYPE_RAM, gfn,
                                DIV_ROUND_UP(addr + size, 4096) - gfn);
}

static bool xen_linux_has_room(const struct memmap_layout *l,
                               const XenLinuxPlace *p)
{
    return xen_linux_is_ram(l, p->addr, p->size) &&
           xen_linux_is_ram(l, p->unpacked, p->unpacked_size);
}

/* Whether it can be loaded elsewhere, and says how much it takes there. */
static bool xen_linux_is_relocatable(const X86MachineState *x86ms)
{
    const uint8_t *setup = x86ms->linux_setup;

    /*
     * A device tree would be behind it, at an address that is said elsewhere.
     */
    return xen_linux_version(x86ms) >= VERSION_INIT_SIZE &&
           setup[SETUP_RELOCATABLE] && ldl_le_p(setup + SETUP_ALIGNMENT) &&
           !ldq_le_p(setup + SETUP_SETUP_DATA);
}

/* Where RAM below 4 GiB ends that the BIOS leaves alone. */
static uint64_t xen_linux_ram_end(const struct memmap_layout *l)
{
    unsigned int i = l->nr;

    while (i--) {
        if (l->range[i].gfn < 4 * GiB >> 12 &&
            xen_linux_ram_range(&l->range[i])) {
            uint64_t end = memmap_range_end(&l->range[i]) << 12;

            return end - MIN(end, BIOS_RAM);
        }
    }
    return 0;
}

/*
 * The lowest place that has room for the kernel, the usual one first.  False:
 * there is none, and @p is the usual one.
 */
static bool xen_linux_find(const X86MachineState *x86ms,
                           const struct memmap_layout *l, XenLinuxPlace *p)
{
    const uint8_t *setup = x86ms->linux_setup;
    uint64_t pref = ldq_le_p(setup + SETUP_PREF_ADDRESS);
    uint64_t end = xen_linux_ram_end(l);
    uint32_t align = ldl_le_p(setup + SETUP_ALIGNMENT);
    unsigned int i;

    *p = xen_linux_at(x86ms, KERNEL_ADDR);
    if (xen_linux_has_room(l, p)) {
        return true;
    }
    for (i = 0; xen_linux_is_relocatable(x86ms) && i < l->nr; i++) {
        uint64_t start = MAX(l->range[i].gfn << 12, pref);
        XenLinuxPlace q = xen_linux_at(x86ms, QEMU_ALIGN_UP(start, align));

        if (xen_linux_has_room(l, &q) &&
            q.addr + MAX(q.size, q.unpacked_size) <= end) {
            *p = q;
            return true;
        }
    }
    return false;
}

/* One that is not, a zImage or older, goes where RAM never moves. */
static bool xen_linux_is_high(const X86MachineState *x86ms)
{
    const uint8_t *setup = x86ms->linux_setup;

    return setup && ldl_le_p(setup + SETUP_MAGIC) == MAGIC &&
           setup[SETUP_LOADFLAGS] & LOADED_HIGH;
}

bool xen_linux_fits(const X86MachineState *x86ms, const struct memmap_layout *l)
{
    XenLinuxPlace p;

    return !xen_linux_is_high(x86ms) || xen_linux_find(x86ms, l, &p);
}

/* Load the kernel where there is room; returns the end of what it takes. */
static uint64_t xen_linux_place_kernel(X86MachineState *x86ms,
                                       const struct memmap_layout *l)
{
    uint8_t *setup = x86ms->linux_setup;
    XenLinuxPlace p;
    uint32_t entry;

    if (!xen_linux_find(x86ms, l, &p)) {
        error_report_once("the kernel that is booted directly is loaded at 0x%"
                          PRIx64 " and unpacks itself at 0x%" PRIx64 ", and "
                          "RAM is not all there", p.addr, p.unpacked);
    }
    /*
     * That is where the kernel's own setup code jumps to, and need not be where
     * it begins.
     */
    entry = x86ms->linux_entry + (p.addr - KERNEL_ADDR);
    if (entry != (uint32_t)ldl_le_p(setup + SETUP_CODE32_START)) {
        trace_xen_ram_kernel(p.addr, p.size, p.unpacked, p.unpacked_size);
        fw_cfg_modify_i32(x86ms->fw_cfg, FW_CFG_KERNEL_ADDR, p.addr);
        stl_le_p(setup + SETUP_CODE32_START, entry);
    }
    return MAX(p.addr + p.size, p.unpacked + p.unpacked_size);
}

/*
 * The first address that is too high for an initrd, as x86_load_linux() has it.
 */
static uint64_t xen_initrd_limit(const X86MachineState *x86ms)
{
    return xen_linux_version(x86ms) >= VERSION_XLOADFLAGS &&
           lduw_le_p(x86ms->linux_setup + SETUP_XLOADFLAGS) &
           CAN_BE_LOADED_ABOVE_4G ?
           4 * GiB : x86ms->linux_initrd_addr_max + 1ull;
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

        if (start >= 4 * GiB || !xen_linux_ram_range(r)) {
            continue;
        }
        for (; i && xen_linux_ram_range(r - 1) &&
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

/*
 * Whether it is in RAM, above @floor, if nobody says otherwise: right below the
 * end of RAM, if @last, or where x86_load_linux() has put it.
 */
static bool xen_initrd_is_well(const X86MachineState *x86ms,
                               const struct memmap_layout *l, uint64_t length,
                               uint64_t floor, bool last)
{
    uint64_t addr = x86ms->linux_initrd_addr, end = addr + length;

    /* The option ROM asks the BIOS. */
    if (end >> 12 != x86ms->linux_initrd_addr_max >> 12) {
        return last;
    }
    return addr >= floor && end <= xen_linux_ram_end(l) &&
           xen_linux_is_ram(l, addr, length);
}

static void xen_initrd_place(X86MachineState *x86ms,
                             const struct memmap_layout *l, uint64_t floor)
{
    uint8_t *setup = x86ms->linux_setup;
    uint32_t max = x86ms->linux_initrd_addr_max;
    uint64_t length, size, addr;
    bool last, well;

    if (!x86ms->initrd_mapped_file ||
        xen_linux_version(x86ms) < VERSION_INITRD_ADDR_MAX) {
        return;
    }
    length = g_mapped_file_get_length(x86ms->initrd_mapped_file);
    size = ROUND_UP(length, 4096);
    addr = xen_initrd_find(l, size, floor, xen_initrd_limit(x86ms), &last);
    trace_xen_ram_initrd(addr, size, last);
    well = xen_initrd_is_well(x86ms, l, length, floor, last);
    if (!addr && !well) {
        error_report_once("RAM below 4 GiB is nowhere in one piece long enough "
                          "for the initrd of %" PRIu64 " bytes", length);
    }
    if (!addr || well) {
        /* It goes where it was always put. */
        addr = x86ms->linux_initrd_addr;
    } else {
        /* It is compared with the page in which the initrd ends. */
        max = (addr + length) & ~4095ull;
    }
    fw_cfg_modify_i32(x86ms->fw_cfg, FW_CFG_INITRD_ADDR, addr);
    stl_le_p(setup + SETUP_RAMDISK_IMAGE, addr);
    stl_le_p(setup + SETUP_INITRD_ADDR_MAX, max);
}

void xen_linux_place(X86MachineState *x86ms, const struct memmap_layout *l)
{
    uint64_t end = KERNEL_ADDR;

    if (xen_linux_is_high(x86ms)) {
        end = xen_linux_place_kernel(x86ms, l);
    }
    if (x86ms->linux_setup) {
        xen_initrd_place(x86ms, l, MAX(end, KERNEL_END));
    }
}
