# SPDX-License-Identifier: MIT
"""The device model of PROTOCOL.md, sections 3, 5 and 6; written from the text."""

import record as rec

PORT_ALL_ONES = 0xFFFFFFFF
SIGNATURE = 0x70614D58
PAGE = 4096
BUFFER_GFN = 0x90
OFFERED, NEGOTIATED, PREPARED, COMMITTED, SEALED = range(5)
QUERY, PREPARE, COMMIT, SEAL = range(1, 5)
FEATURE_RDM = 2
LAST_GENERATION = 2**32 - 1


def _fixed_error(entries):
    """Row 30."""
    low = set()
    for gfn, pages, source, what, _, _ in entries:
        if gfn >= 0x100:
            break
        if what != rec.RAM:
            continue
        if source != gfn:
            return True
        low.update(range(gfn, min(gfn + pages, 0x100)))
    return low != _FIXED


_FIXED = set(range(0xA0)) | set(range(0xC0, 0x100))


def _without(wanted, owned):
    """What is left of @wanted, outside @owned; DM-11."""
    for gfn, pages, aux in wanted:
        end = gfn + pages
        for at, nr in sorted(owned):
            if at < end and gfn < at + nr:
                if gfn < at:
                    yield gfn, at - gfn, aux
                gfn = at + nr
        if gfn < end:
            yield gfn, end - gfn, aux


def _joined(entries):
    """Neighbours that say the same are one."""
    joined = []
    for entry in entries:
        if joined and (sum(joined[-1][:2]), joined[-1][2:]) == (entry[0], entry[2:]):
            joined[-1] = (joined[-1][0], joined[-1][1] + entry[1], *entry[2:])
        else:
            joined.append(entry)
    return joined


class Device:
    """One guest's, with all that it is told and asked."""

    def __init__(self, built=131040, limit=0x1000000, own=((0x140000, 0x1000),), want=(),
                 offer=3, generation=0):
        self.built, self.limit, self.own, self.want = built, limit, own, want
        self.offer = 1 << 24 | offer
        self.generation = generation
        self.state = OFFERED
        self.error, self.index = rec.OK, rec.NONE
        self.chosen = 0
        self.layout = None
        self.memory = bytearray(0xA0 * PAGE)
        self.faults = {}

    # Registers.

    def read(self, offset):
        """A read of 32 bits."""
        if offset == 0:
            return SIGNATURE
        if offset == 4:
            return self.offer
        if offset == 8:
            return self.index << 16 | self.state << 8 | self.error
        return self.generation if offset == 12 else PORT_ALL_ONES

    def write(self, offset, value):
        """A write of 32 bits."""
        if offset == 4:
            self.error, self.index = self._choose(value), rec.NONE
        elif offset == 8:
            self.error, self.index = self._command(value & 0xFF, value >> 8)

    def _choose(self, value):
        if self.state != OFFERED:
            return rec.STATE
        if (value >> 24 != self.offer >> 24
                or value >> 16 & 0xFF > self.offer >> 16 & 0xFF
                or value & 0xFFFF & ~self.offer):
            return rec.NEGOTIATE
        self.chosen = value
        self.state = NEGOTIATED
        return rec.OK

    # Commands; numbers are rows of section 5.

    def _command(self, command, gfn):
        if not QUERY <= command <= SEAL:                                    # 1
            return rec.COMMAND, rec.NONE
        if self.state in (OFFERED, SEALED):                                 # 2
            return rec.STATE, rec.NONE
        if command == SEAL:                                                 # 3
            self.state = SEALED
            return rec.OK, rec.NONE
        if gfn > 0x9D:                                                      # 4
            return rec.BUFFER, rec.NONE
        if command == QUERY:
            return self._query(gfn * PAGE), rec.NONE
        return self._layout(command, gfn * PAGE)

    def _owned(self):
        """Ranges that are the device model's own; None: it cannot tell."""
        return None if "own" in self.faults else self.own

    def _query(self, address):
        owned = self._owned()
        if owned is None:                                                   # 5
            return rec.APPLY
        entries = [(gfn, pages, rec.ALL_ONES, rec.OWNED, 0, 0) for gfn, pages in owned]
        if self.chosen & FEATURE_RDM:
            entries += [(gfn, pages, rec.ALL_ONES, rec.RDM, 0, aux)
                        for gfn, pages, aux in _without(self.want, owned)]
        answer = rec.Record(rec.CONSTRAINTS, self.generation, self.limit,
                            _joined(sorted(entries)))
        if "write" in self.faults:                                          # 6
            return rec.BUFFER
        data = answer.bytes()
        self.memory[address:address + len(data)] = data
        return rec.OK

    def _layout(self, command, address):
        if "read" in self.faults:                                           # 6
            return rec.BUFFER, rec.NONE
        copy = memoryview(self.memory)[address:address + rec.MAX_BYTES]
        error, index, layout = rec.read(copy, rec.LAYOUT)                   # 7 to 27
        if error:
            return error, index
        error, index = self.fits(layout)                                    # 28 to 32
        if error:
            return error, index
        if (self.generation == LAST_GENERATION
                or layout.generation != self.generation + 1):               # 33
            return rec.GENERATION, rec.NONE
        if "check" in self.faults:                                          # 34, 35
            return self.faults["check"]
        if command == PREPARE:
            self.state = PREPARED
            return rec.OK, rec.NONE
        if "apply" in self.faults:                                          # 36, 37
            return self.faults["apply"]
        self.layout = layout
        self.generation = layout.generation
        self.state = COMMITTED
        return rec.OK, rec.NONE

    def fits(self, layout, arrives=False):
        """Rows 28 to 32; @arrives: as DM-21 says."""
        owned = self._owned()
        kinds = (rec.RAM,) if arrives else (rec.RAM, rec.MMIO)
        for index, (gfn, pages, _, what, _, _) in enumerate(layout.entries):
            if what == rec.RAM and gfn + pages > self.limit:                # 28
                return rec.RANGE, index
            if what in kinds and any(gfn < at + nr and at < gfn + pages     # 29
                                     for at, nr in owned or ()):
                return rec.E_OWNED, index
        if _fixed_error(layout.entries):                                    # 30
            return rec.FIXED, rec.NONE
        if (layout.ram_pages >= self.built if layout.flags & rec.RAM_SHRUNK
                else layout.ram_pages != self.built):                       # 31
            return rec.RAM_SUM, rec.NONE
        if owned is None:                                                   # 32
            return rec.APPLY, rec.NONE
        return rec.OK, rec.NONE

    # What surrounds it.

    def restore(self):
        """The same guest, in a new device model."""
        other = Device(generation=self.generation)
        for name in ("built", "limit", "own", "want", "offer", "state", "error", "index",
                     "chosen", "memory", "faults"):
            setattr(other, name, getattr(self, name))
        if self.layout:
            stream = self.layout.bytes()
            error, _, other.layout = rec.read(stream, rec.LAYOUT)
            if error or self.generation != other.layout.generation:
                raise ValueError("the layout in force is none that can be restored")
            error, _ = other.fits(other.layout, arrives=True)
            if error:
                raise ValueError("the layout does not fit where it arrives")
        return other
