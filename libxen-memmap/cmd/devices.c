/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Devices that a guest gets, in the slots that QEMU gives them, and their BARs.
 *
 * Firmware deals with BARs largest first, and with equal ones by slot; so an address
 * is foreseen to the page only if no device is missing.
 */
#include "command.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MIB (1ull << 20)
#define KIB 1024ull

/* Slots that are taken: host bridge, ISA and IDE. */
#define FIRST_SLOT 2u
#define MAX_SLOTS 32u
#define FUNCTIONS 8u            /* of a slot */

struct model {
    const char *name;       /* QEMU's */
    struct { const char *name; uint32_t bytes; gboolean is_64bit; } bar[4];
    const char *rom;        /* file, for a device that says no romfile= */
};

#define MODERN_VIRTIO { { "MSI-X", 4 * KIB, FALSE }, { "registers", 16 * KIB, TRUE } }
#define XHCI { { "registers", 16 * KIB, TRUE } }
#define HDA { { "registers", 16 * KIB, FALSE } }

/* As QEMU's machine xenfv has them. */
static const struct model models[] = {
    { "nvme", { { "registers", 8 * KIB, TRUE }, { "MSI-X", 4 * KIB, FALSE } }, NULL },
    { "pci-testdev", { { "registers", 4 * KIB, FALSE } }, NULL },
    { "edu", { { "registers", MIB, FALSE } }, NULL },
    { "e1000", { { "registers", 128 * KIB, FALSE } }, "efi-e1000.rom" },
    { "e1000e", { { "registers", 128 * KIB, FALSE }, { "flash", 128 * KIB, FALSE },
                  { "MSI-X", 16 * KIB, FALSE } }, "efi-e1000e.rom" },
    { "rtl8139", { { "registers", 256, FALSE } }, "efi-rtl8139.rom" },
    { "i6300esb", { { "registers", 16, FALSE } }, NULL },
    { "virtio-gpu-pci", MODERN_VIRTIO, NULL },
    { "virtio-net-pci", MODERN_VIRTIO, "efi-virtio.rom" },
    { "virtio-blk-pci", MODERN_VIRTIO, NULL },
    { "virtio-scsi-pci", MODERN_VIRTIO, NULL },
    { "virtio-rng-pci", MODERN_VIRTIO, NULL },
    { "virtio-serial-pci", MODERN_VIRTIO, NULL },
    { "ahci", { { "registers", 4 * KIB, FALSE } }, NULL },
    { "ich9-ahci", { { "registers", 4 * KIB, FALSE } }, NULL },
    { "qemu-xhci", XHCI, NULL },
    { "nec-usb-xhci", XHCI, NULL },
    { "usb-ehci", { { "registers", 4 * KIB, FALSE } }, NULL },
    { "ich9-usb-ehci1", { { "registers", 4 * KIB, FALSE } }, NULL },
    { "intel-hda", HDA, NULL },
    { "ich9-intel-hda", HDA, NULL },
};

/* They hang on another device, or on ISA. */
static const char *const no_pci[] = {
    "usb-tablet", "usb-mouse", "usb-kbd", "usb-storage", "usb-host", "usb-hub", "ide-",
    "scsi-", "isa-", "hda-", "nvme-ns", "virtserialport", "virtconsole",
};

/* A function of a slot. */
struct device {
    enum { EMPTY, PLATFORM, VGA, EMULATED, HOST, UNKNOWN } kind;
    const struct model *model;
    const char *spec;       /* EMULATED: what follows -device */
    uint32_t sbdf;          /* HOST */
};

struct machine {
    const struct xlcfg *x;
    xen_memmap_config *c;
    struct device function[MAX_SLOTS * FUNCTIONS];
};

/* ---- options of -device ---- */

/* The value of @key in "model,key=value,...", for g_free(); NULL: not there. */
static char *option(const char *spec, const char *key)
{
    g_auto(GStrv) words = g_strsplit(spec, ",", -1);
    const size_t len = strlen(key);
    unsigned int i;

    for (i = 1; words[0] && words[i]; i++)
        if (!strncmp(words[i], key, len) && words[i][len] == '=')
            return g_strdup(words[i] + len + 1);
    return NULL;
}

static const struct model *model_of(const char *spec)
{
    const size_t len = strcspn(spec, ",");
    unsigned int i;

    for (i = 0; i < G_N_ELEMENTS(models); i++)
        if (strlen(models[i].name) == len && !strncmp(models[i].name, spec, len))
            return &models[i];
    return NULL;
}

static gboolean is_no_pci(const char *spec)
{
    unsigned int i;

    for (i = 0; i < G_N_ELEMENTS(no_pci); i++)
        if (g_str_has_prefix(spec, no_pci[i]))
            return TRUE;
    return FALSE;
}

/* ---- slots ---- */

/* Function 0 of the slot, @wanted or the first that is free; NULL: there is none. */
static struct device *take_slot(struct machine *m, unsigned int wanted)
{
    unsigned int i;

    if (wanted)
        return wanted < MAX_SLOTS ? &m->function[wanted * FUNCTIONS] : NULL;
    for (i = FIRST_SLOT; i < MAX_SLOTS; i++)
        if (m->function[i * FUNCTIONS].kind == EMPTY)
            return &m->function[i * FUNCTIONS];
    return NULL;
}

static void put_function(struct device *slot, unsigned int function, struct device d)
{
    if (slot && function < FUNCTIONS)
        slot[function] = d;
    else
        complain("the guest has more devices than slots, or an address that is none");
}

static void put(struct machine *m, unsigned int wanted, struct device d)
{
    put_function(take_slot(m, wanted), 0, d);
}

static void put_emulated(struct machine *m, const char *spec)
{
    const struct model *model = model_of(spec);
    g_autofree char *address = option(spec, "addr");
    char *function = address ? strchr(address, '.') : NULL;

    if (!model && is_no_pci(spec))
        return;
    if (!model)
        complain("-device %.*s: its BARs are not known here, name them by --bar",
                 (int)strcspn(spec, ","), spec);
    put_function(take_slot(m, address ? strtoul(address, NULL, 16) : 0),
                 function ? strtoul(function + 1, NULL, 16) : 0,
                 (struct device){ .kind = model ? EMULATED : UNKNOWN,
                                  .model = model, .spec = spec });
}

/* A plan without a GPU's BARs is no answer to who asks about them. */
static void note_unknown(const struct xlcfg_device *d)
{
    g_autofree char *device = text_of(append_device, d->sbdf);

    if (!plan_bars)
        complain("%s: with --no-host its BARs are not known, and not in this plan; name "
                 "them by --bar", device);
}

/* In the order in which libxl has QEMU make them. */
static void put_all(struct machine *m)
{
    const struct xlcfg *x = m->x;
    unsigned int i;
    char **s;

    if (x->platform)
        put(m, 0, (struct device){ .kind = PLATFORM });
    if (x->vga != VGA_NONE)
        put(m, 0, (struct device){ .kind = VGA });
    for (i = 0; i < x->emulated->len; i++)
        put_emulated(m, g_ptr_array_index(x->emulated, i));
    for (s = x->qemu; s && s[0]; s++)
        if (!strcmp(s[0], "-device") && s[1])
            put_emulated(m, *++s);
    for (i = 0; i < x->devices->len; i++) {
        const struct xlcfg_device *d =
            &g_array_index(x->devices, struct xlcfg_device, i);

        if (plan_no_host) {
            note_unknown(d);
            continue;
        }
        put(m, d->slot, (struct device){ .kind = HOST, .sbdf = d->sbdf });
    }
}

/* ---- BARs ---- */

static uint64_t power_of_two(uint64_t bytes)
{
    uint64_t p = 1;

    while (p < bytes)
        p <<= 1;
    return p;
}

static int add_bar(struct machine *m, const char *device, const char *bar,
                   uint64_t bytes, gboolean is_64bit)
{
    g_autofree char *name = g_strdup_printf("%s %s", device, bar);

    return xen_memmap_config_bar(handle, m->c, name, bytes, is_64bit);
}

/* What of @file Debian, or who built QEMU, has installed; nothing: no ROM. */
static int add_rom(struct machine *m, const char *device, const char *file)
{
    static const char *const dirs[] = {
        "/usr/lib/ipxe/qemu", "/usr/share/qemu", "/usr/share/qemu-xen/qemu",
        "/usr/local/share/qemu-xen/qemu",
    };
    unsigned int i;

    for (i = 0; i < G_N_ELEMENTS(dirs); i++) {
        g_autofree char *path = g_build_filename(dirs[i], file, NULL);
        struct stat st;

        if (!stat(path, &st) && st.st_size > 0)
            return add_bar(m, device, "ROM", power_of_two(st.st_size), FALSE);
    }
    return 0;
}

static int add_emulated(struct machine *m, const struct device *d)
{
    const struct model *model = d->model;
    g_autofree char *rom = option(d->spec, "romfile");
    g_autofree char *buffer = option(d->spec, "cmb_size_mb");
    g_autofree char *memory = option(d->spec, "membar");
    g_autofree char *shared = option(d->spec, "hostmem");
    gboolean is_64bit;
    uint64_t bytes;
    unsigned int i;

    for (i = 0; i < G_N_ELEMENTS(model->bar) && model->bar[i].name; i++)
        if (add_bar(m, model->name, model->bar[i].name, model->bar[i].bytes,
                    model->bar[i].is_64bit))
            return -1;
    if (buffer && strtoul(buffer, NULL, 0) &&
        add_bar(m, model->name, "memory buffer",
                power_of_two(strtoul(buffer, NULL, 0) * MIB), TRUE))
        return -1;
    if (shared && parse_bar(shared, &bytes, &is_64bit) && bytes &&
        add_bar(m, model->name, "host memory", power_of_two(bytes), TRUE))
        return -1;
    if (memory && parse_bar(memory, &bytes, &is_64bit) && bytes &&
        add_bar(m, model->name, "memory", power_of_two(bytes), TRUE))
        return -1;
    return model->rom && !rom ? add_rom(m, model->name, model->rom) : 0;
}

static int add_vga(struct machine *m)
{
    switch (m->x->vga) {
    case VGA_NONE:
        return 0;
    case VGA_STD:
        return add_bar(m, "VGA", "memory", power_of_two(m->x->videoram * MIB), FALSE) ||
               add_bar(m, "VGA", "registers", 4 * KIB, FALSE) ||
               add_bar(m, "VGA", "ROM", 64 * KIB, FALSE);
    case VGA_CIRRUS:
        return add_bar(m, "VGA", "memory", 32 * MIB, FALSE) ||
               add_bar(m, "VGA", "registers", 4 * KIB, FALSE) ||
               add_bar(m, "VGA", "ROM", 64 * KIB, FALSE);
    case VGA_QXL:
        return add_bar(m, "VGA", "memory", 64 * MIB, FALSE) ||
               add_bar(m, "VGA", "VRAM", 64 * MIB, FALSE) ||
               add_bar(m, "VGA", "registers", 8 * KIB, FALSE) ||
               add_bar(m, "VGA", "ROM", 64 * KIB, FALSE);
    }
    return 0;
}

static int add_host(struct machine *m, uint32_t sbdf)
{
    if (xen_memmap_config_device(handle, m->c, sbdf))
        return -1;
    /* Named by hand: Xen, which may not run here, need not be asked. */
    return plan_rmrrs ? 0 : xen_memmap_config_host_reserved(handle, m->c, sbdf);
}

static int add_device(struct machine *m, const struct device *d)
{
    switch (d->kind) {
    case EMPTY:
    case UNKNOWN:
        return 0;
    case PLATFORM:
        return add_bar(m, "Xen", "platform", 16 * MIB, FALSE);
    case VGA:
        return add_vga(m);
    case EMULATED:
        return add_emulated(m, d);
    case HOST:
        return add_host(m, d->sbdf);
    }
    return 0;
}

gboolean devices_add(const struct xlcfg *x, xen_memmap_config *c)
{
    struct machine m = { .x = x, .c = c };
    unsigned int i;

    put_all(&m);
    for (i = 0; i < G_N_ELEMENTS(m.function); i++)
        if (add_device(&m, &m.function[i]))
            return FALSE;
    return !x->host_rdm || plan_no_host || plan_rmrrs ||
           !xen_memmap_config_host_reserved(handle, c, XEN_MEMMAP_ALL_DEVICES);
}
