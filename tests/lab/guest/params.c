/* SPDX-License-Identifier: MIT */
/* "key=value,key=value": the only way in for a check's figures. */
#include "guest.h"

#include <stdio.h>      /* snprintf */
#include <stdlib.h>     /* strtoull */
#include <string.h>

static void complain(struct params *p, const char *what, const char *key)
{
    if (!p->bad[0]) {
        snprintf(p->bad, sizeof(p->bad), "parameter '%.60s': %s", key, what);
    }
}

void params_parse(struct params *p, char *arg)
{
    char *save = NULL;

    memset(p, 0, sizeof(*p));
    for (char *s = arg ? strtok_r(arg, ",", &save) : NULL; s; s = strtok_r(NULL, ",", &save)) {
        char *eq = strchr(s, '=');

        if (!eq || eq == s) {
            complain(p, "want key=value", s);
            continue;
        }
        *eq = '\0';
        for (unsigned int i = 0; i < p->nr; i++) {
            if (!strcmp(p->p[i].key, s)) {
                complain(p, "given twice", s);
            }
        }
        if (p->nr == PARAMS_MAX) {
            complain(p, "too many parameters", s);
            return;
        }
        p->p[p->nr].key = s;
        p->p[p->nr].value = eq + 1;
        p->nr++;
    }
}

const char *param_string(struct params *p, const char *key, const char *otherwise)
{
    for (unsigned int i = 0; i < p->nr; i++) {
        if (!strcmp(p->p[i].key, key)) {
            p->p[i].used = true;
            return p->p[i].value;
        }
    }
    return otherwise;
}

bool param_given(const struct params *p, const char *key)
{
    for (unsigned int i = 0; i < p->nr; i++) {
        if (!strcmp(p->p[i].key, key)) {
            return true;
        }
    }
    return false;
}

/* One number from S on; NULL if there is none, else where it ended. */
static const char *number(const char *s, uint64_t *out)
{
    unsigned int shift = 0;
    char *end;

    if (*s < '0' || *s > '9') {
        return NULL;
    }
    *out = strtoull(s, &end, 0);
    switch (*end) {
    case 'K': shift = 10; end++; break;
    case 'M': shift = 20; end++; break;
    case 'G': shift = 30; end++; break;
    }
    if (*out << shift >> shift != *out) {
        return NULL;
    }
    *out <<= shift;
    return end;
}

uint64_t param_size(struct params *p, const char *key, uint64_t otherwise)
{
    const char *s = param_string(p, key, NULL), *end;
    uint64_t v;

    if (!s) {
        return otherwise;
    }
    end = number(s, &v);
    if (!end || *end) {
        complain(p, "want a number (0x... or decimal, suffix K, M or G)", key);
        return otherwise;
    }
    return v;
}

unsigned int param_ranges(struct params *p, const char *key, struct range *r, unsigned int max)
{
    const char *s = param_string(p, key, NULL);
    unsigned int n = 0;

    while (s) {
        if (n == max) {
            complain(p, "too many ranges", key);
            return n;
        }
        s = number(s, &r[n].start);
        if (s && *s == '-') {
            s = number(s + 1, &r[n].end);
        } else {
            s = NULL;
        }
        if (!s || (*s && *s != '+') || r[n].end <= r[n].start) {
            complain(p, "want START-END+START-END...", key);
            return n;
        }
        n++;
        s = *s ? s + 1 : NULL;
    }
    return n;
}

bool params_ok(struct params *p, struct outcome *o)
{
    for (unsigned int i = 0; i < p->nr; i++) {
        if (!p->p[i].used) {
            complain(p, "unknown to this check (memmap-guest --list names them)", p->p[i].key);
        }
    }
    if (p->bad[0]) {
        outcome(o, ERROR, "%s", p->bad);
        return false;
    }
    return true;
}
