# SPDX-License-Identifier: Apache-2.0
"""A real worker's life, divided by the borders that the agent sets."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

from absl.testing import absltest, parameterized

from ktstr.guest.system.reactor import Reactor
from ktstr.guest.workers.group import WorkerGroup
from ktstr.guest.workers.kernelstat import Kernelstat
from ktstr.guest.workers.shared import BORDERS, Slot
from ktstr.model.facts import WorkerFacts, WorkerPhase
from ktstr.model.work.kind import WorkType
from ktstr.model.work.types import Bursty, CpuSpin
from ktstr.model.work.work import Work
from tests.worker.program import WORKER, program
from tests.worker.running import work_here

_NS = 1_000_000_000
_MS = 1_000_000
_PATIENCE_S = 30.0


class _Run:
    """One worker, and the scenario that it is told of."""

    def __init__(self, work_type: WorkType) -> None:
        self.reactor = Reactor()
        self.group = WorkerGroup(
            self.reactor,
            work_here(Work(work_type)),
            0,
            "w0.0",
            "cg",
            None,
            program=program(WORKER),
        )
        self.group.allow(None)
        self.group.spawn([None])
        self.borders: list[int] = []

    def border(self, step: int | None) -> None:
        self.borders.append(time.monotonic_ns())
        self.group.set_phase(step, self.borders[-1])

    def work(self) -> None:
        """Waits until the worker has done something more, and read its clock after it."""
        before = self.slot.iterations
        self.until(lambda: self.slot.iterations > before + 20)
        began = time.monotonic_ns()
        self.until(lambda: self.slot.beat_ns > began)

    def until(self, what: Callable[[], bool]) -> None:
        deadline = time.monotonic_ns() + int(_PATIENCE_S * _NS)
        while not what():
            if time.monotonic_ns() > deadline:
                raise TimeoutError("the worker did nothing for too long")
            self.reactor.wait(time.monotonic_ns() + _MS, lambda: False)

    @property
    def slot(self) -> Slot:
        return self.group.slots()[0]

    def end(self) -> WorkerFacts:
        self.group.ask_to_stop()
        self.reactor.wait(time.monotonic_ns() + int(_PATIENCE_S * _NS), lambda: self.group.finished)
        return self.group.collect(_PATIENCE_S)[0]


def _played(work_type: WorkType) -> tuple[WorkerFacts, list[int]]:
    """A worker that lived before, in, between and after two steps."""
    run = _Run(work_type)
    run.group.start()
    run.work()
    for step in (0, None, 1, None):
        run.border(step)
        run.work()
    return run.end(), run.borders


class PhasesTest(parameterized.TestCase):
    @parameterized.parameters(CpuSpin(), Bursty(burst_us=1000, sleep_us=1000))
    def test_phases_are_the_life(self, work_type: WorkType) -> None:
        facts, borders = _played(work_type)
        phases = facts.phases
        self.assertEqual([phase.step for phase in phases], [None, 0, None, 1, None])
        began = [phase.started_ns for phase in phases]
        self.assertEqual(began[0], facts.started_ns)
        self.assertEqual([phase.ended_ns for phase in phases], [*began[1:], facts.ended_ns])
        # later only if the worker read its clock before the border was written
        for border, beginning, end in zip(borders, began[1:], [*borders[1:], 1 << 63], strict=True):
            self.assertBetween(beginning, border, end)
        for field in ("work_units", "iterations", "migrations", "cpu_ns", "run_delay_ns"):
            total = sum(getattr(phase, field) for phase in phases)
            self.assertEqual(total, getattr(facts, field), field)
        self.assertEqual(sum(phase.wake.count for phase in phases), facts.wake.count)
        for phase in phases:
            self.assertGreater(phase.iterations, 0)
            self.assertBetween(phase.cpu_ns, 1, phase.ended_ns - phase.started_ns + _MS)
            self.assertEqual(phase.max_gap_ns, phase.gaps.maximum)
            # all of the time is accounted for, once
            in_loop = phase.gaps.total
            blocked = phase.off_cpu.total
            self.assertLessEqual(in_loop, phase.ended_ns - phase.started_ns)
            self.assertLessEqual(blocked, phase.ended_ns - phase.started_ns)

    def test_each_border_has_the_class_that_the_worker_was_in(self) -> None:
        facts, _ = _played(CpuSpin())
        # an ordinary task, like this one
        *_, own = Kernelstat().read()
        classes = {(phase.class_started, phase.class_ended) for phase in facts.phases}
        self.assertEqual(classes, {(own, own)})

    def test_waits_of_sleepers_are_off_the_cpu(self) -> None:
        facts, _ = _played(Bursty(burst_us=1000, sleep_us=20_000))
        for phase in facts.phases:
            self.assertGreater(phase.off_cpu_ns, (phase.ended_ns - phase.started_ns) // 2)
            self.assertGreater(phase.off_cpu.maximum, 10 * _MS)

    def test_run_delays_add_up_to_what_the_kernel_counted(self) -> None:
        facts, _ = _played(Bursty(burst_us=1000, sleep_us=1000))
        for phase in facts.phases:
            assert phase.run_delay_ns is not None and phase.run_count is not None
            self.assertLessEqual(phase.run_delay.count, phase.run_count + 4)
            self.assertLessEqual(phase.run_delay.maximum, phase.run_delay.total)
        self.assertGreater(sum(phase.run_delay.count for phase in facts.phases), 0)

    def test_a_gap_over_a_border_is_divided(self) -> None:
        run = _Run(CpuSpin())
        run.group.start()
        run.border(0)
        run.work()
        stopped = time.monotonic_ns()
        os.kill(run.group.pids[0], signal.SIGSTOP)
        run.until(lambda: _state(run.group.pids[0]) == "T")
        seen = time.monotonic_ns()
        run.border(None)
        run.border(1)
        run.until(lambda: time.monotonic_ns() > run.borders[-1] + 20 * _MS)
        continued = time.monotonic_ns()
        os.kill(run.group.pids[0], signal.SIGCONT)
        run.work()
        facts = run.end()
        before, first, between, second = facts.phases
        self.assertEqual((before.step, first.step, between.step, second.step), (None, 0, None, 1))
        self.assertGreaterEqual(first.max_gap_ns, run.borders[1] - seen)
        self.assertEqual(between.max_gap_ns, between.ended_ns - between.started_ns)
        self.assertGreaterEqual(second.max_gap_ns, continued - run.borders[2])
        self.assertGreaterEqual(facts.max_gap_ns, continued - seen)
        self.assertGreaterEqual(
            facts.max_gap_ns,
            max(part.max_gap_ns for part in (first, between, second)),
        )
        self.assertEqual(between.work_units, 0)
        self.assertLess(stopped, run.borders[1])

    def test_a_worker_begins_in_the_phase_of_its_start(self) -> None:
        run = _Run(CpuSpin())
        run.border(None)
        run.border(3)
        run.group.start()
        run.work()
        facts = run.end()
        self.assertEqual([phase.step for phase in facts.phases], [3])
        self.assertEqual(facts.phases[0].started_ns, facts.started_ns)

    def test_a_killed_worker_leaves_the_phases_that_had_ended(self) -> None:
        run = _Run(CpuSpin())
        run.group.start()
        run.work()
        run.border(0)
        run.work()
        os.kill(run.group.pids[0], signal.SIGKILL)
        run.until(lambda: run.group.finished)
        facts = run.end()
        self.assertFalse(facts.completed)
        self.assertEqual([phase.step for phase in facts.phases], [None])
        self.assertGreater(facts.phases[0].iterations, 0)

    def test_more_phases_than_a_worker_keeps_are_merged_and_told(self) -> None:
        run = _Run(Bursty(burst_us=50, sleep_us=50))
        run.group.start()
        run.work()
        for step in range(BORDERS + 7):
            run.border(step)
        run.work()
        facts = run.end()
        phases: tuple[WorkerPhase, ...] = facts.phases
        self.assertLen(phases, BORDERS + 1)
        self.assertEqual([phase.step for phase in phases[1:]], list(range(BORDERS)))
        self.assertEqual([phase.merged for phase in phases], [0] * BORDERS + [7])

    def test_pages_of_memory_are_told_by_node(self) -> None:
        facts, _ = _played(CpuSpin())
        if not os.path.exists("/proc/self/numa_maps"):
            self.assertEqual(facts.numa_pages, {})
        else:
            self.assertGreater(sum(facts.numa_pages.values()), 0)


def _state(pid: int) -> str:
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        return file.read().rpartition(")")[2].split()[0]


if __name__ == "__main__":
    absltest.main()
