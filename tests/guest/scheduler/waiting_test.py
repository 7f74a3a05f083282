# SPDX-License-Identifier: Apache-2.0
"""A loader that waits is told what to load, heard by whoever told it, or dismissed."""

from __future__ import annotations

import os
import signal
import time
from unittest import mock

from absl.testing import absltest

from ktstr.guest.scheduler import lives, waiting
from ktstr.guest.scheduler.lives import Schedulers
from ktstr.guest.scheduler.waiting import WaitingLoader
from ktstr.guest.system.oom import NEVER_KILLED
from ktstr.guest.system.reactor import Reactor
from ktstr.model.errors import InfraError
from ktstr.model.plan import SchedulerPlan

_PATIENCE_S = 20.0
# says what it was told, an argument a line, and then what follows
_ECHO = """#!/bin/sh
echo "$1" >&2
echo ready
read -r size || exit 7
head -c "$size" | tr '\\0' '\\n'
read -r rest
echo "$rest" >&2
exit 3
"""


class WaitingLoaderTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.reactor = Reactor()
        self.scores = self.enter_context(mock.patch.object(waiting, "set_oom_score"))
        self.before = sorted(os.listdir("/proc/self/fd"))

    def loader(self, script: str) -> WaitingLoader:
        program = self.create_tempfile("loader", script)
        os.chmod(program.full_path, 0o755)
        self.path = program.full_path
        return WaitingLoader(self.reactor, program.full_path)

    def test_takes_a_command_line_and_who_hears_it(self) -> None:
        loader = self.loader(_ECHO)
        loader.await_ready()
        self.scores.assert_called_once_with(NEVER_KILLED, loader.pid)
        heard = {1: b"", 2: b""}

        def hear(number: int, data: bytes) -> None:
            heard[number] += data

        loader.load(
            (self.path, "/an object", "--set", "name="),
            {1: lambda data: hear(1, data), 2: lambda data: hear(2, data)},
        )
        loader.say(b"quit\n")
        self.assertTrue(loader.await_end(_PATIENCE_S))
        deadline = time.monotonic_ns() + int(_PATIENCE_S * 1e9)
        self.reactor.wait(deadline, lambda: loader.is_silent)
        self.assertEqual(heard[1], b"/an object\n--set\nname=\n")
        self.assertEndsWith(heard[2], b"quit\n")
        assert loader.status is not None
        self.assertEqual(os.waitstatus_to_exitcode(loader.status), 3)
        loader.release()
        self.assertEqual(sorted(os.listdir("/proc/self/fd")), self.before)

    def test_ends_when_it_is_dismissed(self) -> None:
        loader = self.loader(_ECHO)
        loader.await_ready()
        loader.dismiss()
        assert loader.status is not None
        self.assertEqual(os.waitstatus_to_exitcode(loader.status), 7)
        self.assertEqual(sorted(os.listdir("/proc/self/fd")), self.before)

    def test_one_that_stays_is_killed(self) -> None:
        self.enter_context(mock.patch.object(waiting, "_LEAVE_S", 0.1))
        loader = self.loader("#!/bin/sh\necho ready\nexec sleep 1000\n")
        loader.await_ready()
        loader.dismiss()
        assert loader.status is not None
        self.assertEqual(os.waitstatus_to_exitcode(loader.status), -signal.SIGKILL)

    def test_one_that_does_not_wait_is_told(self) -> None:
        loader = self.loader("#!/bin/sh\nexit 1\n")
        with self.assertRaisesRegex(InfraError, "loader does not wait for a scheduler: it ended"):
            loader.await_ready()
        loader.release()

    def test_serves_its_own_program_alone(self) -> None:
        loader = self.loader(_ECHO)
        self.assertTrue(loader.serves((self.path, "/an object")))
        self.assertFalse(loader.serves(("/scheduler/own/program",)))


class FirstLifeTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.waiting = mock.create_autospec(WaitingLoader, instance=True)
        self.waiting.serves.side_effect = lambda argv: argv[0] == waiting.LOADER
        self.life = self.enter_context(mock.patch.object(lives, "Scheduler"))

    def begun(self, program: str) -> Schedulers:
        plan = mock.Mock(scheduler=None, staged=())
        if program:
            plan.scheduler = SchedulerPlan("own", (program, "/an object"), "own", control=True)
        schedulers = Schedulers(plan, Reactor(), mock.Mock(), self.waiting)
        schedulers.begin()
        return schedulers

    def test_has_the_one_that_waits_and_the_second_has_not(self) -> None:
        self.life.return_value.finish.return_value = (mock.Mock(), mock.Mock())
        schedulers = self.begun(waiting.LOADER)
        schedulers.end()
        schedulers.attach("own")
        first, second = (call.args[-1] for call in self.life.call_args_list)
        self.assertIs(first, self.waiting)
        self.assertIsNone(second)
        self.waiting.dismiss.assert_not_called()

    def test_of_another_program_has_it_dismissed(self) -> None:
        self.begun("/scheduler/own/program")
        self.waiting.dismiss.assert_called_once_with()
        self.assertIsNone(self.life.call_args.args[-1])

    def test_that_is_none_has_it_dismissed(self) -> None:
        self.begun("")
        self.waiting.dismiss.assert_called_once_with()
        self.life.assert_not_called()


if __name__ == "__main__":
    absltest.main()
