#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""scripts/mkseries: what it writes is what `git am` takes, all of it or nothing.

The patches are all that anybody else gets of this project.  What could go wrong: a
patch that does not apply, a file that differs from its source by a byte, a patch or a
source left out in silence, a folder that holds half of a new series and half of an
old one after something failed.
"""
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TREE = {'tools/main.c': 'one\ntwo\nthree\n', 'tools/Makefile': 'OBJS += main.o\n'}
HOOK = '''\
diff --git a/tools/main.c b/tools/main.c
--- a/tools/main.c
+++ b/tools/main.c
@@ -1,3 +1,4 @@
 one
 two
+hook
 three
'''
# What a diff must carry unharmed: no ASCII, form feeds, tabs, trailing space.
SOURCE = 'int x;\n\f\n\tint y; /* naïve */ \n\x85\n+-- \n\nend\n'


class Series(unittest.TestCase):
    """A repository with a copy of mkseries, and a tree for its series."""

    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.addCleanup(self.dir.cleanup)
        self.root = pathlib.Path(self.dir.name)
        self.series = self.root / 'series'
        self.out = self.root / 'build' / 'series' / 'made'
        self.env = dict(os.environ, GIT_CEILING_DIRECTORIES=str(self.root),
                        GIT_CONFIG_GLOBAL='/dev/null', GIT_CONFIG_SYSTEM='/dev/null',
                        HOME=str(self.root), PYTHONDONTWRITEBYTECODE='1')
        (self.root / 'scripts').mkdir()
        shutil.copy(ROOT / 'scripts' / 'mkseries', self.root / 'scripts')
        self.put('src/new.c', SOURCE)
        self.put('series/01-file.patch',
                 'Subject: add a file\nAdd: src/new.c tools/memmap/new.c\n\n'
                 'Why it is there.\n\nIn two paragraphs.\n---\n')
        self.put('series/02-hooks.patch',
                 f'Subject: call it\n\nWhy it is called.\n---\n{HOOK}')

    def put(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding='utf-8')

    def run_it(self, *args, **kwargs):
        return subprocess.run(
            [self.root / 'scripts' / 'mkseries', *(args or (self.series, self.out))],
            cwd=self.root, text=True, capture_output=True, env=self.env, **kwargs)

    def made(self):
        """What is in the folder that was written to."""
        return {p.name: p.read_bytes() for p in self.out.iterdir()}

    def assert_refused(self, text, **kwargs):
        """It says @text and leaves everything as it was, nothing lying around."""
        before = self.made()
        around = sorted(os.listdir(self.out.parent))
        done = self.run_it(**kwargs)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertRegex(done.stderr, rf'^mkseries: .*{text}')
        self.assertNotIn('Traceback', done.stderr)
        self.assertEqual(self.made(), before)
        self.assertEqual(sorted(os.listdir(self.out.parent)), around)

    def git(self, *args):
        return subprocess.run(
            ['git', '-c', 'user.name=n', '-c', 'user.email=n@example', *args],
            cwd=self.root / 'tree', text=True, env=self.env, check=True,
            capture_output=True).stdout

    def upstream(self):
        """The tree that the series is for, as a git repository."""
        for name, text in TREE.items():
            self.put(f'tree/{name}', text)
        self.git('init', '-q')
        self.git('add', '.')
        self.git('commit', '-qm', 'upstream')


class Applies(Series):
    """The sunny path."""

    def test_git_am(self):
        done = self.run_it()
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        names = [str(self.out / n) for n in ('0001-file.patch', '0002-hooks.patch')]
        self.assertEqual(done.stdout.splitlines(), names)
        self.assertEqual(sorted(self.made()), [os.path.basename(n) for n in names])

        self.upstream()
        self.git('am', '-q', *names)
        self.assertEqual(self.git('status', '--porcelain'), '')
        self.assertEqual(
            (self.root / 'tree/tools/memmap/new.c').read_bytes(), SOURCE.encode())
        self.assertEqual((self.root / 'tree/tools/main.c').read_text(),
                         'one\ntwo\nhook\nthree\n')
        self.assertEqual(self.git('log', '--reverse', '--format=%s').splitlines(),
                         ['upstream', 'add a file', 'call it'])
        body = self.git('log', '-1', '--format=%b', 'HEAD~1')
        self.assertEqual(body.strip(), 'Why it is there.\n\nIn two paragraphs.')

    def test_nobody_has_signed_it(self):
        self.run_it()
        for text in self.made().values():
            self.assertIn(b'\nFrom: nobody yet <nobody@xen-memmap.invalid>\n', text)
            self.assertNotIn(b'Signed-off-by', text)

    def test_but_who_says_so(self):
        done = self.run_it(self.series, self.out, '--author', 'A B <a@b.example>',
                           '--signoff', 'C D <c@d.example>')
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        self.upstream()
        self.git('am', '-q', *done.stdout.splitlines())
        self.assertEqual(self.git('log', '-1', '--format=%an <%ae>').strip(),
                         'A B <a@b.example>')
        self.assertTrue(self.git('log', '-1', '--format=%B').strip().endswith(
            '\n\nSigned-off-by: C D <c@d.example>'))

    def test_who_has_no_address_is_nobody(self):
        for option in '--author', '--signoff':
            done = self.run_it(self.series, self.out, option, 'somebody')
            self.assertEqual(done.returncode, 2)
            self.assertIn('is not "Name <mail@host>"', done.stderr)

    def test_again_is_the_same(self):
        self.run_it()
        first = self.made()
        self.assertEqual(self.run_it().returncode, 0)
        self.assertEqual(self.made(), first)

    def test_what_is_no_more_goes(self):
        self.run_it()
        (self.out / '0003-old.patch').write_text('old')
        self.assertEqual(self.run_it().returncode, 0)
        self.assertNotIn('0003-old.patch', self.made())


class Versions(Series):
    """What versions share is in `common`, what differs in a folder of their own."""

    def setUp(self):
        super().setUp()
        self.series.rename(self.root / 'common')
        self.put('series/02-hooks.diff', """\
diff --git a/tools/Makefile b/tools/Makefile
--- a/tools/Makefile
+++ b/tools/Makefile
@@ -1 +1,2 @@
 OBJS += main.o
+OBJS += new.o
""")

    def applied(self):
        done = self.run_it()
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        self.upstream()
        self.git('am', '-q', *done.stdout.splitlines())
        return {name: (self.root / 'tree' / name).read_text()
                for name in ('tools/main.c', 'tools/Makefile', 'tools/memmap/new.c')}

    def refused(self, text):
        done = self.run_it()
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertRegex(done.stderr, rf'^mkseries: .*{text}')
        self.assertFalse(self.out.exists())

    def test_a_diff_is_added_to_the_patch(self):
        found = self.applied()
        self.assertEqual(found['tools/Makefile'], 'OBJS += main.o\nOBJS += new.o\n')
        self.assertIn('hook', found['tools/main.c'])
        self.assertEqual(self.git('log', '--format=%s').split('\n')[0], 'call it')
        self.assertIn('tools/Makefile', self.git('log', '-1', '--stat'))

    def test_its_own_patch_stands_in_for_the_common_one(self):
        self.put('series/02-other.patch', 'Subject: otherwise\n\nm\n---\n'
                 + HOOK.replace('+hook', '+other'))
        self.assertIn('other', self.applied()['tools/main.c'])
        self.assertEqual(self.git('log', '-1', '--format=%s').strip(), 'otherwise')

    def test_and_adds_to_them(self):
        self.put('series/03-more.patch', 'Subject: more\n\nm\n---\n'
                 + HOOK.replace('+hook', '+more').replace(' two\n', ' two\n hook\n')
                 .replace('1,3 +1,4', '1,4 +1,5'))
        self.assertIn('more', self.applied()['tools/main.c'])

    def test_changes_of_what_our_files_say(self):
        self.put('series/changes', '# why\nint x => long x\n')
        self.assertEqual(self.applied()['tools/memmap/new.c'],
                         SOURCE.replace('int x', 'long x'))

    def test_a_change_of_nothing(self):
        self.put('series/changes', 'int nowhere => long\n')
        self.refused('changes: in none of the files that are added: int nowhere')
        self.put('series/changes', 'int x\n')
        self.refused('changes: line not understood: int x')

    def test_changes_of_another_folder(self):
        """Which need not all be found here."""
        self.put('series/changes', 'include other/changes\nint y => long y\n')
        self.put('other/changes', 'int x => long x\nint nowhere => long\n')
        self.assertEqual(self.applied()['tools/memmap/new.c'],
                         SOURCE.replace('int', 'long'))
        (self.root / 'other/changes').unlink()
        done = self.run_it()
        self.assertRegex(done.stderr, '^mkseries: .*other/changes: No such file')

    def test_a_diff_without_a_patch(self):
        self.put('series/03-more.diff', HOOK)
        self.refused('03-more.diff has no patch to be added to')

    def test_two_diffs_of_one_number(self):
        self.put('series/02-other.diff', HOOK)
        self.refused('02-other.diff where 02-')

    def test_nothing_differs(self):
        """The folder is still what says that there is that version."""
        (self.series / '02-hooks.diff').unlink()
        self.assertEqual(self.applied()['tools/Makefile'], TREE['tools/Makefile'])
        shutil.rmtree(self.series)
        shutil.rmtree(self.out)
        self.refused('series: No such file')


class Refused(Series):
    """What is wrong is said, and the series of before is still there."""

    def setUp(self):
        super().setUp()
        self.assertEqual(self.run_it().returncode, 0)
        # Whatever were written now would differ.
        self.put('src/new.c', 'int other;\n')

    def test_no_source(self):
        (self.root / 'src/new.c').unlink()
        self.assert_refused('src/new.c: No such file')

    def test_no_source_of_the_last_patch(self):
        self.put('series/03-more.patch', 'Subject: s\nAdd: src/no.c a/b.c\n\nm\n---\n')
        self.assert_refused('src/no.c: No such file')

    def test_empty_source(self):
        self.put('src/new.c', '')
        self.assert_refused('src/new.c: empty')

    def test_source_without_an_end(self):
        self.put('src/new.c', 'int x;')
        self.assert_refused('src/new.c: .* no end')

    def test_no_series(self):
        for patch in self.series.iterdir():
            patch.unlink()
        self.assert_refused('no \\*.patch files')
        self.series.rmdir()
        self.assert_refused('series: No such file')

    def test_a_patch_is_missing(self):
        (self.series / '01-file.patch').unlink()
        self.assert_refused('02-hooks.patch where 01-')

    def test_two_of_one_number(self):
        self.put('series/02-other.patch', f'Subject: s\n\nm\n---\n{HOOK}')
        self.assert_refused('02-other.patch where 03-')

    def test_no_hook(self):
        self.put('series/02-hooks.patch', 'Subject: s\n\nm\n---\n')
        self.assert_refused('02-hooks.patch: ')

    def test_hook_that_is_no_diff(self):
        self.put('series/02-hooks.patch',
                 f'Subject: s\n\nm\n---\n{HOOK.replace(",4 @@", ",5 @@")}')
        self.assert_refused('02-hooks.patch: ')

    def test_headers(self):
        for head, text in (('', 'not understood'), ('Add: one\n', 'not understood'),
                           ('Add: src/new.c a/b.c\n', 'needs a Subject'),
                           ('Object: x\n', 'not understood')):
            self.put('series/02-hooks.patch', f'{head}\nm\n---\n{HOOK}')
            self.assert_refused(text)
        self.put('series/02-hooks.patch', f'Subject: s\n\nm\n{HOOK}')
        self.assert_refused('needs a Subject: line and a line ---')

    def test_no_room_on_the_disk(self):
        def small():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (600, 600))

        self.put('src/new.c', 'int x;\n' * 1000)
        self.assert_refused('made: File too large', preexec_fn=small)

    def test_interrupted(self):
        """By a signal, while its second call of git is under way."""
        fake = self.root / 'bin' / 'git'
        self.put('bin/git', '#!/bin/sh\n'
                 f'[ -e {self.root}/second ] && {{ kill -INT $PPID; exec sleep 60; }}\n'
                 f': >{self.root}/second\n')
        fake.chmod(0o755)
        before = self.made()
        self.env['PATH'] = f'{fake.parent}:{self.env["PATH"]}'
        done = self.run_it(timeout=50)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(self.made(), before)
        self.assertEqual(os.listdir(self.out.parent), ['made'])

    def test_usage(self):
        self.assertEqual(self.run_it(self.series).returncode, 2)


class Ours(unittest.TestCase):
    """The series of this repository."""

    def adds(self, folder):
        """What the patches of @folder add, or else those that it shares."""
        return [line.split()[1:] for where in (folder, folder.parent / 'common')
                for patch in sorted(where.glob('*.patch'))
                for line in patch.read_text().splitlines()
                if re.match('Add: ', line)]

    def series(self):
        return [d for pattern in ('hvmloader/xen-*', 'hvmloader/hypervisor/xen-*',
                                  'qemu-patches/qemu-*', 'tests/hostile/xen-*',
                                  'tests/bench/*/xen-*')
                for d in ROOT.glob(pattern)]

    def test_each_can_be_made(self):
        self.assertGreater(len(self.series()), 5)
        with tempfile.TemporaryDirectory() as out:
            for folder in self.series():
                subprocess.run([ROOT / 'scripts/mkseries', folder, f'{out}/made'],
                               check=True, stdout=subprocess.DEVNULL)

    def test_no_source_is_forgotten(self):
        """hvmloader gets what it is made of, QEMU too, each file once."""
        ends = {'hvmloader/xen-*': ('hvmloader', ('dm.', 'dm_rdm.')),
                'qemu-patches/qemu-*': ('qemu-patches/src', ('fw.',))}
        for pattern, (own, not_theirs) in ends.items():
            want = {str(p.relative_to(ROOT)) for where in ('protocol', own)
                    for p in (ROOT / where).glob(
                        '*.[ch]' if where != 'qemu-patches/src' else
                        '**/*.*')
                    if not p.name.startswith(not_theirs)}
            for folder in ROOT.glob(pattern):
                got = [source for source, _ in self.adds(folder)]
                self.assertEqual(sorted(got), sorted(want), folder)


if __name__ == '__main__':
    unittest.main()
