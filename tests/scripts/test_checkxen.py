#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""scripts/checkxen: what it is there to find, and that the series has none of it.

What could go wrong: a rule that finds nothing any more, or finds what is no flaw, so
that somebody switches it off.
"""
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SPDX = '/* SPDX-License-Identifier: MIT */'
NAME = 'tools/new.c'


def patch(*lines, name=NAME, subject='tools/hvmloader: add it', message='Why.', spdx=True):
    """A patch that adds a file."""
    lines = ((SPDX,) if spdx else ()) + lines
    return ('From 0 Mon Sep 17 00:00:00 2001\nFrom: n <n@example>\n'
            f'Subject: [PATCH 1/1] {subject}\n\n{message}\n---\n 1 file changed\n\n'
            f'diff --git a/{name} b/{name}\nnew file mode 100644\n--- /dev/null\n'
            f'+++ b/{name}\n@@ -0,0 +1,{len(lines)} @@\n'
            + ''.join(f'+{line}\n' for line in lines) + '--\n2.39\n\n')


class Check(unittest.TestCase):
    def run_it(self, *texts):
        """(exit status, lines printed) for a folder of patches."""
        with tempfile.TemporaryDirectory() as folder:
            for number, text in enumerate(texts, 1):
                pathlib.Path(folder, f'{number:04}-a.patch').write_text(text, encoding='utf-8')
            done = subprocess.run([ROOT / 'scripts/checkxen', folder], text=True,
                                  capture_output=True, check=False)
            return done.returncode, done.stdout.replace(folder + '/', '').splitlines()

    def assert_clean(self, *args, **kwargs):
        self.assertEqual(self.run_it(patch(*args, **kwargs)), (0, ['1 patches, 0 to be mended']))

    def assert_found(self, flaw, *args, **kwargs):
        """@flaw, and nothing else."""
        status, lines = self.run_it(patch(*args, **kwargs))
        self.assertEqual((status, lines[-1]), (1, '1 patches, 1 to be mended'), lines)
        self.assertRegex(lines[0], flaw)

    def test_what_is_right(self):
        self.assert_clean(
            'static void f(int a)', '{', '    if ( a )', '    {', '        do {', '            g(a);',
            '        } while ( a-- );', '    }', '    for ( ; ; )',
            '        printf("%s: a text that people look for and that is not to be split\\n", g(a));',
            '    h("http://a.example", XEN_HVM_MEMMAP_TYPE_RAM);', '    /* if (so) // is */', '}')

    def test_lines(self):
        self.assert_clean('x' * 79)
        self.assert_found(f'0001-a.patch: {NAME}:2: 80 columns', 'x' * 80)
        self.assert_found('80 columns', '    "short"' + 'x' * 69)
        self.assert_clean('x' * 80, name='docs/misc/a.pandoc')

    def test_strings(self):
        self.assert_found(':3: a string in two pieces', '    printf("one"', '           " two");')
        self.assert_clean('    { "one",', '      "two" };')

    def test_white_space(self):
        self.assert_found('a tab', '\tint a;')
        self.assert_clean('\t$(CC)', name='tools/Makefile')
        self.assert_found('white space at its end', 'int a; ')

    def test_style(self):
        for line in ('    if (a )', '    while (a )'):
            self.assert_found(r'no space inside \(', line)
        self.assert_found(r'no space before \(', '    for( ; ; )')
        for line in ('    if ( a ) {', '    else {', '    } else'):
            self.assert_found('a brace', line)
        self.assert_found('// comment', '    int a; // why')

    def test_style_of_libxl(self):
        for name in ('tools/libs/light/a.c', 'tools/libs/util/a.c', 'tools/xl/a.c'):
            self.assert_clean('    if (a) {', '    } else {', '    }', name=name)
            self.assert_found(r'a space inside \(', '    if ( a )', name=name)
            self.assert_found('a brace on a line', '    {', name=name)
            self.assert_found(r'no space before \(', '    if(a)', name=name)

    def test_the_rest(self):
        self.assert_found('no SPDX', 'int a;', spdx=False)
        self.assert_found('a name like', '    a = MEMMAP_TYPE_RAM;')

    def test_names(self):
        self.assert_found('a prefix that is there twice', '#ifndef XEN_XENGFN_PORT_H')
        self.assert_clean('#define XENGFN_A_B 1', '#define XENGFN_A_C 2', 'int a; /* XENGFN_A_* */')
        self.assert_found(':3: no family XENGFN_A_', '#define XENGFN_A_B 1', 'int a; /* XENGFN_A_* */')

    def test_cover_letter(self):
        self.assert_clean(message='Why.\n\nn (1):\n  ' + 'x' * 76)
        self.assert_found('message: 78 columns', message='  ' + 'x' * 76)

    def test_words(self):
        self.assert_found('subject: add it', subject='add it')
        self.assert_found('subject: tools: x', subject='tools: ' + 'x' * 70)
        self.assert_found('message: 76 columns', message='x' * 76)
        self.assert_found('Fixes: 1234567', message='Why.\n\nFixes: 1234567 ("a")')
        self.assert_clean(message='Why.\n\nFixes: 123456789abc ("' + 'a' * 70 + '")')

    def test_public_headers(self):
        name = 'xen/include/public/hvm/a.h'
        self.assert_clean('#define XENGFN_A 1u', 'struct a { uint32_t b; };', name=name)
        self.assert_found('C90: .*error', 'static inline int a(void) { return 0; }', name=name)
        self.assert_found(r'C\+\+98: .*error', 'struct a { uint32_t class; };', name=name)

    def test_only_what_is_added(self):
        self.assertEqual(self.run_it(patch().replace(
            '@@ -0,0 +1,1 @@', '@@ -1,2 +1,2 @@').replace('--- /dev/null', f'--- a/{NAME}').replace(
                '--\n2.39', ' \tif (old) {\n-\tgone\n--\n2.39'))[0], 0)

    def test_no_patches(self):
        done = subprocess.run([ROOT / 'scripts/checkxen', '/nowhere'], text=True,
                              capture_output=True, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn('usage:', done.stderr)


class Ours(unittest.TestCase):
    def test_the_series(self):
        """Every one that is for Xen's tree."""
        folders = sorted([*ROOT.glob('hvmloader/xen-*'), *ROOT.glob('hvmloader/*/xen-*'),
                          *ROOT.glob('libxen-memmap/libxl/xen-*')])
        self.assertGreaterEqual(len(folders), 4)
        for folder in folders:
            with self.subTest(folder.name), tempfile.TemporaryDirectory() as out:
                subprocess.run([ROOT / 'scripts/mkseries', folder, pathlib.Path(out, 'a')],
                               check=True, capture_output=True)
                done = subprocess.run([ROOT / 'scripts/checkxen', pathlib.Path(out, 'a')],
                                      text=True, capture_output=True, check=False)
                self.assertEqual(done.returncode, 0, '\n' + done.stdout + done.stderr)


if __name__ == '__main__':
    unittest.main()
