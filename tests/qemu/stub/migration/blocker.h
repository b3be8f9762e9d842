/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STUB_BLOCKER_H
#define STUB_BLOCKER_H

#include "qemu/osdep.h"

int migrate_add_blocker_internal(Error **reasonp, Error **errp);
/* Frees *@reasonp. */
void migrate_del_blocker(Error **reasonp);

#endif /* STUB_BLOCKER_H */
