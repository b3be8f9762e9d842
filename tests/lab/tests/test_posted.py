"""What of checkpatch.pl's findings counts."""

import unittest

from lablib import posted

MIT = "x:9: WARNING: Saw acceptable license 'MIT ' but note 'GPL-2.0-or-later' is preferred"
CAUSE = "+/* SPDX-License-Identifier: MIT */\n"


class Findings(unittest.TestCase):

    def test_nothing(self):
        self.assertEqual(posted.findings("total: 0 errors, 0 warnings\n", "m\n---\n"), [])

    def test_what_counts(self):
        said = ("a.patch:3: WARNING: line over 80 characters\n"
                "a.patch:4: ERROR: trailing whitespace\ntotal: 1 errors, 1 warnings\n")
        self.assertEqual(posted.findings(said, "m\n---\n"),
                         ["WARNING: line over 80 characters", "ERROR: trailing whitespace"])

    def test_maintainers_is_a_question(self):
        said = ("a:1: WARNING: added, moved or deleted file(s), does MAINTAINERS need "
                "updating?\n")
        self.assertEqual(posted.findings(said, "m\n---\n"), [])

    def test_the_licence_is_one_that_the_message_answers(self):
        self.assertEqual(posted.findings(MIT, f"It is MIT for that.\n---\n{CAUSE}"), [])
        self.assertEqual(len(posted.findings(MIT, f"It is so.\n---\n{CAUSE}")), 1)
        # By what is behind the message nothing is answered.
        self.assertEqual(len(posted.findings(MIT, f"It is so.\n---\n{CAUSE}+MIT\n")), 1)
        self.assertEqual(len(posted.findings(MIT, "It is MIT.\n---\n+/* GPL */\n")), 1)
