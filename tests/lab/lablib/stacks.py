"""Build hvmloader and QEMU, with and without this project's series.

'stock' is the same source, built by the same compiler with the same options as
'ours'; the only difference between the two is the series.  That is fairer than
Debian's binaries, whose QEMU has other devices and whose options are others.
"""

import glob
import os
import shutil
import tempfile
from dataclasses import dataclass

from . import cache, images, sources, spans, trees
from .ui import LabError, progress

# STACK -> which series under build/series/ the two programs are built with, by
# the folders' names without the versions that they are for.
OURS = {"xen": ("xen",), "qemu": ("fixes-qemu", "qemu")}
STACKS = {
    "stock": ((), ()),
    "ours": (OURS["xen"], OURS["qemu"]),
    "new-hvmloader": (OURS["xen"], ()),
    "new-qemu": ((), OURS["qemu"]),
    "hostile": ((*OURS["xen"], "hostile-xen"), OURS["qemu"]),
    "timed-stock": (("timed-xen",), ()),
    "timed": ((*OURS["xen"], "timed-xen"), OURS["qemu"]),
    "ranges": ((*OURS["xen"], "ranges-xen"), OURS["qemu"]),
    "debian": ((), ()),
    "packaged": (OURS["xen"], OURS["qemu"]),
    "toolstack": (OURS["xen"], OURS["qemu"]),
}
# As "ours", and xl and libxl are with the series for them.
WITH_XL = frozenset(["toolstack"])
_XL_SERIES = (*OURS["xen"], "libxl-xen")
# As "ours", but of the Debian packages, installed in a Debian: packages.py makes these.
INSTALLED = "packaged"
# Its QEMU is the suite's own package, whatever version that has.
_PACKAGED = "debian"
# Stacks that have nothing of this project: what comes of them is no news as long as
# all that they are made of is the same.
CONTROLS = frozenset(name for name, series in STACKS.items()
                     if series == ((), ()))

# The devices that scenarios give to guests, and the two of the board that a stream of Debian's
# own QEMU has and that no board asks for.
_DEVICES = """
I440FX VGA VGA_PCI AHCI_ICH9 NVME_PCI VIRTIO_PCI VIRTIO_BLK E1000_PCI
E1000E_PCI_EXPRESS PCI_TESTDEV EDU IVSHMEM_DEVICE SERIAL_ISA VIRTIO_GPU
WDT_IB6300ESB HPET FDC_ISA
""".split()

# In 10.2 NVMe uses the first, ACPI all others but the last, and CXL that one's type as a parent;
# none asks for them.
_NOT_ASKED_FOR = "SPDM_SOCKET PXB CXL CXL_MEM_DEVICE PCIE_PORT".split()

# gcc is named because ccache has a stand-in of that name, and none called cc.
_CONFIGURE = """
--cc=gcc --host-cc=gcc
--target-list=i386-softmmu --without-default-features --enable-xen
--enable-xen-pci-passthrough --enable-vnc --disable-tcg --disable-kvm
--enable-pixman --enable-fdt=system --disable-tools --disable-docs
--disable-guest-agent --disable-install-blobs --audio-drv-list=
--disable-debug-info --disable-werror --enable-trace-backends=log --disable-download
--without-default-devices --with-devices-i386=lab
""".split()

# hvmloader needs none of what ./configure finds out but these.
HVMLOADER = """
cd /build/xen
printf '%s\\n' 'PYTHON := python3' 'IASL := iasl' 'AWK := awk' \
    'CONFIG_ROMBIOS := n' > config/Tools.mk
: > tools/config.h
make -j"$(nproc)" -C tools/include xen-dir
make -j"$(nproc)" -C tools/firmware/hvmloader
"""

# As Debian configures it: a release, not a debug build.
_XEN = """
cd /build/xen/xen
make -s defconfig
grep -qx '# CONFIG_DEBUG is not set' .config
make -s -j"$(nproc)"
"""

# As Debian configures it, as far as xl and libxl go: these alone are used.
_TOOLSTACK = """
cd /build/xen/tools
# Debian's source has none of what autoconf makes.
[ -x configure ] || {{ cp /usr/share/misc/config.* .. && autoconf && autoheader; }}
./configure --prefix=/usr --libdir=/usr/lib/x86_64-linux-gnu --sysconfdir=/etc \
    --localstatedir=/var --with-libexec-leaf-dir=xen-{version} --disable-rombios \
    --disable-seabios --disable-ovmf --disable-ocamltools --disable-golang \
    --disable-monitors --disable-xsmpolicy --disable-systemd \
    --with-system-qemu=/usr/libexec/xen-qemu-system-i386 \
    --with-system-seabios=/usr/share/seabios/bios-256k.bin
for part in include libs xl; do
    make -s -j"$(nproc)" -C $part
done
mkdir toolstack
cp xl/xl libs/light/libxenlight.so.{version} libs/util/libxlutil.so.{version} toolstack
strip toolstack/*
tar -cf toolstack.tar -C toolstack .
"""

# Debian's source comes without the ROM images, which are packages of their own
# in dom0, so there is nothing to build or install in pc-bios.
_QEMU_CONFIGURE = """
cd /build/qemu
grep -q "^subdir('pc-bios')" meson.build
sed -i "s/^subdir('pc-bios')/{roms}/" meson.build
printf 'CONFIG_%s=y\\n' {devices} > configs/devices/i386-softmmu/lab.mak
mkdir /build/qemu/build
cd /build/qemu/build
../configure {configure}
"""
_QEMU_BUILD = """ninja qemu-system-i386
strip qemu-system-i386
"""


# The handlers give CR8 back what nothing changed meanwhile, and TCG may abort at
# a write to it; nobody types, and a stub domain has no time for being asked for keys
# 50 times a second (both: FINDINGS.md).
_OVMF = """
cd /build/edk2
sed -i '/^ *mov  *cr8, rax/d' \
    UefiCpuPkg/Library/CpuExceptionHandlerLib/X64/*ExceptionHandlerAsm.nasm
for header in Universal/Console/TerminalDxe/Terminal.h Bus/Isa/Ps2KeyboardDxe/Ps2Keyboard.h
do
    sed -i 's,^\\(#define KEYBOARD_TIMER_INTERVAL *\\)200000 ,\\110000000 ,' MdeModulePkg/$header
    grep -q 'KEYBOARD_TIMER_INTERVAL *10000000 ' MdeModulePkg/$header
done
make -s -j"$(nproc)" -C BaseTools/Source/C
PYTHON_COMMAND=python3 bash -ec '. ./edksetup.sh
    build -a X64 -t GCC -p OvmfPkg/OvmfXen.dsc -b RELEASE -n "$(nproc)" \
        -D NETWORK_ENABLE=FALSE -D SECURE_BOOT_ENABLE=FALSE'
"""


_DURATION = {"qemu-system-i386": " (2 to 5 min, less once ccache is warm)",
             "OVMF.fd": " (5 min)", "xen": " (2 min)", "toolstack.tar": " (2 min)"}


@dataclass(frozen=True)
class Program:
    """One of the two programs of a stack: where it is, and what it is of."""

    path: str
    key: str
    beside: tuple = ()      # paths of libraries that go where it goes


def read_series(top):
    """{folder's name: its patches} of what `make series` has written."""
    return {os.path.basename(folder): [
        _read(path) for path in sorted(glob.glob(os.path.join(folder, "*.patch")))
        if not is_letter(path)]
        for folder in glob.glob(os.path.join(top, "build/series", "*"))}


def is_letter(path):
    """Whether a file of a series is its cover letter."""
    return os.path.basename(path).startswith("0000-")


def _read(path):
    with open(path, encoding="utf-8") as stream:
        return stream.read()


class Series:
    """The patches for SOURCES, {package: Source}, out of READ, which is what
    read_series() returned."""

    def __init__(self, found, read):
        self.sources = found
        self.patches = read

    def of(self, names):
        found = []
        for name in names:
            package = next(package for package in sources.VARIABLES
                           if name.endswith(package))
            source = self.sources[package]
            folder = spans.find(self.patches, name, source.version)
            if not self.patches.get(folder):
                raise LabError(sources.refusal(source, self.patches, name))
            found += self.patches[folder]
        return found


def series(suite, read, log):
    """The Series for what SUITE's stacks are built of."""
    root = trees.build_root(suite, log)
    return Series({package: sources.find(package, root)
                   for package in sources.VARIABLES}, read)


def hvmloader(root, source, patches, log):
    return _program(root, source, "hvmloader", patches, HVMLOADER,
                    "tools/firmware/hvmloader/hvmloader", log)


def qemu(root, source, patches, log):
    return _program(root, source, "qemu-system-i386", patches,
                    _configure_qemu(source) + _QEMU_BUILD, "build/qemu-system-i386", log)


def _configure_qemu(source):
    # What pc-bios' meson.build would have set, and what is used without being asked for.
    new = source.version >= (10, 1)
    unset = ("roms", "keymap_targets") if new else ("roms",)
    return _QEMU_CONFIGURE.format(
        devices=" ".join(_DEVICES + (_NOT_ASKED_FOR if new else [])),
        configure=" ".join(_CONFIGURE),
        roms=r"\n".join(f"{name} = []" for name in unset))


def qemu_scripts(source):
    """(configure, build) for who builds commit after commit."""
    return _configure_qemu(source), "cd /build/qemu/build\nninja qemu-system-i386\n"


def packaged_qemu(suite, log):
    """QEMU as SUITE's package has it; dom0 has no other use for its libraries."""
    tree = trees.host(suite, log)
    path = os.path.join(tree, "usr/libexec/xen-qemu-system-i386")
    return Program(path, os.path.basename(os.path.dirname(tree)),
                   tuple(images.libraries(tree, [path]).values()))


def ovmf(suite, log):
    """UEFI firmware for Xen guests; the same for every stack."""
    root = trees.firmware_root(suite, log)
    return _program(root, sources.debian("edk2", root), "OVMF.fd", [], _OVMF,
                    "Build/OvmfXen/RELEASE_GCC/FV/OVMF.fd", log)


def hypervisor(suite, read, log):
    """Xen itself with this project's patch, for hosts that ask for it.

    dom0's tools go with one version of Xen: what is given counts if it is that one.
    """
    root = trees.hypervisor_root(suite, log)
    source = sources.given("xen")
    if source is None or source.version[:2] != spans.parse(suite.xen):
        source = sources.debian("xen", root)
    return _program(root, source, "xen",
                    Series({"xen": source}, read).of(["hypervisor-xen"]), _XEN,
                    "xen/xen", log)


def toolstack_source(suite, log):
    """What xl and libxl are built of: what is given or Debian's, if it is of the version of
    the host, whose libraries they use; else None."""
    tried = (sources.given("xen"),
             sources.debian_in("xen", os.path.join(trees.build_root(suite, log), "src")))
    return next((source for source in tried
                 if source and source.version[:2] == spans.parse(suite.xen)), None)


def toolstack(suite, read, log):
    """A tarball of xl and libxl with this project's series for them."""
    source = toolstack_source(suite, log)
    if source is None:
        raise LabError(f"there is no source of Xen {suite.xen} to build xl of: "
                       f"{sources.VARIABLES['xen']}= gives one")
    return _program(trees.toolstack_root(suite, log), source, "toolstack.tar",
                    Series({"xen": source}, read).of(_XL_SERIES),
                    _TOOLSTACK.format(version=suite.xen), "tools/toolstack.tar", log)


def _program(root, source, name, patches, script, product, log):
    if source.lacks:
        raise LabError(source.lacks)
    key = cache.digest(source.key, os.path.dirname(root), script, patches)

    def make(folder):
        kind = f"with {len(patches)} patches" if patches else "without patches"
        progress(f"building {name} {source.name} {kind}"
                 + _DURATION.get(name, ""))
        # Always built at the same place, so that ccache knows every file that
        # a series does not touch; hence one build at a time.
        with cache.lock("build-" + source.package):
            work = os.path.join(root, "build", source.package)
            cache.remove(work)
            os.makedirs(os.path.dirname(work), exist_ok=True)
            tree = source.tree(log)
            trees.git(tree, log, "clone", "-q", tree, work)
            apply(work, source, patches, folder, log)
            build_log = os.path.join(os.path.dirname(log),
                                     f"build-{name}-{key}.log")
            trees.inside(root, script, build_log, f"building {name}")
            shutil.copy(os.path.join(work, product), folder)
            shutil.copy(build_log, os.path.join(folder, "build.log"))
            cache.remove(work)
    folder = cache.entry(f"{name}-{key}", make)
    return Program(os.path.join(folder, name), key)


def apply(work, source, patches, folder, log):
    """Commit PATCHES, which are kept in FOLDER, to the git tree WORK."""
    for number, patch in enumerate(patches):
        path = os.path.join(folder, f"{number + 1:04}.patch")
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(patch)
        trees.git(work, log, "am", "--keep-cr", path, hint=f"{source.package} "
                  f"{source.name} is not what the series was made for; "
                  "CONTRIBUTING.md says how it comes to know a new version.")


def small_program(suite, sources, name, log):
    """A program of the lab itself: `make NAME` among SOURCES; its path."""
    if not any(os.path.basename(path) == "Makefile" for path in sources):
        raise LabError(f"no Makefile for {name} under tests/lab: is the clone "
                       "complete?")
    folder = made(trees.build_root(suite, log),
                   {os.path.basename(path): path for path in sources}, name,
                   f"make ./{name} O=. CC=gcc", [name], log)
    return os.path.join(folder, name)


# What the command loads when it is wanted; and all that dom0 gets of the library.
MODULES = ("xen.so", "xlcfg.so", "json.so")
_LIBRARY = ("xen-memmap", "libxen-memmap.so.1", "memmap-views",
            *("libxen-memmap1/" + name for name in MODULES))


def library(suite, top, log):
    """The folder with libxen-memmap, its command, and the lab's programs that are built
    on it, all against SUITE's own Xen."""
    sources = {}
    for pattern in ("libxen-memmap/Makefile", "libxen-memmap/*.mk",
                    "libxen-memmap/tests/tests.mk", "libxen-memmap/*/*.[ch]",
                    "libxen-memmap/*/*.map", "protocol/*.[ch]", "hvmloader/bars.[ch]",
                    "hvmloader/plan.[ch]", "hvmloader/rdm.[ch]",
                    "tests/lab/views/*.[ch]", "tests/lab/views/Makefile"):
        for path in glob.glob(os.path.join(top, pattern)):
            sources[os.path.relpath(path, top)] = path
    # Without -g a program does not know where it was built.
    script = """flags='CC=gcc CFLAGS=-O2'
        make -s -C libxen-memmap all O=../out $flags
        make -s -C tests/lab/views ../../../out/memmap-views O=../../../out \\
            LIB=../../../out $flags"""
    return made(trees.library_root(suite, log), sources, "xen-memmap",
                 script, ["out/" + name for name in _LIBRARY], log)


def made(root, sources, name, script, products, log):
    """The folder with PRODUCTS of SCRIPT, which runs in ROOT among SOURCES, {name there:
    path}."""
    key = cache.digest(os.path.dirname(root), script, {
        there: list(cache.digest_files([path]).values())
        for there, path in sources.items()})

    def make(folder):
        progress(f"building {name}")
        parent = os.path.join(root, "build")
        os.makedirs(parent, exist_ok=True)
        work = tempfile.mkdtemp(prefix=name + ".", dir=parent)
        try:
            for there, path in sources.items():
                target = os.path.join(work, there)
                os.makedirs(os.path.dirname(target), exist_ok=True)
                shutil.copy(path, target)
            trees.inside(root, f"cd /build/{os.path.basename(work)}\n{script}", log,
                         f"building {name}")
            for product in products:
                for path in glob.glob(os.path.join(work, product)):
                    shutil.copy(path, folder)
        finally:
            cache.remove(work)
    return cache.entry(f"{name}-{key}", make)


def build(suite, found, name, log):
    """{"hvmloader": Program, "qemu": Program} of the stack NAME, and its "toolstack.tar" if
    it has one; FOUND: series()."""
    root = trees.build_root(suite, log)
    xen, emulator = STACKS[name]
    made = {"hvmloader": hvmloader(root, found.sources["xen"], found.of(xen), log),
            "qemu": packaged_qemu(suite, log) if name == _PACKAGED else
            qemu(root, found.sources["qemu"], found.of(emulator), log)}
    if name in WITH_XL:
        made["toolstack.tar"] = toolstack(suite, found.patches, log)
    return made


def files(made):
    """{name in a stack's folder in dom0: path} of what build() returned, or
    packages.installable()."""
    if "qemu" not in made:
        return {name: program.path for name, program in made.items()}
    paths = {name: program.path for name, program in made.items() if name != "qemu"}
    return {**{os.path.basename(path): path for path in made["qemu"].beside}, **paths,
            "qemu-system-i386": made["qemu"].path}
