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


class Lintian(unittest.TestCase):
    """What it calls an error ends the build, and is said."""

    def build(self, status):
        with tempfile.TemporaryDirectory() as work:
            for name in ("source", "bin"):
                os.makedirs(os.path.join(work, name))
            for name, text in (("dpkg-buildpackage", ":"),
                               ("lintian", f"echo E: a tag; exit {status}")):
                path = os.path.join(work, "bin", name)
                with open(path, "w") as stream:
                    stream.write(f"#!/bin/sh\n{text}\n")
                os.chmod(path, 0o755)
            done = subprocess.run(["sh", "-e", "-c", packages._LIBRARY], cwd=work,
                                  capture_output=True, text=True, check=False,
                                  env={"PATH": f"{work}/bin:/usr/bin:/bin"})
            return done.returncode == 0, done.stdout

    def test_errors(self):
        self.assertEqual(self.build(0), (True, "E: a tag\n"))
        self.assertEqual(self.build(2), (False, "E: a tag\n"))


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


# As QEMU says these, with the options that `compare` asks for.
SAID = {
    "-L": "/usr/share/qemu\n/usr/share/seabios\n",
    "-device": 'Storage devices:\nname "nvme", bus PCI, desc "x"\nname "ahci", bus PCI\n',
    "-machine": "Supported machines are:\nxenfv    Xen HVM (alias of xenfv-4.2)\n",
    "-object": "List of user creatable objects:\n  iothread\n",
    "-chardev": "Available chardev backend types: \n  pty\n  socket\n",
    "-display": "Available display backend types:\nnone\n",
}


class Compare(unittest.TestCase):
    """packaging/qemu/compare, of two QEMUs that only say what they have."""

    def compare(self, theirs=(), ours=(), version="10.0.13"):
        with tempfile.TemporaryDirectory() as folder:
            paths = []
            for name, said, number in (("theirs", theirs, "10.0.13"),
                                       ("ours", ours, version)):
                path = os.path.join(folder, name)
                with open(path, "w") as stream:
                    stream.write("#!/bin/sh\ncase $1 in\n--version) echo 'QEMU emulator "
                                 f"version {number} (x)';;\n" + "".join(
                                     f"{option}) printf %s '{text}';;\n"
                                     for option, text in {**SAID, **dict(said)}.items())
                                 + "esac\n")
                os.chmod(path, 0o755)
                paths.append(path)
            done = subprocess.run([os.path.join(TOP, "packaging/qemu/compare"), *paths],
                                  capture_output=True, text=True, check=False)
            return done.returncode, done.stdout + done.stderr

    def test_the_same_and_more(self):
        for ours in ({}, {"-device": SAID["-device"] + 'name "xen-memmap", bus ISA\n'}):
            status, said = self.compare(ours=ours)
            self.assertEqual(status, 0, said)
            self.assertIn(f"-device: 2 of {2 + len(ours)}\n", said)

    def test_one_thing_is_missing(self):
        for option, gone in (("-device", 'name "ahci", bus PCI\n'), ("-object", "  iothread\n"),
                             ("-machine", "xenfv    Xen HVM (alias of xenfv-4.2)\n"),
                             ("-chardev", "  pty\n"), ("-display", "none\n")):
            status, said = self.compare(ours={option: SAID[option].replace(gone, "")})
            self.assertEqual(status, 1, said)
            self.assertIn(f"compare: {option}: ours has not these\n", said)

    def test_other_folders_whatever_the_version(self):
        for version in ("10.0.13", "10.2.2"):
            status, said = self.compare(ours={"-L": "/build/share\n"}, version=version)
            self.assertEqual(status, 1, said)
            self.assertIn("compare: other folders of ROMs\n", said)

    def test_another_version_has_other_devices(self):
        status, said = self.compare(ours={"-device": ""}, version="10.2.2")
        self.assertEqual((status, said),
                         (0, "compare: 10.0.13 has other devices than 10.2.2\n"))

    def test_nothing_is_understood(self):
        """Both would have all of nothing."""
        status, said = self.compare(*[{"-device": "qemu: help? what help?\n"}] * 2)
        self.assertEqual(status, 1, said)
        self.assertIn("compare: -device: nothing is listed\n", said)


class InDom0(unittest.TestCase):
    def test_names(self):
        self.assertEqual(
            stacks.files({name: stacks.Program("/" + name, "key")
                          for name in ("debian.tar", "xen-memmap-qemu.deb")}),
            {"debian.tar": "/debian.tar", "xen-memmap-qemu.deb": "/xen-memmap-qemu.deb"})


if __name__ == "__main__":
    unittest.main()
