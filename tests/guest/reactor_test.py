# SPDX-License-Identifier: Apache-2.0
"""Waiting: on events, with deadlines."""

from __future__ import annotations

import os
import time

from absl.testing import absltest

from ktstr.guest.reactor import Reactor

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


if __name__ == "__main__":
    absltest.main()
