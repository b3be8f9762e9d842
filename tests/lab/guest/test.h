/* SPDX-License-Identifier: MIT */
/* Unit tests of what the guest's workload can do without a guest: what they share. */
#ifndef TEST_H
#define TEST_H

#include "guest.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A folder that stands for "/", empty at first: fixture of every test case that wants one. */
void root_setup(void);
void root_teardown(void);

/* The file PATH in it: TEXT and a newline. */
void root_file(const char *path, const char *text);

/* The next entry of the firmware's memory map. */
void root_e820(uint64_t start, uint64_t end, const char *type);

/* A PCI device: RESOURCE as in sysfs. */
void root_device(const char *bdf, const char *class, const char *resource);

/* Run CHECK there; the outcome is in `o`. */
enum result run_check(const struct check *check, const char *params);
extern struct outcome o;

TCase *e820_tests(void);
TCase *dma_tests(void);
TCase *pci_tests(void);
TCase *memory_tests(void);
TCase *nvmeq_tests(void);
TCase *disk_tests(void);
TCase *ram_tests(void);
TCase *smbios_tests(void);
TCase *life_tests(void);
TCase *watchdog_tests(void);
TCase *plug_tests(void);

#endif
