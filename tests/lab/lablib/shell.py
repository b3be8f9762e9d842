"""A prompt in dom0: the emulated host's console on this terminal."""

import os
import subprocess
import sys

from . import guestconfig, parts, runner, stacks
from .host import Host
from .ui import LabError, progress

_WELCOME = """
The host of scenario {name}. Its guest, with stack {stack}:
    /usr/lib/lab/guest-create {stack} /lab/guests/{guest}      prints its domid N
{keys}    /usr/lib/lab/guest-start N /lab/guests/{guest}
    tail -f /run/lab/guest/serial.log /var/log/xen/qemu-dm-guest.log
    xl qemu-monitor-command N 'info mtree -f'
/lab is {share} outside.
Ctrl-A X ends the host, Ctrl-A C is the outer QEMU's monitor.
"""


def run(lab, stack, word):
    item = lab.scenario(word)
    if not sys.stdin.isatty():
        raise LabError("shell needs a terminal")
    made = parts.Parts(lab)
    made.make_all(parts.needs(item, stack))
    files = made.files(item.host["suite"])
    programs = made.programs(item.host["suite"], stack)
    folder = lab.new_run()
    host = Host("shell", os.path.join(folder, "host1"), files, item.host,
                runner.memory_for([item]), 2, 0)
    name = f"{item.name}.{stack}"
    host.furnish(files)
    for program, path in stacks.files(programs).items():
        host.put(path, f"stacks/{stack}/{program}")
    host.write(f"guests/{name}/xl.cfg", guestconfig.config(item, stack, host.cpus))
    before = item.script(stack, "N", f"/lab/guests/{name}").splitlines()
    keys = "".join(f"    {line}\n" for line in before)
    host.write("shell", _WELCOME.format(name=item.name, stack=stack,
                                        guest=name, keys=keys,
                                        share=host.share))
    progress("booting; the prompt comes in about 15 s")
    try:
        # In the foreground, so that the terminal is its own.
        return subprocess.run(host.command("mon:stdio"), cwd=host.folder,
                              env=host.environment(), check=False).returncode
    finally:
        host.stop()
