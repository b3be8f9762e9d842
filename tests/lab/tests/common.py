"""What the tests of the lab have in common: lablib to import, stand-ins."""

import contextlib
import os
import sys
import tempfile
from unittest import mock

LAB = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
sys.dont_write_bytecode = True
sys.path.insert(0, LAB)

# pylint: disable=wrong-import-position
from lablib import scenario

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


def scenario_of(text=SCENARIO, name="s"):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, name + ".toml")
        with open(path, "w") as stream:
            stream.write(text)
        return scenario.load(path)


@contextlib.contextmanager
def own_cache():
    """A cache of the test's own; its path."""
    with tempfile.TemporaryDirectory() as folder, \
            mock.patch.dict(os.environ, {"XDG_CACHE_HOME": folder}):
        yield os.path.join(folder, "xen-memmap")
