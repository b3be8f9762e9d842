"""A device model's saved state comes through the consoles of a stub domain as it went."""

import os
import random
import re
import select
import shutil
import subprocess
import tempfile
import time
import unittest

from tests.common import LAB

# What stands for xenstore, in a folder that is $run.
_XENSTORE = {
    "list": "echo c0000000",
    "read": 'case $1 in */size) exit 1 ;; *) echo "the ${1##*/}" ;; esac',
    "write": 'echo "$1=$2" >> $run/store',
}
# What the first program of a stub domain does before and after.
_AROUND = """
end() {{ echo "$*" > "$run/ended"; }}
export run=$1 PATH=$1:$PATH
target=7 physmap=device-model/7/physmap
{patience}{functions}
{does}
"""
_SAVE = "nothing; keys"
_RESTORE = """
exec 4<$2
stty raw -echo <&4
restore >/dev/null
exec cat <&4
"""


class Terminal:
    """A terminal to which a QEMU in dom0 writes a file, by one descriptor for both ways: an
    echo is written over what is next in the file, and that is not read any more."""

    def __init__(self, state):
        self.state, self.at = bytearray(state), 0
        self.qemu, self.guest = os.openpty()
        os.set_blocking(self.qemu, False)

    def step(self):
        left = self.at < len(self.state)
        readable, writable, _ = select.select([self.qemu], [self.qemu] if left else [], [], 0.02)
        if readable:
            echo = os.read(self.qemu, 4096)
            self.state[self.at:self.at + len(echo)] = echo
            self.at += len(echo)
        if writable:
            try:
                self.at += os.write(self.qemu, self.state[self.at:self.at + 1024])
            except BlockingIOError:
                pass

    def close(self):
        os.close(self.qemu)
        os.close(self.guest)


class State(unittest.TestCase):
    patience = ""

    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        with open(os.path.join(LAB, "stubdom/init")) as stream:
            init = stream.read()
        for name, does in _XENSTORE.items():
            with open(os.path.join(self.folder, "xenstore-" + name), "w") as stream:
                stream.write(f"#!/bin/sh\n{does}\n")
            os.chmod(stream.name, 0o755)
        # What dom0 has is busybox', and does things its own way.
        for name in ("cat", "dd"):
            os.symlink(shutil.which("busybox"), os.path.join(self.folder, name))
        self.loop = re.search(r"^set --\nwhile IFS=.*?^done.*?\n", init, re.M | re.S).group()
        functions = re.findall(r"^(?:nothing|keys|restore)\(\) \{\n.*?^\}", init, re.M | re.S)
        self.assertEqual(len(functions), 3)
        self.functions = "\n".join(functions)
        self.qemu = b"QEVM" + random.Random(18).randbytes(40000)

    def words(self, does):
        return ["sh", "-c", _AROUND.format(functions=self.functions, patience=self.patience,
                                            does=does), "init",
                self.folder]

    def restored(self, state, patience):
        """What QEMU reads when dom0 has STATE: as much as it was, or until there was nothing
        more for PATIENCE seconds."""
        terminal = Terminal(state)
        self.addCleanup(terminal.close)
        # dom0 is first: the terminal is full before anybody makes it raw.
        for _ in range(30):
            terminal.step()
        path = os.path.join(self.folder, "read")
        with open(path, "wb") as stream:
            process = subprocess.Popen([*self.words(_RESTORE), os.ttyname(terminal.guest)],
                                       stdout=stream, start_new_session=True)
        size, heard = 0, time.monotonic()
        while size < len(self.qemu) and time.monotonic() - heard < patience:
            terminal.step()
            if os.path.getsize(path) > size:
                size, heard = os.path.getsize(path), time.monotonic()
        os.killpg(process.pid, 9)
        process.wait()
        with open(path, "rb") as stream:
            return stream.read()

    def test_it_comes_as_it_went(self):
        ahead = subprocess.run(self.words(_SAVE), capture_output=True, check=True).stdout
        self.assertEqual(self.restored(ahead + self.qemu, 600), self.qemu)
        with open(os.path.join(self.folder, "store")) as stream:
            self.assertEqual(stream.read().splitlines(), [
                "device-model/7/physmap/c0000000/name=the name",
                "device-model/7/physmap/c0000000/start_addr=the start_addr"])

    def test_a_state_that_is_cut_short_has_an_end(self):
        got = subprocess.run(
            self.words('end() { echo "ends: $*"; exit 3; }; exec 4</dev/null; restore'),
            capture_output=True, text=True, timeout=600)
        self.assertEqual((got.returncode, got.stdout),
                         (3, "ends: the saved state ends before QEMU's\n"))

    def test_a_state_that_lacks_its_end_is_not_waited_for_without_end(self):
        ahead = subprocess.run(self.words(_SAVE), capture_output=True, check=True).stdout
        self.patience = "patience=1\n"
        self.assertEqual(self.restored(ahead + self.qemu[:-100], 5), self.qemu[:-100])
        with open(os.path.join(self.folder, "ended")) as stream:
            self.assertEqual(stream.read(), "the saved state was not all there\n")

    def test_qemu_is_told_where_its_state_is(self):
        with open(os.path.join(self.folder, "arguments"), "w") as stream:
            stream.write("-incoming\n$STUBDOM_RESTORE_INCOMING_ARG\n-machine\nxenfv\n")
        got = subprocess.run(self.words(f"restore() {{ :; }}\n{self.loop}echo \"$@\""),
                             capture_output=True, text=True, check=True)
        self.assertEqual(got.stdout,
                         "-incoming fd:4 -machine xenfv\n")

    def test_a_terminal_that_is_not_raw_yet_spoils_what_comes_first(self):
        self.assertNotEqual(self.restored(self.qemu, 1), self.qemu)


if __name__ == "__main__":
    unittest.main()
