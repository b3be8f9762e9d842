#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The second firmware against the second device model, and against what fails.

Whatever goes wrong, the guest starts, the device model is sealed, and its layout is what
the p2m has, unless it refused to hear that.
"""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import device  # pylint: disable=wrong-import-position
import firmware  # pylint: disable=wrong-import-position
import record as rec  # pylint: disable=wrong-import-position

BUILT = 0xA0 + 0x340


class Ports:
    """Registers, counted; from an access on there may be nobody."""

    def __init__(self, machine, last=None, lies=None):
        self.machine, self.last, self.lies = machine, last, lies or {}
        self.count = 0
        self.commands = []

    def alive(self):
        """One access more."""
        self.count += 1
        return self.last is None or self.count <= self.last

    def read(self, offset):
        """Of 32 bits."""
        value = self.machine.read(offset) if self.alive() else 2**32 - 1
        return self.lies.get(self.count, value)

    def write(self, offset, value):
        """Of 32 bits."""
        if self.alive():
            self.machine.write(offset, value)
            if offset == 8:
                self.commands.append(value & 0xFF)


class Firmware(unittest.TestCase):
    """A boot each."""

    def boot(self, guest=None, ports=None, switches=firmware.Switches(), taken=0, **keys):
        """The firmware after it; self.ports and self.machine are what it talked to."""
        self.machine = device.Device(built=BUILT, **keys)
        self.ports = Ports(self.machine, **(ports or {}))
        guest = guest or firmware.Guest()
        it = firmware.Firmware(guest, self.ports, self.machine.memory, switches)
        self.prepare(self.machine)
        it.boot(taken=taken)
        return it

    def prepare(self, machine):
        """What a test wants of the machine before the first access."""

    def faults(self, **faults):
        """Each as {command: error, index} of device.Device.faults."""
        self.prepare = lambda machine: machine.faults.update(faults)

    def agree(self, it):
        """Sealed, and of one mind."""
        self.assertEqual(self.machine.state, device.SEALED)
        self.assertEqual(self.machine.layout.entries, it.last)
        ram = {}
        for gfn, pages, source, what, _, _ in it.last:
            if what == rec.RAM:
                ram.update((gfn + i, source + i) for i in range(pages))
        self.assertEqual(ram, it.guest.p2m)

    def test_moves(self):
        """All goes well: eleven accesses."""
        it = self.boot()
        self.agree(it)
        self.assertEqual(self.ports.count, 11)
        self.assertEqual(it.said, [])
        self.assertIn(firmware.HIGH, it.guest.p2m)

    def test_nine_accesses(self):
        """Nothing moves."""
        it = self.boot(switches=firmware.Switches(relocate="0"))
        self.agree(it)
        self.assertEqual(self.ports.count, 9)

    def test_pages_taken(self):
        """FW-8 and FW-12."""
        it = self.boot(taken=3)
        self.agree(it)
        self.assertEqual(self.machine.generation, 2)
        self.assertEqual(self.ports.count, 13)

    def test_no_offer(self):
        """P-1."""
        for lies, count in (({1: 2**32 - 1}, 1), ({2: 2 << 24}, 2)):
            it = self.boot(ports={"lies": lies})
            self.assertEqual(self.ports.count, count)
            self.assertEqual(self.machine.state, device.OFFERED)
        it = self.boot(switches=firmware.Switches(enabled="0"))
        self.assertEqual((self.ports.count, it.said), (0, []))

    def test_newer_minor(self):
        """FW-2: an offer of 1.7 with features that nobody knows."""
        it = self.boot(ports={"lies": {2: 0x0107FFFF}})
        self.agree(it)
        self.assertEqual(self.machine.chosen, 0x01000003)

    def test_reserved_memory(self):
        """Wanted in RAM, under 1 MiB, in firmware's area and where nothing is."""
        want = ((0x80, 2, 1), (0x200, 4, 2), (0x3FE, 4, 3), (0xFC010, 1, 4), (0x90000, 1, 5))
        it = self.boot(want=want)
        self.agree(it)
        said = {entry[0]: entry[3:] for entry in it.last}
        self.assertEqual(said[0x80], (rec.RAM, rec.UNFREED, 1))
        self.assertEqual(said[0x200], (rec.RDM, 0, 2))
        self.assertEqual(said[0x3FE], (rec.RDM, 0, 3))
        self.assertEqual(said[0xFC010], (rec.RDM, rec.UNMAPPED, 4))
        self.assertEqual(said[0x90000], (rec.RDM, 0, 5))

    def test_reserved_memory_not_chosen(self):
        """FW-6: what a device model names unasked is nothing."""
        def query(address):
            self.machine.chosen |= device.FEATURE_RDM
            return device.Device._query(self.machine, address)  # pylint: disable=protected-access
        self.prepare = lambda machine: setattr(machine, "_query", query)
        it = self.boot(offer=1, want=((0x90000, 1, 5),))
        self.agree(it)
        self.assertNotIn(0x90000, [entry[0] for entry in it.last])

    def test_query_refused(self):
        """P-2."""
        self.faults(own=())
        it = self.boot()
        self.assertEqual(it.guest.p2m, firmware.Guest().p2m)
        self.assertEqual(self.machine.state, device.SEALED)
        self.assertNotIn(device.PREPARE, self.ports.commands)
        self.assertIn(device.COMMIT, self.ports.commands)

    def test_query_not_understood(self):
        """P-2: a yes, and no answer in the buffer."""
        self.prepare = lambda machine: setattr(machine, "_query", lambda address: rec.OK)
        it = self.boot()
        self.assertIn(f"QUERY: {rec.E_MAGIC}", it.said)
        self.agree(it)
        self.assertEqual(it.guest.p2m, firmware.Guest().p2m)

    def test_prepare_refused(self):
        """P-3: RAM stays."""
        it = self.boot(limit=firmware.HIGH)
        self.agree(it)
        self.assertIn(f"PREPARE: {rec.RANGE}", it.said)
        self.assertEqual(it.guest.p2m, firmware.Guest().p2m)

    def test_move_fails(self):
        """P-4: after none, some; and with pages lost."""
        for after in (0, 1, 0x20):
            for lost in (0, 1):
                it = self.boot(firmware.Guest(fail_after=after, lost=lost))
                self.agree(it)
                self.assertEqual(len(it.guest.p2m), BUILT - lost)
                self.assertEqual(self.machine.layout.flags, lost)

    def test_commit_refused(self):
        """P-5, P-6: whatever is said."""
        for error in (rec.BUSY, rec.APPLY, rec.E_RDM, 99):
            self.faults(apply=(error, rec.NONE))
            it = self.boot()
            self.assertEqual(it.guest.p2m, firmware.Guest().p2m)
            self.assertEqual(self.machine.state, device.SEALED)
            self.assertEqual(it.said[-1], "devices may not see all RAM")
            self.assertEqual(self.ports.commands.count(device.COMMIT), 2)

    def test_rdm_refused(self):
        """P-7: once for each entry."""
        class Refuses(dict):
            """The first RDM that is to be mapped cannot be."""
            def __contains__(this, what):
                if what != "apply":
                    return False
                copy = self.machine.memory[0x90000:0x90000 + rec.MAX_BYTES]
                entries = rec.read(copy, rec.LAYOUT)[2].entries
                bad = [i for i, e in enumerate(entries) if e[3:5] == (rec.RDM, 0)]
                this["apply"] = (rec.E_RDM, bad[0]) if bad else None
                return bool(bad)
        self.prepare = lambda machine: setattr(machine, "faults", Refuses())
        it = self.boot(want=((0x90000, 1, 5), (0x90010, 1, 6)))
        self.agree(it)
        self.assertEqual(self.ports.commands.count(device.COMMIT), 3)
        self.assertEqual([e[4] for e in it.last if e[3] == rec.RDM], [rec.UNMAPPED] * 2)

    def test_gone(self):
        """P-9: at each access; no access follows, and RAM is where a COMMIT put it."""
        for last in range(11):
            it = self.boot(ports={"last": last})
            self.assertLessEqual(self.ports.count, last + 3)
            if not it.last:
                self.assertEqual(it.guest.p2m, firmware.Guest().p2m)

    def test_yes_that_is_none(self):
        """FW-22: success in a state that the command does not lead to."""
        for access in (5, 7, 9, 11):
            for state in range(16):
                it = self.boot(ports={"lies": {access: 0xFFFF0000 | state << 8}})
                right = {5: 1, 7: 2, 9: 3, 11: 4}[access]
                self.assertEqual(it.gone, state != right, (access, state))

    def test_state_beside_an_error(self):
        """FW-22: it is not looked at; P-3 and P-6 follow."""
        for state in range(16):
            it = self.boot(ports={"lies": {7: 0xFFFF0000 | state << 8 | rec.BUSY}})
            self.agree(it)
            self.assertEqual(it.guest.p2m, firmware.Guest().p2m)
            self.assertIn(f"PREPARE: {rec.BUSY}", it.said)

    def test_generation(self):
        """The one in force comes from QUERY; after the last nothing follows."""
        self.agree(self.boot(generation=76))
        self.assertEqual(self.machine.generation, 77)
        it = self.boot(generation=2**32 - 1)
        self.assertIsNone(it.last)
        self.assertEqual(self.machine.state, device.SEALED)


if __name__ == "__main__":
    unittest.main()
