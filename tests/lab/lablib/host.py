"""The emulated machine that runs Xen and dom0, and how to talk to its dom0."""

import os
import shutil
import subprocess
import time

from . import console, process, qmp
from .endings import HostCrash, Lost, Silent
from .ui import LabError, progress, tail

XEN_MEMORY = 1024       # MiB: Xen itself, p2m and shadow tables, the DMs' pages

# Why each of these, see tests/lab/FINDINGS.md.
_CPU = "EPYC,+svm,+npt,-smap,-smep,-monitor,-rdtscp"
_IOMMU = {
    "none": ([], []),
    "intel": (["-machine", "kernel-irqchip=split",
               "-device", "intel-iommu,intremap=on"],
              ["iommu=verbose,no-sharept"]),
    "amd": (["-device", "amd-iommu"], ["iommu=verbose"]),
}
# The outer QEMU's two pipes, .in and .out: it passes on what is written to .in.  dom0
# would have to look at the share again and again otherwise.
_BELL = "bell"
# Seconds of silence after which the host gets an interrupt, in case the emulator
# has lost one (FINDINGS.md).
_NUDGE = 5


class Follower:
    """Reads what is added to a text file that may not exist yet."""

    def __init__(self, path):
        self.path = path
        self.offset = 0
        self.partial = ""

    def lines(self):
        """Complete lines added since the last call."""
        try:
            with open(self.path, "rb") as stream:
                stream.seek(self.offset)
                data = stream.read()
        except FileNotFoundError:
            return []
        self.offset += len(data)
        text = self.partial + data.decode(errors="replace")
        *complete, self.partial = text.replace("\r", "").split("\n")
        return complete


def _place(source, target):
    """A copy that costs nothing where hard links are possible.

    Of what a symbolic link leads to: in dom0 it would lead nowhere.
    """
    source = os.path.realpath(source)
    try:
        os.link(source, target)
    except OSError:
        shutil.copy(source, target)


class Host:
    """One boot: start(), job()... and stop() whatever happens."""

    nudged = 0      # when, by the clock of time.monotonic()

    def __init__(self, who, folder, parts, config, memory, cpus, limit):
        """PARTS: paths of "root", "qmp", "xen", "kernel" and "initrd", and of
        "xen.ours" if CONFIG asks for it.

        FOLDER keeps the logs; LIMIT is how long, in seconds, a stage may stay
        silent.
        """
        self.who = who
        self.folder = folder
        self.parts = parts
        self.config = config
        self.memory = memory
        self.cpus = cpus
        self.limit = limit
        self.share = os.path.join(folder, "share")
        self.xen_log = os.path.join(folder, "xen.log")
        self.qemu_log = os.path.join(folder, "host-qemu.log")
        self.process = None
        self.jobs = 0
        os.makedirs(os.path.join(self.share, "jobs"))
        xen = "xen.ours" if config["hypervisor"] == "ours" else "xen"
        for name, part in (("xen", xen), ("kernel", "kernel"),
                           ("initrd", "initrd")):
            _place(parts[part], os.path.join(folder, name))
        for end in ("in", "out"):
            os.mkfifo(os.path.join(folder, f"{_BELL}.{end}"))
        self.console = Follower(self.xen_log)
        self._panics = Follower(self.xen_log)
        self.qmp = qmp.Monitor(who, folder, parts["qmp"])

    def put(self, source, name):
        """Make the file SOURCE visible in dom0 as /lab/NAME."""
        target = os.path.join(self.share, name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if not os.path.exists(target):
            _place(source, target)

    def furnish(self, parts):
        """Make visible in dom0 what every guest needs, of PARTS."""
        for part, name in (("kernel", "guest/kernel.debian"),
                           ("small-kernel", "guest/kernel.small"),
                           ("guest-initrd", "guest/initrd.debian"),
                           ("ahci-initrd", "guest/initrd.ahci"),
                           ("small-initrd", "guest/initrd.small"),
                           ("ovmf", "guest/OVMF.fd"), ("stubdom", "stubdom"),
                           ("meddle", "meddle")):
            if part in parts:
                self.put(parts[part], name)
        for name in os.listdir(parts["library"]):
            self.put(os.path.join(parts["library"], name), "xen-memmap/" + name)

    def write(self, name, text):
        """Make TEXT visible in dom0 as /lab/NAME, complete or not at all."""
        target = os.path.join(self.share, name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target + ".new", "w") as stream:
            stream.write(text)
        os.rename(target + ".new", target)

    def command(self, serial):
        """The outer QEMU: that of the build root, the same on every machine."""
        root = self.parts["root"]
        libraries = os.path.join(root, "usr/lib/x86_64-linux-gnu")
        machine, xen = _IOMMU[self.config["iommu"]]
        devices = []
        for words in self.config["machine"]:
            devices += ["-machine", words]
        for device in self.config["devices"]:
            devices += ["-device", device]
        # Lazy FPU switching goes wrong under TCG (FINDINGS.md).
        options = ["spec-ctrl=eager-fpu", "console=com1", "com1=115200,8n1",
                   "loglvl=all",
                   "guest_loglvl=all", f"dom0_mem={self.config['dom0-memory']}M,"
                   f"max:{self.config['dom0-memory']}M", "dom0_max_vcpus=1",
                   # QEMU's memory is zero.
                   "bootscrub=0"]
        if self.cpus > 1:
            options.append("dom0_vcpus_pin")
        options += xen + self.config["xen"]
        return [
            os.path.join(libraries, "ld-linux-x86-64.so.2"),
            "--library-path", libraries,
            os.path.join(root, "usr/bin/qemu-system-x86_64"),
            "-L", os.path.join(root, "usr/share/qemu"),
            "-L", os.path.join(root, "usr/share/seabios"),
            "-accel", "tcg,thread=multi", "-machine", "q35", "-cpu", _CPU,
            "-smp", str(self.cpus), "-m", str(self.memory),
            "-nic", "none", "-no-reboot", "-display", "none",
            "-serial", serial,
            "-qmp", f"unix:{qmp.SOCKET},server=on,wait=off",
            *machine, *devices,
            "-fsdev", "local,id=lab,path=share,security_model=none",
            "-device", "virtio-9p-pci,fsdev=lab,mount_tag=lab",
            "-chardev", f"pipe,id=jobs,path={_BELL}",
            "-device", "virtio-serial-pci", "-device", "virtserialport,chardev=jobs",
            "-kernel", "xen", "-append", " ".join(options),
            "-initrd", "kernel console=hvc0 quiet mitigations=off,initrd"]

    def environment(self):
        modules = os.path.join(self.parts["root"],
                               "usr/lib/x86_64-linux-gnu/qemu")
        return {**os.environ, "QEMU_MODULE_DIR": modules}

    def start(self):
        progress(f"booting Xen ({self.memory} MiB, {self.cpus} CPUs)",
                 self.who)
        command = self.command("file:xen.log")
        with open(self.qemu_log, "w") as stream:
            stream.write(" ".join(command) + "\n")
            stream.flush()
            self.process = process.start(
                command, cwd=self.folder, stdout=stream, stdin=subprocess.DEVNULL,
                stderr=subprocess.STDOUT, env=self.environment())
        try:
            self._wait_up()
        except Silent:
            self._keep_where()
            raise

    def _keep_where(self):
        """For whoever looks for the reason: nothing that dom0 could be asked is up."""
        with open(os.path.join(self.folder, "silent.txt"), "w") as stream:
            try:
                stream.write(self.where())
            except LabError as error:
                stream.write(f"{error}\n")

    def _wait_up(self):
        stage, heard = "the host's Xen", time.monotonic()
        while True:
            for line in self.console.lines():
                heard = time.monotonic()
                if "lab: dom0 kernel is up" in line:
                    stage = "dom0's start of xenstored"
                elif "Xen is relinquishing VGA" in line or \
                        "*** Serial input to DOM0" in line:
                    stage = "dom0's kernel"
                elif "lab: dom0 is up" in line:
                    progress("dom0 is up", self.who)
                    return
                elif "lab: dom0 failed" in line:
                    raise Lost(stage, line.split("lab: ", 1)[1])
            self.check_alive(stage)
            self.check_silence(stage, heard)
            time.sleep(0.1)

    def seconds(self):
        """Of processors that this host has taken: what a stage costs, however busy the
        machine is otherwise."""
        try:
            with open(f"/proc/{self.process.pid}/stat") as stream:
                # Behind the name, which may hold anything: utime and stime.
                fields = stream.read().rpartition(")")[2].split()
        except FileNotFoundError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def check_alive(self, stage):
        process.check()
        ended = self.process.poll() is not None
        # What it said before it ended is looked at last.
        for line in self._panics.lines():
            if panic := console.host_panic(line):
                raise HostCrash(stage, panic.text)
        if ended:
            raise Lost(stage, "the emulated host ended (exit "
                       f"{self.process.returncode}); {self.qemu_log}:\n"
                       + tail(self.qemu_log, 5) + f"\n{self.xen_log}:\n"
                       + tail(self.xen_log, 10))

    def check_silence(self, stage, heard, limit=0):
        """HEARD: when there was something last; it may be LIMIT seconds ago, if that is
        more than for all."""
        now = time.monotonic()
        if now - max(heard, self.nudged) > _NUDGE:
            self._nudge()
        limit = max(self.limit, limit)
        if now - heard > limit:
            raise Silent(stage, f"nothing was heard for {limit:.0f} s; the end "
                         f"of {self.xen_log}:\n" + tail(self.xen_log, 10))

    def _nudge(self):
        """An interrupt for the host; any will do, and dom0 has no use for this key."""
        try:
            self.qmp.execute("send-key", keys=[{"type": "qcode", "data": "ctrl"}])
        except LabError:
            pass    # whatever it is, silence or the host's end will tell
        self.nudged = time.monotonic()

    def job(self, script, stage, limit=None, log=None):
        """Run SCRIPT (sh) in dom0: (exit status, output).

        It may take LIMIT seconds in all, and as long as the host may be silent from
        one line of its output to the next; LOG is the file on the share where that
        goes, if it is another one.
        """
        self.jobs += 1
        name = f"jobs/{self.jobs}"
        done = os.path.join(self.share, name + ".rc")
        said = os.path.join(self.share, log or name + ".out")
        begun = heard = time.monotonic()
        size = 0
        self.write(name, script)
        self._ring()
        while not os.path.exists(done):
            self.check_alive(stage)
            if os.path.exists(said) and os.path.getsize(said) != size:
                size = os.path.getsize(said)
                heard = time.monotonic()
            self.check_silence(stage, heard)
            if limit is not None and time.monotonic() - begun > limit:
                raise Silent(stage, f"it was not done after {limit:.0f} s")
            time.sleep(0.05)
        with open(done) as stream:
            status = int(stream.read())
        with open(os.path.join(self.share, name + ".out"),
                  errors="replace") as stream:
            return status, stream.read()

    def _ring(self):
        """Tell dom0 that there is a job."""
        try:
            bell = os.open(os.path.join(self.folder, _BELL + ".in"),
                           os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            return      # nobody listens: the emulator is gone, which will be seen
        try:
            os.write(bell, f"{self.jobs}\n".encode())
        finally:
            os.close(bell)

    def monitor(self, command):
        """What the outer QEMU's monitor for people answers to COMMAND: for what there
        is no command for programs."""
        return self.qmp.execute("human-monitor-command", **{"command-line": command})

    def where(self):
        """Where its processors are, and which interrupts wait."""
        return "".join(map(self.monitor, ("info registers -a", "info lapic", "info pic")))

    def physical(self, address, size):
        """SIZE bytes of the host's physical memory."""
        path = os.path.join(self.folder, "memory")
        self.qmp.execute("pmemsave", val=address, size=size, filename="memory")
        with open(path, "rb") as stream:
            data = stream.read()
        os.unlink(path)
        if len(data) != size:
            raise LabError(f"{self.who}: pmemsave {address:#x} {size:#x}: "
                           f"{len(data)} bytes")
        return data

    def debug_keys(self, keys, end):
        """What Xen prints for its debug KEYS, up to a line that END matches."""
        log = Follower(self.xen_log)
        log.offset = os.path.getsize(self.xen_log)
        self.job(f"exec xl debug-keys {keys}\n", "debug keys " + keys)
        lines, heard = [], time.monotonic()
        while True:
            for line in log.lines():
                heard = time.monotonic()
                lines.append(line)
                if end.search(line):
                    return lines
            self.check_alive("debug keys " + keys)
            self.check_silence("debug keys " + keys, heard)
            time.sleep(0.1)

    def stop(self):
        self.qmp.close()
        if self.process is not None:
            process.stop(self.process)
        # Those are links into the cache; the logs stay.
        for name in ("xen", "kernel", "initrd", qmp.SOCKET, _BELL + ".in",
                     _BELL + ".out"):
            try:
                os.unlink(os.path.join(self.folder, name))
            except FileNotFoundError:
                pass
