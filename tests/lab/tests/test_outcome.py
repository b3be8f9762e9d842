"""What a guest has left behind."""

import os
import tempfile
import unittest

from tests.common import found, outcome_of, scenario_of

from lablib.results import Source


class Logs(unittest.TestCase):
    def search(self, text=None):
        with tempfile.TemporaryDirectory() as folder:
            outcome = outcome_of("stock", scenario_of(), folder)
            if text is not None:
                with open(os.path.join(folder, "hvmloader.log"), "w") as stream:
                    stream.write(text)
            outcome.search_logs()
            return outcome.checks

    def test_are_searched(self):
        self.assertEqual(self.search("a\nmoved it\n"), {
            "said": found("success", "moved it", Source.LOG)})
        self.assertEqual(self.search(""), {"said": found(
            "failure", "no line of hvmloader matches moved", Source.LOG)})

    def test_that_are_not_there(self):
        self.assertEqual(self.search(), {"said": found(
            "skip", "the guest left no log of hvmloader", Source.LOG)})


if __name__ == "__main__":
    unittest.main()
