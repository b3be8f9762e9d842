#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tests/unit/mutate: it sees what tests do not, and is not fooled by its own list.

A tool that says "all found" is believed.  So it must say otherwise when a mistake
survives, when one is none (it does not build, or says that it is equivalent and is
not), when the list no longer fits the sources, and when the tests were red anyway.
"""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEAD = ('#! sources: src/*.sh\n#! build: sh -n src/a.sh\n'
        '#! test: test "$(sh src/a.sh)" = 3\n')


class Mutate(unittest.TestCase):

    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.addCleanup(self.dir.cleanup)
        self.root = pathlib.Path(self.dir.name)
        (self.root / 'tests/unit').mkdir(parents=True)
        shutil.copy(ROOT / 'tests/unit/mutate', self.root / 'tests/unit')
        self.put('src/a.sh', 'x=1\ny=2\n: $x\necho $((x + y))\n')
        subprocess.run(['git', 'init', '-q', self.root], check=True)

    def put(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def mutate(self, lines, *args, head=HEAD):
        """Exit status and what was said of a list of @lines."""
        self.put('tests/list', head + lines)
        done = subprocess.run(
            [self.root / 'tests/unit/mutate', '--list', self.root / 'tests/list',
             *args, self.root / 'out'], text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(os.environ, PYTHONDONTWRITEBYTECODE='1'))
        self.assertNotIn('Traceback', done.stdout)
        self.assertEqual((self.root / 'src/a.sh').read_text(),
                         'x=1\ny=2\n: $x\necho $((x + y))\n')
        return done.returncode, done.stdout

    def test_found(self):
        status, said = self.mutate('src/a.sh | x=1 | x=2\nsrc/a.sh | 2: x | y\n'
                                   'src/a.sh | 3: x | y\nsrc/a.sh | x + y | x \\| y \n'
                                   'src/a.sh | x=1\\ny=2 | x=2\\ny=2\n'
                                   'src/a.sh | x=1 | x=2 | y=2 | y=2;z=1\n')
        self.assertEqual(status, 1)     # the second x, and 1 | 2, are none
        self.assertIn('SURVIVED  tests/list:5:', said)
        self.assertIn('SURVIVED  tests/list:7:', said)
        self.assertIn('\n4 mistakes found, 2 survived\n', said)

    def test_all_found(self):
        status, said = self.mutate('src/a.sh | x=1 | x=2\nsrc/a.sh | y=2 | y=1\n')
        self.assertEqual(status, 0)
        self.assertTrue(said.endswith('\n2 mistakes found, 0 survived\n'))

    def test_of_another_list(self):
        """Each once, in the sources that are asked for, with the file's own test."""
        self.put('src/b.sh', 'z=1\n')
        self.put('tests/other', HEAD.replace('*', '?')
                 + 'src/a.sh | x=1 | x=2\nsrc/a.sh | y=2 | y=1\nsrc/b.sh | z=1 | z=2\n')
        head = ('#! sources: src/a.sh\n#! of: tests/other\n'
                '#! test: test "{file}" != src/a.sh || test "$(sh {file})" = 3\n')
        status, said = self.mutate('src/a.sh | x=1 | x=2\n', head=head)
        self.assertEqual(status, 0)
        self.assertTrue(said.endswith('\n2 mistakes found, 0 survived\n'), said)
        status, said = self.mutate('', '--fit', head=head.replace('a.sh\n', 'b.sh\n', 1))
        self.assertEqual((status, said), (0, '1 mistakes fit\n'))

    def test_hang(self):
        status, said = self.mutate('src/a.sh | x=1 | sleep 99 & wait\n', '--verbose',
                                   head=HEAD + '#! timeout: 3\n')
        self.assertEqual(status, 0)
        self.assertIn('hangs', said)

    def test_nothing_is_left_behind(self):
        """As by Check, which puts each of its tests in a process group of its own."""
        left = self.root / 'left'
        self.put('test.py', 'import os, sys, time\n'
                 'if os.fork():\n'
                 f'    while not os.path.exists("{left}"):\n'
                 '        time.sleep(.01)\n'
                 '    sys.exit("x=2" in open("src/a.sh").read())\n'
                 'os.setpgid(0, 0)\n'
                 f'open("{left}.new", "w").write(str(os.getpid()))\n'
                 f'os.rename("{left}.new", "{left}")\n'
                 'time.sleep(900)\n')
        status, _ = self.mutate('src/a.sh | x=1 | x=2\n', head='#! sources: src/*.sh\n'
                                '#! build: true\n#! test: python3 test.py\n')
        self.assertEqual(status, 0)
        stat = pathlib.Path(f'/proc/{left.read_text()}/stat')
        # Killed, but whose it is by now may not have taken notice.
        self.assertTrue(not stat.exists() or ') Z ' in stat.read_text())

    def test_no_mistake(self):
        status, said = self.mutate('src/a.sh | x=1 | x=1 #\nsrc/a.sh | x=1 | x=2\n')
        self.assertEqual(status, 1)
        self.assertIn('SURVIVED  tests/list:4:', said)

    def test_does_not_build(self):
        status, said = self.mutate('src/a.sh | x=1 | if\n')
        self.assertEqual(status, 2)
        self.assertIn('DOES NOT BUILD tests/list:4', said)

    def test_equivalent(self):
        status, said = self.mutate('src/a.sh | x=1 | x=1; | equivalent: why\n'
                                   'src/a.sh | x=1 | x=2\n')
        self.assertEqual(status, 0)
        self.assertIn('1 mistakes found, 0 survived, 1 equivalent\n', said)
        status, said = self.mutate('src/a.sh | x=1 | x=2 | equivalent: no\n')
        self.assertEqual(status, 2)
        self.assertIn('NOT EQUIVALENT tests/list:4', said)

    def test_second_test_finds_it(self):
        status, _ = self.mutate('src/a.sh | x=1 | x=2\n',
                                head='#! test: true\n#! test: sh src/a.sh | grep 3\n')
        self.assertEqual(status, 0)

    def test_lists_that_do_not_fit(self):
        self.put('other/b.sh', ':\n')
        for lines, head, text in (
                ('src/a.sh | z=1 | z=2\n', HEAD, 'tests/list:4: src/a.sh has no "z=1"'),
                ('src/a.sh | 9: x | y\n', HEAD, 'has no'),
                ('src/no.sh | x | y\n', HEAD, 'there is no src/no.sh'),
                ('src/a.sh | x\n', HEAD, 'not FILE'),
                ('src/a.sh | x=1 | x=1\n', HEAD, 'changes nothing'),
                ('src/a.sh |  | x\n', HEAD, 'changes nothing'),
                ('other/b.sh | : | true\nsrc/a.sh | x | y\n', HEAD, 'not among'),
                ('src/a.sh | x | y\n', HEAD.replace('src/*', '*/*'), 'no mistake in'),
                ('src/a.sh | x | y\n', HEAD.replace('src/*', 'no/*'), 'nothing match'),
                ('src/a.sh | x | y\n', '', 'no line #! test'),
                ('src/a.sh | x | y\n', HEAD + '#! tests: x\n', 'not understood'),
                ('src/a.sh | x=1 | x=2\n', HEAD.replace('= 3', '= 4'),
                 'red without any mistake'),
                ('src/a.sh | x=1 | x=2\n', HEAD.replace('sh -n', 'false'),
                 'red without any mistake'),
                ('', HEAD, 'no mistake in src/a.sh'),
                ('', '#! test: true\n', 'no mistake was tried')):
            status, said = self.mutate(lines, head=head)
            self.assertEqual(status, 2, said)
            self.assertIn(text, said)

    def test_fit(self):
        """Nothing is run, and all that does not fit is said, of every list."""
        self.put('tests/first', '#! test: false\nsrc/a.sh | u | v\nsrc/a.sh | v | u\n')
        status, said = self.mutate('src/a.sh | x=1 | x=2\n', '--fit')
        self.assertEqual((status, said), (0, '1 mistakes fit\n'))
        status, said = self.mutate('src/a.sh | w | u\n', '--fit', '--list',
                                   self.root / 'tests/first')
        self.assertEqual((status, said.count('has no')), (2, 3))
        self.assertFalse((self.root / 'out').exists())

    def test_two_lists(self):
        self.put('tests/first', HEAD + 'src/a.sh | x=1 | x=01\n')
        status, said = self.mutate('src/a.sh | x=1 | x=2\n', '--list',
                                   self.root / 'tests/first')
        self.assertEqual(status, 1)
        self.assertIn('tests/list: 1 mistakes found', said)
        self.assertIn('SURVIVED  tests/first:4', said)


if __name__ == '__main__':
    unittest.main()
