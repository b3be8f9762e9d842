# SPDX-License-Identifier: MIT
"""Wanted ranges, as PROTOCOL.md, section 4, has them: (gfn, pages, aux), sorted."""

import xenstore


def _overlapping(ranges):
    """One range for what overlaps."""
    merged = []
    for gfn, pages, aux in sorted(ranges):
        if merged and gfn < sum(merged[-1][:2]):
            first, length, has = merged[-1]
            merged[-1] = (first, max(first + length, gfn + pages) - first,
                          has if has == aux else 0)
        else:
            merged.append((gfn, pages, aux))
    return merged


def _touching(ranges):
    """One range for what touches and is of one device."""
    joined = []
    for gfn, pages, aux in ranges:
        if joined and (sum(joined[-1][:2]), joined[-1][2]) == (gfn, aux):
            joined[-1] = (joined[-1][0], joined[-1][1] + pages, aux)
        else:
            joined.append((gfn, pages, aux))
    return joined


def _covers(ranges, gfn, pages):
    end = gfn + pages
    for at, length, _ in ranges:
        if at <= gfn < at + length:
            gfn = at + length
    return gfn >= end


def wanted(query, keys, reserved, width):
    """@query: of RDM entries, () if not chosen; @keys: values; @reserved: (address, bytes)."""
    ranges = list(query)
    for value in keys:
        try:
            ranges.append(xenstore.region(value))
        except xenstore.Flaw:
            pass                        # FW-24: reported
    limit = 1 << (width - 12)
    ranges = [r for r in ranges if r[0] + r[1] <= limit]
    told = _touching(_overlapping(ranges))
    for address, size in reserved:
        gfn = address >> 12
        pages = ((address + size + 4095) >> 12) - gfn
        if gfn + pages <= limit and not _covers(told, gfn, pages):
            ranges.append((gfn, pages, 0))
    return _touching(_overlapping(ranges))
