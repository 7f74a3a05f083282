# SPDX-License-Identifier: Apache-2.0
"""Checks of single steps: what each step is judged by, and over what."""

from __future__ import annotations

import dataclasses

from absl.testing import absltest

from ktstr.judge.judge import judge
from ktstr.judge.statistics.cgroups import cgroup_stats, total_stats
from ktstr.judge.workers.phases import checks_in_force, parts, step_scope, step_workers
from ktstr.model.facts import ScenarioFacts, StepFacts, WorkerFacts
from ktstr.model.scenario.background import BACKGROUND
from ktstr.model.verdict.checks import Checks, Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.record.run import RunRecord
from tests.support import runs
from tests.support.runs import MS, S

_HALF = S + S // 2
_QUIET = runs.phase(step=0, max_gap_ns=4 * MS)
_STALLED = runs.phase(step=1, started_ns=_HALF, ended_ns=2 * S, max_gap_ns=300 * MS)


def _steps(first: Checks | None = None, second: Checks | None = None) -> ScenarioFacts:
    steps = (
        StepFacts(0, "calm", S, _HALF, _HALF + MS, first),
        StepFacts(1, "", _HALF, 2 * S, 2 * S + 5 * MS, second),
    )
    return ScenarioFacts(S, 2 * S, 2, 2, steps=steps)


def _backdrop(**changes: object) -> WorkerFacts:
    lasting = runs.worker(step=None, max_gap_ns=300 * MS, phases=(_QUIET, _STALLED))
    return dataclasses.replace(lasting, **changes)  # type: ignore[arg-type]


def _run(*workers: WorkerFacts, scenario: ScenarioFacts) -> RunRecord:
    return runs.good_run(workers=workers, scenarios=(scenario,))


class PartsTest(absltest.TestCase):
    def test_without_checks_of_steps_the_run_is_one(self) -> None:
        run = _run(_backdrop(), scenario=_steps())
        (part,) = parts(run)
        self.assertEqual((part.scope.workers, part.name), (run.workers, ""))
        self.assertIs(judge(run).verdict, Verdict.FAIL)

    def test_a_step_may_allow_what_the_test_does_not(self) -> None:
        workers = (_backdrop(), _backdrop(index=1))
        run = _run(*workers, scenario=_steps(second=Checks(max_gap_ms=400)))
        judged = judge(run)
        self.assertIs(judged.verdict, Verdict.PASS, judged.details)
        gaps = {check.step: check for check in judged.checks if check.name == "max_gap_ms"}
        self.assertEqual([gaps[0].limit, gaps[0].layer, gaps[0].measured], [100, "test", 4])
        self.assertEqual([gaps[1].limit, gaps[1].layer, gaps[1].measured], [400, "step 1", 300])

    def test_a_failure_names_its_step(self) -> None:
        run = _run(_backdrop(), scenario=_steps(first=Checks(max_gap_ms=3)))
        messages = [d.message for d in judge(run).details if d.kind is Kind.STUCK]
        self.assertIn("step 0 (calm): cg_0 worker 0.0 (CpuSpin) was stuck for 4.0 ms", messages[0])
        self.assertIn("step 1: cg_0 worker 0.0", messages[1])

    def test_checks_are_known_without_the_parts(self) -> None:
        limited = Checks(max_gap_ms=3)
        for scenario in (_steps(), _steps(first=limited), _steps(second=limited)):
            run = _run(_backdrop(), scenario=scenario)
            self.assertEqual(checks_in_force(run), [part.checks for part in parts(run)])
        self.assertEqual([checks.max_gap_ms for checks in checks_in_force(run)], [100, 3])

    def test_a_worker_belongs_to_the_step_that_made_it(self) -> None:
        own = runs.worker(cgroup="late", step=1, started_ns=_HALF)
        scenario = _steps()
        run = _run(_backdrop(), own, scenario=scenario)
        names = [
            [worker.cgroup for worker in step_workers(run, scenario, step)]
            for step in scenario.steps
        ]
        self.assertEqual(names, [["cg_0"], ["cg_0", "late"]])
        scope = step_scope(run, scenario, scenario.steps[1])
        self.assertEqual(scope.workers, step_workers(run, scenario, scenario.steps[1]))

    def test_steps_of_two_scenarios_are_told_apart(self) -> None:
        first = _steps()
        later = dataclasses.replace(first, started_ns=5 * S, ended_ns=6 * S)
        run = dataclasses.replace(_run(_backdrop(), scenario=first), scenarios=(first, later))
        self.assertLen(step_scope(run, first, first.steps[0]).workers, 1)
        self.assertEmpty(step_scope(run, later, later.steps[0]).workers)

    def test_pages_that_were_moved_in_a_step_count_there(self) -> None:
        calm = dataclasses.replace(_QUIET, numa_pages_migrated=0)
        moved = dataclasses.replace(_STALLED, numa_pages_migrated=9)
        scenario = _steps()
        run = _run(_backdrop(phases=(calm, moved), numa_pages_migrated=9), scenario=scenario)
        counts = [
            [worker.numa_pages_migrated for worker in step_scope(run, scenario, step).workers]
            for step in scenario.steps
        ]
        self.assertEqual(counts, [[0], [9]])

    def test_figures_by_step_that_are_missing_make_it_inconclusive(self) -> None:
        run = _run(_backdrop(phases=()), scenario=_steps(first=Checks(max_gap_ms=500)))
        found = [d.message for d in judge(run).details if d.kind is Kind.NO_DATA]
        self.assertTrue(any("left no figures by step" in message for message in found), found)

    def test_a_starved_worker_of_the_backdrop_is_not_forgotten(self) -> None:
        silent = "no report within 5 s of being told to stop; killed"
        lost = _backdrop(phases=(), work_units=0, completed=False, exit_info=silent)
        judged = judge(_run(lost, scenario=_steps(first=Checks(max_gap_ms=500))))
        self.assertIn(Kind.STARVED, [d.kind for d in judged.details])

    def test_a_worker_of_the_backdrop_that_was_lost_on_the_way_is_not_forgotten(self) -> None:
        lost = _backdrop(
            phases=(_QUIET,),
            work_units=_QUIET.work_units,
            max_gap_ns=S // 2,
            max_gap_at_ns=2 * S,
            completed=False,
            exit_info="no report within 5 s of being told to stop; killed",
        )
        judged = judge(_run(lost, scenario=_steps(first=Checks(max_gap_ms=500))))
        found = {d.kind: d.message for d in judged.details if d.verdict is Verdict.FAIL}
        self.assertIn("step 1: cg_0 worker 0.0 (CpuSpin) did no work", found[Kind.STARVED])
        self.assertIn("step 1: cg_0 worker 0.0", found[Kind.STUCK])


class TotalsTest(absltest.TestCase):
    def test_shared_cpus_count_once(self) -> None:
        scope = runs.scope(runs.worker(cgroup="a"), runs.worker(cgroup="b", cpuset="0"), cpus=4)
        self.assertEqual(total_stats(scope).cpus, 4)
        self.assertEqual([stats.cpus for stats in cgroup_stats(scope)], [4, 1])

    def test_steps_add_up_to_the_whole(self) -> None:
        scenario = _steps()
        run = _run(_backdrop(), scenario=scenario)
        units = [total_stats(step_scope(run, scenario, step)).work_units for step in scenario.steps]
        self.assertEqual(sum(units), run.workers[0].work_units)
        ends = [
            total_stats(step_scope(run, scenario, step)).cleanup_max_ns for step in scenario.steps
        ]
        self.assertEqual(ends, [MS, 5 * MS])


class BackgroundTest(absltest.TestCase):
    """Work that a test function started, with a phase of it, beside a scenario of one step."""

    def setUp(self) -> None:
        super().setUp()
        load, phase = BACKGROUND, BACKGROUND + 1
        calm = runs.phase(step=load, max_gap_ns=4 * MS)
        squeezed = runs.phase(step=phase, started_ns=_HALF, ended_ns=2 * S, max_gap_ns=300 * MS)
        self.load = runs.worker(
            cgroup="load", step=load, pid=11, max_gap_ns=300 * MS, phases=(calm, squeezed)
        )
        self.own = runs.worker(step=0, pid=12, started_ns=_HALF, ended_ns=2 * S)
        self.scenario = ScenarioFacts(
            _HALF, 2 * S, 1, 1, steps=(StepFacts(0, "", _HALF, 2 * S, 2 * S),)
        )

    def told(self, checks: Checks | None = None, squeezed: Checks | None = None) -> RunRecord:
        steps = (
            StepFacts(BACKGROUND, "load", S, 2 * S, 2 * S, checks),
            StepFacts(BACKGROUND + 1, "squeezed", _HALF, 2 * S, 2 * S, squeezed),
        )
        background = ScenarioFacts(S, 2 * S, 2, 2, steps=steps)
        return runs.good_run(workers=(self.own, self.load), scenarios=(self.scenario, background))

    def stuck(self, run: RunRecord) -> list[str]:
        return [d.message for d in judge(run).details if d.kind is Kind.STUCK]

    def test_each_step_has_its_own_workers(self) -> None:
        run = self.told()
        gaps = [
            [(worker.cgroup, worker.max_gap_ns // MS) for worker in step_workers(run, each, step)]
            for each in run.scenarios
            for step in each.steps
        ]
        self.assertEqual(gaps, [[("cg_0", 4)], [("load", 300)], [("load", 300)]])

    def test_checks_of_a_handle_are_of_its_whole_life(self) -> None:
        (message,) = self.stuck(self.told(checks=Checks(max_gap_ms=200), squeezed=_LENIENT))
        self.assertStartsWith(message, "background 0 (load): load worker 0.0 (CpuSpin) was stuck")

    def test_checks_of_a_phase_are_of_that_time_alone(self) -> None:
        (message,) = self.stuck(self.told(checks=_LENIENT, squeezed=Checks(max_gap_ms=200)))
        self.assertStartsWith(message, "background 1 (squeezed): load worker 0.0")
        self.assertEmpty(self.stuck(self.told(checks=_LENIENT, squeezed=_LENIENT)))

    def test_checks_of_a_phase_without_workers_are_inconclusive(self) -> None:
        calm = dataclasses.replace(self.load, phases=self.load.phases[:1], max_gap_ns=4 * MS)
        run = self.told(squeezed=Checks(max_gap_ms=200))
        told = judge(dataclasses.replace(run, workers=(self.own, calm))).details
        messages = [d.message for d in told if d.verdict is Verdict.INCONCLUSIVE]
        said = "background 1 (squeezed): max_gap_ms is checked, and no worker told of this time"
        self.assertTrue(any(message.startswith(said) for message in messages), messages)
        unchecked = judge(dataclasses.replace(self.told(), workers=(self.own, calm))).details
        self.assertEmpty([d for d in unchecked if "no worker told" in d.message])

    def test_a_phase_beyond_those_that_are_kept_is_inconclusive(self) -> None:
        run = self.told(checks=_LENIENT, squeezed=Checks(max_gap_ms=200))
        merged = dataclasses.replace(self.load.phases[0], merged=2)
        many = dataclasses.replace(self.load, phases=(merged,))
        told = judge(dataclasses.replace(run, workers=(self.own, many))).details
        (message,) = [d.message for d in told if "than it keeps apart" in d.message]
        self.assertStartsWith(message, "background 1 (squeezed): load worker 0.0 (CpuSpin) went")

    def test_what_it_takes_is_not_there_for_others(self) -> None:
        run = self.told(checks=_LENIENT)
        scope = step_scope(run, self.scenario, self.scenario.steps[0])
        self.assertEqual((scope.workers, scope.beside), ((self.own,), (self.load,)))

    def test_without_any_nobody_is_beside(self) -> None:
        scenario = _steps()
        run = _run(_backdrop(pid=1), runs.worker(step=0, pid=2), scenario=scenario)
        self.assertEmpty(step_scope(run, scenario, scenario.steps[1]).beside)


_LENIENT = Checks(max_gap_ms=400)


if __name__ == "__main__":
    absltest.main()
