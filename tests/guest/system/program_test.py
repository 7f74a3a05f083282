# SPDX-License-Identifier: Apache-2.0
"""A program is heard, told, waited for, and leaves no descriptor behind, however it ends."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

from absl.testing import absltest

from ktstr.guest.system.program import Program
from ktstr.guest.system.reactor import Reactor

_PATIENCE_S = 20.0


class ProgramTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.reactor = Reactor()
        self.heard = {1: b"", 2: b""}
        self.before = sorted(os.listdir("/proc/self/fd"))

    def _hear(self, number: int) -> Callable[[bytes], None]:
        def hear(data: bytes) -> None:
            self.heard[number] += data

        return hear

    def started(self, script: str) -> Program:
        program = Program(
            self.reactor,
            ("/bin/sh", "-c", script),
            {1: self._hear(1), 2: self._hear(2)},
        )
        program.start()
        return program

    def nothing_is_left(self, program: Program) -> None:
        program.release()
        program.release()
        self.assertEqual(sorted(os.listdir("/proc/self/fd")), self.before)

    def test_it_is_told_and_heard_on_both_outputs(self) -> None:
        program = self.started('read line; echo "$line"; echo no >&2; exit 3')
        program.say(b"word\n")
        self.assertTrue(program.await_end(_PATIENCE_S))
        self.reactor.wait(time.monotonic_ns() + int(_PATIENCE_S * 1e9), lambda: program.is_silent)
        self.assertEqual(self.heard, {1: b"word\n", 2: b"no\n"})
        assert program.status is not None
        self.assertEqual(os.waitstatus_to_exitcode(program.status), 3)
        self.assertIsNotNone(program.ended_ns)
        self.nothing_is_left(program)

    def test_it_ends_with_its_input(self) -> None:
        program = self.started("cat")
        program.hang_up()
        self.assertTrue(program.await_end(_PATIENCE_S))
        self.nothing_is_left(program)

    def test_it_is_killed_with_its_helpers_and_no_signal_goes_to_the_dead(self) -> None:
        program = self.started("sleep 1000 & echo $!; wait")
        self.reactor.wait(
            time.monotonic_ns() + int(_PATIENCE_S * 1e9), lambda: b"\n" in self.heard[1]
        )
        program.send(signal.SIGKILL)
        self.assertTrue(program.await_end(_PATIENCE_S))
        self.assertFalse(program.is_silent)  # the helper has the outputs
        program.kill_group()
        self.reactor.wait(time.monotonic_ns() + int(_PATIENCE_S * 1e9), lambda: program.is_silent)
        self.assertTrue(program.is_silent)
        program.send(signal.SIGKILL)
        self.nothing_is_left(program)

    def test_one_that_cannot_be_started_leaves_nothing(self) -> None:
        program = Program(self.reactor, ("/nonexistent/program",), {1: print})
        with self.assertRaises(FileNotFoundError):
            program.start()
        self.assertEqual(program.pid, -1)
        self.nothing_is_left(program)


if __name__ == "__main__":
    absltest.main()
