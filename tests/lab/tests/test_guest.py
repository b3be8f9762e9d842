"""A guest's life, on a host that is not there."""

import json
import os
import re
import subprocess
import tempfile
import time
import unittest
from unittest import mock

from tests.common import JUDGED, FakeHost, found, scenario_of

from lablib import guest, results
from lablib.console import Entry, Request
from lablib.endings import (Crash, Ended, HostCrash, Lost, Silent, TooLong)
from lablib.results import Result, Source

PASSTHROUGH = """[[passthrough]]
device = "00:04.0"
hotplug = true
rdm_policy = "strict"
[checks]"""


class Case(unittest.TestCase):
    def setUp(self):
        self.host = FakeHost(self.enterContext(tempfile.TemporaryDirectory()))
        self.enterContext(mock.patch("lablib.guest.progress"))
        self.enterContext(mock.patch("lablib.guest.load", return_value=1.0))

    def guest(self, text=JUDGED, stack="stock", limit=300):
        one = guest.Guest(self.host, scenario_of(text, "s"), stack, {}, limit)
        os.makedirs(one.outcome.folder, exist_ok=True)
        return one

    def write(self, one, name, text):
        with open(one.outcome.path(name), "a") as stream:
            stream.write(text)

    def dom0(self, one, serial="", **acts):
        """A dom0 whose guest says SERIAL when it starts; ACTS: what else is done for
        a script that has such a word, and that job's answer."""
        def answer(script):
            for word, act in acts.items():
                if word.replace("_", "-") in script:
                    return act() or (0, "")
            if "guest-start" in script:
                self.write(one, "serial.log", serial)
            return 0, "domid 7\n"
        self.host.answer = answer

    def result(self, one, name):
        return one.outcome.checks[name]


SAID = """[    1.0] something else
memmap-guest: start
memmap-guest: e820 0x0 0x9fc00 System RAM
memmap-guest: check e820 success all of it
memmap-guest: check nvme failure no disk: dead
"""
DONE = "memmap-guest: done\n"


class WholeLife(Case):
    def test_all_that_is_said_and_seen(self):
        one = self.guest(JUDGED.replace("[checks]", """[logs.loader]
in = "hvmloader"
match = "Invoking"
[checks]"""))

        def inspect():
            self.write(one, "views.txt", "check views success the same\n")

        def start():
            self.write(one, "serial.log", SAID + DONE)
            self.host.prints("(d7) HVM Loader", "(d7) Invoking SeaBIOS",
                             "(d7) Booting from ROM...", "(d8) Invoking nothing")
        self.dom0(one, guest_start=start, guest_inspect=inspect)
        one.run()
        self.assertEqual(one.outcome.checks, {
            "create": found("success", "", Source.LAB),
            "boot": found("success", "", Source.GUEST),
            "e820": found("success", "all of it", Source.GUEST),
            "nvme": found("failure", "no disk: dead", Source.GUEST),
            "views": found("success", "the same", Source.DOM0),
            "loader": found("success", "Invoking SeaBIOS", Source.LOG)})
        self.assertEqual(one.outcome.text("hvmloader.log"), [
            "HVM Loader", "Invoking SeaBIOS", "Booting from ROM..."])
        self.assertEqual(one.outcome.e820, [Entry(0, 0x9fc00, "System RAM")])
        self.assertIsNone(one.outcome.ending)
        self.assertEqual(set(one.outcome.times),
                         {"create", "firmware", "kernel", "checks", "inspect"})
        self.assertIn("guest-destroy", self.host.scripts[-1])

    def test_a_guest_that_cannot_be_created(self):
        one = self.guest()
        self.dom0(one, guest_create=lambda: (1, "libxl: error: no\n"))
        one.run()
        self.assertEqual(self.result(one, "create").result, Result.FAILURE)
        self.assertEqual(self.result(one, "boot"), results.NOT_REACHED)
        self.assertEqual(one.outcome.text("create.log"), ["libxl: error: no"])
        self.assertIn("guest-destroy", self.host.scripts[-1])

    def test_a_device_model_that_ends(self):
        one = self.guest()

        def start():
            self.write(one, "serial.log", SAID)
            self.write(one, "qemu.log", "no\ngood\n")
            self.write(one, "device-model-gone", "")
        self.dom0(one, guest_start=start)
        one.run()
        # What it had said before is taken in.
        self.assertEqual(self.result(one, "nvme").text, "no disk: dead")
        self.assertEqual(self.result(one, "views"), found(
            "failure", "no report: checks: the device model ended: no | good",
            Source.ENDED))

    def test_a_panic_of_its_kernel_ends_it_at_once(self):
        one = self.guest()
        self.dom0(one, "[ 1.0] Kernel panic - not syncing: no init\n")
        one.run()
        panic = found("failure", "guest's firmware: Kernel panic - not syncing: no "
                      "init", Source.CRASH)
        self.assertEqual(self.result(one, "boot"), panic)
        self.assertEqual(self.result(one, "panic").source, Source.CRASH)
        self.assertIsInstance(one.outcome.ending, Crash)

    def test_a_panic_of_xen_is_found_and_the_host_given_up(self):
        one = self.guest()
        self.dom0(one, guest_start=lambda: self.host.prints("(XEN) Panic on CPU 0:"))
        with self.assertRaises(HostCrash):
            one.run()
        self.assertEqual(self.result(one, "boot").source, Source.CRASH)
        self.assertEqual(self.result(one, "panic"), found(
            "failure", "the host: Panic on CPU 0:", Source.CRASH))
        self.assertFalse(any("guest-destroy" in script
                             for script in self.host.scripts))

    def test_so_is_one_that_comes_when_all_has_been_said(self):
        one = self.guest()
        self.dom0(one, SAID + DONE, guest_destroy=lambda: self.host.prints(
            "(XEN) Xen BUG at mm.c:5"))
        one.run()
        self.assertEqual(self.result(one, "panic").text,
                         "the host: Xen BUG at mm.c:5")

    def test_and_one_of_its_kernel(self):
        one = self.guest()
        self.dom0(one, SAID + DONE, guest_inspect=lambda: self.write(
            one, "serial.log", "[ 9.9] Kernel panic - not syncing: late\n"))
        one.run()
        self.assertEqual(self.result(one, "panic"), found(
            "failure", "Kernel panic - not syncing: late", Source.CRASH))

    def test_what_happened_before_is_not_its_doing(self):
        self.host.prints("(XEN) Xen BUG at mm.c:5")
        one = self.guest()
        self.dom0(one, SAID + DONE)
        one.run()
        self.assertNotIn("panic", one.outcome.checks)

    def test_a_domain_that_crashes(self):
        one = self.guest()
        self.dom0(one, guest_start=lambda: self.host.prints(
            "(XEN) Domain 70 (vcpu#0) crashed on cpu#1:",
            "(XEN) Domain 7 (vcpu#0) crashed on cpu#1:"))
        one.run()
        self.assertEqual(self.result(one, "boot"), found(
            "failure", "firmware: (XEN) Domain 7 (vcpu#0) crashed on cpu#1:",
            Source.ENDED))

    def test_a_bug_of_hvmloader(self):
        one = self.guest()
        self.dom0(one, guest_start=lambda: self.host.prints(
            "(d7) *** HVMLoader bug at util.c:1"))
        one.run()
        self.assertEqual(self.result(one, "boot"), found(
            "failure", "hvmloader: *** HVMLoader bug at util.c:1", Source.ENDED))

    def test_who_only_wants_the_firmware_is_done_with_it(self):
        one = self.guest('[guest]\nuntil = "firmware"\n'
                         '[expect.stock]\nmust_pass = ["create"]\n')
        self.dom0(one, guest_start=lambda: self.host.prints("(d7) Invoking SeaBIOS"))
        one.run()
        self.assertEqual(self.result(one, "boot"), results.NOT_REACHED)
        self.assertIsNone(one.outcome.ending)
        self.assertFalse(any("guest-inspect" in script
                             for script in self.host.scripts))

    def test_but_of_ours_it_is_seen_whether_that_was_foreseen(self):
        """The guest is stopped where it is, and hvmloader's log has its BARs."""
        one = self.guest('[guest]\nuntil = "firmware"\n[checks]\nviews = {}\n'
                         '[expect.ours]\nmust_pass = ["create"]\n', "ours")

        def inspect():
            self.write(one, "published.txt", "state SEALED\nlayout/0 0 a0 0 ram 0 0\n")
            self.write(one, "explain.json", json.dumps({
                "ranges": [{"type": "ram", "gfn": 0, "pages": 160, "source": 0}],
                "bars": [{"name": "x", "bytes": 4096, "address": 0xf0000000}]}))
        self.dom0(one, guest_inspect=inspect, guest_start=lambda: self.host.prints(
            "(d7) pci dev 05:0 bar 18 size 000001000: 0f0000000", "(d7) Invoking SeaBIOS"))
        one.run()
        self.assertEqual(self.result(one, "explain").result, Result.SUCCESS)
        self.assertNotIn("views", str(one.outcome.views))
        script = next(script for script in self.host.scripts if "guest-inspect" in script)
        self.assertRegex(script, r"xl pause 7\n(.*\n)*exec .*guest-inspect 7 \S+ *\n$")


class LostHosts(Case):
    def test_a_host_that_is_gone_is_raised_and_charged(self):
        one = self.guest()

        def alive(stage):
            raise Lost(stage, "the emulated host ended")
        self.dom0(one, SAID)
        self.host.alive = alive
        with self.assertRaises(Lost):
            one.run()
        self.assertEqual(self.result(one, "views"), found(
            "failure", "no report: checks: the emulated host ended", Source.HUNG))
        self.assertIsInstance(one.outcome.ending, Lost)

    def test_a_guest_that_cannot_be_taken_away(self):
        one = self.guest()

        def destroy():
            raise Silent("xl destroy", "nothing")
        self.dom0(one, SAID + DONE, guest_destroy=destroy)
        with self.assertRaises(Silent):
            one.run()
        self.assertEqual(self.result(one, "end"), found(
            "failure", "xl destroy: nothing", Source.HUNG))


class Silence(Case):
    def silent(self, act=None):
        one = self.guest()
        acts = {"guest_where": act} if act else {}
        self.dom0(one, SAID, **acts)

        def silence(stage, heard):
            del heard
            raise Silent(stage, "nothing was heard")
        self.host.silence = silence
        return one

    def test_is_charged_and_looked_at(self):
        one = self.silent(lambda: (0, "vCPU 0:\n"))
        one.scenario.guest["silent"] = 700
        one.run()
        self.assertIn(700, self.host.quiet)
        self.assertEqual(self.result(one, "views"), found(
            "failure", "no report: guest's checks: nothing was heard", Source.HUNG))
        self.assertIsInstance(one.outcome.ending, Silent)
        self.assertEqual(one.outcome.text("silent.txt"), [
            "<registers>vCPU 0:"])
        self.assertIn(60, self.host.limits)

    def test_of_dom0_as_well_is_a_lost_host(self):
        def where():
            raise Silent("kernel", "nothing")
        one = self.silent(where)
        with self.assertRaises(Lost):
            one.run()
        self.assertIsInstance(one.outcome.ending, Silent)
        self.assertFalse(any("guest-destroy" in script
                             for script in self.host.scripts))

    def test_complaints_of_a_kernel_do_not_break_it(self):
        one = self.guest()
        lines = ["[ 1.0] fine\n", "watchdog: BUG: soft lockup - CPU#0 stuck\n"]
        self.dom0(one, lines[0])
        seen = []

        def silence(stage, heard):
            seen.append(heard)
            if len(seen) == 1:
                self.write(one, "serial.log", lines[1])
            elif len(seen) == 2:
                self.write(one, "serial.log", lines[0])
            elif len(seen) == 3:
                raise Silent(stage, "")
        self.host.silence = silence
        one.run()
        self.assertEqual(seen[0], seen[1])
        self.assertLess(seen[1], seen[2])


class TimeLimit(Case):
    def test_a_guest_that_goes_on_saying_things(self):
        one = self.guest(limit=0.5)
        self.dom0(one, SAID)
        self.host.silence = lambda *_: self.write(one, "serial.log", "more\n")
        one.run()
        check = self.result(one, "views")
        self.assertEqual((check.result, check.source),
                         (Result.FAILURE, Source.HUNG))
        self.assertIn("the guest is not done after", check.text)
        self.assertIsInstance(one.outcome.ending, TooLong)
        self.assertTrue(one.outcome.text("silent.txt"))

    def test_who_fell_silent_long_ago_is_not_slow(self):
        one = self.guest(limit=100)
        with mock.patch.object(one, "_time_left", return_value=-1):
            for ago, kind in ((0, TooLong), (100, TooLong), (200, Silent)):
                with self.assertRaises(kind):
                    one._check_time(time.monotonic() - ago)
        one._check_time(time.monotonic() - 200)

    def test_what_is_done_for_it_takes_of_its_time(self):
        one = self.guest(limit=100)
        self.dom0(one, SAID + DONE)
        one.run()
        self.assertTrue(all(0 < limit <= 100 for limit in self.host.limits[:3]))
        with mock.patch.object(one, "_time_left", return_value=-1), \
                self.assertRaises(TooLong):
            one._job("true", "x")

    def test_a_job_that_the_limit_cut_short_was_not_silence(self):
        one = self.guest(limit=100)
        left = iter((50, 50, -1))

        def hangs(script):
            raise Silent(script, "nothing")
        self.host.answer = hangs
        with mock.patch.object(one, "_time_left", side_effect=lambda: next(left)), \
                self.assertRaises(TooLong):
            one._job("true", "x")
        with self.assertRaises(Silent):
            self.guest(limit=100)._job("true", "x")

    def test_it_is_longer_on_a_busy_machine(self):
        one = self.guest(limit=100)
        with mock.patch("lablib.guest.load", return_value=3.0):
            self.assertGreater(one._time_left(), 290)


class Load(unittest.TestCase):
    def test_a_quiet_machine_and_a_busy_one(self):
        for said, load in ((0.1, 1.0), (4.0, 2.0), (90.0, 3.0)):
            with mock.patch("os.getloadavg", return_value=(said, 0, 0)), \
                    mock.patch("os.sched_getaffinity", return_value={0, 1}):
                self.assertEqual(guest.load(), load)


class Requests(Case):
    def test_dom0_serves_a_guest_that_reboots_sleeps_or_wants_a_device(self):
        one = self.guest(JUDGED.replace("[checks]", PASSTHROUGH))
        one.outcome.domid = 7
        one.outcome.e820 = [Entry(0, 1, "System RAM")]
        scripts = self.host.scripts
        self.host.answer = lambda script: (0, "something\ndomid 8\n")
        one._serve(Request("s3"))
        self.assertEqual(one.outcome.domid, 7)
        one._serve(Request("reboot"))
        self.assertEqual((one.outcome.domid, one.outcome.e820), (8, []))
        self.assertIn("guest-wake 7", scripts[0])
        self.assertIn("guest-follow 7 /lab/guests/", scripts[1])
        one._serve(Request("detach", 0))
        one._serve(Request("attach", 0))
        self.assertIn("xl pci-detach 8 00:04.0\n", scripts[2])
        self.assertIn("xl pci-attach 8 00:04.0,rdm_policy=strict\n", scripts[3])

    def test_what_cannot_be_done_ends_it(self):
        one = self.guest(JUDGED.replace("[checks]", PASSTHROUGH))
        with self.assertRaisesRegex(Ended, "no device 1"):
            one._serve(Request("attach", 1))
        self.host.answer = lambda script: (1, "no domain came after domain 8\n")
        with self.assertRaisesRegex(Ended, "no domain came"):
            one._serve(Request("reboot"))

    def test_the_guest_is_heard_again_after_it(self):
        one = self.guest(JUDGED.replace("[checks]", PASSTHROUGH))
        self.dom0(one, SAID + "memmap-guest: attach 0\n",
                  pci_attach=lambda: self.write(one, "serial.log", DONE))
        one.run()
        self.assertIsNone(one.outcome.ending)
        self.assertIn("attach 0", one.outcome.times)


class BeforeTheStart(Case):
    def test_dom0_does_something(self):
        one = self.guest(JUDGED.replace(
            "[checks]", '[dom0]\nbefore = ["echo $domid", "false"]\n[checks]'), "ours")
        one.outcome.domid = 7

        def answer(script):
            if "guest-start" in script:
                return 0, ""
            done = subprocess.run(
                ["sh", "-c", re.sub(r"/lab/guests/\S+/(?=dom0)",
                                    one.outcome.folder + "/", script)],
                capture_output=True, text=True, check=False)
            return done.returncode, done.stderr
        self.host.answer = answer
        self.assertFalse(one._start())
        self.assertEqual(self.result(one, "boot"),
                         found("error", "before the start: 7", Source.LAB))
        self.assertEqual(len(self.host.scripts), 1)
        one.scenario.before.pop()
        self.assertTrue(one._start())
        self.assertIn("guest-start 7 ", self.host.scripts[2])

    def test_and_when_it_is_done(self):
        one = self.guest(JUDGED.replace(
            "[checks]", '[dom0]\nafter = ["xl list $domid"]\n[checks]'))
        self.dom0(one, SAID + DONE)
        one.run()
        self.assertIn("domid=7", self.host.scripts[-2])
        self.assertIn("\nxl list $domid\n", self.host.scripts[-2])

    def test_a_guest_that_cannot_be_unpaused(self):
        one = self.guest()
        self.dom0(one, guest_start=lambda: (1, "no such domain"))
        one.run()
        self.assertEqual(self.result(one, "boot"), found(
            "failure", "xl unpause: no such domain", Source.ENDED))


if __name__ == "__main__":
    unittest.main()
