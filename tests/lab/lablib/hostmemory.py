"""What the emulated host itself has to say: its memory, its IOMMU's faults.

A guest can only report what it sees at its own addresses.  Whether that is the
host's reserved memory, the host's memory shows.
"""

import re
import struct

from . import results
from .results import Source

PAGE = 4096
_DMA = re.compile(r"memmap-guest: dma (rdm|foreign) (0x[0-9a-f]+) "
                  r"(0x[0-9a-f]+) (0x[0-9a-f]+)")
# iommu_page_fault_do_one() in xen/drivers/passthrough/vtd/iommu.c.
_FAULT = re.compile(r"DMAR:\[DMA (?:Read|Write)\] Request device .*|"
                    r"INTR-REMAP: Request device .*|"
                    r"\[VT-D\]UNKNOWN: Request device .*")


def written(line):
    """(kind, address, bytes, seed) when LINE says what a device wrote."""
    match = _DMA.search(line)
    if not match:
        return None
    kind, *numbers = match.groups()
    return (kind, *(int(number, 16) for number in numbers))


def word(address, seed):
    """As dma_word() in tests/lab/guest/dma.h."""
    return address ^ seed


def rmrr(ranges, read):
    """The check `rmrr`.

    RANGES is what written() found; READ(address, bytes) is the host's memory.
    """
    if not ranges:
        return results.failure("the guest reported no range that its device "
                               "wrote", Source.HOST)
    there = absent = 0
    # A device that writes twice leaves what it wrote last.
    last = {tuple(entry[:3]): entry for entry in ranges}
    for kind, start, size, seed in last.values():
        words = struct.unpack(f"<{size // 8}Q", read(start, size))
        wanted = [word(start + 8 * k, seed) for k in range(len(words))]
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
    text = f"the host's memory has what the device wrote, {there} pages"
    if absent:
        text += f"; {absent} pages that are not the guest's do not"
    return results.success(text, Source.HOST)


def faults(lines):
    """The check `faults`: what the IOMMU reported in LINES of Xen's console."""
    found = [match.group() for line in lines if (match := _FAULT.search(line))]
    if found:
        return results.failure(f"{len(found)} faults; the first: {found[0]}",
                               Source.HOST)
    return results.success("the IOMMU reported none", Source.HOST)
