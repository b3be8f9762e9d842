"""What results are worth: results against expectations."""

import re
from dataclasses import dataclass

from . import results
from .endings import Lost, Silent
from .results import (END, IMPLIED, LAYOUT, NEVER_EXPECTED, NOT_REACHED, PANIC,
                      Result, Source)


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
        return self.result.value + (f" for '{self.pattern}'" if self.pattern else "")


_SUCCESS = Expectation(Result.SUCCESS)


def expected_of(scenario, stack):
    """{check: Expectation} of SCENARIO for STACK."""
    wanted = scenario.expect.get(stack)
    if wanted is None:
        return {}
    found = {name: _SUCCESS for name in wanted["must_pass"]}
    found.update((name, Expectation(Result.FAILURE, pattern))
                 for name, pattern in wanted["must_fail"].items())
    if wanted["same_layout_as"]:
        found[LAYOUT] = _SUCCESS
    return found


def expectations(outcome):
    """The same, for what came of it: nobody has to say that a panic is a failure."""
    found = expected_of(outcome.scenario, outcome.stack)
    for name in (PANIC, END, *IMPLIED):
        if name in outcome.checks:
            found.setdefault(name, _SUCCESS)
    return found


def unmet(outcome):
    """The names of checks that are not as expected."""
    return [name for name, wanted in expectations(outcome).items()
            if not wanted.met(outcome.checks.get(name, NOT_REACHED))]


def as_expected(outcome):
    """All checks of the guest itself are; its layout is compared with another's."""
    return not set(unmet(outcome)) - {LAYOUT}


def only_silent(outcome):
    """The guest fell silent, or was lost with its host, before a check that has to
    pass, and all that was heard of it until then is as expected."""
    if not isinstance(outcome.ending, (Lost, Silent)):
        return False
    wanted = expectations(outcome)
    missing = [name for name in unmet(outcome) if name != LAYOUT]
    return (all(_unheard(outcome, name) for name in missing)
            and any(wanted[name] is _SUCCESS for name in missing))


def _unheard(outcome, name):
    """Nothing says of this check what it would have come to."""
    check = outcome.checks.get(name, NOT_REACHED)
    if check.source is Source.LOG:
        # What a log lacks may have been about to come; what it has is there.
        return check.result is not Result.FAILURE \
            or "absent" not in outcome.scenario.logs[name]
    return check.source in (Source.HUNG, Source.NOT_REACHED)


def compare_layouts(mine, other):
    """The check `layout`: two stacks gave the guest the same map."""
    if not mine.e820 or not other.e820:
        return results.skip("one of the two guests reported no E820", Source.LAB)
    for what, one, two in (("E820 entries", mine.e820, other.e820),
                           ("BARs", mine.bars, other.bars)):
        if one != two:
            return results.failure(f"{what} differ from {other.stack}'s: "
                                   + _difference(one, two), Source.LAB)
    return results.success(f"{len(mine.e820)} E820 entries and {len(mine.bars)} BARs "
                           f"as under {other.stack}", Source.LAB)


def _difference(mine, theirs):
    def show(items):
        return ", ".join(map(str, items)) or "nothing"
    return (f"{show([item for item in mine if item not in theirs])} instead "
            f"of {show([item for item in theirs if item not in mine])}")
