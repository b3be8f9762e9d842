/* SPDX-License-Identifier: MIT */
/* Lines on the console, outcomes, and small files. */
#include "guest.h"

#include <fcntl.h>      /* open */
#include <stdarg.h>
#include <stdio.h>      /* vsnprintf */
#include <string.h>
#include <unistd.h>     /* read, write */

void append(char *buf, size_t size, const char *fmt, ...)
{
    size_t len = strlen(buf);
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(buf + len, size - len, fmt, ap);
    va_end(ap);
}

void say(const char *fmt, ...)
{
    char line[900] = "memmap-guest: ";
    size_t len = strlen(line);
    va_list ap;
    ssize_t rc;

    va_start(ap, fmt);
    vsnprintf(line + len, sizeof(line) - len - 1, fmt, ap);
    va_end(ap);

    /* One line is one result: a newline inside a text would forge a second one. */
    for (char *c = line; *c; c++) {
        if (*c == '\n' || *c == '\r') {
            *c = ' ';
        }
    }
    len = strlen(line);
    line[len++] = '\n';

    /* Nobody is left to tell if the console does not take it. */
    rc = write(STDOUT_FILENO, line, len);
    (void)rc;
}

struct outcome *outcome(struct outcome *o, enum result r, const char *fmt, ...)
{
    va_list ap;

    o->result = r;
    va_start(ap, fmt);
    vsnprintf(o->text, sizeof(o->text), fmt, ap);
    va_end(ap);
    return o;
}

bool file_read(const char *path, char *buf, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t have = 0;
    ssize_t n;

    if (fd < 0) {
        return false;
    }
    while (have < size - 1 && (n = read(fd, buf + have, size - 1 - have)) > 0) {
        have += n;
    }
    close(fd);
    while (have && (buf[have - 1] == '\n' || buf[have - 1] == ' ')) {
        have--;
    }
    buf[have] = '\0';
    return true;
}

bool file_write(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    ssize_t n;

    if (fd < 0) {
        return false;
    }
    n = write(fd, text, strlen(text));
    close(fd);
    return n == (ssize_t)strlen(text);
}
