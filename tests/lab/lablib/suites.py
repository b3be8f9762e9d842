"""The Debian suites the lab can be built from; all that differs is here."""

from dataclasses import dataclass

# What every suite's build root holds: the compilers, what hvmloader and QEMU
# need to build, and the outer QEMU that emulates the Xen host.
_BUILD = """
    gcc gcc-multilib libc6-dev make ccache ninja-build meson pkg-config patch
    python3 python3-venv acpica-tools git
    libxen-dev libglib2.0-dev libpixman-1-dev libfdt-dev zlib1g-dev
    qemu-system-x86
""".split()

# The same for OvmfXen, which Debian's ovmf package does not have.
_FIRMWARE = """
    gcc g++ libc6-dev make python3 nasm uuid-dev acpica-tools patch
""".split()

# What dom0 and the guest are assembled from: unpacked, never installed.
_HOST = """
    xenstore-utils qemu-system-xen qemu-system-data seabios ipxe-qemu
    busybox-static linux-image-amd64
""".split()


@dataclass(frozen=True)
class Suite:
    """One Debian suite and the versions of Xen and QEMU that it has."""

    name: str
    xen: str                 # version, as in the packages' and folders' names
    qemu: str                # version, as in the series' folder
    build_packages: tuple
    firmware_packages: tuple
    host_packages: tuple

    def version(self, package):
        return {"xen": self.xen, "qemu": self.qemu}[package]


def _suite(name, xen, qemu, build=()):
    return Suite(name, xen, qemu, tuple(_BUILD) + tuple(build),
                 tuple(_FIRMWARE),
                 tuple(_HOST) + (f"xen-hypervisor-{xen}-amd64",
                                 f"xen-utils-{xen}"))


SUITES = {
    "trixie": _suite("trixie", xen="4.20", qemu="10.0",
                     build=("python3-pycotap",)),
}
ALIASES = {"13": "trixie", "debian13": "trixie"}
DEFAULT = "trixie"


def find(name):
    """The suite of that name, code name or number; None when unknown."""
    return SUITES.get(ALIASES.get(name, name))
