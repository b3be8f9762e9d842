"""Programs that the lab runs: each in a group of its own, none left behind."""

import os
import shutil
import signal
import subprocess
import threading

from .ui import LabError, Stopped, progress, tail

# Seconds after which a program that takes long is seen to be alive.
_PATIENCE = 20

_running = set()
_lock = threading.Lock()
stopping = threading.Event()
_reason = "interrupted"


def check():
    """Raises Stopped once the lab is to end."""
    if stopping.is_set():
        raise Stopped(_reason)


def start(command, **options):
    """Popen in a new process group that also dies with the lab itself."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise LabError("setpriv is missing: apt-get install util-linux")
    with _lock:
        check()
        process = subprocess.Popen(
            [setpriv, "--pdeathsig", "KILL", "--"] + command,
            start_new_session=True, **options)
        _running.add(process)
    return process


def stop(process, seconds=5):
    """End the whole group of PROCESS, first politely."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
        except ProcessLookupError:
            pass
        try:
            process.wait(seconds)
            if sign == signal.SIGKILL:
                break
        except subprocess.TimeoutExpired:
            continue
    with _lock:
        _running.discard(process)


def stop_all(reason="interrupted"):
    """End all programs, and let nobody start another."""
    global _reason  # pylint: disable=global-statement
    if not stopping.is_set():
        _reason = reason
    stopping.set()
    with _lock:
        left = list(_running)
    for process in left:
        stop(process, seconds=2)


def run(command, log, what, hint="", **options):
    """Run to the end, output to the file LOG; LabError when it fails."""
    with open(log, "ab") as stream:
        stream.write(("$ " + " ".join(command) + "\n").encode())
        stream.flush()
        process = start(command, stdout=stream, stderr=subprocess.STDOUT,
                        stdin=subprocess.DEVNULL, **options)
        try:
            while True:
                try:
                    status = process.wait(_PATIENCE)
                    break
                except subprocess.TimeoutExpired:
                    last = tail(log, 1).strip()
                    progress(f"{what}: {last[:100]}")
        finally:
            stop(process)
    check()
    if status:
        raise LabError(f"{what} failed (exit {status}); the end of {log}:\n"
                       + tail(log) + (f"\n{hint}" if hint else ""))
