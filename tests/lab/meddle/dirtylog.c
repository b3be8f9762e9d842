/* SPDX-License-Identifier: MIT */
/* QMP, over the socket that libxl uses for itself and leaves alone in between. */
#include "meddle.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* The line that answers @command; events and the greeting are no answers. */
static int ask(FILE *out, FILE *in, const char *command)
{
    char line[4096];

    fprintf(out, "%s\n", command);
    fflush(out);
    while (fgets(line, sizeof(line), in)) {
        if (strstr(line, "\"return\"")) {
            return 1;
        }
        if (strstr(line, "\"error\"")) {
            fprintf(stderr, "meddle: %s: %s", command, line);
            return 0;
        }
    }
    fprintf(stderr, "meddle: %s: the device model said nothing\n", command);
    return 0;
}

int dirty_log(uint32_t domid, int on)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    char command[96];
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    FILE *in, *out;

    snprintf(addr.sun_path, sizeof(addr.sun_path), "/var/run/xen/qmp-libxl-%u", domid);
    if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr))) {
        perror(addr.sun_path);
        return 1;
    }
    in = fdopen(fd, "r");
    out = fdopen(fd, "w");
    snprintf(command, sizeof(command), "{\"execute\": \"xen-set-global-dirty-log\", "
             "\"arguments\": {\"enable\": %s}}", on ? "true" : "false");
    if (!in || !out || !ask(out, in, "{\"execute\": \"qmp_capabilities\"}") ||
        !ask(out, in, command)) {
        return 1;
    }
    printf("dirty log of domain %u is %s\n", domid, on ? "on" : "off");
    return 0;
}
