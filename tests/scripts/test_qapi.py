#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""qapi/xen-memmap.json says what QEMU does.

Its example is of no guest that a test runs, and its errors are the protocol's by position.
What could go wrong: sums of the example that no guest can have, an error that was added to
the one and not to the other, a line that QEMU's generator refuses.
"""
import json
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = (ROOT / 'qemu-patches/src/qapi/xen-memmap.json').read_text()
MIB, GIB = 1 << 20, 1 << 30
# What libxl takes of memory= for VRAM, if nobody says otherwise.
VRAM = 16 * MIB


class Example(unittest.TestCase):
    def setUp(self):
        text = re.search(r'"execute": "query-xen-memmap" }\n#     <- (.*?)\n##', SCHEMA, re.S)[1]
        self.told = json.loads(re.sub(r'^#', '', text, flags=re.M))['return']
        self.ram = [r for r in self.told['ranges'] if r['type'] == 'ram']

    def test_ranges(self):
        ranges = self.told['ranges']
        for one, next_one in zip(ranges, ranges[1:]):
            self.assertLessEqual(one['start'] + one['size'], next_one['start'])
        # RAM as built is in one piece but for the VGA hole; what moved was at its end.
        end = 0
        for one in sorted(self.ram, key=lambda r: r['source']):
            self.assertEqual(one['source'], end if end != 0xa0000 else 0xc0000)
            end = one['source'] + one['size']

    def test_memory_is_what_somebody_would_say(self):
        end = max(r['source'] + r['size'] for r in self.ram)
        self.assertEqual((end + VRAM) % (512 * MIB), 0)

    def test_parked_is_what_xen_park_does(self):
        """xen_park_init(), xen_park_place(): from RAM's end, rounded up to 64 pages, to a
        power of two that is above the layout and not below 4 GiB."""
        start = max(r['source'] + r['size'] for r in self.ram)
        self.assertLess(start, 4 * GIB)
        start += -start % (64 << 12)
        top = max([4 * GIB, *(r['start'] + r['size'] for r in self.told['ranges'])])
        self.assertEqual(self.told['parked'], (1 << (top - 1).bit_length()) - start)


class Text(unittest.TestCase):
    def test_lines_are_as_long_as_qapi_gen_takes(self):
        """10.2's refuses more than 70 columns, and a sentence one space after another."""
        for line in SCHEMA.splitlines():
            self.assertLessEqual(len(line), 70, line)
            self.assertNotRegex(line, r'^#.*\w[.?!] [A-Z]')


class Errors(unittest.TestCase):
    def test_they_are_the_protocols(self):
        header = (ROOT / 'protocol/memmap.h').read_text()
        numbers = {int(number): name.lower().replace('_', '-') for name, number in re.findall(
            r'#define MEMMAP_E_(\w+)\s+(\d+)u', header) if name != 'ABSENT'}
        data = re.search(r"'XenMemmapError',\s*'data': \[(.*?)\]", SCHEMA, re.S)[1]
        self.assertEqual(re.findall(r"'([\w-]+)'", data),
                         ['success', *(numbers[n] for n in range(1, len(numbers) + 1)), 'other'])


if __name__ == '__main__':
    unittest.main()
