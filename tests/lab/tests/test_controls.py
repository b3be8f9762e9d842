"""A control's outcome is taken from the cache only if nothing of it has changed."""

import copy
import os
import tempfile
import unittest
from unittest import mock

from tests.common import LAB, own_cache, scenario_of

from lablib import console, controls, results
from lablib.endings import Silent
from lablib.outcome import Outcome
from lablib.results import Source

PROGRAMS = {"stack": {"qemu": "1", "hvmloader": "2"}, "host": ["3", "4"]}


def key(item, stack="stock", identity=PROGRAMS, **more):
    return controls.key(item, stack, identity, **more)


class Keys(unittest.TestCase):
    def test_only_stacks_without_our_patches(self):
        self.assertTrue(controls.is_control("stock"))
        for stack in ("ours", "new-qemu", "new-hvmloader", "hostile", "timed-stock"):
            self.assertFalse(controls.is_control(stack), stack)

    def test_what_judges_is_not_part_of_it(self):
        item = scenario_of()
        other = scenario_of(name="renamed")
        other.title, other.nightly, other.logs, other.expect = "t", {"stock"}, {}, {}
        other.stack["ours"] = {}
        self.assertEqual(key(item), key(other))

    def test_all_else_of_the_scenario_is(self):
        item = scenario_of()
        item.passthrough.append({"device": "00:05.0", "hotplug": True})

        def changed(change):
            other = copy.deepcopy(item)
            change(other)
            return key(other)
        for change in (
                lambda s: s.host["xen"].append("rmrr=1"),
                lambda s: s.host.update(suite="bookworm"),
                lambda s: s.host.update(memory=9000),
                lambda s: s.guest.update(memory=1),
                lambda s: s.guest["cmdline"].append("quiet"),
                lambda s: s.guest.update(kernel="debian"),
                lambda s: s.guest.update(until="firmware"),
                # Of this xl is not told, it is written behind its back.
                lambda s: s.guest.update({"allow-memory-relocate": 1}),
                lambda s: s.xenstore.update(a="b"),
                lambda s: s.passthrough.append({"device": "00:04.0"}),
                # xl is not told of what comes later.
                lambda s: s.passthrough[0].update(rdm_policy="strict"),
                lambda s: s.checks.update(irq={}),
                lambda s: s.checks.update(nvme={"wait": 1}),
                lambda s: s.checks.update(e820=s.checks.pop("e820")),
                lambda s: s.before.append("true"),
                lambda s: s.stack["stock"].update(xenstore={"a": "b"})):
            self.assertNotEqual(key(item), changed(change))

    def test_so_are_programs_and_counting(self):
        item = scenario_of()
        for other in ({}, {**PROGRAMS, "host": ["3", "5"]},
                      {**PROGRAMS, "ovmf": "6"}):
            self.assertNotEqual(key(item), key(item, identity=other))
        self.assertNotEqual(key(item), key(item, count=True))

    def test_so_is_what_xl_is_told_whatever_that_depends_on(self):
        item = scenario_of()
        before = key(item)
        with mock.patch("lablib.guestconfig.config",
                        lambda *_: 'cmdline="nvme_core.io_timeout=5"'):
            self.assertNotEqual(before, key(item))

    def test_so_is_the_labs_code_but_for_what_has_no_say(self):
        folder = os.path.join(LAB, "lablib")
        for name in controls._NO_SAY:
            self.assertTrue(os.path.exists(os.path.join(folder, name)), name)
        seen = []
        with mock.patch("lablib.controls.cache.digest_files", seen.extend):
            controls._code()
        seen = {os.path.basename(path) for path in seen}
        self.assertLessEqual({"host.py", "guest.py", "hostmemory.py", "images.py",
                              "superpages.py", "outcome.py"}, seen)
        self.assertFalse(seen & {"verdict.py", "runner.py"})
        before = key(scenario_of())
        with mock.patch("lablib.controls._code", return_value={}):
            self.assertNotEqual(before, key(scenario_of()))


class Kept(unittest.TestCase):
    def setUp(self):
        self.top = self.enterContext(tempfile.TemporaryDirectory())
        self.enterContext(own_cache())
        self.item = scenario_of()
        folder = os.path.join(self.top, "before")
        os.mkdir(folder)
        with open(os.path.join(folder, "hvmloader.log"), "w") as stream:
            stream.write("moved it\nsaid that\n")
        self.outcome = Outcome(
            self.item, "stock", folder, e820=[console.Entry(0, 4096, "RAM")],
            bars=[console.Bar("00:04.0", 0, 4096, 8192)], views=["a"], times={"create": 1.5},
            domid=3)
        self.outcome.checks = {
            "create": results.success("", Source.LAB),
            "nvme": results.failure("Identify failed", Source.GUEST)}
        self.outcome.search_logs()

    def again(self):
        return controls.find("control-1", self.item, "stock",
                             os.path.join(self.top, "after"))

    def test_all_of_it_comes_back(self):
        self.assertIsNone(self.again())
        self.assertTrue(controls.keep("control-1", self.outcome))
        found = self.again()
        for name in ("checks", "e820", "bars", "views", "times", "domid"):
            self.assertEqual(getattr(found, name), getattr(self.outcome, name), name)
        self.assertEqual(found.text("hvmloader.log"), ["moved it", "said that"])
        self.assertRegex(found.cached, r"^\d+-\d+-\d+ \d+:\d+$")
        self.assertEqual(self.outcome.cached, "")

    def test_logs_are_searched_for_what_is_wanted_today(self):
        controls.keep("control-1", self.outcome)
        self.item.logs = {"told": {"in": "hvmloader", "match": "^said"}}
        self.assertEqual(list(self.again().checks), ["create", "nvme", "told"])
        self.assertEqual(self.again_text("told"), "said that")

    def again_text(self, name):
        os.rename(os.path.join(self.top, "after"), os.path.join(self.top, "old"))
        return self.again().checks[name].text

    def test_not_what_is_in_doubt(self):
        for change in (
                {"ending": Silent("kernel", "nothing")},
                {"first_try": "kernel: nothing was heard"},
                {"checks": {"e820": results.error("?", Source.GUEST)}},
                {"checks": {"e820": results.NOT_REACHED}},
                {"checks": {"e820": results.failure("", Source.HUNG)}},
                {"checks": {"e820": results.failure("", Source.CRASH)}}):
            one = copy.copy(self.outcome)
            for name, value in change.items():
                setattr(one, name, value)
            self.assertFalse(controls.keep("control-1", one), change)
            self.assertIsNone(self.again())

    def test_a_log_without_its_line_is_no_doubt(self):
        """It is looked at again anyway, and need not have been of this stack."""
        self.outcome.checks["told"] = results.error("no such line", Source.LOG)
        self.assertTrue(controls.keep("control-1", self.outcome))
        self.assertNotIn("told", self.again().checks)


if __name__ == "__main__":
    unittest.main()
