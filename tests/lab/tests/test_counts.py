"""How often a guest left for Xen is counted, not guessed."""

import struct
import unittest

import tests.common     # noqa: finds lablib  pylint: disable=unused-import
from lablib import counts


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


if __name__ == "__main__":
    unittest.main()
