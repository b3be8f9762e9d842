"""The guests' kernels: Debian's, and a small one with only what a guest here has.

Debian's own takes 15 to 20 s of the host's time from its first instruction to
init, for drivers that no guest of the lab has and a decompression that emulation
makes slow.  The small one is the same in every suite, the default suite's, so
that what the checks ask of it (kernel.config) is there.

It leaves nearly all of RAM alone (memmap=): who knows that nobody uses a page may
write to it, have devices write to it, and does not have to ask for it first
(guest/physmem.c).  Debian's kernel has all of RAM, as a guest's has.
"""

import os
import shutil

from . import cache, stacks, suites, trees
from .ui import progress

_CONFIG = os.path.join(os.path.dirname(__file__), "kernel.config")

# An option that is spelt wrong, or that lacks another one, is silently left out
# by the kernel's own tools: the second step notices.
_BUILD = """
rm -rf /build/linux
mkdir -p /build/linux
cd /build/linux
tar -xf /usr/src/linux-source-*.tar.xz --strip-components=1 \
    --exclude='*/drivers/gpu/drm/amd/include/asic_reg'
cp /build/linux.config lab.config
export KBUILD_BUILD_TIMESTAMP=@0 KBUILD_BUILD_USER=lab KBUILD_BUILD_HOST=lab
make -s CC=gcc KCONFIG_ALLCONFIG=lab.config allnoconfig
sed -n '/^CONFIG_/p' lab.config | while read -r line
do
    grep -qxF "$line" .config || { echo "not in .config: $line"; exit 1; }
done
make -s CC=gcc -j"$(nproc)" bzImage
"""


# What is left to the small kernel: RAM below this address, in bytes.
_KERNELS_OWN = 0x8000000
# The end of what is not: beyond all that a guest here can have.
_END = 1 << 46
# Seconds after which Linux takes a disk for dead that is known to be.
_DEAD = 5


def words(scenario, stack):
    """What the guest's kernel is told for SCENARIO, before its own words."""
    guest = scenario.guest
    found = ["console=ttyS0", "loglevel=4", "mitigations=off"]
    if guest["kernel"] == "small":
        # From RAM (1) to reserved (2); the rest is tested before it is used.  The
        # large BAR is a controller's memory, which the driver would use.
        found += [f"memmap={_END - _KERNELS_OWN:#x}%{_KERNELS_OWN:#x}-1+2",
                  "memtest=1", "nvme.use_cmb_sqes=0"]
    else:
        found.append("xen_nopv")
    if "nvme" in scenario.expect.get(stack, {}).get("must_fail", ()):
        found += [f"nvme_core.admin_timeout={_DEAD}", f"nvme_core.io_timeout={_DEAD}"]
    if guest["vcpus"] > 1:
        # Its vCPUs would do nothing but wait for the clock, or take its interrupts
        # (FINDINGS.md).
        found += ["hpet=disable", "highres=off", "nohz=off"]
    return found


def small(log):
    """The small kernel; built when it is not in the cache."""
    root = trees.kernel_root(suites.SUITES[suites.DEFAULT], log)
    key = cache.digest(os.path.dirname(root), _BUILD,
                       cache.digest_files([_CONFIG]))

    def make(folder):
        progress("building the guests' kernel (4 min)")
        with cache.lock("build-linux"):
            work = os.path.join(root, "build", "linux")
            os.makedirs(os.path.dirname(work), exist_ok=True)
            shutil.copy(_CONFIG, work + ".config")
            build_log = os.path.join(os.path.dirname(log),
                                     f"build-linux-{key}.log")
            trees.inside(root, _BUILD, build_log, "building the guests' kernel")
            shutil.copy(os.path.join(work, "arch/x86/boot/bzImage"), folder)
            cache.remove(work)
    return stacks.Program(os.path.join(cache.entry(f"kernel-{key}", make),
                                       "bzImage"), key)
