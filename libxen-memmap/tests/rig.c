/* SPDX-License-Identifier: MIT */
#include "rig.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

xen_memmap_handle *h;
struct xs_handle *xs;

static char folder[64];
static pid_t daemon_pid;

static const char *need(const char *name)
{
    const char *value = getenv(name);

    ck_assert_msg(value, "%s is not set: run `make check`", name);
    return value;
}

static void run_daemon(const char *xenstored, const char *noxen)
{
    setenv("LD_PRELOAD", noxen, 1);
    execl(xenstored, xenstored, "-N", "-I", (char *)NULL);
    perror(xenstored);
    _exit(127);
}

void rig_start(void)
{
    const char *xenstored = need("XENSTORED"), *noxen = need("NOXEN");
    char path[96];
    int tries;

    snprintf(folder, sizeof(folder), "/tmp/xen-memmap-test-XXXXXX");
    ck_assert(mkdtemp(folder) != NULL);
    snprintf(path, sizeof(path), "%s/socket", folder);
    setenv("XENSTORED_RUNDIR", folder, 1);
    setenv("XENSTORED_ROOTDIR", folder, 1);
    setenv("XENSTORED_PATH", path, 1);

    daemon_pid = fork();
    ck_assert(daemon_pid >= 0);
    if (!daemon_pid)
        run_daemon(xenstored, noxen);
    for (tries = 0; !(xs = xs_open(0)) && tries < 6000; tries++)
        usleep(10000);
    ck_assert_msg(xs != NULL, "%s did not start", xenstored);
    h = xen_memmap_open(NULL, 0);
    ck_assert(h != NULL);
}

void rig_kill(void)
{
    if (daemon_pid > 0) {
        kill(daemon_pid, SIGKILL);
        waitpid(daemon_pid, NULL, 0);
        daemon_pid = 0;
    }
}

void rig_stop(void)
{
    char command[96];

    xen_memmap_close(h);
    xs_close(xs);
    rig_kill();
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    ck_assert_int_eq(system(command), 0);
}

void put_bytes(const char *path, const void *value, unsigned int len)
{
    ck_assert_msg(xs_write(xs, XBT_NULL, path, value, len), "%s: %s", path,
                  strerror(errno));
}

void put(const char *path, const char *value)
{
    put_bytes(path, value, strlen(value));
}

void drop(const char *path)
{
    ck_assert_msg(xs_rm(xs, XBT_NULL, path), "%s: %s", path, strerror(errno));
}

void guest_is_there(void)
{
    put("/local/domain/5/name", "guest");
    put("/local/domain/5/hvmloader/bios", "seabios");
    put("/local/domain/5/image/device-model-pid", "4711");
    ck_assert(xs_introduce_domain(xs, GUEST, 1, 1));
    publish("OFFERED", 0, BUILT);
    put("/local/domain/0/device-model/5/state", "running");
}

void guest_ends(void)
{
    drop("/local/domain/5");
    drop("/local/domain/0/device-model/5");
    ck_assert(xs_release_domain(xs, GUEST));
}

static bool publish_once(const char *state, unsigned int generation,
                         const char *layout)
{
    xs_transaction_t t = xs_transaction_start(xs);
    char number[16];

    snprintf(number, sizeof(number), "%u", generation);
    return xs_write(xs, t, DM_DIR "/state", state, strlen(state)) &&
           xs_write(xs, t, DM_DIR "/error", "0", 1) &&
           xs_write(xs, t, DM_DIR "/reason", "success", 7) &&
           xs_write(xs, t, DM_DIR "/generation", number, strlen(number)) &&
           xs_write(xs, t, DM_DIR "/layout/0", layout, strlen(layout)) &&
           xs_transaction_end(xs, t, false);
}

void publish(const char *state, unsigned int generation, const char *layout)
{
    while (!publish_once(state, generation, layout))
        ck_assert_int_eq(errno, EAGAIN);
}

size_t rig_unescape(char *text)
{
    char *to = text, *from;

    for (from = text; *from && *from != '\n'; from++)
        if (*from == '\\')
            *to++ = *++from == 'n' ? '\n' : '\0';
        else
            *to++ = *from;
    *to = '\0';
    return to - text;
}
