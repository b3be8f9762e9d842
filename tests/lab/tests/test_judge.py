"""A run as it goes: counted once, printed and written at once, and not fooled."""

import json
import os
import tempfile
import unittest
from types import SimpleNamespace
from unittest import mock

from tests.common import (DEAD, GOOD, HUNG, JUDGED, all_good, found, outcome_of, said,
                          scenario_of)

from lablib import console, judge, results, ui
from lablib.endings import Silent
from lablib.results import Source
from lablib.ui import Enough, LabError, Stopped

ALL = ("create", "boot", "e820", "nvme", "views")
MADE = SimpleNamespace(sources={"trixie": {"xen": "4.17.5"}},
                       used=lambda: {"trixie": {"ours": {"qemu": "1"}}})


class Case(unittest.TestCase):
    def setUp(self):
        self.enterContext(mock.patch("lablib.judge.progress"))
        self.item = scenario_of(JUDGED, "s")
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        self.json = os.path.join(self.folder, "x.json")

    def judge(self, *stacks, **more):
        one = judge.Judge([(self.item, stack) for stack in stacks], "/nonexistent",
                          self.json, **more)
        one.begin(MADE)
        return one

    def stock(self, **checks):
        return outcome_of("stock", self.item,
                          **{**all_good("create", "boot", nvme=DEAD), **checks})

    def ours(self, **checks):
        outcome = outcome_of("ours", self.item, **{**all_good(*ALL), **checks})
        outcome.e820 = [console.Entry(0, 0x1000, "System RAM")]
        return outcome

    def written(self):
        with open(self.json) as stream:
            return json.load(stream)


class Counts(Case):
    def run_of(self, *outcomes, stacks=None, trouble=None):
        one = self.judge(*(stacks or [outcome.stack for outcome in outcomes]))
        with said() as lines:
            for outcome in outcomes:
                one.ended(outcome)
            good = one.finish(trouble)
        return good, lines

    def test_as_expected(self):
        good, lines = self.run_of(self.stock(views=found("failure", "x")))
        self.assertTrue(good)
        self.assertEqual(lines[-1], "3 passed, 0 failed")
        self.assertIn("nvme     failure   (as expected): no disk: dead",
                      "\n".join(lines))
        self.assertNotIn("<--", "\n".join(lines))

    def test_either_direction_counts(self):
        good, lines = self.run_of(self.stock(boot=found("error", "x"), nvme=GOOD))
        self.assertFalse(good)
        self.assertEqual(lines[-1], "1 passed, 2 failed")
        self.assertIn("<-- must be failure for 'dead'", "\n".join(lines))
        self.assertIn("<-- must be success: x", "\n".join(lines))

    def test_the_end_says_once_more_what_is_not_as_expected(self):
        outcome = self.stock(boot=found("error", "x" * 999))
        del outcome.checks["nvme"]
        lines = self.run_of(outcome)[1]
        self.assertEqual([line[:60] for line in lines if line.startswith("not as")],
                         ["not as expected: s on stock: boot error: " + "x" * 19])
        self.assertIn("xxx; not reached: nvme", lines[-2])
        self.assertLess(len(lines[-2]), 250)

    def test_a_failure_for_another_reason(self):
        good, lines = self.run_of(self.stock(nvme=found("failure", "else")))
        self.assertEqual((good, lines[-1]), (False, "2 passed, 1 failed"))

    def test_a_missing_result_is_not_a_pass(self):
        for check in ({"nvme": results.NOT_REACHED}, {}):
            outcome = self.stock()
            del outcome.checks["nvme"]
            outcome.checks.update(check)
            good, lines = self.run_of(outcome)
            self.assertEqual((good, lines[-1]), (False, "2 passed, 1 failed"))
            self.assertIn("not reached", "\n".join(lines))

    def test_silence_is_no_failure_that_was_expected(self):
        good, lines = self.run_of(self.stock(nvme=found(
            "failure", "no disk: dead", Source.HUNG)))
        self.assertEqual((good, lines[-1]), (False, "2 passed, 1 failed"))

    def test_a_panic_is_one_more_failure(self):
        good, lines = self.run_of(self.stock(panic=found("failure", "x",
                                                         Source.CRASH)))
        self.assertEqual((good, lines[-1]), (False, "3 passed, 1 failed"))

    def test_who_expects_nothing_has_shown_nothing(self):
        good, lines = self.run_of(outcome_of("new-qemu", self.item, **all_good(*ALL)))
        self.assertEqual((good, lines[-1]), (False, "0 passed, 0 failed"))

    def test_what_was_not_run_has_failed(self):
        good, lines = self.run_of(self.stock(), stacks=["stock", "ours"],
                                  trouble=Enough("the time is up"))
        self.assertFalse(good)
        self.assertEqual(lines[-1], "3 passed, 6 failed")
        self.assertIn("ended early: the time is up", lines)
        self.assertIn("not run  <-- 6 checks were to be as expected",
                      "\n".join(lines))
        self.assertEqual(self.written()["not_run"],
                         [{"scenario": "s", "stack": "ours"}])

    def test_a_run_that_was_ended_is_not_good_even_so(self):
        good, lines = self.run_of(self.stock(), trouble=Stopped("interrupted"))
        self.assertEqual((good, lines[-1]), (False, "3 passed, 0 failed"))


class Layouts(Case):
    def run_of(self, *outcomes):
        one = self.judge("stock", "ours")
        with said() as lines:
            for outcome in outcomes:
                one.ended(outcome)
            one.finish()
        return lines

    def test_are_compared_as_soon_as_both_are_there_in_either_order(self):
        for first in (True, False):
            stock = self.stock()
            stock.e820 = [console.Entry(0, 0x1000, "System RAM")]
            pair = [stock, self.ours()]
            one = self.judge("stock", "ours")
            with said() as lines:
                one.ended(pair[not first])
            self.assertNotIn("layout", "\n".join(lines))
            with said() as lines:
                one.ended(pair[first])
            self.assertIn("layout   success", "\n".join(lines))
            with said() as lines:
                self.assertTrue(one.finish())
            self.assertEqual(lines, ["9 passed, 0 failed"])

    def test_that_differ(self):
        lines = self.run_of(self.ours(), self.stock())
        self.assertIn("layout   skip", "\n".join(lines))
        self.assertEqual(lines[-1], "8 passed, 1 failed")
        stock = self.stock()
        stock.e820 = [console.Entry(0, 0x1000, "Reserved")]
        lines = self.run_of(self.ours(), stock)
        self.assertIn("layout   failure", "\n".join(lines))
        self.assertEqual(lines[-1], "8 passed, 1 failed")

    def test_are_compared_once(self):
        one = self.judge("stock", "ours", "new-qemu")
        with said() as lines:
            for outcome in (self.ours(), self.stock(),
                            outcome_of("new-qemu", self.item)):
                one.ended(outcome)
            one.finish()
        self.assertEqual(sum("layout   " in line for line in lines), 1)
        self.assertEqual(lines[-1], "8 passed, 1 failed")

    def test_that_never_came(self):
        lines = self.run_of(self.ours())
        self.assertEqual(lines[-1], "5 passed, 4 failed")
        self.assertIn("layout   skip      <-- must be success: not reached",
                      "\n".join(lines))


class SecondTries(Case):
    def silent(self, stack="ours"):
        outcome = outcome_of(stack, self.item,
                             **all_good("create", "boot", e820=HUNG))
        outcome.ending = Silent("kernel", "nothing was heard\nmore")
        return outcome

    def test_one_for_silence_and_no_more(self):
        one = self.judge("ours")
        self.assertEqual(one.first_try(self.item, "ours"), "")
        self.assertTrue(one.try_again(self.silent()))
        self.assertEqual(one.first_try(self.item, "ours"),
                         "kernel: nothing was heard")
        self.assertFalse(one.try_again(self.silent()))

    def test_no_third_however_many_there_may_be(self):
        one = self.judge(*["ours"] * 51)
        self.assertEqual(one.allowed, 2)
        self.assertTrue(one.try_again(self.silent()))
        self.assertFalse(one.try_again(self.silent()))

    def test_none_for_anything_else(self):
        one = self.judge("ours")
        self.assertFalse(one.try_again(self.ours()))
        wrong = self.silent()
        wrong.checks["boot"] = found("failure", "x", Source.ENDED)
        self.assertFalse(one.try_again(wrong))

    def test_so_many_in_a_run(self):
        for guests, allowed in ((1, 1), (50, 1), (51, 2), (100, 2), (101, 3)):
            one = judge.Judge([(self.item, "ours")] * guests, "/")
            self.assertEqual(one.allowed, allowed)
        one = self.judge("stock", "ours")
        stock = self.silent("stock")
        stock.checks["boot"] = HUNG
        self.assertTrue(one.try_again(stock))
        self.assertFalse(one.try_again(self.silent()))
        self.assertEqual(one.first_try(self.item, "ours"), "")

    def test_they_are_told(self):
        one = self.judge("stock")
        first = self.silent("stock")
        first.checks["boot"] = HUNG
        self.assertTrue(one.try_again(first))
        second = self.stock()
        second.first_try = one.first_try(self.item, "stock")
        with said() as lines:
            one.ended(second)
            self.assertTrue(one.finish())
        self.assertIn("second try; the first: kernel: nothing was heard",
                      "\n".join(lines))
        self.assertEqual(lines[-2:], ["second tries: 1 of 1 guests, 1 allowed: s on "
                                      "stock (kernel: nothing was heard)",
                                      "3 passed, 0 failed"])
        self.assertEqual(self.written()["second_tries"], {
            "allowed": 1, "guests": [{"scenario": "s", "stack": "stock",
                                      "first": "kernel: nothing was heard"}]})
        self.assertEqual(self.written()["runs"][0]["first_try"],
                         "kernel: nothing was heard")


class Enoughs(Case):
    def test_failures(self):
        one = self.judge("stock", "ours", max_failures=2)
        with said():
            self.assertIsNone(one.ended(self.stock(boot=DEAD, create=DEAD)))
            self.assertEqual(one.ended(self.ours(nvme=DEAD)),
                             "2 guests are not as expected")

    def test_no_number_no_end(self):
        one = self.judge("stock")
        with said():
            self.assertIsNone(one.ended(self.stock(boot=DEAD)))


class ForWantOfTime(Case):
    """Others than those that come first are left out; for another reason nobody is."""

    def first(self, **checks):
        return outcome_of("stock", scenario_of(JUDGED, "other"),
                          **{**all_good("create", "boot", nvme=DEAD), **checks})

    def test_who_did_not_run_is_named_and_does_not_count(self):
        first = self.first()
        other = first.scenario
        one = judge.Judge([(other, "stock"), (self.item, "stock"), (self.item, "ours")],
                          "/nonexistent", first=("other",))
        with said() as lines:
            one.ended(first)
            self.assertTrue(one.finish(ui.TimeIsUp("the time is up, 9 s")))
        self.assertEqual(lines[-3:], [
            "left out for want of time: 2 of 3 guests: s on stock, s on ours",
            "ended early: the time is up, 9 s", "3 passed, 0 failed"])

    def test_a_layout_that_there_is_nothing_to_compare_with(self):
        first, ours = self.first(), self.ours()
        one = judge.Judge([(first.scenario, "stock"), (self.item, "stock"),
                           (self.item, "ours")], "/nonexistent", first=("other",))
        with said() as lines:
            one.ended(first)
            one.ended(ours)
            self.assertTrue(one.finish(ui.TimeIsUp("x")))
        self.assertIn("left out for want of time: 2 of 3 guests: s on stock, s on ours "
                      "(its layout)", lines)
        self.assertEqual(lines[-1], "8 passed, 0 failed")
        self.assertNotIn("not as expected", "\n".join(lines))

    def test_who_ran_counts(self):
        first, stock = self.first(), self.stock(boot=DEAD)
        one = judge.Judge([(first.scenario, "stock"), (self.item, "stock")],
                          "/nonexistent", first=("other",))
        with said() as lines:
            one.ended(first)
            one.ended(stock)
            self.assertFalse(one.finish(ui.TimeIsUp("x")))
        self.assertEqual(lines[-1], "5 passed, 1 failed")

    def test_who_comes_first_must_run(self):
        for trouble in (ui.TimeIsUp("x"), ui.Enough("x"), None):
            one = judge.Judge([(self.item, "stock"), (scenario_of(JUDGED, "o"), "stock")],
                              "/nonexistent", first=("s",))
            with said() as lines:
                one.ended(self.first())
                self.assertFalse(one.finish(trouble))
            self.assertRegex(lines[-1], "[1-9] failed$")

    def test_for_another_reason_all_count(self):
        first = self.first()
        one = judge.Judge([(first.scenario, "stock"), (self.item, "stock")],
                          "/nonexistent", first=("other",))
        with said() as lines:
            one.ended(first)
            self.assertFalse(one.finish(Enough("x")))
        self.assertEqual(lines[-1], "3 passed, 3 failed")

    def test_without_any_to_come_first_all_must(self):
        one = judge.Judge([(self.item, "stock"), (self.item, "ours")], "/nonexistent")
        with said() as lines:
            one.ended(self.stock())
            self.assertFalse(one.finish(ui.TimeIsUp("x")))
        self.assertNotIn("left out", "\n".join(lines))


class Journal(Case):
    def test_is_complete_and_valid_at_every_moment(self):
        one = self.judge("stock", "ours")
        self.assertEqual(self.written()["runs"], [])
        self.assertEqual(len(self.written()["not_run"]), 2)
        with said():
            one.ended(self.ours())
            now = self.written()
            self.assertFalse(now["complete"])
            self.assertEqual([run["stack"] for run in now["runs"]], ["ours"])
            self.assertEqual((now["passed"], now["failed"]), (5, 0))
            one.ended(self.stock())
            self.assertFalse(self.written()["complete"])
            one.finish()
        now = self.written()
        self.assertTrue(now["complete"])
        self.assertIsNone(now["ended_early"])
        self.assertEqual([run["stack"] for run in now["runs"]], ["stock", "ours"])
        self.assertEqual(now["sources"], MADE.sources)
        self.assertEqual(now["stacks"], MADE.used())
        self.assertEqual(os.listdir(self.folder), ["x.json"])

    def test_a_guest_and_its_checks(self):
        one = self.judge("stock", "ours")
        outcome = self.ours(e820=found("failure", "x"))
        outcome.bars = [console.Bar("0000:00:05.0", 2, 0x1000, 0x2000)]
        with said():
            one.ended(outcome)
            one.ended(self.stock())
        stock, run = self.written()["runs"]
        self.assertEqual(run["e820"], [[0, 0x1000, "System RAM"]])
        self.assertEqual(run["bars"], [["0000:00:05.0", 2, 0x1000, 0x2000]])
        self.assertEqual(run["checks"][2], {
            "name": "e820", "result": "failure", "text": "x", "source": "guest",
            "expected": "success", "reason": "", "as_expected": False})
        self.assertEqual(stock["checks"][2], {
            "name": "nvme", "result": "failure", "text": "no disk: dead",
            "source": "guest", "expected": "failure", "reason": "dead",
            "as_expected": True})

    def test_a_write_that_fails_leaves_what_was_there(self):
        one = self.judge("stock")
        before = self.written()
        with mock.patch("json.dump", side_effect=OSError(28, "No space left")), \
                self.assertRaisesRegex(LabError, "No space left"), said():
            one.ended(self.stock())
        self.assertEqual(self.written(), before)
        self.assertEqual(os.listdir(self.folder), ["x.json"])

    def test_a_file_that_cannot_be_written_is_said_before_anything_runs(self):
        one = judge.Judge([], "/", "/nonexistent/x.json")
        with self.assertRaisesRegex(LabError, "/nonexistent/x.json"):
            one.begin(MADE)

    def test_none_is_written_unless_asked_for(self):
        one = judge.Judge([(self.item, "stock")], "/")
        one.begin(MADE)
        with said() as lines:
            one.ended(self.stock())
        self.assertEqual(os.listdir(self.folder), [])
        self.assertTrue(lines)


class Explanations(Case):
    def test_lines_of_logs_for_what_is_not_as_expected(self):
        outcome = outcome_of("stock", self.item, os.path.join(
            self.folder, "host1/share/guests/s"), **all_good(
                "create", "boot", nvme=found("failure", "else")))
        os.makedirs(outcome.folder)
        with open(outcome.path("serial.log"), "w") as stream:
            stream.write("nvme0: a\nmemmap-guest: check nvme failure\nother\n")
        one = self.judge("stock")
        with said() as lines:
            one.ended(outcome)
        self.assertIn("    serial.log: nvme0: a", lines)
        self.assertFalse(any("other" in line or ": memmap-guest" in line
                             for line in lines))
        self.assertRegex(lines[-1], r"host1/share/guests/s/ and, of the host, "
                         r".*/host1/xen\.log$")


if __name__ == "__main__":
    unittest.main()
