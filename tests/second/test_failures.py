#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The second firmware does what tests/vectors/failures.seq says that firmware does.

The file is the script of both sides: what it has the device model answer is answered, and
each write and each record must be what the firmware comes up with.
"""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import device  # pylint: disable=wrong-import-position
import firmware  # pylint: disable=wrong-import-position
import record as rec  # pylint: disable=wrong-import-position
import sequence  # pylint: disable=wrong-import-position

LOW_END, FOR_BARS = 0x20000, 0x8000
# What happens to RAM, and pages that firmware takes in the end.
GUESTS = {
    "move-fails": {"fail_after": 5},
    "page-astray": {"fail_after": 1, "stuck": (firmware.HIGH,)},
    "page-gone": {"fail_after": 0, "lost": 1},
}
TAKEN = {"no-commit-at-all": 1}
# What the device model offers, and does not mean.
OFFERS = {"refused-choice": 0x01000003}


def scripts():
    """{name: lines} of each conversation."""
    found = {}
    for line in (sequence.VECTORS / "failures.seq").read_text().splitlines():
        if line.startswith("#"):
            name = line[1:].split(":")[0].strip()
        elif line.startswith("machine"):
            found[name] = [line]
        else:
            found[name].append(line)
    return found


class Script:
    """Ports of a device model whose faults, and whose firmware, the script foresees."""

    def __init__(self, test, name, lines):
        self.test = test
        self.offer = OFFERS.get(name)
        self.player = sequence.Player()
        self.player.step(lines[0])
        self.lines = lines[1:]
        self.record = None

    def read(self, offset):
        """Of 32 bits."""
        if offset == 4 and self.offer:
            return self.offer
        return self.player.device.read(offset)

    def write(self, offset, value):
        """The next that is in the script."""
        line = None
        while self.lines and not (line := self.lines.pop(0)).startswith("write"):
            word, name = line.split()[:2]
            if word == "put":
                self.record = name
            elif word == "fault":
                self.player.step(line)
        self.test.assertEqual(line, f"write {offset:#x} {value:#010x}")
        if offset == 8 and value & 0xFF in (device.PREPARE, device.COMMIT):
            at = sequence.BUFFER
            said = rec.read(self.player.device.memory[at:at + sequence.BYTES], rec.LAYOUT)[2]
            want = rec.read(sequence.vector(self.record).ljust(12288, b"\0"), rec.LAYOUT)[2]
            for field in ("generation", "flags", "entries"):
                self.test.assertEqual(getattr(said, field), getattr(want, field), self.record)
        self.player.device.write(offset, value)


class Failures(unittest.TestCase):
    """Of section 13."""

    def test_failures(self):
        """All of them."""
        for name, lines in scripts().items():
            with self.subTest(name):
                ports = Script(self, name, lines)
                guest = firmware.Guest(LOW_END, **GUESTS.get(name, {}))
                it = firmware.Firmware(guest, ports, ports.player.device.memory)
                wants = "want=" in lines[0]
                it.boot(0 if wants else FOR_BARS, TAKEN.get(name, 0))
                self.assertFalse([line for line in ports.lines if line.startswith("write")])


if __name__ == "__main__":
    unittest.main()
