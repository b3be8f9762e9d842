# SPDX-License-Identifier: MIT
"""A xenstored of a test's own (see noxen.c), and what libxl and QEMU leave in it."""

import ctypes
import os
import shutil
import subprocess
import tempfile
import time

BUILT = "0 a0 0 ram 0 0\nc0 1ff40 c0 ram 0 0\n"
MOVED = ("0 a0 0 ram 0 0\nc0 17f40 c0 ram 0 0\n18000 8000 - mmio 0 0\n"
         "100000 8000 18000 ram 0 0\n")


class Store:
    """Started by the constructor, ended by stop()."""

    def __init__(self):
        """It notes requests in a file of its own, for requests()."""
        self.folder = tempfile.mkdtemp(prefix="xen-memmap-test-")
        os.environ.update(XENSTORED_RUNDIR=self.folder, XENSTORED_ROOTDIR=self.folder,
                          XENSTORED_PATH=self.folder + "/socket")
        self.daemon = subprocess.Popen(
            [os.environ["XENSTORED"], "-N", "-I", "-T", self.folder + "/trace"],
            env=dict(os.environ, LD_PRELOAD=os.environ["NOXEN"]))
        self.lib = ctypes.CDLL("libxenstore.so.4", use_errno=True)
        self.lib.xs_open.restype = ctypes.c_void_p
        for _ in range(6000):
            self.handle = ctypes.c_void_p(self.lib.xs_open(0))
            if self.handle:
                return
            time.sleep(0.01)
        raise RuntimeError("xenstored did not start")

    def stop(self):
        self.lib.xs_close(self.handle)
        self.daemon.kill()
        self.daemon.wait()
        shutil.rmtree(self.folder)

    def requests(self):
        """How many there have been."""
        with open(self.folder + "/trace", "rb") as stream:
            return sum(line.startswith(b"IN ") for line in stream)

    def put(self, path, value):
        value = value.encode()
        if not self.lib.xs_write(self.handle, 0, path.encode(), value, len(value)) & 0xff:
            raise OSError(ctypes.get_errno(), path)

    def drop(self, path):
        if not self.lib.xs_rm(self.handle, 0, path.encode()) & 0xff:
            raise OSError(ctypes.get_errno(), path)

    def guest(self, domid, name):
        """An HVM guest, paused, whose device model makes its offer."""
        self.put(f"/local/domain/{domid}/name", name)
        self.put(f"/local/domain/{domid}/hvmloader/bios", "seabios")
        self.put(f"/local/domain/{domid}/image/device-model-pid", "4711")
        self.lib.xs_introduce_domain(self.handle, domid, ctypes.c_ulong(1), 1)
        self.publish(domid, "OFFERED", 0, BUILT)
        self.put(f"/local/domain/0/device-model/{domid}/state", "running")

    def publish(self, domid, state, generation, *keys, error=0, by=0):
        """KEYS are layout/0, layout/1, ...; BY is the domain that the device model runs in."""
        if by:
            self.put(f"/local/domain/{domid}/image/device-model-domid", str(by))
        folder = f"/local/domain/{by}/device-model/{domid}/memory-map"
        self.put(folder + "/error", str(error))
        self.put(folder + "/generation", str(generation))
        for number, key in enumerate(keys):
            self.put(f"{folder}/layout/{number}", key)
        self.put(folder + "/state", state)

    def gone(self, domid):
        self.drop(f"/local/domain/{domid}")
        self.drop(f"/local/domain/0/device-model/{domid}")
        self.lib.xs_release_domain(self.handle, domid)
