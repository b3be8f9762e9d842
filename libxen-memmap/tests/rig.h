/* SPDX-License-Identifier: MIT */
/*
 * A real xenstored of the test's own, and a guest in it as libxl, firmware and device
 * model leave it.  Each test has a fresh one.
 */
#ifndef RIG_H
#define RIG_H

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define GUEST 5
#define DM_DIR "/local/domain/0/device-model/5/memory-map"
#define CLAIM_DIR "/local/domain/5/data/memory-map"

/* As built: 512 MiB; and with 128 MiB of it moved to 4 GiB. */
#define BUILT "0 a0 0 ram 0 0\nc0 1ff40 c0 ram 0 0\n"
#define MOVED "0 a0 0 ram 0 0\nc0 17f40 c0 ram 0 0\n18000 8000 - mmio 0 0\n" \
              "100000 8000 18000 ram 0 0\n"

/* For tcase_add_checked_fixture(). */
void rig_start(void);
void rig_stop(void);
/* The daemon ends, at once. */
void rig_kill(void);

/* The handle of the test, and the connection that its other parties have. */
extern xen_memmap_handle *h;
extern struct xs_handle *xs;

void put(const char *path, const char *value);
void put_bytes(const char *path, const void *value, unsigned int len);
void drop(const char *path);

/* A paused HVM guest with a device model that runs and makes its offer. */
void guest_is_there(void);
/* It ends, as xl destroy does it. */
void guest_ends(void);
/* The device model publishes, in a transaction. */
void publish(const char *state, unsigned int generation, const char *layout);

/* The last call failed with @e and a message that has @words. */
#define ck_failed(call, e, words) do { \
    ck_assert_int_eq((call), -1); \
    ck_assert_msg(errno == (e), "errno is %s: %s", strerror(errno), \
                  xen_memmap_message(h)); \
    ck_assert_msg(strstr(xen_memmap_message(h), words), \
                  "the message is: %s", xen_memmap_message(h)); \
} while (0)

#define ck_ok(call) \
    ck_assert_msg(!(call), "%s: %s", strerror(errno), xen_memmap_message(h))

Suite *text_suite(void);
Suite *read_suite(void);
Suite *record_suite(void);
Suite *domains_suite(void);
Suite *wait_suite(void);
Suite *verify_suite(void);
Suite *explain_suite(void);

/* A value of tests/vectors/xenstore.txt, with \n and \0 made bytes in place; its length. */
size_t rig_unescape(char *text);

#endif
