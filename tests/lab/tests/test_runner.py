"""A run: what is built meanwhile, second tries, controls, and its end before the end."""

import os
import tempfile
import threading
import time
import unittest
from unittest import mock

from tests.common import own_cache, said, scenario_of

from lablib import cache, process, results, runner, stacks, suites, verdict
from lablib.endings import HostCrash, Silent
from lablib.judge import Judge
from lablib.outcome import Outcome
from lablib.parts import STACK
from lablib.results import Source

TEXT = """
[checks]
e820 = {}
[expect.ours]
must_pass = ["boot"]
[expect.stock]
must_pass = ["boot"]
"""


class World:
    """Stand-ins for what takes long: parts that are built, hosts, guests."""

    def __init__(self, test):
        self.begun = []                 # guests, with the host that they were on
        self.outcomes = []              # those that the judge was told of
        self.act = lambda guest: None   # what a guest does
        self.build = lambda step: None  # what a step takes
        self.start = mock.Mock()        # the host's
        self.top = test.enterContext(tempfile.TemporaryDirectory())
        self.cache = test.enterContext(own_cache())
        world = self

        class Guest:  # pylint: disable=too-few-public-methods
            def __init__(self, where, item, stack, _programs, _limit, _count):
                self.name, self.where = item.name, where.who
                self.outcome = Outcome(item, stack, world.top)

            def run(self):
                world.begun.append(f"{self.name} on {self.where}")
                self.outcome.checks = dict.fromkeys(
                    ("create", "boot", "e820"), results.success("", Source.LAB))
                world.act(self)

        class Parts:
            def __init__(self, _lab):
                self.made, self.sources, self.used = {}, {}, dict

            def make(self, step):
                world.build(step)
                self.made[step] = True

            def programs(self, _suite, _stack):
                return dict.fromkeys(("hvmloader", "qemu"), stacks.Program("", ""))

            def files(self, _suite):
                return {}

            def identity(self, _item, _stack):
                return {"programs": 1}

        def boot(who, folder, *_):
            return mock.Mock(who=f"{who} {os.path.basename(folder)}",
                             start=world.start)
        for target, stand_in in (("Guest", Guest), ("Host", boot),
                                 ("parts.Parts", Parts), ("progress", mock.Mock())):
            test.enterContext(mock.patch(f"lablib.runner.{target}", stand_in))
        test.enterContext(mock.patch("lablib.judge.progress"))
        test.addCleanup(process.stopping.clear)

    def run(self, pairs, max_failures=None, **settings):
        """The run, and the last line of its report."""
        def ended(outcome):
            self.outcomes.append(outcome)
            return told(outcome)
        lab = runner.Lab(self.top, suites.SUITES["trixie"])
        for item, _ in pairs:
            item.host["suite"] = item.host["suite"] or "trixie"
        judge = Judge(pairs, self.top, max_failures=max_failures)
        told, judge.ended = judge.ended, ended
        run = runner.Run(lab, pairs, runner.Settings(
            **{"jobs": 1, "timeout": 1, "guest_limit": 1, **settings}), judge)
        judge.begin(run.parts)
        with said() as lines:
            run.go()
            judge.finish(run.trouble)
        return run, lines[-1]


def items(names):
    return [scenario_of(TEXT, name) for name in names]


class SecondTries(unittest.TestCase):
    def tries(self, times, silent=False):
        """Which guests start in which boot, the first try of 'b', and the end of the
        report, when TIMES times the host is lost with 'b', or only 'b' is SILENT."""
        world = World(self)
        left = [times]

        def act(guest):
            if guest.name == "b" and left[0]:
                left[0] -= 1
                ending = Silent("kernel", "nothing was heard\nmore")
                guest.outcome.ending = ending
                guest.outcome.checks["boot"] = results.failure(ending.short(),
                                                               Source.HUNG)
                if not silent:
                    raise ending
        world.act = act
        run, last = world.run([(item, "ours") for item in items("abc")])
        self.assertIsNone(run.trouble)
        self.assertEqual([outcome.scenario.name for outcome in world.outcomes],
                         ["a", "b", "c"])
        self.assertEqual(world.outcomes[0].first_try, "")
        return ", ".join(line.replace(" on host 1 host1", "") for line in
                         world.begun), world.outcomes[1].first_try, last

    GOOD, BAD = "3 passed, 0 failed", "2 passed, 1 failed"

    def test_a_guest_that_loses_the_host_has_one_more_try(self):
        first = "kernel: nothing was heard"
        self.assertEqual(self.tries(0), ("a, b, c", "", self.GOOD))
        self.assertEqual(self.tries(1), ("a, b, b.2, c.2", first, self.GOOD))
        self.assertEqual(self.tries(2), ("a, b, b.2, c.3", first, self.BAD))

    def test_so_has_one_that_falls_silent(self):
        first = "kernel: nothing was heard"
        self.assertEqual(self.tries(0, True), ("a, b, c", "", self.GOOD))
        self.assertEqual(self.tries(1, True), ("a, b, b.2, c.2", first, self.GOOD))
        self.assertEqual(self.tries(2, True), ("a, b, b.2, c.2", first, self.BAD))

    def test_a_panic_of_xen_has_none(self):
        world = World(self)

        def act(guest):
            if guest.name == "b":
                guest.outcome.ending = HostCrash("kernel", "Panic on CPU 0:")
                guest.outcome.checks["panic"] = results.failure("x", Source.CRASH)
                raise guest.outcome.ending
        world.act = act
        _, last = world.run([(item, "ours") for item in items("abc")])
        self.assertEqual(world.begun, ["a on host 1 host1", "b on host 1 host1",
                                       "c on host 1 host1.2"])
        self.assertEqual(last, "3 passed, 1 failed")


class Builds(unittest.TestCase):
    def test_guests_start_while_others_parts_are_built(self):
        """The build of `ours` ends only when stock's guest has run."""
        world, ran = World(self), threading.Event()
        world.act = lambda guest: ran.set()

        def build(step):
            if step.kind == STACK and step.detail == "ours":
                for tell in cache.before_making:
                    tell()
                self.assertTrue(ran.wait(600), "no guest began before the build")
        world.build = build
        item, = items("a")
        world.run([(item, "stock"), (item, "ours")])
        self.assertEqual([o.stack for o in world.outcomes], ["stock", "ours"])

    def test_what_cannot_be_built_ends_the_run(self):
        world = World(self)

        def build(step):
            if step.detail == "ours":
                raise runner.LabError("no compiler")
        world.build = build
        item, = items("a")
        run, last = world.run([(item, "ours")])
        self.assertEqual(str(run.trouble), "no compiler")
        self.assertEqual(last, "0 passed, 1 failed")

    def test_a_host_that_falls_silent_is_booted_once_more(self):
        world = World(self)
        world.start = mock.Mock(side_effect=[Silent("dom0's kernel", "nothing"), None])
        run, last = world.run([(item, "ours") for item in items("ab")])
        self.assertIs(run.trouble, None)
        self.assertEqual(world.begun, ["a on host 1 host1.2", "b on host 1 host1.2"])
        self.assertEqual(world.outcomes[0].first_try, "dom0's kernel: nothing")
        self.assertEqual(last, "2 passed, 0 failed")

    def test_a_host_whose_kernel_panics_is_not(self):
        world = World(self)
        world.start = mock.Mock(side_effect=HostCrash("dom0's kernel", "Oops"))
        run, _ = world.run([(items("a")[0], "ours")])
        self.assertEqual(world.start.call_count, 1)
        self.assertRegex(str(run.trouble), "did not come up: dom0's kernel: Oops")

    def test_a_host_that_does_not_come_up_twice_ends_the_run(self):
        world = World(self)
        world.start = mock.Mock(side_effect=Silent("dom0's kernel", "nothing"))
        run, last = world.run([(item, "ours") for item in items("ab")])
        self.assertEqual(world.start.call_count, 2)
        self.assertIs(type(run.trouble), runner.LabError)
        self.assertRegex(str(run.trouble), "host 1.* did not come up: dom0's kernel")
        self.assertEqual((world.begun, last), ([], "0 passed, 2 failed"))

    def test_a_mistake_of_the_lab_is_not_taken_for_a_result(self):
        world = World(self)
        world.act = lambda guest: {}["nothing"]
        with self.assertRaises(KeyError):
            world.run([(items("a")[0], "ours")])


class Which(unittest.TestCase):
    def test_slow_ones_only_at_night(self):
        with tempfile.TemporaryDirectory() as top:
            folder = os.path.join(top, "tests/lab/scenarios")
            os.makedirs(os.path.join(folder, "more"))
            for name, text in (("a", TEXT), ("more/b", TEXT),
                               ("c", "nightly = true\n" + TEXT)):
                with open(os.path.join(folder, name + ".toml"), "w") as stream:
                    stream.write(text)
            lab = runner.Lab(top, suites.SUITES["trixie"])
            names = [[os.path.relpath(path, folder) for path in lab.every(nightly)]
                     for nightly in (False, True)]
            self.assertEqual(names, [["a.toml", "more/b.toml"],
                                     ["a.toml", "c.toml", "more/b.toml"]])
            self.assertEqual(lab.scenario("b").host["suite"], "trixie")


class Ends(unittest.TestCase):
    def test_when_the_time_is_up_the_rest_has_not_passed(self):
        world = World(self)
        clock = []

        class Timer(threading.Timer):
            """Runs from the second guest on: the first is through, whatever it takes."""

            def start(self):
                clock.append(super().start)

        def act(guest):
            if guest.name == "b":
                clock[0]()
            while guest.name == "b":
                process.check()
                time.sleep(0.01)
        world.act = act
        began = time.monotonic()
        with mock.patch("lablib.runner.threading.Timer", Timer):
            run, last = world.run([(item, "ours") for item in items("abc")], seconds=1)
        self.assertLess(time.monotonic() - began, 600)
        self.assertIsInstance(run.trouble, runner.Enough)
        self.assertEqual(str(run.trouble), "the time is up, 1 s")
        self.assertEqual([outcome.scenario.name for outcome in world.outcomes], ["a"])
        self.assertEqual(last, "1 passed, 2 failed")
        self.assertEqual(len(world.begun), 2)

    def test_who_comes_first_is_run_first(self):
        world = World(self)
        world.run([(item, "ours") for item in items("abc")], first=frozenset("c"))
        self.assertEqual(world.begun[0], "c on host 1 host1")

    def test_when_enough_guests_have_failed_no_other_begins(self):
        world = World(self)

        def act(guest):
            guest.outcome.checks["boot"] = results.failure("", Source.GUEST)
        world.act = act
        run, last = world.run([(item, "ours") for item in items("abc")],
                              max_failures=2)
        self.assertIsInstance(run.trouble, runner.Enough)
        self.assertEqual(str(run.trouble), "2 guests are not as expected")
        self.assertEqual((len(world.begun), last), (2, "0 passed, 3 failed"))

    def test_a_run_that_ends_in_time_is_none_the_worse(self):
        world = World(self)
        run, last = world.run([(items("a")[0], "ours")], seconds=600)
        self.assertIsNone(run.trouble)
        self.assertEqual(last, "1 passed, 0 failed")
        self.assertFalse(process.stopping.is_set())


class Controls(unittest.TestCase):
    def begun(self, cached, act=None):
        """The guests that a second run begins; ACT is the first one's."""
        world = World(self)
        item, = items("a")
        pairs = [(item, "stock"), (item, "ours")]
        world.act = act or world.act
        world.run(pairs)
        world.begun.clear()
        world.outcomes.clear()
        process.stopping.clear()
        world.run(pairs, cached=cached)
        outcomes = {outcome.stack: outcome for outcome in world.outcomes}
        self.assertEqual([bool(outcomes[stack].cached) for stack in ("stock", "ours")],
                         [len(world.begun) == 1, False])
        self.assertTrue(verdict.as_expected(outcomes["stock"]))
        return len(world.begun)

    def test_come_from_the_cache_when_asked_for(self):
        self.assertEqual(self.begun(True), 1)
        self.assertEqual(self.begun(False), 2)

    def test_not_what_was_not_as_expected(self):
        bad = [True]

        def act(guest):
            if guest.outcome.stack == "stock" and bad:
                bad.pop()
                guest.outcome.checks["boot"] = results.failure("", Source.GUEST)
        self.assertEqual(self.begun(True, act), 2)


if __name__ == "__main__":
    unittest.main()
