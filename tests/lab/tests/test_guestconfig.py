"""A scenario becomes an xl.cfg."""

import unittest

from tests.common import JUDGED, scenario_of

from lablib import guestconfig

DEVICE = '[[passthrough]]\ndevice = "00:04.0"\n'


def config(old="", new="", stack="stock", cpus=1, count=False):
    assert old in JUDGED
    return guestconfig.config(scenario_of(JUDGED.replace(old, new)), stack, cpus,
                              count)


class Config(unittest.TestCase):
    def test_what_the_guest_is_told(self):
        text = config()
        self.assertIn("-- e820:total=2048M,less=16M nvme\"", text)
        self.assertNotIn("hpet=", text)
        self.assertIn(" hpet=disable highres=off nohz=off -- e820:",
                      config("memory = 2048", "memory = 2048\nvcpus = 2"))

    def test_the_small_kernel_leaves_ram_alone(self):
        text = config()
        self.assertIn('kernel="/lab/guest/kernel.small"', text)
        self.assertIn('ramdisk="/lab/guest/initrd.small"', text)
        self.assertIn(" memmap=0x3ffff8000000%0x8000000-1+2 memtest=1 ", text)
        self.assertNotIn("xen_nopv", text)

    def test_debians_has_all_of_it(self):
        text = config("memory = 2048", 'memory = 2048\nkernel = "debian"', "ours")
        self.assertIn('kernel="/lab/guest/kernel.debian"', text)
        self.assertIn('ramdisk="/lab/guest/initrd.debian"', text)
        self.assertIn(" xen_nopv ", text)
        self.assertNotIn("memmap=", text)

    def test_a_disk_known_to_be_dead_is_not_waited_for(self):
        for kernel in ("debian", "small"):
            text = config("memory = 2048", f'memory = 2048\nkernel = "{kernel}"', "stock")
            self.assertIn(" nvme_core.admin_timeout=5 nvme_core.io_timeout=5 -- e820",
                          text)
            # A disk that is to work may be slow.
            text = config("memory = 2048", f'memory = 2048\nkernel = "{kernel}"', "ours")
            self.assertNotIn("nvme_core", text)

    def test_a_disk_that_can_be_migrated(self):
        text = config("memory = 2048", 'memory = 2048\nkernel = "debian"\ndisk = "ahci"')
        self.assertIn('"ide-hd,bus=ahci0.0,drive=n0,serial=disk0"', text)
        self.assertNotIn('"nvme,', text)
        self.assertIn('ramdisk="/lab/guest/initrd.ahci"', text)
        text = config("memory = 2048", 'memory = 2048\nkernel = "debian"')
        self.assertIn('"nvme,drive=n0,serial=disk0"', text)
        self.assertIn('ramdisk="/lab/guest/initrd.debian"', text)

    def test_lines_of_one_stack(self):
        old = "allow-memory-relocate = 1"
        new = old + "\nxl = ['a=1']"
        self.assertTrue(config(old, new).endswith("\na=1\n"))
        self.assertNotIn("a=1", config(old, new, stack="ours"))

    def test_the_stack(self):
        text = config(stack="ours")
        self.assertIn('firmware_override="/run/lab/stacks/ours/hvmloader"', text)
        self.assertIn('device_model_override="/run/lab/stacks/ours/qemu"', text)

    def test_of_packages_dom0_says_where_they_are(self):
        text = config(stack="packaged")
        self.assertNotIn("firmware_override", text)
        self.assertNotIn("device_model_override", text)
        self.assertIn('device_model_version="qemu-xen"', text)

    def test_a_stub_domain(self):
        text = config("memory = 2048", "memory = 2048\nstubdom = true")
        self.assertIn("\ndevice_model_stubdomain_override=1\n", text)
        self.assertIn('\nstubdomain_ramdisk="/run/lab/guest/stubdom"\n', text)
        # The same file: a disk of the stub domain, which the guest's NVMe has.
        self.assertIn("vdev=xvde,", text)
        self.assertIn(",target=/run/lab/guest/disk", text)
        self.assertIn('"file=/dev/xvde,if=none,', text)
        self.assertNotIn("xvde", config())
        self.assertNotIn("stubdom", config())

    def test_the_device_models_own_options(self):
        text = config("[stack.stock]", '[stack.stock]\nqemu = ["-device", "x"]')
        self.assertIn('"-device","x"]', text)
        self.assertNotIn('"x"', config("[stack.stock]", '[stack.stock]\nqemu = ["x"]',
                                       stack="ours"))

    def test_processors(self):
        self.assertIn('cpus="1-1"', config(cpus=2))
        self.assertNotIn("cpus=\"", config().replace("vcpus=", ""))

    def test_devices_passed_through(self):
        text = config("[checks]", DEVICE + 'rdm_policy = "strict"\n'
                      'options = "seize=1"\n[checks]')
        self.assertIn('pci=["00:04.0,rdm_policy=strict,seize=1"]', text)
        self.assertNotIn("passthrough=", text)
        text = config("[checks]", DEVICE + "hotplug = true\n[checks]")
        self.assertNotIn("pci=", text)
        self.assertIn('passthrough="enabled"', text)

    def test_a_stub_domain_writes_to_devices_as_it_likes(self):
        text = config("[checks]", DEVICE + "[checks]")
        self.assertIn('pci=["00:04.0"]', text)
        text = config("memory = 2048", "memory = 2048\nstubdom = true\n"
                      + DEVICE + 'rdm_policy = "strict"')
        self.assertIn('pci=["00:04.0,permissive=1,rdm_policy=strict"]', text)

    def test_a_guest_that_reboots_or_has_uefi(self):
        self.assertIn('on_reboot="preserve"', config())
        self.assertNotIn("OVMF", config())
        self.assertIn('on_reboot="restart"',
                      config("nvme = {}", "nvme = {}\nreboot = {}"))
        self.assertIn('bios_path_override="/lab/guest/OVMF.fd"', config(
            "memory = 2048", 'memory = 2048\nfirmware = "ovmf"'))

    def test_only_who_counts_traces(self):
        for count in (False, True):
            self.assertEqual("handle_ioreq" in config(count=count), count)


if __name__ == "__main__":
    unittest.main()
