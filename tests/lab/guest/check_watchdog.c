/* SPDX-License-Identifier: MIT */
/*
 * What is promised: an emulated watchdog that the guest itself fires resets the devices of a guest
 * that runs on, and leaves the memory-map device as it was. Whether it did is for the check
 * `hostile` to find out, which belongs behind this one; here is only that it fired.
 *
 * What could go wrong: nothing has been reset, so that nothing was shown. The watchdog forgets by
 * itself that it was running when it fires; but memory decode, which is switched on before, only a
 * reset of the system switches off.
 *
 * The watchdog is QEMU's i6300esb (Intel 6300ESB, datasheet of 2004, chapter 16), which needs
 * nothing but its configuration space: at 1 MHz its two stages take a second each, as they are
 * after a reset. Other devices are reset as well, so a check that needs a disk comes before.
 */
#include "guest.h"

#include <time.h>           /* nanosleep */

#define VENDOR      0x8086
#define DEVICE      0x25ab
#define CONFIG      0x60    /* 16 bits */
#define CONFIG_FAST 0x04    /* 1 MHz; bit 5 clear: it resets */
#define CONFIG_MUTE 0x03    /* no interrupt after the first stage */
#define LOCK        0x68    /* 8 bits */
#define LOCK_ENABLE 0x02

static const struct pci_dev *find(const struct pci *pci)
{
    for (unsigned int i = 0; i < pci->nr; i++) {
        uint16_t id[2];

        if (pci_config(&pci->d[i], 0, id, sizeof(id)) && id[0] == VENDOR && id[1] == DEVICE) {
            return &pci->d[i];
        }
    }
    return NULL;
}

static bool start(const struct pci_dev *d)
{
    const uint16_t config = CONFIG_FAST | CONFIG_MUTE;
    const uint8_t lock = LOCK_ENABLE;
    uint16_t command = 0;
    uint8_t is = 0;

    return pci_set_command(d, PCI_COMMAND_MEMORY) &&
           pci_write(d, CONFIG, &config, sizeof(config)) &&
           pci_write(d, LOCK, &lock, sizeof(lock)) &&
           pci_config(d, LOCK, &is, sizeof(is)) && is == lock &&
           pci_config(d, PCI_COMMAND, &command, sizeof(command)) &&
           (command & PCI_COMMAND_MEMORY);
}

static void run(struct params *p, struct outcome *o)
{
    static struct pci pci;
    const struct timespec tick = { .tv_nsec = 100000000 };
    unsigned int timeout = (unsigned int)param_size(p, "timeout", 60), i;
    const struct pci_dev *d;
    uint16_t command = 0;
    uint8_t lock = 0;

    if (!params_ok(p, o)) {
        return;
    }
    if (!pci_read(&pci) || !(d = find(&pci))) {
        outcome(o, ERROR, "no watchdog %x:%x among the PCI devices", VENDOR, DEVICE);
        return;
    }
    if (!start(d)) {
        outcome(o, ERROR, "the watchdog %s does not run", d->bdf);
        return;
    }
    for (i = 0; i < 10 * timeout; i++) {
        nanosleep(&tick, NULL);
        if (!pci_config(d, PCI_COMMAND, &command, sizeof(command)) ||
            !pci_config(d, LOCK, &lock, sizeof(lock))) {
            outcome(o, ERROR, "the configuration space of %s cannot be read", d->bdf);
            return;
        }
        if (!(command & PCI_COMMAND_MEMORY) && !(lock & LOCK_ENABLE)) {
            outcome(o, SUCCESS, "the watchdog %s has fired and been reset, after %u.%u s", d->bdf,
                    (i + 1) / 10, (i + 1) % 10);
            return;
        }
    }
    outcome(o, FAILURE, "the watchdog %s %s after %u s: command 0x%x, lock 0x%x", d->bdf,
            lock & LOCK_ENABLE ? "has not fired" : "has fired and reset nothing", timeout, command,
            lock);
}

const struct check check_watchdog = {
    .name = "watchdog",
    .summary = "the guest fires an emulated watchdog, which resets the devices",
    .params = "timeout=S (default 60)",
    .run = run,
};
