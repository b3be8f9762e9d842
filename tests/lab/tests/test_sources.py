"""Where a source package comes from, with a stand-in for apt-get; and its series."""

import os
import subprocess
import tempfile
import unittest

import tests.common     # noqa: finds lablib  pylint: disable=unused-import
from lablib import stacks, trees
from lablib.ui import LabError


class Sources(unittest.TestCase):
    """Where a source package comes from, with a stand-in for apt-get."""

    def _fetch(self, broken):
        """Names in the folder after a fetch; apt has no file of BROKEN."""
        with tempfile.TemporaryDirectory() as folder:
            fake = os.path.join(folder, "apt-get")
            with open(fake, "w") as stream:
                stream.write(
                    "#!/bin/sh\nfor last; do :; done\n"
                    "case $* in *--tar*) kind=orig;; *) kind=debian;; esac\n"
                    f"case $kind.$last in {broken}) exit 100;; esac\n"
                    "case $last in */new) v=4.20.4+6;; *) v=4.17.5-1;; esac\n"
                    "touch xen_$v.$kind.tar.xz\n")
            os.chmod(fake, 0o755)
            source = os.path.join(folder, "src")
            os.mkdir(source)
            script = trees._fetch("xen", ("new", "old"))  # pylint: disable=protected-access
            done = subprocess.run(
                ["sh", "-c", script], cwd=source, check=False,
                env={**os.environ, "PATH": folder + ":" + os.environ["PATH"]})
            if done.returncode:
                return None
            return sorted(os.listdir(source)), trees.version(folder, "xen")

    def test_the_best_release_is_taken(self):
        self.assertEqual(self._fetch("none"), (
            ["xen_4.20.4+6.debian.tar.xz", "xen_4.20.4+6.orig.tar.xz"], "4.20"))

    def test_the_next_one_if_any_part_is_missing(self):
        old = ["xen_4.17.5-1.debian.tar.xz", "xen_4.17.5-1.orig.tar.xz"]
        for broken in ("orig.xen/new", "debian.xen/new", "*.xen/new"):
            self.assertEqual(self._fetch(broken), (old, "4.17"), broken)

    def test_none_at_all_is_an_error(self):
        self.assertIsNone(self._fetch("orig.*"))

    def test_series_of_these_versions(self):
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(os.path.join(folder, "src"))
            for name in ("src/xen_4.17.5+72-g0.orig.tar.xz",
                         "src/qemu_10.0.13+ds.orig.tar.xz"):
                with open(os.path.join(folder, name), "w"):
                    pass
            for name in ("xen-4.17", "xen-4.20", "timed-xen-4.20", "qemu-10.0"):
                place = os.path.join(folder, "build/series", name)
                os.makedirs(place)
                with open(os.path.join(place, "0001-a.patch"), "w") as stream:
                    stream.write(name)
            series = stacks.Series(folder, stacks.read_series(folder))
        self.assertEqual(series.of(("xen", "qemu")), ["xen-4.17", "qemu-10.0"])
        with self.assertRaisesRegex(LabError, "'timed-xen', versions xen 4.17"):
            series.of(("timed-xen",))


if __name__ == "__main__":
    unittest.main()
