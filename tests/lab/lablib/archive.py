"""Write an initramfs: described in mtree's format, archived by libarchive's bsdtar.

So no root, no staging folder and no device node on this machine is needed.
"""

import os
import shutil
import tempfile

from . import process
from .ui import LabError


class Archive:
    """An initramfs under construction.  Parent folders appear by themselves."""

    def __init__(self, path, log):
        self.path = path
        self.log = log
        self.lines = {}         # name -> what mtree says of it
        self.drafts = tempfile.mkdtemp(prefix="archive.")

    def _new(self, name, line):
        """The first one of a name stays."""
        name = name.strip("/")
        if set(name) & set(" \t\n\\#"):
            raise LabError(f"{self.path}: a file cannot be called {name!r} here")
        if name in self.lines:
            return
        parent = os.path.dirname(name)
        if parent:
            self.folder(parent)
        self.lines[name] = line

    def folder(self, name):
        self._new(name, "type=dir mode=0755")

    def link(self, name, target):
        self._new(name, f"type=link mode=0777 link={target}")

    def node(self, name, major, minor):
        self._new(name, f"type=char mode=0600 device=linux,{major},{minor}")

    def file(self, name, data, mode=0o644):
        draft = os.path.join(self.drafts, str(len(self.lines)))
        with open(draft, "wb") as stream:
            stream.write(data)
        self.copy(name, draft, mode)

    def copy(self, name, source, mode=None):
        """The file SOURCE of this machine, symbolic links followed."""
        source = os.path.realpath(source)
        if mode is None:
            mode = os.stat(source).st_mode & 0o777
        self._new(name, f"type=file mode={mode:04o} contents={source}")

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        try:
            if kind is None:
                self._write()
        finally:
            shutil.rmtree(self.drafts)

    def _write(self):
        spec = os.path.join(self.drafts, "spec")
        with open(spec, "w") as stream:
            stream.write("#mtree\n/set uid=0 gid=0 time=0.0\n")
            for name, line in self.lines.items():
                stream.write(f"./{name} {line}\n")
        process.run(["bsdtar", "--format=newc", "-cf", self.path, "@" + spec],
                    self.log, "writing " + os.path.basename(self.path))
