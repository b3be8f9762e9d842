"""The series as it is for one source: `make series XEN_SOURCE=... QEMU_SOURCE=...`.

What is in the folders of patches fits a span of versions; in one of them lines are
elsewhere, and files have other ids, by which `git am -3` finds its way on a tree that is
like it.
"""

import glob
import os
import re
import shutil
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
            make(folder, source, series.of(below), series.of(names), log)
            _letter(top, spans.find(read, name, source.version), folder)
            yield os.path.relpath(folder, top)


def _letter(top, name, folder):
    """The cover letter, if there is one; it names no line of any file."""
    for path in glob.glob(os.path.join(top, "build/series", name, "0000-*.patch")):
        shutil.copy(path, folder)


def make(folder, source, below, patches, log):
    """PATCHES in FOLDER, as they are for SOURCE with those BELOW."""
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".exact-",
                                     dir=os.path.dirname(folder)) as work:
        tree = os.path.join(work, "tree")
        trees.git(work, log, "clone", "-q", source.tree(log), tree)
        stacks.apply(tree, source, below, work, log)
        trees.git(tree, log, "tag", "lab-base")
        stacks.apply(tree, source, patches, work, log)
        new = os.path.join(work, "new")
        trees.git(tree, log, "-c", "core.abbrev=12", "format-patch", "-q",
                  "--zero-commit", "--no-signature", "-o", new, "lab-base")
        cache.remove(folder)
        os.rename(new, folder)

