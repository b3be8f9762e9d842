# SPDX-License-Identifier: MIT
"""What a file of this repository looks like in another project's tree.

One source for each thing: the text that is edited is here, and what a tree's own style
wants of it is made by a program that everybody has.
"""
import os
import re
import subprocess

# InsertBraces came with 15.
OLDEST = 15
NAMES = ('clang-format', *(f'clang-format-{n}' for n in range(21, OLDEST - 1, -1)))
FILTER = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'other-tree.lua')

# What a reader of the other tree has to know of the text.
RST_HEAD = """\
.. SPDX-License-Identifier: MIT
.. Converted from Markdown by pandoc; it is changed where it comes from.  The tests
.. that it names are there, too.

"""


class FormError(Exception):
    """The text cannot be given that form."""


def run(command, text):
    try:
        done = subprocess.run(command, input=text, text=True, capture_output=True,
                              encoding='utf-8')
    except FileNotFoundError:
        raise FormError(f'{command[0]} is missing') from None
    if done.returncode or done.stderr:
        raise FormError(f'{command[0]}: {done.stderr.strip()}')
    return done.stdout


def clang_format():
    """The name of one that is new enough."""
    for name in NAMES:
        try:
            said = run([name, '--version'], '')
        except FormError:
            continue
        found = re.search(r'version (\d+)', said)
        if found and int(found[1]) >= OLDEST:
            return name
    raise FormError(f'clang-format is missing, or older than {OLDEST}')


def formatted(text, style):
    """C, in the style that the file @style describes."""
    return run([clang_format(), f'--style=file:{style}', '--assume-filename=x.c'], text)


def include_first(text, header):
    """C, with an #include of @header (in its quotes) before all others."""
    first = re.search(r'^#include ', text, re.MULTILINE)
    if not first:
        raise FormError('includes nothing')
    line = f'#include {header}\n'
    if line in text:
        return text
    return text[:first.start()] + line + text[first.start():]


def rst(text):
    """reStructuredText of Markdown."""
    return RST_HEAD + converted(text, 'rst', 90)


def markdown(text):
    """Markdown for a tree with lines of 80, but for tables."""
    return converted(text, 'gfm', 78)


def converted(text, to, columns):
    made = run(['pandoc', '--from=gfm', f'--to={to}', f'--columns={columns}',
                f'--lua-filter={FILTER}'], text)
    return re.sub(r' +$', '', made, flags=re.MULTILINE)
