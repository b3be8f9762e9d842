"""What guests, dom0's programs and Xen say, line by line, as values.

guest/README.md and views/README.md have the lines.  Nothing here decides anything.
"""

import re
from dataclasses import dataclass

from .results import Check, Result, Source


@dataclass(frozen=True)
class Start:
    """The guest's kernel reached its init."""


@dataclass(frozen=True)
class Done:
    """The guest has said all it has to say."""


@dataclass(frozen=True)
class Report:
    """What came of a check."""

    name: str
    check: Check


@dataclass(frozen=True)
class Entry:
    """One of the guest's E820; END is exclusive, here and below."""

    start: int
    end: int
    kind: str

    def __str__(self):
        return f"{self.start:#x}-{self.end:#x} {self.kind}"


@dataclass(frozen=True)
class Bar:
    """One of a guest's device."""

    bdf: str
    number: int
    start: int
    end: int

    def __str__(self):
        return f"{self.bdf} BAR {self.number} {self.start:#x}-{self.end:#x}"


@dataclass(frozen=True)
class Written:
    """A device wrote a pattern to reserved memory, or tried to (`foreign`)."""

    kind: str
    address: int
    size: int
    seed: int


@dataclass(frozen=True)
class Request:
    """Something that dom0 has to do for the guest."""

    kind: str
    index: int = None       # of [[passthrough]]
    address: int = None     # where the guest waits for it to have been done

    def __str__(self):
        return self.kind if self.index is None else f"{self.kind} {self.index}"


@dataclass(frozen=True)
class Panic:
    """A kernel, or Xen, gave up."""

    text: str


_RESULT = r"(success|skip|error|failure)\b ?(.*)"
_CHECK = re.compile(rf"memmap-guest: check (\S+) {_RESULT}")
_DOM0_CHECK = re.compile(rf"check (\S+) {_RESULT}")
_E820 = re.compile(r"memmap-guest: e820 0x([0-9a-f]+) 0x([0-9a-f]+) (.+)")
_BAR = re.compile(r"memmap-guest: bar (\S+) (\d+) 0x([0-9a-f]+) 0x([0-9a-f]+)")
_DMA = re.compile(r"memmap-guest: dma (rdm|foreign) 0x([0-9a-f]+) "
                  r"0x([0-9a-f]+) 0x([0-9a-f]+)")
_REQUEST = re.compile(r"memmap-guest: (?:(s3|reboot)|(attach|detach) (\d+))\s*$")
_LIFE = re.compile(r"memmap-guest: dom0 (\S+) 0x([0-9a-f]+)\s*$")
_KERNEL_PANIC = re.compile(r"Kernel panic - not syncing.*")

# What a kernel says while it does nothing else.
_STALLED = re.compile(r"soft lockup|\brcu\b.*stall|blocked for more than")

# Xen's own lines only: a guest may write what it likes behind (dN).
_XEN_PANIC = re.compile(
    r"^\(XEN\) (.*(?:Panic on CPU|Xen BUG at|FATAL (?:TRAP|PAGE FAULT)|"
    r"DOUBLE FAULT|Assertion '.*' failed|Watchdog timer detects|"
    r"Hardware Dom0 crashed).*)")
_FIRMWARE_BUG = re.compile(r"\*\*\* HVMLoader bug|HVMLoader assert")


def guest(line):
    """What a line of the guest's console means, or None."""
    if "memmap-guest:" not in line:
        match = _KERNEL_PANIC.search(line)
        return Panic(match.group().strip()) if match else None
    if "memmap-guest: start" in line:
        return Start()
    if "memmap-guest: done" in line:
        return Done()
    if match := _CHECK.search(line):
        name, result, text = match.groups()
        return Report(name, Check(Result(result), text, Source.GUEST))
    if match := _E820.search(line):
        return Entry(int(match[1], 16), int(match[2], 16), match[3])
    if match := _BAR.search(line):
        return Bar(match[1], int(match[2]), int(match[3], 16), int(match[4], 16))
    if match := _DMA.search(line):
        return Written(match[1], *(int(word, 16) for word in match.groups()[1:]))
    if match := _REQUEST.search(line):
        return Request(match[1]) if match[1] else Request(match[2], int(match[3]))
    if match := _LIFE.search(line):
        return Request(match[1], address=int(match[2], 16))
    return None


def is_life(line):
    """LINE of a guest's console is a sign of life, not a complaint of its kernel."""
    return not _STALLED.search(line)


def dom0(line):
    """The Report in a line of memmap-views, or None."""
    match = _DOM0_CHECK.match(line)
    return match and Report(match[1], Check(Result(match[2]), match[3], Source.DOM0))


def host_panic(line):
    """The Panic of Xen or of dom0 in a line of the host's console, or None."""
    if match := _XEN_PANIC.search(line):
        return Panic(match[1].strip())
    # dom0's lines have no mark, another domain's always one.
    match = not line.startswith("(d") and _KERNEL_PANIC.search(line)
    return Panic("dom0: " + match.group().strip()) if match else None


def domain_ended(line, domid):
    """Xen's console says that the domain's life is over."""
    return not line.startswith("(d") and (
        (f"Domain {domid} " in line and "crashed" in line)
        or (f"d{domid}v" in line and "Triple fault" in line))


def said_by(line, domid):
    """What domain DOMID wrote to Xen's console, if LINE is that; else None."""
    mark = f"(d{domid}) "
    return line.split(mark, 1)[1] if mark in line else None


def firmware_bug(text):
    return bool(_FIRMWARE_BUG.search(text))
