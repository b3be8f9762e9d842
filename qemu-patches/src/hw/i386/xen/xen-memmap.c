/*
 * Xen guest memory map device: firmware tells where it put guest RAM
 *
 * hvmloader moves guest RAM to make room for BARs.  Xen knows, because it is
 * asked to; this device is how QEMU gets to know.  What is said and when is
 * memmap/, shared with hvmloader; here is what it takes to be a device:
 * ports, guest memory, reset, migration, and the RAM layout that follows.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "hw/xen/xen_native.h"
#include "qemu/error-report.h"
#include "qemu/log.h"
#include "qemu/timer.h"
#include "qemu/units.h"
#include "qapi/error.h"
//+ busy
#include "block/block-global-state.h"
//-
#include "exec/address-spaces.h"
#include "exec/cpu-common.h"
#include "exec/memory.h"
#include "hw/i386/x86.h"
#include "hw/qdev-properties.h"
#include "hw/sysbus.h"
//+ linux
#include "hw/xen/xen-linux.h"
//-
#include "hw/xen/xen-memmap.h"
#include "hw/xen/xen-park.h"
#include "hw/xen/xen-ram.h"
#include "memmap/dm.h"
//+ migrate
#include "migration/vmstate.h"
#include "system/runstate.h"
//-
#include "system/xen.h"
#include "xen-memmap-compare.h"
//+ monitor
#include "xen-memmap-monitor.h"
//-
//+ publish
#include "xen-memmap-publish.h"
//-
//+ rdm
#include "xen-memmap-rdm.h"
//-
#include "trace.h"

/* All ms: what a guest can make us do by writing to a port is bounded. */
//+ publish
#define PUBLISH_INTERVAL    100
#define PUBLISH_PENDING     1000    /* while more is to be said very soon */
#define PUBLISH_RETRY_MAX   30000   /* after a failure: doubled up to here */
//-
#define LOG_INTERVAL        1000
//+ migrate
/* No longer is a guest kept from being saved. */
#define MOVING_MAX          120000
//-
/* Messages in each LOG_INTERVAL. */
#define LOG_BURST           10
/* Of all messages, those that are said whatever QEMU is told to log. */
#define LOG_ALOUD           50

/* Nobody has more physical address bits than 52. */
#define GFN_LIMIT   (1ull << (52 - 12))

struct XenMemmapState {
    SysBusDevice parent_obj;

    /* Properties. */
    bool enabled;
    uint64_t gfn_limit;             /* RAM goes below it */
    //+ rdm
    XenMemmapRdmMode rdm_mode;
    XenMemmapRdmFailure rdm_failure;
    //-

    X86MachineState *x86ms;
    MemoryRegion io;
    struct memmap_dm dm;

    /* The layout as built, and the record of the one in force. */
    struct memmap_range built_range[3];
    struct memmap_layout built;
    struct memmap_range range[MEMMAP_MAX_ENTRIES];
    struct memmap_record force;

    //+ rdm
    XenMemmapRDM *rdm;              /* NULL: nothing to be done for devices */

    //-
    //+ migrate
    /* What migrates.  Loading can be interrupted, so it is not @dm itself. */
    struct {
        uint8_t state;
        uint8_t error;
        uint16_t index;
        uint32_t accepted;
        uint32_t generation;
        uint64_t parked;            /* xen_park_distance() */
        uint32_t record_len;        /* 0 if the layout is the one as built */
        uint8_t *record;            /* MEMMAP_BUFFER_BYTES of room */
    } mig;

    MemoryListener log;
    int64_t moving_end;         /* 0: there was no PREPARE yet */

    //-
    //+ publish
    QEMUTimer *publish_timer;
    int64_t publish_retry;      /* ms until the next try, 0: none has failed */
    //-
    int64_t log_start;
    unsigned int log_count;
    unsigned int log_aloud;
};

/*
 * The buffer is RAM at the same gfns in any layout, so it is mapped as it is:
 * not by way of address_space_map(), for which the mapcache maps 1 MiB, and
 * takes that away again.  A page that the guest gave back to Xen is an error.
 */
static bool xen_memmap_access(uint64_t addr, void *buf, uint32_t bytes,
                              bool is_write)
{
    xen_pfn_t pfn[MEMMAP_BUFFER_BYTES >> XC_PAGE_SHIFT];
    int err[ARRAY_SIZE(pfn)] = {};
    size_t offset = addr & (XC_PAGE_SIZE - 1);
    size_t i, nr = DIV_ROUND_UP(offset + bytes, XC_PAGE_SIZE);
    bool ok = true;
    uint8_t *p;

    if (nr > ARRAY_SIZE(pfn)) {
        return false;
    }
    for (i = 0; i < nr; i++) {
        pfn[i] = (addr >> XC_PAGE_SHIFT) + i;
    }
    p = xenforeignmemory_map(xen_fmem, xen_domid,
                             is_write ? PROT_READ | PROT_WRITE : PROT_READ,
                             nr, pfn, err);
    if (!p) {
        return false;
    }
    for (i = 0; i < nr; i++) {
        ok = ok && !err[i];
    }
    if (ok && is_write) {
        memcpy(p + offset, buf, bytes);
        xen_hvm_modified_memory(addr, bytes);
    } else if (ok) {
        memcpy(buf, p + offset, bytes);
    }
    xenforeignmemory_unmap(xen_fmem, p, nr);
    return ok;
}

static bool xen_memmap_read(void *opaque, uint64_t addr, void *dst,
                            uint32_t bytes)
{
    return xen_memmap_access(addr, dst, bytes, false);
}

static bool xen_memmap_write(void *opaque, uint64_t addr, const void *src,
                             uint32_t bytes)
{
    return xen_memmap_access(addr, (void *)src, bytes, true);
}

//+ migrate
static bool xen_memmap_is_migrating(void)
{
    return global_dirty_tracking & GLOBAL_DIRTY_MIGRATION;
}

//-
/*
 * Nothing of QEMU's own is to be where the layout has anything.  Firmware moves
 * RAM after PREPARE, so it must be gone by then.
 */
static unsigned int xen_memmap_make_room(const struct memmap_layout *l)
{
    Error *err = NULL;

    //+ migrate
    /*
     * While the guest migrates RAM stays, and for a BAR it is no worse than it
     * ever was.
     */
    if (xen_memmap_is_migrating()) {
        return MEMMAP_OK;
    }
    //-
    /* If it cannot move, firmware knows, and the layout has nothing there. */
    if (!xen_park_can_move() || xen_park_make_room(l, &err)) {
        return MEMMAP_OK;
    }
    error_report_err(err);
    return MEMMAP_E_APPLY;
}

//+ migrate
/*
 * While the guest migrates RAM must not move: the other host is sent more and
 * more pages, and never told that one is gone.  Once RAM has moved, refusing to
 * follow would only make things worse.
 *
 * Of what is lost of the layout as built only the flag tells.
 */
static bool xen_memmap_would_move(XenMemmapState *s,
                                  const struct memmap_record *r,
                                  uint16_t *index)
{
    return xen_memmap_leaves(&s->force.layout, &r->layout, !s->dm.generation,
                             index) ||
           r->flags & ~s->force.flags & MEMMAP_RF_RAM_SHRUNK;
}

//-
//+ linux
/* Once RAM has moved, or was never there, a no would help nobody. */
static bool xen_memmap_is_kernels(XenMemmapState *s,
                                  const struct memmap_layout *l)
{
    if (xen_linux_fits(s->x86ms, l) ||
        !xen_linux_fits(s->x86ms, &s->force.layout)) {
        return false;
    }
    error_report_once("xen-memmap: RAM stays where it is: the kernel that is "
                      "booted directly has to be loaded where firmware was to "
                      "take some away");
    return true;
}

//-
//+ busy
/*
 * A locked mapping outlives the invalidation that comes with a new layout, and
 * goes on leading to pages that are elsewhere by then, or gone.  Block devices
 * can be made to finish, and are.  What is locked after that belongs to a
 * device that will not let go of it by itself (a network packet under way, a
 * virtio ring), so the layout cannot be had.
 */
static bool xen_memmap_stays_busy(XenMemmapState *s,
                                  const struct memmap_layout *l)
{
    if (!xen_memmap_is_busy(&s->force.layout, l)) {
        return false;
    }
    bdrv_drain_all();
    return xen_memmap_is_busy(&s->force.layout, l);
}

//-
static unsigned int xen_memmap_check(void *opaque, unsigned int cmd,
                                     const struct memmap_record *r,
                                     uint16_t *index)
{
    //+ migrate
    XenMemmapState *s = opaque;

    //-
    //+ rdm
    if (s->rdm && cmd == MEMMAP_CMD_PREPARE) {
        xen_memmap_rdm_note(s->rdm, &r->layout);
    }
    //-
    //+ migrate
    if (cmd == MEMMAP_CMD_PREPARE && xen_memmap_is_migrating() &&
        xen_memmap_would_move(s, r, index)) {
        return MEMMAP_E_BUSY;
    }
    //-
    //+ linux
    if (cmd == MEMMAP_CMD_PREPARE && xen_memmap_is_kernels(s, &r->layout)) {
        return MEMMAP_E_BUSY;
    }
    //-
    //+ busy
    if (xen_memmap_stays_busy(s, &r->layout)) {
        return MEMMAP_E_BUSY;
    }
    //-
    return xen_memmap_make_room(&r->layout);
}

static bool xen_memmap_constraints(void *opaque, struct memmap_layout *l)
{
    //+ rdm
    XenMemmapState *s = opaque;

    //-
    /* What moves out of the way is in nobody's. */
    if (!xen_park_can_move() && !xen_park_add_owned(l)) {
        return false;
    }
    //+ rdm
    if (s->rdm) {
        xen_memmap_rdm_constraints(s->rdm, l);
    }
    //-
    return true;
}

//+ rdm
static unsigned int xen_memmap_map_rdm(XenMemmapState *s,
                                       const struct memmap_layout *l,
                                       uint16_t *index)
{
    g_autofree struct memmap_range *range = g_new(struct memmap_range,
                                                  MEMMAP_MAX_ENTRIES);
    struct memmap_layout owned;

    memmap_layout_init(&owned, range, MEMMAP_MAX_ENTRIES);
    return xen_park_add_owned(&owned) ?
           xen_memmap_rdm_map(s->rdm, l, &owned, index) : MEMMAP_E_APPLY;
}

//-
static unsigned int xen_memmap_apply(void *opaque,
                                     const struct memmap_record *r,
                                     uint16_t *index)
{
    XenMemmapState *s = opaque;
    g_autofree XenRAMRange *range = g_new0(XenRAMRange, MEMMAP_MAX_ENTRIES);
    Error *err = NULL;
    unsigned int i, nr = 0;
    //+ rdm
    unsigned int rc;
    //-

    for (i = 0; i < r->layout.nr; i++) {
        const struct memmap_range *e = &r->layout.range[i];
        hwaddr addr = e->gfn << 12, size = e->pages << 12;

        if (e->type != MEMMAP_TYPE_RAM) {
            continue;
        }
        if (nr && range[nr - 1].addr + range[nr - 1].size == addr) {
            range[nr - 1].size += size;
        } else {
            range[nr++] = (XenRAMRange) { addr, size };
        }
    }

    //+ rdm
    /* First, because it can be undone without anybody having noticed. */
    rc = s->rdm ? xen_memmap_map_rdm(s, &r->layout, index) : MEMMAP_OK;
    if (rc) {
        return rc;
    }
    //-
    if (xen_memmap_moves(&s->force.layout, &r->layout) &&
        !xen_ram_layout_set(range, nr, &err)) {
        //+ rdm
        if (s->rdm) {
            xen_memmap_rdm_undo(s->rdm);
        }
        //-
        warn_report("xen-memmap: %s", error_get_pretty(err));
        error_free(err);
        return MEMMAP_E_APPLY;
    }

    /* Both have room for whatever a record can hold. */
    memmap_layout_copy(&s->force.layout, &r->layout);
    s->force.flags = r->flags;
    s->force.gfn_limit = r->gfn_limit;
    //+ linux
    xen_linux_place(s->x86ms, &s->force.layout);
    //-
    //+ rdm
    if (s->rdm) {
        xen_memmap_rdm_keep(s->rdm);
    }
    //-
    return MEMMAP_OK;
}

/* For messages: -1 if no entry is to blame. */
static int xen_memmap_entry(uint16_t index)
{
    return index == MEMMAP_NO_INDEX ? -1 : index;
}

//+ publish
/*
 * Soon, and not from here: firmware that talks to us need not wait for
 * xenstored, neither now nor with what it says next.
 */
static void xen_memmap_publish_in(XenMemmapState *s, int64_t ms)
{
    if (s->publish_timer) {
        timer_mod_anticipate(s->publish_timer,
                             qemu_clock_get_ms(QEMU_CLOCK_REALTIME) + ms);
    }
}

static void xen_memmap_publish_later(void *opaque)
{
    xen_memmap_publish_in(opaque, PUBLISH_INTERVAL);
}

/*
 * Nothing may follow what is said now, SEALED above all, and somebody may wait
 * for it: what fails (a quota, no transaction, a xenstored that restarts) is
 * tried until it is said.
 */
static void xen_memmap_publish_cb(void *opaque)
{
    XenMemmapState *s = opaque;
    g_autoptr(GPtrArray) rdm = NULL;

    /* Where RAM is is in the stream. */
    if (runstate_check(RUN_STATE_INMIGRATE)) {
        xen_memmap_publish_in(s, PUBLISH_INTERVAL);
        return;
    }
    //+ rdm
    rdm = s->rdm ? xen_memmap_rdm_report(s->rdm) : NULL;
    //-
    if (xen_memmap_publish(&s->dm, &s->force.layout, rdm)) {
        s->publish_retry = 0;
        return;
    }
    if (!s->publish_retry) {
        warn_report("xen-memmap: xenstore does not take the layout; it is "
                    "tried again until it does");
    }
    s->publish_retry = s->publish_retry ?
        MIN(2 * s->publish_retry, PUBLISH_RETRY_MAX) : PUBLISH_INTERVAL;
    xen_memmap_publish_in(s, s->publish_retry);
}

//-
/*
 * Whoever looks at a guest that fails is to see what was refused.  What a guest
 * tries after the seal is nobody's news, nor is it what goes on for ever.
 */
static void xen_memmap_log(XenMemmapState *s, const char *text)
{
    if (s->dm.state != MEMMAP_ST_SEALED && s->log_aloud < LOG_ALOUD) {
        s->log_aloud++;
        warn_report("xen-memmap: %s", text);
    } else {
        qemu_log_mask(LOG_GUEST_ERROR, "xen-memmap: %s\n", text);
    }
}

static void xen_memmap_log_error(XenMemmapState *s, unsigned int cmd)
{
    static const char *const names[] = {
        "offer", "query", "prepare", "commit", "seal",
    };
    int64_t now = qemu_clock_get_ms(QEMU_CLOCK_REALTIME);
    g_autofree char *entry = NULL, *text = NULL;

    if (now - s->log_start >= LOG_INTERVAL) {
        s->log_start = now;
        s->log_count = 0;
    }
    if (s->log_count > LOG_BURST) {
        return;
    }
    if (s->log_count++ == LOG_BURST) {
        xen_memmap_log(s, "too many errors, more are not logged");
        return;
    }
    entry = s->dm.index == MEMMAP_NO_INDEX ? g_strdup("") :
            g_strdup_printf(", entry %u", s->dm.index);
    text = g_strdup_printf("%s (%u) refused: %s%s",
                           s->dm.error != MEMMAP_E_COMMAND &&
                           cmd < ARRAY_SIZE(names) ? names[cmd] : "command",
                           cmd, memmap_strerror(s->dm.error), entry);
    xen_memmap_log(s, text);
}

//+ migrate
/*
 * Between PREPARE and COMMIT firmware moves RAM, which must not happen to a
 * guest that is being sent: the other side would keep what has gone from here.
 * It takes a second or so, and can be tried again after that.
 *
 * Who never comes to an end, or says PREPARE again and again, would keep its
 * host from being evacuated.  What it moves after its time harms nobody but
 * itself.
 */
static void xen_memmap_begin_moving(XenMemmapState *s)
{
    if (s->dm.state == MEMMAP_ST_PREPARED && !s->moving_end) {
        s->moving_end = qemu_clock_get_ms(QEMU_CLOCK_REALTIME) + MOVING_MAX;
    }
}

static bool xen_memmap_is_moving(XenMemmapState *s, Error **errp)
{
    if (s->dm.state != MEMMAP_ST_PREPARED ||
        qemu_clock_get_ms(QEMU_CLOCK_REALTIME) >= s->moving_end) {
        return false;
    }
    error_setg(errp, "xen-memmap: the guest's firmware is moving RAM, which "
               "keeps it here for %d s at most", MOVING_MAX / 1000);
    return true;
}

/* A live migration begins with the log, libxl's too: no page is sent yet. */
static bool xen_memmap_log_start(MemoryListener *listener, Error **errp)
{
    return !xen_memmap_is_moving(container_of(listener, XenMemmapState, log),
                                 errp);
}

//-
static void xen_memmap_changed(void *opaque, unsigned int cmd)
{
    XenMemmapState *s = opaque;

    //+ migrate
    xen_memmap_begin_moving(s);
    //-
    trace_xen_memmap_changed(cmd, memmap_strstate(s->dm.state),
                             s->dm.generation, memmap_strerror(s->dm.error),
                             xen_memmap_entry(s->dm.index));
    if (s->dm.error) {
        xen_memmap_log_error(s, cmd);
    //+ rdm
    } else if (cmd == MEMMAP_CMD_SEAL && s->rdm) {
        xen_memmap_rdm_seal(s->rdm, s->rdm_failure);
    //-
    }
    //+ monitor
    xen_memmap_monitor_changed();
    //-
    //+ publish
    /* What the guest tries after the firmware has sealed is nobody's news. */
    if (!s->dm.error || s->dm.state != MEMMAP_ST_SEALED) {
        xen_memmap_publish_in(s, s->dm.error || cmd >= MEMMAP_CMD_COMMIT ?
                                 PUBLISH_INTERVAL : PUBLISH_PENDING);
    }
    //-
}

static const struct memmap_dm_ops xen_memmap_dm_ops = {
    .read = xen_memmap_read,
    .write = xen_memmap_write,
    .check = xen_memmap_check,
    .apply = xen_memmap_apply,
    .constraints = xen_memmap_constraints,
    .changed = xen_memmap_changed,
};

static uint64_t xen_memmap_io_read(void *opaque, hwaddr addr, unsigned int size)
{
    XenMemmapState *s = opaque;
    uint32_t val = MEMMAP_REG_ABSENT;

    if (size == 4) {
        val = memmap_dm_read(&s->dm, addr);
    }
    trace_xen_memmap_io_read(addr, size, val);
    return val;
}

static void xen_memmap_io_write(void *opaque, hwaddr addr, uint64_t val,
                                unsigned int size)
{
    XenMemmapState *s = opaque;

    trace_xen_memmap_io_write(addr, size, val);
    if (size == 4) {
        memmap_dm_write(&s->dm, addr, val);
    }
}

/* Any access gets here, so that one that is no 32-bit one reads all ones. */
static const MemoryRegionOps xen_memmap_io_ops = {
    .read = xen_memmap_io_read,
    .write = xen_memmap_io_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 4, .unaligned = true },
    .impl = { .min_access_size = 1, .max_access_size = 4, .unaligned = true },
};

//+ migrate
static int xen_memmap_pre_save(void *opaque)
{
    XenMemmapState *s = opaque;
    Error *err = NULL;

    /* Of a migration that had begun before, no RAM moves. */
    if (!xen_memmap_is_migrating() && xen_memmap_is_moving(s, &err)) {
        error_report_err(err);
        return -EBUSY;
    }

    s->mig.state = s->dm.state;
    s->mig.error = s->dm.error;
    s->mig.index = s->dm.index;
    s->mig.accepted = s->dm.accepted;
    s->mig.generation = s->dm.generation;
    s->mig.parked = xen_park_distance();
    s->force.generation = s->dm.generation;
    s->mig.record_len = s->dm.generation ?
        memmap_pack(&s->force, s->mig.record, MEMMAP_BUFFER_BYTES) : 0;
    return 0;
}

/*
 * Nothing is said of a guest that is what it would be without us: any QEMU can
 * have it, and who gets no section takes it for sealed.
 */
static bool xen_memmap_needed(void *opaque)
{
    XenMemmapState *s = opaque;

    return xen_park_distance() ||
           (s->dm.state != MEMMAP_ST_OFFERED &&
            s->dm.state != MEMMAP_ST_SEALED) ||
           xen_memmap_moves(&s->force.layout, &s->built);
}

/* Migration data is no more to be trusted than a guest's record. */
static unsigned int xen_memmap_load(XenMemmapState *s, uint16_t *index)
{
    struct memmap_record r = { .layout = s->built };
    unsigned int rc;

    *index = MEMMAP_NO_INDEX;
    if (s->mig.state > MEMMAP_ST_SEALED) {
        return MEMMAP_E_STATE;
    }
    if (!s->mig.record_len) {
        /* Not so yet, if a QEMU that runs is told to load. */
        return s->mig.generation ? MEMMAP_E_GENERATION :
                                   xen_memmap_apply(s, &r, index);
    }

    memmap_layout_init(&r.layout, s->dm.range, MEMMAP_MAX_ENTRIES);
    rc = memmap_unpack(&r, MEMMAP_KIND_LAYOUT, s->mig.record, s->mig.record_len,
                       index);
    if (!rc) {
        rc = memmap_dm_validate(&s->dm, &r, index);
    }
    if (!rc && (!r.generation || r.generation != s->mig.generation)) {
        rc = MEMMAP_E_GENERATION;
    }
    /* Not asked whether memory is in use: it is where it is already. */
    return rc ? rc : xen_memmap_apply(s, &r, index);
}

static int xen_memmap_post_load(void *opaque, int version_id)
{
    XenMemmapState *s = opaque;
    uint16_t index;
    unsigned int rc;

    if (s->mig.parked != xen_park_distance()) {
        error_report("xen-memmap: VRAM and ROMs of this guest are parked 0x%"
                     PRIx64 " above RAM's end, and 0x%" PRIx64 " says "
                     "xenstore, where the toolstack has to restore QEMU's "
                     "physmap keys", s->mig.parked, xen_park_distance());
        return -EINVAL;
    }
    rc = xen_memmap_load(s, &index);
    if (rc) {
        error_report("xen-memmap: layout in migration data is no good: %s, "
                     "entry %d", memmap_strerror(rc), xen_memmap_entry(index));
        return -EINVAL;
    }

    s->dm.state = s->mig.state;
    s->dm.error = s->mig.error;
    s->dm.index = s->mig.index;
    s->dm.accepted = s->mig.accepted;
    s->dm.generation = s->mig.generation;
    trace_xen_memmap_loaded(memmap_strstate(s->dm.state), s->dm.generation);
    xen_memmap_begin_moving(s);
    //+ monitor
    xen_memmap_monitor_changed();
    //-
    //+ publish
    xen_memmap_publish_later(s);
    //-
    return 0;
}

static bool xen_memmap_record_fits(void *opaque, int version_id)
{
    XenMemmapState *s = opaque;

    return s->mig.record_len <= MEMMAP_BUFFER_BYTES;
}

static const VMStateDescription vmstate_xen_memmap = {
    .name = TYPE_XEN_MEMMAP,
    .version_id = 1,
    .minimum_version_id = 1,
    /* Before PCI devices: their BARs may lie where RAM is no more. */
    .priority = MIG_PRI_IOMMU,
    .needed = xen_memmap_needed,
    .pre_save = xen_memmap_pre_save,
    .post_load = xen_memmap_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT8(mig.state, XenMemmapState),
        VMSTATE_UINT8(mig.error, XenMemmapState),
        VMSTATE_UINT16(mig.index, XenMemmapState),
        VMSTATE_UINT32(mig.accepted, XenMemmapState),
        VMSTATE_UINT32(mig.generation, XenMemmapState),
        VMSTATE_UINT64(mig.parked, XenMemmapState),
        VMSTATE_UINT32(mig.record_len, XenMemmapState),
        VMSTATE_VALIDATE("record fits", xen_memmap_record_fits),
        VMSTATE_VBUFFER_UINT32(mig.record, XenMemmapState, 1, NULL,
                               mig.record_len),
        VMSTATE_END_OF_LIST()
    }
};

//-
static void xen_memmap_realizefn(DeviceState *dev, Error **errp)
{
    XenMemmapState *s = XEN_MEMMAP(dev);

    //+ migrate
    s->mig.record = g_malloc0(MEMMAP_BUFFER_BYTES);
    //-
    s->dm.ops = &xen_memmap_dm_ops;
    s->dm.opaque = s;
    //+ rdm
    s->rdm = xen_memmap_rdm_new(&s->dm, &s->force.layout, s->rdm_mode,
                                xen_memmap_publish_later, s);
    if (s->rdm) {
        s->dm.features |= MEMMAP_FEAT_RDM;
    }
    //-
    //+ migrate
    s->log = (MemoryListener) {
        .name = TYPE_XEN_MEMMAP,
        .log_global_start = xen_memmap_log_start,
    };
    memory_listener_register(&s->log, &address_space_memory);
    //-
    //+ publish
    if (xen_memmap_can_publish()) {
        s->dm.features |= MEMMAP_FEAT_PUBLISH;
        s->publish_timer = timer_new_ms(QEMU_CLOCK_REALTIME,
                                        xen_memmap_publish_cb, s);
    }
    //-

    /*
     * Once, and not when devices are reset.  Firmware does not run a second
     * time in a QEMU: a reboot ends it, and what resets devices (resume from
     * S3, system_reset, a watchdog) leaves the vCPUs alone.  Nobody would seal
     * again, and some of it the guest can do itself.
     */
    memmap_dm_reset(&s->dm);
    //+ migrate
    if (runstate_check(RUN_STATE_INMIGRATE)) {
        /* Its firmware has run, unless the stream says that it is at it. */
        s->dm.state = MEMMAP_ST_SEALED;
    }
    //-
    //+ monitor
    xen_memmap_monitor_show(&s->dm, &s->force.layout, s->rdm);
    //-
    trace_xen_memmap_offered(s->dm.features, s->dm.gfn_limit);
    //+ publish
    xen_memmap_publish_later(s);
    //-

    memory_region_init_io(&s->io, OBJECT(s), &xen_memmap_io_ops, s,
                          TYPE_XEN_MEMMAP, MEMMAP_PORT_COUNT);
    memory_region_add_subregion(get_system_io(), MEMMAP_PORT_BASE, &s->io);
}

//+ rdm
static int xen_memmap_get_rdm(Object *obj, Error **errp)
{
    return XEN_MEMMAP(obj)->rdm_mode;
}

static void xen_memmap_set_rdm(Object *obj, int value, Error **errp)
{
    XEN_MEMMAP(obj)->rdm_mode = value;
}

static int xen_memmap_get_rdm_failure(Object *obj, Error **errp)
{
    return XEN_MEMMAP(obj)->rdm_failure;
}

static void xen_memmap_set_rdm_failure(Object *obj, int value, Error **errp)
{
    XEN_MEMMAP(obj)->rdm_failure = value;
}

//-
static const Property xen_memmap_properties[] = {
    DEFINE_PROP_BOOL("enabled", XenMemmapState, enabled, true),
    DEFINE_PROP_UINT64("gfn-limit", XenMemmapState, gfn_limit, GFN_LIMIT),
};

static void xen_memmap_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->desc = "Xen guest memory map";
    dc->realize = xen_memmap_realizefn;
    //+ migrate
    dc->vmsd = &vmstate_xen_memmap;
    //-
    device_class_set_props(dc, xen_memmap_properties);
    //+ rdm
    object_class_property_add_enum(klass, "rdm", "XenMemmapRdmMode",
                                   &XenMemmapRdmMode_lookup, xen_memmap_get_rdm,
                                   xen_memmap_set_rdm);
    object_class_property_add_enum(klass, "rdm-failure", "XenMemmapRdmFailure",
                                   &XenMemmapRdmFailure_lookup,
                                   xen_memmap_get_rdm_failure,
                                   xen_memmap_set_rdm_failure);
    //-
    object_class_property_set_description(klass, "enabled",
        "off: there is no device, and firmware lays RAM out as without it");
    object_class_property_set_description(klass, "gfn-limit",
        "guest frame number that RAM is kept below");
    //+ rdm
    object_class_property_set_description(klass, "rdm",
        "whose reserved device memory firmware is to make room for");
    object_class_property_set_description(klass, "rdm-failure",
        "what becomes of a device whose reserved memory is not mapped");
    //-
    set_bit(DEVICE_CATEGORY_MISC, dc->categories);
}

static const TypeInfo xen_memmap_info = {
    .name = TYPE_XEN_MEMMAP,
    .parent = TYPE_SYS_BUS_DEVICE,
    .instance_size = sizeof(XenMemmapState),
    .class_init = xen_memmap_class_init,
};

static void xen_memmap_register_types(void)
{
    type_register_static(&xen_memmap_info);
}

type_init(xen_memmap_register_types)

/* What libxc populates: everything that QEMU takes for RAM but the VGA hole. */
static void xen_memmap_as_built(XenMemmapState *s, X86MachineState *x86ms)
{
    const struct memmap_range built[] = {
        { .gfn = 0, .pages = MEMMAP_VGA_GFN },
        { .gfn = MEMMAP_VGA_END,
          .pages = (x86ms->below_4g_mem_size >> 12) - MEMMAP_VGA_END },
        { .gfn = 4 * GiB >> 12, .pages = x86ms->above_4g_mem_size >> 12 },
    };
    unsigned int i;

    memmap_layout_init(&s->built, s->built_range, ARRAY_SIZE(s->built_range));
    for (i = 0; i < ARRAY_SIZE(built); i++) {
        struct memmap_range r = built[i];

        r.source = r.gfn;
        r.type = MEMMAP_TYPE_RAM;
        if (r.pages) {
            memmap_layout_set(&s->built, &r);
        }
    }
    s->dm.ram_pages = memmap_layout_pages(&s->built, MEMMAP_TYPE_RAM);

    s->force.kind = MEMMAP_KIND_LAYOUT;
    memmap_layout_init(&s->force.layout, s->range, MEMMAP_MAX_ENTRIES);
    memmap_layout_copy(&s->force.layout, &s->built);
}

void xen_memmap_new(X86MachineState *x86ms)
{
    DeviceState *dev = qdev_new(TYPE_XEN_MEMMAP);
    XenMemmapState *s = XEN_MEMMAP(dev);

    if (!s->enabled) {
        object_unref(OBJECT(dev));
        return;
    }
    object_property_add_child(OBJECT(x86ms), "xen-memmap", OBJECT(dev));
    s->x86ms = x86ms;
    s->dm.gfn_limit = s->gfn_limit;
    xen_memmap_as_built(s, x86ms);
    sysbus_realize_and_unref(SYS_BUS_DEVICE(dev), &error_fatal);
}
