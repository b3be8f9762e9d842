# SPDX-License-Identifier: MIT
"""The record of PROTOCOL.md, section 4, and rows 7 to 27 of section 5.

Written from the text, with nothing of protocol/ in it: where the two differ, text or code
is wrong. Numbers are those of the text's tables; names are the text's.
"""

import dataclasses
import struct

MAGIC = 0x4C4D4758
MAX_ENTRIES = 256
MAX_BYTES = 12288
LAYOUT, CONSTRAINTS = 1, 2
RAM, RDM, MMIO, OWNED = 1, 2, 3, 4
OPTIONAL, FIRMWARE, UNFREED, UNMAPPED = 1, 2, 4, 8
RAM_SHRUNK = 1
ALL_ONES = 2**64 - 1
GFN_END = 2**52
NONE = 0xFFFF

(OK, COMMAND, STATE, NEGOTIATE, BUFFER, E_MAGIC, VERSION, LENGTH, CHECKSUM, COUNT, KIND,
 TYPE, EMPTY, RANGE, ORDER, RAM_SUM, GENERATION, E_OWNED, FIXED, BUSY, APPLY, RESERVED,
 E_RDM) = range(23)

# magic, major, minor, header length, entry length, count, total length, checksum,
# generation, kind, flags, RAM pages, gfn limit
HEADER = struct.Struct("<IHHHHIIIIHHQQ")
# gfn, pages, source, type, flags, aux
ENTRY = struct.Struct("<QQQHHI")
_CHECKSUM_AT = 20


def _tables():
    """What eight and what sixteen bits do to a CRC of the reflected polynomial."""
    one = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
        one.append(crc)
    two = [(crc >> 8) ^ one[(crc ^ high) & 255]
           for high in range(256) for crc in one]
    return one, two


_ONE, _TWO = _tables()


def crc32c(data):
    """CRC-32C as section 4 has it."""
    crc = 0xFFFFFFFF
    even = len(data) & ~1
    for pair in struct.unpack_from(f"<{even // 2}H", data):
        crc = crc >> 16 ^ _TWO[(crc ^ pair) & 0xFFFF]
    if even != len(data):
        crc = crc >> 8 ^ _ONE[(crc ^ data[-1]) & 0xFF]
    return crc ^ 0xFFFFFFFF


def checksum(record):
    """Of a whole record, its own field taken as zero."""
    return crc32c(record[:_CHECKSUM_AT] + b"\0\0\0\0" + record[_CHECKSUM_AT + 4:])


@dataclasses.dataclass
class Record:
    """What a record says."""
    kind: int
    generation: int
    gfn_limit: int
    entries: list
    flags: int = 0
    ram_pages: int = 0

    def bytes(self):
        """As version 1.0 writes it."""
        ram_pages = sum(e[1] for e in self.entries if e[3] == RAM)
        count = len(self.entries)
        total = HEADER.size + count * ENTRY.size
        fields = [MAGIC, 1, 0, HEADER.size, ENTRY.size, count, total, 0, self.generation,
                  self.kind, self.flags, ram_pages, self.gfn_limit]
        body = b"".join(ENTRY.pack(*e) for e in self.entries)
        fields[7] = checksum(HEADER.pack(*fields) + body)
        return HEADER.pack(*fields) + body


# Row 19 to 22: flags that a type may have.
_FLAGS = {RAM: OPTIONAL | FIRMWARE | UNFREED, RDM: OPTIONAL | UNMAPPED, MMIO: OPTIONAL,
          OWNED: OPTIONAL}


def _entry_error(entry, kind):
    """Rows 15 to 24."""
    gfn, pages, source, what, flags, aux = entry
    if pages == 0:
        return EMPTY
    if gfn + pages > GFN_END:
        return RANGE
    allowed = _FLAGS.get(what)
    if allowed is None:
        return OK if what and flags & OPTIONAL else TYPE
    if (what == OWNED and kind == LAYOUT) or flags & ~allowed:
        return TYPE
    if aux and what != RDM and not flags & UNFREED:
        return RESERVED
    if what == RAM and source != ALL_ONES and source + pages > GFN_END:
        return RANGE
    return OK


def read(buffer, kind):
    """(error, index, record) of what lies at the start of @buffer; record only if OK."""
    (magic, major, _, header, entry, count, total, crc, generation, its_kind, flags,
     ram_pages, gfn_limit) = HEADER.unpack_from(buffer)
    if magic != MAGIC:
        return E_MAGIC, NONE, None
    if major != 1:
        return VERSION, NONE, None
    if header < HEADER.size or entry < ENTRY.size:
        return LENGTH, NONE, None
    if count > MAX_ENTRIES:
        return COUNT, NONE, None
    if total != header + count * entry or total > MAX_BYTES:
        return LENGTH, NONE, None
    if checksum(bytes(buffer[:total])) != crc:
        return CHECKSUM, NONE, None
    if its_kind != kind or flags & ~RAM_SHRUNK:
        return KIND, NONE, None

    entries = []
    before = ram = 0
    for index in range(count):
        fields = ENTRY.unpack_from(buffer, header + index * entry)
        error = _entry_error(fields, kind)
        end = fields[0] + fields[1]
        if not error and fields[0] < before:
            error = ORDER
        if not error and kind == LAYOUT and end > gfn_limit:
            error = RANGE
        if error:
            return error, index, None
        before = end
        if fields[3] == RAM:
            ram += fields[1]
        entries.append(fields)
    if ram != ram_pages:
        return RAM_SUM, NONE, None
    return OK, NONE, Record(kind, generation, gfn_limit, entries, flags, ram_pages)
