"""Results against expectations."""

import unittest

from tests.common import (DEAD, GOOD, HUNG, JUDGED, all_good, found, not_reached,
                          outcome_of, scenario_of)

from lablib import console, results, verdict
from lablib.endings import Crash, Ended, Lost, Silent, TooLong
from lablib.results import Result, Source
from lablib.verdict import Expectation

ALL = ("create", "boot", "e820", "nvme", "views")


class Expectations(unittest.TestCase):
    def test_success(self):
        wanted = Expectation(Result.SUCCESS)
        self.assertTrue(wanted.met(GOOD))
        for word in ("failure", "error", "skip"):
            self.assertFalse(wanted.met(found(word)), word)

    def test_failure_for_the_reason_that_is_named(self):
        wanted = Expectation(Result.FAILURE, "no disk: .*dead")
        self.assertTrue(wanted.met(DEAD))
        self.assertFalse(wanted.met(found("failure", "no disk: gone")))
        for word in ("success", "error", "skip"):
            self.assertFalse(wanted.met(found(word, "no disk: dead")), word)

    def test_silence_and_panics_are_nobodys_expectation(self):
        for source in (Source.HUNG, Source.CRASH, Source.NOT_REACHED):
            for word in ("success", "failure"):
                for pattern in ("", "dead"):
                    self.assertFalse(Expectation(Result(word), pattern).met(
                        found(word, "dead", source)), source)
        for source in set(Source) - results.NEVER_EXPECTED:
            self.assertTrue(Expectation(Result.FAILURE, "dead").met(
                found("failure", "dead", source)), source)
        self.assertEqual(results.NOT_REACHED.source, Source.NOT_REACHED)
        self.assertEqual(results.NOT_REACHED.result, Result.SKIP)

    def test_those_of_a_scenario(self):
        item = scenario_of(JUDGED)
        good, dead = Expectation(Result.SUCCESS), Expectation(Result.FAILURE, "dead")
        self.assertEqual(verdict.expected_of(item, "stock"),
                         {"create": good, "boot": good, "nvme": dead})
        self.assertEqual(verdict.expected_of(item, "ours"),
                         dict.fromkeys((*ALL, "layout"), good))
        self.assertEqual(verdict.expected_of(item, "new-qemu"), {})

    def test_a_panic_and_a_bad_end_are_failures_whatever_is_expected(self):
        for name in ("panic", "end"):
            for stack in ("stock", "new-qemu"):
                outcome = outcome_of(stack, scenario_of(JUDGED), **all_good(
                    "create", "boot", nvme=DEAD,
                    **{name: found("failure", "x", Source.CRASH)}))
                self.assertEqual(verdict.unmet(outcome), [name])
                self.assertFalse(verdict.as_expected(outcome))


class Unmet(unittest.TestCase):
    def test_either_direction(self):
        item = scenario_of(JUDGED)
        for checks, bad in (
                (all_good("create", "boot", nvme=DEAD), []),
                (all_good("create", "boot", "nvme"), ["nvme"]),
                (all_good("create", boot=found("error"), nvme=DEAD), ["boot"]),
                (all_good("create", "boot"), ["nvme"]),
                (all_good("create", "boot", **not_reached("nvme")), ["nvme"]),
                (all_good("create", nvme=DEAD), ["boot"])):
            outcome = outcome_of("stock", item, **checks)
            self.assertEqual(verdict.unmet(outcome), bad)
            self.assertEqual(verdict.as_expected(outcome), not bad)

    def test_a_guest_alone_is_not_to_blame_for_the_layout(self):
        outcome = outcome_of("ours", scenario_of(JUDGED), **all_good(*ALL))
        self.assertEqual(verdict.unmet(outcome), ["layout"])
        self.assertTrue(verdict.as_expected(outcome))


class Silence(unittest.TestCase):
    """Only silence is tried again: not what a guest did, or said, wrong."""

    def silent(self, stack, text=JUDGED, ending=Silent, **checks):
        given = {**not_reached("e820", "nvme", "views"),
                 **all_good("create", "boot"), **checks}
        outcome = outcome_of(stack, scenario_of(text), **given)
        outcome.ending = ending and ending("kernel", "nothing was heard")
        return verdict.only_silent(outcome)

    def test_before_what_must_pass(self):
        self.assertTrue(self.silent("stock", boot=HUNG))
        self.assertTrue(self.silent("ours", e820=HUNG))
        self.assertTrue(self.silent("ours", ending=Lost, e820=HUNG))

    def test_not_if_nothing_was_silent(self):
        for ending in (None, TooLong, Ended, Crash):
            self.assertFalse(self.silent("stock", ending=ending, boot=HUNG), ending)

    def test_not_if_all_that_must_pass_has_or_nothing_is_expected(self):
        self.assertFalse(self.silent("stock", nvme=HUNG))
        self.assertFalse(self.silent("new-qemu", boot=HUNG))
        self.assertFalse(self.silent("ours", **all_good(*ALL)))

    def test_a_wrong_result_before_it_stays(self):
        for wrong in (found("failure", "3 MiB too few"), found("skip", "no /dev/mem"),
                      found("error", "x", Source.LAB)):
            self.assertFalse(self.silent("ours", e820=wrong, nvme=HUNG))
        self.assertFalse(self.silent("stock", boot=HUNG, nvme=GOOD))

    def test_a_panic_stays(self):
        self.assertFalse(self.silent("ours", e820=HUNG, panic=found(
            "failure", "x", Source.CRASH)))

    def test_a_guest_that_cannot_be_taken_away_has_another_try(self):
        self.assertTrue(self.silent("ours", **all_good(*ALL, end=HUNG)))

    def test_logs_that_end_early(self):
        text = JUDGED.replace("[expect.stock]", """[logs.no]
in = "serial"
absent = "panic"
beside = "up"
[logs.yes]
in = "serial"
match = "well"
[expect.stock]""")
        def log(word):
            return found(word, "", Source.LOG)
        early = {"e820": GOOD, "nvme": HUNG, "no": log("success"),
                 "yes": log("failure")}
        self.assertTrue(self.silent("ours", text, **early))
        self.assertTrue(self.silent("ours", text, **{**early, "no": log("error")}))
        self.assertTrue(self.silent("ours", text, **{**early, "yes": log("skip")}))
        self.assertFalse(self.silent("ours", text, **{**early,
                                                      "no": log("failure")}))


class Layouts(unittest.TestCase):
    E820 = [console.Entry(0, 0x1000, "System RAM")]
    BARS = [console.Bar("0000:00:05.0", 2, 0x1000, 0x2000)]

    def compare(self, e820=None, bars=None, other=None):
        item = scenario_of(JUDGED)
        mine, stock = outcome_of("ours", item), outcome_of("stock", item)
        mine.e820 = self.E820 if e820 is None else e820
        mine.bars = self.BARS if bars is None else bars
        stock.e820 = self.E820 if other is None else other
        stock.bars = self.BARS
        return verdict.compare_layouts(mine, stock)

    def test_the_same(self):
        self.assertEqual(self.compare(), found(
            "success", "1 E820 entries and 1 BARs as under stock", Source.LAB))

    def test_another_e820(self):
        self.assertEqual(self.compare([console.Entry(0, 0x2000, "System RAM")]), found(
            "failure", "E820 entries differ from stock's: 0x0-0x2000 System RAM instead of "
            "0x0-0x1000 System RAM", Source.LAB))
        self.assertEqual(self.compare(self.E820 * 2).result, Result.FAILURE)
        self.assertEqual(self.compare([console.Entry(0, 0x1000, "Reserved")]).result,
                         Result.FAILURE)

    def test_other_bars(self):
        self.assertEqual(self.compare(bars=[]), found(
            "failure", "BARs differ from stock's: nothing instead of 0000:00:05.0 "
            "BAR 2 0x1000-0x2000", Source.LAB))

    def test_nothing_to_compare(self):
        for more in ({"e820": []}, {"other": []}, {"e820": [], "other": []}):
            self.assertEqual(self.compare(**more).result, Result.SKIP)


if __name__ == "__main__":
    unittest.main()
