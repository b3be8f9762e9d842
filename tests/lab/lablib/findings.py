"""What was seen and heard of one guest, as results in its Outcome.

Nothing is expected here yet; verdict.py does that.
"""

import re

from . import console, foreseen, hostmemory, results, superpages
from .results import BOOT_CHECKS, END, NOT_REACHED, PANIC, RESERVED, Source

# Of the results of one check, which counts, the last of these that there is: a check
# that failed before a reboot has failed, whatever it says after it.
_WORSE = (results.Result.SUCCESS, results.Result.SKIP, results.Result.ERROR,
          results.Result.FAILURE)


def created(outcome, status, text):
    """Whether TEXT, what guest-create printed, says that there is a guest."""
    domid = re.search(r"^domid (\d+)$", text, re.M)
    if domid and not status:
        outcome.domid = int(domid.group(1))
        outcome.checks["create"] = results.success("", Source.LAB)
        return True
    # libxl's refusal is the stack's; anything else the lab's own.
    errors = [line for line in text.splitlines()
              if line.startswith(("libxl: error", "xc: error"))]
    said = (errors or text.splitlines()[-1:] or ["no output"])[0]
    outcome.checks["create"] = (results.failure if errors else results.error)(
        said, Source.LAB)
    return False


def not_started(outcome, text):
    """What a scenario has dom0 do before the start went wrong."""
    said = outcome.text("dom0.log") or text.splitlines()
    outcome.checks["boot"] = results.error(
        "before the start: " + " | ".join(said[-3:]), Source.LAB)


def take(outcome, event):
    """What the guest said."""
    if isinstance(event, console.Start):
        outcome.checks["boot"] = results.success("", Source.GUEST)
    elif isinstance(event, console.Entry):
        outcome.e820.append(event)
    elif isinstance(event, console.Bar):
        outcome.bars.append(event)
    elif isinstance(event, console.Written):
        outcome.dma.append(event)
    elif isinstance(event, console.Report):
        old = outcome.checks.get(event.name)
        if old is None or _WORSE.index(old.result) <= \
                _WORSE.index(event.check.result):
            outcome.checks[event.name] = event.check


def charge(outcome, ending):
    """What did not come is the fault of the stage that did not end; if all came, the
    guest's end is."""
    outcome.ending = outcome.ending or ending
    text = ending.short()
    owed = (name for name in (*BOOT_CHECKS, *outcome.scenario.checks)
            if name not in outcome.checks)
    name = next(owed, END)
    outcome.checks[name] = results.failure(
        text if name in RESERVED else "no report: " + text, ending.source)
    if ending.source is Source.CRASH:
        # Whatever else was expected of this guest.
        outcome.checks.setdefault(PANIC, results.failure(ending.short(),
                                                         Source.CRASH))


def panics(outcome, lines):
    """Xen or dom0 panicked, as LINES of the host's console say, or the guest's kernel
    did, whatever else was heard of the guest, and be it after all it owed."""
    found = ["the host: " + panic.text
             for panic in filter(None, map(console.host_panic, lines))]
    found += [event.text for event in map(console.guest, outcome.text("serial.log"))
              if isinstance(event, console.Panic)]
    if found:
        outcome.checks[PANIC] = results.failure(found[0], Source.CRASH)


def inspected(outcome, wanted, status, text):
    """The checks WANTED of dom0; STATUS and TEXT are guest-inspect's."""
    outcome.views = outcome.text("views.txt")
    for name in wanted:
        lines = outcome.text(name + ".txt")
        reports = [report.check for report in map(console.dom0, lines)
                   if report and report.name == name]
        outcome.checks[name] = reports[-1] if reports else results.error(
            f"memmap-views said nothing (inspect: {status}): "
            + " | ".join(lines[-2:] or text.splitlines()[-2:]), Source.DOM0)


def explained(outcome):
    """Of a guest with a layout: what was foreseen of it, and what Xen has."""
    if outcome.stack not in foreseen.STACKS:
        return
    found = {results.EXPLAIN: foreseen.explain(
        "\n".join(outcome.text("explain.json")), outcome.text("explain.txt"),
        outcome.text("published.txt"), outcome.bars, outcome.text("hvmloader.log")),
        results.VERIFY: foreseen.verify(
        outcome.text("verify.txt"), outcome.text("published.txt"))}
    outcome.checks.update((name, check) for name, check in found.items() if check)


def on_host(outcome, physical, lines, tables):
    """The checks that the emulated host answers: PHYSICAL(address, bytes) is its
    memory, LINES its console, TABLES superpages.survey()'s."""
    wanted = outcome.scenario.checks
    if "rmrr" in wanted:
        outcome.checks["rmrr"] = hostmemory.rmrr(outcome.dma, physical)
    if "faults" in wanted:
        outcome.checks["faults"] = hostmemory.faults(lines, **wanted["faults"])
    if "superpages" in wanted:
        outcome.checks["superpages"] = superpages.verdict(
            outcome.built, tables, wanted["superpages"].get("gigabytes", 0),
            outcome.views)


def rest(outcome):
    """What is missing when the guest is gone was not reached."""
    for name in (*BOOT_CHECKS, *outcome.scenario.checks):
        outcome.checks.setdefault(name, NOT_REACHED)
