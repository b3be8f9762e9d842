"""On which versions of Xen and QEMU the series applies and builds: `lab versions`."""

import itertools
import json
import os
import re
import shutil
from dataclasses import dataclass

from . import cache, debian, sources, spans, stacks, trees
from .ui import LabError, progress, result

# All that hvmloader is built of, in every version, and the files that patches change which
# are no part of it.
_XEN_PARTS = """
    Config.mk config tools/Rules.mk tools/firmware tools/include tools/libacpi
    tools/golang tools/libs/light tools/libs/uselibs.mk tools/libs/util
    tools/tests/Makefile tools/xl docs/man/xl.cfg.5.pod.in xen/Makefile xen/arch/x86/hvm/dm.c
    xen/arch/x86/include xen/common/memory.c xen/include
    CHANGELOG.md MAINTAINERS SUPPORT.md docs/misc/xenstore-paths.pandoc
""".split()
# What applies on top of hvmloader's, and need not be built to be seen to.
_BESIDE = ("hypervisor-xen", "documents-xen", "libxl-xen", "hostile-xen", "timed-xen",
           "ranges-xen")
# After what HVMLOADER sets up: only what a patch has changed, which may be a public header.
_AGAIN = """
cd /build/xen
make -C tools/include xen-dir
make -j"$(nproc)" -C tools/firmware/hvmloader
"""
# The tests of the planner in Xen's own tree.
_TOOLS_TESTS = "tools/tests/hvmloader"


# Files of QEMU that are ours; it has warnings of its own.
OURS = r"xen-memmap|xen-ram|xen-park|xen-linux|xen-mapcache|memmap/"


# Where a source is from that the environment says.
GIVEN = "given"


@dataclass
class Row:
    """What was found out about one source."""

    package: str
    version: tuple
    name: str
    origin: str
    covered: bool
    applies: str = "-"          # "yes", or why not
    builds: str = "-"
    beside: str = "-"           # the hypervisor's patches, and the tests'

    def good(self):
        """Nothing that the series claims to cover is otherwise."""
        return not self.covered or self.applies == "yes" and \
            self.builds in ("yes", "not tried") and self.beside in ("-", "yes")


class Matrix:
    """Tries every source that can be had."""

    def __init__(self, lab, qemu):
        self.log = lab.build_log
        self.read = stacks.read_series(lab.top)
        self.root = trees.build_root(lab.suite, self.log)
        self.qemu = qemu            # whether QEMU is to be built as well
        self.rows = []

    def run(self, of_lab=False):
        """True if all is well; the tables are printed.  OF_LAB: only the Xen of which the
        lab builds hvmloader."""
        for package in ("xen",) if of_lab else sources.VARIABLES:
            for origin, source in [("the lab", sources.find(package, self.root))] \
                    if of_lab else self._sources(package):
                progress(f"{package} {source.name} of {origin}")
                self.rows.append(self._row(origin, source))
        for title, rows in itertools.groupby(self.rows, lambda row: row.package):
            for line in table(title, list(rows)):
                result(line)
        bad = [row for row in self.rows
               if not row.good() or of_lab and not row.covered]
        for row in bad:
            result(f"NOT GOOD: {row.package} {row.name} of {row.origin}: "
                   f"applies: {row.applies}; builds: {row.builds}; "
                   f"beside it: {row.beside}")
        result(f"{len(self.rows) - len(bad)} passed, {len(bad)} failed")
        return not bad

    def _sources(self, package):
        """(where it is from, Source) of all that there are, once each version."""
        for source in sources.releases(package):
            yield GIVEN, source
        try:
            archive = debian.Archive(self.log)
            listed = archive.listed(package)
        except LabError as error:
            progress(f"Debian's archive cannot be read: {str(error).splitlines()[0]}")
            return
        for version, releases in sorted(listed.items()):
            origin = "Debian " + ", ".join(releases)
            try:
                folder = archive.fetch(package, version)
            except LabError:
                upstream = version.split(":")[-1]
                self.rows.append(Row(package, spans.parse(upstream), upstream, origin,
                                     False, "could not be had"))
                continue
            source = sources.debian_in(package, folder)
            if source:
                yield origin, source

    def _row(self, origin, source):
        row = Row(source.package, source.version, source.name, origin,
                  spans.find(self.read, source.package, source.version) is not None)
        if not row.covered:
            row.applies = "no series"
            return row
        patches = stacks.Series({source.package: source}, self.read).of(
            stacks.OURS[source.package])
        if source.package == "xen":
            self._xen(row, source, patches)
        else:
            self._qemu(row, source, patches)
        return row

    def _xen(self, row, source, patches):
        beside = {name: self.read[folder] for name in _BESIDE
                  if (folder := spans.find(self.read, name, source.version))}
        key = cache.digest(2, source.key, os.path.dirname(self.root),
                           stacks.HVMLOADER, _AGAIN, patches, beside)

        def make(folder):
            with cache.lock("build-xen"):
                self._build_xen(folder, source, patches, beside)
        self._outcome(row, f"matrix-xen-{key}", make)

    def _build_xen(self, folder, source, patches, beside):
        """What the cache keeps: what came of it, and the log."""
        work = os.path.join(self.root, "build/xen")
        cache.remove(work)
        found = {"builds": "-"}
        build_log = os.path.join(folder, "build.log")
        try:
            source.export(work, self.log, _XEN_PARTS)
            found["applies"] = self._applies(work, source, patches, folder)
            refused = [name for name, more in beside.items()
                       if self._fits(work, more, folder) != "yes"]
            found["beside"] = f"no: {', '.join(refused)}" if refused else "yes"
            if found["applies"] == "yes":
                found["builds"] = self._builds_each(work, len(patches), build_log)
        finally:
            cache.remove(work)
        with open(os.path.join(folder, "found.json"), "w") as stream:
            json.dump(found, stream)

    def _applies(self, work, source, patches, folder):
        try:
            stacks.apply(work, source, patches, folder, self.log)
            return "yes"
        except LabError as error:
            return "no: " + _patch_failed(str(error))

    def _fits(self, work, patches, folder):
        """Whether one more series would apply; nothing is changed."""
        path = os.path.join(folder, "beside.patch")
        with open(path, "w", encoding="utf-8") as stream:
            stream.writelines(patches)
        try:
            trees.git(work, self.log, "apply", "--check", path)
        except LabError as error:
            return "no: " + _patch_failed(str(error))
        return "yes"

    def _builds_each(self, work, number, build_log):
        """Whether hvmloader builds after each of the NUMBER patches that WORK has, and the
        planner's tests pass in the end."""
        tip = "lab-tip"
        trees.git(work, self.log, "tag", tip)
        for left in range(number - 1, -1, -1):
            trees.git(work, self.log, "checkout", "-q", f"{tip}~{left}")
            found = self._builds(stacks.HVMLOADER if left == number - 1 else _AGAIN,
                                 build_log)
            if found != "yes":
                return f"{found} (patch {number - left} of {number})"
        if os.path.isdir(os.path.join(work, _TOOLS_TESTS)):
            return self._builds(f"make -C /build/xen/{_TOOLS_TESTS} run", build_log)
        return "yes"

    def _builds(self, script, build_log):
        try:
            trees.inside(self.root, script, build_log, "building hvmloader")
        except LabError:
            return "no: " + _mistake(build_log)
        return warnings(build_log)

    def _qemu(self, row, source, patches):
        key = cache.digest(1, source.key, patches)

        def make(folder):
            work = os.path.join(folder, "qemu")
            source.export(work, self.log)
            found = {"applies": self._applies(work, source, patches, folder),
                     "builds": "not tried", "beside": "-"}
            cache.remove(work)
            with open(os.path.join(folder, "found.json"), "w") as stream:
                json.dump(found, stream)
        self._outcome(row, f"matrix-qemu-{key}", make)
        if row.applies == "yes" and self.qemu and not source.lacks:
            try:
                program = stacks.qemu(self.root, source, patches, self.log)
            except LabError as error:
                row.builds = "no: " + str(error).splitlines()[-1].strip()
            else:
                row.builds = warnings(os.path.join(
                    os.path.dirname(program.path), "build.log"), OURS)

    def _outcome(self, row, name, make):
        folder = cache.entry(name, make)
        with open(os.path.join(folder, "found.json")) as stream:
            found = json.load(stream)
        row.applies, row.builds, row.beside = (
            found["applies"], found["builds"], found["beside"])
        if not row.good():
            # What failed is tried again the next time, and its log is at hand.
            kept = os.path.join(os.path.dirname(self.log), name)
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(folder, kept)
            cache.remove(folder)


def warnings(path, ours=""):
    """"yes" if no compiler complained, of a file whose name has OURS; else how often."""
    try:
        with open(path, errors="replace") as stream:
            found = [line.strip() for line in stream
                     if re.search(rf"(?:{ours})[\w./-]*\.[chS]:\d[\d:]* warning:", line)]
    except FileNotFoundError:
        return "yes"                # built before logs were kept
    return f"{len(found)} warnings, first: {found[0]}" if found else "yes"


def _mistake(path):
    """What the log of a build that failed says of it."""
    with open(path, errors="replace") as stream:
        lines = [line.strip() for line in stream]
    return next((line for line in lines if re.search(r"\berror:|\*\*\*|ERROR:", line)),
                lines[-1] if lines else "nothing was said")


def _patch_failed(text):
    found = re.search(r"error: patch failed: (\S+)", text) or \
        re.search(r"error: (.*)", text)
    return found[1] if found else text.splitlines()[-1].strip()


def table(package, rows):
    """Lines for people: neighbours with the same outcome are one row."""
    heads = {"xen": ("Xen", "from", "series applies", "hvmloader builds", "others"),
             "qemu": ("QEMU", "from", "series applies", "QEMU builds")}[package]
    yield _line(heads)
    yield "|" + "---|" * len(heads)
    groups = {}
    for row in sorted(rows, key=lambda row: (row.version, row.name)):
        # Debian's, and a commit that is no release, stand for themselves.
        of_release = row.origin == GIVEN and re.search(r"\d\)$", row.name) and "." in \
            row.name.split("(")[1]
        group = row.version[:2] if of_release else row.name
        found = (row.origin, row.applies, row.builds, row.beside)
        groups.setdefault((group, found), []).append(
            row.name.split(" ")[0] if of_release else row.name)
    for (_, found), names in groups.items():
        span = ", ".join(names) if len(names) < 3 else \
            f"{names[0]} to {names[-1]} ({len(names)})"
        yield _line((span, *found)[:len(heads)])
    yield ""


def _line(cells):
    return "| " + " | ".join(cells) + " |"
