"""A line that is there, or not, in a log that is there."""

import unittest

from tests.common import found

from lablib import logsearch
from lablib.results import Result, Source

LINES = ["up", "moved 5 pages", "moved 6 pages"]


class Searches(unittest.TestCase):
    def search(self, lines, **wanted):
        return logsearch.search({"in": "serial", **wanted}, lines)

    def test_match(self):
        self.assertEqual(self.search(LINES, match=r"moved \d"),
                         found("success", "moved 5 pages", Source.LOG))
        self.assertEqual(self.search(LINES, match="lost"),
                         found("failure", "no line of serial matches lost",
                               Source.LOG))

    def test_absent(self):
        self.assertEqual(self.search(LINES, absent="lost", beside="^up$"),
                         found("success", "", Source.LOG))
        self.assertEqual(self.search(LINES, absent="6 pages", beside="^up$"),
                         found("failure", "moved 6 pages", Source.LOG))

    def test_what_must_be_absent_is_a_failure_even_if_the_rest_is_missing(self):
        self.assertEqual(self.search(["6 pages"], absent="6", beside="^up$").result,
                         Result.FAILURE)

    def test_a_log_without_what_it_always_has_shows_nothing(self):
        for wanted in ({"match": "lost"}, {"absent": "lost"}):
            for lines in ([], LINES[1:]):
                self.assertEqual(
                    self.search(lines, beside="^up$", **wanted),
                    found("error", "serial has no line that matches ^up$, so it "
                          "shows nothing", Source.LOG))

    def test_no_log_at_all(self):
        for wanted in ({"match": "x"}, {"absent": "x", "beside": "y"}):
            self.assertEqual(self.search(None, **wanted),
                             found("skip", "the guest left no log of serial",
                                   Source.LOG))


class Lines(unittest.TestCase):
    def search(self, log, **wanted):
        return logsearch.search({"in": "qemu", **wanted}, log)

    def test_too_many(self):
        flood = ["refused"] * 3
        self.assertEqual(self.search(flood, match="ref", at_most=3),
                         found("success", "refused", Source.LOG))
        self.assertEqual(self.search(flood, match="ref", at_most=2), found(
            "failure", "3 lines of qemu match ref; the first: refused", Source.LOG))
        self.assertEqual(self.search([], match="ref", at_most=2).result,
                         Result.FAILURE)

    def test_all_of_a_log(self):
        lines = ["state SEALED", "layout/0 0 a0 0 ram 0 0"]
        good = ["state .*", "layout/0 0 a0 0 ram 0 0"]
        self.assertEqual(self.search(lines, lines=good),
                         found("success", "the 2 lines of qemu", Source.LOG))
        for bad in (good[:1], [*good, ".*"], good[::-1], ["state", good[1]],
                    ["tate .*", good[1]]):
            self.assertEqual(self.search(lines, lines=bad).result, Result.FAILURE, bad)
        self.assertEqual(self.search([], lines=good).result, Result.FAILURE)
        self.assertEqual(self.search(None, lines=good).result, Result.SKIP)


if __name__ == "__main__":
    unittest.main()
