"""The checks `explain` and `verify` of xen-memmap.

What `xen-memmap explain` said of a guest before it was created, against what then
happened to it, to the page: the plan's ranges and the layout that the device model
published must be the same, and every BAR must be where the plan has it.  Three things a
plan cannot know: which pages firmware takes for itself at its end, from the end of RAM;
which pieces of RAM it keeps from a guest because SeaBIOS' map has no room for them; and
the marks of what a device model could not map.

Where BARs are is the guest's kernel's word.  Of a guest that ends with its firmware it is
what hvmloader said when it wrote them, ROMs among them.
"""

import json
import re
from collections import Counter

from . import results
from .results import Source

# Stacks whose guests do as the planner says.
STACKS = ("ours",)

FIRMWARE = 2                    # PROTOCOL.md, section 4
AREA = range(0xfc000, 0x100000)     # gfns, where firmware puts what it takes
PAGE = 4096
NO_PLACE = 2 ** 64 - 1

_LINE = re.compile(r"layout/\d+ (\w+) (\w+) (\S+) (\w+) (\w+) \w+$")
_STATE = re.compile(r"state SEALED$")
_BAR_LINE = re.compile(r"pci dev \w+:\w bar \w+ size (\w+): (\w+)$")
_IO = 1                         # in a register: it is of ports


def published(lines):
    """[(type, gfn, pages, source)] of published.txt, what firmware took given back; None
    if there is no layout that firmware has ended with."""
    if not any(map(_STATE.match, lines)):
        return None
    ranges, taken = [], 0
    for match in filter(None, map(_LINE.match, lines)):
        gfn, pages, kind = int(match[1], 16), int(match[2], 16), match[4]
        if int(match[5], 16) & FIRMWARE and gfn in AREA:
            taken += pages
        else:
            source = None if match[3] == "-" else int(match[3], 16)
            ranges.append((kind, gfn, pages, source))
    return _give_back(ranges, taken)


def _give_back(ranges, pages):
    """PAGES are the end of the last RAM."""
    if pages:
        last = max(i for i, item in enumerate(ranges) if item[0] == "ram")
        kind, gfn, left, source = ranges[last]
        ranges[last] = kind, gfn, left + pages, source
    return _merged(ranges)


def _merged(ranges):
    """Neighbours that differ in nothing but marks are one."""
    found = []
    for kind, gfn, pages, source in sorted(ranges, key=lambda item: item[1]):
        if found and kind == "ram":
            last = found[-1]
            if last[0] == "ram" and last[1] + last[2] == gfn \
                    and last[3] is not None and last[3] + last[2] == source:
                found[-1] = kind, last[1], last[2] + pages, last[3]
                continue
        found.append((kind, gfn, pages, source))
    return found


def planned(plan):
    """The same of `explain --json`."""
    return _merged([(item["type"], item["gfn"], item["pages"], item["source"])
                    for item in plan["ranges"]])


def _bars(plan, is_seen):
    """Where the plan has the BARs that somebody has seen."""
    return Counter((bar["address"], bar["address"] + bar["bytes"])
                   for bar in plan["bars"]
                   if bar["address"] not in (None, NO_PLACE) and is_seen(bar))


def _guest_sees(bar):
    """ROMs are for nobody else to see."""
    return not bar["name"].endswith(" ROM") and bar["bytes"] >= PAGE


def written(log):
    """Where hvmloader's LOG has BARs of memory, as console.Bar has them."""
    found = []
    for match in filter(None, map(_BAR_LINE.match, log)):
        size, value = int(match[1], 16), int(match[2], 16)
        if not value & _IO:
            found.append((value & ~0xf, (value & ~0xf) + size))
    return Counter(found)


def _misplaced(plan, bars, log):
    """(where BARs were foreseen and are not, where they are and were not foreseen, how
    many are as foreseen)."""
    if bars:
        meant = _bars(plan, _guest_sees)
        found = Counter((bar.start, bar.end) for bar in bars if bar.end - bar.start >= PAGE)
    else:
        meant, found = _bars(plan, lambda bar: True), written(log)
    return meant - found, found - meant, (meant & found).total()


def _show(items):
    return ", ".join(items) or "nothing"


def _range(item):
    kind, gfn, pages, source = item
    text = f"{kind} {gfn:#x}+{pages:#x}"
    return text if source in (None, gfn) else f"{text} from {source:#x}"


def _bar(item):
    return f"{item[0]:#x}-{item[1]:#x}"


def options(scenario, stack):
    """What `xen-memmap explain` has to be told beside the xl.cfg; "": not asked."""
    if stack not in STACKS:
        return ""
    words = ["--json"]
    for key, value in scenario.keys(stack).items():
        if key.startswith("hvmloader/memory-map/rdm/"):
            words += ["--declare", value]
        elif (key, value) == ("hvmloader/memory-map/relocate", "0"):
            words.append("--no-relocate")
        elif (key, value) == ("hvmloader/memory-map/policy", "high"):
            words.append("--prefer-high")
    return " ".join(words)


def explain(text, said, lines, bars, log=()):
    """The check; TEXT is what explain printed, SAID what it complained of, LINES are
    published.txt, BARS what the guest found (console.Bar), LOG hvmloader's.  None: there
    is nothing to compare with."""
    real = published(lines)
    if real is None:
        return None
    try:
        plan = json.loads(text)
    except ValueError:
        return results.error("xen-memmap explain has no plan: " + " | ".join(said[-2:]),
                             Source.DOM0)
    flaws = []
    meant = planned(plan)
    if meant != real:
        flaws.append(
            f"foreseen {_show(_range(item) for item in meant if item not in real)}, got "
            f"{_show(_range(item) for item in real if item not in meant)}")
    missing, strange, right = _misplaced(plan, bars, log)
    if missing or strange:
        flaws.append(f"BARs foreseen at {_show(map(_bar, missing))}, found at "
                     f"{_show(map(_bar, strange))}")
    if flaws:
        return results.failure("; ".join(flaws), Source.DOM0)
    return results.success(f"{len(real)} ranges and {right} BARs are as foreseen "
                           "before the guest was created", Source.DOM0)


def verify(lines, shown):
    """The check; LINES are what `xen-memmap verify` said, and its status, SHOWN is
    published.txt.  None: there is nothing to verify, or it must not be asked."""
    if published(shown) is None or any("populated on demand" in line for line in lines):
        return None
    status = lines[-1] if lines else "nothing"
    said = " | ".join(lines[-3:-1])
    make = {"status 0": results.success, "status 1": results.failure}
    return make.get(status, results.error)(said, Source.DOM0)
