/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hvm-talk.h - the conversation with the device model: fw.h's state machine,
 * over its ports, and the lines that people read about it.
 */
#ifndef XEN_MEMMAP_HVM_TALK_H
#define XEN_MEMMAP_HVM_TALK_H

#include "fw.h"

/* As memmap_fw_probe(), for all of @fw: nothing of it is set before. */
unsigned int memmap_talk_open(struct memmap_fw *fw);

/*
 * Show @r in xenstore and commit it; what the device model cannot map of
 * reserved memory is marked so, and it is asked again.  Each round marks one
 * entry, so there is an end.
 */
unsigned int memmap_talk_commit(struct memmap_fw *fw, struct memmap_record *r);

/* One line: what the device model refused, why, and what becomes of it. */
void memmap_talk_complain(const struct memmap_fw *fw, const char *what,
                          unsigned int err, const char *so);

#endif /* XEN_MEMMAP_HVM_TALK_H */
