/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xen-memmap.h - where the RAM of a Xen HVM guest is, and who says so.
 *
 * Firmware (hvmloader) and device model (QEMU) agree on a layout of the guest's
 * memory; this library reads what they agreed on, waits for it, compares it with
 * what Xen has, and says before a guest starts what they will agree on.
 * "Section N" is a section of PROTOCOL.md.
 *
 * Units.  A gfn is a guest frame number; a page is 4096 bytes; sizes called
 * bytes are in bytes.  A device's address (aux, sbdf) is segment << 16 |
 * bus << 8 | device << 3 | function.
 *
 * Errors.  A function that returns int returns 0, or -1 with errno set; one that
 * returns a pointer returns NULL with errno set.  xen_memmap_message() then has a
 * line for people.  Beside what malloc(), open() and libxenstore say (ENOMEM,
 * EACCES, ...), errno may be
 *
 *   ESRCH            there is no such domain, or it has gone
 *   ENODEV           the domain has no firmware: it is no HVM guest
 *   ECANCELED        the toolstack switched the protocol off for the guest; or
 *                    a progress callback said to stop
 *   ENODATA          nobody says anything: an old device model, or one that may
 *                    not publish; of a claim: old firmware
 *   EPROTONOSUPPORT  the device model makes an offer, firmware did not take it:
 *                    old firmware
 *   ETIMEDOUT        the time is over
 *   EPERM            it cannot be trusted: the guest may write it
 *   EBADMSG          what is there is not what PROTOCOL.md allows
 *   EAGAIN           the writer did not pause; or no event is there
 *   EBUSY            it must not be done now
 *   ECONNREFUSED     there is no xenstored to talk to
 *   ECONNRESET       the connection to xenstored was lost
 *   EINVAL           the caller's mistake
 *
 * On failure nothing is stored where a result would go.
 *
 * Threads.  A handle may be used by one thread at a time; different handles are
 * independent.  Objects that are returned belong to the caller, not to the
 * handle, do not change, and may be read by any number of threads until freed.
 *
 * Time.  Only xen_memmap_wait() and a complete verification take long, and both
 * have an end.  Every function that reads xenstore waits for xenstored's answer,
 * as libxenstore does, which has no time limit of its own.
 */
#ifndef XEN_MEMMAP_PUBLIC_H
#define XEN_MEMMAP_PUBLIC_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct xentoollog_logger;

/* ---- the handle ---------------------------------------------------------- */

typedef struct xen_memmap_handle xen_memmap_handle;

/*
 * A handle, to be closed with xen_memmap_close().  Nothing is connected yet:
 * xenstore and Xen are, by the first call that needs them.
 *
 * @logger hears what this library and those below it have to say, must outlive
 * the handle and stays the caller's.  NULL: warnings and errors go to stderr.
 * @flags must be 0.
 */
xen_memmap_handle *xen_memmap_open(struct xentoollog_logger *logger,
                                   unsigned int flags);

/* @h is gone; NULL is ignored.  Always 0.  errno stays. */
int xen_memmap_close(xen_memmap_handle *h);

/*
 * One line for people on the last failure of a call with @h, "" before the first.
 * Belongs to @h; good until the next call with @h.
 */
const char *xen_memmap_message(const xen_memmap_handle *h);

/* ---- layouts ------------------------------------------------------------- */

typedef struct xen_memmap_layout xen_memmap_layout;

/* Types of ranges.  Others may come with a newer protocol (section 4). */
enum {
    XEN_MEMMAP_RAM = 1,
    XEN_MEMMAP_RDM = 2,         /* reserved device memory, mapped one to one */
    XEN_MEMMAP_MMIO = 3,        /* set aside for BARs */
    XEN_MEMMAP_OWNED = 4,       /* the device model's own */
};

/* Flags of ranges (section 4). */
enum {
    XEN_MEMMAP_OPTIONAL = 1,
    XEN_MEMMAP_FIRMWARE = 2,    /* RAM that firmware keeps */
    XEN_MEMMAP_UNFREED = 4,     /* RAM where reserved memory belongs */
    XEN_MEMMAP_UNMAPPED = 8,    /* reserved memory that is not mapped */
};

#define XEN_MEMMAP_NO_SOURCE UINT64_MAX

struct xen_memmap_range {
    uint64_t gfn, pages;
    uint64_t source;    /* RAM: gfn as built, or XEN_MEMMAP_NO_SOURCE */
    uint16_t type, flags;
    uint32_t aux;       /* RDM, and RAM that is UNFREED: the device, or 0 */
};

/* States of the conversation (section 6). */
enum xen_memmap_state {
    XEN_MEMMAP_OFFERED, XEN_MEMMAP_NEGOTIATED, XEN_MEMMAP_PREPARED,
    XEN_MEMMAP_COMMITTED, XEN_MEMMAP_SEALED,
    XEN_MEMMAP_UNKNOWN = 15,    /* a claim or a record does not say */
};

/* Who says it. */
enum xen_memmap_origin {
    /*
     * The device model: what it checked and follows.  The guest cannot write
     * it, and that is looked at (EPERM).  It is worth what the domain is that
     * the device model runs in, see xen_memmap_layout_publisher().
     */
    XEN_MEMMAP_PUBLISHED,
    /*
     * The guest: what its firmware said before it was answered.  Never to be
     * relied on; the guest may write anything there, at any time.
     */
    XEN_MEMMAP_CLAIMED,
    /* A record, see xen_memmap_decode(). */
    XEN_MEMMAP_RECORD,
    /* A plan, see xen_memmap_explain(). */
    XEN_MEMMAP_PLANNED,
};

/* Reserved memory of a device of the host that is assigned (section 8). */
struct xen_memmap_reserved {
    uint64_t gfn, pages;
    uint32_t sbdf;
    int mapped;         /* not 0: mapped one to one */
    const char *status; /* the device model's words; belongs to the layout */
};

/*
 * The layout of domain @domid that @origin (PUBLISHED or CLAIMED) has: all of one
 * generation, never parts of two.  *@layout is the caller's, for
 * xen_memmap_layout_free().  A PUBLISHED layout of generation 0 is the one that the
 * guest was built with: firmware has not said anything yet.
 *
 * ESRCH, ENODEV, ECANCELED, ENODATA, EPERM, EBADMSG, EAGAIN.
 */
int xen_memmap_read(xen_memmap_handle *h, uint32_t domid,
                    enum xen_memmap_origin origin, xen_memmap_layout **layout);

/*
 * The layout of a record of section 4, @bytes long at @record, or all of the
 * file @path.  EBADMSG: it is none, the message says why.
 */
int xen_memmap_decode(xen_memmap_handle *h, const void *record, size_t bytes,
                      xen_memmap_layout **layout);
int xen_memmap_load(xen_memmap_handle *h, const char *path,
                    xen_memmap_layout **layout);

/* NULL is ignored.  errno stays. */
void xen_memmap_layout_free(xen_memmap_layout *layout);

/* Accessors.  What they point to belongs to the layout.  They do not fail. */
enum xen_memmap_origin xen_memmap_layout_origin(const xen_memmap_layout *l);
/*
 * The domain whose word it is: the guest's own of what is CLAIMED; of what is
 * PUBLISHED 0, dom0, or a stub domain.  A stub domain is there to be taken over by
 * the guest that takes over its device model: believe it no more than the guest,
 * and ask Xen, with xen_memmap_verify().  XEN_MEMMAP_NO_DOMAIN: a record, a plan.
 */
uint32_t xen_memmap_layout_publisher(const xen_memmap_layout *l);
enum xen_memmap_state xen_memmap_layout_state(const xen_memmap_layout *l);
uint32_t xen_memmap_layout_generation(const xen_memmap_layout *l);
/* The last command's error of section 5, 0: none; and a line for people. */
unsigned int xen_memmap_layout_error(const xen_memmap_layout *l);
const char *xen_memmap_layout_reason(const xen_memmap_layout *l);
/* Ranges are sorted by gfn and disjoint.  NULL: there is no @i-th. */
unsigned int xen_memmap_layout_ranges(const xen_memmap_layout *l);
const struct xen_memmap_range *
xen_memmap_layout_range(const xen_memmap_layout *l, unsigned int i);
/* Pages in all ranges of @type. */
uint64_t xen_memmap_layout_pages(const xen_memmap_layout *l, unsigned int type);
/* What the host reserves for the guest's devices.  NULL: there is no @i-th. */
unsigned int xen_memmap_layout_reserveds(const xen_memmap_layout *l);
const struct xen_memmap_reserved *
xen_memmap_layout_reserved(const xen_memmap_layout *l, unsigned int i);

/* "OFFERED" and so on, "ram" and so on; never NULL. */
const char *xen_memmap_state_name(enum xen_memmap_state state);
const char *xen_memmap_type_name(unsigned int type);

/* ---- domains ------------------------------------------------------------- */

/*
 * The HVM guests that there are, ascending: *@domids, for free(), has *@nr.  NULL
 * if there are none.
 */
int xen_memmap_domains(xen_memmap_handle *h, uint32_t **domids,
                       unsigned int *nr);

/* The domain called @name, or whose number it is.  ESRCH. */
int xen_memmap_find(xen_memmap_handle *h, const char *name, uint32_t *domid);

/* The name of @domid, for free().  ESRCH. */
char *xen_memmap_name(xen_memmap_handle *h, uint32_t domid);

/* ---- waiting ------------------------------------------------------------- */

/*
 * Wait until the guest's conversation is in @state or beyond, for at most
 * @timeout_ms.  SEALED: firmware has ended, nothing will change any more.
 *
 * It returns as soon as that cannot come: ESRCH, ENODEV, ECANCELED; ENODATA if
 * the device model has been up for five seconds and publishes nothing.  At the end of the time:
 * EPROTONOSUPPORT if firmware has not said a word, ENODATA if there is still no
 * device model that does, else ETIMEDOUT.
 */
int xen_memmap_wait(xen_memmap_handle *h, uint32_t domid,
                    enum xen_memmap_state state, unsigned int timeout_ms);

#define XEN_MEMMAP_NO_DOMAIN UINT32_MAX

/*
 * From now on changes of what @domid's device model publishes, and its end, are
 * events.  XEN_MEMMAP_NO_DOMAIN: domains that come and go are.  A domain need not
 * exist yet.  EEXIST: it is watched already.
 */
int xen_memmap_watch(xen_memmap_handle *h, uint32_t domid);

/* No more.  What is pending may still come.  ENOENT: it is not watched. */
int xen_memmap_unwatch(xen_memmap_handle *h, uint32_t domid);

/*
 * A file descriptor that is readable when there may be an event, for poll() and
 * the like; nothing else may be done with it.  Belongs to @h and stays the same.
 */
int xen_memmap_fd(xen_memmap_handle *h);

/*
 * The next event, without waiting: its domain in *@domid (NO_DOMAIN: some came or
 * went).  EAGAIN: there is none; ask again when the descriptor is readable.  An
 * event says that something may have changed and no more; each watch has one at
 * its begin.  ECONNRESET: the connection is lost, and all watches with it.
 * libxenstore does not make the descriptor readable then, so who must know asks
 * now and then.
 */
int xen_memmap_event(xen_memmap_handle *h, uint32_t *domid);

/* ---- comparing with Xen -------------------------------------------------- */

typedef struct xen_memmap_report xen_memmap_report;

/* Ask for every page; otherwise one of each 2 MiB and both ends of each range. */
#define XEN_MEMMAP_FULL 1u

/* @done of @total pages asked for.  Not 0: stop, ECANCELED. */
typedef int xen_memmap_progress(void *opaque, uint64_t done, uint64_t total);

/* What Xen has at a gfn. */
enum xen_memmap_page {
    XEN_MEMMAP_PAGE_NONE,       /* no memory; a device's, perhaps */
    XEN_MEMMAP_PAGE_POPULATED,
    XEN_MEMMAP_PAGE_BROKEN,     /* taken out of service */
};

/* Pages that are not as the layout says. */
struct xen_memmap_mismatch {
    uint64_t gfn, pages;
    struct xen_memmap_range says;   /* the layout's range around it */
    enum xen_memmap_page has;
};

/*
 * Compare @layout with what Xen has for @domid: RAM must be populated; reserved
 * memory and what is set aside for BARs must not be.  Nobody says where video
 * memory is: one piece among the BARs that is as large as the toolstack made it, and
 * aligned to that, is taken for it.  Around a sample that is wrong every page of its
 * 2 MiB is asked for.  A hole of more than 64 GiB is always sampled, and a layout
 * with more RAM than the domain has pages is wrong unasked.  That reserved memory is
 * mapped one to one cannot be seen from here: xen_memmap_layout_reserved() has the
 * device model's word.
 *
 * Disagreement is no failure: 0, and *@report, for xen_memmap_report_free(), says
 * what.  @progress may be NULL.
 *
 * EBUSY: pages of the guest are still to be populated on demand, and the question
 * would populate them.  ESRCH: it ended meanwhile.  EACCES, EPERM: only a control
 * domain's root may ask.
 */
int xen_memmap_verify(xen_memmap_handle *h, uint32_t domid,
                      const xen_memmap_layout *layout, unsigned int flags,
                      xen_memmap_progress *progress, void *opaque,
                      xen_memmap_report **report);

/* NULL is ignored.  errno stays. */
void xen_memmap_report_free(xen_memmap_report *report);

/* Not 0: nothing speaks against the layout. */
int xen_memmap_report_agrees(const xen_memmap_report *r);
/* Pages asked for; those the layout calls RAM; those the domain has in all. */
uint64_t xen_memmap_report_asked(const xen_memmap_report *r);
uint64_t xen_memmap_report_ram(const xen_memmap_report *r);
uint64_t xen_memmap_report_owned(const xen_memmap_report *r);
/* In ascending order; NULL: there is no @i-th. */
unsigned int xen_memmap_report_mismatches(const xen_memmap_report *r);
const struct xen_memmap_mismatch *
xen_memmap_report_mismatch(const xen_memmap_report *r, unsigned int i);

/*
 * Pages that Xen has for @domid, all of them, whatever a layout says: *@spans, for
 * free(), has *@nr, ascending and disjoint.  NULL if there are none.  A page of Xen's
 * own that the guest put amid its RAM is known as populated only where @ram, which
 * has @nr_ram, says RAM; NULL if it does not matter.  @progress may be NULL.
 *
 * This asks for every gfn up to the highest that the guest ever had, which it may have
 * made high; @progress can stop it.  EBUSY and the others as for xen_memmap_verify().
 */
struct xen_memmap_span {
    uint64_t gfn, pages;
};

int xen_memmap_populated(xen_memmap_handle *h, uint32_t domid,
                         const struct xen_memmap_span *ram, unsigned int nr_ram,
                         xen_memmap_progress *progress, void *opaque,
                         struct xen_memmap_span **spans, unsigned int *nr);

/* ---- before the guest starts --------------------------------------------- */

typedef struct xen_memmap_config xen_memmap_config;
typedef struct xen_memmap_plan xen_memmap_plan;

/*
 * A guest to plan for, with @ram bytes of RAM as the domain builder counts them
 * (libxl: memory without video memory).  For xen_memmap_config_free().  EINVAL:
 * less than 2 MiB, or no guest can address it.
 */
xen_memmap_config *xen_memmap_config_new(xen_memmap_handle *h, uint64_t ram);
void xen_memmap_config_free(xen_memmap_config *c);

/* xl.cfg's mmio_hole in bytes; 0: none.  EINVAL: no hole that libxl takes. */
int xen_memmap_config_hole(xen_memmap_handle *h, xen_memmap_config *c,
                           uint64_t bytes);
/* Width of the guest's physical addresses, 36 to 52; 0: the host CPU's. */
int xen_memmap_config_width(xen_memmap_handle *h, xen_memmap_config *c,
                            unsigned int bits);
/*
 * xl.cfg's rdm_mem_boundary in bytes; 2 GiB.  The toolstack keeps RAM below what
 * the host reserves for the guest's devices, if that lies above the boundary.
 */
int xen_memmap_config_boundary(xen_memmap_handle *h, xen_memmap_config *c,
                               uint64_t bytes);
/* 0: RAM stays (hvmloader/memory-map/relocate; memory below maxmem; vNUMA). */
void xen_memmap_config_may_move(xen_memmap_config *c, int may_move);
/* 1: no RAM moves for a BAR that can be above 4 GiB (policy "high"); 0: it does. */
void xen_memmap_config_prefer_high(xen_memmap_config *c, int prefer_high);

/*
 * A memory BAR of @bytes, a power of two, called @name for people.  They must be
 * added in the order of the guest's devices.  ENOSPC: firmware knows 1792.
 */
int xen_memmap_config_bar(xen_memmap_handle *h, xen_memmap_config *c,
                          const char *name, uint64_t bytes, int is_64bit);
/* All memory BARs of a device of the host, from sysfs.  ENODEV: no such device. */
int xen_memmap_config_device(xen_memmap_handle *h, xen_memmap_config *c,
                             uint32_t sbdf);
/*
 * Reserved memory in the syntax of Xen's rmrr= option (section 8).  @is_host not 0:
 * it is the host's, for a device that is assigned, so the toolstack knows of it;
 * otherwise it is as declared for a device that is plugged later.
 */
int xen_memmap_config_reserve(xen_memmap_handle *h, xen_memmap_config *c,
                              const char *region, int is_host);
/*
 * What the host reserves for @sbdf, a device that is assigned, as Xen says.
 * XEN_MEMMAP_ALL_DEVICES: for any device, as xl.cfg's rdm="strategy=host" has it: the
 * toolstack keeps RAM away where it can, and firmware is told nothing.  As for verify:
 * EACCES, EPERM.
 */
#define XEN_MEMMAP_ALL_DEVICES UINT32_MAX
int xen_memmap_config_host_reserved(xen_memmap_handle *h, xen_memmap_config *c,
                                    uint32_t sbdf);

/* For which reserved memory of the host the device model asks firmware to make room. */
enum xen_memmap_rdm {
    XEN_MEMMAP_RDM_DEVICES,     /* of devices that are assigned; unless said otherwise */
    XEN_MEMMAP_RDM_HOST,        /* of every device, assigned or not */
    XEN_MEMMAP_RDM_OFF,         /* of none */
};

/*
 * The device model's property xen-memmap.rdm.  XEN_MEMMAP_RDM_HOST asks Xen, with the
 * errors of xen_memmap_config_host_reserved(); for the others nobody is asked.
 */
int xen_memmap_config_rdm(xen_memmap_handle *h, xen_memmap_config *c,
                          enum xen_memmap_rdm rdm);

/*
 * What firmware will do with the guest in @c, by the planner that it has itself.
 * *@plan is for xen_memmap_plan_free(), and does not need @c any more.  ENOSPC:
 * there is no plan, whatever is given up.
 */
int xen_memmap_explain(xen_memmap_handle *h, const xen_memmap_config *c,
                       xen_memmap_plan **plan);
void xen_memmap_plan_free(xen_memmap_plan *plan);

/* The layout after; belongs to @p. */
const xen_memmap_layout *xen_memmap_plan_layout(const xen_memmap_plan *p);
/* The layout before, as the toolstack builds it; belongs to @p. */
const xen_memmap_layout *xen_memmap_plan_built(const xen_memmap_plan *p);
/* Where the low MMIO hole starts, bytes; RAM that moves, pages. */
uint64_t xen_memmap_plan_hole(const xen_memmap_plan *p);
uint64_t xen_memmap_plan_moved(const xen_memmap_plan *p);
/* What firmware gives up to have a plan at all, for people; NULL: nothing. */
const char *xen_memmap_plan_given_up(const xen_memmap_plan *p);
/* Least width of guest addresses, bits, for all that the plan has placed. */
unsigned int xen_memmap_plan_width(const xen_memmap_plan *p);

struct xen_memmap_bar {
    const char *name;
    uint64_t bytes, address;    /* XEN_MEMMAP_NO_PLACE: it gets none */
    int is_64bit;
};
#define XEN_MEMMAP_NO_PLACE UINT64_MAX

/* Largest first.  NULL: there is no @i-th. */
unsigned int xen_memmap_plan_bars(const xen_memmap_plan *p);
const struct xen_memmap_bar *xen_memmap_plan_bar(const xen_memmap_plan *p,
                                                 unsigned int i);

struct xen_memmap_region {
    uint64_t gfn, pages;
    uint32_t sbdf;              /* or XEN_MEMMAP_ALL_DEVICES */
    const char *kept;           /* why it cannot be used; NULL: it is freed */
};

/* The reserved memory that was asked for.  NULL: there is no @i-th. */
unsigned int xen_memmap_plan_regions(const xen_memmap_plan *p);
const struct xen_memmap_region *
xen_memmap_plan_region(const xen_memmap_plan *p, unsigned int i);

/*
 * Ask firmware of @domid, which has not started, to keep @region (syntax of Xen's
 * rmrr= option) free of RAM, for a device to be plugged later.  EBUSY: its
 * firmware has spoken already.  EINVAL: no region.
 */
int xen_memmap_declare(xen_memmap_handle *h, uint32_t domid,
                       const char *region);

/* Policies of section 8; the first two are on unless switched off. */
enum xen_memmap_policy {
    XEN_MEMMAP_ENABLED,         /* firmware speaks at all */
    XEN_MEMMAP_RELOCATE,        /* firmware may move RAM */
    XEN_MEMMAP_PREFER_HIGH,     /* not for a BAR that can be above 4 GiB; off unless on */
};

/* Switch @policy for @domid, which has not started.  EBUSY as above. */
int xen_memmap_set_policy(xen_memmap_handle *h, uint32_t domid,
                          enum xen_memmap_policy policy, int on);

#ifdef __cplusplus
}
#endif

#endif /* XEN_MEMMAP_PUBLIC_H */
