"""From scenarios and stacks to hosts and guests, and their outcomes."""

import glob
import itertools
import os
import threading
import time
from dataclasses import dataclass

from . import (cache, controls, guestconfig, parts, process, scenario, schedule,
               stacks, verdict)
from .endings import Ending
from .guest import Guest
from .host import XEN_MEMORY, Host
from .outcome import Outcome
from .ui import Enough, LabError, Stopped, TimeIsUp, progress

_KEEP_RUNS = 20


class Lab:
    """The paths that every command needs."""

    def __init__(self, top, suite):
        self.top = top
        self.suite = suite          # of scenarios that do not say
        self.here = os.path.join(top, "tests/lab")
        self.scenarios = os.path.join(self.here, "scenarios")
        self.logs = os.path.join(top, "build/lab")
        os.makedirs(self.logs, exist_ok=True)
        if os.geteuid() == 0:
            # Root builds; whoever owns the clone may run what is built.
            owner = os.stat(top)
            for path in (os.path.dirname(self.logs), self.logs):
                os.chown(path, owner.st_uid, owner.st_gid)
        self.build_log = os.path.join(self.logs, "build.log")

    def scenario(self, word):
        """The scenario of that name or path."""
        item = scenario.find(word, self.scenarios)
        item.host["suite"] = item.host["suite"] or self.suite.name
        return item

    def every(self, nightly):
        """The names of all scenarios; the slow ones only if NIGHTLY."""
        return [item.path for item in scenario.every(self.scenarios)
                if item.stacks(nightly)]

    def new_run(self):
        """A folder for this run's logs; old ones go."""
        runs = sorted(glob.glob(os.path.join(self.logs, "run-*")))
        for old in runs[:-_KEEP_RUNS]:
            cache.remove(old)
        base = os.path.join(self.logs, time.strftime("run-%Y%m%d-%H%M%S"))
        folder = base
        number = 1
        while True:
            try:
                os.makedirs(folder)
                break
            except FileExistsError:
                number += 1
                folder = f"{base}.{number}"
        latest = os.path.join(self.logs, "latest")
        try:
            os.unlink(latest)
        except FileNotFoundError:
            pass
        os.symlink(os.path.basename(folder), latest)
        return folder


def memory_for(scenarios):
    """MiB the emulated host needs for the biggest of these guests."""
    given = scenarios[0].host.get("memory")
    need = max(s.guest["maxmem"] + s.guest["stubdom"] * guestconfig.STUB_MEMORY
               for s in scenarios) + XEN_MEMORY + scenarios[0].host["dom0-memory"]
    if given is not None and given < need:
        raise LabError(f"{scenarios[0].path}: host.memory = {given} is too "
                       f"little: its guests need {need}")
    return given or need


def available_memory():
    with open("/proc/meminfo") as stream:
        for line in stream:
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) // 1024
    return 0


@dataclass(frozen=True)
class Settings:
    """How a run goes about it."""

    jobs: int                   # processors to use
    timeout: int                # seconds that a stage may stay silent
    guest_limit: int            # that a guest may take, whatever it says
    alone: bool = False         # one host at a time, with all processors
    count: bool = False         # what makes the guest leave for Xen, for --json
    cached: bool = False        # controls out of the cache
    seconds: int = None         # when to end, whatever is not done
    first: frozenset = frozenset()      # names of scenarios that come before others


class Run:
    """Runs guests, as many hosts at a time as there are processors and memory."""

    def __init__(self, lab, pairs, settings, judge):
        """PAIRS of (scenario, stack); JUDGE is told of each outcome as it comes."""
        self.lab = lab
        self.pairs = pairs
        self.settings = settings
        self.judge = judge
        self.parts = parts.Parts(lab)
        self.trouble = None         # what ended the run before it was done
        self.folder = lab.new_run()
        self._taken = {}
        self._hosts = itertools.count(1)
        self._lock = threading.RLock()
        groups = {}
        for item, _ in pairs:
            groups.setdefault(item.host_key(), []).append(item)
        self._memory = {key: memory_for(group) for key, group in groups.items()}
        fit = max(1, available_memory() // max(self._memory.values()))
        slots = 1 if settings.alone else max(1, min(settings.jobs, fit))
        if slots < settings.jobs and len(pairs) > 1 and not settings.alone:
            progress(f"memory for {slots} of {settings.jobs} hosts at a time")
        self._queue = schedule.Queue(slots, settings.alone)

    def go(self):
        """Until all have ended, or there is `trouble`."""
        progress(f"{len(self.pairs)} guests, {self._queue.slots} hosts at a time; "
                 f"logs in {os.path.relpath(self.folder, self.lab.top)}")
        work = [self._build] + [self._serve] * self._queue.slots
        threads = [threading.Thread(target=self._guarded, args=(part,))
                   for part in work]
        timer = threading.Timer(self.settings.seconds or 0, self._stop, [TimeIsUp(
            f"the time is up, {self.settings.seconds} s")])
        if self.settings.seconds is not None:
            timer.start()
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        except KeyboardInterrupt as signal:
            self._stop(Stopped(f"interrupted ({signal})"))
            for thread in threads:
                thread.join()
        finally:
            timer.cancel()
        schedule.remember(self._taken)
        if not isinstance(self.trouble, (LabError, type(None))):
            raise self.trouble

    def _stop(self, trouble):
        with self._lock:
            self.trouble = self.trouble or trouble
        process.stop_all(str(trouble))
        self._queue.stop()

    def _guarded(self, part):
        try:
            part()
        except BaseException as error:  # pylint: disable=broad-exception-caught
            self._stop(error)

    def _build(self):
        """Make what the guests need, and let them start as soon as it is there."""
        waiting = self._jobs()
        ready = []

        def release():
            self._queue.add(ready)
            ready.clear()

        def making():
            if threading.current_thread() is builder:
                # What can start shall not wait for this.
                release()
                self._queue.building()

        builder = threading.current_thread()
        cache.before_making.append(making)
        try:
            for step in parts.in_order(
                    {step for _, needs in waiting for step in needs},
                    self.lab.suite.name):
                self.parts.make(step)
                made = self.parts.made.keys()
                ready += [job for job, needs in waiting
                          if needs <= made and not self._known(job)]
                waiting = [(job, needs) for job, needs in waiting
                           if not needs <= made]
            release()
        finally:
            cache.before_making.remove(making)
        self._queue.complete()

    def _jobs(self):
        """[(Job, the steps it waits for)]"""
        known = schedule.durations()
        found = []
        for item, stack in self.pairs:
            name = schedule.name(item, stack)
            hint = {"seconds": known[name]} if name in known else {}
            found.append((schedule.Job(item, stack, first=item.name in self.settings.first,
                                       **hint), parts.needs(item, stack)))
        return found

    def _control(self, job):
        """The name in the cache of what comes of a control; else None."""
        if not controls.is_control(job.stack):
            return None
        return controls.key(job.scenario, job.stack, self.parts.identity(
            job.scenario, job.stack), self.settings.count)

    def _known(self, job):
        """Take the outcome out of the cache, if it may come from there."""
        name = self._control(job) if self.settings.cached else None
        outcome = name and controls.find(
            name, job.scenario, job.stack, os.path.join(
                self.folder, "cached", f"{job.scenario.name}.{job.stack}"))
        if outcome:
            progress(f"{job.scenario.name} on {job.stack}: from the cache, run on "
                     + outcome.cached)
            self._record(outcome)
        return bool(outcome)

    def _record(self, outcome):
        """The judge has the last word: it may have had enough."""
        with self._lock:
            enough = None if self.trouble else self.judge.ended(outcome)
        if enough:
            self._stop(Enough(enough))

    def _serve(self):
        while taken := self._queue.first():
            job, only = taken
            try:
                self._one_kind(job, self.settings.jobs if only else 1)
            finally:
                self._queue.leave(job.host)

    def _one_kind(self, job, cpus):
        """Guests of one kind of host, in one boot unless one takes the host with it,
        or has to be tried again."""
        number = next(self._hosts)
        boots = itertools.count(1)
        while job is not None:
            job = self._one_boot(job, number, next(boots), min(2, cpus))

    def _one_boot(self, job, number, boot, cpus):
        """Guests until none is left, or the host is not to be used any more; the one
        that comes then."""
        again = f".{boot}" if boot > 1 else ""
        suite = job.scenario.host["suite"]
        host = Host(f"host {number}", os.path.join(self.folder,
                                                   f"host{number}{again}"),
                    self.parts.files(suite), job.scenario.host,
                    self._memory[job.host], cpus, self.settings.timeout)
        try:
            try:
                host.start()
            except Ending as ending:
                if self._boot_again(job, ending):
                    return job
                raise LabError(f"{host.who} did not come up: {ending}") from ending
            while job is not None:
                lost, again = self._guest(host, job)
                if again:
                    return job
                job = self._queue.more(job.host)
                if lost:
                    return job
        finally:
            host.stop()
        return None

    def _boot_again(self, job, ending):
        """Whether a host that did not come up is tried once more: as if its first
        guest had fallen silent."""
        outcome = Outcome(job.scenario, job.stack, self.folder)
        outcome.ending = ending
        return self.judge.try_again(outcome)

    def _guest(self, host, job):
        """Run one: (whether the host was lost, whether there is another try)."""
        began = time.monotonic()
        # What is built meanwhile becomes visible as well.
        host.furnish(self.parts.files(job.scenario.host["suite"]))
        suite = job.scenario.host["suite"]
        programs = {stack: stacks.files(self.parts.programs(suite, stack))
                    for stack in (job.stack, job.scenario.then(job.stack)) if stack}
        guest = Guest(host, job.scenario, job.stack, programs,
                      max(self.settings.guest_limit, job.scenario.guest["seconds"]),
                      self.settings.count)
        outcome, lost = guest.outcome, False
        outcome.first_try = self.judge.first_try(job.scenario, job.stack)
        try:
            guest.run()
        except Ending as ending:
            lost = True
            progress(f"lost: {ending}", host.who)
        if self.judge.try_again(outcome):
            return lost, True
        if not lost and not outcome.first_try:
            self._taken[schedule.name(job.scenario, job.stack)] = \
                round(time.monotonic() - began)
            name = self._control(job)
            if name and verdict.as_expected(outcome):
                controls.keep(name, outcome)
        self._record(outcome)
        return lost, False
