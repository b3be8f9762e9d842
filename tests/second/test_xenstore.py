#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What of tests/vectors/xenstore.txt the second implementation takes and refuses."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import record as rec  # pylint: disable=wrong-import-position
import sequence  # pylint: disable=wrong-import-position
import xenstore  # pylint: disable=wrong-import-position


def lines():
    """(rule, verdict, value) of each."""
    for line in (sequence.VECTORS / "xenstore.txt").read_text().splitlines():
        if not line.startswith("#"):
            rule, verdict, value = (line + " ").split(" ", 2)
            yield rule, verdict, value[:-1].replace(r"\n", "\n").replace(r"\0", "\0")


class Values(unittest.TestCase):
    """Of section 8."""

    def test_forms(self):
        """Yes or no, as the file says."""
        for rule, verdict, value in lines():
            if rule in ("shows", "keys"):
                continue
            try:
                getattr(xenstore, rule)(value)
                taken = "yes"
            except xenstore.Flaw:
                taken = "no"
            self.assertEqual(taken, verdict, (rule, value))

    def test_shown(self):
        """A record's layout, both ways."""
        for rule, name, value in lines():
            if rule == "shows":
                entries = rec.read(sequence.vector(name), rec.LAYOUT)[2].entries
                self.assertEqual(xenstore.shown(entries), [value], name)
                self.assertEqual(xenstore.layout(value), entries, name)

    def test_keys(self):
        """As many ranges a key as there is room for, and all of them in the keys."""
        for rule, name, value in lines():
            if rule == "keys":
                entries = rec.read(sequence.vector(name), rec.LAYOUT)[2].entries
                parts = [xenstore.layout(key) for key in xenstore.shown(entries)]
                self.assertEqual([len(part) for part in parts],
                                 [int(ranges) for ranges in value.split()], name)
                self.assertEqual(sum(parts, []), entries, name)


if __name__ == "__main__":
    unittest.main()
