"""What the emulated host itself has to say: its memory, its IOMMU's faults.

A guest can only report what it sees at its own addresses.  Whether that is the
host's reserved memory, the host's memory shows.
"""

import re
import struct

from . import results
from .results import Source

PAGE = 4096
# iommu_page_fault_do_one() in xen/drivers/passthrough/vtd/iommu.c.
_FAULT = re.compile(r"(?:DMAR:\[DMA (?:Read|Write)\]|INTR-REMAP:|\[VT-D\]UNKNOWN:) "
                    r"Request device (?:\[(?P<device>[0-9a-f:.]+)\])?"
                    r"(?: fault addr (?P<address>[0-9a-f]+))?.*")


def word(address, seed):
    """As dma_word() in tests/lab/guest/dma.h."""
    return address ^ seed


def rmrr(ranges, read):
    """The check `rmrr`.

    RANGES are console.Written; READ(address, bytes) is the host's memory.
    """
    there = absent = 0
    # A device that writes twice leaves what it wrote last.
    last = {(item.kind, item.address, item.size): item for item in ranges}
    for item in last.values():
        kind, start, size = item.kind, item.address, item.size
        words = struct.unpack(f"<{size // 8}Q", read(start, size))
        wanted = [word(start + 8 * k, item.seed) for k in range(len(words))]
        for page in range(0, len(words), PAGE // 8):
            pairs = list(zip(words, wanted))[page:page + PAGE // 8]
            good = sum(found == expected for found, expected in pairs)
            at = start + 8 * page
            if kind == "rdm" and good < len(pairs):
                return results.failure(
                    f"the host's page at {at:#x} has {good} of {len(pairs)} words "
                    f"that the device wrote; its first is {words[page]:#x}, not "
                    f"{wanted[page]:#x}", Source.HOST)
            if kind == "foreign" and good:
                return results.failure(
                    f"the host's page at {at:#x}, which is not this guest's, has "
                    f"{good} words from its device", Source.HOST)
            there += kind == "rdm"
            absent += kind == "foreign"
    if not there:
        return results.failure("the guest reported no range that its device "
                               "wrote", Source.HOST)
    text = f"the host's memory has what the device wrote, {there} pages"
    if absent:
        text += f"; {absent} pages that are not the guest's do not"
    return results.success(text, Source.HOST)


def faults(lines, device=None, at=""):
    """The check `faults`: what the IOMMU reported in LINES of Xen's console.

    None, unless DEVICE is named: then each page of the ranges AT ("0x1000-0x2000+...")
    must have been reported for it, and nothing else.
    """
    if not lines:
        return results.error("the host's console is empty", Source.HOST)
    found = [match for line in lines if (match := _FAULT.search(line))]
    if device is None:
        if found:
            return results.failure(f"{len(found)} faults; the first: "
                                   + found[0].group(), Source.HOST)
        return results.success("the IOMMU reported none", Source.HOST)
    missing = set(_pages(at))
    wanted = {(device, page) for page in missing}
    for match in found:
        where = match["device"], int(match["address"] or "0", 16) // PAGE
        if where not in wanted:
            return results.failure("a fault that is not wanted: " + match.group(),
                                   Source.HOST)
        missing.discard(where[1])
    if missing:
        return results.failure(f"no fault of {device} at {min(missing) * PAGE:#x}",
                               Source.HOST)
    return results.success(f"{len(found)} faults, all of {device}, {len(wanted)} pages",
                           Source.HOST)


def _pages(ranges):
    for part in ranges.split("+"):
        start, end = (int(word, 16) for word in part.split("-"))
        yield from range(start // PAGE, end // PAGE)
