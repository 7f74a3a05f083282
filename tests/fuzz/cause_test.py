# SPDX-License-Identifier: Apache-2.0
"""When two findings are of one first cause, and what of two machines is an alarm."""

from __future__ import annotations

from absl.testing import absltest

from ktstr.fuzz.cause import Cause, Standing, cause_of, normal
from ktstr.fuzz.judged import Judged, judged
from ktstr.fuzz.protocol import Got, Played
from ktstr.fuzz.trial import Trial
from ktstr.model.scenario.scenario import CgroupDef, Fixed, Scenario, Step
from ktstr.model.verdict.kinds import Kind
from ktstr.model.work.work import Work

_EVEN = Trial(Scenario((Step((CgroupDef("a", works=(Work(workers=2),)),), hold=Fixed(1.0)),)), 1.0)
_MS = 1_000_000


def _played(verdict: str = "pass", kind: str = "", message: str = "", *cpu_ms: float) -> Played:
    workers = tuple(Got("a", round(ms * _MS), 1000 * _MS) for ms in cpu_ms)
    return Played(0, verdict, kind, "", message, (), workers, (), 1.0)


class CauseTest(absltest.TestCase):
    def test_numbers_make_no_other_cause(self) -> None:
        one = normal("WARNING: CPU: 0 PID: 41 at kernel/sched/fair.c:123 pick+0x12/0x40")
        other = normal("WARNING: CPU: 3 PID: 7 at kernel/sched/fair.c:123 pick+0x16/0x40")
        self.assertEqual(one, other)
        self.assertIn("kernel/sched/fair.c:N pick+N", one)
        self.assertEqual(normal("CPUs 0-1,3 of w0.0.1[52]"), normal("CPUs 2 of w1.0.0[7]"))
        self.assertNotEqual(one, normal("WARNING: CPU: 0 PID: 4 at kernel/sched/rt.c:1 push+0x1"))

    def test_workers_that_starve_are_one_cause(self) -> None:
        one = cause_of(Kind.STARVED, "a w0.0.1", "a w0.0.1 (CpuSpin) did no work in 400 ms")
        other = cause_of(Kind.STARVED, "b w1.0.0", "b w1.0.0 (Bursty) did no work in 80 ms")
        self.assertEqual(one.key, other.key)

    def test_invariants_go_by_their_names(self) -> None:
        one = cause_of(Kind.INVARIANT, "rt-queued", "CPU 0 at 3 s: ...")
        self.assertEqual(one.key, "invariant rt-queued")
        self.assertNotEqual(one.key, cause_of(Kind.INVARIANT, "rt-highest", "CPU 0").key)

    def test_a_name_of_a_folder(self) -> None:
        cause = cause_of(Kind.PANIC, "", "Kernel panic - not syncing: Fatal: 0x1\nmore")
        self.assertEqual(cause.folder, "panic_kernel_panic_not_syncing_fatal_n")

    def test_long_causes_have_folders_of_their_own(self) -> None:
        one = cause_of(Kind.PANIC, "", "word " * 20)
        other = Cause(one.kind, f"{one.key} (under //a alone)", one.message)
        self.assertNotEqual(one.folder, other.folder)
        self.assertLen(one.folder, 80)


class JudgedTest(absltest.TestCase):
    def _judged(self, *answers: Played) -> Judged:
        return judged(_EVEN, answers, ("//a", "//b"))

    def test_one_machine(self) -> None:
        self.assertEqual(self._judged(_played()), Judged(Standing.HELD))
        failed = self._judged(_played("fail", Kind.PANIC, "boom"))
        self.assertEqual(failed.standing, Standing.FAILED)
        self.assertTrue(failed.is_alarm)

    def test_what_cannot_be_judged_is_an_alarm_where_we_are_at_fault(self) -> None:
        held = self._judged(_played("inconclusive", Kind.HELD, "a spinner had it"))
        self.assertEqual((held.standing, held.is_alarm), (Standing.UNJUDGED, False))
        ours = self._judged(_played("inconclusive", Kind.INFRA, "the agent: KeyError"))
        self.assertTrue(ours.is_alarm)

    def test_a_scheduler_that_a_cpu_takes_with_it_is_no_alarm(self) -> None:
        words = "unregistered from the main kernel: cpu 1 going offline, exiting scheduler"
        gone = self._judged(_played("fail", Kind.SCHEDULER_EJECTED, words))
        self.assertEqual((gone.standing, gone.is_alarm), (Standing.UNJUDGED, False))
        other = self._judged(_played("fail", Kind.SCHEDULER_EJECTED, "runnable task stall"))
        self.assertTrue(other.is_alarm)

    def test_it_hides_no_failure_of_the_other_machine(self) -> None:
        words = "unregistered from the main kernel: cpu 1 going offline, exiting scheduler"
        gone = _played("fail", Kind.SCHEDULER_EJECTED, words)
        found = self._judged(_played("fail", Kind.PANIC, "boom"), gone)
        assert found.cause is not None
        self.assertEqual((found.standing, found.cause.key), (Standing.FAILED, "panic boom"))

    def test_what_was_not_judged_elsewhere_is_not_said_to_hold_there(self) -> None:
        bad = _played("fail", Kind.STARVED, "w0 did no work")
        found = self._judged(_played("inconclusive", Kind.HELD, "a spinner had it"), bad)
        assert found.cause is not None
        self.assertEqual((found.standing, found.cause.key), (Standing.FAILED, "starved"))

    def test_a_failure_under_one_of_two_says_so(self) -> None:
        bad = _played("fail", Kind.STARVED, "w0 did no work")
        one = self._judged(bad, _played())
        both = self._judged(bad, bad)
        assert one.cause is not None and both.cause is not None
        self.assertEqual(one.cause.key, "starved (under //a alone)")
        self.assertEqual(both.cause.key, "starved")

    def test_a_twentieth_of_what_another_gives_is_a_difference(self) -> None:
        found = self._judged(_played("pass", "", "", 480, 500), _played("pass", "", "", 490, 10))
        assert found.cause is not None
        self.assertEqual(found.standing, Standing.FAILED)
        self.assertEqual(
            found.cause.message,
            "worker 1 (of a) got 10.0 ms of CPU time under //b, and 500.0 ms under //a",
        )
        near = self._judged(_played("pass", "", "", 480), _played("pass", "", "", 100))
        self.assertEqual(near.standing, Standing.HELD)


if __name__ == "__main__":
    absltest.main()
