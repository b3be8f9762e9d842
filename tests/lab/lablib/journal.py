"""Everything about a run, for --json: complete and valid whenever one looks."""

import json
import os
from dataclasses import astuple

from . import verdict
from .ui import LabError


def _check(outcome, name):
    check = outcome.checks[name]
    wanted = verdict.expectations(outcome).get(name)
    return {"name": name, "result": check.result.value, "text": check.text,
            "source": check.source.value,
            "expected": wanted and wanted.result.value,
            "reason": wanted and wanted.pattern,
            "as_expected": wanted and wanted.met(check)}


def run(outcome):
    """One guest."""
    scenario = outcome.scenario
    return {
        "scenario": scenario.name,
        "title": scenario.title,
        "stack": outcome.stack,
        "suite": scenario.host["suite"],
        "hypervisor": scenario.host["hypervisor"],
        "guest": {key: scenario.guest[key]
                  for key in ("memory", "maxmem", "vcpus", "videoram",
                              "firmware", "kernel")},
        "relocate": scenario.relocate(outcome.stack),
        "checks": [_check(outcome, name) for name in outcome.checks],
        "e820": [list(astuple(entry)) for entry in outcome.e820],
        "bars": [list(astuple(bar)) for bar in outcome.bars],
        "views": outcome.views,
        "mtree": outcome.text("mtree.txt"),
        "hvmloader": outcome.text("hvmloader.log"),
        "counts": outcome.counts,
        "seconds": outcome.times,
        "cpu_seconds": outcome.work,
        "first_try": outcome.first_try,
        "cached": outcome.cached,
        "log": outcome.folder,
    }


def write(path, content):
    """The file is the old one or the new one, never a part."""
    draft = f"{path}.{os.getpid()}.new"
    try:
        with open(draft, "w") as stream:
            json.dump(content, stream, indent=1)
            stream.write("\n")
        os.replace(draft, path)
    except OSError as error:
        raise LabError(f"{path}: {error.strerror}") from error
    finally:
        if os.path.exists(draft):
            os.unlink(draft)
