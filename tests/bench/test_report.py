#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The report of `make bench`: medians, ratios, and what was lost is said."""

import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

import report   # pylint: disable=wrong-import-position


def run(stack, moving, total, **more):
    return {"scenario": "move-1g", "stack": stack, "title": "t", "log": "l",
            "hvmloader": ["HVM Loader",
                          "timed: decrease_reservation 2 0",
                          "timed: populate_physmap 1 0",
                          f"timed: add_to_physmap 4 {moving}",
                          "timed: other 3 1", "timed: ports 9 1",
                          f"timed: all 1 {total}"], **more}


class Report(unittest.TestCase):
    def row(self, counts):
        times = {("move-1g", stack): [report.measure(run(stack, moving, 400))
                                      for moving in values]
                 for stack, values in (("timed-stock", (300, 200, 900)),
                                       ("timed", (30, 20, 25)))}
        counted = {key: [report.measure(run(key[1], 1, 2, counts=counts))]
                   for key in times}
        return report.compare(times, counted, {"move-1g": "t"})[0]

    def test_medians_and_ratios(self):
        row = self.row({"memory_ops": 110, "invalidations": 7})
        self.assertEqual(row["ratio_move"], 12)
        self.assertEqual(row["ratio_hvmloader"], 1)
        self.assertEqual(row["wanted"], report.WANTED_PLAIN)
        self.assertEqual(row["stock"]["hypercalls"], 10)
        self.assertEqual(row["stock"]["continuations"], 100)
        self.assertEqual(row["ours"]["invalidations"], 7)
        self.assertEqual(row["ours"]["move_cycles"], 25 << 10)
        text = "\n".join(report.table([row]))
        self.assertIn("moving 12.0 (wanted: 2), in hvmloader 1.00", text)

    def test_what_was_lost_is_said(self):
        row = self.row({"memory_ops": None, "invalidations": 7})
        self.assertIsNone(row["stock"]["continuations"])
        self.assertIn("lost", "\n".join(report.table([row])))

    def test_a_guest_that_did_not_end_is_no_result(self):
        with self.assertRaises(SystemExit):
            report.measure({"scenario": "s", "stack": "k", "log": "l",
                            "hvmloader": ["HVM Loader"]})


if __name__ == "__main__":
    unittest.main()
