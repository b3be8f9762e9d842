/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is noted, what is to fail, time. */
#include "internal.h"
#include "hw/xen/xen_native.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "qemu/log.h"
#include "qemu/timer.h"
#include "trace.h"

#define MAX_FAULTS 8

struct Error {
    char *text;
};

struct QEMUTimer {
    QEMUTimerCB *cb;
    void *opaque;
    int64_t at;                 /* -1: not pending */
};

static GString *events, *events_out, *said, *logged, *traced;
static GHashTable *once;
static GPtrArray *timers, *hashes;
static GArray *array;
static int64_t now;
static bool ended;
static struct {
    const char *name;
    unsigned int nth;           /* 0: all */
    int err;                    /* 0: unused */
} fault[MAX_FAULTS];

Error *error_fatal;

static void fresh(GString **s)
{
    if (!*s) {
        *s = g_string_new(NULL);
    }
    g_string_truncate(*s, 0);
}

void util_reset(void)
{
    fresh(&events);
    fresh(&events_out);
    fresh(&said);
    fresh(&logged);
    fresh(&traced);
    g_clear_pointer(&once, g_hash_table_unref);
    once = (g_hash_table_new_full)(NULL, NULL, NULL, NULL);
    g_clear_pointer(&timers, g_ptr_array_unref);
    timers = g_ptr_array_new_with_free_func(g_free);
    g_clear_pointer(&hashes, g_ptr_array_unref);
    hashes = g_ptr_array_new_with_free_func((GDestroyNotify)g_hash_table_unref);
    g_clear_pointer(&array, g_array_unref);
    /* Late enough for "never yet" to be long ago. */
    now = 1000000;
    ended = false;
    memset(fault, 0, sizeof(fault));
}

GHashTable *harness_hash(GHashTable *hash)
{
    g_ptr_array_add(hashes, hash);
    return hash;
}

GArray *harness_array(GArray *last)
{
    return array = last;
}

void harness_event(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    g_string_append_vprintf(events, fmt, ap);
    va_end(ap);
    g_string_append_c(events, '\n');
}

const char *harness_events(void)
{
    g_string_assign(events_out, events->str);
    g_string_truncate(events, 0);
    return events_out->str;
}

const char *harness_said(void)
{
    return said->str;
}

const char *harness_logged(void)
{
    return logged->str;
}

const char *harness_traced(void)
{
    return traced->str;
}

bool harness_ended(void)
{
    return ended;
}

unsigned int harness_open(void)
{
    return xen_open_mappings() + store_open_transactions();
}

void harness_fail(const char *name, unsigned int nth, int err)
{
    unsigned int i;

    for (i = 0; i < MAX_FAULTS; i++) {
        if (!fault[i].err) {
            fault[i].name = name;
            fault[i].nth = nth;
            fault[i].err = err;
            return;
        }
    }
    abort();
}

void harness_mend(void)
{
    memset(fault, 0, sizeof(fault));
}

int harness_fault(const char *name)
{
    unsigned int i;
    int err = 0;

    for (i = 0; i < MAX_FAULTS; i++) {
        if (!fault[i].err || strcmp(fault[i].name, name)) {
            continue;
        }
        if (!fault[i].nth) {
            err = fault[i].err;
        } else if (!--fault[i].nth) {
            err = fault[i].err;
            fault[i].err = 0;
        }
    }
    return err;
}

/* QEMU's ways to say something */

#define SAY(where, prefix, fmt) do { \
        va_list ap_; \
        va_start(ap_, fmt); \
        g_string_append(where, prefix); \
        g_string_append_vprintf(where, fmt, ap_); \
        va_end(ap_); \
    } while (0)

void harness_trace(const char *fmt, ...)
{
    SAY(traced, "", fmt);
    g_string_append_c(traced, '\n');
}

void error_report(const char *fmt, ...)
{
    SAY(said, "error: ", fmt);
    g_string_append_c(said, '\n');
}

void warn_report(const char *fmt, ...)
{
    SAY(said, "warning: ", fmt);
    g_string_append_c(said, '\n');
}

void info_report(const char *fmt, ...)
{
    SAY(said, "info: ", fmt);
    g_string_append_c(said, '\n');
}

void error_report_once(const char *fmt, ...)
{
    if (!g_hash_table_add(once, (void *)fmt)) {
        return;
    }
    SAY(said, "error: ", fmt);
    g_string_append_c(said, '\n');
}

void warn_report_once(const char *fmt, ...)
{
    if (!g_hash_table_add(once, (void *)fmt)) {
        return;
    }
    SAY(said, "warning: ", fmt);
    g_string_append_c(said, '\n');
}

void qemu_log_mask(int mask, const char *fmt, ...)
{
    if (mask & LOG_GUEST_ERROR) {
        SAY(logged, "", fmt);
    }
}

void harness_end(const char *fmt, ...)
{
    SAY(said, "end: ", fmt);
    g_string_append_c(said, '\n');
    ended = true;
}

void xen_shutdown_fatal_error(const char *fmt, ...)
{
    SAY(said, "shutdown: ", fmt);
    g_string_append_c(said, '\n');
    ended = true;
}

void error_setg(Error **errp, const char *fmt, ...)
{
    va_list ap;

    if (!errp) {
        return;
    }
    g_assert(!*errp);
    *errp = g_new0(Error, 1);
    va_start(ap, fmt);
    (*errp)->text = g_strdup_vprintf(fmt, ap);
    va_end(ap);
}

void error_setg_errno(Error **errp, int err, const char *fmt, ...)
{
    g_autofree char *text = NULL;
    va_list ap;

    va_start(ap, fmt);
    text = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    error_setg(errp, "%s: %s", text, strerror(err));
}

void error_report_err(Error *err)
{
    error_report("%s", err->text);
    error_free(err);
}

const char *error_get_pretty(const Error *err)
{
    return err->text;
}

void error_free(Error *err)
{
    if (err) {
        g_free(err->text);
        g_free(err);
    }
}

/* Time */

int64_t qemu_clock_get_ms(QEMUClockType type)
{
    return now;
}

QEMUTimer *timer_new_ms(QEMUClockType type, QEMUTimerCB *cb, void *opaque)
{
    QEMUTimer *t = g_new0(QEMUTimer, 1);

    t->cb = cb;
    t->opaque = opaque;
    t->at = -1;
    g_ptr_array_add(timers, t);
    return t;
}

void timer_mod_anticipate(QEMUTimer *timer, int64_t at)
{
    if (timer->at < 0 || at < timer->at) {
        timer->at = at;
    }
}

void harness_pass(unsigned int ms)
{
    int64_t end = now + ms;
    unsigned int i;

    for (;;) {
        QEMUTimer *next = NULL;

        for (i = 0; i < timers->len; i++) {
            QEMUTimer *t = g_ptr_array_index(timers, i);

            if (t->at >= 0 && t->at <= end && (!next || t->at < next->at)) {
                next = t;
            }
        }
        if (!next) {
            break;
        }
        now = MAX(now, next->at);
        next->at = -1;
        next->cb(next->opaque);
    }
    now = end;
}
