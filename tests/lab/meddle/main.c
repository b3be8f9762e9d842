/* SPDX-License-Identifier: MIT */
#include "meddle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int number(const char *word, long *n)
{
    char *end;

    *n = strtol(word, &end, 0);
    return *word && !*end;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    long domid, mfn, n, pages;

    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc == 3 && !strcmp(what, "hog")) {
        return hog(argv[2]);
    }
    if (argc == 4 && !strcmp(what, "no-iomem") && number(argv[2], &mfn) && mfn > 0 &&
        number(argv[3], &n) && n > 0) {
        return no_iomem(mfn, n);
    }
    if (argc == 4 && !strcmp(what, "noise")) {
        return noise(argv[2], argv[3]);
    }
    if (argc == 6 && !strcmp(what, "relocate") && number(argv[2], &domid) && domid > 0 &&
        number(argv[3], &mfn) && number(argv[4], &n) && number(argv[5], &pages) && pages > 0) {
        return relocate(domid, mfn, n, pages);
    }
    if (argc == 5 && !strcmp(what, "move") && number(argv[2], &domid) && domid > 0 &&
        number(argv[3], &mfn) && number(argv[4], &n)) {
        return move_page(domid, mfn, n);
    }
    if (argc == 4 && number(argv[2], &domid) && domid > 0) {
        if (!strcmp(what, "poke") && number(argv[3], &n) && n > 0 && !(n & 7)) {
            return poke(domid, n);
        }
        if (!strcmp(what, "shutdown")) {
            return shut_down(domid, argv[3]);
        }
        if (!strcmp(what, "dirty-log") && (!strcmp(argv[3], "on") || !strcmp(argv[3], "off"))) {
            return dirty_log(domid, !strcmp(argv[3], "on"));
        }
        if (!strcmp(what, "quota") && number(argv[3], &n)) {
            return quota(domid, n);
        }
    }
    fprintf(stderr, "usage: meddle dirty-log DOMID on|off\n"
                    "       meddle quota DOMID PAGES\n"
                    "       meddle hog FILE\n"
                    "       meddle no-iomem MFN PAGES\n"
                    "       meddle move DOMID FROM TO\n"
                    "       meddle noise KEY FILE\n"
                    "       meddle poke DOMID ADDRESS\n"
                    "       meddle relocate DOMID FROM TO PAGES\n"
                    "       meddle shutdown DOMID soft-reset\n");
    return 2;
}
