"""Where a source comes from: Debian, with a stand-in for apt-get, or somebody gives it;
and which series goes with it.

What could go wrong: another source is built than was named, or an old copy of it; a
series is taken that is for another version; somebody who named something that does not
do is not told what would.
"""

import os
import shutil
import subprocess
import tempfile
import unittest
from types import SimpleNamespace
from unittest import mock

from tests.common import own_cache

from lablib import exact, process, sources, spans, stacks, suites, trees
from lablib.sources import Source
from lablib.ui import LabError

MAKEFILE = ("export XEN_VERSION       = 4\nexport XEN_SUBVERSION    = {}\n"
            "export XEN_EXTRAVERSION ?= {}$(XEN_VENDORVERSION)\n"
            "export XEN_FULLVERSION   = $(XEN_VERSION).$(XEN_SUBVERSION)\n")
PCI = "tools/firmware/hvmloader/pci.c"


class Debian(unittest.TestCase):
    """Where a source package comes from, with a stand-in for apt-get."""

    def _fetch(self, broken, given=None):
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
            script = trees._fetch("xen", ("new", "old"), given)  # pylint: disable=protected-access
            done = subprocess.run(
                ["sh", "-c", script], cwd=source, check=False,
                env={**os.environ, "PATH": folder + ":" + os.environ["PATH"]})
            if done.returncode:
                return None
            found = sources.debian_in("xen", source)
            return sorted(os.listdir(source)), found and found.version

    def test_the_best_release_is_taken(self):
        self.assertEqual(self._fetch("none"), (
            ["xen_4.20.4+6.debian.tar.xz", "xen_4.20.4+6.orig.tar.xz"], (4, 20, 4)))

    def test_the_next_one_if_any_part_is_missing(self):
        old = ["xen_4.17.5-1.debian.tar.xz", "xen_4.17.5-1.orig.tar.xz"]
        for broken in ("orig.xen/new", "debian.xen/new", "*.xen/new"):
            self.assertEqual(self._fetch(broken), (old, (4, 17, 5)), broken)

    def test_none_at_all_is_an_error(self):
        self.assertIsNone(self._fetch("orig.*"))

    def test_but_not_where_another_is_given(self):
        self.assertEqual(self._fetch("orig.*", given="/a/tree"), ([], None))

    def test_a_root_without_says_what_to_do(self):
        with tempfile.TemporaryDirectory() as root:
            with self.assertRaisesRegex(LabError, "remove that folder.*XEN_SOURCE="):
                sources.debian("xen", root)
            with self.assertRaisesRegex(LabError, "remove that folder.*asked again$"):
                sources.debian("edk2", root)


class Given(unittest.TestCase):
    """XEN_SOURCE and QEMU_SOURCE."""

    def setUp(self):
        self.top = self.enterContext(tempfile.TemporaryDirectory())
        self.log = os.path.join(self.top, "log")
        self.tree = os.path.join(self.top, "xen")
        self.cache = self.enterContext(own_cache())
        self.enterContext(mock.patch.object(sources, "progress"))
        self.addCleanup(process.stopping.clear)
        self.fill("20", ".4")

    def fill(self, subversion, extra, pci="int pci;\n"):
        for name, text in (("xen/Makefile", MAKEFILE.format(subversion, extra)),
                           (PCI, pci)):
            path = os.path.join(self.tree, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as stream:
                stream.write(text)

    def git(self, *words):
        return subprocess.run(
            ["git", "-c", "user.name=n", "-c", "user.email=n@example", "-C", self.tree,
             *words], check=True, capture_output=True, text=True).stdout

    def repository(self):
        """With 4.20.4 tagged, and 4.21 after it."""
        self.git("init", "-q")
        self.git("add", "-A")
        self.git("commit", "-qm", "old")
        self.git("tag", "RELEASE-4.20.4")
        self.fill("21", "-unstable")
        self.git("commit", "-qam", "new")

    def given(self, word, package="xen"):
        with mock.patch.dict(os.environ, {suites.VARIABLES[package]: word}):
            return sources.given(package)

    def read(self, source, name=PCI):
        with open(os.path.join(source.tree(self.log), name)) as stream:
            return stream.read()

    def refused(self, word, text, package="xen"):
        with self.assertRaisesRegex(LabError, text):
            self.given(word, package)

    def test_nothing_is_given(self):
        with mock.patch.dict(os.environ):
            os.environ.pop("XEN_SOURCE", None)
            self.assertIsNone(sources.given("xen"))
            self.assertIsNone(self.given(""))

    def test_it_comes_before_debians(self):
        os.mkdir(os.path.join(self.top, "src"))
        for name in ("xen_4.17.5.orig.tar.xz", "xen_4.17.5-1.debian.tar.xz"):
            with open(os.path.join(self.top, "src", name), "w"):
                pass
        for word, version in ((self.tree, (4, 20, 4)), ("", (4, 17, 5))):
            with mock.patch.dict(os.environ, {"XEN_SOURCE": word}):
                self.assertEqual(sources.find("xen", self.top).version, version)

    def test_an_unpacked_tree(self):
        source = self.given(self.tree)
        self.assertEqual((source.version, self.read(source)), ((4, 20, 4), "int pci;\n"))
        self.assertIn("4.20.4", source.name)

    def test_what_changed_is_another_source(self):
        first = self.given(self.tree)
        self.assertEqual(self.given(self.tree).key, first.key)
        self.fill("20", ".4", "int other;\n")
        second = self.given(self.tree)
        self.assertNotEqual(second.key, first.key)
        self.assertEqual(self.read(second), "int other;\n")
        os.rename(os.path.join(self.tree, PCI), os.path.join(self.tree, PCI + ".c"))
        self.refused(self.tree, "no source of Xen")

    def test_a_tag_of_a_git_tree(self):
        self.repository()
        source = self.given(self.tree + "@RELEASE-4.20.4")
        self.assertEqual(source.version, (4, 20, 4))
        self.assertEqual(source.name, "4.20.4 (RELEASE-4.20.4)")
        self.assertIn("SUBVERSION    = 20", self.read(source, "xen/Makefile"))
        self.assertEqual(self.given(self.tree).version, (4, 21))

    def test_a_bare_one(self):
        self.repository()
        bare = os.path.join(self.top, "bare@home.git")
        self.git("clone", "-q", "--bare", self.tree, bare)
        self.assertEqual(self.given(bare).version, (4, 21))
        self.assertEqual(self.given(bare + "@RELEASE-4.20.4").version, (4, 20, 4))

    def test_the_files_as_they_are(self):
        """What is not committed is what somebody wants to try; the repository, its index
        included, is left as it was."""
        self.repository()
        committed = self.given(self.tree)
        self.fill("21", "-unstable", "int mine;\n")
        with open(os.path.join(self.tree, "untracked"), "w"):
            pass
        before = self.git("status", "--porcelain"), self.git("count-objects")
        source = self.given(self.tree)
        self.assertNotEqual(source.key, committed.key)
        self.assertIn("changed since", source.name)
        self.assertNotIn("changed since", committed.name)
        self.assertEqual(self.read(source), "int mine;\n")
        self.assertFalse(os.path.exists(os.path.join(source.tree(self.log), "untracked")))
        self.assertEqual((self.git("status", "--porcelain"), self.git("count-objects")),
                         before)

    def test_it_changes_while_it_is_read(self):
        self.repository()
        self.fill("21", "-unstable", "int mine;\n")
        source = self.given(self.tree)
        self.fill("21", "-unstable", "int later;\n")
        with self.assertRaisesRegex(LabError, "changed while it was read"):
            source.tree(self.log)

    def test_tarballs(self):
        """With a folder at the top, as most are, with none, or with `./`."""
        for words in (("xen",), ("-C", "xen", "xen", "tools"), ("./xen",)):
            path = os.path.join(self.top, "a.tar.gz")
            subprocess.run(["tar", "-czf", path, *words], cwd=self.top, check=True)
            source = self.given(path)
            self.assertEqual((source.version, self.read(source)),
                             ((4, 20, 4), "int pci;\n"), words)
            shutil.rmtree(source.key)
        self.refused(path + "@tag", "is no git tree, so @tag")

    def test_what_is_none_is_refused(self):
        self.refused("/nonexistent", "there is no /nonexistent; it takes a git tree")
        self.refused(self.tree + "@RELEASE-4.20.4", "is no git tree")
        empty = os.path.join(self.top, "empty")
        os.mkdir(empty)
        self.refused(empty, "no source of Xen: there is no tools/firmware/hvmloader")
        self.refused(self.log[:-3] + "xen/xen/Makefile", "is no tarball of Xen's source")
        self.repository()
        self.refused(self.tree + "@v1", r"knows no v1: `git -C \S+ tag` lists")
        self.refused(self.tree, "no source of QEMU", "qemu")

    def test_a_git_of_qemu_without_its_parts(self):
        for name, text in (("VERSION", "10.2.2\n"), ("hw/i386/xen/xen-hvm.c", "int q;")):
            path = os.path.join(self.tree, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as stream:
                stream.write(text)
        self.repository()
        # A series can be made for it all the same.
        source = self.given(self.tree, "qemu")
        self.assertEqual(source.version, (10, 2, 2))
        with self.assertRaisesRegex(LabError, "scripts/archive-source.sh /tmp/qemu.tar"):
            stacks.qemu(self.top, source, [], self.log)
        os.makedirs(os.path.join(self.tree, "subprojects/keycodemapdb"))
        with open(os.path.join(self.tree, "subprojects/keycodemapdb/meson.build"),
                  "w") as stream:
            stream.write("project()\n")
        self.git("add", "-A")
        self.assertEqual(self.given(self.tree, "qemu").lacks, "")

    def test_releases_of_a_repository(self):
        self.repository()
        for tag in ("RELEASE-4.17.0", "RELEASE-4.2.1", "4.21.0-rc1"):
            self.git("tag", tag)
        with mock.patch.dict(os.environ, {"XEN_SOURCE": self.tree}):
            found = [source.name.split("(")[1] for source in sources.releases("xen")]
        self.assertEqual(found[:2], ["RELEASE-4.17.0)", "RELEASE-4.20.4)"])
        self.assertEqual(len(found), 3)
        with mock.patch.dict(os.environ, {"XEN_SOURCE": self.tree + "@RELEASE-4.20.4"}):
            self.assertEqual(len(sources.releases("xen")), 1)

    def test_what_is_written_for_it(self):
        """The series as git has it there: another line, right ids of files."""
        self.fill("20", ".4", "one\n" * 9 + "int pci;\n")
        folder = os.path.join(self.top, "build/series/xen-4.17..")
        os.makedirs(folder)
        with open(os.path.join(folder, "0001-a.patch"), "w") as stream:
            stream.write("From: nobody yet <nobody@example>\nSubject: [PATCH 1/1] a\n\nm\n"
                         f"---\ndiff --git a/{PCI} b/{PCI}\n--- a/{PCI}\n+++ b/{PCI}\n"
                         "@@ -2,2 +2,3 @@\n one\n int pci;\n+int more;\n")
        with mock.patch.dict(os.environ, {"XEN_SOURCE": self.tree, "QEMU_SOURCE": ""}):
            with self.assertRaisesRegex(LabError, "no patches 'hypervisor-xen'"):
                for written in exact.write(self.top, self.log):
                    self.assertEqual(written, "build/series/exact/xen-4.20.4")
        with open(os.path.join(self.top, written, "0001-a.patch")) as stream:
            text = stream.read()
        old = subprocess.run(["git", "hash-object", os.path.join(self.tree, PCI)],
                             check=True, capture_output=True, text=True).stdout
        self.assertIn(f"\nindex {old[:12]}..", text)
        self.assertIn("\n@@ -8,3 +8,4 @@", text)

    def test_documents_of_that_version_go_with_it(self):
        self.fill("20", ".4", "one\nint pci;\n")
        for name, hunk in (
                ("xen-4.17..", "@@ -1,2 +1,3 @@\n one\n int pci;\n+int more;\n"),
                ("documents-xen-4.20..", "@@ -2,2 +2,3 @@\n int pci;\n int more;\n+told;\n"),
                ("documents-xen-4.17..4.19", "no patch")):
            folder = os.path.join(self.top, "build/series", name)
            os.makedirs(folder)
            with open(os.path.join(folder, "0001-a.patch"), "w") as stream:
                stream.write(f"From: n <n@example>\nSubject: [PATCH 1/1] {name[:3]}\n\nm\n"
                             f"---\ndiff --git a/{PCI} b/{PCI}\n--- a/{PCI}\n+++ b/{PCI}\n"
                             + hunk)
        with open(os.path.join(self.top, "build/series/xen-4.17..", "0000-cover-letter.patch"),
                  "w") as stream:
            stream.write("From 0\nFrom: W R <w@example>\nSubject: [PATCH 0/1] one and all\n\n"
                         "Why.\n\n    $ run it\n\nW R (1):\n  xen\n\n a | +1\n--\n2.39\n")
        with mock.patch.dict(os.environ, {"XEN_SOURCE": self.tree, "QEMU_SOURCE": ""}):
            written = next(exact.write(self.top, self.log))
        folder = os.path.join(self.top, written)
        self.assertEqual(sorted(os.listdir(folder)),
                         ["0000-cover-letter.patch", "0001-xen.patch", "0002-doc.patch"])
        with open(os.path.join(folder, "0000-cover-letter.patch")) as stream:
            text = stream.read()
        for line in ("From: W R <w@example>", "Subject: [PATCH 0/2] one and all", "Why.",
                     "    $ run it", "n (2):", "  xen", "  doc"):
            self.assertIn(f"\n{line}\n", text)
        self.assertEqual(text.count("  xen\n"), 1)

    def test_nothing_to_write_for(self):
        with mock.patch.dict(os.environ, {"XEN_SOURCE": "", "QEMU_SOURCE": ""}):
            with self.assertRaisesRegex(LabError, "XEN_SOURCE= or QEMU_SOURCE="):
                next(exact.write(self.top, self.log))


class Spans(unittest.TestCase):
    """What a folder's name says it is for."""

    def test_versions(self):
        for text, version in (("4.20.4+63-g7abfd2bce2", (4, 20, 4)), ("10.2.2", (10, 2, 2)),
                              ("4.23-unstable", (4, 23)), ("4.20.5-pre (x)", (4, 20, 5))):
            self.assertEqual(spans.parse(text), version)

    def test_they_cover(self):
        span = "4.17.4..4.17,4.18.1.."
        inside = ("4.17.4", "4.17.7", "4.17.10", "4.18.1", "4.19.0", "4.23-unstable", "5.0")
        outside = ("4.16.9", "4.17", "4.17.3", "4.18", "4.18.0")
        for text in inside:
            self.assertTrue(spans.covers(span, spans.parse(text)), text)
        for text in outside:
            self.assertFalse(spans.covers(span, spans.parse(text)), text)
        for text, wanted in (("10.2.0", True), ("10.2.50", True), ("10.1.9", False),
                             ("10.20.1", False), ("11.0.0", False)):
            self.assertEqual(spans.covers("10.2", spans.parse(text)), wanted, text)
        self.assertTrue(spans.covers("4.17..4.18", (4, 18, 6)))
        self.assertFalse(spans.covers("4.17..4.18", (4, 19, 0)))

    def test_names(self):
        self.assertEqual(spans.split("timed-xen-4.17..4.18"), ("timed-xen", "4.17..4.18"))
        for name in ("exact", "common", "xen", "xen-", "4.17"):
            self.assertEqual(spans.split(name), (None, None))

    def test_for_people(self):
        names = ["xen-4.17.4..4.17,4.18.1..", "qemu-10.0", "qemu-10.2", "timed-xen-4.1.."]
        self.assertEqual(spans.listed(names, "xen"), "4.17.4 to 4.17, 4.18.1 and later")
        self.assertEqual(spans.listed(names, "qemu"), "10.0, 10.2")


class TheSeries(unittest.TestCase):
    """Which of those in build/series go with a source."""

    def setUp(self):
        self.read = {name: [name] for name in (
            "xen-4.17.4..4.17,4.18.1..", "timed-xen-4.17..4.18", "timed-xen-4.19..",
            "hypervisor-xen-4.17..", "qemu-10.0", "qemu-10.2", "exact")}

    def of(self, names, xen="4.20.4", qemu="10.0.13"):
        return stacks.Series({package: Source(package, name, spans.parse(name), "", None)
                              for package, name in (("xen", xen), ("qemu", qemu))},
                             self.read).of(names)

    def test_of_these_versions(self):
        self.assertEqual(self.of(("xen", "qemu")),
                         ["xen-4.17.4..4.17,4.18.1..", "qemu-10.0"])
        self.assertEqual(self.of(("timed-xen", "qemu"), "4.18.6", "10.2.2"),
                         ["timed-xen-4.17..4.18", "qemu-10.2"])
        self.assertEqual(self.of(("hypervisor-xen", "timed-xen"), "4.23-unstable"),
                         ["hypervisor-xen-4.17..", "timed-xen-4.19.."])

    def test_what_is_not_covered_is_said(self):
        with self.assertRaisesRegex(LabError, "xen 4.18.0: hvmloader before 4.17.4 and"):
            self.of(("xen",), "4.18.0")
        with self.assertRaisesRegex(LabError, "'qemu' for qemu 11.1.3; there is one for "
                                    "10.0, 10.2: .*QEMU_SOURCE="):
            self.of(("qemu",), qemu="11.1.3")
        self.read.clear()
        with self.assertRaisesRegex(LabError, "no patches 'qemu': run `make series`"):
            self.of(("qemu",))

    def test_all_of_this_repository_say_what_they_are_for(self):
        top = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(
            os.path.abspath(__file__)))))
        folders = [name for where in ("hvmloader", "hvmloader/hypervisor",
                                      "hvmloader/documents", "qemu-patches",
                                      "libxen-memmap/libxl", "tests/hostile",
                                      "tests/bench/timed", "tests/bench/ranges")
                   for name in os.listdir(os.path.join(top, where))
                   if name.startswith(("xen-", "qemu-"))]
        self.assertGreater(len(folders), 7)
        for name in folders:
            self.assertNotEqual(spans.split(name), (None, None), name)
        for version in ("4.17.4", "4.17.7", "4.18.1", "4.20.4", "4.22.0", "4.23"):
            self.assertTrue(spans.find(folders, "xen", spans.parse(version)), version)


class Toolstack(unittest.TestCase):
    """xl is of the host's version, or there is none."""

    def of(self, given, debian):
        def source(version):
            return version and SimpleNamespace(version=spans.parse(version), name=version)
        with mock.patch.object(trees, "build_root", return_value="/root"), \
                mock.patch.object(sources, "given", return_value=source(given)), \
                mock.patch.object(sources, "debian_in", return_value=source(debian)):
            found = stacks.toolstack_source(suites.SUITES["trixie"], "log")
        return found and found.name

    def test_what_it_is_built_of(self):
        self.assertEqual(self.of("4.20.4", "4.20.1"), "4.20.4")
        self.assertEqual(self.of("4.21.2", "4.20.1"), "4.20.1")
        self.assertEqual(self.of(None, "4.20.1"), "4.20.1")

    def test_there_is_none(self):
        for given, debian in (None, "4.17.5"), ("4.2.0", None), (None, None):
            self.assertIsNone(self.of(given, debian))
        with mock.patch.object(stacks, "toolstack_source", return_value=None), \
                self.assertRaisesRegex(LabError, "no source of Xen 4.20 .*XEN_SOURCE="):
            stacks.toolstack(suites.SUITES["trixie"], {}, "log")

    def test_what_dom0_gets(self):
        program = stacks.Program("/cache/x", "key")
        made = {"hvmloader": program, "qemu": stacks.Program("/cache/q", "key", ("/lib/a.so",))}
        self.assertEqual(stacks.files(made), {
            "hvmloader": "/cache/x", "qemu-system-i386": "/cache/q", "a.so": "/lib/a.so"})
        self.assertEqual(stacks.files({**made, "toolstack.tar": program})["toolstack.tar"],
                         "/cache/x")


class Packaged(unittest.TestCase):
    """A QEMU that nobody built brings its libraries."""

    def test_it_is_the_suites_own_and_goes_with_its_libraries(self):
        found = {"lib/libspice.so.1": "/tree/lib/libspice.so.1"}
        with mock.patch.object(trees, "host", return_value="/cache/host-x/tree"), \
                mock.patch.object(stacks.images, "libraries", return_value=found) as of:
            qemu = stacks.packaged_qemu(suites.SUITES["bookworm"], None)
        path = "/cache/host-x/tree/usr/libexec/xen-qemu-system-i386"
        of.assert_called_once_with("/cache/host-x/tree", [path])
        self.assertEqual((qemu.path, qemu.key), (path, "host-x"))
        self.assertEqual(
            stacks.files({"hvmloader": stacks.Program("/h/hvmloader", "h"), "qemu": qemu}),
            {"libspice.so.1": "/tree/lib/libspice.so.1", "hvmloader": "/h/hvmloader",
             "qemu-system-i386": path})

    def test_only_that_stack_has_one(self):
        for name, packaged in (("debian", True), ("stock", False)):
            with mock.patch.multiple(stacks, hvmloader=mock.Mock(), qemu=mock.Mock(),
                                     packaged_qemu=mock.Mock()), \
                    mock.patch.object(trees, "build_root"):
                made = stacks.build(None, mock.MagicMock(), name, None)
                self.assertEqual(made["qemu"] is stacks.packaged_qemu.return_value, packaged)


if __name__ == "__main__":
    unittest.main()
