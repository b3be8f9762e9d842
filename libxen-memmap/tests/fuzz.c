/* SPDX-License-Identifier: MIT */
/*
 * All that a guest may write and this library reads: values of xenstore's keys, and
 * records.  The first byte says which.  What is taken must keep the promises of
 * xen-memmap.h: sorted, disjoint, below all addresses, fit for a terminal.
 */
#include "internal.h"
#include "fuzz.h"               /* tests/fuzz/ */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *fuzz_input = "input";

static void check_layout(const xen_memmap_layout *l)
{
    uint64_t end = 0;
    unsigned int i;

    PROMISE(l->nr <= MEMMAP_MAX_ENTRIES);
    for (i = 0; i < l->nr; i++) {
        const struct xen_memmap_range *r = xen_memmap_layout_range(l, i);

        PROMISE(r->pages && r->gfn >= end);
        end = r->gfn + r->pages;
        PROMISE(end > r->gfn && end <= 1ull << 52);
    }
    PROMISE(!xen_memmap_layout_range(l, l->nr));
    for (i = 0; i < l->nr_reserved; i++) {
        const char *s = xen_memmap_layout_reserved(l, i)->status;

        for (; *s; s++)
            PROMISE((unsigned char)*s >= ' ' && *s != 0x7f);
    }
}

static void feed_text(char kind, const char *value, size_t len)
{
    xen_memmap_layout *l = calloc(1, sizeof(*l));
    const char *flaw = NULL;

    switch (kind) {
    case 'g':
        flaw = memmap_text_generation(value, len, &l->generation);
        break;
    case 's':
        flaw = memmap_text_state(value, len, &l->state);
        PROMISE(flaw || l->state <= XEN_MEMMAP_SEALED);
        break;
    case 'l':
        flaw = memmap_text_ranges(value, len, l);
        /* The next key's. */
        if (!flaw)
            memmap_text_ranges(value, len, l);
        break;
    case 'r':
        flaw = memmap_text_reserved(value, len, l);
        break;
    }
    PROMISE(!flaw || *flaw);
    check_layout(l);
    xen_memmap_layout_free(l);
}

static void feed_record(const uint8_t *data, size_t size)
{
    xentoollog_logger *logger = (xentoollog_logger *)
        xtl_createlogger_stdiostream(stderr, XTL_CRITICAL, 0);
    xen_memmap_handle *h = xen_memmap_open(logger, 0);
    xen_memmap_layout *l;

    if (!xen_memmap_decode(h, data, size, &l)) {
        check_layout(l);
        xen_memmap_layout_free(l);
    } else
        PROMISE(*xen_memmap_message(h));
    xen_memmap_close(h);
    xtl_logger_destroy(logger);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *value;

    if (!size)
        return 0;
    if (data[0] == 'd') {
        feed_record(data + 1, size - 1);
        return 0;
    }
    /* As libxenstore returns it: with a NUL behind, and not a byte more. */
    value = malloc(size);
    memcpy(value, data + 1, size - 1);
    value[size - 1] = '\0';
    feed_text(data[0], value, size - 1);
    free(value);
    return 0;
}
