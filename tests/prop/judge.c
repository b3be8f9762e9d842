/* SPDX-License-Identifier: MIT */
/* What must hold after a boot: see prop.h. */
#include "judge.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>

#include "codec.h"

static jmp_buf found;
static char why[256];

static void __attribute__((format(__printf__, 1, 2), noreturn))
wrong(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(why, sizeof(why), fmt, ap);
    va_end(ap);
    longjmp(found, 1);
}

static bool is_ram(enum host_type type)
{
    return type == HOST_RAM || type == HOST_RAM_AWAY ||
           type == HOST_LOGDIRTY || type == HOST_SHARED;
}

/* Every RAM page of @l is in the p2m under the name that @l gives it. */
static void check_truth(const struct memmap_layout *l, const char *whose)
{
    for ( unsigned int i = 0; i < l->nr; i++ )
    {
        const struct memmap_range *e = &l->range[i];
        uint64_t off = 0;

        if ( e->type != MEMMAP_TYPE_RAM )
            continue;
        while ( off < e->pages )
        {
            struct host_run r = host_get(&sim.host, e->gfn + off);

            if ( !is_ram(r.type) )
                wrong("%s: gfn %#" PRIx64 " is RAM, in the p2m it is not",
                      whose, e->gfn + off);
            if ( e->source != MEMMAP_NO_SOURCE && r.name != e->source + off &&
                 r.name < HOST_FRESH )
                wrong("%s: gfn %#" PRIx64 " holds what was built at %#" PRIx64
                      ", said is %#" PRIx64, whose, e->gfn + off, r.name,
                      e->source + off);
            off += r.pages;
        }
    }
    if ( memmap_layout_pages(l, MEMMAP_TYPE_RAM) + sim_moved()->lost_pages !=
         sim.dm.ram_pages )
        wrong("%s: %" PRIu64 " pages of RAM, built were %" PRIu64
              ", lost are %" PRIu64, whose,
              memmap_layout_pages(l, MEMMAP_TYPE_RAM), sim.dm.ram_pages,
              sim_moved()->lost_pages);
}

/* What is in the p2m is somebody's, and once. */
static void check_p2m(const struct memmap_layout *now)
{
    uint64_t mine = 0;

    for ( unsigned int i = 0; i < sim.host.nr; i++ )
    {
        const struct host_run *r = &sim.host.run[i];

        if ( !is_ram(r->type) )
            continue;
        if ( r->name >= 2 * OWN_NAME && r->name < HOST_FRESH )
            continue;                       /* firmware's, brand new */
        if ( r->name >= OWN_NAME && r->name < HOST_FRESH )
        {
            if ( r->name != OWN_NAME + r->gfn )
                wrong("device model's page %#" PRIx64 " is now at %#" PRIx64,
                      r->name - OWN_NAME, r->gfn);
            continue;
        }
        if ( !memmap_layout_covers(now, MEMMAP_TYPE_RAM, r->gfn, r->pages) )
            wrong("%" PRIu64 " pages of RAM at %#" PRIx64
                  " that firmware does not know of", r->pages, r->gfn);
        mine += r->pages;
    }
    if ( sim.host.freed )
        wrong("%" PRIu64 " pages were freed", sim.host.freed);
    if ( sim.host.replaced )
        wrong("%" PRIu64 " pages were replaced", sim.host.replaced);
    if ( mine + sim_moved()->lost_pages != sim.dm.ram_pages )
        wrong("%" PRIu64 " pages in the p2m, built were %" PRIu64
              ", lost are %" PRIu64, mine, sim.dm.ram_pages,
              sim_moved()->lost_pages);
    if ( host_get(&sim.host, SPECIAL_GFN).type != HOST_SPECIAL ||
         host_get(&sim.host, SPECIAL_GFN).pages < SPECIAL_NR )
        wrong("Xen's own pages are gone");
    for ( unsigned int i = 0; i < sim.owned.nr; i++ )
    {
        struct host_run r = host_get(&sim.host, sim.owned.range[i].gfn);

        if ( sim.owned.range[i].type == MEMMAP_TYPE_OWNED &&
             r.name != OWN_NAME + sim.owned.range[i].gfn )
            wrong("device model's page %#" PRIx64 " is gone",
                  sim.owned.range[i].gfn);
    }
}

/* Of a window that is described by few MTRRs the rest of hvmloader makes the DSDT. */
static void check_windows(void)
{
    const uint64_t low = pci_hi_mem_start, end = pci_hi_mem_end;

    if ( pci_mem_start != sim_plan()->hole_start )
        wrong("the hole is at %#x, planned at %#" PRIx64, pci_mem_start,
              sim_plan()->hole_start);
    if ( low != sim_plan()->high_start || end < sim_plan()->high_end ||
         end - sim_plan()->high_end >= (low ? low & -low : 1) ||
         (low && end % (low & -low)) )
        wrong("BARs above 4 GiB at %#" PRIx64 " to %#" PRIx64 ", said is %#"
              PRIx64 " to %#" PRIx64, sim_plan()->high_start,
              sim_plan()->high_end, low, end);
}

static void check_bars(void)
{
    const struct memmap_layout *now = sim_now();

    for ( unsigned int i = 0; i < guest.nr_bars; i++ )
    {
        const struct memmap_bar *a = &guest.bar[i];
        uint64_t gfn, pages;

        if ( !a->size || a->addr == MEMMAP_BAR_UNPLACED )
            continue;
        gfn = a->addr >> PAGE_SHIFT;
        pages = ((a->addr + a->size - 1) >> PAGE_SHIFT) - gfn + 1;
        if ( a->addr & (a->size - 1) )
            wrong("BAR %u is not aligned: %#" PRIx64, i, a->addr);
        if ( a->addr + a->size > 1ull << sim.phys_bits )
            wrong("BAR %u is beyond what the CPU can address", i);
        if ( a->high && (a->addr < pci_hi_mem_start ||
                         a->addr + a->size > pci_hi_mem_end) )
            wrong("BAR %u is outside the high window: %#" PRIx64, i, a->addr);
        if ( a->high ? !a->is_64bit || a->addr < FOUR_GIB_GFN << PAGE_SHIFT
                     : a->addr < pci_mem_start ||
                       a->addr + a->size > pci_mem_end )
            wrong("BAR %u is in the wrong half: %#" PRIx64, i, a->addr);
        if ( memmap_layout_overlaps(now, MEMMAP_TYPE_RAM, gfn, pages) ||
             memmap_layout_overlaps(now, MEMMAP_TYPE_RDM, gfn, pages) ||
             (memmap_layout_overlaps(&sim.owned, MEMMAP_TYPE_OWNED, gfn, pages) &&
              !sim_heard("refused to say what it needs")) )
            wrong("BAR %u at %#" PRIx64 " lies over something", i, a->addr);
        for ( unsigned int j = 0; j < i; j++ )
        {
            const struct memmap_bar *b = &guest.bar[j];

            if ( b->size && b->addr != MEMMAP_BAR_UNPLACED &&
                 a->addr < b->addr + b->size && b->addr < a->addr + a->size )
                wrong("BARs %u and %u overlap", j, i);
        }
    }
}

static bool is_told(uint64_t gfn)
{
    for ( unsigned int i = 0; i < guest.nr_told; i++ )
        if ( gfn >= guest.told[i].gfn && gfn < memmap_range_end(&guest.told[i]) )
            return true;
    return false;
}

static bool has_room(const struct memmap_layout *l, const struct sim_rdm *m)
{
    for ( uint64_t gfn = m->gfn; gfn < m->gfn + m->pages; gfn++ )
    {
        const unsigned int i = memmap_layout_seek(l, gfn);

        if ( i == l->nr || l->range[i].gfn > gfn ||
             l->range[i].type != MEMMAP_TYPE_RDM ||
             (l->range[i].flags & MEMMAP_EF_UNMAPPED) )
            return false;
    }
    return true;
}

/* Reserved memory is free of RAM, or marked; and what can be mapped is. */
static void check_rdm(const struct memmap_layout *now)
{
    bool agreed = sim_rdm_agreed();
    /* QUERY's come first; what was not heard cannot be said. */
    unsigned int first = sim_heard("refused to say what it needs")
                         ? guest.told_query : 0;

    for ( unsigned int i = first; i < guest.nr_told; i++ )
    {
        const struct memmap_range *t = &guest.told[i];

        for ( uint64_t gfn = t->gfn; gfn < memmap_range_end(t); gfn++ )
        {
            const unsigned int at = memmap_layout_seek(now, gfn);
            const struct memmap_range *e = &now->range[at];

            if ( memmap_layout_overlaps(&sim.owned, MEMMAP_TYPE_OWNED, gfn, 1) )
                continue;
            if ( at == now->nr || e->gfn > gfn )
                wrong("nothing is said of reserved memory at %#" PRIx64, gfn);
            if ( e->type != MEMMAP_TYPE_RDM &&
                 !(e->type == MEMMAP_TYPE_RAM &&
                   (e->flags & (MEMMAP_EF_UNFREED | MEMMAP_EF_FIRMWARE))) )
                wrong("reserved memory at %#" PRIx64 " is of type %u, flags %x",
                      gfn, e->type, e->flags);
        }
    }

    for ( unsigned int i = 0; i < now->nr; i++ )
    {
        const struct memmap_range *e = &now->range[i];

        if ( e->type != MEMMAP_TYPE_RDM && !(e->flags & MEMMAP_EF_UNFREED) )
            continue;
        for ( uint64_t gfn = e->gfn; gfn < memmap_range_end(e); gfn++ )
            if ( !is_told(gfn) )
                wrong("nobody told of reserved memory at %#" PRIx64, gfn);
    }

    for ( unsigned int i = 0; i < sim.nr_rdm; i++ )
    {
        const struct sim_rdm *m = &sim.rdm[i];
        const bool room = sim.ever && has_room(&sim.view, m);

        if ( m->mapped && (!m->assigned || (sim.fault.rdm & (1u << i))) )
            wrong("reserved memory at %#" PRIx64 " was mapped", m->gfn);
        if ( m->mapped && !room && !m->by_xen )
            wrong("reserved memory at %#" PRIx64 " is mapped, and no layout that"
                  " was accepted has room for it", m->gfn);
        if ( agreed && m->assigned && sim.committed && room && !m->mapped )
            wrong("reserved memory at %#" PRIx64 " was not mapped", m->gfn);
    }

    if ( sim_plan()->rdm_pages != sim_plan()->rdm_minimum )
        wrong("%" PRIu64 " pages left for reserved memory, %" PRIu64 " lay there",
              sim_plan()->rdm_pages, sim_plan()->rdm_minimum);
    if ( !memmap_layout_covers(now, MEMMAP_TYPE_RAM, MEMMAP_FIXED_END,
                               SIM_IMAGE_END - MEMMAP_FIXED_END) ||
         host_get(&sim.host, MEMMAP_FIXED_END).pages <
         SIM_IMAGE_END - MEMMAP_FIXED_END ||
         host_get(&sim.host, MEMMAP_FIXED_END).name != MEMMAP_FIXED_END ||
         host_get(&sim.host, SIM_MODULE_GFN).name != SIM_MODULE_GFN ||
         host_get(&sim.host, SIM_MODULE_GFN).pages < SIM_MODULE_NR ||
         host_get(&sim.host, SIM_ACPI_GFN).name != SIM_ACPI_GFN ||
         host_get(&sim.host, SIM_ACPI_GFN).pages < 2 )
        wrong("firmware pulled the rug from under itself");
}

/* Reserved memory, or what firmware keeps to itself. */
static bool reserved_in(const struct memmap_layout *l, uint64_t gfn,
                        uint64_t pages)
{
    for ( ; pages; gfn++, pages-- )
    {
        const unsigned int i = memmap_layout_seek(l, gfn);

        if ( i == l->nr || l->range[i].gfn > gfn ||
             (l->range[i].type != MEMMAP_TYPE_RDM &&
              !(l->range[i].flags & MEMMAP_EF_FIRMWARE)) )
            return false;
    }
    return true;
}

/* Entries of an E820 that names all of @l, above 1 MiB and outside hvmloader's area. */
static unsigned int entries_of(const struct memmap_layout *l)
{
    uint64_t end = 0;
    unsigned int nr = 0;
    bool was = false;

    for ( unsigned int i = 0; i < l->nr; i++ )
    {
        const struct memmap_range *r = &l->range[i];
        bool reserved = reserved_in(l, r->gfn, 1);
        bool there = reserved || r->type == MEMMAP_TYPE_RAM;

        if ( !there || memmap_range_end(r) <= MEMMAP_FIXED_END ||
             (r->gfn >= RESERVED_MEMBASE >> PAGE_SHIFT &&
              memmap_range_end(r) <= FOUR_GIB_GFN) )
            continue;
        nr += reserved != was || r->gfn != end || !end;
        was = reserved;
        end = memmap_range_end(r);
    }
    return nr;
}

/* The E820 and the two numbers that the rest of hvmloader goes by. */
static void check_firmware_tables(const struct memmap_layout *now,
                                  struct prop_count *count)
{
    uint64_t ram = 0, low = 0, high = 0, reserved = 0, listed = 0, end = 0;
    uint32_t type = 0;

    for ( unsigned int i = 0; i < memory_map.nr_map; i++ )
    {
        const struct e820entry *e = &memory_map.map[i];
        uint64_t gfn = e->addr >> PAGE_SHIFT, pages = e->size >> PAGE_SHIFT;

        if ( e->addr < end )
            wrong("E820 is not sorted at %#" PRIx64, gfn);
        if ( e->addr == end && e->type == type )
            wrong("E820 has two entries for one range at %#" PRIx64, gfn);
        end = e->addr + e->size;
        type = e->type;
        if ( e->type != E820_RAM )
        {
            listed += pages;
            if ( !reserved_in(now, gfn, pages) )
                wrong("E820 has reserved what is not, at %#" PRIx64, gfn);
            continue;
        }
        ram += pages;
        if ( !memmap_layout_covers(now, MEMMAP_TYPE_RAM, gfn, pages) )
            wrong("E820 has RAM at %#" PRIx64 " that the layout has not", gfn);
    }
    for ( unsigned int i = 0; i < now->nr; i++ )
    {
        const struct memmap_range *e = &now->range[i];

        if ( reserved_in(now, e->gfn, 1) )
            for ( uint64_t gfn = e->gfn; gfn < memmap_range_end(e); gfn++ )
                reserved += gfn >= MEMMAP_FIXED_END &&
                            (gfn < RESERVED_MEMBASE >> PAGE_SHIFT ||
                             gfn >= FOUR_GIB_GFN);
        if ( e->type != MEMMAP_TYPE_RAM || (e->flags & MEMMAP_EF_FIRMWARE) )
            continue;
        if ( e->gfn < FOUR_GIB_GFN )
            low = memmap_range_end(e);
        else
            high = memmap_range_end(e);
        ram -= e->pages;
    }
    if ( ram != -(uint64_t)(MEMMAP_VGA_GFN + MEMMAP_FIXED_END -
                            MEMMAP_VGA_END) )
        wrong("E820 and layout differ by %" PRId64 " pages of RAM",
              (int64_t)ram + MEMMAP_VGA_GFN + MEMMAP_FIXED_END -
              MEMMAP_VGA_END);
    if ( !guest.ovmf && memory_map.nr_map > 26 )
        wrong("%u entries of the E820 are too many for SeaBIOS",
              memory_map.nr_map);
    count->kind[PROP_UNLISTED] += reserved && !listed;
    /*
     * All of it, or, if that was too much for SeaBIOS, gaps.  A page taken
     * since may have been a range, and its neighbours are one then.
     */
    if ( listed != reserved &&
         (listed || guest.ovmf || entries_of(now) + 2 * guest.taken <= 26) )
        wrong("E820 and layout differ by %" PRId64 " reserved pages",
              (int64_t)(listed - reserved));
    if ( hvm_info->low_mem_pgend != low )
        wrong("low_mem_pgend is %#x, RAM below 4 GiB ends at %#" PRIx64,
              hvm_info->low_mem_pgend, low);
    if ( hvm_info->high_mem_pgend != high )
        wrong("high_mem_pgend is %#x, RAM above 4 GiB ends at %#" PRIx64,
              hvm_info->high_mem_pgend, high);
}

/*
 * What was left in xenstore is the record that was sent last, each key as full as can
 * be, and nothing is cut.
 */
static void check_shown(void)
{
    static struct memmap_range range[MEMMAP_MAX_ENTRIES];
    static const char *const type[] = { "?", "ram", "rdm", "mmio" };
    struct memmap_record r;
    uint16_t index;
    char expect[128];
    const char *at = sim.shown[0];
    unsigned int key = 0;

    memmap_layout_init(&r.layout, range, MEMMAP_MAX_ENTRIES);
    if ( memmap_unpack(&r, MEMMAP_KIND_LAYOUT,
                       (void *)(uintptr_t)MEMMAP_BUFFER_PHYSICAL_ADDRESS,
                       MEMMAP_BUFFER_BYTES, &index) )
        wrong("what was sent last cannot be read");
    if ( r.gfn_limit != 1ull << (sim.phys_bits - PAGE_SHIFT) )
        wrong("the record's limit is %#" PRIx64 " with %u bits of address",
              r.gfn_limit, sim.phys_bits);
    if ( sim.fault.xenstore )
        return;
    snprintf(expect, sizeof(expect), "%u", r.generation);
    if ( strcmp(sim.shown_generation, expect) )
        wrong("generation %s is shown, sent was %s", sim.shown_generation, expect);
    for ( unsigned int i = 0; i < r.layout.nr; i++ )
    {
        const struct memmap_range *e = &r.layout.range[i];
        int used;

        used = snprintf(expect, sizeof(expect), "%" PRIx64 " %" PRIx64 " ",
                        e->gfn, e->pages);
        used += e->source == MEMMAP_NO_SOURCE
                ? snprintf(expect + used, sizeof(expect) - used, "-")
                : snprintf(expect + used, sizeof(expect) - used, "%" PRIx64,
                           e->source);
        used += snprintf(expect + used, sizeof(expect) - used, " %s %x %x\n",
                         type[e->type], e->flags, e->aux);
        if ( at - sim.shown[key] + used >= SIM_VALUE && !*at )
            at = sim.shown[++key];
        if ( strncmp(at, expect, used) )
            wrong("entry %u is not shown: %s", i, expect);
        at += used;
    }
    if ( !*at && key + 1 < SIM_SHOWN )
        at = sim.shown[key + 1];
    if ( *at )
        wrong("more is shown than was sent: %s", at);
}

/* Nothing moved, but for the pages that firmware took since. */
static void check_home(const struct memmap_layout *now)
{
    for ( unsigned int i = 0; i < now->nr; i++ )
    {
        const struct memmap_range *e = &now->range[i];

        if ( e->type == MEMMAP_TYPE_RAM && e->source != MEMMAP_NO_SOURCE &&
             e->source != e->gfn )
            wrong("the device model refused, and RAM from %#" PRIx64
                  " is still at %#" PRIx64, e->source, e->gfn);
    }
}

static void count_kinds(struct prop_count *count)
{
    const struct memmap_plan *plan = sim_plan();
    const uint64_t extents = sim_moved()->extents;
    const bool moved = plan->nr_moves && sim.host.moved + extents;
    uint64_t *kind = count->kind;

    kind[PROP_MOVED] += moved;
    kind[PROP_EXTENTS] += moved && extents;
    kind[PROP_MOVED_IOMMU] += moved && sim.host.iommu;
    kind[PROP_MOVED_OLD] += moved && sim.host.old;
    kind[PROP_MOVED_IN_PIECES] += moved && plan->nr_moves > 1;
    kind[PROP_XEN_FAILED] += sim.host.failures != 0;
    kind[PROP_MOVE_UNDONE] += sim_heard("Xen did not move the RAM");
    kind[PROP_LOST] += sim_moved()->lost_pages != 0;
    kind[PROP_HELD] += sim.host.held != 0;
    kind[PROP_BEYOND] += moved && guest.beyond;
    kind[PROP_STAYS_UNTOUCHED] += guest.stays && *guest.stays;
    kind[PROP_NUMA] += sim_heard("virtual NUMA");
    kind[PROP_POD] += sim_heard("on demand");
    kind[PROP_TOLD_TO_STAY] += sim_heard("the toolstack says so");
    kind[PROP_PREPARE_REFUSED] += sim.prepares_refused != 0;
    kind[PROP_COMMIT_REFUSED] += sim.commits_refused != 0;
    kind[PROP_MOVED_BACK] += sim.refused_moved;
    kind[PROP_UNHEARD] += !sim.committed;
    kind[PROP_AGAIN] += sim.dm.generation > 1;
    kind[PROP_RDM_E820] += guest.told_e820 != 0;
    kind[PROP_RDM_QUERY] += guest.told_query != 0;
    kind[PROP_RDM_XENSTORE] += guest.told_xenstore != 0;
    kind[PROP_RDM_FREED] += plan->rdm_pages && moved;
    kind[PROP_RDM_KEPT] += plan->rdm_kept != 0;
    for ( unsigned int i = 0; i < sim.nr_rdm; i++ )
    {
        kind[PROP_RDM_MAPPED] += sim.rdm[i].mapped;
        kind[PROP_RDM_UNMAPPED] += sim.rdm[i].assigned &&
                                   (sim.fault.rdm & (1u << i));
    }
    kind[PROP_OVMF] += guest.ovmf;
    kind[PROP_HIGH] += pci_hi_mem_end != 0;
    kind[PROP_UNPLACED] += plan->unplaced != 0;
    kind[PROP_QUOTA] += sim.fault.xenstore;
    count->pages += sim.host.moved;
    count->extents += extents;
    if ( extents && !sim.host.failures && !sim.host.small )
    {
        count->large_before += guest.large_pages;
        count->large_after += host_large_in(&sim.host, 0,
                                            (uint64_t)HOST_SLOTS * HOST_EXTENT);
    }
}

/* Firmware has not settled: something else than Xen failed, and nothing moved. */
static void check_unsettled(struct prop_count *count)
{
    if ( !guest.faulty )
        wrong("nothing failed but Xen, and the guest did not settle");
    if ( sim.host.calls )
        wrong("RAM was moved without a word to the device model");
    check_p2m(&guest.built);
    if ( sim.applies && sim.committed )
        check_truth(&sim.view, "device model");
    count->kind[PROP_DISABLED] += guest.disabled;
    if ( !guest.disabled && sim.fault.vanish_after < 0 )
        wrong("firmware gave up after an offer");
}

static void check(struct prop_count *count)
{
    const struct memmap_layout *now = sim_now();
    bool heard = sim.fault.vanish_after < 0;

    if ( sim.host.crashed )
    {
        /* Nobody told of what is there, and populate asks nobody. */
        if ( !sim.host.iommu_failed && !guest.hidden )
            wrong("the domain ended");
        count->kind[sim.host.iommu_failed ? PROP_IOMMU_FAILED : PROP_HIT_HIDDEN]++;
        return;
    }
    if ( !guest.settled )
    {
        check_unsettled(count);
        return;
    }

    if ( sim.bug )
        wrong("firmware takes gfn %#" PRIx64 " from the top of RAM, where there"
              " is none: BUG()", sim.bug);
    count->kind[PROP_NOT_TOLD] += sim_heard("refused to say what it needs");
    check_truth(now, "firmware");
    check_p2m(now);
    check_windows();
    check_bars();
    /* Whether or not the device model is still there. */
    check_firmware_tables(now, count);
    check_rdm(now);
    /* A device model that died believes what it likes. */
    if ( heard )
    {
        if ( sim.committed )
            check_truth(&sim.view, "device model");
        if ( sim_generation() != sim.dm.generation )
            wrong("generation %u on one side, %u on the other",
                  sim_generation(), sim.dm.generation);
        if ( sim.dm.state != MEMMAP_ST_SEALED )
            wrong("left in %s", memmap_strstate(sim.dm.state));
        check_shown();
    }
    if ( !guest.faulty && !sim.committed )
        wrong("nothing failed but Xen, and the last COMMIT was refused: %s",
              memmap_strerror(sim.dm.error));
    if ( !sim.host.failures && !sim.host.starved && !sim.ever &&
         !sim_moved()->lost_pages )
        check_home(now);

    if ( guest.stays && sim_plan()->nr_moves )
        wrong("RAM moved that may not");
    if ( guest.stays && !sim_heard(guest.stays) )
        wrong("RAM stays, and not because: %s", guest.stays);
    if ( !sim.host.failures &&
         sim_moved()->lost_pages > guest.beyond + sim.host.held +
                                   sim.host.astray )
        wrong("%" PRIu64 " pages are lost, %" PRIu64 " are beyond the quota, %"
              PRIu64 " held by the device model, %" PRIu64 " nowhere",
              sim_moved()->lost_pages, guest.beyond, sim.host.held,
              sim.host.astray);
    count_kinds(count);
}

const char *judge(struct prop_count *count)
{
    if ( setjmp(found) )
        return why;
    check(count);
    return NULL;
}
