"""The cache: made once, complete or not at all."""

import os
import threading
import unittest
from unittest import mock

from tests.common import own_cache

from lablib import cache


class Entries(unittest.TestCase):
    def setUp(self):
        self.top = self.enterContext(own_cache())
        self.enterContext(mock.patch("lablib.cache.progress"))

    def test_two_who_want_the_same_get_one(self):
        started, go_on, made, found = threading.Event(), threading.Event(), [], []

        def make(folder):
            made.append(folder)
            started.set()
            go_on.wait(600)

        def want():
            found.append(cache.entry("a-1", make))
        first, second = (threading.Thread(target=want) for _ in range(2))
        first.start()
        started.wait(600)
        with mock.patch.object(cache, "before_making", [go_on.set]):
            second.start()
            first.join(600)
            second.join(600)
        self.assertEqual(found, [os.path.join(self.top, "a-1")] * 2)
        self.assertEqual(len(made), 1)

    def test_what_fails_leaves_nothing(self):
        def make(folder):
            with open(os.path.join(folder, "half"), "w"):
                raise ValueError
        with self.assertRaises(ValueError):
            cache.entry("a-1", make)
        self.assertEqual([name for name in os.listdir(self.top)
                          if not name.endswith(".lock")], [])

    def test_who_wants_to_know_is_told_before_but_not_of_what_is_there(self):
        told = []
        with mock.patch.object(cache, "before_making", [lambda: told.append(1)]):
            cache.entry("a-1", lambda folder: self.assertEqual(told, [1]))
            cache.entry("a-1", None)
        self.assertEqual(told, [1])


if __name__ == "__main__":
    unittest.main()
