/* SPDX-License-Identifier: MIT */
/*
 * The fewest pages that must leave, found the slow way.
 *
 * A map has a page for each element of an array and nothing else: no ranges, no
 * sorting, no sweep.  RAM must leave the pages of reserved memory that can be
 * freed, and the low hole as high as its BARs let it start; where that is, is
 * found by trying every place for every BAR.  Which BARs go low, and which without,
 * is policy (hvmloader/plan.h), and is decided here by trying as well.
 *
 * Then the plan: its moves are made, one page at a time, and what results is
 * compared with what the plan says.
 *
 * A run that never tried something shows nothing of it, so the maps are counted by
 * what they tried, and of each kind there must be some.
 */
#include "oracle.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "dice.h"
#include "plan.h"
#include "rdm.h"

#define PAGE     4096ull
#define BASE     128u           /* what 4 GiB is to a guest, in pages */
#define PAGES    1024u
#define MAX_BARS 6
#define MAX_RDM  8
#define MAX_PIN  3
#define RANGES   256

static struct page {
    unsigned int type;          /* MEMMAP_TYPE_*, 0: nothing */
    uint32_t aux;
    int rdm;                    /* index of the wanted range, -1: none */
    bool pinned;
    bool kept;                  /* the wanted range is not freed */
} page[PAGES];

static struct memmap_range now_range[RANGES], rdm_range[RANGES];
static struct memmap_range pin_range[RANGES], after_range[RANGES];
static struct memmap_move moves[RANGES];
static struct memmap_layout now, rdm, pinned;
static struct memmap_plan_in in;
static struct memmap_plan plan;
static struct memmap_bar bar[MAX_BARS];
static unsigned int nr_bars;

static void put(struct memmap_layout *l, uint64_t gfn, uint64_t pages,
                unsigned int type, uint32_t aux)
{
    struct memmap_range r = {
        .gfn = gfn, .pages = pages, .type = type, .aux = aux,
        .source = type == MEMMAP_TYPE_RAM ? gfn : MEMMAP_NO_SOURCE,
    };

    if ( pages )
        memmap_layout_set(l, &r);
}

static void build(void)
{
    static const uint64_t starts[] = { 64, 96, 112, 120 };
    uint64_t low, end = 100 + rnd(BASE - 100), top;
    struct memmap_range raw[MAX_RDM];
    unsigned int order = 11 + rnd(7), i, nr;

    in = (struct memmap_plan_in){
        .now = &now, .rdm = chance(90) ? &rdm : NULL,
        .pinned = chance(60) ? &pinned : NULL,
        .hole_start = chance(80) ? starts[rnd(4)] : 64 + rnd(36),
        .hole_min = 40 + rnd(30), .hole_end = end, .high_base = BASE,
        .hole_fixed = chance(30), .prefer_high = chance(35),
        .high_thresh = PAGE << (3 + rnd(4)),
        .addr_limit = chance(90) ? PAGES : 300 + rnd(200),
        .gfn_limit = chance(85) ? PAGES : BASE + rnd(300),
        .max_mtrrs = chance(50) ? 1 + rnd(5) : 0, .may_move = chance(85),
    };
    if ( in.hole_start > end )
        in.hole_start = end;
    if ( chance(25) )
        low = in.hole_start + rnd(end - in.hole_start + 1);
    else
        low = in.hole_start - (chance(50) ? 0 : rnd(32));
    in.hole_start *= PAGE;
    in.hole_min *= PAGE;
    in.hole_end *= PAGE;
    in.high_base *= PAGE;
    in.addr_limit *= PAGE;

    memmap_layout_init(&now, now_range, RANGES);
    put(&now, 0, low, MEMMAP_TYPE_RAM, 0);
    top = BASE + (chance(50) ? rnd(64) : 0);
    put(&now, BASE, top - BASE, MEMMAP_TYPE_RAM, 0);
    for ( nr = rnd(3); nr; nr-- )
        memmap_layout_clear(&now, rnd(top), 1 + rnd(3));
    for ( nr = rnd(3); nr; nr-- )
        put(&now, rnd(BASE + 64), 1 + rnd(3), MEMMAP_TYPE_RDM, rnd(3));
    for ( nr = rnd(4); nr; nr-- )
        put(&now, chance(80) ? top + rnd(100) : 64 + rnd(64), 1 + rnd(6),
            MEMMAP_TYPE_OWNED, 0);

    nr = rnd(MAX_RDM + 1);
    for ( i = 0; i < nr; i++ )
        raw[i] = (struct memmap_range){
            .gfn = rnd(chance(80) ? BASE + 80 : BASE), .aux = rnd(3),
            .pages = 1 + rnd(chance(20) ? 12 : 4) };
    memmap_rdm_merge(&rdm, raw, nr, RANGES);
    memcpy(rdm_range, raw, rdm.nr * sizeof(*raw));
    rdm.range = rdm_range;

    memmap_layout_init(&pinned, pin_range, RANGES);
    for ( nr = rnd(MAX_PIN + 1); nr; nr-- )
        put(&pinned, chance(70) ? rnd(24) : rnd(BASE), 1 + rnd(4),
            MEMMAP_TYPE_RAM, nr);

    nr_bars = rnd(MAX_BARS + 1);
    for ( i = 0; i < nr_bars; i++ )
    {
        order -= rnd(3);
        if ( order < 10 )
            order = 10;
        bar[i] = (struct memmap_bar){
            .size = chance(5) ? 0 : 1ull << order, .is_64bit = chance(50),
            .addr = 0x5555, .high = chance(50) };
    }
}

static bool wanted(unsigned int p)
{
    return page[p].rdm >= 0;
}

/* Ranges to pages; and of each wanted range, whether it can be freed. */
static unsigned int paint(void)
{
    unsigned int kept = 0, i, p;

    for ( p = 0; p < PAGES; p++ )
        page[p] = (struct page){ .rdm = -1 };
    for ( i = 0; i < now.nr; i++ )
        for ( p = now.range[i].gfn; p < memmap_range_end(&now.range[i]); p++ )
        {
            page[p].type = now.range[i].type;
            page[p].aux = now.range[i].aux;
        }
    for ( i = 0; in.pinned && i < pinned.nr; i++ )
        for ( p = pinned.range[i].gfn;
              p < memmap_range_end(&pinned.range[i]); p++ )
            page[p].pinned = true;
    for ( i = 0; in.rdm && i < rdm.nr; i++ )
    {
        const unsigned int end = memmap_range_end(&rdm.range[i]);
        bool keep = false;

        for ( p = rdm.range[i].gfn; p < end; p++ )
        {
            page[p].rdm = i;
            keep |= page[p].pinned || page[p].type == MEMMAP_TYPE_OWNED ||
                    (p >= in.hole_end / PAGE && p < BASE) ||
                    (!in.may_move && page[p].type == MEMMAP_TYPE_RAM);
        }
        for ( p = rdm.range[i].gfn; p < end; p++ )
            page[p].kept = keep;
        kept += keep;
    }

    return kept;
}

/* RAM that reserved memory drives away, wherever the hole is. */
static bool driven(unsigned int p)
{
    return page[p].type == MEMMAP_TYPE_RAM && wanted(p) && !page[p].kept;
}

/* RAM that may leave for BARs. */
static bool yields(unsigned int p)
{
    return in.may_move && page[p].type == MEMMAP_TYPE_RAM && !wanted(p) &&
           !page[p].pinned;
}

static bool bar_may_lie(unsigned int p)
{
    return !wanted(p) && !page[p].pinned && page[p].type != MEMMAP_TYPE_RDM &&
           page[p].type != MEMMAP_TYPE_OWNED &&
           (in.may_move || page[p].type != MEMMAP_TYPE_RAM);
}

/* The highest address that the lowest of the BARs in @set can have. */
static uint64_t best, best_addr[MAX_BARS];

static void every_way(unsigned int set, unsigned int i, uint64_t floor,
                      uint64_t lowest)
{
    uint64_t a;

    while ( i < nr_bars && (!(set & (1u << i)) || !bar[i].size) )
        i++;
    if ( lowest <= best )
        return;
    if ( i == nr_bars )
    {
        best = lowest;
        return;
    }
    if ( bar[i].size > in.hole_end )
        return;
    for ( a = (in.hole_end - bar[i].size) & ~(bar[i].size - 1);
          a >= floor && a > best; a -= bar[i].size )
    {
        bool free = true;

        for ( unsigned int p = a / PAGE;
              free && p <= (a + bar[i].size - 1) / PAGE; p++ )
            free = bar_may_lie(p);
        for ( unsigned int j = 0; free && j < i; j++ )
            if ( (set & (1u << j)) && bar[j].size )
            {
                free = a + bar[i].size <= best_addr[j] ||
                       best_addr[j] + bar[j].size <= a;
                /* BARs of one size are alike: the later one goes lower. */
                free &= bar[j].size != bar[i].size || a < best_addr[j];
            }
        if ( free )
        {
            best_addr[i] = a;
            every_way(set, i + 1, floor, a < lowest ? a : lowest);
        }
        if ( a < bar[i].size )
            return;
    }
}

/* 0 if there is no way. */
static uint64_t highest_lowest(unsigned int set, uint64_t floor)
{
    best = 0;
    every_way(set, 0, floor, in.hole_end);
    return best;
}

/* Where RAM below 4 GiB ends that does not leave for reserved memory. */
static uint64_t staying_top(void)
{
    uint64_t top = 0;

    for ( unsigned int p = 0; p < BASE; p++ )
        if ( page[p].type == MEMMAP_TYPE_RAM && !driven(p) )
            top = (p + 1) * PAGE;
    return top;
}

/* The hole as hvmloader makes it where no RAM is in the way. */
static uint64_t default_hole(void)
{
    uint64_t start = in.hole_start, total = 0, top = staying_top(), next;
    bool reserved = false;
    unsigned int p;

    if ( in.hole_fixed )
        return start < top && !in.may_move ? top : start;

    for ( unsigned int i = 0; i < nr_bars; i++ )
        if ( !bar[i].is_64bit || bar[i].size <= in.high_thresh )
            total += bar[i].size;
    for ( ; total > in.hole_end - start; start = next )
    {
        next = (2 * start) % in.high_base;
        if ( !next || next < top )
            break;
    }
    for ( p = start / PAGE; p < in.hole_end / PAGE; p++ )
        reserved |= wanted(p) || page[p].type == MEMMAP_TYPE_RDM;

    return start > top && reserved ? top : start;
}

/* Variable MTRRs for [p, end) in pages: the largest that may start there first. */
static unsigned int mtrrs(unsigned int p, unsigned int end)
{
    unsigned int nr = 0, size;

    for ( ; p < end; p += size, nr++ )
        for ( size = PAGES; p % size || p + size > end; )
            size /= 2;

    return nr;
}

/*
 * The highest start of a hole, @hole or lower, for which @most MTRRs are enough; if
 * there is none, the one that is aligned best.
 */
static uint64_t covered(uint64_t hole, uint64_t floor, unsigned int most)
{
    const unsigned int end = in.hole_end / PAGE;
    unsigned int p, aligned = hole / PAGE;

    for ( p = aligned; in.max_mtrrs && p * PAGE >= floor; p-- )
    {
        if ( mtrrs(p, end) <= most )
            return p * PAGE;
        if ( (p & -p) > (aligned & -aligned) )
            aligned = p;
    }

    return aligned * PAGE;
}

/* Whether BAR @i alone has a place above all RAM there is now. */
static bool fits_above(unsigned int i)
{
    uint64_t top = in.high_base;
    bool fits = false;

    for ( unsigned int p = BASE; p < PAGES; p++ )
        if ( page[p].type == MEMMAP_TYPE_RAM )
            top = (p + 1) * PAGE;
    for ( uint64_t a = 0; !fits && a + bar[i].size <= in.addr_limit;
          a += bar[i].size )
    {
        fits = a >= top;
        for ( unsigned int p = a / PAGE;
              fits && p <= (a + bar[i].size - 1) / PAGE; p++ )
            fits = bar_may_lie(p);
    }
    return fits;
}

/* The hole that firmware has anyway is enough, and BARs lie as they always did. */
static bool as_ever;

/* Where hvmloader always put BAR @i of @low in a hole at @start; false: nowhere. */
static bool stock_place(unsigned int low, unsigned int i, uint64_t start,
                        uint64_t *addr)
{
    uint64_t base = start;

    for ( unsigned int j = 0; j <= i; j++ )
    {
        bool free = false;

        if ( !(low & (1u << j)) || !bar[j].size )
            continue;
        for ( base = (base + bar[j].size - 1) / bar[j].size * bar[j].size; !free; )
        {
            free = true;
            for ( unsigned int p = base / PAGE;
                  p <= (base + bar[j].size - 1) / PAGE; p++ )
                free &= p >= PAGES || bar_may_lie(p);
            if ( !free )
                base += bar[j].size;
        }
        *addr = base;
        base += bar[j].size;
        if ( base > in.hole_end )
            return false;
    }
    return true;
}

static bool all_stock(unsigned int low, uint64_t start)
{
    uint64_t addr;

    for ( unsigned int i = 0; i < nr_bars; i++ )
        if ( !stock_place(low, i, start, &addr) )
            return false;
    return true;
}

/* Where a hole must start for the BARs of @low: no lower than they and MTRRs need. */
static uint64_t hole_for(unsigned int low, uint64_t start, uint64_t floor,
                         bool any_high)
{
    uint64_t lowest = highest_lowest(low, floor) / PAGE * PAGE;

    return covered(lowest < start ? lowest : start, floor,
                   in.max_mtrrs - any_high);
}

/*
 * The BARs that policy puts low and those that have no place (@without), and where
 * the hole must start for them.
 */
static unsigned int choose(uint64_t *hole, unsigned int *without,
                           struct oracle_count *count)
{
    const uint64_t start = default_hole(), top = staying_top();
    unsigned int others = 0, may = 0, high = 0, low, i;
    uint64_t floor = in.may_move && !in.hole_fixed && in.hole_min < start
                     ? in.hole_min : start;

    *without = 0;
    for ( i = 0; i < nr_bars; i++ )
    {
        if ( !bar[i].size )
            continue;
        if ( bar[i].is_64bit && fits_above(i) )
        {
            high |= 1u << i;
            if ( bar[i].size <= in.high_thresh )
                may |= 1u << i;
        }
        else if ( highest_lowest(others | 1u << i, floor) )
            others |= 1u << i;
        else
            *without |= 1u << i;
    }

    if ( in.prefer_high )
    {
        /* RAM that the others leave where it is stays. */
        uint64_t least = hole_for(others, start, floor, high);

        for ( ; floor < least && floor < top; floor += PAGE )
            ;
        count->kind[ORACLE_PREFER_HIGH] += in.may_move && may != 0;
    }

    low = others | may;
    for ( i = 0; !highest_lowest(low, floor); i++ )
        if ( may & (1u << i) )
            low &= ~(1u << i);
    high &= ~low;

    count->kind[ORACLE_DOUBLED] += start < in.hole_start;
    count->kind[ORACLE_NOWHERE] += *without != 0;
    count->kind[ORACLE_SENT_HIGH] += (may & ~low) != 0;
    count->kind[ORACLE_RAM_IN_HOLE] +=
        page[in.hole_start / PAGE].type == MEMMAP_TYPE_RAM;
    as_ever = all_stock(low, start);
    if ( as_ever )
    {
        count->kind[ORACLE_DEFAULT]++;
        *hole = start;
        return low;
    }
    count->kind[ORACLE_GROWN] += best < start;
    count->kind[ORACLE_ODD] += highest_lowest(low, floor) % PAGE != 0;
    *hole = hole_for(low, start, floor, high);
    count->kind[ORACLE_MTRRS] += *hole < start && *hole < best / PAGE * PAGE;
    count->kind[ORACLE_TOO_FEW_MTRRS] +=
        in.max_mtrrs &&
        mtrrs(*hole / PAGE, in.hole_end / PAGE) + !!high > in.max_mtrrs;
    return low;
}

/* Each move was one that could be made, and what is said is what is there. */
static bool check_moves(uint64_t min)
{
    static struct page there[PAGES];
    static uint64_t name[PAGES];
    uint64_t pages = 0;
    unsigned int i, p;

    memcpy(there, page, sizeof(there));
    for ( p = 0; p < PAGES; p++ )
        name[p] = p;
    for ( i = 0; i < plan.nr_moves; i++ )
        for ( p = 0; p < plan.move[i].pages; p++, pages++ )
        {
            const uint64_t from = plan.move[i].from + p;
            const uint64_t to = plan.move[i].to + p;

            if ( to < BASE || to >= PAGES || to >= in.gfn_limit )
                return wrong("moved to %#" PRIx64, to);
            if ( there[from].type != MEMMAP_TYPE_RAM || page[from].pinned ||
                 (wanted(from) && page[from].kept) )
                return wrong("gfn %#" PRIx64 " cannot move", from);
            if ( there[to].type || wanted(to) )
                return wrong("gfn %#" PRIx64 " is not free", to);
            there[from].type = 0;
            there[to].type = MEMMAP_TYPE_RAM;
            name[to] = from;
        }
    if ( pages != plan.moved_pages || pages != min )
        return wrong("%" PRIu64 " pages moved, %" PRIu64 " said, %" PRIu64
                     " would do", pages, plan.moved_pages, min);

    for ( p = 0; p < PAGES; p++ )
    {
        struct memmap_range want = { .source = MEMMAP_NO_SOURCE };
        const struct memmap_range *got = &want;

        i = memmap_layout_seek(&plan.after, p);
        if ( i < plan.after.nr && plan.after.range[i].gfn <= p )
            got = &plan.after.range[i];
        if ( there[p].type == MEMMAP_TYPE_RAM )
        {
            want.type = MEMMAP_TYPE_RAM;
            want.source = name[p];
            if ( wanted(p) )
            {
                if ( !page[p].kept )
                    return wrong("RAM left over reserved memory at %#x", p);
                want.flags = MEMMAP_EF_UNFREED;
                want.aux = rdm.range[page[p].rdm].aux;
            }
        }
        else if ( there[p].type == MEMMAP_TYPE_OWNED )
            ;
        else if ( wanted(p) )
        {
            want.type = MEMMAP_TYPE_RDM;
            want.flags = page[p].kept ? MEMMAP_EF_UNMAPPED : 0;
            want.aux = rdm.range[page[p].rdm].aux;
        }
        else if ( there[p].type )
        {
            want.type = there[p].type;
            want.aux = there[p].aux;
        }
        else if ( (p >= plan.hole_start / PAGE && p < in.hole_end / PAGE) ||
                  (p >= plan.high_start / PAGE &&
                   p < (plan.high_end + PAGE - 1) / PAGE) )
            want.type = MEMMAP_TYPE_MMIO;
        if ( got->type != want.type || got->flags != want.flags ||
             got->aux != want.aux ||
             (want.type == MEMMAP_TYPE_RAM &&
              got->source + (p - got->gfn) != want.source) )
            return wrong("gfn %#x: type %u flags %x aux %x source %" PRIx64
                         ", should be type %u flags %x aux %x source %" PRIx64,
                         p, got->type, got->flags, got->aux,
                         got->source + (p - got->gfn), want.type, want.flags,
                         want.aux, want.source);
    }

    if ( memmap_layout_pages(&plan.after, MEMMAP_TYPE_RAM) !=
         memmap_layout_pages(&now, MEMMAP_TYPE_RAM) )
        return wrong("RAM was lost or invented");
    return true;
}

/*
 * The window above is what its BARs take, and has no more MTRRs than there are if a
 * free block of an aligned power of two would hold it.
 */
static bool check_window(uint64_t top)
{
    uint64_t start = ~0ull, end = 0, total = 0, size;
    unsigned int nr;

    for ( unsigned int i = 0; i < nr_bars; i++ )
        if ( bar[i].high && bar[i].addr != MEMMAP_BAR_UNPLACED )
        {
            if ( bar[i].addr < start )
                start = bar[i].addr;
            if ( bar[i].addr + bar[i].size > end )
                end = bar[i].addr + bar[i].size;
            total += bar[i].size;
        }
    if ( !end )
        start = 0;
    start = start / PAGE * PAGE;
    if ( plan.high_start != start || plan.high_end != end )
        return wrong("the window is %#" PRIx64 " to %#" PRIx64 ", said is %#"
                     PRIx64 " to %#" PRIx64, start, end, plan.high_start,
                     plan.high_end);
    for ( size = 1; start && start % (2 * size) == 0; )
        size *= 2;
    if ( plan.window_end != (end + size - 1) / size * size )
        return wrong("the window ends at %#" PRIx64, plan.window_end);
    nr = mtrrs(plan.hole_start / PAGE, in.hole_end / PAGE);
    if ( plan.mtrrs != nr + mtrrs(start / PAGE, plan.window_end / PAGE) )
        return wrong("%u MTRRs said", plan.mtrrs);
    if ( !in.max_mtrrs || plan.mtrrs <= in.max_mtrrs || nr + !!end > in.max_mtrrs ||
         plan.unplaced )
        return true;

    for ( size = PAGE; size < total; )
        size *= 2;
    for ( ; size < in.addr_limit; size *= 2 )
    {
        uint64_t at = (top + size - 1) / size * size;
        bool free = at + size <= in.addr_limit;

        for ( unsigned int p = at / PAGE; free && p < (at + size) / PAGE; p++ )
            free = bar_may_lie(p);
        if ( free )
            return wrong("%u MTRRs, with the window at %#" PRIx64
                         " one less would do", plan.mtrrs, at);
    }
    return true;
}

static bool check_bars(unsigned int low, unsigned int without)
{
    uint64_t top = in.high_base, addr;
    unsigned int i, j, p, unplaced = 0;

    for ( i = 0; i < plan.after.nr; i++ )
        if ( plan.after.range[i].type == MEMMAP_TYPE_RAM &&
             memmap_range_end(&plan.after.range[i]) * PAGE > top )
            top = memmap_range_end(&plan.after.range[i]) * PAGE;

    for ( i = 0; i < nr_bars; i++ )
    {
        const struct memmap_bar *b = &bar[i];

        if ( !b->size )
            continue;
        if ( b->addr == MEMMAP_BAR_UNPLACED )
        {
            unplaced++;
            if ( !b->high != !!(without & (1u << i)) )
                return wrong("BAR %u has a place and did not get it", i);
            if ( !b->high )
                continue;
        }
        else if ( !b->high != !!(low & (1u << i)) )
            return wrong("BAR %u is in the wrong half", i);
        else
        {
            if ( !b->high && as_ever &&
                 (!stock_place(low, i, plan.hole_start, &addr) || b->addr != addr) )
                return wrong("BAR %u is not where it always was", i);
            if ( b->addr & (b->size - 1) )
                return wrong("BAR %u is not aligned", i);
            if ( b->high ? b->addr < top || b->addr + b->size > in.addr_limit ||
                           b->addr < plan.high_start ||
                           b->addr + b->size > plan.high_end
                         : b->addr < plan.hole_start ||
                           b->addr + b->size > in.hole_end )
                return wrong("BAR %u lies outside at %#" PRIx64, i, b->addr);
            for ( p = b->addr / PAGE; p <= (b->addr + b->size - 1) / PAGE; p++ )
                if ( wanted(p) || page[p].type == MEMMAP_TYPE_OWNED ||
                     page[p].pinned ||
                     !memmap_layout_covers(&plan.after, MEMMAP_TYPE_MMIO, p,
                                           1) )
                    return wrong("BAR %u lies over something at %#x", i, p);
            for ( j = 0; j < i; j++ )
                if ( bar[j].size && bar[j].addr != MEMMAP_BAR_UNPLACED &&
                     b->addr < bar[j].addr + bar[j].size &&
                     bar[j].addr < b->addr + b->size )
                    return wrong("BARs %u and %u overlap", j, i);
            continue;
        }

        /* A high one without a place: is there really none? */
        for ( uint64_t a = 0; a + b->size <= in.addr_limit; a += b->size )
        {
            bool free = a >= top;

            for ( p = a / PAGE; free && p <= (a + b->size - 1) / PAGE; p++ )
                free = bar_may_lie(p);
            for ( j = 0; free && j < i; j++ )
                free = bar[j].addr == MEMMAP_BAR_UNPLACED || !bar[j].size ||
                       a >= bar[j].addr + bar[j].size ||
                       bar[j].addr >= a + b->size;
            if ( free )
                return wrong("BAR %u could be at %#" PRIx64, i, a);
        }
    }
    if ( !check_window(top) )
        return false;

    return unplaced == plan.unplaced ||
           wrong("%u BARs without a place, %u said", unplaced, plan.unplaced);
}

static bool one(struct oracle_count *count)
{
    uint64_t hole, for_rdm = 0, for_bars = 0, room = 0, top = BASE;
    unsigned int low, without, kept, p;

    build();
    kept = paint();
    low = choose(&hole, &without, count);
    for ( p = 0; p < PAGES; p++ )
    {
        for_rdm += driven(p);
        for_bars += p < BASE && p >= hole / PAGE && yields(p);
        if ( page[p].type == MEMMAP_TYPE_RAM && p >= top )
            top = p + 1;
    }
    for ( p = top; p < in.gfn_limit; p++ )
        room += !page[p].type && !wanted(p) && !page[p].pinned;

    memmap_layout_init(&plan.after, after_range, RANGES);
    plan.move = moves;
    plan.max_moves = RANGES;
    count->cases++;
    if ( !memmap_plan(&in, bar, nr_bars, &plan) )
    {
        count->kind[ORACLE_NO_ROOM]++;
        return (plan.full == MEMMAP_FULL_GFNS && room < for_rdm + for_bars) ||
               wrong("no plan (%u), %" PRIu64 " pages to move, %" PRIu64
                     " free", plan.full, for_rdm + for_bars, room);
    }

    if ( plan.hole_start != hole )
        return wrong("the hole starts at %#" PRIx64 ", not at %#" PRIx64,
                     plan.hole_start, hole);
    if ( plan.rdm_pages != for_rdm || plan.rdm_minimum != for_rdm ||
         plan.rdm_kept != kept )
        return wrong("%" PRIu64 " pages moved for reserved memory, at least %"
                     PRIu64 ", %u ranges kept; should be %" PRIu64 " and %u",
                     plan.rdm_pages, plan.rdm_minimum, plan.rdm_kept, for_rdm,
                     kept);
    if ( !check_moves(for_rdm + for_bars) || !check_bars(low, without) )
        return false;

    count->kind[ORACLE_RDM] += for_rdm != 0;
    count->kind[ORACLE_BARS] += for_bars != 0;
    count->kind[ORACLE_BOTH] += for_rdm && for_bars;
    count->kind[ORACLE_KEPT] += kept != 0;
    count->kind[ORACLE_HIGH] += plan.high_end != 0;
    count->kind[ORACLE_UNPLACED] += plan.unplaced != 0;
    count->kind[ORACLE_STAY] += !in.may_move;
    return true;
}

/* About half of what there is. */
const struct oracle_floor oracle_floor[ORACLE_KINDS] = {
    [ORACLE_RDM] = { "RAM left for reserved memory", 250 },
    [ORACLE_BARS] = { "RAM left for BARs", 150 },
    [ORACLE_BOTH] = { "for both", 100 },
    [ORACLE_KEPT] = { "reserved memory stayed", 200 },
    [ORACLE_HIGH] = { "BARs were high", 40 },
    [ORACLE_UNPLACED] = { "BARs had no place", 30 },
    [ORACLE_STAY] = { "nothing could move", 70 },
    [ORACLE_NO_ROOM] = { "there was no room", 5 },
    [ORACLE_DEFAULT] = { "the default hole would do", 200 },
    [ORACLE_DOUBLED] = { "it was doubled", 60 },
    [ORACLE_GROWN] = { "it had to grow", 100 },
    [ORACLE_RAM_IN_HOLE] = { "RAM was in it", 80 },
    [ORACLE_ODD] = { "it began within a page", 40 },
    [ORACLE_MTRRS] = { "it grew for MTRRs", 15 },
    [ORACLE_NOWHERE] = { "a BAR could be nowhere", 60 },
    [ORACLE_SENT_HIGH] = { "BARs gave way to others", 70 },
    [ORACLE_PREFER_HIGH] = { "BARs were to be high", 100 },
    [ORACLE_TOO_FEW_MTRRS] = { "it had too few of them", 20 },
};

/* A kind of which there are too few maps, ORACLE_KINDS if there is none. */
static unsigned int too_few(const struct oracle_count *count)
{
    unsigned int k;

    for ( k = 0; k < ORACLE_KINDS; k++ )
        if ( count->cases >= 10000 && count->kind[k] * 1000 <
                                     count->cases * oracle_floor[k].per_mille )
            break;

    return k;
}

const char *oracle(uint64_t seed, uint64_t nr, struct oracle_count *count)
{
    static char text[sizeof(why) + 64];
    unsigned int k;

    *count = (struct oracle_count){ 0 };
    for ( uint64_t i = 0; i < nr; i++ )
    {
        state = seed + i * 0xd1342543de82ef95ull;
        if ( !one(count) )
        {
            snprintf(text, sizeof(text), "map %" PRIu64 " of seed %#" PRIx64
                     ": %s", i, seed, why);
            return text;
        }
    }

    k = too_few(count);
    if ( k == ORACLE_KINDS )
        return NULL;
    snprintf(text, sizeof(text), "%s in %" PRIu64 " of %" PRIu64 " maps of seed %#"
             PRIx64 ", should be %u of 1000", oracle_floor[k].name,
             count->kind[k], count->cases, seed, oracle_floor[k].per_mille);
    return text;
}
