/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What of an xl.cfg decides on the layout, read by xl's own parser, libxlutil, with
 * xl's own defaults (tools/xl/xl_parse.c, tools/libs/light/libxl_create.c).  A module
 * of the command.
 */
#include "xlcfg.h"

#include <errno.h>
#include <libxl.h>
#include <libxlutil.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static xlcfg_complain *complain;    /* the command's */

/* The only name that the module shows. */
__attribute__((visibility("default")))
xlcfg_module_read_func xlcfg_module_read;

static uint64_t number(const XLU_Config *cfg, const char *key)
{
    long value;

    return !xlu_cfg_get_long(cfg, key, &value, 0) && value > 0 ? value : 0;
}

static gboolean is_hvm(const XLU_Config *cfg)
{
    const char *s;

    return (!xlu_cfg_get_string(cfg, "type", &s, 0) &&
            !strcmp(s, "hvm")) ||
           (!xlu_cfg_get_string(cfg, "builder", &s, 0) && !strcmp(s, "hvm"));
}

static gboolean read_vga(struct xlcfg *x, const XLU_Config *cfg)
{
    static const struct { const char *name; int vga, least; } cards[] = {
        { "none", VGA_NONE, 0 }, { "stdvga", VGA_STD, 16 },
        { "cirrus", VGA_CIRRUS, 8 }, { "qxl", VGA_QXL, 128 },
    };
    const char *s = number(cfg, "stdvga") ? "stdvga" : "cirrus";
    unsigned int i;

    xlu_cfg_get_string(cfg, "vga", &s, 0);
    for (i = 0; i < G_N_ELEMENTS(cards); i++)
        if (!strcmp(s, cards[i].name)) {
            x->vga = cards[i].vga;
            x->videoram = number(cfg, "videoram");
            if (!x->videoram)
                x->videoram = cards[i].least;
            return TRUE;
        }
    complain("vga = \"%s\": not known", s);
    return FALSE;
}

/*
 * rdm=: its strategy, and its policy, which a device has that says none.  xl goes on as if rdm= was not there if
 * libxlutil does not take it, as 4.17's never takes policy=.
 */
static libxl_rdm_reserve_policy read_rdm(struct xlcfg *x, XLU_Config *cfg)
{
    libxl_rdm_reserve_policy policy = LIBXL_RDM_RESERVE_POLICY_STRICT;
    libxl_rdm_reserve rdm;
    const char *s;

    if (xlu_cfg_get_string(cfg, "rdm", &s, 0))
        return policy;
    libxl_rdm_reserve_init(&rdm);
    if (xlu_rdm_parse(cfg, &rdm, s))
        complain("rdm = \"%s\": xl does not take this, and goes on without", s);
    else {
        x->host_rdm = rdm.strategy == LIBXL_RDM_RESERVE_STRATEGY_HOST;
        if (rdm.policy != LIBXL_RDM_RESERVE_POLICY_INVALID)
            policy = rdm.policy;
    }
    libxl_rdm_reserve_dispose(&rdm);
    return policy;
}

static gboolean read_device(struct xlcfg *x, XLU_Config *cfg, const char *spec,
                            libxl_rdm_reserve_policy policy)
{
    libxl_device_pci pci;
    struct xlcfg_device d;
    int rc;

    libxl_device_pci_init(&pci);
    pci.rdm_policy = policy;
    rc = xlu_pci_parse_spec_string(cfg, &pci, spec);
    d.sbdf = (uint32_t)pci.domain << 16 | pci.bus << 8 | pci.dev << 3 | pci.func;
    d.slot = pci.vdevfn >> 3;
    d.strict = pci.rdm_policy == LIBXL_RDM_RESERVE_POLICY_STRICT;
    if (!rc && pci.name) {
        complain("pci = \"%s\": name its address here, not the name that xl "
                 "pci-assignable-add gave it", spec);
        rc = -1;
    } else if (rc)
        complain("pci = \"%s\": not understood", spec);
    libxl_device_pci_dispose(&pci);
    if (!rc)
        g_array_append_val(x->devices, d);
    return !rc;
}

static gboolean read_devices(struct xlcfg *x, XLU_Config *cfg)
{
    const libxl_rdm_reserve_policy policy = read_rdm(x, cfg);
    XLU_ConfigList *list;
    const char *spec;
    int i;

    x->strict_rdm = policy == LIBXL_RDM_RESERVE_POLICY_STRICT;
    if (xlu_cfg_get_list(cfg, "pci", &list, NULL, 1))
        return TRUE;
    for (i = 0; (spec = xlu_cfg_get_listitem(list, i)); i++)
        if (!read_device(x, cfg, spec, policy))
            return FALSE;
    return TRUE;
}

/* The card that a vif is, beside the one that a guest's drivers know; NULL: none. */
static char *card_of(const char *vif)
{
    g_auto(GStrv) words = g_strsplit(vif, ",", -1);
    const char *model = "rtl8139";
    unsigned int i;

    for (i = 0; words[i]; i++) {
        const char *word = g_strstrip(words[i]);

        if (!strcmp(word, "type=vif"))
            return NULL;
        if (g_str_has_prefix(word, "model="))
            model = word + strlen("model=");
    }
    return g_strdup(model);
}

static void read_emulated(struct xlcfg *x, const XLU_Config *cfg)
{
    XLU_ConfigList *list;
    const char *s;
    char *card;
    int i;

    for (i = 0; !xlu_cfg_get_list(cfg, "vif", &list, NULL, 1) &&
                (s = xlu_cfg_get_listitem(list, i)); i++)
        if ((card = card_of(s)))
            g_ptr_array_add(x->emulated, card);
    if (!xlu_cfg_get_string(cfg, "hdtype", &s, 0) && !strcmp(s, "ahci"))
        g_ptr_array_add(x->emulated, g_strdup("ahci"));
}

/* What is QEMU's alone, in libxl's order. */
static void read_qemu(struct xlcfg *x, const XLU_Config *cfg)
{
    static const char *const keys[] = { "device_model_args",
                                        "device_model_args_hvm" };
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    XLU_ConfigList *list;
    const char *s;
    unsigned int i;
    int j;

    for (i = 0; i < G_N_ELEMENTS(keys); i++)
        for (j = 0; !xlu_cfg_get_list(cfg, keys[i], &list, NULL, 1) &&
                    (s = xlu_cfg_get_listitem(list, j)); j++)
            g_ptr_array_add(words, g_strdup(s));
    g_ptr_array_add(words, NULL);
    x->qemu = (char **)g_ptr_array_free(g_steal_pointer(&words), FALSE);
}

/* The string @key; NULL: there is none. */
static char *word(const XLU_Config *cfg, const char *key)
{
    const char *s;

    return xlu_cfg_get_string(cfg, key, &s, 0) ? NULL : g_strdup(s);
}

/* Which programs xl starts. */
static void read_programs(struct xlcfg *x, const XLU_Config *cfg)
{
    static const char *const kinds[] = { "bios", "uefi", "seabios", "ovmf", "rombios", NULL };
    g_autofree char *bios = word(cfg, "bios"), *firmware = word(cfg, "firmware");
    g_autofree char *version = word(cfg, "device_model_version");

    x->firmware_override = word(cfg, "firmware_override");
    x->device_model = word(cfg, "device_model_override");
    x->traditional = !g_strcmp0(version, "qemu-xen-traditional");
    x->rombios = !g_strcmp0(bios, "rombios") || !g_strcmp0(firmware, "rombios");
    if (firmware && !g_strv_contains(kinds, firmware))
        x->firmware = g_steal_pointer(&firmware);
}

static gboolean read_all(struct xlcfg *x, XLU_Config *cfg)
{
    XLU_ConfigList *list;
    long platform = 1, stubdom = 0;

    x->hvm = is_hvm(cfg);
    if (!x->hvm)
        return TRUE;
    x->memory = number(cfg, "memory");
    x->maxmem = number(cfg, "maxmem");
    if (!x->memory)
        x->memory = x->maxmem;
    if (!x->maxmem)
        x->maxmem = x->memory;
    x->hole = number(cfg, "mmio_hole");
    x->boundary = number(cfg, "rdm_mem_boundary");
    x->vnuma = !xlu_cfg_get_list(cfg, "vnuma", &list, NULL, 1);
    xlu_cfg_get_long(cfg, "xen_platform_pci", &platform, 0);
    x->platform = platform != 0;
    xlu_cfg_get_long(cfg, "device_model_stubdomain_override", &stubdom, 0);
    x->stubdom = stubdom != 0;
    read_emulated(x, cfg);
    read_qemu(x, cfg);
    read_programs(x, cfg);
    return read_vga(x, cfg) && read_devices(x, cfg);
}

gboolean xlcfg_module_read(struct xlcfg *x, const char *path, xlcfg_complain *say)
{
    XLU_Config *cfg;
    gboolean ok;
    int rc;

    complain = say;
    /* Of this libxlutil would say that it was a success. */
    if (access(path, R_OK)) {
        complain("%s: %s", path, g_strerror(errno));
        return FALSE;
    }
    x->devices = g_array_new(FALSE, FALSE, sizeof(struct xlcfg_device));
    x->emulated = g_ptr_array_new_with_free_func(g_free);
    cfg = xlu_cfg_init(stderr, path);
    if (!cfg) {
        complain("%s: %s", path, g_strerror(ENOMEM));
        return FALSE;
    }
    /* It says itself what is wrong, and where. */
    rc = xlu_cfg_readfile(cfg, path);
    if (rc)
        complain("%s: not read: %s", path, g_strerror(rc < 0 ? -rc : rc));
    ok = !rc && read_all(x, cfg);
    xlu_cfg_destroy(cfg);
    return ok;
}
