# SPDX-License-Identifier: Apache-2.0
"""Payload ops of a scenario: found by name and cgroup, ended with their step."""

from __future__ import annotations

import dataclasses
import os

from absl.testing import absltest

from ktstr import KillPayload, RunPayload, WaitPayload, metric
from ktstr.guest.payload.background import Background
from ktstr.model.errors import UsageError
from ktstr.model.payload import PayloadEnd
from tests.guest.payload_support import ANY, SLEEP, Guest, has_ended, nothing_left

_OTHER = dataclasses.replace(SLEEP, name="other", default_checks=(metric.ExitCodeEq(-1),))
_EVER = 60.0


def never() -> bool:
    """No trouble."""
    return False


class BackgroundTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.enter_context(nothing_left())
        self.guest = Guest(self.create_tempdir().full_path, (*ANY, _OTHER))
        self.ops = Background(self.guest.payloads, self.guest.sink)
        self.addCleanup(self.ops.end_step, None)
        self.addCleanup(self.ops.end_step, 0)

    def ends(self) -> list[tuple[str, PayloadEnd]]:
        return [(facts.payload, facts.end) for facts in self.guest.sink.facts]

    def test_run_and_wait(self) -> None:
        self.ops.run(RunPayload("sh", ("exit 3",), (metric.ExitCodeEq(3),)), 0)
        self.ops.wait(WaitPayload("sh"), never)
        (facts,) = self.guest.sink.facts
        self.assertEqual((facts.exit_code, facts.step, facts.cgroup), (3, 0, None))
        self.assertEqual(facts.checks, (metric.ExitCodeEq(3),))
        self.ops.run(RunPayload("sh", ("exit 4",)), 0)
        self.ops.wait(WaitPayload("sh", timeout=_EVER), never)
        self.assertEqual(self.guest.sink.facts[1].exit_code, 4)

    def test_a_live_one_is_not_started_again(self) -> None:
        self.ops.run(RunPayload("sleep"), 0)
        with self.assertRaisesRegex(UsageError, "payload 'sleep' runs already"):
            self.ops.run(RunPayload("sleep"), 0)
        self.ops.run(RunPayload("other"), 0)

    def test_what_does_not_run_is_not_waited_for(self) -> None:
        self.ops.run(RunPayload("other"), 0)
        with self.assertRaisesRegex(UsageError, "'sleep' does not run at this point; .*: 'other'"):
            self.ops.wait(WaitPayload("sleep"), never)
        with self.assertRaisesRegex(UsageError, "'other' in cgroup 'x' does not run"):
            self.ops.kill(KillPayload("other", "x"))
        with self.assertRaisesRegex(UsageError, "is none of this target's"):
            self.ops.run(RunPayload("fio"), 0)

    def test_a_wait_that_passes_kills(self) -> None:
        self.ops.run(RunPayload("sleep"), 0)
        self.ops.wait(WaitPayload("sleep", timeout=0.1), never)
        (facts,) = self.guest.sink.facts
        self.assertEqual((facts.end, facts.signal), (PayloadEnd.TIMEOUT, "SIGKILL"))
        self.assertRegex(facts.notes[0], "WaitPayload waited 0.1 s of guest time")
        self.assertTrue(has_ended(facts.pid or 0))

    def test_trouble_ends_the_wait_and_the_step_the_payload(self) -> None:
        self.ops.run(RunPayload("sleep"), 0)
        self.ops.wait(WaitPayload("sleep", timeout=_EVER), lambda: True)
        self.assertEqual(self.ends(), [])
        self.ops.end_step(0)
        (facts,) = self.guest.sink.facts
        self.assertEqual(facts.end, PayloadEnd.KILLED)
        self.assertEqual(facts.notes, ("it still ran when its step ended",))

    def test_kill(self) -> None:
        self.ops.run(RunPayload("sleep"), 0)
        self.ops.kill(KillPayload("sleep"))
        self.assertEqual(self.ends(), [("sleep", PayloadEnd.KILLED)])

    def test_steps_end_what_they_started(self) -> None:
        self.ops.run(RunPayload("sleep"), None)
        self.ops.run(RunPayload("other"), 0)
        self.ops.end_step(0)
        self.assertEqual(self.ends(), [("other", PayloadEnd.KILLED)])
        self.ops.end_step(None)
        self.assertEqual(self.ends()[1:], [("sleep", PayloadEnd.KILLED)])
        self.assertEqual(self.guest.sink.facts[1].notes, ("it still ran when its scenario ended",))

    def test_one_that_ended_by_itself_says_so_at_the_end_of_its_step(self) -> None:
        self.ops.run(RunPayload("sh", ("exit 6",)), 0)
        self.assertTrue(has_ended(next(iter(self.ops._live.values())).pid))
        self.ops.end_step(0)
        (facts,) = self.guest.sink.facts
        self.assertEqual((facts.end, facts.exit_code), (PayloadEnd.EXITED, 6))
        self.assertEqual(facts.notes, ())

    def test_one_timeout_of_its_own(self) -> None:
        self.ops.run(RunPayload("sleep", timeout=0.1), 0)
        self.ops.wait(WaitPayload("sleep", timeout=_EVER), never)
        (facts,) = self.guest.sink.facts
        self.assertEqual((facts.end, facts.notes), (PayloadEnd.TIMEOUT, ()))

    def test_arguments_and_checks_instead_of_the_own(self) -> None:
        self.ops.run(RunPayload("other", ("0",), clear_args=True, clear_checks=True), 0)
        self.ops.wait(WaitPayload("other"), never)
        (facts,) = self.guest.sink.facts
        self.assertEqual((facts.argv, facts.checks), (("/bin/sleep", "0"), ()))

    def test_a_cgroup_that_is_not_there(self) -> None:
        os.mkdir(f"{self.guest.tree._mount}/ktstr")
        with self.assertRaisesRegex(UsageError, "cgroup 'a/b' does not exist"):
            self.ops.run(RunPayload("sleep", cgroup="/a/b"), 0)
        self.assertEqual(self.ends(), [("sleep", PayloadEnd.NOT_STARTED)])
        with self.assertRaisesRegex(UsageError, "does not run"):
            self.ops.kill(KillPayload("sleep", "a/b"))


if __name__ == "__main__":
    absltest.main()
