"""What a maintainer of QEMU would try first with the series: `lab posted`.

It applies as README.md says, QEMU's own checkpatch.pl has nothing against any patch, and
each commit builds, the unit test that comes with it included.
"""

import glob
import json
import os
import re
import subprocess
import sys
import tempfile

from . import cache, sources, spans, stacks, trees, versions
from .ui import LabError, progress, result

# What checkpatch.pl asks and cannot answer: a pattern of the question, one of what must
# be in the patch then, one of what must be said of it.
_QUESTIONS = (
    (r"WARNING: added, moved or deleted file\(s\)", "", ""),
    (r"WARNING: Saw acceptable license 'MIT ?'", r"SPDX-License-Identifier: MIT",
     r"\bMIT\b"),
)
_FINDING = re.compile(r"(?:ERROR|WARNING): .*")
_TEST = "tests/unit/test-xen-memmap"
# configure notes that warnings are errors in a git, which overrules --disable-werror as
# soon as a meson.build changes; what QEMU itself is warned of is not ours.
_NO_WERROR = "sed -i '/^werror = true/d' /build/qemu/build/config-meson.cross\n"


def findings(said, patch):
    """What checkpatch.pl has SAID against PATCH, but for questions that it answers."""
    message = patch.partition("\n---\n")[0]
    return [found for found in _FINDING.findall(said)
            if not any(re.match(question, found) and re.search(cause, patch)
                       and re.search(answer, message)
                       for question, cause, answer in _QUESTIONS)]


class Posted:
    """The series for one source of QEMU, the fixes and what is on top of them."""

    def __init__(self, top, root, log):
        self.root, self.log = root, log
        self.source = sources.find("qemu", root)
        read = stacks.read_series(top)
        self.folders = []
        for name in stacks.OURS["qemu"]:
            folder = spans.find(read, name, self.source.version)
            if not folder:
                raise LabError(sources.refusal(self.source, read, name))
            self.folders.append(os.path.join(top, "build/series", folder))
        self.patches = sum((read[os.path.basename(f)] for f in self.folders), [])

    def clone(self, work, *folders):
        """All of QEMU in WORK, or no more than FOLDERS of it on the disk."""
        tree = self.source.tree(self.log)
        trees.git(tree, self.log, "clone", "-q", "-n", tree, work)
        if folders:
            trees.git(work, self.log, "sparse-checkout", "set", *folders)
        trees.git(work, self.log, "checkout", "-q")
        trees.git(work, self.log, "tag", "lab-base")

    def apply(self, work):
        """By the command of README.md; what is found fault with."""
        for folder in self.folders:
            files = sorted(glob.glob(os.path.join(folder, "*.patch")))
            done = subprocess.run(
                ["git", "-C", work, "-c", "user.name=lab", "-c", "user.email=lab@localhost",
                 "-c", "commit.gpgsign=false", "am", "--empty=drop", *files],
                capture_output=True, text=True, check=False)
            # It warns, and goes on, if a patch has space at the end of a line.
            if done.returncode or "warning:" in done.stderr:
                return [f"{os.path.basename(folder)}: git am: {_said(done)}"]
        count = len(self.commits(work))
        return [] if count == len(self.patches) else [
            f"{count} commits of {len(self.patches)} patches"]

    @staticmethod
    def commits(work):
        return subprocess.run(["git", "-C", work, "rev-list", "--reverse", "lab-base.."],
                              capture_output=True, text=True, check=True).stdout.split()

    def style(self):
        """What checkpatch.pl has against each."""
        faults = []
        tree = self.source.tree(self.log)
        for folder in self.folders:
            for path in sorted(glob.glob(os.path.join(folder, "*.patch"))):
                if stacks.is_letter(path):
                    continue
                done = subprocess.run(["perl", "scripts/checkpatch.pl", "--no-signoff", path],
                                      cwd=tree, capture_output=True, text=True, check=False)
                with open(path, encoding="utf-8") as stream:
                    found = findings(done.stdout, stream.read())
                if not re.search(r"^total: \d+ errors", done.stdout, re.MULTILINE):
                    found.append(f"checkpatch.pl: {_said(done)}")
                where = os.path.relpath(path, os.path.dirname(folder))
                faults += [f"{where}: {fault}" for fault in found]
        return faults

    def build(self):
        """Which commit does not build, or not without a warning in our files."""
        script = stacks.qemu_scripts(self.source)
        key = cache.digest(2, self.source.key, script, self.patches)
        name = f"commits-qemu-{key}"
        folder = cache.entry(name, lambda draft: self._build(draft, *script))
        with open(os.path.join(folder, "found.json")) as stream:
            faults = json.load(stream)
        if faults:
            # What failed is tried again the next time.
            cache.remove(folder)
        return faults

    def _build(self, draft, configure, ninja):
        faults = []
        with cache.lock("build-qemu"):
            work = os.path.join(self.root, "build/qemu")
            cache.remove(work)
            os.makedirs(os.path.dirname(work), exist_ok=True)
            self.clone(work)
            self.apply(work)
            commits = self.commits(work)
            trees.git(work, self.log, "checkout", "-q", "lab-base")
            trees.inside(self.root, configure + _NO_WERROR, self.log, "configuring QEMU")
            for number, commit in enumerate(commits, 1):
                progress(f"building commit {number} of {len(commits)}")
                fault = self._commit(work, commit, ninja)
                if fault:
                    faults.append(f"commit {number}: {fault}")
                    break
            cache.remove(work)
        with open(os.path.join(draft, "found.json"), "w") as stream:
            json.dump(faults, stream)

    def _commit(self, work, commit, ninja):
        log = os.path.join(os.path.dirname(self.log), f"commit-{commit[:12]}.log")
        trees.git(work, self.log, "checkout", "-q", commit)
        script = ninja
        if os.path.exists(os.path.join(work, _TEST + ".c")):
            script += f"ninja {_TEST}\n{_TEST}\n"
        try:
            trees.inside(self.root, script, log, "building a commit")
        except LabError as error:
            return str(error).splitlines()[-1].strip()
        found = versions.warnings(log, versions.OURS)
        return "" if found == "yes" else found


def _said(done):
    """The line of a program that failed which says why."""
    lines = (done.stderr + done.stdout).strip().splitlines()
    why = [line for line in lines if re.match("error|warning", line)]
    return (why + lines[-1:] + [f"ended with {done.returncode}"])[0]


def run(top, root, log, build):
    """Whether nobody could find fault with it; what is, is said."""
    posted = Posted(top, root, log)
    with tempfile.TemporaryDirectory(prefix="posted.") as folder:
        work = os.path.join(folder, "qemu")
        # No file has to be there to be changed.
        posted.clone(work, "scripts")
        faults = posted.apply(work)
        if not faults:
            faults = posted.style()
    if build and not faults:
        faults = posted.build()
    for fault in faults:
        print(fault, file=sys.stderr)
    what = "apply, build one by one" if build else "apply"
    result(f"QEMU {posted.source.name}: {len(posted.patches)} patches "
           + (f"{what}, and pass checkpatch.pl" if not faults else "would be sent back"))
    return not faults
