"""What came of guests that have nothing of this project in them, kept.

Stock's controls show that a check can fail.  As long as all that such a guest is
made of is the same, running it again shows nothing new: its outcome is taken from
the cache, and judged afresh.  `make check-nightly` runs them all the same.
"""

import dataclasses
import glob
import json
import os
import shutil
import time

from . import cache, console, guestconfig, results, stacks
from .outcome import Outcome
from .results import Check, Result, Source

# Files of lablib that have no say in what comes of a guest: they judge it, show it,
# or decide when and where it runs.  All others are part of the key, new ones too.
_NO_SAY = frozenset("""
    __init__.py cache.py controls.py debian.py exact.py journal.py judge.py logsearch.py
    packages.py parts.py posted.py process.py report.py runner.py schedule.py schema.py
    shell.py sources.py spans.py stacks.py suites.py trees.py ui.py verdict.py
    versions.py
""".split())
# What of a scenario has none: it names the file, says when it runs, or judges.
_JUDGING = frozenset(("name", "path", "title", "nightly", "logs", "expect"))
# What of an outcome is kept, besides its checks and the map that it was given; the
# rest is of the run or of no use after it.
_KEPT = ("views", "counts", "times", "work", "domid")
# Larger logs are of no use to any judge.
_LARGEST = 8 << 20
# To be raised when what is kept changes.
_FORMAT = 1


def is_control(stack):
    return stack in stacks.CONTROLS


def _code():
    folder = os.path.dirname(__file__)
    return cache.digest_files(
        path for path in glob.glob(os.path.join(folder, "*.py"))
        if os.path.basename(path) not in _NO_SAY)


def content(scenario, stack):
    """What SCENARIO says of a guest on STACK, but for what judges it.

    Nor is it part of it how many processors and how much memory the emulated host
    has beyond what the scenario asks for: that depends on what else runs.
    """
    found = {field.name: getattr(scenario, field.name)
             for field in dataclasses.fields(scenario)
             if field.name not in _JUDGING}
    found["stack"] = scenario.stack.get(stack, {})
    return found


def key(scenario, stack, identity, count=False):
    """The name in the cache; IDENTITY names the programs, as Parts.identity() does."""
    # What xl is told has the order of the checks as well, and may depend on more than
    # the content: on what is expected, say.
    told = guestconfig.config(scenario, stack, 1, count)
    return "control-" + cache.digest(_FORMAT, content(scenario, stack), told,
                                     identity, _code())


def keep(name, outcome):
    """Put OUTCOME into the cache under that NAME, unless there is any doubt."""
    if not sound(outcome):
        return False

    def make(folder):
        checks = {check: [found.result.value, found.text, found.source.value]
                  for check, found in outcome.checks.items()
                  if found.source is not Source.LOG}
        with open(os.path.join(folder, "outcome.json"), "w") as stream:
            json.dump({"date": time.strftime("%Y-%m-%d %H:%M"), "checks": checks,
                       "e820": list(map(dataclasses.astuple, outcome.e820)),
                       "bars": list(map(dataclasses.astuple, outcome.bars)),
                       **{field: getattr(outcome, field) for field in _KEPT}},
                      stream)
        logs = os.path.join(folder, "logs")
        os.mkdir(logs)
        for path in glob.glob(os.path.join(outcome.folder, "*")):
            if os.path.isfile(path) and os.path.getsize(path) <= _LARGEST:
                shutil.copy(path, logs)
    cache.entry(name, make)
    return True


def sound(outcome):
    """The guest said all it had to say, at the first try, and the lab worked."""
    # What [logs] says is found out anew each time.
    checks = [check for check in outcome.checks.values()
              if check.source is not Source.LOG]
    return (outcome.ending is None and not outcome.first_try
            and not any(check.result is Result.ERROR
                        or check.source in results.NEVER_EXPECTED
                        for check in checks))


def find(name, scenario, stack, folder):
    """The Outcome of that NAME in the cache, its logs in FOLDER; None if there is
    none."""
    entry = os.path.join(cache.top(), name)
    try:
        with open(os.path.join(entry, "outcome.json")) as stream:
            kept = json.load(stream)
    except FileNotFoundError:
        return None
    shutil.copytree(os.path.join(entry, "logs"), folder)
    outcome = Outcome(scenario, stack, folder)
    for field in _KEPT:
        setattr(outcome, field, kept[field])
    outcome.e820 = [console.Entry(*entry) for entry in kept["e820"]]
    outcome.bars = [console.Bar(*bar) for bar in kept["bars"]]
    outcome.checks = {check: Check(Result(result), text, Source(source))
                      for check, (result, text, source) in kept["checks"].items()}
    outcome.cached = kept["date"]
    outcome.search_logs()
    return outcome
