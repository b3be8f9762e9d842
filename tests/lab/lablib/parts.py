"""What hosts and guests are made of, made step by step.

A lab with an empty cache builds for a quarter of an hour.  So a guest says which
steps it needs, and may start when those are done, while later ones go on.
"""

import glob
import gzip
import os
import shutil
from typing import NamedTuple

from . import cache, images, kernel, sources, stacks, suites, trees
from .ui import progress

# What a suite's hosts and guests need whatever they are; the stack is one of those
# that are built by then.
HOST = "host"
STACK = "stack"
KERNEL = "kernel"
XEN = "xen"
OVMF = "ovmf"


class Step(NamedTuple):
    """One thing to be made; DETAIL is the name of a STACK."""

    suite: str
    kind: str
    detail: str = ""


def needs(scenario, stack):
    """The steps that a guest waits for."""
    suite = scenario.host["suite"]
    wanted = {Step(suite, HOST), Step(suite, STACK, stack)}
    if scenario.then(stack):
        wanted.add(Step(suite, STACK, scenario.then(stack)))
    if scenario.guest["kernel"] == "small":
        wanted.add(Step(suite, KERNEL))
    if scenario.host["hypervisor"] == "ours":
        wanted.add(Step(suite, XEN))
    if scenario.guest["firmware"] == "ovmf":
        wanted.add(Step(suite, OVMF))
    return frozenset(wanted)


def in_order(steps, default):
    """STEPS as they are best made: those that most guests wait for come first, and
    suites other than DEFAULT last.

    dom0's image needs to know the libraries of a device model: a suite's first stack
    comes before its HOST, and the others after it.
    """
    names = list(stacks.STACKS)
    first = {}
    for step in steps:
        if step.kind == STACK:
            first[step.suite] = min(names.index(step.detail),
                                    first.get(step.suite, len(names)))

    def rank(step):
        if step.kind == STACK:
            at = names.index(step.detail)
            kind = 0 if at == first[step.suite] else 3
        else:
            at, kind = 0, {HOST: 1, KERNEL: 2, XEN: 4, OVMF: 5}[step.kind]
        return (step.suite != default, step.suite, kind, at)
    return sorted(steps, key=rank)


class Parts:
    """Makes steps, and knows what came of them."""

    def __init__(self, lab):
        self.lab = lab
        self.made = {}          # Step -> what _make() returned
        self.sources = {}       # suite -> {package: version}
        # All of a run is built from one reading, even when `make series` runs again
        # in the meantime.
        self._patches = stacks.read_series(lab.top)
        self._series = {}       # suite -> stacks.Series

    def make(self, step):
        if step not in self.made:
            suite = suites.SUITES[step.suite]
            make = {HOST: self._host, STACK: self._stack, KERNEL: self._kernel,
                    XEN: self._xen, OVMF: self._ovmf}[step.kind]
            self.made[step] = make(suite, step.detail)

    def make_all(self, steps):
        for step in in_order(steps, self.lab.suite.name):
            self.make(step)

    def programs(self, suite, stack):
        """{"hvmloader": Program, "qemu": Program}"""
        return self.made[Step(suite, STACK, stack)]

    def files(self, suite):
        """{name: path} of what a host of SUITE and its guests find, as far as it has
        been made."""
        found = dict(self.made[Step(suite, HOST)][0])
        for kind, name in ((KERNEL, "small-kernel"), (XEN, "xen.ours"),
                           (OVMF, "ovmf")):
            program = self.made.get(Step(suite, kind))
            if program is not None:
                found[name] = program.path
        return found

    def identity(self, scenario, stack):
        """Names of all that a guest is made of, for a key of the cache."""
        found = {}
        for step in needs(scenario, stack):
            made = self.made[step]
            if step.kind == HOST:
                found[step.kind] = made[1]
            elif step.kind == STACK:
                kind = step.kind if step.detail == stack else "then"
                found[kind] = {name: program.key
                                    for name, program in made.items()}
            else:
                found[step.kind] = made.key
        return found

    def used(self):
        """{suite: {stack: {program: key}}} of all that has been made, for --json."""
        found = {}
        for step, made in list(self.made.items()):
            if step.kind == STACK:
                found.setdefault(step.suite, {})[step.detail] = {
                    name: program.key for name, program in made.items()}
        return found

    def _stack(self, suite, name):
        log = self.lab.build_log
        if suite.name not in self._series:
            found = stacks.series(suite, self._patches, log)
            self._series[suite.name] = found
            self.sources[suite.name] = {
                package: source.name for package, source in found.sources.items()}
            progress(f"sources of {suite.name}: " + ", ".join(
                map(" ".join, self.sources[suite.name].items())))
        return stacks.build(suite, self._series[suite.name], name, log)

    def _kernel(self, _suite, _detail):
        return kernel.small(self.lab.build_log)

    def _xen(self, suite, _):
        return stacks.hypervisor(suite, self._patches, self.lab.build_log)

    def _ovmf(self, suite, _):
        return stacks.ovmf(suite, self.lab.build_log)

    def _small(self, suite, folder, name):
        """A program of the lab itself, of the sources in tests/lab/FOLDER."""
        sources = [path for pattern in ("*.[ch]", "Makefile") for path in
                   glob.glob(os.path.join(self.lab.here, folder, pattern))]
        return stacks.small_program(suite, sorted(sources), name,
                                    self.lab.build_log)

    def _host(self, suite, _):
        log = self.lab.build_log
        root = trees.build_root(suite, log)
        tree = trees.host(suite, log)
        guest = self._small(suite, "guest", "memmap-guest")
        library = stacks.library(suite, self.lab.top, log)
        views = os.path.join(library, "memmap-views")
        meddle = self._small(suite, "meddle", "meddle")
        # All stacks' device models need the same libraries.
        emulator = next(made["qemu"].path for step, made in self.made.items()
                        if step.kind == STACK and step.suite == suite.name)
        modelled = images.libraries(tree, [emulator])
        needed = {
            **images.libraries(tree, [emulator, meddle]),
            **images.libraries(tree, [views, *(os.path.join(library, name) for name in
                                               ("xen-memmap", *stacks.MODULES))],
                               [trees.library_root(suite, log)])}
        folder = os.path.join(self.lab.here, "dom0")
        init = os.path.join(self.lab.here, "stubdom", "init")
        scripts = [*glob.glob(os.path.join(folder, "*")), init]
        key = cache.digest(
            os.path.dirname(tree), sorted(needed.values()),
            os.path.dirname(guest), cache.digest_files(scripts),
            cache.digest_files(images.SOURCES))

        def make(draft):
            trees.install_tools(log)
            progress("assembling the initramfs of dom0, guests and stub domains")
            images.dom0(os.path.join(draft, "initrd"), tree, suite.xen, folder,
                        needed, log)
            images.stubdom(os.path.join(draft, "stubdom"), tree, suite.xen, init,
                           modelled, log)
            images.guest(os.path.join(draft, "guest-initrd"), tree, guest, log)
            images.guest(os.path.join(draft, "ahci-initrd"), tree, guest, log,
                         images.AHCI_MODULES)
            images.guest(os.path.join(draft, "small-initrd"), tree, guest, log, ())
            packed = os.path.join(tree, f"boot/xen-{suite.xen}-amd64.gz")
            with gzip.open(packed) as source, \
                    open(os.path.join(draft, "xen"), "wb") as target:
                shutil.copyfileobj(source, target)
        image = cache.entry("image-" + key, make)
        files = {
            "root": root,
            # QEMU's own client of its monitor: any QEMU's will do.
            "qmp": os.path.join((sources.debian_in(
                "qemu", os.path.join(root, "src")) or sources.given("qemu")).tree(log),
                "python"),
            "xen": os.path.join(image, "xen"),
            "kernel": images.kernel(tree)[0],
            "initrd": os.path.join(image, "initrd"),
            "stubdom": os.path.join(image, "stubdom"),
            "guest-initrd": os.path.join(image, "guest-initrd"),
            "ahci-initrd": os.path.join(image, "ahci-initrd"),
            "small-initrd": os.path.join(image, "small-initrd"),
            "meddle": meddle,
            "library": library,
        }
        # The kernel is the tree's, and so in the image's name.  Of the library, what
        # is in views: no result of a guest that publishes nothing has more of it.
        identity = [os.path.basename(os.path.dirname(path)) for path in (
            root, files["xen"], meddle)] + [cache.digest_files([views])]
        return files, identity
