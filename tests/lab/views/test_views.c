/* SPDX-License-Identifier: MIT */
/*
 * Unit tests of memmap-views: parsing and the rules, without Xen.
 *
 * Every rule is broken once, in the layout in which the real thing breaks it, beside a layout
 * in which it holds: the p2m is filled in by hand, the two texts are those of a real guest, cut
 * to what matters.
 */
#include "views.h"
#include "vgapattern.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct views v;
static struct difference d[32];
static char why[200];

static void reset(void)
{
    list_free(&v.e820);
    list_free(&v.bars);
    list_free(&v.p2m);
    list_free(&v.qemu);
    list_free(&v.ramblocks);
    why[0] = '\0';
}

static bool parse(bool (*how)(FILE *, struct views *, char *, size_t), const char *text)
{
    FILE *f = fmemopen((void *)text, strlen(text), "r");
    bool ok;

    ck_assert_ptr_nonnull(f);
    ok = how(f, &v, why, sizeof(why));
    fclose(f);
    return ok;
}

static void populate(uint64_t start, uint64_t end)
{
    list_add(&v.p2m, start, end)->offset = start;
    list_sort(&v.p2m);
    list_merge(&v.p2m);
}

static size_t compare(void)
{
    return views_compare(&v, d, 32);
}

static void expect(size_t i, const char *rule, uint64_t start, uint64_t end)
{
    ck_assert_str_eq(d[i].rule, rule);
    ck_assert_uint_eq(d[i].r.start, start);
    ck_assert_uint_eq(d[i].r.end, end);
}

/* A 3 GiB guest after its top 1008 MiB moved to 4 GiB, as the lab prints it. */
static const char serial[] =
    "SeaBIOS (version 1.16.3)\r\n"
    "memmap-guest: start\r\n"
    "memmap-guest: e820 0x0 0x9fc00 System RAM\r\n"
    "memmap-guest: e820 0x9fc00 0xa0000 Reserved\r\n"
    "memmap-guest: e820 0xf0000 0x100000 Reserved\r\n"
    "memmap-guest: e820 0x100000 0x7fff8000 System RAM\r\n"
    "memmap-guest: e820 0x7fff8000 0x80000000 Reserved\r\n"
    "memmap-guest: e820 0xfc000000 0xfc009000 ACPI Non-volatile Storage\r\n"
    "memmap-guest: e820 0xfc009000 0x100000000 Reserved\r\n"
    "memmap-guest: e820 0x100000000 0x13f000000 System RAM\r\n"
    "memmap-guest: bar 0000:00:02.0 0 0xf0000000 0xf1000000\r\n"
    "memmap-guest: bar 0000:00:05.0 2 0x80000000 0xc0000000\r\n"
    "[    9.1] some kernel text memmap-guest: check e820 success fine\r\n"
    "memmap-guest: plugged 0000:00:10.0 2 0x400000000 0x600000000\r\n"
    "memmap-guest: done\r\n";

#define MTREE_HEAD \
    "FlatView #0\n AS \"I/O\", root: io\n Root memory region: io\n" \
    "  0000000000000000-0000000000000007 (prio 0, i/o): dma-chan\n\n" \
    "FlatView #1\n AS \"memory\", root: system\n AS \"cpu-memory-0\", root: system\n" \
    " Root memory region: system\n" \
    "  0000000000000000-000000000009ffff (prio 0, ram): xen.ram\n" \
    "  00000000000a0000-00000000000bffff (prio 1, i/o): vga-lowmem\n"
#define MTREE_BARS \
    "  00000000f0000000-00000000f0ffffff (prio 1, ram): vga.vram\n" \
    "  00000000fee00000-00000000feefffff (prio 4096, i/o): kvm-apic-msi\n"
#define MTREE_TAIL \
    "\nFlatView #2\n AS \"vga\", root: bus master container\n Root memory region: (none)\n" \
    "  0000000000000000-00000000ffffffff (prio 0, ram): not.of.interest\n\n"

static const char mtree_told[] = MTREE_HEAD
    "  00000000000c0000-000000007fffffff (prio 0, ram): xen.ram @00000000000c0000\n"
    "  0000000080000000-00000000bfffffff (prio 1, i/o): nvme-cmb\n" MTREE_BARS
    "  0000000100000000-000000013effffff (prio 0, ram): xen.ram @0000000100000000\n" MTREE_TAIL;

/* QEMU as it is today: nobody told it. */
static const char mtree_stale[] = MTREE_HEAD
    "  00000000000c0000-00000000beffffff (prio 0, ram): xen.ram @00000000000c0000\n"
    MTREE_BARS MTREE_TAIL;

static void layout(const char *mtree)
{
    reset();
    ck_assert_msg(parse(parse_serial, serial), "%s", why);
    ck_assert_msg(parse(parse_mtree, mtree), "%s", why);
    populate(0, 0xa0000);
    populate(0xc0000, 0x80000000);
    populate(0xf0000000, 0xf1000000);
    populate(0xfc000000, 0xfc009000);
    populate(0xfeff8000, 0xff000000);
    populate(0x100000000, 0x13f000000);
}

START_TEST(test_agree)
{
    layout(mtree_told);
    ck_assert_uint_eq(compare(), 0);
}
END_TEST

START_TEST(test_parsed_ranges)
{
    layout(mtree_told);
    /* The page at 0x9f000 is not RAM throughout, and so not RAM. */
    ck_assert_uint_eq(v.e820.p[0].r.end, 0x9f000);
    ck_assert_int_eq(v.e820.p[1].kind, E820_OTHER);
    ck_assert_uint_eq(v.e820.p[1].r.start, 0x9f000);
    ck_assert_uint_eq(v.bars.nr, 3);
    ck_assert_str_eq(v.bars.p[0].name, "0000:00:05.0 BAR 2");
    /* i/o is not RAM, and other address spaces are not of interest. */
    ck_assert_uint_eq(v.qemu.nr, 4);
    ck_assert_str_eq(v.qemu.p[2].name, "vga.vram");
    ck_assert_uint_eq(v.qemu.p[3].offset, 0x100000000);
    ck_assert_uint_eq(v.qemu.p[3].r.end, 0x13f000000);
}
END_TEST

/* Whatever a device can write to or read from as memory is of interest. */
START_TEST(test_parsed_types)
{
    reset();
    ck_assert(parse(parse_mtree, "FlatView #0\n AS \"memory\", root: system\n"
        "  0000000000001000-0000000000001fff (prio 0, ramd): a\n"
        "  0000000000003000-0000000000003fff (prio 0, rom): b\n"
        "  0000000000005000-0000000000005fff (prio 0, nv-ram): c\n"
        "  0000000000007000-0000000000007fff (prio 0, romd): d\n"));
    ck_assert_uint_eq(v.qemu.nr, 3);
    ck_assert_str_eq(v.qemu.p[0].name, "a");
    ck_assert_str_eq(v.qemu.p[1].name, "b");
    ck_assert_str_eq(v.qemu.p[2].name, "c");
}
END_TEST

START_TEST(test_stock)
{
    layout(mtree_stale);
    ck_assert_uint_eq(compare(), 2);
    expect(0, "stale", 0x80000000, 0xbf000000);
    ck_assert_str_eq(d[0].p2m, "no");
    ck_assert_str_eq(d[0].e820, "no");
    expect(1, "dma-blind", 0x100000000, 0x13f000000);
    ck_assert_str_eq(d[1].e820, "yes");
    ck_assert_str_eq(d[1].p2m, "yes");
    ck_assert_str_eq(d[1].qemu, "no");
}
END_TEST

START_TEST(test_unpopulated)
{
    layout(mtree_told);
    v.p2m.nr--;
    populate(0x100000000, 0x120000000);
    populate(0x120001000, 0x13f000000);
    ck_assert_uint_eq(compare(), 1);
    expect(0, "unpopulated", 0x120000000, 0x120001000);
}
END_TEST

/* Where RAM is in QEMU's block is its own affair, unless it is there twice. */
START_TEST(test_displaced)
{
    layout(mtree_told);
    v.qemu.p[3].offset += 0x1000;
    ck_assert_uint_eq(compare(), 0);

    /* Its last page is the first of what is below. */
    v.qemu.p[3].offset = v.qemu.p[1].offset - 0x3efff000;
    v.qemu.p[3].offset += 0x100000000;
    v.qemu.p[1].offset += 0x100000000;
    ck_assert_uint_eq(compare(), 1);
    expect(0, "dma-blind", 0x100000000, 0x13f000000);
    ck_assert_str_eq(d[0].qemu, "yes,twice");
    v.qemu.p[3].offset -= 0x1000;
    ck_assert_uint_eq(compare(), 0);
}
END_TEST

START_TEST(test_other_block)
{
    /* What QEMU has there is memory, but not the guest's RAM. */
    layout(mtree_told);
    snprintf(v.qemu.p[3].name, sizeof(v.qemu.p[3].name), "vga.rom");
    v.qemu.p[3].offset = v.qemu.p[3].r.start;
    ck_assert_uint_eq(compare(), 1);
    expect(0, "dma-blind", 0x100000000, 0x13f000000);
    ck_assert_str_eq(d[0].qemu, "vga.rom");
}
END_TEST

/* One difference is one line, and two are two, though of one kind. */
START_TEST(test_maximal)
{
    layout(mtree_told);
    v.p2m.nr--;
    populate(0x100000000, 0x110000000);
    populate(0x110001000, 0x120000000);
    populate(0x120001000, 0x13f000000);
    ck_assert_uint_eq(compare(), 2);
    expect(0, "unpopulated", 0x110000000, 0x110001000);
    expect(1, "unpopulated", 0x120000000, 0x120001000);

    /* A border of something else in it does not cut it. */
    list_add(&v.bars, 0x120000800, 0x120000c00);
    ck_assert_uint_eq(compare(), 2);
    expect(1, "unpopulated", 0x120000000, 0x120001000);
}
END_TEST

START_TEST(test_legacy_ends)
{
    layout(mtree_told);
    v.e820.p[3].r.start = 0x101000;     /* what was RAM from 1 MiB on */
    ck_assert_uint_eq(compare(), 1);
    expect(0, "untold", 0x100000, 0x101000);
}
END_TEST

START_TEST(test_displaced_firmware)
{
    /* Memory that the firmware kept is not RAM to the guest, but QEMU must not mistake it. */
    layout(mtree_told);
    list_add(&v.qemu, 0x180000000, 0x180008000)->offset = 0x7fff8000;
    snprintf(v.qemu.p[v.qemu.nr - 1].name, sizeof(v.qemu.p[0].name), "xen.ram");
    populate(0x180000000, 0x180008000);
    ck_assert_uint_eq(compare(), 2);
    expect(0, "stale", 0x7fff8000, 0x80000000);
    expect(1, "stale", 0x180000000, 0x180008000);
}
END_TEST

START_TEST(test_untold)
{
    layout(mtree_told);
    /* The last RAM entry is a page short: that page is lost to the guest. */
    v.e820.p[v.e820.nr - 1].r.end -= 0x1000;
    ck_assert_uint_eq(compare(), 1);
    expect(0, "untold", 0x13efff000, 0x13f000000);
}
END_TEST

START_TEST(test_under_bar)
{
    layout(mtree_told);
    populate(0xbfff0000, 0xc0000000);
    ck_assert_uint_eq(compare(), 1);
    expect(0, "under-bar", 0xbfff0000, 0xc0000000);
}
END_TEST

START_TEST(test_vram_lost)
{
    layout(mtree_told);
    /* B8: relocation went to where the video memory was parked, and freed it. */
    for (size_t i = 0; i < v.p2m.nr; i++) {
        if (v.p2m.p[i].r.start == 0xf0000000) {
            v.p2m.p[i].r.end = 0xf0800000;
        }
    }
    ck_assert_uint_eq(compare(), 1);
    expect(0, "vram", 0xf0800000, 0xf1000000);
}
END_TEST

START_TEST(test_parked)
{
    /* 64 KiB of a ROM block behind everything else: expected, if it is that little. */
    layout(mtree_told);
    populate(0x200000000, 0x200010000);
    ck_assert_uint_eq(compare(), 0);
    populate(0x240000000, 0x250000000);
    ck_assert_uint_eq(compare(), 1);
    expect(0, "unaccounted", 0x240000000, 0x250000000);

    /* Nor is it little in many pieces. */
    layout(mtree_told);
    populate(0x200000000, 0x203000000);
    ck_assert_uint_eq(compare(), 0);
    populate(0x210000000, 0x213000000);
    ck_assert_uint_eq(compare(), 1);
    expect(0, "unaccounted", 0x210000000, 0x213000000);
}
END_TEST

START_TEST(test_ramblocks)
{
    /* With `info ramblock` parked blocks are known exactly. */
    layout(mtree_told);
    ck_assert_msg(parse(parse_ramblock,
        "              Block Name    PSize              Offset               Used"
        "              Total                HVA  RO\n"
        "                 xen.ram    4 KiB  0x0000000000000000 0x00000001bf000000"
        " 0x00000001bf000000 0x0000000000000000  rw\n"
        "  0000:00:02.0/vga.rom    4 KiB  0x0000000200000000 0x0000000000010000"
        " 0x0000000000010000 0x0000000000000000  ro\n"), "%s", why);
    populate(0x200000000, 0x200010000);
    ck_assert_uint_eq(compare(), 0);
    populate(0x200010000, 0x200011000);
    ck_assert_uint_eq(compare(), 1);
    expect(0, "unaccounted", 0x200010000, 0x200011000);
    /* They were taken a page further up; guest RAM's block was not. */
    views_park(&v, 0x1000);
    ck_assert_uint_eq(compare(), 1);
    expect(0, "unaccounted", 0x200000000, 0x200001000);
    views_park(&v, -0x1000ull);
    ck_assert_uint_eq(compare(), 1);
    /* Where the guest's RAM has its place but QEMU no RAM, nobody else's can be parked. */
    populate(0xb0000000, 0xb0001000);
    v.bars.nr = 0;
    ck_assert_uint_eq(compare(), 2);
    expect(0, "unaccounted", 0xb0000000, 0xb0001000);
}
END_TEST

START_TEST(test_reserved_hole)
{
    /* An RMRR below the end of RAM: reserved, not populated, not QEMU's RAM. Right. */
    reset();
    ck_assert(parse(parse_serial,
        "memmap-guest: start\n"
        "memmap-guest: e820 0x100000 0x7fff0000 System RAM\n"
        "memmap-guest: e820 0x7fff0000 0x7fff4000 Reserved\n"
        "memmap-guest: e820 0x7fff4000 0x80000000 System RAM\n"
        "memmap-guest: done\n"));
    ck_assert(parse(parse_mtree,
        "FlatView #0\n AS \"memory\", root: system\n"
        "  0000000000100000-000000007ffeffff (prio 0, ram): xen.ram @0000000000100000\n"
        "  000000007fff4000-000000007fffffff (prio 0, ram): xen.ram @000000007fff4000\n"));
    populate(0x100000, 0x7fff0000);
    populate(0x7fff4000, 0x80000000);
    ck_assert_uint_eq(compare(), 0);

    /* The same with a device model that was not told: stale on exactly the hole. */
    v.qemu.nr = 0;
    ck_assert(parse(parse_mtree,
        "FlatView #0\n AS \"memory\", root: system\n"
        "  0000000000100000-000000007fffffff (prio 0, ram): xen.ram @0000000000100000\n"));
    ck_assert_uint_eq(compare(), 1);
    expect(0, "stale", 0x7fff0000, 0x7fff4000);
    ck_assert_str_eq(d[0].e820, "reserved");

    /* A guest that gave so many pages back itself: no more, and only what it keeps reserved. */
    v.given_back = 0x4000;
    ck_assert_uint_eq(compare(), 0);
    v.given_back = 0x3000;
    ck_assert_uint_eq(compare(), 1);
    /* In two pieces it is as much. */
    list_add(&v.bars, 0x7fff2000, 0x7fff3000);
    ck_assert_uint_eq(compare(), 1);
    v.bars.nr = 0;
    v.given_back = 0x4000;
    v.e820.p[1].kind = E820_RAM;
    ck_assert_uint_eq(compare(), 1);
    expect(0, "unpopulated", 0x7fff0000, 0x7fff4000);
    v.given_back = 0;
}
END_TEST

START_TEST(test_firmwares_own)
{
    /* QEMU was told of the pages that hold the ACPI tables; UEFI firmware does not hand them on. */
    layout(mtree_told);
    list_add(&v.qemu, 0xfc000000, 0xfc009000)->offset = 0xfc000000;
    snprintf(v.qemu.p[v.qemu.nr - 1].name, sizeof(v.qemu.p[0].name), "xen.ram");
    list_sort(&v.qemu);
    populate(0xfc000000, 0xfc009000);
    for (size_t i = 0; i < v.e820.nr; i++) {
        if (v.e820.p[i].r.start == 0xfc000000) {
            v.e820.p[i].r.end = v.e820.p[i].r.start;
        }
    }
    ck_assert_uint_eq(compare(), 0);
    populate(0xfbfff000, 0xfc000000);
    list_add(&v.qemu, 0xfbfff000, 0xfc000000)->offset = 0xfbfff000;
    snprintf(v.qemu.p[v.qemu.nr - 1].name, sizeof(v.qemu.p[0].name), "xen.ram");
    list_sort(&v.qemu);
    ck_assert_uint_eq(compare(), 1);
    expect(0, "untold", 0xfbfff000, 0xfc000000);
}
END_TEST

/* Whole pages are compared, RAM's that are RAM throughout, others' that are so in part. */
START_TEST(test_parsed_pages)
{
    reset();
    ck_assert(parse(parse_serial,
        "memmap-guest: start\n"
        "memmap-guest: e820 0x100800 0x200800 System RAM\n"
        "memmap-guest: e820 0x300800 0x300900 Reserved\n"
        "memmap-guest: e820 0x400800 0x400900 System RAM\n"
        "memmap-guest: done\n"));
    ck_assert_uint_eq(v.e820.nr, 2);
    ck_assert_uint_eq(v.e820.p[0].r.start, 0x101000);
    ck_assert_uint_eq(v.e820.p[0].r.end, 0x200000);
    ck_assert_uint_eq(v.e820.p[1].r.start, 0x300000);
    ck_assert_uint_eq(v.e820.p[1].r.end, 0x301000);
}
END_TEST

/* As many as there are; neighbours become one if they are one thing. */
START_TEST(test_lists)
{
    struct list l = { 0 };

    for (uint64_t i = 0; i < 300; i++) {
        snprintf(list_add(&l, (300 - i) * 0x1000, (301 - i) * 0x1000)->name, 8, "a");
    }
    list_sort(&l);
    for (size_t i = 0; i < l.nr; i++) {
        ck_assert_uint_eq(l.p[i].r.start, (i + 1) * 0x1000);
        l.p[i].offset = l.p[i].r.start;
    }
    snprintf(l.p[100].name, sizeof(l.p[100].name), "b");
    list_merge(&l);
    ck_assert_uint_eq(l.nr, 3);
    ck_assert_uint_eq(l.p[1].r.start, 101 * 0x1000);
    ck_assert_uint_eq(l.p[1].r.end, 102 * 0x1000);
    ck_assert_ptr_eq(list_find(&l, 102 * 0x1000), &l.p[2]);
    list_free(&l);
}
END_TEST

START_TEST(test_bad_input)
{
    reset();
    /* The report of a boot that ends amid it, after one that did not. */
    ck_assert(!parse(parse_serial, "memmap-guest: start\nmemmap-guest: e820 0x0 0x9f000 System RAM\n"
                     "memmap-guest: done\nmemmap-guest: start\n"
                     "memmap-guest: e820 0x0 0x9f000 System RAM\n"));
    ck_assert_ptr_nonnull(strstr(why, "ends amid"));
    reset();
    ck_assert(!parse(parse_serial, "memmap-guest: start\nmemmap-guest: e820 0x0 0x9f000 System RAM\n"
                     "memmap-guest: e820 0x9000 0x8000 Reserved\nmemmap-guest: done\n"));
    ck_assert_ptr_nonnull(strstr(why, "E820 entry"));
    reset();
    ck_assert(!parse(parse_serial, "Booting...\n"));
    reset();
    ck_assert(!parse(parse_serial, "memmap-guest: start\nmemmap-guest: e820 0x0 0x9f000 Sys"));
    reset();
    ck_assert(!parse(parse_serial, "memmap-guest: start\nmemmap-guest: e820 0x9000 0x8000 "
                     "System RAM\nmemmap-guest: done\n"));
    reset();
    ck_assert(!parse(parse_mtree, "unknown command: 'info mtree'\n"));
    reset();
    ck_assert(!parse(parse_ramblock, "Block Name    PSize\n"));
}
END_TEST

START_TEST(test_restart)
{
    /* After a reboot the later report counts. */
    static const char twice[] =
        "memmap-guest: start\nmemmap-guest: e820 0x100000 0x200000 System RAM\n"
        "memmap-guest: done\n"
        "memmap-guest: start\nmemmap-guest: e820 0x100000 0x300000 System RAM\n"
        "memmap-guest: done\n";

    reset();
    ck_assert(parse(parse_serial, twice));
    ck_assert_uint_eq(v.e820.nr, 1);
    ck_assert_uint_eq(v.e820.p[0].r.end, 0x300000);
}
END_TEST

START_TEST(test_merge)
{
    struct list l = { 0 };

    list_add(&l, 0x3000, 0x4000)->offset = 0x3000;
    list_add(&l, 0x1000, 0x2000)->offset = 0x1000;
    list_add(&l, 0x2000, 0x3000)->offset = 0x2000;
    list_add(&l, 0x5000, 0x6000)->offset = 0x5000;
    list_add(&l, 0x6000, 0x7000)->offset = 0x5000;      /* touches, but shows something else */
    list_sort(&l);
    list_merge(&l);
    ck_assert_uint_eq(l.nr, 3);
    ck_assert_uint_eq(l.p[0].r.end, 0x4000);
    ck_assert_ptr_null(list_find(&l, 0x4000));
    ck_assert_ptr_eq(list_find(&l, 0x5fff), &l.p[1]);
    list_free(&l);
}
END_TEST

/* What a guest with 512 KiB of video memory wrote, as the device model would give it. */
static unsigned char video[512 << 10];

static bool vram_result(size_t bytes, struct vram_pages *p)
{
    const struct vram m = { 0xf0000000, sizeof(video), 7 };
    FILE *f = fmemopen(video, bytes, "r");
    bool ok;

    ck_assert_ptr_nonnull(f);
    ok = vram_compare(f, &m, p, why, sizeof(why));
    fclose(f);
    return ok;
}

START_TEST(test_vram_contents)
{
    struct vram_pages p;
    uint64_t word;

    memset(video, 0, sizeof(video));
    for (uint64_t page = 0; page < sizeof(video) / VGA_PAGE; page++) {
        for (unsigned int k = 0; k < VGA_WORDS; k++) {
            uint64_t at = vga_place(page, k);

            ck_assert_uint_eq(at / VGA_PAGE, page);
            ck_assert_uint_eq(at % 8, 0);
            word = vga_word(at, 7);
            memcpy(video + at, &word, sizeof(word));
        }
    }
    ck_assert(vram_result(sizeof(video), &p));
    ck_assert_uint_eq(p.compared, 64);
    ck_assert_uint_eq(p.differ, 0);

    /* Text mode's part may be anything, what is behind it may not. */
    memset(video, 0x20, VGA_SKIP);
    ck_assert(vram_result(sizeof(video), &p) && !p.differ);
    memset(video + VGA_SKIP + VGA_PAGE, 0xff, VGA_PAGE);
    memcpy(video + VGA_SKIP + 4 * VGA_PAGE, video + VGA_SKIP + 5 * VGA_PAGE, VGA_PAGE);
    ck_assert(vram_result(sizeof(video), &p));
    ck_assert_uint_eq(p.differ, 2);
    ck_assert_uint_eq(p.first, 0xf0000000 + VGA_SKIP + VGA_PAGE);
    ck_assert_uint_eq(p.got, ~0ull);

    /* The last word of a page is compared, too. */
    memset(video + VGA_SKIP + 2 * VGA_PAGE - 8, 0, 8);
    ck_assert(vram_result(sizeof(video), &p) && p.differ == 2);
    memset(video + VGA_SKIP + 3 * VGA_PAGE - 1, 0, 1);
    ck_assert(vram_result(sizeof(video), &p) && p.differ == 3);

    ck_assert(!vram_result(sizeof(video) - 1, &p));
    ck_assert_ptr_nonnull(strstr(why, "ends before page 127"));
}
END_TEST

static bool vram_line(const char *text, struct vram *m)
{
    FILE *f = fmemopen((void *)text, strlen(text), "r");
    bool ok;

    ck_assert_ptr_nonnull(f);
    ok = vram_parse(f, m, why, sizeof(why));
    fclose(f);
    return ok;
}

START_TEST(test_vram_line)
{
    struct vram m;

    ck_assert(vram_line("memmap-guest: start\r\n"
                        "[    3.1] memmap-guest: vga 0000:00:02.0 0xf0000000 0x1000000 0x7\r\n", &m));
    ck_assert_uint_eq(m.base, 0xf0000000);
    ck_assert_uint_eq(m.bytes, 16 << 20);
    ck_assert_uint_eq(m.seed, 7);
    ck_assert(!vram_line("memmap-guest: start\n", &m));
    ck_assert(!vram_line("memmap-guest: vga 0000:00:02.0 0xf0000000 0x1000000 0x7\n"
                         "memmap-guest: start\n", &m));
    ck_assert(!vram_line("memmap-guest: vga 0000:00:02.0 0xf0000000 0x1000 0x7\n", &m));
    ck_assert(!vram_line("memmap-guest: vga 0000:00:02.0 0xf0000000 0x1000800 0x7\n", &m));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("views");
    TCase *t = tcase_create("all");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_add_test(t, test_agree);
    tcase_add_test(t, test_parsed_ranges);
    tcase_add_test(t, test_parsed_types);
    tcase_add_test(t, test_stock);
    tcase_add_test(t, test_unpopulated);
    tcase_add_test(t, test_displaced);
    tcase_add_test(t, test_legacy_ends);
    tcase_add_test(t, test_maximal);
    tcase_add_test(t, test_other_block);
    tcase_add_test(t, test_displaced_firmware);
    tcase_add_test(t, test_untold);
    tcase_add_test(t, test_firmwares_own);
    tcase_add_test(t, test_under_bar);
    tcase_add_test(t, test_vram_lost);
    tcase_add_test(t, test_parked);
    tcase_add_test(t, test_ramblocks);
    tcase_add_test(t, test_reserved_hole);
    tcase_add_test(t, test_bad_input);
    tcase_add_test(t, test_lists);
    tcase_add_test(t, test_parsed_pages);
    tcase_add_test(t, test_restart);
    tcase_add_test(t, test_merge);
    tcase_add_test(t, test_vram_contents);
    tcase_add_test(t, test_vram_line);
    suite_add_tcase(s, t);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
