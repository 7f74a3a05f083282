# SPDX-License-Identifier: Apache-2.0
"""Waiting: on events, with deadlines."""

from __future__ import annotations

import os
import time

from absl.testing import absltest

from ktstr.guest.system.reactor import Reactor

_NS = 1_000_000_000


class ReactorTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.reactor = Reactor()
        self.read_end, self.write_end = os.pipe()
        self.addCleanup(os.close, self.read_end)
        self.seen: list[bytes] = []

    def _read(self) -> None:
        self.seen.append(os.read(self.read_end, 10))

    def test_event_ends_the_wait(self) -> None:
        self.addCleanup(os.close, self.write_end)
        self.reactor.watch(self.read_end, self._read)
        os.write(self.write_end, b"x")
        self.assertTrue(self.reactor.wait(time.monotonic_ns() + 60 * _NS, lambda: bool(self.seen)))
        self.assertEqual(self.seen, [b"x"])

    def test_end_of_a_pipe_is_an_event(self) -> None:
        self.reactor.watch(self.read_end, self._read)
        os.close(self.write_end)
        self.assertTrue(self.reactor.wait(time.monotonic_ns() + 60 * _NS, lambda: bool(self.seen)))
        self.assertEqual(self.seen, [b""])

    def test_deadline_ends_the_wait_and_not_before(self) -> None:
        self.addCleanup(os.close, self.write_end)
        deadline = time.monotonic_ns() + _NS // 50
        self.assertFalse(self.reactor.wait(deadline, lambda: False))
        self.assertGreaterEqual(time.monotonic_ns(), deadline)

    def test_forgotten_descriptor_is_not_heard(self) -> None:
        self.addCleanup(os.close, self.write_end)
        self.reactor.watch(self.read_end, self._read)
        self.assertTrue(self.reactor.watches(self.read_end))
        self.reactor.forget(self.read_end)
        self.reactor.forget(self.read_end)
        self.assertFalse(self.reactor.watches(self.read_end))
        os.write(self.write_end, b"x")
        self.assertFalse(self.reactor.wait(time.monotonic_ns() + _NS // 100, lambda: False))
        self.assertEqual(self.seen, [])

    def test_far_deadline_does_not_overflow(self) -> None:
        self.addCleanup(os.close, self.write_end)
        self.reactor.watch(self.read_end, self._read)
        os.write(self.write_end, b"x")
        self.assertTrue(self.reactor.wait(1 << 62, lambda: bool(self.seen)))

    def test_a_deadline_that_has_passed_still_takes_what_is_there(self) -> None:
        self.addCleanup(os.close, self.write_end)
        self.reactor.watch(self.read_end, self._read)
        os.write(self.write_end, b"x")
        self.assertFalse(self.reactor.wait(time.monotonic_ns(), lambda: False))
        self.assertEqual(self.seen, [b"x"])

    def test_alarms_ring_in_order_and_cancelled_ones_do_not(self) -> None:
        self.addCleanup(os.close, self.write_end)
        now, rung = time.monotonic_ns(), []
        self.reactor.at(now + _NS // 100, lambda: rung.append("second"))
        self.reactor.at(now, lambda: rung.append("first"))
        self.reactor.cancel(self.reactor.at(now, lambda: rung.append("never")))
        self.assertTrue(self.reactor.wait(now + 60 * _NS, lambda: len(rung) == 2))
        self.assertEqual(rung, ["first", "second"])
        self.assertGreaterEqual(time.monotonic_ns(), now + _NS // 100)

    def test_a_deadline_comes_before_a_later_alarm(self) -> None:
        self.addCleanup(os.close, self.write_end)
        now, rung = time.monotonic_ns(), []
        self.reactor.at(now + 3600 * _NS, lambda: rung.append("late"))
        self.assertFalse(self.reactor.wait(now + _NS // 100, lambda: bool(rung)))

    def test_what_a_waiting_handler_took_is_not_read_again(self) -> None:
        other_read, other_write = os.pipe()
        for descriptor in (other_read, other_write, self.write_end):
            self.addCleanup(os.close, descriptor)
        self.assertGreater(other_read, self.read_end)

        def read_both() -> None:
            self._read()
            self.reactor.wait(time.monotonic_ns() + 60 * _NS, lambda: b"b" in self.seen)

        self.reactor.watch(self.read_end, read_both)
        # a pipe that blocks: a second read of it would never return
        self.reactor.watch(other_read, lambda: self.seen.append(os.read(other_read, 10)))
        os.write(self.write_end, b"a")
        os.write(other_write, b"b")
        self.assertTrue(self.reactor.wait(time.monotonic_ns() + 60 * _NS, lambda: bool(self.seen)))
        self.assertEqual(self.seen, [b"a", b"b"])


if __name__ == "__main__":
    absltest.main()
