"""One guest's life: create it, listen to it, do for it what it asks, take it away.

What it says is understood in console.py and judged in findings.py.
"""

import os
import re
import time

from . import console, counts, findings, foreseen, guestconfig, superpages
from .endings import Crash, Ended, Ending, HostCrash, Lost, Silent, TooLong
from .host import Follower
from .outcome import Outcome
from .results import DOM0_CHECKS
from .ui import LabError, progress

# Seconds in which dom0 runs a small job, if it runs anything.
_DOM0_ANSWERS = 60


# Seconds after which a guest whose time is up is not slow, but has fallen silent.
_HUSH = 120
# So many times as long as on a quiet machine a guest may take, at the most.
_PATIENCE = 3.0


def load():
    """How many programs want each processor; at least 1, and no more than the lab has
    patience for."""
    said = os.getloadavg()[0] / len(os.sched_getaffinity(0))
    return min(max(1.0, said), _PATIENCE)


class Guest:
    """Runs one scenario on one stack inside a booted Host."""

    def __init__(self, host, scenario, stack, programs, limit, count=False):
        """PROGRAMS: {stack: {name: path}}, of its own and of that which takes it over.

        LIMIT: seconds that the guest may take on a machine with nothing else to
        do, whatever it says."""
        self.host = host
        self.scenario = scenario
        self.stack = stack
        self.programs = programs
        # It is three domains that run then, one of which boots as well.
        self.limit = limit * (2 if scenario.guest["stubdom"] else 1)
        self.count = count
        self.who = f"{scenario.name} on {stack}"
        self.name = f"guests/{scenario.name}.{stack}"
        self.outcome = Outcome(scenario, stack,
                               os.path.join(host.share, self.name))
        self.stage = "create"
        self.born = self.began = time.monotonic()
        self.worked = host.seconds()
        self.console_start = 0

    def run(self):
        """Fills in the outcome; raises an Ending only when the host itself is lost."""
        self.host.console.lines()
        self.console_start = self.host.console.offset
        self._install()
        try:
            try:
                self._live()
            except Ending as ending:
                progress(f"ended: {ending.short()}", self.who)
                findings.charge(self.outcome, ending)
                self._look_at_host_after(ending)
            self._destroy()
        finally:
            findings.rest(self.outcome)
            lines = self._host_console()
            self._keep_firmware_log(lines)
            self.outcome.search_logs()
            findings.panics(self.outcome, lines)

    def _live(self):
        if self._create() and self._start():
            self._listen()
            if self.count:
                self._counts()
            if self.scenario.guest["until"] == "done":
                self._inspect()
                self._look_at_host()
                self._last_words()
            elif self.stack in foreseen.STACKS:
                self._inspect()
            self._next("end")

    def _next(self, stage):
        now = time.monotonic()
        work = self.host.seconds()
        self.outcome.times[self.stage] = round(now - self.began, 1)
        self.outcome.work[self.stage] = round(work - self.worked, 1)
        self.stage, self.began, self.worked = stage, now, work
        progress(stage, self.who)

    def _time_left(self):
        """Seconds; on a busy machine everything takes longer, and may."""
        return self.born + self.limit * load() - time.monotonic()

    def _check_time(self, heard=None):
        """HEARD: when the guest was heard last; None: just now."""
        if self._time_left() >= 0:
            return
        now = time.monotonic()
        text = f"the guest is not done after {now - self.born:.0f} s"
        if heard is not None and now - heard > _HUSH:
            raise Silent(self.stage, f"{text}, and nothing was heard for {now - heard:.0f} s")
        raise TooLong(self.stage, text)

    def _job(self, script, stage, log=None):
        """As Host.job(); the guest's time is that of what is done for it, too."""
        self._check_time()
        try:
            return self.host.job(script, stage, self._time_left(), log)
        except Silent:
            self._check_time()
            raise

    def _install(self):
        for stack, programs in self.programs.items():
            for program, path in programs.items():
                self.host.put(path, f"stacks/{stack}/{program}")
        self.host.write(self.name + "/xl.cfg", guestconfig.config(
            self.scenario, self.stack, self.host.cpus, self.count))

    def _create(self):
        progress("create", self.who)
        assign = "".join(
            f"xl pci-assignable-add {device['device']}\n"
            for device in self.scenario.passthrough)
        status, text = self._job(
            f"set -e\n{assign}"
            f"export EXPLAIN_OPTIONS='{foreseen.options(self.scenario, self.stack)}'\n"
            f"exec /usr/lib/lab/guest-create {self.stack} "
            f"/lab/{self.name}\n", "xl create")
        with open(self.outcome.path("create.log"), "w") as stream:
            stream.write(text)
        return findings.created(self.outcome, status, text)

    def _start(self):
        self._next("firmware")
        domid = self.outcome.domid
        self.outcome.built = self._tables()
        script = self.scenario.script(self.stack, domid, f"/lab/{self.name}")
        status, text = self._job(f"set -e\n{script}", "before the start")
        if status:
            findings.not_started(self.outcome, text)
            return False
        status, text = self._job(
            ("set -e\n/usr/lib/lab/guest-count start\n" if self.count else "")
            + f"exec /usr/lib/lab/guest-start {domid} /lab/{self.name}\n",
            "xl unpause")
        if status:
            raise Ended("xl unpause", text)
        return True

    def _listen(self):
        """Follow guest and hvmloader until the guest has said all it has."""
        serial = Follower(self.outcome.path("serial.log"))
        gone = self.outcome.path("device-model-gone")
        heard = time.monotonic()
        while True:
            # Looked for first: what was said before it is still to be read.
            ended = os.path.exists(gone)
            for line in self.host.console.lines():
                text = console.said_by(line, self.outcome.domid)
                if text is not None:
                    heard = time.monotonic()
                    if self._firmware(text):
                        return
                elif panic := console.host_panic(line):
                    raise HostCrash(self.stage, panic.text)
                elif console.domain_ended(line, self.outcome.domid):
                    raise Ended(self.stage, line.strip())
            for line in serial.lines():
                if console.is_life(line):
                    heard = time.monotonic()
                event = console.guest(line)
                if isinstance(event, console.Done):
                    return
                if isinstance(event, console.Request):
                    self._serve(event)
                    heard = time.monotonic()
                elif event:
                    self._said(event)
            if ended and os.path.exists(gone):
                raise Ended(self.stage, "the device model ended: "
                            + " | ".join(self.outcome.text("qemu.log")[-5:]))
            self.host.check_alive(self.stage)
            self._check_time(heard)
            self.host.check_silence("guest's " + self.stage, heard,
                                    self.scenario.guest["silent"])
            time.sleep(0.1)

    def _firmware(self, text):
        """Take in what hvmloader or the firmware said; True if it was all of it."""
        if self.stage == "firmware" and "Booting from" in text:
            self._next("kernel")
        if console.firmware_bug(text):
            raise Ended("hvmloader", text.strip())
        return self.scenario.guest["until"] == "firmware" \
            and text.startswith("Invoking ")

    def _said(self, event):
        """Take in what the guest said."""
        if isinstance(event, console.Panic):
            raise Crash("guest's " + self.stage, event.text)
        findings.take(self.outcome, event)
        if isinstance(event, console.Start):
            self._next("checks")
        elif isinstance(event, console.Report):
            progress(f"{event.name}: {event.check.result.value}", self.who)

    def _serve(self, request):
        """Do in dom0 what the guest's check cannot do itself."""
        outcome, stage = self.outcome, str(request)
        self._next(stage)
        if request.index is not None:
            status, text = self._plug(request)
        elif request.address is not None:
            status, text = self._live_on(request)
        elif request.kind == "s3":
            status, text = self._job(
                f"exec /usr/lib/lab/guest-wake {outcome.domid}\n", stage)
        else:
            status, text = self._job(
                f"exec /usr/lib/lab/guest-follow {outcome.domid} "
                f"/lab/{self.name}\n", stage)
            self._take_domid(text)
            outcome.e820, outcome.bars = [], []
        if status:
            # All of it: libxl's first error is seldom the reason.
            raise Ended(stage, " | ".join(text.splitlines()) or f"status {status}")
        self._next("checks")

    def _live_on(self, request):
        """What a toolstack does to a guest that runs; it may be another domain then."""
        outcome = self.outcome
        kind, _, word = request.kind.partition(":")
        if word == "then":
            word = self.scenario.then(self.stack)
        status, text = self._job(
            f"exec /usr/lib/lab/guest-life {kind} {outcome.domid} /lab/{self.name} "
            f"{request.address:#x} '{word}'\n", str(request))
        with open(outcome.path("life.txt"), "a") as stream:
            stream.write(text)
        self._take_domid(text)
        return status, text

    def _take_domid(self, text):
        if domid := re.search(r"^domid (\d+)$", text, re.M):
            self.outcome.domid = int(domid.group(1))

    def _plug(self, request):
        """Give the guest a device of [[passthrough]], or take it away."""
        if request.index >= len(self.scenario.passthrough):
            return 2, f"the scenario passes no device {request.index} through"
        device = self.scenario.passthrough[request.index]
        word = guestconfig.passed_through(self.scenario, device) \
            if request.kind == "attach" else device["device"]
        return self._job(f"exec /usr/lib/lab/patient xl pci-{request.kind} "
                         f"{self.outcome.domid} {word}\n", str(request))

    def _counts(self):
        """What guest-count has seen; the guest is not needed any more."""
        status, text = self._job(
            f"exec /usr/lib/lab/guest-count stop /lab/{self.name}\n", "count")
        if status:
            raise Ended("count", text)
        with open(self.outcome.path("xentrace"), "rb") as stream:
            self.outcome.counts = counts.of(
                stream.read(), self.outcome.text("qemu-dm-guest.log"))

    def _inspect(self):
        self._next("inspect")
        # Nothing more is wanted of a guest that ends with its firmware.
        until_done = self.scenario.guest["until"] == "done"
        wanted = [name for name in DOM0_CHECKS
                  if name in self.scenario.checks and until_done]
        views = "".join(f"--{key} {value} " for key, value in
                        self.scenario.checks.get("views", {}).items())
        status, text = self._job(
            ("" if until_done else f"xl pause {self.outcome.domid}\n")
            + f"export VIEWS_OPTIONS='{views}'\n"
            f"exec /usr/lib/lab/guest-inspect {self.outcome.domid} "
            f"/lab/{self.name} {' '.join(wanted)}\n", "inspect")
        findings.inspected(self.outcome, wanted, status, text)
        self._keep_firmware_log(self._host_console())
        findings.explained(self.outcome)

    def _last_words(self):
        words = self.scenario.last_words(self.outcome.domid, f"/lab/{self.name}")
        if words:
            self._job(words, "last words", f"{self.name}/after.txt")

    def _tables(self):
        wanted = self.scenario.checks.get("superpages")
        return {} if wanted is None else superpages.survey(
            self.host, self.outcome.domid, wanted.get("iommu", 0))

    def _look_at_host(self):
        findings.on_host(self.outcome, self.host.physical, self._host_console(),
                         self._tables())

    def _look_at_host_after(self, ending):
        """Raises an Ending if the host went with the guest."""
        self.host.check_alive(ending.stage)
        if isinstance(ending, HostCrash):
            raise ending
        if isinstance(ending, (Silent, TooLong)):
            self._look_at_silence(ending)

    def _look_at_silence(self, ending):
        """Where host and guest are; raises Lost if dom0 does not answer either."""
        with open(self.outcome.path("silent.txt"), "w") as stream:
            try:
                stream.write(self.host.where())
                stream.write(self.host.job(
                    f"exec /usr/lib/lab/guest-where {self.outcome.domid}\n",
                    ending.stage, _DOM0_ANSWERS)[1])
            except (LabError, Silent) as error:
                raise Lost(ending.stage, "nothing was heard, nor does dom0 or its "
                           f"emulator answer: {error}") from error

    def _host_console(self):
        """Lines of the host's console since this guest began."""
        try:
            with open(self.host.xen_log, "rb") as stream:
                stream.seek(self.console_start)
                part = stream.read().decode(errors="replace")
        except FileNotFoundError:
            return []
        return part.replace("\r", "").splitlines()

    def _keep_firmware_log(self, lines):
        """The guest's part of the host's console: hvmloader and firmware."""
        with open(self.outcome.path("hvmloader.log"), "w") as stream:
            for line in lines:
                text = console.said_by(line, self.outcome.domid)
                if text is not None:
                    stream.write(text + "\n")

    def _destroy(self):
        release = "".join(
            f"xl pci-assignable-remove -r {device['device']}\n"
            for device in self.scenario.passthrough)
        try:
            self.host.job(f"/usr/lib/lab/guest-destroy /lab/{self.name}\n"
                          f"{release}", "xl destroy")
        except Ending as ending:
            findings.rest(self.outcome)
            findings.charge(self.outcome, ending)
            raise
