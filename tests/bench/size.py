#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""How much larger hvmloader is with the series: code, data, and static arrays.

Both are built by the lab (from its cache, if they are there). What they take does
not depend on the guest: nothing that the series adds asks for memory.
"""

import argparse
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(TOP, "tests/lab"))

# pylint: disable=wrong-import-position
from lablib import runner, stacks, suites, trees
from lablib.ui import LabError

SECTIONS = ("text", "data", "bss")
# Static variables from this size on are listed.
LARGE = 512


def sizes(program):
    out = subprocess.run(["size", program], capture_output=True, text=True,
                         check=True).stdout
    return dict(zip(SECTIONS, map(int, out.splitlines()[1].split())))


def variables(program):
    """{name: bytes} of what is in bss; static ones have a number behind."""
    out = subprocess.run(["nm", "-S", program], capture_output=True, text=True,
                         check=True).stdout
    found = {}
    for words in map(str.split, out.splitlines()):
        if len(words) == 4 and words[2] in "bB":
            name = words[3].split(".")[0]
            found[name] = found.get(name, 0) + int(words[1], 16)
    return found


def main():
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--json", metavar="FILE", help="write it to FILE as well")
    arguments = parser.parse_args()

    lab = runner.Lab(TOP, suites.find(suites.DEFAULT))
    root = trees.build_root(lab.suite, lab.build_log)
    series = stacks.series(lab.suite, stacks.read_series(TOP), lab.build_log)
    built = {name: stacks.hvmloader(root, series.sources["xen"],
                                    series.of(stacks.STACKS[name][0]),
                                    lab.build_log).path
             for name in ("stock", "ours")}
    table = {name: sizes(path) for name, path in built.items()}
    table["more"] = {key: table["ours"][key] - table["stock"][key]
                     for key in SECTIONS}
    known = variables(built["stock"])
    arrays = {name: size for name, size in
              sorted(variables(built["ours"]).items(), key=lambda item: -item[1])
              if size - known.get(name, 0) >= LARGE}

    print(f"{'hvmloader':>10}" + "".join(f"{key:>10}" for key in SECTIONS))
    for name, row in table.items():
        print(f"{name:>10}" + "".join(f"{row[key]:>10}" for key in SECTIONS))
    print("static: " + ", ".join(f"{name} {size}"
                                 for name, size in arrays.items()))
    if arguments.json:
        with open(arguments.json, "w") as stream:
            json.dump({"benchmark": "size", "results": table, "static": arrays},
                      stream, indent=1)
            stream.write("\n")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LabError as trouble:
        print(trouble, file=sys.stderr)
        sys.exit(2)
