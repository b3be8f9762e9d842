"""The checks of [logs]: a line that must, or must not, be in a log."""

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
    pattern = wanted.get("match", wanted.get("absent"))
    found = next((line for line in lines if re.search(pattern, line)), None)
    if found is not None:
        return (results.success if "match" in wanted else results.failure)(
            found, Source.LOG)
    beside = wanted.get("beside")
    if beside is not None and not any(re.search(beside, line) for line in lines):
        return results.error(f"{log} has no line that matches {beside}, so it shows "
                             "nothing", Source.LOG)
    if "match" in wanted:
        return results.failure(f"no line of {log} matches {pattern}", Source.LOG)
    return results.success("", Source.LOG)
