/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What firmware says, for tests of a whole machine. */
#ifndef TESTS_QEMU_GUEST_H
#define TESTS_QEMU_GUEST_H

#include <check.h>
#include "qemu/osdep.h"
#include "codec.h"
#include "harness.h"

/*
 * For loops of many thousand rounds: Check notes every assertion it passes, which
 * costs a system call each.
 */
#define REQUIRE(cond) do { if (!(cond)) ck_abort_msg("%s", #cond); } while (0)

#define MIB         (1ull << 20)
#define GIB         (1ull << 30)
#define FOUR_GIB    (0x100000ull)   /* gfn */
#define BUF_GFN     0x90u
#define FEATURES    (MEMMAP_FEAT_PUBLISH | MEMMAP_FEAT_RDM)

/* The guest of most tests: 512 MiB, and a display's memory parked behind. */
#define LOW_END     0x20000ull      /* gfn */
#define RAM_PAGES   (LOW_END - 0x20)
/* Where what is parked begins at first; how much it is. */
#define PARKED      LOW_END
#define VRAM_PAGES  0x1000ull
/* RAM goes below it, if nobody says otherwise. */
#define GFN_LIMIT   (1ull << 40)

/* After harness_reset() and what comes before a machine. */
void guest_build(void);
/* And before any command but that. */
void guest_negotiate(unsigned int features);

/* A layout; ranges are added in any order, over what is there. */
struct layout {
    struct memmap_record record;
    struct memmap_range range[MEMMAP_MAX_ENTRIES];
};
/* As built, as the next generation. */
void layout_built(struct layout *l, uint64_t ram_bytes);
/* Nothing; it is for layouts that are built from the bottom. */
void layout_empty(struct layout *l);
void layout_set(struct layout *l, uint64_t gfn, uint64_t pages,
                unsigned int type, unsigned int flags, uint32_t aux);
/* RAM that was built at @source. */
void layout_ram(struct layout *l, uint64_t gfn, uint64_t pages,
                uint64_t source);
void layout_move(struct layout *l, uint64_t from, uint64_t to, uint64_t pages);
/* RAM makes room at @gfn for reserved memory of @aux, and goes as far above 4 GiB. */
void layout_make_room(struct layout *l, uint64_t gfn, uint64_t pages,
                      unsigned int flags, uint32_t aux);

/* The guest gets the device, and Xen and the toolstack know of it. */
struct harness_device *guest_assign(uint32_t sbdf);

/* Ring the doorbell; the status. */
uint32_t guest_cmd(unsigned int cmd);
/* The same with @l as the next generation in the buffer. */
uint32_t guest_say(unsigned int cmd, struct layout *l);
/* What QUERY answers; must succeed. */
void guest_query(struct layout *l);

#define STATUS(state, err, index) \
    MEMMAP_STATUS(MEMMAP_ST_##state, MEMMAP_##err, index)
#define NOBODY MEMMAP_NO_INDEX

/* Tests that @status says so, and name the numbers if not. */
#define ck_status(status, state, err, index) \
    ck_assert_uint_eq(status, STATUS(state, err, index))

#define ck_contains(text, part) \
    ck_assert_msg(strstr(text, part), "no \"%s\" in:\n%s", part, text)
#define ck_lacks(text, part) \
    ck_assert_msg(!strstr(text, part), "\"%s\" in:\n%s", part, text)

Suite *ram_suite(void);
Suite *park_suite(void);
Suite *linux_suite(void);
Suite *device_suite(void);
Suite *busy_suite(void);
Suite *publish_suite(void);
Suite *rdm_suite(void);
Suite *rdm_whose_suite(void);
Suite *rdm_policy_suite(void);
Suite *migrate_suite(void);
Suite *streams_suite(void);
Suite *monitor_suite(void);

#endif /* TESTS_QEMU_GUEST_H */
