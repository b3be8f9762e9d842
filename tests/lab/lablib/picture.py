"""Draw the memory maps of several runs side by side, as SVG."""

from html import escape

from . import memorymap
from .memorymap import COLUMNS, MIB, size

_COLOURS = {
    "ram": ("#5b8fc7", "#ffffff"), "moved": ("#f2a33a", "#3d2600"),
    "bar": ("#8d6bbf", "#ffffff"), "reserved": ("#aab4bf", "#1f2a36"),
    "vram": ("#3fa796", "#ffffff"), "nothing": ("#f3f5f7", "#8793a0"),
}
_WRONG = "#d3222a"
_INK = "#1f2a36"
_LEGEND = (("ram", "RAM"), ("moved", "RAM that hvmloader moved"),
           ("bar", "BAR of a device"), ("vram", "video memory"),
           ("reserved", "reserved, ACPI, firmware"), ("nothing", "nothing"))

_MARKS = {"success": ("\u2713", "#2a7d46"), "failure": ("\u2717", _WRONG)}
_FAMILIES = {"sans": "Inter, 'DejaVu Sans', Arial, sans-serif",
             "mono": "'DejaVu Sans Mono', monospace"}
_NOTES = (
    "E820: what the guest was told. Xen p2m: which pages exist. QEMU: where DMA "
    "and emulated devices find RAM. BARs: where the guest finds its devices.",
    "Guest-physical addresses, 0 at the bottom; heights are compressed, large "
    "gaps cut out, ranges below 1 MiB left out.")

_AXIS = 128             # room for the addresses
_COLUMN = 138
_GAP = 6                # between columns
_PANEL_GAP = 46
_TOP = 146
_HEIGHT = 600
_MARGIN = 28
_BOTTOM = 104           # room for the legend
_LEAST = 19             # height of a segment: one line of text
_BREAK = 34             # height of a gap that is cut out
_GAP_FROM = 64 * MIB    # gaps from this size on are cut out


class _Scale:
    """From addresses to heights: compressed, so that small ranges show."""

    def __init__(self, maps):
        self.segments = memorymap.segments(maps)
        self.gaps = set()
        weights = []
        for start, end in self.segments:
            middle = (start + end) // 2
            empty = all(item.cell(column, middle).kind == "nothing"
                        and not item.cell(column, middle).wrong
                        for item in maps for column in COLUMNS)
            if empty and end - start >= _GAP_FROM:
                self.gaps.add((start, end))
                weights.append(0)
            else:
                weights.append((end - start) ** 0.5)
        free = (_HEIGHT - _BREAK * len(self.gaps)
                - _LEAST * (len(self.segments) - len(self.gaps)))
        unit = max(0, free) / (sum(weights) or 1)
        self.edges = {}
        height = _TOP + _HEIGHT
        for segment, weight in zip(self.segments, weights):
            self.edges[segment[0]] = height
            height -= (_BREAK if segment in self.gaps
                       else _LEAST + weight * unit)
            self.edges[segment[1]] = height
        self.top = height


class _Page:
    def __init__(self):
        self.parts = []

    def add(self, text):
        self.parts.append(text)

    def rect(self, x, y, width, height, fill, **more):
        extra = "".join(f' {key.replace("_", "-")}="{value}"'
                        for key, value in more.items())
        self.add(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" '
                 f'height="{height:.1f}" fill="{fill}"{extra}/>')

    def text(self, x, y, words, pixels=13, fill=_INK, anchor="start",
             weight="normal", family="sans"):
        self.add(f'<text x="{x:.1f}" y="{y:.1f}" font-size="{pixels}" '
                 f'fill="{fill}" text-anchor="{anchor}" '
                 f'font-weight="{weight}" font-family="{_FAMILIES[family]}">'
                 f'{escape(words)}</text>')


def draw(maps):
    """The SVG text of MAPS, one panel each."""
    scale = _Scale(maps)
    panel = len(COLUMNS) * _COLUMN + (len(COLUMNS) - 1) * _GAP
    width = _AXIS + len(maps) * panel + (len(maps) - 1) * _PANEL_GAP + _MARGIN
    bottom = _TOP + _HEIGHT
    page = _Page()
    page.add(f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" '
             f'height="{bottom + _BOTTOM}" viewBox="0 0 {width} {bottom + _BOTTOM}">')
    page.add('<defs><pattern id="wrong" width="9" height="9" '
             'patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
             f'<rect width="9" height="9" fill="#fbe3e4"/>'
             f'<rect width="3" height="9" fill="{_WRONG}" opacity="0.45"/>'
             '</pattern></defs>')
    page.rect(0, 0, width, bottom + _BOTTOM, "#ffffff")
    page.text(_MARGIN, 42, "Who believes what about the guest's memory", 25,
              weight="bold")
    page.text(_MARGIN, 67, maps[0].scenario + ": " + maps[0].title, 15,
              "#55616e")
    _axis(page, scale, width)
    for number, item in enumerate(maps):
        left = _AXIS + number * (panel + _PANEL_GAP)
        _panel(page, scale, item, left, panel)
    _legend(page, bottom + 34)
    page.add("</svg>")
    return "\n".join(page.parts) + "\n"


def _axis(page, scale, width):
    edges = sorted(scale.edges.items())
    for address, y in edges:
        page.add(f'<line x1="{_AXIS - 8}" y1="{y:.1f}" '
                 f'x2="{width - _MARGIN}" y2="{y:.1f}" stroke="#dfe4e9"/>')
        page.text(_AXIS - 12, y + 4, f"{address:#x}", 12, "#55616e", "end",
                  family="mono")
    for start, end in scale.gaps:
        y = (scale.edges[start] + scale.edges[end]) / 2
        page.text(_AXIS - 12, y + 4, f"\u2248 {size(end - start)}", 11,
                  "#8793a0", "end")


def _panel(page, scale, item, left, width):
    page.text(left, 101, item.stack, 20, weight="bold")
    # One text of many spans, so that the renderer does the spacing.
    spans = []
    for name, status in item.checks:
        mark, colour = _MARKS.get(status, ("\u2013", "#8793a0"))
        weight = "bold" if status == "failure" else "normal"
        spans.append(f'<tspan dx="14" fill="{colour}" font-weight="{weight}">'
                     f"{escape(name)} {mark}</tspan>")
    page.add(f'<text x="{left + 12 * len(item.stack) + 6}" y="100" '
             f'font-size="13" font-family="{_FAMILIES["sans"]}">'
             + "".join(spans) + "</text>")
    for number, column in enumerate(COLUMNS):
        x = left + number * (_COLUMN + _GAP)
        page.text(x + _COLUMN / 2, _TOP - 14, column, 14, anchor="middle",
                  weight="bold")
        for cell, start, end in _runs(scale, item, column):
            _cell(page, x, scale, cell, start, end)
    page.rect(left - 3, scale.top - 3, width + 6,
              _TOP + _HEIGHT - scale.top + 6, "none", stroke="#c3cbd3", rx=4)


def _runs(scale, item, column):
    """Neighbouring segments with the same cell, as one."""
    runs = []
    for start, end in scale.segments:
        cell = item.cell(column, (start + end) // 2)
        gap = {(start, end), tuple(runs[-1][1:])} & scale.gaps if runs else None
        if runs and runs[-1][0] == cell and not gap:
            runs[-1][2] = end
        else:
            runs.append([cell, start, end])
    return runs


def _cell(page, x, scale, cell, start, end):
    top, low = scale.edges[end], scale.edges[start]
    height = low - top
    if (start, end) in scale.gaps:
        middle = (top + low) / 2
        points = " ".join(
            f"{x + step * _COLUMN / 12:.1f},{middle + (-3 if step % 2 else 3)}"
            for step in range(13))
        page.add(f'<polyline points="{points}" fill="none" stroke="#c3cbd3"/>')
        return
    fill, ink = _COLOURS[cell.kind]
    if cell.wrong:
        page.rect(x, top + 1, _COLUMN, height - 2, fill, rx=3)
        page.rect(x, top + 1, _COLUMN, height - 2, "url(#wrong)", rx=3,
                  stroke=_WRONG, stroke_width=2)
        lines = [cell.wrong, size(end - start)]
        ink = _WRONG
    elif cell.kind == "nothing":
        page.rect(x, top + 1, _COLUMN, height - 2, fill, rx=3)
        return
    else:
        page.rect(x, top + 1, _COLUMN, height - 2, fill, rx=3)
        name = "moved RAM" if cell.kind == "moved" and cell.text == "RAM" \
            else cell.text
        lines = [name, size(end - start)]
    if height < 36:
        lines = [f"{lines[0]}, {lines[1]}" if len(lines[0]) < 11 else lines[0]]
    y = (top + low) / 2 + 4.5 - 8 * (len(lines) - 1)
    for number, words in enumerate(lines):
        if cell.wrong:
            # On the hatching, letters need a calm ground.
            page.rect(x + _COLUMN / 2 - 3.4 * len(words) - 3, y - 11.5 + 16
                      * number, 6.8 * len(words) + 6, 15, "#ffffff",
                      opacity="0.85", rx=3)
        page.text(x + _COLUMN / 2, y + 16 * number, words, 12, ink, "middle",
                  weight="bold" if number == 0 else "normal")


def _legend(page, y):
    x = _MARGIN
    for kind, words in _LEGEND:
        page.rect(x, y - 12, 16, 16, _COLOURS[kind][0], rx=3, stroke="#c3cbd3")
        page.text(x + 23, y + 1, words, 13)
        x += 23 + 7.4 * len(words) + 26
    page.rect(x, y - 12, 16, 16, "url(#wrong)", rx=3, stroke=_WRONG)
    page.text(x + 23, y + 1, "the parties disagree", 13)
    for number, words in enumerate(_NOTES):
        page.text(_MARGIN, y + 32 + 18 * number, words, 12, "#55616e")
