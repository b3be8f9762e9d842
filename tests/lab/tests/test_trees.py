"""What the lab asks of this machine's apt."""

import os
import tempfile
import unittest
from unittest import mock

import tests.common     # noqa: finds lablib  pylint: disable=unused-import

from lablib import trees


class Apt(unittest.TestCase):
    def options(self, text):
        with tempfile.NamedTemporaryFile("w") as config:
            config.write('Dir::Etc { main "/dev/null"; parts "/dev/null"; };\n' + text)
            config.flush()
            with mock.patch.dict(os.environ, APT_CONFIG=config.name):
                return trees._apt_options()

    def test_lists_that_have_expired(self):
        """They are taken where this machine's apt takes them, and nowhere else."""
        name = "Acquire::Check-Valid-Until"
        self.assertEqual(self.options(""), [])
        self.assertEqual(self.options(f'{name} "true";\n'), [])
        for word in ("false", "0", "no"):
            self.assertEqual(self.options(f'{name} "{word}";\n'),
                             [f'--aptopt={name} "false"'])


if __name__ == "__main__":
    unittest.main()
