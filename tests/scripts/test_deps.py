#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""scripts/deps: packages are there afterwards, or somebody is told which are not.

Run with a PATH of its own, in which dpkg-query knows some packages, apt-get writes
down what it was asked for, and id says who we are.
"""
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DPKG = '''#!/bin/sh
for last; do :; done
case $last in
have*) printf 'installed 1:14.0-5' ;; half) printf 'half-configured 1:14.0-5' ;;
*) exit 1 ;;
esac
'''
CACHE = '''#!/bin/sh
for last; do :; done
case $last in
later*) [ -e "$LOG.new" ] || exit 100 ;;
known*) ;;
*) exit 100 ;;
esac
echo "Package: $last"
echo "Version: 1:19.0-63"
'''
APT = '''#!/bin/sh
echo "$*" >>"$LOG"
case " $FAIL " in *" $1 "*) echo "no $1"; exit 100 ;; esac
[ "$1" = install ] && [ -n "$OLD" ] && [ ! -e "$LOG.new" ] && exit 100
[ "$1" = update ] && : >"$LOG.new"
exit 0
'''


class Deps(unittest.TestCase):

    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.addCleanup(self.dir.cleanup)
        self.path = pathlib.Path(self.dir.name)
        self.log = self.path / 'log'
        self.tool('dpkg-query', DPKG)
        self.tool('apt-get', APT)
        self.tool('apt-cache', CACHE)
        self.tool('id', '#!/bin/sh\necho $WHO\n')

    def tool(self, name, text):
        (self.path / name).write_text(text)
        (self.path / name).chmod(0o755)

    def deps(self, *packages, who=0, fail='', old=''):
        """Exit status, what was said, what apt-get was asked for."""
        done = subprocess.run(
            [ROOT / 'scripts' / 'deps', *packages], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={'PATH': f'{self.path}:/usr/bin:/bin', 'LOG': str(self.log),
                 'WHO': str(who), 'FAIL': fail, 'OLD': old,
                 'TMPDIR': str(self.path)})
        asked = self.log.read_text().splitlines() if self.log.exists() else []
        return done.returncode, done.stdout, asked

    def test_all_there(self):
        for who in (0, 1000):
            self.assertEqual(self.deps('have1', 'have2', who=who), (0, '', []))
        self.assertEqual(self.deps(), (0, '', []))

    def test_root_installs_what_is_missing(self):
        status, said, asked = self.deps('have1', 'a', 'have2', 'half')
        self.assertEqual((status, said), (0, 'installing a half\n'))
        self.assertEqual(asked, ['install -y -q --no-install-recommends a half'])
        self.assertEqual(sorted(p.name for p in self.path.iterdir()),
                         ['apt-cache', 'apt-get', 'dpkg-query', 'id', 'log'])

    def test_one_of_several(self):
        self.assertEqual(self.deps('a|have1'), (0, '', []))
        self.assertEqual(self.deps('a|known1|known2', 'have2')[1], 'installing known1\n')
        self.assertEqual(self.deps('a|b')[1], 'installing a\n')

    def test_one_that_is_new_enough(self):
        """What the image of a machine brings may be too old: bookworm's clang-format."""
        self.assertEqual(self.deps('a|have1>=1:14'), (0, '', []))
        self.assertEqual(self.deps('a|have1>=1:15|known1')[1], 'installing known1\n')
        self.assertEqual(self.deps('have1>=1:15|known1>=1:20|known2>=1:19')[1],
                         'installing known2\n')
        self.assertEqual(self.deps('have1>=1:15')[1], 'installing have1\n')
        self.assertEqual(self.deps('half>=1:14')[1], 'installing half\n')

    def test_one_of_several_without_lists(self):
        status, said, asked = self.deps('a|later1|later2')
        self.assertEqual((status, said, [a.split()[0] for a in asked]),
                         (0, 'installing later1\n', ['update', 'install']))
        self.log.unlink()
        (self.path / 'log.new').unlink()
        status, said, asked = self.deps('a|later1', who=1000)
        self.assertEqual((status, asked), (2, []))
        self.assertIn(' a\n', said)

    def test_old_lists(self):
        status, _, asked = self.deps('a', old='yes')
        self.assertEqual((status, [a.split()[0] for a in asked]),
                         (0, ['install', 'update', 'install']))

    def test_failure_is_told(self):
        for fail, calls in (('install', 3), ('install update', 2)):
            self.log.unlink(missing_ok=True)
            status, said, asked = self.deps('a', fail=fail)
            self.assertEqual((status, len(asked)), (2, calls))
            self.assertIn(f'no {fail.split()[-1]}', said)

    def test_others_are_told_the_command(self):
        status, said, asked = self.deps('have1', 'a', 'b', who=1000)
        self.assertEqual((status, asked), (2, []))
        self.assertIn('sudo apt-get install -y --no-install-recommends a b\n', said)


if __name__ == '__main__':
    unittest.main()
