"""Which source of Xen or QEMU is built: Debian's, or one that somebody gives.

XEN_SOURCE and QEMU_SOURCE in the environment give one: a git tree (FOLDER@TAG, or any
commit in place of the tag; without one, the files that git knows there, as they are at
the moment), a tarball, or an unpacked tree.  All are kept by their content.
"""

import contextlib
import glob
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from typing import Callable

from . import cache, process, spans, trees
from .suites import VARIABLES
from .ui import LabError, progress

_KINDS = "a git tree (FOLDER@TAG), a tarball, or an unpacked tree"
TITLES = {"xen": "Xen", "qemu": "QEMU"}
# A file that every source has, and where its version is.
_MARKS = {"xen": "tools/firmware/hvmloader/pci.c", "qemu": "hw/i386/xen/xen-hvm.c"}
_VERSIONS = {"xen": "xen/Makefile", "qemu": "VERSION"}
# Tags of releases, and the oldest that is of interest.
_TAGS = {"xen": (r"RELEASE-(\d+\.\d+\.\d+)", (4, 17)), "qemu": (r"v(\d+\.\d+\.\d+)", (10,))}
# Why there are no patches for some that are within sight.
_WHY = {"xen": (("4.17.0..4.17.3,4.18.0", "hvmloader before 4.17.4 and 4.18.1 places "
                 "large BARs otherwise (upstream's 57acad12a09f is what they lack): take "
                 "one of these"),)}


@dataclass(frozen=True)
class Source:
    """A source of PACKAGE; it is unpacked when somebody needs it."""

    package: str
    name: str                   # its version, for people
    version: tuple              # as spans.parse() has it
    entry: str                  # its name in the cache
    unpack: Callable            # (folder, log, only): fill a folder with its files
    lacks: str = ""             # what to do before anything can be built of it
    revision: str = ""          # Debian's, of a package of its

    @property
    def debian(self):
        """Its version with Debian's revision, if it has one."""
        return self.name + (f"-{self.revision}" if self.revision else "")

    @property
    def key(self):
        """What stands for its content in keys of the cache."""
        return os.path.join(cache.top(), self.entry)

    def tree(self, log):
        """A git tree of one commit, in the cache."""
        def make(draft):
            progress(f"unpacking {self.package} {self.name}")
            self.export(os.path.join(draft, "tree"), log)
        return os.path.join(cache.entry(self.entry, make), "tree")

    def export(self, folder, log, only=()):
        """The same in FOLDER, which is made; of git's trees no more than ONLY."""
        os.makedirs(folder)
        self.unpack(folder, log, only)
        for words in (("init", "-q"), ("add", "-A", "-f"),
                      ("commit", "-q", "-m", f"{self.package} {self.name}")):
            trees.git(folder, log, *words)


def find(package, root):
    """What is built of PACKAGE: what is given, or else Debian's in the build root ROOT."""
    return given(package) or debian(package, root)


def debian(package, root):
    """Debian's in ROOT's /src, debian/patches applied."""
    found = debian_in(package, os.path.join(root, "src"))
    if found is None:
        raise LabError(
            f"Debian's archive had no source of {package} when {root} was made: remove "
            "that folder, and it is asked again" + (
                f"; or give {VARIABLES[package]}=, {_KINDS}" if package in VARIABLES
                else ""))
    return found


def debian_in(package, folder):
    """The same of the files of a source package in FOLDER; None if they are not there."""
    files = glob.glob(f"{folder}/{package}_*.orig.tar.*") + \
        glob.glob(f"{folder}/{package}_*.debian.tar.*")
    if len(files) != 2:
        return None
    orig, packaging = files
    name = re.search(r"_(.*)\.orig\.tar", os.path.basename(orig)).group(1)
    revision = re.search(r"_(.*)\.debian\.tar", os.path.basename(packaging)) \
        .group(1).removeprefix(name + "-")

    def unpack(tree, log, _):
        _untar(orig, tree, log, 1)
        _untar(packaging, tree, log, 0)
        with open(os.path.join(tree, "debian/patches/series")) as stream:
            names = [line.split()[0] for line in stream
                     if line.strip() and not line.startswith("#")]
        for patch in names:
            process.run(["patch", "-p1", "-s", "-d", tree, "-i",
                         os.path.join(tree, "debian/patches", patch)], log,
                        f"{package}'s own patch {patch}")
    key = cache.digest(1, cache.digest_files(files))
    return Source(package, name, spans.parse(name), f"source-{package}-{key}", unpack,
                  revision=revision)


def _untar(path, folder, log, strip):
    process.run(["tar", "-xf", path, "-C", folder, f"--strip-components={strip}"], log,
                "unpacking " + path)


def given(package):
    """What the environment says; None if nothing."""
    word = os.environ.get(VARIABLES[package])
    return _given(package, word) if word else None


def _given(package, word):
    variable = VARIABLES[package]
    path, commit = os.path.expanduser(word), None
    if not os.path.exists(path) and "@" in path:
        path, _, commit = path.rpartition("@")
    path = os.path.abspath(path)
    if not os.path.exists(path):
        raise LabError(f"{variable}={word}: there is no {path}; it takes {_KINDS}")
    if _is_git(path):
        return _git(package, path, commit)
    if commit is not None:
        raise LabError(f"{variable}={word}: {path} is no git tree, so @{commit} says "
                       "nothing of it")
    return (_unpacked if os.path.isdir(path) else _tarball)(package, path)


def releases(package):
    """The releases of a git tree that is given without a tag, and its newest commit;
    else what is given, or nothing."""
    path = os.path.expanduser(os.environ.get(VARIABLES[package], ""))
    if not path or not _is_git(path):
        found = given(package)
        return [found] if found else []
    path = os.path.abspath(path)
    pattern, oldest = _TAGS[package]
    tags = [tag for tag in _git_says(path, "tag").split() if re.fullmatch(pattern, tag)]
    versions = {tag: spans.parse(re.fullmatch(pattern, tag)[1]) for tag in tags}
    return [_git(package, path, tag) for tag in sorted(tags, key=versions.get)
            if versions[tag] >= oldest] + [_git(package, path, "HEAD")]


def refusal(source, folders, series):
    """Why a stack with SERIES cannot be built of SOURCE, and what to do."""
    for span, why in _WHY.get(source.package, ()):
        if spans.covers(span, source.version):
            return f"no series '{series}' for {source.package} {source.name}: {why}"
    known = spans.listed(folders, series)
    if not known:
        return f"build/series/ has no patches '{series}': run `make series` first"
    return (f"no series '{series}' for {source.package} {source.name}; there is one for "
            f"{known}: give another source by {VARIABLES[source.package]}=")


def _version(package, text):
    """The version that the file of that name in _VERSIONS says."""
    if package == "qemu":
        return text.strip()
    found = dict(re.findall(r"(?m)^export XEN_(\w*VERSION) *\??= *([^$\s]*)", text))
    return f"{found['VERSION']}.{found['SUBVERSION']}{found['EXTRAVERSION']}"


def _source(package, path, how, key, read, unpack, lacks=""):
    """HOW it was given; READ(file) is the text of a file, None if there is none."""
    text = read(_VERSIONS[package])
    try:
        if read(_MARKS[package]) is None:
            raise KeyError
        name = _version(package, text)
        version = spans.parse(name)
    except (KeyError, AttributeError, TypeError):
        raise LabError(f"{VARIABLES[package]}: {path} is no source of "
                       f"{TITLES[package]}: there is no {_MARKS[package]}, or "
                       f"{_VERSIONS[package]} says no version") from None
    return Source(package, f"{name} ({how})", version, f"source-{package}-given-{key}",
                  unpack, lacks)


def _tarball(package, path):
    listing = subprocess.run(["tar", "-tf", path], capture_output=True, text=True,
                             check=False)
    marks = [name for name in listing.stdout.splitlines()
             if ("/" + name).endswith("/" + _MARKS[package])]
    if listing.returncode or not marks:
        raise LabError(f"{VARIABLES[package]}: {path} is no tarball of "
                       f"{TITLES[package]}'s source: it has no {_MARKS[package]}")
    # Most have all in one folder; what QEMU's archive-source.sh makes has not.
    prefix = min(marks, key=len).removesuffix(_MARKS[package])

    def read(name):
        done = subprocess.run(["tar", "-xOf", path, "--occurrence=1", prefix + name],
                              capture_output=True, text=True, errors="replace",
                              check=False)
        return None if done.returncode else done.stdout

    def unpack(folder, log, _):
        _untar(path, folder, log, prefix.count("/"))
    key = cache.digest(1, list(cache.digest_files([path]).values()))
    return _source(package, path, os.path.basename(path), key, read, unpack)


def _unpacked(package, path):
    def read(name):
        try:
            with open(os.path.join(path, name), errors="replace") as stream:
                return stream.read()
        except OSError:
            return None

    def unpack(folder, _log, _only):
        shutil.copytree(path, folder, symlinks=True, dirs_exist_ok=True)
    return _source(package, path, "an unpacked tree",
                   cache.digest(1, _digest_folder(path)), read, unpack)


def _digest_folder(top):
    """A name for all names, modes and contents below TOP."""
    found = hashlib.sha256()
    for folder, names, files in os.walk(top):
        names.sort()
        for name in sorted(files):
            path = os.path.join(folder, name)
            said = f"{os.path.relpath(path, top)}\0{os.lstat(path).st_mode}\0"
            found.update(said.encode(errors="surrogateescape"))
            if os.path.islink(path):
                found.update(os.readlink(path).encode(errors="surrogateescape"))
            else:
                with open(path, "rb") as stream:
                    found.update(hashlib.file_digest(stream, "sha256").digest())
    return found.hexdigest()


def _is_git(path):
    """A work tree's top, or a bare repository; not what merely is within one."""
    return os.path.exists(os.path.join(path, ".git")) or all(
        os.path.exists(os.path.join(path, name)) for name in ("HEAD", "objects", "refs"))


def _git_says(path, *words, env=None):
    """What git says of PATH, whoever owns it; "" if it fails."""
    return subprocess.run(["git", "-c", "safe.directory=*", "-C", path, *words],
                          capture_output=True, text=True, errors="replace", check=False,
                          env=env).stdout


@contextlib.contextmanager
def _git_tree(path, commit):
    """(environment, id of a tree) of COMMIT, or of the files as they are; nothing of it
    is written to the repository at PATH."""
    if commit or not os.path.exists(os.path.join(path, ".git")):
        yield None, _git_says(path, "rev-parse", "--verify", "-q",
                              f"{commit or 'HEAD'}^{{tree}}").strip()
        return
    with tempfile.TemporaryDirectory(prefix="source.") as folder:
        index = os.path.join(folder, "index")
        where = [os.path.join(path, _git_says(path, "rev-parse", "--git-path",
                                              name).strip())
                 for name in ("index", "objects")]
        shutil.copy(where[0], index)
        env = {**os.environ, "GIT_INDEX_FILE": index, "GIT_OBJECT_DIRECTORY": folder,
               "GIT_ALTERNATE_OBJECT_DIRECTORIES": where[1]}
        _git_says(path, "add", "-u", env=env)
        yield env, _git_says(path, "write-tree", env=env).strip()


def _git(package, path, commit):
    variable = VARIABLES[package]
    with _git_tree(path, commit) as (env, tree):
        if not tree:
            raise LabError(
                f"{variable}: {path} knows no {commit or 'commit'}: `git -C {path} tag` "
                f"lists what it knows, `git -C {path} fetch --tags` gets more")
        texts = {name: _git_says(path, "show", f"{tree}:{name}", env=env) or None
                 for name in (_VERSIONS[package], _MARKS[package],
                              "subprojects/keycodemapdb/meson.build")}
    lacks = ""
    if package == "qemu" and not texts["subprojects/keycodemapdb/meson.build"]:
        lacks = (f"{variable}: QEMU's git has not all that it is built of. Run\n"
                 f"    cd {path} && scripts/archive-source.sh /tmp/qemu.tar\n"
                 f"and give {variable}=/tmp/qemu.tar")

    def unpack(folder, log, only):
        with _git_tree(path, commit) as (env, now):
            if now != tree:
                raise LabError(f"{variable}: {path} changed while it was read; try again")
            archive = os.path.join(folder, "archive.tar")
            process.run(["git", "-c", "safe.directory=*", "-C", path, "archive",
                         "--format=tar", "-o", archive, tree, *only], log,
                        f"taking {package} from {path}", **({"env": env} if env else {}))
        _untar(archive, folder, log, 0)
        os.unlink(archive)
    short = _git_says(path, "rev-parse", "--short=12", commit or "HEAD").strip()
    if commit in (None, "HEAD"):
        how = short if tree == _git_says(path, "rev-parse", "HEAD^{tree}").strip() \
            else f"{short} and what was changed since"
    else:
        how = commit
    return _source(package, path, how, cache.digest(1, tree), texts.get, unpack, lacks)
