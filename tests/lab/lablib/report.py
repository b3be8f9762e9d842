"""Results for people, on standard output."""

import os

from . import verdict
from .results import NOT_REACHED, Result
from .ui import result

# Lines of logs that explain a failure, by check; the last few of each.
_TELLING = {
    "create": ("create.log", ("error", "qemu-system")),
    "boot": ("hvmloader.log", ("",)),
    "nvme": ("serial.log", ("nvme",)),
    "irq": ("serial.log", ("nvme", "irq")),
    "views": ("views.txt", ("differ",)),
}
_LINES = 6
# Characters of a check's text in the summary.
_SHORT = 160


def _line(who, text):
    scenario, stack = who
    result(f"{scenario.name:12} {stack:14} {text}")


def check(outcome, name):
    """One check, and whether it is as expected."""
    found, note = outcome.checks[name], ""
    wanted = verdict.expectations(outcome).get(name)
    if wanted and not wanted.met(found):
        note = f"  <-- must be {wanted}"
    elif wanted and found.result is Result.FAILURE:
        note = "  (as expected)"
    text = ": " + found.text if found.text else ""
    _line((outcome.scenario, outcome.stack),
          f"{name:8} {found.result.value:8}{note}{text}")


def guest(outcome, names, bad, top):
    """The checks NAMES of a guest, and what the logs say about those of BAD."""
    for name in names:
        check(outcome, name)
    if not bad:
        return
    for name in bad:
        log, words = _TELLING.get(name, ("serial.log", (name,)))
        lines = [line for line in outcome.text(log)
                 if any(word in line for word in words)
                 and f"check {name} " not in line]
        for line in lines[-_LINES:]:
            result(f"    {log}: {line}")
    host = os.path.dirname(os.path.dirname(os.path.dirname(outcome.folder)))
    result(f"    logs: {os.path.relpath(outcome.folder, top)}/ and, of the host, "
           f"{os.path.relpath(host, top)}/xen.log")


def remarks(outcome):
    """What one has to know of how the results came about."""
    who = outcome.scenario, outcome.stack
    if outcome.cached:
        _line(who, f"from the cache, run on {outcome.cached}")
    if outcome.first_try:
        _line(who, f"second try; the first: {outcome.first_try}")


def not_run(who, count):
    _line(who, f"not run  <-- {count} checks were to be as expected")


def summary(second_tries, allowed, guests, unmet, left_out, why, passed, failed):
    """UNMET: [(outcome, names of its checks that are not as expected)], once more,
    because who reads a long log reads its end; LEFT_OUT: the guests that did not run and
    are not counted; WHY: why the run ended before its end, if it did."""
    for outcome, names in unmet:
        told = [name for name in names
                if outcome.checks.get(name, NOT_REACHED) != NOT_REACHED]
        parts = [f"{name} {outcome.checks[name].result.value}: "
                 f"{outcome.checks[name].text}"[:_SHORT] for name in told]
        if len(told) < len(names):
            parts.append("not reached: " + ", ".join(
                name for name in names if name not in told))
        result(f"not as expected: {outcome.scenario.name} on {outcome.stack}: "
               + "; ".join(parts))
    if second_tries:
        result(f"second tries: {len(second_tries)} of {guests} guests, "
               f"{allowed} allowed: " + ", ".join(second_tries))
    if left_out:
        result(f"left out for want of time: {len(left_out)} of {guests} guests: "
               + ", ".join(left_out))
    if why:
        result(f"ended early: {why}")
    # Alone on its line, which is how a test runner's last one is read.
    result(f"{passed} passed, {failed} failed")
