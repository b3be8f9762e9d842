"""Spans of versions, as folders of patches have them in their names.

`xen-4.17.4..4.17,4.18.1..` is for 4.17.4 and all later 4.17, and for 4.18.1 and all
that is later; `qemu-10.2` for every 10.2.
"""

import re

_FOLDER = re.compile(r"(?P<name>[a-z][a-z-]*)-(?P<span>\d[\d.,]*)")


def parse(text):
    """(4, 20, 4) of "4.20.4+63-g7abfd2bce2"."""
    return tuple(map(int, re.match(r"\d+(?:\.\d+)*", text).group().split(".")))


def covers(span, version):
    """Whether VERSION, as parse() has it, is in SPAN."""
    return any(_covers(part, version) for part in span.split(","))


def _covers(part, version):
    first, dots, last = part.partition("..")
    if not dots:
        last = first
    # 4.17.7 is within "up to 4.17": what the end does not say does not count.
    return version >= parse(first) and (
        not last or version[:len(parse(last))] <= parse(last))


def split(folder):
    """("xen", "4.17.4..") of the name of a folder; (None, None) if it has no span."""
    found = _FOLDER.fullmatch(folder)
    return (found["name"], found["span"]) if found else (None, None)


def find(names, name, version):
    """Which of NAMES, of folders, is that of series NAME for VERSION; or None."""
    for folder in sorted(names):
        found, span = split(folder)
        if found == name and covers(span, version):
            return folder
    return None


def listed(names, name):
    """For people: the spans that there are of series NAME."""
    return ", ".join(_words(part) for found, span in map(split, sorted(names))
                     if found == name for part in span.split(","))


def _words(part):
    first, dots, last = part.partition("..")
    return f"{first} to {last}" if last else f"{first} and later" if dots else first
