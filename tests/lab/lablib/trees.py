"""What is taken from Debian: build roots, unpacked packages; and git, in a tree."""

import os
import shutil
import subprocess

from . import cache, process, suites
from .ui import LabError, progress

# Tools of this machine, and the packages that have them.
_NEEDED = {"mmdebstrap": "mmdebstrap", "git": "git", "patch": "patch",
           "tar": "tar", "xz": "xz-utils", "bsdtar": "libarchive-tools"}
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def prepare_machine(log):
    install_tools(log)
    need_root()


def install_tools(log):
    """Install what is missing; as another user, say the one command."""
    missing = {package for tool, package in _NEEDED.items()
               if shutil.which(tool) is None}
    if not os.path.exists(KEYRING):
        missing.add("debian-archive-keyring")
    if missing:
        command = ["apt-get", "install", "-y", "--no-install-recommends"]
        if os.geteuid() != 0:
            raise LabError("packages are missing; as root, run:\n    "
                           + " ".join(command + sorted(missing)))
        progress("installing " + " ".join(sorted(missing)))
        process.run(["apt-get", "update"], log, "apt-get update")
        process.run(command + sorted(missing), log, "apt-get install",
                    env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})


def need_root():
    if os.geteuid() != 0:
        raise LabError("building needs root, for chroot; run this, and then "
                       "what you wanted:\n    sudo env HOME=\"$HOME\" "
                       "tests/lab/lab build --stack stock --stack ours")


def mirror():
    """The address of the archive that this machine's apt uses."""
    listing = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(SITE)",
         "Created-By: Packages"], capture_output=True, text=True, check=False)
    sites = [site for site in listing.stdout.split()
             if "security" not in site]
    if not sites:
        raise LabError("apt knows no package archive on this machine: add one "
                       "to /etc/apt/sources.list.d and run apt-get update")
    return sites[0]


def _mmdebstrap(folder, log, what, suite, variant, packages, *options,
                sources=(), borrowed=None):
    """SOURCES: the Debian releases whose source packages can be fetched;
    BORROWED: {release: packages} that come from another one than the rest."""
    archive = mirror()
    signed = f"[signed-by={KEYRING}] {archive}"
    pins = "".join(
        f"Package: {' '.join(names)}\\nPin: release n={name}\\n"
        f"Pin-Priority: 990\\n\\nPackage: *\\nPin: release n={name}\\n"
        "Pin-Priority: -1\\n\\n" for name, names in (borrowed or {}).items())
    # mmdebstrap mounts this machine's /proc and /sys in the new root. In a mount
    # namespace of its own those mounts end with it, however it ends.
    process.run(["unshare", "--mount", "--propagation", "private",
                 "mmdebstrap", "--variant=" + variant,
                 "--include=" + ",".join(packages),
                 '--setup-hook=mkdir -p "$1/etc/apt/preferences.d" && '
                 f"printf '{pins}' > \"$1/etc/apt/preferences.d/borrowed\"",
                 *options, suite.name, folder,
                 *(f"deb {signed} {name} main"
                   for name in (suite.name, *(borrowed or {}))),
                 *(f"deb-src {signed} {name} main" for name in sources)],
                log, what,
                hint=f"Is {suite.name} on {archive}? apt-get update there, or "
                     "choose another archive in apt's sources. If it has no source of "
                     "xen or qemu, give one by XEN_SOURCE= or QEMU_SOURCE=.")


def host(suite, log):
    """Packages of dom0 and guest, unpacked; none is installed."""
    def make(folder):
        prepare_machine(log)
        progress(f"unpacking {suite.name}'s Xen and Linux (1 min)")
        target = os.path.join(folder, "tree")
        _mmdebstrap(target, log, "unpacking packages", suite, "extract",
                    suite.host_packages)
        _merge_usr(target)
    return os.path.join(cache.entry(
        f"host-{suite.name}-" + cache.digest(1, suite.host_packages), make),
        "tree")


def proof(suite, log):
    """What proofs are made with, unpacked; its programs want its own libraries."""
    def make(folder):
        prepare_machine(log)
        progress("unpacking CBMC and SPIN (1 min)")
        _mmdebstrap(os.path.join(folder, "tree"), log, "unpacking packages", suite,
                    "extract", suite.proof_packages)
    return os.path.join(cache.entry(
        f"proof-{suite.name}-" + cache.digest(1, suite.proof_packages), make), "tree")


def _merge_usr(tree):
    """Packages before trixie still have files in /bin and /lib."""
    for name in ("bin", "sbin", "lib", "lib64"):
        old = os.path.join(tree, name)
        if os.path.isdir(old) and not os.path.islink(old):
            shutil.copytree(old, os.path.join(tree, "usr", name), symlinks=True,
                            dirs_exist_ok=True)
            shutil.rmtree(old)


def build_root(suite, log):
    """A chroot with compilers, the outer QEMU, and /src: the two sources."""
    return _root(suite, f"root-{suite.name}-", suite.build_packages,
                 ("xen", "qemu"), "build root (1 to 2 min)", log,
                 suite.borrowed)


def firmware_root(suite, log):
    """The same for the guest's UEFI firmware, which few scenarios need."""
    return _root(suite, f"root-edk2-{suite.name}-", suite.firmware_packages,
                 ("edk2",), "build root for UEFI firmware (1 min)", log)


def hypervisor_root(suite, log):
    """The same for Xen itself; its source is the suite's own or none, because
    dom0's tools go with one version of Xen."""
    return _root(suite, f"root-xen-{suite.name}-", suite.hypervisor_packages,
                 ("xen",), "build root for Xen (1 min)", log,
                 releases={"xen": (suite.name,)})


def toolstack_root(suite, log):
    """The same for libxl and xl; no source is fetched, for that is hypervisor_root()'s or
    given."""
    return _root(suite, f"root-toolstack-{suite.name}-", suite.toolstack_packages, (),
                 "build root for libxl and xl (1 min)", log)


def kernel_root(suite, log):
    """The same for the guests' small kernel, whose source is a binary package:
    /usr/src/linux-source-VERSION.tar.xz, Debian's patches applied."""
    return _root(suite, f"root-linux-{suite.name}-", suite.kernel_packages, (),
                 "build root for the guests' kernel (1 min)", log)


def library_root(suite, log):
    """The same for libxen-memmap, which needs more libraries than QEMU, and nobody's
    source."""
    return _root(suite, f"root-library-{suite.name}-", suite.library_packages, (),
                 "build root for libxen-memmap (1 min)", log)


def packaging_root(suite, log):
    """The same for Debian packages of libxen-memmap."""
    return _root(suite, f"root-packaging-{suite.name}-", suite.packaging_packages, (),
                 "build root for packages (2 min)", log)


def runtime_root(suite, needed, log):
    """The same for packages of hvmloader and QEMU, which are built with what is NEEDED."""
    return _root(suite, f"root-runtime-{suite.name}-",
                 tuple(sorted({*suite.runtime_packages, *needed})), (),
                 "build root for packages of hvmloader and QEMU (2 min)", log)


def administered(suite, log):
    """A tarball of a Debian with Xen's tools, whose dpkg knows what is installed."""
    def make(folder):
        prepare_machine(log)
        progress(f"installing {suite.name} as dom0 has it (2 min)")
        _mmdebstrap(os.path.join(folder, "debian.tar"), log, "installing dom0's Debian",
                    suite, "minbase", suite.dom0_packages,
                    # Memory of dom0; folders stay, which other packages share.
                    '--customize-hook=cd "$1/usr/share" && '
                    'find doc man locale ! -type d -delete')
    return os.path.join(cache.entry(
        f"dom0-{suite.name}-" + cache.digest(1, suite.dom0_packages), make), "debian.tar")


def _root(suite, name, packages, sources, what, log, borrowed=None,
          releases=None):
    releases = releases or {package: suite.sources[package]
                            for package in sources}

    def make(folder):
        prepare_machine(log)
        progress(f"installing {suite.name}'s {what}")
        fetch = " && ".join(["mkdir /src", "cd /src", *(
            _fetch(package, names, os.environ.get(suites.VARIABLES.get(package, "")))
            for package, names in releases.items())])
        _mmdebstrap(os.path.join(folder, "root"), log, "the build root", suite,
                    "minbase", packages,
                    f'--customize-hook=chroot "$1" sh -c "{fetch}"',
                    sources=sorted(set(sum(releases.values(), ()))),
                    borrowed=borrowed)
    key = cache.digest(2, packages, releases, *([borrowed] if borrowed else []))
    return os.path.join(cache.entry(name + key, make), "root")


def _fetch(package, releases, given=None):
    """A line of shell that fetches the source of PACKAGE, of the first of
    RELEASES of which there is one.  If another is GIVEN there need be none."""
    # Not all of a source package at once: apt would want the .dsc too, which
    # nothing here reads, and mirrors have been seen without it.
    tries = ["{ " + " && ".join(
        f"apt-get -q source --download-only --{part}-only {package}/{release}"
        for part in ("tar", "diff")) + "; }" for release in releases]
    if given:
        tries.append("true")
    return "{ " + f" || {{ rm -f {package}_*; false; }} || ".join(tries) + "; }"


def git(tree, log, *arguments, hint=""):
    """git in TREE with no regard to this user's configuration."""
    process.run(["git", "-C", tree, "-c", "user.name=lab",
                 "-c", "user.email=lab@localhost", "-c", "gc.auto=0",
                 "-c", "commit.gpgsign=false", "-c", "core.autocrlf=false",
                 *arguments], log, "git " + arguments[0], hint)


def inside(root, command, log, what, hint=""):
    """Run COMMAND, a line of shell, in the build root ROOT."""
    need_root()
    # Neither hvmloader nor QEMU needs /proc, /sys or a network to build, so
    # nothing is mounted that would have to be taken away again.
    # Guests that run meanwhile come first.
    process.run(["nice", "-n", "5", "chroot", root, "/usr/bin/env", "-i", "LC_ALL=C.UTF-8",
                 "HOME=/root", "PATH=/usr/lib/ccache:/usr/sbin:/usr/bin",
                 "CCACHE_DIR=/ccache", "sh", "-ec", command], log, what, hint)
