/* SPDX-License-Identifier: MIT */
/*
 * memmap-views DOMID SERIAL-LOG MTREE-FILE [RAMBLOCK-FILE]: see views.h for what is compared.
 * Prints every party's merged ranges, then every difference, then one line with the result.
 *
 * memmap-views --vram SERIAL-LOG [DUMP]: without DUMP prints address and bytes of the video memory
 * that the guest's vga check wrote to, with it compares the two: one line with the result.
 *
 * Exit status: 0 when the comparison was made, whatever it found; 2 otherwise.
 */
#include "views.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>     /* strtoul */
#include <string.h>

#define MAX_DIFFERENCES 256

static int environment(const char *why)
{
    printf("check views error %s\n", why);
    return 2;
}

static int vram(const char *serial, const char *dump)
{
    struct vram_pages p;
    struct vram v = { 0 };
    char why[200];
    FILE *f = fopen(serial, "re");
    bool ok;

    if (!f) {
        printf("check vram error %s: %s\n", serial, strerror(errno));
        return 2;
    }
    ok = vram_parse(f, &v, why, sizeof(why));
    fclose(f);
    if (!ok) {
        /* The guest's own check failed, and that is a result: there is nothing to compare. */
        printf("check vram %s %s\n", v.bytes ? "error" : "skip", why);
        return 2;
    }
    if (!dump) {
        printf("0x%" PRIx64 " 0x%" PRIx64 "\n", v.base, v.bytes);
        return 0;
    }
    f = fopen(dump, "re");
    if (!f) {
        printf("check vram error %s: %s (did the device model survive?)\n", dump,
               strerror(errno));
        return 2;
    }
    ok = vram_compare(f, &v, &p, why, sizeof(why));
    fclose(f);
    if (!ok) {
        printf("check vram error %s\n", why);
        return 2;
    }
    if (p.differ) {
        printf("check vram failure the device model has something else in %" PRIu64 " of %" PRIu64
               " pages; first at 0x%" PRIx64 ": the guest wrote 0x%" PRIx64 ", the device model "
               "has 0x%" PRIx64 "\n", p.differ, p.compared, p.first, p.want, p.got);
    } else {
        printf("check vram success %" PRIu64 " pages at 0x%" PRIx64 " hold for the device model "
               "what the guest wrote\n", p.compared, v.base);
    }
    return 0;
}

static bool load(const char *path, bool (*parse)(FILE *, struct views *, char *, size_t),
                 struct views *v, char *why, size_t size)
{
    FILE *f = fopen(path, "re");
    bool ok;

    if (!f) {
        snprintf(why, size, "%s: %s", path, strerror(errno));
        return false;
    }
    ok = parse(f, v, why, size);
    fclose(f);
    return ok;
}

static void print_ranges(const char *who, const struct list *l)
{
    for (size_t i = 0; i < l->nr; i++) {
        const struct piece *p = &l->p[i];
        const char *more = p->kind == E820_RAM ? " RAM" : p->kind == E820_OTHER ? " reserved" : "";

        printf("views %s 0x%" PRIx64 " 0x%" PRIx64 "%s%s%s", who, p->r.start, p->r.end, more,
               p->name[0] ? " " : "", p->name);
        if (p->name[0] && p->offset) {
            printf(" @0x%" PRIx64, p->offset);
        }
        printf("\n");
    }
}

int main(int argc, char **argv)
{
    static struct difference d[MAX_DIFFERENCES];
    struct views v = { 0 };
    uint64_t ram = 0, populated = 0, differing = 0, parked = 0;
    char why[300] = "", *end;
    unsigned long domid;
    bool skip;
    size_t nr;

    if (argc > 2 && argc < 5 && !strcmp(argv[1], "--vram")) {
        return vram(argv[2], argv[3]);
    }
    while (argc > 2 && !strncmp(argv[1], "--", 2)) {
        uint64_t number = strtoull(argv[2], &end, 0);

        if (!strcmp(argv[1], "--given-back")) {
            v.given_back = number * VIEWS_PAGE;
        } else if (!strcmp(argv[1], "--parked")) {
            parked = number;
        } else {
            break;
        }
        argv += 2;
        argc -= 2;
    }
    if (argc < 4 || argc > 5) {
        fprintf(stderr, "usage: memmap-views [--given-back PAGES] [--parked BYTES] DOMID SERIAL-LOG MTREE-FILE\n"
                "                    [RAMBLOCK-FILE]\n"
                "       memmap-views --vram SERIAL-LOG [DUMP]\n"
                "  PAGES: so many that the E820 reserves may be the guest's no more\n"
                "  BYTES: how far above their offset QEMU's own blocks are parked\n"
                "  SERIAL-LOG: with the guest's \"memmap-guest:\" lines\n"
                "  MTREE-FILE: xl qemu-monitor-command DOMID 'info mtree -f'\n"
                "  RAMBLOCK-FILE: xl qemu-monitor-command DOMID 'info ramblock'\n"
                "  DUMP: xl qemu-monitor-command DOMID 'pmemsave ADDRESS BYTES \"FILE\"'\n");
        return 2;
    }
    domid = strtoul(argv[1], &end, 10);
    if (end == argv[1] || *end || domid > 0x7fef) {
        return environment("DOMID is no domain's number");
    }
    if (!load(argv[2], parse_serial, &v, why, sizeof(why)) ||
        !load(argv[3], parse_mtree, &v, why, sizeof(why)) ||
        (argc > 4 && !load(argv[4], parse_ramblock, &v, why, sizeof(why)))) {
        return environment(why);
    }
    views_park(&v, parked);
    if (!p2m_read((uint32_t)domid, &v, &skip, why, sizeof(why))) {
        if (skip) {
            printf("check views skip %s\n", why);
            return 0;
        }
        return environment(why);
    }

    print_ranges("e820", &v.e820);
    print_ranges("p2m", &v.p2m);
    print_ranges("qemu", &v.qemu);
    print_ranges("ramblock", &v.ramblocks);
    for (size_t i = 0; i < v.e820.nr; i++) {
        ram += v.e820.p[i].kind == E820_RAM ? v.e820.p[i].r.end - v.e820.p[i].r.start : 0;
    }
    for (size_t i = 0; i < v.p2m.nr; i++) {
        populated += v.p2m.p[i].r.end - v.p2m.p[i].r.start;
    }

    nr = views_compare(&v, d, MAX_DIFFERENCES);
    for (size_t i = 0; i < nr && i < MAX_DIFFERENCES; i++) {
        printf("views differ 0x%" PRIx64 " 0x%" PRIx64 " e820=%s p2m=%s qemu=%s rule=%s\n",
               d[i].r.start, d[i].r.end, d[i].e820, d[i].p2m, d[i].qemu, d[i].rule);
        differing += d[i].r.end - d[i].r.start;
    }
    if (nr) {
        printf("check views failure %zu ranges differ, %" PRIu64 " pages; first 0x%" PRIx64
               "-0x%" PRIx64 " e820=%s p2m=%s qemu=%s (%s)\n", nr, (uint64_t)(differing / VIEWS_PAGE),
               d[0].r.start, d[0].r.end, d[0].e820, d[0].p2m, d[0].qemu, d[0].rule);
    } else {
        printf("check views success %" PRIu64 " pages of RAM are populated and known to the "
               "device model; %" PRIu64 " populated pages, all accounted for\n",
               (uint64_t)(ram / VIEWS_PAGE), (uint64_t)(populated / VIEWS_PAGE));
    }
    return 0;
}
