"""Which guest comes next, and on which host: no processor idle, few boots.

A host takes guests of its kind until none is left.  A second host of the same kind
costs a boot, so it comes when there is nothing else to do and guests for two.
"""

import contextlib
import json
import os
import threading
from dataclasses import dataclass

from . import cache

# Seconds, for a guest that never ran: in the middle, so that neither is last.
_UNKNOWN = 60
_HINTS = "durations.json"


@dataclass(frozen=True)
class Job:
    """One guest to be run."""

    scenario: object
    stack: str
    seconds: float = _UNKNOWN
    first: bool = False         # before all that are not

    @property
    def host(self):
        """Jobs of which this is equal can share a boot."""
        return self.scenario.host_key()


class Queue:
    """Guests that can start, taken by as many threads as there are hosts at a time."""

    def __init__(self, slots, alone=False):
        self.slots = slots
        self.alone = alone          # a build would disturb what is measured
        self._waiting = {}          # host -> jobs, those of `first`, then the longest
        self._serving = {}          # host -> how many hosts there are of it
        self._building = False
        self._complete = False      # no more will come
        self._stopped = False
        self._change = threading.Condition()

    @contextlib.contextmanager
    def _changed(self):
        with self._change:
            yield
            self._change.notify_all()

    def building(self):
        """From now on until complete() a processor is busy otherwise."""
        with self._changed():
            self._building = True

    def add(self, jobs):
        with self._changed():
            for job in jobs:
                self._waiting.setdefault(job.host, []).append(job)
            for waiting in self._waiting.values():
                waiting.sort(key=lambda job: (not job.first, -job.seconds))

    def complete(self):
        with self._changed():
            self._building = False
            self._complete = True

    def stop(self):
        with self._changed():
            self._stopped = True

    def first(self):
        """A job for a new host, and whether that host will be the only one; None when
        there will be none.  Waits.  leave() ends what it begins."""
        with self._change:
            while not self._stopped:
                host = self._choose() if self._free() else None
                if host is not None:
                    self._serving[host] = self._serving.get(host, 0) + 1
                    job = self._waiting[host].pop(0)
                    return job, self._only(host)
                if self._complete and self._choose() is None:
                    return None
                self._change.wait()
            return None

    def more(self, host):
        """Another job for the host that is there; None when none is ready."""
        with self._change:
            if self._stopped or not self._waiting.get(host):
                return None
            # For a boot more, those that come first do not wait for one processor.
            if not self._waiting[host][0].first and self._first():
                return None
            return self._waiting[host].pop(0)

    def leave(self, host):
        """A host of first() is gone."""
        with self._changed():
            self._serving[host] -= 1

    def _free(self):
        slots = self.slots
        if self._building:
            slots = max(0 if self.alone else 1, slots - 1)
        return sum(self._serving.values()) < slots

    def _choose(self):
        """The kind of host that is to be booted next."""
        left = {host: sum(job.seconds for job in jobs)
                for host, jobs in self._waiting.items() if jobs}
        first = self._first()
        left = {host: seconds for host, seconds in left.items()
                if host in first or not first}
        fresh = [host for host in left if not self._serving.get(host)]
        if fresh:
            return max(fresh, key=left.get)
        # The host that is there takes a single one as soon as another could.
        worth = [host for host in left if len(self._waiting[host]) > 1 or first]
        if worth:
            return max(worth, key=lambda host: left[host] / self._serving[host])
        return None

    def _first(self):
        """The kinds of hosts that are wanted by jobs that come first."""
        return [host for host, jobs in self._waiting.items() if jobs and jobs[0].first]

    def _only(self, host):
        """No other host runs beside one of HOST that has just begun, nor will."""
        return self._complete and sum(self._serving.values()) == 1 and not any(
            jobs for other, jobs in self._waiting.items()
            if other != host or len(jobs) > 1)


def _hints():
    return os.path.join(cache.top(), _HINTS)


def durations():
    """{"scenario stack": seconds} of guests that have run on this machine."""
    try:
        with open(_hints()) as stream:
            return {name: float(seconds)
                    for name, seconds in json.load(stream).items()}
    except (OSError, ValueError, AttributeError, TypeError):
        # Only a hint: the order of a run, and nothing that comes of it.
        return {}


def remember(taken):
    """Add TAKEN, the same, to what is known."""
    with cache.lock("durations"):
        known = {**durations(), **taken}
        draft = _hints() + ".new"
        with open(draft, "w") as stream:
            json.dump(known, stream, indent=1, sort_keys=True)
        os.rename(draft, _hints())


def name(scenario, stack):
    return f"{scenario.name} {stack}"
