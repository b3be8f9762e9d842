"""An initramfs is what was asked for, and the kernel's format."""

import os
import subprocess
import tempfile
import unittest

from tests.common import LAB

from lablib.archive import Archive
from lablib.ui import LabError


@unittest.skipIf(subprocess.run(["which", "bsdtar"], check=False,
                                capture_output=True).returncode, "no bsdtar")
class Archives(unittest.TestCase):
    def setUp(self):
        self.top = self.enterContext(tempfile.TemporaryDirectory())
        self.path = os.path.join(self.top, "a.cpio")
        self.log = os.path.join(self.top, "log")

    def write(self):
        with Archive(self.path, self.log) as archive:
            archive.file("a/b/c", b"hello", 0o755)
            archive.file("a/b/c", b"once is enough")
            archive.link("l", "/a/b/c")
            archive.node("dev/null", 1, 3)
            archive.copy("self", os.path.join(LAB, "lab"))
        with open(self.path, "rb") as stream:
            return stream.read()

    def test_it_reads_back(self):
        self.assertEqual(self.write()[:6], b"070701")
        out = subprocess.run(
            ["bsdtar", "-tvf", self.path], capture_output=True, text=True,
            env={**os.environ, "TZ": "UTC"}, check=True).stdout.splitlines()
        found = {line.split(" 1970 ", 1)[1]: line for line in out}
        self.assertEqual(list(found), ["./a", "./a/b", "./a/b/c", "./l -> /a/b/c",
                                       "./dev", "./dev/null", "./self"])
        for name, head in (("./a", "drwxr-xr-x  0 0      0           0 "),
                           ("./a/b/c", "-rwxr-xr-x  1 0      0           5 "),
                           ("./dev/null", "crw-------  0 0      0         1,3 "),
                           ("./self", "-rwxr-xr-x  1 0      0 ")):
            self.assertTrue(found[name].startswith(head), found[name])
        subprocess.run(["bsdtar", "-xf", self.path, "-C", self.top, "./a"],
                       check=True)
        with open(os.path.join(self.top, "a/b/c")) as stream:
            self.assertEqual(stream.read(), "hello")

    def test_none_is_left_of_what_failed(self):
        with self.assertRaises(ZeroDivisionError):
            with Archive(self.path, self.log) as archive:
                archive.folder("a")
                archive.folder("a" * (1 // 0))
        self.assertEqual(os.listdir(self.top), [])

    def test_what_cannot_be_written_down_is_refused(self):
        for name in ("a b", "a#", "a\\b"):
            with self.assertRaises(LabError):
                with Archive(self.path, self.log) as archive:
                    archive.folder(name)
        with self.assertRaises(LabError):
            with Archive(self.path, self.log) as archive:
                archive._new("c", "type=file contents=/nonexistent")


if __name__ == "__main__":
    unittest.main()
