/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What of an xl.cfg decides on the layout.  libxlutil, which reads it, needs thirty
 * libraries; so the reader is a module, which is loaded when an xl.cfg is read.
 */
#ifndef XLCFG_H
#define XLCFG_H

#include <glib.h>
#include <stdint.h>

struct xlcfg_device {
    uint32_t sbdf;
    unsigned int slot;              /* in the guest; 0: not said */
    gboolean strict;                /* rdm_policy */
};

struct xlcfg {
    gboolean hvm;                   /* all else is of such a guest */
    uint64_t memory, maxmem, videoram, hole, boundary;  /* MiB; 0: not said */
    gboolean vnuma, platform;
    gboolean host_rdm;              /* rdm="strategy=host" */
    gboolean strict_rdm;            /* a policy for that */
    gboolean stubdom;               /* the device model is in a domain of its own */
    enum { VGA_NONE, VGA_STD, VGA_CIRRUS, VGA_QXL } vga;
    GArray *devices;                /* of struct xlcfg_device */
    GPtrArray *emulated;            /* what libxl has QEMU emulate, as for -device */
    char **qemu;                    /* words for QEMU's command line; may be NULL */
    /* What is started in place of xl's own; NULL: nothing. */
    char *firmware;                 /* firmware=, if it is a path */
    char *firmware_override, *device_model;
    gboolean rombios, traditional;
};

/* A message for people, as printf(). */
typedef void xlcfg_complain(const char *fmt, ...) G_GNUC_PRINTF(1, 2);

/* What the module has: as xlcfg_read() of the command. */
#define XLCFG_MODULE_READ "xlcfg_module_read"
typedef gboolean xlcfg_module_read_func(struct xlcfg *x, const char *path,
                                        xlcfg_complain *say);

#endif
