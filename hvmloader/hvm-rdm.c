/* SPDX-License-Identifier: GPL-2.0-only */
#include "hvm-rdm.h"
#include "hvm-print.h"
#include "rdm.h"

#include "../config.h"
#include "../util.h"

#include <xen/hvm/hvm_xs_strings.h>
#include <xen/arch-x86/hvm/start_info.h>

/* More than this a layout cannot have, nor QUERY or the E820 tell. */
#define MAX_RDM MEMMAP_MAX_ENTRIES

static struct memmap_range rdm_range[3 * MAX_RDM];
static struct memmap_layout rdm;
static struct memmap_range pin_range[64];
static struct memmap_layout pinned;

/* What is pinned: the aux of its range, and how a line ends for people. */
enum pin { PIN_LOW, PIN_IMAGE, PIN_MODULE, PIN_HT };

static const char *const pin_name[] = {
    [PIN_LOW] = "below 1 MiB",
    [PIN_IMAGE] = "under hvmloader",
    [PIN_MODULE] = "under what hvmloader was started with",
    [PIN_HT] = "where AMD's processors have HyperTransport's addresses",
};

/* Take @r into the raw table of @nr, if a guest can have it. */
static unsigned int add(unsigned int nr, const struct memmap_range *r)
{
    if ( memmap_range_end(r) > 1ull << (cpu_phys_addr() - PAGE_SHIFT) )
    {
        printf("memmap: ");
        memmap_print_rdm(r);
        printf(" is beyond what this guest can address, ignored\n");
        return nr;
    }
    rdm_range[nr] = *r;
    return nr + 1;
}

static unsigned int add_xenstore(unsigned int nr)
{
    unsigned int i;

    for ( i = 0; ; i++ )
    {
        struct memmap_range r;
        const char *text, *flaw;
        char path[40];

        snprintf(path, sizeof(path), HVM_XS_MEMORY_MAP_RDM "/%u", i);
        text = xenstore_read(path, NULL);
        if ( !text )
            return nr;
        if ( i == MAX_RDM )
            break;
        flaw = memmap_rdm_parse(text, &r);
        if ( flaw )
            printf("memmap: %s = \"%s\": %s, ignored\n", path, text, flaw);
        else
            nr = add(nr, &r);
    }

    printf("memmap: more than %u keys of reserved memory, the rest is ignored\n",
           MAX_RDM);
    return nr;
}

const struct memmap_layout *
memmap_gather_rdm(const struct memmap_layout *query,
                  const struct memmap_layout *now)
{
    unsigned int nr = 0, i;

    for ( i = 0; query && i < query->nr; i++ )
        if ( query->range[i].type == MEMMAP_TYPE_RDM )
            nr = add(nr, &query->range[i]);
    nr = add_xenstore(nr);
    memmap_rdm_merge(&rdm, rdm_range, nr, MEMMAP_ARRAY_SIZE(rdm_range));

    /* The E820 does not say whose it is: what nobody else tells counts. */
    nr = rdm.nr;
    for ( i = 0; i < now->nr; i++ )
        if ( now->range[i].type == MEMMAP_TYPE_RDM &&
             !memmap_layout_covers(&rdm, MEMMAP_TYPE_RDM, now->range[i].gfn,
                                   now->range[i].pages) )
            nr = add(nr, &now->range[i]);
    memmap_rdm_merge(&rdm, rdm_range, nr, MEMMAP_ARRAY_SIZE(rdm_range));

    return &rdm;
}

static void pin(uint64_t addr, uint64_t size, enum pin what)
{
    struct memmap_range r = {
        .gfn = addr >> PAGE_SHIFT, .source = MEMMAP_NO_SOURCE,
        .type = MEMMAP_TYPE_RAM, .aux = what,
    };

    r.pages = ((addr + size + PAGE_SIZE - 1) >> PAGE_SHIFT) - r.gfn;
    if ( size && !memmap_layout_set(&pinned, &r) )
        printf("memmap: too much that cannot move, gfn %x may\n",
               (uint32_t)r.gfn);
}

/* A blob that the toolstack left in RAM and hvmloader reads later. */
static void pin_blob(const char *address, const char *length)
{
    uint64_t addr = strtoll(xenstore_read(address, "0"), NULL, 0);

    if ( addr )
        pin(addr, strtoll(xenstore_read(length, "0"), NULL, 0), PIN_MODULE);
}

static bool has_hypertransport(void)
{
    uint32_t eax, name[3];

    cpuid(0, &eax, &name[0], &name[2], &name[1]);

    return !memcmp(name, "AuthenticAMD", 12) ||
           !memcmp(name, "HygonGenuine", 12);
}

const struct memmap_layout *memmap_gather_pinned(void)
{
    const struct hvm_start_info *info = hvm_start_info;
    const struct hvm_modlist_entry *mod =
        (const void *)(uintptr_t)info->modlist_paddr;
    unsigned int i;

    memmap_layout_init(&pinned, pin_range, MEMMAP_ARRAY_SIZE(pin_range));
    pin(0, HVMLOADER_PHYSICAL_ADDRESS, PIN_LOW);
    pin(HVMLOADER_PHYSICAL_ADDRESS,
        (uintptr_t)_end - HVMLOADER_PHYSICAL_ADDRESS, PIN_IMAGE);

    pin((uintptr_t)info, sizeof(*info), PIN_MODULE);
    for ( i = 0; mod && i < info->nr_modules; i++ )
    {
        pin((uintptr_t)&mod[i], sizeof(mod[i]), PIN_MODULE);
        pin(mod[i].paddr, mod[i].size, PIN_MODULE);
        if ( mod[i].cmdline_paddr )
            pin(mod[i].cmdline_paddr,
                strlen((const char *)(uintptr_t)mod[i].cmdline_paddr) + 1,
                PIN_MODULE);
    }
    pin_blob(HVM_XS_ACPI_PT_ADDRESS, HVM_XS_ACPI_PT_LENGTH);
    pin_blob(HVM_XS_SMBIOS_PT_ADDRESS, HVM_XS_SMBIOS_PT_LENGTH);
    if ( has_hypertransport() )
        pin(MEMMAP_HT_START, MEMMAP_HT_END - MEMMAP_HT_START, PIN_HT);

    return &pinned;
}

void memmap_print_kept(const struct memmap_plan_in *in)
{
    unsigned int i, at;

    for ( i = 0; i < in->rdm->nr; i++ )
    {
        const struct memmap_range *r = &in->rdm->range[i];
        enum memmap_kept kept = memmap_plan_kept(in, r, &at);

        if ( kept == MEMMAP_KEPT_NOT )
            continue;
        printf("memmap: ");
        memmap_print_rdm(r);
        printf(" cannot be freed: ");
        switch ( kept )
        {
        case MEMMAP_KEPT_PINNED:
            printf("it lies %s", pin_name[in->pinned->range[at].aux]);
            break;
        case MEMMAP_KEPT_RESERVED:
            printf("it lies in hvmloader's own area below 4 GiB");
            break;
        case MEMMAP_KEPT_OWNED:
            printf("the device model has its own memory there");
            break;
        default:
            printf("RAM is there, and stays");
            break;
        }
        printf("; the device cannot use it\n");
    }
}
