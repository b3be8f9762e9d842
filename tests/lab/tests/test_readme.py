"""README.md is enough to write a scenario: it has all of the format, and it is right."""

import os
import re
import unittest

from tests.common import LAB, scenario_of

from lablib import schema
from lablib.results import HOST_CHECKS
from lablib.stacks import STACKS

# The sections that have the format, and what of the schema each is about.
SECTIONS = {
    "### The top": ("properties",),
    "### `[host]`": ("properties", "host", "properties"),
    "### `[guest]`": ("properties", "guest", "properties"),
    "### `[dom0]`": ("properties", "dom0", "properties"),
    "### `[[passthrough]]`": ("properties", "passthrough", "items", "properties"),
    "### `[logs.NAME]`": ("properties", "logs", "additionalProperties", "properties"),
    "### `[stack.STACK]`": ("properties", "stack", "properties", "stock",
                            "properties"),
    "### `[expect.STACK]`": ("properties", "expect", "properties", "stock",
                             "properties"),
}
# Those of the top that have a section of their own.
TABLES = {"guest", "xenstore", "dom0", "passthrough", "stack", "checks", "logs",
          "expect"}


def _section(text, title):
    return re.split(r"^##", text.split("\n" + title, 1)[1], maxsplit=1,
                    flags=re.M)[0]


class Readme(unittest.TestCase):
    def setUp(self):
        with open(os.path.join(LAB, "README.md")) as stream:
            self.text = stream.read()

    def names(self, title, wanted):
        section = _section(self.text, title)
        for name in wanted:
            with self.subTest(f"{title}: {name}"):
                self.assertRegex(section, rf'`"?{re.escape(name)}\b')

    def test_each_example_loads(self):
        examples = re.findall(r"^```toml\n(.*?)^```", self.text, re.M | re.S)
        self.assertEqual(len(examples), 2)
        for example in examples:
            scenario_of(example)

    def test_each_key_is_described_in_its_section(self):
        for title, way in SECTIONS.items():
            keys = schema.SCHEMA
            for word in way:
                keys = keys[word]
            self.names(title, set(keys) - (TABLES if len(way) == 1 else set()))
        for table in TABLES:
            self.assertRegex(self.text, rf"\n### `\[+{table}\b")

    def test_each_value_and_name_is_there(self):
        self.names("### `[logs.NAME]`", schema.LOGS)
        self.names("## Words", STACKS)
        self.names("### `[guest]`", schema.KERNELS)
        self.names("## The checks", HOST_CHECKS)

    def test_each_check_of_the_guest_is_there_with_its_parameters(self):
        folder = os.path.join(LAB, "guest")
        for file in sorted(os.listdir(folder)):
            if not re.fullmatch(r"check_\w+\.c", file):
                continue
            with open(os.path.join(folder, file)) as stream:
                code = stream.read()
            name = re.search(r'\.name = "(\w+)"', code)[1]
            self.names("## The checks", [name, *re.findall(
                r'\bparam_(?:size|string|ranges)\(p, "([\w-]+)"', code)])


if __name__ == "__main__":
    unittest.main()
