"""Debian packages: of libxen-memmap, and of hvmloader and QEMU with the series.

The first is this repository as a source package.  Of the others there are two source
packages, each made of a source of Xen or QEMU, the series for it, and a folder of
packaging/: its README.md says why so.
"""

import email.utils
import glob
import os
import re
import shutil
import subprocess
from dataclasses import dataclass

from . import cache, exact, process, sources, stacks, trees
from .ui import LabError, progress, result

# package's source -> the packages that are made of it, and of which series.
_RUNTIME = {"xen": ("xen-memmap-hvmloader", "hvmloader"), "qemu": ("xen-memmap-qemu", "qemu")}
# What of all packages a guest's two lines and the command need.
_INSTALLED = ("libxen-memmap1", "xen-memmap-utils", "xen-memmap-hvmloader", "xen-memmap-qemu")

_BUILD = """
cd source
dpkg-buildpackage -us -uc
cd ..
# In no pipe: its status counts.
lintian --allow-root --fail-on error --tag-display-limit 0 {looked_at} >lintian || bad=1
cat lintian
[ -z "${{bad-}}" ]
"""
_LIBRARY = _BUILD.format(looked_at="*.changes")
# Not the source: lintian finds in Xen's and QEMU's what their packages are excused for.
_RUNTIME_BUILD = _BUILD.format(looked_at="*.deb")


def library(suite, top, log):
    """The folder with Debian packages of libxen-memmap, in which lintian finds no error,
    and with what it says."""
    listing = subprocess.run(["git", "-C", top, "ls-files", "-z"], capture_output=True,
                             text=True, check=True)
    files = {"source/" + name: os.path.join(top, name)
             for name in listing.stdout.split("\0")
             if os.path.isfile(os.path.join(top, name))}
    return stacks.made(trees.packaging_root(suite, log), files, "packages", _LIBRARY,
                       ["*.deb", "*.dsc", "*.tar.*", "*.changes", "lintian"], log)


@dataclass(frozen=True)
class Recipe:
    """What makes a package of a source: a folder of packaging/, and the series."""

    name: str
    folder: str
    patches: tuple
    changelog: str
    version: str

    @property
    def files(self):
        """{name in debian/: content} of all but the patches."""
        found = {"changelog": self.changelog, "source/format": "3.0 (quilt)\n"}
        for path in glob.glob(os.path.join(self.folder, "*")):
            with open(path, encoding="utf-8") as stream:
                found[os.path.basename(path)] = stream.read()
        return found


def recipe(top, source, patches):
    """The Recipe for a package of SOURCE with PATCHES."""
    name, folder = _RUNTIME[source.package]
    ours, date, who = released(os.path.join(top, "debian/changelog"))
    version = f"{upstream(source)}+memmap{ours}-1"
    changelog = (f"{name} ({version}) unstable; urgency=medium\n\n"
                 f"  * {sources.TITLES[source.package]} {source.debian}, with the series of "
                 f"xen-memmap {ours}.\n\n"
                 f" -- {who}  {date}\n")
    return Recipe(name, os.path.join(top, "packaging", folder), tuple(patches), changelog,
                  version)


def released(path):
    """(version, date, by whom) of the newest entry in a Debian changelog."""
    with open(path, encoding="utf-8") as stream:
        text = stream.read()
    found = re.search(r"\A\S+ \(([^)]+)\).*?^ -- (.*?)  (.*?)$", text, re.M | re.S)
    if not found or email.utils.parsedate(found[3]) is None:
        raise LabError(f"{path}: its first entry is not understood")
    return found[1], found[3], found[2]


def upstream(source):
    """The version of SOURCE as a Debian package's: Debian's own, with its revision, which
    may be all that is new; or the release, and of another commit the commit."""
    release, _, how = source.debian.partition(" (")
    release = re.sub(r"-(?=unstable|rc)", "~", release)
    commit = re.match(r"[0-9a-f]{12}\b", how)
    word = release + (f"+g{commit[0]}" if commit else "")
    return re.sub(r"[^A-Za-z0-9.+~-]", ".", word)


def needed(top):
    """Debian packages that those are built with."""
    found = set()
    for _, folder in _RUNTIME.values():
        with open(os.path.join(top, "packaging", folder, "control"), encoding="utf-8") as stream:
            fields = re.search(r"^Build-Depends:(.*?)^\S", stream.read(), re.M | re.S)[1]
        found |= {re.match(r"[a-z0-9.+-]+", word.strip())[0]
                  for word in fields.split(",") if word.strip()}
    return found - {"debhelper-compat"} | {"debhelper"}


def runtime(suite, top, found, log):
    """{name: folder with the packages and their sources}; FOUND: stacks.series()."""
    root = trees.runtime_root(suite, needed(top), log)
    return {made.name: _build(root, source, made, log) for source, made in (
        (found.sources[package], recipe(top, found.sources[package], found.of(stacks.OURS[package])))
        for package in _RUNTIME)}


def _build(root, source, made, log):
    if source.lacks:
        raise LabError(source.lacks)
    key = cache.digest(1, source.key, os.path.dirname(root), _RUNTIME_BUILD, made.files,
                       made.patches)

    def make(folder):
        progress(f"building the package {made.name} {made.version}"
                 + (" (10 min)" if source.package == "qemu" else ""))
        # As in stacks: always at the same place, for ccache.
        with cache.lock("package-" + source.package):
            work = os.path.join(root, "build", made.name)
            cache.remove(work)
            os.makedirs(work)
            build_log = os.path.join(os.path.dirname(log), f"build-{made.name}-{key}.log")
            try:
                _unpack(work, source, made, log)
                trees.inside(root, f"cd /build/{made.name}\n"
                             f"export DEB_BUILD_OPTIONS='noautodbgsym parallel={_jobs()}'\n"
                             f"export DEB_CFLAGS_APPEND=-g0\n{_RUNTIME_BUILD}", build_log,
                             f"building {made.name}")
                for pattern in ("*.deb", "*.dsc", "*.tar.*", "*.changes", "lintian"):
                    for path in glob.glob(os.path.join(work, pattern)):
                        shutil.copy(path, folder)
                shutil.copy(build_log, os.path.join(folder, "build.log"))
            finally:
                cache.remove(work)
    return cache.entry(f"{made.name}-{key}", make)


def _jobs():
    return len(os.sched_getaffinity(0))


def _unpack(work, source, made, log):
    """Fill WORK with the upstream tarball and the unpacked source package."""
    tarball = os.path.join(
        work, f"{made.name}_{made.version.rpartition('-')[0]}.orig.tar.gz")
    trees.git(source.tree(log), log, "archive", "--format=tar.gz",
              "--prefix=upstream/", "-o", tarball, "HEAD", "--", ".", ":(exclude)debian")
    process.run(["tar", "-xf", tarball, "-C", work], log, "unpacking " + tarball)
    os.rename(os.path.join(work, "upstream"), os.path.join(work, "source"))
    debian = os.path.join(work, "source/debian")
    for name, content in made.files.items():
        path = os.path.join(debian, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(content)
        if content.startswith("#!"):
            os.chmod(path, 0o755)
    # To the line: dpkg-source takes no patch that has to be searched for.
    patches = os.path.join(debian, "patches")
    exact.make(patches, source, (), made.patches, log)
    names = sorted(os.listdir(patches))
    with open(os.path.join(patches, "series"), "w") as stream:
        stream.writelines(name + "\n" for name in names)


def installable(suite, top, found, log):
    """{name: Program} of what the lab installs in dom0, and the Debian to install it in."""
    folders = [library(suite, top, log), *runtime(suite, top, found, log).values()]
    debian = trees.administered(suite, log)
    programs = {"debian.tar": stacks.Program(
        debian, os.path.basename(os.path.dirname(debian)))}
    for name in _INSTALLED:
        path = next(path for folder in folders
                    for path in glob.glob(os.path.join(folder, f"{name}_*.deb")))
        programs[name + ".deb"] = stacks.Program(
            path, os.path.basename(os.path.dirname(path)))
    return programs


def write(suite, top, log):
    """`make deb`: all of them, to build/deb."""
    found = stacks.series(suite, stacks.read_series(top), log)
    target = os.path.join(top, "build/deb")
    cache.remove(target)
    os.makedirs(target)
    for folder in (library(suite, top, log), *runtime(suite, top, found, log).values()):
        for path in sorted(glob.glob(os.path.join(folder, "*.deb"))
                           + glob.glob(os.path.join(folder, "*.dsc"))
                           + glob.glob(os.path.join(folder, "*.tar.*"))):
            shutil.copy(path, target)
            if path.endswith(".deb"):
                result(os.path.relpath(os.path.join(target, os.path.basename(path)), top))
        with open(os.path.join(folder, "lintian")) as stream:
            result("lintian: " + (stream.read().strip() or "nothing to say"))
