"""The xl.cfg of a guest."""

import os

from . import kernel, stacks

# MiB of a stub domain.
STUB_MEMORY = 256


# What the guest's disk is on.
_DISKS = {"nvme": ("-device", "nvme,drive=n0,serial=disk0"),
          "ahci": ("-device", "ahci,id=ahci0",
                   "-device", "ide-hd,bus=ahci0.0,drive=n0,serial=disk0")}


# Where the disk is in a stub domain: libxl would make a device of its own of one of the
# first four.
_STUB_DISK = "/dev/xvde"


def _stubdom(here):
    """The device model is in a domain of its own."""
    return [
        "device_model_stubdomain_override=1",
        'stubdomain_kernel="/lab/guest/kernel.debian"',
        f'stubdomain_ramdisk="{here}stubdom"',
        'stubdomain_cmdline="console=hvc0 quiet mitigations=off panic=-1"',
        f"stubdomain_memory={STUB_MEMORY}",
        f'disk=["vdev={os.path.basename(_STUB_DISK)},format=raw,access=rw,'
        f'backendtype=qdisk,target={here}disk"]',
    ]


def _quote(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def passed_through(scenario, device):
    """The DEVICE of [[passthrough]] in xl's syntax."""
    words = [device["device"]]
    if scenario.guest["stubdom"]:
        # Or pciback takes none of a stub domain's writes to what it does not know.
        words.append("permissive=1")
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


def _initrd(guest):
    """The modules are the disk's driver."""
    return guest["disk"] if guest["kernel"] == "debian" and guest["disk"] != "nvme" \
        else guest["kernel"]


def _overrides(stack):
    """Of packages these lines are what `xen-memmap enable` says in dom0."""
    if stack == stacks.INSTALLED:
        return []
    return [f'firmware_override="/run/lab/stacks/{stack}/hvmloader"',
            f'device_model_override="/run/lab/stacks/{stack}/qemu"']


def config(scenario, stack, cpus, count=False):
    """The guest's xl.cfg."""
    guest = scenario.guest
    here = "/run/lab/guest/"
    cmdline = kernel.words(scenario, stack)
    cmdline += [*guest["cmdline"], "--", *scenario.guest_checks()]
    disk = _STUB_DISK if guest["stubdom"] else here + "disk"
    qemu = ["-drive", f"file={disk},if=none,id=n0,format=raw",
            *_DISKS[guest["disk"]], *_traces(scenario, count), *scenario.qemu_options(stack)]
    reboot = "restart" if "reboot" in scenario.checks else "preserve"
    lines = [
        'type="hvm"', 'name="guest"',
        f"memory={guest['memory']}", f"maxmem={guest['maxmem']}",
        f"vcpus={guest['vcpus']}",
        f"firmware={_quote(guest['firmware'])}",
        *_overrides(stack),
        'device_model_version="qemu-xen"',
        f'kernel="/lab/guest/kernel.{guest["kernel"]}"',
        f'ramdisk="/lab/guest/initrd.{_initrd(guest)}"',
        "cmdline=" + _quote(" ".join(cmdline)),
        f'serial="file:{here}serial.log"',
        'vga="stdvga"', f"videoram={guest['videoram']}", "vnc=0",
        'on_crash="preserve"', 'on_poweroff="preserve"',
        f'on_reboot="{reboot}"',
        "device_model_args_hvm=[" + ",".join(map(_quote, qemu)) + "]",
    ]
    if guest["stubdom"]:
        lines += _stubdom(here)
    if guest["firmware"] == "ovmf":
        lines.append('bios_path_override="/lab/guest/OVMF.fd"')
    if cpus > 1:
        # The first CPU is dom0's: it runs the guest's device model.
        lines.append(f'cpus="1-{cpus - 1}"')
    devices = [_quote(passed_through(scenario, device)) for device in scenario.passthrough
               if not device.get("hotplug")]
    if devices:
        lines.append("pci=[" + ",".join(devices) + "]")
    elif scenario.passthrough:
        lines.append('passthrough="enabled"')
    return "\n".join(lines + scenario.xl_lines(stack)) + "\n"
