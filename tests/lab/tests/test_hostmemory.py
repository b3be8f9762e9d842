"""What the emulated host has in its memory, and what its IOMMU says."""

import struct
import unittest

from tests.common import found

from lablib import hostmemory
from lablib.console import Written
from lablib.results import Result, Source


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
        return hostmemory.rmrr([Written(kind, start, size, self.SEED)
                                for kind, start, size in ranges], self.read)

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
        check = self.verdict(("foreign", 0x7fff1000, 0x2000))
        self.assertEqual(check.text,
                         "the guest reported no range that its device wrote")

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
        self.assertEqual(hostmemory.faults([]).result, Result.ERROR)

    def test_faults_that_are_wanted(self):
        line = ("(XEN) [VT-D]DMAR:[DMA %s] Request device [0000:00:0%u.0] "
                "fault addr %x")
        wanted = {"device": "0000:00:04.0", "at": "0x7fff8000-0x7fffa000+0x9000-0xa000"}
        good = [line % fault for fault in (
            ("Write", 4, 0x7fff8000), ("Read", 4, 0x7fff9ff8), ("Read", 4, 0x9000))]
        check = hostmemory.faults(good, **wanted)
        self.assertEqual((check.result, check.text), (
            Result.SUCCESS, "3 faults, all of 0000:00:04.0, 3 pages"))
        for bad, text in ((good[:2], "no fault of 0000:00:04.0 at 0x9000"),
                          (good[1:], "at 0x7fff8000"),
                          ([*good, line % ("Read", 5, 0x9000)], "not wanted: DMAR:[DMA R"),
                          ([*good, line % ("Read", 4, 0xa000)], "not wanted"),
                          ([*good, "INTR-REMAP: Request device [0000:00:04.0] fault"],
                           "not wanted: INTR"), (["(XEN) x"], "no fault")):
            check = hostmemory.faults(bad, **wanted)
            self.assertEqual(check.result, Result.FAILURE)
            self.assertIn(text, check.text)


if __name__ == "__main__":
    unittest.main()
