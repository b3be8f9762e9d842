"""Things made once, kept outside the clone, found again by what they are of."""

import contextlib
import fcntl
import hashlib
import json
import os
import subprocess
import tempfile

from .ui import LabError, progress


def top():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    path = os.path.join(os.path.abspath(base), "xen-memmap")
    os.makedirs(path, exist_ok=True)
    return path


def digest(*parts):
    """A short name for PARTS: anything that json can hold."""
    text = json.dumps(parts, sort_keys=True).encode()
    return hashlib.sha256(text).hexdigest()[:16]


def digest_files(paths):
    """{base name: SHA-256} of files, to be part of a digest()."""
    sums = {}
    for path in sorted(paths):
        with open(path, "rb") as stream:
            sums[os.path.basename(path)] = hashlib.file_digest(
                stream, "sha256").hexdigest()
    return sums


@contextlib.contextmanager
def lock(name):
    """Only one lab at a time, across processes and threads."""
    with open(os.path.join(top(), name + ".lock"), "w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress(f"waiting for another lab that makes {name}")
            fcntl.flock(stream, fcntl.LOCK_EX)
        yield


# Told whenever something is missing and will be made, which takes its time.
before_making = []


def entry(name, make):
    """The folder NAME of the cache; when missing, make(folder) fills it.

    It appears complete or not at all.  A second lab that wants the same waits.
    """
    final = os.path.join(top(), name)
    if os.path.isdir(final):
        return final
    for tell in before_making:
        tell()
    with lock(name):
        if not os.path.isdir(final):
            draft = tempfile.mkdtemp(prefix=name + ".", suffix=".draft",
                                     dir=top())
            # mkdtemp's 0700 would shut out apt's own user in a build root.
            os.chmod(draft, 0o755)
            try:
                make(draft)
                os.rename(draft, final)
            finally:
                remove(draft)
    return final


def remove(path):
    """Delete a folder, never anything of another file system below it."""
    if not os.path.exists(path):
        return
    with open("/proc/mounts") as stream:
        mounts = [line.split()[1] for line in stream]
    below = [mount for mount in mounts
             if mount == path or mount.startswith(path + "/")]
    if below:
        raise LabError(f"{path} is to be deleted, but these are mounted there; "
                       "umount them first:\n    " + "\n    ".join(below))
    subprocess.run(["rm", "-rf", "--one-file-system", "--", path], check=True)
