#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The second implementation finds the wanted ranges that tests/vectors/wanted.txt has."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import sequence  # pylint: disable=wrong-import-position
import wanted  # pylint: disable=wrong-import-position


class Wanted(unittest.TestCase):
    """Ranges of section 4."""

    def test_cases(self):
        """All of the file."""
        text = (sequence.VECTORS / "wanted.txt").read_text()
        cases = text.split("\n\n")
        self.assertGreater(len(cases), 10)
        for case in cases:
            told = {"query": [], "key": [], "map": [], "wanted": [], "width": [],
                    "unchosen": []}
            for line in case.splitlines():
                if not line.startswith("#"):
                    word, *values = line.split()
                    told[word].append(values)
            numbers = {word: [tuple(int(value, 16) for value in values)
                              for values in told[word]] for word in ("query", "map", "wanted")}
            got = wanted.wanted(() if told["unchosen"] else numbers["query"],
                                [values[0] for values in told["key"]], numbers["map"],
                                int(told["width"][0][0]) if told["width"] else 39)
            self.assertEqual(got, numbers["wanted"], case)


if __name__ == "__main__":
    unittest.main()
