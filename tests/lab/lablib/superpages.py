"""The check `superpages`: how much of a guest's RAM Xen maps by large pages.

Two tables map it: the p2m, which the processor walks (nested paging), and that of
the IOMMU.  The first is read entry by entry out of the host's memory, the second
is what Xen prints of it.  Either is looked at when the domain has been built and
has not run yet, and again when the guest is done; what Xen could map by 2 MiB or
more before must still be mapped so.  No hypercall tells how large an entry is, so this
is not for libxen-memmap.

But the table is what libxen-memmap's answers are about: where the check `views` asked
Xen by it, both must have the same pages.
"""

import re
import struct

from . import results
from .results import Source

PAGE = 4096
EXTENT = 512                # pages of 2 MiB
HUGE = 512 * 512            # of 1 GiB
HIGH = 4 << 30 >> 12        # gfn
LEAST = 99                  # per cent
# Pages of Xen's own that a guest was given outside of its RAM: in the table, and for
# libxen-memmap no memory of the guest.
XENS_OWN = 4

# xen/arch/x86/mm/p2m-pt.c: the type of a gfn in an entry's available bits.
_PRESENT, _LARGE = 1, 1 << 7
_FRAME = 0x000ffffffffff000
_TYPE = 52, 0x7f
_RAM = 0, 2, 3              # p2m_ram_rw, p2m_ram_logdirty, p2m_ram_ro

# What follows the last line of key 'v', and so of the keys before it.
END = re.compile(r"\*{38}$")
_VMCB = re.compile(r">>> Domain (\d+) <<<")
_ROOT = re.compile(r"H_CR3 = (0x[0-9a-f]+)")
_TABLE = re.compile(r"\bd(\d+) table has (\d+) levels$")
_ENTRY = re.compile(r"\(XEN\) ( *)dfn: ([0-9a-f]+) mfn: [0-9a-f]+ ")


def root(lines, domid):
    """Where the p2m of DOMID starts, from a dump by key 'v'; or None."""
    here = None
    for line in lines:
        if match := _VMCB.search(line):
            here = int(match[1])
        elif here == domid and (match := _ROOT.search(line)):
            return int(match[1], 16)
    return None


def p2m(read, address):
    """[(gfn, pages)], an element for each entry that maps RAM.

    READ(address, bytes) is the host's memory, ADDRESS where the table starts.
    """
    found = []

    def table(address, pages, gfn):
        for entry in struct.unpack("<512Q", read(address, PAGE)):
            if not entry & _PRESENT:
                pass
            elif pages > 1 and not entry & _LARGE:
                table(entry & _FRAME, pages // 512, gfn)
            elif entry >> _TYPE[0] & _TYPE[1] in _RAM:
                found.append((gfn, pages))
            gfn += pages

    table(address, 512 * HUGE, 0)
    return found


def iommu(lines, domid):
    """The same of a dump by key 'o', of all that is mapped there; or None.

    Of a table Xen prints the entries that map something, each indented by the
    number of tables above it.
    """
    levels, found = None, None
    for line in lines:
        if match := _TABLE.search(line):
            levels = None
            if int(match[1]) == domid:
                levels, found = int(match[2]), []
        elif levels and (match := _ENTRY.match(line)):
            found.append((int(match[2], 16),
                          512 ** (levels - 1 - len(match[1]))))
    return found


def survey(host, domid, with_iommu):
    """What each table of DOMID maps, by name."""
    lines = host.debug_keys("ov" if with_iommu else "v", END)
    start = root(lines, domid)
    tables = {"p2m": start and p2m(host.physical, start)}
    if with_iommu:
        tables["IOMMU"] = iommu(lines, domid)
    return tables


def _mapped(entries, least, above=0):
    """MiB mapped by entries of LEAST pages or more, from gfn ABOVE on."""
    return sum(pages for gfn, pages in entries
               if pages >= least and gfn >= above) // 256


def _asked(lines):
    """[(gfn, pages)] that memmap-views had from libxen-memmap; none if it did not ask."""
    found = []
    for words in map(str.split, lines):
        if words[:2] == ["views", "p2m"]:
            start, end = (int(word, 16) // PAGE for word in words[2:4])
            found.append((start, end - start))
    return found


def _beyond(ranges, others):
    """How many pages of RANGES are in none of OTHERS; both ascend and are disjoint."""
    count, others = 0, list(others)
    for start, pages in ranges:
        end = start + pages
        while others and sum(others[0]) <= start:
            others.pop(0)
        for other, length in others:
            if other >= end:
                break
            pages -= min(end, other + length) - max(start, other)
        count += pages
    return count


def unlike(entries, lines):
    """What libxen-memmap and the table ENTRIES do not agree on, in words; LINES are
    memmap-views'."""
    asked = _asked(lines)
    if not asked:
        return ""
    more, less = _beyond(asked, entries), _beyond(entries, asked)
    if more == 0 and less <= XENS_OWN:
        return ""
    return (f"libxen-memmap found {more} pages that the p2m does not have, and not {less} "
            "that it has")


def verdict(before, after, gigabytes=0, views=()):
    """The check; both are survey()'s.

    GIGABYTES: how much above 4 GiB the p2m has to map by entries of 1 GiB.  VIEWS: lines
    of memmap-views.
    """
    good, text = True, []
    for name, old in before.items():
        new = after.get(name)
        if not old or not new:
            return results.error(f"Xen showed no {name} of the guest",
                                 Source.HOST)
        had, has = _mapped(old, EXTENT), _mapped(new, EXTENT)
        good &= had > 0 and 100 * has >= LEAST * had
        text.append(f"{name}: {has} of {had} MiB are still mapped by 2 MiB or "
                    f"more ({100 * has / max(had, 1):.1f} %), "
                    f"{_mapped(new, HUGE)} of {_mapped(old, HUGE)} by 1 GiB")
    if gigabytes:
        high = _mapped(after["p2m"], HUGE, HIGH)
        good &= high >= 1024 * gigabytes
        text.append(f"{high} MiB of them above 4 GiB, {gigabytes} GiB wanted")
    if differ := unlike(after["p2m"], views):
        good = False
        text.append(differ)
    return (results.success if good else results.failure)(
        "; ".join(text), Source.HOST)
