"""What images take out of an unpacked tree."""

import os
import tempfile
import unittest

import tests.common     # noqa: finds lablib  pylint: disable=unused-import

from lablib import images


class Kernel(unittest.TestCase):
    def setUp(self):
        self.tree = self.enterContext(tempfile.TemporaryDirectory())

    def file(self, name):
        path = os.path.join(self.tree, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w"):
            return path

    def test_in_either_place(self):
        for name in ("boot/vmlinuz-6.12-amd64", "usr/lib/modules/6.12-amd64/vmlinuz"):
            path = self.file(name)
            self.file("boot/config-6.12-amd64")
            self.assertEqual(images.kernel(self.tree), (path, "6.12-amd64"))
            os.unlink(path)

    def test_none_and_two(self):
        with self.assertRaisesRegex(RuntimeError, "one kernel, not"):
            images.kernel(self.tree)
        self.file("boot/vmlinuz-6.12-amd64")
        self.file("usr/lib/modules/7.2-amd64/vmlinuz")
        with self.assertRaisesRegex(RuntimeError, "one kernel, not"):
            images.kernel(self.tree)


if __name__ == "__main__":
    unittest.main()
