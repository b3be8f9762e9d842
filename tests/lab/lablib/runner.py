"""From scenarios and stacks to hosts and guests, and their outcomes."""

import concurrent.futures
import glob
import gzip
import os
import shutil
import time

from . import cache, images, process, stacks, trees, verdict
from .guest import Guest
from .host import DOM0_MEMORY, XEN_MEMORY, Host, Hung
from .ui import LabError, progress

_KEEP_RUNS = 20


class Lab:
    """The paths and the parts that every command needs."""

    def __init__(self, top, suite):
        self.top = top
        self.suite = suite
        self.sources_of = {}        # package -> version, once built
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

    def sources(self, folder):
        return sorted(path for pattern in ("*.[ch]", "Makefile") for path in
                      glob.glob(os.path.join(self.here, folder, pattern)))

    def build(self, names, scenarios=()):
        """Everything for the stacks NAMES, and what SCENARIOS need besides:
        (parts, programs by stack)."""
        suite, log = self.suite, self.build_log
        open(log, "w").close()
        root = trees.build_root(suite, log)
        tree = trees.host(suite, log)
        programs = stacks.build(suite, self.top, names, log)
        # They all need the same libraries.
        qemu = programs[names[0]]["qemu"]
        guest = stacks.small_program(suite, self.sources("guest"),
                                     "memmap-guest", log)
        views = stacks.small_program(suite, self.sources("views"),
                                     "memmap-views", log)
        meddle = stacks.small_program(suite, self.sources("meddle"), "meddle",
                                      log)
        scripts = sorted(glob.glob(os.path.join(self.here, "dom0", "*")))
        key = cache.digest(
            os.path.dirname(tree), qemu.key, os.path.dirname(guest),
            os.path.dirname(views), os.path.dirname(meddle),
            cache.digest_files(scripts),
            cache.digest_files([images.__file__, images.cpio.__file__]))

        def make(folder):
            progress("assembling dom0's and the guest's initramfs")
            images.dom0(os.path.join(folder, "initrd"), tree, suite.xen,
                        os.path.join(self.here, "dom0"), [qemu.path, views, meddle])
            images.guest(os.path.join(folder, "guest-initrd"), tree, guest)
            packed = os.path.join(tree, f"boot/xen-{suite.xen}-amd64.gz")
            with gzip.open(packed) as source, \
                    open(os.path.join(folder, "xen"), "wb") as target:
                shutil.copyfileobj(source, target)
        image = cache.entry("image-" + key, make)
        for package in ("xen", "qemu"):
            self.sources_of[package] = trees.full_version(root, package)
        progress("sources: " + ", ".join(map(" ".join, self.sources_of.items())))
        parts = {
            "root": root,
            "xen": os.path.join(image, "xen"),
            "kernel": images.kernel(tree)[0],
            "initrd": os.path.join(image, "initrd"),
            "guest-initrd": os.path.join(image, "guest-initrd"),
            "views": views,
            "meddle": meddle,
        }
        if any(item.guest["firmware"] == "ovmf" for item in scenarios):
            parts["ovmf"] = stacks.ovmf(suite, log).path
        if any(item.host["hypervisor"] == "ours" for item in scenarios):
            parts["xen.ours"] = stacks.hypervisor(suite, self.top, log).path
        return parts, programs

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
    need = max(s.guest["maxmem"] for s in scenarios) + DOM0_MEMORY + XEN_MEMORY
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


def _boots(groups, slots):
    """Split groups of guests over boots, so that no processor is idle.

    A boot costs about a third of a guest, so a group is only split when each
    part has two guests or more; and only if there are processors to spare, or if
    everybody would wait for it in the end.
    """
    boots = list(groups)
    total = sum(map(len, boots))
    while True:
        biggest = max(boots, key=len)
        if len(biggest) < 4 or (len(boots) >= slots and
                                len(biggest) * slots <= total + slots):
            break
        boots.remove(biggest)
        middle = (len(biggest) + 1) // 2
        boots += [biggest[:middle], biggest[middle:]]
    return sorted(boots, key=len, reverse=True)


def run(lab, pairs, parallel, limit, alone=False, count=False):
    """Run PAIRS of (scenario, stack); the outcomes in the order of PAIRS."""
    parts, programs = lab.build(sorted({stack for _, stack in pairs}),
                                [item for item, _ in pairs])
    folder = lab.new_run()
    groups = {}
    for pair in pairs:
        groups.setdefault(pair[0].host_key(), []).append(pair)
    memory = {key: memory_for([s for s, _ in group])
              for key, group in groups.items()}
    fit = max(1, available_memory() // max(memory.values()))
    slots = 1 if alone else max(1, min(parallel, fit))
    if fit < parallel and len(pairs) > 1 and not alone:
        progress(f"memory for {slots} of {parallel} hosts at a time")
    boots = _boots(groups.values(), slots)
    at_once = min(slots, len(boots))
    cpus = max(1, min(2, parallel // at_once))
    progress(f"{len(pairs)} guests on {len(boots)} hosts, {at_once} at a "
             f"time; logs in {os.path.relpath(folder, lab.top)}")

    def one(number):
        group = boots[number]
        who = f"host {number + 1}"
        scenario = group[0][0]

        def host_for(boot):
            again = f".{boot}" if boot > 1 else ""
            return Host(who, os.path.join(folder, f"host{number + 1}{again}"),
                        parts, scenario.host, memory[scenario.host_key()],
                        cpus, limit)
        return _one_boot(host_for, parts, programs, group, count)

    outcomes = {}
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        futures = [pool.submit(one, number) for number in range(len(boots))]
        try:
            for future in concurrent.futures.as_completed(futures):
                outcomes.update(future.result())
        except BaseException:
            process.stop_all()
            raise
    used = {name: {program: value.key for program, value in both.items()}
            for name, both in programs.items()}
    return [outcomes[scenario.path, stack] for scenario, stack in pairs], used


def furnish(host, parts):
    """Make visible in dom0 what every guest of HOST needs."""
    for part, name in (("kernel", "guest/kernel"),
                       ("guest-initrd", "guest/initrd"),
                       ("ovmf", "guest/OVMF.fd"), ("views", "views"),
                       ("meddle", "meddle")):
        if part in parts:
            host.put(parts[part], name)


def _one_boot(host_for, parts, programs, group, count=False):
    """All guests of GROUP, in one boot unless a guest takes the host with it.

    A host that is lost, or a guest that falls silent for no reason to be seen, is
    more often the emulator's doing than the guest's (README.md), so that guest has
    a second try, in a new boot. Its outcome says so.
    """
    outcomes = {}
    first_tries = {}
    left = list(group)
    boot = 0
    silence = None
    while left:
        boot += 1
        host = host_for(boot)
        try:
            furnish(host, parts)
            try:
                host.start()
            except Hung as hung:
                raise LabError(f"{host.who} did not come up: {hung}") from hung
            while left:
                scenario, stack = left.pop(0)
                guest = Guest(host, scenario, stack, {
                    "hvmloader": programs[stack]["hvmloader"].path,
                    "qemu-system-i386": programs[stack]["qemu"].path}, count)
                key = scenario.path, stack
                outcomes[key] = guest.outcome
                guest.outcome.first_try = first_tries.get(key, "")
                guest.run()
                silence = guest.outcome.silence
                if key not in first_tries and verdict.only_silent(guest.outcome):
                    raise silence
        except Hung as hung:
            progress(f"{'silent' if hung is silence else 'lost'}: {hung}", host.who)
            if key not in first_tries:
                first_tries[key] = hung.short()
                left.insert(0, (scenario, stack))
                progress(f"{scenario.name} on {stack}: once more, in a new boot",
                         host.who)
        finally:
            host.stop()
    return outcomes
