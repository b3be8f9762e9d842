"""What is made of a source and a series before Debian's tools build a package of it."""

import os
import subprocess
import tempfile
import unittest
from types import SimpleNamespace

from tests.common import LAB, own_cache

from lablib import packages, sources, spans, stacks
from lablib.ui import LabError

TOP = os.path.dirname(os.path.dirname(LAB))


PATCH = ("From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001\n"
         "From: a <a@b>\nSubject: [PATCH] {0}\n\n---\ndiff --git a/a b/a\n"
         "--- a/a\n+++ b/a\n@@ -{1},{2} +{1},{2} @@\n{3}--\n2.39\n\n")


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
    def test_a_source_package(self):
        """dpkg-source takes it, which it does not if a patch is a line off; and what it
        unpacks is the source with the series."""
        with own_cache(), tempfile.TemporaryDirectory() as work:
            log = os.path.join(work, "log")
            files = {"a": "".join(f"{n}\n" for n in range(1, 20)), "debian/rules": "x",
                     "debian/theirs": "x"}

            def unpack(folder, _log, _only):
                for name, text in files.items():
                    path = os.path.join(folder, name)
                    os.makedirs(os.path.dirname(path), exist_ok=True)
                    with open(path, "w") as stream:
                        stream.write(text)
            tree = sources.Source("qemu", "10.0", (10, 0), "source-t", unpack, revision="1")
            # Of less context behind than before, and two lines from where it says.
            patches = [PATCH.format("one", 8, 5, " 7\n 8\n 9\n-10\n+ten\n 11\n"),
                       PATCH.format("two", 8, 5, " 7\n 8\n 9\n-ten\n+TEN\n 11\n")]
            made = packages.recipe(TOP, tree, patches)
            packages._unpack(work, tree, made, log)
            for command in (["dpkg-source", "-b", "source"],
                            ["dpkg-source", "-x", f"{made.name}_{made.version}.dsc", "x"]):
                subprocess.run(command, cwd=work, capture_output=True, check=True)
            with open(os.path.join(work, "x/a")) as stream:
                self.assertEqual(stream.read().split(), [
                    str(n) if n != 10 else "TEN" for n in range(1, 20)])
            with open(os.path.join(work, "x/debian/patches/series")) as stream:
                self.assertEqual(stream.read(), "0001-one.patch\n0002-two.patch\n")
            self.assertTrue(os.access(os.path.join(work, "x/debian/compare"), os.X_OK))
            self.assertFalse(os.path.exists(os.path.join(work, "x/debian/theirs")))
            with open(os.path.join(work, "x/debian/rules")) as stream:
                self.assertIn("dh $@", stream.read())

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
            stacks.files({name: stacks.Program("/" + name, "key")
                          for name in ("debian.tar", "xen-memmap-qemu.deb")}),
            {"debian.tar": "/debian.tar", "xen-memmap-qemu.deb": "/xen-memmap-qemu.deb"})


if __name__ == "__main__":
    unittest.main()
