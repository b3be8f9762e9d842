"""What is seen of a guest becomes results, charged to whoever is to blame."""

import os
import tempfile
import unittest

from tests.common import DEAD, GOOD, JUDGED, all_good, found, outcome_of, scenario_of

from lablib import console, findings, results
from lablib.endings import Crash, Ended, HostCrash, Lost, Silent, TooLong
from lablib.results import Result, Source


class OfACreation(unittest.TestCase):
    def created(self, status, text):
        outcome = outcome_of("stock", scenario_of(JUDGED))
        return findings.created(outcome, status, text), outcome

    def test_a_guest(self):
        there, outcome = self.created(0, "Parsing\ndomid 12\n")
        self.assertTrue(there)
        self.assertEqual(outcome.domid, 12)
        self.assertEqual(outcome.checks,
                         {"create": found("success", "", Source.LAB)})

    def test_a_refusal_of_libxl_is_a_failure(self):
        for line in ("libxl: error: a.c:1: RDM conflict", "xc: error: panic"):
            there, outcome = self.created(1, f"Parsing\n{line}\nlibxl: error: 2\n")
            self.assertFalse(there)
            self.assertEqual(outcome.checks["create"],
                             found("failure", line, Source.LAB))

    def test_anything_else_is_an_error_of_the_lab(self):
        for status, text, said in ((1, "no space\n", "no space"),
                                   (1, "domid 12\n", "domid 12"),
                                   (0, "", "no output"), (0, "hello", "hello")):
            there, outcome = self.created(status, text)
            self.assertFalse(there)
            self.assertEqual(outcome.checks["create"],
                             found("error", said, Source.LAB))


class OfTheGuest(unittest.TestCase):
    def setUp(self):
        self.outcome = outcome_of("stock", scenario_of(JUDGED))

    def take(self, *lines):
        for line in lines:
            findings.take(self.outcome, console.guest("memmap-guest: " + line))

    def test_what_it_says_becomes_the_outcome(self):
        self.take("start", "e820 0x0 0x9fc00 System RAM",
                  "bar 0000:00:05.0 2 0x80000000 0xc0000000",
                  "dma rdm 0x7fff0000 0x4000 0x1f",
                  "check nvme failure no disk: dead")
        self.assertEqual(self.outcome.e820,
                         [console.Entry(0, 0x9fc00, "System RAM")])
        self.assertEqual(self.outcome.bars, [
            console.Bar("0000:00:05.0", 2, 0x80000000, 0xc0000000)])
        self.assertEqual(self.outcome.dma,
                         [console.Written("rdm", 0x7fff0000, 0x4000, 31)])
        self.assertEqual(self.outcome.checks, {
            "boot": found("success", "", Source.GUEST), "nvme": DEAD})

    def test_a_success_after_a_reboot_does_not_undo_a_failure(self):
        self.take("check nvme success 1", "check nvme success 2")
        self.assertEqual(self.outcome.checks["nvme"].text, "2")
        for worse in ("skip", "error", "failure"):
            self.take(f"check nvme {worse}", "check nvme success")
            self.assertEqual(self.outcome.checks["nvme"].result, Result(worse))


class Charges(unittest.TestCase):
    def charged(self, ending, **checks):
        outcome = outcome_of("stock", scenario_of(JUDGED), **checks)
        findings.charge(outcome, ending)
        self.assertIs(outcome.ending, ending)
        return outcome.checks

    def test_the_first_that_did_not_come(self):
        hung = Silent("kernel", "nothing\nmore")
        for there, name, text in (
                ((), "create", "kernel: nothing"),
                (("create",), "boot", "kernel: nothing"),
                (("create", "boot"), "e820", "no report: kernel: nothing"),
                (("create", "boot", "nvme"), "e820", "no report: kernel: nothing")):
            checks = self.charged(hung, **all_good(*there))
            self.assertEqual(checks[name], found("failure", text, Source.HUNG))
            self.assertEqual(len(checks), len(there) + 1)

    def test_a_guest_that_does_not_end_after_all_it_owed(self):
        checks = self.charged(Silent("checks", "nothing"), **all_good(
            "create", "boot", "e820", "nvme", "views"))
        self.assertEqual(checks["end"],
                         found("failure", "checks: nothing", Source.HUNG))

    def test_to_what_ended_it(self):
        for kind, source in ((Silent, Source.HUNG), (TooLong, Source.HUNG),
                             (Lost, Source.HUNG), (Ended, Source.ENDED),
                             (Crash, Source.CRASH), (HostCrash, Source.CRASH)):
            checks = self.charged(kind("kernel", "x"), create=GOOD)
            self.assertEqual(checks["boot"].source, source)
            self.assertEqual("panic" in checks, source is Source.CRASH)

    def test_the_first_ending_is_the_one(self):
        outcome = outcome_of("stock", scenario_of(JUDGED))
        first = Silent("kernel", "x")
        findings.charge(outcome, first)
        findings.charge(outcome, Lost("xl destroy", "y"))
        self.assertIs(outcome.ending, first)

    def test_a_panic_of_the_host_counts_whatever_the_guest_did(self):
        outcome = outcome_of("stock", scenario_of(JUDGED), **all_good("create"))
        findings.panics(outcome, ["(XEN) all is well", "(d1) Panic on CPU 0:"])
        self.assertNotIn("panic", outcome.checks)
        findings.panics(outcome, ["(XEN) Xen BUG at a.c:1", "(XEN) FATAL TRAP"])
        self.assertEqual(outcome.checks["panic"], found(
            "failure", "the host: Xen BUG at a.c:1", Source.CRASH))

    def test_the_rest_was_not_reached(self):
        outcome = outcome_of("stock", scenario_of(JUDGED), create=GOOD)
        findings.rest(outcome)
        self.assertEqual(outcome.checks["create"], GOOD)
        for name in ("boot", "e820", "nvme", "views"):
            self.assertEqual(outcome.checks[name], results.NOT_REACHED)


class OfDom0(unittest.TestCase):
    def inspected(self, status=0, text="", wanted=("views",), **files):
        with tempfile.TemporaryDirectory() as folder:
            outcome = outcome_of("stock", scenario_of(JUDGED), folder)
            for name, said in files.items():
                with open(os.path.join(folder, name + ".txt"), "w") as stream:
                    stream.write(said)
            findings.inspected(outcome, wanted, status, text)
        return outcome

    def test_what_memmap_views_says(self):
        outcome = self.inspected(1, views="views p2m 0x0 0x1000\n"
                                 "check views failure 1 ranges differ\n")
        self.assertEqual(outcome.checks, {
            "views": found("failure", "1 ranges differ", Source.DOM0)})
        self.assertEqual(outcome.views[0], "views p2m 0x0 0x1000")

    def test_each_has_its_own_file(self):
        outcome = self.inspected(wanted=("views", "vram"),
                                 views="check views success\ncheck vram success\n",
                                 vram="check vram failure x\n")
        self.assertEqual(outcome.checks["vram"].result, Result.FAILURE)
        self.assertEqual(outcome.checks["views"].result, Result.SUCCESS)

    def test_silence_is_an_error(self):
        for more, tail in (({}, ""), ({"views": ""}, ""),
                           ({"views": "Segmentation fault\n"}, "Segmentation fault"),
                           ({"views": "check vram success\n"}, "check vram success"),
                           ({"text": "no such file\n"}, "no such file")):
            outcome = self.inspected(139, **more)
            self.assertEqual(outcome.checks["views"], found(
                "error", "memmap-views said nothing (inspect: 139): " + tail,
                Source.DOM0))

    def test_what_dom0_did_before_the_start_went_wrong(self):
        with tempfile.TemporaryDirectory() as folder:
            outcome = outcome_of("stock", scenario_of(JUDGED), folder)
            findings.not_started(outcome, "1\n2\n3\n4\n")
            self.assertEqual(outcome.checks["boot"], found(
                "error", "before the start: 2 | 3 | 4", Source.LAB))
            with open(os.path.join(folder, "dom0.log"), "w") as stream:
                stream.write("said")
            findings.not_started(outcome, "1\n")
            self.assertEqual(outcome.checks["boot"].text, "before the start: said")


class OfTheHost(unittest.TestCase):
    def test_only_what_the_scenario_asks_for(self):
        fault = "(XEN) [VT-D]DMAR:[DMA Read] Request device [0000:00:04.0] addr 0"
        for checks, names in (("", []), ("rmrr = {}\n", ["rmrr"]),
                              ("faults = {}\n", ["faults"]),
                              ("superpages = { gigabytes = 1 }\n", ["superpages"])):
            outcome = outcome_of("stock", scenario_of(JUDGED.replace(
                "views = {}\n", "views = {}\n" + checks)))
            outcome.built = {"p2m": [(0x40000, 1 << 18)]}
            findings.on_host(outcome, None, [fault], {"p2m": [(0x40000, 1 << 18)]})
            self.assertEqual(list(outcome.checks), names)
            for name in names:
                self.assertEqual(outcome.checks[name].result, Result.FAILURE)


if __name__ == "__main__":
    unittest.main()
