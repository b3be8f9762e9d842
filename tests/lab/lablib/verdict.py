"""What a run is worth: results against expectations, and the report of it."""

import json
import os
import re
from dataclasses import dataclass

from . import results
from .results import NEVER_EXPECTED, NOT_REACHED, Result, Source
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


@dataclass(frozen=True)
class Expectation:
    """What a check has to come to; a failure for the reason that PATTERN finds."""

    result: Result
    pattern: str = ""

    def met(self, check):
        return (check.result is self.result
                and check.source not in NEVER_EXPECTED
                and bool(re.search(self.pattern, check.text)))

    def __str__(self):
        return self.result.value + (f" for {self.pattern}" if self.pattern else "")


_SUCCESS = Expectation(Result.SUCCESS)


def expectations(outcome):
    """{check: Expectation} of this scenario for this stack."""
    wanted = outcome.scenario.expect.get(outcome.stack)
    if wanted is None:
        return {}
    found = {name: _SUCCESS for name in wanted["must_pass"]}
    found.update((name, Expectation(Result.FAILURE, pattern))
                 for name, pattern in wanted["must_fail"].items())
    if wanted["same_layout_as"]:
        found["layout"] = _SUCCESS
    return found


def as_expected(outcome):
    """All checks of the guest itself are; its layout is compared with another's."""
    return all(wanted.met(outcome.checks.get(name, NOT_REACHED))
               for name, wanted in expectations(outcome).items()
               if name != "layout")


def only_silent(outcome):
    """The guest fell silent before a check that has to pass, and all that was heard
    of it until then is as expected."""
    if outcome.silence is None:
        return False
    owed = False
    for name, wanted in expectations(outcome).items():
        check = outcome.checks.get(name, NOT_REACHED)
        if wanted.met(check):
            continue
        # What a log lacks may have been about to come; what it has is there.
        unheard = check.source in (Source.HUNG, Source.NOT_REACHED) or (
            check.source is Source.LOG
            and (check.result is not Result.FAILURE
                 or "match" in outcome.scenario.logs[name]))
        if not unheard:
            return False
        owed |= wanted is _SUCCESS
    return owed


def compare_layouts(outcomes):
    """The pseudo-check `layout`: two stacks gave the guest the same map."""
    by_name = {(o.scenario.path, o.stack): o for o in outcomes}
    for outcome in outcomes:
        other_stack = outcome.scenario.needs_for(outcome.stack)
        if other_stack is None:
            continue
        other = by_name[outcome.scenario.path, other_stack]
        if not outcome.e820 or not other.e820:
            verdict = results.skip("one of the two guests reported no E820",
                                   Source.LAB)
        elif outcome.e820 != other.e820:
            verdict = results.failure(
                f"E820 differs from {other_stack}'s: "
                + _difference(outcome.e820, other.e820), Source.LAB)
        elif outcome.bars != other.bars:
            verdict = results.failure(
                f"BARs differ from {other_stack}'s: "
                + _difference(outcome.bars, other.bars), Source.LAB)
        else:
            verdict = results.success(
                f"{len(outcome.e820)} E820 entries and {len(outcome.bars)} BARs as "
                f"under {other_stack}", Source.LAB)
        outcome.checks["layout"] = verdict


def _difference(mine, theirs):
    def show(items):
        return " ".join("-".join(hex(field) if isinstance(field, int)
                                 else field for field in item)
                        for item in items) or "nothing"
    return (f"{show([item for item in mine if item not in theirs])} instead "
            f"of {show([item for item in theirs if item not in mine])}")


def report(outcomes, top):
    """Print all results; (passed, failed) counts of expectations."""
    compare_layouts(outcomes)
    passed = failed = 0
    for outcome in outcomes:
        wanted = expectations(outcome)
        bad = []
        for name in wanted:
            outcome.checks.setdefault(name, NOT_REACHED)
        for name, check in outcome.checks.items():
            note, text = "", check.text
            if name in wanted:
                if wanted[name].met(check):
                    passed += 1
                    if check.result is Result.FAILURE:
                        note = "  (as expected)"
                else:
                    failed += 1
                    bad.append(name)
                    note = f"  <-- must be {wanted[name]}"
            if text:
                text = ": " + text
            result(f"{outcome.scenario.name:12} {outcome.stack:14} "
                   f"{name:8} {check.result.value:8}{note}{text}")
        if outcome.cached:
            result(f"{outcome.scenario.name:12} {outcome.stack:14} from the cache, "
                   f"run on {outcome.cached}")
        if outcome.first_try:
            result(f"{outcome.scenario.name:12} {outcome.stack:14} second try; the "
                   f"first: {outcome.first_try}")
        if bad:
            _explain(outcome, bad, top)
    again = sum(bool(outcome.first_try) for outcome in outcomes)
    if again:
        result(f"{again} of {len(outcomes)} guests at the second try")
    # Alone on its line, which is how a test runner's last one is read.
    result(f"{passed} passed, {failed} failed")
    return passed, failed


def _explain(outcome, bad, top):
    for name in bad:
        log, words = _TELLING.get(name, ("serial.log", (name,)))
        lines = [line for line in outcome.text(log)
                 if any(word in line for word in words)
                 and f"check {name} " not in line]
        for line in lines[-_LINES:]:
            result(f"    {log}: {line}")
    result(f"    logs: {os.path.relpath(outcome.folder, top)}/ and, of the "
           "host, "
           + os.path.relpath(os.path.join(outcome.folder, "../../.."), top)
           + "/xen.log")


def _check(outcome, name):
    check, wanted = outcome.checks[name], expectations(outcome).get(name)
    return {"name": name, "result": check.result.value, "text": check.text,
            "source": check.source.value,
            "expected": wanted and wanted.result.value,
            "reason": wanted and wanted.pattern}


def document(outcomes, parts):
    """Everything about a run, for --json."""
    return {
        "sources": parts.sources,
        "stacks": parts.used(),
        "runs": [{
            "scenario": o.scenario.name,
            "title": o.scenario.title,
            "stack": o.stack,
            "suite": o.scenario.host["suite"],
            "hypervisor": o.scenario.host["hypervisor"],
            "guest": {key: o.scenario.guest[key]
                      for key in ("memory", "maxmem", "vcpus", "videoram",
                                  "firmware")},
            "relocate": o.scenario.relocate(o.stack),
            "checks": [_check(o, name) for name in o.checks],
            "e820": [list(entry) for entry in o.e820],
            "bars": [list(entry) for entry in o.bars],
            "views": o.views,
            "mtree": o.text("mtree.txt"),
            "hvmloader": o.text("hvmloader.log"),
            "counts": o.counts,
            "seconds": o.times,
            "first_try": o.first_try,
            "cached": o.cached,
            "log": o.folder,
        } for o in outcomes],
    }


def write_json(path, content):
    with open(path, "w") as stream:
        json.dump(content, stream, indent=1)
        stream.write("\n")
