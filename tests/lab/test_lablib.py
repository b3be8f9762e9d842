#!/usr/bin/python3
"""What of the lab can be tested without a host: files in, verdicts out.

The lab's promises here: a scenario with a mistake in it is refused with the
place of the mistake, never run as something else; an expectation that does not
hold is counted in either direction; what a guest prints becomes what is
reported; a memory map is drawn as it was told.
"""

import contextlib
import io
import os
import struct
import subprocess
import sys
import tempfile
import threading
import unittest
from types import SimpleNamespace
from unittest import mock

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

# pylint: disable=wrong-import-position
from lablib import (counts, guest, host, hostmemory, memorymap, picture,
                    scenario, stacks, superpages, trees, verdict)
from lablib.outcome import Outcome
from lablib.results import NOT_REACHED, Check, Result, Source
from lablib.ui import LabError

GOOD = """
title = "t"
[guest]
memory = 2048
[stack.stock]
allow-memory-relocate = 1
[checks]
e820 = { total = "2048M", less = "16M" }
nvme = {}
views = {}
[expect.stock]
must_pass = ["create", "boot"]
must_fail = { nvme = "dead" }
[expect.ours]
same_layout_as = "stock"
"""


def R(result, text, source=Source.GUEST):   # pylint: disable=invalid-name
    return Check(Result(result), text, source)


def scenario_of(text):
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
        file.write(text)
        file.flush()
        return scenario.load(file.name)


def outcome_of(stack, checks, text=GOOD, **more):
    return Outcome(scenario_of(text), stack, "/nonexistent/a/b/c",
                         checks=checks, **more)


class Scenarios(unittest.TestCase):
    def test_every_committed_one_loads(self):
        folder = os.path.join(os.path.dirname(__file__), "scenarios")
        names = [item.name for item in scenario.every(folder)]
        self.assertIn("bar-1g", names)
        names = [item.name for item in scenario.every(
            os.path.join(folder, "../../bench/scenarios"))]
        self.assertIn("still", names)

    def test_defaults_and_stacks(self):
        item = scenario_of(GOOD)
        self.assertEqual(item.guest["maxmem"], 2048)
        self.assertEqual(item.stacks(), ["stock", "ours"])
        self.assertEqual(item.keys("stock"),
                         {"hvmloader/allow-memory-relocate": "1"})
        self.assertEqual(item.keys("ours"), {})
        self.assertEqual(item.guest_checks(),
                         ["e820:total=2048M,less=16M", "nvme"])
        self.assertEqual(item.expect["ours"]["must_pass"],
                         ["create", "boot", "e820", "nvme", "views"])

    def test_mistakes_are_refused_where_they_are(self):
        for old, new, where in (
                ("memory = 2048", "memroy = 2048", "guest.memroy"),
                ("memory = 2048", 'memory = "2048"', "guest.memory"),
                ("memory = 2048", 'firmware = "bios"', "guest.firmware"),
                ("relocate = 1", "relocate = 2", "allow-memory-relocate"),
                ("relocate = 1", "relocate = true", "allow-memory-relocate"),
                ("nvme = {}", 'nvme = { a = "b c" }', "checks.nvme"),
                ("nvme = {}", "nvme = 1", "checks.nvme"),
                ('{ nvme = "dead" }', '{ irq = "dead" }', "'irq'"),
                ('{ nvme = "dead" }', '{ boot = "dead" }', "must fail"),
                ('{ nvme = "dead" }', '{ nvme = "" }', "must_fail.nvme"),
                ('{ nvme = "dead" }', '{ nvme = "(" }', "must_fail.nvme"),
                ('{ nvme = "dead" }', '["nvme"]', "must_fail"),
                ("[expect.ours]", "[expect.theirs]", "expect.theirs"),
                ('_as = "stock"', '_as = "ours"', "another stack"),
                ("[checks]", '[logs.a]\nin = "serial"\n[checks]', "logs.a"),
                ("[checks]", '[logs.a]\nin = "serial"\nmatch = "("\n[checks]',
                 "regular expression"),
                ("views = {}", "vram = {}", "checks.vram"),
                ("views = {}", "superpages = { iomu = 1 }", "superpages.iomu"),
                ("views = {}", 'superpages = { iommu = "1" }', "superpages.iommu"),
                ("[checks]", '[dom0]\nbefore = "ls"\n[checks]', "dom0.before"),
                ('title = "t"', "title = t", "")):
            self.assertIn(old, GOOD)
            with self.assertRaises(LabError) as caught:
                scenario_of(GOOD.replace(old, new))
            self.assertIn(where, str(caught.exception))

    def test_a_scenario_without_expectations_is_refused(self):
        with self.assertRaises(LabError):
            scenario_of(GOOD.split("[expect.stock]", maxsplit=1)[0])


class Verdicts(unittest.TestCase):
    def count(self, *outcomes):
        with contextlib.redirect_stdout(io.StringIO()) as out:
            counts = verdict.report(list(outcomes), "/nonexistent")
        return counts, out.getvalue()

    def test_as_expected(self):
        counts, text = self.count(outcome_of("stock", {
            "create": R("success", ""), "boot": R("success", ""),
            "nvme": R("failure", "dead"), "views": R("failure", "")}))
        self.assertEqual(counts, (3, 0))
        self.assertTrue(text.endswith("3 passed, 0 failed\n"))

    def test_either_direction_counts(self):
        counts, text = self.count(outcome_of("stock", {
            "create": R("success", ""), "boot": R("error", "x"),
            "nvme": R("success", "")}))
        self.assertEqual(counts, (1, 2))
        self.assertIn("must be failure for dead", text)

    def test_a_missing_result_is_not_a_pass(self):
        counts, _ = self.count(outcome_of("stock", {
            "create": R("success", ""), "boot": R("success", ""),
            "nvme": NOT_REACHED}))
        self.assertEqual(counts, (2, 1))
        counts, _ = self.count(outcome_of("stock", {
            "create": R("success", ""), "boot": R("success", "")}))
        self.assertEqual(counts, (2, 1))

    def test_layouts_are_compared(self):
        good = {name: R("success", "") for name in
                ("create", "boot", "e820", "nvme", "views")}
        same = [(0, 0x1000, "System RAM")]
        bars = [("0000:00:05.0", 2, 0x1000, 0x2000)]
        for ours, wanted in ((same, (5 + 1, 0)), (same * 2, (5, 1)),
                             ([], (5, 1))):
            stock = outcome_of("stock", {}, e820=same, bars=bars)
            mine = outcome_of("ours", dict(good), e820=ours, bars=bars)
            mine.scenario = stock.scenario
            counts = self.count(mine, stock)[0]
            # stock itself has three expectations and no results here.
            self.assertEqual(counts, (wanted[0], wanted[1] + 3))


class Silence(unittest.TestCase):
    def test_the_host_gets_an_interrupt_now_and_then(self):
        one = host.Host.__new__(host.Host)
        one.limit, one.xen_log = 60, "/nonexistent"
        one.qmp = mock.Mock()
        with mock.patch("lablib.host.time.monotonic") as now:
            for second in range(100, 161):
                now.return_value = second
                one.check_silence("kernel", 100)
            self.assertEqual(one.qmp.execute.call_count, 10)
            now.return_value = 161
            one.qmp.execute.side_effect = LabError("gone")
            with self.assertRaises(host.Silent):
                one.check_silence("kernel", 100)

    def look(self, folder, job):
        one = guest.Guest(SimpleNamespace(
            share=folder, cpus=1, job=job, monitor="<{}>".format),
            scenario_of(GOOD), "stock", {})
        os.makedirs(one.outcome.folder)
        try:
            one._look_at_silence(host.Silent("kernel", "nothing was heard"))
        finally:
            text = one.outcome.text("silent.txt")
        return text

    def test_what_is_looked_at(self):
        first = "<info registers -a><info lapic><info pic>"
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(self.look(folder, lambda *_: (0, "vCPU 0:\n")),
                             [first + "vCPU 0:"])

    def test_dom0_that_does_not_answer_is_a_lost_host(self):
        job = mock.Mock(side_effect=host.Silent("kernel", "nothing"))
        with tempfile.TemporaryDirectory() as folder:
            with self.assertRaises(guest.Hung) as caught:
                self.look(folder, job)
        self.assertNotIsInstance(caught.exception, host.Silent)
        self.assertEqual(job.call_args[0][2], 60)

    def test_complaints_are_no_sign_of_life(self):
        for line in ("watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [a:1]",
                     "rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:",
                     "INFO: task swapper/0:1 blocked for more than 120 seconds."):
            self.assertTrue(guest._STALLED.search(line), line)
        self.assertFalse(guest._STALLED.search("memmap-guest: start"))


class SecondTries(unittest.TestCase):
    """Only silence is tried again: not what a guest did, or said, wrong."""

    HUNG = host.Silent("checks", "nothing was heard for 400 s")

    def silent(self, stack="stock", silence=HUNG, text=GOOD, **checks):
        found = dict.fromkeys(("e820", "nvme", "views"), NOT_REACHED)
        found.update(dict.fromkeys(("create", "boot"), R("success", "")))
        found.update(checks)
        return verdict.only_silent(outcome_of(stack, found, text,
                                              silence=silence))

    def test_silence_before_what_must_pass(self):
        charged = R("failure", self.HUNG.short(), Source.HUNG)
        self.assertTrue(self.silent(boot=charged))
        self.assertTrue(self.silent("ours", e820=charged))
        # Nothing was silent; all that must pass has; nothing is expected at all.
        self.assertFalse(self.silent(boot=charged, silence=None))
        self.assertFalse(self.silent(nvme=charged))
        self.assertFalse(self.silent("new-qemu", boot=charged))

    def test_a_wrong_result_before_it_stays(self):
        charged = R("failure", self.HUNG.short(), Source.HUNG)
        wrong = {"e820": R("failure", "3 MiB too few"), "nvme": charged}
        self.assertFalse(self.silent("ours", **wrong))
        wrong["e820"] = R("skip", "no /dev/mem")
        self.assertFalse(self.silent("ours", **wrong))
        self.assertFalse(self.silent("stock", boot=charged,
                                     nvme=R("success", "")))

    def test_logs_that_end_early(self):
        text = GOOD.replace("[expect.stock]", """[logs.no]
in = "serial"
absent = "panic"
beside = "up"
[logs.yes]
in = "serial"
match = "well"
[expect.stock]""")
        charged = {"nvme": R("failure", self.HUNG.short(), Source.HUNG),
                   "e820": R("success", ""), "no": R("success", ""),
                   "yes": R("failure", "no line of serial matches well",
                            Source.LOG)}
        self.assertTrue(self.silent("ours", text=text, **charged))
        charged["no"] = R("failure", "Kernel panic", Source.LOG)
        self.assertFalse(self.silent("ours", text=text, **charged))

    def test_the_report_says_so(self):
        good = dict.fromkeys(("create", "boot"), R("success", ""))
        good["nvme"] = R("failure", "dead")
        one = outcome_of("stock", good, first_try="kernel: nothing was heard")
        with contextlib.redirect_stdout(io.StringIO()) as out:
            self.assertEqual(verdict.report([one], "/nonexistent"), (3, 0))
        self.assertIn("second try; the first: kernel: nothing was heard",
                      out.getvalue())
        self.assertEqual(out.getvalue().splitlines()[-2:], [
            "1 of 1 guests at the second try", "3 passed, 0 failed"])
        document = verdict.document([one], SimpleNamespace(sources={}, used=dict))
        self.assertEqual(document["runs"][0]["first_try"],
                         "kernel: nothing was heard")


class Guests(unittest.TestCase):
    def guest(self, text=GOOD):
        host = SimpleNamespace(share="/nonexistent", cpus=1)
        return guest.Guest(host, scenario_of(text), "stock", {})

    @mock.patch("lablib.guest.progress")
    def test_the_console_becomes_the_outcome(self, _):
        one = self.guest()
        for line in ("[    1.0] something else",
                     "memmap-guest: start",
                     "memmap-guest: e820 0x0 0x9fc00 System RAM",
                     "memmap-guest: bar 0000:00:05.0 2 0x80000000 0xc0000000",
                     "memmap-guest: check nvme failure no disk: gone"):
            self.assertFalse(one._said(line))
        self.assertTrue(one._said("memmap-guest: done"))
        self.assertEqual(one.outcome.e820, [(0, 0x9fc00, "System RAM")])
        self.assertEqual(one.outcome.bars,
                         [("0000:00:05.0", 2, 0x80000000, 0xc0000000)])
        self.assertEqual(one.outcome.checks,
                         {"boot": R("success", ""),
                          "nvme": R("failure", "no disk: gone")})

    @mock.patch("lablib.guest.progress")
    def test_what_did_not_come_is_charged_to_the_stage(self, _):
        one = self.guest()
        one.outcome.checks["create"] = R("success", "")
        one._explain(guest.Hung("kernel", "silent\nmore"))
        self.assertEqual(one.outcome.checks["boot"],
                         R("failure", "kernel: silent", Source.ENDED))
        one.outcome.checks["boot"] = R("success", "")
        one._explain(guest.Hung("checks", "silent"))
        self.assertEqual(one.outcome.checks["e820"].result, Result.FAILURE)
        self.assertNotIn("nvme", one.outcome.checks)

    def test_xl_cfg(self):
        text = guest.config(scenario_of(GOOD.replace(
            "[checks]", '[[passthrough]]\ndevice = "00:04.0"\n'
            'rdm_policy = "strict"\n[checks]')), "stock", 2)
        self.assertIn('pci=["00:04.0,rdm_policy=strict"]', text)
        self.assertNotIn("passthrough=", text)
        self.assertIn("-- e820:total=2048M,less=16M nvme\"", text)
        self.assertIn('cpus="1-1"', text)
        self.assertNotIn("hpet=", text)
        text = guest.config(scenario_of(GOOD.replace(
            "memory = 2048", "memory = 2048\nvcpus = 2")), "stock", 2)
        self.assertIn(" hpet=disable -- e820:", text)

    def test_a_guest_that_reboots_or_has_uefi_is_configured_for_it(self):
        text = guest.config(scenario_of(GOOD), "stock", 1)
        self.assertIn('on_reboot="preserve"', text)
        self.assertNotIn("OVMF", text)
        text = guest.config(scenario_of(GOOD.replace(
            "nvme = {}", "nvme = {}\nreboot = {}").replace(
            "memory = 2048", 'memory = 2048\nfirmware = "ovmf"')), "stock", 1)
        self.assertIn('on_reboot="restart"', text)
        self.assertIn('bios_path_override="/lab/guest/OVMF.fd"', text)

    @mock.patch("lablib.guest.progress")
    def test_dom0_serves_a_guest_that_reboots_or_sleeps(self, _):
        one = self.guest(GOOD.replace(
            "[checks]", '[[passthrough]]\ndevice = "00:04.0"\nhotplug = true\n'
            'rdm_policy = "strict"\n[checks]'))
        self.assertIn('passthrough="enabled"',
                      guest.config(one.scenario, "stock", 1))
        one.outcome.domid = 7
        one.outcome.e820 = [(0, 1, "System RAM")]
        scripts = []

        def job(script, _stage):
            scripts.append(script)
            return (0, "something\ndomid 8\n")
        one.host.job = job
        one._serve("s3")
        self.assertEqual(one.outcome.domid, 7)
        one._serve("reboot")
        self.assertEqual((one.outcome.domid, one.outcome.e820), (8, []))
        self.assertIn("guest-wake 7", scripts[0])
        self.assertIn("guest-follow 7 /lab/guests/", scripts[1])
        one._serve("detach 0")
        one._serve("attach 0")
        self.assertIn("xl pci-detach 8 00:04.0\n", scripts[2])
        self.assertIn("xl pci-attach 8 00:04.0,rdm_policy=strict\n", scripts[3])
        with self.assertRaises(guest.Hung):
            one._serve("attach 1")
        one.host.job = lambda *_: (1, "no domain came after domain 8\n")
        with self.assertRaises(guest.Hung) as caught:
            one._serve("reboot")
        self.assertIn("no domain came", str(caught.exception))
        self.assertIsNone(guest._REQUEST.search("memmap-guest: s3-awake"))
        self.assertEqual(guest._REQUEST.search("memmap-guest: attach 0")[1],
                         "attach 0")

    @mock.patch("lablib.guest.progress")
    def test_dom0_does_something_before_the_guest_starts(self, _):
        one = self.guest(GOOD.replace(
            "[checks]", '[dom0]\nbefore = ["echo $domid", "false"]\n[checks]'))
        one.stack = "ours"
        one.outcome.domid = 7
        one.outcome.folder = tempfile.mkdtemp()
        self.addCleanup(os.rmdir, one.outcome.folder)
        log = one.outcome.path("dom0.log")
        self.addCleanup(os.unlink, log)
        scripts = []

        def job(script, _stage):
            scripts.append(script)
            if "guest-start" in script:
                return 0, ""
            done = subprocess.run(
                ["sh", "-c", script.replace(f"/lab/{one.name}",
                                            one.outcome.folder)],
                capture_output=True, text=True, check=False)
            return done.returncode, done.stderr
        one.host.job = job
        self.assertFalse(one._start())
        self.assertEqual(one.outcome.checks["boot"],
                         R("error", "before the start: 7", Source.LAB))
        self.assertEqual(len(scripts), 1)
        one.scenario.before.pop()
        self.assertTrue(one._start())
        self.assertIn("guest-start 7 ", scripts[2])

    def test_crashes_are_of_this_domain(self):
        line = "(XEN) Domain 7 (vcpu#0) crashed on cpu#1:"
        self.assertTrue(guest._crashed(line, 7))
        self.assertFalse(guest._crashed(line, 70))
        self.assertTrue(guest._crashed("(XEN) d7v0 Triple fault - x", 7))


class HostMemory(unittest.TestCase):
    SEED = 0x123456789abcdef1

    def setUp(self):
        self.memory = bytearray(4 * 4096)

    def read(self, address, size):
        return bytes(self.memory[address - 0x7fff0000:][:size])

    def write(self, address, size):
        for at in range(address, address + size, 8):
            struct.pack_into("<Q", self.memory, at - 0x7fff0000,
                             hostmemory.word(at, self.SEED))

    def verdict(self, *ranges):
        return hostmemory.rmrr([(kind, start, size, self.SEED)
                                for kind, start, size in ranges], self.read)

    def test_what_the_guest_says(self):
        self.assertEqual(
            hostmemory.written("[   9.1] memmap-guest: dma rdm 0x7fff0000 "
                               "0x4000 0x1f"), ("rdm", 0x7fff0000, 0x4000, 31))
        self.assertIsNone(hostmemory.written("memmap-guest: note dma rdm"))

    def test_the_same_words_as_the_guest(self):
        # guest/test_guest.c has the same.
        self.assertEqual(hostmemory.word(0x7fff0008, self.SEED),
                         0x12345678e543def9)

    def test_all_of_it_must_be_there(self):
        self.write(0x7fff0000, 0x4000)
        self.assertEqual(self.verdict(("rdm", 0x7fff0000, 0x4000)).result.value,
                         "success")
        self.memory[0x4000 - 1] ^= 1
        check = self.verdict(("rdm", 0x7fff0000, 0x4000))
        self.assertEqual(check.result, Result.FAILURE)
        self.assertIn("page at 0x7fff3000 has 511 of 512", check.text)

    def test_nothing_said_is_nothing_shown(self):
        self.assertEqual(self.verdict().result.value, "failure")

    def test_not_a_word_may_be_where_it_is_not_the_guests(self):
        foreign = ("foreign", 0x7fff1000, 0x2000)
        self.write(0x7fff0000, 0x1000)
        self.assertEqual(self.verdict(("rdm", 0x7fff0000, 0x1000), foreign).result.value,
                         "success")
        self.write(0x7fff2ff8, 8)
        check = self.verdict(foreign)
        self.assertEqual(check.result, Result.FAILURE)
        self.assertIn("0x7fff2000", check.text)

    def test_faults(self):
        line = ("(XEN) [VT-D]DMAR:[DMA Write] Request device [0000:00:04.0] "
                "fault addr 7fff8000")
        self.assertEqual(hostmemory.faults(["(XEN) [VT-D]found ACPI_DMAR"]).result.value,
                         "success")
        check = hostmemory.faults([line, "(XEN) else", line])
        self.assertEqual(check.result, Result.FAILURE)
        self.assertTrue(check.text.startswith("2 faults; the first: DMAR:[DMA W"))

    def test_they_are_not_the_guests_to_make(self):
        item = scenario_of(GOOD.replace("views = {}",
                                        "views = {}\nrmrr = {}\nfaults = {}\n"
                                        "superpages = { iommu = 1 }"))
        self.assertEqual(item.guest_checks(),
                         ["e820:total=2048M,less=16M", "nvme"])


class Superpages(unittest.TestCase):
    """A p2m made of tables at 0x1000, 0x2000... of the host."""

    RAM, LOGDIRTY, DIRECT = (kind << 52 | 0x67 for kind in (0, 2, 5))
    LARGE = 0x80

    def walk(self, tables):
        memory = {(number + 1) << 12: struct.pack(
            "<512Q", *(entries.get(at, 0) for at in range(512)))
                  for number, entries in enumerate(tables)}
        return superpages.p2m(lambda at, size: memory[at][:size], 0x1000)

    def test_the_p2m_by_level(self):
        self.assertEqual(self.walk([
            {0: 0x2067, 511: 0x5067},
            {0: 0x3067, 4: 0x140000000 | self.RAM | self.LARGE,
             5: self.DIRECT | self.LARGE, 6: self.RAM & ~1 | self.LARGE},
            {0: 0x4067, 1: 0x200000 | self.RAM | self.LARGE,
             2: 0x400000 | self.LOGDIRTY | self.LARGE},
            # Bit 7 of a page's entry says nothing about its size.
            {0: self.RAM, 1: self.RAM | self.LARGE, 2: self.DIRECT,
             511: 3 << 52 | 0x65},
            {511: self.RAM | self.LARGE | 1 << 63},
        ]), [(0, 1), (1, 1), (511, 1), (512, 512), (1024, 512),
             (0x100000, 0x40000), (512 ** 4 - 0x40000, 0x40000)])

    def test_where_the_p2m_starts(self):
        lines = ["(XEN) *********** VMCB Areas **************",
                 "(XEN) >>> Domain 3 <<<", "(XEN) \tVCPU 0",
                 "(XEN) H_CR3 = 0x0000000000001000 CleanBits = 0",
                 "(XEN) >>> Domain 31 <<<",
                 "(XEN) CR3 = 0x0000000000009000 CR4 = 0x0",
                 "(XEN) H_CR3 = 0x000000012345f000 CleanBits = 0x3ff"]
        self.assertEqual(superpages.root(lines, 31), 0x12345f000)
        self.assertEqual(superpages.root(lines, 3), 0x1000)
        self.assertIsNone(superpages.root(lines, 1))
        self.assertFalse(any(map(superpages.END.search, lines)))
        self.assertTrue(superpages.END.search("(XEN) " + 38 * "*"))

    def test_what_xen_prints_of_the_iommu(self):
        lines = ["(XEN) [VT-D] d1 table has 4 levels",
                 "(XEN)    dfn: 00000000 mfn: 00000001 rw",
                 "(XEN) [VT-D] d12 table has 4 levels",
                 "(XEN)    dfn: 00000005 mfn: 001ba771 rw",
                 "(d12) something of the guest's",
                 "(XEN)   dfn: 00000200 mfn: 00123400 r-",
                 "(XEN)  dfn: 00100000 mfn: 00140000 rw",
                 "(XEN) [VT-D] d2 table has 3 levels",
                 "(XEN)  dfn: 00000400 mfn: 00000400 rw"]
        self.assertEqual(superpages.iommu(lines, 12),
                         [(5, 1), (0x200, 512), (0x100000, 0x40000)])
        self.assertEqual(superpages.iommu(lines, 2), [(0x400, 512)])
        self.assertIsNone(superpages.iommu(lines, 3))

    def test_the_verdict(self):
        def count(large, small=0):
            return [(512 * at, 512) for at in range(large)] + [(1 << 20, 1)] * small
        before = {"p2m": count(200), "IOMMU": count(200)}
        good = {"p2m": count(198, 1024), "IOMMU": count(200)}
        self.assertEqual(superpages.verdict(before, good), R(
            "success", "p2m: 396 of 400 MiB are still mapped by 2 MiB or more "
            "(99.0 %), 0 of 0 by 1 GiB; IOMMU: 400 of 400 MiB are still mapped "
            "by 2 MiB or more (100.0 %), 0 of 0 by 1 GiB", Source.HOST))
        for name in before:
            bad = {**good, name: count(197, 1536)}
            self.assertEqual(superpages.verdict(before, bad).result.value, "failure")
            self.assertEqual(superpages.verdict(before, {**good, name: None}),
                             R("error", f"Xen showed no {name} of the guest",
                               Source.HOST))
        small = {"p2m": count(0, 512)}
        self.assertEqual(superpages.verdict(small, small).result.value, "failure")

    def test_gigabytes_are_counted_above_4_gib(self):
        low, high = [(0x40000, 1 << 18)], [(0x140000, 1 << 18)]
        before = {"p2m": low * 2}
        self.assertEqual(superpages.verdict(before, {"p2m": low * 2}).result.value,
                         "success")
        self.assertEqual(superpages.verdict(before, {"p2m": low * 2}, 1).result.value,
                         "failure")
        check = superpages.verdict(before, {"p2m": low + high}, 1)
        self.assertEqual(check.result, Result.SUCCESS)
        self.assertTrue(check.text.endswith("1024 MiB of them above 4 GiB, 1 GiB wanted"))
        self.assertEqual(superpages.verdict(before, {"p2m": low + high}, 2).result.value,
                         "failure")

    def test_what_a_debug_key_prints(self):
        """Only what comes after it, and all of it, however late."""
        with tempfile.TemporaryDirectory() as folder:
            one = host.Host.__new__(host.Host)
            one.who, one.limit, one.xen_log = "h", 9, os.path.join(folder, "log")

            def say(text):
                with open(one.xen_log, "a") as stream:
                    stream.write(text)

            def job(script, _stage):
                asked.append(script)
                say("first\r\nha")
                late.start()
            asked, late = [], threading.Timer(0.2, say, ["lf\n" + 38 * "*" + "\n"])
            one.job, one.check_alive = job, lambda _: None
            say(38 * "*" + "\n")
            self.assertEqual(one.debug_keys("ov", superpages.END),
                             ["first", "half", 38 * "*"])
            self.assertEqual(asked, ["exec xl debug-keys ov\n"])


class Maps(unittest.TestCase):
    RUN = {
        "stack": "stock", "scenario": "s", "title": "t",
        "checks": [{"name": "nvme", "result": "failure"}],
        "e820": [[0, 0x80000000, "System RAM"],
                 [0x100000000, 0x13f000000, "System RAM"]],
        "bars": [["0000:00:05.0", 2, 0x80000000, 0xc0000000],
                 ["0000:00:05.0", 0, 0xc0000000, 0xc0002000]],
        "views": ["views p2m 0x0 0x80000000",
                  "views qemu 0x0 0xbf000000 xen.ram",
                  "views differ 0x100000000 0x13f000000 e820=yes p2m=no "
                  "qemu=no rule=dma-blind"],
        "hvmloader": ["Relocating 0xffff pages from 0af001000 to 100000000 "
                      "for lowmem MMIO hole",
                      "Relocating 0x2f001 pages from 080000000 to 10ffff000 "
                      "for lowmem MMIO hole"],
    }

    def test_stock_and_ours_moves_are_read_alike(self):
        stock = memorymap._moves(self.RUN["hvmloader"])
        ours = memorymap._moves(
            ["memmap: moving 3f000 pages from gfn 80000 to 100000"])
        self.assertEqual(stock, ours)
        self.assertEqual(ours, [(0x100000000, 0x13f000000, "moved")])

    def test_cells(self):
        item = memorymap._map(self.RUN)
        self.assertEqual(item.cell("E820", 0x120000000).kind, "moved")
        self.assertEqual(item.cell("QEMU", 0x120000000).wrong,
                         "unknown to QEMU")
        self.assertEqual(item.cell("E820", 0x90000000).kind, "nothing")
        self.assertEqual(item.cell("BARs", 0x90000000).text, "00:05.0 BAR 2")
        self.assertEqual(item.cell("BARs", 0xc0000000).kind, "nothing")

    def test_table_and_picture_show_the_difference(self):
        item = memorymap._map(self.RUN)
        lines = memorymap.table([item])
        self.assertTrue(any("!! unknown to QEMU" in line for line in lines))
        self.assertIn("stock: 0x100000000-0x13f000000 (1008 MiB): unknown to "
                      "QEMU", lines)
        drawn = picture.draw([item])
        self.assertIn("unknown to QEMU", drawn)
        self.assertIn("0x13f000000", drawn)

    def test_sizes(self):
        self.assertEqual(memorymap.size(1008 << 20), "1008 MiB")
        self.assertEqual(memorymap.size(3 << 29), "1.5 GiB")


class Counts(unittest.TestCase):
    @staticmethod
    def record(event, *words, stamp=None):
        head = event | len(words) << 28 | (stamp is not None) << 31
        stamps = () if stamp is None else (stamp, 0)
        return struct.pack(f"<{1 + len(stamps) + len(words)}I", head, *stamps,
                           *words)

    def test_only_memory_hypercalls_count(self):
        trace = (self.record(0x1f003, 0, 0x1000)
                 + self.record(0x82012, 12, stamp=7)
                 # Another hypercall, and data that looks like an event.
                 + self.record(0x82012, 32)
                 + self.record(0x82216, 0x82012 | 1 << 28, 12)
                 + self.record(0x82012, 12))
        self.assertEqual(counts.of(trace + b"x", []),
                         {"memory_ops": 2, "invalidations": 0})

    def test_what_was_lost_is_not_guessed(self):
        trace = self.record(0x82012, 12) + self.record(0x1f001, 5, 0, 0, 0)
        self.assertIsNone(counts.of(trace, [])["memory_ops"])

    def test_invalidations(self):
        log = ["handle_ioreq I/O=0x7f type=8 dir=0 df=0 ptr=0 port=0x0 data=0x0",
               "handle_ioreq I/O=0x7f type=0 dir=8 df=0 ptr=0 port=0x8 data=0x8"]
        self.assertEqual(counts.of(b"", log)["invalidations"], 1)

    def test_only_who_counts_traces(self):
        for count in (False, True):
            text = guest.config(scenario_of(GOOD), "stock", 1, count)
            self.assertEqual("handle_ioreq" in text, count)


class Sources(unittest.TestCase):
    """Where a source package comes from, with a stand-in for apt-get."""

    def _fetch(self, broken):
        """Names in the folder after a fetch; apt has no file of BROKEN."""
        with tempfile.TemporaryDirectory() as folder:
            fake = os.path.join(folder, "apt-get")
            with open(fake, "w") as stream:
                stream.write(
                    "#!/bin/sh\nfor last; do :; done\n"
                    "case $* in *--tar*) kind=orig;; *) kind=debian;; esac\n"
                    f"case $kind.$last in {broken}) exit 100;; esac\n"
                    "case $last in */new) v=4.20.4+6;; *) v=4.17.5-1;; esac\n"
                    "touch xen_$v.$kind.tar.xz\n")
            os.chmod(fake, 0o755)
            source = os.path.join(folder, "src")
            os.mkdir(source)
            script = trees._fetch("xen", ("new", "old"))  # pylint: disable=protected-access
            done = subprocess.run(
                ["sh", "-c", script], cwd=source, check=False,
                env={**os.environ, "PATH": folder + ":" + os.environ["PATH"]})
            if done.returncode:
                return None
            return sorted(os.listdir(source)), trees.version(folder, "xen")

    def test_the_best_release_is_taken(self):
        self.assertEqual(self._fetch("none"), (
            ["xen_4.20.4+6.debian.tar.xz", "xen_4.20.4+6.orig.tar.xz"], "4.20"))

    def test_the_next_one_if_any_part_is_missing(self):
        old = ["xen_4.17.5-1.debian.tar.xz", "xen_4.17.5-1.orig.tar.xz"]
        for broken in ("orig.xen/new", "debian.xen/new", "*.xen/new"):
            self.assertEqual(self._fetch(broken), (old, "4.17"), broken)

    def test_none_at_all_is_an_error(self):
        self.assertIsNone(self._fetch("orig.*"))

    def test_series_of_these_versions(self):
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(os.path.join(folder, "src"))
            for name in ("src/xen_4.17.5+72-g0.orig.tar.xz",
                         "src/qemu_10.0.13+ds.orig.tar.xz"):
                with open(os.path.join(folder, name), "w"):
                    pass
            for name in ("xen-4.17", "xen-4.20", "timed-xen-4.20", "qemu-10.0"):
                place = os.path.join(folder, "build/series", name)
                os.makedirs(place)
                with open(os.path.join(place, "0001-a.patch"), "w") as stream:
                    stream.write(name)
            series = stacks.Series(folder, stacks.read_series(folder))
        self.assertEqual(series.of(("xen", "qemu")), ["xen-4.17", "qemu-10.0"])
        with self.assertRaisesRegex(LabError, "'timed-xen', versions xen 4.17"):
            series.of(("timed-xen",))


if __name__ == "__main__":
    unittest.main()
