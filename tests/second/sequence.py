# SPDX-License-Identifier: MIT
"""The steps of PROTOCOL.md, section 12, done by device.Device."""

import pathlib

import device

BUFFER = device.BUFFER_GFN * device.PAGE
BYTES = 12288
VECTORS = pathlib.Path(__file__).resolve().parent.parent / "vectors"


class Differs(Exception):
    """A step gave something else."""


def vector(name):
    """The bytes of NAME.hex."""
    lines = (VECTORS / f"{name}.hex").read_text().splitlines()
    return bytes.fromhex(" ".join(line for line in lines if not line.startswith("#")))


def _pairs(text):
    """GFN+PAGES[:AUX],..."""
    for item in filter(None, text.split(",")):
        place, _, aux = item.partition(":")
        gfn, _, pages = place.partition("+")
        yield (int(gfn, 0), int(pages, 0)) + ((int(aux, 0),) if aux else ())


def machine(words):
    """The device model that `machine KEY=VALUE...` means."""
    keys = {}
    for word in words:
        key, _, value = word.partition("=")
        if key == "own":
            keys[key] = tuple(pair[:2] for pair in _pairs(value))
        elif key == "want":
            keys[key] = tuple((pair + (0,))[:3] for pair in _pairs(value))
        else:
            keys[key] = int(value, 0)
    return device.Device(**keys)


class Player:
    """Plays steps, and keeps what reads and dumps gave that did not say what they want."""

    def __init__(self):
        self.device = device.Device()
        self.held = 0
        self.answers = []

    def buffer(self, data):
        """@data, and zeroes to the end of the buffer."""
        self.device.memory[BUFFER:BUFFER + BYTES] = data.ljust(BYTES, b"\0")

    def step(self, line):
        """Do what @line says."""
        words = line.split()
        if words and not line.startswith("#"):
            getattr(self, "_" + words[0])(*words[1:])

    def _machine(self, *words):
        self.device = machine(words)

    def _put(self, name):
        self.buffer(vector(name))

    def _bytes(self, text=""):
        self.buffer(bytes.fromhex(text))

    def _fill(self, value):
        self.device.memory[BUFFER:BUFFER + BYTES] = bytes([int(value, 0)]) * BYTES

    def _write(self, offset, value):
        self.device.write(int(offset, 0), int(value, 0))

    def _read(self, offset, value=None):
        got = self.device.read(int(offset, 0))
        if value is None:
            self.answers.append(f"{got:08x}")
        elif int(value, 0) != got:
            raise Differs(f"offset {offset} reads {got:#010x}, not {value}")

    def _holds(self, name):
        want = vector(name)
        self.held = len(want)
        if self.device.memory[BUFFER:BUFFER + self.held] != want:
            raise Differs(f"the buffer does not hold {name}")

    def _rest(self, value):
        if set(self.device.memory[BUFFER + self.held:BUFFER + BYTES]) != {int(value, 0)}:
            raise Differs("written behind the record")

    def _dump(self, size):
        self.answers.append(self.device.memory[BUFFER:BUFFER + int(size)].hex())

    def _parse(self, kind):
        error, index, _ = device.rec.read(self.device.memory[BUFFER:BUFFER + BYTES],
                                          int(kind))
        self.answers.append(f"{error} {index}")

    def _fault(self, what, *numbers):
        if what == "none":
            self.device.faults.clear()
        else:
            self.device.faults[what] = tuple(int(number, 0) for number in numbers)

    def _restore(self):
        self.device = self.device.restore()
