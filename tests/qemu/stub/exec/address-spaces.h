/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STUB_ADDRESS_SPACES_H
#define STUB_ADDRESS_SPACES_H

#include "exec/memory.h"

extern AddressSpace address_space_memory;

MemoryRegion *get_system_memory(void);
MemoryRegion *get_system_io(void);

#endif /* STUB_ADDRESS_SPACES_H */
