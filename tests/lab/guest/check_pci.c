/* SPDX-License-Identifier: MIT */
/*
 * What is promised: a device that was taken out of the guest is gone, one that was given to it is
 * there, and each BAR has a place from the firmware but those that there is none for.
 *
 * What could go wrong: the log says that a device was taken out, and its configuration space still
 * answers; a BAR was left without an address unnoticed, and the guest's kernel found one; or the
 * kernel found none either and forgot the BAR, so that nobody misses it.
 *
 * So the kernel is asked to look at every slot again, and each device's identity is read from its
 * own configuration space: sysfs keeps what the kernel saw once. Which BARs the firmware had left
 * without an address is only in the kernel's log (pci_left()): by now it has placed them, or has
 * given up. unplaced= names all of them, or is "none".
 */
#include "guest.h"

#include <stdio.h>
#include <stdlib.h>         /* strtoul */
#include <string.h>

#define MAX_NAMED 16

/* "A.B+A.B...", hexadecimal, each of FIELDS numbers. False, and O an error: it is not. */
static bool numbers(struct params *p, const char *key, unsigned int fields,
                    unsigned long (*v)[3], unsigned int *nr, struct outcome *o)
{
    const char *s = param_string(p, key, NULL);

    *nr = 0;
    while (s) {
        char *end = (char *)s;

        for (unsigned int k = 0; end && k < fields; k++) {
            const char *from = end;

            v[*nr][k] = strtoul(from, &end, 16);
            if (end == from || (k + 1 < fields && *end++ != '.')) {
                end = NULL;
            }
        }
        if (!end || (*end && *end != '+') || ++*nr == MAX_NAMED) {
            outcome(o, ERROR, "parameter '%s': %u hexadecimal numbers with points between, and "
                    "then '+' and more", key, fields);
            return false;
        }
        s = *end ? end + 1 : NULL;
    }
    return true;
}

static bool is_at(const struct pci_dev *d, unsigned long slot, unsigned long function)
{
    char bdf[16];

    snprintf(bdf, sizeof(bdf), "0000:00:%02lx.%lx", slot & 0x1f, function & 7);
    return !strcmp(d->bdf, bdf);
}

/* The device that is there now and is a V[0]:V[1], or is in slot V[0], function V[1]. */
static const struct pci_dev *find(const struct pci *pci, const unsigned long *v, bool by_place)
{
    for (unsigned int i = 0; i < pci->nr; i++) {
        const struct pci_dev *d = &pci->d[i];
        uint16_t id[2];

        /* What has gone reads all ones. */
        if (!pci_config(d, 0, id, sizeof(id)) || id[0] == 0xffff) {
            continue;
        }
        if (by_place ? is_at(d, v[0], v[1]) : id[0] == v[0] && id[1] == v[1]) {
            return d;
        }
    }
    return NULL;
}

/* Who is there, for whoever claimed something else. */
static void describe(const struct pci *pci, char *text, size_t size)
{
    for (unsigned int i = 0; i < pci->nr; i++) {
        uint16_t id[2] = { 0xffff, 0xffff };

        pci_config(&pci->d[i], 0, id, sizeof(id));
        append(text, size, " %s=%x.%x", pci->d[i].bdf + 5, id[0], id[1]);
    }
}

static const struct { const char *key; bool there, by_place; } claims[] = {
    { "present", true, false }, { "absent", false, false },
    { "present-at", true, true }, { "absent-at", false, true },
};

/* False: O says what is not as claimed. */
static bool check_claims(const struct pci *pci, struct params *p, unsigned int *nr_claims,
                         struct outcome *o)
{
    unsigned long v[MAX_NAMED][3];
    unsigned int nr;

    *nr_claims = 0;
    for (unsigned int k = 0; k < sizeof(claims) / sizeof(claims[0]); k++) {
        if (!numbers(p, claims[k].key, 2, v, &nr, o)) {
            return false;
        }
        for (unsigned int i = 0; i < nr; i++) {
            const struct pci_dev *d = find(pci, v[i], claims[k].by_place);

            ++*nr_claims;
            if (!d == claims[k].there) {
                outcome(o, FAILURE, "%s=%lx.%lx: %s%s among %u PCI devices:", claims[k].key,
                        v[i][0], v[i][1], d ? "there is " : "no such device", d ? d->bdf : "",
                        pci->nr);
                describe(pci, o->text, sizeof(o->text));
                return false;
            }
        }
    }
    return true;
}

static bool named(const struct pci_dev *d, unsigned int bar, unsigned long (*v)[3],
                  unsigned int nr)
{
    for (unsigned int i = 0; i < nr; i++) {
        if (is_at(d, v[i][0], v[i][1]) && v[i][2] == bar) {
            return true;
        }
    }
    return false;
}

/* All BARs without a place from the firmware are those named, and the reverse. */
static bool check_places(const struct pci *pci, struct params *p, unsigned int *nr_unplaced,
                         struct outcome *o)
{
    unsigned long v[MAX_NAMED][3];
    unsigned int nr = 0, placed = 0;

    *nr_unplaced = 0;
    if (strcmp(param_string(p, "unplaced", "none"), "none") &&
        !numbers(p, "unplaced", 3, v, &nr, o)) {
        return false;
    }
    for (unsigned int i = 0; i < pci->nr; i++) {
        for (unsigned int n = 0; n < PCI_BARS; n++) {
            const struct pci_dev *d = &pci->d[i];
            const struct pci_bar *b = &d->bar[n];
            bool left = b->unset || b->left;

            placed += b->r.end && !left;
            *nr_unplaced += left;
            if (left && !named(d, n, v, nr)) {
                outcome(o, FAILURE, "the firmware left BAR %u of %s without an address%s", n,
                        d->bdf, b->r.end && !b->unset ? "; the kernel found one" : "");
                return false;
            }
            if (!left && named(d, n, v, nr)) {
                outcome(o, FAILURE, "BAR %u of %s was to be without an address, but %s%llx", n,
                        d->bdf, b->r.end ? "is at 0x" : "there is none: 0x",
                        (unsigned long long)b->r.start);
                return false;
            }
        }
    }
    if (*nr_unplaced != nr) {
        outcome(o, FAILURE, "%u BARs are without an address from the firmware, unplaced= names "
                "%u: is each of those devices there?", *nr_unplaced, nr);
        return false;
    }
    if (!placed) {
        outcome(o, ERROR, "no BAR of any device has an address: nothing to compare with");
        return false;
    }
    return true;
}

static void run(struct params *p, struct outcome *o)
{
    static struct pci pci;
    unsigned int nr_claims, nr_unplaced = 0;
    bool places = param_given(p, "unplaced");
    char path[300];

    snprintf(path, sizeof(path), "%s/sys/bus/pci/rescan", fs_root);
    if (!file_write(path, "1") || !pci_read(&pci)) {
        outcome(o, ERROR, "sysfs: cannot look at the PCI bus again");
        return;
    }
    if (places && !pci_left(&pci)) {
        outcome(o, ERROR, "/dev/kmsg cannot be read, or not from its beginning");
        return;
    }
    if (!check_claims(&pci, p, &nr_claims, o) ||
        (places && !check_places(&pci, p, &nr_unplaced, o)) || !params_ok(p, o)) {
        return;
    }
    if (!nr_claims && !places) {
        outcome(o, ERROR, "nothing was claimed (memmap-guest --list names the parameters)");
        return;
    }
    outcome(o, SUCCESS, "%u PCI devices, %u claims true%s", pci.nr, nr_claims, places ?
            "; BARs without an address from the firmware: those named" : "");
}

const struct check check_pci = {
    .name = "pci",
    .summary = "devices are there or not, by configuration space; BARs without a place",
    .params = "present=VENDOR.DEVICE+... absent=VENDOR.DEVICE+... present-at=SLOT.FUNCTION+... "
              "absent-at=SLOT.FUNCTION+... (hexadecimal) unplaced=none|SLOT.FUNCTION.BAR+...",
    .run = run,
    .needs_modules = true,
};
