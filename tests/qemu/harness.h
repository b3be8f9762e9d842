/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * harness.h - as much of QEMU and Xen around qemu-patches/src as a test needs.
 *
 * There is one machine at a time.  Whatever the code under test asks of QEMU or
 * Xen is answered from here, and noted as a line in harness_events(), in order;
 * each such call can be made to fail.  Numbers in lines are hexadecimal without
 * 0x, "gfn+pages" unless said otherwise.
 *
 * All text that is returned belongs to the harness and is good until the next
 * call of the same function.
 */
#ifndef TESTS_QEMU_HARNESS_H
#define TESTS_QEMU_HARNESS_H

#include <stdbool.h>
#include <stdint.h>

#include "dm.h"

/*
 * Forget the machine and all that was set or noted.  To be called first.  What
 * belongs to the code under test, and no QEMU ever frees, leaks.
 */
void harness_reset(void);

/* Xen: reserved device memory */

/* Memory that the host reserves for a device. */
struct harness_region {
    uint32_t sbdf;
    uint64_t gfn, pages;
};

/*
 * What Xen does; return 0 or -errno.  harness_reset() sets all to a model, see
 * below, which anybody may replace.
 */
struct harness_xen {
    void *opaque;
    /*
     * The regions of device @sbdf, or of all: the first @room to @r.  Returns
     * how many there are.
     */
    int (*reserved)(void *opaque, bool all, uint32_t sbdf,
                    struct harness_region *r, unsigned int room);
    /* May the guest map host pages [mfn, mfn + pages)? */
    int (*permit)(void *opaque, uint64_t mfn, uint64_t pages, bool allow);
    /* Map them at gfn, or unmap. */
    int (*map)(void *opaque, uint64_t gfn, uint64_t mfn, uint64_t pages,
               bool add);
    bool (*assigned)(void *opaque, uint32_t sbdf);
};
extern struct harness_xen harness_xen;

/*
 * The model: regions that there are, devices that are assigned, which the toolstack
 * notes.  A device that is foreign is somebody else's; one that is forgotten is
 * nobody's any more, and the toolstack has not noticed.
 */
void harness_reserve(uint32_t sbdf, uint64_t gfn, uint64_t pages);
void harness_assign(uint32_t sbdf, bool assigned);
void harness_foreign(uint32_t sbdf);
void harness_forget(uint32_t sbdf);
/* How often the model was asked for a device, each time a line in Xen's log. */
unsigned int harness_asked_whose(void);
/* Xen maps these pages one to one, as it does when it assigns a device. */
void harness_map(uint64_t gfn, uint64_t pages);
/* How many of the pages are mapped one to one; how many may be. */
uint64_t harness_mapped(uint64_t gfn, uint64_t pages);
uint64_t harness_permitted(uint64_t gfn, uint64_t pages);

/*
 * Devices that are passed through.  Plugging one tells QEMU's listeners, and so
 * does taking it out; assignment is another matter, see harness_assign().
 */
struct harness_device;
struct harness_device *harness_plug(uint32_t sbdf);
void harness_unplug(struct harness_device *dev);
/* An emulated device, in the guest's own slot of that number. */
struct harness_device *harness_plug_emulated(uint32_t sbdf);
/* Does it still exist?  @dev may be one that is gone. */
bool harness_plugged(const struct harness_device *dev);

/*
 * xen-memmap-rdm.c without the rest: @dm and @layout as for
 * xen_memmap_rdm_new(), rdm=assigned.  Free it before harness_reset().
 */
struct XenMemmapRDM;
struct XenMemmapRDM *harness_rdm_new(const struct memmap_dm *dm,
                                     const struct memmap_layout *layout);
void harness_rdm_free(struct XenMemmapRDM *rdm);
void xen_memmap_rdm_constraints(struct XenMemmapRDM *rdm,
                                struct memmap_layout *l);
void xen_memmap_rdm_note(struct XenMemmapRDM *rdm, const struct memmap_layout *l);
unsigned int xen_memmap_rdm_map(struct XenMemmapRDM *rdm,
                                const struct memmap_layout *l,
                                const struct memmap_layout *owned,
                                uint16_t *index);
void xen_memmap_rdm_keep(struct XenMemmapRDM *rdm);
void xen_memmap_rdm_undo(struct XenMemmapRDM *rdm);

/* Faults */

/*
 * The @nth call from now of @name fails with @err (an errno): 1 is the next one,
 * 0 all of them.  Names: privilege (may QEMU give the guest host memory?), reserved,
 * assigned, permit, forbid, map, unmap, foreign, relocate, transaction, read, write,
 * commit.
 */
void harness_fail(const char *name, unsigned int nth, int err);
/* Nothing fails any more. */
void harness_mend(void);

/* What was noted */

/* Since the last call of this: what was asked of Xen, mapcache, memory. */
const char *harness_events(void);
/* Since harness_reset(): error_report() and its like; the guest-error log. */
const char *harness_said(void);
const char *harness_logged(void);
const char *harness_traced(void);
/* QEMU ended itself: error_fatal, or the guest was shut down. */
bool harness_ended(void);
/* Mappings of guest memory and transactions of xenstore that are still open. */
unsigned int harness_open(void);

/* The machine */

/* For the next machine: -global xen-memmap.NAME=VALUE. */
void harness_global(const char *name, const char *value);
/*
 * It is for a guest that arrives by migration, of which xenstore has what libxl
 * carries of the machine before; it is -xen-domid-restrict.
 */
void harness_incoming(void);
/* The stream has been read, and the guest runs here. */
void harness_arrived(void);
/* Xenstore has that of a guest that starts here, as if somebody had left it. */
void harness_carry_keys(void);
void harness_restrict(void);
/* libxl has removed QEMU's directory in xenstore, or never made one. */
void harness_no_directory(void);
/* libxl mounts no xenstore there. */
void harness_no_xenstore(void);
/*
 * For the next machine, or this one: a kernel of that size is booted directly, its
 * @setup as fw_cfg has it, and an initrd; and where they go: the kernel if somebody
 * has said so, the initrd as fw_cfg has it.
 */
#define HARNESS_KERNEL_BYTES ((8u << 20) + 1)
void harness_boot(uint8_t *setup, uint64_t initrd_bytes);
uint64_t harness_kernel(void);
uint64_t harness_initrd(void);
/*
 * A machine as xen_hvm_init_pc() makes it, reset once.  False: without the
 * device.  The guest's memory is empty, but for what an earlier machine with
 * the same guest left if it is incoming.
 */
bool harness_machine(uint64_t ram_bytes);
/* One more block of QEMU's own; returns its ram_addr. */
uint64_t harness_block(const char *name, uint64_t bytes);
/* For the next machine: its block has so much less RAM than QEMU tells anybody. */
void harness_miss_ram(uint64_t bytes);
/* The block at @addr is shown by a BAR, so it is not where it is parked. */
void harness_show(uint64_t addr);
/* How many of these pages the guest has. */
uint64_t harness_populated(uint64_t gfn, uint64_t pages);
/* Device reset: as at power on, or for a resume from S3. */
void harness_device_reset(bool wakeup);

/* An access of 1, 2 or 4 bytes, @addr from MEMMAP_PORT_BASE. */
uint32_t harness_in(unsigned int addr, unsigned int bytes);
void harness_out(unsigned int addr, unsigned int bytes, uint32_t val);

/* Guest memory below 640 KiB. */
uint8_t *harness_ram(uint64_t addr);
/* Any page of it that is there. */
uint8_t *harness_page(uint64_t gfn);
/* The page is not there (any more). */
void harness_absent(uint64_t gfn);

/* Where QEMU sees RAM: "start-end", end exclusive, of each alias, by address. */
const char *harness_view(void);
/* below_4g_mem_size, above_4g_mem_size. */
uint64_t harness_below_4g(void);
uint64_t harness_above_4g(void);
/* Regions that exist, linked or not. */
unsigned int harness_regions(void);

/*
 * A mapping of [addr, addr + bytes) that is in use: by a block device, which
 * lets go of it when drained, or by somebody who does not.
 */
void harness_lock(uint64_t addr, uint64_t bytes, bool block);
/*
 * Migration begins (1), dirty pages are counted for another reason (2), neither.
 * Why it is refused; NULL: it is not.
 */
const char *harness_dirty_log(unsigned int what);

/* Time passes, timers run. */
void harness_pass(unsigned int ms);

/* Xenstore */

/* NULL: there is no such key.  @key is in device-model/DOMID/memory-map/. */
const char *harness_key(const char *key);
/* The same in device-model/DOMID/physmap/. */
const char *harness_physmap(const char *key);
/* The toolstack writes it there. */
void harness_note_physmap(const char *key, const char *value);
/* Keys there, transactions that were committed, keys written. */
unsigned int harness_keys(void);
unsigned int harness_commits(void);
unsigned int harness_writes(void);
/* The next @nr transactions meet another writer. */
void harness_conflicts(unsigned int nr);

/* Monitor */

/*
 * What query-xen-memmap answers: a line for the guest, one for each range and
 * each reserved one, in bytes; or the error.
 */
const char *harness_monitor(void);
/* XEN_MEMMAP_CHANGED, a line each, since the last call. */
const char *harness_monitor_events(void);

/* Migration: the device's section, in 64 KiB of room; 0: refused. */
#define HARNESS_SECTION_BYTES 65536u
uint32_t harness_save(uint8_t *section);
/* Whether there is one in the stream at all. */
bool harness_needed(void);
/* 0, or -errno; of the version that is saved. */
int harness_load(const uint8_t *section, uint32_t bytes);
int harness_load_version(const uint8_t *section, uint32_t bytes, int version);
/* Of what is saved, and of the oldest that is loaded. */
int harness_version(void);
int harness_oldest_version(void);
/* Where the section loads among others; 0: with the last. */
int harness_priority(void);

#endif /* TESTS_QEMU_HARNESS_H */
