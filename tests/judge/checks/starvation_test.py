# SPDX-License-Identifier: Apache-2.0
"""Who was starved, and who only seems to have been."""

from __future__ import annotations

import dataclasses

from absl.testing import absltest

from ktstr.judge.checks.starvation import starvation_remarks, starved
from ktstr.judge.run.completeness import worker_reports
from ktstr.model.verdict.checks import Verdict
from ktstr.model.verdict.kinds import Kind
from tests.support import runs


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
        self.assertLen(starved((runs.worker(work_units=0, cpu_ns=0), *others)), 1)

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

    def test_one_that_ran_and_did_not_come_to_its_work_is_told_apart(self) -> None:
        slow = runs.worker(work_units=0, cpu_ns=60 * runs.MS, max_gap_ns=300 * runs.MS)
        self.assertEmpty(starved((slow,)))
        (words,) = starvation_remarks(runs.good_run(workers=(slow,)))
        self.assertIn("did no work in 1000 ms (CPU time 60.0 ms): it had a CPU", words)
        for held_back in (
            dataclasses.replace(slow, cpu_ns=40 * runs.MS),
            dataclasses.replace(slow, max_gap_ns=600 * runs.MS),
            dataclasses.replace(slow, completed=False),
        ):
            self.assertLen(starved((held_back,)), 1)
            self.assertEmpty(list(starvation_remarks(runs.good_run(workers=(held_back,)))))

    def test_too_short_a_life_says_nothing(self) -> None:
        brief = runs.worker(work_units=0, ended_ns=runs.S + 5 * runs.MS)
        (detail,) = starved((brief,))
        self.assertIs(detail.verdict, Verdict.INCONCLUSIVE)
        self.assertIn("hold its step for longer", detail.message)


if __name__ == "__main__":
    absltest.main()
