"""How the lab talks to the emulated host, and knows that it is there."""

import os
import tempfile
import threading
import unittest
from types import SimpleNamespace
from unittest import mock

import tests.common     # noqa: finds lablib  pylint: disable=unused-import
from lablib import host, superpages
from lablib.endings import HostCrash, Lost, Silent
from lablib.ui import LabError


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        self.enterContext(mock.patch("lablib.host.progress"))
        self.host = host.Host.__new__(host.Host)
        self.host.who, self.host.limit, self.host.jobs = "h", 60, 0
        self.host.qmp = mock.Mock()
        self.host.folder = self.folder
        self.host.share = os.path.join(self.folder, "share")
        self.host.xen_log = os.path.join(self.folder, "xen.log")
        self.host.qemu_log = os.path.join(self.folder, "qemu.log")
        self.host.console = host.Follower(self.host.xen_log)
        self.host._panics = host.Follower(self.host.xen_log)
        self.host.process = SimpleNamespace(poll=lambda: None, returncode=3)

    def say(self, text):
        with open(self.host.xen_log, "a") as stream:
            stream.write(text)


class Files(Case):
    def test_what_a_symbolic_link_leads_to_is_put_there(self):
        real = os.path.join(self.folder, "libz.so.1.2")
        with open(real, "w") as stream:
            stream.write("code")
        link = os.path.join(self.folder, "libz.so.1")
        os.symlink("libz.so.1.2", link)
        self.host.put(link, "stacks/debian/libz.so.1")
        with open(os.path.join(self.host.share, "stacks/debian/libz.so.1")) as stream:
            self.assertEqual(stream.read(), "code")


class Silences(Case):
    def test_the_host_gets_an_interrupt_now_and_then(self):
        with mock.patch("lablib.host.time.monotonic") as now:
            for second in range(100, 161):
                now.return_value = second
                self.host.check_silence("kernel", 100)
            self.assertEqual(self.host.qmp.execute.call_count, 10)
            now.return_value = 161
            self.host.qmp.execute.side_effect = LabError("gone")
            with self.assertRaises(Silent):
                self.host.check_silence("kernel", 100)

    def test_some_may_say_nothing_for_longer(self):
        with mock.patch("lablib.host.time.monotonic") as now:
            for limit, last in ((600, 600), (30, 60)):
                now.return_value = 100 + last
                self.host.check_silence("kernel", 100, limit)
                now.return_value += 1
                with self.assertRaisesRegex(Silent, f"for {last} s"):
                    self.host.check_silence("kernel", 100, limit)

    def test_a_host_that_ended(self):
        self.host.check_alive("x")
        self.host.process.poll = lambda: 3
        with self.assertRaisesRegex(Lost, r"the emulated host ended \(exit 3\)"):
            self.host.check_alive("x")


    def test_a_host_that_panicked_whatever_it_is_waited_for(self):
        self.say("(d1) (XEN) Panic on CPU 0:\n(XEN) fine\n")
        self.host.check_alive("x")
        self.say("(XEN) Panic on CPU 0:\n")
        # Xen reboots then, which ends the emulator.
        self.host.process.poll = lambda: 0
        with self.assertRaisesRegex(HostCrash, "x: Panic on CPU 0"):
            self.host.check_alive("x")

    def test_what_it_has_taken_of_the_processors(self):
        self.host.process.pid = os.getpid()
        taken = os.times()
        self.assertAlmostEqual(self.host.seconds(), taken.user + taken.system, delta=0.1)
        self.host.process.pid = 0
        self.assertEqual(self.host.seconds(), 0)

    def test_that_in_the_kernel_and_that_outside(self):
        self.host.process.pid = 7
        stat = "7 (ld (x) y) S " + " ".join(map(str, range(4, 53)))
        tick = os.sysconf("SC_CLK_TCK")
        with mock.patch("builtins.open", mock.mock_open(read_data=stat)):
            self.assertEqual(self.host.seconds(), (14 + 15) / tick)


class Starts(Case):
    def test_dom0_that_is_up(self):
        self.say("*** Serial input to DOM0\nlab: dom0 kernel is up\nlab: dom0 is up\n")
        self.host._wait_up()

    def test_dom0_that_failed(self):
        self.say("lab: dom0 kernel is up\nlab: dom0 failed: no xenstored\n")
        with self.assertRaisesRegex(Lost, "dom0 failed: no xenstored"):
            self.host._wait_up()

    def test_a_host_that_says_nothing_more(self):
        self.host.limit = 0.3
        self.say("(XEN) Xen is relinquishing VGA\n")
        with self.assertRaisesRegex(Silent, "^dom0's kernel: "):
            self.host._wait_up()

    def test_where_it_was_then_is_kept(self):
        self.host._wait_up = mock.Mock(side_effect=Silent("dom0's kernel", "nothing"))
        self.host.command = mock.Mock(return_value=["true"])
        self.host.parts, self.host.memory, self.host.cpus = {"root": "/"}, 1, 1
        for answer, text in ((["registers\n", "lapic\n", "pic\n"], "registers\nlapic\npic\n"),
                             (LabError("h: gone"), "h: gone\n")):
            self.host.qmp.execute.side_effect = answer
            with self.assertRaises(Silent):
                self.host.start()
            with open(os.path.join(self.folder, "silent.txt")) as stream:
                self.assertEqual(stream.read(), text)


class Jobs(Case):
    def test_what_dom0_answers(self):
        def answer():
            for name, text in (("1.out", "said\n"), ("1.rc", "5\n")):
                self.host.write("jobs/" + name, text)
        late = threading.Timer(0.2, answer)
        late.start()
        self.assertEqual(self.host.job("exec it\n", "x"), (5, "said\n"))
        late.join()
        with open(os.path.join(self.host.share, "jobs/1")) as stream:
            self.assertEqual(stream.read(), "exec it\n")

    def test_dom0_is_woken_for_each(self):
        path = os.path.join(self.folder, "bell.in")
        os.mkfifo(path)
        bell = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        for _ in range(2):
            with self.assertRaises(Silent):
                self.host.job("", "x", 0.01)
        self.assertEqual(os.read(bell, 100), b"1\n2\n")
        os.close(bell)
        # Nobody listens: the emulator has ended, and that is what shall be said.
        with self.assertRaises(Silent):
            self.host.job("", "x", 0.01)

    def test_no_answer_is_silence(self):
        self.host.limit = 0.2
        with self.assertRaisesRegex(Silent, "nothing was heard for"):
            self.host.job("", "x")

    def test_what_goes_on_talking_is_not_silent_and_has_its_time(self):
        """In its output, or in the file that has it."""
        now = 0
        self.host.limit = 60

        def sleep(_seconds):
            nonlocal now
            now += 1
            if now <= 300 and now % 50 == 0:
                self.host.write(name, now * "line\n")
        with mock.patch("lablib.host.time.monotonic", side_effect=lambda: now), \
                mock.patch("lablib.host.time.sleep", sleep):
            for log in (None, "guests/a/after.txt"):
                now = 0
                name = log or f"jobs/{self.host.jobs + 1}.out"
                with self.assertRaisesRegex(Silent, "nothing was heard for 60 s"):
                    self.host.job("", "x", log=log)
                self.assertEqual(now, 361)
            now = 0
            with self.assertRaisesRegex(Silent, "it was not done after 200 s"):
                self.host.job("", "x", 200, log)

    def test_what_a_debug_key_prints(self):
        """Only what comes after it, and all of it, however late."""
        def job(script, _stage):
            asked.append(script)
            self.say("first\r\nha")
            late.start()
        asked = []
        late = threading.Timer(0.2, self.say, ["lf\n" + 38 * "*" + "\n"])
        self.host.job, self.host.check_alive = job, lambda _: None
        self.say(38 * "*" + "\n")
        self.assertEqual(self.host.debug_keys("ov", superpages.END),
                         ["first", "half", 38 * "*"])
        self.assertEqual(asked, ["exec xl debug-keys ov\n"])


if __name__ == "__main__":
    unittest.main()
