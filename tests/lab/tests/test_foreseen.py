"""A plan is held against what happened, to the page."""

import json
import unittest

from tests.common import outcome_of, scenario_of

from lablib import findings, foreseen, verdict
from lablib.console import Bar
from lablib.results import Result

SEALED = "state SEALED"
REAL = ["layout/0 0 a0 0 ram 0 0", "layout/0 c0 7ff40 c0 ram 0 0",
        "layout/0 80000 7c000 - mmio 0 0", "layout/0 100000 3f000 80000 ram 0 0"]
PLAN = {
    "ranges": [
        {"type": "ram", "gfn": 0, "pages": 0xa0, "source": 0},
        {"type": "ram", "gfn": 0xc0, "pages": 0x7ff40, "source": 0xc0},
        {"type": "mmio", "gfn": 0x80000, "pages": 0x7c000, "source": None},
        {"type": "ram", "gfn": 0x100000, "pages": 0x3f000, "source": 0x80000}],
    "bars": [
        {"name": "nvme memory buffer", "bytes": 1 << 30, "address": 0x80000000},
        {"name": "VGA ROM", "bytes": 1 << 16, "address": 0xf9ff0000},
        {"name": "rtl8139 registers", "bytes": 256, "address": 0xf9fe9000},
        {"name": "none", "bytes": 1 << 30, "address": None}]}
BARS = [Bar("0000:00:05.0", 2, 0x80000000, 0xc0000000),
        Bar("0000:00:06.0", 1, 0xf9fe9000, 0xf9fe9100)]


def explain(lines, bars=(*BARS,), plan=None, said=(), log=()):
    return foreseen.explain(json.dumps(plan or PLAN), list(said), list(lines), list(bars),
                            list(log))


class Explain(unittest.TestCase):
    def failure(self, pattern, *args, **more):
        check = explain(*args, **more)
        self.assertIs(check.result, Result.FAILURE)
        self.assertRegex(check.text, pattern)

    def test_as_foreseen(self):
        check = explain([SEALED, *REAL])
        self.assertIs(check.result, Result.SUCCESS)
        self.assertIn("4 ranges and 1 BARs are as foreseen", check.text)

    def test_one_page_makes_the_difference(self):
        for old, new in (("7ff40", "7ff3f"), ("3f000", "3f001"), ("80000 ram", "80001 ram"),
                         ("7c000 -", "7bfff -"), ("mmio", "rdm")):
            lines = [line.replace(old, new) for line in REAL]
            self.failure("^foreseen .*, got ", [SEALED, *lines])
        self.failure("got nothing$", [SEALED, *REAL[:-1]])

    def test_bars(self):
        moved = [Bar("0000:00:05.0", 2, 0xc0000000, 0x100000000)]
        self.failure("^BARs foreseen at 0x80000000-0xc0000000, found at "
                     "0xc0000000-0x100000000$", [SEALED, *REAL], moved)
        self.failure("found at 0x80000000-0xc0000000$", [SEALED, *REAL], [*BARS, BARS[0]])

    def test_bars_of_a_guest_that_ends_with_its_firmware(self):
        """Every one is compared that hvmloader wrote; ports are none."""
        log = ["pci dev 05:0 bar 18 size 040000000: 08000000c",
               "pci dev 03:0 bar 30 size 000010000: 0f9ff0000",
               "pci dev 06:0 bar 14 size 000000100: 0f9fe9000",
               "pci dev 02:0 bar 10 size 000000100: 00000c001",
               "pci dev 07:0 bar 10 size 040000000: no space for resource!"]
        check = explain([SEALED, *REAL], (), log=log)
        self.assertIs(check.result, Result.SUCCESS)
        self.assertIn("4 ranges and 3 BARs are as foreseen", check.text)
        self.failure("^BARs foreseen at 0xf9ff0000-0xfa000000, found at nothing$",
                     [SEALED, *REAL], (), log=[log[0], *log[2:]])
        self.failure("^BARs foreseen at 0xf9ff0000-0xfa000000, found at "
                     "0xf9fe0000-0xf9ff0000$", [SEALED, *REAL], (),
                     log=[line.replace("f9ff0000", "f9fe0000") for line in log])
        self.failure("found at nothing$", [SEALED, *REAL], ())

    def test_what_firmware_takes_is_given_back(self):
        """As OVMF's guests have it."""
        lines = [*REAL[:3], "layout/0 fc000 b - ram 2 0", "layout/0 ffeff 101 - ram 2 0",
                 "layout/0 100000 3eef4 80000 ram 0 0"]
        self.assertIs(explain([SEALED, *lines]).result, Result.SUCCESS)
        self.failure("got", [SEALED, *(line.replace("fc000 b", "fc000 c")
                                       for line in lines)])

    def test_marks_are_no_difference(self):
        """SeaBIOS' map has no room for a piece, which stays where it is."""
        lines = [*REAL[:3], "layout/0 100000 10 80000 ram 2 0",
                 "layout/0 100010 3eff0 80010 ram 0 0"]
        self.assertIs(explain([SEALED, *lines]).result, Result.SUCCESS)

    def test_nothing_to_compare_with(self):
        self.assertIsNone(explain([]))
        self.assertIsNone(explain(["state OFFERED", *REAL]))

    def test_no_plan(self):
        check = foreseen.explain("", ["xen-memmap: no device"], [SEALED, *REAL], [])
        self.assertIs(check.result, Result.ERROR)
        self.assertIn("no device", check.text)


class Verify(unittest.TestCase):
    def test_status(self):
        for status, result in (("0", Result.SUCCESS), ("1", Result.FAILURE),
                               ("2", Result.ERROR), ("139", Result.ERROR)):
            check = foreseen.verify(["guest: agrees", "status " + status],
                                    [SEALED, *REAL])
            self.assertIs(check.result, result)
            self.assertIn("guest: agrees", check.text)
        self.assertIs(foreseen.verify([], [SEALED, *REAL]).result, Result.ERROR)

    def test_what_is_not_asked(self):
        self.assertIsNone(foreseen.verify(["x", "status 2"], []))
        self.assertIsNone(foreseen.verify(
            ["xen-memmap: ... yet to be populated on demand", "status 2"],
            [SEALED, *REAL]))


class OfAScenario(unittest.TestCase):
    def test_what_explain_is_told(self):
        text = """[xenstore]
"hvmloader/memory-map/rdm/0" = "0x7fff0=0:0:4.0"
"data/x" = "0"
[stack.ours.xenstore]
"hvmloader/memory-map/relocate" = "0"
"hvmloader/memory-map/policy" = "high"
[expect.stock]
[expect.ours]
"""
        scenario = scenario_of(text)
        self.assertEqual(foreseen.options(scenario, "stock"), "")
        self.assertEqual(foreseen.options(scenario, "ours"),
                         "--json --declare 0x7fff0=0:0:4.0 --no-relocate --prefer-high")
        scenario = scenario_of('[guest]\nuntil = "firmware"\n[expect.ours]\n')
        self.assertEqual(foreseen.options(scenario, "ours"), "--json")

    def outcome(self, expect, stack="ours", lines=(*REAL,)):
        outcome = outcome_of(stack, scenario_of(
            '[expect.stock]\nmust_pass = ["create"]\n[expect.ours]\nmust_pass = '
            '["create"]\n' + expect))
        outcome.bars = list(BARS)
        files = {"explain.json": [json.dumps(PLAN)], "published.txt": [SEALED, *lines],
                 "verify.txt": ["guest: agrees", "status 0"]}
        outcome.text = lambda name: files.get(name, [])
        findings.explained(outcome)
        outcome.checks["create"] = foreseen.results.success("", None)
        return outcome

    def test_every_guest_of_ours_has_both(self):
        outcome = self.outcome("")
        self.assertIs(outcome.checks["explain"].result, Result.SUCCESS)
        self.assertIs(outcome.checks["verify"].result, Result.SUCCESS)
        self.assertEqual(verdict.unmet(outcome), [])
        self.assertEqual(verdict.unmet(self.outcome("", lines=REAL[1:])), ["explain"])
        self.assertNotIn("explain", self.outcome("", "stock").checks)

    def test_a_scenario_may_expect_otherwise(self):
        expect = 'must_fail = { explain = "got ram" }\n'
        self.assertEqual(verdict.unmet(self.outcome(expect)), ["explain"])
        self.assertEqual(verdict.unmet(self.outcome(expect, lines=[
            "layout/0 0 a1 0 ram 0 0", *REAL[1:]])), [])


if __name__ == "__main__":
    unittest.main()
