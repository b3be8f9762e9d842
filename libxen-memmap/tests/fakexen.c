/* SPDX-License-Identifier: MIT */
/*
 * Preloaded into the command: a Xen that has pages where FAKEXEN says, "FIRST-END ..."
 * in gfns, END the first that is not there; and, if FAKEXEN_VERSION is "MAJOR.MINOR", what
 * domain 0 of such a Xen has in /proc and /sys.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define __XEN_TOOLS__ 1
#include <xen/xen.h>
#include <xen/domctl.h>
#include <xenctrl.h>
#include <xenforeignmemory.h>

static char handle;

/* GLib's, as the command calls it. */
int g_file_get_contents(const char *path, char **text, size_t *length, void **error)
{
    static int (*real)(const char *, char **, size_t *, void **);
    const char *version = getenv("FAKEXEN_VERSION");
    const char *minor = version ? strchr(version, '.') : NULL;

    if (minor && !strcmp(path, "/proc/xen/capabilities"))
        *text = strdup("control_d\n");
    else if (minor && !strcmp(path, "/sys/hypervisor/version/major"))
        *text = strndup(version, minor - version);
    else if (minor && !strcmp(path, "/sys/hypervisor/version/minor"))
        *text = strdup(minor + 1);
    else {
        if (!real)
            *(void **)&real = dlsym(RTLD_NEXT, "g_file_get_contents");
        return real(path, text, length, error);
    }
    return 1;
}

static int has(unsigned long gfn)
{
    const char *s = getenv("FAKEXEN");
    unsigned long first, end;
    int n;

    while (s && sscanf(s, "%lx-%lx %n", &first, &end, &n) == 2) {
        if (gfn >= first && gfn < end)
            return 1;
        s += n;
    }
    return 0;
}

xc_interface *xc_interface_open(xentoollog_logger *logger,
                                xentoollog_logger *dombuild_logger,
                                unsigned int open_flags)
{
    (void)logger, (void)dombuild_logger, (void)open_flags;
    return (xc_interface *)&handle;
}

int xc_interface_close(xc_interface *xch)
{
    (void)xch;
    return 0;
}

int xc_domain_getinfolist(xc_interface *xch, uint32_t first_domain,
                          unsigned int max_domains, xc_domaininfo_t *info)
{
    (void)xch, (void)max_domains;
    memset(info, 0, sizeof(*info));
    info->domain = first_domain;
    info->tot_pages = 1u << 20;
    return 1;
}

int xc_domain_maximum_gpfn(xc_interface *xch, uint32_t domid, xen_pfn_t *gpfns)
{
    (void)xch, (void)domid;
    *gpfns = 0x1fffff;
    return 0;
}

int xc_domain_get_pod_target(xc_interface *xch, uint32_t domid,
                             uint64_t *tot_pages, uint64_t *pod_cache_pages,
                             uint64_t *pod_entries)
{
    (void)xch, (void)domid;
    *tot_pages = *pod_cache_pages = *pod_entries = 0;
    return 0;
}

int xc_get_pfn_type_batch(xc_interface *xch, uint32_t dom, unsigned int num,
                          xen_pfn_t *arr);
int xc_get_pfn_type_batch(xc_interface *xch, uint32_t dom, unsigned int num,
                          xen_pfn_t *arr)
{
    unsigned int i;

    (void)xch, (void)dom;
    for (i = 0; i < num; i++)
        arr[i] = has(arr[i]) ? 0 : XEN_DOMCTL_PFINFO_XTAB;
    return 0;
}

xenforeignmemory_handle *xenforeignmemory_open(xentoollog_logger *logger,
                                               unsigned int open_flags)
{
    (void)logger, (void)open_flags;
    return (xenforeignmemory_handle *)&handle;
}

int xenforeignmemory_close(xenforeignmemory_handle *fmem)
{
    (void)fmem;
    return 0;
}

void *xenforeignmemory_map(xenforeignmemory_handle *fmem, uint32_t dom, int prot,
                           size_t pages, const xen_pfn_t *arr, int *err)
{
    (void)fmem, (void)dom, (void)prot, (void)pages, (void)arr, (void)err;
    return NULL;
}

/* Of device 00:04.0, and so of all: 7fff0-7fff3. */
int xc_reserved_device_memory_map(xc_interface *xch, uint32_t flags, uint16_t seg,
                                  uint8_t bus, uint8_t devfn,
                                  struct xen_reserved_device_memory entries[],
                                  uint32_t *max_entries)
{
    const uint32_t room = *max_entries;

    (void)xch;
    *max_entries = (flags & XENMEM_RDM_ALL) || (!seg && !bus && devfn == 0x20);
    if (*max_entries > room) {
        errno = ENOBUFS;
        return -1;
    }
    if (*max_entries)
        entries[0] = (struct xen_reserved_device_memory){ 0x7fff0, 4 };
    return 0;
}
