/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STUB_BLOCK_GLOBAL_STATE_H
#define STUB_BLOCK_GLOBAL_STATE_H

/* Lets go of what harness_lock() locked for a block device. */
void bdrv_drain_all(void);

#endif /* STUB_BLOCK_GLOBAL_STATE_H */
