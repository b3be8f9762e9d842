/* SPDX-License-Identifier: MIT */
/*
 * meddle.h - what a host may do to a guest while its firmware runs.
 *
 * Each returns the program's exit status: 0 done, 1 could not, with a line on standard error.
 */
#ifndef MEDDLE_H
#define MEDDLE_H

#include <stdint.h>

/* Switch the device model's dirty log as libxl does when a migration begins or ends. */
int dirty_log(uint32_t domid, int on);

/* Allow the domain @more pages than it has; fewer if negative, which takes none away. */
int quota(uint32_t domid, long more);

/*
 * Take all of the host's free memory but a little, and whatever becomes free later, until
 * killed. Returns when all was taken; the process that goes on adds its id to @pids.
 */
int hog(const char *pids);

/*
 * Take dom0's own right to pages of the host's memory, and with it that to let a guest have
 * them. There is no way back before the next boot of the host.
 */
int no_iomem(unsigned long mfn, unsigned long pages);

/* The guest's page at gfn @from is at @to from now on, and nobody is told. */
int move_page(uint32_t domid, unsigned long from, unsigned long to);

/*
 * Write to a key of xenstore whenever there is time, until killed. Returns when it has begun; the
 * process that goes on adds its id to @pids.
 */
int noise(const char *key, const char *pids);

/* Have Xen move @pages pages of the guest as a device model does, and say where they are then. */
int relocate(uint32_t domid, unsigned long from, unsigned long to, unsigned long pages);

/* Write a word to the guest's memory at @address, which is a multiple of 8. */
int poke(uint32_t domid, uint64_t address);

/* End the domain's run as its kernel does by SCHEDOP_shutdown; @why: "soft-reset". */
int shut_down(uint32_t domid, const char *why);

#endif
