/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STUB_X86_H
#define STUB_X86_H

#include "exec/cpu-common.h"
#include "qom/object.h"

typedef struct X86MachineState {
    Object parent_obj;
    ram_addr_t below_4g_mem_size;
    ram_addr_t above_4g_mem_size;
    struct FWCfgState *fw_cfg;
    GMappedFile *initrd_mapped_file;
    uint8_t *linux_setup;
    uint32_t linux_entry;
    uint32_t linux_initrd_addr;
    uint32_t linux_initrd_addr_max;
    uint32_t linux_kernel_size;
} X86MachineState;

#endif /* STUB_X86_H */
