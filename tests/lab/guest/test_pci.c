/* SPDX-License-Identifier: MIT */
/* The pci check: a device's own word counts, and the kernel's log for what the firmware left. */
#include "test.h"

#include <unistd.h>         /* unlink */

#define BOOT "6,0,0,-;Linux version 6.12\n SUBSYSTEM=none\n"

/* What configuration space says, whatever sysfs remembers. */
static void config(const char *bdf, uint16_t vendor, uint16_t device)
{
    char path[300];
    uint16_t id[2] = { vendor, device };
    FILE *f;

    snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/config", bdf);
    root_file(path, "");
    snprintf(path, sizeof(path), "%s/sys/bus/pci/devices/%s/config", fs_root, bdf);
    f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(id, sizeof(id), 1, f), 1);
    fclose(f);
}

static void setup(void)
{
    root_setup();
    root_file("/sys/bus/pci/rescan", "");
    root_file("/dev/kmsg", BOOT);
    root_device("0000:00:04.0", "0x00ff00",
                "0x00000000f1000000 0x00000000f10fffff 0x0000000000040200\n");
    config("0000:00:04.0", 0x1234, 0x11e8);
    root_device("0000:00:1f.2", "0x010802",
                "0x00000000f1100000 0x00000000f1103fff 0x0000000000140204\n"
                "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
                "0x0000000800000000 0x000000083fffffff 0x000000000014220c\n");
    config("0000:00:1f.2", 0x1b36, 0x0010);
}

static enum result run(const char *params)
{
    return run_check(&check_pci, params);
}

START_TEST(test_there)
{
    ck_assert_msg(run("present=1234.11e8,present-at=4.0+1f.2,absent=1234.11e9+8086.1,"
                      "absent-at=5.0+4.1") == SUCCESS, "%s", o.text);
    ck_assert_str_eq(o.text, "2 PCI devices, 7 claims true");
    ck_assert_int_eq(run("absent=1234.11e8"), FAILURE);
    ck_assert_ptr_nonnull(strstr(o.text, "there is 0000:00:04.0"));
    ck_assert_str_eq(strchr(o.text, '2'), "234.11e8: there is 0000:00:04.0 among 2 PCI devices: "
                     "00:04.0=1234.11e8 00:1f.2=1b36.10");
    ck_assert_int_eq(run("absent=8086.1+1234.11e8"), FAILURE);
    ck_assert_int_eq(run("absent-at=1f.2"), FAILURE);
    ck_assert_int_eq(run("present=1234.11e9"), FAILURE);
    ck_assert_int_eq(run("present=1234.10"), FAILURE);
    ck_assert_int_eq(run("present-at=5.0"), FAILURE);
    ck_assert_int_eq(run("present-at=4.1"), FAILURE);
}
END_TEST

/* sysfs has a folder still, but nobody answers. */
START_TEST(test_gone)
{
    config("0000:00:04.0", 0xffff, 0xffff);
    ck_assert_int_eq(run("absent=1234.11e8,absent-at=4.0"), SUCCESS);
    ck_assert_int_eq(run("present=1234.11e8"), FAILURE);
    ck_assert_int_eq(run("present-at=4.0"), FAILURE);
}
END_TEST

START_TEST(test_config)
{
    const struct pci_dev d = { .bdf = "0000:00:04.0" };
    uint16_t id[2];

    ck_assert(pci_config(&d, 0, id, sizeof(id)));
    ck_assert_uint_eq(id[1], 0x11e8);
    ck_assert(pci_config(&d, 2, id, 2));
    ck_assert_uint_eq(id[0], 0x11e8);
    /* Shorter than what was asked for. */
    ck_assert(!pci_config(&d, 2, id, sizeof(id)));
    root_file("/sys/bus/pci/devices/0000:00:04.0/config", "");
    ck_assert(!pci_config(&d, 0, id, sizeof(id)));
}
END_TEST

START_TEST(test_bars)
{
    struct pci_dev d = { .bdf = "0000:00:04.0" };

    pci_read_bars(&d, "0x0000000800000000 0x000000083fffffff 0x000000000014220c\n"
                  "0x0000000000000000 0x00000000000fffff 0x0000000000040200\n"
                  "0x0000000000001000 0x0000000000001fff 0x0000000020040200\n"
                  "0x000000000000c000 0x000000000000c0ff 0x0000000000040101\n"
                  "0x0000000000000000 0x0000000000000000 0x0000000000000000\n");
    ck_assert_uint_eq(d.bar[0].r.start, 0x800000000);
    ck_assert_uint_eq(d.bar[0].r.end, 0x840000000);
    ck_assert(!d.bar[0].unset);
    ck_assert(d.bar[1].unset);
    ck_assert(d.bar[2].unset);
    ck_assert_uint_eq(d.bar[3].r.end | d.bar[4].r.end | d.bar[5].r.end, 0);
}
END_TEST

static void rescan_path(char *path, size_t size)
{
    snprintf(path, size, "%s/sys/bus/pci/rescan", fs_root);
}

START_TEST(test_rescan)
{
    char path[300], text[10];

    rescan_path(path, sizeof(path));
    ck_assert_int_eq(run("present=1234.11e8"), SUCCESS);
    ck_assert(file_read(path, text, sizeof(text)));
    ck_assert_int_eq(text[0], '1');
    unlink(path);
    ck_assert_int_eq(run("present=1234.11e8"), ERROR);
}
END_TEST

START_TEST(test_words)
{
    ck_assert_int_eq(run(""), ERROR);
    ck_assert_int_eq(run("present=1234"), ERROR);
    ck_assert_int_eq(run("present=1234.11e8.0"), ERROR);
    ck_assert_int_eq(run("present=1234.11e8.1234.11e8"), ERROR);
    ck_assert_int_eq(run("present=1234.11e8+"), ERROR);
    ck_assert_int_eq(run("absent=.11e8"), ERROR);
    ck_assert_int_eq(run("absent=1234.zz"), ERROR);
    ck_assert_int_eq(run("unplaced=4.0"), ERROR);
    ck_assert_int_eq(run("unplaced="), ERROR);
    ck_assert_int_eq(run("presnt=1234.11e8,present=1234.11e8"), ERROR);
    ck_assert_int_eq(run("absent=1.1+2.2+3.3+4.4+5.5+6.6+7.7+8.8+9.9+a.a+b.b+c.c+d.d+e.e+f.f+"
                         "10.10+11.11"), ERROR);
}
END_TEST

START_TEST(test_places)
{
    ck_assert_msg(run("unplaced=none") == SUCCESS, "%s", o.text);
    /* Named, but it has a place; and named, but there is no such BAR. */
    ck_assert_int_eq(run("unplaced=1f.2.2"), FAILURE);
    ck_assert_ptr_nonnull(strstr(o.text, "is at 0x800000000"));
    ck_assert_int_eq(run("unplaced=1f.2.1"), FAILURE);
    ck_assert_int_eq(run("unplaced=5.0.0"), FAILURE);

    /* The kernel found a place for what the firmware had left without. */
    root_file("/dev/kmsg", BOOT
              "6,1,0,-;pci 0000:00:1f.2: BAR 2 [mem 0x800000000-0x83fffffff 64bit pref]: assigned");
    ck_assert_int_eq(run("unplaced=none"), FAILURE);
    ck_assert_ptr_nonnull(strstr(o.text, "left BAR 2 of 0000:00:1f.2"));
    ck_assert_ptr_nonnull(strstr(o.text, "the kernel found one"));
    ck_assert_int_eq(run("unplaced=1f.2.2"), SUCCESS);
    ck_assert_int_eq(run("unplaced=1f.2.0"), FAILURE);
    ck_assert_int_eq(run("unplaced=1f.2.0+1f.2.2"), FAILURE);

    /* It found none, and has forgotten the BAR. */
    root_device("0000:00:04.0", "0x00ff00", "0x0 0x0 0x0\n");
    root_file("/dev/kmsg", BOOT
              "6,1,0,-;pci 0000:00:04.0: BAR 0 [mem size 0x100000]: can't assign; no space\n"
              "6,2,0,-;pci 0000:00:04.0: BAR 0 [mem size 0x100000]: failed to assign");
    ck_assert_int_eq(run("unplaced=none"), FAILURE);
    ck_assert_ptr_null(strstr(o.text, "the kernel found one"));
    ck_assert_int_eq(run("unplaced=4.0.0"), SUCCESS);
    ck_assert_int_eq(run("unplaced=4.0.1"), FAILURE);
    ck_assert_int_eq(run("unplaced=4.0.0+5.0.0"), FAILURE);
}
END_TEST

/* sysfs says so itself: the kernel kept the BAR, without an address. */
START_TEST(test_unset)
{
    root_device("0000:00:04.0", "0x00ff00",
                "0x0000000000000000 0x00000000000fffff 0x0000000020040200\n");
    ck_assert_int_eq(run("unplaced=none"), FAILURE);
    ck_assert_int_eq(run("unplaced=4.0.0"), SUCCESS);
}
END_TEST

START_TEST(test_log)
{
    /* Not BARs, not memory, not of this device, not about places. */
    root_file("/dev/kmsg", BOOT
              "6,1,0,-;pci 0000:00:1f.2: ROM [mem 0xf1200000-0xf120ffff pref]: assigned\n"
              "6,2,0,-;pci 0000:00:1f.2: BAR 4 [io  0xc000-0xc0ff]: assigned\n"
              "6,3,0,-;pci 0000:00:1f.3: BAR 2 [mem 0x800000000-0x83fffffff]: assigned\n"
              "6,4,0,-;pci 0000:00:1f.2: BAR 2 [mem 0x800000000-0x83fffffff 64bit pref]\n"
              "6,5,0,-;nvme 0000:00:1f.2: BAR 2 [mem 0x800000000-0x83fffffff]: assigned\n"
              "6,6,0,-;pci 0000:00:1f.2: BAR 13 [mem 0x800000000-0x83fffffff]: assigned\n"
              /* Where the next device's BAR 2 is in memory. */
              "6,7,0,-;pci 0000:00:04.0: BAR 9 [mem 0x800000000-0x83fffffff]: assigned\n"
              "6,8,0,-;abc 0000:00:1f.2: BAR 2 [mem 0x800000000-0x83fffffff]: assigned");
    ck_assert_msg(run("unplaced=none") == SUCCESS, "%s", o.text);
    /* Without its beginning it proves nothing. */
    root_file("/dev/kmsg", "6,1,0,-;Linux version 6.12");
    ck_assert_int_eq(run("unplaced=none"), ERROR);
    ck_assert_int_eq(run("present=1234.11e8"), SUCCESS);
    root_file("/dev/kmsg", "6,10,0,-;no\n6,0,0,-;yes");
    ck_assert_int_eq(run("unplaced=none"), ERROR);
}
END_TEST

START_TEST(test_nothing_placed)
{
    char command[200];

    snprintf(command, sizeof(command), "rm -rf %s/sys/bus/pci/devices/0000:00:1f.2", fs_root);
    ck_assert_int_eq(system(command), 0);
    root_device("0000:00:04.0", "0x00ff00", "0x0 0x0 0x0\n");
    ck_assert_int_eq(run("unplaced=none"), ERROR);
}
END_TEST

START_TEST(test_kmsg)
{
    static const char *const any[] = { "failed", NULL };
    char line[100];

    root_file("/dev/kmsg", BOOT
              "6,1,0,-;Kernel command line: nvme failed\n"
              "6,2,0,-;nvme nvme0: pci function 0000:00:05.0\n"
              " DEVICE=6,2,0,-;nvme failed, says a line that goes on\n"
              "3,3,0,-;nvme nvme0: Identify Controller failed (-4)\n"
              "3,4,0,-;nvme nvme1: Identify Controller failed (-5)");
    ck_assert(kmsg_find("nvme", any, line, sizeof(line)));
    ck_assert_str_eq(line, "nvme nvme0: Identify Controller failed (-4)");
    ck_assert(kmsg_find("nvme", NULL, line, sizeof(line)));
    ck_assert_str_eq(line, "nvme nvme0: pci function 0000:00:05.0");
    ck_assert(!kmsg_find("none", NULL, line, sizeof(line)));
    ck_assert(!kmsg_find("pci", any, line, sizeof(line)));
}
END_TEST

TCase *pci_tests(void)
{
    TCase *t = tcase_create("pci");

    tcase_add_checked_fixture(t, setup, root_teardown);
    tcase_add_test(t, test_there);
    tcase_add_test(t, test_gone);
    tcase_add_test(t, test_config);
    tcase_add_test(t, test_bars);
    tcase_add_test(t, test_rescan);
    tcase_add_test(t, test_words);
    tcase_add_test(t, test_places);
    tcase_add_test(t, test_unset);
    tcase_add_test(t, test_log);
    tcase_add_test(t, test_nothing_placed);
    tcase_add_test(t, test_kmsg);
    return t;
}
