/* SPDX-License-Identifier: MIT */
/*
 * Preloaded into Xen 4.17's xenstored, to run it where there is no Xen: what it asks
 * of Xen is answered as if there were one with a quiet domain 0.
 *
 * Its own option --no-domain-init is not enough.  At the first write it asks Xen
 * whether the domain exists that owns the node (find_or_alloc_existing_domain()),
 * through a handle that it has not opened then, and ends there.
 *
 * Every domain below 1000 exists; rings and event channels are there and silent, so
 * a test can introduce and release domains.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>              /* dprintf() */
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xenevtchn.h>
#include <xengnttab.h>

#define PAGE 4096

/* Handles that nobody looks into. */
static char xc, gnttab, evtchn;
static int evtchn_fd = -1;

static int page_file(const char *text)
{
    int fd = memfd_create("noxen", MFD_CLOEXEC);

    if (fd < 0 || ftruncate(fd, PAGE))
        return -1;
    if (text && pwrite(fd, text, strlen(text), 0) < 0)
        return -1;
    return fd;
}

/* Where Linux has domain 0's ring. */
int open(const char *path, int flags, ...)
{
    mode_t mode = 0;
    va_list ap;

    if (!strcmp(path, "/proc/xen/xsd_kva"))
        return page_file(NULL);
    if (!strcmp(path, "/proc/xen/xsd_port"))
        return page_file("1");
    if (flags & O_CREAT) {
        va_start(ap, flags);
        mode = va_arg(ap, mode_t);
        va_end(ap);
    }
    return syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

xc_interface *xc_interface_open(xentoollog_logger *logger,
                                xentoollog_logger *dombuild_logger,
                                unsigned int open_flags)
{
    (void)logger, (void)dombuild_logger, (void)open_flags;
    return (xc_interface *)&xc;
}

int xc_interface_close(xc_interface *xch)
{
    (void)xch;
    return 0;
}

int xc_domain_getinfo(xc_interface *xch, uint32_t first_domid,
                      unsigned int max_doms, xc_dominfo_t *info)
{
    (void)xch;
    if (!max_doms || first_domid >= 1000)
        return 0;
    memset(info, 0, sizeof(*info));
    info->domid = first_domid;
    return 1;
}

xengnttab_handle *xengnttab_open(xentoollog_logger *logger, unsigned int flags)
{
    (void)logger, (void)flags;
    return (xengnttab_handle *)&gnttab;
}

int xengnttab_close(xengnttab_handle *xgt)
{
    (void)xgt;
    return 0;
}

int xengnttab_set_max_grants(xengnttab_handle *xgt, uint32_t nr_grants)
{
    (void)xgt, (void)nr_grants;
    return 0;
}

void *xengnttab_map_grant_ref(xengnttab_handle *xgt, uint32_t domid,
                              uint32_t ref, int prot)
{
    void *p = mmap(NULL, PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void)xgt, (void)domid, (void)ref;
    return p == MAP_FAILED ? NULL : p;
}

int xengnttab_unmap(xengnttab_handle *xgt, void *start, uint32_t count)
{
    (void)xgt;
    return munmap(start, count * PAGE);
}

xenevtchn_handle *xenevtchn_open(xentoollog_logger *logger, unsigned int flags)
{
    (void)logger, (void)flags;
    evtchn_fd = eventfd(0, EFD_CLOEXEC);
    return (xenevtchn_handle *)&evtchn;
}

int xenevtchn_fd(xenevtchn_handle *xce)
{
    (void)xce;
    return evtchn_fd;
}

xenevtchn_port_or_error_t xenevtchn_bind_virq(xenevtchn_handle *xce,
                                              unsigned int virq)
{
    (void)xce, (void)virq;
    return 1;
}

xenevtchn_port_or_error_t xenevtchn_bind_interdomain(xenevtchn_handle *xce,
                                                     uint32_t domid,
                                                     evtchn_port_t remote)
{
    (void)xce, (void)remote;
    return 100 + domid;
}

int xenevtchn_notify(xenevtchn_handle *xce, evtchn_port_t port)
{
    (void)xce, (void)port;
    return 0;
}

xenevtchn_port_or_error_t xenevtchn_pending(xenevtchn_handle *xce)
{
    (void)xce;
    errno = EAGAIN;
    return -1;
}

int xenevtchn_unmask(xenevtchn_handle *xce, evtchn_port_t port)
{
    (void)xce, (void)port;
    return 0;
}

int xenevtchn_unbind(xenevtchn_handle *xce, evtchn_port_t port)
{
    (void)xce, (void)port;
    return 0;
}
