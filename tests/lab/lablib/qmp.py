"""The outer QEMU's monitor, by the client that QEMU's own source brings along."""

import importlib
import os
import sys

from .ui import LabError

SOCKET = "qmp"
# Seconds in which QEMU answers, unless it is lost.
_ANSWERS = 60


class Monitor:
    """One host's, connected when first used.  All calls come from one thread."""

    def __init__(self, who, folder, library):
        """The socket is in FOLDER; LIBRARY is where Python finds `qemu.qmp`."""
        self.who = who
        self.folder = folder
        self.library = library
        self._client = None

    def _connect(self):
        if self.library not in sys.path:
            sys.path.append(self.library)
        legacy = importlib.import_module("qemu.qmp.legacy")
        # A socket's path is short; the folder's may be long.
        folder = os.open(self.folder, os.O_PATH)
        try:
            client = legacy.QEMUMonitorProtocol(f"/proc/self/fd/{folder}/{SOCKET}")
            client.settimeout(_ANSWERS)
            client.connect()
        finally:
            os.close(folder)
        return client

    def execute(self, command, **arguments):
        """What QEMU returns to COMMAND; LabError if it does not."""
        try:
            if self._client is None:
                self._client = self._connect()
            return self._client.cmd(command, **arguments)
        # What the library raises is its own, or asyncio's, or the system's.
        except Exception as error:
            self.close()
            raise LabError(f"{self.who}: the outer QEMU's monitor: {command}: "
                           f"{str(error) or type(error).__name__}") from error

    def close(self):
        client, self._client = self._client, None
        if client is not None:
            try:
                client.close()
            except Exception:  # pylint: disable=broad-exception-caught
                pass    # it complains of what ended the connection, which is known
