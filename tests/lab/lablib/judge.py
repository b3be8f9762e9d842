"""A run as it goes: what is known is printed, written and counted at once."""

import math
import threading
import time

from . import journal, report, verdict
from .results import LAYOUT, NOT_REACHED
from .ui import TimeIsUp, progress

# One guest in so many may have a second try, in case the emulator lost the first.
GUESTS_A_SECOND_TRY = 50


class Judge:
    """Told of every guest by the threads that run them."""

    def __init__(self, pairs, top, json_path=None, max_failures=None, first=()):
        """PAIRS of (scenario, stack), all that is to run; TOP: of the clone; FIRST: names
        of scenarios, of which the others may be left out for want of time; none: none
        may."""
        self.pairs = pairs
        self.top = top
        self.json_path = json_path
        self.max_failures = max_failures
        self.first = first
        self.passed = self.failed = 0
        self._made = None
        self._why = ""                  # why the run ended early, if it did
        self._bad = set()               # pairs that are not as expected
        self._outcomes = {}             # pair -> Outcome
        self._second_tries = {}         # pair -> Outcome of the first one
        self._lock = threading.RLock()
        self._begun = time.time()

    def begin(self, made):
        """MADE: the run's parts.Parts, which know what guests are made of."""
        self._made = made
        self._write()

    @property
    def allowed(self):
        """How many guests may have a second try."""
        return math.ceil(len(self.pairs) / GUESTS_A_SECOND_TRY)

    def try_again(self, outcome):
        """Whether the guest is to run once more, in a new boot.

        Silence is more often the emulator's doing than the guest's
        (tests/lab/FINDINGS.md), but not often, so it is not many guests' excuse.
        """
        pair = (outcome.scenario, outcome.stack)
        who = f"{outcome.scenario.name} on {outcome.stack}"
        with self._lock:
            if _key(pair) in self._second_tries \
                    or not verdict.only_silent(outcome):
                return False
            if len(self._second_tries) >= self.allowed:
                progress("no second try: this run has had its "
                         f"{self.allowed}", who)
                return False
            self._second_tries[_key(pair)] = outcome
        progress("once more, in a new boot", who)
        return True

    def first_try(self, scenario, stack):
        """How the first try of that guest ended, if there was one."""
        with self._lock:
            first = self._second_tries.get(_key((scenario, stack)))
            return first.ending.short() if first else ""

    def ended(self, outcome):
        """All is known of the guest that can be; returns why the run should end, if
        it should."""
        pair = (outcome.scenario, outcome.stack)
        with self._lock:
            self._outcomes[_key(pair)] = outcome
            for name in verdict.expectations(outcome):
                if name != LAYOUT:
                    outcome.checks.setdefault(name, NOT_REACHED)
            self._count(outcome, outcome.checks)
            report.remarks(outcome)
            self._layouts()
            self._write()
            if self.max_failures and len(self._bad) >= self.max_failures:
                return f"{len(self._bad)} guests are not as expected"
            return None

    def _count(self, outcome, names):
        wanted, unmet = verdict.expectations(outcome), verdict.unmet(outcome)
        bad = [name for name in names if name in unmet]
        if bad:
            self._bad.add(_key((outcome.scenario, outcome.stack)))
        self.failed += len(bad)
        self.passed += sum(name in wanted for name in names) - len(bad)
        report.guest(outcome, names, bad, self.top)

    def _layouts(self):
        """Compare what can be by now."""
        for outcome in self._outcomes.values():
            scenario = outcome.scenario
            other = self._outcomes.get(_key((scenario,
                                             scenario.needs_for(outcome.stack))))
            if other and LAYOUT not in outcome.checks:
                outcome.checks[LAYOUT] = verdict.compare_layouts(outcome, other)
                self._count(outcome, [LAYOUT])

    def finish(self, trouble=None):
        """The end of the run, TROUBLE if that was not to be expected yet: True if all
        was as expected, and something was."""
        with self._lock:
            self._why = str(trouble or "")
            spare = bool(self.first) and isinstance(trouble, TimeIsUp)
            left_out = []
            for pair in self.pairs:
                outcome = self._outcomes.get(_key(pair))
                if spare and pair[0].name not in self.first and (
                        outcome is None or self._alone(pair)):
                    left_out.append(f"{pair[0].name} on {pair[1]}"
                                    + ("" if outcome is None else " (its layout)"))
                elif outcome is None:
                    missing = len(verdict.expected_of(*pair))
                    report.not_run(pair, missing)
                    self.failed += missing
                elif pair[0].needs_for(pair[1]) and LAYOUT not in outcome.checks:
                    outcome.checks[LAYOUT] = NOT_REACHED
                    self._count(outcome, [LAYOUT])
            self._write(complete=True)
            report.summary([f"{first.scenario.name} on {first.stack} "
                            f"({first.ending.short()})"
                            for first in self._second_tries.values()],
                           self.allowed, len(self.pairs), self._unmet(spare), left_out,
                           self._why, self.passed, self.failed)
            return self.passed > 0 and self.failed == 0 and (trouble is None or spare)

    def _alone(self, pair):
        """Whether that which its layout was to be compared with did not run."""
        other = pair[0].needs_for(pair[1])
        return bool(other) and _key((pair[0], other)) not in self._outcomes

    def _unmet(self, spare):
        """[(Outcome, names)] of the guests that ran and are not as expected; SPARE: a
        layout that could not be compared is nobody's fault."""
        found = []
        for pair in self.pairs:
            outcome = self._outcomes.get(_key(pair))
            names = verdict.unmet(outcome) if outcome else []
            if spare and pair[0].name not in self.first and self._alone(pair):
                names = [name for name in names if name != LAYOUT]
            if names:
                found.append((outcome, names))
        return found

    def _write(self, complete=False):
        if self.json_path is None:
            return
        journal.write(self.json_path, {
            "complete": complete,
            "ended_early": self._why or None,
            "passed": self.passed,
            "failed": self.failed,
            "seconds": round(time.time() - self._begun),
            "sources": self._made.sources,
            "stacks": self._made.used(),
            "second_tries": {"allowed": self.allowed, "guests": [
                {"scenario": first.scenario.name, "stack": first.stack,
                 "first": first.ending.short()}
                for first in self._second_tries.values()]},
            "not_run": [{"scenario": pair[0].name, "stack": pair[1]}
                        for pair in self.pairs if _key(pair) not in self._outcomes],
            "runs": [journal.run(self._outcomes[_key(pair)]) for pair in self.pairs
                     if _key(pair) in self._outcomes],
        })


def _key(pair):
    scenario, stack = pair
    return scenario.path, stack
