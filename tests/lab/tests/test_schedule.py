"""No processor idle, few boots: which guest comes next, and where."""

import os
import threading
import time
import unittest
from types import SimpleNamespace

from tests.common import own_cache, scenario_of

from lablib import parts, schedule
from lablib.parts import HOST, KERNEL, OVMF, STACK, XEN, Step


class Kind:  # pylint: disable=too-few-public-methods
    """A scenario, as far as the queue looks at it."""

    def __init__(self, host, name="s"):
        self.host, self.name = host, name

    def host_key(self):
        return self.host


def jobs(host, *seconds):
    return [schedule.Job(Kind(host), "ours", number) for number in seconds]


def begun(queue):
    """What a new host would be; None at once when there is nothing to be done."""
    queue.complete()
    taken = queue.first()
    return taken and taken[0].host


class Queue(unittest.TestCase):
    def test_a_host_takes_its_kind_the_longest_first(self):
        queue = schedule.Queue(1)
        queue.add(jobs("a", 10, 30, 20))
        queue.add(jobs("b", 25))
        queue.complete()
        job, only = queue.first()
        self.assertEqual((job.host, job.seconds, only), ("a", 30, False))
        self.assertEqual([queue.more("a").seconds for _ in range(2)], [20, 10])
        self.assertIsNone(queue.more("a"))
        queue.leave("a")
        self.assertEqual(queue.first()[0].host, "b")
        queue.leave("b")
        self.assertIsNone(queue.first())

    def test_who_is_to_come_first_does(self):
        queue = schedule.Queue(2)
        queue.add(jobs("a", 90, 80) + [schedule.Job(Kind("a"), "ours", 10, True),
                                       schedule.Job(Kind("b"), "ours", 5, True)])
        queue.add(jobs("c", 500))
        queue.complete()
        self.assertEqual([queue.first()[0].seconds for _ in range(2)], [10, 5])
        self.assertEqual(queue.more("a").seconds, 90)
        self.assertIsNone(queue.more("b"))

    def test_who_is_to_come_first_is_worth_a_boot(self):
        """Even a single one, and rather than the rest of the kind that is there."""
        queue = schedule.Queue(2)
        queue.add([schedule.Job(Kind("a"), "ours", seconds, True) for seconds in (20, 10)])
        queue.add([schedule.Job(Kind("b"), "ours", 5, True), *jobs("b", 90), *jobs("c", 500)])
        queue.complete()
        self.assertEqual([queue.first()[0].seconds for _ in range(2)], [5, 20])
        self.assertIsNone(queue.more("b"))
        queue.leave("b")
        self.assertEqual(queue.first()[0].seconds, 10)
        self.assertIsNone(queue.more("a"))
        queue.leave("a")
        self.assertEqual(queue.first()[0].seconds, 500)

    def test_kinds_without_a_host_come_before_a_second_one(self):
        queue = schedule.Queue(3)
        queue.add(jobs("a", *[50] * 9) + jobs("b", 10) + jobs("c", 20))
        self.assertEqual([begun(queue) for _ in range(3)], ["a", "c", "b"])

    def test_a_second_host_of_a_kind_needs_two_guests_to_be_worth_its_boot(self):
        queue = schedule.Queue(2)
        queue.add(jobs("a", 50, 50, 50))
        self.assertEqual([begun(queue), begun(queue)], ["a", "a"])
        queue = schedule.Queue(2)
        queue.add(jobs("a", 50, 50))
        self.assertEqual([begun(queue), begun(queue)], ["a", None])

    def test_the_most_left_for_each_host_is_helped(self):
        queue = schedule.Queue(4)
        queue.add(jobs("a", *[50] * 5) + jobs("b", *[50] * 7))
        # Then 200 s are left for one host, and 250 s for two.
        self.assertEqual([begun(queue) for _ in range(4)], ["b", "a", "b", "a"])

    def test_no_more_hosts_at_a_time_than_slots(self):
        queue = schedule.Queue(2)
        queue.add(jobs("a", 1) + jobs("b", 1) + jobs("c", 1))
        queue.complete()
        queue.first()
        queue.first()
        got = []
        waiter = threading.Thread(target=lambda: got.append(queue.first()))
        waiter.start()
        time.sleep(0.1)
        self.assertEqual(got, [])
        queue.leave("a")
        waiter.join(600)
        self.assertEqual(len(got), 1)

    def test_a_build_takes_a_processor(self):
        for alone, free in ((False, [True, False]), (True, [False, False])):
            queue = schedule.Queue(2 - alone, alone)
            queue.add(jobs("a", 1) + jobs("b", 1))
            queue.building()
            for expected in free:
                self.assertEqual(queue._free(), expected)
                if expected:
                    queue.first()
            queue.complete()
            self.assertTrue(queue._free())

    def test_who_waits_for_a_build_gets_what_it_brings(self):
        queue = schedule.Queue(2)
        queue.building()
        got = []
        waiter = threading.Thread(target=lambda: got.append(queue.first()))
        waiter.start()
        queue.add(jobs("a", 1))
        waiter.join(600)
        self.assertEqual(got[0][0].host, "a")
        self.assertFalse(got[0][1])     # others may come

    def test_a_host_that_will_be_the_only_one_knows(self):
        queue = schedule.Queue(2)
        queue.add(jobs("a", 1, 1))
        queue.complete()
        self.assertTrue(queue.first()[1])
        for more in (jobs("b", 1), jobs("a", 1, 1)):
            queue = schedule.Queue(2)
            queue.add(jobs("a", 1) + more)
            queue.complete()
            self.assertFalse(queue.first()[1])

    def test_the_last_of_two_is_not_the_only_one(self):
        queue = schedule.Queue(2)
        queue.add(jobs("a", 1) + jobs("b", 1))
        queue.complete()
        self.assertEqual([queue.first()[1], queue.first()[1]], [False, False])

    def test_nobody_begins_anything_after_the_end(self):
        queue = schedule.Queue(2)
        queue.add(jobs("a", 1, 1) + jobs("b", 1))
        queue.first()
        queue.stop()
        self.assertIsNone(queue.first())
        self.assertIsNone(queue.more("a"))


class Durations(unittest.TestCase):
    def test_are_remembered(self):
        with own_cache() as top:
            self.assertEqual(schedule.durations(), {})
            schedule.remember({"a ours": 3, "b ours": 4})
            schedule.remember({"b ours": 5})
            self.assertEqual(schedule.durations(), {"a ours": 3, "b ours": 5})
            for rubbish in ("", "[1]", '{"a": []}'):
                with open(os.path.join(top, "durations.json"), "w") as stream:
                    stream.write(rubbish)
                self.assertEqual(schedule.durations(), {})


class Steps(unittest.TestCase):
    def test_what_a_guest_waits_for(self):
        item = scenario_of()
        two = {Step("trixie", HOST), Step("trixie", STACK, "ours")}
        self.assertEqual(parts.needs(item, "ours"),
                         two | {Step("trixie", KERNEL)})
        item.guest["kernel"] = "debian"
        self.assertEqual(parts.needs(item, "ours"), two)
        item.guest["firmware"] = "ovmf"
        item.host["hypervisor"] = "ours"
        self.assertEqual(parts.needs(item, "ours"), two | {
            Step("trixie", OVMF), Step("trixie", XEN)})
        item.host["suite"] = "bookworm"
        self.assertEqual({step.suite for step in parts.needs(item, "ours")},
                         {"bookworm"})

    def test_what_a_guest_is_made_of(self):
        item = scenario_of()
        item.host["hypervisor"] = "ours"
        program = "{}-of-{}".format

        def identity(changed=None):
            made = parts.Parts.__new__(parts.Parts)
            made.made = {}
            for step in parts.needs(item, "ours") | {Step("trixie", STACK, "stock")}:
                key = "changed" if step == changed else program(step.kind,
                                                                step.detail)
                one = SimpleNamespace(key=key)
                made.made[step] = {HOST: ({}, [key]),
                                   STACK: {"qemu": one, "hvmloader": one}}.get(
                                       step.kind, one)
            return made.identity(item, "ours")
        for step in parts.needs(item, "ours"):
            self.assertNotEqual(identity(), identity(step), step)
        self.assertEqual(identity(), identity(Step("trixie", STACK, "stock")))

    def test_what_most_wait_for_comes_first(self):
        def ordered(*steps):
            return parts.in_order(set(steps), "trixie")
        host, ovmf = Step("trixie", HOST), Step("trixie", OVMF)
        xen, other = Step("trixie", XEN), Step("bookworm", HOST)
        kernel = Step("trixie", KERNEL)
        stock, ours, late = (Step("trixie", STACK, name)
                             for name in ("stock", "ours", "new-qemu"))
        self.assertEqual(
            ordered(other, ovmf, xen, late, ours, stock, kernel, host),
            [stock, host, kernel, ours, late, xen, ovmf, other])
        # dom0's image needs a device model, whichever there is.
        self.assertEqual(ordered(host, late, ours), [ours, host, late])
        self.assertEqual(ordered(other, Step("bookworm", STACK, "ours"))[1],
                         other)


if __name__ == "__main__":
    unittest.main()
