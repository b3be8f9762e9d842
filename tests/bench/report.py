#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make a table and one JSON file of what `make bench` has measured.

The lab has run tests/bench/scenarios on the stacks `timed-stock` and `timed`, several
times, and once with --count.  Times are medians of the runs; ratios are of the two
stacks, run after each other on one emulated host.
"""

import argparse
import json
import platform
import statistics
import sys
import time

MOVES = ("decrease_reservation", "populate_physmap", "add_to_physmap")
STACKS = ("timed-stock", "timed")
# What is wanted at least of stock's time for the move by ours, and at most of the
# exchange with the device model when nothing moves.
WANTED_IOMMU, WANTED_PLAIN = 10, 2
WANTED_PORTS, WANTED_SHARE = 12, 0.01


def timed(lines):
    """{kind: (calls, cycles)} of hvmloader's output."""
    found = {}
    for line in lines:
        words = line.split()
        if words[:1] == ["timed:"]:
            found[words[1]] = (int(words[2]), int(words[3]) << 10)
    return found


def measure(run):
    """What one guest says; times in cycles of the time stamp counter."""
    kinds = timed(run["hvmloader"])
    if "all" not in kinds:
        sys.exit(f"report: {run['scenario']} on {run['stack']} did not get to "
                 f"the end of hvmloader; see {run['log']}")
    calls = sum(kinds[name][0] for name in (*MOVES, "other"))
    result = {
        "hypercalls": calls,
        "move_cycles": sum(kinds[name][1] for name in MOVES),
        "hvmloader_cycles": kinds["all"][1],
        "port_accesses": kinds["ports"][0],
        "port_cycles": kinds["ports"][1],
    }
    counts = run.get("counts") or {}
    if counts.get("memory_ops") is not None:
        result["continuations"] = counts["memory_ops"] - calls
        result["invalidations"] = counts["invalidations"]
    return result


def load(paths):
    """{(scenario, stack): [measure()...]}, and {scenario: title}."""
    found, titles = {}, {}
    for path in paths:
        with open(path, encoding="utf-8") as stream:
            for run in json.load(stream)["runs"]:
                found.setdefault((run["scenario"], run["stack"]),
                                 []).append(measure(run))
                titles[run["scenario"]] = run["title"]
    return found, titles


def median(values, key):
    return statistics.median(value[key] for value in values)


def case(times, counts):
    """One scenario on one stack: counts of the run that counts, times of the others."""
    result = {key: median(times, key) for key in
              ("move_cycles", "hvmloader_cycles", "port_accesses",
               "port_cycles")}
    for key in ("hypercalls", "continuations", "invalidations"):
        result[key] = counts[0].get(key)
    result["runs"] = len(times)
    result["spread"] = (max(v["hvmloader_cycles"] for v in times)
                        / min(v["hvmloader_cycles"] for v in times))
    return result


def compare(times, counts, titles):
    """[{scenario, title, stock, ours, ratios...}]"""
    rows = []
    for name, title in titles.items():
        stock, ours = (case(times[name, stack], counts[name, stack])
                       for stack in STACKS)
        row = {"scenario": name, "title": title, "stock": stock, "ours": ours,
               "ratio_hvmloader": stock["hvmloader_cycles"]
               / ours["hvmloader_cycles"],
               "port_share": ours["port_cycles"] / ours["hvmloader_cycles"]}
        if name.startswith("move"):
            row["ratio_move"] = stock["move_cycles"] / ours["move_cycles"]
            row["wanted"] = (WANTED_IOMMU if name.endswith("-iommu")
                             else WANTED_PLAIN)
        rows.append(row)
    return rows


def number(value):
    return "lost" if value is None else f"{value:,.0f}".replace(",", " ")


def table(rows):
    """The rows as lines of text, two for each case."""
    lines = [["", "", "hypercalls", "continued", "invalidations",
              "Mcycles moving", "Mcycles hvmloader", "ports"]]
    for row in rows:
        for who in ("stock", "ours"):
            part = row[who]
            lines.append([row["title"] if who == "stock" else "", who]
                         + [number(part[key]) for key in
                            ("hypercalls", "continuations", "invalidations")]
                         + [number(part[key] / 1e6) for key in
                            ("move_cycles", "hvmloader_cycles")]
                         + [number(part["port_accesses"])])
        text = f"in hvmloader {row['ratio_hvmloader']:.2f}"
        if "ratio_move" in row:
            text = (f"moving {row['ratio_move']:.1f} (wanted: "
                    f"{row['wanted']}), ") + text
        else:
            text += (f"; the exchange takes {row['ours']['port_accesses']:.0f} "
                     f"port accesses (wanted: at most {WANTED_PORTS}), "
                     f"{row['port_share']:.2%} of hvmloader's time (wanted: at "
                     f"most {WANTED_SHARE:.0%})")
        lines.append(["  stock's time / ours: " + text])
    widths = [max(len(line[i]) for line in lines if len(line) > 1)
              for i in range(len(lines[0]))]
    return [line[0] if len(line) == 1 else
            "  ".join(text.ljust(width) if i < 2 else text.rjust(width)
                      for i, (text, width) in enumerate(zip(line, widths)))
            for line in lines]


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as stream:
        models = [line.split(":", 1)[1].strip() for line in stream
                  if line.startswith("model name")]
    return f"{len(models)} x {models[0] if models else platform.machine()}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n",
                                                               maxsplit=1)[0])
    parser.add_argument("--count", required=True, metavar="JSON",
                        help="of `lab run --count`")
    parser.add_argument("--also", action="append", default=[], metavar="NAME=JSON",
                        help="a file to put under NAME of the output")
    parser.add_argument("-o", "--output", required=True, metavar="JSON")
    parser.add_argument("time", nargs="+", metavar="JSON",
                        help="of `lab run`, one a run")
    arguments = parser.parse_args()
    times, titles = load(arguments.time)
    counts, _ = load([arguments.count])
    rows = compare(times, counts, titles)
    for line in table(rows):
        print(line)
    document = {"machine": machine(), "date": time.strftime("%Y-%m-%d"),
                "hvmloader": rows}
    for word in arguments.also:
        name, _, path = word.partition("=")
        with open(path, encoding="utf-8") as stream:
            document[name] = json.load(stream)
    with open(arguments.output, "w", encoding="utf-8") as stream:
        json.dump(document, stream, indent=1)
        stream.write("\n")


if __name__ == "__main__":
    main()
