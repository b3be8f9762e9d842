"""What a person sees while the lab works, and the errors it ends with."""

import sys
import threading
import time

_START = time.monotonic()
_LOCK = threading.Lock()


class LabError(Exception):
    """The lab cannot go on; the text says what to do.  Exit status 2."""


class Stopped(LabError):
    """The lab is to end before it is done; the text says why."""


class Enough(Stopped):
    """By the lab's own decision: what is known by then is the result."""


class TimeIsUp(Enough):
    """Nothing is wrong but that."""


def progress(text, who="lab"):
    """One line on standard error: results alone go to standard output."""
    with _LOCK:
        sys.stderr.write(f"[{time.monotonic() - _START:6.1f}s] {who}: {text}\n")
        sys.stderr.flush()


def result(text=""):
    with _LOCK:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


def tail(path, lines=15):
    """The end of a text file, for an error message."""
    try:
        with open(path, errors="replace") as stream:
            return "".join("    " + line for line in
                           stream.readlines()[-lines:]).rstrip()
    except OSError as error:
        return f"    ({error})"
