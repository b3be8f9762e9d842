"""Scenarios: TOML files that say what runs and what must come of it.

tests/lab/README.md describes the format for people, schema.py its shape; what
concerns several parts of a file at a time is checked here.
"""

import glob
import json
import os
import tomllib
from dataclasses import dataclass, field

from . import schema
from .results import BOOT_CHECKS, HOST_CHECKS, IMPLIED, RESERVED
from .stacks import STACKS
from .ui import LabError


# MiB, for dom0.
DOM0_MEMORY = 1024
# A host that has a name is a [host] table in a file of its own.
_HOSTS = os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(__file__))),
                      "hosts")


@dataclass
class Scenario:
    """One file, checked, with defaults filled in."""

    name: str
    path: str
    title: str
    host: dict
    guest: dict
    xenstore: dict
    passthrough: list
    checks: dict
    logs: dict
    stack: dict
    before: list
    after: list
    nightly: frozenset = frozenset()     # stacks that wait for the nightly run
    expect: dict = field(default_factory=dict)

    def stacks(self, nightly=True):
        """The stacks that the scenario expects something of, in STACKS order; the slow
        ones only if NIGHTLY."""
        return [stack for stack in STACKS if stack in self.expect
                and (nightly or stack not in self.nightly)]

    def in_stubdom(self):
        """The same, but the device model is in a domain of its own; results say so."""
        if not self.guest["stubdom"]:
            self.guest["stubdom"] = True
            self.name += "+stubdom"

    def host_key(self):
        """Scenarios of one key can share a boot."""
        return json.dumps(self.host, sort_keys=True)

    def relocate(self, stack):
        return self.stack.get(stack, {}).get(
            "allow-memory-relocate", self.guest["allow-memory-relocate"])

    def keys(self, stack):
        """The xenstore keys of this guest, relative to its own folder."""
        keys = dict(self.xenstore)
        if self.relocate(stack) != "leave":
            keys["hvmloader/allow-memory-relocate"] = str(self.relocate(stack))
        keys.update(self.stack.get(stack, {}).get("xenstore", {}))
        return keys

    def then(self, stack):
        """The stack that takes the guest over from STACK when a check asks for it."""
        return self.stack.get(stack, {}).get("then")

    def qemu_options(self, stack):
        return self.guest["qemu"] + self.stack.get(stack, {}).get("qemu", [])

    def xl_lines(self, stack):
        return self.guest["xl"] + self.stack.get(stack, {}).get("xl", [])

    def guest_checks(self):
        """As the guest's command line wants them: NAME[:KEY=VALUE,...]."""
        words = []
        for name, params in self.checks.items():
            if name not in HOST_CHECKS:
                pairs = ",".join(f"{key}={value}"
                                 for key, value in params.items())
                words.append(name + (":" + pairs if pairs else ""))
        return words

    def all_checks(self):
        # A guest that ends with its firmware has no kernel, and none of its checks.
        until_done = [*BOOT_CHECKS, *self.checks]
        return [*(until_done if self.guest["until"] == "done" else BOOT_CHECKS[:1]),
                *self.logs]

    def log_file(self, check):
        """Name of the file that the [logs] CHECK looks into."""
        name = self.logs[check]["in"]
        return name + (".log" if name in ("hvmloader", "serial", "qemu",
                                          "create", "dom0") else ".txt")

    def script(self, stack, domid, folder):
        """What dom0 does before the guest of that DOMID starts, as lines of sh."""
        keys = "".join(
            f"xenstore-write /local/domain/{domid}/{key} '{value}'\n"
            for key, value in self.keys(stack).items())
        return keys + _told(self.before, domid, f"{folder}/dom0.log")

    def last_words(self, domid, folder):
        """What dom0 does when the guest is done, the same way."""
        return _told(self.after, domid, f"{folder}/after.txt")

    def needs_for(self, stack):
        """The stack that STACK's layout is compared with, or None."""
        return self.expect.get(stack, {}).get("same_layout_as")


def _told(lines, domid, log):
    """LINES of sh in dom0, which know the guest's DOMID and its folder; what they say is
    in LOG."""
    if not lines:
        return ""
    return "\n".join((f"domid={domid} folder={os.path.dirname(log)} PATH=$PATH:/lab", "{", *lines,
                      f"}} > {log} 2>&1", ""))


def _expectations(path, scenario, raw):
    known = scenario.all_checks()
    for stack, wanted in raw.items():
        where = f"expect.{stack}"
        fails = wanted.get("must_fail", {})
        passes = wanted.get("must_pass", [name for name in known
                                          if name not in fails])
        if passes == ["all"]:
            passes = known
        for name in (*passes, *fails):
            if name not in (*known, *IMPLIED):
                schema.fail(path, where, f"'{name}' is no check of this scenario: "
                            + ", ".join(known))
        if set(passes) & set(fails):
            schema.fail(path, where, "the same check must pass and must fail")
        for name in fails:
            if name in scenario.logs and "beside" not in scenario.logs[name]:
                schema.fail(path, where, f"that logs.{name} finds nothing shows "
                            'nothing without "beside", a line that is there')
        other = wanted.get("same_layout_as")
        if other == stack:
            schema.fail(path, where, "same_layout_as names another stack")
        if not passes and not fails and not other:
            schema.fail(path, where, "says nothing")
        scenario.expect[stack] = {"must_pass": passes, "must_fail": fails,
                                  "same_layout_as": other}


def _read(path):
    try:
        with open(path, "rb") as stream:
            return tomllib.load(stream)
    except OSError as error:
        raise LabError(f"{path}: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise LabError(f"{path}: {error}") from error


def load(path):
    """Read and check one scenario file."""
    raw = _read(path)
    if isinstance(raw.get("host"), str):
        raw["host"] = _read(os.path.join(_HOSTS, raw["host"] + ".toml"))
    schema.check(path, raw)
    guest = {"memory": 1024, "vcpus": 1, "videoram": 16, "firmware": "seabios",
             "disk": "nvme", "stubdom": False, "seconds": 0, "silent": 0, "qemu": [],
             "xl": [], "cmdline": [],
             "until": "done", "allow-memory-relocate": "leave",
             **raw.get("guest", {})}
    # The small kernel has no stub for UEFI's loader.
    guest.setdefault("kernel",
                     "debian" if guest["firmware"] == "ovmf" else "small")
    if guest["firmware"] == "ovmf" and guest["kernel"] == "small":
        schema.fail(path, "guest.kernel", "UEFI boots Debian's only")
    if guest["disk"] == "ahci" and guest["kernel"] == "small":
        schema.fail(path, "guest.disk", 'the driver of "ahci" is a module of kernel = "debian"')
    guest.setdefault("maxmem", guest["memory"])
    host = {"xen": [], "machine": [], "devices": [], "iommu": "none",
            "hypervisor": "debian", "suite": None, "dom0-memory": DOM0_MEMORY,
            **raw.get("host", {})}
    name = os.path.splitext(os.path.basename(path))[0]
    scenario = Scenario(name, path, raw.get("title", name), host, guest,
                        raw.get("xenstore", {}), raw.get("passthrough", []),
                        raw.get("checks", {}), raw.get("logs", {}),
                        raw.get("stack", {}),
                        raw.get("dom0", {}).get("before", []),
                        raw.get("dom0", {}).get("after", []))
    for kind, names in (("checks", scenario.checks), ("logs", scenario.logs)):
        for check in names:
            if check in RESERVED or kind == "logs" and check in scenario.checks:
                schema.fail(path, f"{kind}.{check}",
                            "there is a check of that name")
    if "vram" in scenario.checks and "vga" not in scenario.checks:
        schema.fail(path, "checks.vram", "compares what the guest's check vga "
                    "wrote, and there is none")
    _expectations(path, scenario, raw["expect"])
    scenario.nightly = _nightly(path, scenario, raw.get("nightly", False))
    return scenario


def _nightly(path, scenario, raw):
    """RAW: of all stacks, true or false, or the names of some."""
    found = frozenset(raw if isinstance(raw, list) else scenario.expect if raw else ())
    for stack in found - scenario.expect.keys():
        schema.fail(path, "nightly", f"the scenario expects nothing of '{stack}'")
    return found


def _files(folder, name="*"):
    return sorted(glob.glob(os.path.join(glob.escape(folder), "**", name + ".toml"),
                            recursive=True))


def find(word, folder):
    """WORD is the name of a file in FOLDER or below it, or a path."""
    for path in _files(folder, glob.escape(word)):
        return load(path)
    if os.path.exists(word):
        return load(word)
    raise LabError(f"no scenario '{word}': neither a file {word}.toml below {folder} "
                   "nor a file of that path; `lab list` lists them")


def every(folder):
    return [load(path) for path in _files(folder)]
