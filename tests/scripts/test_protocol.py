#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""PROTOCOL.md against what is made from it.

The text is what both sides are judged by. So its numbers are those of memmap.h, each of
its clauses and rows has a test that is there, and each vector says what its row says.
"""
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TEXT = (ROOT / "PROTOCOL.md").read_text()
HEADER = (ROOT / "protocol/memmap.h").read_text()
FOLDERS = {"unit": ROOT / "tests/unit", "qemu": ROOT / "tests/qemu",
           "lib": ROOT / "libxen-memmap/tests"}
# The text says 255 is ABSENT among the errors, and OK is none.
RENAMED = {"MEMMAP_E_OK": "MEMMAP_OK"}
# Made of others, or software's own.
DERIVED = {"MEMMAP_RF_KNOWN", "MEMMAP_EF_KNOWN"}


def rows_below(marker):
    """The cells of the table that follows @marker; its head first."""
    rows = []
    for line in marker.splitlines():
        if line.startswith("|"):
            rows.append([cell.strip() for cell in line.strip().strip("|").split("|")])
        elif rows:
            break
    return rows


def numbers_of_the_text():
    """{C name: value} of every table that is marked."""
    numbers = {}
    for match in re.finditer(r"<!-- numbers: (bit )?(MEMMAP_\w*) -->\n", TEXT):
        head, _, *rows = rows_below(TEXT[match.end():])
        name_first = head[0] == "name"
        for row in rows:
            name, value = (row[0], row[1]) if name_first else (row[1], row[0])
            value = int(value, 0)
            name = match[2] + name.upper().replace(" ", "_")
            value = 1 << value if match[1] else value
            if numbers.setdefault(RENAMED.get(name, name), value) != value:
                raise AssertionError(f"{name} has two values")
    return numbers


def numbers_of_the_header():
    """{C name: value} of every number that is defined."""
    numbers = {}
    for name, text in re.findall(r"^#define (MEMMAP_\w+) +([^/\n]+?) *(?:/\*.*)?$", HEADER,
                                 re.M):
        if name in DERIVED:
            continue
        text = re.sub(r"(?<=[0-9a-f])(?:u|ULL)\b", "", text)
        text = re.sub(r"MEMMAP_\w+", lambda m: str(numbers[m[0]]), text)
        numbers[name] = eval(text, {"__builtins__": {}})  # pylint: disable=eval-used
    return numbers


def clauses_of_the_text():
    """Names of clauses, procedures and rows, in order."""
    names = re.findall(r"^- \*\*((?:FW|DM|TS)-\d+)\*\* ", TEXT, re.M)
    names += re.findall(r"^\*\*(P-\d+),", TEXT, re.M)
    return names + [f"row-{number}" for number in checks()]


def checks():
    """{number: (condition, error, index)} of section 5's table."""
    start = TEXT.index("| row | applies to |")
    return {int(row[0]): (row[2], row[3], row[4])
            for row in rows_below(TEXT[start:])[2:]}


def clauses_of_the_list():
    """{clause: [test]} of tests/clauses."""
    clauses = {}
    name = None
    for line in (ROOT / "tests/clauses").read_text().splitlines():
        words = line.split()
        if not words or line.startswith("#"):
            continue
        if not line[0].isspace():
            name = words.pop(0)
            if name in clauses:
                raise AssertionError(f"{name} is there twice")
            clauses[name] = []
        clauses[name] += words
    return clauses


def vectors():
    """{name: error} of the table of vectors."""
    start = TEXT.index("| file | bytes |")
    return {row[0][:-4]: int(row[5].split()[0], 0) & 0xFF
            for row in rows_below(TEXT[start:])[2:]}


def is_there(test):
    """Whether a test of that name exists, and is run."""
    kind, _, name = test.partition(":")
    if kind in ("vector", "seq"):
        suffix = {"vector": "hex", "seq": "seq"}[kind]
        return (ROOT / f"tests/vectors/{name}.{suffix}").is_file()
    if kind == "lab":
        return (ROOT / f"tests/lab/scenarios/{name}.toml").is_file()
    if kind == "fuzz":
        return (ROOT / f"tests/fuzz/fuzz_{name}.c").is_file()
    folder, _, file = kind.partition("/")
    path = FOLDERS[folder] / file
    text = path.read_text() if path.is_file() else ""
    return (f"START_TEST({name})" in text
            and re.search(rf"(?<!START_TEST\()\b{name}\b", text) is not None)


class Protocol(unittest.TestCase):
    """The text, and what is made from it."""

    def test_numbers(self):
        """The tables have what the header has, and nothing else."""
        text, header = numbers_of_the_text(), numbers_of_the_header()
        self.assertEqual(set(text) ^ set(header), set())
        for name, value in header.items():
            self.assertEqual(text[name], value, name)

    def test_clauses_are_numbered(self):
        """From 1 on, none left out."""
        for prefix in ("FW", "DM", "TS", "P", "row"):
            numbers = [int(name.split("-")[1]) for name in clauses_of_the_text()
                       if name.startswith(prefix + "-")]
            self.assertEqual(numbers, list(range(1, len(numbers) + 1)), prefix)
            self.assertTrue(numbers)

    def test_references(self):
        """Whatever clause or procedure the text refers to is there."""
        known = set(clauses_of_the_text())
        for name in re.findall(r"\b(?:FW|DM|TS|P)-\d+\b", TEXT):
            self.assertIn(name, known)

    def test_each_clause_has_a_test(self):
        """And each line of the list a clause."""
        listed = clauses_of_the_list()
        self.assertEqual(set(clauses_of_the_text()), set(listed))
        for name, tests in listed.items():
            self.assertTrue(tests, name)
            for test in tests:
                self.assertTrue(is_there(test), f"{name}: there is no test {test}")

    def test_vectors_are_of_their_row(self):
        """A vector of a row is refused with the row's error."""
        errors = vectors()
        header = numbers_of_the_header()
        rows = checks()
        for name, tests in clauses_of_the_list().items():
            for test in tests:
                if name.startswith("row-") and test.startswith("vector:"):
                    error = header["MEMMAP_E_" + rows[int(name[4:])][1]]
                    self.assertEqual(errors[test[7:]], error, f"{name}: {test}")

    def test_each_refusal_is_of_a_row(self):
        """No vector is refused for a reason that the list does not say."""
        said = {test[7:] for tests in clauses_of_the_list().values() for test in tests
                if test.startswith("vector:")}
        refused = {name for name, error in vectors().items() if error}
        self.assertEqual(refused - said, {"refused-optional-ram",
                                          "refused-type-before-reserved"})

    def test_rules_are_defined(self):
        """Of the ABNF, and each value of a path has its rule."""
        grammar = re.search(r"```abnf\n(.*?)```", TEXT, re.S)[1]
        grammar = re.sub(r";.*|\"[^\"]*\"|%[sx][0-9A-F-]*", "", grammar)
        defined = set(re.findall(r"^(\w+) +=", grammar, re.M))
        used = set(re.findall(r"[a-z]\w*", grammar)) - defined
        self.assertEqual(used, set())
        for rule in re.findall(r"^#### \S+ = (\w+)", TEXT, re.M):
            self.assertIn(rule, defined)

    def test_lines_are_short(self):
        """But for tables, which cannot be."""
        for line in TEXT.splitlines():
            self.assertTrue(len(line) <= 100 or line.startswith("|"), line)


if __name__ == "__main__":
    unittest.main()
