# SPDX-License-Identifier: Apache-2.0
"""Workers whose work is a Python function of the test's own source."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from absl.testing import absltest

from ktstr.model.errors import UsageError
from ktstr.model.work.policy import Policy
from ktstr.model.work.types import PythonWork
from ktstr.model.work.work import Work, check_work
from tests.worker.running import Run, nice_here

if TYPE_CHECKING:
    from ktstr.guest.workers.context import WorkContext

_SLEEP_US = 2000


def spin(work: WorkContext) -> None:
    while not work.should_stop():
        work.tick(units=3)


def doze(work: WorkContext) -> None:
    while not work.should_stop():
        work.sleep_us(_SLEEP_US)
        work.tick()


def doze_long(work: WorkContext) -> None:
    work.tick()
    work.sleep_us(3_600_000_000)


def fall(work: WorkContext) -> None:
    work.tick()
    raise ValueError("worker number " + str(work.index))


def _run(function: str, count: int = 1, **options: object) -> Run:
    return Run(Work(PythonWork(function), **options), count, source=os.path.abspath(__file__))  # type: ignore[arg-type]


class PythonTest(absltest.TestCase):
    def test_report_is_consistent(self) -> None:
        run = _run("spin", 2)
        run.work()
        for index, facts in enumerate(run.end()):
            self.assertTrue(facts.completed, facts.exit_info)
            self.assertEqual(facts.errors, ())
            self.assertEqual((facts.index, facts.work_type), (index, "PythonWork"))
            self.assertEqual(facts.work_units, 3 * facts.iterations)
            wall = facts.ended_ns - facts.started_ns
            self.assertBetween(facts.max_gap_ns, 1, wall)
            self.assertBetween(facts.max_gap_at_ns, facts.started_ns, facts.ended_ns)
            self.assertBetween(facts.cpu_ns, 1, wall)
            self.assertLessEqual(set(facts.ran_on), os.sched_getaffinity(0))
            self.assertEqual(facts.wake.count, 0)

    def test_a_sleep_is_measured_and_is_no_gap(self) -> None:
        run = _run("doze")
        run.work()
        facts = run.end()[0]
        self.assertGreater(facts.wake.count, 10)
        slept = facts.phases[0].off_cpu.total
        self.assertGreater(slept, facts.wake.count * _SLEEP_US * 1000)

    def test_a_long_sleep_ends_when_told_to_stop(self) -> None:
        run = _run("doze_long")
        run.work(least=1)
        began = time.monotonic()
        facts = run.end()[0]
        self.assertTrue(facts.completed, facts.exit_info)
        self.assertLess(time.monotonic() - began, 30)
        self.assertEqual(facts.wake.count, 0)

    def test_phases_follow_the_borders(self) -> None:
        run = _run("spin")
        run.work()
        for step in (0, None, 1):
            run.group.set_phase(step, time.monotonic_ns())
            before = run.group.slots()[0].iterations
            run.until(lambda before=before: run.group.slots()[0].iterations > before + 20)  # type: ignore[misc]
        facts = run.end()[0]
        self.assertEqual([phase.step for phase in facts.phases], [None, 0, None, 1])
        self.assertEqual(sum(phase.iterations for phase in facts.phases), facts.iterations)
        self.assertEqual(sum(phase.cpu_ns for phase in facts.phases), facts.cpu_ns)

    def test_what_it_raises_is_told(self) -> None:
        run = _run("fall")
        run.group.start()
        run.until(lambda: run.group.finished)
        facts = run.end()[0]
        self.assertEqual(facts.errors, ("fall raised ValueError: worker number 0",))
        self.assertEqual(facts.iterations, 1)

    def test_a_function_that_is_not_there(self) -> None:
        run = _run("climb")
        run.group.start()
        run.until(lambda: run.group.finished)
        self.assertIn("has no function 'climb'", run.end()[0].errors[0])

    def test_who_never_began(self) -> None:
        self.assertEqual(_run("spin").end()[0].exit_info, "exit status 3")

    def test_affinity_policy_and_name(self) -> None:
        cpu = max(os.sched_getaffinity(0))
        run = Run(
            Work(PythonWork("spin"), policy=Policy.BATCH, comm="mine"),
            1,
            frozenset({cpu}),
            source=os.path.abspath(__file__),
        )
        run.work()
        with open(f"/proc/{run.group.pids[0]}/comm", encoding="ascii") as file:
            self.assertEqual(file.read().strip(), "mine")
        facts = run.end()[0]
        shown = f"policy=batch rt_priority=0 nice={nice_here(0)} affinity={cpu}"
        self.assertEqual(facts.effective, shown)
        self.assertEqual(list(facts.ran_on), [cpu])

    def test_a_function_is_known_by_its_name(self) -> None:
        self.assertEqual(PythonWork(spin), PythonWork("spin"))
        with self.assertRaisesRegex(UsageError, "no function at the top level"):
            PythonWork(lambda work: None)
        with self.assertRaisesRegex(UsageError, "is no name of a function"):
            check_work(Work(PythonWork("a.b")))


if __name__ == "__main__":
    absltest.main()
