"""The outer QEMU is asked by QMP; what goes wrong there is the lab's own trouble."""

import os
import tempfile
import unittest
from types import SimpleNamespace
from unittest import mock

from tests import common  # pylint: disable=unused-import

from lablib import host, qmp
from lablib.ui import LabError


# As QEMU's schema has them, which the library does not know: it takes any.
_ARGUMENTS = {"human-monitor-command": {"command-line"}, "pmemsave": {"val", "size", "filename"},
              "send-key": {"keys"}, "gone": set()}


class Client:
    """As the library's, but for the socket."""

    def __init__(self, address):
        self.address, self.calls, self.closed = address, [], False
        self.folder = os.path.realpath(os.path.dirname(address))

    def settimeout(self, seconds):
        self.calls.append(seconds)

    def connect(self):
        self.calls.append("connect")

    def cmd(self, name, **arguments):
        self.calls.append((name, arguments))
        if set(arguments) != _ARGUMENTS[name]:
            raise ValueError(f"{name} has other parameters than {sorted(arguments)}")
        if name == "pmemsave":
            with open(os.path.join(self.folder, arguments["filename"]), "wb") as file:
                file.write(b"abcd")
        if name == "gone":
            raise TimeoutError
        return "answer"

    def close(self):
        self.closed = True
        raise EOFError


class Monitor(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        self.clients = []

        def make(address):
            self.clients.append(Client(address))
            return self.clients[-1]
        library = SimpleNamespace(QEMUMonitorProtocol=make)
        self.enterContext(mock.patch.object(qmp.sys, "path", []))
        self.enterContext(mock.patch("lablib.qmp.importlib.import_module",
                                     return_value=library))
        self.host = host.Host.__new__(host.Host)
        self.host.who, self.host.folder = "h", self.folder
        self.host.qmp = qmp.Monitor("h", self.folder, "/library")

    def test_one_connection_through_a_short_path(self):
        self.assertEqual(self.host.monitor("info pic"), "answer")
        self.assertEqual(self.host.physical(0x1000, 4), b"abcd")
        client, = self.clients
        self.assertLess(len(client.address), 60)
        self.assertEqual(client.folder, os.path.realpath(self.folder))
        self.assertEqual(client.calls, [
            60, "connect",
            ("human-monitor-command", {"command-line": "info pic"}),
            ("pmemsave", {"val": 0x1000, "size": 4, "filename": "memory"})])

    def test_memory_that_is_not_all_there_is_an_error(self):
        with self.assertRaisesRegex(LabError, "h: pmemsave 0x1000 0x8: 4 bytes"):
            self.host.physical(0x1000, 8)

    def test_no_answer_is_an_error_and_the_next_one_connects_anew(self):
        with self.assertRaisesRegex(LabError, "h: .*monitor: gone: TimeoutError"):
            self.host.qmp.execute("gone")
        self.assertTrue(self.clients[0].closed)
        self.assertEqual(self.host.monitor("x"), "answer")
        self.assertEqual(len(self.clients), 2)

    def test_a_nudge_never_hurts(self):
        self.host.nudged = 0
        self.host._nudge()
        self.assertEqual(self.clients[0].calls[-1], (
            "send-key", {"keys": [{"type": "qcode", "data": "ctrl"}]}))
        self.assertGreater(self.host.nudged, 0)
        self.host.qmp = mock.Mock()
        self.host.qmp.execute.side_effect = LabError("gone")
        self.host._nudge()


if __name__ == "__main__":
    unittest.main()
