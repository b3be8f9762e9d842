/* SPDX-License-Identifier: MIT */
/* The kernel modules of the initramfs, if it has any; a kernel can have all of it built in. */
#include "guest.h"

#include <errno.h>
#include <fcntl.h>          /* open */
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>    /* finit_module has no wrapper in glibc */
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A failed probe of the NVMe driver takes about 60 s of guest time before it gives up. */
#define MODULES_TIMEOUT 150

#define MODULE_INIT_COMPRESSED_FILE 4   /* linux/module.h; Debian's kernel unpacks .xz itself */

static pid_t loader;            /* the child that loads modules; 0: none or gone */

/* Does the module in FILE have the NAME, in which '-' is '_'? */
static bool is_module(const char *file, const char *name, size_t len)
{
    if (strcspn(file, ".") != len) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if ((file[i] == '-' ? '_' : file[i]) != (name[i] == '-' ? '_' : name[i])) {
            return false;
        }
    }
    return true;
}

void module_params(const char *cmdline, const char *file, char *params, size_t size)
{
    params[0] = '\0';
    for (const char *w = cmdline + strspn(cmdline, " "); *w; w += strspn(w, " ")) {
        size_t len = strcspn(w, " "), name = strcspn(w, ".");

        /* What follows is for init. */
        if (len == 2 && !strncmp(w, "--", 2)) {
            return;
        }
        if (name < len && is_module(file, w, name)) {
            append(params, size, "%.*s ", (int)(len - name - 1), w + name + 1);
        }
        w += len;
    }
}

static void load_modules(void)
{
    FILE *order = fopen("/lib/modules/order", "re");
    char name[128], path[160], params[200], cmdline[4096] = "";

    file_read("/proc/cmdline", cmdline, sizeof(cmdline));
    while (order && fgets(name, sizeof(name), order)) {
        size_t len = strcspn(name, "\r\n");
        int fd;

        name[len] = '\0';
        if (!len) {
            continue;
        }
        snprintf(path, sizeof(path), "/lib/modules/%s", name);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        module_params(cmdline, name, params, sizeof(params));
        if (fd < 0 ||
            syscall(SYS_finit_module, fd, params,
                    len > 3 && !strcmp(name + len - 3, ".xz") ? MODULE_INIT_COMPRESSED_FILE : 0)) {
            if (errno != EEXIST) {
                say("note cannot load %s: %s", path, strerror(errno));
            }
        }
        if (fd >= 0) {
            close(fd);
        }
    }
    if (order) {
        fclose(order);
    }
}

/*
 * finit_module() of nvme returns only when its probe has ended, which on a broken stack may be
 * a minute later or never: in a child, so that checks without need of it go on.
 */
void modules_start(void)
{
    fflush(NULL);
    loader = fork();
    if (!loader) {
        load_modules();
        _exit(0);
    }
}

void modules_wait(void)
{
    struct timespec tick = { .tv_nsec = 100000000 };

    for (unsigned int i = 0; loader > 0 && i < MODULES_TIMEOUT * 10; i++) {
        if (waitpid(loader, NULL, WNOHANG) == loader) {
            loader = 0;
            return;
        }
        nanosleep(&tick, NULL);
    }
    if (loader > 0) {
        say("note modules are still loading after %u s", MODULES_TIMEOUT);
        loader = 0;             /* said once; it cannot be killed while it sits in a probe */
    }
}
