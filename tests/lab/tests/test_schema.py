"""A scenario with a mistake in it is refused with the place of the mistake, never run
as something else."""

import unittest

from tests.common import JUDGED, scenario_of

from lablib.ui import LabError

LOG = '[logs.a]\nin = "serial"\n'


class Mistakes(unittest.TestCase):
    def refused(self, old, new, *where):
        self.assertIn(old, JUDGED)
        with self.assertRaises(LabError, msg=new) as caught:
            scenario_of(JUDGED.replace(old, new))
        for word in where:
            self.assertIn(word, str(caught.exception))

    def test_values_of_the_wrong_kind(self):
        for new, where in (
                ("memroy = 2048", "guest.memroy: unknown"),
                ('memory = "2048"', "guest.memory"),
                ("memory = true", "guest.memory"),
                ('memory = 2048\nfirmware = "bios"', "guest.firmware"),
                ('memory = 2048\nkernel = "own"', "guest.kernel"),
                ('memory = 2048\nuntil = "never"', "guest.until"),
                ("memory = 2048\nqemu = [1]", "guest.qemu.0"),
                ('memory = 2048\nxl = "a=1"', "guest.xl")):
            self.refused("memory = 2048", new, where)
        for new in ("relocate = 2", "relocate = true", 'relocate = "no"'):
            self.refused("relocate = 1", new, "stack.stock.allow-memory-relocate")
        self.refused('title = "t"', "title = t", "")
        self.refused('title = "t"', "title = 1", "title")
        self.refused('title = "t"', 'title = "t"\nnightly = 1', "nightly")
        self.refused('title = "t"', 'title = "t"\nnightly = []', "nightly")
        self.refused('title = "t"', 'title = "t"\nnightly = ["theirs"]', "nightly")
        self.refused('title = "t"', 'title = "t"\nfoo = 1', "foo: unknown")

    def test_tables_of_the_wrong_shape(self):
        for new, where in (
                ('[dom0]\nbefore = "ls"\n[checks]', "dom0.before"),
                ('[host]\niommu = "arm"\n[checks]', "host.iommu"),
                ('[[passthrough]]\nrdm_policy = "strict"\n[checks]', "device"),
                ('[[passthrough]]\ndevice = "a"\nrdm_policy = "x"\n[checks]',
                 "passthrough.0.rdm_policy"),
                ("[stack.theirs]\n[checks]", "stack.theirs"),
                ("[xenstore]\na = 1\n[checks]", "xenstore.a")):
            self.refused("[checks]", new, where)

    def test_parameters_that_would_not_reach_the_guest(self):
        for bad in ("b c", "b,c", "b:c", "b=c", "b'c"):
            self.refused("nvme = {}", f'nvme = {{ a = "{bad}" }}', "checks.nvme.a")
            self.refused("nvme = {}", f'"{bad}" = {{}}', "checks", bad)
        for bad in ("1", "{ a = true }", "{ a = [1] }", "{ a = { b = 1 } }"):
            self.refused("nvme = {}", f"nvme = {bad}", "checks.nvme")
        self.refused("views = {}", "superpages = { iomu = 1 }",
                     "checks.superpages.iomu")
        self.refused("views = {}", 'faults = { device = "0000:00:04.0" }',
                     "checks.faults")
        self.refused("views = {}", 'superpages = { iommu = "1" }',
                     "checks.superpages.iommu")

    def test_logs_say_what_they_look_for_and_that_they_are_there(self):
        for more, where in (
                ("", "logs.a"),
                ('match = "("\n', "logs.a.match"),
                ('match = ""\n', "logs.a.match"),
                ('match = "x"\nbeside = "("\n', "logs.a.beside"),
                ('match = "x"\nabsent = "y"\nbeside = "z"\n', "logs.a"),
                ('absent = "y"\n', "beside"),
                ('absent = "y"\nbeside = ""\n', "logs.a.beside"),
                ('match = "x"\nlike = "y"\n', "logs.a.like"),
                ('lines = ["("]\n', "logs.a.lines.0"),
                ("lines = []\n", "logs.a.lines"),
                ('lines = ["x"]\nmatch = "x"\n', "logs.a"),
                ('lines = ["x"]\nat_most = 1\n', "logs.a")):
            self.refused("[checks]", LOG + more + "[checks]", where)
        self.refused("[checks]", '[logs.a]\nin = "syslog"\nmatch = "x"\n[checks]',
                     "logs.a.in")
        self.refused("[checks]", '[logs.a]\nmatch = "x"\n[checks]', "'in'")
        scenario_of(JUDGED.replace("[checks]", LOG + 'absent = "y"\nbeside = "z"\n'
                                   "[checks]"))

    def test_who_expects_a_failure_says_for_what_reason(self):
        for new in ('{ nvme = "" }', '{ nvme = "(" }', "{ nvme = true }"):
            self.refused('{ nvme = "dead" }', new, "expect.stock.must_fail.nvme")
        self.refused('{ nvme = "dead" }', '["nvme"]', "expect.stock.must_fail")
        self.refused("[expect.ours]", "[expect.theirs]", "expect.theirs")


if __name__ == "__main__":
    unittest.main()
