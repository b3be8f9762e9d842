/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine that the series' hooks make, and its section in migration. */
#include "internal.h"
#include <unistd.h>
#include "qemu/bswap.h"
#include "hw/nvram/fw_cfg.h"
#include "hw/i386/x86.h"
#include "hw/xen/xen.h"
#include "hw/xen/xen-memmap.h"
#include "hw/xen/xen-park.h"
#include "hw/xen/xen-ram.h"
#include "migration/vmstate.h"
#include "qapi/error.h"
#include "system/runstate.h"

/* Most RAM below 4 GiB, as hvmloader has it. */
#define MAX_BELOW_4G 0xf0000000ull
/* What a kernel that is booted directly leaves at its end. */
#define ACPI_BYTES 0x28000u

static X86MachineState machine;
static MemoryRegion *ram;
static bool incoming;
static uint64_t missing;

/* Nobody ever frees what a device allocates when it is realized. */
void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));
void __lsan_ignore_object(const void *p) __attribute__((weak));

static void leaks_begin(void)
{
    if (__lsan_disable) {
        __lsan_disable();
    }
}

static void leaks_end(void)
{
    if (__lsan_enable) {
        __lsan_enable();
    }
}

void harness_incoming(void)
{
    incoming = true;
    harness_carry_keys();
}

void harness_restrict(void)
{
    xen_domid_restrict = true;
}

void harness_arrived(void)
{
    incoming = false;
}

bool runstate_check(RunState state)
{
    return state == (incoming ? RUN_STATE_INMIGRATE : RUN_STATE_RUNNING);
}

static uint64_t kernel, initrd;

/* Where the initrd goes, and what is kept of the header, as x86_load_linux() has it. */
static void boot(void)
{
    uint8_t *setup = machine.linux_setup;
    uint64_t max;

    if (!setup || !machine.below_4g_mem_size) {
        return;
    }
    max = lduw_le_p(setup + 0x206) >= 0x20c && lduw_le_p(setup + 0x236) & 2 ?
          UINT32_MAX : (uint32_t)ldl_le_p(setup + 0x22c);
    max = MIN(max, machine.below_4g_mem_size - ACPI_BYTES - 1);
    max -= g_mapped_file_get_length(machine.initrd_mapped_file);
    stl_le_p(setup + 0x218, max & ~4095ull);
    machine.linux_entry = ldl_le_p(setup + 0x214);
    initrd = machine.linux_initrd_addr = ldl_le_p(setup + 0x218);
    machine.linux_initrd_addr_max = ldl_le_p(setup + 0x22c);
}

bool harness_machine(uint64_t ram_bytes)
{
    uint64_t len;

    machine.below_4g_mem_size = MIN(ram_bytes, MAX_BELOW_4G);
    machine.above_4g_mem_size = ram_bytes - machine.below_4g_mem_size;
    boot();
    if (!incoming) {
        xen_build(machine.below_4g_mem_size, machine.above_4g_mem_size);
    }

    len = machine.above_4g_mem_size ?
          machine.above_4g_mem_size + (4ull << 30) : ram_bytes;
    ram = memory_ram(len);
    machine.below_4g_mem_size -= missing;
    xen_ram_layout_init(&machine, ram);
    machine.below_4g_mem_size += missing;
    xen_park_init(len);
    leaks_begin();
    xen_memmap_new(&machine);
    leaks_end();
    if (!qom_device(TYPE_XEN_MEMMAP)) {
        return false;
    }
    harness_device_reset(false);
    return true;
}

void harness_boot(uint8_t *setup, uint64_t initrd_bytes)
{
    g_autofree char *name = NULL;
    int fd = g_file_open_tmp("initrd-XXXXXX", &name, NULL);

    g_assert(fd >= 0 && !ftruncate(fd, initrd_bytes));
    g_clear_pointer(&machine.initrd_mapped_file, g_mapped_file_unref);
    machine.initrd_mapped_file = g_mapped_file_new_from_fd(fd, false, NULL);
    g_assert(machine.initrd_mapped_file && !unlink(name) && !close(fd));
    machine.linux_setup = setup;
    machine.linux_kernel_size = HARNESS_KERNEL_BYTES;
    boot();
}

uint64_t harness_kernel(void)
{
    return kernel;
}

uint64_t harness_initrd(void)
{
    return initrd;
}

void fw_cfg_modify_i32(FWCfgState *s, uint16_t key, uint32_t value)
{
    g_assert(key == FW_CFG_KERNEL_ADDR || key == FW_CFG_INITRD_ADDR);
    *(key == FW_CFG_KERNEL_ADDR ? &kernel : &initrd) = value;
}

void harness_miss_ram(uint64_t bytes)
{
    missing = bytes;
}

void harness_device_reset(bool wakeup)
{
    DeviceState *dev = qom_device(TYPE_XEN_MEMMAP);
    ResettableClass *rc = &qom_class(TYPE_XEN_MEMMAP)->resettable;

    if (rc->phases.hold) {
        rc->phases.hold(OBJECT(dev),
                        wakeup ? RESET_TYPE_WAKEUP : RESET_TYPE_COLD);
    }
}

uint64_t harness_below_4g(void)
{
    return machine.below_4g_mem_size;
}

uint64_t harness_above_4g(void)
{
    return machine.above_4g_mem_size;
}

/* Migration: numbers are big-endian, and nothing is between fields. */

static const VMStateDescription *section(void)
{
    return qom_class(TYPE_XEN_MEMMAP)->vmsd;
}

static uint64_t get_number(const void *p, size_t bytes)
{
    uint64_t val = 0;

    memcpy(&val, p, bytes);
    return val;
}

bool harness_needed(void)
{
    return section()->needed(qom_device(TYPE_XEN_MEMMAP));
}

uint32_t harness_save(uint8_t *out)
{
    char *s = (char *)qom_device(TYPE_XEN_MEMMAP);
    const VMStateField *f;
    uint32_t at = 0;
    size_t i;

    if (section()->pre_save(s)) {
        return 0;
    }
    for (f = section()->fields; f->name; f++) {
        if (f->valid) {
            g_assert(f->valid(s, 1));
        } else if (f->len_offset) {
            uint32_t len = get_number(s + f->len_offset, sizeof(len));

            g_assert(len <= HARNESS_SECTION_BYTES - at);
            memcpy(out + at, *(void **)(s + f->offset), len);
            at += len;
        } else {
            for (i = 0; i < f->bytes; i++) {
                out[at++] = get_number(s + f->offset, f->bytes) >>
                            (8 * (f->bytes - 1 - i));
            }
        }
    }
    return at;
}

int harness_load(const uint8_t *in, uint32_t bytes)
{
    return harness_load_version(in, bytes, section()->version_id);
}

int harness_load_version(const uint8_t *in, uint32_t bytes, int version)
{
    char *s = (char *)qom_device(TYPE_XEN_MEMMAP);
    const VMStateField *f;
    uint32_t at = 0;
    size_t i;

    for (f = section()->fields; f->name; f++) {
        if (f->valid) {
            if (!f->valid(s, version)) {
                return -EINVAL;
            }
        } else if (f->len_offset) {
            uint32_t len = get_number(s + f->len_offset, sizeof(len));
            uint32_t have = MIN(len, bytes - at);

            memcpy(*(char **)(s + f->offset), in + at, have);
            at += have;
            if (have < len) {
                return -EIO;
            }
        } else {
            uint64_t val = 0;

            if (f->bytes > bytes - at) {
                return -EIO;
            }
            for (i = 0; i < f->bytes; i++) {
                val = val << 8 | in[at++];
            }
            memcpy(s + f->offset, &val, f->bytes);
        }
    }
    return section()->post_load(s, version);
}

int harness_version(void)
{
    return section()->version_id;
}

int harness_oldest_version(void)
{
    return section()->minimum_version_id;
}

int harness_priority(void)
{
    return section()->priority;
}

/* All of it */

void harness_reset(void)
{
    util_reset();
    xen_reset();
    store_reset();
    memory_reset();
    qom_reset();
    incoming = false;
    missing = 0;
    kernel = initrd = 0;
    g_clear_pointer(&machine.initrd_mapped_file, g_mapped_file_unref);
    memset(&machine, 0, sizeof(machine));
    machine.parent_obj.type = "machine";
}
