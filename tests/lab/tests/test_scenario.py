"""What a scenario comes to, and what of it contradicts itself."""

import os
import tempfile
import unittest

from tests.common import JUDGED, LAB, scenario_of

from lablib import scenario
from lablib.ui import LabError

LOG = '[logs.a]\nin = "serial"\nmatch = "x"\n'


class Files(unittest.TestCase):
    def test_every_committed_one_loads(self):
        names = [item.name for item in scenario.every(
            os.path.join(LAB, "scenarios"))]
        self.assertIn("bar-1g", names)
        names = [item.name for item in scenario.every(
            os.path.join(LAB, "../bench/scenarios"))]
        self.assertIn("still", names)

    def test_by_name_or_by_path(self):
        folder = os.path.join(LAB, "scenarios")
        item = scenario.find("bar-1g", folder)
        self.assertEqual(item.path, os.path.join(folder, "bar-1g.toml"))
        self.assertEqual(scenario.find(item.path, "/nonexistent"), item)
        with self.assertRaisesRegex(LabError, "no scenario 'bar-9g'"):
            scenario.find("bar-9g", folder)

    def test_what_cannot_be_read_is_said(self):
        with self.assertRaisesRegex(LabError, "/nonexistent: No such file"):
            scenario.load("/nonexistent")
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write("a = [")
            file.flush()
            with self.assertRaisesRegex(LabError, file.name):
                scenario.load(file.name)


class Contents(unittest.TestCase):
    def test_defaults_and_stacks(self):
        item = scenario_of(JUDGED)
        self.assertEqual(item.guest["maxmem"], 2048)
        self.assertEqual(item.guest["kernel"], "small")
        self.assertFalse(item.nightly)
        self.assertEqual(item.stacks(), ["stock", "ours"])
        self.assertEqual(item.keys("stock"),
                         {"hvmloader/allow-memory-relocate": "1"})
        self.assertEqual(item.keys("ours"), {})
        self.assertEqual(item.guest_checks(),
                         ["e820:total=2048M,less=16M", "nvme"])

    def test_in_a_stub_domain(self):
        item = scenario_of(JUDGED)
        item.in_stubdom()
        self.assertEqual((item.guest["stubdom"], item.name), (True, "s+stubdom"))
        item.in_stubdom()
        self.assertEqual(item.name, "s+stubdom")
        item = scenario_of(JUDGED.replace("memory = 2048", "memory = 2048\nstubdom = true"))
        item.in_stubdom()
        self.assertEqual(item.name, "s")

    def test_uefi_boots_debians_kernel(self):
        self.assertEqual(scenario_of(JUDGED.replace(
            "memory = 2048", 'memory = 2048\nfirmware = "ovmf"')).guest["kernel"],
            "debian")

    def test_a_host_that_has_a_name(self):
        named = scenario_of('host = "rmrr"\n' + JUDGED)
        self.assertEqual(named.host["iommu"], "intel")
        again = scenario_of('host = "rmrr"\n' + JUDGED.replace("2048", "1024"))
        self.assertEqual(named.host_key(), again.host_key())
        with self.assertRaisesRegex(LabError, "hosts/nobody.toml"):
            scenario_of('host = "nobody"\n' + JUDGED)

    def test_slow_ones_say_so(self):
        for said, daily in (("false", ["stock", "ours"]), ("true", []),
                            ('["stock"]', ["ours"])):
            item = scenario_of(f"nightly = {said}\n" + JUDGED)
            self.assertEqual((item.stacks(), item.stacks(nightly=False)),
                             (["stock", "ours"], daily), said)
        with self.assertRaisesRegex(LabError, "nightly: .*nothing of 'hostile'"):
            scenario_of('nightly = ["hostile"]\n' + JUDGED)

    def test_checks_of_dom0_and_of_the_host_are_not_the_guests_to_make(self):
        item = scenario_of(JUDGED.replace("views = {}", """views = {}
vga = {}
vram = {}
rmrr = {}
faults = {}
superpages = { iommu = 1 }"""))
        self.assertEqual(item.guest_checks(),
                         ["e820:total=2048M,less=16M", "nvme", "vga"])


class Expectations(unittest.TestCase):
    ALL = ["create", "boot", "e820", "nvme", "views"]

    def test_all_must_pass_unless_something_else_is_said(self):
        self.assertEqual(scenario_of(JUDGED).expect, {
            "stock": {"must_pass": ["create", "boot"],
                      "must_fail": {"nvme": "dead"}, "same_layout_as": None},
            "ours": {"must_pass": self.ALL, "must_fail": {},
                     "same_layout_as": "stock"}})

    def test_a_guest_that_ends_with_its_firmware_owes_no_more(self):
        text = JUDGED.replace("memory = 2048", 'memory = 2048\nuntil = "firmware"')
        text = text[:text.index("[checks]")] + LOG
        item = scenario_of(text + '[expect.ours]\nmust_pass = ["all"]\n')
        self.assertEqual(item.expect["ours"]["must_pass"], ["create", "a"])
        with self.assertRaisesRegex(LabError, "'boot' is no check"):
            scenario_of(text + '[expect.ours]\nmust_pass = ["boot"]\n')

    def test_all_is_a_word_for_every_one_of_them(self):
        text = JUDGED.replace("[checks]", LOG + "[checks]")
        item = scenario_of(text.replace('same_layout_as = "stock"',
                                        'must_pass = ["all"]'))
        self.assertEqual(item.expect["ours"]["must_pass"], self.ALL + ["a"])

    def test_the_rest_must_pass_if_only_failures_are_named(self):
        item = scenario_of(JUDGED.replace('must_pass = ["create", "boot"]\n', ""))
        self.assertEqual(item.expect["stock"]["must_pass"],
                         ["create", "boot", "e820", "views"])

    def refused(self, old, new, where):
        self.assertIn(old, JUDGED)
        with self.assertRaises(LabError, msg=new) as caught:
            scenario_of(JUDGED.replace(old, new))
        self.assertIn(where, str(caught.exception))

    def test_contradictions(self):
        for old, new, where in (
                ('{ nvme = "dead" }', '{ irq = "dead" }', "'irq'"),
                ('["create", "boot"]', '["create", "irq"]', "'irq'"),
                ('{ nvme = "dead" }', '{ boot = "dead" }', "must fail"),
                ('_as = "stock"', '_as = "ours"', "another stack"),
                ("memory = 2048", 'firmware = "ovmf"\nkernel = "small"',
                 "guest.kernel"),
                ("views = {}", "vram = {}", "checks.vram"),
                ("views = {}", "layout = {}", "checks.layout"),
                ("views = {}", "panic = {}", "checks.panic"),
                ("[checks]", LOG.replace("logs.a", "logs.boot") + "[checks]",
                 "logs.boot"),
                ("[checks]", LOG.replace("logs.a", "logs.nvme") + "[checks]",
                 "logs.nvme")):
            self.refused(old, new, where)

    def test_a_line_that_is_missing_from_a_log_is_seen_beside_another(self):
        old, new = '{ nvme = "dead" }', '{ a = "no line" }'
        self.assertIn(old, JUDGED)
        text = JUDGED.replace(old, new)
        with self.assertRaisesRegex(LabError, "beside"):
            scenario_of(text.replace("[checks]", LOG + "[checks]"))
        scenario_of(text.replace("[checks]", LOG + 'beside = "y"\n[checks]'))

    def test_who_expects_nothing_is_refused(self):
        self.refused('must_pass = ["create", "boot"]\nmust_fail = { nvme = "dead" }',
                     "must_pass = []", "expect.stock: says nothing")
        with self.assertRaisesRegex(LabError, "expect"):
            scenario_of(JUDGED.split("[expect.stock]", maxsplit=1)[0])
        with self.assertRaisesRegex(LabError, "expect"):
            scenario_of(JUDGED.split("[expect.stock]", maxsplit=1)[0] + "[expect]")


if __name__ == "__main__":
    unittest.main()
