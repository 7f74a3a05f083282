# SPDX-License-Identifier: Apache-2.0
"""Guests that stand ready: which is taken, what it is told, and that none is left."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any, cast
from unittest import mock

from absl.testing import absltest

from ktstr.introspect.instant.place import Place
from ktstr.introspect.instant.stand import Stand
from ktstr.model.errors import InfraError
from ktstr.runner.replay.player import Player, Walked
from ktstr.runner.replay.reserve import Report, Reserve, Task

_S, _MS = 1_000_000_000, 1_000_000


class _Player:
    """Stands for one whose guests come to any place at once.

    ends: readable once this process is to end.
    """

    def __init__(self, ends: int) -> None:
        self.session = mock.Mock(termination=ends)

    def apart(self, folder: str, termination: object) -> _Player:
        return self

    def walk(self, place: Place, stood: Callable[[Stand], Place | bool]) -> Walked:
        at_ns = place.at_ns
        while True:
            following = stood(cast(Stand, mock.Mock(at_ns=at_ns)))
            if not isinstance(following, Place):
                return Walked(mock.Mock(), True, True)
            at_ns = following.at_ns


class _Successor:
    """Looks once, and says where it came from and to."""

    def __init__(self) -> None:
        self.said: list[object] = []

    def take_over(self, state: Any, fd: int) -> None:
        self.said = [state, os.getpid()]
        self.fd = fd

    def hand_over(self) -> Any:
        return self.said

    def stood(self, stand: Stand) -> Place | bool:
        if self.said[0] == "fails":
            raise InfraError("gdb is gone")
        if self.said[0] == "dies":
            os._exit(1)
        if self.said[0] == "stays":
            signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM,))
            os.write(self.fd, b"here")
            got = signal.sigtimedwait((signal.SIGTERM,), 10)
            self.said.append("ended" if got else "nobody ended it")
            return False
        self.said.append(stand.at_ns)
        os.write(self.fd, b"here")
        return False

    def next(self) -> Place | None:
        return Place(at_ns=7)

    def ended(self, known: object) -> None:
        self.said.append("ended")


class ReserveTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        ends, self.end = os.pipe()
        self.addCleanup(os.close, ends)
        self.addCleanup(os.close, self.end)
        self.reserve = Reserve(cast(Player, _Player(ends)), lambda _: _Successor())
        self.addCleanup(self.reserve.close)
        self.read, self.write = os.pipe()
        self.addCleanup(os.close, self.read)
        self.addCleanup(os.close, self.write)

    def ready(self, count: int) -> None:
        ends_at = time.monotonic() + 60
        while sum(each.is_ready for each in self.reserve._standing) < count:
            self.assertLess(time.monotonic(), ends_at)
            time.sleep(0.01)

    def take(self, at_ns: int, state: str = "gdb") -> Report | None:
        return self.reserve.take(Task(Place(at_ns=at_ns), state), self.write)

    def test_the_nearest_before_is_taken_and_made_up_for(self) -> None:
        self.reserve.begin(10 * _S, 15 * _S)
        self.ready(5)
        standing = {each.pid: each.at_ns for each in self.reserve._standing}
        report = self.take(13 * _S)
        assert report is not None
        self.assertEqual((report.place, report.error), (Place(at_ns=7), ""))
        state, pid, at_ns = report.state
        self.assertEqual((state, at_ns, os.read(self.read, 9)), ("gdb", 13 * _S, b"here"))
        # they stand 2 ms before each second, as code begins a little behind an instant
        self.assertEqual(standing[pid], 13 * _S - 2 * _MS)
        now = sorted(each.at_ns for each in self.reserve._standing)
        self.assertEqual(
            now, sorted([*(second * _S - 2 * _MS for second in range(10, 15)), 13 * _S - 20 * _MS])
        )

    def test_one_stands_near_where_somebody_looks(self) -> None:
        self.reserve.begin(10 * _S, 15 * _S)
        self.ready(5)
        self.take(13 * _S + 500 * _MS)
        (near,) = [each for each in self.reserve._standing if each.is_near]
        self.assertEqual(near.at_ns, 13 * _S + 480 * _MS)
        self.ready(6)
        report = self.take(13 * _S + 499 * _MS)
        assert report is not None
        self.assertEqual(report.state[1], near.pid)
        # and then near there, and nowhere else
        (near,) = [each for each in self.reserve._standing if each.is_near]
        self.assertEqual(near.at_ns, 13 * _S + 479 * _MS)
        self.assertLen(self.reserve._standing, 6)

    def test_before_all_of_them_there_is_none(self) -> None:
        self.assertIsNone(self.take(13 * _S))
        self.reserve.begin(10 * _S, 15 * _S)
        self.assertIsNone(self.take(9 * _S))

    def test_what_goes_wrong_is_told(self) -> None:
        self.reserve.begin(10 * _S, 15 * _S)
        failed = self.take(13 * _S, "fails")
        assert failed is not None
        self.assertEqual(failed.error, "gdb is gone")
        died = self.take(13 * _S, "dies")
        assert died is not None
        self.assertEqual(died.error, "the process that played the guest has ended")

    def test_who_is_to_end_ends_the_one_that_looks(self) -> None:
        self.reserve.begin(10 * _S, 15 * _S)
        self.ready(5)

        def end() -> None:
            os.read(self.read, 4)
            os.write(self.end, b"!")

        ender = threading.Thread(target=end)
        ender.start()
        report = self.take(13 * _S, "stays")
        ender.join()
        assert report is not None
        self.assertEqual(report.state[-1], "ended")

    def test_none_is_left(self) -> None:
        self.reserve.begin(10 * _S, 15 * _S)
        self.take(12 * _S)
        pids = [each.pid for each in (*self.reserve._standing, *self.reserve._idle)]
        self.assertNotEmpty(pids)
        self.reserve.close()
        for pid in pids:
            with self.assertRaises(ProcessLookupError):
                os.kill(pid, 0)


if __name__ == "__main__":
    absltest.main()
