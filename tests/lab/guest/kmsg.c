/* SPDX-License-Identifier: MIT */
/*
 * The kernel's log. /dev/kmsg gives one record per read: "prio,seq,time,flag;text\n" and
 * continuation lines. A reader that opens it sees all that the ring still holds.
 */
#include "guest.h"

#include <errno.h>
#include <fcntl.h>      /* open */
#include <stdio.h>      /* snprintf */
#include <string.h>
#include <unistd.h>     /* read */

static bool contains_any(const char *text, const char *const *any)
{
    if (!any) {
        return true;
    }
    for (; *any; any++) {
        if (strstr(text, *any)) {
            return true;
        }
    }
    return false;
}

bool kmsg_find(const char *word, const char *const *any, char *line, size_t size)
{
    int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    bool found = false;
    char rec[4096];

    if (fd < 0) {
        return false;
    }
    while (!found) {
        ssize_t n = read(fd, rec, sizeof(rec) - 1);
        char *text, *nl;

        if (n < 0 && errno == EPIPE) {
            continue;           /* overtaken by the ring: go on with what is left */
        }
        if (n <= 0) {
            break;
        }
        rec[n] = '\0';
        text = strchr(rec, ';');
        if (!text) {
            continue;
        }
        text++;
        nl = strchr(text, '\n');
        if (nl) {
            *nl = '\0';
        }
        /* The kernel repeats its command line, and with it our own parameters. */
        if (strstr(text, word) && !strstr(text, "ommand line") && contains_any(text, any)) {
            snprintf(line, size, "%s", text);
            found = true;
        }
    }
    close(fd);
    return found;
}
