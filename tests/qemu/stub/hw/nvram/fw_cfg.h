/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STUB_FW_CFG_H
#define STUB_FW_CFG_H

#include <stdint.h>

#define FW_CFG_KERNEL_ADDR 0x07
#define FW_CFG_INITRD_ADDR 0x0a

typedef struct FWCfgState FWCfgState;

void fw_cfg_modify_i32(FWCfgState *s, uint16_t key, uint32_t value);

#endif /* STUB_FW_CFG_H */
