# SPDX-License-Identifier: Apache-2.0
"""A scheduler that commands switch on and off: what becomes of them, and what is told."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from functools import partial
from unittest import mock

from absl.testing import absltest

from ktstr.guest.scheduler import commanded
from ktstr.guest.scheduler.commanded import CommandedScheduler
from ktstr.guest.scheduler.lives import Schedulers
from ktstr.guest.system import sched_ext
from ktstr.guest.system.reactor import Reactor
from ktstr.guest.system.sched_ext import SchedExtState
from ktstr.model.errors import InfraError, UsageError
from ktstr.model.plan import GuestDeadlines, SchedulerPlan
from ktstr.model.scheduler_phase import SchedulerPhase
from tests.support.plans import plan
from tests.support.sink import Sink

_OFF = SchedExtState("disabled", "", "0", "0")


class CommandedSchedulerTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.enter_context(mock.patch.object(sched_ext, "read_state", return_value=_OFF))
        self.file = os.path.join(self.create_tempdir().full_path, "features")

    def life(
        self,
        enable: tuple[str, ...],
        disable: tuple[str, ...],
        attach_s: float = 20.0,
        detach_s: float = 20.0,
    ) -> CommandedScheduler:
        plan = SchedulerPlan(
            "lazy", (), "", control=False, attach_timeout_s=attach_s, enable=enable, disable=disable
        )
        deadlines = GuestDeadlines(detach_s=detach_s)
        return CommandedScheduler(plan, deadlines, Reactor(), shell=("/bin/sh", "-c"))

    @contextlib.contextmanager
    def clock(self) -> Iterator[list[float]]:
        """Time passes with commands named `hang` alone, all they have; yields what each has."""
        now_ns, given = 0, list[float]()

        def run(_: CommandedScheduler, command: str, deadline: int) -> str:
            nonlocal now_ns
            given.append((deadline - now_ns) / 1e9)
            if command != "hang":
                return ""
            now_ns = deadline
            return "hung"

        with (
            mock.patch.object(CommandedScheduler, "_run", run),
            mock.patch.object(time, "monotonic_ns", lambda: now_ns),
        ):
            yield given

    def said(self) -> str:
        with open(self.file, encoding="utf-8") as file:
            return file.read()

    def test_is_switched_on_and_off_in_order(self) -> None:
        before = sorted(os.listdir("/proc/self/fd"))
        life = self.life(
            (f"echo on > {self.file}", f"grep -q on {self.file} && echo seen"),
            (f"echo off >> {self.file}",),
        )
        self.assertTrue(life.start())
        self.assertEqual((self.said(), life.trouble()), ("on\n", ""))
        facts, log = life.finish()
        self.assertEqual(self.said(), "on\noff\n")
        self.assertEqual((facts.phase, facts.exit_status), (SchedulerPhase.DETACHED, ""))
        self.assertTrue(facts.detached and facts.ended_by_us)
        assert facts.enabled_ns is not None and facts.ended_ns is not None
        self.assertLess(facts.enabled_ns, facts.ended_ns)
        self.assertIsNone(facts.attached_ns)
        self.assertIn("seen\n", log.text)
        self.assertEqual(sorted(os.listdir("/proc/self/fd")), before)

    def test_a_command_that_fails_ends_it_and_what_was_done_is_undone(self) -> None:
        life = self.life(
            (f"echo on > {self.file}", "echo no such feature >&2; exit 3", f"echo > {self.file}"),
            (f"echo off >> {self.file}",),
        )
        self.assertFalse(life.start())
        self.assertEqual(self.said(), "on\noff\n")
        self.assertIn("no such feature", life.words())
        facts = life.finish()[0]
        self.assertEqual(facts.phase, SchedulerPhase.START)
        self.assertStartsWith(facts.exit_status, "enable command 2 of 3, `echo no such feature")
        self.assertEndsWith(
            facts.exit_status, "ended with exit status 3; then it was switched off again"
        )
        # and not once more
        self.assertEqual(self.said(), "on\noff\n")

    def test_what_cannot_be_undone_is_told_with_the_command_that_failed(self) -> None:
        life = self.life(("exit 3",), ("exit 4", f"echo off > {self.file}", "exit 5"))
        self.assertFalse(life.start())
        self.assertEqual(
            life.finish()[0].exit_status,
            "enable command 1 of 1, `exit 3`, ended with exit status 3; then disable command 1 of "
            "3, `exit 4`, ended with exit status 4; disable command 3 of 3, `exit 5`, ended with "
            "exit status 5",
        )
        self.assertEqual(self.said(), "off\n")

    def test_one_that_does_not_end_is_told_as_that(self) -> None:
        life = self.life(("read line < /dev/tty || sleep 60",), ("true",), attach_s=0.2)
        self.assertFalse(life.start())
        self.assertIn("had not ended when its time was up; then", life.finish()[0].exit_status)

    def test_one_that_hangs_leaves_those_behind_it_their_shares_of_the_time(self) -> None:
        life = self.life(("true",), ("hang", "true", "hang", "true"), detach_s=12.0)
        with self.clock() as given:
            self.assertTrue(life.start())
            status = life.finish()[0].exit_status
        # 12 s for four: 3 s for the first, the other 9 s for three, what the second left for two
        self.assertEqual(given, [20.0, 3.0, 3.0, 4.5, 4.5])
        self.assertEqual(
            status, "disable command 1 of 4, `hang`, hung; disable command 3 of 4, `hang`, hung"
        )

    def test_those_that_switch_it_on_may_each_take_all_of_the_time(self) -> None:
        life = self.life(("true", "hang", "true"), ("true",), attach_s=9.0, detach_s=2.0)
        with self.clock() as given:
            self.assertFalse(life.start())
        self.assertEqual(given, [9.0, 9.0, 2.0])

    def test_one_that_cannot_be_switched_off_is_told_as_that(self) -> None:
        life = self.life(("true",), ("kill -9 $$",))
        self.assertTrue(life.start())
        facts = life.finish()[0]
        self.assertEqual((facts.phase, facts.detached), (SchedulerPhase.RUN, False))
        self.assertEqual(
            facts.exit_status, "disable command 1 of 1, `kill -9 $$`, ended with killed by SIGKILL"
        )

    def test_one_that_cannot_be_switched_off_is_not_followed_by_another(self) -> None:
        own, other = (
            SchedulerPlan(
                name, (), "", control=False, attach_timeout_s=20.0, enable=("true",), disable=off
            )
            for name, off in (("own", ("exit 7",)), ("other", ("true",)))
        )
        here = partial(CommandedScheduler, shell=("/bin/sh", "-c"))
        self.enter_context(mock.patch.object(commanded, "CommandedScheduler", here))
        sink = Sink()
        schedulers = Schedulers(plan(scheduler=own, staged=(other,)), Reactor(), sink)
        for change in (lambda: schedulers.replace("other"), schedulers.restart, schedulers.detach):
            schedulers.attach("own")
            with self.assertRaisesRegex(
                InfraError, "^scheduler own was told to go: disable command 1 of 1, `exit 7`"
            ):
                change()
            self.assertEqual(schedulers.name, "")

    def test_takes_no_variables(self) -> None:
        life = self.life(("true",), ("true",))
        with self.assertRaisesRegex(UsageError, "lazy is switched on by commands, and so takes no"):
            life.set_knob("slice_ns", 1)
        with self.assertRaisesRegex(UsageError, "takes no `get slice_ns`"):
            life.global_value("slice_ns")


if __name__ == "__main__":
    absltest.main()
