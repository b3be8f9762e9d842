#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The command as it is installed, and two small programs that use the library."""

import contextlib
import json
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest
import xml.etree.ElementTree as ET
from pathlib import Path

from store import BUILT, MOVED, Store

HERE = Path(__file__).resolve().parent
ROOT = Path(os.environ["ROOT"])             # of `make install`
COMMAND = str(ROOT / "usr/bin/xen-memmap")
CONFIG = 'type = "hvm"\nmemory = 3072\nvga = "stdvga"\n'


def run(*args, status=0, stdin=b"", xen=None, version=""):
    """What xen-memmap ARGS prints; its exit status must be STATUS.  With pages at XEN it
    runs under a Xen (fakexen.c), in domain 0 if that has a VERSION."""
    env = os.environ if xen is None else dict(
        os.environ, LD_PRELOAD=os.environ["FAKEXEN_SO"], FAKEXEN=xen,
        FAKEXEN_VERSION=version)
    got = subprocess.run([COMMAND, *map(str, args)], input=stdin, capture_output=True,
                         timeout=600, env=env)
    text = got.stdout.decode() + got.stderr.decode()
    if got.returncode != status:
        raise AssertionError(f"{args}: status {got.returncode}, not {status}:\n{text}")
    if status == 2 and got.stdout:
        raise AssertionError(f"{args}: {got.stdout} on stdout")
    return text


def vector(name):
    """The bytes of tests/vectors/NAME."""
    lines = (Path(os.environ["VECTORS"]) / name).read_text().splitlines()
    return bytes.fromhex("".join(line for line in lines if line[0] != "#"))


def manual(name):
    return (HERE.parent / "man" / name).read_text()


def code(name):
    """What the manual NAME has as code, as a reader sees it."""
    return [text.replace("\\\\", "\\") for text in
            re.findall(r"^\.nf\n(.*?)^\.fi", manual(name), re.M | re.S)]


def example(name, start):
    """The code of the manual NAME that begins with START."""
    return next(text for text in code(name) if text.startswith(start))


def declarations(text):
    """Functions that TEXT declares, however their lines are cut."""
    text = re.sub(r"/\*.*?\*/|^#.*?$", "", text, flags=re.M | re.S)
    found = re.findall(r"^(?!typedef)[a-z][^;{}()]*?\bxen_memmap_\w+\([^;]*\);", text, re.M)
    return {" ".join(words.split()) for words in found}


class Folder(unittest.TestCase):
    """With a folder that goes away."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def file(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def check_picture(self, text, words):
        texts = [node.text for node in
                 ET.fromstring(text).iter("{http://www.w3.org/2000/svg}text")]
        self.assertIn(words, texts)


class WithoutXen(Folder):
    def test_usage(self):
        self.assertIn("Commands:", run("--help"))
        self.assertIn("xen-memmap 1.", run("--version"))
        self.assertIn("Commands:", run(status=2))
        self.assertIn("no command 'no'", run("no", status=2))
        self.assertIn("usage: xen-memmap show", run("show", status=2))
        self.assertIn("--nonsense", run("show", "--nonsense", "x", status=2))

    def test_each_command_has_help_and_a_place_in_the_manual(self):
        text = manual("xen-memmap.1")
        for command in re.findall(r"^  (\w+) ", run("--help"), re.M):
            self.assertIn(f"\\fBxen-memmap {command}\\fR", text)
            for option in re.findall(r"--[a-z-]+", run(command, "--help")):
                self.assertTrue(option == "--help" or option in text,
                                f"{command} {option} is not in xen-memmap(1)")

    def test_loads_what_it_needs(self):
        """Half of a short command's time is that of its libraries: libxl's and libxenctrl's
        are for those that read an xl.cfg or ask Xen, json-c for --json."""
        loaded = subprocess.run(["ldd", COMMAND], capture_output=True, check=True, text=True)
        names = re.findall(r"^\t(?:lib)?([a-z-]+)", loaded.stdout, re.M)
        self.assertIn("xenstore", names)
        for name in ("xenlight", "xlutil", "xenctrl", "xenforeignmemory", "gobject",
                     "smartcols", "xen-memmap-glib", "json-c"):
            self.assertNotIn(name, names)

    def test_a_module_is_missing(self):
        for module in ROOT.glob("usr/lib/libxen-memmap*/*.so"):
            away = module.with_suffix(".away")
            module.rename(away)
            self.addCleanup(away.rename, module)
        self.assertIn("an xl.cfg cannot be read: ", run("explain", "--no-host", self.file(
            "cfg", CONFIG), status=2))
        record = vector("layout-minimal.hex")
        self.assertIn("ram", run("decode", stdin=record))
        self.assertIn("there is no JSON: ", run("decode", "--json", stdin=record, status=2))

    def test_decode(self):
        record = vector("layout-relocated.hex")
        text = run("decode", self.file("record", record))
        self.assertRegex(text, r"generation 1; RAM 511.88 MiB, moved 128 MiB")
        self.assertRegex(text, r"0x100000000 0x107ffffff +128 MiB ram +0x018000000")
        shown = json.loads(run("decode", "--json", stdin=record))
        self.assertEqual(shown["moved_pages"], 0x8000)
        self.assertEqual(shown["state"], None)
        self.assertEqual([r["type"] for r in shown["ranges"]],
                         ["ram", "ram", "mmio", "ram"])
        self.assertIn("checksum", run("decode", status=2,
                                      stdin=vector("refused-checksum.hex")))
        self.assertIn("No such file", run("decode", self.folder / "no", status=2))

    def test_columns(self):
        record = vector("layout-minimal.hex")
        self.assertEqual(run("decode", "-rno", "gfn,pages,TYPE", stdin=record),
                         "0x0 160 ram\n0xc0 130880 ram\n")
        self.assertEqual(run("decode", "-rnbo", "SIZE", stdin=record), "655360\n536084480\n")
        self.assertIn("FLAGS", run("decode", "-o", "no", status=2, stdin=record))

    def test_the_manual_says_what_words_mean(self):
        """Those that a table has, and what goes wrong."""
        text = manual("xen-memmap.1")
        reading = text[text.index(".SH READING IT"):text.index(".SH JSON")]
        for word in ("OFFERED", "NEGOTIATED", "PREPARED", "COMMITTED", "SEALED", "ram", "rdm",
                     "mmio", "several", "firmware", "unfreed", "unmapped"):
            self.assertIn(word, reading)
        for column in ("STATE", "GENERATION", "TYPE", "FROM", "FLAGS"):
            self.assertIn(f".B {column}\n", reading)
        trouble = text[text.index(".SH DIAGNOSTICS"):text.index(".SH ENVIRONMENT")]
        source = "".join(path.read_text() for folder in ("src", "cmd")
                         for path in (HERE.parent / folder).glob("*.c"))
        source = re.sub(r'"\s+"', "", source)
        for message in re.findall(r'^\.B "(.*)"', trouble, re.M):
            for words in message.split(" ..."):
                if "xl" not in words:
                    self.assertIn(words.lstrip(": "), source)

    def test_help_is_found_where_it_is_looked_for(self):
        """An answer is no error, and does not ask for a domain first."""
        text = run("show", "-o", "help")
        self.assertRegex(text, r"^Columns:\n  START +first address\n")
        for words in (("show", "--help"), ("help", "show")):
            self.assertIn(text, run(*words))
        self.assertIn("Columns:", run("diff", "-o", "help"))
        self.assertNotIn("Columns:", run("wait", "--help"))
        self.assertIn("no command 'no'", run("help", "no", status=2))
        self.assertEqual(run("-V"), run("--version"))
        self.assertIn("usage: xen-memmap list [OPTION...]; see xen-memmap list --help",
                      run("list", "x", status=2))

    def test_diff(self):
        a = self.file("a", vector("layout-minimal.hex"))
        b = self.file("b", vector("layout-relocated.hex"))
        self.assertEqual(run("diff", a, a), "")
        self.assertEqual(run("diff", "-rno", "start,first,second", a, b, status=1),
                         "0x018000000 ram mmio\n"
                         "0x100000000 - ram\\x20from\\x20-0xe8000\\x20pages\n")
        pieces = json.loads(run("diff", "--json", a, b, status=1))
        self.assertEqual([p["pages"] for p in pieces], [0x8000, 0x8000])

    def test_explain_a_large_bar(self):
        plan = json.loads(run("explain", "--json", "--no-host", "--width", 39, "--bar",
                              "1G,64", self.file("cfg", CONFIG)))
        self.assertEqual((plan["moved_pages"], plan["hole"]), (258048, 0x80000000))
        self.assertEqual(plan["bars"][0]["address"], 0x80000000)
        self.assertEqual(plan["problems"], [])

    def test_sizes(self):
        """Two digits at most, none that says nothing; 2 GiB but 768 KiB is rounded up."""
        text = run("explain", "-l", "--no-host", "--width", 39, "--bar", "1G,64", "--bar",
                   "512M", "--bar", "2K", self.file("cfg", CONFIG))
        for size in ("640 KiB ram", "2 GiB ram", "1.94 GiB mmio", "1008 MiB ram", "2 KiB"):
            self.assertIn(" " + size + " ", text)

    def bars(self, config, *options):
        """{name: address} of the plan for CONFIG, and what was said beside it."""
        got = subprocess.run([COMMAND, "explain", "--json", "--no-host", "--width", "39",
                              *options, self.file("cfg", CONFIG + config)],
                             capture_output=True, text=True, timeout=600)
        return ({bar["name"]: bar["address"] for bar in json.loads(got.stdout)["bars"]},
                got.stderr)

    def test_explain_devices_of_qemu(self):
        """As seen in the lab, scenario bar-1g; equal BARs come by slot."""
        bars, said = self.bars(
            'device_model_args_hvm = ["-device", "nvme,drive=n0", "-trace", "x", '
            '"-device", "nvme,addr=3.0,id=b,cmb_size_mb=1024", "-device", "usb-tablet"]\n'
            'vga = "none"\n')
        self.assertEqual(said, "")
        self.assertEqual(bars["nvme memory buffer"], 0x80000000)
        self.assertEqual(bars["Xen platform"], 0xfb000000)
        self.assertEqual(len(bars), 4)      # two are called the same as these
        bars, _ = self.bars('device_model_args = ["-device", "edu,addr=9", "-device", '
                            '"e1000e,addr=0x4,romfile="]\nhdtype = "ahci"\n')
        # 4 (e1000e) and 9 (edu) by size, and ahci's page behind VGA's in slot 3.
        self.assertEqual(bars["edu registers"], 0xf2000000)
        self.assertEqual(bars["e1000e registers"], 0xf2100000)
        self.assertEqual(bars["e1000e flash"], 0xf2120000)
        self.assertEqual(bars["VGA ROM"], 0xf2140000)
        self.assertEqual(bars["e1000e MSI-X"], 0xf2150000)
        self.assertEqual(bars["VGA registers"], 0xf2154000)
        self.assertNotIn("e1000e ROM", bars)

    def test_explain_functions_of_a_slot(self):
        """As seen in the lab, scenario over-256-bars: functions come in their order."""
        args = ", ".join(f'"-device", "pci-testdev,addr=0x5.0x{n},membar=1M"'
                         for n in range(8))
        bars, said = self.bars(f"device_model_args_hvm = [{args}]\n")
        self.assertEqual(said, "")
        self.assertEqual(bars["pci-testdev memory"], 0xf2700000)    # the last one's
        self.assertEqual(bars["pci-testdev registers"], 0xf2818000)
        _, said = self.bars('device_model_args_hvm = ["-device", "edu,addr=5.9"]\n')
        self.assertIn("an address that is none", said)

    def test_explain_display_with_host_memory(self):
        """As seen in the lab, scenario save."""
        bars, said = self.bars('device_model_args_hvm = ["-device", '
                               '"virtio-gpu-pci,hostmem=1G", "-device", "i6300esb"]\n')
        self.assertEqual(said, "")
        self.assertEqual(bars["virtio-gpu-pci host memory"], 0x80000000)
        self.assertIn("i6300esb registers", bars)

    def test_explain_prefers_high(self):
        plan = json.loads(run("explain", "--json", "--no-host", "--width", 39,
                              "--prefer-high", "--bar", "1G,64", self.file("cfg", CONFIG)))
        self.assertEqual((plan["moved_pages"], plan["hole"]), (0, 0xc0000000))
        self.assertEqual(plan["bars"][0]["address"], 1 << 32)

    def test_explain_network_cards(self):
        bars, said = self.bars('vif = ["mac=00:16:3e:00:00:01, model=e1000", "type=vif"]\n')
        self.assertEqual(said, "")
        self.assertEqual(bars["e1000 registers"], 0xf2000000)
        bars, _ = self.bars('vif = [""]\n')
        self.assertIn("rtl8139 registers", bars)
        bars, said = self.bars('vif = ["model=ne2k_pci"]\n')
        self.assertIn("name them by --bar", said)
        self.assertEqual(len(bars), 4)

    def test_explain_may_be_told_that_ram_stays(self):
        config = self.file("cfg", CONFIG)
        text = run("explain", "--no-host", "--width", 39, "--bar", "1G", "--no-relocate",
                   config, status=1)
        self.assertIn("RAM stays where it is: the toolstack will say so", text)
        self.assertIn("RAM is in the way, and stays", text)

    def test_explain_what_has_no_place(self):
        cfg = self.file("cfg", CONFIG)
        text = run("explain", "--no-host", "--width", 36, "--bar", "64G,64", cfg, status=1)
        self.assertIn("would need 37 bits", text)
        text = run("explain", "--no-host", "--bar", "1G", "--bar", "1G", cfg, status=1)
        self.assertIn("1 BARs of 32 bits get no place", text)

    def test_explain_reserved_memory(self):
        cfg = self.file("cfg", CONFIG + 'pci = ["00:04.0"]\n')
        rmrr = ("--no-host", "--rmrr", "7fff0-7fff3=0:0:4.0")
        self.assertIn("rdm_policy=relaxed", run("explain", *rmrr, cfg, status=1))
        cfg = self.file("cfg", CONFIG + 'pci = ["00:04.0,rdm_policy=relaxed"]\n')
        self.assertIn("free of RAM", run("explain", *rmrr, cfg))
        cfg = self.file("cfg", CONFIG + 'pci = ["00:04.0"]\nrdm_mem_boundary = 1024\n')
        self.assertIn("firmware will move 0 B", run("explain", *rmrr, cfg))
        cfg = self.file("cfg", CONFIG + 'pci = ["00:04.0"]\nrdm="strategy=host,policy=relaxed"\n')
        self.assertIn("goes on without", run("explain", *rmrr, cfg, status=1))
        cfg = self.file("cfg", CONFIG + "maxmem = 4096\n")
        self.assertIn("less than maxmem", run("explain", "--no-host", "--declare",
                                              "7fff0", cfg, status=1))

    def test_explain_reserved_memory_of_all_devices(self):
        """rdm="strategy=host": xl cuts RAM for it, and firmware does not know."""
        host = CONFIG + 'rdm = "strategy=host"\n'
        args = ("--width", 39, self.file("cfg", host))
        self.assertIn('"strategy=host" is strict', run("explain", *args, xen="", status=1))
        args = ("--width", 39, self.file("cfg", host + "rdm_mem_boundary = 1024\n"))
        self.assertIn("0x07fff0000 0x07fff3fff -      free of RAM", run("explain", *args, xen=""))
        plan = json.loads(run("explain", "--json", *args, xen=""))
        self.assertEqual(plan["moved_pages"], 0)
        self.assertEqual(plan["ranges"][1]["pages"], 0x7fe00 - 0xc0)

    def test_explain_what_the_device_model_asks_for(self):
        """As seen in the lab, scenarios rdm-host and rdm-off."""
        def config(value):
            return self.file("cfg", CONFIG + "device_model_args_hvm = "
                             f'["-global", "xen-memmap.{value}"]\n')
        def moved(*args):
            return json.loads(run("explain", "--json", "--width", 39, *args))["moved_pages"]
        self.assertEqual(moved(config("rdm=host"), "--no-host"), 0)
        with_xen = json.loads(run("explain", "--json", "--width", 39, config("rdm=host"),
                                  xen=""))
        self.assertEqual((with_xen["moved_pages"], with_xen["problems"]), (4, []))
        self.assertIn("under Xen", run("explain", config("rdm=host"), status=2))
        rmrr = ("--no-host", "--width", 39, "--rmrr", "7fff0-7fff3=0:0:4.0")
        self.assertIn("firmware will move 16 KiB", run("explain", *rmrr, config("rdm=devices")))
        text = run("explain", *rmrr, config("rdm=off"), status=1)
        self.assertIn("firmware will move 0 B", text)
        self.assertRegex(text, "0000:00:04.0 RAM is there, and firmware is not told")
        self.assertIn("nobody to tell", run("explain", config("enabled=off"), status=2))

    def test_explain_reserved_memory_and_a_stub_domain(self):
        """As seen in the lab, scenarios stubdom-rdm and rdm-cut."""
        rmrr = ("--no-host", "--width", 39, "--rmrr", "7fff0-7fff3=0:0:4.0")
        def config(words, option=""):
            return self.file("cfg", f'{CONFIG}device_model_stubdomain_override = 1\n'
                             f'pci = ["00:04.0{option}"]\n{words}')
        relaxed = config("", ",rdm_policy=relaxed")
        text = run("explain", *rmrr, relaxed, status=1)
        self.assertIn("firmware will move 0 B", text)
        self.assertRegex(text, "0x07fff0000 will not be mapped for 0000:00:04.0: RAM is there when "
                         "the device is assigned, and a stub domain may not map it later")
        # That firmware makes room comes too late for a device that is there from the start.
        text = run("explain", *rmrr, "--declare", "7fff0-7fff3=0:0:4.0", relaxed, status=1)
        self.assertIn("firmware will move 16 KiB", text)
        self.assertIn("will not be mapped", text)
        text = run("explain", *rmrr, config(""), status=1)
        self.assertIn("so that xl will not create this guest", text)
        self.assertNotIn("relaxed", text)
        text = run("explain", *rmrr, config("rdm_mem_boundary = 1024\n"))
        self.assertIn("Everything has a place", text)
        # A device that is plugged later has it, from Xen.
        later = self.file("cfg", CONFIG + "device_model_stubdomain_override = 1\n")
        text = run("explain", "--no-host", "--declare", "7fff0-7fff3=0:0:4.0", later)
        self.assertIn("0000:00:04.0 free of RAM", text)

    def test_an_xl_cfg_that_is_not_there(self):
        for command in ("explain", "draw"):
            self.assertEqual(run(command, "--no-host", "./no.cfg", status=2),
                             "xen-memmap: ./no.cfg: No such file or directory\n")

    def test_explain_refuses(self):
        for text, words in (('memory = 3072\n', "no HVM guest"), ('type = "hvm"\n', "0 bytes"),
                            ('type = "hvm\n', "cfg"), (CONFIG + 'vga = "x"\n', "vga"),
                            (CONFIG + 'pci = ["x"]\n', "not understood")):
            self.assertIn(words, run("explain", "--no-host", self.file("cfg", text),
                                     status=2))
        cfg = self.file("cfg", CONFIG + 'pci = ["fffe:ff:1f.7"]\n')
        self.assertRegex(run("explain", cfg, status=2), "no device .*: .* say --no-host, and ")
        self.assertIn("fffe:ff:1f.7: with --no-host its BARs are not known",
                      run("explain", "--no-host", cfg))
        self.assertNotIn("not known", run("explain", "--no-host", "--bar", "16KiB,64", cfg))
        cfg = self.file("cfg", CONFIG)
        for bar in ("x", "3M", "1G,32", "-1", "99999999999T"):
            run("explain", "--no-host", f"--bar={bar}", cfg, status=2)

    # A program's header: ELF, 32 or 64 bits, for a machine, executable.
    @staticmethod
    def elf(bits, machine, kind=2):
        return (b"\x7fELF" + bytes([bits // 32, 1, 1]) + bytes(9)
                + bytes([kind, 0, machine, 0]) + bytes(64))

    def programs(self, hvmloader=b"memmap: RAM", qemu=b"xen-memmap"):
        """A folder with two files that are what they should be, but for what they say."""
        self.file("hvmloader", self.elf(32, 3) + hvmloader)
        self.file("qemu-system-i386", self.elf(64, 62) + qemu).chmod(0o755)
        self.file("xl", "").chmod(0o755)
        self.addCleanup(os.environ.update, PATH=os.environ["PATH"])
        os.environ["PATH"] = f"{self.folder}:{os.environ['PATH']}"
        return self.folder

    def enable(self, config, *options, status=0, version="4.20"):
        return run("enable", "--folder", self.folder, *options, self.file("cfg", config),
                   status=status, xen="", version=version)

    def test_enable(self):
        folder = self.programs()
        lines = (f'firmware_override = "{folder}/hvmloader"\n'
                 f'device_model_override = "{folder}/qemu-system-i386"\n')
        self.assertEqual(self.enable(CONFIG), lines)
        self.assertEqual(json.loads(self.enable(CONFIG, "--json")), {
            "lines": lines.splitlines(), "problems": [], "notes": []})
        # What is there already is not said twice: `>>` may be typed again.
        self.assertEqual(json.loads(self.enable(CONFIG + lines, "--json"))["lines"], [])
        self.assertIn("is this one already", self.enable(CONFIG + lines))
        # Nor do they become part of a line that has no end.
        self.assertEqual(self.enable(CONFIG.rstrip("\n")), "\n" + lines)
        first, second = lines.splitlines()
        self.assertEqual(json.loads(self.enable(CONFIG + first + "\n", "--json"))["lines"],
                         [second])

    def test_enable_knows_where_packages_put_it(self):
        text = run("enable", "--no-host", self.file("cfg", CONFIG))
        for name in ("hvmloader", "qemu-system-i386"):
            self.assertIn(f'"/usr/lib/xen-memmap/{name}"', text)

    def refused(self, words, config=CONFIG, **args):
        """enable says WORDS, and prints no line that might end up in the file."""
        text = self.enable(config, status=1, **args)
        self.assertIn(words, text)
        self.assertNotIn("_override = \"/", text.replace("override = \"/mine", ""))
        found = json.loads(self.enable(config, "--json", status=1, **args))
        self.assertEqual((found["lines"], len(found["problems"])), ([], 1))

    def test_enable_looks_at_the_guest(self):
        self.programs()
        for line, words in (
                ('firmware_override = "/mine"', "would be in the way"),
                ('device_model_override = "/mine"', "would be in the way"),
                ('firmware = "/mine"', "xl would start in place of hvmloader"),
                ('firmware = "rombios"', "qemu-xen-traditional only"),
                ('bios = "rombios"', "qemu-xen-traditional only"),
                ('device_model_version = "qemu-xen-traditional"', "another device model"),
                ("device_model_stubdomain_override = 1", "in a stub domain"),
                ('device_model_args_hvm = ["-global", "xen-memmap.enabled=off"]',
                 "nobody to tell")):
            with self.subTest(line):
                self.refused(words, CONFIG + line + "\n")
        for kind in ("pv", "pvh"):
            self.assertIn("no HVM guest", self.enable(f'type = "{kind}"\n', status=1))
        for line in ('firmware = "ovmf"', 'firmware = "uefi"', 'bios = "seabios"',
                     'device_model_version = "qemu-xen"',
                     "device_model_stubdomain_override = 0"):
            self.assertNotIn("xen-memmap:", self.enable(CONFIG + line + "\n"))
        self.assertIn("will stay where it is", self.enable(CONFIG + "maxmem = 4096\n"))

    def test_enable_looks_at_the_files(self):
        self.programs(hvmloader=b"")
        self.refused("an hvmloader without the patches")
        self.programs(qemu=b"")
        self.refused("a QEMU without the patches")
        self.programs()
        (self.folder / "qemu-system-i386").chmod(0o644)
        # Root may run nothing either that nobody may.
        self.refused("cannot be run")
        for header in (self.elf(64, 3), self.elf(32, 62), self.elf(32, 3, 1), b"", b"#!/bin/sh\n" + bytes(60)):
            self.programs()
            self.file("hvmloader", header + b"memmap: ")
            self.refused("is no hvmloader")
        self.programs()
        (self.folder / "hvmloader").unlink()
        self.refused("install the package xen-memmap-hvmloader")
        self.programs()
        self.file("qemu-system-i386", "#!/bin/sh\nexec /my/qemu \"$@\"\n").chmod(0o755)
        self.assertNotIn("xen-memmap:", self.enable(CONFIG))

    def test_enable_looks_at_the_host(self):
        self.programs()
        self.refused("is too old", version="4.16")
        self.assertNotIn("xen-memmap:", self.enable(CONFIG, version="4.17"))
        self.assertIn("Nobody has tried Xen 4.22 yet", self.enable(CONFIG, version="4.22"))
        self.refused("not domain 0", version="")
        (self.folder / "xl").unlink()
        if not (shutil.which("xl") or Path("/usr/sbin/xl").exists()):
            self.refused("There is no xl here")

    def test_draw(self):
        self.check_picture(run("draw", "--no-host", "--bar", "1G,64",
                               self.file("cfg", CONFIG)), "as it will be")
        path = self.folder / "out.svg"
        self.assertEqual(run("draw", "-o", path, "-", stdin=vector("layout-rdm.hex")), "")
        self.check_picture(path.read_text(), "reserved, 16 KiB")

    def test_examples_of_the_manual(self):
        """Those of anybody, `$ `, and what they print.  Root's, `# `, need a guest: they are
        in the lab's scenarios administrator and packages."""
        self.file("guest.cfg", example("xen-memmap.1", "type = "))
        examples = re.findall(r"^\.nf\n\$ xen-memmap ([^\n]*)\n(.*?)^\.fi",
                              manual("xen-memmap.1"), re.M | re.S)
        self.assertTrue(examples)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.folder)
        for command, printed in examples:
            self.assertEqual(run(*command.split()), printed)
        lab = "".join((HERE.parents[1] / f"tests/lab/scenarios/{name}.toml").read_text()
                      for name in ("administrator", "packages"))
        for command in re.findall(r"^# (xen-memmap .*)", manual("xen-memmap.1"), re.M):
            self.assertIn(command, lab)

    def test_the_manual_declares_what_the_header_does(self):
        header = declarations((ROOT / "usr/include/xen-memmap.h").read_text())
        self.assertGreater(len(header), 60)
        self.assertEqual(declarations("\n".join(code("libxen-memmap.3"))), header)

    def test_no_xenstored(self):
        os.environ["XENSTORED_PATH"] = "/nonexistent"
        for command in ("list", "show", "verify", "wait", "watch"):
            args = () if command == "list" else ("x",)
            self.assertIn("does xenstored run?", run(command, *args, status=2))


class WithXenstored(Folder):
    def setUp(self):
        super().setUp()
        self.store = Store()
        self.addCleanup(self.store.stop)
        self.store.guest(5, "guest")

    def test_list(self):
        self.store.put("/local/domain/7/name", "old")
        self.store.put("/local/domain/7/hvmloader/bios", "seabios")
        text = run("list")
        self.assertRegex(text, r"(?m)^ *5 guest OFFERED +0 511.88 MiB +0 B")
        self.assertRegex(text, r"(?m)^ *7 old .*published nothing")
        self.assertEqual([g["domid"] for g in json.loads(run("list", "--json"))], [5, 7])
        self.assertEqual(run("list", "-rno", "name"), "guest\nold\n")

    def test_what_a_terminal_would_not_print(self):
        """It is written as \\xNN; raw, so is a blank.  Columns are aligned all the same."""
        self.store.put("/local/domain/5/name", "g\u00e4st \\x \u65e5")
        self.addCleanup(os.environ.update, LC_ALL=os.environ["LC_ALL"])
        for locale, option, text in (
                ("C.UTF-8", "-n", " 5 g\u00e4st \\x5cx \u65e5 OFFERED "),
                ("C", "-n", r" 5 g\xc3\xa4st \x5cx \xe6\x97\xa5 OFFERED "),
                ("C.UTF-8", "-rn", r"5 g\xc3\xa4st\x20\x5cx\x20\xe6\x97\xa5 OFFERED ")):
            os.environ["LC_ALL"] = locale
            self.assertTrue(run("list", option).startswith(text), run("list", option))
        os.environ["LC_ALL"] = "C.UTF-8"
        self.assertTrue(run("list").startswith("ID NAME          STATE"), run("list"))

    def test_a_name_that_is_no_utf8(self):
        self.store.lib.xs_write(self.store.handle, 0, b"/local/domain/5/name", b"a\xffb", 3)
        self.assertEqual(json.loads(run("list", "--json"))[0]["name"], "a\ufffdb")

    def test_xens_module_is_missing(self):
        module = next(ROOT.glob("usr/lib/libxen-memmap*/xen.so"))
        away = module.with_suffix(".away")
        module.rename(away)
        self.addCleanup(away.rename, module)
        self.assertIn("is not as it was installed", run("verify", "guest", status=2))
        run("show", "guest")

    def test_show(self):
        self.assertRegex(run("show", "guest"), r"not answered: .* an old\nhvmloader")
        self.store.publish(5, "SEALED", 1, MOVED)
        text = run("show", "guest")
        self.assertNotIn("answered", text)
        self.assertIn("guest (domain 5): SEALED, generation 1; RAM 511.88 MiB, moved 128 MiB",
                      text)
        self.assertEqual(text, run("show", 5))
        self.assertNotIn("\x1b", text)
        self.assertEqual(json.loads(run("show", "-J", 5))["domid"], 5)
        self.assertIn("no domain called 'no'", run("show", "no", status=2))
        self.assertIn("says nothing", run("show", "--claimed", 5, status=2))
        self.store.put("/local/domain/5/data/memory-map/generation", "1")
        self.store.put("/local/domain/5/data/memory-map/layout/0", MOVED)
        self.assertIn("not to be relied on", run("show", "--claimed", 5))
        self.store.publish(5, "COMMITTED", 1, MOVED, error=14)
        self.assertIn("refused the last command: entries are unsorted", run("show", 5))

    def test_show_whose_word_it_is(self):
        self.assertNotIn("stub domain", run("show", 5))
        self.assertEqual(json.loads(run("show", "-J", 5))["publisher"], 0)
        self.store.drop("/local/domain/0/device-model/5")
        self.store.put("/local/domain/5/image/device-model-domid", "6")
        for key, value in (("state", "SEALED"), ("error", "0"), ("generation", "1"),
                           ("layout/0", MOVED)):
            self.store.put("/local/domain/6/device-model/5/memory-map/" + key, value)
        self.assertIn("the word of domain 6, its stub domain", run("show", 5))
        self.assertEqual(json.loads(run("show", "-J", 5))["publisher"], 6)

    def check_completion(self, offered):
        """OFFERED(LINE): what a shell offers where LINE ends."""
        commands = set(re.findall(r"^  (\w+) ", run("--help"), re.M))
        self.assertEqual(set(offered("")) - {"--help", "--version"}, commands | {"help"})
        self.assertEqual(offered("--v"), ["--version"])
        self.assertEqual(set(offered("help ")), commands)
        self.assertEqual(offered("show g"), ["guest"])
        self.assertIn("guest", offered("diff g"))
        self.assertEqual(offered("show --cl"), ["--claimed"])
        self.assertEqual(sorted(offered("show -o S")), ["SIZE", "START"])
        self.assertEqual(offered("wait -s se"), ["sealed"])
        self.assertEqual(offered("explain --bar "), [])
        self.assertIn("test_command.py", offered("decode te"))
        self.assertIn("test_command.py", offered("draw -o te"))

    def test_bash(self):
        script = HERE.parent / "completion/xen-memmap.bash"

        def offered(line):
            got = subprocess.run(
                ["bash", "-c", 'PATH=$0:$PATH; . "$1"; shift; COMP_WORDS=("$@"); '
                 'COMP_CWORD=$(($# - 1)); _xen_memmap; printf "%s\\n" "${COMPREPLY[@]}"',
                 str(ROOT / "usr/bin"), str(script), "xen-memmap", *line.split(" ")],
                capture_output=True, text=True, cwd=HERE)
            self.assertEqual(got.stderr, "")
            return got.stdout.split()
        self.check_completion(offered)
        self.assertEqual(offered("show -o gfn,P"), ["gfn,PAGES"])

    @unittest.skipUnless(shutil.which("zsh"), "no zsh")
    def test_zsh(self):
        env = dict(os.environ, PATH=f"{ROOT}/usr/bin:{os.environ['PATH']}")

        with subprocess.Popen(
                ["zsh", "-f", HERE / "offered.zsh", ROOT / "usr/share/zsh/site-functions"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=HERE,
                env=env) as shell:
            def offered(line):
                print("xen-memmap", line, file=shell.stdin, flush=True)
                return [word[:-1] for word in iter(shell.stdout.readline, "\n") if word]
            self.check_completion(offered)
            self.assertEqual(offered("show -o gfn,P"), ["PAGES"])

    def test_diff_with_the_claim(self):
        self.store.publish(5, "SEALED", 1, MOVED)
        self.store.put("/local/domain/5/data/memory-map/generation", "1")
        self.store.put("/local/domain/5/data/memory-map/layout/0", MOVED)
        run("diff", 5, "claimed:5")
        self.store.put("/local/domain/5/data/memory-map/layout/0", BUILT)
        run("diff", 5, "claimed:5", status=1)

    def test_wait(self):
        self.assertIn("old hvmloader", run("wait", "-t", 0.1, 5, status=1))
        run("wait", "--state", "offered", 5)
        self.store.publish(5, "SEALED", 1, MOVED)
        run("wait", 5)
        run("wait", "--state", "no", 5, status=2)
        run("wait", "-t", "-1", 5, status=2)

    def watching(self, *args):
        """A child that watches, and that ends if what is waited for does not come."""
        child = subprocess.Popen([COMMAND, "watch", *args], stdout=subprocess.PIPE)
        self.addCleanup(child.stdout.close)
        watchdog = threading.Timer(20, child.kill)
        self.addCleanup(watchdog.cancel)
        watchdog.start()
        return child

    def test_watch(self):
        child = self.watching("--json")
        seen = [json.loads(child.stdout.readline())]
        self.store.guest(6, "other")
        seen.append(json.loads(child.stdout.readline()))
        self.store.publish(5, "SEALED", 1, MOVED)
        while seen[-1].get("state") != "SEALED":
            seen.append(json.loads(child.stdout.readline()))
        self.store.gone(5)
        while seen[-1]["note"] != "ended":
            seen.append(json.loads(child.stdout.readline()))
        child.terminate()
        self.assertEqual(child.wait(600), 0)
        self.assertEqual([s["domid"] for s in seen][:2] + [seen[-1]["domid"]], [5, 6, 5])

    def test_watch_one(self):
        child = self.watching("guest")
        self.assertIn(b"OFFERED", child.stdout.readline())
        self.store.gone(5)
        self.assertIn(b"ended", child.stdout.read())
        self.assertEqual(child.wait(600), 0)

    def test_declare(self):
        run("declare", "--no-relocate", "guest", "7fff0-7fff3=0:0:4.0", "80000")
        self.assertIn("no first gfn", run("declare", "guest", "x", status=2))
        self.assertIn("nothing to declare", run("declare", "guest", status=2))
        self.store.publish(5, "SEALED", 1, MOVED)
        self.assertIn("has started", run("declare", "guest", "80000", status=2))

    def test_verify_needs_xen(self):
        self.assertIn("under Xen", run("verify", "guest", status=2))

    HAS = "0-a0 c0-18000 100000-108000"         # as MOVED says
    LIES = "0-a0 c0-5001 5002-18000 19000-19003 100000-108000"

    def test_verify(self):
        self.store.publish(5, "SEALED", 1, MOVED)
        for option in ((), ("--full",)):
            text = run("verify", *option, "guest", xen=self.HAS)
            self.assertRegex(text, r"^guest \(domain 5\): generation 1 agrees with what Xen has")
        text = run("verify", "--full", "guest", xen=self.LIES, status=1)
        self.assertRegex(text, r"0x005001000 0x005001fff +4 KiB ram +nothing\n"
                               r"0x019000000 0x019002fff +12 KiB mmio +memory\n")
        found = json.loads(run("verify", "-fJ", "guest", xen=self.LIES, status=1))
        self.assertEqual([(m["gfn"], m["pages"]) for m in found["mismatches"]],
                         [(0x5001, 1), (0x19000, 3)])
        self.assertIs(found["agrees"], False)
        self.assertEqual(found["asked_pages"], 0x17fe0 + 0x10000)

    def test_verify_finds_what_a_guest_rewrote(self):
        self.store.publish(5, "SEALED", 1, MOVED)
        folder = "/local/domain/5/data/memory-map"
        self.store.put(folder + "/generation", "1")
        self.store.put(folder + "/layout/0", BUILT)
        run("verify", "--full", "guest", xen=self.HAS)
        self.assertIn("ram", run("verify", "--full", "--claimed", "guest", xen=self.HAS,
                                 status=1))
        self.assertIn("-", run("diff", "claimed:guest", "guest", status=1))

    def test_a_stub_domain_that_lies(self):
        """Its guest may have taken it over: whose word it is is said, and Xen is asked."""
        self.store.publish(5, "SEALED", 1, MOVED, by=6)
        self.assertIn("This is the word of domain 6, its stub domain", run("show", "guest"))
        self.assertEqual(json.loads(run("show", "--json", "guest"))["publisher"], 6)
        run("verify", "--full", "guest", xen=self.HAS)
        self.store.publish(5, "SEALED", 1, BUILT, error=14, by=6)
        self.store.put("/local/domain/6/device-model/5/memory-map/reason", "\x1b[2Jall is well")
        self.assertIn(": ?[2Jall is well\n", run("show", "guest"))
        self.assertRegex(run("verify", "--full", "guest", xen=self.HAS, status=1),
                         r"\n0x018000000 0x01fffffff +128 MiB ram +nothing\n")

    def test_draw_what_xen_has(self):
        self.store.publish(5, "SEALED", 1, MOVED)
        self.assertNotIn("what Xen has", run("draw", "guest"))
        text = run("draw", "--xen", "guest", xen=self.HAS)
        self.check_picture(text, "what Xen has")
        self.check_picture(text, "memory, 384 MiB")
        self.assertNotIn("disagrees,", text)
        text = run("draw", "-x", "guest", xen=self.LIES)
        self.check_picture(text, "disagrees, 4 KiB")
        self.check_picture(text, "disagrees, 12 KiB")
        self.assertIn("is no domain", run("draw", "--xen", "-", status=2,
                                          stdin=vector("layout-rdm.hex")))

    def test_as_many_ranges_as_there_can_be(self):
        """However many a key has."""
        lines = [f"{(i + 1) << 12:x} 1000 - rdm 0 0\n" for i in range(256)]
        for each in (97, 16, 1):
            self.store.publish(5, "SEALED", 1, *("".join(lines[at:at + each])
                                                 for at in range(0, 256, each)))
            self.assertEqual(run("show", "-rno", "gfn", 5).count("\n"), 256)

    def many_ranges(self):
        """251, as the lab's scenario many-ranges has them, and QEMU writes them."""
        lines = ["0 a0 0 ram 0 0", "c0 ff40 c0 ram 0 0"]
        for i in range(124):
            gfn = 0x10000 + 0x100 * i
            lines += [f"{gfn:x} 1 - rdm 4 {0x20 + i % 3 * 8:x}",
                      f"{gfn + 1:x} ff {gfn + 1:x} ram 0 0"]
        lines.append("f0000 c000 - mmio 0 0")
        keys = [""]
        for line in lines:
            if len(keys[-1] + line) >= 1920:
                keys.append("")
            keys[-1] += line + "\n"
        self.store.publish(5, "SEALED", 1, *keys)

    def test_show_asks_xenstored_no_more_than_it_must(self):
        """Each request is a millisecond in the lab.  The name is one, or two if it is what
        was given; begin and end of a transaction; who the device model is, whose the
        folder is; state, generation, error; three keys, and where layout and rdm end."""
        self.many_ranges()
        for argument, most in ((5, 13), ("guest", 14)):
            before = self.store.requests()
            self.assertEqual(run("show", "-n", argument).count("\n"), 251)
            self.assertEqual(self.store.requests() - before, most)

    @unittest.skipUnless(shutil.which("valgrind"), "no valgrind")
    def test_show_takes_no_more_instructions_than_it_must(self):
        """The same on every run, where time is not.  12 million were taken with tables by
        libsmartcols, 1.7 by our own; 0.7 of them by the loader and what else comes first."""
        self.many_ranges()
        got = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
                              COMMAND, "show", "guest"], capture_output=True, text=True)
        self.assertEqual(got.stdout.count("\n"), 253)
        self.assertLess(int(re.search(r"Collected : (\d+)", got.stderr)[1]), 2_000_000)

    def test_a_terminal_gets_a_table_at_once(self):
        """Not each of its 253 lines by a system call of its own; requests are some, too."""
        self.many_ranges()
        child, terminal = pty.fork()
        if not child:
            os.execv(COMMAND, [COMMAND, "show", "5"])
        said = b""
        with contextlib.suppress(OSError):      # EIO: it has ended
            while part := os.read(terminal, 65536):
                said += part
        os.close(terminal)
        # Its counters are there until somebody has waited for it.
        os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
        writes = int(re.search(r"syscw: (\d+)", Path(f"/proc/{child}/io").read_text())[1])
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        self.assertEqual(said.count(b"\n"), 253)
        self.assertLess(writes, 100)

    def test_a_locale_that_is_not_wanted_need_not_be_there(self):
        """As where ssh brings LC_TIME of another machine; and each that is loaded is a file
        or two, a third of all system calls where Debian's default is C.UTF-8."""
        self.store.put("/local/domain/5/name", "gäst")
        env = dict(os.environ, LANG="C.UTF-8", LC_TIME="nowhere")
        del env["LC_ALL"]
        got = subprocess.run([COMMAND, "list", "-no", "name"], env=env, check=True,
                             stdout=subprocess.PIPE)
        self.assertEqual(got.stdout.decode(), "gäst\n")

    def test_c_client(self):
        """The example of libxen-memmap(3), built by what pkg-config says."""
        source = self.file("client.c", example("libxen-memmap.3", "#include <stdio.h>"))
        env = dict(os.environ, PKG_CONFIG_SYSROOT_DIR=str(ROOT),
                   PKG_CONFIG_PATH=str(ROOT / "usr/lib/pkgconfig"))
        flags = subprocess.run(["pkg-config", "--cflags", "--libs", "xen-memmap"], env=env,
                               capture_output=True, check=True, text=True).stdout.split()
        for standard in ("-std=c99", "-xc++"):
            subprocess.run(["gcc", standard, "-Wall", "-Werror", str(source), "-o",
                            str(self.folder / "client"), "-xnone", *flags], check=True)
            got = subprocess.run([str(self.folder / "client"), "5"], capture_output=True,
                                 text=True)
            self.assertEqual((got.returncode, got.stdout), (0, "2 ranges\n"))

    def test_python_client(self):
        """That of libxen-memmap(3) as well, by ctypes."""
        client = str(self.file("client.py", example("libxen-memmap.3", "import ctypes")))
        got = subprocess.run([sys.executable, client, "5"], capture_output=True, text=True)
        self.assertEqual((got.stdout, got.returncode),
                         ("0x0 0xa0 1\n0xc0 0x1ff40 1\n", 0))
        got = subprocess.run([sys.executable, client, "6"], capture_output=True, text=True)
        self.assertIn("No such process there is no domain 6", got.stdout)


if __name__ == "__main__":
    unittest.main()
