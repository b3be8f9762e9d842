#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""scripts/mkseries: what it writes is what `git am` takes, all of it or nothing.

The patches are all that anybody else gets of this project.  What could go wrong: a
patch that does not apply, a file that differs from its source by a byte, a patch or a
source left out in silence, a folder that holds half of a new series and half of an
old one after something failed; a sign-off by somebody who gave none.
"""
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

import docutils.core

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
        for name in 'mkseries', 'forms.py', 'other-tree.lua':
            shutil.copy(ROOT / 'scripts' / name, self.root / 'scripts')
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

    def test_a_sign_off_follows_other_trailers(self):
        self.put('series/02-hooks.patch',
                 f'Subject: call it\n\nWhy.\n\nFixes: 123456789abc ("x")\n---\n{HOOK}')
        self.run_it(self.series, self.out, '--author', 'A B <a@b.example>',
                    '--signoff', 'C D <c@d.example>')
        self.assertIn(b'\n\nFixes: 123456789abc ("x")\n'
                      b'Signed-off-by: C D <c@d.example>\n---\n',
                      self.made()['0002-hooks.patch'])

    def test_nobody_signs_the_work_of_nobody(self):
        done = self.run_it(self.series, self.out, '--signoff', 'C D <c@d.example>')
        self.assertEqual(done.returncode, 2)
        self.assertIn('--signoff needs --author', done.stderr)
        self.assertFalse(self.out.exists())

    def test_a_message_gives_nothing_in_anybodys_name(self):
        for line in ('Signed-off-by: C D <c@d.example>', 'Reviewed-by: C D',
                     '  Acked-by: C D <c@d.example>', '> Tested-by: C D',
                     'Co-developed-by: C D <c@d.example>'):
            for name, text in (('02-hooks.patch',
                                f'Subject: s\n\nWhy.\n\n{line}\n---\n{HOOK}'),
                               ('cover-letter', f'Subject: s\n\nWhy.\n\n{line}\n')):
                before = self.series / name
                old = before.read_text() if before.exists() else None
                self.put(f'series/{name}', text)
                done = self.run_it()
                self.assertEqual(done.returncode, 1, line)
                self.assertRegex(done.stderr, f'{name}: only who gives it can say so')
                if old is None:
                    before.unlink()
                else:
                    before.write_text(old)

    def test_a_message_has_lines_that_git_log_shows_whole(self):
        wide = 'a line of ' + 67 * 'x'
        for patch, letter in ((f'Subject: s\n\nWhy.\n{wide}\n', 'Subject: s\n\nWhy.\n'),
                              (f'Subject: {wide}\n\nWhy.\n', 'Subject: s\n\nWhy.\n'),
                              ('Subject: s\n\nWhy.\n', f'Subject: s\n\n{wide}\n'),
                              ('Subject: s\n\nWhy.\n', f'Subject: {wide}\n\nWhy.\n')):
            self.put('series/02-hooks.patch', f'{patch}---\n{HOOK}')
            self.put('series/cover-letter', letter)
            done = self.run_it()
            self.assertEqual(done.returncode, 1, (patch, letter))
            self.assertRegex(done.stderr, 'more than 76 columns: a line of x')
        self.put('series/02-hooks.patch', f'Subject: s\n\n{wide[:-1]}\n  <{80 * "x"}>\n\n'
                 f'Fixes: 123456789abc ("{70 * "x "}")\n---\n{HOOK}')
        self.put('series/cover-letter', f'Subject: s\n\n{wide[:-1]}\n')
        done = self.run_it()
        self.assertEqual((done.returncode, done.stderr), (0, ''))

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


class Letter(Series):
    """0000-cover-letter.patch: what git format-patch writes, and git am leaves out."""

    def setUp(self):
        super().setUp()
        self.put('series/cover-letter', 'Subject: all of it\n\nWhat for.\n\nReally.\n')

    def letter(self):
        done = self.run_it()
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        # What is printed is what is applied.
        self.assertEqual([os.path.basename(n) for n in done.stdout.splitlines()],
                         ['0001-file.patch', '0002-hooks.patch'])
        return (self.out / '0000-cover-letter.patch').read_text()

    def test_what_is_in_it(self):
        text = self.letter()
        self.assertIn('\nSubject: [PATCH 0/2] all of it\n', text)
        self.assertIn('\n\nWhat for.\n\nReally.\n', text)
        self.assertIn('\nnobody yet (2):\n  add a file\n  call it\n', text)
        lines = SOURCE.count('\n')
        self.assertRegex(text, rf'\n tools/main.c  +\| +\+1\n tools/memmap/new.c \| +'
                               rf'\+{lines}\n 2 files changed, {lines + 1} insertions')

    def test_git_am_of_the_whole_folder(self):
        self.letter()
        self.upstream()
        self.git('am', '-q', '--empty=drop', *sorted(map(str, self.out.iterdir())))
        self.assertEqual(self.git('log', '--reverse', '--format=%s').splitlines(),
                         ['upstream', 'add a file', 'call it'])

    def test_one_that_versions_share(self):
        self.put('common/cover-letter', 'Subject: shared\n\nText.\n')
        for patch in self.series.glob('*.patch'):
            patch.rename(self.root / 'common' / patch.name)
        self.assertIn('] all of it\n', self.letter())
        (self.series / 'cover-letter').unlink()
        self.assertIn('] shared\n', self.letter())

    def test_without_a_subject(self):
        for text in ('What for.\n', 'Subject: s\nOdd: x\n\nWhat for.\n', ''):
            self.put('series/cover-letter', text)
            done = self.run_it()
            self.assertEqual(done.returncode, 1, text)
            self.assertIn('cover-letter: needs a Subject: line', done.stderr)


class Parts(Series):
    """A file that takes several patches to grow."""

    def setUp(self):
        super().setUp()
        self.put('src/new.c', 'a;\n//+ one\nb; \f\n    //+ two\nc;\n    //-\nd;\n//-\n'
                 '#+ two\ne;\n#-\n\nf;\n')
        self.put('series/02-hooks.patch', f'Subject: two\nPart: two\n\nWhy.\n---\n{HOOK}')
        self.put('series/03-one.patch', 'Subject: one\nPart: one\n\nWhy.\n---\n')

    def test_it_grows(self):
        done = self.run_it()
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        self.upstream()
        self.git('am', '-q', *done.stdout.splitlines())
        self.assertEqual([self.git('show', f'HEAD~{n}:tools/memmap/new.c') for n in (2, 1, 0)],
                         ['a;\n\nf;\n', 'a;\ne;\n\nf;\n', 'a;\nb; \f\nc;\nd;\ne;\n\nf;\n'])
        self.assertEqual((self.root / 'tree/tools/main.c').read_text(),
                         'one\ntwo\nhook\nthree\n')

    def test_what_is_left_over_is_said(self):
        self.run_it()
        for name, text, said in (
                ('series/02-hooks.patch', f'Subject: s\n\nWhy.\n---\n{HOOK}',
                 'no patch has part two'),
                ('series/03-one.patch', 'Subject: s\nPart: one\nPart: three\n\nWhy.\n---\n',
                 'no file has part three'),
                ('src/new.c', 'a;\n//+ one\n//+ two\n//-\n', 'part one has no end'),
                ('src/new.c', 'a;\n//-\n', 'a part ends that has not begun')):
            old = (self.root / name).read_text()
            self.put(name, text)
            self.assert_refused(said)
            self.put(name, old)


class Forms(Series):
    """What is shared is put into the other tree's form; nobody edits it there."""

    def added(self, name):
        done = self.run_it()
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        self.upstream()
        self.git('am', '-q', *done.stdout.splitlines())
        return (self.root / 'tree' / name).read_text()

    def test_c(self):
        self.put('src/new.c', '/* c */\n#include "a.h"\n\nint f(int x)\n{\n'
                 '    if ( x )\n        return 1;\n    return 0;\n}\n')
        self.put('style', 'BasedOnStyle: LLVM\nIndentWidth: 8\nInsertBraces: true\nSortIncludes: Never\n')
        self.put('series/01-file.patch',
                 'Subject: add\nFormat: style\nFirst: <first.h>\n'
                 'Add: src/new.c a/new.c\n\nm\n---\n')
        self.assertEqual(self.added('a/new.c'), '/* c */\n#include <first.h>\n'
                         '#include "a.h"\n\nint f(int x) {\n        if (x) {\n'
                         '                return 1;\n        }\n        return 0;\n}\n')

    def test_an_include_that_is_first_already(self):
        text = '/* c */\n#include <first.h>\n#include "a.h"\n'
        self.put('src/new.c', text)
        self.put('series/01-file.patch',
                 'Subject: add\nFirst: <first.h>\nAdd: src/new.c a/new.c\n\nm\n---\n')
        self.assertEqual(self.added('a/new.c'), text)

    def test_what_is_no_c_stays(self):
        self.put('src/doc.txt', 'if ( x )\n')
        self.put('series/01-file.patch', 'Subject: add\nFormat: style\n'
                 'Add: src/doc.txt a/doc.txt\n\nm\n---\n')
        self.assertEqual(self.added('a/doc.txt'), 'if ( x )\n')

    def test_rst(self):
        self.put('src/doc.md', '# Title\n\n<!-- c -->\n## One\n\nA `b` of [c](d.md).\n\n'
                 '| x | y |\n|---|---|\n| 1 |  |\n\n<!-- vectors:begin -->\n\ngone\n\n'
                 '<!-- vectors:end -->\n')
        self.put('series/01-file.patch',
                 'Subject: add\nRst: src/doc.md a/doc.rst\n\nm\n---\n')
        text = self.added('a/doc.rst')
        self.assertIn('\nTitle\n=====\n\nOne\n---\n\nA ``b`` of c.\n', text)
        self.assertNotIn('gone', text)
        self.assertNotRegex(text, r'(?m) $')

    def test_markdown(self):
        self.put('src/doc.md', '# Title\n\n<!-- c -->\n## One\n\nA `b` of [c](d.md).'
                 + ' word' * 30 + '\n\n<!-- house:begin -->\n\ngone\n\n'
                 '<!-- house:end -->\n')
        self.put('series/01-file.patch',
                 'Subject: add\nMarkdown: src/doc.md a/doc.pandoc\n\nm\n---\n')
        text = self.added('a/doc.pandoc')
        self.assertTrue(text.startswith('# Title\n\n## One\n\nA `b` of c. word'), text)
        self.assertNotRegex(text, 'gone|<!--|.{79}')

    def test_what_has_no_style(self):
        self.put('series/01-file.patch', 'Subject: add\nFormat: nowhere\n'
                 'Add: src/new.c a/new.c\n\nm\n---\n')
        done = self.run_it()
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r'^mkseries: src/new.c: clang-format')
        self.assertNotIn('Traceback', done.stderr)

    def test_our_specification_is_restructuredtext(self):
        text = self.forms('rst', (ROOT / 'PROTOCOL.md').read_text())
        docutils.core.publish_string(text, writer_name='null', settings_overrides={
            'halt_level': 2, 'report_level': 2})
        self.assertIn('**DM-27**', text)
        self.assertNotIn('refused-lost.hex', text)

    def forms(self, name, *args):
        sys.path.insert(0, str(ROOT / 'scripts'))
        try:
            import forms
        finally:
            sys.path.pop(0)
        return getattr(forms, name)(*args)


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

    def test_a_change_of_lines(self):
        self.put('series/changes', r'int x; => int x;\n\nint z;' '\n')
        self.assertEqual(self.applied()['tools/memmap/new.c'],
                         SOURCE.replace('int x;', 'int x;\n\nint z;'))

    def test_changes_that_versions_share(self):
        self.put('common/changes', 'int x => long x\n')
        self.put('series/changes', 'int y => long y\n')
        self.assertEqual(self.applied()['tools/memmap/new.c'],
                         SOURCE.replace('int x', 'long x').replace('int y', 'long y'))

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
        """By a signal, while its second call of git is under way. Whoever runs the tests in the
        background of a script has it ignored, and so would we."""
        fake = self.root / 'bin' / 'git'
        self.put('bin/git', '#!/bin/sh\n'
                 f'[ -e {self.root}/second ] && {{ kill -INT $PPID; exec sleep 900; }}\n'
                 f': >{self.root}/second\n')
        fake.chmod(0o755)
        before = self.made()
        self.env['PATH'] = f'{fake.parent}:{self.env["PATH"]}'
        done = self.run_it(
            timeout=600, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
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
                if re.match('(Add|Rst|Markdown): ', line)]

    def series(self):
        return [d for pattern in ('hvmloader/xen-*', 'hvmloader/*/xen-*',
                                  'libxen-memmap/libxl/xen-*',
                                  'qemu-patches/qemu-*', 'qemu-patches/fixes/qemu-*',
                                  'tests/hostile/xen-*', 'tests/bench/*/xen-*')
                for d in ROOT.glob(pattern)]

    def test_each_can_be_made(self):
        self.assertGreater(len(self.series()), 5)
        with tempfile.TemporaryDirectory() as out:
            for folder in self.series():
                subprocess.run([ROOT / 'scripts/mkseries', folder, f'{out}/made'],
                               check=True, stdout=subprocess.DEVNULL)

    def test_no_source_is_forgotten(self):
        """hvmloader gets what it is made of, QEMU too, each file once."""
        tests = {f'hvmloader/tests/{p.name}' for p in (ROOT / 'hvmloader/tests').iterdir()}
        ends = {'hvmloader/xen-*': ('hvmloader', ('dm.', 'dm_rdm.'),
                                    tests | {'tests/unit/test_plan.c', 'PROTOCOL.md'}),
                'qemu-patches/qemu-*': ('qemu-patches/src', ('fw.',),
                                        {'protocol/port.h', 'PROTOCOL.md'})}
        for pattern, (own, not_theirs, other) in ends.items():
            want = {str(p.relative_to(ROOT)) for where in ('protocol', own)
                    for p in (ROOT / where).glob(
                        '*.[ch]' if where != 'qemu-patches/src' else
                        '**/*.*')
                    if not p.name.startswith(not_theirs)}
            for folder in ROOT.glob(pattern):
                got = [source for source, _ in self.adds(folder)]
                # Both get the text, Xen tests; QEMU's own port.h stands in for the
                # other.
                self.assertEqual(sorted(got), sorted(want ^ other), folder)

    def test_what_a_letter_claims_can_be_tried(self):
        """Each command is one that there is, each figure one of README.md's."""
        targets = '\n'.join((ROOT / name).read_text() for name in ('Makefile', 'tests/tests.mk'))
        readme = (ROOT / 'README.md').read_text()
        letters = list(ROOT.glob('*/**/cover-letter'))
        self.assertGreater(len(letters), 1)
        for letter in letters:
            text = letter.read_text()
            commands = re.findall(r'^.*?\$ (.*)', text, re.MULTILINE)
            self.assertGreater(len(commands), 1, letter)
            for command in commands:
                words = command.split()
                if words[0] == 'make':
                    self.assertRegex(targets, rf'(?m)^[\w -]*\b{words[1]}:', letter)
                else:
                    self.assertEqual(words[:2], ['tests/lab/lab', 'run'], letter)
                    for name in re.sub(r'--stack \S+', '', ' '.join(words[2:])).split():
                        self.assertTrue(list(ROOT.glob(f'tests/lab/scenarios/**/{name}.toml')),
                                        (letter, name))
            for figure in re.findall(r'\d+\.?\d* (?:%|ms)|\d\.\d(?= times)', text):
                self.assertIn(figure, readme, letter)

    def test_what_is_posted_has_a_letter(self):
        """But the documents, which are posted as the last of hvmloader's."""
        for folder in ROOT.glob('qemu-patches/**/qemu-*'):
            self.assertTrue((folder.parent / 'common/cover-letter').exists(), folder)
        for pattern in 'hvmloader/xen-*', 'hvmloader/hypervisor/xen-*', 'libxen-memmap/libxl/xen-*':
            for folder in ROOT.glob(pattern):
                self.assertTrue(any((where / 'cover-letter').exists()
                                    for where in (folder, folder.parent / 'common')), folder)


if __name__ == '__main__':
    unittest.main()
