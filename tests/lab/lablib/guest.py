"""One guest: create it, listen to it, look at it from dom0, take it away."""

import os
import re
import time

from . import counts, hostmemory, results, superpages
from .host import Follower, Hung, Silent
from .outcome import Outcome
from .results import BOOT_CHECKS, DOM0_CHECKS, Check, Result, Source
from .ui import LabError, progress

_CHECK = re.compile(r"memmap-guest: check (\S+) "
                    r"(success|skip|error|failure)\b ?(.*)")
_DOM0_CHECK = re.compile(r"check (views|vram) "
                         r"(success|skip|error|failure)\b ?(.*)")
_REQUEST = re.compile(r"memmap-guest: (s3|reboot|(?:attach|detach) \d+)\s*$")
_E820 = re.compile(r"memmap-guest: e820 (\S+) (\S+) (.+)")
# What a kernel says while it does nothing else.
_STALLED = re.compile(r"soft lockup|\brcu\b.*stall|blocked for more than")
# Seconds in which dom0 runs a small job, if it runs anything.
_DOM0_ANSWERS = 60
_BAR = re.compile(r"memmap-guest: bar (\S+) (\S+) (\S+) (\S+)")


def _quote(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _passed(device):
    """The DEVICE of [[passthrough]] in xl's syntax."""
    words = [device["device"]]
    if "rdm_policy" in device:
        words.append("rdm_policy=" + device["rdm_policy"])
    if "options" in device:
        words.append(device["options"])
    return ",".join(words)


def _traces(scenario, count):
    """The device model's options; none when its time is what is measured."""
    # Ours' own; a pattern that matches nothing, as in stock, is fine.
    events = ["xen_memmap_*", "xen_ram_*"]
    if count:
        events.append("handle_ioreq")
    elif scenario.guest["until"] == "firmware":
        events = []
    return [word for event in events for word in ("-trace", event)]


def config(scenario, stack, cpus, count=False):
    """The guest's xl.cfg."""
    guest = scenario.guest
    here = "/run/lab/guest/"
    cmdline = ["console=ttyS0", "loglevel=4", "xen_nopv",
               "mitigations=off"]
    if guest["vcpus"] > 1:
        # Its vCPUs would do nothing but wait for the clock (README.md).
        cmdline.append("hpet=disable")
    cmdline += [*guest["cmdline"], "--", *scenario.guest_checks()]
    qemu = ["-drive", f"file={here}disk,if=none,id=n0,format=raw",
            "-device", "nvme,drive=n0,serial=disk0",
            *_traces(scenario, count), *scenario.qemu_options(stack)]
    reboot = "restart" if "reboot" in scenario.checks else "preserve"
    lines = [
        'type="hvm"', 'name="guest"',
        f"memory={guest['memory']}", f"maxmem={guest['maxmem']}",
        f"vcpus={guest['vcpus']}",
        f"firmware={_quote(guest['firmware'])}",
        f'firmware_override="/run/lab/stacks/{stack}/hvmloader"',
        f'device_model_override="/run/lab/stacks/{stack}/qemu"',
        'device_model_version="qemu-xen"',
        'kernel="/lab/guest/kernel"', 'ramdisk="/lab/guest/initrd"',
        "cmdline=" + _quote(" ".join(cmdline)),
        f'serial="file:{here}serial.log"',
        'vga="stdvga"', f"videoram={guest['videoram']}", "vnc=0",
        'on_crash="preserve"', 'on_poweroff="preserve"',
        f'on_reboot="{reboot}"',
        "device_model_args_hvm=[" + ",".join(map(_quote, qemu)) + "]",
    ]
    if guest["firmware"] == "ovmf":
        lines.append('bios_path_override="/lab/guest/OVMF.fd"')
    if cpus > 1:
        # The first CPU is dom0's: it runs the guest's device model.
        lines.append(f'cpus="1-{cpus - 1}"')
    devices = [_quote(_passed(device)) for device in scenario.passthrough
               if not device.get("hotplug")]
    if devices:
        lines.append("pci=[" + ",".join(devices) + "]")
    elif scenario.passthrough:
        lines.append('passthrough="enabled"')
    return "\n".join(lines + guest["xl"]) + "\n"


def _crashed(line, domid):
    """Xen's console says that the domain's life is over."""
    return (f"Domain {domid} " in line and "crashed" in line) or (
        f"d{domid}v" in line and "Triple fault" in line)


class Guest:
    """Runs one scenario on one stack inside a booted Host."""

    def __init__(self, host, scenario, stack, programs, count=False):
        self.host = host
        self.scenario = scenario
        self.stack = stack
        self.programs = programs
        self.count = count
        self.who = f"{scenario.name} on {stack}"
        self.name = f"guests/{scenario.name}.{stack}"
        self.outcome = Outcome(scenario, stack,
                               os.path.join(host.share, self.name))
        self.stage = "create"
        self.began = time.monotonic()

    def run(self):
        """Fills in the outcome; raises Hung only when the host itself is lost."""
        try:
            self._install()
            if self._create() and self._start():
                self._listen()
                if self.count:
                    self._counts()
                if self.scenario.guest["until"] == "done":
                    self._inspect()
        except Hung as hung:
            self._explain(hung)
            self.host.check_alive(hung.stage)
            if isinstance(hung, Silent):
                self.outcome.silence = hung
                self._look_at_silence(hung)
        finally:
            self._split_console()
            for name in (*BOOT_CHECKS, *self.scenario.checks):
                self.outcome.checks.setdefault(name, results.NOT_REACHED)
            self.outcome.search_logs()
        self._destroy()

    def _next(self, stage):
        now = time.monotonic()
        self.outcome.times[self.stage] = round(now - self.began, 1)
        self.stage, self.began = stage, now
        progress(stage, self.who)

    def _install(self):
        self.host.console.lines()
        self.console_start = self.host.console.offset
        for program, path in self.programs.items():
            self.host.put(path, f"stacks/{self.stack}/{program}")
        self.host.write(self.name + "/xl.cfg", config(
            self.scenario, self.stack, self.host.cpus, self.count))

    def _create(self):
        progress("create", self.who)
        assign = "".join(
            f"xl pci-assignable-add {device['device']}\n"
            for device in self.scenario.passthrough)
        status, text = self.host.job(
            f"set -e\n{assign}exec /usr/lib/lab/guest-create {self.stack} "
            f"/lab/{self.name}\n", "xl create")
        with open(self.outcome.path("create.log"), "w") as stream:
            stream.write(text)
        domid = re.search(r"^domid (\d+)$", text, re.M)
        if status or not domid:
            # libxl's refusal is the stack's; anything else the lab's own.
            errors = [line for line in text.splitlines()
                      if line.startswith(("libxl: error", "xc: error"))]
            said = (errors or text.splitlines()[-1:] or ["no output"])[0]
            self.outcome.checks["create"] = (
                results.failure if errors else results.error)(said, Source.LAB)
            return False
        self.outcome.domid = int(domid.group(1))
        self.outcome.checks["create"] = results.success("", Source.LAB)
        return True

    def _start(self):
        self._next("firmware")
        domid = self.outcome.domid
        self.outcome.built = self._tables()
        script = self.scenario.script(self.stack, domid, f"/lab/{self.name}")
        status, text = self.host.job(f"set -e\n{script}", "before the start")
        if status:
            said = self.outcome.text("dom0.log") or text.splitlines()
            self.outcome.checks["boot"] = results.error(
                "before the start: " + " | ".join(said[-3:]), Source.LAB)
            return False
        status, text = self.host.job(
            ("set -e\n/usr/lib/lab/guest-count start\n" if self.count else "")
            + f"exec /usr/lib/lab/guest-start {domid} /lab/{self.name}\n",
            "xl unpause")
        if status:
            raise Hung("xl unpause", text)
        return True

    def _listen(self):
        """Follow guest and hvmloader until the guest has said all it has."""
        serial = Follower(self.outcome.path("serial.log"))
        gone = self.outcome.path("device-model-gone")
        heard = time.monotonic()
        while True:
            ended = os.path.exists(gone)
            mark = f"(d{self.outcome.domid})"
            for line in self.host.console.lines():
                if mark in line:
                    heard = time.monotonic()
                    if self.stage == "firmware" and "Booting from" in line:
                        self._next("kernel")
                    if self.scenario.guest["until"] == "firmware" and \
                            f"{mark} Invoking " in line:
                        return
                    if "*** HVMLoader bug" in line or "HVMLoader assert" in line:
                        raise Hung("hvmloader", line.split(mark, 1)[1].strip())
                elif _crashed(line, self.outcome.domid):
                    raise Hung(self.stage, line.strip())
            for line in serial.lines():
                if not _STALLED.search(line):
                    heard = time.monotonic()
                if self._said(line):
                    return
                if match := _REQUEST.search(line):
                    self._serve(match.group(1))
                    heard = time.monotonic()
            if ended and os.path.exists(gone):
                raise Hung(self.stage, "the device model ended: "
                           + " | ".join(self.outcome.text("qemu.log")[-3:]))
            self.host.check_alive(self.stage)
            self.host.check_silence("guest's " + self.stage, heard)
            time.sleep(0.1)

    def _said(self, line):
        """Take in one line of the guest's console; True for its last one."""
        if "memmap-guest:" not in line:
            return False
        outcome = self.outcome
        if "memmap-guest: start" in line:
            outcome.checks["boot"] = results.success("", Source.GUEST)
            self._next("checks")
        elif match := _E820.search(line):
            start, end, kind = match.groups()
            outcome.e820.append((int(start, 16), int(end, 16), kind))
        elif match := _BAR.search(line):
            bdf, number, start, end = match.groups()
            outcome.bars.append((bdf, int(number), int(start, 16),
                                 int(end, 16)))
        elif there := hostmemory.written(line):
            outcome.dma.append(there)
        elif match := _CHECK.search(line):
            name, result, text = match.groups()
            outcome.checks[name] = Check(Result(result), text, Source.GUEST)
            progress(f"{name}: {result}", self.who)
        return "memmap-guest: done" in line

    def _serve(self, request):
        """Do in dom0 what the guest's check cannot do itself."""
        outcome = self.outcome
        self._next(request)
        kind, *index = request.split()
        if index:
            status, text = self._plug(kind, int(index[0]))
        elif request == "s3":
            status, text = self.host.job(
                f"exec /usr/lib/lab/guest-wake {outcome.domid}\n", "s3")
        else:
            status, text = self.host.job(
                f"exec /usr/lib/lab/guest-follow {outcome.domid} "
                f"/lab/{self.name}\n", "reboot")
            if domid := re.search(r"^domid (\d+)$", text, re.M):
                outcome.domid = int(domid.group(1))
            outcome.e820, outcome.bars = [], []
        if status:
            raise Hung(request, text.strip() or f"status {status}")
        self._next("checks")

    def _plug(self, kind, index):
        """Give the guest a device of [[passthrough]], or take it away."""
        if index >= len(self.scenario.passthrough):
            return 2, f"the scenario passes no device {index} through"
        device = self.scenario.passthrough[index]
        word = _passed(device) if kind == "attach" else device["device"]
        return self.host.job(
            f"exec xl pci-{kind} {self.outcome.domid} {word}\n", kind)

    def _counts(self):
        """What guest-count has seen; the guest is not needed any more."""
        status, text = self.host.job(
            f"exec /usr/lib/lab/guest-count stop /lab/{self.name}\n", "count")
        if status:
            raise Hung("count", text)
        with open(self.outcome.path("xentrace"), "rb") as stream:
            self.outcome.counts = counts.of(
                stream.read(), self.outcome.text("qemu-dm-guest.log"))

    def _inspect(self):
        self._next("inspect")
        outcome = self.outcome
        wanted = [name for name in DOM0_CHECKS if name in self.scenario.checks]
        views = "".join(f"--{key} {value} " for key, value in
                        self.scenario.checks.get("views", {}).items())
        status, text = self.host.job(
            f"export VIEWS_OPTIONS='{views}'\n"
            f"exec /usr/lib/lab/guest-inspect {outcome.domid} "
            f"/lab/{self.name} {' '.join(wanted)}\n", "inspect")
        outcome.views = outcome.text("views.txt")
        for name in wanted:
            lines = outcome.text(name + ".txt")
            for line in lines:
                if match := _DOM0_CHECK.search(line):
                    outcome.checks[match.group(1)] = Check(
                        Result(match.group(2)), match.group(3), Source.DOM0)
            outcome.checks.setdefault(name, results.error(
                f"memmap-views said nothing (inspect: {status}): "
                + " | ".join(lines[-2:] or text.splitlines()[-2:]), Source.DOM0))
        self._look_at_host()
        self._next("end")

    def _tables(self):
        wanted = self.scenario.checks.get("superpages")
        return {} if wanted is None else superpages.survey(
            self.host, self.outcome.domid, wanted.get("iommu", 0))

    def _look_at_host(self):
        wanted, checks = self.scenario.checks, self.outcome.checks
        if "rmrr" in wanted:
            checks["rmrr"] = hostmemory.rmrr(self.outcome.dma,
                                             self.host.physical)
        if "faults" in wanted:
            checks["faults"] = hostmemory.faults(self._console())
        if "superpages" in wanted:
            checks["superpages"] = superpages.verdict(
                self.outcome.built, self._tables(),
                wanted["superpages"].get("gigabytes", 0))

    def _explain(self, hung):
        """Charge what did not come to the stage that hung."""
        checks = self.outcome.checks
        text = hung.short()
        source = Source.HUNG if isinstance(hung, Silent) else Source.ENDED
        progress(f"ended: {text}", self.who)
        for name in BOOT_CHECKS:
            if name not in checks:
                checks[name] = results.failure(text, source)
                return
        for name in self.scenario.checks:
            if name not in checks:
                checks[name] = results.failure("no report: " + text, source)
                return

    def _look_at_silence(self, hung):
        """Where host and guest are; raises Hung if dom0 does not answer either."""
        with open(self.outcome.path("silent.txt"), "w") as stream:
            try:
                for command in ("info registers -a", "info lapic", "info pic"):
                    stream.write(self.host.monitor(command))
                stream.write(self.host.job(
                    f"exec /usr/lib/lab/guest-where {self.outcome.domid}\n",
                    hung.stage, _DOM0_ANSWERS)[1])
            except (LabError, Silent) as error:
                raise Hung(hung.stage, "nothing was heard, nor does dom0 or its "
                           "emulator answer") from error

    def _console(self):
        """Lines of Xen's console since this guest began."""
        with open(self.host.xen_log, "rb") as stream:
            stream.seek(self.console_start)
            part = stream.read().decode(errors="replace")
        return part.replace("\r", "").splitlines()

    def _split_console(self):
        """This guest's part of Xen's console: hvmloader and firmware."""
        mark = f"(d{self.outcome.domid}) "
        try:
            lines = self._console()
        except (AttributeError, FileNotFoundError):
            return
        with open(self.outcome.path("hvmloader.log"), "w") as stream:
            for line in lines:
                if mark in line:
                    stream.write(line.split(mark, 1)[1] + "\n")

    def _destroy(self):
        release = "".join(
            f"xl pci-assignable-remove -r {device['device']}\n"
            for device in self.scenario.passthrough)
        self.host.job(f"/usr/lib/lab/guest-destroy /lab/{self.name}\n"
                      f"{release}", "xl destroy")
