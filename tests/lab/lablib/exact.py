"""The series as it is for one source: `make series XEN_SOURCE=... QEMU_SOURCE=...`.

What is in the folders of patches fits a span of versions; in one of them lines are
elsewhere, and files have other ids, by which `git am -3` finds its way on a tree that is
like it.
"""

import os
import re
import tempfile

from . import cache, sources, spans, stacks, trees
from .ui import LabError

# What is posted, and what each is on top of: hvmloader's series, with the documents of the
# newest Xen, the optional one for Xen itself, that for libxl, QEMU's fixes, and QEMU's series.
_SERIES = {"xen": ((("xen", "documents-xen"), ()), (("hypervisor-xen",), ()),
                   (("libxl-xen",), ("xen",))),
           "qemu": ((("fixes-qemu",), ()), (("qemu",), ("fixes-qemu",)))}


def write(top, log):
    """Write them; yields the folders, build/series/exact/NAME-VERSION."""
    read = stacks.read_series(top)
    given = [source for source in map(sources.given, sources.VARIABLES) if source]
    if not given:
        raise LabError("which source? XEN_SOURCE= or QEMU_SOURCE= says it")
    for source in given:
        for (name, *more), below in _SERIES[source.package]:
            version = re.match(r"[\w.-]*", source.name).group()
            folder = os.path.join(top, "build/series/exact", f"{name}-{version}")
            names = [name] + [other for other in more
                              if spans.find(read, other, source.version)]
            series = stacks.Series({source.package: source}, read)
            below, patches = series.of(below), series.of(names)
            letter = os.path.join(top, "build/series", spans.find(read, name, source.version),
                                  "0000-cover-letter.patch")
            make(folder, source, below, patches, log, letter)
            yield os.path.relpath(folder, top)


def _letter(path):
    """(who it is from, its subject and text) of the cover letter at PATH; the list of patches and
    of files below it is git's, since patches of another folder may go with these."""
    with open(path, encoding="utf-8") as stream:
        head, _, text = stream.read().partition("\n\n")
    said = dict(re.findall(r"^(From|Subject): (?:\[[^]]*\] )?(.*)$", head, re.MULTILINE))
    text = re.split(r"^\S.* \(\d+\):\n(?=  \S)", text, 1, re.MULTILINE)[0]
    return said["From"], f"{said['Subject']}\n\n{text.strip()}\n"


def make(folder, source, below, patches, log, letter=None):
    """PATCHES in FOLDER, as they are for SOURCE with those BELOW; and the LETTER, if there is one
    of that name."""
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".exact-",
                                     dir=os.path.dirname(folder)) as work:
        tree = os.path.join(work, "tree")
        trees.git(work, log, "clone", "-q", source.tree(log), tree)
        stacks.apply(tree, source, below, work, log)
        trees.git(tree, log, "tag", "lab-base")
        trees.git(tree, log, "checkout", "-q", "-B", "lab-posted")
        stacks.apply(tree, source, patches, work, log)
        new = os.path.join(work, "new")
        options = []
        if letter and os.path.exists(letter):
            who, text = _letter(letter)
            trees.git(tree, log, "config", "branch.lab-posted.description", text)
            options = ["--cover-letter", "--cover-from-description=subject"]
        trees.git(tree, log, "-c", "core.abbrev=12", "format-patch", "-q", *options,
                  "--zero-commit", "--no-signature", "-o", new, "lab-base")
        if options:
            _from(os.path.join(new, "0000-cover-letter.patch"), who)
        cache.remove(folder)
        os.rename(new, folder)


def _from(path, who):
    """Say at PATH, which git made, that it is from WHO."""
    with open(path, encoding="utf-8") as stream:
        text = stream.read()
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(re.sub(r"^From: .*$", lambda _: f"From: {who}", text, 1, re.MULTILINE))
