#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What a COMMIT costs against the number of ranges, from a run of the lab.

Reads what `lab run --json` wrote for commit-time.toml and commit-trace.toml: the
guest's clock around the doorbell, and QEMU's trace events with their time. Exit
status: 0, 1 if the time grows more than in proportion or a commit took more than
one memory transaction, 2 if the run has not what it takes.
"""

import argparse
import json
import os
import re
import statistics
import sys
from collections import Counter

# Both are judged by the smaller figure of the guest's clock and QEMU's: other work on
# the machine adds to one or the other, what takes more time adds to both.
CLOCKS = ("cycles", "microseconds")
# Twice the ranges in twice the time, and some noise.
GROWTH = 2.2
# The same for what comes on top of the least layout, where noise weighs more; it
# would be four if each range took as long as all the others.
BEYOND = 2.8

_TIME = re.compile(r"^bench: ranges (\d+) cycles (\d+) median (\d+) "
                   r"again (\d+) median (\d+)$")
_EVENT = re.compile(r"@(\d+)\.(\d{6}):(\w+) (.*)$")
_VIEW = re.compile(r"\(root (\S+)\)")
# The doorbell, at the number of the command COMMIT.
_COMMIT = re.compile(r"reg 0x8 size 4 <- 0x\w{6}03$")
_DONE = re.compile(r"command 3: .*, success, entry -1$")


def times(lines):
    """{ranges: cycles of a commit} by hvmloader's LINES."""
    found = {}
    for line in lines:
        if match := _TIME.match(line):
            nr, *values = map(int, match.groups())
            found[nr] = dict(zip(("cycles", "median", "again", "again_median"),
                                 values))
    return found


def commits(lines):
    """Each accepted COMMIT of a trace: its ranges, microseconds, transactions
    and views of memory.

    A transaction that changes memory makes each view once, so the view that was
    made most often tells how many there were.  A commit that changes nothing has
    the ranges of the last.
    """
    found, began, roots, nr = [], None, Counter(), 0
    for line in lines:
        match = _EVENT.search(line)
        if not match:
            continue
        now = int(match.group(1)) * 1000000 + int(match.group(2))
        name, text = match.group(3), match.group(4)
        if name == "xen_memmap_io_write":
            began = now if _COMMIT.search(text) else None
            roots = Counter()
        elif began is None:
            continue
        elif name == "flatview_new":
            roots[_VIEW.search(text).group(1)] += 1
        elif name == "xen_ram_layout":
            nr = int(text.split()[0])
        elif name == "xen_memmap_changed" and _DONE.search(text):
            found.append({"ranges": nr, "microseconds": now - began,
                          "transactions": max(roots.values(), default=0),
                          "views": sum(roots.values())})
            began = None
    return found


def rows(timed, traced):
    """One row for each number of ranges that both have, in order."""
    result = []
    for nr in sorted(timed):
        mine = [item for item in traced if item["ranges"] == nr]
        changed = [item for item in mine if item["views"]]
        same = [item for item in mine if not item["views"]]
        if not changed:
            continue
        row = {
            "ranges": nr, **timed[nr],
            "microseconds": min(i["microseconds"] for i in changed),
            "median_microseconds": int(statistics.median(
                i["microseconds"] for i in changed)),
            "transactions": max(i["transactions"] for i in changed),
            "views": max(i["views"] for i in changed),
        }
        if same:
            row["again_microseconds"] = min(i["microseconds"] for i in same)
        half = result[-1] if result else {}
        if half.get("ranges") == nr // 2:
            row["growth"] = round(min(row[key] / half[key] for key in CLOCKS), 2)
        result.append(row)
    return result


def slope(table, key):
    """What each range adds to KEY, over the whole of TABLE."""
    first, last = table[0], table[-1]
    return round((last[key] - first[key]) / (last["ranges"] - first["ranges"]), 1)


def beyond(table):
    """How often the last row has what its half has, both less the first row."""
    found = []
    for key in CLOCKS:
        first, half, last = (row[key] for row in (table[0], *table[-2:]))
        if half > first:
            found.append((last - first) / (half - first))
    return round(min(found), 2) if found else None


def wrong(table):
    """What does not hold of TABLE, as sentences."""
    bad = []
    grown = beyond(table)
    if grown and grown > BEYOND:
        bad.append(f"beyond {table[0]['ranges']} ranges, the last row takes "
                   f"{grown} times as long as the one before, more than {BEYOND}")
    for row in table:
        if row.get("growth", 0) > GROWTH:
            bad.append(f"{row['ranges']} ranges take {row['growth']} times as "
                       f"long as half of them, more than {GROWTH}")
        if row["transactions"] != 1:
            bad.append(f"{row['ranges']} ranges took {row['transactions']} "
                       "memory transactions")
        if row["views"] != table[0]["views"]:
            bad.append(f"{row['ranges']} ranges made {row['views']} views of "
                       "memory, fewer ranges another number")
    return bad


_COLUMNS = (("ranges", "ranges", 6), ("cycles", "cycles", 11),
            ("median", "median", 11), ("again", "unchanged", 11),
            ("microseconds", "QEMU us", 8), ("median_microseconds", "median", 8),
            ("again_microseconds", "unchanged", 9), ("growth", "/ half", 6),
            ("transactions", "transactions", 12), ("views", "views", 5))


def draw(table):
    yield " ".join(f"{title:>{width}}" for _, title, width in _COLUMNS)
    for row in table:
        yield " ".join(f"{row.get(key, '-'):>{width}}"
                       for key, _, width in _COLUMNS)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("run", metavar="JSON", help="what `lab run --json` wrote")
    parser.add_argument("--json", metavar="FILE", help="write the table to FILE")
    arguments = parser.parse_args()

    try:
        with open(arguments.run) as stream:
            runs = {run["scenario"]: run for run in json.load(stream)["runs"]}
        timed = times(runs["commit-time"]["hvmloader"])
        with open(os.path.join(runs["commit-trace"]["log"],
                               "qemu-dm-guest.log"),
                  errors="replace") as stream:
            traced = commits(stream)
    except (OSError, ValueError, KeyError) as error:
        print(f"{arguments.run}: not a run of both scenarios ({error})",
              file=sys.stderr)
        return 2
    table = rows(timed, traced)
    if len(table) < 2 or len(table) < len(timed):
        print(f"{arguments.run}: commits that change memory are missing",
              file=sys.stderr)
        return 2

    for line in draw(table):
        print(line)
    each = {key: slope(table, key) for key in CLOCKS}
    print(f"each range adds {each['cycles']:.0f} cycles, of QEMU's time "
          f"{each['microseconds']} us; the last row less the first is "
          f"{beyond(table)} times the one before")
    bad = wrong(table)
    for text in bad:
        print(text)
    if arguments.json:
        with open(arguments.json, "w") as stream:
            json.dump({"benchmark": "ranges", "results": table,
                       "per_range": each, "beyond": beyond(table), "wrong": bad}, stream, indent=1)
            stream.write("\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
