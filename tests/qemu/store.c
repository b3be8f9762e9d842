/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Xenstore: keys, transactions on a copy of them, and other writers. */
#include "internal.h"
#include "hw/xen/xen-legacy-backend.h"

/* Of a value, in a stub domain: 2048 by default, less what two permissions take. */
#define VALUE_MAX (2048 - 40)
#define DEVICES "backend/pci/" G_STRINGIFY(HARNESS_DOMID) "/0/"
#define DIRECTORY "device-model/" G_STRINGIFY(HARNESS_DOMID)

struct qemu_xs_handle {
    int unused;
};

static struct qemu_xs_handle handle;
struct qemu_xs_handle *xenstore;

static GTree *keys, *copy;      /* path to value; @copy is the transaction's */
static GTree *carried;          /* of the last machine, what libxl saves */
static xs_transaction_t open_transaction, next_transaction;
static unsigned int commits, writes, conflicts;

static gint compare(gconstpointer a, gconstpointer b, gpointer opaque)
{
    return strcmp(a, b);
}

static GTree *tree_new(void)
{
    return g_tree_new_full(compare, NULL, g_free, g_free);
}

static gboolean insert(gpointer key, gpointer value, gpointer tree)
{
    g_tree_insert(tree, g_strdup(key), g_strdup(value));
    return false;
}

static GTree *tree_of(xs_transaction_t t, const char *path)
{
    if (strstr(path, "/physmap/") || g_str_has_prefix(path, DEVICES)) {
        /* Each key makes sense for itself. */
        g_assert(t == XBT_NULL);
        return keys;
    }
    /* Whatever is read between two writes without one is half of something. */
    g_assert(t != XBT_NULL && t == open_transaction);
    return copy;
}

void *qemu_xen_xs_read(struct qemu_xs_handle *h, xs_transaction_t t,
                       const char *path, unsigned int *len)
{
    int fault = harness_fault("read");
    const char *value = g_tree_lookup(tree_of(t, path), path);

    g_assert(h == &handle);
    if (fault || !value) {
        errno = fault ?: ENOENT;
        return NULL;
    }
    *len = strlen(value);
    return strdup(value);
}

bool qemu_xen_xs_write(struct qemu_xs_handle *h, xs_transaction_t t,
                       const char *path, const void *data, unsigned int len)
{
    int fault = harness_fault("write");

    g_assert(h == &handle);
    if (fault || len >= VALUE_MAX) {
        errno = fault ?: ENOSPC;
        return false;
    }
    g_tree_insert(tree_of(t, path), g_strdup(path), g_strndup(data, len));
    writes++;
    return true;
}

struct below {
    const char *path;
    GPtrArray *keys;
};

static gboolean collect_below(gpointer key, gpointer value, gpointer opaque)
{
    struct below *b = opaque;
    size_t len = strlen(b->path);
    const char *k = key;

    if (!strncmp(k, b->path, len) && (k[len] == '/' || !k[len])) {
        g_ptr_array_add(b->keys, g_strdup(k));
    }
    return false;
}

bool qemu_xen_xs_destroy(struct qemu_xs_handle *h, xs_transaction_t t,
                         const char *path)
{
    struct below b = { path, g_ptr_array_new_with_free_func(g_free) };
    bool any = false;
    unsigned int i;

    g_assert(h == &handle);
    g_tree_foreach(tree_of(t, path), collect_below, &b);
    for (i = 0; i < b.keys->len; i++) {
        any |= g_tree_remove(tree_of(t, path), g_ptr_array_index(b.keys, i));
    }
    g_ptr_array_unref(b.keys);
    return any;
}

xs_transaction_t qemu_xen_xs_transaction_start(struct qemu_xs_handle *h)
{
    int fault = harness_fault("transaction");

    g_assert(h == &handle && !open_transaction);
    if (fault) {
        errno = fault;
        return XBT_NULL;
    }
    copy = tree_new();
    g_tree_foreach(keys, insert, copy);
    return open_transaction = ++next_transaction;
}

bool qemu_xen_xs_transaction_end(struct qemu_xs_handle *h, xs_transaction_t t,
                                 bool abort)
{
    int fault = abort ? 0 : harness_fault("commit");

    g_assert(h == &handle && t && t == open_transaction);
    open_transaction = 0;
    if (fault) {
        g_clear_pointer(&copy, g_tree_unref);
        errno = fault;
        return false;
    }
    if (!abort && !conflicts) {
        g_tree_unref(keys);
        keys = g_tree_ref(copy);
        commits++;
    }
    g_clear_pointer(&copy, g_tree_unref);
    if (!abort && conflicts) {
        conflicts--;
        errno = EAGAIN;
        return false;
    }
    return true;
}

unsigned int store_open_transactions(void)
{
    return open_transaction != 0;
}

const char *harness_key(const char *key)
{
    g_autofree char *path = g_strdup_printf("device-model/%u/memory-map/%s",
                                            HARNESS_DOMID, key);

    return g_tree_lookup(keys, path);
}

/* As libxl has it: dev-0, dev-1, ... */
void store_note_devices(const uint32_t *sbdf, unsigned int nr)
{
    unsigned int i;
    bool gone = true;

    for (i = 0; i < nr || gone; i++) {
        g_autofree char *path = g_strdup_printf(DEVICES "dev-%u", i);

        gone = g_tree_remove(keys, path);
        if (i < nr) {
            g_tree_insert(keys, g_strdup(path),
                          g_strdup_printf("%04x:%02x:%02x.%01x", sbdf[i] >> 16,
                                          (sbdf[i] >> 8) & 0xff,
                                          (sbdf[i] >> 3) & 0x1f, sbdf[i] & 7));
        }
    }
}

static gboolean count_own(gpointer key, gpointer value, gpointer count)
{
    *(unsigned int *)count += g_str_has_prefix(key, DIRECTORY "/");
    return false;
}

unsigned int harness_keys(void)
{
    unsigned int count = 0;

    g_tree_foreach(keys, count_own, &count);
    return count;
}

const char *harness_physmap(const char *key)
{
    g_autofree char *path = g_strdup_printf(DIRECTORY "/physmap/%s", key);

    return g_tree_lookup(keys, path);
}

void harness_note_physmap(const char *key, const char *value)
{
    g_autofree char *path = g_strdup_printf(DIRECTORY "/physmap/%s", key);

    insert(path, (gpointer)value, keys);
}

static gboolean carry(gpointer key, gpointer value, gpointer tree)
{
    if (strstr(key, "/physmap/")) {
        insert(key, value, tree);
    }
    return false;
}

void harness_carry_keys(void)
{
    g_tree_foreach(carried, carry, keys);
}

unsigned int harness_commits(void)
{
    return commits;
}

unsigned int harness_writes(void)
{
    return writes;
}

void harness_conflicts(unsigned int nr)
{
    conflicts = nr;
}

void harness_no_directory(void)
{
    struct below b = { DIRECTORY, g_ptr_array_new_with_free_func(g_free) };
    unsigned int i;

    g_tree_foreach(keys, collect_below, &b);
    for (i = 0; i < b.keys->len; i++) {
        g_tree_remove(keys, g_ptr_array_index(b.keys, i));
    }
    g_ptr_array_unref(b.keys);
}

void harness_no_xenstore(void)
{
    xenstore = NULL;
}

void store_reset(void)
{
    g_clear_pointer(&copy, g_tree_unref);
    g_clear_pointer(&carried, g_tree_unref);
    carried = keys ?: tree_new();
    keys = tree_new();
    /* As libxl makes it, before there is a QEMU. */
    g_tree_insert(keys, g_strdup(DIRECTORY), g_strdup(""));
    open_transaction = next_transaction = 0;
    commits = writes = conflicts = 0;
    xenstore = &handle;
}
