"""Everything that is known of one guest when it is gone."""

import os
from dataclasses import dataclass, field

from . import logsearch


@dataclass
class Outcome:
    """What came of one scenario on one stack."""

    scenario: object
    stack: str
    folder: str
    checks: dict = field(default_factory=dict)      # name -> results.Check
    e820: list = field(default_factory=list)        # console.Entry
    bars: list = field(default_factory=list)        # console.Bar
    views: list = field(default_factory=list)       # lines of memmap-views
    dma: list = field(default_factory=list)         # console.Written
    counts: dict = field(default_factory=dict)      # counts.of()
    built: dict = field(default_factory=dict)       # superpages.survey()
    times: dict = field(default_factory=dict)       # stage -> seconds
    work: dict = field(default_factory=dict)        # stage -> the host's CPU seconds
    domid: int = 0
    ending: Exception = None    # endings.Ending that it had, if it was one
    first_try: str = ""         # how the first try ended, if this is the second
    cached: str = ""            # when it ran, if that was not in this run

    def path(self, name):
        return os.path.join(self.folder, name)

    def text(self, name):
        """The lines of one of its logs; none if there is no such log."""
        try:
            with open(self.path(name), errors="replace") as stream:
                return stream.read().splitlines()
        except FileNotFoundError:
            return []

    def search_logs(self):
        """Make the checks of [logs], of what the guest has left."""
        for name, wanted in self.scenario.logs.items():
            file = self.scenario.log_file(name)
            lines = self.text(file) if os.path.exists(self.path(file)) else None
            self.checks[name] = logsearch.search(wanted, lines)
