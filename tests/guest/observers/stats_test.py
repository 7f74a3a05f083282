# SPDX-License-Identifier: Apache-2.0
"""A scheduler is asked for its statistics at its socket, whatever it makes of that."""

from __future__ import annotations

import os
import socket
import tempfile
import threading
from collections.abc import Callable
from typing import Any
from unittest import mock

from absl.testing import absltest

from ktstr.guest.observers import stats
from ktstr.guest.observers.stats import StatsReader
from ktstr.guest.system.reactor import Reactor
from ktstr.model.plan import SchedulerPlan
from ktstr.model.wire.stats import REQUEST, SchedulerStats

Answer = Callable[[socket.socket, int], None]


class _Server:
    """A scheduler's socket: `answer` gets a connection and how often it was asked on that."""

    def __init__(self, path: str, answer: Answer, connections: int = 1) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(path)
        self._socket.listen()
        self._answer, self._left = answer, connections
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def join(self) -> None:
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        for _ in range(self._left):
            client, _ = self._socket.accept()
            asked = 0
            with client:
                while client.recv(len(REQUEST)) == REQUEST:
                    asked += 1
                    self._answer(client, asked)


class StatsReaderTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        # an address of a socket is short, and the folders of a test are not
        folder = self.enter_context(tempfile.TemporaryDirectory(dir="/tmp"))
        self.path = os.path.join(folder, "stats")
        self.emitted: list[SchedulerStats] = []
        self.attached = True
        plan = SchedulerPlan("own", ("/own",), "own_*", control=False, stats_socket=self.path)
        self.reader = StatsReader(plan, lambda: self.attached, Reactor(), self)

    def emit(self, fact: Any) -> None:
        self.emitted.append(fact)

    def _serve(self, answer: Answer, connections: int = 1) -> None:
        server = _Server(self.path, answer, connections)
        self.addCleanup(server.join)
        self.addCleanup(self.reader.close)

    def _steps(self, *steps: int) -> None:
        for step in steps:
            self.reader.enter()
            self.reader.leave(step)

    def test_each_step_has_the_second_answer_of_one_connection(self) -> None:
        self._serve(lambda client, asked: client.sendall(b'{"n":%d}\n' % asked))
        self._steps(0, 1)
        self.assertEqual([each.line for each in self.emitted], ['{"n":2}', '{"n":4}'])
        self.assertEqual([each.step for each in self.emitted], [0, 1])
        for each in self.emitted:
            self.assertEqual((each.scheduler, each.problem), ("own", ""))
            self.assertLessEqual(each.started_ns, each.ended_ns)

    def test_an_answer_in_pieces_is_one(self) -> None:
        def answer(client: socket.socket, asked: int) -> None:
            client.sendall(b'{"n"')
            client.sendall(b":1}\n")

        self._serve(answer)
        self._steps(0)
        self.assertEqual(self.emitted[0].line, '{"n":1}')

    def test_a_socket_that_is_made_later_is_waited_for(self) -> None:
        timer = threading.Timer(0.1, self._serve, [lambda client, _: client.sendall(b"{}\n")])
        timer.start()
        self._steps(0)
        timer.join()
        self.assertEqual((self.emitted[0].line, self.emitted[0].problem), ("{}", ""))

    def test_one_without_a_socket_holds_up_the_first_step_alone(self) -> None:
        self.enter_context(mock.patch.object(stats, "ANSWER_S", 0.1))
        self._steps(0)
        began = self.emitted[0].started_ns
        self._steps(1, 2)
        self.assertLess(self.emitted[-1].ended_ns - began, 50_000_000)
        for each in self.emitted:
            self.assertEqual(each.line, "")
            self.assertRegex(each.problem, f"^nobody listens at {self.path}: No such file")

    def test_one_that_hangs_up_tells_nothing_of_that_step(self) -> None:
        def answer(client: socket.socket, asked: int) -> None:
            if asked == 2:
                client.shutdown(socket.SHUT_RDWR)
            else:
                client.sendall(b"{}\n")

        self._serve(answer, connections=2)
        self._steps(0, 1)
        for each in self.emitted:
            self.assertEqual(each.problem, f"it closed the connection to {self.path}")

    def test_one_that_does_not_answer_is_not_waited_for_for_ever(self) -> None:
        self.enter_context(mock.patch.object(stats, "ANSWER_S", 0.1))
        self._serve(lambda client, _: None)
        self._steps(0)
        self.assertEqual(self.emitted[0].problem, f"it did not answer at {self.path} within 0.1 s")

    def test_an_answer_without_an_end_is_cut(self) -> None:
        self.enter_context(mock.patch.object(stats, "_LONGEST", 100))
        self._serve(lambda client, _: client.sendall(b"x" * 200))
        self._steps(0)
        self.assertEqual(self.emitted[0].problem, "its answer is longer than 100 bytes")

    def test_another_scheduler_is_not_asked(self) -> None:
        self.attached = False
        self._steps(0)
        self.assertEmpty(self.emitted)

    def _going_after(self, looks: int) -> None:
        """The scheduler is attached for the next `looks` that are taken, and then no more."""
        left = iter(range(looks))
        plan = SchedulerPlan("own", ("/own",), "own_*", control=False, stats_socket=self.path)
        self.reader = StatsReader(plan, lambda: next(left, None) is not None, Reactor(), self)

    def test_one_that_goes_while_its_socket_is_waited_for_is_away(self) -> None:
        self._going_after(3)
        self.reader.enter()
        self.assertEqual(self.reader._problem, "it was not attached all the time")
        # one that comes again may offer it
        self.assertFalse(self.reader._absent)

    def test_one_that_goes_instead_of_answering_is_away(self) -> None:
        self._going_after(2)
        self._serve(lambda client, _: client.shutdown(socket.SHUT_RDWR))
        self.reader.enter()
        self.assertEqual(self.reader._problem, "it was not attached all the time")

    def test_one_that_was_there_for_a_part_of_a_step_tells_nothing_of_it(self) -> None:
        self._serve(lambda client, _: client.sendall(b"{}\n"))
        for step, attached in enumerate((True, False)):
            self.attached = attached
            self.reader.enter()
            self.attached = not attached
            self.reader.leave(step)
        problems = [each.problem for each in self.emitted]
        self.assertEqual(problems, ["it was not attached all the time"] * 2)


if __name__ == "__main__":
    absltest.main()
