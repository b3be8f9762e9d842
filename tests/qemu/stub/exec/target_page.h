/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STUB_TARGET_PAGE_H
#define STUB_TARGET_PAGE_H

static inline int qemu_target_page_bits(void)
{
    return 12;
}

static inline unsigned long qemu_target_page_size(void)
{
    return 4096;
}

#endif /* STUB_TARGET_PAGE_H */
