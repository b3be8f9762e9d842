"""What a check came to: in values, so that nobody compares text for people."""

import enum
from dataclasses import dataclass

# Checks that every guest has, besides those of its scenario.
BOOT_CHECKS = ("create", "boot")
# Those that only some have: another stack's layout to compare with; what went wrong
# without any other check to blame, which is never as expected.
LAYOUT, PANIC, END = "layout", "panic", "end"
# What every guest of ours has as well that was started with a layout: was it foreseen,
# and does Xen have what it says?  They must succeed, unless a scenario says otherwise.
EXPLAIN, VERIFY = "explain", "verify"
IMPLIED = (EXPLAIN, VERIFY)
RESERVED = BOOT_CHECKS + (LAYOUT, PANIC, END) + IMPLIED
# Those of [checks] that are not the guest's: made in dom0, and outside of the host.
DOM0_CHECKS = ("views", "vram")
HOST_CHECKS = DOM0_CHECKS + ("rmrr", "faults", "superpages")


class Result(enum.Enum):
    """The words are those of the guest's protocol and of --json."""

    SUCCESS = "success"
    FAILURE = "failure"     # the stack's fault
    ERROR = "error"         # the lab's own
    SKIP = "skip"           # nothing was found out


class Source(enum.Enum):
    """Who says so."""

    GUEST = "guest"         # its own report
    DOM0 = "dom0"           # a program in dom0
    HOST = "host"           # the emulated host: its memory, tables and IOMMU
    LOG = "log"             # a log that was searched
    LAB = "lab"             # the lab itself: guest made, guest up, layouts alike
    ENDED = "ended"         # the guest's life ended, and something said why
    CRASH = "crash"         # a kernel or Xen itself panicked
    HUNG = "hung"           # nothing was heard, or the guest took too long
    NOT_REACHED = "not reached"


# What never is what a scenario expects: who expects a refusal or a loss wants to hear
# of it, and a panic has no excuse.
NEVER_EXPECTED = frozenset({Source.CRASH, Source.HUNG, Source.NOT_REACHED})


@dataclass(frozen=True)
class Check:
    """The result of one check, TEXT for people."""

    result: Result
    text: str
    source: Source


def success(text, source):
    return Check(Result.SUCCESS, text, source)


def failure(text, source):
    return Check(Result.FAILURE, text, source)


def error(text, source):
    return Check(Result.ERROR, text, source)


def skip(text, source):
    return Check(Result.SKIP, text, source)


NOT_REACHED = skip("not reached", Source.NOT_REACHED)
