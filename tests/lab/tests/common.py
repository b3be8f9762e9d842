"""What the tests of the lab have in common: lablib to import, stand-ins."""

import contextlib
import io
import os
import sys
import tempfile
from types import SimpleNamespace
from unittest import mock

LAB = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
sys.dont_write_bytecode = True
sys.path.insert(0, LAB)

# pylint: disable=wrong-import-position
from lablib import results, scenario
from lablib.outcome import Outcome
from lablib.results import Check, Result, Source

SCENARIO = """
[host]
suite = "trixie"
[guest]
memory = 2048
[stack.stock]
qemu = ["-device", "stocks-own"]
[stack.ours]
qemu = ["-device", "ours-own"]
[checks]
e820 = { total = "2048M" }
nvme = {}
[logs.said]
in = "hvmloader"
match = "moved"
[expect.stock]
must_pass = ["create", "boot"]
[expect.ours]
must_pass = ["create", "boot"]
"""

# With one of each kind of expectation.
JUDGED = """
title = "t"
[guest]
memory = 2048
[stack.stock]
allow-memory-relocate = 1
[checks]
e820 = { total = "2048M", less = "16M" }
nvme = {}
views = {}
[expect.stock]
must_pass = ["create", "boot"]
must_fail = { nvme = "dead" }
[expect.ours]
same_layout_as = "stock"
"""


def scenario_of(text=SCENARIO, name="s"):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, name + ".toml")
        with open(path, "w") as stream:
            stream.write(text)
        return scenario.load(path)


def found(result, text="", source=Source.GUEST):
    """A Check, its result by its word."""
    return Check(Result(result), text, source)


GOOD = found("success")
DEAD = found("failure", "no disk: dead")
HUNG = found("failure", "kernel: nothing was heard", Source.HUNG)


def outcome_of(stack, item, folder="/nonexistent/host1/share/guests/s", **checks):
    """What came of the scenario ITEM."""
    return Outcome(item, stack, folder, checks=checks)


def all_good(*names, **others):
    return {**dict.fromkeys(names, GOOD), **others}


def not_reached(*names):
    return dict.fromkeys(names, results.NOT_REACHED)


@contextlib.contextmanager
def said():
    """What is printed on standard output, as a list of lines in the end."""
    lines = []
    with contextlib.redirect_stdout(io.StringIO()) as out:
        yield lines
    lines += out.getvalue().splitlines()


@contextlib.contextmanager
def own_cache():
    """A cache of the test's own; its path."""
    with tempfile.TemporaryDirectory() as folder, \
            mock.patch.dict(os.environ, {"XDG_CACHE_HOME": folder}):
        yield os.path.join(folder, "xen-memmap")


class FakeHost:
    """A Host without an emulator: what it prints and what its dom0 does is the test's
    to say."""

    def __init__(self, folder):
        self.share = os.path.join(folder, "share")
        self.xen_log = os.path.join(folder, "xen.log")
        self.who, self.cpus, self.limit = "host 1", 1, 400
        self.scripts = []           # what dom0 was told to do
        self.quiet = []             # and how long a guest might say nothing
        self.limits = []            # and how long it might take
        self.answer = lambda script: (0, "domid 7\n")
        self.alive = lambda stage: None
        self.silence = lambda stage, heard: None
        self.where = lambda: "<registers>"
        self.physical = None
        self.seconds = lambda: 0.0
        self._lines = []
        self.console = SimpleNamespace(offset=0, lines=self._new_lines)
        os.makedirs(self.share, exist_ok=True)

    def prints(self, *lines):
        """On its console, of which the guest has seen what came before it."""
        self._lines += lines
        with open(self.xen_log, "a") as stream:
            stream.writelines(line + "\r\n" for line in lines)

    def _new_lines(self):
        lines, self._lines = self._lines, []
        self.console.offset = os.path.getsize(self.xen_log) \
            if os.path.exists(self.xen_log) else 0
        return lines

    def put(self, source, name):
        pass

    def write(self, name, text):
        path = os.path.join(self.share, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as stream:
            stream.write(text)

    def job(self, script, stage, limit=None, log=None):
        del stage, log
        self.scripts.append(script)
        self.limits.append(limit)
        return self.answer(script)

    def check_alive(self, stage):
        self.alive(stage)

    def check_silence(self, stage, heard, limit=0):
        self.quiet.append(limit)
        self.silence(stage, heard)
