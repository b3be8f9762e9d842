/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the library's files share, and nobody else sees. */
#ifndef XEN_MEMMAP_INTERNAL_H
#define XEN_MEMMAP_INTERNAL_H

#include <stdarg.h>
#include <stdbool.h>

#include <xenstore.h>
#include <xentoollog.h>

#include "xen-memmap.h"
#include "codec.h"              /* protocol/ */

#define PUBLIC __attribute__((visibility("default")))

/* ---- the handle (handle.c) ----------------------------------------------- */

struct memmap_xen;

struct xen_memmap_handle {
    xentoollog_logger *logger, *owned_logger;
    char message[512];
    struct xs_handle *xs;           /* requests; NULL: not connected yet */
    struct memmap_watches *watches; /* NULL: nothing was ever watched */
    const struct memmap_xen_ops *xen_ops;   /* NULL: not looked for yet */
    struct memmap_xen *xen;         /* NULL: not connected yet */
    const char *sysfs;              /* where it is mounted */
    /*
     * A device model says that it runs a moment before it publishes for the first
     * time (QEMU: a tenth of a second, of a machine that may be slow).
     */
    unsigned int grace_ms;
    /*
     * Who waits looks again this often whether or not an event came: a device model in
     * a stub domain may have its directory elsewhere than where the watch is.
     */
    unsigned int slice_ms;
};

/* Set errno and the message.  Always -1, for `return memmap_fail(...)`. */
int memmap_fail(xen_memmap_handle *h, int err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- layouts (layout_object.c) ------------------------------------------- */

struct xen_memmap_layout {
    enum xen_memmap_origin origin;
    uint32_t publisher;
    enum xen_memmap_state state;
    uint32_t generation;
    unsigned int error;
    char *reason;
    struct xen_memmap_range range[MEMMAP_MAX_ENTRIES];
    unsigned int nr;
    struct xen_memmap_reserved *reserved;   /* status is malloc()ed */
    unsigned int nr_reserved;
};

/* NULL, errno and message: no memory. */
xen_memmap_layout *memmap_layout_new(xen_memmap_handle *h,
                                     enum xen_memmap_origin origin);
void memmap_layout_take(xen_memmap_layout *to, const struct memmap_layout *from);
void memmap_layout_give(struct memmap_layout *to, const xen_memmap_layout *from);

/* ---- text of xenstore's values (text.c) ---------------------------------- */

/*
 * Each takes the value of one key, @len bytes and a NUL, and returns NULL or what
 * is wrong with it, for people.  They must bear any bytes: a guest may have
 * written them.
 */
const char *memmap_text_generation(const char *value, size_t len,
                                   uint32_t *generation);
const char *memmap_text_state(const char *value, size_t len,
                              enum xen_memmap_state *state);
/* Lines of layout/N, added to what @l has. */
const char *memmap_text_ranges(const char *value, size_t len,
                               xen_memmap_layout *l);
/* Lines of rdm/N; what is there stays @l's also if it fails. */
const char *memmap_text_reserved(const char *value, size_t len,
                                 xen_memmap_layout *l);
/* Make @text fit for a terminal. */
void memmap_text_clean(char *text);
/* Make a device model's words a line as section 8 has it: no more than printed ASCII. */
void memmap_text_line(char *text);

/* ---- xenstore (store.c) -------------------------------------------------- */

/* The connection, made if there is none.  NULL, errno and message. */
struct xs_handle *memmap_store(xen_memmap_handle *h);
/*
 * A request for @path of any connection ended with @err: errno and the message;
 * ECONNRESET for all that xenstored does not answer itself.  Always -1.
 */
int memmap_store_refused(xen_memmap_handle *h, const char *path, int err);
/*
 * One of memmap_store()'s did.  ENOENT and EAGAIN are for the caller to judge, and set
 * no message; a connection that is lost is dropped, so that the next call has a new one.
 */
int memmap_store_failed(xen_memmap_handle *h, const char *path, int err);
/* The message for errno of xs_open(), which is never ENOENT after this. */
void memmap_store_not_there(xen_memmap_handle *h);

/*
 * The value of a key, for free(), *@len bytes and a NUL.  NULL and errno; ENOENT
 * sets no message, everything else does.
 */
char *memmap_store_get(xen_memmap_handle *h, xs_transaction_t t, size_t *len,
                       const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Whether a key is there: 1, 0, or -1 and errno. */
int memmap_store_has(xen_memmap_handle *h, xs_transaction_t t,
                     const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The directory @path as xs_directory() has it; NULL and *@nr 0: not there. */
char **memmap_store_list(xen_memmap_handle *h, xs_transaction_t t,
                         const char *path, unsigned int *nr);

/*
 * Run @f in a transaction until nobody interfered: what it reads is of one moment,
 * what it writes is written at once.  It returns 0 or -1 with errno and message.
 */
int memmap_store_atomically(xen_memmap_handle *h, const char *what,
                            int (*f)(xen_memmap_handle *h, xs_transaction_t t,
                                     void *opaque),
                            void *opaque);

#define MEMMAP_PATH_MAX 96

/*
 * Where @domid's device model publishes; and the domain that it runs in, @dm may be
 * NULL.  1: and the domain is there; 0: whether it is was not seen; -1: errno.
 */
int memmap_store_dm_path(xen_memmap_handle *h, xs_transaction_t t,
                         uint32_t domid, char path[MEMMAP_PATH_MAX], uint32_t *dm);

/* ESRCH or ENODEV if @domid is no HVM guest that is there. */
int memmap_store_check_domain(xen_memmap_handle *h, xs_transaction_t t,
                              uint32_t domid);
/* 1: on, 0: switched off, -1: errno. */
int memmap_store_policy(xen_memmap_handle *h, xs_transaction_t t,
                        uint32_t domid, enum xen_memmap_policy policy);
const char *memmap_policy_key(enum xen_memmap_policy policy);

/* ---- a guest to plan for (config.c) -------------------------------------- */

#define MEMMAP_BAR_NAME 40

struct memmap_config_bar {
    char name[MEMMAP_BAR_NAME];
    uint64_t bytes;
    bool is_64bit;
};

struct xen_memmap_config {
    uint64_t ram, hole, boundary;    /* bytes */
    unsigned int width;                     /* bits */
    bool may_move;
    bool prefer_high;
    bool hypertransport;                    /* its range reaches no memory */
    struct memmap_config_bar bar[256 * 7];  /* MEMMAP_MAX_BARS of plan.h */
    unsigned int nr_bars;
    struct memmap_range region[MEMMAP_MAX_ENTRIES];
    bool is_host[MEMMAP_MAX_ENTRIES];       /* the toolstack knows of it */
    bool is_told[MEMMAP_MAX_ENTRIES];       /* and firmware */
    bool rdm_off;                           /* but not of the host's */
    unsigned int nr_regions;
};

/* ---- watches (watch.c) --------------------------------------------------- */

void memmap_watches_free(struct memmap_watches *w);

/* ---- Xen (xen.c) --------------------------------------------------------- */

struct memmap_xen_domain {
    uint64_t pages;         /* that it has */
    uint64_t last_gfn;      /* that it ever had */
    uint64_t pod_entries;   /* yet to be populated on demand */
};

/* The most gfns of one question. */
#define MEMMAP_XEN_BATCH 1024u

/* What is asked of Xen.  -1 and errno; tests have their own. */
struct memmap_xen_ops {
    struct memmap_xen *(*open)(xentoollog_logger *logger);
    void (*close)(struct memmap_xen *x);
    int (*domain)(struct memmap_xen *x, uint32_t domid,
                  struct memmap_xen_domain *d);
    /* @page[i] is what is at @gfn[i]; at most MEMMAP_XEN_BATCH. */
    int (*pages)(struct memmap_xen *x, uint32_t domid, unsigned int nr,
                 const uint64_t *gfn, enum xen_memmap_page *page);
    /* Whether a page can be mapped that pages() calls NONE: it is Xen's heap. */
    bool (*mappable)(struct memmap_xen *x, uint32_t domid, uint64_t gfn);
    /* Reserved memory of @sbdf, or of all devices: *@r, for free(), has *@nr. */
    int (*reserved)(struct memmap_xen *x, uint32_t sbdf,
                    struct memmap_range **r, unsigned int *nr);
};

extern const struct memmap_xen_ops memmap_xen_real;
/* h->xen_ops = &memmap_xen_real, wherever that is. */
int memmap_xen_find(xen_memmap_handle *h);

/* The connection, made if there is none.  NULL, errno and message. */
struct memmap_xen *memmap_xen(xen_memmap_handle *h);
/*
 * What Xen knows of a domain, before its pages are asked for: EBUSY if that would
 * populate them.
 */
int memmap_ask_domain(xen_memmap_handle *h, uint32_t domid,
                      struct memmap_xen_domain *d);
/* The message for errno of pages().  Always -1. */
int memmap_no_answer(xen_memmap_handle *h, uint32_t domid);

#endif
