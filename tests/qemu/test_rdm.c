/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reserved memory of assigned devices (xen-memmap-rdm.c): what QUERY asks for,
 * what COMMIT maps, and what is left when either cannot be.
 *
 * A page too many is host memory in a guest that has no business there, a page
 * too few a device that faults.  So each test says which calls reach Xen, and
 * looks at what the guest is left with.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "guest.h"

#define NET     0x20u           /* 0000:00:04.0 */
#define DISK    0x10528u        /* 0001:05:05.0 */
#define USB     0x31u           /* 0000:00:06.1 */

/* Where they are, in the guest's RAM. */
#define NET_GFN     0x1f000ull
#define DISK_GFN    0x1e000ull
#define PAGES       4ull

static struct layout l;

static uint32_t commit(void)
{
    return guest_say(MEMMAP_CMD_COMMIT, &l);
}

/* Before a machine: Xen reports 4 pages for the device and 3 for another. */
static void host(void)
{
    harness_reset();
    harness_reserve(NET, NET_GFN, PAGES);
    harness_reserve(DISK, DISK_GFN, 3);
}

static void fresh(void)
{
    host();
    guest_build();
    guest_assign(NET);
    guest_negotiate(FEATURES);
    harness_events();
    layout_built(&l, 512 * MIB);
    layout_make_room(&l, NET_GFN, PAGES, 0, NET);
}

/* What of RDM QUERY names: "gfn+pages=aux" each. */
static const char *asked(void)
{
    static char text[512];
    struct layout q;
    unsigned int i;

    guest_query(&q);
    text[0] = 0;
    for (i = 0; i < q.record.layout.nr; i++) {
        if (q.range[i].type == MEMMAP_TYPE_RDM) {
            sprintf(text + strlen(text), "%s%llx+%llx=%x", *text ? " " : "",
                    (unsigned long long)q.range[i].gfn,
                    (unsigned long long)q.range[i].pages, q.range[i].aux);
        }
    }
    return text;
}

/* Once more what has been published. */
static const char *published(void)
{
    harness_pass(2000);
    return harness_key("rdm/0");
}

/* QUERY */

START_TEST(query_assigned)
{
    fresh();
    ck_assert_str_eq(asked(), "1f000+4=20");
    guest_assign(DISK);
    ck_assert_str_eq(asked(), "1e000+3=10528 1f000+4=20");
}
END_TEST

/* What a firmware did not choose it is not told. */
START_TEST(query_not_chosen)
{
    host();
    guest_build();
    guest_assign(NET);
    guest_negotiate(MEMMAP_FEAT_PUBLISH);
    ck_assert_str_eq(asked(), "");
}
END_TEST

/* rdm=host: of all devices, whosever. */
START_TEST(query_host)
{
    host();
    harness_global("rdm", "host");
    guest_build();
    guest_assign(NET);
    ck_assert_uint_eq(harness_in(MEMMAP_REG_OFFER, 4),
                      MEMMAP_OFFER(1, 0, FEATURES));
    guest_negotiate(FEATURES);
    ck_assert_str_eq(asked(), "1e000+3=0 1f000+4=20");
}
END_TEST

/* And only the assigned ones' is mapped even so. */
START_TEST(commit_host)
{
    host();
    harness_global("rdm", "host");
    guest_build();
    guest_assign(NET);
    guest_negotiate(FEATURES);
    layout_built(&l, 512 * MIB);
    layout_make_room(&l, NET_GFN, PAGES, 0, NET);
    layout_make_room(&l, DISK_GFN, 3, 0, NET);
    ck_status(commit(), COMMITTED, OK, NOBODY);
    ck_assert_uint_eq(harness_mapped(NET_GFN, PAGES), PAGES);
    ck_assert_uint_eq(harness_mapped(DISK_GFN, 3), 0);
    ck_assert_uint_eq(harness_permitted(DISK_GFN, 3), 0);
}
END_TEST

/* rdm=off: no offer, no question, nothing mapped, nothing published. */
START_TEST(query_off)
{
    host();
    harness_global("rdm", "off");
    guest_build();
    guest_assign(NET);
    ck_assert_uint_eq(harness_in(MEMMAP_REG_OFFER, 4),
                      MEMMAP_OFFER(1, 0, MEMMAP_FEAT_PUBLISH));
    guest_negotiate(MEMMAP_FEAT_PUBLISH);
    ck_assert_str_eq(asked(), "");
    layout_built(&l, 512 * MIB);
    layout_make_room(&l, NET_GFN, PAGES, 0, NET);
    harness_events();
    ck_status(commit(), COMMITTED, OK, NOBODY);
    guest_cmd(MEMMAP_CMD_SEAL);
    ck_lacks(harness_events(), "map 1f000");
    ck_assert_ptr_null(published());
    ck_assert_str_eq(harness_said(), "");
}
END_TEST

/* Where QEMU may not ask Xen, it does not say that it can. */
START_TEST(query_restricted)
{
    host();
    harness_restrict();
    guest_build();
    guest_assign(NET);
    ck_assert_uint_eq(harness_in(MEMMAP_REG_OFFER, 4), MEMMAP_OFFER(1, 0, 0));
}
END_TEST

/* A device without reserved memory, and one that is none of the host's. */
START_TEST(query_others)
{
    struct harness_device *emulated;

    host();
    guest_build();
    harness_plug(USB);
    emulated = harness_plug_emulated(NET);
    harness_assign(NET, true);
    guest_negotiate(FEATURES);
    ck_assert_str_eq(asked(), "");
    layout_built(&l, 512 * MIB);
    layout_make_room(&l, NET_GFN, PAGES, 0, NET);
    ck_status(commit(), COMMITTED, OK, NOBODY);
    ck_assert_uint_eq(harness_permitted(0, LOW_END), 0);
    guest_cmd(MEMMAP_CMD_SEAL);
    harness_unplug(emulated);
    harness_plug_emulated(DISK);
    ck_assert_str_eq(harness_said(), "");
}
END_TEST

/* More regions of one device than are asked for at first. */
START_TEST(query_many)
{
    char want[512] = "";

    harness_reset();
    for (unsigned int i = 0; i < 20; i++) {
        harness_reserve(NET, 0x10000 + 4 * i, 2);
        sprintf(want + strlen(want), "%s%x+2=20", i ? " " : "", 0x10000 + 4 * i);
    }
    guest_build();
    guest_assign(NET);
    guest_negotiate(FEATURES);
    ck_assert_str_eq(asked(), want);
}
END_TEST

/*
 * Nor does it where Xen lets nobody but dom0 give a guest the host's memory: in a
 * stub domain RAM would move, and nothing could come of it.
 */
START_TEST(query_unprivileged)
{
    host();
    harness_global("rdm-failure", "refuse");
    harness_fail("privilege", 0, EPERM);
    guest_build();
    guest_assign(NET);
    ck_assert_uint_eq(harness_in(MEMMAP_REG_OFFER, 4),
                      MEMMAP_OFFER(1, 0, MEMMAP_FEAT_PUBLISH));
    guest_negotiate(MEMMAP_FEAT_PUBLISH);
    ck_assert_str_eq(asked(), "");
    layout_built(&l, 512 * MIB);
    ck_status(commit(), COMMITTED, OK, NOBODY);
    ck_status(guest_cmd(MEMMAP_CMD_SEAL), SEALED, OK, NOBODY);
    ck_assert(!harness_ended());
    ck_assert_str_eq(harness_said(), "info: xen-memmap: Xen does not let this "
        "QEMU give its guest memory of the host: reserved memory of devices "
        "is left to Xen\n");
}
END_TEST

/*
 * Too many to be told: those that have no room are left out, which is said once,
 * and the rest of the conversation goes on.
 */
static void too_many(void)
{
    struct layout q;

    guest_query(&q);
    ck_assert_uint_eq(q.record.layout.nr, 256);
    for (unsigned int i = 0; i < 255; i++) {
        ck_assert_uint_eq(q.range[i].gfn, 0x10000 + 4 * i);
        ck_assert_uint_eq(q.range[i].type, MEMMAP_TYPE_RDM);
    }
    ck_assert_uint_eq(q.range[255].gfn, PARKED);
    ck_assert_uint_eq(q.range[255].type, MEMMAP_TYPE_OWNED);

    layout_built(&l, 512 * MIB);
    ck_status(guest_say(MEMMAP_CMD_PREPARE, &l), PREPARED, OK, NOBODY);
    ck_status(commit(), COMMITTED, OK, NOBODY);
    layout_set(&l, PARKED, 1, MEMMAP_TYPE_MMIO, 0, 0);
    ck_status(commit(), COMMITTED, E_OWNED, 2);
}

START_TEST(query_too_many)
{
    harness_reset();
    for (unsigned int i = 0; i < 300; i++) {
        harness_reserve(NET, 0x10000 + 4 * i, 2);
    }
    harness_no_xenstore();
    guest_build();
    guest_assign(NET);
    guest_negotiate(MEMMAP_FEAT_RDM);
    too_many();
    ck_contains(harness_said(), "warning: xen-memmap: firmware cannot be "
        "told of all reserved memory of the host: 45 ranges have no room in a "
        "record, the first of them 0x103fc-0x103fd of 0000:00:04.0\n");
    ck_assert_ptr_null(strstr(strstr(harness_said(), "no room") + 1, "no room"));
}
END_TEST

/* The same for a host that has more than a record holds. */
START_TEST(query_host_too_many)
{
    harness_reset();
    for (unsigned int i = 0; i < 300; i++) {
        harness_reserve(DISK, 0x10000 + 4 * i, 2);
    }
    harness_global("rdm", "host");
    harness_no_xenstore();
    guest_build();
    guest_negotiate(MEMMAP_FEAT_RDM);
    too_many();
    ck_contains(harness_said(), "45 ranges have no room in a record, the first "
                "of them 0x103fc-0x103fd\n");
}
END_TEST

/* What is QEMU's own is so, whatever a device needs; that is told in two parts. */
START_TEST(query_owned)
{
    struct layout q;

    harness_reset();
    harness_reserve(NET, PARKED - 2, 0x60);
    harness_no_xenstore();
    guest_build();
    guest_assign(NET);
    guest_negotiate(MEMMAP_FEAT_RDM);
    guest_query(&q);
    ck_assert_uint_eq(q.range[0].gfn, PARKED - 2);
    ck_assert_uint_eq(q.range[0].pages, 2);
    ck_assert_uint_eq(q.range[0].type, MEMMAP_TYPE_RDM);
    ck_assert_uint_eq(q.range[1].gfn, PARKED);
    ck_assert_uint_eq(q.range[1].type, MEMMAP_TYPE_OWNED);
}
END_TEST

/* Xen does not say: QEMU does, once, and asks for nothing. */
START_TEST(query_refused)
{
    host();
    harness_fail("reserved", 0, EPERM);
    harness_global("rdm", "host");
    guest_build();
    guest_assign(NET);
    guest_negotiate(FEATURES);
    ck_assert_str_eq(asked(), "");
    ck_assert_str_eq(asked(), "");
    ck_assert_str_eq(harness_said(),
        "warning: xen-memmap: Xen does not say what memory of the host is "
        "reserved for devices: Operation not permitted\n");
}
END_TEST

/* COMMIT */

START_TEST(commit_maps)
{
    fresh();
    ck_status(commit(), COMMITTED, OK, NOBODY);
    ck_assert_str_eq(harness_events(),
        "permit 1f000+4\nmap 1f000+4\n"
        "view 0-a0000 c0000-1f000000 1f004000-20000000 "
        "11f000000-11f004000@1f000000\n"
        "invalidate\n");
    ck_assert_uint_eq(harness_mapped(NET_GFN, PAGES), PAGES);
    ck_assert_str_eq(published(), "1f000 4 0000:00:04.0 mapped\n");

    /* Once more: it is there. */
    ck_status(commit(), COMMITTED, OK, NOBODY);
    ck_assert_str_eq(harness_events(), "");
    ck_assert_uint_eq(harness_mapped(NET_GFN, PAGES), PAGES);
}
END_TEST

/* PREPARE is a question. */
START_TEST(prepare_maps_nothing)
{
    fresh();
    ck_status(guest_say(MEMMAP_CMD_PREPARE, &l), PREPARED, OK, NOBODY);
    ck_assert_str_eq(harness_events(), "");
}
END_TEST

START_TEST(commit_not_chosen)
{
    host();
    guest_build();
    guest_assign(NET);
    guest_negotiate(0);
    harness_events();
    layout_built(&l, 512 * MIB);
    layout_make_room(&l, NET_GFN, PAGES, 0, NET);
    ck_status(commit(), COMMITTED, OK, NOBODY);
    ck_lacks(harness_events(), "map");
    ck_assert_uint_eq(harness_permitted(NET_GFN, PAGES), 0);
}
END_TEST

/* What the guest calls RDM and the host does not report. */
START_TEST(commit_foreign)
{
    fresh();
    layout_make_room(&l, 0x10000, 0x10, 0, NET);
    layout_make_room(&l, DISK_GFN, 3, 0, NET);
    ck_status(commit(), COMMITTED, OK, NOBODY);
    ck_assert_uint_eq(harness_mapped(0, LOW_END), PAGES);
    ck_assert_uint_eq(harness_mapped(NET_GFN, PAGES), PAGES);
}
END_TEST

/* No room for all of it: nothing is mapped, and that is no failure. */
START_TEST(commit_no_room)
{
    static const struct {
        unsigned int type, flags;
        const char *why;
    } cases[] = {
        { MEMMAP_TYPE_RAM, 0, "RAM is there" },
        { MEMMAP_TYPE_RAM, MEMMAP_EF_UNFREED,
          "RAM that cannot be moved is there" },
        { MEMMAP_TYPE_MMIO, 0, "it is set aside for BARs" },
        { MEMMAP_TYPE_RDM, MEMMAP_EF_UNMAPPED, "firmware gave it up" },
        { 0, 0, "the layout does not reserve it" },
    };
    char want[128];

    for (unsigned int i = 0; i < 5; i++) {
        for (unsigned int page = 0; page < PAGES; page++) {
            fresh();
            if (cases[i].type) {
                layout_set(&l, NET_GFN + page, 1, cases[i].type, cases[i].flags,
                           0);
            } else {
                memmap_layout_clear(&l.record.layout, NET_GFN + page, 1);
            }
            /* Where that is RAM there is one page more than there was. */
            if (cases[i].type == MEMMAP_TYPE_RAM) {
                layout_set(&l, FOUR_GIB + NET_GFN + page, 1, MEMMAP_TYPE_MMIO,
                           0, 0);
            }
            ck_status(commit(), COMMITTED, OK, NOBODY);
            ck_lacks(harness_events(), "map");
            sprintf(want, "1f000 4 0000:00:04.0 not mapped: %s\n",
                    cases[i].why);
            ck_assert_str_eq(published(), want);
        }
    }
}
END_TEST

/* Room that the next layout takes back. */
START_TEST(commit_takes_back)
{
    fresh();
    commit();
    harness_events();
    layout_set(&l, NET_GFN, PAGES, MEMMAP_TYPE_RDM, MEMMAP_EF_UNMAPPED, NET);
    ck_status(commit(), COMMITTED, OK, NOBODY);
    ck_assert_str_eq(harness_events(), "unmap 1f000+4\nforbid 1f000+4\n");
    ck_assert_uint_eq(harness_mapped(NET_GFN, PAGES), 0);
    ck_assert_uint_eq(harness_permitted(NET_GFN, PAGES), 0);

    /* And gives again. */
    layout_set(&l, NET_GFN, PAGES, MEMMAP_TYPE_RDM, 0, NET);
    ck_status(commit(), COMMITTED, OK, NOBODY);
    ck_assert_str_eq(harness_events(), "permit 1f000+4\nmap 1f000+4\n");
}
END_TEST

/* COMMIT that fails */

/* Two devices whose memory overlaps: what is mapped once is not again. */
static void two(void)
{
    harness_reset();
    harness_reserve(NET, NET_GFN, PAGES);
    harness_reserve(DISK, NET_GFN + 2, PAGES);
    guest_build();
    guest_assign(NET);
    guest_assign(DISK);
    guest_negotiate(FEATURES);
    harness_events();
    layout_built(&l, 512 * MIB);
    layout_make_room(&l, NET_GFN, PAGES + 2, 0, NET);
}

START_TEST(shared)
{
    two();
    ck_status(commit(), COMMITTED, OK, NOBODY);
    ck_contains(harness_events(),
                "permit 1f000+4\nmap 1f000+4\npermit 1f004+2\nmap 1f004+2\n"
                "view");
    ck_assert_str_eq(published(), "1f000 4 0000:00:04.0 mapped\n"
                                  "1f002 4 0001:05:05.0 mapped\n");
}
END_TEST

/*
 * The second of two cannot be mapped: neither is, no page may be mapped any
 * more, and QEMU's view of RAM is what it was.  Then what firmware does about it:
 * it gives that region up.
 */
START_TEST(map_fails)
{
    static const char *const calls[] = { "map", "permit" };

    for (unsigned int i = 0; i < 2; i++) {
        two();
        harness_fail(calls[i], 2, EBUSY);
        /* Entries: RAM, RAM up to 0x1f000, then RDM. */
        ck_status(commit(), NEGOTIATED, E_RDM, 2);
        ck_assert_str_eq(harness_events(), i ?
            "permit 1f000+4\nmap 1f000+4\npermit 1f004+2 fails\n"
            "unmap 1f000+4\nforbid 1f000+4\n" :
            "permit 1f000+4\nmap 1f000+4\npermit 1f004+2\n"
            "map 1f004+2 fails\nforbid 1f004+2\n"
            "unmap 1f000+4\nforbid 1f000+4\n");
        ck_assert_uint_eq(harness_mapped(0, LOW_END), 0);
        ck_assert_uint_eq(harness_permitted(0, LOW_END), 0);
        ck_assert_str_eq(harness_view(), "0-a0000 c0000-20000000");
        ck_assert_uint_eq(harness_in(MEMMAP_REG_GENERATION, 4), 0);
        ck_assert_str_eq(published(),
            "1f000 4 0000:00:04.0 not mapped: no layout was committed\n"
            "1f002 4 0001:05:05.0 not mapped: no layout was committed\n");

        layout_set(&l, NET_GFN + 4, 2, MEMMAP_TYPE_RDM, MEMMAP_EF_UNMAPPED, 0);
        ck_status(commit(), COMMITTED, OK, NOBODY);
        ck_assert_uint_eq(harness_mapped(NET_GFN, PAGES), PAGES);
        ck_assert_uint_eq(harness_mapped(0, LOW_END), PAGES);
        ck_assert_uint_eq(harness_permitted(0, LOW_END), PAGES);
        /* The reason is the first one, not that firmware drew the consequence. */
        ck_assert_str_eq(published(),
            "1f000 4 0000:00:04.0 mapped\n"
            "1f002 4 0001:05:05.0 not mapped: Xen does not map it: Device or "
            "resource busy\n");
    }
}
END_TEST

/* The entry to blame is the one that the region begins in. */
START_TEST(map_fails_index)
{
    fresh();
    layout_set(&l, NET_GFN + 1, 3, MEMMAP_TYPE_RDM, 0, DISK);
    harness_fail("map", 1, EINVAL);
    ck_status(commit(), NEGOTIATED, E_RDM, 2);
    fresh();
    layout_make_room(&l, NET_GFN - 2, 2, MEMMAP_EF_UNMAPPED, NET);
    harness_fail("map", 1, EINVAL);
    ck_status(commit(), NEGOTIATED, E_RDM, 3);
}
END_TEST

/* What was mapped before a COMMIT that fails stays mapped. */
START_TEST(map_fails_later)
{
    fresh();
    commit();
    guest_assign(DISK);
    harness_events();
    layout_make_room(&l, DISK_GFN, 3, 0, NET);
    harness_fail("map", 1, ENOMEM);
    ck_status(commit(), COMMITTED, E_RDM, 2);
    ck_assert_str_eq(harness_events(),
                     "permit 1e000+3\nmap 1e000+3 fails\nforbid 1e000+3\n");
    ck_assert_uint_eq(harness_mapped(NET_GFN, PAGES), PAGES);
    ck_assert_uint_eq(harness_mapped(0, LOW_END), PAGES);

    /* It is tried again, and the old reason is forgotten. */
    ck_status(commit(), COMMITTED, OK, NOBODY);
    ck_assert_str_eq(published(), "1f000 4 0000:00:04.0 mapped\n"
                                  "1e000 3 0001:05:05.0 mapped\n");
    layout_set(&l, DISK_GFN, 3, MEMMAP_TYPE_RDM, MEMMAP_EF_UNMAPPED, 0);
    commit();
    ck_assert_str_eq(published(),
                     "1f000 4 0000:00:04.0 mapped\n"
                     "1e000 3 0001:05:05.0 not mapped: firmware gave it up\n");
}
END_TEST

/* The failure of one is not the other's, whose turn did not come. */
START_TEST(map_fails_one)
{
    fresh();
    guest_assign(DISK);
    layout_make_room(&l, DISK_GFN, 3, 0, NET);
    harness_fail("map", 1, ENOMEM);
    ck_status(commit(), NEGOTIATED, E_RDM, 4);
    layout_set(&l, NET_GFN, PAGES, MEMMAP_TYPE_RDM, MEMMAP_EF_UNMAPPED, 0);
    layout_set(&l, DISK_GFN, 3, MEMMAP_TYPE_RDM, MEMMAP_EF_UNMAPPED, 0);
    ck_status(commit(), COMMITTED, OK, NOBODY);
    ck_assert_str_eq(published(),
                     "1f000 4 0000:00:04.0 not mapped: Xen does not map it: "
                     "Cannot allocate memory\n"
                     "1e000 3 0001:05:05.0 not mapped: firmware gave it up\n");
}
END_TEST

/* Nor is it one of a device that Xen has taken back since, room or not. */
START_TEST(map_fails_before)
{
    fresh();
    harness_fail("map", 1, ENOMEM);
    ck_status(commit(), NEGOTIATED, E_RDM, 2);
    harness_fail("map", 1, EBUSY);
    ck_status(commit(), NEGOTIATED, E_RDM, 2);
    harness_assign(NET, false);
    ck_status(commit(), COMMITTED, OK, NOBODY);
    ck_assert_str_eq(published(), "1f000 4 0000:00:04.0 left to Xen\n");
}
END_TEST

/* RAM that QEMU cannot see there: what was mapped for the layout goes. */
START_TEST(apply_fails)
{
    host();
    harness_miss_ram(0x1000);
    guest_build();
    guest_assign(NET);
    guest_negotiate(FEATURES);
    harness_events();
    layout_built(&l, 512 * MIB);
    layout_make_room(&l, NET_GFN, PAGES, 0, NET);
    ck_status(commit(), NEGOTIATED, E_APPLY, NOBODY);
    ck_assert_str_eq(harness_events(),
                     "permit 1f000+4\nmap 1f000+4\n"
                     "unmap 1f000+4\nforbid 1f000+4\n");
    ck_assert_uint_eq(harness_mapped(NET_GFN, PAGES), 0);
    ck_assert_uint_eq(harness_permitted(NET_GFN, PAGES), 0);
}
END_TEST

/*
 * Reserved memory where VRAM is parked, which it would replace, and which stays while
 * the guest is being migrated.
 */
START_TEST(over_owned)
{
    harness_reset();
    harness_reserve(NET, PARKED, 2);
    guest_build();
    guest_assign(NET);
    guest_negotiate(FEATURES);
    harness_dirty_log(1);
    harness_events();
    layout_built(&l, 512 * MIB);
    layout_set(&l, PARKED, 2, MEMMAP_TYPE_RDM, 0, NET);
    ck_status(commit(), NEGOTIATED, E_RDM, 2);
    ck_assert_str_eq(harness_events(), "");
    layout_set(&l, PARKED, 2, MEMMAP_TYPE_RDM, MEMMAP_EF_UNMAPPED, NET);
    ck_status(commit(), COMMITTED, OK, NOBODY);
    guest_cmd(MEMMAP_CMD_SEAL);
    ck_contains(harness_said(), "is not mapped: QEMU's own memory is there\n");
}
END_TEST

/* If it need not stay it goes first. */
START_TEST(over_parked)
{
    harness_reset();
    harness_reserve(NET, PARKED, 2);
    guest_build();
    guest_assign(NET);
    guest_negotiate(FEATURES);
    harness_events();
    layout_built(&l, 512 * MIB);
    layout_set(&l, PARKED, 2, MEMMAP_TYPE_RDM, 0, NET);
    ck_status(commit(), COMMITTED, OK, NOBODY);
    ck_assert_str_eq(harness_events(),
                     "relocate 20000+1000 to 100000\n"
                     "permit 20000+2\nmap 20000+2\n");
}
END_TEST

/* As many as a record has entries. */
START_TEST(as_many_as_there_are)
{
    harness_reset();
    for (unsigned int i = 0; i < 120; i++) {
        harness_reserve(NET, 0x10000 + 4 * i, 2);
    }
    guest_build();
    guest_assign(NET);
    guest_negotiate(FEATURES);
    layout_built(&l, 512 * MIB);
    for (unsigned int i = 0; i < 120; i++) {
        layout_set(&l, 0x10000 + 4 * i, 2, MEMMAP_TYPE_RDM, 0, NET);
    }
    layout_ram(&l, FOUR_GIB, 240, MEMMAP_NO_SOURCE);
    ck_status(commit(), COMMITTED, OK, NOBODY);
    ck_assert_uint_eq(harness_mapped(0x10000, 480), 240);
    harness_pass(2000);
    /* 28 bytes each: 68 have room in the 1920 of a key. */
    ck_assert_uint_eq(strlen(harness_key("rdm/0")), 68 * 28);
    ck_assert_uint_eq(strlen(harness_key("rdm/1")), 52 * 28);
    ck_assert_ptr_null(harness_key("rdm/2"));
}
END_TEST

/*
 * By itself, as the simulated host of tests/prop has it: callbacks of somebody
 * else's, no machine.
 */
static uint64_t other_pages;

static int other_reserved(void *opaque, bool all, uint32_t sbdf,
                          struct harness_region *r, unsigned int room)
{
    if (sbdf != NET) {
        return 0;
    }
    r[0] = (struct harness_region) { NET, NET_GFN, PAGES };
    return 1;
}

static int other_map(void *opaque, uint64_t gfn, uint64_t mfn, uint64_t pages,
                     bool add)
{
    ck_assert_ptr_eq(opaque, &other_pages);
    ck_assert_uint_eq(gfn, mfn);
    other_pages += add ? pages : -pages;
    return 0;
}

START_TEST(alone)
{
    static struct memmap_dm dm;
    static struct memmap_range range[MEMMAP_MAX_ENTRIES], none[1];
    struct memmap_layout in_force, owned, q;
    struct XenMemmapRDM *rdm;
    uint16_t index;

    memmap_layout_init(&in_force, range, MEMMAP_MAX_ENTRIES);
    memmap_layout_init(&owned, none, 1);
    for (unsigned int round = 0; round < 3; round++) {
        harness_reset();
        other_pages = 0;
        harness_xen.opaque = &other_pages;
        harness_xen.reserved = other_reserved;
        harness_xen.map = other_map;
        harness_assign(NET, true);
        dm.accepted = MEMMAP_OFFER(1, 0, FEATURES);
        rdm = harness_rdm_new(&dm, &in_force);
        harness_plug(NET);

        layout_empty(&l);
        q = l.record.layout;
        xen_memmap_rdm_constraints(rdm, &q);
        ck_assert_uint_eq(q.nr, 1);
        ck_assert_uint_eq(q.range[0].gfn, NET_GFN);

        layout_built(&l, 512 * MIB);
        layout_make_room(&l, NET_GFN, PAGES, 0, NET);
        ck_assert_uint_eq(xen_memmap_rdm_map(rdm, &l.record.layout, &owned,
                                             &index), MEMMAP_OK);
        ck_assert_uint_eq(other_pages, PAGES);
        xen_memmap_rdm_undo(rdm);
        ck_assert_uint_eq(other_pages, 0);
        xen_memmap_rdm_map(rdm, &l.record.layout, &owned, &index);
        xen_memmap_rdm_keep(rdm);
        ck_assert_uint_eq(other_pages, PAGES);
        harness_rdm_free(rdm);
    }
}
END_TEST

Suite *rdm_suite(void)
{
    Suite *s = suite_create("rdm");
    TCase *t = tcase_create("query");

    tcase_add_test(t, query_assigned);
    tcase_add_test(t, query_not_chosen);
    tcase_add_test(t, query_host);
    tcase_add_test(t, commit_host);
    tcase_add_test(t, query_off);
    tcase_add_test(t, query_restricted);
    tcase_add_test(t, query_others);
    tcase_add_test(t, query_many);
    tcase_add_test(t, query_unprivileged);
    tcase_add_test(t, query_owned);
    tcase_add_test(t, query_too_many);
    tcase_add_test(t, query_host_too_many);
    tcase_add_test(t, query_refused);
    suite_add_tcase(s, t);

    t = tcase_create("commit");
    tcase_add_test(t, commit_maps);
    tcase_add_test(t, prepare_maps_nothing);
    tcase_add_test(t, commit_not_chosen);
    tcase_add_test(t, commit_foreign);
    tcase_add_test(t, commit_no_room);
    tcase_add_test(t, commit_takes_back);
    tcase_add_test(t, shared);
    tcase_add_test(t, map_fails);
    tcase_add_test(t, map_fails_index);
    tcase_add_test(t, map_fails_later);
    tcase_add_test(t, map_fails_one);
    tcase_add_test(t, map_fails_before);
    tcase_add_test(t, apply_fails);
    tcase_add_test(t, over_owned);
    tcase_add_test(t, over_parked);
    tcase_add_test(t, as_many_as_there_are);
    tcase_add_test(t, alone);
    suite_add_tcase(s, t);
    return s;
}
