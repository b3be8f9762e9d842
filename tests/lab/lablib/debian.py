"""Which sources of a package Debian lists, in all its releases, and which can be had."""

import glob
import os
import subprocess

from . import cache, process, trees
from .ui import LabError

RELEASES = ("bookworm", "trixie", "trixie-backports", "forky", "sid")


class Archive:
    """Debian's sources, read by an apt of the lab's own: this machine's is left alone."""

    def __init__(self, log):
        self.log = log
        self.folder = os.path.join(cache.top(), "apt")
        for name in ("lists/partial", "cache/archives/partial"):
            os.makedirs(os.path.join(self.folder, name), exist_ok=True)
        mirror = trees.mirror()
        self._write("status", "")
        self._write("sources.list", "".join(
            f"deb-src [signed-by={trees.KEYRING}] {mirror} {release} main\n"
            for release in RELEASES))
        process.run(["apt-get", *self._options(), "-q", "update"], log,
                    "reading Debian's lists of sources")

    def _write(self, name, text):
        with open(os.path.join(self.folder, name), "w") as stream:
            stream.write(text)

    def _options(self):
        return [word for option in (
            f"Dir::Etc::sourcelist={self.folder}/sources.list",
            "Dir::Etc::sourceparts=/dev/null", f"Dir::State::lists={self.folder}/lists",
            f"Dir::State::status={self.folder}/status", f"Dir::Cache={self.folder}/cache",
            "APT::Sandbox::User=root") for word in ("-o", option)]

    def listed(self, package):
        """{version: releases} of PACKAGE."""
        said = subprocess.run(["apt-cache", *self._options(), "madison", package],
                              capture_output=True, text=True, check=False).stdout
        found = {}
        for line in said.splitlines():
            name, version, where = map(str.strip, line.split("|"))
            if name == package and where.endswith("Sources"):
                found.setdefault(version, []).append(where.split()[1].split("/")[0])
        return found

    def fetch(self, package, version):
        """The folder with the files of that source package; LabError if the archive does
        not have it."""
        def make(draft):
            # As in trees: not the .dsc, which mirrors have been seen without.
            for part in ("tar", "diff"):
                process.run(["apt-get", *self._options(), "-q", "source",
                             "--download-only", f"--{part}-only",
                             f"{package}={version}"], self.log,
                            f"fetching {package} {version}", cwd=draft)
            if not glob.glob(os.path.join(draft, "*.orig.tar.*")):
                raise LabError(f"apt fetched nothing of {package} {version}")
        return cache.entry(f"debian-{package}-" + cache.digest(1, version), make)
