#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The second implementation answers every vector and every sequence as they say."""

import pathlib
import re
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import device  # pylint: disable=wrong-import-position
import record as rec  # pylint: disable=wrong-import-position
import sequence  # pylint: disable=wrong-import-position

ANSWER = None
COMMANDS = {"QUERY": device.QUERY, "PREPARE": device.PREPARE, "COMMIT": device.COMMIT,
            "answer": ANSWER}


def rows():
    """(name, generation, command, status) of each record in the table."""
    for line in (sequence.VECTORS / "table.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0].endswith(".hex"):
            yield (cells[0][:-4], int(cells[3]), COMMANDS[cells[4]],
                   int(cells[5].split()[0], 0))


class Vectors(unittest.TestCase):
    """tests/vectors."""

    def test_crc(self):
        """The check value of the text."""
        self.assertEqual(rec.crc32c(b"123456789"), 0xE3069283)

    def test_records(self):
        """Each gets the status that the table has."""
        seen = 0
        for name, generation, command, status in rows():
            if command == ANSWER:
                continue
            player = sequence.Player()
            player.device = device.Device(generation=generation)
            player.device.write(4, player.device.offer)
            player.buffer(sequence.vector(name))
            player.device.write(8, device.BUFFER_GFN << 8 | command)
            self.assertEqual(f"{player.device.read(8):#010x}", f"{status:#010x}", name)
            if command == device.QUERY:
                player.step(f"holds {name}")
            seen += 1
        self.assertGreater(seen, 100)

    def test_answers(self):
        """Firmware finds in each answer what the table says; a LAYOUT is none."""
        seen = 0
        for name, generation, command, status in rows():
            error, index, record = rec.read(sequence.vector(name).ljust(12288, b"\0"),
                                            rec.CONSTRAINTS)
            if command in (ANSWER, device.QUERY):
                self.assertEqual((error, index), (status & 0xFF, status >> 16), name)
                self.assertTrue(error or record.generation == generation, name)
                seen += 1
            elif not status & 0xFF:
                self.assertEqual(error, rec.KIND, name)
        self.assertGreaterEqual(seen, 14)

    def test_sequences(self):
        """Each step gives what it says."""
        paths = sorted(sequence.VECTORS.glob("*.seq"))
        self.assertTrue(paths)
        for path in paths:
            player = sequence.Player()
            for number, line in enumerate(path.read_text().splitlines(), 1):
                try:
                    player.step(line)
                except sequence.Differs as differs:
                    self.fail(f"{path.name}:{number}: {differs}")

    def test_every_step_is_in_the_text(self):
        """No sequence has a step that section 12 does not explain."""
        text = (sequence.VECTORS.parent.parent / "PROTOCOL.md").read_text()
        known = set(re.findall(r"^\| `(\w+)", text, re.M))
        for path in sequence.VECTORS.glob("*.seq"):
            for line in path.read_text().splitlines():
                if line and not line.startswith("#"):
                    self.assertIn(line.split()[0], known, path.name)


if __name__ == "__main__":
    unittest.main()
