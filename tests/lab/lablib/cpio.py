"""Write an initramfs: a cpio archive in the 'newc' format.

The kernel's description is Documentation/driver-api/early-userspace/
buffer-format.rst.  Writing it here rather than calling cpio(1) means that no
staging folder, no root and no device node on this machine is needed, and that
the same content gives the same bytes.
"""

import os
import stat


class Cpio:
    """An archive under construction.  Parent folders appear by themselves."""

    def __init__(self, path):
        self.out = open(path, "wb")
        self.seen = set()
        self.inode = 0

    def _entry(self, name, mode, data=b"", rdev=(0, 0)):
        self.inode += 1
        raw = name.encode() + b"\0"
        fields = (self.inode, mode, 0, 0, 1, 0, len(data), 0, 0,
                  rdev[0], rdev[1], len(raw), 0)
        head = b"070701" + b"".join(b"%08X" % field for field in fields) + raw
        self.out.write(head + b"\0" * (-len(head) % 4))
        self.out.write(data)
        self.out.write(b"\0" * (-len(data) % 4))

    def _new(self, name):
        """Make the folders above; False when the name is there already."""
        if name in self.seen:
            return False
        parent = os.path.dirname(name)
        if parent:
            self.folder(parent)
        self.seen.add(name)
        return True

    def folder(self, name):
        name = name.strip("/")
        if self._new(name):
            self._entry(name, stat.S_IFDIR | 0o755)

    def link(self, name, target):
        name = name.strip("/")
        if self._new(name):
            self._entry(name, stat.S_IFLNK | 0o777, target.encode())

    def node(self, name, major, minor):
        name = name.strip("/")
        if self._new(name):
            self._entry(name, stat.S_IFCHR | 0o600, rdev=(major, minor))

    def file(self, name, data, mode=0o644):
        name = name.strip("/")
        if self._new(name):
            self._entry(name, stat.S_IFREG | mode, data)

    def copy(self, name, source, mode=None):
        """The file SOURCE of this machine, symbolic links followed."""
        if mode is None:
            mode = os.stat(source).st_mode & 0o777
        with open(source, "rb") as stream:
            self.file(name, stream.read(), mode)

    def close(self):
        self._entry("TRAILER!!!", 0)
        self.out.write(b"\0" * (-self.out.tell() % 512))
        self.out.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
