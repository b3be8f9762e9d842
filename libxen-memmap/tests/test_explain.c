/* SPDX-License-Identifier: MIT */
/*
 * Plans before the guest starts.  The first cases are scenarios of the lab, and what
 * they expect is what hvmloader did there.
 */
#include "rig.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB (1ull << 20)
#define GIB (1ull << 30)

static xen_memmap_config *c;
static xen_memmap_plan *p;

static void start(void)
{
    h = xen_memmap_open(NULL, 0);
}

static void stop(void)
{
    xen_memmap_plan_free(p);
    xen_memmap_config_free(c);
    p = NULL;
    c = NULL;
    xen_memmap_close(h);
}

/* memory = @mib of xl.cfg, with the devices that every guest has. */
static void guest(uint64_t mib)
{
    c = xen_memmap_config_new(h, (mib - 16) * MIB);
    ck_assert_ptr_nonnull(c);
    ck_ok(xen_memmap_config_width(h, c, 39));
    ck_ok(xen_memmap_config_bar(h, c, "platform", 16 * MIB, 0));
    ck_ok(xen_memmap_config_bar(h, c, "vga", 16 * MIB, 0));
    ck_ok(xen_memmap_config_bar(h, c, "vga mmio", 4096, 0));
}

static void plan(void)
{
    ck_ok(xen_memmap_explain(h, c, &p));
}

static const struct xen_memmap_bar *bar(const char *name)
{
    const struct xen_memmap_bar *b;
    unsigned int i;

    for (i = 0; (b = xen_memmap_plan_bar(p, i)); i++)
        if (!strcmp(b->name, name))
            return b;
    ck_abort_msg("no BAR %s", name);
}

static const struct xen_memmap_range *range_at(uint64_t gfn)
{
    const xen_memmap_layout *l = xen_memmap_plan_layout(p);
    const struct xen_memmap_range *r;
    unsigned int i;

    for (i = 0; (r = xen_memmap_layout_range(l, i)); i++)
        if (r->gfn <= gfn && gfn < r->gfn + r->pages)
            return r;
    return NULL;
}

/* RAM is neither lost nor found. */
static void check_sum(void)
{
    ck_assert_uint_eq(
        xen_memmap_layout_pages(xen_memmap_plan_layout(p), XEN_MEMMAP_RAM),
        xen_memmap_layout_pages(xen_memmap_plan_built(p), XEN_MEMMAP_RAM));
}

/* Scenario no-large-bar: nothing moves. */
START_TEST(test_no_large_bar)
{
    guest(3072);
    plan();
    ck_assert_uint_eq(xen_memmap_plan_moved(p), 0);
    ck_assert_uint_eq(xen_memmap_plan_hole(p), 0xf0000000);
    ck_assert_uint_eq(range_at(0xbefff)->type, XEN_MEMMAP_RAM);
    ck_assert_ptr_null(range_at(0xbf000));
    ck_assert_uint_eq(xen_memmap_plan_width(p), 32);
    ck_assert_ptr_null(xen_memmap_plan_given_up(p));
    check_sum();
}
END_TEST

/* Scenario bar-1g: hvmloader moved 258048 pages to 4 GiB. */
START_TEST(test_bar_1g)
{
    guest(3072);
    ck_ok(xen_memmap_config_bar(h, c, "big", GIB, 1));
    plan();
    ck_assert_uint_eq(xen_memmap_plan_moved(p), 258048);
    ck_assert_uint_eq(xen_memmap_plan_hole(p), 0x80000000);
    ck_assert_uint_eq(bar("big")->address, 0x80000000);
    ck_assert_uint_eq(range_at(0x100000)->source, 0x80000);
    ck_assert_uint_eq(range_at(0x100000)->pages, 258048);
    ck_assert_str_eq(xen_memmap_plan_bar(p, 0)->name, "big");
    ck_assert_uint_eq(xen_memmap_plan_width(p), 33);
    check_sum();
}
END_TEST

/* A card of 16 GiB: above RAM, and not over what QEMU parks there. */
START_TEST(test_gpu)
{
    guest(16384);
    ck_ok(xen_memmap_config_bar(h, c, "gpu", 16 * GIB, 1));
    plan();
    ck_assert_uint_eq(xen_memmap_plan_moved(p), 0);
    ck_assert_uint_eq(bar("gpu")->address, 32 * GIB);
    ck_assert_uint_eq(xen_memmap_plan_width(p), 36);
}
END_TEST

START_TEST(test_too_narrow)
{
    guest(16384);
    ck_ok(xen_memmap_config_width(h, c, 36));
    ck_ok(xen_memmap_config_bar(h, c, "gpu", 64 * GIB, 1));
    plan();
    ck_assert_uint_eq(bar("gpu")->address, XEN_MEMMAP_NO_PLACE);
    ck_assert_uint_ne(bar("vga")->address, XEN_MEMMAP_NO_PLACE);
}
END_TEST

/* Of 8 GiB at 8 GiB: what QEMU has parked anywhere is not in the way. */
START_TEST(test_parked)
{
    guest(3072);
    ck_ok(xen_memmap_config_bar(h, c, "gpu", 8 * GIB, 1));
    plan();
    ck_assert_uint_eq(bar("gpu")->address, 8 * GIB);
}
END_TEST

/* Scenario rdm-relaxed: four pages make way. */
START_TEST(test_region)
{
    guest(3072);
    ck_ok(xen_memmap_config_reserve(h, c, "7fff0-7fff3=0:0:4.0", 0));
    plan();
    ck_assert_uint_eq(xen_memmap_plan_moved(p), 4);
    ck_assert_uint_eq(xen_memmap_plan_regions(p), 1);
    ck_assert_ptr_null(xen_memmap_plan_region(p, 0)->kept);
    ck_assert_uint_eq(xen_memmap_plan_region(p, 0)->sbdf, 0x20);
    ck_assert_uint_eq(range_at(0x7fff0)->type, XEN_MEMMAP_RDM);
    ck_assert_uint_eq(range_at(0x7fff0)->flags, 0);
    check_sum();
}
END_TEST

START_TEST(test_region_stays)
{
    guest(3072);
    ck_ok(xen_memmap_config_reserve(h, c, "7fff0-7fff3", 0));
    ck_ok(xen_memmap_config_reserve(h, c, "90-93", 0));
    ck_ok(xen_memmap_config_reserve(h, c, "fe000-fe003", 0));
    xen_memmap_config_may_move(c, 0);
    plan();
    ck_assert_uint_eq(xen_memmap_plan_regions(p), 3);
    ck_assert(strstr(xen_memmap_plan_region(p, 0)->kept, "below 2 MiB"));
    ck_assert(strstr(xen_memmap_plan_region(p, 1)->kept, "RAM is there"));
    ck_assert(strstr(xen_memmap_plan_region(p, 2)->kept, "firmware's own"));
    ck_assert_uint_eq(range_at(0x7fff0)->flags, XEN_MEMMAP_UNFREED);
    ck_assert_uint_eq(xen_memmap_plan_moved(p), 0);
}
END_TEST

/* Scenario rdm-strict (B2 of the design): libxl cuts RAM at the next 2 MiB. */
static int has_rmrr(struct memmap_xen *x, uint32_t sbdf, struct memmap_range **r,
                    unsigned int *nr)
{
    (void)x;
    *r = calloc(1, sizeof(**r));
    (*r)->gfn = 0x7fff0;
    (*r)->pages = 4;
    (*r)->aux = sbdf;
    *nr = 1;
    return 0;
}

static struct memmap_xen *no_open(xentoollog_logger *logger)
{
    return (struct memmap_xen *)logger;
}

static void no_close(struct memmap_xen *x)
{
    (void)x;
}

START_TEST(test_libxl_cuts)
{
    static const struct memmap_xen_ops ops = {
        .open = no_open, .close = no_close, .reserved = has_rmrr,
    };

    h->xen_ops = &ops;
    guest(3072);
    ck_ok(xen_memmap_config_host_reserved(h, c, 0x20));
    ck_ok(xen_memmap_config_boundary(h, c, GIB));
    plan();
    ck_assert_uint_eq(xen_memmap_layout_range(xen_memmap_plan_built(p), 1)->pages,
                      0x7fe00 - 0xc0);
    ck_assert_uint_eq(xen_memmap_plan_moved(p), 0);
    check_sum();
    /* What is only declared libxl does not know. */
    xen_memmap_plan_free(p);
    xen_memmap_config_free(c);
    guest(3072);
    ck_ok(xen_memmap_config_boundary(h, c, GIB));
    ck_ok(xen_memmap_config_reserve(h, c, "7fff0-7fff3", 0));
    plan();
    ck_assert_uint_eq(xen_memmap_plan_moved(p), 4);
    /* With rdm="strategy=host" it knows of all devices', and firmware does not. */
    xen_memmap_plan_free(p);
    xen_memmap_config_free(c);
    guest(3072);
    ck_ok(xen_memmap_config_host_reserved(h, c, XEN_MEMMAP_ALL_DEVICES));
    ck_ok(xen_memmap_config_boundary(h, c, GIB));
    plan();
    ck_assert_uint_eq(xen_memmap_layout_range(xen_memmap_plan_built(p), 1)->pages,
                      0x7fe00 - 0xc0);
    ck_assert_uint_eq(xen_memmap_plan_regions(p), 1);
    ck_assert_ptr_null(xen_memmap_plan_region(p, 0)->kept);
    xen_memmap_plan_free(p);
    xen_memmap_config_free(c);
    guest(3072);
    ck_ok(xen_memmap_config_host_reserved(h, c, XEN_MEMMAP_ALL_DEVICES));
    plan();
    ck_assert_uint_eq(xen_memmap_plan_moved(p), 0);
    ck_assert_uint_eq(xen_memmap_plan_region(p, 0)->sbdf, XEN_MEMMAP_ALL_DEVICES);
    ck_assert_str_eq(xen_memmap_plan_region(p, 0)->kept,
                     "RAM is there, and firmware is not told");
    check_sum();
    /* With the usual boundary libxl leaves it to firmware. */
    xen_memmap_plan_free(p);
    xen_memmap_config_free(c);
    guest(3072);
    ck_ok(xen_memmap_config_host_reserved(h, c, 0x20));
    plan();
    ck_assert_uint_eq(xen_memmap_plan_moved(p), 4);
}
END_TEST

/* Which reserved memory firmware hears of is the device model's to say. */
START_TEST(test_rdm)
{
    static const struct memmap_xen_ops ops = {
        .open = no_open, .close = no_close, .reserved = has_rmrr,
    };

    h->xen_ops = &ops;
    /* Any device's, and libxl knows nothing of it. */
    guest(3072);
    ck_ok(xen_memmap_config_boundary(h, c, GIB));
    ck_ok(xen_memmap_config_rdm(h, c, XEN_MEMMAP_RDM_HOST));
    plan();
    ck_assert_uint_eq(xen_memmap_plan_moved(p), 4);
    ck_assert_uint_eq(xen_memmap_plan_regions(p), 1);
    ck_assert_ptr_null(xen_memmap_plan_region(p, 0)->kept);
    xen_memmap_plan_free(p);
    xen_memmap_config_free(c);
    /* No device's, but what the toolstack declares. */
    guest(3072);
    ck_ok(xen_memmap_config_rdm(h, c, XEN_MEMMAP_RDM_OFF));
    ck_ok(xen_memmap_config_host_reserved(h, c, 0x20));
    plan();
    ck_assert_uint_eq(xen_memmap_plan_moved(p), 0);
    ck_assert_uint_eq(xen_memmap_plan_region(p, 0)->sbdf, 0x20);
    ck_assert_str_eq(xen_memmap_plan_region(p, 0)->kept,
                     "RAM is there, and firmware is not told");
    xen_memmap_plan_free(p);
    ck_ok(xen_memmap_config_reserve(h, c, "80000-80001=0:0:5.0", 0));
    plan();
    ck_assert_uint_eq(xen_memmap_plan_moved(p), 2);
    xen_memmap_plan_free(p);
    ck_ok(xen_memmap_config_rdm(h, c, XEN_MEMMAP_RDM_DEVICES));
    plan();
    ck_assert_uint_eq(xen_memmap_plan_moved(p), 6);
    ck_failed(xen_memmap_config_rdm(h, c, XEN_MEMMAP_RDM_OFF + 1), EINVAL, "no such choice");
}
END_TEST

START_TEST(test_hole)
{
    guest(4096);
    ck_ok(xen_memmap_config_hole(h, c, GIB));
    plan();
    ck_assert_uint_eq(xen_memmap_plan_hole(p), 0xc0000000);
    ck_assert_uint_eq(range_at(0xc0000)->type, XEN_MEMMAP_MMIO);
    ck_assert_uint_eq(range_at(0xbffff)->type, XEN_MEMMAP_RAM);
}
END_TEST

/* A hole that the user chose stays as it is: what has no room in it goes high. */
START_TEST(test_hole_is_fixed)
{
    guest(1024);
    ck_ok(xen_memmap_config_hole(h, c, 512 * MIB));
    ck_ok(xen_memmap_config_bar(h, c, "a", 256 * MIB, 1));
    ck_ok(xen_memmap_config_bar(h, c, "b", 256 * MIB, 0));
    plan();
    ck_assert_uint_eq(xen_memmap_plan_hole(p), 0xe0000000);
    ck_assert_uint_eq(bar("a")->address, 4 * GIB);
    ck_assert_uint_eq(bar("b")->address, 0xe0000000);
}
END_TEST

/* Eight MTRRs must be enough for it: it starts where it is rounder. */
START_TEST(test_hole_is_round)
{
    uint64_t size;

    guest(3840);
    ck_ok(xen_memmap_config_bar(h, c, "a", 256 * MIB, 0));
    for (size = 256 * MIB; size >= MIB; size /= 2)
        ck_ok(xen_memmap_config_bar(h, c, "b", size, 0));
    plan();
    ck_assert_uint_eq(xen_memmap_plan_hole(p), 0xca000000);
    ck_assert_uint_eq(bar("vga mmio")->address, 0xca0ff000);
}
END_TEST

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    fclose(f);
}

START_TEST(test_sysfs)
{
    char root[] = "/tmp/xen-memmap-sys-XXXXXX", path[256], command[64];

    ck_assert_ptr_nonnull(mkdtemp(root));
    snprintf(path, sizeof(path), "mkdir -p %s/bus/pci/devices/0001:03:00.1", root);
    ck_assert_int_eq(system(path), 0);
    snprintf(path, sizeof(path), "%s/bus/pci/devices/0001:03:00.1/resource", root);
    write_file(path,
        "0x00000000f6000000 0x00000000f6ffffff 0x0000000000040200\n"
        "0x0000006000000000 0x00000063ffffffff 0x000000000014220c\n"
        "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
        "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
        "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
        "0x000000000000e000 0x000000000000e07f 0x0000000000040101\n"
        "0x00000000f7000000 0x00000000f707ffff 0x0000000000046200\n"
        "0x0000000001000000 0x0000000001ffffff 0x0000000000040200\n");
    h->sysfs = root;
    guest(3072);
    ck_ok(xen_memmap_config_device(h, c, 0x10301));
    plan();
    ck_assert_uint_eq(xen_memmap_plan_bars(p), 6);
    ck_assert_uint_eq(bar("0001:03:00.1 BAR 1")->bytes, 16 * GIB);
    ck_assert_int_eq(bar("0001:03:00.1 BAR 1")->is_64bit, 1);
    ck_assert_uint_eq(bar("0001:03:00.1 BAR 0")->bytes, 16 * MIB);
    ck_assert_uint_eq(bar("0001:03:00.1 ROM")->bytes, 512 * 1024);
    ck_failed(xen_memmap_config_device(h, c, 0x10302), ENODEV, "0001:03:00.2");
    write_file(path, "nonsense\n");
    ck_failed(xen_memmap_config_device(h, c, 0x10301), EBADMSG, "no sense");
    snprintf(command, sizeof(command), "rm -r %s", root);
    ck_assert_int_eq(system(command), 0);
}
END_TEST

START_TEST(test_mistakes)
{
    unsigned int i;

    ck_assert_ptr_null(xen_memmap_config_new(h, 0));
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_ptr_null(xen_memmap_config_new(h, UINT64_MAX));
    guest(3072);
    ck_failed(xen_memmap_config_bar(h, c, "x", 3, 0), EINVAL, "power of two");
    ck_failed(xen_memmap_config_bar(h, c, "x", 4 * GIB, 0), EINVAL, "32 bits");
    ck_failed(xen_memmap_config_bar(h, c, "x", 1ull << 63, 1), EINVAL, "");
    ck_failed(xen_memmap_config_width(h, c, 64), EINVAL, "36 to 52");
    ck_failed(xen_memmap_config_hole(h, c, MIB), EINVAL, "256 to 3840");
    ck_failed(xen_memmap_config_reserve(h, c, "here", 1), EINVAL, "no first gfn");
    for (i = 3; i < 7 * 256; i++)
        ck_ok(xen_memmap_config_bar(h, c, "small", 4096, 0));
    ck_failed(xen_memmap_config_bar(h, c, "x", 4096, 0), ENOSPC, "1792");
}
END_TEST

Suite *explain_suite(void)
{
    Suite *s = suite_create("explain");
    TCase *t = tcase_create("explain");

    tcase_add_checked_fixture(t, start, stop);
    tcase_add_test(t, test_no_large_bar);
    tcase_add_test(t, test_bar_1g);
    tcase_add_test(t, test_gpu);
    tcase_add_test(t, test_parked);
    tcase_add_test(t, test_too_narrow);
    tcase_add_test(t, test_region);
    tcase_add_test(t, test_region_stays);
    tcase_add_test(t, test_libxl_cuts);
    tcase_add_test(t, test_rdm);
    tcase_add_test(t, test_hole);
    tcase_add_test(t, test_hole_is_fixed);
    tcase_add_test(t, test_hole_is_round);
    tcase_add_test(t, test_sysfs);
    tcase_add_test(t, test_mistakes);
    suite_add_tcase(s, t);
    return s;
}
