"""Scenarios: TOML files that say what runs and what must come of it.

tests/lab/README.md describes the format for people; _SHAPE is the same for
the program, and anything it does not know is an error, not ignored.
"""

import json
import os
import re
import tomllib
from dataclasses import dataclass, field

from .stacks import STACKS
from .ui import LabError

# Results that every guest has, besides those of its checks.
BOOT_CHECKS = ("create", "boot")
# Those of [checks] that are not the guest's: made in dom0, and outside of the host.
DOM0_CHECKS = ("views", "vram")
HOST_CHECKS = DOM0_CHECKS + ("rmrr", "faults", "superpages")

_LIST = "a list of strings"
_RELOCATE = 'one of 0, 1 and "leave"'
_TEXTS = "a table of strings"
# What a [logs] check can look into: files of the guest's folder.
LOGS = ("hvmloader", "serial", "qemu", "create", "xenstore", "mtree",
        "ramblock", "pci", "views", "vram", "dom0")
_PATTERN = "a regular expression"
_PARAMETERS = ("a table of numbers and of strings without space, quote, "
               "comma, colon, equals sign")
# Xen itself: Debian's package, or built with hvmloader/hypervisor's patch.
HYPERVISORS = ("debian", "ours")
_SUPERPAGES = {"iommu": int, "gigabytes": int}
_SHAPE = {
    "title": str,
    "host": {"xen": _LIST, "machine": _LIST, "devices": _LIST, "memory": int,
             "iommu": ("none", "intel", "amd"),
             "hypervisor": HYPERVISORS},
    "guest": {"memory": int, "maxmem": int, "vcpus": int, "videoram": int,
              "firmware": ("seabios", "ovmf"), "qemu": _LIST, "xl": _LIST,
              "cmdline": _LIST, "files": _TEXTS,
              "until": ("done", "firmware"),
              "allow-memory-relocate": _RELOCATE},
    "xenstore": _TEXTS,
    "dom0": {"before": _LIST},
    "passthrough": [{"device": str, "rdm_policy": ("strict", "relaxed"),
                     "options": str, "hotplug": bool}],
    "stack": {"allow-memory-relocate": _RELOCATE, "xenstore": _TEXTS,
              "qemu": _LIST},
    "logs": {"in": LOGS, "match": _PATTERN, "absent": _PATTERN},
    "expect": {"must_pass": _LIST, "must_fail": _LIST, "same_layout_as": str},
}


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
    expect: dict = field(default_factory=dict)

    def stacks(self):
        """The stacks that the scenario expects something of, in STACKS order."""
        return [stack for stack in STACKS if stack in self.expect]

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

    def qemu_options(self, stack):
        return self.guest["qemu"] + self.stack.get(stack, {}).get("qemu", [])

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
        return list(BOOT_CHECKS) + list(self.checks) + list(self.logs)

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
        if not self.before:
            return keys
        return keys + "\n".join((
            f"domid={domid} PATH=$PATH:/lab", "{", *self.before,
            f"}} > {folder}/dom0.log 2>&1", ""))

    def needs_for(self, stack):
        """The stack that STACK's layout is compared with, or None."""
        return self.expect.get(stack, {}).get("same_layout_as")


def _fail(path, where, text):
    raise LabError(f"{path}: {where}: {text}\n"
                   "tests/lab/README.md describes the format.")


def _check(path, where, value, shape):
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            _fail(path, where, "must be a table")
        for key, inner in value.items():
            if key not in shape:
                _fail(path, f"{where}.{key}", "unknown; known here: "
                      + ", ".join(shape))
            _check(path, f"{where}.{key}", inner, shape[key])
    elif isinstance(shape, list):
        if not isinstance(value, list):
            _fail(path, where, f"must be an array of tables: [[{where}]]")
        for inner in value:
            _check(path, where, inner, shape[0])
    elif isinstance(shape, tuple):
        if value not in shape:
            _fail(path, where, "must be one of " + ", ".join(shape))
    elif shape == _LIST:
        if not (isinstance(value, list)
                and all(isinstance(item, str) for item in value)):
            _fail(path, where, "must be " + _LIST)
    elif shape == _TEXTS:
        if not (isinstance(value, dict)
                and all(isinstance(item, str) for item in value.values())):
            _fail(path, where, "must be " + _TEXTS)
    elif shape == _RELOCATE:
        if value not in (0, 1, "leave") or isinstance(value, bool):
            _fail(path, where, "must be " + _RELOCATE)
    elif shape == _PATTERN:
        try:
            re.compile(value)
        except (re.error, TypeError) as error:
            _fail(path, where, f"must be {_PATTERN} ({error})")
    elif shape == _PARAMETERS:
        if not (isinstance(value, dict) and _plain(value)):
            _fail(path, where, "must be " + _PARAMETERS)
    elif not isinstance(value, shape) or (isinstance(value, bool)
                                          and shape is not bool):
        _fail(path, where, f"must be a {shape.__name__}")


def _plain(value):
    """VALUE survives the guest's command line, or is a table of such."""
    if isinstance(value, dict):
        return all(_plain(key) and _plain(inner) and not isinstance(inner, dict)
                   for key, inner in value.items())
    return (isinstance(value, (str, int)) and not isinstance(value, bool)
            and not set(str(value)) & set(" ,:=\"'"))


def _expectations(path, scenario, raw):
    known = scenario.all_checks()
    for stack, wanted in raw.items():
        where = f"expect.{stack}"
        fails = wanted.get("must_fail", [])
        passes = wanted.get("must_pass",
                            [name for name in known if name not in fails])
        if passes == ["all"]:
            passes = known
        for name in passes + fails:
            if name not in known:
                _fail(path, where, f"'{name}' is no check of this scenario: "
                      + ", ".join(known))
        if set(passes) & set(fails):
            _fail(path, where, "the same check must pass and must fail")
        other = wanted.get("same_layout_as")
        if other is not None and (other == stack or other not in STACKS):
            _fail(path, where, "same_layout_as names another stack")
        scenario.expect[stack] = {"must_pass": passes, "must_fail": fails,
                                  "same_layout_as": other}


def load(path):
    """Read and check one scenario file."""
    try:
        with open(path, "rb") as stream:
            raw = tomllib.load(stream)
    except OSError as error:
        raise LabError(f"{path}: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise LabError(f"{path}: {error}") from error
    for key in ("checks", "logs", "stack", "expect"):
        if not isinstance(raw.get(key, {}), dict):
            _fail(path, key, "must be a table")
    shape = {**_SHAPE,
             "checks": {name: _SUPERPAGES if name == "superpages" else _PARAMETERS
                        for name in raw.get("checks", {})},
             "logs": {name: _SHAPE["logs"] for name in raw.get("logs", {})},
             "stack": {name: _SHAPE["stack"] for name in STACKS},
             "expect": {name: _SHAPE["expect"] for name in STACKS}}
    for key, value in raw.items():
        if key not in shape:
            _fail(path, key, "unknown; known here: " + ", ".join(shape))
        _check(path, key, value, shape[key])
    guest = {"memory": 1024, "vcpus": 1, "videoram": 16, "firmware": "seabios",
             "qemu": [], "xl": [], "cmdline": [], "files": {}, "until": "done",
             "allow-memory-relocate": "leave", **raw.get("guest", {})}
    guest.setdefault("maxmem", guest["memory"])
    host = {"xen": [], "machine": [], "devices": [], "iommu": "none",
            "hypervisor": "debian", **raw.get("host", {})}
    name = os.path.splitext(os.path.basename(path))[0]
    scenario = Scenario(name, path, raw.get("title", name), host, guest,
                        raw.get("xenstore", {}), raw.get("passthrough", []),
                        raw.get("checks", {}), raw.get("logs", {}),
                        raw.get("stack", {}),
                        raw.get("dom0", {}).get("before", []))
    for check, table in scenario.logs.items():
        if "in" not in table or ("match" in table) == ("absent" in table):
            _fail(path, f"logs.{check}", 'needs "in", and one of "match" and '
                  '"absent"')
        if check in BOOT_CHECKS or check in scenario.checks:
            _fail(path, f"logs.{check}", "there is a check of that name")
    if "vram" in scenario.checks and "vga" not in scenario.checks:
        _fail(path, "checks.vram", "compares what the guest's check vga wrote, "
              "and there is none")
    if not raw.get("expect"):
        _fail(path, "expect", "says nothing: add [expect.STACK] for the "
              "stacks that the scenario is about")
    _expectations(path, scenario, raw["expect"])
    return scenario


def find(word, folder):
    """WORD is a path, or the name of a file in FOLDER."""
    inside = os.path.join(folder, word + ".toml")
    if os.path.exists(inside):
        return load(inside)
    if os.path.exists(word):
        return load(word)
    raise LabError(f"no scenario '{word}': neither {inside} nor a file of "
                   "that path; `lab list` lists them")


def every(folder):
    return [load(os.path.join(folder, name))
            for name in sorted(os.listdir(folder)) if name.endswith(".toml")]
