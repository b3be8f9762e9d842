#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the pages of this repository point to is in it.

Who has a clone and nothing else must find whatever is cited: a page of somebody's own,
or a file that has moved, helps nobody.
"""
import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILES = subprocess.run(['git', '-C', ROOT, 'ls-files', '-z', '--cached', '--others',
                        '--exclude-standard'], check=True, capture_output=True,
                       text=True).stdout.strip('\0').split('\0')
PAGES = [name for name in FILES if name.endswith('.md')]
SCENARIOS = {pathlib.Path(name).stem for name in FILES
             if name.startswith('tests/lab/scenarios/')}
MAKEFILES = ('Makefile', 'tests/tests.mk', 'libxen-memmap/top.mk')
# Pages that were once cited, of a folder beside this repository.
ELSEWHERE = re.compile(r'\bshared/|\b(?:DESIGN|STYLE|LAB)' r'\.md\b')


def anchors(path):
    """As GitHub and cgit make them of headings."""
    text = re.sub(r'(?ms)^```.*?^```', '', path.read_text())
    return {re.sub(r'[^\w\- ]', '', title.lower()).replace(' ', '-')
            for title in re.findall(r'(?m)^#+ (.*)$', text)}


class Pages(unittest.TestCase):
    def test_links(self):
        found = 0
        for name in PAGES:
            path = ROOT / name
            for target in re.findall(r'\]\(([^)\s]+)\)', path.read_text()):
                if re.match(r'\w+:', target):
                    continue
                file, _, anchor = target.partition('#')
                there = path.parent / file if file else path
                with self.subTest(f'{name}: {target}'):
                    self.assertTrue(there.exists())
                    if anchor:
                        self.assertIn(anchor, anchors(there))
                found += 1
        self.assertGreater(found, 10)

    def test_nothing_elsewhere(self):
        for name in FILES:
            path = ROOT / name
            if path.suffix in ('.md', '.c', '.h', '.py', '.toml', '.mk', '.patch', '.diff') \
                    and path.is_file() and path != pathlib.Path(__file__).resolve():
                with self.subTest(name):
                    self.assertNotRegex(path.read_text(), ELSEWHERE)

    def test_no_merge_is_left_half_done(self):
        """Not in what nobody compiles either, the message of a patch say."""
        got = subprocess.run(['git', '-C', ROOT, 'grep', '-nE', r'^(<{7,8}|>{7,8}) '],
                             capture_output=True, text=True)
        self.assertEqual((got.returncode, got.stdout), (1, ''))

    def test_what_make_is_told_to_do(self):
        """`make WORD` in a page is a target of the top Makefile, or of what it includes."""
        text = ''.join((ROOT / name).read_text() for name in MAKEFILES)
        targets = set(' '.join(re.findall(r'(?m)^(?:\.PHONY: )?([a-z][\w -]*)(?::(?!=)|$)',
                                          text)).split())
        found = 0
        for name in PAGES:
            for words in re.findall(r'`make ((?:[a-z][a-z-]*(?: |(?=`)))+)',
                                    (ROOT / name).read_text()):
                with self.subTest(f'{name}: make {words}'):
                    self.assertLessEqual(set(words.split()), targets)
                found += 1
        self.assertGreater(found, 10)

    def test_what_contributing_names(self):
        """Its files and scenarios are there; those of Xen and QEMU are not ours."""
        text = (ROOT / 'CONTRIBUTING.md').read_text()
        for name in re.findall(r'`((?:tests|protocol|hvmloader|qemu-patches|libxen-memmap)'
                               r'/[\w./-]+?)/?`', text):
            with self.subTest(name):
                # Names of what is to be made have capitals in them.
                self.assertTrue((ROOT / name).exists() or re.search('NAME|X.Y', name)
                                or name == 'hvmloader/common')
        named = re.findall(r'\blab ((?:`[a-z0-9-]+`(?:, )?)+)', text)
        self.assertGreater(len(named), 5)
        stacks = {'new-hvmloader', 'new-qemu'}
        for name in re.findall(r'`([a-z0-9-]+)`', ' '.join(named)):
            self.assertIn(name, SCENARIOS | stacks)


if __name__ == '__main__':
    unittest.main()
