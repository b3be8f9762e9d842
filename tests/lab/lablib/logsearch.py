"""The checks of [logs]: a line that must, or must not, be in a log, or all its lines."""

import re

from . import results
from .results import Source


def search(wanted, lines):
    """The check that WANTED, a table of [logs], makes of a log's LINES.

    LINES is None when there is no such log.  A line that is missing shows nothing
    unless the log has what it has in any case, the line `beside`.
    """
    log = wanted["in"]
    if lines is None:
        return results.skip(f"the guest left no log of {log}", Source.LOG)
    if "lines" in wanted:
        return _compare(log, wanted["lines"], lines)
    pattern = wanted.get("match", wanted.get("absent"))
    found = [line for line in lines if re.search(pattern, line)]
    if len(found) > wanted.get("at_most", len(found)):
        return results.failure(f"{len(found)} lines of {log} match {pattern}; the first: "
                               + found[0], Source.LOG)
    if found:
        return (results.success if "match" in wanted else results.failure)(
            found[0], Source.LOG)
    beside = wanted.get("beside")
    if beside is not None and not any(re.search(beside, line) for line in lines):
        return results.error(f"{log} has no line that matches {beside}, so it shows "
                             "nothing", Source.LOG)
    if "match" in wanted:
        return results.failure(f"no line of {log} matches {pattern}", Source.LOG)
    return results.success("", Source.LOG)


def _compare(log, patterns, lines):
    """Are LINES, each as a whole, what PATTERNS say, one by one?"""
    for number, (pattern, line) in enumerate(zip(patterns, lines), 1):
        if not re.fullmatch(pattern, line):
            return results.failure(f"line {number} of {log} is not {pattern}: {line}",
                                   Source.LOG)
    if len(lines) != len(patterns):
        return results.failure(f"{log} has {len(lines)} lines instead of {len(patterns)}",
                               Source.LOG)
    return results.success(f"the {len(lines)} lines of {log}", Source.LOG)
