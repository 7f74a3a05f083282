# SPDX-License-Identifier: Apache-2.0
"""Runs of a scheduler that is in the kernel and is switched on by commands."""

from __future__ import annotations

import dataclasses
from typing import Any

from absl.testing import absltest

from ktstr.judge.judge import judge
from ktstr.model.facts import SchedulerFacts
from ktstr.model.plan import SchedulerPlan
from ktstr.model.scheduler_phase import SchedulerPhase
from ktstr.model.verdict.checks import Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.record.run import RunRecord
from tests.support import runs

_PLAN = SchedulerPlan("lazy", (), "", control=False, enable=("a", "b"), disable=("c",))


def _facts(**changes: Any) -> SchedulerFacts:
    made: dict[str, Any] = {
        "name": "lazy",
        "phase": SchedulerPhase.DETACHED,
        "enabled_ns": runs.S // 2,
        "ended_ns": 3 * runs.S,
        "ended_by_us": True,
        "detached": True,
    }
    return runs.no_scheduler(**made | changes)


def _run(facts: SchedulerFacts) -> RunRecord:
    plan = runs.plan(scheduler=_PLAN)
    run = runs.good_run(plan, schedulers=(facts,))
    fair = tuple(dataclasses.replace(each, samples={"fair": 9}) for each in run.ran_under)
    return dataclasses.replace(run, ran_under=fair)


class CommandedTest(absltest.TestCase):
    def test_on_and_off_with_sched_ext_off_passes(self) -> None:
        judged = judge(_run(_facts()))
        self.assertEqual(judged.verdict, Verdict.PASS, judged.details)
        self.assertIn(
            "scheduler lazy was switched on by its 2 commands, and sched_ext was off",
            judged.evidence,
        )

    def test_one_that_was_not_switched_on_fails(self) -> None:
        why = "enable command 1 of 2, `a`, ended with exit status 1"
        judged = judge(
            _run(
                _facts(
                    phase=SchedulerPhase.START,
                    enabled_ns=None,
                    ended_ns=None,
                    detached=False,
                    exit_status=why,
                )
            )
        )
        self.assertEqual(judged.verdict, Verdict.FAIL)
        self.assertEqual(judged.details[0].kind, Kind.SCHEDULER_NOT_LOADED)
        self.assertIn(f"scheduler lazy was not switched on: {why}", judged.details[0].message)

    def test_one_that_was_not_switched_off_fails(self) -> None:
        judged = judge(_run(_facts(phase=SchedulerPhase.RUN, detached=False, exit_status="why")))
        self.assertEqual(judged.verdict, Verdict.FAIL)
        self.assertIn("scheduler lazy was not switched off: why", judged.details[0].message)

    def test_under_sched_ext_it_was_not_what_ran(self) -> None:
        judged = judge(_run(_facts(state_end="enabled", ops_end="stray")))
        self.assertEqual(judged.verdict, Verdict.INCONCLUSIVE)
        self.assertIn("sched_ext is enabled with ops stray", judged.details[0].message)


class CgroupTest(absltest.TestCase):
    def _run(self, found: str) -> RunRecord:
        plan = runs.plan()
        assert plan.scheduler is not None
        own = dataclasses.replace(plan.scheduler, cgroup="/sched")
        plan = dataclasses.replace(plan, scheduler=own)
        return runs.good_run(plan, schedulers=(runs.scheduler(cgroup=found),))

    def test_a_pass_rests_on_the_cgroup_that_was_asked_for(self) -> None:
        judged = judge(self._run("/sched"))
        self.assertEqual(judged.verdict, Verdict.PASS, judged.details)
        self.assertIn("scheduler fifo ran in cgroup /sched", judged.evidence)

    def test_another_is_no_pass(self) -> None:
        judged = judge(self._run("/"))
        self.assertEqual(judged.verdict, Verdict.INCONCLUSIVE)
        self.assertIn("scheduler fifo ran in cgroup /sched", judged.details[0].message)


if __name__ == "__main__":
    absltest.main()
