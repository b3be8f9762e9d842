"""What guests, dom0 and Xen say is taken for what it says, and for nothing else."""

import unittest

from tests.common import found

from lablib import console
from lablib.console import Bar, Done, Entry, Panic, Report, Request, Start, Written
from lablib.results import Source


class GuestLines(unittest.TestCase):
    def test_each_kind(self):
        for line, event in (
                ("memmap-guest: start", Start()),
                ("[    3.14] memmap-guest: done", Done()),
                ("memmap-guest: e820 0x0 0x9fc00 System RAM",
                 Entry(0, 0x9fc00, "System RAM")),
                ("memmap-guest: bar 0000:00:05.0 2 0x80000000 0xc0000000",
                 Bar("0000:00:05.0", 2, 0x80000000, 0xc0000000)),
                ("[   9.1] memmap-guest: dma rdm 0x7fff0000 0x4000 0x1f",
                 Written("rdm", 0x7fff0000, 0x4000, 31)),
                ("memmap-guest: dma foreign 0x10 0x20 0x30",
                 Written("foreign", 16, 32, 48)),
                ("memmap-guest: s3", Request("s3")),
                ("memmap-guest: reboot ", Request("reboot")),
                ("memmap-guest: dom0 save:then 0x10051a000",
                 Request("save:then", address=0x10051a000)),
                ("memmap-guest: attach 0", Request("attach", 0)),
                ("memmap-guest: detach 12", Request("detach", 12))):
            self.assertEqual(console.guest(line), event)

    def test_checks_with_every_result(self):
        for word in ("success", "skip", "error", "failure"):
            self.assertEqual(console.guest(f"memmap-guest: check a-b {word} c d"),
                             Report("a-b", found(word, "c d", Source.GUEST)))
        self.assertEqual(console.guest("memmap-guest: check nvme success"),
                         Report("nvme", found("success", "", Source.GUEST)))

    def test_what_only_looks_like_it(self):
        for line in ("memmap-guest: check nvme fine", "memmap-guest: check nvme successful", "check nvme success",
                     "memmap-guest: note check nvme success",
                     "memmap-guest: s3-awake", "memmap-guest: attach",
                     "memmap-guest: note dma rdm", "[ 1.0] something else", ""):
            self.assertIsNone(console.guest(line), line)

    def test_a_panic_of_its_kernel_and_not_of_its_checks(self):
        self.assertEqual(
            console.guest("[  1.5] Kernel panic - not syncing: Attempted to kill "
                          "init! exitcode=0x0000000b"),
            Panic("Kernel panic - not syncing: Attempted to kill init! "
                  "exitcode=0x0000000b"))
        self.assertIsNone(console.guest(
            "memmap-guest: note Kernel panic - not syncing"))

    def test_complaints_are_no_sign_of_life(self):
        for line in ("watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [a:1]",
                     "rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:",
                     "INFO: task swapper/0:1 blocked for more than 120 seconds."):
            self.assertFalse(console.is_life(line), line)
        self.assertTrue(console.is_life("memmap-guest: start"))


class Dom0Lines(unittest.TestCase):
    def test_reports(self):
        self.assertEqual(console.dom0("check views failure 1 ranges differ"),
                         Report("views", found("failure", "1 ranges differ",
                                               Source.DOM0)))
        for line in ("views p2m 0x0 0x1000", "recheck views success",
                     "check views maybe"):
            self.assertIsNone(console.dom0(line), line)


class XenLines(unittest.TestCase):
    def test_panics_of_xen_itself_and_of_dom0(self):
        for line in ("Panic on CPU 0:", "Xen BUG at p2m.c:123",
                     "FATAL TRAP: vec 6, #UD[0000]", "FATAL PAGE FAULT",
                     "*** DOUBLE FAULT ***", "Assertion 'x == y' failed at a.c:5",
                     "Watchdog timer detects that CPU1 is stuck!",
                     "Hardware Dom0 crashed: rebooting machine in 5 seconds."):
            self.assertEqual(console.host_panic("(XEN) " + line), Panic(line))
        self.assertEqual(
            console.host_panic("[    5.0] Kernel panic - not syncing: Fatal"),
            Panic("dom0: Kernel panic - not syncing: Fatal"))

    def test_a_guest_cannot_panic_for_them(self):
        for line in ("(d1) Panic on CPU 0:", "(d1) (XEN) Panic on CPU 0:",
                     "(d12) Kernel panic - not syncing: x",
                     "(XEN) Domain 3 (vcpu#0) crashed on cpu#1:",
                     "(XEN) [VT-D]found ACPI_DMAR:"):
            self.assertIsNone(console.host_panic(line), line)

    def test_ends_are_of_this_domain(self):
        line = "(XEN) Domain 7 (vcpu#0) crashed on cpu#1:"
        self.assertTrue(console.domain_ended(line, 7))
        self.assertFalse(console.domain_ended(line, 70))
        self.assertTrue(console.domain_ended("(XEN) d7v0 Triple fault - x", 7))
        self.assertFalse(console.domain_ended("(XEN) d70v0 Triple fault - x", 7))
        self.assertFalse(console.domain_ended("(XEN) Domain 7 is fine", 7))
        self.assertFalse(console.domain_ended("(d7) Domain 7 crashed", 7))

    def test_what_a_domain_writes(self):
        self.assertEqual(console.said_by("(d7) HVM Loader", 7), "HVM Loader")
        self.assertIsNone(console.said_by("(d7) HVM Loader", 70))
        self.assertIsNone(console.said_by("(XEN) d7", 7))

    def test_bugs_of_hvmloader(self):
        self.assertTrue(console.firmware_bug("*** HVMLoader bug at util.c:1"))
        self.assertTrue(console.firmware_bug("*** HVMLoader assertion"
                                             " HVMLoader assertion failed"))
        self.assertFalse(console.firmware_bug("HVM Loader"))


if __name__ == "__main__":
    unittest.main()
