"""The lab's commands, and above all what they exit with."""

import importlib.machinery
import importlib.util
import os
import signal
import subprocess
import tempfile
import unittest
from types import SimpleNamespace
from unittest import mock

from tests.common import DEAD, JUDGED, LAB, all_good, outcome_of, said

from lablib import process, scenario
from lablib.ui import Enough, LabError, Stopped


def _load():
    """The program, whose name has no .py."""
    path = os.path.join(LAB, "lab")
    loader = importlib.machinery.SourceFileLoader("lab", path)
    module = importlib.util.module_from_spec(
        importlib.util.spec_from_loader("lab", loader))
    loader.exec_module(module)
    return module


lab = _load()


class Case(unittest.TestCase):
    def setUp(self):
        self.progress = self.enterContext(mock.patch.object(lab, "progress"))
        self.enterContext(mock.patch("signal.signal"))
        self.enterContext(mock.patch.object(process, "stop_all"))
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        self.path = os.path.join(self.folder, "s.toml")
        with open(self.path, "w") as stream:
            stream.write(JUDGED)

    def main(self, *words):
        """(exit status, lines of standard output)"""
        with mock.patch("sys.argv", ["lab", *words]), said() as lines, \
                mock.patch.object(lab.runner, "Lab", self.lab):
            status = lab.main()
        return status, lines

    def lab(self, _top, suite):
        return SimpleNamespace(top=self.folder, suite=suite, scenarios=self.folder,
                               logs=self.folder, build_log="", scenario=scenario.load,
                               every=lambda nightly: [self.path])


class Runs(Case):
    def run_of(self, *words, named=True, stock=None, ours=None, trouble=None, raises=None):
        """The exit status when these checks come of guests that are run; and what
        was to be run, and how."""
        asked = []

        class Run:  # pylint: disable=too-few-public-methods
            def __init__(self, _lab, pairs, settings, judge):
                asked.append((pairs, settings))
                self.pairs, self.judge, self.trouble = pairs, judge, trouble
                self.parts = SimpleNamespace(sources={}, used=dict)

            def go(self):
                if raises:
                    raise raises
                for item, stack in self.pairs:
                    checks = {"stock": stock, "ours": ours}.get(stack)
                    if checks is not None:
                        self.judge.ended(outcome_of(stack, item, **checks))
        with mock.patch.object(lab.runner, "Run", Run):
            status, lines = self.main("run", *words, *[self.path] * named)
        return status, lines, asked and asked[0]

    STOCK = all_good("create", "boot", nvme=DEAD)

    def test_all_as_expected(self):
        status, lines, _ = self.run_of("--stack", "stock", stock=self.STOCK)
        self.assertEqual((status, lines[-1]), (0, "3 passed, 0 failed"))

    def test_one_not_as_expected(self):
        status, lines, _ = self.run_of("--stack", "stock",
                                       stock={**self.STOCK, "boot": DEAD})
        self.assertEqual((status, lines[-1]), (1, "2 passed, 1 failed"))

    def test_one_that_never_came(self):
        status, lines, _ = self.run_of("--stack", "stock")
        self.assertEqual((status, lines[-1]), (1, "0 passed, 3 failed"))

    def test_nothing_was_expected(self):
        self.assertEqual(self.run_of("--stack", "new-qemu")[0], 1)

    def test_enough_is_a_result(self):
        status, lines, _ = self.run_of("--stack", "stock", stock=self.STOCK,
                                       trouble=Enough("the time is up"))
        self.assertEqual(status, 1)
        self.assertEqual(lines[-2:], ["ended early: the time is up",
                                      "3 passed, 0 failed"])

    def test_trouble_is_none_but_what_is_known_is_told(self):
        for trouble in (LabError("host 1 did not come up"), Stopped("interrupted")):
            status, lines, _ = self.run_of("--stack", "stock", stock=self.STOCK,
                                           trouble=trouble)
            self.assertEqual(status, 2)
            self.assertEqual(lines[-2:], [f"ended early: {trouble}",
                                          "3 passed, 0 failed"])
            self.progress.assert_called_with(str(trouble))

    def test_trouble_that_is_raised(self):
        for trouble in (LabError("x"), KeyboardInterrupt()):
            self.assertEqual(self.run_of(raises=trouble)[0], 2)

    def test_what_runs(self):
        pairs = self.run_of()[2][0]
        self.assertEqual([stack for _, stack in pairs], ["stock", "ours"])
        pairs = self.run_of("--stack", "ours")[2][0]
        self.assertEqual([stack for _, stack in pairs], ["stock", "ours"])
        pairs = self.run_of("--stack", "stock", "--stack", "hostile")[2][0]
        self.assertEqual([stack for _, stack in pairs], ["stock", "hostile"])
        pairs = self.run_of(self.path)[2][0]
        self.assertEqual(len(pairs), 2)

    def test_slow_guests_run_at_night_or_when_named(self):
        with open(self.path, "w") as stream:
            stream.write('nightly = ["ours"]\n' + JUDGED)
        for words, named, wanted in (((), False, ["stock"]), ((), True, ["stock", "ours"]),
                                     (["--nightly"], False, ["stock", "ours"])):
            pairs = self.run_of(*words, named=named)[2][0]
            self.assertEqual([stack for _, stack in pairs], wanted)

    def test_what_there_is_no_source_for(self):
        """It is left out with a line, unless somebody asked for it."""
        with open(self.path, "w") as stream:
            stream.write(JUDGED + '[expect.toolstack]\nmust_pass = ["boot"]\n'
                         '[host]\nsuite = "trixie"\n')
        for source, words, wanted in ((None, (), ["stock", "ours"]),
                                      ("a", (), ["stock", "ours", "toolstack"]),
                                      (None, ("--stack", "toolstack"), ["toolstack"])):
            self.progress.reset_mock()
            with mock.patch.object(lab.stacks, "toolstack_source", lambda *_, s=source: s):
                pairs = self.run_of(*words)[2][0]
            self.assertEqual([stack for _, stack in pairs], wanted)
            told = [call for call in self.progress.mock_calls if "not run" in str(call)]
            self.assertEqual(len(told), source is None and not words)

    def test_where_device_models_run(self):
        for words, stubdom in ((), False), (("--stubdom",), True):
            pairs = self.run_of(*words)[2][0]
            self.assertEqual([item.guest["stubdom"] for item, _ in pairs], [stubdom] * 2)

    def test_how_it_runs(self):
        settings = self.run_of("--guest-limit", "7", "--timeout", "8", "--jobs", "3",
                               "--seconds", "9")[2][1]
        self.assertEqual((settings.guest_limit, settings.timeout, settings.jobs,
                          settings.seconds), (7, 8, 3, 9))
        settings = self.run_of("--first", "a", "--first", "b")[2][1]
        self.assertEqual(settings.first, {"a", "b"})
        settings = self.run_of()[2][1]
        self.assertEqual((settings.guest_limit, settings.timeout, settings.seconds),
                         (900, 400, None))

    def test_it_ends_when_so_many_have_failed(self):
        ended = []
        with mock.patch("lablib.judge.Judge.ended",
                        lambda one, _: ended.append((one.max_failures, one.first))):
            self.run_of("--max-failures", "5", "--first", "a", "--stack", "stock", stock={})
        self.assertEqual(ended, [(5, {"a"})])

    def test_its_results_are_written(self):
        path = os.path.join(self.folder, "x.json")
        self.run_of("--json", path, "--stack", "stock", stock=self.STOCK)
        self.assertTrue(os.path.exists(path))
        status, lines, _ = self.run_of("--json", "/nonexistent/x.json")
        self.assertEqual((status, lines), (2, []))


class Others(Case):
    def test_mistakes_of_usage(self):
        for words in (["run", "--stack", "theirs", "x"], ["run", "--timeout", "0", "x"],
                      ["run", "--max-failures", "many", "x"], ["walk"], [],
                      ["list", "--suite", "sarge"]):
            with self.assertRaises(SystemExit) as caught, \
                    mock.patch("sys.stderr"):
                self.main(*words)
            self.assertEqual(caught.exception.code, 2)

    def test_the_program_itself_ends_with_that(self):
        done = subprocess.run([os.path.join(LAB, "lab"), "run", "/nonexistent"],
                              capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("no scenario '/nonexistent'", done.stderr)

    def test_list(self):
        status, lines = self.main("list")
        self.assertEqual(status, 0)
        self.assertIn("t", lines[0])
        self.assertIn("stacks: stock, ours; checks: create, boot, e820", lines[1])

    def test_a_scenario_with_a_mistake(self):
        with open(self.path, "a") as stream:
            stream.write("[nonsense]\n")
        self.assertEqual(self.main("run", self.path), (2, []))
        self.assertIn("nonsense", self.progress.call_args[0][0])

    def test_who_is_told_to_end_twice_is_at_it(self):
        """Or the second time would be the end of its report."""
        with mock.patch("signal.signal") as setting, \
                self.assertRaises(KeyboardInterrupt):
            lab._interrupted(signal.SIGTERM, None)
        self.assertEqual([call.args for call in setting.call_args_list],
                         [(signal.SIGTERM, signal.SIG_IGN), (signal.SIGHUP, signal.SIG_IGN)])

    def test_programs_that_run_are_ended_in_any_case(self):
        self.main("list")
        process.stop_all.assert_called()


if __name__ == "__main__":
    unittest.main()
