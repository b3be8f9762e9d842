"""The shape of a scenario file, as a JSON Schema.

tests/lab/README.md describes the format for people.  A key that is not here is an
error, not ignored.  What concerns several keys at a time is in scenario.py.
"""

import re

import jsonschema

from .stacks import STACKS
from .suites import SUITES
from .ui import LabError

# What a [logs] check can look into: files of the guest's folder.
LOGS = ("hvmloader", "serial", "qemu", "create", "xenstore", "mtree",
        "ramblock", "pci", "views", "vram", "dom0", "published", "after", "life")
# Xen itself: Debian's package, or built with hvmloader/hypervisor's patch.
HYPERVISORS = ("debian", "ours")
# The guest's kernel: the lab's own, quick and with everything built in, or Debian's.
KERNELS = ("small", "debian")
# What the guest's disk is on: QEMU can migrate the second.
DISKS = ("nvme", "ahci")


def _table(required=(), **properties):
    return {"type": "object", "additionalProperties": False,
            "required": list(required),
            "properties": {name.replace("__", "-"): shape
                           for name, shape in properties.items()}}


def _each(shape, names=None):
    """A table whose values are all of one shape, its keys NAMES if given."""
    if names is None:
        return {"type": "object", "additionalProperties": shape}
    return _table(**{name.replace("-", "__"): shape for name in names})


def _one_of(*values):
    return {"enum": list(values)}


_TEXT = {"type": "string"}
_COUNT = {"type": "integer", "minimum": 0}
_FLAG = {"type": "boolean"}
_LIST = {"type": "array", "items": _TEXT}
_PATTERN = {"type": "string", "minLength": 1, "format": "regex"}
# JSON Schema takes 1.0 and true for 1, as Python does.
_RELOCATE = {"anyOf": [{"type": "integer", "minimum": 0, "maximum": 1},
                       {"const": "leave"}]}
_BDF = {"type": "string", "pattern": r"^[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$"}
_RANGES = {"type": "string",
           "pattern": r"^0x[0-9a-f]+-0x[0-9a-f]+(\+0x[0-9a-f]+-0x[0-9a-f]+)*$"}
# What survives the guest's command line.
_WORD = r"^[^ ,:=\"']+$"
_PARAMETERS = {"type": "object", "propertyNames": {"pattern": _WORD},
               "additionalProperties": {"type": ["integer", "string"],
                                        "pattern": _WORD}}

SCHEMA = _table(
    ("expect",),
    title=_TEXT,
    nightly={"anyOf": [_FLAG, {"type": "array", "items": _one_of(*STACKS),
                               "minItems": 1}]},
    host=_table(xen=_LIST, machine=_LIST, devices=_LIST, memory=_COUNT,
                dom0__memory=_COUNT,
                iommu=_one_of("none", "intel", "amd"),
                hypervisor=_one_of(*HYPERVISORS), suite=_one_of(*SUITES)),
    guest=_table(memory=_COUNT, maxmem=_COUNT, vcpus=_COUNT, videoram=_COUNT,
                 firmware=_one_of("seabios", "ovmf"),
                 kernel=_one_of(*KERNELS), disk=_one_of(*DISKS), stubdom=_FLAG, qemu=_LIST,
                 xl=_LIST, cmdline=_LIST, seconds=_COUNT, silent=_COUNT,
                 until=_one_of("done", "firmware"),
                 allow__memory__relocate=_RELOCATE),
    xenstore=_each(_TEXT),
    dom0=_table(before=_LIST, after=_LIST),
    passthrough={"type": "array", "items": _table(
        ("device",), device=_TEXT,
        rdm_policy=_one_of("strict", "relaxed"), options=_TEXT, hotplug=_FLAG)},
    stack=_each(_table(allow__memory__relocate=_RELOCATE, xenstore=_each(_TEXT),
                       qemu=_LIST, xl=_LIST, then=_one_of(*STACKS)), STACKS),
    checks={"type": "object", "propertyNames": {"pattern": _WORD},
            "properties": {"superpages": _table(iommu=_COUNT, gigabytes=_COUNT),
                           "faults": {**_table(device=_BDF, at=_RANGES),
                                      "dependentRequired": {
                                          "device": ["at"], "at": ["device"]}}},
            "additionalProperties": _PARAMETERS},
    logs=_each({**_table(("in",), **{"in": _one_of(*LOGS)}, match=_PATTERN,
                         absent=_PATTERN, beside=_PATTERN, at_most=_COUNT,
                         lines={"type": "array", "items": _PATTERN, "minItems": 1}),
                "oneOf": [{"required": ["match"]}, {"required": ["absent"]},
                          {"required": ["lines"]}],
                "dependentRequired": {"absent": ["beside"], "at_most": ["match"]}}),
    # One that expects nothing would always be fulfilled.
    expect={**_each(_table(must_pass=_LIST, must_fail=_each(_PATTERN),
                           same_layout_as=_one_of(*STACKS)), STACKS),
            "minProperties": 1})

_formats = jsonschema.FormatChecker(formats=())


@_formats.checks("regex", raises=re.error)
def _is_pattern(value):
    return not isinstance(value, str) or bool(re.compile(value))


_validator = jsonschema.Draft202012Validator(SCHEMA, format_checker=_formats)


def fail(path, where, text):
    raise LabError(f"{path}: {where}: {text}\n"
                   "tests/lab/README.md describes the format.")


def check(path, raw):
    """LabError, with the place of the mistake, unless RAW has the right shape."""
    for mistake in _validator.iter_errors(raw):
        where = list(map(str, mistake.absolute_path))
        text = mistake.message
        if mistake.validator == "additionalProperties":
            known = mistake.schema["properties"]
            where.append(next(key for key in mistake.instance if key not in known))
            text = "unknown; known here: " + ", ".join(known)
        elif mistake.validator == "oneOf":
            text = 'needs one of "match", "absent" and "lines"'
        elif mistake.validator == "format":
            text = f"{mistake.instance!r} is no regular expression: {mistake.cause}"
        fail(path, ".".join(where) or "the file", text)
