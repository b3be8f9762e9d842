#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What of ranges.py can be tested without a run: lines in, a table out.

What is promised: a commit is counted from its doorbell to its answer, refused ones
and other commands are not; a second transaction is seen, however many views of
memory a transaction makes; growth beyond proportion and a number of transactions
that is not one are found wrong.
"""

import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

import ranges  # pylint: disable=wrong-import-position

TIMES = """\
memmap: device model makes an offer
bench: ranges 2 cycles 100 median 120 again 80 median 90
bench: ranges 4 cycles 150 median 170 again 81 median 91
bench: ranges done, generation 7
""".splitlines()


def event(microseconds, text):
    return f"477@1795375935.{microseconds:06}:{text}"


def commit(start, nr, roots, command="03", answer="success, entry -1", took=30):
    number = int(command)
    return [
        event(start, f"xen_memmap_io_write reg 0x8 size 4 <- 0x000090{command}"),
        *(event(start + 10, f"flatview_new 0x5586 (root {root})")
          for root in roots),
        event(start + 20, f"xen_ram_layout {nr} ranges, below 4G 0x1 above 4G "
              "0x0"),
        event(start + took, f"xen_memmap_changed command {number}: state "
              f"COMMITTED, generation 3, {answer}"),
    ]


class Lines(unittest.TestCase):
    def test_times(self):
        self.assertEqual(ranges.times(TIMES)[4],
                         {"cycles": 150, "median": 170, "again": 81,
                          "again_median": 91})
        self.assertEqual(sorted(ranges.times(TIMES)), [2, 4])

    def test_commit(self):
        self.assertEqual(ranges.commits(commit(100, 4, ["0xa", "0xb"])),
                         [{"ranges": 4, "microseconds": 30, "transactions": 1,
                           "views": 2}])

    def test_across_a_second(self):
        lines = commit(100, 4, [])
        lines[-1] = lines[-1].replace("935.000130", "936.000130")
        self.assertEqual(ranges.commits(lines)[0]["microseconds"], 1000030)

    def test_two_transactions(self):
        self.assertEqual(
            ranges.commits(commit(1, 4, ["0xa", "0xb"] * 2))[0]["transactions"],
            2)

    def test_nothing_changed(self):
        same = commit(200, 4, [])
        del same[1]
        self.assertEqual(ranges.commits(commit(100, 4, ["0xa"]) + same)[1],
                         {"ranges": 4, "microseconds": 30, "transactions": 0,
                          "views": 0})

    def test_views_outside(self):
        stray = [event(50, "flatview_new 0x5586 (root 0xa)")]
        found = ranges.commits(stray + commit(100, 2, ["0xa"]) + stray
                               + commit(200, 4, ["0xa"]))
        self.assertEqual([item["views"] for item in found], [1, 1])

    def test_not_a_commit(self):
        self.assertEqual(ranges.commits(commit(1, 4, ["0xa"], command="02")), [])

    def test_refused(self):
        self.assertEqual(
            ranges.commits(commit(1, 4, ["0xa"], answer="busy, entry 3")), [])


class Table(unittest.TestCase):
    def table(self, second=150, took=45, roots=("0xa",), more=("0xa",)):
        timed = ranges.times(TIMES)
        timed[4]["cycles"] = second
        return ranges.rows(timed, ranges.commits(
            commit(100, 2, roots) + commit(200, 2, [])
            + commit(300, 4, more, took=took) + commit(400, 4, [])))

    def test_row(self):
        row = self.table()[1]
        self.assertEqual((row["ranges"], row["growth"], row["microseconds"],
                          row["again_microseconds"], row["views"]),
                         (4, 1.5, 45, 30, 1))
        self.assertEqual(ranges.slope(self.table(), "cycles"), 25.0)

    def test_no_commit_that_changes(self):
        self.assertEqual([row["ranges"] for row in self.table(more=())], [2])

    def test_right(self):
        self.assertEqual(ranges.wrong(self.table(second=220, took=66)), [])

    def test_growth(self):
        self.assertEqual(ranges.wrong(self.table(second=230, took=75)),
                         ["4 ranges take 2.3 times as long as half of them, "
                          "more than 2.2"])

    def test_growth_by_one_clock(self):
        self.assertEqual(ranges.wrong(self.table(second=900)), [])
        self.assertEqual(ranges.wrong(self.table(took=900)), [])

    def test_growth_beyond_a_constant(self):
        def table(cycles, microseconds):
            return [{"ranges": 2 << i, "cycles": pair[0],
                     "microseconds": pair[1], "transactions": 1,
                     "views": 2}
                    for i, pair in enumerate(zip(cycles, microseconds))]
        linear, square = (100, 102, 105), (100, 102, 106)
        self.assertEqual(ranges.beyond(table(square, square)), 3.0)
        self.assertEqual(ranges.beyond(table((9, 9, 9), square)), 3.0)
        self.assertEqual(ranges.beyond(table((9, 9, 9), (9, 9, 9))), None)
        self.assertEqual(ranges.wrong(table(linear, square)), [])
        self.assertEqual(ranges.wrong(table(square, linear)), [])
        self.assertEqual(ranges.wrong(table(square, square)),
                         ["beyond 2 ranges, the last row takes 3.0 times as long "
                          "as the one before, more than 2.8"])

    def test_transactions(self):
        self.assertEqual(
            ranges.wrong(self.table(roots=("0xa", "0xa"), more=("0xa", "0xa"))),
            ["2 ranges took 2 memory transactions",
             "4 ranges took 2 memory transactions"])

    def test_views(self):
        self.assertEqual(
            ranges.wrong(self.table(more=("0xa", "0xb"))),
            ["4 ranges made 2 views of memory, fewer ranges another number"])

    def test_drawn(self):
        lines = list(ranges.draw(self.table()))
        self.assertEqual(len(lines), 3)
        self.assertEqual({len(line) for line in lines}, {len(lines[0])})


if __name__ == "__main__":
    unittest.main()
