/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Xen's libraries: guest memory, and reserved device memory by a small model. */
#include "internal.h"
#include "hw/xen/xen-park.h"
#include "hw/xen/xen_native.h"
#include "system/xen.h"

#define MAX_REGIONS 600
#define MAX_DEVICES 64
#define GFN_END     (1ull << 32)    /* of the sparse file that is the guest */
#define LOW_PAGES   0xa0

struct xc_interface {
    int unused;
};
struct xenforeignmemory_handle {
    int unused;
};

static xc_interface xc;
static xenforeignmemory_handle fmem;
xc_interface *xen_xc = &xc;
xenforeignmemory_handle *xen_fmem = &fmem;
uint32_t xen_domid = HARNESS_DOMID;
bool xen_domid_restrict;

struct harness_xen harness_xen;

/* Guest memory */

static int guest = -1;              /* offset is guest physical address */
static uint8_t *low;
static GHashTable *absent;          /* gfns */
static unsigned int mappings;
static GPtrArray *pages;            /* what xen_page() mapped */

static struct {
    uint64_t gfn, pages;
} populated[MEMMAP_MAX_ENTRIES + 64];
static unsigned int nr_populated;

static void page_free(void *page)
{
    munmap(page, XC_PAGE_SIZE);
}

void xen_populate(uint64_t gfn, uint64_t nr)
{
    g_assert(nr_populated < ARRAY_SIZE(populated));
    populated[nr_populated].gfn = gfn;
    populated[nr_populated++].pages = nr;
}

void xen_build(uint64_t below_4g, uint64_t above_4g)
{
    if (guest < 0) {
        guest = memfd_create("guest", 0);
        g_assert(guest >= 0);
    }
    /* Empty once more, where it is mapped too. */
    g_assert(!ftruncate(guest, 0) && !ftruncate(guest, (off_t)GFN_END << 12));
    if (!low) {
        low = mmap(NULL, LOW_PAGES << 12, PROT_READ | PROT_WRITE, MAP_SHARED,
                   guest, 0);
        g_assert(low != MAP_FAILED);
    }
    nr_populated = 0;
    xen_populate(0, LOW_PAGES);
    xen_populate(0xc0, (below_4g >> 12) - 0xc0);
    xen_populate(1 << 20, above_4g >> 12);
}

uint8_t *harness_ram(uint64_t addr)
{
    g_assert(addr < LOW_PAGES << 12);
    return low + addr;
}

void harness_absent(uint64_t gfn)
{
    g_hash_table_add(absent, (void *)(uintptr_t)(gfn + 1));
}

static bool present(uint64_t gfn)
{
    unsigned int i;
    bool is = false;

    for (i = 0; i < nr_populated; i++) {
        is |= gfn - populated[i].gfn < populated[i].pages;
    }
    return is && !g_hash_table_contains(absent, (void *)(uintptr_t)(gfn + 1));
}

void *xen_page(uint64_t gfn)
{
    void *p = mmap(NULL, XC_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
                   guest, gfn << 12);

    g_assert(p != MAP_FAILED && present(gfn));
    g_ptr_array_add(pages, p);
    return p;
}

/* Take [gfn, gfn + nr) away; all of it was there. */
static void unpopulate(uint64_t gfn, uint64_t nr)
{
    unsigned int i, was = nr_populated;

    for (i = 0; i < was; i++) {
        uint64_t start = populated[i].gfn, end = start + populated[i].pages;

        if (gfn < start || gfn >= end) {
            continue;
        }
        g_assert(gfn + nr <= end);
        populated[i].pages = gfn - start;
        xen_populate(gfn + nr, end - gfn - nr);
    }
}

/* As Xen moves pages: one after the other, until one is not there. */
int xen_relocate_memory(uint64_t nr, uint64_t from, uint64_t to)
{
    int fault = harness_fault("relocate");
    uint64_t i;

    harness_event("relocate %" PRIx64 "+%" PRIx64 " to %" PRIx64 "%s", from, nr,
                  to, fault ? " fails" : "");
    for (i = 0; !fault && i < nr; i++) {
        if (!present(from + i)) {
            fault = EINVAL;
        }
    }
    if (fault) {
        errno = fault;
        return -1;
    }
    unpopulate(from, nr);
    xen_populate(to, nr);
    return 0;
}

static uint64_t shown = UINT64_MAX;

void harness_show(uint64_t addr)
{
    shown = addr;
}

bool xen_is_shown(ram_addr_t addr)
{
    return addr == shown;
}

uint64_t harness_populated(uint64_t gfn, uint64_t nr)
{
    uint64_t i, count = 0;

    for (i = 0; i < nr; i++) {
        count += present(gfn + i);
    }
    return count;
}

uint8_t *harness_page(uint64_t gfn)
{
    return xen_page(gfn);
}

/* A page that is not there is mapped to nothing, as it is by Xen. */
void *xenforeignmemory_map(xenforeignmemory_handle *f, uint32_t dom, int prot,
                           size_t nr, const xen_pfn_t pfn[], int err[])
{
    int fault = harness_fault("foreign");
    uint8_t *p;
    size_t i;

    g_assert(f == &fmem && dom == HARNESS_DOMID && err);
    if (fault) {
        errno = fault;
        return NULL;
    }
    p = mmap(NULL, nr * XC_PAGE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
             -1, 0);
    g_assert(p != MAP_FAILED);
    for (i = 0; i < nr; i++) {
        err[i] = present(pfn[i]) ? 0 : -EINVAL;
        if (!err[i]) {
            g_assert(mmap(p + i * XC_PAGE_SIZE, XC_PAGE_SIZE, prot,
                          MAP_SHARED | MAP_FIXED, guest,
                          (off_t)pfn[i] << 12) != MAP_FAILED);
        }
    }
    mappings++;
    return p;
}

int xenforeignmemory_unmap(xenforeignmemory_handle *f, void *addr, size_t nr)
{
    g_assert(f == &fmem && mappings);
    mappings--;
    return munmap(addr, nr * XC_PAGE_SIZE);
}

unsigned int xen_open_mappings(void)
{
    return mappings;
}

void xen_hvm_modified_memory(ram_addr_t start, ram_addr_t length)
{
    harness_event("modified %" PRIx64 "+%" PRIx64, start, length);
}

/* Reserved device memory: libxc's calls in terms of harness_xen */

/* What succeeds leaves anything in errno. */
static int answer(int rc)
{
    errno = rc < 0 ? -rc : EDOM;
    return rc < 0 ? -1 : 0;
}

/* The event, or the fault that the test asked for. */
static int asked(const char *name, uint64_t gfn, uint64_t nr)
{
    int fault = harness_fault(name);

    harness_event("%s %" PRIx64 "+%" PRIx64 "%s", name, gfn, nr,
                  fault ? " fails" : "");
    return -fault;
}

int xc_reserved_device_memory_map(xc_interface *xch, uint32_t flags,
                                  uint16_t seg, uint8_t bus, uint8_t devfn,
                                  struct xen_reserved_device_memory entries[],
                                  uint32_t *max_entries)
{
    struct harness_region r[MAX_REGIONS];
    uint32_t sbdf = (uint32_t)seg << 16 | bus << 8 | devfn, i;
    int fault = harness_fault("reserved"), nr;

    g_assert(xch == &xc && !(flags & ~XENMEM_RDM_ALL));
    if (fault) {
        return answer(-fault);
    }
    nr = harness_xen.reserved(harness_xen.opaque, flags & XENMEM_RDM_ALL, sbdf,
                              r, MAX_REGIONS);
    if (nr < 0) {
        return answer(nr);
    }
    g_assert(nr <= MAX_REGIONS);
    for (i = 0; i < MIN((uint32_t)nr, *max_entries); i++) {
        entries[i].start_pfn = r[i].gfn;
        entries[i].nr_pages = r[i].pages;
    }
    fault = (uint32_t)nr > *max_entries ? ENOBUFS : 0;
    *max_entries = nr;
    return answer(-fault);
}

int xc_domain_iomem_permission(xc_interface *xch, uint32_t domid,
                               unsigned long first_mfn, unsigned long nr_mfns,
                               uint8_t allow_access)
{
    int rc;

    g_assert(xch == &xc && domid == HARNESS_DOMID);
    /* Since 4.20.4 Xen looks at the range before it looks at who asks. */
    if (first_mfn + nr_mfns - 1 < first_mfn) {
        return answer(-EINVAL);
    }
    /* No device's, no guest has it: asked for to see whether one may. */
    if (first_mfn == 1 && nr_mfns == 1 && !allow_access) {
        return answer(-harness_fault("privilege"));
    }
    rc = asked(allow_access ? "permit" : "forbid", first_mfn, nr_mfns);
    return answer(rc ?: harness_xen.permit(harness_xen.opaque, first_mfn,
                                           nr_mfns, allow_access));
}

int xc_domain_memory_mapping(xc_interface *xch, uint32_t domid,
                             unsigned long first_gfn, unsigned long first_mfn,
                             unsigned long nr_mfns, uint32_t add_mapping)
{
    bool add = add_mapping == DPCI_ADD_MAPPING;
    int rc = asked(add ? "map" : "unmap", first_gfn, nr_mfns);

    g_assert(xch == &xc && domid == HARNESS_DOMID);
    return answer(rc ?: harness_xen.map(harness_xen.opaque, first_gfn,
                                        first_mfn, nr_mfns, add));
}

/* As Xen's call: not 0 if somebody has it, or nobody; and each of those it logs. */
int xc_test_assign_device(xc_interface *xch, uint32_t domid, uint32_t sbdf)
{
    int fault = harness_fault("assigned");

    g_assert(xch == &xc && domid == HARNESS_DOMID);
    if (fault) {
        return answer(-fault);
    }
    return answer(harness_xen.assigned(harness_xen.opaque, sbdf) ? -EINVAL : 0);
}

/* The model */

static struct harness_region region[MAX_REGIONS];
static unsigned int nr_regions;
static uint32_t assigned[MAX_DEVICES], foreign[MAX_DEVICES];
static unsigned int nr_assigned, nr_foreign, asked_whose;
static GHashTable *mapped, *permitted;      /* gfns, which are mfns */

static int model_reserved(void *opaque, bool all, uint32_t sbdf,
                          struct harness_region *r, unsigned int room)
{
    unsigned int i, nr = 0;

    for (i = 0; i < nr_regions; i++) {
        if ((all || region[i].sbdf == sbdf) && nr++ < room) {
            r[nr - 1] = region[i];
        }
    }
    return nr;
}

static void set_pages(GHashTable *set, uint64_t gfn, uint64_t nr, bool on)
{
    for (; nr; gfn++, nr--) {
        if (on) {
            g_hash_table_add(set, (void *)(uintptr_t)(gfn + 1));
        } else {
            g_hash_table_remove(set, (void *)(uintptr_t)(gfn + 1));
        }
    }
}

static uint64_t count_pages(GHashTable *set, uint64_t gfn, uint64_t nr)
{
    uint64_t count = 0;

    for (; nr; gfn++, nr--) {
        count += g_hash_table_contains(set, (void *)(uintptr_t)(gfn + 1));
    }
    return count;
}

static int model_permit(void *opaque, uint64_t mfn, uint64_t nr, bool allow)
{
    set_pages(permitted, mfn, nr, allow);
    return 0;
}

static int model_map(void *opaque, uint64_t gfn, uint64_t mfn, uint64_t nr,
                     bool add)
{
    g_assert(gfn == mfn);
    if (count_pages(permitted, mfn, nr) != nr) {
        return -EPERM;
    }
    set_pages(mapped, gfn, nr, add);
    return 0;
}

static bool is_in(const uint32_t *set, unsigned int nr, uint32_t sbdf)
{
    while (nr--) {
        if (set[nr] == sbdf) {
            return true;
        }
    }
    return false;
}

static bool model_assigned(void *opaque, uint32_t sbdf)
{
    asked_whose++;
    return is_in(assigned, nr_assigned, sbdf) || is_in(foreign, nr_foreign, sbdf);
}

void harness_reserve(uint32_t sbdf, uint64_t gfn, uint64_t nr)
{
    g_assert(nr_regions < MAX_REGIONS);
    region[nr_regions++] = (struct harness_region) { sbdf, gfn, nr };
}

void harness_assign(uint32_t sbdf, bool is)
{
    unsigned int i;

    for (i = 0; i < nr_assigned; i++) {
        if (assigned[i] == sbdf) {
            assigned[i] = assigned[--nr_assigned];
        }
    }
    if (is) {
        g_assert(nr_assigned < MAX_DEVICES);
        assigned[nr_assigned++] = sbdf;
    }
    store_note_devices(assigned, nr_assigned);
}

void harness_foreign(uint32_t sbdf)
{
    g_assert(nr_foreign < MAX_DEVICES);
    foreign[nr_foreign++] = sbdf;
}

void harness_forget(uint32_t sbdf)
{
    harness_assign(sbdf, true);
    nr_assigned--;
}

unsigned int harness_asked_whose(void)
{
    return asked_whose;
}

void harness_map(uint64_t gfn, uint64_t nr)
{
    set_pages(mapped, gfn, nr, true);
}

uint64_t harness_mapped(uint64_t gfn, uint64_t nr)
{
    return count_pages(mapped, gfn, nr);
}

uint64_t harness_permitted(uint64_t gfn, uint64_t nr)
{
    return count_pages(permitted, gfn, nr);
}

static GHashTable *set_new(GHashTable **set)
{
    g_clear_pointer(set, g_hash_table_unref);
    return *set = (g_hash_table_new_full)(NULL, NULL, NULL, NULL);
}

void xen_reset(void)
{
    set_new(&absent);
    set_new(&mapped);
    set_new(&permitted);
    g_clear_pointer(&pages, g_ptr_array_unref);
    pages = g_ptr_array_new_with_free_func(page_free);
    nr_regions = nr_assigned = nr_foreign = asked_whose = mappings = 0;
    shown = UINT64_MAX;
    xen_domid_restrict = false;
    harness_xen = (struct harness_xen) {
        .reserved = model_reserved,
        .permit = model_permit,
        .map = model_map,
        .assigned = model_assigned,
    };
}
