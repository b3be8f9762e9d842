"""The matrix of versions says "yes" only where a series applied and a build went well.

What could go wrong: something is taken for good that was not tried, or an old result for
a new one; one version that fails is not seen among forty that do not.
"""

import os
import subprocess
import tempfile
import unittest
from types import SimpleNamespace
from unittest import mock

from tests.common import own_cache, said
from tests.test_sources import MAKEFILE, PCI

from lablib import debian, process, sources, spans, stacks, trees, versions
from lablib.ui import LabError
from lablib.versions import Row

PATCH = ("From: nobody yet <nobody@example>\nSubject: [PATCH 1/1] a\n\nm\n---\n"
         f"diff --git a/{PCI} b/{PCI}\n--- a/{PCI}\n+++ b/{PCI}\n"
         "@@ -1,2 +1,3 @@\n one\n int pci;\n+int more;\n")
BESIDE = PATCH.replace("int more", "int beside").replace(" int pci;\n", " int pci;\n int more;\n"
                                                         ).replace("1,2 +1,3", "1,3 +1,4")


class Case(unittest.TestCase):
    """A git of Xen with 4.17.0, 4.20.4 and a newer commit; a compiler that is none."""

    def setUp(self):
        self.top = self.enterContext(tempfile.TemporaryDirectory())
        self.cache = self.enterContext(own_cache())
        self.tree = os.path.join(self.top, "git")
        self.root = os.path.join(self.top, "root-1/root")
        os.makedirs(self.root)
        self.said = "hvmloader.c:1: note: compiled\n"
        self.builds = []
        self.scripts = []
        self.needed = ""            # what pci.c must say to be compiled
        for version in (("17", ".0"), ("20", ".4"), ("21", "-unstable")):
            self.commit(*version)
        os.makedirs(os.path.join(self.top, "build/lab"))
        self.patches = {"xen-4.17.4..": PATCH}
        for module in (versions, sources, debian):
            self.enterContext(mock.patch.object(module, "progress", create=True))
        self.enterContext(mock.patch.object(trees, "build_root", lambda *_: self.root))
        self.enterContext(mock.patch.object(trees, "inside", self.inside))
        # Parts of Xen that this one does not have.
        self.enterContext(mock.patch.object(versions, "_XEN_PARTS", ["tools", "xen"]))
        self.archive = self.enterContext(mock.patch.object(
            debian, "Archive", side_effect=LabError("no network")))
        self.addCleanup(process.stopping.clear)

    def commit(self, subversion, extra, pci="one\nint pci;\n"):
        for name, text in (("xen/Makefile", MAKEFILE.format(subversion, extra)),
                           (PCI, pci)):
            path = os.path.join(self.tree, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as stream:
                stream.write(text)
        for words in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "m"),
                      ("tag", f"RELEASE-4.{subversion}{extra}")):
            subprocess.run(["git", "-c", "user.name=n", "-c", "user.email=n@example",
                            "-C", self.tree, *words], check=True, capture_output=True)

    def inside(self, root, script, log, what):
        self.builds.append(what)
        self.scripts.append(script)
        with open(os.path.join(root, "build/xen", PCI)) as stream:
            if self.needed not in stream.read():
                self.said = "pci.c:1: error: not all is there\n"
        with open(log, "w") as stream:
            stream.write(self.said)
        if "rror" in self.said:
            raise LabError("building hvmloader failed")

    def run_it(self, of_lab=False):
        """(whether all is well, {version: row}, lines printed)"""
        for name, texts in self.patches.items():
            folder = os.path.join(self.top, "build/series", name)
            os.makedirs(folder, exist_ok=True)
            for number, text in enumerate([texts] if isinstance(texts, str) else texts, 1):
                with open(os.path.join(folder, f"{number:04}-a.patch"), "w") as stream:
                    stream.write(text)
        lab = SimpleNamespace(top=self.top, suite=None, build_log=os.path.join(
            self.top, "build/lab/build.log"))
        with mock.patch.dict(os.environ, {"XEN_SOURCE": self.tree, "QEMU_SOURCE": ""}), \
                said() as lines:
            matrix = versions.Matrix(lab, True)
            good = matrix.run(of_lab)
        return good, {row.name.split()[0]: row for row in matrix.rows}, lines


class Tries(Case):
    def test_what_applies_and_builds(self):
        good, rows, lines = self.run_it()
        self.assertTrue(good)
        self.assertEqual(list(rows), ["4.17.0", "4.20.4", "4.21-unstable"])
        self.assertEqual(rows["4.17.0"].applies, "no series")
        for name in ("4.20.4", "4.21-unstable"):
            self.assertEqual((rows[name].applies, rows[name].builds), ("yes", "yes"))
        self.assertEqual(len(self.builds), 2)
        self.assertEqual(lines[-1], "3 passed, 0 failed")
        self.assertIn("| 4.20.4 | given | yes | yes | yes |", lines)

    def test_what_is_known_is_not_built_again(self):
        self.run_it()
        self.run_it()
        self.assertEqual(len(self.builds), 2)
        self.patches["xen-4.17.4.."] = PATCH.replace("more", "other")
        self.run_it()
        self.assertEqual(len(self.builds), 4)

    def test_what_does_not_apply(self):
        self.commit("22", ".0", "one\nint new;\n")
        good, rows, lines = self.run_it()
        self.assertFalse(good)
        self.assertEqual(rows["4.22.0"].applies, f"no: {PCI}:1")
        self.assertEqual(rows["4.20.4"].applies, "yes")
        self.assertIn(f"NOT GOOD: xen 4.22.0 (RELEASE-4.22.0) of given: applies: no: "
                      f"{PCI}:1; builds: -; beside it: yes", lines)
        # The newest commit is the same one.
        self.assertEqual(lines[-1], "2 passed, 2 failed")

    def test_what_does_not_build(self):
        self.said = "cc\npci.c:3:1: error: expected ;\nmake: *** [x] Error 1\n"
        good, rows, _ = self.run_it()
        self.assertFalse(good)
        self.assertEqual(rows["4.20.4"].builds,
                         "no: pci.c:3:1: error: expected ; (patch 1 of 1)")
        # It is tried again, and its log is at hand.
        self.assertEqual([name for name in os.listdir(self.cache)
                          if name.startswith("matrix") and not name.endswith(".lock")], [])
        kept = [name for name in os.listdir(os.path.join(self.top, "build/lab"))
                if name.startswith("matrix-xen-")]
        self.assertEqual(len(kept), 2)
        self.said = ""
        self.assertTrue(self.run_it()[0])

    def test_a_warning_is_not_good(self):
        self.said = "memmap/hvm.c:7:3: warning: unused variable\n"
        good, rows, _ = self.run_it()
        self.assertFalse(good)
        self.assertRegex(rows["4.20.4"].builds, "^1 warnings, first: memmap/hvm.c:7")
        self.said = "ld: warning: hvmloader has a LOAD segment with RWX permissions\n"
        self.assertTrue(self.run_it()[0])

    def test_each_patch_builds(self):
        """Not only all of them together."""
        self.patches["xen-4.17.4.."] = (PATCH, BESIDE)
        good, rows, _ = self.run_it()
        self.assertTrue(good)
        self.assertEqual(len(self.builds), 2 * 2)
        self.needed = "int beside"
        self.patches["xen-4.17.4.."] = (PATCH, BESIDE.replace("\n\nm\n", "\n\nn\n"))
        good, rows, _ = self.run_it()
        self.assertFalse(good)
        self.assertEqual(rows["4.20.4"].builds,
                         "no: pci.c:1: error: not all is there (patch 1 of 2)")

    def test_the_tests_in_xens_tree_run(self):
        makefile = "tools/tests/hvmloader/Makefile"
        self.patches["xen-4.17.4.."] = (PATCH, (
            "From: nobody yet <nobody@example>\nSubject: [PATCH 2/2] b\n\nm\n---\n"
            f"diff --git a/{makefile} b/{makefile}\nnew file mode 100644\n--- /dev/null\n"
            f"+++ b/{makefile}\n@@ -0,0 +1 @@\n+run:\n"))
        self.assertTrue(self.run_it()[0])
        self.assertEqual([script for script in self.scripts if script.endswith(" run")],
                         ["make -C /build/xen/tools/tests/hvmloader run"] * 2)

    def test_only_that_of_the_lab(self):
        with mock.patch.object(sources, "find", lambda package, _: sources.releases(
                package)[1]):
            good, rows, _ = self.run_it(of_lab=True)
            self.assertEqual((good, list(rows)), (True, ["4.20.4"]))
            # Without a series nothing was shown.
            self.patches = {"xen-4.21..": PATCH}
            os.unlink(os.path.join(self.top, "build/series/xen-4.17.4../0001-a.patch"))
            os.rmdir(os.path.join(self.top, "build/series/xen-4.17.4.."))
            self.assertFalse(self.run_it(of_lab=True)[0])

    def test_what_goes_beside_it(self):
        self.patches["hypervisor-xen-4.17.."] = PATCH
        self.patches["timed-xen-4.19..4.20"] = BESIDE
        good, rows, _ = self.run_it()
        self.assertFalse(good)
        self.assertEqual(rows["4.20.4"].beside, "no: hypervisor-xen")
        self.patches["hypervisor-xen-4.17.."] = BESIDE
        self.assertTrue(self.run_it()[0])
        # The second on top of the first.
        self.patches["libxl-xen-4.17.."] = (BESIDE, PATCH.replace(
            "1,2 +1,3", "3,2 +3,3").replace(" one\n int pci;\n+int more", " int more;\n int beside;\n"
                                            "+int above"))
        self.assertTrue(self.run_it()[0])
        self.patches["libxl-xen-4.17.."] = (BESIDE, PATCH)
        self.assertEqual(self.run_it()[1]["4.20.4"].beside, "no: libxl-xen")

    def test_debians(self):
        """Listed and not there is no failure of the series."""
        self.archive.side_effect = None
        self.archive.return_value = SimpleNamespace(
            listed=lambda package: {"1:10.2.2+ds-1": ["sid"]} if package == "qemu" else
            {"4.20.4+6-1": ["trixie", "forky"]},
            fetch=mock.Mock(side_effect=LabError("404")))
        good, rows, lines = self.run_it()
        self.assertTrue(good)
        self.assertEqual(rows["4.20.4+6-1"].applies, "could not be had")
        self.assertIn("| 10.2.2+ds-1 | Debian sid | could not be had | - |", lines)

    def test_what_can_be_fetched_is_tried(self):
        def unpack(folder, *_):
            path = os.path.join(folder, PCI)
            os.makedirs(os.path.dirname(path))
            with open(path, "w") as stream:
                stream.write("one\nint pci;\n")

        source = sources.Source("qemu", "10.2.2+ds", (10, 2, 2), "source-qemu-x", unpack)
        self.archive.side_effect = None
        self.archive.return_value = SimpleNamespace(
            listed=lambda package: {"1:10.2.2+ds-1": ["sid"]} if package == "qemu" else {},
            fetch=lambda *_: self.top)
        # One on top of the other.
        self.patches.update({"fixes-qemu-10.2": PATCH, "qemu-10.2": BESIDE})
        built = stacks.Program(os.path.join(self.top, "qemu-system-i386"), "key")
        with mock.patch.object(sources, "debian_in", return_value=source), \
                mock.patch.object(stacks, "qemu", return_value=built) as qemu:
            good, rows, _ = self.run_it()
            self.assertEqual((good, rows["10.2.2+ds"].builds), (True, "yes"))
            with open(os.path.join(self.top, "build.log"), "w") as stream:
                stream.write("../block/nvme.c:7:3: warning: theirs\n"
                             "../hw/i386/xen/xen-memmap.c:9:1: warning: ours\n")
            good, rows, _ = self.run_it()
            self.assertFalse(good)
            self.assertRegex(rows["10.2.2+ds"].builds, r"^1 warnings.*xen-memmap\.c")
            qemu.side_effect = LabError("building failed\n    ERROR: no ninja")
            self.assertEqual(self.run_it()[1]["10.2.2+ds"].builds, "no: ERROR: no ninja")


class Table(unittest.TestCase):
    def row(self, name, *found, origin="given"):
        return Row("xen", spans.parse(name), name if set(name) & set("(+") else f"{name} (v{name})",
                   origin, True, *found)

    def test_neighbours_with_one_outcome_are_one_row(self):
        good = ("yes", "yes", "yes")
        lines = list(versions.table("xen", [
            self.row("4.18.0", "no series"), self.row("4.18.1", *good),
            self.row("4.18.2", *good), self.row("4.18.3", *good), self.row("4.19.0", *good),
            self.row("4.19.1", *good), self.row("4.19.2", "no: pci.c:3"),
            self.row("4.19.1+2", *good, origin="Debian sid"),
            self.row("4.20 (0123456789ab)", *good), self.row("4.20.0", *good)]))
        self.assertEqual(lines[2:-1], [
            "| 4.18.0 | given | no series | - | - |",
            "| 4.18.1 to 4.18.3 (3) | given | yes | yes | yes |",
            "| 4.19.0, 4.19.1 | given | yes | yes | yes |",
            "| 4.19.1+2 | Debian sid | yes | yes | yes |",
            "| 4.19.2 | given | no: pci.c:3 | - | - |",
            "| 4.20 (0123456789ab) | given | yes | yes | yes |",
            "| 4.20.0 | given | yes | yes | yes |"])


class Lists(unittest.TestCase):
    """What Debian lists, with a stand-in for apt."""

    def setUp(self):
        self.top = self.enterContext(tempfile.TemporaryDirectory())
        self.enterContext(own_cache())
        self.enterContext(mock.patch.object(trees, "mirror", lambda: "http://localhost/x"))
        for name, text in (("apt-get", 'case "$*" in *update*) exit 0;; *=2-1*) exit 100;;\n'
                            '*--tar*) : >p_1.orig.tar.xz;; *) : >p_1.debian.tar.xz;; esac'),
                           ("apt-cache", "printf '%s\\n' "
                            "'  p | 1-1 | http://localhost/x sid/main Sources' "
                            "'  p | 1-1 | http://localhost/x forky/main Sources' "
                            "'  p | 2-1 | http://localhost/x sid/main Sources' "
                            "'  p | 3-1 | http://localhost/x sid/main amd64 Packages'")):
            path = os.path.join(self.top, name)
            with open(path, "w") as stream:
                stream.write("#!/bin/sh\n" + text + "\n")
            os.chmod(path, 0o755)
        self.enterContext(mock.patch.dict(os.environ, {
            "PATH": self.top + ":" + os.environ["PATH"]}))
        self.archive = debian.Archive(os.path.join(self.top, "log"))
        self.addCleanup(process.stopping.clear)

    def test_versions(self):
        self.assertEqual(self.archive.listed("p"), {"1-1": ["sid", "forky"],
                                                    "2-1": ["sid"]})

    def test_a_fetch(self):
        folder = self.archive.fetch("p", "1-1")
        self.assertEqual(sorted(os.listdir(folder)),
                         ["p_1.debian.tar.xz", "p_1.orig.tar.xz"])

    def test_one_that_is_not_there(self):
        with self.assertRaisesRegex(LabError, "fetching p 2-1 failed"):
            self.archive.fetch("p", "2-1")


if __name__ == "__main__":
    unittest.main()
