"""What is made of a source and a series before Debian's tools build a package of it."""

import os
import subprocess
import tempfile
import unittest
from types import SimpleNamespace

from tests.common import LAB

from lablib import packages, parts, sources, spans, stacks
from lablib.ui import LabError

TOP = os.path.dirname(os.path.dirname(LAB))


def source(name, revision="", package="qemu"):
    return sources.Source(package, name, spans.parse(name), "source-x", None,
                          revision=revision)


def older(one, other):
    return subprocess.run(["dpkg", "--compare-versions", one, "lt", other],
                          check=False).returncode == 0


class Versions(unittest.TestCase):
    def test_of_a_source(self):
        for name, revision, wanted in (
                ("10.0.13+ds", "0+deb13u1", "10.0.13+ds-0+deb13u1"),
                ("10.2.2 (qemu-10.2.2.tar.xz)", "", "10.2.2"),
                ("4.20.4 (RELEASE-4.20.4)", "", "4.20.4"),
                ("4.23-unstable (c447b7308b13)", "", "4.23~unstable+gc447b7308b13"),
                ("4.20.4 (c447b7308b13 and what was changed since)", "",
                 "4.20.4+gc447b7308b13")):
            self.assertEqual(packages.upstream(source(name, revision)), wanted)

    def test_what_is_newer_is_an_upgrade(self):
        def of(name, revision=""):
            return packages.recipe(TOP, source(name, revision), []).version
        # A fix of Debian's alone, a release, and a release after what led to it.
        self.assertTrue(older(of("10.0.13+ds", "0+deb13u1"), of("10.0.13+ds", "0+deb13u2")))
        self.assertTrue(older(of("10.0.13+ds", "0+deb13u2"), of("10.0.14+ds", "0+deb13u1")))
        self.assertTrue(older(of("4.23-unstable (c447b7308b13)"), of("4.23.0 (x)")))
        ours = packages.released(os.path.join(TOP, "debian/changelog"))[0]
        self.assertTrue(older(f"10.0.13+memmap{ours}-1", f"10.0.13+memmap{ours}.1-1"))

    def test_of_debians_files(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in ("qemu_10.0.13+ds.orig.tar.xz",
                         "qemu_10.0.13+ds-0+deb13u1.debian.tar.xz"):
                with open(os.path.join(folder, name), "w"):
                    pass
            found = sources.debian_in("qemu", folder)
        self.assertEqual((found.name, found.debian),
                         ("10.0.13+ds", "10.0.13+ds-0+deb13u1"))

    def test_a_changelog_without_an_entry(self):
        with tempfile.NamedTemporaryFile("w") as stream:
            stream.write("xen-memmap (1.0.0) unstable; urgency=medium\n\n -- x  yesterday\n")
            stream.flush()
            with self.assertRaises(LabError):
                packages.released(stream.name)


class Recipes(unittest.TestCase):
    def test_the_series_is_debian_patches(self):
        files = packages.recipe(TOP, source("10.0.13+ds", "1"), ["one\n", "two\n"]).files
        self.assertEqual(files["patches/series"], "0001.patch\n0002.patch\n")
        self.assertEqual(files["patches/0002.patch"], "two\n")
        self.assertEqual(files["source/format"], "3.0 (quilt)\n")
        self.assertTrue(files["rules"].startswith("#!"))

    def test_the_changelog_is_one(self):
        files = packages.recipe(TOP, source("4.20.4 (RELEASE-4.20.4)", package="xen"), []).files
        with tempfile.NamedTemporaryFile("w") as stream:
            stream.write(files["changelog"])
            stream.flush()
            said = subprocess.run(["dpkg-parsechangelog", "-l", stream.name],
                                  capture_output=True, text=True, check=True)
        self.assertEqual(said.stderr, "")
        self.assertIn("Source: xen-memmap-hvmloader\nVersion: 4.20.4+memmap", said.stdout)

    def test_each_package_is_of_a_folder(self):
        folders = {name for name in os.listdir(os.path.join(TOP, "packaging"))
                   if not name.endswith(".md")}
        found = {packages.recipe(TOP, source("4.20", package=package), []).folder
                 for package in sources.VARIABLES}
        self.assertEqual({os.path.basename(folder) for folder in found}, folders)

    def test_what_they_are_built_with(self):
        found = packages.needed(TOP)
        self.assertLessEqual({"debhelper", "acpica-tools", "libxen-dev", "qemu-system-xen"},
                             found)
        self.assertNotIn("debhelper-compat", found)
        self.assertFalse([name for name in found if set(name) & set("(<,[ \n")])

    def test_a_source_that_lacks_something(self):
        lacking = SimpleNamespace(lacks="run this first", package="qemu")
        with self.assertRaisesRegex(LabError, "run this first"):
            packages._build("/root", lacking, None, "log")


class InDom0(unittest.TestCase):
    def test_names(self):
        self.assertEqual(
            parts.in_dom0({name: stacks.Program("/" + name, "key")
                           for name in ("hvmloader", "qemu", "debian.tar")}),
            {"hvmloader": "/hvmloader", "qemu-system-i386": "/qemu",
             "debian.tar": "/debian.tar"})


if __name__ == "__main__":
    unittest.main()
