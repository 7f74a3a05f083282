# SPDX-License-Identifier: Apache-2.0
"""Each check of workers by itself: its limit, its message, and what it says without data."""

from __future__ import annotations

import dataclasses

from absl.testing import absltest, parameterized

from ktstr.judge.checks.gaps import MAX_GAP
from ktstr.judge.checks.isolation import isolation
from ktstr.judge.checks.latency import MAX_P99
from ktstr.judge.checks.migration import MAX_RATE
from ktstr.judge.checks.starvation import starvation_remarks, starved
from ktstr.judge.run.completeness import planned_workers, worker_reports
from ktstr.model.checks import Detail, Kind, Verdict
from ktstr.model.histogram import Histogram
from ktstr.model.scenario import Backdrop, CgroupDef, Frac, Scenario, Spawn, Step
from ktstr.model.work import Work
from tests.judge import runs

US = 1_000


class StarvedTest(absltest.TestCase):
    def test_a_worker_without_work_fails(self) -> None:
        (detail,) = starved((runs.worker(), runs.worker(index=1, work_units=0, cpu_ns=0)))
        self.assertEqual(detail.subject, "cg_0 worker 0.1")
        self.assertIn("did no work in 1000 ms", detail.message)

    def test_the_least_weight_promises_nothing_beside_normal_workers(self) -> None:
        idle = runs.worker(index=1, pid=101, weight=3, work_units=0, cpu_ns=0)
        self.assertEmpty(starved((runs.worker(), idle)))
        run = runs.good_run(workers=(runs.worker(), idle))
        (words,) = starvation_remarks(run)
        self.assertIn("cg_0 worker 0.1 (CpuSpin) did no work in 1000 ms", words)
        self.assertIn("weight of 3 promises next to nothing", words)

    def test_among_its_like_the_least_weight_promises_its_share(self) -> None:
        idle = runs.worker(index=1, pid=101, weight=3, work_units=0, cpu_ns=0)
        (detail,) = starved((runs.worker(weight=3), idle))
        self.assertEqual(detail.subject, "cg_0 worker 0.1")

    def test_one_of_very_many_alike_can_be_starved(self) -> None:
        others = [runs.worker(index=i, pid=200 + i) for i in range(1, 200)]
        self.assertLen(starved((runs.worker(work_units=0), *others)), 1)

    def test_a_real_time_worker_without_a_weight_can_be_starved(self) -> None:
        real_time = runs.worker(index=1, pid=101, weight=0, work_units=0, cpu_ns=0)
        self.assertLen(starved((runs.worker(), real_time)), 1)

    def test_one_that_was_killed_for_not_answering_is_starved(self) -> None:
        silent = "no report within 5 s of being told to stop; killed"
        lost = runs.worker(work_units=0, completed=False, exit_info=silent)
        self.assertEqual([d.kind for d in starved((lost,))], [Kind.STARVED])

    def test_one_that_got_a_first_slice_and_no_more_is_starved_too(self) -> None:
        silent = "no report within 5 s of being told to stop; killed"
        lost = runs.worker(
            completed=False,
            exit_info=silent,
            max_gap_ns=980 * runs.MS,
            max_gap_at_ns=2 * runs.S,
        )
        (detail,) = starved((lost,))
        self.assertIn("did no work in the last 980 of its 1000 ms", detail.message)
        back_again = dataclasses.replace(lost, max_gap_at_ns=2 * runs.S - 1)
        lost_late = dataclasses.replace(lost, max_gap_ns=400 * runs.MS)
        reported = dataclasses.replace(lost, completed=True, exit_info="")
        self.assertEmpty(starved((back_again, lost_late, reported)))

    def test_one_that_crashed_or_was_refused_something_is_not(self) -> None:
        crashed = runs.worker(work_units=0, completed=False, exit_info="killed by SIGSEGV")
        refused = runs.worker(work_units=0, errors=("policy fifo refused: EPERM",))
        self.assertEmpty(starved((crashed, refused)))
        found = worker_reports(runs.good_run(workers=(crashed, refused)))
        self.assertEqual([d.kind for d in found], [Kind.WORKER_ERROR, Kind.WORKER_ERROR])
        self.assertTrue(all(d.verdict is Verdict.INCONCLUSIVE for d in found))

    def test_too_short_a_life_says_nothing(self) -> None:
        brief = runs.worker(work_units=0, ended_ns=runs.S + 5 * runs.MS)
        (detail,) = starved((brief,))
        self.assertIs(detail.verdict, Verdict.INCONCLUSIVE)
        self.assertIn("hold its step for longer", detail.message)


class StuckTest(absltest.TestCase):
    def test_the_limit_itself_is_allowed(self) -> None:
        at_limit = runs.worker(max_gap_ns=100 * runs.MS)
        self.assertEmpty(MAX_GAP.judge(runs.scope(at_limit), 100))
        (detail,) = MAX_GAP.judge(runs.scope(runs.worker(max_gap_ns=100 * runs.MS + 1)), 100)
        self.assertIn(
            "was stuck for 100.0 ms on CPU 1, 300 ms after its start (limit 100 ms)", detail.message
        )

    def test_a_worker_that_never_came_back_is_stuck(self) -> None:
        lost = runs.worker(samples=0, completed=False, max_gap_ns=runs.S)
        self.assertEqual([d.kind for d in MAX_GAP.judge(runs.scope(lost), 500)], [Kind.STUCK])

    def test_one_that_crashed_is_not_stuck(self) -> None:
        crashed = runs.worker(
            completed=False,
            exit_info="killed by SIGSEGV",
            max_gap_ns=900 * runs.MS,
            max_gap_at_ns=2 * runs.S,
        )
        (detail,) = MAX_GAP.judge(runs.scope(crashed), 100)
        self.assertEqual((detail.kind, detail.verdict), (Kind.NO_DATA, Verdict.INCONCLUSIVE))
        self.assertIn("killed by SIGSEGV", detail.message)

    def test_unsampled_work_is_no_evidence(self) -> None:
        (detail,) = MAX_GAP.judge(runs.scope(runs.worker(samples=0)), 100)
        self.assertIs(detail.kind, Kind.NO_DATA)


class IsolationTest(absltest.TestCase):
    def test_a_cpu_outside_the_cpuset_fails(self) -> None:
        stray = runs.worker(cpuset="0-1", ran_on={0: runs.S, 3: 2 * runs.MS, 2: runs.MS})
        (detail,) = isolation((stray,))
        self.assertIs(detail.kind, Kind.ISOLATION)
        self.assertIn("ran for 3.0 ms on CPUs 2-3, outside its cpuset 0-1", detail.message)

    def test_inside_is_fine_and_no_cpuset_is_not_judged_beside_one(self) -> None:
        self.assertEmpty(isolation((runs.worker(cpuset="0-1"), runs.worker(index=1))))

    def test_nothing_to_check_is_said(self) -> None:
        (detail,) = isolation((runs.worker(),))
        self.assertIs(detail.verdict, Verdict.INCONCLUSIVE)
        self.assertIn("give a CgroupDef one", detail.message)

    def test_work_on_no_known_cpu_is_no_evidence(self) -> None:
        (detail,) = isolation((runs.worker(cpuset="0", ran_on={}),))
        self.assertIs(detail.kind, Kind.NO_DATA)


class WakeLatencyTest(absltest.TestCase):
    def _sleeper(self, *latencies_us: int, **changes: object) -> Detail | None:
        wake = Histogram.of([us * US for us in latencies_us])
        worker = runs.worker(work_type="Bursty", cpu_hungry=False, wake=wake, **changes)
        found = MAX_P99.judge(runs.scope(worker), 100)
        return found[0] if found else None

    def test_the_99th_of_100_counts(self) -> None:
        self.assertIsNone(self._sleeper(*[10] * 99, 5000))
        detail = self._sleeper(*[10] * 98, 5000, 5000)
        assert detail is not None
        self.assertIs(detail.kind, Kind.WAKE_LATENCY)
        self.assertIn("of 100 wake-ups, worst 5000.0 us (limit 100 us)", detail.message)

    def test_workers_of_a_cgroup_are_pooled(self) -> None:
        quick = runs.worker(cpu_hungry=False, wake=Histogram.of([US] * 990))
        slow = runs.worker(index=1, cpu_hungry=False, wake=Histogram.of([900 * US] * 9))
        self.assertEmpty(MAX_P99.judge(runs.scope(quick, slow), 100))

    def test_blocking_workers_without_a_sample_are_no_evidence(self) -> None:
        detail = self._sleeper()
        assert detail is not None
        self.assertIs(detail.kind, Kind.NO_DATA)

    def test_spinning_workers_alone_are_nothing_to_check(self) -> None:
        (detail,) = MAX_P99.judge(runs.scope(runs.worker()), 100)
        self.assertIn("no worker ever blocks", detail.message)


class MigrationTest(absltest.TestCase):
    def test_the_kernels_count_goes_before_the_sampled_one(self) -> None:
        (detail,) = MAX_RATE.judge(
            runs.scope(runs.worker(migrations=1, kernel_migrations=300)), 200
        )
        self.assertIs(detail.kind, Kind.MIGRATION)
        self.assertIn(
            "300 migrations in 1.00 s: 300.0 per second (limit 200 per second)", detail.message
        )
        self.assertEmpty(MAX_RATE.judge(runs.scope(runs.worker(kernel_migrations=200)), 200))
        self.assertLen(
            MAX_RATE.judge(runs.scope(runs.worker(migrations=9, kernel_migrations=None)), 8), 1
        )

    def test_the_unmeasured_is_no_evidence(self) -> None:
        (detail,) = MAX_RATE.judge(runs.scope(runs.worker(kernel_migrations=None, samples=0)), 1)
        self.assertIs(detail.kind, Kind.NO_DATA)


class PlannedWorkersTest(parameterized.TestCase):
    def test_backdrop_setup_and_ops_count(self) -> None:
        scenario = Scenario(
            backdrop=Backdrop(
                cgroups=(CgroupDef("a"), CgroupDef("b", works=None)),
                ops=(Spawn("b", Work(workers=3)),),
            ),
            steps=(Step(setup=(CgroupDef("c", works=(Work(), Work(workers=1))),), hold=Frac(1)),),
        )
        self.assertEqual(planned_workers(runs.plan(scenario=scenario)), 2 + 3 + 2 + 1)
        self.assertEqual(planned_workers(runs.function_plan()), 0)


if __name__ == "__main__":
    absltest.main()
