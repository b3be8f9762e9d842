"""The Debian suites the lab can be built from; all that differs is here."""

from dataclasses import dataclass

# What every suite's build root holds: the compilers, what hvmloader and QEMU
# need to build, and the outer QEMU that emulates the Xen host.
_BUILD = """
    gcc gcc-multilib libc6-dev make ccache ninja-build meson pkg-config patch
    python3 python3-venv acpica-tools git
    libxen-dev libglib2.0-dev libpixman-1-dev libfdt-dev zlib1g-dev
    qemu-system-x86 python3-pycotap
""".split()

# The same for OvmfXen, which Debian's ovmf package does not have.
_FIRMWARE = """
    gcc g++ libc6-dev make python3 nasm uuid-dev acpica-tools patch
""".split()

# The same for Xen itself, which most scenarios take as Debian built it.
_HYPERVISOR = """
    gcc libc6-dev make flex bison python3 patch
""".split()

# The same for libxl and xl; the libraries under them are the suite's own.
_TOOLSTACK = """
    gcc libc6-dev make patch perl pkg-config ccache python3-dev python3-setuptools
    flex bison acpica-tools uuid-dev zlib1g-dev libncurses-dev libglib2.0-dev
    libpixman-1-dev libyajl-dev autoconf autotools-dev
""".split()

# The same for the guests' small kernel.
_KERNEL = """
    gcc libc6-dev libelf-dev make ccache flex bison bc lz4 xz-utils linux-source
""".split()

# The same for libxen-memmap and what is built on it, against the suite's own Xen.
_LIBRARY = """
    gcc libc6-dev make pkg-config
    libxen-dev libglib2.0-dev libjson-c-dev
""".split()

# What makes Debian packages of it besides, and looks for mistakes in them.
_PACKAGING = """
    build-essential debhelper lintian
""".split()

# The same for packages of hvmloader and QEMU, beside what these say they are built with.
_RUNTIME = """
    build-essential ccache lintian
""".split()

# A Debian with Xen's tools and QEMU as an administrator has it, in which packages are
# installed: what those depend on is there already.
_DOM0 = """
    xenstore-utils qemu-system-xen libjson-c5
""".split()

# What proofs are made with, on this machine and not in a chroot: unpacked, never
# installed.  Debian 12 has no CBMC.
_PROOF = """
    cbmc cadical spin
""".split()

# What dom0 and the guest are assembled from: unpacked, never installed.
_HOST = """
    xenstore-utils qemu-system-xen qemu-system-data seabios ipxe-qemu
    busybox-static linux-image-amd64 libfaketime hyperfine
""".split()


@dataclass(frozen=True)
class Suite:
    """One Debian release whose Xen and Linux the emulated host runs."""

    name: str
    xen: str                 # version of that Xen, as in packages' names
    build_packages: tuple
    firmware_packages: tuple
    hypervisor_packages: tuple
    toolstack_packages: tuple
    kernel_packages: tuple
    library_packages: tuple
    packaging_packages: tuple
    runtime_packages: tuple
    dom0_packages: tuple
    proof_packages: tuple
    host_packages: tuple
    # Where each source package is from: the first of these releases whose source
    # can be had.  Archives have been seen that list Xen 4.20's source and do not
    # have it; hvmloader is firmware of the guest, so another Xen's runs as well.
    sources: dict
    # Packages of the build root that are another release's: {release: names}.
    borrowed: dict


def _suite(name, xen, sources, borrowed=()):
    return Suite(name, xen, tuple(_BUILD), tuple(_FIRMWARE),
                 tuple(_HYPERVISOR), tuple(_TOOLSTACK), tuple(_KERNEL), tuple(_LIBRARY),
                 (*_LIBRARY, *_PACKAGING), tuple(_RUNTIME),
                 (*_DOM0, f"xen-utils-{xen}"), tuple(_PROOF),
                 (*_HOST, f"xen-hypervisor-{xen}-amd64", f"xen-utils-{xen}"),
                 {package: tuple(releases.split())
                  for package, releases in sources.items()}, dict(borrowed))


SUITES = {
    "trixie": _suite("trixie", "4.20", {
        "xen": "trixie bookworm", "qemu": "trixie", "edk2": "trixie"}),
    # Its own QEMU is 7.2, for which there is no series; meson and pycotap are
    # what QEMU 10.0 is built with.
    "bookworm": _suite("bookworm", "4.17", {
        "xen": "bookworm", "qemu": "trixie", "edk2": "trixie"},
        {"trixie": ("meson", "python3-pycotap")}),
    "forky": _suite("forky", "4.20", {
        "xen": "forky trixie bookworm", "qemu": "trixie", "edk2": "trixie"}),
}
ALIASES = {"13": "trixie", "debian13": "trixie",
           "12": "bookworm", "debian12": "bookworm",
           "14": "forky", "debian14": "forky"}
DEFAULT = "trixie"

# Where the environment may give another source than Debian's: sources.py.
VARIABLES = {"xen": "XEN_SOURCE", "qemu": "QEMU_SOURCE"}


def find(name):
    """The suite of that name, code name or number; None when unknown."""
    return SUITES.get(ALIASES.get(name, name))
