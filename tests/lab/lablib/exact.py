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

# What is posted: hvmloader's series, with the documents of the newest Xen, the optional one
# for Xen itself, and QEMU's.
_SERIES = {"xen": (("xen", "documents-xen"), ("hypervisor-xen",)), "qemu": (("qemu",),)}


def write(top, log):
    """Write them; yields the folders, build/series/exact/NAME-VERSION."""
    read = stacks.read_series(top)
    given = [source for source in map(sources.given, sources.VARIABLES) if source]
    if not given:
        raise LabError("which source? XEN_SOURCE= or QEMU_SOURCE= says it")
    for source in given:
        for name, *more in _SERIES[source.package]:
            version = re.match(r"[\w.-]*", source.name).group()
            folder = os.path.join(top, "build/series/exact", f"{name}-{version}")
            names = [name] + [other for other in more
                              if spans.find(read, other, source.version)]
            patches = stacks.Series({source.package: source}, read).of(names)
            make(folder, source, patches, log)
            yield os.path.relpath(folder, top)


def make(folder, source, patches, log):
    """PATCHES in FOLDER, as they are for SOURCE."""
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".exact-",
                                     dir=os.path.dirname(folder)) as work:
        tree = os.path.join(work, "tree")
        trees.git(work, log, "clone", "-q", source.tree(log), tree)
        trees.git(tree, log, "tag", "lab-base")
        stacks.apply(tree, source, patches, work, log)
        new = os.path.join(work, "new")
        trees.git(tree, log, "-c", "core.abbrev=12", "format-patch", "-q",
                  "--zero-commit", "--no-signature", "-o", new, "lab-base")
        cache.remove(folder)
        os.rename(new, folder)

