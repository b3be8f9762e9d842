"""scripts/check: one closing line for all, in time, whoever fails."""

import os
import shutil
import subprocess
import tempfile
import time
import unittest

from tests.common import LAB

CHECK = os.path.join(LAB, "../../scripts/check")
LABS = {
    "good": "echo a check; echo 5 passed, 0 failed",
    "bad": "echo 5 passed, 1 failed; exit 1",
    "lost": "echo half a line; exit 2",
    # As the lab does when it is told to end.
    "long": "sleep 900 & trap 'kill $!; echo 2 passed, 3 failed; exit 2' TERM; >ready; wait",
}
# What is looked at may take long to be so, on a machine that has other work.
PARTS = """\
good:
	@echo '== good'
bad:
	@echo why; exit 1
bad-later:
	@until [ -e ready ]; do sleep 0.1; done
	@echo why; exit 1
long:
	sleep 900
nice:
	@n=600; until [ $$n = 0 ] || grep -q ' nice 5$$' /proc/self/autogroup; do \
		sleep 0.1; n=$$((n - 1)); done
	@echo "== $$(nice), $$(cat /proc/self/autogroup)"
"""


class Check(unittest.TestCase):
    def run_it(self, beside, lab, **environment):
        """(the lines it printed, its exit status), of a clone with little in it."""
        with tempfile.TemporaryDirectory() as top:
            os.mkdir(os.path.join(top, "scripts"))
            script = os.path.join(top, "scripts/check")
            with open(CHECK) as source, open(script, "w") as target:
                target.write(source.read())
            with open(os.path.join(top, "Makefile"), "w") as stream:
                stream.write(PARTS)
            began = time.monotonic()
            done = subprocess.run(
                ["python3", script, "--beside", beside, "--", "sh", "-c",
                 LABS[lab], "lab"], capture_output=True, text=True, check=False,
                env={**os.environ, "MAKEFLAGS": "", **environment})
            self.assertLess(time.monotonic() - began, 600)
        self.assertEqual(done.stderr, "")
        return done.stdout.splitlines(), done.returncode

    def test_both_count_and_the_last_line_is_one(self):
        for beside, lab, closing, status in (
                ("good", "good", "6 passed, 0 failed", 0),
                ("good", "bad", "6 passed, 1 failed", 1),
                ("bad", "bad", "5 passed, 2 failed", 1),
                ("good", "lost", "1 passed, 1 failed", 1),
                ("bad", "lost", "0 passed, 2 failed", 1)):
            lines, code = self.run_it(beside, lab)
            self.assertEqual((lines[-1], code), (closing, status))
            self.assertEqual(sum(" passed, " in line for line in lines), 1)

    def test_what_fails_beside_is_printed_and_ends_the_lab(self):
        lines, code = self.run_it("bad-later", "long")
        self.assertIn("why", lines)
        self.assertEqual((lines[-1], code), ("2 passed, 4 failed", 1))

    def test_in_time(self):
        lines, code = self.run_it("long", "good", CHECK_UNTIL="1")
        self.assertIn("make long: not done when the time was up (1 s)", lines)
        self.assertEqual((lines[-1], code), ("5 passed, 1 failed", 1))

    @unittest.skipUnless(os.path.exists("/proc/self/autogroup"), "no groups")
    def test_what_is_beside_stands_back_as_a_session_too(self):
        lines, _ = self.run_it("nice", "good")
        self.assertRegex("\n".join(lines), r"(?m)^== [1-9]\d*, /autogroup-\d+ nice 5$")

    def test_the_lab_is_told_how_long_it_may_take(self):
        LABS["told"] = 'echo "$@"'
        lines, _ = self.run_it("good", "told",
                               CHECK_UNTIL=str(int(time.time()) + 3660))
        self.assertRegex("\n".join(lines), r"(?m)^--seconds (3600|3[0-5]\d\d)$")


class Ci(unittest.TestCase):
    def run_it(self, make):
        """(what .ci/run prints, its exit status), MAKE being what `make` does."""
        with tempfile.TemporaryDirectory() as top:
            os.mkdir(os.path.join(top, ".ci"))
            shutil.copy(os.path.join(LAB, "../../.ci/run"), os.path.join(top, ".ci"))
            with open(os.path.join(top, "make"), "w") as stream:
                stream.write("#!/bin/sh\n" + make)
            os.chmod(os.path.join(top, "make"), 0o755)
            done = subprocess.run(
                ["sh", os.path.join(top, ".ci/run")], capture_output=True, text=True,
                check=False, env={**os.environ, "PATH": top + ":" + os.environ["PATH"]})
        return done.stdout.splitlines(), done.returncode

    def test_it_ends_before_ci_does(self):
        lines, code = self.run_it('echo "$@ $(($CHECK_UNTIL - $(date +%s)))"\n'
                                  'echo 3 passed, 0 failed\n')
        self.assertRegex(lines[0], r"^check (5100|50\d\d)$")
        self.assertEqual((lines[1:], code), (["3 passed, 0 failed"], 0))

    def test_there_is_a_closing_line_whatever_happens(self):
        for make, lines, code in (
                ("exit 2", ["0 passed, 1 failed"], 2),
                ("echo 3 passed, 1 failed; exit 2", ["3 passed, 1 failed"], 2),
                ("echo no compiler; kill -9 $$",
                 ["no compiler", "0 passed, 1 failed"], 137)):
            self.assertEqual(self.run_it(make), (lines, code))


if __name__ == "__main__":
    unittest.main()
