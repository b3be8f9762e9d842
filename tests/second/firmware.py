# SPDX-License-Identifier: MIT
"""Firmware's side of PROTOCOL.md, sections 2 and 13; written from the text.

Planning is as small as can be: so many pages make room for BARs at the top of low RAM, and
what is wanted as RDM gives way. What matters is what is said, when, and what is done if
the answer is no. Comments name the clause.
"""

import dataclasses

import device
import record as rec

BUFFER_GFN = 0x90
AREA, AREA_END = 0xFC000, 0x100000
HIGH = 0x100000
FEATURES = 3
ABSENT = 255
_LEADS_TO = {device.PREPARE: device.PREPARED, device.COMMIT: device.COMMITTED,
             device.SEAL: device.SEALED}


class MoveFailed(Exception):
    """Xen did not do it."""


class Guest:
    """RAM in the p2m: {gfn: gfn as built}, and what may go wrong with it."""

    def __init__(self, low_end=0x400, fail_after=None, lost=0, stuck=()):
        self.p2m = {gfn: gfn for gfn in [*range(0xA0), *range(0xC0, low_end)]}
        self.low_end = low_end
        self.firmware = set()
        self.fail_after = fail_after
        self.lost = lost
        self.stuck = stuck              # gfns that nothing leaves
        self.shrunk = False

    def move(self, source, target):
        """One page."""
        if source in self.stuck:
            raise MoveFailed
        if self.fail_after is not None:
            self.fail_after -= 1
            if self.fail_after < 0:
                self.fail_after = None
                if self.lost:
                    self.lost -= 1
                    self.shrunk = True
                    del self.p2m[source]
                raise MoveFailed
        self.p2m[target] = self.p2m.pop(source)


@dataclasses.dataclass
class Switches:
    """Keys of section 8."""
    enabled: str = "1"
    relocate: str = "1"


class Firmware:
    """From the first access to the last."""

    def __init__(self, guest, ports, memory, switches=Switches()):
        self.guest, self.ports, self.memory, self.switches = guest, ports, memory, switches
        self.said = []
        self.gone = True                # until chosen; FW-22 from then on
        self.chosen = 0
        self.state = device.NEGOTIATED
        self.generation = 0
        self.index = rec.NONE
        self.own, self.want, self.limit = [], [], 2**36
        self.unmapped = set()
        self.last = None                # entries of the last COMMIT that succeeded

    # The wire.

    def choose(self):
        """FW-1, FW-2, FW-23; whether there is a conversation."""
        if self.switches.enabled == "0" or self.ports.read(0) != 0x70614D58:
            return False
        offer = self.ports.read(4)
        if offer >> 24 != 1:
            return False
        self.chosen = offer & FEATURES
        self.ports.write(4, 1 << 24 | self.chosen)
        self.gone = False
        return True

    def command(self, number):
        """Its error; FW-21, FW-22."""
        if self.gone:
            return ABSENT
        gfn = 0 if number == device.SEAL else BUFFER_GFN
        self.ports.write(8, gfn << 8 | number)
        status = self.ports.read(8)
        error, state, self.index = status & 0xFF, status >> 8 & 0xF, status >> 16
        if error == ABSENT or not error and state != _LEADS_TO.get(number, self.state):
            self.gone = True
            return ABSENT
        if not error:
            self.state = state
        return error

    def query(self):
        """FW-5, FW-6; P-2 is to have nothing."""
        error = self.command(device.QUERY)
        if not error:
            at = BUFFER_GFN * device.PAGE
            error, _, answer = rec.read(self.memory[at:at + rec.MAX_BYTES], rec.CONSTRAINTS)
        if error:
            self.said.append(f"QUERY: {error}")
            return False
        self.generation = answer.generation
        self.own = [e[:2] for e in answer.entries if e[3] == rec.OWNED]
        if self.chosen & device.FEATURE_RDM:
            self.want = [(e[0], e[1], e[5]) for e in answer.entries if e[3] == rec.RDM]
        return True

    def send(self, number, entries):
        """PREPARE or COMMIT; FW-4, FW-19."""
        layout = rec.Record(rec.LAYOUT, (self.generation + 1) % 2**32, self.limit, entries,
                            rec.RAM_SHRUNK if self.guest.shrunk else 0)
        data = layout.bytes()
        at = BUFFER_GFN * device.PAGE
        self.memory[at:at + len(data)] = data
        return self.command(number)

    # What is said.

    def layout(self, p2m, mmio=()):
        """Entries of @p2m and what is not RAM; section 4."""
        page = {gfn: (rec.RAM, rec.FIRMWARE if gfn in self.guest.firmware else 0, 0, source)
                for gfn, source in p2m.items()}
        for gfn, pages, aux in self.want:
            gfns = range(gfn, gfn + pages)
            kept = (any(at in p2m for at in gfns) or gfn in self.unmapped or gfn < 0x100
                    or gfn < AREA_END and gfn + pages > AREA
                    or any(gfn < at + nr and at < gfn + pages for at, nr in self.own))
            for at in gfns:
                if at in p2m:
                    page[at] = (rec.RAM, page[at][1] | rec.UNFREED, aux, p2m[at])
                else:
                    page[at] = (rec.RDM, rec.UNMAPPED if kept else 0, aux, rec.ALL_ONES)
        for at in mmio:
            page.setdefault(at, (rec.MMIO, 0, 0, rec.ALL_ONES))
        return _runs(page)

    def plan(self, pages):
        """{from: to} for BARs and for what is wanted; FW-14, FW-16."""
        p2m = self.guest.p2m
        going = set(range(self.guest.low_end - pages, self.guest.low_end))
        for gfn, nr, _ in self.want:
            wanted = set(range(gfn, gfn + nr)) & set(p2m)
            if gfn >= 0x100:
                going |= wanted
        target, moves = HIGH, {}
        for gfn in sorted(going):
            while any(at <= target < at + nr for at, nr in self.own) or target in p2m:
                target += 1
            moves[gfn] = target
            target += 1
        return moves

    def commit(self, mmio=()):
        """What is so in the p2m; P-7. The error."""
        while True:
            entries = self.layout(self.guest.p2m, mmio)
            error = self.send(device.COMMIT, entries)
            if not error:
                self.generation += 1
                self.last = entries
                return error
            self.said.append(f"COMMIT: {error}")
            if error != rec.E_RDM or self.index >= len(entries):
                return error
            gfn, pages, _, what, flags, _ = entries[self.index]
            marked = {at for at, nr, _ in self.want if at < gfn + pages and gfn < at + nr}
            if what != rec.RDM or flags & rec.UNMAPPED or not marked:
                return error
            self.unmapped |= marked

    def back(self, moved):
        """P-4, step 1; what cannot go back stays."""
        for source, target in reversed(moved):
            try:
                self.guest.move(target, source)
            except MoveFailed:
                self.said.append("some RAM stays where it went")

    def boot(self, pages=0x40, taken=0):
        """The whole of it, for BARs that take @pages of what is RAM."""
        if not self.choose():
            return                                                          # P-1
        mmio = range(self.guest.low_end - pages, self.guest.low_end)
        known = self.query()
        moves = self.plan(pages) if known and self.switches.relocate != "0" else {}
        moved = []
        if moves:
            after = {moves.get(gfn, gfn): source
                     for gfn, source in self.guest.p2m.items()}
            error = self.send(device.PREPARE, self.layout(after, mmio))     # FW-7
            if error:
                self.said.append(f"PREPARE: {error}")
                moves = {}                                                  # P-3
        try:
            for source, target in moves.items():
                self.guest.move(source, target)
                moved.append((source, target))
        except MoveFailed:
            self.said.append("Xen did not move RAM")
            self.back(moved)                                                # P-4
            moves = {}
        error = self.commit(mmio if moves else ())                          # FW-9
        if error and moves:
            self.back(moved)                                                # P-5, P-9
            error = self.commit()
        if error:
            self.said.append("devices may not see all RAM")                 # P-6
        self.take(taken)
        if self.command(device.SEAL):                                       # FW-13
            self.said.append("not sealed")                                  # P-8

    def take(self, pages):
        """FW-8, FW-12."""
        for target in range(AREA, AREA + pages):
            source = max(gfn for gfn in self.guest.p2m if gfn < AREA)
            self.guest.move(source, target)
            self.guest.firmware.add(target)
        if pages and self.commit():
            self.said.append("devices may not see all RAM")                 # P-6


def _runs(page):
    """Entries of {gfn: (type, flags, aux, source)}."""
    entries = []
    for gfn in sorted(page):
        what, flags, aux, source = page[gfn]
        if entries:
            at, pages, first, *rest = entries[-1]
            goes_on = source == (first + pages if first != rec.ALL_ONES else first)
            if at + pages == gfn and rest == [what, flags, aux] and goes_on:
                entries[-1] = (at, pages + 1, first, what, flags, aux)
                continue
        entries.append((gfn, 1, source, what, flags, aux))
    return entries
