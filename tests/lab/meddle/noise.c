/* SPDX-License-Identifier: MIT */
/*
 * Somebody else who writes to a key whenever there is time: a transaction that has looked at the
 * key meets another writer. Of what makes xenstored refuse a device model in dom0 this is what can
 * be had: quotas are not for dom0.
 */
#include "meddle.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <xenstore.h>

/* The child: tells @ready when it has begun. */
static int go_on(int ready, const char *key, const char *pids)
{
    struct xs_handle *xs = xs_open(0);
    FILE *f = fopen(pids, "a");
    int first = 1;

    if (!xs || !f) {
        perror("meddle: noise");
        return 1;
    }
    fprintf(f, "%d\n", (int)getpid());
    fclose(f);
    while (xs_write(xs, XBT_NULL, key, "noise", 5)) {
        if (first && write(ready, "", 1) != 1) {
            return 1;
        }
        first = 0;
    }
    perror(key);
    return 1;
}

int noise(const char *key, const char *pids)
{
    int fd[2];
    char done;

    if (pipe(fd)) {
        perror("meddle: noise");
        return 1;
    }
    switch (fork()) {
    case -1:
        perror("meddle: noise");
        return 1;
    case 0:
        close(fd[0]);
        exit(go_on(fd[1], key, pids));
    }
    close(fd[1]);
    return read(fd[0], &done, 1) == 1 ? 0 : 1;
}
