"""The three initramfs: dom0's, the guest's around a given /init, and a stub domain's."""

import glob
import lzma
import os
import re
import subprocess

from . import archive as archives
from .archive import Archive

# dom0 reaches Xen through these; the share between dom0 and the lab is 9p, and a port
# of the virtio console wakes dom0; pciback hands devices to guests.
DOM0_MODULES = ("xen-privcmd", "xen-evtchn", "xen-gntdev", "xen-gntalloc",
                "xenfs", "xen-pciback", "virtio_pci", "9pnet_virtio", "9p",
                "virtio_console")
DOM0_COMMANDS = ("bin/xl", "bin/xenstored", "bin/xenconsoled",
                 "bin/xenconsole", "bin/xen-init-dom0", "bin/xenctx",
                 "bin/xen-hvmctx", "bin/xentrace", "bin/libxl-save-helper",
                "bin/vchan-socket-proxy", "bin/xenstore-control")
COMMANDS = ("xenstore-read", "xenstore-write", "xenstore-ls",
            "xenstore-list", "xenstore-rm", "xenstore-exists",
            "xenstore-watch", "xenstore-chmod", "hyperfine")
# What runs a device model in a domain of its own: memory and interrupts of another
# domain, a ring for its monitor, the guest's disks, and devices passed through.
STUBDOM_MODULES = ("xen-privcmd", "xen-evtchn", "xen-gntdev", "xen-gntalloc",
                   "xen-blkfront", "xen-pcifront")
STUBDOM_COMMANDS = ("xenstore-read", "xenstore-list", "xenstore-write",
                    "xenstore-watch")
# Lets the time of a program pass more slowly.
SLOW_TIME = "usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
GUEST_MODULES = ("nvme",)
AHCI_MODULES = ("ahci", "sd_mod")


# What an image depends on besides its content.
SOURCES = (__file__, archives.__file__)


def kernel(tree):
    """Path and release of the only kernel in TREE: in /boot, or since Debian 14 beside its
    modules, from where its installation copies it."""
    found = {path: path[len(start):len(path) - len(end)] for start, end in (
        (os.path.join(tree, "boot/vmlinuz-"), ""),
        (os.path.join(tree, "usr/lib/modules/"), "/vmlinuz"))
        for path in glob.glob(glob.escape(start) + "*" + end)}
    if len(found) != 1:
        raise RuntimeError(f"{tree} should hold one kernel, not {sorted(found)}")
    return next(iter(found.items()))


def libraries(tree, programs, more=()):
    """Paths inside TREE of all shared objects that PROGRAMS load; and inside of the trees
    MORE, of those that TREE has not."""
    folder = os.path.join(tree, "usr/lib/x86_64-linux-gnu")
    folders = ":".join([folder, *(os.path.join(other, "usr/lib/x86_64-linux-gnu")
                                  for other in more)])
    loader = os.path.join(folder, "ld-linux-x86-64.so.2")
    # Loaded by the C library itself when a thread is cancelled, as xl does.
    unwinder = "usr/lib/x86_64-linux-gnu/libgcc_s.so.1"
    found = {"lib64/ld-linux-x86-64.so.2": loader,
             unwinder: os.path.join(tree, unwinder)}
    for program in programs:
        listing = subprocess.run(
            [loader, "--inhibit-cache", "--library-path",
             f"{folders}:{os.path.dirname(program)}", "--list", program],
            capture_output=True, text=True, check=False)
        if listing.returncode or "not found" in listing.stdout:
            raise RuntimeError(f"{program}: not all libraries are in {folders}:"
                               f"\n{listing.stdout}{listing.stderr}")
        for path in re.findall(r"=> (\S+)", listing.stdout):
            # What comes with a program goes where it goes.
            if os.path.dirname(path) != os.path.dirname(program):
                found["usr/lib/x86_64-linux-gnu/" + os.path.basename(path)] = path
    return found


class Modules:
    """The kernel modules of TREE, with what each depends on."""

    def __init__(self, tree):
        self.release = kernel(tree)[1]
        self.paths = {}
        top = os.path.join(tree, "usr/lib/modules", self.release)
        for folder, _, names in os.walk(top):
            for name in names:
                base = name.split(".ko")[0]
                if base != name:
                    self.paths[base.replace("-", "_")] = os.path.join(folder,
                                                                      name)
        with open(os.path.join(top, "modules.builtin")) as stream:
            self.builtin = {os.path.basename(line.strip()).split(".ko")[0]
                            .replace("-", "_") for line in stream}

    def closure(self, names):
        """[(file name, content)] of NAMES and all they need, in load order."""
        done = {}
        for name in names:
            self._load(name.replace("-", "_"), done)
        return list(done.items())

    def _load(self, name, done):
        if name in self.builtin or name + ".ko" in done:
            return
        path = self.paths.get(name)
        if path is None:
            raise RuntimeError(f"kernel {self.release} has no module {name}")
        with (lzma.open if path.endswith(".xz") else open)(path, "rb") as file:
            data = file.read()
        # A module carries its needs in its .modinfo: "depends=a,b".
        needs = re.search(rb"\0depends=([^\0]*)", data)
        for need in needs.group(1).decode().split(",") if needs else ():
            if need:
                self._load(need.replace("-", "_"), done)
        done[name + ".ko"] = data


def _skeleton(archive):
    for name in ("proc", "sys", "dev", "run", "tmp", "etc", "var/log/xen",
                 "usr/bin", "usr/lib", "usr/lib64"):
        archive.folder(name)
    for name in ("bin", "lib", "lib64"):
        archive.link(name, "usr/" + name)
    archive.link("sbin", "usr/bin")
    archive.link("usr/sbin", "bin")
    archive.link("var/run", "../run")
    archive.node("dev/console", 5, 1)
    archive.node("dev/null", 1, 3)


def _modules(archive, modules):
    for name, data in modules:
        archive.file("lib/modules/" + name, data)
    archive.file("lib/modules/order",
                 "".join(name + "\n" for name, _ in modules).encode())


def dom0(path, tree, xen, scripts, needed, log):
    """dom0's initramfs: xl and its daemons of Xen version XEN, no systemd.

    NEEDED are libraries() of programs that dom0 gets later.
    """
    private = f"usr/lib/xen-{xen}/"
    programs = {private + name: os.path.join(tree, private, name)
                for name in DOM0_COMMANDS}
    programs.update({"usr/bin/" + name: os.path.join(tree, "usr/bin", name)
                     for name in COMMANDS})
    with Archive(path, log) as archive:
        _system(archive, tree, programs, needed, DOM0_MODULES)
        for name in DOM0_COMMANDS:
            archive.link("usr/bin/" + os.path.basename(name),
                         "/" + private + name)
        for name in ("xen-memmap", "memmap-views"):
            archive.link("usr/bin/" + name, "/usr/lib/lab/xen-memmap")
        archive.copy(SLOW_TIME, os.path.join(tree, SLOW_TIME))
        archive.file("etc/xen/xl.conf", b"")
        # The other is for device models of guests with dm_restrict=1.
        archive.file("etc/passwd", b"root:x:0:0:root:/:/bin/sh\n"
                     b"xen-qemuuser-range-base:x:131072:131072::/:/bin/false\n")
        archive.file("etc/group", b"root:x:0:\n")
        for name in sorted(os.listdir(scripts)):
            target = "init" if name == "init" else "usr/lib/lab/" + name
            archive.copy(target, os.path.join(scripts, name), 0o755)


# The ROMs that a guest's device model may load; the rest of the packages is
# firmware of other machines.
_ROM = re.compile(r"(vgabios.*|efi-.*|pxe-.*|kvmvapic|multiboot.*|linuxboot.*|"
                  r"bios(-256k)?)\.(bin|rom)$")

_ANY = re.compile("")


def _files(archive, tree, folder, wanted):
    top = os.path.join(tree, folder)
    for name in sorted(os.listdir(top)) if os.path.isdir(top) else ():
        if wanted.match(name) and os.path.isfile(os.path.join(top, name)):
            archive.copy(folder + "/" + name, os.path.join(top, name))


def _roms(archive, tree):
    """The files that a device model loads."""
    for folder in ("usr/share/qemu", "usr/share/seabios", "usr/lib/ipxe/qemu"):
        _files(archive, tree, folder, _ROM)
    _files(archive, tree, "usr/share/qemu/keymaps", _ANY)


def _system(archive, tree, programs, needed, modules):
    """A small Linux in which device models run: a shell, PROGRAMS, the libraries of these
    and those NEEDED, ROMs and MODULES."""
    _skeleton(archive)
    archive.copy("usr/bin/busybox", os.path.join(tree, "usr/bin/busybox"))
    archive.link("usr/bin/sh", "busybox")
    for name, source in {**programs, **libraries(tree, programs.values()),
                         **needed}.items():
        archive.copy(name, source)
    _roms(archive, tree)
    _modules(archive, Modules(tree).closure(modules))


def stubdom(path, tree, xen, init, needed, log):
    """A stub domain's initramfs, around INIT; the device model itself, which needs the
    libraries NEEDED, and what it is to boot, are added in dom0.
    """
    programs = {"usr/bin/vchan-socket-proxy": os.path.join(
        tree, f"usr/lib/xen-{xen}/bin/vchan-socket-proxy")}
    programs.update({"usr/bin/" + name: os.path.join(tree, "usr/bin", name)
                     for name in STUBDOM_COMMANDS})
    with Archive(path, log) as archive:
        _system(archive, tree, programs, needed, STUBDOM_MODULES)
        archive.copy("init", init, 0o755)


def guest(path, tree, init, log, modules=GUEST_MODULES):
    """The guest's initramfs: INIT is its only program."""
    with Archive(path, log) as archive:
        for name in ("proc", "sys", "dev", "tmp"):
            archive.folder(name)
        archive.node("dev/console", 5, 1)
        archive.node("dev/null", 1, 3)
        archive.copy("init", init, 0o755)
        _modules(archive, Modules(tree).closure(modules))
