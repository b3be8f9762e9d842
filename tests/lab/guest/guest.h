/* SPDX-License-Identifier: MIT */
/*
 * memmap-guest: the workload inside the lab's guest.
 *
 * One static program, run as /init from an initramfs. It asks the guest
 * kernel for what it knows (E820, PCI resources, physical addresses of its own pages), puts
 * memory and devices to work, and prints one line per check on the serial console. The lab's
 * driver outside reads those lines; nothing else leaves the guest.
 *
 * What it must never do:
 *  - ask Xen. No hypercall, no xenstore, no PV driver: a check that knew it runs under Xen could
 *    be satisfied by what Xen says of itself. The guest judges by what its memory and its
 *    devices do. (What Xen says is compared from outside, by tests/lab/views.)
 *  - write to memory that the kernel neither gave it nor was told to leave alone, or to a disk
 *    other than the one named by serial number.
 *  - call a missing precondition a success. There are four results, as in the Xen Test
 *    Framework: success, skip (not applicable here), error (the lab's fault: the check could
 *    not be carried out), failure (the stack's fault: the check was carried out and is wrong).
 *  - let one check depend on another's outcome. Each runs in a child process of its own, in the
 *    order given, and leaves nothing behind but what it wrote to the disk.
 */
#ifndef MEMMAP_GUEST_H
#define MEMMAP_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_SHIFT 12
#define PAGE_SIZE  (1ul << PAGE_SHIFT)
#define CHUNK_SIZE (2ul << 20)          /* the superpage in which RAM is handed around */
#define CHUNK_PAGES (CHUNK_SIZE / PAGE_SIZE)
#define FOUR_GIB   (1ull << 32)

/* Bytes; END is the first address that does not belong to the range. */
struct range {
    uint64_t start, end;
};

/* ---- results (report.c) ---------------------------------------------------------------- */

enum result { SUCCESS, SKIP, ERROR, FAILURE };

struct outcome {
    enum result result;
    char text[600];
};

/* Fill O in and return it, so that a check can end with `return outcome(...)`. */
struct outcome *outcome(struct outcome *o, enum result r, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* One line "memmap-guest: ..." in a single write: the console is slow and shared. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Append to BUF of SIZE bytes, silently cut: for texts made of several pieces. */
void append(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* ---- a check and its parameters (params.c) ---------------------------------------------- */

#define PARAMS_MAX 16

struct params {
    unsigned int nr;
    struct { const char *key, *value; bool used; } p[PARAMS_MAX];
    char bad[160];              /* first complaint; empty when all is well */
    unsigned int attempt;       /* 0, then 1 when the first one was killed for lack of memory */
};

struct check {
    const char *name;
    const char *summary;
    const char *params;         /* for --list */
    void (*run)(struct params *p, struct outcome *o);
    bool needs_modules;         /* wait for the loader: a device driver or a quiet kernel */
};

extern const struct check check_e820, check_ram, check_nvme, check_bar, check_irq,
                          check_hostile, check_vga, check_dma, check_s3, check_reboot, check_pci,
                          check_smbios, check_disk, check_life, check_watchdog, check_plug;

/* ARG is "key=value,key=value" or NULL; it is cut up in place. */
void params_parse(struct params *p, char *arg);

/* Each marks its key as known. Sizes take decimal or 0x, and a suffix K, M or G. */
uint64_t param_size(struct params *p, const char *key, uint64_t otherwise);
const char *param_string(struct params *p, const char *key, const char *otherwise);
bool param_given(const struct params *p, const char *key);

/* "0xS-0xE+0xS-0xE...": at most MAX ranges; the number of them. */
unsigned int param_ranges(struct params *p, const char *key, struct range *r, unsigned int max);

/* False, with O an error, if a value was malformed or a key is not one the check asked for. */
bool params_ok(struct params *p, struct outcome *o);

/* ---- the firmware's memory map (e820.c) -------------------------------------------------- */

#define E820_MAX 128

struct e820_entry {
    struct range r;
    char type[40];              /* the kernel's words: "System RAM", "Reserved", ... */
    bool ram;
};

struct e820 {
    unsigned int nr;
    struct e820_entry e[E820_MAX];
};

/*
 * /sys/firmware/memmap: what the firmware reported, before the kernel's command line or the
 * kernel itself changed anything. Sorted by start. False if it cannot be read.
 */
bool e820_read(struct e820 *m);

/* What a BIOS may keep at the end of low RAM, in bytes. SeaBIOS: BUILD_MAX_HIGHTABLE. */
#define E820_FIRMWARE_MAX (16ull << 20)

/*
 * Where RAM below and above 4 GiB ends, the firmware's share behind the last low RAM included;
 * 0: there is none.
 */
void e820_ram_ends(const struct e820 *m, uint64_t *low, uint64_t *high);

/* Folder that stands for "/" in e820.c and pci.c; only the program's own tests change it. */
extern const char *fs_root;

/* ---- PCI through sysfs (pci.c) ------------------------------------------------------------ */

#define PCI_MAX 256
#define PCI_BARS 6
#define PCI_CLASS_NVME 0x010802u

struct pci_bar {
    struct range r;             /* empty: no such BAR, or not a memory BAR */
    bool unset;                 /* the BAR exists but has no address */
    bool left;                  /* nor had it one from the firmware (pci_left()) */
};

struct pci_dev {
    char bdf[16];
    uint32_t class;
    uint16_t vendor, device;
    struct pci_bar bar[PCI_BARS];
};

struct pci {
    unsigned int nr;
    struct pci_dev d[PCI_MAX];
};

bool pci_read(struct pci *p);

/* The BARs in a device's file "resource" of sysfs. */
void pci_read_bars(struct pci_dev *d, const char *resource);

/*
 * Mark the memory BARs that the firmware left without an address. What the kernel then did about
 * each is in its log only: one that it could not place either is not in sysfs any more. False if
 * the log cannot be read, or not from its beginning.
 */
bool pci_left(struct pci *p);

/* The same for one LINE of the log. */
void pci_left_line(struct pci *p, const char *line);

/* SIZE bytes from offset AT of the device's configuration space, as it is now. */
bool pci_config(const struct pci_dev *d, unsigned int at, void *to, size_t size);

/* Write SIZE bytes there, in one access. */
bool pci_write(const struct pci_dev *d, unsigned int at, const void *from, size_t size);

/* The NVMe controller with a controller memory buffer: a second memory BAR of MIN bytes. */
const struct pci_dev *pci_find_cmb(const struct pci *p, uint64_t min);

/* Keep every driver off the device; one that has it lets go. */
bool pci_keep_off(const struct pci_dev *d);

#define PCI_COMMAND          4      /* PCI Local Bus Specification 3.0, 6.2.2 */
#define PCI_COMMAND_MEMORY   0x002
#define PCI_COMMAND_MASTER   0x004
#define PCI_COMMAND_INTX_OFF 0x400

/* All of BAR N, uncached; NULL, and ERR says why. */
void *pci_map_bar(const struct pci_dev *d, unsigned int n, int *err);

/* Write BITS to the device's command register. */
bool pci_set_command(const struct pci_dev *d, uint16_t bits);

/* ---- kernel log (kmsg.c) -------------------------------------------------------------------- */

/*
 * The first message that contains ALL of word and one of ANY (NULL-terminated; NULL: anything),
 * without its time stamp. False if there is none.
 */
bool kmsg_find(const char *word, const char *const *any, char *line, size_t size);

/*
 * Call EACH for every message, oldest first, until it returns true. False if the log cannot be
 * read; *WHOLE: it still begins with the first message of this boot.
 */
bool kmsg_each(bool (*each)(void *arg, const char *line), void *arg, bool *whole);

/* ---- kernel modules (modules.c) ------------------------------------------------------------- */

/* Load those of /lib/modules/order, meanwhile. */
void modules_start(void);

/* Until they are loaded, or will not be. */
void modules_wait(void);

/*
 * What CMDLINE says for the module in FILE: "nvme_core.io_timeout=5" is "io_timeout=5 " for
 * nvme-core.ko.xz. The kernel does that for what is built in, modprobe for modules.
 */
void module_params(const char *cmdline, const char *file, char *params, size_t size);

/* ---- small files (report.c) ------------------------------------------------------------------ */

/* Contents of a short file without its trailing newline; false if unreadable. */
bool file_read(const char *path, char *buf, size_t size);
bool file_write(const char *path, const char *text);

/* ---- pages with known physical addresses (physmem.c) ----------------------------------------- */

/*
 * RAM, each page's frame number known: all that the kernel was told to leave alone, or as much as
 * it gives one process, locked and not moved behind our back. One at a time per process; the
 * process's end gives everything back.
 */
struct physmem {
    uint64_t left;              /* RAM from this address on is the kernel's no more; 0: all is */
    char *base;                 /* page i is at base + i * PAGE_SIZE */
    uint64_t *pfn;              /* its frame number, 0: we do not hold it */
    size_t nr;                  /* indices in use */
    size_t held;                /* pages held */
    size_t singles, singles_end;    /* indices of those taken one by one */
    uint64_t floor;             /* bytes of free memory to stop at */
    char trouble[160];          /* why it could not be done; empty when it could */
};

bool physmem_acquire(struct physmem *m, const struct e820 *map, unsigned int attempt);

/*
 * Exchange some of the pages held for others, out of the largest free blocks there are: for a
 * caller who finds free memory where it holds nothing. At most 15 times.
 */
bool physmem_more(struct physmem *m);

/* Re-read the frame numbers; the number of pages that are not where they were. */
size_t physmem_moved(const struct physmem *m);

/* Frame number of the page at P; 0 if unknown. P must have been touched. */
uint64_t physmem_pfn(const void *p);

/* A locked page of ordinary RAM, zeroed, that a device may be told about; NULL if there is none. */
void *physmem_page(uint64_t *address);

/* Give back every page but those whose index is in KEEP (sorted ascending). */
void physmem_keep(struct physmem *m, const size_t *keep, size_t nr_keep);

/* What /proc/kpageflags says of N frames from PFN on. False if it cannot be read. */
bool kpageflags_read(uint64_t pfn, uint64_t *flags, size_t n);
#define KPF_BUDDY  (1ull << 10)
#define KPF_NOPAGE (1ull << 20)

/* Sysctls that keep pages where they are; called once before the first check. */
void physmem_settle_kernel(void);

/*
 * From where on the kernel was told to leave RAM alone, by memmap=SIZE%FROM-1+2 in CMDLINE, which
 * calls it reserved instead; 0: it was not.
 */
uint64_t physmem_left(const char *cmdline);

/* ---- RAM in pieces (pieces.c) ---------------------------------------------------------------- */

#define PIECES_MAX 16384        /* 32 GiB */

/* What of an aligned 2 MiB lies in one entry of the firmware's map, whole pages. */
struct piece {
    struct range r;
    unsigned int entry;         /* of the map */
    size_t held;                /* pages */
    size_t lowest, highest;     /* their indices in physmem; if any is held */
};

struct pieces {
    unsigned int nr;
    struct piece p[PIECES_MAX]; /* by address */
};

/* All RAM of MAP; false: too much. */
bool pieces_cut(struct pieces *p, const struct e820 *map);

/* Which pages M holds of each. 0, or the address of a page held that is in none. */
uint64_t pieces_fill(struct pieces *p, const struct physmem *m);

/* Is every page of RAM from FROM on held? If not, BAD has the first piece that lacks one. */
bool pieces_whole(const struct pieces *p, uint64_t from, char *bad, size_t size);

/*
 * Bytes of the pieces of which nothing is held, those that touch IN (NULL: all); TEXT gets their
 * addresses.
 */
uint64_t pieces_unreached(const struct pieces *p, const struct range *in, char *text, size_t size);

/* The number of pieces held of one ENTRY of the map, and the outermost two. */
unsigned int pieces_entry(const struct pieces *p, unsigned int entry, const struct piece **lowest,
                          const struct piece **highest);

/* ---- what RAM is filled with (rampattern.c) ---------------------------------------------------- */

#define PAGE_WORDS (PAGE_SIZE / sizeof(uint64_t))

struct ram_bad {
    size_t pages;
    uint64_t address, got, want;        /* of the lowest one */
};

/* Every STRIDE-th word of each page held gets a pattern that names its frame. */
void ram_write(const struct physmem *m, size_t stride);

/* Are they there? */
void ram_verify(const struct physmem *m, size_t stride, struct ram_bad *bad);

/* O is a failure that says what was found instead. */
void ram_explain(const struct ram_bad *bad, struct outcome *o);

/* ---- memory types (mtrr.c) -------------------------------------------------------------------- */

/* LINE of /proc/mtrr: a range that must not be cached? */
bool mtrr_uncached(const char *line, struct range *r);

/* BAD, empty at first, gets the first RAM that must not be cached. False: it cannot be known. */
bool mtrr_over_ram(const struct e820 *map, char *bad, size_t size);

/* ---- NVMe as Linux shows it (nvmedev.c) -------------------------------------------------------- */

struct nvmedev {
    char ctrl[32];              /* "nvme0" */
    char bdf[16];
    unsigned int block_bytes;   /* of a logical block */
    char block[48];             /* "/dev/nvme0n1" */
    uint64_t bytes;
};

/*
 * Wait up to TIMEOUT seconds for the namespace of the controller with this serial number. On
 * false WHY holds the kernel's own words, as far as it had any.
 */
bool nvmedev_find(const char *serial, unsigned int timeout, struct nvmedev *d,
                  char *why, size_t size);

/* Take Linux' driver off the disk's controller, or put it there again. */
bool nvmedev_bind(const struct nvmedev *d, bool bind);

/* ---- an ATA disk as Linux shows it (atadev.c) -------------------------------------------------- */

/* The same for a disk on AHCI; ctrl and bdf stay empty. */
bool atadev_find(const char *serial, unsigned int timeout, struct nvmedev *d, char *why,
                 size_t size);

/* ---- an NVMe controller driven from user space (nvmeq.c) ---------------------------------------- */

/* A submission queue and the completion queue that goes with it, a page each. */
struct nvme_ring {
    unsigned int id, tail, head, phase;
    struct nvme_sqe *sq;
    volatile struct nvme_cqe *cq;
    uint64_t sq_phys, cq_phys;
};

struct nvmeq {
    volatile uint32_t *regs;
    struct nvme_ring admin, io;
    uint64_t data_phys;
    uint8_t *data;              /* one page of ordinary RAM for the controller's DMA */
    unsigned int cid;
    char trouble[160];
};

bool nvmeq_start(struct nvmeq *q, volatile void *regs);
void nvmeq_stop(struct nvmeq *q);

/* A page to use and its bus address. */
struct nvme_page {
    void *p;
    uint64_t address;
};

/* After nvmeq_start(): a pair of queues for the disk's blocks, in these pages, which are zeroed. */
bool nvmeq_start_io(struct nvmeq *q, const struct nvme_page *sq, const struct nvme_page *cq);

#define NVME_BATCH 32           /* pages in one command: enough for a list of them */

/*
 * Move the NR pages at the bus addresses AT to or from the disk, from its block LBA on, LBAS of
 * which are a page. LIST is where the addresses are listed.
 */
bool nvmeq_blocks(struct nvmeq *q, bool to_disk, const uint64_t *at, unsigned int nr, uint64_t lba,
                  unsigned int lbas, const struct nvme_page *list);

/* The three commands the BAR check needs; PRP is a bus address. False: q->trouble says why. */
bool nvmeq_identify(struct nvmeq *q, uint64_t prp);
bool nvmeq_set_timestamp(struct nvmeq *q, uint64_t prp);
bool nvmeq_get_timestamp(struct nvmeq *q, uint64_t prp);

#endif
