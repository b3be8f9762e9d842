#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Have the C and the second implementation answer the same sequences.

usage: compare.py [--seed N] [--records N] SERVER

Sequences are random: a machine, what is written to its registers, records that are
mostly right in mostly all, with one to three mistakes in what is left. Both sides get
the same steps (those of PROTOCOL.md, section 12) and must answer all the same; where they
do not, the sequence is printed, and text or code is wrong. Each error that a record can
earn must have come, or the generator is.
"""

import argparse
import collections
import random
import secrets
import subprocess
import sys
import time

import record as rec
import sequence

BATCH = 40              # sequences; what they answer fits into a pipe
FLOOR = 20              # of each error in 200 000 records; hundreds come


def near(dice, *values):
    """One of @values, or a neighbour, or an end of what there is."""
    if dice.random() < 0.2:
        return dice.choice((0, 1, 2**31, 2**32 - 1, 2**52 - 1, 2**52, 2**52 + 1, 2**63,
                            2**64 - 1))
    return (dice.choice(values) + dice.choice((-1, 0, 0, 1))) % 2**64


class Machine:
    """A guest, and what its firmware would say."""

    def __init__(self, dice):
        self.dice = dice
        self.low_end = dice.choice((0x100, 0x101, 0x1000, 0x20000))
        self.high = dice.choice((0, 1, 0x40, 0x8000))
        self.built = 0xA0 + self.low_end - 0xC0 + self.high
        self.limit = dice.choice((0x1000000, 0x1000000, 0x108000, self.low_end, 2**52))
        self.own = [(0x140000, 0x1000)]
        if dice.random() < 0.4:
            at = 0x120000
            self.own = []
            for _ in range(dice.randrange(5)):
                at += dice.choice((1, 2, 0x7FFF))
                self.own.append((at, dice.choice((1, 2, 0x100))))
                at += self.own[-1][1]
        self.want = []
        if dice.random() < 0.3:
            aux = dice.choice((0, 0x20))
            self.want = [(self.low_end - 4, 2, aux), (self.low_end - 2, 1, 0x20),
                         (0x11FFFF, dice.choice((2, 0x10000)), 0x28), (0x200000, 1, 0xFFFFFFFF)]
        self.offer = dice.choice((0, 1, 2, 3, 3, 0x8003, 0xFFFF))
        self.generation = dice.choice((0, 0, 0, 1, 77, 2**32 - 3, 2**32 - 2, 2**32 - 1))

    def line(self):
        """As a step."""
        own = ",".join(f"{gfn:#x}+{pages:#x}" for gfn, pages in self.own)
        want = ",".join(f"{gfn:#x}+{pages:#x}:{aux:#x}" for gfn, pages, aux in self.want)
        return (f"machine built={self.built} limit={self.limit:#x} own={own} want={want}"
                f" offer={self.offer} generation={self.generation}")

    def entries(self):
        """A layout that is right, in most."""
        dice = self.dice
        moved = dice.choice((0, 0, 1, self.low_end - 0x100))
        entries = [(0, 0xA0, 0, rec.RAM, 0, 0),
                   (0xC0, self.low_end - 0xC0 - moved, 0xC0, rec.RAM, 0, 0)]
        if moved:
            entries += self.gap(self.low_end - moved, moved)
        at = 0x100000
        for pages, source in ((moved, self.low_end - moved), (self.high, 0x100000)):
            if pages:
                flags = dice.choice((0, 0, rec.FIRMWARE, rec.UNFREED))
                aux = dice.choice((0, 0x20)) if flags & rec.UNFREED else 0
                entries.append((at, pages, dice.choice((source, rec.ALL_ONES)), rec.RAM,
                                flags, aux))
                at += pages + dice.choice((0, 0, 1))
        if dice.random() < 0.3:
            entries += self.gap(at, dice.choice((1, 2, 0x100)))
        return entries

    def gap(self, gfn, pages):
        """What is said of gfns without RAM."""
        kind = self.dice.randrange(5)
        if kind == 0:
            return []
        if kind == 1:
            return [(gfn, pages, rec.ALL_ONES, rec.MMIO, 0, 0)]
        if kind == 2:
            return [(gfn, pages, 0, self.dice.choice((5, 99, 0xFFFF)), 0x8001, 7)]
        flags = rec.UNMAPPED if kind == 3 else 0
        return [(gfn, pages, rec.ALL_ONES, rec.RDM, flags, 0x20)]


class Maker:
    """Bytes of records with mistakes in them."""

    def __init__(self, dice, machine):
        self.dice = dice
        self.machine = machine

    def place(self, entries):
        """A number that may matter where gfns and pages are."""
        machine, dice = self.machine, self.dice
        values = [machine.limit, machine.low_end, 0xA0, 0xC0, 0x100, machine.built]
        entry = dice.choice(entries) if entries else (0, 0)
        values += [entry[0], entry[0] + entry[1], entry[1]]
        values += [edge for gfn, pages in machine.own for edge in (gfn, gfn + pages)]
        return near(dice, *values)

    def spoil(self, entries):
        """One mistake in the entries."""
        dice = self.dice
        kind = dice.randrange(10)
        if not entries or kind == 0:
            entries.insert(dice.randrange(len(entries) + 1),
                           (self.place(entries), dice.choice((1, 2, 0x1000)), rec.ALL_ONES,
                            dice.randrange(6), 0, 0))
            return
        at = dice.randrange(len(entries))
        if kind == 1:
            other = dice.randrange(len(entries))
            entries[at], entries[other] = entries[other], entries[at]
        elif kind == 2:
            del entries[at]
        elif kind == 3:
            self.split(entries, at)
        else:
            entry = list(entries[at])
            field = dice.randrange(6)
            if field < 3:
                entry[field] = self.place(entries)
            elif field == 3:
                entry[3] = dice.choice((0, 1, 2, 3, 4, 4, 5, 0xFFFF))
            elif field == 4:
                entry[4] ^= 1 << dice.randrange(16)
            else:
                entry[5] = dice.choice((0, 1, 0x20, 2**32 - 1))
            entries[at] = tuple(entry)

    def split(self, entries, at):
        """In two that say the same, which is no mistake."""
        gfn, pages, source, what, flags, aux = entries[at]
        if pages > 1:
            part = self.dice.randrange(1, min(pages, 2**63))
            rest = source if source == rec.ALL_ONES else (source + part) % 2**64
            entries[at:at + 1] = [(gfn, part, source, what, flags, aux),
                                  ((gfn + part) % 2**64, pages - part, rest, what, flags,
                                   aux)]

    def fields(self, header, entries):
        """A mistake in the header."""
        at = self.dice.randrange(13)
        if at < 7 and self.dice.random() < 0.5:
            header[at] = near(self.dice, header[at]) % 2**16
        elif at in (9, 10):
            header[at] = self.dice.choice((0, 1, 2, 3, 0x8000))
        elif at == 8:
            header[8] = (header[8] + self.dice.choice((-1, 1, 2, 2**31))) % 2**32
        elif at > 10:
            header[at] = self.place(entries)
        return at

    def bytes(self, generation):
        """A record."""
        dice, machine = self.dice, self.machine
        entries = machine.entries()
        mistakes = dice.choice((0, 0, 0, 1, 1, 2, 3))
        in_header = [dice.random() < 0.25 for _ in range(mistakes)]
        for header_too in in_header:
            if not header_too:
                self.spoil(entries)
        if dice.random() < 0.01:
            while len(entries) < dice.choice((255, 256, 257, 300)):
                entries.append((0x300000 + 2 * len(entries), 1, rec.ALL_ONES, rec.MMIO, 0,
                                0))
        flags = 0
        ram = sum(entry[1] for entry in entries if entry[3] == rec.RAM)
        if ram < machine.built and dice.random() < 0.7:
            flags = rec.RAM_SHRUNK
        header_bytes, entry_bytes = rec.HEADER.size, rec.ENTRY.size
        if dice.random() < 0.1:
            header_bytes += dice.choice((1, 8, 100))
            entry_bytes += dice.choice((0, 1, 8))
        header = [rec.MAGIC, 1, dice.choice((0, 0, 0, 1, 0xFFFF)), header_bytes,
                  entry_bytes, len(entries), header_bytes + len(entries) * entry_bytes, 0,
                  generation, rec.LAYOUT if dice.random() < 0.98 else dice.randrange(4),
                  flags, ram % 2**64,
                  dice.choice((2**36, 2**52, 2**64 - 1, 0x108000))]
        for header_too in in_header:
            if header_too:
                self.fields(header, entries)
        return self.assemble(header, entries, header_bytes, entry_bytes)

    def assemble(self, header, entries, header_bytes, entry_bytes):
        """Header, entries and what is between them, with a checksum."""
        pad = self.dice.randbytes(entry_bytes - rec.ENTRY.size)
        body = (self.dice.randbytes(header_bytes - rec.HEADER.size)
                + b"".join(rec.ENTRY.pack(*entry) + pad for entry in entries))
        data = rec.HEADER.pack(*header) + body
        total = header[6]
        if total <= rec.MAX_BYTES and self.dice.random() < 0.98:
            header[7] = rec.checksum(data[:total].ljust(total, b"\0"))
            data = rec.HEADER.pack(*header) + body
        return data[:rec.MAX_BYTES]


class Script:
    """One sequence: its steps, played as they are made."""

    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.lines = []
        self.player = sequence.Player()
        self.records = 0
        self.errors = collections.Counter()
        self.make()

    def do(self, line):
        """One step more."""
        self.lines.append(line)
        self.player.step(line)

    def make(self):
        """All of it."""
        dice = self.dice
        machine = Machine(dice)
        maker = Maker(dice, machine)
        self.do(machine.line())
        if dice.random() < 0.9:
            self.do(f"write 4 {1 << 24 | machine.offer & dice.randrange(65536):#x}")
        for _ in range(dice.randrange(10, 40)):
            kind = dice.random()
            if kind < 0.86:
                self.command(maker)
            elif kind < 0.9:
                self.do(f"write 8 {dice.choice((0x9001, 0x9001, 0x9D01, 0x9E01)):#x}")
                self.do("dump 300")
            else:
                self.odd(machine)
            self.do("read 8")
        self.do("read 4")
        self.do("read 12")

    def command(self, maker):
        """PREPARE or COMMIT of a record."""
        dice, device = self.dice, self.player.device
        generation = device.generation + 1
        if dice.random() < 0.05:
            generation += dice.choice((-1, 1, 2**31, -2))
        data = maker.bytes(generation % 2**32)
        self.do(f"bytes {data.hex()}")
        if dice.random() < 0.1:
            self.do(f"parse {dice.choice((1, 2, 2))}")
        self.do(f"write 8 {0x9002 + (dice.random() < 0.5):#x}")
        self.records += 1
        self.errors[device.error] += 1

    def odd(self, machine):
        """What no firmware does, and what happens around it."""
        dice = self.dice
        kind = dice.randrange(8)
        if kind == 0:
            self.do(f"read {dice.randrange(32)}")
        elif kind == 1:
            self.do(f"write {dice.choice((0, 1, 5, 9, 12, 16, 0x100))} {dice.getrandbits(32)}")
        elif kind == 2:
            gfn = dice.choice((0, 0x90, 0x9D, 0x9E, 0xFFFFFF))
            command = dice.choice((0, 1, 2, 3, 5, 255))
            self.do(f"write 8 {gfn << 8 | command:#x}")
        elif kind == 3:
            version = dice.choice((0, 1, 1, 1, 2)) << 24 | dice.choice((0, 0, 1)) << 16
            self.do(f"write 4 {version | dice.getrandbits(16):#x}")
        elif kind == 4:
            self.do("fault none")
        elif kind == 5:
            what = dice.choice(("own", "read", "write", "check", "apply"))
            numbers = {"check": f" 19 {dice.choice((0, 2, 65535))}",
                       "apply": f" {dice.choice((20, 22))} {dice.choice((1, 65535))}"}
            self.do(f"fault {what}{numbers.get(what, '')}")
        elif kind == 6 and "own" not in self.player.device.faults:
            self.do("restore")
        elif dice.random() < 0.1:
            self.do("write 8 4")
        else:
            self.do(f"write 4 {1 << 24 | machine.offer:#x}")


class Server:
    """The C side."""

    def __init__(self, command):
        self.process = subprocess.Popen([command, str(sequence.VECTORS)], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def send(self, scripts):
        """Everything of a batch."""
        text = "".join("\n".join(script.lines) + "\n" for script in scripts)
        self.process.stdin.write(text + "end\n")
        self.process.stdin.flush()

    def answers(self):
        """What it said of the batch."""
        lines = []
        for line in self.process.stdout:
            if line == "end\n":
                return lines
            lines.append(line.rstrip("\n"))
        raise SystemExit("compare: the server is gone")

    def close(self):
        """Let it end."""
        self.process.stdin.close()
        self.process.wait()


def disagree(script, seed, got):
    """Show a sequence that was answered differently; the first answer that differs."""
    want = script.player.answers
    at = next((i for i, pair in enumerate(zip(want, got)) if pair[0] != pair[1]), -1)
    print(f"seed {seed}: answer {at}: second implementation {want[at]}, C {got[at]}")
    print("\n".join(script.lines))


def run(server, seed, wanted):
    """How many records and which errors; None if the two differed."""
    errors = collections.Counter()
    records = number = 0
    while records < wanted:
        seeds = [f"{seed}:{number + i}" for i in range(BATCH)]
        number += BATCH
        scripts = [Script(each) for each in seeds]
        server.send(scripts)
        got = server.answers()
        for script, each in zip(scripts, seeds):
            nr = len(script.player.answers)
            if got[:nr] != script.player.answers:
                disagree(script, each, got[:nr])
                return None
            got = got[nr:]
            records += script.records
            errors += script.errors
    return records, errors


def main():
    """Run."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--seed", default=secrets.token_hex(8))
    parser.add_argument("--records", type=int, default=200000)
    parser.add_argument("server")
    arguments = parser.parse_args()
    began = time.monotonic()
    server = Server(arguments.server)
    result = run(server, arguments.seed, arguments.records)
    server.close()
    if not result:
        return 1
    records, errors = result
    floor = FLOOR * arguments.records // 200000
    earned = set(range(rec.BUFFER, rec.E_RDM + 1)) | {rec.OK, rec.STATE}
    for error in sorted(earned):
        if errors[error] < floor:
            print(f"compare: error {error} came {errors[error]} times, not {floor}")
            return 1
    print(f"seed {arguments.seed}: {records} records, {errors[rec.OK]} of them accepted,"
          f" no difference ({time.monotonic() - began:.0f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
