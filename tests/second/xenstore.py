# SPDX-License-Identifier: MIT
"""The values of PROTOCOL.md, section 8: what is of its forms, and how a layout is shown."""

import re

import record as rec

_TYPES = {"ram": rec.RAM, "rdm": rec.RDM, "mmio": rec.MMIO}
_NAMES = {number: name for name, number in _TYPES.items()}
_GFNS_OF_A_REGION = 2**40
_ROOM = 1920


class Flaw(Exception):
    """A value is not of its form."""


def _number(text, below, base=16):
    digits = "[0-9]+" if base == 10 else "[0-9A-Fa-f]+"
    if not re.fullmatch(digits, text, re.A) or int(text, base) >= below:
        raise Flaw(text)
    return int(text, base)


def _lines(value):
    if not value.endswith("\n"):
        raise Flaw("no end of a line")
    return value[:-1].split("\n")


def _place(gfn, pages):
    gfn, pages = _number(gfn, rec.GFN_END), _number(pages, rec.GFN_END + 1)
    if not pages or gfn + pages > rec.GFN_END:
        raise Flaw("no gfns")
    return gfn, pages


def layout(value):
    """Entries of a record."""
    entries, before = [], 0
    for line in _lines(value):
        fields = line.split(" ")
        if len(fields) != 6:
            raise Flaw(line)
        gfn, pages = _place(*fields[:2])
        if gfn < before:
            raise Flaw("order")
        before = gfn + pages
        source = rec.ALL_ONES if fields[2] == "-" else _number(fields[2], 2**64)
        what = _TYPES.get(fields[3]) or _number(fields[3], 2**16)
        entries.append((gfn, pages, source, what, _number(fields[4], 2**16),
                        _number(fields[5], 2**32)))
    return entries


def shown(entries):
    """What layout/0, layout/1, ... are."""
    keys = [""]
    for gfn, pages, source, what, flags, aux in entries:
        came = "-" if source == rec.ALL_ONES else f"{source:x}"
        line = f"{gfn:x} {pages:x} {came} {_NAMES.get(what, f'{what:x}')} {flags:x} {aux:x}\n"
        if len(keys[-1]) + len(line) > _ROOM:
            keys.append("")
        keys[-1] += line
    return keys


def reserved(value):
    """(gfn, pages, device, is mapped) of each line."""
    ranges = []
    for line in _lines(value):
        fields = line.split(" ", 3)
        if len(fields) != 4 or not re.fullmatch("[ -~]+", fields[3]):
            raise Flaw(line)
        match = re.fullmatch(r"(\w+):(\w+):(\w+)\.(\w+)", fields[2])
        if not match:
            raise Flaw(fields[2])
        ranges.append((*_place(*fields[:2]), _sbdf(*match.groups()), fields[3] == "mapped"))
    return ranges


def _sbdf(segment, bus, device, function):
    return (_number(segment, 2**16) << 16 | _number(bus, 2**8) << 8
            | _number(device, 2**5) << 3 | _number(function, 2**3))


def generation(value):
    """A decimal number."""
    return _number(value, 2**32, 10)


def state(value):
    """Its number."""
    names = ["OFFERED", "NEGOTIATED", "PREPARED", "COMMITTED", "SEALED"]
    if value not in names:
        raise Flaw(value)
    return names.index(value)


def _prefixed(text, below):
    return _number(re.sub(r"^0[xX]", "", text), below)


def region(value):
    """(gfn, pages, aux); aux of several devices is 0."""
    place, has, devices = value.partition("=")
    first, dash, last = place.partition("-")
    first = _prefixed(first, _GFNS_OF_A_REGION)
    last = _prefixed(last, _GFNS_OF_A_REGION) if dash else first
    if last < first:
        raise Flaw(place)
    found, segment = [], "0"
    for text in devices.split(",") if has else ():
        match = re.fullmatch(r"(?:(\w+):)?(\w+):(\w+)\.(\w+)", text, re.A)
        if not match:
            raise Flaw(text)
        segment = match[1] or segment
        parts = [re.sub(r"^0[xX](?=.)", "", part) for part in (segment, *match.groups()[1:])]
        found.append(_sbdf(*parts))
        if found[-1] >> 16 != found[0] >> 16:
            raise Flaw("segments")
    return first, last - first + 1, found[0] if len(set(found)) == 1 else 0
