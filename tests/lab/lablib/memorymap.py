"""A guest's memory map as its three witnesses tell it, cut into segments.

The witnesses are the guest's E820, Xen's p2m and QEMU's flat view; the guest's
BARs go beside them. What a segment holds is found by asking each for its middle.
"""

import json
import re
from dataclasses import dataclass, field

from .ui import LabError

MIB = 1 << 20
# Boundaries nearer than this are drawn as one: the BIOS area, what SeaBIOS keeps.
FINEST = MIB

COLUMNS = ("E820", "Xen p2m", "QEMU", "BARs")

# A difference is drawn in the column of the party that is wrong, or knows least.
RULES = {
    "dma-blind": ("QEMU", "unknown to QEMU"),
    "stale": ("QEMU", "stale: RAM is gone"),
    "unpopulated": ("Xen p2m", "not populated"),
    "untold": ("E820", "not in the E820"),
    "under-bar": ("BARs", "RAM under a BAR"),
    "vram": ("Xen p2m", "video memory lost"),
    "unaccounted": ("Xen p2m", "unaccounted for"),
}

_MOVED = re.compile(r"(?:Relocating 0x([0-9a-f]+)|memmap: moving ([0-9a-f]+)) "
                    r"pages from (?:gfn )?([0-9a-f]+) to ([0-9a-f]+)")


@dataclass
class Cell:
    """What one column shows in one segment."""

    kind: str = "nothing"   # ram, moved, bar, reserved, vram, nothing
    text: str = ""
    wrong: str = ""         # the difference, in words


@dataclass
class Map:
    """One run: ranges are (start, end, text)."""

    stack: str
    scenario: str
    title: str
    checks: list
    e820: list
    bars: list
    p2m: list = field(default_factory=list)
    qemu: list = field(default_factory=list)
    moved: list = field(default_factory=list)
    differ: list = field(default_factory=list)

    def ranges(self):
        return (self.p2m + self.qemu + self.bars + self.moved
                + self.differ)

    def cell(self, column, address):
        ram_kind = "moved" if _at(self.moved, address) else "ram"
        cell = Cell()
        if column == "E820":
            kind = _at(self.e820, address)
            if kind == "System RAM":
                cell = Cell(ram_kind, "RAM")
            elif kind:
                cell = Cell("reserved", _SHORT.get(kind, kind))
        elif column == "Xen p2m" and _at(self.p2m, address):
            if _at(self.e820, address) == "System RAM":
                cell = Cell(ram_kind, "populated")
            elif _video(_at(self.qemu, address)):
                cell = Cell("vram", "populated")
            else:
                cell = Cell("reserved", "populated")
        elif column == "QEMU":
            name = _at(self.qemu, address)
            if _video(name):
                cell = Cell("vram", name)
            elif name:
                cell = Cell(ram_kind, name.split()[0])
        elif column == "BARs":
            name = _at(self.bars, address)
            if name:
                cell = Cell("bar", name)
        for start, end, rule in self.differ:
            where, words = RULES.get(rule, ("Xen p2m", rule))
            if start <= address < end and where == column:
                cell.wrong = words
        return cell


_SHORT = {"ACPI Non-volatile Storage": "ACPI NVS", "ACPI Tables": "ACPI",
          "Reserved": "reserved"}


def _at(ranges, address):
    for start, end, text in ranges:
        if start <= address < end:
            return text or "yes"
    return ""


def _video(name):
    return name.startswith("vga")


def _views(lines, what):
    """Ranges of `views WHAT START END TEXT` lines."""
    found = []
    for line in lines:
        words = line.split()
        if words[:2] == ["views", what]:
            found.append((int(words[2], 16), int(words[3], 16),
                          " ".join(words[4:])))
    return found


def _moves(lines):
    """Where hvmloader says that it moved RAM to, stock's or ours."""
    found = []
    for line in lines:
        if match := _MOVED.search(line):
            pages = int(match.group(1) or match.group(2), 16)
            target = int(match.group(4), 16)
            # Stock prints an address, ours a gfn.
            if match.group(2):
                target <<= 12
            found.append((target, target + (pages << 12)))
    # Stock moves in batches of 65535 pages; one range is meant.
    merged = []
    for start, end in sorted(found):
        if merged and merged[-1][1] == start:
            merged[-1] = (merged[-1][0], end, "moved")
        else:
            merged.append((start, end, "moved"))
    return merged


def size(count):
    """COUNT bytes in words."""
    for unit, shift in (("GiB", 30), ("MiB", 20), ("KiB", 10)):
        if count >= 1 << shift:
            text = f"{count / (1 << shift):.2f}".rstrip("0").rstrip(".")
            return f"{text} {unit}"
    return f"{count} B"


def load(paths):
    """The Maps of the results in PATHS that got as far as having one."""
    maps = []
    for path in paths:
        try:
            with open(path) as stream:
                runs = json.load(stream)["runs"]
        except (OSError, ValueError, KeyError) as error:
            raise LabError(f"{path}: not what `lab run --json` writes: "
                           f"{error}") from error
        maps += [_map(run) for run in runs if run["e820"]]
    if not maps:
        raise LabError("no run in there got as far as reporting an E820")
    return maps


def _map(run):
    views = run["views"]
    differ = [(start, end, re.search(r"rule=(\S+)", text).group(1))
              for start, end, text in _views(views, "differ")]
    return Map(
        stack=run["stack"], scenario=run["scenario"], title=run["title"],
        checks=[(check["name"], check["result"]) for check in run["checks"]],
        e820=[tuple(entry) for entry in run["e820"]],
        bars=[(start, end, f"{bdf[5:]} BAR {number}")
              for bdf, number, start, end in run["bars"]
              if end - start >= FINEST],
        p2m=_views(views, "p2m"), qemu=_views(views, "qemu"),
        moved=_moves(run["hvmloader"]), differ=differ)


def segments(maps):
    """[(start, end)] between all boundaries of all MAPS."""
    edges = {0}
    for item in maps:
        for start, end, _ in item.ranges():
            if end - start >= FINEST:
                edges.update((start, end))
        for start, end, _ in item.e820:
            edges.update((start, end))
    kept = []
    # Of edges close together, the roundest stands for all.
    for edge in sorted(edges):
        if kept and edge - kept[-1] <= FINEST:
            if _roundness(edge) > _roundness(kept[-1]):
                kept[-1] = edge
        else:
            kept.append(edge)
    return list(zip(kept, kept[1:]))


def _roundness(address):
    return address & -address if address else 1 << 64


def table(maps):
    """The maps side by side, as lines of text."""
    rows = [["guest-physical range", "size"]
            + [f"{item.stack}: {column}" for item in maps
               for column in COLUMNS]]
    for start, end in reversed(segments(maps)):
        cells = [item.cell(column, (start + end) // 2)
                 for item in maps for column in COLUMNS]
        if all(cell.kind == "nothing" and not cell.wrong for cell in cells):
            continue
        rows.append([f"{start:#011x}-{end:#011x}", size(end - start)]
                    + [_words(cell) for cell in cells])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths))
             .rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    for item in maps:
        lines += [f"{item.stack}: {start:#x}-{end:#x} ({size(end - start)}): "
                  + RULES.get(rule, ("", rule))[1]
                  for start, end, rule in item.differ]
    return lines


def _words(cell):
    text = cell.text or "-"
    if cell.kind == "moved":
        text = "moved " + text
    return f"!! {cell.wrong}" if cell.wrong else text
